// SPDX-License-Identifier: MIT
/*
 * Three threads call a function that times itself; it calls itself, too, and now and
 * then is left by longjmp(3). Prints, as JSON, how many outermost calls returned and
 * how long they took, in nanoseconds.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define THREADS 3
#define CALLS 200
#define LEFT_EVERY 10	/* of these one never returns */

struct caller {
	jmp_buf out;
	unsigned int seed;
	long long took_ns[CALLS];
	int cnt;
};

static struct caller callers[THREADS];

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

void handle_request(struct caller *c, unsigned int us, int depth, int leaves);

__attribute__((noinline)) void handle_request(struct caller *c, unsigned int us, int depth,
					      int leaves)
{
	struct timespec t = { 0, us * 1000L };

	nanosleep(&t, NULL);
	if (depth)
		handle_request(c, us, depth - 1, leaves);
	else if (leaves)
		longjmp(c->out, 1);
	__asm__ volatile("" ::: "memory"); /* no tail call */
}

static void *run(void *arg)
{
	struct caller *c = arg;

	for (volatile int i = 0; i < CALLS; i++) {
		volatile long long begin = now_ns();

		if (setjmp(c->out))
			continue;
		handle_request(c, 300 + (unsigned int)rand_r(&c->seed) % 2000, i % 3,
			       i % LEFT_EVERY == 4);
		c->took_ns[c->cnt++] = now_ns() - begin;
	}
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

int main(void)
{
	static long long took[THREADS * CALLS];
	pthread_t threads[THREADS];
	long long sum = 0;
	int cnt = 0;

	for (int i = 0; i < THREADS; i++) {
		callers[i].seed = (unsigned int)i + 1;
		pthread_create(&threads[i], NULL, run, &callers[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		for (int k = 0; k < callers[i].cnt; k++) {
			took[cnt++] = callers[i].took_ns[k];
			sum += callers[i].took_ns[k];
		}
	}
	qsort(took, (size_t)cnt, sizeof(*took), by_size);
	printf("{\"count\": %d, \"abandoned\": %d, \"p50\": %lld, \"p95\": %lld, \"mean\": %lld}\n",
	       cnt, THREADS * CALLS - cnt, took[cnt / 2], took[cnt * 95 / 100], sum / cnt);
	return 0;
}
