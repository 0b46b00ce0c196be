/* SPDX-License-Identifier: MIT */
/*
 * Is a difference more than noise?
 *
 * The unit of replication is a recording: two recordings of the same thing are never the
 * same. How far apart they are is seen where there are several on a side, and has to be
 * assumed where there is one. Both are weighed together: what is assumed counts like
 * INTERVAL_PRIOR further recordings, so one recording a side stands on it alone, and with five
 * it is one half. A part of it stays however many there are: what is recorded in one go has
 * more in common than the program.
 */
#ifndef DIFF_INTERVAL_H
#define DIFF_INTERVAL_H

#include <stddef.h>

#define INTERVAL_PRIOR 8

/* Of the assumed deviation, what repeating doesn't average away. */
#define INTERVAL_STAYS (1 / 3.0)

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

/* after - before, and what is known of its error. */
struct contrast {
	double value;
	double shift;		/* it may as well be value + shift, for what others did */
	double variance;	/* between recordings of a side */
	double assumed;		/* the same, as far as it is assumed */
	double freedom;		/* degrees of, a whole number */
	double error;		/* standard error of value */
};

/* Neither side is empty. */
struct contrast side_contrast(const struct side *before, const struct side *after, double shift);

/* Where the true difference lies, but for @alpha of all cases. */
struct range contrast_range(const struct contrast *c, double alpha);

/*
 * How many recordings of each side would most likely show a difference of this size to be
 * more than noise, with a range for @alpha; 0: more than @most.
 */
size_t contrast_needed(const struct contrast *c, double alpha, size_t most);

/* Student's t that is exceeded, on either side, in @alpha of all cases. @freedom: a whole number > 0. */
double student_quantile(double freedom, double alpha);

/*
 * Standard error of the mean of @values, a series in time: from the steps between
 * neighbouring stretches, so that slow phases of a program don't count as noise. 0 for
 * fewer than 8 values.
 */
double interval_series_error(const double *values, size_t cnt);

#endif
