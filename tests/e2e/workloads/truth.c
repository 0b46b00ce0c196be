/* SPDX-License-Identifier: MIT */
/*
 * One thread per kind of wait. Each measures how long it was blocked, and where
 * that belongs; the main thread prints all of it as JSON at the end:
 *
 *	{"pid": N, "waits": [{"thread": "pipe", "bucket": "ipc", "at_least": null,
 *	  "intervals": [[start_ns, end_ns, blocked_ns], …]}]}
 *
 * Times are CLOCK_REALTIME, so that a recording that saw only a part of the run
 * can be compared with that part. Blocked is what the call took, less this
 * thread's CPU time and less the time it was runnable without a CPU
 * (/proc/thread-self/schedstat): the machine may be busy.
 *
 *	truth [--seconds S] [--only KIND,…] [--dir DIR] [--net ADDRESS:PORT] [--truth FILE]
 *	truth --serve ADDRESS:PORT
 *
 * Ends after S seconds, or at SIGTERM.
 */
#include <arpa/inet.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#include "workload.h"

#define PERIOD_NS (20 * NS_PER_MS)
#define HOLD_NS (30 * NS_PER_MS)
#define WAIT_MAX 20000

struct interval {
	uint64_t start_ns, end_ns, blocked_ns;
};

/* What one thread says about one kind of its waits. Written by that thread only. */
struct waits {
	const char *thread, *bucket;
	double at_least;	/* 0: both bounds hold; else only this share is promised */
	struct interval *list;
	atomic_size_t cnt;
	atomic_ullong open_ns;	/* start of the wait that goes on; 0: none */
	int schedstat_fd;
	uint64_t start_ns, cpu_ns, delay_ns;
};

static struct waits all_waits[128];
static atomic_size_t waits_cnt;
static atomic_bool stop;
static const char *dir = "/tmp";
static struct sockaddr_in net_addr;
static bool has_net;

static struct waits *waits_new(const char *thread, const char *bucket)
{
	struct waits *w = &all_waits[atomic_fetch_add(&waits_cnt, 1)];

	w->thread = thread;
	w->bucket = bucket;
	w->list = calloc(WAIT_MAX, sizeof(*w->list));
	/* Opened by the thread itself: this path means whoever opens it. */
	w->schedstat_fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	return w;
}

/* Nanoseconds this thread was runnable without a CPU. */
static uint64_t run_delay(const struct waits *w)
{
	unsigned long long cpu = 0, delay = 0;
	char buf[128];
	ssize_t n = pread(w->schedstat_fd, buf, sizeof(buf) - 1, 0);

	if (n <= 0)
		return 0;
	buf[n] = 0;
	return sscanf(buf, "%llu %llu", &cpu, &delay) == 2 ? delay : 0;
}

static void waits_begin(struct waits *w)
{
	w->start_ns = clock_ns(CLOCK_REALTIME);
	w->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	w->delay_ns = run_delay(w);
	atomic_store(&w->open_ns, w->start_ns);
}

static void waits_add(struct waits *w, uint64_t start_ns, uint64_t end_ns, uint64_t blocked_ns)
{
	size_t i = atomic_load(&w->cnt);

	if (i == WAIT_MAX)
		die("too many waits");
	w->list[i] = (struct interval){ start_ns, end_ns, blocked_ns };
	atomic_store(&w->cnt, i + 1);
}

static void waits_end(struct waits *w)
{
	uint64_t end_ns = clock_ns(CLOCK_REALTIME);
	uint64_t awake = clock_ns(CLOCK_THREAD_CPUTIME_ID) - w->cpu_ns + run_delay(w) - w->delay_ns;
	uint64_t elapsed = end_ns - w->start_ns;

	atomic_store(&w->open_ns, 0);
	waits_add(w, w->start_ns, end_ns, elapsed > awake ? elapsed - awake : 0);
}

/* ---- on a CPU ---- */

