/* expr.c - types of expressions.
 *
 * Types flow up; what a context asks for flows down, to numbers without suffix only.  Where several
 * operands must agree, those that have a type of their own are checked first. */
#include "lang/check.h"
#include "lang/floattext.h"

static Node *
at(Checker *c, NodeId id)
{
	return &c->p->nodes.at[id];
}

static bool
is_numeric(trivet_type t)
{
	return type_is_int(t) || type_is_float(t);
}

static bool
takes(Op op, trivet_type t)
{
	uint8_t set = op_info[op].takes;

	return (type_is_int(t) && set & TAKES_I) || (type_is_float(t) && set & TAKES_F) ||
	       (t == TRIVET_BOOL && set & TAKES_B);
}

static const char *
name_of(trivet_type t)
{
	return t == TRIVET_VOID ? "nothing" : type_name(t);
}

/* What a flexible expression becomes where `want` is asked for. */
static trivet_type
default_type(uint8_t flags, trivet_type want)
{
	if (is_numeric(want))
		return want;
	return flags & NODE_FLEXIBLE_FLOAT ? TRIVET_F64 : TRIVET_I64;
}

/* ---- Names ---------------------------------------------------------------------------------- */

const Binding *
check_lookup(Checker *c, NodeId id, Str name)
{
	const Binding *b = names_find(c->vars, name);

	if (b)
		return b;
	if (names_find(c->funcs, name)) {
		check_error(c, id, "'%.*s' is a function; a call needs '('", (int)name.n, name.at);
		return NULL;
	}
	b = c->d->list.n < DIAG_MAX ? names_near(c->vars, name) : NULL;
	if (b)
		check_error(c, id, "unknown name '%.*s'; did you mean '%.*s'?", (int)name.n,
			    name.at, (int)b->name.n, b->name.at);
	else
		check_error(c, id, "unknown name '%.*s'", (int)name.n, name.at);
	return NULL;
}

static trivet_type
check_var(Checker *c, NodeId id)
{
	Node *n = at(c, id);
	const Binding *b = check_lookup(c, id, n->name);

	if (!b)
		return TYPE_ERROR;
	if (b->kind == NAME_CONST) {
		const Const *k = &c->p->consts.at[b->id];
		n->kind = NODE_LITERAL;
		n->bits = k->bits;
		return (trivet_type)k->type;
	}
	n->var = b->id;
	n->var2 = n->var3 = 0;
	return (trivet_type)c->p->funcs.at[c->func].vars.at[b->id].type;
}

trivet_type
check_span_name(Checker *c, NodeId id)
{
	trivet_type t;

	if (at(c, id)->kind != NODE_VAR) {
		check_error(c, id, "expected the name of a span");
		return TYPE_ERROR;
	}
	t = check_var(c, id);
	at(c, id)->type = (uint8_t)t;
	if (t == TYPE_ERROR || type_is_span(t))
		return t;
	check_error(c, id, "expected a span, found %s", type_name(t));
	return TYPE_ERROR;
}

/* ---- Literals ------------------------------------------------------------------------------- */

/* As the builder gives it: unused bits off, NaN canonical. */
static trivet_type
check_given_literal(Checker *c, NodeId id)
{
	Node *n = at(c, id);
	trivet_type t = (trivet_type)n->type;
	uint64_t in[3] = { n->bits, 0, 0 };

	if (t > TRIVET_F64) {
		check_error(c, id, "malformed tree: a literal must be a scalar");
		return TYPE_ERROR;
	}
	if (t == TRIVET_BOOL)
		n->bits &= 1;
	else
		op_eval(OP_CAST, t, t, in, &n->bits);
	return t;
}

