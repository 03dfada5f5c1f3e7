/* The x86-64 encoder on any host: known bytes, branches, fixups, and operands that do not exist.
 * All forms with all registers are in tests/encoding/test_x86_64.py; this needs no assembler. */
#include "check.h"

#include "asm/x86_64.h"

static Mem mem;
static Arena arena;
static Cbuf c;

static void
start(void)
{
	arena_free(&arena);
	mem_init(&mem, NULL);
	arena_init(&arena, &mem);
	cbuf_init(&c, &arena);
}

/* Compares what was emitted since start(). */
static void
expect(const char *text, const char *hex, int line)
{
	char got[64] = "";

	for (uint32_t k = 0; k < c.code.n && k < 20; k++)
		snprintf(got + 2 * k, 3, "%02x", c.code.at[k]);
	check_string(got, hex, text, __FILE__, line);
	CHECK_EQ(c.err, TRIVET_OK);
	start();
}
#define ROW(call, text, hex) (call, expect(text, hex, __LINE__))

static void
golden(void)
{
	// clang-format off
	ROW(x64_emit(&c, X64_ADD_MR, 8, X64_RAX, x64_r(X64_RBX), 0), "add rbx, rax", "4801c3");
	ROW(x64_emit(&c, X64_ADD_RM, 8, X64_R8, x64_m(X64_R13, 0), 0), "add r8, [r13]", "4d034500");
	ROW(x64_emit(&c, X64_MOV_RM, 4, X64_RCX, x64_m(X64_RSP, 8), 0), "mov ecx, [rsp+8]", "8b4c2408");
	ROW(x64_emit(&c, X64_MOV_RM, 8, X64_RCX, x64_m(X64_R12, 0), 0), "mov rcx, [r12]", "498b0c24");
	ROW(x64_emit(&c, X64_MOV_RM, 8, X64_RDX, x64_m(X64_RBP, 0), 0), "mov rdx, [rbp]", "488b5500");
	ROW(x64_emit(&c, X64_MOV_MR, 1, X64_RSI, x64_m(X64_RAX, 0), 0), "mov [rax], sil", "408830");
	ROW(x64_emit(&c, X64_MOV_MR, 2, X64_R9, x64_mx(X64_RAX, X64_R12, 4, -4), 0), "mov [rax+r12*4-4], r9w", "6646894ca0fc");
	ROW(x64_emit(&c, X64_LEA, 8, X64_RDI, x64_mx(X64_NONE, X64_RCX, 8, 16), 0), "lea rdi, [rcx*8+16]", "488d3ccd10000000");
	ROW(x64_emit(&c, X64_MOVZX8, 4, X64_RAX, x64_r(X64_RDI), 0), "movzx eax, dil", "400fb6c7");
	ROW(x64_emit(&c, X64_POPCNT, 8, X64_R15, x64_r(X64_RAX), 0), "popcnt r15, rax", "f34c0fb8f8");
	ROW(x64_emit(&c, X64_CVTSI2SD, 8, 9, x64_r(X64_R10), 0), "cvtsi2sd xmm9, r10", "f24d0f2aca");
	ROW(x64_emit(&c, X64_UCOMIS, 8, 1, x64_r(2), 0), "ucomisd xmm1, xmm2", "660f2eca");
	ROW(x64_emit(&c, X64_ROUNDSD, 8, 0, x64_r(15), 9), "roundsd xmm0, xmm15, 9", "66410f3a0bc709");
	ROW(x64_vex(&c, X64_VFMADD213S, 8, 1, 2, x64_r(3), 0), "vfmadd213sd xmm1, xmm2, xmm3", "c4e2e9a9cb");
	ROW(x64_vex(&c, X64_SHLX, 8, X64_RAX, X64_R9, x64_r(X64_RDX), 0), "shlx rax, rdx, r9", "c4e2b1f7c2");
	ROW(x64_alu_imm(&c, X64_CMP, 8, x64_r(X64_RAX), 1000), "cmp rax, 1000", "483de8030000");
	ROW(x64_alu_imm(&c, X64_SUB, 8, x64_r(X64_RSP), 8), "sub rsp, 8", "4883ec08");
	ROW(x64_mov_imm(&c, 8, X64_RAX, UINT32_MAX), "mov eax, 0xffffffff", "b8ffffffff");
	ROW(x64_mov_imm(&c, 8, X64_R8, UINT64_MAX), "mov r8, -1", "49c7c0ffffffff");
	ROW(x64_mov_imm(&c, 8, X64_RBX, UINT64_C(0x123456789abcdef0)), "movabs rbx", "48bbf0debc9a78563412");
	ROW(x64_mov_imm(&c, 4, X64_RBX, UINT64_MAX), "mov ebx, 0xffffffff", "bbffffffff");
	ROW(x64_setcc(&c, X64_NE, x64_r(X64_RSI)), "setne sil", "400f95c6");
	ROW(x64_setcc(&c, X64_NE, x64_r(X64_RBX)), "setne bl", "0f95c3");
	ROW(x64_cmov(&c, X64_L, 4, X64_R8, x64_r(X64_RAX)), "cmovl r8d, eax", "440f4cc0");
	ROW(x64_shift_imm(&c, X64_SHL, 4, x64_r(X64_RAX), 1), "shl eax, 1", "d1e0");
	ROW(x64_zero(&c, X64_R9), "xor r9d, r9d", "4531c9");
	ROW(x64_push(&c, X64_R12), "push r12", "4154");
	ROW(x64_endbr64(&c), "endbr64", "f30f1efa");
	// clang-format on
}

