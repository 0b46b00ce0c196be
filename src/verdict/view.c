// SPDX-License-Identifier: MIT
/* Owns the sorting of the facts for the rules. Judges nothing. */
#include "verdict/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/htab.h"
#include "base/xalloc.h"
#include "facts/workers.h"
#include "verdict/thresholds.h"

double ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

double parts_active_ns(const struct time_parts *t)
{
	double sum = 0;

	for (int p = 0; p < PART_ACTIVE_CNT; p++)
		sum += t->ns[p];
	return sum;
}

double parts_life_ns(const struct time_parts *t)
{
	double sum = 0;

	for (int p = 0; p < PART_CNT; p++)
		sum += t->ns[p];
	return sum;
}

double view_share(const struct view *v, enum part p)
{
	return ratio(v->work.ns[p], v->active_ns);
}

double view_io_share(const struct view *v)
{
	return view_share(v, PART_DISK) + view_share(v, PART_NETWORK) + view_share(v, PART_MEMORY);
}

bool view_has_spare_cpu(const struct view *v)
{
	return v->cpus_busy < v->usable * CPU_SATURATED;
}

static void add_parts(struct time_parts *to, const struct time_parts *t)
{
	for (int p = 0; p < PART_CNT; p++)
		to->ns[p] += t->ns[p];
}

static void add_processes(struct view *v, struct htab *index)
{
	const struct facts *f = v->facts;

	v->process_cnt = f->process_cnt;
	v->processes = xcalloc(f->process_cnt, sizeof(*v->processes));
	for (size_t i = 0; i < f->process_cnt; i++) {
		v->processes[i].fact = &f->processes[i];
		htab_put(index, f->processes[i].pid, 0, &v->processes[i]);
	}
	for (size_t i = 0; i < f->thread_cnt; i++) {
		struct process_view *p = htab_find(index, f->threads[i].pid, 0);

		if (p)
			p->voluntary += f->threads[i].voluntary;
	}
}

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

static void add_channels(struct view *v, const struct htab *index)
{
	for (size_t i = 0; i < v->facts->channel_cnt; i++) {
		const struct fact_channel *c = &v->facts->channels[i];
		double wait = (double)c->read_wait_ns + (double)c->write_wait_ns;
		double messages = messages_of(c, index);
		/* Through which nothing came from outside, nothing was asked for either. */
		bool internal = is_internal(c) || messages < 1;
		bool is_cost = messages > 0 && wait / messages < IPC_ROUND_TRIP_MAX_NS;

		add_waits(index, c->readers, c->reader_cnt, (double)c->read_wait_ns, internal,
			  is_cost);
		add_waits(index, c->writers, c->writer_cnt, (double)c->write_wait_ns, internal,
			  is_cost);
		if (!internal)
			continue;
		v->messages += messages;
		v->bytes += (double)c->bytes;
	}
	v->exchange_cpu_ns = v->messages * IPC_MESSAGE_CPU_NS + v->bytes * IPC_BYTE_CPU_NS;
}

/* A thread's waits on peers go the way its process's channels say. */
static void split_ipc(const struct process_view *p, double ipc_ns, double process_ipc_ns,
		      struct time_parts *out)
{
	double known, base;

	if (!p || ipc_ns <= 0) {
		out->ns[PART_RESULT] += ipc_ns;
		return;
	}
	known = p->ipc_cost_ns + p->ipc_result_ns + p->ipc_outside_ns;
	base = known > process_ipc_ns ? known : process_ipc_ns;
	out->ns[PART_IPC] += ipc_ns * ratio(p->ipc_cost_ns, base);
	out->ns[PART_NETWORK] += ipc_ns * ratio(p->ipc_outside_ns, base);
	out->ns[PART_RESULT] += ipc_ns * (1 - ratio(p->ipc_cost_ns + p->ipc_outside_ns, base));
}

