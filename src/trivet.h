/* trivet.h - compile small typed programs to machine code, and call them.
 *
 * The same program gives the same bits on x86-64 Linux, AArch64 Linux and Windows x64, in three
 * modes: interpreter, baseline code, optimised code.
 *
 *     trivet_engine *e;
 *     trivet_module *m;
 *     trivet_code *c;
 *     trivet_open(NULL, &e);
 *     trivet_parse(e, "add.tv", text, strlen(text), &m);
 *     trivet_compile(m, NULL, &c);
 *     int64_t (*add)(int64_t, int64_t) =
 *             (int64_t (*)(int64_t, int64_t))trivet_entry(c, "add", "i64(i64,i64)");
 *     int64_t fifteen = add(10, 5);
 *     trivet_close(e);
 *
 * Every step can fail; examples/embed/add.c is this program with its checks, and is compiled and run
 * by the tests.
 *
 * Errors.  A call answers a trivet_status; trivet_message() then says what, where and what was
 * expected.  Errors in a program's text are diagnostics, several at a time.  The library never
 * prints, exits or raises a signal.
 *
 * Ownership.  An engine owns its modules and code: trivet_close() frees them all, and the free
 * functions free one earlier.  An engine keeps up to 2 MiB of what compiling needed for the next time.
 * Code keeps what it needs of its module.  Text that is returned belongs to
 * the library and lasts as each function says.
 *
 * Threads.  An engine, with all its modules, is used by one thread at a time.  Compiled code - an
 * entry point, or trivet_call() - may run in any number of threads at once; the allocator is then
 * called from these threads by the interpreter, and for very long argument lists.
 *
 * The first part is the vocabulary that every layer of Trivet shares, each a list from which enums, names
 * and tables are derived. */
#ifndef TRIVET_H
#define TRIVET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Status: what a call of this library answers ------------------------------------------- */

#define TRIVET_STATUS_LIST(X)                                                        \
	X(OK, "no error")                                                            \
	X(NO_MEMORY, "the allocator has no more memory")                             \
	X(SOURCE, "the program has errors")                                          \
	X(ARGUMENT, "an argument is not valid")                                      \
	X(NO_FUNCTION, "the program has no such function")                           \
	X(SIGNATURE, "the signature does not match")                                 \
	X(UNBOUND, "an extern function is not bound")                                \
	X(TRAP, "the program trapped")                                               \
	X(NO_EXEC, "the system refuses executable memory")                           \
	X(TARGET, "this machine cannot run code for that target")                    \
	X(SEALED, "the code is sealed: a change needs a new block")                  \
	X(NOT_SEALED, "the code is not sealed yet")                                  \
	X(FREED, "the code has been freed already")                                  \
	X(EMPTY, "there is no code to seal")                                         \
	X(BOUNDS, "outside the block")                                               \
	X(OPERAND, "the operand cannot be encoded")                                  \
	X(LABEL, "a label is unbound, or bound twice")                               \
	X(RANGE, "a branch or reference cannot reach its target")                    \
	X(LIMIT, "larger than this library supports")                                \
	X(SYSTEM, "the operating system reported an error")                          \
	X(INTERNAL, "internal error in Trivet")

typedef enum trivet_status {
#define X(name, text) TRIVET_##name,
	TRIVET_STATUS_LIST(X)
#undef X
	TRIVET_STATUS_COUNT
} trivet_status;

/* ---- Types ---------------------------------------------------------------------------------- */

/* name, text, size in bytes (of an element, for a span), element type (of a span) */
#define TRIVET_TYPE_LIST(X)                    \
	X(VOID, "void", 0, VOID)               \
	X(BOOL, "bool", 1, VOID)               \
	X(I32, "i32", 4, VOID)                 \
	X(U32, "u32", 4, VOID)                 \
	X(I64, "i64", 8, VOID)                 \
	X(U64, "u64", 8, VOID)                 \
	X(F32, "f32", 4, VOID)                 \
	X(F64, "f64", 8, VOID)                 \
	X(SPAN_I8, "[i8]", 1, I32)             \
	X(SPAN_U8, "[u8]", 1, U32)             \
	X(SPAN_I16, "[i16]", 2, I32)           \
	X(SPAN_U16, "[u16]", 2, U32)           \
	X(SPAN_I32, "[i32]", 4, I32)           \
	X(SPAN_U32, "[u32]", 4, U32)           \
	X(SPAN_I64, "[i64]", 8, I64)           \
	X(SPAN_U64, "[u64]", 8, U64)           \
	X(SPAN_F32, "[f32]", 4, F32)           \
	X(SPAN_F64, "[f64]", 8, F64)

