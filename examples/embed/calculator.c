/* calculator.c - arithmetic in one variable, from text to machine code, assembled by hand.
 *
 *     cc -Isrc examples/embed/calculator.c build/x86_64-linux/libtrivet.a -pthread -o calc
 *     ./calc '(x + 1) * (x - 1) / 2' 3
 *
 * A recursive-descent parser that emits as it goes: the value of the expression being read is in
 * the floating register `depth`, what was read before it in the ones below.  x is in register 5.
 * These six are volatile and unsaved in all three conventions, so the function needs no frame; an
 * expression that needs more is refused, and so is everything else that is not one. */
#include "trivet_a64.h"
#include "trivet_memory.h"
#include "trivet_x64.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 5, X = 5, NESTING = 100 };

typedef struct Calc {
	trivet_asm *a;
	bool arm;
	const char *at;	   /* not read yet */
	const char *wrong; /* the first thing that was */
	unsigned depth;	   /* registers in use */
	unsigned nesting;
} Calc;

static void
fail(Calc *c, const char *what)
{
	if (!c->wrong)
		c->wrong = what;
}

/* ---- Both machines ---- */

static void
emit_move(Calc *c, unsigned to, unsigned from)
{
	if (c->arm)
		trivet_a64(c->a, FMOV, trivet_a64_d(to), trivet_a64_d(from));
	else
		trivet_x64(c->a, MOVAPS, trivet_x64_xmm(to), trivet_x64_xmm(from));
}

static void
emit_constant(Calc *c, unsigned to, double value)
{
	trivet_label l = trivet_asm_constant(c->a, &value, sizeof value);

	if (c->arm)
		trivet_a64(c->a, LDR, trivet_a64_d(to), trivet_at(l));
	else
		trivet_x64(c->a, MOVSD, trivet_x64_xmm(to), trivet_x64_at(l, 0));
}

static void
emit_operation(Calc *c, char op, unsigned to, unsigned by)
{
	static const struct {
		char op;
		trivet_x64_op x64;
		trivet_a64_op a64;
	} ops[] = {
		{ '+', TRIVET_X64_ADDSD, TRIVET_A64_FADD },
		{ '-', TRIVET_X64_SUBSD, TRIVET_A64_FSUB },
		{ '*', TRIVET_X64_MULSD, TRIVET_A64_FMUL },
		{ '/', TRIVET_X64_DIVSD, TRIVET_A64_FDIV },
	};
	const trivet_operand arm[] = { trivet_a64_d(to), trivet_a64_d(to), trivet_a64_d(by) };
	const trivet_operand x64[] = { trivet_x64_xmm(to), trivet_x64_xmm(by) };

	for (size_t k = 0; k < sizeof ops / sizeof *ops; k++) {
		if (ops[k].op != op)
			continue;
		if (c->arm)
			trivet_a64_emit(c->a, ops[k].a64, arm, 3);
		else
			trivet_x64_emit(c->a, ops[k].x64, x64, 2);
	}
}

static void
emit_return(Calc *c)
{
	if (c->arm)
		trivet_a64(c->a, RET);
	else
		trivet_x64(c->a, RET);
}

/* ---- The parser ---- */

static void sum(Calc *c);

static bool
accept(Calc *c, char what)
{
	while (*c->at == ' ')
		c->at++;
	if (*c->at != what || c->wrong)
		return false;
	c->at++;
	return true;
}

/* A register more. */
static unsigned
push(Calc *c)
{
	if (c->depth == DEPTH) {
		fail(c, "needs more registers than there are");
		return 0;
	}
	return c->depth++;
}

static void
number(Calc *c)
{
	char *end;
	double value;

	if (*c->at < '0' || *c->at > '9') { /* neither inf nor nan nor a sign */
		fail(c, "expected a number, x or (");
		return;
	}
	value = strtod(c->at, &end);
	c->at = end;
	emit_constant(c, push(c), value);
}

