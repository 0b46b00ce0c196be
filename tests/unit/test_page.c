// SPDX-License-Identifier: MIT
/* The page: whole, harmless whatever the names in it, and of bounded size. */
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "facts/facts_json.h"
#include "html/diff_page.h"
#include "html/graph.h"
#include "html/markup.h"
#include "html/page.h"
#include "make_facts.h"
#include "make_trace.h"
#include "verdict/verdict.h"

/* Text and charts beside the timeline, of which there is a number of each at most. */
#define REST_MAX 250000

#define HOSTILE "</title></style></script></pre><script>alert(1)</script>\" onload='x' &lt; \xe2\x80\xae \xff\x1b[2J"

static const struct page_options options = { .trace = "run.pftrace", .version = "0.1.0" };

/* Judges and releases @f. */
static char *page_with(struct facts *f, const struct timeline *tl)
{
	struct strbuf out = { 0 };

	fact_verdict_release(&f->verdict);
	verdict_judge(f, &f->verdict);
	page_format(f, tl, &options, &out);
	return strbuf_take(&out);
}

static char *page(struct facts *f)
{
	const struct timeline none = { .err = -ENOENT };
	char *text = page_with(f, &none);

	facts_release(f);
	return text;
}

/* ---- is it whole? ---- */

#define DEPTH_MAX 64

struct tags {
	char open[DEPTH_MAX][16];
	int depth, cnt;
};

static size_t name_len(const char *s)
{
	size_t len = 0;

	while (isalnum((unsigned char)s[len]))
		len++;
	return len;
}

/* Attributes are in double quotes, and have no markup in them. Returns where the tag ends. */
static const char *check_attributes(const char *s)
{
	while (*s && *s != '>') {
		if (*s == '"') {
			const char *end = strchr(++s, '"');

			if (!end)
				fail_msg("an attribute has no end: %.80s", s);
			if (memchr(s, '<', (size_t)(end - s)))
				fail_msg("markup in an attribute: %.80s", s);
			s = end;
		} else if (*s == '<' || *s == '\'') {
			fail_msg("no attribute: %.80s", s);
		}
		s++;
	}
	return s;
}

static void check_entity(const char *s)
{
	static const char *const known[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strncmp(s, known[i], strlen(known[i])))
			return;
	fail_msg("a bare ampersand: %.40s", s);
}

static const char *close_tag(struct tags *t, const char *s)
{
	size_t len = name_len(s + 2);
	const char *top = t->depth ? t->open[t->depth - 1] : "";

	if (strlen(top) != len || strncmp(top, s + 2, len))
		fail_msg("'%s' is closed by %.40s", top, s);
	t->depth--;
	return strchr(s, '>');
}

static const char *open_tag(struct tags *t, const char *s)
{
	const char *end = check_attributes(s + 1);
	size_t len = name_len(s + 1);

	if (!len || len >= sizeof(t->open[0]) || t->depth == DEPTH_MAX)
		fail_msg("no tag: %.40s", s);
	t->cnt++;
	if (end[-1] == '/')
		return end;
	snprintf(t->open[t->depth++], sizeof(t->open[0]), "%.*s", (int)len, s + 1);
	/* What is in these is no markup, up to their end. */
	if (!strncmp(s, "<style", 6) || !strncmp(s, "<script", 7)) {
		end = strstr(end, s[2] == 't' ? "</style>" : "</script>");
		assert_non_null(end);
		end--;
	}
	return end;
}

/* As XML has it: all that is opened is closed, in order. Returns how many elements there are. */
static int check_whole(const char *html)
{
	struct tags t = { 0 };
	const char *s = html;

	assert_int_equal(strncmp(s, "<!DOCTYPE html>\n", 16), 0);
	for (s += 16; *s; s++) {
		if (*s == '<')
			s = s[1] == '/' ? close_tag(&t, s) : open_tag(&t, s);
		else if (*s == '&')
			check_entity(s);
		else if (*s == '>')
			fail_msg("a bare '>': %.40s", s);
		else if ((unsigned char)*s < 0x20 && *s != '\n' && *s != '\t')
			fail_msg("a control character: %.40s", s);
		assert_non_null(s);
	}
	assert_int_equal(t.depth, 0);
	return t.cnt;
}

static int count_of(const char *html, const char *what)
{
	int cnt = 0;

	for (const char *s = html; (s = strstr(s, what)); s++)
		cnt++;
	return cnt;
}

