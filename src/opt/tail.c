/* tail.c - a call of oneself that is the last act of a function goes back to its start.
 *
 * The parameters become phis of a loop around the body.  So does the count of recursive calls that
 * are still allowed (ir/runtime.h): what the call would take off it, each round does, so that the
 * trap comes at the same call, after the same stores.  Where the body makes other calls, the
 * Context has the count of the round for them, and at each return again that of the start. */
#include "ir/runtime.h"
#include "opt/edit.h"
#include "opt/remark.h"

enum { MOST_JUMPS = 8 };

typedef struct Tail {
	IrFunc *f;
	Arena *a;
	uint32_t self;
	VEC(Val) calls;	 /* to go */
	uint32_t others; /* that it makes … */
	uint32_t deeper; /* … and of itself among them */
	bool counts;	 /* does it look at the count? */
} Tail;

/* ---- Which calls ---------------------------------------------------------------------------- */

static bool
is_count(const IrFunc *f, Val v, IrOp op)
{
	const Ins *i = &f->ins.at[v];

	return i->op == op && f->ins.at[i->arg[0]].op == IR_CTX && !i->arg[1] &&
	       i->aux == CONTEXT_DEPTH;
}

/* v stores the count: is it lowered for just one call, or put back behind that? */
static bool
is_around_call(const IrFunc *f, Val v)
{
	Val call = f->ins.at[v].next, back = f->ins.at[call].next;

	if (f->ins.at[call].op != IR_CALL) {
		call = f->ins.at[v].prev;
		back = v;
	}
	return f->ins.at[call].op == IR_CALL && is_count(f, f->ins.at[call].prev, IR_STORE) &&
	       is_count(f, back, IR_STORE) && is_count(f, f->ins.at[back].arg[2], IR_LOAD);
}

/* Is nothing left to do after the call but to put the count back and to return what it gave? */
static bool
is_last_act(const IrFunc *f, Val call)
{
	Val value = f->ins.at[call].type == IR_VOID ? 0 : call, at = f->ins.at[call].next;
	BlockId b = f->ins.at[call].block;

	if (is_count(f, at, IR_STORE))
		at = f->ins.at[at].next;
	for (unsigned k = 0; k < MOST_JUMPS && f->ins.at[at].op == IR_JMP; k++) {
		BlockId to = f->blocks.at[b].succ[0];
		uint32_t edge = edit_pred_index(f, to, b);
		Val met = value;

		for (at = f->blocks.at[to].first; f->ins.at[at].op == IR_PHI;
		     at = f->ins.at[at].next)
			if (value && f->pool.at[f->ins.at[at].arg[0] + edge] == value)
				met = at;
		value = met;
		b = to;
	}
	return f->ins.at[at].op == IR_RET && f->ins.at[at].arg[0] == value;
}

static bool
find_calls(Tail *t)
{
	const IrFunc *f = t->f;
	bool regular = true;
	Val *slot;

	for (Val v = 1; v < f->ins.n && regular; v++) {
		const Ins *i = &f->ins.at[v];

		t->counts |= is_count(f, v, IR_LOAD);
		regular = !is_count(f, v, IR_STORE) || is_around_call(f, v);
		if (i->op != IR_CALL)
			continue;
		if ((uint32_t)i->aux != t->self || !is_last_act(f, v)) {
			t->others++;
			t->deeper += (uint32_t)i->aux == t->self;
			continue;
		}
		slot = vec_push(t->a, &t->calls);
		if (slot)
			*slot = v;
	}
	/* Where most calls of itself stay, so does their cost, and the way to a quick return, which
	 * needs no frame while it is no part of a loop, gets longer. */
	return regular && t->calls.n && t->calls.n >= t->deeper && !t->a->mem->failed;
}

/* ---- The loop ------------------------------------------------------------------------------- */

/* All but parameters and constants goes into a block of its own, which the entry jumps to. */
static BlockId
split_entry(IrFunc *f)
{
	BlockId head = ir_block(f);
	Block *from = &f->blocks.at[0], *to = &f->blocks.at[head];
	Val jump;

	if (!head)
		return 0;
	to->first = from->first;
	to->last = from->last;
	from->first = from->last = 0;
	for (Val v = to->first; v; v = f->ins.at[v].next)
		f->ins.at[v].block = head;
	for (unsigned k = 0; k < 2; k++) {
		BlockId after = from->succ[k];

		to->succ[k] = after;
		from->succ[k] = BLOCK_NONE;
		if (after != BLOCK_NONE)
			f->blocks.at[after].preds.at[edit_pred_index(f, after, 0)] = head;
	}
	ir_jmp(f, 0, head);
	jump = f->blocks.at[0].last;
	for (Val v = f->blocks.at[head].first, next; v && jump; v = next) {
		next = f->ins.at[v].next;
		if (f->ins.at[v].op == IR_PARAM || f->ins.at[v].op == IR_CONST)
			edit_move(f, v, jump);
	}
	return head;
}

