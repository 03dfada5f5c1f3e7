/* spread.h - pseudorandom bytes for the day the system has no source of its own.
 *
 * Different from run to run when the seed is, no more; nothing secret is made of them. */
#ifndef TRIVET_SPREAD_H
#define TRIVET_SPREAD_H

#include <stddef.h>
#include <stdint.h>

/* SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. */
static inline void
spread_seed(uint64_t seed, uint8_t *at, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		at[i] = (uint8_t)(z >> 56);
	}
}

#endif
