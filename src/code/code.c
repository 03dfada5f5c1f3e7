/* code.c - the one state machine of executable memory: writable, sealed, freed.
 *
 *   | guard | code ... trapping tail | guard | code ... | guard | free ... |      a region
 *
 * A region is address space without access, asked of the system once.  Guards and free pages of it
 * have no access; the pages of a block change from read-write to read-execute once, and back only
 * to be scrubbed; no other mapping of them exists.  Each step of a block's life is one call of the
 * system, and a freed page that is kept saves the next block a page fault. */
#include "code/code.h"

#include "os/os.h"

typedef enum State { WRITABLE, SEALED, FREED } State;

/* Pages are bits, page 0 is bit 0.  A block owns its pages and the guard behind them; the guard in
 * front is page 0 of the region, or belongs to the block before, or is a free page.  A block that
 * is larger than BLOCK_PAGES has a region of its own. */
enum { REGION_PAGES = 64, BLOCK_PAGES = 16 };

typedef struct CodeRegion {
	struct CodeRegion *next;
	uint8_t *map;
	size_t pages;
	bool single;   /* of one large block: the bits mean nothing */
	uint64_t used; /* by blocks, guards included */
	uint64_t kept; /* free, but there is scrubbed memory behind them */
} CodeRegion;

struct CodeBlock {
	CodePool *pool;
	CodeRegion *region;
	uint8_t *code;
	size_t bytes; /* of its pages */
	size_t size;  /* of them usable */
	size_t end;   /* behind the last byte written; 0: nothing was */
	State state;
};

/* ---- Regions -------------------------------------------------------------------------------- */

void
code_pool_init(CodePool *pool, Mem *m, size_t keep)
{
	*pool = (CodePool){ .mem = m, .page = os_page_size(), .keep = keep };
	if (!keep)
		pool->keep = CODE_KEEP_PAGES * pool->page;
}

size_t
code_pages(const CodePool *pool, size_t bytes)
{
	return (bytes + pool->page - 1) & ~(pool->page - 1);
}

static unsigned
count_bits(uint64_t v)
{
	unsigned n = 0;

	for (; v; v &= v - 1)
		n++;
	return n;
}

static trivet_status
new_region(CodePool *pool, size_t pages, CodeRegion **out)
{
	CodeRegion *r = mem_resize(pool->mem, NULL, 0, sizeof *r);
	trivet_status s;
	void *map;

	if (!r)
		return TRIVET_NO_MEMORY;
	s = os_reserve(pages * pool->page, &map);
	if (s != TRIVET_OK) {
		mem_resize(pool->mem, r, sizeof *r, 0);
		return s;
	}
	*r = (CodeRegion){ .next = pool->regions, .map = map, .pages = pages, .used = 1 };
	pool->regions = r;
	pool->reserved += pages * pool->page;
	*out = r;
	return TRIVET_OK;
}

static trivet_status
release_region(CodePool *pool, CodeRegion *r)
{
	CodeRegion **at = &pool->regions;
	trivet_status s = os_release(r->map, r->pages * pool->page);

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	pool->kept -= count_bits(r->kept) * pool->page;
	pool->reserved -= r->pages * pool->page;
	mem_resize(pool->mem, r, sizeof *r, 0);
	return s;
}

void
code_pool_free(CodePool *pool)
{
	while (pool->regions)
		release_region(pool, pool->regions);
}

/* n pages beginning with page `first`, as bits. */
static uint64_t
page_bits(unsigned first, size_t n)
{
	return ((UINT64_C(1) << n) - 1) << first;
}

/* The first of n free pages in a row; 0: there are none. */
static unsigned
find_pages(const CodeRegion *r, size_t n)
{
	uint64_t starts = ~r->used;

	if (r->single)
		return 0;
	for (size_t k = 1; k < n && starts; k++)
		starts &= starts >> 1; /* zeros come in from above */
	return starts ? (unsigned)__builtin_ctzll(starts) : 0;
}

/* Pages for a block, without access yet. */
static trivet_status
take_pages(CodePool *pool, CodeBlock *b)
{
	size_t n = b->bytes / pool->page;
	CodeRegion *r = n > BLOCK_PAGES ? NULL : pool->regions;
	unsigned first = 0;
	trivet_status s;

	while (r && (first = find_pages(r, n + 1)) == 0)
		r = r->next;
	if (!r) {
		s = new_region(pool, n > BLOCK_PAGES ? n + 2 : REGION_PAGES, &r);
		if (s != TRIVET_OK)
			return s;
		first = 1;
	}
	b->region = r;
	b->code = r->map + first * pool->page;
	r->single = n > BLOCK_PAGES;
	if (r->single)
		return TRIVET_OK;
	r->used |= page_bits(first, n + 1);
	pool->kept -= count_bits(r->kept & page_bits(first, n)) * pool->page;
	r->kept &= ~page_bits(first, n); /* a guard may be kept, too */
	return TRIVET_OK;
}

/* Gives the pages of a block back, of which `scrubbed` says that they hold nothing but traps.  One
 * empty region stays, or a program that makes and frees one function would ask for it again and
 * again. */