static enum part part_of(enum bucket b)
{
	static const enum part parts[BUCKET_CNT] = {
		[BUCKET_CPU_USER] = PART_CPU,
		[BUCKET_CPU_KERNEL] = PART_CPU,
		[BUCKET_RUN_QUEUE] = PART_QUEUE,
		[BUCKET_THROTTLED] = PART_THROTTLED,
		[BUCKET_GIL] = PART_GIL,
		[BUCKET_LOCK] = PART_LOCK,
		[BUCKET_KERNEL_LOCK] = PART_KERNEL_LOCK,
		[BUCKET_SYNC] = PART_RESULT,
		[BUCKET_IPC] = PART_RESULT,
		[BUCKET_CHILD] = PART_RESULT,
		[BUCKET_DISK] = PART_DISK,
		[BUCKET_NETWORK] = PART_NETWORK,
		[BUCKET_MEMORY] = PART_MEMORY,
		[BUCKET_SLEEP] = PART_IDLE,
		[BUCKET_IDLE] = PART_IDLE,
		[BUCKET_STOPPED] = PART_IDLE,
		[BUCKET_OTHER] = PART_OTHER,
	};

	return parts[b];
}

static void add_threads(struct view *v, const struct htab *index)
{
	const struct facts *f = v->facts;
	double *process_ipc = xcalloc(f->process_cnt, sizeof(*process_ipc));

	for (size_t i = 0; i < f->thread_cnt; i++) {
		struct process_view *p = htab_find(index, f->threads[i].pid, 0);

		if (p)
			process_ipc[p - v->processes] += (double)f->threads[i].time_ns[BUCKET_IPC];
	}
	v->thread_cnt = f->thread_cnt;
	v->threads = xcalloc(f->thread_cnt, sizeof(*v->threads));
	for (size_t i = 0; i < f->thread_cnt; i++) {
		const struct fact_thread *t = &f->threads[i];
		struct process_view *p = htab_find(index, t->pid, 0);
		struct thread_view *out = &v->threads[i];

		out->fact = t;
		out->process = p ? p->fact : NULL;
		for (int b = 0; b < BUCKET_CNT; b++)
			if (b != BUCKET_IPC)
				out->time.ns[part_of((enum bucket)b)] += (double)t->time_ns[b];
		split_ipc(p, (double)t->time_ns[BUCKET_IPC], p ? process_ipc[p - v->processes] : 0,
			  &out->time);
		out->active_ns = parts_active_ns(&out->time);
		v->cpu_ns += out->time.ns[PART_CPU];
		if (!p)
			continue;
		add_parts(&p->time, &out->time);
		p->gil_waiters += out->time.ns[PART_GIL] > 0;
	}
	free(process_ipc);
}

static bool is_cpu_worker(const struct thread_view *t)
{
	double cpu = t->time.ns[PART_CPU] + t->time.ns[PART_QUEUE] + t->time.ns[PART_THROTTLED] +
		     t->time.ns[PART_GIL];

	return cpu > t->active_ns / 2;
}

/* Standing in line is no work: a slow start on a busy machine makes no worker. */
static double effort_ns(const struct thread_view *t)
{
	const double *ns = t->time.ns;

	return t->active_ns - ns[PART_QUEUE] - ns[PART_THROTTLED] - ns[PART_GIL] - ns[PART_LOCK] -
	       ns[PART_KERNEL_LOCK];
}

static void mark_workers(struct view *v)
{
	struct work_done *done = xcalloc(v->thread_cnt, sizeof(*done));
	bool *is_worker = xcalloc(v->thread_cnt, sizeof(*is_worker));

	for (size_t i = 0; i < v->thread_cnt; i++)
		done[i] = (struct work_done){ effort_ns(&v->threads[i]), v->threads[i].active_ns };
	workers_mark(done, v->thread_cnt, is_worker);
	for (size_t i = 0; i < v->thread_cnt; i++)
		v->threads[i].is_worker = is_worker[i];
	free(done);
	free(is_worker);
}

static void extend(uint64_t *first, uint64_t *last, const struct fact_thread *t)
{
	if (!t->last_cpu_ns)
		return;
	if (!*last || t->first_cpu_ns < *first)
		*first = t->first_cpu_ns;
	if (t->last_cpu_ns > *last)
		*last = t->last_cpu_ns;
}

