/* compile.c - functions and statements as bytecode.
 *
 * One walk of the checked tree, function by function.  A loop's condition is compiled twice, before
 * the loop and at its bottom, so that going round costs one jump. */
#include "interp/compile.h"

/* ---- Emitting ------------------------------------------------------------------------------- */

Insn *
gen_emit(Gen *g, uint32_t op, uint32_t line, uint32_t a, uint32_t b, uint32_t c)
{
	Insn *in = vec_push(g->arena, &g->b->code);
	uint32_t *l = in ? vec_push(g->arena, &g->b->lines) : NULL;

	if (!l)
		return &g->scratch;
	*l = line;
	*in = (Insn){ .op = (uint16_t)op, .a = a, .b = b, .c = c };
	return in;
}

Label
gen_label(Gen *g)
{
	uint32_t *l = vec_push(g->arena, &g->labels);

	if (l)
		*l = NO_REG;
	return g->labels.n - 1;
}

void
gen_bind(Gen *g, Label l)
{
	if (l < g->labels.n)
		g->labels.at[l] = g->b->code.n;
	g->bound = g->b->code.n;
}

Reg
gen_temps(Gen *g, uint32_t n)
{
	Reg r = g->slots + g->temps;

	g->temps += n;
	if (g->temps > g->most_temps)
		g->most_temps = g->temps;
	return r;
}

/* Does control go on after the last instruction? */
static bool
falls_through(const Gen *g)
{
	uint32_t n = g->b->code.n, op;

	if (g->bound == n)
		return true;
	op = g->b->code.at[n - 1].op;
	return op != INSN_RETURN && op != INSN_RETURN_VOID && op != INSN_JUMP && op != INSN_LOOP &&
	       op != INSN_TRAP;
}

/* ---- Statements ----------------------------------------------------------------------------- */

static void block(Gen *g, NodeId id);

static void
store(Gen *g, const Node *n)
{
	trivet_type span_type = gen_node(g, n->a)->type;
	trivet_type index_type = gen_node(g, n->b)->type;
	Reg span = gen_value(g, n->a, NO_REG);
	Reg index = gen_value(g, n->b, NO_REG);
	Reg value;

	if (n->op == OP_NONE) {
		value = gen_value(g, n->c, NO_REG);
	} else {
		value = gen_temps(g, 1);
		gen_emit(g, gen_load_insn(span_type, index_type), n->line, value, span, index);
		value = gen_binary(g, n->op, type_element(span_type), n->line, value, n->c, NO_REG);
	}
	gen_emit(g, gen_store_insn(span_type, index_type), n->line, span, index, value);
}

/* An if with all its `else if`s. */
static void
if_chain(Gen *g, NodeId id)
{
	const Node *n = gen_node(g, id);
	Label end = gen_label(g);

	for (;;) {
		Label otherwise = n->c ? gen_label(g) : end;

		gen_branch(g, n->a, false, otherwise, NULL);
		block(g, n->b);
		if (!n->c)
			break;
		if (falls_through(g))
			gen_emit(g, INSN_JUMP, n->line, end, 0, 0);
		gen_bind(g, otherwise);
		id = n->c;
		n = gen_node(g, id);
		if (n->kind != NODE_IF) {
			block(g, id);
			break;
		}
	}
	gen_bind(g, end);
}

/* ---- Loops ---------------------------------------------------------------------------------- */

static void
loop_body(Gen *g, NodeId node, NodeId body, Label out)
{
	Label again = gen_label(g);
	Loop *l = vec_push(g->arena, &g->loops);

	if (!l)
		return;
	*l = (Loop){ .node = node, .out = out, .again = again };
	block(g, body);
	if (g->loops.at[--g->loops.n].continued)
		gen_bind(g, again);
}

