/* parse.c - recursive descent over tokens, except where the language lets things repeat without
 * end: operands of a chain, prefix operators, `else if` and statements are loops.
 *
 * Recovery: after an error nothing more is told until a statement or an item begins again. */
#include "lang/parse.h"
#include "lang/lang.h"

static NodeId parse_block(Parser *ps, Str label);

/* ---- Tokens and errors ---------------------------------------------------------------------- */

void
parser_init(Parser *ps, Str text, uint32_t line, uint32_t column, Program *p, Diags *d)
{
	*ps = (Parser){ .p = p, .d = d };
	lex_init(&ps->lex, text, line, column, p, d);
}

/* The first two tokens; apart from parser_init so that the caller can set the lexer up. */
static void
start(Parser *ps)
{
	lex_next(&ps->lex, &ps->tok);
	lex_next(&ps->lex, &ps->ahead);
}

void
parser_advance(Parser *ps)
{
	if (ps->stop)
		return;
	if (!ps->tok.text.at) {
		start(ps);
		return;
	}
	ps->tok = ps->ahead;
	lex_next(&ps->lex, &ps->ahead);
}

void
parser_error_at(Parser *ps, const Token *t, const char *message)
{
	if (!ps->panic && !ps->stop)
		diag_add(ps->d, t->line, t->column, t->text.n, "%s", message);
	ps->panic = true;
}

void
parser_error(Parser *ps, const char *expected)
{
	const Token *t = &ps->tok;
	Str text = t->text;

	/* What follows from bytes that were no token need not be told as well. */
	if (!ps->panic && !ps->stop && t->line != ps->lex.bad_line) {
		if (t->kind == TOK_END)
			diag_add(ps->d, t->line, t->column, 1, "expected %s, found the end",
				 expected);
		else
			diag_add(ps->d, t->line, t->column, text.n, "expected %s, found '%.*s%s'",
				 expected, (int)(text.n < 40 ? text.n : 40), text.at,
				 text.n > 40 ? "..." : "");
	}
	ps->panic = true;
}

bool
parser_accept(Parser *ps, TokenKind k)
{
	if (ps->tok.kind != k)
		return false;
	parser_advance(ps);
	return true;
}

bool
parser_expect(Parser *ps, TokenKind k, const char *where)
{
	char expected[96];
	size_t n = 0;

	if (parser_accept(ps, k))
		return true;
	for (const char *s = lex_kind_text(k); *s && n < 40; s++)
		expected[n++] = *s;
	if (*where)
		expected[n++] = ' ';
	for (; *where && n < sizeof expected - 1; where++)
		expected[n++] = *where;
	expected[n] = '\0';
	parser_error(ps, expected);
	return false;
}

bool
parser_enter(Parser *ps)
{
	if (++ps->depth <= AST_MAX_DEPTH || ps->stop)
		return !ps->stop;
	ps->panic = false;
	parser_error_at(ps, &ps->tok, "nested too deeply (limit 256)");
	ps->stop = true;
	ps->tok.kind = ps->ahead.kind = TOK_END;
	return false;
}

void
parser_leave(Parser *ps)
{
	ps->depth--;
}

static bool
begins_statement(TokenKind k)
{
	return k == TOK_LET || k == TOK_IF || k == TOK_WHILE || k == TOK_LOOP || k == TOK_FOR ||
	       k == TOK_BREAK || k == TOK_CONTINUE || k == TOK_RETURN || k == TOK_TRAP;
}

static bool
begins_item(TokenKind k)
{
	return k == TOK_FN || k == TOK_EXTERN || k == TOK_CONST || k == TOK_END;
}

/* After an error in a statement: past its ';', or to where the next one seems to begin.  A brace
 * group on the way is skipped as a whole. */
static void
synchronize(Parser *ps)
{
	uint32_t braces = 0;

	for (; !begins_item((TokenKind)ps->tok.kind); parser_advance(ps)) {
		TokenKind k = (TokenKind)ps->tok.kind;
		if (k == TOK_LBRACE) {
			braces++;
		} else if (k == TOK_RBRACE) {
			if (!braces)
				break;
			if (!--braces) {
				parser_advance(ps);
				break;
			}
		} else if (!braces && begins_statement(k)) {
			break;
		} else if (!braces && k == TOK_SEMICOLON) {
			parser_advance(ps);
			break;
		}
	}
	ps->panic = false;
}

void
parser_append(Parser *ps, List *list, NodeId id)
{
	if (!id)
		return;
	if (list->last)
		parser_node(ps, list->last)->next = id;
	else
		list->first = id;
	list->last = id;
}

