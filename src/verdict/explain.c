// SPDX-License-Identifier: MIT
/*
 * Owns the words: a summary and advice in a person's language, with the
 * recording's own numbers. Decides nothing.
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "verdict/judge.h"
#include "verdict/loops.h"
#include "verdict/thresholds.h"

static double percent(const struct view *v, enum part p)
{
	return 100 * view_share(v, p);
}

static uint32_t whole_cpus(const struct view *v)
{
	return (uint32_t)ceil(v->usable);
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

static void say_gil(const struct judgement *j, struct strbuf *s)
{
	const struct view *v = &j->view;

	say_workers(j, s);
	strbuf_addf(s,
		    " are CPU-bound behind one GIL: they wait for it %.0f %% of their active time, "
		    "and all together use %.2f CPUs of %.4g.",
		    percent(v, PART_GIL), v->cpus_busy, v->usable);
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
		strbuf_addf(s, " and never on more than one at once, of %.4g usable.", v->usable);
		if (v->usable < 2)
			strbuf_addstr(s, " More threads or processes would not make it faster.");
		else if (v->has_global_lock)
			strbuf_addstr(s, " To use the others the work has to be divided, over "
					 "processes: threads of one interpreter take turns.");
		else
			strbuf_addstr(s, " To use the others the work has to be divided.");
		return;
	}
	strbuf_addf(s, ", using %.2f of %.4g usable CPUs.", v->cpus_busy, v->usable);
	if (v->usable < 2)
		strbuf_addstr(s, " That one CPU is the limit: neither threads nor processes can "
				 "get more out of it.");
	else if (judgement_finding(j, "gil-released"))
		strbuf_addstr(s, " The interpreter's global lock is released for most of the "
				 "work, so its threads do run in parallel.");
	else if (j->fit == j->current)
		strbuf_addstr(s, " Nothing else holds them back.");
}

static void say_io(const struct judgement *j, struct strbuf *s)
{
	const struct view *v = &j->view;
	bool is_disk = view_share(v, PART_DISK) >= view_share(v, PART_NETWORK);

	say_workers(j, s);
	strbuf_addf(s, " %s for %s %.0f %% of the active time and %s the CPU ",
		    v->workers == 1 ? "waits" : "wait",
		    is_disk ? "the disk" : "the network and other peers", 100 * view_io_share(v),
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
		    " %s for %s %.0f %% of the active time, and %.2f of %.4g usable CPUs are "
		    "in use.",
		    v->workers == 1 ? "waits" : "wait",
		    p == PART_LOCK ? "locks" : "locks inside the kernel", percent(v, p),
		    v->cpus_busy, v->usable);
	if (l && l->name && l->name[0])
		strbuf_addf(s, " Most of it is %s.", l->name);
	if (p == PART_LOCK)
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
		    "their active time, and only %.0f us of CPU come with each message.",
		    ratio(v->messages, seconds), ratio(v->bytes / 1e6, seconds),
		    f ? 100 * f->value : 0, ratio(v->cpu_ns, v->messages) / 1e3);
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
		    " share %.4g usable CPUs: %.1f of them want to run on average, and they "
		    "queue %.0f %% of the active time.",
		    v->usable, v->runnable, percent(v, PART_QUEUE));
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
		strbuf_addstr(s,
			      " Nothing holds it back at this load; record it under load to learn "
			      "more.");
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

void add_advice(struct fact_verdict *out, const char *fmt, ...)
{
	va_list ap;

	out->advice = xrealloc(out->advice, (out->advice_cnt + 1) * sizeof(*out->advice));
	va_start(ap, fmt);
	out->advice[out->advice_cnt++] = xvasprintf(fmt, ap);
	va_end(ap);
}

static uint32_t workers_wanted(const struct view *v, const struct fact_verdict *out)
{
	for (size_t i = 0; i < out->prediction_cnt; i++)
		if (!strcmp(out->predictions[i].change, "processes"))
			return out->predictions[i].workers;
	return whole_cpus(v);
}

static void advise_processes(const struct judgement *j, struct fact_verdict *out)
{
	const struct view *v = &j->view;
	uint32_t cnt = workers_wanted(v, out);

	if (j->current == FIT_PROCESSES)
		return;
	if (!v->is_cpython) {
		add_advice(out,
			   "divide the work over %u processes; let each get its input once and "
			   "give back only the result",
			   cnt);
		return;
	}
	add_advice(out,
		   "concurrent.futures.ProcessPoolExecutor(max_workers=%u), in batches of at "
		   "least 40 ms of work per task: executor.map(fn, items, chunksize=N)",
		   cnt);
	add_advice(out, "hand large read-only data to the workers once (initializer=, or "
			"multiprocessing.shared_memory), not with every task");
	if (j->class == CLASS_GIL_BOUND)
		add_advice(out,
			   "or move the hot loop into code that releases the GIL (NumPy, Numba, "
			   "Cython nogil), or try a free-threaded build (python3.13t or later)");
}

static void advise_io(const struct judgement *j, struct fact_verdict *out)
{
	const struct view *v = &j->view;

	if (j->fit == FIT_ASYNC && j->current != FIT_ASYNC)
		add_advice(out,
			   v->is_cpython
				   ? "asyncio with a client library made for it; keep calls that "
				     "block in asyncio.to_thread()"
				   : "one event loop per CPU over non-blocking sockets (epoll, "
				     "io_uring)");
	else if (j->current == FIT_SINGLE || j->current == FIT_PROCESSES)
		add_advice(
			out,
			v->is_cpython
				? "concurrent.futures.ThreadPoolExecutor(max_workers=8) to begin "
				  "with; raise it while throughput grows"
				: "a pool of 8 threads to begin with; raise it while throughput "
				  "grows");
	else if (j->current == FIT_THREADS)
		add_advice(out,
			   "keep the threads; more than the %u of now help only as long as "
			   "the other end keeps up: record both and compare",
			   v->workers);
}

static void advise_hybrid(const struct judgement *j, struct fact_verdict *out)
{
	uint32_t cnt = whole_cpus(&j->view);

	if (j->view.is_cpython)
		add_advice(out,
			   "fetch in threads, compute in a ProcessPoolExecutor(max_workers=%u); "
			   "hand over whole batches",
			   cnt);
	else
		add_advice(out,
			   "fetch in threads, compute in %u processes; hand over whole batches",
			   cnt);
}

static void advise_locks(const struct judgement *j, struct fact_verdict *out)
{
	const struct fact_lock *l = top_lock(j->view.facts, j->class == CLASS_KERNEL_LOCK_BOUND);

	if (j->class == CLASS_KERNEL_LOCK_BOUND)
		add_advice(out,
			   "fewer system calls on the shared object (batch them, preallocate, "
			   "keep memory mapped); for mmap_lock: fewer mmap/munmap, or processes");
	else
		add_advice(out,
			   "do less under %s: compute outside, batch updates, split it by key, "
			   "or keep a copy per worker",
			   l && l->name && l->name[0] ? l->name : "the lock");
}

/* Of a build's hundreds of compilers only some run at a time. */
static uint32_t workers_at_once(const struct view *v)
{
	return v->overlap < v->workers ? (uint32_t)ceil(v->overlap) : v->workers;
}

