#include "kernel.h"

static int64_t
tak(int64_t x, int64_t y, int64_t z)
{
	if (y >= x)
		return z;
	return tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y));
}

KERNEL
{
	(void)xs, (void)nxs, (void)fs, (void)nfs;
	return tak(n, n * 2 / 3, n / 3);
}
