/* memory.c - trivet_memory.h: each call in each state, limits, accounts, threads, forks; and no
 * page that is writable and executable on the way. */
#include "trivet_memory.h"

#include "check.h"
#include "machine.h"
#include "starve.h"

#include <pthread.h>

typedef int Answer(void);

static trivet_memory *
opened(const trivet_memory_options *o)
{
	trivet_memory *m = NULL;

	CHECK_EQ(trivet_memory_open(o, &m), TRIVET_OK);
	CHECK(m != NULL);
	return m;
}

static trivet_memory_stats
stats_of(trivet_memory *m)
{
	trivet_memory_stats s;

	CHECK_EQ(trivet_memory_stats_get(m, &s), TRIVET_OK);
	return s;
}

static int
answer_of(trivet_memory *m, trivet_piece p)
{
	trivet_status s = TRIVET_INTERNAL;
	Answer *f = TRIVET_ENTRY(Answer *, m, p, &s);

	CHECK_EQ(s, TRIVET_OK);
	return f ? f() : -1;
}

static trivet_status
write_42(trivet_memory *m, trivet_piece p)
{
	return trivet_memory_write(m, p, 0, return_42, sizeof return_42);
}

static char *
address_of(trivet_memory *m, trivet_piece p)
{
	uint64_t at;

	CHECK_EQ(trivet_memory_address(m, p, &at), TRIVET_OK);
	return (char *)(uintptr_t)at;
}

/* ---- Each call in each state ------------------------------------------------------------------
 */

/* What every call on a piece answers, when it is `s` for all of them. */
static void
check_refused(trivet_memory *m, trivet_piece p, trivet_status s)
{
	trivet_status told = TRIVET_OK;
	trivet_function f = (trivet_function)check_refused;
	uint64_t at = 1;

	CHECK_EQ(trivet_memory_write(m, p, 0, return_42, 1), s);
	CHECK_EQ(trivet_memory_write(m, p, SIZE_MAX, NULL, 1), s);
	CHECK_EQ(trivet_memory_seal(m, p), s);
	CHECK_EQ(trivet_memory_entry(m, p, 0, &f), s);
	CHECK(f == NULL);
	CHECK(TRIVET_ENTRY(Answer *, m, p, &told) == NULL);
	CHECK_EQ(told, s);
	CHECK(TRIVET_ENTRY(Answer *, m, p, NULL) == NULL);
	CHECK_EQ(trivet_memory_address(m, p, &at), s);
	CHECK_EQ(at, 0);
	CHECK_EQ(trivet_memory_free(m, p), s);
}

static void
test_life(void)
{
	trivet_memory *m = opened(NULL);
	trivet_function f;
	trivet_piece p = { 1 };
	char *at;

	CHECK_EQ(trivet_memory_alloc(m, 64, &p), TRIVET_OK);
	at = address_of(m, p);
	CHECK_EQ((uintptr_t)at % TRIVET_PIECE_ALIGN, 0);
	CHECK_STR(access_of(at).text, "rw-");
	CHECK_EQ(trivet_memory_entry(m, p, 0, &f), TRIVET_NOT_SEALED);
	CHECK_EQ(trivet_memory_seal(m, p), TRIVET_EMPTY);
	CHECK_EQ(trivet_memory_write(m, p, 65, NULL, 0), TRIVET_BOUNDS);
	CHECK_EQ(trivet_memory_write(m, p, 64, NULL, 0), TRIVET_OK);
	CHECK_EQ(trivet_memory_write(m, p, 64, return_42, 1), TRIVET_BOUNDS);
	CHECK_EQ(trivet_memory_write(m, p, 0, return_42, 65), TRIVET_BOUNDS);
	CHECK_EQ(trivet_memory_write(m, p, 1, return_42, SIZE_MAX), TRIVET_BOUNDS);
	CHECK_EQ(trivet_memory_write(m, p, SIZE_MAX, return_42, 1), TRIVET_BOUNDS);
	CHECK_EQ(trivet_memory_write(m, p, 0, NULL, 1), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_memory_seal(m, p), TRIVET_EMPTY);
	CHECK_EQ(trivet_memory_write(m, p, 16, return_42, sizeof return_42), TRIVET_OK);
	CHECK_EQ(trivet_memory_seal(m, p), TRIVET_OK);

	CHECK(address_of(m, p) == at);
	CHECK_STR(access_of(at).text, "r-x");
	CHECK_EQ(trivet_memory_seal(m, p), TRIVET_SEALED);
	CHECK_EQ(write_42(m, p), TRIVET_SEALED);
	CHECK_EQ(trivet_memory_write(m, p, 1000, return_42, 1), TRIVET_SEALED);
	CHECK_EQ(trivet_memory_entry(m, p, 16, &f), TRIVET_OK);
	CHECK_EQ(((Answer *)f)(), 42);
	CHECK_EQ(trivet_memory_entry(m, p, 16 + sizeof return_42, &f), TRIVET_BOUNDS);
	CHECK(f == NULL);
	CHECK_EQ(trivet_memory_entry(m, p, SIZE_MAX, &f), TRIVET_BOUNDS);

	CHECK_EQ(trivet_memory_free(m, p), TRIVET_OK);
	check_refused(m, p, TRIVET_FREED);
	CHECK_STR(access_of(at).text, "---");
	trivet_memory_close(m);
}

