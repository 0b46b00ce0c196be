// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Tells what a descriptor stands for by walking the task's file table. Owns
 * nothing; reads kernel memory only as what may fault, as neither the table nor
 * the file is pinned: a race with close(2) gives a wrong answer, never a fault.
 */
#include "file.bpf.h"

#include "pidns.bpf.h"
#include "unix.bpf.h"

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
#define SOCK_BINDADDR_LOCK 4	/* include/net/sock.h: bound to an address, to a port */
#define SOCK_BINDPORT_LOCK 8
#define MINOR_BITS	20	/* of a dev_t inside the kernel */
#define TTY_MAJOR	4
#define TTYAUX_MAJOR	5
#define PTY_MAJOR_FIRST	136	/* Documentation/admin-guide/devices.txt: UNIX98 PTY slaves */
#define PTY_MAJOR_LAST	143

extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;

/* Here, as bpftool can't link several objects that name the same function of the kernel. */
__hot void *kernel_cast(const void *addr, __u32 type)
{
	return bpf_rdonly_cast(addr, type);
}

__hot struct file *file_at(struct task_struct *task, __u64 fd)
{
	struct files_struct *files = task_pointer(task, files);
	struct fdtable *fdt = task_field(files, fdt);

	fd = (__u32)fd;
	if (fd >= task_field(fdt, max_fds))
		return NULL;
	return (struct file *)kernel_read_word(task_field(fdt, fd) + fd);
}

