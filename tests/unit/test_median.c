// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/median.h"

static void the_median_was_seen(void **state)
{
	double one[] = { 7 }, odd[] = { 3, -1, 2 }, even[] = { 4, 1, 3, 2 };

	(void)state;
	assert_true(median(one, 1) == 7);
	assert_true(median(odd, 3) == 2);
	assert_true(median(even, 4) == 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_median_was_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
