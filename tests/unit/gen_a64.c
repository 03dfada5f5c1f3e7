/* gen_a64.c - if this fails, some IR operation, with its operands in some places, computes
 * something else on AArch64 than op_eval() does.
 *
 * Each operation is compiled with each operand as parameter and as constant, with all registers and
 * with hardly any, and called with awkward values; so are loads, stores and random straight-line
 * functions under register pressure.  On another host all of it is compiled and checked by
 * ra_check(), not run. */
#include "base/ops.h"
#include "check.h"
#include "code/code.h"
#include "gen/gen.h"
#include "os/os.h"

static bool runs; /* this machine executes what is generated */
static uint64_t seed = 12345;

static uint64_t
next_random(void)
{
	uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	return z ^ z >> 29;
}

/* ---- One module, from IR to something to call ---- */

typedef struct Unit {
	Mem mem;
	Arena arena;
	IrModule *m;
	ObjectCode object;
	CodePool pool;
	CodeBlock *block;
	bool large; /* too much for ra_check(), which takes quadratic time */
} Unit;

/* Two callee-saved and two volatile general registers and floating ones, the four that a select can
 * need; argument registers are not among them. */
static const RegSet starved = REG_BIT(9) | REG_BIT(10) | REG_BIT(20) | REG_BIT(27) |
			      REG_BIT(REG_FP + 9) | REG_BIT(REG_FP + 20) | REG_BIT(REG_FP + 14) |
			      REG_BIT(REG_FP + 29);

static void
unit_start(Unit *u)
{
	*u = (Unit){ .block = NULL };
	mem_init(&u->mem, NULL);
	code_pool_init(&u->pool, &u->mem, 0);
	arena_init(&u->arena, &u->mem);
	u->m = ir_module(&u->arena);
}

static bool
unit_compile(Unit *u, Quality q, RegSet available, const char *what)
{
	GenOptions o = { .target = &target_aarch64_linux,
			 .features = 0,
			 .quality = q,
			 .available = available,
			 .stack_bytes = 1 << 16,
			 .max_depth = 1000,
			 .verify = !u->large };
	Text why;

	text_init(&why, &u->arena);
	if (!CHECK_EQ(gen_module(u->m, &o, &u->arena, &u->object, &why), TRIVET_OK)) {
		Text ir;
		text_init(&ir, &u->arena);
		ir_print(u->m, &ir);
		printf("    %s: %s\n%.3000s\n", what, why.at ? why.at : "", ir.at ? ir.at : "");
		return false;
	}
	if (!runs)
		return false;
	return CHECK_EQ(code_alloc(&u->pool, u->object.size, &u->block), TRIVET_OK) &&
	       CHECK_EQ(code_write(u->block, 0, u->object.bytes, u->object.size), TRIVET_OK) &&
	       CHECK_EQ(code_seal(u->block, false), TRIVET_OK);
}

static OsFunction
unit_entry(const Unit *u, uint32_t index)
{
	void *at = NULL;
	OsFunction f = NULL;

	CHECK_EQ(code_entry(u->block, u->object.frames[index].start, &at), TRIVET_OK);
	memcpy(&f, &at, sizeof f);
	return f;
}

static void
unit_end(Unit *u)
{
	code_forget(u->block);
	code_pool_free(&u->pool);
	arena_free(&u->arena);
	CHECK_EQ(u->mem.live, 0);
}

static IrFunc *
new_func(Unit *u, IrType result, const uint8_t *types, uint32_t n)
{
	uint8_t *copy = arena_alloc(&u->arena, n + 1);
	IrFunc *f = ir_func(u->m);

	memcpy(copy, types, n);
	f->name = STR("f");
	f->source = u->m->funcs.n - 1;
	f->entry_thunk = f->source;
	f->result = result;
	f->params = copy;
	f->nparams = n;
	for (uint32_t k = 0; k < n; k++)
		ir_append(f, 0, (Ins){ .op = IR_PARAM, .type = types[k], .aux = (int32_t)k });
	return f;
}

static Val
param(uint32_t k)
{
	return 1 + k;
}

static bool
is_fp(unsigned type)
{
	return type == IR_F32 || type == IR_F64;
}

static bool
is_wide(unsigned type)
{
	return type == IR_I64 || type == IR_F64;
}

/* Calls with raw bits; whatever lies above a 32-bit value in its register is garbage. */
static uint64_t
invoke(OsFunction f, unsigned result, const uint8_t *types, const uint64_t *in, uint32_t n)
{
	static const trivet_type results[] = { TRIVET_VOID, TRIVET_U32, TRIVET_U64, TRIVET_F32,
					       TRIVET_F64 };
	trivet_type passed[24];
	uint64_t bits[24], out = 0;

	for (uint32_t k = 0; k < n; k++) {
		passed[k] = is_fp(types[k]) ? TRIVET_F64 : TRIVET_U64;
		bits[k] = is_wide(types[k]) ? in[k] : (uint32_t)in[k] | next_random() << 32;
	}
	CHECK_EQ(os_invoke(f, results[result], passed, n, bits, &out), TRIVET_OK);
	return out;
}

/* ---- The operations and what they mean ---- */

typedef struct Case {
	uint8_t op, cc, type, n; /* n operands */
	uint8_t args[4];
	Op oracle;
	trivet_type from, to;
} Case;

