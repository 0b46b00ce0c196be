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
	__u32 used = BPF_CORE_READ(pipe, head) - BPF_CORE_READ(pipe, tail);

	if ((how & POLL_IN) && (used || !BPF_CORE_READ(pipe, writers)))
		return true;
	return (how & POLL_OUT) &&
	       (used < BPF_CORE_READ(pipe, max_usage) || !BPF_CORE_READ(pipe, readers));
}

static __always_inline bool eventfd_ready(struct eventfd_ctx *ctx, __u64 how)
{
	__u64 count = BPF_CORE_READ(ctx, count);

	return ((how & POLL_IN) && count) || ((how & POLL_OUT) && count < EVENTFD_MAX - 1);
}

static __always_inline bool pidfd_ready(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct hlist_node *node;
	struct task_struct *task;
	struct pid *pid;

	/* pidfs keeps it in the inode, from 6.9 on; before, it was the file's. */
	pid = BPF_CORE_READ(file, private_data);
	if (!pid)
		pid = BPF_CORE_READ(inode, i_private);
	node = BPF_CORE_READ(pid, tasks[PIDTYPE_TGID].first);
	if (!node)
		return true;
	task = (void *)node - bpf_core_field_offset(struct task_struct, pid_links) -
	       PIDTYPE_TGID * bpf_core_type_size(struct hlist_node);
	return BPF_CORE_READ(task, exit_state);
}

static __always_inline bool mqueue_ready(struct inode *inode, __u64 how)
{
	struct mqueue_inode_info *info;
	long have;

	if (!bpf_core_type_exists(struct mqueue_inode_info))
		return false;
	info = (void *)inode - bpf_core_field_offset(struct mqueue_inode_info, vfs_inode);
	have = BPF_CORE_READ(info, attr.mq_curmsgs);
	return ((how & POLL_IN) && have) ||
	       ((how & POLL_OUT) && have < BPF_CORE_READ(info, attr.mq_maxmsg));
}

static __always_inline bool tty_ready(struct file *file)
{
	struct tty_file_private *priv = BPF_CORE_READ(file, private_data);
	struct n_tty_data *data = BPF_CORE_READ(priv, tty, disc_data);

	return BPF_CORE_READ(data, commit_head) != BPF_CORE_READ(data, read_tail);
}

static __always_inline bool can_send(struct sock *sk, bool is_tcp)
{
	int queued = BPF_CORE_READ(sk, sk_wmem_queued), room = BPF_CORE_READ(sk, sk_sndbuf);

	if (is_tcp)
		return BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_SYN_SENT &&
		       queued + (queued >> 1) <= room;
	return BPF_CORE_READ(sk, sk_wmem_alloc.refs.counter) << 2 <= room;
}

static __always_inline bool has_data(struct sock *sk, bool is_tcp)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;

	if ((BPF_CORE_READ(sk, sk_shutdown) & RCV_SHUTDOWN) || BPF_CORE_READ(sk, sk_err))
		return true;
	if (is_tcp)
		return BPF_CORE_READ(tp, rcv_nxt) != BPF_CORE_READ(tp, copied_seq);
	return BPF_CORE_READ(sk, sk_receive_queue.qlen);
}

static __always_inline __u32 socket_score(struct file *file, __u64 how)
{
	struct socket *socket = BPF_CORE_READ(file, private_data);
	struct sock *sk = BPF_CORE_READ(socket, sk);
	bool is_tcp, ready;
	__u32 rank;

	if (!sk)
		return SCORE_NONE;
	if (socket_listens(sk)) {
		ready = BPF_CORE_READ(sk, sk_ack_backlog) ||
			BPF_CORE_READ(sk, sk_receive_queue.qlen);
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
	void *data = BPF_CORE_READ(file, private_data);

	switch (kind) {
	case PAR_FILE_PIPE:
	case PAR_FILE_FIFO:
		return pipe_ready(data, how);
	case PAR_FILE_EVENTFD:
		return eventfd_ready(data, how);
	case PAR_FILE_INOTIFY:
		return BPF_CORE_READ((struct fsnotify_group *)data, q_len);
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
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	__u8 kind = inode ? file_kind(file, inode) : PAR_FILE_NONE;
	struct timerfd_ctx *timer;

	switch (kind) {
	case PAR_FILE_NONE:
		return SCORE_NONE;
	case PAR_FILE_SOCKET:
		return socket_score(file, entry);
	case PAR_FILE_SIGNALFD:	/* its waiters are woken before the signal is there */
		return SCORE_UNKNOWN + RANK_SERVED;
	case PAR_FILE_TIMERFD:
		timer = BPF_CORE_READ(file, private_data);
		return (BPF_CORE_READ(timer, ticks) ? SCORE_READY : SCORE_WAITING) + RANK_TIMER;
	case PAR_FILE_CHAR:
	case PAR_FILE_OTHER:
		return SCORE_UNKNOWN + RANK_REST;
	}
	return (rest_ready(file, inode, kind, entry) ? SCORE_READY : SCORE_WAITING) + RANK_REST;
}
