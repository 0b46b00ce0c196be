/* SPDX-License-Identifier: MIT */
/*
 * What all parts of the page are made of: text from outside made harmless, the causes'
 * names and colours. The page is balanced markup, so that XML's rules hold for it, too.
 */
#ifndef HTML_MARKUP_H
#define HTML_MARKUP_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "export/windows.h"
#include "facts/facts.h"

/*
 * At most @max characters of @s, NULL for none, fit for content and for attributes in
 * double quotes. Names in a recording are chosen by whoever was traced: nothing of them
 * can be markup, and nothing turns the direction of what stands beside them.
 */
void markup_text(struct strbuf *out, const char *s, size_t max);

/* Takes what was put together of safe and unsafe parts, of any length. */
void markup_take(struct strbuf *out, struct strbuf *text);

void markup_duration(struct strbuf *out, uint64_t ns);
void markup_percent(struct strbuf *out, double share);

/* Causes: also the names of their colours' classes. */
enum window_column markup_cause(enum bucket b);
const char *markup_cause_label(enum window_column c);

/* Of the causes whose bits are set. */
void markup_legend(struct strbuf *out, uint32_t causes);

/* "worker 4250", at most @max characters, not made harmless yet. */
void markup_thread(struct strbuf *text, const struct facts *f, uint32_t tid);

/* What is said where @all is more than @shown. */
void markup_more(struct strbuf *out, size_t shown, size_t all, const char *what);

#endif
