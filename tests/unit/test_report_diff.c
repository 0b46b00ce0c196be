// SPDX-License-Identifier: MIT
/* What a terminal and a program get of a diff. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "diff_stage.h"
#include "output/report_diff.h"
#include "output/report_wrap.h"

static const char *const before_files[] = { "before.pftrace" };
static const char *const after_files[] = { "a-rather-long-name-of-a-recording/after.pftrace" };

/* Threads, then processes, with a gate of which one line fails. */
static char *formatted(const struct report_diff_options *options)
{
	struct facts before = threads_run(10000, 100), after = processes_run(5300, 200);
	char why[FAIL_ON_WHY_LEN];
	struct strbuf out = { 0 };
	struct fail_on gate = { 0 };
	struct report_diff r = { .before = before_files, .after = after_files, .gate = &gate };
	struct diff d;

	replayed(&before, "processes", 2, 1.8, 1.9, 2.0);
	d = compared(&before, 1, &after, 1);
	r.diff = &d;
	assert_int_equal(fail_on_parse(&gate, "wall>10%,ipc>0.1pp,memory>50%", why), 0);
	fail_on_judge(&gate, &d);
	if (options)
		report_diff_format(&r, options, &out);
	else
		report_diff_json(&r, &out);
	fail_on_release(&gate);
	diff_release(&d);
	facts_release(&before);
	facts_release(&after);
	if (getenv("SHOW"))
		puts(strbuf_str(&out));
	return strbuf_take(&out);
}

static void contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no '%s' in:\n%s", part, text);
}

static void the_first_line_says_it_all(void **state)
{
	char *text = formatted(&(struct report_diff_options){ .width = 100 });
	const char *first = "processes instead of threads: 1.89x the throughput (1.7-2.1), "
			    "as predicted (1.9)\n";

	(void)state;
	assert_int_equal(strncmp(text, first, strlen(first)), 0);
	contains(text, "GIL");
	contains(text, "gil went: GIL of python3");
	contains(text, "pipe appeared: pipe (main to worker)");
	contains(text, "worker: 4 threads, then 2 threads in 2 processes");
	contains(text, "memory>50%: FAILED, +200.0 %");
	contains(text, "wall>10%: met");
	free(text);
}

static void no_line_is_wider_than_asked(void **state)
{
	static const unsigned int widths[] = { 72, 80, 100, 160 };

	(void)state;
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		char *text = formatted(&(struct report_diff_options){ .width = widths[i] });

		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
			if (wrap_columns(line, strlen(line)) > widths[i])
				fail_msg("wider than %u: %s", widths[i], line);
		free(text);
	}
}

static void colours_only_when_asked(void **state)
{
	char *with = formatted(&(struct report_diff_options){ .color = true });
	char *without = formatted(&(struct report_diff_options){ 0 });

	(void)state;
	assert_non_null(strchr(with, '\033'));
	assert_null(strchr(without, '\033'));
	free(with);
	free(without);
}

static void the_json_has_every_key(void **state)
{
	static const char *const keys[] = {
		"schema",     "partrace", "before", "after",  "before_side", "after_side",
		"whole_runs", "summary",  "rows",   "roles",  "locks",       "channels",
		"prediction", "notes",    "gate",   "failed",
	};
	static const char *const row_keys[] = {
		"metric", "role", "before", "after",      "unit",        "ratio",
		"low",    "high", "change", "change_low", "change_high", "significant",
	};
	char *text = formatted(NULL);
	json_t *root = json_loads(text, 0, NULL), *row, *prediction;

	(void)state;
	assert_non_null(root);
	assert_int_equal(json_object_size(root), sizeof(keys) / sizeof(keys[0]));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_non_null(json_object_get(root, keys[i]));
	row = json_array_get(json_object_get(root, "rows"), 0);
	for (size_t i = 0; i < sizeof(row_keys) / sizeof(row_keys[0]); i++)
		assert_non_null(json_object_get(row, row_keys[i]));
	assert_string_equal(json_string_value(json_object_get(row, "metric")), "throughput");
	assert_true(json_is_null(json_object_get(row, "role")));
	assert_true(json_is_true(json_object_get(row, "significant")));
	prediction = json_object_get(root, "prediction");
	assert_string_equal(json_string_value(json_object_get(prediction, "outcome")), "held");
	assert_string_equal(json_string_value(json_array_get(json_object_get(root, "failed"), 0)),
			    "memory>50%");
	assert_int_equal(json_array_size(json_object_get(root, "failed")), 1);
	json_decref(root);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_line_says_it_all),
		cmocka_unit_test(no_line_is_wider_than_asked),
		cmocka_unit_test(colours_only_when_asked),
		cmocka_unit_test(the_json_has_every_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
