/* version.c - an inner loop twice: without its bounds checks when a test before it shows that none
 * can fail, else as it was.
 *
 * For a counter i that goes by s from init up to n, and a check of a·i + k + c against len, with s,
 * a, k and len the same all through the loop: with lo = a·init + k + (the least c) and
 * hi = a·(n-1) + k + (the greatest c), no check fails if lo <= hi < len, unsigned.  That holds for
 * wrapped sums too, because the distance from lo to hi is less than 2^64: init is 0 or more, and
 * where a or s is not 1, none of a, s and n may be more than 2^31.  A check of k + c alone is one
 * of a = 0.  When a check may fail the loop with the checks runs, so a trap comes in its iteration,
 * after the stores before it. */
#include "opt/edit.h"
#include "opt/remark.h"

enum {
	MOST_BLOCKS = 8,
	MOST_SIZE = 80,
	MOST_GROUPS = 4,
	MOST_CHECKS = 16,
	MOST_FIXED = 3, /* terms of an index */
	MOST_LOOPS = 8,
	FAR = 1 << 20,
};
#define SMALL (UINT64_C(1) << 31)

typedef struct Group {
	Val inv[MOST_FIXED], len, factor; /* inv 0: no more; factor 0: one */
	bool is_fixed;			  /* without the counter */
	int64_t least, most;
} Group;

typedef struct Version {
	IrFunc *f;
	Arena *a;
	const LoopForest *l;
	const OptLoop *loop;
	BlockId body, exit;		/* successors of the header */
	Val counter, init, limit, step; /* step 0: one */
	BlockId skip; /* leads to the exit when there is no round; BLOCK_NONE: this is not looked at
			 before */
	Group groups[MOST_GROUPS];
	uint32_t ngroups;
	Val checks[MOST_CHECKS];
	uint32_t nchecks;
	Val *map;	 /* by value: its copy, or 0 */
	BlockId *blocks; /* by block: its copy, or BLOCK_NONE */
	uint32_t nvalues, nblocks;
} Version;

static bool
is_inside(const Version *w, BlockId b)
{
	const BlockId *at = w->l->blocks.at + w->loop->first;

	for (uint32_t k = 0; k < w->loop->count; k++)
		if (at[k] == b)
			return true;
	return false;
}

static bool
is_fixed(const Version *w, Val v)
{
	return !is_inside(w, w->f->ins.at[v].block);
}

/* ---- Which loops ---------------------------------------------------------------------------- */

static bool
has_one_exit(Version *w)
{
	const IrFunc *f = w->f;
	const Block *head = &f->blocks.at[w->loop->header];
	uint32_t size = 0;

	if (f->ins.at[head->last].op != IR_BR)
		return false;
	w->body = is_inside(w, head->succ[0]) ? head->succ[0] : head->succ[1];
	w->exit = head->succ[w->body == head->succ[0]];
	if (!is_inside(w, w->body) || is_inside(w, w->exit) || f->blocks.at[w->exit].preds.n != 1)
		return false;
	for (uint32_t k = 0; k < w->loop->count; k++) {
		BlockId b = w->l->blocks.at[w->loop->first + k];
		const Block *block = &f->blocks.at[b];

		for (unsigned j = 0; j < 2 && b != w->loop->header; j++)
			if (block->succ[j] != BLOCK_NONE && !is_inside(w, block->succ[j]))
				return false;
		for (Val v = block->first; v; v = f->ins.at[v].next) {
			if (f->ins.at[v].op == IR_CALL || f->ins.at[v].op == IR_CALLX)
				return false;
			if (++size > MOST_SIZE)
				return false;
		}
	}
	return true;
}

/* The same all through the loop, and not a large constant? */
static bool
is_small_or_fixed(const Version *w, Val v)
{
	return is_fixed(w, v) && (!ir_is_const(w->f, v) || ir_const_bits(w->f, v) < SMALL);
}

