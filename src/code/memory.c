/* memory.c - trivet_memory.h: handles, pieces in blocks, a lock, limits, and accounts.
 *
 * States and protection are code.c's.  Blocks and pieces are rows of two tables; a handle is the
 * number of a row and how often the row had been used before, so that an old handle is known as
 * such for ever. */
#include "code/code.h"
#include "os/os.h"
#include "trivet_memory.h"

enum { NONE = UINT32_MAX }; /* no row */

typedef struct Piece {
	uint32_t uses; /* before this one: the handle's upper half */
	bool live;
	uint32_t block;
	uint32_t next, prev;	/* in its block, or (next) among the free rows */
	uint32_t at, size, end; /* in the block's bytes; end: behind the last one written */
} Piece;

typedef struct Block {
	uint32_t uses;
	bool live;
	bool held; /* by its opener: open, and made for several pieces */
	CodeBlock *code;
	uint32_t next;	/* among the free rows */
	uint32_t first; /* piece */
	uint32_t used;	/* bytes given to pieces */
} Block;

struct trivet_memory {
	Mem mem;
	CodePool pool;
	OsLock lock;
	size_t most;
	bool bti;
	Piece *pieces;
	uint32_t npieces, cap_pieces, free_piece;
	Block *blocks;
	uint32_t nblocks, cap_blocks, free_block;
	trivet_memory_stats stats;
};

/* ---- Opening and closing -------------------------------------------------------------------- */

trivet_status
trivet_memory_open(const trivet_memory_options *options, trivet_memory **out)
{
	const trivet_memory_options none = { 0 };
	trivet_memory *m;
	Mem mem;

	if (!out)
		return TRIVET_ARGUMENT;
	*out = NULL;
	if (!options)
		options = &none;
	mem_init(&mem, &options->allocator);
	m = mem_resize(&mem, NULL, 0, sizeof *m);
	if (!m)
		return TRIVET_NO_MEMORY;
	*m = (trivet_memory){ .mem = mem,
			      .most = options->most ? options->most : SIZE_MAX,
			      .bti = options->landing_pads,
			      .free_piece = NONE,
			      .free_block = NONE };
	code_pool_init(&m->pool, &m->mem, options->keep);
	os_lock_init(&m->lock);
	*out = m;
	return TRIVET_OK;
}

void
trivet_memory_close(trivet_memory *m)
{
	Mem mem;

	if (!m)
		return;
	m->pool.closing = true;
	for (uint32_t i = 0; i < m->nblocks; i++)
		if (m->blocks[i].live)
			code_forget(m->blocks[i].code);
	code_pool_free(&m->pool);
	mem_resize(&m->mem, m->pieces, m->cap_pieces * sizeof *m->pieces, 0);
	mem_resize(&m->mem, m->blocks, m->cap_blocks * sizeof *m->blocks, 0);
	os_lock_destroy(&m->lock);
	mem = m->mem;
	mem_resize(&mem, m, sizeof *m, 0);
}

trivet_status
trivet_memory_probe(void)
{
	return code_probe();
}

/* ---- Handles -------------------------------------------------------------------------------- */

static uint64_t
handle(uint32_t row, uint32_t uses)
{
	return (uint64_t)uses << 32 | (row + 1);
}

/* The row that a handle names, when it was one of `n` rows. */
static bool
row_of(uint64_t id, uint32_t n, uint32_t *row)
{
	*row = (uint32_t)id - 1;
	return (uint32_t)id != 0 && *row < n;
}

static trivet_status
find_piece(trivet_memory *m, trivet_piece p, Piece **out)
{
	uint32_t row, uses = (uint32_t)(p.id >> 32);
	Piece *piece;

	if (!row_of(p.id, m->npieces, &row))
		return TRIVET_ARGUMENT;
	piece = &m->pieces[row];
	*out = piece;
	if (uses == piece->uses && piece->live)
		return TRIVET_OK;
	return uses < piece->uses ? TRIVET_FREED : TRIVET_ARGUMENT;
}

static trivet_status
find_block(trivet_memory *m, trivet_block b, Block **out)
{
	uint32_t row, uses = (uint32_t)(b.id >> 32);
	Block *block;

	if (!row_of(b.id, m->nblocks, &row))
		return TRIVET_ARGUMENT;
	block = &m->blocks[row];
	*out = block;
	if (uses == block->uses && block->live)
		return TRIVET_OK;
	return uses < block->uses ? TRIVET_FREED : TRIVET_ARGUMENT;
}

