// SPDX-License-Identifier: MIT
/* What a terminal gets: never wider than asked, never anything but text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "make_facts.h"
#include "output/report_text.h"
#include "output/report_wrap.h"
#include "verdict/verdict.h"

static char *report(struct facts *f, struct report_text_options options)
{
	struct strbuf out = { 0 };

	verdict_judge(f, &f->verdict);
	report_text_format(f, &options, &out);
	facts_release(f);
	if (getenv("SHOW"))
		puts(strbuf_str(&out));
	return strbuf_take(&out);
}

static size_t widest_line(const char *text)
{
	size_t widest = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		size_t columns = wrap_columns(text, len);

		widest = columns > widest ? columns : widest;
		text += len + (text[len] == '\n');
	}
	return widest;
}

static const struct report_text_options plain = { .width = 80, .trace = "partrace-100.pftrace" };

/* Every kind of wait, long names, losses: all that can make a line long. */
static struct facts crowded(void)
{
	struct facts f = recording(10000, 2);

	f.recording.command = xcalloc(1, sizeof(char *));
	f.recording.command[0] = xstrdup("/opt/a/very/long/path/to/some/program-with-a-long-name");
	f.recording.command_cnt = 1;
	f.recording.lost_ring = 12;
	f.recording.lost_wait_ns = 345 * NS_PER_MS;
	f.recording.passed_over = 88497;
	f.recording.unavailable = xcalloc(1, sizeof(char *));
	f.recording.unavailable[0] = xstrdup("throttled");
	f.recording.unavailable_cnt = 1;
	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(500), QUEUE(500), THROTTLED(500), GIL(500), LOCK(500),
	       KLOCK(500), SYNC(500), IPC(500), CHILD(500), DISK(500), NETWORK(500), MEMORY(500),
	       SLEEP(500), OTHER(500));
	for (uint32_t i = 1; i <= 30; i++) {
		char name[64];

		snprintf(name, sizeof(name), "a-role-with-quite-a-long-name-%u", i);
		thread(&f, 100 + i, 100, name, CPU(100 * i), IPC(1000));
	}
	edge(lock(&f, LOCK_MUTEX, "mutex 0x7fffffffffff of a-long-name (1234567)", 100, 9000), 101,
	     102, 9000);
	for (uint32_t i = 0; i < 5; i++)
		channel(&f, "unix", 100, 101, 1000000, 5000000000, 3000);
	return f;
}

static void no_line_is_wider_than_asked(void **state)
{
	static const unsigned int widths[] = { 72, 80, 100, 119, 120, 160 };

	(void)state;
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		struct facts f = crowded(), g = gil_facts();
		struct report_text_options o = { .width = widths[i],
						 .utf8 = i % 2,
						 .trace = "x.pftrace" };
		char *text = report(&f, o);
		char *other = report(&g, o);

		if (widest_line(text) > widths[i])
			fail_msg("wider than %u:\n%s", widths[i], text);
		if (widest_line(other) > widths[i])
			fail_msg("wider than %u:\n%s", widths[i], other);
		free(text);
		free(other);
	}
}

static void colours_only_when_asked(void **state)
{
	struct facts f = gil_facts(), g = gil_facts();
	struct report_text_options coloured = plain;
	char *without = report(&f, plain), *with;

	(void)state;
	coloured.color = true;
	with = report(&g, coloured);
	assert_null(strchr(without, '\033'));
	assert_non_null(strchr(with, '\033'));
	free(without);
	free(with);
}

static void ascii_only_unless_utf8_is_asked_for(void **state)
{
	struct facts f = crowded();
	char *text = report(&f, plain);

	(void)state;
	for (const char *c = text; *c; c++)
		assert_in_range((unsigned char)*c, '\n', '~');
	free(text);
}

static void the_verdict_comes_first_and_all_parts_are_there(void **state)
{
	static const char *const parts[] = {
		"Verdict   processes fit this workload better",
		"Expect    processes x2   1.95x the throughput (1.8-2.0), +31 MB per worker",
		"Time      thread",
		"worker x4",
		"Lock      GIL of python3",
		"Evidence  gil-bound",
		"Try       concurrent.futures",
		"Cost      partrace used 0.6 %",
		"Trace     partrace-100.pftrace"
	};
	struct facts f = gil_facts();
	const char *at;
	char *text;

	(void)state;
	replayed(&f, "processes", 2, 1.8, 1.95, 2.05);
	text = report(&f, plain);
	at = text;
	assert_int_equal(
		strncmp(text, "python3 (pid 100): 10.0 s, 1 process, 5 threads, 2 usable", 56), 0);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		at = strstr(at, parts[i]);
		if (!at)
			fail_msg("'%s' is missing, or out of order, in:\n%s", parts[i], text);
	}
	free(text);
}

