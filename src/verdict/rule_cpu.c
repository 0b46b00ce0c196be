// SPDX-License-Identifier: MIT
/* Owns the rules on CPUs: who uses them, who waits for one, who uses none. */
#include <string.h>

#include "verdict/rules.h"
#include "verdict/thresholds.h"

#define CPU_MIN_SHARE 0.70

/* A sixth of the runnable time spent in line, with more runnable than CPUs. */
#define QUEUE_MIN_RATIO 0.15

/* One part in twenty: quotas bite in bursts, so even little of it is felt. */
#define THROTTLED_MIN_RATIO 0.05

/* The busiest worker does a quarter more than the average: others wait a fifth of the time. */
#define IMBALANCE_MIN 0.25
/* … and is never done: it sets the pace. */
#define PACE_MIN_SHARE 0.70

/* Nine tenths of the workers' life without work in sight … */
#define IDLE_MIN_SHARE 0.90
/* … unless so many take turns that together they are busy. */
#define IDLE_MAX_ACTIVE 0.50

/* One thread on a CPU for four fifths of the time, and others could be. */
#define ONE_THREAD_MIN 0.80

/* Below, standing in line is nothing to speak of. */
#define BUSY_MIN_SHARE 0.05

/* Made for one small task each, in such numbers that a pool would be worth it. */
#define SHORT_LIVED_MIN 20

/* A fifth of what the workers do is to become workers. */
#define STARTUP_MIN_SHARE 0.20

/* Time in line behind other programs, if worth a word: without them it would have been idle. */
static double queued_by_others_ns(const struct view *v)
{
	double queue = v->work.ns[PART_QUEUE];

	return view_crowds_itself(v) || queue < v->life_ns * BUSY_MIN_SHARE ? 0 : queue;
}

static bool idle(const struct view *v, const struct rule *r, struct finding *out)
{
	double duration = (double)v->facts->recording.duration_ns;
	double away = v->work.ns[PART_IDLE] + v->work.ns[PART_RESULT];
	double all = 0, life = 0, queued = queued_by_others_ns(v);

	for (size_t i = 0; i < v->thread_cnt; i++) {
		all += v->threads[i].time.ns[PART_IDLE] + v->threads[i].time.ns[PART_RESULT];
		life += parts_life_ns(&v->threads[i].time);
	}
	out->value = v->workers ? ratio(away, v->life_ns - queued) : ratio(all, life);
	if (out->value < r->threshold || v->active_ns > duration * IDLE_MAX_ACTIVE)
		return false;
	strbuf_addf(&out->text,
		    "waiting for work, for a timer or for each other: %.1f %% of the time of the "
		    "threads that did anything; %.2f CPUs in use",
		    100 * out->value, ratio(v->cpu_ns, duration));
	if (queued > 0)
		strbuf_addf(&out->text, "; waits for CPUs that other programs use left out");
	return true;
}

static bool cpu_bound(const struct view *v, const struct rule *r, struct finding *out)
{
	double cpu = view_share(v, PART_CPU), queue = view_share(v, PART_QUEUE);
	double throttled = view_share(v, PART_THROTTLED);

	out->value = cpu + queue + throttled;
	out->cost = cpu;
	if (out->value < r->threshold)
		return false;
	strbuf_addf(&out->text,
		    "running, or waiting to run, is %.0f %% of the workers' active time; %.2f of "
		    "%.4g usable %s in use",
		    100 * out->value, v->cpus_busy, v->usable, view_cpu_word(v));
	return true;
}

/* Workers of the same kind at a time: a main thread beside its pool is none too many. */
static double pool_size(const struct view *v)
{
	double size = 0;

	for (size_t i = 0; i < v->thread_cnt; i++) {
		const struct thread_view *t = &v->threads[i];

		if (t->is_worker && v->roles[t->role].workers > 1)
			size += thread_view_span_ns(t);
	}
	return ratio(size, v->window_ns);
}

static bool oversubscribed(const struct view *v, const struct rule *r, struct finding *out)
{
	double cpu = v->work.ns[PART_CPU], queue = v->work.ns[PART_QUEUE];

	out->value = ratio(queue, cpu + queue);
	out->cost = view_share(v, PART_QUEUE);
	if (out->value < r->threshold || !view_crowds_itself(v) ||
	    pool_size(v) < v->usable * RUNNABLE_MIN_OVER)
		return false;
	/* Held back by a quota: fewer threads would be held back as much. */
	if (v->work.ns[PART_THROTTLED] > queue)
		return false;
	strbuf_addf(&out->text,
		    "run queue / (run queue + CPU) = %.2f: on average %.1f threads are runnable "
		    "on %.4g usable %s",
		    out->value, v->runnable, v->usable, view_cpu_word(v));
	return true;
}

