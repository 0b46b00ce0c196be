// SPDX-License-Identifier: MIT
/*
 * Owns the change from threads to processes, and back: what each of them has for
 * itself, what it shares, and what its exchange costs.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "facts/whatif_run.h"

/* CPU time until a worker works, in a process without an interpreter. */
#define FORK_NATIVE_NS	 1e6

/* Of a task and its result through a queue between processes: both sides, wake-ups too. */
#define HAND_OVER_NS	   60e3
#define HAND_OVER_WORST_NS 150e3

/* Of a byte: pickled, written, read, unpickled. */
#define SHIP_BYTE_NS	   1.0
#define SHIP_BYTE_WORST_NS 3.0

/* An interpreter with what its pools import has this much, and a worker's stack and heap. */
#define RUNTIME_BYTES 18e6
/* More, where the program is built on a framework: joblib with numpy has 24 MB. */
#define FRAMEWORK_BYTES 24e6
#define STACK_FAULTS  512

/*
 * Data of its own in this amount may be the argument and the result of each task. Fresh
 * memory that would take this share of the work to ship leaves everything open.
 */
#define DATA_BYTES 12e6
#define DATA_SHARE 0.20

/*
 * Of a message between processes, of a byte in it: what threads are spared, apart from
 * those who only hand over. An interpreter pickles, locks and unpickles, too: the tasks
 * of a ProcessPoolExecutor cost 10 to 17 us a message, and 1.2 ns a byte in 16 MB ones.
 */
#define MESSAGE_NS	    4e3
#define MESSAGE_WORST_NS    1e3
#define MESSAGE_BEST_NS	    7e3
#define RUNTIME_FACTOR	    2.5
#define BYTE_NS		    1.2
#define BYTE_WORST_NS	    0.5
#define BYTE_BEST_NS	    1.5

/* Of a message, for the threads of an executor beside its processes. */
#define HAND_OVER_MESSAGE_NS 30e3

/* Work on the address space that threads would have to do one after the other. */
#define FAULT_NS	700.0
#define MAP_CALL_NS	1500.0
#define MAP_SHARE_LIMIT 0.10

#define PAGE_BYTES 4096.0

/* Workers that wait this much are worth more processes than CPUs. */
#define WAITS_WORTH 0.20

/* Two threads that wait for each other's GIL every 5 ms lose this much to it. */
#define CONTENTION 0.03

/* One copy of code and data in the caches in place of one per worker, at the best. */
#define SHARED_CACHE 0.95

/* Workers that have done nearly all of their own within the last part of the work end together. */
#define NEARLY_ALL 0.99
#define LAST_PART  0.05

static bool has_runtime(const struct whatif *w, uint32_t thread)
{
	return w->changes[thread].group != 0;
}

static bool has_shared_runtime(const struct whatif *w)
{
	for (uint32_t i = 0; i < w->r.thread_cnt; i++)
		if (w->r.threads[i].is_worker && has_runtime(w, i))
			return true;
	return false;
}

/* Tasks and results that went between workers and others of their process, as far as seen. */
static void count_hand_overs(const struct whatif *w, uint32_t *counts)
{
	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		const struct replay_thread *t = &w->r.threads[i];

		for (uint32_t op = t->op + 1; op < t->op + t->op_cnt; op++) {
			uint32_t by = w->r.ops[op].waker;
			const struct replay_thread *other = by ? &w->r.threads[by - 1] : NULL;

			if (!other || other->process != t->process ||
			    w->in_pool[by - 1] == w->in_pool[i])
				continue;
			counts[w->in_pool[i] ? i : by - 1]++;
		}
	}
}

struct data {
	double bytes;		/* that the workers touched for the first time */
	double rest_bytes;	/* of the largest process, beyond what an interpreter has; or 0 */
};

