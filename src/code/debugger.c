/* debugger.c - an ELF object with DWARF for each module, and the list that debuggers read.
 *
 * Sources: gdb's manual, "JIT Compilation Interface"; ELF-64 Object File Format 1.5; DWARF 4, 6.2
 * and 7. */
#include "code/debugger.h"

/* ---- The list ------------------------------------------------------------------------------- */

/* The one piece of state that is the process's and not an engine's: debuggers look for these two
 * names. They set a breakpoint in the function and read the descriptor there. */
struct jit_descriptor {
	uint32_t version, action;
	DebugEntry *relevant, *first;
};
enum { ACTION_NONE, ACTION_REGISTER, ACTION_UNREGISTER };

extern struct jit_descriptor __jit_debug_descriptor;
void __jit_debug_register_code(void);
struct jit_descriptor __jit_debug_descriptor = { 1, ACTION_NONE, NULL, NULL };

__attribute__((noinline)) void
__jit_debug_register_code(void)
{
	__asm__ volatile("" ::: "memory");
}

static char busy; /* a lock: engines of several threads share the list */

static void
tell(DebugEntry *e, uint32_t action)
{
	__jit_debug_descriptor.relevant = e;
	__jit_debug_descriptor.action = action;
	__jit_debug_register_code();
	__jit_debug_descriptor.action = ACTION_NONE;
	__jit_debug_descriptor.relevant = NULL;
}

static void
lock(void)
{
	while (__atomic_test_and_set(&busy, __ATOMIC_ACQUIRE))
		continue; /* held for a few instructions */
}

static void
unlock(void)
{
	__atomic_clear(&busy, __ATOMIC_RELEASE);
}

void
debugger_add(DebugEntry *e, const char *object, uint64_t size)
{
	lock();
	*e = (DebugEntry){ __jit_debug_descriptor.first, NULL, object, size };
	if (e->next)
		e->next->prev = e;
	__jit_debug_descriptor.first = e;
	tell(e, ACTION_REGISTER);
	unlock();
}

void
debugger_remove(DebugEntry *e)
{
	if (!e->object)
		return;
	lock();
	if (e->prev)
		e->prev->next = e->next;
	else
		__jit_debug_descriptor.first = e->next;
	if (e->next)
		e->next->prev = e->prev;
	tell(e, ACTION_UNREGISTER);
	unlock();
	*e = (DebugEntry){ 0 };
}

/* ---- Bytes ---------------------------------------------------------------------------------- */

static void
put(Text *t, uint64_t v, unsigned bytes)
{
	char le[8];

	for (unsigned k = 0; k < 8; k++)
		le[k] = (char)(v >> 8 * k & 0xff);
	text_add(t, le, bytes);
}

static void
put_string(Text *t, const char *s)
{
	text_add(t, s, strlen(s) + 1);
}

static void
put_uleb(Text *t, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		put(t, (v & 0x7f) | 0x80, 1);
	put(t, v, 1);
}

static void
put_sleb(Text *t, int64_t v)
{
	for (; v < -64 || v > 63; v = (v - (v & 0x7f)) / 128)
		put(t, (uint64_t)(v & 0x7f) | 0x80, 1);
	put(t, (uint64_t)(v & 0x7f), 1);
}

static void
put32_at(Text *t, uint32_t at, uint32_t v)
{
	if (!t->arena->mem->failed)
		for (unsigned k = 0; k < 4; k++)
			t->at[at + k] = (char)(v >> 8 * k & 0xff);
}

/* ---- DWARF ---------------------------------------------------------------------------------- */

enum { UNIT = 1, SUBPROGRAM = 2 }; /* abbreviations */

