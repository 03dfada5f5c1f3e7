/* unroll.c - an inner loop with a counter makes several rounds between two tests.
 *
 * Before the loop goes another one of as many rounds each time as ROUNDS says; it runs while the
 * counter is so far from the limit that none of the tests between can fail.  The loop itself stays
 * and makes the rounds that are left, so that a counter that wraps past its limit, or a limit so
 * near the end of the numbers that nothing can be taken from it, needs no care.
 *
 * In the rounds together, exact because integers wrap:
 * - a value that only collects others (s = s + x, max(s, x) ...) collects what these give together;
 * - x = a·x + c (and perhaps & 2^k - 1) is computed from its value before the first round. */
#include "opt/body.h"
#include "opt/remark.h"

enum { MOST_LOOPS = 12, SIZE_FOR_4 = 14, SIZE_FOR_2 = 48 };

typedef enum Rule { RULE_NONE, RULE_COLLECT, RULE_AFFINE } Rule;

typedef struct Unroll {
	Body y;
	IrFunc *f;
	Counter counter;
	uint32_t rounds, round;
	Val head_phi[BODY_PHIS]; /* of the new loop */
	Rule rule[BODY_PHIS];
	Val together[BODY_PHIS]; /* RULE_COLLECT: what the rounds so far have given, or 0 */
	uint64_t a[BODY_PHIS], c[BODY_PHIS];	 /* RULE_AFFINE: of one round */
	Val mask[BODY_PHIS];			 /* and a constant, or 0 */
	uint64_t by[BODY_PHIS], plus[BODY_PHIS]; /* of the rounds so far */
	/* By the body's number: how many instructions of the loop read it, 2 for more, then
	 * has_chain()'s; and 1 + the phi whose next value it is, if there is a rule.  The last is
	 * of what is not in the loop. */
	uint8_t uses[BODY_VALUES + 1], of[BODY_VALUES + 1];
} Unroll;

/* ---- What follows a rule -------------------------------------------------------------------- */

static uint8_t *
uses_of(Unroll *u, Val v)
{
	return &u->uses[body_number(&u->y, v)];
}

static void
count_uses(Unroll *u)
{
	IrFunc *f = u->f;
	uint32_t n;

	for (uint32_t k = 0; k < u->y.nblocks; k++) {
		for (Val v = f->blocks.at[u->y.blocks[k]].first; v; v = f->ins.at[v].next) {
			const Val *args = ir_args(f, v, &n);

			for (uint32_t j = 0; j < n; j++) {
				bool again = false;

				for (uint32_t i = 0; i < j; i++)
					again |= args[i] == args[j];
				if (!again && *uses_of(u, args[j]) < 2)
					++*uses_of(u, args[j]);
			}
		}
	}
}

/* What `next` takes of another value into the phi, or 0. */
static Val
collected(const Unroll *u, Val phi, Val next)
{
	const Ins *i = &u->f->ins.at[next];
	Val other;

	switch (i->op) {
	case IR_ADD:
	case IR_MUL:
	case IR_AND:
	case IR_OR:
	case IR_XOR:
		if (i->arg[0] == i->arg[1])
			return 0;
		return i->arg[0] == phi ? i->arg[1] : i->arg[1] == phi ? i->arg[0] : 0;
	case IR_SUB: return i->arg[0] == phi && i->arg[1] != phi ? i->arg[1] : 0;
	case IR_SELECT:
		other = i->arg[i->arg[0] == phi];
		if (i->cc < CC_SLT || i->cc > CC_UGE || other == phi ||
		    (i->arg[0] != phi && i->arg[1] != phi))
			return 0;
		return (i->arg[2] == phi && i->arg[3] == other) ||
				       (i->arg[3] == phi && i->arg[2] == other)
			       ? other
			       : 0;
	default: return 0;
	}
}

static bool
is_low_mask(uint64_t m)
{
	return (m & (m + 1)) == 0;
}

