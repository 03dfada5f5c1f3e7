/* kernel.h - the shape of every benchmark kernel's C twin; built at -O0 and -O2 under two names. */
#include <stdint.h>
#include <string.h>

#define KERNEL \
	int64_t KERNEL_NAME(int64_t n, int64_t *xs, int64_t nxs, double *fs, int64_t nfs); \
	int64_t KERNEL_NAME(int64_t n, int64_t *xs, int64_t nxs, double *fs, int64_t nfs)

__attribute__((unused)) static inline int64_t
bits(double x)
{
	int64_t b;

	memcpy(&b, &x, 8);
	return b;
}
