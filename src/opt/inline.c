/* inline.c - the body of a small function in the place of a call of it.
 *
 * Calls of oneself too, a few levels deep: the count of recursive calls is kept by instructions
 * around the call, which stay, so the depth at which recursion traps does not change.  A trap's
 * site names the function it was written in, wherever its code is. */
#include "opt/edit.h"

/* In instructions, constants and parameters not counted. */
enum { SMALL = 40, SMALL_SELF = 48, MOST = 400, MOST_SELF = 200, LOOKED_AT = 400 };

typedef struct Inliner {
	IrFunc *f; /* the caller */
	Arena *a;
	const IrFunc *g; /* the callee; of oneself a copy made before */
	Val *map;	 /* what stands in f for a value of g */
	BlockId *blocks; /* likewise */
} Inliner;

static uint32_t
size_of(const IrFunc *f)
{
	uint32_t n = 0;

	for (BlockId b = 0; b < f->blocks.n; b++)
		for (Val v = f->blocks.at[b].first; v; v = f->ins.at[v].next)
			n += f->ins.at[v].op != IR_CONST && f->ins.at[v].op != IR_PARAM;
	return n;
}

static bool
calls(const IrFunc *f, uint32_t index)
{
	for (BlockId b = 0; b < f->blocks.n; b++)
		for (Val v = f->blocks.at[b].first; v; v = f->ins.at[v].next)
			if (f->ins.at[v].op == IR_CALL && (uint32_t)f->ins.at[v].aux == index)
				return true;
	return false;
}

/* Does it make recursive calls?  Then its frame is to stay small: the count of them must run out
 * before the stack does. */
static bool
counts_depth(const IrFunc *f)
{
	for (Val v = 1; v < f->ins.n; v++)
		if (f->ins.at[v].op == IR_CTX)
			return true;
	return false;
}

/* A copy that changes to f do not reach. */
static IrFunc *
copy_of(const IrFunc *f, Arena *a)
{
	IrFunc *g = arena_alloc(a, sizeof *g);
	Ins *ins = arena_alloc(a, f->ins.n * sizeof *ins);
	Block *blocks = arena_alloc(a, f->blocks.n * sizeof *blocks);
	Val *pool = arena_alloc(a, (f->pool.n + 1) * sizeof *pool);

	if (!g || !ins || !blocks || !pool)
		return NULL;
	*g = *f;
	memcpy(ins, f->ins.at, f->ins.n * sizeof *ins);
	memcpy(blocks, f->blocks.at, f->blocks.n * sizeof *blocks);
	if (f->pool.n)
		memcpy(pool, f->pool.at, f->pool.n * sizeof *pool);
	g->ins.at = ins;
	g->blocks.at = blocks;
	g->pool.at = pool;
	for (BlockId b = 0; b < f->blocks.n; b++) {
		Block *to = &blocks[b];
		BlockId *preds = arena_alloc(a, (to->preds.n + 1) * sizeof *preds);

		if (!preds)
			return NULL;
		if (to->preds.n)
			memcpy(preds, to->preds.at, to->preds.n * sizeof *preds);
		to->preds.at = preds;
	}
	return g;
}

/* What is behind the call, terminator and all, goes into a new block. */
static BlockId
split_behind(IrFunc *f, Val call)
{
	BlockId b = f->ins.at[call].block, c = ir_block(f);
	Block *from, *to;

	if (!c)
		return 0;
	from = &f->blocks.at[b];
	to = &f->blocks.at[c];
	to->first = f->ins.at[call].next;
	to->last = from->last;
	from->last = call;
	f->ins.at[call].next = 0;
	f->ins.at[to->first].prev = 0;
	for (Val v = to->first; v; v = f->ins.at[v].next)
		f->ins.at[v].block = c;
	for (unsigned k = 0; k < 2; k++) {
		BlockId after = from->succ[k];

		to->succ[k] = after;
		from->succ[k] = BLOCK_NONE;
		if (after != BLOCK_NONE)
			f->blocks.at[after].preds.at[edit_pred_index(f, after, b)] = c;
	}
	return c;
}

/* First all instructions with the callee's operands, so that every value has its counterpart … */
static void
copy_block(Inliner *n, BlockId b, const Val *args)
{
	for (Val v = n->g->blocks.at[b].first; v; v = n->g->ins.at[v].next) {
		Ins i = n->g->ins.at[v];

		i.flags = 0;
		switch (i.op) {
		case IR_CONST: n->map[v] = ir_const(n->f, i.type, ir_const_bits(n->g, v)); break;
		case IR_PARAM: n->map[v] = args[i.aux]; break;
		case IR_RET: break;
		default: n->map[v] = ir_append(n->f, n->blocks[b], i);
		}
	}
}

/* … then their operands become those. */
static void
map_operands(Inliner *n, Val v)
{
	const Ins *from = &n->g->ins.at[v];
	Ins *to = &n->f->ins.at[n->map[v]];

	if (!(ir_op_info[from->op].flags & IR_V)) {
		for (unsigned k = 0; k < ir_op_info[from->op].nargs; k++)
			to->arg[k] = n->map[from->arg[k]];
		return;
	}
	to->arg[0] = n->f->pool.n;
	if (!vec_reserve(n->f->module->arena, (void **)&n->f->pool.at, &n->f->pool.cap, sizeof(Val),
			 n->f->pool.n + from->arg[1]))
		return;
	for (uint32_t k = 0; k < from->arg[1]; k++)
		n->f->pool.at[n->f->pool.n++] = n->map[n->g->pool.at[from->arg[0] + k]];
}

