// SPDX-License-Identifier: MIT
/* Owns the order of a diff's page, and its table of what changed. */
#include "html/diff_page.h"

#include <math.h>
#include <string.h>

#include "html/bars.h"
#include "html/markup.h"
#include "html/page.h"

#define TEXT_CHARS  1000
#define TEXT_WIDTH  100
#define ROWS_MAX    40
#define NOTES_MAX   20
#define SCALE_MIN   1.25

static bool is_shown(const struct diff_row *r)
{
	return !r->role && strncmp(r->metric, "group:", 6) != 0;
}

/* Shares have no ratio worth drawing: the bars of roles show them. */
static bool is_drawn(const struct diff_row *r)
{
	return is_shown(r) && r->has_ratio && r->unit != DIFF_PERCENT;
}

/* "7.30 s, then 3.67 s: 0.50x (0.45-0.55)" */
static void add_row_words(const struct diff_row *r, struct strbuf *s)
{
	report_diff_value(s, r->unit, r->has_before, r->before);
	strbuf_addstr(s, ", then ");
	report_diff_value(s, r->unit, r->has_after, r->after);
	strbuf_addstr(s, ": ");
	report_diff_change(s, r);
}

static double most_of(const struct diff *d)
{
	double most = SCALE_MIN;

	for (size_t i = 0; i < d->row_cnt; i++)
		if (is_drawn(&d->rows[i]))
			most = fmax(most, d->rows[i].ratio.high);
	if (d->prediction.change)
		most = fmax(most, d->prediction.predicted.high);
	return most;
}

static void put_range(const char *name, const struct range *range, const char *class,
		      struct strbuf *said, double most, struct strbuf *out)
{
	bars_range(&(struct bars_range){ .name = name,
					 .low = range->low,
					 .value = range->value,
					 .high = range->high,
					 .class = class,
					 .said = said },
		   most, out);
}

/* Beside what was achieved, which is the throughput's row. */
static void put_prediction(const struct diff_prediction *p, double most, struct strbuf *out)
{
	struct strbuf name = { 0 }, said = { 0 };

	if (!p->change)
		return;
	strbuf_addf(&name, "predicted: %s", p->change);
	strbuf_addf(&said, "%.2fx the throughput (%.2f-%.2f)", p->predicted.value, p->predicted.low,
		    p->predicted.high);
	put_range(strbuf_str(&name), &p->predicted, "better", &said, most, out);
	if (p->has_achieved) {
		strbuf_addf(&said, "%.2fx (%.2f-%.2f)", p->achieved.value, p->achieved.low,
			    p->achieved.high);
		put_range("achieved", &p->achieved, "changed", &said, most, out);
	}
	strbuf_release(&name);
}

static void put_ratios(const struct diff *d, struct strbuf *out)
{
	double most = most_of(d);
	size_t shown = 0;

	strbuf_addstr(out, "<p class=\"note\">After, as a multiple of before, with its range; the "
			   "line is no change. Grey is within noise.</p>\n");
	put_prediction(&d->prediction, most, out);
	for (size_t i = 0; i < d->row_cnt && shown < ROWS_MAX; i++) {
		const struct diff_row *r = &d->rows[i];
		struct strbuf said = { 0 };

		if (!is_drawn(r))
			continue;
		shown++;
		add_row_words(r, &said);
		put_range(report_diff_title(r), &r->ratio, r->is_significant ? "changed" : "same",
			  &said, most, out);
	}
}

static void put_shares(const struct diff *d, struct strbuf *out)
{
	size_t shown = 0;

	for (size_t i = 0; i < d->row_cnt && shown < ROWS_MAX; i++) {
		const struct diff_row *r = &d->rows[i];
		struct strbuf said = { 0 };

		if (!is_shown(r) || is_drawn(r) || !r->is_significant)
			continue;
		strbuf_addstr(out,
			      shown++ ? "<li>" : "<h3>Parts of the threads' time</h3>\n<ul>\n<li>");
		strbuf_addf(&said, "%s: ", report_diff_title(r));
		add_row_words(r, &said);
		markup_take(out, &said);
		strbuf_addstr(out, "</li>\n");
	}
	if (shown)
		strbuf_addstr(out, "</ul>\n");
}

