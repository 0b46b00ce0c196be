// SPDX-License-Identifier: MIT
/*
 * Owns the rules on locks. Only buckets lock and kernel_lock count: waiting on
 * a condition variable is waiting for work or for a result, not contention.
 */
#include <string.h>

#include "verdict/rules.h"
#include "verdict/thresholds.h"

/* Below, removing a lock changes wall time by less than runs differ. To be calibrated. */
#define LOCK_MIN_SHARE 0.15
#define KERNEL_LOCK_MIN_SHARE 0.10

/* With no CPU to spare only waits this large can cost wall time. */
#define LOCK_SATURATED_SHARE 0.40

/*
 * Somebody must be doing something while the others wait, or it is not a lock
 * they wait for but work: average active threads, apart from the waiters.
 */
#define HOLDERS_MIN 0.10

/*
 * CPU time per wait for the lock, at least: with less the work is a counter's, which
 * processes would have to share as well. Tables of 4 us of work per entry measured
 * 34 us, work of 0.5 ms 536 us, and both ran twice as fast as processes.
 */
#define COARSE_MIN_NS 10e3

/*
 * Waits for mmap_lock per second of CPU. Who waits for it spins first, and sleeps
 * seldom: two threads that map, fill and unmap 256 KB slept 3 % of their time,
 * with 7,900 waits a second, and took 1.9 times as long as two processes.
 */
#define MMAP_MIN_WAITS_PER_S 1000.0
/* Half of the CPU time inside the kernel, or it is not about memory. */
#define MMAP_MIN_KERNEL 0.50

const struct fact_lock *top_lock(const struct facts *f, bool is_kernel)
{
	const struct fact_lock *top = NULL;

	for (size_t i = 0; i < f->lock_cnt; i++) {
		const struct fact_lock *l = &f->locks[i];

		switch (l->kind) {
		case LOCK_GIL:
		case LOCK_GVL:
		case LOCK_CONDVAR:
		case LOCK_BARRIER:
		case LOCK_JOIN:
		case LOCK_FUTEX:
			continue;
		default:
			break;
		}
		/* Not for a signal, nor for another process. */
		if ((l->kind == LOCK_KERNEL) == is_kernel && l->pid && l->contended_ns &&
		    (!top || l->contended_ns > top->contended_ns))
			top = l;
	}
	return top;
}

static bool has_known_holder(const struct fact_lock *l)
{
	for (size_t i = 0; l && i < l->edge_cnt; i++)
		if (l->edges[i].holder)
			return true;
	return false;
}

static void name_lock(struct strbuf *text, const struct fact_lock *l, double all_ns)
{
	if (l && l->name && l->name[0] && all_ns > 0)
		strbuf_addf(text, "; %s has %.0f %% of the waits: %llu", l->name,
			    100 * (double)l->contended_ns / all_ns, (unsigned long long)l->waits);
}

static bool lock_bound(const struct view *v, const struct rule *r, struct finding *out)
{
	const struct fact_lock *l = top_lock(v->facts, false);
	double others = ratio(v->active_ns - v->work.ns[PART_LOCK], v->window_ns);

	out->value = out->cost = view_share(v, PART_LOCK);
	if (out->value < r->threshold)
		return false;
	if (!view_has_spare_cpu(v) && out->value < LOCK_SATURATED_SHARE)
		return false;
	if (others < HOLDERS_MIN && !has_known_holder(l))
		return false;
	strbuf_addf(&out->text, "waits for locks%s are %.0f %% of the workers' active time",
		    view_has_way_back(v) ? ", and to run again after them," : "", 100 * out->value);
	name_lock(&out->text, l, view_workers_ns(v, BUCKET_LOCK));
	return true;
}

