/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Numbers of threads and processes: those of the pid namespace that partrace runs in, which
 * are the ones that user space, its /proc and its users know. In the first namespace that is
 * what a task itself says; inside of one (config.in_pidns) it is looked up, and whoever lives
 * outside has none. A traced thread's are in its state.
 *
 * A program writes into its locks, and asks futex(2) to wait for, the number that a thread has
 * in its own namespace, which may lie deeper still.
 */
#ifndef PIDNS_BPF_H
#define PIDNS_BPF_H

#include "compat.bpf.h"

static __always_inline struct upid *pidns_upid(struct pid *pid, __u32 level)
{
	/* An array whose length and elements this kernel knows better than we do. */
	return (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	       level * bpf_core_type_size(struct upid);
}

/*
 * The number of @pid, of whatever origin, in partrace's namespace; 0: it lives outside, or is
 * reaped already. Siblings have the same level, so it takes the namespace to tell.
 */
static __always_inline __u32 pidns_number(struct pid *pid)
{
	struct upid *upid;

	if (!config.in_pidns)
		return kernel_read(pid, numbers[0].nr);
	if (BPF_CORE_READ(pid, level) < pidns.level)
		return 0;
	upid = pidns_upid(pid, pidns.level);
	return (__u64)BPF_CORE_READ(upid, ns) == pidns.ns ? BPF_CORE_READ(upid, nr) : 0;
}

/* 0 is the idle task; PAR_TID_OUTSIDE: it has none. */
static __always_inline __u32 task_tid(struct task_struct *task)
{
	__u32 tid = task_field(task, pid);

	if (!config.in_pidns || !tid)
		return tid;
	tid = pidns_number(BPF_CORE_READ(task, thread_pid));
	return tid ? tid : PAR_TID_OUTSIDE;
}

/* The same of the task at hand, at less cost. */
static __always_inline __u32 current_tid(void)
{
	return config.in_pidns ? task_tid(current_task()) : (__u32)bpf_get_current_pid_tgid();
}

/* 0: it has none. */
static __always_inline __u32 task_tgid(struct task_struct *task)
{
	if (!config.in_pidns)
		return task_field(task, tgid);
	return pidns_number(BPF_CORE_READ(task, group_leader, thread_pid));
}

/* 0: it is the same that partrace knows. */
static __always_inline __u32 pidns_own_tid(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);

	if (level <= (config.in_pidns ? pidns.level : 0))
		return 0;
	return BPF_CORE_READ(pidns_upid(pid, level), nr);
}

#endif
