/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The turns of event loops: from the return of a poll on several descriptors to the
 * start of the next. A poll that does not block never leaves its CPU, so its return is
 * looked at; of one that blocks, the moment it leaves.
 */
#ifndef LOOP_BPF_H
#define LOOP_BPF_H

#include "core.bpf.h"

/*
 * All three are about the thread at hand. The first: call @sysno, PAR_CALL_LOOP, has
 * returned @ret. The others only while t->loop.start_ns is set.
 */
void loop_polled(struct thread *t, struct pt_regs *regs, __u32 sysno, long ret) __hidden;

/* It blocks at @now, as t->cause says: that may be the poll. */
void loop_leave(struct thread *t, __u64 now) __hidden;

/* It is back on a CPU at @now; t->off still says since when it was not. */
static __always_inline void loop_came(struct thread *t, __u64 now)
{
	__u64 out = t->off.out_ns, wake = t->off.wake_ns;

	if (!out || out > now)
		return;
	if (t->off.out_flags & PAR_OUT_PREEMPT)
		wake = out;
	else if (!wake)
		wake = now;
	t->loop.blocked_ns += wake - out;
	t->loop.queue_ns += now - wake;
}

#endif