static void
link_block(Inliner *n, BlockId b)
{
	const Block *from = &n->g->blocks.at[b];
	Block *to = &n->f->blocks.at[n->blocks[b]];

	to->cold = from->cold;
	for (unsigned k = 0; k < 2; k++)
		if (from->succ[k] != BLOCK_NONE)
			to->succ[k] = n->blocks[from->succ[k]];
	for (uint32_t k = 0; k < from->preds.n; k++) {
		BlockId *p = vec_push(n->f->module->arena, &n->f->blocks.at[n->blocks[b]].preds);

		if (p)
			*p = n->blocks[from->preds.at[k]];
	}
	for (Val v = from->first; v; v = n->g->ins.at[v].next)
		if (n->g->ins.at[v].op != IR_CONST && n->g->ins.at[v].op != IR_PARAM &&
		    n->g->ins.at[v].op != IR_RET)
			map_operands(n, v);
}

/* Every return jumps to c.  The value of the call: theirs, met by a phi where there are several. */
static Val
join_returns(Inliner *n, BlockId c, IrType t)
{
	Val *values = arena_alloc(n->a, (n->g->blocks.n + 1) * sizeof *values);
	uint32_t count = 0;

	for (BlockId b = 0; values && b < n->g->blocks.n; b++) {
		Val last = n->g->blocks.at[b].last;

		if (!last || n->g->ins.at[last].op != IR_RET)
			continue;
		values[count++] = n->map[n->g->ins.at[last].arg[0]];
		ir_jmp(n->f, n->blocks[b], c);
	}
	if (t == IR_VOID || !values)
		return 0;
	if (!count)
		return ir_const(n->f, t, 0); /* it never comes back */
	return count == 1 ? values[0] : ir_pooled(n->f, c, IR_PHI, t, 0, values, count);
}

static void
inline_call(Inliner *n, Val call)
{
	IrFunc *f = n->f;
	const IrFunc *g = n->g;
	BlockId b = f->ins.at[call].block, c = split_behind(f, call);
	uint32_t nargs, line = f->ins.at[call].line;
	Val *args = ir_args(f, call, &nargs), *copy, value;

	copy = arena_alloc(n->a, (nargs + 1) * sizeof *copy);
	n->map = arena_alloc(n->a, g->ins.n * sizeof *n->map);
	n->blocks = arena_alloc(n->a, g->blocks.n * sizeof *n->blocks);
	if (!c || !copy || !n->map || !n->blocks)
		return;
	for (uint32_t k = 0; k < nargs; k++)
		copy[k] = args[k];
	for (BlockId k = 0; k < g->blocks.n; k++)
		n->blocks[k] = ir_block(f);
	for (BlockId k = 0; k < g->blocks.n; k++)
		copy_block(n, k, copy);
	if (n->a->mem->failed)
		return;
	for (BlockId k = 0; k < g->blocks.n; k++)
		link_block(n, k);
	value = join_returns(n, c, g->result);
	if (n->a->mem->failed)
		return;
	if (value)
		ir_replace(f, call, value);
	else
		ir_remove(f, call);
	f->line = line;
	ir_jmp(f, b, n->blocks[0]);
	ir_apply_replacements(f);
}

/* Calls there are now; those that inlining brings are not looked at. */
static bool
inline_calls(Inliner *n, uint32_t callee, uint32_t size, uint32_t *total, uint32_t most)
{
	IrFunc *f = n->f;
	Val end = f->ins.n;
	bool changed = false;

	for (Val v = 1; v < end && !n->a->mem->failed; v++) {
		if (f->ins.at[v].op != IR_CALL || (uint32_t)f->ins.at[v].aux != callee)
			continue;
		if (*total + size > most)
			break;
		*total += size;
		inline_call(n, v);
		changed = true;
	}
	return changed;
}

static bool
inline_self(IrFunc *f, uint32_t self, OptContext *o, uint32_t size)
{
	Inliner n = { .f = f, .a = o->arena };
	uint32_t total = size;
	bool changed = false;

	if (size > SMALL_SELF || !calls(f, self))
		return false;
	n.g = copy_of(f, o->arena);
	while (n.g && inline_calls(&n, self, size, &total, MOST_SELF))
		changed = true;
	return changed;
}

bool
inline_run(IrFunc *f, OptContext *o)
{
	const IrModule *m = o->module;
	uint32_t self = (uint32_t)(f - m->funcs.at), total = size_of(f), size = total;
	uint32_t most = counts_depth(f) ? MOST_SELF : MOST;
	bool changed = false;
	Val end = f->ins.n;

	for (Val v = 1; v < end && !o->arena->mem->failed; v++) {
		Inliner n = { .f = f, .a = o->arena };
		uint32_t callee = (uint32_t)f->ins.at[v].aux;

		if (f->ins.at[v].op != IR_CALL || callee == self)
			continue;
		n.g = &m->funcs.at[callee];
		if (n.g->ins.n > LOOKED_AT)
			continue;
		size = size_of(n.g);
		if (size > SMALL || total + size > most || calls(n.g, callee))
			continue;
		total += size;
		inline_call(&n, v);
		changed = true;
	}
	return inline_self(f, self, o, total) || changed;
}
