/* print.c - the checked tree as program text.
 *
 * Parsing and checking it again gives the same tree: names are kept and so are scopes, constants
 * appear as their values, every number shows its type where the default is another. */
#include "lang/floattext.h"
#include "lang/parse.h"

typedef struct Link {
	NodeId id;
	bool parens;
} Link;

typedef struct Printer {
	const Program *p;
	const Func *f;
	Text *out;
	VEC(Link) chain; /* a stack */
	NodeId loop;	 /* innermost */
	int indent;
} Printer;

static void print_expr(Printer *pr, NodeId id, int min);
static void print_block(Printer *pr, NodeId id);

static const Node *
at(const Printer *pr, NodeId id)
{
	return &pr->p->nodes.at[id];
}

static void
put(Printer *pr, const char *s)
{
	text_add(pr->out, s, strlen(s));
}

static void
put_str(Printer *pr, Str s)
{
	text_add(pr->out, s.at, s.n);
}

static void
put_var(Printer *pr, VarId v)
{
	put_str(pr, pr->f->vars.at[v].name);
}

static void
new_line(Printer *pr)
{
	put(pr, "\n");
	for (int i = 0; i < pr->indent; i++)
		put(pr, "\t");
}

static void
print_literal(Printer *pr, const Node *n)
{
	trivet_type t = (trivet_type)n->type;
	char text[FLOAT_TEXT_MAX];

	if (type_is_float(t)) {
		float_write(t, n->bits, text);
		put(pr, text);
		if (t == TRIVET_F32)
			put(pr, strpbrk(text, "0123456789") ? "f32" : "_f32");
		return;
	}
	lang_print_value(pr->out, t, n->bits, false);
	if (t != TRIVET_I64 && t != TRIVET_BOOL)
		put(pr, type_name(t));
}

static int
binding_of(const Node *n)
{
	return parse_binding((NodeKind)n->kind, (Op)n->op);
}

static bool
is_chain(const Node *n)
{
	return n->kind == NODE_BINARY || n->kind == NODE_LOGIC;
}

/* Down the left operands opening parentheses, then up with operators and right operands. */
static void
print_chain(Printer *pr, NodeId id, int min)
{
	uint32_t bottom = pr->chain.n;

	for (;; id = at(pr, id)->a) {
		Link *l = vec_push(pr->out->arena, &pr->chain);
		int bind = binding_of(at(pr, id));
		if (!l)
			return;
		*l = (Link){ id, bind < min };
		if (l->parens)
			put(pr, "(");
		min = bind + (bind == BIND_COMPARE);
		if (!is_chain(at(pr, at(pr, id)->a)))
			break;
	}
	print_expr(pr, at(pr, id)->a, min);
	while (pr->chain.n > bottom) {
		Link l = pr->chain.at[--pr->chain.n];
		const Node *n = at(pr, l.id);
		const char *twice = n->kind == NODE_LOGIC ? op_info[n->op].text : "";
		text_addf(pr->out, " %s%s ", op_info[n->op].text, twice);
		print_expr(pr, n->b, binding_of(n) + 1);
		if (l.parens)
			put(pr, ")");
	}
}

static void
print_builtin(Printer *pr, const Node *n, int min)
{
	NodeId args[3] = { n->a, n->b, n->c };
	const char *type = type_name((trivet_type)n->type);

	if (n->op == OP_CAST) {
		put(pr, min > BIND_CAST ? "(" : "");
		print_expr(pr, n->a, BIND_CAST);
		text_addf(pr->out, " as %s%s", type, min > BIND_CAST ? ")" : "");
		return;
	}
	put(pr, op_info[n->op].text);
	if (n->op == OP_CHECKED)
		text_addf(pr->out, "_%s", type);
	put(pr, "(");
	if (n->op == OP_FROM_BITS)
		text_addf(pr->out, "%s, ", type);
	for (int i = 0; i < op_info[n->op].arity; i++) {
		put(pr, i ? ", " : "");
		print_expr(pr, args[i], BIND_ANY);
	}
	put(pr, ")");
}

static void
print_call(Printer *pr, const Node *n)
{
	put_str(pr, pr->p->funcs.at[n->func].name);
	put(pr, "(");
	for (NodeId arg = n->a; arg; arg = at(pr, arg)->next) {
		print_expr(pr, arg, BIND_ANY);
		put(pr, at(pr, arg)->next ? ", " : "");
	}
	put(pr, ")");
}

static void
print_span_access(Printer *pr, NodeId span, NodeId from, NodeId to)
{
	put_var(pr, at(pr, span)->var);
	put(pr, "[");
	print_expr(pr, from, BIND_ANY);
	if (to) {
		put(pr, "..");
		print_expr(pr, to, BIND_ANY);
	}
	put(pr, "]");
}

static void
print_conditional(Printer *pr, const Node *n, int min)
{
	put(pr, min ? "(if " : "if ");
	print_expr(pr, n->a, BIND_ANY);
	put(pr, " { ");
	print_expr(pr, n->b, BIND_ANY);
	put(pr, " } else { ");
	print_expr(pr, n->c, BIND_ANY);
	put(pr, min ? " })" : " }");
}

