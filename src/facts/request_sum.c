// SPDX-License-Identifier: MIT
/* Owns the histograms. What a request is was decided before. */
#include "facts/request_sum.h"

#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "base/xalloc.h"

static const char *const kinds[PAR_REQUEST_KIND_CNT] = {
	[PAR_REQUEST_TCP] = "tcp",
	[PAR_REQUEST_UNIX] = "unix",
	[PAR_REQUEST_FUNCTION] = "function",
};

static void turns_add(struct request_turns *t, const struct request *r)
{
	latency_fine_add(&t->latency, r->end_ns - r->begin_ns);
	t->unread_ns += r->read_ns - r->begin_ns;
}

/* By name, not by process: workers serve one port together. NULL: there are too many. */
static struct request_server *server_get(struct request_sum *s, const struct request *r)
{
	const char *name = r->process ? r->process->name : "";
	struct request_server *server;

	for (size_t i = 0; i < s->server_cnt; i++) {
		server = s->servers[i];
		if (server->port == r->port && server->kind == r->kind &&
		    !strncmp(server->name, name, sizeof(server->name)))
			return server;
	}
	if (s->server_cnt == REQUEST_SERVERS_MAX)
		return NULL;
	server = xcalloc(1, sizeof(*server));
	memcpy(server->name, name, strnlen(name, sizeof(server->name) - 1));
	server->kind = r->kind;
	server->port = r->port;
	s->servers[s->server_cnt++] = server;
	return server;
}

void request_sum_add(struct request_sum *s, const struct request *r)
{
	struct request_server *server = server_get(s, r);

	if (!s->all)
		s->all = xcalloc(1, sizeof(*s->all));
	turns_add(s->all, r);
	if (server)
		turns_add(&server->turns, r);
}

void request_sum_release(struct request_sum *s)
{
	for (size_t i = 0; i < s->server_cnt; i++)
		free(s->servers[i]);
	free(s->all);
	*s = (struct request_sum){ 0 };
}

/* For how long requests were seen. */
static uint64_t watched_ns(const struct fact_recording *r)
{
	return r->calls_until_ns ? r->calls_until_ns : r->duration_ns;
}

static void turns_fill(struct fact_turns *out, const struct request_turns *t, uint64_t duration_ns)
{
	const struct latency_fine *l = &t->latency;

	out->count = l->cnt;
	out->p50 = latency_fine_percentile(l, 50);
	out->p95 = latency_fine_percentile(l, 95);
	out->p99 = latency_fine_percentile(l, 99);
	out->max = l->max_ns;
	out->mean = l->cnt ? l->sum_ns / l->cnt : 0;
	if (!duration_ns)
		return;
	out->per_second = (double)l->cnt * 1e9 / (double)duration_ns;
	/* Little's law: each one is there for as long as it takes. */
	out->in_progress_avg = (double)l->sum_ns / (double)duration_ns;
	out->unread_avg = (double)t->unread_ns / (double)duration_ns;
}

static int by_count(const void *a, const void *b)
{
	const struct fact_server *x = a, *y = b;

	return order_down(x->turns.count, y->turns.count) ?: order_up(x->port, y->port);
}

static int by_queue(const void *a, const void *b)
{
	const struct fact_listener *x = a, *y = b;

	return order_down(x->waiting_max, y->waiting_max) ?:
	       order_down(x->accepts, y->accepts) ?: order_up(x->port, y->port);
}

void request_sort(struct fact_requests *r)
{
	if (r->server_cnt)
		qsort(r->servers, r->server_cnt, sizeof(*r->servers), by_count);
	if (r->listener_cnt)
		qsort(r->listeners, r->listener_cnt, sizeof(*r->listeners), by_queue);
}

static void fill_listeners(struct fact_requests *out, const struct model *m)
{
	out->listeners = xcalloc(m->backlogs.cnt, sizeof(*out->listeners));
	htab_for_each(&m->backlogs, i) {
		const struct backlog *b = m->backlogs.entries[i].value;
		const char *name = b->process ? b->process->name : "";

		if (!b->accepts)
			continue;
		out->listeners[out->listener_cnt++] = (struct fact_listener){
			.name = xstrndup(name, PAR_COMM_LEN),
			.kind = xstrdup(kinds[b->kind]),
			.port = b->port,
			.accepts = b->accepts,
			.waiting_avg = (double)b->waiting / (double)b->accepts,
			.waiting_max = b->waiting_max,
			.limit = b->limit,
		};
	}
}

/* Of the sorted ones those with the longest queues stay. */
static void trim_listeners(struct fact_requests *out)
{
	while (out->listener_cnt > REQUEST_LISTENERS_MAX) {
		out->listener_cnt--;
		free(out->listeners[out->listener_cnt].name);
		free(out->listeners[out->listener_cnt].kind);
	}
}

static char *basis_of(const struct request_sum *s, const char *function)
{
	if (!s->all)
		return NULL;
	if (function)
		return xasprintf("calls of %s, from the call to its return", function);
	return xstrdup("served connections, from the data's arrival to the last write before the "
		       "next read");
}

void request_sum_fill(const struct request_sum *s, const struct model *m, const char *function,
		      struct facts *out)
{
	struct fact_requests *r = &out->requests;

	r->basis = basis_of(s, function);
	r->function = function ? xstrdup(function) : NULL;
	r->unfinished = m->requests_unfinished;
	r->missed = m->requests_missed;
	fill_listeners(r, m);
	r->servers = xcalloc(s->server_cnt, sizeof(*r->servers));
	for (size_t i = 0; i < s->server_cnt; i++) {
		const struct request_server *server = s->servers[i];
		struct fact_server *f = &r->servers[r->server_cnt++];

		f->name = xstrndup(server->name, sizeof(server->name));
		f->kind = xstrdup(kinds[server->kind]);
		f->port = server->port;
		turns_fill(&f->turns, &server->turns, watched_ns(&out->recording));
	}
	request_sort(r);
	trim_listeners(r);
	if (s->all)
		turns_fill(&r->turns, s->all, watched_ns(&out->recording));
}
