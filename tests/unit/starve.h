/* starve.h - for tests that run out of memory: an allocator that fails from the n-th request on and
 * checks that every block comes back with the size it was asked for. */
#ifndef STARVE_H
#define STARVE_H

#include <stdlib.h>

#include "base/mem.h"
#include "check.h"

typedef struct Starved {
	unsigned allowed; /* requests still granted */
	size_t blocks;	  /* not freed yet */
} Starved;

static inline void *
starved_resize(void *user, void *p, size_t old_size, size_t size)
{
	enum { HEADER = 24 }; /* the size, before the block; aligned to 8 only */
	Starved *s = user;
	char *base = p ? (char *)p - HEADER : NULL;

	if (base && !CHECK_EQ(*(size_t *)base, old_size))
		return NULL;
	if (size == 0) {
		s->blocks -= base != NULL;
		free(base);
		return NULL;
	}
	if (s->allowed == 0)
		return NULL;
	s->allowed--;
	s->blocks += base == NULL;
	base = realloc(base, size + HEADER);
	if (!base)
		return NULL;
	*(size_t *)base = size;
	if (!p)
		memset(base + HEADER, 0xa5, size); /* nobody may count on zeros */
	return base + HEADER;
}

static inline void
starved_init(Mem *m, Starved *s, unsigned allowed)
{
	*s = (Starved){ .allowed = allowed };
	mem_init(m, &(trivet_allocator){ starved_resize, s });
}

#endif
