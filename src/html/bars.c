// SPDX-License-Identifier: MIT
/*
 * Owns the bars. A bar is stretched to its place, so it has no words in it: those are
 * the row's, which a phone puts on top of it.
 */
#include "html/bars.h"

#include <stdlib.h>
#include <string.h>

#include "html/markup.h"
#include "output/report_expect.h"
#include "output/report_table.h"
#include "output/report_workers.h"
#include "output/report_wrap.h"

#define ROWS_MAX    20
#define ROLE_CHARS  40
#define WIDTH	    1000.0
#define CAUSES_SAID 3
#define SAID_MIN    0.01
#define LEGEND_MIN  1		/* of WIDTH: what can be seen is explained */

/* Speed-ups past this end the scale: what is beyond is cut off, and said in its number. */
#define SPEEDUP_MAX 100.0
#define SCALE_MIN   1.25

/* @when: "before", "after", or NULL. */
static void begin_row(struct strbuf *out, const char *role, size_t cnt, const char *when)
{
	strbuf_addstr(out, "<div class=\"row\">\n<div class=\"name\">");
	markup_text(out, role && role[0] ? role : "(no name)", ROLE_CHARS);
	if (cnt > 1)
		strbuf_addf(out, " ×%zu", cnt);
	if (when)
		strbuf_addf(out, " <small>%s</small>", when);
	strbuf_addstr(out, "</div>\n");
}

static void begin_bar(struct strbuf *out)
{
	strbuf_addf(out,
		    "<svg class=\"bar\" viewBox=\"0 0 %.0f 20\" preserveAspectRatio=\"none\" "
		    "aria-hidden=\"true\">\n",
		    WIDTH);
}

static void end_row(struct strbuf *out)
{
	strbuf_addstr(out, "</div>\n</div>\n");
}

/* ---- roles ---- */

static void sum_causes(const struct role_row *r, uint64_t ns[COLUMN_CNT])
{
	memset(ns, 0, COLUMN_CNT * sizeof(*ns));
	for (int b = 0; b < BUCKET_CNT; b++)
		ns[markup_cause((enum bucket)b)] += r->time_ns[b];
}

static double share_of(const struct role_row *r, uint64_t ns)
{
	return r->life_ns ? (double)ns / (double)r->life_ns : 0;
}

/* "GIL 71 %, on a CPU 24 %": the largest, largest first. */
static void say_causes(const struct role_row *r, const uint64_t ns[COLUMN_CNT], struct strbuf *out)
{
	uint32_t said = 0;

	for (int n = 0; n < CAUSES_SAID; n++) {
		int top = -1;

		for (int c = 0; c < COLUMN_CNT; c++)
			if (!(said & 1u << c) && (top < 0 || ns[c] > ns[top]))
				top = c;
		if (share_of(r, ns[top]) < SAID_MIN)
			break;
		said |= 1u << top;
		strbuf_addf(out, "%s%s ", n ? ", " : "",
			    markup_cause_label((enum window_column)top));
		markup_percent(out, share_of(r, ns[top]));
	}
}

static uint32_t put_role(const struct role_row *r, const char *when, struct strbuf *out)
{
	uint64_t ns[COLUMN_CNT];
	uint32_t causes = 0;
	double x = 0;

	sum_causes(r, ns);
	begin_row(out, r->role, r->threads, when);
	begin_bar(out);
	for (int c = 0; c < COLUMN_CNT; c++) {
		double width = WIDTH * share_of(r, ns[c]);

		if (!ns[c])
			continue;
		causes |= width >= LEGEND_MIN ? 1u << c : 0;
		strbuf_addf(out,
			    "<rect class=\"%s\" x=\"%.1f\" y=\"0\" width=\"%.1f\" height=\"20\">"
			    "<title>%s ",
			    window_column_name((enum window_column)c), x, width,
			    markup_cause_label((enum window_column)c));
		markup_percent(out, share_of(r, ns[c]));
		strbuf_addstr(out, "</title></rect>\n");
		x += width;
	}
	strbuf_addstr(out, "</svg>\n<div class=\"said\">");
	say_causes(r, ns, out);
	end_row(out);
	return causes;
}

