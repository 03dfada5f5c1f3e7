/* check.c - scopes, statements and items; the shape of the tree.
 *
 * Before its types a function's tree is measured: builders may hand us anything, and what is no
 * tree, or too deep a one, must be told before anything walks it by recursion. */
#include "lang/check.h"
#include "lang/literal.h"
#include "lang/parse.h"

static Node *
at(Checker *c, NodeId id)
{
	return &c->p->nodes.at[id];
}

void
check_error(Checker *c, NodeId id, const char *format, ...)
{
	const Node *n = at(c, id);
	uint32_t width = 1;
	Text text;
	va_list args;

	/* Names are still there in nodes that failed; a literal's or a call's too. */
	if ((n->kind == NODE_VAR || n->kind == NODE_CALL || n->kind == NODE_LITERAL ||
	     n->kind == NODE_ASSIGN) &&
	    n->type == TRIVET_VOID && n->name.n < 256)
		width = n->name.n;
	if (c->d->list.n >= DIAG_MAX) {
		c->d->dropped += c->d->dropped < UINT32_MAX;
		return;
	}
	text_init(&text, c->d->arena);
	va_start(args, format);
	text_addv(&text, format, args);
	va_end(args);
	diag_add(c->d, n->line, n->column, width, "%s", text.at ? text.at : "");
}

static void
error_at_line(Checker *c, uint32_t line, uint32_t column, Str name, const char *what)
{
	diag_add(c->d, line, column, name.n, "'%.*s' %s", (int)(name.n < 80 ? name.n : 80), name.at,
		 what);
}

/* ---- The shape of the tree ------------------------------------------------------------------ */

bool
checker_init(Checker *c, Program *p, Diags *d)
{
	*c = (Checker){ .p = p, .d = d, .func = FUNC_NONE, .reachable = true };
	c->vars = names_new(p->arena);
	c->funcs = names_new(p->arena);
	return c->vars && c->funcs;
}

bool
checker_begin(Checker *c)
{
	if (c->nseen < c->p->nodes.n) {
		uint32_t room = c->p->nodes.n + c->p->nodes.n / 2;
		c->seen = arena_alloc(c->p->arena, room);
		c->nseen = c->seen ? room : 0;
	} else if (c->nseen) {
		memset(c->seen, 0, c->nseen);
	}
	return c->seen != NULL;
}

static void
malformed(Checker *c, NodeId id, const char *why)
{
	if (!c->malformed)
		check_error(c, id, "%s", why);
	c->malformed = true;
}

/* Each node belongs to one place. */
static bool
claim(Checker *c, NodeId id, NodeId parent)
{
	if (id >= c->p->nodes.n || c->seen[id]) {
		malformed(c, parent, "malformed tree: a node is used twice, or does not exist");
		return false;
	}
	c->seen[id] = 1;
	at(c, id)->flags = 0;
	at(c, id)->height = 1;
	return true;
}

static uint8_t
flexible(Checker *c, NodeId id)
{
	return at(c, id)->flags & (NODE_FLEXIBLE | NODE_FLEXIBLE_FLOAT);
}

static uint8_t
both_flexible(uint8_t a, uint8_t b)
{
	return a & b & NODE_FLEXIBLE ? a | b : 0;
}

/* The flexible flags of a node whose operands have theirs. */
static uint8_t
flexibility(Checker *c, const Node *n)
{
	Number number;
	uint8_t flags;

	switch (n->kind) {
	case NODE_LITERAL:
		if (n->type != TRIVET_VOID || number_scan(n->name, &number) || number.suffix)
			return 0;
		return (uint8_t)(NODE_FLEXIBLE | (number.is_float ? NODE_FLEXIBLE_FLOAT : 0));
	case NODE_UNARY: return n->op == OP_LNOT ? 0 : flexible(c, n->a);
	case NODE_BINARY:
		if (n->op >= OP_COUNT || op_info[n->op].gives != GIVES_SAME)
			return 0;
		return both_flexible(flexible(c, n->a), flexible(c, n->b));
	case NODE_COND: return both_flexible(flexible(c, n->b), flexible(c, n->c));
	case NODE_BUILTIN:
		if (n->op == OP_SELECT)
			return both_flexible(flexible(c, n->b), flexible(c, n->c));
		if (n->op >= OP_COUNT || op_info[n->op].gives != GIVES_SAME)
			return 0;
		flags = flexible(c, n->a);
		flags = n->b ? both_flexible(flags, flexible(c, n->b)) : flags;
		return n->c ? both_flexible(flags, flexible(c, n->c)) : flags;
	default: return 0;
	}
}

