/* Every IR operation as x86-64 code: all placements of operands, both conventions, with and without
 * the CPU's features, against a plain definition in C.  If this fails, compiled programs compute
 * wrong. */
#include "gen_x64.h"

#include <stdlib.h>

#include "base/num.h"

#if !defined(__x86_64__)
int
main(void)
{
	printf("not for this target: it runs x86-64 code\n");
	return 77;
}
#else

enum { PRESSURE_AT = 8, PRESSURE_MAX = 24, CELLS = PRESSURE_AT + 2 * PRESSURE_MAX };

/* ---- What is computed ---- */

typedef struct Case {
	uint8_t op, type, from, cc; /* from: operands' type; of SELECT: of the comparison */
} Case;

typedef struct Variant {
	uint8_t constants; /* bit k: operand k is one */
	uint8_t pressure;  /* values of each class that live across */
	bool keep;	   /* operands are needed afterwards */
	bool same;	   /* operand 1 is operand 0 */
} Variant;

typedef struct Function {
	Case c;
	Variant v;
	uint64_t fixed[4]; /* the constants */
	uint32_t index;
} Function;

static bool
is_fp(unsigned t)
{
	return t == IR_F32 || t == IR_F64;
}

static double
number(unsigned t, uint64_t bits)
{
	return t == IR_F64 ? num_from_f64(bits) : (double)num_from_f32((uint32_t)bits);
}

static bool
holds(unsigned cc, unsigned t, uint64_t a, uint64_t b)
{
	int64_t x = t == IR_I32 ? (int32_t)(uint32_t)a : (int64_t)a;
	int64_t y = t == IR_I32 ? (int32_t)(uint32_t)b : (int64_t)b;
	double f = is_fp(t) ? number(t, a) : 0, g = is_fp(t) ? number(t, b) : 0;

	if (t == IR_I32) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (cc) {
	case CC_EQ: return a == b;
	case CC_NE: return a != b;
	case CC_SLT: return x < y;
	case CC_SLE: return x <= y;
	case CC_SGT: return x > y;
	case CC_SGE: return x >= y;
	case CC_ULT: return a < b;
	case CC_ULE: return a <= b;
	case CC_UGT: return a > b;
	case CC_UGE: return a >= b;
	case CC_FEQ: return f == g;
	case CC_FNE: return !(f == g);
	case CC_FLT: return f < g;
	case CC_FLE: return f <= g;
	case CC_FGT: return f > g;
	case CC_FGE: return f >= g;
	case CC_FNLT: return !(f < g);
	case CC_FNLE: return !(f <= g);
	case CC_FNGT: return !(f > g);
	default: return !(f >= g);
	}
}

static uint64_t
eval_i32(unsigned op, uint32_t a, uint32_t b)
{
	int32_t x = (int32_t)a, y = (int32_t)b;
	unsigned n = b & 31;

	switch (op) {
	case IR_ADD: return a + b;
	case IR_SUB: return a - b;
	case IR_MUL: return a * b;
	case IR_MULHS: return (uint32_t)((uint64_t)((int64_t)x * y) >> 32);
	case IR_MULHU: return (uint64_t)a * b >> 32;
	case IR_SDIV: return (uint32_t)(x / y);
	case IR_SREM: return (uint32_t)(x % y);
	case IR_UDIV: return a / b;
	case IR_UREM: return a % b;
	case IR_AND: return a & b;
	case IR_OR: return a | b;
	case IR_XOR: return a ^ b;
	case IR_SHL: return a << n;
	case IR_SHR: return a >> n;
	case IR_SAR: return (uint32_t)(x >> n);
	case IR_ROTL: return a << n | a >> (-n & 31);
	case IR_ROTR: return a >> n | a << (-n & 31);
	case IR_NEG: return 0 - a;
	case IR_NOT: return ~a;
	case IR_CLZ: return num_clz32(a);
	case IR_CTZ: return num_ctz32(a);
	case IR_POPCNT: return num_popcnt32(a);
	default: return (a >> 24) | (a >> 8 & 0xff00) | (a << 8 & 0xff0000) | a << 24;
	}
}

