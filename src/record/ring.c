// SPDX-License-Identifier: MIT
/*
 * Owns the mapping, and the layout that the kernel gives it (kernel/bpf/ringbuf.c): a page
 * with the consumer's position, one with the producer's, the data.
 */
#include "record/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "par_event.h"

/*
 * The kernel reads the position with each record that it writes, on another CPU: it is told
 * of as much as a few hundred records at a time. The ring is much larger.
 */
#define GIVE_BACK_BYTES (64u << 10)

/* Most records are no longer. */
#define FETCH_BYTES	 192
#define CACHE_LINE_BYTES 64

#define LEN_MASK (~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT))

/* What the kernel shows: its position and the data. */
static size_t shown_bytes(const struct ring *r)
{
	return r->page_bytes + r->bytes + r->spare_bytes;
}

int ring_open(struct ring *r, const struct ring_place *place)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	off_t offset = (off_t)place->offset;
	char *shown;

	*r = (struct ring){
		.head_ns = UINT64_MAX,
		.bytes = place->bytes,
		.spare_bytes = place->spare_bytes,
		.page_bytes = page,
	};
	r->given_back = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, place->fd, offset);
	if (r->given_back == MAP_FAILED) {
		r->given_back = NULL;
		return -errno;
	}
	shown = mmap(NULL, shown_bytes(r), PROT_READ, MAP_SHARED, place->fd, offset + (off_t)page);
	if (shown == MAP_FAILED)
		return -errno;
	r->produced = (const uint64_t *)shown;
	r->data = shown + page;
	r->at = r->end = r->counted = *r->given_back;
	return 0;
}

void ring_close(struct ring *r)
{
	if (r->given_back)
		munmap(r->given_back, r->page_bytes);
	if (r->produced)
		munmap((void *)r->produced, shown_bytes(r));
	free(r->joined);
	*r = (struct ring){ .head_ns = UINT64_MAX };
}

static uint64_t place_bytes(uint32_t len)
{
	return ((uint64_t)len + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
}

/* Records and their headers begin at multiples of 8, so none of either's words is in two pieces. */
static const char *at(const struct ring *r, uint64_t position)
{
	return r->data + (position & (r->bytes - 1));
}

/* Behind its header; a ring goes on at its beginning, a lane behind its end. */
static const char *record_at(const struct ring *r, uint64_t position)
{
	const char *rec = at(r, position) + BPF_RINGBUF_HDR_SZ;

	return rec < r->data + r->bytes + r->spare_bytes ? rec : r->data;
}

/* Another CPU has just written it: the sooner its caches are asked, the shorter the wait. */
static void fetch(const char *record)
{
	for (size_t i = 0; i < FETCH_BYTES; i += CACHE_LINE_BYTES)
		__builtin_prefetch(record + i);
}

void ring_look(struct ring *r)
{
	uint32_t len;

	if (!r->data)
		return;
	for (r->head_ns = UINT64_MAX;; r->at += place_bytes(len & LEN_MASK)) {
		if (r->at == r->end)
			r->end = __atomic_load_n(r->produced, __ATOMIC_ACQUIRE);
		if (r->at == r->end)
			return;
		len = __atomic_load_n((const uint32_t *)at(r, r->at), __ATOMIC_ACQUIRE);
		if (len & BPF_RINGBUF_BUSY_BIT)
			return; /* reserved: it is being written */
		if (!(len & BPF_RINGBUF_DISCARD_BIT) && len >= sizeof(struct par_hdr))
			break;
	}
	r->head_len = len;
	memcpy(&r->head_ns, record_at(r, r->at), sizeof(r->head_ns));
	fetch(at(r, r->at + place_bytes(len)));
}

bool ring_is_blocked(const struct ring *r)
{
	return r->head_ns == UINT64_MAX && r->at != r->end;
}

static const char *join(struct ring *r, const char *rec, size_t len)
{
	size_t first = (size_t)(r->data + r->bytes - rec);

	r->joined = xgrow(r->joined, &r->joined_cap, len, 1);
	memcpy(r->joined, rec, first);
	memcpy(r->joined + first, r->data, len - first);
	return r->joined;
}

const void *ring_take(struct ring *r, size_t *len)
{
	const char *rec = record_at(r, r->at);

	if (r->at - *r->given_back >= GIVE_BACK_BYTES)
		ring_give_back(r);
	*len = r->head_len;
	if (r->head_len > (size_t)(r->data + r->bytes + r->spare_bytes - rec))
		rec = join(r, rec, r->head_len);
	r->at += place_bytes(r->head_len);
	r->known_ns = r->head_ns;
	ring_look(r);
	return rec;
}

void ring_give_back(struct ring *r)
{
	if (r->given_back)
		__atomic_store_n(r->given_back, r->at, __ATOMIC_RELEASE);
}

size_t ring_held(const struct ring *r)
{
	if (!r->produced)
		return 0;
	return (size_t)(__atomic_load_n(r->produced, __ATOMIC_ACQUIRE) - *r->given_back);
}

size_t ring_news(struct ring *r)
{
	uint64_t before = r->counted;

	if (!r->produced)
		return 0;
	r->counted = __atomic_load_n(r->produced, __ATOMIC_ACQUIRE);
	return (size_t)(r->counted - before);
}