/* ---- Types ---------------------------------------------------------------------------------- */

trivet_type
parse_type(Parser *ps, bool spans)
{
	Token t = ps->tok;

	if (parser_accept(ps, TOK_LBRACKET)) {
		Token element = ps->tok;
		if (!spans) {
			parser_error_at(ps, &t,
					"a span type is not allowed here, only a scalar type");
			return TRIVET_VOID;
		}
		if (!parser_expect(ps, TOK_TYPE, "of elements") ||
		    !parser_expect(ps, TOK_RBRACKET, "after the element type"))
			return TRIVET_VOID;
		for (int s = TRIVET_SPAN_I8; s < TRIVET_TYPE_COUNT; s++) {
			const char *name = type_name((trivet_type)s) + 1;
			if (strlen(name) - 1 == element.text.n &&
			    memcmp(name, element.text.at, element.text.n) == 0)
				return (trivet_type)s;
		}
		parser_error_at(ps, &element, "there are no spans of bool");
		return TRIVET_VOID;
	}
	if (t.kind == TOK_TYPE && t.type == TRIVET_VOID) {
		parser_error_at(ps, &t,
				"i8, u8, i16 and u16 exist only as elements of spans, as in [u8]");
		return TRIVET_VOID;
	}
	if (!parser_accept(ps, TOK_TYPE)) {
		parser_error(ps, "a type");
		return TRIVET_VOID;
	}
	return (trivet_type)t.type;
}

/* ---- Statements ----------------------------------------------------------------------------- */

static NodeId
parse_let(Parser *ps)
{
	Token name;
	NodeId id, value;
	trivet_type type = TRIVET_VOID;

	parser_advance(ps);
	name = ps->tok;
	if (!parser_expect(ps, TOK_NAME, "after 'let'"))
		return 0;
	if (parser_accept(ps, TOK_COLON))
		type = parse_type(ps, true);
	parser_expect(ps, TOK_ASSIGN, "and an initial value");
	id = parse_name(ps, NODE_LET, &name);
	value = parse_expression(ps);
	parser_node(ps, id)->type = (uint8_t)type;
	parser_node(ps, id)->a = value;
	parser_expect(ps, TOK_SEMICOLON, "after the declaration");
	return id;
}

/* The `=` or `+=`, and what follows; *op: OP_NONE or the operator. */
static NodeId
parse_assigned(Parser *ps, Op *op, Token *t)
{
	NodeId value;

	*t = ps->tok;
	*op = t->kind == TOK_COMPOUND ? (Op)t->op : OP_NONE;
	if (!parser_accept(ps, TOK_COMPOUND) && !parser_accept(ps, TOK_ASSIGN)) {
		parser_error(ps, "'=' or an operator such as '+='");
		return 0;
	}
	value = parse_expression(ps);
	parser_expect(ps, TOK_SEMICOLON, "after the assignment");
	return value;
}

static NodeId
parse_assignment(Parser *ps, const Token *name)
{
	Op op;
	Token t;
	NodeId value = parse_assigned(ps, &op, &t);
	NodeId id = parse_name(ps, NODE_ASSIGN, name);

	if (op != OP_NONE) {
		NodeId old = parse_name(ps, NODE_VAR, name);
		NodeId sum = parser_new(ps, NODE_BINARY, &t);
		parser_node(ps, sum)->op = (uint8_t)op;
		parser_node(ps, sum)->a = old;
		parser_node(ps, sum)->b = value;
		value = sum;
	}
	parser_node(ps, id)->a = value;
	return id;
}

static NodeId
parse_store(Parser *ps, const Token *name)
{
	NodeId id = parse_index(ps, name), value;
	Op op;
	Token t;

	if (parser_node(ps, id)->kind == NODE_SLICE) {
		parser_error_at(ps, name, "a slice cannot be stored to");
		return 0;
	}
	value = parse_assigned(ps, &op, &t);
	Node *n = parser_node(ps, id);
	n->kind = NODE_STORE;
	n->op = (uint8_t)op;
	n->c = value;
	return id;
}

/* A statement that begins with a name that is no label. */
static NodeId
parse_simple(Parser *ps)
{
	Token name = ps->tok;
	NodeId id, call;

	parser_advance(ps);
	if (ps->tok.kind == TOK_LBRACKET)
		return parse_store(ps, &name);
	if (ps->tok.kind != TOK_LPAREN)
		return parse_assignment(ps, &name);
	call = parse_call(ps, &name);
	id = parser_new(ps, NODE_EXPR, &name);
	parser_node(ps, id)->a = call;
	parser_expect(ps, TOK_SEMICOLON, "after the call");
	return id;
}

