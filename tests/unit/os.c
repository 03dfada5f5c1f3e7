/* os.c - the system layer: page arithmetic, protection that really takes effect, refusals. */
#include "os/os.h"

#include "check.h"
#include "machine.h"

static bool
read_byte(void *at)
{
	return *(volatile uint8_t *)at != 0xee;
}

static bool
write_byte(void *at)
{
	*(volatile uint8_t *)at = 1;
	return true;
}

static void
test_page_size(void)
{
	size_t page = os_page_size();

	CHECK(page >= 4096 && page <= 65536 && (page & (page - 1)) == 0);
	CHECK_EQ(page, os_page_size());
}

static void
test_reserve(void)
{
	size_t page = os_page_size();
	void *p = &page;

	CHECK_EQ(os_reserve(0, &p), TRIVET_ARGUMENT);
	CHECK(p == NULL);
	CHECK_EQ(os_reserve(page + 1, &p), TRIVET_ARGUMENT);
	CHECK_EQ(os_reserve(page / 2, &p), TRIVET_ARGUMENT);
	p = &page;
	CHECK(os_reserve(SIZE_MAX & ~(page - 1), &p) != TRIVET_OK);
	CHECK(p == NULL);
	CHECK(os_reserve((size_t)1 << 60, &p) != TRIVET_OK);
	CHECK_EQ(os_reserve(3 * page, &p), TRIVET_OK);
	CHECK(p && (uintptr_t)p % page == 0);
	CHECK_STR(access_of(p).text, "---");
	CHECK(faults(read_byte, p));
	CHECK(faults(write_byte, p));
	CHECK_EQ(os_release(p, 3 * page), TRIVET_OK);
	CHECK_EQ(os_release(NULL, page), TRIVET_ARGUMENT);
	CHECK_EQ(os_release((void *)page, page + 1), TRIVET_ARGUMENT);
}

static void
test_protect_arguments(char *at, size_t page)
{
	CHECK_EQ(os_protect(at + 1, page, OS_READ_WRITE, false), TRIVET_ARGUMENT);
	CHECK_EQ(os_protect(at, page - 1, OS_READ_WRITE, false), TRIVET_ARGUMENT);
	CHECK_EQ(os_protect(at, 0, OS_READ_WRITE, false), TRIVET_ARGUMENT);
	CHECK_EQ(os_protect(NULL, page, OS_READ_WRITE, false), TRIVET_ARGUMENT);
	/* a part of a page: qemu-user would say yes and do nothing */
	CHECK_EQ(os_protect(at + page / 2, page / 2, OS_READ_WRITE, false), TRIVET_ARGUMENT);
}

static void
test_protect(void)
{
	size_t page = os_page_size();
	void *p;
	char *at;

	if (!CHECK_EQ(os_reserve(4 * page, &p), TRIVET_OK))
		return;
	at = p;
	test_protect_arguments(at, page);
	CHECK_EQ(os_protect(at + page, 2 * page, OS_READ_WRITE, false), TRIVET_OK);
	CHECK_STR(access_of(at).text, "---");
	CHECK_STR(access_of(at + page).text, "rw-");
	CHECK_STR(access_of(at + 3 * page - 1).text, "rw-");
	CHECK_STR(access_of(at + 3 * page).text, "---");
	at[page] = 1;
	at[3 * page - 1] = 2;
	CHECK(faults(write_byte, at + page - 1));
	CHECK(faults(write_byte, at + 3 * page));

	memcpy(at + page, return_42, sizeof return_42);
	os_publish_code(at + page, 2 * page);
	CHECK_EQ(os_protect(at + page, 2 * page, OS_READ_EXEC, true), TRIVET_OK);
	os_code_sealed(at + page, 2 * page);
	CHECK_STR(access_of(at + page).text, "r-x");
	CHECK_EQ(call_code(at + page), 42);
	CHECK(faults(write_byte, at + page));

	CHECK_EQ(os_protect(at + page, 2 * page, OS_READ_WRITE, false), TRIVET_OK);
	CHECK_EQ((uint8_t)at[page], return_42[0]);
	CHECK_EQ(at[3 * page - 1], 2);
	CHECK_EQ(os_protect(at, 4 * page, OS_NONE, false), TRIVET_OK);
	CHECK(faults(read_byte, at + page));
	CHECK_EQ(os_release(p, 4 * page), TRIVET_OK);
	CHECK(faults(read_byte, at + page));
}

static void
test_machine(void)
{
	uint32_t known = (1u << TRIVET_FEATURE_COUNT) - 1;
	const char *name = os_target_name();

	CHECK_EQ(os_cpu_features() & ~known, 0);
	CHECK_EQ(os_cpu_features(), os_cpu_features());
	CHECK(strcmp(name, "x86_64-linux") == 0 || strcmp(name, "aarch64-linux") == 0 ||
	      strcmp(name, "x86_64-windows") == 0);
	if (strcmp(name, "aarch64-linux") == 0)
		CHECK_EQ(os_cpu_features() & ~(uint32_t)TRIVET_FEATURE_BTI, 0);
	else
		CHECK_EQ(os_cpu_features() & TRIVET_FEATURE_BTI, 0);
#ifdef __x86_64__
	CHECK_EQ(!!(os_cpu_features() & TRIVET_FEATURE_SSE41), !!__builtin_cpu_supports("sse4.1"));
	CHECK_EQ(!!(os_cpu_features() & TRIVET_FEATURE_POPCNT), !!__builtin_cpu_supports("popcnt"));
	CHECK_EQ(!!(os_cpu_features() & TRIVET_FEATURE_BMI1), !!__builtin_cpu_supports("bmi"));
	CHECK_EQ(!!(os_cpu_features() & TRIVET_FEATURE_BMI2), !!__builtin_cpu_supports("bmi2"));
	CHECK_EQ(!!(os_cpu_features() & TRIVET_FEATURE_FMA), !!__builtin_cpu_supports("fma"));
#endif
}

static void
test_trap_fill(void)
{
	_Alignas(8) uint8_t b[32];

	for (size_t from = 0; from < 8; from++) {
		for (size_t n = 0; n <= 16; n++) {
			memset(b, 0x5a, sizeof b);
			os_trap_fill(b + from, n);
			for (size_t i = 0; i < sizeof b; i++)
				CHECK_EQ(b[i], i < from || i >= from + n ? 0x5a : trap_byte[i & 3]);
		}
	}
}

static void
test_random(void)
{
	uint8_t a[300] = { 0 }, b[300] = { 0 };
	unsigned zeros = 0;

	os_random(a, sizeof a);
	os_random(b, sizeof b);
	CHECK(memcmp(a, b, sizeof a) != 0);
	for (size_t i = 0; i < sizeof a; i++)
		zeros += a[i] == 0;
	CHECK(zeros < 30); /* one in 256 is expected; a part left unfilled would show */
	a[0] = 0x5a;
	os_random(a, 0);
	CHECK_EQ(a[0], 0x5a);
}

static void
test_clock(void)
{
	uint64_t first = os_nanoseconds(), last = first;

	for (int i = 0; i < 10000; i++) {
		uint64_t now = os_nanoseconds();
		if (!CHECK(now >= last))
			break;
		last = now;
	}
	/* it moves, and counts nanoseconds: 10,000 readings take less than 10 s everywhere */
	CHECK(last > first && last - first < UINT64_C(10000000000));
}

int
main(void)
{
	test_page_size();
	test_reserve();
	test_protect();
	test_machine();
	test_trap_fill();
	test_random();
	test_clock();
	return check_done();
}
