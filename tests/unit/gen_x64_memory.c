/* LOAD and STORE as x86-64 code: every kind of element, every form of address, values in registers
 * and as immediates.  If this fails, spans are read or written in the wrong place or width. */
#include "gen_x64.h"

#if !defined(__x86_64__)
int
main(void)
{
	printf("not for this target: it runs x86-64 code\n");
	return 77;
}
#else

enum { BUFFER = 1 << 15, NO_INDEX = 0, INDEX_IN_REGISTER, INDEX_CONSTANT };

typedef struct Access {
	IrMem mem;
	int index_form;
	int64_t index;
	int32_t offset;
	bool constant; /* the value stored */
	uint64_t value;
	bool pressure; /* other values live across: the operands come from slots */
} Access;

static unsigned char memory[BUFFER], expected[BUFFER];

/* f(base, index, value, out): stores value, loads it back, stores that at out. */
static void
build(IrModule *m, const Access *a)
{
	static const uint8_t types[] = { IR_I64, IR_I64, IR_I64, IR_I64 };
	IrFunc *f = ir_func(m);
	IrType t = (IrType)ir_mem_type[a->mem];
	Val p[4], live[20], index = 0, value, v;

	f->name = STR("access");
	f->params = types;
	f->nparams = 4;
	f->source = f->entry_thunk = m->funcs.n - 1;
	for (uint32_t k = 0; k < 4; k++)
		p[k] = ir_append(f, 0, (Ins){ .op = IR_PARAM, .type = IR_I64, .aux = (int32_t)k });
	for (int k = 0; a->pressure && k < 20; k++)
		live[k] = ir_load(f, 0, MEM_W64, p[3], 0, 8 + 8 * k);
	if (a->index_form == INDEX_IN_REGISTER)
		index = p[1];
	else if (a->index_form == INDEX_CONSTANT)
		index = ir_const(f, IR_I64, (uint64_t)a->index);
	value = p[2];
	if (a->constant)
		value = ir_const(f, t, a->value);
	else if (t == IR_I32)
		value = ir_ins(f, 0, IR_WRAP, t, value, 0);
	else if (t == IR_F64)
		value = ir_ins(f, 0, IR_BITCAST, t, value, 0);
	else if (t == IR_F32)
		value = ir_ins(f, 0, IR_BITCAST, t, ir_ins(f, 0, IR_WRAP, IR_I32, value, 0), 0);
	ir_append(f, 0,
		  (Ins){ .op = IR_STORE,
			 .cc = (uint8_t)a->mem,
			 .arg = { p[0], index, value },
			 .aux = a->offset });
	v = ir_append(f, 0,
		      (Ins){ .op = IR_LOAD,
			     .type = (uint8_t)t,
			     .cc = (uint8_t)a->mem,
			     .arg = { p[0], index },
			     .aux = a->offset });
	ir_store(f, 0,
		 t == IR_I32   ? MEM_W32
		 : t == IR_I64 ? MEM_W64
		 : t == IR_F32 ? MEM_F32
			       : MEM_F64,
		 p[3], 0, 0, v);
	for (int k = 0; a->pressure && k < 20; k++)
		ir_store(f, 0, MEM_W64, p[3], 0, 8 + 8 * k, live[k]);
	ir_ret(f, 0, 0);
}

static uint64_t
loaded_back(IrMem mem, uint64_t v)
{
	switch (mem) {
	case MEM_S8: return (uint64_t)(int64_t)(int8_t)v & UINT32_MAX;
	case MEM_U8: return (uint8_t)v;
	case MEM_S16: return (uint64_t)(int64_t)(int16_t)v & UINT32_MAX;
	case MEM_U16: return (uint16_t)v;
	case MEM_W64:
	case MEM_F64: return v;
	default: return (uint32_t)v;
	}
}

typedef void(__attribute__((sysv_abi)) * SysvFn)(void *, int64_t, uint64_t, uint64_t *);
typedef void(__attribute__((ms_abi)) * Win64Fn)(void *, int64_t, uint64_t, uint64_t *);

