/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The knobs of the BPF programs: one struct, set before load and read-only from
 * then on, so that the verifier prunes what is switched off.
 */
#ifndef PAR_CONFIG_H
#define PAR_CONFIG_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define PAR_COMPAT_CNT 512	/* the same for the calls of 32-bit programs */
#define PAR_SYSNO_CNT 1024	/* a power of two above every native system call number */

/* par_config.call[]: what the arguments of a system call mean. */
#define PAR_CALL_FD	0x01	/* args[0] is a descriptor */
#define PAR_CALL_POLL	0x02	/* args[0] is an array of struct pollfd, args[1] its length */
#define PAR_CALL_FUTEX	0x04	/* args[0] is the address of a futex */
#define PAR_CALL_FORKS	0x08	/* returns a second time, with 0, in the child */
#define PAR_CALL_MOVES	0x10	/* moves bytes or messages: par_config.move[] says how */
#define PAR_CALL_LOOP	0x20	/* waits for many things at once: an event loop may be built on it */
#define PAR_CALL_WAKES	0x40	/* returns how many threads were woken, for some operations */
#define PAR_CALL_SELECT	0x80	/* args[0] is a number of descriptors, args[1 … 3] are sets of them */
#define PAR_CALL_FUTEX2	0x2000	/* ... in the manner of futex_wait(2): the value is args[1] */
#define PAR_CALL_FUTEXV	0x4000	/* args[0] is an array of struct futex_waitv */
#define PAR_CALL_ACCEPTS 0x8000	/* returns a connection that came to the listening socket args[0] */
#define PAR_CALL_OPENS	0x10000	/* may make descriptors */

/* ... and args[n] is how long to wait at most */
#define PAR_CALL_TIMEOUT(unit, n)	((unit) << 8 | (n) << 10)
#define PAR_CALL_TIMEOUT_UNIT(call)	((call) >> 8 & 3)
#define PAR_CALL_TIMEOUT_ARG(call)	((call) >> 10 & 7)
#define PAR_UNIT_MS		1	/* an int, in milliseconds; negative: no limit */
#define PAR_UNIT_TIMESPEC	2	/* a pointer, or NULL */
#define PAR_UNIT_TIMEVAL	3	/* a pointer, or NULL */

/*
 * par_config.move[]: through what a call moves data, and where it says how much.
 * Mostly args[0] is the descriptor, and the result is the number of bytes.
 */
enum par_move {
	PAR_MOVE_NONE		= 0,
	PAR_MOVE_READ		= 1,
	PAR_MOVE_WRITE		= 2,
	PAR_MOVE_RECVFROM	= 3,
	PAR_MOVE_RECVMSG	= 4,
	PAR_MOVE_RECVMMSG	= 5,	/* the result counts messages */
	PAR_MOVE_SENDTO		= 6,
	PAR_MOVE_SENDMSG	= 7,
	PAR_MOVE_SENDMMSG	= 8,	/* likewise */
	PAR_MOVE_SENDFILE	= 9,	/* to args[0], from args[1] */
	PAR_MOVE_SPLICE		= 10,	/* from args[0], to args[2] */
	PAR_MOVE_TEE		= 11,	/* to args[1]; what is in args[0] stays there */
	PAR_MOVE_VMSPLICE	= 12,	/* whether to or from args[0] depends on the end it is */
	PAR_MOVE_MQ_SEND	= 13,	/* args[2] bytes */
	PAR_MOVE_MSGSND		= 14,	/* args[2] bytes to queue args[0] */
	PAR_MOVE_MSGRCV		= 15,	/* from queue args[0] */
	PAR_MOVE_SEMOP		= 16,	/* on semaphore set args[0]: no bytes */
};

/* System calls by which a process starts up; -1: this architecture has none of that name. */
struct par_startup_calls {
	__s16 open, openat, mmap, read, close, pipe, pipe2;
	__s16 pad;
};

/* A number that no system call has: a 32-bit call without a 64-bit equal. */
#define PAR_SYSNO_NONE (PAR_SYSNO_CNT - 1)

struct par_config {
	__u32 call[PAR_SYSNO_CNT];	/* PAR_CALL_* */
	__u8 move[PAR_SYSNO_CNT];	/* enum par_move */
	__u16 compat[PAR_COMPAT_CNT];	/* 32-bit calls' 64-bit numbers, or PAR_SYSNO_NONE */
	__u32 ring_mask;	/* CPU & ring_mask is its ring buffer */
	__u32 lane_mask;	/* position & lane_mask is its place in a lane: see bpf/lane.bpf.h */
	__u32 self_tgid;	/* never traced */
	__u32 page_bytes;
	__u8 follow_children;
	__u8 trace_all;
	__u8 switch_has_state;	/* sched_switch passes prev's state itself, from 5.18 on */
	__u8 klocks;		/* the kernel tells of its locks */
	__u8 blocks;		/* block requests are looked at */
	__u8 requests;		/* requests of served connections are */
	__u8 has_cast;		/* addresses can be given a type: bpf_rdonly_cast, from 6.2 on */
	__u8 has_storage;	/* tasks have storage: 5.11, on most CPUs */
	__u8 has_task_type;	/* the verifier knows the type of the task at hand: 5.11 */
	__u8 has_task_regs;	/* the helper bpf_task_pt_regs: 5.15 */
	__u8 block_args;	/* block_getrq and the like name the queue first: before 5.11 */
	__u8 calls;		/* system calls are looked at as they return */
	__u8 in_pidns;		/* partrace runs inside of a pid namespace: see par_pidns */
	__u8 has_lanes;		/* cycles are told there, not in ring buffers */
	__u8 is_preemptible;	/* a thread may be preempted within a program, and others pass it over: 7.0 */
	__u8 pad[1];
	struct par_startup_calls startup;
};

#endif
