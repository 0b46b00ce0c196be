// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/htab.h"

static void an_empty_table_finds_nothing(void **state)
{
	struct htab h = { 0 };

	(void)state;
	assert_null(htab_find(&h, 0, 0));
	assert_null(htab_remove(&h, 0, 0));
	htab_release(&h);
}

static void both_halves_of_the_key_count(void **state)
{
	struct htab h = { 0 };
	int x, y;

	(void)state;
	htab_put(&h, 1, 2, &x);
	htab_put(&h, 2, 1, &y);
	assert_ptr_equal(htab_find(&h, 1, 2), &x);
	assert_ptr_equal(htab_find(&h, 2, 1), &y);
	assert_null(htab_find(&h, 1, 1));
	htab_release(&h);
}

static void putting_again_replaces(void **state)
{
	struct htab h = { 0 };
	int x, y;

	(void)state;
	htab_put(&h, 1, 1, &x);
	htab_put(&h, 1, 1, &y);
	assert_int_equal(h.cnt, 1);
	assert_ptr_equal(htab_remove(&h, 1, 1), &y);
	assert_int_equal(h.cnt, 0);
	htab_release(&h);
}

static void removing_keeps_every_other_key(void **state)
{
	enum { CNT = 1000 };
	static int values[CNT];
	unsigned char is_in[CNT] = { 0 };
	struct htab h = { 0 };
	unsigned int seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		int i;

		seed = seed * 1103515245 + 12345;
		i = (int)(seed >> 16) % CNT;
		if (is_in[i])
			assert_ptr_equal(htab_remove(&h, (uint64_t)i, 7), &values[i]);
		else
			htab_put(&h, (uint64_t)i, 7, &values[i]);
		is_in[i] = !is_in[i];
	}
	for (int i = 0; i < CNT; i++)
		assert_ptr_equal(htab_find(&h, (uint64_t)i, 7), is_in[i] ? &values[i] : NULL);
	htab_release(&h);
}

static void walking_backwards_allows_removing(void **state)
{
	struct htab h = { 0 };
	int value;

	(void)state;
	for (uint64_t i = 0; i < 100; i++)
		htab_put(&h, i, 0, &value);
	for (size_t i = h.cnt; i-- > 0;)
		if (h.entries[i].a % 3)
			htab_remove(&h, h.entries[i].a, 0);
	assert_int_equal(h.cnt, 34);
	htab_for_each(&h, i)
		assert_int_equal(h.entries[i].a % 3, 0);
	htab_release(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_table_finds_nothing),
		cmocka_unit_test(both_halves_of_the_key_count),
		cmocka_unit_test(putting_again_replaces),
		cmocka_unit_test(removing_keeps_every_other_key),
		cmocka_unit_test(walking_backwards_allows_removing),
	};

	return cmocka_run_group_tests_name("htab", tests, NULL, NULL);
}
