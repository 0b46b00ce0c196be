// SPDX-License-Identifier: MIT
/* Owns the changes that leave threads threads: their number, their locks, what runs them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "facts/whatif_run.h"

/* A lock is worth naming when it costs this much of the work. */
#define LOCK_SHARE 0.05

/* Threads that wait for sockets this much of their time can wait in one loop. */
#define SOCKET_SHARE 0.50

/* A loop that waits for its sockets this much; that is blocked by other calls this much. */
#define POLLS_SHARE  0.10
#define LOOP_BLOCKED 0.05

/* A call that blocks a loop for less, on average, is no wait for something. */
#define BLOCKED_MIN_NS 1e6

/* CPU time of a coroutine against that of a thread. */
#define LOOP_BEST  0.7
#define LOOP_WORST 1.5

/* Nobody makes a process for each of more connections than this. */
#define LOOP_PROCESSES 32

/* What a worker gains by having caches and memory to itself. */
#define ALONE 0.05

/* Out of CPU, with this part of the time in line; a worker that has a CPU nearly always. */
#define CPUS_BUSY   0.85
#define CROWDED	    0.15
#define BUSY_WORKER 0.80

/* A free-threaded build against the usual one, on one thread: PEP 779 and its benchmarks. */
#define FREE_BEST  1.05
#define FREE_USUAL 1.2
#define FREE_WORST 1.4

static const struct lock *costliest_lock(const struct whatif *w)
{
	const struct lock *top = NULL;

	htab_for_each(&w->m->locks, i) {
		const struct lock *l = w->m->locks.entries[i].value;

		if (l->kind == LOCK_GIL || !l->contended_ns)
			continue;
		if (!top || l->contended_ns > top->contended_ns ||
		    (l->contended_ns == top->contended_ns && l->index < top->index))
			top = l;
	}
	return top;
}

/* The workers' CPU time in the kernel, by the share that futex calls have of all calls. */
static double futex_ns(const struct whatif *w)
{
	double kernel = 0, futex = 0, calls = 0;

	for (uint32_t i = 0; i < w->r.thread_cnt; i++)
		if (w->r.threads[i].is_worker)
			kernel += (double)w->facts->threads[i].time_ns[BUCKET_CPU_KERNEL];
	for (size_t i = 0; i < w->facts->syscall_cnt; i++) {
		const struct fact_syscall *c = &w->facts->syscalls[i];

		calls += (double)c->calls;
		futex += !strncmp(c->name, "futex", 5) ? (double)c->calls : 0;
	}
	return calls > 0 ? kernel * futex / calls : 0;
}

/*
 * Who waits for a lock makes a call, leaves its CPU and comes back, and who unlocks makes
 * another: 7 to 12 us of CPU each time, where two threads took turns 316,000 times.
 */
double whatif_pace_without(const struct whatif *w, const struct lock *l, double more_ns)
{
	double all = 0, gone = 0, each;

	htab_for_each(&w->m->locks, i) {
		const struct lock *other = w->m->locks.entries[i].value;

		/* Those of the kernel are a part of calls that are still made. */
		if (other->kind == LOCK_KERNEL || !other->waits)
			continue;
		all += (double)other->waits;
		if (other->kind != LOCK_GIL && other->contended_ns &&
		    (l ? l == other : other->process && !other->is_shared))
			gone += (double)other->waits;
	}
	if (!(gone > 0) || !(w->work_ns > 0))
		return 1;
	each = futex_ns(w) / all + more_ns;
	return 1 - fmin(w->kept * gone * each / w->work_ns, 0.5);
}

static double without(const struct whatif *w, const struct lock *l, double more_ns)
{
	struct replay_change *changes = whatif_copy(w);
	double pace = whatif_pace_without(w, l, more_ns), ns;
	struct replay_model model = w->now;

	model.no_lock = l->index;
	model.changes = changes;
	for (uint32_t i = 0; i < w->r.thread_cnt; i++)
		if (w->r.threads[i].is_worker)
			changes[i].pace = pace;
	ns = whatif_replay(w, &model);
	free(changes);
	return ns;
}

