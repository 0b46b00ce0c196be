// SPDX-License-Identifier: MIT
/*
 * Owns the numbers of the advice: how many workers, how large a piece of work. All from
 * the recording's own measurements; docs/verdicts.md says how.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/median.h"
#include "base/xalloc.h"
#include "verdict/advise.h"
#include "verdict/thresholds.h"

/*
 * More waits at once than were seen are a guess at what the other end bears: at most so
 * many times as many, or, from fewer, what Python's executor begins with.
 */
#define WAITERS_TIMES 4
#define WAITERS_FEW   32

/* Waits that make more workers than CPUs worth having. */
#define WAITS_WORTH 0.20

/* Processes for each CPU: waits that are worth more are for threads, or an event loop. */
#define PROCESSES_PER_CPU 4

/* A task is long enough when handing it over costs a tenth of it. */
#define TRIPS_PER_TASK 10

/* Less than this was handed over by chance: start-up, a first try. */
#define TASKS_MIN 20

/* No queue between processes is faster, none of Python's is slower. */
#define TRIP_MIN_NS 10e3
#define TRIP_MAX_NS 10e6

/* Workers that ended, and were as long in starting as a fifth of what they did after. */
#define BRIEF_MIN	3
#define BRIEF_MIN_SHARE 0.20

/* Of a build's hundreds of compilers only some run at a time. */
static uint32_t workers_at_once(const struct view *v)
{
	return v->overlap < v->workers ? (uint32_t)ceil(v->overlap) : v->workers;
}

