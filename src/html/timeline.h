/* SPDX-License-Identifier: MIT */
/*
 * What threads did when: a lane per thread, in cells of equal length, each divided by
 * the causes of its time. Above them, CPUs in use against those that were usable.
 */
#ifndef HTML_TIMELINE_H
#define HTML_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "export/windows.h"
#include "facts/facts.h"

/* Threads that get a lane: those that do most. */
#define TIMELINE_LANES_MAX 64

/* What all lanes of a page take at most, in bytes: else their cells become longer. */
#define TIMELINE_BYTES_MAX 300000

struct timeline {
	size_t lanes[TIMELINE_LANES_MAX]; /* indices of threads in the facts */
	size_t lane_cnt;
	struct windows windows;
	int err;			/* why there are no windows; 0: there are */
};

/* Read the trace at @path, whose facts are @f, lent. Release it in any case. */
void timeline_read(struct timeline *tl, const char *path, const struct facts *f);

/* Likewise for recordings put together: @paths has one for each of the facts' parts. */
void timeline_read_all(struct timeline *tl, const char *const *paths, size_t path_cnt,
		       const struct facts *f);
void timeline_release(struct timeline *tl);

/* What several timelines on a page share, or not. */
struct timeline_view {
	const char *id, *title;	/* of the section, safe */
	const char *note;	/* below it, not made harmless yet; or NULL */
	uint64_t axis_ns;	/* how long the axis is */
	double top;		/* of the curve, in threads */
	size_t bytes_max;	/* what the lanes may take */
};

/* As high as the curve is of itself. */
double timeline_top(const struct facts *f);

/* @view NULL: the timeline is the only one. */
void timeline_format(const struct timeline *tl, const struct facts *f,
		     const struct timeline_view *view, struct strbuf *out);

#endif