/* next = a·phi + c, and perhaps the low bits of that. */
static bool
find_affine(Unroll *u, uint32_t k)
{
	const IrFunc *f = u->f;
	Val v = u->y.next[k];
	const Ins *i = &f->ins.at[v];

	u->a[k] = 1;
	u->c[k] = 0;
	u->mask[k] = 0;
	if (i->op == IR_AND && ir_is_const(f, i->arg[1]) &&
	    is_low_mask(ir_const_bits(f, i->arg[1]))) {
		u->mask[k] = i->arg[1];
		i = &f->ins.at[v = i->arg[0]];
	}
	if (i->op == IR_ADD && ir_is_const(f, i->arg[1])) {
		u->c[k] = ir_const_bits(f, i->arg[1]);
		i = &f->ins.at[v = i->arg[0]];
	}
	if (i->op != IR_MUL || !ir_is_const(f, i->arg[1]) || i->arg[0] != u->y.phi[k])
		return false;
	u->a[k] = ir_const_bits(f, i->arg[1]);
	return true;
}

static void
find_rules(Unroll *u)
{
	const IrFunc *f = u->f;

	for (uint32_t k = 0; k < u->y.nphis; k++) {
		Val phi = u->y.phi[k], next = u->y.next[k];

		u->rule[k] = RULE_NONE;
		if (f->ins.at[phi].type > IR_I64 || !body_is_inside(&u->y, f->ins.at[next].block) ||
		    u->of[body_number(&u->y, next)] || k == u->counter.which)
			continue;
		if (*uses_of(u, phi) == 1 && *uses_of(u, next) == 1 && collected(u, phi, next))
			u->rule[k] = RULE_COLLECT;
		else if (find_affine(u, k))
			u->rule[k] = RULE_AFFINE;
		if (u->rule[k])
			u->of[body_number(&u->y, next)] = (uint8_t)(k + 1);
	}
}

/* Does some value that follows no rule come out of its own value of the round before?  Then the
 * rounds wait for each other, and the test between them costs nothing. */
static bool
has_chain(Unroll *u)
{
	IrFunc *f = u->f;
	uint32_t n;

	for (uint32_t p = 0; p < u->y.nphis; p++) {
		if (u->rule[p] || p == u->counter.which)
			continue;
		memset(u->uses, 0, sizeof u->uses);
		*uses_of(u, u->y.phi[p]) = 1;
		for (uint32_t k = 0; k < u->y.nblocks; k++)
			for (Val v = f->blocks.at[u->y.blocks[k]].first; v; v = f->ins.at[v].next) {
				const Val *args = ir_args(f, v, &n);

				if (ir_op_info[f->ins.at[v].op].flags & IR_M)
					return false;
				for (uint32_t j = 0; j < n; j++)
					*uses_of(u, v) |= *uses_of(u, args[j]);
			}
		if (*uses_of(u, u->y.next[p]))
			return true;
	}
	return false;
}

/* ---- Rounds --------------------------------------------------------------------------------- */

/* x becomes x `op` e, in the way the phi's next value is made. */
static Val
collect(Unroll *u, BlockId at, uint32_t k, Val x, Val e)
{
	Ins i = u->f->ins.at[u->y.next[k]];
	Val phi = u->y.phi[k];

	for (unsigned j = 0; j < ir_op_info[i.op].nargs; j++)
		i.arg[j] = i.arg[j] == phi ? x : e;
	return ir_add(u->f, at, i);
}

