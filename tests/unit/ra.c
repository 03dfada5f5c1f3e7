/* ra.c - register allocation: random functions against awkward targets, and sizes.
 *
 * If this fails, generated code reads a register that holds something else.  Every allocation is
 * held against ra_check(), which knows nothing of how it was made; ra_check() itself is held
 * against allocations broken on purpose. */
#include "gen/gen.h"
#include "check.h"

#include <stdlib.h>
#include <time.h>

/* ./ra [SEEDS]; RA_SEED=n runs from seed n and prints functions and allocations that fail. */

/* ---- A target with few registers and hard wishes ----------------------------------------------
 */

enum { NINT = 6, NFP = 5, SCRATCH = 30, CTX = 5 };
enum { WISH_TWO_ADDRESS = 1, WISH_IN_REG = 2, WISH_LATE = 4, WISH_FOLD = 8, WISH_OUT = 16 };

static const Convention tiny = {
	.name = "tiny",
	.allocatable = 0x3f | UINT64_C(0x1f) << REG_FP,
	.callee_saved = REG_BIT(3) | REG_BIT(CTX) | REG_BIT(REG_FP + 3),
	.ctx = CTX,
	.int_scratch = SCRATCH,
	.fp_scratch = REG_FP + SCRATCH,
	.int_scratch2 = REG_NONE,
	.fp_scratch2 = REG_NONE,
	.int_args = { 1, 2 },
	.nint = 2,
	.fp_args = { REG_FP, REG_FP + 1 },
	.nfp = 2,
	.int_result = 0,
	.fp_result = REG_FP,
};

static uint32_t
mix(uint32_t a, uint32_t b)
{
	uint64_t h = (a * UINT64_C(0x9e3779b97f4a7c15)) ^ (b * UINT64_C(0xd6e8feb86659fd93));
	h ^= h >> 29;
	h *= UINT64_C(0xa0761d6478bd642f);
	return (uint32_t)(h >> 32);
}

static bool
is_float(uint8_t type)
{
	return type == IR_F32 || type == IR_F64;
}

/* At most two operands in registers, of which at most one late, and few clobbers: three registers
 * of a class always do. */
static void
tiny_constrain(const IrFunc *f, uint32_t wishes, Val v, Constraint *c)
{
	const Ins *i = &f->ins.at[v];
	uint32_t r = mix(v, wishes), n;
	ir_args((IrFunc *)(uintptr_t)f, v, &n);
	c->prefer_out = REG_NONE;
	for (unsigned k = 0; k < 4; k++)
		c->prefer[k] = REG_NONE;
	if (i->op == IR_CALLX) {
		c->clobber = tiny.allocatable & ~tiny.callee_saved;
		c->folded = r & 0xff;
		c->prefer_out = is_float(i->type) ? REG_FP : 0;
		return;
	}
	if (n > 2) /* a few unfolded constants would need more registers than there are */
		c->folded = ~0u;
	if (i->op == IR_SDIV) {
		c->clobber = REG_BIT(0) | REG_BIT(2);
		c->prefer[0] = 0;
		c->prefer_out = r & 1 ? 0 : 2;
		c->late = 2;
		c->in_reg = r & 2 ? 2 : 0;
		c->out_in_reg = true;
		return;
	}
	if (i->op == IR_SHL) {
		c->clobber = REG_BIT(1);
		c->prefer[1] = 1;
		c->folded |= 2;
		c->same = 1;
		return;
	}
	if (wishes & WISH_TWO_ADDRESS && n == 2 && i->type) {
		c->same = 1;
		c->late = 2;
	}
	if (wishes & WISH_FOLD)
		c->folded |= r >> 4 & 3;
	if (wishes & WISH_IN_REG)
		c->in_reg = r >> 6 & 3;
	if (wishes & WISH_LATE)
		c->late |= i->type ? 1u << (r >> 8 & 1) : 0;
	if (wishes & WISH_OUT)
		c->out_in_reg = i->type && (r >> 10 & 1);
	if (n > 2 && wishes & WISH_LATE && (r >> 11 & 1))
		c->late = 0xf & ~c->in_reg;
}

