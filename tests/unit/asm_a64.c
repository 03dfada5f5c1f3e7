/* asm_a64.c - if this fails, an AArch64 instruction has wrong bits, or something that does not fit
 * is said to fit.  The words below came from GNU as; tests/encoding/ walks all forms where
 * assemblers are. */
#include "asm/aarch64.h"
#include "asm/aarch64_table.h"
#include "asm/asm.h"
#include "check.h"

static void
golden(void)
{
	// clang-format off
	const struct { const char *text; uint32_t word, ours; } rows[] = {
		{ "add sp, x22, #4095", 0x913ffedf, a64_addsub_imm(A64_X, A64_ADD, 31, 22, 4095) },
		{ "sub w0, w22, #4095", 0x513ffec0, a64_addsub_imm(A64_W, A64_SUB, 0, 22, 4095) },
		{ "subs wzr, w22, #16773120", 0x717ffedf, a64_addsub_imm(A64_W, A64_SUBS, 31, 22,
		    0xfff000) },
		{ "cmp sp, #77", 0xf10137ff, a64_cmp_imm(A64_X, A64_SP, 77) },
		{ "cmn w7, #77", 0x310134ff, a64_cmn_imm(A64_W, 7, 77) },
		{ "mov sp, x22", 0x910002df, a64_mov_sp(A64_SP, 22) },
		{ "orr sp, x22, #0x3fc", 0xb27e1edf, a64_logic_imm(A64_X, A64_ORRI, 31, 22,
		    0x3fc) },
		{ "ands wzr, w22, #0x3fc", 0x721e1edf, a64_logic_imm(A64_W, A64_ANDSI, 31, 22,
		    0x3fc) },
		{ "movn x7, #4660, lsl #48", 0x92e24687, a64_movwide(A64_X, A64_MOVN, 7, 4660,
		    48) },
		{ "movk w7, #65535, lsl #16", 0x72bfffe7, a64_movwide(A64_W, A64_MOVK, 7, 65535,
		    16) },
		{ "lsl x3, x8, #63", 0xd3410103, a64_lsl_imm(A64_X, 3, 8, 63) },
		{ "lsl w3, w8, #0", 0x53007d03, a64_lsl_imm(A64_W, 3, 8, 0) },
		{ "lsr w3, w8, #31", 0x531f7d03, a64_lsr_imm(A64_W, 3, 8, 31) },
		{ "asr x3, x8, #1", 0x9341fd03, a64_asr_imm(A64_X, 3, 8, 1) },
		{ "ror w3, w8, #13", 0x13883503, a64_ror_imm(A64_W, 3, 8, 13) },
		{ "ubfx x3, x8, #40, #24", 0xd368fd03, a64_ubfx(A64_X, 3, 8, 40, 24) },
		{ "bfi w3, w8, #5, #27", 0x331b6903, a64_bfi(A64_W, 3, 8, 5, 27) },
		{ "sxtw x9, w0", 0x93407c09, a64_sxtw(9, 0) },
		{ "uxtb w30, w22", 0x53001ede, a64_uxtb(30, 22) },
		{ "extr x9, x22, xzr, #11", 0x93df2ec9, a64_extr(A64_X, 9, 22, 31, 11) },
		{ "add x9, x22, x5", 0x8b0502c9, a64_addsub_reg(A64_X, A64_ADD, 9, 22, 5, A64_LSL,
		    0) },
		{ "subs w1, w2, w3, asr #31", 0x6b837c41, a64_addsub_reg(A64_W, A64_SUBS, 1, 2, 3,
		    A64_ASR, 31) },
		{ "add sp, x22, w5, uxtw #4", 0x8b2552df, a64_addsub_ext(A64_X, A64_ADD, 31, 22, 5,
		    A64_UXTW, 4) },
		{ "neg x9, xzr", 0xcb1f03e9, a64_neg(A64_X, 9, 31) },
		{ "mvn w30, w22", 0x2a3603fe, a64_mvn(A64_W, 30, 22) },
		{ "eon x1, x2, x3, ror #63", 0xcae3fc41, a64_logic_reg(A64_X, A64_EON, 1, 2, 3,
		    A64_ROR, 63) },
		{ "madd x9, x22, x5, xzr", 0x9b057ec9, a64_mul(A64_X, A64_MADD, 9, 22, 5, 31) },
		{ "msub w9, w22, w5, w26", 0x1b05eac9, a64_mul(A64_W, A64_MSUB, 9, 22, 5, 26) },
		{ "umulh x9, xzr, x5", 0x9bc57fe9, a64_mul(A64_X, A64_UMULH, 9, 31, 5, 31) },
		{ "smaddl x9, w22, w5, x0", 0x9b2502c9, a64_mul(A64_X, A64_SMADDL, 9, 22, 5, 0) },
		{ "sdiv w9, w22, w17", 0x1ad10ec9, a64_dp2(A64_W, A64_SDIV, 9, 22, 17) },
		{ "udiv x9, x22, x17", 0x9ad10ac9, a64_dp2(A64_X, A64_UDIV, 9, 22, 17) },
		{ "ror x9, x22, x17", 0x9ad12ec9, a64_dp2(A64_X, A64_RORV, 9, 22, 17) },
		{ "rev w9, w22", 0x5ac00ac9, a64_dp1(A64_W, A64_REV, 9, 22) },
		{ "rev x9, x22", 0xdac00ec9, a64_dp1(A64_X, A64_REV, 9, 22) },
		{ "rbit x0, x22", 0xdac002c0, a64_dp1(A64_X, A64_RBIT, 0, 22) },
		{ "cset w9, hi", 0x1a9f97e9, a64_cset(A64_W, 9, A64_HI) },
		{ "ldr xzr, [x22, #32760]", 0xf97ffedf, a64_mem(A64_LDR_X, 31, 22, 32760) },
		{ "ldrsb w9, [sp, #4095]", 0x39ffffe9, a64_mem(A64_LDRSB_W, 9, A64_SP, 4095) },
		{ "str d9, [sp, #8]", 0xfd0007e9, a64_mem(A64_STR_D, 9, A64_SP, 8) },
		{ "ldursw x9, [x0, #-256]", 0xb8900009, a64_mem_unscaled(A64_LDRSW, 9, 0, -256) },
		{ "str x9, [sp, #-1]!", 0xf81fffe9, a64_mem_pre(A64_STR_X, 9, A64_SP, -1) },
		{ "ldr q9, [x22], #255", 0x3ccff6c9, a64_mem_post(A64_LDR_Q, 9, 22, 255) },
		{ "ldr x9, [x22, x5, lsl #3]", 0xf8657ac9, a64_mem_reg(A64_LDR_X, 9, 22, 5,
		    A64_UXTX, true) },
		{ "strb w9, [x22, w5, sxtw #0]", 0x3825dac9, a64_mem_reg(A64_STRB, 9, 22, 5,
		    A64_SXTW, true) },
		{ "ldr s9, [x22, xzr]", 0xbc7f6ac9, a64_mem_reg(A64_LDR_S, 9, 22, 31, A64_UXTX,
		    false) },
		{ "ldr d9, .-4", 0x5cffffe9, a64_mem_lit(A64_LIT_D, 9, -4) },
		{ "stp x9, x22, [sp, #-512]!", 0xa9a05be9, a64_pair(A64_STP_X, A64_PRE, 9, 22,
		    A64_SP, -512) },
		{ "ldp d9, d22, [x5], #504", 0x6cdfd8a9, a64_pair(A64_LDP_D, A64_POST, 9, 22, 5,
		    504) },
		{ "ldpsw x9, x22, [x5, #-4]", 0x697fd8a9, a64_pair(A64_LDPSW, A64_OFFSET, 9, 22, 5,
		    -4) },
		{ "b .-134217728", 0x16000000, a64_b(-134217728) },
		{ "bl .+134217724", 0x95ffffff, a64_bl(134217724) },
		{ "b.lt .+1048572", 0x547fffeb, a64_bcond(A64_LT, 1048572) },
		{ "cbnz x9, .-1048576", 0xb5800009, a64_cbz(A64_X, true, 9, -1048576) },
		{ "adr x9, .+5", 0x30000029, a64_adr(9, 5) },
		{ "adrp x9, #-4294967296", 0x90800009, a64_adrp(9, -4294967296) },
		{ "br x9", 0xd61f0120, a64_branch_reg(A64_BR, 9) },
		{ "ret", 0xd65f03c0, a64_ret() },
		{ "bti c", 0xd503245f, a64_hint(A64_BTI_C) },
		{ "paciasp", 0xd503233f, a64_hint(A64_PACIASP) },
		{ "brk #0xf00d", 0xd43e01a0, a64_brk(0xf00d) },
		{ "fmov d9, d31", 0x1e6043e9, a64_fp1(A64_D, A64_FMOV, 9, 31) },
		{ "frintn s9, s22", 0x1e2442c9, a64_fp1(A64_S, A64_FRINTN, 9, 22) },
		{ "fcvt d9, s22", 0x1e22c2c9, a64_fp1(A64_S, A64_FCVT_D, 9, 22) },
		{ "fcvt s9, d22", 0x1e6242c9, a64_fp1(A64_D, A64_FCVT_S, 9, 22) },
		{ "fmaxnm d9, d22, d5", 0x1e656ac9, a64_fp2(A64_D, A64_FMAXNM, 9, 22, 5) },
		{ "fdiv s9, s22, s5", 0x1e251ac9, a64_fp2(A64_S, A64_FDIV, 9, 22, 5) },
		{ "fmadd d9, d22, d5, d26", 0x1f456ac9, a64_fp3(A64_D, A64_FMADD, 9, 22, 5, 26) },
		{ "fcmp d9, d22", 0x1e762120, a64_fcmp(A64_D, A64_FCMP, 9, 22) },
		{ "fcmpe s9, #0.0", 0x1e202138, a64_fcmp_zero(A64_S, A64_FCMPE, 9) },
		{ "fmov x9, d22", 0x9e6602c9, a64_fpint(A64_X, A64_D, A64_FMOV_TO_INT, 9, 22) },
		{ "fmov s9, w22", 0x1e2702c9, a64_fpint(A64_W, A64_S, A64_FMOV_TO_FP, 9, 22) },
		{ "fcvtzu x9, s22", 0x9e3902c9, a64_fpint(A64_X, A64_S, A64_FCVTZU, 9, 22) },
		{ "ucvtf d9, w22", 0x1e6302c9, a64_fpint(A64_W, A64_D, A64_UCVTF, 9, 22) },
		{ "bsl v9.8b, v22.8b, v5.8b", 0x2e651ec9, a64_vlogic(false, A64_VBSL, 9, 22, 5) },
		{ "cnt v9.16b, v22.16b", 0x4e205ac9, a64_cnt(true, 9, 22) },
		{ "uaddlv h9, v22.8b", 0x2e303ac9, a64_uaddlv(false, 9, 22) },	};
	// clang-format on
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
		if (!CHECK_EQ(rows[k].ours, rows[k].word))
			printf("    %s\n", rows[k].text);
}

