// SPDX-License-Identifier: MIT
/* Owns the choice: from findings to a class, and from the class to what fits. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "verdict/judge.h"
#include "verdict/loops.h"
#include "verdict/thresholds.h"

/* A role takes part in a mix when it is a tenth of the work and a third of a thread. */
#define MIX_MIN_SHARE  0.10
#define MIX_MIN_ACTIVE 0.30

/* When this much of the time is lost to one lock, a mix of roles is the smaller matter. */
#define MIX_MAX_CONTENTION 0.40

static bool holds(const struct judgement *j, enum verdict_class class)
{
	for (size_t i = 0; i < j->finding_cnt; i++)
		if (j->findings[i].rule->class == class)
			return true;
	return false;
}

static double lost_share(const struct facts *f)
{
	double lost = (double)f->recording.lost_ring + (double)f->recording.lost_state;

	return ratio(lost, lost + (double)f->recording.events);
}

enum verdict_class role_class(const struct role_view *r)
{
	const double *ns = r->time.ns;
	double active = r->active_ns;
	double io = ns[PART_DISK] + ns[PART_NETWORK] + ns[PART_MEMORY];
	double run = ns[PART_CPU] + ns[PART_QUEUE] + ns[PART_THROTTLED];

	if (r->life_ns <= 0)
		return CLASS_INCONCLUSIVE;
	if (active < r->life_ns * 0.1)
		return CLASS_IDLE;
	if (ns[PART_GIL] >= 0.2 * (ns[PART_GIL] + ns[PART_CPU]) && ns[PART_GIL] >= 0.1 * active)
		return CLASS_GIL_BOUND;
	if (ns[PART_LOCK] >= 0.15 * active && ns[PART_LOCK] > io)
		return CLASS_LOCK_BOUND;
	if (ns[PART_KERNEL_LOCK] >= 0.1 * active && ns[PART_KERNEL_LOCK] > io)
		return CLASS_KERNEL_LOCK_BOUND;
	if (ns[PART_IPC] >= 0.2 * active && ns[PART_IPC] > io)
		return CLASS_IPC_BOUND;
	if (io >= 0.5 * active)
		return CLASS_IO_BOUND;
	return run >= 0.7 * active ? CLASS_CPU_BOUND : CLASS_MIXED;
}

/* Do some roles live on CPU, and others on I/O? */
static bool roles_differ(const struct view *v)
{
	double cpu = 0, io = 0, all = 0;

	for (size_t i = 0; i < v->role_cnt; i++) {
		const struct role_view *r = &v->roles[i];
		enum verdict_class class = role_class(r);

		all += r->active_ns;
		if (class == CLASS_CPU_BOUND || class == CLASS_GIL_BOUND)
			cpu += r->active_ns;
		else if (class == CLASS_IO_BOUND)
			io += r->active_ns;
	}
	return cpu >= MIX_MIN_SHARE * all && io >= MIX_MIN_SHARE * all &&
	       cpu >= MIX_MIN_ACTIVE * v->window_ns && io >= MIX_MIN_ACTIVE * v->window_ns;
}

static char *what_is_missing(const struct judgement *j)
{
	const struct facts *f = j->view.facts;
	double active = 0;

	for (size_t i = 0; i < j->view.thread_cnt; i++)
		active += j->view.threads[i].active_ns;

	if (!f->thread_cnt)
		return xstrdup("No thread of the target was seen.");
	if (lost_share(f) > LOST_MAX)
		return xasprintf("%.0f %% of the records were lost: record less at a time, or a "
				 "part of the program.",
				 100 * lost_share(f));
	if (judgement_finding(j, "idle") && (double)f->recording.duration_ns >= RECORDING_MIN_NS)
		return NULL;
	if ((double)f->recording.duration_ns < RECORDING_MIN_NS)
		return xasprintf("The recording lasted %.0f ms; a verdict takes at least %.0f ms, "
				 "better some seconds.",
				 (double)f->recording.duration_ns / 1e6, RECORDING_MIN_NS / 1e6);
	if (active < ACTIVE_MIN_NS)
		return xasprintf(
			"Only %.1f ms of work were seen; a verdict takes at least %.0f ms: "
			"record it under load, or for longer.",
			active / 1e6, ACTIVE_MIN_NS / 1e6);
	return NULL;
}

/* Of what the program waits for in place of working, what costs it most. */
static enum verdict_class costliest(const struct judgement *j)
{
	enum verdict_class best = CLASS_NONE;
	double cost = 0;

