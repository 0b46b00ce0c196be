// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "model/lock_use.h"
#include "model/model.h"

static struct task threads[8];

/* @waiter waits for a millisecond, until @releaser lets it go; one wait after the other. */
static void add(struct lock_use *use, int waiter, int releaser, uint64_t start_ns)
{
	lock_use_add(use, &(struct lock_use_wait){
				  .waiter = &threads[waiter],
				  .releaser = releaser < 0 ? NULL : &threads[releaser],
				  .start_ns = start_ns,
				  .end_ns = start_ns + 1000,
			  });
}

/* Again: overtaken, it waits once more. */
static void again(struct lock_use *use, int waiter, int releaser, uint64_t start_ns)
{
	lock_use_add(use, &(struct lock_use_wait){
				  .waiter = &threads[waiter],
				  .releaser = &threads[releaser],
				  .start_ns = start_ns,
				  .end_ns = start_ns + 1000,
				  .is_again = true,
			  });
}

static void two_threads_that_take_turns_hold_a_lock(void **state)
{
	struct lock_use use = { 0 };

	(void)state;
	/* The first that has it never waited. */
	add(&use, 1, 0, 1000);
	for (int i = 1; i < 20; i++)
		add(&use, (i + 1) % 2, i % 2, 1000 + (uint64_t)i * 2000);
	assert_true(lock_use_is_lock(&use));
	lock_use_release(&use);
}

/* Woken, 1 finds that 0 has taken it again, and waits once more. */
static void a_waiter_that_was_overtaken_did_not_get_it(void **state)
{
	struct lock_use use = { 0 };
	uint64_t now = 1000;

	(void)state;
	for (int i = 0; i < 10; i++) {
		add(&use, 0, 1, now += 2000);
		add(&use, 1, 0, now += 2000);
		again(&use, 1, 0, now += 2000);
		again(&use, 1, 0, now += 2000);
	}
	assert_true(lock_use_is_lock(&use));
	lock_use_release(&use);
}

/* Who comes first is chance, so the same one may have to wait twice. */
static void two_threads_that_meet_now_and_then_hold_a_lock(void **state)
{
	static const int who[] = { 0, 0, 1, 1, 0, 1, 0, 0, 0, 1, 1, 0 };
	struct lock_use use = { 0 };

	(void)state;
	for (int i = 0; i < 48; i++)
		add(&use, who[i % 12], !who[i % 12], 1000 + (uint64_t)i * 2000);
	assert_true(lock_use_is_lock(&use));
	lock_use_release(&use);
}

static void many_that_wait_at_once_hold_a_lock_whoever_comes_first(void **state)
{
	struct lock_use use = { 0 };

	(void)state;
	/* All have waited by then; who releases is not who got it last. */
	for (int i = 0; i < 40; i++)
		add(&use, i % 4, (i + 2) % 4, 1000 + (uint64_t)i * 100);
	assert_true(lock_use_is_lock(&use));
	lock_use_release(&use);
}

static void a_producer_never_waits_so_it_signals(void **state)
{
	struct lock_use use = { 0 };

	(void)state;
	for (int i = 0; i < 40; i++)
		add(&use, 1 + i % 4, 0, 1000 + (uint64_t)i * 100);
	assert_false(lock_use_is_lock(&use));
	lock_use_release(&use);
}

/* The getter that was woken hands on to the next one, which finds nothing. */
static void idle_getters_that_wake_each_other_hold_no_lock(void **state)
{
	struct lock_use use = { 0 };

	(void)state;
	for (int i = 0; i < 40; i++) {
		add(&use, 1 + i % 4, 0, 1000 + (uint64_t)i * 200);
		add(&use, 1 + (i + 1) % 4, 1 + i % 4, 1100 + (uint64_t)i * 200);
	}
	assert_false(lock_use_is_lock(&use));
	lock_use_release(&use);
}

/*
 * Two threads answer each other, each waiting on a lock of its own, made for this wait:
 * in memory that mostly the same one gets again.
 */
static void an_address_that_is_used_again_is_not_the_same_lock(void **state)
{
	static const int who[] = { 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0 };
	struct lock_use use = { 0 };

	(void)state;
	for (int i = 0; i < 48; i++)
		add(&use, who[i % 12], !who[i % 12], 1000 + (uint64_t)i * 2000);
	assert_false(lock_use_is_lock(&use));
	lock_use_release(&use);
}

static void little_or_unknown_evidence_is_none(void **state)
{
	struct lock_use use = { 0 };

	(void)state;
	assert_false(lock_use_is_lock(&use));
	for (int i = 0; i < 20; i++)
		add(&use, i % 2, -1, 1000 + (uint64_t)i * 2000);
	assert_false(lock_use_is_lock(&use));
	for (int i = 0; i < 3; i++)
		add(&use, i % 2, (i + 1) % 2, 100000 + (uint64_t)i * 2000);
	assert_false(lock_use_is_lock(&use));
	lock_use_release(&use);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_threads_that_take_turns_hold_a_lock),
		cmocka_unit_test(a_waiter_that_was_overtaken_did_not_get_it),
		cmocka_unit_test(two_threads_that_meet_now_and_then_hold_a_lock),
		cmocka_unit_test(many_that_wait_at_once_hold_a_lock_whoever_comes_first),
		cmocka_unit_test(a_producer_never_waits_so_it_signals),
		cmocka_unit_test(idle_getters_that_wake_each_other_hold_no_lock),
		cmocka_unit_test(an_address_that_is_used_again_is_not_the_same_lock),
		cmocka_unit_test(little_or_unknown_evidence_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
