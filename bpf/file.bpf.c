// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Tells what a descriptor stands for by walking the task's file table. Owns
 * nothing; reads kernel memory only with probe reads, as neither the table nor
 * the file is pinned: a race with close(2) gives a wrong answer, never a fault.
 */
#include "file.bpf.h"

/* include/uapi/linux/stat.h, magic.h and net.h, include/linux/socket.h: all ABI. */
#define S_IFMT		0170000
#define S_IFIFO		0010000
#define S_IFCHR		0020000
#define S_IFDIR		0040000
#define S_IFBLK		0060000
#define S_IFREG		0100000
#define S_IFSOCK	0140000
#define PIPEFS_MAGIC	0x50495045
#define MQUEUE_MAGIC	0x19800202
#define PIDFS_MAGIC	0x50494446
#define AF_UNIX		1
#define AF_INET		2
#define AF_INET6	10
#define SOCK_STREAM	1
#define SOCK_DGRAM	2
#define TCP_LISTEN	10	/* struct sock_common.skc_state; UNIX sockets use it too */
#define MINOR_BITS	20	/* of a dev_t inside the kernel */
#define TTY_MAJOR	4
#define TTYAUX_MAJOR	5
#define PTY_MAJOR_FIRST	136	/* Documentation/admin-guide/devices.txt: UNIX98 PTY slaves */
#define PTY_MAJOR_LAST	143

static __always_inline __u8 char_kind(struct inode *inode)
{
	__u32 major = BPF_CORE_READ(inode, i_rdev) >> MINOR_BITS;

	if (major == TTY_MAJOR || major == TTYAUX_MAJOR ||
	    (major >= PTY_MAJOR_FIRST && major <= PTY_MAJOR_LAST))
		return PAR_FILE_TTY;
	return PAR_FILE_CHAR;
}

/*
 * Anonymous inodes have no type, but a name: "[eventfd]", "[eventpoll]" and so
 * on (fs/anon_inodes.c's callers). Two letters tell them apart.
 */
static __always_inline __u8 anon_kind(struct file *file)
{
	const unsigned char *name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
	char s[12] = {};

	bpf_probe_read_kernel_str(s, sizeof(s), name);
	if (s[0] == 'i')
		return PAR_FILE_INOTIFY; /* the one without brackets */
	if (s[1] == 'e' && s[6] == 'f')
		return PAR_FILE_EVENTFD;
	if (s[1] == 'e' && s[6] == 'p')
		return PAR_FILE_EPOLL;
	if (s[1] == 't')
		return PAR_FILE_TIMERFD;
	if (s[1] == 's')
		return PAR_FILE_SIGNALFD;
	if (s[1] == 'p' && s[2] == 'i')
		return PAR_FILE_PIDFD;
	if (s[1] == 'i')
		return PAR_FILE_IO_URING;
	return PAR_FILE_OTHER;
}

static __always_inline bool is_loopback4(__be32 addr)
{
	return (addr & 0xff) == 127; /* network byte order: the first octet is the lowest */
}

static __always_inline void inet_fill(struct sock *sk, struct par_file_ref *ref)
{
	struct sock_common *c = &sk->__sk_common;
	__u16 dport = BPF_CORE_READ(c, skc_dport);
	__be32 local, remote;

	ref->lport = BPF_CORE_READ(c, skc_num);
	ref->rport = dport >> 8 | dport << 8;

	if (BPF_CORE_READ(c, skc_family) == AF_INET) {
		remote = BPF_CORE_READ(c, skc_daddr);
		local = BPF_CORE_READ(c, skc_rcv_saddr);
		__builtin_memcpy(ref->raddr, &remote, sizeof(remote));
	} else {
		struct in6_addr r = {}, l = {};

		BPF_CORE_READ_INTO(&r, c, skc_v6_daddr);
		BPF_CORE_READ_INTO(&l, c, skc_v6_rcv_saddr);
		__builtin_memcpy(ref->raddr, &r, sizeof(ref->raddr));
		ref->flags |= PAR_FILE_IPV6;
		/* Only the last words matter here: ::1, ::ffff:127.x and "same as mine". */
		remote = r.in6_u.u6_addr32[3];
		local = l.in6_u.u6_addr32[3];
		if (remote == __builtin_bswap32(1) && !r.in6_u.u6_addr32[0] &&
		    !r.in6_u.u6_addr32[2])
			ref->flags |= PAR_FILE_LOOPBACK;
	}
	if (remote && (is_loopback4(remote) || remote == local))
		ref->flags |= PAR_FILE_LOOPBACK;
}

