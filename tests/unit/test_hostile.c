// SPDX-License-Identifier: MIT
/*
 * Names that the traced side chose, or a file that says it is a recording: whatever they
 * hold, no output passes it on as it is. Every string of the facts is such a name here,
 * and every string of the trace.
 */
#include "make_trace.h"
#include "make_facts.h"
#include "rich_facts.h"

#include <jansson.h>
#include <zlib.h>

#include "base/log.h"
#include "base/text.h"
#include "diff/diff.h"
#include "diff/fail_on.h"
#include "export/export.h"
#include "facts/facts_json.h"
#include "html/diff_page.h"
#include "html/page.h"
#include "output/recording_scan.h"
#include "output/report_diff.h"
#include "output/report_text.h"
#include "verdict/verdict.h"

#define LONG_BYTES 20000

static char long_name[LONG_BYTES + 1];

/* What JSON can hold. */
static const char *const names[] = {
	"\x1b]0;owned\x07\x1b[2J\x1b[31mred",
	"=HYPERLINK(\"http://evil\";\"x\")",
	"@SUM(1+9)",
	"<script>alert(1)</script>&\"'",
	"two\nlines\r\n\tVerdict   all is well",
	"\",\"verdict\":{\"class\":\"idle\"},\"x\":\"",
	"a;b,c d\\",
	"%s%n%1000000d",
	"\xc2\x9b"
	"2J C1",
	"\xe2\x80\xae"
	"gpj.exe \xe2\x80\xa8 bidi",
	"-",
	"",
	long_name,
};

/* What only the kernel can. */
static const char not_utf8[] = "\xff\xfe\xc3(\xe2\x82\x1b[2J";

#define NAME_CNT (sizeof(names) / sizeof(names[0]))

/* One line, fit for a terminal; a cell of a table or a string of a program's output. */
static void assert_clean(const char *text, size_t len)
{
	char *copy = xstrndup(text, len);

	assert_int_equal(strlen(copy), len);
	assert_int_equal(text_clean(copy, len), len);
	assert_memory_equal(copy, text, len);
	free(copy);
}

/* Lines of that. */
static void assert_clean_lines(const char *text, size_t max_len)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (len > max_len)
			fail_msg("%zu bytes: %.300s", len, text);
		assert_clean(text, len);
		text += len + (text[len] == '\n');
	}
}

/* All strings in @value, but for what must be of a form, give way to @name. */
static void replace_strings(json_t *value, const char *name)
{
	const char *key;
	json_t *member;
	size_t i;

	json_array_foreach(value, i, member)
	{
		if (json_is_string(member))
			json_array_set_new(value, i, json_string(name));
		else
			replace_strings(member, name);
	}
	json_object_foreach(value, key, member)
	{
		if (!json_is_string(member))
			replace_strings(member, name);
		else if (strcmp(key, "start") && strcmp(key, "address"))
			json_object_set_new(value, key, json_string(name));
	}
}

/* As a file would have them whose writer means harm, read and judged. */
static struct facts hostile_facts(const char *name)
{
	struct facts f = rich_facts(), back = { 0 };
	char why[FACTS_JSON_ERR_LEN], *text;
	struct strbuf plain = { 0 };
	json_t *json;

	verdict_judge(&f, &f.verdict);
	facts_json_format(&f, &plain, false);
	facts_release(&f);
	json = json_loads(strbuf_str(&plain), 0, NULL);
	assert_non_null(json);
	replace_strings(json, name);
	text = json_dumps(json, 0);
	assert_int_equal(facts_json_parse(&back, text, strlen(text), why), 0);
	free(text);
	json_decref(json);
	strbuf_release(&plain);
	fact_verdict_release(&back.verdict);
	verdict_judge(&back, &back.verdict);
	return back;
}

