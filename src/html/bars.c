// SPDX-License-Identifier: MIT
/*
 * Owns the bars. A bar is stretched to its place, so it has no words in it: those are
 * the row's, which a phone puts on top of it.
 */
#include "html/bars.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "html/markup.h"
#include "output/report_expect.h"
#include "output/report_table.h"
#include "output/report_workers.h"
#include "output/report_wrap.h"

#define ROWS_MAX    20
#define NAME_CHARS  80
#define WIDTH	    1000.0
#define CAUSES_SAID 3
#define NO_BREAK    "\xc2\xa0"
#define SAID_MIN    0.01
#define LEGEND_MIN  1		/* of WIDTH: what can be seen is explained */

/* The scale's numbers: at most so many, and none so near to another, in parts of it. */
#define MARKS_MAX  5
#define MARKS_NEAR 0.07

/* Speed-ups past this end the scale: what is beyond is cut off, and said in its number. */
#define SPEEDUP_MAX 100.0
#define SCALE_MIN   1.25
#define SCALE_ROOM  1.05

/* @when: "before", "after", or NULL. */
static void begin_row(struct strbuf *out, const char *name, size_t cnt, const char *when)
{
	strbuf_addstr(out, "<div class=\"row\">\n<div class=\"name\">");
	markup_text(out, name && name[0] ? name : "(no name)", NAME_CHARS);
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
		strbuf_addf(out, "%s%s" NO_BREAK, n ? ", " : "",
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

/* ---- roles of two sides ---- */

static struct role_row *find_row(struct role_row *rows, size_t cnt, const char *role)
{
	for (size_t i = 0; i < cnt; i++)
		if (!strcmp(rows[i].role, role))
			return &rows[i];
	return NULL;
}

/* A side's roles; threads are those of a recording, on average. The caller frees. */
static struct role_row *pool_rows(const struct bars_side *side, size_t *cnt)
{
	struct role_row *all = NULL;
	size_t cap = 0;

	*cnt = 0;
	for (size_t i = 0; i < side->cnt; i++) {
		size_t own_cnt;
		struct role_row *own = report_rows(&side->facts[i], &own_cnt);

		for (size_t k = 0; k < own_cnt; k++) {
			struct role_row *r = find_row(all, *cnt, own[k].role);

			if (!r) {
				XGROW(all, *cnt, cap);
				all[(*cnt)++] = own[k];
				continue;
			}
			r->threads += own[k].threads;
			r->life_ns += own[k].life_ns;
			for (int b = 0; b < BUCKET_CNT; b++)
				r->time_ns[b] += own[k].time_ns[b];
		}
		free(own);
	}
	for (size_t k = 0; k < *cnt; k++)
		all[k].threads = (all[k].threads + side->cnt / 2) / side->cnt;
	return all;
}

void bars_roles_both(const struct bars_side *before, const struct bars_side *after,
		     struct strbuf *out)
{
	size_t before_cnt, after_cnt, shown = 0, all;
	struct role_row *was = pool_rows(before, &before_cnt);
	struct role_row *is = pool_rows(after, &after_cnt);
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
	double scale = WIDTH / (cut(most) * SCALE_ROOM);
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

/* How far apart numbers are, so that there are not many. */
static double step_of(double most)
{
	static const double steps[] = { 0.25, 0.5, 1, 2, 5, 10 };

	for (size_t i = 0; i < ARRAY_CNT(steps); i++)
		if (most / steps[i] <= MARKS_MAX)
			return steps[i];
	return most / MARKS_MAX < 25 ? 25 : 50;
}

void bars_scale(double most, struct strbuf *out)
{
	double end = cut(most) * SCALE_ROOM, step = step_of(end);

	strbuf_addstr(out, "<div class=\"row scale\" aria-hidden=\"true\">\n<div></div>\n"
			   "<div class=\"marks\"><span>0</span>");
	strbuf_addf(out, "<span style=\"left:%.1f%%\"><b>1x</b></span>", 100 / end);
	for (int i = 1; i * step <= end * (1 - MARKS_NEAR / 2); i++) {
		double at = i * step;

		if (fabs(at - 1) > MARKS_NEAR * end && at > MARKS_NEAR * end)
			strbuf_addf(out, "<span style=\"left:%.1f%%\">%gx</span>", 100 * at / end,
				    at);
	}
	strbuf_addstr(out, "</div>\n<div></div>\n</div>\n");
}

static void put_amount(const char *class, double value, double most, int y, struct strbuf *out)
{
	double width = most > 0 ? WIDTH * value / most : 0;

	strbuf_addf(out,
		    "<rect class=\"%s\" x=\"0\" y=\"%d\" width=\"%.1f\" height=\"8\"></rect>\n",
		    class, y, width > 0 ? width : 0);
}

void bars_pair(const struct bars_pair *p, double most, struct strbuf *out)
{
	begin_row(out, p->name, 1, NULL);
	begin_bar(out);
	put_amount("same", p->before, most, 1, out);
	put_amount("changed", p->after, most, 11, out);
	strbuf_addstr(out, "</svg>\n<div class=\"said\">");
	markup_take(out, p->said);
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
	bars_scale(most, out);
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

/* Crews of a chart, and its scale. */
struct memory {
	struct crew *crews;
	size_t cnt;
	uint64_t most;
};

static void scale_memory(struct memory *m)
{
	for (size_t i = 0; i < m->cnt; i++)
		m->most = most_of(&m->crews[i]) > m->most ? most_of(&m->crews[i]) : m->most;
}

static void put_memory_head(struct strbuf *out)
{
	strbuf_addstr(out, "<section id=\"memory\">\n<h2>Memory per process</h2>\n"
			   "<ul class=\"legend\">\n"
			   "<li><i class=\"private\"></i>private</li>\n"
			   "<li><i class=\"pss\"></i>and its part of what is shared (PSS)</li>\n"
			   "<li><i class=\"rss\"></i>and all that is shared (RSS)</li>\n</ul>\n");
}

void bars_memory(const struct facts *f, struct strbuf *out)
{
	struct memory m = { 0 };

	m.crews = report_crews(f, &m.cnt);
	scale_memory(&m);
	if (m.most) {
		put_memory_head(out);
		for (size_t i = 0; i < m.cnt && i < ROWS_MAX; i++)
			put_crew(&m.crews[i], m.most, NULL, out);
		markup_more(out, ROWS_MAX, m.cnt, "roles");
		strbuf_addstr(out, "</section>\n");
	}
	free(m.crews);
}

/* ---- memory of two sides ---- */

static struct crew *find_crew(struct crew *crews, size_t cnt, const char *role)
{
	for (size_t i = 0; i < cnt; i++)
		if (text_is_same(crews[i].role, role))
			return &crews[i];
	return NULL;
}

static void add_sum(struct crew_sum *to, const struct crew_sum *from)
{
	to->total += from->total;
	to->cnt += from->cnt;
}

/* A side's crews; how many processes they have is that of a recording, on average. */
static struct memory pool_memory(const struct bars_side *side)
{
	struct memory m = { 0 };
	size_t cap = 0;

	for (size_t i = 0; i < side->cnt; i++) {
		size_t own_cnt;
		struct crew *own = report_crews(&side->facts[i], &own_cnt);

		for (size_t k = 0; k < own_cnt; k++) {
			struct crew *c = find_crew(m.crews, m.cnt, own[k].role);

			if (!c) {
				XGROW(m.crews, m.cnt, cap);
				m.crews[m.cnt++] = own[k];
				continue;
			}
			c->cnt += own[k].cnt;
			add_sum(&c->rss, &own[k].rss);
			add_sum(&c->pss, &own[k].pss);
			add_sum(&c->private, &own[k].private);
		}
		free(own);
	}
	for (size_t k = 0; k < m.cnt; k++)
		m.crews[k].cnt = (m.crews[k].cnt + side->cnt / 2) / side->cnt;
	scale_memory(&m);
	return m;
}

void bars_memory_both(const struct bars_side *before, const struct bars_side *after,
		      struct strbuf *out)
{
	struct memory was = pool_memory(before), is = pool_memory(after);
	uint64_t most = was.most > is.most ? was.most : is.most;

	if (most) {
		size_t all = is.cnt;

		put_memory_head(out);
		for (size_t i = 0; i < is.cnt && i < ROWS_MAX; i++) {
			const struct crew *other = find_crew(was.crews, was.cnt, is.crews[i].role);

			if (other)
				put_crew(other, most, "before", out);
			put_crew(&is.crews[i], most, "after", out);
		}
		for (size_t i = 0; i < was.cnt; i++) {
			if (find_crew(is.crews, is.cnt, was.crews[i].role))
				continue;
			if (all++ < ROWS_MAX)
				put_crew(&was.crews[i], most, "before", out);
		}
		markup_more(out, ROWS_MAX, all, "roles");
		strbuf_addstr(out, "</section>\n");
	}
	free(was.crews);
	free(is.crews);
}
