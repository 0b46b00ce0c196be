// SPDX-License-Identifier: MIT
/*
 * Owns the way from segments, in the order they were told, to threads with their
 * operations, and from whoever ended a wait to the place in its life where it did.
 */
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "base/xalloc.h"
#include "facts/replay.h"

/* A wake-up whose place is to be found. */
struct due {
	uint32_t by;		/* thread */
	uint32_t thread, op;	/* who waits, and where */
	uint64_t ts_ns;
};

struct builder {
	struct replay *r;
	const struct segments *s;
	const struct model *m;
	uint64_t *start_ns;	/* [op_cnt], as the model says */
	struct due *dues;
	size_t due_cnt;
};

static bool is_run(unsigned int bucket)
{
	return bucket == BUCKET_CPU_USER || bucket == BUCKET_CPU_KERNEL;
}

/* Every thread gets one operation more: until it is born. */
static void lay_out(struct builder *b)
{
	struct replay *r = b->r;
	size_t due_cnt = r->thread_cnt;	/* births */
	uint32_t at = 0;

	for (size_t i = 0; i < b->s->cnt; i++) {
		const struct segment *seg = segments_at(b->s, i);

		r->threads[seg->task].op_cnt++;
		due_cnt += seg->flags & SEGMENT_DEPENDS ? 1 : 0;
	}
	for (uint32_t t = 0; t < r->thread_cnt; t++) {
		r->threads[t].op = at;
		at += r->threads[t].op_cnt + 1;
		r->threads[t].op_cnt = 1;
	}
	r->op_cnt = at;
	r->ops = xcalloc(at, sizeof(*r->ops));
	b->start_ns = xcalloc(at, sizeof(*b->start_ns));
	b->dues = xcalloc(due_cnt, sizeof(*b->dues));
}

static void add_due(struct builder *b, uint32_t by, uint32_t thread, uint32_t op, uint64_t ts_ns)
{
	b->r->ops[op].waker = by + 1;
	b->dues[b->due_cnt++] = (struct due){ by, thread, op, ts_ns };
}

static void add_birth(struct builder *b, uint32_t thread)
{
	const struct task *t = b->m->all_tasks[thread];
	uint32_t op = b->r->threads[thread].op;
	uint64_t kept = segments_kept_ns(b->s, t->start_ns);

	b->start_ns[op] = b->s->begin_ns;
	b->r->ops[op] =
		(struct replay_op){ .ns = kept, .bucket = BUCKET_OTHER, .flags = SEGMENT_BIRTH };
	if (t->creator && t->creator != t && segments_is_kept(b->s, t->start_ns))
		add_due(b, t->creator->index, thread, op, t->start_ns);
}

static void add_op(struct builder *b, const struct segment *seg)
{
	struct replay_thread *t = &b->r->threads[seg->task];
	uint64_t end = seg->start_ns + seg->len_ns;
	uint32_t op = t->op + t->op_cnt;
	uint64_t ns = segments_kept_ns(b->s, end) - segments_kept_ns(b->s, seg->start_ns);

	if (!ns)
		return;
	t->op_cnt++;
	b->start_ns[op] = seg->start_ns;
	b->r->ops[op] = (struct replay_op){
		.ns = ns & ((1ULL << 48) - 1),
		.bucket = seg->bucket & 0xff,
		.flags = seg->flags & 0xff,
		.lock = seg->lock,
	};
	if (is_run(seg->bucket))
		t->run_ns += ns;
	/* What ended it in a slice that is gone is not known: it lasts as long as it did. */
	if ((seg->flags & SEGMENT_DEPENDS) && segments_is_kept(b->s, end))
		add_due(b, seg->waker, seg->task, op, end);
}

static int by_place(const void *x, const void *y)
{
	const struct due *a = x, *b = y;

	return order_up(a->by, b->by) ?: order_up(a->ts_ns, b->ts_ns) ?: order_up(a->op, b->op);
}

/* Of each thread, walk its operations and the wake-ups that it is the cause of together. */
static void place_wakes(struct builder *b)
{
	struct replay *r = b->r;
	size_t next = 0;

	qsort(b->dues, b->due_cnt, sizeof(*b->dues), by_place);
	r->wakes = xcalloc(b->due_cnt, sizeof(*r->wakes));
	for (uint32_t i = 0; i < r->thread_cnt; i++) {
		struct replay_thread *t = &r->threads[i];
		uint32_t op = t->op, end = t->op + t->op_cnt;

		t->wake = r->wake_cnt;
		for (; next < b->due_cnt && b->dues[next].by == i; next++) {
			const struct due *d = &b->dues[next];
			uint64_t into = 0;

			while (op + 1 < end && b->start_ns[op + 1] <= d->ts_ns)
				op++;
			if (is_run(r->ops[op].bucket) && d->ts_ns > b->start_ns[op])
				into = segments_kept_ns(b->s, d->ts_ns) -
				       segments_kept_ns(b->s, b->start_ns[op]);
			r->wakes[r->wake_cnt++] = (struct replay_wake){
				.at = op,
				.thread = d->thread,
				.op = d->op,
				.after_ns = into < r->ops[op].ns ? into : r->ops[op].ns,
			};
		}
		t->wake_cnt = r->wake_cnt - t->wake;
	}
}

/* Numbers from 0 on, in order of the processes. */
static void number_processes(struct replay *r, const struct model *m)
{
	struct htab numbers = { 0 };

	for (size_t i = 0; i < m->process_cnt; i++)
		htab_put(&numbers, (uintptr_t)m->all_processes[i], 0, (void *)(i + 1));
	for (uint32_t t = 0; t < r->thread_cnt; t++) {
		uintptr_t p = (uintptr_t)m->all_tasks[t]->process;

		r->threads[t].process = (uint32_t)((uintptr_t)htab_find(&numbers, p, 0) - 1);
	}
	htab_release(&numbers);
}

void replay_init(struct replay *r, const struct segments *s, const struct model *m)
{
	struct builder b = { .r = r, .s = s, .m = m };

	*r = (struct replay){ .thread_cnt = (uint32_t)m->task_cnt };
	r->threads = xcalloc(r->thread_cnt, sizeof(*r->threads));
	number_processes(r, m);
	lay_out(&b);
	for (uint32_t t = 0; t < r->thread_cnt; t++)
		add_birth(&b, t);
	for (size_t i = 0; i < s->cnt; i++)
		add_op(&b, segments_at(s, i));
	place_wakes(&b);
	free(b.start_ns);
	free(b.dues);
}

void replay_release(struct replay *r)
{
	free(r->threads);
	free(r->ops);
	free(r->wakes);
	*r = (struct replay){ 0 };
}
