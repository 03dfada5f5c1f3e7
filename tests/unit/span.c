/* span.c - copying spans: a NaN of any payload the host may have left, at every place of a loop,
 * overlapping spans at every distance, by the functions of base/span.h and by every mode. */
#include "base/span.h"

#include "base/num.h"
#include "check.h"
#include "trivet.h"

enum { CELLS = 320, MOST = 150 };

typedef struct Cells { /* with room for any two spans of MOST elements of 8 bytes */
	uint64_t word[CELLS];
} Cells;

static const uint64_t nan64[] = {
	0x7ff8000000000000, 0xfff8000000000000, 0x7ff0000000000001, 0xfff0000000000001,
	0x7ff4dead00000000, 0xffffffffffffffff, 0x7ff000000fffffff, 0x7ff0000080000000,
};
static const uint32_t nan32[] = {
	0x7fc00000, 0xffc00000, 0x7f800001, 0xff800001,
	0x7fa0dead, 0xffffffff, 0x7fbfffff, 0x7fc00001,
};
enum { NANS = sizeof nan64 / sizeof *nan64 };

static const char program[] =
	"fn f64_(a: [f64], b: [f64]) { for i in 0..len(a) { a[i] = b[i]; } }\n"
	"fn f32_(a: [f32], b: [f32]) { for i in 0..len(a) { a[i] = b[i]; } }\n"
	"fn i64_(a: [i64], b: [i64]) { for i in 0..len(a) { a[i] = b[i]; } }\n"
	"fn u32_(a: [u32], b: [u32]) { for i in 0..len(a) { a[i] = b[i]; } }\n"
	"fn i16_(a: [i16], b: [i16]) { for i in 0..len(a) { a[i] = b[i]; } }\n"
	"fn u8_(a: [u8], b: [u8]) { for i in 0..len(a) { a[i] = b[i]; } }\n"
	"fn mean(a: [f64], b: [f64]) {\n"
	"	for i in 1..len(a) - 1 { a[i] = (b[i - 1] + b[i] + b[i + 1]) * 0.5; }\n"
	"}\n"
	"fn both(a: [f32], b: [f32]) { for i in 0..len(a) / 2 { a[2 * i] = b[2 * i]; a[2 * i + 1] "
	"= -b[2 * i + 1]; } }\n"
	"fn within(a: [f64], n: i64, to: i64, from: i64) {\n"
	"	for i in 2..n { a[to + i] = a[from + i - 1]; }\n"
	"}\n";

typedef struct Kind {
	const char *name;
	trivet_type span;
	unsigned bytes;
	bool is_float;
} Kind;
static const Kind kinds[] = {
	{ "f64_", TRIVET_SPAN_F64, 8, true },  { "f32_", TRIVET_SPAN_F32, 4, true },
	{ "i64_", TRIVET_SPAN_I64, 8, false }, { "u32_", TRIVET_SPAN_U32, 4, false },
	{ "i16_", TRIVET_SPAN_I16, 2, false }, { "u8_", TRIVET_SPAN_U8, 1, false },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* ---- What should come of it: one element after the other --------------------------------------
 */

static uint64_t
canonical(const Kind *k, uint64_t bits)
{
	uint64_t magnitude = k->bytes == 8 ? bits & INT64_MAX : bits & INT32_MAX;

	if (!k->is_float)
		return bits;
	if (k->bytes == 8)
		return magnitude > UINT64_C(0x7ff0000000000000) ? NUM_NAN64 : bits;
	return magnitude > 0x7f800000 ? NUM_NAN32 : bits;
}

static void
copy_slowly(const Kind *k, Cells *c, uint64_t to, uint64_t from, uint64_t n)
{
	unsigned char *bytes = (unsigned char *)c;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t x = 0;

		for (unsigned b = 0; b < k->bytes; b++)
			x |= (uint64_t)bytes[(from + i) * k->bytes + b] << 8 * b;
		x = canonical(k, x);
		for (unsigned b = 0; b < k->bytes; b++)
			bytes[(to + i) * k->bytes + b] = (unsigned char)(x >> 8 * b);
	}
}

/* Numbers, no NaN among them. */
static void
fill(const Kind *k, Cells *c)
{
	for (unsigned i = 0; i < CELLS; i++)
		c->word[i] = k->bytes == 8 ? UINT64_C(0x3ff123456789abcd) + i * 0x10001
					   : UINT64_C(0x3f80123440812345) + i * 0x100000001;
}

static void
put_nan(const Kind *k, Cells *c, uint64_t at, unsigned which)
{
	if (k->bytes == 8)
		c->word[at] = nan64[which % NANS];
	else
		memcpy((char *)c + 4 * at, &nan32[which % NANS], 4);
}

/* ---- The ways to copy -------------------------------------------------------------------------
 */

static const trivet_mode modes[] = { TRIVET_INTERP, TRIVET_BASELINE, TRIVET_OPTIMIZED };
enum { MODES = sizeof modes / sizeof *modes, WAYS = MODES + 1 };
static trivet_code *code[MODES];

static trivet_value
span(const Kind *k, Cells *c, uint64_t from, uint64_t n)
{
	trivet_value v = { .type = k->span };

	v.as.span.data = (char *)c + from * k->bytes;
	v.as.span.length = (int64_t)n;
	return v;
}

