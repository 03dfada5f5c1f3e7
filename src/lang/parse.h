/* parse.h - tokens to an unchecked tree, for the rest of src/lang.
 *
 * The form of that tree is described in ast.h.               Tests: tests/unit/lang.c */
#ifndef TRIVET_PARSE_H
#define TRIVET_PARSE_H

#include "lang/lang.h"
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

typedef struct List {           /* nodes chained through `next` */
	NodeId first, last;
} List;

/* ---- parse.c: items and statements, and what all of the parser uses --------------------------- */

void parser_init(Parser *ps, Str text, uint32_t line, uint32_t column, Program *p, Diags *d);
void parse_program(Parser *ps);
trivet_type parse_type(Parser *ps, bool spans);         /* VOID: told that it is none */

void parser_advance(Parser *ps);        /* the first one reads the first token */
bool parser_accept(Parser *ps, TokenKind k);
/* When the token is of another kind: "expected %s WHERE, found …". */
bool parser_expect(Parser *ps, TokenKind k, const char *where);
void parser_error(Parser *ps, const char *expected);    /* "expected EXPECTED, found …" at the token */
void parser_error_at(Parser *ps, const Token *t, const char *message);

/* One construct deeper, which parser_leave takes back, always.  False: too deep; told, and no more
 * is parsed. */
bool parser_enter(Parser *ps);
void parser_leave(Parser *ps);
void parser_append(Parser *ps, List *list, NodeId id);

static inline Node *
parser_node(Parser *ps, NodeId id)
{
	return &ps->p->nodes.at[id];
}

static inline NodeId
parser_new(Parser *ps, NodeKind kind, const Token *t)
{
	return ast_node(ps->p, kind, t->line, t->column);
}

/* ---- parse_expr.c --------------------------------------------------------------------------- */

/* How tightly operators bind; binary ones lie between OR and CAST. */
enum { BIND_ANY, BIND_OR, BIND_AND, BIND_COMPARE, BIND_CAST = 10, BIND_UNARY };
int parse_binding(NodeKind kind, Op op);        /* BINARY or LOGIC; 0: no such operator */

NodeId parse_expression(Parser *ps);
NodeId parse_name(Parser *ps, NodeKind kind, const Token *name);        /* a node with just a name */
/* After a name: with the '(' or the '[' at hand.  The latter gives INDEX or SLICE. */
NodeId parse_call(Parser *ps, const Token *name);
NodeId parse_index(Parser *ps, const Token *name);

#endif
