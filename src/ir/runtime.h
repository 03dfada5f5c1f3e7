/* runtime.h - the Context: what generated code finds through its context register.
 *
 * It lies in the frame of the entry thunk and lives as long as that call.  Offsets are part of the generated code. */
#ifndef TRIVET_RUNTIME_H
#define TRIVET_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

typedef struct Context {
	uint64_t sp;            /*  0: a trap sets the stack pointer to this … */
	uint64_t resume;        /*  8: … and jumps here, inside the thunk, which returns 0 */
	uint64_t stack_limit;   /* 16: a frame below it is a stack overflow */
	uint32_t depth;         /* 24: recursive calls still allowed */
	uint32_t site;          /* 28: index of the Site that trapped */
	uint64_t host_raised;   /* 32: address of this thread's uint32_t, set by helper `enter`: non-zero
	                                after an extern call means trap `host` */
} Context;

enum {
	CONTEXT_SP = 0, CONTEXT_RESUME = 8, CONTEXT_STACK_LIMIT = 16, CONTEXT_DEPTH = 24, CONTEXT_SITE = 28,
	CONTEXT_HOST_RAISED = 32, CONTEXT_SIZE = 48,
};
_Static_assert(sizeof(Context) == 40 && offsetof(Context, host_raised) == CONTEXT_HOST_RAISED,
               "generated code knows these offsets");

#endif
