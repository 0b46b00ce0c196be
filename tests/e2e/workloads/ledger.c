/* SPDX-License-Identifier: MIT */
/*
 * Sends known numbers of messages and bytes from one process to another through
 * every kind of channel, and prints what it sent as JSON:
 *
 *	ledger [--signal] [--truth FILE] [--dir DIR] [--hold]
 *
 * --signal: open everything, say ready, and begin at SIGUSR1. --hold: afterwards
 * keep all channels open until SIGTERM. Each kind has its own sizes, so that no two
 * channels can be taken for each other.
 */
#include <arpa/inet.h>
#include <mqueue.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "workload.h"

#define PAUSE_NS (20 * NS_PER_MS)	/* before each kind: its receiver waits this long */
#define SLOW_NS (100 * NS_PER_MS)	/* that a receiver lets its sender wait */
#define BATCH 16
#define SIZE_MAX_BYTES 65536

/* One way through a channel. fds[0] is the receiver's end, fds[1] the sender's. */
struct line {
	const char *name, *kind;
	int cnt, size;
	void (*open)(struct line *l);		/* in the parent, before the fork */
	void (*send)(struct line *l);
	void (*receive)(struct line *l);
	bool back;				/* the other way through the line before */
	bool slow;				/* the receiver takes its time */
	int fds[2];
	int other[2];				/* a pipe in between, or a file */
	mqd_t mq;
	struct sockaddr_storage addr;
	socklen_t addr_len;
	uint64_t write_wait_ns;
};

static const char *dir = "/tmp";
static char buf[SIZE_MAX_BYTES];
static pid_t parent_pid, child_pid;

static void must(bool ok, const struct line *l, const char *what)
{
	if (!ok) {
		fprintf(stderr, "ledger: %s: %s: %s\n", l->name, what, strerror(errno));
		_exit(99);
	}
}

static uint64_t bytes_of(const struct line *l)
{
	return (uint64_t)l->cnt * (uint64_t)l->size;
}

/* ---- opening ---- */

static void open_pipe(struct line *l)
{
	must(!pipe(l->fds), l, "pipe");
}

static void open_two_pipes(struct line *l)
{
	open_pipe(l);
	must(!pipe(l->other), l, "pipe");
}

static void open_fifo(struct line *l)
{
	char path[128];

	snprintf(path, sizeof(path), "%.90s/ledger.fifo", dir);
	unlink(path);
	must(!mkfifo(path, 0600), l, "mkfifo");
	l->fds[0] = l->fds[1] = open(path, O_RDWR);
	must(l->fds[0] >= 0, l, "open");
}

static void open_pair(struct line *l, int type)
{
	must(!socketpair(AF_UNIX, type, 0, l->fds), l, "socketpair");
}

static void open_stream_pair(struct line *l)
{
	open_pair(l, SOCK_STREAM);
}

static void open_dgram_pair(struct line *l)
{
	open_pair(l, SOCK_DGRAM);
}

static void open_seqpacket(struct line *l)
{
	open_pair(l, SOCK_SEQPACKET);
}

static void unix_name(struct line *l)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&l->addr;

	un->sun_family = AF_UNIX;
	snprintf(un->sun_path, sizeof(un->sun_path), "%.70s/%s.sock", dir, l->name);
	unlink(un->sun_path);
	l->addr_len = sizeof(*un);
}

static void abstract_name(struct line *l)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&l->addr;
	int len;

	un->sun_family = AF_UNIX;
	len = snprintf(un->sun_path + 1, sizeof(un->sun_path) - 1, "ledger-%d", getpid());
	l->addr_len = (socklen_t)(sizeof(un->sun_family) + 1 + (size_t)len);
}

static void loopback(struct line *l, int family)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&l->addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&l->addr;

	l->addr.ss_family = (sa_family_t)family;
	if (family == AF_INET)
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		in6->sin6_addr = in6addr_loopback;
	l->addr_len = family == AF_INET ? sizeof(*in) : sizeof(*in6);
}

/* A server's socket, and a client's connection that it accepted. */
static void open_connection(struct line *l, int family)
{
	int server = socket(family, SOCK_STREAM, 0);

	must(!bind(server, (struct sockaddr *)&l->addr, l->addr_len), l, "bind");
	must(!listen(server, 1), l, "listen");
	getsockname(server, (struct sockaddr *)&l->addr, &l->addr_len);
	l->fds[1] = socket(family, SOCK_STREAM, 0);
	must(!connect(l->fds[1], (struct sockaddr *)&l->addr, l->addr_len), l, "connect");
	l->fds[0] = accept(server, NULL, NULL);
	must(l->fds[0] >= 0, l, "accept");
	close(server);
}

