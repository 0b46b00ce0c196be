// SPDX-License-Identifier: MIT
/*
 * Owns the recent busy stretches of each CPU. The largest overlap of intervals
 * is always reached where one of them starts, so only starts are looked at; the
 * last of the overlapping stretches to be told finds all the others.
 */
#include "facts/cpu_peak.h"

#include <stdlib.h>

#include "base/xalloc.h"

/*
 * Stretches remembered per CPU. One that is told later than this many of its
 * neighbours' is not counted: the peak may then be too low, never too high.
 */
#define KEPT 128

/* Starts looked at per neighbour and stretch: keeps the cost of one switch bounded. */
#define STARTS_MAX 8

struct stretch {
	uint64_t start_ns, end_ns;
};

struct cpu_line {
	struct stretch kept[KEPT]; /* a ring; in order of time */
	size_t cnt; /* ever added; the next goes to cnt % KEPT */
	bool is_busy;
	uint64_t busy_ns; /* since when */
};

static struct cpu_line *line_get(struct cpu_peak *p, uint16_t cpu)
{
	while (p->line_cnt <= cpu) {
		XGROW(p->lines, p->line_cnt, p->line_cap);
		p->lines[p->line_cnt++] = NULL;
	}
	if (!p->lines[cpu])
		p->lines[cpu] = xcalloc(1, sizeof(**p->lines));
	return p->lines[cpu];
}

static const struct stretch *nth(const struct cpu_line *l, size_t i)
{
	return &l->kept[i % KEPT];
}

/* The first remembered stretch that ends after @ts_ns; l->cnt if there is none. */
static size_t first_after(const struct cpu_line *l, uint64_t ts_ns)
{
	size_t low = l->cnt > KEPT ? l->cnt - KEPT : 0, high = l->cnt;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (nth(l, mid)->end_ns > ts_ns)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static void count_at(struct cpu_peak *p, uint64_t ts_ns)
{
	uint32_t busy = 0;

	for (size_t i = 0; i < p->line_cnt; i++) {
		const struct cpu_line *l = p->lines[i];
		size_t at = l ? first_after(l, ts_ns) : 0;

		busy += l && at < l->cnt && nth(l, at)->start_ns <= ts_ns;
	}
	if (busy > p->peak)
		p->peak = busy;
}

static void close_stretch(struct cpu_peak *p, struct cpu_line *own, uint64_t end_ns)
{
	struct stretch s = { own->busy_ns, end_ns };

	own->is_busy = false;
	if (s.end_ns <= s.start_ns)
		return;
	p->seen_cnt += !own->cnt;
	own->kept[own->cnt++ % KEPT] = s;
	if (p->peak >= p->seen_cnt) /* it can't grow: the usual case after a moment */
		return;
	count_at(p, s.start_ns);
	for (size_t i = 0; i < p->line_cnt; i++) {
		const struct cpu_line *l = p->lines[i];
		size_t at = l && l != own ? first_after(l, s.start_ns) : 0;

		if (!l || l == own)
			continue;
		for (int n = 0; n < STARTS_MAX && at < l->cnt; n++, at++) {
			if (nth(l, at)->start_ns >= s.end_ns)
				break;
			if (nth(l, at)->start_ns > s.start_ns)
				count_at(p, nth(l, at)->start_ns);
		}
	}
}

void cpu_peak_feed(struct cpu_peak *p, const struct cpu_switch *c)
{
	bool is_traced = c->next_tid && c->next_tid != MODEL_UNTRACED;
	struct cpu_line *l = line_get(p, c->cpu);

	if (l->is_busy)
		close_stretch(p, l, c->ts_ns);
	l->is_busy = is_traced;
	l->busy_ns = c->ts_ns;
}

void cpu_peak_end(struct cpu_peak *p, uint64_t ts_ns)
{
	for (size_t i = 0; i < p->line_cnt; i++)
		if (p->lines[i] && p->lines[i]->is_busy)
			close_stretch(p, p->lines[i], ts_ns);
}

uint32_t cpu_peak_get(const struct cpu_peak *p)
{
	return p->peak;
}

void cpu_peak_release(struct cpu_peak *p)
{
	for (size_t i = 0; i < p->line_cnt; i++)
		free(p->lines[i]);
	free(p->lines);
	*p = (struct cpu_peak){ 0 };
}
