/* directive.c - calls with constant arguments: the //! lines and the command's own.
 *
 *     CALL                      no expectation
 *     CALL == VALUE
 *     CALL traps REASON
 *     ... leaves SPAN, SPAN     what the span arguments hold afterwards; may end any of these
 *
 * Values are constant expressions, which may use the program's constants.  They are parsed into
 * a program of their own, so the one they call into stays as it is. */
#include "lang/check.h"
#include "lang/parse.h"

enum { ELEMENTS_MAX = 1 << 24 }; /* of a span written as [value; count] */

typedef struct Reader {
	Parser ps;
	Checker c;
	Program scratch; /* nodes of the constant expressions; functions and constants are shared */
	const Program *p;
	Arena *arena; /* of the results */
} Reader;

static bool
reader_init(Reader *r, const Program *p, Arena *a, Diags *d)
{
	r->p = p;
	r->arena = a;
	r->scratch = *p;
	r->scratch.arena = a;
	memset(&r->scratch.nodes, 0, sizeof r->scratch.nodes);
	if (!vec_push(a, &r->scratch.nodes) || !checker_init(&r->c, &r->scratch, d))
		return false;
	checker_names(&r->c, false);
	return !a->mem->failed;
}

static void
reader_begin(Reader *r, Str text, uint32_t line, uint32_t column)
{
	parser_init(&r->ps, text, line, column, &r->scratch, r->c.d);
	parser_advance(&r->ps);
}

static bool
failed(const Reader *r)
{
	return r->ps.panic || r->arena->mem->failed;
}

/* One constant expression of type t. */
static void
read_scalar(Reader *r, trivet_type t, const char *what, uint64_t *bits)
{
	uint32_t errors = r->c.d->list.n + r->c.d->dropped;
	NodeId id;

	r->scratch.nodes.n = 1; /* what came before has been evaluated */
	id = parse_expression(&r->ps);
	if (failed(r) || !checker_begin(&r->c))
		return;
	if (checker_measure(&r->c, id)) {
		check_typed(&r->c, id, t, what);
		if (errors == r->c.d->list.n + r->c.d->dropped)
			check_eval(&r->c, id, bits);
	}
	if (errors != r->c.d->list.n + r->c.d->dropped)
		r->ps.panic = true;
}

/* A span's element as it is loaded: narrow ones must fit, not be cut. */
static void
read_element(Reader *r, trivet_type span, uint64_t *bits)
{
	Token t = r->ps.tok;
	uint32_t width = 8 * type_size(span);
	int32_t value;

	*bits = 0;
	read_scalar(r, type_element(span), "an element", bits);
	if (failed(r) || width >= 32)
		return;
	value = (int32_t)(uint32_t)*bits;
	if (type_element(span) == TRIVET_I32
		    ? value < -(1 << (width - 1)) || value >= 1 << (width - 1)
		    : *bits >> width != 0) {
		diag_add(r->c.d, t.line, t.column, t.text.n,
			 "the number does not fit an element of %s", type_name(span));
		r->ps.panic = true;
	}
}

static void
read_repeated(Reader *r, uint64_t element, ConstValue *out)
{
	Token t = r->ps.tok;
	uint64_t count = 0;

	read_scalar(r, TRIVET_I64, "the number of elements", &count);
	if (failed(r))
		return;
	if (count > ELEMENTS_MAX) {
		diag_add(r->c.d, t.line, t.column, t.text.n,
			 "the number of elements must be 0 to %d", ELEMENTS_MAX);
		r->ps.panic = true;
		return;
	}
	out->elements = arena_alloc(r->arena, (size_t)(count ? count : 1) * sizeof(uint64_t));
	out->count = out->elements ? count : 0;
	for (uint64_t i = 0; i < out->count; i++)
		out->elements[i] = element;
}

