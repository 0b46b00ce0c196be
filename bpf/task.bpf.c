// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Births, names and ends. A thread's exit itself is in sched.bpf.c: its last switch. */
#include "task.bpf.h"

#include "compat.bpf.h"
#include "emit.bpf.h"
#include "pidns.bpf.h"
#include "startup.bpf.h"

/* With all of the machine, that is all that has a number here. */
static __always_inline bool is_traced_birth(const struct thread *parent, struct task_struct *child)
{
	if (!config.trace_all)
		return parent;
	return !config.in_pidns || task_tgid(child);
}

void birth(struct task_struct *parent, struct task_struct *child)
{
	bool is_process = parent->tgid != child->tgid;
	struct thread *p = thread_find(parent);
	__u64 now = bpf_ktime_get_ns();
	struct mm_struct *mm;
	struct par_fork *rec;
	struct thread *t;

	if (!is_traced_birth(p, child))
		return;
	if (!config.follow_children && is_process)
		return;
	if (recording_over(now))
		return;
	t = thread_get(child);
	if (!t)
		return;
	t->off.out_ns = now;
	t->off.out_flags = PAR_OUT_NEW;
	t->phase = PHASE_OFF;
	if (is_process)
		startup_begin(child, t);

	rec = emit_begin(sizeof(*rec), PAR_FORK, task_tid(parent), now);
	if (!rec)
		return;
	rec->tgid = task_tgid(parent);
	rec->child_tid = t->tid;
	rec->child_tgid = t->tgid;
	rec->child_ns_tid = pidns_own_tid(child);
	mm = task_pointer(child, mm);
	if (is_process && mm && mm == task_pointer(parent, mm))
		rec->hdr.flags |= PAR_FORK_SHARES_VM;
	__builtin_memcpy(rec->comm, child->comm, sizeof(rec->comm));
	emit_end(rec);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_sched_process_fork, struct task_struct *parent, struct task_struct *child)
{
	birth(parent, child);
	return 0;
}

/* A record about a thread, if it is traced. @size must be a constant. */
static __always_inline void *begin_about(const struct thread *t, __u64 size, __u8 kind)
{
	__u64 now;

	if (!t)
		return NULL;
	now = bpf_ktime_get_ns();
	return recording_over(now) ? NULL : emit_begin(size, kind, t->tid, now);
}

static __always_inline void execs(struct task_struct *task, const char *path)
{
	struct thread *t = thread_find(task);
	struct par_exec *rec;
	__u32 old_tid;

	if (!t)
		return;
	startup_begin(task, t);
	slot_here()->known = 0;
	/* Whichever thread calls it goes on as the process's first one. */
	old_tid = t->tid;
	t->tid = t->tgid;
	rec = begin_about(t, sizeof(*rec), PAR_EXEC);
	if (!rec)
		return;
	rec->old_tid = old_tid;
	rec->maxrss_kib = task->signal->maxrss * (config.page_bytes / 1024);
	__builtin_memcpy(rec->comm, task->comm, sizeof(rec->comm));
	rec->path[0] = 0;
	bpf_probe_read_kernel_str(rec->path, sizeof(rec->path), path);
	emit_end(rec);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_sched_process_exec, struct task_struct *task, int old_pid,
	     struct linux_binprm *bprm)
{
	execs(task, bprm->filename);
	return 0;
}

SEC("tp/sched/sched_process_exec")
int on_perf_sched_process_exec(struct trace_event_raw_sched_process_exec *ctx)
{
	execs(current_task(), (void *)ctx + (ctx->__data_loc_filename & 0xffff));
	return PERF_GOES_ON;
}

/* Comes before the name changes: @comm is the new one. */
SEC("tp_btf/task_rename")
int BPF_PROG(on_task_rename, struct task_struct *task, const char *comm)
{
	struct thread *t = thread_find(task);
	struct par_rename *rec = begin_about(t, sizeof(*rec), PAR_RENAME);

	if (!t || !rec)
		return 0;
	rec->tgid = t->tgid;
	rec->pad = 0;
	rec->comm[0] = 0;
	bpf_probe_read_kernel_str(rec->comm, sizeof(rec->comm), comm);
	emit_end(rec);
	return 0;
}

/* Has another thread of its process, by an exec, taken over its number? Then it got that one's. */
static __always_inline bool is_replaced(struct task_struct *task, const struct thread *t)
{
	return is_main(t) && task->pid != task->tgid;
}

/*
 * For threads whose last switch was hidden or had no room in the ring. It comes
 * a while after the reaping, when the number may belong to a new thread.
 */
SEC("tp_btf/sched_process_free")
int BPF_PROG(on_sched_process_free, struct task_struct *task)
{
	struct thread *t = thread_find(task);
	struct par_free *rec;

	if (!t)
		return 0;
	if (t->phase != PHASE_DEAD && !is_replaced(task, t)) {
		rec = begin_about(t, sizeof(*rec), PAR_FREE);
		if (rec) {
			rec->tgid = t->tgid;
			rec->pad = 0;
			emit_end(rec);
		}
	}
	thread_forget(task);
	return 0;
}
