// SPDX-License-Identifier: MIT
/* Owns the wording around the verdict; its sentences are the verdict's own. */
#include "html/judgement.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "html/bars.h"
#include "html/markup.h"
#include "output/report_wrap.h"
#include "verdict/verdict.h"

#define TEXT_CHARS 1000
#define ITEMS_MAX  30

static void put_deadlocks(const struct facts *f, struct strbuf *out)
{
	for (size_t i = 0; i < f->deadlock_cnt && i < ITEMS_MAX; i++) {
		strbuf_addf(out,
			    "<p class=\"alarm\"><strong>Deadlock:</strong> %zu threads will "
			    "never go on. ",
			    f->deadlocks[i].thread_cnt);
		markup_text(out, f->deadlocks[i].text, TEXT_CHARS);
		strbuf_addstr(out, "</p>\n");
	}
}

/* Who keeps what he has is green; who has to act, or gets no answer, is not. */
static const char *class_of(const struct fact_verdict *v)
{
	if (v->fit == FIT_INCONCLUSIVE)
		return "unsure";
	return v->fit == v->current || v->fit == FIT_EITHER ? "stay" : "change";
}

static void put_confidence(const struct fact_verdict *v, struct strbuf *out)
{
	if (v->fit == FIT_INCONCLUSIVE)
		strbuf_addf(out, "<p class=\"confidence\">%s</p>\n", verdict_class_name(v->class));
	else
		strbuf_addf(out, "<p class=\"confidence\">%s · confidence: %s</p>\n",
			    verdict_class_name(v->class), verdict_confidence_word(v->confidence));
}

/* Where all get the same answer the headline has said it. */
static void put_roles(const struct fact_verdict *v, struct strbuf *out)
{
	if (v->fit != FIT_HYBRID)
		return;
	strbuf_addstr(out, "<h3>Which part goes where</h3>\n<ul>\n");
	for (size_t i = 0; i < v->role_cnt && i < ITEMS_MAX; i++) {
		const struct fact_role_verdict *r = &v->roles[i];

		strbuf_addstr(out, "<li><strong>");
		markup_text(out, r->role, 40);
		strbuf_addf(out, "</strong> ×%u: %s", r->threads, verdict_fit_name(r->fit));
		if (r->summary && r->summary[0]) {
			strbuf_addstr(out, " — ");
			markup_text(out, r->summary, TEXT_CHARS);
		}
		strbuf_addstr(out, "</li>\n");
	}
	strbuf_addstr(out, "</ul>\n");
}

/* Changes that share a reason are one item. */
static void put_not_predicted(const struct fact_verdict *v, struct strbuf *out)
{
	bool is_open = false;

	for (size_t i = 0; i < v->not_predicted_cnt && i < ITEMS_MAX; i++) {
		const char *why = v->not_predicted[i].why, *before = "";

		if (i)
			before = v->not_predicted[i - 1].why;
		if (!is_open)
			strbuf_addstr(out, "<h3>Not predicted</h3>\n<ul>\n");
		if (is_open && text_is_same(why, before)) {
			strbuf_addstr(out, ", ");
		} else {
			strbuf_addstr(out, is_open ? "</li>\n<li>" : "<li>");
			markup_text(out, why, TEXT_CHARS);
			strbuf_addstr(out, ": ");
		}
		markup_text(out, v->not_predicted[i].change, 40);
		is_open = true;
	}
	if (is_open)
		strbuf_addstr(out, "</li>\n</ul>\n");
}

static void put_advice(const struct fact_verdict *v, struct strbuf *out)
{
	if (!v->advice_cnt)
		return;
	strbuf_addstr(out, "<h3>Try</h3>\n<ul>\n");
	for (size_t i = 0; i < v->advice_cnt && i < ITEMS_MAX; i++) {
		strbuf_addstr(out, "<li>");
		markup_text(out, v->advice[i], TEXT_CHARS);
		strbuf_addstr(out, "</li>\n");
	}
	strbuf_addstr(out, "</ul>\n");
}