void whatif_without_lock(struct whatif *w)
{
	const struct lock *l = costliest_lock(w);
	struct outcome o;

	if (!l || w->kept * (double)l->contended_ns < LOCK_SHARE * w->recorded_ns)
		return;
	o.best_ns = without(w, l, LOCK_SPIN_NS);
	o.usual_ns = without(w, l, 0);
	/* What it protects has to be done without it somehow. */
	o.worst_ns = (o.usual_ns + w->base_ns) / 2;
	whatif_add(w, "without-lock", w->workers, l->name, &o,
		   xasprintf("%.2f s of waits for it gone; worst: half of the gain",
			     w->kept * (double)l->contended_ns / 1e9));
}

static double without_groups(const struct whatif *w, double pace)
{
	struct replay_change *changes = whatif_copy(w);
	struct replay_model model = w->now;
	double ns;

	model.changes = changes;
	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		changes[i].group = 0;
		changes[i].pace = pace;
	}
	ns = whatif_replay(w, &model);
	free(changes);
	return ns;
}

void whatif_free_threaded(struct whatif *w)
{
	double gil_ns = w->kept * (double)facts_bucket_ns(w->facts, BUCKET_GIL);
	struct outcome o;

	if (!w->multi || gil_ns < LOCK_SHARE * w->work_ns || w->cpus < 2)
		return;
	o.best_ns = without_groups(w, FREE_BEST);
	o.usual_ns = without_groups(w, FREE_USUAL);
	o.worst_ns = without_groups(w, FREE_WORST);
	whatif_add(w, "free-threaded", w->workers, NULL, &o,
		   xasprintf("%.2f s of waits for the GIL gone, 5 to 40 %% more CPU time, as such "
			     "builds need for one thread; if the extensions allow it",
			     gil_ns / 1e9));
}

static double in_one_loop(const struct whatif *w, double pace)
{
	struct replay_change *changes = whatif_copy(w);
	struct replay_model model = w->now;
	double ns;

	model.changes = changes;
	model.switch_ns = 0;
	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		if (!w->r.threads[i].is_worker)
			continue;
		changes[i].group = 1;
		changes[i].held = 1;
		changes[i].pace = pace;
	}
	ns = whatif_replay(w, &model);
	free(changes);
	return ns;
}

static double socket_share(const struct whatif *w)
{
	double sockets = 0, active = 0;

	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		const struct fact_thread *t = &w->facts->threads[i];

		if (!w->r.threads[i].is_worker)
			continue;
		sockets += w->outside_ns[i];
		active += (double)t->lifetime_ns - (double)fact_thread_group_ns(t, GROUP_IDLE) -
			  (double)fact_thread_group_ns(t, GROUP_SYNC);
	}
	return active > 0 ? sockets / (w->kept * active) : 0;
}

/* In calls that would stop an event loop: all workers', on the kept clock. */
static double blocking_ns(const struct whatif *w)
{
	double ns = 0;

	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		const struct replay_thread *t = &w->r.threads[i];

		for (uint32_t op = t->op + 1; w->in_pool[i] && op < t->op + t->op_cnt; op++)
			if ((w->r.ops[op].bucket == BUCKET_SLEEP ||
			     w->r.ops[op].bucket == BUCKET_DISK) &&
			    (double)w->r.ops[op].ns > BLOCKED_MIN_NS)
				ns += (double)w->r.ops[op].ns;
	}
	return ns;
}

/* The same of a loop, where short ones are hardly more than a system call each. */
static double loop_blocked_ns(const struct fact_thread *t)
{
	double ns = 0;

	if (!t->loop)
		return (double)(t->time_ns[BUCKET_SLEEP] + t->time_ns[BUCKET_DISK]);
	for (size_t i = 0; i < t->loop->blocked_cnt; i++) {
		const struct fact_loop_call *c = &t->loop->blocked_in[i];

		if ((double)c->wait_ns > BLOCKED_MIN_NS * (double)c->waits)
			ns += (double)c->wait_ns;
	}
	return ns;
}