/* ---- What fits ---- */

static void
add_immediates(void)
{
	CHECK(a64_is_addimm(0) && a64_is_addimm(4095) && a64_is_addimm(4096));
	CHECK(a64_is_addimm(0xfff000) && !a64_is_addimm(0x1000000));
	CHECK(!a64_is_addimm(4097) && !a64_is_addimm(0xfff001) && !a64_is_addimm(UINT64_MAX));
}

/* DecodeBitMasks() of the manual: what the fields mean. */
static uint64_t
decode_bitmask(unsigned n, unsigned immr, unsigned imms)
{
	unsigned size = 64;
	if (!n)
		for (size = 32; size > 1 && (imms & size); size /= 2)
			continue;
	unsigned ones = (imms & (size - 1)) + 1, r = immr & (size - 1);
	uint64_t mask = ~UINT64_C(0) >> (64 - size), x = ~UINT64_C(0) >> (64 - ones);
	x = r ? (x >> r | x << (size - r)) & mask : x;
	for (; size < 64; size *= 2)
		x |= x << size;
	return x;
}

static uint64_t
decode_word(uint32_t word)
{
	return decode_bitmask(word >> 22 & 1, word >> 16 & 63, word >> 10 & 63);
}

/* Every one there is decodes to itself, and its neighbours by one bit are told apart by decoding
 * too. */
