// SPDX-License-Identifier: MIT
/* Runs small enough to replay them by hand. */
#include <math.h>

#include "whatif_stage.h"

/* How long all threads' work takes, in milliseconds; all of them count as workers. */
static double replay_ms(struct stage *s, const struct replay_model *m, struct replay_result *out)
{
	struct replay_result res;
	struct replay r;

	replay_init(&r, &s->fb.segments, &s->m);
	for (uint32_t i = 0; i < r.thread_cnt; i++)
		r.threads[i].is_worker = true;
	replay_run(&r, m, out ? out : &res);
	replay_release(&r);
	return ((out ? out : &res)->last_ns - (out ? out : &res)->first_ns) / 1e6;
}

#define MODEL(...) (&(const struct replay_model){ __VA_ARGS__ })

static void assert_ms(double is, double want)
{
	if (fabs(is - want) > 0.01)
		fail_msg("%.3f ms, not %.3f", is, want);
}

/* Two threads that ran 60 ms each, in turns on one CPU. */
static void two_in_line(struct stage *s, bool global_lock)
{
	struct process *p;
	struct task *a, *b;

	stage_init(s, 0);
	p = stage_process(s, 10, global_lock);
	a = stage_task(s, p, 10, "a");
	b = stage_task(s, p, 11, "b");
	run(s, a, 0, 30);
	waits(s, b, BUCKET_RUN_QUEUE, 0, 30, NULL);
	run(s, b, 30, 60);
	waits(s, a, BUCKET_RUN_QUEUE, 30, 60, NULL);
	run(s, a, 60, 90);
	waits(s, b, BUCKET_RUN_QUEUE, 60, 90, NULL);
	run(s, b, 90, 120);
	waits(s, a, BUCKET_RUN_QUEUE, 90, 120, NULL);
	stage_end(s, 120);
}

static void work_takes_as_long_as_there_are_cpus_for_it(void **state)
{
	struct stage s;

	(void)state;
	two_in_line(&s, false);
	assert_ms(replay_ms(&s, MODEL(.cpus = 1), NULL), 120);
	assert_ms(replay_ms(&s, MODEL(.cpus = 2), NULL), 60);
	assert_ms(replay_ms(&s, MODEL(.cpus = 64), NULL), 60);
	/* 120 ms of CPU at 1.5 CPUs. */
	assert_ms(replay_ms(&s, MODEL(.cpus = 1.5), NULL), 80);
	stage_release(&s);
}

static void a_group_runs_one_at_a_time_on_any_number_of_cpus(void **state)
{
	const struct replay_change both[] = { { .group = 1, .held = 1 },
					      { .group = 1, .held = 1 } };
	const struct replay_change half[] = { { .group = 1, .held = .5 },
					      { .group = 1, .held = .5 } };
	const struct replay_change none[] = { { .group = 1 }, { .group = 1 } };
	struct stage s;
	double ms;

	(void)state;
	two_in_line(&s, true);
	assert_ms(replay_ms(&s, MODEL(.cpus = 2, .group_cnt = 1, .changes = both, .switch_ns = 5e6),
			    NULL),
		  120);
	/* 60 ms with the lock, in all; one of them waits once for the other's first part of it. */
	ms = replay_ms(&s, MODEL(.cpus = 2, .group_cnt = 1, .changes = half), NULL);
	assert_true(ms >= 60 && ms < 63);
	assert_ms(replay_ms(&s, MODEL(.cpus = 2, .group_cnt = 1, .changes = none), NULL), 60);
	stage_release(&s);
}

static void what_is_passed_on_by_force_is_shared_and_else_kept(void **state)
{
	const struct replay_change both[] = { { .group = 1, .held = 1 },
					      { .group = 1, .held = 1 } };
	struct replay_result forced, kept;
	struct stage s;
	struct process *p;
	struct task *a, *b;

	(void)state;
	stage_init(&s, 0);
	p = stage_process(&s, 10, true);
	a = stage_task(&s, p, 10, "a");
	b = stage_task(&s, p, 11, "b");
	run(&s, a, 0, 100);
	/* Ten times a moment's work and a wait for what another machine takes 10 ms for. */
	for (uint64_t i = 0; i < 10; i++) {
		run(&s, b, i * 11, i * 11 + 1);
		waits(&s, b, BUCKET_NETWORK, i * 11 + 1, i * 11 + 11, NULL);
	}
	stage_end(&s, 110);
	/* Of an event loop that computes for 100 ms, b gets its turn after that. */
	replay_ms(&s, MODEL(.cpus = 2, .group_cnt = 1, .changes = both), &kept);
	assert_ms(kept.last_ns / 1e6, 100 + 10 + 9 * 10);
	/* Of a GIL, after 5 ms each time: (5 + 1 + 10) ms per turn while a computes. */
	replay_ms(&s, MODEL(.cpus = 2, .group_cnt = 1, .changes = both, .switch_ns = 5e6), &forced);
	assert_true(forced.last_ns / 1e6 > 130 && forced.last_ns / 1e6 < 155);
	stage_release(&s);
}

