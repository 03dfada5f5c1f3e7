/* interp_ops.c - the interpreter's operations, loops and expressions against op_eval. */
#include "interp_unit.h"

/* ---- Values worth trying -------------------------------------------------------------------- */

static const uint64_t int_values[] = {
	0,
	1,
	2,
	3,
	7,
	8,
	10,
	31,
	32,
	33,
	63,
	64,
	100,
	127,
	0x7ffe,
	0x8000,
	0x7ffffffe,
	0x7fffffff,
	0x80000000,
	0x80000001,
	0xfffffffe,
	0xffffffff,
	0x100000000,
	0x123456789abcdef0,
	0x7ffffffffffffffe,
	0x7fffffffffffffff,
	0x8000000000000000,
	0x8000000000000001,
	0xffffffff80000000,
	0xffffffff7fffffff,
	0xfffffffffffffff9,
	0xfffffffffffffffe,
	0xffffffffffffffff,
};

static const uint64_t f32_values[] = {
	0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff, 0x00800000, 0x3f800000,
	0xbf800000, 0x3f000000, 0xbf000000, 0x3effffff, 0x3fc00000, 0x40200000, 0xc0200000,
	0xbf7fffff, 0x40490fdb, 0x4b000001, 0x4effffff, 0x4f000000, 0xcf000000, 0xcf000001,
	0x4f7fffff, 0x4f800000, 0x5effffff, 0x5f000000, 0xdf000000, 0xdf000001, 0x5f7fffff,
	0x5f800000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000,
	0x7f800001, 0xffbfffff, 0x7fc12345,
};

static const uint64_t f64_values[] = {
	0x0000000000000000, 0x8000000000000000, 0x0000000000000001, 0x8000000000000001,
	0x000fffffffffffff, 0x0010000000000000, 0x3ff0000000000000, 0xbff0000000000000,
	0x3fe0000000000000, 0xbfe0000000000000, 0x3fdfffffffffffff, 0x3ff8000000000000,
	0x4004000000000000, 0xc004000000000000, 0xbfefffffffffffff, 0x400921fb54442d18,
	0x41dfffffffc00000, 0x41dfffffffffffff, 0x41e0000000000000, 0xc1e0000000000000,
	0xc1e00000001fffff, 0xc1e0000000200000, 0x41efffffffe00000, 0x41f0000000000000,
	0x4330000000000001, 0x43dfffffffffffff, 0x43e0000000000000, 0xc3e0000000000000,
	0xc3e0000000000001, 0x43efffffffffffff, 0x43f0000000000000, 0x47efffffefffffff,
	0x47effffff0000000, 0x7fefffffffffffff, 0x7ff0000000000000, 0xfff0000000000000,
	0x7ff8000000000000, 0xfff8000000000000, 0x7ff0000000000001, 0xfff7ffffffffffff,
};

enum { VALUES_MAX = 48 };

static uint64_t random_state = 88172645463325252u;

