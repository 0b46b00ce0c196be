/* SPDX-License-Identifier: MIT */
/*
 * The trace writer, fed by hand as the model would. What it wrote is judged by
 * tests/trace-check.py; tests/e2e/110-trace.sh has Perfetto's own importer judge.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "make_trace.h"

/* What a command prints, on both streams; its status goes to @status. */
static char *output_of(const char *command, int *status)
{
	struct strbuf sb = { 0 };
	char buf[4096];
	FILE *f = popen(command, "r");
	size_t n;

	assert_non_null(f);
	while ((n = fread(buf, 1, sizeof(buf), f)))
		strbuf_add(&sb, buf, n);
	*status = pclose(f);
	return strbuf_take(&sb);
}

/* Every event as a line, and the summary; the trace must be without fault. */
static char *dump(void)
{
	char command[256];
	int status;
	char *text;

	if (system("python3 -c 0 2>/dev/null"))
		skip();
	snprintf(command, sizeof(command), "python3 tests/trace-check.py --dump %s 2>&1", path);
	text = output_of(command, &status);
	if (status)
		fail_msg("%s", text);
	return text;
}

static void assert_says(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("'%s' is not in\n%s", what, text);
}

static void a_wait_is_a_slice_with_its_cause_and_holder(void **state)
{
	struct span s = { .task = &clerk,
			  .start_ns = BEGIN_NS + 100,
			  .end_ns = BEGIN_NS + 400,
			  .bucket = BUCKET_LOCK,
			  .name = "mutex",
			  .lock = &oven,
			  .object = oven.name,
			  .holder = &baker,
			  .waker_tid = baker.tid,
			  .waker = &baker,
			  .sysno = PAR_NO_SYSCALL };
	char *text;

	(void)state;
	open_trace();
	obs->span(obs->ctx, &s);
	close_trace("{\"schema\": 1}", 1000);
	text = dump();
	assert_says(text, "1005000000100"); /* in CLOCK_BOOTTIME */
	assert_says(text, "clerk begin mutex category='lock' bucket='lock' "
			  "object='mutex 0x1000' holder='baker (100)' waker='baker (100)' "
			  "address='0x1000' lock='mutex 0x1000'");
	assert_says(text, "slices=1 ");
	free(text);
}

static void a_wait_for_another_process_names_it(void **state)
{
	struct peer redis = { .pid = 77, .name = "redis-server" };
	struct span s = { .task = &clerk,
			  .start_ns = BEGIN_NS + 100,
			  .end_ns = BEGIN_NS + 400,
			  .bucket = BUCKET_IPC,
			  .name = "read unix:[5] from redis-server (77)",
			  .object = "unix:[5]",
			  .peer = &redis,
			  .waker_tid = 78,
			  .sysno = PAR_NO_SYSCALL };
	char *text;

	(void)state;
	open_trace();
	obs->span(obs->ctx, &s);
	/* Out of an interrupt that came to somebody. */
	s.start_ns = BEGIN_NS + 500;
	s.end_ns = BEGIN_NS + 600;
	s.bucket = BUCKET_NETWORK;
	s.name = "read tcp 10.0.0.1:80";
	s.object = "tcp 10.0.0.1:80";
	s.peer = NULL;
	obs->span(obs->ctx, &s);
	/* By somebody who lives outside of this pid namespace, and has no number. */
	s.start_ns = BEGIN_NS + 700;
	s.end_ns = BEGIN_NS + 800;
	s.bucket = BUCKET_IPC;
	s.name = "read pipe:[6]";
	s.object = "pipe:[6]";
	s.waker_tid = PAR_TID_OUTSIDE;
	obs->span(obs->ctx, &s);
	close_trace("{\"schema\": 1}", 1000);
	text = dump();
	assert_says(text, "object='unix:[5]' peer='redis-server (77)' waker='(78)'\n");
	assert_says(text, "object='tcp 10.0.0.1:80'\n");
	assert_says(text, "object='pipe:[6]'\n");
	free(text);
}

