// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What system calls move through channels: bytes and messages per file, process
 * and direction. Owns the tables that user space reads. What an io_uring moves is
 * no system call's and isn't seen here.
 */
#include "traffic.bpf.h"

#include "compat.bpf.h"
#include "file.bpf.h"
#include "request.bpf.h"
#include "sysv.bpf.h"
#include "unix.bpf.h"

/* include/linux/socket.h, fs.h, net.h and uapi/linux/msg.h: ABI, or as good as that. */
#define AF_INET		2
#define AF_INET6	10
#define SOCK_STREAM	1
#define RCV_SHUTDOWN	1
#define MSG_PEEK	0x2
#define MSG_ERRQUEUE	0x2000	/* what comes is news of what was sent */
#define MSG_COPY	040000	/* of msgrcv(2) */
#define FMODE_WRITE	0x2

/* struct mmsghdr and struct msghdr as user space has them */
#define MMSGHDR_BYTES	64
#define MMSGHDR_LEN	56
#define MMSG_MAX	1024	/* UIO_MAXIOV: more is never moved at once */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct par_traffic_key);
	__type(value, struct par_traffic_count);
} traffic SEC(".maps");

/*
 * What finds no room there, with file id 0: a server meets connections without
 * end. Allocated beforehand: the allocator may be what had no room.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct par_traffic_key);
	__type(value, struct par_traffic_count);
} traffic_rest SEC(".maps");

/* struct sockaddr_in and sockaddr_in6, as far as they matter */
struct inet_address {
	__u16 family;
	__be16 port;
	__be32 v4;
	__be32 v6[4];
};

static __always_inline bool is_channel(__u8 kind)
{
	return kind == PAR_FILE_PIPE || kind == PAR_FILE_FIFO || kind == PAR_FILE_UNIX ||
	       kind == PAR_FILE_TCP || kind == PAR_FILE_UDP || kind == PAR_FILE_EVENTFD ||
	       kind == PAR_FILE_MQUEUE || kind == PAR_FILE_SYSV_QUEUE ||
	       kind == PAR_FILE_SYSV_SEMAPHORE;
}

