// SPDX-License-Identifier: MIT
/* What is given up when a recording costs too much, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cmd/budget.h"

#define MS NS_PER_MS

static void parses_percentages_only(void **state)
{
	double limit = 0;

	(void)state;
	assert_int_equal(budget_parse(&limit, "2%"), 0);
	assert_true(limit > 0.0199 && limit < 0.0201);
	assert_int_equal(budget_parse(&limit, "0.5%"), 0);
	assert_int_equal(budget_parse(&limit, "100%"), 0);
	assert_int_not_equal(budget_parse(&limit, "2"), 0);
	assert_int_not_equal(budget_parse(&limit, "0%"), 0);
	assert_int_not_equal(budget_parse(&limit, "101%"), 0);
	assert_int_not_equal(budget_parse(&limit, "-1%"), 0);
	assert_int_not_equal(budget_parse(&limit, "nan%"), 0);
	assert_int_not_equal(budget_parse(&limit, ""), 0);
}

static void steps_down_until_it_holds(void **state)
{
	struct budget b;

	(void)state;
	budget_begin(&b, 0.02, 0, 0);
	/* The first half second does not count, whatever it costs. */
	assert_false(budget_look(&b, 400 * MS, 300 * MS, false));
	assert_false(budget_look(&b, 1400 * MS, 310 * MS, false));
	assert_true(budget_look(&b, 1500 * MS, 330 * MS, false));
	assert_int_equal(b.step, BUDGET_NO_CALLS);
	assert_true(budget_has_timeline(&b, 1500 * MS));
	/* 1.5 %: it holds. */
	assert_false(budget_look(&b, 2500 * MS, 345 * MS, false));
	assert_int_equal(b.step, BUDGET_NO_CALLS);
	/* 2.5 % */
	assert_true(budget_look(&b, 3500 * MS, 370 * MS, false));
	assert_int_equal(b.step, BUDGET_NO_TIMELINE);
	assert_false(budget_has_timeline(&b, 3500 * MS));
	/* Nothing is left to be given up. */
	assert_false(budget_look(&b, 4500 * MS, 900 * MS, false));
	assert_int_equal(b.step, BUDGET_NO_TIMELINE);
}

static void without_a_limit_nothing_is_given_up(void **state)
{
	struct budget b;

	(void)state;
	budget_begin(&b, 0, 0, 0);
	assert_false(budget_look(&b, 2000 * MS, 2000 * MS, false));
	assert_true(budget_has_timeline(&b, 2000 * MS));
}

static void who_falls_behind_pauses_the_timeline(void **state)
{
	struct budget b;

	(void)state;
	budget_begin(&b, 0, 0, 0);
	assert_false(budget_look(&b, 100 * MS, 0, true));
	assert_false(budget_has_timeline(&b, 100 * MS));
	assert_false(budget_look(&b, 600 * MS, 0, true));
	assert_false(budget_has_timeline(&b, 1500 * MS));
	assert_true(budget_has_timeline(&b, 1600 * MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_percentages_only),
		cmocka_unit_test(steps_down_until_it_holds),
		cmocka_unit_test(without_a_limit_nothing_is_given_up),
		cmocka_unit_test(who_falls_behind_pauses_the_timeline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
