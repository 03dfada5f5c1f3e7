/* edit.h - what several passes do to a function, and ask of its shape. */
#ifndef TRIVET_EDIT_H
#define TRIVET_EDIT_H

#include "ir/inner.h"
#include "opt/opt.h"

/* Dominance in constant time, from the idoms and the order that ir_order() left. */
typedef struct Dom {
	uint32_t *pre, *size;           /* by block */
} Dom;
bool edit_dom(const IrFunc *f, Arena *a, Dom *out);     /* false: no memory */
static inline bool
dominates(const Dom *d, BlockId a, BlockId b)
{
	return order_dominates(d->pre, d->size, a, b);
}

/* Takes the edge from -> to out of `to` and its phis; `from` keeps its terminator and succ. */
void edit_drop_pred(IrFunc *f, BlockId to, BlockId from);
/* The branch that ends b becomes a jump to succ[k]. */
void edit_settle_branch(IrFunc *f, BlockId b, unsigned k);
/* Block b ends with a trap at v, a TRAPIF of it, and what was behind v is gone. */
void edit_settle_trap(IrFunc *f, Val v);
/* Which predecessor of b is p; b must have it. */
uint32_t edit_pred_index(const IrFunc *f, BlockId b, BlockId p);
/* Gives block `from` a new successor instead of the old one; phis of `to` are the caller's. */
void edit_retarget(IrFunc *f, BlockId from, BlockId old, BlockId to);

/* Takes v out of its list and puts it before `at`. */
void edit_move(IrFunc *f, Val v, Val at);

/* Have the two, loads or stores, certainly no byte in common? */
bool edit_are_apart(const IrFunc *f, const Ins *a, const Ins *b);

/* Is i of a poll, the load or the trap of it?  What takes no time needs none, and it may come a little later. */
bool edit_is_poll(const IrFunc *f, const Ins *i);

/* Natural loops, in an order in which inner ones come before those around them. */
typedef struct OptLoop {
	BlockId header, latch;          /* latch BLOCK_NONE: there are several */
	BlockId preheader;              /* BLOCK_NONE: there is no single block leading only here from outside */
	uint32_t parent;                /* index of the loop around it, or BLOCK_NONE */
	uint32_t first, count;          /* its own and inner loops' blocks: blocks[first …], header first */
} OptLoop;
typedef struct LoopForest {
	VEC(OptLoop) loops;
	VEC(BlockId) blocks;
	uint32_t *of;                   /* by block: innermost loop, or BLOCK_NONE; of the blocks there were */
	Dom dom;
} LoopForest;
/* Those of the function in hand, which were found before if its blocks are still the same; NULL: it has none, or
 * no memory.  Needs ir_order().  Loops nested very deep make long lists: beyond a limit the outer ones are left out. */
const LoopForest *edit_loops(const IrFunc *f, OptContext *o);
/* By loop: is another one inside?  NULL: no memory. */
bool *edit_outer_loops(const LoopForest *l, Arena *a);

#endif