static uint64_t
eval_i64(unsigned op, uint64_t a, uint64_t b)
{
	int64_t x = (int64_t)a, y = (int64_t)b;
	unsigned n = b & 63;

	switch (op) {
	case IR_ADD: return a + b;
	case IR_SUB: return a - b;
	case IR_MUL: return a * b;
	case IR_MULHS: return (uint64_t)num_mulhi_i64(x, y);
	case IR_MULHU: return num_mulhi_u64(a, b);
	case IR_SDIV: return (uint64_t)(x / y);
	case IR_SREM: return (uint64_t)(x % y);
	case IR_UDIV: return a / b;
	case IR_UREM: return a % b;
	case IR_AND: return a & b;
	case IR_OR: return a | b;
	case IR_XOR: return a ^ b;
	case IR_SHL: return a << n;
	case IR_SHR: return a >> n;
	case IR_SAR: return (uint64_t)(x >> n);
	case IR_ROTL: return a << n | a >> (-n & 63);
	case IR_ROTR: return a >> n | a << (-n & 63);
	case IR_NEG: return 0 - a;
	case IR_NOT: return ~a;
	case IR_CLZ: return num_clz64(a);
	case IR_CTZ: return num_ctz64(a);
	case IR_POPCNT: return num_popcnt64(a);
	default:
		return eval_i32(IR_BSWAP, (uint32_t)a, 0) << 32 |
		       eval_i32(IR_BSWAP, (uint32_t)(a >> 32), 0);
	}
}

static uint64_t
eval_f32(unsigned op, uint64_t a, uint64_t b, uint64_t c)
{
	float x = num_from_f32((uint32_t)a), y = num_from_f32((uint32_t)b), r;

	switch (op) {
	case IR_FADD: r = x + y; break;
	case IR_FSUB: r = x - y; break;
	case IR_FMUL: r = x * y; break;
	case IR_FDIV: r = x / y; break;
	case IR_FMIN: r = num_min_f32(x, y); break;
	case IR_FMAX: r = num_max_f32(x, y); break;
	case IR_FCOPYSIGN: return (a & 0x7fffffff) | (b & 0x80000000);
	case IR_FNEG: return a ^ 0x80000000;
	case IR_FABS: return a & 0x7fffffff;
	case IR_FSQRT: r = num_sqrt_f32(x); break;
	case IR_FFLOOR: r = num_floor_f32(x); break;
	case IR_FCEIL: r = num_ceil_f32(x); break;
	case IR_FTRUNC: r = num_trunc_f32(x); break;
	case IR_FNEAREST: r = num_nearest_f32(x); break;
	case IR_FMA: r = num_fma_f32(x, y, num_from_f32((uint32_t)c)); break;
	default: r = num_canon_f32(x); break;
	}
	return num_bits_f32(r);
}

static uint64_t
eval_f64(unsigned op, uint64_t a, uint64_t b, uint64_t c)
{
	double x = num_from_f64(a), y = num_from_f64(b), r;
	uint64_t sign = UINT64_C(1) << 63;

	switch (op) {
	case IR_FADD: r = x + y; break;
	case IR_FSUB: r = x - y; break;
	case IR_FMUL: r = x * y; break;
	case IR_FDIV: r = x / y; break;
	case IR_FMIN: r = num_min_f64(x, y); break;
	case IR_FMAX: r = num_max_f64(x, y); break;
	case IR_FCOPYSIGN: return (a & ~sign) | (b & sign);
	case IR_FNEG: return a ^ sign;
	case IR_FABS: return a & ~sign;
	case IR_FSQRT: r = num_sqrt_f64(x); break;
	case IR_FFLOOR: r = num_floor_f64(x); break;
	case IR_FCEIL: r = num_ceil_f64(x); break;
	case IR_FTRUNC: r = num_trunc_f64(x); break;
	case IR_FNEAREST: r = num_nearest_f64(x); break;
	case IR_FMA: r = num_fma_f64(x, y, num_from_f64(c)); break;
	default: r = num_canon_f64(x); break;
	}
	return num_bits_f64(r);
}

