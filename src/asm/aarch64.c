/* aarch64.c - A64 instructions as 32-bit words.  See aarch64.h. */
#include "asm/aarch64.h"

#include <assert.h>

#include "asm/aarch64_bits.h"

/* A field of `width` bits at `lsb`. */
static uint32_t
field(uint32_t value, unsigned width, unsigned lsb)
{
	assert(value >> 1 >> (width - 1) == 0 && "field overflows");
	return value << lsb;
}

/* A signed field: the low `width` bits of value, which must hold all of it. */
static uint32_t
signed_field(int64_t value, unsigned width, unsigned lsb)
{
	assert(value >= -(INT64_C(1) << (width - 1)) && value < INT64_C(1) << (width - 1));
	return ((uint32_t)value & ((UINT32_C(1) << width) - 1)) << lsb;
}

static uint32_t
rd_rn(A64Reg rd, A64Reg rn)
{
	return field(rn, 5, 5) | field(rd, 5, 0);
}

static uint32_t
rd_rn_rm(A64Reg rd, A64Reg rn, A64Reg rm)
{
	return field(rm, 5, 16) | field(rn, 5, 5) | field(rd, 5, 0);
}

static uint32_t
sf(A64Width w)
{
	return (uint32_t)(w == A64_X) << 31;
}

/* ---- What fits ------------------------------------------------------------------------------ */

bool
a64_is_addimm(uint64_t imm)
{
	return imm <= 0xfff || (imm <= 0xfff000 && (imm & 0xfff) == 0);
}

/* Bitmask immediates                       ARM, DecodeBitMasks() in the shared pseudocode
 *
 * An element of 2, 4, … 64 bits, repeated to fill the register, in which a run of s+1 ones (never
 * none, never all) has been rotated right by r.  N:imms tell size and s, immr is r:
 *
 *    size 64: N=1 imms=ssssss     16: N=0 imms=10ssss      4: N=0 imms=1110ss
 *         32: N=0 imms=0sssss      8: N=0 imms=110sss      2: N=0 imms=11110s
 *
 * False when imm is none; else *out is N:immr:imms. */
bool
a64_bitmask(A64Width w, uint64_t imm, uint32_t *out)
{
	uint64_t x = imm;
	unsigned size = 64;

	if (w == A64_W) {
		if (imm >> 32)
			return false;
		x |= imm << 32;
	}
	if (x == 0 || ~x == 0)
		return false;
	while (size > 2 && (x >> (size / 2) | x << (64 - size / 2)) == x)
		size /= 2;

	uint64_t mask = ~UINT64_C(0) >> (64 - size), e = x & mask;
	unsigned rotate = 0, ones = 0;
	/* Rotate left until a run starts at bit 0: bit 0 set, top bit clear.  At most 63 steps. */
	while (!(e & 1) || e >> (size - 1)) {
		e = (e << 1 | e >> (size - 1)) & mask;
		rotate++;
	}
	while (e >> ones & 1)
		ones++;
	if (e != ~UINT64_C(0) >> (64 - ones))
		return false;
	uint32_t imms = (-(size * 2) & 0x3f) | (ones - 1);
	*out = (uint32_t)(size == 64) << 12 | rotate << 6 | imms;
	return true;
}

bool
a64_is_bitmask(A64Width w, uint64_t imm)
{
	uint32_t unused;
	return a64_bitmask(w, imm, &unused);
}

/* FMOV's 8 bits are sign, exponent's low three bits (the first one inverted) and the fraction's top
 * four: abcdefgh is a:NOT(b):bbb…:cd:efgh:000…         ARM, VFPExpandImm() in the shared pseudocode
 */
bool
a64_fimm(A64Float t, uint64_t bits, uint32_t *out)
{
	unsigned exponent = t == A64_D ? 11 : 8, fraction = t == A64_D ? 52 : 23;
	uint64_t sign = bits >> (exponent + fraction), low = fraction - 4;
	uint64_t exp = bits >> fraction & ((UINT64_C(1) << exponent) - 1);
	uint64_t middle = (UINT64_C(1) << (exponent - 3)) - 1, b = exp >> 2 & 1;

	if (sign > 1 || (bits & ((UINT64_C(1) << low) - 1)) != 0)
		return false;
	if ((exp >> 2 & middle) != (b ? middle : 0) || exp >> (exponent - 1) == b)
		return false;
	*out = (uint32_t)(sign << 7 | b << 6 | (exp & 3) << 4 | (bits >> low & 15));
	return true;
}

