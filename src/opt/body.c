/* body.c - an inner loop whose one exit is its header's condition, and copies of one round of it.
 */
#include "opt/body.h"

/* ---- Reading -------------------------------------------------------------------------------- */

bool
body_is_inside(const Body *y, BlockId b)
{
	for (uint32_t k = 0; k < y->nblocks; k++)
		if (y->blocks[k] == b)
			return true;
	return false;
}

static BlockId *
copy_of(Body *y, BlockId b)
{
	uint32_t k = 0;

	while (k + 1 < y->nblocks && y->blocks[k] != b)
		k++;
	return &y->copy[k];
}

uint32_t
body_number(const Body *y, Val v)
{
	uint32_t n = v < y->numbers ? y->number[v] : 0;

	return n < y->nvalues && y->value[n] == v ? n : BODY_VALUES;
}

Val
body_mapped(const Body *y, Val v)
{
	uint32_t n = body_number(y, v);

	return n < BODY_VALUES && y->map[n] ? y->map[n] : v;
}

/* In the order of the function, which is one of dominance. */
static void
sort_blocks(Body *y, const BlockId *blocks)
{
	const Block *all = y->f->blocks.at;

	for (uint32_t k = 0; k < y->nblocks; k++) {
		uint32_t j = k;

		for (; j > 0 && all[y->blocks[j - 1]].order > all[blocks[k]].order; j--)
			y->blocks[j] = y->blocks[j - 1];
		y->blocks[j] = blocks[k];
	}
}

static bool
read_phi(Body *y, Val v)
{
	const Ins *i = &y->f->ins.at[v];
	uint32_t latch = edit_pred_index(y->f, y->loop->header, y->loop->latch);

	if (y->nphis == BODY_PHIS)
		return false;
	y->phi[y->nphis] = v;
	y->next[y->nphis] = y->f->pool.at[i->arg[0] + latch];
	y->init[y->nphis++] = y->f->pool.at[i->arg[0] + 1 - latch];
	return true;
}

static bool
number_value(Body *y, Val v)
{
	if (y->nvalues == BODY_VALUES)
		return false;
	y->number[v] = y->nvalues;
	y->value[y->nvalues++] = v;
	return true;
}

static bool
read_values(Body *y)
{
	const IrFunc *f = y->f;

	if (f->ins.n > y->numbers) {
		y->number = arena_alloc(y->a, 2 * (size_t)f->ins.n * sizeof *y->number);
		y->numbers = y->number ? 2 * f->ins.n : 0;
		if (!y->number)
			return false;
	}
	for (uint32_t k = 0; k < y->nblocks; k++) {
		BlockId b = y->blocks[k];

		for (Val v = f->blocks.at[b].first; v; v = f->ins.at[v].next) {
			const Ins *i = &f->ins.at[v];

			if (!number_value(y, v))
				return false;
			switch (i->op) {
			case IR_PHI:
				if (!k && !read_phi(y, v))
					return false;
				continue;
			case IR_JMP:
			case IR_BR: continue;
			case IR_SDIV:
			case IR_UDIV:
			case IR_SREM:
			case IR_UREM:
			case IR_FDIV:
			case IR_FSQRT: y->is_slow = true; break;
			case IR_CALL:
			case IR_CALLX: return false;
			default: break;
			}
			if (++y->size > BODY_SIZE)
				return false;
		}
	}
	return true;
}

static bool
leaves_only_at_header(const Body *y)
{
	for (uint32_t k = 1; k < y->nblocks; k++) {
		const Block *block = &y->f->blocks.at[y->blocks[k]];

		for (unsigned j = 0; j < 2; j++)
			if (block->succ[j] == BLOCK_NONE ? j == 0
							 : !body_is_inside(y, block->succ[j]))
				return false;
	}
	return true;
}

bool
body_read(Body *y, IrFunc *f, Arena *a, const LoopForest *l, const OptLoop *loop, bool inner)
{
	const Block *head = &f->blocks.at[loop->header];

	*y = (Body){ .f = f, .a = a, .loop = loop, .number = y->number, .numbers = y->numbers };
	if (!inner || loop->latch == BLOCK_NONE || loop->preheader == BLOCK_NONE ||
	    loop->count > BODY_BLOCKS || loop->count < 2 || head->preds.n != 2 ||
	    f->ins.at[head->last].op != IR_BR)
		return false;
	y->nblocks = loop->count;
	sort_blocks(y, l->blocks.at + loop->first);
	y->inside = head->succ[!body_is_inside(y, head->succ[0])];
	y->exit = head->succ[y->inside == head->succ[0]];
	return y->inside != loop->header && body_is_inside(y, y->inside) &&
	       !body_is_inside(y, y->exit) && leaves_only_at_header(y) && read_values(y);
}

/* ---- The counter ---------------------------------------------------------------------------- */

bool
body_counter(const Body *y, Counter *out)
{
	const IrFunc *f = y->f;
	const Block *head = &f->blocks.at[y->loop->header];
	const Ins *test = &f->ins.at[head->last], *next;
	Val counter = test->arg[0];

	out->cc = y->inside == head->succ[0] ? test->cc : cc_negated[test->cc];
	out->limit = test->arg[1];
	if (body_is_inside(y, f->ins.at[out->limit].block)) {
		counter = out->limit;
		out->limit = test->arg[0];
		out->cc = cc_swapped[out->cc];
	}
	if (body_is_inside(y, f->ins.at[out->limit].block))
		return false;
	for (out->which = 0; out->which < y->nphis; out->which++)
		if (y->phi[out->which] == counter)
			break;
	if (out->which == y->nphis || f->ins.at[counter].type > IR_I64)
		return false;
	next = &f->ins.at[y->next[out->which]];
	if (next->op != IR_ADD || next->arg[0] != counter || !ir_is_const(f, next->arg[1]))
		return false;
	out->step = (int64_t)ir_const_bits(f, next->arg[1]);
	if (next->type == IR_I32)
		out->step = (int32_t)out->step;
	return out->step != 0;
}

