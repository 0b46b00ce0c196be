// SPDX-License-Identifier: MIT
/* From traffic, waits and mappings to the ledger: facts of short stories. */
#include <stdio.h>

#include "story.h"

#include "facts/facts_build.h"

#define FAMILY                                                 \
	"100ms begin\n"                                        \
	"100ms task tid=10 pid=10 ppid=1 comm=app running\n"   \
	"100ms task tid=20 pid=20 ppid=10 comm=child running\n"

#define PYTHONS                                                   \
	"100ms begin\n"                                           \
	"100ms task tid=10 pid=10 ppid=1 comm=python3 running\n"  \
	"100ms runtime pid=10 name=cpython version=3.11\n"        \
	"101ms fork tid=10 pid=10 child=20 childpid=20 comm=python3\n" \
	"101ms fork tid=10 pid=10 child=30 childpid=30 comm=python3\n"

struct ledger {
	struct story story;
	struct facts_build build;
	struct facts facts;
};

static void ledger_begin(struct ledger *l)
{
	*l = (struct ledger){ 0 };
	facts_build_init(&l->build, &(struct facts_build_options){ 0 });
	story_init(&l->story);
	model_observe(&l->story.m, facts_build_observer(&l->build));
}

static void ledger_end(struct ledger *l)
{
	story_tell(&l->story, "200ms end\n");
	facts_build_take(&l->build, &l->story.m, &l->facts);
}

static void ledger_of(struct ledger *l, const char *lines)
{
	ledger_begin(l);
	story_tell(&l->story, lines);
	ledger_end(l);
}

static void ledger_release(struct ledger *l)
{
	facts_release(&l->facts);
	facts_build_release(&l->build);
	story_release(&l->story);
}

static const struct fact_channel *only(const struct ledger *l)
{
	assert_int_equal(l->facts.channel_cnt, 1);
	return &l->facts.channels[0];
}

static const struct fact_channel_end *end_of(const struct fact_channel *c, uint32_t pid)
{
	for (size_t i = 0; i < c->end_cnt; i++)
		if (c->ends[i].pid == pid)
			return &c->ends[i];
	fail_msg("process %u is not at %s", pid, c->id);
	return NULL;
}

static void check(const struct fact_channel *c, uint64_t messages, uint64_t bytes, size_t end_cnt)
{
	assert_int_equal(c->messages, messages);
	assert_int_equal(c->bytes, bytes);
	assert_int_equal(c->end_cnt, end_cnt);
}

static void what_is_sent_and_received_counts_once(void **state)
{
	const struct fact_channel_end *end;
	struct ledger l;

	(void)state;
	ledger_of(&l, FAMILY "110ms traffic pid=10 file=pipe:7 write messages=100 bytes=5000\n"
			     "110ms traffic pid=20 file=pipe:7 read messages=100 bytes=5000\n");
	check(only(&l), 100, 5000, 2);
	end = end_of(only(&l), 10);
	assert_string_equal(end->name, "app");
	assert_true(end->traced && end->writes && !end->reads);
	assert_int_equal(end->messages_sent, 100);
	end = end_of(only(&l), 20);
	assert_true(end->traced && end->reads && !end->writes);
	assert_int_equal(end->bytes_received, 5000);
	ledger_release(&l);
}

static void messages_are_the_senders_however_they_are_read(void **state)
{
	struct ledger l;

	(void)state;
	ledger_of(&l, FAMILY "110ms traffic pid=10 file=pipe:7 write messages=100 bytes=5000\n"
			     "110ms traffic pid=20 file=pipe:7 read messages=200 bytes=5000\n");
	check(only(&l), 100, 5000, 2);
	ledger_release(&l);
	/* Before the attach 50 more bytes were sent. */
	ledger_of(&l, FAMILY "110ms traffic pid=10 file=pipe:7 write messages=100 bytes=4950\n"
			     "110ms traffic pid=20 file=pipe:7 read messages=200 bytes=5000\n");
	check(only(&l), 102, 5000, 2);
	ledger_release(&l);
}

