/* code.c - the state machine of code memory: each misuse has its status, and none is a crash. */
#include "code/code.h"

#include "check.h"
#include "machine.h"
#include "os/os.h"
#include "starve.h"

#ifndef _WIN32
#include <pthread.h>
#endif

static void
check_empty(const CodePool *pool)
{
	CHECK_EQ(pool->live, 0);
	CHECK_EQ(pool->sealed, 0);
	CHECK(pool->kept <= pool->keep);
}

static void
test_no_memory(void)
{
	Starved s;
	Mem m;
	CodePool pool;
	CodeBlock *b = (CodeBlock *)&m;

	starved_init(&m, &s, 0);
	code_pool_init(&pool, &m, 0);
	for (unsigned k = 0; k < 2; k++) { /* no block, no region */
		s.allowed = k;
		CHECK_EQ(code_alloc(&pool, 100, &b), TRIVET_NO_MEMORY);
		CHECK(b == NULL && m.failed && m.live == 0);
		CHECK_EQ(pool.reserved, 0);
	}
	s.allowed = 2;
	CHECK_EQ(code_alloc(&pool, 100, &b), TRIVET_OK);
	code_forget(b);
	code_pool_free(&pool);
	CHECK(m.live == 0 && s.blocks == 0);
}

/* ---- Right and wrong orders
 * ---------------------------------------------------------------------- */

static void
test_life(CodePool *pool)
{
	CodeBlock *b;
	void *entry = pool;

	if (!CHECK_EQ(code_alloc(pool, 100, &b), TRIVET_OK))
		return;
	CHECK_EQ(code_size(b), 100);
	CHECK(code_address(b) != NULL);
	CHECK_EQ(code_entry(b, 0, &entry), TRIVET_NOT_SEALED);
	CHECK(entry == NULL);
	CHECK_EQ(code_seal(b, true), TRIVET_EMPTY);
	CHECK_EQ(code_write(b, 0, return_42, 0), TRIVET_OK);
	CHECK_EQ(code_seal(b, true), TRIVET_EMPTY);
	CHECK_EQ(code_write(b, 16, return_42, sizeof return_42), TRIVET_OK);
	CHECK_EQ(code_write(b, 32, return_42, sizeof return_42), TRIVET_OK);

	CHECK_EQ(code_seal(b, true), TRIVET_OK);
	CHECK_EQ(code_seal(b, true), TRIVET_SEALED);
	CHECK_EQ(code_write(b, 0, return_42, 1), TRIVET_SEALED);
	CHECK_EQ(code_write(b, 1000, return_42, 1), TRIVET_SEALED);
	CHECK_EQ(code_entry(b, 16, &entry), TRIVET_OK);
	CHECK(entry == (const char *)code_address(b) + 16);
	CHECK_EQ(call_code(entry), 42);
	CHECK_EQ(code_entry(b, 32, &entry), TRIVET_OK);
	CHECK_EQ(call_code(entry), 42);
	CHECK_EQ(code_entry(b, 32 + sizeof return_42, &entry),
		 TRIVET_BOUNDS); /* nothing written there */
	CHECK_EQ(code_entry(b, 100, &entry), TRIVET_BOUNDS);
	CHECK_EQ(code_entry(b, SIZE_MAX, &entry), TRIVET_BOUNDS);
	CHECK(entry == NULL);

	CHECK_EQ(code_free(b), TRIVET_OK);
	CHECK_EQ(code_free(b), TRIVET_FREED);
	CHECK_EQ(code_write(b, 0, return_42, 1), TRIVET_FREED);
	CHECK_EQ(code_seal(b, false), TRIVET_FREED);
	CHECK_EQ(code_entry(b, 16, &entry), TRIVET_FREED);
	CHECK(code_address(b) == NULL);
	code_forget(b);
	check_empty(pool);
}

static void
test_arguments(CodePool *pool)
{
	CodeBlock *b = (CodeBlock *)pool;
	void *entry = pool;

	CHECK_EQ(code_alloc(pool, 0, &b), TRIVET_ARGUMENT);
	CHECK(b == NULL);
	CHECK_EQ(code_alloc(pool, (size_t)CODE_MAX + 1, &b), TRIVET_LIMIT);
	CHECK_EQ(code_alloc(pool, SIZE_MAX, &b), TRIVET_LIMIT);
	CHECK_EQ(code_write(NULL, 0, return_42, 1), TRIVET_ARGUMENT);
	CHECK_EQ(code_seal(NULL, false), TRIVET_ARGUMENT);
	CHECK_EQ(code_entry(NULL, 0, &entry), TRIVET_ARGUMENT);
	CHECK(entry == NULL);
	CHECK_EQ(code_free(NULL), TRIVET_ARGUMENT);
	CHECK_EQ(code_size(NULL), 0);
	CHECK(code_address(NULL) == NULL);
	code_forget(NULL);
	check_empty(pool);
	CHECK(!pool->mem->failed);
}