/* b waits for what a does in its second half. */
static void a_dependency_is_on_progress_not_on_time(void **state)
{
	const struct replay_change slow[] = { { .pace = 2 }, { 0 } };
	const struct replay_change late[] = { { .add_ns = 50e6 }, { 0 } };
	const struct replay_change early[] = { { .skip_ns = 30e6 }, { 0 } };
	struct stage s;
	struct process *p;
	struct task *a, *b;

	(void)state;
	stage_init(&s, 0);
	p = stage_process(&s, 10, false);
	a = stage_task(&s, p, 10, "a");
	b = stage_task(&s, p, 11, "b");
	run(&s, a, 0, 100);
	run(&s, b, 0, 10);
	waits(&s, b, BUCKET_SYNC, 10, 60, a);
	run(&s, b, 60, 160);
	stage_end(&s, 160);
	assert_ms(replay_ms(&s, MODEL(.cpus = 2), NULL), 160);
	assert_ms(replay_ms(&s, MODEL(.cpus = 2, .changes = slow), NULL), 120 + 100);
	assert_ms(replay_ms(&s, MODEL(.cpus = 2, .changes = late), NULL), 110 + 100);
	assert_ms(replay_ms(&s, MODEL(.cpus = 2, .changes = early), NULL), 30 + 100);
	stage_release(&s);
}

static void a_result_that_is_there_is_not_waited_for(void **state)
{
	const struct replay_change slow[] = { { 0 }, { .pace = 10 } };
	struct stage s;
	struct process *p;
	struct task *a, *b;

	(void)state;
	stage_init(&s, 0);
	p = stage_process(&s, 10, false);
	a = stage_task(&s, p, 10, "a");
	b = stage_task(&s, p, 11, "b");
	run(&s, a, 0, 50);
	run(&s, b, 0, 10);
	waits(&s, b, BUCKET_IPC, 10, 50, a);
	run(&s, b, 50, 60);
	stage_end(&s, 60);
	assert_ms(replay_ms(&s, MODEL(.cpus = 2, .changes = slow), NULL), 200);
	stage_release(&s);
}

static void threads_begin_where_their_creator_makes_them(void **state)
{
	const struct replay_change slow[] = { { .pace = 3 }, { 0 } };
	struct stage s;
	struct process *p;
	struct task *a, *b;

	(void)state;
	stage_init(&s, 0);
	p = stage_process(&s, 10, false);
	a = stage_task(&s, p, 10, "a");
	b = stage_task(&s, p, 11, "b");
	b->creator = a;
	b->start_ns = BEGIN_NS + 20 * NS_PER_MS;
	run(&s, a, 0, 30);
	run(&s, b, 20, 100);
	stage_end(&s, 100);
	assert_ms(replay_ms(&s, MODEL(.cpus = 2, .changes = slow), NULL), 60 + 80);
	stage_release(&s);
}

static void a_lock_that_is_gone_is_not_waited_for(void **state)
{
	struct stage s;
	struct process *p;
	struct task *a, *b;
	struct lock *l, *shared;

	(void)state;
	stage_init(&s, 0);
	p = stage_process(&s, 10, false);
	a = stage_task(&s, p, 10, "a");
	b = stage_task(&s, p, 11, "b");
	l = stage_lock(&s, p, "mutex m");
	shared = stage_lock(&s, p, "mutex s");
	shared->is_shared = true;
	run(&s, a, 0, 100);
	locked(&s, b, l, 0, 40, a);
	run(&s, b, 40, 60);
	locked(&s, b, shared, 60, 80, a);
	run(&s, b, 80, 160);
	stage_end(&s, 160);
	assert_ms(replay_ms(&s, MODEL(.cpus = 2), NULL), 160);
	assert_ms(replay_ms(&s, MODEL(.cpus = 2, .no_lock = l->index), NULL), 160);
	assert_ms(replay_ms(&s, MODEL(.cpus = 2, .no_lock = shared->index), NULL), 140);
	assert_ms(replay_ms(&s, MODEL(.cpus = 2, .no_private = true), NULL), 160);
	stage_release(&s);
}