static void one_end_of_a_connection_tells_both_ways(void **state)
{
	struct ledger l;

	(void)state;
	ledger_of(&l, FAMILY "110ms traffic pid=10 file=unix:7>8 write messages=4 bytes=400\n"
			     "110ms traffic pid=10 file=unix:7>8 read messages=3 bytes=300\n");
	check(only(&l), 7, 700, 1);
	ledger_release(&l);
	ledger_of(&l, FAMILY "110ms traffic pid=10 file=unix:7>8 write messages=4 bytes=400\n"
			     "110ms traffic pid=10 file=unix:7>8 read messages=3 bytes=300\n"
			     "110ms traffic pid=20 file=unix:8>7 read messages=4 bytes=400\n"
			     "110ms traffic pid=20 file=unix:8>7 write messages=3 bytes=300\n");
	check(only(&l), 7, 700, 2);
	ledger_release(&l);
}

#define CLIENT "file=tcp:40000>127.0.0.1:5000,id=7,loopback"
#define SERVER "file=tcp:5000>127.0.0.1:40000,id=9,loopback"

static void a_loopback_connection_is_one_channel_per_network(void **state)
{
	struct ledger l;

	(void)state;
	ledger_of(&l, FAMILY "110ms traffic pid=10 " CLIENT ",net=1 write messages=4 bytes=400\n"
			     "110ms traffic pid=20 " SERVER ",net=1 read messages=4 bytes=400\n");
	check(only(&l), 4, 400, 2);
	ledger_release(&l);
	ledger_of(&l, FAMILY "110ms traffic pid=10 " CLIENT ",net=1 write messages=4 bytes=400\n"
			     "110ms traffic pid=20 " SERVER ",net=2 read messages=4 bytes=400\n");
	assert_int_equal(l.facts.channel_cnt, 2);
	ledger_release(&l);
}

static void datagrams_are_what_arrives_at_a_port(void **state)
{
	struct ledger l;

	(void)state;
	/* The sender is not connected, the answer goes to the port that it got. */
	ledger_of(&l, FAMILY "110ms traffic pid=10 file=udp:40000>127.0.0.1:5000,id=7,loopback "
			     "write messages=4 bytes=400\n"
			     "110ms traffic pid=20 file=udp:5000,id=9 read messages=4 bytes=400\n"
			     "110ms traffic pid=20 file=udp:5000>127.0.0.1:40000,id=9,loopback "
			     "write messages=2 bytes=20\n"
			     "110ms traffic pid=10 file=udp:40000,id=7 read messages=2 bytes=20\n");
	assert_int_equal(l.facts.channel_cnt, 2);
	check(&l.facts.channels[0], 4, 400, 2);
	assert_string_equal(l.facts.channels[0].id, "udp port 5000");
	check(&l.facts.channels[1], 2, 20, 2);
	assert_string_equal(l.facts.channels[1].id, "udp port 40000");
	ledger_release(&l);
}

static void datagrams_by_name_meet_at_the_name(void **state)
{
	struct ledger l;

	(void)state;
	ledger_of(&l,
		  FAMILY "109ms file id=9 name=/run/log\n"
			 "110ms traffic pid=10 file=unix:7>77,named write messages=4 bytes=400\n"
			 "110ms traffic pid=20 file=unix:9>77,named read messages=4 bytes=400\n");
	check(only(&l), 4, 400, 2);
	assert_string_equal(only(&l)->id, "/run/log");
	ledger_release(&l);
}

static void a_peer_that_has_closed_is_remembered(void **state)
{
	struct ledger l;

	(void)state;
	/* Not accepted yet, accepted, and closed by the other. */
	ledger_of(&l, FAMILY "109ms file id=7 name=/run/server\n"
			     "110ms traffic pid=10 file=unix:9 write messages=1 bytes=10\n"
			     "111ms traffic pid=10 file=unix:9>7 write messages=1 bytes=10\n"
			     "112ms traffic pid=20 file=unix:7>9 read messages=1 bytes=10\n"
			     "113ms traffic pid=20 file=unix:7 read messages=1 bytes=10\n");
	check(only(&l), 2, 20, 2);
	assert_string_equal(only(&l)->id, "/run/server");
	ledger_release(&l);
}

