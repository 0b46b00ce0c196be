/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The records that the BPF programs put into the ring, one struct per kind.
 * Both sides of the ring include this file, so: fixed-width types only.
 *
 * Both sides are of one build, and no record leaves the machine: the layout may change
 * with any commit. Times are CLOCK_MONOTONIC nanoseconds. Thread and process ids are
 * those of the pid namespace that partrace runs in.
 */
#ifndef PAR_EVENT_H
#define PAR_EVENT_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/* The id of a thread that lives outside of that namespace, and has none in it. */
#define PAR_TID_OUTSIDE 0x7fffffffu

#define PAR_COMM_LEN 16
#define PAR_PATH_LEN 128

enum par_kind {
	PAR_NONE	= 0,
	PAR_CYCLE	= 1,	/* a thread is back on a CPU */
	PAR_TASK	= 2,	/* a thread that was alive at attach */
	PAR_OPEN	= 3,	/* a thread that is alive at the end: its open cycle */
	PAR_FORK	= 4,
	PAR_EXEC	= 5,
	PAR_RENAME	= 6,
	PAR_EXIT	= 7,	/* a thread left its CPU for the last time */
	PAR_FREE	= 8,	/* a thread was reaped whose PAR_EXIT could not be written */
	PAR_STARTUP	= 9,	/* a step of a process's start-up */
	PAR_TURN	= 10,	/* a long turn of an event loop has ended */
	PAR_REQUEST	= 11,	/* a request was answered; its time lies before hdr.ts_ns */
	PAR_MISSED	= 12,	/* what a thread's cycles came to for which there was no room */

	PAR_KIND_CNT,
};

struct par_hdr {
	__u64 ts_ns;
	__u32 tid;		/* whom the record is about */
	__u16 cpu;		/* where it was written */
	__u8  kind;		/* enum par_kind */
	__u8  flags;		/* by kind */
};

/* What a descriptor stands for. */
enum par_file {
	PAR_FILE_NONE		= 0,	/* no descriptor, or it is gone */
	PAR_FILE_REGULAR	= 1,
	PAR_FILE_DIRECTORY	= 2,
	PAR_FILE_BLOCK		= 3,
	PAR_FILE_CHAR		= 4,
	PAR_FILE_TTY		= 5,
	PAR_FILE_PIPE		= 6,
	PAR_FILE_FIFO		= 7,
	PAR_FILE_UNIX		= 8,
	PAR_FILE_TCP		= 9,
	PAR_FILE_UDP		= 10,
	PAR_FILE_SOCKET		= 11,	/* any other socket */
	PAR_FILE_EVENTFD	= 12,
	PAR_FILE_SIGNALFD	= 13,
	PAR_FILE_TIMERFD	= 14,
	PAR_FILE_INOTIFY	= 15,
	PAR_FILE_EPOLL		= 16,
	PAR_FILE_PIDFD		= 17,
	PAR_FILE_MQUEUE		= 18,
	PAR_FILE_IO_URING	= 19,
	PAR_FILE_OTHER		= 20,
	PAR_FILE_SYSV_QUEUE	= 21,	/* no descriptor: @id is the queue's */
	PAR_FILE_SYSV_SEMAPHORE	= 22,

	PAR_FILE_CNT,
};

/* par_file_ref.flags */
#define PAR_FILE_LISTENS	0x01	/* a listening socket */
#define PAR_FILE_LOOPBACK	0x02	/* both ends of the connection are on this machine */
#define PAR_FILE_SERVED		0x04	/* a socket that others come to: accepted, or bound to a name */
#define PAR_FILE_IPV6		0x08
/*
 * UNIX datagrams that find their way by a name: @peer_id is a hash of the name that
 * the receiving socket is bound to. In what sends them, of the receiver's; else its own.
 */
#define PAR_FILE_NAMED		0x10

/*
 * The object behind a descriptor, so that nobody has to ask /proc for it after
 * the fact. @id is the inode number; anonymous inodes share one, and get the
 * address of their struct file instead, which never leaves this machine.
 */
