/* os.h - all that Trivet asks of an operating system and of the CPU it runs on.
 *
 * The only place with #ifdef on OS or CPU (os/linux.c, os/windows.c, os/cpu.c, os/invoke.c).
 * Sizes are bytes and must be multiples of os_page_size(); a wrong one is TRIVET_ARGUMENT.
 *                                                              Tests: tests/unit/os.c */
#ifndef TRIVET_OS_H
#define TRIVET_OS_H

#include "trivet.h"

size_t os_page_size(void);              /* of the running system: 4, 16 or 64 KiB; never cached globally */

typedef enum OsAccess { OS_NONE, OS_READ_WRITE, OS_READ_EXEC } OsAccess;

trivet_status os_reserve(size_t bytes, void **out);             /* address space, no access */
trivet_status os_protect(void *at, size_t bytes, OsAccess access, bool bti);
                        /* NO_EXEC when the system refuses execution; checks that it took effect
                         * where the call can lie; never asks for write and execute together */
trivet_status os_decommit(void *at, size_t bytes);      /* no access, and the memory behind it goes back */
trivet_status os_release(void *at, size_t bytes);       /* of all that was reserved */
void os_publish_code(void *at, size_t bytes);   /* cache maintenance, before the flip to executable */
void os_code_sealed(void *at, size_t bytes);    /* after it: other threads' pipelines */
void os_code_gone(void *at, size_t bytes);      /* Valgrind keeps translations of code: no longer valid */

typedef struct OsLock {                 /* must not move */
	uint64_t room[8];
} OsLock;
void os_lock_init(OsLock *l);
void os_lock(OsLock *l);                /* not recursive */
void os_unlock(OsLock *l);
void os_lock_destroy(OsLock *l);

uint32_t os_cpu_features(void);         /* trivet_feature bits of this machine; slow under a
                                         * hypervisor (0.1 ms): ask once */
const char *os_target_name(void);       /* "x86_64-linux" …: the target this library was built for */
void os_trap_fill(void *at, size_t bytes);      /* with an instruction that stops this machine */
uint64_t os_nanoseconds(void);          /* a clock for time spans: monotonic, from any start */
void os_random(void *at, size_t bytes);

/* Calls a C function of any signature in this machine's own convention, without executable memory.
 * args: one uint64_t per scalar (the value's bits; i32, u32 and bool in the low half), two per span
 * (pointer, length).  types are scalars or spans; result scalar or VOID.  Any number of arguments;
 * TRIVET_LIMIT beyond 1,000.  Result's bits, upper half zero for narrow types. */
typedef void (*OsFunction)(void);
trivet_status os_invoke(OsFunction f, trivet_type result, const trivet_type *types, uint32_t n,
                        const uint64_t *args, uint64_t *out);

/* Unwinding: exceptions, backtrace() and profilers inside the process walk through generated code once
 * its tables (code/unwind.h) are registered.  A Linux process may have no unwinder: then there is
 * nobody to tell, and registering succeeds. */
typedef struct OsUnwinder {             /* the process's; found once an engine: may load a library */
	OsFunction add, remove;
} OsUnwinder;
typedef struct OsUnwind {               /* one registration; must not move while it lasts */
	const void *table;              /* NULL: none */
	uint64_t room[16];              /* the unwinder's own */
} OsUnwind;
void os_find_unwinder(OsUnwinder *out);
/* `at`: offset of .eh_frame in the code, or on Windows of `entries` RUNTIME_FUNCTIONs.  NO_MEMORY. */
trivet_status os_register_unwind(const OsUnwinder *w, OsUnwind *u, const void *code, uint32_t at,
                                 uint32_t entries);
void os_unregister_unwind(const OsUnwinder *w, OsUnwind *u);    /* before the code goes */

/* Appends lines "START SIZE NAME" to /tmp/perf-PID.map, for profilers; Linux only.  That it cannot be
 * written is no error. */
void os_perf_map(const char *lines, size_t n);

/* A new file FOLDER/trivet-PID-N/jit-PID.dump, which is announced to a `perf record` that is watching by a mapping
 * of its first page, readable and executable, never touched.  False: cannot be; always on Windows. */
typedef struct OsDump {
	int file;
	void *mark;                     /* NULL: not open */
} OsDump;
bool os_dump_open(OsDump *d, const char *folder);
void os_dump_write(OsDump *d, const char *bytes, size_t n);     /* of one not open: nothing */
void os_dump_close(OsDump *d);
uint32_t os_process_id(void);
uint32_t os_thread_id(void);

#endif
