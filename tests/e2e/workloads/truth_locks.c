/* SPDX-License-Identifier: MIT */
/*
 * Waits for threads of the same process: for what they hold (locks), and for what
 * they bring (condition variables, barriers, semaphores, their end).
 */
#include <semaphore.h>
#include <sys/file.h>

#include "truth.h"

/* ---- locks: one thread holds, another wants ---- */

struct contest {
	const char *name;
	int (*lock)(void *obj);
	int (*unlock)(void *obj);
	void *mine, *theirs;	/* the same object, or two handles of one */
};

static void *run_holder(void *arg)
{
	struct contest *c = arg;
	char name[16];

	snprintf(name, sizeof(name), "h-%s", c->name);
	name_me(name);
	for (;;) {
		if (c->lock(c->theirs))
			die(c->name);
		sleep_ns(HOLD_NS);
		c->unlock(c->theirs);
		sleep_ns(HOLD_NS / 3);
	}
	return NULL;
}

static void *run_waiter(void *arg)
{
	struct contest *c = arg;
	struct waits *w = waits_new(c->name, "lock");
	struct waits *pause_waits = waits_new(c->name, "sleep");

	name_me(c->name);
	while (!stop) {
		waits_begin(w);
		if (c->lock(c->mine))
			die(c->name);
		waits_end(w);
		c->unlock(c->mine);
		waits_begin(pause_waits);
		sleep_ns(HOLD_NS / 6);
		waits_end(pause_waits);
	}
	return NULL;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t pi_mutex;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static int flock_fds[2];

static int lock_mutex(void *m)
{
	return pthread_mutex_lock(m);
}

static int unlock_mutex(void *m)
{
	return pthread_mutex_unlock(m);
}

static int lock_rwlock(void *l)
{
	return pthread_rwlock_wrlock(l);
}

static int unlock_rwlock(void *l)
{
	return pthread_rwlock_unlock(l);
}

static int lock_file(void *fd)
{
	return flock(*(int *)fd, LOCK_EX);
}

static int unlock_file(void *fd)
{
	return flock(*(int *)fd, LOCK_UN);
}

static struct contest contests[] = {
	{ "mutex", lock_mutex, unlock_mutex, &mutex, &mutex },
	{ "pi-mutex", lock_mutex, unlock_mutex, &pi_mutex, &pi_mutex },
	{ "rwlock", lock_rwlock, unlock_rwlock, &rwlock, &rwlock },
	{ "flock", lock_file, unlock_file, &flock_fds[0], &flock_fds[1] },
};

static void *run_contest(void *arg)
{
	struct contest *c = arg;

	if (!strcmp(c->name, "pi-mutex")) {
		pthread_mutexattr_t attr;

		pthread_mutexattr_init(&attr);
		pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
		pthread_mutex_init(&pi_mutex, &attr);
	}
	if (!strcmp(c->name, "flock")) {
		char path[512];

		snprintf(path, sizeof(path), "%s/truth.lock", dir);
		for (int i = 0; i < 2; i++) {
			flock_fds[i] = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
			if (flock_fds[i] < 0)
				die(path);
		}
	}
	start_thread(run_holder, c);
	return run_waiter(c);
}

/* ---- a sibling's result ---- */

static pthread_mutex_t cond_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER, timed_cond = PTHREAD_COND_INITIALIZER;
static int cond_cnt, timed_cond_cnt;
static pthread_barrier_t barrier;
static sem_t sem;

static void wait_cond(void)
{
	pthread_mutex_lock(&cond_mutex);
	while (!cond_cnt)
		pthread_cond_wait(&cond, &cond_mutex);
	cond_cnt = 0;
	pthread_mutex_unlock(&cond_mutex);
}

static void post_cond(void)
{
	pthread_mutex_lock(&cond_mutex);
	cond_cnt = 1;
	pthread_mutex_unlock(&cond_mutex);
	pthread_cond_signal(&cond);
}

/* A deadline that is never reached: the result comes first. */
static void wait_timed_cond(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += 10;
	pthread_mutex_lock(&cond_mutex);
	while (!timed_cond_cnt)
		pthread_cond_timedwait(&timed_cond, &cond_mutex, &ts);
	timed_cond_cnt = 0;
	pthread_mutex_unlock(&cond_mutex);
}

static void post_timed_cond(void)
{
	pthread_mutex_lock(&cond_mutex);
	timed_cond_cnt = 1;
	pthread_mutex_unlock(&cond_mutex);
	pthread_cond_signal(&timed_cond);
}

static void meet(void)
{
	pthread_barrier_wait(&barrier);
}

static void wait_sem(void)
{
	while (sem_wait(&sem))
		;
}

static void post_sem(void)
{
	sem_post(&sem);
}

struct meeting {
	const char *name, *bucket;
	void (*wait)(void);
	void (*post)(void);
};

static struct meeting meetings[] = {
	{ "condvar", "sync", wait_cond, post_cond },
	{ "condvar-timed", "sync", wait_timed_cond, post_timed_cond },
	{ "barrier", "sync", meet, meet },
	{ "semaphore", "sync|lock", wait_sem, post_sem },
};

static void *run_poster(void *arg)
{
	struct meeting *m = arg;
	char name[16];

	snprintf(name, sizeof(name), "h-%s", m->name);
	name_me(name);
	for (;;) {
		sleep_ns(PERIOD_NS);
		m->post();
	}
	return NULL;
}

static void *run_meeting(void *arg)
{
	struct meeting *m = arg;
	struct waits *w = waits_new(m->name, m->bucket);

	name_me(m->name);
	if (m->wait == meet)
		pthread_barrier_init(&barrier, NULL, 2);
	if (m->wait == wait_sem)
		sem_init(&sem, 0, 0);
	start_thread(run_poster, m);
	while (!stop) {
		waits_begin(w);
		m->wait();
		waits_end(w);
	}
	return NULL;
}

static void *run_joinee(void *arg)
{
	(void)arg;
	name_me("h-join");
	sleep_ns(2 * PERIOD_NS);
	return NULL;
}

static void *run_join(void *arg)
{
	struct waits *w = waits_new("join", "sync");

	(void)arg;
	name_me("join");
	while (!stop) {
		pthread_t joinee = start_thread(run_joinee, NULL);

		waits_begin(w);
		pthread_join(joinee, NULL);
		waits_end(w);
	}
	return NULL;
}

void start_locks(void)
{
	for (size_t i = 0; i < COUNT(contests); i++)
		start_kind(contests[i].name, run_contest, &contests[i], true);
	for (size_t i = 0; i < COUNT(meetings); i++)
		start_kind(meetings[i].name, run_meeting, &meetings[i], true);
	start_kind("join", run_join, NULL, true);
}
