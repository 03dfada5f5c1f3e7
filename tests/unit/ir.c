/* ir.c - SSA construction, folding, order, verifier, text.
 *
 * Programs are run by the interpreter, from the tree, and by ireval.h, from the IR, before and
 * after each thing that ir/ does to a function: results, traps with their lines and memory must be
 * the same. Arguments: more files of programs with directives to run. */
#include "check.h"

#include "base/num.h"
#include "interp/interp.h"
#include "ir/ir.h"
#include "ireval.h"
#include "lang/lang.h"

/* ---- A program with all that runs it --------------------------------------------------------- */

typedef struct Unit {
	Mem mem;
	Arena arena;
	Program program;
	Bytecode *code;
	OsFunction *externs; /* by FuncId */
	const char *text;
} Unit;

static uint32_t raised, interrupt;

static double
host_twice(double x)
{
	return 2 * x;
}

static bool
host_odd(int32_t x)
{
	return x & 1;
}

static int64_t
host_sum(const int32_t *at, int64_t n, uint32_t more)
{
	int64_t sum = more;

	for (int64_t k = 0; k < n; k++)
		sum += at[k];
	return sum;
}

static void
host_raise(int32_t x)
{
	raised = x > 10;
}

static bool
unit_open(Unit *u, const char *text, size_t n)
{
	static const struct {
		const char *name;
		OsFunction f;
	} host[] = {
		{ "twice", (OsFunction)host_twice },
		{ "odd", (OsFunction)host_odd },
		{ "sum", (OsFunction)host_sum },
		{ "raise", (OsFunction)host_raise },
	};
	Str source = { text, (uint32_t)n };
	Diags diags;
	Text message;

	memset(u, 0, sizeof *u);
	u->text = text;
	mem_init(&u->mem, NULL);
	arena_init(&u->arena, &u->mem);
	diag_init(&diags, &u->arena, STR("test"), source);
	if (program_init(&u->program, &u->arena, STR("test")) != TRIVET_OK ||
	    lang_parse(&u->program, source, &diags) != TRIVET_OK) {
		text_init(&message, &u->arena);
		for (uint32_t i = 0; i < diags.list.n; i++)
			diag_format(&diags, i, &message);
		CHECK_STR("a program with errors", "a good program");
		printf("%.300s\n%s\n", text, message.at ? message.at : "");
		return false;
	}
	u->code = interp_compile(&u->arena, &u->program);
	u->externs = arena_alloc(&u->arena, (u->program.funcs.n + 1) * sizeof *u->externs);
	for (uint32_t k = 0; k < u->program.funcs.n; k++)
		for (size_t h = 0; h < sizeof host / sizeof host[0]; h++)
			if (str_is(u->program.funcs.at[k].name, host[h].name))
				u->externs[k] = host[h].f;
	return CHECK(u->code && u->externs);
}

static void
unit_close(Unit *u)
{
	arena_free(&u->arena);
	CHECK_EQ(u->mem.live, 0);
}

static bool
verify_module(Unit *u, const IrModule *m, const char *when)
{
	Text why;

	for (uint32_t k = 0; k < m->funcs.n; k++) {
		text_init(&why, &u->arena);
		if (!ir_verify(&m->funcs.at[k], &why)) {
			CHECK_STR("an error of the verifier", "none");
			printf("%s: %s\n", when, why.at);
			return false;
		}
	}
	return true;
}

/* ---- One call, both ways --------------------------------------------------------------------- */

typedef struct Outcome {
	trivet_trap trap;
	uint32_t func, line;
	uint64_t value;
	uint64_t memory[8 * 64]; /* the spans, 64 elements each */
} Outcome;

static uint32_t
flatten(const CallSpec *call, uint32_t nparams, uint64_t *memory, uint64_t *flat)
{
	uint32_t n = 0, spans = 0;

	for (uint32_t k = 0; k < nparams; k++) {
		const ConstValue *a = &call->args[k];
		char *at = (char *)(memory + 64 * spans);
		if (!type_is_span(a->type)) {
			flat[n++] = a->bits;
			continue;
		}
		if (a->count > 64 || spans++ == 8)
			return UINT32_MAX;
		for (uint64_t i = 0; i < a->count; i++)
			for (uint32_t b = 0; b < type_size(a->type); b++)
				*at++ = (char)(a->elements[i] >> 8 * b);
		flat[n++] = (uintptr_t)(memory + 64 * (spans - 1));
		flat[n++] = a->count;
	}
	return n;
}

static bool
run_interpreter(Unit *u, const CallSpec *call, Outcome *o)
{
	InterpEnv env = { .mem = &u->mem,
			  .externs = u->externs,
			  .host_raised = &raised,
			  .interrupt = &interrupt,
			  .max_depth = 200,
			  .max_stack = 1 << 24 };
	uint64_t flat[64];
	TrapSite where;

	memset(o, 0, sizeof *o);
	if (flatten(call, u->program.funcs.at[call->func].nparams, o->memory, flat) == UINT32_MAX)
		return false;
	raised = 0;
	interp_call(u->code, &env, call->func, flat, &o->value, &where);
	o->trap = where.trap;
	o->func = where.trap ? where.func : 0;
	o->line = where.trap ? where.line : 0;
	return true;
}

static void
run_ir(Unit *u, const IrModule *m, const CallSpec *call, Outcome *o)
{
	Eval e = { .m = m,
		   .p = &u->program,
		   .externs = u->externs,
		   .host_raised = &raised,
		   .interrupt = &interrupt,
		   .max_depth = 200,
		   .budget = 100000000 };
	uint64_t flat[64];

	memset(o, 0, sizeof *o);
	flatten(call, u->program.funcs.at[call->func].nparams, o->memory, flat);
	raised = 0;
	if (!eval_run(&e, call->func, flat, &o->value) && CHECK(e.trapped && !e.wrong)) {
		const Site *s = &m->sites.at[e.site];
		o->trap = s->trap;
		o->func = s->func;
		o->line = s->line;
		o->value = 0;
	}
}

static void
compare_calls(Unit *u, const IrModule *m, const char *when)
{
	for (uint32_t k = 0; k < u->program.directives.n; k++) {
		const CallSpec *call = &u->program.directives.at[k].call;
		static Outcome a, b;

		if (!run_interpreter(u, call, &a))
			continue;
		run_ir(u, m, call, &b);
		/* addresses are not the same */
		if (CHECK(a.trap == b.trap && a.func == b.func && a.line == b.line &&
			  a.value == b.value && memcmp(a.memory, b.memory, sizeof a.memory) == 0))
			continue;
		printf("%s: %.*s: interpreter %s %u:%u %016" PRIx64 ", IR %s %u:%u %016" PRIx64
		       "\n",
		       when, (int)call->text.n, call->text.at, trap_name(a.trap), a.func, a.line,
		       a.value, trap_name(b.trap), b.func, b.line, b.value);
		if (check_failures < 3)
			printf("%.3000s\n", u->text);
	}
}