/* Nothing but the recommended sequences, and exactly as long as asked for. */
static void
nops(void)
{
	for (uint32_t n = 0; n < 40; n++) {
		start();
		x64_nop(&c, n);
		CHECK_EQ(c.code.n, n);
		for (uint32_t k = 0; k < n;) {
			uint32_t at = k;
			while (k < n && c.code.at[k] == 0x66)
				k++;
			if (c.code.at[k] == 0x90) {
				k++;
			} else {
				CHECK(c.code.at[k] == 0x0f && c.code.at[k + 1] == 0x1f);
				static const uint8_t length[] = {
					[0x00] = 3, [0x40] = 4, [0x44] = 5, [0x80] = 7, [0x84] = 8
				};
				CHECK(c.code.at[k + 2] < sizeof length && length[c.code.at[k + 2]]);
				k += length[c.code.at[k + 2]];
			}
			CHECK(k > at && k <= n);
			if (k <= at)
				return;
		}
	}
	start();
}

static uint32_t
word_at(uint32_t at)
{
	return c.code.at[at] | (uint32_t)c.code.at[at + 1] << 8 |
	       (uint32_t)c.code.at[at + 2] << 16 | (uint32_t)c.code.at[at + 3] << 24;
}

static void
pad(uint32_t n)
{
	for (uint32_t k = 0; k < n; k++)
		x64_int3(&c);
}

/* Backwards: short up to 128 bytes, counted from the branch's end; long beyond. */
static void
branches(void)
{
	Label l, m;

	start();
	l = cbuf_label(&c);
	cbuf_bind(&c, l);
	pad(126);
	x64_jmp(&c, l);
	CHECK_EQ(c.code.n, 128);
	CHECK_EQ(c.code.at[126], 0xeb);
	x64_jmp(&c, l);
	CHECK_EQ(c.code.n, 133);
	x64_jcc(&c, X64_G, l);
	CHECK_EQ(c.code.n, 139);
	x64_call(&c, l);
	CHECK_EQ(cbuf_link(&c, x64_patch), TRIVET_OK);
	CHECK_EQ(c.code.at[127], 0x80);
	CHECK_EQ((int32_t)word_at(129), -133);
	CHECK_EQ(c.code.at[134], 0x8f);
	CHECK_EQ((int32_t)word_at(135), -139);
	CHECK_EQ((int32_t)word_at(140), -144);

	start();
	l = cbuf_label(&c);
	m = cbuf_label(&c);
	x64_jcc(&c, X64_E, l);
	x64_jmp_short(&c, m);
	pad(127);
	cbuf_bind(&c, m);
	pad(1000);
	cbuf_bind(&c, l);
	CHECK_EQ(cbuf_link(&c, x64_patch), TRIVET_OK);
	CHECK_EQ(word_at(2), 2 + 127 + 1000);
	CHECK_EQ(c.code.at[7], 127);

	start();
	l = cbuf_label(&c);
	x64_jcc_short(&c, X64_E, l);
	pad(128);
	cbuf_bind(&c, l);
	CHECK_EQ(cbuf_link(&c, x64_patch), TRIVET_RANGE);

	start();
	l = cbuf_label(&c);
	x64_jmp(&c, l);
	CHECK_EQ(cbuf_link(&c, x64_patch), TRIVET_LABEL);
	start();
}

