// SPDX-License-Identifier: MIT
/* Owns the walk: each thread has at most one edge, so following them finds all circles. */
#include "facts/deadlock.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/*
 * A lock is looked at a moment after its waiters were: it may have changed hands. Who
 * waits in a circle waits for longer than that.
 */
#define WAIT_MIN_NS 10000000

struct wait_edge {
	struct blocked b; /* its name is owned */
	bool is_passing;
	size_t seen; /* in which walk, from 1 on */
};

static void edge_free(struct wait_edge *e)
{
	if (e)
		free(e->b.lock);
	free(e);
}

void wait_graph_put(struct wait_graph *g, const struct blocked *wait, bool is_passing)
{
	struct wait_edge *e;

	if (wait->wait_ns < WAIT_MIN_NS)
		return;
	wait_graph_drop(g, wait->waiter);
	e = xcalloc(1, sizeof(*e));
	e->b = *wait;
	e->b.lock = xstrdup(wait->lock);
	e->is_passing = is_passing;
	htab_put(&g->waits, (uintptr_t)wait->waiter, 0, e);
}

void wait_graph_drop(struct wait_graph *g, const struct task *waiter)
{
	if (g->waits.cnt)
		edge_free(htab_remove(&g->waits, (uintptr_t)waiter, 0));
}

void wait_graph_pass(struct wait_graph *g)
{
	for (size_t i = g->waits.cnt; i-- > 0;) {
		struct wait_edge *e = g->waits.entries[i].value;

		if (e->is_passing)
			wait_graph_drop(g, e->b.waiter);
	}
}

void wait_graph_release(struct wait_graph *g)
{
	htab_for_each(&g->waits, i)
		edge_free(g->waits.entries[i].value);
	htab_release(&g->waits);
}

static void add_step(struct strbuf *text, const struct blocked *b)
{
	strbuf_addf(text, "%s%s (%u) waits for %s, ", text->len ? "; " : "", b->waiter->name,
		    b->waiter->tid, b->lock);
	if (b->owner == b->waiter)
		strbuf_addstr(text, "which it has itself");
	else
		strbuf_addf(text, "which %s (%u) has", b->owner->name, b->owner->tid);
}

/* What the owner of @e's lock waits for itself; NULL: nothing. */
static struct wait_edge *next_of(const struct wait_graph *g, const struct wait_edge *e)
{
	return htab_find(&g->waits, (uintptr_t)e->b.owner, 0);
}

/* The circle that @first is in. */
static struct fact_deadlock circle_take(const struct wait_graph *g, const struct wait_edge *first)
{
	const struct wait_edge *e = first;
	struct fact_deadlock d = { 0 };
	struct strbuf text = { 0 };
	size_t cnt = 0;

	do {
		cnt++;
		e = next_of(g, e);
	} while (e != first);
	d.threads = xcalloc(cnt, sizeof(*d.threads));
	d.locks = xcalloc(cnt, sizeof(*d.locks));
	do {
		d.threads[d.thread_cnt++] = e->b.waiter->tid;
		d.locks[d.lock_cnt++] = xstrdup(e->b.lock);
		add_step(&text, &e->b);
		e = next_of(g, e);
	} while (e != first);
	d.text = xstrdup(strbuf_str(&text));
	strbuf_release(&text);
	return d;
}

struct fact_deadlock *wait_graph_circles(const struct wait_graph *g, size_t *cnt)
{
	struct fact_deadlock *found = NULL;
	size_t cap = 0;

	*cnt = 0;
	htab_for_each(&g->waits, i)
		((struct wait_edge *)g->waits.entries[i].value)->seen = 0;
	htab_for_each(&g->waits, i) {
		struct wait_edge *e = g->waits.entries[i].value;

		while (e && !e->seen) {
			e->seen = i + 1;
			e = next_of(g, e);
		}
		if (!e || e->seen != i + 1)
			continue;	/* ended, or came to what an earlier walk saw */
		XGROW(found, *cnt, cap);
		found[(*cnt)++] = circle_take(g, e);
	}
	return found;
}
