/* aarch64_table.h - the table of A64 instructions, and its two directions.
 *
 * A row is one form of a mnemonic: its fixed bits, and up to four slots that say which operands go
 * where.  a64_encode() takes mnemonic and operands to a word, a64_decode() the word back to them;
 * the public assembler, the disassembler and the tests all go through these two, and none knows an
 * instruction that has no row.  Rows are in aarch64_rows.def, slots in aarch64_slots.def.
 *
 *                                           Tests: tests/unit/asm_a64.c, tests/encoding/ */
#ifndef TRIVET_AARCH64_TABLE_H
#define TRIVET_AARCH64_TABLE_H

#include "asm/aarch64.h"
#include "asm/cbuf.h"
#include "trivet_a64.h"

enum { A64_OPERANDS = 4 };

/* How an operand becomes bits at `lsb`; what `arg` of the slot says. */
typedef enum A64Shape {
	SHAPE_REGISTER,                   /* number; arg: type of 0..30, top: type of 31 */
	SHAPE_TWICE,                      /* the same, as Rn and Rm */
	SHAPE_LANE,                       /* Rd or Rn at lsb, index in imm5; log2 of its size */
	SHAPE_LANE1,                      /* the same with index 1, which the row has */
	SHAPE_UIMM,                       /* its width */
	SHAPE_ADDIMM, SHAPE_LSL12,          /* 12 bits, and the bit that shifts them */
	SHAPE_BITMASK,                    /* N:immr:imms; width is the word's */
	SHAPE_MOVZ, SHAPE_MOVN, SHAPE_MOVBITS, /* the constant that results; preferred in this order */
	SHAPE_BIT6,                       /* TBZ's bit number */
	SHAPE_LSLIMM,                     /* UBFM's two fields that shift left; the register's top bit */
	SHAPE_LSB, SHAPE_XWIDTH, SHAPE_IWIDTH, /* of a bit field: inserted at, extracted width, inserted width */
	SHAPE_FBITS,                      /* of a fixed-point number; most */
	SHAPE_FIMM, SHAPE_FZERO,
	SHAPE_BYTEMASK, SHAPE_VIMM8,        /* MOVI's eight bits: abc and defgh */
	SHAPE_VSHL, SHAPE_VSHR,             /* log2 of the element's bytes */
	SHAPE_NAMED,                      /* one of a list of values; A64Names */
	SHAPE_SHIFT, SHAPE_SHIFTROR,        /* most; without and with ROR */
	SHAPE_EXTEND,                     /* 0 of W, 1 of X by a W register, 2 of X by an X register */
	SHAPE_LSL16, SHAPE_VLSL,            /* by 0, 16, … or 0, 8, …; most */
	SHAPE_COND, SHAPE_INVERSE,
	SHAPE_MEMU, SHAPE_MEMR, SHAPE_PAIR,   /* log2 of the size */
	SHAPE_MEMS9,                      /* 1: with write-back */
	SHAPE_MEMBASE,                    /* other registers that must not meet: 0 none, 1 stxr, 2 stxp, 3 ldxp */
	SHAPE_BRANCH,                     /* its width */
	SHAPE_ADR,                        /* bits that the distance is shifted by */
} A64Shape;

typedef enum A64Names {
	NAMES_BARRIER, NAMES_SYSREG, NAMES_SYSREGW, NAMES_DC, NAMES_IC, NAMES_BTI,
} A64Names;

/* Classes of operands, as bits of a set: register types, then the other kinds. */
enum {
	A64_CLASS_MEM = 24, A64_CLASS_LABEL = 28, A64_CLASS_IMM = 29, A64_CLASS_SHIFT = 31,
	A64_CLASS_COND = 32, A64_CLASS_NONE = 63,
};

typedef struct A64Slot {
	uint64_t accepted;              /* classes */
	uint32_t mask;                  /* every bit that the operand fills in */
	uint8_t shape, lsb, arg, top;
	const char *text;               /* what fits, for messages; NULL: the registers of arg and top */
} A64Slot;

enum {
	A64_SLOT_NONE,
#define REGISTER(name, lsb, low, top) A64_SLOT_##name,
#define TWICE(name, low, top) A64_SLOT_##name,
#define SLOT(name, mask, shape, accepted, lsb, arg, text) A64_SLOT_##name,
#include "asm/aarch64_slots.def"
#undef REGISTER
#undef TWICE
#undef SLOT
	A64_SLOTS,
};

typedef struct A64Row {
	uint32_t value, mask;           /* fixed bits; mask: those that no operand fills in */
	uint16_t op;                    /* trivet_a64_op */
	uint8_t slot[A64_OPERANDS];     /* A64_SLOT_…; NONE from the last on */
	uint8_t least, most;            /* operands */
} A64Row;

extern const A64Slot a64_slots[A64_SLOTS];
extern const A64Row a64_rows[];
extern const unsigned a64_row_count;
extern const uint16_t a64_first_row[TRIVET_A64_COUNT];  /* a mnemonic's rows are together */
extern const char *const a64_mnemonics[TRIVET_A64_COUNT];

/* Would the word, but for its operands' fields complete, do what the manual leaves open? */
bool a64_is_unpredictable(const A64Slot *s, uint32_t word);
/* Named values: NULL where the list has none for it. */
const char *a64_name_of(A64Names list, uint32_t value);

typedef struct A64Code {
	uint32_t word;
	uint8_t fixup;                  /* A64_FIX_…, for label; 0 without */
	Label label;
	int32_t addend;
	uint8_t operand;                /* on failure: which one fits no row that the others before fit; */
	const A64Row *row;              /* the first such row, NULL when only their number is wrong;
	                                   on success the row that was taken */
} A64Code;

/* The word for a mnemonic and n operands; labels are those of c, which may be NULL without any. */
bool a64_encode(const Cbuf *c, trivet_a64_op op, const trivet_operand *operands, unsigned n,
                A64Code *out);
/* The same for one row, without labels; on success only word is set. */
bool a64_encode_as(const A64Row *row, const trivet_operand *operands, unsigned n, A64Code *out);
/* Back again: the row, or NULL when there is none, and what its slots hold; places in the code are
 * immediates, the distance in bytes. */
const A64Row *a64_decode(uint32_t word, trivet_operand operands[A64_OPERANDS], unsigned *n);
/* The same for one row, whether or not another is preferred; mask and value are not looked at. */
bool a64_decode_as(const A64Row *row, uint32_t word, trivet_operand operands[A64_OPERANDS],
                   unsigned *n);
/* Mnemonic and operands as text, as mem_format does; distances count from `address`. */
size_t a64_text(const A64Row *row, const trivet_operand *operands, unsigned n, uint64_t address,
                char *text, size_t room);
/* The registers that a slot takes, for messages. */
size_t a64_types_text(const A64Slot *s, char *text, size_t room);
size_t a64_operand_text(const A64Row *row, unsigned i, const trivet_operand *o, uint64_t address,
                        char *text, size_t room);       /* one of them; row NULL: as it is */

#endif
