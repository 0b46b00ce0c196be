/* SPDX-License-Identifier: MIT */
/*
 * Thread time per group in windows of equal width. The number of windows is
 * bounded: when the recording outgrows them, pairs are merged and the width
 * doubles, so a second and a week take the same memory.
 */
#ifndef FACTS_SERIES_H
#define FACTS_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "facts/facts.h"

#define SERIES_WINDOWS_MAX 600
#define SERIES_WIDTH_NS	   10000000ULL	/* to begin with */

struct series {
	uint64_t begin_ns;
	uint64_t width_ns;
	size_t cnt;
	uint64_t at;			/* the window that was added to last: see series_add() */
	uint64_t (*windows)[GROUP_CNT];	/* [SERIES_WINDOWS_MAX], nanoseconds */
};

void series_init(struct series *s, uint64_t begin_ns);
void series_add(struct series *s, enum bucket_group g, uint64_t start_ns, uint64_t end_ns);

/* Average number of threads per group; the last window ends at @end_ns. */
struct fact_window *series_take(const struct series *s, uint64_t end_ns, size_t *cnt);
void series_release(struct series *s);

#endif