static __always_inline void unix_fill(struct sock *sk, struct par_file_ref *ref)
{
	struct unix_sock *u = (struct unix_sock *)sk;
	struct sock *peer = BPF_CORE_READ(u, peer);

	/* accept() hands the listener's name on; who connects usually has none. */
	if (BPF_CORE_READ(u, addr))
		ref->flags |= PAR_FILE_SERVED;
	if (peer)
		ref->peer_id = BPF_CORE_READ(peer, sk_socket, file, f_inode, i_ino);
}

static __always_inline void socket_fill(struct file *file, struct par_file_ref *ref)
{
	struct socket *socket = BPF_CORE_READ(file, private_data);
	struct sock *sk = BPF_CORE_READ(socket, sk);
	__u16 family, type;

	ref->kind = PAR_FILE_SOCKET;
	if (!sk)
		return;
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	type = BPF_CORE_READ(sk, sk_type);
	if (BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_LISTEN)
		ref->flags |= PAR_FILE_LISTENS;

	if (family == AF_UNIX) {
		ref->kind = PAR_FILE_UNIX;
		unix_fill(sk, ref);
	} else if (family == AF_INET || family == AF_INET6) {
		if (type == SOCK_STREAM)
			ref->kind = PAR_FILE_TCP;
		else if (type == SOCK_DGRAM)
			ref->kind = PAR_FILE_UDP;
		inet_fill(sk, ref);
	}
}

static __always_inline void inode_fill(struct file *file, struct inode *inode,
				       struct par_file_ref *ref)
{
	__u16 type = BPF_CORE_READ(inode, i_mode) & S_IFMT;
	__u32 magic = BPF_CORE_READ(inode, i_sb, s_magic);

	if (type == S_IFSOCK) {
		socket_fill(file, ref);
	} else if (type == S_IFIFO) {
		ref->kind = magic == PIPEFS_MAGIC ? PAR_FILE_PIPE : PAR_FILE_FIFO;
	} else if (magic == PIDFS_MAGIC) {
		ref->kind = PAR_FILE_PIDFD;
	} else if (type == S_IFREG) {
		ref->kind = magic == MQUEUE_MAGIC ? PAR_FILE_MQUEUE : PAR_FILE_REGULAR;
	} else if (type == S_IFDIR) {
		ref->kind = PAR_FILE_DIRECTORY;
	} else if (type == S_IFBLK) {
		ref->kind = PAR_FILE_BLOCK;
	} else if (type == S_IFCHR) {
		ref->kind = char_kind(inode);
	} else {
		ref->kind = anon_kind(file);
		ref->id = (__u64)file;
	}
}

/* An inode number is not used twice soon: it tells a file from its successor. */
static __always_inline bool cache_hits(struct thread *t, struct file *file, __u64 ino)
{
	__u8 kind = t->file.ref.kind;

	if (t->file.file != (__u64)file || t->file.ref.id != ino)
		return false;
	/* What a socket is connected to changes; what a pipe is does not. */
	return kind == PAR_FILE_PIPE || kind == PAR_FILE_FIFO || kind == PAR_FILE_REGULAR ||
	       ((kind == PAR_FILE_TCP || kind == PAR_FILE_UNIX) &&
		!(t->file.ref.flags & PAR_FILE_LISTENS) &&
		(t->file.ref.rport || t->file.ref.peer_id));
}

void file_ref_fill(struct task_struct *task, struct thread *t, __u64 fd, struct par_file_ref *ref)
{
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file **table, *file = NULL;
	struct inode *inode;

	__builtin_memset(ref, 0, sizeof(*ref));
	fd = (__u32)fd;
	if (!fdt || fd >= BPF_CORE_READ(fdt, max_fds))
		return;
	table = BPF_CORE_READ(fdt, fd);
	if (bpf_probe_read_kernel(&file, sizeof(file), table + fd) || !file)
		return;
	inode = BPF_CORE_READ(file, f_inode);
	ref->id = BPF_CORE_READ(inode, i_ino);
	if (t && cache_hits(t, file, ref->id)) {
		*ref = t->file.ref;
		return;
	}
	inode_fill(file, inode, ref);
	if (t) {
		t->file.file = (__u64)file;
		t->file.ref = *ref;
	}
}

bool file_ref_first_ready(__u64 epoll, struct par_file_ref *ref)
{
	struct eventpoll *ep = BPF_CORE_READ((struct file *)epoll, private_data);
	struct list_head *first = BPF_CORE_READ(ep, rdllist.next);
	struct epitem *item;
	struct inode *inode;
	struct file *file;

	if (!first || first == __builtin_preserve_access_index(&ep->rdllist))
		return false;
	item = (void *)first - bpf_core_field_offset(struct epitem, rdllink);
	file = BPF_CORE_READ(item, ffd.file);
	inode = BPF_CORE_READ(file, f_inode);
	if (!inode)
		return false;
	__builtin_memset(ref, 0, sizeof(*ref));
	ref->id = BPF_CORE_READ(inode, i_ino);
	inode_fill(file, inode, ref);
	return true;
}
