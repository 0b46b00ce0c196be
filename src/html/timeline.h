/* SPDX-License-Identifier: MIT */
/*
 * What threads did when: a lane per thread, in cells of equal length, each divided by
 * the causes of its time. Above them, CPUs in use against those that were usable.
 */
#ifndef HTML_TIMELINE_H
#define HTML_TIMELINE_H

#include <stddef.h>

#include "base/strbuf.h"
#include "export/windows.h"
#include "facts/facts.h"

/* Threads that get a lane: those that do most. */
#define TIMELINE_LANES_MAX 64

/* What the lanes take at most, in bytes: else their cells become longer. */
#define TIMELINE_BYTES_MAX 300000

struct timeline {
	size_t lanes[TIMELINE_LANES_MAX]; /* indices of threads in the facts */
	size_t lane_cnt;
	struct windows windows;
	int err;			/* why there are no windows; 0: there are */
};

/* Read the trace at @path, whose facts are @f, lent. Release it in any case. */
void timeline_read(struct timeline *tl, const char *path, const struct facts *f);
void timeline_release(struct timeline *tl);
void timeline_format(const struct timeline *tl, const struct facts *f, struct strbuf *out);

#endif
