/* order.c - the shape of a function: block order, dominators, loops; and what must be tidied for
 * it.
 *
 * Dominators after Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001).  All
 * walks are loops with their own stacks: a function may have any number of blocks in a row. */
#include "ir/inner.h"

/* ---- Scratch memory ------------------------------------------------------------------------- */

/* Arrays of n elements in one piece of the arena, given back at the end. */
typedef struct Scratch {
	Arena *arena;
	uint32_t *at;
	size_t bytes;
} Scratch;

static bool
scratch_take(Scratch *s, const IrFunc *f, uint32_t arrays, uint32_t n)
{
	s->arena = f->module->arena;
	s->bytes = (size_t)arrays * n * sizeof *s->at;
	s->at = arena_take(s->arena, s->bytes);
	return s->at != NULL;
}

static void
scratch_give(Scratch *s)
{
	arena_give(s->arena, s->at, s->bytes);
}

/* ---- Depth-first search --------------------------------------------------------------------- */

/* One search gives both orders.  By block: number, place in postorder.  By place in preorder:
 * vertex, the block; parent, where it was found from. */
typedef struct Search {
	BlockId *post, *vertex, *stack;
	uint32_t *number, *parent, *place; /* place in preorder, by block */
} Search;

/* Fills the arrays for the reachable blocks; number is BLOCK_NONE for the others.  Returns how
 * many. */
static uint32_t
search(const IrFunc *f, const Search *s)
{
	const uint32_t unseen = BLOCK_NONE, next1 = unseen - 1, next0 = unseen - 2,
		       done = unseen - 3;
	uint32_t depth = 0, n = 0, found = 0;

	for (BlockId b = 0; b < f->blocks.n; b++)
		s->number[b] = unseen;
	s->stack[depth++] = 0;
	s->number[0] = next1;
	s->vertex[0] = s->parent[0] = s->place[0] = 0;
	while (depth) {
		BlockId b = s->stack[depth - 1], to;
		/* succ[1] first, so that succ[0] comes right after b in reverse postorder */
		if (s->number[b] == next1) {
			to = f->blocks.at[b].succ[1];
			s->number[b] = next0;
		} else if (s->number[b] == next0) {
			to = f->blocks.at[b].succ[0];
			s->number[b] = done;
		} else {
			depth--;
			s->number[b] = n;
			s->post[n++] = b;
			continue;
		}
		if (to == BLOCK_NONE || s->number[to] != unseen)
			continue;
		s->number[to] = next1;
		s->place[to] = ++found;
		s->vertex[found] = to;
		s->parent[found] = s->place[b];
		s->stack[depth++] = to;
	}
	return n;
}

/* ---- Dominators ----------------------------------------------------------------------------- */

/* The label of least semidominator between v and the part of the tree not linked yet, with path
 * compression.  All by place in preorder. */
static uint32_t
least_label(uint32_t v, uint32_t linked, uint32_t *parent, uint32_t *label, const uint32_t *semi,
	    uint32_t *stack)
{
	uint32_t depth = 0, above;

	if (parent[v] < linked)
		return label[v];
	do {
		stack[depth++] = v;
		v = parent[v];
	} while (parent[v] >= linked);
	above = v;
	while (depth) {
		v = stack[--depth];
		parent[v] = parent[above];
		if (semi[label[above]] < semi[label[v]])
			label[v] = label[above];
		above = v;
	}
	return label[v];
}

uint32_t
order_dominators(const IrFunc *f, BlockId *post, uint32_t *number, BlockId *idom, uint32_t *scratch)
{
	size_t nb = f->blocks.n + 1;
	Search s = { .post = post, .number = number, .vertex = scratch, .parent = scratch + nb };
	uint32_t *label = scratch + 3 * nb, *semi = label + nb, *dom = semi + nb, n;

	s.place = scratch + 2 * nb;
	s.stack = dom + nb;
	n = search(f, &s);
	for (uint32_t k = 0; k < n; k++) {
		label[k] = semi[k] = k;
		dom[k] = s.parent[k];
	}
	for (uint32_t k = n; k-- > 1;) {
		const Block *b = &f->blocks.at[s.vertex[k]];
		semi[k] = s.parent[k];
		for (uint32_t p = 0; p < b->preds.n; p++) {
			uint32_t from = b->preds.at[p], least;
			if (number[from] == BLOCK_NONE)
				continue;
			least = least_label(s.place[from], k + 1, s.parent, label, semi, s.stack);
			if (semi[least] < semi[k])
				semi[k] = semi[least];
		}
	}
	for (BlockId b = 0; b < f->blocks.n; b++)
		idom[b] = BLOCK_NONE;
	for (uint32_t k = 1; k < n; k++) {
		while (dom[k] > semi[k])
			dom[k] = dom[dom[k]];
		idom[s.vertex[k]] = s.vertex[dom[k]];
	}
	return n;
}

