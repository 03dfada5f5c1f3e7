/* expr.c - expressions as bytecode. */
#include "interp/compile.h"

// clang-format off

#define INTS(i32, u32, i64, u64) \
	[TRIVET_I32] = INSN_##i32, [TRIVET_U32] = INSN_##u32, [TRIVET_I64] = INSN_##i64, [TRIVET_U64] = INSN_##u64
#define WIDTHS(name) INTS(name##_32, name##_32, name##_64, name##_64)
#define SIGNS(name) INTS(name##_I32, name##_U32, name##_I64, name##_U64)
#define FLOATS(name) [TRIVET_F32] = INSN_##name##_F32, [TRIVET_F64] = INSN_##name##_F64
#define SAME(name) [TRIVET_BOOL] = INSN_##name, INTS(name, name, name, name)

/* Operations whose operands and result have one type.  0 (HALT): there is none. */
static const uint16_t same_type[OP_COUNT][TRIVET_F64 + 1] = {
	[OP_ADD] = { WIDTHS(ADD), FLOATS(ADD) },
	[OP_SUB] = { WIDTHS(SUB), FLOATS(SUB) },
	[OP_MUL] = { WIDTHS(MUL), FLOATS(MUL) },
	[OP_DIV] = { SIGNS(DIV), FLOATS(DIV) },
	[OP_REM] = { SIGNS(REM) },
	[OP_AND] = { SAME(AND) },
	[OP_OR] = { SAME(OR) },
	[OP_XOR] = { SAME(XOR) },
	[OP_SHL] = { WIDTHS(SHL) },
	[OP_SHR] = { SIGNS(SHR) },
	[OP_NEG] = { WIDTHS(NEG), FLOATS(NEG) },
	[OP_NOT] = { WIDTHS(NOT) },
	[OP_CLZ] = { WIDTHS(CLZ) },
	[OP_CTZ] = { WIDTHS(CTZ) },
	[OP_POPCNT] = { WIDTHS(POPCNT) },
	[OP_ROTL] = { WIDTHS(ROTL) },
	[OP_ROTR] = { WIDTHS(ROTR) },
	[OP_BSWAP] = { WIDTHS(BSWAP) },
	[OP_MIN] = { INTS(MIN_I32, MIN_U64, MIN_I64, MIN_U64), FLOATS(MIN) },
	[OP_MAX] = { INTS(MAX_I32, MAX_U64, MAX_I64, MAX_U64), FLOATS(MAX) },
	[OP_ABS] = { INTS(ABS_I32, MOV, ABS_I64, MOV), FLOATS(ABS) },
	[OP_SQRT] = { FLOATS(SQRT) },
	[OP_FLOOR] = { FLOATS(FLOOR) },
	[OP_CEIL] = { FLOATS(CEIL) },
	[OP_TRUNC] = { FLOATS(TRUNC) },
	[OP_NEAREST] = { FLOATS(NEAREST) },
	[OP_COPYSIGN] = { FLOATS(COPYSIGN) },
	[OP_FMA] = { FLOATS(FMA) },
	[OP_MULHI] = { SIGNS(MULHI) },
	[OP_BITS] = { FLOATS(CANON) },
};


/* Conversions, by the type they come from; [type they give]. */
static const uint16_t cast_from_f32[TRIVET_F64 + 1] = {
	INTS(I32_FROM_F32, U32_FROM_F32, I64_FROM_F32, U64_FROM_F32),
	[TRIVET_F32] = INSN_MOV, [TRIVET_F64] = INSN_F64_FROM_F32,
};
static const uint16_t cast_from_f64[TRIVET_F64 + 1] = {
	INTS(I32_FROM_F64, U32_FROM_F64, I64_FROM_F64, U64_FROM_F64),
	[TRIVET_F32] = INSN_F32_FROM_F64, [TRIVET_F64] = INSN_MOV,
};
static const uint16_t cast_to_f32[TRIVET_F64 + 1] = {
	INTS(F32_FROM_I32, F32_FROM_U32, F32_FROM_I64, F32_FROM_U64), [TRIVET_BOOL] = INSN_F32_FROM_U32,
};
static const uint16_t cast_to_f64[TRIVET_F64 + 1] = {
	INTS(F64_FROM_I32, F64_FROM_U32, F64_FROM_I64, F64_FROM_U64), [TRIVET_BOOL] = INSN_F64_FROM_U32,
};
static const uint16_t checked_f32[TRIVET_F64 + 1] = {
	INTS(CHECKED_I32_F32, CHECKED_U32_F32, CHECKED_I64_F32, CHECKED_U64_F32),
};
static const uint16_t checked_f64[TRIVET_F64 + 1] = {
	INTS(CHECKED_I32_F64, CHECKED_U32_F64, CHECKED_I64_F64, CHECKED_U64_F64),
};

