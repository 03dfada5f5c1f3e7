#include <stdio.h>
int main(void) { puts("expected 4, got 5"); return 1; }
