/* SPDX-License-Identifier: MIT */
/*
 * Is a semaphore (or what else parks threads without saying why) used as a lock, or as
 * a signal? Whoever releases a lock has had it, so has mostly waited for it before; who
 * brings work or a result has not. Private to the model.
 *
 * Two traps: Python makes a lock for each wait on a condition, at an address that other
 * waits use again. So having waited there some time proves nothing, unless two threads
 * were seen to wait at the same time; else the releaser must be who got it last. (The
 * same thread mostly gets the same memory again, and a lock's waiters take turns.) And
 * getters of a SimpleQueue hand its lock on to each other, so lock-like releases must
 * be the clear majority.
 */
#ifndef MODEL_LOCK_USE_H
#define MODEL_LOCK_USE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/htab.h"

struct task;

struct lock_use {
	uint64_t like_lock, like_signal;	/* releases of either look */
	const struct task *got;			/* whose wait ended last */
	const struct task *got_before;		/* the last one before that was not the same */
	uint64_t ended_ns;			/* when the last one's did */
	struct htab waited;			/* (task, 0): everybody whose wait ended */
	bool is_queue;				/* two waited at the same time */
};

struct lock_use_wait {
	const struct task *waiter, *releaser;	/* releaser NULL: unknown */
	uint64_t start_ns, end_ns;
	bool is_again;		/* the waiter had hardly run since its last wait: it was overtaken */
};

void lock_use_add(struct lock_use *use, const struct lock_use_wait *w);

/* False until there is evidence. */
bool lock_use_is_lock(const struct lock_use *use);
void lock_use_release(struct lock_use *use);

#endif