struct par_file_ref {
	__u64 id;
	__u16 lport, rport;		/* TCP, UDP; host byte order */
	__u8  kind;			/* enum par_file */
	__u8  flags;			/* PAR_FILE_* bits */
	/*
	 * TCP, UDP: tells apart what has the same ports: a hash of the network namespace
	 * and, for TCP, of both addresses, the same at both ends.
	 */
	__u16 net;
	union {
		struct {
			__u64 peer_id;	/* UNIX: the peer's inode, 0 if it is not connected */
			__u32 peer_pid;	/* UNIX: who connected it or listened, as SO_PEERCRED says */
			__u32 dev;	/* what has a path: its file system's dev_t */
		};
		__u8  raddr[16];	/* TCP, UDP: remote address, IPv4 in the first four */
	};
};

/* par_cause.flags */
#define PAR_CAUSE_IOWAIT	0x01	/* in_iowait was set: the kernel waits for block I/O */
#define PAR_CAUSE_KTHREAD	0x02	/* never in user space: no system call to speak of */
#define PAR_CAUSE_FAULT		0x04	/* came through an exception, not a system call */
#define PAR_CAUSE_COMPAT	0x08	/* a 32-bit system call that 64-bit programs lack: @sysno is of that table */
#define PAR_CAUSE_READY		0x10	/* polls: @file was ready at the wake-up */
#define PAR_CAUSE_LOOKED	0x20	/* @owner_tid is as of hdr.ts_ns, not of when it left its CPU */
#define PAR_CAUSE_POLLED	0x40	/* polls: @file is one of many, and args[0] not its descriptor */
#define PAR_CAUSE_KLOCK		0x80	/* @klock is known, even if it is PAR_KLOCK_NONE */

/* What lies around the word that a futex call waits on: par_cause.shape. */
enum par_shape {
	PAR_SHAPE_UNKNOWN	= 0,
	PAR_SHAPE_MUTEX		= 1,
	PAR_SHAPE_RWLOCK	= 2,
	PAR_SHAPE_SEMAPHORE	= 3,
	PAR_SHAPE_CONDVAR	= 4,
	PAR_SHAPE_BARRIER	= 5,
	PAR_SHAPE_STACK		= 6,	/* on the waiter's own stack: says nothing of the lock */
	PAR_SHAPE_PARKED	= 7,	/* CPython's parking lot: @lock_addr is the lock */
	PAR_SHAPE_GIL		= 8,	/* a GIL's condition variable, at @lock_addr */
	PAR_SHAPE_GVL		= 9,	/* Ruby's condition variable, with the mutex at @lock_addr */

	PAR_SHAPE_CNT,
};

/* A lock inside the kernel: par_cause.klock. */
enum par_klock {
	PAR_KLOCK_NONE		= 0,
	PAR_KLOCK_OTHER		= 1,
	PAR_KLOCK_MUTEX		= 2,
	PAR_KLOCK_READ		= 3,	/* rwsem, for reading */
	PAR_KLOCK_WRITE		= 4,	/* rwsem, for writing */
	PAR_KLOCK_MMAP		= 5,	/* mmap_lock of the thread's own process, either way */
	PAR_KLOCK_FILE		= 6,	/* the lock inside @file's inode or pipe */
	PAR_KLOCK_TABLE		= 7,	/* the process's table of descriptors, while it grows */

	PAR_KLOCK_CNT,
};

#define PAR_NO_SYSCALL (-1)

/*
 * Why a thread left its CPU, from the registers it entered the kernel with.
 * Filled for every switch that is not a preemption.
 */
struct par_cause {
	__s32 sysno;		/* PAR_NO_SYSCALL: page fault or kernel thread */
	__u32 owner_tid;	/* who holds the lock, as the lock itself says; 0: it does not */
	__u8  flags;		/* PAR_CAUSE_* */
	__u8  shape;		/* enum par_shape */
	__u8  klock;		/* enum par_klock */
	__u8  polled;		/* poll, select: descriptors looked at; 0: epoll, not known, or no poll */
	__u32 block_dev;	/* dev_t of the block request whose end woke it; 0: none */
	struct par_file_ref file; /* args[0]'s, when the call takes a descriptor there */
	__u64 args[5];		/* system call arguments; of PAR_CALL_MOVES only the first */
	__u64 timeout_ns;	/* polls: how long at most; 0: not known, or no limit */
	__u64 lock_addr;	/* PAR_SHAPE_PARKED, PAR_KLOCK_*: the lock */
	__u64 lock_ip;		/* PAR_KLOCK_*: the function in the kernel that wants it */
};