/* The counter that the header compares with a limit, less than it in the loop. */
static bool
find_counter(Version *w)
{
	const IrFunc *f = w->f;
	const Block *head = &f->blocks.at[w->loop->header];
	const Ins *test = &f->ins.at[head->last], *phi, *next;
	IrCc cc = w->body == head->succ[0] ? test->cc : cc_negated[test->cc];
	uint32_t latch;

	w->counter = test->arg[0];
	w->limit = test->arg[1];
	if (cc == CC_SGT) {
		w->counter = test->arg[1];
		w->limit = test->arg[0];
		cc = CC_SLT;
	}
	phi = &f->ins.at[w->counter];
	if (cc != CC_SLT || phi->op != IR_PHI || phi->type != IR_I64 || phi->arg[1] != 2 ||
	    phi->block != w->loop->header || !is_fixed(w, w->limit))
		return false;
	latch = edit_pred_index(f, w->loop->header, w->loop->latch);
	next = &f->ins.at[f->pool.at[phi->arg[0] + latch]];
	w->init = f->pool.at[phi->arg[0] + 1 - latch];
	if (next->op != IR_ADD || (next->arg[0] != w->counter && next->arg[1] != w->counter))
		return false;
	w->step = next->arg[next->arg[0] == w->counter];
	if (ir_is_const(f, w->step) && ir_const_bits(f, w->step) == 1)
		w->step = 0;
	return (!w->step || is_small_or_fixed(w, w->step)) &&
	       (!ir_is_const(f, w->init) || (int64_t)ir_const_bits(f, w->init) >= 0);
}

/* Is v the counter, or that times a fixed value? */
static bool
is_product(const Version *w, Val v, Val *factor)
{
	const Ins *i = &w->f->ins.at[v];

	*factor = 0;
	if (v == w->counter)
		return true;
	if (i->op != IR_MUL || (i->arg[0] != w->counter && i->arg[1] != w->counter))
		return false;
	*factor = i->arg[i->arg[0] == w->counter];
	return is_small_or_fixed(w, *factor);
}

/* Is v such a product, or a fixed value, plus a few fixed values and a small constant? */
static bool
split_index(const Version *w, Val v, Group *g, int64_t *c)
{
	const IrFunc *f = w->f;
	unsigned terms = 0;

	*c = 0;
	for (unsigned depth = 0; !is_product(w, v, &g->factor); depth++) {
		const Ins *i = &f->ins.at[v];
		unsigned fixed;

		if (is_fixed(w, v) && !(i->op == IR_ADD && ir_is_const(f, i->arg[1]))) {
			g->is_fixed = terms < MOST_FIXED && !ir_is_const(f, v);
			if (g->is_fixed)
				g->inv[terms] = v;
			return g->is_fixed;
		}
		if (i->op != IR_ADD || depth == MOST_FIXED + 1)
			return false;
		fixed = is_fixed(w, i->arg[1]);
		if (!fixed && !is_fixed(w, i->arg[0]))
			return false;
		if (ir_is_const(f, i->arg[fixed])) {
			*c += (int64_t)ir_const_bits(f, i->arg[fixed]);
			if (*c > FAR || *c < -FAR)
				return false;
		} else if (terms == MOST_FIXED) {
			return false;
		} else {
			g->inv[terms++] = i->arg[fixed];
		}
		v = i->arg[1 - fixed];
	}
	return true;
}

static bool
is_same_but_constant(const Group *a, const Group *b)
{
	return !memcmp(a->inv, b->inv, sizeof a->inv) && a->len == b->len &&
	       a->factor == b->factor && a->is_fixed == b->is_fixed;
}

static void
note_check(Version *w, Val v)
{
	const Ins *i = &w->f->ins.at[v];
	uint32_t k = 0;
	int64_t c;
	Group g = { .len = i->arg[1] };

	if (i->op != IR_TRAPIF || i->cc != CC_UGE || w->nchecks == MOST_CHECKS ||
	    !is_fixed(w, i->arg[1]) || w->f->ins.at[i->arg[0]].type != IR_I64 ||
	    !split_index(w, i->arg[0], &g, &c))
		return;
	while (k < w->ngroups && !is_same_but_constant(&w->groups[k], &g))
		k++;
	if (k == MOST_GROUPS)
		return;
	g.least = g.most = c;
	if (k == w->ngroups)
		w->groups[w->ngroups++] = g;
	if (c < w->groups[k].least)
		w->groups[k].least = c;
	if (c > w->groups[k].most)
		w->groups[k].most = c;
	w->checks[w->nchecks++] = v;
}

