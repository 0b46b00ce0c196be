// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Owns nothing. The kernel has no tracepoint for throttling, but keeps a clock in
 * each cgroup's run queue (struct cfs_rq) that stands while the group, or one it
 * is in, is out of quota. Two readings of how long it stood, when a thread becomes
 * runnable without running and when it runs, tell what lies between. Which group
 * had the quota does not matter, nor does the version of cgroups.
 *
 * From 6.18 on (e1fad12dcb66) threads are held back one by one, on their way to
 * user space: then only those that left their CPU for it are looked at. Before,
 * a whole group's run queue was taken off, with all that were or came to be in it.
 */
#include "throttle.bpf.h"

#include "compat.bpf.h"

/* include/uapi/linux/sched.h: what a quota is for. */
#define SCHED_NORMAL	0
#define SCHED_BATCH	3
#define SCHED_IDLE	5

static __always_inline bool is_fair(struct task_struct *task)
{
	return task->policy == SCHED_NORMAL || task->policy == SCHED_BATCH ||
	       task->policy == SCHED_IDLE;
}

void throttle_begin(struct task_struct *task, struct thread *t)
{
	struct stopped_clock clock;
	struct cfs_rq *cfs_rq;

	t->throttle.cfs_rq = 0;
	if (!quotas_exist() || !is_fair(task) || !may_be_throttled(task))
		return;
	cfs_rq = task_pointer(task, se.cfs_rq);
	t->throttle.cfs_rq = (__u64)cfs_rq;
	stopped_clock_read(cfs_rq, &clock);
	t->throttle.stood_ns = clock.stood_ns + clock.standing_ns;
}

__u32 throttle_end_us(struct thread *t, __u64 now_ns)
{
	__u64 since_ns = t->off.wake_ns > t->off.out_ns ? t->off.wake_ns : t->off.out_ns;
	struct stopped_clock clock;
	__s64 ns;

	if (!quotas_exist() || now_ns < since_ns)
		return 0;
	/* That of then, not of now: it may have been moved to another CPU's. */
	stopped_clock_read((struct cfs_rq *)t->throttle.cfs_rq, &clock);
	t->throttle.cfs_rq = 0;
	ns = clock.stood_ns - t->throttle.stood_ns;
	if (ns <= 0)
		return 0;
	if (ns > now_ns - since_ns)
		ns = now_ns - since_ns;
	return (__u64)ns / 1000;
}

bool throttle_holds(struct task_struct *task)
{
	return quotas_exist() && is_fair(task) && may_be_throttled(task) &&
	       BPF_CORE_READ(task, se.cfs_rq, throttle_count);
}
