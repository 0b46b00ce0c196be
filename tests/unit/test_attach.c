// SPDX-License-Identifier: MIT
/* What is told of an attach, and what of it counts. */
#include "story.h"

#define MS 1000000ULL

static void a_thread_blocked_since_before_the_attach_is_accounted_from_the_attach_on(void **state)
{
	struct story s;

	(void)state;
	story_of(
		&s,
		"100ms begin\n"
		"99ms task tid=10 pid=10 comm=app blocked state=S snapshot sys=read(0) file=pipe:7\n"
		"120ms cycle tid=10 pid=10 snapshot state=S wake=115ms waker=99@0 sys=read(0) file=pipe:7\n"
		"130ms open tid=10 pid=10 running\n"
		"130ms end\n");
	assert_int_equal(story_ns(&s, 10, BUCKET_IPC), 15 * MS);
	assert_int_equal(story_ns(&s, 10, BUCKET_RUN_QUEUE), 5 * MS);
	assert_int_equal(story_ns(&s, 10, BUCKET_CPU_USER), 10 * MS);
	assert_int_equal(s.m.resync_cnt, 0);
	story_release(&s);
}

/* Its first record is written at attach from its registers, the next one knows nothing. */
static void a_cause_told_at_the_attach_holds_until_the_first_cycle(void **state)
{
	struct story s;

	(void)state;
	story_of(
		&s,
		"100ms begin\n"
		"100ms task tid=10 pid=10 comm=app blocked state=S snapshot sys=read(0) file=pipe:7\n"
		"120ms cycle tid=10 pid=10 snapshot wake=115ms\n"
		"130ms open tid=10 pid=10 running\n"
		"130ms end\n");
	assert_int_equal(story_ns(&s, 10, BUCKET_IPC), 15 * MS);
	assert_int_equal(story_ns(&s, 10, BUCKET_RUN_QUEUE), 5 * MS);
	story_release(&s);
}

static void what_was_before_the_begin_is_not_told(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, "100ms begin\n"
		     "90ms task tid=10 pid=10 comm=app blocked state=S snapshot sys=nanosleep\n"
		     "95ms cycle tid=10 pid=10 cpu=0 snapshot wake=94ms sys=nanosleep gap=<0\n"
		     "110ms cycle tid=10 pid=10 cpu=0 out=98ms state=S wake=109ms sys=nanosleep "
		     "gap=98ms:10:S>0<0\n"
		     "120ms open tid=10 pid=10 running cpu=0\n"
		     "120ms end\n");
	assert_int_equal(story_ns(&s, 10, BUCKET_SLEEP), 9 * MS);
	assert_int_equal(story_ns(&s, 10, BUCKET_RUN_QUEUE), 1 * MS);
	assert_int_equal(story_ns(&s, 10, BUCKET_CPU_USER), 10 * MS);
	assert_int_equal(s.wakeup_cnt, 1);
	story_release(&s);
}

/* Its process's first thread was told of only after that. */
static void a_thread_that_came_and_went_during_the_attach_ends_no_process(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, "100ms begin\n"
		     "90ms fork tid=10 pid=10 child=11 childpid=10 comm=helper\n"
		     "91ms exit tid=11 pid=10 cpu=0\n"
		     "92ms task tid=10 pid=10 comm=app running cpu=0\n"
		     "110ms open tid=10 pid=10 running cpu=0\n"
		     "110ms end\n");
	assert_int_equal(s.m.process_cnt, 1);
	assert_string_equal(s.m.all_processes[0]->name, "app");
	assert_int_equal(story_ns(&s, 10, BUCKET_CPU_USER), 10 * MS);
	story_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_thread_blocked_since_before_the_attach_is_accounted_from_the_attach_on),
		cmocka_unit_test(a_cause_told_at_the_attach_holds_until_the_first_cycle),
		cmocka_unit_test(what_was_before_the_begin_is_not_told),
		cmocka_unit_test(a_thread_that_came_and_went_during_the_attach_ends_no_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
