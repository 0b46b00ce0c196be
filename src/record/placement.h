/* SPDX-License-Identifier: MIT */
/*
 * On which CPU the collector runs. The kernel wakes a real-time thread where it slept
 * last, even if the traced threads are all on that CPU and the next one idles.
 */
#ifndef RECORD_PLACEMENT_H
#define RECORD_PLACEMENT_H

#include <stdint.h>

#include "par_shared.h"

struct placement {
	uint32_t records[PAR_CPU_CNT];	/* since the last look, by the CPU they came from */
	uint64_t next_ns;
};

/* A record came from @cpu. */
static inline void placement_count(struct placement *p, uint16_t cpu)
{
	p->records[cpu & (PAR_CPU_CNT - 1)]++;
}

/*
 * Move the calling thread where the fewest records come from, if it is in the way. Its
 * affinity stays what it was. Call often; @now_ns is CLOCK_MONOTONIC.
 */
void placement_step(struct placement *p, uint64_t now_ns);

#endif
