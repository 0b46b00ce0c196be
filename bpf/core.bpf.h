/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What every program shares: the configuration, a thread's state and the ring.
 * The maps behind them are private to core.bpf.c.
 */
#ifndef CORE_BPF_H
#define CORE_BPF_H

#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#include "par_config.h"
#include "par_event.h"
#include "par_shared.h"

extern const struct par_config config;
extern struct par_shared shared;
extern struct par_pidns pidns;

/*
 * Of a function that runs at each switch or system call. A call costs 7 ns where the kernel
 * guards all returns against misprediction, which is more than most such functions do: they are
 * copied into their callers, as far as these are compiled with them (hot.bpf.c).
 */
#define __hot __attribute__((always_inline))

enum phase {
	PHASE_UNKNOWN,		/* alive at attach, and not switched since */
	PHASE_RUNNING,
	PHASE_OFF,		/* @off, and @cause unless it is still runnable, are set */
	PHASE_DEAD,
	PHASE_DEAD_UNTOLD,	/* there was no room for its last record */
};

/* The file that a thread's calls met last: see file.bpf.h. */
struct file_cache {
	__u64 file;		/* address of the struct file */
	__u64 ino, ops;		/* these tell it from its successor at the same address */
	struct par_file_ref ref;
	__u8 is_steady;		/* @ref is true for as long as all of these are the same */
	__u8 pad[7];
};

/*
 * What the thread's calls moved one way through the file that they used last, and that the
 * tables do not have yet: see traffic.bpf.c.
 */
struct moved {
	__u64 file;		/* address of the struct file; 0: none that is worth it */
	__u64 bytes;
	__u32 messages;		/* fewer than PAR_MOVED_MAX */
	__u32 pad;
	struct par_file_ref ref;
};

/* Where a datagram goes that is sent by address: user space's pointer, and its length. */
struct address {
	__u64 at;
	__u32 len, pad;
};

/* What the call at hand moved: here, as the stack has no room for it. */
struct move {
	__u64 fd;
	__u64 messages, bytes;
	struct address to;	/* of what is sent; 0: not said */
};

/* Has it the GIL? Since @since_ns, of the watch that began at @begin_ns. */
struct gil_state {
	__u64 begin_ns;
	__u64 since_ns;			/* what it ran before is accounted for */
	__u64 unknown_ns;		/* it ran before anything told */
	__u8 known;
	__u8 released;
	__u8 pad[6];
};

/* Its last call of CPython's parking lot. */
struct park_state {
	__u64 addr;			/* the lock */
	__u64 sp;			/* the stack pointer then; 0: no such call */
};

/* How a process's main thread starts up: see startup.bpf.h. */
struct startup {
	__u64 base_ns;		/* the thread's CPU time at the fork or exec */
	__u64 load_ns;		/* CPU time from then to the last piece of code that it loaded */
	__u32 feed_fd;		/* the inherited pipe it read from last; 0: none */
	__u8 has_pipes;		/* has made some itself: they cannot be told from inherited ones */
};

/* The lock inside the kernel that a thread sleeps for: see klock.bpf.c. */
struct klock_wait {
	__u64 lock;		/* its address; 0: none */
	__u64 ip;		/* who wants it */
	__u32 flags;		/* LCB_F_* */
};

/* How long its group had been throttled when a thread became runnable: throttle.bpf.c. */
struct throttle_mark {
	__u64 cfs_rq;		/* the group's run queue; 0: no mark */
	__u64 stood_ns;
};

/* A call of the function that --request names: see request.bpf.c. */
struct request_call {
	__u64 begin_ns;		/* of the outermost one; 0: none is open */
	__u64 sp;		/* the stack pointer at its entry */
};

#define POLL_MAX 64		/* descriptors that are looked at; a set may have more */

/* An event loop's turn: see loop.bpf.h. */
struct loop_state {
	__u64 start_ns;		/* of the turn at hand; 0: none */
	__u64 queue_ns;		/* of it: runnable, not on a CPU */
	__u64 blocked_ns;	/* ... blocked */
	__u32 turns;		/* ended so far */
	__u8 seen;		/* has polled */
	__u8 by_epoll;		/* ... by epoll or io_uring: other polls are none of the loop's */
	__u8 pad[2];
};

