// SPDX-License-Identifier: MIT
/*
 * Owns the wording of predictions. Changes of which nothing is predicted for the same
 * reason share a line.
 */
#include "output/report_expect.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

/* Between the longest change and what is said of it. */
#define COLUMN_GAP 3
#define COLUMN_MAX 40		/* names of changes come from a file, too */

/* A worker's memory below this is no argument. */
#define BYTES_SHOWN 0.5e6

void report_add_change(const struct fact_prediction *p, struct strbuf *s)
{
	const char *change = p->change ? p->change : "";

	if (!strcmp(change, "processes") || !strcmp(change, "threads"))
		strbuf_addf(s, "%s x%u", change, p->workers);
	else if (!strcmp(change, "workers"))
		strbuf_addf(s, "%u worker%s", p->workers, p->workers == 1 ? "" : "s");
	else if (!strcmp(change, "without-lock"))
		strbuf_addstr(s, "without the lock");
	else
		strbuf_addstr(s, change);
}

/* Of a range that begins below 1 a tenth would be too coarse. */
static void add_range(struct strbuf *s, double low, double high)
{
	int digits = low < 0.995 ? 2 : high < 9.95 ? 1 : 0;

	strbuf_addf(s, "%.*f-%.*f", digits, low, digits, high);
}

void report_add_gain(const struct fact_prediction *p, bool is_first, struct strbuf *s)
{
	strbuf_addf(s, "%.*fx%s (", p->speedup < 9.995 ? 2 : 0, p->speedup,
		    is_first ? " the throughput" : "");
	add_range(s, p->low, p->high);
	strbuf_addch(s, ')');
	if (fabs(p->worker_bytes) < BYTES_SHOWN)
		return;
	strbuf_addf(s, ", %s", p->worker_bytes < 0 ? "-" : "+");
	wrap_add_bytes(s, (uint64_t)fabs(p->worker_bytes));
	strbuf_addstr(s, " per worker");
}

/* Has an earlier one from @first on the change and the reason of that at @i? */
static bool is_repeated(const struct fact_not_predicted *all, size_t first, size_t i)
{
	for (size_t k = first; k < i; k++)
		if (text_is_same(all[k].why, all[i].why) &&
		    text_is_same(all[k].change, all[i].change))
			return true;
	return false;
}

/*
 * All changes that share the reason of the one at @i, each once, for however many workers;
 * false if an earlier one has had it.
 */
static bool add_changes(const struct fact_verdict *v, size_t i, struct strbuf *s)
{
	for (size_t k = 0; k < v->not_predicted_cnt; k++) {
		const struct fact_not_predicted *n = &v->not_predicted[k];

		if (!text_is_same(n->why, v->not_predicted[i].why) ||
		    is_repeated(v->not_predicted, i, k))
			continue;
		if (k < i)
			return false;
		strbuf_addf(s, "%s%s", k == i ? "" : ", ", n->change ? n->change : "");
	}
	return true;
}

/* Where what is said of the changes begins. */
static size_t column_of(const struct fact_verdict *v)
{
	struct strbuf s = { 0 };
	size_t most = 0;

	for (size_t i = 0; i < v->prediction_cnt + v->not_predicted_cnt; i++) {
		strbuf_reset(&s);
		if (i < v->prediction_cnt)
			report_add_change(&v->predictions[i], &s);
		else
			add_changes(v, i - v->prediction_cnt, &s);
		most = s.len > most ? s.len : most;
	}
	strbuf_release(&s);
	return (most < COLUMN_MAX ? most : COLUMN_MAX) + COLUMN_GAP;
}

static void pad(struct strbuf *s, size_t column)
{
	strbuf_addf(s, "%*s", s->len < column ? (int)(column - s->len) : 1, "");
}

void report_expect(struct wrap *w, const struct fact_verdict *v, bool has_basis)
{
	size_t column = column_of(v);
	const char *label = "Expect";
	struct strbuf s = { 0 };

	for (size_t i = 0; i < v->prediction_cnt; i++) {
		const struct fact_prediction *p = &v->predictions[i];

		strbuf_reset(&s);
		report_add_change(p, &s);
		pad(&s, column);
		report_add_gain(p, i == 0, &s);
		wrap_hanging(w, label, WRAP_LABEL, column, strbuf_str(&s));
		label = "";
		if (has_basis && p->basis && p->basis[0])
			wrap_text(w, "", WRAP_LABEL + column, p->basis);
	}
	for (size_t i = 0; i < v->not_predicted_cnt; i++) {
		strbuf_reset(&s);
		if (!add_changes(v, i, &s))
			continue;
		pad(&s, column);
		strbuf_addf(&s, "not predicted: %s",
			    v->not_predicted[i].why ? v->not_predicted[i].why : "");
		wrap_hanging(w, label, WRAP_LABEL, column, strbuf_str(&s));
		label = "";
	}
	strbuf_release(&s);
}
