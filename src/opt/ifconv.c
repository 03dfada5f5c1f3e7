/* ifconv.c - a short branch around cheap pure work becomes a SELECT.
 *
 * A mispredicted branch costs some 15 cycles, a few instructions done in vain less than one each.
 * Only what cannot trap and is cheap is done on both ways; at most two values may be selected, one
 * of them a float, by a comparison of whole numbers or of such floats: x86-64 makes a mask of it.
 */
#include "opt/edit.h"

enum { BUDGET = 5, MOST_SELECTS = 2 };

/* What doing v in vain costs; more than the budget when it must not be. */
static unsigned
cost(const IrFunc *f, Val v)
{
	const Ins *i = &f->ins.at[v];

	switch (i->op) {
	case IR_JMP: return 0;
	case IR_MUL:
	case IR_FADD:
	case IR_FSUB:
	case IR_FMUL: return 3;
	case IR_ADD:
	case IR_SUB:
	case IR_AND:
	case IR_OR:
	case IR_XOR:
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
	case IR_ROTL:
	case IR_ROTR:
	case IR_NEG:
	case IR_NOT:
	case IR_FNEG:
	case IR_FABS:
	case IR_SEXT32:
	case IR_ZEXT32:
	case IR_WRAP: return 1;
	case IR_CMP:
	case IR_SELECT: return 2;
	default: return BUDGET + 1;
	}
}

/* A block that only b leads to, that goes only to *join (set if it is BLOCK_NONE), with cheap work.
 */
static bool
is_arm(const IrFunc *f, BlockId arm, BlockId *join, unsigned *spent)
{
	const Block *block = &f->blocks.at[arm];

	if (block->preds.n != 1 || f->ins.at[block->last].op != IR_JMP)
		return false;
	if (*join == BLOCK_NONE)
		*join = block->succ[0];
	if (block->succ[0] != *join)
		return false;
	for (Val v = block->first; v; v = f->ins.at[v].next) {
		*spent += cost(f, v);
		if (*spent > BUDGET)
			return false;
	}
	return true;
}

/* Does v come from the round before?  A greatest or least value so far changes so seldom that the
 * branch is foreseen, and costs nothing, whereas the next round would wait for the selected float.
 */
static bool
is_carried(const IrFunc *f, Val v)
{
	const Block *b = &f->blocks.at[f->ins.at[v].block];
	bool carried = false;

	for (uint32_t k = 0; f->ins.at[v].op == IR_PHI && k < b->preds.n; k++)
		carried |= f->blocks.at[b->preds.at[k]].order >= b->order;
	return carried;
}

/* Can `branch` select a value of this type as it is? */
static bool
is_selectable(const IrFunc *f, const Ins *branch, uint8_t type)
{
	uint8_t compared = f->ins.at[branch->arg[0]].type;

	return type <= IR_I64 || compared <= IR_I64 || compared == type;
}

/* Can the phis of `join` be selected by their operands at these two places, on `branch`? */
static bool
can_select(IrFunc *f, const Ins *branch, BlockId join, uint32_t k0, uint32_t k1)
{
	unsigned count = 0, floats = 0;
	uint32_t n;

	for (Val v = f->blocks.at[join].first; f->ins.at[v].op == IR_PHI; v = f->ins.at[v].next) {
		const Val *args = ir_args(f, v, &n);

		if (args[k0] == args[k1])
			continue;
		if (!is_selectable(f, branch, f->ins.at[v].type) ||
		    (f->ins.at[v].type > IR_I64 &&
		     (floats++ || is_carried(f, args[k0]) || is_carried(f, args[k1]))))
			return false;
		if (++count > MOST_SELECTS)
			return false;
	}
	return true;
}

static void
move_work(IrFunc *f, BlockId b, BlockId arm)
{
	Val at = f->blocks.at[b].last;

	while (f->ins.at[f->blocks.at[arm].first].op != IR_JMP)
		edit_move(f, f->blocks.at[arm].first, at);
}

/* The phis' operands for the edge that b will have. */
static void
select_phis(IrFunc *f, BlockId b, BlockId join, uint32_t k0, uint32_t k1)
{
	uint32_t n;

	for (Val v = f->blocks.at[join].first; f->ins.at[v].op == IR_PHI; v = f->ins.at[v].next) {
		Val *args = ir_args(f, v, &n), then = args[k0], s;
		Val otherwise = args[k1];
		Ins i = f->ins.at[f->blocks.at[b].last];

		if (then == otherwise)
			continue;
		i.op = IR_SELECT;
		i.type = f->ins.at[v].type;
		i.arg[2] = then;
		i.arg[3] = otherwise;
		s = fold_ins(f, &i);
		if (!s)
			s = ir_insert_before(f, f->blocks.at[b].last, i);
		args = ir_args(f, v, &n);
		args[k0] = args[k1] = s;
	}
}

static bool
convert(IrFunc *f, BlockId b)
{
	BlockId then = f->blocks.at[b].succ[0], other = f->blocks.at[b].succ[1];
	BlockId join = BLOCK_NONE;
	unsigned spent = 0;
	uint32_t k0, k1;
	bool arm0, arm1;

	if (other == BLOCK_NONE)
		return false;
	arm0 = is_arm(f, then, &join, &spent);
	if (!arm0) {
		join = then; /* if not, a triangle the other way */
		spent = 0;
		if (!is_arm(f, other, &join, &spent))
			return false;
		arm1 = true;
	} else {
		arm1 = other != join;
		if (arm1 && !is_arm(f, other, &join, &spent))
			return false;
	}
	if (join == b)
		return false;
	k0 = edit_pred_index(f, join, arm0 ? then : b);
	k1 = edit_pred_index(f, join, arm1 ? other : b);
	if (!can_select(f, &f->ins.at[f->blocks.at[b].last], join, k0, k1))
		return false;
	if (arm0)
		move_work(f, b, then);
	if (arm1)
		move_work(f, b, other);
	select_phis(f, b, join, k0, k1);
	/* One of the two edges becomes b's; the arms are left to be dropped. */
	if (arm0 && arm1)
		f->blocks.at[join].preds.at[k0] = b;
	if (arm0)
		f->blocks.at[then].preds.n = 0;
	if (arm1)
		f->blocks.at[other].preds.n = 0;
	edit_drop_pred(f, join, arm1 ? other : then);
	for (unsigned k = 0; k < 2; k++) {
		BlockId arm = k ? other : then;

		if (k ? !arm1 : !arm0)
			continue;
		ir_remove(f, f->blocks.at[arm].last);
		f->blocks.at[arm].succ[0] = BLOCK_NONE;
	}
	Ins *end = &f->ins.at[f->blocks.at[b].last];
	end->op = IR_JMP;
	end->cc = 0;
	end->arg[0] = end->arg[1] = 0;
	f->blocks.at[b].succ[0] = join;
	f->blocks.at[b].succ[1] = BLOCK_NONE;
	return true;
}

/* Inner ones first: a block's successors come after it. */
bool
ifconv_run(IrFunc *f, OptContext *o)
{
	bool changed = false;

	for (uint32_t k = f->order.n; k-- > 0 && !o->arena->mem->failed;)
		if (f->blocks.at[f->order.at[k]].last)
			changed |= convert(f, f->order.at[k]);
	return changed;
}
