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

static double parts_active_ns(const struct time_parts *t)
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
	return view_share(v, PART_DISK) + view_share(v, PART_NETWORK) + view_share(v, PART_MEMORY) +
	       view_share(v, PART_BLOCKED);
}

bool view_has_spare_cpu(const struct view *v)
{
	return v->cpus_busy < v->usable * CPU_SATURATED;
}

bool view_crowds_itself(const struct view *v)
{
	return v->runnable > v->usable * RUNNABLE_MIN_OVER &&
	       v->cpus_busy >= v->usable * OWN_CPUS_MIN_SHARE;
}

double view_worker_bytes(const struct view *v)
{
	uint64_t most = 0;

	for (size_t i = 0; i < v->process_cnt; i++) {
		const struct fact_process *p = v->processes[i].fact;
		uint64_t bytes = p->private_bytes ? p->private_bytes : p->rss_bytes;

		if (v->processes[i].workers && bytes > most)
			most = bytes;
	}
	return (double)most;
}

double view_workers_ns(const struct view *v, enum bucket bucket)
{
	double sum = 0;

	for (size_t i = 0; i < v->thread_cnt; i++)
		if (v->threads[i].is_worker)
			sum += (double)v->threads[i].fact->time_ns[bucket];
	return sum;
}

bool view_has_way_back(const struct view *v)
{
	return v->work.ns[PART_LOCK] > view_workers_ns(v, BUCKET_LOCK) * 1.05;
}