static void
bitmasks(void)
{
	unsigned count = 0, wide = 0;

	for (unsigned size = 2; size <= 64; size *= 2)
		for (unsigned ones = 1; ones < size; ones++)
			for (unsigned r = 0; r < size; r++) {
				uint64_t mask = ~UINT64_C(0) >> (64 - size);
				uint64_t x = ~UINT64_C(0) >> (64 - ones);
				x = r ? (x >> r | x << (size - r)) & mask : x;
				for (unsigned k = size; k < 64; k *= 2)
					x |= x << k;
				count++;
				if (!CHECK(a64_is_bitmask(A64_X, x)))
					continue;
				CHECK_EQ(decode_word(a64_logic_imm(A64_X, A64_ANDI, 0, 0, x)), x);
				if (size <= 32) {
					wide++;
					uint32_t w = a64_logic_imm(A64_W, A64_ANDI, 0, 0, x >> 32);
					CHECK_EQ(decode_word(w), x);
				}
				if (x >> 32)
					CHECK(!a64_is_bitmask(A64_W, x));
				for (unsigned bit = 0; bit < 64; bit += 7) {
					uint64_t y = x ^ UINT64_C(1) << bit;
					if (a64_is_bitmask(A64_X, y))
						CHECK_EQ(decode_word(a64_logic_imm(A64_X, A64_ANDI,
										   0, 0, y)),
							 y);
				}
			}
	CHECK_EQ(count, 5334);
	CHECK_EQ(wide, 1302);
	CHECK(!a64_is_bitmask(A64_X, 0) && !a64_is_bitmask(A64_X, UINT64_MAX));
	CHECK(!a64_is_bitmask(A64_W, 0) && !a64_is_bitmask(A64_W, UINT32_MAX));
	CHECK(!a64_is_bitmask(A64_X, 5) && !a64_is_bitmask(A64_X, 0x1234));
}

/* VFPExpandImm() of the manual. */
static uint64_t
expand_fp(unsigned imm8, bool d)
{
	uint64_t sign = imm8 >> 7, b = imm8 >> 6 & 1, cd = imm8 >> 4 & 3, f = imm8 & 15;
	if (d)
		return sign << 63 | (b ^ 1) << 62 | (b ? UINT64_C(0xff) : 0) << 54 | cd << 52 |
		       f << 48;
	return sign << 31 | (b ^ 1) << 30 | (b ? UINT64_C(0x1f) : 0) << 25 | cd << 23 | f << 19;
}

