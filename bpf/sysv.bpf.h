/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* SysV message queues and semaphores: channels without a descriptor. */
#ifndef SYSV_BPF_H
#define SYSV_BPF_H

#include "core.bpf.h"

struct sembuf {			/* include/uapi/linux/sem.h */
	__u16 num;
	__s16 op;
	__s16 flags;
};

/* Queues and semaphores are numbered per IPC namespace, whose own number is @ref->dev. */
static __always_inline void sysv_ref_fill(struct task_struct *task, __u8 move, __u64 id,
					  struct par_file_ref *ref)
{
	ref->kind = move == PAR_MOVE_SEMOP ? PAR_FILE_SYSV_SEMAPHORE : PAR_FILE_SYSV_QUEUE;
	ref->id = (__u32)id;
	if (bpf_core_type_exists(struct ipc_namespace))
		ref->dev = BPF_CORE_READ(task, nsproxy, ipc_ns, ns.inum);
}

static __always_inline bool is_sysv(__u8 move)
{
	return move == PAR_MOVE_MSGSND || move == PAR_MOVE_MSGRCV || move == PAR_MOVE_SEMOP;
}

/* Does a semop(2) release, going by the first of its operations? Otherwise it acquires. */
static __always_inline bool sysv_semop_posts(__u64 sembufs)
{
	struct sembuf first = {};

	bpf_probe_read_user(&first, sizeof(first), (const void *)sembufs);
	return first.op > 0;
}

#endif
