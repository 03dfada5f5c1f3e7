/* linux.c - address space, protection, cache publication and randomness on Linux. */
#define _GNU_SOURCE
#include "os/os.h"
#include "os/spread.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if defined(__aarch64__) && !defined(PROT_BTI)
#define PROT_BTI 0x10 /* Linux 5.8, uapi/asm/mman.h */
#endif

size_t
os_page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Asked here and not left to the system: qemu-user answers 0 to an mprotect of half a page, and
 * does nothing. */
static bool
is_pages(const void *at, size_t bytes)
{
	size_t mask = os_page_size() - 1;
	return bytes != 0 && (bytes & mask) == 0 && ((uintptr_t)at & mask) == 0;
}

/* Without MAP_NORESERVE: pages without access are not accounted for anyway, and those that once
 * were writable then stay a mapping of their own (VM_ACCOUNT), which the kernel need not cut out
 * and merge again each time they are used: a third of the time. */
trivet_status
os_reserve(size_t bytes, void **out)
{
	void *p;

	*out = NULL;
	if (!is_pages(NULL, bytes))
		return TRIVET_ARGUMENT;
	p = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return errno == ENOMEM ? TRIVET_NO_MEMORY : TRIVET_SYSTEM;
	*out = p;
	return TRIVET_OK;
}

trivet_status
os_protect(void *at, size_t bytes, OsAccess access, bool bti)
{
	int prot = access == OS_READ_WRITE  ? PROT_READ | PROT_WRITE
		   : access == OS_READ_EXEC ? PROT_READ | PROT_EXEC
					    : PROT_NONE;

	(void)bti;
	if (!at || !is_pages(at, bytes))
		return TRIVET_ARGUMENT;
#ifdef __aarch64__
	/* Kernels and CPUs without BTI say EINVAL; the marks in the code are hints there. */
	if (access == OS_READ_EXEC && bti && mprotect(at, bytes, prot | PROT_BTI) == 0)
		return TRIVET_OK;
#endif
	if (mprotect(at, bytes, prot) == 0)
		return TRIVET_OK;
	if (errno == ENOMEM)
		return TRIVET_NO_MEMORY;
	/* EACCES: SELinux, PaX, PR_SET_MDWE.  EPERM: systemd's MemoryDenyWriteExecute (seccomp). */
	return access == OS_READ_EXEC && (errno == EACCES || errno == EPERM) ? TRIVET_NO_EXEC
									     : TRIVET_SYSTEM;
}

/* A new mapping over the old one; nobody else can get the addresses in between. */
trivet_status
os_decommit(void *at, size_t bytes)
{
	if (!at || !is_pages(at, bytes))
		return TRIVET_ARGUMENT;
	if (mmap(at, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	    MAP_FAILED)
		return errno == ENOMEM ? TRIVET_NO_MEMORY : TRIVET_SYSTEM;
	return TRIVET_OK;
}

trivet_status
os_release(void *at, size_t bytes)
{
	if (!at || !is_pages(at, bytes))
		return TRIVET_ARGUMENT;
	return munmap(at, bytes) == 0 ? TRIVET_OK : TRIVET_SYSTEM;
}

/* On AArch64 the builtin cleans the data cache and invalidates the instruction cache line by line
 * as CTR_EL0 says (Arm ARM, B2.4.4 "Concurrent modification and execution"); on x86-64 it is
 * nothing. */
void
os_publish_code(void *at, size_t bytes)
{
	__builtin___clear_cache((char *)at, (char *)at + bytes);
}

/* AArch64: other threads may have fetched from this address before and must synchronise their
 * pipelines (an ISB); membarrier(2) makes them.  Systems without it need no error: such a thread
 * passes a context switch or a lock on its way to the new pointer.  x86-64 fetches coherently. */
void
os_code_sealed(void *at, size_t bytes)
{
	(void)at;
	(void)bytes;
#ifdef __aarch64__
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0) == 0 ||
	    errno != EPERM)
		return;
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0) == 0)
		syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0);
