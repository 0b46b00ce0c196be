/* SPDX-License-Identifier: MIT */
/* The report's lines about what changes would bring: one each, to be read at a glance. */
#ifndef OUTPUT_REPORT_EXPECT_H
#define OUTPUT_REPORT_EXPECT_H

#include "facts/facts.h"
#include "output/report_wrap.h"

/* @has_basis: below each line what it was computed from. */
void report_expect(struct wrap *w, const struct fact_verdict *v, bool has_basis);

#endif