typedef enum trivet_type {
#define X(name, text, size, element) TRIVET_##name,
	TRIVET_TYPE_LIST(X)
#undef X
	TRIVET_TYPE_COUNT
} trivet_type;

/* ---- Traps ---------------------------------------------------------------------------------- */

#define TRIVET_TRAP_LIST(X)                            \
	X(NONE, "none")                                \
	X(UNREACHABLE, "unreachable")                  \
	X(DIVIDE_BY_ZERO, "divide-by-zero")            \
	X(INTEGER_OVERFLOW, "integer-overflow")        \
	X(INVALID_CONVERSION, "invalid-conversion")    \
	X(OUT_OF_BOUNDS, "out-of-bounds")              \
	X(STACK_OVERFLOW, "stack-overflow")            \
	X(INTERRUPTED, "interrupted")                  \
	X(HOST, "host")

typedef enum trivet_trap {
#define X(name, text) TRIVET_TRAP_##name,
	TRIVET_TRAP_LIST(X)
#undef X
	TRIVET_TRAP_COUNT
} trivet_trap;

/* ---- CPU features --------------------------------------------------------------------------- */

/* Beyond the floor (x86-64 with SSE2; Armv8.0-A).  FMA stands for FMA3 with an OS that saves YMM. */
#define TRIVET_FEATURE_LIST(X) \
	X(SSE41, "sse4.1")     \
	X(POPCNT, "popcnt")    \
	X(LZCNT, "lzcnt")      \
	X(BMI1, "bmi1")        \
	X(BMI2, "bmi2")        \
	X(FMA, "fma")          \
	X(BTI, "bti")

enum {
#define X(name, text) TRIVET_FEATURE_INDEX_##name,
	TRIVET_FEATURE_LIST(X)
#undef X
	TRIVET_FEATURE_COUNT
};
typedef enum trivet_feature {
#define X(name, text) TRIVET_FEATURE_##name = 1 << TRIVET_FEATURE_INDEX_##name,
	TRIVET_FEATURE_LIST(X)
#undef X
} trivet_feature;

/* ---- Memory --------------------------------------------------------------------------------- */

/* All data (not code) comes from here.  `resize` works as realloc does: p NULL allocates, size 0
 * frees and gives NULL; old_size is what was asked for last.  NULL for a failure. */
typedef struct trivet_allocator {
	void *(*resize)(void *user, void *p, size_t old_size, size_t size);
	void *user;
} trivet_allocator;

/* ---- Engine --------------------------------------------------------------------------------- */

typedef struct trivet_engine trivet_engine;
typedef struct trivet_module trivet_module;     /* a checked program */
typedef struct trivet_code trivet_code;         /* a module compiled in one mode */

enum {
	TRIVET_DEFAULT_MAX_DEPTH = 1000,        /* recursive calls */
	TRIVET_DEFAULT_STACK_BYTES = 640 * 1024,
};

typedef struct trivet_options {
	trivet_allocator allocator;     /* resize NULL: malloc and free */
	uint32_t features_off;          /* trivet_feature bits that generated code must not use */
	uint32_t max_depth;             /* recursive calls that may be active; 0: the default.  The same
	                                   count in every mode and on every machine (docs/language.md,
	                                   "Recursion": large functions count more than once) */
	uint32_t stack_bytes;           /* of the calling thread's stack that one call may use; 0: the default.
	                                   Beyond it the program traps `stack-overflow`, so it must be
	                                   less than what the thread has. */
	bool refuse_exec;               /* behave as on a system that refuses executable memory */
	bool debugger;                  /* tell gdb the names, lines and frames of compiled code; costs
	                                   time and memory for each module, and nothing on Windows */
	bool perf_map;                  /* name compiled code in /tmp/perf-PID.map, for Linux' perf */
	const char *jitdump;            /* NULL, or an existing folder: a file in a new folder there gets the
	                                   names, bytes and source lines of compiled code, for `perf record
	                                   -k mono` and `perf inject --jit`; nothing on Windows.  When it cannot
	                                   be made, trivet_open() answers TRIVET_SYSTEM */
} trivet_options;

