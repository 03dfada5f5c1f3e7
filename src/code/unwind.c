/* unwind.c - from a list of steps to call frame information and to unwind codes. */
#include "code/unwind.h"

#include <assert.h>
#include <stdbool.h>

typedef struct Out {
	uint8_t *at;
	uint32_t n;
} Out;

static void
put8(Out *o, uint32_t v)
{
	o->at[o->n++] = (uint8_t)v;
}

static void
put16(Out *o, uint32_t v)
{
	put8(o, v & 0xff);
	put8(o, v >> 8 & 0xff);
}

static void
put32(Out *o, uint32_t v)
{
	for (uint32_t k = 0; k < 4; k++, v >>= 8)
		o->at[o->n + k] = (uint8_t)v;
	o->n += 4;
}

static void
put_uleb(Out *o, uint32_t v)
{
	for (; v >= 0x80; v >>= 7)
		put8(o, (v & 0x7f) | 0x80);
	put8(o, v);
}

/* ---- DWARF ---------------------------------------------------------------------------------- */

enum {
	CFA_ADVANCE_LOC1 = 0x02,
	CFA_ADVANCE_LOC2 = 0x03,
	CFA_ADVANCE_LOC4 = 0x04,
	CFA_OFFSET_EXTENDED = 0x05,
	CFA_REMEMBER_STATE = 0x0a,
	CFA_RESTORE_STATE = 0x0b,
	CFA_DEF_CFA = 0x0c,
	CFA_DEF_CFA_REGISTER = 0x0d,
	CFA_DEF_CFA_OFFSET = 0x0e,
	CFA_ADVANCE_LOC = 0x40, /* with the distance in the low 6 bits */
	CFA_RESTORE = 0xc0,	/* with the register */
	CFA_OFFSET = 0x80,	/* with the register */

	DATA_ALIGN = 8,		       /* saved registers lie at CFA - 8 n */
	PE_PCREL_SDATA4 = 0x10 | 0x0b, /* addresses are 4 bytes, relative to themselves */
};

/* What differs between the machines. */
typedef struct Dwarf {
	uint8_t sp, ra; /* columns */
	uint8_t entry;	/* CFA - sp when a function is entered */
} Dwarf;

static const Dwarf dwarf_x86_64 = { .sp = 7, .ra = 16, .entry = 8 };
static const Dwarf dwarf_aarch64 = { .sp = 31, .ra = 30, .entry = 0 };

static const Dwarf *
dwarf(UnwindFormat format)
{
	return format == UNWIND_DWARF_AARCH64 ? &dwarf_aarch64 : &dwarf_x86_64;
}

static uint32_t
column(UnwindFormat format, unsigned reg)
{
	/* rax rcx rdx rbx rsp rbp rsi rdi are numbered otherwise by the psABI. */
	static const uint8_t low[8] = { 0, 2, 1, 3, 7, 6, 4, 5 };

	if (format == UNWIND_DWARF_AARCH64)
		return reg < 32 ? reg : reg + 32;
	return reg < 8 ? low[reg] : reg < 32 ? reg : reg - 32 + 17;
}

/* The length comes in front, once it is known, and counts all but itself. */
static uint32_t
finish_record(Out *o)
{
	Out length = { o->at, 0 };

	while (o->n % 4 != 0)
		put8(o, 0); /* DW_CFA_nop */
	put32(&length, o->n - 4);
	return o->n;
}

uint32_t
unwind_cie(UnwindFormat format, uint8_t out[UNWIND_RECORD])
{
	const Dwarf *d = dwarf(format);
	Out o = { out, 0 };

	put32(&o, 0); /* length */
	put32(&o, 0); /* a CIE */
	put8(&o, 1);  /* version */
	put8(&o, 'z');
	put8(&o, 'R');
	put8(&o, 0);
	put_uleb(&o, 1);	     /* code alignment factor */
	put8(&o, 0x80 - DATA_ALIGN); /* data alignment factor, -8 as signed LEB128 */
	put8(&o, d->ra);
	put_uleb(&o, 1); /* bytes of augmentation data */
	put8(&o, PE_PCREL_SDATA4);
	put8(&o, CFA_DEF_CFA);
	put_uleb(&o, d->sp);
	put_uleb(&o, d->entry);
	if (d->entry) {
		put8(&o, CFA_OFFSET | d->ra);
		put_uleb(&o, d->entry / DATA_ALIGN);
	}
	return finish_record(&o);
}

static void
advance(Out *o, uint32_t by)
{
	if (by == 0)
		return;
	if (by < 0x40) {
		put8(o, CFA_ADVANCE_LOC | by);
	} else if (by <= 0xff) {
		put8(o, CFA_ADVANCE_LOC1);
		put8(o, by);
	} else if (by <= 0xffff) {
		put8(o, CFA_ADVANCE_LOC2);
		put16(o, by);
	} else {
		put8(o, CFA_ADVANCE_LOC4);
		put32(o, by);
	}
}

/* The register is saved `below` bytes under the CFA. */
static void
saved(Out *o, uint32_t col, uint32_t below)
{
	assert(below % DATA_ALIGN == 0);
	if (col < 64) {
		put8(o, CFA_OFFSET | col);
	} else {
		put8(o, CFA_OFFSET_EXTENDED);
		put_uleb(o, col);
	}
	put_uleb(o, below / DATA_ALIGN);
}