static void a_prediction_is_one_line_and_its_basis_is_for_those_who_ask(void **state)
{
	struct facts f = gil_facts(), g = gil_facts();
	struct report_text_options verbose = plain;
	char *text, *more;

	(void)state;
	replayed(&f, "processes", 4, 1.73, 1.93, 2.08);
	replayed(&f, "workers", 1, 0.95, 1, 1.1);
	text = report(&f, plain);
	assert_non_null(strstr(text, "\nExpect    processes x4   1.93x the throughput (1.7-2.1), "
				     "+31 MB per worker\n"
				     "          1 worker       1.00x (0.95-1.10)\n"));
	verbose.is_verbose = true;
	replayed(&g, "processes", 4, 1.73, 1.93, 2.08);
	more = report(&g, verbose);
	assert_null(strstr(text, "replayed"));
	assert_non_null(strstr(more, "per worker\n                         replayed\n"));
	free(text);
	free(more);
}

static void changes_not_predicted_for_one_reason_share_a_line(void **state)
{
	struct facts f = gil_facts();
	char *text;

	(void)state;
	replayed(&f, "processes", 4, 0, 0, 0);
	replayed(&f, "threads", 4, 0, 0, 0);
	replayed(&f, "async", 4, 0.9, 1, 1.1);
	text = report(&f, plain);
	assert_non_null(strstr(text, "\nExpect    async                1.00x the throughput "
				     "(0.90-1.10)\n"
				     "          processes, threads   not predicted: it can't be "
				     "seen\n"));
	free(text);
}

static void columns_that_are_nothing_are_left_out(void **state)
{
	struct facts f = gil_facts();
	char *text = report(&f, plain);
	const char *head = strstr(text, "Time ");

	(void)state;
	assert_null(strstr(head, " disk"));
	assert_null(strstr(head, " klock"));
	assert_non_null(strstr(head, "CPU queue   GIL"));
	assert_non_null(strstr(head, "25 %   4 %  72 %") ? head : strstr(head, "24 %   4 %  72 %"));
	free(text);
}

static void columns_that_do_not_fit_are_summed(void **state)
{
	struct facts f = crowded();
	char *text = report(&f, plain);

	(void)state;
	assert_non_null(strstr(text, "  rest\n"));
	assert_non_null(strstr(text, "19 more\n"));
	free(text);
}

static void losses_and_missing_buckets_are_named(void **state)
{
	struct facts f = crowded();
	char *text = report(&f, plain);

	(void)state;
	assert_non_null(strstr(text, "Lost      12 records"));
	assert_non_null(strstr(text, "Missing   not measured here: throttled"));
	free(text);
}

static void what_happened_to_the_machine_is_noted(void **state)
{
	struct facts f = gil_facts();
	char *text;

	(void)state;
	f.recording.suspended_ns = 20 * NS_PER_S;
	f.recording.clock_step_ns = -3 * (int64_t)NS_PER_S;
	f.recording.cpus_online_end = 1;
	text = report(&f, plain);
	assert_non_null(strstr(text, "suspended for 20.0 s"));
	assert_non_null(strstr(text, "set back by 3.0 s"));
	assert_non_null(strstr(text, "2 were online at the start, 1 at the end"));
	free(text);
}

static void connections_that_are_alike_share_a_line(void **state)
{
	struct facts f = recording(10000, 2);
	char *text;

	(void)state;
	process(&f, 100, 1, "client");
	thread(&f, 100, 100, "main", CPU(1000), IPC(9000));
	for (uint32_t i = 0; i < 20; i++)
		channel(&f, "tcp", 100, 0, 100, 5000, 400);
	channel(&f, "pipe", 100, 0, 2000, 5000, 400);
	text = report(&f, plain);
	assert_non_null(strstr(text, "client 100 -> outside, 20 of them\n"));
	assert_non_null(strstr(text, "2,000  100 kB    8.0 s"));
	assert_non_null(strstr(text, "client 100 -> outside       pipe"));
	free(text);
}

static void pools_made_anew_are_told_by_what_they_are(void **state)
{
	struct facts f = recording(10000, 2);
	char *text;

	(void)state;
	process(&f, 100, 1, "app");
	thread(&f, 100, 100, "main", CPU(1000), IPC(9000));
	for (uint32_t i = 1; i <= 7; i++) {
		process(&f, 100 + i, 100, "app");
		thread(&f, 100 + i, 100 + i, "worker", CPU(1000), IPC(9000));
		channel(&f, "pipe", 100, 100 + i, 100, 5000, 4000);
	}
	text = report(&f, plain);
	assert_non_null(strstr(text, "app -> worker, 7 of them"));
	free(text);
}

