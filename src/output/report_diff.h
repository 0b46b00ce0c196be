/* SPDX-License-Identifier: MIT */
/* A diff on a terminal, and as JSON (docs/diff.md). Decides nothing. */
#ifndef OUTPUT_REPORT_DIFF_H
#define OUTPUT_REPORT_DIFF_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "diff/diff.h"
#include "diff/fail_on.h"

struct report_diff {
	const struct diff *diff;
	const char *const *before, *const *after; /* names of the files, as many as recordings */
	const struct fail_on *gate;		/* judged; without lines: no gate */
	const char *trace;			/* of both, that was written; or NULL */
};

struct report_diff_options {
	unsigned int width;	/* columns; 0 is 80, never less than 72 */
	bool color, utf8;
};

void report_diff_format(const struct report_diff *r, const struct report_diff_options *options,
			struct strbuf *out);

/* Indented, without an end of line. */
void report_diff_json(const struct report_diff *r, struct strbuf *out);

#endif
