// SPDX-License-Identifier: MIT
/* `partrace diff`: what changed between recordings, and is it more than noise? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/argspec.h"
#include "base/log.h"
#include "base/outfile.h"
#include "base/xalloc.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "cmd/show.h"
#include "diff/diff.h"
#include "diff/fail_on.h"
#include "output/join_trace.h"
#include "output/report_diff.h"
#include "verdict/verdict.h"

#define FAIL_ON_HELP "exit with 3 if something got worse by more: 'wall>10%,cpu>5%,p95>10%,gil>2pp'"

#define NOTES                                                                              \
	"Several recordings of one thing: diff a1 a2 a3 -- b1 b2 b3. They tell noise from change " \
	"better than one can. Needs no root.\n\n"                                           \
	"LIMITS is METRIC>N% (of what it was) or METRIC>Npp (percentage points of thread time), and " \
	"may be followed by others. Metrics are wall, throughput, requests, cpu, p95, memory, " \
	"switches, startup, and each bucket of time: gil, lock, run_queue ... METRIC@ROLE is that of " \
	"one role's threads. What is within noise fails no limit."

struct texts {
	const char **texts;	/* [cnt], lent by argv */
	size_t cnt, cap;
};

struct options {
	char **before, **after;	/* lent by argv */
	size_t before_cnt, after_cnt;
	bool is_json;
	const char *trace, *html;
	enum show_color color;
	struct texts gates;
	struct fail_on gate;
};

static int add_text(void *out, const char *value)
{
	struct texts *t = out;

	XGROW(t->texts, t->cnt, t->cap);
	t->texts[t->cnt++] = value;
	return 0;
}

/* Options may stand on either side of "--", which here parts BEFORE from AFTER. */
static int parse_sides(struct options *o, const struct argspec *spec, int argc, char **argv)
{
	struct arg_rest before, after = { 0 };
	int dashes = 1, err;

	while (dashes < argc && strcmp(argv[dashes], "--"))
		dashes++;
	err = argspec_parse(spec, dashes, argv, &before);
	if (!err && dashes < argc)
		err = argspec_parse(spec, argc - dashes, argv + dashes, &after);
	if (err)
		return err;
	if (dashes == argc && before.cnt > 2)
		return argspec_error(spec,
				     "which of the %d recordings are AFTER? "
				     "BEFORE... -- AFTER... tells",
				     before.cnt);
	if (dashes == argc && before.cnt == 2) {
		after = (struct arg_rest){ .args = before.args + 1, .cnt = 1 };
		before.cnt = 1;
	}
	if (!before.cnt)
		return argspec_error(spec, "missing BEFORE");
	if (!after.cnt)
		return argspec_error(spec, "missing AFTER");
	o->before = before.args;
	o->before_cnt = (size_t)before.cnt;
	o->after = after.args;
	o->after_cnt = (size_t)after.cnt;
	return 0;
}

static int parse_gates(struct options *o, const struct argspec *spec)
{
	char why[FAIL_ON_WHY_LEN];

	for (size_t i = 0; i < o->gates.cnt; i++)
		if (fail_on_parse(&o->gate, o->gates.texts[i], why))
			return argspec_error(spec, "invalid limit for '--fail-on': %s", why);
	return 0;
}

static int parse_options(struct options *o, int argc, char **argv)
{
	const struct arg_option options[] = {
		{ 0, "fail-on", ARG_CALLBACK, "LIMITS", FAIL_ON_HELP, &o->gates, add_text },
		{ 0, "json", ARG_FLAG, NULL, "print the comparison as JSON", &o->is_json, NULL },
		{ 0, "html", ARG_STRING, "FILE",
		  "write the comparison as a page for browsers to FILE (- is standard output), and "
		  "print nothing",
		  &o->html, NULL },
		{ 0, "trace", ARG_STRING, "FILE",
		  "write both, aligned at their starts, as one trace for the Perfetto UI; with - "
		  "nothing else is printed",
		  &o->trace, NULL },
		{ 0, "color", ARG_CALLBACK, "WHEN", "auto, always or never", &o->color,
		  show_parse_color },
		{ 0 },
	};
	const struct argspec spec = {
		.command = cmd_diff.name,
		.args = cmd_diff.args,
		.summary =
			"Tells what changed between recordings, what of it is noise, and whether "
			"the prediction held.",
		.notes = NOTES,
		.options = options,
	};
	int err = parse_sides(o, &spec, argc, argv);

	if (!err && o->html && o->is_json)
		return argspec_error(&spec, "--html and --json exclude each other");
	if (!err && o->html && o->trace && outfile_is_stdout(o->html) &&
	    outfile_is_stdout(o->trace))
		return argspec_error(&spec, "--html and --trace can't both be standard output");
	return err ? err : parse_gates(o, &spec);
}

