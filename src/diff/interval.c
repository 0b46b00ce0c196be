// SPDX-License-Identifier: MIT
/*
 * Owns the statistics. The weighing of seen and assumed variances is that of
 * "moderated" t-statistics (Smyth 2004); the error of a series comes from its
 * successive differences (von Neumann 1941) between means of stretches, as
 * neighbouring windows are not independent.
 */
#include "diff/interval.h"

#include <math.h>

#define STRETCHES  20
#define VALUES_MIN 8

/* Of the normal distribution: 19 of 20 cases are within. */
#define Z 1.959964

void side_add(struct side *s, double value, double noise)
{
	double delta = value - s->mean;

	s->cnt++;
	s->mean += delta / (double)s->cnt;
	s->squares += delta * (value - s->mean);
	s->assumed += noise * noise;
}

/* Student's t, two-sided, 19 of 20 (Cornish-Fisher; within 0.3 % from 4 degrees of freedom on). */
static double student(double freedom)
{
	double z3 = Z * Z * Z, z5 = z3 * Z * Z, z7 = z5 * Z * Z;

	return Z + (z3 + Z) / (4 * freedom) +
	       (5 * z5 + 16 * z3 + 3 * Z) / (96 * freedom * freedom) +
	       (3 * z7 + 19 * z5 + 17 * z3 - 15 * Z) / (384 * freedom * freedom * freedom);
}

struct range side_difference(const struct side *before, const struct side *after)
{
	double nb = (double)before->cnt, na = (double)after->cnt;
	double assumed = (before->assumed + after->assumed) / (nb + na);
	double freedom = INTERVAL_PRIOR + (nb - 1) + (na - 1);
	double variance = (INTERVAL_PRIOR * assumed + before->squares + after->squares) / freedom;
	double half = student(freedom) * sqrt(variance * (1 / nb + 1 / na));
	double value = after->mean - before->mean;

	return (struct range){ value, value - half, value + half };
}

double interval_series_error(const double *values, size_t cnt)
{
	size_t stretch = cnt < STRETCHES ? 1 : cnt / STRETCHES;
	size_t stretches = cnt / stretch;
	double last = 0, squares = 0;

	if (cnt < VALUES_MIN)
		return 0;
	for (size_t i = 0; i < stretches; i++) {
		double mean = 0;

		for (size_t j = 0; j < stretch; j++)
			mean += values[i * stretch + j] / (double)stretch;
		if (i)
			squares += (mean - last) * (mean - last);
		last = mean;
	}
	return sqrt(squares / (2 * (double)(stretches - 1)) / (double)stretches);
}
