/* x86_64_rows.h - every x86-64 instruction that Trivet knows: one row an encoding.
 *
 * The encoder, the choice of the shortest form, the disassembler and the tests of all three are driven by
 * these rows; each is an entry of [SDM] (Intel 64 and IA-32 Architectures Software Developer's
 * Manual, volume 2, "Instruction Set Reference").
 *
 *   letter   O  first row of a mnemonic
 *            S  first row of two: `op` at size 4, the one after it at size 8 (addss, addsd)
 *            C  first row of sixteen, from `op` on: the condition is added to the opcode
 *            X  a further row of the mnemonic before; earlier ones are preferred, so the shortest go first
 *   name     of the form, X64_name
 *   op       mnemonic, TRIVET_X64_op
 *   prefix   mandatory prefix: 0 none, 0x66, 0xf2, 0xf3
 *   map      0 one-byte opcodes, 1 0F, 2 0F 38, 3 0F 3A
 *   opcode   of the widest size; with O patterns, of register 0; with C, of condition 0
 *   digit    /0 … /7 in the reg field of ModRM; R: the field is an operand (/r), or there is none
 *   imm      N none, B ib, sign-extended; U ib, 0 … 255; W iw; Z as wide as the size, at most 32 bits, then
 *            sign-extended; Q 64 bits
 *   sizes    allowed operand sizes: bits 1, 2, 4, 8
 *   by       INT: 2 adds 66, 8 sets REX.W, 1 is the opcode before (even)     FIX: size changes nothing
 *            D64: as INT, but 8 is what there is without a prefix
 *            SS: 4 is F3, 8 is F2      PS: 4 is no prefix, 8 is 66      VEX: VEX.L0, W set for 8
 *   pattern  operands, destination first, as X64_PATTERN_LIST says */
#ifndef TRIVET_ASM_X86_64_ROWS_H
#define TRIVET_ASM_X86_64_ROWS_H

