/* SPDX-License-Identifier: MIT */
/* Paths for the files that threads wait for or lock. */
#ifndef CMD_ASK_FILES_H
#define CMD_ASK_FILES_H

#include <stdint.h>

#include "base/htab.h"
#include "event/event.h"

struct ask_files {
	struct htab asked;	/* (inode, device) -> how often, as a number */
};

/*
 * Thread @tid waits as @cause says: feed the path of its file, once, as
 * EVENT_FILE. A file that was closed meanwhile stays without; one that was
 * deleted ends with " (deleted)".
 */
void ask_file(struct ask_files *af, uint32_t tid, const struct par_cause *cause,
	      void (*feed)(void *ctx, const struct event *ev), void *ctx);
void ask_files_release(struct ask_files *af);

#endif
