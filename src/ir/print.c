/* print.c - a module as text; docs/ir.md describes it, read.c reads it back.
 *
 * Values and blocks have their numbers as names, so that what a debugger shows can be found here.
 */
#include "ir/inner.h"

#include <inttypes.h>

// clang-format off
const char *const inner_type_names[] = { "void", "i32", "i64", "f32", "f64" };

const char *const inner_cc_names[CC_COUNT] = {
#define X(name, negated, swapped) #name,
	IR_CC_LIST(X)
#undef X
};

const char *const inner_mem_names[MEM_COUNT] = {
#define X(name, bytes, type) #name,
	IR_MEM_LIST(X)
#undef X
};

const char *const inner_helper_names[HELPER_COUNT] = {
#define X(name, symbol, result, n, a, b, c) #name,
	IR_HELPER_LIST(X)
#undef X
};
// clang-format on

void
inner_lower(char out[INNER_NAME_MAX], const char *name)
{
	size_t n = 0;

	for (; name[n] && n < INNER_NAME_MAX - 1; n++)
		out[n] = (char)(name[n] >= 'A' && name[n] <= 'Z' ? name[n] + ('a' - 'A') : name[n]);
	out[n] = '\0';
}

static void
lower(Text *out, const char *name)
{
	char small[INNER_NAME_MAX];

	inner_lower(small, name);
	text_addf(out, "%s", small);
}

static void
print_types(Text *out, unsigned result, const uint8_t *params, uint32_t n)
{
	text_addf(out, "%s(", inner_type_names[result]);
	for (uint32_t k = 0; k < n; k++)
		text_addf(out, "%s%s", k ? ", " : "", inner_type_names[params[k]]);
	text_addf(out, ")");
}

/* ---- Instructions --------------------------------------------------------------------------- */

static void
print_list(const IrFunc *f, const Ins *i, Text *out)
{
	for (uint32_t k = 0; k < i->arg[1]; k++)
		text_addf(out, "%sv%u", k ? ", " : "", f->pool.at[i->arg[0] + k]);
}

static void
print_address(const Ins *i, Text *out)
{
	text_addf(out, " [v%u", i->arg[0]);
	if (i->arg[1])
		text_addf(out, " + v%u", i->arg[1]);
	if (i->aux)
		text_addf(out, " %c %" PRId64, i->aux < 0 ? '-' : '+',
			  i->aux < 0 ? -(int64_t)i->aux : i->aux);
	text_addf(out, "]");
}

static void
print_const(const IrFunc *f, Val v, Text *out)
{
	uint64_t bits = ir_const_bits(f, v);

	switch (f->ins.at[v].type) {
	case IR_I32: text_addf(out, " %" PRId32, (int32_t)bits); break;
	case IR_I64: text_addf(out, " %" PRId64, (int64_t)bits); break;
	default: text_addf(out, " 0x%" PRIx64, bits); break;
	}
}

static void
print_operands(const IrFunc *f, Val v, Text *out)
{
	const Ins *i = &f->ins.at[v];
	const Block *b = &f->blocks.at[i->block];
	uint32_t n = ir_op_info[i->op].nargs;

	switch (i->op) {
	case IR_CONST: print_const(f, v, out); return;
	case IR_PARAM: text_addf(out, " %" PRId32, i->aux); return;
	case IR_IMPORT: text_addf(out, " #%" PRId32, i->aux); return;
	case IR_PHI:
		text_addf(out, " ");
		print_list(f, i, out);
		return;
	case IR_CALL:
	case IR_CALLX:
		text_addf(out, " %c%" PRId32 "(", i->op == IR_CALL ? 'f' : '#', i->aux);
		print_list(f, i, out);
		text_addf(out, ")");
		return;
	case IR_LOAD: print_address(i, out); return;
	case IR_STORE:
		print_address(i, out);
		text_addf(out, ", v%u", i->arg[2]);
		return;
	case IR_RET: n = i->arg[0] ? 1 : 0; break;
	default: break;
	}
	for (uint32_t k = 0; k < n; k++)
		text_addf(out, "%s v%u", k ? "," : "", i->arg[k]);
	switch (i->op) {
	case IR_TRAPIF: text_addf(out, ", s%" PRId32, i->aux); break;
	case IR_TRAP: text_addf(out, " s%" PRId32, i->aux); break;
	case IR_JMP: text_addf(out, " b%u", b->succ[0]); break;
	case IR_BR: text_addf(out, ", b%u, b%u", b->succ[0], b->succ[1]); break;
	default: break;
	}
}