static const Target tiny_target = { .name = "tiny", .conv = &tiny, .constrain = tiny_constrain };

/* ---- Random functions -------------------------------------------------------------------------
 */

static uint64_t random_state;

static uint32_t
rnd(uint32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return n ? (uint32_t)((random_state >> 33) % n) : 0;
}

typedef struct Shape {
	uint32_t blocks, ins, params, pressure;
	bool ctx;
} Shape;

static const uint8_t value_types[] = { IR_I64, IR_I64, IR_I32, IR_F64, IR_F32 };

/* A value of the type that is defined where block b ends (or earlier in b), walking up the
 * dominators; a constant when there is none. */
static Val
any_value(IrFunc *f, BlockId b, uint8_t type, const Shape *s)
{
	Val best = 0;
	uint32_t tries = 3 + rnd(s->pressure);

	for (BlockId at = b; at != BLOCK_NONE && tries;
	     at = at == 0 ? BLOCK_NONE : f->blocks.at[at].idom)
		for (Val v = f->blocks.at[at].last; v && tries; v = f->ins.at[v].prev)
			if (f->ins.at[v].type == type && f->ins.at[v].op != IR_CONST && v != best) {
				best = v;
				tries--;
			}
	return best && rnd(8) ? best
			      : ir_const(f, (IrType)type, type >= IR_F32 ? rnd(3) << 20 : rnd(100));
}

static void
add_random(IrFunc *f, BlockId b, const Shape *s)
{
	static const uint8_t int_ops[] = { IR_ADD, IR_SUB, IR_MUL, IR_XOR, IR_SHL, IR_SDIV };
	static const uint8_t fp_ops[] = { IR_FADD, IR_FSUB, IR_FMUL, IR_FDIV };
	uint8_t type = value_types[rnd(sizeof value_types)];
	Ins i = { .type = type };
	Val args[40];

	switch (rnd(14)) {
	case 0: {
		uint32_t n = rnd(4) ? rnd(5) : rnd(40);
		uint8_t *types = arena_alloc(f->module->arena, n);
		Import import = { IMPORT_EXTERN, rnd(4) ? type : IR_VOID, 0, types, n, false };
		for (uint32_t k = 0; k < n; k++) {
			args[k] = any_value(f, b, value_types[rnd(sizeof value_types)], s);
			types[k] = f->ins.at[args[k]].type;
		}
		ir_pooled(f, b, IR_CALLX, (IrType)import.result,
			  (int32_t)ir_import(f->module, import), args, n);
		return;
	}
	case 1:
		i.op = IR_SELECT;
		i.cc = CC_SLT;
		i.arg[0] = any_value(f, b, IR_I64, s);
		i.arg[1] = any_value(f, b, IR_I64, s);
		i.arg[2] = any_value(f, b, type, s);
		i.arg[3] = any_value(f, b, type, s);
		break;
	case 2:
		i = (Ins){ .op = IR_STORE, .cc = MEM_W64, .arg = { any_value(f, b, IR_I64, s) } };
		i.arg[1] = rnd(2) ? any_value(f, b, IR_I64, s) : 0;
		i.arg[2] = any_value(f, b, IR_I64, s);
		break;
	case 3:
		i = (Ins){ .op = IR_LOAD, .type = IR_F64, .cc = MEM_F64 };
		i.arg[0] = any_value(f, b, IR_I64, s);
		i.arg[1] = rnd(2) ? any_value(f, b, IR_I64, s) : 0;
		break;
	case 4:
		if (!s->ctx)
			return;
		i = (Ins){ .op = IR_TRAPIF, .cc = CC_EQ };
		i.arg[0] = any_value(f, b, IR_I32, s);
		i.arg[1] = any_value(f, b, IR_I32, s);
		break;
	case 5:
		i = (Ins){ .op = IR_STOF, .type = IR_F64, .arg = { any_value(f, b, IR_I64, s) } };
		break;
	case 6: i = (Ins){ .op = s->ctx ? IR_CTX : IR_IMPORT, .type = IR_I64 }; break;
	default:
		i.op = is_float(type) ? fp_ops[rnd(4)] : int_ops[rnd(6)];
		i.arg[0] = any_value(f, b, type, s);
		i.arg[1] = rnd(10) ? any_value(f, b, type, s) : i.arg[0];
		break;
	}
	ir_append(f, b, i);
}