static void time_without_the_gil_is_told_per_role(void **state)
{
	struct facts f = recording(10000, 2);
	char *text;

	(void)state;
	python(&f, 100);
	for (uint32_t i = 1; i <= 2; i++) {
		thread(&f, 100 + i, 100, "packer", CPU(4000));
		f.threads[f.thread_cnt - 1].watched_ns = 4000 * NS_PER_MS;
		f.threads[f.thread_cnt - 1].released_ns = 3880 * NS_PER_MS;
	}
	thread(&f, 103, 100, "parser", CPU(2000));
	f.threads[2].watched_ns = 500 * NS_PER_MS;
	f.threads[2].released_ns = 2 * NS_PER_MS;
	thread(&f, 104, 100, "native", CPU(2000));
	thread(&f, 105, 100, "idler", CPU(30));
	f.threads[4].watched_ns = 30 * NS_PER_MS;
	text = report(&f, plain);
	assert_non_null(strstr(text, "packer x2: 97 % of their CPU time had the GIL released\n"));
	assert_non_null(
		strstr(text, "parser: 0.4 % of its CPU time had the GIL released (a sample"));
	assert_null(strstr(text, "native:"));
	assert_null(strstr(text, "idler:"));
	assert_null(strstr(text, "switched back"));
	free(text);
}

static void a_gil_that_was_switched_back_on_is_noted(void **state)
{
	struct facts f = recording(10000, 2);
	char *text;

	(void)state;
	python(&f, 100);
	f.processes[0].free_threaded = true;
	thread(&f, 101, 100, "worker", CPU(4000));
	text = report(&f, plain);
	assert_non_null(strstr(text, "(100) is a free-threaded build, but its GIL has been"));
	free(text);
}

static void a_truncated_recording_says_so_on_top(void **state)
{
	struct facts f = gil_facts();
	char *text;

	(void)state;
	f.recording.is_complete = false;
	text = report(&f, plain);
	assert_int_equal(strncmp(text, "truncated recording", 19), 0);
	free(text);
}

/* A process may call itself anything. */
static void names_cannot_write_on_the_terminal(void **state)
{
	struct facts f = recording(5000, 2);
	char *text;

	(void)state;
	process(&f, 100, 1,
		"\033[2J\x9b"
		"evil\xc2\x9b\n\xff");
	thread(&f, 100, 100, "\033]0;title\a", CPU(4000));
	edge(lock(&f, LOCK_MUTEX, "\033[31m", 100, 4000), 100, 100, 4000);
	text = report(&f, (struct report_text_options){ .width = 80, .utf8 = true });
	for (const char *c = text; *c; c++)
		assert_true(*c == '\n' || ((unsigned char)*c >= 0x20 && *c != 0x7f));
	assert_null(strstr(text, "\xc2\x9b"));
	assert_null(strchr(text, '\xff'));
	free(text);
}

static void nothing_recorded_still_makes_a_report(void **state)
{
	struct facts f = { 0 };
	char *text = report(&f, plain);

	(void)state;
	assert_non_null(strstr(text, "inconclusive"));
	free(text);
}

static void numbers_read_as_people_write_them(void **state)
{
	struct strbuf s = { 0 };

	(void)state;
	wrap_add_duration(&s, 1500);
	strbuf_addch(&s, ' ');
	wrap_add_duration(&s, 2500000);
	strbuf_addch(&s, ' ');
	wrap_add_duration(&s, 10000000000);
	strbuf_addch(&s, ' ');
	wrap_add_count(&s, 1204332);
	strbuf_addch(&s, ' ');
	wrap_add_bytes(&s, 31000000);
	assert_string_equal(strbuf_str(&s), "2 us 2.5 ms 10.0 s 1,204,332 31 MB");
	strbuf_release(&s);
}

static void forked(struct facts *f, uint32_t pid, uint64_t startup_ms, uint64_t private_mb)
{
	struct fact_process *p;

	python_child(f, pid, 100);
	p = &f->processes[f->process_cnt - 1];
	p->start_method = xstrdup("spawn");
	p->has_startup = true;
	p->startup_ns = startup_ms * NS_PER_MS;
	p->pss_bytes = 2 * private_mb * 1000000;
	p->private_bytes = private_mb * 1000000;
	thread(f, pid, pid, "worker", CPU(5000));
}

