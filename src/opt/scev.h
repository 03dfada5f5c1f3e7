/* scev.h - what the files of the loop solver share: values as functions of the iteration.
 *
 * scev.c        finds loops, jumps over their iterations, deletes those that nothing is left of
 * scev_eval.c   what a value of the body is in iteration m
 * scev_phi.c    what the header's phis are
 * scev_count.c  for how many iterations a condition holds
 * scev_chain.c  the algebra: chains of recurrences, binomial coefficients modulo 2^w
 * scev_log.c    linear systems, by a loop of as many rounds as the count has bits
 * scev_bits.c   numbers that lose their bits
 *
 * Coefficients are values of the IR, made at the end of block `at` before the loop: constants fold
 * by themselves, and what turns out not to be needed is dead code.  Mathematics: Bachmann, Wang,
 * Zima (ISSAC 1994) for the chains, Brown (1994) for the powers of affine maps.
 *                                                 Tests: tests/unit/scev.c, tests/cases/loops/ */
#ifndef TRIVET_OPT_SCEV_H
#define TRIVET_OPT_SCEV_H

#include "opt/edit.h"

enum {
	SCEV_PHIS = 12,
	SCEV_DEGREE = 9,        /* of a chain: sums of degree 8 */
	SCEV_PERIOD = 16,
	SCEV_BODY = 256,        /* instructions of a loop; bounds the recursion, too */
	SCEV_BLOCKS = 32,
	SCEV_EXITS = 4,
	SCEV_TERMS = 4,
	SCEV_LIMITS = 12,
	SCEV_WORK = 8000,       /* values looked at, or made, for one loop */
	SCEV_WALK = 64          /* blocks looked at to find where a phi's operands come from */
};

/* What is known of a chain in all iterations that are jumped over. */
enum { SIGNED_KEPT = 1, UNSIGNED_KEPT = 2, NOT_NEGATIVE = 4 }; /* no wrap-around as such a number */

/* A value that is Σ c[r][k]·C(q,k) in iteration m = period·q + r. */
typedef struct Chain {
	uint8_t type, degree, facts;
	Val *c;                 /* row r begins at r·(degree + 1) */
} Chain;

/* rest + Σ factor·(phi of the header, as it is in this iteration), for phis not solved yet. */
typedef struct Form {
	const Chain *rest;
	uint32_t n;
	uint8_t phi[SCEV_TERMS];
	Val factor[SCEV_TERMS];
} Form;

typedef enum PhiKind {
	PHI_OPEN,
	PHI_CHAIN,              /* a chain */
	PHI_LATE,               /* the chain's value of the iteration before */
	PHI_EXTREME,            /* least or greatest of the start and the chain's values so far */
	PHI_XOR,                /* the start xor all the chain's values so far */
	PHI_LINEAR,             /* one of a linear system */
	PHI_CLEARED,            /* its lowest one cleared each time, until it is 0 */
	PHI_SHIFTED             /* shifted right, or divided, by a constant */
} PhiKind;

typedef struct PhiState {
	Val phi, start;         /* start: where this stage begins */
	Val end;                /* value after the iterations that are jumped over */
	const Chain *chain;
	const Form *form;       /* of PHI_OPEN and PHI_LINEAR: its value one iteration later */
	uint8_t kind, cc;       /* cc of PHI_EXTREME: chain cc phi ? chain : phi */
	uint8_t how;            /* of PHI_SHIFTED: IR_SHR, IR_SAR, IR_SDIV */
	uint64_t by;            /* and how many bits each time */
} PhiState;

typedef struct Cond {
	uint8_t cc;
	Val a, b;
} Cond;

typedef struct Limit {
	Val v;
	uint8_t fact;
} Limit;

typedef struct Note {           /* C(n, k), n exact */
	Val n;
	uint32_t k;
} Note;

typedef struct Final {          /* what a phi is after its loop, which stays */
	Val phi, end;
} Final;