static void open_named_stream(struct line *l)
{
	unix_name(l);
	open_connection(l, AF_UNIX);
}

static void open_tcp4(struct line *l)
{
	loopback(l, AF_INET);
	open_connection(l, AF_INET);
}

static void open_tcp6(struct line *l)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	loopback(l, AF_INET6);
	if (fd < 0 || bind(fd, (struct sockaddr *)&l->addr, l->addr_len)) {
		l->cnt = 0;	/* this machine has no IPv6 */
		return;
	}
	close(fd);
	open_connection(l, AF_INET6);
}

/* A bound socket that receives; what sends to it is not connected. */
static void open_datagrams(struct line *l, int family)
{
	l->fds[0] = socket(family, SOCK_DGRAM, 0);
	l->fds[1] = socket(family, SOCK_DGRAM, 0);
	must(!bind(l->fds[0], (struct sockaddr *)&l->addr, l->addr_len), l, "bind");
	if (family != AF_UNIX)
		getsockname(l->fds[0], (struct sockaddr *)&l->addr, &l->addr_len);
}

static void open_unix_to_name(struct line *l)
{
	unix_name(l);
	open_datagrams(l, AF_UNIX);
}

static void open_unix_abstract(struct line *l)
{
	abstract_name(l);
	open_datagrams(l, AF_UNIX);
}

static void open_unix_one_way(struct line *l)
{
	unix_name(l);
	open_datagrams(l, AF_UNIX);
	must(!connect(l->fds[1], (struct sockaddr *)&l->addr, l->addr_len), l, "connect");
}

static void open_udp(struct line *l)
{
	loopback(l, AF_INET);
	open_datagrams(l, AF_INET);
}

static void open_udp_connected(struct line *l)
{
	open_udp(l);
	must(!connect(l->fds[1], (struct sockaddr *)&l->addr, l->addr_len), l, "connect");
}

static void open_eventfd(struct line *l)
{
	l->fds[0] = l->fds[1] = eventfd(0, EFD_SEMAPHORE);
}

static void open_mqueue(struct line *l)
{
	struct mq_attr attr = { .mq_maxmsg = 8, .mq_msgsize = 1024 };
	char name[32];

	snprintf(name, sizeof(name), "/ledger-%d", getpid());
	l->mq = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	must(l->mq >= 0, l, "mq_open");
	mq_unlink(name);
}

static void open_sysv_queue(struct line *l)
{
	l->fds[0] = msgget(IPC_PRIVATE, 0600 | IPC_CREAT);
	must(l->fds[0] >= 0, l, "msgget");
}

static void open_sysv_semaphore(struct line *l)
{
	l->fds[0] = semget(IPC_PRIVATE, 1, 0600 | IPC_CREAT);
	must(l->fds[0] >= 0, l, "semget");
}

static void open_sendfile(struct line *l)
{
	char path[128];

	open_stream_pair(l);
	snprintf(path, sizeof(path), "%.90s/ledger.data", dir);
	l->other[0] = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(write(l->other[0], buf, (size_t)l->size) == l->size, l, "write");
}

/* ---- sending ---- */

static void send_write(struct line *l)
{
	for (int i = 0; i < l->cnt; i++) {
		uint64_t delay_ns = run_delay_ns(), start_ns = clock_ns(CLOCK_MONOTONIC);

		must(write(l->fds[1], buf, (size_t)l->size) == l->size, l, "write");
		l->write_wait_ns += clock_ns(CLOCK_MONOTONIC) - start_ns;
		l->write_wait_ns -= run_delay_ns() - delay_ns;
	}
}

static void send_writev(struct line *l)
{
	struct iovec iov[2] = { { buf, 10 }, { buf + 10, (size_t)l->size - 10 } };

	for (int i = 0; i < l->cnt; i++)
		must(writev(l->fds[1], iov, 2) == l->size, l, "writev");
}

static void send_send(struct line *l)
{
	for (int i = 0; i < l->cnt; i++)
		must(send(l->fds[1], buf, (size_t)l->size, 0) == l->size, l, "send");
}

static void send_to(struct line *l)
{
	for (int i = 0; i < l->cnt; i++)
		must(sendto(l->fds[1], buf, (size_t)l->size, 0, (struct sockaddr *)&l->addr,
			    l->addr_len) == l->size,
		     l, "sendto");
}