bool
a64_is_fimm(A64Float t, uint64_t bits)
{
	uint32_t unused;
	return a64_fimm(t, bits, &unused);
}

bool
a64_is_bytemask(uint64_t imm)
{
	uint64_t low = imm & UINT64_C(0x0101010101010101);
	return imm == low * 0xff;
}

/* ---- Data processing, immediate ------------------------------------------------------------- */

/* ADD and SUB (immediate)                          ARM C4.1.64, Add/subtract (immediate)
 *
 *   31  30  29  28    23  22  21     10  9  5  4  0
 *   sf  op  S   100010    sh   imm12      Rn    Rd     31 is SP, but for Rd with S it is ZR */
uint32_t
a64_addsub_imm(A64Width w, A64AddSub op, A64Reg rd, A64Reg rn, uint64_t imm)
{
	uint32_t sh = imm > 0xfff;

	assert(a64_is_addimm(imm));
	return sf(w) | BITS_ADDSUB_IMM(op) | sh << 22 |
	       field((uint32_t)(imm >> (sh ? 12 : 0)), 12, 10) | rd_rn(rd, rn);
}

/* AND, ORR, EOR, ANDS (immediate)                  ARM C4.1.64, Logical (immediate)
 *
 *   31  30 29  28    23  22  21  16  15  10  9  5  4  0
 *   sf   opc   100100    N    immr    imms    Rn    Rd     Rd 31 is SP, but for ANDS it is ZR */
uint32_t
a64_logic_imm(A64Width w, A64LogicImm op, A64Reg rd, A64Reg rn, uint64_t imm)
{
	uint32_t n_immr_imms = 0;
	bool fits = a64_bitmask(w, imm, &n_immr_imms);

	assert(fits && "not a bitmask immediate");
	(void)fits;
	return sf(w) | BITS_LOGIC_IMM(op) | field(n_immr_imms, 13, 10) | rd_rn(rd, rn);
}

/* MOVN, MOVZ, MOVK                                 ARM C4.1.64, Move wide (immediate)
 *
 *   31  30 29  28    23  22 21  20    5  4  0
 *   sf   opc   100101     hw     imm16    Rd     shifted left by 16 * hw */
uint32_t
a64_movwide(A64Width w, A64MovWide op, A64Reg rd, uint32_t imm16, uint32_t shift)
{
	assert(shift % 16 == 0 && shift < (w == A64_X ? 64 : 32));
	return sf(w) | BITS_MOVWIDE(op) | field(shift / 16, 2, 21) | field(imm16, 16, 5) |
	       field(rd, 5, 0);
}

/* SBFM, BFM, UBFM                                  ARM C4.1.64, Bitfield
 *
 *   31  30 29  28    23  22  21  16  15  10  9  5  4  0
 *   sf   opc   100110    N    immr    imms    Rn    Rd     N = sf */
uint32_t
a64_bitfield(A64Width w, A64Bitfield op, A64Reg rd, A64Reg rn, uint32_t immr, uint32_t imms)
{
	unsigned bits = w == A64_X ? 6 : 5;

	return sf(w) | BITS_BITFIELD(op) | sf(w) >> 9 | field(immr, bits, 16) |
	       field(imms, bits, 10) | rd_rn(rd, rn);
}

/* EXTR: the word that starts at bit lsb of Rn:Rm   ARM C4.1.64, Extract
 *
 *   31  30 29  28    23  22  21  20  16  15  10  9  5  4  0
 *   sf   00    100111    N   0     Rm     imms    Rn    Rd     N = sf */
uint32_t
a64_extr(A64Width w, A64Reg rd, A64Reg rn, A64Reg rm, uint32_t lsb)
{
	return sf(w) | BITS_EXTR | sf(w) >> 9 | field(lsb, w == A64_X ? 6 : 5, 10) |
	       rd_rn_rm(rd, rn, rm);
}

/* ADR, ADRP                                        ARM C4.1.64, PC-rel. addressing
 *
 *   31  30 29  28   24  23    5  4  0
 *   op  immlo  10000    immhi     Rd */
static uint32_t
pc_relative(uint32_t op, A64Reg rd, int64_t imm21)
{
	uint32_t imm = signed_field(imm21, 21, 0);
	return BITS_PC_RELATIVE(op) | (imm & 3) << 29 | imm >> 2 << 5 | field(rd, 5, 0);
}

uint32_t
a64_adr(A64Reg rd, int64_t disp)
{
	return pc_relative(0, rd, disp);
}