/* From the mark of an epilogue to its end.  Behind it comes code that has the frame again. */
static void
epilogue(Out *o, UnwindFormat format, const UnwindFunc *f, uint32_t mark, uint32_t cfa,
	 uint32_t *told)
{
	const Dwarf *d = dwarf(format);

	for (uint32_t k = 0; k < f->nexit_steps; k++) {
		const UnwindStep *s = &f->exit_steps[k];
		uint32_t col = column(format, s->reg);

		advance(o, mark + s->at - *told);
		*told = mark + s->at;
		if (k == 0)
			put8(o, CFA_REMEMBER_STATE);
		if (s->kind == UNWIND_FREE) {
			cfa -= s->bytes;
			put8(o, CFA_DEF_CFA_OFFSET);
			put_uleb(o, cfa);
		} else if (s->kind == UNWIND_UNFRAME) {
			put8(o, CFA_DEF_CFA);
			put_uleb(o, d->sp);
			put_uleb(o, d->entry);
		} else {
			assert(s->kind == UNWIND_RESTORE && col < 64);
			put8(o, CFA_RESTORE | col);
		}
	}
	advance(o, mark + f->exit_end - *told);
	*told = mark + f->exit_end;
	put8(o, CFA_RESTORE_STATE);
}

void
unwind_fde_place(uint8_t *fde, uint32_t start, uint32_t at, uint32_t cie_at)
{
	Out o = { fde, 4 }; /* behind its length */

	put32(&o, at + 4 - cie_at);
	put32(&o, start - (at + 8));
}

uint32_t
unwind_fde(UnwindFormat format, const UnwindFunc *f, uint32_t at, uint32_t cie_at, uint8_t *out)
{
	uint32_t cfa = dwarf(format)->entry;
	uint32_t told = 0; /* offset the instructions so far speak of */
	bool by_sp = true;
	Out o = { out, 0 };

	unwind_fde_place(out, f->start, at, cie_at);
	o.n = 12;
	put32(&o, f->end - f->start);
	put_uleb(&o, 0); /* bytes of augmentation data */
	for (uint32_t k = 0; k < f->nsteps; k++) {
		const UnwindStep *s = &f->steps[k];
		uint32_t moved = s->kind == UNWIND_PUSH	   ? 8
				 : s->kind == UNWIND_ALLOC ? s->bytes
							   : 0;

		cfa += moved;
		if (moved && !by_sp && s->kind == UNWIND_ALLOC)
			continue; /* tells nothing more */
		advance(&o, s->at - told);
		told = s->at;
		if (moved && by_sp) {
			put8(&o, CFA_DEF_CFA_OFFSET);
			put_uleb(&o, cfa);
		}
		if (s->kind == UNWIND_FRAME) {
			put8(&o, CFA_DEF_CFA_REGISTER);
			put_uleb(&o, column(format, s->reg));
			by_sp = false;
		} else if (s->kind != UNWIND_ALLOC) {
			saved(&o, column(format, s->reg), cfa - (moved ? 0 : s->bytes));
		}
	}
	for (uint32_t k = 0; k < f->nexits && f->nexit_steps; k++)
		epilogue(&o, format, f, f->exits[k] - f->start, cfa, &told);
	return finish_record(&o);
}

/* ---- Windows -------------------------------------------------------------------------------- */

enum {
	UWOP_PUSH_NONVOL = 0,
	UWOP_ALLOC_LARGE = 1,
	UWOP_ALLOC_SMALL = 2,
	UWOP_SAVE_NONVOL = 4,
	UWOP_SAVE_NONVOL_FAR = 5,
	UWOP_SAVE_XMM128 = 8,
	UWOP_SAVE_XMM128_FAR = 9,
};

static void
code(Out *o, const UnwindStep *s, unsigned op, uint32_t info)
{
	put8(o, s->at);
	put8(o, op | info << 4);
}

/* A save at a scaled offset of 16 bits, or at any of 32. */
static void
save_code(Out *o, const UnwindStep *s)
{
	bool xmm = s->reg >= 32;
	uint32_t scale = xmm ? 16 : 8, reg = s->reg & 15u;

	assert(s->bytes % scale == 0);
	if (s->bytes / scale <= 0xffff) {
		code(o, s, xmm ? UWOP_SAVE_XMM128 : UWOP_SAVE_NONVOL, reg);
		put16(o, s->bytes / scale);
	} else {
		code(o, s, xmm ? UWOP_SAVE_XMM128_FAR : UWOP_SAVE_NONVOL_FAR, reg);
		put32(o, s->bytes);
	}
}

static void
alloc_code(Out *o, const UnwindStep *s)
{
	assert(s->bytes % 8 == 0 && s->bytes);
	if (s->bytes <= 128) {
		code(o, s, UWOP_ALLOC_SMALL, s->bytes / 8 - 1);
	} else if (s->bytes / 8 <= 0xffff) {
		code(o, s, UWOP_ALLOC_LARGE, 0);
		put16(o, s->bytes / 8);
	} else {
		code(o, s, UWOP_ALLOC_LARGE, 1);
		put32(o, s->bytes);
	}
}

/* The codes undo the prologue, so the last step comes first.  The count is of 2-byte units. */
uint32_t
unwind_info(const UnwindFunc *f, uint8_t out[UNWIND_RECORD])
{
	Out o = { out, 0 };

	assert(f->prologue <= 0xff);
	put8(&o, 1); /* version; no flags: no handlers */
	put8(&o, f->prologue);
	put8(&o, 0); /* count */
	put8(&o, 0); /* no frame register */
	for (uint32_t k = f->nsteps; k-- > 0;) {
		const UnwindStep *s = &f->steps[k];

		assert(s->kind != UNWIND_FRAME);
		if (s->kind == UNWIND_PUSH)
			code(&o, s, UWOP_PUSH_NONVOL, s->reg);
		else if (s->kind == UNWIND_ALLOC)
			alloc_code(&o, s);
		else
			save_code(&o, s);
	}
	out[2] = (uint8_t)((o.n - 4) / 2);
	if (o.n % 4 != 0)
		put16(&o, 0);
	return o.n;
}