static void *run_cpu(void *arg)
{
	struct waits *w = waits_new("cpu", "cpu_user|cpu_kernel");

	(void)arg;
	name_me("cpu");
	while (!stop) {
		uint64_t start_ns = clock_ns(CLOCK_REALTIME);
		uint64_t cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);

		burn_ns(5 * NS_PER_MS);
		waits_add(w, start_ns, clock_ns(CLOCK_REALTIME),
			  clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns);
	}
	return NULL;
}

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

/* ---- another process ---- */

/* A process started before any thread; it serves one kind of wait. */
struct partner {
	const char *name, *bucket;
	void (*prepare)(struct partner *p);	/* in the parent, before the fork */
	void (*serve)(struct partner *p);	/* in the helper process, for ever */
	bool (*wait)(struct partner *p);	/* one wait; false: failed */
	int fds[2];				/* [0] the thread's, [1] the helper's */
	mqd_t mq;
	uint32_t *word;
	pid_t pid;
};

static void prepare_pipe(struct partner *p)
{
	if (pipe(p->fds))
		die("pipe");
}

static void prepare_socketpair(struct partner *p)
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, p->fds))
		die("socketpair");
}

static void prepare_eventfd(struct partner *p)
{
	p->fds[0] = p->fds[1] = eventfd(0, 0);
}

static void prepare_mqueue(struct partner *p)
{
	struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = 8 };
	char name[32];

	snprintf(name, sizeof(name), "/truth-%d", getpid());
	p->mq = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	if (p->mq < 0)
		die("mq_open");
	mq_unlink(name);
}

static void prepare_word(struct partner *p)
{
	p->word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p->word == MAP_FAILED)
		die("mmap");
}

/* fds[1] becomes a listening socket, fds[0] a connection to it. */
static void listen_and_connect(struct partner *p, struct sockaddr *addr, socklen_t len)
{
	p->fds[1] = socket(addr->sa_family, SOCK_STREAM, 0);
	p->fds[0] = socket(addr->sa_family, SOCK_STREAM, 0);
	if (bind(p->fds[1], addr, len) || listen(p->fds[1], 1) ||
	    getsockname(p->fds[1], addr, &len) || connect(p->fds[0], addr, len))
		die(p->name);
}

static void prepare_loopback(struct partner *p)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	listen_and_connect(p, (struct sockaddr *)&in, sizeof(in));
}

static void prepare_named_unix(struct partner *p)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	snprintf(un.sun_path, sizeof(un.sun_path), "%.90s/truth.sock", dir);
	unlink(un.sun_path);
	listen_and_connect(p, (struct sockaddr *)&un, sizeof(un));
}

/*
 * The same, and the roles swapped: the thread serves, the helper asks. What was
 * accepted becomes fds[0].
 */
static void swap_roles(struct partner *p)
{
	int accepted = accept(p->fds[1], NULL, NULL);

	if (accepted < 0)
		die("accept");
	/* The listening socket stays open, as a server's does. */
	p->fds[1] = p->fds[0];
	p->fds[0] = accepted;
}

static void prepare_served_tcp(struct partner *p)
{
	prepare_loopback(p);
	swap_roles(p);
}

static void prepare_served_unix(struct partner *p)
{
	prepare_named_unix(p);
	swap_roles(p);
}

