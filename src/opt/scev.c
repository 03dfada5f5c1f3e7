/* scev.c - the loop solver: loops over scalars that evolve predictably become their closed forms.
 *
 * A loop is not replaced but jumped over: before it, a number of iterations is computed that it is
 * certain to make (count), and the values that its phis have after these; it is entered with them
 * and does the rest itself.  So whatever the count does not cover - a counter that wraps past its
 * bound, the remainder modulo a period, which exit is taken, a loop that never ends - stays exact
 * without a condition.  When the count is proven to be all iterations, the loop is deleted, and
 * what was computed is plain code in which the loop around it can be solved in turn.
 *
 * A condition in the body that changes with the iterations splits them: jump as long as it holds,
 * then as long as it does not, each from where the last has ended. */
#include "opt/remark.h"
#include "opt/scev.h"

/* ---- Remarks -------------------------------------------------------------------------------- */

static void
tell_chain(const Scev *s, Text *out, const Chain *c)
{
	for (unsigned r = 0; r < s->period; r++) {
		text_addf(out, "%s{", r ? " | " : "");
		for (unsigned k = 0; k <= c->degree; k++) {
			text_addf(out, "%s", k ? ",+," : "");
			remark_value(out, s->f, *scev_at(c, r, k));
		}
		text_addf(out, "}");
	}
}

static void
tell_phi(const Scev *s, Text *out, const PhiState *p)
{
	text_addf(out, "; ");
	remark_value(out, s->f, p->phi);
	text_addf(out, " = ");
	switch (p->kind) {
	case PHI_LATE: text_addf(out, "before "); break;
	case PHI_EXTREME:
		text_addf(out,
			  p->cc == CC_SGT || p->cc == CC_SGE || p->cc == CC_UGT || p->cc == CC_UGE
				  ? "greatest of "
				  : "least of ");
		break;
	case PHI_XOR: text_addf(out, "xor of "); break;
	case PHI_LINEAR: text_addf(out, "linear system, by squaring"); return;
	case PHI_CLEARED:
	case PHI_SHIFTED: remark_value(out, s->f, p->end); return;
	default: break;
	}
	tell_chain(s, out, p->chain);
}

/* Chains are {c0,+,c1,+,...}: c0 + c1·n + c2·n(n-1)/2 and so on. */
static void
tell_solved(const Scev *s, bool split)
{
	if (!s->o->remarks)
		return;
	remark_place(s->o->remarks, s->f, s->header);
	text_addf(s->o->remarks, "solved: %s", split ? "in parts, the last with n = " : "n = ");
	remark_value(s->o->remarks, s->f, s->count);
	if (s->period > 1)
		text_addf(s->o->remarks, ", period %u", s->period);
	for (uint32_t k = 0; k < s->nphis; k++)
		if (s->phi[k].kind != PHI_OPEN)
			tell_phi(s, s->o->remarks, &s->phi[k]);
	text_addf(s->o->remarks, "%s%s\n", s->kept ? "; it stays: " : "", s->kept ? s->kept : "");
}

static void
tell_left(const Scev *s)
{
	if (!s->o->remarks)
		return;
	remark_place(s->o->remarks, s->f, s->header);
	text_addf(s->o->remarks, "not solved: %s\n", s->why);
}

/* ---- Looking at a loop ---------------------------------------------------------------------- */

static bool
refuse(Scev *s, const char *why)
{
	s->why = why;
	return false;
}

static bool
is_latch(const Scev *s, BlockId from, BlockId header)
{
	const Block *b = &s->f->blocks.at[header];

	return from < s->first_new_block && s->f->blocks.at[from].order != BLOCK_NONE &&
	       s->f->blocks.at[from].order >= b->order;
}

