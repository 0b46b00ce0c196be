// SPDX-License-Identifier: MIT
/* What the model makes of CPython: its global locks, and who works without them. */
#include "story.h"

#define MS 1000000ULL

#define TWO_THREADS                                                    \
	"100ms begin\n"                                                \
	"100ms task tid=10 pid=10 ppid=1 comm=python3 running cpu=0\n" \
	"100ms task tid=11 pid=10 ppid=1 comm=python3 running cpu=1\n"

static void time_without_the_gil_is_summed_per_thread_and_after_its_end(void **state)
{
	struct story s;
	const struct task *t;

	(void)state;
	story_of(&s, TWO_THREADS "105ms released tid=11 watched=4ms released=1ms\n"
				 "110ms exit tid=11 pid=10 cpu=1\n"
				 "112ms released tid=11 watched=3ms released=3ms\n"
				 "112ms released tid=99 watched=3ms released=3ms\n"
				 "120ms open tid=10 pid=10 running cpu=0\n"
				 "120ms end\n");
	t = s.m.all_tasks[1];
	assert_int_equal(t->tid, 11);
	assert_int_equal(t->watched_ns, 7 * MS);
	assert_int_equal(t->released_ns, 4 * MS);
	assert_int_equal(s.m.all_tasks[0]->watched_ns, 0);
	story_release(&s);
}

static struct lock *lock_named(struct story *s, const char *name)
{
	htab_for_each(&s->m.locks, i) {
		struct lock *l = s->m.locks.entries[i].value;

		if (!strcmp(l->name, name))
			return l;
	}
	fail_msg("no lock is called '%s'", name);
	return NULL;
}

#define RUNTIME "100ms runtime pid=10 name=cpython version=3.13 global-lock addr=0x5000 size=0x200\n"

/* Its condition variable is at 0x9000, its mutex 48 bytes on. */
static void a_sub_interpreters_gil_is_known_from_its_first_wait_on(void **state)
{
	struct lock *own, *main_gil;
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS RUNTIME
		 "107ms cycle tid=11 pid=10 cpu=1 out=102ms state=S wake=107ms from-idle "
		 "sys=futex(0x9028,0x89,0,0x7f00) shape=gil lock=0x9000\n"
		 /* The other word of the same condition variable, told late. */
		 "110ms cycle tid=11 pid=10 cpu=1 out=108ms state=S wake=110ms waker=10@0 "
		 "same-futex sys=futex(0x902c,0x89,0,0x7f00)\n"
		 "112ms cycle tid=11 pid=10 cpu=1 out=111ms state=S wake=112ms waker=10@0 "
		 "same-futex sys=futex(0x9030,0x80,2) shape=mutex\n"
		 "116ms cycle tid=11 pid=10 cpu=1 out=113ms state=S wake=116ms waker=10@0 "
		 "same-futex sys=futex(0x5040,0x89,0,0x7f00) shape=gil lock=0x5018\n"
		 "118ms cycle tid=11 pid=10 cpu=1 out=117ms state=S wake=118ms waker=10@0 "
		 "same-futex sys=futex(0x9200,0x80,2) shape=mutex\n"
		 "120ms open tid=10 pid=10 running cpu=0\n"
		 "120ms open tid=11 pid=10 running cpu=1\n"
		 "120ms end\n");
	assert_int_equal(story_ns(&s, 11, BUCKET_GIL), 11 * MS);
	assert_int_equal(story_ns(&s, 11, BUCKET_LOCK), 1 * MS);
	own = lock_named(&s, "GIL of a sub-interpreter of python3 (10)");
	assert_int_equal(own->kind, LOCK_GIL);
	assert_int_equal(own->addr, 0x9000);
	assert_int_equal(own->wait_ns, 8 * MS);
	assert_int_equal(own->edge_cnt, 2);
	assert_int_equal(own->edges[1].holder, 10);
	main_gil = lock_named(&s, "GIL of python3 (10)");
	assert_int_equal(main_gil->wait_ns, 3 * MS);
	story_release(&s);
}

/* threading.Condition.wait(0.005): a semaphore with a time-out. */
static void a_wait_for_five_milliseconds_is_no_gil(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS RUNTIME
		 "107ms cycle tid=11 pid=10 cpu=1 out=102ms state=S wake=107ms from-idle "
		 "sys=futex(0x9028,0x89,0,0x7f00) shape=semaphore\n"
		 "120ms open tid=10 pid=10 running cpu=0\n"
		 "120ms open tid=11 pid=10 running cpu=1\n"
		 "120ms end\n");
	assert_int_equal(story_ns(&s, 11, BUCKET_GIL), 0);
	assert_int_equal(story_ns(&s, 11, BUCKET_CPU_USER), 15 * MS);
	story_release(&s);
}