/* Branches over n bytes in both directions, mixed with what must stay: each leads where it led. */
static void
relaxation(uint32_t n, uint32_t expected)
{
	Label l[4];
	X64Mark mark;
	uint32_t offsets[4], at;

	start();
	pad(5);
	mark = x64_mark(&c);
	for (unsigned k = 0; k < 4; k++)
		l[k] = cbuf_label(&c);
	cbuf_bind(&c, l[0]); /* jcc l1; jmp l2; pad; l1: lea l3; jmp l0; l2: jcc l3; pad; l3: ret */
	x64_jcc(&c, X64_L, l[1]);
	offsets[0] = cbuf_here(&c);
	x64_jmp(&c, l[2]);
	offsets[1] = cbuf_here(&c);
	pad(n);
	cbuf_bind(&c, l[1]);
	x64_emit(&c, X64_LEA, 8, 3, x64_rip(l[3], 0), 0);
	x64_jmp(&c, l[0]);
	offsets[2] = cbuf_here(&c);
	cbuf_bind(&c, l[2]);
	x64_jcc(&c, X64_E, l[3]);
	pad(n);
	cbuf_bind(&c, l[3]);
	offsets[3] = cbuf_here(&c);
	x64_ret(&c);
	x64_relax(&c, mark, offsets, 4, sizeof *offsets);
	CHECK_EQ(c.labels.at[l[2]], offsets[2]);
	CHECK_EQ(c.labels.at[l[3]], offsets[3]);
	CHECK_EQ(c.code.at[offsets[3]], 0xc3);
	CHECK_EQ(cbuf_link(&c, x64_patch), TRIVET_OK);
	CHECK_EQ(c.code.n, expected);

	at = 5;
	CHECK(c.code.at[at] == 0x7c
		      ? (uint32_t)c.code.at[at + 1] + at + 2 == c.labels.at[l[1]]
		      : c.code.at[at + 1] == 0x8c && word_at(at + 2) + at + 6 == c.labels.at[l[1]]);
	at = offsets[0];
	CHECK(c.code.at[at] == 0xeb
		      ? (uint32_t)c.code.at[at + 1] + at + 2 == offsets[2]
		      : c.code.at[at] == 0xe9 && word_at(at + 1) + at + 5 == offsets[2]);
	CHECK_EQ(c.code.at[offsets[1]], n ? 0xcc : 0x48);
	at = c.labels.at[l[1]];
	CHECK_EQ(word_at(at + 3) + at + 7, offsets[3]);
	at += 7;
	CHECK(c.code.at[at] == 0xeb ? (uint32_t)(int8_t)c.code.at[at + 1] + at + 2 == 5
				    : word_at(at + 1) + at + 5 == 5);
	at = offsets[2];
	CHECK(c.code.at[at] == 0x74 ? (uint32_t)c.code.at[at + 1] + at + 2 == offsets[3]
				    : word_at(at + 2) + at + 6 == offsets[3]);
	start();
}

/* A displacement counts from the end of the instruction, immediate included. */
static void
rip_relative(void)
{
	Label l;

	start();
	l = cbuf_label(&c);
	x64_emit(&c, X64_MOV_MI, 4, 0, x64_rip(l, 8), 0x11223344);
	pad(3);
	cbuf_bind(&c, l);
	CHECK_EQ(cbuf_link(&c, x64_patch), TRIVET_OK);
	CHECK_EQ(word_at(2), 3 + 8);
	CHECK_EQ(word_at(6), 0x11223344);
	start();
}

static void
patches(void)
{
	uint8_t b[4] = { 1, 2, 3, 4 };

	CHECK(x64_patch(b, X64_REL8, 127) && b[0] == 127 && b[1] == 2);
	CHECK(x64_patch(b, X64_REL8, -128) && b[0] == 0x80);
	CHECK(!x64_patch(b, X64_REL8, 128) && !x64_patch(b, X64_REL8, -129));
	CHECK(x64_patch(b, X64_REL32, INT32_MIN) && b[3] == 0x80 && b[0] == 0);
	CHECK(x64_patch(b, X64_REL32, INT32_MAX) && b[3] == 0x7f && b[0] == 0xff);
	CHECK(!x64_patch(b, X64_REL32, INT64_C(1) << 31));
	CHECK(!x64_patch(b, X64_REL32, -(INT64_C(1) << 31) - 1));
	CHECK(!x64_patch(b, 77, 0));
}