static void
test_arguments(void)
{
	trivet_memory *m = opened(NULL);
	const trivet_piece never[] = { { 0 }, { 1 }, { 7 }, { UINT64_MAX }, { UINT64_C(1) << 32 } };
	trivet_block b = { 1 };
	trivet_piece p = { 1 };

	CHECK_EQ(trivet_memory_open(NULL, NULL), TRIVET_ARGUMENT);
	trivet_memory_close(NULL);
	for (unsigned k = 0; k < sizeof never / sizeof *never; k++) {
		check_refused(m, never[k], TRIVET_ARGUMENT);
		check_refused(NULL, never[k], TRIVET_ARGUMENT);
		CHECK_EQ(trivet_memory_alloc_in(m, (trivet_block){ never[k].id }, 1, &p),
			 TRIVET_ARGUMENT);
		CHECK_EQ(trivet_memory_seal_block(m, (trivet_block){ never[k].id }),
			 TRIVET_ARGUMENT);
		CHECK_EQ(trivet_memory_free_block(m, (trivet_block){ never[k].id }),
			 TRIVET_ARGUMENT);
	}
	CHECK_EQ(trivet_memory_alloc(m, 0, &p), TRIVET_ARGUMENT);
	CHECK_EQ(p.id, 0);
	CHECK_EQ(trivet_memory_alloc(m, 1, NULL), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_memory_alloc(NULL, 1, &p), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_memory_block(m, 0, &b), TRIVET_ARGUMENT);
	CHECK_EQ(b.id, 0);
	CHECK_EQ(trivet_memory_block(m, 1, NULL), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_memory_block(NULL, 1, &b), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_memory_alloc_in(NULL, b, 1, &p), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_memory_alloc_in(m, b, 1, NULL), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_memory_seal_block(NULL, b), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_memory_free_block(NULL, b), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_memory_stats_get(NULL, &(trivet_memory_stats){ 0 }), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_memory_stats_get(m, NULL), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_memory_alloc(m, (size_t)TRIVET_BLOCK_MOST + 1, &p), TRIVET_LIMIT);
	CHECK_EQ(trivet_memory_alloc(m, SIZE_MAX, &p), TRIVET_LIMIT);
	CHECK_EQ(trivet_memory_block(m, SIZE_MAX, &b), TRIVET_LIMIT);
	CHECK_EQ(trivet_memory_alloc(m, 10, &p), TRIVET_OK);
	CHECK_EQ(trivet_memory_entry(m, p, 0, NULL), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_memory_address(m, p, NULL), TRIVET_ARGUMENT);
	CHECK_EQ(stats_of(m).pieces, 1);
	CHECK_EQ(stats_of(m).blocks, 1);
	trivet_memory_close(m);
}