void
order_intervals(const BlockId *post, uint32_t n, const BlockId *idom, uint32_t *pre, uint32_t *size)
{
	for (uint32_t k = 0; k < n; k++)
		size[post[k]] = 1;
	for (uint32_t k = 0; k + 1 < n; k++)
		size[idom[post[k]]] += size[post[k]];
	/* pre[] is first the next number free for a child: the block's own and one more … */
	pre[0] = 1;
	for (uint32_t k = n - 1; k-- > 0;) {
		BlockId b = post[k], up = idom[b];
		pre[b] = pre[up] + 1;
		pre[up] += size[b];
	}
	/* … and in the end one past the subtree. */
	for (uint32_t k = 0; k < n; k++)
		pre[post[k]] -= size[post[k]];
}

/* ---- Loops ---------------------------------------------------------------------------------- */

/* A loop is named by its header.  loop_of[b]: innermost loop of b; parent[h]: loop around h. */
typedef struct Loops {
	BlockId *loop_of, *parent;
	uint32_t *pre, *size; /* intervals of the dominator tree */
} Loops;

static BlockId
outermost(const Loops *l, BlockId h)
{
	while (l->parent[h] != BLOCK_NONE)
		h = l->parent[h];
	return h;
}

static uint32_t
push_preds(const IrFunc *f, const uint32_t *number, BlockId b, BlockId *stack, uint32_t depth)
{
	for (uint32_t p = 0; p < f->blocks.at[b].preds.n; p++)
		if (number[f->blocks.at[b].preds.at[p]] != BLOCK_NONE)
			stack[depth++] = f->blocks.at[b].preds.at[p];
	return depth;
}

/* Natural loops, inner ones first, since postorder meets a header after the headers inside.  The
 * stack needs room for every edge: 2 per block. */
static void
find_loops(const IrFunc *f, const BlockId *post, const uint32_t *number, uint32_t n, Loops *l,
	   BlockId *stack)
{
	for (BlockId b = 0; b < f->blocks.n; b++)
		l->loop_of[b] = l->parent[b] = BLOCK_NONE;
	for (uint32_t k = 0; k < n; k++) {
		BlockId h = post[k];
		uint32_t depth = 0;

		for (uint32_t p = 0; p < f->blocks.at[h].preds.n; p++) {
			BlockId from = f->blocks.at[h].preds.at[p];
			if (number[from] != BLOCK_NONE && number[from] <= k &&
			    order_dominates(l->pre, l->size, h, from))
				stack[depth++] = from;
		}
		if (!depth)
			continue;
		l->loop_of[h] = h;
		while (depth) {
			BlockId b = stack[--depth];
			if (l->loop_of[b] == BLOCK_NONE) {
				l->loop_of[b] = h;
				depth = push_preds(f, number, b, stack, depth);
				continue;
			}
			b = outermost(l, l->loop_of[b]);
			if (b == h)
				continue;
			l->parent[b] = h;
			depth = push_preds(f, number, b, stack, depth);
		}
	}
}

/* ---- Layout --------------------------------------------------------------------------------- */

/* A block goes last if it traps, or is marked cold and leads only to such.  As nothing leads back
 * from them, every block still comes after those that dominate it. */
static bool
goes_last(const IrFunc *f, const uint32_t *last, BlockId b)
{
	const Block *block = &f->blocks.at[b];

	if (b == 0 || !block->last)
		return false;
	if (block->succ[0] == BLOCK_NONE)
		return block->cold || f->ins.at[block->last].op == IR_TRAP;
	for (unsigned k = 0; k < 2; k++)
		if (block->succ[k] != BLOCK_NONE && !last[block->succ[k]])
			return false;
	return block->cold;
}

/* Lists of what a loop holds in its own level, by header; the outermost level is at index nblocks.
 * An item that is another header stands for that whole loop. */
typedef struct Layout {
	uint32_t *first, *next;
} Layout;

static void
place(IrFunc *f, BlockId b, uint32_t *n)
{
	f->blocks.at[b].order = *n;
	f->order.at[(*n)++] = b;
}

/* Walks the reachable blocks in postorder, so that pushing at the front of a list leaves it in
 * reverse postorder; then lays the lists out, inner ones in the place of their headers. */