static const uint16_t loads[TRIVET_TYPE_COUNT] = {
	[TRIVET_SPAN_I8] = INSN_LOAD_I8, [TRIVET_SPAN_U8] = INSN_LOAD_U8,
	[TRIVET_SPAN_I16] = INSN_LOAD_I16, [TRIVET_SPAN_U16] = INSN_LOAD_U16,
	[TRIVET_SPAN_I32] = INSN_LOAD_32, [TRIVET_SPAN_U32] = INSN_LOAD_32,
	[TRIVET_SPAN_I64] = INSN_LOAD_64, [TRIVET_SPAN_U64] = INSN_LOAD_64,
	[TRIVET_SPAN_F32] = INSN_LOAD_32, [TRIVET_SPAN_F64] = INSN_LOAD_64,
};
static const uint16_t stores[TRIVET_TYPE_COUNT] = {
	[TRIVET_SPAN_I8] = INSN_STORE_8, [TRIVET_SPAN_U8] = INSN_STORE_8,
	[TRIVET_SPAN_I16] = INSN_STORE_16, [TRIVET_SPAN_U16] = INSN_STORE_16,
	[TRIVET_SPAN_I32] = INSN_STORE_32, [TRIVET_SPAN_U32] = INSN_STORE_32,
	[TRIVET_SPAN_I64] = INSN_STORE_64, [TRIVET_SPAN_U64] = INSN_STORE_64,
	[TRIVET_SPAN_F32] = INSN_STORE_F32, [TRIVET_SPAN_F64] = INSN_STORE_F64,
};
// clang-format on

/* How deep conditions made of && and || become jumps, counting those around them; below that they
 * become values, by a loop.  Their left operands may nest 100,000 deep. */
enum { BRANCH_DEPTH_MAX = 100 };

uint32_t
gen_load_insn(trivet_type span, trivet_type index)
{
	return loads[span] + (index == TRIVET_I32 ? INSN_LOAD_I8_X - INSN_LOAD_I8 : 0u);
}

uint32_t
gen_store_insn(trivet_type span, trivet_type index)
{
	return stores[span] + (index == TRIVET_I32 ? INSN_STORE_8_X - INSN_STORE_8 : 0u);
}

/* Where a result goes when everything above `mark` has been used up. */
static Reg
destination(Gen *g, uint32_t mark, Reg want)
{
	g->temps = mark;
	return want != NO_REG ? want : gen_temps(g, 1);
}

static Reg
place(Gen *g, Reg r, Reg want, uint32_t line)
{
	if (want == NO_REG || want == r)
		return r;
	gen_emit(g, INSN_MOV, line, want, r, 0);
	return want;
}

/* ---- Constants ------------------------------------------------------------------------------ */

bool
gen_immediate(const Node *literal, bool narrow, int32_t *out)
{
	if (literal->kind != NODE_LITERAL)
		return false;
	*out = (int32_t)(uint32_t)literal->bits;
	return narrow || (uint64_t)(int64_t)*out == literal->bits;
}

static Reg
constant(Gen *g, uint64_t bits, Reg want, uint32_t line)
{
	uint32_t n = g->b->consts.n - g->consts_at, i;
	uint64_t *k;

	if (want == NO_REG) {
		for (i = 0; i < n && g->b->consts.at[g->consts_at + i] != bits; i++)
			;
		if (i < n)
			return CONST_BASE + i;
		k = n < CONSTS_MAX ? vec_push(g->arena, &g->b->consts) : NULL;
		if (k) {
			*k = bits;
			return CONST_BASE + n;
		}
		want = gen_temps(g, 1);
	}
	gen_emit(g, INSN_LOAD_CONST, line, want, (uint32_t)bits, (uint32_t)(bits >> 32));
	return want;
}

