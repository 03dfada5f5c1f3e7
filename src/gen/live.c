/* live.c - numbering, uses and live ranges: what the linear scan works on.
 *
 * Liveness is found value by value, walking from each use towards the definition (Boissinot et al.,
 * "Fast liveness checking for SSA-form programs" names the idea; Appel's book has the algorithm):
 * most values never leave their block and cost one range and no walk, and nothing is quadratic in
 * memory.  Instructions nobody needs are recognised on the way and ask for nothing. */
#include "gen/ra.h"

/* ---- Blocks, loops, positions --------------------------------------------------------------- */

static bool
takes_position(const Ra *ra, uint8_t op)
{
	return op != IR_PHI && op != IR_PARAM && op != IR_CONST && op != IR_NOP &&
	       !(op == IR_CTX && ra->fixed_ctx);
}

static uint32_t
succ_count(const Block *b)
{
	return (uint32_t)(b->succ[0] != BLOCK_NONE) + (b->succ[1] != BLOCK_NONE);
}

/* A loop reaches from its header to the last block that jumps back to it.  Cold blocks, laid out
 * far away, are not counted: splitting them off costs little. */
static bool
find_loops(Ra *ra)
{
	const IrFunc *f = ra->f;
	uint32_t open = NONE, nedges = 0;

	ra->preds = arena_take(ra->a, 2 * (size_t)ra->nblocks * sizeof *ra->preds);
	if (!ra->preds)
		return false;

	for (uint32_t b = 0; b < ra->nblocks; b++) {
		RaBlock *rb = &ra->blocks[b];
		const Block *block = &f->blocks.at[rb->id];
		uint32_t last = NONE;

		rb->preds = nedges;
		while (open != NONE && ra->blocks[open].loop_end < b)
			open = ra->blocks[open].outer;
		for (uint32_t k = 0; k < block->preds.n; k++) {
			const Block *p = &f->blocks.at[block->preds.at[k]];
			if (p->order == BLOCK_NONE)
				continue;
			ra->preds[nedges++] = p->order;
			if (succ_count(p) == 1)
				ra->blocks[p->order].phi_operand = k;
			if (p->order >= b && (!p->cold || block->cold) &&
			    (last == NONE || p->order > last))
				last = p->order;
		}
		if (last != NONE) {
			if (open != NONE && last > ra->blocks[open].loop_end)
				last = ra->blocks[open].loop_end;
			rb->outer = open;
			rb->loop_end = last;
			open = b;
		}
		rb->loop = open;
	}
	ra->blocks[ra->nblocks].preds = nedges;
	for (uint32_t b = 0; b < ra->nblocks; b++)
		if (ra->blocks[b].loop == b)
			ra->blocks[b].loop_end = ra->blocks[ra->blocks[b].loop_end].to;
	return true;
}

enum { FAST_BLOCKS = 4, FAST_INS = 6 }; /* the longest way to an early return */

/* Do all predecessors of block b come before it? */
static bool
all_before(const Ra *ra, uint32_t b)
{
	for (uint32_t k = ra->blocks[b].preds; k < ra->blocks[b + 1].preds; k++)
		if (ra->preds[k] >= b)
			return false;
	return true;
}

/* May block b, all of whose predecessors come before it, do without a frame? */
static bool
is_fast(const Ra *ra, uint32_t b, uint32_t *room, bool *returns)
{
	const IrFunc *f = ra->f;
	const Block *block = &f->blocks.at[ra->blocks[b].id];

	if (!all_before(ra, b))
		return false;
	for (Val v = block->first; v; v = f->ins.at[v].next) {
		uint8_t op = f->ins.at[v].op, flags = ir_op_info[op].flags;
		if (!takes_position(ra, op))
			continue;
		if ((!(flags & (IR_P | IR_T)) && op != IR_LOAD) || op == IR_TRAP || --*room == 0)
			return false;
		*returns |= op == IR_RET;
	}
	return true;
}

/* Do all paths that leave the blocks before b enter b, and b only from there? */
static bool
is_gate(const Ra *ra, uint32_t b)
{
	const IrFunc *f = ra->f;

	if (!all_before(ra, b))
		return false;
	for (uint32_t k = 0; k < b; k++)
		for (unsigned s = 0; s < 2; s++) {
			BlockId to = f->blocks.at[ra->blocks[k].id].succ[s];
			if (to != BLOCK_NONE && f->blocks.at[to].order > b)
				return false;
		}
	return true;
}

