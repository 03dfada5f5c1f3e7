/* conv.c - where the three conventions put arguments.
 *
 * If this fails, hosts and generated code do not agree about calls.  The rows are worked out by
 * hand from the documents that src/gen/conv.c names; tests of the back ends hold them against C
 * compilers. */
#include "gen/gen.h"
#include "check.h"

/* Types: i I32, l I64, f F32, d F64.  Places: r and v are register numbers, s a stack slot. */
typedef struct Row {
	const Convention *c;
	const char *types, *places;
	uint32_t slots;
} Row;

// clang-format off
static const Row rows[] = {
	{ &conv_sysv, "", "", 0 },
	{ &conv_sysv, "lil", "r7 r6 r2", 0 },
	{ &conv_sysv, "llllllll", "r7 r6 r2 r1 r8 r9 s0 s1", 2 },
	{ &conv_sysv, "dldfl", "v0 r7 v1 v2 r6", 0 },
	{ &conv_sysv, "ddddddddddl", "v0 v1 v2 v3 v4 v5 v6 v7 s0 s1 r7", 2 },
	{ &conv_sysv, "llllllddddddddlfl", "r7 r6 r2 r1 r8 r9 v0 v1 v2 v3 v4 v5 v6 v7 s0 s1 s2", 3 },
	{ &conv_win64, "lil", "r1 r2 r8", 0 },
	{ &conv_win64, "ldlf", "r1 v1 r8 v3", 0 },
	{ &conv_win64, "ddddd", "v0 v1 v2 v3 s0", 1 },
	{ &conv_win64, "llllldi", "r1 r2 r8 r9 s0 s1 s2", 3 },
	{ &conv_aapcs64, "lil", "r0 r1 r2", 0 },
	{ &conv_aapcs64, "dldfl", "v0 r0 v1 v2 r1", 0 },
	{ &conv_aapcs64, "lllllllll", "r0 r1 r2 r3 r4 r5 r6 r7 s0", 1 },
	{ &conv_aapcs64, "fffffffffli", "v0 v1 v2 v3 v4 v5 v6 v7 s0 r0 r1", 1 },
};
// clang-format on

static void
test_row(const Row *row)
{
	uint8_t types[32] = { 0 };
	Loc out[32];
	char text[200] = "";
	uint32_t n = (uint32_t)strlen(row->types), slots, at = 0;

	for (uint32_t k = 0; k < n; k++)
		types[k] = row->types[k] == 'i'	  ? IR_I32
			   : row->types[k] == 'l' ? IR_I64
			   : row->types[k] == 'f' ? IR_F32
						  : IR_F64;
	slots = conv_assign(row->c, types, n, out);
	CHECK_EQ(slots, row->slots);
	for (uint32_t k = 0; k < n; k++) {
		bool reg = loc_kind(out[k]) == LOC_REG, fp = reg && reg_is_fp((Reg)loc_n(out[k]));
		CHECK(reg || loc_kind(out[k]) == LOC_IN);
		at += (uint32_t)snprintf(text + at, sizeof text - at, "%s%c%u", k ? " " : "",
					 fp    ? 'v'
					 : reg ? 'r'
					       : 's',
					 (unsigned)(loc_n(out[k]) - (fp ? REG_FP : 0)));
	}
	CHECK_STR(text, row->places);
}

static void
test_registers(const Convention *c)
{
	RegSet scratch = REG_BIT(c->int_scratch) | REG_BIT(c->fp_scratch), args = 0;

	if (c->int_scratch2 != REG_NONE)
		scratch |= REG_BIT(c->int_scratch2) | REG_BIT(c->fp_scratch2);
	for (uint32_t k = 0; k < c->nint; k++)
		args |= REG_BIT(c->int_args[k]);
	for (uint32_t k = 0; k < c->nfp; k++)
		args |= REG_BIT(c->fp_args[k]);
	CHECK(!reg_is_fp(c->int_scratch) && reg_is_fp(c->fp_scratch));
	CHECK_EQ(scratch & (args | c->callee_saved | c->allocatable), 0);
	CHECK_EQ(args & ~c->allocatable, 0);
	CHECK_EQ(args & c->callee_saved, 0);
	CHECK_EQ(c->callee_saved & ~c->allocatable, 0);
	CHECK(c->callee_saved >> c->ctx & 1);
	CHECK(c->allocatable >> c->int_result & 1 && c->allocatable >> c->fp_result & 1);
	CHECK_EQ((REG_BIT(c->int_result) | REG_BIT(c->fp_result)) & (scratch | c->callee_saved), 0);
}

int
main(void)
{
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
		test_row(&rows[k]);
	test_registers(&conv_sysv);
	test_registers(&conv_win64);
	test_registers(&conv_aapcs64);
	CHECK_EQ(conv_sysv.allocatable >> 4 & 1, 0); /* rsp */
	CHECK_EQ(conv_win64.allocatable >> 4 & 1, 0);
	CHECK_EQ(conv_aapcs64.allocatable >> 18 & 1, 0); /* the platform's */
	CHECK_EQ(conv_aapcs64.allocatable >> 29 & 7, 0); /* frame pointer, link register, sp */
	CHECK_EQ(conv_win64.callee_saved >> REG_FP, 0xffc0);
	CHECK_EQ(conv_aapcs64.callee_saved >> REG_FP, 0xff00);
	CHECK_EQ(conv_sysv.callee_saved >> REG_FP, 0);
	CHECK_EQ(conv_win64.shadow, 32);
	return check_done();
}
