/* SPDX-License-Identifier: MIT */
/* Locks: how long who waited for whom. Private to the model. */
#ifndef MODEL_LOCK_TABLE_H
#define MODEL_LOCK_TABLE_H

#include "model/model.h"

/*
 * The lock of that address in @p. NULL once a process has too many of them: a
 * program that parks each waiter on its own stack has as many words as waits.
 */
struct lock *lock_get(struct model *m, struct process *p, enum lock_kind kind, uint64_t addr);

/* One finished wait. */
void lock_add_wait(struct lock *lock, uint64_t wait_ns);

/* @waiter waited @wait_ns, in one or more goes, until @holder (0: unknown) let it. */
void lock_add_edge(struct lock *lock, uint32_t waiter, uint32_t holder, uint64_t wait_ns);
void lock_free(struct lock *lock);

#endif
