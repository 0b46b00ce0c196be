// SPDX-License-Identifier: MIT
/*
 * The model's front door: takes each event to the table or time line that it
 * concerns. Owns the tables of what has neither: ports, names, counters.
 */
#include "model/model.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "model/channel_table.h"
#include "model/cpu_table.h"
#include "model/gil.h"
#include "model/klock.h"
#include "model/lock_table.h"
#include "model/peer_table.h"
#include "model/request.h"
#include "model/startup.h"
#include "model/task_table.h"
#include "model/tell.h"
#include "model/timeline.h"
#include "model/turn.h"

void model_init(struct model *m)
{
	*m = (struct model){ 0 };
	wait_calls_init(&m->calls);
}

void model_observe(struct model *m, const struct observer *obs)
{
	assert(m->observer_cnt < sizeof(m->observers) / sizeof(m->observers[0]));
	m->observers[m->observer_cnt++] = obs;
}

static void free_values(struct htab *h)
{
	htab_for_each(h, i)
		free(h->entries[i].value);
	htab_release(h);
}

static void free_process(struct process *p)
{
	free(p->exe);
	free(p->command);
	free(p->own_gils);
	free(p->mutexes);
	free(p);
}

void model_release(struct model *m)
{
	for (size_t i = 0; i < m->task_cnt; i++) {
		free(m->all_tasks[i]->timeline);
		free(m->all_tasks[i]);
	}
	for (size_t i = 0; i < m->process_cnt; i++)
		free_process(m->all_processes[i]);
	htab_for_each(&m->locks, i)
		lock_free(m->locks.entries[i].value);
	htab_for_each(&m->channels, i)
		channel_free(m->channels.entries[i].value);
	free(m->all_tasks);
	free(m->all_processes);
	htab_release(&m->tasks);
	htab_release(&m->ended);
	htab_release(&m->ns_tids);
	htab_release(&m->processes);
	htab_release(&m->locks);
	htab_release(&m->channels);
	htab_release(&m->unix_peers);
	htab_release(&m->unix_listeners);
	htab_release(&m->ports);
	free_values(&m->syscalls);
	free_values(&m->file_names);
	free_values(&m->symbols);
	free_values(&m->peers);
	free_values(&m->backlogs);
	klock_release(m);
	cpu_table_release(m);
	strbuf_release(&m->scratch);
	strbuf_release(&m->object);
	*m = (struct model){ 0 };
}

static void on_task(struct model *m, const struct par_task *rec)
{
	struct task *t = task_get(m, rec->hdr.tid, rec->tgid, m->begin_ns);

	t->process->ppid = rec->ppid;
	task_set_ns_tid(m, t, rec->ns_tid);
	task_rename(m, t, rec->comm);
	timeline_start(m, t, rec);
}

/* What its last record calls it, if it does: the kernel may have passed a new name over. */
static void told_name(struct model *m, struct task *t, const char *comm)
{
	if (comm[0])
		task_rename(m, t, comm);
}

static void on_open(struct model *m, const struct par_task *rec)
{
	struct task *t = task_find(m, rec->hdr.tid);

	if (!t) {
		m->resync_cnt++; /* its birth was lost, and it never ran since */
		return;
	}
	told_name(m, t, rec->comm);
	turn_open(m, t, rec);
	timeline_open(m, t, rec);
}

static void on_cycle(struct model *m, const struct par_cycle *rec)
{
	struct task *t = task_find(m, rec->hdr.tid);

	if (!t || t->process->pid != rec->tgid) {
		m->resync_cnt++;
		t = task_get(m, rec->hdr.tid, rec->tgid, rec->hdr.ts_ns);
	}
	task_ran(m, t);
	startup_run(t, rec->hdr.ts_ns);
	timeline_run(m, t, rec);
	cpu_come(m, rec->hdr.cpu, rec->hdr.ts_ns, rec->hdr.tid, &rec->gap);
}

/* A new process starts as the copy of its parent. */
static void inherit(struct process *child, const struct process *parent)
{
	child->ppid = parent->pid;
	child->parent = parent;
	child->born = true;
	free(child->exe);
	free(child->command);
	child->exe = parent->exe ? xstrdup(parent->exe) : NULL;
	child->command = parent->command ? xstrdup(parent->command) : NULL;
	memcpy(child->imports, parent->imports, sizeof(child->imports));
	memcpy(child->runtime, parent->runtime, sizeof(child->runtime));
	memcpy(child->runtime_version, parent->runtime_version, sizeof(child->runtime_version));
	gil_inherit(child, parent);
}