static bool
collect_blocks(Scev *s)
{
	uint32_t done = 1, outside = 0;
	const Block *h = &s->f->blocks.at[s->header];

	s->in_loop[s->header] = s->header + 1;
	s->blocks[0] = s->header;
	s->nblocks = 1;
	for (uint32_t k = 0; k < h->preds.n; k++) {
		if (is_latch(s, h->preds.at[k], s->header))
			continue;
		s->entry = k;
		outside++;
	}
	if (outside != 1)
		return refuse(s, "it is entered from several places");
	for (BlockId b = s->header;; b = s->blocks[done++]) {
		const Block *block = &s->f->blocks.at[b];
		for (uint32_t k = 0; k < block->preds.n; k++) {
			BlockId from = block->preds.at[k];
			if (b == s->header && k == s->entry)
				continue;
			if (from >= s->first_new_block || s->is_header[from])
				if (from != s->header)
					return refuse(s, "a loop inside is left");
			if (s->in_loop[from] == s->header + 1)
				continue;
			if (s->nblocks == SCEV_BLOCKS)
				return refuse(s, "it is large");
			s->in_loop[from] = s->header + 1;
			s->blocks[s->nblocks++] = from;
		}
		if (done == s->nblocks)
			return true;
	}
}

static bool
add_exit(Scev *s, BlockId b)
{
	const Block *block = &s->f->blocks.at[b];
	Ins last = s->f->ins.at[block->last];
	bool in[2];

	if (last.op != IR_BR)
		return true;
	for (unsigned k = 0; k < 2; k++)
		in[k] = block->succ[k] < s->first_new_block &&
			s->in_loop[block->succ[k]] == s->header + 1;
	if (in[0] && in[1])
		return true;
	if (s->nexits == SCEV_EXITS)
		return refuse(s, "it has many exits");
	s->exit[s->nexits].from = b;
	s->exit[s->nexits++].stay =
		(Cond){ in[0] ? last.cc : cc_negated[last.cc], last.arg[0], last.arg[1] };
	return true;
}

/* A trap leaves a loop as an exit does.  Being jumped over up to that, it is made by the loop
 * itself; not so where something else that the world sees is done on the way. */
static void
collect_trap(Scev *s, Val v)
{
	if (s->traps_stay || s->ntraps == SCEV_EXITS || s->f->ins.at[v].op != IR_TRAPIF)
		s->kept = "it reads or writes memory, calls or may trap";
	else
		s->trap[s->ntraps++] = v;
}

static bool
add_traps(Scev *s)
{
	if (s->kept)
		s->ntraps = 0;
	for (uint32_t k = 0; k < s->ntraps; k++) {
		const Ins *i = &s->f->ins.at[s->trap[k]];

		if (s->nexits == SCEV_EXITS)
			return refuse(s, "it has many exits");
		s->exit[s->nexits].from = i->block;
		s->exit[s->nexits++].stay = (Cond){ cc_negated[i->cc], i->arg[0], i->arg[1] };
	}
	return true;
}

static bool
collect_values(Scev *s)
{
	for (uint32_t b = 0; b < s->nblocks; b++) {
		for (Val v = s->f->blocks.at[s->blocks[b]].first; v; v = s->f->ins.at[v].next) {
			const Ins *i = &s->f->ins.at[v];
			if ((ir_op_info[i->op].flags & IR_M) && !edit_is_poll(s->f, i))
				collect_trap(s, v);
			if (ir_op_info[i->op].flags & IR_T)
				continue;
			if (s->nbody == SCEV_BODY)
				return refuse(s, "it is large");
			s->body[s->nbody++] = v;
			s->local.at[v] = s->nbody;
			if (i->op != IR_PHI || i->block != s->header)
				continue;
			if (i->type != IR_I32 && i->type != IR_I64) {
				s->kept = s->kept ? s->kept : "a float changes in it";
				continue;
			}
			if (s->nphis == SCEV_PHIS)
				return refuse(s, "many variables change in it");
			s->phi[s->nphis++] = (PhiState){ .phi = v };
		}
		if (!add_exit(s, s->blocks[b]))
			return false;
	}
	if (!add_traps(s))
		return false;
	if (!s->nexits)
		return refuse(s, "it never ends");
	return s->nphis || refuse(s, s->kept ? s->kept : "nothing changes in it");
}

/* ---- One stage: a count, and where the phis are then ---------------------------------------- */

static bool
all_solved(Scev *s)
{
	for (uint32_t k = 0; k < s->nphis; k++)
		if (s->phi[k].kind == PHI_OPEN)
			return false;
	return true;
}

