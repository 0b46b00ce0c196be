/* SPDX-License-Identifier: MIT */
/*
 * How many CPUs ran traced threads at the same moment, at most.
 *
 * Each CPU's switches come in order, but CPUs come in no order: that a thread
 * left CPU 0 may be told long after a later arrival on CPU 1. So each CPU keeps
 * its last busy stretches, and each new one is held against the others'.
 */
#ifndef FACTS_CPU_PEAK_H
#define FACTS_CPU_PEAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/model.h"

struct cpu_line;

struct cpu_peak {
	struct cpu_line **lines;	/* [line_cnt], by CPU number; NULL: never seen */
	size_t line_cnt, line_cap;
	uint32_t seen_cnt;		/* CPUs that were busy at least once */
	uint32_t peak;
};

void cpu_peak_feed(struct cpu_peak *p, const struct cpu_switch *c);

/* Close all that is open. */
void cpu_peak_end(struct cpu_peak *p, uint64_t ts_ns);

/* At most this many so far; stretches that are still open don't count. */
uint32_t cpu_peak_get(const struct cpu_peak *p);
void cpu_peak_release(struct cpu_peak *p);

#endif