/* Room for one more row in a table of rows of `size` bytes. */
static bool
grow(trivet_memory *m, void **table, uint32_t *cap, size_t size)
{
	uint32_t more = *cap ? *cap * 2 : 16;
	void *p;

	if (*cap > NONE / 4)
		return false;
	p = mem_resize(&m->mem, *table, *cap * size, more * size);
	if (!p)
		return false;
	*table = p;
	*cap = more;
	return true;
}

static trivet_status
new_piece_row(trivet_memory *m, uint32_t *row)
{
	void *table = m->pieces;

	*row = m->free_piece;
	if (*row != NONE) {
		m->free_piece = m->pieces[*row].next;
		return TRIVET_OK;
	}
	if (m->npieces == m->cap_pieces) {
		if (!grow(m, &table, &m->cap_pieces, sizeof *m->pieces))
			return TRIVET_NO_MEMORY;
		m->pieces = table;
	}
	*row = m->npieces++;
	m->pieces[*row] = (Piece){ 0 };
	return TRIVET_OK;
}

static trivet_status
new_block_row(trivet_memory *m, uint32_t *row)
{
	void *table = m->blocks;

	*row = m->free_block;
	if (*row != NONE) {
		m->free_block = m->blocks[*row].next;
		return TRIVET_OK;
	}
	if (m->nblocks == m->cap_blocks) {
		if (!grow(m, &table, &m->cap_blocks, sizeof *m->blocks))
			return TRIVET_NO_MEMORY;
		m->blocks = table;
	}
	*row = m->nblocks++;
	m->blocks[*row] = (Block){ 0 };
	return TRIVET_OK;
}

/* A row that has been used 2^32 - 1 times is not used again. */
static void
drop_piece_row(trivet_memory *m, uint32_t row)
{
	Piece *p = &m->pieces[row];

	p->live = false;
	if (++p->uses == UINT32_MAX)
		return;
	p->next = m->free_piece;
	m->free_piece = row;
}

static void
drop_block_row(trivet_memory *m, uint32_t row)
{
	Block *b = &m->blocks[row];

	b->live = false;
	b->code = NULL;
	if (++b->uses == UINT32_MAX)
		return;
	b->next = m->free_block;
	m->free_block = row;
}

/* ---- Blocks and pieces, under the lock ------------------------------------------------------ */

static void
count_mapped(trivet_memory *m)
{
	size_t mapped = m->pool.live + m->pool.kept;

	if (m->stats.peak < mapped)
		m->stats.peak = mapped;
}

static trivet_status
open_block(trivet_memory *m, size_t bytes, bool held, uint32_t *row)
{
	CodeBlock *code;
	trivet_status s;

	if (bytes == 0)
		return TRIVET_ARGUMENT;
	if (bytes > CODE_MAX || m->pool.live > m->most ||
	    code_pages(&m->pool, bytes) > m->most - m->pool.live)
		return TRIVET_LIMIT;
	s = new_block_row(m, row);
	if (s != TRIVET_OK)
		return s;
	s = code_alloc(&m->pool, bytes, &code);
	if (s != TRIVET_OK) {
		drop_block_row(m, *row);
		return s;
	}
	m->blocks[*row] = (Block){ .uses = m->blocks[*row].uses,
				   .live = true,
				   .held = held,
				   .code = code,
				   .first = NONE };
	m->stats.blocks++;
	m->stats.blocks_ever++;
	count_mapped(m);
	return TRIVET_OK;
}

static trivet_status
close_block(trivet_memory *m, uint32_t row)
{
	CodeBlock *code = m->blocks[row].code;
	trivet_status s = code_free(code);

	code_forget(code);
	drop_block_row(m, row);
	m->stats.blocks--;
	return s;
}

