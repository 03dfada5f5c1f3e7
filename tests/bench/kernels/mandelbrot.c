#include "kernel.h"

KERNEL
{
	int64_t inside = 0;
	(void)xs, (void)nxs, (void)fs, (void)nfs;
	for (int64_t py = 0; py < n; py++)
		for (int64_t px = 0; px < n; px++) {
			double cx = (double)px * 3.0 / (double)n - 2.0;
			double cy = (double)py * 2.0 / (double)n - 1.0;
			double x = 0.0, y = 0.0;
			int64_t k = 0;
			while (k < 100 && x * x + y * y <= 4.0) {
				double t = x * x - y * y + cx;
				y = 2.0 * x * y + cy;
				x = t;
				k++;
			}
			inside += k;
		}
	return inside;
}
