/* read.c - a module from the text that print.c writes; docs/ir.md describes it.
 *
 * Any bytes are safe: numbers are bounded by the length of the text, and what has been read must
 * pass ir_verify().  The first error stops the reading: line and what was expected. */
#include "ir/inner.h"

typedef struct Reader {
	Arena *arena;
	Text *error;
	const char *at, *end;
	uint32_t line;
	bool failed;
	uint32_t room;	 /* values and blocks that may still be made */
	uint32_t max_id; /* bound of FuncIds of the Program */
	IrModule *m;
	IrFunc *f;
	BlockId block;
} Reader;

static bool
fail(Reader *r, const char *expected)
{
	if (!r->failed)
		text_addf(r->error, "line %u: expected %s", r->line, expected);
	r->failed = true;
	return false;
}

/* ---- Characters ----------------------------------------------------------------------------- */

static void
skip_blanks(Reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r'))
		r->at++;
	if (r->at < r->end && *r->at == ';')
		while (r->at < r->end && *r->at != '\n')
			r->at++;
}

static bool
at_end_of_line(Reader *r)
{
	skip_blanks(r);
	return r->at == r->end || *r->at == '\n';
}

static bool
end_line(Reader *r)
{
	if (!at_end_of_line(r))
		return fail(r, "the end of the line");
	if (r->at < r->end)
		r->at++;
	r->line++;
	return true;
}

