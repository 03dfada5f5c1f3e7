/* moves.c - parallel moves: every partial function over five places, and long random ones.
 *
 * If this fails, values are lost where blocks meet, at calls, and where values go to memory. */
#include "gen/gen.h"
#include "check.h"

enum { INT_SCRATCH = 20, FP_SCRATCH = REG_FP + 20, MOST = 4000 };

/* A machine that does one move after the other.  Halves that a narrow move does not define become
 * rubbish, and constants may take the scratch registers. */
typedef struct Machine {
	uint64_t regs[64], slots[MOST], in[8], out[MOST];
	uint32_t steps;
	bool illegal;
} Machine;

static const uint64_t rubbish = UINT64_C(0xdeadbeef00000000);

static uint64_t *
cell(Machine *m, Loc l)
{
	switch (loc_kind(l)) {
	case LOC_REG: return &m->regs[loc_n(l)];
	case LOC_SLOT: return &m->slots[loc_n(l)];
	case LOC_IN: return &m->in[loc_n(l)];
	default: return &m->out[loc_n(l)];
	}
}

static bool
is_fp(IrType t)
{
	return t == IR_F32 || t == IR_F64;
}

static bool
is_wide(IrType t)
{
	return t == IR_I64 || t == IR_F64;
}

static uint64_t
constant(uint32_t v)
{
	return (v + 1) * UINT64_C(0x0101010101010101);
}

static void
step(void *user, Loc to, Loc from, IrType type)
{
	Machine *m = user;
	uint64_t v;

	m->steps++;
	for (unsigned k = 0; k < 2; k++) {
		Loc l = k ? to : from;
		m->illegal |= loc_kind(l) == LOC_REG && reg_is_fp((Reg)loc_n(l)) != is_fp(type);
	}
	m->illegal |= loc_kind(from) == LOC_OUT || loc_kind(to) == LOC_IN ||
		      loc_kind(to) == LOC_CONST || loc_kind(to) == LOC_NONE ||
		      loc_kind(from) == LOC_NONE;
	m->illegal |=
		loc_kind(to) != LOC_REG && loc_kind(from) != LOC_REG && loc_kind(from) != LOC_CONST;
	if (m->illegal)
		return;
	if (loc_kind(from) == LOC_CONST) {
		v = constant(loc_n(from));
		m->regs[INT_SCRATCH] = m->regs[FP_SCRATCH] = rubbish;
	} else {
		v = *cell(m, from);
	}
	*cell(m, to) = is_wide(type) ? v : (uint32_t)v | rubbish;
}

/* Runs the moves and compares each destination, as far as its type reaches. */
static bool
run(const Move *moves, uint32_t n, Machine *m, uint64_t *want, Move *work)
{
	for (uint32_t k = 0; k < n; k++) {
		Loc from = moves[k].from;
		work[k] = moves[k];
		if (loc_kind(from) != LOC_NONE)
			want[k] = loc_kind(from) == LOC_CONST ? constant(loc_n(from))
							      : *cell(m, from);
	}
	m->steps = 0;
	m->illegal = false;
	moves_emit(work, n, INT_SCRATCH, FP_SCRATCH, step, m);
	bool ok = !m->illegal;
	for (uint32_t k = 0; k < n; k++) {
		uint64_t mask = is_wide((IrType)moves[k].type) ? ~UINT64_C(0) : UINT32_MAX;
		if (loc_kind(moves[k].from) != LOC_NONE && loc_kind(moves[k].to) != LOC_NONE)
			ok &= ((*cell(m, moves[k].to) ^ want[k]) & mask) == 0;
		ok &= work[k].before == moves[0].before && work[k].phase == moves[0].phase;
	}
	return ok;
}

static Machine machine;
static uint64_t want[MOST];
static Move work[MOST], moves[MOST];