static bool
count_exits(Scev *s)
{
	bool exact = true;

	for (uint32_t k = 0; k < s->nexits; k++) {
		Cond c = s->exit[k].stay;
		const Chain *a = scev_chain_of(s, c.a), *b = scev_chain_of(s, c.b);
		Val n = a && b ? scev_holds(s, c.cc, a, b, &exact) : scev_bits_count(s, c, &exact);
		if (!n)
			return refuse(s, "when it ends is not known");
		exact = exact && s->nexits == 1 && !s->ntraps && s->exit[k].from == s->header &&
			!s->count;
		scev_limit(s, n);
	}
	s->exact = exact;
	return true;
}

static bool
count_split(Scev *s)
{
	const Chain *a, *b;
	bool exact;
	Val n;

	if (s->split.cc == CC_COUNT)
		return true;
	a = scev_chain_of(s, s->split.a);
	b = scev_chain_of(s, s->split.b);
	n = a && b ? scev_holds(s, s->assume ? s->split.cc : cc_negated[s->split.cc], a, b, &exact)
		   : 0;
	if (!n)
		return refuse(s, "when its condition changes is not known");
	scev_limit(s, n);
	return true;
}

static bool
solve_stage(Scev *s)
{
	s->period = s->want = 1;
	s->nlimits = 0;
	s->count = 0;
	scev_solve(s);
	if (!count_exits(s) || !count_split(s))
		return false;
	while (!all_solved(s) && s->want > s->period) {
		s->period = s->want;
		scev_solve(s);
	}
	if (s->period > 1)
		s->exact = false;
	if (s->work > SCEV_WORK)
		return refuse(s, "it is complicated");
	return (scev_bits_known(s) && (all_solved(s) || scev_linear(s))) ||
	       refuse(s, "a variable follows no rule that has a closed form here");
}

/* The xor of all numbers below x. */
static Val
xor_below(Scev *s, unsigned type, Val x)
{
	Val one = scev_const(s, type, 1), zero = scev_const(s, type, 0), b, odd;

	b = scev_ins(s, IR_AND, type, scev_ins(s, IR_SHR, type, x, one), one);
	odd = scev_ins(s, IR_ADD, type, x,
		       scev_ins(s, IR_ADD, type, b, scev_const(s, type, UINT64_MAX)));
	return ir_select(s->f, s->at, CC_NE, scev_ins(s, IR_AND, type, x, one), zero, odd, b);
}

static Val
xor_end(Scev *s, const PhiState *p, Val n)
{
	unsigned type = p->chain->type;
	Val from = p->chain->c[0], to, x;
	int64_t by = 0;

	scev_constant(s, p->chain->c[1], &by);
	if (type == IR_I32)
		n = scev_ins(s, IR_WRAP, IR_I32, n, 0);
	if (by < 0) /* from, from - 1, …: those below from + 1 */
		from = scev_ins(s, IR_ADD, type, from, scev_const(s, type, 1));
	to = scev_ins(s, by < 0 ? IR_SUB : IR_ADD, type, from, n);
	x = scev_ins(s, IR_XOR, type, xor_below(s, type, from), xor_below(s, type, to));
	return scev_ins(s, IR_XOR, type, p->start, x);
}

static Val
extreme_end(Scev *s, const PhiState *p, Val n)
{
	Val first = p->chain->c[0], last = scev_value_before(s, p->chain, 0, n), x = p->start;

	x = ir_select(s->f, s->at, p->cc, first, x, first, x);
	return ir_select(s->f, s->at, p->cc, last, x, last, x);
}

/* q: the count, in periods. */
static Val
find_end(Scev *s, const PhiState *p, Val q)
{
	Val zero = scev_const(s, IR_I64, 0), end;

	switch (p->kind) {
	case PHI_CHAIN: return scev_value(s, p->chain, 0, q);
	case PHI_LATE: end = scev_value_before(s, p->chain, s->period - 1, q); break;
	case PHI_EXTREME: end = extreme_end(s, p, q); break;
	case PHI_XOR: return xor_end(s, p, q);
	case PHI_CLEARED:
	case PHI_SHIFTED:
		return scev_bits_end(
			s, p, scev_ins(s, IR_MUL, IR_I64, q, scev_const(s, IR_I64, s->period)));
	default: return 0;
	}
	return ir_select(s->f, s->at, CC_EQ, q, zero, p->start, end);
}