static trivet_status
add_piece(trivet_memory *m, uint32_t block, size_t bytes, trivet_piece *out)
{
	Block *b = &m->blocks[block];
	uint32_t row;
	trivet_status s = code_write(b->code, 0, NULL, 0); /* is it open? */
	Piece *p;

	if (s != TRIVET_OK)
		return s;
	if (bytes == 0)
		return TRIVET_ARGUMENT;
	if (bytes > code_size(b->code) - b->used)
		return TRIVET_BOUNDS;
	s = new_piece_row(m, &row);
	if (s != TRIVET_OK)
		return s;
	p = &m->pieces[row];
	*p = (Piece){ .uses = p->uses,
		      .live = true,
		      .block = block,
		      .next = b->first,
		      .prev = NONE,
		      .at = b->used,
		      .size = (uint32_t)bytes };
	if (p->next != NONE)
		m->pieces[p->next].prev = row;
	b->first = row;
	b->used += (p->size + TRIVET_PIECE_ALIGN - 1) & ~(uint32_t)(TRIVET_PIECE_ALIGN - 1);
	if (b->used > code_size(b->code))
		b->used = (uint32_t)code_size(b->code);
	m->stats.used += bytes;
	m->stats.pieces++;
	m->stats.pieces_ever++;
	out->id = handle(row, p->uses);
	return TRIVET_OK;
}

/* Only its row; the block is left as it is. */
static void
remove_piece(trivet_memory *m, uint32_t row)
{
	Piece *p = &m->pieces[row];

	if (p->prev != NONE)
		m->pieces[p->prev].next = p->next;
	else
		m->blocks[p->block].first = p->next;
	if (p->next != NONE)
		m->pieces[p->next].prev = p->prev;
	m->stats.used -= p->size;
	m->stats.pieces--;
	drop_piece_row(m, row);
}

static trivet_status
seal_block(trivet_memory *m, Block *b)
{
	trivet_status s = b->first == NONE ? code_write(b->code, 0, NULL, 0) : TRIVET_OK;

	if (s == TRIVET_OK && b->first == NONE)
		return TRIVET_EMPTY;
	if (s == TRIVET_OK)
		s = code_seal(b->code, m->bti);
	if (s == TRIVET_OK)
		b->held = false;
	return s;
}

static trivet_status
free_piece(trivet_memory *m, Piece *p)
{
	uint32_t block = p->block;
	Block *b = &m->blocks[block];

	code_scrub(b->code, p->at, p->size); /* TRIVET_SEALED for one that others still run in */
	remove_piece(m, (uint32_t)(p - m->pieces));
	return b->first == NONE && !b->held ? close_block(m, block) : TRIVET_OK;
}

/* ---- The calls ------------------------------------------------------------------------------ */

trivet_status
trivet_memory_alloc(trivet_memory *m, size_t bytes, trivet_piece *out)
{
	uint32_t block;
	trivet_status s;

	if (!out)
		return TRIVET_ARGUMENT;
	out->id = 0;
	if (!m)
		return TRIVET_ARGUMENT;
	os_lock(&m->lock);
	s = open_block(m, bytes, false, &block);
	if (s == TRIVET_OK) {
		s = add_piece(m, block, bytes, out);
		if (s != TRIVET_OK)
			close_block(m, block);
	}
	os_unlock(&m->lock);
	return s;
}

trivet_status
trivet_memory_block(trivet_memory *m, size_t bytes, trivet_block *out)
{
	uint32_t row;
	trivet_status s;

	if (!out)
		return TRIVET_ARGUMENT;
	out->id = 0;
	if (!m)
		return TRIVET_ARGUMENT;
	os_lock(&m->lock);
	s = open_block(m, bytes, true, &row);
	if (s == TRIVET_OK)
		out->id = handle(row, m->blocks[row].uses);
	os_unlock(&m->lock);
	return s;
}

trivet_status
trivet_memory_alloc_in(trivet_memory *m, trivet_block b, size_t bytes, trivet_piece *out)
{
	trivet_status s;
	Block *block;

	if (!out)
		return TRIVET_ARGUMENT;
	out->id = 0;
	if (!m)
		return TRIVET_ARGUMENT;
	os_lock(&m->lock);
	s = find_block(m, b, &block);
	if (s == TRIVET_OK)
		s = add_piece(m, (uint32_t)(block - m->blocks), bytes, out);
	os_unlock(&m->lock);
	return s;
}

trivet_status
trivet_memory_write(trivet_memory *m, trivet_piece p, size_t at, const void *bytes, size_t n)
{
	trivet_status s;
	Piece *piece;

	if (!m)
		return TRIVET_ARGUMENT;
	os_lock(&m->lock);
	s = find_piece(m, p, &piece);
	if (s == TRIVET_OK && (at > piece->size || n > piece->size - at)) {
		s = code_write(m->blocks[piece->block].code, 0, NULL, 0);
		s = s == TRIVET_OK ? TRIVET_BOUNDS : s;
	} else if (s == TRIVET_OK) {
		s = code_write(m->blocks[piece->block].code, piece->at + at, bytes, n);
		if (s == TRIVET_OK && n && piece->end < at + n)
			piece->end = (uint32_t)(at + n);
	}
	os_unlock(&m->lock);
	return s;
}

