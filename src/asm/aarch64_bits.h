/* aarch64_bits.h - the fixed bits of each encoding class of A64, its operation included.
 *
 * The one place where they stand: the encoders of aarch64.c and the rows of aarch64_rows.def both
 * take them from here.  The layouts are drawn, and their source is named, at the encoders; those
 * without an encoder are drawn here.  Bit 31 (a 64-bit width) and the operands come on top. */
#ifndef TRIVET_AARCH64_BITS_H
#define TRIVET_AARCH64_BITS_H

#include <stdint.h>

#define A64_AT(value, lsb) ((uint32_t)(value) << (lsb))

#define BITS_ADDSUB_IMM(op) (A64_AT(op, 29) | A64_AT(0x22, 23))
#define BITS_LOGIC_IMM(op) (A64_AT(op, 29) | A64_AT(0x24, 23))
#define BITS_MOVWIDE(op) (A64_AT(op, 29) | A64_AT(0x25, 23))
#define BITS_BITFIELD(op) (A64_AT(op, 29) | A64_AT(0x26, 23))
#define BITS_EXTR A64_AT(0x27, 23)
#define BITS_PC_RELATIVE(page) (A64_AT(page, 31) | A64_AT(0x10, 24))

#define BITS_ADDSUB_REG(op) (A64_AT(op, 29) | A64_AT(0x0b, 24))
#define BITS_ADDSUB_EXT(op) (BITS_ADDSUB_REG(op) | A64_AT(1, 21))
#define BITS_CARRY(op) (A64_AT(op, 29) | A64_AT(0xd0, 21))
#define BITS_LOGIC_REG(op) (A64_AT((op) >> 1, 29) | A64_AT(0x0a, 24) | A64_AT((op) & 1, 21))
#define BITS_MUL(op) (A64_AT(0x1b, 24) | A64_AT((op) >> 1, 21) | A64_AT((op) & 1, 15))
#define BITS_DP2(op) (A64_AT(0xd6, 21) | A64_AT(op, 10))
#define BITS_DP1(op) (A64_AT(1, 30) | A64_AT(0xd6, 21) | A64_AT(op, 10))
#define BITS_CSEL(op) (A64_AT((op) >> 1, 30) | A64_AT(0xd4, 21) | A64_AT((op) & 1, 10))
#define BITS_CCMP(op, imm) (A64_AT(op, 30) | A64_AT(1, 29) | A64_AT(0xd2, 21) | A64_AT(imm, 11))

#define BITS_MEM(op) \
	(A64_AT((op) >> 4, 30) | A64_AT(7, 27) | A64_AT((op) >> 2 & 1, 26) | A64_AT((op) & 3, 22))
#define BITS_MEM_UOFF(op) (BITS_MEM(op) | A64_AT(1, 24))
#define BITS_MEM_SIMM9(op, mode) (BITS_MEM(op) | A64_AT(mode, 10)) /* 0 unscaled, 1 post, 3 pre */
#define BITS_MEM_REG(op) (BITS_MEM(op) | A64_AT(1, 21) | A64_AT(2, 10))
#define BITS_MEM_LIT(op) (A64_AT((op) & 3, 30) | A64_AT(3, 27) | A64_AT((op) >> 2 & 1, 26))
#define BITS_PAIR(op, mode)                                                             \
	(A64_AT((op) >> 2, 30) | A64_AT(5, 27) | A64_AT((op) >> 1 & 1, 26) |             \
	 A64_AT(mode, 23) | A64_AT((op) & 1, 22))

#define BITS_B(link) (A64_AT(link, 31) | A64_AT(5, 26))
#define BITS_BCOND A64_AT(0x54, 24)
#define BITS_CBZ(nonzero) (A64_AT(0x1a, 25) | A64_AT(nonzero, 24))
#define BITS_TBZ(nonzero) (A64_AT(0x1b, 25) | A64_AT(nonzero, 24))
#define BITS_BRANCH_REG(op) (A64_AT(0x6b, 25) | A64_AT(op, 21) | A64_AT(0x1f, 16))
#define BITS_HINT(h) (0xd503201fu | A64_AT(h, 5))
#define BITS_BRK (A64_AT(0xd4, 24) | A64_AT(1, 21))

#define BITS_FP1(t, op) \
	(A64_AT(0x1e, 24) | A64_AT(t, 22) | A64_AT(1, 21) | A64_AT(op, 15) | A64_AT(0x10, 10))
#define BITS_FP2(t, op) \
	(A64_AT(0x1e, 24) | A64_AT(t, 22) | A64_AT(1, 21) | A64_AT(op, 12) | A64_AT(2, 10))
#define BITS_FP3(t, op) \
	(A64_AT(0x1f, 24) | A64_AT(t, 22) | A64_AT((op) >> 1, 21) | A64_AT((op) & 1, 15))
#define BITS_FCMP(t, op) \
	(A64_AT(0x1e, 24) | A64_AT(t, 22) | A64_AT(1, 21) | A64_AT(8, 10) | A64_AT(op, 4))
