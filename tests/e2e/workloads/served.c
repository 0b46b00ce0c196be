// SPDX-License-Identifier: MIT
/*
 * A server whose clients time its requests.
 *
 *	served MODE [CONNECTIONS REQUESTS]
 *
 * MODE: threads (one per connection), loop (epoll, one thread), pool (epoll; other threads
 * reply), fork (one process per connection), handoff (one process reads, another replies).
 * The server is a child; its number goes to the file "server" in the current directory.
 * On SIGUSR1 the clients connect and ask, each one request after the other; then they
 * print how many there were and how long they took, in nanoseconds, as JSON.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define POOL 4

struct request {
	unsigned int us;	/* how long it takes to serve */
	unsigned int pad[15];
};

static int listener = -1;
static unsigned short port;
static int connection_cnt = 4, request_cnt = 150;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void work(unsigned int us)
{
	struct timespec t = { us / 1000000, us % 1000000 * 1000L };

	nanosleep(&t, NULL);
}

/* In two pieces, with a little of the time between them. */
static void reply(int fd, unsigned int us)
{
	char body[32] = "0123456789";

	work(us - us / 10);
	if (write(fd, body, 10) != 10)
		return;
	work(us / 10);
	if (write(fd, body + 10, sizeof(body) - 10) < 0)
		return;
}

static int take(int fd, struct request *r)
{
	return recv(fd, r, sizeof(*r), MSG_WAITALL) == sizeof(*r);
}

static void *serve(void *arg)
{
	int fd = (int)(long)arg;
	struct request r;

	while (take(fd, &r))
		reply(fd, r.us);
	close(fd);
	return NULL;
}

static int accept_one(void)
{
	int fd = accept(listener, NULL, NULL), on = 1;

	/* Else the second piece would wait for the first one's acknowledgement. */
	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		die("accept");
	return fd;
}

static void run_threads(void)
{
	pthread_t thread;

	for (;;)
		pthread_create(&thread, NULL, serve, (void *)(long)accept_one());
}

static void run_fork(void)
{
	for (;;) {
		int fd = accept_one();

		if (!fork()) {
			serve((void *)(long)fd);
			_exit(0);
		}
		close(fd);
	}
}

/* What the reader hands on. */
struct job {
	int fd;
	unsigned int us;
};

static int jobs[2];

static void *work_off(void *arg)
{
	struct job j;

	(void)arg;
	while (read(jobs[0], &j, sizeof(j)) == sizeof(j))
		reply(j.fd, j.us);
	return NULL;
}

/* @serves: by itself, in the loop; else whoever reads @jobs does. */
static void run_loop(int serves)
{
	int epoll = epoll_create1(0);
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = listener };

	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &ev);
	for (;;) {
		struct request r;
		struct job j;

		if (epoll_wait(epoll, &ev, 1, -1) != 1)
			continue;
		j.fd = ev.data.fd;
		if (j.fd == listener) {
			ev = (struct epoll_event){ .events = EPOLLIN, .data.fd = accept_one() };
			epoll_ctl(epoll, EPOLL_CTL_ADD, ev.data.fd, &ev);
			continue;
		}
		if (!take(j.fd, &r)) {
			close(j.fd);
			continue;
		}
		j.us = r.us;
		if (serves)
			reply(j.fd, j.us);
		else if (write(jobs[1], &j, sizeof(j)) != sizeof(j))
			die("write");
	}
}

static void run_pool(void)
{
	pthread_t thread;

	if (pipe(jobs))
		die("pipe");
	for (int i = 0; i < POOL; i++)
		pthread_create(&thread, NULL, work_off, NULL);
	run_loop(0);
}

