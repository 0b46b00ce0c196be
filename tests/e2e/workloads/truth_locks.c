/* SPDX-License-Identifier: MIT */
/*
 * Waits for threads of the same process: for what they hold (locks), and for what
 * they bring (condition variables, barriers, semaphores, their end).
 */
#include <semaphore.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "truth.h"

/* ---- locks: one thread holds, another wants ---- */

struct contest {
	const char *name, *bucket;
	int (*lock)(void *obj);
	int (*hold)(void *obj);	/* how the other one takes it */
	int (*unlock)(void *obj);
	void *mine, *theirs;	/* the same object, or two handles of one */
	uint64_t keep_ns;	/* how long the waiter keeps it */
};

static void *run_holder(void *arg)
{
	struct contest *c = arg;
	char name[16];

	snprintf(name, sizeof(name), "h-%s", c->name);
	name_me(name);
	for (;;) {
		if (c->hold(c->theirs))
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
	struct waits *w = waits_new(c->name, c->bucket);
	struct waits *pause_waits = waits_new(c->name, "sleep");

	name_me(c->name);
	while (!stop) {
		waits_begin(w);
		if (c->lock(c->mine))
			die(c->name);
		waits_end(w);
		waits_begin(pause_waits);
		if (c->keep_ns)
			sleep_ns(c->keep_ns);
		c->unlock(c->mine);
		sleep_ns(HOLD_NS / 6);
		waits_end(pause_waits);
	}
	return NULL;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t pi_mutex, robust_mutex, timed_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t read_rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t written_rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t lock_sem;
static int flock_fds[2];

static int lock_mutex(void *m)
{
	return pthread_mutex_lock(m);
}

static int unlock_mutex(void *m)
{
	return pthread_mutex_unlock(m);
}

/* The mutex always comes first. */
static int lock_timed(void *m)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += 10;
	return pthread_mutex_timedlock(m, &ts);
}

static int read_lock(void *l)
{
	return pthread_rwlock_rdlock(l);
}

static int lock_sem_lock(void *s)
{
	return sem_wait(s);
}

static int unlock_sem_lock(void *s)
{
	return sem_post(s);
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
	{ "mutex", "lock", lock_mutex, lock_mutex, unlock_mutex, &mutex, &mutex, 0 },
	{ "timed-mutex", "lock", lock_timed, lock_timed, unlock_mutex, &timed_mutex,
	  &timed_mutex, 0 },
	{ "pi-mutex", "lock", lock_mutex, lock_mutex, unlock_mutex, &pi_mutex, &pi_mutex, 0 },
	{ "robust-mutex", "lock", lock_mutex, lock_mutex, unlock_mutex, &robust_mutex,
	  &robust_mutex, 0 },
	{ "rwlock", "lock", lock_rwlock, lock_rwlock, unlock_rwlock, &rwlock, &rwlock, 0 },
	{ "reader", "lock", read_lock, lock_rwlock, unlock_rwlock, &written_rwlock,
	  &written_rwlock, 0 },
	{ "writer", "lock", lock_rwlock, read_lock, unlock_rwlock, &read_rwlock, &read_rwlock, 0 },
	/* Until there is evidence it is a signal. The holder has to wait, too, for that. */
	{ "sem-lock", "lock|sync", lock_sem_lock, lock_sem_lock, unlock_sem_lock, &lock_sem,
	  &lock_sem, HOLD_NS / 2 },
	{ "flock", "lock", lock_file, lock_file, unlock_file, &flock_fds[0], &flock_fds[1], 0 },
};

static void init_mutexes(void)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&pi_mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust_mutex, &attr);
	sem_init(&lock_sem, 0, 1);
}

static void *run_contest(void *arg)
{
	struct contest *c = arg;

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

static struct timespec realtime_in(uint64_t ns)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ns += (uint64_t)ts.tv_nsec;
	ts.tv_sec += (time_t)(ns / NS_PER_S);
	ts.tv_nsec = (long)(ns % NS_PER_S);
	return ts;
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

/* Nobody ever comes: the timer of this call ends it. */
static void wait_cond_in_vain(void)
{
	static pthread_cond_t nobody = PTHREAD_COND_INITIALIZER;
	static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	struct timespec ts = realtime_in(PERIOD_NS);

	pthread_mutex_lock(&m);
	pthread_cond_timedwait(&nobody, &m, &ts);
	pthread_mutex_unlock(&m);
}

static void wait_sem_in_vain(void)
{
	static sem_t nobody;
	struct timespec ts = realtime_in(PERIOD_NS);

	sem_timedwait(&nobody, &ts);
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
	{ "semaphore", "sync", wait_sem, post_sem },
	{ "condvar-late", "sleep", wait_cond_in_vain, NULL },
	{ "sem-late", "sleep", wait_sem_in_vain, NULL },
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
	if (m->post)
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

/* ---- a lock and a signal that another process holds and gives ---- */

static struct sharing {
	pthread_mutex_t mutex;
	sem_t sem;
} *sharing;

/* What that process does: it goes when this one does. */
static void share_mutex(void)
{
	for (;;) {
		pthread_mutex_lock(&sharing->mutex);
		sleep_ns(HOLD_NS);
		pthread_mutex_unlock(&sharing->mutex);
		sleep_ns(HOLD_NS / 3);
	}
}

static void share_semaphore(void)
{
	for (;;) {
		sleep_ns(PERIOD_NS);
		sem_post(&sharing->sem);
	}
}

static void fork_sharer(const char *name, void (*run)(void))
{
	pid_t parent = getpid();

	if (!is_wanted(name) || fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent)
		run();
	_exit(0);
}

void fork_sharers(void)
{
	pthread_mutexattr_t attr;

	sharing = mmap(NULL, sizeof(*sharing), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (sharing == MAP_FAILED)
		die("mmap");
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&sharing->mutex, &attr);
	sem_init(&sharing->sem, 1, 0);
	fork_sharer("shared-mutex", share_mutex);
	fork_sharer("shared-sem", share_semaphore);
}

static void *run_shared_mutex(void *arg)
{
	struct waits *w = waits_new("shared-mutex", "ipc");

	(void)arg;
	name_me("shared-mutex");
	while (!stop) {
		waits_begin(w);
		pthread_mutex_lock(&sharing->mutex);
		waits_end(w);
		pthread_mutex_unlock(&sharing->mutex);
		sleep_ns(HOLD_NS / 6);
	}
	return NULL;
}

static void *run_shared_semaphore(void *arg)
{
	struct waits *w = waits_new("shared-sem", "ipc");

	(void)arg;
	name_me("shared-sem");
	while (!stop) {
		waits_begin(w);
		sem_wait(&sharing->sem);
		waits_end(w);
	}
	return NULL;
}

void start_locks(void)
{
	init_mutexes();
	for (size_t i = 0; i < COUNT(contests); i++)
		start_kind(contests[i].name, run_contest, &contests[i], true);
	for (size_t i = 0; i < COUNT(meetings); i++)
		start_kind(meetings[i].name, run_meeting, &meetings[i], true);
	start_kind("join", run_join, NULL, true);
	start_kind("shared-mutex", run_shared_mutex, NULL, true);
	start_kind("shared-sem", run_shared_semaphore, NULL, true);
}
