/* SPDX-License-Identifier: MIT */
/*
 * Is a difference more than noise?
 *
 * Two recordings of the same thing are never the same. How far apart they are is seen
 * where there are several on a side, and has to be assumed where there is one. Both
 * are weighed together: what is assumed counts like INTERVAL_PRIOR further
 * recordings, so one recording a side stands on it alone, and five hardly at all.
 */
#ifndef DIFF_INTERVAL_H
#define DIFF_INTERVAL_H

#include <stddef.h>

#define INTERVAL_PRIOR 4

struct range {
	double value, low, high;
};

/* One metric of one side's recordings. Zeroed: none yet. */
struct side {
	size_t cnt;
	double mean;
	double squares;		/* sum of squares about the mean */
	double assumed;		/* sum of the variances that were assumed */
};

/* @noise: standard deviation that is assumed between such recordings. */
void side_add(struct side *s, double value, double noise);

/*
 * after - before, and where the true difference lies in 19 of 20 cases. Neither side
 * is empty.
 */
struct range side_difference(const struct side *before, const struct side *after);

/*
 * Standard error of the mean of @values, a series in time: from the steps between
 * neighbouring stretches, so that slow phases of a program don't count as noise. 0 for
 * fewer than 8 values.
 */
double interval_series_error(const double *values, size_t cnt);

#endif