static void
copy(unsigned way, const Kind *k, Cells *c, uint64_t to, uint64_t from, uint64_t n)
{
	char *bytes = (char *)c;

	if (way < MODES) {
		trivet_value result, args[2] = { span(k, c, to, n), span(k, c, from, n) };

		CHECK_EQ(trivet_call(code[way], k->name, args, 2, &result), TRIVET_OK);
	} else if (!k->is_float) {
		span_copy(bytes + to * k->bytes, bytes + from * k->bytes, n * k->bytes);
	} else if (k->bytes == 8) {
		span_canon_f64(bytes + to * 8, bytes + from * 8, n);
	} else {
		span_canon_f32(bytes + to * 4, bytes + from * 4, n);
	}
}

static void
check_copy(const Kind *k, const Cells *before, uint64_t to, uint64_t from, uint64_t n)
{
	Cells expected = *before;

	copy_slowly(k, &expected, to, from, n);
	for (unsigned way = 0; way < WAYS; way++) {
		Cells got = *before;

		copy(way, k, &got, to, from, n);
		if (!CHECK(!memcmp(&got, &expected, sizeof got)))
			printf("    %s of %d to %d, %d elements, way %u\n", k->name, (int)from,
			       (int)to, (int)n, way);
	}
}

static void
check_nans(const Kind *k)
{
	Cells c;

	for (uint64_t n = 0; n < 75; n += n < 20 ? 1 : 9)
		for (uint64_t at = 0; at < n; at++) {
			fill(k, &c);
			put_nan(k, &c, 1 + at, (unsigned)(at + n));
			check_copy(k, &c, 160, 1, n);
			put_nan(k, &c, 1 + at / 2, (unsigned)at);
			check_copy(k, &c, 160, 1, n);
		}
	for (unsigned at = 0; at < CELLS; at++)
		put_nan(k, &c, at, at);
	check_copy(k, &c, 160, 3, MOST);
}

static void
check_overlaps(const Kind *k)
{
	static const uint64_t many[] = { 1, 15, 16, 17, 33, MOST };
	Cells c;

	fill(k, &c);
	if (k->is_float)
		put_nan(k, &c, 14, 3);
	for (unsigned i = 0; i < sizeof many / sizeof *many; i++)
		for (uint64_t to = 0; to < 24; to++)
			check_copy(k, &c, to, 12, many[i]);
}

/* ---- Loops that are not just copies: all modes give the same ------------------------------------
 */

static void
check_same(const char *name, const Kind *k, const Cells *before, const trivet_value *more,
	   unsigned nmore)
{
	Cells first = *before;

	for (unsigned way = 0; way < MODES; way++) {
		Cells got = *before;
		trivet_value result, args[4] = { span(k, &got, 0, MOST), span(k, &got, 155, MOST) };

		for (unsigned j = 0; j < nmore; j++)
			args[1 + j] = more[j];
		CHECK_EQ(trivet_call(code[way], name, args, nmore ? 1 + nmore : 2, &result),
			 TRIVET_OK);
		if (!way)
			first = got;
		CHECK(!memcmp(&got, &first, sizeof got));
		for (unsigned i = 0; !nmore && i < (unsigned)MOST - 2; i++) {
			uint64_t x = 0;

			memcpy(&x, (char *)&got + k->bytes * (1 + i), k->bytes);
			CHECK_EQ(x, canonical(k, x));
		}
	}
}

static void
check_loops(void)
{
	for (unsigned at = 0; at < 24; at++)
		for (unsigned gap = 0; gap < 5; gap++) {
			Cells c;

			fill(&kinds[0], &c);
			put_nan(&kinds[0], &c, 155 + at, at);
			put_nan(&kinds[0], &c, 155 + at + gap, at + 3);
			check_same("mean", &kinds[0], &c, NULL, 0);
			fill(&kinds[1], &c);
			put_nan(&kinds[1], &c, 155 + at, at);
			put_nan(&kinds[1], &c, 155 + at + gap, at + 3);
			check_same("both", &kinds[1], &c, NULL, 0);
		}
	for (int64_t to = 0; to < 6; to++)
		for (int64_t from = 0; from < 6; from++) {
			trivet_value more[3] = { { .type = TRIVET_I64 },
						 { .type = TRIVET_I64 },
						 { .type = TRIVET_I64 } };
			Cells c;

			more[0].as.i64 = 100;
			more[1].as.i64 = to;
			more[2].as.i64 = from;
			fill(&kinds[0], &c);
			put_nan(&kinds[0], &c, 7, (unsigned)(to + from));
			check_same("within", &kinds[0], &c, more, 3);
		}
}

int
main(void)
{
	trivet_engine *e;
	trivet_module *m;

	if (!CHECK_EQ(trivet_open(NULL, &e), TRIVET_OK) ||
	    !CHECK_EQ(trivet_parse(e, "test", program, strlen(program), &m), TRIVET_OK))
		return 1;
	for (unsigned way = 0; way < MODES; way++) {
		const trivet_compile_options o = { .mode = modes[way] };

		if (!CHECK_EQ(trivet_compile(m, &o, &code[way]), TRIVET_OK))
			return 1;
	}
	for (unsigned k = 0; k < KINDS; k++) {
		if (kinds[k].is_float)
			check_nans(&kinds[k]);
		check_overlaps(&kinds[k]);
	}
	check_loops();
	trivet_close(e);
	return check_done();
}
