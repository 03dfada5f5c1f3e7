/* opt.h - the passes of the optimised mode: what they are, and in which order they run.
 *
 * One pass is one file with one entry, `bool NAME_run(IrFunc *f, OptContext *o)`, which returns whether
 * it changed anything.  The list in opt.c says what each needs and breaks; the driver computes
 * needed facts, and verifies after every pass when asked to.  Every pass keeps the numbers of docs/language.md: a trap stays at its
 * point of the program, with the same stores before it; float arithmetic is never reassociated.
 *                                              Tests: tests/unit/opt.c, tests/ir/, tests/cases/ */
#ifndef TRIVET_OPT_H
#define TRIVET_OPT_H

#include "ir/ir.h"

typedef struct OptContext {
	Arena *arena;           /* what a pass allocates here is gone behind it */
	Arena *lasting;         /* and here it lives as long as the compilation */
	Text *remarks;          /* NULL, or one line per loop: FUNCTION:LINE: what became of it, and why */
	const IrModule *module;
	bool ranges;            /* is pass `range` to be made? */
	const struct LoopForest **loops;        /* of the function in hand; NULL: not known since its order broke */
	uint8_t kept;           /* set by a pass that changed something: facts it kept although its row says it breaks them */
} OptContext;

typedef bool PassFn(IrFunc *f, OptContext *o);

/* Facts about a function that passes may need.  ORDER: what ir_order() gives (order, idom, loop_depth).
 * REACHED: nothing is unreachable; made again at once when broken.  CLEAN: nothing is unused or trivial either, as
 * ir_drop_dead() leaves it. */
enum { FACT_ORDER = 1, FACT_CLEAN = 2, FACT_REACHED = 4, FACT_ALL = 7 };

typedef struct Pass {
	const char *name;       /* of --without=NAME and --after=NAME */
	PassFn *run;            /* NULL: a part of others, which ask OptContext for it */
	uint8_t needs, breaks;  /* facts; broken ones only when the pass changed something */
	const char *what;       /* one line for people */
} Pass;
const Pass *opt_pass(uint32_t index);   /* in the order they run; NULL past the last */

typedef struct OptOptions {
	uint64_t without;       /* bit k: skip pass k */
	const char *after;      /* stop after this pass; NULL: run all */
	bool verify;            /* ir_verify after every pass; words in *why */
	uint32_t few_registers; /* 0, or 1 + SEED: what follows `registers` among the names; see gen_registers() */
} OptOptions;

/* From names as people write them: `without` a comma-separated list or NULL, `after` one name or NULL.
 * False when one is not the name of a pass: *unknown is it.  `registers` or `registersSEED` is good in
 * `without`, too. */
bool opt_parse(OptOptions *o, const char *without, const char *after, Str *unknown);

/* False: no memory, or the verifier found something (then *why has words and says after which pass). */
bool opt_run(IrModule *m, const OptOptions *o, Arena *a, Text *remarks, Text *why);

/* The passes, each in the file of its name. */
PassFn tail_run, inline_run, sccp_run, gvn_run, tidy_run, ifconv_run, scev_run, flatten_run, licm_run, divconst_run,
	version_run, copies_run, strength_run, unroll_run, address_run, dse_run,
	pairs_run, constants_run;

#endif
