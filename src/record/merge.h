/* SPDX-License-Identifier: MIT */
/*
 * Puts the records of several rings into one order of time.
 *
 * Each ring's records are (nearly) in order by themselves, so this is a merge of
 * queues. A record waits until no ring can still hold an older one: until its
 * time is before the horizon that the caller passes.
 */
#ifndef RECORD_MERGE_H
#define RECORD_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct merge_queue {
	struct strbuf bytes;	/* length, record, length, record … */
	size_t head;		/* offset of the oldest one */
};

struct merge {
	struct merge_queue *queues;	/* [queue_cnt] */
	size_t queue_cnt;
};

void merge_init(struct merge *m, size_t queue_cnt);
void merge_release(struct merge *m);

/* Copy a record that starts with a struct par_hdr. Shorter ones are dropped. */
void merge_push(struct merge *m, size_t queue, const void *rec, size_t len);

/* What all queues hold. */
size_t merge_bytes(const struct merge *m);

/*
 * The oldest record if it is older than @horizon_ns, else NULL. Lent until the
 * next push or pop.
 */
const void *merge_pop(struct merge *m, uint64_t horizon_ns, size_t *len);

#endif
