/* ireval.h - a small interpreter of the IR, for tests of what makes or changes it.
 *
 * Slow and plain.  The upper half of every I32 holds rubbish, as registers do. */
#ifndef IREVAL_H
#define IREVAL_H

#include <stdlib.h>

#include "ir/runtime.h"
#include "ir/ir.h"
#include "lang/ast.h"
#include "os/os.h"

typedef struct Eval {
	const IrModule *m;
	const Program *p;
	const OsFunction *externs; /* by FuncId */
	uint32_t *host_raised, *interrupt;
	uint32_t max_depth;
	uint64_t budget; /* instructions still allowed */
	Context ctx;
	bool trapped, wrong; /* wrong: the IR is, or the budget is used up */
	uint32_t site;
} Eval;

static bool eval_func(Eval *e, uint32_t index, const uint64_t *args, uint64_t *result);

static uint64_t
eval_low(unsigned type, uint64_t v)
{
	return type == IR_I32 || type == IR_F32 ? (uint32_t)v : v;
}

static trivet_type
eval_type(unsigned type, bool is_signed)
{
	return type == IR_I32	? is_signed ? TRIVET_I32 : TRIVET_U32
	       : type == IR_I64 ? is_signed ? TRIVET_I64 : TRIVET_U64
	       : type == IR_F32 ? TRIVET_F32
				: TRIVET_F64;
}

static bool
eval_cc(unsigned cc, unsigned type, uint64_t a, uint64_t b)
{
	static const struct {
		uint8_t op;
		bool is_signed, negated;
	} how[CC_COUNT] = {
		[CC_EQ] = { OP_EQ, 0, 0 },   [CC_NE] = { OP_NE, 0, 0 },
		[CC_SLT] = { OP_LT, 1, 0 },  [CC_SLE] = { OP_LE, 1, 0 },
		[CC_SGT] = { OP_GT, 1, 0 },  [CC_SGE] = { OP_GE, 1, 0 },
		[CC_ULT] = { OP_LT, 0, 0 },  [CC_ULE] = { OP_LE, 0, 0 },
		[CC_UGT] = { OP_GT, 0, 0 },  [CC_UGE] = { OP_GE, 0, 0 },
		[CC_FEQ] = { OP_EQ, 0, 0 },  [CC_FNE] = { OP_EQ, 0, 1 },
		[CC_FLT] = { OP_LT, 0, 0 },  [CC_FLE] = { OP_LE, 0, 0 },
		[CC_FGT] = { OP_GT, 0, 0 },  [CC_FGE] = { OP_GE, 0, 0 },
		[CC_FNLT] = { OP_LT, 0, 1 }, [CC_FNLE] = { OP_LE, 0, 1 },
		[CC_FNGT] = { OP_GT, 0, 1 }, [CC_FNGE] = { OP_GE, 0, 1 },
	};
	uint64_t in[3] = { eval_low(type, a), eval_low(type, b), 0 }, out = 0;

	op_eval(how[cc].op, eval_type(type, how[cc].is_signed), TRIVET_BOOL, in, &out);
	return (out != 0) != how[cc].negated;
}

