// SPDX-License-Identifier: MIT
/* Owns the pidfds and, when launched, the child process. */
#include "record/target.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/invoker.h"
#include "base/log.h"
#include "base/procfs.h"
#include "base/rights.h"
#include "base/xalloc.h"

#define POLL_STEP_NS (20 * NS_PER_MS)

static int pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static void alloc_pids(struct target *t, size_t cnt)
{
	t->pids = xcalloc(cnt, sizeof(*t->pids));
	t->pidfds = xcalloc(cnt, sizeof(*t->pidfds));
	t->pid_cnt = cnt;
	t->exec_fd = -1;
	for (size_t i = 0; i < cnt; i++)
		t->pidfds[i] = -1;
}

static int check_pid(pid_t pid)
{
	struct procfs_status status;
	struct procfs_stat stat;
	int err = procfs_stat((uint32_t)pid, &stat);

	if (!err)
		err = procfs_status((uint32_t)pid, &status);
	if (err == -ENOENT || err == -ESRCH)
		return log_err(ESRCH, "cannot attach to process %d", (int)pid);
	if (err)
		return log_err(err, "cannot look at process %d", (int)pid);
	if (stat.is_kthread) {
		log_err(0, "cannot attach to process %d: '%s' is a kernel thread", (int)pid,
			stat.comm);
		log_hint("-a records the whole machine, kernel threads included");
		return -EINVAL;
	}
	if (stat.state == 'Z' || stat.state == 'X')
		return log_err(ESRCH, "cannot attach to process %d: it has ended", (int)pid);
	if (status.tgid != (uint32_t)pid) {
		log_err(0, "cannot attach to process %d: it is a thread of process %u", (int)pid,
			status.tgid);
		log_hint("-p %u records all of its threads", status.tgid);
		return -EINVAL;
	}
	if (pid == getpid())
		return log_err(0, "cannot attach to process %d: it is this partrace", (int)pid);
	return 0;
}

int target_attach(struct target *t, const pid_t *pids, size_t pid_cnt)
{
	int err;

	*t = (struct target){ 0 };
	alloc_pids(t, pid_cnt);
	for (size_t i = 0; i < pid_cnt; i++) {
		err = check_pid(pids[i]);
		if (err)
			goto fail;
		t->pids[i] = pids[i];
		t->pidfds[i] = pidfd_open(pids[i]);
		if (t->pidfds[i] < 0) {
			err = log_err(errno, "cannot attach to process %d", (int)pids[i]);
			goto fail;
		}
	}
	return 0;

fail:
	target_close(t);
	return err;
}

/*
 * The command is the caller's: it has no right that they don't have. Ambient
 * capabilities, which partrace may have been started with, would outlive its exec.
 */
static int become_caller(pid_t sudo)
{
	struct invoker who = invoker_find();

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	invoker_environment(&who, sudo);
	return invoker_become(&who);
}

