/* x86_64.h - what the files of this back end share while one function is emitted.
 *
 *   lower.c      what the CPU lacks becomes calls; what each instruction asks of the allocator
 *   emit.c       frame, moves, calls, traps, entry thunks: the driver
 *   blocks.c     which blocks get code, in which order, and how one ends
 *   emit_int.c   integer instructions, comparisons, memory
 *   emit_fp.c    floating-point instructions and conversions
 *
 * One set of files serves both conventions, SysV and Win64: they differ in Convention alone.
 *
 * An operand may lie in a register, in a spill slot, or be a constant where constrain() allowed
 * that; the scratch registers of the convention are free inside each instruction.  Flags never live
 * from one IR instruction to the next.             Tests: tests/unit/gen_x64.c */
#ifndef TRIVET_GEN_X86_64_H
#define TRIVET_GEN_X86_64_H

#include <assert.h>
#include "asm/x86_64.h"
#include "gen/gen.h"

/* Rare paths, moved behind the function's body. */
typedef enum ColdKind { COLD_UTOF, COLD_FTOS, COLD_FTOU32, COLD_FTOU64, COLD_MINMAX, COLD_CANON, COLD_CANON_TWO } ColdKind;
typedef struct Cold {
	uint8_t kind;
	uint8_t d;              /* result's register */
	uint8_t x;              /* operand's xmm register; COLD_CANON_TWO: the other result's */
	uint8_t size, fsize;    /* of the integer and of the float: 4 or 8 */
	bool max;               /* COLD_MINMAX */
	Label start, back;
} Cold;

typedef struct Stub {
	uint32_t site;
	Label label;
} Stub;

typedef struct Emit {
	Gen *g;
	Cbuf *c;
	IrFunc *f;
	const Alloc *r;
	const Convention *cv;
	uint32_t features;
	Label *block;           /* by BlockId */
	uint32_t *first_move;   /* by Val: 1 + index in r->moves of those before it, or 0 */
	BlockId *leads_to;      /* by BlockId: itself, or where the jump leads that is all it consists of */
	bool *emitted;          /* by BlockId: has code of its own */
	Val unchecked;          /* a CANON whose test comes with that of the next instruction, or 0 */
	uint8_t is, fs;         /* scratch: general, xmm; machine numbers */
	bool calls;             /* makes any */

	/* The frame, upwards from rsp: outgoing arguments, slots, Context (of a thunk), saved xmm
	 * registers, [pushed registers, return address] */
	uint32_t slots_at, context_at, xmm_at, frame_bytes;
	uint32_t pushed;        /* bytes */
	uint32_t framed_at;     /* the frame is made before this block in order; see gen_framed() */
	bool framed;            /* it is there, in the code being emitted */
	Label body;             /* behind the prologue */
	RegSet saved;
	Label pushes, allocated; /* FrameInfo.pushes and .framed */
	Label leave;            /* the first epilogue, once there is one */
	VEC(Label) exits;       /* behind the `add rsp` of every epilogue */

	VEC(Cold) cold;
	VEC(Stub) stubs;
} Emit;

/* Whether a comparison holds, in terms of flags. */
typedef struct Cond {
	X64Cc cc;
	enum { COND_ONE, COND_OR_P, COND_AND_NP } also;  /* cc; cc or parity; cc and no parity */
} Cond;

static inline Loc use_loc(const Emit *e, Val v, uint32_t k) { return e->r->use_loc[e->r->use[v] + k]; }
static inline bool loc_is_reg(Loc l) { return loc_kind(l) == LOC_REG; }
static inline bool loc_is_const(Loc l) { return loc_kind(l) == LOC_CONST; }
static inline bool loc_is_fused(Loc l) { return loc_kind(l) == LOC_FUSED; }
static inline unsigned loc_reg(Loc l) { return loc_n(l) & 15; }  /* machine number; class by type */
static inline bool type_is_fp(unsigned t) { return t == IR_F32 || t == IR_F64; }
static inline unsigned type_bytes(unsigned t) { return t == IR_I64 || t == IR_F64 ? 8 : 4; }

/* lower.c */
bool x64_legalize(IrFunc *f, uint32_t features, Quality q, Arena *scratch);
void x64_constrain(const IrFunc *f, const Convention *cv, uint32_t features, Val v, Constraint *c);
bool x64_index_folds(const IrFunc *f, Val v, int32_t *disp);    /* LOAD or STORE with a constant index */
uint32_t x64_find_import(const IrModule *m, uint8_t kind, uint32_t id);         /* slot */

/* emit.c */
X64Rm x64_rm(Emit *e, Loc l);                   /* a register, memory, or a constant of the pool */
X64Rm x64_pool(Emit *e, uint64_t bits);
int64_t x64_imm(const Emit *e, Loc l);          /* a folded constant; an I32 sign-extended */
void x64_move(Emit *e, Loc to, Loc from, IrType t);     /* may use the scratch of its class */
void x64_load(Emit *e, unsigned reg, Loc from, IrType t);       /* into a register of t's class; leaves flags */
void x64_store(Emit *e, Loc to, unsigned reg, IrType t);        /* nothing when it is there already */
unsigned x64_in_reg(Emit *e, Loc l, IrType t);          /* where it is, or the scratch it was loaded to */
unsigned x64_out_reg(Emit *e, Loc l, IrType t);         /* its register, or the scratch */
Cold *x64_cold(Emit *e, ColdKind kind);                 /* labels made; NULL: no memory */
Label x64_trap_stub(Emit *e, uint32_t site);

void x64_moves_before(Emit *e, Val v);
void x64_emit_call(Emit *e, Val v);
void x64_prologue(Emit *e);
void x64_epilogue(Emit *e);
X64Rm x64_import_rm(const Emit *e, uint32_t slot);

/* blocks.c */
bool x64_plan_blocks(Emit *e);                  /* false: no memory */
void x64_emit_blocks(Emit *e);

/* emit_int.c */
void x64_emit_int(Emit *e, Val v);
Cond x64_compare(Emit *e, Val v);               /* of CMP, SELECT, BR, TRAPIF */
X64Rm x64_address(Emit *e, Val v);                      /* of a LOAD or STORE */
Cond x64_cond_not(Cond k);
void x64_jump_if(Emit *e, Cond k, Label to);

/* emit_fp.c */
void x64_emit_fp(Emit *e, Val v);
void x64_emit_cold(Emit *e, const Cold *k);
Cond x64_compare_fp(Emit *e, IrCc cc, Loc a, Loc b, IrType t);
bool x64_selects_by_mask(const IrFunc *f, const Ins *i);
bool x64_is_extreme(const Ins *i);        /* a SELECT of floats by them: one MINSx or MAXSx */
void x64_select_fp(Emit *e, Val v);

#endif