static Val
terminator(IrFunc *f, BlockId b, IrOp op)
{
	return ir_append(f, b, (Ins){ .op = (uint8_t)op, .cc = CC_NE });
}

/* Any graph in which everything can be reached, loops entered from several sides included. */
static void
random_graph(IrFunc *f, uint32_t n, bool traps)
{
	for (uint32_t b = 1; b < n; b++)
		ir_block(f);
	for (uint32_t b = 1; b < n; b++) {
		BlockId p = b - 1 - rnd(b < 4 ? b : 4);
		while (f->blocks.at[p].succ[1] != BLOCK_NONE)
			p = (p + 1) % b;
		ir_edge(f, p, f->blocks.at[p].succ[0] != BLOCK_NONE, b);
	}
	for (uint32_t b = 0; b < n; b++) {
		Block *block = &f->blocks.at[b];
		unsigned k =
			(block->succ[0] != BLOCK_NONE) + (unsigned)(block->succ[1] != BLOCK_NONE);
		block->cold = b && !rnd(10);
		if (k < 2 && n > 1 && rnd(3)) {
			BlockId to = 1 + rnd(n - 1);
			if (to != block->succ[0])
				ir_edge(f, b, k++, to);
		}
		terminator(f, b,
			   k == 0   ? rnd(5) || !traps ? IR_RET : IR_TRAP
			   : k == 1 ? IR_JMP
				    : IR_BR);
	}
}

static void
fill_block(IrFunc *f, BlockId b, const Shape *s)
{
	Val last = f->blocks.at[b].last;

	for (uint32_t n = rnd(s->ins + 1); n > 0; n--)
		add_random(f, b, s);
	Val x = any_value(f, b, IR_I64, s), y = any_value(f, b, IR_I64, s);
	Ins *end = &f->ins.at[last];
	if (end->op == IR_BR || end->op == IR_RET)
		end->arg[0] = x;
	if (end->op == IR_BR)
		end->arg[1] = y;
}

static IrFunc *
random_function(IrModule *m, const Shape *s)
{
	IrFunc *f = ir_func(m);
	uint8_t *params = arena_alloc(m->arena, s->params + 1);

	ir_site(m, (Site){ TRIVET_TRAP_UNREACHABLE, 0, 1 });
	ir_import(m, (Import){ .kind = IMPORT_INTERRUPT });
	f->name = STR("f");
	f->result = IR_I64;
	f->params = params;
	f->nparams = s->params;
	f->needs_ctx = s->ctx;
	random_graph(f, 1 + rnd(s->blocks), s->ctx);
	ir_split_critical_edges(f);
	ir_order(f);
	for (uint32_t k = 0; k < s->params; k++) {
		params[k] = value_types[rnd(sizeof value_types)];
		ir_append(f, 0, (Ins){ .op = IR_PARAM, .type = params[k], .aux = (int32_t)k });
	}
	for (uint32_t o = 1; o < f->order.n; o++) {
		BlockId b = f->order.at[o];
		uint32_t npreds = f->blocks.at[b].preds.n;
		for (uint32_t n = rnd(4); n > 0; n--) {
			Val *args = arena_alloc(m->arena, npreds * sizeof *args);
			ir_pooled(f, b, IR_PHI, (IrType)value_types[rnd(sizeof value_types)], 0,
				  args, npreds);
		}
	}
	/* Dominators first: cold blocks may be laid out behind what they dominate. */
	for (uint32_t pass = 0, done = 0; done < f->order.n && pass <= f->order.n; pass++)
		for (uint32_t o = 0; o < f->order.n; o++) {
			BlockId b = f->order.at[o];
			uint32_t depth = 0;
			for (BlockId d = b; d != 0; d = f->blocks.at[d].idom)
				depth++;
			if (depth == pass) {
				fill_block(f, b, s);
				done++;
			}
		}
	for (uint32_t o = 1; o < f->order.n; o++) {
		const Block *block = &f->blocks.at[f->order.at[o]];
		for (Val v = block->first; f->ins.at[v].op == IR_PHI; v = f->ins.at[v].next)
			for (uint32_t k = 0; k < block->preds.n; k++) {
				Val arg = any_value(f, block->preds.at[k], f->ins.at[v].type, s);
				f->pool.at[f->ins.at[v].arg[0] + k] = arg;
			}
	}
	return f;
}

