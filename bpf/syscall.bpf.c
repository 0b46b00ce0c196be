// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * System calls as they return: how many, how many failed, how many bytes they
 * moved, whom they woke. What blocks is told by sched.bpf.c; --light
 * leaves this object's programs out.
 */
#include "core.bpf.h"
#include "compat.bpf.h"
#include "loop.bpf.h"
#include "request.bpf.h"
#include "startup.bpf.h"
#include "traffic.bpf.h"

#define ERRNO_MAX 4095

#define FUTEX_CMD_MASK		0x7f
#define FUTEX_WAKE		1
#define FUTEX_REQUEUE		3
#define FUTEX_CMP_REQUEUE	4
#define FUTEX_WAKE_OP		5
#define FUTEX_WAKE_BITSET	10

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct par_syscall_counts);
} syscalls SEC(".maps");

static __always_inline struct par_syscall_count *counts_of_call(__u32 sysno)
{
	__u32 all = 0;
	struct par_syscall_counts *counts = bpf_map_lookup_elem(&syscalls, &all);

	barrier_var(sysno); /* see call_of() */
	return counts ? &counts->of[sysno & (PAR_SYSNO_CNT - 1)] : NULL;
}

static __always_inline bool is_futex_wake(__u64 op)
{
	op &= FUTEX_CMD_MASK;
	return op == FUTEX_WAKE || op == FUTEX_REQUEUE || op == FUTEX_CMP_REQUEUE ||
	       op == FUTEX_WAKE_OP || op == FUTEX_WAKE_BITSET;
}

/* @t is NULL where nobody asks for it. */
static __always_inline void count_result(struct task_struct *task, struct thread *t,
					 struct pt_regs *regs, __u32 sysno, long ret,
					 struct par_syscall_count *count)
{
	__u32 call = call_of(sysno);
	__u64 args[5];

	if (t && (call & PAR_CALL_MOVES)) {
		if (traffic_again(task, t, regs, sysno, ret))
			count->bytes += ret;
		else
			count->bytes += traffic_count(t, regs, sysno, ret);
	} else if (t && (call & PAR_CALL_ACCEPTS)) {
		if (config.requests)
			request_accepted(t, regs_arg0(regs), ret);
	} else if (call & PAR_CALL_WAKES) {
		regs_args(regs, args);
		if (!(call & PAR_CALL_FUTEX) || is_futex_wake(args[1]))
			count->wakes += ret;
	}
}

/* Is there more to a call than its number and result? */
static __always_inline bool asks_for_thread(__u32 call, long ret)
{
	return (call & PAR_CALL_LOOP) || (ret >= 0 && (call & (PAR_CALL_MOVES | PAR_CALL_ACCEPTS)));
}

/* Who it is whose call returned to @regs, remembered. NULL: a stranger. */
static __always_inline struct thread *caller_find(struct par_cpu_slot *slot,
						  struct task_struct *task, struct pt_regs *regs)
{
	struct thread *t = thread_find(task);

	if (!t)
		slot->stranger = (__u64)regs;
	else if (!t->is_young)
		slot->known = (__u64)regs;
	return t;
}

static __always_inline void call_returns(struct pt_regs *regs, long ret)
{
	struct par_cpu_slot *slot = slot_here();
	struct par_syscall_count *count;
	struct task_struct *task = NULL;
	struct thread *t = NULL;
	long sysno;
	__u32 call;

	if (slot->stranger == (__u64)regs)
		return;
	sysno = regs_sysno(regs);
	if (sysno < 0 || sysno >= PAR_SYSNO_NONE || counts_over())
		return;
	call = call_of(sysno);
	if (slot->known != (__u64)regs || asks_for_thread(call, ret)) {
		task = current_task();
		t = caller_find(slot, task, regs);
		if (!t)
			return;
		if (t->is_young)
			startup_step(task, t, sysno, ret);
		if (call & PAR_CALL_LOOP)
			loop_polled(t, regs, sysno, ret);
	}
	if (!ret && (call & PAR_CALL_FORKS))
		return;
	count = counts_of_call(sysno);
	if (!count)
		return;
	count->calls++;
	if (ret >= 0)
		count_result(task, t, regs, sysno, ret, count);
	else if (ret >= -ERRNO_MAX)
		count->errors++;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long ret)
{
	call_returns(regs, ret);
	return 0;
}

SEC("tp/raw_syscalls/sys_exit")
int on_perf_sys_exit(struct trace_event_raw_sys_exit *ctx)
{
	/* All kernels where it is attached have these. */
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());

	call_returns(regs, ctx->ret);
	return PERF_GOES_ON;
}