/* Each waits for the other: a recording with errors in it. */
static void a_circle_is_let_go_and_counted(void **state)
{
	struct replay_result res;
	struct stage s;
	struct process *p;
	struct task *a, *b;

	(void)state;
	stage_init(&s, 0);
	p = stage_process(&s, 10, false);
	a = stage_task(&s, p, 10, "a");
	b = stage_task(&s, p, 11, "b");
	waits(&s, a, BUCKET_SYNC, 0, 50, b);
	waits(&s, b, BUCKET_SYNC, 0, 50, a);
	run(&s, a, 50, 60);
	run(&s, b, 50, 60);
	stage_end(&s, 60);
	/* Whoever is told at the end of a wait has not got past it. */
	s.fb.segments.blocks[0][0].len_ns = 55 * NS_PER_MS;
	s.fb.segments.blocks[0][1].len_ns = 55 * NS_PER_MS;
	assert_ms(replay_ms(&s, MODEL(.cpus = 2), &res), 10);
	assert_int_equal(res.forced, 2);
	assert_false(res.is_broken);
	stage_release(&s);
}

/* One computes, another one needs a moment now and then: on one CPU it needn't stand in line. */
static void who_has_waited_goes_before_those_that_have_run(void **state)
{
	struct replay_result res;
	struct task *busy, *asks;
	struct process *p, *q;
	struct replay r;
	struct stage s;

	(void)state;
	stage_init(&s, 0);
	p = stage_process(&s, 10, false);
	q = stage_process(&s, 20, false);
	busy = stage_task(&s, p, 10, "busy");
	asks = stage_task(&s, q, 20, "asks");
	run(&s, busy, 0, 1000);
	for (uint64_t at = 0; at < 500; at += 10) {
		waits(&s, asks, BUCKET_NETWORK, at, at + 9, NULL);
		run(&s, asks, at + 9, at + 10);
	}
	stage_end(&s, 1000);
	replay_init(&r, &s.fb.segments, &s.m);
	r.threads[1].is_worker = true;
	replay_run(&r, MODEL(.cpus = 1), &res);
	/* From its first run to its last. */
	assert_ms((res.last_ns - res.first_ns) / 1e6, 491);
	replay_release(&r);
	stage_release(&s);
}

static void nothing_takes_no_time(void **state)
{
	struct replay_result res;
	struct stage s;
	struct process *p;

	(void)state;
	stage_init(&s, 0);
	stage_end(&s, 0);
	assert_ms(replay_ms(&s, MODEL(.cpus = 2), &res), 0);
	p = stage_process(&s, 10, false);
	stage_task(&s, p, 10, "a");
	assert_ms(replay_ms(&s, MODEL(.cpus = 2), &res), 0);
	stage_release(&s);
}

static void no_work_is_lost(void **state)
{
	const struct replay_change changes[] = { { .group = 1, .held = .3 },
						 { .group = 1, .held = .7 },
						 { .group = 1, .held = 1 },
						 { 0 } };
	struct replay_result res;
	struct stage s;
	struct process *p;
	struct task *t[4];
	uint64_t at[4] = { 0 };
	double run_ms = 0;
	uint32_t seed = 7;

	(void)state;
	stage_init(&s, 0);
	p = stage_process(&s, 10, true);
	for (uint32_t i = 0; i < 4; i++)
		t[i] = stage_task(&s, p, 10 + i, "t");
	for (int i = 0; i < 4000; i++) {
		uint32_t k = (uint32_t)i % 4, ms = 1 + (seed >> 16) % 9;
		uint32_t by = (k + 1 + (seed >> 24) % 3) % 4;

		seed = seed * 1103515245 + 12345;
		run(&s, t[k], at[k], at[k] + ms);
		/* Only for what has happened by then. */
		waits(&s, t[k], i % 3 ? BUCKET_SYNC : BUCKET_NETWORK, at[k] + ms, at[k] + ms + 5,
		      i % 3 ? t[by] : NULL);
		at[k] += ms + 5;
		run_ms += ms;
	}
	stage_end(&s, at[0] + at[1] + at[2] + at[3]);
	for (double cpus = 0.5; cpus < 6; cpus += 0.75) {
		replay_ms(&s,
			  MODEL(.cpus = cpus, .group_cnt = 1, .changes = changes, .switch_ns = 5e6),
			  &res);
		assert_ms(res.run_ns / 1e6, run_ms);
		assert_true(res.last_ns / 1e6 * cpus >= run_ms - 0.1);
	}
	stage_release(&s);
}

