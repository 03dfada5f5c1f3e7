/* x86_64_public.c - trivet_x64_emit(): from a mnemonic and operands to the shortest row that fits.
 *
 * The rows of a mnemonic stand together in the table, the preferred ones first.  A row fits when
 * each operand is of a class that its slot accepts (one test of four packed bytes), the sizes
 * agree, and the immediate is in range.  When none fits, explain() finds out why; it may take its
 * time.
 *
 * Searching costs more than encoding.  So the row that was found is remembered with what the next
 * such instruction must have in common with this one to get the same row: kinds and sizes of
 * operands, the few values that prefer other rows (kind_of_imm()), and a range for the immediate.
 * All else is searched. */
#include "asm/asm.h"
#include "asm/x86_64_bytes.h"
#include "trivet_x64.h"

static const char *const mnemonic[] = {
#define X(name, text) text,
	TRIVET_X64_OP_LIST(X)
#undef X
};

/* Where a mnemonic's rows begin, and what it says beyond them. */
typedef struct Op {
	uint16_t first;
	uint8_t size; /* of S rows; 0: the operands tell */
	uint8_t cc;
} Op;

// clang-format off
#define O(name, op, ...) [TRIVET_X64_##op] = { X64_##name, 0, 0 },
#define S(name, op, ...) [TRIVET_X64_##op] = { X64_##name, 4, 0 }, [TRIVET_X64_##op + 1] = { X64_##name, 8, 0 },
#define C1(name, op, cc) [TRIVET_X64_##op + (cc)] = { X64_##name, 0, cc },
#define C4(name, op, cc) C1(name, op, cc) C1(name, op, cc + 1) C1(name, op, cc + 2) C1(name, op, cc + 3)
#define C(name, op, ...) C4(name, op, 0) C4(name, op, 4) C4(name, op, 8) C4(name, op, 12)
#define X(name, op, ...)
static const Op ops_of[TRIVET_X64_COUNT] = { X64_FORM_LIST(O, S, C, X) };
#undef O
#undef S
#undef C1
#undef C4
#undef C
#undef X
// clang-format on

const char *
x64_mnemonic(unsigned op)
{
	return op < TRIVET_X64_COUNT ? mnemonic[op] : "?";
}

/* Of a mnemonic that stands for two rows' sizes or sixteen conditions. */
unsigned
x64_op_of(const X64Row *row, unsigned size, unsigned cc)
{
	return row->op + cc + (ops_of[row->op].size && size == 8);
}

/* ---- Operands ---- */

static bool
is_single_size(unsigned size, unsigned most)
{
	return size && size <= most && (size & (size - 1)) == 0;
}

/* X64_IN_… of an operand, or 0 for one that is not valid whatever the instruction. */
static unsigned
class_of(const trivet_operand *o)
{
	switch (o->kind) {
	case TRIVET_OPERAND_REG: return o->reg < 16 && is_single_size(o->type, 16) ? o->type : 0;
	case TRIVET_OPERAND_IMM: return X64_IN_IMM;
	case TRIVET_OPERAND_LABEL: return x64_is_imm32(o->value) ? X64_IN_LABEL : 0;
	case TRIVET_OPERAND_MEM: break;
	default: return 0;
	}
	if (!x64_is_imm32(o->value) || (o->size && !is_single_size(o->size, 16)))
		return 0;
	if (o->type == TRIVET_X64_RIP)
		return X64_IN_MEM;
	if (o->type != TRIVET_X64_BASE_INDEX || (o->reg > 15 && o->reg != X64_NONE) ||
	    !is_single_size(o->scale, 8))
		return 0;
	return o->index == X64_NONE || (o->index < 16 && o->index != X64_RSP) ? X64_IN_MEM : 0;
}

/* Without a base an address has four bytes of displacement; an index times one is as good as a
 * base. */
static X64Rm
rm_of(const trivet_operand *o)
{
	if (o->kind == TRIVET_OPERAND_REG)
		return x64_r(o->reg);
	if (o->kind == TRIVET_OPERAND_LABEL || o->type == TRIVET_X64_RIP)
		return x64_rip(o->label, (int32_t)o->value);
	if (o->reg == X64_NONE && o->index != X64_NONE && o->scale == 1)
		return x64_m(o->index, (int32_t)o->value);
	return x64_mx(o->reg, o->index, o->scale, (int32_t)o->value);
}

typedef struct Range {
	int64_t low, high;
} Range;