/* Of a pure operation; the language's operation and the signedness of operands and result. */
static bool
eval_pure(const IrFunc *f, const Ins *i, const uint64_t *v, uint64_t *out)
{
	static const struct {
		uint8_t ir, op, from, to;
	} how[] = {
		{ IR_ADD, OP_ADD, 0, 0 },
		{ IR_SUB, OP_SUB, 0, 0 },
		{ IR_MUL, OP_MUL, 0, 0 },
		{ IR_MULHS, OP_MULHI, 1, 1 },
		{ IR_MULHU, OP_MULHI, 0, 0 },
		{ IR_SDIV, OP_DIV, 1, 1 },
		{ IR_UDIV, OP_DIV, 0, 0 },
		{ IR_SREM, OP_REM, 1, 1 },
		{ IR_UREM, OP_REM, 0, 0 },
		{ IR_AND, OP_AND, 0, 0 },
		{ IR_OR, OP_OR, 0, 0 },
		{ IR_XOR, OP_XOR, 0, 0 },
		{ IR_SHL, OP_SHL, 0, 0 },
		{ IR_SHR, OP_SHR, 0, 0 },
		{ IR_SAR, OP_SHR, 1, 1 },
		{ IR_ROTL, OP_ROTL, 0, 0 },
		{ IR_ROTR, OP_ROTR, 0, 0 },
		{ IR_NEG, OP_NEG, 0, 0 },
		{ IR_NOT, OP_NOT, 0, 0 },
		{ IR_CLZ, OP_CLZ, 0, 0 },
		{ IR_CTZ, OP_CTZ, 0, 0 },
		{ IR_POPCNT, OP_POPCNT, 0, 0 },
		{ IR_BSWAP, OP_BSWAP, 0, 0 },
		{ IR_SEXT32, OP_CAST, 1, 1 },
		{ IR_ZEXT32, OP_CAST, 0, 0 },
		{ IR_WRAP, OP_CAST, 0, 0 },
		{ IR_FADD, OP_ADD, 0, 0 },
		{ IR_FSUB, OP_SUB, 0, 0 },
		{ IR_FMUL, OP_MUL, 0, 0 },
		{ IR_FDIV, OP_DIV, 0, 0 },
		{ IR_FMIN, OP_MIN, 0, 0 },
		{ IR_FMAX, OP_MAX, 0, 0 },
		{ IR_FNEG, OP_NEG, 0, 0 },
		{ IR_FABS, OP_ABS, 0, 0 },
		{ IR_FCOPYSIGN, OP_COPYSIGN, 0, 0 },
		{ IR_FSQRT, OP_SQRT, 0, 0 },
		{ IR_FFLOOR, OP_FLOOR, 0, 0 },
		{ IR_FCEIL, OP_CEIL, 0, 0 },
		{ IR_FTRUNC, OP_TRUNC, 0, 0 },
		{ IR_FNEAREST, OP_NEAREST, 0, 0 },
		{ IR_FMA, OP_FMA, 0, 0 },
		{ IR_STOF, OP_CAST, 1, 0 },
		{ IR_UTOF, OP_CAST, 0, 0 },
		{ IR_FTOS, OP_CAST, 0, 1 },
		{ IR_FTOU, OP_CAST, 0, 0 },
		{ IR_FEXT, OP_CAST, 0, 0 },
		{ IR_FROUND, OP_CAST, 0, 0 },
	};
	unsigned from = f->ins.at[i->arg[0]].type;
	uint64_t in[3] = { 0 };

	for (unsigned k = 0; k < 3 && k < ir_op_info[i->op].nargs; k++)
		in[k] = eval_low(f->ins.at[i->arg[k]].type, v[i->arg[k]]);
	if (i->op == IR_BITCAST || i->op == IR_CANON) { /* op_eval's NaNs are canonical already … */
		*out = in[0];
		if (i->op == IR_CANON && i->type == IR_F32 && (in[0] & 0x7fffffff) > 0x7f800000)
			*out = 0x7fc00000; /* … but not one that memory or the host gave */
		if (i->op == IR_CANON && i->type == IR_F64 &&
		    (in[0] & INT64_MAX) > UINT64_C(0x7ff0000000000000))
			*out = UINT64_C(0x7ff8000000000000);
		return true;
	}
	for (unsigned k = 0; k < sizeof how / sizeof how[0]; k++)
		if (how[k].ir == i->op)
			return op_eval(how[k].op, eval_type(from, how[k].from),
				       eval_type(i->type, how[k].to), in, out) == TRIVET_TRAP_NONE;
	return false;
}

static uint64_t
eval_load(unsigned mem, const char *at)
{
	union {
		int8_t s8;
		uint8_t u8;
		int16_t s16;
		uint16_t u16;
		uint32_t w;
		uint64_t d;
	} u;

	memcpy(&u, at, ir_mem_bytes[mem]);
	switch (mem) {
	case MEM_S8: return (uint64_t)(int64_t)u.s8 & UINT32_MAX;
	case MEM_U8: return u.u8;
	case MEM_S16: return (uint64_t)(int64_t)u.s16 & UINT32_MAX;
	case MEM_U16: return u.u16;
	case MEM_W64:
	case MEM_F64: return u.d;
	default: return u.w;
	}
}

static void
eval_store(unsigned mem, char *at, uint64_t v)
{
	uint8_t b[8];

	for (unsigned k = 0; k < 8; k++) /* hosts are little-endian, all of them */
		b[k] = (uint8_t)(v >> 8 * k);
	memcpy(at, b, ir_mem_bytes[mem]);
}

static char *
eval_address(const Ins *i, const uint64_t *v)
{
	uint64_t at = v[i->arg[0]] + (i->arg[1] ? v[i->arg[1]] * ir_mem_bytes[i->cc] : 0);

	return (char *)(uintptr_t)(at + (uint64_t)(int64_t)i->aux);
}

static void
eval_callx(Eval *e, const Ins *i, const uint64_t *args, uint64_t *out)
{
	const Import *slot = &e->m->imports.at[i->aux];
	const Func *callee;
	trivet_type types[64];
	uint64_t low[64];
	uint32_t n = 0;

	if (slot->kind == IMPORT_HELPER && slot->id == HELPER_ENTER) {
		e->ctx.host_raised = (uintptr_t)e->host_raised;
		return;
	}
	if (slot->kind != IMPORT_EXTERN) {
		e->wrong = true;
		return;
	}
	callee = &e->p->funcs.at[slot->id];
	for (uint32_t k = 0; k < callee->nparams; k++)
		types[k] = callee->vars.at[k].type;
	for (; n < slot->nparams; n++)
		low[n] = eval_low(slot->params[n], args[n]);
	os_invoke(e->externs[slot->id], callee->result, types, callee->nparams, low, out);
	if (slot->bool_result)
		*out |= 0xffffff00;
}