const char *view_cpu_word(const struct view *v)
{
	return v->usable == 1 ? "CPU" : "CPUs";
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
	for (size_t i = 0; i < f->process_cnt; i++) {
		struct process_view *parent = htab_find(index, f->processes[i].ppid, 0);

		if (parent)
			v->processes[i].parent = parent->fact;
	}
	for (size_t i = 0; i < f->thread_cnt; i++) {
		struct process_view *p = htab_find(index, f->threads[i].pid, 0);

		if (p)
			p->voluntary += f->threads[i].voluntary;
	}
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

/* What blocks a loop is no idleness, even if it sleeps: whoever asks meanwhile has to wait. */
static void move_blocked(const struct fact_loop *l, struct time_parts *t)
{
	for (size_t i = 0; i < l->blocked_cnt; i++) {
		enum part from = part_of(l->blocked_in[i].bucket);
		double ns = (double)l->blocked_in[i].wait_ns;

		if (from != PART_IDLE && from != PART_RESULT)
			continue;
		ns = ns < t->ns[from] ? ns : t->ns[from];
		t->ns[from] -= ns;
		t->ns[PART_BLOCKED] += ns;
	}
}

static void add_thread(struct view *v, const struct htab *index, const double *process_ipc,
		       const struct fact_thread *t, struct thread_view *out)
{
	struct process_view *p = htab_find(index, t->pid, 0);
	double ipc = (double)t->time_ns[BUCKET_IPC];

	out->fact = t;
	out->process = p ? p->fact : NULL;
	out->process_index = p ? (size_t)(p - v->processes) : NO_PROCESS;
	out->begin_ns = t->first_cpu_ns;
	for (int b = 0; b < BUCKET_CNT; b++)
		if (b != BUCKET_IPC)
			out->time.ns[part_of((enum bucket)b)] += (double)t->time_ns[b];
	view_split_ipc(p, ipc, p ? process_ipc[p - v->processes] : 0, &out->time);
	if (t->loop)
		move_blocked(t->loop, &out->time);
	v->cpu_ns += out->time.ns[PART_CPU];
	if (!p)
		return;
	p->threads++;
	p->cpu_ns += out->time.ns[PART_CPU];
	p->queue_ns += out->time.ns[PART_QUEUE] + out->time.ns[PART_THROTTLED];
	add_parts(&p->time, &out->time);
	p->gil_waiters += out->time.ns[PART_GIL] > 0;
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
	view_leave_out_unlisted(v, process_ipc);
	v->thread_cnt = f->thread_cnt;
	v->threads = xcalloc(f->thread_cnt, sizeof(*v->threads));
	for (size_t i = 0; i < f->thread_cnt; i++)
		add_thread(v, index, process_ipc, &f->threads[i], &v->threads[i]);
	free(process_ipc);
}

/* Take up to @ns out of @parts of @t's time, in this order. */
static double move_to_startup(struct time_parts *t, const enum part *parts, size_t cnt, double ns)
{
	double moved = 0;

	for (size_t i = 0; i < cnt; i++) {
		double part = t->ns[parts[i]] < ns - moved ? t->ns[parts[i]] : ns - moved;

		if (part <= 0)
			continue;
		t->ns[parts[i]] -= part;
		moved += part;
	}
	t->ns[PART_STARTUP] += moved;
	return moved;
}

/* When the first thread or process came that was not there from the start; 0: none did. */
static uint64_t first_birth_ns(const struct facts *f)
{
	uint64_t first = 0;

	for (size_t i = 0; i < f->thread_cnt; i++)
		if (facts_is_birth(f, f->threads[i].started_ns) &&
		    (!first || f->threads[i].started_ns < first))
			first = f->threads[i].started_ns;
	return first;
}

/*
 * What a launched interpreter does before it has its first thread or child: imports,
 * and whatever else comes before the work is divided. The time windows of the whole
 * program are those of its main thread then. A long first part is work.
 */
static void drop_launch(struct view *v)
{
	static const enum part io[] = { PART_DISK, PART_MEMORY, PART_NETWORK };
	static const enum part cpu[] = { PART_CPU }, queue[] = { PART_QUEUE };
	const struct facts *f = v->facts;
	uint64_t birth = first_birth_ns(f), width;
	struct thread_view *t = v->threads;

	if (!v->thread_cnt || !f->process_cnt || f->series_cnt < 2 || !birth ||
	    t->fact->started_ns || !f->processes[0].has_exec || !f->processes[0].exec ||
	    !f->processes[0].runtime || t->fact->pid != f->processes[0].pid)
		return;
	if ((double)birth > (double)f->recording.duration_ns * LAUNCH_MAX_SHARE ||
	    birth > LAUNCH_MAX_NS)
		return;
	width = f->series[1].t_ns - f->series[0].t_ns;
	for (size_t i = 0; i < f->series_cnt && f->series[i].t_ns + width <= birth; i++) {
		const double *g = f->series[i].groups;

		v->startup_ns += move_to_startup(&t->time, cpu, 1, g[GROUP_CPU] * (double)width);
		v->startup_ns += move_to_startup(&t->time, queue, 1,
						 g[GROUP_CPU_WAIT] * (double)width);
		v->startup_ns += move_to_startup(&t->time, io, 3, g[GROUP_IO] * (double)width);
		t->begin_ns = f->series[i].t_ns + width;
	}
}

/* The imports of a process that was born with an interpreter to start. */
static void drop_startup(struct view *v)
{
	static const enum part parts[] = { PART_CPU, PART_DISK, PART_MEMORY, PART_QUEUE };

	for (size_t i = 0; i < v->thread_cnt; i++) {
		struct thread_view *t = &v->threads[i];
		const struct fact_process *p = t->process;

		if (!p || !p->runtime || !p->has_startup || t->fact->tid != t->fact->pid ||
		    p->startup_ns < STARTUP_MIN_NS)
			continue;
		v->startup_ns += move_to_startup(&t->time, parts, 4, (double)p->startup_ns);
		if (p->started_ns + p->startup_ns > t->begin_ns)
			t->begin_ns = p->started_ns + p->startup_ns;
	}
}

/* Waits for locks of @pid's own, not for a signal or another process. */
static double lock_waits(const struct facts *f, uint32_t pid)
{
	double waits = 0;

	for (size_t i = 0; i < f->lock_cnt; i++)
		if (f->locks[i].pid == pid && f->locks[i].contended_ns &&
		    f->locks[i].kind != LOCK_KERNEL)
			waits += (double)f->locks[i].waits;
	return waits;
}

/*
 * Where most switches are waits for locks, the way back to a CPU is part of the
 * wait: some microseconds each, and more in sum than the wait itself when locks are
 * held briefly. Longer ones are a matter of who else wants the CPUs.
 */
static void join_wakeups(struct view *v)
{
	for (size_t i = 0; i < v->process_cnt; i++) {
		struct process_view *p = &v->processes[i];
		double switches = (double)p->voluntary;

		p->is_convoy = ratio(p->queue_ns, switches) < BUSY_MIN_WAIT_NS &&
			       lock_waits(v->facts, p->fact->pid) > switches / 2 &&
			       p->time.ns[PART_LOCK] > 0;
	}
	for (size_t i = 0; i < v->thread_cnt; i++) {
		struct time_parts *t = &v->threads[i].time;

		if (v->threads[i].process_index == NO_PROCESS || t->ns[PART_LOCK] <= 0 ||
		    !v->processes[v->threads[i].process_index].is_convoy)
			continue;
		t->ns[PART_LOCK] += t->ns[PART_QUEUE];
		t->ns[PART_QUEUE] = 0;
	}
}

/*
 * Who holds a lock of the program and queues for the GIL makes others wait for the
 * GIL as well: where threads do so, their waits for locks are part of that queue.
 */
static void join_convoys(struct view *v)
{
	for (size_t i = 0; i < v->thread_cnt; i++) {
		struct thread_view *t = &v->threads[i];
		const struct process_view *p;

		if (t->process_index == NO_PROCESS)
			continue;
		p = &v->processes[t->process_index];
		if (!p->fact->global_lock || p->gil_waiters < 2 ||
		    p->time.ns[PART_GIL] < (p->time.ns[PART_GIL] + p->cpu_ns) * GIL_MIN_RATIO)
			continue;
		t->time.ns[PART_GIL] += t->time.ns[PART_LOCK];
		t->time.ns[PART_LOCK] = 0;
	}
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

static bool may_work(const struct thread_view *t)
{
	return t->active_ns > 0 && !t->is_hand_over && !(t->process && t->process->helper);
}

/* A fork for one task; what got a program of its own is not for us to put elsewhere. */
static bool is_short_lived(const struct fact_process *p)
{
	return p->ended && p->started_by && !(p->has_exec && p->exec) &&
	       p->ended_ns - p->started_ns < SHORT_LIFE_MAX_NS;
}

/* A thread for one request, or a process for one task. */
static bool is_made_for_one(const struct view *v, const struct thread_view *t)
{
	const struct fact_thread *f = t->fact;
	uint64_t end_ns = f->started_ns + f->lifetime_ns;

	if (t->process && is_short_lived(t->process))
		return true;
	return f->tid != f->pid && facts_is_birth(v->facts, f->started_ns) &&
	       f->lifetime_ns < SHORT_LIFE_MAX_NS && end_ns < v->facts->recording.duration_ns;
}

static void mark_workers(struct view *v)
{
	struct work_done *done = xcalloc(v->thread_cnt, sizeof(*done));
	bool *is_worker = xcalloc(v->thread_cnt, sizeof(*is_worker));
	double effort = 0, brief = 0;

	for (size_t i = 0; i < v->thread_cnt; i++) {
		const struct thread_view *t = &v->threads[i];

		if (!may_work(t))
			continue;
		/* The GIL goes round: who hardly runs when it has waited for it has little to do. */
		done[i] = (struct work_done){ effort_ns(t), t->active_ns - t->time.ns[PART_GIL] };
		effort = done[i].effort_ns > effort ? done[i].effort_ns : effort;
		brief += is_made_for_one(v, t) ? done[i].effort_ns : 0;
	}
	workers_mark(done, v->thread_cnt, is_worker);
	for (size_t i = 0; i < v->thread_cnt; i++) {
		struct thread_view *t = &v->threads[i];

		t->is_worker = is_worker[i];
		/* Made for one task each, they are small by themselves, but not together. */
		if (may_work(t) && is_made_for_one(v, t))
			t->is_worker = brief >= effort * WORKER_MIN_SHARE;
	}
	free(done);
	free(is_worker);
}

static void extend(uint64_t *first, uint64_t *last, const struct thread_view *t)
{
	if (!t->fact->last_cpu_ns)
		return;
	if (!*last || t->begin_ns < *first)
		*first = t->begin_ns;
	if (t->fact->last_cpu_ns > *last)
		*last = t->fact->last_cpu_ns;
}

double thread_view_span_ns(const struct thread_view *t)
{
	uint64_t begin = t->begin_ns;

	if (t->fact->started_ns && t->fact->started_ns < begin && begin == t->fact->first_cpu_ns)
		begin = t->fact->started_ns;
	return t->fact->last_cpu_ns > begin ? (double)(t->fact->last_cpu_ns - begin) : 0;
}

static void pick_workers(struct view *v)
{
	uint64_t first = 0, last = 0;
	double spans = 0, away = 0;

	for (size_t i = 0; i < v->thread_cnt; i++) {
		struct thread_view *t = &v->threads[i];
		struct process_view *p = t->process_index == NO_PROCESS
						 ? NULL
						 : &v->processes[t->process_index];

		if (p)
			add_parts(&p->time, &t->time);
		if (!t->is_worker)
			continue;
		v->workers++;
		v->cpu_workers += is_cpu_worker(t);
		add_parts(&v->work, &t->time);
		extend(&first, &last, t);
		spans += thread_view_span_ns(t);
		away += t->time.ns[PART_IDLE] + t->time.ns[PART_RESULT];
		if (!p)
			continue;
		p->workers++;
		extend(&p->first_ns, &p->last_ns, t);
	}
	v->active_ns = parts_active_ns(&v->work);
	v->life_ns = parts_life_ns(&v->work) - v->work.ns[PART_STARTUP];
	v->window_ns = last > first ? (double)(last - first)
				    : (double)v->facts->recording.duration_ns;
	v->overlap = last > first ? spans / v->window_ns : v->workers;
	v->at_once = last > first ? (spans > away ? (spans - away) / v->window_ns : 0) : v->workers;
}

static void add_concurrency(struct view *v)
{
	const double *ns = v->work.ns;

	v->cpus_busy = ratio(ns[PART_CPU], v->window_ns);
	v->runnable = ratio(ns[PART_CPU] + ns[PART_QUEUE] + ns[PART_THROTTLED], v->window_ns);
	v->active_avg = ratio(v->active_ns, v->window_ns);
}

/*
 * Does a process have several workers? Beside other worker processes its main thread
 * is who feeds them, like the threads that were found to hand over.
 */
static bool is_threaded(const struct view *v, const struct process_view *p)
{
	uint32_t beside_main = 0;

	if (p->workers < 2 || !p->is_dispatcher)
		return p->workers > 1;
	for (size_t i = 0; i < v->thread_cnt; i++)
		beside_main += v->threads[i].is_worker && v->threads[i].process == p->fact &&
			       v->threads[i].fact->tid != v->threads[i].fact->pid;
	return beside_main > 1;
}

static void add_process_totals(struct view *v)
{
	double locked = 0, active = 0;

	for (size_t i = 0; i < v->process_cnt; i++) {
		struct process_view *p = &v->processes[i];
		double own = parts_active_ns(&p->time);

		v->worker_processes += p->workers > 0;
		v->multi_processes += is_threaded(v, p);
		if (p->time.ns[PART_GIL] > (v->gil ? v->gil->time.ns[PART_GIL] : 0))
			v->gil = p;
		if (!p->workers)
			continue;
		v->short_lived += is_short_lived(p->fact);
		active += own;
		if (!p->fact->global_lock)
			continue;
		locked += own;
		v->is_cpython |= p->fact->runtime && !strcmp(p->fact->runtime, "cpython");
	}
	v->has_global_lock = locked > active / 2;
}

/* Everything that follows from which threads there are. */
static void sum_up(struct view *v)
{
	for (size_t i = 0; i < v->process_cnt; i++) {
		struct process_view *p = &v->processes[i];

		p->time = (struct time_parts){ 0 };
		p->workers = 0;
		p->first_ns = p->last_ns = 0;
	}
	for (size_t i = 0; i < v->thread_cnt; i++)
		v->threads[i].active_ns = parts_active_ns(&v->threads[i].time);
	mark_workers(v);
	pick_workers(v);
	add_concurrency(v);
	add_process_totals(v);
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

static void set_usable(struct view *v)
{
	double usable = v->facts->recording.cpus_usable;

	v->usable = usable > 0 ? usable : 1;
	if (v->usable > 65536)
		v->usable = 65536;
}

void view_init(struct view *v, const struct facts *f)
{
	struct htab index = { 0 };

	*v = (struct view){ .facts = f };
	set_usable(v);
	add_processes(v, &index);
	view_add_channels(v, &index);
	add_threads(v, &index);
	v->fresh_bytes_per_s = ratio((double)f->faults_minor * FAULT_BYTES, v->cpu_ns / 1e9);
	drop_launch(v);
	drop_startup(v);
	join_wakeups(v);
	join_convoys(v);
	for (size_t i = 0; i < v->thread_cnt; i++)
		v->threads[i].active_ns = parts_active_ns(&v->threads[i].time);
	view_find_hand_over(v, &index);
	sum_up(v);
	add_roles(v);
	htab_release(&index);
}

/*
 * Threads that do more I/O than computing don't hold the interpreter up: they wait for
 * it because others compute. What their role lives on shows without these waits.
 */
static void forgive_gil(struct view *v)
{
	double cpu = 0, io = 0;

	for (size_t i = 0; i < v->thread_cnt; i++) {
		const double *ns = v->threads[i].time.ns;

		cpu += ns[PART_CPU];
		io += ns[PART_NETWORK] + ns[PART_DISK];
	}
	for (size_t i = 0; i < v->thread_cnt && io > cpu; i++) {
		struct time_parts *t = &v->threads[i].time;

		t->ns[PART_RESULT] += t->ns[PART_GIL];
		t->ns[PART_GIL] = 0;
	}
}

void view_of_role(struct view *out, const struct view *v, size_t role)
{
	double cpu = 0;

	*out = (struct view){
		.facts = v->facts,
		.usable = v->usable,
		.process_cnt = v->process_cnt,
		.fresh_bytes_per_s = v->fresh_bytes_per_s,
		.is_role = true,
	};
	out->processes = xcalloc(v->process_cnt, sizeof(*out->processes));
	if (v->process_cnt)
		memcpy(out->processes, v->processes, v->process_cnt * sizeof(*out->processes));
	out->threads = xcalloc(v->roles[role].threads, sizeof(*out->threads));
	for (size_t i = 0; i < v->thread_cnt; i++) {
		if (v->threads[i].role != role)
			continue;
		out->threads[out->thread_cnt] = v->threads[i];
		out->threads[out->thread_cnt++].is_hand_over = false;
		cpu += v->threads[i].time.ns[PART_CPU];
	}
	out->cpu_ns = cpu;
	/* Who exchanged what is known of processes, so a role gets its part by CPU time. */
	out->messages = v->messages * ratio(cpu, v->cpu_ns);
	out->bytes = v->bytes * ratio(cpu, v->cpu_ns);
	out->exchange_cpu_ns = v->exchange_cpu_ns * ratio(cpu, v->cpu_ns);
	forgive_gil(out);
	sum_up(out);
	add_roles(out);
}

void view_release(struct view *v)
{
	free(v->threads);
	free(v->processes);
	free(v->roles);
	*v = (struct view){ 0 };
}
