// SPDX-License-Identifier: MIT
#include "story.h"

#include <sys/syscall.h>

#include "model/lock_table.h"

#define MS 1000000ULL

/* Two threads of one process; the first runs on CPU 0, the second sleeps. */
#define TWO_THREADS                                                \
	"100ms begin\n"                                            \
	"100ms task tid=10 pid=10 ppid=1 comm=app running cpu=0\n" \
	"100ms task tid=11 pid=10 ppid=1 comm=worker blocked cpu=1 state=S sys=nanosleep snapshot\n"

static const struct story_span *nth_span(const struct story *s, uint32_t tid, size_t nth)
{
	for (size_t i = 0; i < s->span_cnt; i++)
		if (s->spans[i].span.task->tid == tid && !nth--)
			return &s->spans[i];
	fail_msg("thread %u has no such span", tid);
	return NULL;
}

static struct lock *only_lock(struct story *s)
{
	assert_int_equal(s->m.locks.cnt, 1);
	return s->m.locks.entries[0].value;
}

static struct channel *only_channel(struct story *s)
{
	assert_int_equal(s->m.channels.cnt, 1);
	return s->m.channels.entries[0].value;
}

static void buckets_sum_to_the_lifetime_exactly(void **state)
{
	struct story s;

	(void)state;
	story_of(
		&s, TWO_THREADS
		"103ms cycle tid=11 pid=10 cpu=1 snapshot state=S wake=102ms sys=nanosleep\n"
		"106ms cycle tid=11 pid=10 cpu=1 out=104ms state=S wake=105ms sys=futex(0x1000,0x80,2) shape=mutex\n"
		"109ms cycle tid=11 pid=10 cpu=1 out=107ms preempted\n"
		"110ms open tid=10 pid=10 running cpu=0\n"
		"110ms open tid=11 pid=10 running cpu=1\n"
		"110ms end\n");
	assert_int_equal(story_ns(&s, 10, BUCKET_CPU_USER), 10 * MS);
	assert_int_equal(story_ns(&s, 11, BUCKET_SLEEP), 2 * MS);
	assert_int_equal(story_ns(&s, 11, BUCKET_LOCK), 1 * MS);
	assert_int_equal(story_ns(&s, 11, BUCKET_RUN_QUEUE), 4 * MS);
	assert_int_equal(story_ns(&s, 11, BUCKET_CPU_USER), 3 * MS);
	assert_int_equal(s.m.resync_cnt, 0);
	story_release(&s);
}

static void a_thread_that_never_switches_is_accounted_all_the_same(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS
		 "100ms task tid=12 pid=10 comm=queued ready cpu=1\n"
		 "110ms open tid=10 pid=10 running cpu=0\n"
		 "110ms open tid=11 pid=10 blocked cpu=1 snapshot state=S sys=nanosleep\n"
		 "110ms open tid=12 pid=10 ready cpu=1 snapshot\n"
		 "110ms end\n");
	assert_int_equal(story_ns(&s, 10, BUCKET_CPU_USER), 10 * MS);
	assert_int_equal(story_ns(&s, 11, BUCKET_SLEEP), 10 * MS);
	assert_int_equal(story_ns(&s, 12, BUCKET_RUN_QUEUE), 10 * MS);
	assert_int_equal(s.m.resync_cnt, 0);
	for (size_t i = 0; i < s.span_cnt; i++)
		assert_true(s.spans[i].span.is_open);
	story_release(&s);
}

static void the_end_of_a_wait_and_its_waker_are_told(void **state)
{
	struct story s;

	(void)state;
	story_of(
		&s, TWO_THREADS
		"105ms cycle tid=11 pid=10 cpu=1 out=101ms state=S wake=104ms waker=10@0 same-futex "
		"sys=futex(0x1000,0x80,2) shape=mutex owner=10\n"
		"110ms open tid=10 pid=10 running cpu=0\n"
		"110ms open tid=11 pid=10 running cpu=1\n"
		"110ms end\n");
	assert_int_equal(s.wakeup_cnt, 1);
	assert_int_equal(s.wakeups[0].ts_ns, 104 * MS);
	assert_int_equal(s.wakeups[0].run_ns, 105 * MS);
	assert_int_equal(s.wakeups[0].waker_tid, 10);
	assert_int_equal(s.wakeups[0].waker_cpu, 0);
	assert_int_equal(s.wakeups[0].target_cpu, 1);
	story_release(&s);
}

