// SPDX-License-Identifier: MIT
/* Owns the windows of the time series. */
#include "facts/series.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

void series_init(struct series *s, uint64_t begin_ns)
{
	*s = (struct series){ .begin_ns = begin_ns, .width_ns = SERIES_WIDTH_NS };
	s->windows = xcalloc(SERIES_WINDOWS_MAX, sizeof(*s->windows));
}

static void double_width(struct series *s)
{
	size_t size = sizeof(*s->windows);

	for (size_t i = 0; i < SERIES_WINDOWS_MAX / 2; i++)
		for (int g = 0; g < GROUP_CNT; g++)
			s->windows[i][g] = s->windows[2 * i][g] + s->windows[2 * i + 1][g];
	memset(s->windows[SERIES_WINDOWS_MAX / 2], 0, SERIES_WINDOWS_MAX / 2 * size);
	s->width_ns *= 2;
	s->cnt = (s->cnt + 1) / 2;
}

void series_add(struct series *s, enum bucket_group g, uint64_t start_ns, uint64_t end_ns)
{
	uint64_t from, to;

	if (!s->windows || end_ns <= start_ns || start_ns < s->begin_ns)
		return;
	from = start_ns - s->begin_ns;
	to = end_ns - s->begin_ns;
	/* There are several spans with each switch: mostly without a division. */
	if (s->at < s->cnt && from >= s->at * s->width_ns && to <= (s->at + 1) * s->width_ns) {
		s->windows[s->at][g] += to - from;
		return;
	}
	while ((to - 1) / s->width_ns >= SERIES_WINDOWS_MAX)
		double_width(s);
	while (from < to) {
		size_t i = (size_t)(from / s->width_ns);
		uint64_t part = s->width_ns - from % s->width_ns;

		part = part < to - from ? part : to - from;
		s->windows[i][g] += part;
		if (i >= s->cnt)
			s->cnt = i + 1;
		from += part;
		s->at = i;
	}
}

struct fact_window *series_take(const struct series *s, uint64_t end_ns, size_t *cnt)
{
	struct fact_window *out = xcalloc(s->cnt, sizeof(*out));

	*cnt = s->cnt;
	for (size_t i = 0; i < s->cnt; i++) {
		uint64_t start = s->begin_ns + i * s->width_ns;
		uint64_t width = s->width_ns;

		if (end_ns > start && end_ns - start < width)
			width = end_ns - start;
		out[i].t_ns = i * s->width_ns;
		for (int g = 0; g < GROUP_CNT; g++)
			out[i].groups[g] = (double)s->windows[i][g] / (double)width;
	}
	return out;
}

void series_release(struct series *s)
{
	free(s->windows);
	*s = (struct series){ 0 };
}