static void check_loads_nothing(const char *html)
{
	static const char *const loading[] = { " src=", " href=",  "url(",   "@import", "<link",
					       "<img",  "<iframe", "fetch(", "XMLHttp" };

	for (size_t i = 0; i < sizeof(loading) / sizeof(loading[0]); i++)
		if (strstr(html, loading[i]))
			fail_msg("the page has %s", loading[i]);
}

static void a_page_is_whole_and_loads_nothing(void **state)
{
	struct facts f = gil_facts(), empty = recording(0, 1);
	char *html = page(&f), *other = page(&empty);

	(void)state;
	assert_true(check_whole(html) > 100);
	check_whole(other);
	check_loads_nothing(html);
	assert_non_null(strstr(html, "default-src 'none'"));
	assert_int_equal(count_of(html, "<script"), 1);
	free(html);
	free(other);
}

static void the_verdict_comes_first_and_all_parts_are_there(void **state)
{
	static const char *const parts[] = {
		"<h2>processes fit this workload better than threads</h2>",
		"gil-bound · confidence: ",
		"processes x2",
		"1.95x the throughput (1.8-2.0), +31 MB per worker",
		"Where the time of threads went",
		"worker ×4",
		"GIL\xc2\xa0"
		"72\xc2\xa0%, on a CPU\xc2\xa0"
		"24\xc2\xa0%",
		"What threads did when",
		"GIL of python3 (100)",
		"worker 102 → worker 101: 100 waits, 7.1 s",
		"Who exchanged what with whom",
		">1. pipe</text>",
		">5.0 MB</text>",
		"Memory per process",
		"RSS 31 MB",
		"What the verdict stands on",
		"Verdict   processes fit",
		"partrace used 0.6 %",
		"run.pftrace, recorded by partrace 0.1.0",
	};
	struct facts f = gil_facts();
	const char *at;
	char *html;

	(void)state;
	replayed(&f, "processes", 2, 1.8, 1.95, 2.05);
	channel(&f, "pipe", 100, 0, 2000, 5000000, 0);
	at = html = page(&f);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *found = strstr(at, parts[i]);

		if (!found)
			fail_msg("no '%s' in its place", parts[i]);
		at = found;
	}
	free(html);
}

/* ---- names are text ---- */

static void text_is_made_harmless(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;" },
		{ "\x1b[2J\n", "?[2J?" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "\xe2\x80\xae"
		  "evil\xe2\x81\xa6",
		  "???evil???" },
		{ "\xc3(", "?(" },
		{ "0123456789abc", "0123456789..." },
		{ NULL, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct strbuf s = { 0 };

		markup_text(&s, cases[i].text, 10);
		assert_string_equal(strbuf_str(&s), cases[i].want);
		strbuf_release(&s);
	}
}

static void replace_string(char **s)
{
	free(*s);
	*s = xstrdup(HOSTILE);
}

/* All strings that come from the traced program, or from a file that says it is a recording. */
static struct facts hostile_facts(void)
{
	struct facts f = gil_facts();
	struct fact_channel *c;

	channel(&f, "pipe", 100, 101, 2000, 5000000, 0);
	channel(&f, "shm", 100, 101, 0, 0, 0);
	f.recording.command = xcalloc(1, sizeof(char *));
	f.recording.command[0] = xstrdup(HOSTILE);
	f.recording.command_cnt = 1;
	f.recording.unavailable = xcalloc(1, sizeof(char *));
	f.recording.unavailable[0] = xstrdup(HOSTILE);
	f.recording.unavailable_cnt = 1;
	replace_string(&f.recording.kernel);
	replace_string(&f.recording.arch);
	replace_string(&f.recording.version);
	replace_string(&f.processes[0].name);
	for (size_t i = 0; i < f.thread_cnt; i++) {
		replace_string(&f.threads[i].name);
		replace_string(&f.threads[i].role);
	}
	replace_string(&f.locks[0].name);
	for (size_t i = 0; i < f.channel_cnt; i++) {
		c = &f.channels[i];
		replace_string(&c->id);
		c->used_as = xstrdup(HOSTILE);
		c->ends = xcalloc(1, sizeof(*c->ends));
		c->ends[0] = (struct fact_channel_end){
			.pid = 7, .name = xstrdup(HOSTILE), .reads = true, .writes = true
		};
		c->end_cnt = 1;
	}
	replace_string(&f.channels[0].kind);
	f.deadlocks = xcalloc(1, sizeof(*f.deadlocks));
	f.deadlocks[0].text = xstrdup(HOSTILE);
	f.deadlock_cnt = 1;
	f.slo = xcalloc(1, sizeof(*f.slo));
	f.slo[0] = (struct fact_slo){ .name = xstrdup(HOSTILE),
				      .unit = xstrdup(HOSTILE),
				      .is_known = true,
				      .limit = 1,
				      .value = 2 };
	f.slo_cnt = 1;
	return f;
}

