/* ast.h - the program as a tree, the meeting point of text, builder, interpreter and SSA.
 *
 * Nodes live in one array per program and name each other by index; node 0 is "none" and always
 * present.  The checker fills in types, variables and targets; afterwards the tree is read-only.
 *
 * A binary chain a+b+c+… leans left and may be 100,000 long, so whoever walks the tree goes down the left
 * operand of a BINARY/LOGIC node by a loop, not by recursion.  Everything else is at most AST_MAX_DEPTH deep:
 * parser and builder refuse more.  Statement lists and `else if` chains are followed through `next` and `c`
 * by loops as well.
 *
 * Before the check (what the parser and the builder make).  Nodes may be made in any order, each
 * is used once.  Names are text; an unset `type` is VOID; `op`, `a`, `b`, `c`, `next` are as in the
 * list below.
 *
 *   LITERAL         type VOID: name is a number as written ("7", "0x1p3", "1.5f32", "inf"), typed
 *                   by its suffix or context; any other scalar type: bits
 *   VAR             name of a variable or constant
 *   BUILTIN         op; CAST, FROM_BITS and CHECKED: type is the target type
 *   INDEX, SLICE, STORE    a is a VAR node naming the span
 *   CALL            name of the function
 *   LET             name; type as declared, or VOID: that of the initialiser
 *   ASSIGN          name; `x += e` is made as ASSIGN x of BINARY(VAR x, e)
 *   FOR             name of the loop variable
 *   BREAK, CONTINUE name of a label, empty: the innermost loop
 *   BLOCK           name: label of the loop that it is the body of, else empty (kept by the check)
 *
 * A Func comes with name, is_extern, result, nparams, its parameters in vars (name, type), body,
 * line, column; a Const with name, type, value, line, column.  The checker turns names into indexes,
 * a constant's name and a negated number into a LITERAL, and adds variables. */
#ifndef TRIVET_AST_H
#define TRIVET_AST_H

#include "base/diag.h"
#include "base/ops.h"

typedef uint32_t NodeId;                /* 0: none */
typedef uint32_t VarId;                 /* within its function: 0, 1, 2 …, parameters first */
typedef uint32_t FuncId;                /* within its program; externs have ids of their own kind too */
enum { AST_MAX_DEPTH = 256 };

/* What a, b, c and the payload mean, by kind.  "list" is a chain through `next`. */
#define NODE_LIST(X)                                                                            \
	X(NONE)                                                                                 \
	/* expressions; `type` is the value's */                                                \
	X(LITERAL)      /* bits */                                                              \
	X(VAR)          /* var; scalar or span */                                               \
	X(UNARY)        /* op; a */                                                             \
	X(BINARY)       /* op; a, b  (arithmetic and comparison) */                             \
	X(LOGIC)        /* op OP_AND or OP_OR meaning && and ||; a, b */                        \
	X(BUILTIN)      /* op; a, b, c as its arity says; CAST, BITS, FROM_BITS, CHECKED: from a's type to `type` */ \
	X(COND)         /* a ? b : c */                                                         \
	X(INDEX)        /* a span, b index (any integer type) */                                \
	X(SLICE)        /* a span, b from, c to (i64): only as `let` initialiser or argument */ \
	X(CALL)         /* func; a list of arguments; flag NODE_RECURSIVE */                    \
	/* statements */                                                                        \
	X(LET)          /* var; a initialiser */                                                \
	X(ASSIGN)       /* var; a value (compound forms are expanded into BINARY) */            \
	X(STORE)        /* a span, b index, c value; op OP_NONE, or the operator of a compound store: \
	                   then index is evaluated once, element loaded (checked), c evaluated, op applied, \
	                   and stored with no second check */                                   \
	X(IF)           /* a condition, b block, c block or IF or none */                       \
	X(WHILE)        /* a condition, b block */                                              \
	X(LOOP)         /* b block */                                                           \
	X(FOR)          /* var; a from, b to, c block; var2 hidden counter, var3 hidden limit */ \
	X(BREAK)        /* target: the loop's node */                                           \
	X(CONTINUE)     /* target */                                                            \
	X(RETURN)       /* a value or none */                                                   \
	X(EXPR)         /* a: a call, its result dropped */                                     \
	X(TRAP)                                                                                 \
	X(BLOCK)        /* a list of statements */

