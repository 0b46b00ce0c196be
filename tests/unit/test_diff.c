// SPDX-License-Identifier: MIT
/* What is a change and what is noise, on both sides; what is matched with what. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "diff_stage.h"

static const struct diff_row *row(const struct diff *d, const char *metric, const char *role)
{
	const struct diff_row *r = diff_row(d, metric, role);

	if (!r)
		fail_msg("no row %s of %s", metric, role ? role : "the program");
	return r;
}

static void near(double is, double expected)
{
	if (fabs(is - expected) > 0.01 * fabs(expected) + 1e-9)
		fail_msg("%g, expected %g", is, expected);
}

static struct diff one_each(struct facts before, struct facts after)
{
	struct diff d = compared(&before, 1, &after, 1);

	facts_release(&before);
	facts_release(&after);
	return d;
}

static void says(const struct diff *d, const char *text)
{
	if (!strstr(d->summary, text))
		fail_msg("'%s' does not say '%s'", d->summary, text);
}

static bool is_wall_changed(uint64_t before_ms, uint64_t after_ms)
{
	struct diff d = one_each(threads_run(before_ms, 100), threads_run(after_ms, 200));
	bool is_changed = row(&d, "wall", NULL)->is_significant;

	assert_true(is_changed == row(&d, "throughput", NULL)->is_significant);
	assert_true(is_changed == row(&d, "cpu", NULL)->is_significant);
	diff_release(&d);
	return is_changed;
}

static void a_tenth_is_where_noise_ends_for_one_recording_each(void **state)
{
	(void)state;
	assert_false(is_wall_changed(10000, 10000));
	assert_false(is_wall_changed(10000, 10700));
	assert_true(is_wall_changed(10000, 11200));
	assert_false(is_wall_changed(10000, 9300));
	assert_true(is_wall_changed(10000, 8800));
}

static void a_short_run_is_noisier(void **state)
{
	(void)state;
	assert_true(is_wall_changed(1000, 1120));
	assert_false(is_wall_changed(100, 112));
}

static struct diff three_each(const uint64_t before_ms[3], const uint64_t after_ms[3])
{
	struct facts before[3], after[3];
	struct diff d;

	for (uint32_t i = 0; i < 3; i++) {
		before[i] = threads_run(before_ms[i], 100 * (i + 1));
		after[i] = threads_run(after_ms[i], 100 * (i + 4));
	}
	d = compared(before, 3, after, 3);
	for (int i = 0; i < 3; i++) {
		facts_release(&before[i]);
		facts_release(&after[i]);
	}
	return d;
}

static void repetitions_find_what_one_recording_misses(void **state)
{
	struct diff d = three_each((uint64_t[]){ 10000, 10050, 9950 },
				   (uint64_t[]){ 10700, 10750, 10650 });

	(void)state;
	assert_false(is_wall_changed(10000, 10700));
	assert_true(row(&d, "wall", NULL)->is_significant);
	near(row(&d, "wall", NULL)->ratio.value, 1.07);
	diff_release(&d);
}

static void repetitions_that_scatter_find_nothing(void **state)
{
	struct diff d = three_each((uint64_t[]){ 8000, 10000, 12000 },
				   (uint64_t[]){ 9500, 11500, 14000 });

	(void)state;
	assert_false(row(&d, "wall", NULL)->is_significant);
	diff_release(&d);
}

static void what_the_hypervisor_took_is_no_change(void **state)
{
	struct facts slow = threads_run(12000, 200);
	struct diff d;

	(void)state;
	/* The run has 12 s of CPU time. */
	slow.recording.steal_ns = 2000 * NS_PER_MS;
	d = one_each(threads_run(10000, 100), slow);
	assert_false(row(&d, "wall", NULL)->is_significant);
	assert_false(row(&d, "cpu", NULL)->is_significant);
	near(row(&d, "wall", NULL)->ratio.value, 1.2);
	assert_int_equal(d.note_cnt, 1);
	diff_release(&d);
}

