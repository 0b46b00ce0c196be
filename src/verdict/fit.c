// SPDX-License-Identifier: MIT
/*
 * Owns what fits: from the class and its evidence to a model, then what the replay
 * of the run says to it, then what the user needs besides speed.
 */
#include <string.h>

#include "base/text.h"
#include "verdict/judge.h"
#include "verdict/loops.h"
#include "verdict/thresholds.h"

/* One interpreter with less CPU in demand has room for all of it. */
#define INTERPRETER_ROOM 0.70

/* Of the I/O and CPU time of one kind of worker. */
#define MIX_MIN_WAIT 0.50

/* Runs of the same program differ by as much: less is no reason to change its model. */
#define SAME_WITHIN 0.15

/* A need may cost this much of the speed without a word of the user's. */
#define NEED_MAX_LOSS 0.15

const struct fact_whatif *find_replay(const struct facts *f, const char *change)
{
	for (size_t i = 0; i < f->whatif_cnt; i++) {
		const struct fact_whatif *w = &f->whatif[i];

		if (change && text_is_same(w->change, change) && !w->why_not && w->speedup > 0)
			return w;
	}
	return NULL;
}

/* Code that runs without the interpreter's lock was seen. */
static bool is_released(const struct judgement *j)
{
	return judgement_finding(j, "gil-released") || judgement_finding(j, "gil-parallel") ||
	       judgement_finding(j, "released-share");
}

/*
 * Could one interpreter do in about the same time what its processes do, with
 * @useful_ns of CPU left when all that comes of having processes is gone?
 */
static enum verdict_fit fit_of_costly_processes(const struct view *v, double useful_ns)
{
	double duration = (double)v->facts->recording.duration_ns;

	if (!v->has_global_lock || useful_ns < duration * (1 - SAME_WITHIN))
		return FIT_THREADS;
	return useful_ns < duration * (1 + SAME_WITHIN) ? FIT_EITHER : FIT_PROCESSES;
}

/* Several processes would run, and swap. */
static bool is_too_large(const struct judgement *j)
{
	return j->current == FIT_THREADS && judgement_finding(j, "worker-memory");
}

static enum verdict_fit fit_of_cpu(const struct judgement *j)
{
	const struct view *v = &j->view;

	if (judgement_finding(j, "short-lived"))
		return fit_of_costly_processes(v, view_workers_ns(v, BUCKET_CPU_USER));
	if (v->usable < 2)
		return v->workers > 1 ? FIT_EITHER : FIT_SINGLE;
	if (judgement_finding(j, "startup"))
		return fit_of_costly_processes(v, v->work.ns[PART_CPU]);
	switch (j->current) {
	case FIT_SINGLE:
	case FIT_THREADS:
		if (is_too_large(j))
			return FIT_THREADS;
		return !v->has_global_lock || is_released(j) ? FIT_THREADS : FIT_PROCESSES;
	default:
		return j->current;
	}
}

static enum verdict_fit fit_of_gil(const struct judgement *j)
{
	if (j->view.usable < 2)
		return FIT_EITHER;
	if (is_too_large(j))
		return FIT_THREADS;
	/* What processes would have to be sent may cost more than the lock does. */
	if (j->current == FIT_THREADS &&
	    (judgement_finding(j, "small-tasks") || judgement_finding(j, "fresh-memory")))
		return FIT_EITHER;
	return FIT_PROCESSES;
}

static enum verdict_fit fit_of_ipc(const struct judgement *j)
{
	const struct view *v = &j->view;
	enum verdict_fit fit = fit_of_costly_processes(v, v->cpu_ns - v->exchange_cpu_ns);

	return fit == FIT_PROCESSES ? FIT_EITHER : fit;
}

static enum verdict_fit fit_of_kernel_lock(const struct judgement *j)
{
	const struct fact_lock *l = top_lock(j->view.facts, true);

	/* Each process has an address space, and with it an mmap_lock, of its own. */
	if (l && l->name && strstr(l->name, "mmap") && j->current == FIT_THREADS)
		return FIT_PROCESSES;
	return FIT_EITHER;
}

/*
 * The same workers compute and wait for longer than that: to keep the CPUs busy it takes
 * several workers for each, and those that wait are cheap as threads only.
 */
bool waits_and_computes(const struct judgement *j)
{
	const struct view *v = &j->view;
	double io = view_io_share(v), cpu = view_share(v, PART_CPU);

	return v->has_global_lock && v->usable >= 2 && v->workers > v->usable &&
	       io >= MIX_MIN_WAIT * (io + cpu) && !is_released(j);
}

/* What its roles that compute ask of one interpreter: CPUs. */
static double wanted_by_computing(const struct judgement *j)
{
	const struct view *v = &j->view;
	double wanted = 0;

	for (size_t i = 0; i < j->role_cnt; i++) {
		const double *ns = v->roles[j->roles[i].role].time.ns;

		if (j->roles[i].class != CLASS_IO_BOUND && j->roles[i].class != CLASS_IDLE)
			wanted += ns[PART_CPU] + ns[PART_QUEUE] + ns[PART_GIL];
	}
	return ratio(wanted, v->window_ns);
}

static enum verdict_fit fit_of_mix(const struct judgement *j)
{
	const struct view *v = &j->view;

