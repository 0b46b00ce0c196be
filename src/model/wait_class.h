/* SPDX-License-Identifier: MIT */
/*
 * What a blocked thread waits for, from its state, its system call and the
 * object behind its descriptor. A pure function of its arguments.
 */
#ifndef MODEL_WAIT_CLASS_H
#define MODEL_WAIT_CLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "par_config.h"
#include "par_event.h"
#include "model/bucket.h"

enum lock_kind {
	LOCK_GIL, LOCK_GVL, LOCK_MUTEX, LOCK_RWLOCK, LOCK_SEMAPHORE, LOCK_CONDVAR,
	LOCK_BARRIER, LOCK_JOIN, LOCK_PI, LOCK_KERNEL, LOCK_FILE,
	LOCK_FUTEX,			/* some user lock that could not be told apart */

	LOCK_KIND_CNT,
	LOCK_NONE,
};

/* As in the JSON: "gil", "mutex", … */
const char *lock_kind_name(enum lock_kind k);

/* The kind of that name, or -1. */
int lock_kind_from_name(const char *name);

/* How a system call waits, by number; filled from names once. */
struct wait_calls {
	uint8_t how[PAR_SYSNO_CNT];
};

void wait_calls_init(struct wait_calls *calls);

/* What the classification needs to know beside the cause. */
struct wait_context {
	const struct wait_calls *calls;
	uint64_t gil_addr, gil_size, gil_word;	/* of the process; see struct process */
	const uint64_t *own_gils;		/* [own_gil_cnt] */
	size_t own_gil_cnt;
	bool has_gvl;		/* they are Ruby's */
	bool served_port;	/* this machine listens on the socket's local port */
	bool known_tid;		/* args[2] is the id of a thread of this process */
	bool timed_out;		/* it lasted as long as the call's time-out */
	bool sibling_woke;	/* a thread of the same process ended it */
};

/* A poll on several descriptors, by which kind of call. */
enum wait_poll {
	WAIT_POLL_NONE,
	WAIT_POLL_SET,		/* poll, select */
	WAIT_POLL_EPOLL,	/* or io_uring */
};

struct wait_what {
	enum bucket bucket;
	enum lock_kind lock;	/* LOCK_NONE: no lock */
	uint64_t lock_addr;
	uint32_t lock_dev;	/* LOCK_FILE: of its inode, @lock_addr */
	bool is_shared;		/* a futex that other processes may use, too */
	bool is_timed;		/* a futex whose waiter set itself a timer */
	bool on_file;		/* cause->file is what it waits on */
	bool is_read;		/* ... for something to come in */
	bool is_poll;		/* ... among others */
	enum wait_poll poll;
	bool carry_on;		/* restart_syscall(2): the wait before this goes on */
	const char *name;	/* when neither lock nor call names it; or NULL */
};

void wait_classify(const struct wait_context *ctx, const struct par_cause *cause,
		   uint32_t out_state, struct wait_what *what);

/* Is this the timed wait with which a CPython thread asks for the GIL? */
bool wait_is_gil_request(const struct wait_context *ctx, const struct par_cause *cause);

#endif
