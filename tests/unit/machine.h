/* machine.h - for tests that run machine code: a few instructions of this machine, what the system
 * says of a page, and whether an access faults. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "os/os.h"

/* A function that returns 42, with a landing pad for indirect branches. */
#if defined(__x86_64__)
static const uint8_t return_42[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0xb8, 42, 0, 0, 0, 0xc3 };
static const uint8_t trap_byte[4] = { 0xcc, 0xcc, 0xcc, 0xcc };
#else
static const uint8_t return_42[] = { 0x5f, 0x24, 0x03, 0xd5, 0x40, 0x05,
				     0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6 };
static const uint8_t trap_byte[4] = { 0x00, 0x00, 0x20, 0xd4 };
#endif

static inline int
call_code(const void *at)
{
	int (*f)(void);

	memcpy(&f, &at, sizeof f);
	return f();
}

/* What may be done with the page at an address: "rw-", "r-x", "---"; "" when nothing is there. */
typedef struct Access {
	char text[4];
} Access;

typedef bool FaultingAction(void *argument);

#ifdef _WIN32
#include <windows.h>

static inline Access
access_of(const void *at)
{
	MEMORY_BASIC_INFORMATION m;

	if (!VirtualQuery(at, &m, sizeof m) || m.State == MEM_FREE)
		return (Access){ "" };
	if (m.State == MEM_RESERVE)
		return (Access){ "---" };
	switch (m.Protect & 0xff) {
	case PAGE_READONLY: return (Access){ "r--" };
	case PAGE_READWRITE:
	case PAGE_WRITECOPY: return (Access){ "rw-" };
	case PAGE_EXECUTE: return (Access){ "--x" };
	case PAGE_EXECUTE_READ: return (Access){ "r-x" };
	case PAGE_EXECUTE_READWRITE:
	case PAGE_EXECUTE_WRITECOPY: return (Access){ "rwx" };
	default: return (Access){ "---" };
	}
}

/* Regions of this process that are writable and executable. */
static inline unsigned
count_wx(void)
{
	MEMORY_BASIC_INFORMATION m;
	unsigned n = 0;

	for (char *p = NULL;
	     VirtualQuery(p, &m, sizeof m) && (char *)m.BaseAddress + m.RegionSize > p;
	     p = (char *)m.BaseAddress + m.RegionSize)
		n += m.State == MEM_COMMIT &&
		     (m.Protect & (PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)) != 0;
	return n;
}

static void *fault_jump[5];
static bool fault_expected;

static inline LONG CALLBACK
on_fault(EXCEPTION_POINTERS *e)
{
	if (!fault_expected || e->ExceptionRecord->ExceptionCode != EXCEPTION_ACCESS_VIOLATION)
		return EXCEPTION_CONTINUE_SEARCH;
	fault_expected = false;
	__builtin_longjmp(fault_jump, 1);
}

static inline bool
faults(FaultingAction *action, void *argument)
{
	void *handler = AddVectoredExceptionHandler(1, on_fault);
	volatile bool faulted = true;

	if (__builtin_setjmp(fault_jump) == 0) {
		fault_expected = true;
		action(argument);
		fault_expected = false;
		faulted = false;
	}
	RemoveVectoredExceptionHandler(handler);
	return faulted;
}

#else
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static inline Access
access_of(const void *at)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	unsigned long long from, to;
	Access a = { "" };

	while (maps && fgets(line, sizeof line, maps)) {
		char r, w, x;
		if (sscanf(line, "%llx-%llx %c%c%c", &from, &to, &r, &w, &x) == 5 &&
		    from <= (uintptr_t)at && (uintptr_t)at < to)
			a = (Access){ { r, w, x, '\0' } };
	}
	if (maps)
		fclose(maps);
	return a;
}

static inline unsigned
count_wx(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512], access[8];
	unsigned n = 0;

	while (maps && fgets(line, sizeof line, maps))
		n += sscanf(line, "%*s %7s", access) == 1 && access[1] == 'w' && access[2] == 'x';
	if (maps)
		fclose(maps);
	return n;
}

/* How a child ends that does it: its exit status (0 when `action` gave true), or minus the signal.
 */
static inline int
in_child(FaultingAction *action, void *argument)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		signal(SIGILL, SIG_DFL);
		signal(SIGTRAP, SIG_DFL);
		_exit(action(argument) ? 0 : 1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 99;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static inline bool
faults(FaultingAction *action, void *argument)
{
	int end = in_child(action, argument);
	return end == -SIGSEGV || end == -SIGBUS;
}
#endif

#endif
