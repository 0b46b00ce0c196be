/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What lies around the word that a futex call waits on: a pure function, for the
 * programs (at switch-out) and for user space (threads that were blocked before the
 * attach). It claims a shape only where memory and call agree; what a program parks
 * on in its own way stays PAR_SHAPE_UNKNOWN.
 *
 * Layouts are those of 64-bit glibc, 2.36 as run and 2.41 as declared (x86-64; the
 * same on arm64), and of musl 1.2. Offsets are from the waited-for word:
 *
 *	pthread_mutex_t	   lock 0, count 4, owner 8, nusers 12, kind 16
 *	pthread_rwlock_t   readers, writers, wrphase_futex, writers_futex, 2 x pad,
 *			   cur_writer, shared; waits on either futex
 *	sem_t		   value 0, waiters 4, private 8
 *	pthread_barrier_t  in -4, current_round 0, count 4, shared 8, out 12
 *	pthread_cond_t	   wseq 0 (8 bytes), g1_start 8 (8 bytes); up to 2.40:
 *			   g_refs[2] 16, g_size[2] 24, g1_orig_size 32, wrefs 36,
 *			   g_signals[2] 40; from 2.41 on: g_size[2] 16, g1_orig_size
 *			   24, wrefs 28, g_signals[2] 32, zeroes 40; waits on g_signals
 *
 * and the calls are: FUTEX_WAIT of a mutex (value 2) and a barrier, FUTEX_WAIT_BITSET
 * of all the others and of what has a time-out, with FUTEX_CLOCK_REALTIME where there
 * is none.
 */
#ifndef PAR_FUTEX_H
#define PAR_FUTEX_H

#include "par_event.h"

/* include/uapi/linux/futex.h */
#define PAR_FUTEX_WAIT			0
#define PAR_FUTEX_LOCK_PI		6
#define PAR_FUTEX_WAIT_BITSET		9
#define PAR_FUTEX_WAIT_REQUEUE_PI	11
#define PAR_FUTEX_LOCK_PI2		13
#define PAR_FUTEX_PRIVATE		128
#define PAR_FUTEX_REALTIME		256
#define PAR_FUTEX_CMD_MASK		0x7f
#define PAR_FUTEX_WAITERS		0x80000000u
#define PAR_FUTEX_OWNER_DIED		0x40000000u
#define PAR_FUTEX_TID_MASK		0x3fffffffu

#define PAR_FUTEX_BEFORE 40	/* how much of the memory before the word is looked at */
#define PAR_FUTEX_AFTER	 24	/* … and from it on */
#define PAR_FUTEX_WINDOW (PAR_FUTEX_BEFORE + PAR_FUTEX_AFTER)

/* A word this little above the waiter's stack pointer is of its own making. */
#define PAR_FUTEX_STACK 4096

#define PAR_TID_MAX	(1u << 22)	/* the kernel's PID_MAX_LIMIT */
#define PAR_FEW		(1u << 24)	/* more than any count of waiters */

struct par_futex_wait {
	__u64 uaddr;
	__u64 sp;		/* the waiter's user stack pointer; 0: not known */
	__u32 op;		/* with its flags */
	__u32 val;		/* what the word was expected to be */
	__u8  is_timed;
	/* [uaddr - 40, uaddr + 24), zeroes where it could not be read */
	__u32 window[PAR_FUTEX_WINDOW / 4];
};

struct par_futex_what {
	__u8  shape;		/* enum par_shape */
	__u32 owner_tid;	/* as the word or its lock says, 0: it does not; not checked */
};

/* The 32 bits at @offset from the word; a constant, so that this is one load. */
#define PAR_AT(w, offset) ((w)->window[(PAR_FUTEX_BEFORE + (offset)) / 4])

/* Is 1 <= @x <= @most? */
static __always_inline int par_in(__u32 x, __u32 most)
{
	return x - 1 < most;
}

static __always_inline int par_is_tid(__u32 x)
{
	return par_in(x, PAR_TID_MAX);
}

/* For private or shared: FUTEX_PRIVATE is 0 in glibc's structs, FUTEX_SHARED 128. */
static __always_inline int par_is_sharing(__u32 x)
{
	return x == 0 || x == 128;
}

/* A group's size; below zero once waiters gave up in it that were never signalled. */
static __always_inline int par_is_size(__u32 x)
{
	return x + PAR_FEW < 2 * PAR_FEW;
}

/* Up to 2.40: wrefs count the waiters by eights, g_refs those of a group by twos. */
static __always_inline int par_cond_fits(__u32 wrefs, __u32 refs, __u32 size0, __u32 size1)
{
	return par_in(wrefs >> 3, PAR_FEW) && par_in(refs >> 1, wrefs >> 3) && par_is_size(size0) &&
	       par_is_size(size1);
}

