// SPDX-License-Identifier: MIT
/* Owns the questions about the terminal: width, colours, character set. */
#include "cmd/show.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/outfile.h"
#include "base/xalloc.h"
#include "facts/facts_json.h"
#include "html/diff_page.h"
#include "html/page.h"
#include "output/report_text.h"
#include "version.h"

#define WIDTH_DEFAULT 80
#define WIDTH_MAX     160

int show_parse_color(void *out, const char *value)
{
	static const char *const names[] = { "auto", "always", "never" };

	for (int i = 0; i < 3; i++) {
		if (strcmp(names[i], value))
			continue;
		*(enum show_color *)out = (enum show_color)i;
		return 0;
	}
	return -EINVAL;
}

static unsigned int terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return WIDTH_DEFAULT;
	return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

static bool wants_color(enum show_color when)
{
	const char *no = getenv("NO_COLOR");

	if (when != SHOW_COLOR_AUTO)
		return when == SHOW_COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no && no[0]) && !log_terminal_is_dumb();
}

/* Takes @text. */
static int print(struct strbuf *text)
{
	int err = 0;

	if (fwrite(strbuf_str(text), 1, text->len, stdout) != text->len || fflush(stdout))
		err = log_err(errno, "cannot write the report");
	strbuf_release(text);
	return err;
}

int show_report(const struct facts *f, const char *trace, enum show_color color, bool is_verbose)
{
	struct strbuf text = { 0 };

	setlocale(LC_CTYPE, "");
	report_text_format(f,
			   &(struct report_text_options){
				   .width = terminal_width(),
				   .color = wants_color(color),
				   .is_verbose = is_verbose,
				   .utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8"),
				   .trace = trace,
			   },
			   &text);
	return print(&text);
}

int show_json(const struct facts *f)
{
	struct strbuf text = { 0 };

	facts_json_format(f, &text, true);
	strbuf_addch(&text, '\n');
	return print(&text);
}

int show_diff(const struct report_diff *r, bool is_json, enum show_color color)
{
	struct strbuf text = { 0 };

	if (is_json) {
		report_diff_json(r, &text);
		strbuf_addch(&text, '\n');
		return print(&text);
	}
	setlocale(LC_CTYPE, "");
	report_diff_format(r,
			   &(struct report_diff_options){
				   .width = terminal_width(),
				   .color = wants_color(color),
				   .utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8"),
			   },
			   &text);
	return print(&text);
}

/* Takes @page. */
static int write_page(struct strbuf *page, const char *to)
{
	int err = outfile_write(to, strbuf_str(page), page->len);

	strbuf_release(page);
	return err ? log_err(err, "cannot write '%s'", to) : 0;
}

int show_html(const struct facts *f, const char *const *paths, size_t path_cnt, const char *names,
	      const char *to)
{
	const struct page_options options = { .trace = names, .version = PARTRACE_VERSION };
	struct strbuf page = { 0 };
	struct timeline tl;

	timeline_read_all(&tl, paths, path_cnt, f);
	page_format(f, &tl, &options, &page);
	timeline_release(&tl);
	return write_page(&page, to);
}

int show_diff_html(const struct report_diff *r, const struct facts *before,
		   const struct facts *after, const char *to)
{
	struct diff_page_side was = { before, diff_typical(before, r->diff->before.recordings),
				      NULL };
	struct diff_page_side is = { after, diff_typical(after, r->diff->after.recordings), NULL };
	struct timeline was_drawn, is_drawn;
	struct strbuf page = { 0 };

	timeline_read(&was_drawn, r->before[was.drawn], &before[was.drawn]);
	timeline_read(&is_drawn, r->after[is.drawn], &after[is.drawn]);
	was.timeline = &was_drawn;
	is.timeline = &is_drawn;
	diff_page_format(r, &was, &is, PARTRACE_VERSION, &page);
	timeline_release(&was_drawn);
	timeline_release(&is_drawn);
	return write_page(&page, to);
}
