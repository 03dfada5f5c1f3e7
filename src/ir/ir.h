/* ir.h - the SSA form: what passes transform and code generators read.
 *
 * A function is one growable array of instructions and one of blocks; everything names everything
 * by 32-bit index, so arrays may move.  Instruction 0 is a NOP and means "none".  A block's
 * instructions are a doubly linked list: phis first, one terminator last.  A value is the index of
 * the instruction that makes it.  Pure instructions are hash-consed per block when inserted; constants live
 * in the entry block and are unique per function.
 *
 * Conditions: BR, TRAPIF, SELECT and CMP all compare two operands with a condition code (cc); there
 * is no flags value, so no backend has to fuse.  A truth value is an I32 of 0 or 1.
 *
 * Meaning of an operation is section "Numbers" of docs/language.md; where it says "undefined", SSA construction has put
 * the guard before it.                                         Tests: tests/unit/ir.c, tests/ir/ */
#ifndef TRIVET_IR_H
#define TRIVET_IR_H

#include "base/mem.h"
#include "base/ops.h"

typedef uint32_t Val;
typedef uint32_t BlockId;               /* 0 is the entry block */
enum { BLOCK_NONE = 0xffffffffu };

typedef enum IrType { IR_VOID, IR_I32, IR_I64, IR_F32, IR_F64 } IrType;

/* Upper half of an I32 in a 64-bit register: undefined, always; ZEXT32/SEXT32 make an I64 of it. */

/* name, operands in arg[], flags.  P pure; C commutative; T terminator; M touches memory or the world and
 * keeps its place; V operands are in the pool: arg[0] first index, arg[1] count; O the last operand may be 0
 * for none. */