static void pick_workers(struct view *v, const struct htab *index)
{
	uint64_t first = 0, last = 0;
	double spans = 0;

	mark_workers(v);
	for (size_t i = 0; i < v->thread_cnt; i++) {
		struct thread_view *t = &v->threads[i];
		struct process_view *p = htab_find(index, t->fact->pid, 0);

		if (!t->is_worker)
			continue;
		v->workers++;
		v->cpu_workers += is_cpu_worker(t);
		add_parts(&v->work, &t->time);
		extend(&first, &last, t->fact);
		if (t->fact->last_cpu_ns > t->fact->first_cpu_ns)
			spans += (double)(t->fact->last_cpu_ns - t->fact->first_cpu_ns);
		if (!p)
			continue;
		p->workers++;
		extend(&p->first_ns, &p->last_ns, t->fact);
	}
	v->active_ns = parts_active_ns(&v->work);
	v->life_ns = parts_life_ns(&v->work);
	v->window_ns = last > first ? (double)(last - first)
				    : (double)v->facts->recording.duration_ns;
	v->overlap = last > first ? spans / v->window_ns : v->workers;
}

static void add_concurrency(struct view *v)
{
	const double *ns = v->work.ns;

	v->cpus_busy = ratio(ns[PART_CPU], v->window_ns);
	v->runnable = ratio(ns[PART_CPU] + ns[PART_QUEUE] + ns[PART_THROTTLED], v->window_ns);
	v->active_avg = ratio(v->active_ns, v->window_ns);
}

static void add_process_totals(struct view *v)
{
	double locked = 0, active = 0;

	for (size_t i = 0; i < v->process_cnt; i++) {
		struct process_view *p = &v->processes[i];
		double own = parts_active_ns(&p->time);

		v->worker_processes += p->workers > 0;
		v->multi_processes += p->workers > 1;
		if (p->time.ns[PART_GIL] > (v->gil ? v->gil->time.ns[PART_GIL] : 0))
			v->gil = p;
		if (!p->workers)
			continue;
		active += own;
		if (!p->fact->global_lock)
			continue;
		locked += own;
		v->is_cpython |= p->fact->runtime && !strcmp(p->fact->runtime, "cpython");
	}
	v->has_global_lock = locked > active / 2;
}

static void add_roles(struct view *v)
{
	v->roles = xcalloc(v->thread_cnt, sizeof(*v->roles));
	for (size_t i = 0; i < v->thread_cnt; i++) {
		struct thread_view *t = &v->threads[i];
		const char *name = t->fact->role ? t->fact->role : "";
		struct role_view *r = v->roles;

		while (r < v->roles + v->role_cnt && strcmp(r->name, name))
			r++;
		if (r == v->roles + v->role_cnt) {
			r->name = name;
			v->role_cnt++;
		}
		t->role = (size_t)(r - v->roles);
		r->threads++;
		r->workers += t->is_worker;
		r->processes += t->fact->tid == t->fact->pid;
		add_parts(&r->time, &t->time);
		r->active_ns += t->active_ns;
	}
	for (size_t i = 0; i < v->role_cnt; i++)
		v->roles[i].life_ns = parts_life_ns(&v->roles[i].time);
}

void view_init(struct view *v, const struct facts *f)
{
	struct htab index = { 0 };

	*v = (struct view){ .facts = f };
	v->usable = f->recording.cpus_usable;
	if (!(v->usable >= 1))
		v->usable = f->recording.cpus_usable > 0 ? f->recording.cpus_usable : 1;
	if (v->usable > 65536)
		v->usable = 65536;
	add_processes(v, &index);
	add_channels(v, &index);
	add_threads(v, &index);
	pick_workers(v, &index);
	add_concurrency(v);
	add_process_totals(v);
	add_roles(v);
	htab_release(&index);
}

void view_release(struct view *v)
{
	free(v->threads);
	free(v->processes);
	free(v->roles);
	*v = (struct view){ 0 };
}