/* [e, e, …], [] or [e; count] */
static void
read_span(Reader *r, trivet_type span, ConstValue *out)
{
	VEC(uint64_t) list = { 0 };
	uint64_t element;

	if (!parser_expect(&r->ps, TOK_LBRACKET, "and the elements of a span"))
		return;
	while (r->ps.tok.kind != TOK_RBRACKET || list.n) {
		read_element(r, span, &element);
		if (failed(r))
			return;
		if (!list.n && parser_accept(&r->ps, TOK_SEMICOLON)) {
			read_repeated(r, element, out);
			parser_expect(&r->ps, TOK_RBRACKET, "after the number of elements");
			return;
		}
		uint64_t *slot = vec_push(r->arena, &list);
		if (!slot)
			return;
		*slot = element;
		if (!parser_accept(&r->ps, TOK_COMMA))
			break;
	}
	parser_expect(&r->ps, TOK_RBRACKET, "or ',' after an element");
	out->elements = list.at;
	out->count = list.n;
}

static void
read_value(Reader *r, trivet_type t, ConstValue *out)
{
	*out = (ConstValue){ .type = (uint8_t)t };
	if (type_is_span(t))
		read_span(r, t, out);
	else
		read_scalar(r, t, "the argument", &out->bits);
}

static void
wrong_count(Reader *r, const Token *name, const Func *f, const char *found)
{
	diag_add(r->c.d, name->line, name->column, name->text.n,
		 "'%.*s' takes %u argument%s, found %s", (int)name->text.n, name->text.at,
		 f->nparams, f->nparams == 1 ? "" : "s", found);
	r->ps.panic = true;
}

static void
read_call(Reader *r, CallSpec *out)
{
	Token name = r->ps.tok;
	const Binding *b;
	const Func *f;
	const char *end;

	if (!parser_expect(&r->ps, TOK_NAME, "of the function to call"))
		return;
	b = names_find(r->c.funcs, name.text);
	f = b ? &r->p->funcs.at[b->id] : NULL;
	if (!f || f->is_extern) {
		diag_add(r->c.d, name.line, name.column, name.text.n,
			 f ? "'%.*s' is a function of the host" : "there is no function '%.*s'",
			 (int)name.text.n, name.text.at);
		r->ps.panic = true;
		return;
	}
	out->func = b->id;
	out->args = arena_alloc(r->arena, (f->nparams + 1) * sizeof *out->args);
	parser_expect(&r->ps, TOK_LPAREN, "after the function's name");
	for (uint32_t i = 0; i < f->nparams && !failed(r); i++) {
		if (r->ps.tok.kind == TOK_RPAREN)
			wrong_count(r, &name, f, "fewer");
		else if (i)
			parser_expect(&r->ps, TOK_COMMA, "and another argument");
		if (!failed(r))
			read_value(r, (trivet_type)f->vars.at[i].type, &out->args[i]);
	}
	if (!failed(r) && (f->nparams ? r->ps.tok.kind == TOK_COMMA
				      : r->ps.tok.kind != TOK_RPAREN && r->ps.tok.kind != TOK_END))
		wrong_count(r, &name, f, "more");
	end = r->ps.tok.text.at + r->ps.tok.text.n;
	if (!failed(r))
		parser_expect(&r->ps, TOK_RPAREN, "after the arguments");
	out->text = (Str){ name.text.at, (uint32_t)(end - name.text.at) };
}

/* A reason is several tokens: words and the '-' between them. */
static void
read_trap(Reader *r, Directive *out)
{
	Token first = r->ps.tok;
	Str text = { first.text.at, 0 };

	while ((r->ps.tok.kind == TOK_NAME ||
		(r->ps.tok.kind == TOK_OP && r->ps.tok.op == OP_SUB)) &&
	       r->ps.tok.text.at == text.at + text.n) {
		text.n += r->ps.tok.text.n;
		parser_advance(&r->ps);
	}
	for (int t = TRIVET_TRAP_NONE + 1; t < TRIVET_TRAP_COUNT; t++)
		if (str_is(text, trap_name((trivet_trap)t))) {
			out->expect = EXPECT_TRAP;
			out->trap = (trivet_trap)t;
			return;
		}
	diag_add(r->c.d, first.line, first.column, text.n ? text.n : first.text.n,
		 "expected the reason of a trap, such as divide-by-zero");
	r->ps.panic = true;
}