static void
put_abbreviations(Text *t)
{
	static const uint8_t bytes[] = {
		UNIT, 0x11, 1,			 /* DW_TAG_compile_unit, with children */
		0x03, 0x08,			 /* DW_AT_name, DW_FORM_string */
		0x13, 0x05,			 /* DW_AT_language, DW_FORM_data2 */
		0x11, 0x01,			 /* DW_AT_low_pc, DW_FORM_addr */
		0x12, 0x07,			 /* DW_AT_high_pc, DW_FORM_data8: a length */
		0x10, 0x17,			 /* DW_AT_stmt_list, DW_FORM_sec_offset */
		0,    0,    SUBPROGRAM, 0x2e, 0, /* DW_TAG_subprogram */
		0x03, 0x08, 0x11,	0x01, 0x12, 0x07, 0, 0, 0,
	};

	text_add(t, (const char *)bytes, sizeof bytes);
}

static void
put_info(Text *t, const DebugModule *m)
{
	uint32_t start = t->n;

	put(t, 0, 4); /* length */
	put(t, 4, 2); /* version */
	put(t, 0, 4); /* of .debug_abbrev */
	put(t, 8, 1); /* bytes of an address */
	put_uleb(t, UNIT);
	put_string(t, m->file);
	put(t, 0x0c, 2); /* DW_LANG_C99: the nearest there is */
	put(t, m->address, 8);
	put(t, m->size, 8);
	put(t, 0, 4); /* of .debug_line */
	for (uint32_t k = 0; k < m->nsymbols; k++) {
		put_uleb(t, SUBPROGRAM);
		put_string(t, m->symbols[k].name);
		put(t, m->address + m->symbols[k].start, 8);
		put(t, m->symbols[k].end - m->symbols[k].start, 8);
	}
	put(t, 0, 1);
	put32_at(t, start, t->n - start - 4);
}

static void
put_lines(Text *t, const DebugModule *m)
{
	enum { COPY = 1, ADVANCE_PC = 2, ADVANCE_LINE = 3 };
	static const uint8_t operands[] = { 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1 };
	uint32_t start = t->n, at = 0, line = 1;

	put(t, 0, 4); /* length */
	put(t, 4, 2); /* version */
	put(t, 0, 4); /* length of the rest of the header */
	put(t, 1, 1); /* bytes an instruction has at least */
	put(t, 1, 1); /* operations of one */
	put(t, 1, 1); /* statements */
	put(t, 0xfb, 1);
	put(t, 14, 1); /* special opcodes: -5 and 14, but none is used */
	put(t, sizeof operands + 1, 1);
	text_add(t, (const char *)operands, sizeof operands);
	put(t, 0, 1); /* no directories */
	put_string(t, m->file);
	put(t, 0, 4); /* directory, time and size unknown; no more files */
	put32_at(t, start + 6, t->n - start - 10);
	text_add(t, "\0\x09\x02", 3); /* DW_LNE_set_address */
	put(t, m->address, 8);
	for (uint32_t k = 0; k < m->nlines; k++) {
		put(t, ADVANCE_PC, 1);
		put_uleb(t, m->lines[k].at - at);
		put(t, ADVANCE_LINE, 1);
		put_sleb(t, (int64_t)m->lines[k].line - line);
		put(t, COPY, 1);
		at = m->lines[k].at;
		line = m->lines[k].line;
	}
	put(t, ADVANCE_PC, 1);
	put_uleb(t, m->size - at);
	text_add(t, "\0\x01\x01", 3); /* DW_LNE_end_sequence */
	put32_at(t, start, t->n - start - 4);
}

/* ---- ELF ------------------------------------------------------------------------------------ */

enum { TEXT = 1, EH_FRAME, SYMTAB, STRTAB, SHSTRTAB, INFO, ABBREV, LINE, NSECTIONS };
enum { HEADER = 64, SECTION_HEADER = 64, SYMBOL = 24 };
enum { PROGBITS = 1, SYMBOLS = 2, STRINGS = 3, NOBITS = 8 };
enum { ALLOC = 2, EXEC = 4 };

typedef struct Section {
	const char *name;
	uint32_t type, flags;
	uint64_t address;
	uint32_t offset, size;
} Section;