/* A trace of the shop whose people all have that name. */
static void make_trace(const char *name)
{
	struct span wait = { .task = &clerk,
			     .start_ns = BEGIN_NS,
			     .end_ns = BEGIN_NS + 4 * NS_PER_S,
			     .bucket = BUCKET_LOCK,
			     .name = name,
			     .lock = &oven,
			     .sysno = PAR_NO_SYSCALL };

	snprintf(shop.name, sizeof(shop.name), "%s", name);
	shop.command = (char *)name;
	snprintf(baker.name, sizeof(baker.name), "%s", name);
	snprintf(clerk.name, sizeof(clerk.name), "%s", name);
	oven.name = (char *)name;
	open_trace();
	obs->span(obs->ctx, &wait);
	cpu(4 * NS_PER_S, 1, 0, 101, 0);
	cpu(5 * NS_PER_S, 1, 101, 0, 1);
	span(&clerk, 5 * NS_PER_S, 6 * NS_PER_S, BUCKET_DISK, name);
	trace_writer_verdict(tw, name, &(struct trace_note){ name, name }, 1);
	close_trace("{}", 10 * NS_PER_S);
}

/* ---- outputs ---- */

static void reports_stay_as_laid_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < NAME_CNT; i++) {
		struct facts f = hostile_facts(names[i]);
		struct report_text_options options = { .width = 100, .trace = names[i] };
		struct strbuf out = { 0 };

		report_text_format(&f, &options, &out);
		assert_clean_lines(strbuf_str(&out), 400);
		options.utf8 = true;
		strbuf_reset(&out);
		report_text_format(&f, &options, &out);
		assert_clean_lines(strbuf_str(&out), 400);
		/* A line of its own is only ours. */
		assert_null(strstr(strbuf_str(&out), "\nVerdict   all is well"));
		strbuf_release(&out);
		facts_release(&f);
	}
}

static void the_json_is_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < NAME_CNT; i++) {
		struct facts f = hostile_facts(names[i]);
		struct strbuf out = { 0 };
		json_t *json;

		facts_json_format(&f, &out, true);
		assert_clean_lines(strbuf_str(&out), SIZE_MAX);
		json = json_loads(strbuf_str(&out), JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(json);
		json_decref(json);
		strbuf_release(&out);
		facts_release(&f);
	}
}

static void names_that_are_not_utf8_are_written_as_such(void **state)
{
	struct facts f = rich_facts();
	struct strbuf out = { 0 };
	json_t *json;

	(void)state;
	free(f.threads[0].name);
	f.threads[0].name = xstrdup(not_utf8);
	facts_json_format(&f, &out, false);
	assert_clean_lines(strbuf_str(&out), SIZE_MAX);
	assert_non_null(strstr(strbuf_str(&out), "\"?\?\?(?\?\?[2J\""));
	json = json_loads(strbuf_str(&out), 0, NULL);
	assert_non_null(json);
	json_decref(json);
	strbuf_release(&out);
	facts_release(&f);
}

static void check_markup(const struct strbuf *page)
{
	const char *html = strbuf_str(page);

	assert_null(strstr(html, "<script>alert"));
	assert_null(strchr(html, '\x1b'));
	assert_null(strstr(html, "\xe2\x80\xae"));
	assert_null(strstr(html, "\xc2\x9b"));
}

static void pages_have_no_foreign_markup(void **state)
{
	(void)state;
	for (size_t i = 0; i < NAME_CNT; i++) {
		struct facts f = hostile_facts(names[i]);
		struct page_options options = { .trace = names[i], .version = "0" };
		struct strbuf out = { 0 };
		struct timeline tl;

		make_trace(names[i]);
		timeline_read(&tl, path, &f);
		assert_int_equal(tl.err, 0);
		page_format(&f, &tl, &options, &out);
		check_markup(&out);
		timeline_release(&tl);
		strbuf_release(&out);
		facts_release(&f);
		unlink(path);
	}
}