static bool
accept(Reader *r, char c)
{
	skip_blanks(r);
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

static bool
need(Reader *r, char c)
{
	char what[4] = { '\'', c, '\'', '\0' };

	return accept(r, c) || fail(r, what);
}

static bool
is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

static Str
word(Reader *r)
{
	Str s;

	skip_blanks(r);
	s.at = r->at;
	while (r->at < r->end && is_word_char(*r->at))
		r->at++;
	s.n = (uint32_t)(r->at - s.at);
	return s;
}

static bool
accept_word(Reader *r, const char *text)
{
	const char *start;

	skip_blanks(r);
	start = r->at;
	if (str_is(word(r), text))
		return true;
	r->at = start;
	return false;
}

static int
digit_of(char c, unsigned base)
{
	int d = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
	return d < (int)base ? d : -1;
}

static uint64_t
number(Reader *r)
{
	unsigned base = 10;
	uint64_t v = 0;
	bool any = false, over = false;

	skip_blanks(r);
	if (r->end - r->at > 2 && r->at[0] == '0' && r->at[1] == 'x') {
		base = 16;
		r->at += 2;
	}
	for (; r->at < r->end && digit_of(*r->at, base) >= 0; r->at++) {
		uint64_t d = (uint64_t)digit_of(*r->at, base);
		over |= v > (UINT64_MAX - d) / base;
		v = v * base + d;
		any = true;
	}
	if (!any || over)
		fail(r, "a number of 64 bits");
	return v;
}

static uint32_t
number_below(Reader *r, uint64_t limit, const char *what)
{
	uint64_t v = number(r);

	if (v >= limit)
		fail(r, what);
	return r->failed ? 0 : (uint32_t)v;
}

/* A letter and a number: v12, b3, f0, s7, #2. */
static uint32_t
named(Reader *r, char letter, uint64_t limit, const char *what)
{
	return need(r, letter) ? number_below(r, limit, what) : 0;
}

/* ---- Names of lists ------------------------------------------------------------------------- */

static unsigned
one_of(Reader *r, const char *const *names, unsigned n, const char *what)
{
	char small[INNER_NAME_MAX];
	Str s = word(r);

	for (unsigned k = 0; k < n; k++) {
		inner_lower(small, names[k]);
		if (str_is(s, small))
			return k;
	}
	fail(r, what);
	return 0;
}

static unsigned
read_type(Reader *r)
{
	return one_of(r, inner_type_names, 5, "a type");
}

static unsigned
read_op(Reader *r)
{
	char small[INNER_NAME_MAX];
	Str s = word(r);

	for (unsigned k = IR_NOP + 1; k < IR_OP_COUNT; k++) {
		inner_lower(small, ir_op_info[k].name);
		if (str_is(s, small))
			return k;
	}
	fail(r, "an operation");
	return IR_NOP;
}

static unsigned
read_trap(Reader *r)
{
	Str s = word(r);

	for (unsigned k = 1; k < TRIVET_TRAP_COUNT; k++)
		if (str_is(s, trap_name(k)))
			return k;
	fail(r, "a trap");
	return 0;
}

static bool
read_signature(Reader *r, uint8_t *result, const uint8_t **params, uint32_t *n)
{
	VEC(uint8_t) list = { 0 };

	*result = (uint8_t)read_type(r);
	need(r, '(');
	while (!r->failed && !accept(r, ')')) {
		uint8_t *t;
		if (list.n)
			need(r, ',');
		t = vec_push(r->arena, &list);
		if (!t)
			return fail(r, "more memory");
		*t = (uint8_t)read_type(r);
		if (*t == IR_VOID)
			fail(r, "a type of values");
	}
	*params = list.at;
	*n = list.n;
	return !r->failed;
}

/* ---- Imports and sites ---------------------------------------------------------------------- */

static void
read_import(Reader *r)
{
	Import *i = vec_push(r->arena, &r->m->imports);

	if (!i) {
		fail(r, "more memory");
		return;
	}
	if (named(r, '#', UINT32_MAX, "a slot") != r->m->imports.n - 1)
		fail(r, "slots in order");
	if (accept_word(r, "code")) {
		i->kind = IMPORT_CODE;
		return;
	}
	if (accept_word(r, "interrupt")) {
		i->kind = IMPORT_INTERRUPT;
		return;
	}
	if (accept_word(r, "extern")) {
		i->kind = IMPORT_EXTERN;
		i->id = number_below(r, r->max_id, "the number of an extern");
		i->bool_result = accept_word(r, "bool");
	} else if (accept_word(r, "helper")) {
		i->kind = IMPORT_HELPER;
		i->id = one_of(r, inner_helper_names, HELPER_COUNT, "a helper");
	} else {
		fail(r, "code, interrupt, extern or helper");
	}
	read_signature(r, &i->result, &i->params, &i->nparams);
}

static void
read_site(Reader *r)
{
	Site *s = vec_push(r->arena, &r->m->sites);

	if (!s) {
		fail(r, "more memory");
		return;
	}
	if (named(r, 's', UINT32_MAX, "a site") != r->m->sites.n - 1)
		fail(r, "sites in order");
	s->trap = read_trap(r);
	if (!accept_word(r, "source"))
		fail(r, "source");
	s->func = number_below(r, r->max_id, "the number of a function");
	if (!accept_word(r, "line"))
		fail(r, "line");
	s->line = number_below(r, UINT32_MAX, "a line");
}

/* ---- Instructions --------------------------------------------------------------------------- */

static Val
read_value(Reader *r)
{
	return named(r, 'v', r->f->ins.n, "a value");
}

static bool
make_blocks(Reader *r, BlockId up_to)
{
	while (r->f->blocks.n <= up_to && !r->failed) {
		if (!r->room)
			return fail(r, "fewer blocks");
		r->room--;
		if (!ir_block(r->f))
			return fail(r, "more memory");
	}
	return !r->failed;
}

static BlockId
read_block_name(Reader *r)
{
	BlockId b = named(r, 'b', (uint64_t)r->f->blocks.n + r->room, "a block");
	return make_blocks(r, b) ? b : 0;
}

static void
read_values(Reader *r, Ins *i, bool more)
{
	IrFunc *f = r->f;

	i->arg[0] = f->pool.n;
	while (more && !r->failed) {
		Val v = read_value(r), *at = vec_push(r->arena, &f->pool);
		if (!at) {
			fail(r, "more memory");
			return;
		}
		*at = v;
		i->arg[1]++;
		more = accept(r, ',');
	}
}

static int32_t
read_offset(Reader *r, bool minus)
{
	uint32_t v =
		number_below(r, minus ? UINT64_C(0x80000001) : UINT64_C(0x80000000), "an offset");
	return (int32_t)(minus ? 0 - v : v);
}

/* [v1 + v2 - 8] */
static void
read_address(Reader *r, Ins *i)
{
	need(r, '[');
	i->arg[0] = read_value(r);
	if (accept(r, '+')) {
		skip_blanks(r);
		if (r->at < r->end && *r->at == 'v') {
			i->arg[1] = read_value(r);
			if (accept(r, '+'))
				i->aux = read_offset(r, false);
		} else {
			i->aux = read_offset(r, false);
		}
	}
	if (!i->aux && accept(r, '-'))
		i->aux = read_offset(r, true);
	need(r, ']');
}

static void
read_const(Reader *r, Ins *i)
{
	bool minus = accept(r, '-');
	uint64_t bits = number(r);

	if (i->type == IR_I32 && bits > (minus ? UINT64_C(0x80000000) : UINT32_MAX))
		fail(r, "a number of 32 bits");
	bits = minus ? 0 - bits : bits;
	i->arg[0] = (uint32_t)bits;
	i->arg[1] = i->type == IR_I32 ? 0 : (uint32_t)(bits >> 32);
}

static void
read_operands(Reader *r, Ins *i)
{
	uint32_t n = ir_op_info[i->op].nargs;

	switch (i->op) {
	case IR_CONST: read_const(r, i); return;
	case IR_PARAM: i->aux = (int32_t)number_below(r, INT32_MAX, "a parameter"); return;
	case IR_IMPORT: i->aux = (int32_t)named(r, '#', r->m->imports.n, "a slot"); return;
	case IR_PHI: read_values(r, i, !at_end_of_line(r) && *r->at != '@'); return;
	case IR_CALL:
	case IR_CALLX:
		i->aux = (int32_t)named(r, i->op == IR_CALL ? 'f' : '#', INT32_MAX, "a function");
		need(r, '(');
		if (!accept(r, ')')) {
			read_values(r, i, true);
			need(r, ')');
		}
		return;
	case IR_LOAD: read_address(r, i); return;
	case IR_STORE:
		read_address(r, i);
		need(r, ',');
		i->arg[2] = read_value(r);
		return;
	case IR_RET: n = !at_end_of_line(r) && *r->at == 'v'; break;
	default: break;
	}
	for (uint32_t k = 0; k < n && !r->failed; k++) {
		if (k)
			need(r, ',');
		i->arg[k] = read_value(r);
	}
	if (i->op == IR_TRAPIF)
		need(r, ',');
	if (i->op == IR_TRAPIF || i->op == IR_TRAP)
		i->aux = (int32_t)named(r, 's', r->m->sites.n, "a site");
}

static void
read_successors(Reader *r, unsigned op)
{
	for (unsigned k = 0; k < (op == IR_JMP ? 1u : op == IR_BR ? 2u : 0u) && !r->failed; k++) {
		BlockId to;
		if (op == IR_BR)
			need(r, ',');
		to = read_block_name(r);
		if (r->f->blocks.at[r->block].succ[k] != BLOCK_NONE)
			fail(r, "one terminator a block");
		r->f->blocks.at[r->block].succ[k] = to;
	}
}

/* Suffixes: .TYPE, .cc or .mem */
static void
read_suffixes(Reader *r, Ins *i, bool gives)
{
	if (i->op == IR_LOAD || i->op == IR_STORE) {
		need(r, '.');
		i->cc = (uint8_t)one_of(r, inner_mem_names, MEM_COUNT, "a kind of memory");
		i->type = i->op == IR_LOAD ? ir_mem_type[i->cc] : IR_VOID;
	} else if (i->op == IR_CMP) {
		i->type = IR_I32;
	} else if (gives) {
		need(r, '.');
		i->type = (uint8_t)read_type(r);
	}
	if (i->op == IR_CMP || i->op == IR_SELECT || i->op == IR_TRAPIF || i->op == IR_BR) {
		need(r, '.');
		i->cc = (uint8_t)one_of(r, inner_cc_names, CC_COUNT, "a condition");
	}
}

static void
read_ins(Reader *r)
{
	IrFunc *f = r->f;
	Ins i = { 0 };
	Val v = 0;

	if (r->at < r->end && *r->at == 'v') {
		v = read_value(r);
		need(r, '=');
		if (v == 0 || f->ins.at[v].op != IR_NOP)
			fail(r, "a new value");
	}
	i.op = (uint8_t)read_op(r);
	read_suffixes(r, &i, v != 0);
	if (!r->failed)
		read_operands(r, &i);
	if (!r->failed)
		read_successors(r, i.op);
	if (!r->failed && accept(r, '@'))
		i.line = number_below(r, UINT32_MAX, "a line");
	if (!r->failed && (i.type == IR_VOID) != (v == 0))
		fail(r, v ? "a type of values" : "a name for the value");
	if (r->failed)
		return;
	i.block = r->block;
	if (!v) {
		Ins *at = vec_push(r->arena, &f->ins);
		if (!at) {
			fail(r, "more memory");
			return;
		}
		v = f->ins.n - 1;
	}
	f->ins.at[v] = i;
	inner_link(f, r->block, v);
	inner_remember(f, v);
}

/* ---- Blocks and functions ------------------------------------------------------------------- */

/* b3: from b1, b2 cold */
static void
read_block(Reader *r)
{
	Block *b;
	bool more;

	r->block = read_block_name(r);
	need(r, ':');
	if (r->failed)
		return;
	b = &r->f->blocks.at[r->block];
	if (b->first || b->preds.n)
		fail(r, "a new block");
	for (more = accept_word(r, "from"); more && !r->failed; more = accept(r, ',')) {
		BlockId from = read_block_name(r), *at;
		at = vec_push(r->arena, &r->f->blocks.at[r->block].preds);
		if (!at)
			fail(r, "more memory");
		else
			*at = from;
	}
	r->f->blocks.at[r->block].cold = accept_word(r, "cold");
}

/* Values are named by number, the rest of the instructions have to get numbers beyond: so all
 * values up to the greatest name in the function come first. */
static bool
make_values(Reader *r)
{
	const char *p = r->at;
	uint64_t most = 0;
	bool comment = false, in_word = false;

	for (; p < r->end && *p != '}'; p++) {
		uint64_t v = 0;
		comment = *p == ';' || (comment && *p != '\n');
		if (!comment && !in_word && *p == 'v') {
			for (const char *q = p + 1; q < r->end && digit_of(*q, 10) >= 0; q++)
				v = v > UINT32_MAX ? v : v * 10 + (uint64_t)digit_of(*q, 10);
			most = v > most ? v : most;
		}
		in_word = is_word_char(*p);
	}
	if (most > r->room)
		return fail(r, "smaller numbers of values");
	r->room -= (uint32_t)most;
	if (!vec_reserve(r->arena, (void **)&r->f->ins.at, &r->f->ins.cap, sizeof(Ins),
			 (uint32_t)most + 1))
		return fail(r, "more memory");
	while (r->f->ins.n <= most)
		r->f->ins.at[r->f->ins.n++] = (Ins){ .op = IR_NOP, .block = BLOCK_NONE };
	return true;
}

/* func f0 sum i64(i64) source 0 line 1 entry f0 ctx stack s1 thunk { */
static void
read_header(Reader *r)
{
	IrFunc *f = r->f;
	uint8_t result = 0;

	if (named(r, 'f', UINT32_MAX, "a function") != r->m->funcs.n - 1)
		fail(r, "functions in order");
	f->name = str_copy(r->arena, word(r));
	read_signature(r, &result, &f->params, &f->nparams);
	f->result = result;
	if (!accept_word(r, "source"))
		fail(r, "source");
	f->source = number_below(r, r->max_id, "the number of a function");
	if (!accept_word(r, "line"))
		fail(r, "line");
	f->line = number_below(r, UINT32_MAX, "a line");
	if (!accept_word(r, "entry"))
		fail(r, "entry");
	f->entry_thunk = named(r, 'f', UINT32_MAX, "a function");
	f->needs_ctx = accept_word(r, "ctx");
	f->checks_stack = accept_word(r, "stack");
	if (f->checks_stack)
		f->stack_site = named(r, 's', r->m->sites.n, "a site");
	f->is_entry = accept_word(r, "thunk");
	need(r, '{');
	if (!r->failed)
		end_line(r);
}

static void
read_func(Reader *r)
{
	r->f = ir_func(r->m);
	if (!r->f) {
		fail(r, "more memory");
		return;
	}
	read_header(r);
	if (r->failed || !make_values(r))
		return;
	r->block = BLOCK_NONE;
	while (!r->failed && !accept(r, '}')) {
		if (r->at == r->end)
			fail(r, "'}'");
		else if (at_end_of_line(r))
			;
		else if (*r->at == 'b' && r->end - r->at > 1 && digit_of(r->at[1], 10) >= 0)
			read_block(r);
		else if (r->block == BLOCK_NONE)
			fail(r, "a block");
		else
			read_ins(r);
		if (!r->failed)
			end_line(r);
	}
}

/* ---- The module ----------------------------------------------------------------------------- */

static bool
fill_func_of(Reader *r)
{
	IrModule *m = r->m;
	uint32_t most = 0;

	for (uint32_t k = 0; k < m->funcs.n; k++)
		if (m->funcs.at[k].source > most)
			most = m->funcs.at[k].source;
	m->func_of = arena_alloc(r->arena, ((size_t)most + 1) * sizeof(uint32_t));
	if (!m->func_of)
		return fail(r, "more memory");
	memset(m->func_of, 0xff, ((size_t)most + 1) * sizeof(uint32_t)); /* BLOCK_NONE */
	for (uint32_t k = m->funcs.n; k-- > 0;)
		if (!m->funcs.at[k].is_entry)
			m->func_of[m->funcs.at[k].source] = k;
	return true;
}

static bool
verify_all(Reader *r)
{
	for (uint32_t k = 0; k < r->m->funcs.n; k++) {
		if (!ir_verify(&r->m->funcs.at[k], r->error))
			return false;
	}
	return true;
}

IrModule *
ir_read(Arena *a, Str text, Text *error)
{
	Reader r = {
		.arena = a, .error = error, .at = text.at, .end = text.at + text.n, .line = 1
	};

	r.room = text.n > UINT32_MAX / 32 ? UINT32_MAX / 2 : 65536 + 16 * text.n;
	r.max_id = text.n < 65536 ? 65536 : text.n;
	r.m = ir_module(a);
	if (!r.m) {
		fail(&r, "more memory");
		return NULL;
	}
	while (!r.failed) {
		if (at_end_of_line(&r)) {
			if (r.at == r.end)
				break;
		} else if (accept_word(&r, "import")) {
			read_import(&r);
		} else if (accept_word(&r, "site")) {
			read_site(&r);
		} else if (accept_word(&r, "func")) {
			read_func(&r);
		} else {
			fail(&r, "import, site or func");
		}
		if (!r.failed)
			end_line(&r);
	}
	if (r.failed || !fill_func_of(&r) || !verify_all(&r) || a->mem->failed)
		return NULL;
	return r.m;
}
