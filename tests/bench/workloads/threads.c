/* SPDX-License-Identifier: MIT */
/*
 * Many threads that are all woken, compute a little, wait again, and end in the end.
 *
 *	threads [--threads N] [--times N]
 */
#include "bench.h"

static pthread_barrier_t barrier;
static long times;

static void *run(void *arg)
{
	volatile uint32_t sink = 0;

	for (long i = 0; i < times; i++) {
		pthread_barrier_wait(&barrier);
		for (int j = 0; j < 1000; j++)
			sink += (uint32_t)j;
	}
	return arg;
}

int main(int argc, char **argv)
{
	long cnt = option(argc, argv, "--threads", 1000);
	pthread_t *threads = calloc((size_t)cnt, sizeof(*threads));
	struct stopwatch watch;
	pthread_attr_t attr;

	times = option(argc, argv, "--times", 10);
	pthread_barrier_init(&barrier, NULL, (unsigned)cnt + 1);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (long i = 0; i < cnt; i++) {
		errno = pthread_create(&threads[i], &attr, run, NULL);
		if (errno)
			die("pthread_create");
	}
	watch = begin();
	for (long i = 0; i < times; i++)
		pthread_barrier_wait(&barrier);
	for (long i = 0; i < cnt; i++)
		pthread_join(threads[i], NULL);
	end(&watch);
	return 0;
}