/* A recursive function often has little to do but return: such paths should not pay for a frame. */
static void
find_fast_path(Ra *ra)
{
	uint32_t room = FAST_INS, b = 0;
	bool returns = false;

	if (!ra->calls || ra->f->is_entry)
		return;
	while (b < FAST_BLOCKS && b + 1 < ra->nblocks && is_fast(ra, b, &room, &returns))
		b++;
	while (b > 0 && !is_gate(ra, b))
		b--;
	if (b == 0 || !returns)
		return;
	ra->fast_end = ra->blocks[b].from;
	ra->out->framed = b;
}

static uint32_t
count_operands(IrFunc *f, Value *values, Val v)
{
	uint32_t n;
	const Val *args = ir_args(f, v, &n);

	for (uint32_t k = 0; k < n; k++)
		values[args[k]].count++;
	return n;
}

/* Gives positions, and counts operands.  The number of operands, or NONE when memory is out. */
static uint32_t
number(Ra *ra)
{
	IrFunc *f = ra->f;
	Value *values = ra->values;
	PosInfo *at = arena_take(ra->a, (f->ins.n + (size_t)ra->nblocks + 1) * sizeof *at);
	uint32_t k = 0, noperands = 0;
	bool calls = false;
	uint8_t all = 0;

	if (!at)
		return NONE;
	for (uint32_t b = 0; b < ra->nblocks; b++) {
		RaBlock *rb = &ra->blocks[b];
		rb->id = f->order.at[b];
		const Block *block = &f->blocks.at[rb->id];
		rb->depth = block->loop_depth;
		rb->from = 4 * k;
		at[k++] = (PosInfo){ 0, b };
		for (Val v = block->first; v; v = f->ins.at[v].next) {
			uint8_t op = f->ins.at[v].op;
			Value *value = &values[v];
			all |= ir_op_info[op].flags;
			calls |= op == IR_CALL || op == IR_CALLX;
			value->block = b;
			value->uses = NONE;
			value->type = f->ins.at[v].type;
			value->prefer = value->reg = value->hint = REG_NONE;
			if (takes_position(ra, op)) {
				value->def = 4 * k + 2;
				at[k++] = (PosInfo){ v, b };
			} else {
				value->def = op == IR_PHI ? rb->from : POS_START;
			}
			if (op != IR_CONST && op != IR_PARAM)
				noperands += count_operands(f, values, v);
		}
		rb->to = 4 * k;
	}
	ra->at = at;
	ra->npos = k;
	ra->calls = (all & IR_V) != 0;
	ra->out->calls = calls;
	return noperands;
}

/* ---- Uses ----------------------------------------------------------------------------------- */

static const Constraint no_constraint = {
	.prefer_out = REG_NONE,
	.prefer = { REG_NONE, REG_NONE, REG_NONE, REG_NONE },
};

static void
add_use(Ra *ra, Val v, uint32_t index, uint32_t pos, uint32_t block, unsigned kind, Reg prefer)
{
	Value *value = &ra->values[v];
	uint32_t end = pos + (kind & USE_LATE ? 3 : 1);

	ra->uses[index] = (Use){ pos, value->uses, (uint8_t)kind, prefer };
	value->uses = index;
	if (end > value->end)
		value->end = end;
	if (block != value->block)
		value->nonlocal = true;
}

/* The operands that block b hands to the phis of its successors. */
static void
collect_phi_operands(Ra *ra, uint32_t b)
{
	IrFunc *f = ra->f;
	const Block *block = &f->blocks.at[ra->blocks[b].id];

	for (unsigned s = 0; s < 2; s++) {
		if (block->succ[s] == BLOCK_NONE)
			continue;
		uint32_t k = succ_count(block) == 1 ? ra->blocks[b].phi_operand : 0;
		for (Val v = f->blocks.at[block->succ[s]].first; v && f->ins.at[v].op == IR_PHI;
		     v = f->ins.at[v].next) {
			Val arg = f->pool.at[f->ins.at[v].arg[0] + k];
			uint8_t op = f->ins.at[arg].op;
			if (!ra->values[v].count || op == IR_CONST ||
			    (op == IR_CTX && ra->fixed_ctx))
				continue;
			add_use(ra, arg, ra->nuses++, ra->blocks[b].to - 1, b, USE_ANY, REG_NONE);
			ra->values[arg].phi = v;
		}
	}
}

