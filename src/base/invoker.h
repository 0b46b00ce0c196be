/* SPDX-License-Identifier: MIT */
/*
 * Who called sudo. What partrace makes is theirs: files, and the command it launches.
 * Where there is no such person, all of this does nothing.
 */
#ifndef BASE_INVOKER_H
#define BASE_INVOKER_H

#include <stdbool.h>
#include <sys/types.h>

struct invoker {
	bool is_known;		/* partrace runs as root for somebody else */
	uid_t uid;
	gid_t gid;
};

/* From SUDO_UID and SUDO_GID, if we are root. */
struct invoker invoker_find(void);

/*
 * @job with their rights on files and no more, for this thread alone; where that may not be,
 * since only root may write there, once more as root. What @job gave: 0 or -errno.
 */
int invoker_do(const struct invoker *who, int (*job)(void *arg), void *arg);

/* The file is theirs from now on, unless its file system has no owners. 0, -errno. */
int invoker_give(const struct invoker *who, int fd);

/*
 * Let this thread be them for good, with their groups. None of its capabilities is in effect
 * then. -errno.
 */
int invoker_become(const struct invoker *who);

/*
 * Undo what sudo did to the environment of this process: their HOME, USER, PATH and so
 * on, as they were when they called sudo as far as that can be told; no SUDO_*. @sudo is
 * who started partrace, and may be something else.
 */
void invoker_environment(const struct invoker *who, pid_t sudo);

#endif
