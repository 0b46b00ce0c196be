/* SPDX-License-Identifier: MIT */
/*
 * The processes to trace: named by the user, or launched. A launched command is
 * stopped before its first instruction until target_release().
 *
 * Call order: target_attach() or target_launch(), target_release(), then poll
 * target_wait() and target_reap() until nobody is alive; target_finish(), target_close().
 */
#ifndef RECORD_TARGET_H
#define RECORD_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct target {
	pid_t *pids;		/* [pid_cnt] */
	int *pidfds;		/* readable once the process has ended; -1 when it was seen */
	size_t pid_cnt;
	bool launched;
	int exec_fd;		/* launched: reads the errno of a failed exec; else -1 */
	int exec_err;		/* launched: -errno if the command could not be run */
	int status;		/* launched: as waitpid(2) gives it; valid once not alive */
};

/* Name running processes; says what is wrong with which. */
int target_attach(struct target *t, const pid_t *pids, size_t pid_cnt);

/*
 * Start @argv, stopped: as who called sudo, if that is how partrace runs. @restore is
 * called in the child, and undoes what the caller did to signals.
 */
int target_launch(struct target *t, char *const argv[], void (*restore)(void));

/* Let a launched command go. -errno if it cannot be run. */
int target_release(struct target *t);

/* Notice who has ended. Returns how many are still alive. */
size_t target_reap(struct target *t);

/* Wait at most @timeout_ns until something ends; a signal cuts it short. */
void target_wait(const struct target *t, unsigned long long timeout_ns);

/*
 * The recording is over: end a command that still runs (SIGTERM, and SIGKILL when
 * @hurry() says so) and collect its status. Nothing to do for others.
 */
void target_finish(struct target *t, bool (*hurry)(void));
void target_close(struct target *t);

/* 126 or 127 for a command that could not be run with @err, as shells do. */
int target_exec_status(int err);

/* A launched command's status as shells give it: 128 + n for signal n. */
int target_exit_status(const struct target *t);

#endif