// clang-format off
#define X64_FORM_LIST(O, S, C, X)                                                           \
	/* Moves */                                                                         \
	O(MOV_MR,      MOV,          0,    0, 0x89, R, N, 15, INT, MG_RG)                   \
	X(MOV_RM,      MOV,          0,    0, 0x8b, R, N, 15, INT, RG_MG)                   \
	X(MOV_OB,      MOV,          0,    0, 0xb0, R, Z, 1,  INT, OG_I)                    \
	X(MOV_OI,      MOV,          0,    0, 0xb8, R, Z, 6,  INT, OG_I)                    \
	X(MOV_MI,      MOV,          0,    0, 0xc7, 0, Z, 15, INT, MG_I)                    \
	O(MOV_OQ,      MOVABS,       0,    0, 0xb8, R, Q, 8,  INT, OG_I)                    \
	O(LEA,         LEA,          0,    0, 0x8d, R, N, 14, INT, RG_MM)                   \
	O(MOVZX8,      MOVZX,        0,    1, 0xb6, R, N, 14, INT, RG_MB)                   \
	X(MOVZX16,     MOVZX,        0,    1, 0xb7, R, N, 12, INT, RG_MW)                   \
	O(MOVSX8,      MOVSX,        0,    1, 0xbe, R, N, 14, INT, RG_MB)                   \
	X(MOVSX16,     MOVSX,        0,    1, 0xbf, R, N, 12, INT, RG_MW)                   \
	O(MOVSXD,      MOVSXD,       0,    0, 0x63, R, N, 8,  INT, RG_MD)                   \
	O(XCHG_AO,     XCHG,         0,    0, 0x90, R, N, 14, INT, A_OG)                    \
	X(XCHG_OA,     XCHG,         0,    0, 0x90, R, N, 14, INT, OG_A)                    \
	X(XCHG_MR,     XCHG,         0,    0, 0x87, R, N, 15, INT, MG_RG)                   \
	X(XCHG_RM,     XCHG,         0,    0, 0x87, R, N, 15, INT, RG_MG)                   \
	O(BSWAP,       BSWAP,        0,    1, 0xc8, R, N, 12, INT, OG)                      \
	O(PUSH_O,      PUSH,         0,    0, 0x50, R, N, 10, D64, OG)                      \
	X(PUSH_B,      PUSH,         0,    0, 0x6a, R, B, 8,  D64, I)                       \
	X(PUSH_I,      PUSH,         0,    0, 0x68, R, Z, 8,  D64, I)                       \
	X(PUSH_M,      PUSH,         0,    0, 0xff, 6, N, 10, D64, MG)                      \
	O(POP_O,       POP,          0,    0, 0x58, R, N, 10, D64, OG)                      \
	X(POP_M,       POP,          0,    0, 0x8f, 0, N, 10, D64, MG)                      \
	/* Arithmetic.  The eight of X64Alu have five rows each, in this order */           \
	O(ADD_MR,      ADD,          0,    0, 0x01, R, N, 15, INT, MG_RG)                   \
	X(ADD_RM,      ADD,          0,    0, 0x03, R, N, 15, INT, RG_MG)                   \
	X(ADD_MB,      ADD,          0,    0, 0x83, 0, B, 14, INT, MG_I)                    \
	X(ADD_AI,      ADD,          0,    0, 0x05, R, Z, 15, INT, A_I)                     \
	X(ADD_MI,      ADD,          0,    0, 0x81, 0, Z, 15, INT, MG_I)                    \
	O(OR_MR,       OR,           0,    0, 0x09, R, N, 15, INT, MG_RG)                   \
	X(OR_RM,       OR,           0,    0, 0x0b, R, N, 15, INT, RG_MG)                   \
	X(OR_MB,       OR,           0,    0, 0x83, 1, B, 14, INT, MG_I)                    \
	X(OR_AI,       OR,           0,    0, 0x0d, R, Z, 15, INT, A_I)                     \
	X(OR_MI,       OR,           0,    0, 0x81, 1, Z, 15, INT, MG_I)                    \
	O(ADC_MR,      ADC,          0,    0, 0x11, R, N, 15, INT, MG_RG)                   \
	X(ADC_RM,      ADC,          0,    0, 0x13, R, N, 15, INT, RG_MG)                   \
	X(ADC_MB,      ADC,          0,    0, 0x83, 2, B, 14, INT, MG_I)                    \
	X(ADC_AI,      ADC,          0,    0, 0x15, R, Z, 15, INT, A_I)                     \
	X(ADC_MI,      ADC,          0,    0, 0x81, 2, Z, 15, INT, MG_I)                    \
	O(SBB_MR,      SBB,          0,    0, 0x19, R, N, 15, INT, MG_RG)                   \
	X(SBB_RM,      SBB,          0,    0, 0x1b, R, N, 15, INT, RG_MG)                   \
	X(SBB_MB,      SBB,          0,    0, 0x83, 3, B, 14, INT, MG_I)                    \
	X(SBB_AI,      SBB,          0,    0, 0x1d, R, Z, 15, INT, A_I)                     \
	X(SBB_MI,      SBB,          0,    0, 0x81, 3, Z, 15, INT, MG_I)                    \
	O(AND_MR,      AND,          0,    0, 0x21, R, N, 15, INT, MG_RG)                   \
	X(AND_RM,      AND,          0,    0, 0x23, R, N, 15, INT, RG_MG)                   \
	X(AND_MB,      AND,          0,    0, 0x83, 4, B, 14, INT, MG_I)                    \
	X(AND_AI,      AND,          0,    0, 0x25, R, Z, 15, INT, A_I)                     \
	X(AND_MI,      AND,          0,    0, 0x81, 4, Z, 15, INT, MG_I)                    \
	O(SUB_MR,      SUB,          0,    0, 0x29, R, N, 15, INT, MG_RG)                   \
	X(SUB_RM,      SUB,          0,    0, 0x2b, R, N, 15, INT, RG_MG)                   \
	X(SUB_MB,      SUB,          0,    0, 0x83, 5, B, 14, INT, MG_I)                    \
	X(SUB_AI,      SUB,          0,    0, 0x2d, R, Z, 15, INT, A_I)                     \
	X(SUB_MI,      SUB,          0,    0, 0x81, 5, Z, 15, INT, MG_I)                    \
	O(XOR_MR,      XOR,          0,    0, 0x31, R, N, 15, INT, MG_RG)                   \
	X(XOR_RM,      XOR,          0,    0, 0x33, R, N, 15, INT, RG_MG)                   \
	X(XOR_MB,      XOR,          0,    0, 0x83, 6, B, 14, INT, MG_I)                    \
	X(XOR_AI,      XOR,          0,    0, 0x35, R, Z, 15, INT, A_I)                     \
	X(XOR_MI,      XOR,          0,    0, 0x81, 6, Z, 15, INT, MG_I)                    \
	O(CMP_MR,      CMP,          0,    0, 0x39, R, N, 15, INT, MG_RG)                   \
	X(CMP_RM,      CMP,          0,    0, 0x3b, R, N, 15, INT, RG_MG)                   \
	X(CMP_MB,      CMP,          0,    0, 0x83, 7, B, 14, INT, MG_I)                    \
	X(CMP_AI,      CMP,          0,    0, 0x3d, R, Z, 15, INT, A_I)                     \
	X(CMP_MI,      CMP,          0,    0, 0x81, 7, Z, 15, INT, MG_I)                    \
	O(TEST_MR,     TEST,         0,    0, 0x85, R, N, 15, INT, MG_RG)                   \
	X(TEST_RM,     TEST,         0,    0, 0x85, R, N, 15, INT, RG_MG)                   \
	X(TEST_AI,     TEST,         0,    0, 0xa9, R, Z, 15, INT, A_I)                     \
	X(TEST_MI,     TEST,         0,    0, 0xf7, 0, Z, 15, INT, MG_I)                    \
	O(NOT,         NOT,          0,    0, 0xf7, 2, N, 15, INT, MG)                      \
	O(NEG,         NEG,          0,    0, 0xf7, 3, N, 15, INT, MG)                      \
	O(MUL,         MUL,          0,    0, 0xf7, 4, N, 15, INT, MG)                      \
	O(DIV,         DIV,          0,    0, 0xf7, 6, N, 15, INT, MG)                      \
	O(IDIV,        IDIV,         0,    0, 0xf7, 7, N, 15, INT, MG)                      \
	O(INC,         INC,          0,    0, 0xff, 0, N, 15, INT, MG)                      \
	O(DEC,         DEC,          0,    0, 0xff, 1, N, 15, INT, MG)                      \
	O(IMUL_RM,     IMUL,         0,    1, 0xaf, R, N, 14, INT, RG_MG)                   \
	X(IMUL_RMB,    IMUL,         0,    0, 0x6b, R, B, 14, INT, RG_MG_I)                 \
	X(IMUL_RMI,    IMUL,         0,    0, 0x69, R, Z, 14, INT, RG_MG_I)                 \
	X(IMUL,        IMUL,         0,    0, 0xf7, 5, N, 15, INT, MG)                      \
	O(CBW,         CBW,          0,    0, 0x98, R, N, 2,  INT, NONE)                    \
	O(CWDE,        CWDE,         0,    0, 0x98, R, N, 4,  INT, NONE)                    \
	O(CDQE,        CDQE,         0,    0, 0x98, R, N, 8,  INT, NONE)                    \
	O(CWD,         CWD,          0,    0, 0x99, R, N, 2,  INT, NONE)                    \
	O(CDQ,         CDQ,          0,    0, 0x99, R, N, 4,  INT, NONE)                    \
	O(CQO,         CQO,          0,    0, 0x99, R, N, 8,  INT, NONE)                    \
	/* Shifts and rotates: three rows each, in the order of X64Shift */                 \
	O(ROL_1,       ROL,          0,    0, 0xd1, 0, N, 15, INT, MG_1)                    \
	X(ROL_C,       ROL,          0,    0, 0xd3, 0, N, 15, INT, MG_C)                    \
	X(ROL_I,       ROL,          0,    0, 0xc1, 0, U, 15, INT, MG_I)                    \
	O(ROR_1,       ROR,          0,    0, 0xd1, 1, N, 15, INT, MG_1)                    \
	X(ROR_C,       ROR,          0,    0, 0xd3, 1, N, 15, INT, MG_C)                    \
	X(ROR_I,       ROR,          0,    0, 0xc1, 1, U, 15, INT, MG_I)                    \
	O(RCL_1,       RCL,          0,    0, 0xd1, 2, N, 15, INT, MG_1)                    \
	X(RCL_C,       RCL,          0,    0, 0xd3, 2, N, 15, INT, MG_C)                    \
	X(RCL_I,       RCL,          0,    0, 0xc1, 2, U, 15, INT, MG_I)                    \
	O(RCR_1,       RCR,          0,    0, 0xd1, 3, N, 15, INT, MG_1)                    \
	X(RCR_C,       RCR,          0,    0, 0xd3, 3, N, 15, INT, MG_C)                    \
	X(RCR_I,       RCR,          0,    0, 0xc1, 3, U, 15, INT, MG_I)                    \
	O(SHL_1,       SHL,          0,    0, 0xd1, 4, N, 15, INT, MG_1)                    \
	X(SHL_C,       SHL,          0,    0, 0xd3, 4, N, 15, INT, MG_C)                    \
	X(SHL_I,       SHL,          0,    0, 0xc1, 4, U, 15, INT, MG_I)                    \
	O(SHR_1,       SHR,          0,    0, 0xd1, 5, N, 15, INT, MG_1)                    \
	X(SHR_C,       SHR,          0,    0, 0xd3, 5, N, 15, INT, MG_C)                    \
	X(SHR_I,       SHR,          0,    0, 0xc1, 5, U, 15, INT, MG_I)                    \
	O(SAR_1,       SAR,          0,    0, 0xd1, 7, N, 15, INT, MG_1)                    \
	X(SAR_C,       SAR,          0,    0, 0xd3, 7, N, 15, INT, MG_C)                    \
	X(SAR_I,       SAR,          0,    0, 0xc1, 7, U, 15, INT, MG_I)                    \
	O(SHLD_I,      SHLD,         0,    1, 0xa4, R, U, 14, INT, MG_RG_I)                 \
	X(SHLD_C,      SHLD,         0,    1, 0xa5, R, N, 14, INT, MG_RG_C)                 \
	O(SHRD_I,      SHRD,         0,    1, 0xac, R, U, 14, INT, MG_RG_I)                 \
	X(SHRD_C,      SHRD,         0,    1, 0xad, R, N, 14, INT, MG_RG_C)                 \
	O(BT_I,        BT,           0,    1, 0xba, 4, U, 14, INT, MG_I)                    \
	X(BT_MR,       BT,           0,    1, 0xa3, R, N, 14, INT, MG_RG)                   \
	O(BTS_I,       BTS,          0,    1, 0xba, 5, U, 14, INT, MG_I)                    \
	X(BTS_MR,      BTS,          0,    1, 0xab, R, N, 14, INT, MG_RG)                   \
	O(BTR_I,       BTR,          0,    1, 0xba, 6, U, 14, INT, MG_I)                    \
	X(BTR_MR,      BTR,          0,    1, 0xb3, R, N, 14, INT, MG_RG)                   \
	O(BTC_I,       BTC,          0,    1, 0xba, 7, U, 14, INT, MG_I)                    \
	X(BTC_MR,      BTC,          0,    1, 0xbb, R, N, 14, INT, MG_RG)                   \
	O(BSF,         BSF,          0,    1, 0xbc, R, N, 14, INT, RG_MG)                   \
	O(BSR,         BSR,          0,    1, 0xbd, R, N, 14, INT, RG_MG)                   \
	O(POPCNT,      POPCNT,       0xf3, 1, 0xb8, R, N, 14, INT, RG_MG)                   \
	O(TZCNT,       TZCNT,        0xf3, 1, 0xbc, R, N, 14, INT, RG_MG)                   \
	O(LZCNT,       LZCNT,        0xf3, 1, 0xbd, R, N, 14, INT, RG_MG)                   \
	/* BMI1, BMI2 */                                                                    \
	O(ANDN,        ANDN,         0,    2, 0xf2, R, N, 12, VEX, RG_VG_MG)                \
	O(BEXTR,       BEXTR,        0,    2, 0xf7, R, N, 12, VEX, RG_MG_VG)                \
	O(BLSR,        BLSR,         0,    2, 0xf3, 1, N, 12, VEX, VG_MG)                   \
	O(BLSMSK,      BLSMSK,       0,    2, 0xf3, 2, N, 12, VEX, VG_MG)                   \
	O(BLSI,        BLSI,         0,    2, 0xf3, 3, N, 12, VEX, VG_MG)                   \
	O(BZHI,        BZHI,         0,    2, 0xf5, R, N, 12, VEX, RG_MG_VG)                \
	O(PDEP,        PDEP,         0xf2, 2, 0xf5, R, N, 12, VEX, RG_VG_MG)                \
	O(PEXT,        PEXT,         0xf3, 2, 0xf5, R, N, 12, VEX, RG_VG_MG)                \
	O(MULX,        MULX,         0xf2, 2, 0xf6, R, N, 12, VEX, RG_VG_MG)                \
	O(RORX,        RORX,         0xf2, 3, 0xf0, R, U, 12, VEX, RG_MG_I)                 \
	O(SHLX,        SHLX,         0x66, 2, 0xf7, R, N, 12, VEX, RG_MG_VG)                \
	O(SARX,        SARX,         0xf3, 2, 0xf7, R, N, 12, VEX, RG_MG_VG)                \
	O(SHRX,        SHRX,         0xf2, 2, 0xf7, R, N, 12, VEX, RG_MG_VG)                \
	/* Conditions and control */                                                        \
	C(JCC8,        JO,           0,    0, 0x70, R, N, 1,  FIX, L)                       \
	X(JCC32,       JO,           0,    1, 0x80, R, N, 4,  FIX, L)                       \
	C(SETCC,       SETO,         0,    1, 0x90, 0, N, 1,  FIX, MG)                      \
	C(CMOVCC,      CMOVO,        0,    1, 0x40, R, N, 14, INT, RG_MG)                   \
	O(JMP8,        JMP,          0,    0, 0xeb, R, N, 1,  FIX, L)                       \
	X(JMP32,       JMP,          0,    0, 0xe9, R, N, 4,  FIX, L)                       \
	X(JMP_M,       JMP,          0,    0, 0xff, 4, N, 8,  FIX, MG)                      \
	O(CALL32,      CALL,         0,    0, 0xe8, R, N, 4,  FIX, L)                       \
	X(CALL_M,      CALL,         0,    0, 0xff, 2, N, 8,  FIX, MG)                      \
	O(RET,         RET,          0,    0, 0xc3, R, N, 8,  FIX, NONE)                    \
	X(RET_I,       RET,          0,    0, 0xc2, R, W, 8,  FIX, I)                       \
	O(NOP,         NOP,          0,    0, 0x90, R, N, 8,  FIX, NONE)                    \
	X(NOP_M,       NOP,          0,    1, 0x1f, 0, N, 6,  INT, MG)                      \
	O(INT3,        INT3,         0,    0, 0xcc, R, N, 8,  FIX, NONE)                    \
	O(UD2,         UD2,          0,    1, 0x0b, R, N, 8,  FIX, NONE)                    \
	O(ENDBR64,     ENDBR64,      0xf3, 1, 0x1e, 7, N, 8,  FIX, RM2)                     \
	O(PAUSE,       PAUSE,        0xf3, 0, 0x90, R, N, 8,  FIX, NONE)                    \
	O(LOCK,        LOCK,         0,    0, 0xf0, R, N, 8,  FIX, NONE)                    \
	O(CMPXCHG,     CMPXCHG,      0,    1, 0xb1, R, N, 15, INT, MG_RG)                   \
	O(XADD,        XADD,         0,    1, 0xc1, R, N, 15, INT, MG_RG)                   \
	O(MFENCE,      MFENCE,       0,    1, 0xae, 6, N, 8,  FIX, RM0)                     \
	O(LFENCE,      LFENCE,       0,    1, 0xae, 5, N, 8,  FIX, RM0)                     \
	O(SFENCE,      SFENCE,       0,    1, 0xae, 7, N, 8,  FIX, RM0)                     \
	O(CPUID,       CPUID,        0,    1, 0xa2, R, N, 8,  FIX, NONE)                    \
	O(RDTSC,       RDTSC,        0,    1, 0x31, R, N, 8,  FIX, NONE)                    \
	/* SSE and SSE2: moves */                                                           \
	S(MOVS_RM,     MOVSS,        0,    1, 0x10, R, N, 12, SS, RX_MX)                    \
	X(MOVS_MR,     MOVSS,        0,    1, 0x11, R, N, 12, SS, MX_RX)                    \
	O(MOVUPS_RM,   MOVUPS,       0,    1, 0x10, R, N, 8,  FIX, RX_M16)                  \
	X(MOVUPS_MR,   MOVUPS,       0,    1, 0x11, R, N, 8,  FIX, M16_RX)                  \
	O(MOVUPD_RM,   MOVUPD,       0x66, 1, 0x10, R, N, 8,  FIX, RX_M16)                  \
	X(MOVUPD_MR,   MOVUPD,       0x66, 1, 0x11, R, N, 8,  FIX, M16_RX)                  \
	O(MOVAPS_RM,   MOVAPS,       0,    1, 0x28, R, N, 8,  FIX, RX_M16)                  \
	X(MOVAPS_MR,   MOVAPS,       0,    1, 0x29, R, N, 8,  FIX, M16_RX)                  \
	O(MOVAPD_RM,   MOVAPD,       0x66, 1, 0x28, R, N, 8,  FIX, RX_M16)                  \
	X(MOVAPD_MR,   MOVAPD,       0x66, 1, 0x29, R, N, 8,  FIX, M16_RX)                  \
	O(MOVDQA_RM,   MOVDQA,       0x66, 1, 0x6f, R, N, 8,  FIX, RX_M16)                  \
	X(MOVDQA_MR,   MOVDQA,       0x66, 1, 0x7f, R, N, 8,  FIX, M16_RX)                  \
	O(MOVDQU_RM,   MOVDQU,       0xf3, 1, 0x6f, R, N, 8,  FIX, RX_M16)                  \
	X(MOVDQU_MR,   MOVDQU,       0xf3, 1, 0x7f, R, N, 8,  FIX, M16_RX)                  \
	S(MOVQ_RM,     MOVD,         0xf3, 1, 0x7e, R, N, 8,  FIX, RX_MX)                   \
	X(MOVQ_MR,     MOVD,         0x66, 1, 0xd6, R, N, 8,  FIX, MX_RX)                   \
	X(MOVD_XG,     MOVD,         0x66, 1, 0x6e, R, N, 12, INT, RX_MG)                   \
	X(MOVD_GX,     MOVD,         0x66, 1, 0x7e, R, N, 12, INT, MG_RX)                   \
	O(MOVLPS_RM,   MOVLPS,       0,    1, 0x12, R, N, 8,  FIX, RX_MM8)                  \
	X(MOVLPS_MR,   MOVLPS,       0,    1, 0x13, R, N, 8,  FIX, MM8_RX)                  \
	O(MOVLPD_RM,   MOVLPD,       0x66, 1, 0x12, R, N, 8,  FIX, RX_MM8)                  \
	X(MOVLPD_MR,   MOVLPD,       0x66, 1, 0x13, R, N, 8,  FIX, MM8_RX)                  \
	O(MOVHPS_RM,   MOVHPS,       0,    1, 0x16, R, N, 8,  FIX, RX_MM8)                  \
	X(MOVHPS_MR,   MOVHPS,       0,    1, 0x17, R, N, 8,  FIX, MM8_RX)                  \
	O(MOVHPD_RM,   MOVHPD,       0x66, 1, 0x16, R, N, 8,  FIX, RX_MM8)                  \
	X(MOVHPD_MR,   MOVHPD,       0x66, 1, 0x17, R, N, 8,  FIX, MM8_RX)                  \
	O(MOVNTPS,     MOVNTPS,      0,    1, 0x2b, R, N, 8,  FIX, MM16_RX)                 \
	O(MOVNTPD,     MOVNTPD,      0x66, 1, 0x2b, R, N, 8,  FIX, MM16_RX)                 \
	O(MOVNTDQ,     MOVNTDQ,      0x66, 1, 0xe7, R, N, 8,  FIX, MM16_RX)                 \
	O(MOVNTI,      MOVNTI,       0,    1, 0xc3, R, N, 12, INT, MMG_RG)                  \
	O(MOVHLPS,     MOVHLPS,      0,    1, 0x12, R, N, 8,  FIX, RX_XR)                   \
	O(MOVLHPS,     MOVLHPS,      0,    1, 0x16, R, N, 8,  FIX, RX_XR)                   \
	S(MOVMSKP,     MOVMSKPS,     0,    1, 0x50, R, N, 12, PS, RD_XR)                    \
	O(PMOVMSKB,    PMOVMSKB,     0x66, 1, 0xd7, R, N, 8,  FIX, RD_XR)                   \
	S(UNPCKLP,     UNPCKLPS,     0,    1, 0x14, R, N, 12, PS, RX_M16)                   \
	S(UNPCKHP,     UNPCKHPS,     0,    1, 0x15, R, N, 12, PS, RX_M16)                   \
	S(SHUFP,       SHUFPS,       0,    1, 0xc6, R, U, 12, PS, RX_M16_I)                 \
	O(PSHUFD,      PSHUFD,       0x66, 1, 0x70, R, U, 8,  FIX, RX_M16_I)                \
	O(PSHUFLW,     PSHUFLW,      0xf2, 1, 0x70, R, U, 8,  FIX, RX_M16_I)                \
	O(PSHUFHW,     PSHUFHW,      0xf3, 1, 0x70, R, U, 8,  FIX, RX_M16_I)                \
	O(PINSRW,      PINSRW,       0x66, 1, 0xc4, R, U, 8,  FIX, RX_MRW_I)                \
	O(PEXTRW,      PEXTRW,       0x66, 1, 0xc5, R, U, 8,  FIX, RD_XR_I)                 \
	/* SSE and SSE2: arithmetic, comparisons */                                         \
	S(SQRTS,       SQRTSS,       0,    1, 0x51, R, N, 12, SS, RX_MX)                    \
	S(SQRTP,       SQRTPS,       0,    1, 0x51, R, N, 12, PS, RX_M16)                   \
	O(RCPSS,       RCPSS,        0xf3, 1, 0x53, R, N, 4,  FIX, RX_MX)                   \
	O(RCPPS,       RCPPS,        0,    1, 0x53, R, N, 8,  FIX, RX_M16)                  \
	O(RSQRTSS,     RSQRTSS,      0xf3, 1, 0x52, R, N, 4,  FIX, RX_MX)                   \
	O(RSQRTPS,     RSQRTPS,      0,    1, 0x52, R, N, 8,  FIX, RX_M16)                  \
	S(ADDS,        ADDSS,        0,    1, 0x58, R, N, 12, SS, RX_MX)                    \
	S(ADDP,        ADDPS,        0,    1, 0x58, R, N, 12, PS, RX_M16)                   \
	S(MULS,        MULSS,        0,    1, 0x59, R, N, 12, SS, RX_MX)                    \
	S(MULP,        MULPS,        0,    1, 0x59, R, N, 12, PS, RX_M16)                   \
	S(SUBS,        SUBSS,        0,    1, 0x5c, R, N, 12, SS, RX_MX)                    \
	S(SUBP,        SUBPS,        0,    1, 0x5c, R, N, 12, PS, RX_M16)                   \
	S(MINS,        MINSS,        0,    1, 0x5d, R, N, 12, SS, RX_MX)                    \
	S(MINP,        MINPS,        0,    1, 0x5d, R, N, 12, PS, RX_M16)                   \
	S(DIVS,        DIVSS,        0,    1, 0x5e, R, N, 12, SS, RX_MX)                    \
	S(DIVP,        DIVPS,        0,    1, 0x5e, R, N, 12, PS, RX_M16)                   \
	S(MAXS,        MAXSS,        0,    1, 0x5f, R, N, 12, SS, RX_MX)                    \
	S(MAXP,        MAXPS,        0,    1, 0x5f, R, N, 12, PS, RX_M16)                   \
	S(CMPS,        CMPSS,        0,    1, 0xc2, R, U, 12, SS, RX_MX_I)                  \
	S(CMPP,        CMPPS,        0,    1, 0xc2, R, U, 12, PS, RX_M16_I)                 \
	S(ANDP,        ANDPS,        0,    1, 0x54, R, N, 12, PS, RX_M16)                   \
	S(ANDNP,       ANDNPS,       0,    1, 0x55, R, N, 12, PS, RX_M16)                   \
	S(ORP,         ORPS,         0,    1, 0x56, R, N, 12, PS, RX_M16)                   \
	S(XORP,        XORPS,        0,    1, 0x57, R, N, 12, PS, RX_M16)                   \
	S(UCOMIS,      UCOMISS,      0,    1, 0x2e, R, N, 12, PS, RX_MX)                    \
	S(COMIS,       COMISS,       0,    1, 0x2f, R, N, 12, PS, RX_MX)                    \
	/* SSE4.1 */                                                                        \
	O(ROUNDSS,     ROUNDSS,      0x66, 3, 0x0a, R, U, 4,  FIX, RX_MX_I)                 \
	O(ROUNDSD,     ROUNDSD,      0x66, 3, 0x0b, R, U, 8,  FIX, RX_MX_I)                 \
	O(ROUNDPS,     ROUNDPS,      0x66, 3, 0x08, R, U, 8,  FIX, RX_M16_I)                \
	O(ROUNDPD,     ROUNDPD,      0x66, 3, 0x09, R, U, 8,  FIX, RX_M16_I)                \
	/* SSE2: integers */                                                                \
	O(PAND,        PAND,         0x66, 1, 0xdb, R, N, 8,  FIX, RX_M16)                  \
	O(PANDN,       PANDN,        0x66, 1, 0xdf, R, N, 8,  FIX, RX_M16)                  \
	O(POR,         POR,          0x66, 1, 0xeb, R, N, 8,  FIX, RX_M16)                  \
	O(PXOR,        PXOR,         0x66, 1, 0xef, R, N, 8,  FIX, RX_M16)                  \
	O(PADDB,       PADDB,        0x66, 1, 0xfc, R, N, 8,  FIX, RX_M16)                  \
	O(PADDW,       PADDW,        0x66, 1, 0xfd, R, N, 8,  FIX, RX_M16)                  \
	O(PADDD,       PADDD,        0x66, 1, 0xfe, R, N, 8,  FIX, RX_M16)                  \
	O(PADDQ,       PADDQ,        0x66, 1, 0xd4, R, N, 8,  FIX, RX_M16)                  \
	O(PSUBB,       PSUBB,        0x66, 1, 0xf8, R, N, 8,  FIX, RX_M16)                  \
	O(PSUBW,       PSUBW,        0x66, 1, 0xf9, R, N, 8,  FIX, RX_M16)                  \
	O(PSUBD,       PSUBD,        0x66, 1, 0xfa, R, N, 8,  FIX, RX_M16)                  \
	O(PSUBQ,       PSUBQ,        0x66, 1, 0xfb, R, N, 8,  FIX, RX_M16)                  \
	O(PCMPEQB,     PCMPEQB,      0x66, 1, 0x74, R, N, 8,  FIX, RX_M16)                  \
	O(PCMPEQW,     PCMPEQW,      0x66, 1, 0x75, R, N, 8,  FIX, RX_M16)                  \
	O(PCMPEQD,     PCMPEQD,      0x66, 1, 0x76, R, N, 8,  FIX, RX_M16)                  \
	O(PADDSB,      PADDSB,       0x66, 1, 0xec, R, N, 8,  FIX, RX_M16)                  \
	O(PADDSW,      PADDSW,       0x66, 1, 0xed, R, N, 8,  FIX, RX_M16)                  \
	O(PADDUSB,     PADDUSB,      0x66, 1, 0xdc, R, N, 8,  FIX, RX_M16)                  \
	O(PADDUSW,     PADDUSW,      0x66, 1, 0xdd, R, N, 8,  FIX, RX_M16)                  \
	O(PSUBSB,      PSUBSB,       0x66, 1, 0xe8, R, N, 8,  FIX, RX_M16)                  \
	O(PSUBSW,      PSUBSW,       0x66, 1, 0xe9, R, N, 8,  FIX, RX_M16)                  \
	O(PSUBUSB,     PSUBUSB,      0x66, 1, 0xd8, R, N, 8,  FIX, RX_M16)                  \
	O(PSUBUSW,     PSUBUSW,      0x66, 1, 0xd9, R, N, 8,  FIX, RX_M16)                  \
	O(PMULLW,      PMULLW,       0x66, 1, 0xd5, R, N, 8,  FIX, RX_M16)                  \
	O(PMULHW,      PMULHW,       0x66, 1, 0xe5, R, N, 8,  FIX, RX_M16)                  \
	O(PMULHUW,     PMULHUW,      0x66, 1, 0xe4, R, N, 8,  FIX, RX_M16)                  \
	O(PMULUDQ,     PMULUDQ,      0x66, 1, 0xf4, R, N, 8,  FIX, RX_M16)                  \
	O(PMADDWD,     PMADDWD,      0x66, 1, 0xf5, R, N, 8,  FIX, RX_M16)                  \
	O(PAVGB,       PAVGB,        0x66, 1, 0xe0, R, N, 8,  FIX, RX_M16)                  \
	O(PAVGW,       PAVGW,        0x66, 1, 0xe3, R, N, 8,  FIX, RX_M16)                  \
	O(PSADBW,      PSADBW,       0x66, 1, 0xf6, R, N, 8,  FIX, RX_M16)                  \
	O(PMINUB,      PMINUB,       0x66, 1, 0xda, R, N, 8,  FIX, RX_M16)                  \
	O(PMAXUB,      PMAXUB,       0x66, 1, 0xde, R, N, 8,  FIX, RX_M16)                  \
	O(PMINSW,      PMINSW,       0x66, 1, 0xea, R, N, 8,  FIX, RX_M16)                  \
	O(PMAXSW,      PMAXSW,       0x66, 1, 0xee, R, N, 8,  FIX, RX_M16)                  \
	O(PCMPGTB,     PCMPGTB,      0x66, 1, 0x64, R, N, 8,  FIX, RX_M16)                  \
	O(PCMPGTW,     PCMPGTW,      0x66, 1, 0x65, R, N, 8,  FIX, RX_M16)                  \
	O(PCMPGTD,     PCMPGTD,      0x66, 1, 0x66, R, N, 8,  FIX, RX_M16)                  \
	O(PACKSSWB,    PACKSSWB,     0x66, 1, 0x63, R, N, 8,  FIX, RX_M16)                  \
	O(PACKSSDW,    PACKSSDW,     0x66, 1, 0x6b, R, N, 8,  FIX, RX_M16)                  \
	O(PACKUSWB,    PACKUSWB,     0x66, 1, 0x67, R, N, 8,  FIX, RX_M16)                  \
	O(PUNPCKLBW,   PUNPCKLBW,    0x66, 1, 0x60, R, N, 8,  FIX, RX_M16)                  \
	O(PUNPCKLWD,   PUNPCKLWD,    0x66, 1, 0x61, R, N, 8,  FIX, RX_M16)                  \
	O(PUNPCKLDQ,   PUNPCKLDQ,    0x66, 1, 0x62, R, N, 8,  FIX, RX_M16)                  \
	O(PUNPCKLQDQ,  PUNPCKLQDQ,   0x66, 1, 0x6c, R, N, 8,  FIX, RX_M16)                  \
	O(PUNPCKHBW,   PUNPCKHBW,    0x66, 1, 0x68, R, N, 8,  FIX, RX_M16)                  \
	O(PUNPCKHWD,   PUNPCKHWD,    0x66, 1, 0x69, R, N, 8,  FIX, RX_M16)                  \
	O(PUNPCKHDQ,   PUNPCKHDQ,    0x66, 1, 0x6a, R, N, 8,  FIX, RX_M16)                  \
	O(PUNPCKHQDQ,  PUNPCKHQDQ,   0x66, 1, 0x6d, R, N, 8,  FIX, RX_M16)                  \
	O(PSLLW,       PSLLW,        0x66, 1, 0xf1, R, N, 8,  FIX, RX_M16)                  \
	X(PSLLW_I,     PSLLW,        0x66, 1, 0x71, 6, U, 8,  FIX, XR_I)                    \
	O(PSLLD,       PSLLD,        0x66, 1, 0xf2, R, N, 8,  FIX, RX_M16)                  \
	X(PSLLD_I,     PSLLD,        0x66, 1, 0x72, 6, U, 8,  FIX, XR_I)                    \
	O(PSLLQ,       PSLLQ,        0x66, 1, 0xf3, R, N, 8,  FIX, RX_M16)                  \
	X(PSLLQ_I,     PSLLQ,        0x66, 1, 0x73, 6, U, 8,  FIX, XR_I)                    \
	O(PSRLW,       PSRLW,        0x66, 1, 0xd1, R, N, 8,  FIX, RX_M16)                  \
	X(PSRLW_I,     PSRLW,        0x66, 1, 0x71, 2, U, 8,  FIX, XR_I)                    \
	O(PSRLD,       PSRLD,        0x66, 1, 0xd2, R, N, 8,  FIX, RX_M16)                  \
	X(PSRLD_I,     PSRLD,        0x66, 1, 0x72, 2, U, 8,  FIX, XR_I)                    \
	O(PSRLQ,       PSRLQ,        0x66, 1, 0xd3, R, N, 8,  FIX, RX_M16)                  \
	X(PSRLQ_I,     PSRLQ,        0x66, 1, 0x73, 2, U, 8,  FIX, XR_I)                    \
	O(PSRAW,       PSRAW,        0x66, 1, 0xe1, R, N, 8,  FIX, RX_M16)                  \
	X(PSRAW_I,     PSRAW,        0x66, 1, 0x71, 4, U, 8,  FIX, XR_I)                    \
	O(PSRAD,       PSRAD,        0x66, 1, 0xe2, R, N, 8,  FIX, RX_M16)                  \
	X(PSRAD_I,     PSRAD,        0x66, 1, 0x72, 4, U, 8,  FIX, XR_I)                    \
	O(PSLLDQ,      PSLLDQ,       0x66, 1, 0x73, 7, U, 8,  FIX, XR_I)                    \
	O(PSRLDQ,      PSRLDQ,       0x66, 1, 0x73, 3, U, 8,  FIX, XR_I)                    \
	/* Conversions */                                                                   \
	O(CVTSI2SS,    CVTSI2SS,     0xf3, 1, 0x2a, R, N, 12, INT, RX_MG)                   \
	O(CVTSI2SD,    CVTSI2SD,     0xf2, 1, 0x2a, R, N, 12, INT, RX_MG)                   \
	O(CVTTSS2SI,   CVTTSS2SI,    0xf3, 1, 0x2c, R, N, 12, INT, RG_MX4)                  \
	O(CVTTSD2SI,   CVTTSD2SI,    0xf2, 1, 0x2c, R, N, 12, INT, RG_MX8)                  \
	O(CVTSS2SI,    CVTSS2SI,     0xf3, 1, 0x2d, R, N, 12, INT, RG_MX4)                  \
	O(CVTSD2SI,    CVTSD2SI,     0xf2, 1, 0x2d, R, N, 12, INT, RG_MX8)                  \
	O(CVTSS2SD,    CVTSS2SD,     0xf3, 1, 0x5a, R, N, 8,  FIX, RX_MX4)                  \
	O(CVTSD2SS,    CVTSD2SS,     0xf2, 1, 0x5a, R, N, 8,  FIX, RX_MX8)                  \
	O(CVTPS2PD,    CVTPS2PD,     0,    1, 0x5a, R, N, 8,  FIX, RX_MX8)                  \
	O(CVTPD2PS,    CVTPD2PS,     0x66, 1, 0x5a, R, N, 8,  FIX, RX_M16)                  \
	O(CVTDQ2PS,    CVTDQ2PS,     0,    1, 0x5b, R, N, 8,  FIX, RX_M16)                  \
	O(CVTDQ2PD,    CVTDQ2PD,     0xf3, 1, 0xe6, R, N, 8,  FIX, RX_MX8)                  \
	O(CVTPS2DQ,    CVTPS2DQ,     0x66, 1, 0x5b, R, N, 8,  FIX, RX_M16)                  \
	O(CVTPD2DQ,    CVTPD2DQ,     0xf2, 1, 0xe6, R, N, 8,  FIX, RX_M16)                  \
	O(CVTTPS2DQ,   CVTTPS2DQ,    0xf3, 1, 0x5b, R, N, 8,  FIX, RX_M16)                  \
	O(CVTTPD2DQ,   CVTTPD2DQ,    0x66, 1, 0xe6, R, N, 8,  FIX, RX_M16)                  \
	/* FMA3 */                                                                          \
	S(VFMADD132S,  VFMADD132SS,  0x66, 2, 0x99, R, N, 12, VEX, RX_VX_MX)                \
	S(VFMADD132P,  VFMADD132PS,  0x66, 2, 0x98, R, N, 12, VEX, RX_VX_M16)               \
	S(VFMADD213S,  VFMADD213SS,  0x66, 2, 0xa9, R, N, 12, VEX, RX_VX_MX)                \
	S(VFMADD213P,  VFMADD213PS,  0x66, 2, 0xa8, R, N, 12, VEX, RX_VX_M16)               \
	S(VFMADD231S,  VFMADD231SS,  0x66, 2, 0xb9, R, N, 12, VEX, RX_VX_MX)                \
	S(VFMADD231P,  VFMADD231PS,  0x66, 2, 0xb8, R, N, 12, VEX, RX_VX_M16)               \
	S(VFMSUB132S,  VFMSUB132SS,  0x66, 2, 0x9b, R, N, 12, VEX, RX_VX_MX)                \
	S(VFMSUB132P,  VFMSUB132PS,  0x66, 2, 0x9a, R, N, 12, VEX, RX_VX_M16)               \
	S(VFMSUB213S,  VFMSUB213SS,  0x66, 2, 0xab, R, N, 12, VEX, RX_VX_MX)                \
	S(VFMSUB213P,  VFMSUB213PS,  0x66, 2, 0xaa, R, N, 12, VEX, RX_VX_M16)               \
	S(VFMSUB231S,  VFMSUB231SS,  0x66, 2, 0xbb, R, N, 12, VEX, RX_VX_MX)                \
	S(VFMSUB231P,  VFMSUB231PS,  0x66, 2, 0xba, R, N, 12, VEX, RX_VX_M16)               \
	S(VFNMADD132S, VFNMADD132SS, 0x66, 2, 0x9d, R, N, 12, VEX, RX_VX_MX)                \
	S(VFNMADD132P, VFNMADD132PS, 0x66, 2, 0x9c, R, N, 12, VEX, RX_VX_M16)               \
	S(VFNMADD213S, VFNMADD213SS, 0x66, 2, 0xad, R, N, 12, VEX, RX_VX_MX)                \
	S(VFNMADD213P, VFNMADD213PS, 0x66, 2, 0xac, R, N, 12, VEX, RX_VX_M16)               \
	S(VFNMADD231S, VFNMADD231SS, 0x66, 2, 0xbd, R, N, 12, VEX, RX_VX_MX)                \
	S(VFNMADD231P, VFNMADD231PS, 0x66, 2, 0xbc, R, N, 12, VEX, RX_VX_M16)               \
	S(VFNMSUB132S, VFNMSUB132SS, 0x66, 2, 0x9f, R, N, 12, VEX, RX_VX_MX)                \
	S(VFNMSUB132P, VFNMSUB132PS, 0x66, 2, 0x9e, R, N, 12, VEX, RX_VX_M16)               \
	S(VFNMSUB213S, VFNMSUB213SS, 0x66, 2, 0xaf, R, N, 12, VEX, RX_VX_MX)                \
	S(VFNMSUB213P, VFNMSUB213PS, 0x66, 2, 0xae, R, N, 12, VEX, RX_VX_M16)               \
	S(VFNMSUB231S, VFNMSUB231SS, 0x66, 2, 0xbf, R, N, 12, VEX, RX_VX_MX)                \
	S(VFNMSUB231P, VFNMSUB231PS, 0x66, 2, 0xbe, R, N, 12, VEX, RX_VX_M16)

