/* wx.c - no memory of ours is ever writable and executable: looked at from outside in every state,
 * tried by accesses that must fault, and (Linux) watched by the kernel itself. */
#define _GNU_SOURCE
#include "check.h"
#include "code/code.h"
#include "machine.h"
#include "os/os.h"
#include "trivet_memory.h"

static unsigned wx_before;

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

/* Guards on both sides, `want` between, nothing W+X anywhere. */
static void
check_state(const CodeBlock *b, const char *want)
{
	size_t page = os_page_size(), pages = (code_size(b) + page - 1) / page;
	const char *at = code_address(b);

	CHECK_EQ(count_wx(), wx_before);
	CHECK_STR(access_of(at - 1).text, "---");
	CHECK_STR(access_of(at - page).text, "---");
	for (size_t i = 0; i < pages; i++)
		CHECK_STR(access_of(at + i * page).text, want);
	CHECK_STR(access_of(at + pages * page).text, "---");
	CHECK_STR(access_of(at + (pages + 1) * page - 1).text, "---");
	CHECK(faults(read_byte, (char *)at - 1));
	CHECK(faults(read_byte, (char *)at + pages * page));
}

static void
test_states(CodePool *pool, size_t bytes)
{
	CodeBlock *b;
	char *at;

	if (!CHECK_EQ(code_alloc(pool, bytes, &b), TRIVET_OK))
		return;
	at = (char *)code_address(b);
	check_state(b, "rw-");
	CHECK_EQ(code_write(b, 0, return_42, sizeof return_42), TRIVET_OK);
	check_state(b, "rw-");
	CHECK(faults(execute, at));
	CHECK_EQ(code_entry(b, 0, &(void *){ NULL }), TRIVET_NOT_SEALED);
	CHECK_EQ(code_seal(b, true), TRIVET_OK);
	check_state(b, "r-x");
	CHECK_EQ(call_code(at), 42);
	CHECK(faults(write_byte, at));
	CHECK(faults(write_byte, at + bytes - 1));
	CHECK_EQ(code_write(b, 0, return_42, 1), TRIVET_SEALED);
	check_state(b, "r-x");
	CHECK_EQ(code_free(b), TRIVET_OK);
	CHECK_EQ(count_wx(), wx_before);
	CHECK_STR(access_of(at).text, "---");
	CHECK(faults(read_byte, at));
	CHECK(faults(execute, at));
	code_forget(b);
	CHECK_EQ(code_probe(), TRIVET_OK);
	CHECK_EQ(count_wx(), wx_before);
}

#ifdef __linux__
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65 /* Linux 6.3 */
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

/* From here on the kernel answers `action` to an mmap, mprotect or pkey_mprotect whose protection
 * contains all of `prot`.  False where there is no seccomp (qemu-user). */
static bool
watch_protection(uint32_t prot, uint32_t action)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pkey_mprotect, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, prot),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, prot, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof filter / sizeof *filter, filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

enum { CANNOT = 3 }; /* a child's exit status: no such thing here */

/* Two lives of pieces, so that pages that were kept become executable a second time. */
static bool
public_lives(void)
{
	bool ok = trivet_memory_probe() == TRIVET_OK;
	trivet_memory *m;
	trivet_piece p;

	if (trivet_memory_open(NULL, &m) != TRIVET_OK)
		return false;
	for (int i = 0; i < 2; i++)
		ok = ok && trivet_memory_alloc(m, 5000, &p) == TRIVET_OK &&
		     trivet_memory_write(m, p, 0, return_42, sizeof return_42) == TRIVET_OK &&
		     trivet_memory_seal(m, p) == TRIVET_OK &&
		     TRIVET_ENTRY(int (*)(void), m, p, NULL)() == 42 &&
		     trivet_memory_free(m, p) == TRIVET_OK;
	trivet_memory_close(m);
	return ok;
}

/* The whole life of a block under a kernel that kills whoever asks for write and execute at once.
 */
