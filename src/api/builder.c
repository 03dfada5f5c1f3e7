/* builder.c - programs made by calls instead of text: the same tree, the same checker.
 *
 * Statements go to the innermost open block; a stack of frames knows which that is.  The first
 * mistake sticks, everything after it does nothing, and trivet_build_end() tells. */
#include "api/api.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct Frame { /* an open function, if, else or loop */
	uint8_t kind;  /* NODE_NONE for the function itself, or IF, WHILE, LOOP, FOR */
	bool in_else;
	NodeId node;	    /* the statement */
	NodeId block, last; /* where statements go, and the one before the next */
} Frame;

struct trivet_builder {
	trivet_engine *engine;
	trivet_module *module;
	Program *p;
	Arena *arena; /* the module's */
	VEC(Frame) frames;
	VEC(uint8_t) used; /* by NodeId: already part of another node */
	uint32_t line;
	trivet_status status;
	char message[200];
};

/* After the first mistake nothing is done any more; nor for a builder that could not be begun. */
static bool
stopped(const trivet_builder *b)
{
	return !b || b->status != TRIVET_OK;
}

MEM_PRINTF(2, 3)
static NodeId
fail(trivet_builder *b, const char *format, ...)
{
	va_list args;

	if (stopped(b))
		return 0;
	b->status = TRIVET_ARGUMENT;
	va_start(args, format);
	vsnprintf(b->message, sizeof b->message, format, args);
	va_end(args);
	return 0;
}

static Str
copied(trivet_builder *b, const char *s)
{
	Str out = str_copy(b->arena, (Str){ s ? s : "", s ? (uint32_t)strlen(s) : 0 });

	if (!out.at)
		b->status = TRIVET_NO_MEMORY;
	return out;
}

static Node *
at(trivet_builder *b, NodeId n)
{
	return &b->p->nodes.at[n];
}

/* Marks an operand as used and returns its height; reuse and strangers are mistakes. */
static uint32_t
take(trivet_builder *b, NodeId n)
{
	if (!n)
		return 0;
	if (n >= b->p->nodes.n) {
		fail(b, "there is no node %u", n);
		return 0;
	}
	while (b->used.n <= n && !b->status)
		if (!vec_push(b->arena, &b->used))
			b->status = TRIVET_NO_MEMORY;
	if (b->status)
		return 0;
	if (b->used.at[n])
		fail(b,
		     "an expression is used twice: make it again, or keep its value in a variable");
	b->used.at[n] = 1;
	return at(b, n)->height;
}

/* A node over operands; their heights and the open blocks stay within the limit of the walkers. */
static NodeId
make(trivet_builder *b, NodeKind kind, Op op, NodeId x, NodeId y, NodeId z)
{
	bool chain = kind == NODE_BINARY || kind == NODE_LOGIC;
	uint32_t height = 0, h[3];
	NodeId n;

	if (stopped(b))
		return 0;
	h[0] = take(b, x);
	h[1] = take(b, y);
	h[2] = take(b, z);
	for (int i = 0; i < 3; i++) {
		uint32_t above = h[i] + !(chain && i == 0);
		height = above > height ? above : height;
	}
	if (height + b->frames.n > AST_MAX_DEPTH)
		return fail(b, "nested too deeply (limit %d)", AST_MAX_DEPTH);
	n = b->status ? 0 : ast_node(b->p, kind, b->line, 1);
	if (!n) {
		b->status = b->status ? b->status : TRIVET_NO_MEMORY;
		return 0;
	}
	at(b, n)->op = (uint8_t)op;
	at(b, n)->height = (uint16_t)height;
	at(b, n)->a = x;
	at(b, n)->b = y;
	at(b, n)->c = z;
	return n;
}

static NodeId
named(trivet_builder *b, NodeKind kind, const char *name)
{
	NodeId n;

	if (!name || !*name)
		return fail(b, "a name is missing");
	n = make(b, kind, OP_NONE, 0, 0, 0);
	if (n)
		at(b, n)->name = copied(b, name);
	return n;
}

static bool
need(trivet_builder *b, NodeId n, const char *what)
{
	if (!n)
		fail(b, "%s is missing", what);
	return n && !stopped(b);
}