/* 2 % and 4 % of thread time for the lock, where there was nothing. */
static struct diff with_lock_share(uint64_t ms)
{
	struct facts before = run_of(10000, 100), after = run_of(10000, 200);

	thread(&before, 100, 100, "main", CPU(5000));
	thread(&after, 200, 200, "main", CPU(5000), LOCK(ms));
	lock(&after, LOCK_MUTEX, "cache_lock of python3 (200)", 200, ms);
	return one_each(before, after);
}

static void a_share_changes_from_three_points_on(void **state)
{
	struct diff d = with_lock_share(200);

	(void)state;
	assert_false(row(&d, "lock", NULL)->is_significant);
	assert_int_equal(d.locks[0].fate, DIFF_SAME);
	diff_release(&d);
	d = with_lock_share(400);
	assert_true(row(&d, "lock", NULL)->is_significant);
	assert_true(row(&d, "group:lock", NULL)->is_significant);
	near(row(&d, "lock", NULL)->change.value, 4);
	assert_false(row(&d, "lock", NULL)->has_ratio);
	assert_int_equal(d.locks[0].fate, DIFF_APPEARED);
	assert_string_equal(d.locks[0].name, "cache_lock of python3");
	diff_release(&d);
}

/* The hypervisor had half of the CPU time of one run: what its threads waited for says little. */
static void a_share_of_a_disturbed_run_says_less(void **state)
{
	struct facts before = run_of(10000, 100), after = run_of(10000, 200);
	struct diff d;

	(void)state;
	thread(&before, 100, 100, "main", CPU(5000));
	thread(&after, 200, 200, "main", CPU(5000), LOCK(2000));
	after.recording.steal_ns = 2500 * NS_PER_MS;
	lock(&after, LOCK_MUTEX, "cache_lock of python3 (200)", 200, 2000);
	d = one_each(before, after);
	assert_false(row(&d, "lock", NULL)->is_significant);
	assert_false(row(&d, "lock", "main")->is_significant);
	assert_int_equal(d.locks[0].fate, DIFF_SAME);
	diff_release(&d);
}

static enum diff_fate lock_fate(uint64_t before_ms, uint64_t after_ms)
{
	struct facts before = run_of(10000, 100), after = run_of(10000, 200);
	enum diff_fate fate;
	struct diff d;

	thread(&before, 100, 100, "main", CPU(1000), LOCK(before_ms));
	thread(&after, 200, 200, "main", CPU(1000), LOCK(after_ms));
	if (before_ms)
		lock(&before, LOCK_MUTEX, "mutex heap+0x20 of python3 (100)", 100, before_ms);
	if (after_ms)
		lock(&after, LOCK_MUTEX, "mutex heap+0x40 of python3 (200)", 200, after_ms);
	d = one_each(before, after);
	assert_int_equal(d.lock_cnt, 1);
	assert_string_equal(d.locks[0].name, "mutex of python3");
	fate = d.locks[0].fate;
	diff_release(&d);
	return fate;
}

static void a_lock_is_itself_at_any_address(void **state)
{
	(void)state;
	assert_int_equal(lock_fate(2000, 2000), DIFF_SAME);
	assert_int_equal(lock_fate(2000, 2400), DIFF_SAME);
	assert_int_equal(lock_fate(2000, 3500), DIFF_GREW);
	assert_int_equal(lock_fate(3500, 2000), DIFF_SHRANK);
	assert_int_equal(lock_fate(3500, 0), DIFF_WENT);
}

static enum diff_fate channel_fate(uint64_t before, uint64_t after)
{
	struct facts b = run_of(10000, 100), a = run_of(10000, 200);
	enum diff_fate fate;
	struct diff d;

	python_child(&b, 101, 100);
	python_child(&a, 201, 200);
	thread(&b, 100, 100, "main", CPU(1000));
	thread(&b, 101, 101, "worker", CPU(1000));
	thread(&a, 200, 200, "main", CPU(1000));
	thread(&a, 201, 201, "worker", CPU(1000));
	if (before)
		channel(&b, "pipe", 100, 101, before, 100 * before, 0);
	if (after)
		channel(&a, "pipe", 200, 201, after, 100 * after, 0);
	d = one_each(b, a);
	assert_int_equal(d.channel_cnt, 1);
	assert_string_equal(d.channels[0].name, "pipe (main to worker)");
	fate = d.channels[0].fate;
	diff_release(&d);
	return fate;
}