/* Its coming was never seen, nor how it left: all that is known is that it runs now. */
static void a_lost_record_resyncs(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS
		 "102ms cycle tid=11 pid=10 cpu=1 snapshot state=S wake=101ms sys=nanosleep\n"
		 "104ms cycle tid=11 pid=10 cpu=1 snapshot\n"
		 "105ms cycle tid=11 pid=10 cpu=1 out=104.5ms preempted\n"
		 "110ms open tid=10 pid=10 running cpu=0\n"
		 "110ms open tid=11 pid=10 running cpu=1\n"
		 "110ms end\n");
	assert_int_equal(s.m.resync_cnt, 1);
	assert_int_equal(story_ns(&s, 11, BUCKET_RUN_QUEUE), 1.5 * MS);
	assert_int_equal(story_ns(&s, 11, BUCKET_CPU_USER), 7.5 * MS);
	story_release(&s);
}

/* It ran for a millisecond only, so what it did before that is anybody's guess. */
static void what_a_lost_record_leaves_unknown_is_called_so(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS
		 "108ms cycle tid=10 pid=10 cpu=0 ran=1ms out=105ms state=S wake=107ms sys=read(3) "
		 "file=pipe:7\n"
		 "110ms open tid=10 pid=10 running cpu=0\n"
		 "110ms open tid=11 pid=10 blocked\n"
		 "110ms end\n");
	assert_int_equal(story_ns(&s, 10, BUCKET_OTHER), 4 * MS);
	assert_int_equal(story_ns(&s, 10, BUCKET_IPC), 2 * MS);
	assert_int_equal(story_ns(&s, 10, BUCKET_RUN_QUEUE), 1 * MS);
	assert_int_equal(story_ns(&s, 10, BUCKET_CPU_USER), 3 * MS);
	assert_int_equal(s.m.resync_cnt, 1);
	story_release(&s);
}

/* Some kernels hide a switch now and then: how long it ran tells when it came. */
static void a_coming_that_nobody_saw_ends_the_wait_from_before_the_attach(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS "108ms cycle tid=11 pid=10 cpu=1 ran=1ms out=105ms preempted\n"
				 "110ms open tid=10 pid=10 running cpu=0\n"
				 "110ms open tid=11 pid=10 running cpu=1\n"
				 "110ms end\n");
	assert_int_equal(story_ns(&s, 11, BUCKET_OTHER), 0);
	assert_int_equal(story_ns(&s, 11, BUCKET_CPU_USER), 3 * MS);
	assert_int_equal(story_ns(&s, 11, BUCKET_RUN_QUEUE), 3 * MS);
	assert_int_equal(s.m.resync_cnt, 0);
	story_release(&s);
}

static void a_thread_whose_birth_was_lost_lives_from_its_first_record(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS
		 "106ms cycle tid=12 pid=10 cpu=1 out=104ms new\n"
		 "110ms open tid=10 pid=10 running cpu=0\n"
		 "110ms open tid=11 pid=10 blocked cpu=1 snapshot state=S sys=nanosleep\n"
		 "110ms open tid=12 pid=10 running cpu=1\n"
		 "110ms end\n");
	assert_true(s.m.resync_cnt > 0);
	assert_int_equal(story_ns(&s, 12, BUCKET_CPU_USER), 4 * MS);
	story_release(&s);
}

static void a_thread_whose_death_was_lost_ends_with_the_recording(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS "110ms open tid=10 pid=10 running cpu=0\n"
				 "110ms end\n");
	assert_true(s.m.resync_cnt > 0);
	assert_int_equal(story_ns(&s, 11, BUCKET_SLEEP), 10 * MS);
	story_release(&s);
}

static void a_number_that_comes_again_is_another_thread(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS
		 "101ms fork tid=10 pid=10 child=12 childpid=12 comm=app\n"
		 "102ms cycle tid=12 pid=12 cpu=1 out=101ms new\n"
		 "103ms exit tid=12 pid=12 cpu=1 process code=256\n"
		 "104ms free tid=12 pid=12\n"
		 "105ms fork tid=10 pid=10 child=12 childpid=10 comm=app\n"
		 "106ms cycle tid=12 pid=10 cpu=1 out=105ms new\n"
		 "110ms open tid=10 pid=10 running cpu=0\n"
		 "110ms open tid=11 pid=10 blocked cpu=1 snapshot state=S sys=nanosleep\n"
		 "110ms open tid=12 pid=10 running cpu=1\n"
		 "110ms end\n");
	assert_int_equal(s.task_cnt, 4);
	assert_int_equal(story_nth(&s, 12, 0)->task->process->pid, 12);
	assert_int_equal(story_nth(&s, 12, 0)->time_ns[BUCKET_CPU_USER], 1 * MS);
	assert_int_equal(story_nth(&s, 12, 1)->task->process->pid, 10);
	assert_int_equal(story_nth(&s, 12, 1)->time_ns[BUCKET_CPU_USER], 4 * MS);
	assert_int_equal(s.m.resync_cnt, 0);
	story_release(&s);
}

