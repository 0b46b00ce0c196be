// SPDX-License-Identifier: MIT
/* Owns the changes that leave threads threads: their number, their locks, what runs them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "facts/whatif_run.h"

/* A lock is worth naming when it costs this much of the work. */
#define LOCK_SHARE 0.05

/* Threads that wait for sockets this much of their time can wait in one loop. */
#define SOCKET_SHARE 0.50

/* CPU time of a coroutine against that of a thread. */
#define LOOP_BEST  0.7
#define LOOP_WORST 1.5

/* A free-threaded build against the usual one, on one thread: PEP 779 and its benchmarks. */
#define FREE_BEST  1.05
#define FREE_USUAL 1.2
#define FREE_WORST 1.4

static const struct lock *costliest_lock(const struct whatif *w)
{
	const struct lock *top = NULL;

	htab_for_each(&w->m->locks, i) {
		const struct lock *l = w->m->locks.entries[i].value;

		if (l->kind == LOCK_GIL || !l->contended_ns)
			continue;
		if (!top || l->contended_ns > top->contended_ns ||
		    (l->contended_ns == top->contended_ns && l->index < top->index))
			top = l;
	}
	return top;
}

void whatif_without_lock(struct whatif *w)
{
	const struct lock *l = costliest_lock(w);
	struct replay_model model = w->now;
	struct outcome o;

	if (!l || (double)l->contended_ns < LOCK_SHARE * w->recorded_ns)
		return;
	model.no_lock = l->index;
	o.best_ns = o.usual_ns = whatif_replay(w, &model);
	/* What it protects has to be done without it somehow. */
	o.worst_ns = (o.usual_ns + w->base_ns) / 2;
	whatif_add(w, "without-lock", w->workers, l->name, &o,
		   xasprintf("without the %.2f s that threads waited for it; worst: half of the "
			     "gain",
			     (double)l->contended_ns / 1e9));
}

static double without_groups(const struct whatif *w, double pace)
{
	struct replay_change *changes = whatif_copy(w);
	struct replay_model model = w->now;
	double ns;

	model.changes = changes;
	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		changes[i].group = 0;
		changes[i].pace = pace;
	}
	ns = whatif_replay(w, &model);
	free(changes);
	return ns;
}

void whatif_free_threaded(struct whatif *w)
{
	double gil_ns = (double)facts_bucket_ns(w->facts, BUCKET_GIL);
	struct outcome o;

	if (!w->multi || gil_ns < LOCK_SHARE * w->work_ns || w->cpus < 2)
		return;
	o.best_ns = without_groups(w, FREE_BEST);
	o.usual_ns = without_groups(w, FREE_USUAL);
	o.worst_ns = without_groups(w, FREE_WORST);
	whatif_add(w, "free-threaded", w->workers, NULL, &o,
		   xasprintf("without the %.2f s that threads waited for the GIL, and 5 to 40 %% "
			     "more CPU time, as such builds need for one thread; if the extensions "
			     "allow it and the threads share few objects",
			     gil_ns / 1e9));
}

static double in_one_loop(const struct whatif *w, double pace)
{
	struct replay_change *changes = whatif_copy(w);
	struct replay_model model = w->now;
	double ns;

	model.changes = changes;
	model.switch_ns = 0;
	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		if (!w->r.threads[i].is_worker)
			continue;
		changes[i].group = 1;
		changes[i].held = 1;
		changes[i].pace = pace;
	}
	ns = whatif_replay(w, &model);
	free(changes);
	return ns;
}

static double socket_share(const struct whatif *w)
{
	double sockets = 0, active = 0;

	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		const struct fact_thread *t = &w->facts->threads[i];

		if (!w->r.threads[i].is_worker)
			continue;
		sockets += (double)t->time_ns[BUCKET_NETWORK];
		active += (double)t->lifetime_ns - (double)fact_thread_group_ns(t, GROUP_IDLE) -
			  (double)fact_thread_group_ns(t, GROUP_SYNC);
	}
	return active > 0 ? sockets / active : 0;
}

void whatif_async(struct whatif *w)
{
	struct outcome o;

	if (w->workers < 2 || socket_share(w) < SOCKET_SHARE)
		return;
	o.best_ns = in_one_loop(w, LOOP_BEST);
	o.usual_ns = in_one_loop(w, 1);
	o.worst_ns = in_one_loop(w, LOOP_WORST);
	whatif_add(w, "async", w->workers, NULL, &o,
		   xasprintf("all waits overlap, and %.2f s of CPU on one CPU; worst and best: "
			     "%.1f and %.1f times the CPU time",
			     w->work_ns / 1e9, LOOP_WORST, LOOP_BEST));
}

void whatif_workers(struct whatif *w)
{
	(void)w;
}

/* One worker does all, one thing after the other. */
void whatif_single(struct whatif *w)
{
	(void)w;
}
