/* gen.h - from SSA to machine code: conventions, targets, allocation, linking.
 *
 *   ir --legalize--> ir --ra_run--> Alloc --emit--> Cbuf --gen_module--> one position-independent blob
 *
 * The passes and the allocator know a CPU only through Target and Convention, which are constant; all
 * targets are in every build.          Tests: tests/unit/{ra,moves,gen}.c, tests/cases/ */
#ifndef TRIVET_GEN_H
#define TRIVET_GEN_H

#include "asm/cbuf.h"
#include "code/unwind.h"
#include "ir/runtime.h"
#include "ir/ir.h"

/* ---- Registers ---- */
typedef uint8_t Reg;                    /* 0..31 general, 32..63 floating; numbers are the machine's */
typedef uint64_t RegSet;
enum { REG_FP = 32, REG_NONE = 0xff };
#define REG_BIT(r) (UINT64_C(1) << (r))
static inline bool reg_is_fp(Reg r) { return r >= REG_FP; }

typedef struct Convention {
	const char *name;               /* "sysv", "win64", "aapcs64" */
	RegSet allocatable;             /* never sp, scratch; ctx only in functions without needs_ctx */
	RegSet callee_saved;            /* general and floating */
	Reg ctx;                        /* callee-saved; holds Context* in functions with needs_ctx or is_entry,
	                                   allocatable in all others */
	Reg int_scratch, fp_scratch;    /* never allocated, volatile, no arguments: moves_emit and emit() use
	                                   them between instructions */
	Reg int_scratch2, fp_scratch2;  /* a second one each for emit(), or REG_NONE */
	Reg int_args[8], fp_args[8];
	uint8_t nint, nfp;
	bool shared_positions;          /* Win64: argument k uses int_args[k] or fp_args[k] */
	uint8_t shadow;                 /* bytes the caller leaves below the stack arguments */
	Reg int_result, fp_result;
	uint32_t probe;                 /* frames of this size or more touch every page of it; 0: no */
} Convention;

extern const Convention conv_sysv, conv_win64, conv_aapcs64;

/* ---- Places ---- */
typedef uint32_t Loc;                   /* kind in the top 3 bits, payload below */
enum { LOC_NONE, LOC_REG, LOC_SLOT, LOC_CONST, LOC_IN, LOC_OUT, LOC_FUSED };
#define LOC(kind, n) ((Loc)(kind) << 29 | (Loc)(n))
static inline unsigned loc_kind(Loc l) { return l >> 29; }
static inline uint32_t loc_n(Loc l) { return l & 0x1fffffffu; }
static inline bool loc_is_place(Loc l) { return l != LOC_NONE && loc_kind(l) != LOC_FUSED; }
/* LOC_REG   a Reg
 * LOC_SLOT  spill slot n of 8 bytes, 0 … Alloc.nslots-1
 * LOC_CONST the constant value (a Val); emit() makes it an immediate, or loads it
 * LOC_IN    incoming stack argument n: 8-byte slot n above the return address (and shadow space)
 * LOC_OUT   outgoing stack argument n: 8-byte slot n above the shadow space at the callee's entry
 * LOC_FUSED as an operand: instruction n, which is carried out as part of this one; as a result: this is such
 *           an instruction, and n the one that it is part of */

/* Where each parameter of a signature travels: out[k] is LOC_REG, or LOC_IN to be read as LOC_OUT by
 * the caller.  Returns the number of stack slots. */
uint32_t conv_assign(const Convention *c, const uint8_t *types, uint32_t n, Loc *out);

/* ---- What an instruction asks of the allocator ---- */
typedef struct Constraint {
	RegSet clobber;         /* destroyed between the reading of operands and the writing of the result */
	uint32_t late;          /* bit k: operand k must not share a register with the result or lie in a
	                           clobbered one (k < 32; for emitters that read it after writing) */
	uint32_t folded;        /* bit k: operand k is a constant that emit() takes as LOC_CONST */
	uint32_t in_reg;        /* bit k: operand k must be in a register (else LOC_SLOT and LOC_IN may be
	                           given too; LOC_CONST for an operand of a CALL or CALLX) */
	bool out_in_reg;        /* the result must be in a register (else a slot may be given) */
	Reg prefer_out;         /* hint for the result's register, or REG_NONE */
	Reg prefer[4];          /* hints for operands 0..3 */
	uint8_t same;           /* 1 + operand whose register the result would like to have; 0: none */
	uint32_t fuse;          /* bit k: emit() takes operand k, a LOAD or pure, as LOC_FUSED.  At most one is
	                           given so: used here only, made in this block, nothing stored in between.
	                           What it asks for its own operands, it asks for at this instruction */
	uint32_t fuse_too;      /* another such set, of which one more may be given so */
	bool fuse_late;         /* these operands are then all late */
	uint8_t fuse_with;      /* 1 + operand of the fused instruction that must be fused with that, or neither
	                           is; 0: none */
} Constraint;
/* Operands beyond 31 (of calls): never late, may be anywhere, folded when constant. */