static void no_name_becomes_markup(void **state)
{
	struct facts f = hostile_facts(), plain = gil_facts();
	struct timeline tl = { .err = 0, .lanes = { 0, 1 }, .lane_cnt = 2 };
	char *html, *other;

	(void)state;
	tl.windows.width_ns = f.recording.duration_ns;
	tl.windows.of = xcalloc(f.thread_cnt, sizeof(*tl.windows.of));
	threads_init(&tl.windows.threads, &f);
	html = page_with(&f, &tl);
	timeline_release(&tl);
	facts_release(&f);
	other = page(&plain);
	check_whole(html);
	check_loads_nothing(html);
	assert_int_equal(count_of(html, "<script"), 1);
	assert_int_equal(count_of(html, "</script"), 1);
	assert_int_equal(count_of(html, "<title>partrace"), 1);
	assert_int_equal(count_of(html, " onload='"), 0);
	assert_int_equal(count_of(html, "\xe2\x80\xae"), 0);
	assert_true(count_of(html, "&lt;script&gt;") > 10);
	assert_int_equal(count_of(other, "&lt;script&gt;"), 0);
	free(html);
	free(other);
}

/* Numbers that no run has: a file can hold them. */
static void absurd_numbers_leave_no_nan_in_a_drawing(void **state)
{
	struct facts f = gil_facts();
	char *html;

	(void)state;
	f.recording.cpus_usable = 1e308;
	f.series = xcalloc(2, sizeof(*f.series));
	f.series_cnt = 2;
	f.series[0].groups[GROUP_CPU] = f.series[0].groups[GROUP_CPU_WAIT] = 1e308;
	f.series[1].groups[GROUP_CPU] = -1e308;
	f.series[1].t_ns = UINT64_MAX;
	f.processes[0].rss_bytes = UINT64_MAX;
	f.locks[0].edges[0].wait_ns = f.locks[0].edges[1].wait_ns = UINT64_MAX;
	f.threads[0].lifetime_ns = 0;
	html = page(&f);
	check_whole(html);
	assert_null(strstr(html, "nan"));
	assert_null(strstr(html, "inf\""));
	free(html);
}

/* ---- its size ---- */

/* Every cell differs from the one before, in every cause. */
static void fill_with_noise(struct timeline *tl, struct facts *f, size_t cells)
{
	unsigned int seed = 1;

	tl->windows.width_ns = f->recording.duration_ns / cells;
	tl->windows.of = xcalloc(f->thread_cnt, sizeof(*tl->windows.of));
	threads_init(&tl->windows.threads, f);
	tl->lane_cnt = TIMELINE_LANES_MAX;
	for (size_t i = 0; i < TIMELINE_LANES_MAX; i++) {
		struct thread_windows *windows = &tl->windows.of[i];

		tl->lanes[i] = i;
		windows->cnt = cells;
		windows->ns = xcalloc(cells, sizeof(*windows->ns));
		for (size_t k = 0; k < cells; k++)
			for (int c = 0; c < COLUMN_CNT; c++) {
				seed = seed * 1103515245 + 12345;
				windows->ns[k][c] = seed % (2 * tl->windows.width_ns / COLUMN_CNT);
			}
	}
}

static void however_much_there_is_the_page_stays_small(void **state)
{
	struct facts f = recording(86400000, 128);
	struct timeline tl = { 0 };
	char name[300];
	char *html;

	(void)state;
	memset(name, '&', sizeof(name) - 1);
	for (uint32_t i = 0; i < 400; i++) {
		struct fact_lock *l;

		snprintf(name + 280, 20, "%u", i);
		process(&f, 1000 + i, 1, name)->rss_bytes = 1000000 + i;
		thread(&f, 1000 + i, 1000 + i, name, CPU(1000), LOCK(20000), IPC(1000));
		l = lock(&f, LOCK_MUTEX, name, 1000 + i, 20000);
		for (uint32_t k = 0; k < 20; k++)
			edge(l, 1000 + k, 1000 + i, 1000);
		channel(&f, "pipe", 1000 + i, 1000 + (i + 1) % 400, 1000000, 1000000000, 10000);
	}
	f.series = xcalloc(600, sizeof(*f.series));
	f.series_cnt = 600;
	for (size_t i = 0; i < f.series_cnt; i++) {
		f.series[i].t_ns = i * f.recording.duration_ns / 600;
		f.series[i].groups[GROUP_CPU] = (double)(i * 7919 % 1000) / 10;
	}
	fill_with_noise(&tl, &f, 500);
	html = page_with(&f, &tl);
	check_whole(html);
	if (strlen(html) > TIMELINE_BYTES_MAX + REST_MAX)
		fail_msg("%zu bytes", strlen(html));
	assert_non_null(strstr(html, "… 336 more threads"));
	timeline_release(&tl);
	facts_release(&f);
	free(html);
}

