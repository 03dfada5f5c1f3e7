/* gvn.c - global value numbering: what is computed, loaded or checked once is not done again.
 *
 * One walk in the order of dominance.  An instruction whose operands are known is folded again,
 * then looked for in one hash table: an equal one in a dominating block stands for it.  Loads carry
 * a version of memory, which stores, calls and joins of control flow renew.  What a passed check or
 * a taken branch says of two values is kept as the set of outcomes of their comparison that are
 * still possible; a later condition on the two that holds for all of these, or for none, is
 * settled: that part is the pass `range`, made in this walk because each needs what the other has
 * just found. */
#include "opt/facts.h"

enum {
	PROBES = 24, /* equal hashes looked at before giving up */
	RECENT = 12  /* cells of memory whose contents outlive stores beside them */
};

/* ---- State ---------------------------------------------------------------------------------- */

typedef struct Entry {
	Val v, value; /* value: what v stands for, which differs for a STORE */
	uint32_t version, next;
} Entry;

/* What a cell of memory holds, known since a load or a store of the block looked at. */
typedef struct Cell {
	Ins key; /* a LOAD */
	Val v, value;
} Cell;

typedef struct Gvn {
	IrFunc *f;
	Arena *a;
	Dom dom;
	VEC(Entry) entries; /* from 1, as `next` and the heads count */
	Facts *facts;	    /* NULL: not wanted */
	uint32_t *heads, mask;
	uint32_t *version_out; /* by block: the memory's version at its end */
	uint32_t version, versions;
	Cell recent[RECENT];
	uint32_t nrecent, turn;
	bool *reached; /* by block */
	bool changed, settled;
} Gvn;

/* ---- Conditions ------------------------------------------------------------------------------ */

/* 1, 0, or -1 when it depends; the condition comes back in its best form. */
static int
settle(const Gvn *g, BlockId b, Ins *i)
{
	IrCc cc = i->cc;
	int known = ir_fold_cond(g->f, &cc, &i->arg[0], &i->arg[1]);

	i->cc = (uint8_t)cc;
	if (known >= 0 || !g->facts)
		return known;
	return facts_settle(g->facts, b, cc, i->arg[0], i->arg[1]);
}

/* b holds the condition x cc y from here on. */
static void
learn(Gvn *g, BlockId b, IrCc cc, Val x, Val y)
{
	if (g->facts)
		facts_learn(g->facts, b, cc, x, y);
}

/* v, which stays, has its final operands. */
static void
note_range(Gvn *g, BlockId b, Val v)
{
	if (g->facts)
		facts_visit(g->facts, b, v);
}

/* ---- Values --------------------------------------------------------------------------------- */

static uint32_t
hash_value(const Gvn *g, const Ins *i, uint32_t version)
{
	uint64_t h = i->op | (uint64_t)i->cc << 8 | (uint64_t)i->type << 16;

	h = (h ^ i->arg[0]) * UINT64_C(0x9e3779b97f4a7c15);
	h = ((h ^ h >> 32) + i->arg[1]) * UINT64_C(0xd6e8feb86659fd93);
	h += i->arg[2] * UINT64_C(0xa0761d6478bd642f) + i->arg[3] * UINT64_C(0xe7037ed1a0b428db);
	h += (uint32_t)i->aux * UINT64_C(0x8ebc6af09c88c6e3) +
	     version * UINT64_C(0x2545f4914f6cdd1d);
	return (uint32_t)(h >> 29 ^ h >> 47) & g->mask;
}

/* Does v, a LOAD or a STORE or a pure one, compute what key does?  A STORE counts as a LOAD. */
static bool
is_same(const Ins *i, const Ins *key)
{
	if (key->op == IR_LOAD)
		return (i->op == IR_LOAD || i->op == IR_STORE) && i->cc == key->cc &&
		       i->arg[0] == key->arg[0] && i->arg[1] == key->arg[1] && i->aux == key->aux;
	return i->op == key->op && i->type == key->type && i->cc == key->cc &&
	       i->arg[0] == key->arg[0] && i->arg[1] == key->arg[1] && i->arg[2] == key->arg[2] &&
	       i->arg[3] == key->arg[3] && i->aux == key->aux;
}

static Val
find(const Gvn *g, BlockId b, const Ins *key, uint32_t version)
{
	uint32_t k = g->heads[hash_value(g, key, version)];

	for (uint32_t probes = PROBES; k && probes; probes--) {
		const Entry *e = &g->entries.at[k - 1];
		const Ins *i = &g->f->ins.at[e->v];

		if (e->version == version && is_same(i, key) &&
		    (i->block == b || dominates(&g->dom, i->block, b)))
			return e->value;
		k = e->next;
	}
	return 0;
}

