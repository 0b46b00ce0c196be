// SPDX-License-Identifier: MIT
#include "story.h"

#include "facts/facts_build.h"
#include "model/lock_table.h"

#define MS 1000000ULL

/* 10 runs on, 11 sleeps until 102 ms; 20 is another process. */
#define BEGIN                                                                             \
	"100ms begin\n"                                                                   \
	"100ms task tid=10 pid=10 comm=app running cpu=0\n"                               \
	"100ms task tid=11 pid=10 comm=worker blocked state=S snapshot sys=nanosleep\n"   \
	"100ms task tid=20 pid=20 comm=other blocked state=S snapshot sys=nanosleep\n"    \
	"102ms cycle tid=11 pid=10 cpu=1 snapshot state=S wake=102ms sys=nanosleep\n"
#define END                                                                               \
	"200ms open tid=10 pid=10 running cpu=0\n"                                        \
	"200ms open tid=11 pid=10 running cpu=1\n"                                        \
	"200ms open tid=20 pid=20 blocked state=S snapshot sys=nanosleep\n"               \
	"200ms end\n"

static const struct lock *only_lock(const struct story *s)
{
	assert_int_equal(s->m.locks.cnt, 1);
	return s->m.locks.entries[0].value;
}

/* What 11 waited in that bucket, besides its sleep at the start, if the wait was @wait. */
static uint64_t waited(const char *wait, enum bucket bucket, uint32_t *holder)
{
	struct strbuf lines = { 0 };
	struct story s;
	uint64_t ns;

	strbuf_addf(&lines,
		    BEGIN "110ms cycle tid=11 pid=10 cpu=1 out=103ms state=S wake=109ms "
			  "%s\n" END,
		    wait);
	story_of(&s, strbuf_str(&lines));
	ns = story_ns(&s, 11, bucket) - (bucket == BUCKET_SLEEP ? 2 * MS : 0);
	assert_int_equal(only_lock(&s)->edges[0].wait_ns, only_lock(&s)->wait_ns);
	if (holder)
		*holder = only_lock(&s)->edges[0].holder;
	story_release(&s);
	strbuf_release(&lines);
	return ns;
}

static void a_timed_wait_that_nobody_ended_was_its_own_timers(void **state)
{
	(void)state;
	assert_int_equal(waited("sys=futex(0x1000,0x189,0,0x7f00) shape=condvar from-idle",
				BUCKET_SLEEP, NULL),
			 6 * MS);
	assert_int_equal(waited("sys=futex(0x1000,0x189,0,0x7f00) shape=semaphore waker=10@0",
				BUCKET_SLEEP, NULL),
			 6 * MS);
	assert_int_equal(waited("sys=futex(0x1000,0x189,0,0x7f00) shape=condvar waker=10@0 "
				"same-futex",
				BUCKET_SYNC, NULL),
			 6 * MS);
	/* Without a time-out it was a signal. */
	assert_int_equal(
		waited("sys=futex(0x1000,0x189,0) shape=condvar waker=10@0", BUCKET_SYNC, NULL),
		6 * MS);
	/* It did not get the mutex, but that is what it waited for. */
	assert_int_equal(waited("sys=futex(0x1000,0x189,2,0x7f00) shape=mutex owner=10 from-idle",
				BUCKET_LOCK, NULL),
			 6 * MS);
}

static void a_shared_lock_is_ipc_unless_a_sibling_has_it(void **state)
{
	uint32_t holder;

	(void)state;
	assert_int_equal(waited("sys=futex(0x1000,0,2) shape=mutex owner=20", BUCKET_IPC, &holder),
			 6 * MS);
	assert_int_equal(holder, 20);
	assert_int_equal(
		waited("sys=futex(0x1000,0,0x8000000a) shape=mutex owner=10", BUCKET_LOCK, &holder),
		6 * MS);
	assert_int_equal(holder, 10);
	assert_int_equal(waited("sys=futex(0x1000,0,7) waker=20@0 same-futex", BUCKET_IPC, &holder),
			 6 * MS);
	assert_int_equal(holder, 20);
}

