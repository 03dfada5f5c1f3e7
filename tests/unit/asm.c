/* asm.c - the public assembler: labels, constants, addresses, alignment, errors, and x86-64 by
 * operands. Encodings as such are compared with other assemblers in tests/encoding/. */
#include "check.h"

#include "asm/asm.h"
#include "starve.h"
#include "trivet_a64.h"
#include "trivet_x64.h"

#include <stdlib.h>

#define R64 trivet_x64_r64
#define R32 trivet_x64_r32
#define R16 trivet_x64_r16
#define R8 trivet_x64_r8
#define XMM trivet_x64_xmm
#define MEM trivet_x64_m

static trivet_asm *a;
static const uint8_t *code;
static size_t size;

static void
start(void)
{
	trivet_asm_close(a);
	CHECK_EQ(trivet_asm_open(NULL, TRIVET_ISA_X86_64, &a), TRIVET_OK);
}

static void
finish(void)
{
	if (!CHECK_EQ(trivet_asm_finish(a, 0, &code, &size), TRIVET_OK))
		printf("    %s\n", trivet_asm_message(a));
}

static uint64_t
number(size_t at, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned k = bytes; k-- > 0;)
		v = v << 8 | code[at + k];
	return v;
}

/* ---- Nothing there ---- */

static void
nothing(void)
{
	trivet_asm *none = (trivet_asm *)&size;

	CHECK_EQ(trivet_asm_open(NULL, TRIVET_ISA_X86_64, NULL), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_asm_open(NULL, (trivet_isa)7, &none), TRIVET_ARGUMENT);
	CHECK(none == NULL);
	trivet_asm_close(NULL);
	trivet_asm_reset(NULL);
	CHECK_EQ(trivet_asm_status(NULL), TRIVET_ARGUMENT);
	CHECK(trivet_asm_message(NULL) != NULL);
	trivet_asm_label(NULL);
	trivet_asm_bind(NULL, 0);
	trivet_asm_align(NULL, 16);
	trivet_asm_bytes(NULL, "x", 1);
	trivet_asm_address(NULL, 0, 0);
	trivet_asm_constant(NULL, "12345678", 8);
	trivet_x64(NULL, RET);
	trivet_x64_nop(NULL, 3);
	CHECK_EQ(trivet_asm_offset(NULL), 0);
	CHECK_EQ(trivet_asm_finish(NULL, 0, &code, &size), TRIVET_ARGUMENT);
	CHECK(code == NULL && size == 0);

	start();
	finish(); /* empty code is code */
	CHECK_EQ(size, 0);
	CHECK_STR(trivet_asm_message(a), "");
}

/* ---- Labels, data, constants ---- */

static void
labels(void)
{
	trivet_label here, there, never;
	size_t at = 99;

	start();
	here = trivet_asm_label(a);
	there = trivet_asm_label(a);
	CHECK_EQ(trivet_asm_label_offset(a, here, &at), TRIVET_LABEL);
	CHECK_EQ(trivet_asm_label_offset(a, 77, &at), TRIVET_LABEL);
	CHECK_EQ(trivet_asm_label_offset(a, here, NULL), TRIVET_ARGUMENT);
	trivet_asm_bind(a, here);
	trivet_x64(a, JE, trivet_at(there)); /* 6 bytes now, 2 in the end */
	trivet_x64(a, INC, R32(TRIVET_RAX));
	trivet_asm_bind(a, there);
	CHECK_EQ(trivet_asm_offset(a), 8);
	trivet_x64(a, JMP, trivet_at(here));
	finish();
	CHECK_EQ(size, 6);
	CHECK_EQ(number(0, 2), 0x0274);
	CHECK_EQ(number(4, 2), 0xfaeb);
	CHECK_EQ(trivet_asm_label_offset(a, there, &at), TRIVET_OK);
	CHECK_EQ(at, 4);

	trivet_asm_reset(a);
	here = trivet_asm_label(a);
	trivet_asm_bind(a, here);
	trivet_asm_bind(a, here);
	CHECK_EQ(trivet_asm_status(a), TRIVET_LABEL);
	trivet_x64(a, RET); /* does nothing any more */
	CHECK_EQ(trivet_asm_offset(a), 0);
	CHECK_EQ(trivet_asm_finish(a, 0, &code, &size), TRIVET_LABEL);

	trivet_asm_reset(a);
	never = trivet_asm_label(a);
	trivet_x64(a, CALL, trivet_at(never));
	CHECK_EQ(trivet_asm_status(a), TRIVET_OK);
	CHECK_EQ(trivet_asm_finish(a, 0, &code, &size), TRIVET_LABEL);
	CHECK(code == NULL && strstr(trivet_asm_message(a), "not bound") != NULL);

	trivet_asm_reset(a);
	trivet_x64(a, JMP, trivet_at(12345)); /* of no assembler */
	CHECK_EQ(trivet_asm_finish(a, 0, &code, &size), TRIVET_LABEL);
}

