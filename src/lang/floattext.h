/* floattext.h - floating-point numbers from and to text, exactly.
 *
 * Reading rounds once, to nearest even, straight to the type asked for, however many digits there
 * are.  Writing gives the shortest decimal that reads back as the same bits.  Both use only
 * integer arithmetic, so all machines agree.  No locale, no allocation.
 *                                                              Tests: tests/unit/lang.c */
#ifndef TRIVET_FLOATTEXT_H
#define TRIVET_FLOATTEXT_H

#include "lang/literal.h"

/* t is F32 or F64.  False when a finite number rounds to infinity. */
bool float_read(const Number *n, trivet_type t, uint64_t *bits);

enum { FLOAT_TEXT_MAX = 32 };
/* NUL-terminated; always reads as a float: "1.0", "-0.0", "1e300", "inf", "nan".  Returns its length. */
uint32_t float_write(trivet_type t, uint64_t bits, char out[FLOAT_TEXT_MAX]);

#endif
