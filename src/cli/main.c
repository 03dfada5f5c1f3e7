/* main.c - the trivet command: its arguments and its help. */
#include "cli/cli.h"
#include <stdlib.h>
#include <string.h>

typedef struct Command {
	const char *name;
	int (*run)(const Options *o);
	int least, most; /* operands; most -1: any number */
	const char *usage;
	const char *help;
} Command;

static const Command commands[] = {
	{ "run", command_run, 2, 2, "trivet run FILE.tv 'CALL'",
	  "Makes one call, such as 'sum(10)' or 'total([1, 2, 3])', and prints its value.\n"
	  "A trap prints its reason, function and line, and exits with 3.\n" },
	{ "check", command_check, 0, -1, "trivet check FILE.tv...",
	  "Runs the //! directives of each file, one line each; exits with 1 when one fails\n"
	  "or when there are none.  --stream reads many programs from standard input instead,\n"
	  "each begun by a line '//! program NAME', and prints one line per result:\n"
	  "NAME:LINE <tab> ENGINE <tab> CALL <tab> RESULT <tab> ok, - or FAIL and what was "
	  "expected.\n" },
	{ "emit", command_emit, 1, 1, "trivet emit FILE.tv",
	  "Shows what a program becomes.\n"
	  "  --form=asm       disassembled machine code (the default)\n"
	  "  --form=bytes     machine code in hexadecimal, addresses in it as 0\n"
	  "  --form=ir        SSA form, as built; with --after=PASS, after that pass; with\n"
	  "                   --without=LIST alone, after the last\n"
	  "  --form=remarks   what the passes made of each loop\n"
	  "  --form=ast       the checked program, as text\n"
	  "  --form=bytecode  the interpreter's instructions\n"
	  "  --target=NAME    for any of `trivet targets`, on any machine\n" },
	{ "bench", command_bench, 2, 2, "trivet bench FILE.tv 'CALL'",
	  "Prints the time per call, and of each phase from text to sealed code, per engine.\n" },
	{ "targets", command_targets, 0, 0, "trivet targets",
	  "Lists the machines code can be made for; * marks this one.\n" },
	{ "features", command_features, 0, 0, "trivet features",
	  "Lists the CPU features that code may use, and whether this CPU has them.\n" },
	{ "version", command_version, 0, 0, "trivet version",
	  "Prints the version, this machine's target and the build.\n" },
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static const char common_options[] =
	"Options:\n"
	"  --engine=NAME     interp, baseline, optimized (the default), a list of them, or all\n"
	"  --bits            print raw bits, as in f64:0x3ff0000000000000\n"
	"  --timeout=MS      end a call that runs longer, with the trap `interrupted`\n"
	"  --features=LIST   let code use only these of the CPU's features; `none` for the floor\n"
	"  --max-depth=N     recursive calls that may be active at once (default 1000)\n"
	"  --stand-ins       give each extern a function that answers with a hash of its "
	"arguments\n"
	"  --refuse-exec     behave as on a system that refuses executable memory\n"
	"  --without=LIST    leave out these passes of the optimised mode\n"
	"  --verify          let the compiler check its own work after every step\n"
	"  --debugger        tell gdb the names and lines of the machine code\n"
	"Exit codes: 0 done, 1 a check failed, 2 usage or source error, 3 trap,\n"
	"77 this machine cannot run it, 99 internal error.\n";

static void
print_passes(FILE *to)
{
	const char *name, *what;

	fprintf(to, "Passes of the optimised mode, in their order:\n");
	for (uint32_t k = 0; trivet_pass(k, &name, &what); k++)
		fprintf(to, "  %-10s %s\n", name, what);
	fprintf(to, "\n");
}

static void
print_help(FILE *to, const Command *c)
{
	if (c) {
		fprintf(to, "Usage: %s [options]\n\n%s\n", c->usage, c->help);
		if (c->run == command_emit)
			print_passes(to);
		fprintf(to, "%s", common_options);
		return;
	}
	fprintf(to,
		"Trivet %s compiles small typed programs, with the same bits on every machine.\n\n",
		trivet_version());
	for (int i = 0; i < COMMAND_COUNT; i++)
		fprintf(to, "  %s\n", commands[i].usage);
	fprintf(to, "\n%s\n`trivet COMMAND --help` tells more of one command.\n", common_options);
}

static int
usage_error(const char *what, const char *found)
{
	fprintf(stderr, "trivet: %s: '%s'; try `trivet --help`\n", what, found);
	return EXIT_USAGE;
}

/* ---- Options ---- */

static bool
parse_modes(const char *list, Options *o)
{
	memset(o->modes, 0, sizeof o->modes);
	o->mode_given = true;
	if (!strcmp(list, "all")) {
		for (int m = 0; m < MODE_COUNT; m++)
			o->modes[m] = true;
		return true;
	}
	while (*list) {
		size_t n = strcspn(list, ",");
		int m;

		for (m = 0; m < MODE_COUNT; m++) {
			const char *name = mode_name((trivet_mode)m);
			if (strlen(name) == n && !memcmp(name, list, n))
				break;
		}
		if (m == MODE_COUNT)
			return false;
		o->modes[m] = true;
		list += n + (list[n] == ',');
	}
	return o->modes[0] || o->modes[1] || o->modes[2];
}

static bool
parse_features(const char *list, Options *o)
{
	uint32_t allowed = 0;

	o->features_off = 0;
	if (!strcmp(list, "all"))
		return true;
	while (*list && strcmp(list, "none")) {
		size_t n = strcspn(list, ",");
		const char *name;
		uint32_t k;

		for (k = 0; (name = trivet_feature_name(k)) != NULL; k++)
			if (strlen(name) == n && !memcmp(name, list, n))
				break;
		if (!name)
			return false;
		allowed |= 1u << k;
		list += n + (list[n] == ',');
	}
	o->features_off = ~allowed;
	return true;
}

/* A list of passes, each of which there is? */
static bool
check_passes(const char *list)
{
	while (*list) {
		size_t n = strcspn(list, ",");
		const char *name = NULL;

		for (uint32_t k = 0; trivet_pass(k, &name, NULL); k++, name = NULL)
			if (strlen(name) == n && !memcmp(name, list, n))
				break;
		if (!name && (memcmp(list, "registers", n < 9 ? n : 9) != 0 || n < 9))
			return false;
		list += n + (list[n] == ',');
	}
	return true;
}

static bool
parse_number(const char *text, uint32_t *out)
{
	char *end;
	unsigned long long v;

	if (*text < '0' || *text > '9')
		return false;
	v = strtoull(text, &end, 10);
	if (*end || v > 0xffffffffu)
		return false;
	*out = (uint32_t)v;
	return true;
}

/* The text behind "--name=", or NULL. */
static const char *
value_of(const char *arg, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(arg, name, n) && arg[n] == '=' ? arg + n + 1 : NULL;
}

static int
parse_option(const char *arg, Options *o)
{
	const char *v;

	if (!strcmp(arg, "--bits"))
		o->bits = true;
	else if (!strcmp(arg, "--stream"))
		o->stream = true;
	else if (!strcmp(arg, "--stand-ins"))
		o->stand_ins = true;
	else if (!strcmp(arg, "--refuse-exec"))
		o->refuse_exec = true;
	else if (!strcmp(arg, "--verify"))
		o->verify = true;
	else if (!strcmp(arg, "--debugger"))
		o->debugger = true;
	else if ((v = value_of(arg, "--engine")))
		return parse_modes(v, o) ? 0 : usage_error("no such engine", v);
	else if ((v = value_of(arg, "--features")))
		return parse_features(v, o) ? 0 : usage_error("no such feature in", v);
	else if ((v = value_of(arg, "--timeout")))
		return parse_number(v, &o->timeout_ms) && o->timeout_ms
			       ? 0
			       : usage_error("--timeout takes milliseconds, at least 1", v);
	else if ((v = value_of(arg, "--max-depth")))
		return parse_number(v, &o->max_depth) && o->max_depth
			       ? 0
			       : usage_error("--max-depth takes a number, at least 1", v);
	else if ((v = value_of(arg, "--without")))
		return check_passes(v) ? (o->without = v, 0) : usage_error("no such pass in", v);
	else if ((v = value_of(arg, "--after")))
		return check_passes(v) ? (o->after = v, 0) : usage_error("no such pass", v);
	else if ((v = value_of(arg, "--form")))
		o->form = v;
	else if ((v = value_of(arg, "--target")))
		o->target = v;
	else
		return usage_error("unknown option", arg);
	return 0;
}

/* ---- */

static const Command *
find_command(const char *name)
{
	for (int i = 0; i < COMMAND_COUNT; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* Output that could not be written (a full disk, a closed pipe) must not look like success. */
static int
finish(int code)
{
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "trivet: standard output could not be written\n");
		return code ? code : EXIT_INTERNAL;
	}
	return code;
}

int
main(int argc, char **argv)
{
	Options o = { .modes = { [TRIVET_OPTIMIZED] = true } };
	const Command *c;
	bool only_operands = false;
	int status;

	console_setup();
	if (argc < 2) {
		print_help(stderr, NULL);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_help(stdout, argc > 2 ? find_command(argv[2]) : NULL);
		return finish(EXIT_DONE);
	}
	if (!strcmp(argv[1], "--version"))
		return finish(command_version(&o));
	c = find_command(argv[1]);
	if (!c)
		return usage_error("unknown command", argv[1]);
	o.command = c->name;
	o.operands = argv;
	for (int i = 2; i < argc; i++) {
		if (only_operands || argv[i][0] != '-' || !argv[i][1]) {
			o.operands[o.count++] = argv[i];
		} else if (!strcmp(argv[i], "--")) {
			only_operands = true;
		} else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			print_help(stdout, c);
			return finish(EXIT_DONE);
		} else if ((status = parse_option(argv[i], &o)) != 0) {
			return status;
		}
	}
	if (o.count < c->least || (c->most >= 0 && o.count > c->most)) {
		fprintf(stderr, "trivet: usage: %s [options]\n", c->usage);
		return EXIT_USAGE;
	}
	return finish(c->run(&o));
}