/* Does the chain of left operands, or of `else if`, go on below n?  Then with this node. */
static NodeId
chain_next(Checker *c, const Node *n)
{
	if (n->kind == NODE_BINARY || n->kind == NODE_LOGIC)
		return n->a < c->p->nodes.n && (at(c, n->a)->kind == NODE_BINARY ||
						at(c, n->a)->kind == NODE_LOGIC)
			       ? n->a
			       : 0;
	return n->kind == NODE_IF && n->c < c->p->nodes.n && at(c, n->c)->kind == NODE_IF ? n->c
											  : 0;
}

/* Which links each kind may have: 1 a, 2 b, 4 c. */
// clang-format off
static const uint8_t links_of[NODE_KIND_COUNT] = {
	[NODE_UNARY] = 1, [NODE_BINARY] = 3, [NODE_LOGIC] = 3, [NODE_BUILTIN] = 7, [NODE_COND] = 7,
	[NODE_INDEX] = 3, [NODE_SLICE] = 7, [NODE_CALL] = 1, [NODE_LET] = 1, [NODE_ASSIGN] = 1,
	[NODE_STORE] = 7, [NODE_IF] = 7, [NODE_WHILE] = 3, [NODE_LOOP] = 2, [NODE_FOR] = 7,
	[NODE_RETURN] = 1, [NODE_EXPR] = 1, [NODE_BLOCK] = 1,
};
// clang-format on

static void measure(Checker *c, NodeId id, NodeId parent, uint32_t depth);

/* Everything below id.  Most nodes have nothing below them. */
static inline void
measure_operand(Checker *c, NodeId id, NodeId parent, uint32_t depth)
{
	Node *n = at(c, id);

	if (depth > AST_MAX_DEPTH)
		malformed(c, id < c->p->nodes.n ? id : parent, "nested too deeply (limit 256)");
	else if (id >= c->p->nodes.n || (n->a | n->b | n->c) || n->kind >= NODE_KIND_COUNT)
		measure(c, id, parent, depth);
	else if (claim(c, id, parent))
		n->flags = flexibility(c, n);
}

/* What hangs off a node of a chain, of which `next` was measured before. */
static void
measure_link(Checker *c, NodeId id, NodeId next, uint32_t depth)
{
	Node *n = at(c, id);
	const NodeId below[3] = { n->a, n->b, n->c };
	bool list = n->kind == NODE_CALL || n->kind == NODE_BLOCK;
	uint32_t height = next ? at(c, next)->height : 1;
	uint8_t links = (uint8_t)((n->a != 0) | (n->b != 0) << 1 | (n->c != 0) << 2);

	if (n->kind >= NODE_KIND_COUNT || links & ~links_of[n->kind])
		malformed(c, id, "malformed tree: an operand too many");
	if (next && at(c, next)->next)
		malformed(c, next, "malformed tree: an operand is in a list");
	for (int i = 0; i < 3; i++) {
		for (NodeId k = below[i]; k && k != next; k = at(c, k)->next) {
			measure_operand(c, k, id, depth + 1);
			if (c->malformed)
				return;
			if (at(c, k)->height + 1u > height)
				height = at(c, k)->height + 1u;
			if (at(c, k)->next && (i > 0 || !list))
				malformed(c, id, "malformed tree: an operand is in a list");
		}
	}
	n->height = (uint16_t)height;
	if (!c->malformed)
		n->flags = flexibility(c, n);
}

/* A chain of nodes, from its far end on. */
static void
measure(Checker *c, NodeId id, NodeId parent, uint32_t depth)
{
	uint32_t bottom = c->chain.n;
	NodeId next = 0;

	for (; id && !c->malformed; parent = id, id = chain_next(c, at(c, id))) {
		ChainEntry *e;
		if (!claim(c, id, parent))
			break;
		e = vec_push(c->p->arena, &c->chain);
		if (!e)
			c->malformed = true; /* no memory: reported by its own status */
		else
			e->id = id;
	}
	for (; c->chain.n > bottom && !c->malformed; next = id) {
		id = c->chain.at[--c->chain.n].id;
		measure_link(c, id, next, depth);
	}
	c->chain.n = bottom;
}

