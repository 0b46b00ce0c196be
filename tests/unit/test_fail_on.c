// SPDX-License-Identifier: MIT
/* Both sides of a gate, and what is no gate at all. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "diff/fail_on.h"
#include "diff_stage.h"

static struct fail_on parsed(const char *text)
{
	char why[FAIL_ON_WHY_LEN] = "";
	struct fail_on f = { 0 };

	if (fail_on_parse(&f, text, why))
		fail_msg("'%s': %s", text, why);
	return f;
}

static void refused(const char *text, const char *says)
{
	char why[FAIL_ON_WHY_LEN] = "";
	struct fail_on f = { 0 };

	assert_int_equal(fail_on_parse(&f, text, why), -EINVAL);
	if (!strstr(why, says))
		fail_msg("'%s' was refused with '%s'", text, why);
	fail_on_release(&f);
}

static void lines_have_metric_limit_and_unit(void **state)
{
	struct fail_on f = parsed("wall>10%, gil > 2pp,run_queue@worker (io)>1.5pp,cpu>5pp");

	(void)state;
	assert_int_equal(f.cnt, 4);
	assert_string_equal(f.lines[0].metric, "wall");
	assert_false(f.lines[0].is_points);
	assert_true(f.lines[0].limit == 10);
	assert_string_equal(f.lines[1].metric, "gil");
	assert_string_equal(f.lines[1].text, "gil > 2pp");
	assert_true(f.lines[1].is_points && f.lines[1].limit == 2);
	assert_string_equal(f.lines[2].role, "worker (io)");
	assert_true(f.lines[2].limit == 1.5);
	assert_string_equal(f.lines[3].metric, "group:cpu");
	fail_on_release(&f);
}

static void what_is_wrong_is_named(void **state)
{
	(void)state;
	refused("", "no limit");
	refused(" , ", "no limit");
	refused("wall", "expected METRIC>LIMIT");
	refused("wall<10%", "expected METRIC>LIMIT");
	refused("wall>10%,speed>5%", "'speed': unknown metric");
	refused(">5%", "unknown metric");
	refused("wall>", "expected a limit");
	refused("wall>10", "expected a limit");
	refused("wall>-10%", "expected a limit");
	refused("wall>0x1%", "expected a limit");
	refused("wall>inf%", "expected a limit");
	refused("wall>10%%", "expected a limit");
	refused("wall>2pp", "percentage points are for buckets");
}

/* The outcome of a gate with one line. */
static enum fail_on_outcome outcome(const char *text, struct facts before, struct facts after)
{
	struct diff d = compared(&before, 1, &after, 1);
	struct fail_on f = parsed(text);
	enum fail_on_outcome out;
	size_t failed = fail_on_judge(&f, &d);

	out = f.lines[0].outcome;
	assert_non_null(f.lines[0].why);
	assert_int_equal(failed, out == FAIL_ON_FAILED);
	fail_on_release(&f);
	diff_release(&d);
	facts_release(&before);
	facts_release(&after);
	return out;
}

static enum fail_on_outcome wall(const char *text, uint64_t before_ms, uint64_t after_ms)
{
	return outcome(text, threads_run(before_ms, 100), threads_run(after_ms, 200));
}

static void a_limit_has_two_sides(void **state)
{
	(void)state;
	assert_int_equal(wall("wall>15%", 10000, 11400), FAIL_ON_MET);
	assert_int_equal(wall("wall>15%", 10000, 11600), FAIL_ON_FAILED);
	assert_int_equal(wall("cpu>15%", 10000, 11600), FAIL_ON_FAILED);
	assert_int_equal(wall("wall>15%", 11600, 10000), FAIL_ON_MET);
}

static void noise_fails_nothing(void **state)
{
	(void)state;
	assert_int_equal(wall("wall>2%", 10000, 10700), FAIL_ON_MET);
	assert_int_equal(wall("wall>2%", 10000, 11200), FAIL_ON_FAILED);
	assert_int_equal(wall("wall>0%", 10000, 10000), FAIL_ON_MET);
}

