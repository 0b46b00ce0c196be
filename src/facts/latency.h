/* SPDX-License-Identifier: MIT */
/*
 * A histogram of times in a bounded 1 KiB: eight steps per power of two, so a
 * percentile is at most an eighth too high, and never above the longest time.
 */
#ifndef FACTS_LATENCY_H
#define FACTS_LATENCY_H

#include <stdint.h>

#define LATENCY_SUB_BITS 3
#define LATENCY_MIN_BITS 8	/* below 256 ns all is one step */
#define LATENCY_MAX_BITS 38	/* above 4.5 minutes as well */
#define LATENCY_STEPS	 (((LATENCY_MAX_BITS - LATENCY_MIN_BITS) << LATENCY_SUB_BITS) + 1)

struct latency {
	uint32_t steps[LATENCY_STEPS];
	uint64_t cnt, max_ns;
};

/* The same in 15 KiB, for the few where a hundredth matters. */
#define LATENCY_FINE_SUB_BITS 7
#define LATENCY_FINE_STEPS (((LATENCY_MAX_BITS - LATENCY_MIN_BITS) << LATENCY_FINE_SUB_BITS) + 1)

struct latency_fine {
	uint32_t steps[LATENCY_FINE_STEPS];
	uint64_t cnt, sum_ns, max_ns;
};

void latency_fine_add(struct latency_fine *l, uint64_t ns);
uint64_t latency_fine_percentile(const struct latency_fine *l, unsigned int percent);

void latency_add(struct latency *l, uint64_t ns);

/* The time that @percent of all times don't exceed; 0 when there were none. */
uint64_t latency_percentile(const struct latency *l, unsigned int percent);

#endif
