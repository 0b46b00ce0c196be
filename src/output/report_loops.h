/* SPDX-License-Identifier: MIT */
/* Event loops: how long an arrival waits, and what held them up. */
#ifndef OUTPUT_REPORT_LOOPS_H
#define OUTPUT_REPORT_LOOPS_H

#include "facts/facts.h"
#include "output/report_wrap.h"

void report_loops(struct wrap *w, const struct facts *f);

#endif