/* A handle that was freed is never mistaken for a later one in its row. */
static void
test_old_handles(void)
{
	enum { ROUNDS = 300 };
	trivet_memory *m = opened(NULL);
	trivet_piece p[ROUNDS], other;
	trivet_block b[ROUNDS];

	CHECK_EQ(trivet_memory_alloc(m, 1, &other), TRIVET_OK);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(trivet_memory_block(m, 100, &b[i]), TRIVET_OK);
		CHECK_EQ(trivet_memory_alloc_in(m, b[i], 50, &p[i]), TRIVET_OK);
		CHECK_EQ(write_42(m, p[i]), TRIVET_OK);
		if (i > 0) {
			CHECK_EQ(write_42(m, p[i - 1]), TRIVET_FREED);
			CHECK_EQ(trivet_memory_free_block(m, b[i - 1]), TRIVET_FREED);
		}
		CHECK_EQ(i & 1 ? trivet_memory_free_block(m, b[i])
			       : trivet_memory_seal_block(m, b[i]),
			 TRIVET_OK);
		CHECK_EQ(trivet_memory_free(m, p[i]), i & 1 ? TRIVET_FREED : TRIVET_OK);
	}
	for (int i = 0; i < ROUNDS; i++) {
		check_refused(m, p[i], TRIVET_FREED);
		CHECK_EQ(trivet_memory_alloc_in(m, b[i], 1, &p[0]), TRIVET_FREED);
		CHECK_EQ(trivet_memory_seal_block(m, b[i]), TRIVET_FREED);
		CHECK_EQ(trivet_memory_free_block(m, b[i]), TRIVET_FREED);
		p[0] = p[1];
	}
	CHECK_EQ(stats_of(m).pieces, 1);
	CHECK_EQ(stats_of(m).blocks, 1);
	CHECK_EQ(trivet_memory_free(m, other), TRIVET_OK);
	CHECK_EQ(stats_of(m).blocks, 0);
	trivet_memory_close(m);
}

/* ---- Many in a block --------------------------------------------------------------------------
 */

static void
test_shared(void)
{
	enum { MANY = 1000 };
	static trivet_piece p[MANY];
	trivet_memory *m = opened(NULL);
	trivet_block b;
	trivet_piece more;
	char *first;

	CHECK_EQ(trivet_memory_block(m, MANY * 16 + 8, &b), TRIVET_OK);
	CHECK_EQ(trivet_memory_seal_block(m, b), TRIVET_EMPTY);
	for (int i = 0; i < MANY; i++) {
		CHECK_EQ(trivet_memory_alloc_in(m, b, sizeof return_42, &p[i]), TRIVET_OK);
		CHECK_EQ((uintptr_t)address_of(m, p[i]) % TRIVET_PIECE_ALIGN, 0);
		if (i != 500)
			CHECK_EQ(write_42(m, p[i]), TRIVET_OK);
	}
	CHECK_EQ(trivet_memory_alloc_in(m, b, 9, &more), TRIVET_BOUNDS);
	CHECK_EQ(more.id, 0);
	CHECK_EQ(trivet_memory_alloc_in(m, b, 0, &more), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_memory_alloc_in(m, b, 8, &more), TRIVET_OK);
	CHECK_EQ(trivet_memory_write(m, p[3], 0, return_42, 20), TRIVET_BOUNDS); /* into p[4] */
	CHECK_EQ(trivet_memory_free(m, p[7]), TRIVET_OK);
	CHECK_EQ(stats_of(m).blocks, 1);
	CHECK_EQ(trivet_memory_seal(m, p[0]), TRIVET_OK); /* all of them */
	CHECK_EQ(trivet_memory_seal_block(m, b), TRIVET_SEALED);
	CHECK_EQ(trivet_memory_alloc_in(m, b, 1, &more), TRIVET_SEALED);
	first = address_of(m, p[0]);
	for (unsigned k = 0; k < 16; k++) /* what was freed before sealing is traps */
		CHECK_EQ((uint8_t)first[7 * 16 + k], trap_byte[k & 3]);
	for (int i = 0; i < MANY; i++)
		if (i != 7 && i != 500)
			CHECK_EQ(answer_of(m, p[i]), 42);
	CHECK_EQ(trivet_memory_entry(m, p[500], 0, &(trivet_function){ NULL }), TRIVET_BOUNDS);
	for (int i = 0; i < MANY; i += 2) /* every other one; the rest goes on */
		CHECK_EQ(trivet_memory_free(m, p[i]), TRIVET_OK);
	for (int i = 9; i < MANY; i += 2)
		CHECK_EQ(answer_of(m, p[i]), 42);
	for (int i = 1; i < MANY; i += 2)
		CHECK_EQ(trivet_memory_free(m, p[i]), i == 7 ? TRIVET_FREED : TRIVET_OK);
	CHECK_EQ(stats_of(m).blocks, 1); /* `more`, of 8 bytes, is left */
	CHECK_STR(access_of(first).text, "r-x");
	trivet_memory_close(m);
	CHECK_STR(access_of(first).text, "");
}

