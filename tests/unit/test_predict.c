// SPDX-License-Identifier: MIT
/* Which replayed changes a verdict mentions, in which order, and with what beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "judged.h"

static const struct fact_prediction *prediction(const struct fact_verdict *v, const char *change)
{
	for (size_t i = 0; i < v->prediction_cnt; i++)
		if (!strcmp(v->predictions[i].change, change))
			return &v->predictions[i];
	return NULL;
}

static void what_fits_comes_first_and_says_its_price_in_memory(void **state)
{
	struct facts f = gil_facts();
	struct fact_verdict v;

	(void)state;
	replayed(&f, "threads", 4, 0.9, 1, 1.1);
	replayed(&f, "processes", 4, 1.7, 1.9, 2.1);
	v = judge(&f);
	assert_int_equal(v.fit, FIT_PROCESSES);
	assert_int_equal(v.prediction_cnt, 2);
	assert_string_equal(v.predictions[0].change, "processes");
	assert_string_equal(v.predictions[0].basis, "replayed");
	assert_true(v.predictions[0].worker_bytes == 31e6);
	assert_true(v.predictions[0].low == 1.7 && v.predictions[0].high == 2.1);
	assert_string_equal(v.predictions[1].change, "threads");
	fact_verdict_release(&v);
}

static void what_the_replay_cannot_tell_is_handed_on(void **state)
{
	struct facts f = gil_facts();
	struct fact_verdict v;

	(void)state;
	replayed(&f, "threads", 4, 0, 0, 0);
	v = judge(&f);
	assert_int_equal(v.not_predicted_cnt, 1);
	assert_string_equal(v.not_predicted[0].change, "threads");
	assert_string_equal(v.not_predicted[0].why, "it can't be seen");
	fact_verdict_release(&v);
}

static void a_lock_is_mentioned_when_its_end_is_worth_it(void **state)
{
	for (int worth = 0; worth < 2; worth++) {
		struct facts f = gil_facts();
		struct fact_verdict v;

		(void)state;
		replayed(&f, "without-lock", 4, 1, worth ? 1.11 : 1.09, 1.3);
		v = judge(&f);
		assert_int_equal(prediction(&v, "without-lock") != NULL, worth);
		fact_verdict_release(&v);
	}
}

static void a_free_threaded_build_is_for_who_waits_for_the_gil(void **state)
{
	struct facts f = gil_facts(), g = recording(5000, 4);
	struct fact_verdict v;

	(void)state;
	replayed(&f, "free-threaded", 4, 1.3, 1.6, 2);
	v = judge(&f);
	assert_non_null(prediction(&v, "free-threaded"));
	fact_verdict_release(&v);

	python(&g, 100);
	thread(&g, 101, 100, "worker", CPU(4900), GIL(20));
	thread(&g, 102, 100, "worker", CPU(4900), GIL(20));
	replayed(&g, "free-threaded", 2, 1.3, 1.6, 2);
	v = judge(&g);
	assert_null(prediction(&v, "free-threaded"));
	fact_verdict_release(&v);
}

static void what_was_not_replayed_is_not_predicted(void **state)
{
	struct facts f = gil_facts();
	struct fact_verdict v;

	(void)state;
	v = judge(&f);
	assert_int_equal(v.prediction_cnt, 0);
	assert_int_equal(v.not_predicted_cnt, 1);
	assert_string_equal(v.not_predicted[0].change, "processes");
	fact_verdict_release(&v);
}

static void who_idles_is_promised_nothing(void **state)
{
	struct facts f = recording(5000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 101, 100, "worker", CPU(60));
	thread(&f, 102, 100, "worker", CPU(60));
	replayed(&f, "processes", 2, 1.5, 1.9, 2);
	v = judge(&f);
	assert_int_equal(v.class, CLASS_IDLE);
	assert_int_equal(v.prediction_cnt, 0);
	fact_verdict_release(&v);
}

static void a_range_in_disorder_is_put_in_order(void **state)
{
	struct facts f = gil_facts();
	struct fact_verdict v;

	(void)state;
	replayed(&f, "threads", 4, 9, 8, 2);
	replayed(&f, "async", 4, 1, 0, 0);
	v = judge(&f);
	for (size_t i = 0; i < v.prediction_cnt; i++) {
		assert_true(v.predictions[i].low > 0);
		assert_true(v.predictions[i].low <= v.predictions[i].speedup);
		assert_true(v.predictions[i].speedup <= v.predictions[i].high);
	}
	fact_verdict_release(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_comes_first_and_says_its_price_in_memory),
		cmocka_unit_test(what_the_replay_cannot_tell_is_handed_on),
		cmocka_unit_test(a_lock_is_mentioned_when_its_end_is_worth_it),
		cmocka_unit_test(a_free_threaded_build_is_for_who_waits_for_the_gil),
		cmocka_unit_test(what_was_not_replayed_is_not_predicted),
		cmocka_unit_test(who_idles_is_promised_nothing),
		cmocka_unit_test(a_range_in_disorder_is_put_in_order),
	};

	return cmocka_run_group_tests_name("predict", tests, NULL, NULL);
}
