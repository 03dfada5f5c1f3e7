/* order.h - dominators without changing the function, for those who only look. */
#ifndef TRIVET_IR_ORDER_H
#define TRIVET_IR_ORDER_H

#include "ir/ir.h"

/* Arrays of blocks.n + 1.  post: the reachable blocks in postorder, as many as returned.  number: place in
 * post, BLOCK_NONE if unreachable.  idom: BLOCK_NONE for the entry and the unreachable. */
uint32_t order_dominators(const IrFunc *f, BlockId *post, uint32_t *number, BlockId *idom);

#endif
