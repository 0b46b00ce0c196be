// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event/event.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	uint8_t kind;
	size_t size;
} sizes[] = {
	{ PAR_CYCLE, PAR_CYCLE_SHORT_BYTES },        { PAR_TASK, sizeof(struct par_task) },
	{ PAR_OPEN, sizeof(struct par_task) },       { PAR_FORK, sizeof(struct par_fork) },
	{ PAR_EXEC, sizeof(struct par_exec) },       { PAR_RENAME, sizeof(struct par_rename) },
	{ PAR_EXIT, sizeof(struct par_exit) },       { PAR_FREE, sizeof(struct par_free) },
	{ PAR_STARTUP, sizeof(struct par_startup) }, { PAR_TURN, sizeof(struct par_turn) },
	{ PAR_REQUEST, sizeof(struct par_request) },
	{ PAR_MISSED, sizeof(struct par_missed_cycles) },
};

/* As long as it says, so that the sanitizer sees a read past it. */
static int decode(struct event *ev, const void *rec, size_t len)
{
	void *exact = malloc(len ? len : 1);
	int err;

	memcpy(exact, rec, len);
	memset(ev, 0xa5, sizeof(*ev));
	err = event_decode(ev, exact, len);
	free(exact);
	return err;
}

static void every_kind_is_known(void **state)
{
	(void)state;
	assert_int_equal(COUNT(sizes), PAR_KIND_CNT - 1);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct event in = { .hdr = { .ts_ns = 5, .tid = 7, .kind = sizes[i].kind } }, out;

		assert_int_equal(decode(&out, &in, sizes[i].size), 0);
		assert_memory_equal(&out, &in, sizes[i].size);
	}
}

static void short_records_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct event in = { .hdr = { .kind = sizes[i].kind } }, out;

		for (size_t len = 0; len < sizes[i].size; len++)
			assert_int_equal(decode(&out, &in, len), -EBADMSG);
	}
}

static void unknown_kinds_are_refused(void **state)
{
	(void)state;
	for (int kind = 0; kind <= UINT8_MAX; kind++) {
		struct event in = { .hdr = { .kind = (uint8_t)kind } }, out;

		if (kind > PAR_NONE && kind < PAR_KIND_CNT)
			continue;
		assert_int_equal(decode(&out, &in, sizeof(in)), -ENOTSUP);
	}
}

/* The collector's own kinds cannot be smuggled in through the ring. */
static void the_kernel_cannot_say_that_the_recording_ends(void **state)
{
	struct event in = { .hdr = { .kind = EVENT_END } }, out;

	(void)state;
	assert_int_equal(decode(&out, &in, sizeof(in)), -ENOTSUP);
}

static void the_tail_of_a_longer_record_is_ignored(void **state)
{
	static char in[sizeof(struct event) + 64];
	struct event out;

	(void)state;
	memset(in, 1, sizeof(in));
	for (size_t i = 0; i < COUNT(sizes); i++) {
		memcpy(in, &(struct par_hdr){ .tid = 7, .kind = sizes[i].kind },
		       sizeof(struct par_hdr));
		assert_int_equal(decode(&out, in, sizeof(in)), 0);
		assert_int_equal(decode(&out, in, sizes[i].size + 8), 0);
		assert_int_equal(out.hdr.tid, 7);
	}
}

static void a_runnable_threads_cycle_has_no_cause(void **state)
{
	static const uint8_t flags[] = { PAR_OUT_PREEMPT, PAR_OUT_NEW };

	(void)state;
	for (size_t i = 0; i < COUNT(flags); i++) {
		struct event in, out;

		memset(&in, 0x77, sizeof(in));
		in.hdr.kind = PAR_CYCLE;
		in.cycle.off.out_flags = flags[i];
		assert_int_equal(decode(&out, &in, PAR_CYCLE_BARE_BYTES), 0);
		assert_int_equal(out.cycle.cause.sysno, PAR_NO_SYSCALL);
		assert_int_equal(out.cycle.cause.owner_tid, 0);
		/* Nor does one that a longer record brings along. */
		assert_int_equal(decode(&out, &in, sizeof(in.cycle)), 0);
		assert_int_equal(out.cycle.cause.sysno, PAR_NO_SYSCALL);
	}
}

