/* SPDX-License-Identifier: MIT */
/*
 * Waits on many descriptors at once, each ended by one of them: the last of 1, 8 or
 * 40, among which the others keep quiet. Started by --only 'p-*', not by themselves.
 */
#include <arpa/inet.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#include "truth.h"

enum how {
	HOW_SELECT,
	HOW_PSELECT,
	HOW_POLL,
	HOW_PPOLL,
	HOW_EPOLL,
	HOW_NESTED,	/* an epoll instance inside another one */
	HOW_URING,	/* one request: poll, or a time-out */
};

/* What ends the wait. */
enum what {
	BY_PIPE,	/* another process writes */
	BY_SIBLING,	/* a thread of this process adds to an eventfd, as event loops do */
	BY_TIME,
	BY_TIMER,	/* a timerfd */
	BY_REQUEST,	/* a connection that was accepted: the next request */
	BY_CALL,	/* a listening socket: the next connection */
	BY_ANSWER,	/* a connection to a server of this machine */
	BY_CHILD,	/* a pidfd */
};

struct poller {
	const char *name, *bucket;
	enum how how;
	int cnt;
	enum what what;
	int fd, far_fd; /* the one that gets ready, and its other end */
	struct sockaddr_in in;
	pid_t pid;
};

#define P(name, bucket, how, cnt, what) { name, bucket, how, cnt, what, -1, -1, { 0 }, 0 }

static struct poller pollers[] = {
	P("p-select1-pipe", "ipc", HOW_SELECT, 1, BY_PIPE),
	P("p-select8-sib", "sync", HOW_SELECT, 8, BY_SIBLING),
	P("p-select40-req", "idle", HOW_SELECT, 40, BY_REQUEST),
	P("p-select40-time", "sleep", HOW_SELECT, 40, BY_TIME),
	P("p-psel8-pipe", "ipc", HOW_PSELECT, 8, BY_PIPE),
	P("p-psel40-sib", "sync", HOW_PSELECT, 40, BY_SIBLING),
	P("p-psel1-time", "sleep", HOW_PSELECT, 1, BY_TIME),
	P("p-poll1-sib", "sync", HOW_POLL, 1, BY_SIBLING),
	P("p-poll8-req", "idle", HOW_POLL, 8, BY_REQUEST),
	P("p-poll40-pipe", "ipc", HOW_POLL, 40, BY_PIPE),
	P("p-poll8-answer", "ipc", HOW_POLL, 8, BY_ANSWER),
	P("p-poll8-time", "sleep", HOW_POLL, 8, BY_TIME),
	P("p-poll8-call", "idle", HOW_POLL, 8, BY_CALL),
	P("p-poll8-child", "child", HOW_POLL, 8, BY_CHILD),
	P("p-ppoll40-req", "idle", HOW_PPOLL, 40, BY_REQUEST),
	P("p-ppoll40-time", "sleep", HOW_PPOLL, 40, BY_TIME),
	P("p-ppoll8-timer", "sleep", HOW_PPOLL, 8, BY_TIMER),
	P("p-epoll1-req", "idle", HOW_EPOLL, 1, BY_REQUEST),
	P("p-epoll8-sib", "sync", HOW_EPOLL, 8, BY_SIBLING),
	P("p-epoll8-answer", "ipc", HOW_EPOLL, 8, BY_ANSWER),
	P("p-epoll8-timer", "sleep", HOW_EPOLL, 8, BY_TIMER),
	P("p-epoll40-pipe", "ipc", HOW_EPOLL, 40, BY_PIPE),
	P("p-epoll40-time", "sleep", HOW_EPOLL, 40, BY_TIME),
	P("p-nested8-pipe", "ipc", HOW_NESTED, 8, BY_PIPE),
	P("p-nested8-req", "idle", HOW_NESTED, 8, BY_REQUEST),
	P("p-uring-pipe", "ipc", HOW_URING, 1, BY_PIPE),
	P("p-uring-req", "idle", HOW_URING, 1, BY_REQUEST),
	P("p-uring-sib", "sync", HOW_URING, 1, BY_SIBLING),
	P("p-uring-time", "sleep", HOW_URING, 1, BY_TIME),
};

/* ---- what ends them, and the helpers ---- */

static int listen_here(struct sockaddr_in *in)
{
	socklen_t len = sizeof(*in);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*in = (struct sockaddr_in){ .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (bind(fd, (struct sockaddr *)in, len) || listen(fd, 8) ||
	    getsockname(fd, (struct sockaddr *)in, &len))
		die("listen");
	return fd;
}

static int connect_to(const struct sockaddr_in *in)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (const struct sockaddr *)in, sizeof(*in)))
		die("connect");
	return fd;
}

