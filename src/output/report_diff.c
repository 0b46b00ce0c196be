// SPDX-License-Identifier: MIT
/*
 * Owns the order and the wording of a diff on a terminal: first what changed, then what
 * is the same within noise. Decides nothing.
 */
#include "output/report_diff.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/report_wrap.h"

#define WIDTH_MIN     72
#define NAME_COLUMNS  16
#define VALUE_COLUMNS 10
#define ROLES_SHOWN   8
#define OBJECTS_SHOWN 6
#define FILES_SHOWN   3
#define NAME_MAX_LEN  120

static const struct {
	const char *metric, *title;
} titles[] = {
	{ "wall", "wall time" },      { "cpu", "CPU time" },	   { "p95", "p95 latency" },
	{ "startup", "start-up" },    { "cpu_user", "CPU, user" }, { "cpu_kernel", "CPU, kernel" },
	{ "run_queue", "run queue" }, { "gil", "GIL" },		   { "kernel_lock", "kernel lock" },
	{ "ipc", "IPC" },
};

const char *report_diff_title(const struct diff_row *r)
{
	if (!strcmp(r->metric, "memory") && r->role)
		return "memory of each";
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (!strcmp(titles[i].metric, r->metric))
			return titles[i].title;
	return r->metric;
}

/* Groups repeat what their buckets say; they are in the JSON. */
static bool is_shown(const struct diff_row *r)
{
	return strncmp(r->metric, "group:", 6) != 0;
}

/* One more digit than elsewhere: it is the difference that counts. */
static void add_duration(struct strbuf *s, double ns)
{
	if (ns >= 1e9 && ns < 100e9)
		strbuf_addf(s, "%.2f s", ns / 1e9);
	else
		wrap_add_duration(s, (uint64_t)ns);
}

void report_diff_value(struct strbuf *s, enum diff_unit unit, bool is_known, double v)
{
	if (!is_known) {
		strbuf_addstr(s, "-");
		return;
	}
	switch (unit) {
	case DIFF_NS:
		add_duration(s, v);
		break;
	case DIFF_BYTES:
		wrap_add_bytes(s, (uint64_t)v);
		break;
	case DIFF_COUNT:
		wrap_add_count(s, (uint64_t)(v + 0.5));
		break;
	case DIFF_PER_SECOND:
		if (v >= 100) {
			wrap_add_count(s, (uint64_t)(v + 0.5));
			strbuf_addstr(s, "/s");
		} else {
			strbuf_addf(s, "%.3g/s", v);
		}
		break;
	case DIFF_CPUS:
		strbuf_addf(s, "%.2f CPUs", v);
		break;
	case DIFF_PERCENT:
		strbuf_addf(s, "%.1f %%", v);
		break;
	}
}

void report_diff_change(struct strbuf *s, const struct diff_row *r)
{
	if (!r->has_before || !r->has_after)
		strbuf_addstr(s, r->has_before ? "not measured after" : "not measured before");
	else if (r->unit == DIFF_PERCENT)
		strbuf_addf(s, "%+.1f pp (%+.1f to %+.1f)", r->change.value, r->change.low,
			    r->change.high);
	else if (r->has_ratio)
		strbuf_addf(s, "%.2fx (%.2f-%.2f)", r->ratio.value, r->ratio.low, r->ratio.high);
}

static void add_cell(struct strbuf *line, enum diff_unit unit, bool is_known, double v)
{
	struct strbuf cell = { 0 };

	report_diff_value(&cell, unit, is_known, v);
	strbuf_addf(line, "%*s", VALUE_COLUMNS, strbuf_str(&cell));
	strbuf_release(&cell);
}

/* Where there is no room the range is left out; the JSON has it. */
static void put_row(struct wrap *w, const struct diff_row *r)
{
	size_t indent = WRAP_LABEL + (r->role ? 2 : 0), bare;
	struct strbuf line = { 0 };

	strbuf_addf(&line, "%*s%-*s", (int)indent, "", NAME_COLUMNS + WRAP_LABEL - (int)indent,
		    report_diff_title(r));
	add_cell(&line, r->unit, r->has_before, r->before);
	add_cell(&line, r->unit, r->has_after, r->after);
	strbuf_addstr(&line, "  ");
	bare = line.len;
	report_diff_change(&line, r);
	if (line.len > w->width && strchr(line.buf + bare, '('))
		*strchr(line.buf + bare, '(') = '\0';
	strbuf_addf(w->out, "%s\n", strbuf_str(&line));
	strbuf_release(&line);
}