bool
checker_measure(Checker *c, NodeId id)
{
	c->malformed = false;
	c->chain.n = 0;
	measure_operand(c, id, 0, 1);
	if (!c->malformed && at(c, id)->next)
		malformed(c, id, "malformed tree: an operand is in a list");
	return !c->malformed;
}

/* ---- Variables and statements --------------------------------------------------------------- */

static void check_block(Checker *c, NodeId id);
static void check_statement(Checker *c, NodeId id);

/* A new variable of the function; with a name it can be used from here on. */
static VarId
add_var(Checker *c, Str name, trivet_type t, uint32_t line)
{
	Func *f = &c->p->funcs.at[c->func];
	VarId id = f->vars.n;
	Var *v = vec_push(c->p->arena, &f->vars);

	if (!v)
		return 0;
	*v = (Var){ name, (uint8_t)t, line };
	if (name.n)
		names_add(c->vars, name, NAME_VAR, id);
	if (id >= c->nassigned) {
		uint32_t room = id * 2 + 64;
		uint8_t *grown = arena_alloc(c->p->arena, room);
		if (!grown)
			return id;
		if (c->nassigned)
			memcpy(grown, c->assigned, c->nassigned);
		c->assigned = grown;
		c->nassigned = room;
	}
	c->assigned[id] = 0;
	return id;
}

static bool
check_name(Checker *c, NodeId id, Str name)
{
	if (lex_is_word(name))
		return true;
	check_error(c, id, "'%.*s' cannot be a name", (int)(name.n < 80 ? name.n : 80), name.at);
	return false;
}

static void
check_let(Checker *c, NodeId id)
{
	Node *n = at(c, id);
	Str name = n->name;
	trivet_type declared = (trivet_type)n->type, t;

	if (!check_name(c, id, name))
		return;
	if (declared >= TRIVET_TYPE_COUNT) {
		check_error(c, id, "malformed tree: there is no such type");
		declared = TRIVET_VOID;
	}
	if (at(c, n->a)->kind == NODE_SLICE) {
		t = check_slice(c, n->a);
	} else {
		t = check_expr(c, n->a, declared);
		if (t < TYPE_ERROR && type_is_span(t)) {
			check_error(c, id,
				    "a span variable is made by a slice: let %.*s = s[0..len(s)]",
				    (int)name.n, name.at);
			t = TYPE_ERROR;
		}
	}
	if (declared != TRIVET_VOID && t != TYPE_ERROR && t != declared)
		check_error(c, n->a, "'%.*s' is declared %s, but its value is %s", (int)name.n,
			    name.at, type_name(declared), type_name(t));
	if (declared != TRIVET_VOID)
		t = declared;
	n->type = (uint8_t)t;
	n->name = (Str){ NULL, 0 };
	n->var = add_var(c, name, t, n->line);
}

static void
check_assign(Checker *c, NodeId id)
{
	Node *n = at(c, id);
	Str name = n->name;
	const Binding *b = check_lookup(c, id, name);
	trivet_type t = TYPE_ERROR;
	VarId var = 0;

	if (b && b->kind == NAME_CONST) {
		check_error(c, id, "'%.*s' is a constant", (int)name.n, name.at);
	} else if (b) {
		var = b->id;
		t = (trivet_type)c->p->funcs.at[c->func].vars.at[var].type;
		if (t != TYPE_ERROR && type_is_span(t)) {
			check_error(c, id, "'%.*s' is a span, which cannot be assigned",
				    (int)name.n, name.at);
			t = TYPE_ERROR;
		}
		if (var < c->nassigned)
			c->assigned[var] = 1;
	}
	check_typed(c, n->a, t, "the value assigned");
	n->type = (uint8_t)t;
	n->name = (Str){ NULL, 0 };
	n->var = var;
}