/* Equal constants share; each is aligned to its size; loads find them. */
static void
constants(void)
{
	static const double values[3] = { 1.5, 2.5, 1.5 };
	static const uint8_t wide[16] = { 1, 2, 3 };
	trivet_label l[3];
	size_t at;

	start();
	for (int k = 0; k < 3; k++) {
		l[k] = trivet_asm_constant(a, &values[k], 8);
		trivet_x64(a, MOVSD, XMM(8), trivet_at(l[k]));
	}
	CHECK_EQ(l[0], l[2]);
	CHECK(l[0] != l[1]);
	trivet_x64(a, PXOR, XMM(1), trivet_at(trivet_asm_constant(a, wide, 16)));
	trivet_x64(a, ADD, R32(0), trivet_at(trivet_asm_constant(a, wide, 4)));
	finish();
	CHECK_EQ(size, 48 + 16 + 16 + 4);
	CHECK_EQ(trivet_asm_label_offset(a, l[1], &at), TRIVET_OK);
	CHECK_EQ(at, 48 + 16 + 8);
	CHECK(memcmp(code + at, &values[1], 8) == 0 && memcmp(code + 48, wide, 16) == 0);
	CHECK_EQ(number(9 + 5, 4), at - 18);

	start(); /* many: each found again */
	for (uint64_t k = 0; k < 5000; k++)
		CHECK_EQ(trivet_asm_constant(a, &k, 8), k);
	for (uint64_t k = 0; k < 5000; k += 7)
		CHECK_EQ(trivet_asm_constant(a, &k, 8), k);
	finish();
	CHECK_EQ(size, 40000);
	CHECK_EQ(number(8 * 1234, 8), 1234);

	start();
	trivet_asm_constant(a, wide, 5);
	CHECK_EQ(trivet_asm_status(a), TRIVET_ARGUMENT);
	start();
	trivet_asm_constant(a, NULL, 8);
	CHECK_EQ(trivet_asm_status(a), TRIVET_ARGUMENT);
}

/* Assembled once, placed twice: only the addresses differ. */
static void
addresses(void)
{
	trivet_label l;

	start();
	l = trivet_asm_label(a);
	trivet_x64(a, RET);
	trivet_asm_align(a, 8);
	trivet_asm_address(a, l, -3);
	trivet_asm_bind(a, l);
	trivet_asm_bytes(a, "data", 4);
	finish();
	CHECK_EQ(size, 20);
	CHECK_EQ(number(8, 8), 16 - 3);
	CHECK_EQ(trivet_asm_finish(a, UINT64_C(0x7fff00000000), &code, &size), TRIVET_OK);
	CHECK_EQ(number(8, 8), UINT64_C(0x7fff00000000) + 13);
	CHECK_EQ(size, 20);

	trivet_x64(a, RET); /* too late */
	CHECK_EQ(trivet_asm_status(a), TRIVET_SEALED);
	CHECK_EQ(trivet_asm_finish(a, 0, &code, &size), TRIVET_SEALED);
	trivet_asm_reset(a);
	CHECK_EQ(trivet_asm_status(a), TRIVET_OK);
	trivet_asm_address(a, 0, INT64_C(1) << 31);
	CHECK_EQ(trivet_asm_status(a), TRIVET_RANGE);
	trivet_asm_reset(a);
	trivet_asm_bytes(a, NULL, 3);
	CHECK_EQ(trivet_asm_status(a), TRIVET_ARGUMENT);
	trivet_asm_reset(a);
	trivet_asm_bytes(a, "", SIZE_MAX);
	CHECK_EQ(trivet_asm_status(a), TRIVET_LIMIT);
	trivet_asm_reset(a);
	trivet_asm_bytes(a, NULL, 0);
	CHECK_EQ(trivet_asm_status(a), TRIVET_OK);
}

