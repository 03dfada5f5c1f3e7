/* load.c - from a file's name to compiled code, with messages for all that can go wrong. */
#include "cli/cli.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const mode_names[MODE_COUNT] = {
	[TRIVET_OPTIMIZED] = "optimized",
	[TRIVET_BASELINE] = "baseline",
	[TRIVET_INTERP] = "interp",
};

const char *
mode_name(trivet_mode m)
{
	return mode_names[m];
}

int
complain(const trivet_engine *e, trivet_status s)
{
	const char *message = e ? trivet_message(e) : "";

	fprintf(stderr, "trivet: %s\n", *message ? message : trivet_status_text(s));
	switch (s) {
	case TRIVET_NO_EXEC:
	case TRIVET_TARGET: return EXIT_CANNOT_RUN;
	case TRIVET_INTERNAL:
	case TRIVET_SYSTEM:
	case TRIVET_NO_MEMORY: return EXIT_INTERNAL;
	case TRIVET_TRAP: return EXIT_TRAP;
	default: return EXIT_USAGE;
	}
}

char *
read_file(const char *path, size_t *length)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	size_t capacity = 1 << 16, n = 0, got;
	char *text = NULL, *more;

	if (!f) {
		fprintf(stderr, "trivet: cannot open '%s': %s\n", path, strerror(errno));
		return NULL;
	}
	for (;;) {
		more = realloc(text, capacity);
		if (!more) {
			fprintf(stderr, "trivet: no memory to read '%s'\n", path);
			break;
		}
		text = more;
		errno = 0;
		got = fread(text + n, 1, capacity - n, f);
		n += got;
		if (ferror(f)) {
			fprintf(stderr, "trivet: cannot read '%s': %s\n", path, strerror(errno));
			break;
		}
		if (!got || feof(f)) {
			if (f != stdin)
				fclose(f);
			*length = n;
			return text;
		}
		if (n == capacity)
			capacity *= 2;
	}
	if (f != stdin)
		fclose(f);
	free(text);
	return NULL;
}

int
open_engine(const Options *o, trivet_engine **out)
{
	trivet_options options = {
		.features_off = o->features_off,
		.max_depth = o->max_depth,
		.refuse_exec = o->refuse_exec,
		.debugger = o->debugger,
	};
	trivet_status s = trivet_open(&options, out);

	return s ? complain(NULL, s) : 0;
}

int
load_text(const Options *o, trivet_engine *e, const char *name, const char *text, size_t length,
	  trivet_module **out)
{
	trivet_status s = trivet_parse(e, name, text, length, out);
	trivet_diagnostic d;

	(void)o;
	if (s != TRIVET_SOURCE)
		return s ? complain(e, s) : 0;
	for (uint32_t i = 0; i < trivet_diagnostic_count(e); i++)
		if (!trivet_diagnostic_get(e, i, &d))
			fprintf(stderr, "%s", d.text);
	return EXIT_USAGE;
}

int
compile_modes(const Options *o, Loaded *l)
{
	for (int m = 0; m < MODE_COUNT; m++) {
		trivet_compile_options c = {
			.mode = (trivet_mode)m,
			.interruptible = o->timeout_ms != 0,
			.verify = o->verify,
			.without = o->without,
		};
		trivet_status s;

		if (!o->modes[m])
			continue;
		s = trivet_compile(l->module, &c, &l->code[m]);
		if (s == TRIVET_NO_EXEC && !o->mode_given) {
			fprintf(stderr, "trivet: note: %s\n", trivet_message(l->engine));
			c.mode = TRIVET_INTERP;
			s = trivet_compile(l->module, &c, &l->code[m]);
		}
		if (s)
			return complain(l->engine, s);
	}
	return 0;
}

int
load_file(const Options *o, const char *path, Loaded *out)
{
	size_t length = 0;
	char *text;
	int status;

	*out = (Loaded){ 0 };
	text = read_file(path, &length);
	if (!text)
		return EXIT_USAGE;
	status = open_engine(o, &out->engine);
	if (!status)
		status = load_text(o, out->engine, path, text, length, &out->module);
	free(text);
	if (!status && o->stand_ins) {
		trivet_status s = bind_stand_ins(out->engine, out->module, &out->stand_ins);
		status = s ? complain(out->engine, s) : 0;
	}
	if (!status)
		status = compile_modes(o, out);
	if (status)
		unload(out);
	return status;
}

void
unload(Loaded *l)
{
	for (int m = 0; m < MODE_COUNT; m++)
		trivet_code_free(l->code[m]);
	free_stand_ins(l->engine, &l->stand_ins);
	trivet_close(l->engine);
	*l = (Loaded){ 0 };
}
