/* opt.c - the list of passes, and the driver that runs it.
 *
 * The list is the architecture: a pass sees what the rows above it left.  A fact that a pass needs
 * is made when the passes since have broken it. */
#include "opt/opt.h"

// clang-format off
static const Pass passes[] = {
	/* name     entry          needs                     breaks */
	{ "tail",    tail_run,      FACT_CLEAN,               FACT_ALL,
	  "a call of oneself as the last act of a function is a jump to its start" },
	{ "inline",  inline_run,    FACT_CLEAN,               FACT_ALL,
	  "small functions in the place of their calls, and a few levels of recursion" },
	{ "sccp",    sccp_run,      FACT_ORDER,               FACT_ALL,
	  "variables of loops that turn out to be constants, and branches on them" },
	{ "gvn",     gvn_run,       FACT_ORDER,               FACT_ALL,
	  "what was computed, loaded or checked before is not done again" },
	{ "range",   NULL,          0,                        0,
	  "checks and branches that known intervals and orders of values settle: a part of each gvn" },
	{ "tidy",    tidy_run,      FACT_ORDER,               FACT_ORDER | FACT_REACHED,
	  "ways to a branch that settle it go past it; blocks that always follow each other become one" },
	{ "ifconv",  ifconv_run,    FACT_ORDER,               FACT_ORDER | FACT_REACHED,
	  "short branches around cheap work become selections" },
	{ "scev",    scev_run,      FACT_ORDER | FACT_CLEAN,  FACT_ALL,
	  "loops over scalars that evolve predictably are jumped over by closed forms" },
	{ "tidy2",   tidy_run,      FACT_ORDER,               FACT_ORDER | FACT_REACHED,
	  "again, where a branch has gone" },
	{ "flatten", flatten_run,   FACT_ORDER,               FACT_ALL,
	  "loops of a few rounds, known how many, become these rounds" },
	{ "licm",    licm_run,      FACT_ORDER,               0,
	  "what a loop need not compute each time goes before it" },
	{ "divconst", divconst_run, 0,                        FACT_CLEAN,
	  "division and remainder by constants become multiplications and shifts" },
	{ "licm2",   licm_run,      FACT_ORDER,               0,
	  "again, for the parts of divisions" },
	{ "version", version_run,   FACT_ORDER,               FACT_ORDER | FACT_CLEAN,
	  "inner loops get a copy without bounds checks, for when none can fail" },
	{ "copies",  copies_run,    FACT_ORDER | FACT_CLEAN,  FACT_ORDER | FACT_CLEAN,
	  "inner loops that copy one span to another call a function for it" },
	{ "strength", strength_run, FACT_ORDER | FACT_CLEAN,  FACT_CLEAN,
	  "products with a loop's counter are carried along by addition" },
	{ "unroll",  unroll_run,    FACT_ORDER | FACT_CLEAN,  FACT_ORDER | FACT_CLEAN,
	  "inner loops make several rounds between tests; integer sums are taken in any order" },
	{ "gvn2",    gvn_run,       FACT_ORDER,               FACT_ALL,
	  "again, for what the passes since have laid open" },
	{ "address", address_run,   FACT_CLEAN,               FACT_CLEAN,
	  "constants added to an index become part of the offset" },
	{ "pairs",   pairs_run,     FACT_ORDER,               0,
	  "two floats stored in a loop are looked at together for whether they are NaN" },
	{ "dse",     dse_run,       FACT_ORDER,               FACT_CLEAN,
	  "stores that nothing sees" },
	{ "constants", constants_run, FACT_ORDER,             0,
	  "constants that are no immediates stay in registers in inner loops" },
};
// clang-format on
enum { PASS_COUNT = sizeof passes / sizeof *passes };
_Static_assert(PASS_COUNT <= 64, "OptOptions.without has a bit for each");

const Pass *
opt_pass(uint32_t index)
{
	return index < PASS_COUNT ? &passes[index] : NULL;
}

static uint32_t
find_pass(Str name)
{
	uint32_t k = 0;

	while (k < PASS_COUNT && !str_is(name, passes[k].name))
		k++;
	return k;
}