static void put_heading(struct wrap *w)
{
	wrap_gap(w);
	wrap_label(w, "Changed");
	strbuf_addf(w->out, "%-*s%*s%*s  change (its range)\n", NAME_COLUMNS, "", VALUE_COLUMNS,
		    "before", VALUE_COLUMNS, "after");
}

static void put_program(struct wrap *w, const struct diff *d)
{
	bool has_heading = false;

	for (size_t i = 0; i < d->row_cnt; i++) {
		const struct diff_row *r = &d->rows[i];

		if (r->role || !r->is_significant || !is_shown(r))
			continue;
		if (!has_heading)
			put_heading(w);
		has_heading = true;
		put_row(w, r);
	}
}

/* "2 threads", "2 threads in 2 processes" */
static void add_crowd(struct strbuf *s, double threads, double processes)
{
	if (!(threads > 0)) {
		strbuf_addstr(s, "none");
		return;
	}
	strbuf_addf(s, "%.3g thread%s", threads, threads == 1 ? "" : "s");
	if (processes > 0)
		strbuf_addf(s, " in %.3g process%s", processes, processes == 1 ? "" : "es");
}

static size_t significant_rows(const struct diff *d, const char *role)
{
	size_t cnt = 0;

	for (size_t i = 0; i < d->row_cnt; i++)
		cnt += d->rows[i].role && !strcmp(d->rows[i].role, role) &&
		       d->rows[i].is_significant && is_shown(&d->rows[i]);
	return cnt;
}

static bool is_same_crowd(const struct diff_role *r)
{
	return r->threads_before == r->threads_after && r->processes_before == r->processes_after;
}

static void put_role(struct wrap *w, const struct diff *d, const struct diff_role *r,
		     const char *label)
{
	struct strbuf s = { 0 };

	wrap_add_safe(&s, r->role, NAME_MAX_LEN / 2);
	strbuf_addstr(&s, ": ");
	if (!is_same_crowd(r)) {
		add_crowd(&s, r->threads_before, r->processes_before);
		strbuf_addstr(&s, ", then ");
	}
	add_crowd(&s, r->threads_after, r->processes_after);
	wrap_text(w, label, WRAP_LABEL, strbuf_str(&s));
	strbuf_release(&s);
	for (size_t i = 0; i < d->row_cnt; i++)
		if (d->rows[i].role && !strcmp(d->rows[i].role, r->role) &&
		    d->rows[i].is_significant && is_shown(&d->rows[i]))
			put_row(w, &d->rows[i]);
}

static void put_roles(struct wrap *w, const struct diff *d)
{
	const char *label = "Roles";
	size_t shown = 0, more = 0;
	struct strbuf s = { 0 };

	for (size_t i = 0; i < d->role_cnt; i++) {
		const struct diff_role *r = &d->roles[i];

		if (is_same_crowd(r) && !significant_rows(d, r->role))
			continue;
		if (shown == ROLES_SHOWN) {
			more++;
			continue;
		}
		if (!shown++)
			wrap_gap(w);
		put_role(w, d, r, label);
		label = "";
	}
	if (more) {
		strbuf_addf(&s, "%s %zu more", wrap_dots(w), more);
		wrap_text(w, "", WRAP_LABEL, strbuf_str(&s));
	}
	strbuf_release(&s);
}

static void add_lock_use(struct strbuf *s, const struct diff_use *u)
{
	wrap_add_count(s, (uint64_t)(u->waits + 0.5));
	strbuf_addstr(s, " waits, ");
	add_duration(s, u->wait_ns);
	strbuf_addf(s, " (%.1f %% of thread time)", u->share);
}

static void add_channel_use(struct strbuf *s, const struct diff_use *u, bool is_run)
{
	const char *each = is_run ? "" : "/s";

	wrap_add_count(s, (uint64_t)(u->messages + 0.5));
	strbuf_addf(s, " messages%s, ", each);
	wrap_add_bytes(s, (uint64_t)u->bytes);
	strbuf_addstr(s, each);
}

