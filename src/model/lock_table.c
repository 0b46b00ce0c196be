// SPDX-License-Identifier: MIT
/* Owns the locks and their edges. */
#include "model/lock_table.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/xalloc.h"

#define LOCK_CNT_MAX 16384

/* Of one lock: a thousand threads make a million pairs. Beyond, waiter and holder are 0. */
#define EDGE_CNT_MAX 65536

static char *lock_label(const struct process *p, enum lock_kind kind, uint64_t addr)
{
	static const char *const labels[LOCK_KIND_CNT] = {
		[LOCK_MUTEX] = "mutex",
		[LOCK_RWLOCK] = "read-write lock",
		[LOCK_SEMAPHORE] = "semaphore",
		[LOCK_CONDVAR] = "condition variable or semaphore",
		[LOCK_BARRIER] = "barrier",
		[LOCK_JOIN] = "join of a thread",
		[LOCK_PI] = "priority-inheriting mutex",
		[LOCK_KERNEL] = "kernel lock",
		[LOCK_FILE] = "file lock",
		[LOCK_FUTEX] = "shared futex",
	};

	if (kind == LOCK_GIL || kind == LOCK_GVL)
		return xasprintf("%s of %s (%u)", kind == LOCK_GIL ? "GIL" : "GVL", p->name,
				 p->pid);
	if (kind == LOCK_FILE)
		return xasprintf("file lock on inode %" PRIu64, addr);
	return xasprintf("%s 0x%" PRIx64 " of %s (%u)", labels[kind], addr, p->name, p->pid);
}

struct lock *lock_get(struct model *m, struct process *p, enum lock_kind kind, uint64_t addr)
{
	/* A process's number may come again; its address in memory does not. */
	struct lock *lock = htab_find(&m->locks, (uintptr_t)p, addr);

	if (lock || m->locks.cnt >= LOCK_CNT_MAX)
		return lock;
	lock = xcalloc(1, sizeof(*lock));
	lock->kind = kind;
	lock->process = p;
	lock->addr = addr;
	lock->name = lock_label(p, kind, addr);
	htab_put(&m->locks, (uintptr_t)p, addr, lock);
	return lock;
}

void lock_add_wait(struct lock *lock, uint64_t wait_ns)
{
	lock->waits++;
	lock->wait_ns += wait_ns;
	if (wait_ns > lock->max_ns)
		lock->max_ns = wait_ns;
}

void lock_add_edge(struct lock *lock, uint32_t waiter, uint32_t holder, uint64_t wait_ns)
{
	/* Places in an array that grows: one more than the index, as NULL is no place. */
	size_t at = (uintptr_t)htab_find(&lock->edge_index, waiter, holder);
	struct lock_edge *e;

	if (!at && lock->edge_cnt >= EDGE_CNT_MAX) {
		waiter = holder = 0;
		at = (uintptr_t)htab_find(&lock->edge_index, 0, 0);
	}
	if (!at) {
		XGROW(lock->edges, lock->edge_cnt, lock->edge_cap);
		lock->edges[lock->edge_cnt++] = (struct lock_edge){ .waiter = waiter,
								    .holder = holder };
		at = lock->edge_cnt;
		htab_put(&lock->edge_index, waiter, holder, (void *)(uintptr_t)at);
	}
	e = &lock->edges[at - 1];
	e->waits++;
	e->wait_ns += wait_ns;
}

void lock_free(struct lock *lock)
{
	free(lock->edges);
	htab_release(&lock->edge_index);
	free(lock->name);
	free(lock);
}
