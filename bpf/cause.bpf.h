/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Why a thread is not running: read from the registers with which it entered
 * the kernel, so that no system-call tracepoint is needed for it.
 */
#ifndef CAUSE_BPF_H
#define CAUSE_BPF_H

#include "core.bpf.h"

/*
 * Fill @cause for @task. With @is_current its user memory is at hand, which
 * futex owners and poll sets need; @t is its state, or NULL in an iterator.
 */
void cause_fill(struct task_struct *task, struct thread *t, struct par_cause *cause,
		bool is_current) __hidden;

#endif
