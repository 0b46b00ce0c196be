// SPDX-License-Identifier: MIT
/* Cycles that found no room in the ring, and the sums that the kernel kept of them. */
#include "story.h"

#define MS 1000000ULL

/* Two threads of one process; the first runs on CPU 0, the second sleeps. */
#define TWO_THREADS                                                \
	"100ms begin\n"                                            \
	"100ms task tid=10 pid=10 ppid=1 comm=app running cpu=0\n" \
	"100ms task tid=11 pid=10 ppid=1 comm=worker blocked cpu=1 state=S sys=nanosleep snapshot\n"

/* What the thread waited for is all that is unknown then. */
static void lost_cycles_leave_their_sums(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS
		 "108ms missed tid=10 pid=10 voluntary=2 involuntary=1 ran=1ms blocked=0.7ms "
		 "queue=0.3ms\n"
		 "108ms missed tid=10 pid=10 voluntary=1 ran=1ms blocked=0.5ms queue=0.5ms\n"
		 "108ms cycle tid=10 pid=10 cpu=0 ran=1ms out=105ms state=S wake=107ms sys=read(3) "
		 "file=pipe:7\n"
		 "109ms missed tid=11 pid=10 voluntary=3 ran=2ms blocked=1ms queue=1ms\n"
		 "110ms open tid=10 pid=10 running cpu=0\n"
		 "110ms open tid=11 pid=10 blocked ran=1ms out=107ms state=S sys=nanosleep\n"
		 "110ms end\n");
	assert_int_equal(story_ns(&s, 10, BUCKET_OTHER), 1.2 * MS);
	assert_int_equal(story_ns(&s, 10, BUCKET_IPC), 2 * MS);
	assert_int_equal(story_ns(&s, 10, BUCKET_RUN_QUEUE), 1.8 * MS);
	assert_int_equal(story_ns(&s, 10, BUCKET_CPU_USER), 5 * MS);
	assert_int_equal(s.m.all_tasks[0]->voluntary, 4);
	assert_int_equal(s.m.all_tasks[0]->involuntary, 1);
	/* It slept at the attach: the sums begin when it first ran again, at 102 ms. */
	assert_int_equal(story_ns(&s, 11, BUCKET_OTHER), 1 * MS);
	assert_int_equal(story_ns(&s, 11, BUCKET_RUN_QUEUE), 1 * MS);
	assert_int_equal(story_ns(&s, 11, BUCKET_CPU_USER), 3 * MS);
	assert_int_equal(s.m.lost_wait_ns, 2.2 * MS);
	assert_int_equal(s.m.resync_cnt, 0);
	story_release(&s);
}

/* The last of them may be lost, too. */
static void lost_cycles_before_the_end_leave_their_sums(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS
		 "109ms missed tid=10 pid=10 voluntary=2 ran=1ms blocked=3ms queue=1ms\n"
		 "109.9ms missed tid=99 pid=10 voluntary=2 ran=1ms blocked=3ms queue=1ms\n"
		 "110ms open tid=10 pid=10 running cpu=0\n"
		 "110ms open tid=11 pid=10 blocked\n"
		 "110ms end\n");
	assert_int_equal(story_ns(&s, 10, BUCKET_OTHER), 3 * MS);
	assert_int_equal(story_ns(&s, 10, BUCKET_RUN_QUEUE), 1 * MS);
	assert_int_equal(story_ns(&s, 10, BUCKET_CPU_USER), 6 * MS);
	story_release(&s);

	story_of(&s, TWO_THREADS
		 "109ms missed tid=10 pid=10 voluntary=2 ran=1ms blocked=300ms queue=100ms\n"
		 "110ms exit tid=10 pid=10 code=0 process\n"
		 "110ms end\n");
	assert_int_equal(story_ns(&s, 10, BUCKET_OTHER), 10 * MS);
	assert_int_equal(story_ns(&s, 10, BUCKET_RUN_QUEUE), 0);
	story_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lost_cycles_leave_their_sums),
		cmocka_unit_test(lost_cycles_before_the_end_leave_their_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