static NodeId
parse_if(Parser *ps)
{
	NodeId first = 0, last = 0;

	for (;;) {
		Token t = ps->tok;
		NodeId id = parser_new(ps, NODE_IF, &t), a, b;
		parser_advance(ps);
		a = parse_expression(ps);
		b = parse_block(ps, STR(""));
		parser_node(ps, id)->a = a;
		parser_node(ps, id)->b = b;
		parser_node(ps, last)->c = last ? id : 0;
		first = first ? first : id;
		last = id;
		if (ps->panic || !parser_accept(ps, TOK_ELSE))
			return first;
		if (ps->tok.kind == TOK_IF)
			continue;
		b = parse_block(ps, STR(""));
		parser_node(ps, last)->c = b;
		return first;
	}
}

static NodeId
parse_loop(Parser *ps, Str label)
{
	Token t = ps->tok, name = { 0 };
	NodeId id = 0, a = 0, b = 0, block;

	parser_advance(ps);
	if (t.kind == TOK_FOR) {
		name = ps->tok;
		if (!parser_expect(ps, TOK_NAME, "after 'for'") ||
		    !parser_expect(ps, TOK_IN, "after the loop variable"))
			return 0;
		a = parse_expression(ps);
		parser_expect(ps, TOK_DOTDOT, "between the bounds");
		b = parse_expression(ps);
	} else if (t.kind == TOK_WHILE) {
		a = parse_expression(ps);
	}
	block = parse_block(ps, label);
	id = parser_new(ps,
			t.kind == TOK_FOR     ? NODE_FOR
			: t.kind == TOK_WHILE ? NODE_WHILE
					      : NODE_LOOP,
			&t);
	Node *n = parser_node(ps, id);
	n->a = a;
	n->b = t.kind == TOK_FOR ? b : block;
	n->c = t.kind == TOK_FOR ? block : 0;
	n->name = name.text;
	return id;
}

static NodeId
parse_labelled(Parser *ps)
{
	Str label = ps->tok.text;

	parser_advance(ps);
	parser_advance(ps);
	if (ps->tok.kind == TOK_WHILE || ps->tok.kind == TOK_LOOP || ps->tok.kind == TOK_FOR)
		return parse_loop(ps, label);
	parser_error(ps, "'while', 'loop' or 'for' after the label");
	return 0;
}

/* break, continue, return, trap */
static NodeId
parse_jump(Parser *ps)
{
	Token t = ps->tok;
	NodeId id = parser_new(ps,
			       t.kind == TOK_BREAK	? NODE_BREAK
			       : t.kind == TOK_CONTINUE ? NODE_CONTINUE
			       : t.kind == TOK_RETURN	? NODE_RETURN
							: NODE_TRAP,
			       &t);

	parser_advance(ps);
	if (t.kind == TOK_RETURN && ps->tok.kind != TOK_SEMICOLON) {
		NodeId value = parse_expression(ps);
		parser_node(ps, id)->a = value;
	} else if ((t.kind == TOK_BREAK || t.kind == TOK_CONTINUE) && ps->tok.kind == TOK_NAME) {
		parser_node(ps, id)->name = ps->tok.text;
		parser_advance(ps);
	}
	parser_expect(ps, TOK_SEMICOLON, "after the statement");
	return id;
}

static NodeId
parse_statement(Parser *ps)
{
	switch (ps->tok.kind) {
	case TOK_LET: return parse_let(ps);
	case TOK_IF: return parse_if(ps);
	case TOK_WHILE:
	case TOK_LOOP:
	case TOK_FOR: return parse_loop(ps, STR(""));
	case TOK_BREAK:
	case TOK_CONTINUE:
	case TOK_RETURN:
	case TOK_TRAP: return parse_jump(ps);
	case TOK_LBRACE: return parse_block(ps, STR(""));
	case TOK_NAME: return ps->ahead.kind == TOK_COLON ? parse_labelled(ps) : parse_simple(ps);
	default: parser_error(ps, "a statement"); return 0;
	}
}

