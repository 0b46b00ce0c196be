// SPDX-License-Identifier: MIT
/* Which changes are predicted of small runs, and what they would bring. */
#include <math.h>

#include "facts/facts.h"
#include "whatif_stage.h"

static struct facts facts_of(struct stage *s)
{
	struct facts f;

	facts_build_take(&s->fb, &s->m, &f);
	f.recording.cpus_usable = 2;
	facts_build_replay(&s->fb, &s->m, &f);
	stage_release(s);
	return f;
}

static const struct fact_whatif *change(const struct facts *f, const char *name)
{
	for (size_t i = 0; i < f->whatif_cnt; i++)
		if (!strcmp(f->whatif[i].change, name))
			return &f->whatif[i];
	return NULL;
}

static void assert_about(const struct fact_whatif *w, double speedup)
{
	assert_non_null(w);
	if (w->why_not || fabs(w->speedup / speedup - 1) > 0.05)
		fail_msg("%s: %.3f, not %.3f", w->change, w->speedup, speedup);
	assert_true(w->low <= speedup && speedup <= w->high);
}

/* Four threads that ask a server ten times each: 90 ms of waiting, 10 ms of work. */
static void asking(struct stage *s, enum bucket wait, bool sleeps)
{
	struct process *p;

	stage_init(s, 0);
	p = stage_process(s, 10, true);
	for (uint32_t i = 0; i < 4; i++) {
		struct task *t = stage_task(s, p, 11 + i, "worker");

		for (uint64_t at = 0; at < 1000; at += 100) {
			waits(s, t, wait, at, at + (sleeps ? 60 : 90), NULL);
			if (sleeps)
				waits(s, t, BUCKET_SLEEP, at + 60, at + 90, NULL);
			run(s, t, at + 90, at + 100);
		}
	}
	stage_end(s, 1000);
}

static void a_server_beside_the_program_is_waited_for_as_one_elsewhere(void **state)
{
	static const enum bucket buckets[] = { BUCKET_NETWORK, BUCKET_IPC };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct facts f;
		struct stage s;

		asking(&s, buckets[i], false);
		f = facts_of(&s);
		/* The waits of one after the other; the first one is before the work. */
		assert_int_equal(change(&f, "workers")->workers, 1);
		assert_true(change(&f, "workers")->speedup < 0.27);
		assert_int_equal(change(&f, "async")->workers, 4);
		assert_about(change(&f, "async"), 1);
		facts_release(&f);
	}
}

static void calls_that_would_stop_a_loop_leave_it_open(void **state)
{
	struct facts f;
	struct stage s;

	(void)state;
	asking(&s, BUCKET_NETWORK, true);
	f = facts_of(&s);
	assert_non_null(change(&f, "async"));
	assert_non_null(strstr(change(&f, "async")->why_not, "block for 1.2 s"));
	facts_release(&f);
}

/* Behind one GIL one thread gets 300 ms, another one 100 ms, until @end. */
static void uneven(struct stage *s, bool to_the_end)
{
	struct task *a, *b;
	struct process *p;

	stage_init(s, 0);
	p = stage_process(s, 10, true);
	a = stage_task(s, p, 11, "worker");
	b = stage_task(s, p, 12, "worker");
	for (uint64_t at = 0; at < 400; at += 40) {
		bool is_early = !to_the_end && at < 200;
		uint64_t mid = to_the_end ? at + 30 : is_early ? at + 20 : at + 40;

		run(s, a, at, mid);
		if (mid < at + 40)
			waits(s, a, BUCKET_GIL, mid, at + 40, NULL);
		if (mid > at && (to_the_end || is_early)) {
			waits(s, b, BUCKET_GIL, at, mid, NULL);
			run(s, b, mid, at + 40);
		}
	}
	stage_end(s, 400);
}

static void workers_that_end_together_shared_a_heap_of_work(void **state)
{
	struct facts f;
	struct stage s;

	(void)state;
	uneven(&s, true);
	f = facts_of(&s);
	/* 200 ms each, and a fork. */
	assert_about(change(&f, "processes"), 400.0 / 208);
	facts_release(&f);
	uneven(&s, false);
	f = facts_of(&s);
	/* One had 100 ms to do, and the other one goes on for its 300 ms. */
	assert_about(change(&f, "processes"), 400.0 / 308);
	facts_release(&f);
}

