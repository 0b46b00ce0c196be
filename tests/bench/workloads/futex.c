/* SPDX-License-Identifier: MIT */
/*
 * Pairs of threads hand a token to and fro by futex: a fixed number of times, so that
 * slower does not mean fewer. As many pairs as CPUs, and the two of a pair on one.
 *
 *	futex [--handoffs N] [--pairs N]
 */
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "bench.h"

struct pair {
	_Atomic uint32_t turn;	/* 0, 1: whose it is; 2: nobody's yet */
	int cpu;
};

struct side {
	struct pair *pair;
	uint32_t me;
};

static long handoffs;

static void *take_turns(void *arg)
{
	const struct side *s = arg;
	uint32_t turn;

	pin(s->pair->cpu);
	for (long i = 0; i < handoffs; i++) {
		while ((turn = atomic_load(&s->pair->turn)) != s->me)
			syscall(SYS_futex, &s->pair->turn, FUTEX_WAIT_PRIVATE, turn, NULL, NULL, 0);
		atomic_store(&s->pair->turn, !s->me);
		syscall(SYS_futex, &s->pair->turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN), cnt = option(argc, argv, "--pairs", cpus);
	struct pair *pairs = calloc((size_t)cnt, sizeof(*pairs));
	struct side *sides = calloc((size_t)cnt * 2, sizeof(*sides));
	pthread_t *threads = calloc((size_t)cnt * 2, sizeof(*threads));
	struct stopwatch watch;

	handoffs = option(argc, argv, "--handoffs", 150000);
	for (long i = 0; i < 2 * cnt; i++) {
		sides[i] = (struct side){ &pairs[i / 2], (uint32_t)i % 2 };
		pairs[i / 2].turn = 2;
		pairs[i / 2].cpu = (int)(i / 2 % cpus);
		threads[i] = start_thread(take_turns, &sides[i]);
	}
	watch = begin();
	for (long i = 0; i < cnt; i++) {
		atomic_store(&pairs[i].turn, 0);
		syscall(SYS_futex, &pairs[i].turn, FUTEX_WAKE_PRIVATE, 2, NULL, NULL, 0);
	}
	for (long i = 0; i < 2 * cnt; i++)
		pthread_join(threads[i], NULL);
	end(&watch);
	return 0;
}
