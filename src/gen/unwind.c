/* unwind.c - the unwind data of a module, laid behind its code and constants.
 *
 * Linux: one .eh_frame section, a CIE with an FDE per function.  Windows: an UNWIND_INFO per
 * function, then the table of RUNTIME_FUNCTIONs, ascending, which point to them by their distance
 * from the start of the code.                                  Tests: tests/unit/unwind.c */
#include "gen/gen.h"

static UnwindFunc
describe(const Gen *g, const FrameInfo *f, UnwindStep *steps)
{
	return (UnwindFunc){
		.start = f->start,
		.end = f->end,
		.prologue = f->prologue_bytes,
		.steps = steps,
		.nsteps = g->t->unwind_steps(f, steps),
	};
}

/* Is all that an FDE tells of the two the same, but for where they are?  Entries often are so. */
static bool
is_alike(const FrameInfo *f, const FrameInfo *g)
{
	bool same = f->end - f->start == g->end - g->start && f->frame_bytes == g->frame_bytes &&
		    f->saved == g->saved && f->prologue_bytes == g->prologue_bytes &&
		    f->pushes == g->pushes && f->framed == g->framed && f->nexits == g->nexits;

	for (uint32_t k = 0; same && k < f->nexits; k++)
		same = f->exits[k] - f->start == g->exits[k] - g->start;
	return same;
}

static void
lay_eh_frame(Gen *g, ObjectCode *out)
{
	UnwindStep steps[UNWIND_STEPS], exit_steps[UNWIND_EXIT_STEPS];
	uint8_t record[UNWIND_RECORD];
	uint32_t last = 0; /* where the record before this one is */

	out->unwind = cbuf_here(g->c);
	cbuf_bytes(g->c, record, unwind_cie(g->t->unwind, record));
	for (uint32_t k = 0; k < out->nframes; k++) {
		uint32_t here = cbuf_here(g->c), length = here - last;
		if (k && is_alike(&out->frames[k], &out->frames[k - 1]) &&
		    cbuf_room(g->c, length)) {
			uint8_t *to = g->c->code.at + here;
			memcpy(to, to - length, length);
			unwind_fde_place(to, out->frames[k].start, here, out->unwind);
			g->c->code.n += length;
			last = here;
			continue;
		}
		last = here;
		const FrameInfo *frame = &out->frames[k];
		UnwindFunc f = describe(g, frame, steps);

		f.exit_steps = exit_steps;
		f.nexit_steps = g->t->unwind_exit_steps(frame, exit_steps, &f.exit_end);
		f.exits = frame->exits;
		f.nexits = frame->nexits;
		/* Straight into the buffer: how long it gets depends on the number of returns. */
		if (f.nexits > CBUF_MAX / UNWIND_EXIT / 2) {
			cbuf_fail(g->c, TRIVET_LIMIT, "too much unwind data");
			return;
		}
		if (!cbuf_room(g->c, UNWIND_RECORD + UNWIND_EXIT * f.nexits))
			return;
		g->c->code.n += unwind_fde(g->t->unwind, &f, cbuf_here(g->c), out->unwind,
					   g->c->code.at + g->c->code.n);
	}
	cbuf_u32(g->c, 0);
}

static void
lay_function_table(Gen *g, ObjectCode *out)
{
	UnwindStep steps[UNWIND_STEPS];
	uint8_t record[UNWIND_RECORD];
	uint32_t *info = arena_alloc(g->arena, out->nframes * sizeof *info + 1);

	if (!info) {
		cbuf_fail(g->c, TRIVET_NO_MEMORY, "no memory for unwind data");
		return;
	}
	for (uint32_t k = 0; k < out->nframes; k++) {
		UnwindFunc f = describe(g, &out->frames[k], steps);
		info[k] = cbuf_here(g->c);
		cbuf_bytes(g->c, record, unwind_info(&f, record));
	}
	out->unwind = cbuf_here(g->c);
	for (uint32_t k = 0; k < out->nframes; k++) {
		cbuf_u32(g->c, out->frames[k].start);
		cbuf_u32(g->c, out->frames[k].end);
		cbuf_u32(g->c, info[k]);
	}
}

void
gen_unwind(Gen *g, ObjectCode *out)
{
	if (g->t->unwind == UNWIND_WINDOWS_X64)
		lay_function_table(g, out);
	else
		lay_eh_frame(g, out);
}
