/* SPDX-License-Identifier: MIT */
/*
 * One wait for a lock: who held it, what the lock's history says of it, and what it adds
 * to the lock. Private to the model.
 */
#ifndef MODEL_LOCK_WAIT_H
#define MODEL_LOCK_WAIT_H

#include "model/task_table.h"

/* How a stretch off the CPU ended. */
struct wait_end {
	uint64_t wake_ns;
	uint32_t waker_tid;
	uint8_t wake_flags;
	bool is_woken;		/* a wake-up was seen */
	bool is_open;		/* the recording ended before */
};

/*
 * What the cause alone could not tell: a semaphore that is used as a lock, a shared
 * futex between threads of one process, a wait that its own timer ended, a counter that
 * happens to look like a mutex.
 */
void lock_wait_settle(const struct model *m, const struct task *t, const struct par_cause *cause,
		      const struct wait_end *end, struct wait_what *what);

/* The thread of which the lock itself says that it has it: even @t. NULL: it does not say. */
const struct task *lock_wait_owner(const struct model *m, const struct task *t,
				   const struct par_cause *cause, const struct wait_what *what);

/*
 * Nobody ended the wait since @start_ns, and the lock's owner still has it: the wait is
 * open (a lock may have changed hands, unless it was looked at again), or a signal ended
 * it, mostly a deadly one (and nobody has let go of the lock). @lock may be NULL.
 */
bool lock_wait_goes_on(const struct par_cause *cause, const struct wait_what *what,
		       const struct wait_end *end, const struct lock *lock, uint64_t start_ns);

/* The other thread that held it: as the lock says, or who released it. NULL: not known. */
const struct task *lock_wait_holder(const struct model *m, const struct task *t,
				    const struct par_cause *cause, const struct wait_what *what,
				    const struct wait_end *end);

/* Add the wait since @start_ns. NULL: there are too many locks already. */
struct lock *lock_wait_add(struct model *m, struct task *t, const struct par_cause *cause,
			   const struct wait_what *what, const struct task *holder,
			   const struct wait_end *end, uint64_t start_ns);

/* @t asks for no GIL any more; if it still did, nobody is known to have released it. */
void lock_wait_close(struct task *t);

/* What spans call such a lock: "mutex", "shared semaphore", "threading.Lock". */
void lock_wait_word(struct strbuf *out, const struct task *t, const struct wait_what *what);

#endif