#define IR_LIST(X)                                                                              \
	X(NOP, 0, 0)                                                                            \
	X(CONST, 0, IR_P)       /* bits in arg[0] (low) and arg[1] (high) */                    \
	X(PARAM, 0, 0)          /* aux: index among the flat parameters; entry block only */    \
	X(PHI, 0, IR_V)         /* operand k comes from the block's k-th predecessor; aux: as IrFunc.names */ \
	X(CTX, 0, IR_P)         /* I64: the Context of this activation (ir/runtime.h) */       \
	X(IMPORT, 0, IR_P)      /* I64: address in import slot aux */                           \
	X(ADD, 2, IR_P | IR_C)                                                                  \
	X(SUB, 2, IR_P)                                                                         \
	X(MUL, 2, IR_P | IR_C)                                                                  \
	X(MULHS, 2, IR_P | IR_C) /* upper half of the signed product */                         \
	X(MULHU, 2, IR_P | IR_C)                                                                \
	X(SDIV, 2, IR_P)        /* undefined for divisor 0 and MIN / -1: guarded; never move above the guard */ \
	X(UDIV, 2, IR_P)        /* undefined for 0 */                                           \
	X(SREM, 2, IR_P)        /* undefined for 0; MIN % -1 too: construction replaces divisor -1 by 1 */ \
	X(UREM, 2, IR_P)                                                                        \
	X(AND, 2, IR_P | IR_C)                                                                  \
	X(OR, 2, IR_P | IR_C)                                                                   \
	X(XOR, 2, IR_P | IR_C)                                                                  \
	X(SHL, 2, IR_P)         /* count modulo the width, here and below */                    \
	X(SHR, 2, IR_P)                                                                         \
	X(SAR, 2, IR_P)                                                                         \
	X(ROTL, 2, IR_P)                                                                        \
	X(ROTR, 2, IR_P)                                                                        \
	X(NEG, 1, IR_P)                                                                         \
	X(NOT, 1, IR_P)                                                                         \
	X(CLZ, 1, IR_P)         /* of 0: the width */                                           \
	X(CTZ, 1, IR_P)                                                                         \
	X(POPCNT, 1, IR_P)                                                                      \
	X(BSWAP, 1, IR_P)                                                                       \
	X(SEXT32, 1, IR_P)      /* I32 -> I64 */                                                \
	X(ZEXT32, 1, IR_P)      /* I32 -> I64 */                                                \
	X(WRAP, 1, IR_P)        /* I64 -> I32 */                                                \
	X(CMP, 2, IR_P)         /* cc; -> I32, 0 or 1 */                                        \
	X(SELECT, 4, IR_P)      /* arg[0] cc arg[1] ? arg[2] : arg[3] */                        \
	X(FADD, 2, IR_P | IR_C)                                                                 \
	X(FSUB, 2, IR_P)                                                                        \
	X(FMUL, 2, IR_P | IR_C)                                                                 \
	X(FDIV, 2, IR_P)                                                                        \
	X(FMIN, 2, IR_P | IR_C) /* NaN wins, -0 < +0 */                                         \
	X(FMAX, 2, IR_P | IR_C)                                                                 \
	X(FCOPYSIGN, 2, IR_P)                                                                   \
	X(FNEG, 1, IR_P)                                                                        \
	X(FABS, 1, IR_P)                                                                        \
	X(FSQRT, 1, IR_P)                                                                       \
	X(FFLOOR, 1, IR_P)                                                                      \
	X(FCEIL, 1, IR_P)                                                                       \
	X(FTRUNC, 1, IR_P)                                                                      \
	X(FNEAREST, 1, IR_P)                                                                    \
	X(FMA, 3, IR_P)                                                                         \
	X(CANON, 1, IR_P)       /* a NaN becomes the canonical NaN */                           \
	X(STOF, 1, IR_P)        /* signed I32/I64 -> F32/F64, one rounding */                   \
	X(UTOF, 1, IR_P)                                                                        \
	X(FTOS, 1, IR_P)        /* float -> signed, saturating, NaN is 0 */                     \
	X(FTOU, 1, IR_P)                                                                        \
	X(FEXT, 1, IR_P)        /* F32 -> F64 */                                                \
	X(FROUND, 1, IR_P)      /* F64 -> F32 */                                                \
	X(BITCAST, 1, IR_P)     /* I32 <-> F32, I64 <-> F64 */                                  \
	X(LOAD, 2, IR_M | IR_O) /* mem; arg[0] base (I64), arg[1] index (I64) or 0, scaled by the \
	                           element size; aux: byte offset, signed */                    \
	X(STORE, 3, IR_M)       /* mem; base, index or 0, value; aux: byte offset */            \
	X(CALL, 0, IR_V | IR_M) /* aux: function of the module; type: result */                 \
	X(CALLX, 0, IR_V | IR_M) /* aux: import slot; signature in the import */                \
	X(TRAPIF, 2, IR_M)      /* cc; aux: trap site */                                        \
	X(JMP, 0, IR_T)         /* succ[0] */                                                   \
	X(BR, 2, IR_T)          /* arg[0] cc arg[1] ? succ[0] : succ[1] */                      \
	X(RET, 1, IR_T | IR_O)  /* arg[0] value, or 0 */                                        \
	X(TRAP, 0, IR_T)        /* aux: trap site */

enum { IR_P = 1, IR_C = 2, IR_T = 4, IR_M = 8, IR_V = 16, IR_O = 32 };

typedef enum IrOp {
#define X(name, nargs, flags) IR_##name,
	IR_LIST(X)
#undef X
	IR_OP_COUNT
} IrOp;

typedef struct IrOpInfo {
	char name[14];                  /* "ADD" */
	uint8_t nargs, flags;
} IrOpInfo;
extern const IrOpInfo ir_op_info[IR_OP_COUNT];

/* name, negation, with operands swapped.  Float conditions are false on a NaN, the FN… ones true
 * (FNE too: it is "not equal or unordered"). */
#define IR_CC_LIST(X)      \
	X(EQ, NE, EQ)      \
	X(NE, EQ, NE)      \
	X(SLT, SGE, SGT)   \
	X(SLE, SGT, SGE)   \
	X(SGT, SLE, SLT)   \
	X(SGE, SLT, SLE)   \
	X(ULT, UGE, UGT)   \
	X(ULE, UGT, UGE)   \
	X(UGT, ULE, ULT)   \
	X(UGE, ULT, ULE)   \
	X(FEQ, FNE, FEQ)   \
	X(FNE, FEQ, FNE)   \
	X(FLT, FNLT, FGT)  \
	X(FLE, FNLE, FGE)  \
	X(FGT, FNGT, FLT)  \
	X(FGE, FNGE, FLE)  \
	X(FNLT, FLT, FNGT) \
	X(FNLE, FLE, FNGE) \
	X(FNGT, FGT, FNLT) \
	X(FNGE, FGE, FNLE)

