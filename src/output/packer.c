/* SPDX-License-Identifier: MIT */
/*
 * Owns the queue, the thread and its compressor. Which file it writes to, and
 * what becomes of it, is recording.c's business.
 */
#include "output/packer.h"

#include <errno.h>
#include <libdeflate.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/outfile.h"
#include "base/rights.h"
#include "base/xalloc.h"
#include "output/pb.h"
#include "output/pb_fields.h"
#include "output/recording_format.h"

/*
 * From here on chunks are not compressed: 3 MiB is a tenth of a second of a machine that
 * does nothing but switch, so a packer this late is short of CPU time. Or of a fast disk: if
 * writing is what takes longer, less is to be written, not more.
 */
#define QUEUE_LATE_CHUNKS 16

/* From here on the caller should have less to say: see packer_is_behind(). */
#define QUEUE_BEHIND_BYTES (8u << 20)

/* From here on the caller waits: the file takes no more, and memory is finite. */
#define QUEUE_FULL_BYTES (16u << 20)

/* Room for a chunk, to be used again; what is longer was an exception. */
#define SPARE_MAX_BYTES (2UL * CHUNK_MAX_BYTES)

/*
 * Measured on what a million scheduling cycles left, of a pipe ping-pong and of eight threads
 * on two CPUs: level 1 takes 0.26 and 0.33 us and 13 and 29 bytes a cycle, 3 0.45 and 0.52 us
 * and 12 and 27; zlib's 3, which was here before, 0.48 and 0.86 us for 12 and 29.
 */
#define DEFLATE_LEVEL 1

struct chunk {
	struct chunk *next;
	enum chunk_kind kind;
	struct strbuf sb;
};

/* What the thread works with. */
struct workshop {
	struct libdeflate_compressor *deflate;
	struct strbuf small;	/* what the chunk at hand became */
	struct strbuf packet;	/* ... and that as it goes to the file */
	uint64_t pack_ns;	/* how long the last compression took */
	uint64_t write_ns;	/* ... and writing the last chunk */
};

/* All of @in, in zlib's format. */
static void deflate_all(struct workshop *w, const struct strbuf *in)
{
	size_t bound = libdeflate_zlib_compress_bound(w->deflate, in->len);

	strbuf_reset(&w->small);
	w->small.buf = xgrow(w->small.buf, &w->small.cap, bound + 1, 1);
	/* Cannot fail: there is room for the worst case. */
	w->small.len = libdeflate_zlib_compress(w->deflate, strbuf_str(in), in->len, w->small.buf,
						bound);
	w->small.buf[w->small.len] = 0;
}

/* The bytes that go to the file for @c. */
static const struct strbuf *pack(struct workshop *w, const struct chunk *c, bool plain)
{
	struct strbuf *packet = &w->packet;
	size_t begin;

	if (c->kind == CHUNK_PACKETS && (plain || c->sb.len > CHUNK_MAX_BYTES))
		return &c->sb;

	deflate_all(w, &c->sb);
	strbuf_reset(packet);
	if (c->kind == CHUNK_PACKETS) {
		begin = pb_begin(packet, PB_TRACE_PACKET);
		pb_bytes(packet, PB_TRACE_PACKET_COMPRESSED_PACKETS, w->small.buf, w->small.len);
		pb_end(packet, begin);
	} else {
		format_facts(packet, w->small.buf, w->small.len, c->sb.len,
			     c->kind == CHUNK_LAST_FACTS);
	}
	return packet;
}

/* So that the memory of one long chunk is not kept. */
static void trim(struct strbuf *sb)
{
	if (sb->cap > SPARE_MAX_BYTES)
		strbuf_release(sb);
}

/* What @c says is in the file. Its memory waits for the next one. */
static void chunk_done(struct packer *p, struct chunk *c, int err)
{
	pthread_mutex_lock(&p->mutex);
	p->chunk_cnt--;
	p->queued_bytes -= c->sb.len;
	if (!p->err)
		p->err = err;
	if (!p->spare.buf && c->sb.cap <= SPARE_MAX_BYTES) {
		p->spare = c->sb;
		c->sb = (struct strbuf){ 0 };
	}
	pthread_cond_signal(&p->has_room);
	pthread_mutex_unlock(&p->mutex);
	strbuf_release(&c->sb);
	free(c);
}

