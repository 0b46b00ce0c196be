// SPDX-License-Identifier: MIT
/*
 * Owns the words of the summary, with the recording's own numbers. Decides nothing;
 * advice is in advise.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "verdict/judge.h"
#include "verdict/loops.h"
#include "verdict/thresholds.h"

/* Held back by a quota for less is in the evidence. */
#define THROTTLED_WORTH 0.10

static double percent(const struct view *v, enum part p)
{
	return 100 * view_share(v, p);
}

/* "4 worker threads", "3 processes", "one thread". */
static void say_workers(const struct judgement *j, struct strbuf *s)
{
	const struct view *v = &j->view;

	if (v->workers <= 1)
		strbuf_addstr(s, "One thread");
	else if (j->current == FIT_SINGLE)
		strbuf_addf(s, "%u threads, one after the other,", v->workers);
	else if (v->worker_processes <= 1)
		strbuf_addf(s, "%u threads", v->workers);
	else if (!v->multi_processes)
		strbuf_addf(s, "%u processes", v->worker_processes);
	else
		strbuf_addf(s, "%u threads in %u processes", v->workers, v->worker_processes);
}

/* What the runtime's own people call it. */
static const char *global_lock_name(const struct view *v)
{
	for (size_t i = 0; i < v->facts->lock_cnt; i++)
		if (v->facts->locks[i].kind == LOCK_GVL)
			return "GVL";
	return "GIL";
}

static void say_gil(const struct judgement *j, struct strbuf *s)
{
	const struct view *v = &j->view;
	bool is_one = v->workers == 1;

	say_workers(j, s);
	strbuf_addf(s,
		    " %s turns on one %s: %s for it %.0f %% of %s active time, and %s %.2f of "
		    "%.4g usable %s.",
		    is_one ? "takes" : "take", global_lock_name(v),
		    is_one ? "it waits" : "they wait", percent(v, PART_GIL),
		    is_one ? "its" : "their", is_one ? "it uses" : "all together use", v->cpus_busy,
		    v->usable, view_cpu_word(v));
	if (v->usable < 2)
		strbuf_addstr(s, " Only one CPU is usable here: processes would queue for that one "
				 "instead, and not be faster.");
}

static void say_cpu(const struct judgement *j, struct strbuf *s)
{
	const struct view *v = &j->view;

	say_workers(j, s);
	if (j->fit == FIT_ASYNC || (j->fit == FIT_HYBRID && j->current == FIT_ASYNC)) {
		if (v->workers > 1)
			strbuf_addf(s, " serve all from %u event loops and use %.2f CPUs for it",
				    loops_count(v), v->cpus_busy);
		else
			strbuf_addf(s, " serves all from one event loop and uses %.2f CPUs for it",
				    v->cpus_busy);
		if (j->fit == FIT_HYBRID)
			strbuf_addstr(s, ".");
		else if (loops_cpu(v) < LOOP_MAX_CPU)
			strbuf_addstr(s, ": the loop has room. What computes for long would hold "
					 "up everything else.");
		else
			strbuf_addf(s, ", of %.4g usable: that is what limits it.", v->usable);
		return;
	}
	strbuf_addf(s, " %s on the CPU %.0f %% of the active time", v->workers == 1 ? "is" : "are",
		    percent(v, PART_CPU));
	if (j->current == FIT_SINGLE || j->current == FIT_ASYNC) {
		strbuf_addf(s, ", never on more than one of %.4g usable CPUs at a time.",
			    v->usable);
		if (v->usable < 2)
			strbuf_addstr(s, " More threads or processes would not make it faster.");
		else if (v->has_global_lock && j->fit == FIT_PROCESSES)
			strbuf_addstr(s, " To use the others the work has to be divided, over "
					 "processes: threads of one interpreter take turns.");
		else if (v->has_global_lock && j->fit == FIT_THREADS)
			strbuf_addstr(s,
				      " To use the others the work has to be divided, over "
				      "threads: most of it runs without the interpreter's lock.");
		else
			strbuf_addstr(s, " To use the others the work has to be divided.");
		return;
	}
	if (view_share(v, PART_THROTTLED) >= THROTTLED_WORTH)
		strbuf_addf(s, " and held back by a CPU quota %.0f %% of it",
			    percent(v, PART_THROTTLED));
	strbuf_addf(s, ", using %.2f of %.4g usable %s.", v->cpus_busy, v->usable,
		    view_cpu_word(v));
	if (v->usable < 2)
		strbuf_addstr(s, " That one CPU is the limit: neither threads nor processes can "
				 "get more out of it.");
	else if (judgement_finding(j, "gil-released"))
		strbuf_addstr(s, " The interpreter's global lock is released for most of the "
				 "work, so its threads do run in parallel.");
	else if (judgement_finding(j, "bottleneck"))
		strbuf_addstr(s, " One of them has nearly all the time something to do, while the "
				 "others wait.");
	else if (j->fit == j->current && !judgement_finding(j, "machine-busy"))
		strbuf_addstr(s, " Nothing else holds them back.");
}

