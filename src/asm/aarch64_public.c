/* aarch64_public.c - from a mnemonic and operands to the word, and to messages when there is none.
 *
 * The first row of the mnemonic that all operands fit is taken; see aarch64_table.h. */
#include "asm/aarch64_table.h"
#include "asm/asm.h"

/* What the public call does for every instruction is worth its room. */
#ifdef __GNUC__
#define INLINE inline __attribute__((always_inline))
#define APART __attribute__((noinline))
#define COLD __attribute__((noinline, cold))
#else
#define INLINE inline
#define APART
#define COLD
#endif

/* ---- Operands to bits ---- */

/* The class of an operand whose kind and type are anything; those of no kind have none. */
static inline unsigned
class_of(const trivet_operand *o)
{
	static const struct {
		uint8_t first, types;
	} kinds[] = {
		[TRIVET_OPERAND_NONE] = { A64_CLASS_NONE, 0 },
		[TRIVET_OPERAND_REG] = { 0, TRIVET_A64_TYPES },
		[TRIVET_OPERAND_MEM] = { A64_CLASS_MEM, 4 },
		[TRIVET_OPERAND_LABEL] = { A64_CLASS_LABEL, 1 },
		[TRIVET_OPERAND_IMM] = { A64_CLASS_IMM, 2 },
		[TRIVET_OPERAND_SHIFT] = { A64_CLASS_SHIFT, 1 },
		[TRIVET_OPERAND_COND] = { A64_CLASS_COND, 1 },
	};
	if (o->kind >= sizeof kinds / sizeof *kinds || o->type >= kinds[o->kind].types)
		return A64_CLASS_NONE;
	return kinds[o->kind].first + o->type;
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
		if ((uint64_t)v >> top)
			return false;
		bits = (uint32_t)v << s->lsb;
		break;
	case SHAPE_ADDIMM:
		if (!a64_is_addimm((uint64_t)v))
			return false;
		bits = (uint64_t)v > 0xfff ? (uint32_t)v >> 12 << 10 | 1u << 22 : (uint32_t)v << 10;
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

/* A pair loads into two registers; bits 23 and 24 are the mode. */
static bool
pair_clash(uint32_t word, uint32_t base)
{
	return ((word >> 22 & 1) && (word & 31) == (word >> 10 & 31)) ||
	       ((word >> 23 & 3) != A64_OFFSET && writes_back_twice(word, base, true));
}

bool
a64_is_unpredictable(const A64Slot *s, uint32_t word)
{
	uint32_t base = word >> 5 & 31;

	switch ((A64Shape)s->shape) {
	case SHAPE_MEMS9: return s->arg && writes_back_twice(word, base, false);
	case SHAPE_MEMBASE: return exclusive_clash(s->arg, word, base);
	case SHAPE_PAIR: return pair_clash(word, base);
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
	case SHAPE_MEMR: return put_index(s, word, o);
	case SHAPE_MEMU:
		*word |= (uint32_t)(v >> s->arg) << 10;
		return (uint64_t)v >> s->arg <= 4095 && (v & (size - 1)) == 0;
	case SHAPE_MEMS9:
		*word |= ((uint32_t)v & 0x1ff) << 12;
		return a64_is_simm9(v) && !(s->arg && writes_back_twice(*word, o->reg, false));
	case SHAPE_PAIR:
		*word |= ((uint32_t)(v >> s->arg) & 0x7f) << 15;
		return within(v, -64 * size, 63 * size) && (v & (size - 1)) == 0 &&
		       !pair_clash(*word, o->reg);
	default: return v == 0 && !exclusive_clash(s->arg, *word, o->reg);
	}
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

/* The operand's class fits. */
static bool
put(const Cbuf *c, const A64Slot *s, A64Code *out, const trivet_operand *o)
{
	switch ((A64Shape)s->shape) {
	case SHAPE_REGISTER:
	case SHAPE_TWICE: return put_register(s, &out->word, o);
	case SHAPE_LANE: return put_lane(s, &out->word, o);
	case SHAPE_LANE1: return o->index == 1 && put_register(s, &out->word, o);
	case SHAPE_MEMU:
	case SHAPE_MEMR:
	case SHAPE_PAIR:
	case SHAPE_MEMS9:
	case SHAPE_MEMBASE: return put_memory(s, &out->word, o);
	case SHAPE_SHIFT:
	case SHAPE_SHIFTROR:
	case SHAPE_EXTEND:
	case SHAPE_LSL12:
	case SHAPE_LSL16:
	case SHAPE_VLSL: return put_shift(s, &out->word, o);
	case SHAPE_COND: out->word |= (uint32_t)o->reg << s->lsb; return o->reg < 16;
	case SHAPE_INVERSE: out->word |= (o->reg ^ 1u) << s->lsb; return o->reg < 14;
	case SHAPE_BRANCH:
	case SHAPE_ADR: return put_place(c, s, out, o);
	default: return put_immediate(s, &out->word, o->value);
	}
}

/* ---- Mnemonic and operands to a word ---- */

/* What an extension that is left out is; it has bits. */
static const trivet_operand no_shift = { .kind = TRIVET_OPERAND_SHIFT };

/* Which operand does not go into the row, whose classes fit; n when all do.  Those before `from`
 * are in out->word already. */
static unsigned
encode_from(const Cbuf *c, const A64Row *row, const trivet_operand *operands, unsigned from,
	    unsigned n, A64Code *out)
{
	out->fixup = 0;
	for (unsigned i = from; i < n; i++)
		if (!put(c, &a64_slots[row->slot[i]], out, &operands[i]))
			return i;
	if (n < row->most && a64_slots[row->slot[n]].shape == SHAPE_EXTEND)
		return put(c, &a64_slots[row->slot[n]], out, &no_shift) ? n : n - 1;
	return n; /* all other operands that can be left out are then no bits */
}

static unsigned
encode_row(const Cbuf *c, const A64Row *row, const trivet_operand *operands, unsigned n,
	   A64Code *out)
{
	out->word = row->value;
	return encode_from(c, row, operands, 0, n, out);
}

/* Which operand's class does not fit the row. */
static inline unsigned
match_row(const A64Row *row, const uint8_t *classes, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (!(a64_slots[row->slot[i]].accepted >> classes[i] & 1))
			break;
	return i;
}

bool
a64_encode_as(const A64Row *row, const trivet_operand *operands, unsigned n, A64Code *out)
{
	uint8_t classes[A64_OPERANDS];

	for (unsigned i = 0; i < n; i++)
		classes[i] = (uint8_t)class_of(&operands[i]);
	return n >= row->least && n <= row->most && match_row(row, classes, n) == n &&
	       encode_row(NULL, row, operands, n, out) == n;
}

/* Tries the mnemonic's rows in turn; the first to take operands of these classes is *first. */
static bool
search(const Cbuf *c, trivet_a64_op op, const trivet_operand *operands, unsigned n,
       const A64Row **first, A64Code *out)
{
	uint8_t classes[A64_OPERANDS];

	for (unsigned i = 0; i < n; i++)
		classes[i] = (uint8_t)class_of(&operands[i]);
	*first = NULL;
	out->operand = 0;
	out->row = NULL;
	for (const A64Row *row = &a64_rows[a64_first_row[op]]; row->op == op; row++) {
		unsigned i;

		if (n < row->least || n > row->most)
			continue;
		i = match_row(row, classes, n);
		if (i == n) {
			*first = *first ? *first : row;
			i = encode_row(c, row, operands, n, out);
		}
		if (i == n || !out->row || i > out->operand) {
			out->operand = (uint8_t)i;
			out->row = row;
		}
		if (i == n)
			return true;
	}
	return false;
}

bool
a64_encode(const Cbuf *c, trivet_a64_op op, const trivet_operand *operands, unsigned n,
	   A64Code *out)
{
	const A64Row *first;
	return search(c, op, operands, n, &first, out);
}

/* ---- The public call ---- */

/* Classes of the same kind as this one: all registers, all memory … */
static uint64_t
related(unsigned class)
{
	static const uint8_t first[] = { 0,
					 A64_CLASS_MEM,
					 A64_CLASS_LABEL,
					 A64_CLASS_SHIFT,
					 A64_CLASS_COND,
					 A64_CLASS_COND + 1 };

	for (unsigned k = 0; k + 1 < sizeof first; k++)
		if (class >= first[k] && class < first[k + 1])
			return (UINT64_C(1) << first[k + 1]) - (UINT64_C(1) << first[k]);
	return 0;
}

/* What one of `wanted` could be as operand `at`: of each row whose operands before it fit. */
static size_t
say_rows(trivet_a64_op op, const trivet_operand *operands, unsigned n, unsigned at, uint64_t wanted,
	 char *text, size_t room)
{
	size_t length = 0;
	uint8_t said[4], count = 0;

	for (const A64Row *row = &a64_rows[a64_first_row[op]]; row->op == op; row++) {
		const A64Slot *s = &a64_slots[row->slot[at]];
		bool fits = n >= row->least && n <= row->most && (s->accepted & wanted);

		for (unsigned i = 0; i < at && fits; i++)
			fits = a64_slots[row->slot[i]].accepted >> class_of(&operands[i]) & 1;
		for (unsigned i = 0; i < count && fits; i++)
			fits = a64_slots[said[i]].text != s->text ||
			       a64_slots[said[i]].accepted != s->accepted;
		if (!fits || count == sizeof said || length >= room)
			continue;
		said[count++] = row->slot[at];
		length += mem_format(text + length, room - length, "%s%s", length ? ", or " : "",
				     s->text ? s->text : "");
		if (!s->text && length < room)
			length += a64_types_text(s, text + length, room - length);
	}
	return length;
}

/* What would fit: a value of that class, else an operand of that kind, else anything. */
static void
say_expected(trivet_a64_op op, const trivet_operand *operands, unsigned n, unsigned at, char *text,
	     size_t room)
{
	unsigned class = class_of(&operands[at]);

	text[0] = 0;
	if (!say_rows(op, operands, n, at, UINT64_C(1) << class, text, room) &&
	    !say_rows(op, operands, n, at, related(class), text, room))
		say_rows(op, operands, n, at, UINT64_MAX, text, room);
}

/* Would a row take it, with other registers before it? */
static bool
is_left_open(trivet_a64_op op, const trivet_operand *operands, unsigned n, unsigned at)
{
	unsigned class = class_of(&operands[at]);

	for (const A64Row *row = &a64_rows[a64_first_row[op]]; row->op == op; row++) {
		const A64Slot *s = &a64_slots[row->slot[at]];
		A64Code code;

		if (n >= row->least && n <= row->most && s->accepted >> class & 1 &&
		    encode_row(NULL, row, operands, n, &code) == at &&
		    a64_is_unpredictable(s, code.word))
			return true;
	}
	return false;
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
	const A64Slot *slot = &a64_slots[code->row->slot[code->operand]];
	if (is_left_open(op, operands, n, code->operand)) {
		asm_fail_operand(a, a64_mnemonics[op], code->operand + 1u,
				 "what happens with these registers is left open by the manual");
		return;
	}
	say_expected(op, operands, n, code->operand, expected, sizeof expected);
	a64_operand_text(NULL, 0, o, 0, got, sizeof got);
	asm_fail_operand(a, a64_mnemonics[op], code->operand + 1u, "%s is not %s", got, expected);
	if (o->kind == TRIVET_OPERAND_LABEL && o->label < a->buf.labels.n &&
	    slot->accepted >> A64_CLASS_LABEL & 1)
		a->buf.err = TRIVET_RANGE;
}

/* MOV of a constant to a W or X register, in the fewest instructions. */
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

/* ---- The same again ---- */

static INLINE void
append(trivet_asm *a, const A64Code *code)
{
	if (code->fixup)
		cbuf_fixup(&a->buf, code->fixup, cbuf_here(&a->buf), code->label, code->addend);
	cbuf_u32(&a->buf, code->word);
}

/* What is looked up: mnemonic, number and kinds of operands.  The number is at most A64_OPERANDS,
 * the form never 0. */
typedef struct Key {
	uint64_t kinds, form;
} Key;

static INLINE uint64_t
kind_of(const trivet_operand *o)
{
	uint16_t kind_and_type;

	memcpy(&kind_and_type, o, sizeof kind_and_type); /* neighbours: one load */
	return kind_and_type;
}

static INLINE Key
key_of(trivet_a64_op op, const trivet_operand *operands, unsigned n)
{
	Key key = { 0, (uint64_t)op << 4 | 8 | n };

	switch (n) {
	case 4: key.kinds = kind_of(&operands[3]) << 48;  /* fall through */
	case 3: key.kinds |= kind_of(&operands[2]) << 32; /* fall through */
	case 2: key.kinds |= kind_of(&operands[1]) << 16; /* fall through */
	case 1: key.kinds |= kind_of(&operands[0]);
	}
	return key;
}

/* Two forms share a pair of places. */
static INLINE unsigned
place_of(Key key)
{
	return (unsigned)(((key.kinds ^ key.form) * UINT64_C(0x9e3779b97f4a7c15)) >> 56);
}

enum { LAST_NONE = 254, LAST_SEVERAL = 255 }; /* beside A64Shape */

/* What the next such instruction will have in common with this one: the first row that takes its
 * operands' classes. */
static void
remember(trivet_asm *a, Key key, const A64Row *row, const trivet_operand *operands, unsigned n)
{
	A64Recent r = { .kinds = key.kinds, .form = key.form, .row = row, .value = row->value };
	unsigned at = place_of(key), i;

	for (i = 0; i < n; i++) {
		const A64Slot *s = &a64_slots[row->slot[i]];

		if (s->shape != SHAPE_REGISTER && s->shape != SHAPE_TWICE && s->shape != SHAPE_COND)
			break;
		r.times[i] = s->shape == SHAPE_TWICE ? 1u << 5 | 1u << 16 : 1u << s->lsb;
		r.most[i] = s->shape == SHAPE_COND		    ? 15
			    : operands[i].type <= TRIVET_A64_TYPE_X ? 30
								    : 31;
	}
	r.plain = (uint8_t)i;
	r.last = i == n ? LAST_NONE : LAST_SEVERAL;
	if (n < row->most && a64_slots[row->slot[n]].shape == SHAPE_EXTEND) {
		r.last = LAST_SEVERAL;
	} else if (i + 1 == n) {
		const A64Slot *s = &a64_slots[row->slot[i]];

		r.last = s->shape;
		r.lsb = s->lsb;
		r.arg = s->arg;
	}
	a->recent[at ^ 1] = a->recent[at];
	a->recent[at] = r;
}

/* Everything but what is remembered already, errors included. */
static COLD void
emit_searched(trivet_asm *a, trivet_a64_op op, const trivet_operand *operands, unsigned n)
{
	const A64Row *first;
	const char *wrong;
	A64Code code;

	if (!asm_ready(a))
		return;
	wrong = a->isa != TRIVET_ISA_AARCH64 ? "this assembler is not for AArch64"
		: cbuf_here(&a->buf) % 4     ? "an instruction starts at a multiple of 4"
		: n > A64_OPERANDS || (n && !operands) || (unsigned)op >= TRIVET_A64_COUNT
			? "no such mnemonic, or not 0 to 4 operands"
			: NULL;
	if (wrong) {
		cbuf_fail(&a->buf, TRIVET_ARGUMENT, wrong);
		return;
	}
	if (op == TRIVET_A64_MOV && n == 2 && mov_constant(a, operands))
		return;
	bool done = search(&a->buf, op, operands, n, &first, &code);
	if (first)
		remember(a, key_of(op, operands, n), first, operands, n);
	if (done)
		append(a, &code);
	else
		fail(a, op, operands, n, &code);
}

static COLD void
emit_again(trivet_asm *a, const A64Recent *r, const trivet_operand *operands)
{
	emit_searched(a, (trivet_a64_op)(r->form >> 4), operands, (unsigned)r->form & 7);
}

/* Rows that were found before, with what trivet_a64_emit() does not do itself. */

static APART void
emit_place(trivet_asm *a, const trivet_operand *operands, const A64Recent *r, uint32_t word)
{
	A64Code code;

	code.word = word;
	code.fixup = 0;
	if (put_place(&a->buf, &a64_slots[r->row->slot[r->plain]], &code, &operands[r->plain]))
		append(a, &code);
	else
		emit_again(a, r, operands);
}

static APART void
emit_memory(trivet_asm *a, const trivet_operand *operands, const A64Recent *r, uint32_t word)
{
	if (put_memory(&a64_slots[r->row->slot[r->plain]], &word, &operands[r->plain]))
		cbuf_u32(&a->buf, word);
	else
		emit_again(a, r, operands);
}

static APART void
emit_rest(trivet_asm *a, const trivet_operand *operands, const A64Recent *r, uint32_t word)
{
	unsigned n = (unsigned)r->form & 7;
	A64Code code = { .word = word };

	if (encode_from(&a->buf, r->row, operands, r->plain, n, &code) == n)
		append(a, &code);
	else
		emit_again(a, r, operands);
}

/* Room for one more instruction, then the same again. */
static COLD void
emit_grown(trivet_asm *a, const A64Recent *r, const trivet_operand *operands)
{
	if (cbuf_grow(&a->buf, 4))
		trivet_a64_emit(a, (trivet_a64_op)(r->form >> 4), operands, (unsigned)r->form & 7);
}

/* Whether their values fit, the row is asked each time. */
void
trivet_a64_emit(trivet_asm *a, trivet_a64_op op, const trivet_operand *operands, unsigned n)
{
	const trivet_operand *o;
	const A64Recent *r;
	uint32_t word, here;
	unsigned at;
	uint64_t v;
	Key key;

	if (!a || a->buf.err != TRIVET_OK || a->isa != TRIVET_ISA_AARCH64 || n > A64_OPERANDS)
		goto search;
	if (!operands) {
		if (n)
			goto search;
		operands = &no_shift; /* not looked at */
	}
	key = key_of(op, operands, n);
	at = place_of(key);
	r = &a->recent[at];
	if (r->form != key.form || r->kinds != key.kinds) {
		r = &a->recent[at ^ 1];
		if (r->form != key.form || r->kinds != key.kinds)
			goto search;
	}
	here = a->buf.code.n;
	if (here % 4)
		goto search;
	word = r->value;
	for (unsigned i = 0; i < r->plain; i++) {
		if (operands[i].reg > r->most[i])
			goto search;
		word |= operands[i].reg * r->times[i];
	}
	o = &operands[r->plain];
	switch (r->last) {
	case LAST_NONE: break;
	case SHAPE_UIMM:
		if ((uint64_t)o->value >> r->arg)
			goto search;
		word |= (uint32_t)o->value << r->lsb;
		break;
	case SHAPE_ADDIMM:
		if ((uint64_t)o->value > 0xfff)
			goto search;
		word |= (uint32_t)o->value << 10;
		break;
	case SHAPE_MEMU:
		v = (uint64_t)o->value >> r->arg;
		if (o->reg > 31 || v > 4095 || v << r->arg != (uint64_t)o->value)
			goto search;
		word |= (uint32_t)v << 10 | (uint32_t)o->reg << 5;
		break;
	case SHAPE_SHIFT:
		if (o->extra > TRIVET_A64_SHIFT_ASR || o->scale > r->arg)
			goto search;
		word |= (uint32_t)o->extra << 22 | (uint32_t)o->scale << 10;
		break;
	case SHAPE_LSLIMM:
		if ((uint64_t)o->value > r->arg)
			goto search;
		word |= (-(uint32_t)o->value & r->arg) << 16 | (r->arg - (uint32_t)o->value) << 10;
		break;
	case SHAPE_BRANCH: emit_place(a, operands, r, word); return;
	case SHAPE_PAIR:
	case SHAPE_MEMR:
	case SHAPE_MEMS9: emit_memory(a, operands, r, word); return;
	default: emit_rest(a, operands, r, word); return;
	}
	if ((uint64_t)here + 4 + CBUF_SLACK > a->buf.code.cap) {
		emit_grown(a, r, operands);
		return;
	}
	cbuf_put32(a->buf.code.at + here, word);
	a->buf.code.n = here + 4;
	return;
search:
	emit_searched(a, op, operands, n);
}
