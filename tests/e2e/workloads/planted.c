// SPDX-License-Identifier: MIT
/*
 * Work whose amount is given, so that a test can plant more of it.
 *
 *	planted lock THREADS TASKS OUTSIDE HOLD		each task computes, then computes under one lock
 *	planted disk THREADS TASKS OUTSIDE BYTES	each task computes, then writes so much and syncs
 *	planted server CONNECTIONS COMPUTE SLEEP	each request computes, then sleeps
 *
 * Computing is counted in loops of about a microsecond, not in time: a slow machine takes longer. SLEEP is
 * in microseconds. The server is a child; its process id is printed, and its clients ask
 * until standard input ends, each one request after the other with pauses of 0 to 0.4 ms.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>

#include "workload.h"

#define LOOPS_PER_US 1200
#define PAUSE_MAX_NS 400000
#define BODY	     64

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long tasks, outside, inside;
static int listener = -1;
static struct sockaddr_in address = { .sin_family = AF_INET };

static void compute(long units)
{
	volatile unsigned int sink = 0;

	for (long i = 0; i < units * LOOPS_PER_US; i++)
		sink = sink * 31 + 7;
}

static void *take_lock(void *arg)
{
	(void)arg;
	for (long i = 0; i < tasks; i++) {
		compute(outside);
		pthread_mutex_lock(&mutex);
		compute(inside);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void *sync_disk(void *arg)
{
	char path[] = "planted.XXXXXX", *bytes = calloc(1, (size_t)inside);
	int fd = mkstemp(path);

	(void)arg;
	if (fd < 0 || !bytes || unlink(path))
		die(path);
	for (long i = 0; i < tasks; i++) {
		compute(outside);
		if (pwrite(fd, bytes, (size_t)inside, 0) != inside || fdatasync(fd))
			die(path);
	}
	free(bytes);
	close(fd);
	return NULL;
}

static void *serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char body[BODY];

	while (recv(fd, body, sizeof(body), MSG_WAITALL) == sizeof(body)) {
		compute(outside);
		sleep_ns((uint64_t)inside * 1000);
		if (send(fd, body, sizeof(body), MSG_NOSIGNAL) != sizeof(body))
			break;
	}
	close(fd);
	return NULL;
}

static void run_server(void)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL), one = 1;

		if (fd < 0)
			die("accept");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		pthread_detach(start_thread(serve, (void *)(intptr_t)fd));
	}
}

static void *ask(void *arg)
{
	unsigned int seed = (unsigned int)(clock_ns(CLOCK_MONOTONIC) + (uintptr_t)arg);
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	char body[BODY] = "";

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	while (send(fd, body, sizeof(body), MSG_NOSIGNAL) == sizeof(body) &&
	       recv(fd, body, sizeof(body), MSG_WAITALL) == sizeof(body))
		sleep_ns((uint64_t)rand_r(&seed) % PAUSE_MAX_NS);
	return NULL;
}

static void ask_until_told(long connections)
{
	socklen_t len = sizeof(address);
	pid_t server;
	char byte;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, 64) || getsockname(listener, (struct sockaddr *)&address, &len))
		die("listen");
	server = fork_named("server");
	if (!server)
		run_server();
	for (long i = 0; i < connections; i++)
		pthread_detach(start_thread(ask, (void *)(intptr_t)i));
	printf("%d\n", server);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
}

static void run_threads(void *(*run)(void *), long cnt)
{
	pthread_t *threads = calloc((size_t)cnt, sizeof(*threads));

	if (!threads)
		die("calloc");
	for (long i = 0; i < cnt; i++)
		threads[i] = start_thread(run, NULL);
	for (long i = 0; i < cnt; i++)
		pthread_join(threads[i], NULL);
	free(threads);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 2 ? argv[1] : "";
	long cnt = argc > 2 ? atol(argv[2]) : 0;

	if (!strcmp(mode, "server") && argc == 5) {
		outside = atol(argv[3]);
		inside = atol(argv[4]);
		ask_until_told(cnt);
	} else if ((!strcmp(mode, "lock") || !strcmp(mode, "disk")) && argc == 6) {
		tasks = atol(argv[3]);
		outside = atol(argv[4]);
		inside = atol(argv[5]);
		run_threads(!strcmp(mode, "lock") ? take_lock : sync_disk, cnt);
	} else {
		fprintf(stderr, "usage: planted lock|disk|server …\n");
		return 2;
	}
	return 0;
}