static void say_io(const struct judgement *j, struct strbuf *s)
{
	const struct view *v = &j->view;
	bool is_disk = view_share(v, PART_DISK) >= view_share(v, PART_NETWORK);

	if (view_share(v, PART_BLOCKED) > view_io_share(v) / 2) {
		strbuf_addf(s,
			    "What is called in the event loop blocks it %.0f %% of the active "
			    "time; the CPU is used %.0f %%.",
			    percent(v, PART_BLOCKED), percent(v, PART_CPU));
		return;
	}
	say_workers(j, s);
	strbuf_addf(s, " %s for %s %.0f %% of the active time and %s the CPU ",
		    v->workers == 1 ? "waits" : "wait",
		    is_disk ? "the disk" : "peers outside the program", 100 * view_io_share(v),
		    v->workers == 1 ? "uses" : "use");
	if (percent(v, PART_CPU) < 1)
		strbuf_addstr(s, "less than 1 %.");
	else
		strbuf_addf(s, "only %.0f %%.", percent(v, PART_CPU));
	if (j->fit == FIT_ASYNC && j->current != FIT_ASYNC)
		strbuf_addf(s,
			    " That many waits at once are what an event loop is for: %u threads "
			    "cost memory and switches for nothing.",
			    v->workers);
	else if (j->current == FIT_SINGLE)
		strbuf_addstr(s, " The waits come one after the other; threads would let them "
				 "overlap, and need little CPU.");
	else if (j->current == FIT_THREADS)
		strbuf_addstr(s, " Their waits overlap, which is what threads are good at.");
	else if (j->current == FIT_PROCESSES)
		strbuf_addstr(s, " Threads would let the same waits overlap with less memory.");
}

static void say_lock(const struct judgement *j, struct strbuf *s, enum part p)
{
	const struct view *v = &j->view;
	const struct fact_lock *l = top_lock(v->facts, p == PART_KERNEL_LOCK);

	say_workers(j, s);
	strbuf_addf(s,
		    " %s for %s %.0f %% of the active time, and %.2f of %.4g usable %s in "
		    "use.",
		    v->workers == 1 ? "waits" : "wait",
		    p != PART_LOCK         ? "locks inside the kernel"
		    : view_has_way_back(v) ? "locks, and to run again after that,"
					   : "locks",
		    percent(v, p), v->cpus_busy, v->usable, v->usable == 1 ? "CPU is" : "CPUs are");
	if (l && l->name && l->name[0])
		strbuf_addf(s, " Most of it is %s.", l->name);
	/* explain_fit() has more to say of a lock that is held for the work itself. */
	if (p == PART_LOCK && j->fit != FIT_PROCESSES)
		strbuf_addstr(s, " Hold it for less, or give each worker its own share of what it "
				 "protects; processes that share as much would wait as well.");
}