/* ---- Beginning and ending ---- */

trivet_builder *
trivet_build_begin(trivet_engine *e, const char *name)
{
	trivet_builder *b;
	trivet_module *m;

	if (!e)
		return NULL;
	m = api_module_begin(e, name);
	if (!m)
		return NULL;
	b = arena_alloc(&m->arena, sizeof *b);
	if (!b) {
		module_release(m);
		return NULL;
	}
	b->engine = e;
	b->module = m;
	b->p = &m->program;
	b->arena = &m->arena;
	b->line = 1;
	return b;
}

trivet_status
trivet_build_end(trivet_builder *b, trivet_module **out)
{
	trivet_engine *e;
	trivet_status s;
	Diags d;

	if (!b)
		return TRIVET_ARGUMENT;
	if (out)
		*out = NULL;
	else
		fail(b, "there is no place for the module");
	e = b->engine;
	if (b->frames.n)
		fail(b, "%u blocks are still open: trivet_ast_end() is missing", b->frames.n);
	if (b->status == TRIVET_ARGUMENT) {
		s = api_fail(e, TRIVET_ARGUMENT, "%s", b->message);
		module_release(b->module);
		return s;
	}
	diag_init(&d, b->arena, b->p->file, STR(""));
	s = b->status ? b->status : lang_check(b->p, &d);
	return api_module_finish(b->module, s, &d, out);
}

void
trivet_ast_line(trivet_builder *b, uint32_t line)
{
	if (b)
		b->line = line;
}

/* ---- Blocks and statements ---- */

static Frame *
top(trivet_builder *b)
{
	if (stopped(b))
		return NULL;
	if (!b->frames.n) {
		fail(b, "a statement outside of a function");
		return NULL;
	}
	return &b->frames.at[b->frames.n - 1];
}

static NodeId
block(trivet_builder *b, const char *label)
{
	NodeId n = make(b, NODE_BLOCK, OP_NONE, 0, 0, 0);

	if (n)
		at(b, n)->name = copied(b, label);
	return n;
}

static void
append(trivet_builder *b, NodeId statement)
{
	Frame *f = top(b);

	if (!f || !statement)
		return;
	if (f->last)
		at(b, f->last)->next = statement;
	else
		at(b, f->block)->a = statement;
	f->last = statement;
}

static void
push(trivet_builder *b, NodeKind kind, NodeId node, NodeId body)
{
	Frame *f;

	if (stopped(b))
		return;
	f = vec_push(b->arena, &b->frames);
	if (!f) {
		b->status = TRIVET_NO_MEMORY;
		return;
	}
	*f = (Frame){ .kind = (uint8_t)kind, .node = node, .block = body };
}

static void
begin_function(trivet_builder *b, const char *name, trivet_type result, bool is_extern)
{
	Func *f;
	NodeId body = 0;

	if (stopped(b))
		return;
	if (b->frames.n)
		fail(b, "function %s begins inside another one", name ? name : "");
	if (!name || !*name)
		fail(b, "a function needs a name");
	if ((unsigned)result > TRIVET_F64)
		fail(b, "a function returns a scalar or nothing, not %s", trivet_type_name(result));
	if (!is_extern)
		body = block(b, "");
	if (b->status)
		return;
	f = vec_push(b->arena, &b->p->funcs);
	if (!f) {
		b->status = TRIVET_NO_MEMORY;
		return;
	}
	f->name = copied(b, name);
	f->is_extern = is_extern;
	f->result = (uint8_t)result;
	f->line = b->line;
	f->column = 1;
	f->body = body;
	if (!is_extern)
		push(b, NODE_NONE, 0, body);
}

static void
add_param(trivet_builder *b, const char *name, trivet_type t)
{
	Func *f = &b->p->funcs.at[b->p->funcs.n - 1];
	Var *v;

	if (t == TRIVET_VOID || (unsigned)t >= TRIVET_TYPE_COUNT) {
		fail(b, "a parameter cannot be %s", trivet_type_name(t));
		return;
	}
	v = vec_push(b->arena, &f->vars);
	if (!v) {
		b->status = TRIVET_NO_MEMORY;
		return;
	}
	v->name = copied(b, name);
	v->type = (uint8_t)t;
	v->line = b->line;
	f->nparams++;
}

