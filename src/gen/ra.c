/* ra.c - linear scan over SSA intervals, with lifetime holes, splitting and hints.
 *
 * After Wimmer & Franz, "Linear Scan Register Allocation on SSA Form" (CGO 2010), and Wimmer &
 * Mössenböck, "Optimized Interval Splitting in a Linear Scan Register Allocator" (VEE 2005).
 * Intervals are taken in the order in which they start.  Each gets a register that is free for its
 * whole life; or one that is free for a while, and is split there; or the register of the interval
 * that is needed again last, which is split and goes on in memory; or, needed last itself, memory.
 * What is in memory comes back before its next use that wants a register, at the head of the
 * outermost loop around that use.  Being in memory needs no store at the split: a value is stored
 * once, where it is defined (ra_resolve.c).
 *
 * A sibling begins in a gap (4k), at a block's head (4k too), or, in memory, right after the
 * operands were read (4k+1).                                         Tests: tests/unit/ra.c */
#include "gen/ra.h"

typedef struct Scan {
	Ra *ra;
	uint32_t pos;	     /* start of the current interval: everything before it is settled */
	uint32_t next_event; /* nothing in the lists below changes before this position; … */
	uint32_t event[64];  /* … in those of one register, where something is in them */
	RegSet active, inactive; /* registers with an interval that is live, or in a hole, at pos */
	uint32_t active_at[64];
	uint32_t inactive_at[64]; /* first of a list, … */
	uint32_t inactive_n[64];  /* … and how many there are */
	uint32_t clobber;	  /* first clobber not before pos */
	uint32_t fresh;		  /* next of the intervals that live.c made */
	uint32_t latest;	  /* start of the last of those that was taken */
	uint32_t limit[64]; /* per register: free, or the current interval may have it, up to … */
} Scan;

static Interval *
interval(const Scan *s, uint32_t i)
{
	return &s->ra->intervals.at[i];
}

static uint32_t
min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t
max32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* ---- The queue of intervals that splitting made ---------------------------------------------- */

static void
queue(Ra *ra, uint32_t i)
{
	if (!vec_push(ra->a, &ra->queue)) {
		ra->failed = true;
		return;
	}
	uint32_t *heap = ra->queue.at, at = ra->queue.n - 1, from = ra->intervals.at[i].from;

	for (; at > 0 && ra->intervals.at[heap[(at - 1) / 2]].from > from; at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = i;
}

static uint32_t
pop_queue(Ra *ra)
{
	uint32_t *heap = ra->queue.at, top = heap[0], last = heap[--ra->queue.n], n = ra->queue.n;
	uint32_t from = ra->intervals.at[last].from, at = 0, child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n &&
		    ra->intervals.at[heap[child + 1]].from < ra->intervals.at[heap[child]].from)
			child++;
		if (ra->intervals.at[heap[child]].from >= from)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = last;
	return top;
}

/* ---- Ranges and uses of an interval ---------------------------------------------------------- */

static const Range *
ranges_end(const Scan *s, const Interval *it)
{
	const Value *value = &s->ra->values[it->v];
	return s->ra->ranges.at + value->range + value->nranges;
}

/* Is it live at pos, which is not before the scan's position? */
static bool
covers(const Scan *s, const Interval *it, uint32_t pos)
{
	const Range *r = s->ra->ranges.at + it->range, *end = ranges_end(s, it);

	if (pos < it->from || pos >= it->to)
		return false;
	while (r < end && r->to <= pos)
		r++;
	return r < end && r->from <= pos;
}

/* The first position where both are live, or NONE. */
static uint32_t
intersection(const Scan *s, const Interval *a, const Interval *b)
{
	const Range *ra = s->ra->ranges.at + a->range, *ra_end = ranges_end(s, a);
	const Range *rb = s->ra->ranges.at + b->range, *rb_end = ranges_end(s, b);
	uint32_t from = max32(a->from, b->from), to = min32(a->to, b->to);

	while (ra < ra_end && rb < rb_end) {
		uint32_t start = max32(max32(ra->from, rb->from), from);
		if (start >= to)
			return NONE;
		if (start < ra->to && start < rb->to)
			return start;
		if (ra->to < rb->to)
			ra++;
		else
			rb++;
	}
	return NONE;
}