static Case cases[1000];
static unsigned ncases;

static Case *
add_case(IrOp op, IrType type, unsigned n, IrType all, Op oracle, trivet_type from, trivet_type to)
{
	cases[ncases] = (Case){ .op = (uint8_t)op,
				.type = (uint8_t)type,
				.n = (uint8_t)n,
				.oracle = oracle,
				.from = from,
				.to = to };
	for (unsigned k = 0; k < n; k++)
		cases[ncases].args[k] = (uint8_t)all;
	return &cases[ncases++];
}

static const struct {
	uint8_t ir, op, n, is_unsigned;
} int_rows[] = {
	{ IR_ADD, OP_ADD, 2, 0 },     { IR_SUB, OP_SUB, 2, 0 },	      { IR_MUL, OP_MUL, 2, 0 },
	{ IR_MULHS, OP_MULHI, 2, 0 }, { IR_MULHU, OP_MULHI, 2, 1 },   { IR_SDIV, OP_DIV, 2, 0 },
	{ IR_UDIV, OP_DIV, 2, 1 },    { IR_SREM, OP_REM, 2, 0 },      { IR_UREM, OP_REM, 2, 1 },
	{ IR_AND, OP_AND, 2, 1 },     { IR_OR, OP_OR, 2, 1 },	      { IR_XOR, OP_XOR, 2, 1 },
	{ IR_SHL, OP_SHL, 2, 1 },     { IR_SHR, OP_SHR, 2, 1 },	      { IR_SAR, OP_SHR, 2, 0 },
	{ IR_ROTL, OP_ROTL, 2, 1 },   { IR_ROTR, OP_ROTR, 2, 1 },     { IR_NEG, OP_NEG, 1, 0 },
	{ IR_NOT, OP_NOT, 1, 1 },     { IR_CLZ, OP_CLZ, 1, 1 },	      { IR_CTZ, OP_CTZ, 1, 1 },
	{ IR_BSWAP, OP_BSWAP, 1, 1 }, { IR_POPCNT, OP_POPCNT, 1, 1 },
};
static const struct {
	uint8_t ir, op, n;
} float_rows[] = {
	{ IR_FADD, OP_ADD, 2 },
	{ IR_FSUB, OP_SUB, 2 },
	{ IR_FMUL, OP_MUL, 2 },
	{ IR_FDIV, OP_DIV, 2 },
	{ IR_FMIN, OP_MIN, 2 },
	{ IR_FMAX, OP_MAX, 2 },
	{ IR_FNEG, OP_NEG, 1 },
	{ IR_FABS, OP_ABS, 1 },
	{ IR_FCOPYSIGN, OP_COPYSIGN, 2 },
	{ IR_FSQRT, OP_SQRT, 1 },
	{ IR_FFLOOR, OP_FLOOR, 1 },
	{ IR_FCEIL, OP_CEIL, 1 },
	{ IR_FTRUNC, OP_TRUNC, 1 },
	{ IR_FNEAREST, OP_NEAREST, 1 },
	{ IR_FMA, OP_FMA, 3 },
	{ IR_CANON, OP_CAST, 1 },
};

static void
list_cases(void)
{
	static const trivet_type ints[][2] = { { TRIVET_I32, TRIVET_U32 },
					       { TRIVET_I64, TRIVET_U64 } };
	static const trivet_type fps[] = { TRIVET_F32, TRIVET_F64 };

	for (unsigned w = 0; w < 2; w++) {
		IrType it = w ? IR_I64 : IR_I32, ft = w ? IR_F64 : IR_F32;
		for (unsigned k = 0; k < sizeof int_rows / sizeof *int_rows; k++) {
			trivet_type t = ints[w][int_rows[k].is_unsigned];
			add_case(int_rows[k].ir, it, int_rows[k].n, it, int_rows[k].op, t, t);
		}
		for (unsigned k = 0; k < sizeof float_rows / sizeof *float_rows; k++)
			add_case(float_rows[k].ir, ft, float_rows[k].n, ft, float_rows[k].op,
				 fps[w], fps[w]);
		for (unsigned v = 0; v < 2; v++) {
			IrType jt = v ? IR_I64 : IR_I32;
			add_case(IR_STOF, ft, 1, jt, OP_CAST, ints[v][0], fps[w]);
			add_case(IR_UTOF, ft, 1, jt, OP_CAST, ints[v][1], fps[w]);
			add_case(IR_FTOS, jt, 1, ft, OP_CAST, fps[w], ints[v][0]);
			add_case(IR_FTOU, jt, 1, ft, OP_CAST, fps[w], ints[v][1]);
		}
		add_case(IR_BITCAST, it, 1, ft, OP_BITS, fps[w], ints[w][1]);
		add_case(IR_BITCAST, ft, 1, it, OP_FROM_BITS, ints[w][1], fps[w]);
	}
	add_case(IR_FEXT, IR_F64, 1, IR_F32, OP_CAST, TRIVET_F32, TRIVET_F64);
	add_case(IR_FROUND, IR_F32, 1, IR_F64, OP_CAST, TRIVET_F64, TRIVET_F32);
	add_case(IR_SEXT32, IR_I64, 1, IR_I32, OP_CAST, TRIVET_I32, TRIVET_I64);
	add_case(IR_ZEXT32, IR_I64, 1, IR_I32, OP_CAST, TRIVET_U32, TRIVET_U64);
	add_case(IR_WRAP, IR_I32, 1, IR_I64, OP_CAST, TRIVET_I64, TRIVET_I32);
	for (unsigned cc = 0; cc < CC_COUNT; cc++)
		for (unsigned w = 0; w < 2; w++) {
			IrType of = cc >= CC_FEQ ? (w ? IR_F64 : IR_F32) : (w ? IR_I64 : IR_I32);
			add_case(IR_CMP, IR_I32, 2, of, OP_NONE, 0, 0)->cc = (uint8_t)cc;
			for (IrType t = IR_I32; t <= IR_F64; t++) {
				Case *c = add_case(IR_SELECT, t, 4, t, OP_NONE, 0, 0);
				c->cc = (uint8_t)cc;
				c->args[0] = c->args[1] = (uint8_t)of;
			}
		}
}