void
trivet_ast_function(trivet_builder *b, const char *name, trivet_type result)
{
	begin_function(b, name, result, false);
}

void
trivet_ast_extern(trivet_builder *b, const char *name, const char *signature)
{
	trivet_type result, params[64];
	uint32_t n;

	if (!signature || !lang_parse_signature((Str){ signature, (uint32_t)strlen(signature) },
						&result, params, &n, 64)) {
		fail(b, "\"%s\" is not a signature", signature ? signature : "");
		return;
	}
	begin_function(b, name, result, true);
	for (uint32_t i = 0; i < n && !stopped(b); i++)
		add_param(b, "", params[i]);
}

void
trivet_ast_param(trivet_builder *b, const char *name, trivet_type t)
{
	Frame *f = top(b);

	if (f && (f->kind != NODE_NONE || f->last))
		fail(b, "parameter %s comes after a statement", name ? name : "");
	if (!name || !*name)
		fail(b, "a parameter needs a name");
	if (f && !b->status)
		add_param(b, name, t);
}

void
trivet_ast_let(trivet_builder *b, const char *name, trivet_type t, trivet_node init)
{
	NodeId n = 0;

	if ((unsigned)t >= TRIVET_TYPE_COUNT)
		fail(b, "there is no type %d", (int)t);
	if (!name || !*name)
		fail(b, "a variable needs a name");
	if (need(b, init, "an initialiser"))
		n = make(b, NODE_LET, OP_NONE, init, 0, 0);
	if (!n)
		return;
	at(b, n)->type = (uint8_t)t;
	at(b, n)->name = copied(b, name);
	append(b, n);
}

void
trivet_ast_store(trivet_builder *b, const char *variable, trivet_node value)
{
	NodeId n = 0;

	if (!variable || !*variable)
		fail(b, "a variable's name is missing");
	if (need(b, value, "a value"))
		n = make(b, NODE_ASSIGN, OP_NONE, value, 0, 0);
	if (!n)
		return;
	at(b, n)->name = copied(b, variable);
	append(b, n);
}

void
trivet_ast_store_index(trivet_builder *b, const char *span, trivet_node index, trivet_node value)
{
	NodeId s = named(b, NODE_VAR, span);

	if (need(b, index, "an index") && need(b, value, "a value"))
		append(b, make(b, NODE_STORE, OP_NONE, s, index, value));
}

void
trivet_ast_if(trivet_builder *b, trivet_node condition)
{
	NodeId body, n;

	if (!need(b, condition, "a condition"))
		return;
	body = block(b, "");
	n = make(b, NODE_IF, OP_NONE, condition, body, 0);
	append(b, n);
	push(b, NODE_IF, n, body);
}

void
trivet_ast_else(trivet_builder *b)
{
	Frame *f = top(b);
	NodeId body;

	if (!f)
		return;
	if (f->kind != NODE_IF || f->in_else) {
		fail(b, "`else` without an open `if`");
		return;
	}
	body = block(b, "");
	if (!body)
		return;
	take(b, body);
	at(b, f->node)->c = body;
	f->in_else = true;
	f->block = body;
	f->last = 0;
}

static void
begin_loop(trivet_builder *b, NodeKind kind, const char *label, const char *variable, NodeId x,
	   NodeId y)
{
	NodeId body = block(b, label);
	NodeId n = kind == NODE_FOR ? make(b, kind, OP_NONE, x, y, body)
				    : make(b, kind, OP_NONE, x, body, 0);

	if (!n)
		return;
	if (kind == NODE_FOR)
		at(b, n)->name = copied(b, variable);
	append(b, n);
	push(b, kind, n, body);
}

void
trivet_ast_while(trivet_builder *b, const char *label, trivet_node condition)
{
	if (need(b, condition, "a condition"))
		begin_loop(b, NODE_WHILE, label, NULL, condition, 0);
}

void
trivet_ast_loop(trivet_builder *b, const char *label)
{
	begin_loop(b, NODE_LOOP, label, NULL, 0, 0);
}