static void
find_ends(Scev *s)
{
	Val q = s->count;
	bool linear = false;

	if (s->period > 1) /* a division by a power of two becomes a shift elsewhere */
		q = scev_ins(s, IR_UDIV, IR_I64, q, scev_const(s, IR_I64, s->period));
	for (uint32_t k = 0; k < s->nphis; k++) {
		s->phi[k].end = find_end(s, &s->phi[k], q);
		linear = linear || s->phi[k].kind == PHI_LINEAR;
	}
	if (linear)
		scev_power(s, q);
}

/* The values that the condition is assumed to have, one stage after the other. */
static uint32_t
plan_stages(const Scev *s, bool plan[3])
{
	bool less = s->split.cc == CC_SLT || s->split.cc == CC_SLE || s->split.cc == CC_ULT ||
		    s->split.cc == CC_ULE;

	if (s->split.cc == CC_EQ || s->split.cc == CC_NE) {
		plan[0] = plan[2] = s->split.cc == CC_NE;
		plan[1] = !plan[0];
		return 3;
	}
	plan[0] = less == (s->split_rate > 0);
	plan[1] = !plan[0];
	return 2;
}

static bool
solve_stages(Scev *s)
{
	bool plan[3] = { true, false, false }, planned = false;
	uint32_t n = 1;

	for (uint32_t k = 0; k < n; k++) {
		s->assume = plan[k];
		if (!solve_stage(s)) {
			if (planned || s->split.cc == CC_COUNT)
				return false;
			n = plan_stages(s, plan); /* the other way round it may be solved */
			planned = true;
			if (plan[0])
				return false;
			k = UINT32_MAX;
			continue;
		}
		if (s->split.cc != CC_COUNT && !planned) {
			n = plan_stages(s, plan);
			planned = true;
			if (plan[0] != s->assume) {
				k = UINT32_MAX;
				continue;
			}
		}
		find_ends(s);
		for (uint32_t j = 0; j < s->nphis; j++)
			s->phi[j].start = s->phi[j].end;
	}
	return true;
}

/* ---- Changing the loop ---------------------------------------------------------------------- */

/* A block before the header that leads nowhere else. */
static void
find_preheader(Scev *s)
{
	IrFunc *f = s->f;
	BlockId from = f->blocks.at[s->header].preds.at[s->entry], mid;
	BlockId *pred;

	s->at = from;
	s->touched = true;
	if (f->blocks.at[from].succ[1] == BLOCK_NONE)
		return;
	mid = ir_block(f);
	pred = vec_push(f->module->arena, &f->blocks.at[mid].preds);
	if (!pred || !ir_append(f, mid, (Ins){ .op = IR_JMP }))
		return;
	*pred = from;
	f->blocks.at[mid].succ[0] = s->header;
	f->blocks.at[from].succ[f->blocks.at[from].succ[1] == s->header] = mid;
	f->blocks.at[s->header].preds.at[s->entry] = mid;
	s->at = mid;
}

static void
remove_pred(IrFunc *f, BlockId b, BlockId from)
{
	Block *block = &f->blocks.at[b];
	uint32_t k = 0;

	while (k < block->preds.n && block->preds.at[k] != from)
		k++;
	if (k == block->preds.n)
		return;
	for (Val v = block->first; v && f->ins.at[v].op == IR_PHI; v = f->ins.at[v].next) {
		Val *args = f->pool.at + f->ins.at[v].arg[0];
		for (uint32_t j = k; j + 1 < f->ins.at[v].arg[1]; j++)
			args[j] = args[j + 1];
		f->ins.at[v].arg[1]--;
	}
	for (uint32_t j = k; j + 1 < block->preds.n; j++)
		block->preds.at[j] = block->preds.at[j + 1];
	block->preds.n--;
}