#define BITS_FCMP_ZERO(t, op) (BITS_FCMP(t, op) | A64_AT(1, 3))
#define BITS_FCCMP(t, op) \
	(A64_AT(0x1e, 24) | A64_AT(t, 22) | A64_AT(1, 21) | A64_AT(1, 10) | A64_AT(op, 4))
#define BITS_FCSEL(t) (A64_AT(0x1e, 24) | A64_AT(t, 22) | A64_AT(1, 21) | A64_AT(3, 10))
#define BITS_FMOV_IMM(t) (A64_AT(0x1e, 24) | A64_AT(t, 22) | A64_AT(1, 21) | A64_AT(4, 10))
#define BITS_FPINT(t, op) (A64_AT(0x1e, 24) | A64_AT(t, 22) | A64_AT(1, 21) | A64_AT(op, 16))

/* SIMD: three registers, two registers, across lanes, modified immediate.  q: 16 bytes. */
#define BITS_V3(q, u, size, op)                                                         \
	(A64_AT(q, 30) | A64_AT(u, 29) | A64_AT(0x0e, 24) | A64_AT(size, 22) |           \
	 A64_AT(1, 21) | A64_AT(op, 11) | A64_AT(1, 10))
#define BITS_V2(q, u, size, op)                                                         \
	(A64_AT(q, 30) | A64_AT(u, 29) | A64_AT(0x0e, 24) | A64_AT(size, 22) |           \
	 A64_AT(0x10, 17) | A64_AT(op, 12) | A64_AT(2, 10))
#define BITS_ACROSS(q, u, size, op) (BITS_V2(q, u, size, op) | A64_AT(8, 17))
#define BITS_VLOGIC(q, op) BITS_V3(q, (op) >> 2, (op) & 3, 3)
#define BITS_VIMM(q, op, cmode) \
	(A64_AT(q, 30) | A64_AT(op, 29) | A64_AT(0x1e0, 19) | A64_AT(cmode, 12) | A64_AT(1, 10))

/* Those that only the table has. */

/* Exclusive, ordered and compare-and-swap          ARM C4.1.66, Load/store exclusive …
 *
 *   31  30  29    24  23  22  21  20  16  15  14 10  9  5  4  0
 *    size    001000   o2  L   o1    Rs    o0   Rt2    Rn    Rt     kind is o2:L:o1; o0: release */
#define BITS_EXCLUSIVE(size, kind, o0) \
	(A64_AT(size, 30) | A64_AT(8, 24) | A64_AT(kind, 21) | A64_AT(o0, 15))
/* LDADD … SWP                                      ARM C4.1.66, Atomic memory operations
 *
 *   31  30  29    24  23  22  21  20  16  15  12  11 10  9  5  4  0
 *    size    111000   A   R   1     Rs      op     00     Rn    Rt     order is A:R */
#define BITS_ATOMIC(order, op) \
	(A64_AT(0x38, 24) | A64_AT(order, 22) | A64_AT(1, 21) | A64_AT(op, 12))
/* Barriers, registers and caches                   ARM C4.1.65, Barriers; System register move;
 *                                                  System instructions */
#define BITS_BARRIER(op) (0xd503301fu | A64_AT(op, 5)) /* 4 dsb, 5 dmb, 6 isb, 2 clrex; CRm at 8 */
#define BITS_SYSREG(read) (0xd5100000u | A64_AT(read, 21))
#define BITS_SYS 0xd5080000u
#define BITS_EXCEPTION(opc, ll) (A64_AT(0xd4, 24) | A64_AT(opc, 21) | (ll))
/* SCVTF … FCVTZU with a binary point               ARM C4.1.68, Conversion between floating-point
 * and fixed-point: as BITS_FPINT, but bit 21 is 0 and bits 15:10 are 64 - fbits */
#define BITS_FPFIX(t, op) (A64_AT(0x1e, 24) | A64_AT(t, 22) | A64_AT(op, 16))
/* DUP, UMOV, SMOV, INS                             ARM C4.1.68, Advanced SIMD copy
 *
 *   31  30  29  28     21  20  16  15  14  11  10  9  5  4  0
 *   0   Q   op  01110000    imm5   0    imm4   1    Rn    Rd     imm5 is index:1:0…, by its size */
#define BITS_COPY(q, op, imm4) \
	(A64_AT(q, 30) | A64_AT(op, 29) | A64_AT(0x70, 21) | A64_AT(imm4, 11) | A64_AT(1, 10))
/* SHL, SSHR, USHR                                  ARM C4.1.68, Advanced SIMD shift by immediate
 *
 *   31  30  29  28    23  22  16  15   11  10  9  5  4  0
 *   0   Q   U   011110    immhb    opcode   1    Rn    Rd */
#define BITS_VSHIFT(q, u, op) \
	(A64_AT(q, 30) | A64_AT(u, 29) | A64_AT(0x1e, 23) | A64_AT(op, 11) | A64_AT(1, 10))

#endif