void
trivet_ast_for(trivet_builder *b, const char *label, const char *variable, trivet_node from,
	       trivet_node to)
{
	if (!variable || !*variable)
		fail(b, "a loop variable needs a name");
	if (need(b, from, "where the loop begins") && need(b, to, "where the loop ends"))
		begin_loop(b, NODE_FOR, label, variable, from, to);
}

void
trivet_ast_end(trivet_builder *b)
{
	if (stopped(b))
		return;
	if (b->frames.n)
		b->frames.n--;
	else
		fail(b, "there is nothing to end");
}

static void
jump(trivet_builder *b, NodeKind kind, const char *label)
{
	NodeId n = make(b, kind, OP_NONE, 0, 0, 0);

	if (!n)
		return;
	at(b, n)->name = copied(b, label);
	append(b, n);
}

void
trivet_ast_break(trivet_builder *b, const char *label)
{
	jump(b, NODE_BREAK, label);
}

void
trivet_ast_continue(trivet_builder *b, const char *label)
{
	jump(b, NODE_CONTINUE, label);
}

void
trivet_ast_return(trivet_builder *b, trivet_node value)
{
	append(b, make(b, NODE_RETURN, OP_NONE, value, 0, 0));
}

void
trivet_ast_expr(trivet_builder *b, trivet_node call)
{
	if (need(b, call, "a call"))
		append(b, make(b, NODE_EXPR, OP_NONE, call, 0, 0));
}

void
trivet_ast_trap(trivet_builder *b)
{
	append(b, make(b, NODE_TRAP, OP_NONE, 0, 0, 0));
}

/* ---- Expressions ---- */

static NodeId
literal(trivet_builder *b, trivet_type t, uint64_t bits)
{
	NodeId n = make(b, NODE_LITERAL, OP_NONE, 0, 0, 0);

	if (!n)
		return 0;
	at(b, n)->type = (uint8_t)t;
	at(b, n)->bits = bits;
	return n;
}

trivet_node
trivet_ast_int(trivet_builder *b, trivet_type t, int64_t value)
{
	uint64_t bits = (uint64_t)value;

	if (!type_is_int(t))
		return fail(b, "%s is not an integer type", trivet_type_name(t));
	if (t == TRIVET_I32 && value != (int32_t)value)
		return fail(b, "%lld does not fit i32", (long long)value);
	if (t == TRIVET_U32 && (value < 0 || value > (int64_t)UINT32_MAX))
		return fail(b, "%lld does not fit u32", (long long)value);
	return literal(b, t, type_is_wide(t) ? bits : bits & 0xffffffffu);
}

trivet_node
trivet_ast_float(trivet_builder *b, trivet_type t, double value)
{
	uint64_t bits = 0;

	if (!type_is_float(t))
		return fail(b, "%s is not a float type", trivet_type_name(t));
	if (t == TRIVET_F64) {
		if (value != value)
			bits = UINT64_C(0x7ff8000000000000);
		else
			memcpy(&bits, &value, 8);
	} else {
		float narrow = (float)value;
		if (value != value)
			bits = 0x7fc00000;
		else if ((double)narrow != value)
			return fail(b, "this value is not exact as f32: round it first");
		else
			memcpy(&bits, &narrow, 4);
	}
	return literal(b, t, bits);
}

trivet_node
trivet_ast_bool(trivet_builder *b, bool value)
{
	return literal(b, TRIVET_BOOL, value);
}

trivet_node
trivet_ast_load(trivet_builder *b, const char *variable)
{
	return named(b, NODE_VAR, variable);
}

static Op
find_op(const char *text, OpForm form)
{
	for (int op = 1; op < OP_COUNT && text; op++)
		if (op_info[op].form == form && !strcmp(op_info[op].text, text))
			return (Op)op;
	return OP_NONE;
}

trivet_node
trivet_ast_unary(trivet_builder *b, const char *op, trivet_node x)
{
	Op found = find_op(op, FORM_UNARY);

	if (!found)
		return fail(b, "there is no unary operator '%s'", op ? op : "");
	return need(b, x, "an operand") ? make(b, NODE_UNARY, found, x, 0, 0) : 0;
}

