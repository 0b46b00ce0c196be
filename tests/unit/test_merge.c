// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "make_ring.h"
#include "record/merge.h"

struct rec {
	struct par_hdr hdr;
	char tail[40];
};

static void push_sized(struct merge *m, size_t queue, uint64_t ts_ns, uint32_t tid, size_t len)
{
	struct rec rec = { .hdr = { .ts_ns = ts_ns, .tid = tid } };

	memset(rec.tail, (int)tid, sizeof(rec.tail));
	merge_push(m, queue, &rec, len);
}

static void push(struct merge *m, size_t queue, uint64_t ts_ns, uint32_t tid)
{
	push_sized(m, queue, ts_ns, tid, sizeof(struct par_hdr));
}

/* The next record's tid, 0 if there is none before the horizon. */
static uint32_t pop(struct merge *m, uint64_t horizon_ns)
{
	size_t len = 0;
	const void *rec = merge_pop(m, horizon_ns, &len);
	struct par_hdr hdr;

	if (!rec)
		return 0;
	assert_true(len >= sizeof(hdr));
	memcpy(&hdr, rec, sizeof(hdr));
	return hdr.tid;
}

static void records_of_all_queues_come_in_order_of_time(void **state)
{
	struct merge m;

	(void)state;
	merge_init(&m, NULL, 0, 3);
	push(&m, 0, 10, 1);
	push(&m, 0, 40, 4);
	push(&m, 2, 20, 2);
	push(&m, 1, 30, 3);
	push(&m, 1, 50, 5);
	for (uint32_t tid = 1; tid <= 5; tid++)
		assert_int_equal(pop(&m, UINT64_MAX), tid);
	assert_int_equal(pop(&m, UINT64_MAX), 0);
	merge_release(&m);
}

static void nothing_at_or_past_the_horizon_comes_out(void **state)
{
	struct merge m;

	(void)state;
	merge_init(&m, NULL, 0, 2);
	push(&m, 0, 10, 1);
	push(&m, 1, 20, 2);
	assert_int_equal(pop(&m, 10), 0);
	assert_int_equal(pop(&m, 11), 1);
	assert_int_equal(pop(&m, 20), 0);
	push(&m, 0, 15, 3); /* late, but before the horizon passed it */
	assert_int_equal(pop(&m, 21), 3);
	assert_int_equal(pop(&m, 21), 2);
	merge_release(&m);
}

static void one_queue_keeps_its_order_at_equal_times(void **state)
{
	struct merge m;

	(void)state;
	merge_init(&m, NULL, 0, 1);
	for (uint32_t tid = 1; tid <= 3; tid++)
		push(&m, 0, 7, tid);
	for (uint32_t tid = 1; tid <= 3; tid++)
		assert_int_equal(pop(&m, 8), tid);
	merge_release(&m);
}

static void records_keep_their_length_and_their_bytes(void **state)
{
	struct merge m;
	size_t len;

	(void)state;
	merge_init(&m, NULL, 0, 2);
	push_sized(&m, 0, 1, 1, sizeof(struct rec));
	push_sized(&m, 1, 2, 2, sizeof(struct par_hdr) + 3); /* whatever follows is unaligned */
	push_sized(&m, 1, 3, 3, sizeof(struct par_hdr) + 17);
	for (uint32_t tid = 1; tid <= 3; tid++) {
		static const size_t tails[] = { 0, 40, 3, 17 };
		const char *rec = merge_pop(&m, UINT64_MAX, &len);

		assert_non_null(rec);
		assert_int_equal(len, sizeof(struct par_hdr) + tails[tid]);
		for (size_t i = sizeof(struct par_hdr); i < len; i++)
			assert_int_equal(rec[i], tid);
	}
	merge_release(&m);
}

static void what_is_shorter_than_a_header_is_dropped(void **state)
{
	struct merge m;

	(void)state;
	merge_init(&m, NULL, 0, 1);
	push_sized(&m, 0, 1, 1, sizeof(struct par_hdr) - 1);
	push_sized(&m, 0, 1, 1, 0);
	assert_int_equal(pop(&m, UINT64_MAX), 0);
	merge_release(&m);
}

static void a_long_run_comes_out_whole_and_in_order(void **state)
{
	enum { QUEUES = 4, RECORDS = 20000, LAG = 500 };
	struct merge m;
	uint32_t seen = 0;

	(void)state;
	srand(1);
	merge_init(&m, NULL, 0, QUEUES);
	for (uint32_t i = 1; i <= RECORDS; i++) {
		push_sized(&m, (size_t)rand() % QUEUES, i, i,
			   sizeof(struct par_hdr) + (size_t)rand() % 40);
		while (i > LAG && rand() % 3 && pop(&m, i - LAG))
			assert_true(++seen < i);
	}
	for (uint32_t tid; (tid = pop(&m, UINT64_MAX));)
		assert_int_equal(tid, ++seen);
	assert_int_equal(seen, RECORDS);
	/* What was popped is given back, not kept for ever. */
	for (size_t i = 0; i < QUEUES; i++)
		assert_true(m.queues[i].bytes.cap < (size_t)RECORDS * sizeof(struct rec) / 2);
	merge_release(&m);
}

