/* ra_check.c - does every operand hold the value it should, on every path?
 *
 * Knows nothing of how ra.c works: it runs the function over places instead of values.  The state
 * says which value each register and slot holds; where paths meet, what they disagree on is
 * unknown.  States only ever lose knowledge, so repeating until nothing changes ends; then every
 * operand is looked at. */
#include "gen/gen.h"

typedef struct Check {
	IrFunc *f; /* not written to: ir_args() wants it so */
	const Target *t;
	uint32_t features;
	const Alloc *r;
	Text *why;
	Val *entry; /* nplaces for each block in order: value held at its head; 0: unknown */
	bool *seen; /* blocks some path has reached */
	Val *now, *end, *old; /* state; that at the end of a block; scratch for parallel moves */
	uint32_t *first_move; /* by Val: 1 + its first move's index */
	uint32_t nplaces, nin;
	RegSet allowed;
	bool fixed_ctx;
	bool looking; /* the last round: report */
	bool wrong;
	uint32_t moves_seen;
} Check;

enum { CHECK_PLACES_MOST = 1 << 26 }; /* larger functions are not checked */
#define NO_PLACE UINT32_MAX

static void
complain(Check *c, Val v, const char *what, Loc l)
{
	static const char *const kinds[] = { "none", "register", "slot",  "constant",
					     "in",   "out",	 "fused", "?" };

	if (!c->looking || c->wrong)
		return;
	c->wrong = true;
	if (c->why)
		text_addf(c->why, "instruction %u (%s): %s (%s %u)", (unsigned)v,
			  ir_op_info[c->f->ins.at[v].op].name, what, kinds[loc_kind(l)],
			  (unsigned)loc_n(l));
}

/* The index of a place in a state. */
static uint32_t
place(const Check *c, Loc l)
{
	switch (loc_kind(l)) {
	case LOC_REG: return loc_n(l) < 64 ? loc_n(l) : NO_PLACE;
	case LOC_SLOT: return loc_n(l) < c->r->nslots ? 64 + loc_n(l) : NO_PLACE;
	case LOC_IN: return loc_n(l) < c->nin ? 64 + c->r->nslots + loc_n(l) : NO_PLACE;
	default: return NO_PLACE;
	}
}

/* All CTX of a function are one value; it goes by the name of the first one met. */
static bool
is_ctx(const Check *c, Val v)
{
	return c->f->ins.at[v].op == IR_CTX;
}

static bool
same_value(const Check *c, Val a, Val b)
{
	return a == b || (a && b && is_ctx(c, a) && is_ctx(c, b));
}

static bool
class_fits(Loc l, uint8_t type)
{
	return loc_kind(l) != LOC_REG ||
	       reg_is_fp((Reg)loc_n(l)) == (type == IR_F32 || type == IR_F64);
}

static bool
reg_allowed(const Check *c, Loc l)
{
	return loc_kind(l) != LOC_REG || (loc_n(l) < 64 && c->allowed >> loc_n(l) & 1);
}

/* Does `l` hold v now? */
static bool
holds(const Check *c, Loc l, Val v)
{
	uint32_t p = place(c, l);

	if (loc_kind(l) == LOC_CONST)
		return loc_n(l) == v && c->f->ins.at[v].op == IR_CONST;
	if (c->fixed_ctx && is_ctx(c, v) && l == LOC(LOC_REG, c->t->conv->ctx))
		return true;
	return p != NO_PLACE && same_value(c, c->now[p], v);
}

/* ---- Moves ---------------------------------------------------------------------------------- */

static void
check_move(Check *c, Val v, const Move *m)
{
	uint32_t to = place(c, m->to), from = place(c, m->from);

	if (to == NO_PLACE || loc_kind(m->to) == LOC_IN)
		complain(c, v, "a move to no place", m->to);
	else if (from == NO_PLACE && loc_kind(m->from) != LOC_CONST)
		complain(c, v, "a move from no place", m->from);
	else if (!class_fits(m->to, m->type) || !class_fits(m->from, m->type))
		complain(c, v, "a move between register classes", m->to);
	else if (!reg_allowed(c, m->to))
		complain(c, v, "a move to a reserved register", m->to);
	else if (loc_kind(m->to) == LOC_REG && !(c->r->used >> loc_n(m->to) & 1))
		complain(c, v, "a move to a register not listed as used", m->to);
}

