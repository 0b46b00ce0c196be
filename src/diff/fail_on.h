/* SPDX-License-Identifier: MIT */
/*
 * --fail-on: which changes for the worse are too much.
 *
 *	METRIC>LIMIT[,…]		wall>10%, gil>2pp, throughput>5%, gil@worker>2pp
 *
 * A limit is in percent of what it was before, or in percentage points of thread time.
 * Worse is more, but for throughput and requests: less. A change fails if it is larger
 * than its limit and more than noise.
 */
#ifndef DIFF_FAIL_ON_H
#define DIFF_FAIL_ON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "diff/diff.h"

enum fail_on_outcome {
	FAIL_ON_MET,
	FAIL_ON_FAILED,
	FAIL_ON_UNKNOWN,	/* neither side knows the metric */
};

struct fail_on_line {
	char *text;		/* as given: "gil>2pp" */
	char *metric, *role;	/* role NULL: the whole program */
	bool is_points;
	double limit;
	enum fail_on_outcome outcome;
	char *why;		/* for people: what it was; fail_on_judge() */
};

/* Zeroed: none. */
struct fail_on {
	struct fail_on_line *lines;
	size_t cnt, cap;
};

#define FAIL_ON_WHY_LEN 160

/* Add what @text says. -EINVAL, and @why names the part that is wrong. */
int fail_on_parse(struct fail_on *f, const char *text, char why[FAIL_ON_WHY_LEN]);

/* Fill in all outcomes. How many failed; if nothing could be checked, all of them did. */
size_t fail_on_judge(struct fail_on *f, const struct diff *d);
void fail_on_release(struct fail_on *f);

/* Else less of @metric is better. */
bool fail_on_more_is_better(const char *metric);

#endif