/* par_cycle.out_flags, and par_hdr.flags of PAR_TASK and PAR_OPEN */
#define PAR_OUT_PREEMPT		0x01	/* wanted to go on running */
#define PAR_OUT_NEW		0x02	/* first time on a CPU: out_ns is the fork */
#define PAR_OUT_SNAPSHOT	0x04	/* blocked or queued since before the attach */
#define PAR_OUT_RUNNING		0x08	/* PAR_TASK, PAR_OPEN: on a CPU */
#define PAR_OUT_READY		0x10	/* PAR_TASK, PAR_OPEN: on a run queue */
#define PAR_OUT_THROTTLED	0x20	/* PAR_TASK, PAR_OPEN: READY, but its cgroup is out of quota */

/* par_cycle.wake_flags */
#define PAR_WAKE_SAME_FUTEX	0x01	/* the waker was in a futex call on the same word */
#define PAR_WAKE_IDLE		0x02	/* an interrupt woke it out of the idle task */

/* How and when a thread left its CPU and was woken. */
struct par_off {
	__u64 out_ns;
	__u64 wake_ns;		/* 0: no wake-up was seen */
	__u32 waker_tid;
	__u16 out_cpu;		/* PAR_TASK, PAR_OPEN: the CPU it is on, or was last */
	__u16 waker_cpu;
	__u16 out_state;	/* task->__state when it left; 0 = runnable */
	__u8  out_flags;	/* PAR_OUT_* */
	__u8  wake_flags;	/* PAR_WAKE_* */
	__u32 ran_ns;		/* on a CPU until out_ns; 0: not known, or too long for 32 bits */
};

/*
 * What a CPU did since a traced task last left it. One of these goes with the
 * next traced task that comes, so that each CPU's time line is written in order
 * and without gaps.
 */
struct par_cpu_gap {
	__u64 out_ns;		/* 0: nobody traced has run here yet */
	__u32 out_tid;		/* who left then */
	__u32 next_tid;		/* who followed it; 0 is the idle task */
	__u16 out_state;	/* task->__state, like par_off */
	__u8  out_flags;	/* PAR_OUT_PREEMPT */
	__u8  prev_state;	/* in which state that one left: the low byte of task->__state */
	__u32 prev_tid;		/* who ran just before hdr.tid came */
};

/* One scheduling cycle. hdr.ts_ns: hdr.tid runs again, on hdr.cpu. */
struct par_cycle {
	struct par_hdr hdr;
	struct par_off off;
	struct par_cpu_gap gap;
	__u32 tgid;
	__u32 throttled_us;	/* of the time since out_ns: held back by the cgroup's quota */
	struct par_cause cause;
};

/*
 * Most cycles need less, and are cut off there: what is missing is 0. There is no cause
 * at all when PAR_OUT_PREEMPT or PAR_OUT_NEW is set.
 */
#define PAR_CYCLE_BARE_BYTES	__builtin_offsetof(struct par_cycle, cause)
#define PAR_CYCLE_SHORT_BYTES	__builtin_offsetof(struct par_cycle, cause.args[1])

/* Sums over cycles of one thread that were not recorded. */
struct par_missed {
	__u32 voluntary, involuntary;	/* how many, by how they left the CPU */
	__u64 ran_ns, blocked_ns, queue_ns;
};

/* They lie between the thread's last cycle and its next record, which follows. */
struct par_missed_cycles {
	struct par_hdr hdr;
	__u32 tgid;
	__u32 pad;
	struct par_missed missed;
};

/* PAR_TASK, PAR_OPEN. hdr.flags: PAR_OUT_*; neither RUNNING nor READY: blocked. */
struct par_task {
	struct par_hdr hdr;
	struct par_off off;
	__u32 tgid;
	__u32 ppid;
	__u64 start_ns;		/* task->start_time */
	__u64 utime_ns;
	__u64 stime_ns;
	__u64 min_flt, maj_flt;
	char  comm[PAR_COMM_LEN];
	struct par_cause cause;
	/* PAR_OPEN: the turn that it is in since @turn_ns; 0: none. See struct par_turn. */
	__u64 turn_ns;
	__u64 turn_queue_ns, turn_blocked_ns;
	__u32 turns;
	__u32 ns_tid;		/* in its own pid namespace; 0: that is partrace's */
};

