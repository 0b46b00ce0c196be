/* SPDX-License-Identifier: MIT */
/* Locks: their names, how long who waited for whom. Private to the model. */
#ifndef MODEL_LOCK_TABLE_H
#define MODEL_LOCK_TABLE_H

#include "model/model.h"

struct lock *lock_find(const struct model *m, const struct process *p, enum lock_kind kind,
		       uint64_t addr);

/*
 * The lock that @what says, in @p. NULL once a process has too many of them: a program
 * that parks each waiter on its own stack has as many words as waits.
 */
struct lock *lock_get(struct model *m, struct process *p, const struct wait_what *what);

/* A lock that is not there yet; @name is taken. NULL: too many. */
struct lock *lock_new(struct model *m, struct process *p, enum lock_kind kind, uint64_t addr,
		      char *name);

/* What the program's author would call it: "mutex", "threading.Lock". */
const char *lock_word(const struct process *p, enum lock_kind kind);

/*
 * For people: "mutex 0x7f… of app (4242)", "mutex cache_lock of app (4242)" once the
 * address has a name. The caller frees.
 */
char *lock_name(const struct model *m, const struct process *p, const struct wait_what *what);

/* What lies at @addr of @p: locks there get that name. */
void lock_name_symbol(struct model *m, const struct process *p, uint64_t addr, const char *name);

/* The path of a file has become known: file locks on it get that name. */
void lock_name_file(struct model *m, uint64_t id, uint32_t dev);

/* A lock that is not there yet; @name is taken. NULL: too many. */
struct lock *lock_new(struct model *m, struct process *p, enum lock_kind kind, uint64_t addr,
		      char *name);

/* One finished wait. */
void lock_add_wait(struct lock *lock, uint64_t wait_ns);

/* @waiter waited @wait_ns, in one or more goes, until @holder (0: unknown) let it. */
void lock_add_edge(struct lock *lock, uint32_t waiter, uint32_t holder, uint64_t wait_ns);
void lock_free(struct lock *lock);

#endif
