/* SPDX-License-Identifier: MIT */
/*
 * Many threads: some work, most wait, and prints what it measured.
 *
 *	many [--threads N] [--later N] [--seconds S]
 *
 * N threads called "early" exist when it says that it is ready; those called "late-0"
 * and so on are born once a line comes on standard input, live S seconds each
 * and print "late-0 LIFE_NS CPU_NS". Ends when standard input does, or S seconds after
 * the line.
 */
#include <poll.h>
#include <stdatomic.h>

#include "workload.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static bool end;
static atomic_int early_cnt;
static double seconds = 1;

static void *run_early(void *arg)
{
	(void)arg;
	name_me("early");
	burn_ns(NS_PER_MS / 10);
	atomic_fetch_add(&early_cnt, 1);
	pthread_mutex_lock(&mutex);
	while (!end)
		pthread_cond_wait(&cond, &mutex);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

/* Half of its life works, half sleeps. */
static void *run_late(void *arg)
{
	uint64_t start_ns = clock_ns(CLOCK_MONOTONIC),
		 end_ns = start_ns + (uint64_t)(seconds * 1e9);
	char name[16];

	snprintf(name, sizeof(name), "late-%d", (int)(intptr_t)arg);
	name_me(name);
	while (clock_ns(CLOCK_MONOTONIC) < end_ns) {
		burn_ns(2 * NS_PER_MS);
		sleep_ns(8 * NS_PER_MS);
	}
	printf("%s %llu %llu\n", name, (unsigned long long)(clock_ns(CLOCK_MONOTONIC) - start_ns),
	       (unsigned long long)clock_ns(CLOCK_THREAD_CPUTIME_ID));
	fflush(stdout);
	return NULL;
}

static void start_many(void *(*run)(void *), int cnt, pthread_t *threads)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (int i = 0; i < cnt; i++) {
		errno = pthread_create(&threads[i], &attr, run, (void *)(intptr_t)i);
		if (errno)
			die("pthread_create");
	}
}

int main(int argc, char **argv)
{
	int early = 4, late = 0;
	pthread_t *threads;
	char line[16];

	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--threads"))
			early = atoi(argv[i + 1]);
		else if (!strcmp(argv[i], "--later"))
			late = atoi(argv[i + 1]);
		else if (!strcmp(argv[i], "--seconds"))
			seconds = atof(argv[i + 1]);
	}
	threads = calloc((size_t)(early + late), sizeof(*threads));
	start_many(run_early, early, threads);
	while (early_cnt < early)
		sleep_ns(NS_PER_MS);
	say_ready();
	if (read(STDIN_FILENO, line, sizeof(line)) > 0) {
		start_many(run_late, late, threads + early);
		sleep_ns((uint64_t)(seconds * 1e9));
	}
	pthread_mutex_lock(&mutex);
	end = true;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < early + late; i++) {
		if (threads[i])
			pthread_join(threads[i], NULL);
	}
	return 0;
}
