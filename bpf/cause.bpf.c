// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Owns nothing; see cause.bpf.h. */
#include "cause.bpf.h"

#include "compat.bpf.h"
#include "file.bpf.h"
#include "par_futex.h"
#include "poll.bpf.h"
#include "python.bpf.h"
#include "sysv.bpf.h"
#include "uring.bpf.h"

#define NS_PER_S 1000000000ULL
#define NS_PER_MS 1000000ULL
#define NS_PER_US 1000ULL

/* In parts where a page is missing, as before a lock at the start of a mapping. */
static __always_inline void window_read(struct par_futex_wait *w)
{
	void *before = (void *)(w->uaddr - PAR_FUTEX_BEFORE);
	void *word = (void *)w->uaddr;

	if (!bpf_probe_read_user(w->window, PAR_FUTEX_WINDOW, before))
		return;
	__builtin_memset(w->window, 0, PAR_FUTEX_WINDOW);
	bpf_probe_read_user(w->window, PAR_FUTEX_BEFORE, before);
	if (bpf_probe_read_user(&PAR_AT(w, 0), PAR_FUTEX_AFTER, word))
		bpf_probe_read_user(&PAR_AT(w, 0), 8, word);
}

static __always_inline void futex_fill(struct task_struct *task, struct thread *t,
				       struct par_cause *cause, __u32 call, __u64 sp)
{
	struct par_futex_wait w = { .uaddr = cause->args[0], .sp = sp };
	struct par_futex_what what;

	if (call & PAR_CALL_FUTEX2) {
		w.op = PAR_FUTEX_WAIT_BITSET | (cause->args[3] & PAR_FUTEX_PRIVATE);
		w.val = cause->args[1];
		w.is_timed = cause->args[4] != 0;
	} else {
		w.op = cause->args[1];
		w.val = cause->args[2];
		w.is_timed = cause->args[3] != 0;
	}
	window_read(&w);
	what = par_futex_look(&w);
	cause->shape = what.shape;
	cause->owner_tid = what.owner_tid;
	python_futex_fill(t, cause, sp);
}

/* The first word of several. Rare, so its code stands apart, like the next one's. */
static __noinline void futexv_fill(struct par_cause *cause)
{
	struct {
		__u64 val, uaddr;
	} first;

	if (!bpf_probe_read_user(&first, sizeof(first), (void *)cause->args[0]))
		cause->lock_addr = first.uaddr;
}

static __always_inline __u64 arg_of(const struct par_cause *cause, __u32 i)
{
	return i == 2 ? cause->args[2] : i == 3 ? cause->args[3] : cause->args[4];
}

static __always_inline void timeout_fill(struct par_cause *cause, __u32 call)
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

/* The System V queue or semaphore that it waits at. */
static __noinline void queue_fill(struct task_struct *task, struct par_cause *cause)
{
	__u8 move = move_of(cause->sysno);

	if (is_sysv(move))
		sysv_ref_fill(task, move, cause->args[0], &cause->file);
}

/* What is to be asked when the wait of t->cause is over; for polls see poll.bpf.h. */
static __always_inline void asks_fill(struct thread *t, __u32 call)
{
	const struct par_file_ref *file = &t->cause.file;

	t->poll.cnt = 0;
	if (call & (PAR_CALL_FUTEX | PAR_CALL_FUTEXV))
		t->asks = ASK_FUTEX;
	else if (file->kind == PAR_FILE_EPOLL)
		t->asks = ASK_POLL;
	else if (file->kind == PAR_FILE_IO_URING)
		t->asks = ASK_URING;
	else if (file->kind == PAR_FILE_UDP && !file->rport)
		t->asks = ASK_SENDER;
	if (call & (PAR_CALL_POLL | PAR_CALL_SELECT))
		poll_collect(t);
}

static __always_inline void call_fill(struct task_struct *task, struct thread *t,
				      struct par_cause *cause, __u64 sp, bool is_current)
{
	__u32 call = call_of(cause->sysno);

	if (PAR_CALL_TIMEOUT_UNIT(call) && is_current)
		timeout_fill(cause, call);
	if (call & PAR_CALL_FD)
		file_ref_fill(task, t, cause->args[0], &cause->file);
	else if ((call & PAR_CALL_FUTEX) && is_current)
		futex_fill(task, t, cause, call, sp);
	else if ((call & PAR_CALL_FUTEXV) && is_current)
		futexv_fill(cause);
	else if (call & PAR_CALL_MOVES)
		queue_fill(task, cause);
	if (t && is_current)
		asks_fill(t, call);
	if (cause->file.kind == PAR_FILE_IO_URING && is_current)
		uring_timeout_fill(cause);
}

/* The same as task_regs(), which costs a call. */
static __always_inline struct pt_regs *regs_of(struct task_struct *task, struct thread *t)
{
	if (!t || !config.has_cast)
		return task_regs(task);
	if (!t->regs)
		t->regs = (__u64)task_regs(task);
	return kernel_typed((struct pt_regs *)t->regs);
}

__hot void cause_fill(struct task_struct *task, struct thread *t, struct par_cause *cause,
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

	regs = regs_of(task, t);
	sysno = regs_sysno(regs);
	if (sysno < 0) {
		cause->flags |= PAR_CAUSE_FAULT;
		return;
	}
	cause->sysno = sysno;
	if (sysno < PAR_SYSNO_NONE && (call_of(sysno) & PAR_CALL_MOVES))
		cause->args[0] = regs_arg0(regs);
	else
		regs_args(regs, cause->args);
	if (sysno == PAR_SYSNO_NONE) {
		cause->sysno = regs_compat_sysno(regs);
		cause->flags |= PAR_CAUSE_COMPAT;
		return;
	}
	call_fill(task, t, cause, regs_sp(regs), is_current);
}