static void a_newborn_waits_for_a_cpu_from_the_fork_on(void **state)
{
	struct story s;
	const struct process *p;

	(void)state;
	story_of(&s, TWO_THREADS
		 "100ms process pid=10 ppid=1 exe=/bin/app command=\"app -x\"\n"
		 "102ms fork tid=10 pid=10 child=12 childpid=12 comm=app\n"
		 "105ms cycle tid=12 pid=12 cpu=1 out=102ms new wake=102ms waker=10@0\n"
		 "109ms exit tid=12 pid=12 cpu=1 process code=256 utime=4ms\n"
		 "110ms open tid=10 pid=10 running cpu=0\n"
		 "110ms open tid=11 pid=10 blocked cpu=1 snapshot state=S sys=nanosleep\n"
		 "110ms end\n");
	p = story_nth(&s, 12, 0)->task->process;
	assert_int_equal(story_ns(&s, 12, BUCKET_RUN_QUEUE), 3 * MS);
	assert_int_equal(story_ns(&s, 12, BUCKET_CPU_USER), 4 * MS);
	assert_int_equal(story_nth(&s, 12, 0)->task->start_ns, 102 * MS);
	assert_int_equal(story_nth(&s, 12, 0)->task->end_ns, 109 * MS);
	assert_int_equal(story_nth(&s, 12, 0)->task->utime_ns, 4 * MS);
	assert_true(p->born && p->ended);
	assert_int_equal(p->ppid, 10);
	assert_int_equal(p->exit_code, 256);
	assert_string_equal(p->exe, "/bin/app");
	assert_false(story_nth(&s, 10, 0)->task->process->born);
	assert_int_equal(s.m.resync_cnt, 0);
	story_release(&s);
}

static void an_exec_is_a_new_program_in_the_same_process(void **state)
{
	const struct process *p;
	struct story s;

	(void)state;
	story_of(
		&s, TWO_THREADS
		"100ms runtime pid=10 name=cpython version=3.11 global-lock addr=0x5000 size=0x200\n"
		"103ms exec pid=10 old=10 comm=ls path=/bin/ls\n"
		"110ms open tid=10 pid=10 running cpu=0\n"
		"110ms open tid=11 pid=10 blocked cpu=1 snapshot state=S sys=nanosleep\n"
		"110ms end\n");
	p = story_nth(&s, 10, 0)->task->process;
	assert_string_equal(p->name, "ls");
	assert_string_equal(p->exe, "/bin/ls");
	assert_string_equal(p->runtime, "");
	assert_false(p->global_lock);
	assert_int_equal(p->exec_ns, 103 * MS);
	assert_int_equal(s.m.process_cnt, 1);
	story_release(&s);
}

/* Thread 11 calls exec: all others die, and it goes on under the number 10. */
static void the_thread_that_calls_exec_takes_the_processs_number(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS
		 "102ms cycle tid=11 pid=10 cpu=1 snapshot state=S wake=101ms sys=nanosleep\n"
		 "103ms exit tid=10 pid=10 cpu=0\n"
		 "104ms exec pid=10 old=11 comm=ls path=/bin/ls cpu=1\n"
		 "110ms open tid=10 pid=10 running cpu=1\n"
		 "110ms end\n");
	assert_int_equal(s.task_cnt, 3);
	assert_int_equal(story_nth(&s, 11, 0)->task->end_ns, 104 * MS);
	assert_int_equal(story_nth(&s, 10, 0)->time_ns[BUCKET_CPU_USER], 3 * MS);
	assert_int_equal(story_nth(&s, 10, 1)->time_ns[BUCKET_CPU_USER], 6 * MS);
	assert_int_equal(s.m.process_cnt, 1);
	assert_int_equal(s.m.resync_cnt, 0);
	story_release(&s);
}

