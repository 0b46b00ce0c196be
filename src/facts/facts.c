// SPDX-License-Identifier: MIT
/* Owns the end of a struct facts, the names of its enums, and its plain sums. */
#include "facts/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/order.h"

static const char *const classes[CLASS_CNT] = {
	[CLASS_INCONCLUSIVE]	= "inconclusive",
	[CLASS_CPU_BOUND]	= "cpu-bound",
	[CLASS_GIL_BOUND]	= "gil-bound",
	[CLASS_LOCK_BOUND]	= "lock-bound",
	[CLASS_KERNEL_LOCK_BOUND] = "kernel-lock-bound",
	[CLASS_IO_BOUND]	= "io-bound",
	[CLASS_IPC_BOUND]	= "ipc-bound",
	[CLASS_OVERSUBSCRIBED]	= "oversubscribed",
	[CLASS_IMBALANCED]	= "imbalanced",
	[CLASS_IDLE]		= "idle",
	[CLASS_MIXED]		= "mixed",
};

static const char *const fits[FIT_CNT] = {
	[FIT_INCONCLUSIVE]	= "inconclusive",
	[FIT_THREADS]		= "threads",
	[FIT_PROCESSES]		= "processes",
	[FIT_HYBRID]		= "hybrid",
	[FIT_ASYNC]		= "async",
	[FIT_SINGLE]		= "single",
	[FIT_EITHER]		= "either",
};

static int index_of(const char *const *names, int cnt, const char *name)
{
	for (int i = 0; i < cnt; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

const char *verdict_class_name(enum verdict_class c)
{
	return classes[c];
}

int verdict_class_from_name(const char *name)
{
	return index_of(classes, CLASS_CNT, name);
}

const char *verdict_fit_name(enum verdict_fit fit)
{
	return fits[fit];
}

int verdict_fit_from_name(const char *name)
{
	return index_of(fits, FIT_CNT, name);
}

static void free_strings(char **strings, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		free(strings[i]);
	free(strings);
}

void fact_verdict_release(struct fact_verdict *v)
{
	free(v->summary);
	for (size_t i = 0; i < v->role_cnt; i++) {
		free(v->roles[i].role);
		free(v->roles[i].summary);
	}
	free(v->roles);
	for (size_t i = 0; i < v->evidence_cnt; i++) {
		free(v->evidence[i].rule);
		free(v->evidence[i].text);
		free(v->evidence[i].unit);
	}
	free(v->evidence);
	for (size_t i = 0; i < v->prediction_cnt; i++) {
		free(v->predictions[i].change);
		free(v->predictions[i].basis);
	}
	free(v->predictions);
	for (size_t i = 0; i < v->not_predicted_cnt; i++) {
		free(v->not_predicted[i].change);
		free(v->not_predicted[i].why);
	}
	free(v->not_predicted);
	free_strings(v->advice, v->advice_cnt);
	free_strings(v->doubts, v->doubt_cnt);
	*v = (struct fact_verdict){ 0 };
}

void fact_slo_release(struct fact_slo *slo, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		free(slo[i].name);
		free(slo[i].unit);
		free(slo[i].why);
	}
	free(slo);
}

static void release_requests(struct fact_requests *r)
{
	free(r->basis);
	free(r->function);
	for (size_t i = 0; i < r->server_cnt; i++) {
		free(r->servers[i].name);
		free(r->servers[i].kind);
	}
	free(r->servers);
	for (size_t i = 0; i < r->listener_cnt; i++) {
		free(r->listeners[i].name);
		free(r->listeners[i].kind);
	}
	free(r->listeners);
}

static void release_recording(struct fact_recording *r)
{
	free(r->version);
	free(r->boot_id);
	for (size_t i = 0; i < r->part_cnt; i++) {
		free_strings(r->parts[i].command, r->parts[i].command_cnt);
		free(r->parts[i].pids);
	}
	free(r->parts);
	free(r->kernel);
	free(r->arch);
	free(r->pids);
	free_strings(r->command, r->command_cnt);
	free_strings(r->unavailable, r->unavailable_cnt);
	free_strings(r->needs, r->need_cnt);
}

static void release_loop(struct fact_loop *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->blocked_cnt; i++)
		free(l->blocked_in[i].call);
	free(l->blocked_in);
	free(l);
}

static void release_actors(struct facts *f)
{
	for (size_t i = 0; i < f->process_cnt; i++) {
		struct fact_process *p = &f->processes[i];

		free(p->name);
		free(p->exe);
		free(p->runtime);
		free(p->runtime_version);
		free(p->start_method);
		free(p->started_by);
		free(p->helper);
		free(p->framework);
		free(p->framework_options);
		free(p->exit_signal);
	}
	free(f->processes);
	for (size_t i = 0; i < f->thread_cnt; i++) {
		free(f->threads[i].name);
		free(f->threads[i].role);
		release_loop(f->threads[i].loop);
	}
	free(f->threads);
}

static void release_objects(struct facts *f)
{
	for (size_t i = 0; i < f->lock_cnt; i++) {
		free(f->locks[i].name);
		free(f->locks[i].edges);
	}
	free(f->locks);
	for (size_t i = 0; i < f->channel_cnt; i++) {
		free(f->channels[i].kind);
		free(f->channels[i].id);
		free(f->channels[i].key);
		free(f->channels[i].writers);
		free(f->channels[i].readers);
		free(f->channels[i].used_as);
		for (size_t j = 0; j < f->channels[i].end_cnt; j++)
			free(f->channels[i].ends[j].name);
		free(f->channels[i].ends);
	}
	free(f->channels);
	for (size_t i = 0; i < f->syscall_cnt; i++)
		free(f->syscalls[i].name);
	free(f->syscalls);
	for (size_t i = 0; i < f->deadlock_cnt; i++) {
		free(f->deadlocks[i].threads);
		free_strings(f->deadlocks[i].locks, f->deadlocks[i].lock_cnt);
		free(f->deadlocks[i].text);
	}
	free(f->deadlocks);
	for (size_t i = 0; i < f->whatif_cnt; i++) {
		free(f->whatif[i].change);
		free(f->whatif[i].lock);
		free(f->whatif[i].basis);
		free(f->whatif[i].why_not);
	}
	free(f->whatif);
}