static trivet_type
check_literal(Checker *c, NodeId id, trivet_type want, bool negative)
{
	Node *n = at(c, id);
	Str text = n->name;
	Number number;
	const char *wrong;
	trivet_type t;
	uint64_t bits = 0, most;

	if (n->type != TRIVET_VOID)
		return check_given_literal(c, id);
	wrong = number_scan(text, &number);
	if (wrong) {
		check_error(c, id, "%s", wrong);
		return TYPE_ERROR;
	}
	t = number.suffix ? (trivet_type)number.suffix
			  : default_type(number.is_float ? NODE_FLEXIBLE_FLOAT : 0, want);
	if (type_is_float(t)) {
		if (!float_read(&number, t, &bits))
			check_error(c, id, "the number is too large for %s", type_name(t));
		if (negative && !number.is_nan)
			bits ^= UINT64_C(1) << (type_is_wide(t) ? 63 : 31);
	} else if (number.is_float) {
		check_error(c, id, "expected %s, found a floating-point number", type_name(t));
		t = TYPE_ERROR;
	} else {
		most = type_is_wide(t) ? UINT64_MAX : UINT32_MAX;
		most = type_is_signed(t) ? most / 2 + negative : most;
		if (!number_magnitude(&number, &bits) || bits > most) {
			check_error(c, id, "the number does not fit %s", type_name(t));
			bits = 0;
		}
		bits = negative ? 0 - bits : bits;
		bits = type_is_wide(t) ? bits : (uint32_t)bits;
	}
	n->bits = bits;
	return t;
}

static trivet_type
check_unary(Checker *c, NodeId id, trivet_type want)
{
	Node *n = at(c, id), *a = at(c, n->a);
	trivet_type t;

	if (n->op != OP_NEG && n->op != OP_NOT && n->op != OP_LNOT) {
		check_error(c, id, "malformed tree: no such unary operator");
		return TYPE_ERROR;
	}
	if (n->op == OP_NEG && a->kind == NODE_LITERAL && a->type == TRIVET_VOID) {
		t = check_literal(c, n->a, want, true);
		n->bits = a->bits;
	} else {
		t = check_expr(c, n->a, n->op == OP_LNOT ? TRIVET_BOOL : want);
		if (t != TYPE_ERROR && !takes((Op)n->op, t)) {
			check_error(c, id, "'%s' does not take %s", op_info[n->op].text,
				    name_of(t));
			return TYPE_ERROR;
		}
		if (n->op != OP_NEG || a->kind != NODE_LITERAL || t == TYPE_ERROR)
			return t;
		uint64_t in[3] = { a->bits, 0, 0 };
		op_eval(OP_NEG, t, t, in, &n->bits);
	}
	n->kind = NODE_LITERAL; /* a negated number is a number */
	n->op = OP_NONE;
	n->a = 0;
	return t;
}

/* ---- Operators ------------------------------------------------------------------------------ */

static trivet_type
binary_type(Checker *c, const Node *n, NodeId id, trivet_type a, trivet_type b)
{
	const OpInfo *info = &op_info[n->op];
	trivet_type result = info->gives == GIVES_BOOL ? TRIVET_BOOL : a;

	if (a == TYPE_ERROR || b == TYPE_ERROR)
		return info->gives == GIVES_BOOL ? TRIVET_BOOL : TYPE_ERROR;
	if (a != b) {
		check_error(c, id, "operands of '%s' have different types, %s and %s", info->text,
			    name_of(a), name_of(b));
		return info->gives == GIVES_BOOL ? TRIVET_BOOL : TYPE_ERROR;
	}
	if (!takes((Op)n->op, a)) {
		check_error(c, id, "'%s' does not take %s", info->text, name_of(a));
		return info->gives == GIVES_BOOL ? TRIVET_BOOL : TYPE_ERROR;
	}
	return result;
}

static bool
is_chain(const Node *n)
{
	return n->kind == NODE_BINARY || n->kind == NODE_LOGIC;
}

/* On the way down the left operands: what the left one of `id` is asked for.  When only the right
 * one has a type of its own it is checked now; *right tells its type. */
static trivet_type
want_of_left(Checker *c, NodeId id, trivet_type want, uint8_t *right)
{
	const Node *n = at(c, id);
	uint8_t left_flags = at(c, n->a)->flags, right_flags = at(c, n->b)->flags;

	*right = TRIVET_VOID;
	if (n->kind == NODE_LOGIC)
		return TRIVET_BOOL;
	if (op_info[n->op].gives == GIVES_BOOL)
		want = TRIVET_VOID;
	if (!(left_flags & NODE_FLEXIBLE))
		return want;
	if (right_flags & NODE_FLEXIBLE)
		return default_type(left_flags | right_flags, want);
	*right = (uint8_t)check_expr(c, n->b, want);
	return (trivet_type)*right;
}

