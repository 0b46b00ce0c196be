/* SPDX-License-Identifier: MIT */
/*
 * The report as one page for a browser: charts as SVG, nothing loaded from elsewhere. It
 * says all without its script, which only zooms.
 */
#ifndef HTML_PAGE_H
#define HTML_PAGE_H

#include "base/strbuf.h"
#include "facts/facts.h"
#include "html/timeline.h"

struct page_options {
	const char *trace;	/* the recording's file name */
	const char *version;	/* of this partrace */
};

/* Appends the page on @f, judged, to @out. Its size is bounded, whatever the recording's. */
void page_format(const struct facts *f, const struct timeline *tl,
		 const struct page_options *options, struct strbuf *out);

#endif