/* ---- Allocate and check -----------------------------------------------------------------------
 */

static void
print_loc(Loc l)
{
	static const char *const kinds[] = { "-", "r", "slot", "const", "in", "out" };
	printf(" %s%u", kinds[loc_kind(l)], (unsigned)loc_n(l));
}

static void
print_alloc(IrFunc *f, const Alloc *r)
{
	for (uint32_t o = 0; o < f->order.n; o++) {
		printf("block %u depth %u:\n", (unsigned)f->order.at[o],
		       (unsigned)f->blocks.at[f->order.at[o]].loop_depth);
		for (Val v = f->blocks.at[f->order.at[o]].first; v; v = f->ins.at[v].next) {
			uint32_t n;
			ir_args(f, v, &n);
			for (uint32_t k = 0; k < r->nmoves; k++) {
				const Move *m = &r->moves[k];
				if (m->before != v)
					continue;
				printf("      %u: ", (unsigned)m->phase);
				print_loc(m->to);
				printf(" <-");
				print_loc(m->from);
				printf("\n");
			}
			printf("  v%u %s", (unsigned)v, ir_op_info[f->ins.at[v].op].name);
			print_loc(r->out[v]);
			printf(" <=");
			for (uint32_t k = 0; k < n && f->ins.at[v].op != IR_PHI; k++)
				print_loc(r->use_loc[r->use[v] + k]);
			printf("\n");
		}
	}
}

static unsigned long moves_made, slots_made, instructions_seen;

static unsigned long broken, noticed;

/* Changes one thing about a good allocation.  Most such changes matter; some moves serve no path.
 */
static void
break_and_check(IrFunc *f, const Target *t, uint32_t features, Alloc *r, Arena *a)
{
	Text why;
	Alloc bad = *r;

	if (r->nmoves && rnd(2)) {
		bad.moves = arena_alloc(a, r->nmoves * sizeof *r->moves);
		memcpy(bad.moves, r->moves, r->nmoves * sizeof *r->moves);
		Move *m = &bad.moves[rnd(r->nmoves)];
		if (rnd(2))
			m->from = m->to;
		else if (loc_kind(m->from) == LOC_REG)
			m->from ^= 1;
		else
			return;
	} else {
		Val v = 1 + rnd(f->ins.n - 1);
		if (loc_kind(r->out[v]) != LOC_REG || f->ins.at[v].op == IR_CTX)
			return;
		bad.out = arena_alloc(a, f->ins.n * sizeof *r->out);
		memcpy(bad.out, r->out, f->ins.n * sizeof *r->out);
		bad.out[v] ^= 1;
	}
	text_init(&why, a);
	broken++;
	noticed += !ra_check(f, t, features, &bad, a, &why);
}

#define ORDERS UINT64_C(0x9e3779b97f4a7c15) /* times a seed: which registers are taken first */