/* What an operand may be, and where it goes; those of one place stand together.
 * name, class mask, bytes of memory (0: the size; ANY: not looked at)
 *
 *   R reg field of ModRM, M ModRM.rm, V VEX.vvvv, O low bits of the opcode, A the accumulator;
 *   G general register of the size, X xmm, B W D general of 8, 16, 32 bits whatever the size */
#define X64_SLOT_LIST(X)                                                                    \
	X(RG,  X64_IN_G, 0)                                                                 \
	X(RD,  X64_IN_R32, 0)                                                               \
	X(RX,  X64_IN_XMM, 0)                                                               \
	X(OG,  X64_IN_G, 0)                                                                 \
	X(VG,  X64_IN_G, 0)                                                                 \
	X(VX,  X64_IN_XMM, 0)                                                               \
	X(A,   X64_IN_G, 0)                     /* al, ax, eax, rax */                      \
	X(C,   X64_IN_R8, 0)                    /* cl */                                    \
	X(1,   X64_IN_IMM, 0)                   /* the number 1 */                          \
	X(MG,  X64_IN_G | X64_IN_M, 0)                                                      \
	X(MB,  X64_IN_R8 | X64_IN_M, 1)                                                     \
	X(MW,  X64_IN_R16 | X64_IN_M, 2)                                                    \
	X(MD,  X64_IN_R32 | X64_IN_M, 4)                                                    \
	X(MM,  X64_IN_M, X64_ANY)               /* memory only: lea */                      \
	X(MMG,         X64_IN_M, 0)                     /* memory only, of the size; of 8 and 16 bytes */ \
	X(MM8,         X64_IN_M, 8)                                                         \
	X(MM16,        X64_IN_M, 16)                                                        \
	X(MRW, X64_IN_R32 | X64_IN_M, 2)        /* the lower half of 32 bits */             \
	X(MX,  X64_IN_XMM | X64_IN_M, 0)                                                    \
	X(MX4, X64_IN_XMM | X64_IN_M, 4)                                                    \
	X(MX8, X64_IN_XMM | X64_IN_M, 8)                                                    \
	X(M16, X64_IN_XMM | X64_IN_M, 16)                                                   \
	X(XR,  X64_IN_XMM, 0)                   /* in rm, never memory */                   \
	X(I,   X64_IN_IMM, 0)                                                               \
	X(L,   X64_IN_LABEL, 0)                 /* a branch's target */