/* Judged anew: the models and predictions that are compared are today's. */
static int load_all(struct facts *facts, char **paths, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		int err = load_facts(&facts[i], paths[i]);

		if (err)
			return err;
		fact_verdict_release(&facts[i].verdict);
		verdict_judge(&facts[i], &facts[i].verdict);
	}
	return 0;
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* @facts: of all recordings. */
static int write_trace(const struct options *o, const struct facts *facts)
{
	const char *before = o->before[diff_typical(facts, o->before_cnt)];
	const char *after = o->after[diff_typical(facts + o->before_cnt, o->after_cnt)];
	const char *culprit;
	int err;

	for (size_t i = 0; i < o->before_cnt + o->after_cnt; i++) {
		const char *path = i < o->before_cnt ? o->before[i] : o->after[i - o->before_cnt];

		if (is_same_file(o->trace, path))
			return log_err(0, "cannot write the trace to '%s': it is compared", path);
	}
	err = join_trace(o->trace, before, after, &culprit);
	switch (err) {
	case 0:
		return 0;
	case -EEXIST:
		return log_err(0,
			       "cannot write '%s': it is not a recording of partrace's, and "
			       "stays as it is",
			       culprit);
	case -EBADMSG:
		return log_err(0, "cannot join '%s': it is damaged", culprit);
	default:
		return log_err(err, culprit == o->trace ? "cannot write '%s'" : "cannot read '%s'",
			       culprit);
	}
}

static size_t say_failures(const struct fail_on *gate)
{
	size_t failed = 0;

	for (size_t i = 0; i < gate->cnt; i++) {
		const struct fail_on_line *line = &gate->lines[i];

		if (line->outcome == FAIL_ON_MET)
			continue;
		failed += line->outcome == FAIL_ON_FAILED;
		if (line->outcome == FAIL_ON_FAILED)
			log_err(0, "gate %s failed: %s", line->text, line->why);
		else
			log_warn("gate %s was not checked: %s", line->text, line->why);
	}
	return failed;
}

/* Nothing where the trace goes to. */
static int show(const struct options *o, const struct report_diff *r, const struct facts *facts)
{
	if (o->html)
		return show_diff_html(r, facts, facts + o->before_cnt, o->html);
	if (o->trace && outfile_is_stdout(o->trace))
		return 0;
	return show_diff(r, o->is_json, o->color);
}

/* Exit code. */
static int compare(struct options *o, struct facts *facts)
{
	struct diff d = { 0 };
	struct report_diff r = {
		.diff = &d,
		.before = (const char *const *)o->before,
		.after = (const char *const *)o->after,
		.gate = &o->gate,
		.trace = o->trace,
	};
	int err = load_all(facts, o->before, o->before_cnt);

	if (!err)
		err = load_all(facts + o->before_cnt, o->after, o->after_cnt);
	if (err)
		return EXIT_FAILED;
	diff_compare(&d, facts, o->before_cnt, facts + o->before_cnt, o->after_cnt);
	fail_on_judge(&o->gate, &d);
	err = o->trace ? write_trace(o, facts) : 0;
	if (!err)
		err = show(o, &r, facts);
	diff_release(&d);
	if (err)
		return EXIT_FAILED;
	return say_failures(&o->gate) ? EXIT_GATE : EXIT_DONE;
}

static int diff_run(int argc, char **argv)
{
	struct options o = { 0 };
	struct facts *facts;
	int err = parse_options(&o, argc, argv), code;

	if (err) {
		code = err == ARG_HELP ? EXIT_DONE : EXIT_USAGE;
	} else {
		facts = xcalloc(o.before_cnt + o.after_cnt, sizeof(*facts));
		code = compare(&o, facts);
		for (size_t i = 0; i < o.before_cnt + o.after_cnt; i++)
			facts_release(&facts[i]);
		free(facts);
	}
	fail_on_release(&o.gate);
	free(o.gates.texts);
	return code;
}

const struct command cmd_diff = {
	.name = "diff",
	.run = diff_run,
	.args = "BEFORE AFTER | BEFORE... -- AFTER...",
	.summary = "tell what changed between recordings, and what of it is noise",
};
