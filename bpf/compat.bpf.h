/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Every difference between kernels and between architectures. */
#ifndef COMPAT_BPF_H
#define COMPAT_BPF_H

#include "core.bpf.h"

#define PF_IO_WORKER	0x00000010	/* include/linux/sched.h; 5.12 */
#define PF_KTHREAD	0x00200000

#define TASK_DEAD	0x80

/* task->state became task->__state in 5.14 (2f064a59a11f). */
struct task_struct___before_5_14 {
	long state;
} __attribute__((preserve_access_index));

static __always_inline __u32 task_state(struct task_struct *task)
{
	if (bpf_core_field_exists(task->__state))
		return task->__state;
	return ((struct task_struct___before_5_14 *)task)->state;
}

/*
 * The state in which prev leaves. From 5.18 on (fa2c3254d7cf) the tracepoint
 * passes it, because a waker on another CPU may already have changed the task's.
 */
static __always_inline __u32 switch_prev_state(unsigned long long *ctx, struct task_struct *prev)
{
	if (config.switch_has_state)
		return (__u32)ctx[3];
	return task_state(prev);
}

/* x86 moved the CPU from task_struct to thread_info in 5.16 (bcf9033e5449). */
struct task_struct___before_5_16 {
	unsigned int cpu;
} __attribute__((preserve_access_index));

static __always_inline __u32 task_cpu(struct task_struct *task)
{
	if (bpf_core_field_exists(task->thread_info.cpu))
		return task->thread_info.cpu;
	return ((struct task_struct___before_5_16 *)task)->cpu;
}

/* Never in user space: nothing to learn from its registers. */
static __always_inline bool is_kernel_thread(struct task_struct *task)
{
	return task->flags & (PF_KTHREAD | PF_IO_WORKER);
}

#if defined(__TARGET_ARCH_x86)
#define USER32_CS 0x23

/* Only a value >= 0 is a system call: exceptions leave -1, interrupts a negative number. */
static __always_inline long regs_sysno(struct pt_regs *regs)
{
	return (long)regs->orig_ax;
}

static __always_inline bool regs_are_compat(struct pt_regs *regs)
{
	return (regs->cs & 0xffff) == USER32_CS;
}

static __always_inline __u64 regs_arg0(struct pt_regs *regs)
{
	return regs->di;
}

static __always_inline void regs_args(struct pt_regs *regs, __u64 args[5])
{
	args[0] = regs->di;
	args[1] = regs->si;
	args[2] = regs->dx;
	args[3] = regs->r10;
	args[4] = regs->r8;
}
#else
#define PSR_MODE32_BIT 0x10

static __always_inline long regs_sysno(struct pt_regs *regs)
{
	return regs->syscallno;
}

static __always_inline bool regs_are_compat(struct pt_regs *regs)
{
	return regs->pstate & PSR_MODE32_BIT;
}

static __always_inline __u64 regs_arg0(struct pt_regs *regs)
{
	return regs->orig_x0;	/* regs[0] is overwritten with the result */
}

static __always_inline void regs_args(struct pt_regs *regs, __u64 args[5])
{
	args[0] = regs->orig_x0;
	args[1] = regs->regs[1];
	args[2] = regs->regs[2];
	args[3] = regs->regs[3];
	args[4] = regs->regs[4];
}
#endif

#endif
