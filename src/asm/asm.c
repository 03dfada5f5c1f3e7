/* asm.c - the public assembler around both instruction sets: labels, data, constants, finishing.
 *
 * Instructions are in x86_64_public.c and aarch64_public.c, which append to the same Cbuf. */
#include "asm/asm.h"
#include "asm/aarch64.h"
#include "asm/aarch64_table.h"
#include "asm/x86_64.h"

/* ---- Life ---- */

trivet_status
trivet_asm_open(const trivet_allocator *allocator, trivet_isa isa, trivet_asm **out)
{
	trivet_asm *a;
	Mem mem;

	if (!out)
		return TRIVET_ARGUMENT;
	*out = NULL;
	if (isa != TRIVET_ISA_X86_64 && isa != TRIVET_ISA_AARCH64)
		return TRIVET_ARGUMENT;
	mem_init(&mem, allocator);
	a = mem_resize(&mem, NULL, 0, sizeof *a);
	if (!a)
		return TRIVET_NO_MEMORY;
	memset(a, 0, sizeof *a);
	a->mem = mem;
	a->isa = isa;
	arena_init(&a->arena, &a->mem);
	cbuf_init(&a->buf, &a->arena);
	*out = a;
	return TRIVET_OK;
}

void
trivet_asm_close(trivet_asm *a)
{
	Mem mem;

	if (!a)
		return;
	arena_free(&a->arena);
	mem = a->mem;
	mem_resize(&mem, a, sizeof *a, 0);
}

void
trivet_asm_reset(trivet_asm *a)
{
	if (!a)
		return;
	a->mem.failed = false;
	a->finished = a->late = false;
	a->constants.n = a->addresses.n = 0;
	if (a->slots.n)
		memset(a->slots.at, 0, a->slots.n * sizeof *a->slots.at);
	a->buf.code.n = a->buf.labels.n = a->buf.fixups.n = 0;
	a->buf.err = TRIVET_OK;
	a->buf.message[0] = 0;
}

/* ---- Errors ---- */

trivet_status
trivet_asm_status(const trivet_asm *a)
{
	if (!a)
		return TRIVET_ARGUMENT;
	if (a->finished)
		return a->late ? TRIVET_SEALED : TRIVET_OK;
	return a->buf.err;
}

const char *
trivet_asm_message(const trivet_asm *a)
{
	return !a ? "no assembler" : trivet_asm_status(a) == TRIVET_OK ? "" : a->buf.message;
}

bool
asm_refuse(trivet_asm *a)
{
	a->late = a->finished;
	return false;
}

void
asm_fail_operand(trivet_asm *a, const char *mnemonic, unsigned operand, const char *format, ...)
{
	char what[sizeof a->buf.message], message[sizeof a->buf.message], where[16] = "";
	Text t;
	va_list args;

	if (!asm_ready(a))
		return;
	text_init(&t, &a->arena);
	va_start(args, format);
	text_addv(&t, format, args);
	va_end(args);
	mem_format(what, sizeof what, "%s", t.at ? t.at : "not a valid operand");
	if (operand)
		mem_format(where, sizeof where, "operand %u: ", operand);
	mem_format(message, sizeof message, "%s: %s%s (at byte %u)", mnemonic, where, what,
		   (unsigned)cbuf_here(&a->buf));
	cbuf_fail(&a->buf, TRIVET_OPERAND, message);
}

/* ---- Labels and data ---- */

trivet_label
trivet_asm_label(trivet_asm *a)
{
	return asm_ready(a) ? cbuf_label(&a->buf) : 0;
}

void
trivet_asm_bind(trivet_asm *a, trivet_label l)
{
	if (asm_ready(a))
		cbuf_bind(&a->buf, l);
}

size_t
trivet_asm_offset(const trivet_asm *a)
{
	return a ? cbuf_here(&a->buf) : 0;
}

trivet_status
trivet_asm_label_offset(const trivet_asm *a, trivet_label l, size_t *out)
{
	if (!a || !out)
		return TRIVET_ARGUMENT;
	*out = 0;
	if (l >= a->buf.labels.n || a->buf.labels.at[l] == LABEL_UNBOUND)
		return TRIVET_LABEL;
	*out = a->buf.labels.at[l];
	return TRIVET_OK;
}