/* What it has for itself, without memory that it could share: that is not copied. */
static double own_bytes(const struct whatif *w, const struct fact_process *p)
{
	double bytes = (double)(p->private_bytes ? p->private_bytes : p->rss_bytes);

	for (size_t i = 0; i < w->facts->channel_cnt; i++)
		for (size_t e = 0; e < w->facts->channels[i].end_cnt; e++)
			if (w->facts->channels[i].ends[e].pid == p->pid)
				bytes -= (double)w->facts->channels[i].size_bytes;
	return bytes;
}

static struct data data_of(const struct whatif *w)
{
	struct data d = { 0 };

	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		double faults = (double)whatif_task(w, i)->min_flt;
		bool is_shared = w->crew[w->r.threads[i].process] > 1;

		if (w->in_pool[i] && is_shared && faults > STACK_FAULTS)
			d.bytes += w->kept * (faults - STACK_FAULTS) * PAGE_BYTES;
	}
	for (size_t i = 0; i < w->m->process_cnt; i++) {
		const struct fact_process *p = &w->facts->processes[i];
		double rest = own_bytes(w, p) - RUNTIME_BYTES -
			      (p->framework ? FRAMEWORK_BYTES : 0);

		if (w->crew[i] > 1 && rest > DATA_BYTES && rest > d.rest_bytes)
			d.rest_bytes = rest;
	}
	return d;
}

/* When it had done nearly all that it did, on the kept clock. */
static double nearly_done_ns(const struct whatif *w, uint32_t thread)
{
	const struct replay_thread *t = &w->r.threads[thread];
	double left = (double)t->run_ns * NEARLY_ALL, at = 0;

	for (uint32_t op = t->op; op < t->op + t->op_cnt && left > 0; op++) {
		at += (double)w->r.ops[op].ns;
		if (w->r.ops[op].bucket == BUCKET_CPU_USER)
			left -= (double)w->r.ops[op].ns;
	}
	return at;
}

/*
 * Of workers with unlike shares, those that had theirs given would end one after the
 * other. Who end together have taken from a common heap until it was empty, and the
 * shares are what locks and CPUs let them have: others, under another model.
 */
static bool ends_together(const struct whatif *w)
{
	double first = INFINITY, last = 0;

	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		double at = w->in_pool[i] ? nearly_done_ns(w, i) : 0;

		if (!w->in_pool[i])
			continue;
		first = fmin(first, at);
		last = fmax(last, at);
	}
	return last - first < LAST_PART * w->recorded_ns;
}

/* Workers of one role get as much CPU time each. */
static void even_out(const struct whatif *w, struct replay_change *changes)
{
	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		const char *role = w->facts->threads[i].role;
		double sum = 0, cnt = 0;

		if (!w->in_pool[i] || !w->r.threads[i].run_ns)
			continue;
		for (uint32_t k = 0; k < w->r.thread_cnt && k < 4096; k++) {
			const char *other = w->facts->threads[k].role;

			if (!w->in_pool[k] || !role || !other || strcmp(role, other))
				continue;
			sum += (double)w->r.threads[k].run_ns;
			cnt++;
		}
		if (cnt > 0)
			changes[i].pace = sum / cnt / (double)w->r.threads[i].run_ns;
	}
}

struct move {
	double start_ns, hand_over_ns, byte_ns;
	double lock_more_ns;	/* CPU time that each wait for a lock has taken beside the kernel's */
	bool keeps_locks, is_even;
};

static double as_processes(const struct whatif *w, const struct move *move, const struct data *d)
{
	struct replay_change *changes = whatif_copy(w);
	struct replay_model model = w->now;
	uint32_t *counts = xcalloc(w->r.thread_cnt, sizeof(*counts));
	double pace = move->keeps_locks ? 1 : whatif_pace_without(w, NULL, move->lock_more_ns), ns;

	model.changes = changes;
	model.no_private = !move->keeps_locks;
	count_hand_overs(w, counts);
	if (move->is_even)
		even_out(w, changes);
	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		const struct replay_thread *t = &w->r.threads[i];

		if (!w->in_pool[i] || w->crew[t->process] < 2)
			continue;
		changes[i].group = 0;
		changes[i].pace = (changes[i].pace > 0 ? changes[i].pace : 1) * pace;
		changes[i].add_ns = (has_runtime(w, i) ? move->start_ns : FORK_NATIVE_NS) +
				    counts[i] * (move->hand_over_ns +
						 2 * d->rest_bytes * move->byte_ns) +
				    d->bytes * move->byte_ns / w->workers;
	}
	ns = whatif_replay(w, &model);
	free(counts);
	free(changes);
	return ns;
}

