/* body.h - an inner loop whose one exit is its header's condition, and copies of one round of it.
 *
 * Order of use: body_read() says whether the loop is such, body_copy() any number of times appends a round to
 * a block, each with the phis' values as the last one left them in now[].  Pure instructions are folded on the way.
 * The loop itself is not changed.                                         Tests: tests/unit/opt.c */
#ifndef TRIVET_BODY_H
#define TRIVET_BODY_H

#include "opt/edit.h"

enum { BODY_BLOCKS = 8, BODY_PHIS = 12, BODY_SIZE = 48 };

typedef struct Body {
	IrFunc *f;
	Arena *a;
	const OptLoop *loop;
	BlockId inside, exit;                   /* successors of the header */
	BlockId blocks[BODY_BLOCKS];            /* header first, each after those that dominate it */
	uint32_t nblocks, nphis, size;          /* size: instructions of a round, jumps and phis not counted */
	bool is_slow;                           /* divides, or calls a helper's work: its round takes long anyhow */
	Val phi[BODY_PHIS];
	Val next[BODY_PHIS];                    /* the phi's operand from the latch */
	Val init[BODY_PHIS];                    /* and from the preheader */
	Val now[BODY_PHIS];                     /* where the next copy begins */
	Val *map;                               /* by value of the loop: its last copy */
	BlockId *copy;                          /* by block: where its last copy ends */
	uint32_t nvalues;                       /* there were at body_read() */

	/* May take v, whose operands are mapped, into its own hands: true, and body->map[v] is set. */
	bool (*special)(struct Body *body, void *of, BlockId at, Val v);
	void *of;
} Body;

/* False: not such a loop, or too large, or no memory.  inner: no loop is inside. */
bool body_read(Body *body, IrFunc *f, Arena *a, const LoopForest *l, const OptLoop *loop, bool inner);
bool body_is_inside(const Body *body, BlockId b);
Val body_mapped(const Body *body, Val v);
/* Appends a round to `at`, which has no terminator yet; gives the block where it ends, which has none either. */
BlockId body_copy(Body *body, BlockId at, bool polls);

/* The counter that the header's condition compares with a value fixed all through the loop: it goes on
 * while phi[which] cc limit.  step is what it goes by, not 0. */
typedef struct Counter {
	uint32_t which;
	IrCc cc;
	Val limit;
	int64_t step;
} Counter;
bool body_counter(const Body *body, Counter *out);

#endif
