// SPDX-License-Identifier: MIT
/* Facts survive a round trip, and a file that somebody else wrote survives us. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "facts/facts_json.h"
#include "make_facts.h"
#include "verdict/verdict.h"

static struct facts full_facts(void)
{
	struct facts f = gil_facts();

	f.recording.command = xcalloc(2, sizeof(char *));
	f.recording.command[0] = xstrdup("python3");
	f.recording.command[1] = xstrdup("app.py");
	f.recording.command_cnt = 2;
	f.recording.start_wall_ns = 1700000000123ULL * NS_PER_MS;
	f.recording.cpus_quota = 1.5;
	f.recording.lost_ring = 3;
	f.recording.lost_wait_ns = 70 * NS_PER_MS;
	f.recording.passed_over = 5;
	f.recording.unavailable = xcalloc(1, sizeof(char *));
	f.recording.unavailable[0] = xstrdup("throttled");
	f.recording.unavailable_cnt = 1;
	f.recording.suspended_ns = 20 * NS_PER_S;
	f.recording.pid_namespace = 4026532431u;
	f.recording.clock_step_ns = -3600 * (int64_t)NS_PER_S;
	f.recording.cpus_online_end = 1;
	f.processes[0].ended = true;
	f.processes[0].ended_ns = 9 * NS_PER_S;
	f.processes[0].exit_code = 139;
	f.threads[1].watched_ns = 400 * NS_PER_MS;
	f.threads[1].released_ns = 3 * NS_PER_MS;
	f.processes[0].exit_signal = xstrdup("SIGSEGV");
	f.processes[0].started_by = xstrdup("vfork");
	f.processes[0].has_exec = f.processes[0].exec = true;
	f.processes[0].helper = xstrdup("fork server");
	f.processes[0].framework = xstrdup("gunicorn");
	f.processes[0].framework_options = xstrdup("-w 4");
	f.recording.memory_bytes = 8000000000;
	loop_of(&f, 41, 300, 20, "fsync", 700);
	channel(&f, "pipe", 100, 101, 10, 4096, 30);
	syscall_of(&f, "futex", 1000, 28400);
	f.series = xcalloc(1, sizeof(*f.series));
	f.series_cnt = 1;
	f.series[0].groups[GROUP_LOCK] = 2.875;
	f.locks[0].contended_ns = 28 * NS_PER_S;
	f.deadlocks = xcalloc(1, sizeof(*f.deadlocks));
	f.deadlock_cnt = 1;
	f.deadlocks[0].threads = xcalloc(1, sizeof(uint32_t));
	f.deadlocks[0].threads[f.deadlocks[0].thread_cnt++] = 101;
	f.deadlocks[0].locks = xcalloc(1, sizeof(char *));
	f.deadlocks[0].locks[f.deadlocks[0].lock_cnt++] = xstrdup("mutex m");
	f.deadlocks[0].text = xstrdup("it has it itself");
	replayed(&f, "without-lock", 4, 1.25, 1.5, 2)->lock = xstrdup("mutex m");
	replayed(&f, "threads", 4, 0, 0, 0);
	verdict_judge(&f, &f.verdict);
	return f;
}

static char *to_json(const struct facts *f)
{
	struct strbuf s = { 0 };

	facts_json_format(f, &s, false);
	return strbuf_take(&s);
}

static int parse(const char *text, struct facts *f, char err[FACTS_JSON_ERR_LEN])
{
	*f = (struct facts){ 0 };
	return facts_json_parse(f, text, strlen(text), err);
}

static void requests_and_limits_come_back(void **state)
{
	struct facts f = recording(1000, 2), g;
	char err[FACTS_JSON_ERR_LEN], *first, *second;
	struct fact_requests *r = &f.requests;

	(void)state;
	r->turns = (struct fact_turns){ 7, 3.5, 10, 20, 30, 15, 40, 0.25, 0.125 };
	r->basis = xstrdup("calls of f");
	r->function = xstrdup("f");
	r->unfinished = 2;
	r->missed = 3;
	r->servers = xcalloc(1, sizeof(*r->servers));
	r->servers[r->server_cnt++] = (struct fact_server){ xstrdup("shop"), xstrdup("tcp"), 80,
							    r->turns };
	r->listeners = xcalloc(1, sizeof(*r->listeners));
	r->listeners[r->listener_cnt++] =
		(struct fact_listener){ xstrdup("shop"), xstrdup("unix"), 0, 5, 1.5, 4, 128 };
	f.slo = xcalloc(2, sizeof(*f.slo));
	f.slo[0] = (struct fact_slo){ xstrdup("p95"),
				      xstrdup("ns"),
				      300e6,
				      0,
				      false,
				      false,
				      xstrdup("no requests were seen") };
	f.slo[1] =
		(struct fact_slo){ xstrdup("cpu"), xstrdup("percent"), 85, 41.5, true, true, NULL };
	f.slo_cnt = 2;
	first = to_json(&f);
	assert_int_equal(parse(first, &g, err), 0);
	second = to_json(&g);
	assert_string_equal(first, second);
	assert_int_equal(g.requests.turns.count, 7);
	assert_int_equal(g.requests.turns.mean, 15);
	assert_int_equal(g.requests.servers[0].port, 80);
	assert_int_equal(g.requests.servers[0].turns.max, 40);
	assert_int_equal(g.requests.listeners[0].waiting_max, 4);
	assert_true(g.slo_cnt == 2 && !g.slo[0].is_known && g.slo[1].is_known);
	assert_true(g.slo[1].met && g.slo[1].value == 41.5);
	assert_string_equal(g.slo[0].why, "no requests were seen");
	free(first);
	free(second);
	facts_release(&f);
	facts_release(&g);
}

static void facts_come_back_as_they_went(void **state)
{
	struct facts f = full_facts(), g;
	char *first = to_json(&f), *second;
	char err[FACTS_JSON_ERR_LEN];

	(void)state;
	assert_int_equal(parse(first, &g, err), 0);
	second = to_json(&g);
	assert_string_equal(first, second);

	assert_int_equal(g.recording.start_wall_ns, 1700000000123ULL * NS_PER_MS);
	assert_true(g.recording.cpus_quota == 1.5);
	assert_int_equal(g.processes[0].exit_code, 139);
	assert_true(g.processes[0].global_lock);
	assert_int_equal(g.threads[1].time_ns[BUCKET_GIL], 7150 * NS_PER_MS);
	assert_int_equal(g.threads[0].watched_ns, 0);
	assert_int_equal(g.threads[1].watched_ns, 400 * NS_PER_MS);
	assert_int_equal(g.threads[1].released_ns, 3 * NS_PER_MS);
	assert_null(g.threads[0].loop);
	assert_non_null(g.threads[4].loop);
	assert_true(g.threads[4].loop->has_turns);
	assert_int_equal(g.threads[4].loop->lag_p95_ns, 41 * NS_PER_MS);
	assert_int_equal(g.threads[4].loop->long_queue_ns, 20 * NS_PER_MS);
	assert_string_equal(g.threads[4].loop->blocked_in[0].call, "fsync");
	assert_int_equal(g.threads[4].loop->blocked_in[0].bucket, BUCKET_DISK);
	assert_int_equal(g.locks[0].kind, LOCK_GIL);
	assert_int_equal(g.locks[0].addr, 0x7f00);
	assert_int_equal(g.locks[0].edge_cnt, 4);
	assert_int_equal(g.locks[0].contended_ns, 28 * NS_PER_S);
	assert_int_equal(g.deadlock_cnt, 1);
	assert_int_equal(g.deadlocks[0].threads[0], 101);
	assert_string_equal(g.deadlocks[0].locks[0], "mutex m");
	assert_true(g.has_whatif);
	assert_int_equal(g.whatif_cnt, 2);
	assert_string_equal(g.whatif[0].lock, "mutex m");
	assert_true(g.whatif[0].low == 1.25);
	assert_null(g.whatif[0].why_not);
	assert_null(g.whatif[1].lock);
	assert_string_equal(g.whatif[1].why_not, "it can't be seen");
	assert_int_equal(g.verdict.class, f.verdict.class);
	assert_null(g.requests.basis);
	free(first);
	free(second);
	facts_release(&f);
	facts_release(&g);
}

static void every_key_is_there_and_null_is_what_is_not_known(void **state)
{
	static const char *const keys[] = { "schema",   "partrace",    "recording", "processes",
					    "threads",  "concurrency", "locks",     "channels",
					    "syscalls", "io",          "requests",  "series",
					    "verdict",  "slo",         "deadlocks", "whatif" };
	struct facts f = gil_facts();
	char *text = to_json(&f);
	json_t *root = json_loads(text, 0, NULL), *process, *times;

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_non_null(json_object_get(root, keys[i]));
	process = json_array_get(json_object_get(root, "processes"), 0);
	assert_true(json_is_null(json_object_get(process, "ended_ns")));
	assert_true(json_is_null(json_object_get(process, "start_method")));
	assert_true(json_is_null(json_object_get(process, "started_by")));
	assert_true(json_is_null(json_object_get(process, "exec")));
	assert_true(json_is_null(json_object_get(process, "helper")));
	assert_true(json_is_null(json_object_get(process, "framework")));
	assert_true(json_is_null(json_object_get(process, "exit_signal")));
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(root, "requests"), "basis")), "");
	times = json_object_get(json_array_get(json_object_get(root, "threads"), 0), "time_ns");
	for (int b = 0; b < BUCKET_CNT; b++)
		assert_true(json_is_integer(json_object_get(times, bucket_name((enum bucket)b))));
	json_decref(root);
	free(text);
	facts_release(&f);
}

static void empty_facts_are_valid_json(void **state)
{
	struct facts f = { 0 }, g;
	char *text = to_json(&f);
	char err[FACTS_JSON_ERR_LEN];

	(void)state;
	assert_int_equal(parse(text, &g, err), 0);
	/* Not replayed; an empty array would say that nothing was to be predicted. */
	assert_non_null(strstr(text, "\"whatif\":null"));
	assert_false(g.has_whatif);
	free(text);
	facts_release(&g);
}

