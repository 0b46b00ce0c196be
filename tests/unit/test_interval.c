// SPDX-License-Identifier: MIT
/* Where noise ends: by hand with tables of Student's t. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "diff/interval.h"

static struct side side_of(double noise, const double *values, size_t cnt)
{
	struct side s = { 0 };

	for (size_t i = 0; i < cnt; i++)
		side_add(&s, values[i], noise);
	return s;
}

#define SIDE(noise, ...)                                                                           \
	side_of(noise, (const double[]){ __VA_ARGS__ },                                            \
		sizeof((const double[]){ __VA_ARGS__ }) / sizeof(double))

static void near(double is, double expected)
{
	if (fabs(is - expected) > 0.005 * fabs(expected))
		fail_msg("%g, expected %g", is, expected);
}

/* t(4) = 2.776 */
static void one_recording_each_stands_on_what_is_assumed(void **state)
{
	struct side before = SIDE(0.03, 1.0), after = SIDE(0.03, 1.5);
	struct range r = side_difference(&before, &after);

	(void)state;
	near(r.value, 0.5);
	near(r.value - r.low, 2.776 * 0.03 * sqrt(2));
	near(r.high - r.value, 2.776 * 0.03 * sqrt(2));
}

/* t(8) = 2.306; seen: nothing at all, so that half of what was assumed is left. */
static void repetitions_that_agree_narrow_the_range(void **state)
{
	struct side before = SIDE(0.03, 1, 1, 1), after = SIDE(0.03, 1.5, 1.5, 1.5);
	struct range r = side_difference(&before, &after);

	(void)state;
	near(r.high - r.value, 2.306 * 0.03 * sqrt(0.5) * sqrt(2.0 / 3));
}

/* Each side scatters by 0.2: (4 x 0.03^2 + 0.08 + 0.08) / 8. */
static void repetitions_that_scatter_widen_it(void **state)
{
	struct side before = SIDE(0.03, 0.8, 1.0, 1.2), after = SIDE(0.03, 1.3, 1.5, 1.7);
	struct range r = side_difference(&before, &after);

	(void)state;
	near(r.high - r.value, 2.306 * sqrt((4 * 0.0009 + 0.16) / 8) * sqrt(2.0 / 3));
}

/* t(5) = 2.571 */
static void sides_may_be_of_different_size(void **state)
{
	struct side before = SIDE(0.03, 1.0, 1.0), after = SIDE(0.03, 1.5);
	struct range r = side_difference(&before, &after);

	(void)state;
	near(r.high - r.value, 2.571 * 0.03 * sqrt(4.0 / 5) * sqrt(1.5));
}

static void a_steady_series_has_no_error(void **state)
{
	double values[100];

	(void)state;
	for (int i = 0; i < 100; i++)
		values[i] = 2;
	assert_true(interval_series_error(values, 100) == 0);
	assert_true(interval_series_error(values, 7) == 0);
}

/* 20 stretches of 5, each 1 more or less than the one before: sqrt(1 / 2 / 20). */
static void what_comes_and_goes_is_noise(void **state)
{
	double values[100];

	(void)state;
	for (int i = 0; i < 100; i++)
		values[i] = i / 5 % 2;
	near(interval_series_error(values, 100), sqrt(0.5 / 20));
}

/* Of 19 steps one is 1: a program that starts serial and goes on parallel is not noisy. */
static void a_phase_is_hardly_noise(void **state)
{
	double values[100];

	(void)state;
	for (int i = 0; i < 100; i++)
		values[i] = i < 50 ? 1 : 2;
	near(interval_series_error(values, 100), sqrt(1.0 / 38 / 20));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_recording_each_stands_on_what_is_assumed),
		cmocka_unit_test(repetitions_that_agree_narrow_the_range),
		cmocka_unit_test(repetitions_that_scatter_widen_it),
		cmocka_unit_test(sides_may_be_of_different_size),
		cmocka_unit_test(a_steady_series_has_no_error),
		cmocka_unit_test(what_comes_and_goes_is_noise),
		cmocka_unit_test(a_phase_is_hardly_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