static void send_msg(struct line *l)
{
	struct iovec iov = { buf, (size_t)l->size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (l->addr.ss_family == AF_INET) {	/* not connected */
		msg.msg_name = &l->addr;
		msg.msg_namelen = l->addr_len;
	}
	for (int i = 0; i < l->cnt; i++)
		must(sendmsg(l->fds[1], &msg, 0) == l->size, l, "sendmsg");
}

static void send_mmsg(struct line *l)
{
	struct iovec iov = { buf, (size_t)l->size };
	struct mmsghdr msgs[BATCH] = { 0 };

	for (int i = 0; i < BATCH; i++)
		msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iov, .msg_iovlen = 1 };
	for (int sent = 0; sent < l->cnt;) {
		int cnt = l->cnt - sent < BATCH ? l->cnt - sent : BATCH;

		cnt = sendmmsg(l->fds[1], msgs, (unsigned int)cnt, 0);
		must(cnt > 0, l, "sendmmsg");
		sent += cnt;
	}
}

static void send_file(struct line *l)
{
	for (int i = 0; i < l->cnt; i++) {
		off_t at = 0;

		must(sendfile(l->fds[1], l->other[0], &at, (size_t)l->size) == l->size, l,
		     "sendfile");
	}
}

static void send_vmsplice(struct line *l)
{
	struct iovec iov = { buf, (size_t)l->size };

	for (int i = 0; i < l->cnt; i++)
		must(vmsplice(l->fds[1], &iov, 1, 0) == l->size, l, "vmsplice");
}

/* From a pipe of its own into the other's. */
static void send_splice(struct line *l)
{
	for (int i = 0; i < l->cnt; i++) {
		must(write(l->other[1], buf, (size_t)l->size) == l->size, l, "write");
		must(splice(l->other[0], NULL, l->fds[1], NULL, (size_t)l->size, 0) == l->size, l,
		     "splice");
	}
}

static void send_tee(struct line *l)
{
	for (int i = 0; i < l->cnt; i++) {
		must(write(l->other[1], buf, (size_t)l->size) == l->size, l, "write");
		must(tee(l->other[0], l->fds[1], (size_t)l->size, 0) == l->size, l, "tee");
		must(read(l->other[0], buf, (size_t)l->size) == l->size, l, "read");
	}
}

static void send_counts(struct line *l)
{
	uint64_t one = 1;

	for (int i = 0; i < l->cnt; i++)
		must(write(l->fds[1], &one, 8) == 8, l, "write");
}

static void send_mqueue(struct line *l)
{
	for (int i = 0; i < l->cnt; i++)
		must(!mq_send(l->mq, buf, (size_t)l->size, 0), l, "mq_send");
}

static void send_sysv(struct line *l)
{
	static struct {
		long type;
		char text[1024];
	} msg = { .type = 1 };

	for (int i = 0; i < l->cnt; i++)
		must(!msgsnd(l->fds[0], &msg, (size_t)l->size, 0), l, "msgsnd");
}

static void operate(struct line *l, short op)
{
	struct sembuf sem = { .sem_op = op };

	for (int i = 0; i < l->cnt; i++)
		must(!semop(l->fds[0], &sem, 1), l, "semop");
}

static void send_posts(struct line *l)
{
	operate(l, 1);
}

/* ---- receiving ---- */

static void receive_read(struct line *l)
{
	uint64_t rest = bytes_of(l);

	while (rest) {
		ssize_t n = read(l->fds[0], buf, rest < sizeof(buf) ? rest : sizeof(buf));

		must(n > 0, l, "read");
		rest -= (uint64_t)n;
	}
}

static void receive_readv(struct line *l)
{
	uint64_t rest = bytes_of(l);

	while (rest) {
		struct iovec iov = { buf, rest < 3000 ? rest : 3000 };
		ssize_t n = preadv2(l->fds[0], &iov, 1, -1, 0);

		must(n > 0, l, "preadv2");
		rest -= (uint64_t)n;
	}
}

static void receive_packets(struct line *l)
{
	for (int i = 0; i < l->cnt; i++)
		must(recv(l->fds[0], buf, sizeof(buf), 0) == l->size, l, "recv");
}

/* Looks at each message first. */
static void receive_peeking(struct line *l)
{
	for (int i = 0; i < l->cnt; i++) {
		must(recv(l->fds[0], buf, sizeof(buf), MSG_PEEK) == l->size, l, "peek");
		must(recv(l->fds[0], buf, sizeof(buf), 0) == l->size, l, "recv");
	}
}

static void receive_msg(struct line *l)
{
	uint64_t rest = bytes_of(l);

	while (rest) {
		struct iovec iov = { buf, rest < sizeof(buf) ? rest : sizeof(buf) };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
		ssize_t n = recvmsg(l->fds[0], &msg, 0);

		must(n > 0, l, "recvmsg");
		rest -= (uint64_t)n;
	}
}

