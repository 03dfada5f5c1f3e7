/* span.h - what a loop that copies one span to another does, for many elements at once.
 *
 * Each gives what copying one element after the other gives, from the first to the last, also where
 * the two overlap: then an element may be read that was written before.  Generated code calls these.
 *                                                              Tests: tests/unit/span.c */
#ifndef TRIVET_SPAN_H
#define TRIVET_SPAN_H

#include <stdint.h>

/* Elements of any size, none reaching into the next of the other span: the starts are the same, or
 * at least an element apart. */
void span_copy(void *to, const void *from, uint64_t bytes);
/* Floats; a NaN arrives as the canonical one. */
void span_canon_f32(void *to, const void *from, uint64_t count);
void span_canon_f64(void *to, const void *from, uint64_t count);

#endif
