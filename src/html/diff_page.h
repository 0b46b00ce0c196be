/* SPDX-License-Identifier: MIT */
/* A diff as one page for a browser: both sides on the same axes. */
#ifndef HTML_DIFF_PAGE_H
#define HTML_DIFF_PAGE_H

#include "base/strbuf.h"
#include "facts/facts.h"
#include "html/timeline.h"
#include "output/report_diff.h"

struct diff_page_side {
	const struct facts *facts;	/* of all recordings, as many as r->before or r->after has */
	size_t drawn;			/* which one @timeline is of */
	const struct timeline *timeline;
};

/* Appends the page on @r to @out; @version: of this partrace. */
void diff_page_format(const struct report_diff *r, const struct diff_page_side *before,
		      const struct diff_page_side *after, const char *version,
		      struct strbuf *out);

#endif
