// SPDX-License-Identifier: MIT
/*
 * Owns the names of start methods, and what counts as start-up. Python's worker
 * processes are known by what they were told to run.
 */
#include "facts/starts.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/array.h"
#include "base/xalloc.h"

static bool command_has(const struct process *p, const char *what)
{
	return p && p->command && strstr(p->command, what);
}

static const struct process *latest_of(const struct model *m, uint32_t pid)
{
	for (size_t i = m->process_cnt; i-- > 0;)
		if (m->all_processes[i]->pid == pid)
			return m->all_processes[i];
	return NULL;
}

static bool runs_fork_server(const struct process *p)
{
	return command_has(p, "multiprocessing.forkserver");
}

/*
 * The server itself, not one of its forks, which keep its command line. Of those
 * alive at the start only the parent's number tells.
 */
static bool is_fork_server(const struct model *m, const struct process *p)
{
	if (!runs_fork_server(p))
		return false;
	return p->exec_ns || (!p->born && !runs_fork_server(latest_of(m, p->ppid)));
}

/* "from multiprocessing.resource_tracker import main", in joblib's loky likewise. */
static bool is_resource_tracker(const struct process *p)
{
	bool is_own = p->exec_ns || !p->born;

	return is_own && (command_has(p, "resource_tracker import main") ||
			  command_has(p, "semaphore_tracker import main"));
}

/* As Python's multiprocessing calls them; for others vfork, fork and exec. */
static const char *start_method(const struct model *m, const struct process *p)
{
	if (!p->born)
		return NULL;
	if (p->exec_ns) {
		if (command_has(p, "loky.backend.popen"))
			return "loky";
		if (command_has(p, "multiprocessing.spawn") ||
		    command_has(p, "--multiprocessing-fork"))
			return "spawn";
		return "exec";
	}
	if (p->parent && is_fork_server(m, p->parent))
		return "forkserver";
	return p->shared_vm ? "vfork" : "fork";
}

static bool is_method(const char *method, const char *name)
{
	return method && !strcmp(method, name);
}

/*
 * When it worked for the first time; 0: not known. Python's workers are told
 * through a pipe what to be, and close it before they begin. Servers are ready when
 * they first wait for work. Others have started up when the last piece of code is there that they load before they wait, or
 * before they leave off loading; those with nothing to load, as soon as they run.
 */
static uint64_t work_ns(const struct model *m, const struct process *p, const char *method)
{
	bool is_told = m->startup_cnt > 0; /* without steps all look as if they loaded nothing */

	if (!method)
		return 0;
	if (is_method(method, "spawn") || is_method(method, "forkserver") ||
	    is_method(method, "loky"))
		return p->fed_ns;
	if (p->exec_ns && !is_told)
		return 0;
	if (p->serves)
		return p->waited_ns;
	if (p->loaded_ns)
		return p->loaded_ns;
	return p->exec_ns ? p->exec_ns : p->first_run_ns;
}

/* "SIGKILL"; numbers without a name of their own: "SIGRTMIN+3", "signal 64". */
static char *signal_name(int sig)
{
	static const char *const names[] = {
		[SIGHUP] = "SIGHUP",	   [SIGINT] = "SIGINT",	    [SIGQUIT] = "SIGQUIT",
		[SIGILL] = "SIGILL",	   [SIGTRAP] = "SIGTRAP",   [SIGABRT] = "SIGABRT",
		[SIGBUS] = "SIGBUS",	   [SIGFPE] = "SIGFPE",	    [SIGKILL] = "SIGKILL",
		[SIGUSR1] = "SIGUSR1",	   [SIGSEGV] = "SIGSEGV",   [SIGUSR2] = "SIGUSR2",
		[SIGPIPE] = "SIGPIPE",	   [SIGALRM] = "SIGALRM",   [SIGTERM] = "SIGTERM",
		[SIGSTKFLT] = "SIGSTKFLT", [SIGXCPU] = "SIGXCPU",   [SIGXFSZ] = "SIGXFSZ",
		[SIGVTALRM] = "SIGVTALRM", [SIGPROF] = "SIGPROF",   [SIGIO] = "SIGIO",
		[SIGPWR] = "SIGPWR",	   [SIGSYS] = "SIGSYS",
	};

	if (sig < (int)ARRAY_CNT(names) && names[sig])
		return xstrdup(names[sig]);
	if (sig >= SIGRTMIN && sig <= SIGRTMAX)
		return xasprintf("SIGRTMIN+%d", sig - SIGRTMIN);
	return xasprintf("signal %d", sig);
}

static void fill_end(struct fact_process *out, const struct process *p)
{
	int status = (int)p->exit_code;

	if (!p->ended)
		return;
	if (WIFSIGNALED(status)) {
		out->exit_code = 128 + WTERMSIG(status);
		out->exit_signal = signal_name(WTERMSIG(status));
	} else {
		out->exit_code = WEXITSTATUS(status);
	}
}

void starts_fill(struct fact_process *out, const struct model *m, const struct process *p)
{
	const char *method = start_method(m, p);
	uint64_t ns = work_ns(m, p, method);

	out->start_method = method ? xstrdup(method) : NULL;
	out->has_startup = ns >= p->start_ns && ns;
	out->startup_ns = out->has_startup ? ns - p->start_ns : 0;
	if (p->born)
		out->started_by = xstrdup(p->shared_vm ? "vfork" : "fork");
	out->has_exec = p->born || p->exec_ns;
	out->exec = p->exec_ns != 0;
	if (is_fork_server(m, p))
		out->helper = xstrdup("fork server");
	else if (is_resource_tracker(p))
		out->helper = xstrdup("resource tracker");
	fill_end(out, p);
}
