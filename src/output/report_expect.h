/* SPDX-License-Identifier: MIT */
/* The report's lines about what changes would bring: one each, to be read at a glance. */
#ifndef OUTPUT_REPORT_EXPECT_H
#define OUTPUT_REPORT_EXPECT_H

#include <stdbool.h>

#include "facts/facts.h"
#include "output/report_wrap.h"

/* "processes x2", "without the lock"; @s is empty. */
void report_add_change(const struct fact_prediction *p, struct strbuf *s);

/* The gain in the middle and its range: "1.95x (1.8-2.0), +31 MB per worker". */
void report_add_gain(const struct fact_prediction *p, bool is_first, struct strbuf *s);

/* @has_basis: below each line what it was computed from. */
void report_expect(struct wrap *w, const struct fact_verdict *v, bool has_basis);

#endif