static void time_on_a_cpu_is_no_slice_but_counts(void **state)
{
	char *text;

	(void)state;
	open_trace();
	span(&baker, 0, 20000000, BUCKET_CPU_USER, NULL);
	span(&clerk, 0, 5000000, BUCKET_RUN_QUEUE, NULL);
	close_trace("{\"schema\": 1}", 20000000);
	text = dump();
	assert_says(text, "1005000000000 CPUs in use count 1.0");
	assert_says(text, "1005000000000 runnable threads count 1.5");
	assert_says(text, "1005010000000 runnable threads count 1.0");
	assert_says(text, "slices=0 ");
	free(text);
}

static void a_wakeup_by_a_traced_thread_is_a_flow(void **state)
{
	char *text;

	(void)state;
	open_trace();
	cpu(0, 0, MODEL_UNTRACED, 100, 0);
	wake(&clerk, 300, 100, 0, 1, 500);
	span(&clerk, 100, 300, BUCKET_SYNC, "join");
	cpu(500, 1, 0, 101, 0);
	cpu(900, 0, 100, MODEL_UNTRACED, 1);
	close_trace("{\"schema\": 1}", 1000);
	text = dump();
	assert_says(text, "1005000000300 baker instant wakes");
	assert_says(text, "1005000000500 clerk instant woken");
	assert_says(text, "cpu0 compact waking None 101");
	assert_says(text, "flows=1 ");
	free(text);
}

static void a_flow_ends_after_it_begins(void **state)
{
	char *text;

	(void)state;
	open_trace();
	cpu(0, 0, MODEL_UNTRACED, 100, 0);
	cpu(300, 1, 0, 101, 0);
	wake(&clerk, 300, 100, 0, 1, 300);
	close_trace("{\"schema\": 1}", 1000);
	text = dump();
	assert_says(text, "1005000000300 baker instant wakes");
	assert_says(text, "1005000000301 clerk instant woken");
	free(text);
}

static void a_wakeup_by_a_stranger_names_him_but_is_no_flow(void **state)
{
	char *text;

	(void)state;
	open_trace();
	cpu(0, 0, 0, MODEL_UNTRACED, 0);
	obs->bystander(obs->ctx, 77, 70, "courier");
	wake(&clerk, 300, 77, 0, 1, 500);
	wake(&baker, 400, 0, 1, 1, 600);
	close_trace("{\"schema\": 1}", 1000);
	text = dump();
	assert_says(text, "cpu0 waking 77 101");
	assert_says(text, "cpu1 waking 0 100");
	assert_says(text, "flows=0 ");
	free(text);
}

static void untraced_time_belongs_to_a_stand_in_per_cpu(void **state)
{
	char *text;

	(void)state;
	open_trace();
	cpu(0, 0, MODEL_UNTRACED, 100, 0);
	cpu(0, 1, MODEL_UNTRACED, 101, 0);
	cpu(100, 0, 100, MODEL_UNTRACED, 2);
	cpu(110, 1, 101, MODEL_UNTRACED, 256);
	close_trace("{\"schema\": 1}", 1000);
	text = dump();
	assert_says(text, "cpu0 switch 2147483647 100 0");
	assert_says(text, "cpu1 switch 2147483646 101 0");
	assert_says(text, "cpu0 compact switch None 2147483647 2");
	assert_says(text, "cpu1 compact switch None 2147483646 256");
	free(text);
}

static void the_verdict_is_a_track_with_its_evidence_below(void **state)
{
	const struct trace_note notes[] = {
		{ "gil-bound", "0.74 of the time" },
		{ NULL, "use processes" },
	};
	char *text;

	(void)state;
	open_trace();
	obs->end(obs->ctx, BEGIN_NS + 1000);
	trace_writer_verdict(tw, "processes fit", notes, 2);
	trace_writer_free(tw);
	assert_int_equal(recording_put_facts(&rec, "{}", true), 0);
	assert_int_equal(recording_close(&rec), 0);
	text = dump();
	assert_says(text, "1005000000000 partrace verdict begin processes fit");
	assert_says(text, "1005000000000 partrace verdict begin gil-bound: 0.74 of the time");
	assert_says(text, "1005000000000 partrace verdict begin use processes");
	assert_says(text, "1005000001000 partrace verdict end");
	free(text);
}

