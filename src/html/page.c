// SPDX-License-Identifier: MIT
/* Owns the frame and the order of its parts. */
#include "html/page.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "html/bars.h"
#include "html/exchange.h"
#include "html/judgement.h"
#include "html/markup.h"
#include "output/report_text.h"
#include "page_assets.h"

#define TITLE_CHARS 120
#define NAME_CHARS  200
#define TEXT_WIDTH  100

/* Nothing is loaded, sent or run but what this program wrote, even if a name were to slip through. */
void page_begin(struct strbuf *out, const char *title)
{
	strbuf_addstr(out,
		      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		      "style-src 'unsafe-inline'; script-src 'sha256-" PAGE_JS_SHA256 "'; "
		      "base-uri 'none'; form-action 'none'\" />\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n"
		      "<meta name=\"color-scheme\" content=\"light dark\" />\n<title>partrace: ");
	markup_text(out, title, TITLE_CHARS);
	strbuf_addstr(out, "</title>\n<style>\n" PAGE_CSS "</style>\n</head>\n<body>\n");
}

static void put_header(const struct facts *f, struct strbuf *out)
{
	const struct fact_recording *r = &f->recording;
	time_t start = (time_t)(r->start_wall_ns / NS_PER_S);
	struct strbuf s = { 0 };
	struct tm when;
	char date[40];

	strbuf_addstr(out, "<header>\n<h1>");
	report_add_target(&s, f);
	markup_take(out, &s);
	strbuf_addstr(out, "</h1>\n<p class=\"note\">Recorded");
	if (r->start_wall_ns && gmtime_r(&start, &when) &&
	    strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", &when))
		strbuf_addf(out, " %s", date);
	strbuf_addstr(out, " on Linux ");
	markup_text(out, r->kernel, 60);
	strbuf_addch(out, ' ');
	markup_text(out, r->arch, 20);
	strbuf_addstr(out, "</p>\n");
	if (!r->is_complete)
		strbuf_addstr(out, "<p class=\"alarm\">Truncated recording: it did not end as it "
				   "should.</p>\n");
	strbuf_addstr(out, "</header>\n<main>\n");
}

void page_text(struct strbuf *out, struct strbuf *text)
{
	strbuf_addstr(out, "<section id=\"text\">\n<details>\n<summary>The whole report as text"
			   "</summary>\n<pre tabindex=\"0\">");
	markup_take(out, text);
	strbuf_addstr(out, "</pre>\n</details>\n</section>\n");
}

void page_end(struct strbuf *out)
{
	strbuf_addstr(out, "<script>\n" PAGE_JS "</script>\n</body>\n</html>\n");
}

/* All that has no chart: requests, event loops, losses, cost. */
static void put_text(const struct facts *f, const char *trace, struct strbuf *out)
{
	const struct report_text_options options = {
		.width = TEXT_WIDTH, .is_verbose = true, .utf8 = true, .trace = trace
	};
	struct strbuf s = { 0 };

	report_text_format(f, &options, &s);
	page_text(out, &s);
}

static void put_footer(const struct facts *f, const struct page_options *options,
		       struct strbuf *out)
{
	const struct fact_recording *r = &f->recording;
	uint64_t lost = r->lost_ring + r->lost_state;

	strbuf_addf(out,
		    "</main>\n<footer>\n<p class=\"note\">partrace used %.1f %% of one CPU%s; %llu "
		    "events, %llu lost.",
		    100 * r->overhead,
		    r->bpf_unmeasured ? " outside the kernel, not known inside" : "",
		    (unsigned long long)r->events, (unsigned long long)lost);
	for (size_t i = 0; i < r->unavailable_cnt && i < BUCKET_CNT; i++) {
		strbuf_addstr(out, i ? ", " : " Not measured here: ");
		markup_text(out, r->unavailable[i], 30);
	}
	strbuf_addstr(out, "</p>\n<p class=\"note\">");
	markup_text(out, options->trace, NAME_CHARS);
	strbuf_addstr(out, ", recorded by partrace ");
	markup_text(out, r->version, 40);
	strbuf_addstr(out, ", judged by partrace ");
	markup_text(out, options->version, 40);
	strbuf_addstr(out, "</p>\n</footer>\n");
	page_end(out);
}

void page_format(const struct facts *f, const struct timeline *tl,
		 const struct page_options *options, struct strbuf *out)
{
	struct strbuf title = { 0 };

	report_add_target(&title, f);
	page_begin(out, strbuf_str(&title));
	strbuf_release(&title);
	put_header(f, out);
	judgement_verdict(f, out);
	bars_roles(f, out);
	timeline_format(tl, f, NULL, out);
	exchange_locks(f, out);
	exchange_channels(f, out);
	bars_memory(f, out);
	judgement_evidence(f, out);
	put_text(f, options->trace, out);
	put_footer(f, options, out);
}
