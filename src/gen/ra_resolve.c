/* ra_resolve.c - from intervals to places: spill slots, moves, operands and results.
 *
 * A value that was split changes place in gaps and on edges.  Because it is in SSA form its slot,
 * once written, stays right: so it is written once, where the value appears, and going to memory
 * later costs nothing.  Only a value that appears in a loop and is in memory nowhere but outside of
 * it is stored where it goes to memory instead. */
#include "gen/ra.h"

typedef struct Keyed {
	uint32_t key; /* 3 * instruction's number + phase */
	Move move;
} Keyed;

typedef struct Resolver {
	Ra *ra;
	VEC(Keyed) moves;
	uint32_t *sib; /* the siblings of the value in hand */
	uint32_t nsib, cap;
} Resolver;

enum { PHASE_IN, PHASE_SPLIT, PHASE_OUT };

static Loc
place_of(const Ra *ra, const Interval *it)
{
	return it->reg == REG_NONE ? ra->values[it->v].home : LOC(LOC_REG, it->reg);
}

static void
add_move(Resolver *rs, uint32_t pos, uint8_t phase, uint8_t type, Loc to, Loc from)
{
	Ra *ra = rs->ra;

	if (to == from || loc_kind(to) == LOC_CONST || loc_kind(to) == LOC_IN)
		return;
	Keyed *m = vec_push(ra->a, &rs->moves);
	if (!m) {
		ra->failed = true;
		return;
	}
	m->key = 3 * (pos >> 2) + phase;
	m->move = (Move){ ra->at[pos >> 2].ins, phase, type, to, from };
}

/* ---- Slots ---------------------------------------------------------------------------------- */

/* A value occupies its slot from its first to its last position: slots are given out in a scan of
 * their own, the heap holding those in use by the end of their occupation. */
typedef struct SlotUse {
	uint32_t end, slot;
} SlotUse;

typedef struct Slots {
	VEC(SlotUse) heap;
	VEC(uint32_t) free;
} Slots;

static void
sift_up(SlotUse *heap, uint32_t at)
{
	SlotUse u = heap[at];

	for (; at > 0 && heap[(at - 1) / 2].end > u.end; at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = u;
}

static SlotUse
pop_slot(Slots *s)
{
	SlotUse *heap = s->heap.at, top = heap[0], last = heap[--s->heap.n];
	uint32_t at = 0, child, n = s->heap.n;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n && heap[child + 1].end < heap[child].end)
			child++;
		if (heap[child].end >= last.end)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = last;
	return top;
}

/* Is the value in memory only in blocks less deep in loops than the one where it appears?  What
 * follows the first of its siblings in memory counts, for it may go back to memory from there. */
static bool
memory_is_outside(const Ra *ra, const Value *value)
{
	uint32_t depth = ra->blocks[value->block].depth, i = value->interval;
	const Range *r = ra->ranges.at + value->range, *end = r + value->nranges;

	if (depth == 0)
		return false;
	while (i && ra->intervals.at[i].reg != REG_NONE)
		i = ra->intervals.at[i].sibling;
	if (!i || ra->intervals.at[i].from <= value->def)
		return false;
	for (; r < end; r++) {
		uint32_t from = r->from;
		if (r->to <= ra->intervals.at[i].from)
			continue;
		if (from < ra->intervals.at[i].from)
			from = ra->intervals.at[i].from;
		for (uint32_t b = block_at(ra, from); b < ra->nblocks && ra->blocks[b].from < r->to;
		     b++)
			if (ra->blocks[b].depth >= depth)
				return false;
	}
	return true;
}

