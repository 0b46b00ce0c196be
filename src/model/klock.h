/* SPDX-License-Identifier: MIT */
/* Locks inside the kernel, and names of what lies inside it. Private to the model. */
#ifndef MODEL_KLOCK_H
#define MODEL_KLOCK_H

#include "model/model.h"

/* EVENT_SYMBOL of the kernel, EVENT_DEVICE. */
void klock_symbol(struct model *m, const struct event_symbol *ev);
void klock_device(struct model *m, const struct event_device *ev);
void klock_release(struct model *m);

/*
 * The lock that @cause, whose klock is set, says @t waited for: of @t's process if
 * it is its mmap_lock; all others are everybody's. NULL: there are too many locks.
 */
struct lock *klock_get(struct model *m, const struct task *t, const struct par_cause *cause);

/*
 * Who had it: as the lock itself said, or else who woke the waiter, as only a
 * release does that. NULL: not known, or not traced.
 */
const struct task *klock_holder(const struct model *m, const struct task *t,
				const struct par_cause *cause, uint32_t waker_tid);

/* " (vda)", when @cause says which device ended the wait. */
void klock_add_device(struct strbuf *out, const struct model *m, const struct par_cause *cause);

#endif
