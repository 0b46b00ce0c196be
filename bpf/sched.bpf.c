// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Scheduling cycles. A traced thread's departure, wake-up and their reasons are
 * kept in its state; one record is written when it is back on a CPU.
 */
#include "core.bpf.h"
#include "block.bpf.h"
#include "cause.bpf.h"
#include "compat.bpf.h"
#include "emit.bpf.h"
#include "file.bpf.h"
#include "klock.bpf.h"
#include "lane.bpf.h"
#include "loop.bpf.h"
#include "missed.bpf.h"
#include "pidns.bpf.h"
#include "python.bpf.h"
#include "sched.bpf.h"
#include "startup.bpf.h"
#include "task.bpf.h"
#include "throttle.bpf.h"
#include "traffic.bpf.h"
#include "uring.bpf.h"
#include "poll.bpf.h"

__noinline int missed_add(struct thread *t, __u64 now)
{
	__u64 woken;

	if (!t)
		return 0;
	/* Since when it was off a CPU before the attach is not known, and it was born at a fork. */
	if (!t->off.out_ns || t->off.out_ns > now || (t->off.out_flags & PAR_OUT_NEW))
		return 0;
	woken = t->off.out_ns;
	if (t->off.out_flags & PAR_OUT_PREEMPT) {
		t->missed.involuntary++;
	} else {
		t->missed.voluntary++;
		woken = t->off.wake_ns ? t->off.wake_ns : now;
		t->missed.blocked_ns += woken - t->off.out_ns;
	}
	t->missed.queue_ns += now - woken;
	t->missed.ran_ns += t->off.ran_ns;
	return 0;
}

static __always_inline void missed_move(struct thread *t, struct par_missed_cycles *rec)
{
	rec->tgid = t->tgid;
	rec->pad = 0;
	rec->missed = t->missed;
	__builtin_memset(&t->missed, 0, sizeof(t->missed));
}

__noinline int missed_tell(struct thread *t, __u64 now)
{
	struct par_missed_cycles *rec;

	if (!t)
		return 0;
	rec = emit_try(sizeof(*rec), PAR_MISSED, t->tid, now);
	if (!rec)
		return 0;
	missed_move(t, rec);
	emit_end(rec);
	return 0;
}

/*
 * The same in the lane, where its next cycle is told: in a ring there would be room for sums,
 * one after the other, while there is none for cycles.
 */
static __noinline int missed_tell_in_lane(struct thread *t, __u64 now)
{
	struct par_missed_cycles *rec = lane_try(sizeof(*rec), PAR_MISSED, t->tid, now);

	if (!rec)
		return 0;
	missed_move(t, rec);
	lane_end(rec, sizeof(*rec));
	return 0;
}

/*
 * The thread's last record: what it used, and the end of its process if it is
 * the last. False: there was no room for it.
 */
static __always_inline bool emit_exit(struct task_struct *task, const struct thread *t, __u64 now)
{
	struct par_exit *rec = emit_begin(sizeof(*rec), PAR_EXIT, t->tid, now);
	struct signal_struct *signal;

	/* At once: before 6.2 the verifier forgets what it knows, and takes it for two questions. */
	if (!rec)
		return false;
	signal = task_pointer(task, signal);
	rec->tgid = t->tgid;
	rec->exit_code = task->exit_code;
	rec->utime_ns = task->utime;
	rec->stime_ns = task->stime;
	rec->min_flt = task->min_flt;
	rec->maj_flt = task->maj_flt;
	rec->maxrss_bytes = 0;
	if (!task_field(signal, live.counter)) {
		rec->hdr.flags |= PAR_EXIT_PROCESS;
		rec->maxrss_bytes = task_field(signal, maxrss) * config.page_bytes;
	}
	rec->turn_ns = t->loop.start_ns;
	rec->turns = t->loop.turns;
	rec->pad = 0;
	__builtin_memcpy(rec->comm, task->comm, sizeof(rec->comm));
	emit_end(rec);
	return true;
}