static void advise_cpu(const struct judgement *j, struct fact_verdict *out)
{
	const struct view *v = &j->view;
	uint32_t cpus = whole_cpus(v);

	if (v->usable < 2 && j->fit != FIT_ASYNC) {
		add_advice(out,
			   "one usable CPU is the limit: give it more CPUs (affinity, quota), or "
			   "make the code itself faster");
		return;
	}
	if (j->fit == FIT_ASYNC)
		return;
	if (j->fit == FIT_PROCESSES)
		advise_processes(j, out);
	else if (j->current == FIT_SINGLE || (j->current == FIT_ASYNC && j->fit == FIT_THREADS))
		add_advice(out, "divide the work over %u threads, if it divides", cpus);
	if (j->class == CLASS_OVERSUBSCRIBED && workers_at_once(v) > cpus)
		add_advice(out,
			   "%u workers for %u usable CPUs in place of %u: same throughput, less "
			   "waiting and memory",
			   cpus, cpus, workers_at_once(v));
}

void advise(const struct judgement *j, struct fact_verdict *out)
{
	if (judgement_finding(j, "deadlock"))
		add_advice(out, "take locks in the same order everywhere, or none while holding "
				"another");
	if (judgement_finding(j, "deadlock") && j->class == CLASS_LOCK_BOUND)
		return;
	switch (j->class) {
	case CLASS_GIL_BOUND:
	case CLASS_CPU_BOUND:
	case CLASS_OVERSUBSCRIBED:
		advise_cpu(j, out);
		break;
	case CLASS_IO_BOUND:
		advise_io(j, out);
		break;
	case CLASS_MIXED:
		if (j->fit == FIT_HYBRID && j->current != FIT_HYBRID)
			advise_hybrid(j, out);
		break;
	case CLASS_LOCK_BOUND:
	case CLASS_KERNEL_LOCK_BOUND:
		advise_locks(j, out);
		break;
	case CLASS_IPC_BOUND:
		add_advice(out,
			   j->view.is_cpython
				   ? "larger batches: executor.map(fn, items, chunksize=N) so that "
				     "a task takes 10 round trips or more; large data through "
				     "multiprocessing.shared_memory"
				   : "larger batches, so that a task takes 10 round trips or more; "
				     "large data through shared memory");
		break;
	case CLASS_IMBALANCED:
		add_advice(out, "smaller pieces of work, taken from one queue by whoever is free");
		break;
	case CLASS_IDLE:
	case CLASS_INCONCLUSIVE:
		add_advice(out,
			   "record under load: start the load first, then partrace -p PID -d 10s");
		break;
	default:
		break;
	}
	if (judgement_finding(j, "throttled"))
		add_advice(out,
			   "raise the CPU quota of its cgroup (cpu.max), or run fewer workers");
	loops_advise(j, out);
}