static uint64_t
eval_int_to_float(const Case *c, uint64_t a)
{
	bool is_signed = c->op == IR_STOF, wide = c->from == IR_I64;
	int64_t s = wide ? (int64_t)a : (int32_t)(uint32_t)a;
	uint64_t u = wide ? a : (uint32_t)a;

	if (c->type == IR_F32)
		return num_bits_f32(is_signed ? (float)s : num_f32_u64(u));
	return num_bits_f64(is_signed ? (double)s : num_f64_u64(u));
}

static uint64_t
eval_float_to_int(const Case *c, uint64_t a)
{
	float f = c->from == IR_F32 ? num_from_f32((uint32_t)a) : 0;
	double d = num_from_f64(a);
	bool wide = c->from == IR_F64;

	if (c->op == IR_FTOS && c->type == IR_I32)
		return (uint32_t)(wide ? num_i32_f64(d) : num_i32_f32(f));
	if (c->op == IR_FTOS)
		return (uint64_t)(wide ? num_i64_f64(d) : num_i64_f32(f));
	if (c->type == IR_I32)
		return wide ? num_u32_f64(d) : num_u32_f32(f);
	return wide ? num_u64_f64(d) : num_u64_f32(f);
}

static uint64_t
eval(const Case *c, const uint64_t in[4])
{
	switch (c->op) {
	case IR_SEXT32: return (uint64_t)(int64_t)(int32_t)(uint32_t)in[0];
	case IR_ZEXT32:
	case IR_WRAP: return (uint32_t)in[0];
	case IR_CMP:
	case IR_BR:
	case IR_TRAPIF: return holds(c->cc, c->from, in[0], in[1]);
	case IR_SELECT: return holds(c->cc, c->from, in[0], in[1]) ? in[2] : in[3];
	case IR_STOF:
	case IR_UTOF: return eval_int_to_float(c, in[0]);
	case IR_FTOS:
	case IR_FTOU: return eval_float_to_int(c, in[0]);
	case IR_FEXT: return num_bits_f64((double)num_from_f32((uint32_t)in[0]));
	case IR_FROUND: return num_bits_f32((float)num_from_f64(in[0]));
	case IR_BITCAST: return in[0];
	default: break;
	}
	if (c->type == IR_F32)
		return eval_f32(c->op, in[0], in[1], in[2]);
	if (c->type == IR_F64)
		return eval_f64(c->op, in[0], in[1], in[2]);
	return c->type == IR_I32 ? eval_i32(c->op, (uint32_t)in[0], (uint32_t)in[1])
				 : eval_i64(c->op, in[0], in[1]);
}

static bool
is_defined(const Case *c, const uint64_t in[4])
{
	bool narrow = c->type == IR_I32;
	uint64_t divisor = narrow ? (uint32_t)in[1] : in[1];
	uint64_t low = narrow ? (uint32_t)in[0] : in[0];

	if (c->op < IR_SDIV || c->op > IR_UREM)
		return true;
	if (divisor == 0)
		return false;
	return c->op == IR_UDIV || c->op == IR_UREM ||
	       !(divisor == (narrow ? UINT32_MAX : UINT64_MAX) &&
		 low == UINT64_C(1) << (narrow ? 31 : 63));
}

/* The operations whose NaN may be any. */
static bool
matches(const Case *c, uint64_t got, uint64_t expected)
{
	bool exact = c->op == IR_CANON || c->op == IR_FNEG || c->op == IR_FABS ||
		     c->op == IR_FCOPYSIGN || c->op == IR_BITCAST || c->op == IR_SELECT;
	unsigned t = c->type;

	if (t == IR_I32 || t == IR_F32) {
		got = (uint32_t)got;
		expected = (uint32_t)expected;
	}
	if (got == expected)
		return true;
	return is_fp(t) && !exact && number(t, got) != number(t, got) &&
	       number(t, expected) != number(t, expected);
}

