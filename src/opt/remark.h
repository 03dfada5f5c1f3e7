/* remark.h - what is told to people about loops, one line each, by the passes that look at them.
 *
 * FUNCTION:LINE: loop of VARIABLES: WORDS.  Variables have names where construction kept them
 * (IrOptions.names); other values are written as expressions of these, or by their number. */
#ifndef TRIVET_REMARK_H
#define TRIVET_REMARK_H

#include "opt/opt.h"

/* The whole line, where remarks are wanted. */
MEM_PRINTF(4, 5) void remark_loop(const OptContext *o, const IrFunc *f, BlockId header, const char *format, ...);

void remark_place(Text *out, const IrFunc *f, BlockId header);  /* its beginning */
void remark_value(Text *out, const IrFunc *f, Val v);

#endif
