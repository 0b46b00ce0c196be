// SPDX-License-Identifier: MIT
/* Which threads are event loops, and what holds them up: told in events, looked at in facts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "event/event_text.h"
#include "event/sysno.h"
#include "facts/facts_build.h"
#include "model/model.h"

#define THREAD(tid) "0 task tid=" tid " pid=10 ppid=1 comm=app running cpu=0\n"

/* Thread @tid, that ran before, is in @call from @out to @back. */
#define WAITS(tid, out, back, call) \
	back "ms cycle tid=" tid " pid=10 cpu=0 out=" out "ms state=S wake=" back "ms sys=" call "\n"

/* epoll_wait(2) on instance @fd, which @file has ended. */
#define EPOLL(fd, file) "epoll_wait(" fd ",0,64) file=" file " cause-flags=0x10"
#define POLL(n, file)	"poll(0,3) file=" file " polled=" n " cause-flags=0x50"

/* Two connections that others came through, and a socket that listens. */
#define ONE    "tcp:8080>10.0.0.1:5001,id=51,served"
#define TWO    "tcp:8080>10.0.0.2:5002,id=52,served"
#define LISTEN "tcp:8080,listens,id=40"

#define ENDS(tid) "100ms open tid=" tid " pid=10 ppid=1 comm=app running cpu=0\n"

struct told {
	struct model m;
	struct facts_build fb;
	struct facts facts;
};

static struct told *tell(const char *lines)
{
	const struct facts_build_options options = { .sysno_name = sysno_name };
	struct told *told = xcalloc(1, sizeof(*told));
	char *text = xasprintf("0 begin\n%s100ms end\n", lines), *save = NULL;
	struct strbuf why = { 0 };

	model_init(&told->m);
	facts_build_init(&told->fb, &options);
	model_observe(&told->m, facts_build_observer(&told->fb));
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct event ev;

		if (event_text_parse(line, &ev, &why) < 0)
			fail_msg("%s: %s", strbuf_str(&why), line);
		model_feed(&told->m, &ev);
	}
	strbuf_release(&why);
	free(text);
	facts_build_take(&told->fb, &told->m, &told->facts);
	return told;
}

static void forget(struct told *told)
{
	facts_release(&told->facts);
	facts_build_release(&told->fb);
	model_release(&told->m);
	free(told);
}

static const struct fact_loop *loop_in(const struct told *told, uint32_t tid)
{
	const struct fact_thread *t = facts_thread(&told->facts, tid);

	assert_non_null(t);
	return t->loop;
}

static bool is_loop(const char *lines)
{
	struct told *told = tell(lines);
	bool is = loop_in(told, 10);

	forget(told);
	return is;
}

static void who_serves_several_sockets_by_epoll_is_a_loop(void **state)
{
	(void)state;
	assert_true(is_loop(THREAD("10") WAITS("10", "10", "20", EPOLL("4", ONE))
				    WAITS("10", "21", "30", EPOLL("4", TWO)) ENDS("10")));
}

/* PostgreSQL's backends: a process per connection, which a latch wakes, too. */
static void who_serves_one_connection_is_none(void **state)
{
	(void)state;
	assert_false(is_loop(THREAD("10") WAITS("10", "10", "20", EPOLL("4", ONE))
				     WAITS("10", "21", "30", EPOLL("4", "eventfd:61"))
					     WAITS("10", "31", "90", EPOLL("4", ONE)) ENDS("10")));
	/* Whoever takes connections may come to have more. */
	assert_true(is_loop(THREAD("10") WAITS("10", "10", "20", EPOLL("4", ONE))
				    WAITS("10", "21", "30", EPOLL("4", LISTEN)) ENDS("10")));
}

/* gunicorn's sync workers: what they accept they serve by blocking reads. */
static void who_only_accepts_is_none(void **state)
{
	(void)state;
	assert_false(is_loop(THREAD("10") WAITS("10", "10", "20", POLL("3", LISTEN))
				     WAITS("10", "21", "30", "recvfrom(7) file=" ONE) WAITS(
					     "10", "31", "50", POLL("3", LISTEN)) ENDS("10")));
}

