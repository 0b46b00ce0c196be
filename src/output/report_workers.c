// SPDX-License-Identifier: MIT
/*
 * Owns the list of processes by role: that of a process is its main thread's.
 * Memory is averaged over those of which it is known.
 */
#include "output/report_workers.h"

#include <stdlib.h>
#include <string.h>

#include "base/htab.h"
#include "base/order.h"
#include "base/xalloc.h"

#define ROLES_SHOWN 6
#define KILLED_SHOWN 5

static void add(struct crew_sum *s, uint64_t value)
{
	s->total += value;
	s->cnt += value != 0;
}

static void add_process(struct crew *c, const struct fact_process *p)
{
	if (!c->cnt)
		c->method = p->start_method;
	else if (!p->start_method != !c->method ||
		 (c->method && strcmp(p->start_method, c->method)))
		c->has_methods = true;
	c->cnt++;
	if (p->has_startup) {
		if (!c->startup_cnt || p->startup_ns < c->startup_min_ns)
			c->startup_min_ns = p->startup_ns;
		if (p->startup_ns > c->startup_max_ns)
			c->startup_max_ns = p->startup_ns;
		c->startup_cnt++;
	}
	add(&c->rss, p->rss_bytes);
	add(&c->pss, p->pss_bytes);
	add(&c->private, p->private_bytes);
}

/* Main threads by process id, as thousands of processes would make a long search each. */
static void index_mains(const struct facts *f, struct htab *mains)
{
	for (size_t i = 0; i < f->thread_cnt; i++)
		if (f->threads[i].tid == f->threads[i].pid)
			htab_put(mains, f->threads[i].pid, 0, &f->threads[i]);
}

static const char *role_of(const struct htab *mains, const struct fact_process *p)
{
	const struct fact_thread *t = htab_find(mains, p->pid, 0);

	if (t && t->role && t->role[0])
		return t->role;
	return p->name && p->name[0] ? p->name : "process";
}

static size_t gather(const struct facts *f, const struct htab *mains, struct crew *crews)
{
	size_t cnt = 0;

	for (size_t i = 0; i < f->process_cnt; i++) {
		const char *role = role_of(mains, &f->processes[i]);
		struct crew *c = crews;

		while (c < crews + cnt && strcmp(c->role, role))
			c++;
		if (c == crews + cnt)
			cnt++;
		c->role = role;
		add_process(c, &f->processes[i]);
	}
	return cnt;
}

/* Of those that were there before and of whose memory nothing is known there is nothing to say. */
static size_t drop_unknown(struct crew *crews, size_t cnt)
{
	size_t kept = 0;

	for (size_t i = 0; i < cnt; i++)
		if (crews[i].rss.cnt || crews[i].method || crews[i].has_methods)
			crews[kept++] = crews[i];
	return kept;
}

static int by_memory(const void *a, const void *b)
{
	const struct crew *x = a, *y = b;

	return order_down(x->rss.total, y->rss.total) ?: strcmp(x->role, y->role);
}

static struct crew *find_crews(const struct facts *f, const struct htab *mains, size_t *cnt)
{
	struct crew *crews = xcalloc(f->process_cnt, sizeof(*crews));

	*cnt = drop_unknown(crews, gather(f, mains, crews));
	qsort(crews, *cnt, sizeof(*crews), by_memory);
	return crews;
}

struct crew *report_crews(const struct facts *f, size_t *cnt)
{
	struct htab mains = { 0 };
	struct crew *crews;

	index_mains(f, &mains);
	crews = find_crews(f, &mains, cnt);
	htab_release(&mains);
	return crews;
}

/* Items after the first are set apart. */
static void add_item(struct strbuf *s, size_t first, const char *item)
{
	strbuf_addf(s, "%s%s", s->len > first ? ", " : "", item);
}

static void add_memory(struct strbuf *s, size_t first, const char *what, const struct crew_sum *sum)
{
	if (!sum->cnt)
		return;
	add_item(s, first, what);
	wrap_add_bytes(s, sum->total / sum->cnt);
}