static bool
give_slot(Ra *ra, Slots *slots, Value *value)
{
	uint32_t from = ra->ranges.at[value->range].from;
	uint32_t end = ra->ranges.at[value->range + value->nranges - 1].to, slot;
	uint32_t *freed;
	SlotUse *use;

	while (slots->heap.n && slots->heap.at[0].end <= from) {
		SlotUse old = pop_slot(slots);
		if (!(freed = vec_push(ra->a, &slots->free)))
			return false;
		*freed = old.slot;
	}
	slot = slots->free.n ? slots->free.at[--slots->free.n] : ra->out->nslots++;
	if (!(use = vec_push(ra->a, &slots->heap)))
		return false;
	*use = (SlotUse){ end, slot };
	sift_up(slots->heap.at, slots->heap.n - 1);
	value->home = LOC(LOC_SLOT, slot);
	value->store_at_split = memory_is_outside(ra, value) || from < ra->fast_end;
	return true;
}

static bool
give_slots(Ra *ra, uint32_t nfirst)
{
	Slots slots = { 0 };
	uint32_t latest = 0;

	for (uint32_t i = 1; i < nfirst; i++) {
		const Interval *it = &ra->intervals.at[i];
		Value *value = &ra->values[it->v];
		if (!value->needs_slot)
			continue;
		/* One that begins early, out of order, takes a slot that nobody has used before. */
		if (it->from < latest) {
			value->home = LOC(LOC_SLOT, ra->out->nslots++);
			value->store_at_split = false;
			continue;
		}
		latest = it->from;
		if (!give_slot(ra, &slots, value))
			return false;
	}
	return true;
}

/* ---- Moves within blocks -------------------------------------------------------------------- */

static bool
list_siblings(Resolver *rs, const Value *value)
{
	rs->nsib = 0;
	for (uint32_t i = value->interval; i; i = rs->ra->intervals.at[i].sibling) {
		if (rs->nsib == rs->cap &&
		    !vec_grow(rs->ra->a, (void **)&rs->sib, &rs->cap, sizeof *rs->sib))
			return false;
		rs->sib[rs->nsib++] = i;
	}
	return true;
}

static bool
is_live(const Ra *ra, const Value *value, uint32_t pos)
{
	const Range *r = ra->ranges.at + value->range;
	uint32_t low = 0, high = value->nranges;

	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;
		if (r[mid].from <= pos)
			low = mid;
		else
			high = mid;
	}
	return r[low].from <= pos && pos < r[low].to;
}

/* Where the value in hand is at pos, where it is live; a constant, where it is not, is one. */
static Loc
place_at(const Resolver *rs, uint32_t pos)
{
	const Interval *it = rs->ra->intervals.at;
	const Value *value = &rs->ra->values[it[rs->sib[0]].v];
	uint32_t low = 0, high = rs->nsib;

	if (is_constant(value) && !is_live(rs->ra, value, pos))
		return value->home;
	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;
		if (it[rs->sib[mid]].from <= pos)
			low = mid;
		else
			high = mid;
	}
	return place_of(rs->ra, &it[rs->sib[low]]);
}

static bool
is_block_head(const Ra *ra, uint32_t pos)
{
	return (pos & 3) == 0 && !ra->at[pos >> 2].ins;
}

/* From where the value first is to its slot, and from a parameter's place to where it is wanted. */
static void
move_at_definition(Resolver *rs, const Value *value)
{
	uint32_t gap = value->def == POS_START && value->init ? POS_START : (value->def | 3) + 1;
	Loc place = place_at(rs, value->def), from = value->init ? value->init : place;

	if (value->init)
		add_move(rs, gap, PHASE_SPLIT, value->type, place, from);
	if (value->needs_slot && !value->store_at_split && place != value->home)
		add_move(rs, gap, PHASE_SPLIT, value->type, value->home, from);
}

