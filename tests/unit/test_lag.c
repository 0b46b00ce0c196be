// SPDX-License-Identifier: MIT
/* Times are milliseconds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "facts/lag.h"

static struct lag lag_of(unsigned int cnt, uint64_t ms)
{
	struct lag l = { 0 };

	while (cnt--)
		lag_add(&l, ms * NS_PER_MS);
	return l;
}

/* In per cent of what was expected. */
static void assert_near(uint64_t got_ns, double expected_ms, double percent)
{
	double off = (double)got_ns - expected_ms * 1e6;

	assert_true((off < 0 ? -off : off) <= expected_ms * 1e6 * percent / 100);
}

/* 20 turns of 50 in 2000: 20 * (50 - x) = 100, so x = 45. */
static void arrivals_wait_for_what_is_left_of_a_turn(void **state)
{
	struct lag l = lag_of(20, 50);

	(void)state;
	assert_near(lag_percentile(&l, 2000 * NS_PER_MS, 95), 45, 0.1);
	assert_near(lag_percentile(&l, 2000 * NS_PER_MS, 50), 0, 0); /* in half of the time: none */
}

/* One turn all the time: whoever comes waits for half of it in the median. */
static void a_loop_that_never_polls_keeps_everybody_waiting(void **state)
{
	struct lag l = lag_of(1, 1000);

	(void)state;
	assert_near(lag_percentile(&l, 1000 * NS_PER_MS, 50), 500, 0.1);
	assert_near(lag_percentile(&l, 1000 * NS_PER_MS, 95), 950, 1);
}

/* 4 % of the time in long turns: 95 % of arrivals meet none. 6 %: they do. */
static void one_arrival_in_twenty_decides(void **state)
{
	struct lag rare = lag_of(4, 100), often = lag_of(6, 100);

	(void)state;
	assert_int_equal(lag_percentile(&rare, 10000 * NS_PER_MS, 95), 0);
	assert_near(lag_percentile(&often, 10000 * NS_PER_MS, 95), 100.0 / 6, 0.1);
}

static void turns_below_a_millisecond_do_not_count(void **state)
{
	struct lag l = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		lag_add(&l, 999999);
	assert_int_equal(lag_percentile(&l, 1000 * NS_PER_MS, 95), 0);
}

static void no_turn_is_too_long(void **state)
{
	struct lag l = lag_of(1, 40ULL * 3600 * 1000);

	(void)state;
	assert_true(lag_percentile(&l, 40ULL * 3600 * NS_PER_S, 95) > 600 * NS_PER_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrivals_wait_for_what_is_left_of_a_turn),
		cmocka_unit_test(a_loop_that_never_polls_keeps_everybody_waiting),
		cmocka_unit_test(one_arrival_in_twenty_decides),
		cmocka_unit_test(turns_below_a_millisecond_do_not_count),
		cmocka_unit_test(no_turn_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
