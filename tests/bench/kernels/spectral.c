#include <math.h>

#include "kernel.h"

static double
cell(int64_t i, int64_t j)
{
	return 1.0 / (double)((i + j) * (i + j + 1) / 2 + i + 1);
}

static void
multiply(int64_t n, const double *from, double *to, int transposed)
{
	for (int64_t i = 0; i < n; i++) {
		double sum = 0;
		for (int64_t j = 0; j < n; j++)
			sum += (transposed ? cell(j, i) : cell(i, j)) * from[j];
		to[i] = sum;
	}
}

KERNEL
{
	double *u = fs, *v = fs + n, *w = fs + 2 * n, uv = 0, vv = 0;

	(void)xs, (void)nxs, (void)nfs;
	for (int64_t i = 0; i < n; i++)
		u[i] = 1;
	for (int round = 0; round < 5; round++) {
		multiply(n, u, w, 0);
		multiply(n, w, v, 1);
		multiply(n, v, w, 0);
		multiply(n, w, u, 1);
	}
	for (int64_t i = 0; i < n; i++) {
		uv += u[i] * v[i];
		vv += v[i] * v[i];
	}
	return bits(sqrt(uv / vv));
}
