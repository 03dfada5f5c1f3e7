/* conv.c - the three calling conventions, as data, and where they put arguments.
 *
 * Sources: System V ABI for x86-64, section 3.2 (registers, parameter passing); Microsoft, "x64
 * calling convention" (shared positions, shadow space, xmm6-15 preserved); Procedure Call Standard
 * for the Arm 64-bit Architecture, sections 6.1 and 6.8.  Scalars only: nothing here is a struct.
 *                                                              Tests: tests/unit/conv.c */
#include "gen/gen.h"

// clang-format off
enum {          /* x86-64, in the machine's numbering */
	RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15,
	XMM0 = REG_FP,
};
#define FROM_TO(a, b) ((REG_BIT(b) - REG_BIT(a)) | REG_BIT(b))

/* Memory is addressed through rsp, so rbp is a register like the others.  r11 is volatile and no
 * argument in both conventions; of xmm registers that is so of 8-15 in one, of 4 and 5 in the other. */
const Convention conv_sysv = {
	.name = "sysv",
	.allocatable = (FROM_TO(RAX, R15) & ~REG_BIT(RSP) & ~REG_BIT(R11)) | FROM_TO(XMM0, XMM0 + 14),
	.callee_saved = REG_BIT(RBX) | REG_BIT(RBP) | FROM_TO(R12, R15),
	.ctx = R15,
	.int_scratch = R11, .fp_scratch = XMM0 + 15,
	.int_scratch2 = REG_NONE, .fp_scratch2 = REG_NONE,
	.int_args = { RDI, RSI, RDX, RCX, R8, R9 }, .nint = 6,
	.fp_args = { XMM0, XMM0 + 1, XMM0 + 2, XMM0 + 3, XMM0 + 4, XMM0 + 5, XMM0 + 6, XMM0 + 7 }, .nfp = 8,
	.int_result = RAX, .fp_result = XMM0,
};

const Convention conv_win64 = {
	.name = "win64",
	.allocatable = (FROM_TO(RAX, R15) & ~REG_BIT(RSP) & ~REG_BIT(R11)) |
	               (FROM_TO(XMM0, XMM0 + 15) & ~REG_BIT(XMM0 + 5)),
	.callee_saved = REG_BIT(RBX) | REG_BIT(RBP) | REG_BIT(RDI) | REG_BIT(RSI) | FROM_TO(R12, R15) |
	                FROM_TO(XMM0 + 6, XMM0 + 15),
	.ctx = R15,
	.int_scratch = R11, .fp_scratch = XMM0 + 5,
	.int_scratch2 = REG_NONE, .fp_scratch2 = REG_NONE,
	.int_args = { RCX, RDX, R8, R9 }, .nint = 4,
	.fp_args = { XMM0, XMM0 + 1, XMM0 + 2, XMM0 + 3 }, .nfp = 4,
	.shared_positions = true,
	.shadow = 32,
	.int_result = RAX, .fp_result = XMM0,
	.probe = 4096,
};

/* x18 belongs to the platform; x29 is the frame pointer and x30 the link register.  Of v8-v15 the low
 * 64 bits are preserved, which is all of them that is ever used. */
const Convention conv_aapcs64 = {
	.name = "aapcs64",
	.allocatable = FROM_TO(0, 15) | FROM_TO(19, 28) | FROM_TO(32, 61),
	.callee_saved = FROM_TO(19, 28) | FROM_TO(32 + 8, 32 + 15),
	.ctx = 28,
	.int_scratch = 16, .fp_scratch = 32 + 31,
	.int_scratch2 = 17, .fp_scratch2 = 32 + 30,
	.int_args = { 0, 1, 2, 3, 4, 5, 6, 7 }, .nint = 8,
	.fp_args = { 32, 33, 34, 35, 36, 37, 38, 39 }, .nfp = 8,
	.int_result = 0, .fp_result = 32,
};
// clang-format on

uint32_t
conv_assign(const Convention *c, const uint8_t *types, uint32_t n, Loc *out)
{
	uint32_t ints = 0, fps = 0, slots = 0;

	for (uint32_t k = 0; k < n; k++) {
		bool fp = types[k] == IR_F32 || types[k] == IR_F64;
		uint32_t at = c->shared_positions ? k : fp ? fps : ints;
		if (at < (fp ? c->nfp : c->nint)) {
			out[k] = LOC(LOC_REG, fp ? c->fp_args[at] : c->int_args[at]);
			if (fp)
				fps++;
			else
				ints++;
		} else {
			out[k] = LOC(LOC_IN, slots++);
		}
	}
	return slots;
}
