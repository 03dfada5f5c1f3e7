#include <stdio.h>
#include <stdint.h>

int
main(void)
{
	uint32_t hash = 2166136261u;
	for (const char *s = "the same everywhere"; *s; s++)
		hash = (hash ^ (unsigned char)*s) * 16777619u;
	printf("%08x\n", (unsigned)hash);
	return 0;
}