/* What ir_print writes, ir_read reads, and ir_print writes the same of it. */
static IrModule *
reread(Unit *u, const IrModule *m)
{
	Text once, again, error;
	IrModule *back;

	text_init(&once, &u->arena);
	text_init(&again, &u->arena);
	text_init(&error, &u->arena);
	ir_print(m, &once);
	back = ir_read(&u->arena, (Str){ once.at, once.n }, &error);
	if (!CHECK(back != NULL)) {
		printf("%s\n%.2000s\n", error.at, once.at);
		return NULL;
	}
	ir_print(back, &again);
	CHECK(once.n == again.n && memcmp(once.at, again.at, once.n) == 0);
	return back;
}

static void
check_order(const IrFunc *f)
{
	uint32_t innermost = 0;

	CHECK(f->order.n > 0 && f->order.at[0] == 0);
	for (uint32_t k = 0; k < f->order.n; k++) {
		const Block *b = &f->blocks.at[f->order.at[k]];
		CHECK_EQ(b->order, k);
		if (b->idom != BLOCK_NONE)
			CHECK(f->blocks.at[b->idom].order < k);
		if (b->loop_depth > innermost)
			innermost = b->loop_depth;
	}
}

/* All stages of one program, with and without polls. */
static void
check_program(const char *text, size_t n)
{
	for (int polls = 0; polls < 2; polls++) {
		IrOptions options = { .interruptible = polls };
		IrModule *m, *back;
		Unit u;

		if (!unit_open(&u, text, n))
			return;
		m = ir_build(&u.arena, &u.program, &options);
		if (CHECK(m != NULL) && verify_module(&u, m, "built")) {
			compare_calls(&u, m, "built");
			back = reread(&u, m);
			for (uint32_t k = 0; k < m->funcs.n; k++) {
				ir_split_critical_edges(&m->funcs.at[k]);
				ir_order(&m->funcs.at[k]);
				check_order(&m->funcs.at[k]);
			}
			if (verify_module(&u, m, "split"))
				compare_calls(&u, m, "split");
			for (uint32_t k = 0; k < m->funcs.n; k++)
				ir_drop_dead(&m->funcs.at[k]);
			if (verify_module(&u, m, "dropped"))
				compare_calls(&u, m, "dropped");
			if (back)
				compare_calls(&u, back, "read");
			reread(&u, m);
		}
		unit_close(&u);
	}
}

/* ---- Programs ------------------------------------------------------------------------------- */

