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

#define PAR_SYSNO_CNT 1024	/* a power of two above every native system call number */

/* par_config.call[]: what the arguments of a system call mean. */
#define PAR_CALL_FD	0x01	/* args[0] is a descriptor */
#define PAR_CALL_POLL	0x02	/* args[0] is an array of struct pollfd, args[1] its length */
#define PAR_CALL_FUTEX	0x04	/* args[0] is the address of a futex */
#define PAR_CALL_FORKS	0x08	/* returns a second time, with 0, in the child */
#define PAR_CALL_READS	0x10	/* returns how many bytes came in */
#define PAR_CALL_WRITES	0x20	/* returns how many bytes went out */
#define PAR_CALL_WAKES	0x40	/* returns how many threads were woken, for some operations */

/* ... and args[n] is how long to wait at most */
#define PAR_CALL_TIMEOUT(unit, n)	((unit) << 8 | (n) << 10)
#define PAR_CALL_TIMEOUT_UNIT(call)	((call) >> 8 & 3)
#define PAR_CALL_TIMEOUT_ARG(call)	((call) >> 10 & 7)
#define PAR_UNIT_MS		1	/* an int, in milliseconds; negative: no limit */
#define PAR_UNIT_TIMESPEC	2	/* a pointer, or NULL */
#define PAR_UNIT_TIMEVAL	3	/* a pointer, or NULL */

struct par_config {
	__u16 call[PAR_SYSNO_CNT];	/* PAR_CALL_* */
	__u32 ring_mask;	/* CPU & ring_mask is its ring buffer */
	__u32 self_tgid;	/* never traced */
	__u32 page_bytes;
	__u8 follow_children;
	__u8 trace_all;
	__u8 switch_has_state;	/* sched_switch passes prev's state itself, from 5.18 on */
	__u8 pad;
};

#endif