static NodeId
parse_block(Parser *ps, Str label)
{
	Token t = ps->tok;
	NodeId id;
	List list = { 0 };

	if (!parser_expect(ps, TOK_LBRACE, "and statements"))
		return 0;
	ps->panic = false; /* a brace is where statements begin again */
	id = parser_new(ps, NODE_BLOCK, &t);
	if (parser_enter(ps))
		while (ps->tok.kind != TOK_RBRACE && !begins_item((TokenKind)ps->tok.kind)) {
			parser_append(ps, &list, parse_statement(ps));
			if (ps->panic)
				synchronize(ps);
		}
	parser_leave(ps);
	if (!parser_accept(ps, TOK_RBRACE) && !ps->panic && !ps->stop) {
		diag_add(ps->d, ps->tok.line, ps->tok.column, ps->tok.text.n,
			 "expected '}' to end the block that begins in line %u", t.line);
		ps->panic = true;
	}
	parser_node(ps, id)->a = list.first;
	parser_node(ps, id)->name = label;
	return id;
}

/* ---- Items ---------------------------------------------------------------------------------- */

static void
add_param(Parser *ps, Func *f, const Token *name, trivet_type type)
{
	Var *v = vec_push(ps->p->arena, &f->vars);

	if (!v)
		return;
	*v = (Var){ name->text, (uint8_t)type, name->line };
	f->nparams = f->vars.n;
}

/* fn name(a: T, …) -> T { … }, or with is_extern: extern fn name(T, …) -> T; where `a:` may stand
 */
static void
parse_function(Parser *ps, bool is_extern)
{
	Func f = { .is_extern = is_extern };
	Token name;

	parser_advance(ps);
	name = ps->tok;
	if (!parser_expect(ps, TOK_NAME, "after 'fn'") ||
	    !parser_expect(ps, TOK_LPAREN, "after the function's name"))
		return;
	f.name = name.text;
	f.line = name.line;
	f.column = name.column;
	while (!ps->panic && (f.vars.n || ps->tok.kind != TOK_RPAREN)) {
		Token param = { .line = ps->tok.line };
		if (!is_extern || ps->ahead.kind == TOK_COLON) {
			param = ps->tok;
			parser_expect(ps, TOK_NAME, "for a parameter");
			parser_expect(ps, TOK_COLON, "and a type after the parameter");
		}
		add_param(ps, &f, &param, parse_type(ps, true));
		if (ps->panic || !parser_accept(ps, TOK_COMMA) || ps->p->arena->mem->failed)
			break;
	}
	parser_expect(ps, TOK_RPAREN, "or ',' after a parameter");
	if (!ps->panic && parser_accept(ps, TOK_ARROW))
		f.result = (uint8_t)parse_type(ps, false);
	if (ps->panic)
		return;
	if (is_extern)
		parser_expect(ps, TOK_SEMICOLON, "after the declaration");
	else
		f.body = parse_block(ps, STR(""));
	Func *added = vec_push(ps->p->arena, &ps->p->funcs);
	if (added)
		*added = f;
}

static void
parse_const(Parser *ps)
{
	Token name;
	Const c = { 0 };

	parser_advance(ps);
	name = ps->tok;
	if (!parser_expect(ps, TOK_NAME, "after 'const'") ||
	    !parser_expect(ps, TOK_COLON, "and a type after the constant's name"))
		return;
	c.name = name.text;
	c.line = name.line;
	c.column = name.column;
	c.type = (uint8_t)parse_type(ps, false);
	parser_expect(ps, TOK_ASSIGN, "and a value");
	c.value = ps->panic ? 0 : parse_expression(ps);
	parser_expect(ps, TOK_SEMICOLON, "after the constant");
	Const *added = vec_push(ps->p->arena, &ps->p->consts);
	if (added)
		*added = c;
}

/* To the next item, over whole bodies: what is left of a broken function is not looked at. */
static void
next_item(Parser *ps)
{
	while (!begins_item((TokenKind)ps->tok.kind))
		parser_advance(ps);
	ps->panic = false;
}

void
parse_program(Parser *ps)
{
	start(ps);
	while (ps->tok.kind != TOK_END) {
		if (ps->tok.kind == TOK_FN) {
			parse_function(ps, false);
		} else if (ps->tok.kind == TOK_CONST) {
			parse_const(ps);
		} else if (parser_accept(ps, TOK_EXTERN)) {
			if (ps->tok.kind == TOK_FN)
				parse_function(ps, true);
			else
				parser_error(ps, "'fn' after 'extern'");
		} else {
			parser_error(ps, "'fn', 'extern' or 'const'");
			parser_advance(ps);
		}
		if (ps->panic)
			next_item(ps);
	}
}
