/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What a system call moved, and through which channel. */
#ifndef TRAFFIC_BPF_H
#define TRAFFIC_BPF_H

#include "core.bpf.h"

/*
 * Account what call @sysno of the thread at hand, @t, which returned @ret >= 0, moved. Returns how
 * many bytes that was, through a channel or not.
 */
__u64 traffic_count(struct thread *t, struct pt_regs *regs, __u32 sysno,
		    long ret) __hidden;

#endif
