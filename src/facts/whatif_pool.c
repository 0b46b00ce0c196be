// SPDX-License-Identifier: MIT
/*
 * Owns the answer to who would be moved: the pool. Workers are all who do the work;
 * whoever made the others and hands them their tasks would stay what it is.
 */
#include <stdlib.h>

#include "base/xalloc.h"
#include "facts/whatif_run.h"
#include "facts/workers.h"

/* A main thread that does this much of what the busiest one does is one of them. */
#define LEADER_SHARE 0.5

/* What threads of an executor beside its worker processes need at most, to hand over. */
#define HAND_OVER_MAX_MESSAGE_NS 200e3
#define HAND_OVER_MAX_BYTE_NS    100.0

/*
 * Who waits for a server on this machine that isn't traced waits for it as for any other:
 * the bucket says ipc, and that nobody traced has ended it, that it is none of ours.
 */
static void find_outside_waits(struct whatif *w)
{
	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		const struct replay_thread *t = &w->r.threads[i];

		for (uint32_t op = t->op + 1; op < t->op + t->op_cnt; op++)
			if (whatif_is_outside(&w->r.ops[op]))
				w->outside_ns[i] += (double)w->r.ops[op].ns;
	}
}

/* On the kept clock. */
static struct work_done work_of(const struct whatif *w, uint32_t thread)
{
	const struct fact_thread *t = &w->facts->threads[thread];
	double disk = (double)t->time_ns[BUCKET_DISK] + (double)t->time_ns[BUCKET_MEMORY];
	struct work_done d = { 0 };

	d.effort_ns = w->kept * ((double)fact_thread_group_ns(t, GROUP_CPU) + disk) +
		      w->outside_ns[thread];
	/*
	 * Not the GIL: it is passed on every 5 ms, so whoever waits for it and runs little
	 * wants to run little, as a queue's feeder thread.
	 */
	d.active_ns = d.effort_ns + w->kept * ((double)fact_thread_group_ns(t, GROUP_CPU_WAIT) +
					       (double)fact_thread_group_ns(t, GROUP_LOCK) -
					       (double)t->time_ns[BUCKET_GIL]);
	return d;
}

static void mark_workers(struct whatif *w)
{
	struct work_done *done = xcalloc(w->r.thread_cnt, sizeof(*done));
	bool *is_worker = xcalloc(w->r.thread_cnt, sizeof(*is_worker));

	for (uint32_t i = 0; i < w->r.thread_cnt; i++)
		done[i] = work_of(w, i);
	workers_mark(done, w->r.thread_cnt, is_worker);
	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		w->r.threads[i].is_worker = is_worker[i];
		if (is_worker[i])
			w->work_ns += (double)w->r.threads[i].run_ns;
	}
	free(done);
	free(is_worker);
}

/* For each process: how many of its children's processes have workers. */
static uint32_t *count_children(const struct whatif *w, const uint32_t *workers)
{
	uint32_t *children = xcalloc(w->m->process_cnt, sizeof(*children));

	for (size_t i = 0; i < w->m->process_cnt; i++)
		for (size_t k = 0; k < w->m->process_cnt && workers[i]; k++)
			children[k] += w->m->all_processes[i]->parent == w->m->all_processes[k];
	return children;
}

static bool is_leader(const struct whatif *w, uint32_t thread, const uint32_t *workers)
{
	const uint32_t *children = w->children;
	const struct replay_thread *t = &w->r.threads[thread];
	const struct task *task = whatif_task(w, thread);
	uint64_t most = 0;

	if (children[t->process] > 1)
		return true;
	if (task->tid != task->process->pid || workers[t->process] + children[t->process] < 2)
		return false;
	if (workers[t->process] > 2)
		return true;
	for (uint32_t i = 0; i < w->r.thread_cnt; i++)
		if (w->r.threads[i].is_worker && w->r.threads[i].run_ns > most)
			most = w->r.threads[i].run_ns;
	return (double)t->run_ns < LEADER_SHARE * (double)most;
}

struct moment {
	uint64_t at_ns;
	int change;
};

static int by_time(const void *x, const void *y)
{
	const struct moment *a = x, *b = y;

	if (a->at_ns != b->at_ns)
		return a->at_ns < b->at_ns ? -1 : 1;
	return a->change - b->change;
}

