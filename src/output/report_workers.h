/* SPDX-License-Identifier: MIT */
/* The processes in the text report: how they started, what memory they took, who was killed. */
#ifndef OUTPUT_REPORT_WORKERS_H
#define OUTPUT_REPORT_WORKERS_H

#include "facts/facts.h"
#include "output/report_wrap.h"

/* Nothing for a single process that was not killed. */
void report_workers(struct wrap *w, const struct facts *f);

#endif