void
trivet_asm_bytes(trivet_asm *a, const void *bytes, size_t n)
{
	if (!asm_ready(a) || n == 0)
		return;
	if (!bytes)
		cbuf_fail(&a->buf, TRIVET_ARGUMENT, "the bytes to append are at NULL");
	else if (n > CBUF_MAX)
		cbuf_fail(&a->buf, TRIVET_LIMIT, "the code is too long");
	else
		cbuf_bytes(&a->buf, bytes, (uint32_t)n);
}

static void
no_operations(trivet_asm *a, uint32_t n)
{
	if (a->isa == TRIVET_ISA_X86_64) {
		x64_nop(&a->buf, n);
		return;
	}
	for (; n & 3; n--) /* after data */
		cbuf_u8(&a->buf, 0);
	for (; n; n -= 4)
		cbuf_u32(&a->buf, a64_hint(A64_NOP));
}

/* By the fixup of an alignment that ends here. */
static bool
is_aligned(const Cbuf *c, uint32_t to)
{
	const Fixup *f = c->fixups.n ? &c->fixups.at[c->fixups.n - 1] : NULL;

	return to == 1 || (f && f->kind == CBUF_ALIGN && f->to >= to &&
			   f->at + (uint32_t)f->addend == cbuf_here(c));
}

/* The fixup has the padding follow when branches before it become shorter. */
void
trivet_asm_align(trivet_asm *a, size_t to)
{
	uint32_t n;

	if (!asm_ready(a))
		return;
	if (to == 0 || (to & (to - 1)) != 0 || to > 4096) {
		cbuf_fail(&a->buf, TRIVET_ARGUMENT, "an alignment is a power of two up to 4096");
		return;
	}
	n = (0 - cbuf_here(&a->buf)) & (uint32_t)(to - 1);
	if (a->isa == TRIVET_ISA_X86_64 && !is_aligned(&a->buf, (uint32_t)to))
		cbuf_fixup(&a->buf, CBUF_ALIGN, cbuf_here(&a->buf), (uint32_t)to, (int32_t)n);
	no_operations(a, n);
}

void
trivet_asm_address(trivet_asm *a, trivet_label l, int64_t addend)
{
	uint32_t here;

	if (!asm_ready(a))
		return;
	if (addend != (int32_t)addend) {
		cbuf_fail(&a->buf, TRIVET_RANGE, "the addend of an address has 32 bits");
		return;
	}
	here = cbuf_here(&a->buf);
	cbuf_u64(&a->buf, 0);
	cbuf_fixup(&a->buf, CBUF_ABS64, here, l, (int32_t)addend);
}

/* ---- Constants ---- */

/* Where in the table it is, or where it would go. */
static uint32_t *
find(const trivet_asm *a, const uint8_t *bytes, uint32_t size)
{
	uint32_t h = size, mask = a->slots.n - 1;

	for (uint32_t i = 0; i < size; i++) /* FNV-1a */
		h = (h ^ bytes[i]) * 0x01000193u;
	for (h ^= h >> 15;; h++) {
		uint32_t *slot = &a->slots.at[h & mask];
		const AsmConstant *k;

		if (*slot == 0)
			return slot;
		k = &a->constants.at[*slot - 1];
		if (k->size == size && !memcmp(k->bytes, bytes, size))
			return slot;
	}
}

/* Room for one more, at most three quarters full. */
static bool
widen_table(trivet_asm *a)
{
	uint32_t want = a->slots.n ? a->slots.n * 2 : 16;

	if ((a->constants.n + 1) * 4 <= a->slots.n * 3)
		return true;
	if (!vec_reserve(&a->arena, (void **)&a->slots.at, &a->slots.cap, sizeof *a->slots.at,
			 want))
		return false;
	a->slots.n = want;
	memset(a->slots.at, 0, want * sizeof *a->slots.at);
	for (uint32_t i = 0; i < a->constants.n; i++)
		*find(a, a->constants.at[i].bytes, a->constants.at[i].size) = i + 1;
	return true;
}

