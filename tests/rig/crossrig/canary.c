/* canary.c - ends in the way its argument says, so that a rig can show that it would notice.
 *
 * pass, skip, fail, error, crash, hang, silent (dies without a word), half (prints half a line and dies),
 * rubbish (bytes that are no text), flood (writes until it is stopped).  No header of any system but C's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "";
	volatile int *nowhere = 0;
	static volatile int tick;

	if (strcmp(way, "silent") == 0)
		return 3;
	printf("canary: %s", way);
	fflush(stdout);
	if (strcmp(way, "half") == 0)
		return 4;
	printf("\n");
	fflush(stdout);
	if (strcmp(way, "pass") == 0)
		return 0;
	if (strcmp(way, "skip") == 0) {
		puts("the mine is closed");
		return 77;
	}
	if (strcmp(way, "error") == 0)
		return 99;
	if (strcmp(way, "crash") == 0)
		*nowhere = 1;
	while (strcmp(way, "hang") == 0)
		tick++; /* volatile: a loop without an effect may be left out */
	if (strcmp(way, "rubbish") == 0)
		fwrite("\0\377\376\200\033[2J\n", 1, 9, stdout);
	while (strcmp(way, "flood") == 0) {
		for (int i = 0; i < 4096; i++)
			puts("0123456789abcdef0123456789abcdef0123456789abcdef");
	}
	return 1;
}
