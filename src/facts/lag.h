/* SPDX-License-Identifier: MIT */
/*
 * How long something that arrives at an event loop has to wait until the loop looks
 * for it. What arrives at a random moment of a time T waits longer than x when it
 * falls into a turn of length L > x, before the last x of it: so the probability is
 * sum(max(0, L_i - x)) / T, over all turns.
 *
 * A bounded 5 KiB: 16 steps per power of two from the shortest turn on that the
 * kernel tells of; between two steps it is taken for a straight line.
 */
#ifndef FACTS_LAG_H
#define FACTS_LAG_H

#include <stdint.h>

#define LAG_SUB_BITS 4
#define LAG_MIN_NS   1000000ULL	/* PAR_TURN_MIN_NS */
#define LAG_OCTAVES  20		/* above 17 minutes all is one step */
#define LAG_STEPS    (LAG_OCTAVES << LAG_SUB_BITS)

struct lag {
	uint32_t cnt[LAG_STEPS];
	uint64_t sum_ns[LAG_STEPS];
};

/* A turn of @ns; shorter ones than LAG_MIN_NS are left out. */
void lag_add(struct lag *l, uint64_t ns);

/*
 * What @percent of the arrivals within @time_ns wait at most; 0: less than
 * LAG_MIN_NS, which is not measured.
 */
uint64_t lag_percentile(const struct lag *l, uint64_t time_ns, unsigned int percent);

#endif
