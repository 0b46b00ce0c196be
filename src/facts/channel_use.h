/* SPDX-License-Identifier: MIT */
/*
 * What a channel is to the program that made it: a multiprocessing queue, a
 * manager's connection, what starts a worker. The kernel knows nothing of these;
 * this goes by paths, command lines, who reads and who writes and which semaphores
 * they share. What paths and command lines say is certain, the rest is said to be
 * likely.
 */
#ifndef FACTS_CHANNEL_USE_H
#define FACTS_CHANNEL_USE_H

#include "base/htab.h"
#include "model/model.h"

struct channel_use {
	const struct model *model;
	struct htab processes;		/* (pid, 0) -> the last struct process of that number */
	struct htab semaphores;		/* (pid, 0): has some */
	struct htab shares;		/* (pid, pid), the smaller first: share a semaphore */
	struct htab executors;		/* (pid, 0): wakes itself as a ProcessPoolExecutor does */
	struct htab listeners;		/* (pid, 0): is a multiprocessing Listener, or at its end */
	struct htab tasks, results;	/* (owner, worker): a pipe that way, or the other way */
};

void channel_use_init(struct channel_use *u, const struct model *m);
void channel_use_release(struct channel_use *u);

/* For people; NULL: nothing is known but the kind. The caller frees. */
char *channel_use_of(const struct channel_use *u, const struct channel *c);

#endif
