#include <stdio.h>
int main(void) { puts("needs a network"); return 77; }
