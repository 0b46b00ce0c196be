/* SPDX-License-Identifier: MIT */
/*
 * What the programs know of requests and don't report by themselves: replies that no
 * further request has followed, queues of listening sockets, and the function that
 * --request names.
 */
#ifndef RECORD_REQUESTS_H
#define RECORD_REQUESTS_H

#include <stdint.h>

#include "base/htab.h"
#include "event/event.h"
#include "record/probes.h"
#include "record/uprobe.h"

/* The function whose calls are requests. */
struct request_function {
	const char *path;	/* of the file that has it, as we reach it; NULL: none */
	uint64_t offset;	/* in the file */
};

struct requests {
	struct probes *probes;	/* lent */
	struct htab listeners;	/* (inode, 0) -> struct par_listener as last fed, owned */
	struct uprobe call, ret;
};

/* -errno, unsaid. */
int requests_init(struct requests *r, struct probes *probes, const struct request_function *f);
void requests_release(struct requests *r);

/*
 * Feed what has come since the last time. @is_end: nothing more will; what was
 * begun and not answered is counted.
 */
void requests_feed(struct requests *r, bool is_end,
		   void (*feed)(void *ctx, const struct event *ev), void *ctx);

#endif