/* A jump back across padding that grows, because a branch in front of it gets shorter, still
 * reaches. */
static void
padding_grows(unsigned before, unsigned gap)
{
	trivet_label out, back;

	start();
	out = trivet_asm_label(a);
	back = trivet_asm_label(a);
	trivet_x64(a, JE, trivet_at(out)); /* shorter by 4 in the end */
	trivet_asm_bind(a, out);
	trivet_x64_nop(a, before);
	trivet_asm_bind(a, back);
	trivet_asm_align(a, 64);
	trivet_x64_nop(a, gap);
	trivet_x64(a, JMP, trivet_at(back));
	finish();
	CHECK(size >= 2 + before + gap + 2);
}

/* Branches before it get shorter, what is aligned stays so; and every branch still leads to its
 * label. */
static void
alignment(size_t to, unsigned gap)
{
	trivet_label first[6], second[6];
	size_t at, where[6];
	uint8_t opcode;

	start();
	for (unsigned k = 0; k < 6; k++) {
		first[k] = trivet_asm_label(a);
		second[k] = trivet_asm_label(a);
		trivet_x64(a, JNE, trivet_at(second[k]));
		trivet_x64_nop(a, gap);
		trivet_asm_align(a, to);
		trivet_asm_bind(a, first[k]);
		trivet_x64(a, INT3);
		trivet_asm_bind(a, second[k]);
		trivet_x64(a, JMP, trivet_at(first[k / 2]));
	}
	finish();
	for (unsigned k = 0, from = 0; k < 6; k++) {
		CHECK_EQ(trivet_asm_label_offset(a, first[k], &where[k]), TRIVET_OK);
		CHECK_EQ(where[k] % to, 0);
		CHECK_EQ(code[where[k]], 0xcc);
		CHECK_EQ(trivet_asm_label_offset(a, second[k], &at), TRIVET_OK);
		CHECK_EQ(at, where[k] + 1);
		if (code[from] == 0x75)
			CHECK_EQ((size_t)(from + 2 + number(from + 1, 1)), at);
		else
			CHECK_EQ((size_t)(from + 6 + number(from + 2, 4)), at);
		opcode = code[at];
		CHECK(opcode == 0xeb || opcode == 0xe9);
		if (opcode == 0xeb)
			CHECK_EQ(at + 2 + (size_t)(int8_t)number(at + 1, 1), where[k / 2]);
		else
			CHECK_EQ(at + 5 + (size_t)(int32_t)number(at + 1, 4), where[k / 2]);
		from = (unsigned)at + (opcode == 0xeb ? 2 : 5);
	}
	trivet_asm_reset(a);
	trivet_asm_align(a, 3);
	CHECK_EQ(trivet_asm_status(a), TRIVET_ARGUMENT);
	trivet_asm_reset(a);
	trivet_asm_align(a, 8192);
	CHECK_EQ(trivet_asm_status(a), TRIVET_ARGUMENT);
}

/* ---- x86-64: what is refused, and how it is said ---- */

static void
refused(const char *message, int line)
{
	check_equal(trivet_asm_status(a), TRIVET_OPERAND, "status", __FILE__, line);
	check_string(trivet_asm_message(a), message, "message", __FILE__, line);
	check_equal(trivet_asm_offset(a), 0, "bytes", __FILE__, line);
	trivet_asm_reset(a);
}
#define REFUSED(message, ...) (trivet_x64(a, __VA_ARGS__), refused(message, __LINE__))
#define TAKEN(...) \
	(trivet_x64(a, __VA_ARGS__), CHECK_EQ(trivet_asm_status(a), TRIVET_OK), trivet_asm_reset(a))