/* ---- the timeline ---- */

static void assert_has(const char *html, const char *what)
{
	if (!strstr(html, what))
		fail_msg("no '%s' in: %s", what, strstr(html, "class=\"lanes\""));
}

static void a_lane_shows_what_its_thread_did(void **state)
{
	struct facts f = recording(1, 2);
	struct timeline tl;
	char *html;

	(void)state;
	open_trace();
	/* The baker waits for the lock half of the time, the clerk for the disk from the middle on. */
	cpu(0, 0, 0, 100, 0);
	cpu(500000, 0, 100, 0, 1);
	span(&baker, 500000, 1000000, BUCKET_LOCK, "oven");
	cpu(0, 1, 0, 101, 0);
	cpu(500000, 1, 101, 0, 1);
	span(&clerk, 500000, 1000000, BUCKET_DISK, "fsync");
	close_trace("{}", 1000000);
	process(&f, 100, 1, "shop");
	thread(&f, 100, 100, "baker", LOCK(1));
	thread(&f, 101, 100, "clerk", DISK(1));
	timeline_read(&tl, path, &f);
	assert_int_equal(tl.err, 0);
	assert_int_equal(tl.lane_cnt, 2);
	html = page_with(&f, &tl);
	check_whole(html);
	/* Cells of 334 ns: CPU up to the middle, then the wait, both at full height. */
	assert_has(html, "<path class=\"cpu\" d=\"M0 14H0V0H1497V14z\">");
	assert_has(html, "<path class=\"lock\" d=\"M0 14H1497V0H2994V14z\">");
	assert_has(html, "<path class=\"disk\" d=\"M0 14H1497V0H2994V14z\">");
	assert_has(html, ">baker 100</li>");
	timeline_release(&tl);
	facts_release(&f);
	free(html);
}

static void without_its_trace_a_page_says_so(void **state)
{
	struct facts f = gil_facts();
	struct timeline tl;
	char *html;

	(void)state;
	timeline_read(&tl, "/nonexistent/x.pftrace", &f);
	assert_int_equal(tl.err, -ENOENT);
	html = page_with(&f, &tl);
	check_whole(html);
	assert_non_null(strstr(html, "No timeline: the recording's trace can't be read."));
	timeline_release(&tl);
	facts_release(&f);
	free(html);
}

static void threads_that_do_most_get_the_lanes(void **state)
{
	struct facts f = recording(10000, 2);
	struct timeline tl;

	(void)state;
	process(&f, 1000, 1, "app");
	for (uint32_t i = 0; i < 100; i++)
		thread(&f, 1000 + i, 1000, "worker", CPU(i % 2 ? 100 + i : 1));
	timeline_read(&tl, "/nonexistent/x.pftrace", &f);
	assert_int_equal(tl.lane_cnt, TIMELINE_LANES_MAX);
	for (size_t i = 0; i < 100; i++) {
		bool has_lane = false;

		for (size_t k = 0; k < tl.lane_cnt; k++) {
			has_lane |= tl.lanes[k] == i;
			assert_true(!k || tl.lanes[k - 1] < tl.lanes[k]);
		}
		if (i % 2)
			assert_true(has_lane);
	}
	timeline_release(&tl);
	facts_release(&f);
}

/* ---- two sides ---- */

static char *diff_page(struct facts *before, const struct timeline *was, struct facts *after,
		       const struct timeline *is)
{
	const char *const files[] = { "a" HOSTILE ".pftrace" };
	const struct fail_on gate = { 0 };
	struct diff d = { 0 };
	const struct report_diff r = { .diff = &d, .before = files, .after = files, .gate = &gate };
	struct strbuf out = { 0 };

	verdict_judge(before, &before->verdict);
	verdict_judge(after, &after->verdict);
	diff_compare(&d, before, 1, after, 1);
	diff_page_format(&r, &(struct diff_page_side){ before, 0, was },
			 &(struct diff_page_side){ after, 0, is }, "1.2.3", &out);
	diff_release(&d);
	return strbuf_take(&out);
}