static void who_is_joined_holds_the_join(void **state)
{
	uint32_t holder;

	(void)state;
	assert_int_equal(waited("sys=futex(0x1000,0x109,10)", BUCKET_SYNC, &holder), 6 * MS);
	assert_int_equal(holder, 10);
}

/* What 11 waits for, if 10 and 11 call themselves 1 and 2. */
static enum bucket joined_in_a_container(const char *wait, uint32_t *holder)
{
	struct strbuf lines = { 0 };
	struct story s;
	enum bucket bucket;

	strbuf_addf(&lines,
		    "100ms begin\n"
		    "100ms task tid=10 pid=10 ns-tid=1 comm=app running cpu=0\n"
		    "101ms fork tid=10 pid=10 child=11 childpid=10 child-ns-tid=2 comm=worker\n"
		    "102ms cycle tid=11 pid=10 cpu=1 out=101ms new\n"
		    "110ms cycle tid=11 pid=10 cpu=1 out=103ms state=S wake=109ms %s\n"
		    "200ms open tid=10 pid=10 running cpu=0\n"
		    "200ms open tid=11 pid=10 running cpu=1\n"
		    "200ms end\n",
		    wait);
	story_of(&s, strbuf_str(&lines));
	bucket = story_ns(&s, 11, BUCKET_SYNC) == 6 * MS ? BUCKET_SYNC : BUCKET_IPC;
	assert_int_equal(story_ns(&s, 11, bucket), 6 * MS);
	*holder = only_lock(&s)->edges[0].holder;
	story_release(&s);
	strbuf_release(&lines);
	return bucket;
}

static void a_container_has_numbers_of_its_own(void **state)
{
	uint32_t holder;

	(void)state;
	assert_int_equal(joined_in_a_container("sys=futex(0x1000,0x109,1)", &holder), BUCKET_SYNC);
	assert_int_equal(holder, 10);
	/* 10 is nobody in there. */
	assert_int_equal(joined_in_a_container("sys=futex(0x1000,0x109,10)", &holder), BUCKET_IPC);
}

static void who_unlocks_a_file_held_it(void **state)
{
	uint32_t holder;

	(void)state;
	assert_int_equal(waited("sys=flock(3,2) file=regular:77 waker=20@0", BUCKET_LOCK, &holder),
			 6 * MS);
	assert_int_equal(holder, 20);
	waited("sys=flock(3,2) file=regular:77 from-idle", BUCKET_LOCK, &holder);
	assert_int_equal(holder, 0);
}

/* Rust's condition variables count: 2 is as good as any other number. */
static void a_word_that_counts_is_no_mutex(void **state)
{
	struct story s;

	(void)state;
	story_of(
		&s, BEGIN
		"110ms cycle tid=11 pid=10 cpu=1 out=103ms state=S wake=109ms sys=futex(0x1000,0x89,1)\n"
		"120ms cycle tid=11 pid=10 cpu=1 out=111ms state=S wake=119ms sys=futex(0x1000,0x89,2) "
		"shape=mutex\n" END);
	assert_int_equal(only_lock(&s)->kind, LOCK_FUTEX);
	assert_int_equal(story_ns(&s, 11, BUCKET_SYNC), 14 * MS);
	story_release(&s);
}

static void the_two_words_of_a_rwlock_are_one_lock(void **state)
{
	struct story s;

	(void)state;
	story_of(
		&s, BEGIN
		"110ms cycle tid=11 pid=10 cpu=1 out=103ms state=S wake=109ms sys=futex(0x1008,0x189,3) "
		"shape=rwlock\n"
		"120ms cycle tid=11 pid=10 cpu=1 out=111ms state=S wake=119ms sys=futex(0x100c,0x189,3) "
		"shape=rwlock\n" END);
	assert_int_equal(only_lock(&s)->addr, 0x1000);
	assert_int_equal(only_lock(&s)->waits, 2);
	story_release(&s);
}