	for (size_t i = 0; i < j->finding_cnt; i++) {
		const struct finding *f = &j->findings[i];

		switch (f->rule->class) {
		case CLASS_GIL_BOUND:
		case CLASS_LOCK_BOUND:
		case CLASS_KERNEL_LOCK_BOUND:
		case CLASS_IPC_BOUND:
		case CLASS_OVERSUBSCRIBED:
			break;
		default:
			continue;
		}
		if (f->cost > cost) {
			best = f->rule->class;
			cost = f->cost;
		}
	}
	if (best != CLASS_NONE && best != CLASS_IPC_BOUND && cost < MIX_MAX_CONTENTION &&
	    roles_differ(&j->view))
		return CLASS_MIXED;
	if (best != CLASS_NONE && holds(j, CLASS_IO_BOUND) && view_io_share(&j->view) > cost)
		return CLASS_IO_BOUND;
	return best;
}

void choose_class(struct judgement *j)
{
	const struct view *v = &j->view;
	double io = view_io_share(v), cpu = view_share(v, PART_CPU);

	j->missing = what_is_missing(j);
	if (j->missing) {
		j->class = CLASS_INCONCLUSIVE;
		return;
	}
	if (holds(j, CLASS_IDLE)) {
		j->class = CLASS_IDLE;
		return;
	}
	j->class = costliest(j);
	if (j->class != CLASS_NONE)
		return;
	if (roles_differ(v))
		j->class = CLASS_MIXED;
	else if (holds(j, CLASS_IMBALANCED))
		j->class = CLASS_IMBALANCED;
	else if (holds(j, CLASS_CPU_BOUND))
		j->class = CLASS_CPU_BOUND;
	else if ((holds(j, CLASS_IO_BOUND) || io >= 0.6) && (io >= 0.5 || cpu < 0.3))
		j->class = CLASS_IO_BOUND;
	else
		j->class = CLASS_MIXED;
}

/* Nobody works: what could. */
static enum verdict_fit current_of_idle(const struct view *v)
{
	size_t busiest = 0;

	for (size_t i = 0; i < v->process_cnt; i++) {
		size_t threads = 0;

		for (size_t t = 0; t < v->thread_cnt; t++)
			threads += v->threads[t].process == v->processes[i].fact;
		busiest = threads > busiest ? threads : busiest;
	}
	if (v->thread_cnt <= 1)
		return FIT_SINGLE;
	if (v->process_cnt <= 1)
		return FIT_THREADS;
	return busiest > 1 ? FIT_HYBRID : FIT_PROCESSES;
}

void choose_current(struct judgement *j)
{
	const struct view *v = &j->view;

	if (!v->thread_cnt)
		j->current = FIT_INCONCLUSIVE;
	else if (loops_do_the_work(v))
		j->current = FIT_ASYNC;
	else if (!v->workers || (j->class == CLASS_IDLE && v->workers == 1))
		j->current = current_of_idle(v);
	else if (v->workers == 1 || v->overlap < OVERLAP_MIN)
		j->current = FIT_SINGLE;
	else if (v->worker_processes <= 1)
		j->current = FIT_THREADS;
	else
		j->current = v->multi_processes ? FIT_HYBRID : FIT_PROCESSES;
}

static enum verdict_fit fit_of_cpu(const struct judgement *j)
{
	const struct view *v = &j->view;

	if (v->usable < 2)
		return v->workers > 1 ? FIT_EITHER : FIT_SINGLE;
	switch (j->current) {
	case FIT_SINGLE:
		return v->has_global_lock ? FIT_PROCESSES : FIT_THREADS;
	case FIT_THREADS:
		if (!v->has_global_lock || judgement_finding(j, "gil-released"))
			return FIT_THREADS;
		return FIT_PROCESSES;
	default:
		return j->current;
	}
}

static enum verdict_fit fit_of_ipc(const struct view *v)
{
	if (!v->has_global_lock)
		return FIT_THREADS;
	/* Together they fill less than one CPU: threads of one interpreter would do. */
	return v->cpus_busy < 1 ? FIT_THREADS : FIT_EITHER;
}

static enum verdict_fit fit_of_kernel_lock(const struct judgement *j)
{
	const struct fact_lock *l = top_lock(j->view.facts, true);

	/* Each process has an address space, and with it an mmap_lock, of its own. */
	if (l && l->name && strstr(l->name, "mmap") && j->current == FIT_THREADS)
		return FIT_PROCESSES;
	return FIT_EITHER;
}

static enum verdict_fit fit_of_mix(const struct judgement *j)
{
	const struct view *v = &j->view;

	if (!v->has_global_lock)
		return j->current == FIT_SINGLE ? FIT_THREADS : j->current;
	if (v->usable < 2)
		return FIT_THREADS;
	if (roles_differ(v) && v->workers > 1)
		return FIT_HYBRID;
	/* One interpreter has room left: threads overlap what waits there is. */
	return v->cpus_busy < 0.7 ? FIT_THREADS : FIT_HYBRID;
}