static void
ranges(void)
{
	trivet_operand m = trivet_x64_sized(1, MEM(TRIVET_RSP, 4));

	// clang-format off
	TAKEN(ADD, R8(1), trivet_imm(-128)); TAKEN(ADD, R8(1), trivet_imm(255));
	REFUSED("add: operand 2: immediate -129 is not -128..255 (at byte 0)", ADD, R8(1), trivet_imm(-129));
	REFUSED("add: operand 2: immediate 256 is not -128..255 (at byte 0)", ADD, R8(1), trivet_imm(256));
	TAKEN(CMP, R16(1), trivet_imm(-32768)); TAKEN(CMP, R16(1), trivet_imm(65535));
	REFUSED("cmp: operand 2: immediate -32769 is not -32768..65535 (at byte 0)", CMP, R16(1), trivet_imm(-32769));
	REFUSED("cmp: operand 2: immediate 65536 is not -32768..65535 (at byte 0)", CMP, R16(1), trivet_imm(65536));
	TAKEN(XOR, R32(0), trivet_imm(INT32_MIN)); TAKEN(XOR, R32(0), trivet_imm(UINT32_MAX));
	REFUSED("xor: operand 2: immediate 4294967296 is not -2147483648..4294967295 (at byte 0)", XOR, R32(0), trivet_imm(INT64_C(1) << 32));
	REFUSED("xor: operand 2: immediate -2147483649 is not -2147483648..4294967295 (at byte 0)", XOR, R32(0), trivet_imm((int64_t)INT32_MIN - 1));
	TAKEN(AND, R64(9), trivet_imm(INT32_MIN)); TAKEN(AND, R64(9), trivet_imm(INT32_MAX));
	REFUSED("and: operand 2: immediate 2147483648 is not -2147483648..2147483647 (at byte 0)", AND, R64(9), trivet_imm(INT64_C(1) << 31));
	REFUSED("and: operand 2: immediate -2147483649 is not -2147483648..2147483647 (at byte 0)", AND, R64(9), trivet_imm((int64_t)INT32_MIN - 1));
	TAKEN(MOV, R64(9), trivet_imm(INT64_MIN)); TAKEN(MOV, R64(9), trivet_imm(INT64_MAX));
	TAKEN(MOV, m, trivet_imm(255));
	REFUSED("mov: operand 2: immediate 256 is not -128..255 (at byte 0)", MOV, m, trivet_imm(256));
	TAKEN(SHL, R64(3), trivet_imm(0)); TAKEN(SHL, R64(3), trivet_imm(255));
	REFUSED("shl: operand 2: immediate 256 is not 0..255 (at byte 0)", SHL, R64(3), trivet_imm(256));
	REFUSED("shl: operand 2: immediate -1 is not 0..255 (at byte 0)", SHL, R64(3), trivet_imm(-1));
	TAKEN(RET, trivet_imm(65535)); TAKEN(RET, trivet_imm(0));
	REFUSED("ret: operand 1: immediate 65536 is not 0..65535 (at byte 0)", RET, trivet_imm(65536));
	REFUSED("ret: operand 1: immediate -1 is not 0..65535 (at byte 0)", RET, trivet_imm(-1));
	TAKEN(PUSH, trivet_imm(INT32_MIN)); TAKEN(PUSH, trivet_imm(INT32_MAX));
	REFUSED("push: operand 1: immediate 2147483648 is not -2147483648..2147483647 (at byte 0)", PUSH, trivet_imm(INT64_C(1) << 31));
	TAKEN(IMUL, R64(3), R64(4), trivet_imm(INT32_MIN));
	REFUSED("imul: operand 3: immediate 2147483648 is not -2147483648..2147483647 (at byte 0)", IMUL, R64(3), R64(4), trivet_imm(INT64_C(1) << 31));
	TAKEN(SHUFPS, XMM(1), XMM(2), trivet_imm(255));
	TAKEN(PSLLW, XMM(1), trivet_imm(255)); TAKEN(PSLLW, XMM(1), trivet_imm(0));
	REFUSED("psllw: operand 2: immediate 256 is not 0..255 (at byte 0)", PSLLW, XMM(1), trivet_imm(256));
	REFUSED("pslldq: operand 2: immediate -1 is not 0..255 (at byte 0)", PSLLDQ, XMM(1), trivet_imm(-1));
	TAKEN(PINSRW, XMM(1), R32(2), trivet_imm(7)); TAKEN(PINSRW, XMM(1), MEM(2, 0), trivet_imm(255));
	REFUSED("pinsrw: operand 3: immediate 256 is not 0..255 (at byte 0)", PINSRW, XMM(1), R32(2), trivet_imm(256));
	REFUSED("shufps: operand 3: immediate 256 is not 0..255 (at byte 0)", SHUFPS, XMM(1), XMM(2), trivet_imm(256));
	TAKEN(LEA, R64(1), MEM(1, INT32_MAX)); TAKEN(LEA, R64(1), MEM(1, INT32_MIN));
	REFUSED("lea: operand 2: displacement 2147483648 is not -2147483648..2147483647 (at byte 0)", LEA, R64(1), MEM(1, INT64_C(1) << 31));
	REFUSED("lea: operand 2: displacement -2147483649 is not -2147483648..2147483647 (at byte 0)", LEA, R64(1), MEM(1, (int64_t)INT32_MIN - 1));
	// clang-format on
}

