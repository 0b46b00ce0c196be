/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * How much of the time in which a thread was runnable, and did not run, its
 * cgroup had used up its CPU quota. cgroup v1 and v2 are the same here.
 */
#ifndef THROTTLE_BPF_H
#define THROTTLE_BPF_H

#include "core.bpf.h"

/* @task is runnable from now on, and is not running. */
void throttle_begin(struct task_struct *task, struct thread *t) __hidden;

/* It runs again, at @now_ns: how much of the time since then was throttled. */
__u32 throttle_end_us(struct thread *t, __u64 now_ns) __hidden;

/* Is @task, which is runnable, held back right now? */
bool throttle_holds(struct task_struct *task) __hidden;

#endif