static void a_semaphore_becomes_a_lock_by_its_use(void **state)
{
	struct strbuf lines = { 0 };
	struct story s;

	(void)state;
	strbuf_addstr(&lines, BEGIN);
	/* By turns: each holds it while the other one waits. */
	for (int i = 0; i < 10; i++) {
		int waiter = 10 + i % 2, at = 103 + 4 * i;

		strbuf_addf(&lines,
			    "%dms cycle tid=%d pid=10 cpu=%d out=%dms state=S wake=%dms waker=%d@0 "
			    "same-futex sys=futex(0x1000,0x189,0) shape=semaphore\n",
			    at + 2, waiter, i % 2, at, at + 2, 21 - waiter);
	}
	strbuf_addstr(&lines, END);
	story_of(&s, strbuf_str(&lines));
	assert_int_equal(only_lock(&s)->wait_ns, 20 * MS);
	assert_true(only_lock(&s)->contended_ns >= 10 * MS);
	assert_true(only_lock(&s)->contended_ns < 20 * MS);
	assert_int_equal(story_ns(&s, 10, BUCKET_LOCK) + story_ns(&s, 11, BUCKET_LOCK),
			 only_lock(&s)->contended_ns);
	story_release(&s);
	strbuf_release(&lines);
}

static void a_lock_is_called_what_its_author_calls_it(void **state)
{
	struct story s;

	(void)state;
	story_of(
		&s, BEGIN
		"110ms cycle tid=11 pid=10 cpu=1 out=103ms state=S wake=109ms sys=futex(0x1000,0x80,2) "
		"shape=mutex\n"
		"111ms symbol pid=10 addr=0x1000 name=cache_lock\n" END);
	assert_string_equal(only_lock(&s)->name, "mutex cache_lock of app (10)");
	story_release(&s);
	story_of(&s, BEGIN
		 "103ms file id=77 dev=5 name=/run/app.lock\n"
		 "110ms cycle tid=11 pid=10 cpu=1 out=103ms state=S wake=109ms sys=flock(3,2) "
		 "file=regular:77,dev=5\n" END);
	assert_string_equal(only_lock(&s)->name, "file lock on /run/app.lock");
	story_release(&s);
	story_of(&s, BEGIN "103ms runtime pid=10 name=cpython version=3.11\n"
			   "110ms cycle tid=11 pid=10 cpu=1 out=103ms state=S wake=109ms "
			   "sys=futex(0x1000,0x189,0) shape=semaphore\n" END);
	assert_string_equal(only_lock(&s)->name, "threading.Lock 0x1000 of app (10)");
	story_release(&s);
}

/* ---- circles ---- */

/* The facts of a story of three threads. */
static struct facts facts_of(const char *lines)
{
	struct facts_build fb;
	struct facts f;
	struct story s;

	story_init(&s);
	facts_build_init(&fb, &(struct facts_build_options){ 0 });
	model_observe(&s.m, facts_build_observer(&fb));
	story_tell(&s, "100ms begin\n"
		       "100ms task tid=10 pid=10 comm=a running\n"
		       "100ms task tid=11 pid=10 comm=b running cpu=1\n"
		       "100ms task tid=12 pid=10 comm=c running cpu=2\n");
	story_tell(&s, lines);
	facts_build_take(&fb, &s.m, &f);
	facts_build_release(&fb);
	story_release(&s);
	return f;
}

#define WAITS(tid, addr, owner)                                                            \
	"200ms open tid=" tid " pid=10 blocked out=150ms state=S sys=futex(" addr          \
	",0x80,2) shape=mutex owner=" owner " cause-flags=0x20\n"

static void threads_that_wait_for_each_other_are_a_deadlock(void **state)
{
	struct facts f = facts_of(WAITS("10", "0x1000", "11") WAITS("11", "0x2000", "10")
					  WAITS("12", "0x1000", "11") "200ms end\n");

	(void)state;
	assert_int_equal(f.deadlock_cnt, 1);
	assert_int_equal(f.deadlocks[0].thread_cnt, 2);
	assert_int_equal(f.deadlocks[0].lock_cnt, 2);
	assert_int_equal(f.deadlocks[0].threads[0], 10);
	assert_int_equal(f.deadlocks[0].threads[1], 11);
	assert_string_equal(f.deadlocks[0].locks[0], "mutex 0x1000 of a (10)");
	assert_string_equal(f.deadlocks[0].text,
			    "a (10) waits for mutex 0x1000 of a (10), which b (11) has; "
			    "b (11) waits for mutex 0x2000 of a (10), which a (10) has");
	facts_release(&f);
}

