// SPDX-License-Identifier: MIT
/* What the kernel tells of itself: its locks, its quotas, its block devices. */
#include "story.h"

#define MS 1000000ULL

#define TWO_PROCESSES                                              \
	"0 begin\n"                                                \
	"0 task tid=10 pid=10 comm=app running cpu=0\n"            \
	"0 task tid=11 pid=10 comm=worker running cpu=1\n"         \
	"0 task tid=20 pid=20 comm=other running cpu=2\n"

#define END                                          \
	"100ms open tid=10 pid=10 running cpu=0\n"   \
	"100ms open tid=11 pid=10 running cpu=1\n"   \
	"100ms open tid=20 pid=20 running cpu=2\n"   \
	"100ms end\n"

static const struct story_span *first_wait(const struct story *s, uint32_t tid)
{
	for (size_t i = 0; i < s->span_cnt; i++)
		if (s->spans[i].span.task->tid == tid && s->spans[i].span.bucket != BUCKET_CPU_USER)
			return &s->spans[i];
	fail_msg("thread %u did not wait", tid);
	return NULL;
}

static struct lock *only_lock(struct story *s)
{
	assert_int_equal(s->m.locks.cnt, 1);
	return s->m.locks.entries[0].value;
}

/* One wait of thread 11, from 10 to 15 ms; @cause says why. */
static void story_of_wait(struct story *s, const char *before, const char *cause)
{
	char *lines = xasprintf(TWO_PROCESSES
				"%s"
				"15ms cycle tid=11 pid=10 cpu=1 out=10ms wake=15ms %s\n" END,
				before, cause);

	story_of(s, lines);
	free(lines);
}

static void a_wait_for_mmap_lock_belongs_to_the_process(void **state)
{
	struct lock *lock;
	struct story s;

	(void)state;
	story_of_wait(&s, "",
		      "state=D sys=munmap waker=10@0 klock=mmap lock=0xff10 owner=10 klock-told");
	lock = only_lock(&s);
	assert_int_equal(lock->kind, LOCK_KERNEL);
	assert_int_equal(lock->process->pid, 10);
	assert_string_equal(lock->name, "mmap_lock of app (10)");
	assert_int_equal(lock->waits, 1);
	assert_int_equal(lock->wait_ns, 5 * MS);
	assert_int_equal(lock->max_ns, 5 * MS);
	assert_int_equal(lock->edges[0].waiter, 11);
	assert_int_equal(lock->edges[0].holder, 10);
	assert_int_equal(story_ns(&s, 11, BUCKET_KERNEL_LOCK), 5 * MS);
	assert_string_equal(first_wait(&s, 11)->name, "mmap_lock of app (10), held by app");
	story_release(&s);
}

static void the_lock_counts_before_whatever_the_call_would_be(void **state)
{
	static const char *const causes[] = {
		"state=D sys=read(3) file=pipe:7",
		"state=S sys=read(3) file=pipe:7",
		"state=D sys=fsync(3) file=regular:8 iowait",
		"state=D fault",
		"state=D kthread",
		"state=D sys=futex(0x1000,0x80,2)",
		"state=D sys=io_uring_enter(3) iowait",
		"state=D sys=exit_group",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		char *cause = xasprintf("%s klock=mutex lock=0xff10 klock-told", causes[i]);
		struct story s;

		story_of_wait(&s, "", cause);
		assert_int_equal(story_ns(&s, 11, BUCKET_KERNEL_LOCK), 5 * MS);
		story_release(&s);
		free(cause);
	}
}

/* Two waits of one read: for the pipe's mutex, and for who writes. */
static void only_the_stretch_that_waits_for_the_lock_is_one(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, TWO_PROCESSES
		 "11ms cycle tid=11 pid=10 cpu=1 out=10ms wake=11ms waker=20@2 state=D "
		 "sys=read(3) file=pipe:7 klock=file lock=0xff10\n"
		 "20ms cycle tid=11 pid=10 cpu=1 out=11ms wake=20ms waker=20@2 state=S "
		 "sys=read(3) file=pipe:7\n" END);
	assert_int_equal(story_ns(&s, 11, BUCKET_KERNEL_LOCK), 1 * MS);
	assert_int_equal(story_ns(&s, 11, BUCKET_IPC), 9 * MS);
	assert_string_equal(only_lock(&s)->name, "lock of pipe:[7]");
	story_release(&s);
}

