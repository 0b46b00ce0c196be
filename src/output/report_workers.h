/* SPDX-License-Identifier: MIT */
/* The processes in the text report: how they started, what memory they took, who was killed. */
#ifndef OUTPUT_REPORT_WORKERS_H
#define OUTPUT_REPORT_WORKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "facts/facts.h"
#include "output/report_wrap.h"

/* A sum over those of which it is known. */
struct crew_sum {
	uint64_t total;
	size_t cnt;
};

/* The processes of one role. */
struct crew {
	const char *role;	/* lent by the facts */
	size_t cnt;
	const char *method;	/* NULL: none, or not the same for all */
	bool has_methods;	/* more than one */
	size_t startup_cnt;
	uint64_t startup_min_ns, startup_max_ns;
	struct crew_sum rss, pss, private;
};

/* Those of which something is known, with most memory first; the caller frees. */
struct crew *report_crews(const struct facts *f, size_t *cnt);

/* Nothing for a single process that was not killed. */
void report_workers(struct wrap *w, const struct facts *f);

#endif