static void prepare_net(struct partner *p)
{
	int one = 1;

	p->fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(p->fds[0], (struct sockaddr *)&net_addr, sizeof(net_addr)))
		die("--net");
	setsockopt(p->fds[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void serve_ticks(struct partner *p)
{
	uint64_t one = 1;

	do
		sleep_ns(PERIOD_NS);
	while (write(p->fds[1], &one, p->fds[0] == p->fds[1] ? 8 : 1) > 0);
}

static void serve_messages(struct partner *p)
{
	do
		sleep_ns(PERIOD_NS);
	while (!mq_send(p->mq, "x", 1, 0));
}

static void serve_wakes(struct partner *p)
{
	for (;;) {
		sleep_ns(PERIOD_NS);
		__atomic_add_fetch(p->word, 1, __ATOMIC_SEQ_CST);
		syscall(SYS_futex, p->word, FUTEX_WAKE, 1, NULL, NULL, 0);
	}
}

static void answer_slowly(int fd)
{
	char c;

	while (read(fd, &c, 1) == 1) {
		sleep_ns(PERIOD_NS);
		if (write(fd, &c, 1) != 1)
			break;
	}
}

static void serve_answers(struct partner *p)
{
	answer_slowly(p->fds[1]);
}

static void serve_connection(struct partner *p)
{
	int fd = accept(p->fds[1], NULL, NULL);

	answer_slowly(fd);
}

/* The client of a thread that serves: asks, reads the answer, thinks. */
static void serve_requests(struct partner *p)
{
	char c = 'x';

	while (write(p->fds[1], &c, 1) == 1 && read(p->fds[1], &c, 1) == 1)
		sleep_ns(PERIOD_NS);
}

static bool wait_byte(struct partner *p)
{
	char c;

	return read(p->fds[0], &c, 1) == 1;
}

static bool wait_count(struct partner *p)
{
	uint64_t n;

	return read(p->fds[0], &n, 8) == 8;
}

static bool wait_poll(struct partner *p)
{
	struct pollfd fd = { .fd = p->fds[0], .events = POLLIN };

	return poll(&fd, 1, -1) == 1 && wait_byte(p);
}

static bool wait_epoll(struct partner *p)
{
	struct epoll_event ev = { .events = EPOLLIN };
	static int epoll_fd = -1;

	if (epoll_fd < 0) {
		epoll_fd = epoll_create1(EPOLL_CLOEXEC);
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, p->fds[0], &ev);
	}
	return epoll_wait(epoll_fd, &ev, 1, -1) == 1 && wait_byte(p);
}

static bool wait_message(struct partner *p)
{
	char buf[8];

	return mq_receive(p->mq, buf, sizeof(buf), NULL) == 1;
}

static bool wait_word(struct partner *p)
{
	uint32_t seen = __atomic_load_n(p->word, __ATOMIC_SEQ_CST);

	syscall(SYS_futex, p->word, FUTEX_WAIT, seen, NULL, NULL, 0);
	return true;
}

static bool wait_answer(struct partner *p)
{
	char c = 'x';

	return write(p->fds[0], &c, 1) == 1 && wait_byte(p);
}

static bool wait_request(struct partner *p)
{
	char c;

	return read(p->fds[0], &c, 1) == 1 && write(p->fds[0], &c, 1) == 1;
}

static struct partner partners[] = {
	{ "pipe", "ipc", prepare_pipe, serve_ticks, wait_byte, .word = NULL },
	{ "poll-pipe", "ipc", prepare_pipe, serve_ticks, wait_poll, .word = NULL },
	{ "epoll-pipe", "ipc", prepare_pipe, serve_ticks, wait_epoll, .word = NULL },
	{ "eventfd", "ipc", prepare_eventfd, serve_ticks, wait_count, .word = NULL },
	{ "mqueue", "ipc", prepare_mqueue, serve_messages, wait_message, .word = NULL },
	{ "shared-futex", "ipc", prepare_word, serve_wakes, wait_word, .word = NULL },
	{ "socketpair", "ipc", prepare_socketpair, serve_answers, wait_answer, .word = NULL },
	{ "unix", "ipc", prepare_named_unix, serve_connection, wait_answer, .word = NULL },
	{ "loopback", "ipc", prepare_loopback, serve_connection, wait_answer, .word = NULL },
	{ "served-tcp", "idle", prepare_served_tcp, serve_requests, wait_request, .word = NULL },
	{ "served-unix", "idle", prepare_served_unix, serve_requests, wait_request, .word = NULL },
	{ "network", "network", prepare_net, NULL, wait_answer, .word = NULL },
};

static void *run_partner(void *arg)
{
	struct partner *p = arg;
	struct waits *w = waits_new(p->name, p->bucket);

	name_me(p->name);
	while (!stop) {
		waits_begin(w);
		if (!p->wait(p))
			die(p->name);
		waits_end(w);
	}
	return NULL;
}

/* ---- children ---- */

static void *run_wait4(void *arg)
{
	struct waits *w = waits_new("wait4", "child");

	(void)arg;
	name_me("wait4");
	while (!stop) {
		pid_t pid = fork();

		if (!pid) {
			sleep_ns(2 * PERIOD_NS);
			_exit(0);
		}
		waits_begin(w);
		if (waitpid(pid, NULL, 0) != pid)
			die("waitpid");
		waits_end(w);
	}
	return NULL;
}

/* vfork() suspends the caller until the child ends or execs. */
static void *run_vfork(void *arg)
{
	struct waits *w = waits_new("vfork", "child");

	(void)arg;
	name_me("vfork");
	while (!stop) {
		pid_t pid;

		waits_begin(w);
		pid = vfork();
		if (!pid) {
			struct timespec ts = { .tv_nsec = PERIOD_NS };

			nanosleep(&ts, NULL);
			_exit(0);
		}
		waits_end(w);
		waitpid(pid, NULL, 0);
	}
	return NULL;
}

static pid_t stopped_pid;

/* The waits of another process, known to the one who stops it. */
static void *run_stopper(void *arg)
{
	struct waits *w = waits_new("stopped", "stopped");

	(void)arg;
	name_me("h-stopper");
	while (!stop) {
		siginfo_t info;
		uint64_t start_ns;

		sleep_ns(PERIOD_NS / 2);
		kill(stopped_pid, SIGSTOP);
		if (waitid(P_PID, (id_t)stopped_pid, &info, WSTOPPED))
			die("waitid");
		start_ns = clock_ns(CLOCK_REALTIME);
		sleep_ns(2 * PERIOD_NS);
		kill(stopped_pid, SIGCONT);
		waits_add(w, start_ns, clock_ns(CLOCK_REALTIME),
			  clock_ns(CLOCK_REALTIME) - start_ns);
	}
	return NULL;
}

/* ---- disk ---- */

static int open_file(const char *name, int flags)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/truth-%s", dir, name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | flags, 0600);
	if (fd < 0)
		die(path);
	return fd;
}