/* See struct thread: a wake-up that overtook the switch it ends. */
static __always_inline void use_early_wake(struct thread *t)
{
	if (t->off.wake_ns || t->early_ns < t->in_ns || !t->early_ns)
		return;
	t->off.wake_ns = t->early_ns > t->off.out_ns ? t->early_ns : t->off.out_ns;
	t->off.waker_tid = t->early_tid;
	t->off.waker_cpu = t->early_cpu;
	t->off.wake_flags = t->early_flags;
}

/*
 * Which of the polled descriptors ended the wait. Told by their states, so it is
 * asked at the wake-up, before anybody reads from them; or at the latest when the
 * thread is back, if the wake-up overtook the switch.
 */
static __always_inline void settle(struct thread *t)
{
	if (!(t->asks & ASK_POLL))
		return;
	t->asks &= ~ASK_POLL;
	poll_settle(&t->poll, &t->cause);
}

/* Does t->cause have what a short record has no room for? */
static __always_inline bool is_long(const struct par_cause *cause)
{
	return cause->args[1] | cause->args[2] | cause->args[3] | cause->args[4] |
	       cause->timeout_ns | cause->lock_addr | cause->lock_ip;
}

_Static_assert(PAR_CYCLE_BARE_BYTES % 8 == 0 && PAR_CYCLE_SHORT_BYTES % 8 == 0 &&
		       sizeof(struct par_cycle) % 8 == 0 &&
		       sizeof(struct par_missed_cycles) % 8 == 0,
	       "what lane_try() takes");

/* @bytes of struct par_cycle, a constant. */
static __always_inline void cycle_emit(__u64 bytes, __u32 cpu, __u32 prev_tid, __u32 prev_state,
				       struct thread *t, __u64 now)
{
	struct par_cycle *rec = lane_begin(bytes, PAR_CYCLE, t->tid, now);
	struct par_cpu_gap *gap = &slot_of(cpu)->gap;

	if (!rec) {
		missed_add(t, now);
		return;
	}
	rec->hdr.cpu = cpu; /* not the one at hand, if it came unseen */
	rec->off = t->off;
	/* One by one: these were stored just now, and can't be loaded as a whole yet. */
	rec->gap.out_ns = gap->out_ns;
	rec->gap.out_tid = gap->out_tid;
	rec->gap.next_tid = gap->next_tid;
	rec->gap.out_state = gap->out_state;
	rec->gap.out_flags = gap->out_flags;
	rec->gap.prev_state = prev_state;
	rec->gap.prev_tid = prev_tid;
	gap->out_ns = 0;
	rec->tgid = t->tgid;
	rec->throttled_us = t->throttle.cfs_rq ? throttle_end_us(t, now) : 0;
	if (bytes > PAR_CYCLE_BARE_BYTES)
		__builtin_memcpy(&rec->cause, &t->cause, bytes - PAR_CYCLE_BARE_BYTES);
	lane_end(rec, bytes);
}

/* @t takes over @cpu from @prev_tid, which leaves in @prev_state. */
static __always_inline void come(__u32 cpu, __u32 prev_tid, __u32 prev_state, struct thread *t,
				 __u64 now)
{
	if (t->phase == PHASE_UNKNOWN) {
		t->off.out_ns = 0;
		t->off.out_flags = PAR_OUT_SNAPSHOT;
		t->cause.sysno = PAR_NO_SYSCALL;
	}
	if (missed_any(t))
		missed_tell_in_lane(t, now);
	/* A runnable thread needs no waker, and its record no cause. */
	if (t->off.out_flags & (PAR_OUT_PREEMPT | PAR_OUT_NEW)) {
		cycle_emit(PAR_CYCLE_BARE_BYTES, cpu, prev_tid, prev_state, t, now);
	} else {
		use_early_wake(t);
		settle(t);
		if (is_long(&t->cause))
			cycle_emit(sizeof(struct par_cycle), cpu, prev_tid, prev_state, t, now);
		else
			cycle_emit(PAR_CYCLE_SHORT_BYTES, cpu, prev_tid, prev_state, t, now);
	}
	if (t->loop.start_ns)
		loop_came(t, now);
	t->in_ns = now;
	t->off.out_ns = 0;
	t->phase = PHASE_RUNNING;
}

