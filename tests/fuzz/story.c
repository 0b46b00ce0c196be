// SPDX-License-Identifier: MIT
/* Owns what is asked of each form of the facts. */
#include "story.h"

#include <string.h>

#include "diff/diff.h"
#include "diff/fail_on.h"
#include "event/event_text.h"
#include "event/sysno.h"
#include "facts/facts_json.h"
#include "facts/slo.h"
#include "fuzz.h"
#include "html/diff_page.h"
#include "html/page.h"
#include "output/report_diff.h"
#include "output/report_text.h"
#include "verdict/verdict.h"

static const struct facts_build_options build_options = { .sysno_name = sysno_name };

void story_begin(struct story *s)
{
	model_init(&s->model);
	facts_build_init(&s->build, &build_options);
	model_observe(&s->model, facts_build_observer(&s->build));
}

static void through_text(const struct event *ev, struct event *back)
{
	struct strbuf line = { 0 };

	event_text_format(&line, ev);
	FUZZ_CHECK(event_text_parse(strbuf_str(&line), back, NULL) == 0);
	strbuf_release(&line);
}

/* What an event is written as can be read. Once bytes without a meaning are lost, it is the same. */
static void check_text(const struct event *ev)
{
	struct event back, again;

	through_text(ev, &back);
	through_text(&back, &again);
	FUZZ_CHECK(!memcmp(&back, &again, sizeof(back)));
}

void story_feed(struct story *s, const struct event *ev)
{
	check_text(ev);
	model_feed(&s->model, ev);
}

/* What was written can be read, and says the same. */
static void check_json(const struct facts *f)
{
	struct strbuf json = { 0 }, again = { 0 };
	char why[FACTS_JSON_ERR_LEN];
	struct facts back = { 0 };

	facts_json_format(f, &json, true);
	fuzz_check_clean(&json);
	FUZZ_CHECK(!facts_json_parse(&back, json.buf, json.len, why));
	facts_json_format(&back, &again, true);
	FUZZ_CHECK(!strcmp(strbuf_str(&json), strbuf_str(&again)));
	facts_release(&back);
	strbuf_release(&again);
	strbuf_release(&json);
}

static void check_report(const struct facts *f, bool utf8)
{
	const struct report_text_options options = {
		.width = utf8 ? 160 : 72, .utf8 = utf8, .is_verbose = true, .trace = "t.pftrace"
	};
	struct strbuf out = { 0 };

	report_text_format(f, &options, &out);
	fuzz_check_clean(&out);
	strbuf_release(&out);
}

static void check_page(const struct facts *f)
{
	const struct page_options options = { .trace = "t.pftrace", .version = "0" };
	struct strbuf out = { 0 };
	struct timeline tl;

	timeline_read(&tl, "/dev/null", f);
	page_format(f, &tl, &options, &out);
	fuzz_check_clean(&out);
	timeline_release(&tl);
	strbuf_release(&out);
}

/* Against itself. */
static void check_diff(const struct facts *f)
{
	const char *name = "t.pftrace";
	char why[FAIL_ON_WHY_LEN];
	struct strbuf out = { 0 };
	struct fail_on gate = { 0 };
	struct timeline tl;
	struct diff d = { 0 };
	struct report_diff r = { .diff = &d, .before = &name, .after = &name, .gate = &gate };

	diff_compare(&d, f, 1, f, 1);
	FUZZ_CHECK(!fail_on_parse(&gate, "wall>1%,throughput>1%,gil@worker>2pp", why));
	fail_on_judge(&gate, &d);
	report_diff_format(&r, &(struct report_diff_options){ .width = 80, .utf8 = true }, &out);
	fuzz_check_clean(&out);
	strbuf_reset(&out);
	report_diff_json(&r, &out);
	fuzz_check_clean(&out);
	strbuf_reset(&out);
	timeline_read(&tl, "/dev/null", f);
	diff_page_format(&r, &(struct diff_page_side){ f, 0, &tl },
			 &(struct diff_page_side){ f, 0, &tl }, "0", &out);
	fuzz_check_clean(&out);
	timeline_release(&tl);
	strbuf_release(&out);
	fail_on_release(&gate);
	diff_release(&d);
}

void story_tell(struct facts *f)
{
	char why[SLO_WHY_LEN];
	struct slo slo = { 0 };

	fact_verdict_release(&f->verdict);
	verdict_judge(f, &f->verdict);
	FUZZ_CHECK(!slo_parse(&slo, "p95=300ms,max=1s,rps=10,cpu=85%,memory=300M", why));
	slo_judge(&slo, f);
	check_json(f);
	check_report(f, true);
	check_report(f, false);
	check_page(f);
	check_diff(f);
	facts_release(f);
}

void story_end(struct story *s)
{
	struct facts f = { 0 };

	facts_build_take(&s->build, &s->model, &f);
	facts_build_replay(&s->build, &s->model, &f);
	verdict_judge(&f, &f.verdict);
	check_json(&f);
	facts_release(&f);
	facts_build_release(&s->build);
	model_release(&s->model);
}
