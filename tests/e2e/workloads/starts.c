/* SPDX-License-Identifier: MIT */
/*
 * Child processes, started in all ways that C has, and how they end.
 *
 *	starts ways		"start WAY PID BEFORE AFTER" and "work PID TIME" lines, as
 *				starts.py's; ways are fork, vfork, fork+exec, vfork+exec, spawn,
 *				server: forked, has something to set up before it waits
 *	starts ends		"end PID STATUS SIGNAL" lines, "-" for no signal
 *	starts work		one line, and 30 ms of work: what is started
 */
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "workload.h"

extern char **environ;

static const char *self;
static char *const work_argv[] = { "starts", "work", NULL };

static uint64_t now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static void say(const char *line, int len)
{
	if (write(STDOUT_FILENO, line, (size_t)len) != len)
		die("stdout");
}

static void work(void)
{
	uint64_t start_ns = now();
	char line[64];

	say(line,
	    snprintf(line, sizeof(line), "work %d %llu\n", getpid(), (unsigned long long)start_ns));
	burn_ns(30 * NS_PER_MS);
}

static pid_t start_fork(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	work();
	_exit(0);
}

/* It shares our memory, and we wait: so it only says when it ran. */
static pid_t start_vfork(void)
{
	static char line[64];
	pid_t pid = vfork();

	if (pid)
		return pid;
	say(line,
	    snprintf(line, sizeof(line), "work %d %llu\n", getpid(), (unsigned long long)now()));
	_exit(0);
}

static pid_t start_fork_exec(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	execv(self, work_argv);
	_exit(99);
}

static pid_t start_vfork_exec(void)
{
	pid_t pid = vfork();

	if (pid)
		return pid;
	execv(self, work_argv);
	_exit(99);
}

static pid_t start_spawn(void)
{
	pid_t pid;

	errno = posix_spawn(&pid, self, NULL, NULL, work_argv, environ);
	if (errno)
		die("posix_spawn");
	return pid;
}

static void say_work(void)
{
	char line[64];

	say(line,
	    snprintf(line, sizeof(line), "work %d %llu\n", getpid(), (unsigned long long)now()));
}

/* It works when it waits for requests, whatever it did before. */
static pid_t start_server(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), client;
	pid_t pid;

	snprintf(un.sun_path + 1, sizeof(un.sun_path) - 1, "partrace-starts-%d", getpid());
	if (bind(listener, (struct sockaddr *)&un, sizeof(un)) || listen(listener, 1))
		die("listen");
	pid = fork();
	if (!pid) {
		burn_ns(40 * NS_PER_MS);
		say_work();
		accept(listener, NULL, NULL);
		_exit(0);
	}
	close(listener);
	sleep_ns(200 * NS_PER_MS);
	client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(client, (struct sockaddr *)&un, sizeof(un)))
		die("connect");
	close(client);
	return pid;
}

static void ways(void)
{
	static const struct {
		const char *name;
		pid_t (*start)(void);
	} all[] = {
		{ "fork", start_fork },           { "vfork", start_vfork },
		{ "fork+exec", start_fork_exec }, { "vfork+exec", start_vfork_exec },
		{ "spawn", start_spawn },	  { "server", start_server },
	};

	for (int round = 0; round < 5; round++) {
		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
			uint64_t before = now(), after;
			bool is_late = all[i].start == start_server; /* returns long after */
			pid_t pid = all[i].start();
			char line[128];

			if (pid < 0)
				die(all[i].name);
			after = is_late ? before : now();
			say(line,
			    snprintf(line, sizeof(line), "start %s %d %llu %llu\n", all[i].name,
				     pid, (unsigned long long)before, (unsigned long long)after));
			waitpid(pid, NULL, 0);
		}
	}
}

static void end_with(int sig, int status)
{
	char line[64];
	pid_t pid = fork();

	if (!pid) {
		sleep_ns(20 * NS_PER_MS);
		if (sig)
			kill(getpid(), sig);
		_exit(status);
	}
	waitpid(pid, NULL, 0);
	say(line, sig ? snprintf(line, sizeof(line), "end %d %d SIG%s\n", pid, 128 + sig,
				 sigabbrev_np(sig))
		      : snprintf(line, sizeof(line), "end %d %d -\n", pid, status));
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	static char path[4096];

	if (!strcmp(what, "work")) {
		work();
		return 0;
	}
	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		die("/proc/self/exe");
	self = path;
	if (!strcmp(what, "ways")) {
		ways();
		return 0;
	}
	end_with(0, 0);
	end_with(0, 3);
	end_with(SIGKILL, 0);
	end_with(SIGSEGV, 0);
	end_with(SIGTERM, 0);
	end_with(SIGABRT, 0);
	return 0;
}
