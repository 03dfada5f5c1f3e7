/* check.h - inside the checker: what check.c, expr.c, eval.c, names.c and directive.c share.
 *
 * Order of use: checker_init, checker_names, then roots: measure before check before eval.  The
 * tree's arrays do not grow meanwhile, so pointers into them stay valid.
 *                                                              Tests: tests/unit/lang.c */
#ifndef TRIVET_CHECK_H
#define TRIVET_CHECK_H

#include "lang/lang.h"
#include "lang/lex.h"

/* ---- names.c: what a name means here -------------------------------------------------------- */

typedef enum NameKind { NAME_VAR, NAME_CONST, NAME_FUNC } NameKind;

typedef struct Binding {
	Str name;
	uint32_t id;            /* VarId, index of the constant, FuncId */
	uint32_t older;         /* next in the bucket, as 1 + index */
	uint8_t kind;
} Binding;

/* Newer bindings hide older ones of the same name; a scope ends by cutting back to where it began. */
typedef struct Names {
	Arena *arena;
	VEC(Binding) list;
	uint32_t *bucket;       /* 1 + index into list, 0: empty */
	uint32_t nbuckets;      /* a power of two, grows with the list */
} Names;

Names *names_new(Arena *a);     /* NULL: no memory */
const Binding *names_find(const Names *n, Str name);
void names_add(Names *n, Str name, NameKind kind, uint32_t id);
void names_cut(Names *n, uint32_t count);
const Binding *names_near(const Names *n, Str name);    /* one that may have been meant, or NULL */

/* ---- The checker ---------------------------------------------------------------------------- */

#define TYPE_ERROR TRIVET_TYPE_COUNT    /* of what an error was told about: fits anything */

/* Node.flags while checking.  A flexible expression consists of numbers without suffix, and takes
 * the type its surroundings ask for. */
enum { NODE_FLEXIBLE = 64, NODE_FLEXIBLE_FLOAT = 128 };

typedef struct ChainEntry {
	NodeId id;
	uint8_t right;          /* type of the right operand, VOID while unchecked */
} ChainEntry;

typedef struct CallEdge {
	FuncId from, to;
	NodeId call;
} CallEdge;

typedef struct LoopScope {
	struct LoopScope *outer;
	NodeId node;
	Str label;
	bool broken;            /* a break that can be reached leaves it */
} LoopScope;

typedef struct Checker {
	Program *p;
	Diags *d;
	Names *vars, *funcs;    /* variables and constants; functions */
	VEC(ChainEntry) chain;  /* a stack */
	VEC(CallEdge) calls;    /* by caller, in order */
	uint8_t *seen;          /* per node: used by one parent already */
	uint32_t nseen;
	bool malformed;         /* told that the tree is not one, or too deep */
	FuncId func;            /* being checked; FUNC_NONE in a constant expression */
	uint8_t *assigned;      /* per variable of the function */
	uint32_t nassigned;
	LoopScope *loop;
	bool reachable;
} Checker;

bool checker_init(Checker *c, Program *p, Diags *d);    /* false: no memory */
void checker_names(Checker *c, bool tell);      /* functions; errors only with tell */

/* Makes room to visit all nodes that there are now. */
bool checker_begin(Checker *c);
/* Heights and flexible flags of the tree below id.  False: told that it is malformed or too deep. */
bool checker_measure(Checker *c, NodeId id);

MEM_PRINTF(3, 4)
void check_error(Checker *c, NodeId at, const char *format, ...);

/* ---- expr.c --------------------------------------------------------------------------------- */

/* The type; want: what the surroundings ask for, or VOID. */
trivet_type check_expr(Checker *c, NodeId id, trivet_type want);
/* Its type must be want; what: "the condition". */
void check_typed(Checker *c, NodeId id, trivet_type want, const char *what);
/* One type for all n expressions, or TYPE_ERROR; at, what: for messages. */
trivet_type check_same(Checker *c, NodeId at, const char *what, const NodeId *ids, int n,
                       trivet_type want);
trivet_type check_call(Checker *c, NodeId id);          /* VOID is fine */
trivet_type check_slice(Checker *c, NodeId id);
trivet_type check_span_name(Checker *c, NodeId id);     /* a VAR that is a span */
const Binding *check_lookup(Checker *c, NodeId at, Str name);   /* NULL: told */

/* ---- eval.c --------------------------------------------------------------------------------- */

/* Value of a checked constant expression.  False: told why not. */
bool check_eval(Checker *c, NodeId id, uint64_t *bits);

/* ---- callgraph.c ---------------------------------------------------------------------------- */

/* Func.recursive and NODE_RECURSIVE from c->calls. */
void check_recursion(Checker *c);

/* ---- directive.c ---------------------------------------------------------------------------- */

void check_directives(Checker *c);

#endif
