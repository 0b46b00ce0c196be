// SPDX-License-Identifier: MIT
/*
 * golden EVENTS DIR: what becomes of the events in the file EVENTS, as DIR/facts.json,
 * DIR/report.txt and DIR/trace.pftrace. All that a real run takes from the
 * machine around it is fixed here.
 */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "event/event_text.h"
#include "event/sysno.h"
#include "facts/facts_build.h"
#include "facts/facts_json.h"
#include "output/report_text.h"
#include "output/trace_writer.h"
#include "verdict/verdict.h"

#define CPUS    2
#define WALL_NS 1767225600000000000ULL /* 2026-01-01T00:00:00Z, when CLOCK_MONOTONIC was 0 */

static const struct trace_writer_options writer_options = {
	.wall_offset_ns = (int64_t)WALL_NS,
	.sysname = "Linux",
	.release = "6.1.0",
	.machine = "x86_64",
	.cpu_cnt = CPUS,
};

static int feed_line(struct model *m, const char *line, const char *file, int number)
{
	struct strbuf why = { 0 };
	struct event ev;
	int ret = event_text_parse(line, &ev, &why);

	if (!ret)
		model_feed(m, &ev);
	else if (ret < 0)
		log_err(0, "%s:%d: %.*s", file, number, (int)strcspn(strbuf_str(&why), "\n"),
			strbuf_str(&why));
	strbuf_release(&why);
	return ret < 0 ? ret : 0;
}

static int feed_file(struct model *m, const char *file)
{
	FILE *in = fopen(file, "r");
	char *line = NULL;
	size_t cap = 0;
	int err = 0;

	if (!in)
		return log_err(errno, "cannot read '%s'", file);
	for (int number = 1; !err && getline(&line, &cap, in) > 0; number++)
		err = feed_line(m, line, file, number);
	free(line);
	fclose(in);
	return err;
}

/* What cmd/about.c would find out. */
static void fill_recording(struct fact_recording *r, const struct model *m)
{
	const struct process *first = m->process_cnt ? m->all_processes[0] : NULL;

	r->version = xstrdup("golden");
	r->start_wall_ns = WALL_NS + m->begin_ns;
	r->kernel = xstrdup(writer_options.release);
	r->arch = xstrdup(writer_options.machine);
	r->cpus_online = r->cpus_affinity = CPUS;
	r->cpus_usable = CPUS;
	r->events = m->event_cnt;
	r->lost_ring = m->lost_ring;
	r->lost_state = m->lost_state;
	r->lost_wait_ns = m->lost_wait_ns;
	r->is_complete = true;
	if (!first)
		return;
	r->command = xcalloc(1, sizeof(*r->command));
	r->command[r->command_cnt++] = xstrdup(first->command ? first->command : first->name);
	r->pids = xcalloc(1, sizeof(*r->pids));
	r->pids[r->pid_cnt++] = first->pid;
}

static bool ends_line(const char *text)
{
	size_t len = strlen(text);

	return len && text[len - 1] == '\n';
}

static int write_file(const char *dir, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *out = fopen(path, "w");
	int err = 0;

	if (!out || fputs(text, out) < 0 || (!ends_line(text) && fputc('\n', out) < 0))
		err = log_err(errno, "cannot write '%s'", path);
	if (out && fclose(out) && !err)
		err = log_err(errno, "cannot write '%s'", path);
	free(path);
	return err;
}

static bool says_nothing(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return !json_object_size(v);
	case JSON_ARRAY:
		return !json_array_size(v);
	case JSON_STRING:
		return !json_string_length(v);
	case JSON_INTEGER:
	case JSON_REAL:
		return json_number_value(v) == 0;
	default:
		return !json_is_true(v);
	}
}

/* To the schema a missing key and zero are the same; to the eye they are not. */
static void prune(json_t *v)
{
	const char *key;
	json_t *member;
	size_t i;
	void *next;

	json_array_foreach(v, i, member) prune(member);
	json_object_foreach_safe(v, next, key, member)
	{
		prune(member);
		if (says_nothing(member))
			json_object_del(v, key);
	}
}