static void
lay_out(IrFunc *f, const BlockId *post, uint32_t n, const Loops *l, Layout *y, uint32_t *last,
	BlockId *stack)
{
	uint32_t top = f->blocks.n, depth = 0, placed = 0;

	for (uint32_t k = 0; k <= top; k++) {
		y->first[k] = BLOCK_NONE;
		last[k] = false;
	}
	for (uint32_t k = 0; k < n; k++) {
		BlockId b = post[k], in = l->loop_of[b];
		last[b] = goes_last(f, last, b);
		if (last[b])
			continue;
		if (in == b)
			in = l->parent[b];
		if (in == BLOCK_NONE)
			in = top;
		y->next[b] = y->first[in];
		y->first[in] = b;
	}
	stack[depth++] = y->first[top];
	while (depth) {
		BlockId b = stack[depth - 1];
		if (b == BLOCK_NONE) {
			depth--;
			continue;
		}
		stack[depth - 1] = y->next[b];
		place(f, b, &placed);
		if (l->loop_of[b] == b)
			stack[depth++] = y->first[b];
	}
	for (uint32_t k = n; k-- > 0;)
		if (last[post[k]])
			place(f, post[k], &placed);
	f->order.n = placed;
}

static void
set_depths(IrFunc *f, const BlockId *post, uint32_t n, const Loops *l)
{
	for (uint32_t k = n; k-- > 0;) { /* headers before what is inside */
		Block *b = &f->blocks.at[post[k]];
		BlockId h = l->loop_of[post[k]], around = h;
		if (h == post[k])
			around = l->parent[h];
		b->loop_depth = around == BLOCK_NONE ? 0 : f->blocks.at[around].loop_depth;
		if (h == post[k])
			b->loop_depth++;
	}
}

void
ir_order(IrFunc *f)
{
	uint32_t nb = f->blocks.n, n;
	size_t row = (size_t)nb + 1;
	Scratch s;
	Loops loops;
	Layout layout;
	uint32_t *post, *number, *idom, *last, *stack;

	if (!vec_reserve(f->module->arena, (void **)&f->order.at, &f->order.cap, sizeof(BlockId),
			 nb) ||
	    !scratch_take(&s, f, 3 + ORDER_SCRATCH, nb + 1))
		return;
	post = s.at;
	number = post + row;
	idom = number + row;
	loops.loop_of = idom + row; /* from here on it is scratch of the dominators first */
	loops.parent = loops.loop_of + row;
	loops.pre = loops.parent + row;
	loops.size = loops.pre + row;
	stack = loops.size + row; /* three rows: every edge may wait */
	n = order_dominators(f, post, number, idom, loops.loop_of);
	order_intervals(post, n, idom, loops.pre, loops.size);
	for (BlockId b = 0; b < nb; b++) {
		f->blocks.at[b].order = BLOCK_NONE;
		f->blocks.at[b].loop_depth = 0;
		f->blocks.at[b].idom = idom[b];
	}
	find_loops(f, post, number, n, &loops, stack);
	layout.first = loops.pre; /* done with these */
	layout.next = loops.size;
	last = idom;
	lay_out(f, post, n, &loops, &layout, last, stack);
	set_depths(f, post, n, &loops);
	scratch_give(&s);
}

/* ---- Critical edges ------------------------------------------------------------------------- */

/* Of two equal predecessors the first is the edge of succ[0]. */
static void
split_edge(IrFunc *f, BlockId to, uint32_t k)
{
	BlockId from = f->blocks.at[to].preds.at[k], mid = ir_block(f);
	BlockId *pred;
	Val v;

	if (!mid)
		return;
	v = ir_append(f, mid, (Ins){ .op = IR_JMP });
	pred = vec_push(f->module->arena, &f->blocks.at[mid].preds);
	if (!v || !pred)
		return;
	f->ins.at[v].line = f->ins.at[f->blocks.at[from].last].line;
	*pred = from;
	f->blocks.at[mid].succ[0] = to;
	f->blocks.at[mid].cold = f->blocks.at[to].cold;
	f->blocks.at[to].preds.at[k] = mid;
	f->blocks.at[from].succ[f->blocks.at[from].succ[0] == to ? 0 : 1] = mid;
}

void
ir_split_critical_edges(IrFunc *f)
{
	uint32_t nb = f->blocks.n;

	for (BlockId b = 0; b < nb; b++)
		for (uint32_t k = 0; f->blocks.at[b].preds.n > 1 && k < f->blocks.at[b].preds.n;
		     k++)
			if (f->blocks.at[f->blocks.at[b].preds.at[k]].succ[1] != BLOCK_NONE)
				split_edge(f, b, k);
}

/* ---- What is not needed --------------------------------------------------------------------- */

static void
empty_block(IrFunc *f, BlockId b)
{
	Block *block = &f->blocks.at[b];

	while (block->first)
		ir_remove(f, block->first);
	block->preds.n = 0;
	block->succ[0] = block->succ[1] = BLOCK_NONE;
}

