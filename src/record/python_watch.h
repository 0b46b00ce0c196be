/* SPDX-License-Identifier: MIT */
/*
 * The uprobes in CPython: attached once per file that holds one, as soon as a
 * traced process is seen to run it. A breakpoint costs whoever runs into it, so
 * those that tell who has the GIL are taken off when they are hit too often, and
 * come back later; what was seen meanwhile is a sample.
 */
#ifndef RECORD_PYTHON_WATCH_H
#define RECORD_PYTHON_WATCH_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/htab.h"
#include "event/event.h"
#include "par_shared.h"
#include "record/probes.h"

/* A process that runs CPython. */
struct python_site {
	uint32_t pid;
	const char *path;	/* of the file with CPython's code, as we reach it */
	uint64_t offsets[PAR_PYTHON_FUNCTION_CNT];	/* in the file; 0: not there */
	bool has_gil;
	struct par_python_place place;
};

struct python_file;

struct python_watch {
	struct probes *probes;		/* lent; NULL: nothing is watched */
	struct htab files;		/* (device, inode) -> struct python_file, owned */
	bool is_on;			/* the GIL's uprobes are attached */
	bool is_detaching;		/* they are on their way out, in a thread of its own */
	bool has_detacher;
	pthread_t detacher;
	uint64_t hits;			/* by the last step */
	uint64_t step_ns;		/* when that was */
	double budget;			/* hits that may come; below zero: too many came */
	struct htab counts;		/* (tid, 0) -> what was fed, owned */
	bool failed;			/* said that it does not work */
};

/* Watches nothing without @probes, or when they have no such programs. */
void python_watch_init(struct python_watch *w, struct probes *probes);
void python_watch_release(struct python_watch *w);

/* May be called again for the same process. */
void python_watch_add(struct python_watch *w, const struct python_site *site);

/* Ruby runs in @pid: its waits on condition variables tell from now on with which mutex. */
void python_watch_gvl(struct python_watch *w, uint32_t pid);

/* Every few milliseconds: take the probes off, or put them back. */
void python_watch_step(struct python_watch *w, uint64_t now_ns);

/* Nothing is watched from @end_ns on. */
void python_watch_end(struct python_watch *w, uint64_t end_ns);

/* Feed an EVENT_RELEASED of each thread of which more is known than the last time. */
void python_watch_feed(struct python_watch *w, void (*feed)(void *ctx, const struct event *ev),
		       void *ctx);

#endif
