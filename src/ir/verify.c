/* verify.c - is this function well formed?
 *
 * First the shape, trusting nothing: lists, edges, terminators.  Then dominators, then each
 * instruction's operands and types.  Says the first thing wrong, naming the value or block. */
#include "ir/inner.h"
#include "base/num.h"

typedef struct Check {
	const IrFunc *f;
	Text *why;
	uint32_t *number, *idom, *pre,
		*size;	    /* by block: postorder, dominators, intervals of their tree */
	uint32_t *position; /* by value: place in its block */
} Check;

static bool
bad_value(const Check *c, Val v, const char *what)
{
	text_addf(c->why, "v%u of %.*s (%s): %s", v, (int)c->f->name.n,
		  c->f->name.at ? c->f->name.at : "",
		  c->f->ins.at[v].op < IR_OP_COUNT ? ir_op_info[c->f->ins.at[v].op].name : "?",
		  what);
	return false;
}

static bool
bad_block(const Check *c, BlockId b, const char *what)
{
	text_addf(c->why, "b%u of %.*s: %s", b, (int)c->f->name.n,
		  c->f->name.at ? c->f->name.at : "", what);
	return false;
}

static bool
bad_function(const Check *c, const char *what)
{
	text_addf(c->why, "%.*s: %s", (int)c->f->name.n, c->f->name.at ? c->f->name.at : "", what);
	return false;
}

/* ---- Lists ---------------------------------------------------------------------------------- */

static bool
check_place(const Check *c, BlockId id, Val v, Val prev)
{
	const Ins *i = &c->f->ins.at[v];
	bool phi = i->op == IR_PHI, last;

	if (i->op == IR_NOP || i->op >= IR_OP_COUNT)
		return bad_value(c, v, "no instruction, but in a list");
	if (i->block != id || i->prev != prev)
		return bad_value(c, v, "list or block is wrong");
	if (i->next >= c->f->ins.n)
		return bad_value(c, v, "next is out of range");
	if (i->flags)
		return bad_value(c, v, "flags were left set");
	if (phi && prev && c->f->ins.at[prev].op != IR_PHI)
		return bad_value(c, v, "a phi after something else");
	last = ir_op_info[i->op].flags & IR_T;
	if (last != (i->next == 0))
		return bad_value(c, v,
				 last ? "a terminator that is not last"
				      : "block ends without terminator");
	return true;
}

static bool
check_lists(const Check *c)
{
	const IrFunc *f = c->f;
	uint32_t linked = 0, real = 0;

	for (BlockId b = 0; b < f->blocks.n; b++) {
		Val prev = 0;
		if (f->blocks.at[b].first >= f->ins.n)
			return bad_block(c, b, "first is out of range");
		for (Val v = f->blocks.at[b].first; v; prev = v, v = f->ins.at[v].next) {
			if (!check_place(c, b, v, prev))
				return false;
			c->position[v] = ++linked;
			if (linked >= f->ins.n)
				return bad_block(c, b, "its list does not end");
		}
		if (f->blocks.at[b].last != prev)
			return bad_block(c, b, "last is wrong");
	}
	for (Val v = 1; v < f->ins.n; v++) {
		real += f->ins.at[v].op != IR_NOP;
		if (f->ins.at[v].op == IR_NOP && f->ins.at[v].arg[0])
			return bad_value(c, v, "a replacement that was not applied");
	}
	if (real != linked || f->ins.at[0].op != IR_NOP)
		return bad_function(c, "an instruction is in no list");
	return true;
}

/* ---- Edges ---------------------------------------------------------------------------------- */

static bool
check_block_edges(const Check *c, BlockId b, uint32_t *edges)
{
	const IrFunc *f = c->f;
	const Block *block = &f->blocks.at[b];
	unsigned op = block->last ? f->ins.at[block->last].op : IR_NOP;
	unsigned want = op == IR_JMP ? 1 : op == IR_BR ? 2 : 0;

	if (!block->last && (b == 0 || block->preds.n))
		return bad_block(c, b, "empty");
	for (unsigned k = 0; k < 2; k++) {
		if ((block->succ[k] != BLOCK_NONE) != (k < want))
			return bad_block(c, b, "successors do not fit the terminator");
		if (k < want && (block->succ[k] == 0 || block->succ[k] >= f->blocks.n))
			return bad_block(c, b, "a successor is out of range, or the entry");
	}
	if (want == 2 && block->succ[0] == block->succ[1])
		return bad_block(c, b, "a branch with one target");
	*edges += want;
	return true;
}

