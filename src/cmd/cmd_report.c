// SPDX-License-Identifier: MIT
/* `partrace report`: a recording's facts, judged by today's rules. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/argspec.h"
#include "base/log.h"
#include "cmd/command.h"
#include "facts/facts_json.h"
#include "output/recording.h"
#include "output/report_text.h"
#include "verdict/verdict.h"

#define WIDTH_DEFAULT 80
#define WIDTH_MAX     160

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct options {
	const char *path;
	bool is_json;
	enum color color;
};

static int parse_color(void *out, const char *value)
{
	static const char *const names[] = { "auto", "always", "never" };

	for (int i = 0; i < 3; i++) {
		if (strcmp(names[i], value))
			continue;
		*(enum color *)out = (enum color)i;
		return 0;
	}
	return -EINVAL;
}

static int parse_options(struct options *o, int argc, char **argv)
{
	const struct arg_option options[] = {
		{ 0, "json", ARG_FLAG, NULL, "print the facts and the verdict as JSON", &o->is_json,
		  NULL },
		{ 0, "color", ARG_CALLBACK, "WHEN", "auto, always or never", &o->color,
		  parse_color },
		{ 0 },
	};
	const struct argspec spec = {
		.command = cmd_report.name,
		.args = cmd_report.args,
		.summary = "Prints the verdict on a recording and its evidence. Needs no root.",
		.options = options,
	};
	struct arg_rest rest;
	int err = argspec_parse(&spec, argc, argv, &rest);

	if (err)
		return err;
	if (rest.cnt < 1)
		return argspec_error(&spec, "missing FILE");
	if (rest.cnt > 1)
		return argspec_error(&spec, "one FILE at a time: '%s' is one too many",
				     rest.args[1]);
	o->path = rest.args[0];
	return 0;
}

/* In the words of recording_read_facts()'s codes. */
static int explain_read_error(int err, const char *path)
{
	switch (err) {
	case -EPROTO:
		return log_err(0, "'%s' is not a partrace recording", path);
	case -ENODATA:
		return log_err(0, "'%s' ends before any facts were written to it", path);
	case -EBADMSG:
		return log_err(0, "'%s' is damaged before any facts in it", path);
	default:
		return log_err(err, "cannot read '%s'", path);
	}
}

static int load(const char *path, struct facts *f)
{
	char why[FACTS_JSON_ERR_LEN];
	bool is_complete = false;
	char *json = NULL;
	int err;

	err = recording_read_facts(path, &json, &is_complete);
	if (err)
		return explain_read_error(err, path);
	err = facts_json_parse(f, json, strlen(json), why);
	free(json);
	if (err)
		return log_err(0, "cannot use the facts in '%s': %s", path, why);
	f->recording.is_complete = is_complete;
	fact_verdict_release(&f->verdict);
	verdict_judge(f, &f->verdict);
	return 0;
}

static unsigned int terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return WIDTH_DEFAULT;
	return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

static bool wants_color(enum color when)
{
	const char *no = getenv("NO_COLOR");

	if (when != COLOR_AUTO)
		return when == COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no && no[0]);
}

static void format_text(const struct facts *f, const struct options *o, struct strbuf *out)
{
	struct report_text_options options = {
		.width = terminal_width(),
		.color = wants_color(o->color),
		.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8"),
		.trace = o->path,
	};

	report_text_format(f, &options, out);
}

static int print(const struct strbuf *text)
{
	if (fwrite(strbuf_str(text), 1, text->len, stdout) != text->len || fflush(stdout))
		return log_err(errno, "cannot write the report");
	return 0;
}

static int report_run(int argc, char **argv)
{
	struct options o = { 0 };
	struct strbuf text = { 0 };
	struct facts f = { 0 };
	int err = parse_options(&o, argc, argv);

	if (err)
		return err == ARG_HELP ? EXIT_DONE : EXIT_USAGE;
	setlocale(LC_CTYPE, "");
	err = load(o.path, &f);
	if (!err) {
		if (o.is_json) {
			facts_json_format(&f, &text, true);
			strbuf_addch(&text, '\n');
		} else {
			format_text(&f, &o, &text);
		}
		err = print(&text);
	}
	strbuf_release(&text);
	facts_release(&f);
	return err ? EXIT_FAILED : EXIT_DONE;
}

const struct command cmd_report = {
	.name = "report",
	.run = report_run,
	.args = "FILE",
	.summary = "print the verdict on a recording and its evidence",
};
