/* SPDX-License-Identifier: MIT */
/*
 * What the workloads of the benchmark share. Each says "ready", waits for a line on
 * standard input, does a fixed amount of work and says how long that took and how
 * often its threads left a CPU meanwhile: "elapsed_ns N switches N". It stays until
 * standard input ends, so that whoever watches it can be stopped before.
 */
#ifndef BENCH_H
#define BENCH_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static inline void die(const char *what)
{
	fprintf(stderr, "workload: %s: %s\n", what, strerror(errno));
	_exit(99);
}

static inline uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The calling thread, and what it starts from now on. */
static inline void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

/* Of this process and of the children that have been waited for. */
static inline uint64_t switch_cnt(void)
{
	struct rusage self, children;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	return (uint64_t)(self.ru_nvcsw + self.ru_nivcsw + children.ru_nvcsw + children.ru_nivcsw);
}

struct stopwatch {
	uint64_t begin_ns, switches;
};

static inline void wait_for_end(void)
{
	char c;

	while (read(STDIN_FILENO, &c, 1) > 0)
		;
}

/* Every thread and process that takes part should exist by now. */
static inline struct stopwatch begin(void)
{
	char c;

	puts("ready");
	fflush(stdout);
	do {
		if (read(STDIN_FILENO, &c, 1) != 1)
			_exit(0);
	} while (c != '\n');
	return (struct stopwatch){ now_ns(), switch_cnt() };
}

/* Children have been waited for. */
static inline void end(const struct stopwatch *w)
{
	uint64_t elapsed_ns = now_ns() - w->begin_ns;

	printf("elapsed_ns %llu switches %llu\n", (unsigned long long)elapsed_ns,
	       (unsigned long long)(switch_cnt() - w->switches));
	fflush(stdout);
	wait_for_end();
}

static inline pthread_t start_thread(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, run, arg);
	if (errno)
		die("pthread_create");
	return thread;
}

/* The number that follows @name among the arguments, or @otherwise. */
static inline long option(int argc, char **argv, const char *name, long otherwise)
{
	for (int i = 1; i + 1 < argc; i++) {
		if (!strcmp(argv[i], name))
			return atol(argv[i + 1]);
	}
	return otherwise;
}

#endif
