/* build_stmt.c - statements: control flow between blocks.
 *
 * Statements that control does not reach make nothing.  Recursion is as deep as the source is
 * nested; lists and `else if` chains are loops. */
#include "ir/build.h"

static void statement(Builder *b, NodeId id);

static void
assign(Builder *b, const Node *n)
{
	if (type_is_span(b->source->vars.at[n->var].type)) {
		Val address = 0, length = 0;
		build_span(b, n->a, &address, &length);
		ssa_write(b, 2 * n->var, address);
		ssa_write(b, 2 * n->var + 1, length);
	} else {
		ssa_write(b, 2 * n->var, build_expr(b, n->a));
	}
}

/* All branches of an `else if` chain meet in one block. */
static void
build_if(Builder *b, NodeId id)
{
	BlockId end = ssa_block(b);

	while (id && node_at(b, id)->kind == NODE_IF) {
		const Node *n = node_at(b, id);
		BlockId then = ssa_block(b), otherwise = n->c ? ssa_block(b) : end;

		build_cond(b, n->a, then, otherwise);
		ssa_enter(b, then);
		build_block(b, n->b);
		if (b->cur != BLOCK_NONE)
			ssa_jump(b, end);
		id = n->c;
		if (id)
			ssa_enter(b, otherwise);
		if (b->cur == BLOCK_NONE)
			id = 0;
	}
	if (id) {
		build_block(b, id);
		if (b->cur != BLOCK_NONE)
			ssa_jump(b, end);
	}
	ssa_enter(b, end);
}

/* ---- Loops ---------------------------------------------------------------------------------- */

static void
push_loop(Builder *b, NodeId node, BlockId exit, BlockId again)
{
	Loop *l = vec_push(b->arena, &b->loops);

	if (l)
		*l = (Loop){ node, exit, again };
}

static void
pop_loop(Builder *b)
{
	if (b->loops.n)
		b->loops.n--;
}

/* Goes to the header, which control may come back to. */
static BlockId
open_loop(Builder *b, uint32_t line)
{
	BlockId header = ssa_header(b);

	b->f->line = line;
	ssa_jump(b, header);
	b->cur = header;
	build_poll(b, line);
	return header;
}

static void
close_loop(Builder *b, BlockId header, BlockId exit)
{
	pop_loop(b);
	if (b->cur != BLOCK_NONE)
		ssa_jump(b, header);
	ssa_seal(b, header);
	ssa_enter(b, exit);
}

static void
build_while(Builder *b, NodeId id)
{
	const Node *n = node_at(b, id);
	BlockId exit = ssa_block(b), header = open_loop(b, n->line);

	if (n->kind == NODE_WHILE) {
		BlockId body = ssa_block(b);
		build_cond(b, n->a, body, exit);
		ssa_enter(b, body);
	}
	push_loop(b, id, exit, header);
	build_block(b, n->b);
	close_loop(b, header, exit);
}

/* for var in from..to: the counter is var itself unless the body assigns it. */
static void
build_for(Builder *b, NodeId id)
{
	const Node *n = node_at(b, id);
	trivet_type t = b->source->vars.at[n->var].type;
	uint32_t counter = 2 * (n->flags & NODE_FIXED ? n->var : n->var2);
	Val from = build_expr(b, n->a), to = build_expr(b, n->b), next;
	BlockId exit, header, body, again;

	ssa_write(b, counter, from);
	exit = ssa_block(b);
	header = open_loop(b, n->line);
	body = ssa_block(b);
	again = ssa_block(b);
	ssa_branch(b, type_is_signed(t) ? CC_SLT : CC_ULT, ssa_read(b, counter), to, body, exit);
	ssa_enter(b, body);
	if (b->cur != BLOCK_NONE && counter != 2 * n->var)
		ssa_write(b, 2 * n->var, ssa_read(b, counter));
	push_loop(b, id, exit, again);
	build_block(b, n->c);
	if (b->cur != BLOCK_NONE)
		ssa_jump(b, again);
	ssa_enter(b, again);
	if (b->cur != BLOCK_NONE) {
		next = build_binary(b, OP_ADD, t, ssa_read(b, counter),
				    ir_const(b->f, ir_type_of(t), 1), n->line);
		ssa_write(b, counter, next);
	}
	close_loop(b, header, exit);
}

static void
leave(Builder *b, const Node *n)
{
	for (uint32_t k = b->loops.n; k-- > 0;) {
		const Loop *l = &b->loops.at[k];
		if (l->node == n->target) {
			ssa_jump(b, n->kind == NODE_BREAK ? l->exit : l->again);
			return;
		}
	}
}

/* ---- Ends ----------------------------------------------------------------------------------- */

/* The host may have called: a NaN leaves as the canonical one. */
static void
build_return(Builder *b, const Node *n)
{
	Val v = n->a ? build_expr(b, n->a) : 0;
	IrType t = b->f->result;

	b->f->line = n->line;
	if (t == IR_F32 || t == IR_F64)
		v = ir_ins(b->f, b->cur, IR_CANON, t, v, 0);
	ir_ret(b->f, b->cur, v);
	ssa_end(b);
}

static void
build_trap(Builder *b, const Node *n)
{
	b->f->line = n->line;
	ir_trap(b->f, b->cur, ir_site(b->m, (Site){ TRIVET_TRAP_UNREACHABLE, b->id, n->line }));
	b->f->blocks.at[b->cur].cold = true;
	ssa_end(b);
}

/* ---- Statements ----------------------------------------------------------------------------- */

static void
statement(Builder *b, NodeId id)
{
	const Node *n = node_at(b, id);

	b->f->line = n->line;
	switch (n->kind) {
	case NODE_LET:
	case NODE_ASSIGN: assign(b, n); break;
	case NODE_STORE: build_store(b, n); break;
	case NODE_IF: build_if(b, id); break;
	case NODE_WHILE:
	case NODE_LOOP: build_while(b, id); break;
	case NODE_FOR: build_for(b, id); break;
	case NODE_BREAK:
	case NODE_CONTINUE: leave(b, n); break;
	case NODE_RETURN: build_return(b, n); break;
	case NODE_EXPR: build_expr(b, n->a); break;
	case NODE_TRAP: build_trap(b, n); break;
	case NODE_BLOCK: build_block(b, id); break;
	default: break;
	}
}

void
build_block(Builder *b, NodeId block)
{
	for (NodeId s = node_at(b, block)->a; s; s = node_at(b, s)->next) {
		if (b->cur == BLOCK_NONE || b->arena->mem->failed)
			return;
		statement(b, s);
	}
}
