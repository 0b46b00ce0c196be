// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

static void durations_read_as_people_write_them(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} cases[] = {
		{ "10", 10 * NS_PER_S },      { "10s", 10 * NS_PER_S },
		{ "500ms", 500 * NS_PER_MS }, { "250us", 250 * NS_PER_US },
		{ "2m", 120 * NS_PER_S },     { "1.5h", 5400 * NS_PER_S },
		{ ".5", NS_PER_S / 2 },       { "1min", 60 * NS_PER_S },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t ns = 0;

		assert_int_equal(duration_parse(cases[i].text, &ns), 0);
		assert_int_equal(ns, cases[i].ns);
	}
}

static void what_is_no_duration_is_refused(void **state)
{
	static const char *const cases[] = { "",    " 1",    "1 ", "-1",       "+1",   "0",   "0s",
					     "1x",  "s",     "ms", "1e3",      "0x10", "inf", "nan",
					     "1s1", "1.2.3", "1d", "9999999h", "." };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t ns = 7;

		if (duration_parse(cases[i], &ns) != -EINVAL)
			fail_msg("'%s' was taken for a duration", cases[i]);
		assert_int_equal(ns, 7);
	}
}

static void wall_time_reads_as_rfc_3339(void **state)
{
	char text[32];

	(void)state;
	clock_format_rfc3339(text, 1700000000123ULL * NS_PER_MS);
	assert_string_equal(text, "2023-11-14T22:13:20.123Z");
	clock_format_rfc3339(text, 0);
	assert_string_equal(text, "1970-01-01T00:00:00.000Z");
	clock_format_rfc3339(text, UINT64_MAX); /* must not write past the end */
}

static void monotonic_time_goes_on(void **state)
{
	uint64_t before = clock_mono_ns();

	(void)state;
	clock_sleep_ns(NS_PER_MS);
	assert_true(clock_mono_ns() >= before + NS_PER_MS);
}

static uint64_t ahead(void)
{
	return clock_mono_ns() + NS_PER_S;
}

static void clocks_are_as_far_apart_as_they_were(void **state)
{
	int64_t offset_ns = clock_offset_ns(ahead);

	(void)state;
	assert_in_range(offset_ns, NS_PER_S - 10 * NS_PER_MS, NS_PER_S + 10 * NS_PER_MS);
	assert_int_equal(clock_offset_ns(clock_mono_ns) / (int64_t)(10 * NS_PER_MS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_read_as_people_write_them),
		cmocka_unit_test(what_is_no_duration_is_refused),
		cmocka_unit_test(wall_time_reads_as_rfc_3339),
		cmocka_unit_test(monotonic_time_goes_on),
		cmocka_unit_test(clocks_are_as_far_apart_as_they_were),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
