/* gen_a64_calls.c - if this fails, AArch64 code and C disagree about a call: where arguments
 * travel, what survives, how a trap comes back to the host.
 *
 * The C compiler is the authority: functions of sixteen signatures are compiled by it and call, or
 * are called by, generated code, which also passes arguments on in another order.  Elsewhere than
 * on AArch64 all is compiled and checked by ra_check(), not run. */
#include "check.h"
#include "code/code.h"
#include "gen/gen.h"
#include "os/os.h"

static bool runs; /* this machine executes what is generated */

/* ---- Sixteen signatures, from C's side ---- */

enum { ARGS = 20 };
static uint64_t sent[ARGS], seen[ARGS]; /* bits of arguments; of 32-bit ones the low half */
static unsigned seen_count, misaligned;

typedef int32_t I;
typedef int64_t L;
typedef float F;
typedef double D;

static F
float_of_bits(uint64_t bits)
{
	uint32_t low = (uint32_t)bits;
	F x;
	memcpy(&x, &low, 4);
	return x;
}

static D
double_of_bits(uint64_t bits)
{
	D x;
	memcpy(&x, &bits, 8);
	return x;
}

static void
stack_alignment(void)
{
#ifdef __aarch64__
	uint64_t sp;
	__asm__("mov %0, sp" : "=r"(sp));
	misaligned += sp % 16 != 0;
#endif
}

