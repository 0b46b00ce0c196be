/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* io_uring: which of its requests ended a wait. */
#ifndef URING_BPF_H
#define URING_BPF_H

#include "core.bpf.h"

/* @cause is an io_uring_enter(2) of the thread at hand: how long at most, if it says so. */
void uring_timeout_fill(struct par_cause *cause) __hidden;

/*
 * @task is woken out of one: put the file of the request that it is woken for into
 * @cause, PAR_CAUSE_READY. Without a request there is nothing to add.
 */
void uring_settle(struct task_struct *task, struct par_cause *cause) __hidden;

#endif