static bool throttled(const struct view *v, const struct rule *r, struct finding *out)
{
	double held = v->work.ns[PART_THROTTLED];

	out->value = ratio(held, held + v->work.ns[PART_CPU]);
	out->cost = view_share(v, PART_THROTTLED);
	if (out->value < r->threshold)
		return false;
	strbuf_addf(&out->text, "held back by the cgroup's CPU quota %.0f %% of the runnable time",
		    100 * out->value);
	return true;
}

/* Each switch is followed by one wait for a CPU. */
static double mean_queue_ns(const struct view *v)
{
	double queue = 0, waits = 0;

	for (size_t i = 0; i < v->thread_cnt; i++) {
		const struct thread_view *t = &v->threads[i];

		if (!t->is_worker)
			continue;
		queue += t->time.ns[PART_QUEUE];
		waits += (double)t->fact->voluntary + (double)t->fact->involuntary;
	}
	return ratio(queue, waits);
}

/* Queueing that the program itself doesn't explain: somebody else is on the CPUs. */
static bool machine_busy(const struct view *v, const struct rule *r, struct finding *out)
{
	double cpu = v->work.ns[PART_CPU], queue = v->work.ns[PART_QUEUE];

	out->value = ratio(queue, cpu + queue);
	if (out->value < r->threshold || view_crowds_itself(v))
		return false;
	if (view_share(v, PART_QUEUE) < BUSY_MIN_SHARE || mean_queue_ns(v) < BUSY_MIN_WAIT_NS)
		return false;
	strbuf_addf(&out->text,
		    "run queue / (run queue + CPU) = %.2f with %.1f threads runnable and %.2f of "
		    "%.4g usable CPUs in use: other programs use them too",
		    out->value, v->runnable, v->cpus_busy, v->usable);
	return true;
}

static const struct thread_view *busiest_worker(const struct view *v)
{
	const struct thread_view *best = NULL;

	for (size_t i = 0; i < v->thread_cnt; i++)
		if (v->threads[i].is_worker &&
		    (!best || v->threads[i].time.ns[PART_CPU] > best->time.ns[PART_CPU]))
			best = &v->threads[i];
	return best;
}

/* "worker (cpu)" and "worker (idle)" are one pool that shares its work badly. */
static bool same_pool(const struct thread_view *a, const struct thread_view *b)
{
	const char *x = a->fact->role ? a->fact->role : "", *y = b->fact->role ? b->fact->role : "";
	size_t len = strcspn(x, "(");

	return len == strcspn(y, "(") && !strncmp(x, y, len);
}

/* A pool that had ended before another began could not have shared its work. */
static bool lived_together(const struct thread_view *a, const struct thread_view *b)
{
	const struct fact_thread *x = a->fact, *y = b->fact;

	return x->started_ns < y->started_ns + y->lifetime_ns &&
	       y->started_ns < x->started_ns + x->lifetime_ns;
}

/* Among workers that do the same: that main has more to do than its pool is another matter. */
static bool imbalanced(const struct view *v, const struct rule *r, struct finding *out)
{
	const struct thread_view *most = busiest_worker(v);
	unsigned int cnt = 0;
	double sum = 0;

	if (!most)
		return false;
	for (size_t i = 0; i < v->thread_cnt; i++) {
		if (!v->threads[i].is_worker || !same_pool(&v->threads[i], most) ||
		    !lived_together(&v->threads[i], most))
			continue;
		cnt++;
		sum += v->threads[i].time.ns[PART_CPU];
	}
	if (cnt < 2 || v->usable < 2 || v->at_once < 1 || !view_has_spare_cpu(v) ||
	    view_share(v, PART_CPU) + view_share(v, PART_QUEUE) < CPU_MIN_SHARE)
		return false;
	/* Behind other programs who gets less CPU time has no less to do. */
	if (v->work.ns[PART_QUEUE] > v->work.ns[PART_CPU])
		return false;
	/* Who waits for requests holds nobody up, however many the others get. */
	if (most->time.ns[PART_CPU] + most->time.ns[PART_QUEUE] < v->window_ns * PACE_MIN_SHARE)
		return false;
	out->value = ratio(most->time.ns[PART_CPU], sum / cnt) - 1;
	out->cost = 1 - ratio(v->cpus_busy, cnt < v->usable ? cnt : v->usable);
	if (out->value < r->threshold || out->cost <= 0)
		return false;
	strbuf_addf(&out->text,
		    "the busiest of %u workers has %.0f %% more CPU time than the average; %.2f of "
		    "%.4g usable CPUs in use",
		    cnt, 100 * out->value, v->cpus_busy, v->usable);
	return true;
}

