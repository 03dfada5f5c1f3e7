/* build_expr.c - expressions: values, conditions as control flow, calls, and the guards before
 * whatever may trap. */
#include "ir/build.h"
#include "ir/runtime.h"

IrType
ir_type_of(unsigned t)
{
	switch (t) {
	case TRIVET_VOID: return IR_VOID;
	case TRIVET_I64:
	case TRIVET_U64: return IR_I64;
	case TRIVET_F32: return IR_F32;
	case TRIVET_F64: return IR_F64;
	default: return IR_I32;
	}
}

/* ---- Short names for what is made in the current block ----------------------------------------
 */

static Val
make(Builder *b, IrOp op, IrType t, Val a0, Val a1)
{
	return ir_ins(b->f, b->cur, op, t, a0, a1);
}

static Val
type_const(Builder *b, trivet_type t, uint64_t bits)
{
	return ir_const(b->f, ir_type_of(t), bits);
}

static Val
i32_const(Builder *b, uint32_t bits)
{
	return ir_const(b->f, IR_I32, bits);
}

/* ---- Traps ---------------------------------------------------------------------------------- */

static uint32_t
site(Builder *b, trivet_trap trap, uint32_t line)
{
	return ir_site(b->m, (Site){ trap, b->id, line });
}

/* After a trap that always happens construction goes on in a block that nothing leads to. */
void
build_trapif(Builder *b, IrCc cc, Val a0, Val a1, trivet_trap trap, uint32_t line)
{
	int known = ir_fold_cond(b->f, &cc, &a0, &a1);
	BlockId dead;

	if (known == 0)
		return;
	if (known < 0) {
		ir_trapif(b->f, b->cur, cc, a0, a1, site(b, trap, line));
		return;
	}
	dead = ssa_block(b);
	ir_trap(b->f, b->cur, site(b, trap, line));
	ssa_end(b);
	b->cur = dead;
	b->has_dead = true;
}

void
build_poll(Builder *b, uint32_t line)
{
	Val address, word;

	if (!b->options.interruptible)
		return;
	address = ir_import_address(b->f, b->cur,
				    ir_import(b->m, (Import){ .kind = IMPORT_INTERRUPT }));
	word = ir_load(b->f, b->cur, MEM_W32, address, 0, 0);
	build_trapif(b, CC_NE, word, i32_const(b, 0), TRIVET_TRAP_INTERRUPTED, line);
}

/* ---- Arithmetic ----------------------------------------------------------------------------- */

static uint64_t
min_of(trivet_type t)
{
	return t == TRIVET_I32 ? UINT64_C(0x80000000) : UINT64_C(0x8000000000000000);
}

static uint64_t
minus_one(trivet_type t)
{
	return type_is_wide(t) ? UINT64_MAX : UINT32_MAX;
}

static bool
is_const_bits(const Builder *b, Val v, uint64_t bits)
{
	return ir_is_const(b->f, v) && ir_const_bits(b->f, v) == bits;
}

/* Traps when a is the least value and d is -1: then, and only then, both terms below are zero. */
static void
guard_overflow(Builder *b, trivet_type t, Val a, Val d, uint32_t line)
{
	IrType it = ir_type_of(t);
	Val min = type_const(b, t, min_of(t)), x, y;

	if (ir_is_const(b->f, a) && !is_const_bits(b, a, min_of(t)))
		return;
	if (ir_is_const(b->f, d)) {
		if (is_const_bits(b, d, minus_one(t)))
			build_trapif(b, CC_EQ, a, min, TRIVET_TRAP_INTEGER_OVERFLOW, line);
		return;
	}
	x = make(b, IR_XOR, it, a, min);
	y = make(b, IR_NOT, it, d, 0);
	build_trapif(b, CC_EQ, make(b, IR_OR, it, x, y), type_const(b, t, 0),
		     TRIVET_TRAP_INTEGER_OVERFLOW, line);
}

static Val
divide(Builder *b, Op op, trivet_type t, Val a, Val d, uint32_t line)
{
	IrType it = ir_type_of(t);
	Val minus;

	build_trapif(b, CC_EQ, d, type_const(b, t, 0), TRIVET_TRAP_DIVIDE_BY_ZERO, line);
	if (!type_is_signed(t))
		return make(b, op == OP_DIV ? IR_UDIV : IR_UREM, it, a, d);
	if (op == OP_DIV) {
		guard_overflow(b, t, a, d, line);
		return make(b, IR_SDIV, it, a, d);
	}
	minus = type_const(b, t, minus_one(t));
	d = ir_select(b->f, b->cur, CC_EQ, d, minus, type_const(b, t, 1), d);
	return make(b, IR_SREM, it, a, d);
}