/* It is written piece by piece: the pieces make what one tree would. */
static void assert_written_as_a_tree(const struct facts *f, bool is_pretty)
{
	struct strbuf s = { 0 };
	json_t *tree;
	char *whole;

	facts_json_format(f, &s, is_pretty);
	tree = json_loads(strbuf_str(&s), 0, NULL);
	assert_non_null(tree);
	whole = json_dumps(tree,
			   (is_pretty ? JSON_INDENT(1) : JSON_COMPACT) | JSON_REAL_PRECISION(9));
	assert_string_equal(strbuf_str(&s), whole);
	free(whole);
	json_decref(tree);
	strbuf_release(&s);
}

static void the_text_is_a_trees(void **state)
{
	struct facts full = full_facts(), empty = { 0 };

	(void)state;
	free(full.recording.command[1]);
	full.recording.command[1] = xstrdup("a\nb");
	for (int is_pretty = 0; is_pretty < 2; is_pretty++) {
		assert_written_as_a_tree(&full, is_pretty);
		assert_written_as_a_tree(&empty, is_pretty);
	}
	facts_release(&full);
}

static void names_that_are_not_utf8_do_not_lose_their_key(void **state)
{
	struct facts f = recording(1000, 2), g;
	char err[FACTS_JSON_ERR_LEN];
	char *text;

	(void)state;
	process(&f, 1, 0, "caf\xe9s");
	text = to_json(&f);
	assert_int_equal(parse(text, &g, err), 0);
	assert_string_equal(g.processes[0].name, "caf?s");
	free(text);
	facts_release(&f);
	facts_release(&g);
}