// clang-format off
#define PUT_I(k) ((I)(uint32_t)sent[k])
#define PUT_L(k) ((L)sent[k])
#define PUT_F(k) float_of_bits(sent[k])
#define PUT_D(k) double_of_bits(sent[k])
#define GET(k, a) memcpy(&seen[k], &a, sizeof a); seen_count++;
#define NOTHING
/* number, parameters, result, in C, values to send, what to do with those that came */
#define SIGNATURE_LIST(X) \
	X(0, "", I, (void), (), NOTHING) \
	X(1, "I", L, (I a0), (PUT_I(0)), GET(0, a0)) \
	X(2, "D", F, (D a0), (PUT_D(0)), GET(0, a0)) \
	X(3, "LDIF", D, (L a0, D a1, I a2, F a3), (PUT_L(0), PUT_D(1), PUT_I(2), PUT_F(3)), \
	  GET(0, a0) GET(1, a1) GET(2, a2) GET(3, a3)) \
	X(4, "IIIIIIIIII", I, (I a0, I a1, I a2, I a3, I a4, I a5, I a6, I a7, I a8, I a9), \
	  (PUT_I(0), PUT_I(1), PUT_I(2), PUT_I(3), PUT_I(4), PUT_I(5), PUT_I(6), PUT_I(7), \
	  PUT_I(8), PUT_I(9)), GET(0, a0) GET(1, a1) GET(2, a2) GET(3, a3) GET(4, a4) GET(5, a5) \
	  GET(6, a6) GET(7, a7) GET(8, a8) GET(9, a9)) \
	X(5, "DDDDDDDDDD", L, (D a0, D a1, D a2, D a3, D a4, D a5, D a6, D a7, D a8, D a9), \
	  (PUT_D(0), PUT_D(1), PUT_D(2), PUT_D(3), PUT_D(4), PUT_D(5), PUT_D(6), PUT_D(7), \
	  PUT_D(8), PUT_D(9)), GET(0, a0) GET(1, a1) GET(2, a2) GET(3, a3) GET(4, a4) GET(5, a5) \
	  GET(6, a6) GET(7, a7) GET(8, a8) GET(9, a9)) \
	X(6, "FFFFFFFFFFF", F, (F a0, F a1, F a2, F a3, F a4, F a5, F a6, F a7, F a8, F a9, F \
	  a10), (PUT_F(0), PUT_F(1), PUT_F(2), PUT_F(3), PUT_F(4), PUT_F(5), PUT_F(6), PUT_F(7), \
	  PUT_F(8), PUT_F(9), PUT_F(10)), GET(0, a0) GET(1, a1) GET(2, a2) GET(3, a3) GET(4, a4) \
	  GET(5, a5) GET(6, a6) GET(7, a7) GET(8, a8) GET(9, a9) GET(10, a10)) \
	X(7, "LIDFLIDFLIDFLIDFLIDF", D, (L a0, I a1, D a2, F a3, L a4, I a5, D a6, F a7, L a8, \
	  I a9, D a10, F a11, L a12, I a13, D a14, F a15, L a16, I a17, D a18, F a19), \
	  (PUT_L(0), PUT_I(1), PUT_D(2), PUT_F(3), PUT_L(4), PUT_I(5), PUT_D(6), PUT_F(7), \
	  PUT_L(8), PUT_I(9), PUT_D(10), PUT_F(11), PUT_L(12), PUT_I(13), PUT_D(14), PUT_F(15), \
	  PUT_L(16), PUT_I(17), PUT_D(18), PUT_F(19)), GET(0, a0) GET(1, a1) GET(2, a2) GET(3, \
	  a3) GET(4, a4) GET(5, a5) GET(6, a6) GET(7, a7) GET(8, a8) GET(9, a9) GET(10, a10) \
	  GET(11, a11) GET(12, a12) GET(13, a13) GET(14, a14) GET(15, a15) GET(16, a16) GET(17, \
	  a17) GET(18, a18) GET(19, a19)) \
	X(8, "DLDLDLDLDLDLDLDLDLDL", I, (D a0, L a1, D a2, L a3, D a4, L a5, D a6, L a7, D a8, \
	  L a9, D a10, L a11, D a12, L a13, D a14, L a15, D a16, L a17, D a18, L a19), \
	  (PUT_D(0), PUT_L(1), PUT_D(2), PUT_L(3), PUT_D(4), PUT_L(5), PUT_D(6), PUT_L(7), \
	  PUT_D(8), PUT_L(9), PUT_D(10), PUT_L(11), PUT_D(12), PUT_L(13), PUT_D(14), PUT_L(15), \
	  PUT_D(16), PUT_L(17), PUT_D(18), PUT_L(19)), GET(0, a0) GET(1, a1) GET(2, a2) GET(3, \
	  a3) GET(4, a4) GET(5, a5) GET(6, a6) GET(7, a7) GET(8, a8) GET(9, a9) GET(10, a10) \
	  GET(11, a11) GET(12, a12) GET(13, a13) GET(14, a14) GET(15, a15) GET(16, a16) GET(17, \
	  a17) GET(18, a18) GET(19, a19)) \
	X(9, "FIFLIDDIILFDDD", L, (F a0, I a1, F a2, L a3, I a4, D a5, D a6, I a7, I a8, L a9, \
	  F a10, D a11, D a12, D a13), (PUT_F(0), PUT_I(1), PUT_F(2), PUT_L(3), PUT_I(4), \
	  PUT_D(5), PUT_D(6), PUT_I(7), PUT_I(8), PUT_L(9), PUT_F(10), PUT_D(11), PUT_D(12), \
	  PUT_D(13)), GET(0, a0) GET(1, a1) GET(2, a2) GET(3, a3) GET(4, a4) GET(5, a5) GET(6, \
	  a6) GET(7, a7) GET(8, a8) GET(9, a9) GET(10, a10) GET(11, a11) GET(12, a12) GET(13, \
	  a13)) \
	X(10, "LFFFDIDDILLILII", F, (L a0, F a1, F a2, F a3, D a4, I a5, D a6, D a7, I a8, L \
	  a9, L a10, I a11, L a12, I a13, I a14), (PUT_L(0), PUT_F(1), PUT_F(2), PUT_F(3), \
	  PUT_D(4), PUT_I(5), PUT_D(6), PUT_D(7), PUT_I(8), PUT_L(9), PUT_L(10), PUT_I(11), \
	  PUT_L(12), PUT_I(13), PUT_I(14)), GET(0, a0) GET(1, a1) GET(2, a2) GET(3, a3) GET(4, \
	  a4) GET(5, a5) GET(6, a6) GET(7, a7) GET(8, a8) GET(9, a9) GET(10, a10) GET(11, a11) \
	  GET(12, a12) GET(13, a13) GET(14, a14)) \
	X(11, "FFFFLIIFLLLIIFF", D, (F a0, F a1, F a2, F a3, L a4, I a5, I a6, F a7, L a8, L \
	  a9, L a10, I a11, I a12, F a13, F a14), (PUT_F(0), PUT_F(1), PUT_F(2), PUT_F(3), \
	  PUT_L(4), PUT_I(5), PUT_I(6), PUT_F(7), PUT_L(8), PUT_L(9), PUT_L(10), PUT_I(11), \
	  PUT_I(12), PUT_F(13), PUT_F(14)), GET(0, a0) GET(1, a1) GET(2, a2) GET(3, a3) GET(4, \
	  a4) GET(5, a5) GET(6, a6) GET(7, a7) GET(8, a8) GET(9, a9) GET(10, a10) GET(11, a11) \
	  GET(12, a12) GET(13, a13) GET(14, a14)) \
	X(12, "FDLFDLLDILDFLI", I, (F a0, D a1, L a2, F a3, D a4, L a5, L a6, D a7, I a8, L \
	  a9, D a10, F a11, L a12, I a13), (PUT_F(0), PUT_D(1), PUT_L(2), PUT_F(3), PUT_D(4), \
	  PUT_L(5), PUT_L(6), PUT_D(7), PUT_I(8), PUT_L(9), PUT_D(10), PUT_F(11), PUT_L(12), \
	  PUT_I(13)), GET(0, a0) GET(1, a1) GET(2, a2) GET(3, a3) GET(4, a4) GET(5, a5) GET(6, \
	  a6) GET(7, a7) GET(8, a8) GET(9, a9) GET(10, a10) GET(11, a11) GET(12, a12) GET(13, \
	  a13)) \
	X(13, "LDLLIIFIFDDI", L, (L a0, D a1, L a2, L a3, I a4, I a5, F a6, I a7, F a8, D a9, \
	  D a10, I a11), (PUT_L(0), PUT_D(1), PUT_L(2), PUT_L(3), PUT_I(4), PUT_I(5), PUT_F(6), \
	  PUT_I(7), PUT_F(8), PUT_D(9), PUT_D(10), PUT_I(11)), GET(0, a0) GET(1, a1) GET(2, a2) \
	  GET(3, a3) GET(4, a4) GET(5, a5) GET(6, a6) GET(7, a7) GET(8, a8) GET(9, a9) GET(10, \
	  a10) GET(11, a11)) \
	X(14, "IDFIIIIFFIFIIL", F, (I a0, D a1, F a2, I a3, I a4, I a5, I a6, F a7, F a8, I \
	  a9, F a10, I a11, I a12, L a13), (PUT_I(0), PUT_D(1), PUT_F(2), PUT_I(3), PUT_I(4), \
	  PUT_I(5), PUT_I(6), PUT_F(7), PUT_F(8), PUT_I(9), PUT_F(10), PUT_I(11), PUT_I(12), \
	  PUT_L(13)), GET(0, a0) GET(1, a1) GET(2, a2) GET(3, a3) GET(4, a4) GET(5, a5) GET(6, \
	  a6) GET(7, a7) GET(8, a8) GET(9, a9) GET(10, a10) GET(11, a11) GET(12, a12) GET(13, \
	  a13)) \
	X(15, "ILILFLDFIDILLLL", D, (I a0, L a1, I a2, L a3, F a4, L a5, D a6, F a7, I a8, D \
	  a9, I a10, L a11, L a12, L a13, L a14), (PUT_I(0), PUT_L(1), PUT_I(2), PUT_L(3), \
	  PUT_F(4), PUT_L(5), PUT_D(6), PUT_F(7), PUT_I(8), PUT_D(9), PUT_I(10), PUT_L(11), \
	  PUT_L(12), PUT_L(13), PUT_L(14)), GET(0, a0) GET(1, a1) GET(2, a2) GET(3, a3) GET(4, \
	  a4) GET(5, a5) GET(6, a6) GET(7, a7) GET(8, a8) GET(9, a9) GET(10, a10) GET(11, a11) \
	  GET(12, a12) GET(13, a13) GET(14, a14))

