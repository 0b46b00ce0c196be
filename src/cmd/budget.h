/* SPDX-License-Identifier: MIT */
/*
 * What a recording may cost, and what it goes without to stay within that: --max-overhead.
 * Nothing that was given up is taken up again, but for the timeline of a collector that
 * had fallen behind. Pure: times and costs are the caller's.
 */
#ifndef CMD_BUDGET_H
#define CMD_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

enum budget_step {
	BUDGET_ALL,		/* everything is recorded */
	BUDGET_NO_CALLS,	/* system calls are not counted any more */
	BUDGET_NO_TIMELINE,	/* nor is the timeline written */
};

struct budget {
	double limit;		/* of one CPU; 0: none */
	enum budget_step step;
	uint64_t since_ns, cost_ns; /* the window at hand: its start, and the own cost until then */
	uint64_t behind_until_ns; /* the collector fell behind: no timeline until then */
};

/* For ARG_CALLBACK, @out a double: "2%", "0.5%". -EINVAL: not a share above 0 %, up to 100 %. */
int budget_parse(void *out, const char *value);

void budget_begin(struct budget *b, double limit, uint64_t now_ns, uint64_t cost_ns);

/* Is the cost looked at now? It takes system calls to find out: at other times it may be 0. */
bool budget_is_due(const struct budget *b, uint64_t now_ns);

/*
 * @cost_ns: own CPU time until now, in the kernel and outside. @is_behind: much of the
 * kernel's buffers was full since the last call, or much waits for the file. True: b->step has changed.
 */
bool budget_look(struct budget *b, uint64_t now_ns, uint64_t cost_ns, bool is_behind);

/* Is the timeline written now? */
bool budget_has_timeline(const struct budget *b, uint64_t now_ns);

#endif