static void receive_mmsg(struct line *l)
{
	static char bufs[BATCH][2048];
	struct mmsghdr msgs[BATCH] = { 0 };
	struct iovec iov[BATCH];

	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ bufs[i], sizeof(bufs[i]) };
		msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	for (int got = 0; got < l->cnt;) {
		int cnt = recvmmsg(l->fds[0], msgs, BATCH, MSG_WAITFORONE, NULL);

		must(cnt > 0, l, "recvmmsg");
		got += cnt;
	}
}

static void receive_splice(struct line *l)
{
	uint64_t rest = bytes_of(l);
	int null = open("/dev/null", O_WRONLY);

	while (rest) {
		ssize_t n = splice(l->fds[0], NULL, null, NULL, rest, 0);

		must(n > 0, l, "splice");
		rest -= (uint64_t)n;
	}
	close(null);
}

static void receive_counts(struct line *l)
{
	uint64_t one;

	for (int i = 0; i < l->cnt; i++)
		must(read(l->fds[0], &one, 8) == 8, l, "read");
}

static void receive_mqueue(struct line *l)
{
	for (int i = 0; i < l->cnt; i++)
		must(mq_receive(l->mq, buf, 1024, NULL) == l->size, l, "mq_receive");
}

static void receive_sysv(struct line *l)
{
	static struct {
		long type;
		char text[1024];
	} msg;

	for (int i = 0; i < l->cnt; i++)
		must(msgrcv(l->fds[0], &msg, sizeof(msg.text), 0, 0) == l->size, l, "msgrcv");
}

static void receive_posts(struct line *l)
{
	operate(l, -1);
}

/* No two of one kind send as many bytes, or as many messages. */
static struct line lines[] = {
	{ "pipe", "pipe", 1000, 100, open_pipe, send_write, receive_read, .back = false },
	{ "pipe-writev", "pipe", 1100, 200, open_pipe, send_writev, receive_readv, .back = false },
	{ "pipe-slow", "pipe", 120, 4096, open_pipe, send_write, receive_read, .slow = true },
	{ "pipe-splice", "pipe", 400, 500, open_two_pipes, send_splice, receive_splice, .back = false },
	{ "pipe-tee", "pipe", 450, 300, open_two_pipes, send_tee, receive_read, .back = false },
	{ "pipe-vmsplice", "pipe", 500, 1000, open_pipe, send_vmsplice, receive_read, .back = false },
	{ "fifo", "fifo", 600, 300, open_fifo, send_write, receive_read, .back = false },
	{ "unix-pair", "unix", 1000, 210, open_stream_pair, send_send, receive_read, .back = false },
	{ "unix-pair-back", "unix", 300, 70, NULL, send_write, receive_read, .back = true },
	{ "unix-named", "unix", 800, 410, open_named_stream, send_msg, receive_msg, .back = false },
	{ "unix-sendfile", "unix", 100, 9000, open_sendfile, send_file, receive_read, .back = false },
	{ "unix-dgram-pair", "unix", 730, 97, open_dgram_pair, send_mmsg, receive_mmsg, .back = false },
	{ "unix-to-name", "unix", 640, 83, open_unix_to_name, send_to, receive_packets, .back = false },
	{ "unix-abstract", "unix", 350, 67, open_unix_abstract, send_to, receive_packets, .back = false },
	{ "unix-one-way", "unix", 520, 71, open_unix_one_way, send_send, receive_packets, .back = false },
	{ "seqpacket", "unix", 430, 1009, open_seqpacket, send_send, receive_peeking, .back = false },
	{ "seqpacket-empty", "unix", 270, 0, open_seqpacket, send_send, receive_packets, .back = false },
	{ "tcp4", "tcp", 500, 700, open_tcp4, send_send, receive_read, .back = false },
	{ "tcp4-back", "tcp", 200, 130, NULL, send_write, receive_read, .back = true },
	{ "tcp6", "tcp", 300, 900, open_tcp6, send_write, receive_msg, .back = false },
	{ "udp", "udp", 90, 310, open_udp, send_to, receive_packets, .back = false },
	{ "udp-sendmsg", "udp", 80, 510, open_udp, send_msg, receive_packets, .back = false },
	{ "udp-connected", "udp", 70, 710, open_udp_connected, send_send, receive_packets, .back = false },
	{ "udp-empty", "udp", 60, 0, open_udp, send_to, receive_packets, .back = false },
	{ "eventfd", "eventfd", 900, 8, open_eventfd, send_counts, receive_counts, .back = false },
	{ "mqueue", "mqueue", 310, 120, open_mqueue, send_mqueue, receive_mqueue, .back = false },
	{ "sysv-queue", "sysv", 330, 140, open_sysv_queue, send_sysv, receive_sysv, .back = false },
	{ "sysv-semaphore", "sysv", 370, 0, open_sysv_semaphore, send_posts, receive_posts, .back = false },
};

