/* address.c - a constant added to an index becomes part of the offset of the load or store.
 *
 * Addresses are sums modulo 2^64, so (i + c) * size is i * size + c * size whatever wraps.  Only
 * where the sum is used for nothing else, as a bounds check would be: else nothing is saved. */
#include "opt/edit.h"

enum { FAR = 1 << 20 };

static bool
is_access(const IrFunc *f, Val v)
{
	return f->ins.at[v].op == IR_LOAD || f->ins.at[v].op == IR_STORE;
}

/* Which values are used but as indexes? */
static bool *
find_uses(IrFunc *f, Arena *a)
{
	bool *used = arena_alloc(a, f->ins.n);
	uint32_t n;

	for (Val v = 1; used && v < f->ins.n; v++) {
		const Val *args;

		if (f->ins.at[v].op == IR_NOP)
			continue;
		args = ir_args(f, v, &n);
		for (uint32_t k = 0; k < n; k++)
			used[args[k]] |= k != 1 || !is_access(f, v);
	}
	return used;
}

bool
address_run(IrFunc *f, OptContext *o)
{
	bool *used = find_uses(f, o->arena);
	bool changed = false;

	for (Val v = 1; used && v < f->ins.n; v++) {
		Ins *i = &f->ins.at[v];
		const Ins *sum;
		int64_t c, to;

		if (!is_access(f, v) || !i->arg[1])
			continue;
		sum = &f->ins.at[i->arg[1]];
		if (sum->op != IR_ADD || used[i->arg[1]] || !ir_is_const(f, sum->arg[1]))
			continue;
		c = (int64_t)ir_const_bits(f, sum->arg[1]);
		if (c < -FAR || c > FAR)
			continue;
		to = i->aux + c * ir_mem_bytes[i->cc];
		if (to < -8 * FAR || to > 8 * FAR)
			continue;
		i->aux = (int32_t)to;
		i->arg[1] = sum->arg[0];
		changed = true;
	}
	return changed;
}
