/* run.c - executes the interpreter's bytecode.
 *
 * One function with a label per instruction and a jump at the end of each (GCC's labels as values,
 * also in clang), so that the CPU predicts every instruction's successor on its own.  Calls of the
 * program make no C calls: frames lie in one value stack, which moves when it grows. */
#include "base/num.h"
#include "interp/bytecode.h"

#include <string.h>

enum { SMALL_STACK = 256 }; /* registers to be had without an allocation */

typedef struct Run {
	const Bytecode *b;
	const InterpEnv *env;
	uint64_t *stack;  /* small, or from env->mem */
	size_t size, max; /* registers there, and allowed */
	uint64_t small[SMALL_STACK];
} Run;

/* Makes room for `need` registers in all.  On success the stack may have moved. */
static trivet_status
grow(Run *r, size_t need)
{
	size_t size = r->size * 2;
	uint64_t *stack;

	if (need > r->max)
		return TRIVET_TRAP;
	if (size < need)
		size = need;
	if (size > r->max)
		size = r->max;
	if (r->stack != r->small) {
		stack = mem_resize(r->env->mem, r->stack, r->size * sizeof *stack,
				   size * sizeof *stack);
	} else {
		stack = mem_resize(r->env->mem, NULL, 0, size * sizeof *stack);
		if (stack)
			memcpy(stack, r->small, r->size * sizeof *stack);
	}
	if (!stack)
		return TRIVET_NO_MEMORY;
	r->stack = stack;
	r->size = size;
	return TRIVET_OK;
}

static uint64_t
canonical(trivet_type t, uint64_t bits)
{
	if (t == TRIVET_F32)
		return num_bits_f32(num_canon_f32(num_from_f32((uint32_t)bits)));
	if (t == TRIVET_F64)
		return num_bits_f64(num_canon_f64(num_from_f64(bits)));
	return bits;
}

/* A value from the host, as ops.h wants it. */
static uint64_t
clean(trivet_type t, uint64_t bits)
{
	if (t == TRIVET_BOOL)
		return (bits & 0xff) != 0;
	return type_is_wide(t) || type_is_span(t) ? bits : (uint32_t)bits;
}

/* Calls a host function; args are made canonical in place.  TRIVET_TRAP: it raised a trap. */
static trivet_status
call_extern(const Run *r, uint32_t f, uint64_t *args, uint64_t *result)
{
	const InsnFunc *func = &r->b->funcs.at[f];
	const InterpEnv *env = r->env;
	trivet_status status;
	uint64_t bits = 0;

	if (!env->externs || !env->externs[f])
		return TRIVET_UNBOUND;
	if (func->float_params)
		for (uint32_t i = 0, at = 0; i < func->nparams; i++) {
			args[at] = canonical(func->params[i], args[at]);
			at += type_is_span(func->params[i]) ? 2 : 1;
		}
	status = os_invoke(env->externs[f], func->result, func->params, func->nparams, args, &bits);
	if (status != TRIVET_OK)
		return status;
	if (env->host_raised && *env->host_raised) {
		*env->host_raised = 0;
		return TRIVET_TRAP;
	}
	*result = clean(func->result, bits);
	return TRIVET_OK;
}

// clang-format off

#define GET_U32(bits) ((uint32_t)(bits))
#define GET_I32(bits) ((int32_t)(uint32_t)(bits))
#define GET_U64(bits) (bits)
#define GET_I64(bits) ((int64_t)(bits))
#define GET_F32(bits) num_from_f32((uint32_t)(bits))
#define GET_F64(bits) num_from_f64(bits)
#define PUT_U32(v) ((uint32_t)(v))
#define PUT_I32(v) ((uint32_t)(v))
#define PUT_U64(v) ((uint64_t)(v))
#define PUT_I64(v) ((uint64_t)(v))
#define PUT_F32(v) num_bits_f32(v)
#define PUT_F64(v) num_bits_f64(v)
#define TYPE_U32 uint32_t
#define TYPE_I32 int32_t
#define TYPE_U64 uint64_t
#define TYPE_I64 int64_t
#define TYPE_F32 float
#define TYPE_F64 double
#define SIGNED_U32 0
#define SIGNED_I32 1
#define SIGNED_U64 0
#define SIGNED_I64 1

