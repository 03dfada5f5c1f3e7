/* constants.c - constants that cost an instruction or a load each time are put into a register
 * before an inner loop: floats, and what no instruction takes as an immediate.
 *
 * The value in front is a BITCAST of the other type's constant, added as it is: folded, it would be
 * the constant again.  So this is for the end, when nothing folds any more. */
#include "opt/edit.h"

enum { MOST_FLOATS = 4, MOST_WHOLE = 2 }; /* of a loop: each takes a register all through it */
enum { MOST_CARRIED = 6, MOST_SIZE = 400 };

typedef struct Constants {
	IrFunc *f;
	const LoopForest *l;
	const OptLoop *loop;
	Val of[MOST_FLOATS + MOST_WHOLE], held[MOST_FLOATS + MOST_WHOLE];
	uint32_t n, floats;
} Constants;

static bool
is_float(IrType t)
{
	return t == IR_F32 || t == IR_F64;
}

/* Is operand c of i worth a register?  Zero is made without memory; MOV takes 64 bits but is long,
 * and three instructions on AArch64. */
static bool
is_dear(const IrFunc *f, const Ins *i, Val c)
{
	uint64_t bits = ir_const_bits(f, c);

	if (!ir_is_const(f, c))
		return false;
	if (is_float((IrType)f->ins.at[c].type))
		return bits != 0 && ir_op_info[i->op].flags & IR_P && i->op != IR_SELECT;
	if (bits << 1 > UINT64_C(0xffe0000000000000))
		return false; /* a NaN as a float's constant, which would be the canonical one */
	return f->ins.at[c].type == IR_I64 && bits + 0x80000000u > UINT32_MAX &&
	       (i->op == IR_MUL || i->op == IR_MULHS || i->op == IR_MULHU || i->op == IR_ADD);
}

/* Small, innermost, without calls (they keep few registers), and with few values carried round. */
static bool
is_good(const Constants *s)
{
	const IrFunc *f = s->f;
	uint32_t size = 0, carried = 0;

	for (uint32_t k = 0; k < s->loop->count; k++) {
		BlockId b = s->l->blocks.at[s->loop->first + k];

		for (Val v = f->blocks.at[b].first; v; v = f->ins.at[v].next) {
			uint8_t op = f->ins.at[v].op;

			if (op == IR_CALL || op == IR_CALLX || ++size > MOST_SIZE)
				return false;
			carried += op == IR_PHI && b == s->loop->header;
		}
	}
	return carried <= MOST_CARRIED;
}

/* The value in front of the loop that holds constant c; 0: no more registers for those. */
static Val
hold(Constants *s, Val c)
{
	IrFunc *f = s->f;
	IrType type = (IrType)f->ins.at[c].type;
	IrType other = type == IR_F32 ? IR_I32 : type == IR_F64 ? IR_I64 : IR_F64;
	bool is_fp = is_float(type);
	Val before = f->blocks.at[s->loop->preheader].last, other_bits;

	for (uint32_t k = 0; k < s->n; k++)
		if (s->of[k] == c)
			return s->held[k];
	if (is_fp ? s->floats == MOST_FLOATS : s->n - s->floats == MOST_WHOLE)
		return 0;
	s->of[s->n] = c;
	other_bits = ir_const(f, other, ir_const_bits(f, c));
	s->held[s->n] = ir_insert_before(f, before,
					 (Ins){ .op = IR_BITCAST,
						.type = (uint8_t)type,
						.arg = { other_bits },
						.line = f->ins.at[before].line });
	s->floats += is_fp;
	return s->held[s->n++];
}

static bool
run_loop(Constants *s)
{
	IrFunc *f = s->f;

	s->n = s->floats = 0;
	for (uint32_t k = 0; k < s->loop->count; k++) {
		BlockId b = s->l->blocks.at[s->loop->first + k];

		for (Val v = f->blocks.at[b].first; v; v = f->ins.at[v].next)
			for (unsigned a = 0; a < ir_op_info[f->ins.at[v].op].nargs; a++) {
				const Ins i = f->ins.at[v];
				Val held = is_dear(f, &i, i.arg[a]) ? hold(s, i.arg[a]) : 0;

				if (held)
					f->ins.at[v].arg[a] = held;
			}
	}
	return s->n != 0;
}

bool
constants_run(IrFunc *f, OptContext *o)
{
	Constants s = { .f = f };
	const LoopForest *l;
	bool changed = false, *outer;

	l = edit_loops(f, o);
	if (!l)
		return false;
	outer = edit_outer_loops(l, o->arena);
	s.l = l;
	for (uint32_t k = 0; k < l->loops.n && outer && !o->arena->mem->failed; k++) {
		s.loop = &l->loops.at[k];
		if (!outer[k] && s.loop->preheader != BLOCK_NONE && is_good(&s))
			changed |= run_loop(&s);
	}
	return changed;
}
