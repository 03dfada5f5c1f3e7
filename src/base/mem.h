/* mem.h - memory of one engine and of one task: the host's allocator, arenas, vectors.
 *
 * Rule for running out: the failing call returns NULL (or 0) and Mem.failed sticks.  Whoever
 * started the task asks mem->failed once at its end; in between code only has to avoid touching
 * the NULL.  Uses nothing.                                      Tests: tests/unit/mem.c */
#ifndef TRIVET_MEM_H
#define TRIVET_MEM_H

#include <stdarg.h>
#include <string.h>

#include "trivet.h"

/* Formats are those of GNU printf on every target, because mem.c does the formatting. */
#if defined(__clang__)
#define MEM_PRINTF(at, first) __attribute__((format(printf, at, first)))
#elif defined(__GNUC__)
#define MEM_PRINTF(at, first) __attribute__((format(gnu_printf, at, first)))
#else
#define MEM_PRINTF(at, first)
#endif

typedef struct Mem {
	trivet_allocator host;
	size_t live, peak;              /* bytes now, and the most there were; spare ones included */
	size_t keep;                    /* bytes that freed arenas may leave for the next; 0 at first */
	size_t kept;
	struct ArenaChunk *spare;
	bool failed;                    /* an allocation failed since mem_init or since cleared */
} Mem;

void mem_init(Mem *m, const trivet_allocator *host);    /* NULL: malloc and free */
void mem_drop_spare(Mem *m);            /* what arenas left, before the Mem goes */
void *mem_resize(Mem *m, void *p, size_t old_size, size_t size);

typedef struct Arena {
	Mem *mem;
	struct ArenaChunk *chunks;
	char *at, *end;                 /* what is left of the newest chunk */
} Arena;

void arena_init(Arena *a, Mem *m);                      /* allocates nothing */
void *arena_alloc(Arena *a, size_t bytes);              /* zeroed, aligned to 16; NULL on failure */
void *arena_take(Arena *a, size_t bytes);               /* the same, not zeroed */
/* Makes room again for what the newest allocation took; of an older one it stays taken. */
void arena_give(Arena *a, void *p, size_t bytes);
void arena_free(Arena *a);                              /* everything; usable again afterwards */

/* A growing array inside an arena:  VEC(Node) nodes;  Node *n = vec_push(arena, &nodes);
 * The new element is zeroed.  NULL when memory ran out; then n is unchanged.  Indexes stay
 * valid when it grows, pointers do not. */
#define VEC(T)               \
	struct {             \
		T *at;       \
		uint32_t n, cap; \
	}
#define vec_push(arena, v)                                                                      \
	((v)->n < (v)->cap                                                                      \
	                 || vec_grow((arena), (void **)&(v)->at, &(v)->cap, sizeof *(v)->at)    \
	         ? (memset(&(v)->at[(v)->n], 0, sizeof *(v)->at), &(v)->at[(v)->n++])           \
	         : NULL)
bool vec_grow(Arena *a, void **at, uint32_t *cap, size_t element_size);
/* At least `want` elements of room; those beyond the old capacity are zero. */
bool vec_reserve(Arena *a, void **at, uint32_t *cap, size_t element_size, uint32_t want);
/* The same, but what there is now room for is not cleared. */
bool vec_room(Arena *a, void **at, uint32_t *cap, size_t element_size, uint32_t want);

/* A piece of text that need not end in a NUL. */
typedef struct Str {
	const char *at;
	uint32_t n;
} Str;
#define STR(literal) ((Str){ literal, sizeof(literal) - 1 })
bool str_is(Str s, const char *text);
bool str_equal(Str a, Str b);
Str str_copy(Arena *a, Str s);                          /* NUL-terminated copy; {NULL, 0} on failure */

/* Growing text.  Always NUL-terminated once something was written; sticky through mem->failed. */
typedef struct Text {
	Arena *arena;
	char *at;
	uint32_t n, cap;
} Text;
void text_init(Text *t, Arena *a);
void text_add(Text *t, const char *s, size_t n);
/* %d %i %u %x %X %o %c %s %% with flags - 0 + # and space, width, precision and any length; a float
 * or a pointer is no part of it and comes out as "%?". */
MEM_PRINTF(2, 3) void text_addf(Text *t, const char *format, ...);
void text_addv(Text *t, const char *format, va_list args);

/* The same into a fixed buffer, as snprintf does: cut to room - 1, NUL-terminated when room > 0;
 * returns the length of the whole. */
MEM_PRINTF(3, 4) size_t mem_format(char *out, size_t room, const char *format, ...);

#endif
