/* build.h - what the parts of SSA construction share: build.c (modules), build_ssa.c (variables),
 * build_expr.c, build_stmt.c. */
#ifndef TRIVET_IR_BUILD_H
#define TRIVET_IR_BUILD_H

#include "ir/ir.h"
#include "lang/ast.h"

/* One assignment.  Its index in Builder.writes is its time; a variable's writes are chained, newest
 * first, with jump pointers (Myers, "An applicative random-access stack", 1983) so that the newest one not
 * after a given time is found in logarithmic time. */
typedef struct Write {
	BlockId block;
	Val val;
	uint32_t prev, jump, depth;
} Write;

/* What construction knows of a block.  A variable that was not written after time `lo` and before the
 * block began has the value there that it had at the end of `dom`. */
typedef struct Shape {
	BlockId dom, jump;              /* jump pointers along dom; they stop at loop headers */
	uint32_t depth;
	uint32_t lo, end;               /* time when dom ended, and when this block did */
	uint32_t hi;                    /* header: time when its loop was complete */
	bool header, sealed;            /* sealed: all predecessors are known */
} Shape;

/* The value of a variable where a block begins: a phi, or one found far away. */
typedef struct PhiSlot { uint32_t func; BlockId block; uint32_t slot; Val phi; } PhiSlot;

typedef struct Loop { NodeId node; BlockId exit, again; } Loop;

typedef struct Spine {                  /* a BINARY or LOGIC node whose left operand is being computed */
	NodeId node;
	BlockId then, otherwise;        /* where a condition goes; BLOCK_NONE: a value is wanted */
	BlockId right, join;            /* LOGIC: where its right operand is computed; where a value is joined */
} Spine;

typedef struct CallEdge { uint32_t caller, callee; } CallEdge;

typedef struct Builder {
	Arena *arena;
	const Program *p;
	IrModule *m;
	IrOptions options;
	uint32_t *extern_slot;          /* by FuncId: import slot + 1, or 0 */
	bool calls_externs;
	VEC(CallEdge) calls;            /* without the recursive ones */
	uint32_t bound_index;           /* in m->funcs, of the function with bound parameters */

	/* of the current function */
	const Func *source;
	FuncId id;
	uint32_t index;                 /* in m->funcs */
	IrFunc *f;
	uint32_t first_name;            /* 1 + place in m->names of the first variable's, if they are kept */
	BlockId cur;                    /* BLOCK_NONE where control does not come */
	bool has_dead;                  /* code was made that nothing leads to */
	VEC(Loop) loops;
	VEC(Spine) spine;
	VEC(Val) args;

	/* variables: slot 2*var, and 2*var + 1 for the length of a span */
	VEC(Write) writes;
	VEC(Shape) shapes;              /* by BlockId */
	VEC(uint32_t) newest;           /* by slot: its last write, or 0 */
	VEC(Val) pending;               /* phis whose operands are to be found */
	PhiSlot *phis;
	uint32_t nphis, phis_cap;
} Builder;

static inline const Node *node_at(const Builder *b, NodeId n) { return &b->p->nodes.at[n]; }
IrType ir_type_of(unsigned language_type);      /* of a scalar */

/* ---- build_ssa.c ---- */
bool ssa_begin(Builder *b);             /* of a function whose entry block exists */
void ssa_write(Builder *b, uint32_t slot, Val v);
Val ssa_read(Builder *b, uint32_t slot);
BlockId ssa_block(Builder *b);          /* dominated by the current one */
BlockId ssa_header(Builder *b);         /* of a loop: predecessors may be added until sealed */
void ssa_seal(Builder *b, BlockId header);
void ssa_enter(Builder *b, BlockId to); /* goes on there, or nowhere if nothing leads to it */
void ssa_jump(Builder *b, BlockId to);
void ssa_branch(Builder *b, IrCc cc, Val a0, Val a1, BlockId then, BlockId otherwise);
void ssa_end(Builder *b);               /* after RET or TRAP */

/* ---- build_expr.c ---- */
Val build_expr(Builder *b, NodeId n);   /* 0 for a call without result */
void build_cond(Builder *b, NodeId n, BlockId then, BlockId otherwise);
void build_span(Builder *b, NodeId n, Val *address, Val *length);
Val build_binary(Builder *b, Op op, trivet_type t, Val a0, Val a1, uint32_t line);
Val build_index(Builder *b, trivet_type index_type, Val index);  /* as an I64 */
void build_store(Builder *b, const Node *n);
void build_trapif(Builder *b, IrCc cc, Val a0, Val a1, trivet_trap trap, uint32_t line);
void build_poll(Builder *b, uint32_t line);     /* if the code is to be interruptible */

/* ---- build_stmt.c ---- */
void build_block(Builder *b, NodeId block);

#endif