static trivet_type
check_chain(Checker *c, NodeId id, trivet_type want)
{
	uint32_t bottom = c->chain.n;
	trivet_type t;

	for (;; id = at(c, id)->a) {
		Node *n = at(c, id);
		ChainEntry *e = vec_push(c->p->arena, &c->chain);
		uint32_t index = c->chain.n - 1;
		uint8_t right;
		if (!e || n->op >= OP_COUNT || op_info[n->op].form != FORM_BINARY ||
		    n->op == OP_NONE ||
		    (n->kind == NODE_LOGIC && n->op != OP_AND && n->op != OP_OR)) {
			check_error(c, id, "malformed tree: no such binary operator");
			c->chain.n = bottom;
			return TYPE_ERROR;
		}
		e->id = id;
		if (n->flags & NODE_FLEXIBLE)
			want = default_type(n->flags, want);
		n->flags = 0;
		want = want_of_left(c, id, want, &right);
		c->chain.at[index].right = right;
		if (!is_chain(at(c, n->a))) {
			t = check_expr(c, n->a, want);
			break;
		}
	}
	while (c->chain.n > bottom) {
		ChainEntry e = c->chain.at[--c->chain.n];
		Node *n = at(c, e.id);
		if (n->kind == NODE_LOGIC) {
			const char *text = n->op == OP_OR ? "||" : "&&";
			trivet_type r = check_expr(c, n->b, TRIVET_BOOL);
			trivet_type bad = t != TRIVET_BOOL && t != TYPE_ERROR ? t : r;
			if (bad != TRIVET_BOOL && bad != TYPE_ERROR)
				check_error(c, e.id, "'%s' does not take %s", text, name_of(bad));
			t = TRIVET_BOOL;
		} else {
			trivet_type r = (trivet_type)e.right;
			if (r == TRIVET_VOID)
				r = check_expr(c, n->b, t);
			t = binary_type(c, n, e.id, t, r);
		}
		n->type = (uint8_t)t;
	}
	return t;
}

trivet_type
check_same(Checker *c, NodeId id, const char *what, const NodeId *ids, int n, trivet_type want)
{
	uint8_t flags = 0;
	int first = -1;
	trivet_type t, other;

	for (int i = n - 1; i >= 0; i--) {
		flags |= at(c, ids[i])->flags;
		if (!(at(c, ids[i])->flags & NODE_FLEXIBLE))
			first = i;
	}
	if (first < 0)
		want = default_type(flags, want);
	t = check_expr(c, ids[first < 0 ? 0 : first], want);
	for (int i = 0; i < n; i++) {
		if (i == (first < 0 ? 0 : first))
			continue;
		other = check_expr(c, ids[i], t == TYPE_ERROR ? want : t);
		if (t == TYPE_ERROR || other == TYPE_ERROR) {
			t = TYPE_ERROR;
		} else if (t != other) {
			check_error(c, id, "%s have different types, %s and %s", what,
				    name_of(i < first ? other : t), name_of(i < first ? t : other));
			t = TYPE_ERROR;
		}
	}
	return t;
}

void
check_typed(Checker *c, NodeId id, trivet_type want, const char *what)
{
	trivet_type t = check_expr(c, id, want);

	if (t != want && t != TYPE_ERROR && want != TYPE_ERROR)
		check_error(c, id, "%s must be %s, found %s", what, type_name(want), name_of(t));
}

/* ---- Built-in functions --------------------------------------------------------------------- */