/* ---- Comparisons ---------------------------------------------------------------------------- */

/* Which comparison instruction computes (x op y) == sense, and with which operands. */
typedef struct Comparison {
	uint32_t row;	/* CompareRow */
	bool swap;	/* takes y and x */
	bool immediate; /* takes x and imm */
	int32_t imm;
} Comparison;

static Comparison
compare_floats(Op op, trivet_type t, bool sense)
{
	Comparison c = { .swap = op == OP_GT || op == OP_GE };

	if (op == OP_EQ || op == OP_NE)
		c.row = (op == OP_EQ) == sense ? ROW_EQ_F32 : ROW_NE_F32;
	else if (op == OP_LT || op == OP_GT)
		c.row = sense ? ROW_LT_F32 : ROW_NLT_F32;
	else
		c.row = sense ? ROW_LE_F32 : ROW_NLE_F32;
	c.row += t == TRIVET_F64;
	return c;
}

static Op
opposite(Op op)
{
	switch (op) {
	case OP_EQ: return OP_NE;
	case OP_NE: return OP_EQ;
	case OP_LT: return OP_GE;
	case OP_GE: return OP_LT;
	case OP_GT: return OP_LE;
	default: return OP_GT;
	}
}

/* Tries to turn y into an immediate; of < and >= alone there are such instructions. */
static bool
compare_immediate(Op op, trivet_type t, uint32_t type_row, const Node *y, Comparison *c)
{
	bool equality = op == OP_EQ || op == OP_NE;

	if (!gen_immediate(y, t == TRIVET_I32 && !equality, &c->imm))
		return false;
	if (!type_is_signed(t) && c->imm < 0)
		return false;
	if (op == OP_LE || op == OP_GT) { /* x <= 9 is x < 10 */
		if (c->imm == INT32_MAX)
			return false;
		c->imm++;
	}
	if (equality)
		c->row = op == OP_EQ ? ROW_EQ_I : ROW_NE_I;
	else
		c->row = type_row + (op == OP_LT || op == OP_LE ? ROW_LT_I32_I : ROW_GE_I32_I);
	c->immediate = true;
	return true;
}

static Comparison
compare(Op op, trivet_type t, const Node *y, bool sense)
{
	uint32_t type_row = t == TRIVET_I32 ? 0 : t == TRIVET_I64 ? 1 : 2;
	Comparison c = { 0 };

	if (type_is_float(t))
		return compare_floats(op, t, sense);
	if (!sense)
		op = opposite(op);
	if (compare_immediate(op, t, type_row, y, &c))
		return c;
	c.swap = op == OP_GT || op == OP_GE;
	if (op == OP_EQ || op == OP_NE)
		c.row = op == OP_EQ ? ROW_EQ : ROW_NE;
	else
		c.row = type_row + (op == OP_LT || op == OP_GT ? ROW_LT_I32 : ROW_LE_I32);
	return c;
}

static bool
is_comparison(Op op)
{
	return op >= OP_EQ && op <= OP_GE;
}

void
gen_compare_jump(Gen *g, Op op, trivet_type t, Reg x, NodeId right, bool sense, Label to,
		 uint32_t line, bool poll)
{
	Comparison c = compare(op, t, gen_node(g, right), sense);
	uint32_t insn = c.row + (poll ? INSN_LOOP_EQ : INSN_JUMP_EQ);
	Reg y = c.immediate ? (uint32_t)c.imm : gen_value(g, right, NO_REG);

	if (c.swap)
		gen_emit(g, insn, line, y, x, to);
	else
		gen_emit(g, insn, line, x, y, to);
}

/* ---- Operators ------------------------------------------------------------------------------ */

/* want = insn(x, right), operands as c says. */
static Reg
emit_binary(Gen *g, uint32_t insn, const Comparison *c, uint32_t line, Reg x, NodeId right,
	    Reg want)
{
	uint32_t mark = x >= g->slots && x < CONST_BASE ? x - g->slots : g->temps;
	Reg y = c->immediate ? (uint32_t)c->imm : gen_value(g, right, NO_REG);

	want = destination(g, mark, want);
	if (c->swap)
		gen_emit(g, insn, line, want, y, x);
	else
		gen_emit(g, insn, line, want, x, y);
	return want;
}

