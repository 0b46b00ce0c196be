// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Owns nothing; see ready.bpf.h. Each kind of file is looked at as its own poll
 * operation does (fs/pipe.c, fs/eventfd.c, net/ipv4/tcp.c and so on). Whoever wakes
 * a poll does so after it has changed that state: signals alone come too early.
 */
#include "ready.bpf.h"

#include "file.bpf.h"

#define RCV_SHUTDOWN	1	/* include/net/sock.h */
#define TCP_SYN_SENT	2	/* include/net/tcp_states.h */
#define PIDTYPE_TGID	1	/* include/linux/pid_types.h */
#define EVENTFD_MAX	(~0ULL)	/* what its count never reaches */

static __always_inline bool pipe_ready(struct pipe_inode_info *pipe, __u64 how)
{
	__u32 used = kernel_read(pipe, head) - kernel_read(pipe, tail);

	if ((how & POLL_IN) && (used || !kernel_read(pipe, writers)))
		return true;
	return (how & POLL_OUT) &&
	       (used < kernel_read(pipe, max_usage) || !kernel_read(pipe, readers));
}

static __always_inline bool eventfd_ready(struct eventfd_ctx *ctx, __u64 how)
{
	__u64 count = kernel_read(ctx, count);

	return ((how & POLL_IN) && count) || ((how & POLL_OUT) && count < EVENTFD_MAX - 1);
}

static __always_inline bool pidfd_ready(struct file *file)
{
	struct inode *inode = kernel_read(file, f_inode);
	struct hlist_node *node;
	struct task_struct *task;
	struct pid *pid;

	/* pidfs keeps it in the inode, from 6.9 on; before, it was the file's. */
	pid = kernel_read(file, private_data);
	if (!pid)
		pid = kernel_read(inode, i_private);
	node = kernel_read(pid, tasks[PIDTYPE_TGID].first);
	if (!node)
		return true;
	task = (void *)node - bpf_core_field_offset(struct task_struct, pid_links) -
	       PIDTYPE_TGID * bpf_core_type_size(struct hlist_node);
	return kernel_read(task, exit_state);
}

static __always_inline bool mqueue_ready(struct inode *inode, __u64 how)
{
	struct mqueue_inode_info *info;
	long have;

	if (!bpf_core_type_exists(struct mqueue_inode_info))
		return false;
	info = (void *)inode - bpf_core_field_offset(struct mqueue_inode_info, vfs_inode);
	have = kernel_read(info, attr.mq_curmsgs);
	return ((how & POLL_IN) && have) ||
	       ((how & POLL_OUT) && have < kernel_read(info, attr.mq_maxmsg));
}

static __always_inline bool tty_ready(struct file *file)
{
	struct tty_file_private *priv = kernel_read(file, private_data);
	struct n_tty_data *data = kernel_read(kernel_read(priv, tty), disc_data);

	return kernel_read(data, commit_head) != kernel_read(data, read_tail);
}

static __always_inline bool can_send(struct sock *sk, bool is_tcp)
{
	int queued = kernel_read(sk, sk_wmem_queued), room = kernel_read(sk, sk_sndbuf);

	if (is_tcp)
		return kernel_read(sk, __sk_common.skc_state) != TCP_SYN_SENT &&
		       queued + (queued >> 1) <= room;
	return kernel_read(sk, sk_wmem_alloc.refs.counter) << 2 <= room;
}

static __always_inline bool has_data(struct sock *sk, bool is_tcp)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;

	if ((kernel_read(sk, sk_shutdown) & RCV_SHUTDOWN) || kernel_read(sk, sk_err))
		return true;
	if (is_tcp)
		return kernel_read(tp, rcv_nxt) != kernel_read(tp, copied_seq);
	return kernel_read(sk, sk_receive_queue.qlen);
}

static __always_inline __u32 socket_score(struct file *file, __u64 how)
{
	struct socket *socket = kernel_read(file, private_data);
	struct sock *sk = kernel_read(socket, sk);
	bool is_tcp, ready;
	__u32 rank;

	if (!sk)
		return SCORE_NONE;
	if (socket_listens(sk)) {
		ready = kernel_read(sk, sk_ack_backlog) || kernel_read(sk, sk_receive_queue.qlen);
		return (ready ? SCORE_READY : SCORE_WAITING) + RANK_SERVED;
	}
	is_tcp = socket_is_tcp(sk);
	rank = socket_is_served(sk) ? RANK_SERVED : RANK_SOCKET;
	ready = ((how & POLL_IN) && has_data(sk, is_tcp)) ||
		((how & POLL_OUT) && can_send(sk, is_tcp));
	return (ready ? SCORE_READY : SCORE_WAITING) + rank;
}

static __always_inline bool rest_ready(struct file *file, struct inode *inode, __u8 kind,
				       __u64 how)
{
	void *data = kernel_read(file, private_data);

	switch (kind) {
	case PAR_FILE_PIPE:
	case PAR_FILE_FIFO:
		return pipe_ready(data, how);
	case PAR_FILE_EVENTFD:
		return eventfd_ready(data, how);
	case PAR_FILE_INOTIFY:
		return kernel_read((struct fsnotify_group *)data, q_len);
	case PAR_FILE_EPOLL:
		return file_epoll_first((__u64)file);
	case PAR_FILE_MQUEUE:
		return mqueue_ready(inode, how);
	case PAR_FILE_PIDFD:
		return pidfd_ready(file);
	case PAR_FILE_TTY:
		return tty_ready(file);
	}
	return false;
}

__noinline __u32 ready_score(__u64 entry)
{
	struct file *file = (struct file *)(entry & ~(__u64)POLL_BITS);
	struct inode *inode = kernel_read(file, f_inode);
	__u8 kind = inode ? file_kind(file, inode) : PAR_FILE_NONE;
	struct timerfd_ctx *timer;

	switch (kind) {
	case PAR_FILE_NONE:
		return SCORE_NONE;
	case PAR_FILE_SOCKET:
		return socket_score(file, entry);
	case PAR_FILE_SIGNALFD: /* its waiters are woken before the signal is there */
		return SCORE_UNKNOWN + RANK_SERVED;
	case PAR_FILE_TIMERFD:
		timer = kernel_read(file, private_data);
		return (kernel_read(timer, ticks) ? SCORE_READY : SCORE_WAITING) + RANK_TIMER;
	case PAR_FILE_CHAR:
	case PAR_FILE_OTHER:
		return SCORE_UNKNOWN + RANK_REST;
	}
	return (rest_ready(file, inode, kind, entry) ? SCORE_READY : SCORE_WAITING) + RANK_REST;
}