/* ---- The copy ------------------------------------------------------------------------------- */

static bool
is_dropped(const Version *w, Val v)
{
	for (uint32_t k = 0; k < w->nchecks; k++)
		if (w->checks[k] == v)
			return true;
	return false;
}

static Val
mapped(const Version *w, Val v)
{
	return v < w->nvalues && w->map[v] ? w->map[v] : v;
}

static BlockId
mapped_block(const Version *w, BlockId b)
{
	return b < w->nblocks && w->blocks[b] != BLOCK_NONE ? w->blocks[b] : b;
}

static bool
copy_values(Version *w)
{
	IrFunc *f = w->f;

	w->nvalues = f->ins.n;
	w->nblocks = f->blocks.n;
	w->map = arena_alloc(w->a, w->nvalues * sizeof *w->map);
	w->blocks = arena_alloc(w->a, w->nblocks * sizeof *w->blocks);
	if (!w->map || !w->blocks)
		return false;
	for (BlockId b = 0; b < w->nblocks; b++)
		w->blocks[b] = BLOCK_NONE;
	for (uint32_t k = 0; k < w->loop->count; k++) {
		BlockId b = w->l->blocks.at[w->loop->first + k];

		w->blocks[b] = ir_block(f);
		for (Val v = f->blocks.at[b].first; v; v = f->ins.at[v].next)
			if (!is_dropped(w, v))
				w->map[v] = ir_append(f, w->blocks[b], f->ins.at[v]);
	}
	return !w->a->mem->failed;
}

static void
copy_operands(Version *w, Val v)
{
	IrFunc *f = w->f;
	Val to = w->map[v];
	const Ins from = f->ins.at[v];

	if (!(ir_op_info[from.op].flags & IR_V)) {
		for (unsigned k = 0; k < ir_op_info[from.op].nargs; k++)
			f->ins.at[to].arg[k] = mapped(w, from.arg[k]);
		return;
	}
	if (!vec_reserve(f->module->arena, (void **)&f->pool.at, &f->pool.cap, sizeof(Val),
			 f->pool.n + from.arg[1]))
		return;
	f->ins.at[to].arg[0] = f->pool.n;
	for (uint32_t k = 0; k < from.arg[1]; k++)
		f->pool.at[f->pool.n++] = mapped(w, f->pool.at[from.arg[0] + k]);
}

/* Edges of the copy: from `before` into its header, out of it to the one exit. */
static void
copy_edges(Version *w, BlockId before)
{
	IrFunc *f = w->f;

	for (uint32_t k = 0; k < w->loop->count; k++) {
		BlockId b = w->l->blocks.at[w->loop->first + k], copy = w->blocks[b];

		for (Val v = f->blocks.at[b].first; v; v = f->ins.at[v].next)
			if (w->map[v])
				copy_operands(w, v);
		for (unsigned j = 0; j < 2; j++)
			if (f->blocks.at[b].succ[j] != BLOCK_NONE)
				f->blocks.at[copy].succ[j] =
					mapped_block(w, f->blocks.at[b].succ[j]);
		for (uint32_t p = 0; p < f->blocks.at[b].preds.n; p++) {
			BlockId from = f->blocks.at[b].preds.at[p];
			BlockId *slot = vec_push(f->module->arena, &f->blocks.at[copy].preds);

			if (slot)
				*slot = is_inside(w, from) ? w->blocks[from] : before;
		}
	}
}

/* What v of the loop is for the code behind it: by each of the exit's predecessors. */
static uint32_t
results_of(const Version *w, Val v, Val *of)
{
	const IrFunc *f = w->f;
	uint32_t entry = 1 - edit_pred_index(f, w->loop->header, w->loop->latch);

	of[0] = v;
	of[1] = mapped(w, v);
	of[2] = of[1] == v ? v : f->pool.at[f->ins.at[v].arg[0] + entry];
	return w->skip == BLOCK_NONE ? 2 : 3;
}