trivet_label
trivet_asm_constant(trivet_asm *a, const void *bytes, size_t n)
{
	AsmConstant *k;
	uint32_t *slot;

	if (!asm_ready(a))
		return 0;
	if (!bytes || (n != 4 && n != 8 && n != 16)) {
		cbuf_fail(&a->buf, TRIVET_ARGUMENT, "a constant has 4, 8 or 16 bytes");
		return 0;
	}
	if (!widen_table(a)) {
		cbuf_fail(&a->buf, TRIVET_NO_MEMORY, "no memory for constants");
		return 0;
	}
	slot = find(a, bytes, (uint32_t)n);
	if (*slot)
		return a->constants.at[*slot - 1].label;
	k = vec_push(&a->arena, &a->constants);
	if (!k) {
		cbuf_fail(&a->buf, TRIVET_NO_MEMORY, "no memory for constants");
		return 0;
	}
	memcpy(k->bytes, bytes, n);
	k->size = (uint32_t)n;
	k->label = cbuf_label(&a->buf);
	*slot = a->constants.n;
	return k->label;
}

/* The largest first, so that only the first needs padding: with what traps when run into. */
static void
place_constants(trivet_asm *a)
{
	uint8_t fill = a->isa == TRIVET_ISA_X86_64 ? 0xcc : 0;

	for (uint32_t size = 16; size >= 4; size /= 2)
		for (uint32_t i = 0; i < a->constants.n; i++) {
			const AsmConstant *k = &a->constants.at[i];

			if (k->size != size)
				continue;
			cbuf_align(&a->buf, size, fill);
			cbuf_bind(&a->buf, k->label);
			cbuf_bytes(&a->buf, k->bytes, size);
		}
}

/* ---- The end ---- */

/* Once: afterwards only addresses change, with the base. */
static void
resolve(trivet_asm *a)
{
	Cbuf *c = &a->buf;

	if (a->isa == TRIVET_ISA_X86_64)
		x64_relax(c, (X64Mark){ 0, 0, 0 }, NULL, 0, 0);
	place_constants(a);
	for (uint32_t i = 0; i < c->fixups.n && c->err == TRIVET_OK; i++) {
		Fixup *f = c->fixups.at[i].kind == CBUF_ABS64 ? vec_push(&a->arena, &a->addresses)
							      : NULL;
		if (f)
			*f = c->fixups.at[i];
	}
	if (a->mem.failed)
		cbuf_fail(c, TRIVET_NO_MEMORY, "no memory to finish");
	if (cbuf_link(c, a->isa == TRIVET_ISA_X86_64 ? x64_patch : a64_patch) != TRIVET_OK)
		return;
	a->finished = true;
	cbuf_fail(c, TRIVET_SEALED, "the code is finished; only trivet_asm_reset() starts anew");
}

trivet_status
trivet_asm_finish(trivet_asm *a, uint64_t base, const uint8_t **code, size_t *size)
{
	if (code)
		*code = NULL;
	if (size)
		*size = 0;
	if (!a)
		return TRIVET_ARGUMENT;
	if (!a->finished && a->buf.err == TRIVET_OK)
		resolve(a);
	if (trivet_asm_status(a) != TRIVET_OK)
		return trivet_asm_status(a);
	for (uint32_t i = 0; i < a->addresses.n; i++) {
		const Fixup *f = &a->addresses.at[i];
		uint64_t v = base + a->buf.labels.at[f->to] + (uint64_t)(int64_t)f->addend;

		cbuf_put32(a->buf.code.at + f->at, (uint32_t)v);
		cbuf_put32(a->buf.code.at + f->at + 4, (uint32_t)(v >> 32));
	}
	if (code)
		*code = a->buf.code.at;
	if (size)
		*size = a->buf.code.n;
	return TRIVET_OK;
}

/* ---- Text ---- */

size_t
trivet_disassemble(trivet_isa isa, const uint8_t *code, size_t size, uint64_t address, char *text,
		   size_t room)
{
	if (!text)
		room = 0;
	if (room)
		text[0] = 0;
	if (!code)
		return 0;
	if (isa == TRIVET_ISA_X86_64)
		return x64_format(code, size, address, text, room);
	return isa == TRIVET_ISA_AARCH64 ? a64_format(code, size, address, text, room) : 0;
}
