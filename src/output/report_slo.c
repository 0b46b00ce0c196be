// SPDX-License-Identifier: MIT
/* Owns the wording. Decides nothing: whether a limit was met is in the facts. */
#include "output/report_slo.h"

#include <math.h>
#include <string.h>

#define SERVERS_SHOWN 3

static void add_rate(struct strbuf *s, double per_second)
{
	if (per_second >= 100)
		wrap_add_count(s, (uint64_t)(per_second + 0.5));
	else
		strbuf_addf(s, "%.3g", per_second);
}

static void add_value(struct strbuf *s, const char *unit, double value)
{
	unit = unit ? unit : "";
	if (!strcmp(unit, "ns"))
		wrap_add_duration(s, (uint64_t)value);
	else if (!strcmp(unit, "bytes"))
		wrap_add_bytes(s, (uint64_t)value);
	else if (!strcmp(unit, "percent"))
		strbuf_addf(s, "%.3g %%", value);
	else
		add_rate(s, value);
}

void report_slo_line(const struct fact_slo *s, struct strbuf *out)
{
	strbuf_addf(out, "%s ", s->name ? s->name : "");
	if (s->is_known)
		add_value(out, s->unit, s->value);
	else
		strbuf_addf(out, "not measured (%s)", s->why ? s->why : "");
	strbuf_addstr(out, ", limit ");
	add_value(out, s->unit, s->limit);
	strbuf_addstr(out, s->met ? ": met" : ": missed");
}

void report_slo(struct wrap *w, const struct facts *f)
{
	struct strbuf s = { 0 };

	if (f->slo_cnt)
		wrap_gap(w);
	for (size_t i = 0; i < f->slo_cnt; i++) {
		strbuf_reset(&s);
		report_slo_line(&f->slo[i], &s);
		wrap_text(w, i ? "" : "SLO", WRAP_LABEL, strbuf_str(&s));
	}
	strbuf_release(&s);
}

static void add_turns(struct strbuf *s, const struct fact_turns *t)
{
	wrap_add_count(s, t->count);
	strbuf_addstr(s, ", ");
	add_rate(s, t->per_second);
	strbuf_addstr(s, " a second; p50 ");
	wrap_add_duration(s, t->p50);
	strbuf_addstr(s, ", p95 ");
	wrap_add_duration(s, t->p95);
	strbuf_addstr(s, ", p99 ");
	wrap_add_duration(s, t->p99);
	strbuf_addstr(s, ", at most ");
	wrap_add_duration(s, t->max);
}

/* "redis-server, tcp port 6379" */
static void add_place(struct strbuf *s, const char *name, const char *kind, uint16_t port)
{
	wrap_add_safe(s, name ? name : "", 24);
	if (port)
		strbuf_addf(s, ", port %u", port);
	else if (kind && !strcmp(kind, "unix"))
		strbuf_addstr(s, ", UNIX socket");
}

static void put_servers(struct wrap *w, const struct fact_requests *r)
{
	struct strbuf s = { 0 };

	for (size_t i = 0; r->server_cnt > 1 && i < r->server_cnt && i < SERVERS_SHOWN; i++) {
		const struct fact_server *server = &r->servers[i];

		strbuf_reset(&s);
		add_place(&s, server->name, server->kind, server->port);
		strbuf_addstr(&s, ": ");
		add_turns(&s, &server->turns);
		wrap_text(w, "", WRAP_LABEL + 2, strbuf_str(&s));
	}
	if (r->server_cnt > SERVERS_SHOWN) {
		strbuf_reset(&s);
		strbuf_addf(&s, "%s %zu more", wrap_dots(w), r->server_cnt - SERVERS_SHOWN);
		wrap_text(w, "", WRAP_LABEL + 2, strbuf_str(&s));
	}
	strbuf_release(&s);
}

/* A queue that was never longer than a fourth of its room is none to speak of. */
static void put_queue(struct wrap *w, const struct fact_requests *r)
{
	const struct fact_listener *l = r->listener_cnt ? &r->listeners[0] : NULL;
	struct strbuf s = { 0 };

	if (!l || l->waiting_max < 2 || l->waiting_max < l->limit / 4)
		return;
	strbuf_addf(&s, "up to %u connections waited for accept, of %u that may (", l->waiting_max,
		    l->limit);
	add_place(&s, l->name, l->kind, l->port);
	strbuf_addf(&s, "); %.1f on average of %llu accepts", l->waiting_avg,
		    (unsigned long long)l->accepts);
	wrap_text(w, "Queue", WRAP_LABEL, strbuf_str(&s));
	strbuf_release(&s);
}

void report_requests(struct wrap *w, const struct facts *f)
{
	const struct fact_requests *r = &f->requests;
	struct strbuf s = { 0 };

	if (!r->turns.count)
		return;
	wrap_gap(w);
	add_turns(&s, &r->turns);
	if (r->unfinished)
		strbuf_addf(&s, "; %llu not answered at the end",
			    (unsigned long long)r->unfinished);
	if (r->missed)
		strbuf_addf(&s, "; %llu could not be followed", (unsigned long long)r->missed);
	wrap_text(w, "Requests", WRAP_LABEL, strbuf_str(&s));
	strbuf_reset(&s);
	strbuf_addf(&s, "%s; %.2g at a time", r->basis ? r->basis : "", r->turns.in_progress_avg);
	if (!r->function)
		strbuf_addf(&s, ", %.2g of them not read yet", r->turns.unread_avg);
	wrap_text(w, "", WRAP_LABEL, strbuf_str(&s));
	put_servers(w, r);
	put_queue(w, r);
	strbuf_release(&s);
}
