/* SPDX-License-Identifier: MIT */
/*
 * Waits in calls that nobody else ends: of the disk, of timers, and of servers that
 * nobody calls.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include "truth.h"

/* ---- disk ---- */

/* A new file may wait for the disk, too. */
static int open_file(struct waits *w, int flags)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/truth-%s", dir, w->thread);
	waits_begin(w);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | flags, 0600);
	if (fd < 0)
		die(path);
	waits_end(w);
	return fd;
}

static void *run_fsync(void *arg)
{
	struct waits *w = waits_new("fsync", "disk");
	static char block[65536];
	int fd = open_file(w, 0);

	(void)arg;
	name_me("fsync");
	w->at_least = 0.85;
	while (!stop) {
		waits_begin(w);
		if (pwrite(fd, block, sizeof(block), 0) < 0 || fsync(fd))
			die("fsync");
		waits_end(w);
		sleep_ns(5 * NS_PER_MS);
	}
	return NULL;
}

static void *run_direct(void *arg)
{
	struct waits *w = waits_new("direct", "disk");
	int fd = open_file(w, O_DIRECT);
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

/*
 * Reads what the page cache has just been made to forget. To forget, the kernel may
 * wait for its own threads on other CPUs, which is long on a busy machine.
 */
static void *run_pagein(void *arg)
{
	struct waits *w = waits_new("pagein", "disk"), *forget = waits_new("pagein", "memory");
	static char block[1 << 20];
	int fd = open_file(w, 0);

	(void)arg;
	name_me("pagein");
	w->at_least = forget->at_least = 0.85;
	waits_begin(w);
	if (pwrite(fd, block, sizeof(block), 0) < 0 || fsync(fd))
		die("pagein");
	waits_end(w);
	while (!stop) {
		waits_begin(forget);
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		waits_end(forget);
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

void start_calls(void)
{
	start_kind("fsync", run_fsync, NULL, true);
	start_kind("direct", run_direct, NULL, true);
	start_kind("pagein", run_pagein, NULL, true);
	for (size_t i = 0; i < COUNT(timers); i++)
		start_kind(timers[i].name, run_timer, &timers[i], true);
	start_kind("accept", run_accept, NULL, false);
	start_kind("epoll-idle", run_epoll_idle, NULL, false);
}