/* A late operand holds its register until just before the end of the instruction. */
static uint32_t
use_holds(const Use *u)
{
	return u->pos + (u->kind & USE_LATE ? 2 : 0);
}

/* Moves the cursor to the first use that holds at or after the scan's position. */
static const Use *
next_use(const Scan *s, Interval *it)
{
	const Use *uses = s->ra->uses;

	while (it->use != NONE && use_holds(&uses[it->use]) < s->pos) {
		if (uses[it->use].pos >= it->from)
			it->last_use = uses[it->use].pos;
		it->use = uses[it->use].next;
	}
	return it->use != NONE && uses[it->use].pos < it->to ? &uses[it->use] : NULL;
}

/* The position of the next use as linear scan should see it: what a loop around pos used already it
 * will use again after going around. */
static uint32_t
next_use_distance(const Scan *s, Interval *it)
{
	const Use *u = next_use(s, it);
	uint32_t next = u ? u->pos : it->to;
	uint32_t loop = s->ra->blocks[block_at(s->ra, s->pos)].loop;

	if (loop != NONE) {
		const RaBlock *head = &s->ra->blocks[loop];
		if (it->last_use >= head->from && it->from <= head->from &&
		    it->to >= head->loop_end)
			next = min32(next, head->loop_end);
	}
	return next;
}

/* ---- Splitting ------------------------------------------------------------------------------ */

/* The best place for a split in [min, max], max being a gap: the head of the outermost loop that
 * holds max but not min, and keeps a constant. */
static uint32_t
hoist(const Scan *s, const Interval *it, uint32_t min, uint32_t max)
{
	const RaBlock *blocks = s->ra->blocks;
	bool any = !is_constant(&s->ra->values[it->v]);
	uint32_t pos = max;

	for (uint32_t l = blocks[block_at(s->ra, max)].loop;
	     l != NONE && blocks[l].from >= min && (any || loop_keeps(s->ra, l));
	     l = blocks[l].outer)
		pos = blocks[l].from;
	return pos == max || covers(s, it, pos) ? pos : max;
}

/* Cuts `i` at pos; the sibling that begins there, or at the next position where it is live; 0 when
 * memory is out or nothing is left. */
static uint32_t
split(Scan *s, uint32_t i, uint32_t pos)
{
	Ra *ra = s->ra;
	Interval *sib = vec_push(ra->a, &ra->intervals), *it = interval(s, i);

	if (!sib) {
		ra->failed = true;
		return 0;
	}
	*sib = *it;
	sib->reg = REG_NONE;
	sib->link = 0;
	sib->last_use = 0;
	it->to = pos;
	const Range *r = ra->ranges.at + it->range, *end = ranges_end(s, it);
	while (r < end && r->to <= pos)
		r++;
	if (r == end || max32(r->from, pos) >= sib->to) { /* pos is behind its last range */
		ra->intervals.n--;
		return 0;
	}
	sib->from = max32(r->from, pos);
	sib->range = (uint32_t)(r - ra->ranges.at);
	while (sib->use != NONE && ra->uses[sib->use].pos < sib->from)
		sib->use = ra->uses[sib->use].next;
	it->sibling = ra->intervals.n - 1;
	return it->sibling;
}

static bool
wants_reload(const Ra *ra, const Use *u)
{
	unsigned kind = u->kind & USE_KIND;
	return kind == USE_MUST ||
	       (kind == USE_SHOULD && ra->blocks[block_at(ra, u->pos)].depth > 0);
}

/* From its start on, interval i is in memory, but comes back before the next use that wants it to.
 */
static void
spill(Scan *s, uint32_t i)
{
	Ra *ra = s->ra;
	Interval *it = interval(s, i);
	uint32_t after = max32(it->from, s->pos) + 1, u = it->use;

	it->reg = REG_NONE;
	if (!ra->values[it->v].home)
		ra->values[it->v].needs_slot = true;
	while (u != NONE && (ra->uses[u].pos < after || !wants_reload(ra, &ra->uses[u])))
		u = ra->uses[u].next;
	if (u == NONE || ra->uses[u].pos >= it->to)
		return;
	uint32_t sib = split(s, i, hoist(s, it, after, ra->uses[u].pos));
	if (sib)
		queue(ra, sib);
}

