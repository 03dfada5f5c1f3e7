#include "kernel.h"

KERNEL
{
	uint32_t crc = 0xffffffff;

	(void)nxs, (void)fs, (void)nfs;
	for (int64_t i = 0; i < 256; i++) {
		uint32_t c = (uint32_t)i;
		for (int bit = 0; bit < 8; bit++)
			c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
		xs[i] = c;
	}
	for (int64_t i = 0; i < n; i++) {
		uint32_t byte = (uint32_t)(i * 7 & 255);
		crc = (uint32_t)xs[(crc ^ byte) & 255] ^ crc >> 8;
	}
	return crc ^ 0xffffffff;
}