/* ---- The allocator's answer ---- */
typedef struct Move {
	Val before;             /* emit just before this instruction */
	uint8_t phase;          /* groups at one instruction, in order: 0 from the edge into the block, 1 from
	                           splits and spills, 2 from the edge out of the block (terminators only) */
	uint8_t type;           /* IrType */
	Loc to, from;           /* `from` may be LOC_CONST */
} Move;

typedef struct Alloc {
	Loc *out;               /* by Val: where the result goes.  LOC_NONE: there is none, or nobody needs it (a
	                           pure instruction is then not emitted).  A PARAM: where it comes in
	                           (conv_assign), whatever becomes of it is in `moves`; emit() does nothing
	                           for PARAM, CONST and PHI.  CTX: often the context register itself */
	uint32_t *use;          /* by Val: its first operand's index in use_loc */
	Loc *use_loc;
	Move *moves;            /* in the order of emission; all of one (before, phase) are parallel, for one
	                           moves_emit().  `before` is never a PARAM, CONST or PHI */
	uint32_t nmoves;
	uint32_t nslots;
	RegSet used;            /* registers written anywhere in the function by the allocator's choice */
	uint32_t framed;        /* blocks before this one in order may do without a frame: gen_framed() */
	bool calls;             /* there are any */
} Alloc;

typedef enum Quality { QUALITY_BASELINE, QUALITY_OPTIMIZED } Quality;

/* Linear scan over SSA intervals with splitting (Wimmer & Franz, CGO 2010).  Needs ir_order() and no
 * critical edges.  The context register is allocatable unless f->needs_ctx.  `available` is
 * intersected with the convention's set: tests starve it; it must leave enough for the operands and the
 * result of any one instruction.  Of equally good registers those in `early` are taken first: tests mix them.  False: no memory, or (with mem->failed clear) too few registers. */
struct Target;
bool ra_run(IrFunc *f, const struct Target *t, uint32_t features, RegSet available, RegSet early, Arena *a,
            Alloc *out);
/* Replays the function symbolically and checks that each operand holds the right value on every
 * path.  False and the first wrong place in words. */
bool ra_check(const IrFunc *f, const struct Target *t, uint32_t features, const Alloc *r, Arena *a,
              Text *why);

/* ---- Emission ---- */
typedef struct FrameInfo {              /* for unwind tables and tests */
	uint32_t start, end;            /* code offsets */
	uint32_t frame_bytes;           /* subtracted from sp after the pushes, alignment included */
	RegSet saved;                   /* in the order that the back end's prologue says; AArch64 counts
	                                   x29 and x30 in, and without them there is no frame */
	uint32_t prologue_bytes;
	uint32_t pushes, framed;        /* in it: where saving begins; behind the last change of sp */
	uint32_t *exits, nexits;        /* code offsets in its epilogues: see unwind_exit_steps */
} FrameInfo;

typedef struct LineMark { uint32_t at, line; } LineMark;        /* code from here is of that line */

/* Frames up to this size are checked by where they begin. */
enum { STACK_SLACK = 256 };

typedef struct Gen {                    /* one module being emitted */
	Cbuf *c;
	const IrModule *m;
	const struct Target *t;
	uint32_t features;
	Quality quality;
	uint32_t stack_bytes, max_depth;        /* for entry thunks; STACK_SLACK is taken off already */
	Arena *arena;                   /* where all of this grows; lives until the module is emitted */
	Label *func_label;              /* by index in m->funcs */
	Label imports;                  /* of import slot 0; slot k at +8k */
	VEC(uint64_t) pool; Label pool_label;   /* 8-byte constants laid after the code, deduplicated */
	VEC(LineMark) lines;
} Gen;
uint32_t gen_pool(Gen *g, uint64_t bits);       /* byte offset from pool_label */
/* Where, in f->order, the frame has to be made: 0, or the one block by which all paths go on from the few
 * before it, which return early, and neither call nor use slots or callee-saved registers. */
