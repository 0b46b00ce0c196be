/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * poll, select and epoll: what a thread waits for is collected when it leaves its
 * CPU, as only then its memory can be read; which of it ended the wait, when it is
 * woken.
 */
#ifndef POLL_BPF_H
#define POLL_BPF_H

#include "core.bpf.h"

/*
 * Both are global functions, verified once and not with each caller: so they take
 * NULL into account, and return a number that says nothing.
 */

/* The thread at hand, @t, leaves for t->cause, a poll or select: remember what it polls. */
int poll_collect(struct thread *t);

/*
 * Put into @cause what is ready now, PAR_CAUSE_READY; without that, what would be
 * first by the order of the buckets. An epoll instance stays if nothing is ready.
 */
int poll_settle(const struct poll_set *set, struct par_cause *cause);

#endif