static void
remember(Gvn *g, const Ins *key, Val v, Val value, uint32_t version)
{
	uint32_t *head = &g->heads[hash_value(g, key, version)];
	Entry *e = vec_push(g->a, &g->entries);

	if (!e)
		return;
	*e = (Entry){ v, value, version, *head };
	*head = g->entries.n;
}

static void
replace(Gvn *g, Val v, Val by)
{
	ir_replace(g->f, v, by);
	g->changed = true;
}

static void
visit_pure(Gvn *g, BlockId b, Val v)
{
	IrFunc *f = g->f;
	Ins i = f->ins.at[v];
	Val by = 0;

	if (i.op == IR_CONST)
		return;
	by = fold_ins(f, &i);
	if (!by && (i.op == IR_CMP || i.op == IR_SELECT)) {
		int known = settle(g, b, &i);
		if (known >= 0)
			by = i.op == IR_CMP ? ir_const(f, IR_I32, (uint64_t)known)
					    : i.arg[known ? 2 : 3];
	}
	if (!by)
		by = find(g, b, &i, 0);
	if (by && by != v) {
		replace(g, v, by);
		return;
	}
	if (memcmp(f->ins.at[v].arg, i.arg, sizeof i.arg) || f->ins.at[v].op != i.op)
		g->changed = true;
	i.prev = f->ins.at[v].prev; /* a new constant may have become a neighbour */
	i.next = f->ins.at[v].next;
	i.block = b;
	f->ins.at[v] = i;
	remember(g, &i, v, v, 0);
	note_range(g, b, v);
}

/* The one value that all operands but itself are, or one of the phis before it that has the same.
 */
static Val
same_phi(const Gvn *g, BlockId b, Val phi)
{
	IrFunc *f = g->f;
	uint32_t n, m, probes = PROBES;
	Val *args = ir_args(f, phi, &n), *others, one = 0;
	bool several = false;

	for (uint32_t k = 0; k < n; k++) {
		args[k] = ir_resolve(f, args[k]);
		if (args[k] == phi || args[k] == one)
			continue;
		several |= one != 0;
		one = args[k];
	}
	if (!several)
		return one;
	for (Val v = f->blocks.at[b].first; v != phi && probes; v = f->ins.at[v].next, probes--) {
		others = ir_args(f, v, &m);
		if (f->ins.at[v].type == f->ins.at[phi].type && m == n &&
		    !memcmp(args, others, n * sizeof *args))
			return v;
	}
	return 0;
}

/* ---- Memory --------------------------------------------------------------------------------- */

static bool
is_whole(unsigned mem)
{
	return mem == MEM_W32 || mem == MEM_W64 || mem == MEM_F32 || mem == MEM_F64;
}

/* All that is known of memory, but for what else is looked up, is no more. */
static void
forget_memory(Gvn *g)
{
	g->version = ++g->versions;
	g->nrecent = 0;
}

static void
note_cell(Gvn *g, const Ins *key, Val v, Val value)
{
	uint32_t at = g->nrecent < RECENT ? g->nrecent++ : g->turn++ % RECENT;

	remember(g, key, v, value, g->version);
	g->recent[at] = (Cell){ *key, v, value };
}

static void
visit_load(Gvn *g, BlockId b, Val v)
{
	Ins key = g->f->ins.at[v];
	Val by = find(g, b, &key, g->version);

	if (by) {
		replace(g, v, by);
		return;
	}
	note_cell(g, &key, v, v);
	note_range(g, b, v);
}

static void
visit_store(Gvn *g, Val v)
{
	Ins key = g->f->ins.at[v];
	Val value = key.arg[2];
	uint32_t kept = 0;

	g->version = ++g->versions;
	for (uint32_t k = 0; k < g->nrecent; k++) {
		Cell c = g->recent[k];

		if (!edit_are_apart(g->f, &c.key, &key))
			continue;
		remember(g, &c.key, c.v, c.value, g->version);
		g->recent[kept++] = c;
	}
	g->nrecent = kept;
	if (!is_whole(key.cc))
		return;
	key.op = IR_LOAD;
	key.type = g->f->ins.at[value].type;
	key.arg[2] = 0;
	note_cell(g, &key, v, value);
}

/* ---- Control -------------------------------------------------------------------------------- */

