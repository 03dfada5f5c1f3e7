#include <math.h>

#include "kernel.h"

KERNEL
{
	int64_t count = 5;

	(void)xs, (void)nxs, (void)nfs;
	for (int64_t i = 0; i < count; i++) {
		double at = (double)i;
		fs[i * 5] = at * 1.5;
		fs[i * 5 + 1] = at * at * 0.25;
		fs[i * 5 + 2] = 0.1 * at;
		fs[i * 5 + 3] = 0.2 - 0.05 * at;
		fs[i * 5 + 4] = 1.0 / (at + 1.0);
	}
	for (int64_t step = 0; step < n; step++) {
		for (int64_t i = 0; i < count; i++)
			for (int64_t j = i + 1; j < count; j++) {
				double dx = fs[i * 5] - fs[j * 5];
				double dy = fs[i * 5 + 1] - fs[j * 5 + 1];
				double square = dx * dx + dy * dy + 0.01;
				double pull = 0.001 / (square * sqrt(square));
				double of_i = fs[i * 5 + 4] * pull, of_j = fs[j * 5 + 4] * pull;
				fs[i * 5 + 2] -= dx * of_j;
				fs[i * 5 + 3] -= dy * of_j;
				fs[j * 5 + 2] += dx * of_i;
				fs[j * 5 + 3] += dy * of_i;
			}
		for (int64_t i = 0; i < count; i++) {
			fs[i * 5] += 0.001 * fs[i * 5 + 2];
			fs[i * 5 + 1] += 0.001 * fs[i * 5 + 3];
		}
	}
	return bits(fs[0] + fs[6]);
}
