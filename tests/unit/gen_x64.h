/* gen_x64.h - for tests that run x86-64 code of both conventions in one process: compile a module of
 * hand-made IR, put it where it may run, call it with every register known. */
#ifndef GEN_X64_H
#define GEN_X64_H

#include "check.h"

#include "code/code.h"
#include "gen/gen.h"
#include "os/os.h"

/* GCC 12 merges two calls that differ in nothing but their convention, and calls the wrong one. */
#define KEEP_APART(which) __asm__ volatile("# " which ::: "memory")

static const struct Target *const x64_targets[2] = { &target_x86_64_linux, &target_x86_64_windows };

typedef struct Loaded { /* must not move */
	CodePool pool;
	CodeBlock *block;
	ObjectCode o;
} Loaded;

/* imports[k]: address for slot k.  False, and a failed check, when it does not compile. */
static inline bool
load_module(Mem *mem, Arena *a, IrModule *m, const GenOptions *o, const uint64_t *imports, Loaded *l)
{
	Text why;
	trivet_status s;

	text_init(&why, a);
	*l = (Loaded){ .block = NULL };
	code_pool_init(&l->pool, mem, 0);
	s = gen_module(m, o, a, &l->o, &why);
	if (!check_true(s == TRIVET_OK, "gen_module", __FILE__, __LINE__)) {
		printf("    %s: %d %s\n", o->target->name, (int)s, why.at ? why.at : "");
		return false;
	}
	for (uint32_t k = 0; imports && k < m->imports.n; k++)
		memcpy(l->o.bytes + l->o.imports + 8 * k, &imports[k], 8);
	return CHECK_EQ(code_alloc(&l->pool, l->o.size, &l->block), TRIVET_OK) &&
	       CHECK_EQ(code_write(l->block, 0, l->o.bytes, l->o.size), TRIVET_OK) &&
	       CHECK_EQ(code_seal(l->block, false), TRIVET_OK);
}

static inline void
unload_module(Loaded *l)
{
	code_forget(l->block);
	code_pool_free(&l->pool);
}

static inline uint64_t
entry_of(const Loaded *l, uint32_t at)
{
	void *p = NULL;

	CHECK_EQ(code_entry(l->block, at, &p), TRIVET_OK);
	return (uint64_t)(uintptr_t)p;
}

/* xorshift64*: the same numbers on every machine. */
static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);
static inline uint64_t
rnd(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

#endif