static __always_inline struct par_traffic_count *count_of(void *map,
							  const struct par_traffic_key *key,
							  const struct par_traffic_count *zero)
{
	struct par_traffic_count *count = bpf_map_lookup_elem(map, key);

	if (count)
		return count;
	bpf_map_update_elem(map, key, zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(map, key);
}

/* An end that closes its socket takes with it what the other's file says of the two. */
static __always_inline bool knows_less(const struct par_file_ref *now,
				       const struct par_file_ref *before)
{
	if (now->kind == PAR_FILE_UNIX)
		return !now->peer_id && before->peer_id;
	return now->kind == PAR_FILE_TCP && !now->rport && before->rport;
}

static __always_inline void key_fill(struct par_traffic_key *key, const struct par_file_ref *file,
				     __u32 tgid, bool is_write)
{
	key->file_id = file->id;
	key->tgid = tgid;
	key->kind = file->kind;
	key->is_write = is_write;
	if (file->kind == PAR_FILE_FIFO)
		key->more = file->dev;
	else if (file->kind == PAR_FILE_UDP && is_write && (file->flags & PAR_FILE_LOOPBACK))
		key->more = file->rport;
	else if (file->kind == PAR_FILE_UNIX && is_write && (file->flags & PAR_FILE_NAMED))
		key->file_id = file->peer_id;
	else if (file->kind >= PAR_FILE_SYSV_QUEUE)
		key->file_id = (__u64)file->dev << 32 | (__u32)file->id;
}

__noinline int traffic_add(const struct par_traffic_count *what, __u32 tgid, bool is_write)
{
	struct par_traffic_count start = {}; /* before 6.2 a map takes values off the stack only */
	struct par_traffic_key key = {};
	struct par_traffic_count *count;

	if (!what || !is_channel(what->file.kind))
		return 0;
	start.file = what->file;
	key_fill(&key, &start.file, tgid, is_write);
	count = count_of(&traffic, &key, &start);
	if (!count) {
		key.file_id = 0;
		key.more = 0;
		__builtin_memset(&start.file, 0, sizeof(start.file));
		start.file.kind = key.kind;
		count = count_of(&traffic_rest, &key, &start);
	}
	if (!count) {
		drop(PAR_DROP_TRAFFIC);
		return 0;
	}
	if (!knows_less(&start.file, &count->file))
		count->file = start.file;
	count->messages += what->messages;
	count->bytes += what->bytes;
	count->main_messages += what->main_messages;
	return 0;
}

/* What @t moved. */
static __always_inline void add_own(const struct thread *t, struct par_traffic_count *what,
				    bool is_write)
{
	what->main_messages = is_main(t) ? what->messages : 0;
	traffic_add(what, t->tgid, is_write);
}

/*
 * Threads use one descriptor many times in a row. Looking it up in the table costs more
 * than all else that is done for a call, so it is done once in PAR_MOVED_MAX times: bring
 * what is left in @m into the table, which holds it from then on.
 */
static __noinline void moved_flush(struct moved *m, __u32 tgid, bool is_main, bool is_write)
{
	struct par_traffic_count what = {};

	if (!m->messages)
		return;
	what.file = m->ref;
	what.messages = m->messages;
	what.bytes = m->bytes;
	what.main_messages = is_main ? m->messages : 0;
	m->messages = 0;
	m->bytes = 0;
	traffic_add(&what, tgid, is_write);
}

__noinline int traffic_flush(struct thread *t)
{
	if (!t)
		return 0;
	moved_flush(&t->moved[0], t->tgid, is_main(t), false);
	moved_flush(&t->moved[1], t->tgid, is_main(t), true);
	return 0;
}

static __always_inline struct moved *moved_of(struct thread *t, bool is_write)
{
	__u32 i = is_write;

	barrier_var(i); /* else clang leaves out the bound, knowing what a bool is */
	return &t->moved[i & 1];
}

/* From now on, as long as it is the same file, its calls are added up in the thread's state. */
static __always_inline void moved_begin(struct thread *t, const struct par_file_ref *file,
					bool is_write)
{
	struct moved *m = moved_of(t, is_write);

	if (!file_is_steady(file) || (file->flags & PAR_FILE_NAMED) ||
	    (config.requests && (file->flags & PAR_FILE_SERVED)))
		return;
	moved_flush(m, t->tgid, is_main(t), is_write);
	m->file = t->file.file;
	m->ref = *file;
}

static __always_inline bool is_peek(__u64 flags)
{
	return flags & (MSG_PEEK | MSG_ERRQUEUE);
}

/* Is it a call whose result is the number of bytes, one message of them? Which way? */
static __always_inline bool is_plain_move(struct pt_regs *regs, __u8 how, bool *is_write)
{
	__u64 args[5];

	*is_write = how == PAR_MOVE_WRITE || how == PAR_MOVE_SENDTO || how == PAR_MOVE_SENDMSG;
	if (*is_write || how == PAR_MOVE_READ)
		return true;
	regs_args(regs, args);
	return (how == PAR_MOVE_RECVFROM && !is_peek(args[3])) ||
	       (how == PAR_MOVE_RECVMSG && !is_peek(args[2]));
}

__hot bool traffic_again(struct task_struct *task, struct thread *t, struct pt_regs *regs,
			 __u32 sysno, long ret)
{
	__u8 how = move_of(sysno);
	struct file *file;
	struct moved *m;
	bool is_write;

	if (!ret || !is_plain_move(regs, how, &is_write))
		return false;
	file = file_at(task, regs_arg0(regs));
	if (!file)
		return false;
	m = moved_of(t, is_write);
	if (m->file != (__u64)file || m->ref.id != file_ino(file))
		return config.requests && request_again(t, file, ret, is_write);
	m->bytes += ret;
	if (++m->messages >= PAR_MOVED_MAX)
		moved_flush(m, t->tgid, is_main(t), is_write);
	return true;
}

static __always_inline struct sock *sock_of(__u64 fd)
{
	struct file *file = file_at(current_task(), fd);
	struct socket *socket = BPF_CORE_READ(file, private_data);

	return BPF_CORE_READ(socket, sk);
}

/* Nothing moved: is that a message without content? Else it is the end, or nothing. */
static __noinline bool is_empty_message(__u64 fd, __u8 kind,
					bool is_write)
{
	struct sock *sk;

	if (kind == PAR_FILE_MQUEUE)
		return true;
	if (kind != PAR_FILE_UNIX && kind != PAR_FILE_UDP)
		return false;
	sk = sock_of(fd);
	if (!sk || BPF_CORE_READ(sk, sk_type) == SOCK_STREAM)
		return false;
	return is_write || !(BPF_CORE_READ(sk, sk_shutdown) & RCV_SHUTDOWN);
}

static __always_inline void inet_address_fill(struct par_file_ref *file, const struct address *to)
{
	struct inet_address addr = {};
	__u32 len = to->len;

	if (len > sizeof(addr))
		len = sizeof(addr);
	if (bpf_probe_read_user(&addr, len, (const void *)to->at))
		return;
	if (addr.family == AF_INET) {
		if ((addr.v4 & 0xff) == 127)
			file->flags |= PAR_FILE_LOOPBACK;
		__builtin_memcpy(file->raddr, &addr.v4, sizeof(addr.v4));
	} else if (addr.family == AF_INET6) {
		if (!addr.v6[0] && !addr.v6[1] &&
		    ((!addr.v6[2] && addr.v6[3] == __builtin_bswap32(1)) ||
		     (addr.v6[2] == __builtin_bswap32(0xffff) && (addr.v6[3] & 0xff) == 127)))
			file->flags |= PAR_FILE_LOOPBACK;
		__builtin_memcpy(file->raddr, addr.v6, sizeof(addr.v6));
	} else {
		return;
	}
	file->rport = __builtin_bswap16(addr.port);
}

/* A datagram socket that isn't connected: what it sends goes where each call says. */
static __noinline void address_fill(__u64 fd, struct par_file_ref *file,
				    const struct address *to)
{
	if (!to->at)
		return;
	if (file->kind == PAR_FILE_UDP && !file->rport) {
		inet_address_fill(file, to);
	} else if (file->kind == PAR_FILE_UNIX &&
		   (!file->peer_id || (file->flags & PAR_FILE_NAMED))) {
		__u64 hash = unix_address_hash(to->at, to->len, socket_netns(sock_of(fd)));

		if (!hash)
			return;
		file->peer_id = hash;
		file->flags |= PAR_FILE_NAMED;
	}
}

/* What comes in by name comes by the socket's own, whomever it is connected to. */
static __noinline void own_name_fill(__u64 fd, struct par_file_ref *file)
{
	struct unix_sock *u = (struct unix_sock *)sock_of(fd);
	__u64 hash = unix_bound_hash((__u64)BPF_CORE_READ(u, addr), socket_netns(sock_of(fd)));

	if (hash)
		file->peer_id = hash;
}

/* Add @t->move, of the thread at hand, @t. A global function, like traffic_add(). */
__noinline int traffic_add_move(struct thread *t, bool is_write)
{
	struct task_struct *task = current_task();
	struct par_traffic_count what = {};
	struct move *m;

	if (!t)
		return 0;
	m = &t->move;
	what.messages = m->messages;
	what.bytes = m->bytes;
	file_ref_fill(task, t, m->fd, &what.file);
	if (config.requests && (what.file.flags & PAR_FILE_SERVED))
		request_moved(t, is_write ? REQUEST_WRITE : m->bytes ? REQUEST_READ : REQUEST_EOF);
	if (!m->bytes && !is_empty_message(m->fd, what.file.kind, is_write))
		return 0;
	moved_begin(t, &what.file, is_write);
	if (is_write)
		address_fill(m->fd, &what.file, &m->to);
	else if (what.file.kind == PAR_FILE_UNIX && (what.file.flags & PAR_FILE_NAMED))
		own_name_fill(m->fd, &what.file);
	add_own(t, &what, is_write);
	return 0;
}

/*
 * The sum of msg_len over the first @cnt elements of an array of struct mmsghdr. A global
 * function: each round of its loop is verified once, and not with each caller.
 */
__noinline __u64 mmsg_bytes(__u64 array, __u32 cnt)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < MMSG_MAX && i < cnt; i++) {
		__u32 len = 0;

		if (bpf_probe_read_user(&len, sizeof(len),
					(void *)(array + i * MMSGHDR_BYTES + MMSGHDR_LEN)))
			break;
		sum += len;
	}
	return sum;
}