typedef struct Scev {
	IrFunc *f;
	OptContext *o;
	Arena *arena;
	BlockId at;
	uint32_t first_new_block;       /* blocks from here on were made by this pass */
	VEC(uint32_t) local;            /* per value: 1 + place in memo, 0 outside the loop */
	uint32_t *in_loop;              /* per block: header + 1 of the loop looked at */
	bool *is_header;                /* per block: of a loop that is still there */
	VEC(Note) notes;                /* of binomial coefficients made before loops */
	VEC(uint32_t) note_of;          /* per value: 1 + its note, or 0; cap counts, not n */

	VEC(Final) finals;
	BlockId *stays_in;              /* per block: header + 1 of the loop that has finals */

	BlockId header;
	BlockId blocks[SCEV_BLOCKS];
	uint32_t nblocks, nphis, nbody, nexits, entry;  /* entry: of phi operands */
	Val body[SCEV_BODY];
	const Form *memo[SCEV_BODY];
	bool known[SCEV_BODY];
	PhiState phi[SCEV_PHIS];
	struct Exit {
		BlockId from;
		Cond stay;
	} exit[SCEV_EXITS];
	Val trap[SCEV_EXITS];           /* TRAPIFs, which are exits of a loop that does nothing but compute */
	uint32_t ntraps;
	bool traps_stay;                /* tried in vain: they are a reason to keep the loop */

	uint32_t period, want;          /* now, and what would do */
	Limit limit[SCEV_LIMITS];
	uint32_t nlimits, walked, work, ins_before;
	Val count;                      /* I64: at least so many iterations are made; 0: none yet */
	bool exact;                     /* and no more, if it ends by its only exit */
	Cond split;                     /* the one that changes on the way; cc CC_COUNT: none */
	int8_t split_rate;              /* sign: its left side gains on the right, or loses */
	bool assume;
	bool touched;                   /* something was made, if only dead code */
	const char *why;                /* not solved: the reason */
	const char *kept;               /* stays in any case: the reason, or NULL */
} Scev;

/* ---- scev_chain.c; chains may be NULL, for unknown, and give NULL ---- */
Val scev_ins(Scev *s, IrOp op, unsigned type, Val a, Val b);    /* at the end of s->at */
Val scev_const(Scev *s, unsigned type, uint64_t bits);
bool scev_constant(const Scev *s, Val v, int64_t *value);       /* sign-extended */
Chain *scev_chain(Scev *s, unsigned type, unsigned degree);     /* all 0 */
const Chain *scev_invariant(Scev *s, Val v);
Val *scev_at(const Chain *c, unsigned r, unsigned k);
const Chain *scev_add(Scev *s, const Chain *a, const Chain *b, IrOp add_or_sub);
const Chain *scev_mul(Scev *s, const Chain *a, const Chain *b);
/* Of chains of degree 0, row by row. */
const Chain *scev_each(Scev *s, IrOp op, unsigned type, const Chain *a, const Chain *b);
const Chain *scev_sum(Scev *s, Val start, const Chain *step);
/* x' = step - x, in an even period. */
const Chain *scev_alternate(Scev *s, Val start, const Chain *step);
const Chain *scev_binomial(Scev *s, const Chain *n, unsigned k);        /* n exact, I64 */
Val scev_choose(Scev *s, Val n, unsigned k);                    /* C(n, k) modulo 2^64, n exact */
Val scev_value(Scev *s, const Chain *c, unsigned r, Val q);     /* in iteration period·q + r */
Val scev_value_before(Scev *s, const Chain *c, unsigned r, Val q); /* in period·(q - 1) + r */

/* ---- scev_count.c ---- */
/* I64: the condition holds in that many first iterations at least, and no side wraps in them.
 * 0: unknown.  *exact: it does not hold in the next one. */
Val scev_holds(Scev *s, unsigned cc, const Chain *a, const Chain *b, bool *exact);
bool scev_require(Scev *s, Val v, const Chain *c, unsigned fact); /* proves or limits the count */
void scev_limit(Scev *s, Val count);
void scev_counter(Scev *s, Val phi, Chain *c);  /* facts that the exits' conditions give */
int scev_decide(Scev *s, Cond c, const Chain *a, const Chain *b); /* 0, 1, or -1: unknown */

/* ---- scev_eval.c ---- */
const Form *scev_eval(Scev *s, Val v);
const Chain *scev_chain_of(Scev *s, Val v);     /* NULL unless a chain */
/* The phi one iteration later; next: the only value that it has then, or 0. */
const Form *scev_next(Scev *s, Val phi, Val next);
Val scev_same_always(const Scev *s, const Chain *c);    /* in all iterations, or 0 */
Val scev_operand_from(Scev *s, Val phi, BlockId from);
bool scev_inside(const Scev *s, BlockId b);
void scev_want_period(Scev *s, uint64_t p);

/* ---- scev_phi.c ---- */
void scev_solve(Scev *s);               /* the phis, as far as it gets; at s->period */

/* ---- scev_log.c ---- */
bool scev_linear(Scev *s);              /* the phis still open: PHI_LINEAR if they are a system */
void scev_power(Scev *s, Val count);    /* their ends, by a loop before the loop; moves s->at */

/* ---- scev_bits.c ---- */
bool scev_bits(Scev *s, PhiState *p, Val next); /* makes p of such a kind, if `next` is */
/* As scev_holds(), for such a phi and a constant. */
Val scev_bits_count(Scev *s, Cond stay, bool *exact);
bool scev_bits_known(Scev *s);          /* all of them, after s->count iterations */
Val scev_bits_end(Scev *s, const PhiState *p, Val m);   /* after m; 0: not known */

#endif