static void
check_store(Checker *c, NodeId id)
{
	Node *n = at(c, id);
	trivet_type span = check_span_name(c, n->a);
	trivet_type index = check_expr(c, n->b, TRIVET_VOID);
	trivet_type element = span == TYPE_ERROR ? TYPE_ERROR : type_element(span);
	bool op_ok = n->op < OP_COUNT && (n->op == OP_NONE || (op_info[n->op].form == FORM_BINARY &&
							       op_info[n->op].gives == GIVES_SAME));

	if (index != TYPE_ERROR && !type_is_int(index))
		check_error(c, n->b, "an index must be an integer, found %s", type_name(index));
	check_typed(c, n->c, element, "the value stored");
	if (!op_ok)
		check_error(c, id, "malformed tree: no such compound store");
	else if (n->op != OP_NONE && element != TYPE_ERROR &&
		 !(op_info[n->op].takes & (type_is_int(element) ? TAKES_I : TAKES_F)))
		check_error(c, id, "'%s=' does not take %s", op_info[n->op].text,
			    type_name(element));
	n->type = (uint8_t)element;
}

static void
check_if(Checker *c, NodeId id)
{
	bool after = false, before;

	for (;;) {
		Node *n = at(c, id);
		if (!c->reachable)
			n->flags |= NODE_UNREACHABLE;
		check_typed(c, n->a, TRIVET_BOOL, "the condition");
		before = c->reachable;
		check_block(c, n->b);
		after |= c->reachable;
		c->reachable = before;
		if (!n->c)
			break;
		if (at(c, n->c)->kind != NODE_IF) {
			check_block(c, n->c);
			break;
		}
		id = n->c;
		at(c, id)->flags = 0;
	}
	c->reachable |= after;
}

static void
check_body(Checker *c, NodeId loop, NodeId body, LoopScope *scope)
{
	*scope = (LoopScope){ .outer = c->loop, .node = loop };
	if (at(c, body)->kind == NODE_BLOCK)
		scope->label = at(c, body)->name;
	if (scope->label.n)
		check_name(c, body, scope->label);
	c->loop = scope;
	check_block(c, body);
	c->loop = scope->outer;
}

static void
check_for(Checker *c, NodeId id, LoopScope *scope)
{
	Node *n = at(c, id);
	Str name = n->name;
	NodeId bounds[2] = { n->a, n->b };
	uint32_t names = c->vars->list.n;
	trivet_type t = check_same(c, id, "the bounds", bounds, 2, TRIVET_VOID);

	if (!check_name(c, id, name))
		return;
	if (t != TYPE_ERROR && !type_is_int(t)) {
		check_error(c, id, "the bounds of 'for' must be integers, found %s", type_name(t));
		t = TYPE_ERROR;
	}
	n->type = (uint8_t)t;
	n->name = (Str){ NULL, 0 };
	n->var = add_var(c, name, t, n->line);
	n->var2 = add_var(c, STR(""), t, n->line);
	n->var3 = add_var(c, STR(""), t, n->line);
	check_body(c, id, n->c, scope);
	if (n->var < c->nassigned && !c->assigned[n->var])
		n->flags |= NODE_FIXED;
	names_cut(c->vars, names);
}

static void
check_loop(Checker *c, NodeId id)
{
	Node *n = at(c, id);
	bool before = c->reachable;
	LoopScope scope = { 0 };

	if (n->kind == NODE_FOR) {
		check_for(c, id, &scope);
	} else {
		if (n->kind == NODE_WHILE)
			check_typed(c, n->a, TRIVET_BOOL, "the condition");
		check_body(c, id, n->b, &scope);
	}
	c->reachable = n->kind == NODE_LOOP ? scope.broken : before;
}

static void
check_jump(Checker *c, NodeId id)
{
	Node *n = at(c, id);
	Str label = n->name;
	LoopScope *l = c->loop;

	while (l && label.n && !str_equal(l->label, label))
		l = l->outer;
	if (!l && label.n)
		check_error(c, id, "there is no loop '%.*s' around this", (int)label.n, label.at);
	else if (!l)
		check_error(c, id, "'%s' outside of a loop",
			    n->kind == NODE_BREAK ? "break" : "continue");
	n->name = (Str){ NULL, 0 };
	n->target = l ? l->node : 0;
	if (l && n->kind == NODE_BREAK && c->reachable)
		l->broken = true;
	c->reachable = false;
}

static void
check_return(Checker *c, NodeId id)
{
	Node *n = at(c, id);
	const Func *f = &c->p->funcs.at[c->func];
	trivet_type result = (trivet_type)f->result;

	if (n->a && result == TRIVET_VOID)
		check_error(c, id, "'%.*s' returns nothing, but a value is given", (int)f->name.n,
			    f->name.at);
	else if (n->a)
		check_typed(c, n->a, result, "the value returned");
	else if (result != TRIVET_VOID)
		check_error(c, id, "'%.*s' must return a value of type %s", (int)f->name.n,
			    f->name.at, type_name(result));
	c->reachable = false;
}