/* `registers`, perhaps with a number of up to 9 digits. */
static bool
is_registers(Str name, uint32_t *one_more)
{
	static const char word[] = "registers";
	uint32_t at = sizeof word - 1, n = 0;

	if (name.n < at || name.n > at + 9 || memcmp(name.at, word, at) != 0)
		return false;
	for (; at < name.n; at++) {
		if (name.at[at] < '0' || name.at[at] > '9')
			return false;
		n = 10 * n + (uint32_t)(name.at[at] - '0');
	}
	*one_more = n + 1;
	return true;
}

bool
opt_parse(OptOptions *o, const char *without, const char *after, Str *unknown)
{
	while (without && *without) {
		Str name = { without, (uint32_t)strcspn(without, ",") };
		uint32_t k = find_pass(name);

		*unknown = name;
		if (k < PASS_COUNT)
			o->without |= UINT64_C(1) << k;
		else if (!is_registers(name, &o->few_registers))
			return false;
		without += name.n + (without[name.n] == ',');
	}
	o->after = after;
	if (after)
		*unknown = (Str){ after, (uint32_t)strlen(after) };
	return !after || find_pass(*unknown) < PASS_COUNT;
}

static bool
verified(const IrFunc *f, const Pass *p, Arena *a, Text *why)
{
	Text words;

	text_init(&words, a);
	if (ir_verify(f, &words))
		return true;
	if (why && !a->mem->failed)
		text_addf(why, "after %s: %s", p->name, words.at ? words.at : "");
	return false;
}

/* Makes what p needs of the facts that f does not have. */
static void
make_facts(IrFunc *f, const Pass *p, uint8_t *facts)
{
	uint8_t missing = p->needs & (uint8_t) ~*facts;

	if (missing & FACT_CLEAN)
		ir_drop_dead(f); /* which takes no block away that is in the order */
	if (missing & FACT_ORDER)
		ir_order(f);
	*facts |= missing;
}

/* After p changed f.  Where it made code unreachable, phis may still name values that are gone:
 * neither the next pass nor the verifier should meet these. */
static void
forget_facts(IrFunc *f, uint8_t broken, uint8_t *facts)
{
	*facts &= (uint8_t)~broken;
	if (broken & FACT_REACHED) {
		ir_drop_dead(f);
		*facts |= FACT_CLEAN;
	}
}

bool
opt_run(IrModule *m, const OptOptions *o, Arena *a, Text *remarks, Text *why)
{
	Arena work;
	OptContext context = { .arena = &work, .lasting = a, .remarks = remarks, .module = m };
	uint32_t range = find_pass(STR("range"));
	uint8_t *facts = arena_alloc(a, m->funcs.n + 1);
	const struct LoopForest **loops = arena_alloc(a, (m->funcs.n + 1) * sizeof *loops);
	bool last = false;

	arena_init(&work, a->mem);
	context.ranges = !(o->without >> range & 1);
	for (uint32_t k = 0; k < PASS_COUNT && !last && facts && loops; k++) {
		const Pass *p = &passes[k];

		last = o->after && strcmp(o->after, p->name) == 0;
		if (o->without >> k & 1 || !p->run)
			continue;
		for (uint32_t i = 0; i < m->funcs.n; i++) {
			IrFunc *f = &m->funcs.at[i];

			if (f->is_entry)
				continue;
			make_facts(f, p, &facts[i]);
			context.kept = 0;
			context.loops = &loops[i];
			if (!a->mem->failed && p->run(f, &context))
				forget_facts(f, p->breaks & (uint8_t)~context.kept, &facts[i]);
			arena_free(&work);
			if (!(facts[i] & FACT_ORDER))
				loops[i] = NULL;
			if (a->mem->failed || (o->verify && !verified(f, p, a, why)))
				return false;
		}
	}
	for (uint32_t i = 0; i < m->funcs.n && facts; i++) {
		IrFunc *f = &m->funcs.at[i];

		if (f->is_entry)
			continue;
		if (!(facts[i] & FACT_CLEAN))
			ir_drop_dead(f);
		f->clean = true;
		f->ordered = (facts[i] & FACT_ORDER) != 0;
	}
	return !a->mem->failed;
}