/* Takes predecessors that cannot be reached out of a block and of its phis. */
static void
drop_preds(IrFunc *f, BlockId b, const uint32_t *number)
{
	Block *block = &f->blocks.at[b];
	uint32_t kept = 0;

	for (Val v = block->first; v && f->ins.at[v].op == IR_PHI; v = f->ins.at[v].next) {
		uint32_t n, m = 0;
		Val *args = ir_args(f, v, &n);
		for (uint32_t k = 0; k < n && k < block->preds.n; k++)
			if (number[block->preds.at[k]] != BLOCK_NONE)
				args[m++] = args[k];
		f->ins.at[v].arg[1] = m;
	}
	for (uint32_t k = 0; k < block->preds.n; k++)
		if (number[block->preds.at[k]] != BLOCK_NONE)
			block->preds.at[kept++] = block->preds.at[k];
	block->preds.n = kept;
}

static void
drop_unreachable(IrFunc *f)
{
	uint32_t nb = f->blocks.n, n;
	size_t row = (size_t)nb + 1;
	Scratch s;
	Search all;

	if (!scratch_take(&s, f, 6, nb + 1))
		return;
	all = (Search){ s.at,		s.at + row,	s.at + 2 * row,
			s.at + 3 * row, s.at + 4 * row, s.at + 5 * row };
	n = search(f, &all);
	if (n < nb) {
		for (BlockId b = 0; b < nb; b++)
			if (all.number[b] != BLOCK_NONE)
				drop_preds(f, b, all.number);
		for (BlockId b = 0; b < nb; b++)
			if (all.number[b] == BLOCK_NONE)
				empty_block(f, b);
	}
	scratch_give(&s);
}

/* The one value other than itself that a phi can have, or 0. */
static Val
only_value(IrFunc *f, Val phi)
{
	uint32_t n;
	Val *args = ir_args(f, phi, &n), same = 0;

	for (uint32_t k = 0; k < n; k++) {
		Val v = ir_resolve(f, args[k]);
		if (v == phi || v == same)
			continue;
		if (same)
			return 0;
		same = v;
	}
	return same;
}

/* Taking one away may make another trivial, so until none is; blocks come in the order they were
 * made, which is nearly that of dominance, and a second round finds nothing as a rule. */
void
ir_drop_trivial_phis(IrFunc *f)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (BlockId b = 0; b < f->blocks.n; b++) {
			for (Val v = f->blocks.at[b].first, next; v && f->ins.at[v].op == IR_PHI;
			     v = next) {
				Val same = only_value(f, v);
				next = f->ins.at[v].next;
				if (!same)
					continue;
				ir_replace(f, v, same);
				changed = true;
			}
		}
	}
	ir_apply_replacements(f);
}

/* What stays even when nobody uses its value. */
static bool
must_stay(uint8_t op)
{
	return !(ir_op_info[op].flags & IR_P) && op != IR_PHI && op != IR_LOAD && op != IR_NOP;
}

/* Marks the operands of v.  The stack gets those that are not before `below`, which the walk of
 * ir_drop_unused() will not come to any more. */
static uint32_t
mark_operands(IrFunc *f, Val v, Val below, Val *stack, uint32_t depth)
{
	uint32_t n;
	const Val *args = ir_args(f, v, &n);

	for (uint32_t k = 0; k < n; k++) {
		Ins *arg = &f->ins.at[args[k]];

		if (arg->flags)
			continue;
		arg->flags = 1;
		if (args[k] >= below)
			stack[depth++] = args[k];
	}
	return depth;
}

/* One walk from the last instruction to the first: most operands were made before what uses them.
 */
void
ir_drop_unused(IrFunc *f)
{
	uint32_t depth;
	Scratch s;

	if (!scratch_take(&s, f, 1, f->ins.n))
		return;
	f->ins.at[0].flags = 1; /* no operand */
	for (Val v = f->ins.n; v-- > 1;) {
		if (!f->ins.at[v].flags && !must_stay(f->ins.at[v].op))
			continue;
		f->ins.at[v].flags = 1;
		depth = mark_operands(f, v, v, s.at, 0);
		while (depth) {
			Val w = s.at[--depth];
			depth = mark_operands(f, w, v, s.at, depth);
		}
	}
	for (Val v = 1; v < f->ins.n; v++) {
		if (!f->ins.at[v].flags && f->ins.at[v].op != IR_NOP)
			ir_remove(f, v);
		f->ins.at[v].flags = 0;
	}
	f->ins.at[0].flags = 0;
	scratch_give(&s);
}

void
ir_drop_dead(IrFunc *f)
{
	drop_unreachable(f);
	ir_drop_trivial_phis(f);
	ir_drop_unused(f);
}
