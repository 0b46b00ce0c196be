// SPDX-License-Identifier: MIT
/*
 * Owns the replay of the run as it was recorded, what it is worth, and the ranges of
 * all predictions. What a change changes is in whatif_model.c and whatif_other.c.
 */
#include "facts/whatif.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "facts/whatif_run.h"

/* Doubles count nanoseconds up to here, 104 days; a longer time is a damaged record's. */
#define REPLAY_MAX_NS (1ULL << 53)

/* CPython's switch interval; Ruby's is 100 ms, but its GVL is passed on as threads wait. */
#define SWITCH_NS 5e6

/* Two runs of the same program on the same machine differ by this. */
#define NOISE 0.05

/* A range from a loss to a multiple helps nobody to decide. */
#define RANGE_MAX 5.0

/* A replay that misses what it was recorded from by this much is worth nothing. */
#define ERROR_MAX 0.35

/* The share of its CPU time in which a thread has the global lock: all, if nobody watched. */
static double held_share(const struct task *t)
{
	if (t->watched_ns)
		return 1 - (double)t->released_ns / (double)t->watched_ns;
	return 1;
}

static void group_threads(struct whatif *w)
{
	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		const struct task *t = whatif_task(w, i);

		if (!t->process->global_lock)
			continue;
		w->changes[i].group = w->r.threads[i].process + 1;
		w->changes[i].held = held_share(t);
	}
	w->now = (struct replay_model){
		.cpus = w->cpus,
		.switch_ns = SWITCH_NS,
		.group_cnt = (uint32_t)w->m->process_cnt,
		.changes = w->changes,
	};
}

/* From the first to the last activity of a worker, on the kept clock. */
static double recorded_ns(const struct whatif *w, const struct segments *s)
{
	uint64_t first = UINT64_MAX, last = 0;

	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		const struct fact_thread *t = &w->facts->threads[i];

		if (!w->r.threads[i].is_worker || !t->last_cpu_ns)
			continue;
		first = t->first_cpu_ns < first ? t->first_cpu_ns : first;
		last = t->last_cpu_ns > last ? t->last_cpu_ns : last;
	}
	if (last <= first)
		return 0;
	return (double)(segments_kept_ns(s, s->begin_ns + last) -
			segments_kept_ns(s, s->begin_ns + first));
}

double whatif_replay(const struct whatif *w, const struct replay_model *model)
{
	struct replay_result res;

	replay_run(&w->r, model, &res);
	return res.is_broken ? 0 : res.last_ns - res.first_ns;
}

struct replay_change *whatif_copy(const struct whatif *w)
{
	struct replay_change *copy = xcalloc(w->r.thread_cnt, sizeof(*copy));

	if (w->r.thread_cnt)
		memcpy(copy, w->changes, w->r.thread_cnt * sizeof(*copy));
	return copy;
}

static struct fact_whatif *append(struct whatif *w, const char *change, uint32_t workers)
{
	struct facts *f = w->facts;

	f->whatif = xrealloc(f->whatif, (f->whatif_cnt + 1) * sizeof(*f->whatif));
	f->whatif[f->whatif_cnt] = (struct fact_whatif){
		.change = xstrdup(change),
		.workers = workers,
	};
	return &f->whatif[f->whatif_cnt++];
}

void whatif_refuse(struct whatif *w, const char *change, uint32_t workers, char *why_not)
{
	append(w, change, workers)->why_not = why_not;
}

void whatif_add(struct whatif *w, const char *change, uint32_t workers, const char *lock,
		const struct outcome *o, char *basis)
{
	double margin = NOISE + w->error / 2;
	double speedup, low, high;
	struct fact_whatif *out;

	/* A replay that did not end, or had nothing to do. */
	if (!(o->best_ns > 0) || !(o->worst_ns > 0) || !(o->usual_ns > 0)) {
		free(basis);
		return;
	}
	speedup = w->base_ns / o->usual_ns;
	low = fmin(w->base_ns / o->worst_ns, speedup) * (1 - margin);
	high = fmax(w->base_ns / o->best_ns, speedup) * (1 + margin);
	if (high > RANGE_MAX * low) {
		whatif_refuse(w, change, workers,
			      xasprintf("anything from %.2gx to %.2gx: how much would be "
					"copied, or is now, can't be seen",
					low, high));
		free(basis);
		return;
	}
	out = append(w, change, workers);
	out->lock = lock ? xstrdup(lock) : NULL;
	out->speedup = speedup;
	out->low = low;
	out->high = high;
	out->basis = xasprintf("%s; replayed as it was: %.2f of %.2f s", basis, w->base_ns / 1e9,
			       w->recorded_ns / 1e9);
	free(basis);
}

static void ask_all(struct whatif *w)
{
	if (w->error > ERROR_MAX) {
		whatif_refuse(w, w->multi ? "processes" : "threads", w->workers,
			      xasprintf("replayed unchanged it takes %.2f s, not %.2f s: something "
					"unseen was in its way",
					w->base_ns / 1e9, w->recorded_ns / 1e9));
		return;
	}
	whatif_processes(w);
	whatif_threads(w);
	whatif_async(w);
	whatif_free_threaded(w);
	whatif_without_lock(w);
	whatif_workers(w);
}

void whatif_fill(struct facts *out, const struct segments *s, const struct model *m)
{
	struct whatif w = { .facts = out, .m = m, .cpus = out->recording.cpus_usable };

	double duration_ns = (double)out->recording.duration_ns;

	if (out->recording.duration_ns > REPLAY_MAX_NS)
		return;
	out->has_whatif = true;
	if (duration_ns > 0)
		w.kept = (double)segments_kept_ns(s, s->begin_ns + out->recording.duration_ns) /
			 duration_ns;
	if (!(w.cpus > 0) || out->thread_cnt != m->task_cnt)
		w.cpus = 1;
	replay_init(&w.r, s, m);
	w.changes = xcalloc(w.r.thread_cnt, sizeof(*w.changes));
	whatif_find_pool(&w);
	group_threads(&w);
	w.recorded_ns = recorded_ns(&w, s);
	w.base_ns = whatif_replay(&w, &w.now);
	if (w.recorded_ns > 0 && w.base_ns > 0) {
		w.error = fabs(w.base_ns / w.recorded_ns - 1);
		ask_all(&w);
	}
	free(w.changes);
	free(w.crew);
	free(w.children);
	free(w.in_pool);
	free(w.hands_over);
	free(w.outside_ns);
	replay_release(&w.r);
}
