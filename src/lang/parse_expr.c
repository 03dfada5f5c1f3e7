/* parse_expr.c - expressions: operator precedence with a small explicit stack. */
#include "lang/lang.h"
#include "lang/parse.h"

/* ---- Expressions ---------------------------------------------------------------------------- */

/* From loosest to tightest; comparisons are one level. */
int
parse_binding(NodeKind kind, Op op)
{
	if (kind == NODE_LOGIC)
		return op == OP_OR ? BIND_OR : BIND_AND;
	switch (op) {
	case OP_OR: return 4;
	case OP_XOR: return 5;
	case OP_AND: return 6;
	case OP_SHL:
	case OP_SHR: return 7;
	case OP_ADD:
	case OP_SUB: return 8;
	case OP_MUL:
	case OP_DIV:
	case OP_REM: return 9;
	default: return op_info[op].gives == GIVES_BOOL ? BIND_COMPARE : 0;
	}
}

/* 0: no binary operator */
static int
binding_of(const Token *t)
{
	return t->kind == TOK_OROR     ? BIND_OR
	       : t->kind == TOK_ANDAND ? BIND_AND
	       : t->kind == TOK_OP     ? parse_binding(NODE_BINARY, (Op)t->op)
				       : 0;
}

static int
binding_of_node(const Node *n)
{
	return parse_binding((NodeKind)n->kind, (Op)n->op);
}

/* ( e, e, … ): the token at hand is the '('. */
static NodeId
parse_arguments(Parser *ps, uint32_t *count)
{
	List list = { 0 };

	*count = 0;
	parser_advance(ps);
	if (parser_accept(ps, TOK_RPAREN))
		return 0;
	do {
		parser_append(ps, &list, parse_expression(ps));
		++*count;
	} while (!ps->panic && parser_accept(ps, TOK_COMMA));
	parser_expect(ps, TOK_RPAREN, "or ',' after an argument");
	return list.first;
}

/* The built-in function of that name, and the type that is part of the name. */
static Op
find_builtin(Str name, trivet_type *type)
{
	*type = TRIVET_VOID;
	if (!name.n)
		return OP_NONE;
	for (int op = OP_NONE + 1; op < OP_COUNT; op++)
		if (op_info[op].text[0] == name.at[0] && op_info[op].form == FORM_CALL &&
		    op != OP_CAST && op != OP_CHECKED && str_is(name, op_info[op].text))
			return (Op)op;
	for (int t = TRIVET_I32; t <= TRIVET_U64; t++)
		if (name.n == 11 && memcmp(name.at, "checked_", 8) == 0 &&
		    memcmp(name.at + 8, type_name((trivet_type)t), 3) == 0) {
			*type = (trivet_type)t;
			return OP_CHECKED;
		}
	return OP_NONE;
}

bool
lang_is_builtin(Str name)
{
	trivet_type ignored;

	return find_builtin(name, &ignored) != OP_NONE;
}

static NodeId
parse_builtin(Parser *ps, const Token *name, Op op, trivet_type type)
{
	NodeId id = parser_new(ps, NODE_BUILTIN, name), arg[3] = { 0 };
	uint32_t n = 0;

	parser_advance(ps); /* the '(' */
	if (op == OP_FROM_BITS) {
		type = parse_type(ps, false);
		parser_expect(ps, TOK_COMMA, "after the type");
	}
	while (!ps->panic && (n || ps->tok.kind != TOK_RPAREN)) {
		NodeId e = parse_expression(ps);
		if (n < 3)
			arg[n] = e;
		n++;
		if (!parser_accept(ps, TOK_COMMA))
			break;
	}
	parser_expect(ps, TOK_RPAREN, "or ',' after an argument");
	if (n != op_info[op].arity && !ps->panic && !ps->stop) {
		diag_add(ps->d, name->line, name->column, name->text.n,
			 "'%.*s' takes %u argument%s, found %u", (int)name->text.n, name->text.at,
			 op_info[op].arity, op_info[op].arity == 1 ? "" : "s", n);
		ps->panic = true;
	}
	Node *node = parser_node(ps, id);
	node->op = (uint8_t)op;
	node->type = (uint8_t)type;
	node->a = arg[0];
	node->b = arg[1];
	node->c = arg[2];
	return id;
}

NodeId
parse_call(Parser *ps, const Token *name)
{
	trivet_type type;
	Op op = find_builtin(name->text, &type);
	uint32_t count;
	NodeId id, args;

	if (op != OP_NONE)
		return parse_builtin(ps, name, op, type);
	id = parser_new(ps, NODE_CALL, name);
	args = parse_arguments(ps, &count);
	parser_node(ps, id)->name = name->text;
	parser_node(ps, id)->a = args;
	return id;
}

NodeId
parse_name(Parser *ps, NodeKind kind, const Token *name)
{
	NodeId id = parser_new(ps, kind, name);

	parser_node(ps, id)->name = name->text;
	return id;
}

/* name[e] or name[e..e]: the token at hand is the '['. */
NodeId
parse_index(Parser *ps, const Token *name)
{
	NodeId span = parse_name(ps, NODE_VAR, name);
	NodeId from, to = 0, id;

	parser_advance(ps);
	from = parse_expression(ps);
	if (parser_accept(ps, TOK_DOTDOT)) {
		to = parse_expression(ps);
		parser_expect(ps, TOK_RBRACKET, "after the slice");
	} else {
		parser_expect(ps, TOK_RBRACKET, "after the index");
	}
	id = parser_new(ps, to ? NODE_SLICE : NODE_INDEX, name);
	parser_node(ps, id)->a = span;
	parser_node(ps, id)->b = from;
	parser_node(ps, id)->c = to;
	return id;
}