static void a_channel_is_known_by_the_roles_at_its_ends(void **state)
{
	(void)state;
	assert_int_equal(channel_fate(1000, 1200), DIFF_SAME);
	assert_int_equal(channel_fate(1000, 2000), DIFF_GREW);
	assert_int_equal(channel_fate(2000, 1000), DIFF_SHRANK);
	assert_int_equal(channel_fate(0, 1000), DIFF_APPEARED);
	assert_int_equal(channel_fate(1000, 0), DIFF_WENT);
	assert_int_equal(channel_fate(0, 9), DIFF_SAME);
}

/* "97 more" and "100 more" are both what is not listed. */
static void the_rest_is_matched_with_the_rest(void **state)
{
	struct facts b = run_of(10000, 100), a = run_of(10000, 200);
	struct diff d;

	(void)state;
	thread(&b, 100, 100, "main", CPU(1000));
	thread(&a, 200, 200, "main", CPU(1000));
	channel(&b, "other", 0, 0, 200, 200000, 0);
	channel(&a, "other", 0, 0, 200, 200000, 0);
	free(b.channels[0].id);
	free(a.channels[0].id);
	b.channels[0].id = xstrdup("97 more");
	a.channels[0].id = xstrdup("100 more");
	lock(&b, LOCK_FUTEX, "3 more", 0, 100);
	lock(&a, LOCK_FUTEX, "5 more", 0, 100);
	d = one_each(b, a);
	assert_int_equal(d.channel_cnt, 1);
	assert_int_equal(d.channels[0].fate, DIFF_SAME);
	assert_int_equal(d.lock_cnt, 1);
	assert_string_equal(d.locks[0].name, "others");
	diff_release(&d);
}

static void roles_are_matched_whatever_the_ids(void **state)
{
	struct diff d = one_each(threads_run(10000, 100), threads_run(10000, 900));

	(void)state;
	assert_int_equal(d.role_cnt, 2);
	assert_string_equal(d.roles[0].role, "worker");
	near(d.roles[0].threads_before, 4);
	near(d.roles[0].threads_after, 4);
	near(row(&d, "gil", "worker")->before, 70);
	near(row(&d, "gil", "worker")->after, 70);
	near(row(&d, "group:lock", "worker")->after, 70);
	diff_release(&d);
}

static void a_role_split_on_one_side_only_is_whole_again(void **state)
{
	struct facts before = run_of(10000, 100), after = run_of(10000, 200);
	struct diff d;

	(void)state;
	thread(&before, 100, 100, "main", CPU(10));
	thread(&before, 101, 100, "worker", CPU(5000));
	thread(&before, 102, 100, "worker", CPU(5000));
	thread(&after, 200, 200, "main", CPU(10));
	thread(&after, 201, 200, "worker (cpu)", CPU(9000));
	thread(&after, 202, 200, "worker (io)", NETWORK(9000));
	d = one_each(before, after);
	assert_int_equal(d.role_cnt, 2);
	near(row(&d, "network", "worker")->after, 45);
	diff_release(&d);
}

static void a_role_split_on_both_sides_stays_so(void **state)
{
	struct facts f[2] = { run_of(10000, 100), run_of(10000, 200) };
	struct diff d;

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t pid = 100 * (i + 1);

		thread(&f[i], pid, pid, "main", CPU(10));
		thread(&f[i], pid + 1, pid, "worker (cpu)", CPU(9000));
		thread(&f[i], pid + 2, pid, "worker (io)", NETWORK(9000));
	}
	d = one_each(f[0], f[1]);
	assert_int_equal(d.role_cnt, 3);
	near(row(&d, "network", "worker (io)")->after, 90);
	diff_release(&d);
}