trivet_status trivet_open(const trivet_options *options, trivet_engine **out);
void trivet_close(trivet_engine *e);                    /* NULL is fine */

/* What the last failing call on this engine found; "" when none failed.  Valid until the next call. */
const char *trivet_message(const trivet_engine *e);
const char *trivet_status_text(trivet_status s);        /* "the program has errors" */
const char *trivet_type_name(trivet_type t);            /* "i64" */
const char *trivet_trap_name(trivet_trap t);            /* "divide-by-zero" */

const char *trivet_version(void);                       /* "0.1.0" */
const char *trivet_host_target(void);                   /* "x86_64-linux" */
const char *trivet_target_name(uint32_t index);         /* NULL past the last */
uint32_t trivet_host_features(void);                    /* trivet_feature bits of this CPU */
uint32_t trivet_target_features(const char *target);    /* those that mean anything there */
const char *trivet_feature_name(uint32_t index);        /* NULL past the last */
size_t trivet_page_size(void);                          /* bytes, as the running system says */

/* Does this system allow executable memory?  TRIVET_OK or TRIVET_NO_EXEC. */
trivet_status trivet_probe(trivet_engine *e);

/* Makes a C function callable from programs that declare `extern fn NAME(…) -> …;` with the same
 * signature.  Bind before compiling.  A name bound again is replaced for later compilations. */
typedef void (*trivet_function)(void);
trivet_status trivet_bind(trivet_engine *e, const char *name, const char *signature,
                          trivet_function function);

/* ---- Modules -------------------------------------------------------------------------------- */

/* Parses and checks `length` bytes of text (any bytes).  `name` stands in diagnostics.
 * TRIVET_SOURCE: see the diagnostics; *out is then NULL. */
trivet_status trivet_parse(trivet_engine *e, const char *name, const char *text, size_t length,
                           trivet_module **out);
void trivet_module_free(trivet_module *m);

typedef struct trivet_diagnostic {
	uint32_t line, column;          /* from 1; the column counts bytes */
	const char *message;
	const char *text;               /* FILE:LINE:COLUMN: error: MESSAGE, the line, a caret */
} trivet_diagnostic;

/* Of the last trivet_parse, trivet_build_end or trivet_prepare; valid until the next of them. */
uint32_t trivet_diagnostic_count(const trivet_engine *e);
trivet_status trivet_diagnostic_get(trivet_engine *e, uint32_t index, trivet_diagnostic *out);

typedef struct trivet_function_info {
	const char *name;
	const char *signature;          /* "i64(i64,[f64])" */
	uint32_t line;
	bool is_extern;
} trivet_function_info;
uint32_t trivet_function_count(const trivet_module *m);
trivet_status trivet_function_get(trivet_module *m, uint32_t index, trivet_function_info *out);

/* ---- Compiling ------------------------------------------------------------------------------ */

typedef enum trivet_mode { TRIVET_OPTIMIZED, TRIVET_BASELINE, TRIVET_INTERP } trivet_mode;

typedef struct trivet_compile_options {
	trivet_mode mode;
	bool interruptible;             /* poll at loop heads and calls, for trivet_interrupt() */
	const char *target;             /* NULL: this machine.  Another: only trivet_image() works */
	uint32_t features_off;          /* beyond those of the engine */
	bool verify;                    /* check the compiler's own work after each step (slow) */
	const char *without;            /* NULL, or passes of the optimised mode to leave out: "gvn,licm".  To test
	                                   the compiler: "registers" leaves it few registers, "registers7" others,
	                                   in another order */
} trivet_compile_options;

