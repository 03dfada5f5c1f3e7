/* code.c - the one state machine of executable memory: writable, sealed, freed.
 *
 *   | guard page | code ... trapping tail to the end of the page | guard page |
 *
 * The pages between the guards change from read-write to read-execute once, and back only to be
 * scrubbed; no other mapping of them exists. */
#include "code/code.h"

#include "os/os.h"

typedef enum State { WRITABLE, SEALED, FREED } State;

struct CodeBlock {
	uint8_t *map; /* first guard page */
	size_t guard; /* bytes of one guard: a page */
	size_t pages; /* bytes between the guards */
	size_t size;  /* of them usable */
	size_t end;   /* behind the last byte written; 0: nothing was */
	State state;
};

static uint8_t *
code_of(const CodeBlock *b)
{
	return b->map + b->guard;
}

static size_t
map_bytes(const CodeBlock *b)
{
	return b->pages + 2 * b->guard;
}

trivet_status
code_alloc(Mem *m, size_t bytes, CodeBlock **out)
{
	size_t page = os_page_size();
	trivet_status s;
	CodeBlock *b;
	void *map;

	*out = NULL;
	if (bytes == 0)
		return TRIVET_ARGUMENT;
	if (bytes > CODE_MAX)
		return TRIVET_LIMIT;
	b = mem_resize(m, NULL, 0, sizeof *b);
	if (!b)
		return TRIVET_NO_MEMORY;
	*b = (CodeBlock){ .guard = page, .size = bytes, .state = WRITABLE };
	b->pages = (bytes + page - 1) & ~(page - 1);
	s = os_reserve(map_bytes(b), &map);
	if (s != TRIVET_OK) {
		mem_resize(m, b, sizeof *b, 0);
		return s;
	}
	b->map = map;
	s = os_protect(code_of(b), b->pages, OS_READ_WRITE, false);
	if (s != TRIVET_OK) {
		os_release(b->map, map_bytes(b));
		mem_resize(m, b, sizeof *b, 0);
		return s;
	}
	os_trap_fill(code_of(b), b->pages);
	*out = b;
	return TRIVET_OK;
}

trivet_status
code_write(CodeBlock *b, size_t at, const void *bytes, size_t n)
{
	if (!b || (!bytes && n))
		return TRIVET_ARGUMENT;
	if (b->state != WRITABLE)
		return b->state == SEALED ? TRIVET_SEALED : TRIVET_FREED;
	if (at > b->size || n > b->size - at)
		return TRIVET_BOUNDS;
	if (n == 0)
		return TRIVET_OK;
	memcpy(code_of(b) + at, bytes, n);
	if (b->end < at + n)
		b->end = at + n;
	return TRIVET_OK;
}

/* When it fails the block stays writable; it can be tried again, or freed. */
trivet_status
code_seal(CodeBlock *b, bool bti)
{
	trivet_status s;

	if (!b)
		return TRIVET_ARGUMENT;
	if (b->state != WRITABLE)
		return b->state == SEALED ? TRIVET_SEALED : TRIVET_FREED;
	if (b->end == 0)
		return TRIVET_EMPTY;
	os_publish_code(code_of(b), b->pages);
	s = os_protect(code_of(b), b->pages, OS_READ_EXEC, bti);
	if (s != TRIVET_OK)
		return s;
	os_code_sealed(code_of(b), b->pages);
	b->state = SEALED;
	return TRIVET_OK;
}

trivet_status
code_entry(const CodeBlock *b, size_t at, void **out)
{
	*out = NULL;
	if (!b)
		return TRIVET_ARGUMENT;
	if (b->state != SEALED)
		return b->state == WRITABLE ? TRIVET_NOT_SEALED : TRIVET_FREED;
	if (at >= b->end)
		return TRIVET_BOUNDS;
	*out = code_of(b) + at;
	return TRIVET_OK;
}

/* Scrubbed first: should the system keep or reuse the pages, nothing of the code is left in them.
 */
trivet_status
code_free(CodeBlock *b)
{
	trivet_status s;

	if (!b)
		return TRIVET_ARGUMENT;
	if (b->state == FREED)
		return TRIVET_FREED;
	if (b->state == WRITABLE ||
	    os_protect(code_of(b), b->pages, OS_READ_WRITE, false) == TRIVET_OK)
		os_trap_fill(code_of(b), b->pages);
	s = os_release(b->map, map_bytes(b));
	b->map = NULL;
	b->state = FREED;
	return s;
}

void
code_forget(Mem *m, CodeBlock *b)
{
	if (!b)
		return;
	if (b->state != FREED)
		code_free(b);
	mem_resize(m, b, sizeof *b, 0);
}

size_t
code_size(const CodeBlock *b)
{
	return b ? b->size : 0;
}

const void *
code_address(const CodeBlock *b)
{
	return b && b->state != FREED ? code_of(b) : NULL;
}

trivet_status
code_probe(Mem *m)
{
	uint8_t stop[16];
	CodeBlock *b;
	trivet_status s = code_alloc(m, sizeof stop, &b);

	if (s != TRIVET_OK)
		return s;
	os_trap_fill(stop, sizeof stop);
	s = code_write(b, 0, stop, sizeof stop);
	if (s == TRIVET_OK)
		s = code_seal(b, false);
	code_forget(m, b);
	return s;
}
