/* SPDX-License-Identifier: MIT */
/*
 * Puts the records of several rings, and of a queue beside them, into one order of time.
 *
 * Each one's records are (nearly) in order by themselves, so this is a merge. A record
 * waits until nobody can still hold an older one: until its time is before the horizon
 * that the caller passes.
 *
 * Who writes a record may be preempted meanwhile (record/tracepoint.h), and nobody sees what
 * is behind it in its ring. Then all others wait as well, from the moment on up to which that
 * ring is known.
 */
#ifndef RECORD_MERGE_H
#define RECORD_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "record/ring.h"

struct merge_queue {
	struct strbuf bytes;	/* length, record, length, record … */
	size_t head;		/* offset of the oldest one */
};

struct merge {
	struct ring *rings;	/* [ring_cnt], lent; of the same moment, the first one's comes first */
	size_t ring_cnt;
	uint64_t blocked_ns;	/* the least known_ns of a ring that is blocked; UINT64_MAX: none is */
	struct ring **heap;	/* [heap_cnt]: those that have a record, the oldest one's on top */
	size_t heap_cnt;
	struct merge_queue *queues;	/* [queue_cnt]: of what no ring holds */
	size_t queue_cnt;
};

void merge_init(struct merge *m, struct ring *rings, size_t ring_cnt, size_t queue_cnt);
void merge_release(struct merge *m);

/* Copy a record that starts with a struct par_hdr. Shorter ones are dropped. */
void merge_push(struct merge *m, size_t queue, const void *rec, size_t len);

/* See what is new in the rings, at @now_ns. */
void merge_look(struct merge *m, uint64_t now_ns);

/* Until the next look, wait for no ring that is blocked. */
void merge_wait_for_none(struct merge *m);

/*
 * The oldest record if it is older than @horizon_ns, else NULL. Lent until the
 * next push or pop, or until its ring is given back.
 */
const void *merge_pop(struct merge *m, uint64_t horizon_ns, size_t *len);

#endif