/* Which register a call wants its next operand in; REG_NONE: the stack. */
static Reg
argument_register(const Convention *c, uint8_t type, uint32_t k, uint32_t *ints, uint32_t *fps)
{
	uint32_t *n = type_is_fp(type) ? fps : ints;
	uint32_t at = c->shared_positions ? k : (*n)++;

	if (type_is_fp(type))
		return at < c->nfp ? c->fp_args[at] : REG_NONE;
	return at < c->nint ? c->int_args[at] : REG_NONE;
}

enum { FUSE_DISTANCE = 24 }; /* a load is moved down past so many instructions at most */

static bool
stores_between(const IrFunc *f, Val load, Val v)
{
	unsigned n = 0;

	for (v = f->ins.at[v].prev; v != load; v = f->ins.at[v].prev) {
		uint8_t op = f->ins.at[v].op;
		if (op == IR_STORE || op == IR_CALL || op == IR_CALLX || n++ == FUSE_DISTANCE)
			return true;
	}
	return false;
}

static bool
can_fuse(const Ra *ra, Val arg, Val whole)
{
	const Value *value = &ra->values[arg];

	return value->count == 1 && value->block == ra->values[whole].block &&
	       (ra->f->ins.at[arg].op != IR_LOAD || !stores_between(ra->f, arg, whole));
}

/* The operand of `set` that is to become part of v itself, or of `whole`, which v is part of; NONE:
 * none. */
static uint32_t
choose_fused(Ra *ra, Val v, const Constraint *c, uint32_t set, Val whole)
{
	const Val *args = ra->f->ins.at[v].arg;

	for (uint32_t m = set, k; m; m &= ~(UINT32_C(1) << k)) {
		k = 31 - (uint32_t)__builtin_clz(m);
		if (!can_fuse(ra, args[k], whole))
			continue;
		if (c->fuse_with &&
		    !can_fuse(ra, ra->f->ins.at[args[k]].arg[c->fuse_with - 1], whole))
			continue;
		ra->values[args[k]].fused = true;
		ra->out->out[args[k]] = LOC(LOC_FUSED, v);
		return k;
	}
	return NONE;
}

static void collect_operands(Ra *ra, Val v, const Constraint *c, Val whole, uint32_t pos,
			     uint32_t block);

/* The operands of v, which has become part of an instruction that asks for c. */
static void
collect_part(Ra *ra, Val v, const Constraint *c, Val whole, uint32_t pos, uint32_t block)
{
	Constraint part = no_constraint;

	ra->t->constrain(ra->f, ra->features, v, &part);
	part.late |= c->fuse_late ? UINT32_MAX : 0;
	part.fuse_late |= c->fuse_late;
	if (c->fuse_with)
		part.fuse = 1u << (c->fuse_with - 1);
	collect_operands(ra, v, &part, whole, pos, block);
}

static void
collect_operands(Ra *ra, Val v, const Constraint *c, Val whole, uint32_t pos, uint32_t block)
{
	IrFunc *f = ra->f;
	uint32_t fused = c->fuse ? choose_fused(ra, v, c, c->fuse, whole) : NONE;
	uint32_t second = c->fuse_too ? choose_fused(ra, v, c, c->fuse_too, whole) : NONE;
	uint32_t n, ints = 0, fps = 0;
	const Val *args = ir_args(f, v, &n);
	bool call = ir_op_info[f->ins.at[v].op].flags & IR_V;
	Loc *loc = ra->out->use_loc + ra->nuses;

	ra->out->use[v] = ra->nuses;
	for (uint32_t k = 0; k < n; k++) {
		Val arg = args[k];
		uint8_t op = f->ins.at[arg].op;
		Reg prefer = k < 4 ? c->prefer[k] : REG_NONE;
		uint32_t bit = k < 32 ? 1u << k : 0;
		unsigned kind = call ? USE_ANY : USE_SHOULD;

		if (call)
			prefer =
				argument_register(ra->t->conv, f->ins.at[arg].type, k, &ints, &fps);
		if (!arg) {
			loc[k] = LOC_NONE;
			continue;
		}
		if (k == fused || k == second) {
			loc[k] = LOC(LOC_FUSED, arg);
			continue;
		}
		if (op == IR_CTX && ra->fixed_ctx) {
			loc[k] = LOC(LOC_REG, ra->t->conv->ctx);
			continue;
		}
		if (op == IR_CONST && (c->folded & bit || (call && !(c->in_reg & bit)))) {
			loc[k] = LOC(LOC_CONST, arg);
			continue;
		}
		if (c->in_reg & bit || op == IR_CONST)
			kind = USE_MUST;
		if (c->late & bit)
			kind |= USE_LATE;
		add_use(ra, arg, ra->nuses + k, pos, block, kind, prefer);
	}
	ra->nuses += n;
	if (fused != NONE)
		collect_part(ra, args[fused], c, whole, pos, block);
	if (second != NONE)
		collect_part(ra, args[second], c, whole, pos, block);
}