static void
move_between_siblings(Resolver *rs, const Value *value)
{
	const Ra *ra = rs->ra;

	for (uint32_t k = 1; k < rs->nsib; k++) {
		const Interval *before = &ra->intervals.at[rs->sib[k - 1]];
		const Interval *it = &ra->intervals.at[rs->sib[k]];
		uint32_t gap = it->from & ~3u;
		bool to_memory = it->reg == REG_NONE;

		if (before->to != it->from || is_block_head(ra, it->from))
			continue; /* it begins at an edge */
		if (to_memory && (!value->store_at_split || before->reg == REG_NONE))
			continue;
		if (before->from == gap && gap != it->from) {
			/* Memory follows right after an operand was read.  Who was there before the
			 * gap?  A parameter was where it came. */
			if (k == 1 && value->init && gap == POS_START)
				add_move(rs, gap, PHASE_SPLIT, value->type, value->home,
					 value->init);
			if (is_block_head(ra, gap) || k < 2)
				continue;
			before = &ra->intervals.at[rs->sib[k - 2]];
			if (before->reg == REG_NONE)
				continue;
		}
		add_move(rs, gap, PHASE_SPLIT, value->type, place_of(ra, it), place_of(ra, before));
	}
}

/* ---- Moves on edges ------------------------------------------------------------------------- */

static bool
has_one_succ(const Block *b)
{
	return (b->succ[0] == BLOCK_NONE) != (b->succ[1] == BLOCK_NONE);
}

/* On the edge from block p to block b (numbers). */
static void
move_on_edge(Resolver *rs, uint32_t p, uint32_t b, uint8_t type, Loc to, Loc from)
{
	const Ra *ra = rs->ra;

	if (has_one_succ(&ra->f->blocks.at[ra->blocks[p].id]))
		add_move(rs, ra->blocks[p].to - 4, PHASE_OUT, type, to, from);
	else
		add_move(rs, ra->blocks[b].from + 4, PHASE_IN, type, to, from);
}

/* Block b begins in the sibling `at`: most blocks do so far from where that one begins or ends, and
 * all their predecessors end in it too. */
static void
move_into_block(Resolver *rs, const Value *value, uint32_t b, const Interval *at)
{
	const Ra *ra = rs->ra;
	Loc to = place_of(ra, at);

	for (uint32_t k = ra->blocks[b].preds; k < ra->blocks[b + 1].preds; k++) {
		uint32_t p = ra->preds[k];
		if (ra->blocks[p].to > at->from && ra->blocks[p].to <= at->to)
			continue;
		Loc from = place_at(rs, ra->blocks[p].to - 1);
		if (to == from || (to == value->home && !value->store_at_split))
			continue;
		move_on_edge(rs, p, b, value->type, to, from);
	}
}

/* The last block that begins before pos. */
static uint32_t
block_before(const Ra *ra, uint32_t pos)
{
	uint32_t b = block_at(ra, pos);
	return ra->blocks[b].from < pos ? b : b - 1;
}

/* The edges into all blocks that a split value is live at the head of. */
static void
move_on_edges(Resolver *rs, const Value *value)
{
	const Ra *ra = rs->ra;
	const Range *r = ra->ranges.at + value->range, *end = r + value->nranges;
	uint32_t k = 0;

	for (; r < end; r++) {
		uint32_t b = block_at(ra, r->from);
		if (ra->blocks[b].from < r->from)
			b++;
		for (; b < ra->nblocks && ra->blocks[b].from < r->to; b++) {
			if (ra->blocks[b].from == value->def)
				continue;
			while (k + 1 < rs->nsib &&
			       ra->intervals.at[rs->sib[k + 1]].from <= ra->blocks[b].from)
				k++;
			const Interval *at = &ra->intervals.at[rs->sib[k]];
			if (at->reg != REG_NONE || value->store_at_split) {
				move_into_block(rs, value, b, at);
				continue;
			}
			/* Nothing moves to memory, where it is: on with the next sibling. */
			if (k + 1 == rs->nsib)
				return;
			uint32_t next = ra->intervals.at[rs->sib[k + 1]].from;
			if (next >= r->to)
				break;
			b = block_before(ra, next);
		}
	}
}

