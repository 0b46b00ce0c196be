/* SPDX-License-Identifier: MIT */
/*
 * The thread that compresses chunks of packets and writes them to a file.
 *
 *	caller -> packer_put() -> bounded queue -> thread: deflate, write
 *
 * Compression must never make the caller fall behind: when more than a few
 * chunks are waiting they go out as they are, then packer_is_behind(), and only
 * whoever goes on all the same has to wait in packer_put(). Chunks reach the file in order.
 */
#ifndef OUTPUT_PACKER_H
#define OUTPUT_PACKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

enum chunk_kind {
	CHUNK_PACKETS,		/* whole packets, framed */
	CHUNK_FACTS,		/* facts as JSON, of a recording that goes on */
	CHUNK_LAST_FACTS,	/* facts as JSON, of the whole recording */
};

/*
 * No chunk may be longer. The importer wants each compressed packet below
 * 512 KiB, and a chunk that does not shrink is a little longer than before.
 */
#define CHUNK_MAX_BYTES (256u << 10)

struct packer {
	int fd;				/* lent by the caller */
	bool is_open;
	bool is_running;		/* the thread: from the first chunk on */
	pthread_t thread;
	pthread_mutex_t mutex;		/* guards all below */
	pthread_cond_t has_work, has_room;
	struct chunk *first, **last;
	size_t chunk_cnt;
	size_t queued_bytes;
	struct strbuf spare;		/* memory for the caller's next chunk */
	bool stop;
	int err;			/* the first failure; later chunks are dropped */
};

void packer_open(struct packer *p, int fd);

/* Queue what is in @sb, which is empty afterwards, with other memory. Returns the first failure so far. */
int packer_put(struct packer *p, enum chunk_kind kind, struct strbuf *sb);

/* So much is queued that the caller should have less to say, or it will have to wait. */
bool packer_is_behind(struct packer *p);

/* Write what is queued, end the thread. Returns the first failure. Copes with a zeroed packer. */
int packer_stop(struct packer *p);

#endif