/* The group of one phase before v, in parallel. */
static void
run_moves(Check *c, Val v, uint8_t phase)
{
	uint32_t first = c->first_move[v], n = c->r->nmoves;

	if (!first)
		return;
	const Move *m = c->r->moves + first - 1, *end = c->r->moves + n;
	while (m < end && m->before == v && m->phase < phase)
		m++;
	const Move *group = m;
	for (; m < end && m->before == v && m->phase == phase; m++) {
		uint32_t from = place(c, m->from);
		c->moves_seen++;
		check_move(c, v, m);
		c->old[m - group] = loc_kind(m->from) == LOC_CONST ? loc_n(m->from)
				    : from != NO_PLACE		   ? c->now[from]
								   : 0;
		for (const Move *k = group; c->looking && m - group < 64 && k < m; k++)
			if (k->to == m->to)
				complain(c, v, "two moves to one place", m->to);
	}
	for (const Move *k = group; k < m; k++) {
		uint32_t to = place(c, k->to);
		if (to != NO_PLACE)
			c->now[to] = c->old[k - group];
	}
}

/* ---- Instructions --------------------------------------------------------------------------- */

static void check_operands(Check *c, Val v, Val part, bool late, unsigned with);

/* Nothing is stored between the load and v. */
static bool
may_load_at(const Check *c, Val load, Val v)
{
	const IrFunc *f = c->f;

	for (v = f->ins.at[v].prev; v && v != load; v = f->ins.at[v].prev)
		if (f->ins.at[v].op == IR_STORE || ir_op_info[f->ins.at[v].op].flags & IR_V)
			return false;
	return v == load;
}

static void
check_fused(Check *c, Val v, Val part, const Constraint *k, uint32_t n, Val arg, Loc l)
{
	if (n >= 32 || !((k->fuse | k->fuse_too) >> n & 1) ||
	    c->r->out[arg] != LOC(LOC_FUSED, part) || loc_n(l) != arg)
		complain(c, v, "an operand is fused that should not", l);
	else if (c->f->ins.at[arg].op == IR_LOAD && !may_load_at(c, arg, v))
		complain(c, v, "a load is moved past a store", l);
	else
		check_operands(c, v, arg, k->fuse_late, k->fuse_with);
}

/* `part` is v, or an instruction that is part of v; this is its operand n. */
static void
check_operand(Check *c, Val v, Val part, const Constraint *k, uint32_t n, Val arg, Loc l)
{
	uint32_t bit = n < 32 ? 1u << n : 0;

	if (loc_kind(l) == LOC_FUSED) {
		check_fused(c, v, part, k, n, arg, l);
		return;
	}
	if (!arg) {
		if (loc_kind(l) != LOC_NONE)
			complain(c, v, "a place for an operand that is not there", l);
		return;
	}
	if (!holds(c, l, arg))
		complain(c, v, "an operand holds another value", l);
	if (k->folded & bit && c->f->ins.at[arg].op == IR_CONST) {
		if (loc_kind(l) != LOC_CONST)
			complain(c, v, "a folded constant has a place", l);
		return;
	}
	if (k->in_reg & bit && loc_kind(l) != LOC_REG)
		complain(c, v, "an operand is not in a register", l);
	if (!class_fits(l, c->f->ins.at[arg].type))
		complain(c, v, "an operand in the wrong class of register", l);
	if (k->late & bit && loc_kind(l) == LOC_REG && k->clobber >> loc_n(l) & 1)
		complain(c, v, "a late operand is clobbered", l);
	if (k->late & bit && l == c->r->out[v])
		complain(c, v, "a late operand where the result goes", l);
	if (loc_kind(l) == LOC_CONST && !(ir_op_info[c->f->ins.at[v].op].flags & IR_V))
		complain(c, v, "a constant that was not folded", l);
}

/* The nesting of fused instructions is that of what back ends ask for: small. */
static void
check_operands(Check *c, Val v, Val part, bool late, unsigned with)
{
	Constraint k = { .prefer_out = REG_NONE,
			 .prefer = { REG_NONE, REG_NONE, REG_NONE, REG_NONE } };
	uint32_t n;
	const Val *args = ir_args(c->f, part, &n);

	c->t->constrain(c->f, c->features, part, &k);
	if (late) {
		k.late = UINT32_MAX;
		k.fuse_late = true;
	}
	if (with) {
		k.fuse = 1u << (with - 1);
		if (loc_kind(c->r->use_loc[c->r->use[part] + with - 1]) != LOC_FUSED)
			complain(c, v, "only half of a pair is fused", LOC_NONE);
	}
	for (uint32_t a = 0; a < n; a++)
		check_operand(c, v, part, &k, a, args[a], c->r->use_loc[c->r->use[part] + a]);
}