/* A phi for parameter v: what came in, then what each call would pass. */
static Val
meet_args(Tail *t, BlockId head, Val v, Val *operands)
{
	IrFunc *f = t->f;
	const Ins param = f->ins.at[v];
	uint32_t n;

	operands[0] = v;
	for (uint32_t k = 0; k < t->calls.n; k++)
		operands[k + 1] = ir_args(f, t->calls.at[k], &n)[param.aux];
	return ir_pooled(f, head, IR_PHI, param.type, f->names ? (int32_t)f->names[param.aux] : 0,
			 operands, t->calls.n + 1);
}

/* The same for the count, which is `first` at the start. */
static Val
meet_counts(Tail *t, BlockId head, Val first, Val *operands)
{
	IrFunc *f = t->f;
	Val count;

	operands[0] = first;
	for (uint32_t k = 0; k < t->calls.n; k++) {
		Val before = f->ins.at[t->calls.at[k]].prev;

		operands[k + 1] = is_count(f, before, IR_STORE) ? f->ins.at[before].arg[2] : 0;
	}
	count = ir_pooled(f, head, IR_PHI, IR_I32, 0, operands, t->calls.n + 1);
	for (uint32_t k = 1; count && k <= t->calls.n; k++) {
		Val *operand = &f->pool.at[f->ins.at[count].arg[0] + k];

		*operand = *operand ? *operand : count;
	}
	return count;
}

/* What is read of v is read of by[v], but for what enters the loop. */
static void
substitute(IrFunc *f, BlockId head, const Val *by, Val end)
{
	for (Val v = 1; v < f->ins.n; v++) {
		uint32_t n, k = f->ins.at[v].op == IR_PHI && f->ins.at[v].block == head;
		Val *args;

		if (f->ins.at[v].op == IR_NOP)
			continue;
		for (args = ir_args(f, v, &n); k < n; k++)
			if (args[k] < end && by[args[k]])
				args[k] = by[args[k]];
	}
	for (Val v = 1; v < end; v++)
		if (by[v] && f->ins.at[v].op == IR_LOAD)
			ir_remove(f, v);
}

/* The call and what is behind it go; a jump to the start comes. */
static void
jump_back(Tail *t, Val call, BlockId head)
{
	IrFunc *f = t->f;
	BlockId b = f->ins.at[call].block, after = f->blocks.at[b].succ[0];
	Val before = f->ins.at[call].prev;

	f->line = f->ins.at[call].line;
	if (!t->others && is_count(f, before, IR_STORE))
		ir_remove(f, before);
	if (after != BLOCK_NONE)
		edit_drop_pred(f, after, b);
	f->blocks.at[b].succ[0] = BLOCK_NONE;
	while (f->blocks.at[b].last != call)
		ir_remove(f, f->blocks.at[b].last);
	ir_remove(f, call);
	ir_jmp(f, b, head);
}

static void
make_loop(Tail *t)
{
	IrFunc *f = t->f;
	Val end = f->ins.n, context = 0, count = 0;
	Val *by = arena_alloc(t->a, end * sizeof *by);
	Val *operands = arena_alloc(t->a, (t->calls.n + 1) * sizeof *operands);
	BlockId head = split_entry(f);

	if (t->a->mem->failed)
		return;
	for (Val v = 1; v < end; v++)
		if (f->ins.at[v].op == IR_PARAM)
			by[v] = meet_args(t, head, v, operands);
	if (t->counts) {
		context = ir_ins(f, 0, IR_CTX, IR_I64, 0, 0);
		count = ir_load(f, 0, MEM_W32, context, 0, CONTEXT_DEPTH);
		operands[0] = meet_counts(t, head, count, operands);
		for (Val v = 1; v < end; v++)
			if (is_count(f, v, IR_LOAD))
				by[v] = operands[0];
	}
	if (t->a->mem->failed)
		return;
	for (uint32_t k = 0; k < t->calls.n; k++)
		jump_back(t, t->calls.at[k], head);
	substitute(f, head, by, end);
	for (BlockId b = 0; t->others && t->counts && b < f->blocks.n; b++)
		if (f->blocks.at[b].last && f->ins.at[f->blocks.at[b].last].op == IR_RET)
			ir_store(f, b, MEM_W32, context, 0, CONTEXT_DEPTH, count);
}

bool
tail_run(IrFunc *f, OptContext *o)
{
	Tail t = { .f = f, .a = o->arena, .self = (uint32_t)(f - o->module->funcs.at) };
	BlockId head = f->blocks.n;

	if (!find_calls(&t))
		return false;
	make_loop(&t);
	if (!o->arena->mem->failed)
		remark_loop(o, f, head, "the function goes back to its start");
	return true;
}