static const char *const programs[] = {
	/* loops, labels, shadowing, reading what a loop does not write */
	"fn sum(n: i64) -> i64 { let s = 0; let i = 0; while i < n { s += i; i += 1; } return s; "
	"}\n"
	"//! sum(10) == 45\n//! sum(-1) == 0\n"
	"fn nest(n: i32, k: i32) -> i32 {\n"
	"	let t = 0i32; let unused = k;\n"
	"	outer: for i in 0..n {\n"
	"		for j in i..n {\n"
	"			if j == k { continue outer; }\n"
	"			if t > 100 { break outer; }\n"
	"			let t2 = t + j * unused; t = t2;\n"
	"			loop { t += 1; if t & 3 == 0 { break; } if t % 5 == 0 { continue "
	"outer; } }\n"
	"		}\n"
	"	}\n"
	"	return t + unused;\n"
	"}\n"
	"//! nest(5, 3)\n//! nest(0, 1)\n//! nest(12, -1)\n//! nest(40, 7)\n"
	"fn count(a: u32, b: u32) -> u32 { let n = 0u32; for i in a..b { i += 1; n += i; } return "
	"n; }\n"
	"//! count(4294967290, 4294967295)\n//! count(7, 3)\n"
	"fn forever(n: i32) -> i32 { let i = 0i32; loop { if i == n { return i; } i += 1; } }\n"
	"//! forever(3)\n"
	"fn never(n: i32) -> i32 { while false { n += 1; } while true { if n > 3 { break; } n += "
	"2; }\n"
	"	return n; }\n"
	"//! never(0)\n",
	/* conditions as control flow and as values */
	"fn c(a: bool, b: bool, x: i32) -> i32 {\n"
	"	let v = a && b || !a && x > 3;\n"
	"	let w = (a || b) && (x < 2 || !(b && x == 5));\n"
	"	if !(v == w) && (a ^ b | v) { x += 10; } else if v { x += 20; } else if w { x -= "
	"1; }\n"
	"	let y = if a && x > 3 { x } else { if b { 1 } else { 2 } };\n"
	"	let t = true && a || false; let z = false && b; let k = (a && true) == (b || "
	"false);\n"
	"	if true || a { y += 100; } if false && a { y += 1000; }\n"
	"	return y + (t as i32) + (z as i32) * 2 + (k as i32) * 4 + select(x > 12, x, y);\n"
	"}\n"
	"//! c(true, true, 1)\n//! c(true, false, 5)\n//! c(false, true, 5)\n//! c(false, false, "
	"4)\n"
	"fn chain(x: i32) -> i32 { if x == 1 { return 10; } else if x == 2 { x = 7; } else if x == "
	"3 {\n"
	"	x += 1; } else { return x; } return x * 2; }\n"
	"//! chain(1)\n//! chain(2)\n//! chain(3)\n//! chain(4)\n",
	/* division */
	"fn d(a: i32, b: i32) -> i32 { return a / b; }\nfn r(a: i32, b: i32) -> i32 { return a % "
	"b; }\n"
	"fn du(a: u64, b: u64) -> u64 { return a / b + a % b; }\n"
	"fn k(a: i64) -> i64 { return a / 7 + a / -1 + a % -1 + a / 1 + a % 1; }\n"
	"fn z(a: i64) -> i64 { if a > 3 { return a; } return a / 0; }\n"
	"fn z2(a: i64) -> i64 { let x = 1 / 0; while a > 0 { a -= x; } return a % 0 + x; }\n"
	"fn one(b: i64) -> i64 { return 5 / b + (-9223372036854775808) / b; }\n"
	"//! d(7, 2)\n//! d(1, 0)\n//! d((-2147483648), -1)\n//! d(5, -1)\n//! d((-2147483648), "
	"1)\n"
	"//! r(7, -2)\n//! r(1, 0)\n//! r((-2147483648), -1)\n//! du(7, 2)\n//! du(7, 0)\n//! "
	"k(100)\n"
	"//! k((-9223372036854775808))\n//! z(5)\n//! z(1)\n//! z2(4)\n//! one(3)\n//! one(-1)\n",
	/* spans */
	"fn f(xs: [i8], ys: [u16], i: i32, j: u64) -> i32 {\n"
	"	xs[i] = ys[j] as i32; ys[j] += 65535;\n"
	"	let s = xs[1..len(xs)]; s[0] += 3; s[i] ^= ys[0] as i32;\n"
	"	return xs[i] + (ys[j] as i32) + (len(s) as i32);\n"
	"}\n"
	"//! f([1, 2, 3], [1000, 2], 1, 0)\n//! f([1, 2, 3], [1000, 2], 2, 0)\n"
	"//! f([1, 2, 3], [1000, 2], -1, 0)\n//! f([1, 2, 3], [1], 0, 1)\n//! f([], [1], 0, 0)\n"
	"//! f([1, 2], [7], 0, 18446744073709551615)\n"
	"fn order(xs: [i64], i: i64) -> i64 { xs[i] = xs[0] / i; xs[i] /= i - 1; return xs[i]; }\n"
	"//! order([9, 8], 1)\n//! order([9, 8], 0)\n//! order([9, 8], 2)\n//! order([9, 8, 7], "
	"2)\n"
	"fn cut(xs: [f64], a: i64, b: i64) -> f64 { let s = xs[a..b]; return s[0]; }\n"
	"//! cut([1.5, 2.5], 1, 2)\n//! cut([1.5], 1, 1)\n//! cut([1.5], -1, 1)\n//! cut([1.5], 1, "
	"0)\n"
	"//! cut([1.5], 0, 2)\n"
	"fn pick(xs: [i32], ys: [i32], n: i64) -> i32 { let t = 0i32; while n > 0 {\n"
	"	if n % 2 == 0 { let a = ys[0..n]; a[0] += 1; t += a[n - 1]; }\n"
	"	else { let a = xs[1..2]; a[0] *= 3; t -= len(a) as i32; } n -= 1; }\n"
	"	return t; }\n"
	"//! pick([1, 2], [3, 4, 5], 0)\n//! pick([1, 2], [3, 4, 5], 3)\n//! pick([1, 2], [3, 4], "
	"4)\n"
	"fn through(xs: [i32], n: i64) -> i32 { return at(xs[n..len(xs)], n); }\n"
	"fn at(xs: [i32], i: i64) -> i32 { return xs[i]; }\n"
	"//! through([1, 2, 3], 1)\n//! through([1, 2, 3], 2)\n//! through([1], 3)\n",
	/* calls: host, recursion, traps below */
	"extern fn twice(f64) -> f64;\nextern fn odd(i32) -> bool;\nextern fn sum([i32], u32) -> "
	"i64;\n"
	"extern fn raise(i32);\n"
	"fn h(x: f64, n: i32, xs: [i32]) -> f64 { if odd(n) { x = twice(x); } raise(n);\n"
	"	return x + (sum(xs, 4000000000) as f64); }\n"
	"//! h(1.5, 3, [1, 2])\n//! h(1.5, 4, [])\n//! h(0.0 - nan, 5, [])\n//! h(1.5, 11, [])\n"
	"fn fib(n: i32) -> i32 { return if n < 2 { n } else { fib(n - 1) + fib(n - 2) }; }\n"
	"fn deep(n: i64) -> i64 {\n	if n == 0 { return 0; }\n	return 1 + deep(n - "
	"1);\n}\n"
	"fn even(n: i32) -> bool { if n == 0 { return true; } return uneven(n - 1); }\n"
	"fn uneven(n: i32) -> bool { if n == 0 { return false; } return even(n - 1); }\n"
	"fn low(n: i32) -> i32 { return 10 / n; }\nfn high(n: i32) -> i32 { low(n); return low(n - "
	"1); }\n"
	"fn plain(n: i32) -> i32 { return n + 1; }\nfn plainer(n: i32) -> i32 { return "
	"plain(plain(n)); }\n"
	"fn nothing() { }\nfn stop(n: i32) { if n > 2 { trap; } nothing(); }\n"
	"//! fib(12)\n//! deep(100)\n//! deep(200)\n//! deep(201)\n//! even(31)\n//! high(3)\n//! "
	"high(1)\n"
	"//! high(0)\n//! plainer(3)\n//! nothing()\n//! stop(1)\n//! stop(3)\n",
	/* numbers */
	"fn i(a: i32, b: i32) -> i32 { return (a << b) + (a >> b) ^ rotl(a, b) - rotr(b, a) + "
	"clz(a)\n"
	"	+ ctz(a) + popcnt(b) + bswap(a) + min(a, b) - max(a, b) + abs(a) + mulhi(a, b) + "
	"~a - -b; }\n"
	"fn u(a: u32, b: u32) -> u32 { return (a << b) + (a >> b) + mulhi(a, b) + min(a, b) * "
	"max(a, b)\n"
	"	+ abs(a) + (if a < b { 1u32 } else { 2u32 }); }\n"
	"fn l(a: i64, b: u64) -> i64 { return mulhi(a, b as i64) + (mulhi(b, a as u64) as i64)\n"
	"	+ (a as i32 as i64) + (a as u32 as i64) + (b as i32 as u64 as i64) + abs(a) + "
	"clz(a); }\n"
	"fn f(a: f64, b: f32) -> f64 { return sqrt(a) + floor(a) * ceil(a) - trunc(a) / "
	"nearest(a)\n"
	"	+ copysign(a, b as f64) + fma(a, a, b as f64) + min(a, -a) + max(a, 0.0) + "
	"abs(-a)\n"
	"	+ (a as f32 as f64) + (a as i32 as f64) + (a as u64 as f64) + (b as u32 as f64); "
	"}\n"
	"fn b(a: f64, c: f32) -> u64 { return bits(a) ^ (bits(c) as u64) ^ bits(from_bits(f64, "
	"bits(-a)) + 1.0)\n"
	"	^ (bits(from_bits(f32, bits(c) + 1u32)) as u64); }\n"
	"fn id(a: f64) -> f64 { return a; }\nfn mone(a: f64) -> f64 { return a * 1.0 - 0.0 + "
	"(-0.0) / 1.0; }\n"
	"fn x(a: f64) -> i32 { return checked_i32(a); }\nfn x2(a: f32) -> i32 { return "
	"checked_i32(a); }\n"
	"fn x3(a: f64) -> u32 { return checked_u32(a); }\nfn x4(a: f32) -> u64 { return "
	"checked_u64(a); }\n"
	"fn x5(a: f64) -> i64 { return checked_i64(a); }\nfn x6(a: f32) -> i64 { return "
	"checked_i64(a); }\n"
	"fn cmp(a: f64, b: f64) -> i32 { return ((a < b) as i32) + ((a <= b) as i32) * 2 + ((a > "
	"b) as i32)\n"
	"	* 4 + ((a >= b) as i32) * 8 + ((a == b) as i32) * 16 + ((a != b) as i32) * 32\n"
	"	+ (if !(a < b) { 64 } else { 0 }) + (if a < b { 128 } else { 0 }) + (if a != b { "
	"256 } else { 0 }); }\n"
	"//! i(123456789, 7)\n//! i((-2147483648), 33)\n//! i(0, 0)\n//! u(4000000000, 3)\n//! "
	"l(-5, 7)\n"
	"//! l((-9223372036854775808), 18446744073709551615)\n//! f(2.5, -1.5)\n//! f(nan, "
	"inf)\n//! f(-0.0, 0.0)\n"
	"//! b(1.5, 2.5)\n//! b(nan, nan)\n//! id(nan)\n//! id(from_bits(f64, "
	"0xfff0000000000001))\n//! mone(-0.0)\n"
	"//! x(-2147483648.9)\n//! x(-2147483649.0)\n//! x(2147483647.9)\n//! x(2147483648.0)\n//! "
	"x(nan)\n"
	"//! x2(-2147483648.0)\n//! x2(-2147483904.0)\n//! x2(2147483520.0)\n//! "
	"x2(2147483648.0)\n//! x2(nan)\n"
	"//! x3(-0.9)\n//! x3(-1.0)\n//! x3(4294967295.9)\n//! x3(4294967296.0)\n//! x4(-0.9)\n//! "
	"x4(-1.0)\n"
	"//! x4(18446742974197923840.0)\n//! x4(18446744073709551616.0)\n//! "
	"x5(-9223372036854775808.0)\n"
	"//! x5(-9223372036854777856.0)\n//! x5(9223372036854774784.0)\n//! "
	"x5(9223372036854775808.0)\n"
	"//! x6(-9223372036854775808.0)\n//! x6(-9223373136366403584.0)\n//! "
	"x6(9223371487098961920.0)\n"
	"//! x6(9223372036854775808.0)\n//! x6(inf)\n//! cmp(1.0, 2.0)\n//! cmp(2.0, 2.0)\n//! "
	"cmp(nan, 2.0)\n",
	/* what construction folds */
	"const K: i64 = 3;\n"
	"fn fold(x: i64) -> i64 { let a = K * 2 + 1; return (x + 1 - 1) * 1 + (x & x) + (x ^ x) + "
	"(x | 0)\n"
	"	+ (x - x) + (x & 0) + (x | -1) + (x ^ -1) + (x << 0) + a + ((x + 5) + 7) + (0 - x) "
	"+ x * 0; }\n"
	"fn same(x: i64) -> i64 { return if x < x { 1 } else { if x >= x { 2 } else { 3 } }; }\n"
	"fn uns(x: u32) -> bool { return x < 0u32 || 0u32 > x || !(x >= 0u32); }\n"
	"fn big(x: i32) -> i32 { let y = 7i32; if y == 7 { return y << 33; } return x; }\n"
	"fn dead(x: i32) -> i32 { return x; x = 3; while x < 5 { x += 1; } trap; }\n"
	"//! fold(12345)\n//! fold(-1)\n//! same(3)\n//! uns(3)\n//! big(1)\n//! dead(4)\n",
};