/* What follows a split at `pos`: right after reading operands only memory can follow. */
static void
split_and_queue(Scan *s, uint32_t i, uint32_t pos)
{
	uint32_t sib = split(s, i, pos);

	if (!sib)
		return;
	if (interval(s, sib)->from & 3)
		spill(s, sib);
	else
		queue(s->ra, sib);
}

/* Does the interval begin where its value appears, in a place that must be a register? */
static bool
must_appear(const Scan *s, const Interval *it)
{
	const Value *value = &s->ra->values[it->v];
	return value->must && it->from == value->def;
}

/* Where to split the current interval if its register is free only up to `limit`: <= its start when
 * it cannot have the register at all. */
static uint32_t
split_point(const Scan *s, const Interval *cur, uint32_t limit)
{
	const Use *uses = s->ra->uses;
	uint32_t gap = limit & ~3u, last = cur->from, u = cur->use;
	bool read = false, late = false;

	for (; u != NONE && uses[u].pos < gap; u = uses[u].next)
		last = uses[u].pos;
	if (limit != gap)
		for (; u != NONE && uses[u].pos == gap; u = uses[u].next) {
			read = true;
			late |= (uses[u].kind & USE_LATE) != 0;
		}
	if (late)
		return gap;
	if (read)
		return gap + 1;
	return last + 1 <= gap ? hoist(s, cur, last + 1, gap) : gap;
}

/* ---- The lists ------------------------------------------------------------------------------ */

static void
expect_change(Scan *s, Reg reg, uint32_t pos)
{
	s->event[reg] = min32(s->event[reg], pos);
	s->next_event = min32(s->next_event, pos);
}

/* So many intervals in holes of one register are looked at for each that wants it; what follows the
 * hole of one more looks for a register again. */
enum { MOST_INACTIVE = 64 };

/* Puts interval i, which is in a hole up to `from`, into its register's list. */
static void
file_inactive(Scan *s, uint32_t i, uint32_t from)
{
	Interval *it = interval(s, i);
	Reg reg = it->reg;

	if (!(s->inactive & REG_BIT(reg))) {
		s->inactive_at[reg] = 0;
		s->inactive_n[reg] = 0;
	}
	if (s->inactive_n[reg] == MOST_INACTIVE) {
		uint32_t rest = split(s, i, s->pos);
		if (rest)
			queue(s->ra, rest);
		return;
	}
	it->link = s->inactive_at[reg];
	s->inactive_at[reg] = i;
	s->inactive_n[reg]++;
	s->inactive |= REG_BIT(reg);
	expect_change(s, reg, from);
}

/* Puts interval i, which has a register, where it belongs at the scan's position. */
static void
file(Scan *s, uint32_t i)
{
	Interval *it = interval(s, i);
	const Range *r = s->ra->ranges.at + it->range, *end = ranges_end(s, it);

	while (r < end && r->to <= s->pos)
		r++;
	it->range = (uint32_t)(r - s->ra->ranges.at);
	if (r == end || it->to <= s->pos || r->from >= it->to)
		return;
	if (!((s->active | s->inactive) >> it->reg & 1))
		s->event[it->reg] = NONE;
	if (r->from <= s->pos) {
		s->active |= REG_BIT(it->reg);
		s->active_at[it->reg] = i;
		expect_change(s, it->reg, min32(r->to, it->to));
	} else {
		file_inactive(s, i, r->from);
	}
}