static void
check_call_statement(Checker *c, NodeId id)
{
	NodeId call = at(c, id)->a;

	if (at(c, call)->kind == NODE_CALL)
		check_call(c, call);
	else
		check_error(c, id, "this call has no effect; its value must be used");
}

static void
check_statement(Checker *c, NodeId id)
{
	Node *n = at(c, id);

	n->flags = c->reachable ? 0 : NODE_UNREACHABLE;
	switch (n->kind) {
	case NODE_LET: check_let(c, id); break;
	case NODE_ASSIGN: check_assign(c, id); break;
	case NODE_STORE: check_store(c, id); break;
	case NODE_IF: check_if(c, id); break;
	case NODE_WHILE:
	case NODE_LOOP:
	case NODE_FOR: check_loop(c, id); break;
	case NODE_BREAK:
	case NODE_CONTINUE: check_jump(c, id); break;
	case NODE_RETURN: check_return(c, id); break;
	case NODE_EXPR: check_call_statement(c, id); break;
	case NODE_TRAP: c->reachable = false; break;
	case NODE_BLOCK: check_block(c, id); break;
	default: check_error(c, id, "malformed tree: this is no statement"); break;
	}
}

static void
check_block(Checker *c, NodeId id)
{
	uint32_t names = c->vars->list.n;

	if (at(c, id)->kind != NODE_BLOCK) {
		check_error(c, id, "malformed tree: a block is missing");
		return;
	}
	at(c, id)->flags = c->reachable ? 0 : NODE_UNREACHABLE;
	for (NodeId s = at(c, id)->a; s && !c->p->arena->mem->failed; s = at(c, s)->next)
		check_statement(c, s);
	names_cut(c->vars, names);
}

/* ---- Items ---------------------------------------------------------------------------------- */

static void
check_params(Checker *c, const Func *f)
{
	for (uint32_t i = 0; i < f->nparams; i++) {
		Var v = f->vars.at[i];
		const Binding *b = names_find(c->vars, v.name);
		if (v.type == TRIVET_VOID || v.type >= TRIVET_TYPE_COUNT)
			error_at_line(c, f->line, f->column, f->name,
				      "has a parameter without type");
		if (f->is_extern)
			continue;
		if (!lex_is_word(v.name))
			error_at_line(c, f->line, f->column, f->name,
				      "has a parameter without a proper name");
		else if (b && b->kind == NAME_VAR)
			diag_add(c->d, f->line, f->column, f->name.n,
				 "'%.*s' has two parameters '%.*s'", (int)f->name.n, f->name.at,
				 (int)v.name.n, v.name.at);
		names_add(c->vars, v.name, NAME_VAR, i);
	}
}

static void
check_function(Checker *c, FuncId id)
{
	Func *f = &c->p->funcs.at[id];
	uint32_t names = c->vars->list.n;

	if (f->result > TRIVET_F64)
		error_at_line(c, f->line, f->column, f->name, "must return a scalar or nothing");
	c->func = id;
	c->loop = NULL;
	c->reachable = true;
	f->vars.n = f->nparams;
	check_params(c, f);
	if (!f->is_extern && checker_measure(c, f->body)) {
		check_block(c, f->body);
		if (c->reachable && f->result != TRIVET_VOID)
			diag_add(c->d, f->line, f->column, f->name.n,
				 "'%.*s' can end without returning a value of type %s",
				 (int)f->name.n, f->name.at, type_name((trivet_type)f->result));
	}
	names_cut(c->vars, names);
	c->func = FUNC_NONE;
}

static bool
check_item_name(Checker *c, Str name, uint32_t line, uint32_t column)
{
	if (!lex_is_word(name)) {
		error_at_line(c, line, column, name, "cannot be a name");
		return false;
	}
	if (!names_find(c->funcs, name) && !names_find(c->vars, name))
		return true;
	error_at_line(c, line, column, name, "is declared twice");
	return false;
}