/* Those whose result is of another type than their operand. */
static trivet_type
check_conversion(Checker *c, NodeId id)
{
	Node *n = at(c, id);
	trivet_type to = (trivet_type)n->type, t;
	bool target_ok = n->op == OP_BITS || (n->op == OP_FROM_BITS && type_is_float(to)) ||
			 (n->op == OP_CHECKED && type_is_int(to)) ||
			 (n->op == OP_CAST && is_numeric(to));

	if (n->op == OP_CAST && to == TRIVET_BOOL) {
		check_error(c, id, "'as' does not give bool: compare with 0 instead");
		target_ok = true;
		to = TYPE_ERROR;
	}
	if (!target_ok) {
		check_error(c, id, "'%s' does not give %s", op_info[n->op].text, name_of(to));
		to = TYPE_ERROR;
	}
	if (n->op == OP_FROM_BITS) {
		trivet_type from = to == TRIVET_F32 ? TRIVET_U32 : TRIVET_U64;
		check_typed(c, n->a, to == TYPE_ERROR ? TYPE_ERROR : from,
			    "what 'from_bits' takes");
		return to;
	}
	t = check_expr(c, n->a, n->op == OP_CAST ? TRIVET_VOID : TRIVET_F64);
	if (t == TYPE_ERROR)
		return n->op == OP_BITS ? TYPE_ERROR : to;
	if (!takes((Op)n->op, t)) {
		check_error(c, id, "'%s' does not take %s", op_info[n->op].text, name_of(t));
		return TYPE_ERROR;
	}
	return n->op == OP_BITS ? t == TRIVET_F32 ? TRIVET_U32 : TRIVET_U64 : to;
}

static trivet_type
check_builtin(Checker *c, NodeId id, trivet_type want)
{
	Node *n = at(c, id);
	NodeId args[3] = { n->a, n->b, n->c };
	const OpInfo *info = &op_info[n->op < OP_COUNT ? n->op : OP_NONE];
	trivet_type t;
	char what[32] = "operands of '";

	if (info->form != FORM_CALL || n->op == OP_NONE ||
	    info->arity != (n->a != 0) + (n->b != 0) + (n->c != 0)) {
		check_error(c, id, "malformed tree: no such built-in function");
		return TYPE_ERROR;
	}
	memcpy(what + 13, info->text, strlen(info->text));
	strcpy(what + 13 + strlen(info->text), "'");
	switch (n->op) {
	case OP_CAST:
	case OP_CHECKED:
	case OP_BITS:
	case OP_FROM_BITS: return check_conversion(c, id);
	case OP_LEN: return check_span_name(c, n->a) == TYPE_ERROR ? TYPE_ERROR : TRIVET_I64;
	case OP_SELECT:
		check_typed(c, n->a, TRIVET_BOOL, "the condition of 'select'");
		t = check_same(c, id, what, args + 1, 2, want);
		break;
	default:
		if (info->takes == TAKES_F && !type_is_float(want))
			want = TRIVET_F64;
		t = check_same(c, id, what, args, info->arity, want);
	}
	if (t != TYPE_ERROR && !takes((Op)n->op, t)) {
		check_error(c, id, "'%s' does not take %s", info->text, name_of(t));
		return TYPE_ERROR;
	}
	return t;
}

/* ---- Spans and calls ------------------------------------------------------------------------ */

static trivet_type
check_index(Checker *c, NodeId id)
{
	Node *n = at(c, id);
	trivet_type span = check_span_name(c, n->a);
	trivet_type index = check_expr(c, n->b, TRIVET_VOID);

	if (index != TYPE_ERROR && !type_is_int(index))
		check_error(c, n->b, "an index must be an integer, found %s", name_of(index));
	return span == TYPE_ERROR ? TYPE_ERROR : type_element(span);
}

trivet_type
check_slice(Checker *c, NodeId id)
{
	Node *n = at(c, id);
	trivet_type span = check_span_name(c, n->a);

	check_typed(c, n->b, TRIVET_I64, "a slice's bound");
	check_typed(c, n->c, TRIVET_I64, "a slice's bound");
	n->type = (uint8_t)span;
	n->flags = 0;
	return span;
}

