/* shim.c - shims and closures for x86-64, both conventions.
 *
 * rax, r10 and r11 carry no argument in either; r11 leads to the ShimTarget.  An entry:
 *
 *   endbr64; mov r11d, number; jmp body
 *
 * A shim:
 *
 *   push rbx; sub rsp                 rbx: result, r10: args
 *   stack arguments, register arguments, call, store through rbx unless it is null
 *
 * and a closure, whose frame is, upwards from rsp: shadow space, the result (16 bytes), pointers to
 * the arguments, the arguments in 8 bytes each. */
#include "gen/shim.h"
#include "asm/x86_64.h"
#include <stddef.h>

enum { ARGS = X64_R10, TARGET = X64_R11, TEMP = X64_RAX };

/* The integer at `from`, or the bits of a float there, to all 64 bits of a register.  Of a bool
 * by way of rax, where `from` may be. */
static void
load_extended(Cbuf *c, uint8_t type, unsigned to, X64Rm from)
{
	static const struct {
		uint8_t form, size;
	} how[CTYPE_COUNT] = {
		// clang-format off
		[CTYPE_I8] = { X64_MOVSX8, 8 },   [CTYPE_U8] = { X64_MOVZX8, 4 },
		[CTYPE_I16] = { X64_MOVSX16, 8 }, [CTYPE_U16] = { X64_MOVZX16, 4 },
		[CTYPE_I32] = { X64_MOVSXD, 8 },  [CTYPE_U32] = { X64_MOV_RM, 4 },
		[CTYPE_I64] = { X64_MOV_RM, 8 },  [CTYPE_U64] = { X64_MOV_RM, 8 },
		[CTYPE_F32] = { X64_MOV_RM, 4 },  [CTYPE_F64] = { X64_MOV_RM, 8 },
		[CTYPE_PTR] = { X64_MOV_RM, 8 },
		// clang-format on
	};

	if (type == CTYPE_BOOL) {
		x64_alu_imm(c, X64_CMP, 1, from, 0);
		x64_setcc(c, X64_NE, x64_r(TEMP));
		x64_emit(c, X64_MOVZX8, 4, to, x64_r(TEMP), 0);
	} else {
		x64_emit(c, (X64Form)how[type].form, how[type].size, to, from, 0);
	}
}

static void
call_target(Cbuf *c)
{
	x64_emit(c, X64_CALL_M, 8, 0, x64_m(TARGET, offsetof(ShimTarget, function)), 0);
}

static unsigned
fp_size(uint8_t type)
{
	return type == CTYPE_F32 ? 4 : 8;
}

/* ---- Shims ---- */

static void
pass_argument(Cbuf *c, const Convention *cv, const Shim *s, uint32_t k)
{
	uint8_t type = s->params[k];
	unsigned n = loc_n(s->at[k]);

	x64_emit(c, X64_MOV_RM, 8, TEMP, x64_m(ARGS, (int32_t)(8 * k)), 0);
	if (loc_kind(s->at[k]) != LOC_REG) {
		load_extended(c, type, TEMP, x64_m(TEMP, 0));
		x64_emit(c, X64_MOV_MR, 8, TEMP, x64_m(X64_RSP, (int32_t)(cv->shadow + 8 * n)), 0);
	} else if (!ctype_is_fp(type)) {
		load_extended(c, type, n, x64_m(TEMP, 0));
	} else {
		x64_emit(c, X64_MOVS_RM, fp_size(type), n & 15, x64_m(TEMP, 0), 0);
		/* Win64: a function with an ellipsis may look for it in the general register. */
		if (s->variadic && cv->shared_positions)
			x64_emit(c, X64_MOVD_GX, 8, n & 15, x64_r(cv->int_args[k]), 0);
	}
}

static void
store_result(Cbuf *c, uint8_t type)
{
	Label skip = cbuf_label(c);

	x64_emit(c, X64_TEST_MR, 8, X64_RBX, x64_r(X64_RBX), 0);
	x64_jcc_short(c, X64_E, skip);
	switch (type) {
	case CTYPE_F32:
	case CTYPE_F64: x64_emit(c, X64_MOVS_MR, fp_size(type), 0, x64_m(X64_RBX, 0), 0); break;
	case CTYPE_BOOL: load_extended(c, type, TEMP, x64_r(TEMP)); /* fallthrough */
	case CTYPE_I8:
	case CTYPE_U8: x64_emit(c, X64_MOV_MR, 1, TEMP, x64_m(X64_RBX, 0), 0); break;
	case CTYPE_I16:
	case CTYPE_U16: x64_emit(c, X64_MOV_MR, 2, TEMP, x64_m(X64_RBX, 0), 0); break;
	case CTYPE_I32:
	case CTYPE_U32: x64_emit(c, X64_MOV_MR, 4, TEMP, x64_m(X64_RBX, 0), 0); break;
	default: x64_emit(c, X64_MOV_MR, 8, TEMP, x64_m(X64_RBX, 0), 0); break;
	}
	cbuf_bind(c, skip);
}

