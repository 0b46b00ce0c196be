/* SPDX-License-Identifier: MIT */
/* A diff as one page for a browser: both sides on the same axes. */
#ifndef HTML_DIFF_PAGE_H
#define HTML_DIFF_PAGE_H

#include "base/strbuf.h"
#include "facts/facts.h"
#include "html/timeline.h"
#include "output/report_diff.h"

/* Of several recordings of a side the first one is drawn. */
struct diff_page_side {
	const struct facts *facts;
	const struct timeline *timeline;
};

/* Appends the page on @r to @out. */
void diff_page_format(const struct report_diff *r, const struct diff_page_side *before,
		      const struct diff_page_side *after, struct strbuf *out);

#endif
