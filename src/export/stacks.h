/* SPDX-License-Identifier: MIT */
/*
 * Where thread time went, as stacks of four frames: process, role, cause (the bucket),
 * and what the wait was for. Times are the facts', to the nanosecond; the trace says
 * how waits divide among their objects, and what it does not tell has three frames.
 */
#ifndef EXPORT_STACKS_H
#define EXPORT_STACKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/htab.h"
#include "facts/facts.h"

/* The frames, root first. */
enum { FRAME_PROCESS, FRAME_ROLE, FRAME_CAUSE, FRAME_OBJECT, FRAME_CNT };

struct stack {
	char *frames[FRAME_CNT];	/* the last one may be NULL */
	enum bucket bucket;		/* FRAME_CAUSE */
	uint64_t ns;
	uint64_t waits;			/* 0 for CPU time, and for what the trace does not tell */
	struct stack *next;		/* of the same hash */
};

/* Zeroed memory is empty. */
struct stacks {
	struct stack **all;		/* [cnt] */
	size_t cnt, cap;
	struct htab by_hash;
};

/* Add the recording at @path, whose facts are @f. Returns what trace_read() does. */
int stacks_add_recording(struct stacks *s, const char *path, const struct facts *f);

/* By process, role and cause; the objects with most time first. */
void stacks_sort(struct stacks *s);
void stacks_release(struct stacks *s);

/* Frames that there are: 3 or 4. */
int stack_depth(const struct stack *s);

#endif