static void a_diffs_page_has_both_sides(void **state)
{
	static const char *const parts[] = {
		"<h2>",
		"<strong>Before</strong>: threads, gil-bound",
		"What changed",
		"CPU time",
		"worker ×4 <small>before</small>",
		"worker ×2 <small>after</small>",
		"Before: what threads did when",
		"After: what threads did when",
		"Locks that changed",
		"GIL of python3",
		"went: ",
		"main <small>before</small>",
		"The whole report as text",
		"Compared by partrace 1.2.3",
	};
	const struct timeline none = { .err = -ENOENT };
	struct facts before = gil_facts(), after = recording(5000, 2);
	const char *at;
	char *html;

	(void)state;
	python(&after, 200);
	thread(&after, 200, 200, "main", CPU(20), SYNC(4900));
	thread(&after, 201, 200, "worker", CPU(4900));
	thread(&after, 202, 200, "worker", CPU(4800));
	at = html = diff_page(&before, &none, &after, &none);
	check_whole(html);
	check_loads_nothing(html);
	assert_int_equal(count_of(html, "<script"), 1);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *found = strstr(at, parts[i]);

		if (!found)
			fail_msg("no '%s' in its place", parts[i]);
		at = found;
	}
	facts_release(&before);
	facts_release(&after);
	free(html);
}

/* The same time is as long on both sides, and as many threads are as high. */
static void both_sides_have_the_same_axes(void **state)
{
	struct facts before = recording(8000, 2), after = recording(4000, 2);
	struct timeline was = { .lane_cnt = 1 }, is = { .lane_cnt = 1 };
	struct facts *sides[] = { &before, &after };
	struct timeline *timelines[] = { &was, &is };
	char *html;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct facts *f = sides[i];
		struct windows *w = &timelines[i]->windows;

		process(f, 100, 1, "shop");
		thread(f, 100, 100, "main", CPU(4000));
		f->series = xcalloc(1, sizeof(*f->series));
		f->series_cnt = 1;
		f->series[0].groups[GROUP_CPU] = i ? 4 : 1;
		w->width_ns = f->recording.duration_ns / (i ? 100 : 200);
		w->of = xcalloc(1, sizeof(*w->of));
		threads_init(&w->threads, f);
	}
	html = diff_page(&before, &was, &after, &is);
	assert_int_equal(count_of(html, "data-ns=\"8000000000\""), 2);
	/* 200 cells each, and twice the usable CPUs, by a twentieth more, is the top. */
	assert_int_equal(count_of(html, "class=\"curve\" viewBox=\"0 0 200 100\""), 2);
	assert_non_null(strstr(html, "<path class=\"cpu\" d=\"M0 100H0V76.2H200V100z\">"));
	assert_non_null(strstr(html, "<path class=\"cpu\" d=\"M0 100H0V4.8H100V100z\">"));
	for (int i = 0; i < 2; i++) {
		timeline_release(timelines[i]);
		facts_release(sides[i]);
	}
	free(html);
}

/* What is drawn of a side is all of its recordings; of a timeline, it says which. */
static void recordings_of_a_side_are_drawn_as_one(void **state)
{
	static const char *const files[] = { "first", "second", "third" };
	const uint64_t cpu_ms[] = { 1000, 3000, 5000 };
	const struct timeline none = { .err = -ENOENT };
	const struct fail_on gate = { 0 };
	struct facts before[3], after = recording(5000, 2);
	struct diff d = { 0 };
	const struct report_diff r = { .diff = &d, .before = files, .after = files, .gate = &gate };
	struct strbuf out = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		before[i] = recording(10000, 2);
		process(&before[i], 100, 1, "app");
		thread(&before[i], 100, 100, "main", CPU(cpu_ms[i]), SYNC(10000 - cpu_ms[i]));
	}
	process(&after, 100, 1, "app");
	thread(&after, 100, 100, "main", CPU(5000));
	diff_compare(&d, before, 3, &after, 1);
	diff_page_format(&r, &(struct diff_page_side){ before, 1, &none },
			 &(struct diff_page_side){ &after, 0, &none }, "1.2.3", &out);
	/* 9 of 30 seconds; and one thread in each. */
	assert_non_null(strstr(strbuf_str(&out), "on a CPU\xc2\xa0"
						 "30\xc2\xa0%"));
	assert_non_null(strstr(strbuf_str(&out), ">main <small>before</small>"));
	assert_non_null(strstr(strbuf_str(&out), "first, second, third"));
	assert_non_null(strstr(strbuf_str(&out), "second, of 3 the one of median length."));
	assert_null(strstr(strbuf_str(&out), "of 1 the one"));
	check_whole(strbuf_str(&out));
	for (int i = 0; i < 3; i++)
		facts_release(&before[i]);
	facts_release(&after);
	diff_release(&d);
	strbuf_release(&out);
}

