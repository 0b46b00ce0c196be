// SPDX-License-Identifier: MIT
/*
 * Owns the statistics. The weighing of seen and assumed variances is that of
 * "moderated" t-statistics (Smyth 2004); the error of a series comes from its
 * successive differences (von Neumann 1941) between means of stretches, as
 * neighbouring windows are not independent.
 */
#include "diff/interval.h"

#include <math.h>
#include <stdbool.h>

#define STRETCHES  20
#define VALUES_MIN 8

/* Of the normal distribution: 19 of 20 cases are below. */
#define LIKELY 1.644854

#define BISECTIONS   60
#define QUANTILE_MAX 1e9

void side_add(struct side *s, double value, double noise)
{
	double delta = value - s->mean;

	s->cnt++;
	s->mean += delta / (double)s->cnt;
	s->squares += delta * (value - s->mean);
	s->assumed += noise * noise;
}

/*
 * How often |t| is exceeded: the closed form for whole degrees of freedom (Abramowitz and
 * Stegun 26.7.3 and 26.7.4).
 */
static double student_tail(double t, double freedom)
{
	double angle = atan(t / sqrt(freedom)), c = cos(angle), sum = 0, term;
	bool is_odd = fmod(freedom, 2) > 0.5;

	term = is_odd ? c : 1;
	for (int k = is_odd ? 3 : 2; k <= freedom; k += 2) {
		sum += term;
		term *= c * c * (k - 1) / k;
	}
	return 1 - (is_odd ? (angle + sin(angle) * sum) / M_PI_2 : sin(angle) * sum);
}

double student_quantile(double freedom, double alpha)
{
	double low = 0, high = 1;

	while (student_tail(high, freedom) > alpha && high < QUANTILE_MAX)
		high *= 2;
	for (int i = 0; i < BISECTIONS; i++) {
		double middle = (low + high) / 2;

		if (student_tail(middle, freedom) > alpha)
			low = middle;
		else
			high = middle;
	}
	return high;
}

static double standard_error(const struct contrast *c, double per_recording)
{
	return sqrt(c->variance * per_recording + 2 * c->assumed * INTERVAL_STAYS * INTERVAL_STAYS);
}

struct contrast side_contrast(const struct side *before, const struct side *after, double shift)
{
	double nb = (double)before->cnt, na = (double)after->cnt;
	struct contrast c = {
		.value = after->mean - before->mean,
		.shift = shift,
		.assumed = (before->assumed + after->assumed) / (nb + na),
		.freedom = INTERVAL_PRIOR + (nb - 1) + (na - 1),
	};

	c.variance = (INTERVAL_PRIOR * c.assumed + before->squares + after->squares) / c.freedom;
	c.error = standard_error(&c, 1 / nb + 1 / na);
	return c;
}

struct range contrast_range(const struct contrast *c, double alpha)
{
	double half = student_quantile(c->freedom, alpha) * c->error;

	return (struct range){
		c->value,
		c->value - half + fmin(c->shift, 0),
		c->value + half + fmax(c->shift, 0),
	};
}

/* What others do may be the same each time: it does not average away. */
size_t contrast_needed(const struct contrast *c, double alpha, size_t most)
{
	for (size_t n = 2; n <= most; n++) {
		double freedom = INTERVAL_PRIOR + 2 * ((double)n - 1);
		double error = standard_error(c, 2 / (double)n);

		if (fabs(c->value) >=
		    (student_quantile(freedom, alpha) + LIKELY) * error + fabs(c->shift))
			return n;
	}
	return 0;
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