static void a_lone_thread_is_the_main_thread(void **state)
{
	struct facts before = run_of(10000, 100);
	struct diff d;

	(void)state;
	thread(&before, 100, 100, "python3", CPU(9900));
	d = one_each(before, threads_run(5000, 200));
	assert_non_null(diff_row(&d, "cpu", "main"));
	assert_null(diff_row(&d, "cpu", "python3"));
	says(&d, "threads instead of a single thread");
	diff_release(&d);
}

static struct diff with_prediction(double low, double speedup, double high)
{
	struct facts before = threads_run(10000, 100);

	replayed(&before, "processes", 2, low, speedup, high);
	return one_each(before, processes_run(5300, 200));
}

static void one_line_says_it_all(void **state)
{
	struct diff d = with_prediction(1.8, 1.9, 2.0);

	(void)state;
	says(&d,
	     "processes instead of threads: 1.89x the throughput (1.7-2.1), as predicted (1.9)");
	assert_int_equal(d.prediction.outcome, DIFF_HELD);
	near(d.prediction.achieved.value, 1.887);
	diff_release(&d);
}

static void a_prediction_is_missed_on_either_side(void **state)
{
	struct diff d = with_prediction(2.5, 2.6, 2.7);

	(void)state;
	assert_int_equal(d.prediction.outcome, DIFF_LESS);
	says(&d, "less than predicted (2.6, 2.5-2.7)");
	diff_release(&d);
	d = with_prediction(1.2, 1.3, 1.4);
	assert_int_equal(d.prediction.outcome, DIFF_MORE);
	says(&d, "more than predicted");
	diff_release(&d);
	d = with_prediction(2.0, 2.1, 2.2);
	assert_int_equal(d.prediction.outcome, DIFF_NEARLY);
	says(&d, "within noise of what was predicted");
	diff_release(&d);
	/* Low of 0: the replay could not tell. */
	d = with_prediction(0, 0, 0);
	assert_null(d.prediction.change);
	diff_release(&d);
}

static void a_lock_that_is_gone_was_predicted_too(void **state)
{
	struct facts before = run_of(10000, 100), after = run_of(5000, 200);
	struct diff d;

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		thread(&before, 100 + i, 100, "worker", CPU(5000), LOCK(5000));
		thread(&after, 200 + i, 200, "worker", CPU(4990));
	}
	lock(&before, LOCK_MUTEX, "big_lock of python3 (100)", 100, 10000);
	replayed(&before, "without-lock", 2, 1.8, 1.9, 2.1)->lock = xstrdup(
		"big_lock of python3 (100)");
	d = one_each(before, after);
	assert_string_equal(d.prediction.change, "without-lock");
	assert_int_equal(d.prediction.outcome, DIFF_HELD);
	diff_release(&d);
}

/* Attached to for ten seconds, it answered so many requests. */
static struct facts served(uint64_t count, uint64_t p95_ms)
{
	struct facts f = recording(10000, 2);

	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(5000));
	f.requests.turns = (struct fact_turns){
		.count = count,
		.per_second = (double)count / 10,
		.p50 = p95_ms * NS_PER_MS / 2,
		.p95 = p95_ms * NS_PER_MS,
		.p99 = p95_ms * NS_PER_MS * 11 / 10,
	};
	f.requests.basis = xstrdup("connections");
	return f;
}

static void servers_are_compared_by_their_requests(void **state)
{
	struct diff d = one_each(served(10000, 20), served(10500, 22));

	(void)state;
	assert_false(d.is_run);
	near(row(&d, "throughput", NULL)->before, 1000);
	assert_false(row(&d, "throughput", NULL)->is_significant);
	assert_false(row(&d, "p95", NULL)->is_significant);
	assert_int_equal(row(&d, "cpu", NULL)->unit, DIFF_CPUS);
	near(row(&d, "cpu", NULL)->ratio.high, 1.09);
	assert_null(diff_row(&d, "wall", NULL));
	diff_release(&d);
	d = one_each(served(10000, 20), served(8000, 26));
	assert_true(row(&d, "throughput", NULL)->is_significant);
	assert_true(row(&d, "p95", NULL)->is_significant);
	says(&d, "0.80x the throughput");
	diff_release(&d);
}