static void a_lock_is_named_by_what_is_known_of_it(void **state)
{
	static const struct {
		const char *before, *cause, *name;
	} rows[] = {
		{ "1ms symbol addr=0xff10 name=cgroup_mutex\n1ms symbol addr=0xff99 name=f\n",
		  "sys=write(3) klock=mutex lock=0xff10 ip=0xff99", "cgroup_mutex" },
		{ "1ms symbol addr=0xff99 name=do_unlinkat\n",
		  "sys=unlink klock=write lock=0xff10 ip=0xff99", "rwsem in do_unlinkat" },
		{ "1ms symbol addr=0xff99 name=walk_component\n",
		  "sys=openat klock=read lock=0xff10 ip=0xff99", "rwsem in walk_component" },
		{ "", "sys=openat klock=mutex lock=0xff10 ip=0xff99", "mutex 0xff10" },
		{ "", "sys=openat klock=other lock=0xff10", "lock 0xff10" },
		{ "1ms file id=8 name=/var/log/app\n",
		  "sys=write(3) file=regular:8 klock=file lock=0xff10",
		  "inode lock of /var/log/app" },
		{ "1ms symbol pid=10 addr=0xff10 name=not_mine\n",
		  "sys=openat klock=mutex lock=0xff10", "mutex 0xff10" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *cause = xasprintf("state=D %s", rows[i].cause);
		struct story s;

		story_of_wait(&s, rows[i].before, cause);
		assert_string_equal(only_lock(&s)->name, rows[i].name);
		assert_null(only_lock(&s)->process);
		story_release(&s);
		free(cause);
	}
}

static void processes_share_the_kernels_locks(void **state)
{
	struct lock *lock;
	struct story s;

	(void)state;
	story_of(&s, TWO_PROCESSES
		 "15ms cycle tid=11 pid=10 cpu=1 out=10ms wake=15ms waker=20@2 state=D "
		 "sys=unlink klock=write lock=0xff10\n"
		 "17ms cycle tid=20 pid=20 cpu=2 out=16ms wake=17ms waker=99@1 state=D "
		 "sys=rename klock=write lock=0xff10 owner=11\n" END);
	lock = only_lock(&s);
	assert_int_equal(lock->waits, 2);
	assert_int_equal(lock->wait_ns, 6 * MS);
	assert_int_equal(lock->max_ns, 5 * MS);
	assert_int_equal(lock->edge_cnt, 2);
	/* Readers leave no owner: then it is who woke. */
	assert_int_equal(lock->edges[0].holder, 20);
	assert_int_equal(lock->edges[1].waiter, 20);
	assert_int_equal(lock->edges[1].holder, 11);
	story_release(&s);
}

static void a_holder_that_is_not_traced_is_not_known(void **state)
{
	struct story s;

	(void)state;
	story_of_wait(&s, "", "state=D sys=unlink waker=99@0 klock=write lock=0xff10 owner=99");
	assert_int_equal(only_lock(&s)->edges[0].holder, 0);
	assert_null(first_wait(&s, 11)->span.holder);
	story_release(&s);
}

static void a_table_of_descriptors_that_grows_has_no_holder(void **state)
{
	struct lock *lock;
	struct story s;

	(void)state;
	story_of_wait(&s, "", "state=D sys=pipe2 waker=10@0 klock=table lock=0xff10");
	lock = only_lock(&s);
	assert_string_equal(lock->name, "descriptor table of app (10)");
	assert_int_equal(lock->process->pid, 10);
	assert_int_equal(lock->edges[0].holder, 0);
	assert_int_equal(story_ns(&s, 11, BUCKET_KERNEL_LOCK), 5 * MS);
	story_release(&s);
}

static void throttled_time_comes_first_and_the_rest_is_in_line(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, TWO_PROCESSES
		 "80ms cycle tid=11 pid=10 cpu=1 out=10ms preempted throttled-us=60000\n" END);
	assert_int_equal(story_ns(&s, 11, BUCKET_THROTTLED), 60 * MS);
	assert_int_equal(story_ns(&s, 11, BUCKET_RUN_QUEUE), 10 * MS);
	assert_int_equal(first_wait(&s, 11)->span.bucket, BUCKET_THROTTLED);
	assert_int_equal(first_wait(&s, 11)->span.start_ns, 10 * MS);
	story_release(&s);
}