/* A ping-pong that is far more than there is room for. */
static void thinning_keeps_whole_slices_and_the_proportions(void **state)
{
	const struct replay_change half[] = { { .pace = .5 }, { .pace = .5 } };
	struct stage s;
	struct process *p;
	struct task *a, *b;
	uint64_t i;
	double ms;

	(void)state;
	stage_init(&s, 2000);
	p = stage_process(&s, 10, false);
	a = stage_task(&s, p, 10, "a");
	b = stage_task(&s, p, 11, "b");
	for (i = 0; i < 20000; i += 4) {
		run(&s, a, i, i + 2);
		if (i)
			waits(&s, b, BUCKET_SYNC, i - 2 + 2, i + 2, a);
		else
			waits(&s, b, BUCKET_SYNC, 0, 2, a);
		run(&s, b, i + 2, i + 4);
		waits(&s, a, BUCKET_SYNC, i + 2, i + 4, b);
	}
	stage_end(&s, i);
	assert_true(s.fb.segments.cnt <= 2000);
	assert_true(s.fb.segments.cnt > 900);
	ms = (double)segments_kept_ns(&s.fb.segments, BEGIN_NS + 20000 * NS_PER_MS) / 1e6;
	assert_true(ms <= 20000.0 / (double)s.fb.segments.period + 100);
	/* At the edge of what is gone some waits are delays, and some work overlaps. */
	assert_true(fabs(replay_ms(&s, MODEL(.cpus = 2), NULL) / ms - 1) < 0.03);
	assert_true(fabs(replay_ms(&s, MODEL(.cpus = 2, .changes = half), NULL) / ms - .5) < 0.03);
	stage_release(&s);
}

static void the_kept_clock_skips_what_is_gone(void **state)
{
	struct segments s;

	(void)state;
	segments_init(&s, BEGIN_NS, 0);
	assert_int_equal(segments_kept_ns(&s, BEGIN_NS + 12345), 12345);
	assert_int_equal(segments_kept_ns(&s, BEGIN_NS - 1), 0);
	s.period = 4;
	assert_int_equal(segments_kept_ns(&s, BEGIN_NS + 99 * NS_PER_MS), 99 * NS_PER_MS);
	assert_int_equal(segments_kept_ns(&s, BEGIN_NS + 250 * NS_PER_MS), 100 * NS_PER_MS);
	assert_int_equal(segments_kept_ns(&s, BEGIN_NS + 410 * NS_PER_MS), 110 * NS_PER_MS);
	assert_true(segments_is_kept(&s, BEGIN_NS + 410 * NS_PER_MS));
	assert_false(segments_is_kept(&s, BEGIN_NS + 510 * NS_PER_MS));
	segments_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_takes_as_long_as_there_are_cpus_for_it),
		cmocka_unit_test(a_group_runs_one_at_a_time_on_any_number_of_cpus),
		cmocka_unit_test(what_is_passed_on_by_force_is_shared_and_else_kept),
		cmocka_unit_test(a_dependency_is_on_progress_not_on_time),
		cmocka_unit_test(a_result_that_is_there_is_not_waited_for),
		cmocka_unit_test(threads_begin_where_their_creator_makes_them),
		cmocka_unit_test(a_lock_that_is_gone_is_not_waited_for),
		cmocka_unit_test(a_circle_is_let_go_and_counted),
		cmocka_unit_test(who_has_waited_goes_before_those_that_have_run),
		cmocka_unit_test(nothing_takes_no_time),
		cmocka_unit_test(no_work_is_lost),
		cmocka_unit_test(thinning_keeps_whole_slices_and_the_proportions),
		cmocka_unit_test(the_kept_clock_skips_what_is_gone),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