#endif
}

/* Outside of Valgrind these instructions do nothing; Valgrind knows the sequence and reads the
 * request from the array (Valgrind manual, "The Client Request mechanism").  It also notices pages
 * that are no longer executable; this does not rely on that. */
void
os_code_gone(void *at, size_t bytes)
{
	enum { DISCARD_TRANSLATIONS = 0x1002 };
	volatile uint64_t request[6] = { DISCARD_TRANSLATIONS, (uintptr_t)at, bytes };
	uint64_t answer = 0;

#if defined(__x86_64__)
	__asm__ volatile("rolq $3, %%rdi; rolq $13, %%rdi; rolq $61, %%rdi; rolq $51, %%rdi\n\t"
			 "xchgq %%rbx, %%rbx"
			 : "+d"(answer)
			 : "a"(request)
			 : "cc", "memory");
#else
	register uint64_t result __asm__("x3") = answer;
	register volatile uint64_t *array __asm__("x4") = request;
	__asm__ volatile("ror x12, x12, #3; ror x12, x12, #13\n\t"
			 "ror x12, x12, #51; ror x12, x12, #61\n\t"
			 "orr x10, x10, x10"
			 : "+r"(result)
			 : "r"(array)
			 : "cc", "memory");
	answer = result;
#endif
	(void)answer;
}

/* ---- Locks ---------------------------------------------------------------------------------- */

static pthread_mutex_t *
mutex(OsLock *l)
{
	_Static_assert(sizeof(pthread_mutex_t) <= sizeof l->room, "room for a mutex");
	return (pthread_mutex_t *)(void *)l;
}

void
os_lock_init(OsLock *l)
{
	pthread_mutex_init(mutex(l), NULL);
}

void
os_lock(OsLock *l)
{
	pthread_mutex_lock(mutex(l));
}

void
os_unlock(OsLock *l)
{
	pthread_mutex_unlock(mutex(l));
}

void
os_lock_destroy(OsLock *l)
{
	pthread_mutex_destroy(mutex(l));
}

/* ---- Randomness and time -------------------------------------------------------------------- */

/* For a kernel without getrandom (before 3.17). */
static void
weak_random(uint8_t *at, size_t bytes)
{
	uint64_t here = (uint64_t)(uintptr_t)&at, process = (uint64_t)getpid() << 32;
	spread_seed(os_nanoseconds() ^ here ^ process, at, bytes);
}

void
os_random(void *at, size_t bytes)
{
	uint8_t *p = at;

	while (bytes > 0) {
		ssize_t n = getrandom(p, bytes, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			weak_random(p, bytes);
			return;
		}
		p += n;
		bytes -= (size_t)n;
	}
}

uint64_t
os_nanoseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- Unwinding ------------------------------------------------------------------------------ */

/* libgcc's.  A program that has the unwinder linked in is asked directly; in any other it may still
 * be loaded later, as backtrace() does, and then by this name.  All of it is weak: programs without
 * libgcc_eh or dlsym link and run.  dlopen is not named, since that makes a static link warn. */
#pragma weak __register_frame_info
#pragma weak __deregister_frame_info
#pragma weak dlsym
extern void __register_frame_info(const void *table, void *room);
extern void *__deregister_frame_info(const void *table);

typedef void AddFrames(const void *table, void *room);
typedef void *RemoveFrames(const void *table);
typedef void *OpenLibrary(const char *name, int how);
typedef int CloseLibrary(void *library);

static OsFunction
symbol(void *library, const char *name)
{
	void *p = dlsym(library, name);
	OsFunction f;

	memcpy(&f, &p, sizeof f);
	return f;
}

