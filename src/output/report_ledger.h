/* SPDX-License-Identifier: MIT */
/* Who exchanged what with whom, and who waited for it: a row per channel. */
#ifndef OUTPUT_REPORT_LEDGER_H
#define OUTPUT_REPORT_LEDGER_H

#include "facts/facts.h"
#include "output/report_wrap.h"

void report_ledger(struct wrap *w, const struct facts *f);

#endif
