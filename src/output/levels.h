/* SPDX-License-Identifier: MIT */
/*
 * How many threads were in some state, as an average over short, equal bins of
 * time. The stretches come in any order, so a bin is final only at the end.
 */
#ifndef OUTPUT_LEVELS_H
#define OUTPUT_LEVELS_H

#include <stddef.h>
#include <stdint.h>

struct levels {
	uint64_t start_ns;
	uint64_t bin_ns;	/* doubles when the recording outgrows the bins */
	uint64_t *sum_ns;	/* [cnt], thread time per bin */
	size_t cnt, cap;
	size_t at;		/* the bin that was added to last, which the next mostly goes to */
};

void levels_init(struct levels *l, uint64_t start_ns);
void levels_release(struct levels *l);

/* One thread was in the state from @from_ns to @to_ns. */
void levels_add(struct levels *l, uint64_t from_ns, uint64_t to_ns);

/* The average number of threads in bin @i of a recording that ended at @end_ns. */
double levels_average(const struct levels *l, size_t i, uint64_t end_ns);

#endif