/* ---- Random programs ------------------------------------------------------------------------ */

typedef struct Random {
	uint64_t state;
	char text[1 << 16];
	size_t n;
	int indent, loops, vars[6]; /* variables of each type in scope: i32 u32 i64 u64 f32 f64 */
} Random;

static const char *const random_types[] = { "i32", "u32", "i64", "u64", "f32", "f64" };

static unsigned
pick(Random *r, unsigned n)
{
	r->state = r->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(r->state >> 33) % n;
}

static void
say(Random *r, const char *format, ...)
{
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(r->text + r->n, sizeof r->text - r->n, format, list);
	va_end(list);
	r->n += (size_t)n < sizeof r->text - r->n ? (size_t)n : 0;
}

static void random_expr(Random *r, unsigned type, int depth);

static void
random_leaf(Random *r, unsigned t)
{
	static const char *const ints[] = { "0",  "1",	 "2",	  "7",	       "31",
					    "33", "100", "65535", "2147483647" };
	static const char *const floats[] = { "0.0",  "1.0", "-0.0", "0.5",
					      "1e10", "inf", "nan",  "-3.75" };

	if (pick(r, 3))
		say(r, "%c%u", "iumwfd"[t], pick(r, (unsigned)r->vars[t]));
	else if (t < 4)
		say(r, "%s%s", ints[pick(r, 9)], random_types[t]);
	else
		say(r, "(%s as %s)", floats[pick(r, 8)], random_types[t]);
}

static void
random_cond(Random *r, int depth)
{
	static const char *const ops[] = { "<", "<=", ">", ">=", "==", "!=" };
	unsigned t = pick(r, 6);

	if (depth > 0 && pick(r, 3) == 0) {
		say(r, pick(r, 3) ? "(" : "!(");
		random_cond(r, depth - 1);
		say(r, pick(r, 2) ? " && " : " || ");
		random_cond(r, depth - 1);
		say(r, ")");
		return;
	}
	if (pick(r, 8) == 0) {
		say(r, "flag");
		return;
	}
	say(r, "(");
	random_expr(r, t, depth - 1);
	say(r, " %s ", ops[pick(r, 6)]);
	random_expr(r, t, depth - 1);
	say(r, ")");
}

static void
random_operator(Random *r, unsigned t, int depth)
{
	static const char *const ints[] = { "+", "-", "*", "&", "|", "^", "<<", ">>", "/", "%" };
	static const char *const floats[] = { "+", "-", "*", "/" };

	say(r, "(");
	random_expr(r, t, depth - 1);
	say(r, " %s ", t < 4 ? ints[pick(r, pick(r, 4) ? 8 : 10)] : floats[pick(r, 4)]);
	random_expr(r, t, depth - 1);
	say(r, ")");
}

static void
random_call(Random *r, unsigned t, int depth)
{
	static const char *const ints[] = { "min", "max", "rotl", "mulhi" };
	static const char *const floats[] = { "min", "max", "copysign" };

	say(r, "%s(", t < 4 ? ints[pick(r, 4)] : floats[pick(r, 3)]);
	random_expr(r, t, depth - 1);
	say(r, ", ");
	random_expr(r, t, depth - 1);
	say(r, ")");
}