static void a_forked_child_inherits_what_is_known_of_gils(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS RUNTIME
		 "107ms cycle tid=11 pid=10 cpu=1 out=102ms state=S wake=107ms from-idle "
		 "sys=futex(0x9028,0x89,0,0x7f00) shape=gil lock=0x9000\n"
		 "108ms fork tid=10 pid=10 child=20 childpid=20 comm=python3\n"
		 "109ms cycle tid=20 pid=20 cpu=0 out=108ms new\n"
		 "112ms cycle tid=20 pid=20 cpu=0 out=110ms state=S wake=112ms "
		 "sys=futex(0x902c,0x89,0,0x7f00)\n"
		 "120ms open tid=10 pid=10 running cpu=1\n"
		 "120ms open tid=20 pid=20 running cpu=0\n"
		 "120ms open tid=11 pid=10 running cpu=1\n"
		 "120ms end\n");
	assert_int_equal(story_ns(&s, 20, BUCKET_GIL), 2 * MS);
	story_release(&s);
}

static void a_free_threaded_build_has_a_global_lock_once_somebody_waits_for_it(void **state)
{
	const struct process *p;
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS
		 "100ms runtime pid=10 name=cpython version=3.13 free-threaded addr=0x5000 "
		 "size=0x200\n"
		 "120ms open tid=10 pid=10 running cpu=0\n"
		 "120ms open tid=11 pid=10 running cpu=1\n"
		 "120ms end\n");
	p = s.m.all_processes[0];
	assert_true(p->free_threaded);
	assert_false(p->global_lock);
	story_release(&s);

	story_of(&s, TWO_THREADS
		 "100ms runtime pid=10 name=cpython version=3.13 free-threaded addr=0x5000 "
		 "size=0x200\n"
		 "107ms cycle tid=11 pid=10 cpu=1 out=102ms state=S wake=107ms from-idle "
		 "sys=futex(0x5040,0x89,0,0x7f00) shape=gil lock=0x5018\n"
		 "120ms open tid=10 pid=10 running cpu=0\n"
		 "120ms open tid=11 pid=10 running cpu=1\n"
		 "120ms end\n");
	p = s.m.all_processes[0];
	assert_true(p->free_threaded);
	assert_true(p->global_lock);
	story_release(&s);
}

#define RUBY "100ms runtime pid=10 name=ruby version=3.1 global-lock\n"
#define RUBY_WAIT(from, to, tid, cond, mutex)                                                      \
	to "ms cycle tid=" tid " pid=10 cpu=1 out=" from "ms state=S wake=" to "ms waker=10@0 " \
	   "same-futex sys=futex(" cond ",0x189,0,0) shape=gvl lock=" mutex "\n"

/* Each thread has one condition variable: what it waits for is told by the mutex. */
static void rubys_gvl_is_the_mutex_that_threads_share(void **state)
{
	struct lock *gvl;
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS RUBY
			     /* Queues: with mutexes of their own. */
			     RUBY_WAIT("101", "102", "10", "0x9028", "0x9080")
				     RUBY_WAIT("101", "103", "11", "0xa028", "0xa080")
		 /* Seen once, this may be another one of those. */
		 RUBY_WAIT("104", "105", "11", "0xa02c", "0x5000")
			 RUBY_WAIT("104", "108", "10", "0x9028", "0x5000")
				 RUBY_WAIT("109", "112", "11", "0xa028", "0x5000")
					 RUBY_WAIT("113", "115", "11", "0xa028", "0xa080")
		 /* The mutex itself, for the moment in which somebody asks. */
		 "117ms cycle tid=11 pid=10 cpu=1 out=116ms state=S wake=117ms waker=10@0 "
		 "same-futex sys=futex(0x5000,0x80,2) shape=mutex\n"
		 "120ms open tid=10 pid=10 running cpu=0\n"
		 "120ms open tid=11 pid=10 running cpu=1\n"
		 "120ms end\n");
	assert_int_equal(story_ns(&s, 10, BUCKET_GIL), 4 * MS);
	assert_int_equal(story_ns(&s, 10, BUCKET_SYNC), 1 * MS);
	assert_int_equal(story_ns(&s, 11, BUCKET_GIL), 4 * MS);
	assert_int_equal(story_ns(&s, 11, BUCKET_SYNC), 5 * MS);
	gvl = lock_named(&s, "GVL of python3 (10)");
	assert_int_equal(gvl->kind, LOCK_GVL);
	assert_int_equal(gvl->addr, 0x5000);
	assert_int_equal(gvl->wait_ns, 8 * MS);
	story_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_without_the_gil_is_summed_per_thread_and_after_its_end),
		cmocka_unit_test(a_sub_interpreters_gil_is_known_from_its_first_wait_on),
		cmocka_unit_test(a_wait_for_five_milliseconds_is_no_gil),
		cmocka_unit_test(a_forked_child_inherits_what_is_known_of_gils),
		cmocka_unit_test(rubys_gvl_is_the_mutex_that_threads_share),
		cmocka_unit_test(
			a_free_threaded_build_has_a_global_lock_once_somebody_waits_for_it),
	};

	return cmocka_run_group_tests_name("model_python", tests, NULL, NULL);
}
