/* SPDX-License-Identifier: MIT */
/* What is judged: the top of the page, and what the verdict stands on. */
#ifndef HTML_JUDGEMENT_H
#define HTML_JUDGEMENT_H

#include "base/strbuf.h"
#include "facts/facts.h"

/* The verdict, what changes would bring, and what to try. */
void judgement_verdict(const struct facts *f, struct strbuf *out);

/* Rules that fired, and limits that were asked for. Nothing if there are none. */
void judgement_evidence(const struct facts *f, struct strbuf *out);

#endif
