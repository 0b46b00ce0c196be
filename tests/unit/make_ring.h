/* SPDX-License-Identifier: MIT */
/*
 * A file in memory stands for the ring buffer, or the lane; what the kernel does, the test does.
 *
 *	open_ring(&k); put_of(&k, …); … close_ring(&k);
 */
#ifndef TESTS_MAKE_RING_H
#define TESTS_MAKE_RING_H

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "par_event.h"
#include "record/ring.h"

#define BYTES (128u << 10)

struct kernel {
	struct ring ring;
	struct ring_place place;
	size_t page;
	char *map;		/* consumer's page, producer's page, data */
	size_t map_bytes;
	uint64_t produced;
};

static inline void open_at(struct kernel *k, size_t offset, size_t spare_bytes)
{
	*k = (struct kernel){ .page = (size_t)sysconf(_SC_PAGESIZE) };
	k->map_bytes = 2 * k->page + BYTES + spare_bytes;
	k->place = (struct ring_place){
		.fd = memfd_create("ring", 0),
		.offset = offset,
		.bytes = BYTES,
		.spare_bytes = spare_bytes,
	};
	assert_true(k->place.fd >= 0);
	assert_int_equal(ftruncate(k->place.fd, (off_t)(offset + k->map_bytes)), 0);
	k->map = mmap(NULL, k->map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, k->place.fd,
		      (off_t)offset);
	assert_true(k->map != MAP_FAILED);
	assert_int_equal(ring_open(&k->ring, &k->place), 0);
}

static inline void open_ring(struct kernel *k)
{
	open_at(k, 0, 0);
}

static inline void close_ring(struct kernel *k)
{
	ring_close(&k->ring);
	munmap(k->map, k->map_bytes);
	close(k->place.fd);
}

/* The byte @i of what is at @position: in a ring it may be at the beginning again. */
static inline void set_byte(struct kernel *k, uint64_t position, size_t i, char byte)
{
	size_t at = k->place.spare_bytes ? position % BYTES + i : (position + i) % BYTES;

	k->map[2 * k->page + at] = byte;
}

static inline void set_bytes(struct kernel *k, uint64_t position, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		set_byte(k, position, i, ((const char *)bytes)[i]);
}

/* @tid's record of @len bytes, whose tail says its time. Returns where its header is. */
static inline uint64_t put_of(struct kernel *k, uint32_t tid, uint64_t ts_ns, uint32_t len,
			      uint32_t flags)
{
	struct par_hdr hdr = { .ts_ns = ts_ns, .tid = tid };
	uint64_t here = k->produced;
	uint32_t word = len | flags;

	set_bytes(k, here, &word, sizeof(word));
	for (uint32_t i = 0; i < len; i++)
		set_byte(k, here, BPF_RINGBUF_HDR_SZ + i,
			 i < sizeof(hdr) ? ((const char *)&hdr)[i] : (char)ts_ns);
	k->produced += (len + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
	memcpy(k->map + k->page, &k->produced, sizeof(k->produced));
	return here;
}

#endif
