/* SPDX-License-Identifier: MIT */
/*
 * One BPF ring buffer, or one lane (bpf/lane.bpf.h), read in place: a record stays where the
 * kernel wrote it until it has been fed, so the ring is all the memory there is between the
 * two. It is mapped once: a record that goes on at the ring's beginning is the one that is
 * copied. In a lane none does.
 *
 *	ring_look(), then ring_take() while head_ns suits, ring_give_back()
 */
#ifndef RECORD_RING_H
#define RECORD_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	uint64_t head_ns;		/* of the oldest record; UINT64_MAX: there is none */
	uint32_t head_len;
	uint64_t known_ns;		/* what it does not show is not older: see merge.h */

	uint64_t *given_back;		/* the kernel's consumer position: it writes up to there */
	const uint64_t *produced;	/* ... and its producer position */
	uint64_t at, end;		/* of the oldest record; of what is known to be there */
	uint64_t counted;		/* by ring_news() */
	const char *data;
	size_t bytes;			/* of it: a power of two */
	size_t spare_bytes;		/* behind them, where a record may go on */
	size_t page_bytes;
	char *joined;			/* the copy of a record in two pieces */
	size_t joined_cap;
};

/* Where a ring lies in what its descriptor maps. */
struct ring_place {
	int fd;			/* lent */
	size_t offset;
	size_t bytes;		/* as it was created with */
	size_t spare_bytes;
};

/* -errno. */
int ring_open(struct ring *r, const struct ring_place *place);

/* Copes with a zeroed one. */
void ring_close(struct ring *r);

/* Where there was no record: is there one now? */
void ring_look(struct ring *r);

/* Is there none because the next one is still being written? */
bool ring_is_blocked(const struct ring *r);

/* Take the oldest record, which must be there. Lent until the next ring_take() or ring_give_back(). */
const void *ring_take(struct ring *r, size_t *len);

/* What has been taken, the kernel may write over. */
void ring_give_back(struct ring *r);

/* Bytes that the kernel can't write over yet. */
size_t ring_held(const struct ring *r);

/* Bytes that have come since the last call, or since it was opened. */
size_t ring_news(struct ring *r);

#endif