/* What the loop made and code behind it uses comes from either loop. */
static void
merge_results(Version *w)
{
	IrFunc *f = w->f;
	Val *merged = arena_alloc(w->a, w->nvalues * sizeof *merged), of[3];
	BlockId *slot = vec_push(f->module->arena, &f->blocks.at[w->exit].preds);
	uint32_t n;

	if (!merged || !slot)
		return;
	*slot = w->blocks[w->loop->header];
	if (w->skip != BLOCK_NONE)
		ir_jmp(f, w->skip, w->exit);
	for (Val v = f->blocks.at[w->exit].first; f->ins.at[v].op == IR_PHI;
	     v = f->ins.at[v].next) {
		uint32_t count = results_of(w, *ir_args(f, v, &n), of);

		if (!vec_reserve(f->module->arena, (void **)&f->pool.at, &f->pool.cap, sizeof(Val),
				 f->pool.n + count))
			return;
		f->ins.at[v].arg[0] = f->pool.n;
		f->ins.at[v].arg[1] = count;
		for (uint32_t k = 0; k < count; k++)
			f->pool.at[f->pool.n++] = of[k];
	}
	for (BlockId b = 0; b < w->nblocks; b++) {
		if (!f->blocks.at[b].first || w->blocks[b] != BLOCK_NONE)
			continue;
		for (Val v = f->blocks.at[b].first; v; v = f->ins.at[v].next) {
			if (b == w->exit && f->ins.at[v].op == IR_PHI)
				continue;
			ir_args(f, v, &n);
			for (uint32_t k = 0; k < n; k++) {
				Val from = ir_args(f, v, &n)[k];

				if (from >= w->nvalues || !w->map[from] || !from)
					continue;
				if (!merged[from]) {
					uint32_t count = results_of(w, from, of);

					merged[from] =
						ir_pooled(f, w->exit, IR_PHI, f->ins.at[from].type,
							  0, of, count);
				}
				ir_args(f, v, &n)[k] = merged[from];
			}
		}
	}
}

/* ---- The tests before ----------------------------------------------------------------------- */

static Val
index_at(Version *w, BlockId b, const Group *g, Val v, int64_t minus, int64_t c)
{
	IrFunc *f = w->f;

	if (g->is_fixed)
		v = ir_const(f, IR_I64, 0);
	else if (g->factor) {
		v = ir_ins(f, b, IR_ADD, IR_I64, v, ir_const(f, IR_I64, 0 - (uint64_t)minus));
		v = ir_ins(f, b, IR_MUL, IR_I64, v, g->factor);
	} else {
		c -= minus;
	}
	for (unsigned k = 0; k < MOST_FIXED && g->inv[k]; k++)
		v = ir_ins(f, b, IR_ADD, IR_I64, v, g->inv[k]);
	return ir_ins(f, b, IR_ADD, IR_I64, v, ir_const(f, IR_I64, (uint64_t)c));
}

/* Goes on in the block that it gives only if a cc b. */
static BlockId
test(Version *w, BlockId at, IrCc cc, Val a, Val b, BlockId slow)
{
	BlockId then = ir_block(w->f);

	if (w->a->mem->failed)
		return at;
	ir_br(w->f, at, cc, a, b, then, slow);
	return then;
}

/* Makes *all such that it is small only if v is, too; nothing for a constant, which is. */
static void
add_small(Version *w, BlockId at, Val v, Val *all)
{
	if (!v || (ir_is_const(w->f, v) && ir_const_bits(w->f, v) < SMALL))
		return;
	*all = *all ? ir_ins(w->f, at, IR_OR, IR_I64, *all, v) : v;
}

/* Goes on only if the counter makes a round, up from 0 or more, and products are far from wrapping.
 */
static BlockId
test_counter(Version *w, BlockId at, BlockId slow)
{
	bool needed = w->step || !ir_is_const(w->f, w->init);
	Val all = 0;

	if (w->skip != BLOCK_NONE)
		at = test(w, at, CC_SLT, w->init, w->limit, w->skip);
	for (uint32_t k = 0; k < w->ngroups; k++) {
		needed |= w->groups[k].factor != 0;
		add_small(w, at, w->groups[k].factor, &all);
	}
	if (!needed)
		return at;
	add_small(w, at, w->init, &all);
	add_small(w, at, w->limit, &all);
	add_small(w, at, w->step, &all);
	return all ? test(w, at, CC_ULT, all, ir_const(w->f, IR_I64, SMALL), slow) : at;
}