/* if c { e } else { e }, where the last may be another if */
static NodeId
parse_conditional(Parser *ps)
{
	Token t = ps->tok;
	NodeId id = parser_new(ps, NODE_COND, &t), a, b, c;

	parser_advance(ps);
	a = parse_expression(ps);
	parser_expect(ps, TOK_LBRACE, "after the condition");
	b = parse_expression(ps);
	parser_expect(ps, TOK_RBRACE, "after the value");
	parser_expect(ps, TOK_ELSE, "(an 'if' that is a value has both)");
	if (ps->tok.kind == TOK_IF) {
		c = parser_enter(ps) ? parse_conditional(ps) : 0;
		parser_leave(ps);
	} else {
		parser_expect(ps, TOK_LBRACE, "after 'else'");
		c = parse_expression(ps);
		parser_expect(ps, TOK_RBRACE, "after the value");
	}
	parser_node(ps, id)->a = a;
	parser_node(ps, id)->b = b;
	parser_node(ps, id)->c = c;
	return id;
}

static NodeId
parse_primary(Parser *ps)
{
	Token t = ps->tok;
	NodeId id;

	switch (t.kind) {
	case TOK_NUMBER: parser_advance(ps); return parse_name(ps, NODE_LITERAL, &t);
	case TOK_TRUE:
	case TOK_FALSE:
		parser_advance(ps);
		id = parser_new(ps, NODE_LITERAL, &t);
		parser_node(ps, id)->type = TRIVET_BOOL;
		parser_node(ps, id)->bits = t.kind == TOK_TRUE;
		return id;
	case TOK_NAME:
		parser_advance(ps);
		if (ps->tok.kind == TOK_LPAREN)
			return parse_call(ps, &t);
		if (ps->tok.kind == TOK_LBRACKET)
			return parse_index(ps, &t);
		return parse_name(ps, NODE_VAR, &t);
	case TOK_LPAREN:
		parser_advance(ps);
		id = parse_expression(ps);
		parser_expect(ps, TOK_RPAREN, "");
		return id;
	case TOK_IF: return parse_conditional(ps);
	default: parser_error(ps, "an expression"); return 0;
	}
}

static Op
prefix_operator(const Token *t)
{
	if (t->kind != TOK_OP)
		return OP_NONE;
	return t->op == OP_SUB ? OP_NEG : op_info[t->op].form == FORM_UNARY ? (Op)t->op : OP_NONE;
}

/* Prefix operators, an operand, and `as` conversions of the whole. */
static NodeId
parse_unary(Parser *ps)
{
	NodeId whole = 0, last = 0, operand;
	uint32_t depth = ps->depth;
	Op op;

	while ((op = prefix_operator(&ps->tok)) != OP_NONE && parser_enter(ps)) {
		NodeId id = parser_new(ps, NODE_UNARY, &ps->tok);
		parser_node(ps, id)->op = (uint8_t)op;
		parser_node(ps, last)->a = last ? id : 0;
		whole = whole ? whole : id;
		last = id;
		parser_advance(ps);
	}
	operand = parse_primary(ps);
	if (last)
		parser_node(ps, last)->a = operand;
	else
		whole = operand;
	while (ps->tok.kind == TOK_AS && !ps->panic && parser_enter(ps)) {
		NodeId id = parser_new(ps, NODE_BUILTIN, &ps->tok);
		parser_advance(ps);
		trivet_type type = parse_type(ps, false);
		Node *n = parser_node(ps, id);
		n->op = OP_CAST;
		n->type = (uint8_t)type;
		n->a = whole;
		whole = id;
	}
	ps->depth = depth;
	return whole;
}

static void
told_chain(Parser *ps, const Token *t)
{
	parser_error_at(ps, t, "comparisons do not chain: write 'a < b && b < c', or parentheses");
}

/* Operator precedence with an explicit stack: the bindings on it grow, so it is short. */
NodeId
parse_expression(Parser *ps)
{
	NodeId stack[BIND_CAST];
	uint32_t n = 0;
	NodeId operand = 0;

	if (!parser_enter(ps)) {
		parser_leave(ps);
		return 0;
	}
	for (;;) {
		Token t;
		int bind;

		operand = parse_unary(ps);
		t = ps->tok;
		bind = ps->panic ? 0 : binding_of(&t);
		while (n && binding_of_node(parser_node(ps, stack[n - 1])) >= bind) {
			NodeId id = stack[--n];
			if (bind == BIND_COMPARE && binding_of_node(parser_node(ps, id)) == bind)
				told_chain(ps, &t);
			parser_node(ps, id)->b = operand;
			operand = id;
		}
		if (!bind)
			break;
		stack[n] = parser_new(ps, t.kind == TOK_OP ? NODE_BINARY : NODE_LOGIC, &t);
		if (!stack[n])
			break;
		Node *node = parser_node(ps, stack[n++]);
		node->op = t.kind == TOK_OP ? t.op : t.kind == TOK_OROR ? OP_OR : OP_AND;
		node->a = operand;
		parser_advance(ps);
	}
	parser_leave(ps);
	return operand;
}
