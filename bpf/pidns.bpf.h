/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A thread's number in its own pid namespace. What a program writes into its locks, and
 * asks futex(2) to wait for, are these.
 */
#ifndef BPF_PIDNS_BPF_H
#define BPF_PIDNS_BPF_H

#include "core.bpf.h"

/* 0: it lives in the first namespace, and has one number only. */
static __always_inline __u32 pidns_tid(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	unsigned int level = BPF_CORE_READ(pid, level);
	int nr = 0;

	if (!level)
		return 0;
	/* An array whose length and elements this kernel knows better than we do. */
	bpf_probe_read_kernel(&nr, sizeof(nr),
			      (char *)pid + bpf_core_field_offset(struct pid, numbers) +
				      level * bpf_core_type_size(struct upid) +
				      bpf_core_field_offset(struct upid, nr));
	return nr;
}

#endif
