/* lex.h - text to tokens, on demand.
 *
 * Any bytes are safe: what is no token is reported once a run and skipped.  Comments are skipped,
 * except that those beginning with //! are kept in Program.remarks.
 *                                                              Tests: tests/unit/lang.c */
#ifndef TRIVET_LEX_H
#define TRIVET_LEX_H

#include "lang/ast.h"

/* name, text as shown in messages; from FN on they are keywords */
#define TOKEN_LIST(X)               \
	X(END, "end of file")       \
	X(NAME, "a name")           \
	X(NUMBER, "a number")       \
	X(TYPE, "a type")           \
	X(OP, "an operator")        \
	X(COMPOUND, "'+='")         \
	X(ANDAND, "'&&'")           \
	X(OROR, "'||'")             \
	X(LPAREN, "'('")            \
	X(RPAREN, "')'")            \
	X(LBRACE, "'{'")            \
	X(RBRACE, "'}'")            \
	X(LBRACKET, "'['")          \
	X(RBRACKET, "']'")          \
	X(COMMA, "','")             \
	X(SEMICOLON, "';'")         \
	X(COLON, "':'")             \
	X(ARROW, "'->'")            \
	X(ASSIGN, "'='")            \
	X(DOTDOT, "'..'")           \
	X(FN, "'fn'")               \
	X(EXTERN, "'extern'")       \
	X(CONST, "'const'")         \
	X(LET, "'let'")             \
	X(IF, "'if'")               \
	X(ELSE, "'else'")           \
	X(WHILE, "'while'")         \
	X(LOOP, "'loop'")           \
	X(FOR, "'for'")             \
	X(IN, "'in'")               \
	X(BREAK, "'break'")         \
	X(CONTINUE, "'continue'")   \
	X(RETURN, "'return'")       \
	X(TRAP, "'trap'")           \
	X(AS, "'as'")               \
	X(TRUE, "'true'")           \
	X(FALSE, "'false'")

typedef enum TokenKind {
#define X(name, text) TOK_##name,
	TOKEN_LIST(X)
#undef X
	TOK_COUNT
} TokenKind;

typedef struct Token {
	uint8_t kind;
	uint8_t op;             /* OP: the operator, '-' as OP_SUB; COMPOUND: the operator before '=' */
	uint8_t type;           /* TYPE: a scalar type, VOID for i8 u8 i16 u16, which only spans have */
	uint32_t line, column;
	Str text;
} Token;

typedef struct Lexer {
	const char *at, *end, *line_start;
	uint32_t line;
	uint32_t bad_line;      /* the last where bytes were no token, 0: none */
	Program *program;       /* its arena; takes the remarks unless they are off */
	bool keep_remarks;
	Diags *diags;
} Lexer;

/* line and column: of the text's first byte.  column must be 1 unless the text is part of a longer one. */
void lex_init(Lexer *l, Str text, uint32_t line, uint32_t column, Program *p, Diags *d);
void lex_next(Lexer *l, Token *t);      /* END for ever at the end, and once memory has run out */
const char *lex_kind_text(TokenKind k);
bool lex_is_word(Str s);        /* would be read as one name, and is no keyword */

#endif