static void
test_bounds(CodePool *pool)
{
	uint8_t byte = 0;
	CodeBlock *b;

	if (!CHECK_EQ(code_alloc(pool, 100, &b), TRIVET_OK))
		return;
	CHECK_EQ(code_write(b, 100, &byte, 1), TRIVET_BOUNDS);
	CHECK_EQ(code_write(b, 99, &byte, 2), TRIVET_BOUNDS);
	CHECK_EQ(code_write(b, 0, &byte, 101), TRIVET_BOUNDS);
	CHECK_EQ(code_write(b, SIZE_MAX, &byte, 1), TRIVET_BOUNDS);
	CHECK_EQ(code_write(b, 1, &byte, SIZE_MAX), TRIVET_BOUNDS);
	CHECK_EQ(code_write(b, 2, NULL, 1), TRIVET_ARGUMENT);
	CHECK_EQ(code_write(b, 100, NULL, 0), TRIVET_OK);
	CHECK_EQ(code_write(b, 99, &byte, 1), TRIVET_OK);
	code_forget(b); /* writable ones go, too */
	check_empty(pool);
}

/* Whatever was not written is a trapping instruction, to the end of the last page. */
static void
test_filler(CodePool *pool)
{
	size_t page = os_page_size();
	const uint8_t *p;
	bool filled = true;
	CodeBlock *b;

	if (!CHECK_EQ(code_alloc(pool, page + 1, &b), TRIVET_OK))
		return;
	CHECK_EQ(code_write(b, 64, return_42, sizeof return_42), TRIVET_OK);
	CHECK_EQ(code_seal(b, false), TRIVET_OK);
	p = code_address(b);
	for (size_t i = 0; i < 2 * page; i++)
		if (i < 64 || i >= 64 + sizeof return_42)
			filled = filled && p[i] == trap_byte[i & 3];
	CHECK(filled);
	CHECK(memcmp(p + 64, return_42, sizeof return_42) == 0);
	code_forget(b);
}

static void
test_sizes(CodePool *pool)
{
	size_t page = os_page_size();
	const size_t sizes[] = { sizeof return_42, page - 1, page, page + 1, 5 * page, 300000 };
	CodeBlock *b[6];
	void *entry;

	for (int i = 0; i < 6; i++) {
		size_t last = (sizes[i] - sizeof return_42) & ~(size_t)3;
		CHECK_EQ(code_alloc(pool, sizes[i], &b[i]), TRIVET_OK);
		CHECK_EQ((uintptr_t)code_address(b[i]) % page, 0);
		CHECK_EQ(code_write(b[i], last, return_42, sizeof return_42), TRIVET_OK);
		CHECK_EQ(code_seal(b[i], i & 1), TRIVET_OK);
		CHECK_EQ(code_entry(b[i], last, &entry), TRIVET_OK);
		CHECK_EQ(call_code(entry), 42);
	}
	for (int i = 0; i < 6; i += 2)
		CHECK_EQ(code_free(b[i]), TRIVET_OK);
	for (int i = 1; i < 6; i += 2) { /* the others are as they were */
		CHECK_EQ(code_entry(b[i], (sizes[i] - sizeof return_42) & ~(size_t)3, &entry),
			 TRIVET_OK);
		CHECK_EQ(call_code(entry), 42);
	}
	for (int i = 0; i < 6; i++)
		code_forget(b[i]);
	check_empty(pool);
}

/* Addresses come again; no old code may be seen there.  (qemu and real caches care.) */
static void
test_reuse(CodePool *pool)
{
	uint8_t code[sizeof return_42];
	bool right = true;

	for (int i = 0; i < 500; i++) {
		CodeBlock *b;
		void *entry;
		memcpy(code, return_42, sizeof code);
#ifdef __x86_64__
		code[5] = (uint8_t)(i & 0x7f);
#else
		code[4] = (uint8_t)(i << 5); /* mov w0, #imm16: bits 5 to 20 */
		code[5] = (uint8_t)((i & 0x7f) >> 3);
#endif
		right = right && code_alloc(pool, 64, &b) == TRIVET_OK &&
			code_write(b, 0, code, sizeof code) == TRIVET_OK &&
			code_seal(b, i & 1) == TRIVET_OK && code_entry(b, 0, &entry) == TRIVET_OK &&
			call_code(entry) == (i & 0x7f);
		if (!CHECK(right))
			break;
		code_forget(b);
	}
	check_empty(pool);
}