static void names_follow_the_thread(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS
		 "101ms rename tid=11 pid=10 comm=pool-1\n"
		 "101ms rename tid=10 pid=10 comm=main\n"
		 "105ms exit tid=11 pid=10 code=0 cpu=1 comm=pool-2\n" /* not told before */
		 "110ms open tid=10 pid=10 running cpu=0\n"
		 "110ms end\n");
	assert_string_equal(story_nth(&s, 11, 0)->task->name, "pool-2");
	assert_string_equal(story_nth(&s, 10, 0)->task->process->name, "main");
	story_release(&s);
}

static void switches_and_moves_are_counted(void **state)
{
	const struct task *t;
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS
		 "102ms cycle tid=11 pid=10 cpu=1 snapshot state=S wake=101ms sys=nanosleep\n"
		 "104ms cycle tid=11 pid=10 cpu=1 outcpu=1 out=103ms preempted\n"
		 "106ms cycle tid=11 pid=10 cpu=0 outcpu=1 out=105ms preempted\n"
		 "108ms cycle tid=11 pid=10 cpu=0 out=107ms state=S wake=108ms sys=nanosleep\n"
		 "110ms open tid=10 pid=10 ready cpu=0 out=105.5ms preempted\n"
		 "110ms open tid=11 pid=10 running cpu=0\n"
		 "110ms end\n");
	t = story_nth(&s, 11, 0)->task;
	assert_int_equal(t->voluntary, 2);
	assert_int_equal(t->involuntary, 2);
	assert_int_equal(t->migrations, 1);
	assert_int_equal(t->wakeups, 2);
	story_release(&s);
}

static void a_mutex_names_its_holder(void **state)
{
	const struct story_span *span;
	struct story s;
	struct lock *l;

	(void)state;
	story_of(
		&s, TWO_THREADS
		"102ms cycle tid=11 pid=10 cpu=1 snapshot state=S wake=102ms sys=nanosleep\n"
		"106ms cycle tid=11 pid=10 cpu=1 out=103ms state=S wake=105ms waker=10@0 same-futex "
		"sys=futex(0x1000,0x80,2) shape=mutex\n"
		"109ms cycle tid=11 pid=10 cpu=1 out=107ms state=S wake=108ms sys=futex(0x1000,0x80,2) shape=mutex "
		"owner=10\n"
		"110ms open tid=10 pid=10 running cpu=0\n"
		"110ms open tid=11 pid=10 running cpu=1\n"
		"110ms end\n");
	l = only_lock(&s);
	assert_int_equal(l->kind, LOCK_MUTEX);
	assert_int_equal(l->addr, 0x1000);
	assert_int_equal(l->waits, 2);
	assert_int_equal(l->wait_ns, 3 * MS);
	assert_int_equal(l->max_ns, 2 * MS);
	assert_int_equal(l->edge_cnt, 1);
	assert_int_equal(l->edges[0].waiter, 11);
	assert_int_equal(l->edges[0].holder, 10);
	assert_int_equal(l->edges[0].wait_ns, 3 * MS);
	span = nth_span(&s, 11, 2); /* after sleeping and running */
	assert_ptr_equal(span->span.lock, l);
	assert_int_equal(span->span.holder->tid, 10);
	assert_non_null(strstr(span->name, "app"));
	story_release(&s);
}

/* glibc's internal locks have something else behind the word. */
static void an_owner_that_is_no_sibling_is_not_believed(void **state)
{
	struct story s;

	(void)state;
	story_of(
		&s, TWO_THREADS
		"100ms task tid=20 pid=20 comm=other blocked state=S snapshot sys=nanosleep\n"
		"105ms cycle tid=11 pid=10 cpu=1 out=101ms state=S wake=104ms sys=futex(0x1000,0x80,2) shape=mutex "
		"owner=20\n"
		"107ms cycle tid=11 pid=10 cpu=1 out=106ms state=S wake=107ms sys=futex(0x1000,0x80,2) shape=mutex "
		"owner=11\n"
		"110ms open tid=10 pid=10 running cpu=0\n"
		"110ms open tid=11 pid=10 running cpu=1\n"
		"110ms open tid=20 pid=20 blocked state=S snapshot sys=nanosleep\n"
		"110ms end\n");
	assert_int_equal(only_lock(&s)->edge_cnt, 1);
	assert_int_equal(only_lock(&s)->edges[0].holder, 0);
	story_release(&s);
}

