/* SPDX-License-Identifier: MIT */
/*
 * Waits on one descriptor of each kind that truth_ipc.c and truth_calls.c lack, ended
 * by another process or by a thread of this one. Started by --only 'k-*', not by
 * themselves.
 */
#include <arpa/inet.h>
#include <mqueue.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "truth.h"

struct kind {
	const char *name, *bucket;
	void (*prepare)(struct kind *k);
	bool (*wait)(struct kind *k);	/* one wait; false: failed */
	bool (*end)(struct kind *k);	/* what ends it, in the other process or thread */
	bool by_sibling;
	int fd, far_fd;
	mqd_t mq;
	struct sockaddr_in in;
	char path[200];
	pid_t waiter;	/* its thread */
	pid_t pid;
};

struct message {
	long type;
	char text[8];
};

/* ---- bytes through a pair of descriptors ---- */

static void prepare_pipe(struct kind *k)
{
	int fds[2];

	if (pipe(fds))
		die("pipe");
	k->fd = fds[0];
	k->far_fd = fds[1];
}

static void pair_of(struct kind *k, int type)
{
	int fds[2];

	if (socketpair(AF_UNIX, type, 0, fds))
		die("socketpair");
	k->fd = fds[0];
	k->far_fd = fds[1];
}

static void prepare_stream(struct kind *k)
{
	pair_of(k, SOCK_STREAM);
}

static void prepare_datagram(struct kind *k)
{
	pair_of(k, SOCK_DGRAM);
}

static void prepare_seqpacket(struct kind *k)
{
	pair_of(k, SOCK_SEQPACKET);
}

static void prepare_eventfd(struct kind *k)
{
	k->fd = k->far_fd = eventfd(0, 0);
}

static bool take(struct kind *k)
{
	char buf[8];

	return read(k->fd, buf, sizeof(buf)) > 0;
}

static bool give(struct kind *k)
{
	uint64_t one = 1;

	sleep_ns(PERIOD_NS);
	return write(k->far_fd, &one, sizeof(one)) == sizeof(one);
}

/* The pipe is full, and its reader slow. */
static bool fill(struct kind *k)
{
	static char page[65536];

	return write(k->far_fd, page, sizeof(page)) > 0;
}

static bool drain(struct kind *k)
{
	static char pages[65536];

	sleep_ns(PERIOD_NS);
	return read(k->fd, pages, sizeof(pages)) > 0;
}

/* ---- what has a name in the file system ---- */

static void prepare_fifo(struct kind *k)
{
	snprintf(k->path, sizeof(k->path), "%.100s/%s.fifo", dir, k->name);
	unlink(k->path);
	if (mkfifo(k->path, 0600))
		die("mkfifo");
}

static void prepare_open_fifo(struct kind *k)
{
	prepare_fifo(k);
	k->fd = k->far_fd = open(k->path, O_RDWR);
}

static bool open_reader(struct kind *k)
{
	int fd = open(k->path, O_RDONLY);
	char c;

	if (fd < 0)
		return false;
	while (read(fd, &c, 1) > 0)
		;
	return !close(fd);
}

static bool open_writer(struct kind *k)
{
	int fd;

	sleep_ns(PERIOD_NS);
	fd = open(k->path, O_WRONLY);
	return fd >= 0 && !close(fd);
}

static void prepare_inotify(struct kind *k)
{
	snprintf(k->path, sizeof(k->path), "%.100s/%s.d", dir, k->name);
	mkdir(k->path, 0700);
	k->fd = inotify_init1(0);
	if (inotify_add_watch(k->fd, k->path, IN_ATTRIB) < 0)
		die("inotify");
}

static bool take_news(struct kind *k)
{
	char buf[4096];

	return read(k->fd, buf, sizeof(buf)) > 0;
}

static bool touch(struct kind *k)
{
	sleep_ns(PERIOD_NS);
	return !chmod(k->path, 0700);
}

/* ---- signals, terminals ---- */

static void prepare_signalfd(struct kind *k)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	k->fd = signalfd(-1, &set, 0);
}

static bool take_signal(struct kind *k)
{
	struct signalfd_siginfo info;

	return read(k->fd, &info, sizeof(info)) == sizeof(info);
}

