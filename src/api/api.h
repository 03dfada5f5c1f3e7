/* api.h - what implements trivet.h: the engine, its modules and their code.
 *
 * Every public call begins with api_begin(), so that the engine's message and memory state speak of
 * that call alone, and leaves through api_fail() when it fails. */
#ifndef TRIVET_API_H
#define TRIVET_API_H

#include "code/code.h"
#include "code/jitdump.h"
#include "gen/gen.h"
#include "interp/interp.h"
#include "lang/lang.h"
#include "opt/opt.h"
#include "os/os.h"

enum { API_MESSAGE = 400 };

typedef struct Binding {
	Str name;
	trivet_type result;
	trivet_type *params;
	uint32_t nparams;
	trivet_function function;
} Binding;

/* shim.c: a shim or closure, or the place of one that was freed. */
typedef struct StubBlock StubBlock;
typedef struct StubSlot {
	StubBlock *block;               /* NULL: free */
	uint32_t entry;                 /* of the block */
	uint32_t uses;
	uint32_t next_free;             /* 1 + index of another, or 0 */
} StubSlot;

struct trivet_engine {
	Mem mem;
	trivet_options options;
	uint32_t cpu;                   /* os_cpu_features(), asked once: it is slow */
	char message[API_MESSAGE];
	Arena bound;                    /* bindings */
	VEC(Binding) bindings;
	Arena diagnosed;                /* the last diagnostics, formatted */
	VEC(trivet_diagnostic) diagnostics;
	Arena told;                     /* texts of the last report or dump */
	trivet_module *modules;
	trivet_code *codes;
	trivet_prepared *prepared;
	StubBlock *stub_blocks;
	Arena stub_slots;
	VEC(StubSlot) stubs;
	uint32_t free_stub;             /* 1 + index of the first, or 0 */
	trivet_times times;
	OsUnwinder unwinder;
	CodePool pool;
	OsDump dump;                    /* a jitdump file, when asked for */
	uint64_t dumped;                /* functions in it */
};

struct trivet_module {
	trivet_engine *engine;
	trivet_module *prev, *next;
	Arena arena;
	Program program;
	uint32_t users;                 /* the host's handle, and each code and prepared call */
};

struct trivet_code {
	trivet_engine *engine;
	trivet_module *module;
	trivet_code *prev, *next;
	Arena arena;
	trivet_mode mode;
	bool foreign;                   /* for another target: cannot be called */
	trivet_compile_options options; /* as it was compiled; texts in the arena */
	/* Specialised: there is one function, and its arguments, by parameter; of type VOID where it is
	 * still a parameter.  NULL: all of the module. */
	trivet_value *bound;
	FuncId bound_func;
	uint32_t interrupt;             /* polled by generated code; atomic */
	Bytecode *bytecode;
	CodeBlock *block;
	ObjectCode object;              /* bytes: of a foreign image only */
	size_t code_size;
	const Str *piece_names;         /* one per frame */
	const Site *sites;
	uint32_t nsites, nimports;
	OsFunction *externs;            /* by FuncId */
	OsUnwind unwind;
	DebugEntry debug;
};

struct trivet_prepared {
	trivet_engine *engine;
	trivet_module *module;
	trivet_prepared *prev, *next;
	Arena arena;
	CallSpec call;
};

void api_begin(trivet_engine *e);
/* Sets the engine's message to "STATUS TEXT: WORDS" and returns s. */
MEM_PRINTF(3, 4)
trivet_status api_fail(trivet_engine *e, trivet_status s, const char *format, ...);
trivet_status api_no_memory(trivet_engine *e);
void *api_new(trivet_engine *e, size_t bytes);          /* zeroed; NULL on failure */
void api_delete(trivet_engine *e, void *p, size_t bytes);
void api_diagnose(trivet_engine *e, const Diags *d);    /* formats them into the engine */
trivet_module *api_module_begin(trivet_engine *e, const char *name);     /* NULL: no memory */
/* Hands m out, or reports why not and releases it. */
trivet_status api_module_finish(trivet_module *m, trivet_status s, const Diags *d, trivet_module **out);
void module_release(trivet_module *m);
/* trivet_compile(); with `like`, specialised code: its externs, one function, that bound.  Nothing is
 * kept of what is passed. */
trivet_status api_compile(trivet_module *m, const trivet_compile_options *o, const trivet_code *like,
                          FuncId func, const trivet_value *bound, trivet_code **out);
uint16_t api_machine(UnwindFormat format);              /* EM_… of ELF */
/* Does the host want gdb or perf to know of code?  Then api_tell_tools() tells them, as asked for in the
 * engine's options.  gdb's part is laid in `keep` and must last as long as the code.  False: no memory. */
static inline bool
api_has_tools(const trivet_engine *e)
{
	return e->options.debugger || e->options.perf_map || e->dump.mark;
}
bool api_tell_tools(trivet_engine *e, const DebugModule *m, UnwindFormat format, Arena *keep,
                    DebugEntry *debug);
const char *api_signature(Arena *a, const Func *f);     /* "i64(i64,[f64])" */

void api_free_stubs(trivet_engine *e);

/* FUNC_NONE and TRIVET_NO_FUNCTION, or a function of the program that this code has. */
trivet_status code_find(const trivet_code *c, const char *name, FuncId *out);
void code_flatten(const trivet_value *v, uint64_t **to);        /* as code_invoke wants it */
trivet_status code_check_argument(trivet_engine *e, const Func *f, const char *name, uint32_t param,
                                  const trivet_value *v);

/* specialize.c: parameters of a function that are not bound. */
static inline bool
code_is_open(const trivet_code *c, uint32_t param)
{
	return !c->bound || c->bound[param].type == TRIVET_VOID;
}
/* Writes their types, at most nparams of f, and returns how many. */
uint32_t code_params(const trivet_code *c, FuncId f, trivet_type *out);
const char *code_signature(const trivet_code *c, FuncId f);     /* of them; in engine.told */
const IrBound *code_bound(const trivet_code *c, Arena *a, IrBound *out);        /* NULL: none, or no memory */

/* Flat arguments (one uint64_t a scalar, two a span) in any mode.  *trap tells how it ended. */
trivet_status code_invoke(trivet_code *c, FuncId f, const uint64_t *flat, uint64_t *result,
                          trivet_trap_info *trap);

/* runtime.c: what generated code calls back, and this thread's last trap. */
uint64_t runtime_helper(uint32_t helper);               /* address */
void runtime_set_trap(const trivet_code *c, trivet_trap trap, FuncId f, uint32_t line);
const trivet_trap_info *runtime_peek_trap(void);
void runtime_clear_trap(void);
uint32_t *runtime_host_raised(void);

#endif
