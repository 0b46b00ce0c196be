/* SPDX-License-Identifier: MIT */
/* Owns the bins. */
#include "output/levels.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"

#define BIN_NS	 (10 * NS_PER_MS)
#define MAX_BINS 8192		/* 82 seconds at first: more than a screen has pixels */

void levels_init(struct levels *l, uint64_t start_ns)
{
	*l = (struct levels){ .start_ns = start_ns, .bin_ns = BIN_NS };
}

void levels_release(struct levels *l)
{
	free(l->sum_ns);
	*l = (struct levels){ 0 };
}

static void halve(struct levels *l)
{
	for (size_t i = 0; i < l->cnt; i++) {
		uint64_t sum = l->sum_ns[i];

		l->sum_ns[i] = 0;
		l->sum_ns[i / 2] += sum;
	}
	l->cnt = (l->cnt + 1) / 2;
	l->bin_ns *= 2;
}

void levels_add(struct levels *l, uint64_t from_ns, uint64_t to_ns)
{
	if (from_ns < l->start_ns)
		from_ns = l->start_ns;
	if (from_ns >= to_ns)
		return;
	from_ns -= l->start_ns;
	to_ns -= l->start_ns;
	/* There is a stretch or two with each switch: mostly without a division. */
	if (l->at < l->cnt && from_ns >= l->at * l->bin_ns && to_ns <= (l->at + 1) * l->bin_ns) {
		l->sum_ns[l->at] += to_ns - from_ns;
		return;
	}
	while ((to_ns - 1) / l->bin_ns >= MAX_BINS)
		halve(l);
	while (l->cnt <= (to_ns - 1) / l->bin_ns) {
		XGROW(l->sum_ns, l->cnt, l->cap);
		l->sum_ns[l->cnt++] = 0;
	}
	while (from_ns < to_ns) {
		uint64_t bin = from_ns / l->bin_ns, next = (bin + 1) * l->bin_ns;
		uint64_t until = next < to_ns ? next : to_ns;

		l->sum_ns[bin] += until - from_ns;
		from_ns = until;
		l->at = bin;
	}
}

double levels_average(const struct levels *l, size_t i, uint64_t end_ns)
{
	uint64_t from = l->start_ns + i * l->bin_ns, to = from + l->bin_ns;

	if (to > end_ns)
		to = end_ns;
	return to > from ? (double)l->sum_ns[i] / (double)(to - from) : 0;
}
