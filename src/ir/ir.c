/* ir.c - making and changing functions in SSA form.
 *
 * Every pure instruction goes through ir_add(): fold.c simplifies it, the hash table looks for an
 * equal one of the same block.  Table entries are not kept in step with changes: an entry counts
 * only if the instruction it names, as it is now, equals the one looked for. */
#include "ir/inner.h"
#include "base/num.h"

// clang-format off
const IrOpInfo ir_op_info[IR_OP_COUNT] = {
#define X(name, nargs, flags) { #name, nargs, flags },
	IR_LIST(X)
#undef X
};

const uint8_t cc_negated[CC_COUNT] = {
#define X(name, negated, swapped) CC_##negated,
	IR_CC_LIST(X)
#undef X
};

const uint8_t cc_swapped[CC_COUNT] = {
#define X(name, negated, swapped) CC_##swapped,
	IR_CC_LIST(X)
#undef X
};

const uint8_t ir_mem_bytes[MEM_COUNT] = {
#define X(name, bytes, type) bytes,
	IR_MEM_LIST(X)
#undef X
};

const uint8_t ir_mem_type[MEM_COUNT] = {
#define X(name, bytes, type) IR_##type,
	IR_MEM_LIST(X)
#undef X
};

static const struct HelperInfo {
	uint8_t result, nparams, params[3];
} helper_info[HELPER_COUNT] = {
#define X(name, symbol, result, n, a, b, c) { IR_##result, n, { IR_##a, IR_##b, IR_##c } },
	IR_HELPER_LIST(X)
#undef X
};
// clang-format on

/* ---- Modules and functions ------------------------------------------------------------------ */

IrModule *
ir_module(Arena *a)
{
	IrModule *m = arena_alloc(a, sizeof *m);

	if (m)
		m->arena = a;
	return m;
}

IrFunc *
ir_func(IrModule *m)
{
	IrFunc *f = vec_push(m->arena, &m->funcs);

	if (!f)
		return NULL;
	f->module = m;
	if (!vec_push(m->arena, &f->ins) || ir_block(f) == BLOCK_NONE) {
		m->funcs.n--;
		return NULL;
	}
	f->ins.at[0].block = BLOCK_NONE;
	return f;
}

/* The new block, or the entry block when memory is out: always one that exists.  BLOCK_NONE only
 * for the first. */
BlockId
ir_block(IrFunc *f)
{
	Block *b = vec_push(f->module->arena, &f->blocks);

	if (!b)
		return f->blocks.n ? 0 : BLOCK_NONE;
	b->succ[0] = b->succ[1] = b->order = b->idom = BLOCK_NONE;
	return f->blocks.n - 1;
}

void
ir_edge(IrFunc *f, BlockId from, unsigned k, BlockId to)
{
	BlockId *pred = vec_push(f->module->arena, &f->blocks.at[to].preds);

	if (!pred)
		return;
	*pred = from;
	f->blocks.at[from].succ[k] = to;
}

/* ---- Lists ---------------------------------------------------------------------------------- */

/* Puts v into block b before `at`; at 0: at the very end. */
static void
link_before(IrFunc *f, BlockId b, Val v, Val at)
{
	Block *block = &f->blocks.at[b];
	Ins *i = &f->ins.at[v];

	i->block = b;
	i->next = at;
	i->prev = at ? f->ins.at[at].prev : block->last;
	if (i->prev)
		f->ins.at[i->prev].next = v;
	else
		block->first = v;
	if (at)
		f->ins.at[at].prev = v;
	else
		block->last = v;
}

static Val
new_ins(IrFunc *f, const Ins *ins)
{
	Ins *i;

	if (f->ins.n == f->ins.cap &&
	    !vec_grow(f->module->arena, (void **)&f->ins.at, &f->ins.cap, sizeof *ins))
		return 0;
	i = &f->ins.at[f->ins.n++];
	*i = *ins;
	if (!i->line && ins->op != IR_CONST && ins->op != IR_PHI) /* these belong to no place */
		i->line = f->line;
	return f->ins.n - 1;
}

static bool
is_terminator(const IrFunc *f, Val v)
{
	return ir_op_info[f->ins.at[v].op].flags & IR_T;
}

void
inner_link(IrFunc *f, BlockId b, Val v)
{
	link_before(f, b, v, 0);
}

Val
ir_append(IrFunc *f, BlockId b, Ins ins)
{
	Val v = new_ins(f, &ins), last = f->blocks.at[b].last;

	if (v)
		link_before(f, b, v, last && is_terminator(f, last) ? last : 0);
	return v;
}