static void memory_is_a_counter_of_the_process(void **state)
{
	char *text;

	(void)state;
	open_trace();
	obs->memory(obs->ctx, BEGIN_NS + 100, &shop);
	obs->memory(obs->ctx, BEGIN_NS + 200, &shop);
	shop.rss_bytes = 8192;
	obs->memory(obs->ctx, BEGIN_NS + 300, &shop);
	close_trace("{\"schema\": 1}", 1000);
	text = dump();
	assert_says(text, "1005000000100 RSS count 4096");
	assert_says(text, "1005000000300 RSS count 8192");
	assert_null(strstr(text, "1005000000200"));
	free(text);
}

static void a_thread_id_may_come_again(void **state)
{
	struct task again = { .tid = 101,
			      .index = 2,
			      .process = &shop,
			      .name = "clerk2",
			      .start_ns = BEGIN_NS + 600 };
	char *text;

	(void)state;
	open_trace();
	cpu(0, 0, MODEL_UNTRACED, 101, 0);
	span(&clerk, 100, 200, BUCKET_SLEEP, "nap");
	cpu(500, 0, 101, 0, 16);
	clerk.end_ns = BEGIN_NS + 500;
	obs->task_end(obs->ctx, &clerk);
	obs->task(obs->ctx, &again);
	cpu(650, 0, 0, 101, 0);
	cpu(700, 0, 101, 0, 1);
	span(&again, 700, 800, BUCKET_SLEEP, "nap");
	close_trace("{\"schema\": 1}", 1000);
	text = dump();
	assert_says(text, "1005000000100 clerk begin nap");
	assert_says(text, "1005000000700 clerk2 begin nap");
	assert_says(text, "frees=1 ");
	free(text);
}

/* What a wait's slice says is remembered, but not longer than it holds. */
static void a_wait_is_told_anew_when_somebody_got_another_name(void **state)
{
	struct span s = { .task = &clerk,
			  .bucket = BUCKET_LOCK,
			  .name = "mutex",
			  .object = "mutex 0x1000",
			  .sysno = PAR_NO_SYSCALL,
			  .lock = &oven,
			  .holder = &baker,
			  .waker = &baker,
			  .waker_tid = 100 };
	char *text;

	(void)state;
	open_trace();
	for (uint64_t at = 100; at <= 400; at += 100) {
		s.start_ns = BEGIN_NS + at;
		s.end_ns = s.start_ns + 50;
		if (at == 300) {
			strcpy(baker.name, "chef");
			obs->task(obs->ctx, &baker);
		}
		obs->span(obs->ctx, &s);
	}
	close_trace("{\"schema\": 1}", 1000);
	text = dump();
	assert_says(text, "1005000000200 clerk begin mutex category='lock' bucket='lock' "
			  "object='mutex 0x1000' holder='baker (100)' waker='baker (100)'");
	assert_says(text, "1005000000300 clerk begin mutex category='lock' bucket='lock' "
			  "object='mutex 0x1000' holder='chef (100)' waker='chef (100)'");
	assert_says(text, "1005000000400 clerk begin mutex category='lock' bucket='lock' "
			  "object='mutex 0x1000' holder='chef (100)' waker='chef (100)'");
	free(text);
}

static void names_may_change(void **state)
{
	char *text;

	(void)state;
	open_trace();
	cpu(0, 0, MODEL_UNTRACED, 101, 0);
	cpu(100, 0, 101, 0, 1);
	strcpy(clerk.name, "manager");
	strcpy(shop.name, "store");
	obs->process(obs->ctx, &shop);
	obs->task(obs->ctx, &clerk);
	cpu(200, 0, 0, 101, 0);
	span(&clerk, 100, 200, BUCKET_SLEEP, "nap");
	close_trace("{\"schema\": 1}", 1000);
	text = dump();
	assert_says(text, "manager begin nap");
	assert_says(text, "processes=2 threads=3 ");
	free(text);
}

static void names_that_are_no_text_do_no_harm(void **state)
{
	char *text;

	(void)state;
	strcpy(clerk.name, "\xff\xfe\n\"");
	strcpy(baker.name, "");
	shop.name[0] = 0;
	shop.command = NULL;
	open_trace();
	span(&clerk, 100, 200, BUCKET_DISK, "read \xc3(");
	close_trace("{\"schema\": 1}", 1000);
	text = dump();
	assert_says(text, "slices=1 ");
	free(text);
}