uint32_t
a64_adrp(A64Reg rd, int64_t disp)
{
	assert((disp & 0xfff) == 0);
	return pc_relative(1, rd, disp / 4096);
}

/* imm with halfword k replaced. */
static uint64_t
with_half(uint64_t imm, unsigned k, uint64_t half)
{
	return (imm & ~(UINT64_C(0xffff) << 16 * k)) | half << 16 * k;
}

/* Is there a bitmask immediate that differs from imm in at most `n` halfwords?  What fills a gap in
 * a pattern can be taken from 0000, ffff or a neighbour: an element of up to 32 bits repeats
 * another halfword, and in a longer one a run of ones needs no more than two edges, so a gap
 * between equal bits is filled with them and a gap between different ones may have its edge at its
 * border. */
static bool
near_bitmask(uint64_t imm, unsigned n, unsigned from, uint64_t *out)
{
	if (a64_is_bitmask(A64_X, imm)) {
		*out = imm;
		return true;
	}
	for (unsigned k = from; n && k < 4; k++) {
		for (unsigned j = 0; j < 6; j++) {
			uint64_t half = j < 4 ? imm >> 16 * j & 0xffff : j == 4 ? 0 : 0xffff;
			if (near_bitmask(with_half(imm, k, half), n - 1, k + 1, out))
				return true;
		}
	}
	return false;
}

unsigned
a64_mov_const(A64Width w, A64Reg rd, uint64_t imm, uint32_t out[4])
{
	unsigned halves = w == A64_X ? 4 : 2, zeros = 0, ones = 0, n = 0;
	uint64_t start;

	assert(w == A64_X || imm >> 32 == 0);
	for (unsigned k = 0; k < halves; k++) {
		zeros += (imm >> 16 * k & 0xffff) == 0;
		ones += (imm >> 16 * k & 0xffff) == 0xffff;
	}
	unsigned wide = halves - (zeros > ones ? zeros : ones); /* MOVZ or MOVN, then MOVKs */
	for (unsigned k = 0; k + 1 < wide; k++) {
		if (w == A64_W ? k > 0 || !a64_is_bitmask(w, imm)
			       : !near_bitmask(imm, k, 0, &start))
			continue;
		if (w == A64_W)
			start = imm;
		out[n++] = a64_logic_imm(w, A64_ORRI, rd, A64_ZR, start);
		for (unsigned i = 0; i < halves; i++)
			if ((start ^ imm) >> 16 * i & 0xffff)
				out[n++] = a64_movwide(w, A64_MOVK, rd,
						       (uint32_t)(imm >> 16 * i & 0xffff), 16 * i);
		return n;
	}
	uint32_t fill = ones > zeros ? 0xffff : 0;
	for (unsigned k = 0; k < halves; k++) {
		uint32_t half = (uint32_t)(imm >> 16 * k & 0xffff);
		if (half == fill && !(n == 0 && k == halves - 1))
			continue;
		if (n)
			out[n++] = a64_movwide(w, A64_MOVK, rd, half, 16 * k);
		else if (fill)
			out[n++] = a64_movwide(w, A64_MOVN, rd, half ^ 0xffff,
					       half == fill ? 0 : 16 * k);
		else
			out[n++] = a64_movwide(w, A64_MOVZ, rd, half, half ? 16 * k : 0);
	}
	return n;
}

/* ---- Data processing, register -------------------------------------------------------------- */

/* ADD and SUB (shifted register)                   ARM C4.1.67, Add/subtract (shifted register)
 *
 *   31  30  29  28   24  23  22  21  20  16  15  10  9  5  4  0
 *   sf  op  S   01011    shift   0     Rm     imm6    Rn    Rd     31 is ZR; no ROR */
uint32_t
a64_addsub_reg(A64Width w, A64AddSub op, A64Reg rd, A64Reg rn, A64Reg rm, A64Shift s,
	       uint32_t amount)
{
	assert(s != A64_ROR);
	return sf(w) | BITS_ADDSUB_REG(op) | field(s, 2, 22) |
	       field(amount, w == A64_X ? 6 : 5, 10) | rd_rn_rm(rd, rn, rm);
}

/* ADD and SUB (extended register)                  ARM C4.1.67, Add/subtract (extended register)
 *
 *   31  30  29  28   24  23 22  21  20  16  15  13  12 10  9  5  4  0
 *   sf  op  S   01011     00    1     Rm    option  imm3    Rn    Rd     Rn, Rd: 31 is SP */