static struct facts pool_facts(void)
{
	struct facts f = recording(10000, 2);

	python(&f, 100);
	thread(&f, 100, 100, "main", SYNC(9000));
	forked(&f, 101, 80, 10);
	forked(&f, 102, 120, 20);
	return f;
}

static void killed(struct facts *f, size_t i, int sig, const char *name)
{
	f->processes[i].ended = true;
	f->processes[i].started_ns = NS_PER_S;
	f->processes[i].ended_ns = 2200 * NS_PER_MS;
	f->processes[i].exit_code = 128 + sig;
	f->processes[i].exit_signal = xstrdup(name);
}

static void workers_are_summed_by_role(void **state)
{
	struct facts f = pool_facts();
	char *text = report(&f, plain);

	(void)state;
	assert_non_null(strstr(
		text, "Processes worker x2: spawn, at work after 80.0 ms to 120 ms, RSS 31 MB, "
		      "PSS\n            30 MB, private 15 MB each\n"
		      "          main: RSS 31 MB\n"));
	free(text);
}

static void a_worker_that_was_killed_is_named(void **state)
{
	struct facts f = pool_facts(), g = gil_facts();
	char *text;

	(void)state;
	killed(&f, 1, 9, "SIGKILL");
	killed(&f, 2, 15, "SIGTERM");
	text = report(&f, plain);
	assert_non_null(strstr(text, "          worker 101 killed by SIGKILL after 1.2 s\n"));
	assert_null(strstr(text, "SIGTERM")); /* so pools end their workers */
	free(text);

	/* A lone process is not listed, but its end is news. */
	killed(&g, 0, 11, "SIGSEGV");
	text = report(&g, plain);
	assert_non_null(strstr(text, "\nProcesses main 100 killed by SIGSEGV after 1.2 s\n"));
	free(text);
}

/* Names as programs give them to themselves, at each place where one is shown. */
static struct facts foreign(void)
{
	struct facts f = recording(10000, 2);
	struct fact_lock *l;

	f.recording.command = xcalloc(1, sizeof(char *));
	f.recording.command[f.recording.command_cnt++] = xstrdup("сервер --порт");
	f.recording.pids = xcalloc(1, sizeof(uint32_t));
	f.recording.pids[f.recording.pid_cnt++] = 100;
	process(&f, 100, 1, "сервер");
	process(&f, 200, 100, "日本語の名前");
	thread(&f, 100, 100, "работник", CPU(4000), LOCK(4000));
	thread(&f, 101, 100, "日本語の名前", CPU(4000), LOCK(4000));
	thread(&f, 200, 200, "日本語の名前", CPU(4000), IPC(4000));
	l = lock(&f, LOCK_MUTEX, "замок", 100, 8000);
	edge(l, 100, 101, 4000);
	edge(l, 101, 100, 4000);
	channel(&f, "fifo", 100, 200, 5000, 500000, 4000);
	free(f.channels[0].id);
	f.channels[0].id = xstrdup("/tmp/труба");
	f.channels[0].used_as = xstrdup("очередь");
	return f;
}

static void foreign_names_fit_a_terminal_without_them(void **state)
{
	static const unsigned int widths[] = { 80, 160 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct facts f = foreign();
		struct report_text_options o = { .width = widths[i / 2],
						 .utf8 = i % 2,
						 .is_verbose = true,
						 .trace = "след.pftrace" };
		char *text = report(&f, o);

		for (const char *c = text; !o.utf8 && *c; c++)
			if ((unsigned char)*c >= 0x80)
				fail_msg("not ASCII: %s", c);
		if (o.utf8)
			assert_non_null(strstr(text, "日本語"));
		if (widest_line(text) > o.width)
			fail_msg("wider than %u:\n%s", o.width, text);
		free(text);
	}
}

static struct facts contended(void)
{
	struct facts f = recording(10000, 2);
	struct fact_lock *l;

	python(&f, 100);
	l = lock(&f, LOCK_MUTEX, "mutex m", 100, 9000);
	for (uint32_t i = 0; i < 12; i++) {
		thread(&f, 100 + i, 100, "worker", CPU(1000), LOCK(9000));
		edge(l, 100 + i, 100, 12 - i);
	}
	channel(&f, "unix", 100, 101, 1000000, 5000000000, 3000);
	f.channels[0].used_as = xstrdup("multiprocessing Manager or Listener");
	return f;
}

