/* aarch64.h - what the files of this back end share while one function is emitted.
 *
 *   lower.c      what each instruction asks of the allocator; the Target
 *   memory.c     addresses shared, neighbours side by side
 *   emit.c       a function: blocks, control flow, calls, traps
 *   frame.c      prologue and epilogue, entry thunks
 *   place.c      moves between registers, slots and constants; data beside the code
 *   emit_int.c   integer instructions, comparisons, memory
 *   emit_fp.c    floating-point instructions and conversions
 *
 * Operands are in registers, or constants where constrain() allowed that; x16, x17, v30 and v31
 * are free inside each instruction.  Inside a block, what x16 and the flags hold from the instruction
 * before is known (Known), for those to whom it is of use.
 *
 * Distances: a function whose code cannot grow beyond what a conditional branch reaches uses plain
 * ones, any other a pair of branches; likewise for data laid after the code of a whole module.
 *                                                              Tests: tests/unit/gen_a64.c */
#ifndef TRIVET_GEN_AARCH64_H
#define TRIVET_GEN_AARCH64_H

#include <assert.h>
#include "asm/aarch64.h"
#include "gen/gen.h"

enum {
	SCRATCH = 16, SCRATCH2 = 17,    /* intra-procedure-call registers: nobody's across a call */
	VSCRATCH = 31, VSCRATCH2 = 30,
	CTX = 28,
};

/* Rare paths, laid out behind the function's body. */
typedef struct Cold {
	bool is_nan;            /* put the canonical NaN into `reg` and go back; else trap */
	A64Float type;
	A64Reg reg, other;      /* other than `reg`: one of the two is NaN, or both */
	uint32_t site;
	Label start, back;
} Cold;

/* What is still there of an earlier instruction of the block, by registers: x16 = base + index (extended, shifted),
 * or base + far when index is the zero register; and the flags of a comparison that ends at code offset flags_at. */
typedef struct Known {
	bool address;
	A64Reg base, index;
	A64Extend extend;
	unsigned shift;
	int32_t far;
	uint32_t flags_at;      /* 0: none */
	Loc a, b;
	uint8_t type;
	uint32_t access_at;     /* the last instruction, which ends here, is a load or store; 0: it is none */
	uint8_t access;         /* A64Mem: it moves rt from or to from + offset */
	A64Reg rt, from;
	int32_t offset;
} Known;

typedef struct Emit {
	Gen *g;
	Cbuf *c;
	IrFunc *f;
	const Alloc *r;
	Label *block;           /* by BlockId; of an empty block, that of the one it leads to */
	BlockId *leads_to;      /* by BlockId: itself, or where an empty block leads */
	bool *moved;            /* by BlockId: are there moves in it? */
	uint32_t next_move;     /* in r->moves */
	uint32_t line;          /* of the last mark */
	bool has_unchecked;     /* a CANON into `unchecked`, whose test comes with that of the next instruction */
	A64Reg unchecked;
	Known known;
	VEC(Cold) cold;
	VEC(Loc) locs;          /* of one call */
	VEC(Move) moves;        /* of one call */

	bool near_code;         /* all of the function is within b.cond's and cbz's reach */
	bool near_bits;         /* … and within tbz's */
	bool near_data;         /* pool and imports are within reach of ldr (literal) */

	/* Upwards from sp: outgoing arguments, Context (of a thunk), slots; then what was pushed */
	uint32_t context_at, slots_at, frame_bytes, pushed;
	RegSet saved;           /* with x29 and x30, when there is a frame at all */
	uint32_t framed_at;     /* the frame is made before this block in order; see gen_framed() */
	bool framed;            /* it is there, in the code being emitted */
	uint32_t pushes, body;  /* offsets: of the first instruction that saves, behind the prologue */
	VEC(uint32_t) exits;    /* offsets of the last two instructions of every epilogue */
	Label resume;           /* of a thunk */
} Emit;

static inline const Ins *
ins_at(const Emit *e, Val v)
{
	return &e->f->ins.at[v];
}

static inline A64Width
width_of(uint8_t type)
{
	return type == IR_I64 || type == IR_F64 ? A64_X : A64_W;
}

static inline A64Float
float_of(uint8_t type)
{
	return type == IR_F64 ? A64_D : A64_S;
}

static inline bool
is_float(uint8_t type)
{
	return type == IR_F32 || type == IR_F64;
}

/* The machine's number of a register of either file. */
static inline A64Reg
reg_number(Loc l)
{
	assert(loc_kind(l) == LOC_REG);
	return loc_n(l) & 31;
}

static inline bool
is_fused(Loc l)
{
	return loc_kind(l) == LOC_FUSED;
}

/* Where the operands of a fused instruction are. */
static inline const Loc *
fused_use(const Emit *e, Loc l)
{
	return e->r->use_loc + e->r->use[loc_n(l)];
}

static inline uint8_t
arg_type(const Emit *e, const Ins *i, unsigned k)
{
	return e->f->ins.at[i->arg[k]].type;
}

static inline void
emit_word(Emit *e, uint32_t word)
{
	cbuf_u32(e->c, word);
}

/* emit.c: Target.emit */
void a64_emit_function(Gen *g, IrFunc *f, uint32_t index, const Alloc *r, FrameInfo *frame);

/* memory.c: of an optimized function; false: no memory. */
bool a64_arrange_memory(IrFunc *f, Arena *a);

/* place.c */
uint64_t const_of(const IrFunc *f, Val v);              /* bits; of a 32-bit type, its low half */
void emit_int_const(Emit *e, A64Width w, A64Reg rd, uint64_t bits);
void emit_fp_const(Emit *e, A64Float t, A64Reg rd, uint64_t bits);
void emit_import(Emit *e, A64Reg rd, uint32_t slot);    /* its value; clobbers x16, x17 */
void emit_move(Emit *e, Loc to, Loc from, IrType type); /* not memory to memory */
MoveFn move_fn;                                         /* the same, for moves_emit */
void emit_sp_add(Emit *e, bool sub, uint32_t n);        /* sp += or -= n */
void emit_sp_offset(Emit *e, A64Reg rd, uint32_t n);    /* rd = sp + n */

/* frame.c */
void plan_frame(Emit *e);                               /* without memory: sets the error */
void emit_prologue(Emit *e);
uint32_t a64_unwind_steps(const FrameInfo *f, UnwindStep *out);
uint32_t a64_unwind_exit_steps(const FrameInfo *f, UnwindStep *out, uint32_t *end);
void emit_epilogue(Emit *e, bool after_trap);
void emit_resume(Emit *e);                              /* of a thunk: where traps come back to */

/* emit.c */
void emit_branch(Emit *e, Label to);
void emit_branch_cond(Emit *e, A64Cond c, Label to);
void emit_branch_zero(Emit *e, A64Width w, bool nonzero, A64Reg r, Label to);
Label trap_label(Emit *e, uint32_t site);
Cold *new_cold(Emit *e);                                /* NULL: no memory */

/* emit_int.c */
A64Cond emit_compare(Emit *e, const Ins *i, const Loc *use);    /* where arg[0] cc arg[1] holds */
void emit_int(Emit *e, const Ins *i, const Loc *use, A64Reg rd);
void emit_select(Emit *e, const Ins *i, const Loc *use, A64Reg rd);
void emit_memory(Emit *e, const Ins *i, const Loc *use, Loc out);
bool fits_add(uint64_t bits, A64Width w, bool *negative);       /* ADD's immediate, or SUB's */

/* emit_fp.c */
void emit_fp(Emit *e, const Ins *i, const Loc *use, A64Reg rd);

#endif
