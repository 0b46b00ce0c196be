// SPDX-License-Identifier: MIT
/*
 * An event loop in C that measures its own turns: from the return of its poll to the
 * next one, and at most that and what the thread was in line for a CPU on its way out of
 * one and into the other. A thread of its process sends requests through several
 * connections; each tenth one holds the loop up.
 *
 *	loop epoll|poll|select WHAT SECONDS TRUTH.json
 *
 * WHAT: nothing, sleep, cpu, poll (a library that waits for one descriptor), child.
 */
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>

#include "workload.h"

#define CONNECTIONS 8
#define TURNS_MAX   1000000
#define HOLD_MS	    30

static int served[CONNECTIONS], used[CONNECTIONS];
/* What each turn took at least, and at most. */
static double turns[2][TURNS_MAX];
static size_t turn_cnt;
static struct {
	long waits;
	double ns;
} call;
static const char *what;
static double end_ns;

static double now_ns(clockid_t clock)
{
	return (double)clock_ns(clock);
}

static void connect_all(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (void *)&addr, len) || listen(listener, CONNECTIONS) ||
	    getsockname(listener, (void *)&addr, &len))
		die("listen");
	for (int i = 0; i < CONNECTIONS; i++) {
		used[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(used[i], (void *)&addr, sizeof(addr)))
			die("connect");
		served[i] = accept(listener, NULL, NULL);
	}
	close(listener);
}

/* A request each 2 ms, through one connection after the other. */
static void *client(void *arg)
{
	struct timespec pause = { .tv_nsec = 2000000 };
	char c;

	(void)arg;
	pthread_setname_np(pthread_self(), "client");
	for (int i = 0; now_ns(CLOCK_MONOTONIC) < end_ns; i = (i + 1) % CONNECTIONS) {
		if (write(used[i], "?", 1) != 1 || read(used[i], &c, 1) != 1)
			die("client");
		nanosleep(&pause, NULL);
	}
	for (int i = 0; i < CONNECTIONS; i++)
		close(used[i]);
	return NULL;
}

static void spin(void)
{
	double until = now_ns(CLOCK_THREAD_CPUTIME_ID) + HOLD_MS * 1e6;

	while (now_ns(CLOCK_THREAD_CPUTIME_ID) < until)
		;
}

