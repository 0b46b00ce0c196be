/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Requests: the wait-work-reply turns of served connections. */
#ifndef REQUEST_BPF_H
#define REQUEST_BPF_H

#include "core.bpf.h"

enum request_step {
	REQUEST_READ,
	REQUEST_WRITE,
	REQUEST_EOF,		/* the other end has sent its last */
};

/*
 * The thread at hand, @t, has just moved something through the file that it remembers
 * (see file_ref_fill), if that is a served connection. A global function, verified
 * once and not with each caller; its result says nothing.
 */
int request_moved(struct thread *t, __u32 step);

/*
 * The short way for the thread at hand, @t, which moved one message of @bytes through
 * @file. False: nothing was done, as that is no served connection, or none that is known to
 * be this process's.
 */
bool request_again(struct thread *t, struct file *file, __u64 bytes, bool is_write) __hidden;

/* It took the connection @fd from the listening socket @listener. Likewise. */
int request_accepted(struct thread *t, __u64 listener, __u64 fd);

#endif