static void
fill(Machine *m)
{
	for (uint32_t k = 0; k < 64; k++)
		m->regs[k] = (k + 1) * UINT64_C(0x9e3779b97f4a7c15);
	for (uint32_t k = 0; k < 8; k++)
		m->slots[k] = (k + 101) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Five places, each a general register, a floating one or a slot; each takes its value from one of
 * the five, from a constant, or keeps it. */
static void
test_all(void)
{
	unsigned long count = 0;
	bool ok = true;

	for (uint32_t kinds = 0; kinds < 243; kinds++) {
		Loc places[6] = { 0 };
		for (uint32_t k = 0, rest = kinds; k < 5; k++, rest /= 3)
			places[k] = rest % 3 == 0   ? LOC(LOC_REG, k + 1)
				    : rest % 3 == 1 ? LOC(LOC_REG, REG_FP + k + 1)
						    : LOC(LOC_SLOT, k);
		for (uint32_t map = 0; map < 7776; map++) {
			uint32_t n = 0;
			bool possible = true;
			for (uint32_t k = 0, rest = map; k < 5; k++, rest /= 6) {
				Loc to = places[k], from = places[rest % 6];
				bool wide = (map + k) % 3 != 0;
				bool reg_to = loc_kind(to) == LOC_REG, fp = map & 1;
				if (rest % 6 == 5)
					from = LOC(LOC_CONST, k);
				else if (rest % 6 == k && (map + kinds) % 5)
					continue;
				bool reg_from = loc_kind(from) == LOC_REG;
				if (reg_to || reg_from)
					fp = reg_is_fp((Reg)loc_n(reg_to ? to : from));
				if (reg_to && reg_from && reg_is_fp((Reg)loc_n(from)) != fp)
					possible = false;
				moves[n++] = (Move){ 77, 1,
						     (uint8_t)(fp     ? wide ? IR_F64 : IR_F32
							       : wide ? IR_I64
								      : IR_I32),
						     to, from };
			}
			if (!possible)
				continue;
			fill(&machine);
			ok &= run(moves, n, &machine, want, work);
			ok &= machine.steps <= 2 * n + 1;
			count++;
		}
	}
	CHECK(ok);
	printf("%lu moves over five places\n", count);
	CHECK(count > 500000);
}

static uint32_t
next_random(uint32_t *state, uint32_t n)
{
	*state = *state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)*state * n >> 32);
}

/* A permutation of n slots with some general registers in it; every seventh goes out, too. */
static void
test_long(uint32_t n, uint32_t seed)
{
	static Loc places[MOST];
	uint32_t count = n;

	for (uint32_t k = 0; k < n; k++) {
		machine.slots[k] = (k + 1) * UINT64_C(0xd6e8feb86659fd93);
		places[k] = k < 12 ? LOC(LOC_REG, k) : LOC(LOC_SLOT, k);
	}
	for (uint32_t k = 0; k < n; k++)
		moves[k] = (Move){ 5, 2, IR_I64, places[k], 0 };
	for (uint32_t k = n; k-- > 1;) {
		uint32_t j = next_random(&seed, k + 1);
		Loc t = places[k];
		places[k] = places[j];
		places[j] = t;
	}
	for (uint32_t k = 0; k < n; k++)
		moves[k].from = places[k];
	for (uint32_t k = 0; k < n; k += 7) {
		moves[count] = moves[k];
		moves[count++].to = LOC(LOC_OUT, k);
	}
	CHECK(run(moves, count, &machine, want, work));
}

static void
test_corners(void)
{
	fill(&machine);
	moves[0] = (Move){ 1, 0, IR_I64, LOC_NONE, LOC(LOC_REG, 1) };
	moves[1] = (Move){ 1, 0, IR_I64, LOC(LOC_REG, 2), LOC_NONE };
	moves[2] = (Move){ 1, 0, IR_I64, LOC(LOC_REG, 3), LOC(LOC_REG, 3) };
	CHECK(run(moves, 3, &machine, want, work));
	CHECK_EQ(machine.steps, 0);
	for (uint32_t k = 0; k < 3; k++) {
		CHECK(run(moves + k, 1, &machine, want, work));
		CHECK_EQ(machine.steps, 0);
	}
	machine.in[2] = 4711;
	moves[0] = (Move){ 1, 0, IR_I64, LOC(LOC_OUT, 2), LOC(LOC_IN, 2) };
	CHECK(run(moves, 1, &machine, want, work));
	CHECK_EQ(machine.out[2], 4711);
	/* A register to two places and a swap need no more than their share. */
	moves[0] = (Move){ 1, 0, IR_I64, LOC(LOC_REG, 1), LOC(LOC_REG, 2) };
	moves[1] = (Move){ 1, 0, IR_I64, LOC(LOC_REG, 2), LOC(LOC_REG, 1) };
	moves[2] = (Move){ 1, 0, IR_I64, LOC(LOC_REG, 3), LOC(LOC_REG, 1) };
	CHECK(run(moves, 3, &machine, want, work));
	CHECK(machine.steps <= 4);
	moves_emit(NULL, 0, INT_SCRATCH, FP_SCRATCH, step, &machine);
}

int
main(void)
{
	test_corners();
	test_all();
	for (uint32_t n = 2; n <= 3000; n = n * 3 / 2 + 1)
		test_long(n, n);
	return check_done();
}