/* The header goes on to the exit; the rest of the loop is not reached any more. */
static void
delete_loop(Scev *s)
{
	IrFunc *f = s->f;
	Block *h = &f->blocks.at[s->header];
	unsigned stay =
		h->succ[0] < s->first_new_block && s->in_loop[h->succ[0]] == s->header + 1 ? 0 : 1;
	BlockId body = h->succ[stay], exit = h->succ[!stay], entry = h->preds.at[s->entry];
	uint32_t line = f->ins.at[h->last].line;

	for (uint32_t k = 0; k < s->nphis; k++)
		ir_replace(f, s->phi[k].phi, s->phi[k].end);
	h = &f->blocks.at[s->header];
	h->preds.at[0] = entry;
	h->preds.n = 1;
	h->succ[0] = exit;
	h->succ[1] = BLOCK_NONE;
	ir_remove(f, h->last);
	ir_append(f, s->header, (Ins){ .op = IR_JMP, .line = line });
	if (body != s->header)
		remove_pred(f, body, s->header);
}

static void
jump_ahead(Scev *s)
{
	for (uint32_t k = 0; k < s->nphis; k++)
		s->f->pool.at[s->f->ins.at[s->phi[k].phi].arg[0] + s->entry] = s->phi[k].end;
}

static void
begin(Scev *s)
{
	find_preheader(s);
	s->f->line = s->f->ins.at[s->f->blocks.at[s->header].last].line;
	for (uint32_t k = 0; k < s->nphis; k++)
		s->phi[k].start = ir_resolve(
			s->f, s->f->pool.at[s->f->ins.at[s->phi[k].phi].arg[0] + s->entry]);
}

/* ---- Loops that stay for what else they do -------------------------------------------------- */

/* Whether nothing in the body but instruction `only` reads v. */
static bool
is_read_only_by(Scev *s, Val v, Val only)
{
	uint32_t n;

	for (uint32_t b = 0; b < s->nblocks; b++) {
		for (Val i = s->f->blocks.at[s->blocks[b]].first; i; i = s->f->ins.at[i].next) {
			const Val *args = ir_args(s->f, i, &n);
			for (uint32_t k = 0; k < n && i != only; k++)
				if (ir_resolve(s->f, args[k]) == v)
					return false;
		}
	}
	return true;
}

/* Only the next value of the phi is made of it, and only for it: of no use but after the loop. */
static bool
is_for_later(Scev *s, Val phi)
{
	const Ins *i = &s->f->ins.at[phi];
	Val next;

	if (i->arg[1] != 2)
		return false;
	next = ir_resolve(s->f, s->f->pool.at[i->arg[0] + !s->entry]);
	return next < s->local.n && s->local.at[next] && is_read_only_by(s, phi, next) &&
	       is_read_only_by(s, next, phi);
}

/* The number of iterations being known, such phis are computed before it, and dead inside. */
static bool
solve_beside(Scev *s)
{
	bool later[SCEV_PHIS], any = false;

	for (uint32_t k = 0; k < s->nphis; k++)
		any |= later[k] = is_for_later(s, s->phi[k].phi);
	if (!any)
		return refuse(s, s->kept);
	begin(s);
	s->period = s->want = 1;
	scev_solve(s);
	if (!count_exits(s) || !s->exact || s->split.cc != CC_COUNT)
		return refuse(s, s->kept);
	any = false;
	for (uint32_t k = 0; k < s->nphis; k++) {
		Val end = later[k] ? find_end(s, &s->phi[k], s->count) : 0;
		Final *fresh = end ? vec_push(s->arena, &s->finals) : NULL;
		s->phi[k].end = end;
		if (fresh)
			*fresh = (Final){ s->phi[k].phi, end };
		else
			s->phi[k].kind = PHI_OPEN;
		any = any || fresh;
	}
	for (uint32_t b = 0; any && b < s->nblocks; b++)
		s->stays_in[s->blocks[b]] = s->header + 1;
	s->exact = false;
	return any || refuse(s, s->kept);
}

