/* literal.h - numbers as the language writes them, to values.
 *
 * Number is a literal taken apart; it points into the text.  Nothing here allocates.
 *                                                              Tests: tests/unit/lang.c */
#ifndef TRIVET_LITERAL_H
#define TRIVET_LITERAL_H

#include "lang/ast.h"

typedef struct Number {
	uint8_t base;           /* 2, 10 or 16 */
	uint8_t suffix;         /* trivet_type, VOID for none */
	bool is_float;          /* has a point, an exponent, or is inf or nan */
	bool is_inf, is_nan;
	bool exp_negative;
	Str digits;             /* with '_' and at most one '.' */
	Str exponent;           /* digits of it, without sign; empty for none */
} Number;

/* Takes a literal apart.  NULL, or what is wrong with it. */
const char *number_scan(Str text, Number *out);
bool number_magnitude(const Number *n, uint64_t *out);  /* of an integer; false: over 64 bits */

#endif