/* Woken by its own timer each 5 ms, it asks again: all of this is one wait for one holder. */
static void waits_for_the_gil_are_one_episode(void **state)
{
	struct story s;
	struct lock *l;

	(void)state;
	story_of(
		&s, TWO_THREADS
		"100ms runtime pid=10 name=cpython version=3.11 global-lock addr=0x5000 size=0x200\n"
		"102ms cycle tid=11 pid=10 cpu=1 snapshot state=S wake=102ms sys=nanosleep\n"
		"108ms cycle tid=11 pid=10 cpu=1 out=103ms state=S wake=108ms from-idle "
		"sys=futex(0x5040,0x89,0,0x7f00)\n"
		"113.01ms cycle tid=11 pid=10 cpu=1 out=108.01ms state=S wake=113.01ms from-idle "
		"sys=futex(0x5044,0x89,0,0x7f00)\n"
		"115.02ms cycle tid=11 pid=10 cpu=1 out=113.02ms state=S wake=115.02ms waker=10@0 "
		"same-futex sys=futex(0x5040,0x89,0,0x7f00)\n"
		"120ms open tid=10 pid=10 running cpu=0\n"
		"120ms open tid=11 pid=10 running cpu=1\n"
		"120ms end\n");
	assert_int_equal(story_ns(&s, 11, BUCKET_GIL), 12 * MS);
	l = only_lock(&s);
	assert_int_equal(l->kind, LOCK_GIL);
	assert_int_equal(l->wait_ns, 12 * MS);
	assert_int_equal(l->edge_cnt, 1);
	assert_int_equal(l->edges[0].waiter, 11);
	assert_int_equal(l->edges[0].holder, 10);
	assert_int_equal(l->edges[0].waits, 1);
	assert_int_equal(l->edges[0].wait_ns, 12 * MS);
	story_release(&s);
}

/* Compared one by one, these would take minutes. */
static void a_lock_of_a_thousand_threads_has_an_edge_per_pair(void **state)
{
	struct lock *l = xcalloc(1, sizeof(*l));
	uint64_t waits = 0, wait_ns = 0;

	(void)state;
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t waiter = 1; waiter <= 1000; waiter++)
			for (uint32_t holder = 1; holder <= 1000; holder++)
				lock_add_edge(l, waiter, holder, 5);
	assert_int_equal(l->edges[1].waiter, 1);
	assert_int_equal(l->edges[1].holder, 2);
	assert_int_equal(l->edges[1].waits, 2);
	assert_in_range(l->edge_cnt, 1000, 100000);
	assert_int_equal(l->edges[l->edge_cnt - 1].waiter, 0);
	assert_int_equal(l->edges[l->edge_cnt - 1].holder, 0);
	for (size_t i = 0; i < l->edge_cnt; i++) {
		waits += l->edges[i].waits;
		wait_ns += l->edges[i].wait_ns;
	}
	assert_int_equal(waits, 2000000);
	assert_int_equal(wait_ns, 10000000);
	lock_free(l);
}

static void both_ends_of_a_connection_are_one_channel(void **state)
{
	struct channel *c;
	struct story s;

	(void)state;
	story_of(
		&s, TWO_THREADS
		"100ms task tid=20 pid=20 comm=other running cpu=1\n"
		"105ms cycle tid=11 pid=10 cpu=0 out=101ms state=S wake=104ms sys=read(3) file=unix:7>8\n"
		"107ms cycle tid=20 pid=20 cpu=1 out=102ms state=S wake=107ms sys=write(3) file=unix:8>7\n"
		"109ms traffic pid=10 file=unix:7>8 read messages=4 bytes=400\n"
		"109ms traffic pid=20 file=unix:8>7 write messages=5 bytes=500\n"
		"109.5ms traffic pid=20 file=unix:8>7 write messages=1 bytes=100\n"
		"110ms open tid=10 pid=10 ready cpu=0 out=100.5ms preempted\n"
		"110ms open tid=11 pid=10 running cpu=0\n"
		"110ms open tid=20 pid=20 running cpu=1\n"
		"110ms end\n");
	c = only_channel(&s);
	assert_int_equal(c->read_wait_ns, 3 * MS);
	assert_int_equal(c->write_wait_ns, 5 * MS);
	assert_int_equal(channel_messages(c), 6);
	assert_int_equal(channel_bytes(c), 600);
	assert_int_equal(c->end_cnt, 2);
	assert_int_equal(c->ends[0]->pid, 10);
	assert_true(c->ends[0]->reads && !c->ends[0]->writes);
	assert_int_equal(c->ends[1]->pid, 20);
	assert_true(c->ends[1]->writes && !c->ends[1]->reads);
	story_release(&s);
}