static void *run_fsync(void *arg)
{
	struct waits *w = waits_new("fsync", "disk");
	static char block[65536];
	int fd = open_file("fsync", 0);

	(void)arg;
	name_me("fsync");
	w->at_least = 0.85;
	while (!stop) {
		if (pwrite(fd, block, sizeof(block), 0) < 0)
			die("pwrite");
		waits_begin(w);
		if (fsync(fd))
			die("fsync");
		waits_end(w);
		sleep_ns(5 * NS_PER_MS);
	}
	return NULL;
}

static void *run_direct(void *arg)
{
	struct waits *w = waits_new("direct", "disk");
	int fd = open_file("direct", O_DIRECT);
	void *block;

	(void)arg;
	name_me("direct");
	w->at_least = 0.85;
	if (posix_memalign(&block, 4096, 1 << 20))
		die("posix_memalign");
	memset(block, 1, 1 << 20);
	while (!stop) {
		waits_begin(w);
		if (pwrite(fd, block, 1 << 20, 0) < 0)
			die("pwrite");
		waits_end(w);
		sleep_ns(5 * NS_PER_MS);
	}
	return NULL;
}

/* Reads what the page cache has just been made to forget. */
static void *run_pagein(void *arg)
{
	struct waits *w = waits_new("pagein", "disk");
	static char block[1 << 20];
	int fd = open_file("pagein", 0);

	(void)arg;
	name_me("pagein");
	w->at_least = 0.85;
	if (pwrite(fd, block, sizeof(block), 0) < 0 || fsync(fd))
		die("pagein");
	while (!stop) {
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		waits_begin(w);
		if (pread(fd, block, sizeof(block), 0) < 0)
			die("pread");
		waits_end(w);
		sleep_ns(5 * NS_PER_MS);
	}
	return NULL;
}

/* ---- timers ---- */

static void nap(void)
{
	sleep_ns(PERIOD_NS);
}

static void nap_select(void)
{
	struct timeval tv = { .tv_usec = PERIOD_NS / 1000 };

	select(0, NULL, NULL, NULL, &tv);
}

static void nap_poll(void)
{
	poll(NULL, 0, PERIOD_NS / NS_PER_MS);
}

