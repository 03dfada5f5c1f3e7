/* sanitizer.c - a plugin for qemu-aarch64 that sees what the emulator itself forgives.
 *
 *   qemu-aarch64 -plugin build/tcg/sanitizer.so,fd=1 PROGRAM
 *
 * An AArch64 processor may go on executing what its instruction cache holds after the memory below
 * has changed, and it faults when the stack pointer that a load or store goes through is no
 * multiple of 16 (Arm ARM, B2.4.4 and D1.8.2).  QEMU does neither.  This plugin reports
 *
 *   - code executed from a 64-byte line that was stored to since its last `ic ivau`,
 *   - a load or store through a misaligned stack pointer,
 *
 * each on a line of its own that begins with "sanitizer: "; after a report the program's exit
 * status is 86.  It also counts executed instructions, which is the same number in every run.
 *
 * Arguments, after commas:
 *   fd=N      write the lines to this file descriptor; else they go to QEMU's log, for -d plugin
 *   check=off only count
 *   count=on  at the end write "instructions N".  A program can have parts counted by themselves:
 *             `hint #80` begins one, `hint #81` ends it and writes "counted N"; both are
 * no-operations to a processor.
 *
 * How it sees.  QEMU translates code before it runs it, and throws a translation away when the page
 * below it is stored to or changes its protection; so looking at a block whenever it is translated
 * is looking before each first execution after a store.  Stores are marked as they happen, those
 * through the stack pointer left out: nobody executes the stack.  What the system writes (read(2)
 * into a buffer) is not seen, nor a second mapping of the same memory.
 *
 * Version 1 of the plugin interface cannot read registers.  The stack pointer follows from the
 * address of an access through it.  The operand of `ic ivau` is read from QEMU's own state, whose
 * address stands in rbp while translated code runs on x86-64; the layout is not taken on trust, but
 * believed only once it has shown the number and arguments of a system call.  Where it cannot be
 * known, the flush is taken to be of everything: that may miss a fault, but reports none that is
 * not there. */
#include "plugin_api.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	LINE_BITS = 6, /* the cache line of every CPU model of qemu-aarch64, or a multiple of it */
	PAGE_BITS = 12,
	REGION_BITS = 30,
	ADDRESS_BITS = 48,
	REPORTS = 10000, /* then silence */
	EXIT_STATUS = 86,
	STATE_X0 = 64, /* bytes from the state's begin to the register x0 (QEMU 7.2, checked) */
};

enum { SYS_MUNMAP = 215, SYS_MMAP = 222 };

PLUGIN_EXPORT int qemu_plugin_version = PLUGIN_VERSION;

static int out_fd = -1;
static bool checking = true, counting;
static int reports;
static uint64_t executed;
static bool state_known;

/* Stored to since the last flush: for each page one bit a line.  Filled as it is needed. */
static uint64_t *dirty[1 << (ADDRESS_BITS - REGION_BITS)];

/* Of each thread of the guest. */
static __thread const uint8_t *state; /* QEMU's, from translated code */
static __thread uint64_t mapped[3];   /* arguments of the mmap or munmap that is going on */
static __thread uint64_t part_begin;  /* `executed` at the last hint #80 */
static __thread struct SpAccess {
	uint64_t insn,
		next;  /* a pair or a vector is several accesses: where the next one would be */
	unsigned left; /* bytes of it to come */
} sp_access;

/* ---- Telling -------------------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static void
say(const char *format, ...)
{
	char text[200];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (n <= 0)
		return;
	if (out_fd < 0)
		qemu_plugin_outs(text);
	else if (write(out_fd, text, strlen(text)) < 0)
		_exit(EXIT_STATUS); /* a report that nobody hears is as bad */
}

static bool
may_report(void)
{
	return __atomic_add_fetch(&reports, 1, __ATOMIC_RELAXED) <= REPORTS;
}

/* ---- Stored lines --------------------------------------------------------------------------- */