/* options NULL: optimised, for this machine.  TRIVET_UNBOUND: an extern has no function of its
 * signature.  TRIVET_NO_EXEC: use TRIVET_INTERP, which serves the same trivet_call()s. */
trivet_status trivet_compile(trivet_module *m, const trivet_compile_options *options,
                             trivet_code **out);
void trivet_code_free(trivet_code *c);  /* no thread may be running it */

/* A C function pointer in this machine's own convention (spans: pointer, then int64_t length), or NULL
 * with the reason in trivet_message(): no such function, another signature, interpreter mode, other
 * target.  Valid until the code is freed. */
trivet_function trivet_entry(trivet_code *c, const char *name, const char *signature);

/* ---- Calling by name, in every mode --------------------------------------------------------- */

typedef struct trivet_value {
	trivet_type type;
	union {
		bool b;
		int32_t i32;
		uint32_t u32;
		int64_t i64;
		uint64_t u64;
		float f32;
		double f64;
		struct {
			void *data;
			int64_t length;         /* elements */
		} span;
	} as;
} trivet_value;

/* Types must be those of the parameters.  TRIVET_TRAP: see trivet_last_trap(); *result is then zero.
 * result may be NULL.  Any number of threads may call at once; only a wrong call (not a trap) sets the
 * engine's message. */
trivet_status trivet_call(trivet_code *c, const char *name, const trivet_value *args, uint32_t n,
                          trivet_value *result);

/* ---- Functions of fewer arguments ----------------------------------------------------------- */

/* Binds arguments of a function to constants and compiles the function of the rest, in the mode and
 * with the options of c, whose host functions it also calls: for that exponent, that table, those
 * settings, computed as far as can be when compiling.  args are as for trivet_call(), one for each parameter;
 * one of type TRIVET_VOID stays a parameter.  The new code has this one function, under its name, with the
 * signature of the rest ("f64(f64)"), for trivet_entry() and trivet_call(), and does what the original does
 * with all arguments, bit by bit, trap by trap.  Of a span, address and length are bound, not the contents: the
 * memory must be there as long as it is called.  *out is independent of c, which may be freed, and
 * interrupted by itself; specialising it again binds more.  Recursive calls inside are to the original.
 *
 * TRIVET_NO_FUNCTION, TRIVET_SIGNATURE, TRIVET_ARGUMENT, and what trivet_compile() answers. */
trivet_status trivet_specialize(trivet_code *c, const char *name, const trivet_value *args, uint32_t n,
                                trivet_code **out);

/* ---- Traps ---------------------------------------------------------------------------------- */

typedef struct trivet_trap_info {
	trivet_trap trap;
	uint32_t line;
	char function[64];              /* shortened if longer */
} trivet_trap_info;

/* The last trap on this thread that was not yet asked for, and forgets it; TRIVET_TRAP_NONE if none.
 * A call through an entry point that trapped has returned 0.  out may be NULL. */
trivet_trap trivet_last_trap(trivet_trap_info *out);

/* Called by a host function that a program called: when it returns, the program traps `host`. */
void trivet_raise(void);

/* Ends code compiled `interruptible`, in all threads, with the trap `interrupted`; from any thread
 * or signal handler.  Stays so until trivet_rearm(). */
void trivet_interrupt(trivet_code *c);
void trivet_rearm(trivet_code *c);

/* ---- Programs as their own tests ------------------------------------------------------------ */

/* A call with constant arguments, `f(10, [1, 2])`, ready to be made as often as wanted. */
typedef struct trivet_prepared trivet_prepared;
trivet_status trivet_prepare(trivet_module *m, const char *call, trivet_prepared **out);
void trivet_prepared_free(trivet_prepared *p);

uint32_t trivet_directive_count(const trivet_module *m);

typedef enum trivet_verdict { TRIVET_NO_EXPECTATION, TRIVET_PASS, TRIVET_FAIL } trivet_verdict;
typedef struct trivet_report {
	uint32_t line;                  /* of the directive; 0 for a prepared call */
	const char *call;               /* as written */
	const char *result;             /* 45, or trap:out-of-bounds@get:7; then " leaves [1, 2]" */
	const char *bits;               /* the same in raw bits: i64:0x000000000000002d */
	const char *expected;           /* as `bits`; "" without expectation */
	uint64_t span_hash;             /* of all span arguments' bytes after the call; 0 without any */
	trivet_verdict verdict;
	trivet_trap_info trap;          /* .trap NONE when it returned */
} trivet_report;