static bool
check_edges(const Check *c)
{
	const IrFunc *f = c->f;
	uint32_t edges = 0,
		 *seen = c->number; /* by block: the last one found to have it as predecessor */

	for (BlockId b = 0; b < f->blocks.n; b++) {
		if (!check_block_edges(c, b, &edges))
			return false;
		seen[b] = BLOCK_NONE;
	}
	for (BlockId b = 0; b < f->blocks.n; b++) {
		for (uint32_t k = 0; k < f->blocks.at[b].preds.n; k++) {
			BlockId p = f->blocks.at[b].preds.at[k];
			if (p >= f->blocks.n || seen[p] == b ||
			    (f->blocks.at[p].succ[0] != b && f->blocks.at[p].succ[1] != b))
				return bad_block(c, b,
						 "a predecessor that does not lead here, or twice");
			seen[p] = b;
			edges--;
		}
	}
	return edges == 0 || bad_function(c, "a successor does not have its predecessor");
}

/* ---- Dominance ------------------------------------------------------------------------------ */

/* Is v known where block b is left, or with `user` where that instruction of b stands?  Code that
 * nothing leads to may use anything. */
static bool
is_known(const Check *c, Val v, BlockId b, Val user)
{
	BlockId at = c->f->ins.at[v].block;

	if (c->number[b] == BLOCK_NONE)
		return true;
	if (at == b)
		return !user || c->position[v] < c->position[user];
	return c->number[at] != BLOCK_NONE && order_dominates(c->pre, c->size, at, b);
}

/* ---- Operands and types --------------------------------------------------------------------- */

static unsigned
type_of(const Check *c, Val v)
{
	return c->f->ins.at[v].type;
}

static bool
is_int(unsigned t)
{
	return t == IR_I32 || t == IR_I64;
}

static bool
is_float(unsigned t)
{
	return t == IR_F32 || t == IR_F64;
}

static bool
check_operands(const Check *c, Val v)
{
	const IrFunc *f = c->f;
	const Ins *i = &f->ins.at[v];
	const Block *b = &f->blocks.at[i->block];
	bool pooled = ir_op_info[i->op].flags & IR_V;
	uint32_t n = pooled ? i->arg[1] : ir_op_info[i->op].nargs;

	if (pooled && (uint64_t)i->arg[0] + n > f->pool.n)
		return bad_value(c, v, "operands beyond the pool");
	if (i->op == IR_PHI && n != b->preds.n)
		return bad_value(c, v, "not one operand per predecessor");
	for (uint32_t k = 0; k < n; k++) {
		Val a = pooled ? f->pool.at[i->arg[0] + k] : i->arg[k];
		if (!a && (((i->op == IR_LOAD || i->op == IR_STORE) && k == 1) || i->op == IR_RET))
			continue;
		if (!a || a >= f->ins.n || f->ins.at[a].op == IR_NOP || type_of(c, a) == IR_VOID)
			return bad_value(c, v, "an operand is no value");
		if (i->op == IR_PHI ? !is_known(c, a, b->preds.at[k], 0)
				    : !is_known(c, a, i->block, v))
			return bad_value(c, v, "an operand is used where it is not known");
		if (i->op == IR_PHI && type_of(c, a) != i->type)
			return bad_value(c, v, "operand of another type");
	}
	return true;
}

static bool
check_condition(const Check *c, Val v)
{
	const Ins *i = &c->f->ins.at[v];
	unsigned t = type_of(c, i->arg[0]);

	if (i->cc >= CC_COUNT || t != type_of(c, i->arg[1]))
		return bad_value(c, v, "a comparison of two types");
	if ((i->cc >= CC_FEQ) != is_float(t))
		return bad_value(c, v, "the condition does not fit the type");
	return true;
}

static bool
check_const(const Check *c, Val v)
{
	const Ins *i = &c->f->ins.at[v];
	uint64_t bits = ir_const_bits(c->f, v);

	if (i->type == IR_VOID || i->type > IR_F64)
		return bad_value(c, v, "a constant without type");
	if ((i->type == IR_I32 || i->type == IR_F32) && bits >> 32)
		return bad_value(c, v, "a narrow constant with upper half");
	if ((i->type == IR_F32 && (bits & 0x7fffffff) > 0x7f800000 && bits != NUM_NAN32) ||
	    (i->type == IR_F64 && (bits & INT64_MAX) > UINT64_C(0x7ff0000000000000) &&
	     bits != NUM_NAN64))
		return bad_value(c, v, "a NaN that is not the canonical one");
	return i->block == 0 || bad_value(c, v, "a constant outside the entry block");
}