/* Two workers of one server: what they have in common is the kind of what they can't tell. */
static void channels_that_cannot_be_told_apart_join_nobody(void **state)
{
	struct channel *c;
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS "101ms traffic pid=10 file=tcp read messages=5 bytes=50\n"
				 "101ms traffic pid=10 file=tcp write messages=4 bytes=40\n"
				 "101ms traffic pid=20 file=tcp read messages=7 bytes=70\n"
				 "120ms end\n");
	assert_int_equal(s.m.channels.cnt, 2);
	c = s.m.channels.entries[0].value;
	assert_string_equal(c->name, "tcp, many more of process 10");
	assert_int_equal(channel_messages(c), 9);
	assert_int_equal(c->end_cnt, 1);
	assert_int_equal(c->ends[0]->pid, 10);
	story_release(&s);
}

static void a_poll_that_lasts_its_time_out_is_sleep(void **state)
{
	struct story s;

	(void)state;
	story_of(
		&s, TWO_THREADS
		"102ms cycle tid=11 pid=10 cpu=1 snapshot state=S wake=102ms sys=nanosleep\n"
		"108ms cycle tid=11 pid=10 cpu=1 out=103ms state=S wake=108ms from-idle sys=epoll_wait(4) "
		"file=epoll:1 timeout=5ms\n"
		"112ms cycle tid=11 pid=10 cpu=1 out=109ms state=S wake=111ms sys=epoll_wait(4) "
		"file=epoll:1 timeout=5ms\n"
		"120ms open tid=10 pid=10 running cpu=0\n"
		"120ms open tid=11 pid=10 running cpu=1\n"
		"120ms end\n");
	assert_int_equal(story_ns(&s, 11, BUCKET_SLEEP), 7 * MS);
	assert_int_equal(story_ns(&s, 11, BUCKET_IDLE), 2 * MS);
	story_release(&s);
}

static void a_restarted_call_goes_on_as_what_it_was(void **state)
{
	struct story s;

	(void)state;
	story_of(
		&s, TWO_THREADS
		"102ms cycle tid=11 pid=10 cpu=1 snapshot state=S wake=102ms sys=nanosleep\n"
		"105ms cycle tid=11 pid=10 cpu=1 out=103ms state=S wake=105ms sys=poll(0x7f00,1) file=pipe:7\n"
		"108ms cycle tid=11 pid=10 cpu=1 out=106ms state=S wake=108ms sys=restart_syscall\n"
		"120ms open tid=10 pid=10 running cpu=0\n"
		"120ms open tid=11 pid=10 running cpu=1\n"
		"120ms end\n");
	assert_int_equal(story_ns(&s, 11, BUCKET_IPC), 4 * MS);
	story_release(&s);
}

static void a_wait_that_is_still_open_at_the_end_counts_up_to_it(void **state)
{
	const struct story_span *span;
	struct story s;

	(void)state;
	story_of(
		&s, TWO_THREADS
		"102ms cycle tid=11 pid=10 cpu=1 snapshot state=S wake=102ms sys=nanosleep\n"
		"110ms open tid=10 pid=10 running cpu=0\n"
		"110ms open tid=11 pid=10 blocked cpu=1 out=104ms state=S sys=read(3) file=pipe:7\n"
		"110ms end\n");
	assert_int_equal(story_ns(&s, 11, BUCKET_CPU_USER), 2 * MS);
	assert_int_equal(story_ns(&s, 11, BUCKET_IPC), 6 * MS);
	span = nth_span(&s, 11, 2);
	assert_true(span->span.is_open);
	assert_string_equal(span->name, "read pipe:[7]");
	assert_int_equal(span->span.sysno, SYS_read);
	assert_int_equal(s.m.resync_cnt, 0);
	story_release(&s);
}