static void
float_immediates(void)
{
	for (unsigned k = 0; k < 256; k++) {
		uint64_t s = expand_fp(k, false), d = expand_fp(k, true);
		CHECK(a64_is_fimm(A64_S, s) && a64_is_fimm(A64_D, d));
		CHECK_EQ(a64_fmov_imm(A64_S, 3, s), 0x1e201003u | k << 13);
		CHECK_EQ(a64_fmov_imm(A64_D, 3, d), 0x1e601003u | k << 13);
		for (unsigned bit = 0; bit < 48; bit++)
			CHECK(!a64_is_fimm(A64_D, d ^ UINT64_C(1) << bit));
		for (unsigned bit = 0; bit < 19; bit++)
			CHECK(!a64_is_fimm(A64_S, s ^ UINT64_C(1) << bit));
		CHECK(!a64_is_fimm(A64_D, d ^ UINT64_C(1) << 54));
		CHECK(!a64_is_fimm(A64_D, d ^ UINT64_C(1) << 61));
	}
	CHECK(!a64_is_fimm(A64_D, 0) && !a64_is_fimm(A64_S, 0));
	CHECK(!a64_is_fimm(A64_S, UINT64_C(0x3ff0000000000000)));
	CHECK(a64_is_bytemask(0) && a64_is_bytemask(UINT64_C(0xff00ff0000ffffff)));
	CHECK(!a64_is_bytemask(1) && !a64_is_bytemask(UINT64_C(0x8000000000000000)));
}

static void
offsets(void)
{
	CHECK(a64_is_uoff(A64_LDRB, 4095) && !a64_is_uoff(A64_LDRB, 4096));
	CHECK(a64_is_uoff(A64_LDR_X, 32760) && !a64_is_uoff(A64_LDR_X, 32768));
	CHECK(!a64_is_uoff(A64_LDR_X, 4) && !a64_is_uoff(A64_LDR_X, -8));
	CHECK(a64_is_uoff(A64_LDR_Q, 65520) && !a64_is_uoff(A64_STR_Q, 8));
	CHECK(a64_is_simm9(-256) && a64_is_simm9(255) && !a64_is_simm9(256) && !a64_is_simm9(-257));
	CHECK(a64_is_pairoff(A64_STP_X, -512) && a64_is_pairoff(A64_STP_X, 504));
	CHECK(!a64_is_pairoff(A64_STP_X, 512) && !a64_is_pairoff(A64_STP_X, 4));
	CHECK(a64_is_pairoff(A64_LDPSW, 252) && !a64_is_pairoff(A64_LDPSW, 256));
	CHECK(a64_in_reach(26, -134217728) && !a64_in_reach(26, 134217728));
	CHECK(!a64_in_reach(26, 2) && a64_in_reach(14, 32764) && !a64_in_reach(14, 32768));
}

/* ---- Constants ---- */

/* Runs a sequence of MOVZ, MOVN, MOVK and ORR on one register. */
static uint64_t
simulate(const uint32_t *words, unsigned n, A64Width w, unsigned rd)
{
	uint64_t x = UINT64_C(0xdeadbeefdeadbeef), all = w == A64_X ? UINT64_MAX : UINT32_MAX;

	for (unsigned k = 0; k < n; k++) {
		uint32_t op = words[k] >> 23 & 0xff, shift = (words[k] >> 21 & 3) * 16;
		uint64_t half = (uint64_t)(words[k] >> 5 & 0xffff) << shift;
		CHECK_EQ(words[k] & 31, rd);
		CHECK_EQ(words[k] >> 31, w == A64_X);
		if (op == 0x25)
			x = ~half & all;
		else if (op == 0xa5)
			x = half;
		else if (op == 0xe5)
			x = (x & ~(UINT64_C(0xffff) << shift)) | half;
		else if (CHECK_EQ(words[k] >> 23 & 0xff, 0x64) && CHECK_EQ(words[k] >> 5 & 31, 31))
			x = decode_word(words[k]) & all;
	}
	return x;
}

static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	return z ^ z >> 27;
}

static unsigned
mov_count(A64Width w, uint64_t x)
{
	uint32_t words[4] = { 0 };
	unsigned n = a64_mov_const(w, 11, x, words);
	CHECK(n >= 1 && n <= (w == A64_X ? 4u : 2u));
	CHECK_EQ(simulate(words, n, w, 11), x);
	return n;
}