enum { RESULT_I = -123456789, RESULT_L = 1 << 30, RESULT_F = 12345, RESULT_D = -54321 };
#define X(n, text, result, params, put, get)                                    \
	static result sig##n params                                             \
	{ seen_count = 0; stack_alignment(); get return (result)RESULT_##result; } \
	static uint64_t call##n(OsFunction f)                                   \
	{                                                                       \
		result r = ((result (*) params)f) put;                          \
		uint64_t bits = 0;                                              \
		memcpy(&bits, &r, sizeof r);                                    \
		return bits;                                                    \
	}
SIGNATURE_LIST(X)
#undef X

typedef struct Signature {
	const char *params;
	char result;
	OsFunction callee;
	uint64_t (*call)(OsFunction);
} Signature;
static const Signature signatures[] = {
#define X(n, text, result, params, put, get) { text, #result[0], (OsFunction)sig##n, call##n },
	SIGNATURE_LIST(X)
#undef X
};
// clang-format on
enum { SIGNATURES = sizeof signatures / sizeof *signatures };

static uint8_t
type_of(char c)
{
	return c == 'I' ? IR_I32 : c == 'L' ? IR_I64 : c == 'F' ? IR_F32 : IR_F64;
}

static uint64_t
low_bits(uint8_t type, uint64_t x)
{
	return type == IR_I64 || type == IR_F64 ? x : (uint32_t)x;
}

/* What sig<n> and our functions of that result return, in bits. */
static uint64_t
result_bits(char c)
{
	F f = RESULT_F;
	D d = RESULT_D;
	uint64_t bits = 0;

	switch (c) {
	case 'I': return (uint32_t)RESULT_I;
	case 'L': return RESULT_L;
	case 'F': memcpy(&bits, &f, 4); return (uint32_t)bits;
	default: memcpy(&bits, &d, 8); return bits;
	}
}

/* Argument k in the pass numbered `salt`: no NaN, all bytes unlike. */
static uint64_t
some_bits(unsigned k, unsigned salt)
{
	uint64_t x = (k + 1) * UINT64_C(0x9e3779b97f4a7c15) + salt * UINT64_C(0x123456789abcdef1);
	return x & UINT64_C(0xbfffffffbfffffff);
}

/* ---- One module ---- */

typedef struct Unit {
	Mem mem;
	Arena arena;
	IrModule *m;
	ObjectCode object;
	CodePool pool;
	CodeBlock *block;
} Unit;

static const RegSet all = ~UINT64_C(0);
static const RegSet starved = REG_BIT(9) | REG_BIT(10) | REG_BIT(20) | REG_BIT(27) |
			      REG_BIT(REG_FP + 9) | REG_BIT(REG_FP + 20) | REG_BIT(REG_FP + 14);

static void
unit_start(Unit *u)
{
	*u = (Unit){ .block = NULL };
	mem_init(&u->mem, NULL);
	code_pool_init(&u->pool, &u->mem, 0);
	arena_init(&u->arena, &u->mem);
	u->m = ir_module(&u->arena);
}

/* `externs` are the addresses of imports by Import.id; helper TRAPPED is `trapped`. */
static bool
unit_compile(Unit *u, Quality q, RegSet available, const OsFunction *externs, OsFunction trapped)
{
	GenOptions o = { .target = &target_aarch64_linux,
			 .quality = q,
			 .available = available,
			 .stack_bytes = 1 << 18,
			 .max_depth = 1000,
			 .verify = true };
	Text why;

	text_init(&why, &u->arena);
	if (!CHECK_EQ(gen_module(u->m, &o, &u->arena, &u->object, &why), TRIVET_OK)) {
		printf("    %s\n", why.at ? why.at : "");
		return false;
	}
	if (!runs)
		return false;
	CHECK_EQ(code_alloc(&u->pool, u->object.size, &u->block), TRIVET_OK);
	CHECK_EQ(code_write(u->block, 0, u->object.bytes, u->object.size), TRIVET_OK);
	for (uint32_t k = 0; k < u->m->imports.n; k++) {
		const Import *i = &u->m->imports.at[k];
		uint64_t address = (uintptr_t)code_address(u->block);
		if (i->kind != IMPORT_CODE)
			address = (uintptr_t)(i->kind == IMPORT_HELPER ? trapped : externs[i->id]);
		CHECK_EQ(code_write(u->block, u->object.imports + 8 * k, &address, 8), TRIVET_OK);
	}
	return CHECK_EQ(code_seal(u->block, false), TRIVET_OK);
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

static const uint8_t *
types_of(Unit *u, const char *params)
{
	uint8_t *types = arena_alloc(&u->arena, strlen(params) + 1);
	for (size_t k = 0; params[k]; k++)
		types[k] = type_of(params[k]);
	return types;
}

/* A function of `params`, which are then values 1, 2 … */
static IrFunc *
new_func(Unit *u, char result, const char *params)
{
	IrFunc *f = ir_func(u->m);

	f->name = STR("f");
	f->source = u->m->funcs.n - 1;
	f->entry_thunk = f->source;
	f->result = result == 'V' ? IR_VOID : (IrType)type_of(result);
	f->params = types_of(u, params);
	f->nparams = (uint32_t)strlen(params);
	for (uint32_t k = 0; k < f->nparams; k++)
		ir_append(f, 0, (Ins){ .op = IR_PARAM, .type = f->params[k], .aux = (int32_t)k });
	return f;
}

static uint32_t
import_of(Unit *u, const Signature *s, uint32_t id)
{
	return ir_import(u->m, (Import){ .kind = IMPORT_EXTERN,
					 .id = id,
					 .result = type_of(s->result),
					 .params = types_of(u, s->params),
					 .nparams = (uint32_t)strlen(s->params) });
}

static void
send(const Signature *s, unsigned salt)
{
	memset(seen, 0xee, sizeof seen);
	seen_count = 1000;
	for (unsigned k = 0; s->params[k]; k++)
		sent[k] = some_bits(k, salt);
}

/* ---- The host calls us: each parameter is stored, then a constant returned ---- */

static void
test_called(const Signature *s, Quality q, RegSet available)
{
	static const uint8_t mem[] = { 0, MEM_W32, MEM_W64, MEM_F32, MEM_F64 };
	Unit u;

	unit_start(&u);
	IrFunc *f = new_func(&u, s->result, s->params);
	Val base = ir_const(f, IR_I64, (uintptr_t)seen);
	for (uint32_t k = f->nparams; k-- > 0;)
		ir_store(f, 0, mem[f->params[k]], base, 0, (int32_t)(8 * k), 1 + k);
	ir_ret(f, 0, ir_const(f, type_of(s->result), result_bits(s->result)));
	if (unit_compile(&u, q, available, NULL, NULL)) {
		send(s, 1);
		CHECK_EQ(s->call(unit_entry(&u, 0)), result_bits(s->result));
		for (unsigned k = 0; s->params[k]; k++)
			CHECK_EQ(low_bits(type_of(s->params[k]), seen[k]),
				 low_bits(type_of(s->params[k]), sent[k]));
	}
	unit_end(&u);
}

/* ---- We pass on what we got, shuffled by type, to a C function or to one of ours that does so
 * ---- */

/* For each argument of `to`, which of `from`'s it is; ARGS: a constant. */
static void
plan_arguments(const Signature *from, const Signature *to, unsigned turn, unsigned *plan)
{
	unsigned n = (unsigned)strlen(from->params);

	for (unsigned k = 0; to->params[k]; k++) {
		plan[k] = ARGS;
		for (unsigned j = 0; j < n; j++) {
			unsigned at = (j * 7 + k * (turn + 1) + turn) % n;
			if (from->params[at] == to->params[k]) {
				plan[k] = at;
				break;
			}
		}
	}
}

static void
test_passing(const Signature *from, const Signature *to, unsigned turn, bool own, Quality q,
	     RegSet available)
{
	OsFunction externs[] = { to->callee };
	unsigned plan[ARGS];
	Val args[ARGS];
	Unit u;

	unit_start(&u);
	plan_arguments(from, to, turn, plan);
	uint32_t slot = import_of(&u, to, 0);
	IrFunc *f = new_func(&u, to->result, from->params);
	for (unsigned k = 0; to->params[k]; k++)
		args[k] = plan[k] < ARGS ? 1 + plan[k]
					 : ir_const(f, type_of(to->params[k]), some_bits(k, 99));
	uint32_t n = (uint32_t)strlen(to->params);
	IrType result = (IrType)type_of(to->result);
	ir_ret(f, 0,
	       ir_pooled(f, 0, own ? IR_CALL : IR_CALLX, result, own ? 1 : (int32_t)slot, args, n));
	if (own) {
		f = new_func(&u, to->result, to->params);
		for (uint32_t k = 0; k < n; k++)
			args[k] = 1 + k;
		ir_ret(f, 0, ir_pooled(f, 0, IR_CALLX, result, (int32_t)slot, args, n));
	}
	if (unit_compile(&u, q, available, externs, NULL)) {
		send(from, turn);
		uint64_t got = from->call(unit_entry(&u, 0));
		if (from->result == to->result)
			CHECK_EQ(got, result_bits(to->result));
		CHECK_EQ(seen_count, n);
		for (unsigned k = 0; k < n; k++) {
			uint64_t x = plan[k] < ARGS ? sent[plan[k]] : some_bits(k, 99);
			CHECK_EQ(low_bits(type_of(to->params[k]), seen[k]),
				 low_bits(type_of(to->params[k]), x));
		}
	}
	unit_end(&u);
}

/* ---- Imports so far away that a literal load does not reach ---- */

static void
test_far_import(const Signature *s)
{
	enum { ENOUGH = 25000 }; /* instructions: by their bound more than 1 MiB */
	OsFunction externs[] = { signatures[0].callee, s->callee };
	Val args[ARGS];
	Unit u;

	unit_start(&u);
	import_of(&u, &signatures[0], 0);
	uint32_t slot = import_of(&u, s, 1);
	IrFunc *f = new_func(&u, s->result, s->params);
	for (uint32_t k = 0; k < f->nparams; k++)
		args[k] = 1 + k;
	ir_ret(f, 0, ir_pooled(f, 0, IR_CALLX, f->result, (int32_t)slot, args, f->nparams));
	f = new_func(&u, 'L', "L");
	Val x = 1;
	for (unsigned k = 0; k < ENOUGH; k++)
		x = ir_append(f, 0, (Ins){ .op = IR_MUL, .type = IR_I64, .arg = { x, 1 } });
	ir_ret(f, 0, x);
	if (unit_compile(&u, QUALITY_BASELINE, all, externs, NULL)) {
		send(s, 7);
		CHECK_EQ(s->call(unit_entry(&u, 0)), result_bits(s->result));
		CHECK_EQ(seen_count, strlen(s->params));
		for (unsigned k = 0; s->params[k]; k++)
			CHECK_EQ(low_bits(type_of(s->params[k]), seen[k]),
				 low_bits(type_of(s->params[k]), sent[k]));
	}
	unit_end(&u);
}

/* ---- Narrow results: of a bool only the low byte counts ---- */

static int64_t garbage_bool;
static int64_t
bool_with_garbage(void)
{
	return garbage_bool;
}

static void
test_bool(void)
{
	OsFunction externs[] = { (OsFunction)bool_with_garbage };
	Unit u;

	unit_start(&u);
	uint32_t slot = ir_import(
		u.m, (Import){ .kind = IMPORT_EXTERN, .result = IR_I32, .bool_result = true });
	IrFunc *f = new_func(&u, 'L', "");
	Val b = ir_pooled(f, 0, IR_CALLX, IR_I32, (int32_t)slot, NULL, 0);
	ir_ret(f, 0, ir_append(f, 0, (Ins){ .op = IR_SEXT32, .type = IR_I64, .arg = { b } }));
	if (unit_compile(&u, QUALITY_OPTIMIZED, all, externs, NULL)) {
		int64_t (*run)(void) = (int64_t(*)(void))unit_entry(&u, 0);
		garbage_bool = INT64_C(0x123456789abcde00);
		CHECK_EQ(run(), 0);
		garbage_bool |= 1;
		CHECK_EQ(run(), 1);
	}
	unit_end(&u);
}

/* ---- Callee-saved registers, through a C caller that fills them all ---- */

#ifdef __aarch64__
static uint64_t guarded_frame; /* call_guarded()'s x29 */

/* Calls f(a) with x19-x28 and d8-d15 holding patterns; *spoiled: how many came back different, sp
 * and x29 included. */
static uint64_t
call_guarded(OsFunction f, uint64_t a, uint64_t *spoiled)
{
	__asm__("mov %0, x29" : "=r"(guarded_frame));
	register uint64_t x0 __asm__("x0") = a;
	register uint64_t x1 __asm__("x1") = (uintptr_t)f;
	uint64_t bad;

	__asm__ volatile("mov x2, sp\n\t"
			 "stp x29, x2, [sp, #-16]!\n\t"
			 ".irp n,19,20,21,22,23,24,25,26,27,28\n\t"
			 "mov x\\n, #0x1000 + \\n\n\t"
			 ".endr\n\t"
			 ".irp n,8,9,10,11,12,13,14,15\n\t"
			 "mov x2, #0x2000 + \\n\n\t"
			 "fmov d\\n, x2\n\t"
			 ".endr\n\t"
			 "blr x1\n\t"
			 "mov x3, #0\n\t"
			 ".irp n,19,20,21,22,23,24,25,26,27,28\n\t"
			 "mov x2, #0x1000 + \\n\n\t"
			 "cmp x2, x\\n\n\t"
			 "cinc x3, x3, ne\n\t"
			 ".endr\n\t"
			 ".irp n,8,9,10,11,12,13,14,15\n\t"
			 "mov x2, #0x2000 + \\n\n\t"
			 "fmov x1, d\\n\n\t"
			 "cmp x2, x1\n\t"
			 "cinc x3, x3, ne\n\t"
			 ".endr\n\t"
			 "ldp x1, x2, [sp], #16\n\t"
			 "cmp x1, x29\n\t"
			 "cinc x3, x3, ne\n\t"
			 "mov x1, sp\n\t"
			 "cmp x1, x2\n\t"
			 "cinc x3, x3, ne\n\t"
			 "mov %[bad], x3\n\t"
			 : "+r"(x0), "+r"(x1), [bad] "=r"(bad)
			 :
			 : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
			   "x13", "x14", "x15", "x16", "x17", "x19", "x20", "x21", "x22", "x23",
			   "x24", "x25", "x26", "x27", "x28", "x30", "v0", "v1", "v2", "v3", "v4",
			   "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15",
			   "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25",
			   "v26", "v27", "v28", "v29", "v30", "v31", "cc", "memory");
	*spoiled = bad;
	return x0;
}
#else
static uint64_t
call_guarded(OsFunction f, uint64_t a, uint64_t *spoiled)
{
	(void)f;
	*spoiled = 0;
	return a;
}
#endif

/* Many values of both files alive across a call of ours, to need all registers: returns the sum of
 * a * k for k = 1 … n, and n conversions to f64 and back. */
static Val
busy(IrFunc *f, Val a, unsigned n, int32_t callee)
{
	Val v[40], d[40], sum = 0;

	for (unsigned k = 0; k < n; k++) {
		v[k] = ir_append(f, 0,
				 (Ins){ .op = IR_MUL,
					.type = IR_I64,
					.arg = { a, ir_const(f, IR_I64, k + 1) } });
		d[k] = ir_append(f, 0, (Ins){ .op = IR_STOF, .type = IR_F64, .arg = { v[k] } });
	}
	Val args[] = { a };
	if (callee >= 0)
		sum = ir_pooled(f, 0, IR_CALL, IR_I64, callee, args, 1);
	for (unsigned k = 0; k < n; k++) {
		Val back = ir_append(f, 0, (Ins){ .op = IR_FTOS, .type = IR_I64, .arg = { d[k] } });
		Val both = ir_append(f, 0,
				     (Ins){ .op = IR_ADD, .type = IR_I64, .arg = { v[k], back } });
		sum = sum ? ir_append(f, 0,
				      (Ins){ .op = IR_ADD, .type = IR_I64, .arg = { sum, both } })
			  : both;
	}
	return sum;
}

static void
test_saved(unsigned n, Quality q, RegSet available)
{
	Unit u;

	unit_start(&u);
	IrFunc *f = new_func(&u, 'L', "L");
	ir_ret(f, 0, busy(f, 1, n, 1));
	f = new_func(&u, 'L', "L");
	ir_ret(f, 0, busy(f, 1, n, -1));
	if (unit_compile(&u, q, available, NULL, NULL)) {
		uint64_t spoiled, sum = call_guarded(unit_entry(&u, 0), 3, &spoiled);
		CHECK_EQ(sum, 2 * 3 * n * (n + 1));
		CHECK_EQ(spoiled, 0);
	}
	unit_end(&u);
}

/* ---- Traps ---- */

static uint64_t trapped_code, trapped_site, trapped_times;
static double
trapped(uint64_t code, uint64_t site)
{
#ifdef __aarch64__
	/* The chain of frames must lead through the thunk to its caller, for debuggers. */
	uint64_t *const *frame = __builtin_frame_address(0);
	CHECK_EQ((*frame)[0], guarded_frame);
	/* Whatever a void function leaves in x0 must not be what the host sees. */
	__asm__ volatile("mov x0, #77" ::: "x0");
#endif
	trapped_code = code;
	trapped_site = site;
	trapped_times++;
	stack_alignment();
	return 77.0;
}

/* entry(a) -> middle(a) -> inner(a): all registers busy; inner traps at site 0 when a < 0, at site
 * 1 when a == 5, at site 2 always when a == 6. */
static void
test_trap(Quality q, RegSet available)
{
	static const struct {
		int64_t a;
		int site;
	} rows[] = { { 3, -1 }, { -1, 0 }, { 5, 1 }, { 4, -1 }, { 6, 2 }, { INT64_MIN, 0 } };
	Unit u;

	unit_start(&u);
	IrFunc *f = new_func(&u, 'L', "L"); /* 0: what the host calls */
	Val args[] = { 1 };
	f->is_entry = true;
	ir_ret(f, 0, ir_pooled(f, 0, IR_CALL, IR_I64, 1, args, 1));
	f = new_func(&u, 'L', "L");
	f->needs_ctx = true;
	ir_ret(f, 0, busy(f, 1, 20, 2));
	f = new_func(&u, 'L', "L");
	f->needs_ctx = true;
	for (int k = 0; k < 3; k++)
		CHECK_EQ(ir_site(u.m, (Site){ TRIVET_TRAP_UNREACHABLE, 2, 10 + (uint32_t)k }), k);
	BlockId dead = ir_block(f), live = ir_block(f);
	ir_append(f, 0,
		  (Ins){ .op = IR_TRAPIF,
			 .cc = CC_SLT,
			 .aux = 0,
			 .arg = { 1, ir_const(f, IR_I64, 0) } });
	ir_append(f, 0,
		  (Ins){ .op = IR_TRAPIF,
			 .cc = CC_EQ,
			 .aux = 1,
			 .arg = { 1, ir_const(f, IR_I64, 5) } });
	ir_br(f, 0, CC_EQ, 1, ir_const(f, IR_I64, 6), dead, live);
	ir_trap(f, dead, 2);
	ir_ret(f, live, 1);
	ir_import(u.m, (Import){ .kind = IMPORT_CODE });
	ir_helper(u.m, HELPER_TRAPPED);
	if (unit_compile(&u, q, available, NULL, (OsFunction)trapped)) {
		for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
			uint64_t spoiled, expected = (uint64_t)rows[k].a * (1 + 20 * 21);
			trapped_times = 0;
			uint64_t got =
				call_guarded(unit_entry(&u, 0), (uint64_t)rows[k].a, &spoiled);
			CHECK_EQ(spoiled, 0);
			CHECK_EQ(got, rows[k].site < 0 ? expected : 0);
			CHECK_EQ(trapped_times, rows[k].site >= 0);
			if (rows[k].site >= 0) {
				CHECK_EQ(trapped_site, rows[k].site);
				CHECK_EQ(trapped_code, (uintptr_t)code_address(u.block));
			}
		}
	}
	unit_end(&u);
}

/* Called by each activation: has it gone below the limit it was checked against? */
static unsigned below_limit;
static void
note_stack(uint64_t limit)
{
	enum { OWN_FRAME = 512 };
	below_limit += (uintptr_t)__builtin_frame_address(0) + OWN_FRAME < limit;
}

/* down(n) = n == 0 ? 0 : down(n - 1) + 1, with `slots` values alive across the call: ends by
 * returning, or by the stack check, never by a fault. */
static void
test_stack(unsigned slots, RegSet available)
{
	OsFunction externs[] = { (OsFunction)note_stack };
	Unit u;
	Val keep[3000];

	unit_start(&u);
	uint32_t note = ir_import(
		u.m, (Import){ .kind = IMPORT_EXTERN, .params = types_of(&u, "L"), .nparams = 1 });
	IrFunc *f = new_func(&u, 'L', "L");
	Val args[] = { 1 };
	f->is_entry = true;
	ir_ret(f, 0, ir_pooled(f, 0, IR_CALL, IR_I64, 1, args, 1));
	f = new_func(&u, 'L', "L");
	f->needs_ctx = f->checks_stack = true;
	f->stack_site = ir_site(u.m, (Site){ TRIVET_TRAP_STACK_OVERFLOW, 1, 1 });
	BlockId done = ir_block(f), deeper = ir_block(f);
	ir_br(f, 0, CC_EQ, 1, ir_const(f, IR_I64, 0), done, deeper);
	ir_ret(f, done, ir_const(f, IR_I64, 0));
	Val context = ir_append(f, deeper, (Ins){ .op = IR_CTX, .type = IR_I64 });
	Val limit = ir_load(f, deeper, MEM_W64, context, 0, CONTEXT_STACK_LIMIT);
	ir_pooled(f, deeper, IR_CALLX, IR_VOID, (int32_t)note, &limit, 1);
	for (unsigned k = 0; k < slots; k++)
		keep[k] = ir_append(f, deeper,
				    (Ins){ .op = IR_MUL,
					   .type = IR_I64,
					   .arg = { 1, ir_const(f, IR_I64, k + 2) } });
	args[0] = ir_append(
		f, deeper,
		(Ins){ .op = IR_SUB, .type = IR_I64, .arg = { 1, ir_const(f, IR_I64, 1) } });
	Val sum = ir_pooled(f, deeper, IR_CALL, IR_I64, 1, args, 1);
	sum = ir_append(
		f, deeper,
		(Ins){ .op = IR_ADD, .type = IR_I64, .arg = { sum, ir_const(f, IR_I64, 1) } });
	for (unsigned k = 0; k < slots; k++)
		sum = ir_append(f, deeper,
				(Ins){ .op = IR_XOR, .type = IR_I64, .arg = { sum, keep[k] } });
	for (unsigned k = 0; k < slots; k++)
		sum = ir_append(f, deeper,
				(Ins){ .op = IR_XOR, .type = IR_I64, .arg = { sum, keep[k] } });
	ir_ret(f, deeper, sum);
	ir_import(u.m, (Import){ .kind = IMPORT_CODE });
	ir_helper(u.m, HELPER_TRAPPED);
	if (unit_compile(&u, QUALITY_OPTIMIZED, available, externs, (OsFunction)trapped)) {
		uint64_t spoiled;
		trapped_times = 0;
		CHECK_EQ(call_guarded(unit_entry(&u, 0), 3, &spoiled), 3);
		CHECK_EQ(trapped_times, 0);
		CHECK_EQ(call_guarded(unit_entry(&u, 0), 1000000, &spoiled), 0);
		CHECK_EQ(trapped_times, 1);
		CHECK_EQ(trapped_site, f->stack_site);
		CHECK_EQ(below_limit, 0);
		CHECK_EQ(spoiled, 0);
	}
	unit_end(&u);
}

/* What the entry thunk puts into the Context. */
static void
test_context(void)
{
	static const uint32_t offsets[] = { CONTEXT_SP, CONTEXT_STACK_LIMIT, CONTEXT_HOST_RAISED,
					    CONTEXT_DEPTH };
	static uint64_t copy[4];
	Unit u;

	unit_start(&u);
	IrFunc *f = new_func(&u, 'V', "");
	f->is_entry = true;
	ir_pooled(f, 0, IR_CALL, IR_VOID, 1, NULL, 0);
	ir_ret(f, 0, 0);
	f = new_func(&u, 'V', "");
	f->needs_ctx = true;
	Val c = ir_append(f, 0, (Ins){ .op = IR_CTX, .type = IR_I64 });
	for (unsigned k = 0; k < 4; k++) {
		Val x = ir_load(f, 0, MEM_W64, c, 0, (int32_t)offsets[k]);
		ir_store(f, 0, MEM_W64, ir_const(f, IR_I64, (uintptr_t)copy), 0, (int32_t)(8 * k),
			 x);
	}
	ir_ret(f, 0, 0);
	ir_import(u.m, (Import){ .kind = IMPORT_CODE });
	ir_helper(u.m, HELPER_TRAPPED);
	if (unit_compile(&u, QUALITY_OPTIMIZED, all, NULL, (OsFunction)trapped)) {
		unit_entry(&u, 0)();
		CHECK(copy[0] % 16 == 0 && copy[0] > (uintptr_t)&u - (1 << 20));
		CHECK_EQ(copy[1], copy[0] - ((1 << 18) - STACK_SLACK));
		CHECK_EQ(copy[2], 0);
		CHECK_EQ(copy[3], 1000); /* and site 0 above it */
	}
	unit_end(&u);
}

int
main(void)
{
	runs = strcmp(os_target_name(), "aarch64-linux") == 0;
	for (unsigned k = 0; k < SIGNATURES; k++) {
		test_called(&signatures[k], QUALITY_OPTIMIZED, all);
		test_called(&signatures[k], QUALITY_BASELINE, starved);
		for (unsigned j = 0; j < SIGNATURES; j++)
			for (unsigned turn = 0; turn < 4; turn++)
				test_passing(&signatures[k], &signatures[j], turn, turn & 1,
					     turn & 2 ? QUALITY_BASELINE : QUALITY_OPTIMIZED,
					     turn == 3 ? starved : all);
	}
	test_far_import(&signatures[7]);
	test_bool();
	for (unsigned n = 1; n <= 40; n += 3) {
		test_saved(n, QUALITY_OPTIMIZED, all);
		test_saved(n, QUALITY_BASELINE, n % 2 ? all : starved);
	}
	test_trap(QUALITY_OPTIMIZED, all);
	test_trap(QUALITY_BASELINE, starved);
	test_stack(0, all);
	test_stack(30, all);
	test_stack(2500, starved); /* frames too large for one immediate */
	test_context();
	CHECK_EQ(misaligned, 0);
	if (!runs)
		printf("compiled and checked, but not run: this is %s\n", os_target_name());
	return check_done();
}