/* The instruction for an operation that is not a comparison; c says if y becomes an immediate. */
static uint32_t
arithmetic_insn(Op op, trivet_type t, const Node *y, Comparison *c)
{
	bool bitwise = op == OP_AND || op == OP_OR || op == OP_XOR, narrow = !type_is_wide(t);
	uint32_t insn = same_type[op][t];

	if (op == OP_SUB && type_is_int(t)) { /* x - 1 is x + -1 */
		if (!gen_immediate(y, narrow, &c->imm) || c->imm == INT32_MIN)
			return insn;
		c->imm = -c->imm;
		c->immediate = true;
		return narrow ? INSN_ADD_32_I : INSN_ADD_64_I;
	}
	if (insn >= INSN_ADD_32 && insn <= INSN_ROTL_64) {
		c->immediate = gen_immediate(y, narrow && !bitwise, &c->imm);
		return c->immediate ? insn + (INSN_ADD_32_I - INSN_ADD_32) : insn;
	}
	if (insn >= INSN_DIV_I32 && insn <= INSN_REM_U64) {
		c->immediate = gen_immediate(y, narrow, &c->imm) && c->imm != 0 && c->imm != -1;
		return c->immediate ? insn + (INSN_DIV_I32_I - INSN_DIV_I32) : insn;
	}
	return insn;
}

Reg
gen_binary(Gen *g, Op op, trivet_type t, uint32_t line, Reg x, NodeId right, Reg want)
{
	Comparison c = { 0 };
	uint32_t insn;

	if (is_comparison(op)) {
		c = compare(op, t, gen_node(g, right), true);
		insn = INSN_SET_EQ + c.row;
	} else {
		insn = arithmetic_insn(op, t, gen_node(g, right), &c);
	}
	return emit_binary(g, insn, &c, line, x, right, want);
}

/* acc && right, acc || right; acc is copied unless it is a temporary. */
static Reg
logic(Gen *g, const Node *n, Reg acc)
{
	Label end = gen_label(g);
	Reg r = acc;

	if (acc < g->slots || acc >= CONST_BASE)
		r = place(g, acc, gen_temps(g, 1), n->line);
	gen_emit(g, n->op == OP_AND ? INSN_JUMP_FALSE : INSN_JUMP_TRUE, n->line, r, 0, end);
	gen_value(g, n->b, r);
	gen_bind(g, end);
	return r;
}

/* A tree of binary operators: down the left operands and back up, without recursion. */
static Reg
chain(Gen *g, NodeId id, Reg want)
{
	uint32_t base = g->spine.n, mark = g->temps;
	const Node *n = gen_node(g, id);
	Reg acc;

	for (; n->kind == NODE_BINARY || n->kind == NODE_LOGIC; n = gen_node(g, id)) {
		NodeId *push = vec_push(g->arena, &g->spine);

		if (!push)
			return 0;
		*push = id;
		id = n->a;
	}
	acc = gen_value(g, id, NO_REG);
	while (g->spine.n > base) {
		bool last = g->spine.n == base + 1;

		n = gen_node(g, g->spine.at[--g->spine.n]);
		if (n->kind == NODE_LOGIC)
			acc = logic(g, n, acc);
		else
			acc = gen_binary(g, n->op, gen_node(g, n->a)->type, n->line, acc, n->b,
					 last ? want : NO_REG);
		if (last && n->kind == NODE_LOGIC && want != NO_REG) {
			g->temps = mark;
			acc = place(g, acc, want, n->line);
		}
	}
	return acc;
}

/* ---- Built-in functions and casts ----------------------------------------------------------- */

static uint32_t
cast_insn(trivet_type from, trivet_type to)
{
	if (from == to)
		return INSN_MOV;
	if (type_is_float(from))
		return from == TRIVET_F32 ? cast_from_f32[to] : cast_from_f64[to];
	if (type_is_float(to))
		return to == TRIVET_F32 ? cast_to_f32[from] : cast_to_f64[from];
	if (type_is_wide(to))
		return from == TRIVET_I32 ? INSN_WIDEN_I32 : INSN_MOV;
	return type_is_wide(from) ? INSN_NARROW : INSN_MOV;
}