static void refuse_undivided(struct whatif *w)
{
	static const char *const changes[] = { "processes", "threads" };

	if (w->workers != 1 || w->cpus < 2 || whatif_is_loop(w))
		return;
	for (int i = 0; i < 2; i++)
		whatif_refuse(w, changes[i], (uint32_t)w->cpus,
			      xasprintf("whether one thread's work divides can't be seen; at most "
					"%.4gx, if all of it does",
					w->cpus));
}

/*
 * Of a hybrid: threads beside worker processes that have work of their own, as to fetch
 * what those crunch. In one model each worker would do both.
 */
static uint32_t partners_of_pool(const struct whatif *w)
{
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		const struct task *t = whatif_task(w, i);

		cnt += w->children[w->r.threads[i].process] && !w->in_pool[i] &&
		       w->r.threads[i].is_worker && !w->hands_over[i] && t->tid != t->process->pid;
	}
	return cnt;
}

void whatif_processes(struct whatif *w)
{
	struct move best = { .start_ns = FORK_RUNTIME_NS / 2,
			     .lock_more_ns = LOCK_SPIN_NS,
			     .is_even = true };
	struct move usual = { .start_ns = FORK_RUNTIME_NS,
			      .hand_over_ns = HAND_OVER_NS,
			      .is_even = ends_together(w) };
	struct move worst = { .start_ns = SPAWN_RUNTIME_NS,
			      .hand_over_ns = HAND_OVER_WORST_NS,
			      .byte_ns = SHIP_BYTE_WORST_NS,
			      .keeps_locks = true };
	struct data d = data_of(w);
	struct outcome o;

	refuse_undivided(w);
	if (w->processes && partners_of_pool(w) > w->workers)
		whatif_refuse(w, "processes", partners_of_pool(w),
			      xstrdup("how long fetchers and crunchers would wait for each other "
				      "as one can't be seen"));
	if (!w->multi || w->workers < 2)
		return;
	if (d.bytes * SHIP_BYTE_WORST_NS > DATA_SHARE * w->work_ns) {
		whatif_refuse(w, "processes", w->workers,
			      xasprintf("how much of the %.0f MB that workers filled would be "
					"copied can't be seen",
					d.bytes / 1e6));
		return;
	}
	o.best_ns = as_processes(w, &best, &d);
	o.usual_ns = as_processes(w, &usual, &d);
	o.worst_ns = as_processes(w, &worst, &d);
	whatif_add(w, "processes", w->workers, NULL, &o,
		   xasprintf("%.2f s of CPU on %.4g CPUs, memory and locks of their own; worst: "
			     "interpreters start anew, %.0f MB are shipped, locks are shared",
			     w->work_ns / 1e9, w->cpus, d.bytes / 1e6));
	/* More of them than CPUs are no faster, unless they wait. */
	if (w->workers > ceil(w->cpus) && w->cpus >= 2 &&
	    whatif_fixed_waits_ns(w) < WAITS_WORTH * w->work_ns)
		whatif_add(w, "processes", (uint32_t)ceil(w->cpus), NULL, &o,
			   xasprintf("they wait for little but CPUs, and %.4g have enough of %.0f",
				     w->cpus, ceil(w->cpus)));
}

/* ---- processes as threads ---- */