/* cc of a comparison of two values of type t. */
static IrCc
compare_cc(Op op, trivet_type t)
{
	// clang-format off
	static const uint8_t cc[][3] = { /* signed, unsigned and truth, float */
		[OP_EQ - OP_EQ] = { CC_EQ, CC_EQ, CC_FEQ },
		[OP_NE - OP_EQ] = { CC_NE, CC_NE, CC_FNE },
		[OP_LT - OP_EQ] = { CC_SLT, CC_ULT, CC_FLT },
		[OP_LE - OP_EQ] = { CC_SLE, CC_ULE, CC_FLE },
		[OP_GT - OP_EQ] = { CC_SGT, CC_UGT, CC_FGT },
		[OP_GE - OP_EQ] = { CC_SGE, CC_UGE, CC_FGE },
	};
	// clang-format on
	_Static_assert(OP_GE - OP_EQ == 5, "the comparisons lie together");

	return cc[op - OP_EQ][type_is_float(t) ? 2 : type_is_signed(t) ? 0 : 1];
}

static bool
is_comparison(unsigned op)
{
	return op >= OP_EQ && op <= OP_GE;
}

/* t is the type of the operands. */
Val
build_binary(Builder *b, Op op, trivet_type t, Val a0, Val a1, uint32_t line)
{
	IrType it = ir_type_of(t);
	bool fp = type_is_float(t);

	b->f->line = line;
	switch (op) {
	case OP_ADD: return make(b, fp ? IR_FADD : IR_ADD, it, a0, a1);
	case OP_SUB: return make(b, fp ? IR_FSUB : IR_SUB, it, a0, a1);
	case OP_MUL: return make(b, fp ? IR_FMUL : IR_MUL, it, a0, a1);
	case OP_DIV: return fp ? make(b, IR_FDIV, it, a0, a1) : divide(b, op, t, a0, a1, line);
	case OP_REM: return divide(b, op, t, a0, a1, line);
	case OP_AND: return make(b, IR_AND, it, a0, a1);
	case OP_OR: return make(b, IR_OR, it, a0, a1);
	case OP_XOR: return make(b, IR_XOR, it, a0, a1);
	case OP_SHL: return make(b, IR_SHL, it, a0, a1);
	case OP_SHR: return make(b, type_is_signed(t) ? IR_SAR : IR_SHR, it, a0, a1);
	default: return ir_cmp(b->f, b->cur, compare_cc(op, t), a0, a1);
	}
}

/* ---- Conversions ---------------------------------------------------------------------------- */

static Val
cast_from_int(Builder *b, trivet_type from, trivet_type to, Val v)
{
	bool is_signed = type_is_signed(from);

	if (type_is_float(to))
		return make(b, is_signed ? IR_STOF : IR_UTOF, ir_type_of(to), v, 0);
	if (to == TRIVET_BOOL)
		return from == TRIVET_BOOL ? v
					   : ir_cmp(b->f, b->cur, CC_NE, v, type_const(b, from, 0));
	if (type_is_wide(from) == type_is_wide(to))
		return v;
	if (type_is_wide(from))
		return make(b, IR_WRAP, IR_I32, v, 0);
	return make(b, is_signed ? IR_SEXT32 : IR_ZEXT32, IR_I64, v, 0);
}

static Val
cast(Builder *b, trivet_type from, trivet_type to, Val v)
{
	if (!type_is_float(from))
		return cast_from_int(b, from, to, v);
	if (from == to)
		return v;
	if (to == TRIVET_BOOL)
		return ir_cmp(b->f, b->cur, CC_FNE, v, type_const(b, from, 0));
	if (to == TRIVET_F64)
		return make(b, IR_FEXT, IR_F64, v, 0);
	if (to == TRIVET_F32)
		return make(b, IR_FROUND, IR_F32, v, 0);
	return make(b, type_is_signed(to) ? IR_FTOS : IR_FTOU, ir_type_of(to), v, 0);
}

/* The range that checked_T accepts: lo < x or lo <= x, and x < hi.  What lies between T's least
 * value and the next float below it depends on the float type: f64 has values between -2147483649
 * and -2147483648, which truncate into range; the others have none there. */
