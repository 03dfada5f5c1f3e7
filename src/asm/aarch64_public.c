/* aarch64_public.c - from a mnemonic and operands to the word, and to messages when there is none.
 *
 * The first row of the mnemonic that all operands fit is taken; see aarch64_table.h. */
#include "asm/aarch64_table.h"
#include "asm/asm.h"

/* ---- Operands to bits ---- */

/* The class of an operand whose kind and type are anything; those of no kind have none. */
static inline unsigned
class_of(const trivet_operand *o)
{
	static const uint8_t first[] = {
		[TRIVET_OPERAND_NONE] = A64_CLASS_NONE, [TRIVET_OPERAND_REG] = 0,
		[TRIVET_OPERAND_MEM] = A64_CLASS_MEM,	[TRIVET_OPERAND_LABEL] = A64_CLASS_LABEL,
		[TRIVET_OPERAND_IMM] = A64_CLASS_IMM,	[TRIVET_OPERAND_SHIFT] = A64_CLASS_SHIFT,
		[TRIVET_OPERAND_COND] = A64_CLASS_COND,
	};
	static const uint8_t types[] = {
		[TRIVET_OPERAND_NONE] = 0, [TRIVET_OPERAND_REG] = TRIVET_A64_TYPES,
		[TRIVET_OPERAND_MEM] = 4,  [TRIVET_OPERAND_LABEL] = 1,
		[TRIVET_OPERAND_IMM] = 2,  [TRIVET_OPERAND_SHIFT] = 1,
		[TRIVET_OPERAND_COND] = 1,
	};
	if (o->kind >= sizeof first || o->type >= types[o->kind])
		return A64_CLASS_NONE;
	return first[o->kind] + o->type;
}

static bool
within(int64_t v, int64_t low, int64_t high)
{
	return v >= low && v <= high;
}

/* The 32 bits of a W register's immediate, given signed or not. */
static bool
narrow(uint32_t word, int64_t v, uint64_t *out)
{
	*out = (uint64_t)v;
	if (word >> 31)
		return true;
	*out = (uint32_t)v;
	return within(v, INT32_MIN, UINT32_MAX);
}

/* The immediate of MOVZ that is v: imm16 and, above it, hw. */
static bool
wide_move(uint32_t word, uint64_t v, uint32_t *bits)
{
	unsigned top = word >> 31 ? 4 : 2;

	for (unsigned hw = 0; hw < top; hw++)
		if ((v & ~(UINT64_C(0xffff) << 16 * hw)) == 0) {
			*bits |= hw << 21 | (uint32_t)(v >> 16 * hw) << 5;
			return true;
		}
	return false;
}

static bool
put_register(const A64Slot *s, uint32_t *word, const trivet_operand *o)
{
	uint32_t r = o->reg;

	if (r > 31 || (r == 31 && o->type <= TRIVET_A64_TYPE_X))
		return false;
	*word |= s->shape == SHAPE_TWICE ? r << 5 | r << 16 : r << s->lsb;
	return true;
}

static bool
put_lane(const A64Slot *s, uint32_t *word, const trivet_operand *o)
{
	if (o->reg > 31 || o->index >= 16u >> s->arg)
		return false;
	*word |= (uint32_t)o->reg << s->lsb | ((uint32_t)o->index << 1 | 1) << (16 + s->arg);
	return true;
}

static bool
put_mov(const A64Slot *s, uint32_t *word, int64_t value)
{
	uint64_t v;
	uint32_t bits;

	if (!narrow(*word, value, &v))
		return false;
	if (s->shape == SHAPE_MOVN)
		v = *word >> 31 ? ~v : (uint32_t)~v;
	if (s->shape == SHAPE_MOVZ || s->shape == SHAPE_MOVN)
		return wide_move(*word, v, word);
	if (!a64_bitmask(*word >> 31 ? A64_X : A64_W, v, &bits))
		return false;
	*word |= bits << 10;
	return true;
}

