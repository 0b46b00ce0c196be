// SPDX-License-Identifier: MIT
/* The rules on event loops, on both sides of each threshold, and what flips the verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "judged.h"

/*
 * One loop of Python, on two CPUs, 10 s; @lag_ms is that of its arrivals. The long turns
 * are @cpu_ms, @queue_ms and @fsync_ms long in all.
 */
static struct fact_verdict one_loop(uint64_t lag_ms, uint64_t cpu_ms, uint64_t queue_ms,
				    uint64_t fsync_ms)
{
	struct facts f = recording(10000, 2);

	python(&f, 100);
	thread(&f, 100, 100, "python3", CPU(1000 + cpu_ms), QUEUE(queue_ms), DISK(fsync_ms));
	loop_of(&f, lag_ms, cpu_ms, queue_ms, "fsync", fsync_ms);
	return judge(&f);
}

static void a_loop_that_keeps_up_is_kept(void **state)
{
	struct fact_verdict v = one_loop(19, 2000, 0, 0);

	(void)state;
	assert_current(&v, FIT_ASYNC);
	assert_fit(&v, FIT_ASYNC);
	assert_non_null(evidence(&v, "already-async"));
	assert_null(evidence(&v, "loop-blocks"));
	fact_verdict_release(&v);
}

/* The same, and arrivals wait 2 ms more. */
static void a_lag_of_20_ms_by_cpu_flips_it_to_a_loop_with_a_pool(void **state)
{
	struct fact_verdict v = one_loop(21, 2000, 0, 0);

	(void)state;
	assert_current(&v, FIT_ASYNC);
	assert_fit(&v, FIT_HYBRID);
	assert_null(evidence(&v, "already-async"));
	assert_non_null(evidence(&v, "loop-blocks"));
	assert_true(evidence(&v, "loop-blocks")->value == 21);
	assert_non_null(strstr(evidence(&v, "loop-blocks")->text, "CPU stretches up to 42 ms"));
	assert_non_null(strstr(v.summary, "held up"));
	assert_string_equal(verdict_headline(&v),
			    "an event loop with a pool beside it fits this workload best");
	fact_verdict_release(&v);
}

static void a_call_that_blocks_the_loop_is_named(void **state)
{
	struct fact_verdict v = one_loop(45, 0, 0, 2000);
	const struct fact_evidence *e = evidence(&v, "loop-blocks");

	(void)state;
	assert_fit(&v, FIT_HYBRID);
	assert_non_null(e);
	assert_non_null(strstr(e->text, "fsync blocks it for 2.00 s in 50 waits"));
	assert_null(strstr(e->text, "CPU"));
	fact_verdict_release(&v);
}

/* Below the lag that counts, but a twentieth of its time it waits for something else. */
static void its_poll_must_be_the_only_thing_it_waits_for(void **state)
{
	struct fact_verdict just = one_loop(5, 0, 0, 490), more = one_loop(5, 0, 0, 510);

	(void)state;
	assert_non_null(evidence(&just, "already-async"));
	assert_null(evidence(&more, "already-async"));
	assert_null(evidence(&more, "loop-blocks"));
	fact_verdict_release(&just);
	fact_verdict_release(&more);
}

static void waiting_for_a_cpu_is_not_the_loops_fault(void **state)
{
	struct fact_verdict own = one_loop(30, 510, 490, 0), others = one_loop(30, 490, 510, 0);

	(void)state;
	assert_non_null(evidence(&own, "loop-blocks"));
	assert_null(evidence(&own, "loop-starves"));
	assert_null(evidence(&others, "loop-blocks"));
	assert_non_null(evidence(&others, "loop-starves"));
	assert_non_null(strstr(evidence(&others, "loop-starves")->text, "51 %"));
	assert_fit(&others, FIT_ASYNC);
	fact_verdict_release(&own);
	fact_verdict_release(&others);
}

static void half_a_cpu_is_what_a_loop_has_room_for(void **state)
{
	struct fact_verdict has = one_loop(2, 3900, 0, 0), no = one_loop(2, 4100, 0, 0);

	(void)state;
	assert_null(evidence(&has, "loop-busy"));
	assert_fit(&has, FIT_ASYNC);
	assert_non_null(evidence(&no, "loop-busy"));
	assert_fit(&no, FIT_PROCESSES);
	fact_verdict_release(&has);
	fact_verdict_release(&no);
}

/* uvicorn --workers 2: each process has its loop, and all CPUs are in use. */
static void several_loops_in_several_processes_are_async(void **state)
{
	struct facts f = recording(10000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(5));
	for (uint32_t pid = 101; pid <= 102; pid++) {
		python_child(&f, pid, 100);
		thread(&f, pid, pid, "worker", CPU(9300), QUEUE(400));
		loop_of(&f, 3, 1000, 0, NULL, 0);
	}
	v = judge(&f);
	assert_current(&v, FIT_ASYNC);
	assert_fit(&v, FIT_ASYNC);
	assert_non_null(strstr(v.summary, "2 event loops"));
	fact_verdict_release(&v);
}