static Val
checked(Builder *b, trivet_type from, trivet_type to, Val v, uint32_t line)
{
	static const uint64_t minus_1 = UINT64_C(0xbff0000000000000);
	static const uint64_t minus_2_31_1 = UINT64_C(0xc1e0000000200000); /* -2147483649 */
	static const uint64_t minus_2_31 = UINT64_C(0xc1e0000000000000);
	static const uint64_t minus_2_63 = UINT64_C(0xc3e0000000000000);
	static const uint64_t two_31 = UINT64_C(0x41e0000000000000);
	uint64_t hi = two_31, lo = minus_1, narrow;
	IrCc outside = CC_FNGT;
	Val bound[2];

	if (to == TRIVET_I32)
		lo = from == TRIVET_F64 ? minus_2_31_1 : minus_2_31;
	else if (to == TRIVET_I64)
		lo = minus_2_63;
	if (lo == minus_2_31 || lo == minus_2_63)
		outside = CC_FNGE;
	if (to == TRIVET_U32)
		hi += UINT64_C(1) << 52; /* 2^32: the exponent, one up */
	else if (to == TRIVET_I64)
		hi += UINT64_C(32) << 52;
	else if (to == TRIVET_U64)
		hi += UINT64_C(33) << 52;
	for (unsigned k = 0; k < 2; k++) {
		uint64_t in[3] = { k ? hi : lo }, bits = in[0];
		narrow = bits;
		if (from == TRIVET_F32) /* all of those bounds are exact in f32 */
			op_eval(OP_CAST, TRIVET_F64, TRIVET_F32, in, &narrow);
		bound[k] = type_const(b, from, narrow);
	}
	build_trapif(b, outside, v, bound[0], TRIVET_TRAP_INVALID_CONVERSION, line);
	build_trapif(b, CC_FNLT, v, bound[1], TRIVET_TRAP_INVALID_CONVERSION, line);
	return cast(b, from, to, v);
}

static Val
canon(Builder *b, Val v)
{
	IrType t = b->f->ins.at[v].type;

	return t == IR_F32 || t == IR_F64 ? make(b, IR_CANON, t, v, 0) : v;
}

/* ---- Built-in functions --------------------------------------------------------------------- */

static Val
min_max(Builder *b, Op op, trivet_type t, Val a0, Val a1)
{
	IrCc cc = type_is_signed(t) ? CC_SLT : CC_ULT;

	if (type_is_float(t))
		return make(b, op == OP_MIN ? IR_FMIN : IR_FMAX, ir_type_of(t), a0, a1);
	return op == OP_MIN ? ir_select(b->f, b->cur, cc, a0, a1, a0, a1)
			    : ir_select(b->f, b->cur, cc, a0, a1, a1, a0);
}

static Val
absolute(Builder *b, trivet_type t, Val v)
{
	IrType it = ir_type_of(t);

	if (type_is_float(t))
		return make(b, IR_FABS, it, v, 0);
	if (!type_is_signed(t))
		return v;
	return ir_select(b->f, b->cur, CC_SLT, v, type_const(b, t, 0), make(b, IR_NEG, it, v, 0),
			 v);
}

static Val
mulhi(Builder *b, trivet_type t, Val a0, Val a1)
{
	bool is_signed = type_is_signed(t);
	IrOp extend = is_signed ? IR_SEXT32 : IR_ZEXT32;
	Val product;

	if (type_is_wide(t))
		return make(b, is_signed ? IR_MULHS : IR_MULHU, IR_I64, a0, a1);
	a0 = make(b, extend, IR_I64, a0, 0);
	a1 = make(b, extend, IR_I64, a1, 0);
	product = make(b, IR_MUL, IR_I64, a0, a1);
	return make(b, IR_WRAP, IR_I32,
		    make(b, IR_SHR, IR_I64, product, ir_const(b->f, IR_I64, 32)), 0);
}

