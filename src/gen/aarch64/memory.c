/* memory.c - before allocation: addresses made once, and neighbours in memory side by side.
 *
 * An access takes an index or an offset, not both.  Where several of the same base and index have
 * offsets, their address is made once, in front of the first of the block, or, when an inner loop
 * only uses it, where its index is made.  Loads, and stores, of neighbours then come one behind the
 * other where nothing between forbids it; emit_memory() makes one LDP or STP of them. */
#include "gen/aarch64/aarch64.h"

enum {
	FARTHEST = 24, /* instructions between neighbours */
	RECENT = 8,
	MOST_AHEAD = 8, /* addresses that take a register all through a loop */
	FAR = 1 << 24,	/* offset */
};

typedef struct Access {
	Val v, base, index;
	int32_t offset;
	uint32_t group;
} Access;

typedef struct Group {
	Val base, index;
	BlockId place; /* where the address is made */
	uint8_t shift;
	bool ahead; /* outside the loop of its accesses */
	uint32_t count, displaced;
	int32_t least, most; /* offset */
	Val address;	     /* 0: not made yet */
	uint32_t next;	     /* 1 + another of the same hash */
} Group;

typedef struct Memory {
	IrFunc *f;
	Arena *a;
	VEC(Access) accesses;
	VEC(Group) groups;
	uint32_t *heads, mask;
	uint32_t ahead;
} Memory;

static bool
is_access(const Ins *i)
{
	return i->op == IR_LOAD || i->op == IR_STORE;
}

/* ---- Addresses ------------------------------------------------------------------------------ */

/* The block where both are there: that of the later one, by which the other is dominated. */
static BlockId
made_in(const IrFunc *f, Val a, Val b)
{
	BlockId x = f->ins.at[a].block, y = f->ins.at[b].block;

	return f->blocks.at[x].order > f->blocks.at[y].order ? x : y;
}

static bool
is_extended(const IrFunc *f, Val v)
{
	return f->ins.at[v].op == IR_SEXT32 || f->ins.at[v].op == IR_ZEXT32;
}

/* The group of an access, made when it is the first; NULL: no memory. */
static Group *
find_group(Memory *m, const Access *x, BlockId place, uint8_t shift, bool ahead)
{
	uint32_t h = (x->base * 0x9e3779b1u ^ x->index * 0x85ebca6bu ^ place * 0xc2b2ae35u) >> 7;
	uint32_t *head = &m->heads[h & m->mask];
	Group *g;

	for (uint32_t k = *head; k; k = g->next) {
		g = &m->groups.at[k - 1];
		if (g->base == x->base && g->index == x->index && g->place == place &&
		    g->shift == shift && g->ahead == ahead)
			return g;
	}
	g = vec_push(m->a, &m->groups);
	if (!g)
		return NULL;
	*g = (Group){ .base = x->base,
		      .index = x->index,
		      .place = place,
		      .shift = shift,
		      .ahead = ahead,
		      .least = x->offset,
		      .most = x->offset,
		      .next = *head };
	*head = m->groups.n;
	return g;
}

static void
note_access(Memory *m, Val v)
{
	const IrFunc *f = m->f;
	const Ins *i = &f->ins.at[v];
	uint32_t bytes = ir_mem_bytes[i->cc];
	Access x = { .v = v, .base = i->arg[0], .index = i->arg[1], .offset = i->aux }, *slot;
	const Ins *sum = &f->ins.at[x.index];
	BlockId place;
	Group *g;

	if (!x.index || is_extended(f, x.index) || ir_is_const(f, x.base) ||
	    ir_is_const(f, x.index) || x.offset > FAR || x.offset < -FAR)
		return;
	if (sum->op == IR_ADD && ir_is_const(f, sum->arg[1])) {
		uint64_t c = ir_const_bits(f, sum->arg[1]);

		if (c + FAR / 8 < FAR / 4 && !is_extended(f, sum->arg[0]) &&
		    !ir_is_const(f, sum->arg[0])) {
			x.offset += (int32_t)c * (int32_t)bytes;
			x.index = sum->arg[0];
		}
	}
	place = made_in(f, x.base, x.index);
	if (f->blocks.at[place].loop_depth >= f->blocks.at[i->block].loop_depth)
		place = i->block;
	g = find_group(m, &x, place, (uint8_t)__builtin_ctz(bytes), place != i->block);
	slot = vec_push(m->a, &m->accesses);
	if (!g || !slot)
		return;
	g->count++;
	g->displaced += x.offset != 0;
	g->least = x.offset < g->least ? x.offset : g->least;
	g->most = x.offset > g->most ? x.offset : g->most;
	x.group = (uint32_t)(g - m->groups.at);
	*slot = x;
}

