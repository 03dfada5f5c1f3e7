/* debugger.h - generated code as a debugger sees it: names, source lines and frames.
 *
 * gdb reads a small ELF object from the memory of the process, which lies in a list that it
 * knows by name (gdb's manual, "JIT Compilation Interface").  Knows no instruction set.
 *                                                              Tests: tests/unit/debugger.c */
#ifndef TRIVET_CODE_DEBUGGER_H
#define TRIVET_CODE_DEBUGGER_H

#include "base/mem.h"

typedef struct DebugSymbol { const char *name; uint32_t start, end; } DebugSymbol;
typedef struct DebugLine { uint32_t at, line; } DebugLine;      /* ascending by `at` */

typedef struct DebugModule {
	const char *file;               /* of the source, NUL-terminated */
	uint64_t address;               /* of the code */
	const uint8_t *code;            /* there, or a copy */
	uint32_t size;                  /* of the code alone */
	uint16_t machine;               /* EM_… */
	const uint8_t *eh_frame;        /* as registered, in place */
	uint32_t eh_frame_size;
	const DebugSymbol *symbols; uint32_t nsymbols;
	const DebugLine *lines; uint32_t nlines;
} DebugModule;

/* Appends an ELF object to `t`, which must be empty.  Without memory: t->arena->mem->failed. */
void debugger_object(Text *t, const DebugModule *m);

/* In the list of debuggers; layout fixed by their interface.  Must not move while it is there. */
typedef struct DebugEntry {
	struct DebugEntry *next, *prev;
	const char *object;             /* NULL: not in the list */
	uint64_t size;
} DebugEntry;
void debugger_add(DebugEntry *e, const char *object, uint64_t size);    /* from any thread; O(1) */
void debugger_remove(DebugEntry *e);                    /* of one not added: nothing */

#endif