static bool
allocate_and_check(IrFunc *f, const Target *t, uint32_t features, RegSet available, Arena *a,
		   const char *what, uint32_t seed)
{
	Text why;
	Alloc r;
	bool ok;

	text_init(&why, a);
	ok = ir_verify(f, &why);
	if (!ok)
		text_addf(&why, " (the test's function is wrong)");
	if (ok && !(ok = ra_run(f, t, features, available, seed % 2 ? seed * ORDERS : 0, a, &r)))
		text_addf(&why, "ra_run: %s", a->mem->failed ? "no memory" : "too few registers");
	if (ok) {
		ok = ra_check(f, t, features, &r, a, &why);
		moves_made += r.nmoves;
		slots_made += r.nslots;
		instructions_seen += f->ins.n;
		if (ok)
			break_and_check(f, t, features, &r, a);
		if ((r.used & ~(available & t->conv->allocatable)) != 0) {
			ok = false;
			text_addf(&why, "used a register that was not available");
		}
	}
	check_true(ok, what, __FILE__, __LINE__);
	if (!ok && check_failures < 5) {
		Text ir;
		text_init(&ir, a);
		ir_print_func(f, &ir);
		printf("    seed %u features %u available %llx: %s\n", (unsigned)seed,
		       (unsigned)features, (unsigned long long)available, why.at ? why.at : "");
		if (getenv("RA_SEED")) {
			printf("%s\n", ir.at ? ir.at : "");
			print_alloc(f, &r);
		}
	}
	return ok;
}

static void
test_random(uint32_t seeds)
{
	static const RegSet sets[] = {
		~UINT64_C(0),
		0xf | UINT64_C(0xf) << REG_FP,
		7 | UINT64_C(7) << REG_FP,
		REG_BIT(1) | REG_BIT(3) | REG_BIT(4) | UINT64_C(0x1c) << REG_FP,
	};
	Mem mem;
	Arena a;

	mem_init(&mem, NULL);
	const char *only = getenv("RA_SEED");
	for (uint32_t seed = only ? (uint32_t)atoi(only) : 1; seed <= seeds; seed++) {
		random_state = seed * UINT64_C(0x9e3779b97f4a7c15);
		Shape s = { .blocks = 1 + rnd(seed % 7 ? 12 : 60),
			    .ins = 1 + rnd(seed % 5 ? 8 : 40),
			    .params = rnd(8),
			    .pressure = 1 + rnd(rnd(2) ? 4 : 60),
			    .ctx = !rnd(3) };
		arena_init(&a, &mem);
		IrModule *m = ir_module(&a);
		IrFunc *f = random_function(m, &s);
		uint32_t features = rnd(32);
		RegSet available = sets[rnd(4)];
		if (s.ctx && available == sets[3])
			available |= REG_BIT(0);
		allocate_and_check(f, &tiny_target, features, available, &a, "random function",
				   seed);
		arena_free(&a);
	}
	printf("random: %lu instructions, %lu moves, %lu slots\n", instructions_seen, moves_made,
	       slots_made);
	CHECK(moves_made > 0 && slots_made > 0);
}

/* Random functions on the real targets, with few of their registers.  What a target replaces by
 * calls is replaced first. */
static void
test_real_targets(uint32_t seeds)
{
	Mem mem;
	Arena a;

	mem_init(&mem, NULL);
	for (uint32_t seed = 1; seed <= seeds; seed++) {
		const Target *t = target_at(seed % 3);
		RegSet available = ~UINT64_C(0), set = t->conv->allocatable;
		random_state = seed * UINT64_C(0xd6e8feb86659fd93);
		Shape s = { .blocks = 1 + rnd(12),
			    .ins = 1 + rnd(20),
			    .params = rnd(20),
			    .pressure = 1 + rnd(60),
			    .ctx = !rnd(3) };
		arena_init(&a, &mem);
		IrFunc *f = random_function(ir_module(&a), &s);
		uint32_t features = rnd(2) ? t->features : 0;
		CHECK(!t->legalize ||
		      t->legalize(f, features, QUALITY_OPTIMIZED, f->module->arena));
		ir_split_critical_edges(f);
		ir_order(f);
		if (rnd(2)) { /* those that instructions ask for by name, and two others of each
				 class */
			available = t->conv->allocatable & 7;
			available |= UINT64_C(0x1f) << REG_FP & t->conv->allocatable;
			for (uint32_t k = rnd(3) + 3; k > 0; k--) {
				RegSet m = set & ~available & ~REG_BIT(t->conv->ctx) & UINT32_MAX;
				available |= REG_BIT(rnd(2) ? 63 - __builtin_clzll(m)
							    : __builtin_ctzll(m));
			}
		}
		allocate_and_check(f, t, features, available, &a, t->name, seed);
		arena_free(&a);
	}
}