/* Old copies of v, of the last time around a loop, are not v any more. */
static void
define(Check *c, Val v, Loc l)
{
	uint32_t p = place(c, l);

	for (uint32_t k = 0; k < c->nplaces; k++)
		if (c->now[k] == v)
			c->now[k] = 0;
	if (p != NO_PLACE)
		c->now[p] = v;
}

static void
run_instruction(Check *c, Val v)
{
	const Ins *i = &c->f->ins.at[v];
	Constraint k = { .prefer_out = REG_NONE,
			 .prefer = { REG_NONE, REG_NONE, REG_NONE, REG_NONE } };
	Loc out = c->r->out[v];

	if (loc_kind(out) == LOC_FUSED ||
	    (ir_op_info[i->op].flags & IR_P && loc_kind(out) == LOC_NONE))
		return;
	c->t->constrain(c->f, c->features, v, &k);
	if (c->looking)
		check_operands(c, v, v, false, 0);
	for (RegSet m = k.clobber; m; m &= m - 1)
		c->now[__builtin_ctzll(m)] = 0;
	if (loc_kind(out) == LOC_NONE)
		return;
	if (place(c, out) == NO_PLACE || loc_kind(out) == LOC_IN || !reg_allowed(c, out) ||
	    !class_fits(out, i->type))
		complain(c, v, "a result in no place for it", out);
	if (loc_kind(out) == LOC_REG && !(c->r->used >> loc_n(out) & 1))
		complain(c, v, "a result in a register not listed as used", out);
	if (k.out_in_reg && loc_kind(out) != LOC_REG)
		complain(c, v, "a result is not in a register", out);
	define(c, v, out);
}

/* ---- Blocks and edges ----------------------------------------------------------------------- */

/* Block b begins, entered from its k-th predecessor: where operands lie, there are the phis now. */
static void
become_phis(Check *c, BlockId b, uint32_t k)
{
	const IrFunc *f = c->f;
	Val first = f->blocks.at[b].first;

	memcpy(c->old, c->now, c->nplaces * sizeof *c->now);
	for (Val v = first; v && f->ins.at[v].op == IR_PHI; v = f->ins.at[v].next)
		define(c, v, LOC_NONE);
	for (Val v = first; v && f->ins.at[v].op == IR_PHI; v = f->ins.at[v].next) {
		Val arg = f->pool.at[f->ins.at[v].arg[0] + k];
		Loc out = c->r->out[v];
		uint32_t p = place(c, out);
		if (loc_kind(out) == LOC_NONE)
			continue;
		if (p == NO_PLACE || loc_kind(out) == LOC_IN ||
		    !class_fits(out, f->ins.at[v].type)) {
			complain(c, v, "a phi in no place for it", out);
			continue;
		}
		bool right = same_value(c, c->old[p], arg);
		if (!right)
			complain(c, v, "a phi whose operand is elsewhere", out);
		c->now[p] = right ? v : 0;
	}
}

static bool
has_one_succ(const Block *b)
{
	return b->succ[0] == BLOCK_NONE || b->succ[1] == BLOCK_NONE;
}

static uint32_t
index_of_pred(const Block *b, BlockId p)
{
	uint32_t k = 0;
	while (k + 1 < b->preds.n && b->preds.at[k] != p)
		k++;
	return k;
}

/* What is known at the end of block p flows to the head of s.  True when that changed something. */
static bool
flow(Check *c, BlockId p, BlockId s)
{
	const Block *to = &c->f->blocks.at[s];
	Val *entry = c->entry + (size_t)to->order * c->nplaces;
	bool changed = !c->seen[to->order];

	if (to->preds.n > 1 || has_one_succ(&c->f->blocks.at[p]))
		become_phis(c, s, index_of_pred(to, p));
	for (uint32_t k = 0; k < c->nplaces; k++) {
		Val v = c->seen[to->order] && entry[k] != c->now[k] ? 0 : c->now[k];
		changed |= entry[k] != v;
		entry[k] = v;
	}
	c->seen[to->order] = true;
	return changed;
}