static void put_roles(uint32_t causes, const struct strbuf *rows, struct strbuf *out)
{
	strbuf_addstr(out, "<section id=\"roles\">\n<h2>Where the time of threads went</h2>\n");
	markup_legend(out, causes);
	strbuf_add(out, strbuf_str(rows), rows->len);
}

void bars_roles(const struct facts *f, struct strbuf *out)
{
	struct strbuf rows = { 0 };
	struct role_row *all;
	uint32_t causes = 0;
	size_t cnt;

	if (!f->thread_cnt)
		return;
	all = report_rows(f, &cnt);
	for (size_t i = 0; i < cnt && i < ROWS_MAX; i++)
		causes |= put_role(&all[i], NULL, &rows);
	put_roles(causes, &rows, out);
	markup_more(out, ROWS_MAX, cnt, "roles");
	strbuf_addstr(out, "</section>\n");
	strbuf_release(&rows);
	free(all);
}

static const struct role_row *find_row(const struct role_row *rows, size_t cnt, const char *role)
{
	for (size_t i = 0; i < cnt; i++)
		if (!strcmp(rows[i].role, role))
			return &rows[i];
	return NULL;
}

void bars_roles_both(const struct facts *before, const struct facts *after, struct strbuf *out)
{
	size_t before_cnt, after_cnt, shown = 0, all;
	struct role_row *was = report_rows(before, &before_cnt);
	struct role_row *is = report_rows(after, &after_cnt);
	struct strbuf rows = { 0 };
	uint32_t causes = 0;

	all = after_cnt;
	for (size_t i = 0; i < after_cnt && shown < ROWS_MAX; i++, shown++) {
		const struct role_row *other = find_row(was, before_cnt, is[i].role);

		if (other)
			causes |= put_role(other, "before", &rows);
		causes |= put_role(&is[i], "after", &rows);
	}
	for (size_t i = 0; i < before_cnt; i++) {
		if (find_row(is, after_cnt, was[i].role))
			continue;
		all++;
		if (shown < ROWS_MAX) {
			causes |= put_role(&was[i], "before", &rows);
			shown++;
		}
	}
	put_roles(causes, &rows, out);
	markup_more(out, shown, all, "roles");
	strbuf_addstr(out, "</section>\n");
	strbuf_release(&rows);
	free(was);
	free(is);
}

/* ---- predictions ---- */

static double cut(double value)
{
	return value > SPEEDUP_MAX ? SPEEDUP_MAX : value > 0 ? value : 0;
}

void bars_range(const struct bars_range *r, double most, struct strbuf *out)
{
	double scale = WIDTH / (cut(most) * 1.05);
	double low = scale * cut(r->low), high = scale * cut(r->high);

	begin_row(out, r->name, 1, NULL);
	begin_bar(out);
	strbuf_addf(out,
		    "<rect class=\"%s\" x=\"%.1f\" y=\"4\" width=\"%.1f\" height=\"12\"></rect>\n"
		    "<rect class=\"point\" x=\"%.1f\" y=\"1\" width=\"5\" height=\"18\"></rect>\n"
		    "<rect class=\"now\" x=\"%.1f\" y=\"0\" width=\"2\" height=\"20\"></rect>\n"
		    "</svg>\n<div class=\"said\">",
		    r->class, low, high > low ? high - low : 0, scale * cut(r->value) - 2.5,
		    scale - 1);
	markup_take(out, r->said);
	end_row(out);
}

static void put_prediction(const struct fact_prediction *p, double most, bool is_first,
			   struct strbuf *out)
{
	struct strbuf change = { 0 }, gain = { 0 };

	report_add_change(p, &change);
	report_add_gain(p, is_first, &gain);
	bars_range(&(struct bars_range){ .name = strbuf_str(&change),
					 .low = p->low,
					 .value = p->speedup,
					 .high = p->high,
					 .class = p->low > 1    ? "better"
						  : p->high < 1 ? "worse"
								: "same",
					 .said = &gain },
		   most, out);
	strbuf_release(&change);
}

