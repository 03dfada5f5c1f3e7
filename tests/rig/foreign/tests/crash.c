#include <stdio.h>
int main(int argc, char **argv) { volatile int *p = argc > 9 ? (int *)argv : 0; puts("about to"); fflush(stdout); return *p; }