/* Operand v of a phi, at the end of block p.  Constants are not kept alive for this. */
static Loc
place_of_operand(const Ra *ra, Val v, uint32_t p)
{
	const Value *value = &ra->values[v];
	uint32_t pos = ra->blocks[p].to - 1, i = value->interval;
	uint8_t op = ra->f->ins.at[v].op;

	if (op == IR_CONST)
		return LOC(LOC_CONST, v);
	if (op == IR_CTX && ra->fixed_ctx)
		return LOC(LOC_REG, ra->t->conv->ctx);
	while (ra->intervals.at[i].to <= pos && ra->intervals.at[i].sibling)
		i = ra->intervals.at[i].sibling;
	return place_of(ra, &ra->intervals.at[i]);
}

static void
move_to_phis(Resolver *rs, uint32_t b)
{
	const Ra *ra = rs->ra;
	const IrFunc *f = ra->f;
	const Block *block = &f->blocks.at[ra->blocks[b].id];

	for (Val v = block->first; v && f->ins.at[v].op == IR_PHI; v = f->ins.at[v].next) {
		Loc to = ra->out->out[v];
		if (loc_kind(to) == LOC_NONE)
			continue;
		for (uint32_t k = 0; k < block->preds.n; k++) {
			uint32_t p = f->blocks.at[block->preds.at[k]].order;
			Val arg = f->pool.at[f->ins.at[v].arg[0] + k];
			if (p != BLOCK_NONE && arg)
				move_on_edge(rs, p, b, f->ins.at[v].type, to,
					     place_of_operand(ra, arg, p));
		}
	}
}

/* ---- The answer ----------------------------------------------------------------------------- */

static void
place_value(Resolver *rs, Val v)
{
	Ra *ra = rs->ra;
	const Value *value = &ra->values[v];
	uint32_t k = 0;

	if (ra->f->ins.at[v].op != IR_PARAM && ra->f->ins.at[v].op != IR_CONST)
		ra->out->out[v] = place_at(rs, value->def);
	for (uint32_t u = value->uses; u != NONE; u = ra->uses[u].next) {
		while (k + 1 < rs->nsib && ra->intervals.at[rs->sib[k]].to <= ra->uses[u].pos)
			k++;
		ra->out->use_loc[u] = place_of(ra, &ra->intervals.at[rs->sib[k]]);
	}
	move_at_definition(rs, value);
	if (rs->nsib > 1 || is_constant(value)) {
		move_between_siblings(rs, value);
		move_on_edges(rs, value);
	}
}

/* In the order of emission: by counting, for there may be very many. */
static bool
sort_moves(Resolver *rs)
{
	Ra *ra = rs->ra;
	const Keyed *m = rs->moves.at;
	uint32_t n = rs->moves.n, keys = 3 * ra->npos, *start;

	ra->out->nmoves = n;
	ra->out->moves = arena_alloc(ra->a, n * sizeof *ra->out->moves);
	start = arena_alloc(ra->a, (keys + 1) * sizeof *start);
	if (!ra->out->moves || !start)
		return false;
	for (uint32_t k = 0; k < n; k++)
		start[m[k].key + 1]++;
	for (uint32_t k = 0; k < keys; k++)
		start[k + 1] += start[k];
	for (uint32_t k = 0; k < n; k++)
		ra->out->moves[start[m[k].key]++] = m[k].move;
	return true;
}

bool
ra_resolve(Ra *ra)
{
	Resolver rs = { .ra = ra };

	if (!give_slots(ra, ra->nfirst))
		return false;
	for (uint32_t i = 1; i < ra->nfirst; i++) {
		Val v = ra->intervals.at[i].v;
		if (!list_siblings(&rs, &ra->values[v]))
			return false;
		place_value(&rs, v);
	}
	for (uint32_t b = 0; b < ra->nblocks; b++)
		move_to_phis(&rs, b);
	return !ra->failed && sort_moves(&rs);
}