trivet_node
trivet_ast_binary(trivet_builder *b, const char *op, trivet_node x, trivet_node y)
{
	bool logic = op && (!strcmp(op, "&&") || !strcmp(op, "||"));
	Op found = !logic ? find_op(op, FORM_BINARY) : op[0] == '&' ? OP_AND : OP_OR;

	if (!found)
		return fail(b, "there is no binary operator '%s'", op ? op : "");
	if (!need(b, x, "the left operand") || !need(b, y, "the right operand"))
		return 0;
	return make(b, logic ? NODE_LOGIC : NODE_BINARY, found, x, y, 0);
}

trivet_node
trivet_ast_compare(trivet_builder *b, const char *op, trivet_node x, trivet_node y)
{
	Op found = find_op(op, FORM_BINARY);

	if (!found || op_info[found].gives != GIVES_BOOL)
		return fail(b, "there is no comparison '%s'", op ? op : "");
	return trivet_ast_binary(b, op, x, y);
}

trivet_node
trivet_ast_builtin(trivet_builder *b, const char *name, const trivet_node *args, uint32_t n)
{
	Op op = find_op(name, FORM_CALL);
	NodeId x[3] = { 0 };

	if (!op || op == OP_CAST || op == OP_CHECKED || op == OP_FROM_BITS)
		return fail(b, "there is no built-in function '%s' here", name ? name : "");
	if (n != op_info[op].arity || !args)
		return fail(b, "%s takes %d operands, %u were given", name, op_info[op].arity, n);
	for (uint32_t i = 0; i < n; i++) {
		x[i] = args[i];
		if (!need(b, x[i], "an operand"))
			return 0;
	}
	return make(b, NODE_BUILTIN, op, x[0], x[1], x[2]);
}

trivet_node
trivet_ast_convert(trivet_builder *b, const char *how, trivet_type t, trivet_node x)
{
	Op op = find_op(how, FORM_CALL);
	NodeId n;

	if (op != OP_CAST && op != OP_CHECKED && op != OP_FROM_BITS)
		return fail(b, "a conversion is \"as\", \"checked\" or \"from_bits\", not '%s'",
			    how ? how : "");
	if (t == TRIVET_VOID || (unsigned)t > TRIVET_F64)
		return fail(b, "%s is not a type to convert to", trivet_type_name(t));
	n = need(b, x, "an operand") ? make(b, NODE_BUILTIN, op, x, 0, 0) : 0;
	if (n)
		at(b, n)->type = (uint8_t)t;
	return n;
}

trivet_node
trivet_ast_select(trivet_builder *b, trivet_node condition, trivet_node x, trivet_node y)
{
	if (!need(b, condition, "a condition") || !need(b, x, "the first value") ||
	    !need(b, y, "the second value"))
		return 0;
	return make(b, NODE_COND, OP_NONE, condition, x, y);
}

trivet_node
trivet_ast_index(trivet_builder *b, const char *span, trivet_node index)
{
	NodeId s = named(b, NODE_VAR, span);

	return need(b, index, "an index") ? make(b, NODE_INDEX, OP_NONE, s, index, 0) : 0;
}

trivet_node
trivet_ast_slice(trivet_builder *b, const char *span, trivet_node from, trivet_node to)
{
	NodeId s = named(b, NODE_VAR, span);

	if (!need(b, from, "where the slice begins") || !need(b, to, "where the slice ends"))
		return 0;
	return make(b, NODE_SLICE, OP_NONE, s, from, to);
}

trivet_node
trivet_ast_call(trivet_builder *b, const char *function, const trivet_node *args, uint32_t n)
{
	uint32_t height = 0, h;
	NodeId call = named(b, NODE_CALL, function);

	if (call && n && !args)
		return fail(b, "the arguments of %s are missing", function);
	for (uint32_t i = 0; call && i < n; i++) {
		if (!need(b, args[i], "an argument"))
			return 0;
		h = take(b, args[i]) + 1;
		height = h > height ? h : height;
		if (i)
			at(b, args[i - 1])->next = args[i];
		else
			at(b, call)->a = args[i];
	}
	if (stopped(b))
		return 0;
	if (height + b->frames.n > AST_MAX_DEPTH)
		return fail(b, "nested too deeply (limit %d)", AST_MAX_DEPTH);
	at(b, call)->height = (uint16_t)height;
	return call;
}