/* Is lo <= hi clear from init < limit? */
static bool
is_ordered(const Version *w, const Group *g)
{
	return w->skip != BLOCK_NONE && !g->factor && !g->inv[0] && g->least >= 0;
}

/* After the block before the loop: gives the block that is reached when no test fails, which has no
 * terminator yet; else `slow` is. */
static BlockId
make_tests(Version *w, BlockId before, BlockId slow)
{
	IrFunc *f = w->f;
	BlockId at = before;

	f->line = f->ins.at[f->blocks.at[before].last].line;
	ir_remove(f, f->blocks.at[before].last);
	f->blocks.at[before].succ[0] = BLOCK_NONE;
	at = test_counter(w, at, slow);
	for (uint32_t k = 0; k < w->ngroups; k++) {
		const Group *g = &w->groups[k];
		Val lo, hi;

		lo = index_at(w, at, g, w->init, 0, g->least);
		hi = index_at(w, at, g, w->limit, 1, g->most);
		if (lo != hi && !is_ordered(w, g))
			at = test(w, at, CC_ULE, lo, hi, slow);
		at = test(w, at, CC_ULT, hi, g->len, slow);
	}
	return at;
}

/* May the loop make no round, and has nothing but phis to be left behind then? */
static bool
has_short_head(const Version *w)
{
	const IrFunc *f = w->f;
	const Block *head = &f->blocks.at[w->loop->header];
	Val v = head->first;

	while (f->ins.at[v].op == IR_PHI)
		v = f->ins.at[v].next;
	return v == head->last && !ir_is_const(f, w->init);
}

static bool
make_version(Version *w)
{
	IrFunc *f = w->f;
	BlockId head = w->loop->header, before = w->loop->preheader, fast, slow;

	if (!copy_values(w))
		return false;
	slow = ir_block(f);
	w->skip = has_short_head(w) ? ir_block(f) : BLOCK_NONE;
	if (w->a->mem->failed)
		return false;
	f->blocks.at[slow].cold = true;
	fast = make_tests(w, before, slow);
	if (w->a->mem->failed)
		return false;
	copy_edges(w, fast);
	merge_results(w);
	f->blocks.at[head].preds.at[edit_pred_index(f, head, before)] = slow;
	ir_append(f, slow, (Ins){ .op = IR_JMP });
	f->blocks.at[slow].succ[0] = head;
	ir_append(f, fast, (Ins){ .op = IR_JMP });
	f->blocks.at[fast].succ[0] = w->blocks[head];
	return true;
}

/* The copy costs as much to compile as the loop: for a loop inside another, or several checks
 * saved. */
static bool
is_worth_it(const Version *w)
{
	return w->nchecks > 1 || (w->nchecks && w->f->blocks.at[w->loop->header].loop_depth > 1);
}

bool
version_run(IrFunc *f, OptContext *o)
{
	const LoopForest *l;
	uint32_t made = 0;
	bool *outer;

	l = edit_loops(f, o);
	if (!l)
		return false;
	outer = edit_outer_loops(l, o->arena);
	if (!outer)
		return false;
	for (uint32_t k = 0; k < l->loops.n && made < MOST_LOOPS && !o->arena->mem->failed; k++) {
		Version w = { .f = f, .a = o->arena, .l = l, .loop = &l->loops.at[k] };

		if (outer[k] || w.loop->latch == BLOCK_NONE || w.loop->preheader == BLOCK_NONE ||
		    w.loop->count > MOST_BLOCKS || f->blocks.at[w.loop->header].preds.n != 2 ||
		    !has_one_exit(&w) || !find_counter(&w))
			continue;
		/* Not the header's: it runs once more than the body, with the counter at the limit.
		 */
		for (uint32_t j = 1; j < w.loop->count; j++)
			for (Val v = f->blocks.at[l->blocks.at[w.loop->first + j]].first; v;
			     v = f->ins.at[v].next)
				note_check(&w, v);
		if (!is_worth_it(&w) || !make_version(&w))
			continue;
		remark_loop(o, f, w.loop->header, "bounds checks made once before it: %u",
			    w.nchecks);
		made++;
	}
	return made != 0;
}