static void what_is_numbered_per_namespace_is_told_apart(void **state)
{
	struct ledger l;

	(void)state;
	ledger_of(&l,
		  FAMILY "110ms traffic pid=10 file=sysv_queue:0,dev=1 write messages=3 bytes=30\n"
			 "110ms traffic pid=20 file=sysv_queue:0,dev=1 read messages=3 bytes=30\n"
			 "110ms traffic pid=20 file=sysv_queue:0,dev=2 read messages=1 bytes=2\n"
			 "110ms traffic pid=10 file=fifo:5,dev=1 write messages=1 bytes=1\n"
			 "110ms traffic pid=20 file=fifo:5,dev=2 read messages=1 bytes=1\n");
	assert_int_equal(l.facts.channel_cnt, 4);
	check(&l.facts.channels[0], 3, 30, 2);
	assert_string_equal(l.facts.channels[0].kind, "sysv");
	assert_string_equal(l.facts.channels[0].id, "SysV queue 0");
	ledger_release(&l);
}

static void an_untraced_end_has_what_the_traced_ones_miss(void **state)
{
	const struct fact_channel_end *end;
	struct ledger l;

	(void)state;
	ledger_of(&l, FAMILY "110ms traffic pid=10 file=unix:7>8 write messages=4 bytes=400\n"
			     "110ms traffic pid=10 file=unix:7>8 read messages=3 bytes=300\n"
			     "111ms peer pid=99 file=unix:7>8 comm=postgres\n");
	end = end_of(only(&l), 99);
	assert_false(end->traced);
	assert_string_equal(end->name, "postgres");
	assert_true(end->reads && end->writes);
	assert_int_equal(end->bytes_received, 400);
	assert_int_equal(end->messages_sent, 3);
	assert_int_equal(only(&l)->writer_cnt, 1);
	ledger_release(&l);
	/* Without a word from /proc, the kernel's record of who connected. */
	ledger_of(&l,
		  FAMILY "110ms traffic pid=10 file=unix:7>8,peer=99 write messages=4 bytes=400\n");
	assert_true(end_of(only(&l), 99)->reads);
	assert_null(end_of(only(&l), 99)->name);
	ledger_release(&l);
}

static void who_ends_the_waits_has_the_other_end(void **state)
{
	const struct fact_channel_end *end;
	struct ledger l;

	(void)state;
	/* A timer's interrupt came while 77 ran: it wakes once, the writer twice. */
	ledger_of(
		&l, FAMILY
		"104ms name tid=77 pid=77 comm=busy\n"
		"105ms cycle tid=10 pid=10 out=101ms state=S wake=104ms waker=77 sys=read(3) file=pipe:7\n"
		"107ms name tid=99 pid=99 comm=writer\n"
		"108ms cycle tid=10 pid=10 out=106ms state=S wake=107ms waker=99 sys=read(3) file=pipe:7\n"
		"111ms cycle tid=10 pid=10 out=109ms state=S wake=110ms waker=99 sys=read(3) file=pipe:7\n"
		"114ms cycle tid=10 pid=10 out=112ms state=S wake=113ms waker=99 sys=read(3) file=pipe:7\n"
		"115ms traffic pid=10 file=pipe:7 read messages=3 bytes=30\n");
	end = end_of(only(&l), 99);
	assert_string_equal(end->name, "writer");
	assert_true(end->writes && !end->reads && !end->traced);
	assert_int_equal(end->bytes_sent, 30);
	assert_int_equal(only(&l)->end_cnt, 2);
	ledger_release(&l);
}