/* Of a verdict that there is none of, the summary has said why. */
static void put_doubts(const struct fact_verdict *v, struct strbuf *out)
{
	if (v->fit == FIT_INCONCLUSIVE || !v->doubt_cnt)
		return;
	strbuf_addstr(out, "<p class=\"note\">Confidence is lowered: ");
	for (size_t i = 0; i < v->doubt_cnt && i < ITEMS_MAX; i++) {
		strbuf_addstr(out, i ? "; " : "");
		markup_text(out, v->doubts[i], TEXT_CHARS);
	}
	strbuf_addstr(out, ".</p>\n");
}

void judgement_verdict(const struct facts *f, struct strbuf *out)
{
	const struct fact_verdict *v = &f->verdict;

	put_deadlocks(f, out);
	strbuf_addf(out, "<section id=\"verdict\" class=\"%s\">\n<h2>", class_of(v));
	markup_text(out, verdict_headline(v), TEXT_CHARS);
	strbuf_addstr(out, "</h2>\n");
	put_confidence(v, out);
	if (v->summary) {
		strbuf_addstr(out, "<p>");
		markup_text(out, v->summary, TEXT_CHARS);
		strbuf_addstr(out, "</p>\n");
	}
	put_doubts(v, out);
	put_roles(v, out);
	bars_predictions(v, out);
	put_not_predicted(v, out);
	put_advice(v, out);
	strbuf_addstr(out, "</section>\n");
}

/* ---- evidence ---- */

static void add_value(struct strbuf *out, double value, const char *unit)
{
	if (unit && !strcmp(unit, "ns") && value >= 0 && value < 1e18)
		wrap_add_duration(out, (uint64_t)value);
	else if (unit && !strcmp(unit, "bytes") && value >= 0 && value < 1e18)
		wrap_add_bytes(out, (uint64_t)value);
	else if (unit && !strcmp(unit, "percent"))
		strbuf_addf(out, "%.4g %%", value);
	else
		strbuf_addf(out, fabs(value) < 100 ? "%.2f" : "%.6g", value);
}

static void put_number(double value, const char *unit, struct strbuf *out)
{
	strbuf_addstr(out, "<td>");
	add_value(out, value, NULL);
	if (unit && strcmp(unit, "share") && strcmp(unit, "ratio")) {
		strbuf_addch(out, ' ');
		markup_text(out, unit, 20);
	}
	strbuf_addstr(out, "</td>");
}

static void put_evidence(const struct fact_evidence *e, struct strbuf *out)
{
	strbuf_addstr(out, "<tr><th scope=\"row\">");
	markup_text(out, e->rule, 40);
	strbuf_addstr(out, "</th><td class=\"word\">");
	markup_text(out, e->text, TEXT_CHARS);
	strbuf_addstr(out, "</td>");
	put_number(e->value, e->unit, out);
	put_number(e->threshold, e->unit, out);
	strbuf_addstr(out, "</tr>\n");
}

static void put_limit(const struct fact_slo *s, struct strbuf *out)
{
	strbuf_addstr(out, "<tr><th scope=\"row\">");
	markup_text(out, s->name, 40);
	strbuf_addf(out, "</th><td class=\"word\">%s</td><td>",
		    s->met        ? "met"
		    : s->is_known ? "missed"
				  : "not measured");
	if (s->is_known)
		add_value(out, s->value, s->unit);
	strbuf_addstr(out, "</td><td>");
	add_value(out, s->limit, s->unit);
	strbuf_addstr(out, "</td></tr>\n");
}

void judgement_evidence(const struct facts *f, struct strbuf *out)
{
	const struct fact_verdict *v = &f->verdict;

	if (!v->evidence_cnt && !f->slo_cnt)
		return;
	strbuf_addstr(out,
		      "<section id=\"evidence\">\n<h2>What the verdict stands on</h2>\n"
		      "<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"table of "
		      "evidence\">\n<table>\n<thead><tr><th scope=\"col\">rule</th>"
		      "<th scope=\"col\" class=\"word\">what was seen</th>"
		      "<th scope=\"col\">value</th><th scope=\"col\">limit</th></tr></thead>\n"
		      "<tbody>\n");
	for (size_t i = 0; i < v->evidence_cnt && i < ITEMS_MAX; i++)
		put_evidence(&v->evidence[i], out);
	for (size_t i = 0; i < f->slo_cnt && i < ITEMS_MAX; i++)
		put_limit(&f->slo[i], out);
	strbuf_addstr(out, "</tbody>\n</table>\n</div>\n</section>\n");
}
