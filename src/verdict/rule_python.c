// SPDX-License-Identifier: MIT
/* Owns the rules on interpreters that let one thread run at a time. */
#include "verdict/rules.h"
#include "verdict/thresholds.h"

/*
 * From a fifth on, waiting for the GIL shows in wall time (Dask's maintainers
 * call 0.02 fine and 0.7 a reason to change). Two threads on one lock wait half
 * of their time at most, so a higher threshold would miss the simplest case.
 */
#define GIL_MIN_RATIO 0.20

/* Half of what counts as waiting for it. */
#define GIL_RELEASED_MAX_RATIO 0.10

/* Threads that do nearly nothing but I/O may fight over a GIL that hardly matters. */
#define GIL_MIN_SHARE 0.10

/* Less than this was watched by chance. */
#define GIL_WATCHED_MIN_NS 20e6

static double process_window_ns(const struct view *v, const struct process_view *p)
{
	return p->last_ns > p->first_ns ? (double)(p->last_ns - p->first_ns) : v->window_ns;
}

/* What was seen of @p's CPU time with the lock released, if anything. */
static void cite_released(const struct view *v, const struct process_view *p, struct strbuf *text)
{
	double watched = 0, released = 0;

	for (size_t i = 0; i < v->thread_cnt; i++) {
		const struct fact_thread *t = v->threads[i].fact;

		if (v->threads[i].process != p->fact)
			continue;
		watched += (double)t->watched_ns;
		released += (double)t->released_ns;
	}
	if (watched >= GIL_WATCHED_MIN_NS)
		strbuf_addf(text, "; %.0f %% of its CPU time had the lock released",
			    100 * ratio(released, watched));
}

static bool gil_bound(const struct view *v, const struct rule *r, struct finding *out)
{
	const struct process_view *p = v->gil;
	double cpus, gil, cpu;

	if (!p || p->gil_waiters < 2)
		return false;
	gil = p->time.ns[PART_GIL];
	cpu = p->time.ns[PART_CPU];
	out->value = ratio(gil, gil + cpu);
	out->cost = view_share(v, PART_GIL);
	cpus = ratio(cpu, process_window_ns(v, p));
	if (out->value < r->threshold || out->cost < GIL_MIN_SHARE || cpus > ONE_CPU_MAX)
		return false;
	strbuf_addf(&out->text,
		    "GIL wait / (GIL wait + CPU) = %.2f over %u threads of %s; it used %.2f CPUs",
		    out->value, p->gil_waiters, p->fact->name ? p->fact->name : "one process",
		    cpus);
	cite_released(v, p, &out->text);
	return true;
}

/*
 * Extension code runs outside the lock: zlib, hashlib, NumPy. Threads that run
 * or want to run at the same time don't wait for it, even when a busy machine
 * has no CPUs for them.
 */
static bool gil_released(const struct view *v, const struct rule *r, struct finding *out)
{
	for (size_t i = 0; i < v->process_cnt; i++) {
		const struct process_view *p = &v->processes[i];
		double cpu = p->time.ns[PART_CPU], gil = p->time.ns[PART_GIL];
		double window = process_window_ns(v, p);

		out->value = ratio(cpu + p->time.ns[PART_QUEUE], window);
		if (!p->fact->global_lock || p->workers < 2 || out->value < r->threshold ||
		    ratio(gil, gil + cpu) > GIL_RELEASED_MAX_RATIO)
			continue;
		strbuf_addf(&out->text,
			    "%.2f threads of %s run or want to at a time, hardly any waits for "
			    "its global lock: most of the work is done with the lock released",
			    out->value, p->fact->name ? p->fact->name : "one process");
		cite_released(v, p, &out->text);
		return true;
	}
	return false;
}

const struct rule rules_python[] = {
	{ "gil-bound", CLASS_GIL_BOUND, GIL_MIN_RATIO, "ratio", gil_bound,
	  "threads queue for the interpreter's global lock" },
	{ "gil-released", CLASS_NONE, ONE_CPU_MAX, "threads", gil_released,
	  "threads of one interpreter run at the same time" },
	{ 0 },
};