/* msg_name and msg_namelen are a struct msghdr's first fields. */
static __always_inline void msghdr_address(struct address *to, __u64 msghdr)
{
	struct {
		__u64 name;
		__u32 len;
	} head = {};

	bpf_probe_read_user(&head, sizeof(head), (const void *)msghdr);
	to->at = head.name;
	to->len = head.len;
}

static __noinline void add_sysv(const struct thread *t, const __u64 args[5], __u8 how,
				__u64 bytes)
{
	struct par_traffic_count what = { .messages = 1, .bytes = bytes };
	struct task_struct *task = current_task();
	bool is_write = how == PAR_MOVE_MSGSND;

	if (how == PAR_MOVE_SEMOP)
		is_write = sysv_semop_posts(args[1]);
	sysv_ref_fill(task, how, args[0], &what.file);
	add_own(t, &what, is_write);
}

static __always_inline bool is_pipe_writer(__u64 fd)
{
	struct file *file = file_at(current_task(), fd);

	return BPF_CORE_READ(file, f_mode) & FMODE_WRITE;
}

static __always_inline __u64 count_receive(struct thread *t, const __u64 args[5], __u8 how)
{
	struct move *m = &t->move;

	if (is_peek(how == PAR_MOVE_RECVMSG ? args[2] : args[3]))
		return 0;
	if (how == PAR_MOVE_RECVMMSG) {
		m->messages = m->bytes;
		m->bytes = mmsg_bytes(args[1], m->messages);
	}
	traffic_add_move(t, false);
	return m->bytes;
}