/* Beside each other what a narrow terminal has below each other. */
static void a_wide_terminal_is_made_use_of(void **state)
{
	struct facts f = contended(), g = contended();
	char *narrow = report(&f, (struct report_text_options){ .width = 80 });
	char *wide = report(&g, (struct report_text_options){ .width = 160 });
	const char *row = strstr(wide, "(holder -> waiter)");

	(void)state;
	assert_non_null(strstr(narrow, "\n            ... 7 more\n"));
	assert_non_null(strstr(wide, "\n            ... 2 more\n"));
	assert_true(row && strstr(row, "worker 100 -> worker 105: ") < strchr(row, '\n'));
	assert_non_null(strstr(narrow, "\n            multiprocessing Manager or Listener\n"));
	assert_non_null(strstr(wide, " 0 s  multiprocessing Manager or Listener\n"));
	/* Not at the other end of the line, where nobody looks. */
	assert_non_null(strstr(wide, " (confidence: "));
	assert_true(strcspn(strstr(wide, "Verdict "), "\n") <= 100);
	free(narrow);
	free(wide);
}

static void a_number_stays_with_its_unit(void **state)
{
	static const char text[] = "at most 100 ms, or 200 MB, or 3 % of 400 threads";
	struct strbuf out = { 0 };

	(void)state;
	for (size_t width = 12; width < sizeof(text); width++) {
		struct wrap w = { .out = &out, .width = width };

		strbuf_reset(&out);
		wrap_text(&w, "", 0, text);
		assert_null(strstr(strbuf_str(&out), "100\n"));
		assert_null(strstr(strbuf_str(&out), "200\n"));
		assert_null(strstr(strbuf_str(&out), "3\n"));
		assert_true(widest_line(strbuf_str(&out)) <= width);
	}
	strbuf_release(&out);
}

static void several_recordings_are_named_by_what_they_are_of(void **state)
{
	static const char *const commands[] = { "nginx", "gunicorn app", "gunicorn app" };
	struct facts f = gil_facts(), g = gil_facts();
	struct strbuf s = { 0 };

	(void)state;
	f.recording.parts = xcalloc(3, sizeof(*f.recording.parts));
	for (size_t i = 0; i < 3; i++) {
		struct fact_part *p = &f.recording.parts[f.recording.part_cnt++];

		p->command = xcalloc(1, sizeof(char *));
		p->command[p->command_cnt++] = xstrdup(commands[i]);
	}
	report_add_target(&s, &f);
	assert_string_equal(strbuf_str(&s), "nginx + gunicorn app (pid 100): 3 recordings, 10.0 s, "
					    "1 process, 5 threads, 2 usable CPUs");
	strbuf_reset(&s);
	report_add_target(&s, &g);
	assert_null(strstr(strbuf_str(&s), "recordings"));
	strbuf_release(&s);
	facts_release(&f);
	facts_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_line_is_wider_than_asked),
		cmocka_unit_test(colours_only_when_asked),
		cmocka_unit_test(ascii_only_unless_utf8_is_asked_for),
		cmocka_unit_test(the_verdict_comes_first_and_all_parts_are_there),
		cmocka_unit_test(a_prediction_is_one_line_and_its_basis_is_for_those_who_ask),
		cmocka_unit_test(changes_not_predicted_for_one_reason_share_a_line),
		cmocka_unit_test(columns_that_are_nothing_are_left_out),
		cmocka_unit_test(columns_that_do_not_fit_are_summed),
		cmocka_unit_test(losses_and_missing_buckets_are_named),
		cmocka_unit_test(what_happened_to_the_machine_is_noted),
		cmocka_unit_test(connections_that_are_alike_share_a_line),
		cmocka_unit_test(pools_made_anew_are_told_by_what_they_are),
		cmocka_unit_test(time_without_the_gil_is_told_per_role),
		cmocka_unit_test(a_gil_that_was_switched_back_on_is_noted),
		cmocka_unit_test(a_truncated_recording_says_so_on_top),
		cmocka_unit_test(names_cannot_write_on_the_terminal),
		cmocka_unit_test(nothing_recorded_still_makes_a_report),
		cmocka_unit_test(numbers_read_as_people_write_them),
		cmocka_unit_test(workers_are_summed_by_role),
		cmocka_unit_test(a_worker_that_was_killed_is_named),
		cmocka_unit_test(foreign_names_fit_a_terminal_without_them),
		cmocka_unit_test(a_wide_terminal_is_made_use_of),
		cmocka_unit_test(a_number_stays_with_its_unit),
		cmocka_unit_test(several_recordings_are_named_by_what_they_are_of),
	};

	return cmocka_run_group_tests_name("report_text", tests, NULL, NULL);
}