static bool
holds(unsigned cc, unsigned type, uint64_t a, uint64_t b)
{
	static const struct {
		uint8_t op, is_unsigned, negated;
	} rows[CC_COUNT] = {
		[CC_EQ] = { OP_EQ, 1, 0 },   [CC_NE] = { OP_NE, 1, 0 },
		[CC_SLT] = { OP_LT, 0, 0 },  [CC_SLE] = { OP_LE, 0, 0 },
		[CC_SGT] = { OP_GT, 0, 0 },  [CC_SGE] = { OP_GE, 0, 0 },
		[CC_ULT] = { OP_LT, 1, 0 },  [CC_ULE] = { OP_LE, 1, 0 },
		[CC_UGT] = { OP_GT, 1, 0 },  [CC_UGE] = { OP_GE, 1, 0 },
		[CC_FEQ] = { OP_EQ, 0, 0 },  [CC_FNE] = { OP_EQ, 0, 1 },
		[CC_FLT] = { OP_LT, 0, 0 },  [CC_FLE] = { OP_LE, 0, 0 },
		[CC_FGT] = { OP_GT, 0, 0 },  [CC_FGE] = { OP_GE, 0, 0 },
		[CC_FNLT] = { OP_LT, 0, 1 }, [CC_FNLE] = { OP_LE, 0, 1 },
		[CC_FNGT] = { OP_GT, 0, 1 }, [CC_FNGE] = { OP_GE, 0, 1 },
	};
	bool u = rows[cc].is_unsigned;
	trivet_type t = type == IR_F32	 ? TRIVET_F32
			: type == IR_F64 ? TRIVET_F64
			: type == IR_I64 ? (u ? TRIVET_U64 : TRIVET_I64)
					 : (u ? TRIVET_U32 : TRIVET_I32);
	uint64_t in[3] = { a, b, 0 }, out = 0;

	op_eval(rows[cc].op, t, TRIVET_BOOL, in, &out);
	return out != rows[cc].negated;
}

static bool
is_nan(unsigned type, uint64_t x)
{
	if (type == IR_F64)
		return (x & INT64_MAX) > UINT64_C(0x7ff) << 52;
	return type == IR_F32 && (x & INT32_MAX) > UINT32_C(0xff) << 23;
}

static uint64_t
canonical(unsigned type, uint64_t x)
{
	return !is_nan(type, x) ? x
	       : type == IR_F64 ? UINT64_C(0x7ff8) << 48
				: UINT32_C(0x7fc0) << 16;
}

/* What the operation gives; false where it has no meaning.  A NaN is canonical. */
static bool
model(const Case *c, const uint64_t *in, uint64_t *out)
{
	if (c->op == IR_CMP) {
		*out = holds(c->cc, c->args[0], in[0], in[1]);
	} else if (c->op == IR_SELECT) {
		*out = canonical(c->type, holds(c->cc, c->args[0], in[0], in[1]) ? in[2] : in[3]);
	} else if (c->op == IR_CANON) {
		*out = canonical(c->type, in[0]);
	} else {
		uint64_t copy[3] = { in[0], c->n > 1 ? in[1] : 0, c->n > 2 ? in[2] : 0 };
		if ((c->op == IR_SREM || c->op == IR_SDIV) &&
		    copy[1] == (c->type == IR_I64 ? UINT64_MAX : UINT32_MAX))
			return false;
		return op_eval(c->oracle, c->from, c->to, copy, out) == TRIVET_TRAP_NONE;
	}
	return true;
}

/* ---- Awkward values ---- */