static bool send_signal(struct kind *k)
{
	sleep_ns(PERIOD_NS);
	/* To the kernel a thread that has ended is nobody; pthread_kill() would look into its stack. */
	tgkill(getpid(), k->waiter, SIGRTMIN + 1);
	return true;
}

static void prepare_tty(struct kind *k)
{
	k->far_fd = posix_openpt(O_RDWR | O_NOCTTY);
	if (k->far_fd < 0 || grantpt(k->far_fd) || unlockpt(k->far_fd))
		die("pty");
	k->fd = open(ptsname(k->far_fd), O_RDWR | O_NOCTTY);
}

static bool type(struct kind *k)
{
	sleep_ns(PERIOD_NS);
	return write(k->far_fd, "x\n", 2) == 2;
}

/* ---- queues and semaphores ---- */

static void prepare_mqueue(struct kind *k)
{
	struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = 8 };
	char name[64];

	snprintf(name, sizeof(name), "/truth-%d-%s", getpid(), k->name);
	k->mq = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	if (k->mq < 0)
		die("mq_open");
	mq_unlink(name);
}

static bool take_mq(struct kind *k)
{
	char buf[8];

	return mq_receive(k->mq, buf, sizeof(buf), NULL) >= 0;
}

static bool give_mq(struct kind *k)
{
	sleep_ns(PERIOD_NS);
	return !mq_send(k->mq, "x", 1, 0);
}

static void prepare_queue(struct kind *k)
{
	k->fd = msgget(IPC_PRIVATE, 0600);
}

static bool take_message(struct kind *k)
{
	struct message m;

	return msgrcv(k->fd, &m, sizeof(m.text), 0, 0) >= 0;
}

static bool give_message(struct kind *k)
{
	struct message m = { .type = 1 };

	sleep_ns(PERIOD_NS);
	return !msgsnd(k->fd, &m, sizeof(m.text), 0);
}

static void prepare_semaphore(struct kind *k)
{
	k->fd = semget(IPC_PRIVATE, 1, 0600);
}

static bool take_semaphore(struct kind *k)
{
	struct sembuf op = { .sem_op = -1 };

	return !semop(k->fd, &op, 1);
}

static bool give_semaphore(struct kind *k)
{
	struct sembuf op = { .sem_op = 1 };

	sleep_ns(PERIOD_NS);
	return !semop(k->fd, &op, 1);
}

/* ---- datagrams over the loopback, and slow connections ---- */

static int bound_datagram(struct sockaddr_in *in)
{
	socklen_t len = sizeof(*in);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	*in = (struct sockaddr_in){ .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (bind(fd, (struct sockaddr *)in, len) || getsockname(fd, (struct sockaddr *)in, &len))
		die("bind");
	return fd;
}

static void prepare_udp_server(struct kind *k)
{
	k->fd = bound_datagram(&k->in);
	k->far_fd = socket(AF_INET, SOCK_DGRAM, 0);
}

static bool ask(struct kind *k)
{
	sleep_ns(PERIOD_NS);
	return sendto(k->far_fd, "x", 1, 0, (struct sockaddr *)&k->in, sizeof(k->in)) == 1;
}

static void prepare_udp_client(struct kind *k)
{
	k->far_fd = bound_datagram(&k->in);
	k->fd = socket(AF_INET, SOCK_DGRAM, 0);
}

static void prepare_udp_connected(struct kind *k)
{
	prepare_udp_client(k);
	if (connect(k->fd, (struct sockaddr *)&k->in, sizeof(k->in)))
		die("connect");
}

static bool ask_by_address(struct kind *k)
{
	return sendto(k->fd, "x", 1, 0, (struct sockaddr *)&k->in, sizeof(k->in)) == 1 && take(k);
}

static bool ask_connected(struct kind *k)
{
	return send(k->fd, "x", 1, 0) == 1 && take(k);
}

static bool answer(struct kind *k)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char c;

	if (recvfrom(k->far_fd, &c, 1, 0, (struct sockaddr *)&from, &len) != 1)
		return false;
	sleep_ns(PERIOD_NS);
	return sendto(k->far_fd, &c, 1, 0, (struct sockaddr *)&from, len) == 1;
}

