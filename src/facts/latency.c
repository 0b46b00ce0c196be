// SPDX-License-Identifier: MIT
/* Owns the mapping of times to steps. */
#include "facts/latency.h"

/* @sub_bits: how finely a power of two is divided. */
static unsigned int step_of(uint64_t ns, unsigned int sub_bits)
{
	unsigned int bits, sub;

	if (ns < 1ULL << LATENCY_MIN_BITS)
		return 0;
	bits = 63 - (unsigned int)__builtin_clzll(ns);
	if (bits >= LATENCY_MAX_BITS)
		return (LATENCY_MAX_BITS - LATENCY_MIN_BITS) << sub_bits;
	sub = (unsigned int)(ns >> (bits - sub_bits)) & ((1U << sub_bits) - 1);
	return 1 + ((bits - LATENCY_MIN_BITS) << sub_bits) + sub;
}

/* The first time that is beyond this step. */
static uint64_t step_end(unsigned int step, unsigned int sub_bits)
{
	unsigned int bits = LATENCY_MIN_BITS + ((step - 1) >> sub_bits);
	uint64_t sub = (step - 1) & ((1U << sub_bits) - 1);

	if (!step)
		return 1ULL << LATENCY_MIN_BITS;
	return ((1ULL << sub_bits) + sub + 1) << (bits - sub_bits);
}

static uint64_t percentile(const uint32_t *steps, unsigned int sub_bits, uint64_t cnt,
			   uint64_t max_ns, unsigned int percent)
{
	unsigned int step_cnt = ((LATENCY_MAX_BITS - LATENCY_MIN_BITS) << sub_bits) + 1;
	uint64_t want = (cnt * percent + 99) / 100, seen = 0;

	for (unsigned int i = 0; cnt && i < step_cnt; i++) {
		seen += steps[i];
		if (seen >= want && seen) {
			uint64_t last = step_end(i, sub_bits) - 1;

			return last < max_ns ? last : max_ns;
		}
	}
	return max_ns;
}

void latency_add(struct latency *l, uint64_t ns)
{
	l->steps[step_of(ns, LATENCY_SUB_BITS)]++;
	l->cnt++;
	if (ns > l->max_ns)
		l->max_ns = ns;
}

uint64_t latency_percentile(const struct latency *l, unsigned int percent)
{
	return percentile(l->steps, LATENCY_SUB_BITS, l->cnt, l->max_ns, percent);
}

void latency_fine_add(struct latency_fine *l, uint64_t ns)
{
	l->steps[step_of(ns, LATENCY_FINE_SUB_BITS)]++;
	l->cnt++;
	l->sum_ns += ns;
	if (ns > l->max_ns)
		l->max_ns = ns;
}

uint64_t latency_fine_percentile(const struct latency_fine *l, unsigned int percent)
{
	return percentile(l->steps, LATENCY_FINE_SUB_BITS, l->cnt, l->max_ns, percent);
}