static bool
check_call(const Check *c, Val v)
{
	const IrModule *m = c->f->module;
	const Ins *i = &c->f->ins.at[v];
	const uint8_t *params;
	uint32_t nparams, at = (uint32_t)i->aux;
	unsigned result;

	if (at >= (i->op == IR_CALL ? m->funcs.n : m->imports.n))
		return bad_value(c, v, "there is no such function or import");
	if (i->op == IR_CALL) {
		const IrFunc *callee = &m->funcs.at[at];
		params = callee->params;
		nparams = callee->nparams;
		result = callee->result;
		if (callee->is_entry || (callee->needs_ctx && !c->f->needs_ctx && !c->f->is_entry))
			return bad_value(c, v, "callee needs a context, or is a thunk");
	} else {
		const Import *callee = &m->imports.at[at];
		params = callee->params;
		nparams = callee->nparams;
		result = callee->result;
		if (callee->kind != IMPORT_HELPER && callee->kind != IMPORT_EXTERN)
			return bad_value(c, v, "that import is not a function");
	}
	if (i->arg[1] != nparams || i->type != result)
		return bad_value(c, v, "does not fit the signature");
	for (uint32_t k = 0; k < nparams; k++)
		if (type_of(c, c->f->pool.at[i->arg[0] + k]) != params[k])
			return bad_value(c, v, "argument of another type");
	return true;
}

static bool
check_memory(const Check *c, Val v)
{
	const Ins *i = &c->f->ins.at[v];
	bool store = i->op == IR_STORE;

	if (i->cc >= MEM_COUNT)
		return bad_value(c, v, "no such kind of memory");
	if (type_of(c, i->arg[0]) != IR_I64 || (i->arg[1] && type_of(c, i->arg[1]) != IR_I64))
		return bad_value(c, v, "address is no i64");
	if ((store ? type_of(c, i->arg[2]) : i->type) != ir_mem_type[i->cc])
		return bad_value(c, v, "value of another type than the memory");
	return true;
}

static bool
check_site(const Check *c, Val v)
{
	if ((uint32_t)c->f->ins.at[v].aux >= c->f->module->sites.n)
		return bad_value(c, v, "there is no such site");
	return c->f->needs_ctx || bad_value(c, v, "a trap in a function without context");
}

static bool
check_conversion(const Check *c, Val v)
{
	unsigned op = c->f->ins.at[v].op, to = c->f->ins.at[v].type;
	unsigned from = type_of(c, c->f->ins.at[v].arg[0]);
	bool ok;

	switch (op) {
	case IR_SEXT32:
	case IR_ZEXT32: ok = from == IR_I32 && to == IR_I64; break;
	case IR_WRAP: ok = from == IR_I64 && to == IR_I32; break;
	case IR_STOF:
	case IR_UTOF: ok = is_int(from) && is_float(to); break;
	case IR_FTOS:
	case IR_FTOU: ok = is_float(from) && is_int(to); break;
	case IR_FEXT: ok = from == IR_F32 && to == IR_F64; break;
	case IR_FROUND: ok = from == IR_F64 && to == IR_F32; break;
	default: /* BITCAST */
		ok = (from == IR_I32 && to == IR_F32) || (from == IR_F32 && to == IR_I32) ||
		     (from == IR_I64 && to == IR_F64) || (from == IR_F64 && to == IR_I64);
	}
	return ok || bad_value(c, v, "no conversion between these types");
}

/* Operands and result of one type. */
static bool
check_plain(const Check *c, Val v)
{
	const Ins *i = &c->f->ins.at[v];
	bool fp = i->op >= IR_FADD && i->op <= IR_CANON;

	if (fp ? !is_float(i->type) : !is_int(i->type))
		return bad_value(c, v, "operation does not exist on this type");
	for (unsigned k = 0; k < ir_op_info[i->op].nargs; k++)
		if (type_of(c, i->arg[k]) != i->type)
			return bad_value(c, v, "operand of another type");
	return true;
}

