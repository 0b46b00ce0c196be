/* SPDX-License-Identifier: MIT */
/*
 * The names of UNIX sockets, from /proc/PID/net/unix, fed as EVENT_FILE: a server's
 * end of a connection has its listener's. That list is as long as the machine is
 * busy, so what is asked for is collected and looked up together.
 */
#ifndef CMD_ASK_UNIX_H
#define CMD_ASK_UNIX_H

#include <stdint.h>

#include "base/htab.h"
#include "event/event.h"

struct ask_unix {
	void (*feed)(void *ctx, const struct event *ev);
	void *ctx;
	struct htab asked;	/* (inode, 0): whether or not it was found */
	struct htab wanted;	/* (inode, 0): not yet looked up */
	uint32_t pid;		/* in whose network namespace */
	uint64_t next_ns;	/* not before that */
};

void ask_unix_init(struct ask_unix *in,
		       void (*feed)(void *ctx, const struct event *ev), void *ctx);
void ask_unix_release(struct ask_unix *in);

/* Process @pid uses @file: who has a name is asked for it, soon. */
void ask_unix(struct ask_unix *in, uint32_t pid, const struct par_file_ref *file);
void ask_unix_tick(struct ask_unix *in, uint64_t now_ns);

#endif