static void on_fork(struct model *m, const struct par_fork *rec)
{
	struct process *parent = process_find(m, rec->tgid);
	struct task *t = task_find(m, rec->child_tid);

	if (t) {
		m->resync_cnt++; /* its exit was lost, and the number came again */
		timeline_abandon(m, t, rec->hdr.ts_ns);
	}
	t = task_get(m, rec->child_tid, rec->child_tgid, rec->hdr.ts_ns);
	t->timeline->phase = PHASE_READY;
	t->creator = task_find(m, rec->hdr.tid);
	if (parent && rec->child_tgid != rec->tgid)
		inherit(t->process, parent);
	t->process->shared_vm = rec->hdr.flags & PAR_FORK_SHARES_VM;
	task_set_ns_tid(m, t, rec->child_ns_tid);
	task_rename(m, t, rec->comm);
}

/* The thread @old_tid goes on under its process's number. */
static void take_over(struct model *m, const struct par_exec *rec)
{
	struct task *old = task_find(m, rec->old_tid);
	uint32_t pid = rec->hdr.tid;

	if (!old || rec->old_tid == pid || old->process->pid != pid)
		return;
	if (task_find(m, pid))
		timeline_abandon(m, task_find(m, pid), rec->hdr.ts_ns);
	task_get(m, pid, pid, rec->hdr.ts_ns)->timeline->phase = PHASE_RUNNING;
	timeline_exit(m, old, rec->hdr.ts_ns);
}

static void on_exec(struct model *m, const struct par_exec *rec)
{
	struct process *p;
	struct task *t;

	take_over(m, rec);
	t = task_find(m, rec->hdr.tid);
	if (!t) {
		m->resync_cnt++;
		return;
	}
	p = t->process;
	p->old_rss_bytes = rec->maxrss_kib * 1024ULL;
	p->rss_bytes = p->rss_max_bytes = p->pss_bytes = p->private_bytes = 0;
	p->exec_ns = rec->hdr.ts_ns > m->begin_ns ? rec->hdr.ts_ns : 0;
	startup_exec(p);
	/* A new program in the same process: what was known of the old one is void. */
	free(p->exe);
	p->exe = xstrdup(rec->path);
	free(p->command);
	p->command = NULL;
	p->imports[0] = p->runtime[0] = p->runtime_version[0] = 0;
	gil_forget(p);
	task_rename(m, t, rec->comm);
	if (p->announced)
		TELL(m, process, p);
}

static void on_exit_record(struct model *m, const struct par_exit *rec)
{
	struct task *t = task_find(m, rec->hdr.tid);
	struct timeline *tl;
	struct process *p;

	if (!t) {
		m->resync_cnt++;
		return;
	}
	tl = t->timeline;
	p = t->process;
	t->utime_ns = rec->utime_ns - tl->utime0_ns;
	t->stime_ns = rec->stime_ns - tl->stime0_ns;
	t->min_flt = rec->min_flt - tl->min_flt0;
	t->maj_flt = rec->maj_flt - tl->maj_flt0;
	if (rec->hdr.tid == p->pid || !p->ended)
		p->exit_code = rec->exit_code;
	if (rec->hdr.flags & PAR_EXIT_PROCESS)
		p->ended = true;
	/* Counted on through an exec: what the old program had may hide the new one's. */
	if (rec->maxrss_bytes > p->rss_max_bytes && rec->maxrss_bytes > p->old_rss_bytes)
		p->rss_max_bytes = rec->maxrss_bytes;
	if (!p->rss_bytes)
		p->rss_bytes = p->rss_max_bytes; /* it lived too briefly for a sample */
	told_name(m, t, rec->comm);
	turn_exit(m, t, rec);
	timeline_exit(m, t, rec->hdr.ts_ns);
}

/* Reaped. Whoever is still taken for alive had its last switch lost. */
static void on_free(struct model *m, const struct par_free *rec)
{
	struct task *t = task_find(m, rec->hdr.tid);

	if (t && t->process->pid == rec->tgid && t->start_ns <= rec->hdr.ts_ns)
		timeline_abandon(m, t, rec->hdr.ts_ns);
}

