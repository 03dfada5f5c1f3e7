/* trivet_shim.h - any C function called through pointers, and C functions that carry data.
 *
 * A shim is made for a C function and its signature, and is called in one way whatever that is: with
 * an array of pointers to the arguments, and where the result goes.  A closure is the reverse: a C
 * function pointer of the signature asked for that calls a handler, with a pointer of yours, pointers
 * to the arguments, and where the result goes.  For interpreters, script bindings, callbacks, mocks.
 *
 *     static void compare(void *user, void *const *args, void *result)
 *     {
 *             const int *a = *(const int *const *)args[0], *b = *(const int *const *)args[1];
 *             *(int32_t *)result = *(bool *)user ? *b - *a : *a - *b;
 *     }
 *     …
 *     trivet_stub s;
 *     if (trivet_closure(e, "i32(ptr,ptr)", compare, &descending, &s))
 *             puts(trivet_message(e));
 *     qsort(numbers, n, sizeof *numbers, (int (*)(const void *, const void *))s.function);
 *     trivet_stub_free(e, s);
 *
 * examples/embed/closure.c is that as a whole program, and is compiled and run by the tests.
 *
 * Signatures.  "i32(i8,u64,f32,ptr)": a result and up to 64 parameters out of
 *
 *     void (result only)  bool  i8 u8 i16 u16 i32 u32 i64 u64  f32 f64  ptr
 *
 * with blanks wherever you like; "void()" takes nothing.  They must be what the C function's prototype says,
 * which nobody can check: char is i8 or u8 as the compiler has it, long is i64 on Linux and i32 on Windows,
 * an enum mostly u32, size_t u64.  A struct by value is not among them.  A span of a Trivet program
 * is what it is in C: ptr,i64.  In a shim's signature, "..." stands before the arguments that a function
 * with an ellipsis gets beyond its named ones: "i32(ptr,...,f64,i32)" for printf("%f %d", …); of these,
 * as C promotes them, none is narrower than 32 bits, and none f32.
 *
 * Narrow values.  An argument or result in memory has just the size of its type.  In registers, what
 * callers and callees may leave undefined above a narrow value is never read, and what is passed on is
 * extended to 64 bits.  A bool that is not 0 counts as 1.
 *
 * Threads.  Made and freed by the thread that uses the engine; called by any number of threads at once.
 *
 * Ownership.  The engine owns them: trivet_close() frees them, and trivet_stub_free() frees one earlier.
 * Free none that is running, nor that somebody still has the pointer of: calling it then is a call of
 * NULL or of unmapped memory, or of the one that was made in its place.  A handler may make and free
 * others, but not its own.
 *
 * Exceptions, longjmp and backtraces go through both, since their unwind data is registered.
 *
 * Cost.  A call takes a nanosecond or two more than a direct one.  Those of one signature share their
 * code: a further one takes half a microsecond, and there are about 200 to a page; the first takes some
 * microseconds and a page. */
#ifndef TRIVET_SHIM_H
#define TRIVET_SHIM_H

#include "trivet.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TRIVET_SHIM_PARAMS = 64 };       /* most parameters */

/* args[k] points to the k-th argument, an object of its type; the array may be NULL if there are none.
 * result points to room for the result, and is not looked at for void. */

/* A shim: result may be NULL, when nobody wants it. */
typedef void trivet_caller(void *const *args, void *result);

/* A closure's handler: args and what they point to are the call's own, changing them is allowed and in
 * vain.  Each argument is extended to 8 bytes as its type says (f32: zeros above it), and args are as
 * many as the signature has.  The result is 0 unless set. */
typedef void trivet_handler(void *user, void *const *args, void *result);

typedef struct trivet_stub {
	trivet_caller *call;            /* a shim */
	trivet_function function;       /* a closure: cast it to a pointer to its C type */
	uint64_t id;                    /* never 0, and never used twice in an engine's life (nearly: 4 billion) */
} trivet_stub;

/* TRIVET_SIGNATURE: that text is none, the message says where.  TRIVET_ARGUMENT: something is NULL (user may
 * be).  TRIVET_NO_EXEC, TRIVET_NO_MEMORY, TRIVET_SYSTEM.  *out is then all zero. */
trivet_status trivet_shim(trivet_engine *e, const char *signature, trivet_function function,
                          trivet_stub *out);
trivet_status trivet_closure(trivet_engine *e, const char *signature, trivet_handler *handler,
                             void *user, trivet_stub *out);

/* TRIVET_FREED: it was freed before.  TRIVET_ARGUMENT: no stub of this engine. */
trivet_status trivet_stub_free(trivet_engine *e, trivet_stub stub);

#ifdef __cplusplus
}
#endif
#endif