uint32_t
a64_addsub_ext(A64Width w, A64AddSub op, A64Reg rd, A64Reg rn, A64Reg rm, A64Extend e,
	       uint32_t amount)
{
	assert(amount <= 4);
	return sf(w) | BITS_ADDSUB_EXT(op) | field(e, 3, 13) | field(amount, 3, 10) |
	       rd_rn_rm(rd, rn, rm);
}

/* ADC, SBC                                         ARM C4.1.67, Add/subtract (with carry)
 *
 *   31  30  29  28      21  20  16  15    10  9  5  4  0
 *   sf  op  S   11010000      Rm    000000     Rn    Rd */
uint32_t
a64_addsub_carry(A64Width w, A64Carry op, A64Reg rd, A64Reg rn, A64Reg rm)
{
	return sf(w) | BITS_CARRY(op) | rd_rn_rm(rd, rn, rm);
}

/* AND, ORR, EOR, ANDS and with NOT Rm              ARM C4.1.67, Logical (shifted register)
 *
 *   31  30 29  28   24  23 22  21  20  16  15  10  9  5  4  0
 *   sf   opc   01010    shift  N     Rm     imm6    Rn    Rd     op is opc:N */
uint32_t
a64_logic_reg(A64Width w, A64Logic op, A64Reg rd, A64Reg rn, A64Reg rm, A64Shift s, uint32_t amount)
{
	return sf(w) | BITS_LOGIC_REG(op) | field(s, 2, 22) |
	       field(amount, w == A64_X ? 6 : 5, 10) | rd_rn_rm(rd, rn, rm);
}

/* MADD and relatives                               ARM C4.1.67, Data-processing (3 source)
 *
 *   31  30 29  28   24  23  21  20  16  15  14 10  9  5  4  0
 *   sf   00    11011     op31     Rm    o0    Ra     Rn    Rd     op is op31:o0; …MULH: Ra is 31 */
uint32_t
a64_mul(A64Width w, A64Mul op, A64Reg rd, A64Reg rn, A64Reg rm, A64Reg ra)
{
	assert(w == A64_X || op <= A64_MSUB);
	assert((op != A64_SMULH && op != A64_UMULH) || ra == A64_ZR);
	return sf(w) | BITS_MUL(op) | field(ra, 5, 10) | rd_rn_rm(rd, rn, rm);
}

/* Division and variable shifts                     ARM C4.1.67, Data-processing (2 source)
 *
 *   31  30  29  28      21  20  16  15  10  9  5  4  0
 *   sf  0   0   11010110      Rm    opcode   Rn    Rd */
uint32_t
a64_dp2(A64Width w, A64Dp2 op, A64Reg rd, A64Reg rn, A64Reg rm)
{
	return sf(w) | BITS_DP2(op) | rd_rn_rm(rd, rn, rm);
}

/* Bit and byte reversal, counting                  ARM C4.1.67, Data-processing (1 source)
 *
 *   31  30  29  28      21  20 16  15  10  9  5  4  0
 *   sf  1   0   11010110    00000  opcode   Rn    Rd     REV of a W register is opcode 2 */
uint32_t
a64_dp1(A64Width w, A64Dp1 op, A64Reg rd, A64Reg rn)
{
	assert(w == A64_X || op != A64_REV32);
	uint32_t opcode = w == A64_W && op == A64_REV ? 2 : op;
	return sf(w) | BITS_DP1(opcode) | rd_rn(rd, rn);
}

/* CSEL and relatives                               ARM C4.1.67, Conditional select
 *
 *   31  30  29  28      21  20  16  15  12  11  10  9  5  4  0
 *   sf  op  0   11010100      Rm     cond   0   o2   Rn    Rd     op is op:o2 */
uint32_t
a64_csel(A64Width w, A64Csel op, A64Reg rd, A64Reg rn, A64Reg rm, A64Cond c)
{
	return sf(w) | BITS_CSEL(op) | field(c, 4, 12) | rd_rn_rm(rd, rn, rm);
}

/* CCMN, CCMP          ARM C4.1.67, Conditional compare (register) and (immediate)
 *
 *   31  30  29  28      21  20   16  15  12  11  10  9  5  4  3  0
 *   sf  op  1   11010010    Rm/imm5   cond  i/r  0    Rn   0  nzcv */
static uint32_t
conditional_compare(A64Width w, A64Ccmp op, A64Reg rn, uint32_t rm, uint32_t i, uint32_t nzcv,
		    A64Cond c)
{
	return sf(w) | BITS_CCMP(op, i) | field(rm, 5, 16) | field(c, 4, 12) | field(rn, 5, 5) |
	       field(nzcv, 4, 0);
}