static void
constants(void)
{
	static const struct {
		uint64_t x;
		unsigned n;
	} wide[] = {
		{ 0, 1 },
		{ 1, 1 },
		{ 0xffff, 1 },
		{ 0x10000, 1 },
		{ UINT64_MAX, 1 },
		{ UINT64_C(0x123400000000), 1 },
		{ UINT64_C(0xfffffffffffffffe), 1 },
		{ UINT64_C(0xffff1234ffffffff), 1 },
		{ UINT64_C(0x5555555555555555), 1 },
		{ UINT64_C(0x00ffffffffffff00), 1 },
		{ 0x12345678, 2 },
		{ UINT64_C(0x8000000000000001), 1 },
		{ UINT64_C(0x5555555512345555), 2 },
		{ UINT64_C(0x0ff00ff012340ff0), 2 },
		{ UINT64_C(0x1234567812345678), 4 },
		{ UINT64_C(0xabcdffff1234ffff), 2 },
		{ UINT64_C(0x1234555555555678), 3 },
		{ UINT64_C(0x3ff0000000000000), 1 },
		{ UINT64_C(0x0123456789abcdef), 4 },
		{ UINT64_C(0x00001234ffff5678), 3 },
	};
	uint64_t seed = 1;

	for (size_t k = 0; k < sizeof wide / sizeof *wide; k++)
		if (!CHECK_EQ(mov_count(A64_X, wide[k].x), wide[k].n))
			printf("    of 0x%" PRIx64 "\n", wide[k].x);
	CHECK_EQ(mov_count(A64_W, 0), 1);
	CHECK_EQ(mov_count(A64_W, UINT32_MAX), 1);
	CHECK_EQ(mov_count(A64_W, 0xff00ff00), 1);
	CHECK_EQ(mov_count(A64_W, 0xffff1234), 1);
	CHECK_EQ(mov_count(A64_W, 0x12345678), 2);
	for (unsigned k = 0; k < 20000; k++) {
		uint64_t x = next_random(&seed), fill = next_random(&seed);
		for (unsigned h = 0; h < 4; h++) { /* halves that are 0, ffff, or repeated, too */
			uint64_t mask = UINT64_C(0xffff) << 16 * h;
			switch (fill >> 3 * h & 7) {
			case 0: x &= ~mask; break;
			case 1: x |= mask; break;
			case 2: x = (x & ~mask) | (x & 0xffff) << 16 * h; break;
			}
		}
		mov_count(A64_X, x);
		mov_count(A64_W, x >> 32);
	}
}

/* ---- Fixups ---- */

static bool
patch(uint32_t *word, uint8_t kind, int64_t disp)
{
	uint8_t b[4];
	for (unsigned k = 0; k < 4; k++)
		b[k] = (uint8_t)(*word >> 8 * k);
	bool ok = a64_patch(b, kind, disp);
	*word = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
	return ok;
}

/* Patching must give what the encoder gives, over what was there before, or leave all as it was. */
static void
fixups(void)
{
	static const struct {
		uint8_t kind;
		int64_t low, high, step;
	} rows[] = {
		{ A64_FIX_BRANCH26, -134217728, 134217724, 4 },
		{ A64_FIX_BRANCH19, -1048576, 1048572, 4 },
		{ A64_FIX_BRANCH14, -32768, 32764, 4 },
		{ A64_FIX_ADR, -1048576, 1048575, 1 },
	};
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		const int64_t disps[] = { rows[k].low,	 rows[k].low + rows[k].step,
					  -rows[k].step, 0,
					  rows[k].step,	 rows[k].high - rows[k].step,
					  rows[k].high };
		for (size_t j = 0; j < 7; j++) {
			int64_t d = disps[j];
			uint32_t b26 = a64_b(8), b19 = a64_cbz(A64_X, true, 5, -4);
			uint32_t b14 = a64_tbz(false, 6, 43, -8), adr = a64_adr(7, -5);
			switch (rows[k].kind) {
			case A64_FIX_BRANCH26:
				CHECK(patch(&b26, rows[k].kind, d));
				CHECK_EQ(b26, a64_b(d));
				break;
			case A64_FIX_BRANCH19:
				CHECK(patch(&b19, rows[k].kind, d));
				CHECK_EQ(b19, a64_cbz(A64_X, true, 5, d));
				break;
			case A64_FIX_BRANCH14:
				CHECK(patch(&b14, rows[k].kind, d));
				CHECK_EQ(b14, a64_tbz(false, 6, 43, d));
				break;
			default: CHECK(patch(&adr, rows[k].kind, d)); CHECK_EQ(adr, a64_adr(7, d));
			}
		}
		uint32_t same = 0x12345678;
		CHECK(!patch(&same, rows[k].kind, rows[k].low - rows[k].step));
		CHECK(!patch(&same, rows[k].kind, rows[k].high + rows[k].step));
		CHECK(rows[k].step == 1 || !patch(&same, rows[k].kind, 2));
		CHECK_EQ(same, 0x12345678);
	}
	uint32_t lo = a64_movwide(A64_W, A64_MOVZ, 17, 0, 0),
		 hi = a64_movwide(A64_W, A64_MOVK, 17, 0, 16);
	CHECK(patch(&lo, A64_FIX_LO16, -0x12345678) && patch(&hi, A64_FIX_HI16, -0x12345678));
	uint32_t words[] = { lo, hi };
	CHECK_EQ(simulate(words, 2, A64_W, 17), (uint32_t)-0x12345678);
	CHECK(!patch(&lo, A64_FIX_LO16, INT64_C(0x80000000)));
	CHECK(!patch(&lo, 0, 0));
}

