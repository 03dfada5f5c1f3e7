/* copies.c - loops that copy from span to span call a function that does it for many elements at
 * once.
 *
 * A loop of a counter that goes by 1 from a constant, whose round is one store of what one load
 * gave, perhaps with a NaN made canonical, both at the counter plus something fixed: before it
 * goes, for when there are enough rounds to pay for the call, one of base/span.h, which gives what
 * the rounds give one after the other, also where the spans overlap.  The loop itself stays and
 * makes the rounds that are left: none then.  With bounds checks in it a loop is left alone. */
#include "opt/body.h"
#include "opt/remark.h"

enum { FEWEST = 16, MOST_DEPTH = 6 };

typedef struct Copies {
	Body y;
	IrFunc *f;
	Counter counter;
	Val load, store; /* 0: not met yet */
	bool canon;	 /* is a NaN made canonical? */
} Copies;

/* ---- Which loops ---------------------------------------------------------------------------- */

static bool
is_fixed(const Copies *c, Val v)
{
	return !body_is_inside(&c->y, c->f->ins.at[v].block);
}

/* Is v the counter plus fixed values? */
static bool
goes_by_one(const Copies *c, Val v)
{
	for (unsigned depth = 0; depth < MOST_DEPTH; depth++) {
		const Ins *i = &c->f->ins.at[v];

		if (v == c->y.phi[c->counter.which])
			return true;
		if (i->op != IR_ADD || is_fixed(c, i->arg[0]) == is_fixed(c, i->arg[1]))
			return false;
		v = i->arg[is_fixed(c, i->arg[0])];
	}
	return false;
}

/* Nothing in a round but the one load, the one store, and what they need. */
static bool
read_round(Copies *c)
{
	const IrFunc *f = c->f;
	Val canon = 0;

	for (uint32_t k = 0; k < c->y.nblocks; k++)
		for (Val v = f->blocks.at[c->y.blocks[k]].first; v; v = f->ins.at[v].next) {
			const Ins *i = &f->ins.at[v];
			Val *met = i->op == IR_LOAD    ? &c->load
				   : i->op == IR_STORE ? &c->store
				   : i->op == IR_CANON ? &canon
						       : NULL;

			if (i->op == IR_PHI || i->op == IR_ADD || i->op == IR_JMP ||
			    i->op == IR_BR || edit_is_poll(f, i))
				continue;
			if (!met || *met || !k)
				return false;
			*met = v;
		}
	c->canon = canon;
	return c->load && c->store && f->ins.at[c->store].arg[2] == (canon ? canon : c->load) &&
	       (!canon || f->ins.at[canon].arg[0] == c->load);
}

static bool
is_address(const Copies *c, Val v)
{
	const Ins *i = &c->f->ins.at[v];

	return is_fixed(c, i->arg[0]) && i->arg[1] && goes_by_one(c, i->arg[1]);
}

static bool
is_copy(Copies *c, OptContext *o, const LoopForest *l, const OptLoop *loop)
{
	const IrFunc *f = c->f;
	uint64_t init;

	/* One branch, that of the header: each round does all there is. */
	if (loop->count > 3 || !body_read(&c->y, c->f, o->arena, l, loop, true) ||
	    c->y.nphis != 1 || !body_counter(&c->y, &c->counter))
		return false;
	for (uint32_t k = 1; k < c->y.nblocks; k++)
		if (f->blocks.at[c->y.blocks[k]].preds.n != 1 ||
		    f->ins.at[f->blocks.at[c->y.blocks[k]].last].op != IR_JMP)
			return false;
	if (c->counter.step != 1 || c->counter.cc != CC_SLT || !ir_is_const(f, c->y.init[0]) ||
	    f->ins.at[c->y.phi[0]].type != IR_I64)
		return false;
	init = ir_const_bits(f, c->y.init[0]);
	return init < INT32_MAX && read_round(c) &&
	       ir_mem_bytes[f->ins.at[c->load].cc] == ir_mem_bytes[f->ins.at[c->store].cc] &&
	       is_address(c, c->load) && is_address(c, c->store) &&
	       !(ir_is_const(f, c->counter.limit) &&
		 (int64_t)ir_const_bits(f, c->counter.limit) < (int64_t)init + FEWEST);
}

