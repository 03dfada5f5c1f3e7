/* eval.c - constant expressions: what op_eval says, over a checked tree. */
#include "lang/check.h"

static const Node *
at(const Checker *c, NodeId id)
{
	return &c->p->nodes.at[id];
}

static bool
apply(Checker *c, NodeId id, Op op, trivet_type from, const uint64_t in[3], uint64_t *bits)
{
	trivet_trap trap = op_eval(op, from, (trivet_type)at(c, id)->type, in, bits);

	if (trap == TRIVET_TRAP_NONE)
		return true;
	check_error(c, id, "the constant expression traps: %s", trap_name(trap));
	return false;
}

/* Down the left operands by a loop, then up again; && and || leave their right side alone where C
 * would. */
static bool
eval_chain(Checker *c, NodeId id, uint64_t *bits)
{
	uint32_t bottom = c->chain.n;
	bool ok;

	for (;; id = at(c, id)->a) {
		ChainEntry *e = vec_push(c->p->arena, &c->chain);
		if (!e)
			break;
		e->id = id;
		if (at(c, at(c, id)->a)->kind != NODE_BINARY &&
		    at(c, at(c, id)->a)->kind != NODE_LOGIC)
			break;
	}
	ok = !c->p->arena->mem->failed && check_eval(c, at(c, id)->a, bits);
	while (ok && c->chain.n > bottom) {
		NodeId node = c->chain.at[--c->chain.n].id;
		const Node *n = at(c, node);
		uint64_t in[3] = { *bits, 0, 0 };
		if (n->kind == NODE_BINARY) {
			ok = check_eval(c, n->b, &in[1]) &&
			     apply(c, node, (Op)n->op, (trivet_type)at(c, n->a)->type, in, bits);
		} else if ((n->op == OP_AND) == (*bits != 0)) {
			ok = check_eval(c, n->b, bits);
		}
	}
	c->chain.n = bottom;
	return ok;
}

static bool
eval_operands(Checker *c, NodeId id, uint64_t *bits)
{
	const Node *n = at(c, id);
	NodeId args[3] = { n->a, n->b, n->c };
	uint64_t in[3] = { 0 };

	for (int i = 0; i < op_info[n->op].arity; i++)
		if (!check_eval(c, args[i], &in[i]))
			return false;
	return apply(c, id, (Op)n->op, (trivet_type)at(c, n->op == OP_SELECT ? n->b : n->a)->type,
		     in, bits);
}

bool
check_eval(Checker *c, NodeId id, uint64_t *bits)
{
	const Node *n = at(c, id);

	switch (n->kind) {
	case NODE_LITERAL: *bits = n->bits; return true;
	case NODE_BINARY:
	case NODE_LOGIC: return eval_chain(c, id, bits);
	case NODE_COND:
		return check_eval(c, n->a, bits) && check_eval(c, *bits ? n->b : n->c, bits);
	case NODE_UNARY: return eval_operands(c, id, bits);
	case NODE_BUILTIN:
		if (n->op != OP_LEN)
			return eval_operands(c, id, bits);
		break;
	default: break;
	}
	check_error(c, id, "not a constant expression");
	return false;
}
