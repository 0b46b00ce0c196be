// SPDX-License-Identifier: MIT
/*
 * Owns what members of the tree exchange: which waits for a peer are the price of
 * it, which threads do nothing but hand over, and what all that takes.
 */
#include <math.h>
#include <string.h>

#include "verdict/thresholds.h"
#include "verdict/view.h"

/*
 * A hand-over takes no longer than this: what does more has work of its own. To unpack rows
 * of small objects measured 52 ns a byte.
 */
#define HAND_OVER_MAX_MESSAGE_NS 200e3
#define HAND_OVER_MAX_BYTE_NS	 100.0

/* Does it join two members of the tree? */
static bool is_internal(const struct fact_channel *c)
{
	for (size_t w = 0; w < c->writer_cnt; w++)
		for (size_t r = 0; r < c->reader_cnt && r < 64; r++)
			if (c->writers[w] != c->readers[r])
				return true;
	return false;
}

/* Messages; where nobody counted them, every second time that a member blocked. */
static double messages_of(const struct fact_channel *c, const struct htab *index)
{
	double blocked = 0;

	if (c->messages)
		return (double)c->messages;
	for (size_t r = 0; r < c->reader_cnt; r++) {
		const struct process_view *p = htab_find(index, c->readers[r], 0);

		blocked += p ? (double)p->voluntary / 2 : 0;
	}
	return blocked;
}

static double known_ns(const struct process_view *p)
{
	return p->ipc_cost_ns + p->ipc_result_ns + p->ipc_outside_ns;
}

static void add_waits(const struct htab *index, const uint32_t *pids, size_t cnt, double wait_ns,
		      bool internal, bool is_cost)
{
	for (size_t i = 0; i < cnt; i++) {
		struct process_view *p = htab_find(index, pids[i], 0);
		double part = wait_ns / (double)cnt;

		if (!p)
			continue;
		if (!internal)
			p->ipc_outside_ns += part;
		else if (is_cost)
			p->ipc_cost_ns += part;
		else
			p->ipc_result_ns += part;
	}
}

void view_add_channels(struct view *v, const struct htab *index)
{
	for (size_t i = 0; i < v->facts->channel_cnt; i++) {
		const struct fact_channel *c = &v->facts->channels[i];
		double wait = (double)c->read_wait_ns + (double)c->write_wait_ns;
		double messages = messages_of(c, index);
		/* Through which nothing came from outside, nothing was asked for either. */
		bool internal = is_internal(c) || messages < 1;
		bool is_cost = messages > 0 && wait / messages < IPC_ROUND_TRIP_MAX_NS;

		if (!c->reader_cnt && !c->writer_cnt) {
			v->unlisted_ns += wait;
			continue;
		}

		add_waits(index, c->readers, c->reader_cnt, (double)c->read_wait_ns, internal,
			  is_cost);
		add_waits(index, c->writers, c->writer_cnt, (double)c->write_wait_ns, internal,
			  is_cost);
		if (!internal)
			continue;
		v->messages += messages;
		v->bytes += (double)c->bytes;
	}
}

/*
 * Of a thousand connections only the largest are listed, the rest is one sum. Waits in it
 * are taken to be like those on the listed ones: @process_ipc_ns, by process, keeps what
 * these, and no channel at all, explain.
 */
void view_leave_out_unlisted(const struct view *v, double *process_ipc_ns)
{
	double unknown = 0;

	for (size_t i = 0; i < v->process_cnt; i++) {
		double known = known_ns(&v->processes[i]);

		unknown += process_ipc_ns[i] > known && known > 0 ? process_ipc_ns[i] - known : 0;
	}
	for (size_t i = 0; i < v->process_cnt; i++) {
		double known = known_ns(&v->processes[i]), rest = process_ipc_ns[i] - known;

		if (rest > 0 && known > 0)
			process_ipc_ns[i] -= rest * fmin(1, v->unlisted_ns / unknown);
	}
}

