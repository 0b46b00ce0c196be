/* SPDX-License-Identifier: MIT */
/* Where time went: a row per role, a column per kind of wait that occurs. */
#ifndef OUTPUT_REPORT_TABLE_H
#define OUTPUT_REPORT_TABLE_H

#include "facts/facts.h"
#include "output/report_wrap.h"

void report_table(struct wrap *w, const struct facts *f);

#endif