/* ---- Edge values ---- */

// clang-format off
static const uint64_t ints[] = {
	0, 1, 2, 3, 5, 7, 9, 31, 32, 33, 63, 64, 100, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000,
	0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
	0xfffffffffffffffe, 0xffffffff80000000, 0xffffffff7fffffff, 0x123456789abcdef0,
	0xfedcba9876543210, 0x0000ff0000000000, 0x8000000000000400, 0x8000000000000401,
	0x8000008000000001,
};
static const double floats[] = {
	0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0x1.fffffep-1, 3.14159, 123456789.125, 1e300, -1e300,
	0x1p31, 0x1.fffffffcp30, 0x1.fffffffffp30, -0x1p31, -0x1.00000002p31, -0x1.0000001p31,
	0x1p32, 0x1.fffffffep31, 0x1.fffffffffp31, 0x1p52, 0x1.8p51,
	0x1p63, 0x1.fffffffffffffp62, -0x1p63, -0x1.0000000000001p63, 0x1p64, 0x1.fffffffffffffp63,
	0x1p-1074, 0x1p-149, 0x1p-1022, 0x1.fffffffffffffp1023, 0x1.fffffep127,
};
static const uint64_t odd64[] = {
	0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0xfff8000000000000,
	0x7ff0000000000001, 0xfffdeadbeef01234, 0x7ff8000000000123,
};
static const uint32_t odd32[] = {
	0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x7f800001, 0xffdeadbe, 0x7fc00123,
};
// clang-format on
enum {
	NINTS = sizeof ints / sizeof *ints,
	NFLOATS = sizeof floats / sizeof *floats,
	NODD = sizeof odd64 / sizeof *odd64,
};

static uint32_t
value_count(unsigned t)
{
	return is_fp(t) ? NFLOATS + NODD : NINTS;
}

static uint64_t
value(unsigned t, uint32_t k)
{
	k %= value_count(t);
	if (!is_fp(t))
		return ints[k];
	if (k < NFLOATS)
		return t == IR_F64 ? num_bits_f64(floats[k]) : num_bits_f32((float)floats[k]);
	return t == IR_F64 ? odd64[k - NFLOATS] : odd32[k - NFLOATS];
}

/* ---- Building ---- */

static unsigned
operand_type(const Case *c, unsigned k)
{
	return c->op == IR_SELECT && k >= 2 ? c->type : c->from;
}

static unsigned
operand_count(const Case *c)
{
	return ir_op_info[c->op].nargs;
}

static IrMem
mem_of(unsigned t)
{
	return t == IR_I32 ? MEM_W32 : t == IR_I64 ? MEM_W64 : t == IR_F32 ? MEM_F32 : MEM_F64;
}

/* An I32 comes with garbage above it. */
static Val
load_cell(IrFunc *f, Val base, unsigned t, int32_t cell)
{
	Val v;

	if (t != IR_I32)
		return ir_load(f, 0, mem_of(t), base, 0, 8 * cell);
	v = ir_load(f, 0, MEM_W64, base, 0, 8 * cell);
	return ir_append(f, 0, (Ins){ .op = IR_WRAP, .type = IR_I32, .arg = { v } });
}

static void
branch_on(IrFunc *f, const Case *c, const Val *arg, Val out)
{
	BlockId yes = ir_block(f), no = ir_block(f), end = ir_block(f);

	ir_br(f, 0, (IrCc)c->cc, arg[0], arg[1], yes, no);
	ir_store(f, yes, MEM_W32, out, 0, 0, ir_const(f, IR_I32, 1));
	ir_jmp(f, yes, end);
	ir_store(f, no, MEM_W32, out, 0, 0, ir_const(f, IR_I32, 0));
	ir_jmp(f, no, end);
	ir_ret(f, end, 0);
}

