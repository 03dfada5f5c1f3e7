/* aarch64_table.c - the rows and slots of aarch64_*.def as data.  See aarch64_table.h. */
#include "asm/aarch64_table.h"

#include "asm/aarch64_bits.h"

// clang-format off

/* ---- Slots ---- */

#define IS(type) UINT64_C(1) << TRIVET_A64_TYPE_##type
#define IS_MEM(mode) UINT64_C(1) << (A64_CLASS_MEM + TRIVET_A64_##mode)
#define IS_IMM UINT64_C(1) << (A64_CLASS_IMM + TRIVET_A64_INTEGER)
#define IS_FIMM UINT64_C(1) << (A64_CLASS_IMM + TRIVET_A64_FLOAT)
#define IS_SHIFT UINT64_C(1) << A64_CLASS_SHIFT
#define IS_COND UINT64_C(1) << A64_CLASS_COND
#define IS_PLACE UINT64_C(1) << A64_CLASS_LABEL | UINT64_C(1) << A64_CLASS_IMM
/* A type that is NONE accepts nothing. */
#define IS_EITHER(low, top) ((IS(low)) | (IS(top))) & ~UINT64_C(1)

const A64Slot a64_slots[A64_SLOTS] = {
#define REGISTER(name, lsb, low, top) \
	[A64_SLOT_##name] = { IS_EITHER(low, top), 31u << (lsb), SHAPE_REGISTER, lsb, TRIVET_A64_TYPE_##low, \
	                      TRIVET_A64_TYPE_##top, NULL },
#define TWICE(name, low, top) \
	[A64_SLOT_##name] = { IS_EITHER(low, top), 31u << 5 | 31u << 16, SHAPE_TWICE, 5, TRIVET_A64_TYPE_##low, \
	                      TRIVET_A64_TYPE_##top, NULL },
#define SLOT(name, mask, shape, accepted, lsb, arg, text) \
	[A64_SLOT_##name] = { accepted, mask, SHAPE_##shape, lsb, arg, 0, text },
#include "asm/aarch64_slots.def"
#undef REGISTER
#undef TWICE
#undef SLOT
};

/* ---- Rows ---- */

/* The bits of each slot as constants; an enumerator is an int, so bit 31 is the sign. */
#define BITS_AS_INT(mask) \
	((mask) >> 31 ? (int)((mask) & 0x7fffffff) + (-0x7fffffff - 1) : (int)((mask) & 0x7fffffff))
enum {
	MASK_NONE,
#define REGISTER(name, lsb, low, top) MASK_##name = 31 << (lsb),
#define TWICE(name, low, top) MASK_##name = 31 << 5 | 31 << 16,
#define SLOT(name, mask, shape, accepted, lsb, arg, text) MASK_##name = BITS_AS_INT(mask),
#include "asm/aarch64_slots.def"
#undef REGISTER
#undef TWICE
#undef SLOT
};

#define COUNTED(...) COUNT_(__VA_ARGS__, 4, 3, 2, 1, 0, )
#define COUNT_(zero, p, q, r, s, n, ...) n
#define MASKS(zero, p, q, r, s, ...) \
	~((uint32_t)MASK_##p | (uint32_t)MASK_##q | (uint32_t)MASK_##r | (uint32_t)MASK_##s)
#define SLOTS(zero, p, q, r, s, ...) \
	{ A64_SLOT_##p, A64_SLOT_##q, A64_SLOT_##r, A64_SLOT_##s }
#define FORM(NAME, optional, ...)                                                              \
	FORM_(NAME, optional, COUNTED(__VA_ARGS__), __VA_ARGS__, NONE, NONE, NONE, NONE, )
#define FORM_(NAME, optional, count, bits, ...)                                                \
	{ bits, MASKS(0, __VA_ARGS__), TRIVET_A64_##NAME, SLOTS(0, __VA_ARGS__),               \
	  (count) - (optional), count },

const A64Row a64_rows[] = {
#define OP(NAME)
#define ROW(NAME, ...) FORM(NAME, 0, __VA_ARGS__)
#define OPT(NAME, ...) FORM(NAME, 1, __VA_ARGS__)
#include "asm/aarch64_rows.def"
#undef OP
#undef ROW
#undef OPT
	{ 0, 0, TRIVET_A64_COUNT, { 0 }, 0, 0 }, /* ends the rows of the last mnemonic */
};
const unsigned a64_row_count = sizeof a64_rows / sizeof *a64_rows - 1;

/* The same list once more, only counted: OP goes one back, so that its first row has its number. */
#define JOIN(a, b) JOIN_(a, b)
#define JOIN_(a, b) a##b
enum {
#define OP(NAME) FIRST_##NAME, BEFORE_##NAME = FIRST_##NAME - 1,
#define ROW(...) JOIN(ROW_, __COUNTER__),
#define OPT(...) JOIN(ROW_, __COUNTER__),
#include "asm/aarch64_rows.def"
#undef OP
#undef ROW
#undef OPT
};

const uint16_t a64_first_row[TRIVET_A64_COUNT] = {
#define X(NAME, text) FIRST_##NAME,
	TRIVET_A64_OP_LIST(X)
#undef X
};

const char *const a64_mnemonics[TRIVET_A64_COUNT] = {
#define X(NAME, text) text,
	TRIVET_A64_OP_LIST(X)
#undef X
};

// clang-format on

/* ---- Names ---- */

static const struct {
	uint8_t list;
	uint16_t value;
	const char *name;
} names[] = {
	{ NAMES_BARRIER, TRIVET_A64_OSHLD, "oshld" },
	{ NAMES_BARRIER, TRIVET_A64_OSHST, "oshst" },
	{ NAMES_BARRIER, TRIVET_A64_OSH, "osh" },
	{ NAMES_BARRIER, TRIVET_A64_NSHLD, "nshld" },
	{ NAMES_BARRIER, TRIVET_A64_NSHST, "nshst" },
	{ NAMES_BARRIER, TRIVET_A64_NSH, "nsh" },
	{ NAMES_BARRIER, TRIVET_A64_ISHLD, "ishld" },
	{ NAMES_BARRIER, TRIVET_A64_ISHST, "ishst" },
	{ NAMES_BARRIER, TRIVET_A64_ISH, "ish" },
	{ NAMES_BARRIER, TRIVET_A64_LD, "ld" },
	{ NAMES_BARRIER, TRIVET_A64_ST, "st" },
	{ NAMES_BARRIER, TRIVET_A64_SY, "sy" },
	{ NAMES_SYSREG, TRIVET_A64_NZCV, "nzcv" },
	{ NAMES_SYSREG, TRIVET_A64_FPCR, "fpcr" },
	{ NAMES_SYSREG, TRIVET_A64_FPSR, "fpsr" },
	{ NAMES_SYSREG, TRIVET_A64_TPIDR_EL0, "tpidr_el0" },
	{ NAMES_SYSREG, TRIVET_A64_CTR_EL0, "ctr_el0" },
	{ NAMES_SYSREG, TRIVET_A64_DCZID_EL0, "dczid_el0" },
	{ NAMES_SYSREG, TRIVET_A64_TPIDRRO_EL0, "tpidrro_el0" },
	{ NAMES_SYSREG, TRIVET_A64_CNTFRQ_EL0, "cntfrq_el0" },
	{ NAMES_SYSREG, TRIVET_A64_CNTVCT_EL0, "cntvct_el0" },
	{ NAMES_SYSREGW, TRIVET_A64_NZCV, "nzcv" },
	{ NAMES_SYSREGW, TRIVET_A64_FPCR, "fpcr" },
	{ NAMES_SYSREGW, TRIVET_A64_FPSR, "fpsr" },
	{ NAMES_SYSREGW, TRIVET_A64_TPIDR_EL0, "tpidr_el0" },
	{ NAMES_DC, TRIVET_A64_DC_ZVA, "zva" },
	{ NAMES_DC, TRIVET_A64_DC_CVAC, "cvac" },
	{ NAMES_DC, TRIVET_A64_DC_CVAU, "cvau" },
	{ NAMES_DC, TRIVET_A64_DC_CIVAC, "civac" },
	{ NAMES_IC, TRIVET_A64_IC_IVAU, "ivau" },
	{ NAMES_BTI, TRIVET_A64_BTI_C, "c" },
	{ NAMES_BTI, TRIVET_A64_BTI_J, "j" },
	{ NAMES_BTI, TRIVET_A64_BTI_JC, "jc" },
};

const char *
a64_name_of(A64Names list, uint32_t value)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].list == list && names[i].value == value)
			return names[i].name;
	return NULL;
}