static bool
put_immediate(const A64Slot *s, uint32_t *word, int64_t v)
{
	uint32_t bits = 0, top = s->arg;

	switch ((A64Shape)s->shape) {
	case SHAPE_UIMM:
		if (!within(v, 0, (INT64_C(1) << s->arg) - 1))
			return false;
		bits = (uint32_t)v << s->lsb;
		break;
	case SHAPE_ADDIMM:
		if (!a64_is_addimm((uint64_t)v))
			return false;
		bits = v > 0xfff ? (uint32_t)v >> 12 << 10 | 1u << 22 : (uint32_t)v << 10;
		break;
	case SHAPE_BITMASK:
	case SHAPE_MOVBITS:
	case SHAPE_MOVZ:
	case SHAPE_MOVN: return put_mov(s, word, v);
	case SHAPE_BIT6:
		if (!within(v, 0, 63))
			return false;
		bits = ((uint32_t)v & 31) << 19 | (uint32_t)v >> 5 << 31;
		break;
	case SHAPE_LSLIMM:
		if (!within(v, 0, top))
			return false;
		bits = (-(uint32_t)v & top) << 16 | (top - (uint32_t)v) << 10;
		break;
	case SHAPE_LSB:
		if (!within(v, 0, top))
			return false;
		bits = (-(uint32_t)v & top) << 16;
		break;
	case SHAPE_XWIDTH: /* the field ends at its beginning and width - 1 */
		if (!within(v, 1, top + 1 - (*word >> 16 & 63)))
			return false;
		bits = ((*word >> 16 & 63) + (uint32_t)v - 1) << 10;
		break;
	case SHAPE_IWIDTH:
		if (!within(v, 1, top + 1 - (-(*word >> 16) & top)))
			return false;
		bits = ((uint32_t)v - 1) << 10;
		break;
	case SHAPE_FBITS: /* a row of W has the bit that makes it at most 32 */
		if (!within(v, 1, top))
			return false;
		bits = ((64 - (uint32_t)v) & (top - 1)) << 10;
		break;
	case SHAPE_FIMM:
		if (!a64_fimm(A64_D, (uint64_t)v, &bits))
			return false;
		bits <<= 13;
		break;
	case SHAPE_FZERO: return v == 0;
	case SHAPE_BYTEMASK:
		if (!a64_is_bytemask((uint64_t)v))
			return false;
		for (unsigned k = 0; k < 8; k++)
			bits |= (uint32_t)((uint64_t)v >> 8 * k & 1) << k;
		bits = bits >> 5 << 16 | (bits & 31) << 5;
		break;
	case SHAPE_VIMM8:
		if (!within(v, 0, 255))
			return false;
		bits = (uint32_t)v >> 5 << 16 | ((uint32_t)v & 31) << 5;
		break;
	case SHAPE_VSHL: /* immh:immb is size + shift; the row has the size's bit */
		if (!within(v, 0, (8 << top) - 1))
			return false;
		bits = (uint32_t)v << 16;
		break;
	case SHAPE_VSHR: /* and 2 * size - shift */
		if (!within(v, 1, 8 << top))
			return false;
		bits = ((8u << top) - (uint32_t)v) << 16;
		break;
	case SHAPE_NAMED:
		if (!within(v, 0, UINT16_MAX) || !a64_name_of((A64Names)s->arg, (uint32_t)v))
			return false;
		bits = (uint32_t)v;
		if (s->arg == NAMES_SYSREG || s->arg == NAMES_SYSREGW)
			bits &= 0x7fff; /* the upper bit of op0 is in the row */
		bits <<= s->lsb;
		break;
	default: return false;
	}
	*word |= bits;
	return true;
}

static bool
put_shift(const A64Slot *s, uint32_t *word, const trivet_operand *o)
{
	uint32_t kind = o->extra, n = o->scale, bits;
	bool to_sp;

	switch ((A64Shape)s->shape) {
	case SHAPE_SHIFT:
	case SHAPE_SHIFTROR:
		if (kind > (s->shape == SHAPE_SHIFT ? 2 : 3) || n > s->arg)
			return false;
		bits = kind << 22 | n << 10;
		break;
	case SHAPE_EXTEND: /* lsl stands for the extension that is none, beside SP alone */
		to_sp = (*word >> 5 & 31) == 31 || ((*word & 31) == 31 && !(*word >> 29 & 1));
		if (kind == TRIVET_A64_SHIFT_LSL && to_sp && s->arg != 1)
			kind = s->arg == 2 ? TRIVET_A64_SHIFT_UXTX : TRIVET_A64_SHIFT_UXTW;
		if (!within(kind, TRIVET_A64_SHIFT_UXTB, TRIVET_A64_SHIFT_SXTX) || n > 4)
			return false;
		kind -= TRIVET_A64_SHIFT_UXTB;
		if (s->arg && (s->arg == 2) != ((kind & 3) == 3))
			return false;
		bits = kind << 13 | n << 10;
		break;
	case SHAPE_LSL12:
	case SHAPE_LSL16:
	case SHAPE_VLSL: {
		unsigned unit = s->shape == SHAPE_LSL12 ? 12 : s->shape == SHAPE_LSL16 ? 16 : 8;
		if (kind != TRIVET_A64_SHIFT_LSL || n % unit || n > (s->arg ? s->arg : unit))
			return false;
		bits = n / unit << s->lsb;
		break;
	}
	default: return false;
	}
	*word |= bits;
	return true;
}