static void no_more_is_throttled_than_it_was_runnable(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, TWO_PROCESSES
		 "30ms cycle tid=11 pid=10 cpu=1 out=10ms wake=20ms state=S sys=nanosleep "
		 "throttled-us=60000\n" END);
	assert_int_equal(story_ns(&s, 11, BUCKET_SLEEP), 10 * MS);
	assert_int_equal(story_ns(&s, 11, BUCKET_THROTTLED), 10 * MS);
	assert_int_equal(story_ns(&s, 11, BUCKET_RUN_QUEUE), 0);
	story_release(&s);
}

static void who_is_held_back_at_the_end_was_so_since_it_left(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, "0 begin\n"
		     "0 task tid=10 pid=10 comm=app running cpu=0\n"
		     "100ms open tid=10 pid=10 ready throttled cpu=0 out=40ms preempted\n"
		     "100ms end\n");
	assert_int_equal(story_ns(&s, 10, BUCKET_CPU_USER), 40 * MS);
	assert_int_equal(story_ns(&s, 10, BUCKET_THROTTLED), 60 * MS);
	assert_true(first_wait(&s, 10)->span.is_open);
	story_release(&s);
}

static void a_wait_that_a_block_request_ended_names_the_device(void **state)
{
	static const struct {
		const char *before, *cause, *name;
		enum bucket bucket;
	} rows[] = {
		{ "1ms device dev=0xfe00000 name=vda\n1ms file id=8 name=/db\n",
		  "state=D sys=fsync(3) file=regular:8 dev=0xfe00000 iowait", "fsync /db (vda)",
		  BUCKET_DISK },
		{ "", "state=D sys=sync dev=0xfe00001", "sync (254:1)", BUCKET_DISK },
		{ "1ms device dev=0xfe00000 name=vda\n",
		  "state=D sys=io_uring_enter(3) dev=0xfe00000", "io_uring_enter (vda)",
		  BUCKET_DISK },
		{ "1ms device dev=0xfe00000 name=vda\n", "state=D fault dev=0xfe00000",
		  "page fault (vda)", BUCKET_MEMORY },
		/* Somebody else's request: it waits for its time. */
		{ "", "state=S sys=nanosleep dev=0xfe00000", "nanosleep", BUCKET_SLEEP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct story s;

		story_of_wait(&s, rows[i].before, rows[i].cause);
		assert_int_equal(first_wait(&s, 11)->span.bucket, rows[i].bucket);
		assert_string_equal(first_wait(&s, 11)->name, rows[i].name);
		story_release(&s);
	}
}

static void block_requests_add_up(void **state)
{
	struct story s;

	(void)state;
	story_of(&s,
		 TWO_PROCESSES "10ms disk pid=10 dev=0xfe00000 reads=3 read-bytes=12288\n"
			       "20ms disk pid=20 dev=0xfe00010 reads=1 writes=2 read-bytes=4096 "
			       "write-bytes=1000\n" END);
	assert_int_equal(s.m.disk.reads, 4);
	assert_int_equal(s.m.disk.writes, 2);
	assert_int_equal(s.m.disk.bytes, 12288 + 4096 + 1000);
	story_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wait_for_mmap_lock_belongs_to_the_process),
		cmocka_unit_test(the_lock_counts_before_whatever_the_call_would_be),
		cmocka_unit_test(only_the_stretch_that_waits_for_the_lock_is_one),
		cmocka_unit_test(a_lock_is_named_by_what_is_known_of_it),
		cmocka_unit_test(processes_share_the_kernels_locks),
		cmocka_unit_test(a_holder_that_is_not_traced_is_not_known),
		cmocka_unit_test(a_table_of_descriptors_that_grows_has_no_holder),
		cmocka_unit_test(throttled_time_comes_first_and_the_rest_is_in_line),
		cmocka_unit_test(no_more_is_throttled_than_it_was_runnable),
		cmocka_unit_test(who_is_held_back_at_the_end_was_so_since_it_left),
		cmocka_unit_test(a_wait_that_a_block_request_ended_names_the_device),
		cmocka_unit_test(block_requests_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
