/* remark.c - what is told to people about loops: FUNCTION:LINE: loop of VARIABLES: words. */
#include "opt/remark.h"

enum { DEEPEST = 5, MOST_NAMES = 8 };

/* The operators of the language, and the functions that results are told with. */
static const char *const infix[IR_OP_COUNT] = {
	[IR_ADD] = "+",	 [IR_SUB] = "-",  [IR_MUL] = "*",  [IR_SDIV] = "/", [IR_UDIV] = "/",
	[IR_SREM] = "%", [IR_UREM] = "%", [IR_AND] = "&",  [IR_OR] = "|",   [IR_XOR] = "^",
	[IR_SHL] = "<<", [IR_SHR] = ">>", [IR_SAR] = ">>",
};

static const char *const calls[IR_OP_COUNT] = {
	[IR_CLZ] = "clz",
	[IR_CTZ] = "ctz",
	[IR_POPCNT] = "popcnt",
};

static const char *const relation[] = { "==", "!=", "<", "<=", ">", ">=", "<", "<=", ">", ">=" };

static Str
name_of(const IrFunc *f, Val v)
{
	const Ins *i = &f->ins.at[v];
	uint32_t name = 0;

	if (i->op == IR_PHI)
		name = (uint32_t)i->aux;
	else if (i->op == IR_PARAM && f->names)
		name = f->names[i->aux];
	return name && name <= f->module->names.n ? f->module->names.at[name - 1] : (Str){ 0 };
}

static void
tell(Text *out, const IrFunc *f, Val v, unsigned depth)
{
	const Ins *i = &f->ins.at[v];
	const IrOpInfo *info = &ir_op_info[i->op];
	Str name = name_of(f, v);

	if (name.n) {
		text_addf(out, "%.*s", (int)name.n, name.at);
	} else if (i->op == IR_CONST && i->type <= IR_I64) {
		uint64_t bits = ir_const_bits(f, v);
		text_addf(out, "%lld",
			  (long long)(i->type == IR_I32 ? (int32_t)bits : (int64_t)bits));
	} else if (!(info->flags & IR_P) || !info->nargs || depth == DEEPEST) {
		text_addf(out, "v%u", v);
	} else if (i->op == IR_SELECT && i->cc <= CC_UGE) {
		text_addf(out, "(if ");
		tell(out, f, i->arg[0], depth + 1);
		text_addf(out, " %s ", relation[i->cc]);
		tell(out, f, i->arg[1], depth + 1);
		text_addf(out, " { ");
		tell(out, f, i->arg[2], depth + 1);
		text_addf(out, " } else { ");
		tell(out, f, i->arg[3], depth + 1);
		text_addf(out, " })");
	} else if (info->nargs == 1 &&
		   (i->op == IR_SEXT32 || i->op == IR_ZEXT32 || i->op == IR_WRAP)) {
		tell(out, f, i->arg[0], depth);
	} else if (calls[i->op]) {
		text_addf(out, "%s(", calls[i->op]);
		tell(out, f, i->arg[0], 0);
		text_addf(out, ")");
	} else if (infix[i->op]) {
		text_addf(out, "%s", depth ? "(" : "");
		tell(out, f, i->arg[0], depth + 1);
		text_addf(out, " %s ", infix[i->op]);
		tell(out, f, i->arg[1], depth + 1);
		text_addf(out, "%s", depth ? ")" : "");
	} else {
		text_addf(out, "v%u", v);
	}
}

void
remark_value(Text *out, const IrFunc *f, Val v)
{
	tell(out, f, v, 0);
}

void
remark_place(Text *out, const IrFunc *f, BlockId header)
{
	const Block *b = &f->blocks.at[header];
	unsigned names = 0;

	text_addf(out, "%.*s:%u: ", (int)f->name.n, f->name.at, f->ins.at[b->last].line);
	for (Val v = b->first; v && f->ins.at[v].op == IR_PHI; v = f->ins.at[v].next) {
		Str name = name_of(f, v);

		if (name.n && names++ < MOST_NAMES)
			text_addf(out, "%s%.*s", names == 1 ? "loop of " : ", ", (int)name.n,
				  name.at);
	}
	text_addf(out, names ? ": " : "loop: ");
}

void
remark_loop(const OptContext *o, const IrFunc *f, BlockId header, const char *format, ...)
{
	va_list args;

	if (!o->remarks)
		return;
	remark_place(o->remarks, f, header);
	va_start(args, format);
	text_addv(o->remarks, format, args);
	va_end(args);
	text_addf(o->remarks, "\n");
}
