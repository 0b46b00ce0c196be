// SPDX-License-Identifier: MIT
#include "story.h"

/*
 * 10 and 20 are processes with one thread, and so is 30; 99 is not traced. Each wait
 * is 1 ms long and ends at its time.
 */
#define THREE                                                          \
	"0 begin\n"                                                    \
	"0 task tid=10 pid=10 comm=client running cpu=0\n"             \
	"0 task tid=11 pid=10 comm=helper running cpu=1\n"             \
	"0 task tid=20 pid=20 comm=server running cpu=2\n"             \
	"0 task tid=30 pid=30 comm=other running cpu=3\n"

#define END "90ms open tid=10 pid=10 running cpu=0\n" \
	    "90ms open tid=11 pid=10 running cpu=1\n" \
	    "90ms open tid=20 pid=20 running cpu=2\n" \
	    "90ms open tid=30 pid=30 running cpu=3\n" \
	    "90ms end\n"

/* The name of the @nth wait of thread @tid. */
static const char *wait_name(const struct story *s, uint32_t tid, size_t nth)
{
	for (size_t i = 0; i < s->span_cnt; i++) {
		const struct story_span *span = &s->spans[i];

		if (span->span.task->tid == tid && span->span.sysno != PAR_NO_SYSCALL && !nth--)
			return span->name;
	}
	fail_msg("thread %u has no such wait", tid);
	return NULL;
}

static void who_writes_to_a_pipe_is_who_wakes_its_reader(void **state)
{
	struct story s;

	(void)state;
	story_of(
		&s, THREE
		"2ms cycle tid=10 pid=10 out=1ms state=S wake=2ms waker=20 sys=read(3) file=pipe:5\n"
		"4ms cycle tid=10 pid=10 out=3ms state=S wake=4ms waker=11 sys=read(3) file=pipe:6\n"
		"5ms name tid=99 pid=98 comm=thread\n"
		"5ms name tid=98 pid=98 comm=stranger\n"
		"6ms cycle tid=10 pid=10 out=5ms state=S wake=6ms waker=99 sys=write(3) file=pipe:7\n"
		"8ms cycle tid=10 pid=10 out=7ms state=S wake=8ms waker=97 sys=write(3) file=pipe:8\n" END);
	assert_string_equal(wait_name(&s, 10, 0), "read pipe:[5] from server (20)");
	assert_string_equal(wait_name(&s, 10, 1), "read pipe:[6]");
	assert_string_equal(wait_name(&s, 10, 2), "write pipe:[7] to stranger (98)");
	assert_string_equal(wait_name(&s, 10, 3), "write pipe:[8]");
	story_release(&s);
}

static void an_end_is_whose_process_was_seen_using_it(void **state)
{
	struct story s;

	(void)state;
	/* 30 made the pair, as SO_PEERCRED says; 20 uses it. */
	story_of(&s, THREE "2ms cycle tid=10 pid=10 out=1ms state=S wake=2ms sys=read(3) "
			   "file=unix:7>8,peer=30\n"
			   "4ms cycle tid=20 pid=20 cpu=2 out=3ms state=S wake=4ms sys=read(3) "
			   "file=unix:8>7,peer=30\n"
			   "6ms cycle tid=10 pid=10 out=5ms state=S wake=6ms sys=read(3) "
			   "file=unix:7>8,peer=30\n" END);
	assert_string_equal(wait_name(&s, 10, 0), "read unix:[7] from other (30)");
	assert_string_equal(wait_name(&s, 20, 0), "read unix:[8] from client (10)");
	assert_string_equal(wait_name(&s, 10, 1), "read unix:[7] from server (20)");
	story_release(&s);
}

static void a_pair_that_a_process_made_itself_has_no_peer_by_that(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, THREE "2ms cycle tid=10 pid=10 out=1ms state=S wake=2ms sys=read(3) "
			   "file=unix:7>8,peer=10\n" END);
	assert_string_equal(wait_name(&s, 10, 0), "read unix:[7]");
	story_release(&s);
}

static void the_waker_is_not_taken_for_the_end_of_a_network_connection(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, THREE
		 "2ms cycle tid=10 pid=10 out=1ms state=S wake=2ms waker=30 sys=read(3) "
		 "file=tcp:4000>127.0.0.1:80,loopback\n"
		 "4ms cycle tid=20 pid=20 cpu=2 out=3ms state=S wake=4ms waker=30 sys=write(3) "
		 "file=tcp:80>127.0.0.1:4000,loopback\n"
		 "6ms cycle tid=10 pid=10 out=5ms state=S wake=6ms waker=30 sys=epoll_wait(3) "
		 "file=tcp:4000>127.0.0.1:80,loopback cause-flags=0x10\n"
		 "8ms cycle tid=10 pid=10 out=7ms state=S wake=8ms waker=30 sys=read(3) "
		 "file=tcp:4000>10.0.0.1:80\n" END);
	assert_string_equal(wait_name(&s, 10, 0), "read tcp 127.0.0.1:80");
	assert_string_equal(wait_name(&s, 20, 0), "write tcp 127.0.0.1:4000 to client (10)");
	assert_string_equal(wait_name(&s, 10, 1), "epoll_wait tcp 127.0.0.1:80 (server 20)");
	assert_string_equal(wait_name(&s, 10, 2), "read tcp 10.0.0.1:80");
	story_release(&s);
}

static void what_proc_says_counts_until_somebody_is_seen(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, THREE "1ms peer pid=77 file=tcp:4000>127.0.0.1:80,loopback comm=redis-server\n"
			   "2ms cycle tid=10 pid=10 out=1ms state=S wake=2ms sys=read(3) "
			   "file=tcp:4000>127.0.0.1:80,loopback\n"
			   "4ms cycle tid=20 pid=20 cpu=2 out=3ms state=S wake=4ms sys=read(3) "
			   "file=tcp:80>127.0.0.1:4000,loopback\n"
			   "6ms cycle tid=10 pid=10 out=5ms state=S wake=6ms sys=read(3) "
			   "file=tcp:4000>127.0.0.1:80,loopback\n" END);
	assert_string_equal(wait_name(&s, 10, 0), "read tcp 127.0.0.1:80 from redis-server (77)");
	assert_string_equal(wait_name(&s, 10, 1), "read tcp 127.0.0.1:80 from server (20)");
	story_release(&s);
}

static void a_peer_is_called_what_it_is_called_now(void **state)
{
	struct story s;

	(void)state;
	story_of(
		&s, THREE
		"2ms cycle tid=10 pid=10 out=1ms state=S wake=2ms waker=20 sys=read(3) file=fifo:5\n"
		"3ms rename tid=20 pid=20 comm=renamed\n"
		"5ms cycle tid=10 pid=10 out=4ms state=S wake=5ms waker=20 sys=read(3) file=fifo:5\n" END);
	assert_string_equal(wait_name(&s, 10, 0), "read fifo:[5] from server (20)");
	assert_string_equal(wait_name(&s, 10, 1), "read fifo:[5] from renamed (20)");
	story_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_writes_to_a_pipe_is_who_wakes_its_reader),
		cmocka_unit_test(an_end_is_whose_process_was_seen_using_it),
		cmocka_unit_test(a_pair_that_a_process_made_itself_has_no_peer_by_that),
		cmocka_unit_test(the_waker_is_not_taken_for_the_end_of_a_network_connection),
		cmocka_unit_test(what_proc_says_counts_until_somebody_is_seen),
		cmocka_unit_test(a_peer_is_called_what_it_is_called_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