static bool
build(IrModule *m, Function *fn)
{
	static const uint8_t params[] = { IR_I64, IR_I64 };
	const Case *c = &fn->c;
	IrFunc *f = ir_func(m);
	Val in, out, arg[4] = { 0 }, keep[2 * PRESSURE_MAX], r;
	unsigned n = operand_count(c), p = fn->v.pressure;

	if (!f)
		return false;
	fn->index = m->funcs.n - 1;
	f->name = STR("f");
	f->params = params;
	f->nparams = 2;
	f->source = fn->index;
	f->entry_thunk = fn->index;
	in = ir_append(f, 0, (Ins){ .op = IR_PARAM, .type = IR_I64, .aux = 0 });
	out = ir_append(f, 0, (Ins){ .op = IR_PARAM, .type = IR_I64, .aux = 1 });
	for (unsigned k = 0; k < p; k++) {
		keep[2 * k] = load_cell(f, in, IR_I64, (int32_t)(PRESSURE_AT + 2 * k));
		keep[2 * k + 1] = load_cell(f, in, IR_F64, (int32_t)(PRESSURE_AT + 2 * k + 1));
	}
	for (unsigned k = 0; k < n; k++) {
		unsigned t = operand_type(c, k);
		if (fn->v.constants >> k & 1) {
			arg[k] = ir_const(f, (IrType)t, fn->fixed[k]);
			fn->fixed[k] = ir_const_bits(f, arg[k]); /* a NaN has become canonical */
		} else if (k == 1 && fn->v.same) {
			arg[1] = arg[0];
		} else {
			arg[k] = load_cell(f, in, t, (int32_t)k);
		}
	}
	if (c->op == IR_BR) {
		for (unsigned k = 0; k < 2 * p; k++)
			ir_store(f, 0, k & 1 ? MEM_F64 : MEM_W64, out, 0,
				 (int32_t)(8 * (PRESSURE_AT + k)), keep[k]);
		branch_on(f, c, arg, out);
		return true;
	}
	r = ir_append(f, 0,
		      (Ins){ .op = c->op,
			     .type = c->type,
			     .cc = c->cc,
			     .arg = { arg[0], arg[1], arg[2], arg[3] } });
	ir_store(f, 0, mem_of(c->type), out, 0, 0, r);
	for (unsigned k = 0; k < 2 * p; k++)
		ir_store(f, 0, k & 1 ? MEM_F64 : MEM_W64, out, 0, (int32_t)(8 * (PRESSURE_AT + k)),
			 keep[k]);
	for (unsigned k = 0; fn->v.keep && k < n; k++)
		ir_store(f, 0, mem_of(operand_type(c, k)), out, 0, (int32_t)(8 * (k + 1)), arg[k]);
	ir_ret(f, 0, 0);
	return true;
}

/* ---- The list ---- */

static Function *functions;
static uint32_t nfunctions, functions_cap;

static void
add_function(Case c, Variant v, uint32_t salt)
{
	Function *f;

	if (nfunctions == functions_cap)
		return;
	f = &functions[nfunctions++];
	*f = (Function){ .c = c, .v = v };
	for (unsigned k = 0; k < 4; k++)
		f->fixed[k] = value(operand_type(&c, k), salt * 7 + k * 5 + 1);
}

static void
add_case(Case c)
{
	unsigned n = operand_count(&c);

	add_function(c, (Variant){ 0 }, 0);
	add_function(c, (Variant){ .keep = true }, 0);
	add_function(c, (Variant){ .pressure = 5, .keep = true }, 0);
	add_function(c, (Variant){ .pressure = 20 }, 0);
	if (n > 1)
		add_function(c, (Variant){ .same = true, .keep = true }, 0);
	for (unsigned k = 0; k < n; k++)
		for (uint32_t salt = 0; salt < 4; salt++) {
			uint32_t pick = salt + (uint32_t)(rnd() % 64);
			add_function(c,
				     (Variant){ .constants = (uint8_t)(1u << k),
						.pressure = salt & 1 ? 9 : 0 },
				     pick);
		}
	for (uint32_t k = 0; c.op <= IR_ROTR && k < NINTS; k++) { /* each constant there is */
		add_function(c, (Variant){ .constants = 2 }, 0);
		functions[nfunctions - 1].fixed[1] = ints[k];
	}
	add_function(c, (Variant){ .constants = 15, .keep = true }, 3);
	if (n == 4)
		add_function(c, (Variant){ .constants = 12, .pressure = 3 }, 5);
}

