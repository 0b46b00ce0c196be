// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Owns struct thread's loop. Nothing is told of short turns: how long an arrival
 * has to wait depends on the long ones alone. See loop.bpf.h.
 */
#include "loop.bpf.h"

#include "compat.bpf.h"
#include "emit.bpf.h"

#define IORING_ENTER_GETEVENTS 1 /* include/uapi/linux/io_uring.h */

/* A call that goes on after a signal: include/linux/errno.h. */
#define ERESTARTSYS_MIN 512
#define ERESTART_MAX	516

/*
 * One descriptor may be what a library waits for on its own, a resolver for
 * instance; no descriptor is an old way to sleep. In a thread that uses epoll, so
 * is any poll.
 */
static __always_inline bool is_loop_poll(const struct thread *t, __u32 call,
					 const __u64 args[5])
{
	if (call & PAR_CALL_POLL)
		return !t->loop.by_epoll && (__u32)args[1] >= 2;
	if (call & PAR_CALL_SELECT)
		return !t->loop.by_epoll && (int)args[0] >= 2;
	/* epoll; io_uring has no time-out among its arguments, and may only submit. */
	return PAR_CALL_TIMEOUT_UNIT(call) || (args[3] & IORING_ENTER_GETEVENTS);
}

static __always_inline void turn_tell(const struct thread *t, __u64 start, __u64 now,
				      __u8 flags)
{
	struct par_turn *rec = emit_begin(sizeof(*rec), PAR_TURN, t->tid, now);

	if (!rec)
		return;
	rec->hdr.flags = flags | (t->loop.by_epoll ? PAR_TURN_EPOLL : 0);
	rec->start_ns = start;
	rec->queue_ns = t->loop.queue_ns;
	rec->blocked_ns = t->loop.blocked_ns;
	rec->tgid = t->tgid;
	rec->turns = t->loop.turns;
	emit_end(rec);
}

static __always_inline void end_turn(struct thread *t, __u64 now)
{
	__u64 start = t->loop.start_ns;

	t->loop.start_ns = 0;
	t->loop.turns++;
	if (now - start >= PAR_TURN_MIN_NS)
		turn_tell(t, start, now, 0);
}

void loop_leave(struct thread *t, __u64 now)
{
	__u32 call;

	if (t->cause.sysno < 0 || (t->cause.flags & PAR_CAUSE_COMPAT))
		return;
	call = call_of(t->cause.sysno);
	if ((call & PAR_CALL_LOOP) && is_loop_poll(t, call, t->cause.args))
		end_turn(t, now);
}

void loop_polled(struct thread *t, struct pt_regs *regs, __u32 sysno, long ret)
{
	__u32 call = call_of(sysno);
	__u64 now, args[5];

	regs_args(regs, args);
	if (!is_loop_poll(t, call, args))
		return;
	now = bpf_ktime_get_ns();
	if (recording_over(now))
		return;
	if (!(call & (PAR_CALL_POLL | PAR_CALL_SELECT)))
		t->loop.by_epoll = true;
	/* It did not block, so it began just now. */
	if (t->loop.start_ns)
		end_turn(t, now);
	if (ret <= -ERESTARTSYS_MIN && ret >= -ERESTART_MAX)
		return;
	t->loop.queue_ns = t->loop.blocked_ns = 0;
	t->loop.start_ns = now;
	if (!t->loop.seen)
		turn_tell(t, now, now, PAR_TURN_FIRST);
	t->loop.seen = true;
}