void facts_release(struct facts *f)
{
	release_recording(&f->recording);
	release_actors(f);
	release_objects(f);
	release_requests(&f->requests);
	fact_slo_release(f->slo, f->slo_cnt);
	free(f->series);
	fact_verdict_release(&f->verdict);
	htab_release(&f->index.processes);
	htab_release(&f->index.threads);
	*f = (struct facts){ 0 };
}

/* Of several with one id the last is put last, and stays. */
void facts_index(struct facts *f)
{
	htab_release(&f->index.processes);
	htab_release(&f->index.threads);
	for (size_t i = 0; i < f->process_cnt; i++)
		htab_put(&f->index.processes, f->processes[i].pid, 0, &f->processes[i]);
	for (size_t i = 0; i < f->thread_cnt; i++)
		htab_put(&f->index.threads, f->threads[i].tid, 0, &f->threads[i]);
	f->index.of_processes = f->processes;
	f->index.of_threads = f->threads;
	f->index.process_cnt = f->process_cnt;
	f->index.thread_cnt = f->thread_cnt;
}

const struct fact_process *facts_process(const struct facts *f, uint32_t pid)
{
	if (f->index.of_processes == f->processes && f->index.process_cnt == f->process_cnt)
		return htab_find(&f->index.processes, pid, 0);
	for (size_t i = f->process_cnt; i-- > 0;)
		if (f->processes[i].pid == pid)
			return &f->processes[i];
	return NULL;
}

const struct fact_thread *facts_thread(const struct facts *f, uint32_t tid)
{
	if (f->index.of_threads == f->threads && f->index.thread_cnt == f->thread_cnt)
		return htab_find(&f->index.threads, tid, 0);
	for (size_t i = f->thread_cnt; i-- > 0;)
		if (f->threads[i].tid == tid)
			return &f->threads[i];
	return NULL;
}

bool facts_is_birth(const struct facts *f, uint64_t started_ns)
{
	for (size_t i = 0; i < f->recording.part_cnt; i++)
		if (f->recording.parts[i].start_ns == started_ns)
			return false;
	return started_ns;
}

bool facts_is_launched(const struct facts *f)
{
	const struct fact_process *p = f->processes;

	return f->recording.pid_cnt == 1 && f->process_cnt && p->pid == f->recording.pids[0] &&
	       !p->started_by && !p->started_ns && p->has_exec && p->exec;
}

const char *facts_process_label(const struct facts *f, uint32_t pid, const char *name)
{
	const struct fact_thread *t = facts_thread(f, pid);
	const struct fact_process *p = facts_process(f, pid);

	if (t && t->role && !strncmp(t->role, "worker", 6))
		return t->role;
	if (name && name[0])
		return name;
	return p && p->name ? p->name : "";
}

static int by_edge_wait(const void *a, const void *b)
{
	const struct lock_edge *x = a, *y = b;

	return order_up(!x->waiter, !y->waiter) ?:
	       order_down(x->wait_ns, y->wait_ns) ?:
	       order_up(x->waiter, y->waiter) ?: order_up(x->holder, y->holder);
}

void lock_edges_sort(struct lock_edge *edges, size_t cnt)
{
	if (cnt)
		qsort(edges, cnt, sizeof(*edges), by_edge_wait);
}

static int by_end_business(const void *a, const void *b)
{
	const struct fact_channel_end *x = a, *y = b;

	return order_up(!x->pid, !y->pid) ?:
	       order_down(x->bytes_sent + x->bytes_received,
			  y->bytes_sent + y->bytes_received) ?:
	       order_down(x->read_wait_ns + x->write_wait_ns,
			  y->read_wait_ns + y->write_wait_ns) ?: order_up(x->pid, y->pid);
}

void channel_ends_sort(struct fact_channel_end *ends, size_t cnt)
{
	if (cnt)
		qsort(ends, cnt, sizeof(*ends), by_end_business);
}

bool fact_channel_is_memory(const struct fact_channel *c)
{
	return c->kind && !strcmp(c->kind, "shm");
}

bool fact_channel_has_data(const struct fact_channel *c)
{
	return fact_channel_is_memory(c) && !(c->id && strstr(c->id, "/sem."));
}

uint64_t facts_bucket_ns(const struct facts *f, enum bucket b)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < f->thread_cnt; i++)
		sum += f->threads[i].time_ns[b];
	return sum;
}

uint64_t fact_thread_group_ns(const struct fact_thread *t, enum bucket_group g)
{
	uint64_t sum = 0;

	for (int b = 0; b < BUCKET_CNT; b++)
		if (bucket_group((enum bucket)b) == g)
			sum += t->time_ns[b];
	return sum;
}

uint64_t facts_group_ns(const struct facts *f, enum bucket_group g)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < f->thread_cnt; i++)
		sum += fact_thread_group_ns(&f->threads[i], g);
	return sum;
}

uint64_t facts_life_ns(const struct facts *f)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < f->thread_cnt; i++)
		sum += f->threads[i].lifetime_ns;
	return sum;
}
