/* SPDX-License-Identifier: MIT */
/* Charts of horizontal bars: a row each, its label and its numbers as text beside it. */
#ifndef HTML_BARS_H
#define HTML_BARS_H

#include "base/strbuf.h"
#include "facts/facts.h"

/* Where the time of each role went. */
void bars_roles(const struct facts *f, struct strbuf *out);

/* What changes would bring, on one scale, against the program as it is. */
void bars_predictions(const struct fact_verdict *v, struct strbuf *out);

/* Memory of each role's processes. */
void bars_memory(const struct facts *f, struct strbuf *out);

#endif