/* What an immediate may be: of 1, 2 and 4 bytes signed or unsigned, of 8 what sign-extends. */
static Range
range_of(const X64Row *row, unsigned size)
{
	switch (row->imm) {
	case X64_IMM_U: return (Range){ 0, 255 };
	case X64_IMM_W: return (Range){ 0, 65535 };
	case X64_IMM_Q: return (Range){ INT64_MIN, INT64_MAX };
	default: break;
	}
	switch (size) {
	case 1: return (Range){ INT8_MIN, UINT8_MAX };
	case 2: return (Range){ INT16_MIN, UINT16_MAX };
	case 4: return (Range){ INT32_MIN, UINT32_MAX };
	default: return (Range){ INT32_MIN, INT32_MAX };
	}
}

static bool
imm_fits(const X64Row *row, unsigned size, int64_t *imm)
{
	Range r = range_of(row, size);

	if (*imm < r.low || *imm > r.high)
		return false;
	if (row->imm != X64_IMM_B)
		return true;
	if (size == 2)
		*imm = (int16_t)*imm;
	else if (size == 4)
		*imm = (int32_t)*imm;
	return x64_is_imm8(*imm);
}

/* ---- One row ---- */

typedef enum Fit { FITS, WRONG_SIZE, NO_SIZE, WRONG_IMM, WRONG_REG } Fit;

/* Classes and widths in bytes of the operands, a byte each; false for an operand that is not valid.
 */
static inline bool
classify(const trivet_operand *ops, unsigned n, uint32_t *classes, uint32_t *widths)
{
	*classes = *widths = 0;
	for (unsigned k = 0; k < n; k++) {
		const trivet_operand *o = &ops[k];
		unsigned c = class_of(o);

		if (!c)
			return false;
		*classes |= c << 8 * k;
		*widths |= (uint32_t)(o->kind == TRIVET_OPERAND_REG ? o->type : o->size) << 8 * k;
	}
	return true;
}

static inline bool
fixed_fits(unsigned slot, const trivet_operand *o)
{
	return slot == X64_SLOT_1   ? o->value == 1
	       : slot == X64_SLOT_A ? o->reg == X64_RAX
				    : o->reg == X64_RCX;
}

/* The operands are of classes that the row accepts; `size` is what the mnemonic says of it, or 0.
 */
static inline Fit
fit(const X64Row *row, const trivet_operand *ops, uint32_t widths, unsigned size, X64Ins *i)
{
	const X64Pattern *p = &x64_pattern[row->pattern];
	uint32_t told = widths & p->general;

	told = (told | told >> 8 | told >> 16) & 0xff;
	if (size && told && told != size)
		return WRONG_SIZE;
	size |= told;
	if (!size)
		size = row->by == X64_BY_D64 ? 8 : is_single_size(row->sizes, 8) ? row->sizes : 0;
	if (!size)
		return NO_SIZE;
	if (!(row->sizes & size) || (size & (size - 1)))
		return WRONG_SIZE;
	if (p->at_rm < X64_NOWHERE) {
		const trivet_operand *o = &ops[p->at_rm];

		if (o->kind != TRIVET_OPERAND_REG && p->rm_bytes != X64_ANY) {
			if (o->size && o->size != (p->rm_bytes ? p->rm_bytes : size))
				return WRONG_SIZE;
			if (!o->size && (p->rm_bytes == 1 || p->rm_bytes == 2) &&
			    p->slot[p->at_rm] != X64_SLOT_MRW)
				return NO_SIZE; /* movzx: there is another width */
		}
		i->rm = rm_of(o);
	}
	if (p->at_fixed < X64_NOWHERE && !fixed_fits(p->slot[p->at_fixed], &ops[p->at_fixed]))
		return p->slot[p->at_fixed] == X64_SLOT_1 ? WRONG_IMM : WRONG_REG;
	i->reg = p->at_reg < X64_NOWHERE ? ops[p->at_reg].reg : 0;
	i->vvvv = p->at_vvvv < X64_NOWHERE ? ops[p->at_vvvv].reg : 0;
	if (x64_is_nop((X64Form)(row - x64_row), size, i->reg))
		return WRONG_REG;
	i->size = size;
	if (p->at_imm < X64_NOWHERE) {
		i->imm = ops[p->at_imm].value;
		if (!imm_fits(row, size, &i->imm))
			return WRONG_IMM;
	}
	return FITS;
}

