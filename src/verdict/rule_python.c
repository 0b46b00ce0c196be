// SPDX-License-Identifier: MIT
/* Owns the rules on interpreters that let one thread run at a time. */
#include <string.h>

#include "verdict/rules.h"
#include "verdict/thresholds.h"

/* Half of what counts as waiting for it. */
#define GIL_RELEASED_MAX_RATIO 0.10

/* Threads that do nearly nothing but I/O may fight over a GIL that hardly matters. */
#define GIL_MIN_SHARE 0.10

/* With less of the CPU in use, or asked for, it is not the lock that sets the pace. */
#define GIL_MIN_RUNNABLE 0.50

/* Half of the CPU time that was watched. */
#define RELEASED_MIN_SHARE 0.50

/*
 * One task per 50 us of CPU, by the system calls that hand it over: tasks of some
 * microseconds measured 15 to 21 us, all others from 127 us up.
 */
#define SMALL_TASK_MAX_NS 50e3

/*
 * Memory filled for the first time per second of CPU. To ship it takes 3 ns a byte (buffers
 * that are copied at both ends) to 13 (numbers in lists), so from here on as much as a second
 * CPU brings. Rows, numbers and buffers measured 240 to 1144 MB, all else up to 86.
 */
#define FRESH_MIN_BYTES 150e6

/* Of the machine's memory; the rest is the page cache's and others'. */
#define MEMORY_MAX_SHARE 0.80

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
	cpus = ratio(p->cpu_ns, process_window_ns(v, p));
	/* With all CPUs at work, in other processes, there is nothing to gain. */
	if (v->usable >= 2 && !view_has_spare_cpu(v))
		return false;
	if (out->value < r->threshold || out->cost < GIL_MIN_SHARE || cpus > ONE_CPU_MAX ||
	    ratio(p->cpu_ns + p->queue_ns, process_window_ns(v, p)) < GIL_MIN_RUNNABLE)
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
		return true;
	}
	return false;
}

/* What ran on more than one CPU had the lock released, whatever waits there were besides. */
static bool parallel(const struct view *v, const struct rule *r, struct finding *out)
{
	for (size_t i = 0; i < v->process_cnt; i++) {
		const struct process_view *p = &v->processes[i];

		if (!p->fact->global_lock || p->workers < 2)
			continue;
		out->value = ratio(p->cpu_ns, process_window_ns(v, p));
		if (out->value < r->threshold)
			continue;
		strbuf_addf(&out->text, "threads of %s use %.2f CPUs, which takes a released lock",
			    p->fact->name ? p->fact->name : "one process", out->value);
		return true;
	}
	return false;
}

static bool released_share(const struct view *v, const struct rule *r, struct finding *out)
{
	double watched = 0, released = 0;

	for (size_t i = 0; i < v->thread_cnt; i++) {
		if (!v->threads[i].is_worker)
			continue;
		watched += (double)v->threads[i].fact->watched_ns;
		released += (double)v->threads[i].fact->released_ns;
	}
	out->value = ratio(released, watched);
	if (watched < GIL_WATCHED_MIN_NS || out->value < r->threshold ||
	    view_share(v, PART_CPU) < GIL_MIN_SHARE)
		return false;
	strbuf_addf(&out->text, "%.0f %% of the %s CPU time had the interpreter's lock released",
		    100 * out->value, v->workers == 1 ? "worker's" : "workers'");
	return true;
}

static double futex_calls(const struct facts *f)
{
	for (size_t i = 0; i < f->syscall_cnt; i++)
		if (f->syscalls[i].name && !strcmp(f->syscalls[i].name, "futex"))
			return (double)f->syscalls[i].calls;
	return 0;
}

/* Threads that are handed tasks so small that the handing over is the work. */
static bool small_tasks(const struct view *v, const struct rule *r, struct finding *out)
{
	double calls = futex_calls(v->facts), task_ns = ratio(v->cpu_ns, calls);

	out->value = task_ns / 1e3;
	/* Counted per recording, so it is known of the whole program only. */
	if (!calls || v->is_role || !v->is_cpython || v->worker_processes > 1 || v->workers < 2 ||
	    out->value > r->threshold || view_io_share(v) > GIL_MIN_SHARE)
		return false;
	strbuf_addf(&out->text,
		    "%.0f us of CPU between one call that hands over to another thread and the "
		    "next: the tasks are small",
		    out->value);
	return true;
}

/* What is filled may be results: threads pass them on for nothing, processes must ship them. */
static bool fresh_memory(const struct view *v, const struct rule *r, struct finding *out)
{
	out->value = v->fresh_bytes_per_s / 1e6;
	if (out->value < r->threshold || !v->has_global_lock || v->workers < 2 ||
	    v->worker_processes > 1)
		return false;
	strbuf_addf(&out->text,
		    "%.0f MB of memory are filled per second of CPU: if these are results, "
		    "processes would have to ship them",
		    out->value);
	return true;
}

/* As many processes as CPUs, each with what this one has: collectors write to what a fork shares. */
static bool worker_memory(const struct view *v, const struct rule *r, struct finding *out)
{
	double all = (double)v->facts->recording.memory_bytes, bytes = view_worker_bytes(v);
	uint32_t workers = v->workers < v->usable ? v->workers : (uint32_t)v->usable;

	out->value = ratio(bytes * workers, all);
	if (out->value < r->threshold || !v->has_global_lock || workers < 2 ||
	    v->worker_processes > 1)
		return false;
	strbuf_addf(
		&out->text,
		"%u processes with as much memory as this one, %.1f GB each, would take %.0f %% "
		"of the machine's",
		workers, bytes / 1e9, 100 * out->value);
	return true;
}

const struct rule rules_python[] = {
	{ "gil-bound", CLASS_GIL_BOUND, GIL_MIN_RATIO, "ratio", gil_bound,
	  "threads queue for the interpreter's global lock" },
	{ "gil-released", CLASS_NONE, ONE_CPU_MAX, "threads", gil_released,
	  "threads of one interpreter run at the same time" },
	{ "gil-parallel", CLASS_NONE, ONE_CPU_MAX, "CPUs", parallel,
	  "one interpreter uses more than one CPU" },
	{ "released-share", CLASS_NONE, RELEASED_MIN_SHARE, "share", released_share,
	  "code that runs without the interpreter's lock" },
	{ "small-tasks", CLASS_NONE, SMALL_TASK_MAX_NS / 1e3, "us", small_tasks,
	  "handing tasks over costs more than doing them" },
	{ "fresh-memory", CLASS_NONE, FRESH_MIN_BYTES / 1e6, "MB/s", fresh_memory,
	  "the work fills much memory, which processes might have to ship" },
	{ "worker-memory", CLASS_NONE, MEMORY_MAX_SHARE, "share", worker_memory,
	  "processes of this size don't fit into the machine" },
	{ 0 },
};