#define IMM(field) ((uint64_t)(int64_t)(int32_t)pc->field)
#define DISPATCH() goto *labels[pc->op]
#define NEXT() do { pc++; DISPATCH(); } while (0)
#define JUMP_BY(field) do { pc += (int32_t)pc->field; DISPATCH(); } while (0)
#define POLL() do { if (__atomic_load_n(poll, __ATOMIC_RELAXED)) goto interrupted; } while (0)

/* What follows the label of a row, by form; x and y are what the row's expression names. */
#define DO_BINARY(result, type, second, expr) {                         \
	TYPE_##type x = GET_##type(fp[pc->b]), y = GET_##type(second);  \
	fp[pc->a] = PUT_##result(expr);                                 \
	NEXT();                                                         \
}
#define DO_DIVIDE(name, type, expr) {                                   \
	TYPE_##type x = GET_##type(fp[pc->b]), y = GET_##type(fp[pc->c]); \
	if (y == 0) goto divide_by_zero;                                \
	if (SIGNED_##type && y == (TYPE_##type)-1) {                    \
		bool least = PUT_##type(x) == UINT64_C(1) << (sizeof x * 8 - 1); \
		if (INSN_##name <= INSN_DIV_U64 && least) goto integer_overflow; \
		fp[pc->a] = INSN_##name <= INSN_DIV_U64 ? PUT_##type(0 - PUT_##type(x)) : 0; \
		NEXT();                                                 \
	}                                                               \
	fp[pc->a] = PUT_##type(expr);                                   \
	NEXT();                                                         \
}
#define DO_UNARY(result, type, expr) {                                  \
	TYPE_##type x = GET_##type(fp[pc->b]);                          \
	fp[pc->a] = PUT_##result(expr);                                 \
	NEXT();                                                         \
}
#define DO_COMPARE(type, second, expr) {                                \
	TYPE_##type x = GET_##type(fp[pc->a]), y = GET_##type(second);  \
	if (expr) JUMP_BY(c);                                           \
	NEXT();                                                         \
}
#define DO_STEP(type, second, expr) {                                   \
	TYPE_##type x, y = GET_##type(second);                          \
	uint64_t stepped = fp[pc->a] + (uint64_t)(int64_t)(int16_t)pc->x; \
	POLL();                                                         \
	x = GET_##type(stepped);                                        \
	fp[pc->a] = PUT_##type(x);                                      \
	if (expr) JUMP_BY(c);                                           \
	NEXT();                                                         \
}
/* m is the element; index is 64 bits without sign: a negative one is beyond any length. */
#define DO_LOAD(index, memory, expr) {                                  \
	uint64_t at = index;                                            \
	const uint64_t *span = &fp[pc->b];                              \
	memory m;                                                       \
	if (at >= span[1]) goto out_of_bounds;                          \
	memcpy(&m, (const char *)(uintptr_t)span[0] + at * sizeof m, sizeof m); \
	fp[pc->a] = (uint64_t)(expr);                                   \
	NEXT();                                                         \
}
#define DO_STORE(index, memory, expr) {                                 \
	uint64_t at = index, v = fp[pc->c];                             \
	const uint64_t *span = &fp[pc->a];                              \
	memory m = expr;                                                \
	if (at >= span[1]) goto out_of_bounds;                          \
	memcpy((char *)(uintptr_t)span[0] + at * sizeof m, &m, sizeof m); \
	NEXT();                                                         \
}