static const uint64_t int_values[] = {
	0,
	1,
	2,
	31,
	64,
	255,
	4095,
	4096,
	4097,
	0xfff000,
	0x1000000,
	0x7fffffff,
	0x80000000,
	0xfffff001,
	0xffffffff,
	UINT64_C(0x8000000000000000),
	UINT64_C(0x7fffffffffffffff),
	UINT64_MAX,
	UINT64_C(0xfffffffffffff001),
	UINT64_C(0x5555555555555555),
	UINT64_C(0x123456789abcdef0),
};
static const uint64_t f64_values[] = {
	0,
	UINT64_C(0x8000000000000000),
	UINT64_C(0x3ff0000000000000),
	UINT64_C(0xbff8000000000000),
	UINT64_C(0x4004000000000000),
	UINT64_C(0x7ff0000000000000),
	UINT64_C(0xfff0000000000000),
	UINT64_C(0x7ff8000000000000),
	1,
	UINT64_C(0x800fffffffffffff),
	UINT64_C(0x7fefffffffffffff),
	UINT64_C(0x41dfffffffc00000),
	UINT64_C(0xc1e0000000000000),
	UINT64_C(0x43f0000000000000),
	UINT64_C(0x43dfffffffffffff),
	UINT64_C(0xc3e0000000000000),
	UINT64_C(0x3fe0000000000000),
	UINT64_C(0x400921fb54442d18),
	UINT64_C(0x47efffffe0000001),
	/* NaNs that are not canonical: negative, signalling, with payload */
	UINT64_C(0xfff8000000000000),
	UINT64_C(0x7ff0000000000001),
	UINT64_C(0xfff800000000beef),
};
static const uint64_t f32_values[] = {
	0,	    0x80000000, 0x3f800000, 0xbfc00000, 0x40200000, 0x7f800000,
	0xff800000, 0x7fc00000, 1,	    0x807fffff, 0x7f7fffff, 0x4effffff,
	0xcf000000, 0x5f800000, 0x5effffff, 0xdf000000, 0x3f000000, 0x40490fdb,
	0x33800001, 0xffc00000, 0x7f800001, 0xffc0beef,
};
enum { INTS = sizeof int_values / 8, FLOATS = sizeof f64_values / 8, ODD_NANS = 3 };
_Static_assert(sizeof f32_values == sizeof f64_values, "one count for both");

/* The k-th value of a type, k taken modulo the number there is.  Bits are observed by BITCAST and
 * copysign, which never see any but the canonical NaN. */
static uint64_t
value(const Case *c, unsigned arg, uint64_t k)
{
	unsigned type = c->args[arg];
	bool plain = c->op == IR_BITCAST || (c->op == IR_FCOPYSIGN && arg == 1);

	if (!is_fp(type))
		return type == IR_I64 ? int_values[k % INTS] : (uint32_t)int_values[k % INTS];
	k %= plain ? FLOATS - ODD_NANS : FLOATS;
	return type == IR_F64 ? f64_values[k] : f32_values[k];
}

/* ---- Every operation ---- */

enum { VARIANTS = 40 };
typedef struct Variant {
	unsigned constants; /* bit k: operand k is one */
	uint64_t in[4];
} Variant;

static void
add_variant(Unit *u, const Case *c, const Variant *v)
{
	IrFunc *f = new_func(u, c->type, c->args, c->n);
	Ins ins = { .op = c->op, .type = c->type, .cc = c->cc };

	for (unsigned k = 0; k < c->n; k++)
		ins.arg[k] = v->constants >> k & 1 ? ir_const(f, c->args[k], v->in[k]) : param(k);
	Val r = ir_append(f, 0, ins);
	if (is_fp(c->type) && c->op != IR_CANON)
		r = ir_append(f, 0, (Ins){ .op = IR_CANON, .type = c->type, .arg = { r } });
	ir_ret(f, 0, r);
}

static void
call_variant(const Unit *u, uint32_t index, const Case *c, const Variant *v, unsigned turns)
{
	OsFunction f = unit_entry(u, index);

	for (unsigned t = 0; t < turns; t++) {
		uint64_t in[4] = { 0 }, expected = 0, k = c->n < 3 ? t : next_random() >> 8;
		for (unsigned a = 0; a < c->n; a++) {
			in[a] = v->constants >> a & 1 ? v->in[a] : value(c, a, k);
			k /= is_fp(c->args[a]) ? FLOATS : INTS;
			if (c->n > 2 && a == 0 && next_random() & 1)
				k = t; /* so that operands are often equal */
		}
		if (!model(c, in, &expected))
			continue;
		uint64_t got = invoke(f, c->type, c->args, in, c->n);
		if (!CHECK_EQ(got, expected))
			printf("    %s type %u cc %u constants %x of %" PRIx64 " %" PRIx64
			       " %" PRIx64 " %" PRIx64 "\n",
			       ir_op_info[c->op].name, c->type, c->cc, v->constants, in[0], in[1],
			       in[2], in[3]);
	}
}

static void
test_case(const Case *c, Quality q, RegSet available)
{
	Variant variants[VARIANTS] = { { 0 } };
	Unit u;

	unit_start(&u);
	for (unsigned k = 0; k < VARIANTS; k++) {
		Variant *v = &variants[k];
		if (k > 0 && k <= FLOATS) /* the last operand runs through all values */
			v->constants = c->n == 4 ? 2 : 1u << (c->n - 1);
		else if (k > 0)
			v->constants = (unsigned)next_random() % (1u << c->n);
		for (unsigned a = 0; a < c->n; a++)
			v->in[a] = value(c, a, k <= FLOATS ? k - 1 : next_random());
		/* The alternatives of a select that are special */
		for (unsigned a = 2; a < c->n && k > FLOATS && !is_fp(c->args[a]); a++)
			if (next_random() % 4)
				v->in[a] = is_wide(c->args[a]) ? next_random() % 3 - 1
							       : (uint32_t)(next_random() % 3 - 1);
		add_variant(&u, c, v);
	}
	if (unit_compile(&u, q, available, ir_op_info[c->op].name))
		for (unsigned k = 0; k < VARIANTS; k++)
			call_variant(&u, k, c, &variants[k],
				     k == 0 && c->n == 2 ? INTS * INTS : 12);
	unit_end(&u);
}