static void shared_memory_has_a_size_and_no_traffic(void **state)
{
	const struct fact_channel *c;
	struct ledger l;

	(void)state;
	ledger_of(&l, FAMILY
		  "110ms traffic pid=10 file=pipe:7 write messages=1 bytes=1\n"
		  "110ms shared pid=10 id=5 dev=0x1 bytes=4096 name=/dev/shm/psm_x writable\n"
		  "111ms shared pid=20 id=5 dev=0x1 bytes=8192 name=/dev/shm/psm_x\n"
		  "111ms shared pid=20 id=6 dev=0x1 bytes=32 name=/dev/shm/sem.mp-y writable\n");
	assert_int_equal(l.facts.channel_cnt, 2); /* nobody shares the semaphore */
	c = &l.facts.channels[1];
	assert_string_equal(c->kind, "shm");
	assert_string_equal(c->id, "/dev/shm/psm_x");
	assert_string_equal(c->used_as, "multiprocessing.shared_memory");
	assert_int_equal(c->size_bytes, 8192);
	check(c, 0, 0, 2);
	assert_true(end_of(c, 10)->writes && end_of(c, 20)->reads && !end_of(c, 20)->writes);
	assert_int_equal(c->reader_cnt + c->writer_cnt, 0);
	ledger_release(&l);
}

static void what_is_beyond_the_limits_is_summed(void **state)
{
	const struct fact_channel *c;
	uint64_t messages = 0, bytes = 0;
	struct ledger l;
	char line[128];

	(void)state;
	ledger_begin(&l);
	story_tell(&l.story, FAMILY);
	for (int i = 0; i < 100; i++) {
		snprintf(line, sizeof(line),
			 "110ms traffic pid=%d file=pipe:1 write messages=2 bytes=1000\n", 100 + i);
		story_tell(&l.story, line);
		snprintf(line, sizeof(line),
			 "110ms traffic pid=10 file=pipe:%d write messages=1 bytes=%d\n", 50 + i,
			 i);
		story_tell(&l.story, line);
	}
	ledger_end(&l);
	assert_int_equal(l.facts.channel_cnt, FACTS_CHANNELS_MAX + 1);
	for (size_t i = 0; i < l.facts.channel_cnt; i++)
		messages += l.facts.channels[i].messages;
	assert_int_equal(messages, 300);
	assert_string_equal(l.facts.channels[FACTS_CHANNELS_MAX].id, "37 more");
	c = &l.facts.channels[0];
	assert_int_equal(c->end_cnt, FACTS_ENDS_MAX + 1);
	assert_int_equal(c->writer_cnt, 100);
	for (size_t i = 0; i < c->end_cnt; i++)
		bytes += c->ends[i].bytes_sent;
	assert_int_equal(bytes, 100000);
	assert_int_equal(c->ends[FACTS_ENDS_MAX].pid, 0);
	assert_string_equal(c->ends[FACTS_ENDS_MAX].name, "36 more");
	ledger_release(&l);
}

static void uses(const char *lines, const char *use)
{
	struct ledger l;

	ledger_of(&l, lines);
	if (use)
		assert_string_equal(l.facts.channels[0].used_as, use);
	else
		assert_null(l.facts.channels[0].used_as);
	ledger_release(&l);
}

#define SEMAPHORE                                                                  \
	"109ms shared pid=10 id=6 dev=0x1 bytes=32 name=/dev/shm/sem.abc writable\n" \
	"109ms shared pid=20 id=6 dev=0x1 bytes=32 name=/dev/shm/sem.abc writable\n"

static void python_queues_and_pipes_are_told_by_threads_and_semaphores(void **state)
{
	(void)state;
	uses(PYTHONS SEMAPHORE
	     "110ms traffic pid=10 file=pipe:7 write messages=9 bytes=900\n"
	     "110ms traffic pid=20 file=pipe:7 read messages=18 bytes=900 main=18\n",
	     "multiprocessing.Queue, likely");
	uses(PYTHONS SEMAPHORE
	     "110ms traffic pid=10 file=pipe:7 write messages=9 bytes=900 main=9\n"
	     "110ms traffic pid=20 file=pipe:7 read messages=18 bytes=900 main=18\n",
	     "multiprocessing.SimpleQueue or Pipe, likely");
	uses(PYTHONS "110ms traffic pid=10 file=pipe:7 write messages=9 bytes=900 main=9\n"
		     "110ms traffic pid=20 file=pipe:7 read messages=18 bytes=900 main=18\n",
	     "multiprocessing.Pipe, likely");
	/* Not Python at both ends. */
	uses(FAMILY SEMAPHORE "110ms traffic pid=10 file=pipe:7 write messages=9 bytes=900\n"
			      "110ms traffic pid=20 file=pipe:7 read messages=18 bytes=900\n",
	     NULL);
}