/* ---- Sizes ------------------------------------------------------------------------------------
 */

static double
seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC; /* of this process: the machine may be busy */
}

static IrFunc *
empty_function(IrModule *m, uint32_t nparams)
{
	IrFunc *f = ir_func(m);
	uint8_t *params = arena_alloc(m->arena, nparams);

	f->name = STR("large");
	f->result = IR_I64;
	f->params = params;
	f->nparams = nparams;
	for (uint32_t k = 0; k < nparams; k++) {
		params[k] = k % 3 ? IR_I64 : IR_F64;
		ir_append(f, 0, (Ins){ .op = IR_PARAM, .type = params[k], .aux = (int32_t)k });
	}
	return f;
}

static Val
binary(IrFunc *f, BlockId b, IrOp op, Val x, Val y)
{
	return ir_append(f, b, (Ins){ .op = (uint8_t)op, .type = IR_I64, .arg = { x, y } });
}

/* n instructions in one block, each reading two of the last 12 values. */
static void
long_block(IrFunc *f, uint32_t n)
{
	Val last[12];

	for (uint32_t k = 0; k < 12; k++)
		last[k] = binary(f, 0, IR_MUL, 2, 3);
	for (uint32_t k = 0; k < n; k++)
		last[k % 12] = binary(f, 0, k % 2 ? IR_ADD : IR_MUL, last[rnd(12)], last[rnd(12)]);
	for (uint32_t k = 1; k < 12; k++)
		last[0] = binary(f, 0, IR_XOR, last[0], last[k]);
	ir_ret(f, 0, last[0]);
}

/* n values, all alive from the first half of the function to the second. */
static void
wide_block(IrFunc *f, uint32_t n)
{
	Val *v = arena_alloc(f->module->arena, n * sizeof *v), sum = 2;

	for (uint32_t k = 0; k < n; k++)
		v[k] = binary(f, 0, IR_ADD, k ? v[k - 1] : 2, 3);
	for (uint32_t k = 0; k < n; k++)
		sum = binary(f, 0, IR_XOR, sum, v[k]);
	ir_ret(f, 0, sum);
}

/* n diamonds after one another, with a phi each and `across` values alive through all of them. */
static void
many_blocks(IrFunc *f, uint32_t n, uint32_t across)
{
	Val *v = arena_alloc(f->module->arena, (across + 1) * sizeof *v), x = 2;
	BlockId b = 0;

	for (uint32_t k = 0; k < across; k++)
		v[k] = binary(f, 0, IR_ADD, k ? v[k - 1] : 2, 3);
	for (uint32_t k = 0; k < n; k++) {
		BlockId left = ir_block(f), right = ir_block(f), join = ir_block(f);
		ir_br(f, b, CC_SLT, x, 3, left, right);
		Val args[2] = { binary(f, left, IR_ADD, x, 3), binary(f, right, IR_SUB, x, 3) };
		ir_jmp(f, left, join);
		ir_jmp(f, right, join);
		x = ir_pooled(f, join, IR_PHI, IR_I64, 0, args, 2);
		b = join;
	}
	for (uint32_t k = 0; k < across; k++)
		x = binary(f, b, IR_XOR, x, v[k]);
	ir_ret(f, b, x);
}

/* n values, each followed by a way out that does without them, all alive to the end: with a hole
 * for each. */