/* CPU time of a worker's main thread until it was ready to work, and threads needn't. */
static double start_up_ns(const struct whatif *w, uint32_t thread)
{
	const struct replay_thread *t = &w->r.threads[thread];
	const struct fact_process *p = &w->facts->processes[t->process];
	double at = 0, run = 0;

	if (!p->has_startup || !p->exec || whatif_task(w, thread)->tid != p->pid)
		return 0;
	for (uint32_t op = t->op + 1; op < t->op + t->op_cnt && at < (double)p->startup_ns; op++) {
		double ns = (double)w->r.ops[op].ns, left = (double)p->startup_ns - at;

		if (w->r.ops[op].bucket == BUCKET_CPU_USER)
			run += ns < left ? ns : left;
		at += ns;
	}
	return run;
}

double whatif_start_up_ns(const struct whatif *w)
{
	double sum = 0;

	for (uint32_t i = 0; i < w->r.thread_cnt; i++)
		if (w->in_pool[i])
			sum += start_up_ns(w, i);
	return sum;
}

double whatif_exchange_ns(const struct whatif *w)
{
	struct exchange x = whatif_exchange(w);

	return x.messages * MESSAGE_NS * (has_shared_runtime(w) ? RUNTIME_FACTOR : 1) +
	       x.bytes * BYTE_NS;
}

/* What threads are spared, and what they lose to each other. */
struct join {
	double message_ns, byte_ns;
	double kept_results;	/* of the CPU time to take results: to make them takes some, too */
	double spares_held;	/* of what is spared, was with the global lock: pickling is */
	double contention;
};

/*
 * What is left, as threads, of the CPU time of those who only hand over. Sending and what
 * each message takes is gone; objects that were unpickled from results are in that memory
 * at once, but may be made there as slowly.
 */
static double hand_over_left(const struct whatif *w, double kept_results)
{
	struct exchange x = whatif_exchange(w);
	double run = 0;

	for (uint32_t i = 0; i < w->r.thread_cnt; i++)
		run += w->hands_over[i] ? (double)w->r.threads[i].run_ns : 0;
	if (!(run > 0) || !(x.bytes > 0))
		return 0;
	return kept_results * x.result_bytes / x.bytes *
	       fmax(1 - x.messages * HAND_OVER_MESSAGE_NS / run, 0);
}

/* @held of the whole, of which @gone is gone, and that was with the lock: of what is left. */
static double held_left(double held, double gone)
{
	return fmax(held - gone, 0) / (1 - gone);
}

static double as_threads(const struct whatif *w, const struct join *j)
{
	double left = hand_over_left(w, j->kept_results);
	struct replay_change *changes = whatif_copy(w);
	struct replay_model model = w->now;
	struct exchange x = whatif_exchange(w);
	double runtime = has_shared_runtime(w) ? RUNTIME_FACTOR : 1;
	double spared = x.messages * j->message_ns * runtime + x.bytes * j->byte_ns, work = 0, ns;

	for (uint32_t i = 0; i < w->r.thread_cnt; i++)
		if (w->r.threads[i].is_worker && !w->hands_over[i])
			work += (double)w->r.threads[i].run_ns;
	spared = work > 0 ? fmin(spared / work, 0.9) : 0;
	model.changes = changes;
	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		/* One interpreter for all: the first group that there is. */
		if (changes[i].group)
			changes[i].group = 1;
		if (w->hands_over[i]) {
			changes[i].skip_ns = (1 - left) * (double)w->r.threads[i].run_ns;
		} else if (w->r.threads[i].is_worker) {
			changes[i].skip_ns = w->in_pool[i] ? start_up_ns(w, i) : 0;
			changes[i].pace = (1 - spared) * (changes[i].group ? j->contention : 1);
			changes[i].held = held_left(changes[i].held, j->spares_held * spared);
		}
	}
	ns = whatif_replay(w, &model);
	free(changes);
	return ns;
}