static void say_deadlock(const struct judgement *j, struct strbuf *s)
{
	const struct facts *f = j->view.facts;

	strbuf_addstr(s, "Deadlock: ");
	for (size_t i = 0; i < f->deadlock_cnt; i++) {
		const struct fact_deadlock *d = &f->deadlocks[i];

		for (size_t k = 0; k < d->thread_cnt; k++) {
			const struct fact_thread *t = facts_thread(f, d->threads[k]);

			strbuf_addf(s, "%s%s (%u)",
				    k   ? ", "
				    : i ? "; "
					: "",
				    t && t->name ? t->name : "thread", d->threads[k]);
		}
	}
	strbuf_addstr(s, " wait for each other in a circle and will never go on. ");
}

static void say_ipc(const struct judgement *j, struct strbuf *s)
{
	const struct finding *f = judgement_finding(j, "ipc-bound");
	const struct view *v = &j->view;
	double seconds = (double)v->facts->recording.duration_ns / 1e9;

	say_workers(j, s);
	strbuf_addf(s,
		    " exchange %.0f messages a second (%.1f MB/s): that takes about %.0f %% of "
		    "their active time",
		    ratio(v->messages, seconds), ratio(v->bytes / 1e6, seconds),
		    f ? 100 * f->value : 0);
	if (judgement_finding(j, "ipc-large"))
		strbuf_addf(s, ", as each message has %.1f MB.",
			    ratio(v->bytes, v->messages) / 1e6);
	else
		strbuf_addf(s, ", and only %.0f us of CPU come with each message.",
			    ratio(v->cpu_ns, v->messages) / 1e3);
	if (j->fit == FIT_THREADS)
		strbuf_addstr(s, " Threads would share the data and save the exchange.");
	else
		strbuf_addstr(s, " Larger batches would help more than another model.");
}

static void say_oversubscribed(const struct judgement *j, struct strbuf *s)
{
	const struct view *v = &j->view;

	say_workers(j, s);
	strbuf_addf(s,
		    " share %.4g usable %s: %.1f of them want to run on average, and they "
		    "queue %.0f %% of the active time.",
		    v->usable, view_cpu_word(v), v->runnable, percent(v, PART_QUEUE));
	if (j->fit == FIT_EITHER)
		strbuf_addstr(s, " That one CPU is the limit: neither threads nor processes can "
				 "get more out of it.");
	else
		strbuf_addstr(s, " The CPUs are the limit: more workers would only queue longer.");
}

static void say_idle(const struct judgement *j, struct strbuf *s)
{
	const struct finding *f = judgement_finding(j, "idle");

	strbuf_addf(s, "It waits for work %.1f %% of the time and uses %.2f CPUs.",
		    f ? 100 * f->value : 0,
		    ratio(j->view.cpu_ns, (double)j->view.facts->recording.duration_ns));
	if (!judgement_finding(j, "loop-blocks"))
		strbuf_addstr(s, " Nothing holds it back at this load.");
}

static void say_mix(const struct judgement *j, struct strbuf *s)
{
	const struct view *v = &j->view;

	say_workers(j, s);
	strbuf_addf(s,
		    " %s the active time between CPU (%.0f %%), waiting to run (%.0f %%), "
		    "I/O (%.0f %%) and locks (%.0f %%).",
		    v->workers == 1 ? "divides" : "divide", percent(v, PART_CPU),
		    percent(v, PART_QUEUE) + percent(v, PART_THROTTLED), 100 * view_io_share(v),
		    percent(v, PART_GIL) + percent(v, PART_LOCK) + percent(v, PART_KERNEL_LOCK));
	if (j->fit != FIT_HYBRID)
		return;
	strbuf_addstr(s, " Threads suit the part that waits;");
	strbuf_addstr(s, v->has_global_lock
				 ? " the part that computes needs processes to get past the "
				   "global lock."
				 : " the part that computes is as well off in processes.");
}

