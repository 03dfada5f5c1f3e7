/* The kernels: name, n.  Each NAME.tv, NAME.c and NAME.lua computes the same number. */
#define KERNEL_LIST(X) \
	X(induction, 2000000) \
	X(fib, 25) \
	X(tak, 14) \
	X(collatz, 6000) \
	X(gcd, 400) \
	X(sieve, 4000) \
	X(array_sum, 4000) \
	X(sort, 1000) \
	X(xorshift, 1000000) \
	X(mandelbrot, 60) \
	X(matmul, 36) \
	X(horner, 100000) \
	X(stencil, 2000) \
	X(edit_distance, 300) \
	X(bit_count, 300000)