trivet_status
trivet_memory_seal(trivet_memory *m, trivet_piece p)
{
	trivet_status s;
	Piece *piece;

	if (!m)
		return TRIVET_ARGUMENT;
	os_lock(&m->lock);
	s = find_piece(m, p, &piece);
	if (s == TRIVET_OK)
		s = seal_block(m, &m->blocks[piece->block]);
	os_unlock(&m->lock);
	return s;
}

trivet_status
trivet_memory_seal_block(trivet_memory *m, trivet_block b)
{
	trivet_status s;
	Block *block;

	if (!m)
		return TRIVET_ARGUMENT;
	os_lock(&m->lock);
	s = find_block(m, b, &block);
	if (s == TRIVET_OK)
		s = seal_block(m, block);
	os_unlock(&m->lock);
	return s;
}

trivet_status
trivet_memory_entry(trivet_memory *m, trivet_piece p, size_t at, trivet_function *out)
{
	void *address = NULL;
	trivet_status s;
	Piece *piece;

	if (!out)
		return TRIVET_ARGUMENT;
	*out = NULL;
	if (!m)
		return TRIVET_ARGUMENT;
	os_lock(&m->lock);
	s = find_piece(m, p, &piece);
	if (s == TRIVET_OK)
		s = code_entry(m->blocks[piece->block].code, piece->at, &address);
	if ((s == TRIVET_OK || s == TRIVET_BOUNDS) && at >= piece->end)
		s = TRIVET_BOUNDS;
	os_unlock(&m->lock);
	if (s != TRIVET_OK)
		return s;
	/* POSIX and Windows both promise that a data pointer of code is a function pointer. */
	address = (char *)address + at;
	memcpy(out, &address, sizeof *out);
	return TRIVET_OK;
}

trivet_function
trivet_memory_function(trivet_memory *m, trivet_piece p, trivet_status *status)
{
	trivet_function f;
	trivet_status s = trivet_memory_entry(m, p, 0, &f);

	if (status)
		*status = s;
	return f;
}

trivet_status
trivet_memory_address(trivet_memory *m, trivet_piece p, uint64_t *out)
{
	trivet_status s;
	Piece *piece;

	if (!out)
		return TRIVET_ARGUMENT;
	*out = 0;
	if (!m)
		return TRIVET_ARGUMENT;
	os_lock(&m->lock);
	s = find_piece(m, p, &piece);
	if (s == TRIVET_OK)
		*out = (uintptr_t)code_address(m->blocks[piece->block].code) + piece->at;
	os_unlock(&m->lock);
	return s;
}

trivet_status
trivet_memory_free(trivet_memory *m, trivet_piece p)
{
	trivet_status s;
	Piece *piece;

	if (!m)
		return TRIVET_ARGUMENT;
	os_lock(&m->lock);
	s = find_piece(m, p, &piece);
	if (s == TRIVET_OK)
		s = free_piece(m, piece);
	os_unlock(&m->lock);
	return s;
}

trivet_status
trivet_memory_free_block(trivet_memory *m, trivet_block b)
{
	trivet_status s;
	Block *block;

	if (!m)
		return TRIVET_ARGUMENT;
	os_lock(&m->lock);
	s = find_block(m, b, &block);
	if (s == TRIVET_OK) {
		while (block->first != NONE)
			remove_piece(m, block->first);
		s = close_block(m, (uint32_t)(block - m->blocks));
	}
	os_unlock(&m->lock);
	return s;
}

trivet_status
trivet_memory_stats_get(trivet_memory *m, trivet_memory_stats *out)
{
	if (!out)
		return TRIVET_ARGUMENT;
	*out = (trivet_memory_stats){ 0 };
	if (!m)
		return TRIVET_ARGUMENT;
	os_lock(&m->lock);
	*out = m->stats;
	out->reserved = m->pool.reserved;
	out->mapped = m->pool.live + m->pool.kept;
	out->sealed = m->pool.sealed;
	out->kept = m->pool.kept;
	os_unlock(&m->lock);
	return TRIVET_OK;
}
