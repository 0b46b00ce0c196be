// SPDX-License-Identifier: MIT
/* Owns the mapping of turns to steps. */
#include "facts/lag.h"

#define SUB_CNT (1u << LAG_SUB_BITS)

/* The shortest turn of a step. */
static double step_start(unsigned int step)
{
	double octave = (double)(LAG_MIN_NS << (step >> LAG_SUB_BITS));

	return octave * (1 + (double)(step & (SUB_CNT - 1)) / SUB_CNT);
}

void lag_add(struct lag *l, uint64_t ns)
{
	unsigned int octave = 0, step;

	if (ns < LAG_MIN_NS)
		return;
	while (octave + 1 < LAG_OCTAVES && ns >= LAG_MIN_NS << (octave + 1))
		octave++;
	step = (octave << LAG_SUB_BITS) +
	       (unsigned int)((ns - (LAG_MIN_NS << octave)) * SUB_CNT / (LAG_MIN_NS << octave));
	if (step >= LAG_STEPS)
		step = LAG_STEPS - 1;
	l->cnt[step]++;
	l->sum_ns[step] += ns;
}

uint64_t lag_percentile(const struct lag *l, uint64_t time_ns, unsigned int percent)
{
	double want = (double)time_ns * (100.0 - percent) / 100;
	double cnt = 0, sum = 0, above = 0, low, rest = 0;
	unsigned int step = LAG_STEPS;

	/* Down from the longest: rest is sum(max(0, L_i - x)) at the start of a step. */
	while (step && rest <= want) {
		step--;
		above = rest;
		cnt += l->cnt[step];
		sum += (double)l->sum_ns[step];
		rest = sum - cnt * step_start(step);
	}
	if (rest <= want)
		return 0;
	/* Between this step and the one above it. */
	low = step_start(step);
	return (uint64_t)(low + (step_start(step + 1) - low) * (rest - want) / (rest - above));
}