static bool
check_special(const Check *c, Val v)
{
	const IrFunc *f = c->f;
	const Ins *i = &f->ins.at[v];

	switch (i->op) {
	case IR_PARAM:
		if (i->block || (uint32_t)i->aux >= f->nparams || f->params[i->aux] != i->type)
			return bad_value(c, v, "there is no such parameter");
		return true;
	case IR_CTX:
		return f->needs_ctx || f->is_entry || bad_value(c, v, "function has no context");
	case IR_IMPORT:
		return (uint32_t)i->aux < f->module->imports.n ||
		       bad_value(c, v, "there is no such import");
	case IR_RET:
		if ((i->arg[0] ? type_of(c, i->arg[0]) : IR_VOID) != f->result)
			return bad_value(c, v, "returns another type");
		return true;
	default: /* SELECT */
		if (type_of(c, i->arg[2]) != i->type || type_of(c, i->arg[3]) != i->type)
			return bad_value(c, v, "operand of another type");
		return check_condition(c, v);
	}
}

static bool
check_ins(const Check *c, Val v)
{
	const Ins *i = &c->f->ins.at[v];
	bool gives = i->type != IR_VOID, want;

	if (i->type > IR_F64)
		return bad_value(c, v, "no such type");
	if (i->op != IR_CALL && i->op != IR_CALLX) {
		want = i->op == IR_LOAD || i->op == IR_PARAM || i->op == IR_PHI ||
		       (ir_op_info[i->op].flags & IR_P);
		if (gives != want)
			return bad_value(c, v, "a result where there is none, or none");
	}
	if (((i->op == IR_CTX || i->op == IR_IMPORT) && i->type != IR_I64) ||
	    (i->op == IR_CMP && i->type != IR_I32))
		return bad_value(c, v, "result of another type");
	switch (i->op) {
	case IR_CONST: return check_const(c, v);
	case IR_PHI:
	case IR_JMP: return true;
	case IR_CMP:
	case IR_BR: return check_condition(c, v);
	case IR_TRAPIF: return check_condition(c, v) && check_site(c, v);
	case IR_TRAP: return check_site(c, v);
	case IR_LOAD:
	case IR_STORE: return check_memory(c, v);
	case IR_CALL:
	case IR_CALLX: return check_call(c, v);
	case IR_SEXT32:
	case IR_ZEXT32:
	case IR_WRAP:
	case IR_STOF:
	case IR_UTOF:
	case IR_FTOS:
	case IR_FTOU:
	case IR_FEXT:
	case IR_FROUND:
	case IR_BITCAST: return check_conversion(c, v);
	case IR_PARAM:
	case IR_CTX:
	case IR_IMPORT:
	case IR_RET:
	case IR_SELECT: return check_special(c, v);
	default: return check_plain(c, v);
	}
}

/* ---- All ------------------------------------------------------------------------------------ */

static bool
check_header(const Check *c)
{
	const IrFunc *f = c->f;

	if (f->is_entry && f->needs_ctx)
		return bad_function(c, "a thunk has no context of its caller");
	if (f->checks_stack && (!f->needs_ctx || f->stack_site >= f->module->sites.n))
		return bad_function(c, "checks the stack without a context or site");
	if (f->entry_thunk >= f->module->funcs.n)
		return bad_function(c, "there is no such thunk");
	return true;
}

bool
ir_verify(const IrFunc *f, Text *why)
{
	Check c = { .f = f, .why = why };
	Mem *mem = f->module->arena->mem;
	size_t nb = f->blocks.n + 1,
	       bytes = ((5 + ORDER_SCRATCH) * nb + f->ins.n) * sizeof(uint32_t);
	uint32_t *post = mem_resize(mem, NULL, 0, bytes), n;
	bool ok;

	if (!post)
		return bad_function(&c, "no memory to verify");
	memset(post, 0, bytes);
	c.number = post + nb;
	c.idom = c.number + nb;
	c.pre = c.idom + nb;
	c.size = c.pre + nb;
	c.position = c.size + nb + ORDER_SCRATCH * nb;
	ok = check_header(&c) && check_lists(&c) && check_edges(&c);
	if (ok) {
		n = order_dominators(f, post, c.number, c.idom, c.size + nb);
		order_intervals(post, n, c.idom, c.pre, c.size);
	}
	for (BlockId b = 0; ok && b < f->blocks.n; b++)
		for (Val v = f->blocks.at[b].first; ok && v; v = f->ins.at[v].next)
			ok = check_operands(&c, v) && check_ins(&c, v);
	mem_resize(mem, post, bytes, 0);
	return ok;
}
