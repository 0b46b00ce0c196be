// SPDX-License-Identifier: MIT
/*
 * Owns nothing: copies what the model counted, longest waits first, and sums
 * what is beyond the limits of facts_build.h.
 */
#include "facts/facts_fill.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/order.h"
#include "base/strbuf.h"
#include "base/xalloc.h"
#include "facts/facts_build.h"
#include "facts/framework.h"
#include "facts/starts.h"

static char *dup_or_null(const char *s)
{
	return s && s[0] ? xstrdup(s) : NULL;
}

static void fill_framework(struct fact_process *out, const struct process *p)
{
	struct strbuf options = { 0 };
	const char *name = framework_find(p->command, p->imports, &options);

	if (name) {
		out->framework = xstrdup(name);
		out->framework_options = xstrdup(strbuf_str(&options));
	}
	strbuf_release(&options);
}

void fill_processes(struct facts *out, const struct model *m, uint64_t begin_ns)
{
	out->processes = xcalloc(m->process_cnt, sizeof(*out->processes));
	for (size_t i = 0; i < m->process_cnt; i++) {
		const struct process *p = m->all_processes[i];
		struct fact_process *f = &out->processes[out->process_cnt++];

		*f = (struct fact_process){
			.pid = p->pid,
			.ppid = p->ppid,
			.name = xstrndup(p->name, sizeof(p->name)),
			.exe = dup_or_null(p->exe),
			.started_ns = p->start_ns > begin_ns ? p->start_ns - begin_ns : 0,
			.ended = p->ended,
			.ended_ns = p->ended && p->end_ns > begin_ns ? p->end_ns - begin_ns : 0,
			.runtime = dup_or_null(p->runtime),
			.runtime_version = dup_or_null(p->runtime_version),
			.global_lock = p->global_lock,
			.free_threaded = p->free_threaded,
			.rss_bytes = p->rss_max_bytes > p->rss_bytes ? p->rss_max_bytes
								     : p->rss_bytes,
			.pss_bytes = p->pss_bytes,
			.private_bytes = p->private_bytes,
		};
		starts_fill(f, m, p);
		fill_framework(f, p);
	}
}

static void fill_edges(struct fact_lock *out, const struct lock *l)
{
	struct lock_edge *e = xcalloc(l->edge_cnt, sizeof(*e));
	size_t cnt = l->edge_cnt;

	if (cnt)
		memcpy(e, l->edges, cnt * sizeof(*e));
	lock_edges_sort(e, cnt);
	if (cnt > FACTS_EDGES_MAX) {
		struct lock_edge rest = { 0 };

		for (size_t i = FACTS_EDGES_MAX; i < cnt; i++) {
			rest.waits += e[i].waits;
			rest.wait_ns += e[i].wait_ns;
		}
		e[FACTS_EDGES_MAX] = rest; /* waiter and holder 0: all others */
		cnt = FACTS_EDGES_MAX + 1;
	}
	out->edges = e;
	out->edge_cnt = cnt;
}

static int by_lock_wait(const void *a, const void *b)
{
	const struct lock *x = *(const struct lock *const *)a;
	const struct lock *y = *(const struct lock *const *)b;

	return order_down(x->wait_ns, y->wait_ns) ?: order_up(x->addr, y->addr);
}

/* The table's values that were waited for, in the order of @cmp. The caller frees. */
static void **sorted_values(const struct htab *h, int (*cmp)(const void *, const void *))
{
	void **values = xcalloc(h->cnt, sizeof(*values));

	htab_for_each(h, i)
		values[i] = h->entries[i].value;
	qsort(values, h->cnt, sizeof(*values), cmp);
	return values;
}

static void sum_lock(struct fact_lock *rest, const struct lock *l)
{
	rest->waits += l->waits;
	rest->wait_ns += l->wait_ns;
	rest->contended_ns += l->contended_ns;
	rest->max_ns = l->max_ns > rest->max_ns ? l->max_ns : rest->max_ns;
}

void fill_locks(struct facts *out, const struct model *m)
{
	struct lock **locks = (struct lock **)sorted_values(&m->locks, by_lock_wait);
	struct fact_lock rest = { .kind = LOCK_FUTEX };
	size_t more = 0;

	out->locks = xcalloc(FACTS_LOCKS_MAX + 1, sizeof(*out->locks));
	for (size_t i = 0; i < m->locks.cnt; i++) {
		const struct lock *l = locks[i];
		struct fact_lock *f = &out->locks[out->lock_cnt];

		if (!l->waits)
			continue;
		if (out->lock_cnt == FACTS_LOCKS_MAX) {
			sum_lock(&rest, l);
			more++;
			continue;
		}
		*f = (struct fact_lock){
			.kind = l->kind,
			.name = xstrdup(l->name ? l->name : ""),
			.addr = l->addr,
			.pid = l->process ? l->process->pid : 0,
			.waits = l->waits,
			.wait_ns = l->wait_ns,
			.max_ns = l->max_ns,
			.contended_ns = l->contended_ns,
		};
		fill_edges(f, l);
		out->lock_cnt++;
	}
	if (more) {
		rest.name = xasprintf("%zu more", more);
		out->locks[out->lock_cnt++] = rest;
	}
	free(locks);
}

static int by_syscall_wait(const void *a, const void *b)
{
	const struct syscall_count *x = *(const struct syscall_count *const *)a;
	const struct syscall_count *y = *(const struct syscall_count *const *)b;

	return order_down(x->blocked_ns, y->blocked_ns) ?:
	       order_down(x->calls, y->calls) ?: order_up(x->sysno, y->sysno);
}

void fill_syscalls(struct facts *out, const struct model *m, const char *(*sysno_name)(int))
{
	struct syscall_count **counts = (struct syscall_count **)sorted_values(&m->syscalls,
									       by_syscall_wait);

	out->syscalls = xcalloc(m->syscalls.cnt, sizeof(*out->syscalls));
	for (size_t i = 0; i < m->syscalls.cnt; i++) {
		const struct syscall_count *c = counts[i];
		const char *name = sysno_name ? sysno_name(c->sysno) : NULL;

		out->syscalls[out->syscall_cnt++] = (struct fact_syscall){
			.name = name ? xstrdup(name) : xasprintf("syscall_%d", c->sysno),
			.calls = c->calls,
			.errors = c->errors,
			.blocked_ns = c->blocked_ns,
			.bytes = c->bytes,
		};
	}
	free(counts);
}