/* From 2.41 on nobody counts the waiters of a group; but the end of the struct is zero. */
static __always_inline int par_cond_fits_new(__u32 wseq, __u32 start, __u32 wrefs, __u32 size0,
					     __u32 size1)
{
	__u32 waiters = wrefs >> 3;

	/* Sequences count by twos; each waiter has one. */
	return par_in(waiters, PAR_FEW) && (wseq >> 1) >= waiters &&
	       (wseq >> 1) - (start >> 1) < PAR_FEW && par_is_size(size0) && par_is_size(size1);
}

static __always_inline int par_is_cond(const struct par_futex_wait *w)
{
	/* g_signals[0] is 8-aligned in both layouts, g_signals[1] is not. */
	if (w->uaddr & 4)
		return (!w->val && par_cond_fits(PAR_AT(w, -8), PAR_AT(w, -24), PAR_AT(w, -20),
						 PAR_AT(w, -16))) ||
		       (!PAR_AT(w, 4) && !PAR_AT(w, 8) &&
			par_cond_fits_new(PAR_AT(w, -36), PAR_AT(w, -28), PAR_AT(w, -8),
					  PAR_AT(w, -20), PAR_AT(w, -16)));
	return (!w->val &&
		par_cond_fits(PAR_AT(w, -4), PAR_AT(w, -24), PAR_AT(w, -16), PAR_AT(w, -12))) ||
	       (!PAR_AT(w, 8) && !PAR_AT(w, 12) &&
		par_cond_fits_new(PAR_AT(w, -32), PAR_AT(w, -24), PAR_AT(w, -4), PAR_AT(w, -16),
				  PAR_AT(w, -12)));
}

static __always_inline int par_rwlock_fits(__u32 readers, __u32 other, __u32 pad, __u32 writer,
					   __u32 shared)
{
	return readers && other <= 3 && !pad && (!writer || par_is_tid(writer)) && shared <= 1;
}

/* Value 3: a phase or the writers' lock is taken; 2: a writer waits for readers to leave. */
static __always_inline int par_is_rwlock(const struct par_futex_wait *w, __u32 *owner)
{
	if (w->uaddr & 4) {
		*owner = PAR_AT(w, 12);
		return w->val == 3 &&
		       par_rwlock_fits(PAR_AT(w, -12), PAR_AT(w, -4), PAR_AT(w, 4) | PAR_AT(w, 8),
				       PAR_AT(w, 12), PAR_AT(w, 16));
	}
	*owner = PAR_AT(w, 16);
	return (w->val == 2 || w->val == 3) &&
	       par_rwlock_fits(PAR_AT(w, -8), PAR_AT(w, 4), PAR_AT(w, 8) | PAR_AT(w, 12),
			       PAR_AT(w, 16), PAR_AT(w, 20));
}

static __always_inline int par_is_semaphore(const struct par_futex_wait *w)
{
	return !(w->uaddr & 4) && !w->val && par_in(PAR_AT(w, 4), PAR_FEW) &&
	       par_is_sharing(PAR_AT(w, 8));
}

static __always_inline int par_is_barrier(const struct par_futex_wait *w)
{
	__u32 in = PAR_AT(w, -4), count = PAR_AT(w, 4), out = PAR_AT(w, 12);

	/* A round begins where the one before it ended: at a multiple of the count. */
	return (w->uaddr & 4) && count > 1 && count < PAR_FEW && !(w->val % count) &&
	       par_in(in - w->val, 2 * count) && out <= in && par_is_sharing(PAR_AT(w, 8));
}

/* A whole pthread_mutex_t, not just its word: somebody owns it. */
static __always_inline int par_is_mutex(const struct par_futex_wait *w)
{
	return !(w->uaddr & 4) && par_is_tid(PAR_AT(w, 8)) && par_in(PAR_AT(w, 12), PAR_FEW) &&
	       PAR_AT(w, 16) < 0x400 && PAR_AT(w, 4) < PAR_FEW;
}

/*
 * The value waited for holds the owner: robust mutexes, whose owner is in the struct,
 * too (or not yet), and musl's, {type, lock, waiters}, of which type 0 has no owner.
 */