void report_diff_uses(struct strbuf *s, const struct diff *d, const struct diff_object *o,
		      bool is_channel)
{
	bool was = o->fate != DIFF_APPEARED, is = o->fate != DIFF_WENT;

	if (was && is_channel)
		add_channel_use(s, &o->before, d->is_run);
	else if (was)
		add_lock_use(s, &o->before);
	strbuf_addstr(s, was && is ? ", then " : "");
	if (is && is_channel)
		add_channel_use(s, &o->after, d->is_run);
	else if (is)
		add_lock_use(s, &o->after);
}

void report_diff_object(struct strbuf *s, const struct diff *d, const struct diff_object *o,
			bool is_channel)
{
	strbuf_addf(s, "%s %s: ", o->kind, diff_fate_name(o->fate));
	wrap_add_safe(s, o->name, NAME_MAX_LEN);
	strbuf_addstr(s, ", ");
	report_diff_uses(s, d, o, is_channel);
}

static void put_objects(struct wrap *w, const struct diff *d, const char *label,
			const struct diff_object *objects, size_t cnt, bool is_channel)
{
	struct strbuf s = { 0 };
	size_t shown = 0, more = 0;

	for (size_t i = 0; i < cnt; i++) {
		if (objects[i].fate == DIFF_SAME)
			continue;
		if (shown == OBJECTS_SHOWN) {
			more++;
			continue;
		}
		if (!shown)
			wrap_gap(w);
		strbuf_reset(&s);
		report_diff_object(&s, d, &objects[i], is_channel);
		wrap_hanging(w, shown++ ? "" : label, WRAP_LABEL, 2, strbuf_str(&s));
	}
	if (more) {
		strbuf_reset(&s);
		strbuf_addf(&s, "%s %zu more", wrap_dots(w), more);
		wrap_text(w, "", WRAP_LABEL, strbuf_str(&s));
	}
	strbuf_release(&s);
}

/* Named are the program's own metrics; buckets and roles are only counted. */
static void put_noise(struct wrap *w, const struct diff *d)
{
	size_t named = 0, others = 0;
	struct strbuf s = { 0 };

	for (size_t i = 0; i < d->row_cnt; i++) {
		const struct diff_row *r = &d->rows[i];

		if (r->is_significant || !is_shown(r) || !r->has_before || !r->has_after)
			continue;
		if (r->role || r->unit == DIFF_PERCENT) {
			others += r->before > 0 || r->after > 0;
			continue;
		}
		strbuf_addf(&s, "%s%s ", named++ ? "; " : "", report_diff_title(r));
		report_diff_value(&s, r->unit, true, r->before);
		strbuf_addstr(&s, " and ");
		report_diff_value(&s, r->unit, true, r->after);
		if (r->has_ratio) {
			strbuf_addstr(&s, ", ");
			report_diff_change(&s, r);
		}
		if (r->needed)
			strbuf_addf(&s, ": %zu recordings of each side would tell", r->needed);
	}
	if (others)
		strbuf_addf(&s, "%s%zu more, of buckets and roles", named ? "; and " : "", others);
	if (s.len) {
		wrap_gap(w);
		wrap_hanging(w, "Noise", WRAP_LABEL, 2, strbuf_str(&s));
	}
	strbuf_release(&s);
}

static void put_prediction(struct wrap *w, const struct diff_prediction *p)
{
	static const char *const words[] = {
		[DIFF_HELD] = "it held",
		[DIFF_NEARLY] = "the difference is within noise",
		[DIFF_LESS] = "it was too high",
		[DIFF_MORE] = "it was too low",
	};
	struct strbuf s = { 0 };

	if (!p->change)
		return;
	wrap_gap(w);
	strbuf_addf(&s, "%s", p->change);
	if (p->lock) {
		strbuf_addch(&s, ' ');
		wrap_add_safe(&s, p->lock, NAME_MAX_LEN);
	} else if (p->workers) {
		strbuf_addf(&s, ", %u worker%s", p->workers, p->workers == 1 ? "" : "s");
	}
	strbuf_addf(&s, ": %.2fx (%.2f-%.2f)", p->predicted.value, p->predicted.low,
		    p->predicted.high);
	if (p->has_achieved)
		strbuf_addf(&s, ", achieved %.2fx (%.2f-%.2f): %s", p->achieved.value,
			    p->achieved.low, p->achieved.high, words[p->outcome]);
	else
		strbuf_addstr(&s, "; what was achieved shows in recordings of whole runs only");
	wrap_hanging(w, "Predicted", WRAP_LABEL, 2, strbuf_str(&s));
	strbuf_release(&s);
}