#define ROW_DO_RR(O, name, result, type, expr) L_##name: DO_BINARY(result, type, fp[pc->c], expr)
#define ROW_DO_RI(O, name, result, type, expr) L_##name##_I: DO_BINARY(result, type, IMM(c), expr)
#define ROW_DO_DIVIDE(O, name, result, type, expr) L_##name: DO_DIVIDE(name, type, expr)
#define ROW_DO_R(O, name, result, type, expr) L_##name: DO_UNARY(result, type, expr)
#define ROW_DO_CHECKED(O, name, result, type, expr) L_##name: {         \
	TYPE_##type x = GET_##type(fp[pc->b]);                          \
	if (!(expr)) goto invalid_conversion;                           \
	fp[pc->a] = PUT_##result((TYPE_##result)x);                     \
	NEXT();                                                         \
}
#define ROW_DO_SET(O, name, result, type, expr)                         \
	L_SET_##name: DO_BINARY(result, type, fp[pc->c], expr)
#define ROW_DO_SET_I(O, name, result, type, expr)                       \
	L_SET_##name: DO_BINARY(result, type, IMM(c), expr)
#define ROW_DO_JUMP(O, name, result, type, expr) L_JUMP_##name: DO_COMPARE(type, fp[pc->b], expr)
#define ROW_DO_JUMP_I(O, name, result, type, expr) L_JUMP_##name: DO_COMPARE(type, IMM(b), expr)
#define ROW_DO_LOOP(O, name, result, type, expr)                        \
	L_LOOP_##name: POLL(); DO_COMPARE(type, fp[pc->b], expr)
#define ROW_DO_LOOP_I(O, name, result, type, expr)                      \
	L_LOOP_##name: POLL(); DO_COMPARE(type, IMM(b), expr)
#define ROW_DO_STEP(O, name, result, type, expr) L_STEP_##name: DO_STEP(type, fp[pc->b], expr)
#define ROW_DO_STEP_I(O, name, result, type, expr) L_STEP_##name##_I: DO_STEP(type, IMM(b), expr)
#define INDEX_X(field) ((uint64_t)GET_I32(fp[pc->field]))
#define ROW_DO_LOAD(O, name, memory, expr) L_##name: DO_LOAD(fp[pc->c], memory, expr)
#define ROW_DO_LOAD_X(O, name, memory, expr) L_##name##_X: DO_LOAD(INDEX_X(c), memory, expr)
#define ROW_DO_STORE(O, name, memory, expr) L_##name: DO_STORE(fp[pc->b], memory, expr)
#define ROW_DO_STORE_X(O, name, memory, expr) L_##name##_X: DO_STORE(INDEX_X(b), memory, expr)

// clang-format on

/* Runs until HALT or a trap.  TRIVET_OK: the result is in stack[1].  TRIVET_TRAP: *trap tells.
 * In every case *at is the instruction where it ended. */