static void woken_but_not_yet_run_at_the_end(void **state)
{
	struct story s;

	(void)state;
	story_of(
		&s, TWO_THREADS
		"102ms cycle tid=11 pid=10 cpu=1 snapshot state=S wake=102ms sys=nanosleep\n"
		"110ms open tid=10 pid=10 running cpu=0\n"
		"110ms open tid=11 pid=10 ready cpu=1 out=104ms state=S wake=109ms waker=10@0 sys=read(3) "
		"file=pipe:7\n"
		"110ms end\n");
	assert_int_equal(story_ns(&s, 11, BUCKET_SYNC), 5 * MS);
	assert_int_equal(story_ns(&s, 11, BUCKET_RUN_QUEUE), 1 * MS);
	assert_int_equal(s.wakeup_cnt, 2);
	assert_true(s.wakeups[1].run_ns == UINT64_MAX);
	story_release(&s);
}

static void counters_grow_by_what_each_event_adds(void **state)
{
	struct syscall_count *c;
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS
		 "101ms syscalls sys=futex calls=5 errors=1 wakes=2\n"
		 "102ms syscalls sys=futex calls=5 wakes=1\n"
		 "104ms lost ring=3 state=1\n"
		 "105ms lost ring=4 state=1\n"
		 "110ms open tid=10 pid=10 running cpu=0\n"
		 "110ms open tid=11 pid=10 blocked cpu=1 snapshot state=S sys=nanosleep\n"
		 "110ms end\n");
	c = htab_find(&s.m.syscalls, SYS_futex, 0);
	assert_non_null(c);
	assert_int_equal(c->calls, 10);
	assert_int_equal(c->errors, 1);
	assert_int_equal(c->wakes, 3);
	c = htab_find(&s.m.syscalls, SYS_nanosleep, 0);
	assert_non_null(c);
	assert_int_equal(c->blocked_ns, 10 * MS);
	assert_int_equal(s.m.lost_ring, 4);
	assert_int_equal(s.m.lost_state, 1);
	story_release(&s);
}

static void cpu_is(const struct story *s, size_t i, uint64_t ts_ns, uint32_t prev, uint32_t next)
{
	assert_true(i < s->switch_cnt);
	assert_int_equal(s->switches[i].ts_ns, ts_ns);
	assert_int_equal(s->switches[i].prev_tid, prev);
	assert_int_equal(s->switches[i].next_tid, next);
}

static void cpu_switches_are_continuous_on_each_cpu(void **state)
{
	struct story s;

	(void)state;
	/* 10 is on CPU 0 from the begin; others come, then idle, then it is back. */
	story_of(&s, TWO_THREADS
		 "104ms cycle tid=10 pid=10 cpu=0 out=101ms preempted gap=101ms:10:R+>99<99\n"
		 "107ms cycle tid=10 pid=10 cpu=0 out=105ms state=S wake=107ms sys=nanosleep "
		 "gap=105ms:10:S>0<0\n"
		 "109ms cycle tid=10 pid=10 cpu=0 out=108ms state=S wake=109ms sys=nanosleep "
		 "gap=108ms:10:S>98<99\n"
		 "110ms open tid=10 pid=10 running cpu=0\n"
		 "110ms open tid=11 pid=10 blocked cpu=1 snapshot state=S sys=nanosleep\n"
		 "110ms end\n");
	assert_int_equal(s.switch_cnt, 7);
	cpu_is(&s, 0, 100 * MS, MODEL_UNTRACED, 10);
	cpu_is(&s, 1, 101 * MS, 10, 99);
	cpu_is(&s, 2, 104 * MS, 99, 10);
	cpu_is(&s, 3, 105 * MS, 10, 0);
	cpu_is(&s, 4, 107 * MS, 0, 10);
	cpu_is(&s, 5, 108 * MS, 10, MODEL_UNTRACED); /* 98 came, 99 left: more than one */
	cpu_is(&s, 6, 109 * MS, MODEL_UNTRACED, 10);
	assert_int_equal(s.switches[1].prev_state, 256);
	assert_int_equal(s.switches[3].prev_state, 1);
	story_release(&s);
}

static void a_direct_switch_between_two_traced_threads_is_one_switch(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS
		 "102ms cycle tid=11 pid=10 cpu=0 snapshot state=S wake=101ms sys=nanosleep "
		 "gap=102ms:10:R+>11<10\n"
		 "104ms cycle tid=10 pid=10 cpu=0 out=102ms preempted gap=104ms:11:S>10<11\n"
		 "110ms gap cpu=0 gap=109ms:10:S>0\n"
		 "110ms open tid=10 pid=10 blocked cpu=0 out=109ms state=S sys=nanosleep\n"
		 "110ms open tid=11 pid=10 blocked cpu=0 out=104ms state=S sys=nanosleep\n"
		 "110ms end\n");
	assert_int_equal(s.switch_cnt, 4);
	cpu_is(&s, 0, 100 * MS, MODEL_UNTRACED, 10);
	cpu_is(&s, 1, 102 * MS, 10, 11);
	cpu_is(&s, 2, 104 * MS, 11, 10);
	cpu_is(&s, 3, 109 * MS, 10, 0);
	story_release(&s);
}