static bool
accept_word(Reader *r, const char *word)
{
	if (r->ps.tok.kind != TOK_NAME || !str_is(r->ps.tok.text, word))
		return false;
	parser_advance(&r->ps);
	return true;
}

static void
read_leaves(Reader *r, const Func *f, Directive *out)
{
	Token t = r->ps.tok;
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->nparams; i++)
		n += type_is_span((trivet_type)f->vars.at[i].type);
	out->leaves = true;
	out->spans = arena_alloc(r->arena, (n + 1) * sizeof *out->spans);
	for (uint32_t i = 0; i < f->nparams && !failed(r); i++) {
		if (!type_is_span((trivet_type)f->vars.at[i].type))
			continue;
		if (out->nspans)
			parser_expect(&r->ps, TOK_COMMA, "and the next span's elements");
		if (!failed(r))
			read_value(r, (trivet_type)f->vars.at[i].type, &out->spans[out->nspans++]);
	}
	if (n)
		return;
	diag_add(r->c.d, t.line, t.column, t.text.n, "'%.*s' has no span parameter", (int)f->name.n,
		 f->name.at);
	r->ps.panic = true;
}

static void
read_directive(Reader *r, Directive *out)
{
	const Func *f;

	read_call(r, &out->call);
	if (failed(r))
		return;
	f = &r->p->funcs.at[out->call.func];
	if (r->ps.tok.kind == TOK_OP && r->ps.tok.op == OP_EQ) {
		Token t = r->ps.tok;
		parser_advance(&r->ps);
		out->expect = EXPECT_VALUE;
		if (f->result == TRIVET_VOID) {
			diag_add(r->c.d, t.line, t.column, t.text.n, "'%.*s' returns nothing",
				 (int)f->name.n, f->name.at);
			r->ps.panic = true;
			return;
		}
		read_scalar(r, (trivet_type)f->result, "the expected value", &out->value);
	} else if (accept_word(r, "traps")) {
		read_trap(r, out);
	}
	if (!failed(r) && accept_word(r, "leaves"))
		read_leaves(r, f, out);
	if (!failed(r) && r->ps.tok.kind != TOK_END)
		parser_error(&r->ps, out->expect == EXPECT_NOTHING && !out->leaves
					     ? "'==', 'traps', 'leaves' or the end of the line"
					     : "the end of the line");
}

void
check_directives(Checker *c)
{
	Reader *r = arena_alloc(c->p->arena, sizeof *r);

	if (!c->p->remarks.n || !r || !reader_init(r, c->p, c->p->arena, c->d))
		return;
	for (uint32_t i = 0; i < c->p->remarks.n && !c->p->arena->mem->failed; i++) {
		Remark remark = c->p->remarks.at[i];
		Directive d = { .line = remark.line }, *added;
		reader_begin(r, remark.text, remark.line, remark.column);
		/* `//! program NAME` parts the programs of a stream and says nothing about them. */
		if (str_is(r->ps.tok.text, "program") && r->ps.ahead.kind != TOK_LPAREN)
			continue;
		read_directive(r, &d);
		added = failed(r) ? NULL : vec_push(c->p->arena, &c->p->directives);
		if (added)
			*added = d;
	}
}

trivet_status
lang_parse_call(const Program *p, Arena *a, Str text, Diags *d, CallSpec *out)
{
	Reader *r = arena_alloc(a, sizeof *r);

	*out = (CallSpec){ .func = FUNC_NONE };
	if (!r || !reader_init(r, p, a, d))
		return TRIVET_NO_MEMORY;
	reader_begin(r, text, 1, 1);
	read_call(r, out);
	if (!failed(r) && r->ps.tok.kind != TOK_END)
		parser_error(&r->ps, "the end of the call");
	if (a->mem->failed)
		return TRIVET_NO_MEMORY;
	return d->list.n ? TRIVET_SOURCE : TRIVET_OK;
}