static __always_inline __u64 count_send(struct thread *t, struct pt_regs *regs,
					const __u64 args[5], __u8 how)
{
	struct move *m = &t->move;

	if (how == PAR_MOVE_SENDTO) {
		m->to.at = args[4];
		m->to.len = regs_arg5(regs);
	} else {
		msghdr_address(&m->to, args[1]);
	}
	if (how == PAR_MOVE_SENDMMSG) {
		m->messages = m->bytes;
		m->bytes = mmsg_bytes(args[1], m->messages);
	}
	traffic_add_move(t, true);
	return m->bytes;
}

/* From one descriptor to another. */
static __always_inline void count_between(struct thread *t, __u64 in, __u64 out)
{
	t->move.fd = in;
	traffic_add_move(t, false);
	t->move.fd = out;
	traffic_add_move(t, true);
}

__hot __u64 traffic_count(struct thread *t, struct pt_regs *regs, __u32 sysno, long ret)
{
	__u8 how = move_of(sysno);
	struct move *m = &t->move;
	__u64 args[5];

	regs_args(regs, args);
	*m = (struct move){ .fd = args[0], .messages = 1, .bytes = ret };
	switch (how) {
	case PAR_MOVE_READ:
	case PAR_MOVE_WRITE:
		traffic_add_move(t, how == PAR_MOVE_WRITE);
		break;
	case PAR_MOVE_RECVFROM:
	case PAR_MOVE_RECVMSG:
	case PAR_MOVE_RECVMMSG:
		return count_receive(t, args, how);
	case PAR_MOVE_SENDTO:
	case PAR_MOVE_SENDMSG:
	case PAR_MOVE_SENDMMSG:
		return count_send(t, regs, args, how);
	case PAR_MOVE_SENDFILE:
		count_between(t, args[1], args[0]);
		break;
	case PAR_MOVE_SPLICE:
		count_between(t, args[0], args[2]);
		break;
	case PAR_MOVE_TEE:
		m->fd = args[1];
		traffic_add_move(t, true);
		break;
	case PAR_MOVE_VMSPLICE:
		traffic_add_move(t, is_pipe_writer(args[0]));
		break;
	case PAR_MOVE_MQ_SEND:
		m->bytes = args[2];
		traffic_add_move(t, true);
		break;
	case PAR_MOVE_MSGSND:
		m->bytes = args[2];
		add_sysv(t, args, how, m->bytes);
		break;
	case PAR_MOVE_MSGRCV:
		if (!(args[4] & MSG_COPY))
			add_sysv(t, args, how, m->bytes);
		break;
	case PAR_MOVE_SEMOP:
		add_sysv(t, args, how, 0);
		break;
	}
	return m->bytes;
}
