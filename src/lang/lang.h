/* lang.h - from text, or from the builder, to a checked Program.
 *
 * Any bytes are safe.  Errors go to Diags, several a run; a call returns TRIVET_SOURCE when there
 * were any and TRIVET_NO_MEMORY when the arena failed.  Knows nothing of IR or machines.
 *                                                Tests: tests/unit/lang.c, tests/errors/ */
#ifndef TRIVET_LANG_H
#define TRIVET_LANG_H

#include "lang/ast.h"

/* Lex, parse and check; p->arena, p->file and d are set up by the caller (program_init). */
trivet_status program_init(Program *p, Arena *a, Str file);
trivet_status lang_parse(Program *p, Str text, Diags *d);
trivet_status lang_read(Program *p, Str text, Diags *d);        /* the first half: no lang_check */

/* Types, scopes, constants, call graph, directives; lang_parse has done it, the builder calls it. */
trivet_status lang_check(Program *p, Diags *d);

/* One call written as `f(10, 5)`: constant expressions as in a directive. */
trivet_status lang_parse_call(const Program *p, Arena *a, Str text, Diags *d, CallSpec *out);

/* A signature such as "i64(i64,[f64])", blanks allowed.  False when it is not one. */
bool lang_parse_signature(Str text, trivet_type *result, trivet_type *params, uint32_t *n, uint32_t max);

void lang_print(const Program *p, Text *out);   /* the checked tree as text: `emit --form=ast` */

/* A value as the language writes it, so that reading it back gives the same bits: 7, -3, 0.1,
 * 1e300, inf, nan, true, [1, 2]; with bits: "f64:0x3ff0000000000000".  No printf of floats. */
void lang_print_value(Text *out, trivet_type t, uint64_t bits, bool as_bits);

void lang_print_const(Text *out, const ConstValue *v, bool as_bits);

/* Is it the name of a built-in function?  Those cannot be declared. */
bool lang_is_builtin(Str name);

NodeId ast_node(Program *p, NodeKind kind, uint32_t line, uint32_t column);     /* 0: no memory */
FuncId program_find(const Program *p, Str name);        /* or FUNC_NONE */
enum { FUNC_NONE = 0xffffffffu };

#endif