/* A program that makes a new pool for each batch has no more workers for that. */
static uint32_t most_at_once(const struct whatif *w)
{
	struct moment *moments = xcalloc(2 * (size_t)w->r.thread_cnt, sizeof(*moments));
	size_t cnt = 0;
	int now = 0, most = 0;

	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		const struct fact_thread *t = &w->facts->threads[i];

		if (!w->in_pool[i])
			continue;
		moments[cnt++] = (struct moment){ t->first_cpu_ns, 1 };
		moments[cnt++] = (struct moment){ t->last_cpu_ns, -1 };
	}
	qsort(moments, cnt, sizeof(*moments), by_time);
	for (size_t i = 0; i < cnt; i++) {
		now += moments[i].change;
		most = now > most ? now : most;
	}
	free(moments);
	return (uint32_t)most;
}

static double received_by_parents(const struct whatif *w, const struct fact_channel *c)
{
	double bytes = 0;

	for (size_t e = 0; e < c->end_cnt; e++)
		for (size_t i = 0; c->ends[e].bytes_received && i < w->m->process_cnt; i++)
			if (w->children[i] && w->m->all_processes[i]->pid == c->ends[e].pid)
				bytes += (double)c->ends[e].bytes_received;
	return bytes;
}

struct exchange whatif_exchange(const struct whatif *w)
{
	struct exchange x = { 0 };

	for (size_t i = 0; i < w->facts->channel_cnt; i++) {
		const struct fact_channel *c = &w->facts->channels[i];
		uint32_t ends = 0;

		for (size_t e = 0; e < c->end_cnt; e++)
			ends += c->ends[e].traced;
		if (ends < 2)
			continue;
		x.messages += w->kept * (double)c->messages;
		x.bytes += w->kept * (double)c->bytes;
		x.result_bytes += w->kept * received_by_parents(w, c);
	}
	return x;
}

/* Its waits for peers are mostly for those that aren't traced. */
static bool asks_others(const struct whatif *w, uint32_t thread)
{
	const uint64_t *ns = w->facts->threads[thread].time_ns;
	double peers = w->kept * ((double)ns[BUCKET_NETWORK] + (double)ns[BUCKET_IPC]);

	return w->outside_ns[thread] > peers / 2;
}

/*
 * Threads beside a main thread whose process has worker processes feed these and take
 * their results: threads have no need of them. Those that need more CPU time than that
 * can have work of their own.
 */
static void find_hand_over(struct whatif *w)
{
	struct exchange x = whatif_exchange(w);
	double most = x.messages * HAND_OVER_MAX_MESSAGE_NS + x.bytes * HAND_OVER_MAX_BYTE_NS;
	double run = 0;

	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		const struct task *t = whatif_task(w, i);

		w->hands_over[i] = w->children[w->r.threads[i].process] && !w->in_pool[i] &&
				   t->tid != t->process->pid && !asks_others(w, i);
		run += w->hands_over[i] ? (double)w->r.threads[i].run_ns : 0;
	}
	for (uint32_t i = 0; i < w->r.thread_cnt && run > most; i++)
		w->hands_over[i] = false;
}

void whatif_find_pool(struct whatif *w)
{
	uint32_t *workers = xcalloc(w->m->process_cnt, sizeof(*workers));

	w->outside_ns = xcalloc(w->r.thread_cnt, sizeof(*w->outside_ns));
	w->hands_over = xcalloc(w->r.thread_cnt, sizeof(*w->hands_over));
	find_outside_waits(w);
	mark_workers(w);
	for (uint32_t i = 0; i < w->r.thread_cnt; i++)
		workers[w->r.threads[i].process] += w->r.threads[i].is_worker;
	w->children = count_children(w, workers);
	w->in_pool = xcalloc(w->r.thread_cnt, sizeof(*w->in_pool));
	w->crew = xcalloc(w->m->process_cnt, sizeof(*w->crew));
	for (uint32_t i = 0; i < w->r.thread_cnt; i++) {
		uint32_t *crew = &w->crew[w->r.threads[i].process];

		if (!w->r.threads[i].is_worker || is_leader(w, i, workers))
			continue;
		w->in_pool[i] = true;
		w->processes += *crew == 0;
		w->multi += *crew == 1;
		(*crew)++;
	}
	w->workers = most_at_once(w);
	find_hand_over(w);
	free(workers);
}