static uint64_t
random_bits(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Edge cases of the type, then a few random ones. */
static uint32_t
values_of(trivet_type t, uint64_t out[VALUES_MAX])
{
	const uint64_t *from = t == TRIVET_F32	 ? f32_values
			       : t == TRIVET_F64 ? f64_values
						 : int_values;
	uint32_t n = t == TRIVET_BOOL  ? 2
		     : t == TRIVET_F32 ? COUNT(f32_values)
		     : t == TRIVET_F64 ? COUNT(f64_values)
				       : COUNT(int_values);

	memcpy(out, from, n * sizeof *out);
	if (t != TRIVET_BOOL)
		for (int i = 0; i < 5; i++)
			out[n++] = random_bits();
	if (!type_is_wide(t))
		for (uint32_t i = 0; i < n; i++)
			out[i] = (uint32_t)out[i];
	return n;
}

/* ---- Operations ----------------------------------------------------------------------------- */

/* `a op b` as text. */
static void
expression(Text *t, Op op, trivet_type to, const char *a, const char *b, const char *c)
{
	const OpInfo *info = &op_info[op];

	if (op == OP_CAST)
		text_addf(t, "(%s as %s)", a, type_name(to));
	else if (op == OP_CHECKED)
		text_addf(t, "checked_%s(%s)", type_name(to), a);
	else if (op == OP_FROM_BITS)
		text_addf(t, "from_bits(%s, %s)", type_name(to), a);
	else if (info->form == FORM_BINARY)
		text_addf(t, "(%s %s %s)", a, info->text, b);
	else if (info->form == FORM_UNARY)
		text_addf(t, "%s%s", info->text, a);
	else if (info->arity == 1)
		text_addf(t, "%s(%s)", info->text, a);
	else if (info->arity == 2)
		text_addf(t, "%s(%s, %s)", info->text, a, b);
	else
		text_addf(t, "%s(%s, %s, %s)", info->text, a, b, c);
}

/* The functions of one operation: f0 is it, f1 assigns over its first operand, f2 over its last,
 * f3 … use a comparison as a condition; k0 … have a literal as their second operand. */
static void
write_functions(Text *t, Op op, trivet_type from, trivet_type to)
{
	bool select = op == OP_SELECT;
	const char *type = type_name(from), *result = type_name(to);
	uint32_t arity = op_info[op].arity;
	uint64_t k[VALUES_MAX];
	uint32_t n = values_of(from, k);
	const char *head = "fn f%d(a: %s, b: %s, c: %s) -> %s { ";

#define HEAD(i) text_addf(t, head, i, select ? "bool" : type, type, type, result)
	HEAD(0);
	text_addf(t, "return ");
	expression(t, op, to, "a", "b", "c");
	text_addf(t, "; }\n");
	if (from == to && !select) {
		HEAD(1);
		text_addf(t, "a = ");
		expression(t, op, to, "a", "b", "c");
		text_addf(t, "; return a; }\n");
	}
	if (from == to && arity > 1) {
		const char *last = arity == 2 ? "b" : "c";

		HEAD(2);
		text_addf(t, "%s = ", last);
		expression(t, op, to, "a", "b", "c");
		text_addf(t, "; return %s; }\n", last);
	}
	if (to == TRIVET_BOOL && op != OP_CAST) {
		HEAD(3);
		text_addf(t, "if ");
		expression(t, op, to, "a", "b", "c");
		text_addf(t, " { return true; } return false; }\n");
		HEAD(4);
		text_addf(t, "if !(");
		expression(t, op, to, "a", "b", "c");
		text_addf(t, ") { return false; } return true; }\n");
		HEAD(5);
		text_addf(t, "let r = false; while ");
		expression(t, op, to, "a", "b", "c");
		text_addf(t, " { if r { return true; } r = true; } return false; }\n");
		HEAD(6);
		text_addf(t, "let r = false; if c == c && ");
		expression(t, op, to, "a", "b", "c");
		text_addf(t, " || c != c && ");
		expression(t, op, to, "a", "b", "c");
		text_addf(t, " { r = true; } return r; }\n");
	}
	if (to == TRIVET_BOOL && op != OP_CAST && !select) {
		HEAD(7);
		text_addf(t, "let r = !");
		expression(t, op, to, "a", "b", "c");
		text_addf(t, "; return !r; }\n");
		HEAD(8);
		text_addf(t, "let r = false; while !");
		expression(t, op, to, "a", "b", "c");
		text_addf(t, " { if r { return false; } r = true; } return true; }\n");
	}
	for (uint32_t i = 0; i < n && arity == 2; i++) {
		char name[16];

		snprintf(name, sizeof name, "K%u", (unsigned)i);
		text_addf(t, "const %s: %s = ", name, type);
		lang_print_value(t, from, k[i], false);
		text_addf(t, ";\nfn k%u(a: %s) -> %s { return ", (unsigned)i, type, result);
		expression(t, op, to, "a", name, "c");
		text_addf(t, "; }\n");
		if (to != TRIVET_BOOL)
			continue;
		text_addf(t, "fn n%u(a: %s) -> bool { let r = !", (unsigned)i, type);
		expression(t, op, to, "a", name, "c");
		text_addf(t, "; return !r; }\nfn q%u(a: %s) -> bool { if ", (unsigned)i, type);
		expression(t, op, to, "a", name, "c");
		text_addf(t, " { return true; } return false; }\nfn j%u(a: %s) -> bool { if !",
			  (unsigned)i, type);
		expression(t, op, to, "a", name, "c");
		text_addf(t,
			  " { return false; } return true; }\n"
			  "fn w%u(a: %s) -> bool { let r = false; while ",
			  (unsigned)i, type);
		expression(t, op, to, "a", name, "c");
		text_addf(t,
			  " { if r { return true; } r = true; } return false; }\n"
			  "fn v%u(a: %s) -> bool { let r = false; while !",
			  (unsigned)i, type);
		expression(t, op, to, "a", name, "c");
		text_addf(t, " { if r { return false; } r = true; } return true; }\n");
	}
#undef HEAD
}

static void
compare_with_reference(Unit *u, const char *name, Op op, trivet_type from, trivet_type to,
		       const uint64_t args[3])
{
	uint64_t expected = 0, got = 0;
	trivet_trap trap = op_eval(op, from, to, args, &expected);
	trivet_status status;
	bool ok;

	status = interp_call(u->code, &u->env, unit_find(u, name), args, &got, &u->where);
	ok = status == (trap ? TRIVET_TRAP : TRIVET_OK) && u->where.trap == trap &&
	     (trap || got == expected);
	if (!CHECK(ok))
		printf("    %s %s on %s giving %s of 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64
		       ": status %d trap %s 0x%" PRIx64 ", expected %s 0x%" PRIx64 "\n",
		       op_info[op].name, name, type_name(from), type_name(to), args[0], args[1],
		       args[2], (int)status, trap_name(u->where.trap), got, trap_name(trap),
		       expected);
}

/* The functions whose second operand is the i-th value as a literal. */
static void
test_constant(Unit *u, Op op, trivet_type from, trivet_type to, uint32_t i, const uint64_t *k,
	      uint32_t n)
{
	for (const char *kind = "kqjwvn"; *kind; kind++) {
		char name[16];

		snprintf(name, sizeof name, "%c%u", *kind, (unsigned)i);
		if (*kind != 'k' && to != TRIVET_BOOL)
			continue;
		for (uint32_t j = 0; j < n; j++) {
			uint64_t args[3] = { k[j], k[i], 0 };

			compare_with_reference(u, name, op, from, to, args);
		}
	}
}

static void
test_operation(Op op, trivet_type from, trivet_type to)
{
	static const char *const forms[] = { "f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8" };
	uint64_t k[VALUES_MAX];
	uint32_t n, arity = op_info[op].arity, ny, nz;
	uint64_t seed = random_state;
	Mem mem;
	Arena arena;
	Text text;
	Unit u;

	mem_init(&mem, NULL);
	arena_init(&arena, &mem);
	text_init(&text, &arena);
	write_functions(&text, op, from, to);
	random_state = seed;
	n = values_of(from, k);
	ny = arity > 1 ? n : 1;
	nz = arity > 2 ? n : 1;
	if (text.at && unit_open(&u, text.at)) {
		for (uint32_t f = 0; f < COUNT(forms); f++) {
			if (program_find(&u.program, (Str){ forms[f], 2 }) == FUNC_NONE)
				continue;
			for (uint32_t i = 0; i < (op == OP_SELECT ? 2 : n); i++)
				for (uint32_t j = 0; j < ny * nz; j++) {
					uint64_t args[3] = { op == OP_SELECT ? i : k[i], k[j % ny],
							     k[j / ny] };

					if (f > 0 && arity == 3 && (i + j) % 7)
						continue;
					compare_with_reference(&u, forms[f], op, from, to, args);
				}
		}
		for (uint32_t i = 0; i < n && arity == 2; i++) {
			test_constant(&u, op, from, to, i, k, n);
		}
	}
	unit_close(&u);
	arena_free(&arena);
}

static bool
takes(Op op, trivet_type t)
{
	uint32_t set = op_info[op].takes;

	return (set & TAKES_I && type_is_int(t)) || (set & TAKES_F && type_is_float(t)) ||
	       (set & TAKES_B && t == TRIVET_BOOL);
}

/* Does the language know this operation from `from` to `to`? */
static bool
gives(Op op, trivet_type from, trivet_type to)
{
	bool same_size = type_size(from) == type_size(to);

	switch (op) {
	case OP_CAST: return to != TRIVET_BOOL;
	case OP_CHECKED: return type_is_int(to);
	case OP_BITS: return same_size && (to == TRIVET_U32 || to == TRIVET_U64);
	case OP_FROM_BITS:
		return same_size && (from == TRIVET_U32 || from == TRIVET_U64) && type_is_float(to);
	default: return to == (op_info[op].gives == GIVES_BOOL ? TRIVET_BOOL : from);
	}
}

static void
test_operations(void)
{
	uint32_t pairs = 0;

	for (uint32_t op = OP_NONE + 1; op < OP_LEN; op++) {
		uint32_t before = pairs;

		for (uint32_t from = TRIVET_BOOL; from <= TRIVET_F64; from++)
			for (uint32_t to = TRIVET_BOOL; to <= TRIVET_F64; to++)
				if (takes((Op)op, (trivet_type)from) &&
				    gives((Op)op, (trivet_type)from, (trivet_type)to)) {
					test_operation((Op)op, (trivet_type)from, (trivet_type)to);
					pairs++;
				}
		CHECK(pairs > before);
	}
	printf("%u pairs of operation and type\n", (unsigned)pairs);
}

/* ---- Counting loops ------------------------------------------------------------------------- */

/* Each type, comparison, step and form of the limit.  At most LAPS times round. */
enum { LAPS = 20 };

static const char *const steps[] = { "+= 1", "-= 1", "+= 7" };
static const int step_values[] = { 1, -1, 7 };

static void
write_loops(Text *t, trivet_type type, Op op, const uint64_t *k, uint32_t n)
{
	const char *name = type_name(type), *less = op_info[op].text;

	for (uint32_t s = 0; s < COUNT(steps); s++) {
		const char *lap = "c += 1; if c >= 20 { break; }";

		text_addf(t,
			  "fn r%u(a: %s, b: %s) -> i64 { let c = 0;\n  while a %s b { %s a %s; } "
			  "return c; }\n",
			  (unsigned)s, name, name, less, lap, steps[s]);
		text_addf(t,
			  "fn l%u(a: %s, b: %s) -> i64 { let c = 0;\n  while b %s a { %s a %s; } "
			  "return c; }\n",
			  (unsigned)s, name, name, less, lap, steps[s]);
	}
	for (uint32_t i = 0; i < n; i++) {
		text_addf(t, "const K%u: %s = ", (unsigned)i, name);
		lang_print_value(t, type, k[i], false);
		text_addf(
			t,
			";\nfn k%u(a: %s) -> i64 { let c = 0;\n  while a %s K%u { c += 1; if c >= "
			"20 { break; } a += 1; } return c; }\n",
			(unsigned)i, name, less, (unsigned)i);
		text_addf(t,
			  "fn g%u(a: %s) -> i64 { let c = 0; for i in a..K%u {\n  c += 1; if c >= "
			  "20 { break; } } return c; }\n",
			  (unsigned)i, name, (unsigned)i);
	}
}

/* Laps of `while a op b { a += step; }`, or with the operands changed over. */
static uint64_t
laps(trivet_type type, Op op, bool over, uint64_t a, uint64_t b, int step)
{
	uint64_t count = 0, holds;

	for (; count < LAPS; count++) {
		uint64_t in[3] = { over ? b : a, over ? a : b, 0 };

		if (op_eval(op, type, TRIVET_BOOL, in, &holds) || !holds)
			break;
		a += (uint64_t)(int64_t)step;
		a = type_is_wide(type) ? a : (uint32_t)a;
	}
	return count;
}

static void
check_laps(Unit *u, char kind, uint32_t number, uint64_t a, uint64_t b, uint64_t expected)
{
	char name[16];
	uint64_t args[2] = { a, b }, got;

	snprintf(name, sizeof name, "%c%u", kind, (unsigned)number);
	got = unit_call(u, name, args);
	if (!CHECK(u->status == TRIVET_OK && got == expected))
		printf("    %s(0x%" PRIx64 ", 0x%" PRIx64 "): %" PRIu64 " laps, not %" PRIu64 "\n",
		       name, a, b, got, expected);
}

static void
test_loops_of(trivet_type type, Op op)
{
	uint64_t k[VALUES_MAX];
	uint32_t n = values_of(type, k);
	Mem mem;
	Arena arena;
	Text text;
	Unit u;

	mem_init(&mem, NULL);
	arena_init(&arena, &mem);
	text_init(&text, &arena);
	write_loops(&text, type, op, k, n);
	if (text.at && unit_open(&u, text.at)) {
		for (uint32_t i = 0; i < n * n; i++) {
			uint64_t a = k[i / n], b = k[i % n];

			for (uint32_t s = 0; s < COUNT(steps); s++) {
				check_laps(&u, 'r', s, a, b,
					   laps(type, op, false, a, b, step_values[s]));
				check_laps(&u, 'l', s, a, b,
					   laps(type, op, true, a, b, step_values[s]));
			}
			check_laps(&u, 'k', i % n, a, b, laps(type, op, false, a, b, 1));
			check_laps(&u, 'g', i % n, a, b, laps(type, OP_LT, false, a, b, 1));
		}
	}
	unit_close(&u);
	arena_free(&arena);
}

static void
test_loops(void)
{
	for (uint32_t type = TRIVET_I32; type <= TRIVET_U64; type++)
		for (uint32_t op = OP_EQ; op <= OP_GE; op++)
			test_loops_of((trivet_type)type, (Op)op);
}

/* ---- Random expressions --------------------------------------------------------------------- */

/* The reference: straight from the tree, with op_eval.  Sets *trap to the first one met. */
static uint64_t
evaluate(const Program *p, NodeId id, const uint64_t *vars, trivet_trap *trap)
{
	const Node *n = &p->nodes.at[id];
	trivet_type from;
	uint64_t in[3] = { 0, 0, 0 }, out = 0;

	if (*trap)
		return 0;
	switch (n->kind) {
	case NODE_LITERAL: return n->bits;
	case NODE_VAR: return vars[n->var];
	case NODE_CALL: /* each function here gives its first argument */
		in[0] = evaluate(p, n->a, vars, trap);
		evaluate(p, p->nodes.at[n->a].next, vars, trap);
		return in[0];
	case NODE_COND: return evaluate(p, evaluate(p, n->a, vars, trap) ? n->b : n->c, vars, trap);
	case NODE_LOGIC:
		in[0] = evaluate(p, n->a, vars, trap);
		return in[0] == (n->op == OP_AND) ? evaluate(p, n->b, vars, trap) : in[0];
	default: break;
	}
	in[0] = evaluate(p, n->a, vars, trap);
	if (op_info[n->op].arity > 1)
		in[1] = evaluate(p, n->b, vars, trap);
	if (op_info[n->op].arity > 2)
		in[2] = evaluate(p, n->c, vars, trap);
	from = p->nodes.at[n->op == OP_SELECT ? n->b : n->a].type;
	if (!*trap)
		*trap = op_eval(n->op, from, n->type, in, &out);
	return out;
}

static const trivet_type scalars[] = { TRIVET_BOOL, TRIVET_I32, TRIVET_U32, TRIVET_I64,
				       TRIVET_U64,  TRIVET_F32, TRIVET_F64 };

/* An expression of the type: variables a_T and b_T, constants C0_T … C3_T, functions first_T. */
static void
write_expression(Text *t, trivet_type type, int depth)
{
	const char *name = type_name(type), *separator;
	uint32_t form = (uint32_t)(random_bits() % 8);
	trivet_type from;
	Op op;

	do {
		op = (Op)(1 + random_bits() % (OP_LEN - 1));
		from = scalars[random_bits() % COUNT(scalars)];
	} while (!takes(op, from) || !gives(op, from, type));
	separator = op_info[op].form == FORM_CALL ? "," : op_info[op].text;
	if (depth <= 0 && form < 4) {
		text_addf(t, "%c_%s", form < 2 ? 'a' : 'b', name);
	} else if (depth <= 0) {
		text_addf(t, "C%u_%s", (unsigned)(form - 4), name);
	} else if (form == 0) {
		text_addf(t, "(if ");
		write_expression(t, TRIVET_BOOL, depth - 1);
		text_addf(t, " { ");
		write_expression(t, type, depth - 1);
		text_addf(t, " } else { ");
		write_expression(t, type, depth - 2);
		text_addf(t, " })");
	} else if (form == 1) {
		text_addf(t, "first_%s(", name);
		write_expression(t, type, depth - 1);
		text_addf(t, ", ");
		write_expression(t, type, depth - 2);
		text_addf(t, ")");
	} else if (type == TRIVET_BOOL && form < 5) {
		text_addf(t, form == 4 ? "!(" : "(");
		write_expression(t, type, depth - 1);
		text_addf(t, random_bits() % 2 ? " && " : " || ");
		write_expression(t, type, depth - 2);
		text_addf(t, ")");
	} else {
		uint32_t arity = op_info[op].arity;

		if (op == OP_CHECKED)
			text_addf(t, "checked_%s(", name);
		else if (op == OP_FROM_BITS)
			text_addf(t, "from_bits(%s, ", name);
		else if (op == OP_CAST)
			text_addf(t, "(");
		else
			text_addf(t, "%s(",
				  op_info[op].form == FORM_BINARY ? "" : op_info[op].text);
		write_expression(t, op == OP_SELECT ? TRIVET_BOOL : from, depth - 1);
		for (uint32_t i = 1; i < arity; i++) {
			text_addf(t, " %s ", separator);
			write_expression(t, from, depth - 1 - (int)(random_bits() % 2));
		}
		if (op == OP_CAST)
			text_addf(t, " as %s", name);
		text_addf(t, ")");
	}
}

/* fn f(a_T …, b_T …) -> T: two assignments, then a result. */
static void
write_random_program(Text *t, trivet_type type, trivet_type other)
{
	for (uint32_t i = 0; i < COUNT(scalars); i++) {
		const char *name = type_name(scalars[i]);
		uint64_t k[VALUES_MAX];
		uint32_t n = values_of(scalars[i], k);

		text_addf(t, "fn first_%s(a: %s, b: %s) -> %s { return a; }\n", name, name, name,
			  name);
		for (uint32_t c = 0; c < 4; c++) {
			text_addf(t, "const C%u_%s: %s = ", (unsigned)c, name, name);
			lang_print_value(t, scalars[i], k[random_bits() % n], false);
			text_addf(t, ";\n");
		}
	}
	text_addf(t, "fn f(");
	for (uint32_t i = 0; i < COUNT(scalars); i++) {
		const char *name = type_name(scalars[i]);

		text_addf(t, "%sa_%s: %s, b_%s: %s", i ? ", " : "", name, name, name, name);
	}
	text_addf(t, ") -> %s {\n  a_%s = ", type_name(type), type_name(other));
	write_expression(t, other, 4);
	text_addf(t, ";\n  b_%s = ", type_name(type));
	write_expression(t, type, 4);
	text_addf(t, ";\n  return ");
	write_expression(t, type, 6);
	text_addf(t, "; }\n");
}

static void
run_random(Unit *u, const char *text)
{
	const Program *p = &u->program;
	FuncId f = unit_find(u, "f");
	uint64_t args[2 * COUNT(scalars)], vars[2 * COUNT(scalars)], got, expected = 0;
	trivet_trap trap = TRIVET_TRAP_NONE;
	NodeId s;

	for (uint32_t i = 0; i < COUNT(args); i++) {
		uint64_t k[VALUES_MAX];

		args[i] = vars[i] = k[random_bits() % values_of(scalars[i / 2], k)];
	}
	for (s = p->nodes.at[p->funcs.at[f].body].a; s && !trap; s = p->nodes.at[s].next) {
		expected = evaluate(p, p->nodes.at[s].a, vars, &trap);
		if (p->nodes.at[s].kind == NODE_ASSIGN)
			vars[p->nodes.at[s].var] = expected;
	}
	if (type_is_float((trivet_type)p->funcs.at[f].result)) {
		/* what the host sees has no payload; a cast to the same type says so */
		uint64_t in[3] = { expected, 0, 0 };
		trivet_type t = (trivet_type)p->funcs.at[f].result;

		op_eval(OP_CAST, t, t, in, &expected);
	}
	got = unit_call(u, "f", args);
	if (!CHECK(u->where.trap == trap && (trap || got == expected)))
		printf("    trap %s 0x%" PRIx64 ", expected %s 0x%" PRIx64 "\n%s\n",
		       trap_name(u->where.trap), got, trap_name(trap), expected, text);
}

static void
test_random(void)
{
	for (uint32_t i = 0; i < 700; i++) {
		Mem mem;
		Arena arena;
		Text text;
		Unit u;

		mem_init(&mem, NULL);
		arena_init(&arena, &mem);
		text_init(&text, &arena);
		write_random_program(&text, scalars[i % COUNT(scalars)],
				     scalars[random_bits() % COUNT(scalars)]);
		if (text.at && unit_open(&u, text.at)) {
			for (int k = 0; k < 20; k++)
				run_random(&u, text.at);
			unit_close(&u);
		}
		arena_free(&arena);
	}
}

int
main(void)
{
	test_operations();
	test_loops();
	test_random();
	unit_coverage(INSN_ADD_32, INSN_STEP_NE_U64_I);
	return check_done();
}
