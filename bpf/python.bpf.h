/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What CPython itself tells: which lock a thread parks on, and whether it has the GIL. */
#ifndef PYTHON_BPF_H
#define PYTHON_BPF_H

#include "core.bpf.h"

/*
 * The current thread blocks in a futex call, with its user stack at @sp. If that is
 * the parking lot's or a GIL's, say so in @cause: in its shape and lock_addr.
 */
void python_futex_fill(struct thread *t, struct par_cause *cause, __u64 sp) __hidden;

/* The current thread leaves its CPU at @now_ns, as @t->off and @t->cause say. */
void python_leave(struct task_struct *task, struct thread *t, __u64 now_ns) __hidden;

#endif