static Val
unary(Builder *b, Op op, trivet_type t, Val v)
{
	// clang-format off
	static const uint8_t plain[OP_COUNT] = {
		[OP_NOT] = IR_NOT, [OP_CLZ] = IR_CLZ, [OP_CTZ] = IR_CTZ, [OP_POPCNT] = IR_POPCNT,
		[OP_BSWAP] = IR_BSWAP, [OP_SQRT] = IR_FSQRT, [OP_FLOOR] = IR_FFLOOR, [OP_CEIL] = IR_FCEIL,
		[OP_TRUNC] = IR_FTRUNC, [OP_NEAREST] = IR_FNEAREST,
	};
	// clang-format on

	switch (op) {
	case OP_NEG: return make(b, type_is_float(t) ? IR_FNEG : IR_NEG, ir_type_of(t), v, 0);
	case OP_LNOT: return make(b, IR_XOR, IR_I32, v, i32_const(b, 1));
	case OP_ABS: return absolute(b, t, v);
	default: return make(b, plain[op], ir_type_of(t), v, 0);
	}
}

static Val
builtin(Builder *b, const Node *n)
{
	trivet_type from = node_at(b, n->a)->type, to = n->type;
	Val a0, a1 = 0, a2 = 0;

	if (n->op == OP_LEN) {
		build_span(b, n->a, &a0, &a1);
		return a1;
	}
	a0 = build_expr(b, n->a);
	if (op_info[n->op].arity > 1)
		a1 = build_expr(b, n->b);
	if (op_info[n->op].arity > 2)
		a2 = build_expr(b, n->c);
	b->f->line = n->line;
	switch (n->op) {
	case OP_ROTL: return make(b, IR_ROTL, ir_type_of(to), a0, a1);
	case OP_ROTR: return make(b, IR_ROTR, ir_type_of(to), a0, a1);
	case OP_MIN:
	case OP_MAX: return min_max(b, n->op, from, a0, a1);
	case OP_COPYSIGN: return make(b, IR_FCOPYSIGN, ir_type_of(to), a0, canon(b, a1));
	case OP_FMA: return ir_fma(b->f, b->cur, ir_type_of(to), a0, a1, a2);
	case OP_MULHI: return mulhi(b, from, a0, a1);
	case OP_BITS: return make(b, IR_BITCAST, ir_type_of(to), canon(b, a0), 0);
	case OP_FROM_BITS: return make(b, IR_BITCAST, ir_type_of(to), a0, 0);
	case OP_CAST: return cast(b, from, to, a0);
	case OP_CHECKED: return checked(b, from, to, a0, n->line);
	case OP_SELECT: return ir_select(b->f, b->cur, CC_NE, a0, i32_const(b, 0), a1, a2);
	default: return unary(b, n->op, from, a0);
	}
}

/* ---- Spans ---------------------------------------------------------------------------------- */

static IrMem
mem_of(trivet_type span)
{
	switch (span) {
	case TRIVET_SPAN_I8: return MEM_S8;
	case TRIVET_SPAN_U8: return MEM_U8;
	case TRIVET_SPAN_I16: return MEM_S16;
	case TRIVET_SPAN_U16: return MEM_U16;
	case TRIVET_SPAN_I64:
	case TRIVET_SPAN_U64: return MEM_W64;
	case TRIVET_SPAN_F32: return MEM_F32;
	case TRIVET_SPAN_F64: return MEM_F64;
	default: return MEM_W32;
	}
}

Val
build_index(Builder *b, trivet_type t, Val index)
{
	return type_is_wide(t) ? index
			       : cast(b, t, type_is_signed(t) ? TRIVET_I64 : TRIVET_U64, index);
}

/* xs[from..to] may have any from and to; 0 <= from <= to <= len follows from the two comparisons,
 * for a length is never negative. */
static void
slice(Builder *b, const Node *n, Val *address, Val *length)
{
	uint32_t size = type_size(n->type);
	Val base, len, from, to, offset;

	build_span(b, n->a, &base, &len);
	from = build_expr(b, n->b);
	to = build_expr(b, n->c);
	b->f->line = n->line;
	build_trapif(b, CC_UGT, to, len, TRIVET_TRAP_OUT_OF_BOUNDS, n->line);
	build_trapif(b, CC_UGT, from, to, TRIVET_TRAP_OUT_OF_BOUNDS, n->line);
	offset = make(b, IR_MUL, IR_I64, from, ir_const(b->f, IR_I64, size));
	*address = make(b, IR_ADD, IR_I64, base, offset);
	*length = make(b, IR_SUB, IR_I64, to, from);
}

void
build_span(Builder *b, NodeId id, Val *address, Val *length)
{
	const Node *n = node_at(b, id);

	if (n->kind == NODE_SLICE) {
		slice(b, n, address, length);
		return;
	}
	*address = ssa_read(b, 2 * n->var);
	*length = ssa_read(b, 2 * n->var + 1);
}