/* With BTI the processor lets an indirect call enter at a landing pad only: return_42 has one, its
 * second instruction is none.  Without, the marks are hints and both work. */
#ifdef __aarch64__
static bool
call_behind_pad(void *at)
{
	return call_code((char *)at + 4) == 42;
}

static void
test_bti(CodePool *pool)
{
	bool has_bti = os_cpu_features() & TRIVET_FEATURE_BTI;
	CodeBlock *b;
	void *entry = NULL;

	CHECK_EQ(code_alloc(pool, 64, &b), TRIVET_OK);
	CHECK_EQ(code_write(b, 0, return_42, sizeof return_42), TRIVET_OK);
	CHECK_EQ(code_seal(b, true), TRIVET_OK);
	CHECK_EQ(code_entry(b, 0, &entry), TRIVET_OK);
	CHECK_EQ(call_code(entry), 42);
	CHECK_EQ(in_child(call_behind_pad, entry), has_bti ? -SIGILL : 0);
	code_forget(b);
}
#else
static void
test_bti(CodePool *pool)
{
	(void)pool;
}
#endif

/* ---- Threads -----------------------------------------------------------------------------------
 */

/* Each thread makes and frees blocks of its own and all call one sealed block.  Checks are counted
 * by main(), afterwards. */
enum { THREADS = 4, ROUNDS = 100 };

typedef struct Worker {
	void *shared;
	unsigned wrong;
} Worker;

static void
work(Worker *w)
{
	CodePool mine, *pool = &mine;
	Mem m;

	mem_init(&m, NULL);
	code_pool_init(pool, &m, 0);
	for (int i = 0; i < ROUNDS; i++) {
		CodeBlock *b = NULL;
		void *entry = NULL;
		bool ok = code_alloc(pool, 64, &b) == TRIVET_OK &&
			  code_write(b, 0, return_42, sizeof return_42) == TRIVET_OK &&
			  code_seal(b, true) == TRIVET_OK &&
			  code_entry(b, 0, &entry) == TRIVET_OK && call_code(entry) == 42 &&
			  call_code(w->shared) == 42;
		code_forget(b);
		w->wrong += !ok || pool->live != 0;
	}
	code_pool_free(pool);
	w->wrong += m.live != 0;
}

#ifdef _WIN32
static DWORD WINAPI
thread_main(void *w)
{
	work(w);
	return 0;
}

static bool
run_workers(Worker *w)
{
	HANDLE thread[THREADS];
	bool ok = true;

	for (int i = 0; i < THREADS; i++)
		thread[i] = CreateThread(NULL, 0, thread_main, &w[i], 0, NULL);
	for (int i = 0; i < THREADS; i++) {
		ok = ok && thread[i] && WaitForSingleObject(thread[i], INFINITE) == WAIT_OBJECT_0;
		if (thread[i])
			CloseHandle(thread[i]);
	}
	return ok;
}
#else
static void *
thread_main(void *w)
{
	work(w);
	return NULL;
}

static bool
run_workers(Worker *w)
{
	pthread_t thread[THREADS];
	bool started[THREADS], ok = true;

	for (int i = 0; i < THREADS; i++)
		started[i] = pthread_create(&thread[i], NULL, thread_main, &w[i]) == 0;
	for (int i = 0; i < THREADS; i++)
		ok = ok && started[i] && pthread_join(thread[i], NULL) == 0;
	return ok;
}
#endif

static void
test_threads(CodePool *pool)
{
	Worker w[THREADS] = { 0 };
	CodeBlock *b;
	void *entry = NULL;

	CHECK_EQ(code_alloc(pool, 64, &b), TRIVET_OK);
	CHECK_EQ(code_write(b, 0, return_42, sizeof return_42), TRIVET_OK);
	CHECK_EQ(code_seal(b, true), TRIVET_OK);
	CHECK_EQ(code_entry(b, 0, &entry), TRIVET_OK);
	for (int i = 0; i < THREADS; i++)
		w[i].shared = entry;
	CHECK(run_workers(w));
	for (int i = 0; i < THREADS; i++)
		CHECK_EQ(w[i].wrong, 0);
	code_forget(b);
}

/* ---- Pools ----------------------------------------------------------------------------------- */