static void
random_expr(Random *r, unsigned t, int depth)
{
	if (depth <= 0) {
		random_leaf(r, t);
		return;
	}
	switch (pick(r, 8)) {
	case 0: random_leaf(r, t); break;
	case 1:
		say(r, "(");
		random_expr(r, pick(r, 6), depth - 1);
		say(r, " as %s)", random_types[t]);
		break;
	case 2:
		say(r, "(if ");
		random_cond(r, depth - 1);
		say(r, " { ");
		random_expr(r, t, depth - 1);
		say(r, " } else { ");
		random_expr(r, t, depth - 1);
		say(r, " })");
		break;
	case 3: random_call(r, t, depth); break;
	case 4:
		if (t == 0 || t == 5) {
			say(r, "%s[", t ? "ys" : "xs");
			random_expr(r, pick(r, 4), 0);
			say(r, " & 7]");
			break;
		}
		random_operator(r, t, depth);
		break;
	default: random_operator(r, t, depth); break;
	}
}

static void random_block(Random *r, int depth);

static void
random_loop(Random *r, int depth)
{
	int label = r->loops++;

	if (pick(r, 2)) {
		say(r, "l%d: for k%d in 0..", label, label);
		random_leaf(r, 0);
		say(r, " & 7 {\n");
	} else {
		say(r, "let k%d = 0;\nl%d: while k%d < 5 && ", label, label, label);
		random_cond(r, 1);
		say(r, " {\nk%d += 1;\n", label);
	}
	random_block(r, depth - 1);
	if (pick(r, 2)) {
		say(r, "if ");
		random_cond(r, 1);
		say(r, " { %s l%u; }\n", pick(r, 2) ? "break" : "continue", (unsigned)label);
		random_block(r, depth - 1);
	}
	say(r, "}\n");
}

static void
random_statement(Random *r, int depth)
{
	unsigned t = pick(r, 6), n = (unsigned)r->vars[t];

	switch (pick(r, depth > 0 ? 8 : 4)) {
	case 0:
		say(r, "let %c%u: %s = ", "iumwfd"[t], n, random_types[t]);
		random_expr(r, t, 3);
		say(r, ";\n");
		r->vars[t]++;
		break;
	case 1:
		say(r, "xs[");
		random_leaf(r, 3);
		say(r, " & %d] = ", pick(r, 10) ? 7 : 15);
		random_expr(r, 0, 2);
		say(r, ";\nys[2] += ");
		random_expr(r, 5, 2);
		say(r, ";\n");
		break;
	case 2:
	case 3:
		say(r, "%c%u = ", "iumwfd"[t], pick(r, n));
		random_expr(r, t, 3);
		say(r, ";\n");
		break;
	case 4:
	case 5:
		say(r, "if ");
		random_cond(r, 2);
		say(r, " {\n");
		random_block(r, depth - 1);
		if (pick(r, 12) == 0)
			say(r, "return i0 as i64;\n");
		say(r, pick(r, 2) ? "} else {\n" : "} else if flag {\n");
		random_block(r, depth - 1);
		say(r, "}\n");
		break;
	default: random_loop(r, depth); break;
	}
}

static void
random_block(Random *r, int depth)
{
	int vars[6];

	memcpy(vars, r->vars, sizeof vars);
	for (unsigned k = 1 + pick(r, 3); k > 0; k--)
		random_statement(r, depth);
	memcpy(r->vars, vars, sizeof vars);
}

static void
random_program(Random *r, uint64_t seed)
{
	r->state = seed * 977 + 1;
	r->n = 0;
	r->loops = 0;
	for (int t = 0; t < 6; t++)
		r->vars[t] = 1;
	pick(r, 2);
	say(r, "fn t(i0: i32, u0: u32, m0: i64, w0: u64, f0: f32, d0: f64, flag: bool, xs: [i32], "
	       "ys: [f64])"
	       " -> i64 {\n");
	for (int k = 0; k < 6; k++)
		random_statement(r, 3);
	say(r, "return (i0 as i64) ^ (u0 as i64) + m0 * (w0 as i64) - (bits(f0) as i64) ^ "
	       "(bits(d0) as i64)"
	       " + (flag as i64);\n}\n");
	for (int k = 0; k < 4; k++)
		say(r, "//! t(%d, %u, %d, %u, %d.5, %s, %s, [1, 2, 3, 4, 5, 6, 7, 8], [0.5; 8])\n",
		    (int)pick(r, 100) - 50, pick(r, 1u << 31), (int)pick(r, 1u << 30), pick(r, 40),
		    (int)pick(r, 9), k == 3 ? "nan" : "-1.25", pick(r, 2) ? "true" : "false");
}

static void
check_random(unsigned count)
{
	static Random r;

	for (unsigned k = 0; k < count && check_failures == 0; k++) {
		random_program(&r, k);
		if (r.n + 1000 < sizeof r.text)
			check_program(r.text, r.n);
	}
}

/* ---- Large inputs --------------------------------------------------------------------------- */

static char *big;
static size_t big_n;
enum { BIG_ROOM = 8 << 20 };

static void
add(const char *format, ...)
{
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(big + big_n, BIG_ROOM - big_n, format, list);
	va_end(list);
	big_n += (size_t)n;
}

static void
check_big(void)
{
	check_program(big, big_n);
	big_n = 0;
}

static void
check_large(void)
{
	big = malloc(BIG_ROOM);
	if (!CHECK(big != NULL))
		return;
	add("fn f(x: i64) -> i64 { return x");
	for (int k = 0; k < 100000; k++)
		add(k % 3 ? " + x" : " - %d", k);
	add("; }\n//! f(3)\n");
	check_big();

	add("fn f(x: i64) -> bool { return x > 0");
	for (int k = 0; k < 50000; k++)
		add(" && x != %d", k + 5);
	add("; }\n//! f(3)\n//! f(7)\nfn g(x: i64) -> i64 { if x < 0");
	for (int k = 0; k < 50000; k++)
		add(" || x == %d", k + 5);
	add(" { return 1; } return 0; }\n//! g(3)\n//! g(7)\n");
	check_big();

	add("fn f(x: i64) -> i64 {\n");
	for (int k = 0; k < 5000; k++)
		add("let v%d = x + %d;\n", k, k);
	for (int k = 0; k < 10000; k++)
		add("if x > %d { v%d += 1; }\n", k, k * 7 % 5000);
	add("let s = 0;\n");
	for (int k = 0; k < 5000; k++)
		add("s ^= v%d;\n", k);
	add("return s; }\n//! f(5000)\n");
	check_big();

	add("fn f(x: i64) -> i64 {\nlet s = 0; let t = 0;\n");
	for (int k = 0; k < 5000; k++)
		add("while t < x { t += %d; s += t; }\nt = %d;\n", k + 1, k % 3);
	add("return s; }\n//! f(5)\n");
	check_big();

	add("fn f(x: i64) -> i64 {\n");
	for (int k = 0; k < 5000; k++)
		add("if x == %d { x = %d; } else ", k, k * 3);
	add("{ x = -1; }\nreturn x; }\n//! f(4999)\n//! f(5000)\n");
	check_big();

	add("fn f(x: i64) -> i64 {\nlet s = 0; let y = 1;\nl: loop {\n");
	for (int k = 0; k < 3000; k++)
		add("if x == %d { s += y; break; } if s > %d { continue l; } s += 1;\n", k, k * 2);
	add("x -= 1; if x < 0 { break; } }\nreturn s + y; }\n//! f(2000)\n");
	check_big();

	add("fn f(x: i64) -> i64 {\nlet s = 0;\n");
	for (int k = 0; k < 100; k++)
		add("for k%d in 0..2 { if s > %d { break; }\n", k, k + 30);
	add("s += x;\n");
	for (int k = 0; k < 100; k++)
		add("}\n");
	add("return s; }\n//! f(1)\n");
	check_big();

	for (int k = 0; k < 500; k++)
		add("fn g%d(x: i64) -> i64 { return g%d(x + 1) ^ 1; }\n", k, k + 1);
	add("fn g500(x: i64) -> i64 { return x; }\n//! g0(3)\n//! g400(3)\n");
	check_big();
	free(big);
}