/* ---- drawings of who with whom ---- */

static void add_number(struct strbuf *text, uint64_t weight)
{
	strbuf_addf(text, "%llu", (unsigned long long)weight);
}

static void say_weight(const struct graph_edge *e, struct strbuf *text)
{
	add_number(text, e->weight);
}

static struct graph *two_columns(void)
{
	struct graph *g = xcalloc(1, sizeof(*g));

	*g = (struct graph){
		.titles = { "a", "b" },
		.column_cnt = 2,
		.label = "x",
		.add_weight = add_number,
		.say = say_weight,
	};
	return g;
}

static void who_comes_late_to_a_full_column_is_one_of_the_others(void **state)
{
	struct graph *g = two_columns();
	struct strbuf out = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 40; i++) {
		char name[16];

		snprintf(name, sizeof(name), "node %u", i);
		graph_edge(g, 0, graph_node(g, 0, name, ""), graph_node(g, 1, "all", ""), 10, 1);
	}
	graph_edge(g, 0, graph_node(g, 0, "node 3", ""), graph_node(g, 1, "all", ""), 5, 1);
	assert_int_equal(g->node_cnt[0], GRAPH_NODES_MAX);
	assert_int_equal(g->edge_cnt, GRAPH_NODES_MAX);
	graph_draw(g, &out);
	assert_non_null(strstr(strbuf_str(&out), "node 3 → all: 15<"));
	assert_non_null(strstr(strbuf_str(&out), "others → all: 290<"));
	strbuf_release(&out);
	graph_release(g);
	free(g);
}

/* How far down a node is drawn. */
static double y_of(const char *svg, const char *title)
{
	const char *node = strstr(svg, title);
	const char *y = node ? strstr(node, " y=\"") : NULL;

	if (!y)
		fail_msg("no node '%s'", title);
	return atof(y + 4);
}

static void nodes_stand_where_few_edges_cross(void **state)
{
	struct graph *g = two_columns();
	struct strbuf out = { 0 };

	(void)state;
	graph_edge(g, 0, graph_node(g, 0, "left", "1"), graph_node(g, 1, "right", "2"), 90, 1);
	graph_edge(g, 0, graph_node(g, 0, "left", "1"), graph_node(g, 1, "right", "1"), 95, 1);
	graph_edge(g, 0, graph_node(g, 0, "left", "2"), graph_node(g, 1, "right", "2"), 80, 1);
	graph_draw(g, &out);
	/* Both are called "right"; what is below their names tells them apart. */
	assert_int_equal(g->node_cnt[1], 2);
	assert_true(y_of(strbuf_str(&out), "right: 1 · 95<") <
		    y_of(strbuf_str(&out), "right: 2 · 170<"));
	assert_true(y_of(strbuf_str(&out), "left: 1 · 185<") <
		    y_of(strbuf_str(&out), "left: 2 · 80<"));
	strbuf_release(&out);
	graph_release(g);
	free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_is_whole_and_loads_nothing),
		cmocka_unit_test(the_verdict_comes_first_and_all_parts_are_there),
		cmocka_unit_test(text_is_made_harmless),
		cmocka_unit_test(no_name_becomes_markup),
		cmocka_unit_test(absurd_numbers_leave_no_nan_in_a_drawing),
		cmocka_unit_test(however_much_there_is_the_page_stays_small),
		cmocka_unit_test_setup_teardown(a_lane_shows_what_its_thread_did, setup, teardown),
		cmocka_unit_test(without_its_trace_a_page_says_so),
		cmocka_unit_test(threads_that_do_most_get_the_lanes),
		cmocka_unit_test(a_diffs_page_has_both_sides),
		cmocka_unit_test(both_sides_have_the_same_axes),
		cmocka_unit_test(recordings_of_a_side_are_drawn_as_one),
		cmocka_unit_test(nodes_stand_where_few_edges_cross),
		cmocka_unit_test(who_comes_late_to_a_full_column_is_one_of_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
