// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "make_ring.h"

static uint64_t put(struct kernel *k, uint64_t ts_ns, uint32_t len, uint32_t flags)
{
	return put_of(k, (uint32_t)ts_ns, ts_ns, len, flags);
}

static uint64_t given_back(const struct kernel *k)
{
	uint64_t position;

	memcpy(&position, k->map, sizeof(position));
	return position;
}

static void take(struct kernel *k, uint64_t ts_ns, size_t len)
{
	struct par_hdr hdr;
	const char *rec;
	size_t got;

	assert_int_equal(k->ring.head_ns, ts_ns);
	rec = ring_take(&k->ring, &got);
	assert_int_equal(got, len);
	memcpy(&hdr, rec, sizeof(hdr));
	assert_int_equal(hdr.ts_ns, ts_ns);
	for (size_t i = sizeof(hdr); i < len; i++)
		assert_int_equal(rec[i], (char)ts_ns);
}

static void records_come_in_order_and_are_given_back_when_told(void **state)
{
	struct kernel k;

	(void)state;
	open_ring(&k);
	ring_look(&k.ring);
	assert_int_equal(k.ring.head_ns, UINT64_MAX);
	put(&k, 1, 40, 0);
	put(&k, 2, 17, 0);
	assert_int_equal(k.ring.head_ns, UINT64_MAX);
	ring_look(&k.ring);
	take(&k, 1, 40);
	take(&k, 2, 17);
	assert_int_equal(k.ring.head_ns, UINT64_MAX);
	assert_int_equal(given_back(&k), 0);
	assert_int_equal(ring_held(&k.ring), k.produced);
	assert_int_equal(ring_news(&k.ring), k.produced);
	assert_int_equal(ring_news(&k.ring), 0);
	put(&k, 3, 40, 0);
	assert_int_equal(ring_news(&k.ring), 48);
	ring_look(&k.ring);
	take(&k, 3, 40);
	ring_give_back(&k.ring);
	assert_int_equal(given_back(&k), k.produced);
	assert_int_equal(ring_held(&k.ring), 0);
	close_ring(&k);
}

static void what_is_being_written_holds_up_what_is_behind_it(void **state)
{
	uint32_t whole = 24;
	uint64_t busy;
	struct kernel k;

	(void)state;
	open_ring(&k);
	busy = put(&k, 5, whole, BPF_RINGBUF_BUSY_BIT);
	put(&k, 6, 24, 0);
	ring_look(&k.ring);
	assert_int_equal(k.ring.head_ns, UINT64_MAX);
	set_bytes(&k, busy, &whole, sizeof(whole));
	ring_look(&k.ring);
	take(&k, 5, 24);
	take(&k, 6, 24);
	close_ring(&k);
}

static void what_was_discarded_or_has_no_header_is_passed_over(void **state)
{
	struct kernel k;

	(void)state;
	open_ring(&k);
	put(&k, 1, 32, BPF_RINGBUF_DISCARD_BIT);
	put(&k, 2, sizeof(struct par_hdr) - 1, 0);
	put(&k, 3, 32, 0);
	put(&k, 4, 32, BPF_RINGBUF_DISCARD_BIT);
	ring_look(&k.ring);
	take(&k, 3, 32);
	assert_int_equal(k.ring.head_ns, UINT64_MAX);
	ring_give_back(&k.ring);
	assert_int_equal(given_back(&k), k.produced);
	close_ring(&k);
}

/* Many times around: records at every place where they can be. */
static void go_around(struct kernel *k)
{
	uint64_t put_cnt = 0, taken = 0;
	uint32_t len[1024];

	srand(2);
	while (taken < 200000) {
		while (k->produced - given_back(k) + 400 < BYTES && put_cnt - taken < 1000) {
			len[put_cnt % 1024] = sizeof(struct par_hdr) + (uint32_t)rand() % 300;
			put(k, put_cnt, len[put_cnt % 1024], 0);
			put_cnt++;
		}
		ring_look(&k->ring);
		for (int i = rand() % 900; i && taken < put_cnt; i--, taken++)
			take(k, taken, len[taken % 1024]);
		/* However much was taken, the kernel gets the most of it back by and by. */
		assert_true(k->ring.at - given_back(k) < (65u << 10));
		if (rand() % 2)
			ring_give_back(&k->ring);
	}
}

static void a_record_that_goes_on_at_the_beginning_is_whole(void **state)
{
	struct kernel k;

	(void)state;
	open_ring(&k);
	go_around(&k);
	assert_true(k.ring.joined_cap > 0);
	close_ring(&k);
}

/* The second of two. */
static void a_record_that_goes_on_behind_the_end_of_a_lane_is_not_copied(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct kernel k;

	(void)state;
	open_at(&k, 3 * page + BYTES, page);
	go_around(&k);
	assert_int_equal(k.ring.joined_cap, 0);
	close_ring(&k);
}

static void closing_a_zeroed_one_is_harmless(void **state)
{
	struct ring_place nowhere = { .fd = -1, .bytes = BYTES };
	struct ring r = { 0 };

	(void)state;
	ring_close(&r);
	ring_look(&r);
	ring_give_back(&r);
	assert_int_equal(ring_held(&r), 0);
	assert_int_equal(ring_news(&r), 0);
	assert_int_equal(r.head_ns, UINT64_MAX);
	assert_true(ring_open(&r, &nowhere) < 0);
	ring_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_in_order_and_are_given_back_when_told),
		cmocka_unit_test(what_is_being_written_holds_up_what_is_behind_it),
		cmocka_unit_test(what_was_discarded_or_has_no_header_is_passed_over),
		cmocka_unit_test(a_record_that_goes_on_at_the_beginning_is_whole),
		cmocka_unit_test(a_record_that_goes_on_behind_the_end_of_a_lane_is_not_copied),
		cmocka_unit_test(closing_a_zeroed_one_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