/* ---- The call ------------------------------------------------------------------------------- */

/* Where access v begins: its address when the counter is at init. */
static Val
address_of(Copies *c, BlockId at, Val v)
{
	IrFunc *f = c->f;
	const Ins access = f->ins.at[v];
	Val index = c->y.init[0], bytes = ir_const(f, IR_I64, ir_mem_bytes[access.cc]);

	for (Val sum = access.arg[1]; sum != c->y.phi[0];) {
		const Ins i = f->ins.at[sum];
		unsigned fixed = !is_fixed(c, i.arg[0]);

		index = ir_ins(f, at, IR_ADD, IR_I64, index, i.arg[fixed]);
		sum = i.arg[1 - fixed];
	}
	index = ir_ins(f, at, IR_MUL, IR_I64, index, bytes);
	index = ir_ins(f, at, IR_ADD, IR_I64, index, access.arg[0]);
	return ir_ins(f, at, IR_ADD, IR_I64, index,
		      ir_const(f, IR_I64, (uint64_t)(int64_t)access.aux));
}

static void
make_call(Copies *c, BlockId at)
{
	IrFunc *f = c->f;
	const Ins store = f->ins.at[c->store];
	IrHelper helper = !c->canon		? HELPER_COPY
			  : store.cc == MEM_F32 ? HELPER_CANON32
						: HELPER_CANON64;
	Val args[3] = { address_of(c, at, c->store), address_of(c, at, c->load),
			ir_ins(f, at, IR_SUB, IR_I64, c->counter.limit, c->y.init[0]) };

	if (!c->canon)
		args[2] = ir_ins(f, at, IR_MUL, IR_I64, args[2],
				 ir_const(f, IR_I64, ir_mem_bytes[store.cc]));
	f->line = store.line;
	ir_pooled(f, at, IR_CALLX, IR_VOID, (int32_t)ir_helper(f->module, helper), args, 3);
}

static bool
change(Copies *c)
{
	IrFunc *f = c->f;
	BlockId head = c->y.loop->header, before = c->y.loop->preheader, many, after;
	uint32_t entry = edit_pred_index(f, head, before),
		 line = f->ins.at[f->blocks.at[before].last].line;
	uint64_t init = ir_const_bits(f, c->y.init[0]);
	Val both[2] = { c->y.init[0], c->counter.limit }, now;

	many = ir_block(f);
	after = ir_block(f);
	if (c->y.a->mem->failed)
		return false;
	f->line = line;
	ir_remove(f, f->blocks.at[before].last);
	f->blocks.at[before].succ[0] = BLOCK_NONE;
	ir_br(f, before, CC_SLT, ir_const(f, IR_I64, init + FEWEST - 1), c->counter.limit, many,
	      after);
	make_call(c, many);
	ir_jmp(f, many, after);
	now = ir_pooled(f, after, IR_PHI, IR_I64, 0, both, 2);
	if (c->y.a->mem->failed)
		return false;
	ir_append(f, after, (Ins){ .op = IR_JMP, .line = line });
	f->blocks.at[after].succ[0] = head;
	f->blocks.at[after].cold = true; /* few rounds are left: none, or too few for the call */
	f->blocks.at[head].preds.at[entry] = after;
	f->pool.at[f->ins.at[c->y.phi[0]].arg[0] + entry] = now;
	return true;
}

bool
copies_run(IrFunc *f, OptContext *o)
{
	const LoopForest *l;
	uint32_t made = 0;
	bool *outer;
	Copies *c;

	l = edit_loops(f, o);
	if (!l)
		return false;
	outer = edit_outer_loops(l, o->arena);
	c = arena_alloc(o->arena, sizeof *c);
	if (!outer || !c)
		return false;
	for (uint32_t k = 0; k < l->loops.n && !o->arena->mem->failed; k++) {
		const OptLoop *loop = &l->loops.at[k];

		*c = (Copies){ .f = f, .y = c->y };
		if (outer[k] || loop->preheader == BLOCK_NONE ||
		    f->blocks.at[loop->preheader].cold || !is_copy(c, o, l, loop))
			continue;
		if (change(c)) {
			remark_loop(o, f, loop->header, "a call copies all at once");
			made++;
		}
	}
	return made != 0;
}
