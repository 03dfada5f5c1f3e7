/* cbuf.c - code bytes, labels and fixups: right places, sticky errors, no byte outside. */
#include "asm/cbuf.h"

#include "check.h"
#include "starve.h"

static Mem mem;
static Arena arena;

/* A 32-bit little-endian displacement; kind 2 reaches 127 bytes only. */
static bool
patch(uint8_t *at, uint8_t kind, int64_t disp)
{
	if (disp != (int32_t)disp || (kind == 2 && (disp < -128 || disp > 127)))
		return false;
	cbuf_put32(at, (uint32_t)disp);
	return true;
}

static uint32_t
get32(const Cbuf *c, uint32_t at)
{
	const uint8_t *p = c->code.at + at;
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void
test_bytes(void)
{
	static const uint8_t expected[] = { 0x12, 0x78, 0x56, 0x34, 0x12, 0xef, 0xcd, 0xab,
					    0x90, 0x78, 0x56, 0x34, 0x12, 'a',	'b',  'c' };
	Cbuf c;

	cbuf_init(&c, &arena);
	CHECK_EQ(cbuf_here(&c), 0);
	cbuf_bytes(&c, NULL, 0);
	cbuf_u8(&c, 0x12);
	cbuf_u32(&c, 0x12345678);
	cbuf_u64(&c, UINT64_C(0x1234567890abcdef));
	cbuf_bytes(&c, "abc", 3);
	CHECK_EQ(cbuf_here(&c), sizeof expected);
	CHECK(memcmp(c.code.at, expected, sizeof expected) == 0);
	CHECK_EQ(cbuf_link(&c, NULL), TRIVET_OK); /* nothing to patch */
}

static void
test_growth(void)
{
	static uint8_t block[10000];
	uint32_t at = 0;
	Cbuf c;

	for (size_t i = 0; i < sizeof block; i++)
		block[i] = (uint8_t)(i * 7);
	cbuf_init(&c, &arena);
	for (uint32_t n = 0; n < sizeof block; n = n * 2 + 1) {
		cbuf_bytes(&c, block, n);
		cbuf_u32(&c, n);
		CHECK((uint64_t)c.code.cap >= (uint64_t)c.code.n + CBUF_SLACK);
	}
	for (uint32_t n = 0; n < sizeof block; n = n * 2 + 1) {
		CHECK(memcmp(c.code.at + at, block, n) == 0);
		CHECK_EQ(get32(&c, at + n), n);
		at += n + 4;
	}
	CHECK_EQ(cbuf_here(&c), at);
}

static void
test_align(void)
{
	Cbuf c;

	cbuf_init(&c, &arena);
	cbuf_align(&c, 16, 0xcc);
	CHECK_EQ(cbuf_here(&c), 0);
	cbuf_u8(&c, 1);
	cbuf_align(&c, 1, 0xcc);
	CHECK_EQ(cbuf_here(&c), 1);
	cbuf_align(&c, 16, 0xcc);
	CHECK_EQ(cbuf_here(&c), 16);
	for (int i = 1; i < 16; i++)
		CHECK_EQ(c.code.at[i], 0xcc);
	cbuf_align(&c, 4096, 0);
	CHECK_EQ(cbuf_here(&c), 4096);
	cbuf_align(&c, 12, 0);
	CHECK_EQ(c.err, TRIVET_ARGUMENT);
	cbuf_init(&c, &arena);
	cbuf_align(&c, 0, 0);
	CHECK_EQ(c.err, TRIVET_ARGUMENT);
	cbuf_init(&c, &arena);
	cbuf_u8(&c, 1);
	cbuf_align(&c, 1u << 31, 0);
	CHECK_EQ(c.err, TRIVET_LIMIT);
}

static void
test_labels(void)
{
	Cbuf c;
	Label forward, back, table;

	cbuf_init(&c, &arena);
	c.base = UINT64_C(0x7fff00000000);
	back = cbuf_label(&c);
	forward = cbuf_label(&c);
	table = cbuf_label(&c);
	CHECK(back == 0 && forward == 1 && table == 2);
	cbuf_u32(&c, 0xffffffff);
	cbuf_bind(&c, back); /* 4 */
	cbuf_fixup(&c, 1, cbuf_here(&c), forward, 0);
	cbuf_u32(&c, 0xffffffff);
	cbuf_fixup(&c, 1, cbuf_here(&c), back, -4);
	cbuf_u32(&c, 0xffffffff);
	cbuf_fixup(&c, 2, cbuf_here(&c), back, 100);
	cbuf_u32(&c, 0xffffffff);
	cbuf_bind(&c, forward); /* 16 */
	cbuf_bind(&c, table);
	cbuf_fixup(&c, CBUF_ABS64, cbuf_here(&c), forward, 5);
	cbuf_u64(&c, UINT64_MAX);
	CHECK_EQ(cbuf_link(&c, patch), TRIVET_OK);
	CHECK_EQ(get32(&c, 0), 0xffffffff);
	CHECK_EQ(get32(&c, 4), 12);
	CHECK_EQ(get32(&c, 8), (uint32_t)(4 - 8 - 4));
	CHECK_EQ(get32(&c, 12), 4 - 12 + 100);
	CHECK_EQ(get32(&c, 16), 16 + 5);
	CHECK_EQ(get32(&c, 20), 0x7fff);
	/* linked is linked: a second time adds nothing */
	CHECK_EQ(cbuf_link(&c, patch), TRIVET_OK);
	CHECK_EQ(get32(&c, 4), 12);
}

static void
expect(Cbuf *c, trivet_status why, const char *part)
{
	uint32_t n = c->code.n;

	CHECK_EQ(cbuf_link(c, patch), why);
	CHECK_EQ(c->err, why);
	if (!CHECK(strstr(c->message, part) != NULL))
		printf("    \"%s\" is not in \"%s\"\n", part, c->message);
	/* it sticks: nothing is appended, the first reason stays */
	cbuf_u8(c, 1);
	cbuf_u32(c, 1);
	cbuf_u64(c, 1);
	cbuf_bytes(c, "abc", 3);
	cbuf_align(c, 64, 0);
	cbuf_bind(c, cbuf_label(c));
	cbuf_fixup(c, 1, 0, 77, 0);
	cbuf_fail(c, TRIVET_INTERNAL, "another");
	CHECK_EQ(c->code.n, n);
	CHECK_EQ(cbuf_link(c, patch), why);
	CHECK(strstr(c->message, part) != NULL);
	cbuf_init(c, &arena);
}

static void
test_errors(void)
{
	Cbuf c;
	Label l;

	cbuf_init(&c, &arena);
	l = cbuf_label(&c);
	cbuf_u32(&c, 0);
	cbuf_fixup(&c, 1, 0, l, 0);
	expect(&c, TRIVET_LABEL, "label 0, used at 0x0, is not bound");

	cbuf_u32(&c, 0);
	cbuf_fixup(&c, 1, 0, 5, 0);
	expect(&c, TRIVET_LABEL, "label 5");

	l = cbuf_label(&c);
	cbuf_bind(&c, l);
	cbuf_u8(&c, 0);
	cbuf_bind(&c, l);
	expect(&c, TRIVET_LABEL, "label 0 is bound a second time, at 0x1");

	cbuf_bind(&c, 3);
	expect(&c, TRIVET_LABEL, "there is no label 3");
	cbuf_bind(&c, LABEL_UNBOUND);
	expect(&c, TRIVET_LABEL, "there is no label");

	l = cbuf_label(&c);
	cbuf_bind(&c, l);
	for (int i = 0; i < 64; i++)
		cbuf_u32(&c, 0);
	cbuf_fixup(&c, 2, 200, l, 0);
	expect(&c, TRIVET_RANGE, "label 0 is out of reach of the reference at 0xc8");

	cbuf_fail(&c, TRIVET_OPERAND, "imm does not fit");
	expect(&c, TRIVET_OPERAND, "imm does not fit");
	cbuf_fail(&c, TRIVET_OK, "no error");
	CHECK_EQ(c.err, TRIVET_OK);
}

/* A patch at the very end may write past the code, but not past the buffer (ASan watches). */
static void
test_ends(void)
{
	static uint8_t big[4096];

	for (uint32_t n = 1; n < 300; n++) {
		Arena a;
		Cbuf c;
		Label l;
		arena_init(&a, &mem);
		cbuf_init(&c, &a);
		l = cbuf_label(&c);
		cbuf_bind(&c, l);
		cbuf_bytes(&c, big, n);
		CHECK(c.code.cap >= c.code.n + CBUF_SLACK);
		cbuf_fixup(&c, 1, n - 1, l, 0);
		CHECK_EQ(cbuf_link(&c, patch), TRIVET_OK);
		cbuf_fixup(&c, 1, n, l, 0);
		CHECK_EQ(cbuf_link(&c, patch), TRIVET_BOUNDS);
		cbuf_init(&c, &a);
		cbuf_bind(&c, cbuf_label(&c));
		cbuf_bytes(&c, big, n);
		cbuf_fixup(&c, CBUF_ABS64, n - (n < 7 ? n : 7), 0, 0);
		CHECK_EQ(cbuf_link(&c, patch), TRIVET_BOUNDS);
		arena_free(&a);
	}
}

static void
test_slack(void)
{
	Cbuf c;

	cbuf_init(&c, &arena);
	for (int i = 0; i < 5000; i++) {
		cbuf_u8(&c, 0);
		CHECK(c.code.cap >= c.code.n + CBUF_SLACK);
	}
}

static void
test_limit(void)
{
	static const uint8_t byte = 0;
	Cbuf c;

	cbuf_init(&c, &arena);
	cbuf_u8(&c, 1);
	cbuf_bytes(&c, &byte, UINT32_MAX);
	expect(&c, TRIVET_LIMIT, "too long");
	cbuf_bytes(&c, &byte, CBUF_MAX + 1u);
	expect(&c, TRIVET_LIMIT, "too long");
}

static void
test_starved(void)
{
	for (unsigned allowed = 0; allowed < 8; allowed++) {
		Starved s;
		Mem m;
		Arena a;
		Cbuf c;
		trivet_status r;

		starved_init(&m, &s, allowed);
		arena_init(&a, &m);
		cbuf_init(&c, &a);
		for (int i = 0; i < 5000; i++) {
			Label l = cbuf_label(&c);
			cbuf_fixup(&c, 1, cbuf_here(&c), l, 0);
			cbuf_u32(&c, 0);
			cbuf_bind(&c, l);
		}
		r = cbuf_link(&c, patch);
		CHECK(r == (m.failed ? TRIVET_NO_MEMORY : TRIVET_OK));
		CHECK(r == TRIVET_OK || strstr(c.message, "memory"));
		arena_free(&a);
		CHECK(m.live == 0 && s.blocks == 0);
	}
}

int
main(void)
{
	mem_init(&mem, NULL);
	arena_init(&arena, &mem);
	test_bytes();
	test_growth();
	test_align();
	test_labels();
	test_errors();
	test_ends();
	test_slack();
	test_limit();
	test_starved();
	arena_free(&arena);
	CHECK_EQ(mem.live, 0);
	return check_done();
}