/* An instruction nobody needs stops needing its operands. */
static void
forget(Ra *ra, Val v)
{
	uint32_t n;
	const Val *args = ir_args(ra->f, v, &n);

	for (uint32_t k = 0; k < n; k++)
		ra->values[args[k]].count--;
}

static bool
collect_instruction(Ra *ra, uint32_t k)
{
	Val v = ra->at[k].ins;
	const Ins *ins = &ra->f->ins.at[v];
	Value *value = &ra->values[v];
	Constraint c = no_constraint;

	if (value->fused)
		return true;
	if (ir_op_info[ins->op].flags & IR_P && !value->count) {
		forget(ra, v);
		return true;
	}
	ra->t->constrain(ra->f, ra->features, v, &c);
	if (c.clobber) {
		Clobber *clobber = vec_push(ra->a, &ra->clobbers);
		if (!clobber)
			return false;
		*clobber = (Clobber){ 4 * k + 1, c.clobber };
		ra->ever_clobbered |= c.clobber;
	}
	value->prefer = c.prefer_out;
	value->must = c.out_in_reg;
	collect_operands(ra, v, &c, v, 4 * k, ra->at[k].block);
	if (c.same && c.same <= ir_op_info[ins->op].nargs) {
		value->same = ins->arg[c.same - 1];
		if (ra->values[value->same].fused && c.same == 1 && ins->arg[1])
			value->same = ins->arg[1];
	}
	return true;
}

/* Backwards, so that each value's list of uses comes out ascending. */
static bool
collect(Ra *ra)
{
	for (uint32_t b = ra->nblocks; b-- > 0;) {
		const RaBlock *rb = &ra->blocks[b];
		collect_phi_operands(ra, b);
		for (uint32_t k = rb->to / 4; --k > rb->from / 4;)
			if (!collect_instruction(ra, k))
				return false;
	}
	for (uint32_t i = 0, j = ra->clobbers.n; i + 1 < j; i++) {
		Clobber t = ra->clobbers.at[i];
		ra->clobbers.at[i] = ra->clobbers.at[--j];
		ra->clobbers.at[j] = t;
	}
	return true;
}

/* ---- Ranges --------------------------------------------------------------------------------- */

/* Blocks a value lives through to their end, as a set of numbers; low and high are the first and
 * last word in use.  `stack` has room for each block once. */
typedef struct Walk {
	uint64_t *through;
	uint32_t low, high;
	uint32_t *stack;
} Walk;

static void
set_through(Walk *w, uint32_t b)
{
	uint32_t word = b / 64;

	w->through[word] |= UINT64_C(1) << b % 64;
	if (word < w->low)
		w->low = word;
	if (word > w->high)
		w->high = word;
}

/* The value is live at the head of block b: so it is at the end of all its predecessors, of a
 * constant those where it is kept. */
static void
walk_up(Ra *ra, Walk *w, const Value *value, uint32_t b)
{
	uint32_t n = 0, from = 0, to = NONE;

	if (is_constant(value)) {
		from = ra->blocks[b].from;
		to = ra->blocks[b].to;
		for (uint32_t l = ra->blocks[b].loop; loop_keeps(ra, l); l = ra->blocks[l].outer) {
			from = ra->blocks[l].from;
			to = ra->blocks[l].loop_end;
		}
	}

	w->stack[n++] = b;
	while (n > 0) {
		const RaBlock *block = &ra->blocks[w->stack[--n]];
		for (uint32_t k = block[0].preds; k < block[1].preds; k++) {
			uint32_t p = ra->preds[k];
			if (w->through[p / 64] >> p % 64 & 1)
				continue;
			if (ra->blocks[p].from < from || ra->blocks[p].from >= to)
				continue;
			set_through(w, p);
			if (p != value->block)
				w->stack[n++] = p;
		}
	}
}