static void a_blocked_threads_cycle_has_a_cause(void **state)
{
	struct event in = { .cycle = { .hdr.kind = PAR_CYCLE, .cause.sysno = 3 } }, out;

	(void)state;
	assert_int_equal(decode(&out, &in, PAR_CYCLE_BARE_BYTES), -EBADMSG);
	assert_int_equal(decode(&out, &in, sizeof(in.cycle)), 0);
	assert_int_equal(out.cycle.cause.sysno, 3);
}

static void what_a_short_cycle_leaves_out_is_zero(void **state)
{
	struct event in, out;

	(void)state;
	memset(&in, 0x77, sizeof(in));
	in.hdr.kind = PAR_CYCLE;
	in.cycle.off.out_flags = 0;
	assert_int_equal(decode(&out, &in, PAR_CYCLE_SHORT_BYTES), 0);
	assert_memory_equal(&out, &in, PAR_CYCLE_SHORT_BYTES);
	assert_true(out.cycle.cause.args[0] == in.cycle.cause.args[0]);
	for (size_t i = 1; i < COUNT(out.cycle.cause.args); i++)
		assert_true(!out.cycle.cause.args[i]);
	assert_true(!out.cycle.cause.timeout_ns);
	assert_true(!out.cycle.cause.lock_addr);
	assert_true(!out.cycle.cause.lock_ip);
}

static void strings_end(void **state)
{
	struct event in, out;

	(void)state;
	memset(&in, 'x', sizeof(in));
	in.hdr.kind = PAR_TASK;
	assert_int_equal(decode(&out, &in, sizeof(in)), 0);
	assert_int_equal(strnlen(out.task.comm, PAR_COMM_LEN), PAR_COMM_LEN - 1);
	in.hdr.kind = PAR_OPEN;
	assert_int_equal(decode(&out, &in, sizeof(in)), 0);
	assert_int_equal(strnlen(out.task.comm, PAR_COMM_LEN), PAR_COMM_LEN - 1);
	in.hdr.kind = PAR_FORK;
	assert_int_equal(decode(&out, &in, sizeof(in)), 0);
	assert_int_equal(strnlen(out.fork.comm, PAR_COMM_LEN), PAR_COMM_LEN - 1);
	in.hdr.kind = PAR_RENAME;
	assert_int_equal(decode(&out, &in, sizeof(in)), 0);
	assert_int_equal(strnlen(out.rename.comm, PAR_COMM_LEN), PAR_COMM_LEN - 1);
	in.hdr.kind = PAR_EXIT;
	assert_int_equal(decode(&out, &in, sizeof(in)), 0);
	assert_int_equal(strnlen(out.exit.comm, PAR_COMM_LEN), PAR_COMM_LEN - 1);
	in.hdr.kind = PAR_EXEC;
	assert_int_equal(decode(&out, &in, sizeof(in)), 0);
	assert_int_equal(strnlen(out.exec.comm, PAR_COMM_LEN), PAR_COMM_LEN - 1);
	assert_int_equal(strnlen(out.exec.path, PAR_PATH_LEN), PAR_PATH_LEN - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_known),
		cmocka_unit_test(short_records_are_refused),
		cmocka_unit_test(unknown_kinds_are_refused),
		cmocka_unit_test(the_kernel_cannot_say_that_the_recording_ends),
		cmocka_unit_test(the_tail_of_a_longer_record_is_ignored),
		cmocka_unit_test(a_runnable_threads_cycle_has_no_cause),
		cmocka_unit_test(a_blocked_threads_cycle_has_a_cause),
		cmocka_unit_test(what_a_short_cycle_leaves_out_is_zero),
		cmocka_unit_test(strings_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
