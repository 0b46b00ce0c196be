/* SPDX-License-Identifier: MIT */
/*
 * Owns the queue, the thread and its compressor. Which file it writes to, and
 * what becomes of it, is recording.c's business.
 */
#include "output/packer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/outfile.h"
#include "base/rights.h"
#include "base/xalloc.h"
#include "output/pb.h"
#include "output/pb_fields.h"
#include "output/recording_format.h"

/*
 * From here on chunks are not compressed: 8 MiB is a quarter of a second of a
 * machine that does nothing but switch, so a packer this late is short of CPU time. Or
 * of a fast disk: if writing is what takes longer, less is to be written, not more.
 */
#define QUEUE_LATE_CHUNKS 32

/* From here on the caller waits: the file takes no more, and memory is finite. */
#define QUEUE_FULL_BYTES (64u << 20)

/*
 * Measured on half a million scheduling cycles of eight threads on two CPUs:
 * level 1 takes 0.9 us and 37 bytes a cycle, 3 1.2 us and 33, 6 2.1 us and 30.
 */
#define DEFLATE_LEVEL 3

struct chunk {
	struct chunk *next;
	enum chunk_kind kind;
	struct strbuf sb;
};

/* All of @in, in zlib's format, at the end of @out. */
static void deflate_all(z_stream *z, const struct strbuf *in, struct strbuf *out)
{
	size_t bound = deflateBound(z, in->len);
	char *room = xmalloc(bound);

	deflateReset(z);
	z->next_in = (unsigned char *)strbuf_str(in);
	z->avail_in = (unsigned int)in->len;
	z->next_out = (unsigned char *)room;
	z->avail_out = (unsigned int)bound;
	deflate(z, Z_FINISH);	/* cannot fail: there is room for the worst case */
	strbuf_add(out, room, bound - z->avail_out);
	free(room);
}

/* Turn @c into the bytes that go to the file. */
static void pack(z_stream *z, struct chunk *c, bool plain)
{
	struct strbuf small = { 0 }, packet = { 0 };
	size_t begin;

	if (c->kind == CHUNK_PACKETS && (plain || c->sb.len > CHUNK_MAX_BYTES))
		return;

	deflate_all(z, &c->sb, &small);
	if (c->kind == CHUNK_PACKETS) {
		begin = pb_begin(&packet, PB_TRACE_PACKET);
		pb_bytes(&packet, PB_TRACE_PACKET_COMPRESSED_PACKETS, small.buf, small.len);
		pb_end(&packet, begin);
	} else {
		format_facts(&packet, small.buf, small.len, c->sb.len, c->kind == CHUNK_LAST_FACTS);
	}
	strbuf_release(&small);
	strbuf_release(&c->sb);
	c->sb = packet;
}

static void chunk_free(struct chunk *c)
{
	strbuf_release(&c->sb);
	free(c);
}

/* How long the last chunk took to compress, and the last one to write. */
struct pace {
	uint64_t pack_ns, write_ns;
};

static int pack_and_write(z_stream *z, struct chunk *c, int fd, bool is_late, struct pace *pace)
{
	bool plain = is_late && pace->write_ns <= pace->pack_ns;
	uint64_t begin_ns = clock_mono_ns(), packed_ns;
	int err;

	pack(z, c, plain);
	packed_ns = clock_mono_ns();
	err = outfile_put(fd, c->sb.buf, c->sb.len);
	pace->write_ns = clock_mono_ns() - packed_ns;
	if (!plain)
		pace->pack_ns = packed_ns - begin_ns;
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
	struct pace pace = { 0 };
	z_stream z = { 0 };
	struct chunk *c;
	sigset_t all;

	rights_drop();
	/* Ctrl-C is for the main thread, and a closed pipe is EPIPE, not the end. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	if (deflateInit(&z, DEFLATE_LEVEL) != Z_OK)
		abort();	/* out of memory, see xalloc.h */

	while ((c = next_chunk(p, &is_late, &has_failed))) {
		size_t len = c->sb.len;
		int err = 0;

		if (!has_failed)
			err = pack_and_write(&z, c, p->fd, is_late, &pace);
		chunk_free(c);

		pthread_mutex_lock(&p->mutex);
		p->chunk_cnt--;
		p->queued_bytes -= len;
		if (!p->err)
			p->err = err;
		pthread_cond_signal(&p->has_room);
		pthread_mutex_unlock(&p->mutex);
	}
	deflateEnd(&z);
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
	*sb = (struct strbuf){ 0 };

	pthread_mutex_lock(&p->mutex);
	while (p->queued_bytes > QUEUE_FULL_BYTES)
		pthread_cond_wait(&p->has_room, &p->mutex);
	*p->last = c;
	p->last = &c->next;
	p->chunk_cnt++;
	p->queued_bytes += c->sb.len;
	err = p->err;
	pthread_cond_signal(&p->has_work);
	pthread_mutex_unlock(&p->mutex);
	return err;
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
	pthread_mutex_destroy(&p->mutex);
	pthread_cond_destroy(&p->has_work);
	pthread_cond_destroy(&p->has_room);
	return p->err;
}