/* ---- The public call ---- */

#define X trivet_a64_x
#define W trivet_a64_w

static trivet_asm *
open_a64(void)
{
	trivet_asm *a = NULL;
	CHECK_EQ(trivet_asm_open(NULL, TRIVET_ISA_AARCH64, &a), TRIVET_OK);
	return a;
}

static void
refusals(void)
{
	trivet_asm *a = open_a64();
	const struct {
		trivet_a64_op op;
		unsigned n;
		trivet_operand o[4];
		const char *message;
	} rows[] = {
		{ TRIVET_A64_ADD,
		  3,
		  { X(0), X(1), trivet_imm(4097) },
		  "add: operand 3: #4097 is not 0..4095" },
		{ TRIVET_A64_ADD,
		  3,
		  { X(33), X(1), X(2) },
		  "add: operand 1: register 33 is not x0" },
		{ TRIVET_A64_ADD, 3, { X(0), W(1), X(2) }, "add: operand 2: w1 is not x0..x30" },
		{ TRIVET_A64_MUL, 2, { X(0), X(1) }, "mul: there is no form with 2 operands" },
		{ TRIVET_A64_LDR,
		  2,
		  { X(0), trivet_a64_m(1, 32768) },
		  "ldr: operand 2: [x1, #32768] is not memory" },
		{ TRIVET_A64_LDR,
		  2,
		  { X(1), trivet_a64_pre(1, 8) },
		  "ldr: operand 2: what happens with these registers" },
		{ TRIVET_A64_LDP,
		  3,
		  { X(0), X(0), trivet_a64_m(1, 8) },
		  "ldp: operand 3: what happens with these registers" },
		{ TRIVET_A64_LDP, 3, { X(0), X(0), X(1) }, "ldp: operand 3: x1 is not memory" },
		{ TRIVET_A64_STXR,
		  3,
		  { W(1), X(1), trivet_a64_m(2, 0) },
		  "stxr: operand 3: what happens with these registers" },
		{ TRIVET_A64_AND, 3, { X(0), X(1), trivet_imm(5) }, "and: operand 3: #5 is not" },
		{ TRIVET_A64_FMOV,
		  2,
		  { trivet_a64_d(0), trivet_a64_fimm(0.1) },
		  "fmov: operand 2:" },
		{ TRIVET_A64_TBZ,
		  3,
		  { W(0), trivet_imm(32), trivet_imm(8) },
		  "tbz: operand 2: #32" },
		{ TRIVET_A64_B, 1, { trivet_imm(134217728) }, "b: operand 1: #134217728 is not" },
		{ TRIVET_A64_MOV, 2, { W(0), trivet_imm(INT64_C(0x100000000)) }, "mov: operand 2" },
	};
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		const uint8_t *code;
		size_t size;

		trivet_asm_reset(a);
		trivet_a64(a, NOP);
		trivet_a64_emit(a, rows[k].op, rows[k].o, rows[k].n);
		trivet_a64(a, NOP);
		CHECK_EQ(trivet_asm_status(a), TRIVET_OPERAND);
		if (!CHECK(!strncmp(trivet_asm_message(a), rows[k].message,
				    strlen(rows[k].message))) ||
		    !CHECK(strstr(trivet_asm_message(a), "(at byte 4)") != NULL))
			printf("    %s\n", trivet_asm_message(a));
		CHECK_EQ(trivet_asm_offset(a), 4);
		CHECK_EQ(trivet_asm_finish(a, 0, &code, &size), TRIVET_OPERAND);
	}
	trivet_asm_reset(a);
	trivet_a64_emit(a, TRIVET_A64_COUNT, NULL, 0);
	CHECK_EQ(trivet_asm_status(a), TRIVET_ARGUMENT);
	trivet_asm_reset(a);
	trivet_a64_emit(a, TRIVET_A64_ADD, NULL, 3);
	CHECK_EQ(trivet_asm_status(a), TRIVET_ARGUMENT);
	trivet_asm_reset(a);
	trivet_asm_bytes(a, "x", 1);
	trivet_a64(a, NOP);
	CHECK_EQ(trivet_asm_status(a), TRIVET_ARGUMENT);
	trivet_a64_emit(NULL, TRIVET_A64_NOP, NULL, 0);
	trivet_asm_close(a);
	CHECK_EQ(trivet_asm_open(NULL, TRIVET_ISA_X86_64, &a), TRIVET_OK);
	trivet_a64(a, NOP);
	CHECK_EQ(trivet_asm_status(a), TRIVET_ARGUMENT);
	trivet_asm_close(a);
}