/* ---- Loads and stores ---- */

static uint64_t
sign_extended(unsigned mem, uint64_t x)
{
	uint64_t sign = mem == MEM_S8 ? 0x80 : mem == MEM_S16 ? 0x8000 : 0;

	return sign ? (uint32_t)((x ^ sign) - sign) : x;
}

/* Functions of base, index and value: a load, a store of the value, stores of two constants. */
enum { LOADS, STORES, STORES_ZERO, STORES_ONE, ACCESSES };

static void
add_access(Unit *u, unsigned kind, unsigned mem, bool indexed, int32_t offset)
{
	uint8_t type = ir_mem_type[mem];
	uint8_t types[] = { IR_I64, IR_I64, type };
	IrFunc *f = new_func(u, kind == LOADS ? (IrType)type : IR_VOID, types, 3);
	Ins ins = { .op = kind == LOADS ? IR_LOAD : IR_STORE, .cc = (uint8_t)mem, .aux = offset };

	ins.type = kind == LOADS ? type : IR_VOID;
	ins.arg[0] = param(0);
	ins.arg[1] = indexed ? param(1) : 0;
	if (kind != LOADS)
		ins.arg[2] = kind == STORES ? param(2) : ir_const(f, type, kind == STORES_ONE);
	Val v = ir_append(f, 0, ins);
	ir_ret(f, 0, kind == LOADS ? v : 0);
}

static void
check_access(const Unit *u, unsigned mem, bool indexed, int32_t offset)
{
	static uint8_t room[64];
	uint8_t size = ir_mem_bytes[mem], type = ir_mem_type[mem];
	uint8_t types[] = { IR_I64, IR_I64, type };
	uint64_t index = indexed ? next_random() % 1000 - 500 : 0, x = next_random();
	uint64_t base = (uintptr_t)(room + 24) - index * size - (uint64_t)(int64_t)offset;
	const uint64_t in[3] = { base, index, x }, stored[] = { 0, x, 0, 1 };

	for (unsigned kind = 0; kind < ACCESSES; kind++) {
		OsFunction f = unit_entry(u, indexed * ACCESSES + kind);
		for (unsigned b = 0; b < sizeof room; b++)
			room[b] = (uint8_t)(0x81 + b * 37);
		if (kind == LOADS) {
			uint64_t was = 0;
			memcpy(&was, room + 24, size);
			CHECK_EQ(invoke(f, type, types, in, 3), sign_extended(mem, was));
			continue;
		}
		invoke(f, IR_VOID, types, in, 3);
		CHECK(memcmp(room + 24, &stored[kind], size) == 0);
		for (unsigned b = 0; b < sizeof room; b++)
			CHECK(b - 24 < size || room[b] == (uint8_t)(0x81 + b * 37));
	}
}

static void
test_memory(RegSet available)
{
	static const int32_t offsets[] = { 0,	  1,	    -1,	       2,	  4,	    8,
					   255,	  256,	    -256,      -257,	  4095,	    4096,
					   32760, 32764,    32768,     65536,	  0xfff000, -4096,
					   65535, 0x123456, -0x123456, INT32_MAX, INT32_MIN };

	for (unsigned mem = 0; mem < MEM_COUNT; mem++)
		for (unsigned k = 0; k < sizeof offsets / sizeof *offsets; k++) {
			Unit u;
			unit_start(&u);
			for (unsigned n = 0; n < 2 * ACCESSES; n++)
				add_access(&u, n % ACCESSES, mem, n >= ACCESSES, offsets[k]);
			if (unit_compile(&u, QUALITY_OPTIMIZED, available, "memory")) {
				check_access(&u, mem, false, offsets[k]);
				check_access(&u, mem, true, offsets[k]);
			}
			unit_end(&u);
		}
}

/* ---- Random straight-line functions, all of whose values live to the end ---- */

enum { DAG = 60, DAG_PARAMS = 12 };

static const Case *
pick_case(const uint8_t *types, const Val *vals, unsigned n, Val *args, uint64_t *bits,
	  const uint64_t *known)
{
	for (;;) {
		const Case *c = &cases[next_random() % ncases];
		unsigned k = 0;
		for (; k < c->n; k++) {
			unsigned tries = 20, p;
			do
				p = (unsigned)(next_random() % n);
			while (types[p] != c->args[k] && --tries);
			if (!tries)
				break;
			args[k] = vals[p];
			bits[k] = known[p];
		}
		uint64_t ignored;
		if (k == c->n && c->op != IR_CANON && model(c, bits, &ignored))
			return c;
	}
}