/* A value with many holes, one for each of many exits that other values need, say, has the others
 * filled, lest that be quadratic in memory: it counts as live in a hole's blocks, from the first
 * on, where all that leads to a block has the value at its end. */
enum { MOST_HOLES = 64 };

static void
fill_hole(const Ra *ra, const Walk *w, const Value *value, Range *last, uint32_t from)
{
	uint32_t first = block_at(ra, last->to - 1), b = first;

	for (;;) {
		last->to = ra->blocks[b].to < from ? ra->blocks[b].to : from;
		if (last->to == from)
			return;
		if (++b == value->block)
			return;
		for (uint32_t k = ra->blocks[b].preds; k < ra->blocks[b + 1].preds; k++) {
			uint32_t p = ra->preds[k];
			if (!(p >= first && p < b) && !(w->through[p / 64] >> p % 64 & 1))
				return;
		}
	}
}

static bool
add_range(Ra *ra, const Walk *w, Value *value, uint32_t from, uint32_t to)
{
	Range *last = value->nranges ? &ra->ranges.at[value->range + value->nranges - 1] : NULL;

	if (value->nranges > MOST_HOLES && last->to < from && !is_constant(value))
		fill_hole(ra, w, value, last, from);
	if (last && last->to >= from) {
		if (to > last->to)
			last->to = to;
		return true;
	}
	if (!last)
		value->range = ra->ranges.n;
	last = vec_push(ra->a, &ra->ranges);
	if (!last)
		return false;
	*last = (Range){ from, to };
	value->nranges++;
	return true;
}

static uint32_t
use_end(const Use *u)
{
	return u->pos + (u->kind & USE_LATE ? 3 : 1);
}

/* Where, in block b, the live range ends that began at its head or definition, or before: 0 when
 * the value is not used there.  *use moves on to the first use behind the block. */
static uint32_t
end_in_block(const Ra *ra, uint32_t b, uint32_t *use)
{
	uint32_t end = 0;

	while (*use != NONE && ra->uses[*use].pos < ra->blocks[b].to) {
		uint32_t e = use_end(&ra->uses[*use]);
		if (e > end)
			end = e;
		*use = ra->uses[*use].next;
	}
	return end;
}

/* How many ones in a row begin with the lowest one. */
static uint32_t
run_length(uint64_t bits)
{
	uint64_t rest = ~(bits >> __builtin_ctzll(bits));

	return rest ? (uint32_t)__builtin_ctzll(rest) : 64;
}

/* Ranges of a value from its uses and the blocks it lives through, both ascending; empties the set.
 */
static bool
write_ranges(Ra *ra, Walk *w, Value *value)
{
	uint32_t use = value->uses, word = w->low;
	uint64_t bits = word <= w->high ? w->through[word] : 0;

	for (;;) {
		while (!bits && word < w->high && w->low != NONE)
			bits = w->through[++word];
		uint32_t through = bits ? word * 64 + (uint32_t)__builtin_ctzll(bits) : NONE;
		uint32_t used = use != NONE ? block_at(ra, ra->uses[use].pos) : NONE;
		uint32_t b = through < used ? through : used;
		if (b == NONE)
			break;
		uint32_t from = b == value->block ? value->def : ra->blocks[b].from;
		if (b == through) {
			uint32_t n = run_length(bits);
			if (value->block > b && value->block < b + n)
				n = value->block - b; /* where it appears, and not from its head */
			bits &= n < 64 ? -((bits & -bits) << n) : 0;
			b += n - 1;
		}
		uint32_t end = end_in_block(ra, b, &use);
		if (through != NONE && b >= through)
			end = ra->blocks[b].to;
		if (!add_range(ra, w, value, from, end))
			return false;
	}
	for (word = w->low; w->low != NONE && word <= w->high; word++)
		w->through[word] = 0;
	return true;
}

