/* SPDX-License-Identifier: MIT */
/*
 * Threads that will never go on, until the program ends by itself:
 *
 *	deadlock [--seconds S]
 *
 * one, two and three wait for each other's locks, of three kinds. selfish waits for what
 * it has. bystander waits for a lock of the circle and main for a thread in it; they
 * are in no circle. Two more threads use two mutexes properly all the time.
 */
#include "workload.h"

static pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER, robust;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER, inner = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t all_have_one;

static void *run_one(void *arg)
{
	name_me("one");
	pthread_mutex_lock(&plain);
	pthread_barrier_wait(&all_have_one);
	pthread_mutex_lock(&robust);
	return arg;
}

static void *run_two(void *arg)
{
	name_me("two");
	pthread_mutex_lock(&robust);
	pthread_barrier_wait(&all_have_one);
	pthread_rwlock_rdlock(&rwlock);
	return arg;
}

static void *run_three(void *arg)
{
	name_me("three");
	pthread_rwlock_wrlock(&rwlock);
	pthread_barrier_wait(&all_have_one);
	pthread_mutex_lock(&plain);
	return arg;
}

static void *run_selfish(void *arg)
{
	name_me("selfish");
	pthread_mutex_lock(&own);
	pthread_mutex_lock(&own);
	return arg;
}

static void *run_bystander(void *arg)
{
	name_me("bystander");
	pthread_mutex_lock(&plain);
	return arg;
}

static void *run_proper(void *arg)
{
	name_me("proper");
	for (;;) {
		pthread_mutex_lock(&outer);
		pthread_mutex_lock(&inner);
		sleep_ns(NS_PER_MS);
		pthread_mutex_unlock(&outer);
		sleep_ns(NS_PER_MS);
		pthread_mutex_unlock(&inner);
	}
	return arg;
}

static pthread_t start(void *(*run)(void *))
{
	pthread_t t;

	if (pthread_create(&t, NULL, run, NULL))
		die("pthread_create");
	return t;
}

int main(int argc, char **argv)
{
	double seconds = argc == 3 && !strcmp(argv[1], "--seconds") ? atof(argv[2]) : 60;
	struct timespec until;
	pthread_mutexattr_t attr;
	pthread_t one;

	pthread_barrier_init(&all_have_one, NULL, 4);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &attr);
	one = start(run_one);
	start(run_two);
	start(run_three);
	pthread_barrier_wait(&all_have_one);
	sleep_ns(50 * NS_PER_MS);
	start(run_selfish);
	start(run_bystander);
	start(run_proper);
	start(run_proper);
	sleep_ns(50 * NS_PER_MS);
	say_ready();
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (time_t)seconds;
	pthread_timedjoin_np(one, NULL, &until);
	_exit(0);
}