static void a_thread_that_runs_throughout_is_on_its_cpus_line(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, TWO_THREADS
		 "110ms open tid=10 pid=10 running cpu=0\n"
		 "110ms open tid=11 pid=10 blocked cpu=1 snapshot state=S sys=nanosleep\n"
		 "110ms end\n");
	assert_int_equal(s.switch_cnt, 1);
	cpu_is(&s, 0, 100 * MS, MODEL_UNTRACED, 10);
	story_release(&s);
}

static void a_recording_of_nothing_is_fine(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, "5ms begin\n5ms end\n");
	assert_int_equal(s.m.task_cnt, 0);
	story_release(&s);
	story_init(&s);
	story_release(&s);
}

static void records_of_strangers_do_no_harm(void **state)
{
	struct story s;

	(void)state;
	story_of(&s, "100ms begin\n"
		     "101ms exit tid=99 pid=99 process\n"
		     "101ms rename tid=99 pid=99 comm=x\n"
		     "101ms exec pid=99 old=99 comm=x path=/x\n"
		     "101ms free tid=99 pid=99\n"
		     "101ms process pid=99 ppid=1 exe=/x command=x\n"
		     "101ms runtime pid=99 name=cpython global-lock addr=1 size=2\n"
		     "101ms memory pid=99 rss=1\n"
		     "101ms gap cpu=3\n"
		     "101ms name tid=98 pid=98 comm=sshd\n"
		     "101ms listen port=80\n"
		     "101ms file id=7 name=/tmp/x\n"
		     "102ms open tid=97 pid=97 running\n"
		     "102ms end\n");
	story_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_sum_to_the_lifetime_exactly),
		cmocka_unit_test(a_thread_that_never_switches_is_accounted_all_the_same),
		cmocka_unit_test(the_end_of_a_wait_and_its_waker_are_told),
		cmocka_unit_test(a_lost_record_resyncs),
		cmocka_unit_test(what_a_lost_record_leaves_unknown_is_called_so),
		cmocka_unit_test(a_coming_that_nobody_saw_ends_the_wait_from_before_the_attach),
		cmocka_unit_test(a_thread_whose_birth_was_lost_lives_from_its_first_record),
		cmocka_unit_test(a_thread_whose_death_was_lost_ends_with_the_recording),
		cmocka_unit_test(a_number_that_comes_again_is_another_thread),
		cmocka_unit_test(a_newborn_waits_for_a_cpu_from_the_fork_on),
		cmocka_unit_test(an_exec_is_a_new_program_in_the_same_process),
		cmocka_unit_test(the_thread_that_calls_exec_takes_the_processs_number),
		cmocka_unit_test(names_follow_the_thread),
		cmocka_unit_test(switches_and_moves_are_counted),
		cmocka_unit_test(a_mutex_names_its_holder),
		cmocka_unit_test(an_owner_that_is_no_sibling_is_not_believed),
		cmocka_unit_test(waits_for_the_gil_are_one_episode),
		cmocka_unit_test(a_lock_of_a_thousand_threads_has_an_edge_per_pair),
		cmocka_unit_test(both_ends_of_a_connection_are_one_channel),
		cmocka_unit_test(channels_that_cannot_be_told_apart_join_nobody),
		cmocka_unit_test(a_poll_that_lasts_its_time_out_is_sleep),
		cmocka_unit_test(a_restarted_call_goes_on_as_what_it_was),
		cmocka_unit_test(a_wait_that_is_still_open_at_the_end_counts_up_to_it),
		cmocka_unit_test(woken_but_not_yet_run_at_the_end),
		cmocka_unit_test(counters_grow_by_what_each_event_adds),
		cmocka_unit_test(cpu_switches_are_continuous_on_each_cpu),
		cmocka_unit_test(a_direct_switch_between_two_traced_threads_is_one_switch),
		cmocka_unit_test(a_thread_that_runs_throughout_is_on_its_cpus_line),
		cmocka_unit_test(a_recording_of_nothing_is_fine),
		cmocka_unit_test(records_of_strangers_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