static void
advance(Scan *s)
{
	const Ra *ra = s->ra;

	while (s->clobber < ra->clobbers.n && ra->clobbers.at[s->clobber].pos < s->pos)
		s->clobber++;
	if (s->pos < s->next_event)
		return;
	s->next_event = NONE;
	for (RegSet m = s->active | s->inactive; m; m &= m - 1) {
		Reg reg = (Reg)__builtin_ctzll(m);
		uint32_t active = s->active >> reg & 1 ? s->active_at[reg] : 0;
		uint32_t i = s->inactive >> reg & 1 ? s->inactive_at[reg] : 0;
		if (s->event[reg] > s->pos) {
			s->next_event = min32(s->next_event, s->event[reg]);
			continue;
		}
		s->active &= ~REG_BIT(reg);
		s->inactive &= ~REG_BIT(reg);
		if (active)
			file(s, active);
		while (i) {
			uint32_t next = interval(s, i)->link;
			file(s, i);
			i = next;
		}
	}
}

/* ---- Choosing a register -------------------------------------------------------------------- */

/* Fills s->limit for the registers of `set` that something takes away from cur before its end.
 * Returns those that nothing takes. */
static RegSet
find_limits(Scan *s, const Interval *cur, RegSet set)
{
	const Ra *ra = s->ra;
	const Range *r = ra->ranges.at + cur->range, *end = ranges_end(s, cur);
	RegSet full = set, todo = set & ra->ever_clobbered;

	for (RegSet m = s->inactive & set; m; m &= m - 1) {
		unsigned reg = (unsigned)__builtin_ctzll(m);
		for (uint32_t i = s->inactive_at[reg]; i; i = interval(s, i)->link) {
			uint32_t x = intersection(s, cur, interval(s, i));
			if (x == NONE)
				continue;
			s->limit[reg] = full >> reg & 1 ? x : min32(s->limit[reg], x);
			full &= ~REG_BIT(reg);
		}
	}
	for (uint32_t k = s->clobber; todo && k < ra->clobbers.n; k++) {
		const Clobber *c = &ra->clobbers.at[k];
		if (c->pos >= cur->to)
			break;
		while (r < end && r->to <= c->pos)
			r++;
		if (!(c->regs & todo) || r == end || r->from > c->pos || c->pos < cur->from)
			continue;
		for (RegSet m = c->regs & todo; m; m &= m - 1) {
			unsigned reg = (unsigned)__builtin_ctzll(m);
			s->limit[reg] = full >> reg & 1 ? c->pos : min32(s->limit[reg], c->pos);
		}
		full &= ~c->regs;
		todo &= ~c->regs;
	}
	return full;
}

/* A register of `set` that saves a move, or REG_NONE. */
static Reg
hinted(const Scan *s, const Interval *cur, RegSet set)
{
	const Ra *ra = s->ra;
	const Value *value = &ra->values[cur->v];
	bool first = cur->from <= value->def;
	Reg hints[9];
	unsigned n = 0;

	if (value->phi) {
		const Value *phi = &ra->values[value->phi];
		Reg reg = phi->interval ? interval(s, phi->interval)->reg : REG_NONE;
		hints[n++] = reg != REG_NONE ? reg : phi->hint;
	}
	hints[n++] = first ? value->hint : value->reg;
	for (uint32_t u = cur->use, k = 0; k < 4 && u != NONE && ra->uses[u].pos < cur->to; k++) {
		hints[n++] = ra->uses[u].prefer;
		u = ra->uses[u].next;
	}
	if (first) {
		hints[n++] = value->prefer;
		hints[n++] = value->same ? ra->values[value->same].reg : REG_NONE;
	}
	for (unsigned k = 0; k < n; k++)
		if (hints[k] != REG_NONE && set >> hints[k] & 1)
			return hints[k];
	return REG_NONE;
}

/* Volatile registers before those that must be saved, and among them those first that no call wants
 * its arguments in. */
static Reg
pick(const Scan *s, const Interval *cur, RegSet set)
{
	const Ra *ra = s->ra;
	Reg reg = hinted(s, cur, set);
	RegSet volatiles, saved;

	if (reg != REG_NONE)
		return reg;
	if (set & ra->early)
		set &= ra->early;
	volatiles = set & ~ra->t->conv->callee_saved;
	if (volatiles & ~ra->arguments)
		return (Reg)__builtin_ctzll(volatiles & ~ra->arguments);
	if (volatiles)
		return (Reg)(63 - __builtin_clzll(volatiles));
	saved = set & ra->out->used ? set & ra->out->used : set;
	return (Reg)__builtin_ctzll(saved);
}