static void
put_header(Text *t, uint16_t machine)
{
	text_add(t, "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0", 16);
	put(t, 1, 2); /* ET_REL, but with addresses already */
	put(t, machine, 2);
	put(t, 1, 4);
	put(t, 0, 8); /* entry */
	put(t, 0, 8); /* program headers */
	put(t, 0, 8); /* section headers: filled in at the end */
	put(t, 0, 4);
	put(t, HEADER, 2);
	put(t, 0, 4); /* size and number of program headers */
	put(t, SECTION_HEADER, 2);
	put(t, NSECTIONS, 2);
	put(t, SHSTRTAB, 2);
}

static void
put_symbols(Text *t, const DebugModule *m)
{
	uint32_t name = 1;

	for (unsigned k = 0; k < SYMBOL / 8; k++)
		put(t, 0, 8); /* the null symbol */
	for (uint32_t k = 0; k < m->nsymbols; k++) {
		put(t, name, 4);
		put(t, 0x12, 1); /* a global function */
		put(t, 0, 1);
		put(t, TEXT, 2);
		put(t, m->symbols[k].start, 8);
		put(t, m->symbols[k].end - m->symbols[k].start, 8);
		name += (uint32_t)strlen(m->symbols[k].name) + 1;
	}
}

static void
put_contents(Text *t, const DebugModule *m, unsigned section, const Section *all)
{
	switch (section) {
	case EH_FRAME: text_add(t, (const char *)m->eh_frame, m->eh_frame_size); break;
	case SYMTAB: put_symbols(t, m); break;
	case STRTAB:
		put(t, 0, 1);
		for (uint32_t k = 0; k < m->nsymbols; k++)
			put_string(t, m->symbols[k].name);
		break;
	case SHSTRTAB:
		for (unsigned k = 0; k < NSECTIONS; k++)
			put_string(t, all[k].name);
		break;
	case INFO: put_info(t, m); break;
	case ABBREV: put_abbreviations(t); break;
	case LINE: put_lines(t, m); break;
	default: break;
	}
}

void
debugger_object(Text *t, const DebugModule *m)
{
	Section s[NSECTIONS] = {
		[0] = { .name = "" },
		[TEXT] = { ".text", NOBITS, ALLOC | EXEC, m->address, 0, 0 },
		[EH_FRAME] = { ".eh_frame", PROGBITS, ALLOC, (uintptr_t)m->eh_frame, 0, 0 },
		[SYMTAB] = { ".symtab", SYMBOLS, 0, 0, 0, 0 },
		[STRTAB] = { ".strtab", STRINGS, 0, 0, 0, 0 },
		[SHSTRTAB] = { ".shstrtab", STRINGS, 0, 0, 0, 0 },
		[INFO] = { ".debug_info", PROGBITS, 0, 0, 0, 0 },
		[ABBREV] = { ".debug_abbrev", PROGBITS, 0, 0, 0, 0 },
		[LINE] = { ".debug_line", PROGBITS, 0, 0, 0, 0 },
	};
	uint32_t name = 0;

	put_header(t, m->machine);
	for (unsigned k = TEXT; k < NSECTIONS; k++) {
		while (t->n % 8 != 0 && !t->arena->mem->failed)
			put(t, 0, 1);
		s[k].offset = t->n;
		put_contents(t, m, k, s);
		s[k].size = k == TEXT ? m->size : t->n - s[k].offset;
	}
	while (t->n % 8 != 0 && !t->arena->mem->failed)
		put(t, 0, 1);
	put32_at(t, 40, t->n); /* e_shoff */
	for (unsigned k = 0; k < NSECTIONS; k++) {
		put(t, name, 4);
		put(t, s[k].type, 4);
		put(t, s[k].flags, 8);
		put(t, s[k].address, 8);
		put(t, s[k].offset, 8);
		put(t, s[k].size, 8);
		put(t, k == SYMTAB ? STRTAB : 0, 4);
		put(t, k == SYMTAB, 4); /* the first global symbol */
		put(t, k == SYMTAB || k == EH_FRAME ? 8 : k == TEXT ? 16 : k != 0, 8);
		put(t, k == SYMTAB ? SYMBOL : 0, 8);
		name += (uint32_t)strlen(s[k].name) + 1;
	}
}