/* Makes the call with fresh copies of its span arguments.  The texts last until the next such call
 * on this engine.  TRIVET_OK also for a trap and a failed expectation: those are in the report. */
trivet_status trivet_run(trivet_code *c, const trivet_prepared *p, trivet_report *out);
trivet_status trivet_run_directive(trivet_code *c, uint32_t index, trivet_report *out);

/* Makes the call `calls` times in a row on the same arguments and says how long all took.  Includes
 * a few nanoseconds each for passing them.  TRIVET_TRAP as soon as one traps. */
trivet_status trivet_time(trivet_code *c, const trivet_prepared *p, uint64_t calls,
                          uint64_t *nanoseconds);

/* ---- Looking inside ------------------------------------------------------------------------- */

typedef enum trivet_form {
	TRIVET_FORM_AST,
	TRIVET_FORM_IR,                 /* SSA form before any pass */
	TRIVET_FORM_BYTECODE,
	TRIVET_FORM_REMARKS,            /* a line for each loop: what the passes made of it */
} trivet_form;

/* Text that lasts until the next call of this on the engine. */
trivet_status trivet_dump(trivet_module *m, trivet_form form, const char **out);

/* The SSA form after one of the passes (NULL: after the last), those in `without` left out (or NULL).
 * TRIVET_ARGUMENT when there is no such pass.  The text lasts as that of trivet_dump(). */
trivet_status trivet_dump_after(trivet_module *m, const char *pass, const char *without,
                                const char **out);

/* What trivet_dump() gives as TRIVET_FORM_REMARKS, with the passes in `without` left out (or NULL). */
trivet_status trivet_dump_remarks(trivet_module *m, const char *without, const char **out);

/* The passes of the optimised mode, in the order they run; false past the last. */
bool trivet_pass(uint32_t index, const char **name, const char **what);

typedef struct trivet_image {
	const uint8_t *bytes;           /* machine code, then constants, addresses and unwind data */
	size_t size, code_size;
	uint32_t functions;             /* pieces of code: functions and their entry stubs */
	uint32_t address_count;         /* of 8 bytes each, from that offset on: of this process, 0 in code for */
	size_t addresses;               /* another target.  All else is the same wherever it lies */
} trivet_image;
typedef struct trivet_symbol {
	const char *name;               /* "sum", or "sum (entry)" for a stub */
	size_t start, end;              /* offsets in the image */
} trivet_symbol;

/* Native modes and other targets; TRIVET_TARGET for an interpreter's. */
trivet_status trivet_code_image(trivet_code *c, trivet_image *out);
trivet_status trivet_code_symbol(trivet_code *c, uint32_t index, trivet_symbol *out);

typedef struct trivet_times {           /* nanoseconds of the last parse and compile on this engine */
	uint64_t parse, check;          /* text to tree; types, scopes, constants */
	uint64_t ssa, passes;           /* building the form; what the optimised mode does to it */
	uint64_t allocate, emit;        /* registers; machine code and unwind data (of the interpreter: bytecode) */
	uint64_t seal;                  /* into executable memory: system calls */
} trivet_times;
void trivet_last_times(const trivet_engine *e, trivet_times *out);

/* ---- Building a program without text -------------------------------------------------------- */

/* Expressions are made bottom up and each used once; statements are appended to the open block.
 * A builder's failures stick: trivet_build_end() reports the first.  Names are copied.
 *
 *     trivet_builder *b = trivet_build_begin(e, "sum");
 *     trivet_ast_function(b, "sum", TRIVET_I64);
 *     trivet_ast_param(b, "n", TRIVET_I64);
 *     trivet_ast_let(b, "s", TRIVET_I64, trivet_ast_int(b, TRIVET_I64, 0));
 *     trivet_ast_for(b, NULL, "i", trivet_ast_int(b, TRIVET_I64, 0), trivet_ast_load(b, "n"));
 *     trivet_ast_store(b, "s", trivet_ast_binary(b, "+", trivet_ast_load(b, "s"),
 *                                                trivet_ast_load(b, "i")));
 *     trivet_ast_end(b);
 *     trivet_ast_return(b, trivet_ast_load(b, "s"));
 *     trivet_ast_end(b);
 *     trivet_status s = trivet_build_end(b, &module);
 */