/* ---- Memory ---- */

/* A base that is written back must not be loaded or stored, too; SP and V registers never meet. */
static bool
writes_back_twice(uint32_t word, uint32_t base, bool pair)
{
	return base != 31 && !(word >> 26 & 1) &&
	       ((word & 31) == base || (pair && (word >> 10 & 31) == base));
}

/* What a status register must not be. */
static bool
exclusive_clash(unsigned how, uint32_t word, uint32_t base)
{
	uint32_t status = word >> 16 & 31, rt = word & 31, rt2 = word >> 10 & 31;

	switch (how) {
	case 1: return status == rt || (status == base && base != 31);
	case 2: return status == rt || status == rt2 || (status == base && base != 31);
	case 3: return rt == rt2;
	}
	return false;
}

bool
a64_is_unpredictable(const A64Slot *s, uint32_t word)
{
	uint32_t base = word >> 5 & 31, mode = word >> 23 & 3;

	switch ((A64Shape)s->shape) {
	case SHAPE_MEMS9: return s->arg && writes_back_twice(word, base, false);
	case SHAPE_MEMBASE: return exclusive_clash(s->arg, word, base);
	case SHAPE_PAIR:
		return ((word >> 22 & 1) && (word & 31) == (word >> 10 & 31)) ||
		       (mode != A64_OFFSET && writes_back_twice(word, base, true));
	default: return false;
	}
}

static bool
put_index(const A64Slot *s, uint32_t *word, const trivet_operand *o)
{
	uint32_t extend = o->extra, scaled;

	if (extend == TRIVET_A64_SHIFT_LSL)
		extend = TRIVET_A64_SHIFT_UXTX;
	if (o->index > 31 || (extend != TRIVET_A64_SHIFT_UXTX && extend != TRIVET_A64_SHIFT_UXTW &&
			      extend != TRIVET_A64_SHIFT_SXTX && extend != TRIVET_A64_SHIFT_SXTW))
		return false;
	if (o->scale == s->arg)
		scaled = 1;
	else if (o->scale == 0 || o->scale == TRIVET_A64_NO_SHIFT)
		scaled = 0;
	else
		return false;
	*word |= (uint32_t)o->index << 16 | (extend - TRIVET_A64_SHIFT_UXTB) << 13 | scaled << 12;
	return true;
}

static bool
put_memory(const A64Slot *s, uint32_t *word, const trivet_operand *o)
{
	int64_t v = o->value, size = INT64_C(1) << s->arg;

	if (o->reg > 31)
		return false;
	*word |= (uint32_t)o->reg << 5;
	switch ((A64Shape)s->shape) {
	case SHAPE_MEMU:
		if (v < 0 || v > 4095 * size || (v & (size - 1)) != 0)
			return false;
		*word |= (uint32_t)(v >> s->arg) << 10;
		return true;
	case SHAPE_MEMR: return put_index(s, word, o);
	case SHAPE_MEMS9:
		if (!a64_is_simm9(v))
			return false;
		*word |= ((uint32_t)v & 0x1ff) << 12;
		break;
	case SHAPE_PAIR:
		if (!within(v, -64 * size, 63 * size) || (v & (size - 1)) != 0)
			return false;
		*word |= ((uint32_t)(v / size) & 0x7f) << 15;
		break;
	case SHAPE_MEMBASE:
		if (v != 0)
			return false;
		break;
	default: return false;
	}
	return !a64_is_unpredictable(s, *word);
}

/* ---- Places in the code ---- */

static uint8_t
fixup_kind(const A64Slot *s)
{
	return s->shape == SHAPE_ADR ? A64_FIX_ADR
	       : s->arg == 26	     ? A64_FIX_BRANCH26
	       : s->arg == 19	     ? A64_FIX_BRANCH19
				     : A64_FIX_BRANCH14;
}