/* For all of its time, of two CPUs @cpu were its own, and it waited for @queue more. */
static void windows(struct facts *f, double cpu, double queue)
{
	f->series_cnt = 50;
	f->series = xcalloc(f->series_cnt, sizeof(*f->series));
	for (size_t i = 0; i < f->series_cnt; i++) {
		f->series[i].t_ns = i * f->recording.duration_ns / f->series_cnt;
		f->series[i].groups[GROUP_CPU] = cpu;
		f->series[i].groups[GROUP_CPU_WAIT] = queue;
	}
}

static struct diff slower_by_others(double queue_before, double queue_after)
{
	struct facts before = threads_run(10000, 100), after = threads_run(13000, 200);

	windows(&before, 1, queue_before);
	windows(&after, 1, queue_after);
	return one_each(before, after);
}

static void what_others_kept_from_it_is_no_change(void **state)
{
	struct diff d = slower_by_others(0, 0);

	(void)state;
	assert_true(row(&d, "wall", NULL)->is_significant);
	assert_int_equal(d.note_cnt, 0);
	diff_release(&d);
	/* A third of the CPUs that it wanted was not there: it may have lost a third of the time. */
	d = slower_by_others(0, 0.5);
	assert_false(row(&d, "wall", NULL)->is_significant);
	assert_false(row(&d, "throughput", NULL)->is_significant);
	assert_true(row(&d, "wall", NULL)->ratio.low < 1);
	assert_int_equal(d.note_cnt, 1);
	diff_release(&d);
}

static void who_uses_all_cpus_waits_for_itself(void **state)
{
	struct facts before = threads_run(10000, 100), after = threads_run(13000, 200);
	struct diff d;

	(void)state;
	windows(&before, 2, 0);
	windows(&after, 2, 3);
	d = one_each(before, after);
	assert_true(row(&d, "wall", NULL)->is_significant);
	assert_int_equal(d.note_cnt, 0);
	diff_release(&d);
}

static void what_is_within_noise_says_what_would_tell(void **state)
{
	struct diff d = one_each(threads_run(10000, 100), threads_run(10700, 200));

	(void)state;
	assert_true(row(&d, "wall", NULL)->needed >= 2 && row(&d, "wall", NULL)->needed <= 5);
	says(&d, " recordings of each side would tell");
	diff_release(&d);
	d = one_each(threads_run(10000, 100), threads_run(10200, 200));
	assert_int_equal(row(&d, "wall", NULL)->needed, 0);
	diff_release(&d);
	d = one_each(threads_run(10000, 100), threads_run(13000, 200));
	assert_int_equal(row(&d, "wall", NULL)->needed, 0);
	diff_release(&d);
}

/* So many threads that each have a role of their own, and a lock that takes @ms of each. */
static bool is_lock_found(int roles, uint64_t ms)
{
	struct facts before = run_of(10000, 100), after = run_of(10000, 200);
	bool is_found;
	struct diff d;

	for (int i = 0; i < roles; i++) {
		char *role = xasprintf("role %d", i);

		thread(&before, 100 + i, 100, role, CPU(i ? 100 : 3000));
		thread(&after, 200 + i, 200, role, CPU(i ? 100 : 3000), LOCK(i ? 0 : ms));
		free(role);
	}
	d = one_each(before, after);
	is_found = row(&d, "lock", "role 0")->is_significant;
	diff_release(&d);
	return is_found;
}

static void who_looks_at_more_must_see_more(void **state)
{
	(void)state;
	assert_true(is_lock_found(2, 1000));
	assert_false(is_lock_found(30, 1000));
	assert_true(is_lock_found(30, 2500));
}

