/* SPDX-License-Identifier: MIT */
/*
 * Asks /proc about what the records mention: who a process is, which runtime it
 * has, what a file or an untraced thread is called, how much memory is used. The
 * answers are events like the kernel's own, fed right after the record that
 * raised the question.
 */
#ifndef CMD_INSPECT_H
#define CMD_INSPECT_H

#include <stdint.h>

#include "base/htab.h"
#include "event/event.h"
#include "symbol/python_detect.h"

struct inspect {
	void (*feed)(void *ctx, const struct event *ev);
	void *ctx;
	const struct htab *traced;	/* (tid, 0), lent: these need no asking for names */
	struct htab processes;		/* (pid, 0) -> struct known_process, live ones */
	struct htab names;		/* (tid, 0): asked for the name of an untraced thread */
	struct htab files;		/* (inode, 0): asked for its path */
	struct htab ports;		/* (port, 0): asked whether this machine listens there */
	struct python_cache python;
	uint64_t ports_ns;		/* when they may be asked for again */
	uint64_t memory_ns;		/* when that was last asked */
	int32_t sys_futex;
};

void inspect_init(struct inspect *in, const struct htab *traced,
		  void (*feed)(void *ctx, const struct event *ev), void *ctx);
void inspect_release(struct inspect *in);

/* What must be known before @ev is understood: a runtime that shows only now. */
void inspect_before(struct inspect *in, const struct event *ev);

/* What @ev made known: new processes, programs, files. */
void inspect_after(struct inspect *in, const struct event *ev);

/* What changes by itself: memory. */
void inspect_tick(struct inspect *in, uint64_t now_ns);

/*
 * Proportional memory of each process, which is dear: at the end, while they
 * live. When there are too many for that, the last ones' is estimated.
 */
void inspect_memory(struct inspect *in);

#endif