/* What the numbers alone do not tell; a comment, the reader skips it. */
static void
print_remark(const IrFunc *f, const Ins *i, Text *out)
{
	const IrModule *m = f->module;

	if ((i->op == IR_TRAPIF || i->op == IR_TRAP) && (uint32_t)i->aux < m->sites.n)
		text_addf(out, " ; %s", trap_name(m->sites.at[i->aux].trap));
	if (i->op == IR_CALL && (uint32_t)i->aux < m->funcs.n)
		text_addf(out, " ; %.*s", (int)m->funcs.at[i->aux].name.n,
			  m->funcs.at[i->aux].name.at ? m->funcs.at[i->aux].name.at : "");
}

static void
print_ins(const IrFunc *f, Val v, Text *out)
{
	const Ins *i = &f->ins.at[v];

	text_addf(out, "\t");
	if (i->type != IR_VOID)
		text_addf(out, "v%u = ", v);
	lower(out, ir_op_info[i->op].name);
	if (i->op == IR_LOAD || i->op == IR_STORE) {
		text_addf(out, ".");
		lower(out, inner_mem_names[i->cc]);
	} else if (i->type != IR_VOID && i->op != IR_CMP) {
		text_addf(out, ".%s", inner_type_names[i->type]);
	}
	if (i->op == IR_CMP || i->op == IR_SELECT || i->op == IR_TRAPIF || i->op == IR_BR) {
		text_addf(out, ".");
		lower(out, inner_cc_names[i->cc]);
	}
	print_operands(f, v, out);
	if (i->line)
		text_addf(out, " @%u", i->line);
	print_remark(f, i, out);
	text_addf(out, "\n");
}

/* ---- Blocks and functions ------------------------------------------------------------------- */

static void
print_block(const IrFunc *f, BlockId id, Text *out)
{
	const Block *b = &f->blocks.at[id];

	if (id && !b->first && !b->preds.n)
		return;
	text_addf(out, "b%u:", id);
	for (uint32_t k = 0; k < b->preds.n; k++)
		text_addf(out, "%sb%u", k ? ", " : " from ", b->preds.at[k]);
	text_addf(out, "%s\n", b->cold ? " cold" : "");
	for (Val v = b->first; v; v = f->ins.at[v].next)
		print_ins(f, v, out);
}

void
ir_print_func(const IrFunc *f, Text *out)
{
	text_addf(out, "func f%u ", (uint32_t)(f - f->module->funcs.at));
	text_add(out, f->name.n ? f->name.at : "-", f->name.n ? f->name.n : 1);
	text_add(out, " ", 1);
	print_types(out, f->result, f->params, f->nparams);
	text_addf(out, " source %u line %u entry f%u", f->source, f->line, f->entry_thunk);
	if (f->needs_ctx)
		text_addf(out, " ctx");
	if (f->checks_stack)
		text_addf(out, " stack s%u", f->stack_site);
	if (f->is_entry)
		text_addf(out, " thunk");
	text_addf(out, " {\n");
	for (BlockId b = 0; b < f->blocks.n; b++)
		print_block(f, b, out);
	text_addf(out, "}\n");
}

static void
print_import(const IrModule *m, uint32_t slot, Text *out)
{
	const Import *i = &m->imports.at[slot];

	text_addf(out, "import #%u ", slot);
	switch (i->kind) {
	case IMPORT_CODE: text_addf(out, "code\n"); return;
	case IMPORT_INTERRUPT: text_addf(out, "interrupt\n"); return;
	case IMPORT_HELPER:
		text_addf(out, "helper ");
		lower(out, inner_helper_names[i->id]);
		break;
	default: text_addf(out, "extern %u%s", i->id, i->bool_result ? " bool" : ""); break;
	}
	text_addf(out, " ");
	print_types(out, i->result, i->params, i->nparams);
	text_addf(out, "\n");
}

void
ir_print(const IrModule *m, Text *out)
{
	for (uint32_t k = 0; k < m->imports.n; k++)
		print_import(m, k, out);
	for (uint32_t k = 0; k < m->sites.n; k++) {
		const Site *s = &m->sites.at[k];
		text_addf(out, "site s%u %s source %u line %u\n", k, trap_name(s->trap), s->func,
			  s->line);
	}
	for (uint32_t k = 0; k < m->funcs.n; k++)
		ir_print_func(&m->funcs.at[k], out);
}