/* Connections that the process had something to say on. */
static uint32_t connections_of(const struct whatif *w, uint32_t pid)
{
	uint32_t cnt = 0;

	htab_for_each(&w->m->channels, i) {
		const struct channel *c = w->m->channels.entries[i].value;

		if (c->file_kind != PAR_FILE_TCP || !channel_messages(c))
			continue;
		for (size_t e = 0; e < c->end_cnt; e++)
			cnt += c->ends[e]->pid == pid;
	}
	return cnt;
}

/* The same with processes: waits as long, and each has to be started. */
static void loop_as_processes(struct whatif *w, uint32_t connections, double cpu)
{
	double each = connections / w->cpus;
	struct outcome o = {
		.best_ns = w->base_ns + FORK_RUNTIME_NS / 2 * each - cpu * (1 - 1 / w->cpus),
		.usual_ns = w->base_ns + FORK_RUNTIME_NS * each,
		.worst_ns = w->base_ns + SPAWN_RUNTIME_NS * each + cpu * (LOOP_WORST - 1),
	};

	if (connections > LOOP_PROCESSES)
		return;
	whatif_add(w, "processes", connections, NULL, &o,
		   xasprintf("a process for each connection; range: from a fork each, with %.2f s "
			     "of CPU shared by all CPUs, to interpreters that start anew",
			     cpu / 1e9));
}

/* An event loop's connections, each with a thread of its own. */
static void loop_as_threads(struct whatif *w, uint32_t thread)
{
	const struct fact_thread *t = &w->facts->threads[thread];
	double cpu = w->kept * (double)fact_thread_group_ns(t, GROUP_CPU);
	double blocked = w->kept * loop_blocked_ns(t);
	uint32_t connections = connections_of(w, t->pid);
	struct outcome o = { .usual_ns = w->base_ns };

	if (connections < 2)
		return;
	if (blocked > LOOP_BLOCKED * w->recorded_ns) {
		whatif_refuse(w, "threads", connections,
			      xasprintf("what connections waited for while the loop was blocked, "
					"%.2f s, can't be seen",
					blocked / 1e9));
		return;
	}
	o.best_ns = w->base_ns - cpu * (1 - LOOP_BEST);
	o.worst_ns = w->base_ns + cpu * (LOOP_WORST - 1);
	whatif_add(w, "threads", connections, NULL, &o,
		   xasprintf("a thread for each connection, %.2f s of CPU on one CPU; range: %.1f "
			     "to %.1f times the CPU time",
			     cpu / 1e9, LOOP_BEST, LOOP_WORST));
	if (w->changes[thread].group)
		loop_as_processes(w, connections, cpu);
}

static bool polls(const struct facts *f)
{
	for (size_t i = 0; i < f->syscall_cnt; i++)
		if (!strncmp(f->syscalls[i].name, "epoll_", 6) &&
		    (double)f->syscalls[i].blocked_ns >
			    POLLS_SHARE * (double)f->recording.duration_ns)
			return true;
	return false;
}

bool whatif_is_loop(const struct whatif *w)
{
	for (uint32_t i = 0; i < w->r.thread_cnt && w->workers == 1; i++)
		if (w->r.threads[i].is_worker && w->facts->threads[i].loop)
			return true;
	return w->workers == 1 && polls(w->facts);
}