static void
test_random(Quality q, RegSet available)
{
	uint8_t types[DAG + DAG_PARAMS], params[DAG_PARAMS + 1];
	uint64_t known[DAG + DAG_PARAMS], in[DAG_PARAMS + 1], buffer[DAG + DAG_PARAMS] = { 0 };
	Val vals[DAG + DAG_PARAMS];
	unsigned n = 0;
	Unit u;

	unit_start(&u);
	params[0] = IR_I64;
	in[0] = (uint64_t)(uintptr_t)buffer;
	for (; n < DAG_PARAMS; n++) {
		Case c = { .args = { (uint8_t)(IR_I32 + n % 4) } };
		params[n + 1] = types[n] = c.args[0];
		known[n] = in[n + 1] = canonical(types[n], value(&c, 0, next_random()));
		vals[n] = param(n + 1);
	}
	IrFunc *f = new_func(&u, IR_VOID, params, DAG_PARAMS + 1);
	for (; n < DAG + DAG_PARAMS; n++) {
		Val args[4] = { 0 };
		uint64_t bits[4] = { 0 };
		const Case *c = pick_case(types, vals, n, args, bits, known);
		Ins ins = { .op = c->op, .type = c->type, .cc = c->cc };
		memcpy(ins.arg, args, sizeof args);
		types[n] = c->type;
		vals[n] = ir_append(f, 0, ins);
		if (is_fp(c->type))
			vals[n] = ir_append(
				f, 0, (Ins){ .op = IR_CANON, .type = c->type, .arg = { vals[n] } });
		model(c, bits, &known[n]);
	}
	for (unsigned k = 0; k < n; k++) {
		static const uint8_t mem[] = { 0, MEM_W32, MEM_W64, MEM_F32, MEM_F64 };
		ir_append(f, 0,
			  (Ins){ .op = IR_STORE,
				 .cc = mem[types[k]],
				 .aux = (int32_t)(8 * k),
				 .arg = { param(0), 0, vals[k] } });
	}
	ir_ret(f, 0, 0);
	if (unit_compile(&u, q, available, "random")) {
		invoke(unit_entry(&u, 0), IR_VOID, params, in, DAG_PARAMS + 1);
		for (unsigned k = 0; k < n; k++)
			CHECK_EQ(is_wide(types[k]) ? buffer[k] : (uint32_t)buffer[k], known[k]);
	}
	unit_end(&u);
}

/* ---- Control flow: each condition as a branch, in both layouts ---- */

static void
test_branches(RegSet available)
{
	for (unsigned k = 0; k < ncases; k++) {
		const Case *c = &cases[k];
		if (c->op != IR_CMP)
			continue;
		Unit u;
		unit_start(&u);
		for (unsigned form = 0; form < 4; form++) { /* fall-through; operand 1 constant 0 */
			IrFunc *f = new_func(&u, IR_I32, c->args, 2);
			BlockId a = ir_block(f), b = ir_block(f);
			Val second = form & 2 ? ir_const(f, c->args[1], 0) : param(1);
			ir_edge(f, 0, 0, form & 1 ? b : a);
			ir_edge(f, 0, 1, form & 1 ? a : b);
			ir_append(f, 0,
				  (Ins){ .op = IR_BR, .cc = c->cc, .arg = { param(0), second } });
			ir_ret(f, a, ir_const(f, IR_I32, 100));
			ir_ret(f, b, ir_const(f, IR_I32, 200));
		}
		bool ready = unit_compile(&u, QUALITY_OPTIMIZED, available, "branch");
		for (unsigned form = 0; ready && form < 4; form++)
			for (unsigned t = 0; t < FLOATS * FLOATS; t += 1 + t % 3) {
				uint64_t in[2] = { value(c, 0, t / FLOATS),
						   value(c, 1, t % FLOATS) };
				bool yes = holds(c->cc, c->args[0], in[0], form & 2 ? 0 : in[1]);
				CHECK_EQ(invoke(unit_entry(&u, form), IR_I32, c->args, in, 2),
					 yes == !(form & 1) ? 100 : 200);
			}
		unit_end(&u);
	}
}

/* ---- Sizes: frames beyond 32 KiB, code beyond what branches and literals reach ---- */

/* Sums n values that are all made before the first is used; then loops back over all of it once.
 * Far constants, far conditional branches and large slot offsets, depending on n. */
static void
test_large(unsigned n, RegSet available)
{
	static const uint8_t types[] = { IR_I64, IR_F64 };
	Unit u;
	unit_start(&u);
	u.large = n > 1000;
	IrFunc *f = new_func(&u, IR_I64, types, 2);
	BlockId loop = ir_block(f), end = ir_block(f);
	Val zero = ir_const(f, IR_I64, 0), one = ir_const(f, IR_I64, 1);
	Val *v = arena_alloc(&u.arena, n * sizeof *v);

	ir_jmp(f, 0, loop);
	Val phis[2][2] = { { zero, 0 }, { zero, 0 } };
	Val i = ir_pooled(f, loop, IR_PHI, IR_I64, 0, phis[0], 2);
	Val sum = ir_pooled(f, loop, IR_PHI, IR_I64, 0, phis[1], 2), next = sum;
	for (unsigned k = 0; k < n; k++)
		v[k] = ir_append(f, loop,
				 (Ins){ .op = IR_MUL,
					.type = IR_I64,
					.arg = { param(0), ir_const(f, IR_I64, k + 3) } });
	for (unsigned k = 0; k < n; k++)
		next = ir_append(f, loop,
				 (Ins){ .op = IR_XOR, .type = IR_I64, .arg = { next, v[k] } });
	Val x = ir_append(
		f, loop,
		(Ins){ .op = IR_FADD,
		       .type = IR_F64,
		       .arg = { param(1), ir_const(f, IR_F64, UINT64_C(0x400921fb54442d18)) } });
	Val y = ir_append(
		f, loop,
		(Ins){ .op = IR_FTOS,
		       .type = IR_I64,
		       .arg = { ir_append(
			       f, loop, (Ins){ .op = IR_CANON, .type = IR_F64, .arg = { x } }) } });
	next = ir_append(f, loop, (Ins){ .op = IR_ADD, .type = IR_I64, .arg = { next, y } });
	Val j = ir_append(f, loop, (Ins){ .op = IR_ADD, .type = IR_I64, .arg = { i, one } });
	ir_br(f, loop, CC_SLT, j, ir_const(f, IR_I64, 3), loop, end);
	uint32_t count;
	ir_args(f, i, &count)[1] = j;
	ir_args(f, sum, &count)[1] = next;
	ir_ret(f, end, next);
	if (unit_compile(&u, QUALITY_BASELINE, available, "large")) {
		uint64_t in[] = { 7, UINT64_C(0x4024000000000000) }, expected = 0;
		for (unsigned turn = 0; turn < 3; turn++) {
			for (unsigned k = 0; k < n; k++)
				expected ^= 7 * (uint64_t)(k + 3);
			expected += 13;
		}
		CHECK_EQ(invoke(unit_entry(&u, 0), IR_I64, types, in, 2), expected);
	}
	CHECK(n < 40000 || u.object.size > 1 << 20);
	unit_end(&u);
}