static __always_inline __u8 char_kind(struct inode *inode)
{
	__u32 major = kernel_read(inode, i_rdev) >> MINOR_BITS;

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
	const unsigned char *name = kernel_read(kernel_read(file, f_path.dentry), d_name.name);
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

/* See par_file_ref.net. A datagram socket's address may be any. */
static __always_inline __u16 net_hash(struct sock *sk, const struct par_file_ref *ref,
				      __be32 local, __be32 remote)
{
	__u32 hash = socket_netns(sk);

	if (ref->kind == PAR_FILE_TCP && remote)
		hash += local + remote;
	return hash * 0x9e3779b9U >> 16;
}

static __always_inline void inet_fill(struct sock *sk, struct par_file_ref *ref)
{
	struct sock_common *c = &sk->__sk_common;
	__u16 dport = kernel_read(c, skc_dport);
	__be32 local, remote;

	ref->lport = kernel_read(c, skc_num);
	ref->rport = dport >> 8 | dport << 8;

	if (kernel_read(c, skc_family) == AF_INET) {
		remote = kernel_read(c, skc_daddr);
		local = kernel_read(c, skc_rcv_saddr);
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
	ref->net = net_hash(sk, ref, local, remote);
}

/* Connected to somebody who isn't connected back, or to nobody: names tell who receives. */
static __always_inline void datagram_fill(struct sock *sk, struct par_file_ref *ref)
{
	struct unix_sock *u = (struct unix_sock *)sk;
	struct unix_sock *peer = (struct unix_sock *)kernel_read(u, peer);
	__u64 hash;

	if (peer && kernel_read(peer, peer) == sk)
		return;
	hash = unix_bound_hash(kernel_read_word(&(peer ? peer : u)->addr), socket_netns(sk));
	if (!hash)
		return;
	ref->peer_id = hash;
	ref->flags |= PAR_FILE_NAMED;
}

static __always_inline __u64 socket_ino(struct socket *socket)
{
	struct file *file = kernel_read(socket, file);

	return kernel_read(kernel_read(file, f_inode), i_ino);
}

static __always_inline void unix_fill(struct sock *sk, struct par_file_ref *ref)
{
	struct unix_sock *u = (struct unix_sock *)sk;
	struct sock *peer = kernel_read(u, peer);

	ref->peer_pid = pidns_number(kernel_read(sk, sk_peer_pid));
	if (peer)
		ref->peer_id = socket_ino(kernel_read(peer, sk_socket));
	if (kernel_read(sk, sk_type) == SOCK_DGRAM)
		datagram_fill(sk, ref);
}

__hot bool socket_listens(struct sock *sk)
{
	return kernel_read(sk, __sk_common.skc_state) == TCP_LISTEN;
}

static __always_inline bool is_inet(__u16 family)
{
	return family == AF_INET || family == AF_INET6;
}

__hot bool socket_is_tcp(struct sock *sk)
{
	return is_inet(kernel_read(sk, __sk_common.skc_family)) &&
	       kernel_read(sk, sk_type) == SOCK_STREAM;
}

/*
 * accept() hands the listener's name on, and whoever connects usually has none of
 * its own. A datagram socket that is connected asks, whatever its name.
 */
static __always_inline bool unix_is_served(struct sock *sk)
{
	struct unix_sock *u = (struct unix_sock *)sk;

	if (!kernel_read(u, addr))
		return false;
	return kernel_read(sk, sk_type) != SOCK_DGRAM || !kernel_read(u, peer);
}

/*
 * connect() takes a port for itself only: it marks its bucket with -1 (in
 * net/ipv4/inet_hashtables.c). What was accepted shares its listener's, and did not
 * bind to the port by itself. Who binds to port 0 and then connects looks so, too.
 */
static __always_inline bool tcp_is_served(struct sock *sk)
{
	struct inet_connection_sock *icsk = (struct inet_connection_sock *)sk;
	struct inet_bind_bucket *bucket = kernel_read(icsk, icsk_bind_hash);

	return bucket && kernel_read(bucket, fastreuse) >= 0 &&
	       !(BPF_CORE_READ_BITFIELD_PROBED(sk, sk_userlocks) & SOCK_BINDPORT_LOCK);
}

bool socket_is_served(struct sock *sk)
{
	__u16 family = kernel_read(sk, __sk_common.skc_family);
	__u16 type = kernel_read(sk, sk_type);

	if (family == AF_UNIX)
		return unix_is_served(sk);
	if (!is_inet(family))
		return false;
	if (type == SOCK_STREAM)
		return tcp_is_served(sk);
	/* UDP: whoever may come. Without a name of its own it can only wait for an answer. */
	return !kernel_read(sk, __sk_common.skc_dport) &&
	       (BPF_CORE_READ_BITFIELD_PROBED(sk, sk_userlocks) &
		(SOCK_BINDADDR_LOCK | SOCK_BINDPORT_LOCK));
}

static __always_inline void socket_fill(struct file *file, struct par_file_ref *ref)
{
	struct socket *socket = kernel_read(file, private_data);
	struct sock *sk = kernel_read(socket, sk);
	__u16 family, type;

	ref->kind = PAR_FILE_SOCKET;
	if (!sk)
		return;
	family = kernel_read(sk, __sk_common.skc_family);
	type = kernel_read(sk, sk_type);
	if (socket_listens(sk))
		ref->flags |= PAR_FILE_LISTENS;
	else if (socket_is_served(sk))
		ref->flags |= PAR_FILE_SERVED;

	if (family == AF_UNIX) {
		ref->kind = PAR_FILE_UNIX;
		unix_fill(sk, ref);
	} else if (is_inet(family)) {
		if (type == SOCK_STREAM)
			ref->kind = PAR_FILE_TCP;
		else if (type == SOCK_DGRAM)
			ref->kind = PAR_FILE_UDP;
		inet_fill(sk, ref);
	}
}

__u8 file_kind(struct file *file, struct inode *inode)
{
	__u16 type = kernel_read(inode, i_mode) & S_IFMT;
	__u32 magic = kernel_read(kernel_read(inode, i_sb), s_magic);

	if (type == S_IFSOCK)
		return PAR_FILE_SOCKET;
	if (type == S_IFIFO)
		return magic == PIPEFS_MAGIC ? PAR_FILE_PIPE : PAR_FILE_FIFO;
	if (magic == PIDFS_MAGIC)
		return PAR_FILE_PIDFD;
	if (type == S_IFREG)
		return magic == MQUEUE_MAGIC ? PAR_FILE_MQUEUE : PAR_FILE_REGULAR;
	if (type == S_IFDIR)
		return PAR_FILE_DIRECTORY;
	if (type == S_IFBLK)
		return PAR_FILE_BLOCK;
	if (type == S_IFCHR)
		return char_kind(inode);
	return anon_kind(file);
}

__hot bool file_is_socket(struct file *file)
{
	return (kernel_read(kernel_read(file, f_inode), i_mode) & S_IFMT) == S_IFSOCK;
}

/* Anonymous inodes share one number: the file's address stands for it. */
static __always_inline bool is_anonymous(__u8 kind)
{
	return kind == PAR_FILE_EVENTFD || kind == PAR_FILE_EPOLL || kind == PAR_FILE_TIMERFD ||
	       kind == PAR_FILE_SIGNALFD || kind == PAR_FILE_INOTIFY || kind == PAR_FILE_IO_URING ||
	       kind == PAR_FILE_PIDFD || kind == PAR_FILE_OTHER;
}

/* Inodes are numbered per file system. */
static __always_inline bool has_path(__u8 kind)
{
	return kind == PAR_FILE_REGULAR || kind == PAR_FILE_DIRECTORY || kind == PAR_FILE_FIFO ||
	       kind == PAR_FILE_BLOCK || kind == PAR_FILE_CHAR || kind == PAR_FILE_TTY;
}

static __always_inline void inode_fill(struct file *file, struct inode *inode,
				       struct par_file_ref *ref)
{
	ref->kind = file_kind(file, inode);
	if (ref->kind == PAR_FILE_SOCKET)
		socket_fill(file, ref);
	else if (has_path(ref->kind))
		ref->dev = kernel_read(kernel_read(inode, i_sb), s_dev);
	else if (is_anonymous(ref->kind))
		ref->id = (__u64)file;
}

__hot bool file_is_steady(const struct par_file_ref *ref)
{
	__u8 kind = ref->kind;

	return kind == PAR_FILE_PIPE || kind == PAR_FILE_FIFO || kind == PAR_FILE_REGULAR ||
	       ((kind == PAR_FILE_TCP || kind == PAR_FILE_UNIX) &&
		!(ref->flags & PAR_FILE_LISTENS) && (ref->rport || ref->peer_id));
}

/*
 * An inode number is not used twice soon, but anonymous inodes share one: what such a file
 * is, its operations tell.
 */
static __always_inline bool cache_hits(const struct file_cache *cache, struct file *file,
				       __u64 ino)
{
	return cache->file == (__u64)file && cache->ino == ino && cache->is_steady &&
	       cache->ops == (__u64)kernel_read(file, f_op);
}

static __always_inline void cache_fill(struct file_cache *cache, struct file *file, __u64 ino,
				       const struct par_file_ref *ref)
{
	cache->file = (__u64)file;
	cache->ino = ino;
	cache->ops = (__u64)kernel_read(file, f_op);
	cache->ref = *ref;
	cache->is_steady = file_is_steady(ref) || is_anonymous(ref->kind);
}

__hot void file_ref_fill(struct task_struct *task, struct thread *t, __u64 fd,
			 struct par_file_ref *ref)
{
	struct file *file = file_at(task, fd);
	__u64 ino;

	__builtin_memset(ref, 0, sizeof(*ref));
	if (!file)
		return;
	ino = file_ino(file);
	if (t && cache_hits(&t->file, file, ino)) {
		*ref = t->file.ref;
		return;
	}
	file_ref_of((__u64)file, ref);
	if (t)
		cache_fill(&t->file, file, ino, ref);
}

__noinline int file_ref_of(__u64 file, struct par_file_ref *ref)
{
	struct inode *inode = kernel_read((struct file *)file, f_inode);

	if (!ref)
		return 0;
	__builtin_memset(ref, 0, sizeof(*ref));
	if (!inode)
		return 0;
	ref->id = kernel_read(inode, i_ino);
	inode_fill((struct file *)file, inode, ref);
	return 0;
}

static __always_inline __u64 epoll_item(__u64 epoll, __u64 entry)
{
	struct eventpoll *ep = kernel_read((struct file *)epoll, private_data);

	if (!entry || entry == (__u64)__builtin_preserve_access_index(&ep->rdllist))
		return 0;
	return entry - bpf_core_field_offset(struct epitem, rdllink);
}

__u64 file_epoll_first(__u64 epoll)
{
	struct eventpoll *ep = kernel_read((struct file *)epoll, private_data);

	return epoll_item(epoll, kernel_read_word(&ep->rdllist.next));
}

__u64 file_epoll_next(__u64 epoll, __u64 item)
{
	return epoll_item(epoll, kernel_read_word(&((struct epitem *)item)->rdllink.next));
}

__u64 file_of_epoll_item(__u64 item)
{
	return kernel_read_word(&((struct epitem *)item)->ffd.file);
}