static void
run(const Access *a, bool win64, uint64_t entry)
{
	unsigned bytes = ir_mem_bytes[a->mem];
	int64_t at = BUFFER / 2 + a->offset + (a->index_form ? a->index * (int64_t)bytes : 0);
	uint64_t out[21], before[21];
	char what[120];

	for (unsigned k = 0; k < BUFFER; k++)
		memory[k] = expected[k] = (unsigned char)rnd();
	for (unsigned k = 0; k < 21; k++)
		out[k] = before[k] = rnd();
	memcpy(expected + at, &a->value, bytes);
	if (win64) {
		((Win64Fn)(uintptr_t)entry)(memory + BUFFER / 2, a->index, a->value, out);
		KEEP_APART("Microsoft");
	} else {
		((SysvFn)(uintptr_t)entry)(memory + BUFFER / 2, a->index, a->value, out);
		KEEP_APART("System V");
	}
	snprintf(what, sizeof what, "%s: kind %d index form %d %d offset %d constant %d",
		 win64 ? "win64" : "sysv", (int)a->mem, a->index_form, (int)a->index,
		 (int)a->offset, a->constant);
	check_true(memcmp(memory, expected, BUFFER) == 0, what, "stored", 0);
	check_true(ir_mem_type[a->mem] == IR_I64 || ir_mem_type[a->mem] == IR_F64
			   ? out[0] == loaded_back(a->mem, a->value)
			   : (uint32_t)out[0] == loaded_back(a->mem, a->value),
		   what, "loaded", 0);
	check_true(memcmp(out + 1, before + 1, sizeof out - 8) == 0, what, "live values", 0);
}

static unsigned
list(Access *out)
{
	static const int32_t offsets[] = { 0, 8, -1, 127, -128, 129, -2000 };
	static const int64_t indexes[] = { 0, 1, -1, 15, 16, -17, 500 };
	static const uint64_t values[] = { 0,
					   1,
					   0x7f,
					   0x80,
					   0xffff,
					   0x80000000,
					   0x123456789abcdef0,
					   0xffffffffffffffff,
					   0x3ff0000000000000,
					   0x3f800000 };
	unsigned n = 0;

	for (unsigned mem = 0; mem < MEM_COUNT; mem++)
		for (unsigned k = 0; k < 60; k++) {
			Access a = { .mem = (IrMem)mem, .index_form = (int)(k % 3) };
			unsigned t = ir_mem_type[mem];
			a.offset = offsets[rnd() % 7];
			a.index = indexes[rnd() % 7];
			a.value = values[rnd() % 10];
			a.constant = rnd() & 1;
			a.pressure = rnd() & 1;
			if (t == IR_F32)
				a.value = (uint32_t)a.value;
			/* a constant NaN would become the canonical one */
			if ((t == IR_F64 && a.value > UINT64_C(0x7ff0000000000000)) ||
			    (t == IR_F32 && (a.value & 0x7fffffff) > 0x7f800000))
				a.value = 0x40490fdb;
			out[n++] = a;
		}
	return n;
}

/* A constant index that no displacement can hold must still reach: base - far + far. */
static void
far_index(const GenOptions *o)
{
	static const int64_t far[] = { INT32_MAX, INT32_MIN, INT64_C(1) << 40, 300000000 };

	for (unsigned k = 0; k < 4; k++) {
		Access a = {
			.mem = MEM_W64, .index_form = INDEX_CONSTANT, .index = far[k], .value = 77
		};
		bool win64 = o->target == &target_x86_64_windows;
		uint64_t out[21] = { 0 }, cell = 0;
		char *base = (char *)(uintptr_t)((uintptr_t)&cell - (uint64_t)far[k] * 8);
		IrModule *m;
		Loaded l;
		Mem mem;
		Arena arena;

		mem_init(&mem, NULL);
		arena_init(&arena, &mem);
		m = ir_module(&arena);
		build(m, &a);
		if (load_module(&mem, &arena, m, o, NULL, &l)) {
			uint64_t entry = entry_of(&l, l.o.funcs[0].entry);
			if (win64) {
				((Win64Fn)(uintptr_t)entry)(base, 0, 77, out);
				KEEP_APART("Microsoft");
			} else {
				((SysvFn)(uintptr_t)entry)(base, 0, 77, out);
				KEEP_APART("System V");
			}
			CHECK_EQ(cell, 77);
			CHECK_EQ(out[0], 77);
			unload_module(&l);
		}
		arena_free(&arena);
	}
}

int
main(void)
{
	static Access accesses[MEM_COUNT * 60];
	unsigned n = list(accesses);

	for (unsigned k = 0; k < 8; k++) {
		GenOptions o = {
			.target = x64_targets[k & 1],
			.quality = k & 2 ? QUALITY_BASELINE : QUALITY_OPTIMIZED,
			.available = k & 4 ? UINT64_C(0xb00c00403b) : ~UINT64_C(0),
			.verify = true,
		};
		Mem mem;
		Arena arena;
		IrModule *m;
		Loaded l;

		mem_init(&mem, NULL);
		arena_init(&arena, &mem);
		m = ir_module(&arena);
		for (unsigned i = 0; i < n; i++)
			build(m, &accesses[i]);
		if (load_module(&mem, &arena, m, &o, NULL, &l)) {
			for (unsigned i = 0; i < n; i++)
				run(&accesses[i], k & 1, entry_of(&l, l.o.funcs[i].entry));
			unload_module(&l);
		}
		arena_free(&arena);
		far_index(&o);
	}
	return check_done();
}
#endif