static void by_poll_it_takes_three_descriptors_and_two_sockets(void **state)
{
	(void)state;
	assert_true(is_loop(THREAD("10") WAITS("10", "10", "20", POLL("3", ONE))
				    WAITS("10", "21", "30", POLL("3", TWO)) ENDS("10")));
	assert_false(is_loop(THREAD("10") WAITS("10", "10", "20", POLL("3", ONE))
				     WAITS("10", "21", "30", POLL("3", ONE)) ENDS("10")));
	assert_false(is_loop(THREAD("10") WAITS("10", "10", "20", POLL("2", ONE))
				     WAITS("10", "21", "30", POLL("2", TWO)) ENDS("10")));
}

/* Go's threads take turns at one epoll instance: a loop's work may go on in another. */
static void threads_that_share_an_epoll_instance_are_no_loops(void **state)
{
	const char *const one = THREAD("10") THREAD("11") WAITS("10", "10", "20", EPOLL("4", ONE))
		WAITS("11", "10", "20", EPOLL("5", TWO)) WAITS("10", "21", "30", EPOLL("4", TWO))
			WAITS("11", "21", "30", EPOLL("5", ONE)) ENDS("10") ENDS("11");
	const char *const shared = THREAD("10") THREAD("11")
		WAITS("10", "10", "20", EPOLL("4", ONE)) WAITS("11", "10", "20", EPOLL("4", TWO))
			WAITS("10", "21", "30", EPOLL("4", TWO))
				WAITS("11", "21", "30", EPOLL("4", ONE)) ENDS("10") ENDS("11");

	(void)state;
	assert_true(is_loop(one));
	assert_false(is_loop(shared));
}

static void an_epoll_that_nothing_ever_woke_is_an_idle_loop(void **state)
{
	(void)state;
	assert_true(is_loop("0 task tid=10 pid=10 ppid=1 comm=app blocked cpu=0 state=S snapshot "
			    "sys=epoll_wait(4) file=epoll:9\n"
			    "100ms open tid=10 pid=10 ppid=1 comm=app blocked state=S snapshot "
			    "sys=epoll_wait(4) file=epoll:9\n"));
}

static void what_it_waits_for_besides_its_poll_is_told_by_call(void **state)
{
	struct told *told = tell(
		THREAD("10") WAITS("10", "2", "5", "clock_nanosleep") /* before its first poll */
		WAITS("10", "10", "20", EPOLL("4", ONE)) WAITS("10", "21", "24", "fsync(9)")
			WAITS("10", "25", "26", "fsync(9)") WAITS("10", "27", "30", EPOLL("4", TWO))
				WAITS("10", "31", "33", "poll(0,1) file=udp:9>10.0.0.5:53,id=60")
					WAITS("10", "34", "40", EPOLL("4", TWO)) ENDS("10"));
	const struct fact_loop *l = loop_in(told, 10);

	(void)state;
	assert_non_null(l);
	assert_int_equal(l->poll_ns, 19 * NS_PER_MS);
	assert_int_equal(l->blocked_ns, 6 * NS_PER_MS);
	assert_int_equal(l->blocked_cnt, 2);
	assert_string_equal(l->blocked_in[0].call, "fsync");
	assert_int_equal(l->blocked_in[0].bucket, BUCKET_DISK);
	assert_int_equal(l->blocked_in[0].waits, 2);
	assert_int_equal(l->blocked_in[0].wait_ns, 4 * NS_PER_MS);
	assert_string_equal(l->blocked_in[1].call, "DNS");
	assert_int_equal(l->blocked_in[1].wait_ns, 2 * NS_PER_MS);
	assert_int_equal(l->sockets, 3); /* two that it serves, and the resolver's */
	forget(told);
}

#define LOOP THREAD("10") WAITS("10", "10", "20", EPOLL("4", ONE))