static void
list_cases(void)
{
	for (unsigned op = IR_ADD; op <= IR_BSWAP; op++)
		for (unsigned t = IR_I32; t <= IR_I64; t++)
			add_case((Case){ (uint8_t)op, (uint8_t)t, (uint8_t)t, 0 });
	for (unsigned op = IR_FADD; op <= IR_CANON; op++)
		for (unsigned t = IR_F32; t <= IR_F64; t++)
			add_case((Case){ (uint8_t)op, (uint8_t)t, (uint8_t)t, 0 });
	add_case((Case){ IR_SEXT32, IR_I64, IR_I32, 0 });
	add_case((Case){ IR_ZEXT32, IR_I64, IR_I32, 0 });
	add_case((Case){ IR_WRAP, IR_I32, IR_I64, 0 });
	add_case((Case){ IR_FEXT, IR_F64, IR_F32, 0 });
	add_case((Case){ IR_FROUND, IR_F32, IR_F64, 0 });
	add_case((Case){ IR_BITCAST, IR_F64, IR_I64, 0 });
	add_case((Case){ IR_BITCAST, IR_F32, IR_I32, 0 });
	add_case((Case){ IR_BITCAST, IR_I64, IR_F64, 0 });
	add_case((Case){ IR_BITCAST, IR_I32, IR_F32, 0 });
	for (unsigned i = IR_I32; i <= IR_I64; i++)
		for (unsigned t = IR_F32; t <= IR_F64; t++) {
			add_case((Case){ IR_STOF, (uint8_t)t, (uint8_t)i, 0 });
			add_case((Case){ IR_UTOF, (uint8_t)t, (uint8_t)i, 0 });
			add_case((Case){ IR_FTOS, (uint8_t)i, (uint8_t)t, 0 });
			add_case((Case){ IR_FTOU, (uint8_t)i, (uint8_t)t, 0 });
		}
	for (unsigned cc = 0; cc < CC_COUNT; cc++)
		for (unsigned t = IR_I32; t <= IR_F64; t++) {
			if (is_fp(t) != (cc >= CC_FEQ))
				continue;
			add_case((Case){ IR_CMP, IR_I32, (uint8_t)t, (uint8_t)cc });
			add_case((Case){ IR_BR, IR_I32, (uint8_t)t, (uint8_t)cc });
			for (unsigned of = IR_I32; of <= IR_F64; of++)
				add_case((Case){ IR_SELECT, (uint8_t)of, (uint8_t)t, (uint8_t)cc });
		}
}

/* ---- Running ---- */

typedef void(__attribute__((sysv_abi)) * SysvFn)(const uint64_t *, uint64_t *);
typedef void(__attribute__((ms_abi)) * Win64Fn)(const uint64_t *, uint64_t *);

static const char *
describe(const Function *f, const GenOptions *o)
{
	static char text[200];

	snprintf(text, sizeof text,
		 "%s type %u from %u cc %u, constants %u pressure %u keep %d same %d, %s q%d "
		 "features %x",
		 ir_op_info[f->c.op].name, f->c.type, f->c.from, f->c.cc, f->v.constants,
		 f->v.pressure, f->v.keep, f->v.same, o->target->name, (int)o->quality,
		 (unsigned)o->features);
	return text;
}