/* ---- What need not be done twice ---- */

static unsigned
count_words(const Unit *u, uint32_t mask, uint32_t word)
{
	unsigned count = 0;

	for (uint32_t k = 0; k + 4 <= u->object.frames[0].end; k += 4) {
		uint32_t w;
		memcpy(&w, u->object.bytes + k, 4);
		count += (w & mask) == word;
	}
	return count;
}

/* Loads of neighbours, used at once: their address is made once, in x16 or, optimizing, as a value,
 * which has pairs of them. */
static void
test_one_address(Quality q)
{
	static const uint8_t types[] = { IR_I64, IR_I64 };
	bool optimized = q == QUALITY_OPTIMIZED;
	Unit u;
	IrFunc *f;
	Val sum = 0;

	unit_start(&u);
	f = new_func(&u, IR_I64, types, 2);
	for (int32_t k = 1; k <= 4; k++) {
		Val x = ir_append(f, 0,
				  (Ins){ .op = IR_LOAD,
					 .type = IR_I64,
					 .cc = MEM_W64,
					 .aux = 8 * k,
					 .arg = { param(0), param(1) } });
		sum = sum ? ir_append(f, 0,
				      (Ins){ .op = IR_XOR, .type = IR_I64, .arg = { sum, x } })
			  : x;
	}
	ir_ret(f, 0, sum);
	unit_compile(&u, q, ~UINT64_C(0), "one address");
	CHECK_EQ(count_words(&u, 0xffe0001f, 0x8b200010), !optimized); /* add x16, Xn, Xm, uxtx */
	CHECK_EQ(count_words(&u, 0xffe0fc00, 0x8b000c00), optimized);  /* add Xd, Xn, Xm, lsl #3 */
	CHECK_EQ(count_words(&u, 0xffc00000, 0xa9400000), optimized ? 2 : 1); /* ldp */
	CHECK_EQ(count_words(&u, 0xffc00000, 0xf9400000), optimized ? 0 : 2); /* ldr */
	unit_end(&u);
}

/* Two loads, or two stores, of neighbours with something between. */
static const struct {
	const char *what;
	bool loads;
	uint8_t op; /* between, of x0 + at, or of x1 */
	bool same;
	int32_t at;
	unsigned pairs;
} between[] = {
	{ "nothing", true, IR_NOP, true, 0, 1 },
	{ "nothing", false, IR_NOP, true, 0, 1 },
	{ "a load", true, IR_LOAD, false, 0, 1 },
	{ "a store elsewhere", true, IR_STORE, true, 32, 1 },
	{ "a store to the second", true, IR_STORE, true, 24, 1 },
	{ "a store to the first", true, IR_STORE, true, 16, 1 },
	{ "half a store to both", true, IR_STORE, true, 20, 0 },
	{ "a store somewhere", true, IR_STORE, false, 0, 0 },
	{ "a check", true, IR_TRAPIF, true, 0, 1 }, /* the first waits */
	{ "a check", false, IR_TRAPIF, true, 0, 0 },
	{ "a load elsewhere", false, IR_LOAD, true, 8, 1 },
	{ "a load of the first", false, IR_LOAD, true, 16, 0 },
	{ "a load somewhere", false, IR_LOAD, false, 16, 0 },
	{ "a store elsewhere", false, IR_STORE, true, 8, 1 },
	{ "the first again", false, IR_STORE, true, 16, 1 },
};

static Val
access(IrFunc *f, bool load, Val base, int32_t at, Val value)
{
	return ir_append(f, 0,
			 (Ins){ .op = load ? IR_LOAD : IR_STORE,
				.type = load ? IR_I64 : IR_VOID,
				.cc = MEM_W64,
				.aux = at,
				.arg = { base, 0, load ? 0 : value } });
}

