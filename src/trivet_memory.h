/* trivet_memory.h - executable memory: alloc, write, seal, enter, free.
 *
 * For those who have machine code - from trivet_asm.h, or from anywhere - and want to call it.  No
 * page is ever writable and executable, under no name and at no instant.
 *
 *     static const uint8_t code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };      // mov eax, 42; ret
 *     trivet_memory *m;
 *     trivet_piece p;
 *     trivet_memory_open(NULL, &m);
 *     trivet_memory_alloc(m, sizeof code, &p);
 *     trivet_memory_write(m, p, 0, code, sizeof code);
 *     trivet_memory_seal(m, p);
 *     int (*answer)(void) = TRIVET_ENTRY(int (*)(void), m, p, NULL);
 *     int n = answer();
 *     trivet_memory_free(m, p);
 *     trivet_memory_close(m);
 *
 * Every step can fail; docs/code-memory.md is the same with its checks, compiled and run by the tests.
 *
 * A **piece** is the code of one function.  It lies in a **block**, one or more pages that are
 * sealed together and go together.  A block is
 *
 *     open      its pieces can be written, and not called;
 *     sealed    they can be called, and never be written again: a change needs a new piece;
 *     gone      after the last of its pieces was freed.
 *
 *   | guard page | piece ... piece ... trapping instructions to the end of the page | guard page |
 *
 * Whatever was not written, between the pieces and behind them, is an instruction that traps (INT3,
 * BRK).  When a block goes it is overwritten with that instruction, or its pages go back to the
 * system, and its addresses have no access until a later block gets them.
 *
 * Handles are values, and never given out again: one that was freed answers TRIVET_FREED for ever,
 * zero and nonsense TRIVET_ARGUMENT.  They mean nothing to another memory.
 *
 * Errors.  A call that fails has changed nothing, answers a status and leaves NULL or zero in its
 * results; trivet_status_text() has words for it.  Any call:
 *
 *     TRIVET_ARGUMENT     NULL, a size of 0, or a handle that never was one
 *     TRIVET_FREED        a piece or block that is gone
 *     TRIVET_NO_MEMORY    the allocator or the system has no more
 *     TRIVET_SYSTEM       the system refused something else
 *
 * Threads.  Any call, from any threads at once, on one memory: a lock is taken, and the allocator is
 * called under it, so it must not call back.  Sealed code runs in any number of threads, with no
 * lock.  Close a memory, and free a piece, only when nobody is in its code.  There is no state
 * outside of a memory.
 *
 * fork.  Pages are private: parent and child each have the whole memory, open blocks too, and what
 * one does the other does not see.  The child may go on with it in every way, provided that no other
 * thread of the parent was inside a call on it when it forked; sealed code may be called in any case.
 *                                                              Tests: tests/unit/memory.c */
#ifndef TRIVET_MEMORY_H
#define TRIVET_MEMORY_H

#include "trivet.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct trivet_memory trivet_memory;
typedef struct trivet_piece { uint64_t id; } trivet_piece;      /* one function; { 0 }: none */
typedef struct trivet_block { uint64_t id; } trivet_block;      /* several; { 0 }: none */

enum {
	TRIVET_PIECE_ALIGN = 16,                /* bytes: how pieces are aligned in a block */
	TRIVET_BLOCK_MOST = 1 << 30,            /* bytes of a block; beyond: TRIVET_LIMIT */
};

/* ---- A memory ------------------------------------------------------------------------------- */

typedef struct trivet_memory_options {
	trivet_allocator allocator;     /* of the account, not of code; resize NULL: malloc and free */
	size_t most;                    /* bytes of pages in blocks; beyond: TRIVET_LIMIT.  0: no limit */
	size_t keep;                    /* bytes of pages of freed blocks, overwritten and without access, that
	                                   are kept for the next blocks; the rest goes back to the system
	                                   at once.  Saves half of the time.  0: 16 pages.  Less than a
	                                   page, such as 1: none */
	bool landing_pads;              /* the code has `bti` instructions (AArch64) where it is entered: the
	                                   processor shall fault on other indirect branches into it.  Without
	                                   effect where the system or the processor has none of that */
} trivet_memory_options;