/* Behind v in its block, and behind what must stand first there. */
static Val
place_behind(const IrFunc *f, Val v)
{
	const Ins *i = &f->ins.at[v];
	Val at = i->next;

	if (i->op == IR_CONST || i->op == IR_PARAM || i->op == IR_PHI)
		while (f->ins.at[at].op == IR_PARAM || f->ins.at[at].op == IR_CONST ||
		       f->ins.at[at].op == IR_PHI || f->ins.at[at].op == IR_NOP)
			at = f->ins.at[at].next;
	return at;
}

static Val
insert(Memory *m, Val at, IrOp op, Val a, Val b)
{
	return ir_insert_before(m->f, at,
				(Ins){ .op = (uint8_t)op,
				       .type = IR_I64,
				       .arg = { a, b },
				       .line = m->f->ins.at[at].line });
}

/* Makes the address in front of `at`, or, ahead, where the later of its parts is made. */
static void
make_address(Memory *m, Group *g, Val at)
{
	IrFunc *f = m->f;
	Val base = g->base, index = g->index;

	if (g->ahead) {
		Val last = f->ins.at[index].block == g->place ? index : base;

		at = place_behind(f, last);
		if (last == index && f->ins.at[base].block == g->place &&
		    f->ins.at[base].op != IR_PARAM) {
			at = f->blocks.at[g->place].last;
		}
	}
	if (g->shift)
		index = insert(m, at, IR_SHL, index, ir_const(f, IR_I64, g->shift));
	g->address = insert(m, at, IR_ADD, base, index);
}

static bool
is_worth_it(Memory *m, const Group *g)
{
	if (g->address)
		return true;
	if (!g->displaced)
		return false;
	if (!g->ahead)
		return g->count > 1;
	return m->ahead < MOST_AHEAD && ++m->ahead;
}

static bool
share_addresses(Memory *m)
{
	IrFunc *f = m->f;

	for (uint32_t k = 0; k < f->order.n; k++)
		for (Val v = f->blocks.at[f->order.at[k]].first; v; v = f->ins.at[v].next)
			if (is_access(&f->ins.at[v]))
				note_access(m, v);
	for (uint32_t k = 0; k < m->accesses.n && !m->a->mem->failed; k++) {
		const Access *x = &m->accesses.at[k];
		Group *g = &m->groups.at[x->group];
		Ins *i;

		if (!is_worth_it(m, g))
			continue;
		if (!g->address)
			make_address(m, g, x->v);
		i = &f->ins.at[x->v];
		i->arg[0] = g->address;
		i->arg[1] = 0;
		i->aux = x->offset;
	}
	return !m->a->mem->failed;
}

/* ---- Neighbours ----------------------------------------------------------------------------- */

static bool
are_apart(const Ins *a, const Ins *b)
{
	return a->arg[0] == b->arg[0] && !a->arg[1] && !b->arg[1] &&
	       (a->aux + (int64_t)ir_mem_bytes[a->cc] <= b->aux ||
		b->aux + (int64_t)ir_mem_bytes[b->cc] <= a->aux);
}

static bool
are_neighbours(const Ins *a, const Ins *b)
{
	int64_t gap = (int64_t)a->aux - b->aux;

	return a->op == b->op && a->cc == b->cc && a->arg[0] == b->arg[0] && !a->arg[1] &&
	       !b->arg[1] && (gap == ir_mem_bytes[a->cc] || gap == -ir_mem_bytes[a->cc]) &&
	       ir_mem_bytes[a->cc] >= 4;
}

