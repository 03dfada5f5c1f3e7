/* span.c - what a loop that copies one span to another does, for many elements at once. */
#include "base/span.h"
#include "base/num.h"

#include <stdbool.h>

/* What is moved before the next is looked at: it stays in the nearest cache. */
enum { PIECE = 2048 };

/* May the elements be moved in any order?  As memmove() does, unless one is written before it is
 * read. */
static bool
is_free(const void *to, const void *from, uint64_t bytes)
{
	uint64_t ahead = (uint64_t)(uintptr_t)to - (uint64_t)(uintptr_t)from;

	return ahead == 0 || ahead >= bytes;
}

void
span_copy(void *to, const void *from, uint64_t bytes)
{
	uint64_t ahead = (uint64_t)(uintptr_t)to - (uint64_t)(uintptr_t)from, word, k = 0;
	const char *source = from;
	char *target = to;

	if (is_free(to, from, bytes)) {
		memmove(to, from, bytes);
		return;
	}
	for (; ahead >= sizeof word && k + sizeof word <= bytes; k += sizeof word) {
		memcpy(&word, source + k, sizeof word);
		memcpy(target + k, &word, sizeof word);
	}
	for (; k < bytes; k++)
		target[k] = source[k];
}

/* What comparisons of vectors give, in 4 lanes or 2: all bits of a lane, or none. */
typedef int32_t Mask __attribute__((vector_size(16)));

/* Looks at four vectors at a time, then at single elements. */
// clang-format off
#define DEFINE_CANON(suffix, Float)							\
	typedef Float Vector_##suffix __attribute__((vector_size(16), aligned(sizeof(Float)), may_alias)); \
											\
	static bool has_nan_##suffix(const char *from, uint64_t bytes)			\
	{										\
		Mask found = { 0 };							\
		bool any = false;							\
		Float x;								\
											\
		for (; bytes >= 64; from += 64, bytes -= 64) {				\
			const Vector_##suffix *v = (const void *)from;			\
			found |= (Mask)(v[0] != v[0]) | (Mask)(v[1] != v[1]) |		\
				 (Mask)(v[2] != v[2]) | (Mask)(v[3] != v[3]);		\
		}									\
		for (unsigned k = 0; k < 4; k++)					\
			any |= found[k] != 0;						\
		for (; bytes; from += sizeof x, bytes -= sizeof x) {			\
			memcpy(&x, from, sizeof x);					\
			any |= x != x;							\
		}									\
		return any;								\
	}										\
											\
	static void canon_each_##suffix(char *to, const char *from, uint64_t bytes)	\
	{										\
		Float x;								\
											\
		for (uint64_t k = 0; k < bytes; k += sizeof x) {			\
			memcpy(&x, from + k, sizeof x);					\
			x = num_canon_##suffix(x);					\
			memcpy(to + k, &x, sizeof x);					\
		}									\
	}										\
											\
	void span_canon_##suffix(void *to, const void *from, uint64_t count)		\
	{										\
		uint64_t bytes = count * sizeof(Float), piece;				\
		const char *source = from;						\
		char *target = to;							\
											\
		if (!is_free(to, from, bytes)) {					\
			canon_each_##suffix(to, from, bytes);				\
			return;								\
		}									\
		for (; bytes; target += piece, source += piece, bytes -= piece) {	\
			piece = bytes < PIECE ? bytes : PIECE;				\
			if (has_nan_##suffix(source, piece))				\
				canon_each_##suffix(target, source, piece);		\
			else								\
				memmove(target, source, piece);				\
		}									\
	}
DEFINE_CANON(f32, float)
DEFINE_CANON(f64, double)
// clang-format on