typedef struct trivet_builder trivet_builder;
typedef uint32_t trivet_node;           /* an expression; 0: a failure, or "none" */

/* NULL: no memory; the calls below then do nothing. */
trivet_builder *trivet_build_begin(trivet_engine *e, const char *name);
trivet_status trivet_build_end(trivet_builder *b, trivet_module **out); /* frees the builder, always */

void trivet_ast_line(trivet_builder *b, uint32_t line);         /* of what is made from here on */
void trivet_ast_function(trivet_builder *b, const char *name, trivet_type result);
void trivet_ast_extern(trivet_builder *b, const char *name, const char *signature);
void trivet_ast_param(trivet_builder *b, const char *name, trivet_type t);

trivet_node trivet_ast_int(trivet_builder *b, trivet_type t, int64_t value);   /* u64: its bits */
trivet_node trivet_ast_float(trivet_builder *b, trivet_type t, double value);  /* f32: must be exact */
trivet_node trivet_ast_bool(trivet_builder *b, bool value);
trivet_node trivet_ast_load(trivet_builder *b, const char *variable);
trivet_node trivet_ast_unary(trivet_builder *b, const char *op, trivet_node x);          /* - ~ ! */
trivet_node trivet_ast_binary(trivet_builder *b, const char *op, trivet_node x, trivet_node y);
                                                /* + - * / % & | ^ << >> && || */
trivet_node trivet_ast_compare(trivet_builder *b, const char *op, trivet_node x, trivet_node y);
                                                /* == != < <= > >= */
trivet_node trivet_ast_builtin(trivet_builder *b, const char *name, const trivet_node *args,
                               uint32_t n);     /* "clz", "min", "fma", "len", … */
trivet_node trivet_ast_convert(trivet_builder *b, const char *how, trivet_type t, trivet_node x);
                                                /* "as", "checked", "from_bits" */
trivet_node trivet_ast_select(trivet_builder *b, trivet_node condition, trivet_node x, trivet_node y);
                                                /* if c { x } else { y }: one of them evaluated */
trivet_node trivet_ast_index(trivet_builder *b, const char *span, trivet_node index);
trivet_node trivet_ast_slice(trivet_builder *b, const char *span, trivet_node from, trivet_node to);
trivet_node trivet_ast_call(trivet_builder *b, const char *function, const trivet_node *args,
                            uint32_t n);

void trivet_ast_let(trivet_builder *b, const char *name, trivet_type t, trivet_node init);
                                                /* t VOID: the initialiser's type */
void trivet_ast_store(trivet_builder *b, const char *variable, trivet_node value);
void trivet_ast_store_index(trivet_builder *b, const char *span, trivet_node index, trivet_node value);
void trivet_ast_if(trivet_builder *b, trivet_node condition);   /* … else … end */
void trivet_ast_else(trivet_builder *b);
void trivet_ast_while(trivet_builder *b, const char *label, trivet_node condition);     /* … end */
void trivet_ast_loop(trivet_builder *b, const char *label);                             /* … end */
void trivet_ast_for(trivet_builder *b, const char *label, const char *variable, trivet_node from,
                    trivet_node to);                                                    /* … end */
void trivet_ast_end(trivet_builder *b);         /* closes the innermost if, loop, or the function */
void trivet_ast_break(trivet_builder *b, const char *label);    /* label NULL: the innermost loop */
void trivet_ast_continue(trivet_builder *b, const char *label);
void trivet_ast_return(trivet_builder *b, trivet_node value);   /* 0: none */
void trivet_ast_expr(trivet_builder *b, trivet_node call);      /* a call for its effect */
void trivet_ast_trap(trivet_builder *b);

#ifdef __cplusplus
}
#endif
#endif