/* Nobody accepts for a while, and there is room for one to wait. */
static void prepare_connect(struct kind *k)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	snprintf(k->path, sizeof(k->path), "%.80s/%s", dir, k->name);
	unlink(k->path);
	snprintf(un.sun_path, sizeof(un.sun_path), "%.100s", k->path);
	k->far_fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(k->far_fd, (struct sockaddr *)&un, sizeof(un)) || listen(k->far_fd, 0))
		die("bind");
}

static bool do_connect(struct kind *k)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%.100s", k->path);
	return !connect(fd, (struct sockaddr *)&un, sizeof(un)) && !close(fd);
}

static bool do_accept(struct kind *k)
{
	sleep_ns(PERIOD_NS);
	return !close(accept(k->far_fd, NULL, NULL));
}

#define K(name, bucket, prepare, wait, end, by_sibling) \
	{ name, bucket, prepare, wait, end, by_sibling, -1, -1, -1, { 0 }, "", 0, 0 }

static struct kind kinds[] = {
	K("k-pipe-sib", "sync", prepare_pipe, take, give, true),
	K("k-full-pipe", "ipc", prepare_pipe, fill, drain, false),
	K("k-full-sib", "sync", prepare_pipe, fill, drain, true),
	K("k-eventfd", "ipc", prepare_eventfd, take, give, false),
	K("k-eventfd-sib", "sync", prepare_eventfd, take, give, true),
	K("k-unix-sib", "sync", prepare_stream, take, give, true),
	K("k-datagram", "ipc", prepare_datagram, take, give, false),
	K("k-seqpacket", "ipc", prepare_seqpacket, take, give, false),
	K("k-fifo", "ipc", prepare_open_fifo, take, give, false),
	K("k-fifo-open", "ipc", prepare_fifo, open_reader, open_writer, false),
	K("k-inotify", "idle", prepare_inotify, take_news, touch, false),
	K("k-signalfd", "idle", prepare_signalfd, take_signal, send_signal, true),
	K("k-tty", "idle", prepare_tty, take, type, false),
	K("k-mqueue", "ipc", prepare_mqueue, take_mq, give_mq, false),
	K("k-mqueue-sib", "sync", prepare_mqueue, take_mq, give_mq, true),
	K("k-sysv-queue", "ipc", prepare_queue, take_message, give_message, false),
	K("k-sysv-sem", "ipc", prepare_semaphore, take_semaphore, give_semaphore, false),
	K("k-udp-server", "idle", prepare_udp_server, take, ask, false),
	K("k-udp-client", "ipc", prepare_udp_client, ask_by_address, answer, false),
	K("k-udp-connected", "ipc", prepare_udp_connected, ask_connected, answer, false),
	K("k-connect", "ipc", prepare_connect, do_connect, do_accept, false),
};

static void *run_kind(void *arg)
{
	struct kind *k = arg;
	struct waits *w = waits_new(k->name, k->bucket);

	name_me(k->name);
	k->waiter = gettid();
	while (!stop) {
		waits_begin(w);
		if (!k->wait(k))
			die(k->name);
		waits_end(w);
	}
	return NULL;
}

static void *run_end(void *arg)
{
	struct kind *k = arg;

	name_me("k-sibling");
	sleep_ns(PERIOD_NS);
	while (k->end(k))
		;
	return NULL;
}

void fork_kinds(void)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct kind *k = &kinds[i];

		if (!is_wanted(k->name))
			continue;
		k->prepare(k);
		if (k->by_sibling)
			continue;
		k->pid = fork_named("h-kind");
		if (k->pid)
			continue;
		while (k->end(k))
			;
		_exit(0);
	}
}

void start_kinds(void)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		start_kind(kinds[i].name, run_kind, &kinds[i], true);
		if (kinds[i].by_sibling && is_wanted(kinds[i].name))
			start_thread(run_end, &kinds[i]);
	}
}

/* Queues and semaphores would outlive everybody. */
void kill_kinds(void)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (kinds[i].pid)
			kill(kinds[i].pid, SIGKILL);
		if (kinds[i].prepare == prepare_queue && is_wanted(kinds[i].name))
			msgctl(kinds[i].fd, IPC_RMID, NULL);
		if (kinds[i].prepare == prepare_semaphore && is_wanted(kinds[i].name))
			semctl(kinds[i].fd, 0, IPC_RMID);
	}
}