void choose_fit(struct judgement *j)
{
	j->fit = j->current == FIT_ASYNC ? loops_fit(j) : FIT_CNT;
	if (j->fit != FIT_CNT)
		return;
	switch (j->class) {
	case CLASS_GIL_BOUND:
		j->fit = j->view.usable < 2 ? FIT_EITHER : FIT_PROCESSES;
		break;
	case CLASS_CPU_BOUND:
	case CLASS_OVERSUBSCRIBED:
		j->fit = fit_of_cpu(j);
		break;
	case CLASS_IO_BOUND:
		j->fit = judgement_finding(j, "use-async") ? FIT_ASYNC : FIT_THREADS;
		break;
	case CLASS_IPC_BOUND:
		j->fit = fit_of_ipc(&j->view);
		break;
	case CLASS_KERNEL_LOCK_BOUND:
		j->fit = fit_of_kernel_lock(j);
		break;
	case CLASS_MIXED:
		j->fit = fit_of_mix(j);
		break;
	case CLASS_LOCK_BOUND:
	case CLASS_IMBALANCED:
	case CLASS_IDLE:
		j->fit = FIT_EITHER;
		break;
	default:
		j->fit = FIT_INCONCLUSIVE;
	}
}

enum verdict_fit role_fit(const struct judgement *j, const struct role_view *r,
			  enum verdict_class class)
{
	const struct view *v = &j->view;

	switch (class) {
	case CLASS_GIL_BOUND:
		return v->usable < 2 ? FIT_EITHER : FIT_PROCESSES;
	case CLASS_CPU_BOUND:
		if (j->fit != FIT_HYBRID || j->current == FIT_ASYNC)
			return j->fit;
		return v->has_global_lock ? FIT_PROCESSES : FIT_THREADS;
	case CLASS_IO_BOUND:
		return r->threads >= ASYNC_MIN_THREADS || j->current == FIT_ASYNC ? FIT_ASYNC
										  : FIT_THREADS;
	case CLASS_IDLE:
	case CLASS_LOCK_BOUND:
	case CLASS_KERNEL_LOCK_BOUND:
		return FIT_EITHER;
	case CLASS_IPC_BOUND:
		return fit_of_ipc(v);
	case CLASS_INCONCLUSIVE:
		return FIT_INCONCLUSIVE;
	default:
		return j->fit;
	}
}

static double unavailable_factor(const struct facts *f)
{
	double factor = 1;

	for (size_t i = 0; i < f->recording.unavailable_cnt; i++) {
		const char *name = f->recording.unavailable[i];
		bool is_central = !strcmp(name, "gil") || !strcmp(name, "lock") ||
				  !strcmp(name, "run_queue");

		factor *= is_central ? 0.7 : 0.95;
	}
	return factor;
}

/* How far the rule that decided is from not holding: 1 at half as much again. */
static double margin_factor(const struct judgement *j)
{
	double best = 0;

	for (size_t i = 0; i < j->finding_cnt; i++) {
		const struct finding *f = &j->findings[i];
		double over = ratio(f->value, f->rule->threshold);
		/* Shares end at 1: from 0.7 there is no half as much again. */
		double room = f->rule->threshold > 0.6 ? (1 - f->rule->threshold) / 2 : 0.5;

		if (f->rule->class != j->class)
			continue;
		over = (over - 1) / (room / (f->rule->threshold > 0.6 ? f->rule->threshold : 1));
		best = over > best ? over : best;
	}
	if (j->class == CLASS_MIXED)
		return 0.8;
	return 0.75 + 0.25 * (best > 1 ? 1 : best);
}

double choose_confidence(const struct judgement *j)
{
	const struct view *v = &j->view;
	const struct facts *f = v->facts;
	double duration_s = (double)f->recording.duration_ns / 1e9;
	double life = v->life_ns, c = 0.95, lost = lost_share(f);

	if (j->class == CLASS_INCONCLUSIVE)
		return 0;
	c *= margin_factor(j);
	c *= duration_s < 0.5 ? 0.6 : duration_s < 1 ? 0.75 : duration_s < 2 ? 0.9 : 1;
	c *= lost > 0.01 ? 0.6 : lost > 0.001 ? 0.85 : 1;
	c *= unavailable_factor(f);
	if (judgement_finding(j, "machine-busy"))
		c *= 0.7;
	if (ratio(v->work.ns[PART_OTHER], life) > 0.2)
		c *= 0.7;
	/* Workers that wait for work half of the time aren't held back by much. */
	if (j->class != CLASS_IDLE && ratio(v->work.ns[PART_IDLE], life) > 0.5)
		c *= 0.7;
	if (j->fit != j->current && j->current == FIT_SINGLE)
		c *= 0.9; /* whether the work divides can't be seen */
	return c;
}