/* Of windows that say the same as the one before only the first is kept. */
static void thin_series(json_t *series)
{
	json_t *last = NULL;

	for (size_t i = 0; i < json_array_size(series);) {
		json_t *window = json_copy(json_array_get(series, i));

		json_object_del(window, "t_ns");
		if (last && json_equal(window, last)) {
			json_array_remove(series, i);
		} else {
			json_decref(last);
			last = json_incref(window);
			i++;
		}
		json_decref(window);
	}
	json_decref(last);
}

/* Sorted, so that a key that moves is no difference. */
static int write_json(const char *dir, const struct strbuf *json)
{
	json_error_t why;
	json_t *root = json_loads(strbuf_str(json), 0, &why);
	char *text;
	int err;

	if (!root)
		return log_err(0, "the facts are no JSON: %s", why.text);
	prune(root);
	thin_series(json_object_get(root, "series"));
	text = json_dumps(root, JSON_SORT_KEYS | JSON_INDENT(1) | JSON_REAL_PRECISION(6));
	err = write_file(dir, "facts.json", text);
	free(text);
	json_decref(root);
	return err;
}

/* What can be read back must say the same. */
static int check_json(const struct strbuf *json)
{
	char why[FACTS_JSON_ERR_LEN];
	struct strbuf again = { 0 };
	struct facts f = { 0 };
	int err = facts_json_parse(&f, json->buf, json->len, why);

	if (err) {
		log_err(err, "cannot read the facts back: %s", why);
	} else {
		facts_json_format(&f, &again, true);
		if (strcmp(strbuf_str(&again), strbuf_str(json)))
			err = log_err(0, "the facts change when they are read back");
	}
	strbuf_release(&again);
	facts_release(&f);
	return err;
}

static int write_report(const char *dir, const struct facts *f)
{
	struct report_text_options options = { .width = 80,
					       .utf8 = true,
					       .trace = "trace.pftrace" };
	struct strbuf out = { 0 };
	int err;

	report_text_format(f, &options, &out);
	err = write_file(dir, "report.txt", strbuf_str(&out));
	strbuf_release(&out);
	return err;
}

static int write_facts(const char *dir, const struct facts *f, struct recording *rec)
{
	struct strbuf json = { 0 };
	int err;

	facts_json_format(f, &json, true);
	err = check_json(&json);
	if (!err)
		err = write_json(dir, &json);
	if (!err)
		err = write_report(dir, f);
	if (!err)
		err = recording_put_facts(rec, strbuf_str(&json), true);
	strbuf_release(&json);
	return err;
}

static int run(const char *events, const char *dir, struct recording *rec)
{
	struct facts_build_options options = { .sysno_name = sysno_name };
	struct trace_writer *writer = trace_writer_new(rec, &writer_options);
	struct facts_build build;
	struct facts facts = { 0 };
	struct model m;
	int err;

	model_init(&m);
	facts_build_init(&build, &options);
	model_observe(&m, facts_build_observer(&build));
	model_observe(&m, trace_writer_observer(writer));
	err = feed_file(&m, events);
	if (!err) {
		facts_build_take(&build, &m, &facts);
		fill_recording(&facts.recording, &m);
		facts_build_replay(&build, &m, &facts);
		verdict_judge(&facts, &facts.verdict);
		trace_writer_verdict(writer, verdict_headline(&facts.verdict), NULL, 0);
	}
	trace_writer_free(writer);
	if (!err)
		err = write_facts(dir, &facts, rec);
	facts_release(&facts);
	facts_build_release(&build);
	model_release(&m);
	return err;
}

int main(int argc, char **argv)
{
	struct recording rec;
	char *path;
	int err;

	if (argc != 3) {
		fprintf(stderr, "usage: golden EVENTS DIR\n");
		return 2;
	}
	path = xasprintf("%s/trace.pftrace", argv[2]);
	err = recording_create(&rec, path);
	if (err) {
		log_err(err, "cannot write '%s'", path);
		recording_discard(&rec);
	} else {
		err = run(argv[1], argv[2], &rec);
		if (!err)
			err = recording_close(&rec);
		else
			recording_discard(&rec);
	}
	free(path);
	return err ? 1 : 0;
}