/* What lies at a constant index has a constant offset, if that has 32 bits. */
static int32_t
constant_offset(Builder *b, trivet_type span, Val *index)
{
	uint64_t at;

	if (!ir_is_const(b->f, *index))
		return 0;
	at = ir_const_bits(b->f, *index);
	if (at > INT32_MAX / 8)
		return 0;
	*index = 0;
	return (int32_t)(at * type_size(span));
}

static Val
load_at(Builder *b, trivet_type span, Val address, Val index)
{
	int32_t offset = constant_offset(b, span, &index);

	return ir_load(b->f, b->cur, mem_of(span), address, index, offset);
}

static void
store_at(Builder *b, trivet_type span, Val address, Val index, Val value)
{
	int32_t offset = constant_offset(b, span, &index);

	ir_store(b->f, b->cur, mem_of(span), address, index, offset, canon(b, value));
}

static Val
load_element(Builder *b, const Node *n)
{
	Val address, length, index;

	build_span(b, n->a, &address, &length);
	index = build_expr(b, n->b);
	b->f->line = n->line;
	index = build_index(b, node_at(b, n->b)->type, index);
	build_trapif(b, CC_UGE, index, length, TRIVET_TRAP_OUT_OF_BOUNDS, n->line);
	return load_at(b, node_at(b, n->a)->type, address, index);
}

/* The check comes after the value; a compound store checks when it loads, before. */
void
build_store(Builder *b, const Node *n)
{
	trivet_type span = node_at(b, n->a)->type;
	Val address, length, index, value, old = 0;

	build_span(b, n->a, &address, &length);
	index = build_expr(b, n->b);
	b->f->line = n->line;
	index = build_index(b, node_at(b, n->b)->type, index);
	if (n->op != OP_NONE) {
		build_trapif(b, CC_UGE, index, length, TRIVET_TRAP_OUT_OF_BOUNDS, n->line);
		old = load_at(b, span, address, index);
	}
	value = build_expr(b, n->c);
	b->f->line = n->line;
	if (n->op != OP_NONE)
		value = build_binary(b, n->op, type_element(span), old, value, n->line);
	else
		build_trapif(b, CC_UGE, index, length, TRIVET_TRAP_OUT_OF_BOUNDS, n->line);
	store_at(b, span, address, index, value);
}

/* ---- Calls ---------------------------------------------------------------------------------- */

/* Types as they travel: a span is an address and a length. */
static const uint8_t *
flat_types(Builder *b, const Func *s, uint32_t *n)
{
	uint8_t *types = arena_alloc(b->arena, 2 * (size_t)s->nparams + 1);

	*n = 0;
	for (uint32_t k = 0; types && k < s->nparams; k++) {
		unsigned t = s->vars.at[k].type;
		types[(*n)++] = (uint8_t)(type_is_span(t) ? IR_I64 : ir_type_of(t));
		if (type_is_span(t))
			types[(*n)++] = IR_I64;
	}
	return types;
}

static uint32_t
extern_slot(Builder *b, FuncId id)
{
	const Func *s = &b->p->funcs.at[id];
	Import i = { .kind = IMPORT_EXTERN, .id = id };

	if (b->extern_slot[id])
		return b->extern_slot[id] - 1;
	i.result = (uint8_t)ir_type_of(s->result);
	i.bool_result = s->result == TRIVET_BOOL;
	i.params = flat_types(b, s, &i.nparams);
	b->extern_slot[id] = ir_import(b->m, i) + 1;
	return b->extern_slot[id] - 1;
}

static Val
call_extern(Builder *b, const Node *n, const Val *args, uint32_t nargs)
{
	const Func *callee = &b->p->funcs.at[n->func];
	uint32_t slot = extern_slot(b, n->func);
	Val result, raised;

	b->calls_externs = true;
	result = ir_pooled(b->f, b->cur, IR_CALLX, ir_type_of(callee->result), (int32_t)slot, args,
			   nargs);
	raised = ir_load(b->f, b->cur, MEM_W64, make(b, IR_CTX, IR_I64, 0, 0), 0,
			 CONTEXT_HOST_RAISED);
	raised = ir_load(b->f, b->cur, MEM_W32, raised, 0, 0);
	build_trapif(b, CC_NE, raised, i32_const(b, 0), TRIVET_TRAP_HOST, n->line);
	if (callee->result == TRIVET_BOOL)
		result = make(b, IR_AND, IR_I32, result, i32_const(b, 1));
	return result;
}