/* ---- Memory running out ---------------------------------------------------------------------- */

typedef struct Scarce {
	unsigned left;
} Scarce;

static void *
scarce_resize(void *user, void *p, size_t old_size, size_t size)
{
	Scarce *s = user;

	(void)old_size;
	if (size == 0) {
		free(p);
		return NULL;
	}
	return s->left-- ? realloc(p, size) : NULL;
}

/* Small chunks, so that there are many allocations to fail. */
static void
use_up(Unit *u, unsigned n, bool *done)
{
	Scarce scarce = { n };
	trivet_allocator host = { scarce_resize, &scarce };
	IrOptions options = { .interruptible = true };
	Mem mem;
	Arena arena;
	IrModule *m;
	Text text, again;

	mem_init(&mem, &host);
	arena_init(&arena, &mem);
	m = ir_build(&arena, &u->program, &options);
	if (m) {
		CHECK(!mem.failed);
		for (uint32_t k = 0; k < m->funcs.n; k++) {
			ir_split_critical_edges(&m->funcs.at[k]);
			ir_order(&m->funcs.at[k]);
			if (!mem.failed)
				ir_drop_dead(&m->funcs.at[k]);
		}
		text_init(&text, &arena);
		text_init(&again, &arena);
		if (!mem.failed)
			ir_print(m, &text);
		if (!mem.failed)
			CHECK(ir_read(&arena, (Str){ text.at, text.n }, &again) || mem.failed);
	} else {
		CHECK(mem.failed);
	}
	*done = !mem.failed;
	arena_free(&arena);
	CHECK_EQ(mem.live, 0);
}

static void
check_no_memory(void)
{
	for (size_t k = 0; k < sizeof programs / sizeof programs[0]; k++) {
		bool done = false;
		Unit u;

		if (!unit_open(&u, programs[k], strlen(programs[k])))
			return;
		for (unsigned n = 0; !done && n < 5000; n++)
			use_up(&u, n, &done);
		CHECK(done);
		unit_close(&u);
	}
}

/* ---- Made by hand ---------------------------------------------------------------------------- */

typedef struct Hand {
	Mem mem;
	Arena arena;
	IrModule *m;
	IrFunc *f;
} Hand;

static void
hand_open(Hand *h)
{
	static const uint8_t params[] = { IR_I64, IR_I32, IR_F64 };

	mem_init(&h->mem, NULL);
	arena_init(&h->arena, &h->mem);
	h->m = ir_module(&h->arena);
	h->f = ir_func(h->m);
	h->f->params = params;
	h->f->nparams = 3;
	h->f->result = IR_I64;
	h->f->needs_ctx = true;
	h->f->name = STR("hand");
	for (int k = 0; k < 3; k++)
		ir_append(h->f, 0, (Ins){ .op = IR_PARAM, .type = params[k], .aux = k });
}

static void
check_consing(void)
{
	Hand h;
	IrFunc *f;
	Val x, y, sum;
	BlockId b;

	hand_open(&h);
	f = h.f;
	x = 1;
	y = ir_ins(f, 0, IR_SEXT32, IR_I64, 2, 0);
	sum = ir_ins(f, 0, IR_ADD, IR_I64, x, y);
	CHECK_EQ(ir_ins(f, 0, IR_ADD, IR_I64, y, x), sum);
	CHECK_EQ(ir_ins(f, 0, IR_SUB, IR_I64, x, y) == ir_ins(f, 0, IR_SUB, IR_I64, y, x), 0);
	CHECK_EQ(ir_const(f, IR_I32, UINT64_C(0x100000001)), ir_const(f, IR_I32, 1));
	CHECK_EQ(ir_const(f, IR_I32, 1) == ir_const(f, IR_I64, 1), 0);
	CHECK_EQ(ir_const_bits(f, ir_const(f, IR_F64, UINT64_MAX)), NUM_NAN64);
	b = ir_block(f);
	ir_jmp(f, 0, b);
	CHECK(ir_ins(f, b, IR_ADD, IR_I64, x, y) != sum);
	/* before the terminator */
	CHECK_EQ(ir_ins(f, 0, IR_ADD, IR_I64, x, y), sum);
	y = ir_ins(f, 0, IR_MUL, IR_I64, x, sum);
	CHECK_EQ(f->ins.at[y].next, f->blocks.at[0].last);
	/* forgotten when removed, also after the table has grown */
	ir_remove(f, y);
	sum = ir_ins(f, 0, IR_MUL, IR_I64, x, sum);
	CHECK(sum != y);
	for (unsigned k = 0; k < 1000; k++)
		ir_const(f, IR_I64, k * 12345);
	for (unsigned k = 0; k < 1000; k++)
		CHECK_EQ(ir_const_bits(f, ir_const(f, IR_I64, k * 12345)), k * 12345);
	CHECK(f->ins.n < 1100);
	ir_ret(f, b, sum);
	{
		Text why;
		text_init(&why, &h.arena);
		CHECK(ir_verify(f, &why));
		ir_ins(f, 0, IR_ADD, IR_I64, x, ir_ins(f, b, IR_ADD, IR_I64, x, x));
		CHECK(!ir_verify(f, &why));
	}
	arena_free(&h.arena);
}

static void
check_sites_and_imports(void)
{
	Hand h;

	hand_open(&h);
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t k = 0; k < 1000; k++)
			CHECK_EQ(ir_site(h.m, (Site){ TRIVET_TRAP_HOST, k % 10, k }), k);
	CHECK_EQ(ir_helper(h.m, HELPER_FMA32), 0);
	CHECK_EQ(ir_helper(h.m, HELPER_FMA64), 1);
	CHECK_EQ(ir_helper(h.m, HELPER_FMA32), 0);
	CHECK_EQ(h.m->imports.at[0].nparams, 3);
	CHECK_EQ(h.m->imports.at[0].result, IR_F32);
	arena_free(&h.arena);
}