static void a_thread_that_waits_for_itself_is_one_too(void **state)
{
	struct facts f = facts_of(WAITS("10", "0x1000", "10") "200ms end\n");

	(void)state;
	assert_int_equal(f.deadlock_cnt, 1);
	assert_int_equal(f.deadlocks[0].thread_cnt, 1);
	assert_string_equal(f.deadlocks[0].text,
			    "a (10) waits for mutex 0x1000 of a (10), which it has itself");
	facts_release(&f);
}

static void a_chain_is_no_circle(void **state)
{
	struct facts f = facts_of(WAITS("10", "0x1000", "11") WAITS(
		"11", "0x2000", "12") "200ms open tid=12 pid=10 running cpu=2\n200ms end\n");

	(void)state;
	assert_int_equal(f.deadlock_cnt, 0);
	assert_null(f.deadlocks);
	facts_release(&f);
}

/* As it was when they began to wait: who has it by now is not known. */
static void an_owner_of_long_ago_proves_nothing(void **state)
{
	struct facts f = facts_of(
		"200ms open tid=10 pid=10 blocked out=150ms state=S sys=futex(0x1000,0x80,2) "
		"shape=mutex owner=11\n" WAITS("11", "0x2000", "10") "200ms end\n");

	(void)state;
	assert_int_equal(f.deadlock_cnt, 0);
	facts_release(&f);
}

#define KILLED(tid, addr, owner)                                                           \
	"190ms cycle tid=" tid " pid=10 out=150ms state=S wake=190ms waker=99@0 "          \
	"sys=futex(" addr ",0x80,2) shape=mutex owner=" owner "\n"

static void a_deadlock_that_was_killed_was_one(void **state)
{
	struct facts f = facts_of(KILLED("10", "0x1000", "11") KILLED(
		"11", "0x2000", "10") "191ms exit tid=10 pid=10 code=9\n"
				      "191ms exit tid=11 pid=10 code=9\n"
				      "191ms exit tid=12 pid=10 code=9 process\n"
				      "200ms end\n");

	(void)state;
	assert_int_equal(f.deadlock_cnt, 1);
	facts_release(&f);
}

static void who_went_on_after_a_signal_was_in_none(void **state)
{
	struct facts f = facts_of(KILLED("10", "0x1000", "11") KILLED(
		"11", "0x2000", "10") "195ms cycle tid=10 pid=10 out=191ms state=S wake=195ms "
				      "waker=11@0 same-futex sys=futex(0x1000,0x80,2) shape=mutex "
				      "owner=11\n"
				      "200ms open tid=10 pid=10 running\n"
				      "200ms open tid=11 pid=10 running cpu=1\n"
				      "200ms open tid=12 pid=10 running cpu=2\n"
				      "200ms end\n");

	(void)state;
	assert_int_equal(f.deadlock_cnt, 0);
	facts_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timed_wait_that_nobody_ended_was_its_own_timers),
		cmocka_unit_test(a_shared_lock_is_ipc_unless_a_sibling_has_it),
		cmocka_unit_test(who_is_joined_holds_the_join),
		cmocka_unit_test(a_container_has_numbers_of_its_own),
		cmocka_unit_test(who_unlocks_a_file_held_it),
		cmocka_unit_test(a_word_that_counts_is_no_mutex),
		cmocka_unit_test(the_two_words_of_a_rwlock_are_one_lock),
		cmocka_unit_test(a_semaphore_becomes_a_lock_by_its_use),
		cmocka_unit_test(a_lock_is_called_what_its_author_calls_it),
		cmocka_unit_test(threads_that_wait_for_each_other_are_a_deadlock),
		cmocka_unit_test(a_thread_that_waits_for_itself_is_one_too),
		cmocka_unit_test(a_chain_is_no_circle),
		cmocka_unit_test(an_owner_of_long_ago_proves_nothing),
		cmocka_unit_test(a_deadlock_that_was_killed_was_one),
		cmocka_unit_test(who_went_on_after_a_signal_was_in_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
