/* SPDX-License-Identifier: MIT */
/*
 * One thread per kind of wait. Each measures how long it was blocked, and where
 * that belongs; the main thread prints all of it as JSON at the end:
 *
 *	{"pid": N, "majflt": N, "waits": [{"thread": "pipe", "bucket": "ipc", "at_least": 0,
 *	  "intervals": [[start_ns, end_ns, blocked_ns], …]}]}
 *
 * Times are CLOCK_REALTIME, so that a recording that saw only a part of the run
 * can be compared with that part. The kinds are in truth_*.c; here are options,
 * which threads there are, and the order in which it all starts and ends.
 *
 *	truth [--seconds S] [--only KIND,… or PREFIX*,…] [--dir DIR] [--net ADDRESS:PORT] [--truth FILE]
 *	truth --serve ADDRESS:PORT
 *
 * Ends after S seconds, or at SIGTERM.
 */
#include <arpa/inet.h>

#include "truth.h"

atomic_bool stop;
const char *dir = "/tmp";
struct sockaddr_in net_addr;

static bool has_net;
static const char *only;
static pthread_t joinable[256];
static size_t joinable_cnt;

bool is_wanted(const char *name)
{
	const char *at = only;
	size_t len = strlen(name);

	if (!only)
		return name[1] != '-' && (strcmp(name, "network") || has_net);
	for (; at; at = strchr(at, ','), at = at ? at + 1 : NULL) {
		size_t star = strcspn(at, "*,");

		if (at[star] == '*' && !strncmp(at, name, star))
			return true;
		if (!strncmp(at, name, len) && (at[len] == ',' || !at[len]))
			return true;
	}
	return false;
}

void start_kind(const char *name, void *(*run)(void *), void *arg, bool ends)
{
	pthread_t t;

	if (!is_wanted(name))
		return;
	t = start_thread(run, arg);
	if (ends)
		joinable[joinable_cnt++] = t;
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

/* The order matters: helpers are forked before there is any thread. */
static void start_all(void)
{
	fork_partners();
	fork_sharers();
	fork_stopped();
	fork_polls();
	fork_kinds();
	start_partners();
	start_locks();
	start_calls();
	start_tasks();
	start_polls();
	start_kinds();
	if (only)
		start_kernel();
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
			serve(parse_address(value));
		else if (!strcmp(opt, "--truth") && !(out = fopen(value, "w")))
			die(value);
	}

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	start_all();
	say_ready();
	wait_for_end(seconds);
	waits_print(out);
	kill_partners();
	kill_polls();
	kill_kinds();
	kill_stopped();
	_exit(0);
}
