// SPDX-License-Identifier: MIT
/*
 * Owns the section on locks: a table, and of those most contended for who made whom
 * wait. Threads are drawn by their roles where there are too many of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "html/exchange.h"
#include "html/graph.h"
#include "html/markup.h"
#include "output/report_wrap.h"

#define ROWS_MAX    10
#define DRAWN_MAX   4
#define NAME_CHARS  80
#define THREADS_MAX 8

/* A lock that takes less of all threads' time is not drawn. */
#define DRAWN_SHARE 0.001

static const char *name_of(const struct fact_lock *l)
{
	return l->name && l->name[0] ? l->name : lock_kind_name(l->kind);
}

static void put_cell(struct strbuf *out, void (*add)(struct strbuf *, uint64_t), uint64_t value)
{
	strbuf_addstr(out, "<td>");
	add(out, value);
	strbuf_addstr(out, "</td>");
}

static void put_row(const struct fact_lock *l, struct strbuf *out)
{
	strbuf_addstr(out, "<tr><th scope=\"row\">");
	markup_text(out, name_of(l), NAME_CHARS);
	strbuf_addf(out, "</th><td class=\"word kind\">%s</td>", lock_kind_name(l->kind));
	put_cell(out, wrap_add_count, l->waits);
	put_cell(out, wrap_add_duration, l->wait_ns);
	if (l->contended_ns)
		put_cell(out, wrap_add_duration, l->contended_ns);
	else
		strbuf_addstr(out, "<td>–</td>");
	put_cell(out, wrap_add_duration, l->max_ns);
	strbuf_addstr(out, "</tr>\n");
}

static void put_table(const struct fact_lock *const *locks, size_t cnt, struct strbuf *out)
{
	strbuf_addstr(out,
		      "<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"table of "
		      "locks\">\n<table>\n<thead><tr><th scope=\"col\">what was waited for</th>"
		      "<th scope=\"col\" class=\"word kind\">kind</th><th scope=\"col\">waits</th>"
		      "<th scope=\"col\">in all</th><th scope=\"col\">for a holder</th>"
		      "<th scope=\"col\">longest</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < cnt && i < ROWS_MAX; i++)
		put_row(locks[i], out);
	strbuf_addstr(out, "</tbody>\n</table>\n</div>\n");
	markup_more(out, ROWS_MAX, cnt, "were waited for");
}

static void say_wait(const struct graph_edge *e, struct strbuf *text)
{
	wrap_add_count(text, e->cnt);
	strbuf_addstr(text, e->cnt == 1 ? " wait, " : " waits, ");
	wrap_add_duration(text, e->weight);
}

/* More threads than can be told apart, on either side? */
static bool has_too_many(const struct fact_lock *l)
{
	uint32_t seen[2][THREADS_MAX];
	size_t cnt[2] = { 0 };

	for (size_t i = 0; i < l->edge_cnt; i++) {
		const uint32_t tids[2] = { l->edges[i].holder, l->edges[i].waiter };

		for (int side = 0; side < 2; side++) {
			size_t k = 0;

			while (k < cnt[side] && seen[side][k] != tids[side])
				k++;
			if (k == THREADS_MAX)
				return true;
			if (k == cnt[side])
				seen[side][cnt[side]++] = tids[side];
		}
	}
	return false;
}

static size_t thread_node(struct graph *g, int column, const struct facts *f, uint32_t tid,
			  bool by_role)
{
	const struct fact_thread *t = facts_thread(f, tid);
	const char *label = t && t->role && t->role[0] ? t->role : "thread";
	char number[16] = "";

	if (!tid)
		return graph_node(g, column, "unknown", "");
	if (!by_role)
		snprintf(number, sizeof(number), "%u", tid);
	return graph_node(g, column, label, number);
}

static void draw(const struct facts *f, const struct fact_lock *l, struct strbuf *out)
{
	struct graph *g = xcalloc(1, sizeof(*g));
	bool by_role = has_too_many(l);

	*g = (struct graph){ .titles = { "holder", "who waited for it" },
			     .column_cnt = 2,
			     .label = "who held the lock, and who waited for it",
			     .add_weight = wrap_add_duration,
			     .say = say_wait };
	for (size_t i = 0; i < l->edge_cnt; i++) {
		const struct lock_edge *e = &l->edges[i];
		size_t from, to;

		/* The sum of those that are not listed. */
		from = e->waiter ? thread_node(g, 0, f, e->holder, by_role)
				 : graph_node(g, 0, "all others", "");
		to = e->waiter ? thread_node(g, 1, f, e->waiter, by_role)
			       : graph_node(g, 1, "all others", "");
		graph_edge(g, 0, from, to, e->wait_ns, e->waits);
	}
	strbuf_addstr(out, "<figure>\n<figcaption>");
	markup_text(out, name_of(l), NAME_CHARS);
	strbuf_addstr(out, "</figcaption>\n");
	graph_draw(g, out);
	strbuf_addstr(out, "</figure>\n");
	graph_release(g);
	free(g);
}

/* A signal has no holder: who waits for it is held up by nobody. */
static int by_contention(const void *a, const void *b)
{
	const struct fact_lock *x = *(const struct fact_lock *const *)a;
	const struct fact_lock *y = *(const struct fact_lock *const *)b;

	if (x->contended_ns != y->contended_ns)
		return x->contended_ns > y->contended_ns ? -1 : 1;
	return x < y ? -1 : 1;
}

static bool is_worth_drawing(const struct facts *f, const struct fact_lock *l)
{
	return l->edge_cnt && l->contended_ns &&
	       (double)l->contended_ns >= DRAWN_SHARE * (double)facts_life_ns(f);
}

void exchange_locks(const struct facts *f, struct strbuf *out)
{
	const struct fact_lock **locks;

	if (!f->lock_cnt)
		return;
	locks = xcalloc(f->lock_cnt, sizeof(*locks));
	for (size_t i = 0; i < f->lock_cnt; i++)
		locks[i] = &f->locks[i];
	qsort(locks, f->lock_cnt, sizeof(*locks), by_contention);
	strbuf_addstr(out, "<section id=\"locks\">\n<h2>Locks, and who waited for whom</h2>\n");
	strbuf_addstr(out, "<div class=\"figures\">\n");
	for (size_t i = 0; i < f->lock_cnt && i < DRAWN_MAX; i++)
		if (is_worth_drawing(f, locks[i]))
			draw(f, locks[i], out);
	strbuf_addstr(out, "</div>\n");
	put_table(locks, f->lock_cnt, out);
	strbuf_addstr(out, "</section>\n");
	free(locks);
}