/* A conditional branch just in and just out of reach, to a label before it and to one behind. */
static void
reach(void)
{
	static const uint8_t block[4096];

	for (unsigned forward = 0; forward < 2; forward++)
		for (unsigned more = 0; more < 2; more++) {
			trivet_asm *a = open_a64();
			trivet_label l = trivet_asm_label(a);
			const uint8_t *code;
			size_t size, gap = (forward ? 32760u : 32768u) + 4 * more;

			if (forward)
				trivet_a64(a, TBZ, X(3), trivet_imm(40), trivet_at(l));
			else
				trivet_asm_bind(a, l);
			for (size_t n; gap; gap -= n) {
				n = gap < sizeof block ? gap : sizeof block;
				trivet_asm_bytes(a, block, n);
			}
			if (forward)
				trivet_asm_bind(a, l);
			else
				trivet_a64(a, TBZ, X(3), trivet_imm(40), trivet_at(l));
			CHECK_EQ(trivet_asm_finish(a, 0, &code, &size),
				 more ? TRIVET_RANGE : TRIVET_OK);
			trivet_asm_close(a);
		}
}

static uint32_t
word_at(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* MOV is what a64_mov_const() gives; whatever the register, zero included. */
static void
moves(void)
{
	trivet_asm *a = open_a64();
	uint64_t seed = 5;

	for (unsigned k = 0; k < 2000; k++) {
		uint64_t v = next_random(&seed) >> (k % 64);
		uint32_t words[4];
		const uint8_t *code;
		size_t size;
		bool x = k & 1;

		v = x ? v : (uint32_t)v;
		unsigned n = a64_mov_const(x ? A64_X : A64_W, k % 31, v, words);
		trivet_asm_reset(a);
		trivet_a64(a, MOV, x ? X(k % 31) : W(k % 31), trivet_imm((int64_t)v));
		CHECK_EQ(trivet_asm_finish(a, 0, &code, &size), TRIVET_OK);
		CHECK_EQ(size, 4 * n);
		for (unsigned i = 0; i < n && size == 4 * n; i++)
			CHECK_EQ(word_at(code + 4 * i), words[i]);
	}
	trivet_asm_close(a);
}

/* Operands made of random bytes: refused or taken, and what is taken can be read back. */
static void
garbage(void)
{
	trivet_asm *a = open_a64();
	uint64_t seed = 11, taken = 0;

	for (unsigned k = 0; k < 300000; k++) {
		trivet_operand o[4];
		const uint8_t *code;
		size_t size;
		char text[96];

		for (unsigned i = 0; i < 4; i++) {
			uint64_t r = next_random(&seed), tame = r >> 56 & 3;
			memset(&o[i], 0, sizeof o[i]);
			o[i].kind = (uint8_t)(r % (tame ? 7 : 11));
			o[i].type = (uint8_t)((r >> 8 & 255) % (tame ? 23 : 255));
			o[i].reg = (uint8_t)((r >> 16 & 255) % (tame ? 32 : 255));
			o[i].index = (uint8_t)((r >> 24 & 255) % (tame ? 32 : 255));
			o[i].scale = (uint8_t)((r >> 32 & 255) % (tame ? 8 : 255));
			o[i].extra = (uint8_t)((r >> 40 & 255) % (tame ? 16 : 255));
			if (o[i].kind == TRIVET_OPERAND_LABEL)
				o[i].label = (trivet_label)(r >> 60);
			o[i].value = (int64_t)next_random(&seed) >> (r >> 48 & 63);
		}
		trivet_asm_reset(a);
		trivet_a64_emit(a, (trivet_a64_op)(next_random(&seed) % (TRIVET_A64_COUNT + 2)), o,
				(unsigned)(next_random(&seed) % 6));
		if (trivet_asm_finish(a, 0, &code, &size) != TRIVET_OK) {
			CHECK(trivet_asm_message(a)[0]);
			continue;
		}
		taken++;
		CHECK_EQ(a64_format(code, size, 0, text, sizeof text), 4);
	}
	CHECK(taken > 300);
	trivet_asm_close(a);
}

/* Of a class that the slot accepts, with numbers at the borders of some slot. */
static trivet_operand
any_operand(const A64Slot *slot, uint64_t *seed)
{
	static const uint8_t kinds[] = { TRIVET_OPERAND_MEM, TRIVET_OPERAND_LABEL,
					 TRIVET_OPERAND_IMM, TRIVET_OPERAND_SHIFT,
					 TRIVET_OPERAND_COND };
	static const uint8_t firsts[] = { A64_CLASS_MEM, A64_CLASS_LABEL, A64_CLASS_IMM,
					  A64_CLASS_SHIFT, A64_CLASS_COND };
	static const int64_t numbers[] = { 0,	1,    2,     3,	    4,	     8,	    16,	   31,
					   32,	63,   64,    -1,    -2,	     -16,   -64,   255,
					   256, -256, -257,  4095,  4096,    32760, 65535, 65536,
					   504, 505,  -1024, 0xff0, 1 << 20, 8190 };
	uint64_t r = next_random(seed);
	trivet_operand o = { 0 };
	unsigned class = 0, k;

	if (!slot->accepted)
		return o;
	do
		class = (unsigned)(next_random(seed) >> 20) % (A64_CLASS_COND + 1);
	while (!(slot->accepted >> class & 1));
	if (class < A64_CLASS_MEM) {
		o.kind = TRIVET_OPERAND_REG;
		o.type = (uint8_t) class;
	} else {
		for (k = 4; class < firsts[k]; k--)
			;
		o.kind = kinds[k];
		o.type = (uint8_t)(class - firsts[k]);
	}
	o.value = numbers[(r >> 8) % 30];
	if (o.kind == TRIVET_OPERAND_LABEL)
		o.label =
			(trivet_label)(r >> 16 & 3); /* the first is bound, the last two are none */
	else
		o.reg = (uint8_t)((r >> 16) % (r >> 60 ? 31 : 34));
	if (o.kind != TRIVET_OPERAND_LABEL) {
		o.index = (uint8_t)((r >> 24) % 33);
		o.scale = (r >> 32) % 8 ? (uint8_t)((r >> 35) % 5) : TRIVET_A64_NO_SHIFT;
		o.extra = (uint8_t)((r >> 40) % 13);
	}
	return o;
}

/* The assembler remembers forms.  One that has seen much gives the same words and messages as one
 * that remembers nothing. */
static void
memory(unsigned rounds)
{
	trivet_asm *both[2] = { open_a64(), open_a64() };
	unsigned encoded = 0, referred = 0;
	uint64_t seed = 5;

	for (unsigned k = 0; k < rounds; k++) {
		const A64Row *row = &a64_rows[next_random(&seed) % a64_row_count];
		const uint8_t *code[2];
		trivet_operand o[4];
		trivet_status s[2];
		size_t size[2];
		unsigned n = row->most;

		if (next_random(&seed) >> 60 == 0)
			n = row->least;
		for (unsigned i = 0; i < n; i++)
			o[i] = any_operand(&a64_slots[row->slot[i]], &seed);
		memset(both[1]->recent, 0, sizeof both[1]->recent);
		for (unsigned j = 0; j < 2; j++) {
			trivet_label far;

			trivet_asm_reset(both[j]);
			trivet_asm_bind(both[j], trivet_asm_label(both[j]));
			far = trivet_asm_label(both[j]);
			trivet_a64_emit(both[j], (trivet_a64_op)row->op, o, n);
			trivet_asm_bind(both[j], far);
			s[j] = trivet_asm_finish(both[j], 0, &code[j], &size[j]);
		}
		CHECK_EQ(s[0], s[1]);
		CHECK(strcmp(trivet_asm_message(both[0]), trivet_asm_message(both[1])) == 0);
		if (s[0] || s[1])
			continue;
		encoded++;
		referred += n && o[n - 1].kind == TRIVET_OPERAND_LABEL;
		CHECK(size[0] == size[1] && !memcmp(code[0], code[1], size[0]));
	}
	CHECK(encoded > rounds / 4 && encoded < rounds && referred > rounds / 1000);
	trivet_asm_close(both[0]);
	trivet_asm_close(both[1]);
}

static void
format(void)
{
	char text[64];
	const uint8_t add[] = { 0x20, 0x0c, 0x02, 0x8b }, none[] = { 0xff, 0xff, 0xff, 0xff };

	CHECK_EQ(a64_format(add, 4, 0, text, sizeof text), 4);
	CHECK(!strcmp(text, "add x0, x1, x2, lsl #3"));
	CHECK_EQ(a64_format(add, 4, 0, text, 4), 4);
	CHECK(!strcmp(text, "add"));
	CHECK_EQ(a64_format(add, 4, 0, NULL, 0), 4);
	CHECK_EQ(a64_format(add, 3, 0, text, sizeof text), 0);
	CHECK_EQ(a64_format(none, 4, 0, text, sizeof text), 0);
	CHECK(!strcmp(text, ".word 0xffffffff"));
	for (unsigned op = 0; op < TRIVET_A64_COUNT; op++) /* the enum's order is the table's */
		CHECK_EQ(a64_rows[a64_first_row[op]].op, op);
	for (unsigned i = 1; i < a64_row_count; i++)
		CHECK(a64_rows[i].op >= a64_rows[i - 1].op &&
		      !(a64_rows[i].value & ~a64_rows[i].mask));
}

int
main(void)
{
	golden();
	add_immediates();
	bitmasks();
	float_immediates();
	offsets();
	constants();
	fixups();
	refusals();
	reach();
	moves();
	garbage();
	memory(200000);
	format();
	return check_done();
}
