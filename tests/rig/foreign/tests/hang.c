volatile int on = 1;
int main(void) { while (on) {} return 0; }
