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
	const char *class;	/* "better", "worse", "same" */
	struct strbuf *said;	/* not made harmless yet; taken */
};
void bars_range(const struct bars_range *r, double most, struct strbuf *out);

/* The scale's numbers, above the ranges. */
void bars_scale(double most, struct strbuf *out);

/* Two amounts, one above the other, on a scale that ends at @most. */
struct bars_pair {
	const char *name;
	double before, after;
	struct strbuf *said;	/* not made harmless yet; taken */
};
void bars_pair(const struct bars_pair *p, double most, struct strbuf *out);

/* Recordings of one thing, drawn as one. */
struct bars_side {
	const struct facts *facts; /* [cnt] */
	size_t cnt;
};

/* The same charts of two sides, role by role. */
void bars_roles_both(const struct bars_side *before, const struct bars_side *after,
		     struct strbuf *out);
void bars_memory_both(const struct bars_side *before, const struct bars_side *after,
		      struct strbuf *out);

/* Memory of each role's processes. */
void bars_memory(const struct facts *f, struct strbuf *out);

#endif