/* Proportional memory of one side only. */
static void memory_is_the_same_thing_on_both_sides(void **state)
{
	struct facts before = processes_run(10000, 100), after = processes_run(10000, 200);
	struct diff d;

	(void)state;
	for (size_t i = 0; i < before.process_cnt; i++)
		before.processes[i].pss_bytes = 12000000;
	d = one_each(before, after);
	near(row(&d, "memory", NULL)->before, 93e6);
	assert_false(row(&d, "memory", NULL)->is_significant);
	diff_release(&d);
}

static struct facts with_pipe(uint32_t pid, const char *used_as)
{
	struct facts f = run_of(10000, pid);

	python_child(&f, pid + 1, pid);
	thread(&f, pid, pid, "main", CPU(1000));
	thread(&f, pid + 1, pid + 1, "worker", CPU(1000));
	channel(&f, "pipe", pid, pid + 1, 1000, 100000, 0);
	f.channels[0].used_as = used_as ? xstrdup(used_as) : NULL;
	return f;
}

static enum diff_fate first_fate(const char *before, const char *after)
{
	struct diff d = one_each(with_pipe(100, before), with_pipe(200, after));
	enum diff_fate fate = d.channels[0].fate;

	diff_release(&d);
	return fate;
}

static void a_use_that_is_guessed_makes_no_other_channel(void **state)
{
	(void)state;
	assert_int_equal(first_fate("a queue, likely", "a pipe, likely"), DIFF_SAME);
	assert_int_equal(first_fate("a queue, likely", NULL), DIFF_SAME);
	assert_int_not_equal(first_fate("a queue", "a pipe"), DIFF_SAME);
}

static void a_percentile_of_few_requests_says_little(void **state)
{
	struct diff d = one_each(served(40, 20), served(40, 28));

	(void)state;
	assert_false(row(&d, "p95", NULL)->is_significant);
	diff_release(&d);
	d = one_each(served(19, 20), served(19, 200));
	assert_null(diff_row(&d, "p95", NULL));
	diff_release(&d);
}

static void parts_of_runs_have_no_wall_time(void **state)
{
	struct facts attached = threads_run(10000, 100), cut = threads_run(12000, 200);
	struct diff d;

	(void)state;
	cut.processes[0].ended = false;
	d = one_each(attached, cut);
	assert_null(diff_row(&d, "wall", NULL));
	assert_null(diff_row(&d, "throughput", NULL));
	assert_int_equal(d.note_cnt, 1);
	says(&d, "the CPUs in use");
	diff_release(&d);
}

static void a_run_that_was_killed_is_no_whole_run(void **state)
{
	struct facts killed = threads_run(12000, 200);
	struct diff d;

	(void)state;
	killed.processes[0].exit_signal = xstrdup("SIGTERM");
	killed.processes[0].exit_code = 143;
	d = one_each(threads_run(10000, 100), killed);
	assert_false(d.is_run);
	diff_release(&d);
}

static void a_failed_run_is_pointed_out(void **state)
{
	struct facts failed = threads_run(5000, 200);
	struct diff d;

	(void)state;
	failed.processes[0].exit_code = 1;
	d = one_each(threads_run(10000, 100), failed);
	assert_int_equal(d.note_cnt, 1);
	assert_non_null(strstr(d.notes[0], "ended with status 1"));
	diff_release(&d);
}

static void who_works_for_a_given_time_may_have_done_more(void **state)
{
	struct diff d = one_each(threads_run(10000, 100), processes_run(10000, 200));

	(void)state;
	says(&d, ", if both did the same work; ");
	assert_int_equal(d.note_cnt, 1);
	assert_non_null(strstr(d.notes[0], "may have done more in it"));
	diff_release(&d);
	d = one_each(processes_run(10000, 200), threads_run(10000, 100));
	assert_non_null(strstr(d.notes[0], "may have done less in it"));
	diff_release(&d);
	/* Another wall time: there was an end to the work. */
	d = one_each(threads_run(10000, 100), processes_run(5300, 200));
	assert_null(strstr(d.summary, "if both did"));
	assert_int_equal(d.note_cnt, 0);
	diff_release(&d);
	/* So it is with as much CPU time. */
	d = one_each(threads_run(10000, 100), threads_run(10000, 200));
	assert_null(strstr(d.summary, "if both did"));
	assert_int_equal(d.note_cnt, 0);
	diff_release(&d);
}