/* dst = insn(a); a move is left out. */
static Reg
unary(Gen *g, uint32_t insn, NodeId a, uint32_t line, Reg want)
{
	uint32_t mark = g->temps;
	Reg x;

	if (insn == INSN_MOV)
		return gen_value(g, a, want);
	x = gen_value(g, a, NO_REG);
	want = destination(g, mark, want);
	gen_emit(g, insn, line, want, x, 0);
	return want;
}

/* !a; of a comparison it is the opposite one. */
static Reg
negation(Gen *g, const Node *n, Reg want)
{
	const Node *a = gen_node(g, n->a);
	trivet_type t;
	Comparison c;

	if (a->kind != NODE_BINARY || !is_comparison(a->op))
		return unary(g, INSN_LNOT, n->a, n->line, want);
	t = gen_node(g, a->a)->type;
	c = compare(a->op, t, gen_node(g, a->b), false);
	return emit_binary(g, INSN_SET_EQ + c.row, &c, a->line, gen_value(g, a->a, NO_REG), a->b,
			   want);
}

static Reg
ternary(Gen *g, uint32_t insn, const Node *n, Reg want)
{
	uint32_t mark = g->temps;
	Reg x = gen_value(g, n->a, NO_REG);
	Reg y = gen_value(g, n->b, NO_REG);
	Reg z = gen_value(g, n->c, NO_REG);

	want = destination(g, mark, want);
	gen_emit(g, insn, n->line, want, x, y);
	gen_emit(g, INSN_OPERAND, n->line, z, 0, 0);
	return want;
}

static Reg
builtin(Gen *g, const Node *n, Reg want)
{
	trivet_type from = gen_node(g, n->a)->type, to = n->type;

	switch (n->op) {
	case OP_CAST: return unary(g, cast_insn(from, to), n->a, n->line, want);
	case OP_FROM_BITS: return gen_value(g, n->a, want);
	case OP_SELECT: return ternary(g, INSN_SELECT, n, want);
	case OP_FMA: return ternary(g, same_type[OP_FMA][to], n, want);
	case OP_CHECKED:
		return unary(g, from == TRIVET_F32 ? checked_f32[to] : checked_f64[to], n->a,
			     n->line, want);
	case OP_LEN: return place(g, gen_value(g, n->a, NO_REG) + 1, want, n->line);
	default: break;
	}
	if (op_info[n->op].arity == 1)
		return unary(g, same_type[n->op][from], n->a, n->line, want);
	return gen_binary(g, n->op, to, n->line, gen_value(g, n->a, NO_REG), n->b, want);
}

/* ---- The rest ------------------------------------------------------------------------------- */

static Reg
conditional(Gen *g, const Node *n, Reg want)
{
	Label otherwise = gen_label(g), end = gen_label(g);
	uint32_t mark;

	if (want == NO_REG)
		want = gen_temps(g, 1);
	mark = g->temps;
	gen_branch(g, n->a, false, otherwise, NULL);
	gen_value(g, n->b, want);
	gen_emit(g, INSN_JUMP, n->line, end, 0, 0);
	gen_bind(g, otherwise);
	g->temps = mark;
	gen_value(g, n->c, want);
	gen_bind(g, end);
	g->temps = mark;
	return want;
}

static Reg
element(Gen *g, const Node *n, Reg want)
{
	uint32_t mark = g->temps;
	Reg span = gen_value(g, n->a, NO_REG);
	Reg index = gen_value(g, n->b, NO_REG);
	uint32_t insn = gen_load_insn(gen_node(g, n->a)->type, gen_node(g, n->b)->type);

	want = destination(g, mark, want);
	gen_emit(g, insn, n->line, want, span, index);
	return want;
}

static Reg
slice(Gen *g, const Node *n, Reg want)
{
	Reg pair = want != NO_REG ? want : gen_temps(g, 2);
	uint32_t mark = g->temps, size = type_size(gen_node(g, n->a)->type);
	Reg span = gen_value(g, n->a, NO_REG);
	Reg range = gen_temps(g, 2);
	Insn *in;

	gen_value(g, n->b, range);
	gen_value(g, n->c, range + 1);
	in = gen_emit(g, INSN_SLICE, n->line, pair, span, range);
	in->x = (uint16_t)(size == 8 ? 3 : size >> 1);
	g->temps = mark;
	return pair;
}

