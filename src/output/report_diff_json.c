// SPDX-License-Identifier: MIT
/* Owns the diff as JSON, schema 1. The order of keys is docs/diff.md's. */
#include <jansson.h>
#include <stdlib.h>

#include "facts/json_value.h"
#include "output/report_diff.h"
#include "version.h"

#define SCHEMA 1

static void set(json_t *obj, const char *key, json_t *value)
{
	json_object_set_new(obj, key, value);
}

static json_t *real_or_null(bool is_known, double d)
{
	return is_known ? json_value_real(d) : json_null();
}

static json_t *side_json(const struct diff_side *s)
{
	json_t *out = json_object();

	set(out, "recordings", json_integer((json_int_t)s->recordings));
	set(out, "command", json_value_text(s->command));
	set(out, "model", json_string(verdict_fit_name(s->model)));
	set(out, "class", json_string(verdict_class_name(s->class)));
	set(out, "workers", json_integer(s->workers));
	return out;
}

static json_t *files_json(const char *const *files, size_t cnt)
{
	json_t *out = json_array();

	for (size_t i = 0; i < cnt; i++)
		json_array_append_new(out, json_value_text(files[i]));
	return out;
}

static json_t *row_json(const struct diff_row *r)
{
	bool both = r->has_before && r->has_after;
	json_t *out = json_object();

	set(out, "metric", json_string(r->metric));
	set(out, "role", json_value_text(r->role));
	set(out, "before", real_or_null(r->has_before, r->before));
	set(out, "after", real_or_null(r->has_after, r->after));
	set(out, "unit", json_string(diff_unit_name(r->unit)));
	set(out, "ratio", real_or_null(r->has_ratio, r->ratio.value));
	set(out, "low", real_or_null(r->has_ratio, r->ratio.low));
	set(out, "high", real_or_null(r->has_ratio, r->ratio.high));
	set(out, "change", real_or_null(both, r->change.value));
	set(out, "change_low", real_or_null(both, r->change.low));
	set(out, "change_high", real_or_null(both, r->change.high));
	set(out, "significant", json_boolean(r->is_significant));
	set(out, "recordings_needed",
	    r->needed ? json_integer((json_int_t)r->needed) : json_null());
	return out;
}

static json_t *use_json(const struct diff_use *u, bool is_channel)
{
	json_t *out = json_object();

	if (is_channel) {
		set(out, "messages", json_value_real(u->messages));
		set(out, "bytes", json_value_real(u->bytes));
	} else {
		set(out, "waits", json_value_real(u->waits));
	}
	set(out, "wait_ns", json_value_real(u->wait_ns));
	set(out, "share", json_value_real(u->share));
	return out;
}

static json_t *objects_json(const struct diff_object *objects, size_t cnt, bool is_channel)
{
	json_t *out = json_array();

	for (size_t i = 0; i < cnt; i++) {
		json_t *o = json_object();

		set(o, "kind", json_value_text(objects[i].kind));
		set(o, "name", json_value_text(objects[i].name));
		set(o, "change", json_string(diff_fate_name(objects[i].fate)));
		set(o, "before", use_json(&objects[i].before, is_channel));
		set(o, "after", use_json(&objects[i].after, is_channel));
		json_array_append_new(out, o);
	}
	return out;
}

static json_t *roles_json(const struct diff *d)
{
	json_t *out = json_array();

	for (size_t i = 0; i < d->role_cnt; i++) {
		const struct diff_role *r = &d->roles[i];
		json_t *o = json_object();

		set(o, "role", json_value_text(r->role));
		set(o, "threads_before", json_value_real(r->threads_before));
		set(o, "threads_after", json_value_real(r->threads_after));
		set(o, "processes_before", json_value_real(r->processes_before));
		set(o, "processes_after", json_value_real(r->processes_after));
		json_array_append_new(out, o);
	}
	return out;
}

static json_t *prediction_json(const struct diff_prediction *p)
{
	static const char *const outcomes[] = {
		[DIFF_HELD] = "held",
		[DIFF_NEARLY] = "within noise",
		[DIFF_LESS] = "less",
		[DIFF_MORE] = "more",
	};
	json_t *out = json_object();

	if (!p->change) {
		json_decref(out);
		return json_null();
	}
	set(out, "change", json_value_text(p->change));
	set(out, "workers", json_integer(p->workers));
	set(out, "lock", json_value_text(p->lock));
	set(out, "predicted", json_value_real(p->predicted.value));
	set(out, "predicted_low", json_value_real(p->predicted.low));
	set(out, "predicted_high", json_value_real(p->predicted.high));
	set(out, "achieved", real_or_null(p->has_achieved, p->achieved.value));
	set(out, "achieved_low", real_or_null(p->has_achieved, p->achieved.low));
	set(out, "achieved_high", real_or_null(p->has_achieved, p->achieved.high));
	set(out, "outcome", p->has_achieved ? json_string(outcomes[p->outcome]) : json_null());
	return out;
}

static json_t *failed_json(const struct fail_on *gate)
{
	json_t *out = json_array();

	for (size_t i = 0; i < gate->cnt; i++)
		if (gate->lines[i].outcome == FAIL_ON_FAILED)
			json_array_append_new(out, json_value_text(gate->lines[i].text));
	return out;
}

static json_t *gate_json(const struct fail_on *gate)
{
	static const char *const outcomes[] = {
		[FAIL_ON_MET] = "met",
		[FAIL_ON_FAILED] = "failed",
		[FAIL_ON_UNKNOWN] = "unknown",
	};
	json_t *out = json_array();

	for (size_t i = 0; i < gate->cnt; i++) {
		json_t *o = json_object();

		set(o, "line", json_value_text(gate->lines[i].text));
		set(o, "outcome", json_string(outcomes[gate->lines[i].outcome]));
		set(o, "why", json_value_text(gate->lines[i].why));
		json_array_append_new(out, o);
	}
	return out;
}

static json_t *notes_json(const struct diff *d)
{
	json_t *out = json_array();

	for (size_t i = 0; i < d->note_cnt; i++)
		json_array_append_new(out, json_value_text(d->notes[i]));
	return out;
}

static json_t *diff_json(const struct report_diff *r)
{
	const struct diff *d = r->diff;
	json_t *out = json_object(), *rows = json_array();

	for (size_t i = 0; i < d->row_cnt; i++)
		json_array_append_new(rows, row_json(&d->rows[i]));
	set(out, "schema", json_integer(SCHEMA));
	set(out, "partrace", json_string(PARTRACE_VERSION));
	set(out, "before", files_json(r->before, d->before.recordings));
	set(out, "after", files_json(r->after, d->after.recordings));
	set(out, "before_side", side_json(&d->before));
	set(out, "after_side", side_json(&d->after));
	set(out, "whole_runs", json_boolean(d->is_run));
	set(out, "summary", json_value_text(d->summary));
	set(out, "rows", rows);
	set(out, "roles", roles_json(d));
	set(out, "locks", objects_json(d->locks, d->lock_cnt, false));
	set(out, "channels", objects_json(d->channels, d->channel_cnt, true));
	set(out, "prediction", prediction_json(&d->prediction));
	set(out, "notes", notes_json(d));
	set(out, "gate", gate_json(r->gate));
	set(out, "failed", failed_json(r->gate));
	return out;
}

void report_diff_json(const struct report_diff *r, struct strbuf *out)
{
	json_t *root = diff_json(r);
	char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9));

	strbuf_addstr(out, text ? text : "");
	free(text);
	json_decref(root);
}
