// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Walks over all threads: to start tracing those that already live, to tell in
 * which state they are found, and at the end to tell which cycles are open.
 *
 * At attach on_mark walks first, and only creates the states; from then on no
 * switch of these threads is missed. Then on_tell tells what each thread does, by
 * its own fields if it has not switched in between.
 */
#include "core.bpf.h"
#include "cause.bpf.h"
#include "compat.bpf.h"
#include "missed.bpf.h"
#include "pidns.bpf.h"
#include "sched.bpf.h"
#include "throttle.bpf.h"
#include "poll.bpf.h"
#include "traffic.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 17); /* each has a bucket from the start: 1 << 20 took 10 ms to make */
	__type(key, __u32);
	__type(value, __u8);
} targets SEC(".maps");		/* process ids to trace; ignored with trace_all */

/* Too large for the stack. One walk at a time, so nobody else is at it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct par_task);
} told SEC(".maps");

static __always_inline bool is_target(struct task_struct *task)
{
	__u32 tgid = task_tgid(task);

	if (tgid == config.self_tgid)
		return false;
	return config.trace_all || bpf_map_lookup_elem(&targets, &tgid);
}

/* It has not switched since it is traced: what it says of itself still holds. */
static __always_inline void state_from_task(struct task_struct *task, struct thread *t,
					    struct par_task *rec)
{
	rec->off.out_flags = PAR_OUT_SNAPSHOT;
	rec->off.out_state = task_state(task);
	if (task->on_cpu) {
		rec->hdr.flags = PAR_OUT_RUNNING;
	} else if (!rec->off.out_state) {
		rec->hdr.flags = PAR_OUT_READY;
		throttle_begin(task, t);
	} else {
		cause_fill(task, NULL, &rec->cause, false);
	}
	/* Of one that runs the kernel's sum is a tick old: from zero on, it hides nothing. */
	if (!task->on_cpu)
		t->exec_ns = task->se.sum_exec_runtime;
}

static __always_inline void state_from_thread(const struct thread *t, struct par_task *rec)
{
	__u16 cpu = rec->off.out_cpu;

	rec->off = t->off;
	if (t->phase == PHASE_RUNNING) {
		rec->hdr.flags = PAR_OUT_RUNNING;
		rec->off.out_cpu = cpu;
	} else if (t->off.wake_ns || (t->off.out_flags & (PAR_OUT_PREEMPT | PAR_OUT_NEW))) {
		rec->hdr.flags = PAR_OUT_READY;
		rec->cause = t->cause;
	} else {
		rec->cause = t->cause;
		if (t->asks & ASK_POLL)
			poll_settle(&t->poll, &rec->cause);
	}
}

static __always_inline void task_fill(struct task_struct *task, struct thread *t,
				      struct par_task *rec)
{
	rec->hdr.ts_ns = bpf_ktime_get_ns();
	rec->hdr.tid = t->tid;
	rec->hdr.cpu = bpf_get_smp_processor_id();
	rec->tgid = t->tgid;
	rec->ppid = task_tgid(task->real_parent);
	rec->start_ns = task->start_time;
	rec->utime_ns = task->utime;
	rec->stime_ns = task->stime;
	rec->min_flt = task->min_flt;
	rec->maj_flt = task->maj_flt;
	__builtin_memcpy(rec->comm, task->comm, sizeof(rec->comm));
	rec->cause.sysno = PAR_NO_SYSCALL;
	rec->off.out_cpu = task_cpu(task);
	rec->turn_ns = t->loop.start_ns;
	rec->turn_queue_ns = t->loop.queue_ns;
	rec->turn_blocked_ns = t->loop.blocked_ns;
	rec->turns = t->loop.turns;
	rec->ns_tid = pidns_own_tid(task);
	if (t->phase == PHASE_UNKNOWN)
		state_from_task(task, t, rec);
	else
		state_from_thread(t, rec);
	if ((rec->hdr.flags & PAR_OUT_READY) && throttle_holds(task))
		rec->hdr.flags |= PAR_OUT_THROTTLED;
}

/* The recording is over, so no switch will tell any more that it came. */
static __always_inline void tell_unseen(struct task_struct *task, struct thread *t, __u64 now)
{
	__u64 came_ns = came_unseen_ns(task, t, now);

	if (t->phase == PHASE_OFF && !recording_over(came_ns))
		come_unseen(t, task_cpu(task), came_ns);
}

SEC("iter/task")
int on_mark(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task && is_target(task) && !thread_find(task)) {
		thread_get(task);
		slot_of(task_cpu(task))->stranger = 0;
	}
	return 0;
}

/* PAR_TASK while the recording runs, PAR_OPEN once it is over. */
SEC("iter/task")
int on_tell(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct par_task *rec;
	struct thread *t;
	__u32 zero = 0;
	bool is_over;
	__u64 now;

	if (!task)
		return 0;
	t = thread_find(task);
	if (!t || t->phase >= PHASE_DEAD)
		return 0;
	slot_of(task_cpu(task))->stranger = 0; /* if a call of it returned while it was marked */
	rec = bpf_map_lookup_elem(&told, &zero);
	if (!rec)
		return 0;
	if (counts_over())
		traffic_flush(t);
	now = bpf_ktime_get_ns();
	is_over = recording_over(now);
	if (is_over)
		tell_unseen(task, t, now);
	__builtin_memset(rec, 0, sizeof(*rec));
	task_fill(task, t, rec);
	rec->hdr.kind = is_over ? PAR_OPEN : PAR_TASK;
	if (is_over && missed_any(t))
		missed_tell(t, shared.end_ns - 1);
	bpf_seq_write(ctx->meta->seq, rec, sizeof(*rec));
	return 0;
}
