// SPDX-License-Identifier: MIT
/* Owns the rules on CPUs: who uses them, who waits for one, who uses none. */
#include <string.h>

#include "verdict/rules.h"
#include "verdict/thresholds.h"

#define CPU_MIN_SHARE 0.70

/* A sixth of the runnable time spent in line, with more runnable than CPUs. To be calibrated. */
#define QUEUE_MIN_RATIO	  0.15
#define RUNNABLE_MIN_OVER 1.05

/*
 * More runnable threads than CPUs are too many only of a program that gets most of
 * the CPUs; where it gets less than half of them, others do. To be calibrated.
 */
#define OWN_CPUS_MIN_SHARE 0.50

/* One part in twenty: quotas bite in bursts, so even little of it is felt. To be calibrated. */
#define THROTTLED_MIN_RATIO 0.05

/* The busiest worker does a quarter more than the average one. To be calibrated. */
#define IMBALANCE_MIN 0.25

/* Nine tenths of the workers' life without work in sight … */
#define IDLE_MIN_SHARE 0.90
/* … unless so many take turns that together they are busy. */
#define IDLE_MAX_ACTIVE 0.50

/* One thread on a CPU for four fifths of the time, and others could be. */
#define ONE_THREAD_MIN 0.80

/* By the whole, and by the single wait: a wake-up of some microseconds is nobody's fault. */
#define BUSY_MIN_SHARE	   0.05
#define BUSY_MIN_WAIT_NS   100e3

/* Time in line behind other programs, if worth a word: without them it would have been idle. */
static double queued_by_others_ns(const struct view *v)
{
	double queue = v->work.ns[PART_QUEUE];

	if (v->runnable > v->usable * RUNNABLE_MIN_OVER || queue < v->life_ns * BUSY_MIN_SHARE)
		return 0;
	return queue;
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
		    "%.4g usable CPUs in use",
		    100 * out->value, v->cpus_busy, v->usable);
	return true;
}

static bool crowds_itself(const struct view *v)
{
	return v->runnable > v->usable * RUNNABLE_MIN_OVER &&
	       v->cpus_busy >= v->usable * OWN_CPUS_MIN_SHARE;
}

static bool oversubscribed(const struct view *v, const struct rule *r, struct finding *out)
{
	double cpu = v->work.ns[PART_CPU], queue = v->work.ns[PART_QUEUE];

	out->value = ratio(queue, cpu + queue);
	out->cost = view_share(v, PART_QUEUE);
	if (out->value < r->threshold || !crowds_itself(v))
		return false;
	/* Held back by a quota: fewer threads would be held back as much. */
	if (v->work.ns[PART_THROTTLED] > queue)
		return false;
	strbuf_addf(&out->text,
		    "run queue / (run queue + CPU) = %.2f: on average %.1f threads are runnable "
		    "on %.4g usable CPUs",
		    out->value, v->runnable, v->usable);
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
	if (out->value < r->threshold || crowds_itself(v))
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

/* Among workers that do the same: that main has more to do than its pool is another matter. */
static bool imbalanced(const struct view *v, const struct rule *r, struct finding *out)
{
	const struct thread_view *most = busiest_worker(v);
	unsigned int cnt = 0;
	double sum = 0;

	for (size_t i = 0; i < v->thread_cnt; i++) {
		if (!v->threads[i].is_worker || !same_pool(&v->threads[i], most))
			continue;
		cnt++;
		sum += v->threads[i].time.ns[PART_CPU];
	}
	if (cnt < 2 || v->usable < 2 || v->overlap < OVERLAP_MIN || !view_has_spare_cpu(v) ||
	    view_share(v, PART_CPU) + view_share(v, PART_QUEUE) < CPU_MIN_SHARE)
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
		    "one thread is on a CPU %.0f %% of the time; the other %.4g usable CPUs are "
		    "left to others",
		    100 * out->value, v->usable - 1);
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
	{ 0 },
};