static __always_inline int par_is_owned(const struct par_futex_wait *w, __u32 *owner)
{
	__u32 tid = w->val & PAR_FUTEX_TID_MASK;

	if (!(w->val & PAR_FUTEX_WAITERS) || (w->val & PAR_FUTEX_OWNER_DIED) || !par_is_tid(tid))
		return 0;
	*owner = tid;
	if (!(w->uaddr & 4))
		return (PAR_AT(w, 8) == tid || !PAR_AT(w, 8)) && (PAR_AT(w, 16) & 0x10) &&
		       PAR_AT(w, 16) < 0x400;
	if (!(PAR_AT(w, -4) & 0xf))
		*owner = 0;
	return PAR_AT(w, -4) < 0x100 && par_in(PAR_AT(w, 4), PAR_FEW);
}

/*
 * musl's pthread_join waits for {tid, errno, state, cancel, …, stack} to change, with
 * the value of a contended mutex.
 */
static __always_inline int par_is_musl_thread(const struct par_futex_wait *w)
{
	__u32 low = PAR_AT(w, 16), high = PAR_AT(w, 20);

	return par_is_tid(PAR_AT(w, -8)) && PAR_AT(w, 4) <= 1 && !(low & 0xfff) && (low | high) &&
	       high == (__u32)(w->uaddr >> 32);
}

static __always_inline int par_on_stack(const struct par_futex_wait *w)
{
	return w->sp && w->uaddr - w->sp < PAR_FUTEX_STACK;
}

/*
 * Value 2 without more: glibc's internal locks, Go's and Rust's mutexes. Untimed, since
 * anything may count up to 2; and never with the clock, as glibc's mutex has none then.
 */
static __always_inline int par_is_plain_mutex(const struct par_futex_wait *w)
{
	return w->val == 2 && !w->is_timed && !(w->op & PAR_FUTEX_REALTIME) && !par_on_stack(w) &&
	       !par_is_musl_thread(w);
}

static __always_inline struct par_futex_what par_futex_look(const struct par_futex_wait *w)
{
	struct par_futex_what what = { PAR_SHAPE_UNKNOWN, 0 };
	__u32 cmd = w->op & PAR_FUTEX_CMD_MASK, owner = 0;

	if (cmd == PAR_FUTEX_LOCK_PI || cmd == PAR_FUTEX_LOCK_PI2) {
		what.shape = PAR_SHAPE_MUTEX;
		what.owner_tid = PAR_AT(w, 0) & PAR_FUTEX_TID_MASK;
	} else if (cmd == PAR_FUTEX_WAIT_REQUEUE_PI) {
		what.shape = PAR_SHAPE_CONDVAR;
	} else if (cmd != PAR_FUTEX_WAIT && cmd != PAR_FUTEX_WAIT_BITSET) {
		/* a waker, which waits for nothing */
	} else if (par_is_owned(w, &owner)) {
		what.shape = PAR_SHAPE_MUTEX;
		what.owner_tid = owner;
	} else if (cmd == PAR_FUTEX_WAIT_BITSET && par_is_cond(w)) {
		what.shape = PAR_SHAPE_CONDVAR;
	} else if (cmd == PAR_FUTEX_WAIT_BITSET && (w->is_timed || (w->op & PAR_FUTEX_REALTIME)) &&
		   par_is_rwlock(w, &owner)) {
		what.shape = PAR_SHAPE_RWLOCK;
		what.owner_tid = owner;
	} else if (cmd == PAR_FUTEX_WAIT && !w->is_timed && par_is_barrier(w)) {
		what.shape = PAR_SHAPE_BARRIER;
	} else if (w->val == 2 && par_is_mutex(w)) {
		what.shape = PAR_SHAPE_MUTEX;
		what.owner_tid = PAR_AT(w, 8);
	} else if (par_is_plain_mutex(w)) {
		what.shape = PAR_SHAPE_MUTEX;
	} else if (par_on_stack(w)) {
		what.shape = PAR_SHAPE_STACK;
	} else if (cmd == PAR_FUTEX_WAIT_BITSET && (w->is_timed || (w->op & PAR_FUTEX_REALTIME)) &&
		   par_is_semaphore(w)) {
		what.shape = PAR_SHAPE_SEMAPHORE;
	}
	return what;
}

/*
 * One address for a lock that is waited for at several words: where it begins. Of a
 * condition variable, whose beginning depends on the version, the first of its words.
 */
static __always_inline __u64 par_futex_lock(__u8 shape, __u64 uaddr)
{
	switch (shape) {
	case PAR_SHAPE_RWLOCK:
		return (uaddr & ~7ULL) - 8;
	case PAR_SHAPE_CONDVAR:
		return uaddr & ~7ULL;
	case PAR_SHAPE_BARRIER:
		return uaddr - 4;
	default:
		return uaddr;
	}
}

#endif