static trivet_status
execute(Run *r, const Insn *pc, trivet_trap *trap, uint32_t *stopped)
{
	static const void *const labels[INSN_COUNT] = {
#define O(name, format) &&L_##name,
		INSN_LIST(O)
#undef O
	};
	static const uint32_t never = 0;
	const Bytecode *b = r->b;
	const uint32_t *poll = r->env->interrupt ? r->env->interrupt : &never;
	uint32_t depth = r->env->max_depth;
	uint64_t *fp = r->stack + 1;
	const uint64_t *end = r->stack + r->size;
	trivet_status status;

	DISPATCH();

L_HALT:
	status = TRIVET_OK;
	goto done;

L_CALL : {
	const InsnFunc *callee = &b->funcs.at[pc->b];
	uint64_t *next = fp + pc->c;

	POLL();
	if (depth < pc->x)
		goto stack_overflow;
	if ((size_t)(end - next) < callee->frame) {
		size_t at = (size_t)(next - r->stack);

		status = grow(r, at + callee->frame);
		if (status == TRIVET_TRAP)
			goto stack_overflow;
		if (status != TRIVET_OK)
			goto done;
		next = r->stack + at;
		end = r->stack + r->size;
	}
	depth -= pc->x;
	next[-1] = (uintptr_t)pc;
	fp = next;
	pc = b->code.at + callee->start;
	DISPATCH();
}
L_CALL_EXTERN : {
	uint64_t value = 0;

	POLL();
	status = call_extern(r, pc->b, fp + pc->c, &value);
	if (status == TRIVET_TRAP)
		goto host;
	if (status != TRIVET_OK)
		goto done;
	fp[pc->a] = value;
	NEXT();
}
L_RETURN : {
	uint64_t value = fp[pc->a];

	pc = (const Insn *)(uintptr_t)fp[-1];
	fp -= pc->c;
	fp[pc->a] = value;
	depth += pc->x;
	NEXT();
}
L_RETURN_VOID:
	pc = (const Insn *)(uintptr_t)fp[-1];
	fp -= pc->c;
	depth += pc->x;
	NEXT();
L_TRAP:
	*trap = TRIVET_TRAP_UNREACHABLE;
	goto trapped;
L_POLL:
	POLL();
	NEXT();
L_JUMP:
	JUMP_BY(a);
L_LOOP:
	POLL();
	JUMP_BY(a);
L_JUMP_TRUE:
	if (fp[pc->a])
		JUMP_BY(c);
	NEXT();
L_JUMP_FALSE:
	if (!fp[pc->a])
		JUMP_BY(c);
	NEXT();
L_LOOP_TRUE:
	POLL();
	if (fp[pc->a])
		JUMP_BY(c);
	NEXT();
L_LOOP_FALSE:
	POLL();
	if (!fp[pc->a])
		JUMP_BY(c);
	NEXT();
L_LOAD_CONST:
	fp[pc->a] = (uint64_t)pc->c << 32 | pc->b;
	NEXT();
L_CONSTS:
	memcpy(fp + pc->a, b->consts.at + pc->b, pc->c * sizeof *fp);
	NEXT();
L_SELECT:
	fp[pc->a] = fp[fp[pc->b] ? pc->c : pc[1].a];
	pc++;
	NEXT();
L_FMA_F32:
	fp[pc->a] =
		PUT_F32(num_fma_f32(GET_F32(fp[pc->b]), GET_F32(fp[pc->c]), GET_F32(fp[pc[1].a])));
	pc++;
	NEXT();
L_FMA_F64:
	fp[pc->a] =
		PUT_F64(num_fma_f64(GET_F64(fp[pc->b]), GET_F64(fp[pc->c]), GET_F64(fp[pc[1].a])));
	pc++;
	NEXT();
L_OPERAND:
	NEXT();
L_MOV_PAIR : {
	uint64_t address = fp[pc->b], length = fp[pc->b + 1];

	fp[pc->a] = address;
	fp[pc->a + 1] = length;
	NEXT();
}
L_SLICE : {
	uint64_t address = fp[pc->b], length = fp[pc->b + 1];
	uint64_t from = fp[pc->c], to = fp[pc->c + 1];

	if (from > to || to > length)
		goto out_of_bounds;
	fp[pc->a] = address + (from << pc->x);
	fp[pc->a + 1] = to - from;
	NEXT();
}

	// clang-format off
	INSN_BINARY_LIST(ROW_DO_RR, )
	INSN_BINARY_LIST(ROW_DO_RI, )
	INSN_BINARY_R_LIST(ROW_DO_RR, )
	INSN_DIVIDE_LIST(ROW_DO_DIVIDE, )
	INSN_DIVIDE_LIST(ROW_DO_RI, )
	INSN_UNARY_LIST(ROW_DO_R, )
	INSN_CHECKED_LIST(ROW_DO_CHECKED, )
	INSN_COMPARE_LIST(ROW_DO_SET, )
	INSN_COMPARE_I_LIST(ROW_DO_SET_I, )
	INSN_COMPARE_LIST(ROW_DO_JUMP, )
	INSN_COMPARE_I_LIST(ROW_DO_JUMP_I, )
	INSN_COMPARE_LIST(ROW_DO_LOOP, )
	INSN_COMPARE_I_LIST(ROW_DO_LOOP_I, )
	INSN_STEP_LIST(ROW_DO_STEP, )
	INSN_STEP_LIST(ROW_DO_STEP_I, )
	INSN_LOAD_LIST(ROW_DO_LOAD, )
	INSN_LOAD_LIST(ROW_DO_LOAD_X, )
	INSN_STORE_LIST(ROW_DO_STORE, )
	INSN_STORE_LIST(ROW_DO_STORE_X, )
	// clang-format on

divide_by_zero:
	*trap = TRIVET_TRAP_DIVIDE_BY_ZERO;
	goto trapped;
integer_overflow:
	*trap = TRIVET_TRAP_INTEGER_OVERFLOW;
	goto trapped;
invalid_conversion:
	*trap = TRIVET_TRAP_INVALID_CONVERSION;
	goto trapped;
out_of_bounds:
	*trap = TRIVET_TRAP_OUT_OF_BOUNDS;
	goto trapped;
stack_overflow:
	*trap = TRIVET_TRAP_STACK_OVERFLOW;
	goto trapped;
interrupted:
	*trap = TRIVET_TRAP_INTERRUPTED;
	goto trapped;
host:
	*trap = TRIVET_TRAP_HOST;
trapped:
	status = TRIVET_TRAP;
done:
	*stopped = (uint32_t)(pc - b->code.at);
	return status;
}

