// SPDX-License-Identifier: MIT
/*
 * Owns what can't be added up as it is: averages over recordings of different lengths,
 * time windows of different widths, and percentiles, of which only a bound is known.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "facts/combine.h"
#include "facts/request_sum.h"
#include "facts/series.h"

/* ---- requests ---- */

/* Requests of one server, as one of the recordings knows them. */
struct share {
	const struct fact_turns *turns;
	uint64_t duration_ns;		/* of its recording */
};

/* At least this share of a recording's requests took no longer than @ns. */
static double share_within(const struct fact_turns *t, uint64_t ns)
{
	return ns >= t->max   ? 1
	       : ns >= t->p99 ? 0.99
	       : ns >= t->p95 ? 0.95
	       : ns >= t->p50 ? 0.5
			      : 0;
}

static bool is_bound(const struct share *of, size_t cnt, double requests, double wanted,
		     uint64_t ns)
{
	double within = 0;

	for (size_t i = 0; i < cnt; i++)
		within += share_within(of[i].turns, ns) * (double)of[i].turns->count;
	return within >= wanted * requests * (1 - 1e-9);
}

/*
 * Of each recording only some percentiles are known. This is the least of them that the
 * percentile of all requests together can't exceed: no limit is kept by chance.
 */
static uint64_t percentile_at_most(const struct share *of, size_t cnt, double requests,
				   double wanted)
{
	uint64_t best = UINT64_MAX;

	for (size_t i = 0; i < cnt; i++) {
		const struct fact_turns *t = of[i].turns;
		const uint64_t known[] = { t->p50, t->p95, t->p99, t->max };

		for (size_t k = 0; t->count && k < ARRAY_CNT(known); k++)
			if (known[k] < best && is_bound(of, cnt, requests, wanted, known[k]))
				best = known[k];
	}
	return best == UINT64_MAX ? 0 : best;
}

/* Rates and averages are over the time of all together, as those of one recording are. */
static struct fact_turns sum_turns(const struct share *of, size_t cnt, uint64_t duration_ns)
{
	struct fact_turns sum = { 0 };
	double requests = 0, mean = 0;

	for (size_t i = 0; i < cnt; i++) {
		const struct fact_turns *t = of[i].turns;
		double part = duration_ns ? (double)of[i].duration_ns / (double)duration_ns : 0;

		requests += (double)t->count;
		mean += (double)t->mean * (double)t->count;
		sum.count += t->count;
		sum.per_second += t->per_second * part;
		sum.in_progress_avg += t->in_progress_avg * part;
		sum.unread_avg += t->unread_avg * part;
		sum.max = t->max > sum.max ? t->max : sum.max;
	}
	if (requests <= 0)
		return sum;
	sum.mean = (uint64_t)(mean / requests);
	sum.p50 = percentile_at_most(of, cnt, requests, 0.50);
	sum.p95 = percentile_at_most(of, cnt, requests, 0.95);
	sum.p99 = percentile_at_most(of, cnt, requests, 0.99);
	return sum;
}

static bool is_same_server(const struct fact_server *a, const struct fact_server *b)
{
	return text_is_same(a->name, b->name) && text_is_same(a->kind, b->kind) &&
	       a->port == b->port;
}

/* All that the parts know of @server, which is @part's; an empty one for who doesn't know it. */
static struct fact_turns sum_server(const struct facts *parts, size_t cnt,
				    const struct fact_server *server, uint64_t duration_ns)
{
	struct share *of = xcalloc(cnt, sizeof(*of));
	struct fact_turns sum;
	size_t known = 0;

	for (size_t i = 0; i < cnt; i++)
		for (size_t k = 0; k < parts[i].requests.server_cnt; k++) {
			const struct fact_server *s = &parts[i].requests.servers[k];

			if (!is_same_server(s, server))
				continue;
			of[known++] = (struct share){ &s->turns, parts[i].recording.duration_ns };
			break;
		}
	sum = sum_turns(of, known, duration_ns);
	free(of);
	return sum;
}