static void
check_codes(void)
{
	for (unsigned cc = 0; cc < CC_COUNT; cc++) {
		CHECK_EQ(cc_negated[cc_negated[cc]], cc);
		CHECK_EQ(cc_swapped[cc_swapped[cc]], cc);
		CHECK_EQ(cc_swapped[cc_negated[cc]], cc_negated[cc_swapped[cc]]);
	}
}

/* ---- Texts ---------------------------------------------------------------------------------- */

/* Each is wrong, and the message says this. */
static const struct {
	const char *text, *message;
} wrong_texts[] = {
	{ "nonsense", "line 1: expected import, site or func" },
	{ "import #1 code", "line 1: expected slots in order" },
	{ "import #0 helper nobody void()", "line 1: expected a helper" },
	{ "site s0 sadness source 0 line 1", "line 1: expected a trap" },
	{ "func f0 a void() source 0 line 1 entry f0 {\n}\n", "b0 of a: empty" },
	{ "func f0 a void() source 0 line 1 entry f0 {\n", "line 2: expected '}'" },
	{ "func f0 a void() source 0 line 1 entry f0 {\nret\n}\n", "line 2: expected a block" },
	{ "func f0 a void() source 0 line 1 entry f0 {\nb0:\n\tv1 = const.i32 "
	  "4294967296\n\tret\n}\n",
	  "line 3: expected a number of 32 bits" },
	{ "func f0 a void() source 0 line 1 entry f0 {\nb0:\n\tv4000000000 = const.i32 "
	  "1\n\tret\n}\n",
	  "line 2: expected smaller numbers of values" },
	{ "func f0 a void() source 0 line 1 entry f0 {\nb0:\n\tjmp b4000000000\n}\n",
	  "line 3: expected a block" },
	{ "func f0 a void() source 0 line 1 entry f0 {\nb0:\n\tv1 = const.i32 1\n\tv1 = const.i32 "
	  "2\n"
	  "\tret\n}\n",
	  "line 4: expected a new value" },
	{ "func f0 a i32() source 0 line 1 entry f0 {\nb0:\n\tv1 = add.i32 v1, v1\n\tret v1\n}\n",
	  "v1 of a (ADD): an operand is used where it is not known" },
	{ "func f0 a i32() source 0 line 1 entry f0 {\nb0:\n\tret\n}\n",
	  "v1 of a (RET): returns another type" },
	{ "func f0 a i32() source 0 line 1 entry f0 {\nb0:\n\tjmp b1\nb1:\n\tret\n}\n",
	  "a: a successor does not have its predecessor" },
	{ "func f0 a void() source 0 line 1 entry f0 {\nb0:\n\tret\n\tret\n}\n",
	  "v1 of a (RET): a terminator that is not last" },
	{ "func f0 a void() source 0 line 1 entry f0 {\nb0:\n\tv1 = ctx.i64\n\tret\n}\n",
	  "v1 of a (CTX): function has no context" },
	{ "func f0 a i32(i64) source 0 line 1 entry f0 {\nb0:\n\tv1 = param.i64 0\n\tv2 = add.i32 "
	  "v1, v1\n"
	  "\tret v2\n}\n",
	  "v2 of a (ADD): operand of another type" },
	{ "func f0 a void(f64) source 0 line 1 entry f0 {\nb0:\n\tv1 = param.f64 0\n\tbr.slt v1, "
	  "v1, b1, b2\n"
	  "b1: from b0\n\tret\nb2: from b0\n\tret\n}\n",
	  "v2 of a (BR): the condition does not fit the type" },
	{ "func f0 a void() source 0 line 1 entry f0 {\nb0:\n\tcall f7()\n\tret\n}\n",
	  "v1 of a (CALL): there is no such function or import" },
	{ "func f0 a i32(i32) source 0 line 1 entry f0 {\nb0:\n\tv1 = param.i32 0\n\tjmp b1\n"
	  "b1: from b0\n\tv2 = phi.i32 v1, v1\n\tret v2\n}\n",
	  "v2 of a (PHI): not one operand per predecessor" },
};

static void
check_wrong_texts(void)
{
	for (size_t k = 0; k < sizeof wrong_texts / sizeof wrong_texts[0]; k++) {
		Mem mem;
		Arena arena;
		Text error;

		mem_init(&mem, NULL);
		arena_init(&arena, &mem);
		text_init(&error, &arena);
		CHECK(!ir_read(&arena,
			       (Str){ wrong_texts[k].text, (uint32_t)strlen(wrong_texts[k].text) },
			       &error));
		CHECK_STR(error.at, wrong_texts[k].message);
		arena_free(&arena);
	}
}

/* Bytes of a good text changed, dropped, doubled: an answer, and no harm. */
static void
check_mangled_texts(void)
{
	static char bytes[1 << 15];
	Random *r = calloc(1, sizeof *r);
	IrOptions options = { 0 };
	Text text, error;
	IrModule *m;
	Unit u;

	if (!CHECK(r != NULL) || !unit_open(&u, programs[0], strlen(programs[0])))
		return;
	m = ir_build(&u.arena, &u.program, &options);
	text_init(&text, &u.arena);
	ir_print(m, &text);
	for (unsigned round = 0; round < 1500 && CHECK(text.n < sizeof bytes); round++) {
		Mem mem;
		Arena arena;
		uint32_t n = text.n, at = pick(r, n), most = 1 + pick(r, 40);

		memcpy(bytes, text.at, n);
		switch (round % 4) {
		case 0: bytes[at] = (char)pick(r, 256); break;
		case 1: bytes[at] = "0123456789vbfs#,;[]\n"[pick(r, 20)]; break;
		case 2:
			most = most < n - at ? most : n - at;
			memmove(bytes + at, bytes + at + most, n - at - most);
			n -= most;
			break;
		default: n = at; break;
		}
		mem_init(&mem, NULL);
		arena_init(&arena, &mem);
		text_init(&error, &arena);
		if (!ir_read(&arena, (Str){ bytes, n }, &error))
			CHECK(error.n > 0);
		arena_free(&arena);
		CHECK_EQ(mem.live, 0);
	}
	unit_close(&u);
	free(r);
}

/* ---- Shapes --------------------------------------------------------------------------------- */