/* ---- Why not ---- */

static void
add_text(char *text, size_t room, const char *more)
{
	size_t n = strlen(text);

	if (n < room)
		mem_format(text + n, room - n, "%s%s", n ? ", " : "", more);
}

/* "a register of 8, 16 bits, memory, …" */
static X64_COLD void
name_classes(unsigned classes, char *text, size_t room)
{
	static const char *const name[] = { "an 8-bit register", "a 16-bit register",
					    "a 32-bit register", "a 64-bit register",
					    "an xmm register",	 "memory",
					    "an immediate",	 "a label" };

	text[0] = 0;
	if ((classes & X64_IN_G) == X64_IN_G) {
		add_text(text, room, "a general register");
		classes &= ~(unsigned)X64_IN_G;
	}
	if (classes & X64_IN_MEM)
		classes &= ~(unsigned)X64_IN_LABEL; /* memory there */
	for (unsigned k = 0; k < 8; k++)
		if (classes >> k & 1)
			add_text(text, room, name[k]);
}

static X64_COLD void
explain_invalid(trivet_asm *a, const char *name, unsigned at, const trivet_operand *o)
{
	long long value = o->value;

	if (o->kind == TRIVET_OPERAND_REG)
		asm_fail_operand(a, name, at, "there is no register %u of type %u", o->reg,
				 o->type);
	else if (o->kind == TRIVET_OPERAND_LABEL || o->kind == TRIVET_OPERAND_MEM) {
		if (!x64_is_imm32(o->value))
			asm_fail_operand(a, name, at, "displacement %lld is not %lld..%lld", value,
					 (long long)INT32_MIN, (long long)INT32_MAX);
		else if (o->size && !is_single_size(o->size, 16))
			asm_fail_operand(a, name, at, "memory of %u bytes is not 1, 2, 4, 8 or 16",
					 o->size);
		else if (o->index == X64_RSP)
			asm_fail_operand(a, name, at, "rsp cannot be an index");
		else if (!is_single_size(o->scale, 8))
			asm_fail_operand(a, name, at, "scale %u is not 1, 2, 4 or 8", o->scale);
		else
			asm_fail_operand(a, name, at, "there is no such base or index register");
	} else {
		asm_fail_operand(a, name, at, "not an operand of x86-64 (kind %u)", o->kind);
	}
}

static X64_COLD void
explain_fit(trivet_asm *a, const char *name, const X64Row *row, Fit why, unsigned size,
	    const trivet_operand *ops)
{
	const X64Pattern *pattern = &x64_pattern[row->pattern];
	unsigned at = 0;
	Range r;

	for (unsigned k = 0; k < pattern->n; k++) {
		unsigned slot = pattern->slot[k];
		bool memory =
			ops[k].kind == TRIVET_OPERAND_MEM || ops[k].kind == TRIVET_OPERAND_LABEL;

		if (why == WRONG_IMM   ? slot == X64_SLOT_I || slot == X64_SLOT_1
		    : why == WRONG_REG ? slot == X64_SLOT_C || slot == X64_SLOT_A
		    : why == NO_SIZE   ? memory
				       : (pattern->general >> 8 * k & 1) || memory)
			at = k + 1;
	}
	if (why == WRONG_IMM) {
		r = range_of(row, size ? size : row->sizes);
		asm_fail_operand(a, name, at, "immediate %lld is not %lld..%lld",
				 (long long)ops[at ? at - 1 : 0].value, (long long)r.low,
				 (long long)r.high);
	} else if (why == WRONG_REG) {
		asm_fail_operand(a, name, at, "expected cl");
	} else if (why == NO_SIZE) {
		asm_fail_operand(a, name, at,
				 "nothing tells the size of memory: use trivet_x64_sized()");
	} else {
		asm_fail_operand(a, name, at, "the operands' sizes do not go together here");
	}
}

static unsigned
group_end(unsigned first)
{
	unsigned end = first + 1;

	while (end < X64_FORM_COUNT && x64_row[end].op == x64_row[first].op)
		end++;
	return end;
}