static bool
live_watched(void *pool)
{
	CodeBlock *b;
	void *entry;

	if (!watch_protection(PROT_WRITE | PROT_EXEC, SECCOMP_RET_KILL_PROCESS))
		_exit(CANNOT);
	if (!public_lives())
		return false;
	return code_probe() == TRIVET_OK && code_alloc(pool, 10000, &b) == TRIVET_OK &&
	       code_write(b, 0, return_42, sizeof return_42) == TRIVET_OK &&
	       code_seal(b, true) == TRIVET_OK && code_entry(b, 0, &entry) == TRIVET_OK &&
	       call_code(entry) == 42 && code_free(b) == TRIVET_OK;
}

static bool
ask_for_both(void *unused)
{
	(void)unused;
	if (!watch_protection(PROT_WRITE | PROT_EXEC, SECCOMP_RET_KILL_PROCESS))
		_exit(CANNOT);
	return mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0) != MAP_FAILED;
}

/* The same through the public calls. */
static bool
public_is_refused(void)
{
	trivet_status s = TRIVET_OK;
	trivet_memory *m;
	trivet_piece p;
	bool ok;

	if (trivet_memory_open(NULL, &m) != TRIVET_OK ||
	    trivet_memory_alloc(m, 100, &p) != TRIVET_OK)
		return false;
	ok = trivet_memory_probe() == TRIVET_NO_EXEC &&
	     trivet_memory_write(m, p, 0, return_42, sizeof return_42) == TRIVET_OK &&
	     trivet_memory_seal(m, p) == TRIVET_NO_EXEC &&
	     TRIVET_ENTRY(void (*)(void), m, p, &s) == NULL && s == TRIVET_NOT_SEALED &&
	     trivet_memory_write(m, p, 50, return_42, sizeof return_42) == TRIVET_OK &&
	     trivet_memory_free(m, p) == TRIVET_OK && trivet_memory_free(m, p) == TRIVET_FREED;
	trivet_memory_close(m);
	return ok;
}

/* Where the system refuses: the status says so, the block is still good for writing and freeing. */
static bool
is_refused(CodePool *pool)
{
	CodeBlock *b;
	void *entry;
	bool ok;

	if (code_alloc(pool, 100, &b) != TRIVET_OK)
		return false;
	ok = code_probe() == TRIVET_NO_EXEC &&
	     code_write(b, 0, return_42, sizeof return_42) == TRIVET_OK &&
	     code_seal(b, true) == TRIVET_NO_EXEC && code_seal(b, false) == TRIVET_NO_EXEC &&
	     code_entry(b, 0, &entry) == TRIVET_NOT_SEALED &&
	     code_write(b, 50, return_42, sizeof return_42) == TRIVET_OK &&
	     code_free(b) == TRIVET_OK && code_free(b) == TRIVET_FREED;
	code_forget(b);
	return ok && pool->live == 0 && public_is_refused();
}

/* systemd's MemoryDenyWriteExecute= on older kernels. */
static bool
refused_by_seccomp(void *pool)
{
	if (!watch_protection(PROT_EXEC, SECCOMP_RET_ERRNO | EPERM))
		_exit(CANNOT);
	return is_refused(pool);
}

static bool
refused_by_kernel(void *pool)
{
	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0)
		_exit(CANNOT);
	return is_refused(pool);
}

static void
test_watched(CodePool *pool)
{
	int end = in_child(ask_for_both, NULL);

	if (end == CANNOT) {
		printf("no seccomp here: the kernel could not watch\n");
	} else {
		CHECK_EQ(end, -SIGSYS); /* the watch itself works */
		CHECK_EQ(in_child(live_watched, pool), 0);
		CHECK_EQ(in_child(refused_by_seccomp, pool), 0);
	}
	end = in_child(refused_by_kernel, pool);
	if (end == CANNOT)
		printf("no PR_SET_MDWE here: that refusal was not tried\n");
	else
		CHECK_EQ(end, 0);
}
#else
static void
test_watched(CodePool *pool)
{
	(void)pool;
}
#endif

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
	wx_before = count_wx();
#ifdef __linux__
	CHECK_EQ(wx_before, 0);
#endif
	test_states(&pool, sizeof return_42);
	test_states(&pool, os_page_size());
	test_states(&pool, 3 * os_page_size() - 1);
	test_watched(&pool);
	code_pool_free(&pool);
	CHECK_EQ(m.live, 0);
	return check_done();
}