void bars_predictions(const struct fact_verdict *v, struct strbuf *out)
{
	double most = SCALE_MIN;

	if (!v->prediction_cnt)
		return;
	for (size_t i = 0; i < v->prediction_cnt && i < ROWS_MAX; i++)
		most = v->predictions[i].high > most ? v->predictions[i].high : most;
	strbuf_addstr(out,
		      "<h3>What changes would bring</h3>\n<p class=\"note\">Ranges of the same "
		      "work's speed; the line is the program as it was recorded.</p>\n");
	for (size_t i = 0; i < v->prediction_cnt && i < ROWS_MAX; i++)
		put_prediction(&v->predictions[i], most, i == 0, out);
}

/* ---- memory ---- */

static uint64_t mean(const struct crew_sum *s)
{
	return s->cnt ? s->total / s->cnt : 0;
}

static uint64_t most_of(const struct crew *c)
{
	uint64_t rss = mean(&c->rss), pss = mean(&c->pss), private = mean(&c->private);

	rss = pss > rss ? pss : rss;
	return private > rss ? private : rss;
}

static void put_memory_rect(const char *class, uint64_t bytes, uint64_t most, struct strbuf *out)
{
	if (bytes)
		strbuf_addf(out,
			    "<rect class=\"%s\" x=\"0\" y=\"0\" width=\"%.1f\" "
			    "height=\"20\"></rect>\n",
			    class, WIDTH * (double)bytes / (double)most);
}

static void say_memory(const char *what, uint64_t bytes, bool *is_first, struct strbuf *out)
{
	if (!bytes)
		return;
	strbuf_addf(out, "%s%s ", *is_first ? "" : ", ", what);
	wrap_add_bytes(out, bytes);
	*is_first = false;
}

static void put_crew(const struct crew *c, uint64_t most, const char *when, struct strbuf *out)
{
	bool is_first = true;

	begin_row(out, c->role, c->cnt, when);
	begin_bar(out);
	put_memory_rect("rss", mean(&c->rss), most, out);
	put_memory_rect("pss", mean(&c->pss), most, out);
	put_memory_rect("private", mean(&c->private), most, out);
	strbuf_addstr(out, "</svg>\n<div class=\"said\">");
	say_memory("RSS", mean(&c->rss), &is_first, out);
	say_memory("PSS", mean(&c->pss), &is_first, out);
	say_memory("private", mean(&c->private), &is_first, out);
	if (c->cnt > 1 && !is_first)
		strbuf_addstr(out, " each");
	end_row(out);
}

/* A recording's processes, as a chart shows them. */
struct memory {
	struct crew *crews;
	size_t cnt;
	uint64_t most;
};

static struct memory memory_of(const struct facts *f)
{
	struct memory m = { 0 };

	m.crews = report_crews(f, &m.cnt);
	for (size_t i = 0; i < m.cnt; i++)
		m.most = most_of(&m.crews[i]) > m.most ? most_of(&m.crews[i]) : m.most;
	return m;
}

static void put_memory_head(struct strbuf *out)
{
	strbuf_addstr(out, "<section id=\"memory\">\n<h2>Memory per process</h2>\n"
			   "<ul class=\"legend\">\n"
			   "<li><i class=\"private\"></i>private</li>\n"
			   "<li><i class=\"pss\"></i>and its part of what is shared (PSS)</li>\n"
			   "<li><i class=\"rss\"></i>and all that is shared (RSS)</li>\n</ul>\n");
}

static void put_crews(const struct memory *m, uint64_t most, const char *when, struct strbuf *out)
{
	for (size_t i = 0; i < m->cnt && i < ROWS_MAX; i++)
		put_crew(&m->crews[i], most, when, out);
	markup_more(out, ROWS_MAX, m->cnt, "roles");
}

void bars_memory(const struct facts *f, struct strbuf *out)
{
	struct memory m = memory_of(f);

	if (m.most) {
		put_memory_head(out);
		put_crews(&m, m.most, NULL, out);
		strbuf_addstr(out, "</section>\n");
	}
	free(m.crews);
}

void bars_memory_both(const struct facts *before, const struct facts *after, struct strbuf *out)
{
	struct memory was = memory_of(before), is = memory_of(after);
	uint64_t most = was.most > is.most ? was.most : is.most;

	if (most) {
		put_memory_head(out);
		put_crews(&was, most, "before", out);
		put_crews(&is, most, "after", out);
		strbuf_addstr(out, "</section>\n");
	}
	free(was.crews);
	free(is.crews);
}