/* Rare, so its code stands apart. Whom it took over from is not known. */
__noinline void come_unseen(struct thread *t, __u32 cpu, __u64 now)
{
	come(cpu, 0, 0, t, now);
}

/* How long it ran until now. Tells first that it came, if that was not seen. */
static __always_inline __u64 ran_before_leaving(struct task_struct *task, struct thread *t,
						__u64 now)
{
	__u64 exec_ns = task->se.sum_exec_runtime;
	__u64 ran_ns;

	if (t->phase == PHASE_OFF)
		come_unseen(t, bpf_get_smp_processor_id(), came_unseen_ns(task, t, now));
	ran_ns = t->phase == PHASE_RUNNING ? now - t->in_ns : exec_ns - t->exec_ns;
	t->exec_ns = exec_ns;
	if (t->is_young && startup_is_over(t, exec_ns))
		t->is_young = 0; /* its calls are of no more interest */
	return ran_ns;
}

static __noinline void leave_for_good(struct task_struct *task, struct thread *t, __u64 now)
{
	traffic_flush(t);
	if (missed_any(t))
		missed_tell(t, now);
	t->phase = emit_exit(task, t, now) ? PHASE_DEAD : PHASE_DEAD_UNTOLD;
}

static __always_inline void leave(struct task_struct *task, struct thread *t, __u64 now,
				  __u32 state, bool preempt)
{
	__u64 ran_ns = ran_before_leaving(task, t, now);

	if (state & TASK_DEAD) {
		leave_for_good(task, t, now);
		return;
	}
	t->off.out_ns = now;
	t->off.wake_ns = 0;
	t->off.waker_tid = 0;
	t->off.waker_cpu = 0;
	t->off.out_cpu = bpf_get_smp_processor_id();
	t->off.out_state = state;
	t->off.wake_flags = 0;
	t->off.ran_ns = ran_ns <= 0xffffffff ? ran_ns : 0;
	/*
	 * A task preempted on its way to sleep already shows a sleeping state, yet
	 * stays on the run queue.
	 */
	if (preempt || !state) {
		t->off.out_flags = PAR_OUT_PREEMPT;
		throttle_begin(task, t);
	} else {
		t->off.out_flags = 0;
		t->asks = 0;
		cause_fill(task, t, &t->cause, true);
		if (config.klocks)
			t->cause.flags |= PAR_CAUSE_KLOCK;
		if (t->klock.lock)
			klock_fill(task, t, &t->cause);
		if (state & TASK_UNINTERRUPTIBLE)
			klock_fill_table(task, &t->cause);
		if (t->loop.start_ns)
			loop_leave(t, now);
	}
	python_leave(task, t, now);
	t->phase = PHASE_OFF;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	/* The idle tasks are never traced. */
	struct thread *p = prev->pid ? thread_find(prev) : NULL;
	struct thread *n = next->pid ? thread_find(next) : NULL;
	struct par_cpu_slot *slot = slot_here();
	__u32 state;
	__u64 now;

	/* Two tests: clang would OR the two pointers, which the verifier forbids. */
	if (!p) {
		barrier_var(n);
		if (!n)
			return 0;
	}
	now = bpf_ktime_get_ns();
	if (recording_over(now))
		return 0;

	state = switch_prev_state(ctx, prev);
	if (p) {
		leave(prev, p, now, state, preempt);
		slot->gap.out_ns = now;
		slot->gap.out_tid = p->tid;
		slot->gap.next_tid = task_tid(next);
		slot->gap.out_state = state;
		slot->gap.out_flags = preempt || !state ? PAR_OUT_PREEMPT : 0;
		slot->known = 0;
	}
	if (n) {
		come(bpf_get_smp_processor_id(), task_tid(prev), preempt ? 0 : state, n, now);
		if (config.calls)
			slot->stranger = 0;
	}
	return 0;
}

/* The registers of the waker if it is in a system call that has one of @bits, PAR_CALL_*; else NULL. */
static __always_inline struct pt_regs *waker_in(__u32 bits)
{
	struct task_struct *waker = current_task();
	struct pt_regs *regs;
	long sysno;

	if (!task_field(waker, pid) || is_kernel_thread(waker))
		return NULL;
	regs = task_regs(waker);
	sysno = regs_sysno(regs);
	return sysno >= 0 && (call_of(sysno) & bits) ? regs : NULL;
}

