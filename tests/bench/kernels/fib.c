#include "kernel.h"

static int64_t
fib(int64_t n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

KERNEL
{
	(void)xs, (void)nxs, (void)fs, (void)nfs;
	return fib(n);
}