/* hdr.flags of PAR_FORK */
#define PAR_FORK_SHARES_VM	0x01	/* a process in its parent's memory: vfork, posix_spawn */

/* hdr.tid is the thread that called clone. */
struct par_fork {
	struct par_hdr hdr;
	__u32 tgid;
	__u32 child_tid;
	__u32 child_tgid;
	__u32 child_ns_tid;	/* as par_task's */
	char  comm[PAR_COMM_LEN];
};

/* hdr.tid is the process id; @old_tid the thread that called exec. */
struct par_exec {
	struct par_hdr hdr;
	__u32 old_tid;
	__u32 maxrss_kib;	/* the most it had until now, which its old program used */
	char  comm[PAR_COMM_LEN];
	char  path[PAR_PATH_LEN];
};

struct par_rename {
	struct par_hdr hdr;
	__u32 tgid;
	__u32 pad;
	char  comm[PAR_COMM_LEN];
};

/* hdr.flags of PAR_EXIT */
#define PAR_EXIT_PROCESS	0x01	/* the last thread of its process */

struct par_exit {
	struct par_hdr hdr;
	__u32 tgid;
	__u32 exit_code;	/* as wait(2) gives it */
	__u64 utime_ns;
	__u64 stime_ns;
	__u64 min_flt, maj_flt;
	__u64 maxrss_bytes;	/* of the process; with PAR_EXIT_PROCESS only, else 0 */
	__u64 turn_ns;		/* since when it has not polled any more; 0: it never did */
	__u32 turns;		/* see struct par_turn */
	__u32 pad;
	char  comm[PAR_COMM_LEN]; /* its last name: a PAR_RENAME may be missing */
};

struct par_free {
	struct par_hdr hdr;
	__u32 tgid;
	__u32 pad;
};

/* hdr.flags of PAR_STARTUP */
#define PAR_STARTUP_LOADED	0x01	/* a piece of code came in: library, module */
#define PAR_STARTUP_FED		0x02	/* closed the pipe that it was told through what to do */

/* hdr.tid is a process's main thread, soon after a fork or an exec. */
struct par_startup {
	struct par_hdr hdr;
	__u32 tgid;
	__u32 pad;
};

/* hdr.flags of PAR_TURN */
#define PAR_TURN_FIRST		0x01	/* its first poll has returned: no turn has ended yet */
#define PAR_TURN_EPOLL		0x02	/* polls by epoll or io_uring, not by poll or select */

/*
 * From the return of a poll on several descriptors to the start of the next one
 * a loop serves nobody else: that is a turn. Told are those of PAR_TURN_MIN_NS and
 * longer. hdr.ts_ns: its end.
 */
struct par_turn {
	struct par_hdr hdr;
	__u64 start_ns;
	__u64 queue_ns;		/* of it: runnable, not on a CPU */
	__u64 blocked_ns;	/* ... blocked; the rest was on a CPU */
	__u32 tgid;
	__u32 turns;		/* of this thread so far, short ones included */
};

#define PAR_TURN_MIN_NS 1000000
/* par_request.kind: what made it a request */
enum par_request_kind {
	PAR_REQUEST_TCP		= 0,	/* served connections: data came, was read, was answered */
	PAR_REQUEST_UNIX	= 1,
	PAR_REQUEST_FUNCTION	= 2,	/* --request: a call of that function */

	PAR_REQUEST_KIND_CNT
};

/*
 * hdr.tid read it, or called the function. @begin_ns <= @read_ns <= @end_ns, except
 * that the clocks of two CPUs may differ by a little.
 */
struct par_request {
	struct par_hdr hdr;
	__u64 begin_ns;		/* the data came, as far as that was seen; the call */
	__u64 read_ns;		/* somebody read from it; the call */
	__u64 end_ns;		/* the last write of the reply; the return */
	__u32 tgid;		/* hdr.tid's */
	__u32 end_tid;		/* who wrote that */
	__u16 lport;		/* TCP: the port that is served; else 0 */
	__u8  kind;		/* enum par_request_kind */
	__u8  pad[5];
};

#endif