static void of_several_with_one_id_the_latest_is_found(void **state)
{
	struct facts f = recording(1000, 2);

	(void)state;
	process(&f, 7, 1, "first");
	process(&f, 8, 1, "other");
	process(&f, 7, 1, "second");
	thread(&f, 9, 7, "a", CPU(1));
	thread(&f, 9, 7, "b", CPU(1));
	assert_string_equal(facts_process(&f, 7)->name, "second");
	facts_index(&f);
	assert_string_equal(facts_process(&f, 7)->name, "second");
	assert_string_equal(facts_process(&f, 8)->name, "other");
	assert_string_equal(facts_thread(&f, 9)->name, "b");
	assert_null(facts_process(&f, 1));
	assert_null(facts_thread(&f, 7));
	process(&f, 10, 1, "late");
	assert_string_equal(facts_process(&f, 10)->name, "late");
	facts_release(&f);
}

static void items_without_their_text_have_an_empty_one(void **state)
{
	struct facts f;
	char err[FACTS_JSON_ERR_LEN];

	(void)state;
	assert_int_equal(parse("{\"schema\": 1, \"channels\": [{}], \"locks\": [{}], "
			       "\"threads\": [{\"name\": null}], \"processes\": [{}]}",
			       &f, err),
			 0);
	assert_string_equal(f.channels[0].kind, "");
	assert_string_equal(f.channels[0].id, "");
	assert_string_equal(f.locks[0].name, "");
	assert_string_equal(f.threads[0].name, "");
	assert_string_equal(f.threads[0].role, "");
	assert_string_equal(f.processes[0].name, "");
	assert_null(f.processes[0].exe);
	facts_release(&f);
}