/* name, number of operands, their slots (what is behind the last is not looked at) */
#define X64_PATTERN_LIST(X)                                                                 \
	X(NONE,     0, I,  I,  I)                                                           \
	X(RM0,      0, I,  I,  I)               /* a ModRM byte with rm = 0, 2 */           \
	X(RM2,      0, I,  I,  I)                                                           \
	X(I,        1, I,  I,  I)                                                           \
	X(L,        1, L,  I,  I)                                                           \
	X(OG,       1, OG, I,  I)                                                           \
	X(OG_I,     2, OG, I,  I)                                                           \
	X(OG_A,     2, OG, A,  I)                                                           \
	X(A_OG,     2, A,  OG, I)                                                           \
	X(A_I,      2, A,  I,  I)                                                           \
	X(MG,       1, MG, I,  I)                                                           \
	X(MG_1,     2, MG, 1,  I)                                                           \
	X(MG_C,     2, MG, C,  I)                                                           \
	X(MG_I,     2, MG, I,  I)                                                           \
	X(MG_RG,    2, MG, RG, I)                                                           \
	X(MG_RG_I,  3, MG, RG, I)                                                           \
	X(MG_RG_C,  3, MG, RG, C)                                                           \
	X(RG_MG,    2, RG, MG, I)                                                           \
	X(RG_MG_I,  3, RG, MG, I)                                                           \
	X(RG_MB,    2, RG, MB, I)                                                           \
	X(RG_MW,    2, RG, MW, I)                                                           \
	X(RG_MD,    2, RG, MD, I)                                                           \
	X(RG_MM,    2, RG, MM, I)                                                           \
	X(RX_MX,    2, RX, MX, I)                                                           \
	X(MX_RX,    2, MX, RX, I)                                                           \
	X(RX_MX_I,  3, RX, MX, I)                                                           \
	X(RX_MX4,   2, RX, MX4, I)                                                          \
	X(RX_MX8,   2, RX, MX8, I)                                                          \
	X(RX_M16,   2, RX, M16, I)                                                          \
	X(M16_RX,   2, M16, RX, I)                                                          \
	X(RX_M16_I, 3, RX, M16, I)                                                          \
	X(RX_MM8,      2, RX, MM8, I)                                                       \
	X(MM8_RX,      2, MM8, RX, I)                                                       \
	X(MM16_RX,     2, MM16, RX, I)                                                      \
	X(MMG_RG,      2, MMG, RG, I)                                                       \
	X(RX_MRW_I,    3, RX, MRW, I)                                                       \
	X(XR_I,        2, XR, I,  I)                                                        \
	X(RD_XR_I,     3, RD, XR, I)                                                        \
	X(RX_XR,    2, RX, XR, I)                                                           \
	X(RD_XR,    2, RD, XR, I)                                                           \
	X(RX_MG,    2, RX, MG, I)                                                           \
	X(MG_RX,    2, MG, RX, I)                                                           \
	X(RG_MX4,   2, RG, MX4, I)                                                          \
	X(RG_MX8,   2, RG, MX8, I)                                                          \
	X(RX_VX_MX, 3, RX, VX, MX)                                                          \
	X(RX_VX_M16, 3, RX, VX, M16)                                                        \
	X(RG_MG_VG, 3, RG, MG, VG)                                                          \
	X(RG_VG_MG, 3, RG, VG, MG)                                                          \
	X(VG_MG,    2, VG, MG, I)
// clang-format on

#endif