static void
shim_body(Cbuf *c, const Convention *cv, const Shim *s)
{
	unsigned floats = 0;

	x64_emit(c, X64_MOV_RM, 8, X64_RBX, x64_r(cv->int_args[1]), 0);
	x64_emit(c, X64_MOV_RM, 8, ARGS, x64_r(cv->int_args[0]), 0);
	for (uint32_t k = 0; k < s->nparams; k++) {
		pass_argument(c, cv, s, k);
		floats += loc_kind(s->at[k]) == LOC_REG && ctype_is_fp(s->params[k]);
	}
	if (s->variadic) /* SysV: how many xmm registers there are to save */
		x64_mov_imm(c, 4, X64_RAX, floats);
	call_target(c);
	if (s->result != CTYPE_VOID)
		store_result(c, s->result);
}

/* ---- Closures ---- */

typedef struct Frame {
	int32_t bytes, result, pointers, values; /* the last three from rsp */
} Frame;

static Frame
closure_frame(const Convention *cv, const Shim *s)
{
	Frame f = { .result = cv->shadow };
	int32_t n = 8 * (int32_t)s->nparams;

	f.pointers = f.result + 16;
	f.values = f.pointers + n;
	f.bytes = (f.values + n + 15) / 16 * 16 + 8; /* with the return address, a multiple of 16 */
	return f;
}

static void
take_argument(Cbuf *c, const Convention *cv, const Shim *s, const Frame *f, uint32_t k)
{
	uint8_t type = s->params[k];
	unsigned n = loc_n(s->at[k]);
	int32_t value = f->values + 8 * (int32_t)k;

	if (loc_kind(s->at[k]) != LOC_REG)
		load_extended(c, type, TEMP,
			      x64_m(X64_RSP, f->bytes + 8 + cv->shadow + 8 * (int32_t)n));
	else if (ctype_is_fp(type))
		x64_emit(c, X64_MOVD_GX, fp_size(type), n & 15, x64_r(TEMP), 0);
	else
		load_extended(c, type, TEMP, x64_r(n));
	x64_emit(c, X64_MOV_MR, 8, TEMP, x64_m(X64_RSP, value), 0);
	x64_emit(c, X64_LEA, 8, TEMP, x64_m(X64_RSP, value), 0);
	x64_emit(c, X64_MOV_MR, 8, TEMP, x64_m(X64_RSP, f->pointers + 8 * (int32_t)k), 0);
}

static void
closure_body(Cbuf *c, const Convention *cv, const Shim *s, const Frame *f)
{
	for (uint32_t k = 0; k < s->nparams; k++)
		take_argument(c, cv, s, f, k);
	x64_emit(c, X64_MOV_MI, 8, 0, x64_m(X64_RSP, f->result), 0);
	x64_emit(c, X64_MOV_RM, 8, cv->int_args[0], x64_m(TARGET, offsetof(ShimTarget, user)), 0);
	x64_emit(c, X64_LEA, 8, cv->int_args[1], x64_m(X64_RSP, f->pointers), 0);
	x64_emit(c, X64_LEA, 8, cv->int_args[2], x64_m(X64_RSP, f->result), 0);
	call_target(c);
	if (ctype_is_fp(s->result))
		x64_emit(c, X64_MOVS_RM, fp_size(s->result), 0, x64_m(X64_RSP, f->result), 0);
	else if (s->result != CTYPE_VOID)
		load_extended(c, s->result, X64_RAX, x64_m(X64_RSP, f->result));
}

/* ---- Both ---- */

void
x64_emit_shim_entry(Cbuf *c, uint32_t number, Label body)
{
	x64_endbr64(c);
	x64_mov_imm(c, 4, TARGET, number);
	x64_jmp(c, body);
}

/* Its number becomes the address of its element. */
static void
find_target(Cbuf *c, const Shim *s)
{
	x64_mov_imm(c, 8, TEMP, s->table);
	x64_shift_imm(c, X64_SHL, 4, x64_r(TARGET), 4);
	x64_emit(c, X64_ADD_MR, 8, TEMP, x64_r(TARGET), 0);
}

_Static_assert(sizeof(ShimTarget) == 16, "find_target() shifts by 4");

void
x64_emit_shim(Cbuf *c, const Convention *cv, const Shim *s, FrameInfo *frame)
{
	Frame f = closure_frame(cv, s);
	uint32_t *exit = arena_alloc(c->arena, sizeof *exit);

	if (!exit) {
		cbuf_fail(c, TRIVET_NO_MEMORY, "no memory for unwind data");
		return;
	}
	if (!s->closure)
		f.bytes = (cv->shadow + 8 * (int32_t)s->slots + 15) / 16 * 16;
	*frame = (FrameInfo){
		.start = frame->start,
		.frame_bytes = (uint32_t)f.bytes,
		.saved = s->closure ? 0 : REG_BIT(X64_RBX),
		.exits = exit,
		.nexits = 1,
	};
	frame->pushes = cbuf_here(c) - frame->start;
	if (!s->closure)
		x64_push(c, X64_RBX);
	if (f.bytes)
		x64_alu_imm(c, X64_SUB, 8, x64_r(X64_RSP), f.bytes);
	frame->framed = frame->prologue_bytes = cbuf_here(c) - frame->start;
	find_target(c, s);
	if (s->closure)
		closure_body(c, cv, s, &f);
	else
		shim_body(c, cv, s);
	if (f.bytes)
		x64_alu_imm(c, X64_ADD, 8, x64_r(X64_RSP), f.bytes);
	*exit = cbuf_here(c);
	if (!s->closure)
		x64_pop(c, X64_RBX);
	x64_ret(c);
}
