// SPDX-License-Identifier: MIT
/*
 * Owns every struct task and struct process, live or ended. Tids and pids repeat
 * in a long recording: the tables by number hold the live ones only.
 */
#include "model/task_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "model/tell.h"

struct task *task_find(const struct model *m, uint32_t tid)
{
	struct task *recent = m->recent[tid % MODEL_RECENT_CNT];

	return recent && recent->tid == tid ? recent : htab_find(&m->tasks, tid, 0);
}

void task_ran(struct model *m, struct task *t)
{
	m->recent[t->tid % MODEL_RECENT_CNT] = t;
}

struct process *process_find(const struct model *m, uint32_t pid)
{
	return htab_find(&m->processes, pid, 0);
}

uint32_t task_tid_of(const struct model *m, const struct process *process, uint32_t tid)
{
	if (!process->has_ns_tids)
		return tid;
	return (uint32_t)(uintptr_t)htab_find(&m->ns_tids, tid, process->pid);
}

void task_set_ns_tid(struct model *m, const struct task *t, uint32_t ns_tid)
{
	if (!ns_tid)
		return;
	t->process->has_ns_tids = true;
	htab_put(&m->ns_tids, ns_tid, t->process->pid, (void *)(uintptr_t)t->tid);
}

static uint64_t clip(const struct model *m, uint64_t ts_ns)
{
	return ts_ns < m->begin_ns ? m->begin_ns : ts_ns;
}

struct process *process_get(struct model *m, uint32_t pid, uint64_t ts_ns)
{
	struct process *p = process_find(m, pid);

	if (p)
		return p;
	p = xcalloc(1, sizeof(*p));
	p->pid = pid;
	p->start_ns = clip(m, ts_ns);
	htab_put(&m->processes, pid, 0, p);
	XGROW(m->all_processes, m->process_cnt, m->process_cap);
	m->all_processes[m->process_cnt++] = p;
	return p;
}

struct task *task_get(struct model *m, uint32_t tid, uint32_t pid, uint64_t ts_ns)
{
	struct task *t = task_find(m, tid);

	if (t && t->process->pid == pid)
		return t;
	if (t) {
		/* Its exit was lost. */
		m->resync_cnt++;
		task_finish(m, t, t->timeline->since_ns);
	}
	t = xcalloc(1, sizeof(*t));
	t->tid = tid;
	t->process = process_get(m, pid, ts_ns);
	t->process->live_cnt++;
	t->start_ns = clip(m, ts_ns);
	t->timeline = xcalloc(1, sizeof(*t->timeline));
	t->timeline->since_ns = t->start_ns;
	t->timeline->cause.sysno = PAR_NO_SYSCALL;
	t->timeline->last_cause.sysno = PAR_NO_SYSCALL;
	htab_put(&m->tasks, tid, 0, t);
	XGROW(m->all_tasks, m->task_cnt, m->task_cap);
	t->index = (uint32_t)m->task_cnt;
	m->all_tasks[m->task_cnt++] = t;
	return t;
}

void task_announce(struct model *m, struct task *t)
{
	if (!t->process->announced) {
		t->process->announced = true;
		TELL(m, process, t->process);
	}
	if (!t->announced) {
		t->announced = true;
		TELL(m, task, t);
	}
}

void task_rename(struct model *m, struct task *t, const char *comm)
{
	struct process *p = t->process;

	if (!strcmp(t->name, comm))
		return;
	memcpy(t->name, comm, sizeof(t->name));
	t->name[sizeof(t->name) - 1] = 0;
	if (t->tid == p->pid || !p->name[0]) {
		memcpy(p->name, t->name, sizeof(p->name));
		if (p->announced)
			TELL(m, process, p);
	}
	if (t->announced)
		TELL(m, task, t);
}

void task_finish(struct model *m, struct task *t, uint64_t ts_ns)
{
	struct process *p = t->process;

	t->end_ns = clip(m, ts_ns);
	p->utime_ns += t->utime_ns;
	p->stime_ns += t->stime_ns;
	p->end_ns = t->end_ns;
	if (t->announced)
		TELL(m, task_end, t);
	free(t->timeline);
	t->timeline = NULL;
	htab_remove(&m->tasks, t->tid, 0);
	if (m->recent[t->tid % MODEL_RECENT_CNT] == t)
		m->recent[t->tid % MODEL_RECENT_CNT] = NULL;
	htab_put(&m->ended, t->tid, 0, t);
	/* What came and went during the attach: others may live, of whom nothing was told yet. */
	if (!--p->live_cnt && (p->ended || ts_ns > m->begin_ns))
		htab_remove(&m->processes, p->pid, 0);
}