static void
visit_trapif(Gvn *g, BlockId b, Val v)
{
	Ins i = g->f->ins.at[v];
	int known = settle(g, b, &i);

	if (known == 0) {
		ir_remove(g->f, v);
		g->changed = true;
	} else if (known > 0) {
		edit_settle_trap(g->f, v);
		g->changed = g->settled = true;
	} else {
		memcpy(g->f->ins.at[v].arg, i.arg, sizeof i.arg);
		g->f->ins.at[v].cc = i.cc;
		learn(g, b, cc_negated[i.cc], i.arg[0], i.arg[1]);
	}
}

static void
visit_branch(Gvn *g, BlockId b, Val v)
{
	Ins i = g->f->ins.at[v];
	int known = settle(g, b, &i);

	if (known < 0) {
		memcpy(g->f->ins.at[v].arg, i.arg, sizeof i.arg);
		g->f->ins.at[v].cc = i.cc;
		return;
	}
	edit_settle_branch(g->f, b, known ? 0 : 1);
	g->changed = g->settled = true;
}

/* What must have been true to come here. */
static void
enter(Gvn *g, BlockId b)
{
	const Block *block = &g->f->blocks.at[b];
	const Block *from;
	const Ins *i;

	forget_memory(g);
	if (block->preds.n != 1)
		return;
	from = &g->f->blocks.at[block->preds.at[0]];
	g->version = g->version_out[block->preds.at[0]];
	if (!from->last)
		return;
	i = &g->f->ins.at[from->last];
	if (i->op == IR_BR)
		learn(g, b, from->succ[0] == b ? i->cc : cc_negated[i->cc], i->arg[0], i->arg[1]);
}

static void
visit(Gvn *g, BlockId b, Val v)
{
	IrFunc *f = g->f;
	uint32_t n;
	Val *args, same;

	if (f->ins.at[v].op == IR_PHI) {
		same = same_phi(g, b, v);
		if (same)
			replace(g, v, same);
		else
			note_range(g, b, v);
		return;
	}
	args = ir_args(f, v, &n);
	for (uint32_t k = 0; k < n; k++)
		args[k] = ir_resolve(f, args[k]);
	switch (f->ins.at[v].op) {
	case IR_LOAD: visit_load(g, b, v); break;
	case IR_STORE: visit_store(g, v); break;
	case IR_CALL:
	case IR_CALLX: forget_memory(g); break;
	case IR_TRAPIF: visit_trapif(g, b, v); break;
	case IR_BR: visit_branch(g, b, v); break;
	default:
		if (ir_op_info[f->ins.at[v].op].flags & IR_P)
			visit_pure(g, b, v);
		else
			note_range(g, b, v);
	}
}

static bool
begin(Gvn *g, bool ranges)
{
	uint32_t cap = 64;

	while (cap < g->f->ins.n)
		cap *= 2;
	g->mask = cap - 1;
	g->heads = arena_alloc(g->a, cap * sizeof *g->heads);
	g->version_out = arena_alloc(g->a, (g->f->blocks.n + 1) * sizeof *g->version_out);
	g->reached = arena_alloc(g->a, g->f->blocks.n + 1);
	if (!g->heads || !g->version_out || !g->reached || !edit_dom(g->f, g->a, &g->dom))
		return false;
	if (ranges)
		g->facts = facts_new(g->f, g->a, &g->dom);
	return !ranges || g->facts;
}

/* Predecessors other than those at the ends of loops were looked at before b. */
static bool
is_reached(Gvn *g, BlockId b)
{
	const Block *block = &g->f->blocks.at[b];

	g->reached[b] = b == 0;
	for (uint32_t k = 0; k < block->preds.n; k++)
		g->reached[b] |= g->reached[block->preds.at[k]];
	return g->reached[b];
}

bool
gvn_run(IrFunc *f, OptContext *o)
{
	Gvn g = { .f = f, .a = o->arena, .versions = 1 };

	if (!begin(&g, o->ranges))
		return false;
	for (uint32_t k = 0; k < f->order.n && !o->arena->mem->failed; k++) {
		BlockId b = f->order.at[k];

		if (!is_reached(&g, b))
			continue; /* a branch or a trap settled above led here */
		enter(&g, b);
		for (Val v = f->blocks.at[b].first, next; v; v = next) {
			next = f->ins.at[v].next;
			visit(&g, b, v);
			if (ir_op_info[f->ins.at[v].op].flags & IR_T)
				break;
		}
		g.version_out[b] = g.version;
	}
	ir_apply_replacements(f);
	if (!g.settled)
		o->kept = FACT_ORDER | FACT_REACHED;
	return g.changed;
}
