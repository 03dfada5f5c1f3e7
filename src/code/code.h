/* code.h - executable memory: alloc, write, seal, entry, free; never writable and executable.
 *
 * A CodeBlock has guard pages on both sides, its unused tail is filled with a trapping
 * instruction, and it is scrubbed and unmapped when freed.  Each misuse has its own status.
 * A block may be used from several threads once sealed.  Knows no instruction set.
 *                                                              Tests: tests/unit/code.c */
#ifndef TRIVET_CODE_H
#define TRIVET_CODE_H

#include "base/mem.h"

typedef struct CodeBlock CodeBlock;

enum { CODE_MAX = 1 << 30 };            /* bytes of a block; beyond: TRIVET_LIMIT */

trivet_status code_alloc(Mem *m, size_t bytes, CodeBlock **out);        /* writable */
trivet_status code_write(CodeBlock *b, size_t at, const void *bytes, size_t n);
trivet_status code_seal(CodeBlock *b, bool bti);                        /* executable from here on */
trivet_status code_entry(const CodeBlock *b, size_t at, void **out);    /* sealed only */
/* Ends the mapping.  The handle stays readable until code_forget, so a second free is a status. */
trivet_status code_free(CodeBlock *b);
void code_forget(Mem *m, CodeBlock *b);                                 /* frees it if need be */
size_t code_size(const CodeBlock *b);                                   /* as asked of code_alloc */
const void *code_address(const CodeBlock *b);           /* where byte 0 will run; NULL once freed */
trivet_status code_probe(Mem *m);       /* OK, or NO_EXEC: does this system allow executable memory? */

#endif
