// SPDX-License-Identifier: MIT
/* Owns the locks, their names and their edges. */
#include "model/lock_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define LOCK_CNT_MAX 16384

/* Of one lock: a thousand threads make a million pairs. Beyond, waiter and holder are 0. */
#define EDGE_CNT_MAX 65536

/* One address may have been two things, one after the other. */
static uint64_t lock_key(enum lock_kind kind, uint64_t addr)
{
	return addr ^ (uint64_t)(kind + 1) << 56;
}

const char *lock_word(const struct process *p, enum lock_kind kind)
{
	static const char *const words[LOCK_KIND_CNT] = {
		[LOCK_GIL] = "GIL",
		[LOCK_GVL] = "GVL",
		[LOCK_MUTEX] = "mutex",
		[LOCK_RWLOCK] = "read-write lock",
		[LOCK_SEMAPHORE] = "semaphore",
		[LOCK_CONDVAR] = "condition variable",
		[LOCK_BARRIER] = "barrier",
		[LOCK_JOIN] = "join of a thread",
		[LOCK_PI] = "priority-inheriting mutex",
		[LOCK_KERNEL] = "kernel lock",
		[LOCK_FILE] = "file lock",
		[LOCK_FUTEX] = "futex",
	};

	/* CPython makes all its locks from semaphores. */
	if (kind == LOCK_SEMAPHORE && !strcmp(p->runtime, "cpython"))
		return "threading.Lock";
	return words[kind];
}

static void add_place(struct strbuf *out, const struct model *m, const struct process *p,
		      const struct wait_what *what)
{
	const char *symbol = htab_find(&m->symbols, (uintptr_t)p, what->lock_addr);

	if (symbol)
		strbuf_addstr(out, symbol);
	else
		strbuf_addf(out, "0x%" PRIx64, what->lock_addr);
}

static void add_file(struct strbuf *out, const struct model *m, const struct wait_what *what)
{
	const char *path = htab_find(&m->file_names, what->lock_addr, what->lock_dev);

	if (path)
		strbuf_addf(out, " on %s", path);
	else
		strbuf_addf(out, " on inode %" PRIu64, what->lock_addr);
}

char *lock_name(const struct model *m, const struct process *p, const struct wait_what *what)
{
	struct strbuf out = { 0 };
	char *name;

	if (what->is_shared)
		strbuf_addstr(&out, "shared ");
	strbuf_addstr(&out, lock_word(p, what->lock));
	if (what->lock == LOCK_FILE) {
		add_file(&out, m, what);
	} else {
		if (what->lock != LOCK_GIL && what->lock != LOCK_GVL) {
			strbuf_addch(&out, ' ');
			add_place(&out, m, p, what);
		}
		if (what->lock == LOCK_GIL && p->gil_addr && what->lock_addr != p->gil_addr)
			strbuf_addstr(&out, " of a sub-interpreter");
		strbuf_addf(&out, " of %s (%u)", p->name, p->pid);
	}
	name = xstrdup(strbuf_str(&out));
	strbuf_release(&out);
	return name;
}

static void rename_lock(const struct model *m, struct lock *lock)
{
	struct wait_what what = { .lock = lock->kind,
				  .lock_addr = lock->addr,
				  .lock_dev = lock->dev,
				  .is_shared = lock->is_shared };

	free(lock->name);
	lock->name = lock_name(m, lock->process, &what);
}

void lock_name_symbol(struct model *m, const struct process *p, uint64_t addr, const char *name)
{
	free(htab_find(&m->symbols, (uintptr_t)p, addr));
	htab_put(&m->symbols, (uintptr_t)p, addr, xstrdup(name));
	for (int k = 0; k < LOCK_KIND_CNT; k++) {
		struct lock *lock = lock_find(m, p, (enum lock_kind)k, addr);

		if (lock)
			rename_lock(m, lock);
	}
}

void lock_name_file(struct model *m, uint64_t id, uint32_t dev)
{
	for (size_t i = 0; m->has_file_locks && i < m->locks.cnt; i++) {
		struct lock *lock = m->locks.entries[i].value;

		if (lock->kind == LOCK_FILE && lock->addr == id && lock->dev == dev)
			rename_lock(m, lock);
	}
}

struct lock *lock_new(struct model *m, struct process *p, enum lock_kind kind, uint64_t addr,
		      char *name)
{
	struct lock *lock;

	if (m->locks.cnt >= LOCK_CNT_MAX) {
		free(name);
		return NULL;
	}
	lock = xcalloc(1, sizeof(*lock));
	lock->kind = kind;
	lock->index = (uint32_t)m->locks.cnt + 1;
	lock->process = p;
	lock->addr = addr;
	lock->name = name;
	htab_put(&m->locks, (uintptr_t)p, lock_key(kind, addr), lock);
	return lock;
}

struct lock *lock_find(const struct model *m, const struct process *p, enum lock_kind kind,
		       uint64_t addr)
{
	/* A process's number may come again; its address in memory does not. */
	return htab_find(&m->locks, (uintptr_t)p, lock_key(kind, addr));
}

struct lock *lock_get(struct model *m, struct process *p, const struct wait_what *what)
{
	struct lock *lock = lock_find(m, p, what->lock, what->lock_addr);

	if (lock)
		return lock;
	lock = lock_new(m, p, what->lock, what->lock_addr, lock_name(m, p, what));
	if (!lock)
		return NULL;
	lock->is_shared = what->is_shared;
	lock->dev = what->lock_dev;
	if (what->lock == LOCK_FILE)
		m->has_file_locks = true;
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
	lock_use_release(&lock->use);
	free(lock->name);
	free(lock);
}