uint32_t
a64_ccmp_reg(A64Width w, A64Ccmp op, A64Reg rn, A64Reg rm, uint32_t nzcv, A64Cond c)
{
	return conditional_compare(w, op, rn, rm, 0, nzcv, c);
}

uint32_t
a64_ccmp_imm(A64Width w, A64Ccmp op, A64Reg rn, uint32_t imm5, uint32_t nzcv, A64Cond c)
{
	return conditional_compare(w, op, rn, imm5, 1, nzcv, c);
}

/* ---- Loads and stores ----------------------------------------------------------------------- */

static unsigned
mem_log2(A64Mem op)
{
	return (op & 4u) && (op & 2u) ? 4 : op >> 4;
}

uint32_t
a64_mem_bytes(A64Mem op)
{
	return 1u << mem_log2(op);
}

bool
a64_is_uoff(A64Mem op, int64_t offset)
{
	unsigned k = mem_log2(op);
	return offset >= 0 && offset <= INT64_C(4095) << k && (offset & ((1 << k) - 1)) == 0;
}

static unsigned
pair_log2(A64Pair op)
{
	return (op & 2u) ? 2 + (op >> 2) : op >> 2 == 2 ? 3 : 2;
}

bool
a64_is_pairoff(A64Pair op, int64_t offset)
{
	int64_t size = INT64_C(1) << pair_log2(op);
	return offset % size == 0 && offset >= -64 * size && offset <= 63 * size;
}

/* LDR and STR, scaled                ARM C4.1.66, Load/store register (unsigned immediate)
 *
 *   31  30  29 27  26  25 24  23 22  21   10  9  5  4  0
 *    size    111   V    01     opc    imm12    Rn    Rt     Rn 31 is SP */
uint32_t
a64_mem(A64Mem op, A64Reg rt, A64Reg rn, int64_t offset)
{
	assert(a64_is_uoff(op, offset));
	return BITS_MEM_UOFF(op) | rd_rn(rt, rn) |
	       field((uint32_t)(offset >> mem_log2(op)), 12, 10);
}

/* LDUR, STUR, pre- and post-index    ARM C4.1.66, Load/store register (unscaled immediate),
 *                                    (immediate post-indexed), (immediate pre-indexed)
 *   31  30  29 27  26  25 24  23 22  21  20  12  11 10  9  5  4  0
 *    size    111   V    00     opc   0    imm9    mode   Rn    Rt     00 unscaled, 01 post, 11 pre
 */
static uint32_t
mem_simm9(A64Mem op, A64Reg rt, A64Reg rn, int64_t offset, uint32_t mode)
{
	return BITS_MEM_SIMM9(op, mode) | rd_rn(rt, rn) | signed_field(offset, 9, 12);
}

uint32_t
a64_mem_unscaled(A64Mem op, A64Reg rt, A64Reg rn, int64_t offset)
{
	return mem_simm9(op, rt, rn, offset, 0);
}

/* With write-back, Rt = Rn is unpredictable, but for SP against ZR or a V register. */
uint32_t
a64_mem_pre(A64Mem op, A64Reg rt, A64Reg rn, int64_t offset)
{
	assert(rt != rn || rn == A64_SP || (op & 4u));
	return mem_simm9(op, rt, rn, offset, 3);
}

uint32_t
a64_mem_post(A64Mem op, A64Reg rt, A64Reg rn, int64_t offset)
{
	assert(rt != rn || rn == A64_SP || (op & 4u));
	return mem_simm9(op, rt, rn, offset, 1);
}

/* LDR and STR (register)             ARM C4.1.66, Load/store register (register offset)
 *
 *   31  30  29 27  26  25 24  23 22  21  20  16  15  13  12  11 10  9  5  4  0
 *    size    111   V    00     opc   1     Rm    option  S     10    Rn    Rt */
uint32_t
a64_mem_reg(A64Mem op, A64Reg rt, A64Reg rn, A64Reg rm, A64Extend e, bool scaled)
{
	assert((e & 2u) && "only 32 and 64-bit indexes");
	return BITS_MEM_REG(op) | rd_rn_rm(rt, rn, rm) | field(e, 3, 13) | (uint32_t)scaled << 12;
}

/* LDR (literal)                      ARM C4.1.66, Load register (literal)
 *
 *   31  30  29 27  26  25 24  23    5  4  0
 *     opc    011   V    00     imm19    Rt */
