/* interp.h - the reference interpreter: bytecode straight from the checked tree.
 *
 * Shares nothing with ir/, opt/ and gen/.  Also serves calls where executable memory is refused.
 * A compiled Bytecode is read-only and may be run by several threads, each with its own InterpEnv.
 *                                            Tests: tests/unit/interp.c, tests/unit/interp_ops.c */
#ifndef TRIVET_INTERP_H
#define TRIVET_INTERP_H

#include "lang/ast.h"
#include "os/os.h"

typedef struct Bytecode Bytecode;

/* In the arena; NULL only when it ran out of memory. */
Bytecode *interp_compile(Arena *a, const Program *p);

typedef struct InterpEnv {
	Mem *mem;                       /* for the value stack of this call */
	const OsFunction *externs;      /* by FuncId; those that are not extern are unused */
	const uint32_t *interrupt;      /* polled (relaxed atomic) at loop heads and calls; or NULL */
	uint32_t *host_raised;          /* non-zero after an extern returned: trap `host`; or NULL */
	uint32_t max_depth;             /* so many recursive calls (NODE_RECURSIVE) may be active, each
	                                   counted with its callee's weight; one more traps
	                                   stack-overflow, where it is called */
	size_t max_stack;               /* bytes of value stack, beyond which stack-overflow traps */
} InterpEnv;

typedef struct TrapSite {
	trivet_trap trap;
	FuncId func;
	uint32_t line;
} TrapSite;

/* args: flat, one uint64_t per scalar, two per span (pointer, length).  On a trap TRIVET_TRAP,
 * *result is 0 and *where tells; else where->trap is NONE.  TRIVET_NO_MEMORY when the stack cannot
 * be had, TRIVET_UNBOUND when a host function that is called is NULL.  f may be a host function. */
trivet_status interp_call(const Bytecode *b, const InterpEnv *env, FuncId f, const uint64_t *args,
                          uint64_t *result, TrapSite *where);
void interp_print(const Bytecode *b, Text *out);        /* disassembly */

#endif