static void on_process(struct model *m, const struct event_process *ev)
{
	struct process *p = process_find(m, ev->hdr.tid);

	if (!p)
		return;
	/* Whoever lost its parent was adopted; what counts is who started it. */
	if (!p->ppid)
		p->ppid = ev->ppid;
	if (ev->exe[0]) {
		free(p->exe);
		p->exe = xstrdup(ev->exe);
	}
	if (ev->command[0]) {
		free(p->command);
		p->command = xstrdup(ev->command);
	}
	memcpy(p->imports, ev->imports, sizeof(p->imports));
	if (p->announced)
		TELL(m, process, p);
}

static void on_runtime(struct model *m, const struct event_runtime *ev)
{
	struct process *p = process_find(m, ev->hdr.tid);

	if (!p)
		return;
	memcpy(p->runtime, ev->name, sizeof(p->runtime));
	memcpy(p->runtime_version, ev->version, sizeof(p->runtime_version));
	p->global_lock = ev->global_lock;
	p->free_threaded = ev->free_threaded;
	p->has_gvl = !strcmp(ev->name, "ruby");
	p->gil_addr = ev->lock_addr;
	p->gil_size = ev->lock_size;
}

static void on_memory(struct model *m, const struct event_memory *ev)
{
	struct process *p = process_find(m, ev->hdr.tid);

	if (!p)
		return;
	p->rss_bytes = ev->rss_bytes;
	/* The counters take for private what is shared with the parent: better than nothing. */
	if (ev->pss_bytes || (ev->private_bytes && !p->pss_bytes))
		p->private_bytes = ev->private_bytes;
	if (ev->pss_bytes)
		p->pss_bytes = ev->pss_bytes;
	if (p->rss_bytes > p->rss_max_bytes)
		p->rss_max_bytes = p->rss_bytes;
	TELL(m, memory, ev->hdr.ts_ns, p);
}

static void on_syscalls(struct model *m, const struct event_syscalls *ev)
{
	struct syscall_count *c;

	if (ev->sysno < 0)
		return;
	c = syscall_count_get(m, ev->sysno);
	c->calls += ev->calls;
	c->errors += ev->errors;
	c->bytes += ev->bytes;
	c->wakes += ev->wakes;
}

/* Mostly of the last seconds: the thread may have ended since. */
static void on_released(struct model *m, const struct event_released *ev)
{
	struct task *t = task_find(m, ev->hdr.tid);

	if (!t)
		t = htab_find(&m->ended, ev->hdr.tid, 0);
	if (!t)
		return;
	t->watched_ns += ev->cpu_ns;
	t->released_ns += ev->released_ns;
}

static void on_traffic(struct model *m, const struct event_traffic *ev)
{
	struct par_file_ref file = ev->file;
	struct channel *c;

	/* One per process: two processes with many connections each share none of them. */
	if (!file.id && !file.lport && !file.dev)
		file.id = CHANNEL_REST(ev->hdr.tid);
	c = channel_get(m, &file, ev->is_write);
	peer_use(m, &file, !ev->is_write, ev->hdr.tid);
	if (c)
		channel_add_traffic(m, c, &file, ev);
}

static void on_peer(struct model *m, const struct event_peer *ev)
{
	struct channel *c = channel_get(m, &ev->file, false);

	peer_tell(m, &ev->file, ev->hdr.tid, ev->comm);
	if (c)
		channel_add_peer(c, ev->hdr.tid, ev->comm);
}

static void on_disk(struct model *m, const struct event_disk *ev)
{
	m->disk.reads += ev->reads;
	m->disk.writes += ev->writes;
	m->disk.bytes += ev->read_bytes + ev->write_bytes;
}

static void on_file(struct model *m, const struct event_file *ev)
{
	free(htab_find(&m->file_names, ev->id, ev->dev));
	htab_put(&m->file_names, ev->id, ev->dev, xstrdup(ev->name));
	lock_name_file(m, ev->id, ev->dev);
}

static void on_symbol(struct model *m, const struct event_symbol *ev)
{
	const struct process *p = process_find(m, ev->hdr.tid);

	if (!ev->hdr.tid)
		klock_symbol(m, ev);
	else if (p)
		lock_name_symbol(m, p, ev->addr, ev->name);
}

static void on_name(struct model *m, const struct event_name *ev)
{
	peer_bystander(m, ev->hdr.tid, ev->tgid, ev->comm);
	TELL(m, bystander, ev->hdr.tid, ev->tgid, ev->comm);
}