static X64_COLD void
explain(trivet_asm *a, trivet_x64_op op, const trivet_operand *ops, unsigned n)
{
	unsigned first = ops_of[op].first, end = group_end(first), counts = 0, wanted = 0;
	const char *name = mnemonic[op];
	uint32_t classes, widths;
	char text[96];

	classify(ops, n, &classes, &widths);

	for (unsigned k = 0; k < n; k++)
		if (!class_of(&ops[k])) {
			explain_invalid(a, name, k + 1, &ops[k]);
			return;
		}
	for (unsigned f = first; f < end; f++)
		counts |= 1u << x64_pattern[x64_row[f].pattern].n;
	if (!(counts >> n & 1)) {
		text[0] = 0;
		for (unsigned k = 0; k < 4; k++)
			if (counts >> k & 1)
				add_text(text, sizeof text,
					 (const char *[]){ "0", "1", "2", "3" }[k]);
		asm_fail_operand(a, name, 0, "%u operands are not %s", n, text);
		return;
	}
	for (unsigned k = 0; k < n; k++, wanted = 0) { /* the first that no row takes */
		bool taken = false;

		for (unsigned f = first; f < end; f++) {
			const X64Pattern *pattern = &x64_pattern[x64_row[f].pattern];
			bool same = pattern->n == n;

			for (unsigned j = 0; j < k && same; j++)
				same = class_of(&ops[j]) & pattern->accepts >> 8 * j;
			if (!same)
				continue;
			wanted |= pattern->accepts >> 8 * k & 255;
			taken |= (class_of(&ops[k]) & pattern->accepts >> 8 * k) != 0;
		}
		if (!taken) {
			name_classes(wanted, text, sizeof text);
			asm_fail_operand(a, name, k + 1, "expected %s", text);
			return;
		}
	}
	for (unsigned f = end; f-- > first;) { /* the most general row says what it minds */
		const X64Row *row = &x64_row[f];
		const X64Pattern *pattern = &x64_pattern[row->pattern];
		X64Ins i = { .form = (X64Form)f, .rm = x64_r(0) };
		bool same = pattern->n == n;
		unsigned size = ops_of[op].size;
		Fit why;

		for (unsigned j = 0; j < n && same; j++)
			same = class_of(&ops[j]) & pattern->accepts >> 8 * j;
		if (!same || (why = fit(row, ops, widths, size, &i)) == FITS)
			continue;
		explain_fit(a, name, row, why, i.size ? i.size : size, ops);
		return;
	}
	asm_fail_operand(a, name, 0, "there is no form with these operands");
}

/* ---- Emitting ---- */

/* False for a label with an addend. */
static bool
branch(trivet_asm *a, trivet_x64_op op, const trivet_operand *target)
{
	if (target->value)
		return false;
	if (op == TRIVET_X64_JMP)
		x64_jmp(&a->buf, target->label);
	else if (op == TRIVET_X64_CALL)
		x64_call(&a->buf, target->label);
	else
		x64_jcc(&a->buf, (X64Cc)ops_of[op].cc, target->label);
	return true;
}

/* Immediates to 64-bit registers have three encodings of three meanings. */
static bool
is_mov_r64_imm(trivet_x64_op op, const trivet_operand *ops, unsigned n)
{
	return op == TRIVET_X64_MOV && n == 2 && ops[1].kind == TRIVET_OPERAND_IMM &&
	       ops[0].kind == TRIVET_OPERAND_REG && ops[0].type == TRIVET_X64_R64 &&
	       ops[0].reg < 16;
}

static bool
is_usable(trivet_asm *a, trivet_x64_op op, const trivet_operand *ops, unsigned n)
{
	if (!asm_ready(a))
		return false;
	if (a->isa != TRIVET_ISA_X86_64)
		cbuf_fail(&a->buf, TRIVET_ARGUMENT, "an x86-64 instruction for another machine");
	else if ((unsigned)op >= TRIVET_X64_COUNT)
		cbuf_fail(&a->buf, TRIVET_OPERAND, "there is no such x86-64 mnemonic");
	else if (n > 4 || (n && !ops))
		asm_fail_operand(a, mnemonic[op], 0, "%u operands at %s", n, ops ? "once" : "NULL");
	else
		return true;
	return false;
}

/* ---- What was found before ---- */

static X64_INLINE uint64_t
kind_of(const trivet_operand *o)
{
	uint32_t kind_type_size;

	memcpy(&kind_type_size, o, sizeof kind_type_size); /* neighbours: one load */
	return kind_type_size;
}

/* Numbers, and al … rax beside them, that have rows of their own. */
static X64_INLINE uint64_t
kind_of_imm(const trivet_operand *first, int64_t imm)
{
	return 1 | (uint64_t)(imm == 1) << 1 | (uint64_t)x64_is_imm8(imm) << 2 |
	       (uint64_t)(first->reg == X64_RAX) << 3;
}