/* One thread is never done, and the others have time to wait for it. */
static bool bottleneck(const struct view *v, const struct rule *r, struct finding *out)
{
	const struct thread_view *most = busiest_worker(v);
	double others;

	if (!most || v->workers < 2 || !view_has_spare_cpu(v))
		return false;
	others = (v->work.ns[PART_CPU] - most->time.ns[PART_CPU]) / (v->workers - 1);
	out->value = ratio(most->time.ns[PART_CPU], v->window_ns);
	if (out->value < r->threshold || others > most->time.ns[PART_CPU] / 2)
		return false;
	strbuf_addf(&out->text,
		    "thread %u (%s) is on a CPU %.0f %% of the time, the other workers %.0f %%: "
		    "they may be waiting for it",
		    most->fact->tid, most->fact->role ? most->fact->role : "", 100 * out->value,
		    100 * ratio(others, v->window_ns));
	return true;
}

static bool one_thread(const struct view *v, const struct rule *r, struct finding *out)
{
	if (v->workers != 1 || v->usable < 2)
		return false;
	out->value = ratio(v->work.ns[PART_CPU], v->window_ns);
	if (out->value < r->threshold)
		return false;
	strbuf_addf(&out->text,
		    "one thread is on a CPU %.0f %% of the time, and %.4g CPUs are usable",
		    100 * out->value, v->usable);
	return true;
}

static bool short_lived(const struct view *v, const struct rule *r, struct finding *out)
{
	out->value = v->short_lived;
	if (out->value < r->threshold || v->short_lived < v->worker_processes / 2)
		return false;
	out->cost = 1 - ratio(view_workers_ns(v, BUCKET_CPU_USER), v->work.ns[PART_CPU]);
	strbuf_addf(&out->text,
		    "%u of %u worker processes lived less than %.0f ms: starting and ending them "
		    "is %.0f %% of their CPU time",
		    v->short_lived, v->worker_processes, (double)SHORT_LIFE_MAX_NS / 1e6,
		    100 * out->cost);
	return true;
}

/* Of workers that were born with an interpreter to start; a fork starts nothing. */
static bool startup(const struct view *v, const struct rule *r, struct finding *out)
{
	out->value = ratio(v->startup_ns, v->startup_ns + v->active_ns);
	out->cost = out->value;
	if (out->value < r->threshold || v->worker_processes < 2)
		return false;
	strbuf_addf(&out->text,
		    "starting the interpreters of its workers takes %.1f s, as against %.1f s that "
		    "they work",
		    v->startup_ns / 1e9, v->active_ns / 1e9);
	return true;
}

const struct rule rules_cpu[] = {
	{ "idle", CLASS_IDLE, IDLE_MIN_SHARE, "share", idle, "waiting for work" },
	{ "oversubscribed", CLASS_OVERSUBSCRIBED, QUEUE_MIN_RATIO, "ratio", oversubscribed,
	  "more runnable threads than usable CPUs" },
	{ "imbalanced", CLASS_IMBALANCED, IMBALANCE_MIN, "ratio", imbalanced,
	  "one worker has more to do than the others" },
	{ "cpu-bound", CLASS_CPU_BOUND, CPU_MIN_SHARE, "share", cpu_bound, "the work is CPU" },
	{ "one-thread", CLASS_NONE, ONE_THREAD_MIN, "share", one_thread,
	  "one thread does all the work" },
	{ "bottleneck", CLASS_NONE, ONE_THREAD_MIN, "share", bottleneck,
	  "one thread is busy while the others wait" },
	{ "throttled", CLASS_NONE, THROTTLED_MIN_RATIO, "ratio", throttled,
	  "a CPU quota holds the program back" },
	{ "machine-busy", CLASS_NONE, QUEUE_MIN_RATIO, "ratio", machine_busy,
	  "other programs use the CPUs too" },
	{ "short-lived", CLASS_NONE, SHORT_LIVED_MIN, "processes", short_lived,
	  "processes that live for one small task" },
	{ "startup", CLASS_NONE, STARTUP_MIN_SHARE, "share", startup,
	  "starting the workers takes much of what they bring" },
	{ 0 },
};