static bool
take_special(Body *y, void *of, BlockId at, uint32_t n)
{
	Unroll *u = of;
	IrFunc *f = u->f;
	uint32_t k = u->of[n];
	Val v = y->value[n];
	unsigned type = f->ins.at[v].type;

	if (!k--)
		return false;
	if (u->rule[k] == RULE_COLLECT) {
		Val e = body_mapped(y, collected(u, y->phi[k], v));
		/* what is taken away goes together as a sum */
		if (f->ins.at[v].op == IR_SUB && u->together[k])
			u->together[k] = ir_ins(f, at, IR_ADD, type, u->together[k], e);
		else
			u->together[k] = u->together[k] ? collect(u, at, k, u->together[k], e) : e;
		y->map[n] = y->now[k];
		return true;
	}
	f->line = f->ins.at[v].line;
	u->plus[k] = u->a[k] * u->plus[k] + u->c[k];
	u->by[k] *= u->a[k];
	y->map[n] = ir_ins(f, at, IR_MUL, type, u->head_phi[k], ir_const(f, type, u->by[k]));
	y->map[n] = ir_ins(f, at, IR_ADD, type, y->map[n], ir_const(f, type, u->plus[k]));
	if (u->mask[k])
		y->map[n] = ir_ins(f, at, IR_AND, type, y->map[n], u->mask[k]);
	return true;
}

/* ---- The loop ------------------------------------------------------------------------------- */

/* How the counter compares with a limit in the new loop, made before it: while that holds, all
 * rounds' tests do.  far: the way that the counter goes before the last of these tests.  0 when the
 * loop's test is of no such kind. */
static Val
make_limit(Unroll *u, BlockId at, IrCc *cc)
{
	IrFunc *f = u->f;
	const Counter *c = &u->counter;
	unsigned type = f->ins.at[c->limit].type;
	uint64_t far = (uint64_t)c->step * (u->rounds - 1), end;
	bool is_signed = c->cc == CC_SLT || c->cc == CC_SLE || c->cc == CC_SGT || c->cc == CC_SGE;
	bool up = c->cc == CC_SLT || c->cc == CC_SLE || c->cc == CC_ULT || c->cc == CC_ULE;
	uint64_t top = type == IR_I32 ? UINT64_C(1) << 31 : UINT64_C(1) << 63;
	Val limit;

	if (c->cc < CC_SLT || c->cc > CC_UGE || up != (c->step > 0) || c->step > INT32_MAX / 8 ||
	    c->step < -INT32_MAX / 8)
		return 0;
	*cc = up ? (is_signed ? CC_SLT : CC_ULT) : (is_signed ? CC_SGT : CC_UGT);
	/* the last limit from which that can be taken */
	end = up ? (is_signed ? top : 0) : (is_signed ? top - 1 : UINT64_MAX);
	limit = ir_ins(f, at, IR_SUB, type, c->limit,
		       ir_const(f, type,
				*cc == c->cc ? far
				: up	     ? far - 1
					     : far + 1));
	return ir_select(f, at, *cc, c->limit, ir_const(f, type, end + far), ir_const(f, type, end),
			 limit);
}

static void
enter(Unroll *u, BlockId at, BlockId head)
{
	IrFunc *f = u->f;

	for (uint32_t k = 0; k < u->y.nphis; k++) {
		Val both[2] = { u->y.init[k], u->y.init[k] };

		u->head_phi[k] =
			ir_pooled(f, head, IR_PHI, f->ins.at[u->y.phi[k]].type, 0, both, 2);
		u->y.now[k] = u->head_phi[k];
		u->by[k] = 1;
		u->plus[k] = 0;
		u->together[k] = 0;
	}
	(void)at;
}

/* The phis of the new loop after its rounds. */
static void
close(Unroll *u, BlockId end)
{
	IrFunc *f = u->f;

	for (uint32_t k = 0; k < u->y.nphis; k++) {
		Val next = u->y.now[k];

		if (u->rule[k] == RULE_COLLECT)
			next = collect(u, end, k, u->head_phi[k], u->together[k]);
		if (!u->y.a->mem->failed)
			f->pool.at[f->ins.at[u->head_phi[k]].arg[0] + 1] = next;
	}
}

