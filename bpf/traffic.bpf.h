/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What a system call moved, and through which channel. */
#ifndef TRAFFIC_BPF_H
#define TRAFFIC_BPF_H

#include "core.bpf.h"

/*
 * The short way to account call @sysno of @task, the thread at hand, which returned @ret.
 * False: it takes the long one. That is @ret bytes, through the file that @t used before.
 */
bool traffic_again(struct task_struct *task, struct thread *t, struct pt_regs *regs,
		   __u32 sysno, long ret) __hidden;

/*
 * Add @what's messages and bytes to those of @what's file, for process @tgid. A global
 * function, so that it is verified once and not with each caller; its result says nothing.
 */
int traffic_add(const struct par_traffic_count *what, __u32 tgid, bool is_write);

/*
 * The last of @t: what it has on its own account becomes the tables'. Nothing may be
 * accounted for @t at the same time. A global function; its result says nothing.
 */
int traffic_flush(struct thread *t);

/*
 * Account what call @sysno of the thread at hand, @t, which returned @ret >= 0, moved. Returns how
 * many bytes that was, through a channel or not.
 */
__u64 traffic_count(struct thread *t, struct pt_regs *regs, __u32 sysno,
		    long ret) __hidden;

#endif