Val
ir_insert_before(IrFunc *f, Val at, Ins ins)
{
	Val v = new_ins(f, &ins);

	if (v)
		link_before(f, f->ins.at[at].block, v, at);
	return v;
}

static Val
prepend(IrFunc *f, BlockId b, const Ins *ins)
{
	Val v = new_ins(f, ins);

	if (v)
		link_before(f, b, v, f->blocks.at[b].first);
	return v;
}

void
ir_remove(IrFunc *f, Val v)
{
	Ins *i = &f->ins.at[v];
	Block *b;

	if (!v || i->op == IR_NOP)
		return;
	b = &f->blocks.at[i->block];
	if (i->prev)
		f->ins.at[i->prev].next = i->next;
	else
		b->first = i->next;
	if (i->next)
		f->ins.at[i->next].prev = i->prev;
	else
		b->last = i->prev;
	*i = (Ins){ .op = IR_NOP, .block = BLOCK_NONE };
}

/* ---- Hash-consing --------------------------------------------------------------------------- */

static uint32_t
hash_ins(const Ins *i)
{
	uint64_t h =
		i->op | (uint64_t)i->cc << 8 | (uint64_t)i->type << 16 | (uint64_t)i->block << 24;

	h = (h ^ i->arg[0]) * UINT64_C(0x9e3779b97f4a7c15);
	h = ((h ^ h >> 32) + i->arg[1]) * UINT64_C(0xd6e8feb86659fd93);
	h += i->arg[2] * UINT64_C(0xa0761d6478bd642f) + i->arg[3] * UINT64_C(0xe7037ed1a0b428db);
	h += (uint32_t)i->aux * UINT64_C(0x8ebc6af09c88c6e3);
	return (uint32_t)(h >> 32 ^ h >> 15);
}

/* The site of a TRAPIF is no part of its meaning: the second of two equal ones never fires. */
static Ins
key_of(const Ins *i)
{
	Ins key = *i;

	if (key.op == IR_TRAPIF)
		key.aux = 0;
	return key;
}

static bool
same_ins(const Ins *i, const Ins *key)
{
	return i->op == key->op && i->type == key->type && i->cc == key->cc &&
	       i->block == key->block && i->arg[0] == key->arg[0] && i->arg[1] == key->arg[1] &&
	       i->arg[2] == key->arg[2] && i->arg[3] == key->arg[3] &&
	       (i->op == IR_TRAPIF || i->aux == key->aux);
}

static bool
grow_table(IrFunc *f)
{
	uint32_t cap = f->cons_cap ? f->cons_cap * 2 : 128, n = 0;
	uint32_t *table = arena_alloc(f->module->arena, cap * sizeof *table);

	if (!table)
		return false;
	for (uint32_t k = 0; k < f->cons_cap; k++) {
		Val v = f->cons[k];
		if (!v || f->ins.at[v].op == IR_NOP)
			continue;
		Ins key = key_of(&f->ins.at[v]);
		uint32_t h = hash_ins(&key) & (cap - 1);
		while (table[h])
			h = (h + 1) & (cap - 1);
		table[h] = v;
		n++;
	}
	f->cons = table;
	f->cons_cap = cap;
	f->ncons = n;
	return true;
}

/* The place of `key` in the table: taken by the equal one, or free. */
static uint32_t *
find_cons(IrFunc *f, const Ins *key)
{
	uint32_t h;

	if (f->ncons >= f->cons_cap / 2 && !grow_table(f))
		return NULL;
	h = hash_ins(key) & (f->cons_cap - 1);
	while (f->cons[h] && !same_ins(&f->ins.at[f->cons[h]], key))
		h = (h + 1) & (f->cons_cap - 1);
	return &f->cons[h];
}

void
inner_remember(IrFunc *f, Val v)
{
	Ins key = key_of(&f->ins.at[v]);
	uint32_t *at;

	if (!(ir_op_info[key.op].flags & IR_P))
		return;
	at = find_cons(f, &key);
	if (at && !*at) {
		*at = v;
		f->ncons++;
	}
}

Val
ir_const(IrFunc *f, IrType t, uint64_t bits)
{
	Ins i = { .op = IR_CONST, .type = (uint8_t)t };
	uint32_t *at;

	if (t == IR_F32)
		bits = num_bits_f32(num_canon_f32(num_from_f32((uint32_t)bits)));
	else if (t == IR_F64)
		bits = num_bits_f64(num_canon_f64(num_from_f64(bits)));
	else if (t == IR_I32)
		bits = (uint32_t)bits;
	i.arg[0] = (uint32_t)bits;
	i.arg[1] = (uint32_t)(bits >> 32);
	at = find_cons(f, &i);
	if (!at)
		return 0;
	if (!*at) {
		*at = prepend(f, 0, &i);
		f->ncons += *at != 0;
	}
	return *at;
}