static void diffs_are_as_careful(void **state)
{
	(void)state;
	for (size_t i = 0; i < NAME_CNT; i++) {
		struct facts before = hostile_facts("plain"), after = hostile_facts(names[i]);
		const char *files[] = { "a.pftrace", names[i] };
		struct strbuf out = { 0 };
		struct fail_on gate = { 0 };
		struct diff d = { 0 };
		struct report_diff r = {
			.diff = &d, .before = &files[0], .after = &files[1], .gate = &gate
		};
		struct report_diff_options options = { .width = 100, .utf8 = true };
		struct timeline none = { .err = -1 };
		json_t *json;

		diff_compare(&d, &before, 1, &after, 1);
		report_diff_format(&r, &options, &out);
		assert_clean_lines(strbuf_str(&out), 400);
		strbuf_reset(&out);
		report_diff_json(&r, &out);
		assert_clean_lines(strbuf_str(&out), SIZE_MAX);
		json = json_loads(strbuf_str(&out), 0, NULL);
		assert_non_null(json);
		json_decref(json);
		strbuf_reset(&out);
		diff_page_format(&r, &(struct diff_page_side){ &before, 0, &none },
				 &(struct diff_page_side){ &after, 0, &none }, "1", &out);
		check_markup(&out);
		strbuf_release(&out);
		diff_release(&d);
		facts_release(&before);
		facts_release(&after);
	}
}

static struct strbuf export_of(enum export_format format, const struct facts *f)
{
	struct strbuf out = { 0 };
	char *text = NULL;
	size_t len = 0;
	struct export e = { .format = format,
			    .to = open_memstream(&text, &len),
			    .window_ns = NS_PER_S,
			    .version = "0" };

	export_begin(&e);
	assert_int_equal(export_add(&e, path, f), 0);
	export_end(&e);
	export_release(&e);
	assert_int_equal(fclose(e.to), 0);
	strbuf_add(&out, text, len);
	free(text);
	return out;
}

/* Cells of CSV: how many there are, and none that a spreadsheet takes for a formula. */
static void check_csv(const char *text)
{
	size_t cells = 0, first_cells = 0;

	while (*text) {
		bool is_quoted = *text == '"';

		text += is_quoted;
		assert_true(!*text || !strchr("=+-@\t\r", *text));
		while (is_quoted ? *text != '"' || text[1] == '"' : !strchr(",\n", *text))
			text += 1 + (is_quoted && *text == '"');
		text += is_quoted;
		cells++;
		assert_true(*text == ',' || *text == '\n');
		if (*text++ == ',')
			continue;
		first_cells = first_cells ? first_cells : cells;
		assert_int_equal(cells, first_cells);
		cells = 0;
	}
}

/* Frames, a blank, and a number. */
static void check_folded(const char *text)
{
	for (; *text; text += strcspn(text, "\n") + 1) {
		size_t len = strcspn(text, "\n"), digits = 0;

		while (digits < len && strchr("0123456789", text[len - 1 - digits]))
			digits++;
		assert_true(digits && digits < len && text[len - 1 - digits] == ' ');
		assert_int_equal(text[len], '\n');
	}
}

static void check_json_lines(char *text)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

		assert_non_null(json);
		assert_non_null(json_object_get(json, "thread"));
		json_decref(json);
	}
}

static void check_json(const char *text)
{
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(json);
	json_decref(json);
}

/* What gzip packed, as text: all of its strings in one. */
static void check_pprof(const struct strbuf *file)
{
	static unsigned char out[1 << 20];
	z_stream z = { .next_in = (unsigned char *)file->buf,
		       .avail_in = (unsigned int)file->len,
		       .next_out = out,
		       .avail_out = sizeof(out) };

	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_null(memmem(out, z.total_out, "\x1b[", 2));
	assert_null(memmem(out, z.total_out, "\xff\xfe", 2));
	assert_null(memmem(out, z.total_out, "\xe2\x80\xae", 3));
	inflateEnd(&z);
}

