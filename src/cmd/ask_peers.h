/* SPDX-License-Identifier: MIT */
/*
 * Asks /proc who has the other end of a connection inside this machine. The kernel's
 * records cannot tell: a TCP socket does not know its process. Asking means to read
 * the list of connections and the descriptors of all processes, so it is done for
 * many connections at once, seldom, and never for longer than a budget.
 */
#ifndef CMD_ASK_PEERS_H
#define CMD_ASK_PEERS_H

#include <stdbool.h>

#include "base/htab.h"
#include "event/event.h"

#define ASK_PEERS_CNT 64

struct ask_peers {
	struct htab asked;	/* (ports, file kind): was asked for */
	struct {
		uint32_t pid;
		bool is_asked_again;
		struct par_file_ref file;
	} open[ASK_PEERS_CNT];	/* to be answered */
	size_t open_cnt;
	uint64_t next_ns;	/* when that may be */
};

/* Process @pid waits on @file. */
void ask_peers_note(struct ask_peers *ap, uint32_t pid, const struct par_file_ref *file);

/*
 * Answer what is open, if it is time; the answers go to @feed. What a look that ran out of its
 * budget did not find is looked for once more.
 */
void ask_peers_tick(struct ask_peers *ap, uint64_t now_ns,
		    void (*feed)(void *ctx, const struct event *ev), void *ctx);
void ask_peers_release(struct ask_peers *ap);

#endif