static void
check_text(const char *source, const char *expected)
{
	IrOptions options = { 0 };
	Text text;
	IrModule *m;
	Unit u;

	if (!unit_open(&u, source, strlen(source)))
		return;
	m = ir_build(&u.arena, &u.program, &options);
	text_init(&text, &u.arena);
	if (CHECK(m != NULL)) {
		for (uint32_t k = 0; k < m->funcs.n; k++)
			ir_drop_dead(&m->funcs.at[k]);
		ir_print(m, &text);
		CHECK_STR(text.at, expected);
	}
	unit_close(&u);
}

static void
check_shapes(void)
{
	check_text("fn f(a: i32) -> bool { return a > 3 && true || false; }\n",
		   "func f0 f i32(i32) source 0 line 1 entry f0 {\n"
		   "b0:\n"
		   "	v5 = const.i32 0\n"
		   "	v4 = const.i32 1\n"
		   "	v2 = const.i32 3\n"
		   "	v1 = param.i32 0 @1\n"
		   "	br.sgt v1, v2, b3, b1 @1\n"
		   "b1: from b0\n"
		   "	jmp b2 @1\n"
		   "b2: from b3, b1\n"
		   "	v8 = phi.i32 v4, v5\n"
		   "	ret v8 @1\n"
		   "b3: from b0\n"
		   "	jmp b2 @1\n"
		   "}\n");
}

/* ---- Files of tests/ir/ ---------------------------------------------------------------------- */

static bool
read_file(const char *name, char *bytes, size_t room)
{
	FILE *file = fopen(name, "rb");
	size_t n;

	if (!CHECK(file != NULL)) {
		printf("cannot open %s\n", name);
		return false;
	}
	n = fread(bytes, 1, room - 1, file);
	fclose(file);
	bytes[n] = '\0';
	return true;
}

/* A good text, with every operation in it. */
static void
check_every_operation(void)
{
	static char bytes[1 << 15];
	bool seen[IR_OP_COUNT] = { [IR_NOP] = true };
	Mem mem;
	Arena arena;
	Text error, text;
	IrModule *m;
	const char *body;

	mem_init(&mem, NULL);
	arena_init(&arena, &mem);
	text_init(&error, &arena);
	text_init(&text, &arena);
	if (!read_file("tests/ir/every_operation.ir", bytes, sizeof bytes))
		return;
	body = strchr(bytes, '\n') + 1;
	m = ir_read(&arena, (Str){ bytes, (uint32_t)strlen(bytes) }, &error);
	if (CHECK(m != NULL)) {
		ir_print(m, &text);
		CHECK_STR(text.at, body);
		for (uint32_t k = 0; k < m->funcs.n; k++)
			for (Val v = 0; v < m->funcs.at[k].ins.n; v++)
				seen[m->funcs.at[k].ins.at[v].op] = true;
		for (unsigned op = 0; op < IR_OP_COUNT; op++)
			if (!CHECK(seen[op]))
				printf("%s is missing\n", ir_op_info[op].name);
		ir_order(&m->funcs.at[0]); /* b0, the loop, its exit, the trap */
		CHECK(m->funcs.at[0].order.n == 5 && m->funcs.at[0].order.at[1] == 2 &&
		      m->funcs.at[0].order.at[2] == 3 && m->funcs.at[0].order.at[3] == 1 &&
		      m->funcs.at[0].order.at[4] == 5);
		CHECK(m->funcs.at[0].blocks.at[3].loop_depth == 1 &&
		      m->funcs.at[0].blocks.at[5].loop_depth == 0);
	} else {
		printf("%s\n", error.at);
	}
	arena_free(&arena);
}

/* What construction makes of NAME.tv is in NAME.ir. */
static void
check_lowering(const char *name, bool write)
{
	static char source[1 << 15], expected[1 << 16];
	IrOptions options = { 0 };
	char path[100];
	IrModule *m;
	Text text;
	Unit u;

	snprintf(path, sizeof path, "tests/ir/%s.tv", name);
	if (!read_file(path, source, sizeof source) || !unit_open(&u, source, strlen(source)))
		return;
	m = ir_build(&u.arena, &u.program, &options);
	text_init(&text, &u.arena);
	for (uint32_t k = 0; m && k < m->funcs.n; k++)
		ir_drop_dead(&m->funcs.at[k]);
	if (CHECK(m != NULL))
		ir_print(m, &text);
	snprintf(path, sizeof path, "tests/ir/%s.ir", name);
	if (write) {
		FILE *file = fopen(path, "wb");
		if (CHECK(file != NULL)) {
			fwrite(text.at, 1, text.n, file);
			fclose(file);
		}
	} else if (read_file(path, expected, sizeof expected)) {
		if (!CHECK_STR(text.at, expected))
			printf("%s: if the new one is right, run this test with --write\n", path);
	}
	unit_close(&u);
}

/* ---- Interrupting ---------------------------------------------------------------------------- */

static void
check_interrupt(void)
{
	static const char text[] =
		"fn turn(n: i64) -> i64 {\n	let i = 0;\n	while i < n {\n		i += "
		"1;\n	}\n"
		"	return i;\n}\n"
		"fn call(n: i64) -> i64 { return\n turn(n); }\n"
		"fn straight(n: i64) -> i64 { return n + 1; }\n"
		"fn each(n: i64) -> i64 { let s = n;\n for i in 0..n {\n s += i; } return s; }\n"
		"//! turn(3)\n//! call(3)\n//! straight(3)\n//! each(3)\n//! each(0)\n";
	IrOptions options = { .interruptible = true };
	IrModule *m;
	Unit u;

	if (!unit_open(&u, text, strlen(text)))
		return;
	m = ir_build(&u.arena, &u.program, &options);
	for (interrupt = 0; interrupt < 2 && CHECK(m != NULL); interrupt++)
		compare_calls(&u, m, interrupt ? "interrupted" : "not interrupted");
	interrupt = 0;
	unit_close(&u);
}

static void
check_file(const char *name)
{
	static char bytes[1 << 20];
	unsigned long before = check_failures;

	if (read_file(name, bytes, sizeof bytes))
		check_program(bytes, strlen(bytes));
	if (check_failures > before)
		printf("%s\n", name);
}

int
main(int argc, char **argv)
{
	static const char *const lowering[] = { "calls", "guards", "loops", "spans" };
	bool write = argc == 2 && strcmp(argv[1], "--write") == 0;

	check_codes();
	check_consing();
	check_sites_and_imports();
	check_wrong_texts();
	for (size_t k = 0; k < sizeof programs / sizeof programs[0]; k++)
		check_program(programs[k], strlen(programs[k]));
	check_mangled_texts();
	check_shapes();
	check_every_operation();
	for (size_t k = 0; k < sizeof lowering / sizeof lowering[0]; k++)
		check_lowering(lowering[k], write);
	check_interrupt();
	check_random(150);
	check_no_memory();
	check_large();
	for (int k = 1; k < argc && !write; k++)
		check_file(argv[k]);
	return check_done();
}