static void exports_keep_their_formats(void **state)
{
	(void)state;
	for (size_t i = 0; i < NAME_CNT; i++) {
		struct facts f = hostile_facts(names[i]);

		make_trace(names[i]);
		for (int format = 0; format < EXPORT_CNT; format++) {
			struct strbuf out = export_of((enum export_format)format, &f);

			if (format == EXPORT_PPROF) {
				check_pprof(&out);
				strbuf_release(&out);
				continue;
			}
			assert_clean_lines(strbuf_str(&out), SIZE_MAX);
			if (format == EXPORT_CSV)
				check_csv(out.buf);
			else if (format == EXPORT_FOLDED)
				check_folded(out.buf);
			else if (format == EXPORT_NDJSON)
				check_json_lines(out.buf);
			else
				check_json(out.buf);
			strbuf_release(&out);
		}
		facts_release(&f);
		unlink(path);
	}
}

static int check_packet(const unsigned char *body, size_t len, void *ctx)
{
	(void)ctx;
	assert_null(memmem(body, len, "\x1b[", 2));
	assert_null(memmem(body, len, "\xff\xfe", 2));
	assert_null(memmem(body, len, "\xe2\x82\x1b", 3));
	assert_null(memmem(body, len, "two\nlines", 9));
	return 0;
}

/* Perfetto takes strings that are not UTF-8 for damage. */
static void strings_of_the_trace_are_clean(void **state)
{
	(void)state;
	for (size_t i = 0; i <= NAME_CNT; i++) {
		make_trace(i < NAME_CNT ? names[i] : not_utf8);
		assert_int_equal(recording_each_unpacked(path, check_packet, NULL), 0);
		unlink(path);
	}
}

/* ---- standard error ---- */

/* What @say writes there. */
static struct strbuf stderr_of(void (*say)(const char *name), const char *name)
{
	struct strbuf out = { 0 };
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO), c;

	assert_non_null(file);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	say(name);
	fflush(stderr);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	rewind(file);
	while ((c = fgetc(file)) != EOF)
		strbuf_addch(&out, (char)c);
	fclose(file);
	return out;
}

static void say_error(const char *name)
{
	log_err(2, "cannot read '%s'", name);
}

static void say_hint(const char *name)
{
	log_hint("rename '%s'", name);
}

static void say_warning(const char *name)
{
	log_warn("'%s' is odd", name);
}

static void messages_stay_on_their_line(void **state)
{
	void (*const says[])(const char *) = { say_error, say_hint, say_warning };

	(void)state;
	for (size_t i = 0; i <= NAME_CNT; i++) {
		for (size_t k = 0; k < 3; k++) {
			struct strbuf out = stderr_of(says[k], i < NAME_CNT ? names[i] : not_utf8);

			assert_true(out.len > 1);
			assert_clean(out.buf, out.len - 1);
			assert_int_equal(out.buf[out.len - 1], '\n');
			strbuf_release(&out);
		}
	}
}

static void say_progress(const char *name)
{
	log_progress("recording %s", name);
	log_progress_end();
}

static void the_progress_line_has_only_its_own_sequences(void **state)
{
	static const char erase[] = "\r\033[K";
	const size_t len = strlen(erase);

	(void)state;
	for (size_t i = 0; i <= NAME_CNT; i++) {
		struct strbuf out = stderr_of(say_progress, i < NAME_CNT ? names[i] : not_utf8);

		assert_true(out.len > 2 * len);
		assert_memory_equal(out.buf, erase, len);
		assert_memory_equal(out.buf + out.len - len, erase, len);
		assert_clean(out.buf + len, out.len - 2 * len);
		strbuf_release(&out);
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reports_stay_as_laid_out),
		TEST(the_json_is_json),
		TEST(names_that_are_not_utf8_are_written_as_such),
		TEST(pages_have_no_foreign_markup),
		TEST(diffs_are_as_careful),
		TEST(exports_keep_their_formats),
		TEST(strings_of_the_trace_are_clean),
		TEST(messages_stay_on_their_line),
		TEST(the_progress_line_has_only_its_own_sequences),
	};

	memset(long_name, 'A', LONG_BYTES);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
