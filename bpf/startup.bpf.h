/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * How a process starts up, told in steps: which code it loads, and when it has
 * read what its parent hands it. Watched is the main thread of a process, from
 * its fork (and again from each exec) until it has loaded nothing for as long as
 * its start-up took so far. That is measured in CPU time: waiting is judged by
 * those who know what for.
 */
#ifndef STARTUP_BPF_H
#define STARTUP_BPF_H

#include "core.bpf.h"

/* Watch @task, which has just been forked or got a new program. */
static __always_inline void startup_begin(struct task_struct *task, struct thread *t)
{
	t->startup.base_ns = task->se.sum_exec_runtime;
	t->startup.load_ns = 0;
	t->startup.feed_fd = 0;
	t->startup.has_pipes = 0;
	t->is_young = 1;
}

/* An interpreter takes some milliseconds before it loads its first module. */
#define STARTUP_QUIET_MIN_NS 50000000

/* Has it loaded nothing for so long that it is up? @cpu_ns: its CPU time until now. */
static __always_inline bool startup_is_over(const struct thread *t, __u64 cpu_ns)
{
	__u64 quiet_ns = t->startup.load_ns;

	if (quiet_ns < STARTUP_QUIET_MIN_NS)
		quiet_ns = STARTUP_QUIET_MIN_NS;
	return cpu_ns - t->startup.base_ns > t->startup.load_ns + quiet_ns;
}

/* System call @sysno of a young @task has returned @ret. */
void startup_step(struct task_struct *task, struct thread *t, long sysno, long ret) __hidden;

#endif