	if (!v->has_global_lock)
		return j->current == FIT_SINGLE ? FIT_THREADS : j->current;
	if (v->usable < 2)
		return FIT_THREADS;
	if (roles_differ(j) && v->workers > 1)
		return wanted_by_computing(j) < INTERPRETER_ROOM ? FIT_THREADS : FIT_HYBRID;
	/* One interpreter has room left: threads overlap what waits there is. */
	if (v->cpus_busy < INTERPRETER_ROOM)
		return FIT_THREADS;
	/* They run side by side as they are, or processes would have to ship what they fill. */
	if (j->current == FIT_THREADS && (is_released(j) || judgement_finding(j, "fresh-memory")))
		return FIT_THREADS;
	return j->current == FIT_PROCESSES || j->current == FIT_HYBRID ? j->current : FIT_HYBRID;
}

static enum verdict_fit fit_of_class(const struct judgement *j)
{
	switch (j->class) {
	case CLASS_GIL_BOUND:
		/* Each part of the program gets what suits it. */
		if ((roles_differ(j) && j->view.usable >= 2) || waits_and_computes(j))
			return FIT_HYBRID;
		return fit_of_gil(j);
	case CLASS_OVERSUBSCRIBED:
		if (waits_and_computes(j))
			return FIT_HYBRID;
		return fit_of_cpu(j);
	case CLASS_CPU_BOUND:
		return fit_of_cpu(j);
	case CLASS_IO_BOUND:
		return judgement_finding(j, "use-async") ? FIT_ASYNC : FIT_THREADS;
	case CLASS_IPC_BOUND:
		return fit_of_ipc(j);
	case CLASS_LOCK_BOUND:
		return judgement_finding(j, "coarse-lock") && j->current == FIT_THREADS
			       ? FIT_PROCESSES
			       : FIT_EITHER;
	case CLASS_KERNEL_LOCK_BOUND:
		return fit_of_kernel_lock(j);
	case CLASS_MIXED:
		return fit_of_mix(j);
	case CLASS_IMBALANCED:
	case CLASS_IDLE:
		return FIT_EITHER;
	default:
		return FIT_INCONCLUSIVE;
	}
}

static const char *change_to(enum verdict_fit fit)
{
	return fit == FIT_PROCESSES ? "processes" : fit == FIT_THREADS ? "threads" : NULL;
}

static enum verdict_fit other_model(enum verdict_fit current)
{
	return current == FIT_THREADS     ? FIT_PROCESSES
	       : current == FIT_PROCESSES ? FIT_THREADS
					  : FIT_INCONCLUSIVE;
}

/*
 * The replay has seen each segment of the run, the rules only sums. It decides where
 * the choice is about speed; threads for what mostly waits are about memory too, and of
 * objects that are packed one by one the replay tells no more than a wide range.
 */
static void heed_replay(struct judgement *j)
{
	enum verdict_fit other = other_model(j->current);
	const struct fact_whatif *w;

	if (other == FIT_INCONCLUSIVE || j->view.is_role || j->class == CLASS_IDLE ||
	    j->class == CLASS_INCONCLUSIVE || j->class == CLASS_IO_BOUND || is_too_large(j) ||
	    judgement_finding(j, "ipc-packing") ||
	    (j->fit != other && j->fit != j->current && j->fit != FIT_EITHER))
		return;
	w = find_replay(j->view.facts, change_to(other));
	if (!w)
		return;
	if (j->fit == other && w->speedup < 1 + SAME_WITHIN) {
		j->fit = w->high < 1 ? j->current : FIT_EITHER;
		j->replayed = w;
	} else if (j->fit != other && w->low > 1 + SAME_WITHIN) {
		j->fit = other;
		j->replayed = w;
	}
}

void choose_fit(struct judgement *j)
{
	j->fit = j->current == FIT_ASYNC ? loops_fit(j) : FIT_CNT;
	if (j->fit == FIT_CNT)
		j->fit = fit_of_class(j);
	heed_replay(j);
}

bool judgement_needs(const struct judgement *j, const char *what)
{
	const struct fact_recording *r = &j->view.facts->recording;

	for (size_t i = 0; i < r->need_cnt; i++)
		if (!strcmp(r->needs[i], what))
			return true;
	return false;
}

/* Does moving to @wanted cost little? What the program does already costs nothing more. */
static bool is_cheap(const struct judgement *j, enum verdict_fit wanted)
{
	const struct fact_whatif *w = find_replay(j->view.facts, change_to(wanted));

	if (j->current == wanted)
		return j->fit == FIT_EITHER || j->class == CLASS_IO_BOUND;
	if (w)
		return w->speedup >= 1 - NEED_MAX_LOSS;
	if (wanted == FIT_THREADS)
		return j->fit == FIT_EITHER && j->class != CLASS_GIL_BOUND;
	return j->class != CLASS_IPC_BOUND && !judgement_finding(j, "small-tasks") &&
	       !judgement_finding(j, "fresh-memory") && !judgement_finding(j, "short-lived") &&
	       j->view.workers < ASYNC_MIN_THREADS;
}

/*
 * Crash isolation and fast sharing are not in a recording: who needs one of them gets
 * it where speed does not speak against it, and hears of the cost where it does.
 */
void heed_needs(struct judgement *j)
{
	enum verdict_fit wanted = judgement_needs(j, "isolation") ? FIT_PROCESSES : FIT_THREADS;

	j->fit_by_need = FIT_INCONCLUSIVE;
	if (!j->view.facts->recording.need_cnt || j->fit == FIT_INCONCLUSIVE || j->fit == wanted)
		return;
	if (j->fit != FIT_EITHER && j->fit != FIT_THREADS && j->fit != FIT_PROCESSES)
		return;
	if (!is_cheap(j, wanted))
		return;
	j->fit = j->fit_by_need = wanted;
}
