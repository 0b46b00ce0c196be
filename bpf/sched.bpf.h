/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Some machines hide switches: a sandbox's own monitor does not show up as prev, nor does who
 * comes after it. That a thread came is then told later: as it leaves, or at the end.
 */
#ifndef SCHED_BPF_H
#define SCHED_BPF_H

#include "core.bpf.h"

/*
 * When a thread that is off came back unseen, by the CPU time that the kernel has counted since it
 * left, at @now. @now itself: it did not run. Of one that runs, the kernel's sum is a tick old.
 */
static __always_inline __u64 came_unseen_ns(struct task_struct *task, const struct thread *t,
					    __u64 now)
{
	__u64 ran_ns = task->se.sum_exec_runtime - t->exec_ns;
	__u64 floor_ns = t->off.wake_ns > t->off.out_ns ? t->off.wake_ns : t->off.out_ns;

	return ran_ns < now - floor_ns ? now - ran_ns : floor_ns;
}

/*
 * Tell that @t, which is off, came to @cpu at @now. That goes into the lane of the CPU at hand,
 * which nobody else may be writing: in sched_switch, or once the recording is over.
 */
void come_unseen(struct thread *t, __u32 cpu, __u64 now) __hidden;

#endif