static void
call_once(const Function *f, const GenOptions *o, uint64_t entry, const uint64_t picks[4])
{
	uint64_t in[CELLS], out[CELLS] = { 0 }, arg[4] = { 0 }, expected;
	bool same = true;

	for (unsigned k = 0; k < CELLS; k++)
		in[k] = k < 4 ? picks[k] : rnd();
	for (unsigned k = 0; k < operand_count(&f->c); k++) {
		arg[k] = f->v.constants >> k & 1 ? f->fixed[k]
			 : k == 1 && f->v.same	 ? arg[0]
						 : in[k];
		if (operand_type(&f->c, k) == IR_I32 || operand_type(&f->c, k) == IR_F32)
			arg[k] = (uint32_t)arg[k];
		if (operand_type(&f->c, k) == IR_I32 && !(f->v.constants >> k & 1))
			in[k] = (uint32_t)in[k] | rnd() << 32;
	}
	if (!is_defined(&f->c, arg))
		return;
	if (o->target == &target_x86_64_linux) {
		((SysvFn)(uintptr_t)entry)(in, out);
		KEEP_APART("System V");
	} else {
		((Win64Fn)(uintptr_t)entry)(in, out);
		KEEP_APART("Microsoft");
	}
	expected = eval(&f->c, arg);
	if (!check_true(matches(&f->c, out[0], expected), describe(f, o), __FILE__, __LINE__) &&
	    check_failures < 50)
		printf("    of %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 ": got %" PRIx64
		       ", expected %" PRIx64 "\n",
		       arg[0], arg[1], arg[2], arg[3], out[0], expected);
	for (unsigned k = 0; k < 2u * f->v.pressure; k++)
		same &= out[PRESSURE_AT + k] == in[PRESSURE_AT + k];
	for (unsigned k = 0; f->v.keep && f->c.op != IR_BR && k < operand_count(&f->c); k++)
		same &= out[k + 1] == arg[k];
	if (!same)
		check_true(0, describe(f, o), "a value beside it changed", 0);
}

static void
run_function(const Function *f, const GenOptions *o, const Loaded *l)
{
	uint64_t entry = entry_of(l, l->o.funcs[f->index].entry), picks[4];
	uint32_t n0 = value_count(operand_type(&f->c, 0)), n1 = value_count(operand_type(&f->c, 1));
	uint32_t start = (uint32_t)(rnd() % 9);

	if (operand_count(&f->c) == 1)
		n1 = 1;
	/* All of one operand's values, each with some of the other's: everything, over the runs. */
	for (uint32_t a = 0; a < n0; a++)
		for (uint32_t b = n1 > 1 ? (start + a) % 9 : 0; b < n1; b += 9) {
			picks[0] = value(operand_type(&f->c, 0), a);
			picks[1] = value(operand_type(&f->c, 1), b);
			picks[2] = value(operand_type(&f->c, 2), (uint32_t)rnd());
			picks[3] = value(operand_type(&f->c, 3), (uint32_t)rnd());
			call_once(f, o, entry, picks);
		}
}

#define FOREIGN_UNARY(name)                                                 \
	static float __attribute__((ms_abi)) ms_##name##_f32(float x)       \
	{                                                                   \
		return num_##name##_f32(x);                                 \
	}                                                                   \
	static double __attribute__((ms_abi)) ms_##name##_f64(double x)     \
	{                                                                   \
		return num_##name##_f64(x);                                 \
	}                                                                   \
	static float __attribute__((sysv_abi)) sysv_##name##_f32(float x)   \
	{                                                                   \
		return num_##name##_f32(x);                                 \
	}                                                                   \
	static double __attribute__((sysv_abi)) sysv_##name##_f64(double x) \
	{                                                                   \
		return num_##name##_f64(x);                                 \
	}
// clang-format off
FOREIGN_UNARY(floor)
FOREIGN_UNARY(ceil)
FOREIGN_UNARY(trunc)
FOREIGN_UNARY(nearest)
static float __attribute__((ms_abi)) ms_fma_f32(float a, float b, float c) { return num_fma_f32(a, b, c); }
static double __attribute__((ms_abi)) ms_fma_f64(double a, double b, double c) { return num_fma_f64(a, b, c); }
static float __attribute__((sysv_abi)) sysv_fma_f32(float a, float b, float c) { return num_fma_f32(a, b, c); }
static double __attribute__((sysv_abi)) sysv_fma_f64(double a, double b, double c) { return num_fma_f64(a, b, c); }
// clang-format on

