/* watchdog.c - the timer behind --timeout, and the console's ways.
 *
 * trivet_interrupt() may be called from a signal handler and from another thread; a POSIX timer
 * signal and a Windows timer-queue thread do just that. */
#define _DEFAULT_SOURCE /* setitimer, sigaction */
#include "cli/cli.h"

static trivet_code *volatile watched;

#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#include <windows.h>

static HANDLE timer;

static VOID CALLBACK
expire(PVOID unused, BOOLEAN fired)
{
	(void)unused;
	(void)fired;
	trivet_interrupt(watched);
}

void
watchdog_start(trivet_code *c, uint32_t ms)
{
	watched = c;
	if (ms && !CreateTimerQueueTimer(&timer, NULL, expire, NULL, ms, 0, WT_EXECUTEONLYONCE))
		timer = NULL;
}

void
watchdog_stop(void)
{
	/* Waits for a callback that is running, so that none outlives the code. */
	if (timer)
		DeleteTimerQueueTimer(NULL, timer, INVALID_HANDLE_VALUE);
	timer = NULL;
	watched = NULL;
}

void
console_setup(void)
{
	_setmode(_fileno(stdin), _O_BINARY);
	_setmode(_fileno(stdout), _O_BINARY);
	_setmode(_fileno(stderr), _O_BINARY);
}
#else
#include <signal.h>
#include <string.h>
#include <sys/time.h>

static void
expire(int signal)
{
	(void)signal;
	trivet_interrupt(watched);
}

static void
arm(uint32_t ms)
{
	struct itimerval t = { .it_value = { .tv_sec = (long)(ms / 1000),
					     .tv_usec = (long)(ms % 1000) * 1000 } };

	setitimer(ITIMER_REAL, &t, NULL);
}

void
watchdog_start(trivet_code *c, uint32_t ms)
{
	struct sigaction action;

	watched = c;
	if (!ms)
		return;
	memset(&action, 0, sizeof action);
	action.sa_handler = expire;
	action.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &action, NULL);
	arm(ms);
}

void
watchdog_stop(void)
{
	arm(0);
	watched = NULL;
}

void
console_setup(void)
{
}
#endif