static trivet_status
give_pages(CodePool *pool, const CodeBlock *b, bool scrubbed)
{
	CodeRegion *r = b->region, *other = pool->regions;
	size_t n = b->bytes / pool->page;
	trivet_status s = TRIVET_OK;
	unsigned first;

	if (r->single)
		return release_region(pool, r);
	first = (unsigned)((size_t)(b->code - r->map) / pool->page);
	if (scrubbed && pool->kept + b->bytes <= pool->keep &&
	    os_protect(b->code, b->bytes, OS_NONE, false) == TRIVET_OK) {
		r->kept |= page_bits(first, n);
		pool->kept += b->bytes;
	} else {
		s = os_decommit(b->code, b->bytes);
		if (s != TRIVET_OK)
			return s; /* the pages are lost until the pool goes */
	}
	r->used &= ~page_bits(first, n + 1);
	while (other && (other == r || (other->used != 1 || other->single)))
		other = other->next;
	return r->used == 1 && other ? release_region(pool, r) : s;
}

/* ---- Blocks --------------------------------------------------------------------------------- */

trivet_status
code_alloc(CodePool *pool, size_t bytes, CodeBlock **out)
{
	CodeBlock *b;
	trivet_status s;

	*out = NULL;
	if (bytes == 0)
		return TRIVET_ARGUMENT;
	if (bytes > CODE_MAX)
		return TRIVET_LIMIT;
	b = mem_resize(pool->mem, NULL, 0, sizeof *b);
	if (!b)
		return TRIVET_NO_MEMORY;
	*b = (CodeBlock){ .pool = pool, .size = bytes, .state = WRITABLE };
	b->bytes = code_pages(pool, bytes);
	s = take_pages(pool, b);
	if (s == TRIVET_OK) {
		s = os_protect(b->code, b->bytes, OS_READ_WRITE, false);
		if (s != TRIVET_OK)
			give_pages(pool, b, false);
	}
	if (s != TRIVET_OK) {
		mem_resize(pool->mem, b, sizeof *b, 0);
		return s;
	}
	os_trap_fill(b->code, b->bytes);
	pool->live += b->bytes;
	*out = b;
	return TRIVET_OK;
}

/* OK for a block that can be written from `at` to at + n. */
static trivet_status
check_range(const CodeBlock *b, size_t at, size_t n)
{
	if (b->state != WRITABLE)
		return b->state == SEALED ? TRIVET_SEALED : TRIVET_FREED;
	return at > b->size || n > b->size - at ? TRIVET_BOUNDS : TRIVET_OK;
}

trivet_status
code_write(CodeBlock *b, size_t at, const void *bytes, size_t n)
{
	trivet_status s;

	if (!b || (!bytes && n))
		return TRIVET_ARGUMENT;
	s = check_range(b, at, n);
	if (s != TRIVET_OK || n == 0)
		return s;
	memcpy(b->code + at, bytes, n);
	if (b->end < at + n)
		b->end = at + n;
	return TRIVET_OK;
}

trivet_status
code_scrub(CodeBlock *b, size_t at, size_t n)
{
	trivet_status s = b ? check_range(b, at, n) : TRIVET_ARGUMENT;

	if (s == TRIVET_OK)
		os_trap_fill(b->code + at, n);
	return s;
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
	os_publish_code(b->code, b->bytes);
	s = os_protect(b->code, b->bytes, OS_READ_EXEC, bti);
	if (s != TRIVET_OK)
		return s;
	os_code_sealed(b->code, b->bytes);
	b->pool->sealed += b->bytes;
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
	*out = b->code + at;
	return TRIVET_OK;
}

/* Pages that are kept are overwritten; those that are not go back to the system, which clears them
 * before anybody gets them. */
trivet_status
code_free(CodeBlock *b)
{
	CodePool *pool;
	bool scrub;

	if (!b)
		return TRIVET_ARGUMENT;
	if (b->state == FREED)
		return TRIVET_FREED;
	pool = b->pool;
	pool->live -= b->bytes;
	scrub = !pool->closing && !b->region->single && pool->kept + b->bytes <= pool->keep;
	if (b->state == SEALED) {
		pool->sealed -= b->bytes;
		os_code_gone(b->code, b->bytes);
		scrub = scrub && os_protect(b->code, b->bytes, OS_READ_WRITE, false) == TRIVET_OK;
	}
	if (scrub)
		os_trap_fill(b->code, b->end);
	b->state = FREED;
	return pool->closing ? TRIVET_OK : give_pages(pool, b, scrub);
}

void
code_forget(CodeBlock *b)
{
	if (!b)
		return;
	if (b->state != FREED)
		code_free(b);
	mem_resize(b->pool->mem, b, sizeof *b, 0);
}

size_t
code_size(const CodeBlock *b)
{
	return b ? b->size : 0;
}

const void *
code_address(const CodeBlock *b)
{
	return b && b->state != FREED ? b->code : NULL;
}

trivet_status
code_probe(void)
{
	size_t page = os_page_size();
	trivet_status s;
	void *at;

	s = os_reserve(page, &at);
	if (s != TRIVET_OK)
		return s;
	s = os_protect(at, page, OS_READ_WRITE, false);
	if (s == TRIVET_OK) {
		os_trap_fill(at, page);
		s = os_protect(at, page, OS_READ_EXEC, false);
	}
	os_release(at, page);
	return s;
}