static bool has_server(const struct fact_requests *r, const struct fact_server *server)
{
	for (size_t i = 0; i < r->server_cnt; i++)
		if (is_same_server(&r->servers[i], server))
			return true;
	return false;
}

static void sum_servers(struct fact_requests *out, const struct facts *parts, size_t cnt,
			uint64_t duration_ns)
{
	for (size_t i = 0; i < cnt; i++) {
		const struct fact_requests *r = &parts[i].requests;

		for (size_t k = 0; k < r->server_cnt; k++) {
			const struct fact_server *s = &r->servers[k];

			if (has_server(out, s))
				continue;
			out->servers = xrealloc(out->servers,
						(out->server_cnt + 1) * sizeof(*out->servers));
			out->servers[out->server_cnt++] = (struct fact_server){
				.name = xstrdup(s->name ? s->name : ""),
				.kind = xstrdup(s->kind ? s->kind : ""),
				.port = s->port,
				.turns = sum_server(parts, cnt, s, duration_ns),
			};
		}
	}
}

static struct fact_listener *listener_get(struct fact_requests *r, const struct fact_listener *l)
{
	for (size_t i = 0; i < r->listener_cnt; i++) {
		struct fact_listener *known = &r->listeners[i];

		if (text_is_same(known->name, l->name) && text_is_same(known->kind, l->kind) &&
		    known->port == l->port)
			return known;
	}
	r->listeners = xrealloc(r->listeners, (r->listener_cnt + 1) * sizeof(*r->listeners));
	r->listeners[r->listener_cnt] = (struct fact_listener){
		.name = xstrdup(l->name ? l->name : ""),
		.kind = xstrdup(l->kind ? l->kind : ""),
		.port = l->port,
	};
	return &r->listeners[r->listener_cnt++];
}

/* Workers that were recorded apart take connections from the same socket. */
static void add_listener(struct fact_requests *out, const struct fact_listener *l)
{
	struct fact_listener *to = listener_get(out, l);
	double accepts = (double)to->accepts + (double)l->accepts;

	if (accepts > 0)
		to->waiting_avg = (to->waiting_avg * (double)to->accepts +
				   l->waiting_avg * (double)l->accepts) /
				  accepts;
	to->accepts += l->accepts;
	to->waiting_max = l->waiting_max > to->waiting_max ? l->waiting_max : to->waiting_max;
	to->limit = l->limit > to->limit ? l->limit : to->limit;
}

/* "served connections, …; percentiles are upper bounds" */
static char *basis_of(const struct facts *parts, size_t cnt)
{
	struct strbuf s = { 0 };
	size_t known = 0;

	for (size_t i = 0; i < cnt; i++) {
		const char *basis = parts[i].requests.basis;

		if (!basis)
			continue;
		if (!known || !strstr(strbuf_str(&s), basis))
			strbuf_addf(&s, "%s%s", known ? "; " : "", basis);
		known++;
	}
	if (known > 1)
		strbuf_addstr(&s, "; of several recordings: percentiles are at most these");
	return known ? strbuf_take(&s) : NULL;
}

void combine_requests(struct facts *out, struct facts *parts, size_t cnt)
{
	struct fact_requests *r = &out->requests;
	struct share *of = xcalloc(cnt, sizeof(*of));

	for (size_t i = 0; i < cnt; i++) {
		struct fact_requests *p = &parts[i].requests;

		of[i] = (struct share){ &p->turns, parts[i].recording.duration_ns };
		r->unfinished += p->unfinished;
		r->missed += p->missed;
		for (size_t k = 0; k < p->listener_cnt; k++)
			add_listener(r, &p->listeners[k]);
		if (p->function && !r->function)
			r->function = xstrdup(p->function);
	}
	r->turns = sum_turns(of, cnt, out->recording.duration_ns);
	r->basis = basis_of(parts, cnt);
	sum_servers(r, parts, cnt, out->recording.duration_ns);
	request_sort(r);
	free(of);
}

