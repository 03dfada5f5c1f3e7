/* inner.h - what the files of ir/ share among themselves. */
#ifndef TRIVET_IR_INNER_H
#define TRIVET_IR_INNER_H

#include "ir/ir.h"

/* fold.c: simplifies the instruction about to be put at the end of a block: gives the value that it
 * equals, or 0 and perhaps *i in a better form. */
Val fold_ins(IrFunc *f, Ins *i);

/* order.c: dominators without changing the function.  Arrays of blocks.n + 1.  post: the reachable blocks in
 * postorder, as many as returned.  number: place in post, BLOCK_NONE if unreachable.  idom: BLOCK_NONE for
 * the entry and the unreachable.  scratch: ORDER_SCRATCH such arrays. */
enum { ORDER_SCRATCH = 7 };
uint32_t order_dominators(const IrFunc *f, BlockId *post, uint32_t *number, BlockId *idom,
                          uint32_t *scratch);

/* Of n blocks in postorder: a dominates b if b's number in a preorder of the dominator tree lies in the interval
 * that begins at a's and is as long as a's subtree. */
void order_intervals(const BlockId *post, uint32_t n, const BlockId *idom, uint32_t *pre, uint32_t *size);
static inline bool
order_dominates(const uint32_t *pre, const uint32_t *size, BlockId a, BlockId b)
{
	return pre[b] - pre[a] < size[a];
}

/* ir.c, for read.c, which gives instructions their numbers itself: puts v at the end of b; lets ir_const()
 * and ir_add() find it. */
void inner_link(IrFunc *f, BlockId b, Val v);
void inner_remember(IrFunc *f, Val v);

/* print.c: the name of a list of ir.h as the text spells it, in small letters. */
enum { INNER_NAME_MAX = 32 };
void inner_lower(char out[INNER_NAME_MAX], const char *name);
extern const char *const inner_type_names[], *const inner_cc_names[], *const inner_mem_names[],
        *const inner_helper_names[];

#endif