static bool
uses(IrFunc *f, Val v, Val what)
{
	uint32_t n;
	const Val *args = ir_args(f, v, &n);

	for (uint32_t k = 0; k < n; k++)
		if (args[k] == what)
			return true;
	return false;
}

/* May the access i go across v?  A load does not go up over what may trap: it may be what is
 * checked. */
static bool
may_cross(const IrFunc *f, const Ins *i, Val v, bool up)
{
	const Ins *over = &f->ins.at[v];

	switch (over->op) {
	case IR_LOAD: return i->op == IR_LOAD || are_apart(i, over);
	case IR_STORE: return are_apart(i, over);
	case IR_CALL:
	case IR_CALLX: return false;
	case IR_TRAPIF: return i->op == IR_LOAD && !up;
	default: return true;
	}
}

static void
move_before(IrFunc *f, Val v, Val at)
{
	Ins *i = &f->ins.at[v];
	Block *b = &f->blocks.at[i->block];

	*(i->prev ? &f->ins.at[i->prev].next : &b->first) = i->next;
	*(i->next ? &f->ins.at[i->next].prev : &b->last) = i->prev;
	i->prev = f->ins.at[at].prev;
	i->next = at;
	*(i->prev ? &f->ins.at[i->prev].next : &b->first) = v;
	f->ins.at[at].prev = v;
}

/* May i, between whose place `from` and `to` (excluded) the instructions are, cross them all? */
static bool
may_move(IrFunc *f, Val v, Val from, Val to, bool up)
{
	for (Val over = from; over != to; over = f->ins.at[over].next)
		if (!may_cross(f, &f->ins.at[v], over, up) || (!up && uses(f, over, v)))
			return false;
	return true;
}

/* Puts v and its neighbour `at`, which is before it in the block, side by side: a load goes up to
 * the other, or the other down to v.  False: neither may. */
static bool
join(IrFunc *f, Val at, Val v)
{
	Val behind = f->ins.at[at].next;

	if (behind == v)
		return true;
	if (f->ins.at[v].op == IR_LOAD && may_move(f, v, behind, v, true)) {
		move_before(f, v, behind);
		return true;
	}
	if (!may_move(f, at, behind, v, false))
		return false;
	move_before(f, at, v);
	return true;
}

/* Each access that has no index looks for a neighbour among the last few that have none yet. */
static void
join_neighbours(IrFunc *f, BlockId b)
{
	struct {
		Val v;
		uint32_t at;
	} last[RECENT] = { 0 };
	uint32_t at = 0, n = 0;

	for (Val v = f->blocks.at[b].first, next; v; v = next, at++) {
		const Ins *i = &f->ins.at[v];
		uint32_t k = 0;

		next = i->next;
		if (i->op == IR_CALL || i->op == IR_CALLX)
			memset(last, 0, sizeof last);
		if (!is_access(i) || i->arg[1])
			continue;
		while (k < RECENT &&
		       !(last[k].v && at - last[k].at <= FARTHEST &&
			 are_neighbours(i, &f->ins.at[last[k].v]) && join(f, last[k].v, v)))
			k++;
		if (k < RECENT) {
			last[k].v = 0;
		} else {
			last[n % RECENT].v = v;
			last[n++ % RECENT].at = at;
		}
	}
}

bool
a64_arrange_memory(IrFunc *f, Arena *a)
{
	Memory m = { .f = f, .a = a };
	uint32_t cap = 16;

	if (!f->ordered)
		ir_order(f);
	f->ordered = true;
	while (cap < f->ins.n / 4)
		cap *= 2;
	m.mask = cap - 1;
	m.heads = arena_alloc(a, cap * sizeof *m.heads);
	if (!m.heads || !share_addresses(&m))
		return false;
	for (uint32_t k = 0; k < f->order.n; k++)
		join_neighbours(f, f->order.at[k]);
	return true;
}
