/* cli.h - the parts of the trivet command; they see nothing of the library but trivet.h. */
#ifndef TRIVET_CLI_H
#define TRIVET_CLI_H

#include "trivet.h"
#include <stdio.h>

/* Exit codes of the command, and of every test program of the project. */
enum {
	EXIT_DONE = 0,
	EXIT_CHECK_FAILED = 1,
	EXIT_USAGE = 2,                 /* or an error in the program's text */
	EXIT_TRAP = 3,
	EXIT_CANNOT_RUN = 77,           /* this machine cannot run it */
	EXIT_INTERNAL = 99,
};

enum { MODE_COUNT = 3 };

typedef struct Options {
	const char *command;
	bool modes[MODE_COUNT];         /* by trivet_mode */
	bool mode_given;
	bool bits, stream, refuse_exec, verify, debugger, stand_ins;
	uint32_t timeout_ms;            /* 0: none */
	uint32_t features_off;
	uint32_t max_depth;
	const char *without;            /* passes to leave out, or NULL */
	const char *form, *target, *after; /* of emit */
	char **operands;                /* files and calls */
	int count;
} Options;

/* A file, compiled; what `run`, `check` and `bench` work on. */
typedef struct Loaded {
	trivet_engine *engine;
	trivet_module *module;
	trivet_code *code[MODE_COUNT];  /* those asked for */
	struct Stand_in *stand_ins;
} Loaded;

const char *mode_name(trivet_mode m);

/* These print what went wrong to stderr and return an exit code; 0 is success. */
int open_engine(const Options *o, trivet_engine **out);
int load_text(const Options *o, trivet_engine *e, const char *name, const char *text, size_t length,
              trivet_module **out);
int load_file(const Options *o, const char *path, Loaded *out);
int compile_modes(const Options *o, Loaded *l);
int complain(const trivet_engine *e, trivet_status s);  /* message to stderr, and its exit code */
void unload(Loaded *l);
/* Whole contents; NULL after a message.  "-" is standard input.  free() it. */
char *read_file(const char *path, size_t *length);

int command_run(const Options *o);
int command_check(const Options *o);
int command_stream(const Options *o);
int command_emit(const Options *o);
int command_bench(const Options *o);
int command_targets(const Options *o);
int command_features(const Options *o);
int command_version(const Options *o);

int emit_asm(trivet_code *c, const char *target);       /* asm.c */

/* standin.c: binds functions to all externs of m, to be freed after all code that calls them.  An error's
 * message is in e; what was bound is in *list all the same. */
trivet_status bind_stand_ins(trivet_engine *e, trivet_module *m, struct Stand_in **list);
void free_stand_ins(trivet_engine *e, struct Stand_in **list);

/* watchdog.c: interrupts c after ms milliseconds unless stopped before.  One at a time. */
void watchdog_start(trivet_code *c, uint32_t ms);
void watchdog_stop(void);
void console_setup(void);               /* line ends and buffering the same on every system */

#endif