/* What is looked up; `form` is never 0.  n is 1 … 3. */
typedef struct Key {
	uint64_t kinds, form;
} Key;

static X64_INLINE Key
key_of(trivet_x64_op op, const trivet_operand *ops, unsigned n)
{
	Key key = { kind_of(&ops[0]), (uint64_t)op << 53 | (uint64_t)n << 36 };

	if (n > 1)
		key.kinds |= kind_of(&ops[1]) << 32;
	if (n > 2)
		key.form |= kind_of(&ops[2]);
	if (ops[n - 1].kind == TRIVET_OPERAND_IMM)
		key.form |= kind_of_imm(&ops[0], ops[n - 1].value) << 32;
	return key;
}

/* Two forms share a pair of places. */
static X64_INLINE unsigned
place_of(Key key)
{
	return (unsigned)(((key.kinds ^ key.form) * UINT64_C(0x9e3779b97f4a7c15)) >> 56);
}

static X64_INLINE void
remember_as(trivet_asm *a, const X64Recent *r)
{
	unsigned at = place_of((Key){ r->kinds, r->form });

	a->recent_x64[at ^ 1] = a->recent_x64[at];
	a->recent_x64[at] = *r;
}

static X64_COLD void
remember_plain(X64Recent *r)
{
	const X64Lead *l = r->lead;

	r->shape = r->rm == X64_REG ? X64_RECENT_REGISTER : X64_RECENT_MEMORY;
	r->prefix = l->prefix;
	r->prefix_n = l->prefix_n;
	r->opcode = l->opcode + ((uint32_t)r->cc << 8 * (l->opcode_n - 1u));
	r->opcode_n = l->opcode_n;
	if (r->rm == X64_REG)
		r->opcode |= 0xc0u << 8 * l->opcode_n;
	r->rex = l->rex;
	r->imm_n = l->imm_n;
}

/* The row was found for these operands.  Not remembered are instructions of which another with the
 * same kinds would take another row: exchanges, which mind where rax is, and immediates that only a
 * cut to their size makes short. */
static X64_COLD void
remember(trivet_asm *a, Key key, const X64Ins *i)
{
	const X64Row *row = &x64_row[i->form];
	const X64Pattern *p = &x64_pattern[row->pattern];
	X64Recent r = { .kinds = key.kinds, .form = key.form, .cc = (uint8_t)i->cc };

	if (!key.form || row->op == TRIVET_X64_XCHG || row->imm == X64_IMM_Q)
		return;
	r.lead = x64_lead(i->form, i->size);
	r.rm = i->rm.kind;
	if (p->at_reg < X64_NOWHERE) {
		r.at_reg = p->at_reg;
		r.reg_mask = 255;
	} else if (row->digit < 8) {
		r.digit = row->digit;
	}
	if (p->at_vvvv < X64_NOWHERE) {
		r.at_vvvv = p->at_vvvv;
		r.vvvv_mask = 255;
	}
	if (p->at_rm < X64_NOWHERE)
		r.at_rm = p->at_rm;
	if (p->at_fixed < X64_NOWHERE && p->slot[p->at_fixed] != X64_SLOT_1) {
		r.at_fixed = p->at_fixed;
		r.fixed_mask = 255;
		r.fixed = p->slot[p->at_fixed] == X64_SLOT_C ? X64_RCX : X64_RAX;
	}
	if (p->at_imm < X64_NOWHERE) {
		Range range = range_of(row, i->size);
		int64_t most =
			(i->size == 2 ? (int64_t)UINT16_MAX : (int64_t)UINT32_MAX) + INT8_MIN;

		if (row->imm == X64_IMM_B)
			range = (Range){ INT8_MIN, INT8_MAX };
		else if (range.high > most)
			range.high = most;
		r.at_imm = p->at_imm;
		r.low = (int32_t)range.low;
		r.span = (uint64_t)(range.high - range.low);
	}
	if ((r.lead->has & (X64_HAS_MODRM | X64_HAS_VEX | X64_HAS_BYTE)) == X64_HAS_MODRM &&
	    !r.fixed_mask && r.rm != X64_RIP)
		remember_plain(&r);
	remember_as(a, &r);
}

