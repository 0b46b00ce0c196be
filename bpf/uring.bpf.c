// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Owns nothing; see uring.bpf.h. Who submitted a request is woken to finish it: it is
 * on a list of the thread's, or of the ring's if only its owner may look at that
 * (IORING_SETUP_DEFER_TASKRUN), before the wake-up. Such lists are from 5.19 on
 * (4f57f06ce218) and called otherwise before: there, all is the loop's own idling.
 */
#include "uring.bpf.h"

#include "file.bpf.h"

/* include/uapi/linux/io_uring.h */
#define IORING_ENTER_EXT_ARG	8
#define IORING_OP_TIMEOUT	11

#define NS_PER_S 1000000000ULL

void uring_timeout_fill(struct par_cause *cause)
{
	/* struct io_uring_getevents_arg: a signal set, its size, padding, the time */
	__u64 arg[3] = {};
	__s64 t[2] = {};

	if (!(cause->args[3] & IORING_ENTER_EXT_ARG) || !cause->args[4])
		return;
	bpf_probe_read_user(arg, sizeof(arg), (void *)cause->args[4]);
	if (arg[2] && !bpf_probe_read_user(t, sizeof(t), (void *)arg[2]))
		cause->timeout_ns = t[0] * NS_PER_S + t[1];
}

static __always_inline struct llist_node *first_request(struct task_struct *task,
							struct par_cause *cause)
{
	struct file *ring = (struct file *)cause->file.id;
	struct llist_node *node = NULL;
	struct io_ring_ctx *ctx = NULL;

	/* Lists of another kind, from 7.2 on, have no first. */
	if (bpf_core_field_exists(task->io_uring->task_list.first))
		node = BPF_CORE_READ(task, io_uring, task_list.first);
	if (node || !bpf_core_field_exists(ctx->work_llist.first))
		return node;
	ctx = BPF_CORE_READ(ring, private_data);
	return BPF_CORE_READ(ctx, work_llist.first);
}

void uring_settle(struct task_struct *task, struct par_cause *cause)
{
	struct llist_node *node;
	struct io_kiocb *req;

	if (!bpf_core_field_exists(struct io_task_work, node))
		return;
	node = first_request(task, cause);
	if (!node)
		return;
	req = (void *)node - bpf_core_field_offset(struct io_kiocb, io_task_work) -
	      bpf_core_field_offset(struct io_task_work, node);
	if (BPF_CORE_READ(req, opcode) == IORING_OP_TIMEOUT) {
		cause->timeout_ns = 1; /* its own, and over */
		return;
	}
	file_ref_of((__u64)BPF_CORE_READ(req, file), &cause->file);
	cause->flags |= PAR_CAUSE_READY;
}