static void
check_argument(Checker *c, const Func *f, uint32_t index, NodeId arg)
{
	trivet_type want = index < f->nparams ? (trivet_type)f->vars.at[index].type : TYPE_ERROR;
	trivet_type t =
		at(c, arg)->kind == NODE_SLICE ? check_slice(c, arg) : check_expr(c, arg, want);

	if (t != want && t != TYPE_ERROR && want != TYPE_ERROR)
		check_error(c, arg, "argument %u of '%.*s' must be %s, found %s", index + 1,
			    (int)f->name.n, f->name.at, type_name(want), name_of(t));
}

static void
unknown_function(Checker *c, NodeId id, Str name)
{
	const Binding *near = c->d->list.n < DIAG_MAX ? names_near(c->funcs, name) : NULL;

	if (near)
		check_error(c, id, "there is no function '%.*s'; did you mean '%.*s'?", (int)name.n,
			    name.at, (int)near->name.n, near->name.at);
	else
		check_error(c, id, "there is no function '%.*s'", (int)name.n, name.at);
}

trivet_type
check_call(Checker *c, NodeId id)
{
	Node *n = at(c, id);
	Str name = n->name;
	const Binding *b = names_find(c->funcs, name);
	static const Func unknown = { .result = TYPE_ERROR };
	const Func *f = b ? &c->p->funcs.at[b->id] : &unknown;
	uint32_t count = 0;

	if (c->func == FUNC_NONE) {
		check_error(c, id, "a constant expression cannot call a function");
		return TYPE_ERROR;
	}
	if (!b)
		unknown_function(c, id, name);
	for (NodeId arg = n->a; arg; arg = at(c, arg)->next)
		check_argument(c, f, count++, arg);
	if (b && count != f->nparams)
		check_error(c, id, "'%.*s' takes %u argument%s, found %u", (int)name.n, name.at,
			    f->nparams, f->nparams == 1 ? "" : "s", count);
	if (b) {
		CallEdge *e = vec_push(c->p->arena, &c->calls);
		if (e)
			*e = (CallEdge){ c->func, b->id, id };
	}
	n->name = (Str){ NULL, 0 };
	n->func = b ? b->id : FUNC_NONE;
	n->type = f->result;
	n->flags = 0;
	return (trivet_type)f->result;
}

/* ---- Any expression ------------------------------------------------------------------------- */

static trivet_type
check_value_call(Checker *c, NodeId id)
{
	Str name = at(c, id)->name;
	trivet_type t = check_call(c, id);

	if (t != TRIVET_VOID)
		return t;
	check_error(c, id, "'%.*s' returns nothing", (int)name.n, name.at);
	return TYPE_ERROR;
}

static trivet_type
check_conditional(Checker *c, NodeId id, trivet_type want)
{
	Node *n = at(c, id);
	NodeId values[2] = { n->b, n->c };
	trivet_type t;

	check_typed(c, n->a, TRIVET_BOOL, "the condition");
	t = check_same(c, id, "the two values", values, 2, want);
	if (t == TYPE_ERROR || !type_is_span(t))
		return t;
	check_error(c, id, "a span cannot be the value of 'if'");
	return TYPE_ERROR;
}

trivet_type
check_expr(Checker *c, NodeId id, trivet_type want)
{
	Node *n = at(c, id);
	trivet_type t = TYPE_ERROR;

	if (n->flags & NODE_FLEXIBLE)
		want = default_type(n->flags, want);
	if (is_chain(n))
		return check_chain(c, id, want);
	n->flags = 0;
	switch (n->kind) {
	case NODE_LITERAL: t = check_literal(c, id, want, false); break;
	case NODE_VAR: t = check_var(c, id); break;
	case NODE_UNARY: t = check_unary(c, id, want); break;
	case NODE_BUILTIN: t = check_builtin(c, id, want); break;
	case NODE_COND: t = check_conditional(c, id, want); break;
	case NODE_INDEX: t = check_index(c, id); break;
	case NODE_CALL: t = check_value_call(c, id); break;
	case NODE_SLICE:
		check_slice(c, id);
		check_error(c, id, "a slice can only initialise a variable or be an argument");
		break;
	default: check_error(c, id, "malformed tree: this is no expression"); break;
	}
	n->type = (uint8_t)t;
	return t;
}
