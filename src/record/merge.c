// SPDX-License-Identifier: MIT
/* Owns the records between the ring and the model. */
#include "record/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "par_event.h"

void merge_init(struct merge *m, size_t queue_cnt)
{
	m->queues = xcalloc(queue_cnt, sizeof(*m->queues));
	m->queue_cnt = queue_cnt;
}

void merge_release(struct merge *m)
{
	for (size_t i = 0; i < m->queue_cnt; i++)
		strbuf_release(&m->queues[i].bytes);
	free(m->queues);
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

size_t merge_bytes(const struct merge *m)
{
	size_t sum = 0;

	for (size_t i = 0; i < m->queue_cnt; i++)
		sum += m->queues[i].bytes.len - m->queues[i].head;
	return sum;
}

const void *merge_pop(struct merge *m, uint64_t horizon_ns, size_t *len)
{
	struct merge_queue *oldest = NULL;
	uint64_t oldest_ns = horizon_ns;
	const char *rec;
	uint64_t len64;

	for (size_t i = 0; i < m->queue_cnt; i++) {
		uint64_t ts = head_ts(&m->queues[i]);

		if (ts < oldest_ns) {
			oldest_ns = ts;
			oldest = &m->queues[i];
		}
	}
	if (!oldest)
		return NULL;
	memcpy(&len64, oldest->bytes.buf + oldest->head, sizeof(len64));
	rec = oldest->bytes.buf + oldest->head + sizeof(len64);
	oldest->head += sizeof(len64) + len64;
	*len = len64;
	return rec;
}