static void
refusals(void)
{
	// clang-format off
	REFUSED("add: operand 1: there is no register 16 of type 8 (at byte 0)", ADD, R64(16), R64(0));
	REFUSED("addsd: operand 2: there is no register 255 of type 16 (at byte 0)", ADDSD, XMM(0), XMM(1000));
	REFUSED("add: operand 2: expected a general register, memory, an immediate (at byte 0)", ADD, R64(1), XMM(0));
	REFUSED("add: operand 1: expected a general register, memory (at byte 0)", ADD, trivet_imm(1), R64(0));
	REFUSED("mulsd: operand 2: expected an xmm register, memory (at byte 0)", MULSD, XMM(1), R64(0));
	REFUSED("movhlps: operand 2: expected an xmm register (at byte 0)", MOVHLPS, XMM(1), MEM(0, 0));
	REFUSED("lea: operand 2: expected memory (at byte 0)", LEA, R64(1), R64(2));
	REFUSED("movlps: operand 2: expected memory (at byte 0)", MOVLPS, XMM(1), XMM(2));
	REFUSED("movntdq: operand 1: expected memory (at byte 0)", MOVNTDQ, XMM(1), XMM(2));
	REFUSED("movnti: operand 2: the operands' sizes do not go together here (at byte 0)", MOVNTI, MEM(1, 0), trivet_x64_r16(2));
	REFUSED("pinsrw: operand 2: expected a 32-bit register, memory (at byte 0)", PINSRW, XMM(1), R64(2), trivet_imm(0));
	REFUSED("pextrw: operand 1: expected a 32-bit register (at byte 0)", PEXTRW, MEM(1, 0), XMM(2), trivet_imm(0));
	REFUSED("psrldq: operand 2: expected an immediate (at byte 0)", PSRLDQ, XMM(1), XMM(2));
	REFUSED("add: operand 2: the operands' sizes do not go together here (at byte 0)", ADD, R64(1), R32(0));
	REFUSED("bt: operand 2: the operands' sizes do not go together here (at byte 0)", BT, R8(1), R8(0));
	REFUSED("inc: operand 1: nothing tells the size of memory: use trivet_x64_sized() (at byte 0)", INC, MEM(0, 0));
	REFUSED("movzx: operand 2: nothing tells the size of memory: use trivet_x64_sized() (at byte 0)", MOVZX, R64(1), MEM(0, 0));
	REFUSED("shl: operand 2: expected cl (at byte 0)", SHL, R64(1), R8(TRIVET_RDX));
	REFUSED("ret: 2 operands are not 0, 1 (at byte 0)", RET, R64(1), R64(2));
	REFUSED("cpuid: 1 operands are not 0 (at byte 0)", CPUID, R64(1));
	REFUSED("mov: operand 2: rsp cannot be an index (at byte 0)", MOV, R64(1), trivet_x64_mx(0, TRIVET_RSP, 1, 0));
	REFUSED("mov: operand 2: scale 3 is not 1, 2, 4 or 8 (at byte 0)", MOV, R64(1), trivet_x64_mx(0, 1, 3, 0));
	REFUSED("mov: operand 2: there is no such base or index register (at byte 0)", MOV, R64(1), MEM(16, 0));
	REFUSED("mov: operand 2: memory of 3 bytes is not 1, 2, 4, 8 or 16 (at byte 0)", MOV, R64(1), trivet_x64_sized(3, MEM(1, 0)));
	REFUSED("jmp: operand 1: a branch leads to a label, without an addend (at byte 0)", JMP, ((trivet_operand){ .kind = TRIVET_OPERAND_LABEL, .value = 1 }));
	REFUSED("mov: operand 2: not an operand of x86-64 (kind 0) (at byte 0)", MOV, R64(1), ((trivet_operand){ .kind = 0 }));
	// clang-format on
	trivet_x64_emit(a, TRIVET_X64_ADD, NULL, 2);
	refused("add: 2 operands at NULL (at byte 0)", __LINE__);
	trivet_x64_emit(a, TRIVET_X64_ADD, (trivet_operand[9]){ { 0 } }, 9);
	CHECK_EQ(trivet_asm_status(a), TRIVET_OPERAND);
	trivet_asm_reset(a);
	trivet_x64_emit(a, (trivet_x64_op)-1, NULL, 0);
	refused("there is no such x86-64 mnemonic", __LINE__);
	trivet_x64_emit(a, TRIVET_X64_COUNT, NULL, 0);
	refused("there is no such x86-64 mnemonic", __LINE__);

	trivet_asm_close(a); /* the other machine's */
	CHECK_EQ(trivet_asm_open(NULL, TRIVET_ISA_AARCH64, &a), TRIVET_OK);
	trivet_x64(a, RET);
	CHECK_EQ(trivet_asm_status(a), TRIVET_ARGUMENT);
	trivet_asm_reset(a);
	trivet_x64_nop(a, 4);
	CHECK_EQ(trivet_asm_status(a), TRIVET_ARGUMENT);
	start();
}