#define RINGS 19

static void open_rings(struct kernel *kernels, struct ring *rings, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		open_ring(&kernels[i]);
		rings[i] = kernels[i].ring;
	}
}

static void close_rings(struct kernel *kernels, const struct ring *rings, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		kernels[i].ring = rings[i];
		close_ring(&kernels[i]);
	}
}

/* Some rings get nothing at a time; of one moment, the first ring's record comes first. */
static void records_of_many_rings_come_in_order_of_time(void **state)
{
	struct kernel kernels[RINGS];
	struct ring rings[RINGS];
	uint32_t before = 0, popped = 0, produced = 0;
	struct merge m;

	(void)state;
	srand(3);
	open_rings(kernels, rings, RINGS);
	merge_init(&m, rings, RINGS, 1);
	for (uint64_t look = 1; look <= 40; look++) {
		for (uint64_t ts_ns = 100 * look; ts_ns < 100 * look + 50; ts_ns++)
			for (uint32_t i = 0; i < RINGS; i++)
				if (rand() % 4 == 0 && ++produced)
					put_of(&kernels[i], (uint32_t)ts_ns * 100 + i, ts_ns,
					       sizeof(struct par_hdr), 0);
		merge_push(&m, 0, &(struct par_hdr){ .ts_ns = 100 * look + 10, .tid = 1 },
			   sizeof(struct par_hdr));
		merge_look(&m, 100 * look);
		/* The last of these wait for the next look. */
		for (uint32_t tid; (tid = pop(&m, 100 * look + 40)); popped++) {
			if (tid == 1)
				continue;
			assert_true(tid > before);
			before = tid;
		}
	}
	while (pop(&m, UINT64_MAX))
		popped++;
	assert_int_equal(popped, produced + 40);
	merge_release(&m);
	close_rings(kernels, rings, RINGS);
}

/* @tid's record at @ts_ns, of which @flags says whether it is written yet. */
static uint64_t put(struct kernel *k, uint32_t tid, uint64_t ts_ns, uint32_t flags)
{
	return put_of(k, tid, ts_ns, sizeof(struct par_hdr), flags);
}

static void finish(struct kernel *k, uint64_t here)
{
	uint32_t word = sizeof(struct par_hdr);

	set_bytes(k, here, &word, sizeof(word));
}

static void nobody_overtakes_a_record_that_is_being_written(void **state)
{
	struct kernel kernels[2];
	struct ring rings[2];
	struct merge m;
	uint64_t busy;

	(void)state;
	open_rings(kernels, rings, 2);
	merge_init(&m, rings, 2, 0);
	merge_look(&m, 5);
	busy = put(&kernels[0], 2, 10, BPF_RINGBUF_BUSY_BIT);
	put(&kernels[0], 4, 20, 0);
	put(&kernels[1], 1, 4, 0);
	put(&kernels[1], 3, 15, 0);
	merge_look(&m, 30);
	assert_int_equal(pop(&m, UINT64_MAX), 1);
	assert_int_equal(pop(&m, UINT64_MAX), 0);
	merge_look(&m, 40);
	assert_int_equal(pop(&m, UINT64_MAX), 0);
	finish(&kernels[0], busy);
	merge_look(&m, 50);
	for (uint32_t tid = 2; tid <= 4; tid++)
		assert_int_equal(pop(&m, UINT64_MAX), tid);

	put(&kernels[0], 5, 60, 0);
	busy = put(&kernels[0], 7, 80, BPF_RINGBUF_BUSY_BIT);
	put(&kernels[1], 6, 70, 0);
	merge_look(&m, 90);
	assert_int_equal(pop(&m, UINT64_MAX), 5);
	assert_int_equal(pop(&m, UINT64_MAX), 0);
	merge_wait_for_none(&m);
	assert_int_equal(pop(&m, UINT64_MAX), 6);
	finish(&kernels[0], busy);
	merge_look(&m, 100);
	assert_int_equal(pop(&m, UINT64_MAX), 7);
	merge_release(&m);
	close_rings(kernels, rings, 2);
}

static void releasing_a_zeroed_one_is_harmless(void **state)
{
	struct merge m = { 0 };

	(void)state;
	merge_release(&m);
	merge_init(&m, NULL, 0, 2);
	push(&m, 0, 1, 1);
	merge_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_of_all_queues_come_in_order_of_time),
		cmocka_unit_test(nothing_at_or_past_the_horizon_comes_out),
		cmocka_unit_test(one_queue_keeps_its_order_at_equal_times),
		cmocka_unit_test(records_keep_their_length_and_their_bytes),
		cmocka_unit_test(what_is_shorter_than_a_header_is_dropped),
		cmocka_unit_test(a_long_run_comes_out_whole_and_in_order),
		cmocka_unit_test(records_of_many_rings_come_in_order_of_time),
		cmocka_unit_test(nobody_overtakes_a_record_that_is_being_written),
		cmocka_unit_test(releasing_a_zeroed_one_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
