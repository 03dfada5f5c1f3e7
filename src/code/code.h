/* code.h - executable memory: alloc, write, seal, entry, free; never writable and executable.
 *
 * A CodeBlock is whole pages with guard pages on both sides; its unused tail is filled with a
 * trapping instruction, and it is scrubbed when freed.  Each misuse has its own status.  Blocks come
 * from a CodePool, which asks the system for address space in larger regions and keeps some of the
 * freed pages.  A pool is used by one thread at a time; sealed blocks run in any.  Knows no
 * instruction set.                                             Tests: tests/unit/code.c */
#ifndef TRIVET_CODE_H
#define TRIVET_CODE_H

#include "base/mem.h"

typedef struct CodeBlock CodeBlock;

enum { CODE_MAX = 1 << 30 };            /* bytes of a block; beyond: TRIVET_LIMIT */
enum { CODE_KEEP_PAGES = 16 };          /* what a pool keeps unless told */

typedef struct CodePool {
	Mem *mem;
	struct CodeRegion *regions;
	size_t page;
	size_t keep;                    /* most bytes of freed pages to keep */
	size_t kept;                    /* bytes now */
	size_t reserved;                /* bytes of address space */
	size_t live, sealed;            /* bytes of pages of blocks, and of those sealed */
	bool closing;                   /* set before the last blocks are freed: pages stay as they are
	                                   until code_pool_free() gives all of them back at once */
} CodePool;

void code_pool_init(CodePool *pool, Mem *m, size_t keep);       /* asks the system for nothing yet */
void code_pool_free(CodePool *pool);            /* no block may be left that was not forgotten */
size_t code_pages(const CodePool *pool, size_t bytes);          /* bytes of the pages of such a block */

trivet_status code_alloc(CodePool *pool, size_t bytes, CodeBlock **out);        /* writable */
trivet_status code_write(CodeBlock *b, size_t at, const void *bytes, size_t n);
trivet_status code_scrub(CodeBlock *b, size_t at, size_t n);    /* traps over what was written */
trivet_status code_seal(CodeBlock *b, bool bti);                /* executable from here on */
trivet_status code_entry(const CodeBlock *b, size_t at, void **out);    /* sealed only */
/* Takes the pages away.  The handle stays readable until code_forget, so a second free is a status. */
trivet_status code_free(CodeBlock *b);
void code_forget(CodeBlock *b);                                 /* frees it if need be; NULL is fine */
size_t code_size(const CodeBlock *b);                                   /* as asked of code_alloc */
const void *code_address(const CodeBlock *b);           /* where byte 0 will run; NULL once freed */
trivet_status code_probe(void);         /* OK, or NO_EXEC: does this system allow executable memory? */

#endif
