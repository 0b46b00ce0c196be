/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* From a descriptor to what it stands for. */
#ifndef FILE_BPF_H
#define FILE_BPF_H

#include "compat.bpf.h"

/* The struct file behind descriptor @fd of @task; NULL if there is none. */
struct file *file_at(struct task_struct *task, __u64 fd) __hidden;

/* The number of a socket's network namespace; 0: this kernel has only one. */
static __always_inline __u32 socket_netns(struct sock *sk)
{
	if (!bpf_core_field_exists(sk->__sk_common.skc_net.net))
		return 0;
	return kernel_read(kernel_read(sk, __sk_common.skc_net.net), ns.inum);
}

static __always_inline __u64 file_ino(struct file *file)
{
	return kernel_read(kernel_read(file, f_inode), i_ino);
}

/*
 * Is all of @ref true for as long as file and inode are the same? What a pipe is does not
 * change, what a socket is connected to may; @ref->id is the inode's number then.
 */
bool file_is_steady(const struct par_file_ref *ref) __hidden;

/*
 * Fill @ref with what descriptor @fd of @task is; kind PAR_FILE_NONE if it is
 * nothing. @t, when not NULL, remembers the last file, which mostly is the next.
 */
void file_ref_fill(struct task_struct *task, struct thread *t, __u64 fd,
		   struct par_file_ref *ref) __hidden;

/*
 * The same for the struct file at @file. A global function, verified once and not
 * with each caller; its result says nothing.
 */
int file_ref_of(__u64 file, struct par_file_ref *ref);

/* enum par_file, but PAR_FILE_SOCKET for all sockets. */
__u8 file_kind(struct file *file, struct inode *inode) __hidden;

bool file_is_socket(struct file *file) __hidden;
bool socket_listens(struct sock *sk) __hidden;
bool socket_is_tcp(struct sock *sk) __hidden;

/* Did the other end come to it, with requests? */
bool socket_is_served(struct sock *sk) __hidden;

/* The first item on an epoll instance's ready list; 0: none. */
__u64 file_epoll_first(__u64 epoll) __hidden;

/* The item behind that one; 0: none. */
__u64 file_epoll_next(__u64 epoll, __u64 item) __hidden;

/* The file that an item is about. */
__u64 file_of_epoll_item(__u64 item) __hidden;

#endif