#define POOL                                                                             \
	"110ms traffic pid=10 file=pipe:7 write messages=9 bytes=900\n"                  \
	"110ms traffic pid=20 file=pipe:7 read messages=9 bytes=450 main=9\n"            \
	"110ms traffic pid=30 file=pipe:7 read messages=9 bytes=450 main=9\n"            \
	"110ms traffic pid=20 file=pipe:8 write messages=4 bytes=40 main=4\n"            \
	"110ms traffic pid=30 file=pipe:8 write messages=5 bytes=50 main=5\n"            \
	"110ms traffic pid=10 file=pipe:8 read messages=18 bytes=90\n"

static void a_pool_has_one_pipe_each_way(void **state)
{
	(void)state;
	uses(PYTHONS SEMAPHORE POOL, "task queue of a multiprocessing.Pool, likely");
	uses(PYTHONS SEMAPHORE POOL
	     "110ms traffic pid=10 file=pipe:9 write messages=9 bytes=36 main=9\n"
	     "110ms traffic pid=10 file=pipe:9 read messages=9 bytes=36\n",
	     "call queue of a ProcessPoolExecutor, likely");
}

static void what_is_named_needs_no_guess(void **state)
{
	(void)state;
	uses(PYTHONS "109ms file id=8 name=/tmp/pymp-x/listener-y\n"
		     "110ms traffic pid=10 file=unix:7>8 write messages=9 bytes=900 main=9\n",
	     "multiprocessing Manager or Listener");
	uses(PYTHONS "102ms process pid=20 ppid=10 exe=/usr/bin/python3 "
		     "command=\"python3 -c from multiprocessing.resource_tracker import main\"\n"
		     "110ms traffic pid=10 file=pipe:7 write messages=9 bytes=900 main=9\n"
		     "110ms traffic pid=20 file=pipe:7 read messages=9 bytes=900 main=9\n",
	     "resource tracker of multiprocessing");
}

#define LISTENER(name)                                                                     \
	"102ms cycle tid=20 pid=20 cpu=1 out=101ms state=S wake=102ms sys=accept(3) "      \
	"file=unix:5,listens\n"                                                            \
	"109ms file id=5 name=" name "\n"                                                  \
	"110ms traffic pid=20 file=unix:8>7,served write messages=9 bytes=900 main=9\n"

static void a_listener_tells_what_connections_to_it_are(void **state)
{
	(void)state;
	/* Closed before they were asked for their name. */
	uses(PYTHONS LISTENER("/tmp/pymp-x/listener-y"),
	     "multiprocessing Manager or Listener, likely");
	uses(PYTHONS LISTENER("/run/other"), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sent_and_received_counts_once),
		cmocka_unit_test(messages_are_the_senders_however_they_are_read),
		cmocka_unit_test(one_end_of_a_connection_tells_both_ways),
		cmocka_unit_test(a_loopback_connection_is_one_channel_per_network),
		cmocka_unit_test(datagrams_are_what_arrives_at_a_port),
		cmocka_unit_test(datagrams_by_name_meet_at_the_name),
		cmocka_unit_test(a_peer_that_has_closed_is_remembered),
		cmocka_unit_test(what_is_numbered_per_namespace_is_told_apart),
		cmocka_unit_test(an_untraced_end_has_what_the_traced_ones_miss),
		cmocka_unit_test(who_ends_the_waits_has_the_other_end),
		cmocka_unit_test(shared_memory_has_a_size_and_no_traffic),
		cmocka_unit_test(what_is_beyond_the_limits_is_summed),
		cmocka_unit_test(python_queues_and_pipes_are_told_by_threads_and_semaphores),
		cmocka_unit_test(a_pool_has_one_pipe_each_way),
		cmocka_unit_test(what_is_named_needs_no_guess),
		cmocka_unit_test(a_listener_tells_what_connections_to_it_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