/* Any operand at all to any mnemonic: a status, never a crash. */
static void
nonsense(void)
{
	uint64_t state = 88172645463325252u;
	trivet_operand ops[4];
	uint8_t *bytes = (uint8_t *)ops;

	for (unsigned k = 0; k < 300000; k++) {
		for (size_t j = 0; j < sizeof ops; j++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			bytes[j] = (uint8_t)(state >> 20) & (state >> 30 & 3 ? 0xff : 0x1f);
		}
		for (unsigned j = 0; j < 4 && k % 3; j++) { /* nearly right */
			ops[j].kind = state >> (8 * j) & 3 ? TRIVET_OPERAND_REG : ops[j].kind % 8;
			ops[j].type = (uint8_t)(1u << (ops[j].type % 6));
			ops[j].reg %= 17;
			ops[j].size = 0;
		}
		trivet_x64_emit(a, (trivet_x64_op)(state >> 40 & 511), ops, k % 5);
		CHECK(trivet_asm_offset(a) <= 15);
		if (trivet_asm_status(a) != TRIVET_OK)
			CHECK(*trivet_asm_message(a) && trivet_asm_offset(a) == 0);
		trivet_asm_reset(a);
	}
}

/* ---- REX ---- */

static void
emit_one(uint8_t out[16], size_t *n, trivet_operand x, trivet_operand y)
{
	trivet_asm_reset(a);
	trivet_x64(a, MOV, x, y);
	finish();
	*n = size;
	memcpy(out, code, size);
}

/* The upper half of the registers in one slot sets one bit of REX and no other. */
static void
rex_bit(uint8_t expected, trivet_operand (*place)(unsigned n))
{
	uint8_t low[16], high[16];
	size_t n, m;

	for (unsigned r = 0; r < 8; r++) {
		if (r == TRIVET_RSP || r == TRIVET_RBP)
			continue; /* other lengths; tests/encoding/ has them */
		emit_one(low, &n, R64(TRIVET_RBX), place(r));
		emit_one(high, &m, R64(TRIVET_RBX), place(r + 8));
		CHECK_EQ(n, m);
		CHECK_EQ(low[0] ^ high[0], expected);
		CHECK(memcmp(low + 1, high + 1, n - 1) == 0);
	}
}

static trivet_operand
as_base(unsigned n)
{
	return trivet_x64_mx(n, TRIVET_RCX, 4, 100);
}

static trivet_operand
as_index(unsigned n)
{
	return trivet_x64_mx(TRIVET_RDX, n, 4, 100);
}

static void
rex(void)
{
	uint8_t low[16], high[16];
	size_t n, m;

	rex_bit(1, as_base);		   /* REX.B */
	rex_bit(2, as_index);		   /* REX.X */
	for (unsigned r = 0; r < 8; r++) { /* REX.R */
		emit_one(low, &n, R64(r), as_base(3));
		emit_one(high, &m, R64(r + 8), as_base(3));
		CHECK(n == m && (low[0] ^ high[0]) == 4 && !memcmp(low + 1, high + 1, n - 1));
	}
}