/* Everything but what is remembered already, errors included. */
static X64_COLD void
emit_searched(trivet_asm *a, trivet_x64_op op, const trivet_operand *ops, unsigned n)
{
	uint32_t classes, widths;
	const Op *info;
	Key key = { 0 };
	X64Ins i;

	if (!is_usable(a, op, ops, n))
		return;
	if (!classify(ops, n, &classes, &widths)) {
		explain(a, op, ops, n);
		return;
	}
	if (is_mov_r64_imm(op, ops, n)) {
		x64_mov_imm(&a->buf, 8, ops[0].reg, (uint64_t)ops[1].value);
		return;
	}
	if (n && n < 4)
		key = key_of(op, ops, n);
	info = &ops_of[op];
	i.cc = info->cc;
	i.rm = x64_r(0);
	for (unsigned f = info->first; f < X64_FORM_COUNT; f++) {
		const X64Row *row = &x64_row[f];
		const X64Pattern *pattern = &x64_pattern[row->pattern];

		if (row->op != x64_row[info->first].op)
			break;
		if (classes & ~pattern->accepts || pattern->n != n)
			continue;
		if (row->pattern == X64_PATTERN_L) {
			remember_as(a, &(X64Recent){ .kinds = key.kinds,
						     .form = key.form,
						     .shape = X64_RECENT_BRANCH });
			if (!branch(a, op, ops))
				asm_fail_operand(a, mnemonic[op], 1,
						 "a branch leads to a label, without an addend");
			return;
		}
		i.imm = 0;
		if (fit(row, ops, widths, info->size, &i) == FITS) {
			i.form = (X64Form)f;
			remember(a, key, &i);
			x64_ins(&a->buf, &i);
			return;
		}
	}
	explain(a, op, ops, n);
}

/* The rm of a remembered row, whose kind is known; false: look closer. */
static X64_INLINE bool
recent_rm(const trivet_operand *o, unsigned kind, X64Rm *rm)
{
	rm->kind = (uint8_t)kind;
	rm->base = o->reg;
	if (kind == X64_REG)
		return o->reg < 16;
	if (!x64_is_imm32(o->value))
		return false;
	rm->disp = (int32_t)o->value;
	rm->label = o->label;
	if (kind == X64_RIP)
		return true;
	rm->index = o->index;
	rm->scale = o->scale;
	return o->reg < 16 && o->scale <= 8 && (0x116 >> o->scale & 1) &&
	       (o->index == X64_NONE || (o->index < 16 && o->index != X64_RSP));
}

/* Room for one more instruction, then the same again. */
static X64_COLD void
emit_grown(trivet_asm *a, trivet_x64_op op, const trivet_operand *ops, unsigned n)
{
	if (cbuf_grow(&a->buf, X64_ROOM))
		trivet_x64_emit(a, op, ops, n);
}

/* None of these calls anything but as the last thing it does, so that nothing need be saved. */

static X64_APART void
emit_any(trivet_asm *a, trivet_x64_op op, const trivet_operand *ops, unsigned n, const X64Recent *r)
{
	unsigned reg = (ops[r->at_reg].reg & r->reg_mask) | r->digit;
	unsigned vvvv = ops[r->at_vvvv].reg & r->vvvv_mask;
	int64_t imm = ops[r->at_imm].value;
	uint8_t *end, *disp = NULL;
	X64Rm rm = { .kind = X64_REG };

	if ((ops[r->at_fixed].reg ^ r->fixed) & r->fixed_mask || (reg | vvvv) > 15 ||
	    (r->lead->imm_n && (uint64_t)imm - (uint64_t)(int64_t)r->low > r->span) ||
	    (r->lead->has & X64_HAS_MODRM && !recent_rm(&ops[r->at_rm], r->rm, &rm))) {
		emit_searched(a, op, ops, n);
		return;
	}
	if ((uint64_t)a->buf.code.n + X64_ROOM + CBUF_SLACK > a->buf.code.cap) {
		emit_grown(a, op, ops, n);
		return;
	}
	end = x64_put(a->buf.code.at + a->buf.code.n, r->lead, r->lead->has, r->cc, reg, vvvv, &rm,
		      imm, &disp);
	x64_wrote(&a->buf, end, disp, &rm);
}

/* Of a plain shape: everything up to the opcode, and up to four bytes of what follows. */
static X64_INLINE uint8_t *
put_plain(uint8_t *p, const X64Recent *r, unsigned rex, uint64_t tail)
{
	uint64_t code = r->opcode + (tail << 8 * r->opcode_n);
	unsigned n = r->prefix_n;

	if (rex) {
		code = code << 8 | 0x40 | rex;
		n++;
	}
	x64_put64(p, code << 8 * r->prefix_n | r->prefix);
	return p + n + r->opcode_n;
}