/* What is to be found out at a wake-up, beside who woke it: only that moment tells. */
#define ASK_POLL	0x01	/* which of @poll ended the wait */
#define ASK_URING	0x02	/* which request of an io_uring did */
#define ASK_SENDER	0x04	/* does the waker send a datagram? */
#define ASK_FUTEX	0x08	/* is the waker in a futex call on the same word? */

/* What a poll waits for: see poll.bpf.h. */
struct poll_set {
	__u32 cnt, pad;
	__u64 entry[POLL_MAX];	/* the struct file's address | POLL_* */
};

/*
 * A traced thread, from its birth (or the attach) to its reaping. A thread
 * without one is not traced: this is the filter. What each cycle touches comes first, and
 * together: each cache line more costs as much as a dozen instructions.
 */
struct thread {
	__u64 in_ns;			/* last time it came to a CPU */
	__u64 exec_ns;			/* its CPU time when it last left, or at attach */
	/*
	 * A wake-up seen while it still ran. It counts if the thread was past the
	 * point of no return and merely had not reached sched_switch yet.
	 */
	__u64 early_ns;
	__u32 early_tid;
	__u16 early_cpu;
	__u8 early_flags;
	__u8 phase;			/* enum phase */
	struct par_off off;
	struct par_cause cause;
	__u64 regs;			/* where its struct pt_regs is; 0: not asked yet */
	__u8 asks;			/* ASK_* */
	__u8 is_young;			/* @startup is not over */
	__u8 pad[6];
	__u32 tid, tgid;		/* see pidns.bpf.h */
	struct par_missed missed;	/* see missed.bpf.h */
	struct klock_wait klock;
	struct throttle_mark throttle;
	struct loop_state loop;
	struct file_cache file;
	struct moved moved[2];		/* read, written */
	struct move move;
	struct startup startup;
	struct gil_state gil;
	struct park_state park;
	struct request_call request;
	struct poll_set poll;
};

/* NULL: not traced. */
struct thread *thread_find(struct task_struct *task) __hidden;

/* Start tracing @task. NULL, and counted: no memory. */
struct thread *thread_get(struct task_struct *task) __hidden;

/* @task is about to be freed. */
void thread_forget(struct task_struct *task) __hidden;

/* The ring of the CPU at hand. NULL if there is none, which never happens. */
void *ring_here(void) __hidden;

/* Likewise its lane, if config.has_lanes. */
struct par_lane *lane_here(void) __hidden;

void drop(enum par_drop why) __hidden;

/*
 * To find out whether the thread at hand is traced costs more than all else that is done for most
 * calls. So it is kept where the registers are of the one whose call returned last on this CPU:
 * that place is its own while it lives. @stranger, if it is not traced: whoever is traced and comes
 * to the CPU makes this 0. @known, if it is, and not young: this is 0 once it leaves the CPU.
 */
static __always_inline struct par_cpu_slot *slot_of(__u32 cpu)
{
	return &shared.cpus[cpu & (PAR_CPU_CNT - 1)];
}

static __always_inline struct par_cpu_slot *slot_here(void)
{
	return slot_of(bpf_get_smp_processor_id());
}

/*
 * PAR_CALL_* bits of system call @sysno, and its enum par_move. The bound is hidden from clang:
 * where it knows it, it leaves it out, and the verifier does not know.
 */
static __always_inline __u32 call_of(__u32 sysno)
{
	barrier_var(sysno);
	return config.call[sysno & (PAR_SYSNO_CNT - 1)];
}

static __always_inline __u8 move_of(__u32 sysno)
{
	barrier_var(sysno);
	return config.move[sysno & (PAR_SYSNO_CNT - 1)];
}

/* Is it its process's first one? */
static __always_inline bool is_main(const struct thread *t)
{
	return t->tid == t->tgid;
}

/* Has user space seen to it that the counts stand still? */
static __always_inline bool counts_over(void)
{
	return *(volatile __u64 *)&shared.counts_over;
}

/* Is the recording over at @now_ns? */
static __always_inline bool recording_over(__u64 now_ns)
{
	return now_ns >= *(volatile __u64 *)&shared.end_ns;
}

#endif