static void
print_expr(Printer *pr, NodeId id, int min)
{
	const Node *n = at(pr, id);

	switch (n->kind) {
	case NODE_LITERAL: print_literal(pr, n); break;
	case NODE_VAR: put_var(pr, n->var); break;
	case NODE_BINARY:
	case NODE_LOGIC: print_chain(pr, id, min); break;
	case NODE_UNARY:
		put(pr, op_info[n->op].text);
		print_expr(pr, n->a, BIND_UNARY);
		break;
	case NODE_BUILTIN: print_builtin(pr, n, min); break;
	case NODE_COND: print_conditional(pr, n, min); break;
	case NODE_INDEX: print_span_access(pr, n->a, n->b, 0); break;
	case NODE_SLICE: print_span_access(pr, n->a, n->b, n->c); break;
	case NODE_CALL: print_call(pr, n); break;
	default: break;
	}
}

static void
print_if(Printer *pr, const Node *n)
{
	for (;;) {
		put(pr, "if ");
		print_expr(pr, n->a, BIND_ANY);
		put(pr, " ");
		print_block(pr, n->b);
		if (!n->c)
			return;
		put(pr, " else ");
		if (at(pr, n->c)->kind != NODE_IF) {
			print_block(pr, n->c);
			return;
		}
		n = at(pr, n->c);
	}
}

static void
print_loop(Printer *pr, NodeId id)
{
	const Node *n = at(pr, id);
	NodeId body = n->kind == NODE_FOR ? n->c : n->b, outer = pr->loop;

	if (at(pr, body)->name.n) {
		put_str(pr, at(pr, body)->name);
		put(pr, ": ");
	}
	if (n->kind == NODE_FOR) {
		put(pr, "for ");
		put_var(pr, n->var);
		put(pr, " in ");
		print_expr(pr, n->a, BIND_ANY);
		put(pr, "..");
		print_expr(pr, n->b, BIND_ANY);
		put(pr, " ");
	} else if (n->kind == NODE_WHILE) {
		put(pr, "while ");
		print_expr(pr, n->a, BIND_ANY);
		put(pr, " ");
	} else {
		put(pr, "loop ");
	}
	pr->loop = id;
	print_block(pr, body);
	pr->loop = outer;
}

static void
print_jump(Printer *pr, const Node *n)
{
	const Node *target = at(pr, n->target);

	put(pr, n->kind == NODE_BREAK ? "break" : "continue");
	if (n->target != pr->loop) {
		put(pr, " ");
		put_str(pr, at(pr, target->kind == NODE_FOR ? target->c : target->b)->name);
	}
	put(pr, ";");
}

/* The statements that end in a value and a semicolon. */
static void
print_simple(Printer *pr, const Node *n)
{
	switch (n->kind) {
	case NODE_LET:
		put(pr, "let ");
		put_var(pr, n->var);
		text_addf(pr->out, ": %s = ", type_name((trivet_type)n->type));
		print_expr(pr, n->a, BIND_ANY);
		break;
	case NODE_ASSIGN:
		put_var(pr, n->var);
		put(pr, " = ");
		print_expr(pr, n->a, BIND_ANY);
		break;
	case NODE_STORE:
		print_span_access(pr, n->a, n->b, 0);
		text_addf(pr->out, " %s= ", n->op ? op_info[n->op].text : "");
		print_expr(pr, n->c, BIND_ANY);
		break;
	case NODE_RETURN:
		put(pr, n->a ? "return " : "return");
		if (n->a)
			print_expr(pr, n->a, BIND_ANY);
		break;
	case NODE_EXPR: print_expr(pr, n->a, BIND_ANY); break;
	case NODE_TRAP: put(pr, "trap"); break;
	default: break;
	}
	put(pr, ";");
}

static void
print_block(Printer *pr, NodeId id)
{
	put(pr, "{");
	pr->indent++;
	for (NodeId s = at(pr, id)->a; s && !pr->out->arena->mem->failed; s = at(pr, s)->next) {
		new_line(pr);
		switch (at(pr, s)->kind) {
		case NODE_IF: print_if(pr, at(pr, s)); break;
		case NODE_WHILE:
		case NODE_LOOP:
		case NODE_FOR: print_loop(pr, s); break;
		case NODE_BREAK:
		case NODE_CONTINUE: print_jump(pr, at(pr, s)); break;
		case NODE_BLOCK: print_block(pr, s); break;
		default: print_simple(pr, at(pr, s)); break;
		}
	}
	pr->indent--;
	new_line(pr);
	put(pr, "}");
}

void
lang_print(const Program *p, Text *out)
{
	Printer pr = { .p = p, .out = out };

	for (FuncId i = 0; i < p->funcs.n && !out->arena->mem->failed; i++) {
		const Func *f = pr.f = &p->funcs.at[i];
		if (i && !(f->is_extern && f[-1].is_extern))
			put(&pr, "\n");
		put(&pr, f->is_extern ? "extern fn " : "fn ");
		put_str(&pr, f->name);
		put(&pr, "(");
		for (uint32_t k = 0; k < f->nparams; k++) {
			put(&pr, k ? ", " : "");
			if (!f->is_extern) {
				put_var(&pr, k);
				put(&pr, ": ");
			}
			put(&pr, type_name((trivet_type)f->vars.at[k].type));
		}
		put(&pr, ")");
		if (f->result != TRIVET_VOID)
			text_addf(out, " -> %s", type_name((trivet_type)f->result));
		put(&pr, f->is_extern ? ";" : " ");
		if (!f->is_extern)
			print_block(&pr, f->body);
		put(&pr, "\n");
	}
}