/* An open block stays without pieces; sealing makes it theirs. */
static void
test_last_piece(void)
{
	trivet_memory *m = opened(NULL);
	trivet_block b;
	trivet_piece p;

	CHECK_EQ(trivet_memory_block(m, 100, &b), TRIVET_OK);
	CHECK_EQ(trivet_memory_alloc_in(m, b, 32, &p), TRIVET_OK);
	CHECK_EQ(write_42(m, p), TRIVET_OK);
	CHECK_EQ(trivet_memory_free(m, p), TRIVET_OK);
	CHECK_EQ(trivet_memory_seal_block(m, b), TRIVET_EMPTY);
	CHECK_EQ(trivet_memory_alloc_in(m, b, 32, &p), TRIVET_OK);
	CHECK_EQ(write_42(m, p), TRIVET_OK);
	CHECK_EQ(trivet_memory_seal_block(m, b), TRIVET_OK);
	CHECK_EQ(answer_of(m, p), 42);
	CHECK_EQ(trivet_memory_free(m, p), TRIVET_OK);
	CHECK_EQ(trivet_memory_seal_block(m, b), TRIVET_FREED);
	CHECK_EQ(stats_of(m).blocks, 0);
	trivet_memory_close(m);
}

/* ---- Limits and accounts ----------------------------------------------------------------------
 */

static void
test_stats(void)
{
	size_t page = trivet_page_size();
	const trivet_memory_options o = { .most = 4 * page, .keep = 2 * page };
	trivet_memory *m = opened(&o);
	trivet_memory_stats s = stats_of(m);
	trivet_piece p, q, r;

	CHECK(s.reserved == 0 && s.mapped == 0 && s.peak == 0 && s.pieces_ever == 0);
	CHECK_EQ(trivet_memory_alloc(m, 4 * page + 1, &p), TRIVET_LIMIT);
	CHECK_EQ(trivet_memory_alloc(m, page + 1, &p), TRIVET_OK);
	CHECK_EQ(trivet_memory_alloc(m, 3 * page, &q), TRIVET_LIMIT);
	CHECK_EQ(trivet_memory_alloc(m, 100, &q), TRIVET_OK);
	CHECK_EQ(trivet_memory_alloc(m, page, &r), TRIVET_OK);
	CHECK_EQ(trivet_memory_alloc(m, 1, &(trivet_piece){ 0 }), TRIVET_LIMIT);
	CHECK_EQ(write_42(m, p), TRIVET_OK);
	CHECK_EQ(trivet_memory_seal(m, p), TRIVET_OK);
	s = stats_of(m);
	CHECK_EQ(s.mapped, 4 * page);
	CHECK_EQ(s.sealed, 2 * page);
	CHECK_EQ(s.kept, 0);
	CHECK_EQ(s.used, page + 1 + 100 + page);
	CHECK_EQ(s.peak, 4 * page);
	CHECK(s.blocks == 3 && s.pieces == 3 && s.blocks_ever == 3 && s.pieces_ever == 3);
	CHECK(s.reserved >= s.mapped + 4 * page);
	CHECK_EQ(trivet_memory_free(m, p), TRIVET_OK);
	CHECK_EQ(trivet_memory_free(m, q), TRIVET_OK);
	s = stats_of(m);
	CHECK_EQ(s.mapped, 3 * page);
	CHECK_EQ(s.kept, 2 * page); /* q went back to the system */
	CHECK_EQ(s.sealed, 0);
	CHECK_EQ(s.used, page);
	CHECK(s.blocks == 1 && s.pieces == 1 && s.blocks_ever == 3);
	CHECK_EQ(trivet_memory_alloc(m, 3 * page, &p), TRIVET_OK);
	trivet_memory_close(m);
}

/* Out of memory at any point: a status, and all goes on afterwards. */
static void
test_no_memory(void)
{
	trivet_piece p[20];
	Starved s;
	Mem m;

	for (unsigned allowed = 0; allowed < 60; allowed++) {
		trivet_memory_options o = { .most = 0 };
		trivet_memory *memory = NULL;
		trivet_status status;
		int n = 0;

		starved_init(&m, &s, allowed);
		o.allocator = m.host;
		status = trivet_memory_open(&o, &memory);
		CHECK_EQ(status, allowed ? TRIVET_OK : TRIVET_NO_MEMORY);
		while (memory && n < 20 &&
		       (status = trivet_memory_alloc(memory, 10, &p[n])) == TRIVET_OK)
			n++;
		CHECK(n == 20 || status == TRIVET_NO_MEMORY);
		if (memory) {
			CHECK_EQ(stats_of(memory).pieces, n);
			CHECK_EQ(stats_of(memory).blocks, n);
			s.allowed = 10;
			if (n < 20)
				CHECK_EQ(trivet_memory_alloc(memory, 10, &p[n]), TRIVET_OK);
		}
		trivet_memory_close(memory);
		CHECK_EQ(s.blocks, 0);
	}
}