static double bounded(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

/* One interpreter computes on one CPU, however many there are. */
static double cpus_of_threads(const struct judgement *j)
{
	/* In a mix the processes compute, on all CPUs. */
	bool takes_turns = j->view.has_global_lock && j->fit != FIT_HYBRID &&
			   !judgement_finding(j, "gil-released");

	return takes_turns && j->view.usable > 1 ? 1 : j->view.usable;
}

static void find_pools(const struct judgement *j, const struct fact_verdict *verdict,
		       struct sizes *out)
{
	const struct view *v = &j->view;
	double io = v->work.ns[PART_DISK] + v->work.ns[PART_NETWORK] + v->work.ns[PART_MEMORY];
	double most = (double)out->now * WAITERS_TIMES, want;

	out->wait_ratio = bounded(ratio(io, v->work.ns[PART_CPU]), 0, 1e4);
	want = ceil(cpus_of_threads(j) * (1 + out->wait_ratio));
	out->waiters = (uint32_t)bounded(want, 2, most > WAITERS_FEW ? most : WAITERS_FEW);
	/* Who only fetches waits all the more. */
	if (j->fit == FIT_HYBRID && out->waiters < out->now)
		out->waiters = out->now;
	out->workers = out->cpus;
	if (out->wait_ratio > WAITS_WORTH) {
		want = ceil(v->usable * (1 + out->wait_ratio));
		most = fmin(out->now, out->cpus * PROCESSES_PER_CPU);
		out->workers = (uint32_t)bounded(want, out->cpus, fmax(most, out->cpus));
	}
	for (size_t i = 0; i < verdict->prediction_cnt; i++)
		if (!strcmp(verdict->predictions[i].change, "processes") &&
		    verdict->predictions[i].workers)
			out->workers = verdict->predictions[i].workers;
	out->per_process = v->worker_processes > 1
				   ? (out->waiters + v->worker_processes - 1) / v->worker_processes
				   : out->waiters;
}

static bool is_worker_process(const struct view *v, uint32_t pid)
{
	for (size_t i = 0; i < v->process_cnt; i++)
		if (v->processes[i].fact->pid == pid)
			return v->processes[i].workers > 0;
	return false;
}

/* Whoever the others are children of: who hands out the work. */
static uint32_t leader_of(const struct view *v)
{
	for (size_t i = 0; i < v->process_cnt; i++) {
		uint32_t pid = v->processes[i].fact->pid, children = 0;

		for (size_t k = 0; k < v->process_cnt; k++)
			children += v->processes[k].fact->ppid == pid && v->processes[k].workers;
		if (children >= 1)
			return pid;
	}
	return 0;
}

static void add_channel(const struct view *v, const struct fact_channel *c, uint32_t leader,
			double *to, double *from)
{
	bool written = false, read = false, by_worker = false, to_worker = false;

	for (size_t i = 0; i < c->writer_cnt; i++) {
		written = written || c->writers[i] == leader;
		by_worker = by_worker ||
			    (c->writers[i] != leader && is_worker_process(v, c->writers[i]));
	}
	for (size_t i = 0; i < c->reader_cnt; i++) {
		read = read || c->readers[i] == leader;
		to_worker = to_worker ||
			    (c->readers[i] != leader && is_worker_process(v, c->readers[i]));
	}
	/* A socket pair goes both ways, so half of its messages do each. */
	if (written && to_worker)
		*to += (double)c->messages / (read && by_worker ? 2 : 1);
	if (read && by_worker)
		*from += (double)c->messages / (written && to_worker ? 2 : 1);
}

/*
 * A task is handed to a worker process and its result back. What the leader does for
 * that on its CPU, what each message costs and what short waits are left is its round
 * trip; what its worker's CPU has besides is the task.
 */
static void find_tasks(const struct judgement *j, struct sizes *out)
{
	const struct view *v = &j->view;
	uint32_t leader = leader_of(v);
	double to = 0, from = 0, cpu = 0, lead = 0, waits = 0;

	if (!leader || v->worker_processes < 1)
		return;
	for (size_t i = 0; i < v->facts->channel_cnt; i++)
		add_channel(v, &v->facts->channels[i], leader, &to, &from);
	out->tasks = from > 0 && from < to ? from : to;
	if (out->tasks < TASKS_MIN) {
		out->tasks = 0;
		return;
	}
	for (size_t i = 0; i < v->process_cnt; i++) {
		const struct process_view *p = &v->processes[i];

		if (p->fact->pid == leader)
			lead += p->time.ns[PART_CPU];
		else if (p->workers)
			cpu += p->time.ns[PART_CPU];
		waits += p->time.ns[PART_IPC];
	}
	cpu -= v->exchange_cpu_ns / 2;
	out->task_ns = bounded(cpu / out->tasks, 1e3, 1e12);
	out->trip_ns = bounded((lead + v->exchange_cpu_ns / 2 + waits) / out->tasks, TRIP_MIN_NS,
			       TRIP_MAX_NS);
}

/* Up, to one, two or five times a power of ten: nobody types 137. */
static uint32_t round_chunk(double want)
{
	static const uint32_t steps[] = { 1, 2, 5 };

	for (uint32_t power = 1; power < 1000000; power *= 10)
		for (size_t i = 0; i < 3; i++)
			if (want <= steps[i] * power)
				return steps[i] * power;
	return 1000000;
}

static void find_chunk(struct sizes *out)
{
	if (out->tasks > 0 && out->task_ns < TRIPS_PER_TASK * out->trip_ns)
		out->chunk = round_chunk(TRIPS_PER_TASK * out->trip_ns / out->task_ns);
}

/* Workers of the same program that came and went: what each paid to begin. */
static void find_brief(const struct view *v, struct sizes *out)
{
	double *startup = xcalloc(v->process_cnt + 1, sizeof(*startup));
	double *work = xcalloc(v->process_cnt + 1, sizeof(*work));
	size_t cnt = 0;

	for (size_t i = 0; i < v->process_cnt; i++) {
		const struct fact_process *p = v->processes[i].fact;
		double life = (double)p->ended_ns - (double)p->started_ns;

		if (!p->ended || !p->has_startup || !p->start_method || p->helper ||
		    !v->processes[i].parent || life < (double)p->startup_ns)
			continue;
		startup[cnt] = (double)p->startup_ns;
		work[cnt++] = life - (double)p->startup_ns;
	}
	if (cnt >= BRIEF_MIN && cnt > out->now) {
		out->startup_ns = median(startup, cnt);
		out->work_ns = median(work, cnt);
		if (out->startup_ns < BRIEF_MIN_SHARE * out->work_ns || out->startup_ns < 1e6)
			out->startup_ns = out->work_ns = 0;
	}
	free(startup);
	free(work);
}

/* What the largest worker has for itself. */
static void find_memory(const struct view *v, struct sizes *out)
{
	for (size_t i = 0; i < v->process_cnt; i++) {
		const struct fact_process *p = v->processes[i].fact;
		uint64_t bytes = p->private_bytes ? p->private_bytes : p->rss_bytes;

		if (v->processes[i].workers && bytes > out->worker_bytes)
			out->worker_bytes = bytes;
	}
}

static const char *lock_name(const struct judgement *j)
{
	const struct fact_lock *l = top_lock(j->view.facts, j->class == CLASS_KERNEL_LOCK_BOUND);

	return l && l->name ? l->name : "";
}

void sizes_find(const struct judgement *j, const struct fact_verdict *verdict, struct sizes *out)
{
	const struct view *v = &j->view;

	*out = (struct sizes){
		.now = workers_at_once(v),
		.usable = v->usable,
		.cpus = (uint32_t)ceil(v->usable),
		.online = v->facts->recording.cpus_online,
		.lock = lock_name(j),
	};
	find_pools(j, verdict, out);
	find_tasks(j, out);
	find_chunk(out);
	find_brief(v, out);
	find_memory(v, out);
}