typedef enum IrCc {
#define X(name, negated, swapped) CC_##name,
	IR_CC_LIST(X)
#undef X
	CC_COUNT
} IrCc;
extern const uint8_t cc_negated[CC_COUNT], cc_swapped[CC_COUNT];

/* What a LOAD or STORE moves: name, bytes, type in a register. */
#define IR_MEM_LIST(X) \
	X(S8, 1, I32)  \
	X(U8, 1, I32)  \
	X(S16, 2, I32) \
	X(U16, 2, I32) \
	X(W32, 4, I32) \
	X(W64, 8, I64) \
	X(F32, 4, F32) \
	X(F64, 8, F64)

typedef enum IrMem {
#define X(name, bytes, type) MEM_##name,
	IR_MEM_LIST(X)
#undef X
	MEM_COUNT
} IrMem;
extern const uint8_t ir_mem_bytes[MEM_COUNT], ir_mem_type[MEM_COUNT];

typedef struct Ins {
	uint8_t op;             /* IrOp */
	uint8_t type;           /* IrType of the result, IR_VOID for none */
	uint8_t cc;             /* IrCc, or IrMem for LOAD and STORE */
	uint8_t flags;          /* for passes; 0 between them */
	uint32_t arg[4];
	int32_t aux;
	uint32_t line;          /* of the source; 0 unknown */
	BlockId block;
	Val prev, next;         /* 0 ends the list */
} Ins;

typedef struct Block {
	Val first, last;
	BlockId succ[2];        /* BLOCK_NONE where there is none */
	VEC(BlockId) preds;     /* order is that of the phis' operands */
	uint32_t loop_depth;    /* ir_order() fills in the rest */
	uint32_t order;         /* position in IrFunc.order, or BLOCK_NONE when unreachable */
	BlockId idom;
	bool cold;              /* construction's or a pass's hint: lay out at the end */
} Block;

/* Host C functions that generated code may call: name, C function, result, parameters (up to 3). */
#define IR_HELPER_LIST(X)                                               \
	X(ENTER, enter, VOID, 1, I64, VOID, VOID)     /* Context* */  \
	X(TRAPPED, trapped, VOID, 2, I64, I64, VOID)  /* code, site */ \
	X(FLOOR32, num_floor_f32, F32, 1, F32, VOID, VOID)            \
	X(FLOOR64, num_floor_f64, F64, 1, F64, VOID, VOID)            \
	X(CEIL32, num_ceil_f32, F32, 1, F32, VOID, VOID)              \
	X(CEIL64, num_ceil_f64, F64, 1, F64, VOID, VOID)              \
	X(TRUNC32, num_trunc_f32, F32, 1, F32, VOID, VOID)            \
	X(TRUNC64, num_trunc_f64, F64, 1, F64, VOID, VOID)            \
	X(NEAREST32, num_nearest_f32, F32, 1, F32, VOID, VOID)        \
	X(NEAREST64, num_nearest_f64, F64, 1, F64, VOID, VOID)        \
	X(FMA32, num_fma_f32, F32, 3, F32, F32, F32)                  \
	X(FMA64, num_fma_f64, F64, 3, F64, F64, F64)                  \
	X(COPY, span_copy, VOID, 3, I64, I64, I64)        /* to, from, bytes */ \
	X(CANON32, span_canon_f32, VOID, 3, I64, I64, I64) /* to, from, count */ \
	X(CANON64, span_canon_f64, VOID, 3, I64, I64, I64)

typedef enum IrHelper {
#define X(name, symbol, result, n, a, b, c) HELPER_##name,
	IR_HELPER_LIST(X)
#undef X
	HELPER_COUNT
} IrHelper;

/* The import table of a module: 8-byte slots of addresses that lie beside the code and are filled in
 * before it is sealed. */
typedef enum ImportKind { IMPORT_HELPER, IMPORT_EXTERN, IMPORT_CODE, IMPORT_INTERRUPT } ImportKind;
typedef struct Import {
	uint8_t kind;
	uint8_t result;                 /* IrType */
	uint32_t id;                    /* IrHelper, or FuncId of the extern in the Program */
	const uint8_t *params;          /* IrTypes */
	uint32_t nparams;
	bool bool_result;               /* only the low 8 bits of the result are defined */
} Import;