static void
eval_import(Eval *e, const Ins *i, uint64_t *out)
{
	if (e->m->imports.at[i->aux].kind == IMPORT_INTERRUPT)
		*out = (uintptr_t)e->interrupt;
	else
		e->wrong = true;
}

static void
eval_call(Eval *e, const IrFunc *f, const Ins *i, const uint64_t *v, uint64_t *out)
{
	uint64_t args[256];

	if (i->arg[1] > 256) {
		e->wrong = true;
		return;
	}
	for (uint32_t k = 0; k < i->arg[1]; k++)
		args[k] = v[f->pool.at[i->arg[0] + k]];
	if (i->op == IR_CALL)
		eval_func(e, (uint32_t)i->aux, args, out);
	else
		eval_callx(e, i, args, out);
}

static void
eval_ins(Eval *e, const IrFunc *f, Val id, uint64_t *v, const uint64_t *args)
{
	const Ins *i = &f->ins.at[id];
	uint64_t out = 0;
	unsigned type = f->ins.at[i->arg[0] < f->ins.n ? i->arg[0] : 0].type;

	switch (i->op) {
	case IR_CONST: out = ir_const_bits(f, id); break;
	case IR_PARAM: out = args[i->aux]; break;
	case IR_CTX: out = (uintptr_t)&e->ctx; break;
	case IR_IMPORT: eval_import(e, i, &out); break;
	case IR_CMP: out = eval_cc(i->cc, type, v[i->arg[0]], v[i->arg[1]]); break;
	case IR_SELECT:
		out = v[i->arg[eval_cc(i->cc, type, v[i->arg[0]], v[i->arg[1]]) ? 2 : 3]];
		break;
	case IR_LOAD: out = eval_load(i->cc, eval_address(i, v)); break;
	case IR_STORE: eval_store(i->cc, eval_address(i, v), v[i->arg[2]]); break;
	case IR_CALL:
	case IR_CALLX: eval_call(e, f, i, v, &out); break;
	case IR_TRAP:
	case IR_TRAPIF:
		if (i->op == IR_TRAP || eval_cc(i->cc, type, v[i->arg[0]], v[i->arg[1]])) {
			e->trapped = true;
			e->site = (uint32_t)i->aux;
		}
		break;
	case IR_PHI:
	case IR_JMP:
	case IR_BR:
	case IR_RET: break;
	default:
		if (!eval_pure(f, i, v, &out))
			e->wrong = true;
		break;
	}
	if (i->type == IR_I32)
		out = (uint32_t)out | UINT64_C(0xdeadbeef) << 32;
	if (i->op != IR_PHI)
		v[id] = out;
}

/* Phis read their operands before any of them changes. */
static bool
eval_phis(const IrFunc *f, BlockId from, BlockId to, uint64_t *v, uint64_t *fresh)
{
	const Block *b = &f->blocks.at[to];
	uint32_t k = 0, n = 0;

	while (k < b->preds.n && b->preds.at[k] != from)
		k++;
	if (k == b->preds.n)
		return false;
	for (Val p = b->first; f->ins.at[p].op == IR_PHI; p = f->ins.at[p].next)
		fresh[n++] = v[f->pool.at[f->ins.at[p].arg[0] + k]];
	n = 0;
	for (Val p = b->first; f->ins.at[p].op == IR_PHI; p = f->ins.at[p].next)
		v[p] = fresh[n++];
	return true;
}

static bool
eval_func(Eval *e, uint32_t index, const uint64_t *args, uint64_t *result)
{
	const IrFunc *f = &e->m->funcs.at[index];
	uint64_t *v = calloc(2 * (size_t)f->ins.n, sizeof *v);
	BlockId at = 0;

	if (f->is_entry)
		e->ctx = (Context){ .depth = e->max_depth };
	while (v && !e->trapped && !e->wrong) {
		const Block *b = &f->blocks.at[at];
		const Ins *last = &f->ins.at[b->last];
		BlockId to;

		for (Val id = b->first; id && !e->trapped && !e->wrong; id = f->ins.at[id].next) {
			eval_ins(e, f, id, v, args);
			e->wrong |= e->budget-- == 0;
		}
		if (e->trapped || e->wrong)
			break;
		if (last->op == IR_RET) {
			*result = last->arg[0] ? eval_low(f->result, v[last->arg[0]]) : 0;
			break;
		}
		to = b->succ[last->op == IR_BR && !eval_cc(last->cc, f->ins.at[last->arg[0]].type,
							   v[last->arg[0]], v[last->arg[1]])];
		e->wrong |= !eval_phis(f, at, to, v, v + f->ins.n);
		at = to;
	}
	free(v);
	return !e->trapped && !e->wrong;
}

/* As the host does: FuncId, flat arguments.  False when it trapped; e->site says where. */
static bool
eval_run(Eval *e, FuncId id, const uint64_t *args, uint64_t *result)
{
	e->trapped = e->wrong = false;
	*result = 0;
	return eval_func(e, e->m->funcs.at[e->m->func_of[id]].entry_thunk, args, result);
}

#endif
