// SPDX-License-Identifier: MIT
/* Owns the counts since the last look. */
#include "record/placement.h"

#include <sched.h>
#include <string.h>

#include "base/clock.h"

#define LOOK_EVERY_NS (20 * NS_PER_MS)

/* Records in that time from which on the collector is worth a move: 10,000 a second. */
#define BUSY_RECORDS 200

/* ... and only to where there is that much less to disturb. */
#define MUCH_LESS 4

/* Of the CPUs in @allowed the one that fewest records came from. */
static int quietest(const struct placement *p, const cpu_set_t *allowed)
{
	int best = -1;

	for (int cpu = 0; cpu < CPU_SETSIZE && cpu < PAR_CPU_CNT; cpu++)
		if (CPU_ISSET(cpu, allowed) && (best < 0 || p->records[cpu] < p->records[best]))
			best = cpu;
	return best;
}

static void move_to(int cpu, const cpu_set_t *allowed)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (!sched_setaffinity(0, sizeof(one), &one))
		sched_setaffinity(0, sizeof(*allowed), allowed);
}

void placement_step(struct placement *p, uint64_t now_ns)
{
	int here = sched_getcpu(), there;
	cpu_set_t allowed;

	if (now_ns < p->next_ns)
		return;
	p->next_ns = now_ns + LOOK_EVERY_NS;
	if (here >= 0 && here < PAR_CPU_CNT && p->records[here] >= BUSY_RECORDS &&
	    !sched_getaffinity(0, sizeof(allowed), &allowed)) {
		there = quietest(p, &allowed);
		if (there >= 0 && p->records[there] * MUCH_LESS <= p->records[here])
			move_to(there, &allowed);
	}
	memset(p->records, 0, sizeof(p->records));
}
