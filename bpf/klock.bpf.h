/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Locks inside the kernel. */
#ifndef KLOCK_BPF_H
#define KLOCK_BPF_H

#include "core.bpf.h"

/*
 * Complete @cause, already filled: @task leaves its CPU to sleep, maybe for a lock
 * inside the kernel.
 */
void klock_fill(struct task_struct *task, struct thread *t, struct par_cause *cause) __hidden;

/*
 * Likewise, when nothing else is known, and it leaves in D state: maybe until its
 * table of descriptors has grown. Needs no tracepoint.
 */
void klock_fill_table(struct task_struct *task, struct par_cause *cause) __hidden;

#endif