static bool
unroll(Unroll *u)
{
	IrFunc *f = u->f;
	BlockId old = u->y.loop->header, before = u->y.loop->preheader, head, round, after, end;
	uint32_t entry = edit_pred_index(f, old, before),
		 line = f->ins.at[f->blocks.at[before].last].line;
	IrCc cc;
	Val limit = make_limit(u, before, &cc);

	if (!limit)
		return false;
	head = ir_block(f);
	round = ir_block(f);
	after = ir_block(f);
	if (u->y.a->mem->failed)
		return false;
	ir_remove(f, f->blocks.at[before].last);
	f->blocks.at[before].succ[0] = BLOCK_NONE;
	f->line = line;
	ir_jmp(f, before, head);
	enter(u, before, head);
	for (u->round = 0, end = round; u->round < u->rounds && !u->y.a->mem->failed; u->round++)
		end = body_copy(&u->y, end, u->round == 0);
	close(u, end);
	if (u->y.a->mem->failed)
		return false;
	f->line = line;
	ir_jmp(f, end, head);
	ir_br(f, head, cc, u->head_phi[u->counter.which], limit, round, after);
	ir_append(f, after, (Ins){ .op = IR_JMP, .line = line });
	f->blocks.at[after].succ[0] = old;
	f->blocks.at[after].cold = true; /* few rounds are left */
	f->blocks.at[old].preds.at[entry] = after;
	for (uint32_t k = 0; k < u->y.nphis; k++)
		f->pool.at[f->ins.at[u->y.phi[k]].arg[0] + entry] = u->head_phi[k];
	return true;
}

/* Is it only for when the loop without checks will not do, or what a call leaves of it? */
static bool
is_spare(const IrFunc *f, const OptLoop *loop)
{
	return loop->preheader != BLOCK_NONE && f->blocks.at[loop->preheader].cold;
}

/* Why the loop is to stay as it is, or NULL. */
static const char *
prepare(Unroll *u, OptContext *o, const LoopForest *l, const OptLoop *loop)
{
	if (!body_read(&u->y, u->f, o->arena, l, loop, true))
		return "it calls, is large, or is left from several places";
	if (!body_counter(&u->y, &u->counter))
		return "no counter says when it ends";
	u->rounds = u->y.size <= SIZE_FOR_4 ? 4 : u->y.size <= SIZE_FOR_2 ? 2 : 0;
	if (u->y.is_slow)
		return "a division takes most of its time";
	if (!u->rounds)
		return "it is large";
	memset(u->uses, 0, sizeof u->uses);
	memset(u->of, 0, sizeof u->of);
	return NULL;
}

static bool
run_loop(Unroll *u, OptContext *o, const LoopForest *l, const OptLoop *loop)
{
	const char *why = prepare(u, o, l, loop);

	if (!why) {
		count_uses(u);
		find_rules(u);
		u->y.special = take_special;
		u->y.of = u;
		if (has_chain(u))
			why = "each round waits for the one before";
		else if (!unroll(u))
			why = "it does not count towards its limit";
	}
	if (why)
		remark_loop(o, u->f, loop->header, "not unrolled: %s", why);
	else
		remark_loop(o, u->f, loop->header, "unrolled: %u rounds between tests", u->rounds);
	return !why;
}

bool
unroll_run(IrFunc *f, OptContext *o)
{
	const LoopForest *l;
	uint32_t made = 0;
	bool *outer;
	Unroll *u;

	l = edit_loops(f, o);
	if (!l)
		return false;
	outer = edit_outer_loops(l, o->arena);
	u = arena_alloc(o->arena, sizeof *u);
	if (!outer || !u)
		return false;
	u->f = f;
	for (uint32_t k = 0; k < l->loops.n && made < MOST_LOOPS && !o->arena->mem->failed; k++)
		if (!outer[k] && !is_spare(f, &l->loops.at[k]))
			made += run_loop(u, o, l, &l->loops.at[k]);
	return made != 0;
}
