// SPDX-License-Identifier: MIT
/* Owns the order of a diff's page, and its table of what changed. */
#include "html/diff_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "html/bars.h"
#include "html/markup.h"
#include "html/page.h"

#define TEXT_CHARS  1000
#define TEXT_WIDTH  100
#define ROWS_MAX    40
#define NOTES_MAX   20
#define FILES_SHOWN 6
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

/* What was achieved is the throughput's row, the next one. */
static void put_prediction(const struct diff_prediction *p, double most, struct strbuf *out)
{
	struct strbuf name = { 0 }, said = { 0 };

	if (!p->change)
		return;
	strbuf_addf(&name, "predicted: %s", p->change);
	strbuf_addf(&said, "%.2fx the throughput (%.2f-%.2f)", p->predicted.value, p->predicted.low,
		    p->predicted.high);
	put_range(strbuf_str(&name), &p->predicted, "same", &said, most, out);
	strbuf_release(&name);
}

/* Green is better, orange is worse, grey may be noise. */
static const char *class_of(const struct diff_row *r)
{
	if (!r->is_significant)
		return "same";
	return fail_on_more_is_better(r->metric) == (r->ratio.value > 1) ? "better" : "worse";
}

static void put_ratios(const struct diff *d, struct strbuf *out)
{
	double most = most_of(d);
	size_t shown = 0;

	strbuf_addstr(out, "<p class=\"note\">After, as a multiple of before, with its range; the "
			   "line is no change. Green is better, orange is worse, grey is within "
			   "noise.</p>\n");
	bars_scale(most, out);
	put_prediction(&d->prediction, most, out);
	for (size_t i = 0; i < d->row_cnt && shown < ROWS_MAX; i++) {
		const struct diff_row *r = &d->rows[i];
		struct strbuf said = { 0 };

		if (!is_drawn(r))
			continue;
		shown++;
		add_row_words(r, &said);
		put_range(report_diff_title(r), &r->ratio, class_of(r), &said, most, out);
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

static void put_files(const char *const *files, size_t cnt, struct strbuf *out)
{
	for (size_t i = 0; i < cnt && i < FILES_SHOWN; i++) {
		strbuf_addstr(out, i ? ", " : "");
		markup_text(out, files[i], 200);
	}
	if (cnt > FILES_SHOWN)
		strbuf_addf(out, " and %zu more", cnt - FILES_SHOWN);
}

static void put_side(const char *label, const struct diff_side *side, const char *const *files,
		     struct strbuf *out)
{
	strbuf_addf(out, "<p><strong>%s</strong>: %s, %s", label, verdict_fit_name(side->model),
		    verdict_class_name(side->class));
	if (side->workers)
		strbuf_addf(out, ", %u worker%s", side->workers, side->workers == 1 ? "" : "s");
	strbuf_addstr(out, " <span class=\"note\">");
	put_files(files, side->recordings, out);
	if (side->command) {
		strbuf_addstr(out, ": ");
		markup_text(out, side->command, 200);
	}
	strbuf_addstr(out, "</span></p>\n");
}

static void put_summary(const struct report_diff *r, struct strbuf *out)
{
	const struct diff *d = r->diff;

	strbuf_addstr(out, "<header>\n<h1>Before and after</h1>\n</header>\n<main>\n"
			   "<section id=\"verdict\">\n<h2>");
	markup_text(out, d->summary, TEXT_CHARS);
	strbuf_addstr(out, "</h2>\n");
	put_side("Before", &d->before, r->before, out);
	put_side("After", &d->after, r->after, out);
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

/* Said where there was a choice. */
static char *say_drawn(const char *const *files, const struct diff_side *side, size_t drawn)
{
	return side->recordings > 1 ? xasprintf("%s, of %zu the one of median length.",
						files[drawn], side->recordings)
				    : NULL;
}

static void put_timelines(const struct report_diff *r, const struct diff_page_side *before,
			  const struct diff_page_side *after, struct strbuf *out)
{
	const struct facts *b = &before->facts[before->drawn], *a = &after->facts[after->drawn];
	char *was = say_drawn(r->before, &r->diff->before, before->drawn);
	char *is = say_drawn(r->after, &r->diff->after, after->drawn);
	struct timeline_view view = {
		.id = "before",
		.title = "Before: what threads did when",
		.note = was,
		.axis_ns = b->recording.duration_ns > a->recording.duration_ns
				   ? b->recording.duration_ns
				   : a->recording.duration_ns,
		.top = fmax(timeline_top(b), timeline_top(a)),
		.bytes_max = TIMELINE_BYTES_MAX / 2,
	};

	timeline_format(before->timeline, b, &view, out);
	view.id = "after";
	view.title = "After: what threads did when";
	view.note = is;
	timeline_format(after->timeline, a, &view, out);
	free(was);
	free(is);
}

/* What an object's bars are as long as. */
static double amount_of(const struct diff_use *u, bool is_channel)
{
	return is_channel ? u->bytes : u->wait_ns;
}

static double most_amount(const struct diff_object *objects, size_t cnt, bool is_channel)
{
	double most = 0;

	for (size_t i = 0; i < cnt; i++) {
		if (objects[i].fate == DIFF_SAME)
			continue;
		most = fmax(most, amount_of(&objects[i].before, is_channel));
		most = fmax(most, amount_of(&objects[i].after, is_channel));
	}
	return most;
}

static void put_object(const struct diff *d, const struct diff_object *o, bool is_channel,
		       double most, struct strbuf *out)
{
	struct strbuf said = { 0 };

	strbuf_addf(&said, "%s: ", diff_fate_name(o->fate));
	report_diff_uses(&said, d, o, is_channel);
	bars_pair(&(struct bars_pair){ .name = o->name,
				       .before = amount_of(&o->before, is_channel),
				       .after = amount_of(&o->after, is_channel),
				       .said = &said },
		  most, out);
}

static void put_objects(const struct diff *d, const struct diff_object *objects, size_t cnt,
			bool is_channel, struct strbuf *out)
{
	double most = most_amount(objects, cnt, is_channel);
	size_t shown = 0, all = 0;

	for (size_t i = 0; i < cnt; i++) {
		if (objects[i].fate == DIFF_SAME || all++ >= ROWS_MAX)
			continue;
		if (!shown++)
			strbuf_addf(out,
				    "<section id=\"%s\">\n<h2>%s that changed</h2>\n"
				    "<ul class=\"legend\">\n<li><i class=\"same\"></i>%s before"
				    "</li>\n<li><i class=\"changed\"></i>and after</li>\n</ul>\n",
				    is_channel ? "channels" : "locks",
				    is_channel ? "Channels" : "Locks",
				    is_channel ? "bytes sent" : "time waited");
		put_object(d, &objects[i], is_channel, most, out);
	}
	markup_more(out, shown, all, is_channel ? "channels" : "locks");
	if (shown)
		strbuf_addstr(out, "</section>\n");
}

static void put_footer(const char *version, struct strbuf *out)
{
	strbuf_addstr(out, "</main>\n<footer>\n<p class=\"note\">Compared by partrace ");
	markup_text(out, version, 40);
	strbuf_addstr(out, "</p>\n</footer>\n");
	page_end(out);
}

void diff_page_format(const struct report_diff *r, const struct diff_page_side *before,
		      const struct diff_page_side *after, const char *version, struct strbuf *out)
{
	const struct report_diff_options options = { .width = TEXT_WIDTH, .utf8 = true };
	const struct diff *d = r->diff;
	const struct bars_side was = { before->facts, d->before.recordings };
	const struct bars_side is = { after->facts, d->after.recordings };
	struct strbuf text = { 0 };

	page_begin(out, d->summary);
	put_summary(r, out);
	bars_roles_both(&was, &is, out);
	put_timelines(r, before, after, out);
	put_objects(d, d->locks, d->lock_cnt, false, out);
	put_objects(d, d->channels, d->channel_cnt, true, out);
	bars_memory_both(&was, &is, out);
	report_diff_format(r, &options, &text);
	page_text(out, &text);
	put_footer(version, out);
}
