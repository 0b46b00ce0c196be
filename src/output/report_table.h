/* SPDX-License-Identifier: MIT */
/* Where time went: a row per role, a column per kind of wait that occurs. */
#ifndef OUTPUT_REPORT_TABLE_H
#define OUTPUT_REPORT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "facts/facts.h"
#include "output/report_wrap.h"

/* All threads of one role. */
struct role_row {
	const char *role;	/* lent by the facts */
	size_t threads;
	uint64_t time_ns[BUCKET_CNT];
	uint64_t life_ns;
	uint64_t weight_ns;	/* time that is not idle */
};

/* Those with most weight first; the caller frees. */
struct role_row *report_rows(const struct facts *f, size_t *cnt);
void report_table(struct wrap *w, const struct facts *f);

#endif
