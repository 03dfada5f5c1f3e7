#include "kernel.h"

static uint64_t
power(uint64_t base, uint64_t exponent, uint64_t modulus)
{
	uint64_t result = 1;

	base %= modulus;
	for (; exponent; exponent >>= 1) {
		if (exponent & 1)
			result = result * base % modulus;
		base = base * base % modulus;
	}
	return result;
}

KERNEL
{
	uint64_t total = 0;

	(void)xs, (void)nxs, (void)fs, (void)nfs;
	for (int64_t i = 0; i < n; i++)
		total += power((uint64_t)i + 2, 1000003, 1000000007);
	return (int64_t)total;
}