static X64_APART void
emit_register(trivet_asm *a, trivet_x64_op op, const trivet_operand *ops, unsigned n,
	      const X64Recent *r)
{
	unsigned reg = (ops[r->at_reg].reg & r->reg_mask) | r->digit, rm = ops[r->at_rm].reg;
	uint64_t imm = (uint64_t)ops[r->at_imm].value;
	uint8_t *end;

	if ((reg | rm) > 15 || (r->imm_n && imm - (uint64_t)(int64_t)r->low > r->span)) {
		emit_searched(a, op, ops, n);
		return;
	}
	if ((uint64_t)a->buf.code.n + X64_ROOM + CBUF_SLACK > a->buf.code.cap) {
		emit_grown(a, op, ops, n);
		return;
	}
	end = put_plain(a->buf.code.at + a->buf.code.n, r, r->rex | reg >> 3 << 2 | rm >> 3,
			(reg & 7) << 3 | (rm & 7));
	x64_put64(end + 1, imm);
	a->buf.code.n = (uint32_t)(end + 1 + r->imm_n - a->buf.code.at);
}

static X64_APART void
emit_memory(trivet_asm *a, trivet_x64_op op, const trivet_operand *ops, unsigned n,
	    const X64Recent *r)
{
	unsigned reg = (ops[r->at_reg].reg & r->reg_mask) | r->digit, rex, tail_n;
	uint64_t imm = (uint64_t)ops[r->at_imm].value, tail;
	uint8_t *end;
	X64Rm rm;

	if (reg > 15 || (r->imm_n && imm - (uint64_t)(int64_t)r->low > r->span) ||
	    !recent_rm(&ops[r->at_rm], X64_MEM, &rm)) {
		emit_searched(a, op, ops, n);
		return;
	}
	if ((uint64_t)a->buf.code.n + X64_ROOM + CBUF_SLACK > a->buf.code.cap) {
		emit_grown(a, op, ops, n);
		return;
	}
	rex = r->rex | reg >> 3 << 2 | rm.base >> 3 |
	      (unsigned)(rm.index >> 3 & ~(rm.index >> 4) & 1) << 1;
	tail = x64_memory(reg, &rm, &tail_n);
	end = put_plain(a->buf.code.at + a->buf.code.n, r, rex, 0);
	x64_put64(end, tail);
	x64_put64(end + tail_n, imm);
	a->buf.code.n = (uint32_t)(end + tail_n + r->imm_n - a->buf.code.at);
}

void
trivet_x64_emit(trivet_asm *a, trivet_x64_op op, const trivet_operand *ops, unsigned n)
{
	const X64Recent *r;
	unsigned at;
	Key key;

	if (!a || a->buf.err != TRIVET_OK || a->isa != TRIVET_ISA_X86_64 || n - 1 > 2 || !ops) {
		emit_searched(a, op, ops, n);
		return;
	}
	key = key_of(op, ops, n);
	at = place_of(key);
	r = &a->recent_x64[at];
	if (r->form != key.form || r->kinds != key.kinds) {
		r = &a->recent_x64[at ^ 1];
		if (r->form != key.form || r->kinds != key.kinds) {
			emit_searched(a, op, ops, n);
			return;
		}
	}
	switch (r->shape) {
	case X64_RECENT_REGISTER: emit_register(a, op, ops, n, r); return;
	case X64_RECENT_MEMORY: emit_memory(a, op, ops, n, r); return;
	case X64_RECENT_BRANCH:
		if (ops[0].value == 0)
			branch(a, op, ops);
		else
			emit_searched(a, op, ops, n);
		return;
	default: emit_any(a, op, ops, n, r);
	}
}

void
trivet_x64_nop(trivet_asm *a, size_t bytes)
{
	if (!asm_ready(a))
		return;
	if (a->isa != TRIVET_ISA_X86_64)
		cbuf_fail(&a->buf, TRIVET_ARGUMENT, "an x86-64 instruction for another machine");
	else if (bytes > CBUF_MAX)
		cbuf_fail(&a->buf, TRIVET_LIMIT, "the code is too long");
	else
		x64_nop(&a->buf, (uint32_t)bytes);
}
