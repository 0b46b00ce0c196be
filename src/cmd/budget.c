// SPDX-License-Identifier: MIT
/* Owns the rule when a step is taken. */
#include "cmd/budget.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

/* Long enough that the sampled part of the cost is not chance alone. */
#define WINDOW_NS NS_PER_S

/* The first moments cost more: /proc is read, files are named. */
#define WARM_UP_NS (NS_PER_S / 2)

#define BEHIND_NS NS_PER_S

int budget_parse(void *out, const char *value)
{
	double percent;
	char *end;

	if (!text_number(value, &percent, &end) || strcmp(end, "%"))
		return -EINVAL;
	if (percent <= 0 || percent > 100)
		return -EINVAL;
	*(double *)out = percent / 100;
	return 0;
}

void budget_begin(struct budget *b, double limit, uint64_t now_ns, uint64_t cost_ns)
{
	*b = (struct budget){
		.limit = limit,
		.since_ns = now_ns + WARM_UP_NS,
		.cost_ns = cost_ns,
	};
}

static void begin_window(struct budget *b, uint64_t now_ns, uint64_t cost_ns)
{
	b->since_ns = now_ns;
	b->cost_ns = cost_ns;
}

bool budget_is_due(const struct budget *b, uint64_t now_ns)
{
	return b->limit > 0 && (now_ns < b->since_ns || now_ns - b->since_ns >= WINDOW_NS);
}

bool budget_look(struct budget *b, uint64_t now_ns, uint64_t cost_ns, bool is_behind)
{
	double share;

	if (is_behind)
		b->behind_until_ns = now_ns + BEHIND_NS;
	if (now_ns < b->since_ns) {
		b->cost_ns = cost_ns; /* still warming up */
		return false;
	}
	if (now_ns - b->since_ns < WINDOW_NS)
		return false;
	/* The sampled part is extrapolated anew each time, and may come out lower. */
	share = cost_ns > b->cost_ns
			? (double)(cost_ns - b->cost_ns) / (double)(now_ns - b->since_ns)
			: 0;
	begin_window(b, now_ns, cost_ns);
	if (b->limit <= 0 || share <= b->limit || b->step == BUDGET_NO_TIMELINE)
		return false;
	b->step++;
	return true;
}

bool budget_has_timeline(const struct budget *b, uint64_t now_ns)
{
	return b->step < BUDGET_NO_TIMELINE && now_ns >= b->behind_until_ns;
}