uint32_t
a64_mem_lit(A64Lit op, A64Reg rt, int64_t disp)
{
	assert(a64_in_reach(19, disp));
	return BITS_MEM_LIT(op) | signed_field(disp / 4, 19, 5) | field(rt, 5, 0);
}

/* LDP, STP                           ARM C4.1.66, Load/store register pair (…)
 *
 *   31  30  29 27  26  25 23  22  21  15  14 10  9  5  4  0
 *     opc    101   V   mode   L    imm7    Rt2    Rn    Rt     001 post, 010 offset, 011 pre */
uint32_t
a64_pair(A64Pair op, A64Index mode, A64Reg rt, A64Reg rt2, A64Reg rn, int64_t offset)
{
	assert(a64_is_pairoff(op, offset));
	assert(!(op & 1u) || rt != rt2);
	return BITS_PAIR(op, mode) | signed_field(offset / (INT64_C(1) << pair_log2(op)), 7, 15) |
	       field(rt2, 5, 10) | rd_rn(rt, rn);
}

/* ---- Branches and system -------------------------------------------------------------------- */

/* B, BL                              ARM C4.1.65, Unconditional branch (immediate)
 *
 *   31  30   26  25   0
 *   op  00101    imm26 */
uint32_t
a64_b(int64_t disp)
{
	assert(a64_in_reach(26, disp));
	return BITS_B(0) | signed_field(disp / 4, 26, 0);
}

uint32_t
a64_bl(int64_t disp)
{
	assert(a64_in_reach(26, disp));
	return BITS_B(1) | signed_field(disp / 4, 26, 0);
}

/* B.cond                             ARM C4.1.65, Conditional branch (immediate)
 *
 *   31      24  23   5  4  3  0
 *   01010100    imm19   0  cond */
uint32_t
a64_bcond(A64Cond c, int64_t disp)
{
	assert(a64_in_reach(19, disp));
	return BITS_BCOND | signed_field(disp / 4, 19, 5) | field(c, 4, 0);
}

/* CBZ, CBNZ                          ARM C4.1.65, Compare and branch (immediate)
 *
 *   31  30    25  24  23   5  4  0
 *   sf  011010    op  imm19    Rt */
uint32_t
a64_cbz(A64Width w, bool nonzero, A64Reg rt, int64_t disp)
{
	assert(a64_in_reach(19, disp));
	return sf(w) | BITS_CBZ(nonzero) | signed_field(disp / 4, 19, 5) | field(rt, 5, 0);
}

/* TBZ, TBNZ                          ARM C4.1.65, Test and branch (immediate)
 *
 *   31  30    25  24  23 19  18   5  4  0
 *   b5  011011    op   b40   imm14    Rt     bit number b5:b40 */
uint32_t
a64_tbz(bool nonzero, A64Reg rt, uint32_t bit, int64_t disp)
{
	assert(bit < 64 && a64_in_reach(14, disp));
	return bit >> 5 << 31 | BITS_TBZ(nonzero) | (bit & 31) << 19 |
	       signed_field(disp / 4, 14, 5) | field(rt, 5, 0);
}

/* BR, BLR, RET                       ARM C4.1.65, Unconditional branch (register)
 *
 *   31     25  24  21  20 16  15    10  9  5  4   0
 *   1101011     opc    11111  000000     Rn   00000 */
uint32_t
a64_branch_reg(A64BranchReg op, A64Reg rn)
{
	return BITS_BRANCH_REG(op) | field(rn, 5, 5);
}

/* NOP, BTI and other hints           ARM C4.1.65, Hints
 *
 *   31                  12  11  8  7  5  4   0
 *   11010101000000110010     CRm   op2   11111     h is CRm:op2 */
uint32_t
a64_hint(A64Hint h)
{
	return BITS_HINT(h);
}

/* BRK                                ARM C4.1.65, Exception generation
 *
 *   31      24  23 21  20   5  4   0
 *   11010100     001   imm16   00000 */
uint32_t
a64_brk(uint32_t imm16)
{
	return BITS_BRK | field(imm16, 16, 5);
}

/* UDF: always undefined              ARM C4.1.60, Reserved */
uint32_t
a64_udf(uint32_t imm16)
{
	return field(imm16, 16, 0);
}

/* ---- Floating point and a little SIMD ------------------------------------------------------- */

/* FMOV, FABS … FRINTI                ARM C4.1.68, Floating-point data-processing (1 source)
 *
 *   31      24  23 22  21  20  15  14   10  9  5  4  0
 *   00011110    ftype  1   opcode  10000     Rn    Rd */
