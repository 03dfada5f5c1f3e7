/* compile.h - what the two halves of the bytecode compiler share; private to src/interp.
 *
 * compile.c does statements and functions, expr.c expressions.  While a function is written,
 * constants have register numbers from CONST_BASE on and temporaries follow the variables at once;
 * a jump names a label.  compile.c puts in the final numbers when the function ends.
 *
 * Running out of memory: nothing is emitted any more, mem->failed tells at the end. */
#ifndef TRIVET_INTERP_COMPILE_H
#define TRIVET_INTERP_COMPILE_H

#include "interp/bytecode.h"

typedef uint32_t Reg;
typedef uint32_t Label;         /* index into Gen.labels */

enum { CONSTS_MAX = 64 };       /* constants a frame holds; further ones are loaded where used */
#define CONST_BASE UINT32_C(0x80000000)
#define NO_REG UINT32_C(0xffffffff)

typedef struct Loop {
	NodeId node;
	Label out, again;       /* where break and continue go */
	bool continued;         /* some continue does */
} Loop;

typedef struct Gen {
	Arena *arena;
	const Program *program;
	Bytecode *b;
	const Func *func;
	Reg *vars;                      /* first register of each variable */
	uint32_t slots;                 /* registers of all variables */
	uint32_t temps, most_temps;     /* temporaries in use, and the most there were */
	uint32_t consts_at;             /* where this function's begin in b->consts */
	uint32_t bound;                 /* where a label was bound last: code before it is fixed */
	VEC(uint32_t) labels;           /* their instructions; NO_REG: not bound yet */
	VEC(Loop) loops;                /* around the current statement, innermost last */
	VEC(NodeId) spine;              /* left operands being walked */
	uint32_t branch_depth;          /* of && and || being made into jumps */
	Insn scratch;                   /* stands in for an instruction when memory ran out */
} Gen;

Insn *gen_emit(Gen *g, uint32_t op, uint32_t line, uint32_t a, uint32_t b, uint32_t c);
Label gen_label(Gen *g);
void gen_bind(Gen *g, Label l);

/* n registers in a row.  To give them back, put g->temps back. */
Reg gen_temps(Gen *g, uint32_t n);

/* Evaluates an expression.  With want == NO_REG it says where the value is: a variable's own
 * register, a constant's, or a new temporary.  Else the value is put into want, which is written
 * last of all, so it may be a variable that the expression reads. */
Reg gen_value(Gen *g, NodeId id, Reg want);

/* Jumps to `to` if the condition is `sense`, else goes on.  loop: the loop whose head this is,
 * so that an interruption is looked for first; or NULL. */
void gen_branch(Gen *g, NodeId id, bool sense, Label to, const Node *loop);

/* x op right, x evaluated already. */
Reg gen_binary(Gen *g, Op op, trivet_type t, uint32_t line, Reg x, NodeId right, Reg want);

/* Jumps if (x op y) == sense; the right operand is a literal or a variable. */
void gen_compare_jump(Gen *g, Op op, trivet_type t, Reg x, NodeId right, bool sense, Label to,
                      uint32_t line, bool poll);

/* The instructions that read or write an element of the span type, index of the given type. */
uint32_t gen_load_insn(trivet_type span, trivet_type index);
uint32_t gen_store_insn(trivet_type span, trivet_type index);

/* Can the literal be an immediate of an operation on type t?  If narrow, the operation looks at 32
 * bits only. */
bool gen_immediate(const Node *literal, bool narrow, int32_t *out);

static inline const Node *
gen_node(const Gen *g, NodeId id)
{
	return &g->program->nodes.at[id];
}

#endif
