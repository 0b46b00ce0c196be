/* SPDX-License-Identifier: MIT */
/*
 * Memory that processes share: what each one's /proc/PID/maps lists as shared, fed
 * as EVENT_SHARED once two traced processes map the same, and at least one of them
 * may write. Also what is made for sharing and mapped by one process only, or by none
 * to write: files in /dev/shm, and those of joblib. Others may come, or not be traced.
 *
 * Left out: devices, and other files that nobody maps writable (a library's data).
 */
#ifndef CMD_ASK_SHARED_H
#define CMD_ASK_SHARED_H

#include <stdint.h>

#include "base/htab.h"
#include "event/event.h"

struct ask_shared {
	void (*feed)(void *ctx, const struct event *ev);
	void *ctx;
	struct htab processes;		/* (pid, 0) -> struct known, owned: alive */
	struct htab memories;		/* (inode, dev) -> struct memory, owned */
	uint64_t next_ns;		/* when the next round begins */
	uint64_t dear_until_ns;		/* not before that: the last one took its time */
	uint64_t spent_ns;		/* in this round */
	size_t cursor;			/* where in the round we are */
};

void ask_shared_init(struct ask_shared *in,
			 void (*feed)(void *ctx, const struct event *ev), void *ctx);
void ask_shared_release(struct ask_shared *in);

/* A process is there, or has another program. */
void ask_shared_add(struct ask_shared *in, uint32_t pid);
void ask_shared_remove(struct ask_shared *in, uint32_t pid);

/* @parent has forked. */
void ask_shared_fork(struct ask_shared *in, uint32_t parent);

/* Look at as many processes as the budget allows, each at most once a second. */
void ask_shared_tick(struct ask_shared *in, uint64_t now_ns);

/* Look at all of them once more, while they live, for at most @budget_ns. */
void ask_shared_finish(struct ask_shared *in, uint64_t budget_ns);

#endif