static void on_begin(struct model *m, uint64_t ts_ns)
{
	m->begin_ns = ts_ns;
	TELL(m, begin, ts_ns);
}

static void on_end(struct model *m, uint64_t ts_ns)
{
	/* Whoever is still there had its last record lost. */
	while (m->tasks.cnt)
		timeline_abandon(m, m->tasks.entries[m->tasks.cnt - 1].value, ts_ns);
	m->end_ns = ts_ns;
	TELL(m, end, ts_ns);
}

static void on_missed(struct model *m, const struct par_missed_cycles *rec)
{
	struct task *t = task_find(m, rec->hdr.tid);

	if (t && t->process->pid == rec->tgid)
		timeline_missed(t, &rec->missed);
}

static void on_rename(struct model *m, const struct par_rename *rec)
{
	struct task *t = task_find(m, rec->hdr.tid);

	if (t)
		task_rename(m, t, rec->comm);
}

void model_peek(const struct model *m, const struct par_task *rec, model_stretch_fn fn, void *ctx)
{
	const struct task *t = task_find(m, rec->hdr.tid);

	if (t && t->process->pid == rec->tgid)
		timeline_peek(m, t, rec, fn, ctx);
}

bool model_blocked(const struct model *m, const struct par_task *rec, struct blocked *out)
{
	const struct task *t = task_find(m, rec->hdr.tid);

	return t && t->process->pid == rec->tgid && timeline_blocked(m, t, rec, out);
}

void model_feed(struct model *m, const struct event *ev)
{
	m->event_cnt++;
	switch (ev->hdr.kind) {
	case EVENT_BEGIN:
		on_begin(m, ev->hdr.ts_ns);
		break;
	case EVENT_END:
		on_end(m, ev->hdr.ts_ns);
		break;
	case PAR_TASK:
		on_task(m, &ev->task);
		break;
	case PAR_OPEN:
		on_open(m, &ev->task);
		break;
	case PAR_CYCLE:
		on_cycle(m, &ev->cycle);
		break;
	case PAR_FORK:
		on_fork(m, &ev->fork);
		break;
	case PAR_EXEC:
		on_exec(m, &ev->exec);
		break;
	case PAR_RENAME:
		on_rename(m, &ev->rename);
		break;
	case PAR_EXIT:
		on_exit_record(m, &ev->exit);
		break;
	case EVENT_PROCESS:
		on_process(m, &ev->process);
		break;
	case EVENT_RUNTIME:
		on_runtime(m, &ev->runtime);
		break;
	case EVENT_MEMORY:
		on_memory(m, &ev->memory);
		break;
	case EVENT_SYSCALLS:
		on_syscalls(m, &ev->syscalls);
		break;
	case EVENT_RELEASED:
		on_released(m, &ev->released);
		break;
	case EVENT_TRAFFIC:
		on_traffic(m, &ev->traffic);
		break;
	case EVENT_SHARED:
		channel_add_mapping(m, &ev->shared);
		break;
	case EVENT_FILE:
		on_file(m, &ev->file);
		break;
	case EVENT_SYMBOL:
		on_symbol(m, &ev->symbol);
		break;
	case EVENT_DEVICE:
		klock_device(m, &ev->device);
		break;
	case EVENT_DISK:
		on_disk(m, &ev->disk);
		break;
	case EVENT_LISTEN:
		htab_put(&m->ports, ev->listen.port, 0, m);
		break;
	case EVENT_GAP:
		cpu_close(m, ev->hdr.cpu, &ev->gap.gap);
		break;
	case EVENT_LOST:
		m->lost_ring = ev->lost.ring;
		m->lost_state = ev->lost.state;
		break;
	case EVENT_NAME:
		on_name(m, &ev->name);
		break;
	case EVENT_PEER:
		on_peer(m, &ev->peer);
		break;
	case PAR_FREE:
		on_free(m, &ev->free);
		break;
	case PAR_TURN:
		turn_end(m, &ev->turn);
		break;
	case PAR_MISSED:
		on_missed(m, &ev->missed);
		break;
	case PAR_STARTUP:
		startup_step(m, &ev->startup);
		break;
	case PAR_REQUEST:
	case EVENT_BACKLOG:
	case EVENT_REQUESTS:
		request_feed(m, ev);
		break;
	default:
		break;
	}
}