static void
test_pairs(void)
{
	static const uint8_t types[] = { IR_I64, IR_I64, IR_I64 };

	for (unsigned k = 0; k < sizeof between / sizeof *between; k++) {
		bool loads = between[k].loads;
		Val one, two, other = 0;
		Unit u;
		IrFunc *f;

		unit_start(&u);
		f = new_func(&u, IR_I64, types, 3);
		f->needs_ctx = true;
		one = access(f, loads, param(0), 16, param(2));
		if (between[k].op == IR_TRAPIF)
			ir_append(f, 0,
				  (Ins){ .op = IR_TRAPIF,
					 .cc = CC_EQ,
					 .aux = (int32_t)ir_site(u.m, (Site){ .line = 1 }),
					 .arg = { param(1), param(2) } });
		else if (between[k].op != IR_NOP)
			other = access(f, between[k].op == IR_LOAD, param(between[k].same ? 0 : 1),
				       between[k].at, param(1));
		two = access(f, loads, param(0), 24, param(1));
		if (loads)
			one = ir_append(f, 0,
					(Ins){ .op = IR_SUB, .type = IR_I64, .arg = { one, two } });
		else
			one = param(0);
		if (between[k].op == IR_LOAD)
			one = ir_append(
				f, 0, (Ins){ .op = IR_SUB, .type = IR_I64, .arg = { one, other } });
		ir_ret(f, 0, one);
		unit_compile(&u, QUALITY_OPTIMIZED, ~UINT64_C(0), between[k].what);
		if (!CHECK_EQ(count_words(&u, 0xff800000, 0xa9000000), between[k].pairs))
			printf("    with %s between\n", between[k].what);
		unit_end(&u);
	}
}

/* The flags serve the second selection, unless the first has overwritten what was compared. */
static void
test_one_comparison(bool again)
{
	static const uint8_t types[] = { IR_I64, IR_I64, IR_I64, IR_I64 };
	Ins select = { .op = IR_SELECT, .type = IR_I64, .cc = CC_SLT };
	Unit u;
	IrFunc *f;
	Val x, y;

	unit_start(&u);
	f = new_func(&u, IR_I64, types, 4);
	for (uint32_t k = 0; k < 4; k++)
		select.arg[k] = param(k);
	x = ir_append(f, 0, select);
	select.arg[2] = param(3);
	select.arg[3] = param(2);
	select.arg[1] = again ? x : param(1);
	y = ir_append(f, 0, select);
	ir_ret(f, 0, ir_append(f, 0, (Ins){ .op = IR_SUB, .type = IR_I64, .arg = { x, y } }));
	unit_compile(&u, QUALITY_OPTIMIZED, ~UINT64_C(0), "one comparison");
	CHECK_EQ(count_words(&u, 0xffe0001f, 0xeb00001f), 1 + again); /* cmp Xn, Xm */
	unit_end(&u);
}

/* Two instructions: the test of a bit, and a selection that adds. */
static void
test_one_selection(void)
{
	static const uint8_t types[] = { IR_I64, IR_I64, IR_I64 };
	Unit u;
	IrFunc *f;
	Val one, bit, more;

	unit_start(&u);
	f = new_func(&u, IR_I64, types, 3);
	one = ir_const(f, IR_I64, 1);
	bit = ir_append(f, 0, (Ins){ .op = IR_AND, .type = IR_I64, .arg = { param(0), one } });
	more = ir_append(f, 0, (Ins){ .op = IR_ADD, .type = IR_I64, .arg = { param(1), one } });
	ir_ret(f, 0,
	       ir_append(f, 0,
			 (Ins){ .op = IR_SELECT,
				.type = IR_I64,
				.cc = CC_NE,
				.arg = { bit, ir_const(f, IR_I64, 0), more, param(2) } }));
	unit_compile(&u, QUALITY_OPTIMIZED, ~UINT64_C(0), "one selection");
	CHECK_EQ(count_words(&u, 0xffc0001f, 0xf240001f), 1); /* tst Xn, #imm */
	CHECK_EQ(count_words(&u, 0xffe00c00, 0x9a800400), 1); /* csinc */
	CHECK_EQ(count_words(&u, 0xff000000, 0x91000000), 0); /* add Xd, Xn, #imm */
	unit_end(&u);
}

int
main(void)
{
	runs = strcmp(os_target_name(), "aarch64-linux") == 0;
	list_cases();
	for (unsigned k = 0; k < ncases; k++) {
		test_case(&cases[k], QUALITY_OPTIMIZED, ~UINT64_C(0));
		test_case(&cases[k], QUALITY_BASELINE, starved);
	}
	test_memory(~UINT64_C(0));
	test_memory(starved);
	test_branches(~UINT64_C(0));
	test_branches(starved);
	for (unsigned k = 0; k < 150; k++) {
		test_random(QUALITY_OPTIMIZED, k % 2 ? starved : ~UINT64_C(0));
		test_random(QUALITY_BASELINE, k % 3 ? starved : ~UINT64_C(0));
	}
	test_one_address(QUALITY_BASELINE);
	test_one_address(QUALITY_OPTIMIZED);
	test_pairs();
	test_one_comparison(false);
	test_one_comparison(true);
	test_one_selection();
	test_large(10, starved);
	test_large(5000, ~UINT64_C(0));
	test_large(40000, ~UINT64_C(0));
	if (!runs)
		printf("compiled and checked, but not run: this is %s\n", os_target_name());
	return check_done();
}
