/* SPDX-License-Identifier: MIT */
/*
 * What the workloads share: clocks, names, the ready handshake, and helper
 * processes that die with their parent.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull

static inline void die(const char *what)
{
	fprintf(stderr, "workload: %s: %s\n", what, strerror(errno));
	_exit(99);
}

static inline uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/*
 * Nanoseconds this thread was runnable without a CPU: the machine may be busy. Who has called it
 * leaves that to no child: the path means whoever opens it.
 */
static inline uint64_t run_delay_ns(void)
{
	static __thread int fd = -1;
	unsigned long long ran, delay = 0;
	char text[64] = "";

	if (fd < 0)
		fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	if (pread(fd, text, sizeof(text) - 1, 0) <= 0 ||
	    sscanf(text, "%llu %llu", &ran, &delay) != 2)
		die("/proc/thread-self/schedstat");
	return delay;
}

static inline void sleep_ns(uint64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / NS_PER_S),
			       .tv_nsec = (long)(ns % NS_PER_S) };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/* Burn CPU for @ns of this thread's own CPU time. */
static inline void burn_ns(uint64_t ns)
{
	uint64_t end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + ns;
	volatile unsigned sink = 0;

	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < end) {
		for (int i = 0; i < 20000; i++)
			sink = sink * 31 + 7;
	}
}

/* Tell the test, if it waits on descriptor $READY_FD, that everything runs. */
static inline void say_ready(void)
{
	const char *fd = getenv("READY_FD");

	if (!fd)
		return;
	if (write(atoi(fd), "ready\n", 6) != 6)
		die("READY_FD");
	close(atoi(fd));
	unsetenv("READY_FD");
}

static inline pthread_t start_thread(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, run, arg);
	if (errno)
		die("pthread_create");
	return thread;
}

static inline void name_me(const char *name)
{
	if (prctl(PR_SET_NAME, name))
		die("PR_SET_NAME");
}

/* fork(); the child is called @name and never outlives the caller. */
static inline pid_t fork_named(const char *name)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(98);
	name_me(name);
	return 0;
}

#endif
