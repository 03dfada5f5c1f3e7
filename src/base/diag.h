/* diag.h - errors in a program's text: position, what was found, what was expected.
 *
 * Collected, not printed; at most DIAG_MAX are kept.  Uses mem.h.   Tests: tests/unit/diag.c */
#ifndef TRIVET_DIAG_H
#define TRIVET_DIAG_H

#include "base/mem.h"

enum { DIAG_MAX = 20 };

typedef struct Diag {
	uint32_t line, column;          /* from 1; column counts bytes */
	uint32_t width;                 /* bytes to underline, at least 1 */
	const char *message;
} Diag;

typedef struct Diags {
	Arena *arena;
	Str file, text;                 /* name for messages; the source */
	VEC(Diag) list;
	uint32_t dropped;               /* errors beyond DIAG_MAX */
} Diags;

void diag_init(Diags *d, Arena *a, Str file, Str text);
MEM_PRINTF(5, 6)
void diag_add(Diags *d, uint32_t line, uint32_t column, uint32_t width, const char *format, ...);
/* FILE:LINE:COLUMN: error: MESSAGE, the line, a caret; tabs and control bytes made harmless,
 * long lines cut around the caret. */
void diag_format(const Diags *d, uint32_t index, Text *out);

#endif