static void
helper_addresses(const IrModule *m, bool ms, uint64_t *out)
{
#define BOTH(name)                                            \
	{                                                     \
		(uintptr_t) sysv_##name, (uintptr_t)ms_##name \
	}
	static const uintptr_t table[HELPER_COUNT][2] = {
		[HELPER_FLOOR32] = BOTH(floor_f32),	[HELPER_FLOOR64] = BOTH(floor_f64),
		[HELPER_CEIL32] = BOTH(ceil_f32),	[HELPER_CEIL64] = BOTH(ceil_f64),
		[HELPER_TRUNC32] = BOTH(trunc_f32),	[HELPER_TRUNC64] = BOTH(trunc_f64),
		[HELPER_NEAREST32] = BOTH(nearest_f32), [HELPER_NEAREST64] = BOTH(nearest_f64),
		[HELPER_FMA32] = BOTH(fma_f32),		[HELPER_FMA64] = BOTH(fma_f64),
	};

	for (uint32_t k = 0; k < m->imports.n; k++)
		out[k] = table[m->imports.at[k].id][ms];
}

static void
run_config(const GenOptions *o)
{
	Mem mem;
	Arena a;
	Loaded l;
	uint64_t imports[HELPER_COUNT];
	IrModule *m;
	bool ok = true;

	mem_init(&mem, NULL);
	arena_init(&a, &mem);
	m = ir_module(&a);
	for (uint32_t k = 0; m && k < nfunctions; k++)
		ok = ok && build(m, &functions[k]);
	if (CHECK(m && ok)) {
		/* helpers are imported while it compiles: once before, for their number */
		for (int h = HELPER_FLOOR32; h < HELPER_COUNT; h++)
			ir_helper(m, (IrHelper)h);
		helper_addresses(m, o->target == &target_x86_64_windows, imports);
		if (load_module(&mem, &a, m, o, imports, &l)) {
			for (uint32_t k = 0; k < nfunctions; k++)
				run_function(&functions[k], o, &l);
			unload_module(&l);
		}
	}
	arena_free(&a);
	CHECK_EQ(mem.live, 0);
}

/* Few registers make slots of operands and results.  rsp and the scratch registers are not among
 * the allocatable ones anyway. */
static RegSet
some_registers(unsigned k)
{
	static const RegSet sets[] = {
		~UINT64_C(0),
		0x000f | UINT64_C(0x000f) << 32, /* rax rcx rdx rbx */
		0x60ca | UINT64_C(0xc006) << 32, /* rcx rbx rsi rdi r13 r14 */
		0xb00f | UINT64_C(0x0007) << 32,
	};
	RegSet set;

	if (k < sizeof sets / sizeof *sets)
		return sets[k];
	do
		set = rnd() & rnd();
	while (__builtin_popcountll(set & 0xf7ef) < 4 ||
	       __builtin_popcountll(set >> 32 & 0x7fdf) < 3);
	return set;
}

int
main(void)
{
	uint32_t host = os_cpu_features();

	functions_cap = 20000;
	functions = calloc(functions_cap, sizeof *functions);
	if (!functions)
		return 1;
	list_cases();
	CHECK(nfunctions > 3000 && nfunctions < functions_cap);
	for (unsigned k = 0; k < 10; k++) {
		GenOptions o = {
			.target = x64_targets[k & 1],
			.features = k & 2 ? host & target_x86_64_linux.features : 0,
			.quality = k & 4 ? QUALITY_BASELINE : QUALITY_OPTIMIZED,
			.available = some_registers(k / 2),
			.verify = k < 4,
		};
		run_config(&o);
	}
	free(functions);
	return check_done();
}
#endif