uint32_t
a64_fp1(A64Float t, A64Fp1 op, A64Reg rd, A64Reg rn)
{
	assert((op >> 2 == 1) ? (op & 3u) != t : t != A64_H);
	return BITS_FP1(t, op) | rd_rn(rd, rn);
}

/* FMUL … FNMUL                       ARM C4.1.68, Floating-point data-processing (2 source)
 *
 *   31      24  23 22  21  20  16  15  12  11 10  9  5  4  0
 *   00011110    ftype  1     Rm    opcode   10     Rn    Rd */
uint32_t
a64_fp2(A64Float t, A64Fp2 op, A64Reg rd, A64Reg rn, A64Reg rm)
{
	assert(t != A64_H);
	return BITS_FP2(t, op) | rd_rn_rm(rd, rn, rm);
}

/* FMADD and relatives                ARM C4.1.68, Floating-point data-processing (3 source)
 *
 *   31      24  23 22  21  20  16  15  14 10  9  5  4  0
 *   00011111    ftype  o1    Rm    o0    Ra     Rn    Rd     op is o1:o0 */
uint32_t
a64_fp3(A64Float t, A64Fp3 op, A64Reg rd, A64Reg rn, A64Reg rm, A64Reg ra)
{
	assert(t != A64_H);
	return BITS_FP3(t, op) | field(ra, 5, 10) | rd_rn_rm(rd, rn, rm);
}

/* FCMP, FCMPE                        ARM C4.1.68, Floating-point compare
 *
 *   31      24  23 22  21  20  16  15 14  13  10  9  5  4    3    2 0
 *   00011110    ftype  1     Rm     00     1000    Rn   E  zero   000 */
uint32_t
a64_fcmp(A64Float t, A64Fcmp op, A64Reg rn, A64Reg rm)
{
	assert(t != A64_H);
	return BITS_FCMP(t, op) | rd_rn_rm(0, rn, rm);
}

uint32_t
a64_fcmp_zero(A64Float t, A64Fcmp op, A64Reg rn)
{
	assert(t != A64_H);
	return BITS_FCMP_ZERO(t, op) | field(rn, 5, 5);
}

/* FCCMP, FCCMPE                      ARM C4.1.68, Floating-point conditional compare
 *
 *   31      24  23 22  21  20  16  15  12  11 10  9  5  4  3  0
 *   00011110    ftype  1     Rm     cond    01     Rn   E  nzcv */
uint32_t
a64_fccmp(A64Float t, A64Fcmp op, A64Reg rn, A64Reg rm, uint32_t nzcv, A64Cond c)
{
	assert(t != A64_H);
	return BITS_FCCMP(t, op) | field(c, 4, 12) | field(nzcv, 4, 0) | rd_rn_rm(0, rn, rm);
}

/* FCSEL                              ARM C4.1.68, Floating-point conditional select
 *
 *   31      24  23 22  21  20  16  15  12  11 10  9  5  4  0
 *   00011110    ftype  1     Rm     cond    11     Rn    Rd */
uint32_t
a64_fcsel(A64Float t, A64Reg rd, A64Reg rn, A64Reg rm, A64Cond c)
{
	assert(t != A64_H);
	return BITS_FCSEL(t) | field(c, 4, 12) | rd_rn_rm(rd, rn, rm);
}

/* FMOV (scalar, immediate)           ARM C4.1.68, Floating-point immediate
 *
 *   31      24  23 22  21  20  13  12  10  9   5  4  0
 *   00011110    ftype  1    imm8    100    00000   Rd */
uint32_t
a64_fmov_imm(A64Float t, A64Reg rd, uint64_t bits)
{
	uint32_t imm8 = 0;
	bool fits = t != A64_H && a64_fimm(t, bits, &imm8);

	assert(fits && "not an FMOV immediate");
	(void)fits;
	return BITS_FMOV_IMM(t) | field(imm8, 8, 13) | field(rd, 5, 0);
}

/* FCVT…, SCVTF, UCVTF, FMOV          ARM C4.1.68, Conversion between floating-point and integer
 *
 *   31  30  29  28   24  23 22  21  20 19  18  16  15    10  9  5  4  0
 *   sf  0   0   11110    ftype  1   rmode  opcode  000000     Rn    Rd */
uint32_t
a64_fpint(A64Width w, A64Float t, A64FpInt op, A64Reg rd, A64Reg rn)
{
	assert(t != A64_H);
	assert((op != A64_FMOV_TO_INT && op != A64_FMOV_TO_FP) || (w == A64_X) == (t == A64_D));
	return sf(w) | BITS_FPINT(t, op) | rd_rn(rd, rn);
}