static void put_gate(struct wrap *w, const struct fail_on *gate)
{
	static const char *const words[] = {
		[FAIL_ON_MET] = "met",
		[FAIL_ON_FAILED] = "FAILED",
		[FAIL_ON_UNKNOWN] = "not checked",
	};
	struct strbuf s = { 0 };

	if (gate->cnt)
		wrap_gap(w);
	for (size_t i = 0; i < gate->cnt; i++) {
		strbuf_reset(&s);
		strbuf_addf(&s, "%s: %s, %s", gate->lines[i].text, words[gate->lines[i].outcome],
			    gate->lines[i].why ? gate->lines[i].why : "");
		wrap_hanging(w, i ? "" : "Gate", WRAP_LABEL, 2, strbuf_str(&s));
	}
	strbuf_release(&s);
}

static void put_side(struct wrap *w, const char *label, const struct diff_side *side,
		     const char *const *files)
{
	struct strbuf s = { 0 };

	for (size_t i = 0; i < side->recordings && i < FILES_SHOWN; i++) {
		strbuf_addstr(&s, i ? ", " : "");
		wrap_add_safe(&s, files[i], NAME_MAX_LEN);
	}
	if (side->recordings > FILES_SHOWN)
		strbuf_addf(&s, " and %zu more", side->recordings - FILES_SHOWN);
	strbuf_addf(&s, ": %s, %s", verdict_fit_name(side->model), verdict_class_name(side->class));
	if (side->workers)
		strbuf_addf(&s, ", %u worker%s", side->workers, side->workers == 1 ? "" : "s");
	wrap_hanging(w, label, WRAP_LABEL, 2, strbuf_str(&s));
	if (side->command) {
		strbuf_reset(&s);
		wrap_add_safe(&s, side->command, NAME_MAX_LEN);
		wrap_hanging(w, "", WRAP_LABEL + 2, 0, strbuf_str(&s));
	}
	strbuf_release(&s);
}

static void put_notes(struct wrap *w, const struct diff *d)
{
	if (d->note_cnt)
		wrap_gap(w);
	for (size_t i = 0; i < d->note_cnt; i++)
		wrap_hanging(w, i ? "" : "Beware", WRAP_LABEL, 2, d->notes[i]);
}

static void put_trace(struct wrap *w, const char *trace)
{
	struct strbuf s = { 0 };

	if (!trace)
		return;
	wrap_gap(w);
	wrap_add_safe(&s, trace, NAME_MAX_LEN);
	strbuf_addstr(&s, "   (open it at https://ui.perfetto.dev)");
	wrap_text(w, "Trace", WRAP_LABEL, strbuf_str(&s));
	strbuf_release(&s);
}

void report_diff_format(const struct report_diff *r, const struct report_diff_options *options,
			struct strbuf *out)
{
	const struct diff *d = r->diff;
	struct wrap w = {
		.out = out,
		.width = options->width > WIDTH_MIN ? options->width
			 : options->width           ? WIDTH_MIN
						    : 80,
		.color = options->color,
		.utf8 = options->utf8,
	};

	wrap_text(&w, "", 0, d->summary);
	wrap_gap(&w);
	put_side(&w, "Before", &d->before, r->before);
	put_side(&w, "After", &d->after, r->after);
	put_program(&w, d);
	put_prediction(&w, &d->prediction);
	put_roles(&w, d);
	put_objects(&w, d, "Locks", d->locks, d->lock_cnt, false);
	put_objects(&w, d, "Channels", d->channels, d->channel_cnt, true);
	put_noise(&w, d);
	put_notes(&w, d);
	put_gate(&w, r->gate);
	put_trace(&w, r->trace);
}
