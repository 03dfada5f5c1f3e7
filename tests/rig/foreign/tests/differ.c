#include <stdio.h>
/* Passes everywhere, and is not the same everywhere: char has a sign on x86 and none on Arm. */
int main(void) { char c = (char)200; printf("%d\n", c); return 0; }