static void
assign(Scan *s, uint32_t i, Reg reg)
{
	Interval *it = interval(s, i);
	Value *value = &s->ra->values[it->v];

	it->reg = value->reg = reg;
	s->ra->out->used |= REG_BIT(reg);
	if (value->phi && s->ra->values[value->phi].hint == REG_NONE)
		s->ra->values[value->phi].hint = reg;
	file(s, i);
}

/* ---- Taking a register from another -----------------------------------------------------------
 */

/* Where interval `it`, active in its register, would have to be split to free that register for the
 * current interval: a position <= it->from means all of it.  NONE: not to be had. */
static uint32_t
eviction_point(const Scan *s, Interval *it)
{
	const Use *uses = s->ra->uses;
	uint32_t gap = s->pos & ~3u;

	if (must_appear(s, it) && (it->from | 3) >= s->pos)
		return NONE;
	next_use(s, it);
	for (uint32_t u = it->use; u != NONE && uses[u].pos <= s->pos; u = uses[u].next) {
		if ((uses[u].kind & USE_KIND) == USE_MUST)
			return NONE;
		if (uses[u].pos < s->pos) /* a late operand of this very instruction */
			return it->last_use == gap ? NONE : gap;
	}
	if (it->last_use == gap)
		return gap + 1;
	if (!it->last_use && !must_appear(s, it))
		return it->from;
	return hoist(s, it, max32(it->last_use, it->from) + 1, gap);
}

static void
evict(Scan *s, uint32_t i, uint32_t at)
{
	Interval *it = interval(s, i);

	s->active &= ~REG_BIT(it->reg);
	if (at > it->from)
		i = split(s, i, at);
	if (i)
		spill(s, i);
}

/* Operands of one instruction may have taken what suits only this one, a late operand, because it
 * must survive the clobbers: has one of them look for another register.  The register, or REG_NONE.
 */
static Reg
displace(Scan *s, const Interval *cur, RegSet set, RegSet full)
{
	const Use *uses = s->ra->uses;

	if (cur->use == NONE || uses[cur->use].pos != s->pos || !(uses[cur->use].kind & USE_LATE))
		return REG_NONE;
	for (RegSet m = set & s->active; m; m &= m - 1) {
		Reg reg = (Reg)__builtin_ctzll(m);
		uint32_t i = s->active_at[reg];
		const Use *u = next_use(s, interval(s, i));
		if (!(full >> reg & 1) && split_point(s, cur, s->limit[reg]) <= cur->from)
			continue;
		if (!u || u->pos != s->pos || u->kind & USE_LATE || must_appear(s, interval(s, i)))
			continue;
		s->active &= ~REG_BIT(reg);
		if (interval(s, i)->from < s->pos)
			i = split(s, i, s->pos);
		if (i) {
			interval(s, i)->reg = REG_NONE;
			queue(s->ra, i);
		}
		return reg;
	}
	return REG_NONE;
}

/* Every register of the class is taken, or not free for long enough. */
static void
allocate_blocked(Scan *s, uint32_t i, RegSet set, RegSet full)
{
	Interval *cur = interval(s, i);
	const Use *first = next_use(s, cur);
	bool must = must_appear(s, cur) ||
		    (first && first->pos == cur->from && (first->kind & USE_KIND) == USE_MUST);
	uint32_t own = first ? next_use_distance(s, cur) : NONE, best_at = 0, farthest = 0;
	Reg best = REG_NONE;

	for (RegSet m = set & s->active; m; m &= m - 1) {
		Reg reg = (Reg)__builtin_ctzll(m);
		Interval *it = interval(s, s->active_at[reg]);
		if (!(full >> reg & 1) && split_point(s, cur, s->limit[reg]) <= cur->from)
			continue;
		uint32_t at = eviction_point(s, it);
		if (at == NONE)
			continue;
		uint32_t distance = next_use_distance(s, it);
		if (best == REG_NONE || distance > farthest) {
			best = reg;
			best_at = at;
			farthest = distance;
		}
	}
	if (!must && (best == REG_NONE || own >= farthest)) {
		spill(s, i);
		return;
	}
	if (best != REG_NONE)
		evict(s, s->active_at[best], best_at);
	else if ((best = displace(s, cur, set, full)) == REG_NONE) {
		s->ra->failed = true;
		return;
	}
	if (!(full >> best & 1))
		split_and_queue(s, i, split_point(s, interval(s, i), s->limit[best]));
	assign(s, i, best);
}

