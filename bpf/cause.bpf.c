// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Owns nothing; see cause.bpf.h. */
#include "cause.bpf.h"

#include "compat.bpf.h"
#include "file.bpf.h"

/* glibc keeps a mutex's owner two words behind the futex word. */
#define MUTEX_OWNER_OFFSET 8
#define MUTEX_CONTENDED 2	/* what glibc's mutex waits on */

#define POLL_FEW 4

#define NS_PER_S 1000000000ULL
#define NS_PER_MS 1000000ULL
#define NS_PER_US 1000ULL

struct pollfd {
	int fd;
	short events, revents;
};

/* A poll is like a read of its first descriptor, unless there are many of them. */
static __always_inline void poll_fill(struct task_struct *task, struct thread *t,
				      struct par_cause *cause)
{
	struct pollfd one;

	if (!cause->args[1] || cause->args[1] > POLL_FEW)
		return;
	if (bpf_probe_read_user(&one, sizeof(one), (void *)cause->args[0]))
		return;
	file_ref_fill(task, t, (__u32)one.fd, &cause->file);
}

static __always_inline void owner_fill(struct par_cause *cause)
{
	if (cause->args[2] != MUTEX_CONTENDED)
		return;
	bpf_probe_read_user(&cause->owner_tid, sizeof(cause->owner_tid),
			    (void *)(cause->args[0] + MUTEX_OWNER_OFFSET));
}

static __always_inline __u64 arg_of(const struct par_cause *cause, __u32 i)
{
	return i == 2 ? cause->args[2] : i == 3 ? cause->args[3] : cause->args[4];
}

static __always_inline void timeout_fill(struct par_cause *cause, __u16 call)
{
	__u64 arg = arg_of(cause, PAR_CALL_TIMEOUT_ARG(call));
	__u32 unit = PAR_CALL_TIMEOUT_UNIT(call);
	__s64 t[2]; /* struct timespec and struct timeval alike */

	if (unit == PAR_UNIT_MS) {
		if ((int)arg > 0)
			cause->timeout_ns = (int)arg * NS_PER_MS;
		return;
	}
	if (!arg || bpf_probe_read_user(t, sizeof(t), (void *)arg))
		return;
	cause->timeout_ns = t[0] * NS_PER_S + t[1] * (unit == PAR_UNIT_TIMEVAL ? NS_PER_US : 1);
}

static __always_inline void call_fill(struct task_struct *task, struct thread *t,
				      struct par_cause *cause, bool is_current)
{
	__u16 call = config.call[cause->sysno & (PAR_SYSNO_CNT - 1)];

	if (PAR_CALL_TIMEOUT_UNIT(call) && is_current)
		timeout_fill(cause, call);
	if (call & PAR_CALL_FD)
		file_ref_fill(task, t, cause->args[0], &cause->file);
	else if ((call & PAR_CALL_POLL) && is_current)
		poll_fill(task, t, cause);
	else if ((call & PAR_CALL_FUTEX) && is_current)
		owner_fill(cause);
}

void cause_fill(struct task_struct *task, struct thread *t, struct par_cause *cause,
		bool is_current)
{
	struct pt_regs *regs;
	long sysno;

	__builtin_memset(cause, 0, sizeof(*cause));
	cause->sysno = PAR_NO_SYSCALL;
	if (BPF_CORE_READ_BITFIELD(task, in_iowait))
		cause->flags |= PAR_CAUSE_IOWAIT;
	if (is_kernel_thread(task)) {
		cause->flags |= PAR_CAUSE_KTHREAD;
		return;
	}

	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	sysno = regs_sysno(regs);
	if (sysno < 0) {
		cause->flags |= PAR_CAUSE_FAULT;
		return;
	}
	cause->sysno = sysno;
	regs_args(regs, cause->args);
	if (regs_are_compat(regs))
		cause->flags |= PAR_CAUSE_COMPAT;
	else
		call_fill(task, t, cause, is_current);
}