static bool kernel_lock_bound(const struct view *v, const struct rule *r, struct finding *out)
{
	const struct fact_lock *l = top_lock(v->facts, true);

	out->value = out->cost = view_share(v, PART_KERNEL_LOCK);
	if (out->value < r->threshold)
		return false;
	strbuf_addf(&out->text,
		    "waits for locks inside the kernel are %.0f %% of the workers' active time",
		    100 * out->value);
	name_lock(&out->text, l, view_workers_ns(v, BUCKET_KERNEL_LOCK));
	return true;
}

/* Threads of one process that change its address space all the time. */
static bool mmap_lock(const struct view *v, const struct rule *r, struct finding *out)
{
	const struct fact_lock *l = top_lock(v->facts, true);
	double kernel = ratio(view_workers_ns(v, BUCKET_CPU_KERNEL), v->work.ns[PART_CPU]);

	if (!l || !l->name || !strstr(l->name, "mmap") || v->workers < 2 || v->worker_processes > 1)
		return false;
	out->value = ratio((double)l->waits, v->cpu_ns / 1e9);
	out->cost = view_share(v, PART_KERNEL_LOCK) + kernel * view_share(v, PART_CPU) / 2;
	if (out->value < r->threshold || kernel < MMAP_MIN_KERNEL)
		return false;
	strbuf_addf(&out->text,
		    "%.0f waits for %s per second of CPU, %.0f %% of which is inside the kernel: "
		    "who waits for it spins before it sleeps",
		    out->value, l->name, 100 * kernel);
	return true;
}

/* One at a time works, and for long enough that another process could do it. */
static bool coarse_lock(const struct view *v, const struct rule *r, struct finding *out)
{
	const struct fact_lock *l = top_lock(v->facts, false);
	double rest = v->active_ns - v->work.ns[PART_LOCK];

	if (!l || !l->waits || view_share(v, PART_LOCK) < LOCK_MIN_SHARE ||
	    v->worker_processes > 1 || v->workers < 2 || v->usable < 2 ||
	    v->cpus_busy > ONE_CPU_MAX || v->work.ns[PART_CPU] < rest / 2)
		return false;
	out->value = v->work.ns[PART_CPU] / (double)l->waits / 1e3;
	if (out->value < r->threshold)
		return false;
	strbuf_addf(&out->text,
		    "%.3g %s of CPU per wait for %s, and %.2f of %.4g usable CPUs in use: the "
		    "lock is held for the work itself",
		    out->value < 1000 ? out->value : out->value / 1000,
		    out->value < 1000 ? "us" : "ms", l->name && l->name[0] ? l->name : "it",
		    v->cpus_busy, v->usable);
	return true;
}

/* Outranks whatever else costs time. */
static bool deadlock(const struct view *v, const struct rule *r, struct finding *out)
{
	const struct facts *f = v->facts;

	for (size_t i = 0; i < f->deadlock_cnt; i++) {
		out->value += (double)f->deadlocks[i].thread_cnt;
		strbuf_addf(&out->text, "%s%s", i ? "; and " : "",
			    f->deadlocks[i].text ? f->deadlocks[i].text : "");
	}
	out->cost = 1;
	return out->value >= r->threshold;
}

const struct rule rules_lock[] = {
	{ "deadlock", CLASS_NONE, 1, "threads", deadlock,
	  "threads wait for each other in a circle" },
	{ "lock-bound", CLASS_LOCK_BOUND, LOCK_MIN_SHARE, "share", lock_bound,
	  "threads queue behind a lock of the program" },
	{ "kernel-lock-bound", CLASS_KERNEL_LOCK_BOUND, KERNEL_LOCK_MIN_SHARE, "share",
	  kernel_lock_bound, "threads queue behind a lock of the kernel" },
	{ "mmap-lock", CLASS_KERNEL_LOCK_BOUND, MMAP_MIN_WAITS_PER_S, "waits/s", mmap_lock,
	  "threads change one address space all the time" },
	{ "coarse-lock", CLASS_NONE, COARSE_MIN_NS / 1e3, "us", coarse_lock,
	  "a lock is held for the work itself" },
	{ 0 },
};
