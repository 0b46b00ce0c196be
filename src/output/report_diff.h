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

/*
 * The words of a row, and of a lock or a channel, for other formats, too; of the latter
 * also without its name: "12 waits, 3.1 ms, then 40 waits, 9.8 ms".
 */
const char *report_diff_title(const struct diff_row *r);
void report_diff_value(struct strbuf *s, enum diff_unit unit, bool is_known, double v);
void report_diff_change(struct strbuf *s, const struct diff_row *r);
void report_diff_object(struct strbuf *s, const struct diff *d, const struct diff_object *o,
			bool is_channel);
void report_diff_uses(struct strbuf *s, const struct diff *d, const struct diff_object *o,
		      bool is_channel);

/* Indented, without an end of line. */
void report_diff_json(const struct report_diff *r, struct strbuf *out);

#endif