/* A distance; a label that is bound already is one, any other has to wait. */
static bool
put_place(const Cbuf *c, const A64Slot *s, A64Code *out, const trivet_operand *o)
{
	int64_t disp = o->value;

	if (o->kind == TRIVET_OPERAND_LABEL) {
		if (!c || disp != (int32_t)disp)
			return false;
		if (o->label >= c->labels.n || c->labels.at[o->label] == LABEL_UNBOUND) {
			out->fixup = fixup_kind(s);
			out->label = o->label;
			out->addend = (int32_t)disp;
			return true;
		}
		disp += (int64_t)c->labels.at[o->label] - (int64_t)cbuf_here(c);
	}
	if (s->shape == SHAPE_BRANCH) {
		if (!a64_in_reach(s->arg, disp))
			return false;
		out->word |= ((uint32_t)(disp / 4) & ((1u << s->arg) - 1)) << s->lsb;
		return true;
	}
	if ((disp & ((1 << s->arg) - 1)) != 0)
		return false;
	disp >>= s->arg;
	if (!within(disp, -(1 << 20), (1 << 20) - 1))
		return false;
	out->word |= ((uint32_t)disp & 3) << 29 | ((uint32_t)disp >> 2 & 0x7ffff) << 5;
	return true;
}

static bool
put(const Cbuf *c, const A64Slot *s, A64Code *out, const trivet_operand *o)
{
	switch ((trivet_operand_kind)o->kind) {
	case TRIVET_OPERAND_REG:
		if (s->shape == SHAPE_LANE)
			return put_lane(s, &out->word, o);
		if (s->shape == SHAPE_LANE1 && o->index != 1)
			return false;
		return put_register(s, &out->word, o);
	case TRIVET_OPERAND_MEM: return put_memory(s, &out->word, o);
	case TRIVET_OPERAND_SHIFT: return put_shift(s, &out->word, o);
	case TRIVET_OPERAND_COND:
		if (o->extra > (s->shape == SHAPE_INVERSE ? 13 : 15))
			return false;
		out->word |= (o->extra ^ (uint32_t)(s->shape == SHAPE_INVERSE)) << s->lsb;
		return true;
	case TRIVET_OPERAND_LABEL: return put_place(c, s, out, o);
	case TRIVET_OPERAND_IMM:
		if (s->shape == SHAPE_BRANCH || s->shape == SHAPE_ADR)
			return put_place(c, s, out, o);
		return put_immediate(s, &out->word, o->value);
	case TRIVET_OPERAND_NONE: break;
	}
	return false;
}

/* ---- Mnemonic and operands to a word ---- */

/* What an operand that is left out is; as an extension it has bits, too. */
static const trivet_operand no_shift = { .kind = TRIVET_OPERAND_SHIFT };

bool
a64_encode(const Cbuf *c, trivet_a64_op op, const trivet_operand *operands, unsigned n,
	   A64Code *out)
{
	uint64_t classes[A64_OPERANDS];
	const A64Row *row = &a64_rows[a64_first_row[op]];

	out->fixup = 0;
	out->operand = 0;
	out->row = NULL;
	for (unsigned i = 0; i < n; i++)
		classes[i] = UINT64_C(1) << class_of(&operands[i]);
	for (; row->op == op; row++) {
		unsigned i;

		if (n < row->least || n > row->most)
			continue;
		for (i = 0; i < n; i++)
			if (!(a64_slots[row->slot[i]].accepted & classes[i]))
				break;
		if (i == n) {
			out->word = row->value;
			for (i = 0; i < n; i++)
				if (!put(c, &a64_slots[row->slot[i]], out, &operands[i]))
					break;
			if (i == n &&
			    (n == row->most || put(c, &a64_slots[row->slot[n]], out, &no_shift))) {
				out->row = row;
				return true;
			}
		}
		if (!out->row || i > out->operand) {
			out->operand = (uint8_t)i;
			out->row = row;
		}
	}
	return false;
}

/* ---- The public call ---- */