/* A thread's waits on peers go the way its process's channels say. */
void view_split_ipc(const struct process_view *p, double ipc_ns, double process_ipc_ns,
		    struct time_parts *out)
{
	double known, base;

	if (!p || ipc_ns <= 0) {
		out->ns[PART_RESULT] += ipc_ns;
		return;
	}
	known = known_ns(p);
	base = known > process_ipc_ns ? known : process_ipc_ns;
	out->ns[PART_IPC] += ipc_ns * ratio(p->ipc_cost_ns, base);
	out->ns[PART_NETWORK] += ipc_ns * ratio(p->ipc_outside_ns, base);
	out->ns[PART_RESULT] += ipc_ns * (1 - ratio(p->ipc_cost_ns + p->ipc_outside_ns, base));
}

/* Who started it, Python's helpers left out: a fork server starts workers for another. */
static struct process_view *employer(const struct htab *index, const struct fact_process *p)
{
	struct process_view *parent = htab_find(index, p->ppid, 0);

	if (parent && parent->fact->helper)
		parent = htab_find(index, parent->fact->ppid, 0);
	return parent && parent->fact != p ? parent : NULL;
}

/* A child that runs its parent's program, or what the parent's interpreter starts. */
static bool is_own_worker(const struct fact_process *p, const struct fact_process *parent)
{
	if (p->helper)
		return false;
	if (p->start_method)
		return strcmp(p->start_method, "exec") != 0;
	return p->exe && parent->exe && !strcmp(p->exe, parent->exe);
}

static bool waits_for_io(const struct thread_view *t)
{
	return t->time.ns[PART_NETWORK] + t->time.ns[PART_DISK] > t->active_ns / 2;
}

static bool may_hand_over(const struct view *v, const struct thread_view *t)
{
	return t->process_index != NO_PROCESS && v->processes[t->process_index].is_dispatcher &&
	       t->fact->tid != t->fact->pid && !waits_for_io(t);
}

/*
 * The threads of an executor beside its worker processes (feeder, result handler)
 * are no workers: their CPU time is what the exchange takes at one end. More of it
 * than any hand-over needs shows that these threads have work of their own.
 */
void view_find_hand_over(struct view *v, const struct htab *index)
{
	double most = v->messages * HAND_OVER_MAX_MESSAGE_NS + v->bytes * HAND_OVER_MAX_BYTE_NS;
	double per_message = v->messages * IPC_MESSAGE_CPU_NS, cpu = 0;
	bool is_python = false;

	for (size_t i = 0; i < v->process_cnt; i++) {
		struct process_view *parent = employer(index, v->processes[i].fact);

		if (!parent || !is_own_worker(v->processes[i].fact, parent->fact))
			continue;
		parent->is_dispatcher = true;
		is_python |= parent->fact->runtime && !strcmp(parent->fact->runtime, "cpython");
	}
	for (size_t i = 0; i < v->thread_cnt; i++)
		if (may_hand_over(v, &v->threads[i]))
			cpu += v->threads[i].time.ns[PART_CPU];
	if (v->messages > 0 && cpu <= most)
		v->hand_over_ns = cpu;
	for (size_t i = 0; i < v->thread_cnt && v->hand_over_ns > 0; i++)
		v->threads[i].is_hand_over = may_hand_over(v, &v->threads[i]);
	if (v->hand_over_ns > 0 && is_python)
		per_message = v->messages * IPC_PYTHON_MESSAGE_CPU_NS;
	v->exchange_cpu_ns = per_message + v->bytes * IPC_BYTE_CPU_NS;
	/* What one end needs to pack, the other needs to unpack. */
	if (2 * v->hand_over_ns > v->exchange_cpu_ns)
		v->exchange_cpu_ns = 2 * v->hand_over_ns;
	if (v->exchange_cpu_ns > v->cpu_ns)
		v->exchange_cpu_ns = v->cpu_ns;
}
