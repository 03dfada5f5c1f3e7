/* linux.c - address space, protection, cache publication and randomness on Linux. */
#define _GNU_SOURCE
#include "os/os.h"
#include "os/spread.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sys/mman.h>
#include <sys/random.h>
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

trivet_status
os_reserve(size_t bytes, void **out)
{
	void *p;

	*out = NULL;
	if (!is_pages(NULL, bytes))
		return TRIVET_ARGUMENT;
	p = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
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
