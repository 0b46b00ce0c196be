/* SPDX-License-Identifier: MIT */
/*
 * Threads that compute, that wait for a child, and that stop another process.
 */
#include "truth.h"

/* ---- on a CPU ---- */

static void *run_cpu(void *arg)
{
	struct waits *w = waits_new("cpu", "cpu_user|cpu_kernel");

	(void)arg;
	name_me("cpu");
	while (!stop) {
		uint64_t start_ns = clock_ns(CLOCK_REALTIME);
		uint64_t cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);

		burn_ns(5 * NS_PER_MS);
		waits_add(w, start_ns, clock_ns(CLOCK_REALTIME),
			  clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns);
	}
	return NULL;
}

/* ---- children ---- */

static void *run_wait4(void *arg)
{
	struct waits *w = waits_new("wait4", "child");

	(void)arg;
	name_me("wait4");
	while (!stop) {
		pid_t pid = fork();

		if (!pid) {
			sleep_ns(2 * PERIOD_NS);
			_exit(0);
		}
		waits_begin(w);
		if (waitpid(pid, NULL, 0) != pid)
			die("waitpid");
		waits_end(w);
	}
	return NULL;
}

/* vfork() suspends the caller until the child ends or execs. */
static void *run_vfork(void *arg)
{
	struct waits *w = waits_new("vfork", "child");

	(void)arg;
	name_me("vfork");
	while (!stop) {
		pid_t pid;

		waits_begin(w);
		pid = vfork();
		if (!pid) {
			struct timespec ts = { .tv_nsec = PERIOD_NS };

			nanosleep(&ts, NULL);
			_exit(0);
		}
		waits_end(w);
		waitpid(pid, NULL, 0);
	}
	return NULL;
}

static pid_t stopped_pid;

/* The waits of another process, known to the one who stops it. */
static void *run_stopper(void *arg)
{
	struct waits *w = waits_new("stopped", "stopped");

	(void)arg;
	name_me("h-stopper");
	while (!stop) {
		siginfo_t info;
		uint64_t start_ns;

		sleep_ns(PERIOD_NS / 2);
		kill(stopped_pid, SIGSTOP);
		if (waitid(P_PID, (id_t)stopped_pid, &info, WSTOPPED))
			die("waitid");
		start_ns = clock_ns(CLOCK_REALTIME);
		sleep_ns(2 * PERIOD_NS);
		kill(stopped_pid, SIGCONT);
		waits_add(w, start_ns, clock_ns(CLOCK_REALTIME),
			  clock_ns(CLOCK_REALTIME) - start_ns);
	}
	return NULL;
}

void fork_stopped(void)
{
	if (!is_wanted("stopped"))
		return;
	stopped_pid = fork_named("stopped");
	while (!stopped_pid)
		sleep_ns(NS_PER_MS);
}

void start_tasks(void)
{
	start_kind("cpu", run_cpu, NULL, true);
	start_kind("wait4", run_wait4, NULL, true);
	start_kind("vfork", run_vfork, NULL, true);
	start_kind("stopped", run_stopper, NULL, true);
}

void kill_stopped(void)
{
	if (stopped_pid)
		kill(stopped_pid, SIGKILL);
}
