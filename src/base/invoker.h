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
 * Their rights on files, and no more, between the two; for one thread alone.
 * -errno: nothing has changed.
 */
int invoker_enter(const struct invoker *who);
void invoker_leave(const struct invoker *who);

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
