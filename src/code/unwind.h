/* unwind.h - how a function's frame is taken down: .eh_frame, and UNWIND_INFO on Windows.
 *
 * A back end tells what the prologue does to the stack as a list of steps; from the same list come
 * both formats.  Everything written is relative to itself (.eh_frame) or to the start of the code
 * (Windows), so it may lie behind the code and needs no relocation.  Pure functions of their
 * arguments: any host writes any format.
 *
 * Sources: LSB 5.0 Core, 10.6 ".eh_frame"; DWARF 5, 6.4; System V ABI for x86-64, figure 3.36; DWARF
 * for the Arm 64-bit Architecture, 4.1; Microsoft, "x64 exception handling".
 *                                                              Tests: tests/unit/unwind.c */
#ifndef TRIVET_CODE_UNWIND_H
#define TRIVET_CODE_UNWIND_H

#include <stdint.h>

typedef enum UnwindFormat {
	UNWIND_DWARF_X86_64,
	UNWIND_DWARF_AARCH64,
	UNWIND_WINDOWS_X64,
} UnwindFormat;

typedef enum UnwindKind {
	UNWIND_PUSH,            /* sp -= 8, reg is saved there */
	UNWIND_ALLOC,           /* sp -= bytes */
	UNWIND_SAVE,            /* reg is saved at sp + bytes */
	UNWIND_FRAME,           /* reg = sp, and the frame is found by it from now on; not on Windows */
	/* In epilogues: */
	UNWIND_FREE,            /* sp += bytes */
	UNWIND_UNFRAME,         /* sp is what it was at the function's entry */
	UNWIND_RESTORE,         /* reg holds what it held there */
} UnwindKind;

/* Registers are 0..31 general, 32..63 floating, in the machine's own numbering. */
typedef struct UnwindStep {
	uint32_t at;            /* offset from the function's start behind the instruction; ascending */
	uint8_t kind, reg;
	uint32_t bytes;         /* of ALLOC and SAVE; a multiple of 8, and of 16 for xmm registers */
} UnwindStep;

typedef struct UnwindFunc {
	uint32_t start, end;    /* offsets in the code */
	uint32_t prologue;      /* bytes of it; Windows: at most 255 */
	const UnwindStep *steps;
	uint32_t nsteps;
	/* Epilogues are all alike: their steps count from a mark in each (`at` 0 is allowed), as does the
	 * end of the last instruction.  Windows reads them from the code and needs none of this. */
	const UnwindStep *exit_steps;
	uint32_t nexit_steps, exit_end;
	const uint32_t *exits;          /* offsets in the code of the marks, ascending */
	uint32_t nexits;
} UnwindFunc;

enum { UNWIND_STEPS = 48 };             /* most of a function */
enum { UNWIND_RECORD = 1024 };          /* most bytes that any of these writes, … */
enum { UNWIND_EXIT = 128 };             /* … and of an FDE so many more for each exit */
enum { UNWIND_EXIT_STEPS = 12 };

/* All return the number of bytes written to `out`, a multiple of 4.  `at` is where the record will
 * lie, `cie_at` where the CIE does, in the same offsets as the function's.  A section is a CIE, FDEs
 * and four zero bytes. */
uint32_t unwind_cie(UnwindFormat format, uint8_t out[UNWIND_RECORD]);
uint32_t unwind_fde(UnwindFormat format, const UnwindFunc *f, uint32_t at, uint32_t cie_at,
                    uint8_t *out);
/* Makes a copy of an FDE that of a function that is the same, but begins at `start`. */
void unwind_fde_place(uint8_t *fde, uint32_t start, uint32_t at, uint32_t cie_at);
uint32_t unwind_info(const UnwindFunc *f, uint8_t out[UNWIND_RECORD]);

#endif