static void say_imbalanced(const struct judgement *j, struct strbuf *s)
{
	const struct finding *f = judgement_finding(j, "imbalanced");

	say_workers(j, s);
	strbuf_addf(s,
		    " are CPU-bound, but the busiest has %.0f %% more to do than the average, and "
		    "only %.2f of %.4g usable CPUs are in use: the last one to finish sets the "
		    "pace.",
		    f ? 100 * f->value : 0, j->view.cpus_busy, j->view.usable);
}

char *explain_verdict(const struct judgement *j)
{
	struct strbuf s = { 0 };
	const struct view *v = &j->view;
	double idle = ratio(v->work.ns[PART_IDLE], v->life_ns);

	if (judgement_finding(j, "deadlock")) {
		say_deadlock(j, &s);
		if (j->class == CLASS_LOCK_BOUND)
			return strbuf_take(&s);
	}
	switch (j->class) {
	case CLASS_GIL_BOUND:
		say_gil(j, &s);
		break;
	case CLASS_CPU_BOUND:
		say_cpu(j, &s);
		break;
	case CLASS_IO_BOUND:
		say_io(j, &s);
		break;
	case CLASS_LOCK_BOUND:
		say_lock(j, &s, PART_LOCK);
		break;
	case CLASS_KERNEL_LOCK_BOUND:
		say_lock(j, &s, PART_KERNEL_LOCK);
		break;
	case CLASS_IPC_BOUND:
		say_ipc(j, &s);
		break;
	case CLASS_OVERSUBSCRIBED:
		say_oversubscribed(j, &s);
		break;
	case CLASS_IMBALANCED:
		say_imbalanced(j, &s);
		break;
	case CLASS_IDLE:
		say_idle(j, &s);
		break;
	case CLASS_MIXED:
		say_mix(j, &s);
		break;
	default:
		strbuf_addstr(&s, j->missing ? j->missing : "");
	}
	loops_explain(j, &s);
	if (j->class != CLASS_IDLE && j->class != CLASS_INCONCLUSIVE && idle > 0.5)
		strbuf_addf(&s, " Besides, %.0f %% of the workers' time they have nothing to do.",
			    100 * idle);
	explain_fit(j, &s);
	return strbuf_take(&s);
}

char *explain_role(const struct judgement *j, const struct role_view *r, enum verdict_class class)
{
	const double *ns = r->time.ns;
	double io = ns[PART_DISK] + ns[PART_NETWORK] + ns[PART_MEMORY];
	double locks = ns[PART_LOCK] + ns[PART_KERNEL_LOCK];

	(void)j;
	switch (class) {
	case CLASS_GIL_BOUND:
		return xasprintf("CPU %.0f %%, waits for the GIL %.0f %% of its life",
				 100 * ratio(ns[PART_CPU], r->life_ns),
				 100 * ratio(ns[PART_GIL], r->life_ns));
	case CLASS_IO_BOUND:
		return xasprintf("waits for I/O %.0f %%, CPU %.0f %% of its life",
				 100 * ratio(io, r->life_ns),
				 100 * ratio(ns[PART_CPU], r->life_ns));
	case CLASS_LOCK_BOUND:
	case CLASS_KERNEL_LOCK_BOUND:
		return xasprintf("waits for locks %.0f %%, CPU %.0f %% of its life",
				 100 * ratio(locks, r->life_ns),
				 100 * ratio(ns[PART_CPU], r->life_ns));
	case CLASS_IDLE:
		return xasprintf("active %.1f %% of its life",
				 100 * ratio(r->active_ns, r->life_ns));
	default:
		return xasprintf(
			"CPU %.0f %%, waits for one %.0f %%, I/O %.0f %%, locks %.0f %% of "
			"its life",
			100 * ratio(ns[PART_CPU], r->life_ns),
			100 * ratio(ns[PART_QUEUE] + ns[PART_THROTTLED], r->life_ns),
			100 * ratio(io, r->life_ns), 100 * ratio(locks + ns[PART_GIL], r->life_ns));
	}
}
