/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Cycles whose records found no room in the ring: what they would have said goes into sums
 * in the thread's state, which are told as soon as there is room. So times and switches stay
 * complete; what is lost is which wait was for what.
 */
#ifndef MISSED_BPF_H
#define MISSED_BPF_H

#include "emit.bpf.h"

static __always_inline bool missed_any(const struct thread *t)
{
	return t->missed.voluntary | t->missed.involuntary;
}

/*
 * The thread comes back at @now; t->off says what of, and could not be told. Global, like
 * the other one, so that it is verified once: both are called next to never.
 */
int missed_add(struct thread *t, __u64 now);

/*
 * Tell the sums, before the thread's next record. Without room they go on: that is no
 * record lost.
 */
int missed_tell(struct thread *t, __u64 now);

#endif