static void put_side(const char *label, const struct diff_side *side, const char *file,
		     struct strbuf *out)
{
	strbuf_addf(out, "<p><strong>%s</strong>: %s, %s", label, verdict_fit_name(side->model),
		    verdict_class_name(side->class));
	if (side->workers)
		strbuf_addf(out, ", %u worker%s", side->workers, side->workers == 1 ? "" : "s");
	strbuf_addstr(out, " <span class=\"note\">");
	markup_text(out, file, 200);
	if (side->recordings > 1)
		strbuf_addf(out, " and %zu more", side->recordings - 1);
	if (side->command) {
		strbuf_addstr(out, ": ");
		markup_text(out, side->command, 200);
	}
	strbuf_addstr(out, "</span></p>\n");
}

static void put_summary(const struct report_diff *r, struct strbuf *out)
{
	const struct diff *d = r->diff;

	strbuf_addstr(out, "<main>\n<section id=\"verdict\">\n<h2>");
	markup_text(out, d->summary, TEXT_CHARS);
	strbuf_addstr(out, "</h2>\n");
	put_side("Before", &d->before, r->before[0], out);
	put_side("After", &d->after, r->after[0], out);
	for (size_t i = 0; i < d->note_cnt && i < NOTES_MAX; i++) {
		strbuf_addstr(out, "<p class=\"alarm\">");
		markup_text(out, d->notes[i], TEXT_CHARS);
		strbuf_addstr(out, "</p>\n");
	}
	strbuf_addstr(out, "<h3>What changed</h3>\n");
	put_ratios(d, out);
	put_shares(d, out);
	strbuf_addstr(out, "</section>\n");
}

static void put_timelines(const struct diff_page_side *before, const struct diff_page_side *after,
			  struct strbuf *out)
{
	const struct facts *b = before->facts, *a = after->facts;
	struct timeline_view view = {
		.id = "before",
		.title = "Before: what threads did when",
		.axis_ns = b->recording.duration_ns > a->recording.duration_ns
				   ? b->recording.duration_ns
				   : a->recording.duration_ns,
		.top = fmax(timeline_top(b), timeline_top(a)),
		.bytes_max = TIMELINE_BYTES_MAX / 2,
	};

	timeline_format(before->timeline, b, &view, out);
	view.id = "after";
	view.title = "After: what threads did when";
	timeline_format(after->timeline, a, &view, out);
}

static void put_objects(const struct diff *d, const char *title, const struct diff_object *objects,
			size_t cnt, bool is_channel, struct strbuf *out)
{
	size_t shown = 0;

	for (size_t i = 0; i < cnt && shown < ROWS_MAX; i++) {
		struct strbuf s = { 0 };

		if (objects[i].fate == DIFF_SAME)
			continue;
		if (!shown++)
			strbuf_addf(out, "<section>\n<h2>%s</h2>\n<ul>\n", title);
		strbuf_addstr(out, "<li>");
		report_diff_object(&s, d, &objects[i], is_channel);
		markup_take(out, &s);
		strbuf_addstr(out, "</li>\n");
	}
	if (shown)
		strbuf_addstr(out, "</ul>\n</section>\n");
}

void diff_page_format(const struct report_diff *r, const struct diff_page_side *before,
		      const struct diff_page_side *after, struct strbuf *out)
{
	const struct report_diff_options options = { .width = TEXT_WIDTH, .utf8 = true };
	const struct diff *d = r->diff;
	struct strbuf text = { 0 };

	page_begin(out, d->summary);
	put_summary(r, out);
	bars_roles_both(before->facts, after->facts, out);
	put_timelines(before, after, out);
	put_objects(d, "Locks that changed", d->locks, d->lock_cnt, false, out);
	put_objects(d, "Channels that changed", d->channels, d->channel_cnt, true, out);
	bars_memory_both(before->facts, after->facts, out);
	report_diff_format(r, &options, &text);
	page_text(out, &text);
	strbuf_addstr(out, "</main>\n");
	page_end(out);
}