/* ---- Threads ----------------------------------------------------------------------------------
 */

/* Each makes, calls and frees its own; all call one; and all try to free the same ones, which
 * exactly one thread must succeed with. */
enum { THREADS = 4, ROUNDS = 200 };

static trivet_memory *shared;
static Answer *shared_answer;
static trivet_piece contested[ROUNDS];

typedef struct Worker {
	unsigned wrong, freed;
} Worker;

static void *
work(void *argument)
{
	Worker *w = argument;
	trivet_memory_stats stats;
	trivet_piece p, q, old = { 0 };
	trivet_block b;

	for (int i = 0; i < ROUNDS; i++) {
		Answer *f;
		bool ok = trivet_memory_block(shared, 100, &b) == TRIVET_OK &&
			  trivet_memory_alloc_in(shared, b, 40, &p) == TRIVET_OK &&
			  trivet_memory_alloc_in(shared, b, 40, &q) == TRIVET_OK &&
			  write_42(shared, p) == TRIVET_OK && write_42(shared, q) == TRIVET_OK &&
			  trivet_memory_seal(shared, q) == TRIVET_OK;
		f = TRIVET_ENTRY(Answer *, shared, p, NULL);
		ok = ok && f && f() == 42 && shared_answer() == 42;
		ok = ok && (!old.id || write_42(shared, old) == TRIVET_FREED);
		ok = ok && trivet_memory_stats_get(shared, &stats) == TRIVET_OK &&
		     stats.pieces >= 2;
		ok = ok && trivet_memory_free(shared, p) == TRIVET_OK &&
		     trivet_memory_free(shared, q) == TRIVET_OK;
		old = p;
		w->freed += trivet_memory_free(shared, contested[i]) == TRIVET_OK;
		w->wrong += !ok;
	}
	return NULL;
}

static void
test_threads(void)
{
	Worker w[THREADS] = { { 0 } };
	pthread_t thread[THREADS];
	unsigned freed = 0;
	trivet_piece p;

	shared = opened(NULL);
	CHECK_EQ(trivet_memory_alloc(shared, 64, &p), TRIVET_OK);
	CHECK_EQ(write_42(shared, p), TRIVET_OK);
	CHECK_EQ(trivet_memory_seal(shared, p), TRIVET_OK);
	shared_answer = TRIVET_ENTRY(Answer *, shared, p, NULL);
	for (int i = 0; i < ROUNDS; i++)
		CHECK_EQ(trivet_memory_alloc(shared, 16, &contested[i]), TRIVET_OK);
	for (int i = 0; i < THREADS; i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, work, &w[i]), 0);
	for (int i = 0; i < THREADS; i++) {
		CHECK_EQ(pthread_join(thread[i], NULL), 0);
		CHECK_EQ(w[i].wrong, 0);
		freed += w[i].freed;
	}
	CHECK_EQ(freed, ROUNDS);
	CHECK_EQ(stats_of(shared).pieces, 1);
	CHECK_EQ(stats_of(shared).blocks, 1);
	trivet_memory_close(shared);
}

/* ---- Write xor execute ------------------------------------------------------------------------
 */

static bool
write_byte(void *at)
{
	*(volatile uint8_t *)at = 0x90;
	return true;
}

static bool
read_byte(void *at)
{
	return *(volatile uint8_t *)at != 0xee;
}

static bool
execute(void *at)
{
	return call_code(at) == 42;
}