static void
many_exits(IrFunc *f, uint32_t n)
{
	Val *v = arena_alloc(f->module->arena, n * sizeof *v), sum = 2;
	BlockId b = 0;

	for (uint32_t k = 0; k < n; k++) {
		BlockId out = ir_block(f), on = ir_block(f);
		v[k] = binary(f, b, IR_MUL, k ? v[k - 1] : 2, 3);
		ir_br(f, b, CC_SLT, v[k], 3, out, on);
		ir_ret(f, out, 3);
		b = on;
	}
	for (uint32_t k = 0; k < n; k++)
		sum = binary(f, b, IR_XOR, sum, v[k]);
	ir_ret(f, b, sum);
}

/* A loop with n breaks, behind each of which one value is used that nothing else uses: all of these
 * rest until there. */
static void
many_breaks(IrFunc *f, uint32_t n)
{
	Val *v = arena_alloc(f->module->arena, n * sizeof *v), enter[2] = { 2, 2 }, x;
	BlockId head = ir_block(f), b = head, end;
	Val phi;

	ir_jmp(f, 0, head);
	x = phi = ir_pooled(f, head, IR_PHI, IR_I64, 0, enter, 2);
	BlockId *out = arena_alloc(f->module->arena, n * sizeof *out);
	for (uint32_t k = 0; k < n; k++) {
		BlockId on = ir_block(f);
		out[k] = ir_block(f);
		x = binary(f, b, IR_MUL, x, 3);
		v[k] = binary(f, b, IR_ADD, x, phi);
		ir_br(f, b, CC_SLT, x, 3, out[k], on);
		b = on;
	}
	ir_jmp(f, b, head);
	f->pool.at[f->ins.at[phi].arg[0] + 1] = x;
	end = ir_block(f);
	for (uint32_t k = 0; k < n; k++) {
		v[k] = binary(f, out[k], IR_XOR, v[k], 3);
		ir_jmp(f, out[k], end);
	}
	ir_ret(f, end, ir_pooled(f, end, IR_PHI, IR_I64, 0, v, n));
}

/* Loops in loops, each adding up what is outside. */
static void
deep_loops(IrFunc *f, uint32_t n)
{
	BlockId *heads = arena_alloc(f->module->arena, n * sizeof *heads), b = 0;
	Val *phis = arena_alloc(f->module->arena, n * sizeof *phis), x = 2;

	for (uint32_t k = 0; k < n; k++) {
		Val args[2] = { x, 0 };
		heads[k] = ir_block(f);
		ir_jmp(f, b, heads[k]);
		b = heads[k];
		x = phis[k] = ir_pooled(f, b, IR_PHI, IR_I64, 0, args, 2);
	}
	for (uint32_t k = n; k-- > 0;) {
		BlockId out = ir_block(f), again = ir_block(f);
		x = binary(f, b, IR_ADD, x, phis[k]);
		ir_br(f, b, CC_SLT, x, 3, again, out);
		ir_jmp(f, again, heads[k]);
		f->pool.at[f->ins.at[phis[k]].arg[0] + 1] = x;
		b = out;
	}
	ir_ret(f, b, x);
}

static void
many_arguments(IrFunc *f, uint32_t n)
{
	uint8_t *types = arena_alloc(f->module->arena, n);
	Val *args = arena_alloc(f->module->arena, n * sizeof *args), x = 2;

	for (uint32_t k = 0; k < n; k++) {
		args[k] = k % 4 ? f->nparams > k ? k + 1 : 2 : ir_const(f, IR_I64, k);
		types[k] = f->ins.at[args[k]].type;
	}
	uint32_t slot = ir_import(f->module, (Import){ IMPORT_EXTERN, IR_I64, 0, types, n, false });
	for (uint32_t k = 0; k < 20; k++) {
		Val r = ir_pooled(f, 0, IR_CALLX, IR_I64, (int32_t)slot, args, n);
		x = binary(f, 0, IR_ADD, x, r);
	}
	ir_ret(f, 0, x);
}

