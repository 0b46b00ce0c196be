/* SPDX-License-Identifier: MIT */
/*
 * Whose a stretch of time in the trace is: the trace names threads by their id, which
 * may have been given to several, one after the other; the facts know their lives.
 */
#ifndef EXPORT_THREADS_H
#define EXPORT_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/htab.h"
#include "facts/facts.h"

#define THREADS_NONE SIZE_MAX

struct threads {
	const struct facts *f;		/* lent */
	struct htab by_tid;		/* (tid, 0) -> the last struct fact_thread of that id */
	size_t *next;			/* [f->thread_cnt], another one of that id, or THREADS_NONE */
	struct htab by_pid;		/* (pid, 0) -> the last struct fact_process of that id */
};

void threads_init(struct threads *th, const struct facts *f);
void threads_release(struct threads *th);

/* The threads that have had this id: first, then th->next[that], until THREADS_NONE. */
size_t threads_first(const struct threads *th, uint32_t tid);

/* Cut a stretch down to what the thread lived of it; false: nothing. */
bool threads_clip(const struct fact_thread *t, uint64_t *start_ns, uint64_t *end_ns);

/* The name of the thread's process, never NULL. */
const char *threads_process(const struct threads *th, const struct fact_thread *t);

#endif