static void more_values_than_any_recording_has_are_not_parsed(void **state)
{
	static const char begin[] = "{\"schema\": 1, \"x\": [\"[,{\\\"[,{\"";
	struct strbuf text = { 0 };
	char err[FACTS_JSON_ERR_LEN];
	struct facts f;

	(void)state;
	strbuf_addstr(&text, begin);
	for (int i = 0; i < 5 << 20; i++)
		strbuf_add(&text, ",{}", 3);
	strbuf_addstr(&text, "]}");
	assert_int_equal(parse(strbuf_str(&text), &f, err), -EBADMSG);
	assert_string_equal(err, "more values than any recording has");
	strbuf_release(&text);
}

static void missing_null_and_unknown_keys_are_tolerated(void **state)
{
	struct facts f;
	char err[FACTS_JSON_ERR_LEN];

	(void)state;
	assert_int_equal(parse("{\"schema\": 1, \"new\": {\"x\": [1]}, \"recording\": null, "
			       "\"threads\": [{\"tid\": 7, \"later\": 1, \"time_ns\": null}], "
			       "\"verdict\": {\"class\": \"quantum-bound\"}, "
			       "\"locks\": [{\"kind\": \"spin\"}]}",
			       &f, err),
			 0);
	assert_int_equal(f.threads[0].tid, 7);
	assert_int_equal(f.verdict.class, CLASS_INCONCLUSIVE);
	assert_int_equal(f.locks[0].kind, LOCK_FUTEX);
	facts_release(&f);
}

