/* runtime.c - what generated code calls back: helpers, traps, raising from host functions.
 *
 * The only state outside an engine is per thread: the last trap, because an entry point is a plain
 * C function that returns a plain value, and the flag a host function raises. */
#include "api/api.h"
#include "base/num.h"
#include "base/span.h"
#include "ir/runtime.h"
#include <string.h>

static _Thread_local trivet_trap_info last_trap;
static _Thread_local uint32_t host_raised;

/* On entry from the host, in modules that call host functions. */
static void
enter(Context *c)
{
	c->host_raised = (uint64_t)(uintptr_t)&host_raised;
}

/* From an entry thunk, after a trap has unwound to it. */
static void
trapped(const trivet_code *c, uint64_t site)
{
	if (site < c->nsites) {
		const Site *s = &c->sites[site];
		runtime_set_trap(c, s->trap, s->func, s->line);
	} else {
		runtime_set_trap(c, TRIVET_TRAP_UNREACHABLE, FUNC_NONE, 0);
	}
}

uint64_t
runtime_helper(uint32_t helper)
{
	typedef void (*Any)(void);
	static const Any functions[HELPER_COUNT] = {
#define X(name, function, result, n, a, b, c) [HELPER_##name] = (Any)function,
		IR_HELPER_LIST(X)
#undef X
	};
	return (uint64_t)(uintptr_t)functions[helper];
}

void
runtime_set_trap(const trivet_code *c, trivet_trap trap, FuncId f, uint32_t line)
{
	Str name = { "", 0 };

	if (f < c->module->program.funcs.n)
		name = c->module->program.funcs.at[f].name;
	if (name.n >= sizeof last_trap.function)
		name.n = sizeof last_trap.function - 1;
	memcpy(last_trap.function, name.at, name.n);
	last_trap.function[name.n] = 0;
	last_trap.trap = trap;
	last_trap.line = line;
	host_raised = 0;
}

const trivet_trap_info *
runtime_peek_trap(void)
{
	return &last_trap;
}

void
runtime_clear_trap(void)
{
	last_trap = (trivet_trap_info){ 0 };
}

uint32_t *
runtime_host_raised(void)
{
	return &host_raised;
}

trivet_trap
trivet_last_trap(trivet_trap_info *out)
{
	trivet_trap trap = last_trap.trap;

	if (out)
		*out = last_trap;
	runtime_clear_trap();
	return trap;
}

void
trivet_raise(void)
{
	host_raised = 1;
}