static void a_thread_that_wants_the_gil_and_runs_little_is_no_worker(void **state)
{
	struct task *a, *b, *feeder;
	struct process *p;
	struct facts f;
	struct stage s;

	(void)state;
	stage_init(&s, 0);
	p = stage_process(&s, 10, true);
	a = stage_task(&s, p, 11, "worker");
	b = stage_task(&s, p, 12, "worker");
	feeder = stage_task(&s, p, 13, "feeder");
	for (uint64_t at = 0; at < 400; at += 40) {
		run(&s, a, at, at + 20);
		waits(&s, a, BUCKET_GIL, at + 20, at + 40, NULL);
		waits(&s, b, BUCKET_GIL, at, at + 20, NULL);
		run(&s, b, at + 20, at + 39);
		waits(&s, b, BUCKET_GIL, at + 39, at + 40, NULL);
		waits(&s, feeder, BUCKET_GIL, at, at + 39, NULL);
		run(&s, feeder, at + 39, at + 40);
	}
	stage_end(&s, 400);
	f = facts_of(&s);
	assert_int_equal(change(&f, "processes")->workers, 2);
	facts_release(&f);
}

static void one_worker_after_the_other_is_one(void **state)
{
	struct task *a, *b;
	struct process *p;
	struct facts f;
	struct stage s;

	(void)state;
	stage_init(&s, 0);
	p = stage_process(&s, 10, true);
	a = stage_task(&s, p, 11, "worker");
	b = stage_task(&s, p, 12, "worker");
	run(&s, a, 0, 100);
	run(&s, b, 100, 200);
	stage_end(&s, 200);
	f = facts_of(&s);
	assert_non_null(change(&f, "processes")->why_not);
	assert_non_null(change(&f, "threads")->why_not);
	assert_null(change(&f, "workers"));
	facts_release(&f);
}

/* Two processes that work for 400 ms each, beside each other. */
static void side_by_side(struct stage *s, bool global_lock)
{
	stage_init(s, 0);
	for (uint32_t i = 0; i < 2; i++) {
		struct process *p = stage_process(s, 10 + i, global_lock);

		run(s, stage_task(s, p, 10 + i, "worker"), 0, 400);
	}
	stage_end(s, 400);
}

static void processes_as_threads_have_one_global_lock_or_locks_nobody_saw(void **state)
{
	struct facts f;
	struct stage s;

	(void)state;
	side_by_side(&s, true);
	f = facts_of(&s);
	assert_about(change(&f, "threads"), 0.5);
	facts_release(&f);
	side_by_side(&s, false);
	f = facts_of(&s);
	assert_non_null(strstr(change(&f, "threads")->why_not, "which locks"));
	facts_release(&f);
}

/* Two workers get 20 tasks each from a main thread; their process has so much for itself. */
static struct facts handing_out(double own_bytes)
{
	struct task *main_task, *workers[2];
	struct process *p;
	struct stage s;

	stage_init(&s, 0);
	p = stage_process(&s, 10, true);
	p->private_bytes = p->rss_bytes = (uint64_t)own_bytes;
	main_task = stage_task(&s, p, 10, "main");
	for (uint32_t i = 0; i < 2; i++) {
		workers[i] = stage_task(&s, p, 11 + i, "worker");
		for (uint64_t at = 0; at < 400; at += 20) {
			waits(&s, workers[i], i ? BUCKET_GIL : BUCKET_SYNC, at, at + (i ? 10 : 1),
			      i ? NULL : main_task);
			run(&s, workers[i], at + (i ? 10 : 1), at + (i ? 19 : 10));
			waits(&s, workers[i], BUCKET_SYNC, at + (i ? 19 : 10), at + 20, main_task);
		}
	}
	stage_end(&s, 400);
	return facts_of(&s);
}

static void data_that_tasks_may_carry_leaves_the_answer_open(void **state)
{
	struct facts f;

	(void)state;
	f = handing_out(20e6);
	assert_true(change(&f, "processes")->low > 1);
	facts_release(&f);
	f = handing_out(60e6);
	assert_non_null(strstr(change(&f, "processes")->why_not, "anything from"));
	facts_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_beside_the_program_is_waited_for_as_one_elsewhere),
		cmocka_unit_test(calls_that_would_stop_a_loop_leave_it_open),
		cmocka_unit_test(workers_that_end_together_shared_a_heap_of_work),
		cmocka_unit_test(a_thread_that_wants_the_gil_and_runs_little_is_no_worker),
		cmocka_unit_test(one_worker_after_the_other_is_one),
		cmocka_unit_test(processes_as_threads_have_one_global_lock_or_locks_nobody_saw),
		cmocka_unit_test(data_that_tasks_may_carry_leaves_the_answer_open),
	};

	return cmocka_run_group_tests_name("whatif", tests, NULL, NULL);
}
