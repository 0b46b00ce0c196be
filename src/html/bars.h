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

/* A range on a scale that ends at @most, with an upright line at 1. */
struct bars_range {
	const char *name;
	double low, value, high;
	const char *class;	/* "better", "worse", "same", "changed" */
	struct strbuf *said;	/* not made harmless yet; taken */
};
void bars_range(const struct bars_range *r, double most, struct strbuf *out);

/* The same charts of two recordings, role by role. */
void bars_roles_both(const struct facts *before, const struct facts *after, struct strbuf *out);
void bars_memory_both(const struct facts *before, const struct facts *after, struct strbuf *out);

/* Memory of each role's processes. */
void bars_memory(const struct facts *f, struct strbuf *out);

#endif