static void nap_epoll(void)
{
	static int epoll_fd = -1, quiet[2];
	struct epoll_event ev = { .events = EPOLLIN };

	if (epoll_fd < 0) {
		if (pipe(quiet))
			die("pipe");
		epoll_fd = epoll_create1(EPOLL_CLOEXEC);
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, quiet[0], &ev);
	}
	epoll_wait(epoll_fd, &ev, 1, PERIOD_NS / NS_PER_MS);
}

static void nap_timerfd(void)
{
	static int timer_fd = -1;
	struct itimerspec its = { .it_value.tv_nsec = PERIOD_NS };
	uint64_t n;

	if (timer_fd < 0)
		timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	timerfd_settime(timer_fd, 0, &its, NULL);
	if (read(timer_fd, &n, sizeof(n)) != sizeof(n))
		die("timerfd");
}

struct timer {
	const char *name;
	void (*nap)(void);
};

static struct timer timers[] = {
	{ "nanosleep", nap },
	{ "select-timeout", nap_select },
	{ "poll-timeout", nap_poll },
	{ "epoll-timeout", nap_epoll },
	{ "timerfd", nap_timerfd },
};

static void *run_timer(void *arg)
{
	struct timer *t = arg;
	struct waits *w = waits_new(t->name, "sleep");

	name_me(t->name);
	while (!stop) {
		waits_begin(w);
		t->nap();
		waits_end(w);
	}
	return NULL;
}

/* ---- servers that nobody calls; they wait until the process ends ---- */

static int listen_somewhere(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&in, sizeof(in)) || listen(fd, 8))
		die("listen");
	return fd;
}

static void *run_accept(void *arg)
{
	struct waits *w = waits_new("accept", "idle");
	int fd = listen_somewhere();

	(void)arg;
	name_me("accept");
	waits_begin(w);
	accept(fd, NULL, NULL);
	die("accept: somebody called");
	return NULL;
}

static void *run_epoll_idle(void *arg)
{
	struct waits *w = waits_new("epoll-idle", "idle");
	struct epoll_event ev = { .events = EPOLLIN };
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC), fd = listen_somewhere();

	(void)arg;
	name_me("epoll-idle");
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev);
	waits_begin(w);
	epoll_wait(epoll_fd, &ev, 1, -1);
	die("epoll-idle: somebody called");
	return NULL;
}

/* ---- the run ---- */

static const char *only;

static bool wanted(const char *name)
{
	const char *at = only;
	size_t len = strlen(name);

	if (!only)
		return strcmp(name, "network") || has_net;
	for (; at; at = strchr(at, ','), at = at ? at + 1 : NULL) {
		if (!strncmp(at, name, len) && (at[len] == ',' || !at[len]))
			return true;
	}
	return false;
}

static pthread_t joinable[64];
static size_t joinable_cnt;

