/* cpu.c - which target this is, what its CPU can do, and its trapping instruction. */
#include "os/os.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

#if defined(__x86_64__) && defined(__linux__)
#define TARGET_NAME "x86_64-linux"
#elif defined(__x86_64__) && defined(_WIN32)
#define TARGET_NAME "x86_64-windows"
#elif defined(__aarch64__) && defined(__linux__) && defined(__AARCH64EL__)
#define TARGET_NAME "aarch64-linux"
#else
#error "Trivet has no target for this system and CPU; see toolchains/"
#endif

const char *
os_target_name(void)
{
	return TARGET_NAME;
}

#if defined(__x86_64__)

/* Intel SDM vol. 2A, CPUID: leaf 1 ECX and leaf 7 EBX; AMD APM vol. 3, leaf 8000_0001h ECX for
 * LZCNT (ABM).  FMA's instructions are VEX-encoded, so the system must have enabled the SSE and AVX
 * state in XCR0 (SDM vol. 1, 14.5.3, detection of FMA). */
enum {
	CPUID1_FMA = 1 << 12,
	CPUID1_SSE41 = 1 << 19,
	CPUID1_POPCNT = 1 << 23,
	CPUID1_OSXSAVE = 1 << 27,
	CPUID1_AVX = 1 << 28,
	CPUID7_BMI1 = 1 << 3,
	CPUID7_BMI2 = 1 << 8,
	CPUID_EXT_LZCNT = 1 << 5,
	XCR0_SSE_AVX = 6,
};

static uint32_t
read_xcr0(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low;
}

/* Each CPUID leaves to the hypervisor when there is one (20 to 70 us), so no more than needed. */
uint32_t
os_cpu_features(void)
{
	const uint32_t fma = CPUID1_FMA | CPUID1_AVX | CPUID1_OSXSAVE;
	uint32_t a, b, c, d, features = 0, last_leaf;

	__cpuid(0, last_leaf, b, c, d);
	__cpuid(1, a, b, c, d);
	features |= c & CPUID1_SSE41 ? TRIVET_FEATURE_SSE41 : 0;
	features |= c & CPUID1_POPCNT ? TRIVET_FEATURE_POPCNT : 0;
	if ((c & fma) == fma && (read_xcr0() & XCR0_SSE_AVX) == XCR0_SSE_AVX)
		features |= TRIVET_FEATURE_FMA;
	if (last_leaf >= 7) {
		__cpuid_count(7, 0, a, b, c, d);
		features |= b & CPUID7_BMI1 ? TRIVET_FEATURE_BMI1 : 0;
		features |= b & CPUID7_BMI2 ? TRIVET_FEATURE_BMI2 : 0;
	}
	/* There on every x86-64: the leaf tells of long mode. */
	__cpuid(0x80000001, a, b, c, d);
	features |= c & CPUID_EXT_LZCNT ? TRIVET_FEATURE_LZCNT : 0;
	return features;
}

/* INT3.  Filling with 00 would run: it is an ADD to memory. */
void
os_trap_fill(void *at, size_t bytes)
{
	memset(at, 0xcc, bytes);
}

#else /* AArch64, Linux */

enum { AT_HWCAP2_BTI = 1 << 17 }; /* uapi/asm/hwcap.h, HWCAP2_BTI */

uint32_t
os_cpu_features(void)
{
	return getauxval(AT_HWCAP2) & AT_HWCAP2_BTI ? TRIVET_FEATURE_BTI : 0;
}

/* BRK #0, laid so that every aligned word is one wherever `at` begins. */
void
os_trap_fill(void *at, size_t bytes)
{
	static const uint8_t brk[8] = { 0x00, 0x00, 0x20, 0xd4, 0x00, 0x00, 0x20, 0xd4 };
	uint8_t *p = at;

	for (; bytes >= sizeof brk && ((uintptr_t)p & 3) == 0; bytes -= sizeof brk, p += sizeof brk)
		memcpy(p, brk, sizeof brk);
	for (size_t i = 0; i < bytes; i++)
		p[i] = brk[((uintptr_t)p + i) & 3];
}

#endif
