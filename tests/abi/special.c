/* special.c - specialised, every call of every directive does what it does unspecialised.
 *
 *     special FILE.tv...
 *
 * Some, all and none of a call's arguments are bound; result, trap, line and the contents of spans
 * are compared, in the optimised mode and in baseline code. */
#include "api/api.h"
#include "../unit/check.h"

#include <stdlib.h>

enum { PARAMS = 16, ELEMENTS = 100000, MASKS = 3 };

typedef struct Call {
	char name[256];
	trivet_value args[PARAMS];
	const CallSpec *spec;
	uint32_t n;
} Call;

typedef struct Outcome {
	trivet_status status;
	uint64_t result, spans;
	trivet_trap_info trap;
} Outcome;

static unsigned long specialised;

/* Contents of the spans as the directive has them. */
static void
fill(Call *c)
{
	for (uint32_t k = 0; k < c->n; k++) {
		const ConstValue *v = &c->spec->args[k];
		unsigned size = type_size((trivet_type)v->type);

		if (!type_is_span((trivet_type)v->type))
			continue;
		for (uint64_t i = 0; i < v->count; i++)
			memcpy((char *)c->args[k].as.span.data + i * size, &v->elements[i], size);
	}
}

static uint64_t
hash_spans(const Call *c)
{
	uint64_t h = 1;

	for (uint32_t k = 0; k < c->n; k++) {
		const uint8_t *at = c->args[k].as.span.data;

		if (!type_is_span(c->args[k].type))
			continue;
		for (uint64_t i = 0; i < c->spec->args[k].count * type_size(c->args[k].type); i++)
			h = (h ^ at[i]) * UINT64_C(0x100000001b3);
	}
	return h;
}

static bool
prepare(Call *c, const CallSpec *spec, const Func *f)
{
	*c = (Call){ .spec = spec, .n = f->nparams };
	if (c->n > PARAMS || f->name.n >= sizeof c->name)
		return false;
	memcpy(c->name, f->name.at, f->name.n);
	for (uint32_t k = 0; k < c->n; k++) {
		const ConstValue *v = &spec->args[k];

		c->args[k].type = (trivet_type)v->type;
		c->args[k].as.u64 = v->bits;
		if (!type_is_span((trivet_type)v->type))
			continue;
		if (v->count > ELEMENTS)
			return false;
		c->args[k].as.span.length = (int64_t)v->count;
		c->args[k].as.span.data = calloc(v->count + 1, 8);
	}
	return true;
}

static Outcome
outcome(trivet_code *code, Call *c, const trivet_value *args, uint32_t n)
{
	Outcome o = { 0 };
	trivet_value result;

	fill(c);
	o.status = trivet_call(code, c->name, args, n, &result);
	o.result = result.as.u64;
	trivet_last_trap(&o.trap);
	o.spans = hash_spans(c);
	return o;
}

static void
test_call(trivet_code *code, Call *c, const char *file, uint32_t line)
{
	Outcome want = outcome(code, c, c->args, c->n);

	for (uint32_t m = 0; m < MASKS; m++) {
		uint32_t mask = m == 0 ? UINT32_MAX : m == 1 ? 0x5555 : 0xaaaa, n = 0;
		trivet_value bound[PARAMS] = { 0 }, rest[PARAMS];
		trivet_code *special = NULL;
		Outcome got;
		int same;

		for (uint32_t k = 0; k < c->n; k++) {
			if (mask >> k & 1)
				bound[k] = c->args[k];
			else
				rest[n++] = c->args[k];
		}
		if (!CHECK_EQ(trivet_specialize(code, c->name, bound, c->n, &special), TRIVET_OK)) {
			printf("    %s:%u: %s\n", file, line, trivet_message(code->engine));
			continue;
		}
		specialised++;
		got = outcome(special, c, rest, n);
		same = CHECK_EQ(got.status, want.status);
		same &= CHECK_EQ(got.result, want.result) & CHECK_EQ(got.spans, want.spans);
		same &= CHECK_EQ(got.trap.trap, want.trap.trap);
		same &= CHECK_EQ(got.trap.line, want.trap.line);
		if (!same)
			printf("    %s:%u, bound 0x%x\n", file, line, mask);
		trivet_code_free(special);
	}
}

static void
test_module(trivet_module *m, const char *file)
{
	static const trivet_mode modes[] = { TRIVET_OPTIMIZED, TRIVET_BASELINE };

	for (size_t mode = 0; mode < 2; mode++) {
		const trivet_compile_options o = { .mode = modes[mode] };
		const Program *p = &m->program;
		trivet_code *code;

		if (trivet_compile(m, &o, &code))
			return; /* it calls a host function */
		for (uint32_t k = 0; k < p->directives.n; k += 1 + p->directives.n / 40) {
			const Directive *d = &p->directives.at[k];
			Call c;

			if (prepare(&c, &d->call, &p->funcs.at[d->call.func]))
				test_call(code, &c, file, d->line);
			for (uint32_t i = 0; i < c.n && i < PARAMS; i++)
				if (type_is_span(c.args[i].type))
					free(c.args[i].as.span.data);
		}
		trivet_code_free(code);
	}
}

static bool
read_file(const char *name, char **text, size_t *size)
{
	FILE *f = fopen(name, "rb");
	long end;

	if (!f)
		return false;
	fseek(f, 0, SEEK_END);
	end = ftell(f);
	rewind(f);
	*text = malloc((size_t)end + 1);
	*size = *text ? fread(*text, 1, (size_t)end, f) : 0;
	fclose(f);
	return *text != NULL;
}

int
main(int argc, char **argv)
{
	for (int k = 1; k < argc; k++) {
		trivet_engine *e;
		trivet_module *m;
		char *text;
		size_t size;

		if (!CHECK(read_file(argv[k], &text, &size)) || trivet_open(NULL, &e))
			continue;
		if (trivet_parse(e, argv[k], text, size, &m) == TRIVET_OK)
			test_module(m, argv[k]);
		trivet_close(e);
		free(text);
	}
	printf("%lu specialised\n", specialised);
	return check_done();
}