static void prepare(struct poller *p)
{
	int fds[2], listener;

	switch (p->what) {
	case BY_PIPE:
		if (pipe(fds))
			die("pipe");
		p->fd = fds[0];
		p->far_fd = fds[1];
		break;
	case BY_SIBLING:
		p->fd = p->far_fd = eventfd(0, 0);
		break;
	case BY_TIME:
		p->fd = eventfd(0, 0);
		break;
	case BY_TIMER:
		p->fd = timerfd_create(CLOCK_MONOTONIC, 0);
		break;
	case BY_CALL:
		p->fd = listen_here(&p->in);
		break;
	case BY_REQUEST:
	case BY_ANSWER:
		listener = listen_here(&p->in);
		p->far_fd = connect_to(&p->in);
		p->fd = accept(listener, NULL, NULL);
		break;
	case BY_CHILD:
		break;
	}
	if (p->what == BY_ANSWER) {
		int served = p->fd;

		p->fd = p->far_fd;
		p->far_fd = served;
	}
}

static bool has_helper(const struct poller *p)
{
	return p->what == BY_PIPE || p->what == BY_REQUEST || p->what == BY_CALL ||
	       p->what == BY_ANSWER;
}

static void help(const struct poller *p)
{
	char c = 'x';

	for (;;) {
		if (p->what == BY_ANSWER && read(p->far_fd, &c, 1) != 1)
			_exit(0);
		sleep_ns(PERIOD_NS);
		if (p->what == BY_CALL)
			close(connect_to(&p->in));
		else if (write(p->far_fd, &c, 1) != 1)
			_exit(0);
		if (p->what == BY_REQUEST && read(p->far_fd, &c, 1) != 1)
			_exit(0);
	}
}

static void *run_sibling(void *arg)
{
	struct poller *p = arg;
	uint64_t one = 1;

	name_me("p-sibling");
	for (;;) {
		sleep_ns(PERIOD_NS);
		if (write(p->far_fd, &one, sizeof(one)) < 0)
			die("eventfd");
	}
	return NULL;
}

/* ---- the waits ---- */

/* Nobody is at the other end of these, or it keeps quiet. */
static int quiet_fd(int i)
{
	struct sockaddr_in in;
	int fds[2];

	switch (i % 4) {
	case 0:
		if (pipe(fds))
			die("pipe");
		return fds[0];
	case 1:
		return eventfd(0, 0);
	case 2:
		return listen_here(&in);
	default:
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
			die("socketpair");
		return fds[0];
	}
}

static int add_to_epoll(int epoll_fd, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

static int epoll_of(const int *fds, int cnt)
{
	int epoll_fd = epoll_create1(0);

	for (int i = 0; i < cnt; i++)
		if (add_to_epoll(epoll_fd, fds[i]))
			die("epoll_ctl");
	return epoll_fd;
}

/* Just enough of a ring for one request at a time. */
struct ring {
	int fd;
	unsigned *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail;
	struct io_uring_sqe *sqes;
};

/* False: this kernel or its administrator has none. */
static bool ring_open(struct ring *r)
{
	struct io_uring_params p = { 0 };
	char *sq, *cq;

	r->fd = (int)syscall(SYS_io_uring_setup, 4, &p);
	if (r->fd < 0)
		return false;
	sq = mmap(NULL, p.sq_off.array + p.sq_entries * sizeof(unsigned), PROT_READ | PROT_WRITE,
		  MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
	cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe),
		  PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_CQ_RING);
	r->sqes = mmap(NULL, p.sq_entries * sizeof(*r->sqes), PROT_READ | PROT_WRITE, MAP_SHARED,
		       r->fd, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || r->sqes == MAP_FAILED)
		die("io_uring");
	r->sq_tail = (unsigned *)(sq + p.sq_off.tail);
	r->sq_mask = (unsigned *)(sq + p.sq_off.ring_mask);
	r->sq_array = (unsigned *)(sq + p.sq_off.array);
	r->cq_head = (unsigned *)(cq + p.cq_off.head);
	r->cq_tail = (unsigned *)(cq + p.cq_off.tail);
	return true;
}

static void wait_ring(const struct poller *p, const struct ring *r)
{
	struct __kernel_timespec ts = { .tv_nsec = PERIOD_NS };
	unsigned tail = *r->sq_tail, i = tail & *r->sq_mask;
	struct io_uring_sqe *sqe = &r->sqes[i];

	*sqe = (struct io_uring_sqe){ .opcode = IORING_OP_POLL_ADD,
				      .fd = p->fd,
				      .poll32_events = POLLIN };
	if (p->what == BY_TIME)
		*sqe = (struct io_uring_sqe){
			.opcode = IORING_OP_TIMEOUT, .fd = -1, .addr = (uintptr_t)&ts, .len = 1
		};
	r->sq_array[i] = i;
	__atomic_store_n(r->sq_tail, tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, r->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		die("io_uring_enter");
	__atomic_store_n(r->cq_head, __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE),
			 __ATOMIC_RELEASE);
}

