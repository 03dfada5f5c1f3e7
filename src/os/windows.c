/* windows.c - address space, protection, cache publication and randomness on Windows.
 *
 * Links against nothing beyond kernel32; whatever lies elsewhere is looked up when needed. */
#include "os/os.h"
#include "os/spread.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#ifndef ERROR_DYNAMIC_CODE_BLOCKED
#define ERROR_DYNAMIC_CODE_BLOCKED 1655 /* a process with ProhibitDynamicCode set */
#endif

size_t
os_page_size(void)
{
	SYSTEM_INFO info;

	GetSystemInfo(&info);
	return info.dwPageSize;
}

static bool
is_pages(const void *at, size_t bytes)
{
	size_t mask = os_page_size() - 1;
	return bytes != 0 && (bytes & mask) == 0 && ((uintptr_t)at & mask) == 0;
}

static trivet_status
last_error(void)
{
	DWORD e = GetLastError();
	return e == ERROR_NOT_ENOUGH_MEMORY || e == ERROR_COMMITMENT_LIMIT ||
			       e == ERROR_NO_SYSTEM_RESOURCES
		       ? TRIVET_NO_MEMORY
		       : TRIVET_SYSTEM;
}

trivet_status
os_reserve(size_t bytes, void **out)
{
	*out = NULL;
	if (!is_pages(NULL, bytes))
		return TRIVET_ARGUMENT;
	*out = VirtualAlloc(NULL, bytes, MEM_RESERVE, PAGE_NOACCESS);
	return *out ? TRIVET_OK : last_error();
}

static trivet_status
make_executable(void *at, size_t bytes)
{
	DWORD old, e;

	/* For Control Flow Guard this also marks every address of the pages as a valid target of
	 * indirect calls (VirtualProtect's default, unless PAGE_TARGETS_NO_UPDATE is given). */
	if (VirtualProtect(at, bytes, PAGE_EXECUTE_READ, &old))
		return TRIVET_OK;
	e = GetLastError();
	return e == ERROR_DYNAMIC_CODE_BLOCKED || e == ERROR_ACCESS_DENIED ? TRIVET_NO_EXEC
									   : last_error();
}

/* Pages that are only reserved have no access anyway, and VirtualProtect would refuse them. */
static trivet_status
make_inaccessible(char *at, size_t bytes)
{
	MEMORY_BASIC_INFORMATION info;
	size_t n;
	DWORD old;

	for (; bytes > 0; at += n, bytes -= n) {
		if (!VirtualQuery(at, &info, sizeof info) || info.State == MEM_FREE)
			return TRIVET_SYSTEM;
		n = (size_t)((char *)info.BaseAddress + info.RegionSize - at);
		n = n < bytes ? n : bytes;
		if (info.State == MEM_COMMIT && !VirtualProtect(at, n, PAGE_NOACCESS, &old))
			return last_error();
	}
	return TRIVET_OK;
}

/* Pages are committed when they first become writable. */
trivet_status
os_protect(void *at, size_t bytes, OsAccess access, bool bti)
{
	DWORD old;

	(void)bti;
	if (!at || !is_pages(at, bytes))
		return TRIVET_ARGUMENT;
	if (access == OS_READ_EXEC)
		return make_executable(at, bytes);
	if (access != OS_READ_WRITE)
		return make_inaccessible(at, bytes);
	if (!VirtualAlloc(at, bytes, MEM_COMMIT, PAGE_READWRITE) ||
	    !VirtualProtect(at, bytes, PAGE_READWRITE, &old))
		return last_error();
	return TRIVET_OK;
}

trivet_status
os_decommit(void *at, size_t bytes)
{
	if (!at || !is_pages(at, bytes))
		return TRIVET_ARGUMENT;
	return VirtualFree(at, bytes, MEM_DECOMMIT) ? TRIVET_OK : TRIVET_SYSTEM;
}

trivet_status
os_release(void *at, size_t bytes)
{
	if (!at || !is_pages(at, bytes))
		return TRIVET_ARGUMENT;
	return VirtualFree(at, 0, MEM_RELEASE) ? TRIVET_OK : TRIVET_SYSTEM;
}