static void
operand(Calc *c)
{
	if (accept(c, 'x')) {
		emit_move(c, push(c), X);
	} else if (accept(c, '(')) {
		if (++c->nesting > NESTING) {
			fail(c, "too many parentheses");
			return;
		}
		sum(c);
		c->nesting--;
		if (!accept(c, ')'))
			fail(c, "expected )");
	} else {
		number(c);
	}
}

/* operand { op operand }, from the left; `next` reads what binds tighter. */
static void
chain(Calc *c, const char *ops, void (*next)(Calc *c))
{
	bool more = true;

	next(c);
	while (more && !c->wrong) {
		more = false;
		for (const char *op = ops; *op && !more; op++) {
			if (!accept(c, *op))
				continue;
			more = true;
			next(c);
			if (c->wrong)
				return;
			emit_operation(c, *op, c->depth - 2, c->depth - 1);
			c->depth--;
		}
	}
}

static void
product(Calc *c)
{
	chain(c, "*/", operand);
}

static void
sum(Calc *c)
{
	chain(c, "+-", product);
}

/* ---- From text to a function ---- */

typedef double Formula(double x);

static bool
assemble(Calc *c, const char *text)
{
	*c = (Calc){ .a = c->a, .arm = c->arm, .at = text };
	trivet_asm_reset(c->a);
	emit_move(c, X, 0); /* the argument */
	sum(c);
	if (!accept(c, '\0'))
		fail(c, "expected an operator or the end");
	emit_return(c);
	if (c->wrong)
		printf("%s: %s at byte %d\n", text, c->wrong, (int)(c->at - text));
	return !c->wrong;
}

static trivet_status
place(trivet_asm *a, trivet_memory *m, trivet_piece *out)
{
	const uint8_t *code;
	size_t size;
	trivet_status s = trivet_asm_finish(a, 0, &code, &size);

	if (!s)
		s = trivet_memory_alloc(m, size, out);
	if (!s)
		s = trivet_memory_write(m, *out, 0, code, size);
	if (!s)
		s = trivet_memory_seal(m, *out);
	return s;
}

static trivet_status
calculate(Calc *c, trivet_memory *m, const char *text, double x)
{
	trivet_status s;
	trivet_piece p;
	Formula *f;
	uint64_t bits;
	double y;

	if (!assemble(c, text))
		return TRIVET_OK; /* said */
	s = place(c->a, m, &p);
	if (s)
		return s;
	f = TRIVET_ENTRY(Formula *, m, p, &s);
	if (!f)
		return s;
	y = f(x);
	memcpy(&bits, &y, 8);
	printf("%s with x = %.17g: %.17g (%016" PRIx64 ")\n", text, x, y, bits);
	return trivet_memory_free(m, p);
}

static trivet_status
demonstrate(Calc *c, trivet_memory *m)
{
	static const char *const texts[] = {
		"(x + 1) * (x - 1) / 2",
		"0.1 + 0.2 * x",
		"((((x))))",
		"1 / (1 + 1 / (1 + x))",
		"x * (x + (x - (x / (x + (x * x)))))",
		"x +",
		"(x",
		"x y",
		"",
	};
	trivet_status s = TRIVET_OK;

	for (size_t k = 0; k < sizeof texts / sizeof *texts && !s; k++)
		s = calculate(c, m, texts[k], 3);
	return s;
}

int
main(int argc, char **argv)
{
	Calc c = { .arm = strncmp(trivet_host_target(), "aarch64", 7) == 0 };
	trivet_memory *m = NULL;
	trivet_status s;

	s = trivet_asm_open(NULL, c.arm ? TRIVET_ISA_AARCH64 : TRIVET_ISA_X86_64, &c.a);
	if (!s)
		s = trivet_memory_open(NULL, &m);
	if (!s)
		s = argc > 2 ? calculate(&c, m, argv[1], atof(argv[2])) : demonstrate(&c, m);
	if (s)
		fprintf(stderr, "%s\n", trivet_status_text(s));
	trivet_memory_close(m);
	trivet_asm_close(c.a);
	return s ? 1 : 0;
}