/* Blocks of any sizes, freed in another order: each keeps its own bytes, guards and neighbours. */
static void
test_many(CodePool *pool)
{
	enum { MANY = 200 };
	CodeBlock *b[MANY] = { NULL };
	size_t page = os_page_size(), live = 0;
	uint32_t random = 1;

	for (int step = 0; step < 3000; step++) {
		uint32_t k, n;
		void *entry;

		random = random * 1664525 + 1013904223;
		k = (random >> 16) % MANY;
		n = 1 + (random >> 8) % 5;
		if (b[k]) {
			CHECK_EQ(code_entry(b[k], 0, &entry), TRIVET_OK);
			CHECK_EQ(call_code(entry), 42);
			live -= code_pages(pool, code_size(b[k]));
			code_forget(b[k]);
			b[k] = NULL;
			continue;
		}
		n *= (uint32_t)page / 2;
		n += step % 100 == 0 ? 20 * (uint32_t)page : 0; /* larger than regions are for */
		if (!CHECK_EQ(code_alloc(pool, n, &b[k]), TRIVET_OK))
			return;
		CHECK_EQ(code_write(b[k], n - sizeof return_42, return_42, sizeof return_42),
			 TRIVET_OK);
		CHECK_EQ(code_write(b[k], 0, return_42, sizeof return_42), TRIVET_OK);
		CHECK_EQ(code_seal(b[k], true), TRIVET_OK);
		live += code_pages(pool, n);
		CHECK_EQ(pool->live, live);
		CHECK_EQ(pool->sealed, live);
		CHECK(pool->kept <= pool->keep);
		CHECK(pool->reserved >= live + pool->kept);
		if (step % 50 == 0) {
			const char *at = code_address(b[k]);
			CHECK_STR(access_of(at - 1).text, "---");
			CHECK_STR(access_of(at).text, "r-x");
			CHECK_STR(access_of(at + code_pages(pool, n) - 1).text, "r-x");
			CHECK_STR(access_of(at + code_pages(pool, n)).text, "---");
		}
	}
	for (int k = 0; k < MANY; k++)
		code_forget(b[k]);
	check_empty(pool);
	CHECK(pool->reserved <= 64 * page); /* one region at most stays without need */
}

/* What was freed cannot be reached, whether it is kept or not, and comes again without a trace. */
static void
test_kept(Mem *m, size_t keep)
{
	size_t page = os_page_size(), size = 3 * page;
	bool clean = true;
	const uint8_t *at;
	CodePool pool;
	CodeBlock *b;

	code_pool_init(&pool, m, keep);
	for (int round = 0; round < 3; round++) {
		if (!CHECK_EQ(code_alloc(&pool, size, &b), TRIVET_OK))
			return;
		at = code_address(b);
		for (size_t k = 0; k < size; k++)
			clean = clean && at[k] == trap_byte[k & 3];
		for (size_t k = 0; k + 64 <= size; k += 64)
			CHECK_EQ(code_write(b, k, return_42, sizeof return_42), TRIVET_OK);
		if (round != 1)
			CHECK_EQ(code_seal(b, false), TRIVET_OK);
		CHECK_EQ(code_free(b), TRIVET_OK);
		for (size_t k = 0; k < size; k += page)
			CHECK_STR(access_of(at + k).text, "---");
		CHECK_EQ(pool.kept, size <= pool.keep ? size : 0);
		CHECK_EQ(pool.live, 0);
		code_forget(b);
	}
	CHECK(clean);
	CHECK_EQ(code_alloc(&pool, page, &b), TRIVET_OK); /* a part of what is kept */
	CHECK_EQ(pool.kept, size <= pool.keep ? size - page : 0);
	code_forget(b);
	code_pool_free(&pool);
	CHECK(pool.kept == 0 && pool.reserved == 0);
}

int
main(void)
{
	CodePool pool;
	Mem m;

	mem_init(&m, NULL);
	code_pool_init(&pool, &m, 0);
	if (code_probe() == TRIVET_NO_EXEC) {
		printf("this system refuses executable memory\n");
		return 77;
	}
	CHECK_EQ(code_probe(), TRIVET_OK);
	test_life(&pool);
	test_arguments(&pool);
	test_bounds(&pool);
	test_filler(&pool);
	test_sizes(&pool);
	test_reuse(&pool);
	test_bti(&pool);
	test_many(&pool);
	test_no_memory();
	test_threads(&pool);
	code_pool_free(&pool);
	CHECK_EQ(m.live, 0);
	test_kept(&m, 0);
	test_kept(&m, 1);
	test_kept(&m, 2 * os_page_size());
	CHECK_EQ(m.live, 0);
	return check_done();
}
