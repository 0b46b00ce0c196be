// SPDX-License-Identifier: MIT
/* Owns the mapping of times to steps. */
#include "facts/latency.h"

#define SUB_CNT (1u << LATENCY_SUB_BITS)

static unsigned int step_of(uint64_t ns)
{
	unsigned int bits, sub;

	if (ns < 1ULL << LATENCY_MIN_BITS)
		return 0;
	bits = 63 - (unsigned int)__builtin_clzll(ns);
	if (bits >= LATENCY_MAX_BITS)
		return LATENCY_STEPS - 1;
	sub = (unsigned int)(ns >> (bits - LATENCY_SUB_BITS)) & (SUB_CNT - 1);
	return 1 + ((bits - LATENCY_MIN_BITS) << LATENCY_SUB_BITS) + sub;
}

/* The first time that is beyond this step. */
static uint64_t step_end(unsigned int step)
{
	unsigned int bits = LATENCY_MIN_BITS + ((step - 1) >> LATENCY_SUB_BITS);
	uint64_t sub = (step - 1) & (SUB_CNT - 1);

	if (!step)
		return 1ULL << LATENCY_MIN_BITS;
	return (SUB_CNT + sub + 1) << (bits - LATENCY_SUB_BITS);
}

void latency_add(struct latency *l, uint64_t ns)
{
	l->steps[step_of(ns)]++;
	l->cnt++;
	if (ns > l->max_ns)
		l->max_ns = ns;
}

uint64_t latency_percentile(const struct latency *l, unsigned int percent)
{
	uint64_t want = (l->cnt * percent + 99) / 100, seen = 0;

	for (unsigned int i = 0; l->cnt && i < LATENCY_STEPS; i++) {
		seen += l->steps[i];
		if (seen >= want && seen)
			return step_end(i) - 1 < l->max_ns ? step_end(i) - 1 : l->max_ns;
	}
	return l->max_ns;
}