/* ---- One interval after the other -------------------------------------------------------------
 */

/* The register of `set`, all limited, that lasts longest. */
static Reg
longest(const Scan *s, const Interval *cur, RegSet set, uint32_t *split_at)
{
	RegSet best = 0;
	uint32_t limit = 0;

	for (RegSet m = set; m; m &= m - 1) {
		unsigned reg = (unsigned)__builtin_ctzll(m);
		if (s->limit[reg] > limit) {
			limit = s->limit[reg];
			best = 0;
		}
		if (s->limit[reg] == limit)
			best |= REG_BIT(reg);
	}
	*split_at = split_point(s, cur, limit);
	return pick(s, cur, best);
}

/* The current interval could have a register up to `at`, but is used in this loop after that.  Does
 * one of `set`, which it could keep, belong to an interval that the loop does not use?  Then that
 * one goes. */
static bool
take_from_outside(Scan *s, uint32_t i, RegSet set, uint32_t at)
{
	const Ra *ra = s->ra;
	uint32_t loop = ra->blocks[block_at(ra, s->pos)].loop, u = interval(s, i)->use, best_at = 0;

	if (loop == NONE)
		return false;
	uint32_t farthest = ra->blocks[loop].loop_end;
	Reg best = REG_NONE;
	while (u != NONE && ra->uses[u].pos < at)
		u = ra->uses[u].next;
	if (u == NONE || ra->uses[u].pos >= min32(interval(s, i)->to, farthest))
		return false;
	for (RegSet m = set & s->active; m; m &= m - 1) {
		Interval *it = interval(s, s->active_at[__builtin_ctzll(m)]);
		uint32_t distance = next_use_distance(s, it), point;
		if (distance > farthest && (point = eviction_point(s, it)) != NONE) {
			best = (Reg)__builtin_ctzll(m);
			best_at = point;
			farthest = distance;
		}
	}
	if (best == REG_NONE)
		return false;
	evict(s, s->active_at[best], best_at);
	assign(s, i, best);
	return true;
}

/* Does a constant's life begin with a loop that it is kept through? */
static bool
begins_loop(const Scan *s, const Interval *it)
{
	uint32_t l = s->ra->blocks[block_at(s->ra, it->from)].loop;

	return is_constant(&s->ra->values[it->v]) && loop_keeps(s->ra, l) &&
	       it->from == s->ra->blocks[l].from && it->use != NONE &&
	       s->ra->uses[it->use].pos < s->ra->blocks[l].loop_end;
}

/* Constants and parameters on the stack need no register before their first use. */
static bool
waits_in_memory(const Scan *s, uint32_t i)
{
	Interval *it = interval(s, i);
	const Value *value = &s->ra->values[it->v];

	return value->interval == i && value->init && value->init == value->home &&
	       s->ra->uses[value->uses].pos > it->from && !begins_loop(s, it);
}

/* A constant, or parameter on the stack, is as good where it is: it keeps a register to the end of
 * a block, or of the outermost loop that is not too long, but no longer, lest edges far from its
 * uses have to load it.
 */
static void
give_back_early(Scan *s, uint32_t i)
{
	const RaBlock *blocks = s->ra->blocks;
	uint32_t b = block_at(s->ra, s->pos), end = blocks[b].to;

	for (uint32_t l = blocks[b].loop; loop_keeps(s->ra, l); l = blocks[l].outer)
		end = blocks[l].loop_end;
	if (interval(s, i)->to <= end)
		return;
	uint32_t rest = split(s, i, end);
	if (rest && begins_loop(s, interval(s, rest)))
		queue(s->ra, rest);
	else if (rest)
		spill(s, rest);
}