/* ---- time windows ---- */

static uint64_t width_of(const struct facts *f)
{
	if (f->series_cnt < 2 || f->series[1].t_ns <= f->series[0].t_ns)
		return f->recording.duration_ns;
	return f->series[1].t_ns - f->series[0].t_ns;
}

/* The widest of all, doubled as often as it takes: a narrower one would tell of nothing new. */
static uint64_t common_width(const struct facts *out, const struct facts *parts, size_t cnt)
{
	uint64_t width = SERIES_WIDTH_NS;

	for (size_t i = 0; i < cnt; i++)
		if (parts[i].series_cnt > 1 && width_of(&parts[i]) > width)
			width = width_of(&parts[i]);
	while (out->recording.duration_ns / width >= SERIES_WINDOWS_MAX)
		width *= 2;
	return width;
}

/* A window's threads, for as long as it lasts, into the windows that it lies in. */
static void spread(struct facts *out, uint64_t width, const struct fact_window *w,
		   uint64_t start_ns, uint64_t end_ns)
{
	while (start_ns < end_ns) {
		size_t i = (size_t)(start_ns / width);
		uint64_t stop = (i + 1) * width;

		if (i >= out->series_cnt)
			return;
		/* Of lengths beyond all reason it is none. */
		stop = stop > start_ns && stop < end_ns ? stop : end_ns;
		for (int g = 0; g < GROUP_CNT; g++)
			out->series[i].groups[g] += w->groups[g] * (double)(stop - start_ns);
		start_ns = stop;
	}
}

static void spread_all(struct facts *out, uint64_t width, const struct facts *f, uint64_t start_ns)
{
	uint64_t length = f->recording.duration_ns, own = width_of(f);

	for (size_t i = 0; i < f->series_cnt; i++) {
		uint64_t from = f->series[i].t_ns;

		if (from >= length)
			continue;
		spread(out, width, &f->series[i], start_ns + from,
		       start_ns + (length - from < own ? length : from + own));
	}
}

/* Threads on a CPU at one moment: more than this may have been, but not fewer. */
static uint32_t most_on_cpu(const struct facts *out, const struct facts *parts, size_t cnt)
{
	double most = 0;

	for (size_t i = 0; i < cnt; i++)
		most = fmax(most, parts[i].concurrency.on_cpu_max);
	/* Measured times are not exact: 2.01 threads on average are two. */
	for (size_t i = 0; i < out->series_cnt; i++)
		most = fmax(most, ceil(out->series[i].groups[GROUP_CPU] - 0.05));
	return (uint32_t)fmin(most, out->recording.cpus_online);
}

void combine_series(struct facts *out, const struct facts *parts, size_t cnt)
{
	uint64_t total = out->recording.duration_ns, width;

	if (!total)
		return;
	width = common_width(out, parts, cnt);
	out->series_cnt = (size_t)((total - 1) / width) + 1;
	out->series = xcalloc(out->series_cnt, sizeof(*out->series));
	for (size_t i = 0; i < cnt; i++) {
		double part = (double)parts[i].recording.duration_ns / (double)total;

		spread_all(out, width, &parts[i], out->recording.parts[i].start_ns);
		out->concurrency.on_cpu_avg += parts[i].concurrency.on_cpu_avg * part;
		out->concurrency.runnable_avg += parts[i].concurrency.runnable_avg * part;
	}
	for (size_t i = 0; i < out->series_cnt; i++) {
		uint64_t start = i * width;
		uint64_t length = total - start < width ? total - start : width;

		out->series[i].t_ns = start;
		for (int g = 0; g < GROUP_CNT; g++)
			out->series[i].groups[g] /= (double)length;
	}
	out->concurrency.on_cpu_max = most_on_cpu(out, parts, cnt);
}