/* Time in the kernel for its address space that each process has had for itself. */
static double mapping_ns(const struct whatif *w)
{
	static const char *const calls[] = { "mmap",     "munmap", "madvise",
					     "mprotect", "brk",    "mremap" };
	/* What comes in messages needs pages, too, in who works as in who hands over. */
	double faults = -whatif_exchange(w).bytes / PAGE_BYTES, ns;

	for (uint32_t i = 0; i < w->r.thread_cnt; i++)
		faults += w->hands_over[i] ? 0 : w->kept * (double)whatif_task(w, i)->min_flt;
	ns = fmax(faults, 0) * FAULT_NS;

	for (size_t i = 0; i < w->facts->syscall_cnt; i++)
		for (size_t k = 0; k < sizeof(calls) / sizeof(calls[0]); k++)
			if (!strcmp(w->facts->syscalls[i].name, calls[k]))
				ns += w->kept * (double)w->facts->syscalls[i].calls * MAP_CALL_NS;
	return ns;
}

/* Do the workers run the same program as each other? */
static bool is_one_program(const struct whatif *w)
{
	const char *exe = NULL;

	for (size_t i = 0; i < w->m->process_cnt; i++) {
		const char *own = w->m->all_processes[i]->exe;

		if (!w->crew[i])
			continue;
		if (exe && own && strcmp(exe, own))
			return false;
		exe = own ? own : exe;
	}
	return true;
}

/* CPU time of all that would have to be done one after the other under one global lock. */
static double with_lock_ns(const struct whatif *w)
{
	double ns = 0;

	for (uint32_t i = 0; i < w->r.thread_cnt; i++)
		if (has_runtime(w, i) && !w->hands_over[i])
			ns += w->changes[i].held * (double)w->r.threads[i].run_ns;
	return ns;
}

void whatif_threads(struct whatif *w)
{
	struct join best = {
		.message_ns = MESSAGE_BEST_NS,
		.byte_ns = BYTE_BEST_NS,
		.spares_held = 1,
		.contention = SHARED_CACHE,
	};
	struct join usual = {
		.message_ns = MESSAGE_NS,
		.byte_ns = BYTE_NS,
		.kept_results = 0.5,
		.spares_held = 1,
		.contention = 1 + CONTENTION / 2,
	};
	struct join worst = {
		.message_ns = MESSAGE_WORST_NS,
		.byte_ns = BYTE_WORST_NS,
		.kept_results = 1,
		.contention = 1 + CONTENTION,
	};
	uint32_t partners = partners_of_pool(w);
	struct outcome o;

	if (w->processes < 2 || w->workers < 2)
		return;
	if (!is_one_program(w)) {
		whatif_refuse(w, "threads", w->workers,
			      xstrdup("the workers are different programs"));
		return;
	}
	if (!has_shared_runtime(w)) {
		whatif_refuse(w, "threads", w->workers,
			      xstrdup("which locks they would wait for, as one process, can't be "
				      "seen"));
		return;
	}
	if (mapping_ns(w) > MAP_SHARE_LIMIT * w->work_ns) {
		whatif_refuse(w, "threads", w->workers,
			      xasprintf("%llu page faults would share one mmap_lock; how long "
					"they'd wait for it can't be seen",
					(unsigned long long)w->facts->faults_minor));
		return;
	}
	o.best_ns = as_threads(w, &best);
	o.usual_ns = as_threads(w, &usual);
	o.worst_ns = as_threads(w, &worst);
	if (partners > w->workers) {
		/* The replay still hands over what each of them would then do by itself. */
		o.usual_ns = fmin(o.usual_ns, fmax(w->base_ns, with_lock_ns(w)));
		o.best_ns = fmin(o.best_ns, o.usual_ns);
	}
	whatif_add(w, "threads", partners > w->workers ? partners : w->workers, NULL, &o,
		   xasprintf("%.2f s of CPU on %.4g CPUs in one process%s; range: how much of it "
			     "went into messages",
			     w->work_ns / 1e9, w->cpus,
			     has_shared_runtime(w) ? " with one global lock" : ""));
}