/* Two workers of 31 MB beside a main process of 31 MB; then ten, one after the other. */
static void memory_is_that_of_processes_that_live_at_once(void **state)
{
	struct facts after = run_of(10000, 200);
	struct diff d;

	(void)state;
	thread(&after, 200, 200, "main", CPU(100));
	for (uint32_t i = 1; i <= 10; i++) {
		python_child(&after, 200 + i, 200);
		after.processes[i].started_ns = (i - 1) * NS_PER_S;
		after.processes[i].ended = true;
		after.processes[i].ended_ns = i * NS_PER_S;
		thread(&after, 200 + i, 200 + i, "worker", CPU(900));
	}
	d = one_each(processes_run(10000, 100), after);
	near(row(&d, "memory", NULL)->before, 93e6);
	near(row(&d, "memory", NULL)->after, 62e6);
	assert_true(row(&d, "memory", NULL)->is_significant);
	near(row(&d, "memory", "worker")->before, 31e6);
	near(row(&d, "memory", "worker")->after, 31e6);
	diff_release(&d);
}

static void an_empty_recording_compares_with_nothing(void **state)
{
	struct diff d = one_each((struct facts){ 0 }, (struct facts){ 0 });

	(void)state;
	says(&d, "nothing that both sides have can be compared");
	diff_release(&d);
	d = one_each(threads_run(1000, 100), (struct facts){ 0 });
	assert_true(row(&d, "cpu", NULL)->has_before);
	assert_false(row(&d, "cpu", NULL)->has_after);
	diff_release(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tenth_is_where_noise_ends_for_one_recording_each),
		cmocka_unit_test(a_short_run_is_noisier),
		cmocka_unit_test(repetitions_find_what_one_recording_misses),
		cmocka_unit_test(repetitions_that_scatter_find_nothing),
		cmocka_unit_test(what_the_hypervisor_took_is_no_change),
		cmocka_unit_test(a_share_changes_from_three_points_on),
		cmocka_unit_test(a_share_of_a_disturbed_run_says_less),
		cmocka_unit_test(a_lock_is_itself_at_any_address),
		cmocka_unit_test(a_channel_is_known_by_the_roles_at_its_ends),
		cmocka_unit_test(the_rest_is_matched_with_the_rest),
		cmocka_unit_test(roles_are_matched_whatever_the_ids),
		cmocka_unit_test(a_role_split_on_one_side_only_is_whole_again),
		cmocka_unit_test(a_role_split_on_both_sides_stays_so),
		cmocka_unit_test(a_lone_thread_is_the_main_thread),
		cmocka_unit_test(one_line_says_it_all),
		cmocka_unit_test(a_prediction_is_missed_on_either_side),
		cmocka_unit_test(a_lock_that_is_gone_was_predicted_too),
		cmocka_unit_test(servers_are_compared_by_their_requests),
		cmocka_unit_test(what_others_kept_from_it_is_no_change),
		cmocka_unit_test(who_uses_all_cpus_waits_for_itself),
		cmocka_unit_test(what_is_within_noise_says_what_would_tell),
		cmocka_unit_test(who_looks_at_more_must_see_more),
		cmocka_unit_test(memory_is_the_same_thing_on_both_sides),
		cmocka_unit_test(a_use_that_is_guessed_makes_no_other_channel),
		cmocka_unit_test(a_percentile_of_few_requests_says_little),
		cmocka_unit_test(parts_of_runs_have_no_wall_time),
		cmocka_unit_test(a_run_that_was_killed_is_no_whole_run),
		cmocka_unit_test(a_failed_run_is_pointed_out),
		cmocka_unit_test(who_works_for_a_given_time_may_have_done_more),
		cmocka_unit_test(memory_is_that_of_processes_that_live_at_once),
		cmocka_unit_test(an_empty_recording_compares_with_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