/* A recursive call takes its weight off the depth that is left, and gives it back. */
static Val
call_function(Builder *b, const Node *n, const Val *args, uint32_t nargs)
{
	const Func *callee = &b->p->funcs.at[n->func];
	uint32_t index = b->m->func_of[n->func];
	IrType t = ir_type_of(callee->result);
	Val ctx, depth, less, result;
	CallEdge *edge;

	if (!(n->flags & NODE_RECURSIVE)) {
		edge = vec_push(b->arena, &b->calls);
		if (edge)
			*edge = (CallEdge){ b->index, index };
		return ir_pooled(b->f, b->cur, IR_CALL, t, (int32_t)index, args, nargs);
	}
	ctx = make(b, IR_CTX, IR_I64, 0, 0);
	depth = ir_load(b->f, b->cur, MEM_W32, ctx, 0, CONTEXT_DEPTH);
	if (callee->weight == 1)
		build_trapif(b, CC_EQ, depth, i32_const(b, 0), TRIVET_TRAP_STACK_OVERFLOW, n->line);
	else
		build_trapif(b, CC_ULT, depth, i32_const(b, callee->weight),
			     TRIVET_TRAP_STACK_OVERFLOW, n->line);
	less = make(b, IR_SUB, IR_I32, depth, i32_const(b, callee->weight));
	ir_store(b->f, b->cur, MEM_W32, ctx, 0, CONTEXT_DEPTH, less);
	result = ir_pooled(b->f, b->cur, IR_CALL, t, (int32_t)index, args, nargs);
	ir_store(b->f, b->cur, MEM_W32, ctx, 0, CONTEXT_DEPTH, depth);
	return result;
}

static void
push_arg(Builder *b, Val v)
{
	Val *at = vec_push(b->arena, &b->args);

	if (at)
		*at = v;
}

static Val
call(Builder *b, const Node *n)
{
	bool to_host = b->p->funcs.at[n->func].is_extern;
	uint32_t base = b->args.n, count;
	Val result;

	for (NodeId a = n->a; a; a = node_at(b, a)->next) {
		if (type_is_span(node_at(b, a)->type)) {
			Val address = 0, length = 0;
			build_span(b, a, &address, &length);
			push_arg(b, address);
			push_arg(b, length);
		} else {
			Val v = build_expr(b, a);
			push_arg(b, to_host ? canon(b, v) : v);
		}
	}
	b->f->line = n->line;
	build_poll(b, n->line);
	count = b->args.n - base;
	result = (to_host ? call_extern : call_function)(b, n, b->args.at + base, count);
	b->args.n = base;
	return result;
}

/* ---- Expressions ---------------------------------------------------------------------------- */

static Val
join(Builder *b, BlockId at, Val first, uint32_t nfirst, Val last)
{
	uint32_t n = b->f->blocks.at[at].preds.n, base = b->args.n;
	Val v;

	b->cur = at;
	if (n <= 1)
		return nfirst ? first : last;
	if (first == last)
		return first;
	for (uint32_t k = 0; k < n; k++)
		push_arg(b, k < nfirst ? first : last);
	if (b->args.n != base + n)
		return 0;
	v = ir_pooled(b->f, at, IR_PHI, b->f->ins.at[first].type, 0, b->args.at + base, n);
	b->args.n = base;
	return v;
}

/* c ? x : y.  When the condition is known one side is never entered and gives no value. */
static Val
choose(Builder *b, const Node *n)
{
	BlockId then = ssa_block(b), otherwise = ssa_block(b), end = ssa_block(b);
	Val x = 0, y = 0;

	build_cond(b, n->a, then, otherwise);
	ssa_enter(b, then);
	if (b->cur != BLOCK_NONE) {
		x = build_expr(b, n->b);
		ssa_jump(b, end);
	}
	ssa_enter(b, otherwise);
	if (b->cur != BLOCK_NONE) {
		y = build_expr(b, n->c);
		ssa_jump(b, end);
	}
	return join(b, end, x ? x : y, x ? 1 : 0, y ? y : x);
}