/* Order of comparisons in INSN_STEP_LIST, as (x op y) and as (y op x). */
static bool
step_row(Op op, bool swapped, uint32_t *row)
{
	switch (op) {
	case OP_LT: *row = swapped ? INSN_STEP_GT_I32 : INSN_STEP_LT_I32; return true;
	case OP_LE: *row = swapped ? INSN_STEP_GE_I32 : INSN_STEP_LE_I32; return true;
	case OP_GT: *row = swapped ? INSN_STEP_LT_I32 : INSN_STEP_GT_I32; return true;
	case OP_GE: *row = swapped ? INSN_STEP_LE_I32 : INSN_STEP_GE_I32; return true;
	case OP_NE: *row = INSN_STEP_NE_I32; return true;
	default: return false;
	}
}

/* Counts a register up by x and goes to the body while (reg op limit). */
static bool
step(Gen *g, Op op, bool swapped, trivet_type t, Reg reg, int32_t x, NodeId limit, Label body,
     uint32_t line)
{
	const Node *l = gen_node(g, limit);
	uint32_t insn, b;
	int32_t imm;

	if (!step_row(op, swapped, &insn))
		return false;
	insn += (uint32_t)t - TRIVET_I32;
	if (gen_immediate(l, !type_is_wide(t), &imm)) {
		b = (uint32_t)imm;
		insn += INSN_STEP_LT_I32_I - INSN_STEP_LT_I32;
	} else if (l->kind == NODE_VAR && g->vars[l->var] != reg) {
		b = g->vars[l->var];
	} else {
		return false;
	}
	gen_emit(g, insn, line, reg, b, body)->x = (uint16_t)(int16_t)x;
	return true;
}

/* A loop's bottom: when the body ends in `i += 1` and the condition compares i with a variable or a
 * literal, the addition, the comparison and the jump become one instruction. */
static bool
fuse_step(Gen *g, NodeId condition, Label body, uint32_t line)
{
	const Node *n = gen_node(g, condition), *x, *y;
	uint32_t at = g->b->code.n - 1;
	Insn last;

	if (n->kind != NODE_BINARY || g->bound > at || g->arena->mem->failed)
		return false;
	x = gen_node(g, n->a);
	y = gen_node(g, n->b);
	last = g->b->code.at[at];
	if ((last.op != INSN_ADD_32_I && last.op != INSN_ADD_64_I) || last.a != last.b ||
	    (int32_t)last.c != (int16_t)last.c || !type_is_int(x->type))
		return false;
	g->b->code.n = g->b->lines.n = at;
	if (x->kind == NODE_VAR && g->vars[x->var] == last.a &&
	    step(g, n->op, false, x->type, last.a, (int32_t)last.c, n->b, body, line))
		return true;
	if (y->kind == NODE_VAR && g->vars[y->var] == last.a &&
	    step(g, n->op, true, x->type, last.a, (int32_t)last.c, n->a, body, line))
		return true;
	g->b->code.n = g->b->lines.n = at + 1;
	return false;
}

static void
while_loop(Gen *g, NodeId id)
{
	const Node *n = gen_node(g, id);
	Label body = gen_label(g), out = gen_label(g);

	gen_branch(g, n->a, false, out, n);
	gen_bind(g, body);
	loop_body(g, id, n->b, out);
	if (!fuse_step(g, n->a, body, n->line))
		gen_branch(g, n->a, true, body, n);
	gen_bind(g, out);
}

static void
endless_loop(Gen *g, NodeId id)
{
	const Node *n = gen_node(g, id);
	Label body = gen_label(g), out = gen_label(g);

	gen_emit(g, INSN_POLL, n->line, 0, 0, 0);
	gen_bind(g, body);
	loop_body(g, id, n->b, out);
	gen_emit(g, INSN_LOOP, n->line, body, 0, 0);
	gen_bind(g, out);
}

/* Leaves a `for` when limit <= counter. */
static const uint16_t no_more[TRIVET_U64 + 1] = {
	[TRIVET_I32] = INSN_LOOP_LE_I32,
	[TRIVET_U32] = INSN_LOOP_LE_U64,
	[TRIVET_I64] = INSN_LOOP_LE_I64,
	[TRIVET_U64] = INSN_LOOP_LE_U64,
};