/* AND … BIF (vector)                 ARM C4.1.68, Advanced SIMD three same
 *
 *   31  30  29  28   24  23 22  21  20  16  15   11  10  9  5  4  0
 *   0   Q   U   01110    size   1     Rm    00011    1    Rn    Rd     op is U:size */
uint32_t
a64_vlogic(bool q, A64VLogic op, A64Reg rd, A64Reg rn, A64Reg rm)
{
	return BITS_VLOGIC(q, op) | rd_rn_rm(rd, rn, rm);
}

/* CNT                                ARM C4.1.68, Advanced SIMD two-register miscellaneous
 *
 *   31  30  29  28   24  23 22  21  17  16  12  11 10  9  5  4  0
 *   0   Q   U   01110    size   10000   opcode   10     Rn    Rd     U, size 0; opcode 00101 */
uint32_t
a64_cnt(bool q, A64Reg rd, A64Reg rn)
{
	return BITS_V2(q, 0, 0, 5) | rd_rn(rd, rn);
}

/* ADDV, UADDLV                       ARM C4.1.68, Advanced SIMD across lanes
 *
 *   31  30  29  28   24  23 22  21  17  16  12  11 10  9  5  4  0
 *   0   Q   U   01110    size   11000   opcode   10     Rn    Rd     size 0: bytes */
uint32_t
a64_addv(bool q, A64Reg rd, A64Reg rn)
{
	return BITS_ACROSS(q, 0, 0, 0x1b) | rd_rn(rd, rn);
}

uint32_t
a64_uaddlv(bool q, A64Reg rd, A64Reg rn)
{
	return BITS_ACROSS(q, 1, 0, 3) | rd_rn(rd, rn);
}

/* MOVI (scalar, 64 bits)             ARM C4.1.68, Advanced SIMD modified immediate
 *
 *   31  30  29  28        19  18 16  15  12  11  10  9   5  4  0
 *   0   Q   op  0111100000     abc   cmode   o2  1   defgh   Rd     op 1, cmode 1110: a bit a byte
 */
uint32_t
a64_movi_d(A64Reg rd, uint64_t imm)
{
	uint32_t imm8 = 0;

	assert(a64_is_bytemask(imm));
	for (unsigned k = 0; k < 8; k++)
		imm8 |= (uint32_t)(imm >> 8 * k & 1) << k;
	return BITS_VIMM(0, 1, 0xe) | imm8 >> 5 << 16 | (imm8 & 31) << 5 | field(rd, 5, 0);
}

/* ---- Fixups --------------------------------------------------------------------------------- */

static uint32_t
get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Replaces the bits of `mask` in the little-endian word at p. */
static void
put_bits(uint8_t *p, uint32_t mask, uint32_t bits)
{
	uint32_t w = (get32(p) & ~mask) | bits;

	p[0] = (uint8_t)w;
	p[1] = (uint8_t)(w >> 8);
	p[2] = (uint8_t)(w >> 16);
	p[3] = (uint8_t)(w >> 24);
}

/* A word displacement of `bits` bits at `lsb`. */
static bool
patch_words(uint8_t *at, unsigned bits, unsigned lsb, int64_t disp)
{
	if (!a64_in_reach(bits, disp))
		return false;
	uint32_t mask = ((UINT32_C(1) << bits) - 1) << lsb;
	put_bits(at, mask, signed_field(disp / 4, bits, lsb));
	return true;
}

bool
a64_patch(uint8_t *at, uint8_t kind, int64_t disp)
{
	switch (kind) {
	case A64_FIX_BRANCH26: return patch_words(at, 26, 0, disp);
	case A64_FIX_BRANCH19: return patch_words(at, 19, 5, disp);
	case A64_FIX_BRANCH14: return patch_words(at, 14, 5, disp);
	case A64_FIX_ADR:
		if (disp < -(1 << 20) || disp >= 1 << 20)
			return false;
		put_bits(at, 3u << 29 | 0x7ffffu << 5, pc_relative(0, 0, disp) & ~(0x10u << 24));
		return true;
	case A64_FIX_LO16:
	case A64_FIX_HI16:
		if (disp < INT32_MIN || disp > INT32_MAX)
			return false;
		put_bits(at, 0xffffu << 5,
			 ((uint32_t)disp >> (kind == A64_FIX_HI16 ? 16 : 0) & 0xffff) << 5);
		return true;
	}
	return false;
}
