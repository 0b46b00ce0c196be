// SPDX-License-Identifier: MIT
/* Where noise ends: by hand with tables of Student's t, and by trying it often. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

static void quantiles_are_those_of_the_tables(void **state)
{
	(void)state;
	near(student_quantile(1, 0.05), 12.706);
	near(student_quantile(2, 0.05), 4.303);
	near(student_quantile(3, 0.01), 5.841);
	near(student_quantile(8, 0.05), 2.306);
	near(student_quantile(8, 0.001), 5.041);
	near(student_quantile(9, 0.05), 2.262);
	near(student_quantile(30, 0.05), 2.042);
	near(student_quantile(31, 0.0005), 3.904);
}

/* What stays of 0.03, on both sides. */
#define STAYS (2 * 0.0009 / 9)

/* t(8) = 2.306 */
static void one_recording_each_stands_on_what_is_assumed(void **state)
{
	struct side before = SIDE(0.03, 1.0), after = SIDE(0.03, 1.5);
	struct contrast c = side_contrast(&before, &after, 0);
	struct range r = contrast_range(&c, 0.05);

	(void)state;
	near(r.value, 0.5);
	near(r.value - r.low, 2.306 * sqrt(0.0009 * 2 + STAYS));
	near(r.high - r.value, 2.306 * sqrt(0.0009 * 2 + STAYS));
}

/* t(12) = 2.179; seen: nothing at all, so that two thirds of what was assumed are left. */
static void repetitions_that_agree_narrow_the_range(void **state)
{
	struct side before = SIDE(0.03, 1, 1, 1), after = SIDE(0.03, 1.5, 1.5, 1.5);
	struct contrast c = side_contrast(&before, &after, 0);
	struct range r = contrast_range(&c, 0.05);

	(void)state;
	near(r.high - r.value, 2.179 * sqrt(0.0009 * 2 / 3 * 2 / 3 + STAYS));
}

/* Each side scatters by 0.2: (8 x 0.03^2 + 0.08 + 0.08) / 12. */
static void repetitions_that_scatter_widen_it(void **state)
{
	struct side before = SIDE(0.03, 0.8, 1.0, 1.2), after = SIDE(0.03, 1.3, 1.5, 1.7);
	struct contrast c = side_contrast(&before, &after, 0);
	struct range r = contrast_range(&c, 0.05);

	(void)state;
	near(r.high - r.value, 2.179 * sqrt((8 * 0.0009 + 0.16) / 12 * 2 / 3 + STAYS));
}

/* t(9) = 2.262 */
static void sides_may_be_of_different_size(void **state)
{
	struct side before = SIDE(0.03, 1.0, 1.0), after = SIDE(0.03, 1.5);
	struct contrast c = side_contrast(&before, &after, 0);
	struct range r = contrast_range(&c, 0.05);

	(void)state;
	near(r.high - r.value, 2.262 * sqrt(0.0009 * 8 / 9 * 1.5 + STAYS));
}

static void what_others_did_widens_one_end(void **state)
{
	struct side before = SIDE(0.03, 1.0), after = SIDE(0.03, 1.5);
	struct contrast plain = side_contrast(&before, &after, 0);
	struct contrast less = side_contrast(&before, &after, -0.2);
	struct range p = contrast_range(&plain, 0.05), l = contrast_range(&less, 0.05);

	(void)state;
	near(l.high, p.high);
	near(l.low, p.low - 0.2);
}

/* Even a thousand that agree don't tell a third of what one each does from nothing. */
static void repeating_does_not_find_everything(void **state)
{
	struct side before = { 0 }, after = { 0 };
	struct contrast c;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		side_add(&before, 1.0, 0.03);
		side_add(&after, 1.0, 0.03);
	}
	c = side_contrast(&before, &after, 0);
	near(contrast_range(&c, 0.05).high, 1.961 * sqrt(STAYS));
}

