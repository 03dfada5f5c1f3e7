/* jitdump.h - generated code as `perf inject --jit` reads it: names, bytes and source lines.
 *
 * perf names samples after the process has gone, so the file holds the code itself.  Format: Linux,
 * tools/perf/Documentation/jitdump-specification.txt, version 1.
 *                                                              Tests: tests/cli/test_profilers.py */
#ifndef TRIVET_CODE_JITDUMP_H
#define TRIVET_CODE_JITDUMP_H

#include "code/debugger.h"

typedef struct JitdumpWriter {          /* what goes into every record */
	uint32_t process, thread;
	uint64_t nanoseconds;           /* now, by perf's clock: perf record -k mono */
	uint64_t *functions;            /* how many are in the file; counted up */
} JitdumpWriter;

/* All append to `t`.  Without memory: t->arena->mem->failed. */
void jitdump_header(Text *t, uint16_t machine, const JitdumpWriter *w);
void jitdump_module(Text *t, const DebugModule *m, const JitdumpWriter *w);
void jitdump_end(Text *t, const JitdumpWriter *w);

#endif
