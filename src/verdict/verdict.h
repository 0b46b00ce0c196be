/* SPDX-License-Identifier: MIT */
/*
 * Facts to verdict. A pure function: the same facts give the same verdict, and
 * old recordings get today's rules.
 */
#ifndef VERDICT_VERDICT_H
#define VERDICT_VERDICT_H

#include "base/strbuf.h"
#include "facts/facts.h"

/*
 * @out is empty before; fact_verdict_release() ends it. f->verdict is neither
 * read nor written, and may be @out after a fact_verdict_release().
 */
void verdict_judge(const struct facts *f, struct fact_verdict *out);

/* "processes fit this workload better than threads": the verdict in one line. */
const char *verdict_headline(const struct fact_verdict *v);

/* "high", "medium", "low". */
const char *verdict_confidence_word(double confidence);

#endif