/* Nothing is emitted, and the status sticks. */
static void
refused(int line)
{
	check_equal(c.err, TRIVET_OPERAND, "status", __FILE__, line);
	check_equal(c.code.n, 0, "bytes", __FILE__, line);
	start();
}
#define REFUSED(call) (call, refused(__LINE__))

static void
refusals(void)
{
	X64Rm rax = x64_r(X64_RAX);

	REFUSED(x64_emit(&c, X64_ADD_MR, 8, 16, rax, 0));
	REFUSED(x64_emit(&c, X64_ADD_MR, 8, 0, x64_r(16), 0));
	REFUSED(x64_emit(&c, X64_ADD_MR, 3, 0, rax, 0));
	REFUSED(x64_emit(&c, X64_ADD_MR, 0, 0, rax, 0));
	REFUSED(x64_emit(&c, X64_ADD_MR, 16, 0, rax, 0));
	REFUSED(x64_emit(&c, X64_ADD_MR, 8, 0, x64_mx(X64_RAX, X64_RSP, 1, 0), 0));
	REFUSED(x64_emit(&c, X64_ADD_MR, 8, 0, x64_mx(X64_RAX, X64_RCX, 3, 0), 0));
	REFUSED(x64_emit(&c, X64_ADD_MR, 8, 0, x64_m(17, 0), 0));
	REFUSED(x64_emit(&c, X64_LEA, 8, 0, rax, 0));
	REFUSED(x64_emit(&c, X64_MOVSXD, 4, 0, rax, 0));
	REFUSED(x64_emit(&c, X64_MOVZX16, 2, 0, rax, 0));
	REFUSED(x64_emit(&c, X64_MOVHLPS, 8, 0, x64_m(X64_RAX, 0), 0));
	REFUSED(x64_emit(&c, X64_ADDS, 2, 0, rax, 0));
	REFUSED(x64_emit(&c, X64_BT_I, 1, 0, rax, 0));
	REFUSED(x64_vex(&c, X64_SHLX, 8, 0, 16, rax, 0));
	REFUSED(x64_vex(&c, X64_RORX, 8, 0, 1, rax, 0));
	REFUSED(x64_mov_imm(&c, 8, 16, 0));
	REFUSED(x64_mov_imm(&c, 2, 0, 0));
	REFUSED(x64_push(&c, 16));
	REFUSED(x64_bswap(&c, 8, 200));
	REFUSED(x64_setcc(&c, X64_E, x64_r(16)));
	REFUSED(x64_shift_imm(&c, X64_SHL, 5, rax, 3));
	REFUSED(x64_alu_imm(&c, X64_ADD, 5, rax, 3000));
	REFUSED(x64_test_imm(&c, 7, rax, 3000));
}

int
main(void)
{
	mem_init(&mem, NULL);
	arena_init(&arena, &mem);
	start();
	golden();
	nops();
	branches();
	relaxation(0, 5 + 2 + 2 + 7 + 2 + 2 + 1);
	relaxation(100, 5 + 2 + 2 + 100 + 7 + 2 + 2 + 100 + 1);
	relaxation(115, 5 + 2 + 2 + 115 + 7 + 2 + 2 + 115 + 1);
	relaxation(122, 5 + 2 + 5 + 122 + 7 + 5 + 2 + 122 + 1);
	relaxation(123, 5 + 6 + 5 + 123 + 7 + 5 + 2 + 123 + 1);
	relaxation(127, 5 + 6 + 5 + 127 + 7 + 5 + 2 + 127 + 1);
	relaxation(128, 5 + 6 + 5 + 128 + 7 + 5 + 6 + 128 + 1);
	relaxation(100000, 5 + 6 + 5 + 100000 + 7 + 5 + 6 + 100000 + 1);
	rip_relative();
	patches();
	refusals();
	arena_free(&arena);
	CHECK_EQ(mem.live, 0);
	return check_done();
}