static void
test_protection(void)
{
	trivet_memory *m = opened(NULL);
	size_t page = trivet_page_size();
	unsigned before = count_wx();
	trivet_block b;
	trivet_piece p[3];
	char *at;

	CHECK_EQ(trivet_memory_block(m, page + 64, &b), TRIVET_OK);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(trivet_memory_alloc_in(m, b, i == 1 ? page : 20, &p[i]), TRIVET_OK);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(write_42(m, p[i]), TRIVET_OK);
	at = address_of(m, p[0]);
	CHECK_EQ(count_wx(), before);
	CHECK(faults(execute, at)); /* open: not executable */
	CHECK(faults(execute, address_of(m, p[2])));
	CHECK(faults(read_byte, at - 1));
	CHECK(faults(read_byte, at + 2 * page));
	CHECK(!faults(write_byte, address_of(m, p[1]) + 100));
	CHECK_EQ(trivet_memory_seal_block(m, b), TRIVET_OK);
	CHECK_EQ(count_wx(), before);
	CHECK(!faults(execute, at));
	CHECK(faults(write_byte, at)); /* sealed: not writable, to the last byte */
	CHECK(faults(write_byte, address_of(m, p[2])));
	CHECK(faults(write_byte, at + 2 * page - 1));
	CHECK(faults(read_byte, at - 1));
	CHECK(faults(read_byte, at + 2 * page));
	CHECK_EQ(trivet_memory_free(m, p[0]), TRIVET_OK);
	CHECK(!faults(execute, address_of(m, p[2])));
	CHECK_EQ(trivet_memory_free(m, p[1]), TRIVET_OK);
	CHECK_EQ(trivet_memory_free(m, p[2]), TRIVET_OK);
	CHECK(faults(read_byte, at)); /* gone */
	CHECK(faults(write_byte, at));
	CHECK(faults(execute, at));
	CHECK_EQ(count_wx(), before);
	trivet_memory_close(m);
	CHECK(faults(execute, at));
}

/* ---- fork -------------------------------------------------------------------------------------
 */

#ifndef _WIN32

typedef struct Family {
	trivet_memory *m;
	trivet_piece sealed, open;
} Family;

/* The child calls what is sealed, finishes what is open - in its own copy -, makes, and frees. */
static bool
live_in_child(void *argument)
{
	Family *f = argument;
	trivet_piece mine;
	uint8_t other[sizeof return_42];

	memcpy(other, return_42, sizeof other);
	other[5 - 1 * (trap_byte[0] == 0)] ^= 0x20; /* another number */
	return answer_of(f->m, f->sealed) == 42 &&
	       trivet_memory_write(f->m, f->open, 0, other, sizeof other) == TRIVET_OK &&
	       trivet_memory_seal(f->m, f->open) == TRIVET_OK && answer_of(f->m, f->open) != 42 &&
	       trivet_memory_alloc(f->m, 100, &mine) == TRIVET_OK &&
	       write_42(f->m, mine) == TRIVET_OK && trivet_memory_seal(f->m, mine) == TRIVET_OK &&
	       answer_of(f->m, mine) == 42 && trivet_memory_free(f->m, f->sealed) == TRIVET_OK &&
	       trivet_memory_free(f->m, f->sealed) == TRIVET_FREED &&
	       (trivet_memory_close(f->m), true);
}

static void
test_fork(void)
{
	Family f = { opened(NULL), { 0 }, { 0 } };

	CHECK_EQ(trivet_memory_alloc(f.m, 64, &f.sealed), TRIVET_OK);
	CHECK_EQ(trivet_memory_alloc(f.m, 64, &f.open), TRIVET_OK);
	CHECK_EQ(write_42(f.m, f.sealed), TRIVET_OK);
	CHECK_EQ(write_42(f.m, f.open), TRIVET_OK);
	CHECK_EQ(trivet_memory_seal(f.m, f.sealed), TRIVET_OK);
	CHECK_EQ(in_child(live_in_child, &f), 0);
	CHECK_EQ(answer_of(f.m, f.sealed), 42); /* nothing of it is seen here */
	CHECK_EQ(trivet_memory_seal(f.m, f.open), TRIVET_OK);
	CHECK_EQ(answer_of(f.m, f.open), 42);
	CHECK_EQ(stats_of(f.m).pieces, 2);
	trivet_memory_close(f.m);
}

#else

static void
test_fork(void)
{
}

#endif

int
main(void)
{
	if (trivet_memory_probe() == TRIVET_NO_EXEC) {
		printf("this system refuses executable memory\n");
		return 77;
	}
	CHECK_EQ(trivet_memory_probe(), TRIVET_OK);
	test_life();
	test_arguments();
	test_old_handles();
	test_shared();
	test_last_piece();
	test_stats();
	test_no_memory();
	test_protection();
	test_fork();
	test_threads();
	return check_done();
}
