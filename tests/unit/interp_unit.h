/* interp_unit.h - a program compiled for the interpreter, for the tests interp.c and interp_ops.c.
 */
#ifndef INTERP_UNIT_H
#define INTERP_UNIT_H

#include "check.h"

#include "base/num.h"
#include "interp/bytecode.h"
#include "lang/lang.h"

#define COUNT(array) (uint32_t)(sizeof(array) / sizeof *(array))

typedef struct Unit {
	Mem mem;
	Arena arena;
	Program program;
	Bytecode *code;
	OsFunction externs[16]; /* by FuncId */
	InterpEnv env;
	TrapSite where;
	trivet_status status; /* of the last call */
	uint32_t raised;
} Unit;

static bool unit_seen[INSN_COUNT]; /* instructions that some program here was compiled to */

static inline bool
unit_open(Unit *u, const char *text)
{
	Str source = { text, (uint32_t)strlen(text) };
	trivet_status status;
	Diags diags;
	Text message;

	memset(u, 0, sizeof *u);
	mem_init(&u->mem, NULL);
	arena_init(&u->arena, &u->mem);
	diag_init(&diags, &u->arena, STR("test"), source);
	status = program_init(&u->program, &u->arena, STR("test"));
	if (status == TRIVET_OK)
		status = lang_parse(&u->program, source, &diags);
	if (!CHECK_EQ(status, TRIVET_OK)) {
		text_init(&message, &u->arena);
		for (uint32_t i = 0; i < diags.list.n; i++)
			diag_format(&diags, i, &message);
		printf("%.400s\n%s\n", text, message.at ? message.at : "");
		arena_free(&u->arena);
		return false;
	}
	u->code = interp_compile(&u->arena, &u->program);
	for (uint32_t i = 0; u->code && i < u->code->code.n; i++)
		unit_seen[u->code->code.at[i].op] = true;
	u->env = (InterpEnv){ .mem = &u->mem,
			      .externs = u->externs,
			      .host_raised = &u->raised,
			      .max_depth = 10000,
			      .max_stack = 1 << 24 };
	return CHECK(u->code != NULL);
}

static inline void
unit_close(Unit *u)
{
	arena_free(&u->arena);
	CHECK_EQ(u->mem.live, 0);
}

static inline FuncId
unit_find(const Unit *u, const char *name)
{
	FuncId f = program_find(&u->program, (Str){ name, (uint32_t)strlen(name) });

	if (f == FUNC_NONE)
		printf("no function %s\n", name);
	return CHECK(f != FUNC_NONE) ? f : 0;
}

static inline uint64_t
unit_call(Unit *u, const char *name, const uint64_t *args)
{
	uint64_t result = 77;

	u->status = interp_call(u->code, &u->env, unit_find(u, name), args, &result, &u->where);
	if (u->status == TRIVET_OK)
		CHECK_EQ(u->where.trap, TRIVET_TRAP_NONE);
	else
		CHECK_EQ(result, 0);
	return result;
}

/* Notes a failure for each instruction from `first` to `last` that no program here was compiled to.
 */
static inline void
unit_coverage(uint32_t first, uint32_t last)
{
	static const char *const names[INSN_COUNT] = {
#define O(name, format) #name,
		INSN_LIST(O)
#undef O
	};

	for (uint32_t op = first; op <= last; op++)
		if (!CHECK(unit_seen[op]))
			printf("    no program uses %s\n", names[op]);
}

#endif