void
os_find_unwinder(OsUnwinder *out)
{
	OpenLibrary *open_library;
	CloseLibrary *close_library;
	void *library;

	*out = (OsUnwinder){ NULL, NULL };
	if (__register_frame_info && __deregister_frame_info) {
		out->add = (OsFunction)__register_frame_info;
		out->remove = (OsFunction)__deregister_frame_info;
		return;
	}
	if (!dlsym)
		return;
	open_library = (OpenLibrary *)symbol(RTLD_DEFAULT, "dlopen");
	close_library = (CloseLibrary *)symbol(RTLD_DEFAULT, "dlclose");
	library = open_library && close_library
			  ? open_library("libgcc_s.so.1", RTLD_LAZY | RTLD_NODELETE)
			  : NULL;
	if (!library)
		return;
	out->add = symbol(library, "__register_frame_info");
	out->remove = symbol(library, "__deregister_frame_info");
	close_library(library); /* which does not unload it */
	if (!out->add || !out->remove)
		*out = (OsUnwinder){ NULL, NULL };
}

/* With room of our own, since __register_frame does not look whether its malloc succeeds.  The
 * start files of every program built by gcc hold such room, so its size cannot grow: 8 words. */
trivet_status
os_register_unwind(const OsUnwinder *w, OsUnwind *u, const void *code, uint32_t at,
		   uint32_t entries)
{
	(void)entries;
	*u = (OsUnwind){ 0 };
	if (!w->add)
		return TRIVET_OK;
	u->table = (const char *)code + at;
	((AddFrames *)w->add)(u->table, u->room);
	return TRIVET_OK;
}

void
os_unregister_unwind(const OsUnwinder *w, OsUnwind *u)
{
	if (u->table)
		((RemoveFrames *)w->remove)(u->table);
	u->table = NULL;
}

/* ---- Files for profilers -------------------------------------------------------------------- */

/* What cannot be written is lost. */
static void
write_all(int file, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t done = write(file, bytes, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return;
		bytes += done;
		n -= (size_t)done;
	}
}

/* /tmp is everybody's: a link that somebody laid there is not followed. */
void
os_perf_map(const char *lines, size_t n)
{
	char name[64];
	int file;

	snprintf(name, sizeof name, "/tmp/perf-%ld.map", (long)getpid());
	file = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0)
		return;
	write_all(file, lines, n);
	close(file);
}

/* perf knows the file by its name, which the process id makes the same for all engines; so each has
 * a folder of its own. */
static bool
make_dump_name(const char *folder, char *name, size_t room)
{
	for (unsigned k = 0; k < 10000; k++) {
		int n = snprintf(name, room, "%s/trivet-%ld-%u", folder, (long)getpid(), k);
		if (n < 0 || (size_t)n + 32 > room)
			return false;
		if (mkdir(name, 0700) == 0) {
			snprintf(name + n, room - (size_t)n, "/jit-%ld.dump", (long)getpid());
			return true;
		}
		if (errno != EEXIST)
			return false;
	}
	return false;
}

bool
os_dump_open(OsDump *d, const char *folder)
{
	char name[4096];

	*d = (OsDump){ 0 };
	if (!make_dump_name(folder, name, sizeof name))
		return false;
	d->file = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (d->file < 0)
		return false;
	d->mark = mmap(NULL, os_page_size(), PROT_READ | PROT_EXEC, MAP_PRIVATE, d->file, 0);
	if (d->mark != MAP_FAILED)
		return true;
	d->mark = NULL;
	close(d->file);
	return false;
}

void
os_dump_write(OsDump *d, const char *bytes, size_t n)
{
	if (d->mark)
		write_all(d->file, bytes, n);
}

void
os_dump_close(OsDump *d)
{
	if (!d->mark)
		return;
	munmap(d->mark, os_page_size());
	close(d->file);
	d->mark = NULL;
}

uint32_t
os_process_id(void)
{
	return (uint32_t)getpid();
}

uint32_t
os_thread_id(void)
{
	return (uint32_t)syscall(SYS_gettid);
}