/* ---- Memory runs out, text is cut ---- */

static void
assemble_something(trivet_asm *x)
{
	trivet_label l = trivet_asm_label(x), m = trivet_asm_label(x);

	for (unsigned k = 0; k < 300; k++) {
		uint64_t v = k;
		trivet_x64(x, JE, trivet_at(l));
		trivet_x64(x, MOV, R64(k % 16), trivet_at(trivet_asm_constant(x, &v, 8)));
		trivet_asm_address(x, l, 0);
		trivet_asm_align(x, 16);
	}
	trivet_asm_bind(x, l);
	trivet_asm_bind(x, m);
}

static void
starving(void)
{
	unsigned n;

	for (n = 0; n < 1000; n++) {
		Starved s = { .allowed = n };
		trivet_allocator host = { starved_resize, &s };
		trivet_asm *x;
		trivet_status end;

		if (trivet_asm_open(&host, TRIVET_ISA_X86_64, &x) != TRIVET_OK) {
			CHECK(x == NULL);
			continue;
		}
		assemble_something(x);
		end = trivet_asm_finish(x, 0, &code, &size);
		CHECK(end == TRIVET_OK || end == TRIVET_NO_MEMORY);
		trivet_asm_close(x);
		CHECK_EQ(s.blocks, 0);
		if (end == TRIVET_OK)
			break;
	}
	CHECK(n > 3 && n < 1000);
}

static void
text(void)
{
	static const uint8_t add[] = { 0x48, 0x81, 0xc1, 0x00, 0x01, 0x00, 0x00 };
	static const uint8_t jump[] = { 0xe9, 0xfb, 0xff, 0xff, 0xff };
	char room[64] = "untouched";

	CHECK_EQ(trivet_disassemble(TRIVET_ISA_X86_64, add, 7, 0, room, sizeof room), 7);
	CHECK_STR(room, "add rcx, 0x100");
	CHECK_EQ(trivet_disassemble(TRIVET_ISA_X86_64, jump, 5, 0x1000, room, sizeof room), 5);
	CHECK_STR(room, "jmp 0x1000");
	for (size_t n = 0; n < 7; n++) { /* cut off */
		CHECK_EQ(trivet_disassemble(TRIVET_ISA_X86_64, add, n, 0, room, sizeof room), 0);
		CHECK_STR(room, n ? ".byte 0x48" : "");
	}
	CHECK_EQ(trivet_disassemble(TRIVET_ISA_X86_64, add, 7, 0, room, 6), 7);
	CHECK_STR(room, "add r");
	CHECK_EQ(trivet_disassemble(TRIVET_ISA_X86_64, add, 7, 0, NULL, 0), 7);
	CHECK_EQ(trivet_disassemble(TRIVET_ISA_X86_64, add, 7, 0, NULL, 9), 7);
	CHECK_EQ(trivet_disassemble(TRIVET_ISA_X86_64, NULL, 7, 0, room, sizeof room), 0);
	CHECK_EQ(trivet_disassemble((trivet_isa)9, add, 7, 0, room, sizeof room), 0);
}

/* What is read as an instruction lies within the bytes, whatever they are; a copy that ends where
 * they do lets the sanitizers see. */
static void
garbage(unsigned rounds)
{
	uint64_t state = 0x9e3779b97f4a7c15u;
	char room[160];

	for (unsigned k = 0; k < rounds; k++) {
		size_t n = (state += 0x9e3779b97f4a7c15u) % 20;
		uint8_t *bytes = malloc(n ? n : 1);

		if (!bytes)
			return;
		for (size_t j = 0; j < n; j++) {
			static const uint8_t likely[] = { 0x0f, 0x66, 0x48, 0xf2,
							  0xf3, 0xc4, 0xf0, 0x41 };
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			bytes[j] = state >> 60 < 5 && j < 4 ? likely[state >> 20 & 7]
							    : (uint8_t)(state >> 30);
		}
		for (unsigned isa = 0; isa < 2; isa++) {
			size_t used = trivet_disassemble((trivet_isa)isa, bytes, n, state, room,
							 sizeof room);
			CHECK(used <= n && strlen(room) < sizeof room - 1);
		}
		free(bytes);
	}
}