static void
for_loop(Gen *g, NodeId id)
{
	const Node *n = gen_node(g, id), *to = gen_node(g, n->b);
	trivet_type t = g->func->vars.at[n->var].type;
	Label body = gen_label(g), out = gen_label(g);
	Reg var = g->vars[n->var], limit = g->vars[n->var3];
	Reg counter = n->flags & NODE_FIXED ? var : g->vars[n->var2];
	uint32_t less = INSN_STEP_LT_I32 + ((uint32_t)t - TRIVET_I32);
	int32_t imm;

	gen_value(g, n->a, counter);
	if (gen_immediate(to, !type_is_wide(t), &imm)) {
		gen_compare_jump(g, OP_LT, t, counter, n->b, false, out, n->line, true);
		limit = (uint32_t)imm;
		less += INSN_STEP_LT_I32_I - INSN_STEP_LT_I32;
	} else {
		gen_value(g, n->b, limit);
		gen_emit(g, no_more[t], n->line, limit, counter, out);
	}
	gen_bind(g, body);
	if (counter != var)
		gen_emit(g, INSN_MOV, n->line, var, counter, 0);
	loop_body(g, id, n->c, out);
	gen_emit(g, less, n->line, counter, limit, body)->x = 1;
	gen_bind(g, out);
}

static void
leave(Gen *g, const Node *n)
{
	for (uint32_t i = g->loops.n; i-- > 0;) {
		Loop *l = &g->loops.at[i];

		if (l->node != n->target)
			continue;
		if (n->kind == NODE_CONTINUE)
			l->continued = true;
		gen_emit(g, INSN_JUMP, n->line, n->kind == NODE_BREAK ? l->out : l->again, 0, 0);
		return;
	}
}

static void
give_back(Gen *g, const Node *n)
{
	if (n->a)
		gen_emit(g, INSN_RETURN, n->line, gen_value(g, n->a, NO_REG), 0, 0);
	else
		gen_emit(g, INSN_RETURN_VOID, n->line, 0, 0, 0);
}

static void
statement(Gen *g, NodeId id)
{
	const Node *n = gen_node(g, id);

	switch (n->kind) {
	case NODE_LET:
	case NODE_ASSIGN: gen_value(g, n->a, g->vars[n->var]); break;
	case NODE_STORE: store(g, n); break;
	case NODE_IF: if_chain(g, id); break;
	case NODE_WHILE:
		if (gen_node(g, n->a)->kind == NODE_LITERAL && gen_node(g, n->a)->bits)
			endless_loop(g, id);
		else
			while_loop(g, id);
		break;
	case NODE_LOOP: endless_loop(g, id); break;
	case NODE_FOR: for_loop(g, id); break;
	case NODE_BREAK:
	case NODE_CONTINUE: leave(g, n); break;
	case NODE_RETURN: give_back(g, n); break;
	case NODE_EXPR: gen_value(g, n->a, NO_REG); break;
	case NODE_TRAP: gen_emit(g, INSN_TRAP, n->line, 0, 0, 0); break;
	case NODE_BLOCK: block(g, id); break;
	default: break;
	}
	g->temps = 0;
}

/* The statements of a BLOCK. */
static void
block(Gen *g, NodeId id)
{
	for (NodeId s = gen_node(g, id)->a; s; s = gen_node(g, s)->next)
		if (!(gen_node(g, s)->flags & NODE_UNREACHABLE))
			statement(g, s);
}

/* ---- Functions ------------------------------------------------------------------------------ */

/* Final number of a register. */
static Reg
settle_reg(Reg r, uint32_t slots, uint32_t nconsts)
{
	if (r >= CONST_BASE)
		return slots + (r - CONST_BASE);
	return r < slots ? r : r + nconsts;
}