static Val
leaf(Builder *b, const Node *n)
{
	switch (n->kind) {
	case NODE_LITERAL: return type_const(b, n->type, n->bits);
	case NODE_VAR: return ssa_read(b, 2 * n->var);
	case NODE_UNARY:
	case NODE_BUILTIN: return builtin(b, n);
	case NODE_COND: return choose(b, n);
	case NODE_INDEX: return load_element(b, n);
	case NODE_CALL: return call(b, n);
	default: return 0;
	}
}

static void
branch_on(Builder *b, Val truth, BlockId then, BlockId otherwise)
{
	ssa_branch(b, CC_NE, truth, i32_const(b, 0), then, otherwise);
}

/* On the way down: where the left operand of a LOGIC node goes.  A value that is decided by it goes
 * to the join, anything else to the right operand. */
static void
go_left(Builder *b, const Node *n, Spine *s)
{
	bool and = n->op == OP_AND;

	s->right = ssa_block(b);
	if (s->then == BLOCK_NONE) {
		s->join = ssa_block(b);
		s->then = and? s->right : s->join;
		s->otherwise = and? s->join : s->right;
	} else {
		s->join = BLOCK_NONE;
		*(and? &s->then : &s->otherwise) = s->right;
	}
}

/* On the way up: the left operand has branched. */
static Val
finish_logic(Builder *b, const Node *n, const Spine *s, BlockId then, BlockId otherwise)
{
	uint32_t decided;
	Val v = 0;

	ssa_enter(b, s->right);
	if (s->join == BLOCK_NONE) {
		if (b->cur != BLOCK_NONE)
			build_cond(b, n->b, then, otherwise);
		return 0;
	}
	decided = b->f->blocks.at[s->join].preds.n;
	if (b->cur != BLOCK_NONE) {
		v = build_expr(b, n->b);
		ssa_jump(b, s->join);
	}
	return join(b, s->join, i32_const(b, n->op == OP_OR), decided, v);
}

static Val
finish_binary(Builder *b, const Node *n, Val left, BlockId then, BlockId otherwise)
{
	trivet_type t = node_at(b, n->a)->type;
	Val right = build_expr(b, n->b), v;

	if (then != BLOCK_NONE && is_comparison(n->op)) {
		b->f->line = n->line;
		ssa_branch(b, compare_cc(n->op, t), left, right, then, otherwise);
		return 0;
	}
	v = build_binary(b, n->op, t, left, right, n->line);
	if (then != BLOCK_NONE)
		branch_on(b, v, then, otherwise);
	return v;
}

/* The value of n, or with `then` a branch on it.  Goes down the left operands of operators by a
 * loop, for such a chain may be of any length; what it recurs into is at most AST_MAX_DEPTH deep.
 */
static Val
walk(Builder *b, NodeId id, BlockId then, BlockId otherwise)
{
	uint32_t base = b->spine.n;
	const Node *n = node_at(b, id);
	Val v;

	for (;; n = node_at(b, n->a)) {
		Spine *s, here = { (NodeId)(n - b->p->nodes.at), then, otherwise, BLOCK_NONE,
				   BLOCK_NONE };

		if (n->kind == NODE_UNARY && n->op == OP_LNOT && then != BLOCK_NONE) {
			BlockId swap = then;
			then = otherwise;
			otherwise = swap;
			continue;
		}
		if (n->kind != NODE_BINARY && n->kind != NODE_LOGIC)
			break;
		s = vec_push(b->arena, &b->spine);
		if (!s)
			break;
		*s = here;
		then = otherwise = BLOCK_NONE;
		if (n->kind == NODE_LOGIC) {
			Spine left = here;
			go_left(b, n, &left);
			s = &b->spine.at[b->spine.n - 1];
			s->right = left.right;
			s->join = left.join;
			then = left.then;
			otherwise = left.otherwise;
		}
	}
	v = leaf(b, n);
	if (then != BLOCK_NONE)
		branch_on(b, v, then, otherwise);
	while (b->spine.n > base) {
		Spine s = b->spine.at[--b->spine.n];
		n = node_at(b, s.node);
		v = n->kind == NODE_LOGIC ? finish_logic(b, n, &s, s.then, s.otherwise)
					  : finish_binary(b, n, v, s.then, s.otherwise);
	}
	return v;
}

Val
build_expr(Builder *b, NodeId n)
{
	return walk(b, n, BLOCK_NONE, BLOCK_NONE);
}

void
build_cond(Builder *b, NodeId n, BlockId then, BlockId otherwise)
{
	walk(b, n, then, otherwise);
}
