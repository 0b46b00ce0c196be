// SPDX-License-Identifier: MIT
/* Owns the segments, in the order they are told, and the thinning when they are too many. */
#include "facts/segments.h"

#include <stdlib.h>

#include "base/xalloc.h"

#define LEN_MAX	   ((1ULL << 48) - 1)
#define PERIOD_MAX (1ULL << 20)

void segments_init(struct segments *s, uint64_t begin_ns, size_t max)
{
	*s = (struct segments){
		.begin_ns = begin_ns,
		.max = max ? max : SEGMENTS_MAX,
		.period = 1,
	};
}

static uint64_t since(const struct segments *s, uint64_t ts_ns)
{
	return ts_ns > s->begin_ns ? ts_ns - s->begin_ns : 0;
}

uint64_t segments_kept_ns(const struct segments *s, uint64_t ts_ns)
{
	uint64_t rel = since(s, ts_ns);
	uint64_t slice = rel / SEGMENTS_SLICE_NS;
	uint64_t kept = slice / s->period * SEGMENTS_SLICE_NS;

	return kept + (slice % s->period ? SEGMENTS_SLICE_NS : rel % SEGMENTS_SLICE_NS);
}

bool segments_is_kept(const struct segments *s, uint64_t ts_ns)
{
	return since(s, ts_ns) / SEGMENTS_SLICE_NS % s->period == 0;
}

/* Nothing of it is in a slice that is kept. */
static bool is_lost(const struct segments *s, uint64_t start_ns, uint64_t end_ns)
{
	return segments_kept_ns(s, start_ns) == segments_kept_ns(s, end_ns);
}

static void thin(struct segments *s)
{
	size_t kept = 0, blocks;

	s->period *= 2;
	for (size_t i = 0; i < s->cnt; i++) {
		const struct segment *seg = segments_at(s, i);

		if (!is_lost(s, seg->start_ns, seg->start_ns + seg->len_ns))
			*segments_at(s, kept++) = *seg;
	}
	s->cnt = kept;
	blocks = (kept + SEGMENTS_BLOCK - 1) / SEGMENTS_BLOCK;
	while (s->block_cnt > blocks)
		free(s->blocks[--s->block_cnt]);
}

static struct segment *append(struct segments *s)
{
	if (s->cnt == s->block_cnt * SEGMENTS_BLOCK) {
		s->blocks = xrealloc(s->blocks, (s->block_cnt + 1) * sizeof(*s->blocks));
		s->blocks[s->block_cnt++] = xmalloc(SEGMENTS_BLOCK * sizeof(struct segment));
	}
	return segments_at(s, s->cnt++);
}

/*
 * Did the waker's progress end it? In an interrupt the waker is only whoever was
 * interrupted, so from outside comes what it doesn't share a channel with.
 */
static bool depends(const struct span *span)
{
	const struct task *w = span->waker;

	if (!w || w == span->task || span->is_open)
		return false;
	switch (span->bucket) {
	case BUCKET_LOCK:
	case BUCKET_KERNEL_LOCK:
	case BUCKET_SYNC:
	case BUCKET_IPC:
	case BUCKET_CHILD:
		return true;
	case BUCKET_NETWORK:
	case BUCKET_IDLE:
		return span->peer && span->peer->pid == w->process->pid;
	default:
		return false;
	}
}

void segments_add(struct segments *s, const struct span *span)
{
	uint64_t len = span->end_ns - span->start_ns;
	const struct lock *l = span->lock;
	unsigned int flags = 0;

	if (s->period > 1 && is_lost(s, span->start_ns, span->end_ns))
		return;
	while (s->cnt >= s->max && s->period < PERIOD_MAX)
		thin(s);
	if (s->cnt >= s->max)
		return; /* the first slice alone is too much */
	if (depends(span))
		flags |= SEGMENT_DEPENDS;
	if (l && l->process && !l->is_shared)
		flags |= SEGMENT_PRIVATE;
	*append(s) = (struct segment){
		.start_ns = span->start_ns,
		.len_ns = len < LEN_MAX ? len : LEN_MAX,
		.bucket = span->bucket,
		.flags = flags & 0xff,
		.task = span->task->index,
		.waker = flags & SEGMENT_DEPENDS ? span->waker->index : 0,
		.lock = l ? l->index : 0,
	};
}

void segments_release(struct segments *s)
{
	for (size_t i = 0; i < s->block_cnt; i++)
		free(s->blocks[i]);
	free(s->blocks);
	*s = (struct segments){ 0 };
}