static bool
find_ranges(Ra *ra, Walk *w, Value *value)
{
	uint32_t last = NONE;

	if (!value->nonlocal)
		return add_range(ra, w, value, value->def, value->end);
	w->low = NONE;
	w->high = 0;
	for (uint32_t u = value->uses; u != NONE; u = ra->uses[u].next) {
		uint32_t b = block_at(ra, ra->uses[u].pos);
		if (b != last && b != value->block)
			walk_up(ra, w, value, b);
		last = b;
	}
	return write_ranges(ra, w, value);
}

static bool
add_interval(Ra *ra, Walk *w, Val v)
{
	Value *value = &ra->values[v];
	Interval *it;

	if (!find_ranges(ra, w, value) || !(it = vec_push(ra->a, &ra->intervals)))
		return false;
	const Range *first = &ra->ranges.at[value->range];
	value->interval = ra->intervals.n - 1;
	*it = (Interval){
		.v = v,
		.from = first->from,
		.to = first[value->nranges - 1].to,
		.range = value->range,
		.use = value->uses,
		.reg = REG_NONE,
	};
	return true;
}

/* Where parameters come in: they have that place whether they are used or not. */
static bool
place_params(Ra *ra)
{
	const IrFunc *f = ra->f;
	Loc *in = arena_alloc(ra->a, f->nparams * sizeof *in);

	if (!in)
		return false;
	conv_assign(ra->t->conv, f->params, f->nparams, in);
	for (Val v = f->blocks.at[0].first; v; v = f->ins.at[v].next) {
		const Ins *ins = &f->ins.at[v];
		Value *value = &ra->values[v];
		if (ins->op == IR_PARAM) {
			Loc place = in[ins->aux];
			value->init = ra->out->out[v] = place;
			if (loc_kind(place) == LOC_REG)
				value->prefer = (Reg)loc_n(place);
			else
				value->home = place;
		} else if (ins->op == IR_CONST) {
			value->home = value->init = LOC(LOC_CONST, v);
		} else if (ins->op == IR_CTX && ra->fixed_ctx) {
			ra->out->out[v] = LOC(LOC_REG, ra->t->conv->ctx);
		}
	}
	return true;
}

/* One interval for each value that is used, those that start first, first. */
static bool
make_intervals(Ra *ra)
{
	const IrFunc *f = ra->f;
	Walk w = { 0 };

	w.through = arena_alloc(ra->a, (ra->nblocks / 64 + 1) * sizeof *w.through);
	w.stack = arena_alloc(ra->a, (ra->nblocks + 1) * sizeof *w.stack);
	if (!w.through || !w.stack ||
	    !vec_room(ra->a, (void **)&ra->intervals.at, &ra->intervals.cap,
		      sizeof *ra->intervals.at, f->ins.n + f->ins.n / 4) ||
	    !vec_room(ra->a, (void **)&ra->ranges.at, &ra->ranges.cap, sizeof *ra->ranges.at,
		      f->ins.n) ||
	    !vec_push(ra->a, &ra->intervals))
		return false;
	for (uint32_t b = 0; b < ra->nblocks; b++)
		for (Val v = f->blocks.at[ra->blocks[b].id].first; v; v = f->ins.at[v].next)
			if (ra->values[v].uses != NONE && !add_interval(ra, &w, v))
				return false;
	return true;
}

bool
live_run(Ra *ra)
{
	IrFunc *f = ra->f;
	uint32_t noperands;

	ra->nblocks = f->order.n;
	ra->blocks = arena_alloc(ra->a, (ra->nblocks + 1) * sizeof *ra->blocks);
	ra->values = arena_alloc(ra->a, f->ins.n * sizeof *ra->values);
	if (!ra->blocks || !ra->values)
		return false;
	noperands = number(ra);
	if (noperands == NONE)
		return false;
	if (!find_loops(ra))
		return false;
	find_fast_path(ra);
	ra->uses = arena_alloc(ra->a, (noperands + 1) * sizeof *ra->uses);
	ra->out->out = arena_alloc(ra->a, f->ins.n * sizeof *ra->out->out);
	ra->out->use = arena_alloc(ra->a, f->ins.n * sizeof *ra->out->use);
	ra->out->use_loc = arena_alloc(ra->a, (noperands + 1) * sizeof *ra->out->use_loc);
	if (!ra->uses || !ra->out->out || !ra->out->use || !ra->out->use_loc)
		return false;
	return place_params(ra) && collect(ra) && make_intervals(ra);
}
