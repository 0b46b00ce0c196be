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

/* For other pages: all up to the header, whose title this is, and all after the last part. */
void page_begin(struct strbuf *out, const char *title);
void page_end(struct strbuf *out);

/* A report as text, taken, to be opened. */
void page_text(struct strbuf *out, struct strbuf *text);

/* Appends the page on @f, judged, to @out. Its size is bounded, whatever the recording's. */
void page_format(const struct facts *f, const struct timeline *tl,
		 const struct page_options *options, struct strbuf *out);

#endif