/* What would fit where `code` failed: of every row whose operands before it fit. */
static void
say_expected(trivet_a64_op op, const trivet_operand *operands, unsigned at, char *text, size_t room)
{
	size_t n = 0;
	uint8_t said[8], count = 0;

	text[0] = 0;
	for (const A64Row *row = &a64_rows[a64_first_row[op]]; row->op == op; row++) {
		uint8_t slot = at < row->most ? row->slot[at] : A64_SLOT_NONE;
		const A64Slot *s = &a64_slots[slot];
		bool fits = slot != A64_SLOT_NONE;

		for (unsigned i = 0; i < at && fits; i++)
			fits = a64_slots[row->slot[i]].accepted >> class_of(&operands[i]) & 1;
		for (unsigned i = 0; i < count && fits; i++)
			fits = a64_slots[said[i]].text != s->text ||
			       a64_slots[said[i]].accepted != s->accepted;
		if (!fits || count == sizeof said || n >= room)
			continue;
		said[count++] = slot;
		if (s->text) {
			n += mem_format(text + n, room - n, "%s%s", n ? ", or " : "", s->text);
			continue;
		}
		n += mem_format(text + n, room - n, "%s", n ? ", or " : "");
		n += n < room ? a64_types_text(s, text + n, room - n) : 0;
	}
}

static void
fail(trivet_asm *a, trivet_a64_op op, const trivet_operand *operands, unsigned n,
     const A64Code *code)
{
	char expected[96], got[40];

	if (!code->row || code->operand >= n) {
		asm_fail_operand(a, a64_mnemonics[op], 0, "there is no form with %u operands", n);
		return;
	}
	const trivet_operand *o = &operands[code->operand];
	say_expected(op, operands, code->operand, expected, sizeof expected);
	a64_operand_text(NULL, 0, o, 0, got, sizeof got);
	asm_fail_operand(a, a64_mnemonics[op], code->operand + 1u, "%s is not %s", got, expected);
	if (o->kind == TRIVET_OPERAND_LABEL && code->row && o->label < a->buf.labels.n &&
	    a64_slots[code->row->slot[code->operand]].accepted >> A64_CLASS_LABEL & 1)
		a->buf.err = TRIVET_RANGE;
}

/* MOV of a constant that no single instruction makes. */
static bool
mov_constant(trivet_asm *a, const trivet_operand *operands)
{
	uint32_t words[4];
	uint64_t v = (uint64_t)operands[1].value;
	unsigned type = operands[0].type, reg = operands[0].reg;
	bool x = type == TRIVET_A64_TYPE_X || type == TRIVET_A64_TYPE_XZR;

	if (operands[0].kind != TRIVET_OPERAND_REG || operands[1].kind != TRIVET_OPERAND_IMM ||
	    operands[1].type != TRIVET_A64_INTEGER || reg > 31)
		return false;
	if (type == TRIVET_A64_TYPE_W || type == TRIVET_A64_TYPE_WZR) {
		if (!narrow(0, operands[1].value, &v))
			return false;
	} else if (!x) {
		return false;
	}
	unsigned n = a64_mov_const(x ? A64_X : A64_W, reg, v, words);
	for (unsigned i = 0; i < n; i++)
		cbuf_u32(&a->buf, words[i]);
	return true;
}

void
trivet_a64_emit(trivet_asm *a, trivet_a64_op op, const trivet_operand *operands, unsigned n)
{
	A64Code code;

	if (!asm_ready(a))
		return;
	if (a->isa != TRIVET_ISA_AARCH64 || (unsigned)op >= TRIVET_A64_COUNT || n > A64_OPERANDS ||
	    (n && !operands) || cbuf_here(&a->buf) % 4 != 0) {
		cbuf_fail(&a->buf, TRIVET_ARGUMENT,
			  a->isa != TRIVET_ISA_AARCH64	     ? "this assembler is not for AArch64"
			  : (unsigned)op >= TRIVET_A64_COUNT ? "there is no such mnemonic"
			  : cbuf_here(&a->buf) % 4 ? "an instruction starts at a multiple of 4"
						   : "an instruction has 0 to 4 operands");
		return;
	}
	if (a64_encode(&a->buf, op, operands, n, &code)) {
		if (code.fixup)
			cbuf_fixup(&a->buf, code.fixup, cbuf_here(&a->buf), code.label,
				   code.addend);
		cbuf_u32(&a->buf, code.word);
	} else if (op != TRIVET_A64_MOV || n != 2 || !mov_constant(a, operands)) {
		fail(a, op, operands, n, &code);
	}
}
