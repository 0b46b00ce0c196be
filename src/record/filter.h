/* SPDX-License-Identifier: MIT */
/*
 * Which system calls a thread may still make, see seccomp(2). A call that is not listed
 * fails with EPERM, instead of ending a recording of hours for what a newer C library
 * does another way. Whoever adds a call to what happens while a recording runs adds it to
 * filter.c; 410-privilege.sh looks for those that are refused. -errno: this kernel has no
 * filters. Both set no_new_privs.
 *
 * Without effect in builds with sanitizers, whose leak check traces its own process.
 */
#ifndef RECORD_FILTER_H
#define RECORD_FILTER_H

#include <stdbool.h>
#include <sys/types.h>

/* For recording. @child: a process that may be signalled, or 0. */
int filter_load(pid_t child, bool late_uprobes);

/* For the thread of stats.c. */
int filter_load_stats(void);

#endif