void
os_publish_code(void *at, size_t bytes)
{
	FlushInstructionCache(GetCurrentProcess(), at, bytes);
}

/* x86-64 fetches coherently, and call targets are valid since make_executable. */
void
os_code_sealed(void *at, size_t bytes)
{
	(void)at;
	(void)bytes;
}

void
os_code_gone(void *at, size_t bytes)
{
	(void)at;
	(void)bytes;
}

static PSRWLOCK
srw(OsLock *l)
{
	_Static_assert(sizeof(SRWLOCK) <= sizeof l->room, "room for a lock");
	return (PSRWLOCK)(void *)l;
}

void
os_lock_init(OsLock *l)
{
	InitializeSRWLock(srw(l));
}

void
os_lock(OsLock *l)
{
	AcquireSRWLockExclusive(srw(l));
}

void
os_unlock(OsLock *l)
{
	ReleaseSRWLockExclusive(srw(l));
}

void
os_lock_destroy(OsLock *l)
{
	(void)l;
}

static void
weak_random(uint8_t *at, size_t bytes)
{
	uint64_t here = (uint64_t)(uintptr_t)&at, process = (uint64_t)GetCurrentProcessId() << 32;
	spread_seed(os_nanoseconds() ^ here ^ process, at, bytes);
}

typedef LONG(WINAPI *GenRandom)(void *algorithm, UCHAR *buffer, ULONG bytes, ULONG flags);
enum { USE_SYSTEM_PREFERRED_RNG = 2 };

void
os_random(void *at, size_t bytes)
{
	HMODULE library = LoadLibraryExA("bcrypt.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
	GenRandom generate = NULL;

	if (library) {
		FARPROC found = GetProcAddress(library, "BCryptGenRandom");
		memcpy(&generate, &found, sizeof generate);
	}
	if (!generate || bytes > ULONG_MAX ||
	    generate(NULL, at, (ULONG)bytes, USE_SYSTEM_PREFERRED_RNG) != 0)
		weak_random(at, bytes);
	if (library)
		FreeLibrary(library);
}

uint64_t
os_nanoseconds(void)
{
	LARGE_INTEGER ticks, rate;

	QueryPerformanceCounter(&ticks);
	QueryPerformanceFrequency(&rate);
	/* In two parts: ticks * 10^9 would overflow after hours. */
	return (uint64_t)(ticks.QuadPart / rate.QuadPart) * 1000000000u +
	       (uint64_t)(ticks.QuadPart % rate.QuadPart) * 1000000000u / (uint64_t)rate.QuadPart;
}

void
os_find_unwinder(OsUnwinder *out)
{
	*out = (OsUnwinder){ NULL, NULL };
}

trivet_status
os_register_unwind(const OsUnwinder *w, OsUnwind *u, const void *code, uint32_t at,
		   uint32_t entries)
{
	/* The system only reads it, but its declaration does not say so. */
	PRUNTIME_FUNCTION table = (PRUNTIME_FUNCTION)((uintptr_t)code + at);

	(void)w;
	*u = (OsUnwind){ 0 };
	if (!RtlAddFunctionTable(table, entries, (uintptr_t)code))
		return TRIVET_NO_MEMORY;
	u->table = table;
	return TRIVET_OK;
}

void
os_unregister_unwind(const OsUnwinder *w, OsUnwind *u)
{
	(void)w;
	if (u->table)
		RtlDeleteFunctionTable((PRUNTIME_FUNCTION)(uintptr_t)u->table);
	u->table = NULL;
}

void
os_perf_map(const char *lines, size_t n)
{
	(void)lines;
	(void)n;
}

bool
os_dump_open(OsDump *d, const char *folder)
{
	(void)folder;
	*d = (OsDump){ 0 };
	return false;
}

void
os_dump_write(OsDump *d, const char *bytes, size_t n)
{
	(void)d;
	(void)bytes;
	(void)n;
}

void
os_dump_close(OsDump *d)
{
	(void)d;
}

uint32_t
os_process_id(void)
{
	return GetCurrentProcessId();
}

uint32_t
os_thread_id(void)
{
	return GetCurrentThreadId();
}
