/* SPDX-License-Identifier: MIT */
/*
 * The recorded run as it is replayed: every thread's life in segments of work and
 * waits, and who ended the waits.
 *
 * Memory is bounded: SEGMENTS_MAX segments of 32 bytes, and the replay takes up to twice
 * as much beside them. When they are full, every
 * second slice of SEGMENTS_SLICE_NS is forgotten, of what is there and of what
 * comes, as often as need be. So the slices that are kept are from all over the
 * recording and complete, and what never overflows is kept as a whole.
 *
 * All times are on the kept clock: the time since the recording's start without the
 * slices that are gone.
 */
#ifndef FACTS_SEGMENTS_H
#define FACTS_SEGMENTS_H

#include "model/model.h"

#define SEGMENTS_MAX	  (384u << 10)
#define SEGMENTS_SLICE_NS 100000000ULL

enum segment_flags {
	SEGMENT_DEPENDS = 1,	/* a wait that ended because segment.waker got there */
	SEGMENT_PRIVATE = 2,	/* ... for a lock that other processes don't have */
	SEGMENT_BIRTH = 4,	/* made by the replay: until its creator gets there */
};

/* One thread's segments come in order of time, without gaps. */
struct segment {
	uint64_t start_ns;	/* on CLOCK_MONOTONIC, as the model says */
	uint64_t len_ns : 48, bucket : 8, flags : 8;
	uint32_t task;		/* task.index */
	uint32_t waker;		/* SEGMENT_DEPENDS: task.index */
	uint32_t lock;		/* lock.index; 0: none */
};

struct segments {
	struct segment **blocks;	/* of SEGMENTS_BLOCK each, all but the last one full */
	size_t block_cnt;
	size_t cnt;
	size_t max;			/* SEGMENTS_MAX; less in tests */
	uint64_t begin_ns;
	uint64_t period;		/* of so many slices the first is kept; a power of two */
};

#define SEGMENTS_BLOCK 8192

/* @max 0: SEGMENTS_MAX. */
void segments_init(struct segments *s, uint64_t begin_ns, size_t max);
void segments_add(struct segments *s, const struct span *span);

static inline struct segment *segments_at(const struct segments *s, size_t i)
{
	return &s->blocks[i / SEGMENTS_BLOCK][i % SEGMENTS_BLOCK];
}

/* What a time of the model is on the kept clock. */
uint64_t segments_kept_ns(const struct segments *s, uint64_t ts_ns);

/* Is that moment in a slice that is kept? */
bool segments_is_kept(const struct segments *s, uint64_t ts_ns);
void segments_release(struct segments *s);

#endif