static Reg
call(Gen *g, const Node *n, Reg want)
{
	const Func *callee = &g->program->funcs.at[n->func];
	uint32_t mark = g->temps, slots = 0;
	Reg at, frame;
	Insn *in;

	for (uint32_t i = 0; i < callee->nparams; i++)
		slots += type_is_span(callee->vars.at[i].type) ? 2 : 1;
	at = frame = gen_temps(g, 1 + slots) + 1; /* after the link */
	for (NodeId a = n->a; a; a = gen_node(g, a)->next) {
		uint32_t inner = g->temps;

		gen_value(g, a, at);
		at += type_is_span(gen_node(g, a)->type) ? 2 : 1;
		g->temps = inner;
	}
	want = destination(g, mark, want);
	in = gen_emit(g, callee->is_extern ? INSN_CALL_EXTERN : INSN_CALL, n->line, want, n->func,
		      frame);
	in->x = !callee->is_extern && (n->flags & NODE_RECURSIVE) ? callee->weight : 0;
	return want;
}

static Reg
variable(Gen *g, const Node *n, Reg want)
{
	Reg r = g->vars[n->var];

	if (want == NO_REG || want == r)
		return r;
	gen_emit(g, type_is_span(n->type) ? INSN_MOV_PAIR : INSN_MOV, n->line, want, r, 0);
	return want;
}

Reg
gen_value(Gen *g, NodeId id, Reg want)
{
	const Node *n = gen_node(g, id);

	switch (n->kind) {
	case NODE_LITERAL: return constant(g, n->bits, want, n->line);
	case NODE_VAR: return variable(g, n, want);
	case NODE_UNARY:
		return n->op == OP_LNOT ? negation(g, n, want)
					: unary(g, same_type[n->op][n->type], n->a, n->line, want);
	case NODE_BINARY:
	case NODE_LOGIC: return chain(g, id, want);
	case NODE_BUILTIN: return builtin(g, n, want);
	case NODE_COND: return conditional(g, n, want);
	case NODE_INDEX: return element(g, n, want);
	case NODE_SLICE: return slice(g, n, want);
	case NODE_CALL: return call(g, n, want);
	default: return want == NO_REG ? 0 : want;
	}
}

/* ---- Conditions ----------------------------------------------------------------------------- */

static void branch_logic(Gen *g, const Node *n, bool sense, Label to, const Node *loop);

void
gen_branch(Gen *g, NodeId id, bool sense, Label to, const Node *loop)
{
	const Node *n = gen_node(g, id);
	uint32_t mark = g->temps;
	Reg x;

	for (; n->kind == NODE_UNARY && n->op == OP_LNOT; n = gen_node(g, id)) {
		id = n->a;
		sense = !sense;
	}
	if (n->kind == NODE_LITERAL) {
		if (loop)
			gen_emit(g, INSN_POLL, loop->line, 0, 0, 0);
		if ((n->bits != 0) == sense)
			gen_emit(g, INSN_JUMP, n->line, to, 0, 0);
	} else if (n->kind == NODE_LOGIC && g->branch_depth < BRANCH_DEPTH_MAX) {
		g->branch_depth++;
		branch_logic(g, n, sense, to, loop);
		g->branch_depth--;
	} else if (n->kind == NODE_BINARY && is_comparison(n->op)) {
		x = gen_value(g, n->a, NO_REG);
		gen_compare_jump(g, n->op, gen_node(g, n->a)->type, x, n->b, sense, to,
				 loop ? loop->line : n->line, loop != NULL);
	} else {
		x = gen_value(g, id, NO_REG);
		gen_emit(g,
			 loop ? (sense ? INSN_LOOP_TRUE : INSN_LOOP_FALSE)
			      : (sense ? INSN_JUMP_TRUE : INSN_JUMP_FALSE),
			 loop ? loop->line : n->line, x, 0, to);
	}
	g->temps = mark;
}

/* a && b, a || b.  The first operand is always looked at, so it does the polling. */
static void
branch_logic(Gen *g, const Node *n, bool sense, Label to, const Node *loop)
{
	Label past;

	if ((n->op == OP_AND) != sense) { /* either alone is enough to jump */
		gen_branch(g, n->a, sense, to, loop);
		gen_branch(g, n->b, sense, to, NULL);
		return;
	}
	past = gen_label(g);
	gen_branch(g, n->a, !sense, past, loop);
	gen_branch(g, n->b, sense, to, NULL);
	gen_bind(g, past);
}