/* ---- Copying -------------------------------------------------------------------------------- */

/* (x + constant) + y is made as (x + y) + constant: the first sum serves all rounds, and the
 * constant becomes part of an offset. */
static Val
copy_sum(Body *y, BlockId at, Ins i)
{
	IrFunc *f = y->f;

	for (unsigned k = 0; k < 2; k++) {
		const Ins sum = f->ins.at[i.arg[k]];

		if (sum.op != IR_ADD || !ir_is_const(f, sum.arg[1]) || ir_is_const(f, i.arg[1 - k]))
			continue;
		i.arg[k] = sum.arg[0];
		i.arg[0] = ir_add(f, at, i);
		i.arg[1] = sum.arg[1];
		break;
	}
	return ir_add(f, at, i);
}

static void
copy_value(Body *y, BlockId at, uint32_t n, bool polls)
{
	IrFunc *f = y->f;
	Val v = y->value[n];
	Ins i = f->ins.at[v];

	if (!polls && edit_is_poll(f, &i))
		return;
	for (unsigned k = 0; k < ir_op_info[i.op].nargs; k++)
		i.arg[k] = body_mapped(y, i.arg[k]);
	if (y->special && y->special(y, y->of, at, n))
		return;
	if (i.op == IR_TRAPIF) {
		f->line = i.line;
		ir_trapif(f, at, i.cc, i.arg[0], i.arg[1], (uint32_t)i.aux);
		return;
	}
	if (i.op == IR_ADD)
		y->map[n] = copy_sum(y, at, i);
	else
		y->map[n] = ir_op_info[i.op].flags & IR_P ? ir_add(f, at, i) : ir_append(f, at, i);
}

/* A phi inside: its operands come in the order of the copy's predecessors. */
static Val
copy_phi(Body *y, BlockId from, BlockId at, Val v)
{
	IrFunc *f = y->f;
	uint32_t n = f->blocks.at[at].preds.n;
	Val args[2 * BODY_BLOCKS];

	for (uint32_t k = 0; k < n && k < 2 * BODY_BLOCKS; k++) {
		uint32_t j = 0;

		while (j + 1 < f->ins.at[v].arg[1] &&
		       *copy_of(y, f->blocks.at[from].preds.at[j]) != f->blocks.at[at].preds.at[k])
			j++;
		args[k] = body_mapped(y, f->pool.at[f->ins.at[v].arg[0] + j]);
	}
	return ir_pooled(f, at, IR_PHI, f->ins.at[v].type, 0, args, n);
}

/* The block that a copy of b is written to; `pred` ends with its copy of what leads there. */
static bool
continues(const Body *y, BlockId b)
{
	const Block *block = &y->f->blocks.at[b];

	return block->preds.n == 1 &&
	       (b == y->inside ||
		y->f->ins.at[y->f->blocks.at[block->preds.at[0]].last].op == IR_JMP);
}

static void
link_copy(Body *y, BlockId b)
{
	IrFunc *f = y->f;
	const Block block = f->blocks.at[b];
	const Ins last = f->ins.at[block.last];
	BlockId at = *copy_of(y, b), to[2];

	for (unsigned k = 0; k < 2; k++) {
		to[k] = block.succ[k];
		if (to[k] != BLOCK_NONE && to[k] != y->loop->header && !continues(y, to[k]) &&
		    *copy_of(y, to[k]) == BLOCK_NONE)
			*copy_of(y, to[k]) = ir_block(f);
	}
	f->line = last.line;
	if (last.op == IR_BR)
		ir_br(f, at, last.cc, body_mapped(y, last.arg[0]), body_mapped(y, last.arg[1]),
		      *copy_of(y, to[0]), *copy_of(y, to[1]));
	else if (to[0] != y->loop->header && !continues(y, to[0]))
		ir_jmp(f, at, *copy_of(y, to[0]));
}

BlockId
body_copy(Body *y, BlockId at, bool polls)
{
	IrFunc *f = y->f;
	uint32_t n = 0;

	for (uint32_t k = 0; k < y->nblocks; k++)
		y->copy[k] = k ? BLOCK_NONE : at;
	for (uint32_t k = 0; k < y->nblocks && !y->a->mem->failed; k++) {
		BlockId b = y->blocks[k];
		bool same = k && continues(y, b);

		if (same)
			y->copy[k] = *copy_of(y, f->blocks.at[b].preds.at[0]);
		for (Val v = f->blocks.at[b].first; v; v = f->ins.at[v].next, n++) {
			if (ir_op_info[f->ins.at[v].op].flags & IR_T)
				continue;
			if (f->ins.at[v].op != IR_PHI)
				copy_value(y, y->copy[k], n, polls);
			else if (!k)
				y->map[n] = y->now[n];
			else
				y->map[n] = same ? body_mapped(y, f->pool.at[f->ins.at[v].arg[0]])
						 : copy_phi(y, b, y->copy[k], v);
		}
		if (k)
			link_copy(y, b);
		else if (!continues(y, y->inside)) {
			*copy_of(y, y->inside) = ir_block(f);
			ir_jmp(f, at, *copy_of(y, y->inside));
		}
	}
	for (uint32_t k = 0; k < y->nphis; k++)
		y->now[k] = body_mapped(y, y->next[k]);
	return *copy_of(y, y->loop->latch);
}