/* The loop hands over what computes: the pool does the work. */
static void a_loop_beside_a_busy_pool_is_not_all_there_is(void **state)
{
	struct facts f = recording(10000, 4);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "server");
	thread(&f, 100, 100, "main", CPU(2000));
	loop_of(&f, 1, 100, 0, NULL, 0);
	for (uint32_t i = 1; i <= 2; i++)
		thread(&f, 100 + i, 100, "pool", CPU(9000));
	v = judge(&f);
	assert_current(&v, FIT_THREADS);
	fact_verdict_release(&v);
}

static void without_turns_nothing_is_said_of_lag(void **state)
{
	struct facts f = recording(10000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "python3", CPU(2000));
	loop_of(&f, 0, 0, 0, NULL, 0)->has_turns = false;
	v = judge(&f);
	assert_current(&v, FIT_ASYNC);
	assert_null(evidence(&v, "already-async"));
	assert_null(evidence(&v, "loop-blocks"));
	fact_verdict_release(&v);
}

/* Next to no requests, each of which sleeps in the loop, so long in all. */
static struct fact_verdict sleeping_loop(uint64_t ms)
{
	struct facts f = recording(10000, 2);

	python(&f, 100);
	thread(&f, 100, 100, "python3", CPU(300), SLEEP(ms));
	loop_of(&f, ms ? 40 : 0, 0, 0, "clock_nanosleep", ms);
	if (ms)
		f.threads[0].loop->blocked_in[0].bucket = BUCKET_SLEEP;
	return judge(&f);
}

/* An idle server is no news; one whose few requests hold it up is. */
static void an_idle_loop_is_told_what_holds_it_up(void **state)
{
	struct fact_verdict idle = sleeping_loop(0), held_up = sleeping_loop(500);

	(void)state;
	assert_fit(&idle, FIT_EITHER);
	assert_string_equal(verdict_class_name(held_up.class), "idle");
	assert_fit(&held_up, FIT_EITHER);
	assert_non_null(evidence(&held_up, "loop-blocks"));
	assert_null(strstr(held_up.summary, "Nothing holds it back"));
	fact_verdict_release(&idle);
	fact_verdict_release(&held_up);
}

/* Sleeping in the loop is no idleness: nobody is served meanwhile. */
static void a_loop_that_sleeps_a_fifth_of_its_time_wants_a_pool_beside_it(void **state)
{
	struct fact_verdict less = sleeping_loop(1900), more = sleeping_loop(2100);

	(void)state;
	assert_string_equal(verdict_class_name(less.class), "io-bound");
	assert_fit(&less, FIT_ASYNC);
	assert_non_null(evidence(&less, "loop-blocks"));
	assert_fit(&more, FIT_HYBRID);
	assert_non_null(strstr(more.summary, "blocks it"));
	fact_verdict_release(&less);
	fact_verdict_release(&more);
}

/* @cnt threads, each on a socket for @percent of its life; together they use @cpu_ms. */
static struct fact_verdict socket_threads(uint32_t cnt, uint64_t percent, uint64_t cpu_ms)
{
	struct facts f = recording(10000, 2);

	python(&f, 100);
	for (uint32_t i = 0; i < cnt; i++)
		thread(&f, 100 + i, 100, "worker", CPU(cpu_ms / cnt), NETWORK(100 * percent),
		       SYNC(10000 - 100 * percent - cpu_ms / cnt));
	return judge(&f);
}

static void a_hundred_threads_on_sockets_want_async(void **state)
{
	struct fact_verdict many = socket_threads(100, 95, 3000);
	struct fact_verdict few = socket_threads(99, 95, 3000);
	struct fact_verdict elsewhere = socket_threads(120, 89, 3000);
	struct fact_verdict busy = socket_threads(100, 90, 5100);

	(void)state;
	assert_non_null(evidence(&many, "use-async"));
	assert_fit(&many, FIT_ASYNC);
	assert_null(evidence(&few, "use-async"));
	assert_fit(&few, FIT_THREADS);
	assert_null(evidence(&elsewhere, "use-async"));
	assert_fit(&elsewhere, FIT_THREADS);
	assert_null(evidence(&busy, "use-async"));
	assert_fit(&busy, FIT_THREADS);
	fact_verdict_release(&many);
	fact_verdict_release(&few);
	fact_verdict_release(&elsewhere);
	fact_verdict_release(&busy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loop_that_keeps_up_is_kept),
		cmocka_unit_test(a_lag_of_20_ms_by_cpu_flips_it_to_a_loop_with_a_pool),
		cmocka_unit_test(a_call_that_blocks_the_loop_is_named),
		cmocka_unit_test(its_poll_must_be_the_only_thing_it_waits_for),
		cmocka_unit_test(waiting_for_a_cpu_is_not_the_loops_fault),
		cmocka_unit_test(half_a_cpu_is_what_a_loop_has_room_for),
		cmocka_unit_test(several_loops_in_several_processes_are_async),
		cmocka_unit_test(a_loop_beside_a_busy_pool_is_not_all_there_is),
		cmocka_unit_test(without_turns_nothing_is_said_of_lag),
		cmocka_unit_test(an_idle_loop_is_told_what_holds_it_up),
		cmocka_unit_test(a_loop_that_sleeps_a_fifth_of_its_time_wants_a_pool_beside_it),
		cmocka_unit_test(a_hundred_threads_on_sockets_want_async),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
