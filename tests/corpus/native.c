// SPDX-License-Identifier: MIT
/*
 * Native jobs of the corpus: native JOB VARIANT WORKERS SCALE
 *
 * Workers are threads of this process, or forked processes; the jobs are the same
 * function for both. The last line tells how long they took, and a sum of what they
 * computed, which must not depend on the variant.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct worker {
	int index;
	int workers;
	long rounds; /* of all workers together */
	uint64_t sum;
};

/* One table and its lock: of the process, so that forked workers have their own. */
static struct {
	pthread_mutex_t lock;
	uint64_t cell[1024];
} table = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* What one worker does of the rounds, if they are shared evenly. */
static long share(const struct worker *w)
{
	return w->rounds / w->workers + (w->index < w->rounds % w->workers);
}

/* A few microseconds of arithmetic. */
static uint64_t spin(uint64_t x, int steps)
{
	for (int i = 0; i < steps; i++)
		x = x * 6364136223846793005u + 1442695040888963407u;
	return x;
}

static void compute(struct worker *w)
{
	for (long i = share(w); i > 0; i--)
		w->sum += spin(1, 100000) & 0xff;
}

/* The first worker has three quarters of the work. */
static void imbalanced(struct worker *w)
{
	long rest = w->rounds / 4, mine = w->rounds - rest;

	if (w->index > 0)
		mine = rest / (w->workers - 1);
	for (long i = mine; i > 0; i--)
		w->sum += spin(1, 100000) & 0xff;
}

/* Nearly all of it under one lock. */
static void coarse(struct worker *w)
{
	for (long i = share(w); i > 0; i--) {
		uint64_t x = spin(i, 500);

		pthread_mutex_lock(&table.lock);
		table.cell[x % 1024] += spin(x, 9500) & 1;
		pthread_mutex_unlock(&table.lock);
		w->sum++;
	}
}

/* The same without a lock: each worker has a table of its own. */
static void uncoarse(struct worker *w)
{
	volatile uint64_t *cell = calloc(1024, sizeof(*cell));

	for (long i = share(w); i > 0; i--) {
		uint64_t x = spin(i, 500);

		cell[x % 1024] += spin(x, 9500) & 1;
		w->sum++;
	}
	free((void *)cell);
}

/* Map, touch, unmap: each takes the lock of the address space for writing. */
static void mmap_churn(struct worker *w)
{
	const size_t size = 64 * 4096;

	for (long i = share(w); i > 0; i--) {
		char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);

		for (size_t at = 0; at < size; at += 4096)
			p[at] = 1;
		w->sum += p[4096];
		munmap(p, size);
	}
}

static void malloc_churn(struct worker *w)
{
	void *held[256] = { 0 };
	uint64_t x = 3;

	for (long i = share(w); i > 0; i--) {
		for (int k = 0; k < 256; k++) {
			x = spin(x, 1);
			free(held[k]);
			held[k] = malloc(16 + (x >> 33) % 4000);
			memset(held[k], k, 16);
		}
		w->sum += ((unsigned char *)held[7])[0];
	}
	for (int k = 0; k < 256; k++)
		free(held[k]);
}

/* The same memory, given back and touched anew. */
static void faults(struct worker *w)
{
	const size_t size = 16 << 20;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(p, size, MADV_NOHUGEPAGE);
	for (long i = share(w); i > 0; i--) {
		for (size_t at = 0; at < size; at += 4096)
			p[at] = 1;
		w->sum += p[8192];
		madvise(p, size, MADV_DONTNEED);
	}
	munmap(p, size);
}

static const struct job {
	const char *name, *variant; /* variant: NULL: any other */
	void (*work)(struct worker *w);
	long rounds;
} jobs[] = {
	{ "compute", NULL, compute, 95000 },
	{ "imbalanced", "even", compute, 95000 },
	{ "imbalanced", NULL, imbalanced, 95000 },
	{ "oversubscribed", NULL, compute, 95000 },
	{ "coarse-lock", "unlocked", uncoarse, 640000 },
	{ "coarse-lock", NULL, coarse, 640000 },
	{ "mmap-churn", NULL, mmap_churn, 90000 },
	{ "malloc-churn", NULL, malloc_churn, 440000 },
	{ "faults", NULL, faults, 1000 },
};

static void (*work)(struct worker *w);

static void *thread_main(void *arg)
{
	work(arg);
	return NULL;
}

static void run_threads(struct worker *crew, int workers)
{
	pthread_t *threads = calloc(workers, sizeof(*threads));

	for (int i = 0; i < workers; i++)
		if (pthread_create(&threads[i], NULL, thread_main, &crew[i]))
			abort();
	for (int i = 0; i < workers; i++)
		pthread_join(threads[i], NULL);
	free(threads);
}

static void run_processes(struct worker *crew, int workers)
{
	for (int i = 0; i < workers; i++) {
		pid_t pid = fork();

		if (pid < 0)
			abort();
		if (pid == 0) {
			work(&crew[i]);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	const struct job *job = jobs, *end = jobs + sizeof(jobs) / sizeof(jobs[0]);
	struct worker *crew;
	uint64_t sum = 0;
	double start;
	int workers;

	if (argc != 5)
		return fprintf(stderr, "usage: native JOB VARIANT WORKERS SCALE\n"), 2;
	while (job < end &&
	       (strcmp(job->name, argv[1]) || (job->variant && strcmp(job->variant, argv[2]))))
		job++;
	workers = atoi(argv[3]);
	if (job == end || workers < 1)
		return fprintf(stderr, "native: no job '%s' for %s workers\n", argv[1], argv[3]), 2;

	work = job->work;
	start = now();
	/* Shared, so that forked workers can leave their sums. */
	crew = mmap(NULL, workers * sizeof(*crew), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < workers; i++)
		crew[i] = (struct worker){ i, workers, job->rounds * atof(argv[4]), 0 };
	if (!strcmp(argv[2], "processes"))
		run_processes(crew, workers);
	else
		run_threads(crew, workers);
	for (int i = 0; i < workers; i++)
		sum += crew[i].sum;
	printf("{\"job\": \"%s\", \"variant\": \"%s\", \"seconds\": %.4f, \"sum\": %llu}\n",
	       argv[1], argv[2], now() - start, (unsigned long long)sum);
	return 0;
}
