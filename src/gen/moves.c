/* moves.c - parallel moves, one after the other.
 *
 * Seen as a graph, each move points at the one that overwrites its source: a move may be emitted
 * once no pending move reads its destination.  What remains after all such chains are pure cycles,
 * each of which parks one value in a scratch register.  The array is sorted by destination so that
 * "who overwrites this place" is a binary search, and its own spare fields hold the counts: nothing
 * is allocated however long the move is.                              Tests: tests/unit/moves.c */
#include "gen/gen.h"

typedef struct Mover {
	Move *m; /* sorted by `to`; `before` counts pending readers of `to`, `phase` is a state */
	uint32_t n;
	Reg int_scratch, fp_scratch;
	MoveFn *move;
	void *user;
} Mover;

enum { MOVE_PENDING, MOVE_DONE, MOVE_CONST };
#define NO_MOVE UINT32_MAX

static bool
is_fp(uint8_t type)
{
	return type == IR_F32 || type == IR_F64;
}

static void
sift_down(Move *m, uint32_t at, uint32_t n)
{
	for (;;) {
		uint32_t child = 2 * at + 1;
		if (child >= n)
			return;
		if (child + 1 < n && m[child + 1].to > m[child].to)
			child++;
		if (m[at].to >= m[child].to)
			return;
		Move t = m[at];
		m[at] = m[child];
		m[child] = t;
		at = child;
	}
}

static void
sort_by_destination(Move *m, uint32_t n)
{
	if (n <= 16) {
		for (uint32_t i = 1; i < n; i++) {
			Move t = m[i];
			uint32_t j = i;
			for (; j > 0 && m[j - 1].to > t.to; j--)
				m[j] = m[j - 1];
			m[j] = t;
		}
		return;
	}
	for (uint32_t i = n / 2; i-- > 0;)
		sift_down(m, i, n);
	for (uint32_t i = n; i-- > 1;) {
		Move t = m[0];
		m[0] = m[i];
		m[i] = t;
		sift_down(m, 0, i);
	}
}

/* The move that writes `place`, or NO_MOVE. */
static uint32_t
writer_of(const Mover *mv, Loc place)
{
	uint32_t low = 0, high = mv->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (mv->m[mid].to < place)
			low = mid + 1;
		else
			high = mid;
	}
	return low < mv->n && mv->m[low].to == place ? low : NO_MOVE;
}

/* One move; memory to memory goes whole through a scratch register of the class asked for. */
static void
emit_one(const Mover *mv, Loc to, Loc from, uint8_t type, bool through_fp)
{
	if (loc_kind(to) != LOC_REG && loc_kind(from) != LOC_REG && loc_kind(from) != LOC_CONST) {
		Loc scratch = LOC(LOC_REG, through_fp ? mv->fp_scratch : mv->int_scratch);
		IrType t = through_fp == is_fp(type) ? (IrType)type : through_fp ? IR_F64 : IR_I64;
		mv->move(mv->user, scratch, from, t);
		mv->move(mv->user, to, scratch, t);
	} else {
		mv->move(mv->user, to, from, (IrType)type);
	}
}

/* Emits move i, and each next one that only waited for it. */
static void
emit_chain(const Mover *mv, uint32_t i)
{
	while (i != NO_MOVE) {
		Move *m = &mv->m[i];
		emit_one(mv, m->to, m->from, m->type, is_fp(m->type));
		m->phase = MOVE_DONE;
		i = writer_of(mv, m->from);
		if (i != NO_MOVE && (--mv->m[i].before != 0 || mv->m[i].phase != MOVE_PENDING))
			i = NO_MOVE;
	}
}

/* Move `first` is in a cycle of pending moves.  The last of them finds its source in the scratch
 * register of its class; those in memory before it pass through the other one. */
static void
emit_cycle(const Mover *mv, uint32_t first)
{
	uint32_t last = first, next;

	while ((next = writer_of(mv, mv->m[last].from)) != first)
		last = next;
	bool fp = is_fp(mv->m[last].type);
	Loc scratch = LOC(LOC_REG, fp ? mv->fp_scratch : mv->int_scratch);

	mv->move(mv->user, scratch, mv->m[last].from, (IrType)mv->m[last].type);
	for (uint32_t i = first; i != last; i = writer_of(mv, mv->m[i].from)) {
		emit_one(mv, mv->m[i].to, mv->m[i].from, mv->m[i].type, !fp);
		mv->m[i].phase = MOVE_DONE;
	}
	mv->move(mv->user, mv->m[last].to, scratch, (IrType)mv->m[last].type);
	mv->m[last].phase = MOVE_DONE;
}

void
moves_emit(Move *m, uint32_t n, Reg int_scratch, Reg fp_scratch, MoveFn *move, void *user)
{
	const Mover mv = { m, n, int_scratch, fp_scratch, move, user };

	if (n == 0)
		return;
	if (n == 1) {
		if (m->to != m->from && loc_kind(m->to) != LOC_NONE &&
		    loc_kind(m->from) != LOC_NONE)
			emit_one(&mv, m->to, m->from, m->type, is_fp(m->type));
		return;
	}
	const Val before = m->before;
	const uint8_t phase = m->phase;

	sort_by_destination(m, n);
	for (uint32_t i = 0; i < n; i++) {
		bool moot = m[i].to == m[i].from || loc_kind(m[i].to) == LOC_NONE ||
			    loc_kind(m[i].from) == LOC_NONE;
		m[i].before = 0;
		m[i].phase = moot				? MOVE_DONE
			     : loc_kind(m[i].from) == LOC_CONST ? MOVE_CONST
								: MOVE_PENDING;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t w = m[i].phase == MOVE_PENDING ? writer_of(&mv, m[i].from) : NO_MOVE;
		if (w != NO_MOVE)
			m[w].before++;
	}
	for (uint32_t i = 0; i < n; i++)
		if (m[i].phase == MOVE_PENDING && m[i].before == 0)
			emit_chain(&mv, i);
	for (uint32_t i = 0; i < n; i++)
		if (m[i].phase == MOVE_PENDING)
			emit_cycle(&mv, i);
	for (uint32_t i = 0; i < n; i++)
		if (m[i].phase == MOVE_CONST)
			emit_one(&mv, m[i].to, m[i].from, m[i].type, false);
	for (uint32_t i = 0; i < n; i++) {
		m[i].before = before;
		m[i].phase = phase;
	}
}
