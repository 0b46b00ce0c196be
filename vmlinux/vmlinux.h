/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The few kernel types that the programs read, with only the fields they read.
 * Offsets mean nothing here: each access is relocated against the BTF of the
 * running kernel when the program is loaded (CO-RE). Written by hand from
 * `bpftool btf dump file /sys/kernel/btf/vmlinux format c`; a field that a kernel
 * does not have makes the loader refuse the program, by name.
 *
 * A field that some supported kernel lacks is in a flavour of its struct
 * (name___when) and is used in bpf/compat.bpf.h only.
 */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

typedef unsigned char __u8;
typedef short int __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u8 u8;
typedef __u16 u16;
typedef __s32 s32;
typedef __u32 u32;
typedef __s64 s64;
typedef __u64 u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u32 __wsum;
typedef __u16 __sum16;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

/* UAPI enumerations that the helpers take; values are ABI. */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_F_NO_PREALLOC = 1,
	BPF_F_MMAPABLE = 1 << 10,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
	BPF_RB_NO_WAKEUP = 1,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;

typedef atomic64_t atomic_long_t;

struct mutex {
	atomic_long_t owner;
};

struct rw_semaphore {
	atomic_long_t owner;
};

struct mm_struct {
	struct rw_semaphore mmap_lock;
};

struct pipe_inode_info {
	struct mutex mutex;
	unsigned int head, tail, max_usage, readers, writers;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct qstr d_name;
};

struct path {
	struct dentry *dentry;
};

struct super_block {
	u32 s_dev;
	unsigned long s_magic;
};

struct inode {
	unsigned short i_mode;
	unsigned int i_rdev;
	unsigned long i_ino;
	void *i_private;
	struct super_block *i_sb;
	struct pipe_inode_info *i_pipe;
};

struct file {
	unsigned int f_mode;
	struct path f_path;
	struct inode *f_inode;
	const void *f_op;
	void *private_data;
};

struct list_head {
	struct list_head *next;
};

struct epoll_filefd {
	struct file *file;
} __attribute__((packed));

struct epitem {
	struct list_head rdllink;
	struct epoll_filefd ffd;
};

struct eventpoll {
	struct list_head rdllist;
};

struct eventfd_ctx {
	u64 count;
};

struct timerfd_ctx {
	u64 ticks;
};

struct fsnotify_group {
	unsigned int q_len;
};

struct mq_attr {
	long mq_maxmsg, mq_curmsgs;
};

struct mqueue_inode_info {
	struct inode vfs_inode;
	struct mq_attr attr;
};

struct tty_struct {
	void *disc_data;
};

struct tty_file_private {
	struct tty_struct *tty;
};

struct n_tty_data {
	unsigned long commit_head, read_tail;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct pid_namespace;

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct hlist_head tasks[4];
	struct upid numbers[1];
};

struct timespec64 {
	long long tv_sec;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	bool resize_in_progress;
	struct fdtable *fdt;
};

struct signal_struct {
	atomic_t live;
	unsigned long maxrss;		/* pages */
};

struct thread_info {
	u32 cpu;
};

struct rq {
	u64 clock, clock_task, clock_pelt;
};

struct cfs_rq {
	struct rq *rq;
	int throttle_count;
};

struct sched_entity {
	u64 sum_exec_runtime;
	struct cfs_rq *cfs_rq;
};

struct mm_struct;

struct ns_common {
	unsigned int inum;
};

struct ipc_namespace {
	struct ns_common ns;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct nsproxy {
	struct ipc_namespace *ipc_ns;
};

struct llist_node {
	struct llist_node *next;
};

struct llist_head {
	struct llist_node *first;
};

struct io_task_work {
	struct llist_node node;
};

struct io_uring_task {
	struct llist_head task_list;
};

struct io_ring_ctx {
	struct llist_head work_llist;
};

struct io_kiocb {
	struct file *file;
	u8 opcode;
	struct io_task_work io_task_work;
};

struct task_struct {
	struct io_uring_task *io_uring;
	struct thread_info thread_info;
	unsigned int __state;
	void *stack;
	unsigned int flags;
	unsigned int on_cpu;	/* a byte from 7.2 on: only what is unsigned is read in its size */
	unsigned int policy;
	int pid, tgid;
	unsigned in_iowait:1;
	struct sched_entity se;
	struct task_struct *real_parent;
	u64 utime, stime;
	u64 start_time;
	unsigned long min_flt, maj_flt;
	char comm[16];
	struct mm_struct *mm;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	int exit_code, exit_state;
	struct hlist_node pid_links[4];
	struct pid *thread_pid;
	struct task_struct *group_leader;
};

struct gendisk {
	int major, first_minor;
};

struct block_device {
	struct gendisk *bd_disk;
};

struct bvec_iter {
	unsigned int bi_size;
};

struct bio {
	struct block_device *bi_bdev;
	unsigned int bi_opf;
	struct bvec_iter bi_iter;
};

struct request_queue {
	struct gendisk *disk;
};

struct request {
	struct request_queue *q;
};

struct linux_binprm {
	const char *filename;
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__be32 u6_addr32[4];
	} in6_u;
};

struct sock_common {
	__be32 skc_daddr, skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
};

typedef struct refcount_struct {
	atomic_t refs;
} refcount_t;

struct sk_buff_head {
	__u32 qlen;
};

struct sock {
	struct sock_common __sk_common;
	struct sk_buff_head sk_receive_queue;
	u16 sk_type;
	u16 sk_protocol;
	u8 sk_shutdown;
	u8 sk_userlocks;
	int sk_err, sk_sndbuf, sk_wmem_queued;
	refcount_t sk_wmem_alloc;
	u32 sk_ack_backlog, sk_max_ack_backlog;
	struct pid *sk_peer_pid;
	struct socket *sk_socket;
};

struct inet_bind_bucket {
	signed char fastreuse;
};

struct inet_connection_sock {
	struct inet_bind_bucket *icsk_bind_hash;
};

struct tcp_sock {
	u32 rcv_nxt, copied_seq;
};

struct socket {
	struct file *file;
	struct sock *sk;
};

struct sockaddr_un {
	unsigned short sun_family;
};

struct unix_address {
	int len;
	struct sockaddr_un name[0];
};

struct unix_sock {
	struct sock sk;
	struct unix_address *addr;
	struct sock *peer;
};

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long bx, r10, r9, r8, cx, dx, si, di, orig_ax, ip, cs, sp;
};
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	u64 regs[31];
	u64 sp, pc;
	u64 orig_x0;
	s32 syscallno;
	u64 pstate;
};
#else
#error "no register layout for this architecture"
#endif

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

#endif