static int pack_and_write(struct workshop *w, const struct chunk *c, int fd, bool is_late)
{
	bool plain = is_late && w->write_ns <= w->pack_ns;
	uint64_t begin_ns = clock_mono_ns(), packed_ns;
	const struct strbuf *bytes = pack(w, c, plain);
	int err;

	packed_ns = clock_mono_ns();
	err = outfile_put(fd, bytes->buf, bytes->len);
	w->write_ns = clock_mono_ns() - packed_ns;
	if (!plain)
		w->pack_ns = packed_ns - begin_ns;
	trim(&w->small);
	trim(&w->packet);
	return err;
}

/* The next chunk, or NULL when all is written and none will follow. */
static struct chunk *next_chunk(struct packer *p, bool *is_late, bool *has_failed)
{
	struct chunk *c;

	pthread_mutex_lock(&p->mutex);
	while (!p->first && !p->stop)
		pthread_cond_wait(&p->has_work, &p->mutex);
	c = p->first;
	if (c) {
		p->first = c->next;
		if (!p->first)
			p->last = &p->first;
		*is_late = p->chunk_cnt > QUEUE_LATE_CHUNKS;
		*has_failed = p->err;
	}
	pthread_mutex_unlock(&p->mutex);
	return c;
}

static void *packer_main(void *arg)
{
	struct packer *p = arg;
	bool is_late, has_failed;
	struct workshop w = { 0 };
	struct chunk *c;
	sigset_t all;

	rights_drop();
	/* Ctrl-C is for the main thread, and a closed pipe is EPIPE, not the end. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	w.deflate = libdeflate_alloc_compressor(DEFLATE_LEVEL);
	if (!w.deflate)
		abort();	/* out of memory, see xalloc.h */

	while ((c = next_chunk(p, &is_late, &has_failed)))
		chunk_done(p, c, has_failed ? 0 : pack_and_write(&w, c, p->fd, is_late));
	libdeflate_free_compressor(w.deflate);
	strbuf_release(&w.small);
	strbuf_release(&w.packet);
	return NULL;
}

void packer_open(struct packer *p, int fd)
{
	*p = (struct packer){ .fd = fd };
	p->last = &p->first;
	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->has_work, NULL);
	pthread_cond_init(&p->has_room, NULL);
	p->is_open = true;
}

/* Only when there is something to do: by then the caller has given up what it can. */
static int start_thread(struct packer *p)
{
	int err = -pthread_create(&p->thread, NULL, packer_main, p);

	p->is_running = !err;
	return err;
}

int packer_put(struct packer *p, enum chunk_kind kind, struct strbuf *sb)
{
	struct chunk *c;
	int err = p->is_running ? 0 : start_thread(p);

	if (err) {
		strbuf_release(sb);
		return err;
	}
	c = xcalloc(1, sizeof(*c));
	c->kind = kind;
	c->sb = *sb;

	pthread_mutex_lock(&p->mutex);
	while (p->queued_bytes > QUEUE_FULL_BYTES)
		pthread_cond_wait(&p->has_room, &p->mutex);
	*sb = p->spare;
	p->spare = (struct strbuf){ 0 };
	strbuf_reset(sb);
	*p->last = c;
	p->last = &c->next;
	p->chunk_cnt++;
	p->queued_bytes += c->sb.len;
	err = p->err;
	pthread_cond_signal(&p->has_work);
	pthread_mutex_unlock(&p->mutex);
	return err;
}

bool packer_is_behind(struct packer *p)
{
	bool is_behind;

	if (!p->is_running)
		return false;
	pthread_mutex_lock(&p->mutex);
	is_behind = p->queued_bytes > QUEUE_BEHIND_BYTES;
	pthread_mutex_unlock(&p->mutex);
	return is_behind;
}

int packer_stop(struct packer *p)
{
	if (!p->is_open)
		return 0;
	if (p->is_running) {
		pthread_mutex_lock(&p->mutex);
		p->stop = true;
		pthread_cond_signal(&p->has_work);
		pthread_mutex_unlock(&p->mutex);
		pthread_join(p->thread, NULL);
	}
	p->is_open = p->is_running = false;
	strbuf_release(&p->spare);
	pthread_mutex_destroy(&p->mutex);
	pthread_cond_destroy(&p->has_work);
	pthread_cond_destroy(&p->has_room);
	return p->err;
}