/* The page's bits; NULL when nothing there was ever stored to and `make` is false, or no memory. */
static uint64_t *
page_lines(uint64_t at, bool make)
{
	uint64_t **region = &dirty[(at & ((1ull << ADDRESS_BITS) - 1)) >> REGION_BITS];
	uint64_t *pages = __atomic_load_n(region, __ATOMIC_ACQUIRE), *none = NULL;

	if (!pages && make) {
		pages = calloc(1u << (REGION_BITS - PAGE_BITS), sizeof *pages);
		if (pages && !__atomic_compare_exchange_n(region, &none, pages, false,
							  __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			free(pages);
			pages = none;
		}
	}
	return pages ? &pages[(at & ((1ull << REGION_BITS) - 1)) >> PAGE_BITS] : NULL;
}

static uint64_t
line_bit(uint64_t at)
{
	return 1ull << (at >> LINE_BITS & ((1u << (PAGE_BITS - LINE_BITS)) - 1));
}

static void
stored_line(uint64_t at)
{
	uint64_t *lines = page_lines(at, true), bit = line_bit(at);

	if (lines && !(__atomic_load_n(lines, __ATOMIC_RELAXED) & bit))
		__atomic_fetch_or(lines, bit, __ATOMIC_RELAXED);
}

static void
stored(unsigned cpu, PluginMemory m, uint64_t at, void *data)
{
	uint64_t last = at + (1u << qemu_plugin_mem_size_shift(m)) - 1;

	(void)cpu;
	(void)data;
	if (!qemu_plugin_mem_is_store(m)) /* QEMU 7.2 also calls for some loads */
		return;
	stored_line(at);
	if (last >> LINE_BITS != at >> LINE_BITS)
		stored_line(last);
}

static void
clean_line(uint64_t at)
{
	uint64_t *lines = page_lines(at, false);

	if (lines)
		__atomic_fetch_and(lines, ~line_bit(at), __ATOMIC_RELAXED);
}

static void
clean_pages(uint64_t at, uint64_t bytes)
{
	for (uint64_t end = at + bytes; at < end; at += 1u << PAGE_BITS) {
		uint64_t *lines = page_lines(at, false);

		if (lines)
			__atomic_store_n(lines, 0, __ATOMIC_RELAXED);
		else
			at |= (1ull << REGION_BITS) -
			      (1u << PAGE_BITS); /* the region's last page */
	}
}

static void
clean_all(void)
{
	for (size_t r = 0; r < sizeof dirty / sizeof dirty[0]; r++)
		if (dirty[r])
			memset(dirty[r], 0, sizeof(uint64_t) << (REGION_BITS - PAGE_BITS));
}

/* ---- Registers ------------------------------------------------------------------------------ */

static uint64_t
state_register(unsigned n)
{
	uint64_t value;

	memcpy(&value, state + STATE_X0 + 8 * n, sizeof value);
	return value;
}

/* QEMU calls back with (cpu, data); the third argument is what translated code keeps in rbp. */
void flushed(unsigned cpu, void *data, const uint8_t *at);
void calling_system(unsigned cpu, void *data, const uint8_t *at);
#ifdef __x86_64__
#define WITH_STATE(name, to)                                                          \
	__attribute__((naked)) static void name(unsigned cpu __attribute__((unused)), \
						void *data __attribute__((unused)))   \
	{                                                                             \
		__asm__("movq %rbp, %rdx\n\tjmp " #to);                               \
	}
#else
#define WITH_STATE(name, to)                       \
	static void name(unsigned cpu, void *data) \
	{                                          \
		to(cpu, data, NULL);               \
	}
#endif
WITH_STATE(flushed_here, flushed)
WITH_STATE(calling_system_here, calling_system)

/* ic ivau, x(data - 1); data is NULL when the register may not yet be in QEMU's state. */
__attribute__((used)) void
flushed(unsigned cpu, void *data, const uint8_t *at)
{
	(void)cpu;
	state = at;
	if (state && data && __atomic_load_n(&state_known, __ATOMIC_RELAXED))
		clean_line(state_register((unsigned)(uintptr_t)data - 1));
	else
		clean_all();
}

__attribute__((used)) void
calling_system(unsigned cpu, void *data, const uint8_t *at)
{
	(void)cpu;
	(void)data;
	state = at;
}

/* New memory holds nothing that was stored, and old pages must not be taken for it. */
static void
system_call(PluginId id, unsigned cpu, int64_t number, uint64_t a1, uint64_t a2, uint64_t a3,
	    uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)
{
	(void)id, (void)cpu, (void)a7, (void)a8;
	mapped[0] = a1;
	mapped[1] = a2;
	if (state && state_register(8) == (uint64_t)number && state_register(0) == a1 &&
	    state_register(1) == a2 && state_register(2) == a3 && state_register(3) == a4 &&
	    state_register(4) == a5 && state_register(5) == a6)
		__atomic_store_n(&state_known, true, __ATOMIC_RELAXED);
}

static void
system_call_done(PluginId id, unsigned cpu, int64_t number, int64_t result)
{
	(void)id, (void)cpu;
	if (result < 0 && result > -4096)
		return;
	if (number == SYS_MMAP)
		clean_pages((uint64_t)result, mapped[1]);
	else if (number == SYS_MUNMAP)
		clean_pages(mapped[0], mapped[1]);
}

/* ---- Instructions --------------------------------------------------------------------------- */

typedef struct Access {
	bool is, through_sp, known; /* a load or store; base register SP; offset known */
	int offset;		    /* from the base register to the access, in bytes */
	unsigned bytes;		    /* in all */
} Access;

static int
sign_extended(uint32_t bits, unsigned width)
{
	int sign = 1 << (width - 1);
	return ((int)(bits & ((1u << width) - 1)) ^ sign) - sign;
}

/* The classes of loads and stores: Arm ARM (H.a), C4.1.66, "Loads and Stores". */
static Access
access_of(uint32_t w)
{
	Access a = { .is = (w >> 25 & 5) == 4, .known = true };
	bool vector = w >> 26 & 1;
	unsigned size = w >> 30, bytes = 1u << size;

	a.through_sp = a.is && (w >> 5 & 31) == 31;
	if (vector && w >> 23 & 1)
		bytes = 16;
	if ((w & 0x3a000000) == 0x28000000) { /* pairs; bits 24:23 = 01: after the access */
		unsigned one = vector ? 4u << size : size == 2 ? 8 : 4;
		a.offset = (w >> 23 & 3) == 1 ? 0 : sign_extended(w >> 15, 7) * (int)one;
		a.bytes = 2 * one;
	} else if ((w & 0x3b000000) == 0x39000000) { /* unsigned offset */
		a.offset = (int)((w >> 10 & 0xfff) * bytes);
		a.bytes = bytes;
	} else if ((w & 0x3b200000) == 0x38000000) { /* 9-bit offset; 01: after the access */
		a.offset = (w >> 10 & 3) == 1 ? 0 : sign_extended(w >> 12, 9);
		a.bytes = bytes;
	} else if ((w & 0x3b200c00) == 0x38200800) { /* register offset */
		a.known = false;
	} else { /* exclusive, ordered, atomic, structures: no offset */
		a.bytes = 64;
	}
	if ((w & 0x3b000000) == 0x18000000) /* literal: bits 9:5 are not a register */
		a.through_sp = false;
	return a;
}

/* An access through SP, data: address << 12 | bytes << 4 | offset modulo 16. */
static void
through_sp(unsigned cpu, PluginMemory m, uint64_t at, void *data)
{
	uint64_t what = (uint64_t)(uintptr_t)data, insn = what >> 12;
	unsigned bytes = 1u << qemu_plugin_mem_size_shift(m);
	struct SpAccess *s = &sp_access;

	(void)cpu;
	if (s->insn == insn && s->left && s->next == at) {
		s->left = s->left > bytes ? s->left - bytes : 0;
		s->next += bytes;
		return;
	}
	s->insn = insn;
	s->next = at + bytes;
	s->left = (unsigned)(what >> 4 & 0xff) > bytes ? (unsigned)(what >> 4 & 0xff) - bytes : 0;
	if ((at - (what & 15)) % 16 && may_report())
		say("sanitizer: the instruction at 0x%llx accesses memory through a stack pointer "
		    "that "
		    "is %llu modulo 16\n",
		    (unsigned long long)insn, (unsigned long long)((at - (what & 15)) % 16));
}

static void
part_begins(unsigned cpu, void *behind)
{
	(void)cpu;
	part_begin = executed - (uintptr_t)behind;
}

static void
part_ends(unsigned cpu, void *behind)
{
	(void)cpu;
	say("counted %llu\n", (unsigned long long)(executed - (uintptr_t)behind - 1 - part_begin));
}

/* Does this instruction leave Xn as it is, for certain?  Enough of them are known to look through
 * what compilers put before the first `ic ivau` of a loop. */
static bool
writes_nothing(uint32_t w)
{
	return (w & 0xfffff01f) == 0xd503201f	  /* hints: nop, bti */
	       || (w & 0xfffff01f) == 0xd503301f  /* barriers */
	       || (w & 0xffffffe0) == 0xd50b7b20  /* dc cvau */
	       || (w & 0xffffffe0) == 0xd50b7520  /* ic ivau */
	       || (w & 0x7f20001f) == 0x6b00001f  /* cmp, registers */
	       || (w & 0x7f80001f) == 0x7100001f; /* cmp, immediate */
}

static void
look_at_access(PluginInsn *insn, uint32_t w, uint64_t at)
{
	Access a = access_of(w);
	uint64_t what = at << 12 | (uint64_t)a.bytes << 4 | (uint64_t)(a.offset & 15);

	if (a.is && !a.through_sp)
		qemu_plugin_register_vcpu_mem_cb(insn, stored, PLUGIN_NO_REGS, PLUGIN_WRITES, NULL);
	else if (a.is && a.known)
		qemu_plugin_register_vcpu_mem_cb(insn, through_sp, PLUGIN_NO_REGS, PLUGIN_BOTH,
						 (void *)(uintptr_t)what);
}

static void
look_at_code(uint64_t at)
{
	uint64_t *lines = page_lines(at, false);

	if (!lines || !(__atomic_load_n(lines, __ATOMIC_RELAXED) & line_bit(at)))
		return;
	clean_line(at); /* once is enough */
	if (may_report())
		say("sanitizer: the instruction at 0x%llx is executed, but its cache line was "
		    "stored to "
		    "since its last `ic ivau`\n",
		    (unsigned long long)at);
}

static void
translated(PluginId id, PluginTb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	bool registers_written = false;

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, PLUGIN_ADD_U64, &executed, n);
	for (size_t i = 0; i < n; i++) {
		PluginInsn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t at = qemu_plugin_insn_vaddr(insn);
		void *behind = (void *)(uintptr_t)(n - i - 1); /* counted, but not executed yet */
		uint32_t w = 0;

		if (qemu_plugin_insn_size(insn) == sizeof w)
			memcpy(&w, qemu_plugin_insn_data(insn), sizeof w);
		if (w == 0xd5032a1f) /* hint #80 */
			qemu_plugin_register_vcpu_insn_exec_cb(insn, part_begins, PLUGIN_NO_REGS,
							       behind);
		else if (w == 0xd5032a3f) /* hint #81 */
			qemu_plugin_register_vcpu_insn_exec_cb(insn, part_ends, PLUGIN_NO_REGS,
							       behind);
		if (!checking)
			continue;
		look_at_code(at);
		look_at_access(insn, w, at);
		if ((w & 0xffffffe0) == 0xd50b7520) { /* ic ivau */
			uintptr_t operand = registers_written ? 0 : (w & 31) + 1;
			qemu_plugin_register_vcpu_insn_exec_cb(insn, flushed_here, PLUGIN_NO_REGS,
							       (void *)operand);
		} else if (w == 0xd4000001) { /* svc #0 */
			qemu_plugin_register_vcpu_insn_exec_cb(insn, calling_system_here,
							       PLUGIN_NO_REGS, NULL);
		}
		registers_written |= !writes_nothing(w);
	}
}

static void
ended(PluginId id, void *data)
{
	(void)id;
	(void)data;
	if (counting)
		say("instructions %llu\n", (unsigned long long)executed);
	if (reports > REPORTS)
		say("sanitizer: and %d more\n", reports - REPORTS);
	if (reports)
		_exit(EXIT_STATUS);
}

static int
read_argument(const char *a)
{
	if (!strncmp(a, "fd=", 3) && a[3] >= '0' && a[3] <= '9')
		out_fd = atoi(a + 3);
	else if (!strcmp(a, "check=off"))
		checking = false;
	else if (!strcmp(a, "count=on"))
		counting = true;
	else
		return -1;
	return 0;
}

PLUGIN_EXPORT int
qemu_plugin_install(PluginId id, const PluginInfo *info, int argc, char **argv)
{
	if (strcmp(info->target_name, "aarch64") || info->system_emulation) {
		fprintf(stderr, "sanitizer: only for qemu-aarch64, user mode\n");
		return -1;
	}
	for (int i = 0; i < argc; i++)
		if (read_argument(argv[i])) {
			fprintf(stderr, "sanitizer: unknown argument '%s'\n", argv[i]);
			return -1;
		}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	if (checking) {
		qemu_plugin_register_vcpu_syscall_cb(id, system_call);
		qemu_plugin_register_vcpu_syscall_ret_cb(id, system_call_done);
	}
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	return 0;
}
