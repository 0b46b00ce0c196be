// SPDX-License-Identifier: MIT
/* Owns the episodes of waiting for a GIL; the locks are lock_table's. */
#include "model/lock_wait.h"

#include "model/klock.h"
#include "model/lock_table.h"

/*
 * Between two waits of one episode a GIL waiter runs for some microseconds, only
 * to ask again. Whoever runs longer has got it.
 */
#define EPISODE_GAP_NS 200000

/* Only to find that somebody else was faster. */
#define AGAIN_NS 20000

static bool is_released(const struct wait_end *end)
{
	return end->wake_flags & PAR_WAKE_SAME_FUTEX;
}

const struct task *lock_wait_owner(const struct model *m, const struct task *t,
				   const struct par_cause *cause, const struct wait_what *what)
{
	uint32_t tid = what->lock == LOCK_JOIN ? (uint32_t)cause->args[2] : cause->owner_tid;
	const struct task *owner;

	/* The kernel's own locks are told with the numbers that all records have. */
	if (what->lock != LOCK_KERNEL && what->lock != LOCK_FILE)
		tid = task_tid_of(m, t->process, tid);
	owner = tid ? task_find(m, tid) : NULL;

	/* Joined, or told of before at the end of the recording. */
	if (!owner && tid)
		owner = htab_find(&m->ended, tid, 0);
	/* A word may be no tid, or one of another namespace: only who may hold it counts. */
	if (owner && owner->process != t->process && !what->is_shared &&
	    what->lock != LOCK_KERNEL && what->lock != LOCK_FILE)
		return NULL;
	return owner;
}

bool lock_wait_goes_on(const struct par_cause *cause, const struct wait_what *what,
		       const struct wait_end *end, const struct lock *lock, uint64_t start_ns)
{
	if (end->is_open)
		return (cause->flags & PAR_CAUSE_LOOKED) || what->lock == LOCK_JOIN ||
		       what->lock == LOCK_KERNEL;
	if (what->lock != LOCK_MUTEX && what->lock != LOCK_PI && what->lock != LOCK_RWLOCK)
		return false;
	return end->is_woken && !is_released(end) && !what->is_timed && lock &&
	       lock->released_ns < start_ns;
}

const struct task *lock_wait_holder(const struct model *m, const struct task *t,
				    const struct par_cause *cause, const struct wait_what *what,
				    const struct wait_end *end)
{
	const struct task *owner = lock_wait_owner(m, t, cause, what);
	const struct task *waker = task_find(m, end->waker_tid);

	if (cause->klock)
		return klock_holder(m, t, cause, end->waker_tid);
	if (owner && owner != t)
		return owner;
	if (!waker || waker == t)
		return NULL;
	/* Nothing but an unlock or a close wakes who waits for a file lock. */
	if (is_released(end) || (what->lock == LOCK_FILE && !(end->wake_flags & PAR_WAKE_IDLE)))
		return waker;
	return NULL;
}

/* Nobody else may: its owner is a thread of the same process. */
static bool has_sibling_owner(const struct model *m, const struct task *t,
			      const struct par_cause *cause, const struct wait_what *what)
{
	const struct task *owner = lock_wait_owner(m, t, cause, what);

	return owner && owner->process == t->process;
}

void lock_wait_settle(const struct model *m, const struct task *t, const struct par_cause *cause,
		      const struct wait_end *end, struct wait_what *what)
{
	const struct lock *lock;

	/* A word that was waited for with other values, too, counts something. */
	if (what->lock == LOCK_MUTEX && !cause->owner_tid &&
	    lock_find(m, t->process, LOCK_FUTEX, what->lock_addr)) {
		what->lock = LOCK_FUTEX;
		what->bucket = what->is_shared ? BUCKET_IPC : BUCKET_SYNC;
	}
	/* glibc's robust mutexes are never private to it. */
	if (what->is_shared && (what->lock == LOCK_MUTEX || what->lock == LOCK_PI) &&
	    has_sibling_owner(m, t, cause, what)) {
		what->bucket = BUCKET_LOCK;
		what->is_shared = false;
	}
	if (what->lock == LOCK_SEMAPHORE && what->bucket == BUCKET_SYNC) {
		lock = lock_find(m, t->process, LOCK_SEMAPHORE, what->lock_addr);
		if (lock && lock_use_is_lock(&lock->use))
			what->bucket = BUCKET_LOCK;
	}
	if (what->is_timed && end->is_woken && !is_released(end) &&
	    (what->bucket == BUCKET_SYNC || what->bucket == BUCKET_IPC) && what->lock != LOCK_JOIN)
		what->bucket = BUCKET_SLEEP;
}

static void episode_close(struct task *t, uint32_t holder)
{
	struct timeline *tl = t->timeline;

	if (tl->episode)
		lock_add_edge(tl->episode, t->tid, holder, tl->episode_ns);
	tl->episode = NULL;
	tl->episode_ns = 0;
}

void lock_wait_close(struct task *t)
{
	episode_close(t, 0);
}

/* A waiter for a GIL asks again every 5 ms; only a release ends its waiting. */
static void episode_add(struct task *t, struct lock *lock, const struct wait_end *end,
			uint64_t wait_ns)
{
	struct timeline *tl = t->timeline;

	if (tl->episode && (tl->episode != lock || tl->ran_ns > EPISODE_GAP_NS))
		episode_close(t, 0);
	tl->episode = lock;
	tl->episode_ns += wait_ns;
	if (is_released(end))
		episode_close(t, end->waker_tid);
}

static bool is_contention(enum bucket b)
{
	return b == BUCKET_GIL || b == BUCKET_LOCK || b == BUCKET_KERNEL_LOCK;
}

struct lock *lock_wait_add(struct model *m, struct task *t, const struct par_cause *cause,
			   const struct wait_what *what, const struct task *holder,
			   const struct wait_end *end, uint64_t start_ns)
{
	struct lock *lock = cause->klock ? klock_get(m, t, cause) : lock_get(m, t->process, what);
	uint64_t wait_ns = end->wake_ns - start_ns;

	if (!lock)
		return NULL;
	lock_add_wait(lock, wait_ns);
	if (is_released(end) && end->wake_ns > lock->released_ns)
		lock->released_ns = end->wake_ns;
	if (is_contention(what->bucket))
		lock->contended_ns += wait_ns;
	if (what->lock == LOCK_SEMAPHORE && is_released(end))
		lock_use_add(&lock->use, &(struct lock_use_wait){
						 .waiter = t,
						 .releaser = holder,
						 .start_ns = start_ns,
						 .end_ns = end->wake_ns,
						 .is_again = t->timeline->ran_ns < AGAIN_NS,
					 });
	if (what->lock == LOCK_GIL || what->lock == LOCK_GVL)
		episode_add(t, lock, end, wait_ns);
	else
		lock_add_edge(lock, t->tid, holder ? holder->tid : 0, wait_ns);
	return lock;
}

void lock_wait_word(struct strbuf *out, const struct task *t, const struct wait_what *what)
{
	if (what->is_shared)
		strbuf_addstr(out, "shared ");
	strbuf_addstr(out, what->lock == LOCK_JOIN ? "join" : lock_word(t->process, what->lock));
}
