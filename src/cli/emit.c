/* emit.c - trivet emit: what a program becomes; and the commands that list things. */
#include "cli/cli.h"
#include <stdlib.h>
#include <string.h>

#ifndef TRIVET_BUILD_ID
#define TRIVET_BUILD_ID "unknown"
#endif

static void
print_bytes(const uint8_t *bytes, size_t n)
{
	for (size_t k = 0; k < n; k++)
		printf("%02x%s", bytes[k], k + 1 == n || k % 16 == 15 ? "\n" : " ");
}

/* What lies behind the code, with the addresses as they are in code for another machine: 0. */
static int
print_data(const trivet_image *image)
{
	size_t n = image->size - image->code_size, at = image->addresses - image->code_size;
	uint8_t *data = malloc(n + 1);

	if (!data)
		return EXIT_INTERNAL;
	memcpy(data, image->bytes + image->code_size, n);
	if (image->address_count)
		memset(data + at, 0, 8 * (size_t)image->address_count);
	printf("constants and addresses: %zu bytes at 0x%zx\n", n, image->code_size);
	print_bytes(data, n);
	free(data);
	return EXIT_DONE;
}

static int
emit_bytes(trivet_code *c)
{
	trivet_image image;
	trivet_symbol symbol;

	if (trivet_code_image(c, &image))
		return EXIT_INTERNAL;
	for (uint32_t i = 0; i < image.functions; i++) {
		if (trivet_code_symbol(c, i, &symbol))
			return EXIT_INTERNAL;
		printf("%s: %zu bytes at 0x%zx\n", symbol.name, symbol.end - symbol.start,
		       symbol.start);
		print_bytes(image.bytes + symbol.start, symbol.end - symbol.start);
	}
	return print_data(&image);
}

static int
emit_machine_code(const Options *o, Loaded *l)
{
	const char *target = o->target ? o->target : trivet_host_target();
	trivet_compile_options c = {
		.mode = o->modes[TRIVET_BASELINE] ? TRIVET_BASELINE : TRIVET_OPTIMIZED,
		.interruptible = o->timeout_ms != 0,
		.target = target,
		.verify = o->verify,
		.without = o->without,
	};
	trivet_code *code;
	trivet_status s = trivet_compile(l->module, &c, &code);

	if (s == TRIVET_TARGET) {
		fprintf(stderr, "trivet: no such target: '%s'; `trivet targets` lists them\n",
			target);
		return EXIT_USAGE;
	}
	if (s)
		return complain(l->engine, s);
	return !strcmp(o->form, "bytes") ? emit_bytes(code) : emit_asm(code, target);
}

int
command_emit(const Options *given)
{
	static const struct {
		const char *name;
		trivet_form form;
	} texts[] = { { "ast", TRIVET_FORM_AST },
		      { "ir", TRIVET_FORM_IR },
		      { "bytecode", TRIVET_FORM_BYTECODE },
		      { "remarks", TRIVET_FORM_REMARKS } };
	enum { TEXTS = sizeof texts / sizeof *texts };
	Options o = *given;
	trivet_status s;
	const char *text;
	Loaded l;
	int status;
	size_t i;

	if (!o.form)
		o.form = "asm";
	for (i = 0; i < TEXTS && strcmp(o.form, texts[i].name); i++)
		;
	if (i == TEXTS && strcmp(o.form, "asm") && strcmp(o.form, "bytes")) {
		fprintf(stderr,
			"trivet: no such form: '%s'; there are asm, bytes, ir, ast, bytecode, "
			"remarks\n",
			o.form);
		return EXIT_USAGE;
	}
	memset(o.modes, 0, sizeof o.modes);
	status = load_file(&o, o.operands[0], &l);
	if (status)
		return status;
	memcpy(o.modes, given->modes, sizeof o.modes);
	if (i < TEXTS) {
		if (texts[i].form == TRIVET_FORM_IR && (o.after || o.without))
			s = trivet_dump_after(l.module, o.after, o.without, &text);
		else if (texts[i].form == TRIVET_FORM_REMARKS)
			s = trivet_dump_remarks(l.module, o.without, &text);
		else
			s = trivet_dump(l.module, texts[i].form, &text);
		if (s)
			status = complain(l.engine, s);
		else
			printf("%s", text);
	} else {
		status = emit_machine_code(&o, &l);
	}
	unload(&l);
	return status;
}

int
command_targets(const Options *o)
{
	const char *name;

	(void)o;
	for (uint32_t i = 0; (name = trivet_target_name(i)) != NULL; i++)
		printf("%c %s\n", strcmp(name, trivet_host_target()) ? ' ' : '*', name);
	return EXIT_DONE;
}

int
command_features(const Options *o)
{
	uint32_t has = trivet_host_features(), used = trivet_target_features(trivet_host_target());
	const char *name;

	for (uint32_t k = 0; (name = trivet_feature_name(k)) != NULL; k++) {
		if (!(used >> k & 1))
			continue;
		printf("%-8s %s%s\n", name, has >> k & 1 ? "yes" : "no",
		       o->features_off >> k & 1 ? ", masked" : "");
	}
	return EXIT_DONE;
}

int
command_version(const Options *o)
{
	(void)o;
	printf("trivet %s %s build %s\n", trivet_version(), trivet_host_target(), TRIVET_BUILD_ID);
	return EXIT_DONE;
}
