/* SPDX-License-Identifier: MIT */
/* The report on standard output, as fits what that is. */
#ifndef CMD_SHOW_H
#define CMD_SHOW_H

#include <stdbool.h>

#include "facts/facts.h"
#include "output/report_diff.h"

enum show_color { SHOW_COLOR_AUTO, SHOW_COLOR_ALWAYS, SHOW_COLOR_NEVER };

/* For ARG_CALLBACK: "auto", "always", "never" into an enum show_color. */
int show_parse_color(void *out, const char *value);

/* @trace: the recording's name; @is_verbose: with the basis of predictions. Said on failure. */
int show_report(const struct facts *f, const char *trace, enum show_color color, bool is_verbose);
int show_json(const struct facts *f);
int show_diff(const struct report_diff *r, bool is_json, enum show_color color);

/* As a page in the file @to, of the recordings at @paths, called @names, whose timelines are read. */
int show_html(const struct facts *f, const char *const *paths, size_t path_cnt, const char *names,
	      const char *to);

/* As a page in the file @to; @before and @after: of all recordings. */
int show_diff_html(const struct report_diff *r, const struct facts *before,
		   const struct facts *after, const char *to);

#endif