void whatif_async(struct whatif *w)
{
	struct outcome o;

	for (uint32_t i = 0; i < w->r.thread_cnt && whatif_is_loop(w); i++)
		if (w->r.threads[i].is_worker)
			loop_as_threads(w, i);
	if (w->workers < 2 || socket_share(w) < SOCKET_SHARE)
		return;
	if (blocking_ns(w) > LOOP_BLOCKED * w->base_ns) {
		whatif_refuse(w, "async", w->workers,
			      xasprintf("whether the calls that block for %.1f s would stop the "
					"loop can't be seen",
					blocking_ns(w) / 1e9));
		return;
	}
	o.best_ns = in_one_loop(w, LOOP_BEST);
	o.usual_ns = in_one_loop(w, 1);
	o.worst_ns = in_one_loop(w, LOOP_WORST);
	whatif_add(w, "async", w->workers, NULL, &o,
		   xasprintf("all waits overlap, %.2f s of CPU on one CPU; range: %.1f to %.1f "
			     "times the CPU time",
			     w->work_ns / 1e9, LOOP_BEST, LOOP_WORST));
}

/* Waits for nobody in particular, one after the other if one worker does all. */
double whatif_fixed_waits_ns(const struct whatif *w)
{
	double sum = 0;

	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		const struct replay_thread *t = &w->r.threads[i];
		double since = 0; /* its last work: what follows it is no wait for it */

		for (uint32_t op = t->op + 1; t->is_worker && op < t->op + t->op_cnt; op++) {
			switch ((enum bucket)w->r.ops[op].bucket) {
			case BUCKET_CPU_USER:
				sum += since;
				since = 0;
				break;
			case BUCKET_DISK:
			case BUCKET_MEMORY:
			case BUCKET_SLEEP:
				since += (double)w->r.ops[op].ns;
				break;
			case BUCKET_NETWORK:
			case BUCKET_IPC:
				if (whatif_is_outside(&w->r.ops[op]))
					since += (double)w->r.ops[op].ns;
				break;
			default:
				break;
			}
		}
	}
	return sum;
}

static void one_worker(struct whatif *w)
{
	double ns = w->work_ns - whatif_start_up_ns(w) + whatif_fixed_waits_ns(w);
	struct outcome o = { .best_ns = ns * (1 - ALONE), .usual_ns = ns, .worst_ns = ns };

	if (w->workers < 2)
		return;
	o.best_ns -= whatif_exchange_ns(w);
	if (o.best_ns < ns / 2)
		o.best_ns = ns / 2;
	whatif_add(w, "workers", 1, NULL, &o,
		   xasprintf("%.2f s of CPU and %.2f s of waits one after the other",
			     (w->work_ns - whatif_start_up_ns(w)) / 1e9,
			     whatif_fixed_waits_ns(w) / 1e9));
}

/* As many workers as CPUs. */
static void all_cpus(struct whatif *w)
{
	double busy = w->work_ns / w->base_ns, more = w->cpus / busy;
	double queue = w->kept * (double)facts_bucket_ns(w->facts, BUCKET_RUN_QUEUE);
	struct outcome o = { w->base_ns, w->base_ns, w->base_ns };

	if (w->workers > ceil(w->cpus) && busy > CPUS_BUSY * w->cpus &&
	    queue > CROWDED * (queue + w->work_ns)) {
		whatif_add(w, "workers", (uint32_t)ceil(w->cpus), NULL, &o,
			   xasprintf("the same %.2f s of CPU on %.4g CPUs, without %.2f s of "
				     "standing in line",
				     w->work_ns / 1e9, w->cpus, queue / 1e9));
	} else if (w->workers >= 2 && w->workers < floor(w->cpus) && more > 1.2 &&
		   busy > BUSY_WORKER * w->workers) {
		o.best_ns = w->base_ns / more;
		o.usual_ns = w->base_ns / (1 + (more - 1) * 0.85);
		o.worst_ns = w->base_ns / (1 + (more - 1) * 0.5);
		whatif_add(w, "workers", (uint32_t)w->cpus, NULL, &o,
			   xasprintf("%u workers use %.2f of %.4g CPUs; worst and best: half and "
				     "all of the CPUs that are left become work done",
				     w->workers, busy, w->cpus));
	}
}

void whatif_workers(struct whatif *w)
{
	all_cpus(w);
	one_worker(w);
}