/* Where a jump to the label ends up, over jumps that only jump on. */
static uint32_t
settle_label(const Gen *g, Label label, uint32_t done)
{
	uint32_t at = g->labels.at[label];

	for (int hops = 0; hops < 8 && g->b->code.at[at].op == INSN_JUMP; hops++) {
		uint32_t a = g->b->code.at[at].a;

		at = at < done ? at + a : g->labels.at[a];
	}
	return at;
}

static void
settle(Gen *g, uint32_t start, uint32_t nconsts)
{
	for (uint32_t i = start; i < g->b->code.n; i++) {
		Insn *in = &g->b->code.at[i];
		uint32_t *field[3] = { &in->a, &in->b, &in->c };
		const char *format = insn_format(in->op);

		for (int k = 0; k < 3; k++)
			switch (format[k]) {
			case 'd':
			case 'r':
			case 'D':
			case 'R': *field[k] = settle_reg(*field[k], g->slots, nconsts); break;
			case 'j': *field[k] = settle_label(g, *field[k], i) - i; break;
			default: break;
			}
	}
}

/* Gives each variable its registers. */
static bool
place_variables(Gen *g, const Func *func)
{
	g->vars = arena_alloc(g->arena, (func->vars.n + 1) * sizeof *g->vars);
	if (!g->vars)
		return false;
	g->slots = 0;
	for (uint32_t i = 0; i < func->vars.n; i++) {
		g->vars[i] = g->slots;
		g->slots += type_is_span(func->vars.at[i].type) ? 2 : 1;
	}
	return true;
}

static void
function(Gen *g, const Func *func, InsnFunc *out)
{
	uint32_t start = g->b->code.n, nconsts;
	Insn *in;

	if (!place_variables(g, func))
		return;
	g->func = func;
	g->temps = g->most_temps = 0;
	g->consts_at = g->b->consts.n;
	g->bound = start + 1;
	g->labels.n = g->loops.n = g->spine.n = 0;
	gen_emit(g, INSN_CONSTS, func->line, 0, 0, 0);
	block(g, func->body);
	gen_emit(g, func->result == TRIVET_VOID ? INSN_RETURN_VOID : INSN_TRAP, func->line, 0, 0,
		 0);
	if (g->arena->mem->failed)
		return;
	nconsts = g->b->consts.n - g->consts_at;
	settle(g, start + 1, nconsts);
	in = &g->b->code.at[start];
	in->a = g->slots;
	in->b = g->consts_at;
	in->c = nconsts;
	out->start = nconsts ? start : start + 1;
	out->end = g->b->code.n;
	out->frame = g->slots + nconsts + g->most_temps + 1;
}

/* What calls from the host, and of host functions, need to know. */
static bool
describe(Gen *g, const Func *func, InsnFunc *out)
{
	*out = (InsnFunc){ .line = func->line,
			   .nparams = func->nparams,
			   .result = (trivet_type)func->result,
			   .is_extern = func->is_extern,
			   .frame = 1 };
	out->name = str_copy(g->arena, func->name);
	out->params = arena_alloc(g->arena, (func->nparams + 1) * sizeof *out->params);
	if (!out->params)
		return false;
	for (uint32_t i = 0; i < func->nparams; i++) {
		trivet_type t = (trivet_type)func->vars.at[i].type;

		out->params[i] = t;
		out->float_params |= type_is_float(t);
		out->frame += type_is_span(t) ? 2 : 1;
	}
	return true;
}

Bytecode *
interp_compile(Arena *a, const Program *p)
{
	Bytecode *b = arena_alloc(a, sizeof *b);
	Gen g = { .arena = a, .program = p, .b = b };

	if (!b)
		return NULL;
	gen_emit(&g, INSN_CALL, 0, 0, 0, 0);
	gen_emit(&g, INSN_HALT, 0, 0, 0, 0);
	for (FuncId f = 0; f < p->funcs.n && !a->mem->failed; f++) {
		InsnFunc *out = vec_push(a, &b->funcs);

		if (out && describe(&g, &p->funcs.at[f], out) && !out->is_extern)
			function(&g, &p->funcs.at[f], out);
	}
	return a->mem->failed ? NULL : b;
}
