/* SPDX-License-Identifier: MIT */
/*
 * A pipeline of threads: each takes items from the queue before it and puts them into
 * the next, with a mutex and two condition variables for each queue.
 *
 *	condvar [--items N] [--stages N]
 */
#include "bench.h"

#define ROOM 4		/* items in a queue */

struct queue {
	pthread_mutex_t mutex;
	pthread_cond_t filled, drained;
	int cnt;
};

static struct queue *queues;	/* [stages]: stage I takes from the one at I */
static long items, stages;

static void put(struct queue *q)
{
	pthread_mutex_lock(&q->mutex);
	while (q->cnt == ROOM)
		pthread_cond_wait(&q->drained, &q->mutex);
	q->cnt++;
	pthread_cond_signal(&q->filled);
	pthread_mutex_unlock(&q->mutex);
}

static void take(struct queue *q)
{
	pthread_mutex_lock(&q->mutex);
	while (!q->cnt)
		pthread_cond_wait(&q->filled, &q->mutex);
	q->cnt--;
	pthread_cond_signal(&q->drained);
	pthread_mutex_unlock(&q->mutex);
}

static void *run_stage(void *arg)
{
	long stage = (intptr_t)arg;

	for (long i = 0; i < items; i++) {
		take(&queues[stage]);
		if (stage + 1 < stages)
			put(&queues[stage + 1]);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct stopwatch watch;
	pthread_t *threads;

	items = option(argc, argv, "--items", 100000);
	stages = option(argc, argv, "--stages", 4);
	queues = calloc((size_t)stages, sizeof(*queues));
	threads = calloc((size_t)stages, sizeof(*threads));
	for (long i = 0; i < stages; i++) {
		pthread_mutex_init(&queues[i].mutex, NULL);
		pthread_cond_init(&queues[i].filled, NULL);
		pthread_cond_init(&queues[i].drained, NULL);
	}
	for (long i = 0; i < stages; i++)
		threads[i] = start_thread(run_stage, (void *)(intptr_t)i);
	watch = begin();
	for (long i = 0; i < items; i++)
		put(&queues[0]);
	for (long i = 0; i < stages; i++)
		pthread_join(threads[i], NULL);
	end(&watch);
	return 0;
}