Val
ir_add(IrFunc *f, BlockId b, Ins i)
{
	uint32_t *at;
	Val v;

	i.block = b;
	if (ir_op_info[i.op].flags & IR_P) {
		v = fold_ins(f, &i);
		if (v)
			return v;
	} else if (i.op != IR_TRAPIF) {
		return ir_append(f, b, i);
	}
	Ins key = key_of(&i);
	at = find_cons(f, &key);
	if (!at)
		return 0;
	if (!*at) {
		*at = ir_append(f, b, i);
		f->ncons += *at != 0;
	}
	return *at;
}

/* ---- One function per shape of instruction -------------------------------------------------- */

Val
ir_ins(IrFunc *f, BlockId b, IrOp op, IrType t, Val a0, Val a1)
{
	return ir_add(f, b, (Ins){ .op = (uint8_t)op, .type = (uint8_t)t, .arg = { a0, a1 } });
}

Val
ir_cmp(IrFunc *f, BlockId b, IrCc cc, Val a0, Val a1)
{
	Ins i = { .op = IR_CMP, .type = IR_I32, .cc = (uint8_t)cc, .arg = { a0, a1 } };
	return ir_add(f, b, i);
}

Val
ir_select(IrFunc *f, BlockId b, IrCc cc, Val a0, Val a1, Val then, Val otherwise)
{
	Ins i = { .op = IR_SELECT, .cc = (uint8_t)cc, .arg = { a0, a1, then, otherwise } };

	i.type = f->ins.at[then].type;
	return ir_add(f, b, i);
}

Val
ir_fma(IrFunc *f, BlockId b, IrType t, Val a0, Val a1, Val a2)
{
	return ir_add(f, b, (Ins){ .op = IR_FMA, .type = (uint8_t)t, .arg = { a0, a1, a2 } });
}

Val
ir_import_address(IrFunc *f, BlockId b, uint32_t slot)
{
	return ir_add(f, b, (Ins){ .op = IR_IMPORT, .type = IR_I64, .aux = (int32_t)slot });
}

Val
ir_load(IrFunc *f, BlockId b, IrMem mem, Val base, Val index, int32_t offset)
{
	Ins i = { .op = IR_LOAD, .cc = (uint8_t)mem, .aux = offset, .arg = { base, index } };

	i.type = ir_mem_type[mem];
	return ir_append(f, b, i);
}

void
ir_store(IrFunc *f, BlockId b, IrMem mem, Val base, Val index, int32_t offset, Val value)
{
	Ins i = {
		.op = IR_STORE, .cc = (uint8_t)mem, .aux = offset, .arg = { base, index, value }
	};
	ir_append(f, b, i);
}

void
ir_trapif(IrFunc *f, BlockId b, IrCc cc, Val a0, Val a1, uint32_t site)
{
	Ins i = { .op = IR_TRAPIF, .aux = (int32_t)site };

	if (ir_fold_cond(f, &cc, &a0, &a1) == 0)
		return;
	i.cc = (uint8_t)cc;
	i.arg[0] = a0;
	i.arg[1] = a1;
	ir_add(f, b, i);
}

Val
ir_pooled(IrFunc *f, BlockId b, IrOp op, IrType t, int32_t aux, const Val *args, uint32_t n)
{
	Ins i = { .op = (uint8_t)op, .type = (uint8_t)t, .aux = aux, .arg = { f->pool.n, n } };

	if (n > f->pool.cap - f->pool.n && !vec_reserve(f->module->arena, (void **)&f->pool.at,
							&f->pool.cap, sizeof(Val), f->pool.n + n))
		return 0;
	if (n)
		memcpy(f->pool.at + f->pool.n, args, n * sizeof *args);
	f->pool.n += n;
	return op == IR_PHI ? prepend(f, b, &i) : ir_append(f, b, i);
}

void
ir_jmp(IrFunc *f, BlockId b, BlockId to)
{
	ir_append(f, b, (Ins){ .op = IR_JMP });
	ir_edge(f, b, 0, to);
}

void
ir_br(IrFunc *f, BlockId b, IrCc cc, Val a0, Val a1, BlockId then, BlockId otherwise)
{
	ir_append(f, b, (Ins){ .op = IR_BR, .cc = (uint8_t)cc, .arg = { a0, a1 } });
	ir_edge(f, b, 0, then);
	ir_edge(f, b, 1, otherwise);
}