static void wait_for_child(void)
{
	pid_t pid = fork();

	if (!pid) {
		usleep(HOLD_MS * 1000);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void hold_up(void)
{
	struct timespec ts = { .tv_nsec = HOLD_MS * 1000000 };
	struct pollfd one = { .fd = STDIN_FILENO };
	double queued = (double)run_delay_ns(), begin = now_ns(CLOCK_MONOTONIC);

	if (!strcmp(what, "sleep"))
		nanosleep(&ts, NULL);
	else if (!strcmp(what, "cpu"))
		spin();
	else if (!strcmp(what, "poll"))
		poll(&one, 1, HOLD_MS);
	else if (!strcmp(what, "child"))
		wait_for_child();
	else
		return;
	call.waits++;
	call.ns += now_ns(CLOCK_MONOTONIC) - begin;
	/* In line for a CPU is no blocking; of what computes, both are told together. */
	if (strcmp(what, "cpu"))
		call.ns -= (double)run_delay_ns() - queued;
}

/* False: the other end has closed it. */
static int serve(int fd)
{
	static int requests;
	char c;

	if (read(fd, &c, 1) != 1)
		return 0;
	if (++requests % 10 == 0)
		hold_up();
	return write(fd, "!", 1) == 1;
}

static int wait_epoll(int epoll, int *ready)
{
	struct epoll_event events[CONNECTIONS];
	int n = epoll_wait(epoll, events, CONNECTIONS, 1000);

	for (int i = 0; i < n; i++)
		ready[i] = events[i].data.fd;
	return n;
}

static int wait_poll(int *ready)
{
	struct pollfd fds[CONNECTIONS];
	int cnt = 0;

	for (int i = 0; i < CONNECTIONS; i++)
		fds[i] = (struct pollfd){ .fd = served[i], .events = POLLIN };
	poll(fds, CONNECTIONS, 1000);
	for (int i = 0; i < CONNECTIONS; i++)
		if (fds[i].revents)
			ready[cnt++] = fds[i].fd;
	return cnt;
}

static int wait_select(int *ready)
{
	struct timeval second = { .tv_sec = 1 };
	fd_set set;
	int cnt = 0, max = 0;

	FD_ZERO(&set);
	for (int i = 0; i < CONNECTIONS; i++)
		if (served[i] >= 0) {
			FD_SET(served[i], &set);
			max = served[i] > max ? served[i] : max;
		}
	select(max + 1, &set, NULL, NULL, &second);
	for (int i = 0; i < CONNECTIONS; i++)
		if (served[i] >= 0 && FD_ISSET(served[i], &set))
			ready[cnt++] = served[i];
	return cnt;
}

static void drop(int fd)
{
	for (int i = 0; i < CONNECTIONS; i++)
		if (served[i] == fd)
			served[i] = -1;
	close(fd);
}

static void loop(const char *how)
{
	int epoll = epoll_create1(0), open = CONNECTIONS, ready[CONNECTIONS];
	double begin = 0, queued = 0;

	for (int i = 0; i < CONNECTIONS; i++) {
		struct epoll_event e = { .events = EPOLLIN, .data.fd = served[i] };

		epoll_ctl(epoll, EPOLL_CTL_ADD, served[i], &e);
	}
	while (open) {
		double delay = (double)run_delay_ns(), end = now_ns(CLOCK_MONOTONIC), back;
		int n = *how == 'e'   ? wait_epoll(epoll, ready)
			: *how == 'p' ? wait_poll(ready)
				      : wait_select(ready);

		back = now_ns(CLOCK_MONOTONIC);
		delay = (double)run_delay_ns() - delay;
		if (begin > 0 && turn_cnt < TURNS_MAX) {
			turns[0][turn_cnt] = end - begin;
			turns[1][turn_cnt++] = queued + end - begin + delay;
		}
		begin = back;
		queued = delay;
		for (int i = 0; i < n; i++)
			if (!serve(ready[i])) {
				drop(ready[i]);
				open--;
			}
	}
}

static double longest(const double *lengths)
{
	double max = 0;

	for (size_t t = 0; t < turn_cnt; t++)
		max = lengths[t] > max ? lengths[t] : max;
	return max;
}

/* What turns of @least took together, by what each took at most. */
static double sum_of(double least)
{
	double sum = 0;

	for (size_t t = 0; t < turn_cnt; t++)
		sum += turns[1][t] >= least ? turns[1][t] : 0;
	return sum;
}

/* The smallest x with sum(max(0, length - x)) <= 0.05 * duration. */
static double lag_p95(const double *lengths, double duration)
{
	double low = 0, high = longest(lengths);

	for (int i = 0; i < 60; i++) {
		double x = (low + high) / 2, sum = 0;

		for (size_t t = 0; t < turn_cnt; t++)
			sum += lengths[t] > x ? lengths[t] - x : 0;
		*(sum > 0.05 * duration ? &low : &high) = x;
	}
	return high;
}

int main(int argc, char **argv)
{
	double begin = now_ns(CLOCK_MONOTONIC), duration;
	pthread_t thread;
	FILE *out;

	if (argc != 5)
		return 2;
	what = argv[2];
	end_ns = begin + atof(argv[3]) * 1e9;
	connect_all();
	if (pthread_create(&thread, NULL, client, NULL))
		return 1;
	loop(argv[1]);
	pthread_join(thread, NULL);

	duration = now_ns(CLOCK_MONOTONIC) - begin;
	out = fopen(argv[4], "w");
	if (!out)
		die(argv[4]);
	fprintf(out,
		"{\"turns\": %zu, \"turn_max_ns\": [%.0f, %.0f], \"long_ns\": %.0f, "
		"\"lag_p95_ns\": [%.0f, %.0f], \"calls\": {",
		turn_cnt, longest(turns[0]), longest(turns[1]), sum_of(1e6),
		lag_p95(turns[0], duration), lag_p95(turns[1], duration));
	if (call.waits)
		fprintf(out, "\"%s\": {\"waits\": %ld, \"wait_ns\": %.0f}", what, call.waits,
			call.ns);
	fprintf(out, "}}\n");
	return fclose(out) ? 1 : 0;
}
