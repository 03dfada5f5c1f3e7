/* parse.h - tokens to an unchecked tree, for the rest of src/lang.
 *
 * The form of that tree is described in ast.h.               Tests: tests/unit/lang.c */
#ifndef TRIVET_PARSE_H
#define TRIVET_PARSE_H

#include "lang/lex.h"

typedef struct Parser {
	Lexer lex;
	Program *p;
	Diags *d;
	Token tok, ahead;       /* the token at hand, and the one after it */
	uint32_t depth;         /* of constructs being parsed; at most AST_MAX_DEPTH */
	bool panic;             /* an error was told, and no place to go on was found yet */
	bool stop;              /* nested too deeply: the rest is not looked at */
} Parser;

void parser_init(Parser *ps, Str text, uint32_t line, uint32_t column, Program *p, Diags *d);
void parse_program(Parser *ps);
NodeId parse_expression(Parser *ps);

void parser_advance(Parser *ps);
bool parser_accept(Parser *ps, TokenKind k);
/* When the token is of another kind: "expected %s WHERE, found …". */
bool parser_expect(Parser *ps, TokenKind k, const char *where);
void parser_error(Parser *ps, const char *expected);    /* "expected EXPECTED, found …" at the token */

#endif