void
ir_ret(IrFunc *f, BlockId b, Val v)
{
	ir_append(f, b, (Ins){ .op = IR_RET, .arg = { v } });
}

void
ir_trap(IrFunc *f, BlockId b, uint32_t site)
{
	ir_append(f, b, (Ins){ .op = IR_TRAP, .aux = (int32_t)site });
}

/* ---- Replacing values ----------------------------------------------------------------------- */

/* The note is kept in arg[0] of the NOP that v becomes. */
void
ir_replace(IrFunc *f, Val v, Val by)
{
	by = ir_resolve(f, by);
	if (v == by || !v)
		return;
	ir_remove(f, v);
	f->ins.at[v].arg[0] = by;
	f->replaced = true;
}

Val
ir_resolve_gone(IrFunc *f, Val v)
{
	Val end = v;

	while (f->ins.at[end].op == IR_NOP && f->ins.at[end].arg[0])
		end = f->ins.at[end].arg[0];
	while (v != end) { /* the next one to ask has a short way */
		Val next = f->ins.at[v].arg[0];
		f->ins.at[v].arg[0] = end;
		v = next;
	}
	return end;
}

void
ir_apply_replacements(IrFunc *f)
{
	if (!f->replaced)
		return;
	for (Val v = 1; v < f->ins.n; v++) {
		uint32_t n;
		Val *args;

		if (f->ins.at[v].op == IR_NOP)
			continue;
		args = ir_args(f, v, &n);
		for (uint32_t k = 0; k < n; k++)
			args[k] = ir_resolve(f, args[k]);
	}
	for (Val v = 1; v < f->ins.n; v++)
		if (f->ins.at[v].op == IR_NOP)
			f->ins.at[v].arg[0] = 0;
	f->replaced = false;
}

/* ---- Imports and sites ---------------------------------------------------------------------- */

static bool
same_import(const Import *a, const Import *b)
{
	return a->kind == b->kind && a->id == b->id && a->result == b->result &&
	       a->nparams == b->nparams && a->bool_result == b->bool_result &&
	       (!a->nparams || memcmp(a->params, b->params, a->nparams) == 0);
}

uint32_t
ir_import(IrModule *m, Import i)
{
	Import *slot;

	for (uint32_t k = 0; k < m->imports.n; k++)
		if (same_import(&m->imports.at[k], &i))
			return k;
	slot = vec_push(m->arena, &m->imports);
	if (!slot)
		return 0;
	*slot = i;
	return m->imports.n - 1;
}

uint32_t
ir_helper(IrModule *m, IrHelper h)
{
	const struct HelperInfo *info = &helper_info[h];
	Import i = { .kind = IMPORT_HELPER, .result = info->result, .id = h };

	i.params = info->params;
	i.nparams = info->nparams;
	return ir_import(m, i);
}

static uint32_t
hash_site(const Site *s)
{
	uint32_t h =
		s->line * 0x9e3779b1u ^ s->func * 0x85ebca77u ^ (uint32_t)s->trap * 0xc2b2ae3du;
	return h ^ h >> 15;
}

/* Entries are site numbers + 1. */
static bool
grow_sites(IrModule *m)
{
	uint32_t cap = m->site_cap ? m->site_cap * 2 : 32;
	uint32_t *table;

	while (m->sites.n >= cap / 2)
		cap *= 2;
	table = arena_alloc(m->arena, cap * sizeof *table);
	if (!table)
		return false;
	for (uint32_t k = 0; k < m->sites.n; k++) {
		uint32_t h = hash_site(&m->sites.at[k]) & (cap - 1);
		while (table[h])
			h = (h + 1) & (cap - 1);
		table[h] = k + 1;
	}
	m->site_table = table;
	m->site_cap = cap;
	return true;
}

uint32_t
ir_site(IrModule *m, Site s)
{
	uint32_t h;
	Site *fresh;

	if (m->sites.n >= m->site_cap / 2 && !grow_sites(m))
		return 0;
	for (h = hash_site(&s); m->site_table[h & (m->site_cap - 1)]; h++) {
		const Site *old = &m->sites.at[m->site_table[h & (m->site_cap - 1)] - 1];
		if (old->trap == s.trap && old->func == s.func && old->line == s.line)
			return m->site_table[h & (m->site_cap - 1)] - 1;
	}
	fresh = vec_push(m->arena, &m->sites);
	if (!fresh)
		return 0;
	*fresh = s;
	m->site_table[h & (m->site_cap - 1)] = m->sites.n;
	return m->sites.n - 1;
}
