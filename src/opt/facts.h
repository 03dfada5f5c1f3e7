/* facts.h - what is known of values at a place: intervals, and how two values compare.
 *
 * Made in one walk over a function in the order of dominance: facts_visit() each instruction before its
 * users, facts_learn() what a passed check or a taken branch says, and facts_settle() asks.  A fact
 * learned in a block holds from there on in all blocks it dominates.  Integers are meant as signed
 * numbers of their width unless said otherwise. */
#ifndef TRIVET_FACTS_H
#define TRIVET_FACTS_H

#include "opt/edit.h"

typedef struct Interval {
	int64_t lo, hi;
} Interval;

typedef struct Facts Facts;

Facts *facts_new(IrFunc *f, Arena *a, const Dom *dom);  /* NULL: no memory */

/* b holds the condition x cc y from here on. */
void facts_learn(Facts *t, BlockId b, IrCc cc, Val x, Val y);
/* v, of block b, has its final operands; its interval is computed. */
void facts_visit(Facts *t, BlockId b, Val v);
/* 1 or 0 when x cc y is known to hold, or not to, in b; else -1. */
int facts_settle(const Facts *t, BlockId b, IrCc cc, Val x, Val y);
Interval facts_interval(const Facts *t, BlockId b, Val v);

#endif