/* Is the waker in a futex call on the word that @t waits on? Then it released it. */
static __always_inline bool wakes_by_futex(const struct thread *t)
{
	__u64 word = call_of(t->cause.sysno) & PAR_CALL_FUTEX ? t->cause.args[0]
							      : t->cause.lock_addr;
	struct pt_regs *regs = word ? waker_in(PAR_CALL_FUTEX) : NULL;

	return regs && regs_arg0(regs) == word;
}

/* Whoever sends from here is on this machine: a datagram socket knows no other end. */
static __always_inline bool sends_datagram(void)
{
	struct pt_regs *regs = waker_in(PAR_CALL_FD);
	struct par_file_ref file;

	if (!regs)
		return false;
	file_ref_fill(current_task(), NULL, regs_arg0(regs), &file);
	return file.kind == PAR_FILE_UDP;
}

/* Answer t->asks; returns PAR_WAKE_* bits. */
static __always_inline __u8 answer(struct task_struct *task, struct thread *t)
{
	settle(t);
	if (t->asks & ASK_URING)
		uring_settle(task, &t->cause);
	if ((t->asks & ASK_SENDER) && sends_datagram())
		t->cause.file.flags |= PAR_FILE_LOOPBACK;
	return (t->asks & ASK_FUTEX) && wakes_by_futex(t) ? PAR_WAKE_SAME_FUTEX : 0;
}

static __always_inline void woken(struct task_struct *task, struct thread *t, __u32 waker_tid,
				  __u8 flags, __u64 now)
{
	t->off.waker_tid = waker_tid;
	t->off.waker_cpu = bpf_get_smp_processor_id();
	t->off.wake_flags = flags;
	t->off.wake_ns = now;
	if (!throttles_tasks())
		throttle_begin(task, t); /* of the CPU it slept on, which mostly is the next */
}

static __always_inline void wake(struct task_struct *task, struct thread *t, __u64 now)
{
	__u32 waker_tid = current_tid();
	__u8 flags = waker_tid ? 0 : PAR_WAKE_IDLE;

	if (t->phase == PHASE_RUNNING) {
		t->early_ns = now;
		t->early_tid = waker_tid;
		t->early_cpu = bpf_get_smp_processor_id();
		t->early_flags = flags;
		return;
	}
	if (t->off.wake_ns)
		return; /* the first one ended the wait */
	if (t->phase == PHASE_OFF) {
		if (t->off.out_flags & PAR_OUT_PREEMPT)
			return; /* it is runnable */
		if (config.blocks)
			t->cause.block_dev = block_completing(now);
		if (t->asks)
			flags |= answer(task, t);
	}
	woken(task, t, waker_tid, flags, now);
}

SEC("tp_btf/sched_waking")
int BPF_PROG(on_sched_waking, struct task_struct *task)
{
	struct thread *t = thread_find(task);
	__u64 now;

	if (!t)
		return 0;
	now = bpf_ktime_get_ns();
	if (!recording_over(now))
		wake(task, t, now);
	return 0;
}

/*
 * Where programs may be passed over, births are told here: interrupts are off, and the parent is
 * still at it. Of an io_uring's workers and the like the kernel itself would not tell.
 */
static __always_inline struct thread *born(struct task_struct *task)
{
	if (!config.is_preemptible || (task->flags & (PF_IO_WORKER | PF_USER_WORKER)))
		return NULL;
	birth(current_task(), task);
	return thread_find(task);
}

/* It has not run yet: nothing is to be learnt but when. */
SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(on_sched_wakeup_new, struct task_struct *task)
{
	struct thread *t = thread_find(task);
	__u64 now;

	if (!t)
		t = born(task);
	if (!t || t->phase != PHASE_OFF || t->off.wake_ns)
		return 0;
	now = bpf_ktime_get_ns();
	if (!recording_over(now))
		woken(task, t, current_tid(), 0, now);
	return 0;
}