static void wrong_types_are_named_with_their_path(void **state)
{
	static const struct {
		const char *json, *says;
	} cases[] = {
		{ "{\"schema\": 1, \"threads\": {}}", "threads: expected an array" },
		{ "{\"schema\": 1, \"threads\": [3]}", "threads[0]: expected an object" },
		{ "{\"schema\": 1, \"threads\": [{\"tid\": \"x\"}]}", "threads[0].tid: expected" },
		{ "{\"schema\": 1, \"threads\": [{\"tid\": -1}]}", "threads[0].tid: expected" },
		{ "{\"schema\": 1, \"threads\": [{\"tid\": 4294967296}]}", "below 2^32" },
		{ "{\"schema\": 1, \"threads\": [{}, {\"time_ns\": {\"gil\": 1.5}}]}",
		  "threads[1].time_ns.gil: expected" },
		{ "{\"schema\": 1, \"recording\": {\"pids\": [1, \"2\"]}}",
		  "recording.pids: expected an array of ids" },
		{ "{\"schema\": 1, \"recording\": {\"command\": [1]}}", "array of strings" },
		{ "{\"schema\": 1, \"recording\": {\"start\": \"today\"}}", "recording.start" },
		{ "{\"schema\": 1, \"locks\": [{\"address\": \"12zz\"}]}", "locks[0].address" },
		{ "{\"schema\": 1, \"verdict\": {\"confidence\": \"high\"}}",
		  "verdict.confidence: expected a number" },
		{ "{\"schema\": 1, \"processes\": [{\"runtime\": {\"global_lock\": 1}}]}",
		  "processes[0].runtime.global_lock: expected true or false" },
		{ "{\"schema\": true}", "schema: expected" },
		{ "{}", "schema: expected" },
		{ "[]", "expected an object" },
		{ "", "line 1" },
		{ "{\"schema\": 1", "line 1" },
		{ "{\"schema\": 1, \"partrace\": \"\\u0000\"}", "line 1" },
		{ "{\"schema\": 1, \"concurrency\": {\"on_cpu_avg\": 1e999}}", "line 1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char err[FACTS_JSON_ERR_LEN];
		struct facts f;

		assert_int_equal(parse(cases[i].json, &f, err), -EBADMSG);
		if (!strstr(err, cases[i].says))
			fail_msg("'%s' says '%s', not '%s'", cases[i].json, err, cases[i].says);
		assert_null(f.threads); /* empty again: nothing to release */
	}
}

static void a_newer_schema_is_refused_by_number(void **state)
{
	char err[FACTS_JSON_ERR_LEN];
	struct facts f;

	(void)state;
	assert_int_equal(parse("{\"schema\": 2}", &f, err), -ENOTSUP);
	assert_non_null(strstr(err, "schema 2"));
}

static void a_file_cut_anywhere_is_an_error_and_no_crash(void **state)
{
	struct facts f = full_facts();
	char *text = to_json(&f);
	size_t len = strlen(text);

	(void)state;
	for (size_t i = 0; i < len; i += 7) {
		char err[FACTS_JSON_ERR_LEN];
		struct facts g = { 0 };

		assert_int_equal(facts_json_parse(&g, text, i, err), -EBADMSG);
	}
	free(text);
	facts_release(&f);
}

/* Not a fuzzer, but the one thing that random bytes seldom are: almost right. */
static void any_single_changed_byte_is_survived(void **state)
{
	struct facts f = full_facts();
	char *text = to_json(&f);
	size_t len = strlen(text);

	(void)state;
	for (size_t i = 0; i < len; i += 3) {
		char err[FACTS_JSON_ERR_LEN], was = text[i];
		struct facts g = { 0 };
		struct fact_verdict v;

		text[i] = "0-{}[]\",:ne9"[i % 12];
		if (!facts_json_parse(&g, text, len, err)) {
			verdict_judge(&g, &v);
			fact_verdict_release(&v);
		}
		facts_release(&g);
		text[i] = was;
	}
	free(text);
	facts_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_come_back_as_they_went),
		cmocka_unit_test(requests_and_limits_come_back),
		cmocka_unit_test(every_key_is_there_and_null_is_what_is_not_known),
		cmocka_unit_test(empty_facts_are_valid_json),
		cmocka_unit_test(the_text_is_a_trees),
		cmocka_unit_test(names_that_are_not_utf8_do_not_lose_their_key),
		cmocka_unit_test(of_several_with_one_id_the_latest_is_found),
		cmocka_unit_test(items_without_their_text_have_an_empty_one),
		cmocka_unit_test(more_values_than_any_recording_has_are_not_parsed),
		cmocka_unit_test(missing_null_and_unknown_keys_are_tolerated),
		cmocka_unit_test(wrong_types_are_named_with_their_path),
		cmocka_unit_test(a_newer_schema_is_refused_by_number),
		cmocka_unit_test(a_file_cut_anywhere_is_an_error_and_no_crash),
		cmocka_unit_test(any_single_changed_byte_is_survived),
	};

	return cmocka_run_group_tests_name("facts_json", tests, NULL, NULL);
}