static bool
run_block(Check *c, uint32_t order)
{
	const IrFunc *f = c->f;
	BlockId b = f->order.at[order];
	const Block *block = &f->blocks.at[b];
	size_t bytes = c->nplaces * sizeof *c->now;
	bool changed = false;
	Val v = block->first;

	memcpy(c->now, c->entry + (size_t)order * c->nplaces, bytes);
	while (v && f->ins.at[v].op == IR_PHI)
		v = f->ins.at[v].next;
	/* The edge from a branch has its moves at the head of the block it leads to. */
	bool branched_to = block->preds.n == 1 && !has_one_succ(&f->blocks.at[block->preds.at[0]]);
	for (bool first = true; v; v = f->ins.at[v].next) {
		uint8_t op = f->ins.at[v].op;
		if (op == IR_PARAM || op == IR_CONST || op == IR_NOP ||
		    (op == IR_CTX && c->fixed_ctx)) {
			if (c->first_move[v])
				complain(c, v, "a move before what is not emitted", LOC_NONE);
			continue;
		}
		run_moves(c, v, 0);
		if (first && branched_to)
			become_phis(c, b, 0);
		run_moves(c, v, 1);
		run_moves(c, v, 2);
		run_instruction(c, v);
		first = false;
	}
	memcpy(c->end, c->now, bytes);
	for (unsigned k = 0; k < 2; k++) {
		if (block->succ[k] == BLOCK_NONE)
			continue;
		memcpy(c->now, c->end, bytes);
		changed |= flow(c, b, block->succ[k]);
	}
	return changed;
}

/* ---- The function --------------------------------------------------------------------------- */

static bool
start(Check *c, Arena *a)
{
	IrFunc *f = c->f;
	Loc *in = arena_alloc(a, f->nparams * sizeof *in);

	if (!in)
		return false;
	c->nin = conv_assign(c->t->conv, f->params, f->nparams, in);
	c->nplaces = 64 + c->r->nslots + c->nin;
	uint32_t most = c->nplaces > c->r->nmoves ? c->nplaces : c->r->nmoves;
	if ((uint64_t)c->nplaces * f->order.n > CHECK_PLACES_MOST)
		return true;
	c->entry = arena_alloc(a, (size_t)c->nplaces * f->order.n * sizeof *c->entry);
	c->seen = arena_alloc(a, f->order.n);
	c->now = arena_alloc(a, c->nplaces * sizeof *c->now);
	c->end = arena_alloc(a, c->nplaces * sizeof *c->end);
	c->old = arena_alloc(a, most * sizeof *c->old);
	c->first_move = arena_alloc(a, f->ins.n * sizeof *c->first_move);
	if (!c->entry || !c->seen || !c->now || !c->end || !c->old || !c->first_move)
		return false;
	for (uint32_t k = c->r->nmoves; k-- > 0;)
		c->first_move[c->r->moves[k].before] = k + 1;
	for (Val v = f->blocks.at[0].first; v; v = f->ins.at[v].next) {
		if (f->ins.at[v].op != IR_PARAM)
			continue;
		c->entry[place(c, in[f->ins.at[v].aux])] = v;
		c->looking = true;
		if (c->r->out[v] != in[f->ins.at[v].aux])
			complain(c, v, "a parameter is not said to be where it comes in",
				 c->r->out[v]);
		c->looking = false;
	}
	for (Val v = 1; c->fixed_ctx && v < f->ins.n; v++)
		if (is_ctx(c, v))
			c->entry[c->t->conv->ctx] = v;
	c->seen[0] = true;
	return true;
}

bool
ra_check(const IrFunc *f, const Target *t, uint32_t features, const Alloc *r, Arena *a, Text *why)
{
	Check c = { .t = t, .features = features, .r = r, .why = why };
	IrFunc copy = *f;
	bool changed = true;

	c.f = &copy;
	c.fixed_ctx = f->needs_ctx || f->is_entry;
	c.allowed = t->conv->allocatable;
	if (c.fixed_ctx)
		c.allowed &= ~REG_BIT(t->conv->ctx);
	if (!start(&c, a))
		return false;
	if (!c.entry)
		return true;
	while (changed) {
		changed = false;
		for (uint32_t b = 0; b < f->order.n; b++)
			if (c.seen[b])
				changed |= run_block(&c, b);
	}
	c.looking = true;
	c.moves_seen = 0;
	for (uint32_t b = 0; b < f->order.n; b++)
		run_block(&c, b);
	if (!c.wrong && c.moves_seen != r->nmoves)
		complain(&c, 0, "moves out of order, or before no instruction", LOC_NONE);
	return !c.wrong;
}
