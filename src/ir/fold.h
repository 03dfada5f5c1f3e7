/* fold.h - what ir.c asks of fold.c when an instruction is made. */
#ifndef TRIVET_IR_FOLD_H
#define TRIVET_IR_FOLD_H

#include "ir/ir.h"

/* Simplifies the instruction about to be put at the end of block b: gives the value that it equals,
 * or 0 and perhaps *i in a better form. */
Val fold_ins(IrFunc *f, BlockId b, Ins *i);

#endif