#define LINE_CNT (sizeof(lines) / sizeof(lines[0]))

static void open_all(void)
{
	for (size_t i = 0; i < LINE_CNT; i++) {
		struct line *l = &lines[i];

		if (!l->back) {
			l->open(l);
			continue;
		}
		l->fds[0] = lines[i - 1].fds[1];
		l->fds[1] = lines[i - 1].fds[0];
	}
}

/* What both processes know. */
static struct shared {
	_Atomic size_t steps[2];	/* looked at again and again: a wait would be a channel */
	uint64_t receive_ns[LINE_CNT];	/* when the receiver began to */
	uint64_t send_ns[LINE_CNT];	/* and the sender: it paused before */
} *shared;

/* The receiver is there when its sender begins to pause, however busy the machine is. */
static void meet(bool is_child, size_t step)
{
	shared->steps[is_child] = step;
	while (shared->steps[!is_child] < step)
		sleep_ns(NS_PER_MS / 10);
}

static void run(bool is_child)
{
	for (size_t i = 0; i < LINE_CNT; i++) {
		struct line *l = &lines[i];

		meet(is_child, i + 1);
		if (is_child == l->back) {
			sleep_ns(PAUSE_NS);
			shared->send_ns[i] = clock_ns(CLOCK_MONOTONIC);
			l->send(l);
		} else {
			if (l->slow)
				sleep_ns(SLOW_NS + PAUSE_NS);
			shared->receive_ns[i] = clock_ns(CLOCK_MONOTONIC);
			l->receive(l);
		}
	}
}

static void print_truth(FILE *out)
{
	fprintf(out, "{\"parent\": %d, \"child\": %d, \"lines\": [\n", parent_pid, child_pid);
	for (size_t i = 0; i < LINE_CNT; i++) {
		const struct line *l = &lines[i];
		uint64_t begin_ns = shared->receive_ns[i], end_ns = shared->send_ns[i];

		fprintf(out,
			"  {\"name\": \"%s\", \"kind\": \"%s\", \"messages\": %d, \"bytes\": %llu, "
			"\"from\": %d, \"to\": %d, \"back\": %s, "
			"\"read_wait_ns\": %llu, \"write_wait_ns\": %llu}%s\n",
			l->name, l->kind, l->cnt, (unsigned long long)bytes_of(l),
			l->back ? child_pid : parent_pid, l->back ? parent_pid : child_pid,
			l->back ? "true" : "false",
			(unsigned long long)(end_ns > begin_ns ? end_ns - begin_ns : 0),
			(unsigned long long)(l->slow ? l->write_wait_ns : 0),
			i + 1 < LINE_CNT ? "," : "");
	}
	fprintf(out, "]}\n");
}

/* What outlives a process unless it is removed. */
static void remove_sysv(void)
{
	for (size_t i = 0; i < LINE_CNT; i++) {
		if (!strcmp(lines[i].name, "sysv-queue"))
			msgctl(lines[i].fds[0], IPC_RMID, NULL);
		else if (!strcmp(lines[i].name, "sysv-semaphore"))
			semctl(lines[i].fds[0], 0, IPC_RMID);
	}
}

int main(int argc, char **argv)
{
	bool on_signal = false, hold = false;
	const char *truth = NULL;
	FILE *out = stdout;
	sigset_t set;
	int sig, status;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--signal"))
			on_signal = true;
		else if (!strcmp(argv[i], "--hold"))
			hold = true;
		else if (!strcmp(argv[i], "--truth") && i + 1 < argc)
			truth = argv[++i];
		else if (!strcmp(argv[i], "--dir") && i + 1 < argc)
			dir = argv[++i];
	}
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);

	parent_pid = getpid();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		die("mmap");
	open_all();
	child_pid = fork_named("ledger-child");
	if (!child_pid) {
		run(true);
		if (hold)
			pause();
		_exit(0);
	}
	say_ready();
	if (on_signal)
		sigwait(&set, &sig);
	run(false);
	if (truth) {
		out = fopen(truth, "w");
		if (!out)
			die(truth);
	}
	print_truth(out);
	fclose(out);
	if (hold)
		sigwait(&set, &sig);
	kill(child_pid, hold ? SIGKILL : 0);
	waitpid(child_pid, &status, 0);
	remove_sysv();
	return 0;
}
