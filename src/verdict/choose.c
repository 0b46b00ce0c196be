// SPDX-License-Identifier: MIT
/* Owns the class: what the findings come to, and which model the program has now. */
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

/* A role that is active for less of its life waits for work. */
#define ROLE_IDLE_MAX 0.10

static bool holds(const struct judgement *j, enum verdict_class class)
{
	for (size_t i = 0; i < j->finding_cnt; i++)
		if (j->findings[i].rule->class == class)
			return true;
	return false;
}

static bool is_on_cpu(enum verdict_class class)
{
	return class == CLASS_CPU_BOUND || class == CLASS_GIL_BOUND ||
	       class == CLASS_OVERSUBSCRIBED || class == CLASS_IMBALANCED;
}

bool roles_differ(const struct judgement *j)
{
	const struct view *v = &j->view;
	double cpu = 0, io = 0, all = 0;

	for (size_t i = 0; i < j->role_cnt; i++) {
		const struct role_view *r = &v->roles[j->roles[i].role];

		all += r->active_ns;
		if (is_on_cpu(j->roles[i].class))
			cpu += r->active_ns;
		else if (j->roles[i].class == CLASS_IO_BOUND)
			io += r->active_ns;
	}
	return cpu >= MIX_MIN_SHARE * all && io >= MIX_MIN_SHARE * all &&
	       cpu >= MIX_MIN_ACTIVE * v->window_ns && io >= MIX_MIN_ACTIVE * v->window_ns;
}

/* Init and kthreadd are nobody's children, and nobody was named; not all machines show both. */
bool is_whole_machine(const struct facts *f)
{
	return !f->recording.pid_cnt && (facts_process(f, 1) || facts_process(f, 2));
}

static char *name_busiest(const struct view *v)
{
	const struct process_view *top = v->processes;	/* a whole machine has some */

	for (size_t i = 1; i < v->process_cnt; i++)
		if (v->processes[i].cpu_ns > top->cpu_ns)
			top = &v->processes[i];
	return xasprintf("The whole machine was recorded, which is many programs with an answer "
			 "each: name one. The busiest is %s, with %.2f CPUs: partrace -p %u.",
			 top->fact->name ? top->fact->name : "without a name",
			 ratio(top->cpu_ns, (double)v->facts->recording.duration_ns),
			 top->fact->pid);
}

static char *what_is_missing(const struct judgement *j)
{
	const struct facts *f = j->view.facts;
	double active = 0;

	for (size_t i = 0; i < j->view.thread_cnt; i++)
		active += j->view.threads[i].active_ns;

	if (!f->thread_cnt)
		return xstrdup("No thread of the target was seen.");
	if (is_whole_machine(f))
		return name_busiest(&j->view);
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
	    roles_differ(j))
		return CLASS_MIXED;
	if (best != CLASS_NONE && holds(j, CLASS_IO_BOUND) && view_io_share(&j->view) > cost)
		return CLASS_IO_BOUND;
	return best;
}

void choose_class(struct judgement *j)
{
	const struct view *v = &j->view;
	double io = view_io_share(v), cpu = view_share(v, PART_CPU);

	if (v->is_role && v->active_ns < v->life_ns * ROLE_IDLE_MAX) {
		j->class = CLASS_IDLE;
		return;
	}
	j->missing = v->is_role ? NULL : what_is_missing(j);
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
	if (roles_differ(j))
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
	uint32_t busiest = 0;
	size_t processes = 0, threads = 0;

	for (size_t i = 0; i < v->process_cnt; i++) {
		const struct process_view *p = &v->processes[i];

		if (p->fact->helper)
			continue;
		processes += p->threads > 0;
		threads += p->threads;
		busiest = p->threads > busiest ? p->threads : busiest;
	}
	if (threads <= 1)
		return FIT_SINGLE;
	if (processes <= 1)
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