/* The one that replies is born when all connections are there. */
static void run_handoff(void)
{
	int fds[CONNECTIONS_MAX], epoll = epoll_create1(0);
	struct epoll_event ev;

	if (pipe(jobs))
		die("pipe");
	for (int i = 0; i < connection_cnt; i++)
		fds[i] = accept_one();
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		work_off(NULL);
	}
	for (int i = 0; i < connection_cnt; i++) {
		ev = (struct epoll_event){ .events = EPOLLIN, .data.fd = fds[i] };
		epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &ev);
	}
	for (;;) {
		struct request r;
		struct job j;

		if (epoll_wait(epoll, &ev, 1, -1) != 1)
			continue;
		j.fd = ev.data.fd;
		if (!take(j.fd, &r)) {
			epoll_ctl(epoll, EPOLL_CTL_DEL, j.fd, NULL);
			continue;
		}
		j.us = r.us;
		if (write(jobs[1], &j, sizeof(j)) != sizeof(j))
			die("write");
	}
}

static void run_server(const char *mode)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	if (!strcmp(mode, "threads"))
		run_threads();
	else if (!strcmp(mode, "loop"))
		run_loop(1);
	else if (!strcmp(mode, "pool"))
		run_pool();
	else if (!strcmp(mode, "fork"))
		run_fork();
	else if (!strcmp(mode, "handoff"))
		run_handoff();
	fprintf(stderr, "served: no mode '%s'\n", mode);
	exit(2);
}

struct client {
	long long *took_ns;	/* [request_cnt] */
	unsigned int seed;
};

static void *ask(void *arg)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct client *c = arg;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char body[32];

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die("connect");
	for (int i = 0; i < request_cnt; i++) {
		struct request r = { .us = 2000 + (unsigned int)rand_r(&c->seed) % 8000 };
		long long begin = now_ns();

		if (send(fd, &r, sizeof(r), 0) != sizeof(r) ||
		    recv(fd, body, sizeof(body), MSG_WAITALL) != sizeof(body))
			die("request");
		c->took_ns[i] = now_ns() - begin;
		work(1000 + (unsigned int)rand_r(&c->seed) % 3000);
	}
	close(fd);
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

static void run_clients(void)
{
	int cnt = connection_cnt * request_cnt;
	long long *took = calloc((size_t)cnt, sizeof(*took)), sum = 0;
	struct client clients[CONNECTIONS_MAX];
	pthread_t threads[CONNECTIONS_MAX];

	for (int i = 0; i < connection_cnt; i++) {
		clients[i] = (struct client){ took + (long)i * request_cnt, (unsigned int)i + 1 };
		pthread_create(&threads[i], NULL, ask, &clients[i]);
	}
	for (int i = 0; i < connection_cnt; i++)
		pthread_join(threads[i], NULL);
	qsort(took, (size_t)cnt, sizeof(*took), by_size);
	for (int i = 0; i < cnt; i++)
		sum += took[i];
	printf("{\"count\": %d, \"p50\": %lld, \"p95\": %lld, \"p99\": %lld, \"mean\": %lld, "
	       "\"max\": %lld}\n",
	       cnt, took[cnt / 2], took[cnt * 95 / 100], took[cnt * 99 / 100], sum / cnt,
	       took[cnt - 1]);
	free(took);
}

static void listen_somewhere(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&at, len) || listen(listener, 64) ||
	    getsockname(listener, (struct sockaddr *)&at, &len))
		die("listen");
	port = ntohs(at.sin_port);
}

int main(int argc, char **argv)
{
	sigset_t go;
	FILE *file;
	pid_t pid;
	int sig;

	if (argc < 2)
		return 2;
	connection_cnt = argc > 3 ? atoi(argv[2]) : connection_cnt;
	request_cnt = argc > 3 ? atoi(argv[3]) : request_cnt;
	if (connection_cnt < 1 || connection_cnt > CONNECTIONS_MAX || request_cnt < 1)
		return 2;
	sigemptyset(&go);
	sigaddset(&go, SIGUSR1);
	sigprocmask(SIG_BLOCK, &go, NULL);
	listen_somewhere();
	pid = fork();
	if (!pid)
		run_server(argv[1]);
	close(listener);
	file = fopen("server", "w");
	if (!file || fprintf(file, "%d\n", (int)pid) < 0 || fclose(file))
		die("server");
	if (getenv("READY_FD")) {
		int fd = atoi(getenv("READY_FD"));

		if (write(fd, "ready\n", 6) != 6)
			die("ready");
	}
	sigwait(&go, &sig);
	run_clients();
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	return 0;
}
