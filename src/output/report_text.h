/* SPDX-License-Identifier: MIT */
/* The report on a terminal: the verdict first, then what it stands on. */
#ifndef OUTPUT_REPORT_TEXT_H
#define OUTPUT_REPORT_TEXT_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "facts/facts.h"

struct report_text_options {
	unsigned int width;	/* columns; 0 is 80, never less than 72 */
	bool color;		/* ANSI sequences */
	bool is_verbose;	/* say also what predictions are based on */
	bool utf8;		/* the output takes more than ASCII */
	const char *trace;	/* the recording's file name, or NULL */
};

/* "python3 app.py (pid 4242): 10.0 s, 1 process, 5 threads, 2 usable CPUs" */
void report_add_target(struct strbuf *s, const struct facts *f);

/* Appends the report on @f and f->verdict, which has been judged, to @out. */
void report_text_format(const struct facts *f, const struct report_text_options *options,
			struct strbuf *out);

#endif