static void so_many_recordings_would_tell(void **state)
{
	struct side before = SIDE(0.03, 1.0), large = SIDE(0.03, 1.15), small = SIDE(0.03, 1.05);
	struct contrast c = side_contrast(&before, &large, 0);

	(void)state;
	/* (t(10) + 1.64) x error for two of each is 0.129; for 20 of each it is still 0.063. */
	assert_int_equal(contrast_needed(&c, 0.05, 20), 2);
	assert_true(contrast_needed(&c, 0.001, 20) > 2);
	c = side_contrast(&before, &small, 0);
	assert_int_equal(contrast_needed(&c, 0.05, 20), 0);
	c = side_contrast(&before, &large, 0.15);
	assert_int_equal(contrast_needed(&c, 0.05, 20), 0);
}

/* xorshift64*, and Box and Muller's: of mean 0 and standard deviation 1. */
static double normal(uint64_t *seed)
{
	double u[2];

	for (int i = 0; i < 2; i++) {
		*seed ^= *seed >> 12;
		*seed ^= *seed << 25;
		*seed ^= *seed >> 27;
		u[i] = ((double)(*seed * 0x2545F4914F6CDD1DULL >> 11) + 0.5) / 9007199254740992.0;
	}
	return sqrt(-2 * log(u[0])) * cos(2 * M_PI * u[1]);
}

#define TRIES 4000

/*
 * How often a difference of @effect is found to be more than noise between @cnt recordings
 * each, which scatter by @deviation where 0.02 is assumed, with a range for @alpha.
 */
static double found(size_t cnt, double effect, double deviation, double alpha)
{
	uint64_t seed = 20261121;
	size_t hits = 0;

	for (int try = 0; try < TRIES; try++) {
		struct side before = { 0 }, after = { 0 };
		struct contrast c;
		struct range r;

		for (size_t i = 0; i < cnt; i++) {
			side_add(&before, deviation * normal(&seed), 0.02);
			side_add(&after, effect + deviation * normal(&seed), 0.02);
		}
		c = side_contrast(&before, &after, 0);
		r = contrast_range(&c, alpha);
		hits += r.low > 0 || r.high < 0;
	}
	return (double)hits / TRIES;
}

/* The error of the first kind; a standard error of the count is 0.0035 at most. */
static void nothing_is_found_where_nothing_is(void **state)
{
	(void)state;
	/* What is assumed is true. */
	for (size_t cnt = 1; cnt <= 10; cnt++)
		assert_true(found(cnt, 0, 0.02, 0.05) <= 0.05);
	/* It is too little by half: that shows, and repeating makes up for it. */
	assert_true(found(1, 0, 0.03, 0.05) > 0.05);
	assert_true(found(10, 0, 0.03, 0.05) < found(1, 0, 0.03, 0.05));
	assert_true(found(10, 0, 0.03, 0.05) <= 0.06);
	/* As one of six that are looked at, what scatters five times as much raises few alarms. */
	assert_true(found(10, 0, 0.10, 0.05 / 6) <= 0.02);
}

/* The error of the second kind: a fifth more is 0.182 in logarithms. */
static void a_fifth_more_is_found(void **state)
{
	(void)state;
	assert_true(found(1, log(1.2), 0.02, 0.05 / 12) >= 0.95);
	assert_true(found(1, log(1.2), 0.01, 0.05 / 12) >= 0.99);
	assert_true(found(1, log(1.2), 0.06, 0.05 / 12) < 0.95);
	assert_true(found(3, log(1.2), 0.04, 0.05 / 12) >= 0.95);
	assert_true(found(3, log(1.1), 0.02, 0.05 / 12) >= 0.90);
	assert_true(found(1, log(1.05), 0.02, 0.05 / 12) < 0.20);
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
		cmocka_unit_test(quantiles_are_those_of_the_tables),
		cmocka_unit_test(one_recording_each_stands_on_what_is_assumed),
		cmocka_unit_test(repetitions_that_agree_narrow_the_range),
		cmocka_unit_test(repetitions_that_scatter_widen_it),
		cmocka_unit_test(sides_may_be_of_different_size),
		cmocka_unit_test(what_others_did_widens_one_end),
		cmocka_unit_test(repeating_does_not_find_everything),
		cmocka_unit_test(so_many_recordings_would_tell),
		cmocka_unit_test(nothing_is_found_where_nothing_is),
		cmocka_unit_test(a_fifth_more_is_found),
		cmocka_unit_test(a_steady_series_has_no_error),
		cmocka_unit_test(what_comes_and_goes_is_noise),
		cmocka_unit_test(a_phase_is_hardly_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
