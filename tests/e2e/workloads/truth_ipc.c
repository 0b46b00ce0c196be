/* SPDX-License-Identifier: MIT */
/*
 * Waits for another process: a helper that this one forks, or a server on another
 * host. Who serves whom decides the kind: a thread waits for an answer (IPC), or
 * for the next request (idle).
 */
#include <arpa/inet.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "truth.h"

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

void fork_partners(void)
{
	for (size_t i = 0; i < COUNT(partners); i++) {
		struct partner *p = &partners[i];
		char name[16];

		if (!is_wanted(p->name))
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
}

void start_partners(void)
{
	for (size_t i = 0; i < COUNT(partners); i++)
		start_kind(partners[i].name, run_partner, &partners[i], true);
}

void kill_partners(void)
{
	for (size_t i = 0; i < COUNT(partners); i++) {
		if (partners[i].pid)
			kill(partners[i].pid, SIGKILL);
	}
}

void serve(struct sockaddr_in in)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&in, sizeof(in)) || listen(fd, 8))
		die("--serve");
	say_ready();
	for (;;) {
		int conn = accept(fd, NULL, NULL);

		setsockopt(conn, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		answer_slowly(conn);
		close(conn);
	}
}
