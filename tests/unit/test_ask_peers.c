// SPDX-License-Identifier: MIT
/* 20 serves port 6379 to 10; each test writes the files below a root of its own. */
#include "proc_root.h"

#include "base/clock.h"
#include "cmd/ask_peers.h"

static const struct par_file_ref connection = {
	.kind = PAR_FILE_TCP, .flags = PAR_FILE_LOOPBACK, .lport = 50000, .rport = 6379
};

static void put_machine(void)
{
	put("/proc/10/net/tcp", TCP_HEAD
	    "   1: 0100007F:18EB 0100007F:C350 01 00000000:00000000 00:00000000 00000000   "
	    "  0        0 77 1 0000000000000000 100 0 0 10 0\n");
	put("/proc/20/comm", "server\n");
}

static void put_other_end(void)
{
	put_link("/proc/20/fd/6", "socket:[77]");
}

static void keep(void *ctx, const struct event *ev)
{
	*(struct event *)ctx = *ev;
}

/* A look that began @ago_ns ago, when it was time for it; the process that it told, or 0. */
static uint32_t look(struct ask_peers *ap, uint64_t ago_ns)
{
	struct event told = { .hdr = { .tid = 0 } };

	ap->next_ns = 0;
	ask_peers_tick(ap, clock_mono_ns() - ago_ns, keep, &told);
	return told.hdr.tid;
}

static void the_other_end_is_told_once(void **state)
{
	struct ask_peers ap = { .open_cnt = 0 };

	(void)state;
	put_machine();
	put_other_end();
	ask_peers_note(&ap, 10, &connection);
	assert_int_equal(look(&ap, 0), 20);
	ask_peers_note(&ap, 10, &connection);
	assert_int_equal(look(&ap, 0), 0);
	ask_peers_release(&ap);
}

static void it_is_looked_for_again_if_there_was_no_time(void **state)
{
	struct ask_peers ap = { .open_cnt = 0 };

	(void)state;
	put_machine();
	ask_peers_note(&ap, 10, &connection);
	assert_int_equal(look(&ap, NS_PER_S), 0);
	put_other_end();
	assert_int_equal(look(&ap, 0), 20);
	assert_int_equal(ap.open_cnt, 0);
	ask_peers_release(&ap);
}

static void who_is_not_there_is_looked_for_once(void **state)
{
	struct ask_peers ap = { .open_cnt = 0 };

	(void)state;
	put_machine();
	ask_peers_note(&ap, 10, &connection);
	assert_int_equal(look(&ap, 0), 0);
	assert_int_equal(ap.open_cnt, 0);
	ask_peers_release(&ap);
}

static void without_time_there_is_an_end_to_looking(void **state)
{
	struct ask_peers ap = { .open_cnt = 0 };

	(void)state;
	put_machine();
	ask_peers_note(&ap, 10, &connection);
	assert_int_equal(look(&ap, NS_PER_S), 0);
	assert_int_equal(ap.open_cnt, 1);
	assert_int_equal(look(&ap, NS_PER_S), 0);
	assert_int_equal(ap.open_cnt, 0);
	ask_peers_release(&ap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(the_other_end_is_told_once),
		FIXTURE_TEST(it_is_looked_for_again_if_there_was_no_time),
		FIXTURE_TEST(who_is_not_there_is_looked_for_once),
		FIXTURE_TEST(without_time_there_is_an_end_to_looking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