static void
allocate(Scan *s, uint32_t i)
{
	const Value *value = &s->ra->values[interval(s, i)->v];
	RegSet set = s->ra->allocatable &
		     (type_is_fp(value->type) ? ~UINT64_C(0) << REG_FP : UINT32_MAX);

	s->pos = interval(s, i)->from;
	advance(s); /* which may make intervals */
	Interval *cur = interval(s, i);
	if (waits_in_memory(s, i)) {
		spill(s, i);
		return;
	}
	if (value->home && value->init == value->home) {
		give_back_early(s, i);
		cur = interval(s, i);
	}
	if (cur->from < s->ra->fast_end && cur->to > s->ra->fast_end) {
		/* Behind an early return there is another choice of registers. */
		uint32_t rest = split(s, i, s->ra->fast_end);
		if (rest)
			queue(s->ra, rest);
		cur = interval(s, i);
	}
	RegSet full = find_limits(s, cur, set), free = set & ~s->active;
	if (full & free) {
		assign(s, i, pick(s, cur, full & free));
		return;
	}
	if (free) {
		uint32_t at;
		Reg reg = longest(s, cur, free, &at);
		const Use *u = next_use(s, cur);
		if (take_from_outside(s, i, set & full, at))
			return;
		if (at > cur->from && ((u && u->pos < at) || cur->from == value->def)) {
			split_and_queue(s, i, at);
			assign(s, i, reg);
			return;
		}
	}
	allocate_blocked(s, i, set, full);
}

/* live.c makes intervals in the order of definitions.  Where a block is laid out before one that
 * dominates it, an interval begins before its definition, and most constants begin after it: such
 * ones go through the queue. */
static bool
is_in_turn(const Scan *s, uint32_t i, uint32_t latest)
{
	const Interval *it = interval(s, i);

	return it->from >= latest && (it->from == POS_START || !is_constant(&s->ra->values[it->v]));
}

static void
queue_others(Scan *s)
{
	uint32_t latest = 0;

	for (uint32_t i = 1; i < s->ra->nfirst; i++)
		if (is_in_turn(s, i, latest))
			latest = interval(s, i)->from;
		else
			queue(s->ra, i);
}

/* The interval that starts first among those not yet taken; 0 at the end. */
static uint32_t
next_interval(Scan *s)
{
	const Ra *ra = s->ra;

	while (s->fresh < s->ra->nfirst && !is_in_turn(s, s->fresh, s->latest))
		s->fresh++; /* was queued */
	if (s->fresh < s->ra->nfirst) {
		uint32_t from = interval(s, s->fresh)->from;
		if (!ra->queue.n || from <= interval(s, ra->queue.at[0])->from) {
			s->latest = from;
			return s->fresh++;
		}
	}
	return ra->queue.n ? pop_queue(s->ra) : 0;
}

static bool
scan(Ra *ra)
{
	Scan s = { .ra = ra, .next_event = NONE, .fresh = 1 };
	uint32_t i;

	ra->nfirst = ra->intervals.n;
	queue_others(&s);
	while (!ra->failed && (i = next_interval(&s)) != 0)
		allocate(&s, i);
	return !ra->failed;
}

bool
ra_run(IrFunc *f, const Target *t, uint32_t features, RegSet available, RegSet early, Arena *a,
       Alloc *out)
{
	Ra ra = { .f = f, .t = t, .features = features, .early = early, .a = a, .out = out };

	*out = (Alloc){ 0 };
	ra.fixed_ctx = f->needs_ctx || f->is_entry;
	ra.allocatable = t->conv->allocatable & available;
	for (unsigned k = 0; k < t->conv->nint; k++)
		ra.arguments |= REG_BIT(t->conv->int_args[k]);
	for (unsigned k = 0; k < t->conv->nfp; k++)
		ra.arguments |= REG_BIT(t->conv->fp_args[k]);
	if (ra.fixed_ctx)
		ra.allocatable &= ~REG_BIT(t->conv->ctx);
	return live_run(&ra) && scan(&ra) && ra_resolve(&ra);
}