void
checker_names(Checker *c, bool tell)
{
	for (FuncId i = 0; i < c->p->funcs.n; i++) {
		const Func *f = &c->p->funcs.at[i];
		if (tell && !check_item_name(c, f->name, f->line, f->column))
			continue;
		if (tell && lang_is_builtin(f->name))
			error_at_line(c, f->line, f->column, f->name, "is a built-in function");
		names_add(c->funcs, f->name, NAME_FUNC, i);
	}
	for (uint32_t i = 0; !tell && i < c->p->consts.n; i++)
		names_add(c->vars, c->p->consts.at[i].name, NAME_CONST, i);
}

static void
check_const(Checker *c, uint32_t index)
{
	Const *k = &c->p->consts.at[index];

	if (!check_item_name(c, k->name, k->line, k->column))
		return;
	if (k->type == TRIVET_VOID || k->type > TRIVET_F64) {
		error_at_line(c, k->line, k->column, k->name, "must be a scalar");
	} else if (checker_measure(c, k->value)) {
		uint32_t errors = c->d->list.n + c->d->dropped;
		check_typed(c, k->value, (trivet_type)k->type, "the value");
		if (errors == c->d->list.n + c->d->dropped)
			check_eval(c, k->value, &k->bits);
	}
	names_add(c->vars, k->name, NAME_CONST, index);
}

/* ---- Entry points --------------------------------------------------------------------------- */

/* Errors are found item by item; told line by line. */
static void
sort_errors(Diags *d)
{
	for (uint32_t i = 1; i < d->list.n; i++) {
		Diag e = d->list.at[i];
		uint32_t k = i;
		for (; k && d->list.at[k - 1].line > e.line; k--)
			d->list.at[k] = d->list.at[k - 1];
		d->list.at[k] = e;
	}
}

static trivet_status
outcome(const Program *p, Diags *d)
{
	if (p->arena->mem->failed)
		return TRIVET_NO_MEMORY;
	sort_errors(d);
	return d->list.n ? TRIVET_SOURCE : TRIVET_OK;
}

trivet_status
lang_check(Program *p, Diags *d)
{
	Checker c;

	if (!p->nodes.at || !checker_init(&c, p, d) || !checker_begin(&c))
		return TRIVET_NO_MEMORY;
	checker_names(&c, true);
	for (uint32_t i = 0; i < p->consts.n && !p->arena->mem->failed; i++)
		check_const(&c, i);
	for (FuncId i = 0; i < p->funcs.n && !p->arena->mem->failed; i++)
		check_function(&c, i);
	if (outcome(p, d) != TRIVET_OK)
		return outcome(p, d);
	check_recursion(&c);
	check_directives(&c);
	return outcome(p, d);
}

/* Bytes of text a node, at least, as a rule; and the most nodes to have room for beforehand. */
enum { TEXT_PER_NODE = 6, ROOM_MOST = 1 << 14 };

trivet_status
lang_read(Program *p, Str text, Diags *d)
{
	uint32_t room = text.n / TEXT_PER_NODE;
	Parser ps;

	if (!p->nodes.at)
		return TRIVET_NO_MEMORY;
	vec_room(p->arena, (void **)&p->nodes.at, &p->nodes.cap, sizeof *p->nodes.at,
		 room < ROOM_MOST ? room : ROOM_MOST);
	parser_init(&ps, text, 1, 1, p, d);
	ps.lex.keep_remarks = true;
	parse_program(&ps);
	return outcome(p, d);
}

trivet_status
lang_parse(Program *p, Str text, Diags *d)
{
	trivet_status s = lang_read(p, text, d);

	return s ? s : lang_check(p, d);
}

trivet_status
program_init(Program *p, Arena *a, Str file)
{
	*p = (Program){ .arena = a, .file = file };
	return vec_push(a, &p->nodes) ? TRIVET_OK : TRIVET_NO_MEMORY;
}

NodeId
ast_node(Program *p, NodeKind kind, uint32_t line, uint32_t column)
{
	Node *n = vec_push(p->arena, &p->nodes);

	if (!n)
		return 0;
	n->kind = (uint8_t)kind;
	n->line = line;
	n->column = column;
	return p->nodes.n - 1;
}

FuncId
program_find(const Program *p, Str name)
{
	for (FuncId i = 0; i < p->funcs.n; i++)
		if (str_equal(p->funcs.at[i].name, name))
			return i;
	return FUNC_NONE;
}