/* "at work after 12 ms", "at work after 85 ms to 91 ms" */
static void add_startup(struct strbuf *s, size_t first, const struct crew *c)
{
	if (!c->startup_cnt)
		return;
	add_item(s, first, "at work after ");
	wrap_add_duration(s, c->startup_min_ns);
	if (c->startup_max_ns > c->startup_min_ns + c->startup_min_ns / 10) {
		strbuf_addstr(s, " to ");
		wrap_add_duration(s, c->startup_max_ns);
	}
}

static void say_crew(struct strbuf *s, const struct crew *c)
{
	size_t first;

	wrap_add_safe(s, c->role, 30);
	if (c->cnt > 1)
		strbuf_addf(s, " x%zu", c->cnt);
	strbuf_addstr(s, ": ");
	first = s->len;
	if (c->has_methods)
		strbuf_addstr(s, "started in several ways");
	else if (c->method)
		strbuf_addstr(s, c->method);
	add_startup(s, first, c);
	add_memory(s, first, "RSS ", &c->rss);
	add_memory(s, first, "PSS ", &c->pss);
	add_memory(s, first, "private ", &c->private);
	if (c->cnt > 1 && c->rss.cnt)
		strbuf_addstr(s, " each");
}

/* What ends programs in the normal course of things is no news. */
static bool is_news(const struct fact_process *p)
{
	static const char *const expected[] = { "SIGTERM", "SIGINT", "SIGHUP", "SIGPIPE" };

	if (!p->exit_signal)
		return false;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		if (!strcmp(p->exit_signal, expected[i]))
			return false;
	return true;
}

static size_t count_killed(const struct facts *f)
{
	size_t cnt = 0;

	for (size_t i = 0; i < f->process_cnt; i++)
		cnt += is_news(&f->processes[i]);
	return cnt;
}

static void put_killed(struct wrap *w, const struct facts *f, const struct htab *mains,
		       const char *label)
{
	size_t cnt = count_killed(f), shown = 0;
	struct strbuf s = { 0 };

	for (size_t i = 0; i < f->process_cnt && shown < KILLED_SHOWN; i++) {
		const struct fact_process *p = &f->processes[i];

		if (!is_news(p))
			continue;
		strbuf_reset(&s);
		wrap_add_safe(&s, role_of(mains, p), 30);
		strbuf_addf(&s, " %u killed by %s after ", p->pid, p->exit_signal);
		wrap_add_duration(&s, p->ended_ns - p->started_ns);
		wrap_text(w, shown ? "" : label, WRAP_LABEL, strbuf_str(&s));
		shown++;
	}
	if (cnt > shown) {
		strbuf_reset(&s);
		strbuf_addf(&s, "%s %zu more killed", wrap_dots(w), cnt - shown);
		wrap_text(w, "", WRAP_LABEL, strbuf_str(&s));
	}
	strbuf_release(&s);
}

void report_workers(struct wrap *w, const struct facts *f)
{
	const char *label = "Processes";
	struct strbuf s = { 0 };
	struct htab mains = { 0 };
	struct crew *crews;
	size_t cnt;

	index_mains(f, &mains);
	crews = find_crews(f, &mains, &cnt);
	if (f->process_cnt == 1)
		cnt = 0; /* the report is about it anyway */
	if (cnt || count_killed(f))
		wrap_gap(w);
	for (size_t i = 0; i < cnt && i < ROLES_SHOWN; i++) {
		strbuf_reset(&s);
		say_crew(&s, &crews[i]);
		wrap_hanging(w, label, WRAP_LABEL, 2, strbuf_str(&s));
		label = "";
	}
	if (cnt > ROLES_SHOWN) {
		strbuf_reset(&s);
		strbuf_addf(&s, "%s %zu more", wrap_dots(w), cnt - ROLES_SHOWN);
		wrap_text(w, "", WRAP_LABEL, strbuf_str(&s));
	}
	put_killed(w, f, &mains, label);
	strbuf_release(&s);
	htab_release(&mains);
	free(crews);
}