/* ---- What was emitted before ---- */

static uint32_t
any(uint32_t below)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 20) % below);
}

/* Mostly what there is, at the borders where another row takes over; sometimes what there is not.
 */
static trivet_operand
any_operand(trivet_label label)
{
	static const uint8_t types[] = { 1, 2, 4, 8, 16, 8, 4, 4, 3 };
	static const int64_t numbers[] = { 0,	  1,	       2,	   127,	       128,
					   -128,  -129,	       255,	   256,	       65407,
					   65408, 65535,       65536,	   INT32_MAX,  INT32_MIN,
					   -1,	  0x80000000,  0xffffff7f, 0xffffff80, 0xffffffff,
					   1000,  0x100000000, INT64_MIN,  100 };
	int64_t number = numbers[any(24)];
	trivet_operand o;

	switch (any(12)) {
	case 0:
	case 1:
	case 2: return trivet_imm(number);
	case 3:
	case 4:
		o = trivet_x64_mx(any(17) < 16 ? any(16) : any(256), any(3) ? 255 : any(17),
				  1u << any(4), number);
		break;
	case 5: o = trivet_x64_at(label, any(3) ? 0 : number); break;
	case 6: return trivet_at(label);
	default: return trivet_x64_reg(types[any(9)], any(3) ? any(4) : any(17));
	}
	return any(2) ? o : trivet_x64_sized(any(9) ? 1u << any(5) : any(256), o);
}

/* The assembler remembers forms.  One that has seen much gives the same bytes and messages as one
 * that remembers nothing. */
static void
memory(unsigned rounds)
{
	static const uint16_t often[] = { TRIVET_X64_MOV,   TRIVET_X64_ADD,   TRIVET_X64_SHL,
					  TRIVET_X64_XCHG,  TRIVET_X64_TEST,  TRIVET_X64_IMUL,
					  TRIVET_X64_PUSH,  TRIVET_X64_SHLD,  TRIVET_X64_JE,
					  TRIVET_X64_MOVZX, TRIVET_X64_MOVSD, TRIVET_X64_BT };
	trivet_asm *cold;
	unsigned encoded = 0;

	start();
	CHECK_EQ(trivet_asm_open(NULL, TRIVET_ISA_X86_64, &cold), TRIVET_OK);
	for (unsigned k = 0; k < rounds; k++) {
		unsigned op = any(3) ? often[any(12)] : any(TRIVET_X64_COUNT),
			 n = any(8) ? 2 : any(4);
		trivet_asm *both[2] = { a, cold };
		trivet_operand ops[3];
		const uint8_t *bytes;
		size_t length;

		memset(cold->recent_x64, 0, sizeof cold->recent_x64);
		for (unsigned j = 0; j < 2; j++) {
			trivet_asm_reset(both[j]);
			trivet_asm_bind(both[j], trivet_asm_label(both[j]));
		}
		for (unsigned j = 0; j < n; j++)
			ops[j] = any_operand(0);
		for (unsigned j = 0; j < 2; j++)
			trivet_x64_emit(both[j], (trivet_x64_op)op, n ? ops : NULL, n);
		if (trivet_asm_finish(a, 0, &code, &size) == TRIVET_OK) {
			encoded++;
			CHECK_EQ(trivet_asm_finish(cold, 0, &bytes, &length), TRIVET_OK);
			CHECK(length == size && memcmp(code, bytes, size) == 0);
		} else {
			CHECK(trivet_asm_finish(cold, 0, &bytes, &length) != TRIVET_OK);
			CHECK_STR(trivet_asm_message(a), trivet_asm_message(cold));
		}
	}
	CHECK(encoded > rounds / 20 && encoded < rounds);
	trivet_asm_close(cold);
}

int
main(int argc, char **argv)
{
	nothing();
	labels();
	constants();
	addresses();
	for (unsigned gap = 0; gap < 140; gap += 9) {
		alignment(1, gap);
		alignment(16, gap);
		alignment(64, gap);
		for (unsigned before = 50; before < 66; before++)
			padding_grows(before, gap);
	}
	start();
	ranges();
	refusals();
	nonsense();
	rex();
	starving();
	text();
	memory(100000);
	garbage(argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 30000);
	trivet_asm_close(a);
	return check_done();
}