/* More names than are remembered, and names that are too long to be. */
static void any_number_of_names_can_be_told(void **state)
{
	char name[400], want[64];
	char *text;

	(void)state;
	open_trace();
	for (unsigned int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "read file-%u", i);
		span(i & 1 ? &baker : &clerk, i * 10, i * 10 + 5, BUCKET_DISK, name);
	}
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	span(&baker, 200000, 200005, BUCKET_DISK, name);
	close_trace("{\"schema\": 1}", 300000);
	text = dump();
	for (unsigned int i = 0; i < 10000; i += 1111) {
		snprintf(want, sizeof(want), "begin read file-%u category='disk'", i);
		assert_says(text, want);
	}
	assert_says(text, name);
	assert_says(text, "slices=10001 ");
	free(text);
}

/* Between threads no order is promised, and a wake-up may be told after what followed it. */
static void events_may_be_told_late(void **state)
{
	char *text;

	(void)state;
	open_trace();
	span(&baker, 500, 600, BUCKET_SLEEP, "later");
	wake(&clerk, 400, 100, 0, 0, 700);
	span(&clerk, 100, 400, BUCKET_SYNC, "join");
	span(&clerk, 800, 900, BUCKET_SYNC, "join");
	close_trace("{\"schema\": 1}", 1000);
	text = dump();
	assert_says(text, "1005000000400 baker instant wakes");
	assert_says(text, "1005000000700 clerk instant woken");
	assert_says(text, "1005000000500 baker begin later");
	free(text);
}

/*
 * Two threads hand a token to each other on one CPU, two thousand times per flush: in so
 * few chunks that all are compressed, however busy the machine. Design: at most 24 bytes
 * in the file per scheduling cycle.
 */
static void a_scheduling_cycle_takes_few_bytes(void **state)
{
	const unsigned int cycles = 10000;
	struct task *ran[2] = { &baker, &clerk };
	uint64_t now = 1000, out[2] = { 0, 0 }, seed = 1;
	struct stat st;
	char *text;

	(void)state;
	open_trace();
	cpu(0, 0, MODEL_UNTRACED, 101, 0);
	for (unsigned int i = 0; i < cycles; i++) {
		struct task *next = ran[i & 1], *prev = ran[~i & 1];
		uint64_t wake_at, jitter;

		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		jitter = (seed >> 33) % 1000;
		wake_at = now + 800 + jitter;
		now = wake_at + 300 + (seed >> 50) % 500;
		cpu(now, 0, prev->tid, next->tid, 1);
		wake(next, wake_at, prev->tid, 0, 0, now);
		span(next, out[i & 1], wake_at, BUCKET_IPC, "read pipe:[4711]");
		span(next, wake_at, now, BUCKET_RUN_QUEUE, NULL);
		out[~i & 1] = now;
		if (i % 2000 == 1999)
			assert_int_equal(trace_writer_flush(tw), 0);
	}
	close_trace("{\"schema\": 1}", now + 1000);
	assert_int_equal(stat(path, &st), 0);
	print_message("%.1f bytes per cycle\n", (double)st.st_size / cycles);
	assert_in_range(st.st_size / cycles, 1, 24);
	text = dump();
	assert_says(text, "switches=10001 wakings=10000 slices=10000 instants=20000 ");
	free(text);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_wait_is_a_slice_with_its_cause_and_holder),
		T(a_wait_for_another_process_names_it),
		T(time_on_a_cpu_is_no_slice_but_counts),
		T(a_wakeup_by_a_traced_thread_is_a_flow),
		T(a_flow_ends_after_it_begins),
		T(a_wakeup_by_a_stranger_names_him_but_is_no_flow),
		T(untraced_time_belongs_to_a_stand_in_per_cpu),
		T(the_verdict_is_a_track_with_its_evidence_below),
		T(memory_is_a_counter_of_the_process),
		T(a_thread_id_may_come_again),
		T(a_wait_is_told_anew_when_somebody_got_another_name),
		T(names_may_change),
		T(names_that_are_no_text_do_no_harm),
		T(any_number_of_names_can_be_told),
		T(events_may_be_told_late),
		T(a_scheduling_cycle_takes_few_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