typedef enum NodeKind {
#define X(name) NODE_##name,
	NODE_LIST(X)
#undef X
	NODE_KIND_COUNT
} NodeKind;

enum {
	NODE_RECURSIVE = 1,     /* CALL: callee is in the caller's own cycle of the call graph */
	NODE_FIXED = 2,         /* FOR: the body never assigns var, so it may serve as the counter */
	NODE_UNREACHABLE = 4,   /* statement that control never reaches; still checked */
};

typedef struct Node {
	uint8_t kind, op, type, flags;
	uint16_t height;        /* of the tree below, left operands of chains not counted; at most
	                           AST_MAX_DEPTH; folding a number may leave it one too high above */
	uint32_t line, column;
	NodeId a, b, c, next;
	union {
		uint64_t bits;                          /* LITERAL: as ops.h says */
		struct { VarId var, var2, var3; };      /* VAR, LET, ASSIGN, FOR */
		FuncId func;                            /* CALL: index into Program.funcs */
		NodeId target;                          /* BREAK, CONTINUE */
		Str name;                               /* until the checker has run */
	};
} Node;

typedef struct Var {
	Str name;
	uint8_t type;           /* trivet_type; scalar or span */
	uint32_t line;
} Var;

typedef struct Func {
	Str name;
	bool is_extern;         /* no body; a host function bound by name */
	bool recursive;         /* lies on a cycle of the call graph */
	uint16_t weight;        /* of a recursive call to it, against the limit of depth: 1 and more */
	uint8_t result;         /* trivet_type, VOID for none */
	uint32_t nparams;       /* the first variables */
	VEC(Var) vars;          /* all variables of all scopes; of an extern: its parameters */
	NodeId body;            /* BLOCK */
	uint32_t line, column;
} Func;

/* An argument or an expected value: a scalar's bits, or a span's elements (each widened to 64 bits
 * as ops.h says; sign-extended narrow ints are in the low 32 bits). */
typedef struct ConstValue {
	uint8_t type;
	uint64_t bits;          /* scalar */
	uint64_t *elements;     /* span */
	uint64_t count;
} ConstValue;

typedef struct CallSpec {       /* f(10, [1, 2, 3]) with its values computed */
	FuncId func;
	ConstValue *args;       /* funcs[func].nparams of them */
	Str text;               /* as written */
} CallSpec;

typedef enum Expectation { EXPECT_NOTHING, EXPECT_VALUE, EXPECT_TRAP } Expectation;

typedef struct Directive {
	CallSpec call;
	Expectation expect;
	uint64_t value;         /* EXPECT_VALUE, of the function's result type */
	trivet_trap trap;       /* EXPECT_TRAP */
	bool leaves;            /* then spans: the span arguments' contents, in their order */
	ConstValue *spans;
	uint32_t nspans;
	uint32_t line;
} Directive;

typedef struct Const {          /* const N: T = e; */
	Str name;
	uint8_t type;
	NodeId value;
	uint64_t bits;          /* after the check */
	uint32_t line, column;
} Const;

typedef struct Remark {         /* a comment that begins with //! */
	Str text;               /* what follows the mark */
	uint32_t line, column;  /* of text */
} Remark;

typedef struct Program {
	Arena *arena;
	Str file;
	VEC(Node) nodes;        /* at[0] is NODE_NONE */
	VEC(Func) funcs;        /* functions and externs, in order of appearance */
	VEC(Const) consts;      /* each may use those before it */
	VEC(Remark) remarks;    /* directives to be, until the check */
	VEC(Directive) directives;
} Program;

#endif