typedef struct Site {                   /* where a trap may happen */
	trivet_trap trap;
	uint32_t func;                  /* FuncId in the Program */
	uint32_t line;
} Site;

typedef struct IrFunc {
	struct IrModule *module;
	Str name;
	uint32_t source;                /* FuncId in the Program */
	IrType result;
	const uint8_t *params;          /* IrTypes; a span is two: I64 address, I64 length */
	uint32_t nparams;
	const bool *lengths;            /* by parameter: the length of a span, never negative; NULL: not known */
	const uint32_t *names;          /* by parameter: 1 + place of its name in IrModule.names, or 0; NULL: no names */
	uint32_t line;                  /* given to instructions made from here on */
	VEC(Ins) ins;
	VEC(Block) blocks;
	VEC(Val) pool;
	VEC(BlockId) order;             /* ir_order(): reverse postorder, loops contiguous */
	bool needs_ctx;                 /* expects the context register to be set on entry */
	bool checks_stack;              /* prologue compares the stack pointer with Context.stack_limit */
	uint32_t stack_site;            /* Site of that trap */
	bool is_entry;                  /* called by the host: makes the Context, calls the real function */
	bool alike;                     /* an entry as ir_build() makes it: of all such of the module with its signature,
	                                   it differs in what it calls, and the line, alone */
	uint32_t entry_thunk;           /* index of the IrFunc the host calls; itself when no thunk is needed */
	uint32_t *cons; uint32_t ncons, cons_cap;       /* hash-consing table, ir.c's own */
	bool replaced;                  /* ir_replace() was called since ir_apply_replacements() */
	bool clean, ordered;            /* as ir_drop_dead(), ir_order() would leave it: gen_module() need not */
	bool reduced;                   /* from ir_build() until a pass: as ir_drop_dead() leaves it but for what is unused */
} IrFunc;

typedef struct IrModule {
	Arena *arena;
	VEC(IrFunc) funcs;
	VEC(Import) imports;
	VEC(Site) sites;
	VEC(Str) names;                 /* of variables, for people; only when asked for */
	uint32_t *func_of;              /* FuncId -> index in funcs, or BLOCK_NONE for externs */
	uint32_t *site_table; uint32_t site_cap;        /* hash of sites, ir.c's own */
} IrModule;

/* A function some of whose parameters are constants: what is compiled is it, without those, and what
 * it calls. */
typedef struct IrBound {
	uint32_t func;                  /* FuncId */
	const bool *is_bound;           /* by parameter, as in IrFunc.params */
	const uint64_t *bits;
} IrBound;

typedef struct IrOptions {
	bool interruptible;             /* polls at loop heads and before calls */
	const IrBound *bound;           /* or NULL: the whole program */
	bool names;                     /* keep those of variables */
} IrOptions;

/* ---- build.c: SSA from a checked Program, in one walk (Braun et al., CC 2013) ---- */
struct Program;
IrModule *ir_build(Arena *a, const struct Program *p, const IrOptions *o);      /* NULL: no memory */

/* Drops all functions but that of FuncId `source` and those it calls, directly or not; renumbers. */
void ir_keep_only(IrModule *m, uint32_t source);

/* ---- ir.c: making and changing ---- */
IrModule *ir_module(Arena *a);          /* empty; NULL: no memory */
IrFunc *ir_func(IrModule *m);           /* with instruction 0 and entry block 0; NULL: no memory; moves the others */

/* All of these append at the end of block b (just before its terminator, if it has one), fold
 * constants, reuse an equal pure value of the same block, and return 0 with arena->mem->failed set when
 * memory is out.  A TRAPIF equal to one before it in its block is not made again. */
Val ir_const(IrFunc *f, IrType t, uint64_t bits);
Val ir_ins(IrFunc *f, BlockId b, IrOp op, IrType t, Val a0, Val a1);
Val ir_cmp(IrFunc *f, BlockId b, IrCc cc, Val a0, Val a1);
Val ir_select(IrFunc *f, BlockId b, IrCc cc, Val a0, Val a1, Val then, Val otherwise);
Val ir_fma(IrFunc *f, BlockId b, IrType t, Val a0, Val a1, Val a2);
Val ir_import_address(IrFunc *f, BlockId b, uint32_t slot);
Val ir_load(IrFunc *f, BlockId b, IrMem mem, Val base, Val index, int32_t offset);
void ir_store(IrFunc *f, BlockId b, IrMem mem, Val base, Val index, int32_t offset, Val value);
void ir_trapif(IrFunc *f, BlockId b, IrCc cc, Val a0, Val a1, uint32_t site);   /* never true: nothing made */
Val ir_pooled(IrFunc *f, BlockId b, IrOp op, IrType t, int32_t aux, const Val *args, uint32_t n);
                                        /* PHI, CALL, CALLX; a PHI goes to the head of b */
