/* body.h - an inner loop whose one exit is its header's condition, and copies of one round of it.
 *
 * Order of use: body_read() says whether the loop is such, body_copy() any number of times appends a round to
 * a block, each with the phis' values as the last one left them in now[].  Pure instructions are folded on the way.
 * The loop itself is not changed.                                         Tests: tests/unit/opt.c */
#ifndef TRIVET_BODY_H
#define TRIVET_BODY_H

#include "opt/edit.h"

enum { BODY_BLOCKS = 8, BODY_PHIS = 12, BODY_SIZE = 48, BODY_VALUES = 96 };

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
	BlockId copy[BODY_BLOCKS];              /* where the last copy of blocks[k] ends */

	/* The values of the loop by number, with number[] a sparse set: what it holds for others is not looked at,
	 * so that a loop costs what is in it and not what is in the function (Briggs and Torczon 1993). */
	Val value[BODY_VALUES], map[BODY_VALUES]; /* map: its last copy, or 0 */
	uint32_t nvalues, *number, numbers;       /* the last: how many values number[] has room for */

	/* May take v, whose number is n and whose operands are mapped, into its own hands: true, and map[n] is set. */
	bool (*special)(struct Body *body, void *of, BlockId at, uint32_t n);
	void *of;
} Body;

/* False: not such a loop, or too large, or no memory.  inner: no loop is inside.  *body is all 0 before the first
 * loop of a pass, and serves one after the other. */
bool body_read(Body *body, IrFunc *f, Arena *a, const LoopForest *l, const OptLoop *loop, bool inner);
bool body_is_inside(const Body *body, BlockId b);
/* v's number in value[]; BODY_VALUES if it is not of the loop. */
uint32_t body_number(const Body *body, Val v);
/* v's last copy; v if there is none. */
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
