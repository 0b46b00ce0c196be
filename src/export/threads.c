/* SPDX-License-Identifier: MIT */
/* Owns the index; threads and processes are the facts'. */
#include "export/threads.h"

#include <stdlib.h>

#include "base/xalloc.h"

void threads_init(struct threads *th, const struct facts *f)
{
	*th = (struct threads){ .f = f };
	th->next = xcalloc(f->thread_cnt, sizeof(*th->next));
	for (size_t i = 0; i < f->thread_cnt; i++) {
		struct fact_thread *t = &f->threads[i];

		th->next[i] = threads_first(th, t->tid);
		htab_put(&th->by_tid, t->tid, 0, t);
	}
	for (size_t i = 0; i < f->process_cnt; i++)
		htab_put(&th->by_pid, f->processes[i].pid, 0, &f->processes[i]);
}

void threads_release(struct threads *th)
{
	free(th->next);
	htab_release(&th->by_tid);
	htab_release(&th->by_pid);
	*th = (struct threads){ 0 };
}

size_t threads_first(const struct threads *th, uint32_t tid)
{
	const struct fact_thread *t = htab_find(&th->by_tid, tid, 0);

	return t ? (size_t)(t - th->f->threads) : THREADS_NONE;
}

bool threads_clip(const struct fact_thread *t, uint64_t *start_ns, uint64_t *end_ns)
{
	uint64_t death_ns = t->started_ns + t->lifetime_ns;

	if (*start_ns < t->started_ns)
		*start_ns = t->started_ns;
	if (*end_ns > death_ns)
		*end_ns = death_ns;
	return *start_ns < *end_ns;
}

const char *threads_process(const struct threads *th, const struct fact_thread *t)
{
	const struct fact_process *p = htab_find(&th->by_pid, t->pid, 0);

	return p && p->name ? p->name : "";
}