uint32_t gen_framed(IrFunc *f, const Convention *c, const Alloc *r);
/* Is the comparison x & y with 0, for (in)equality, or x & bit with that bit, which is the same negated? */
bool gen_is_bit_test(const IrFunc *f, const Ins *comparison);
/* Does anything but direct calls lead to the function with that index? */
static inline bool gen_is_entered(const IrFunc *f, uint32_t index) { return f->is_entry || f->entry_thunk == index; }
void gen_line(Gen *g, uint32_t line);           /* what is emitted from here on belongs to that line */

/* Orders a parallel move (destinations are distinct; `before` and `phase` are not read) and hands single
 * moves to `move`: register to register of one class, register to memory, memory to register, LOC_CONST
 * to either.  Never memory to memory: that goes through a scratch register here, as do cycles; a value
 * may pass through a scratch register of the other class, whole, as an I64 or F64.  Constants come last
 * and may use the scratch registers.  O(n). */
typedef void MoveFn(void *to_emitter, Loc to, Loc from, IrType type);
void moves_emit(Move *m, uint32_t n, Reg int_scratch, Reg fp_scratch, MoveFn *move, void *user);

typedef struct Target {
	const char *name;               /* "aarch64-linux": in options and test names */
	const Convention *conv;
	uint32_t features;              /* those that mean anything here */
	/* Before allocation: replaces what the CPU lacks by helper calls (CALLX), and, optimizing, gives f the shape
	 * that its instructions want.  It leaves ir_order() as good as it was.  False: no memory, or refused. */
	bool (*legalize)(IrFunc *f, uint32_t features, Quality q, Arena *scratch);
	void (*constrain)(const IrFunc *f, uint32_t features, Val v, Constraint *c);
	/* Appends f to g->c; binds g->func_label[index]. */
	void (*emit)(Gen *g, IrFunc *f, uint32_t index, const Alloc *r, FrameInfo *frame);
	/* What the prologue did, at most UNWIND_STEPS of them; returns how many. */
	uint32_t (*unwind_steps)(const FrameInfo *f, UnwindStep *out);
	/* The same of an epilogue, from the mark in it that FrameInfo.exits has; NULL on Windows. */
	uint32_t (*unwind_exit_steps)(const FrameInfo *f, UnwindStep *out, uint32_t *end);
	UnwindFormat unwind;
	PatchFn *patch;
	uint8_t code_align;
	uint32_t filler;                /* a trapping instruction, for padding, repeated every 4 bytes */
} Target;

extern const Target target_x86_64_linux, target_x86_64_windows, target_aarch64_linux;
const Target *target_find(const char *name);            /* NULL: no such target */
const Target *target_at(uint32_t index);                /* NULL past the last */

/* For tests, as few registers as any instruction can do with; unless seed is 0, and others at random, and *early at
 * random. */
RegSet gen_registers(const Target *t, uint64_t seed, RegSet *early);

/* ---- A whole module ---- */
typedef struct CodeFunc { uint32_t entry, start, end; bool needs_thunk; } CodeFunc;
typedef struct ObjectCode {
	uint8_t *bytes; uint32_t size;          /* linked but for the import slots */
	uint32_t imports;                       /* offset of slot 0: 8 bytes each, to be filled with addresses */
	uint32_t unwind;                        /* offset of .eh_frame; Windows: of nframes RUNTIME_FUNCTIONs */
	FrameInfo *frames; uint32_t nframes;    /* one per IrFunc */
	CodeFunc *funcs; uint32_t nfuncs;       /* by FuncId: offset the host enters at */
	LineMark *lines; uint32_t nlines;
	uint64_t allocating;                    /* nanoseconds before any emission */
} ObjectCode;

typedef struct GenOptions {
	const Target *target;
	uint32_t features;
	Quality quality;
	RegSet available, early;        /* as of ra_run(): ~0 and 0 for all, in their usual order */
	uint32_t stack_bytes, max_depth;
	bool verify;                    /* ir_verify, ra_check after each step: TRIVET_INTERNAL with words in `why` */
} GenOptions;
void gen_unwind(Gen *g, ObjectCode *out);        /* lays it here and fills out->unwind */
trivet_status gen_module(IrModule *m, const GenOptions *o, Arena *a, ObjectCode *out, Text *why);

#endif
