/* ra.h - what the parts of the register allocator share; private to live.c, ra.c, ra_resolve.c.
 *
 * Positions.  Blocks are numbered as f->order has them.  A block's head and each instruction that is
 * neither PHI, PARAM nor CONST take one number k; its positions are
 *
 *   4k      operands are read; moves placed "in the gap" come just before it
 *   4k+1    clobbered registers are destroyed
 *   4k+2    the result appears
 *   4k+3    `late` operands are read at last
 *
 * A PHI appears at its block's head, PARAM and CONST at position 4, before the first instruction.
 * The values that live across an edge into block b are those live at its head.
 * Constants can be had anywhere: they are live only in the block of a use, or all through a loop
 * around it, and need not be so before that (Ra's work is then linear in a long function's constants).
 *
 * Each value has one list of ranges and one of uses, both ascending.  Splitting makes siblings, which
 * share these lists and take turns: [from, to) each. */
#ifndef TRIVET_RA_H
#define TRIVET_RA_H

#include "gen/gen.h"

#define NONE UINT32_MAX
enum { POS_START = 4 }; /* the gap before the very first instruction */

enum {                  /* Use.kind */
	USE_ANY,        /* wherever it is */
	USE_SHOULD,     /* better in a register */
	USE_MUST,       /* in a register */
	USE_KIND = 3,
	USE_LATE = 4,   /* bit: read until 4k+3 */
};

typedef struct Use {
	uint32_t pos;
	uint32_t next;                  /* of the same value; NONE ends */
	uint8_t kind;
	Reg prefer;
} Use;

typedef struct Range {
	uint32_t from, to;
} Range;

typedef struct Interval {
	Val v;
	uint32_t from, to;
	uint32_t range;                 /* the scan's cursors into the value's lists: the first range that
	                                   ends after the scan's position, … */
	uint32_t use;                   /* … the first use not before it, … */
	uint32_t last_use;              /* … and the position of the one before that, in this sibling, or 0 */
	uint32_t sibling;               /* the next one; 0 ends */
	uint32_t link;                  /* in a list of inactive intervals */
	Reg reg;                        /* REG_NONE: in memory */
} Interval;

typedef struct Value {
	uint32_t count;                 /* operands that name it, in instructions that are needed */
	uint32_t def, block;            /* where it appears: position, and number of the block */
	uint32_t end;                   /* of its last use, when all are in `block` */
	uint32_t uses;                  /* first, or NONE */
	uint32_t range, nranges;
	uint32_t interval;              /* first sibling; 0: none */
	Val phi;                        /* a phi it flows into, or 0 */
	Val same;                       /* the operand whose register it would like, or 0 */
	Loc home;                       /* where it is in memory: LOC_SLOT, LOC_IN, LOC_CONST; or 0 */
	Loc init;                       /* a PARAM's or CONST's place before the first instruction; or 0 */
	Reg prefer;                     /* its definition's wish */
	Reg reg;                        /* the last register it was given */
	Reg hint;                       /* of a phi: the register of one of its operands */
	uint8_t type;
	bool must;                      /* must appear in a register */
	bool nonlocal;                  /* used in other blocks, or by a phi */
	bool fused;                     /* part of the one instruction that uses it: see Constraint.fuse */
	bool needs_slot;
	bool store_at_split;            /* else it is stored once, where it appears */
} Value;

typedef struct RaBlock {
	BlockId id;
	uint32_t from, to;              /* positions; its first instruction is at from + 4 */
	uint32_t depth;
	uint32_t preds;                 /* first in Ra.preds; the next block's begin behind its last */
	uint32_t loop;                  /* number of the header of the innermost loop, or NONE */
	uint32_t outer;                 /* of a header: the next loop outwards */
	uint32_t loop_end;              /* of a header: the position where its loop ends */
	uint32_t phi_operand;           /* which predecessor it is of its only successor */
} RaBlock;

typedef struct Clobber {
	uint32_t pos;                   /* 4k+1 */
	RegSet regs;
} Clobber;

typedef struct PosInfo {
	Val ins;                        /* 0: a block's head */
	uint32_t block;
} PosInfo;

typedef struct Ra {
	IrFunc *f;
	const Target *t;
	uint32_t features;
	Arena *a;
	Alloc *out;
	RegSet allocatable, early, arguments;
	bool calls;                     /* there are any */
	uint32_t fast_end;              /* where the blocks end that may do without a frame; 0: there are none */
	bool fixed_ctx;                 /* CTX is simply the context register, for good */
	bool failed;

	RaBlock *blocks;                /* and one more, for its `preds` */
	uint32_t nblocks;
	uint32_t *preds;                /* numbers of blocks */
	PosInfo *at;                    /* by position / 4 */
	uint32_t npos;
	Value *values;                  /* by Val */
	Use *uses;                      /* parallel to out->use_loc */
	uint32_t nuses;
	VEC(Range) ranges;
	VEC(Interval) intervals;        /* 0 is none; before the scan, in order of `from` */
	uint32_t nfirst;                /* end of those that begin a value */
	VEC(uint32_t) queue;            /* heap of intervals that arose later, by `from` */
	VEC(Clobber) clobbers;
	RegSet ever_clobbered;
} Ra;

bool live_run(Ra *ra);                  /* blocks, positions, uses, ranges, one interval a value */
bool ra_resolve(Ra *ra);                /* slots, moves, and the places of operands and results */

static inline uint32_t
block_at(const Ra *ra, uint32_t pos)
{
	return ra->at[pos >> 2].block;
}

enum { KEPT = 4 * 512 };                /* positions of a loop, at most, that a constant is kept through */

static inline bool
is_constant(const Value *value)
{
	return loc_kind(value->home) == LOC_CONST;
}

static inline bool
loop_keeps(const Ra *ra, uint32_t loop)
{
	return loop != NONE && ra->blocks[loop].loop_end - ra->blocks[loop].from <= KEPT;
}

static inline bool
type_is_fp(uint8_t type)
{
	return type >= IR_F32;
}

#endif