/* The child: wait for target_release(), become the command, or say why not. */
static void __attribute__((noreturn))
run_command(char *const argv[], int exec_fd, pid_t sudo, void (*restore)(void))
{
	int err = become_caller(sudo);

	/* Without partrace nobody would ever wake it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	raise(SIGSTOP);
	prctl(PR_SET_PDEATHSIG, 0);
	restore();
	if (!err) {
		execvp(argv[0], argv);
		err = -errno;
	}
	err = -err;
	if (write(exec_fd, &err, sizeof(err)) != sizeof(err))
		_exit(125);
	_exit(target_exec_status(err));
}

int target_launch(struct target *t, char *const argv[], void (*restore)(void))
{
	int fds[2] = { -1, -1 };
	int status, err;
	pid_t pid, sudo = getppid();

	*t = (struct target){ 0 };
	alloc_pids(t, 1);
	if (pipe2(fds, O_CLOEXEC) < 0)
		goto fail;
	pid = fork();
	if (pid < 0)
		goto fail;
	if (!pid)
		run_command(argv, fds[1], sudo, restore);

	close(fds[1]);
	t->exec_fd = fds[0];
	t->launched = true;
	t->pids[0] = pid;
	t->pidfds[0] = pidfd_open(pid);
	if (t->pidfds[0] < 0 || waitpid(pid, &status, WUNTRACED) < 0) {
		err = log_err(errno, "cannot start '%s'", argv[0]);
		kill(pid, SIGKILL);
		target_close(t);
		return err;
	}
	return 0;

fail:
	err = log_err(errno, "cannot start '%s'", argv[0]);
	if (fds[0] >= 0) {
		close(fds[0]);
		close(fds[1]);
	}
	target_close(t);
	return err;
}

/* It may have become somebody else. */
static void tell(const struct target *t, int signum)
{
	if (kill(t->pids[0], signum) && errno == EPERM && rights_raise(RIGHT(KILL))) {
		kill(t->pids[0], signum);
		rights_lower();
	}
}

int target_release(struct target *t)
{
	int exec_err = 0;

	if (!t->launched)
		return 0;
	tell(t, SIGCONT);
	/* End of file: the exec worked, and closed the other end. */
	while (read(t->exec_fd, &exec_err, sizeof(exec_err)) < 0 && errno == EINTR)
		;
	close(t->exec_fd);
	t->exec_fd = -1;
	t->exec_err = -exec_err;
	return t->exec_err;
}

static void see_end(struct target *t, size_t i)
{
	struct pollfd p = { .fd = t->pidfds[i], .events = POLLIN };

	if (poll(&p, 1, 0) <= 0)
		return;
	if (t->launched)
		waitpid(t->pids[i], &t->status, 0);
	close(t->pidfds[i]);
	t->pidfds[i] = -1;
}

size_t target_reap(struct target *t)
{
	size_t alive = 0;

	for (size_t i = 0; i < t->pid_cnt; i++) {
		if (t->pidfds[i] >= 0)
			see_end(t, i);
		alive += t->pidfds[i] >= 0;
	}
	return alive;
}

void target_wait(const struct target *t, unsigned long long timeout_ns)
{
	struct timespec ts = { (time_t)(timeout_ns / NS_PER_S), (long)(timeout_ns % NS_PER_S) };
	struct pollfd fds[16];
	nfds_t cnt = 0;

	/* Beyond a handful it suffices to look at the next tick. */
	for (size_t i = 0; i < t->pid_cnt && cnt < 16; i++)
		if (t->pidfds[i] >= 0)
			fds[cnt++] = (struct pollfd){ .fd = t->pidfds[i], .events = POLLIN };
	ppoll(fds, cnt, &ts, NULL);
}

void target_finish(struct target *t, bool (*hurry)(void))
{
	bool killed = false;

	if (!t->launched || !target_reap(t))
		return;
	tell(t, SIGTERM);
	tell(t, SIGCONT);
	while (target_reap(t)) {
		target_wait(t, POLL_STEP_NS);
		if (!killed && hurry()) {
			tell(t, SIGKILL);
			killed = true;
		}
	}
}

void target_close(struct target *t)
{
	if (t->launched && target_reap(t)) {
		tell(t, SIGKILL);
		waitpid(t->pids[0], &t->status, 0);
	}
	for (size_t i = 0; i < t->pid_cnt; i++)
		if (t->pidfds[i] >= 0)
			close(t->pidfds[i]);
	if (t->pid_cnt && t->exec_fd >= 0)
		close(t->exec_fd);
	free(t->pids);
	free(t->pidfds);
	*t = (struct target){ .exec_fd = -1 };
}

int target_exec_status(int err)
{
	return abs(err) == ENOENT || abs(err) == ENOTDIR ? 127 : 126;
}

int target_exit_status(const struct target *t)
{
	if (WIFSIGNALED(t->status))
		return 128 + WTERMSIG(t->status);
	return WEXITSTATUS(t->status);
}