static void long_turns_are_divided_by_what_they_were(void **state)
{
	struct told *told = tell(
		LOOP
		"20ms turn tid=10 pid=10 start=20ms first epoll\n"
		"44ms turn tid=10 pid=10 start=20ms queue=5ms blocked=3ms turns=1 epoll\n" WAITS(
			"10", "44", "50",
			EPOLL("4",
			      TWO)) "70ms turn tid=10 pid=10 start=60ms turns=7 epoll\n" ENDS("10"));
	const struct fact_loop *l = loop_in(told, 10);

	(void)state;
	assert_non_null(l);
	assert_true(l->has_turns);
	assert_int_equal(l->turns, 7);
	assert_int_equal(l->long_turns, 2);
	assert_int_equal(l->long_ns, 34 * NS_PER_MS);
	assert_int_equal(l->long_cpu_ns, 26 * NS_PER_MS);
	assert_int_equal(l->long_queue_ns, 5 * NS_PER_MS);
	assert_int_equal(l->long_blocked_ns, 3 * NS_PER_MS);
	assert_int_equal(l->turn_max_ns, 24 * NS_PER_MS);
	assert_int_equal(l->cpu_max_ns, 16 * NS_PER_MS);
	assert_int_equal(l->loop_ns, 90 * NS_PER_MS);
	/* (24 - x) = 4.5 */
	assert_in_range(l->lag_p95_ns, 19.4 * 1e6, 19.6 * 1e6);
	forget(told);
}

static void without_system_calls_turns_are_not_known(void **state)
{
	struct told *told = tell(LOOP WAITS("10", "21", "30", EPOLL("4", TWO)) ENDS("10"));

	(void)state;
	assert_false(loop_in(told, 10)->has_turns);
	forget(told);
	told = tell(LOOP WAITS("10", "21", "30", EPOLL("4", TWO))
			    ENDS("10") "100ms syscalls sys=epoll_wait calls=2\n");
	assert_true(loop_in(told, 10)->has_turns);
	forget(told);
}

/* In the middle of one that it was off its CPU in for the last 10 ms. */
static void the_turn_at_the_end_counts(void **state)
{
	struct told *told = tell(LOOP WAITS(
		"10", "30", "40",
		EPOLL("4",
		      TWO)) "100ms open tid=10 pid=10 ppid=1 comm=app blocked cpu=0 out=90ms state=S "
			    "sys=fsync(9) turn=40ms turn-blocked=20ms turns=2\n");
	const struct fact_loop *l = loop_in(told, 10);

	(void)state;
	assert_int_equal(l->turn_max_ns, 60 * NS_PER_MS);
	assert_int_equal(l->long_blocked_ns, 30 * NS_PER_MS);
	assert_int_equal(l->turns, 2);
	forget(told);
}

/* asyncio.run() has returned: what comes then holds nobody up. */
static void after_its_last_poll_it_is_no_loop_any_more(void **state)
{
	struct told *told = tell(LOOP WAITS("10", "30", "40", EPOLL("4", TWO)) WAITS(
		"10", "50", "80", "fsync(9)") "95ms exit tid=10 pid=10 turn=40ms turns=2\n");
	const struct fact_loop *l = loop_in(told, 10);

	(void)state;
	assert_non_null(l);
	assert_int_equal(l->turn_max_ns, 0);
	assert_int_equal(l->blocked_ns, 0);
	assert_int_equal(l->loop_ns, 30 * NS_PER_MS);
	forget(told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_serves_several_sockets_by_epoll_is_a_loop),
		cmocka_unit_test(who_serves_one_connection_is_none),
		cmocka_unit_test(who_only_accepts_is_none),
		cmocka_unit_test(by_poll_it_takes_three_descriptors_and_two_sockets),
		cmocka_unit_test(threads_that_share_an_epoll_instance_are_no_loops),
		cmocka_unit_test(an_epoll_that_nothing_ever_woke_is_an_idle_loop),
		cmocka_unit_test(what_it_waits_for_besides_its_poll_is_told_by_call),
		cmocka_unit_test(long_turns_are_divided_by_what_they_were),
		cmocka_unit_test(without_system_calls_turns_are_not_known),
		cmocka_unit_test(the_turn_at_the_end_counts),
		cmocka_unit_test(after_its_last_poll_it_is_no_loop_any_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