static int wait_select(const struct poller *p, const int *fds, int ms)
{
	struct timespec ts = { .tv_nsec = ms * 1000000L };
	struct timeval tv = { .tv_usec = ms * 1000 };
	int max = 0;
	fd_set set;

	FD_ZERO(&set);
	for (int i = 0; i < p->cnt; i++) {
		FD_SET(fds[i], &set);
		max = fds[i] > max ? fds[i] : max;
	}
	if (p->how == HOW_SELECT)
		return select(max + 1, &set, NULL, NULL, ms < 0 ? NULL : &tv);
	return pselect(max + 1, &set, NULL, NULL, ms < 0 ? NULL : &ts, NULL);
}

static int wait_poll(const struct poller *p, const int *fds, int ms)
{
	struct timespec ts = { .tv_nsec = ms * 1000000L };
	struct pollfd set[40];

	for (int i = 0; i < p->cnt; i++)
		set[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	if (p->how == HOW_POLL)
		return poll(set, (nfds_t)p->cnt, ms);
	return ppoll(set, (nfds_t)p->cnt, ms < 0 ? NULL : &ts, NULL);
}

static void wait_once(const struct poller *p, const int *fds, int epoll_fd)
{
	int ms = p->what == BY_TIME ? (int)(PERIOD_NS / NS_PER_MS) : -1;
	struct epoll_event ev;
	int ready;

	if (epoll_fd >= 0)
		ready = epoll_wait(epoll_fd, &ev, 1, ms);
	else if (p->how == HOW_SELECT || p->how == HOW_PSELECT)
		ready = wait_select(p, fds, ms);
	else
		ready = wait_poll(p, fds, ms);
	if (ready != (p->what != BY_TIME))
		die(p->name);
}

static void before(struct poller *p)
{
	struct itimerspec its = { .it_value.tv_nsec = PERIOD_NS };
	char c = 'x';

	if (p->what == BY_ANSWER && write(p->fd, &c, 1) != 1)
		die(p->name);
	if (p->what == BY_TIMER)
		timerfd_settime(p->fd, 0, &its, NULL);
	if (p->what != BY_CHILD)
		return;
	p->pid = fork();
	if (!p->pid) {
		sleep_ns(2 * PERIOD_NS);
		_exit(0);
	}
	p->fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
}

static void after(struct poller *p)
{
	char buf[8] = { 0 };

	if (p->what == BY_CALL)
		close(accept(p->fd, NULL, NULL));
	else if (p->what == BY_CHILD)
		waitpid(p->pid, NULL, 0);
	else if (p->what != BY_TIME && read(p->fd, buf, sizeof(buf)) < 0)
		die(p->name);
	if (p->what == BY_CHILD)
		close(p->fd);
	if (p->what == BY_REQUEST && write(p->fd, buf, 1) != 1)
		die(p->name);
}

static void *run_ring(struct poller *p)
{
	struct waits *w;
	struct ring r;

	if (!ring_open(&r))
		return NULL;
	w = waits_new(p->name, p->bucket);
	name_me(p->name);
	while (!stop) {
		before(p);
		waits_begin(w);
		wait_ring(p, &r);
		waits_end(w);
		after(p);
	}
	return NULL;
}

static void *run_descriptors(struct poller *p)
{
	struct waits *w = waits_new(p->name, p->bucket);
	int fds[40], epoll_fd = -1;

	name_me(p->name);
	for (int i = 0; i < p->cnt - 1; i++)
		fds[i] = quiet_fd(i);
	fds[p->cnt - 1] = p->fd;
	if (p->how >= HOW_EPOLL)
		epoll_fd = epoll_of(fds, p->cnt);
	if (p->how == HOW_NESTED)
		epoll_fd = epoll_of(&epoll_fd, 1);
	while (!stop) {
		before(p);
		fds[p->cnt - 1] = p->fd;
		waits_begin(w);
		wait_once(p, fds, epoll_fd);
		waits_end(w);
		after(p);
	}
	return NULL;
}

static void *run_poller(void *arg)
{
	struct poller *p = arg;

	return p->how == HOW_URING ? run_ring(p) : run_descriptors(p);
}

void fork_polls(void)
{
	for (size_t i = 0; i < COUNT(pollers); i++) {
		struct poller *p = &pollers[i];

		if (!is_wanted(p->name))
			continue;
		prepare(p);
		if (!has_helper(p))
			continue;
		p->pid = fork_named("h-poll");
		if (!p->pid)
			help(p);
	}
}

void start_polls(void)
{
	for (size_t i = 0; i < COUNT(pollers); i++) {
		struct poller *p = &pollers[i];

		if (p->what == BY_SIBLING && is_wanted(p->name))
			start_thread(run_sibling, p);
		start_kind(p->name, run_poller, p, true);
	}
}

void kill_polls(void)
{
	for (size_t i = 0; i < COUNT(pollers); i++)
		if (has_helper(&pollers[i]) && pollers[i].pid)
			kill(pollers[i].pid, SIGKILL);
}