/* After their loops, the phis with finals are these. */
static void
use_finals(Scev *s)
{
	IrFunc *f = s->f;
	Val *final_of = arena_alloc(s->arena, f->ins.n * sizeof *final_of);
	uint32_t n;

	for (uint32_t k = 0; final_of && k < s->finals.n; k++)
		final_of[s->finals.at[k].phi] = s->finals.at[k].end;
	for (Val v = 1; final_of && v < f->ins.n; v++) {
		BlockId b = f->ins.at[v].block;
		Val *args;
		if (f->ins.at[v].op == IR_NOP)
			continue;
		args = ir_args(f, v, &n);
		for (uint32_t k = 0; k < n; k++) {
			Val end = final_of[args[k]];
			if (end && !(b < s->first_new_block &&
				     s->stays_in[b] == f->ins.at[args[k]].block + 1))
				args[k] = end;
		}
	}
}

static bool
solve_loop(Scev *s)
{
	int64_t n;
	bool split;

	if (!collect_blocks(s) || !collect_values(s))
		return false;
	s->split.cc = CC_COUNT;
	if (s->kept) {
		if (!solve_beside(s))
			return false;
		tell_solved(s, false);
		return true;
	}
	begin(s);
	if (!solve_stages(s) || s->arena->mem->failed)
		return false;
	split = s->split.cc != CC_COUNT;
	if (scev_constant(s, s->count, &n) && !n && !s->exact && !split)
		return refuse(s, "that it makes an iteration is not known");
	tell_solved(s, split);
	if (s->exact && !split)
		delete_loop(s);
	else
		jump_ahead(s);
	return true;
}

static bool
try(Scev *s, BlockId header)
{
	bool solved;

	s->header = header;
	s->nphis = s->nbody = s->nexits = s->ntraps = s->work = 0;
	s->ins_before = s->f->ins.n;
	s->exact = false;
	s->nlimits = 0;
	s->count = 0;
	s->why = "memory is out";
	s->kept = NULL;
	solved = solve_loop(s);
	for (uint32_t k = 0; k < s->nbody; k++)
		s->local.at[s->body[k]] = 0;
	return solved;
}

static void
look_at(Scev *s, BlockId header)
{
	uint32_t have = s->local.cap;
	bool solved;

	if (have < s->f->ins.n && !vec_reserve(s->arena, (void **)&s->local.at, &s->local.cap,
					       sizeof *s->local.at, s->f->ins.n))
		return;
	s->local.n = s->f->ins.n;
	s->traps_stay = false;
	solved = try(s, header);
	if (!solved && s->ntraps && !s->kept) {
		for (uint32_t k = 0; k < s->nblocks; k++)
			s->in_loop[s->blocks[k]] = 0;
		s->traps_stay = true;
		solved = try(s, header);
	}
	if (!solved)
		tell_left(s);
	s->is_header[header] = !(solved && s->exact && s->split.cc == CC_COUNT);
}

bool
scev_run(IrFunc *f, OptContext *o)
{
	uint32_t nblocks = f->blocks.n, norder = f->order.n;
	Scev *s = NULL;

	for (uint32_t k = norder; k-- > 0;) {
		BlockId b = f->order.at[k];
		bool loop = false;
		for (uint32_t p = 0; p < f->blocks.at[b].preds.n; p++) {
			BlockId from = f->blocks.at[b].preds.at[p];
			loop = loop || (from < nblocks && f->blocks.at[from].order != BLOCK_NONE &&
					f->blocks.at[from].order >= k);
		}
		if (!loop)
			continue;
		if (!s) {
			s = arena_alloc(o->arena, sizeof *s);
			if (!s)
				return false;
			*s = (Scev){
				.f = f, .o = o, .arena = o->arena, .first_new_block = nblocks
			};
			s->in_loop = arena_alloc(o->arena, nblocks * sizeof *s->in_loop);
			s->is_header = arena_alloc(o->arena, nblocks * sizeof *s->is_header);
			s->stays_in = arena_alloc(o->arena, nblocks * sizeof *s->stays_in);
		}
		if (!s->in_loop || !s->is_header || !s->stays_in || o->arena->mem->failed)
			return s->touched;
		look_at(s, b);
	}
	for (uint32_t k = 0; s && k < s->finals.n; k++) /* perhaps of a loop that is gone since */
		s->finals.at[k].end = ir_resolve(f, s->finals.at[k].end);
	if (s)
		ir_apply_replacements(f);
	if (s && s->finals.n && !o->arena->mem->failed)
		use_finals(s);
	return s && s->touched;
}