static void start_kind(const char *name, void *(*run)(void *), void *arg, bool ends)
{
	pthread_t t;

	if (!wanted(name))
		return;
	t = start_thread(run, arg);
	if (ends)
		joinable[joinable_cnt++] = t;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void start_partners(void)
{
	for (size_t i = 0; i < COUNT(partners); i++) {
		struct partner *p = &partners[i];
		char name[16];

		if (!wanted(p->name))
			continue;
		p->prepare(p);
		if (!p->serve)
			continue;
		snprintf(name, sizeof(name), "h-%s", p->name);
		p->pid = fork_named(name);
		if (!p->pid) {
			p->serve(p);
			_exit(0);
		}
	}
	if (!wanted("stopped"))
		return;
	stopped_pid = fork_named("stopped");
	while (!stopped_pid)
		sleep_ns(NS_PER_MS);
}

static void start_threads(void)
{
	static const struct {
		const char *name;
		void *(*run)(void *);
		bool ends;
	} others[] = {
		{ "cpu", run_cpu, true },         { "join", run_join, true },
		{ "wait4", run_wait4, true },     { "vfork", run_vfork, true },
		{ "stopped", run_stopper, true }, { "fsync", run_fsync, true },
		{ "direct", run_direct, true },   { "pagein", run_pagein, true },
		{ "accept", run_accept, false },  { "epoll-idle", run_epoll_idle, false },
	};

	for (size_t i = 0; i < COUNT(partners); i++)
		start_kind(partners[i].name, run_partner, &partners[i], true);
	for (size_t i = 0; i < COUNT(contests); i++)
		start_kind(contests[i].name, run_contest, &contests[i], true);
	for (size_t i = 0; i < COUNT(meetings); i++)
		start_kind(meetings[i].name, run_meeting, &meetings[i], true);
	for (size_t i = 0; i < COUNT(timers); i++)
		start_kind(timers[i].name, run_timer, &timers[i], true);
	for (size_t i = 0; i < COUNT(others); i++)
		start_kind(others[i].name, others[i].run, NULL, others[i].ends);
}

static void print_truth(FILE *out)
{
	fprintf(out, "{\"pid\": %d, \"waits\": [", getpid());
	for (size_t i = 0; i < waits_cnt; i++) {
		struct waits *w = &all_waits[i];
		uint64_t open_ns = w->open_ns;

		if (open_ns) {
			uint64_t now = clock_ns(CLOCK_REALTIME);

			waits_add(w, open_ns, now, now - open_ns);
		}
		fprintf(out, "%s\n{\"thread\": \"%s\", \"bucket\": \"%s\", \"at_least\": %g, ",
			i ? "," : "", w->thread, w->bucket, w->at_least);
		fprintf(out, "\"intervals\": [");
		for (size_t j = 0; j < w->cnt; j++) {
			struct interval *iv = &w->list[j];

			fprintf(out, "%s[%llu, %llu, %llu]", j ? ", " : "",
				(unsigned long long)iv->start_ns, (unsigned long long)iv->end_ns,
				(unsigned long long)iv->blocked_ns);
		}
		fprintf(out, "]}");
	}
	fprintf(out, "\n]}\n");
	fflush(out);
}

static struct sockaddr_in parse_address(const char *text)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	char host[64];
	unsigned port;

	if (sscanf(text, "%63[^:]:%u", host, &port) != 2 || !inet_pton(AF_INET, host, &in.sin_addr))
		die(text);
	in.sin_port = htons((uint16_t)port);
	return in;
}

/* The slow server on another host: one connection after the other, for ever. */
static void serve(const char *address)
{
	struct sockaddr_in in = parse_address(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&in, sizeof(in)) || listen(fd, 8))
		die(address);
	say_ready();
	for (;;) {
		int conn = accept(fd, NULL, NULL);

		setsockopt(conn, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		answer_slowly(conn);
		close(conn);
	}
}

static void wait_for_end(double seconds)
{
	uint64_t ns = (uint64_t)(seconds * 1e9);
	struct timespec ts = { .tv_sec = (time_t)(ns / NS_PER_S),
			       .tv_nsec = (long)(ns % NS_PER_S) };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigtimedwait(&set, NULL, &ts);
	stop = true;
	for (size_t i = 0; i < joinable_cnt; i++)
		pthread_join(joinable[i], NULL);
}

int main(int argc, char **argv)
{
	double seconds = 60;
	FILE *out = stdout;
	sigset_t set;

	for (int i = 1; i + 1 < argc; i += 2) {
		const char *opt = argv[i], *value = argv[i + 1];

		if (!strcmp(opt, "--seconds"))
			seconds = atof(value);
		else if (!strcmp(opt, "--only"))
			only = value;
		else if (!strcmp(opt, "--dir"))
			dir = value;
		else if (!strcmp(opt, "--net"))
			net_addr = parse_address(value), has_net = true;
		else if (!strcmp(opt, "--serve"))
			serve(value);
		else if (!strcmp(opt, "--truth") && !(out = fopen(value, "w")))
			die(value);
	}

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	start_partners();
	start_threads();
	say_ready();
	wait_for_end(seconds);
	print_truth(out);
	for (size_t i = 0; i < COUNT(partners); i++) {
		if (partners[i].pid)
			kill(partners[i].pid, SIGKILL);
	}
	if (stopped_pid)
		kill(stopped_pid, SIGKILL);
	_exit(0);
}