static void less_throughput_is_worse(void **state)
{
	(void)state;
	assert_int_equal(wall("throughput>15%", 10000, 12000), FAIL_ON_FAILED);
	assert_int_equal(wall("throughput>15%", 12000, 10000), FAIL_ON_MET);
	assert_int_equal(wall("throughput>18%", 10000, 12000), FAIL_ON_MET);
}

static struct facts locked(uint64_t lock_ms)
{
	struct facts f = run_of(10000, 100);

	thread(&f, 100, 100, "main", SYNC(10000));
	thread(&f, 101, 100, "worker", CPU(4000), LOCK(lock_ms));
	return f;
}

static void points_are_of_thread_time(void **state)
{
	(void)state;
	/* 3 s are 15 % of the time of both threads, and 30 % of the worker's. */
	assert_int_equal(outcome("lock>14pp", locked(0), locked(3000)), FAIL_ON_FAILED);
	assert_int_equal(outcome("lock>16pp", locked(0), locked(3000)), FAIL_ON_MET);
	assert_int_equal(outcome("lock@worker>29pp", locked(0), locked(3000)), FAIL_ON_FAILED);
	assert_int_equal(outcome("lock@worker>31pp", locked(0), locked(3000)), FAIL_ON_MET);
	assert_int_equal(outcome("lock>14pp", locked(3000), locked(0)), FAIL_ON_MET);
}

static void more_than_nothing_is_more_than_any_percentage(void **state)
{
	(void)state;
	assert_int_equal(outcome("lock>900%", locked(0), locked(3000)), FAIL_ON_FAILED);
	assert_int_equal(outcome("lock>900%", locked(0), locked(10)), FAIL_ON_MET);
	assert_int_equal(outcome("lock>280%", locked(1000), locked(4000)), FAIL_ON_FAILED);
	assert_int_equal(outcome("lock>320%", locked(1000), locked(4000)), FAIL_ON_MET);
}

static struct facts served(uint64_t count)
{
	struct facts f = threads_run(10000, 100);

	f.requests.turns = (struct fact_turns){ .count = count, .p95 = 1000000, .p99 = 1100000 };
	f.requests.turns.per_second = (double)count / 10;
	return f;
}

static void what_nobody_measured_is_not_checked(void **state)
{
	struct facts before = threads_run(10000, 100), after = threads_run(10000, 200);
	struct diff d = compared(&before, 1, &after, 1);
	struct fail_on f = parsed("p95>10%,wall>10%"), alone = parsed("p95>10%");

	(void)state;
	assert_int_equal(fail_on_judge(&f, &d), 0);
	assert_int_equal(f.lines[0].outcome, FAIL_ON_UNKNOWN);
	assert_int_equal(f.lines[1].outcome, FAIL_ON_MET);
	/* A gate that checks nothing is not met. */
	assert_int_equal(fail_on_judge(&alone, &d), 1);
	fail_on_release(&f);
	fail_on_release(&alone);
	diff_release(&d);
	facts_release(&before);
	facts_release(&after);
}

static void what_is_gone_is_suspect(void **state)
{
	(void)state;
	assert_int_equal(outcome("p95>10%", served(1000), served(1000)), FAIL_ON_MET);
	assert_int_equal(outcome("p95>10%", served(1000), served(0)), FAIL_ON_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_metric_limit_and_unit),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(a_limit_has_two_sides),
		cmocka_unit_test(noise_fails_nothing),
		cmocka_unit_test(less_throughput_is_worse),
		cmocka_unit_test(points_are_of_thread_time),
		cmocka_unit_test(more_than_nothing_is_more_than_any_percentage),
		cmocka_unit_test(what_nobody_measured_is_not_checked),
		cmocka_unit_test(what_is_gone_is_suspect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
