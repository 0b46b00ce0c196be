/* SPDX-License-Identifier: MIT */
/* Requests, the queues in front of them, and limits, as lines of the text report. */
#ifndef OUTPUT_REPORT_SLO_H
#define OUTPUT_REPORT_SLO_H

#include "facts/facts.h"
#include "output/report_wrap.h"

void report_requests(struct wrap *w, const struct facts *f);
void report_slo(struct wrap *w, const struct facts *f);

/* "p95 412 ms, limit 300 ms: missed" */
void report_slo_line(const struct fact_slo *s, struct strbuf *out);

#endif