/* Whatever register is to be taken first is. */
static void
test_order(const Target *t)
{
	RegSet set = t->conv->allocatable & UINT32_MAX & ~REG_BIT(t->conv->ctx);

	for (; set; set &= set - 1) {
		RegSet early = set & -set;
		Mem mem;
		Arena a;
		Alloc r;

		mem_init(&mem, NULL);
		arena_init(&a, &mem);
		IrFunc *f = empty_function(ir_module(&a), 4);
		wide_block(f, 5);
		ir_order(f);
		CHECK(ra_run(f, t, 0, ~UINT64_C(0), early, &a, &r) && r.used & early);
		arena_free(&a);
	}
}

static void
test_size(const char *what, unsigned shape, uint32_t n, uint32_t more)
{
	Mem mem;
	Arena a;
	Alloc r;

	mem_init(&mem, NULL);
	arena_init(&a, &mem);
	IrModule *m = ir_module(&a);
	IrFunc *f = empty_function(m, shape == 4 ? n : 4);
	random_state = 1;
	switch (shape) {
	case 0: long_block(f, n); break;
	case 1: wide_block(f, n); break;
	case 2: many_blocks(f, n, more); break;
	case 3: deep_loops(f, n); break;
	case 5: many_exits(f, n); break;
	case 6: many_breaks(f, n); break;
	default: many_arguments(f, n); break;
	}
	ir_split_critical_edges(f);
	ir_order(f);
	uint32_t times = f->ins.n < 200 ? 5000 : 1;
	Arena scratch;
	arena_init(&scratch, &mem);
	arena_alloc(&scratch, times > 1 ? 100000 : 1);
	Arena rewound = scratch;
	size_t before = mem.live;
	double start = seconds();
	bool ok = true;
	for (uint32_t k = 0; k < times; k++) {
		if (k) /* nothing but the first chunk is in use */
			scratch = rewound;
		scratch.at = rewound.at - (times > 1 ? 90000 / 16 * 16 : 0);
		ok = ok && ra_run(f, &tiny_target, 0, ~UINT64_C(0), 0, &scratch, &r);
	}
	double spent = (seconds() - start) / times;
	CHECK(ok);
	if (ok)
		printf("%-22s %6u instructions %5u blocks: %9.1f us, %5u slots, %6u moves, %zu "
		       "KB\n",
		       what, (unsigned)f->ins.n, (unsigned)f->order.n, spent * 1e6,
		       (unsigned)r.nslots, (unsigned)r.nmoves, (mem.live - before) / 1024);
	CHECK(spent < 20);		     /* what is quadratic would take far longer, … */
	CHECK(mem.live - before < 16 << 20); /* … or far more */
	if (ok)
		allocate_and_check(f, &tiny_target, 0, ~UINT64_C(0), &a, what, 0);
	CHECK(!mem.failed);
	arena_free(&scratch);
	arena_free(&a);
}

static void
test_sizes(void)
{
	test_size("small", 0, 50, 0);
	test_size("small blocks", 2, 10, 4);
	test_size("long block", 0, 45000, 0);
	test_size("5000 values alive", 1, 5000, 0);
	test_size("10000 blocks", 2, 3333, 4);
	test_size("many blocks, values", 2, 1000, 1000);
	test_size("200 loops deep", 3, 200, 0);
	test_size("1000 parameters", 4, 1000, 0);
	test_size("3000 exits", 5, 3000, 0);
	test_size("6000 breaks", 6, 6000, 0);
}

int
main(int argc, char **argv)
{
	uint32_t seeds = argc > 1 ? (uint32_t)atoi(argv[1]) : 3000;

	test_random(seeds);
	test_real_targets(seeds / 2);
	test_order(&target_x86_64_windows);
	test_order(&target_aarch64_linux);
	test_sizes();
	printf("ra_check noticed %lu of %lu broken allocations\n", noticed, broken);
	CHECK(noticed > broken / 10 * 9);
	return check_done();
}