Val ir_add(IrFunc *f, BlockId b, Ins ins);              /* any instruction, folded and reused as above */
Val ir_append(IrFunc *f, BlockId b, Ins ins);           /* as it is: no folding, no reuse */
Val ir_insert_before(IrFunc *f, Val at, Ins ins);
void ir_remove(IrFunc *f, Val v);       /* becomes a NOP */
BlockId ir_block(IrFunc *f);
void ir_edge(IrFunc *f, BlockId from, unsigned k, BlockId to);  /* sets succ[k] and adds to preds */
void ir_jmp(IrFunc *f, BlockId b, BlockId to);
void ir_br(IrFunc *f, BlockId b, IrCc cc, Val a0, Val a1, BlockId then, BlockId otherwise);
                                        /* not folded; the two must differ */
void ir_ret(IrFunc *f, BlockId b, Val v);
void ir_trap(IrFunc *f, BlockId b, uint32_t site);
uint32_t ir_import(IrModule *m, Import i);              /* slot; equal ones share */
uint32_t ir_helper(IrModule *m, IrHelper h);            /* slot of it, with its signature */
uint32_t ir_site(IrModule *m, Site s);                  /* equal ones share */
static inline bool ir_is_const(const IrFunc *f, Val v) { return f->ins.at[v].op == IR_CONST; }
static inline uint64_t
ir_const_bits(const IrFunc *f, Val v)
{
	return f->ins.at[v].arg[0] | (uint64_t)f->ins.at[v].arg[1] << 32;
}

/* The value operands of instruction v: *n of them, wherever they are kept.  Operand 1 of a STORE, its
 * index, may be 0 for none; elsewhere operands that are not there are not counted. */
static inline Val *
ir_args(IrFunc *f, Val v, uint32_t *n)
{
	Ins *i = &f->ins.at[v];
	const IrOpInfo *info = &ir_op_info[i->op];
	uint32_t count = info->nargs;

	if (info->flags & IR_V) {
		*n = i->arg[1];
		return f->pool.at + i->arg[0];
	}
	if (info->flags & IR_O && !i->arg[count - 1])
		count--;
	*n = count;
	return i->arg;
}

/* Replacing values: ir_replace() removes `v` and leaves a note; ir_resolve() gives what stands for a
 * value now; ir_apply_replacements() rewrites all operands and forgets the notes. */
void ir_replace(IrFunc *f, Val v, Val by);
Val ir_resolve_gone(IrFunc *f, Val v);  /* of one that was removed */
static inline Val ir_resolve(IrFunc *f, Val v) { return f->ins.at[v].op == IR_NOP ? ir_resolve_gone(f, v) : v; }
void ir_apply_replacements(IrFunc *f);

/* fold.c: simplifies the comparison, constant to the right; 0 or 1 when the outcome is known, else -1. */
int ir_fold_cond(const IrFunc *f, IrCc *cc, Val *a0, Val *a1);

/* A block that nothing leads to may stay in the array: without instructions, predecessors and successors. */
void ir_order(IrFunc *f);               /* order, loop_depth, idom; blocks that only trap, and cold ones
                                           that lead only to such, last */
void ir_split_critical_edges(IrFunc *f);        /* the order is to be made anew after it */
void ir_drop_trivial_phis(IrFunc *f);
void ir_drop_dead(IrFunc *f);           /* unused pure values and loads, unreachable blocks, trivial phis */
void ir_drop_unused(IrFunc *f);         /* of these the first two alone */

/* ---- verify.c, print.c, read.c ---- */
bool ir_verify(const IrFunc *f, Text *why);             /* false: the first thing wrong, in words */
void ir_print(const IrModule *m, Text *out);
void ir_print_func(const IrFunc *f, Text *out);
IrModule *ir_read(Arena *a, Str text, Text *error);     /* what ir_print wrote; NULL: see error */

#endif
