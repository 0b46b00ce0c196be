// SPDX-License-Identifier: MIT
/* Owns the records that are in no ring. */
#include "record/merge.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "par_event.h"

void merge_init(struct merge *m, struct ring *rings, size_t ring_cnt, size_t queue_cnt)
{
	*m = (struct merge){
		.rings = rings,
		.ring_cnt = ring_cnt,
		.blocked_ns = UINT64_MAX,
		.heap = xcalloc(ring_cnt, sizeof(*m->heap)),
		.queues = xcalloc(queue_cnt, sizeof(*m->queues)),
		.queue_cnt = queue_cnt,
	};
}

void merge_release(struct merge *m)
{
	for (size_t i = 0; i < m->queue_cnt; i++)
		strbuf_release(&m->queues[i].bytes);
	free(m->queues);
	free(m->heap);
	*m = (struct merge){ 0 };
}

/* Drop what was popped once it is the larger part; amortised, each byte moves once. */
static void compact(struct merge_queue *q)
{
	if (q->head < q->bytes.len / 2 || !q->head)
		return;
	q->bytes.len -= q->head;
	memmove(q->bytes.buf, q->bytes.buf + q->head, q->bytes.len);
	q->head = 0;
}

void merge_push(struct merge *m, size_t queue, const void *rec, size_t len)
{
	struct merge_queue *q = &m->queues[queue];
	uint64_t len64 = len;

	if (len < sizeof(struct par_hdr))
		return;
	compact(q);
	strbuf_add(&q->bytes, &len64, sizeof(len64));
	strbuf_add(&q->bytes, rec, len);
}

static uint64_t head_ts(const struct merge_queue *q)
{
	struct par_hdr hdr;

	if (q->head == q->bytes.len)
		return UINT64_MAX;
	memcpy(&hdr, q->bytes.buf + q->head + sizeof(uint64_t), sizeof(hdr));
	return hdr.ts_ns;
}

static const void *queue_take(struct merge_queue *q, size_t *len)
{
	const char *rec = q->bytes.buf + q->head;
	uint64_t len64;

	memcpy(&len64, rec, sizeof(len64));
	q->head += sizeof(len64) + len64;
	*len = len64;
	return rec + sizeof(len64);
}

static bool is_before(const struct ring *a, const struct ring *b)
{
	return a->head_ns != b->head_ns ? a->head_ns < b->head_ns : a < b;
}

/* What is at @i may have got younger than what is below it. */
static void sift_down(struct merge *m, size_t i)
{
	for (;;) {
		size_t child = 2 * i + 1;
		struct ring *ring = m->heap[i];

		if (child + 1 < m->heap_cnt && is_before(m->heap[child + 1], m->heap[child]))
			child++;
		if (child >= m->heap_cnt || !is_before(m->heap[child], ring))
			return;
		m->heap[i] = m->heap[child];
		m->heap[child] = ring;
		i = child;
	}
}

/* Nobody is to overtake what @ring may hide. */
static void wait_for_writer(struct merge *m, const struct ring *ring)
{
	if (ring_is_blocked(ring) && ring->known_ns < m->blocked_ns)
		m->blocked_ns = ring->known_ns;
}

void merge_look(struct merge *m, uint64_t now_ns)
{
	m->heap_cnt = 0;
	m->blocked_ns = UINT64_MAX;
	for (size_t i = 0; i < m->ring_cnt; i++) {
		struct ring *ring = &m->rings[i];

		ring_look(ring);
		if (ring->head_ns != UINT64_MAX)
			m->heap[m->heap_cnt++] = ring;
		else if (!ring_is_blocked(ring))
			ring->known_ns = now_ns;
		wait_for_writer(m, ring);
	}
	for (size_t i = m->heap_cnt / 2; i-- > 0;)
		sift_down(m, i);
}

static const void *top_take(struct merge *m, size_t *len)
{
	struct ring *top = m->heap[0];
	const void *rec = ring_take(top, len);

	if (top->head_ns == UINT64_MAX) {
		wait_for_writer(m, top);
		m->heap[0] = m->heap[--m->heap_cnt];
	}
	if (m->heap_cnt)
		sift_down(m, 0);
	return rec;
}

void merge_wait_for_none(struct merge *m)
{
	m->blocked_ns = UINT64_MAX;
}

const void *merge_pop(struct merge *m, uint64_t horizon_ns, size_t *len)
{
	struct merge_queue *queue = NULL;
	uint64_t oldest_ns = horizon_ns < m->blocked_ns ? horizon_ns : m->blocked_ns;
	bool in_ring = m->heap_cnt && m->heap[0]->head_ns < oldest_ns;

	if (in_ring)
		oldest_ns = m->heap[0]->head_ns;
	for (size_t i = 0; i < m->queue_cnt; i++) {
		uint64_t ts_ns = head_ts(&m->queues[i]);

		if (ts_ns < oldest_ns) {
			oldest_ns = ts_ns;
			queue = &m->queues[i];
		}
	}
	if (queue)
		return queue_take(queue, len);
	return in_ring ? top_take(m, len) : NULL;
}