/* The function that an instruction belongs to. */
static FuncId
func_at(const Bytecode *b, uint32_t insn)
{
	FuncId f = 0;

	while (f + 1 < b->funcs.n && (insn < b->funcs.at[f].start || insn >= b->funcs.at[f].end))
		f++;
	return f;
}

/* Copies the arguments into the first frame and runs it. */
static trivet_status
run(Run *r, FuncId f, const uint64_t *args, uint64_t *result, TrapSite *where)
{
	const InsnFunc *func = &r->b->funcs.at[f];
	size_t need = (size_t)func->frame + 1;
	trivet_status status = need <= r->size ? TRIVET_OK : grow(r, need);
	trivet_trap trap = TRIVET_TRAP_STACK_OVERFLOW;
	uint32_t line = func->line, at = 0, stopped;

	if (status == TRIVET_OK) {
		uint64_t *fp = r->stack + 1;

		fp[-1] = (uintptr_t)r->b->code.at;
		for (uint32_t i = 0; i < func->nparams; i++) {
			trivet_type t = func->params[i];

			fp[at] = clean(t, args[at]);
			at++;
			if (type_is_span(t)) {
				fp[at] = args[at];
				at++;
			}
		}
		if (func->is_extern) {
			status = call_extern(r, f, fp, fp);
			trap = TRIVET_TRAP_HOST;
		} else {
			status = execute(r, r->b->code.at + func->start, &trap, &stopped);
			line = r->b->lines.at[stopped];
			f = status == TRIVET_TRAP ? func_at(r->b, stopped) : f;
		}
	}
	if (status == TRIVET_TRAP)
		*where = (TrapSite){ .trap = trap, .func = f, .line = line };
	if (status == TRIVET_OK && func->result != TRIVET_VOID)
		*result = canonical(func->result, r->stack[1]);
	return status;
}

trivet_status
interp_call(const Bytecode *b, const InterpEnv *env, FuncId f, const uint64_t *args,
	    uint64_t *result, TrapSite *where)
{
	Run r;
	trivet_status status;

	*result = 0;
	*where = (TrapSite){ .trap = TRIVET_TRAP_NONE };
	if (f >= b->funcs.n)
		return TRIVET_NO_FUNCTION;
	r.b = b;
	r.env = env;
	r.stack = r.small;
	r.max = env->max_stack / sizeof *r.stack;
	r.size = r.max < SMALL_STACK ? r.max : SMALL_STACK;
	status = run(&r, f, args, result, where);
	if (r.stack != r.small)
		mem_resize(env->mem, r.stack, r.size * sizeof *r.stack, 0);
	return status;
}