/* options NULL: none.  Maps nothing yet. */
trivet_status trivet_memory_open(const trivet_memory_options *options, trivet_memory **out);
void trivet_memory_close(trivet_memory *m);     /* with everything in it; NULL is fine */

/* Does this system allow executable memory?  TRIVET_NO_EXEC when it does not: SELinux without execmem,
 * systemd's MemoryDenyWriteExecute=, PaX, Windows' ProhibitDynamicCode.  Maps a page and seals it, so a
 * yes is one that was tried; takes some microseconds. */
trivet_status trivet_memory_probe(void);

/* ---- From bytes to a function ----------------------------------------------------------------- */

/* A piece of `bytes` in an open block of its own.  TRIVET_LIMIT. */
trivet_status trivet_memory_alloc(trivet_memory *m, size_t bytes, trivet_piece *out);

/* Copies n bytes to offset `at` of the piece.  TRIVET_BOUNDS: not within the `bytes` asked for.
 * TRIVET_SEALED. */
trivet_status trivet_memory_write(trivet_memory *m, trivet_piece p, size_t at, const void *bytes,
                                  size_t n);

/* Seals the block of the piece, all its pieces with it; the caches are in order when it returns, for
 * all threads.  TRIVET_EMPTY: nothing was written to it.  TRIVET_SEALED: it is already.  TRIVET_NO_EXEC: as
 * trivet_memory_probe(); the block is still open then. */
trivet_status trivet_memory_seal(trivet_memory *m, trivet_piece p);

/* Where the piece's byte `at` is, to be called.  TRIVET_NOT_SEALED.  TRIVET_BOUNDS: nothing was written
 * there or behind.  Valid until the piece is freed. */
trivet_status trivet_memory_entry(trivet_memory *m, trivet_piece p, size_t at, trivet_function *out);

/* The same at byte 0, as a function pointer of the type given, or NULL.  `status`: where to put the
 * reason, a trivet_status *, or NULL. */
#define TRIVET_ENTRY(type, m, p, status) ((type)trivet_memory_function((m), (p), (status)))
trivet_function trivet_memory_function(trivet_memory *m, trivet_piece p, trivet_status *status);

/* The address where byte 0 of the piece is going to run, in every state: to relocate code before it is
 * written.  Not for writing. */
trivet_status trivet_memory_address(trivet_memory *m, trivet_piece p, uint64_t *out);

/* No thread may be in it.  In an open block the piece is overwritten at once, in a sealed one with the
 * last of its pieces: the others go on running. */
trivet_status trivet_memory_free(trivet_memory *m, trivet_piece p);

/* ---- Many functions in one block -------------------------------------------------------------- */

/* An open block of at least `bytes`, for pieces to come.  It stays while it is open, even without
 * pieces; once sealed it goes with its last piece.  A piece takes its size rounded up to
 * TRIVET_PIECE_ALIGN; a page has trivet_page_size() bytes.  TRIVET_LIMIT. */
trivet_status trivet_memory_block(trivet_memory *m, size_t bytes, trivet_block *out);

/* The next piece in it.  TRIVET_BOUNDS: not so much room is left.  TRIVET_SEALED. */
trivet_status trivet_memory_alloc_in(trivet_memory *m, trivet_block b, size_t bytes,
                                     trivet_piece *out);

/* As trivet_memory_seal() of any of its pieces.  TRIVET_EMPTY, too, when all were freed. */
trivet_status trivet_memory_seal_block(trivet_memory *m, trivet_block b);

/* With all its pieces, in any state. */
trivet_status trivet_memory_free_block(trivet_memory *m, trivet_block b);

/* ---- Statistics ----------------------------------------------------------------------------- */

typedef struct trivet_memory_stats {    /* sizes in bytes */
	size_t reserved;                /* address space, guard pages included */
	size_t mapped;                  /* pages of open and sealed blocks, and those kept */
	size_t sealed;                  /* of these, executable now */
	size_t kept;                    /* of these, kept for later blocks */
	size_t used;                    /* asked for, by pieces not yet freed */
	size_t peak;                    /* most that `mapped` has been */
	uint32_t blocks, pieces;        /* now */
	uint64_t blocks_ever, pieces_ever;
} trivet_memory_stats;

trivet_status trivet_memory_stats_get(trivet_memory *m, trivet_memory_stats *out);

#ifdef __cplusplus
}
#endif
#endif
