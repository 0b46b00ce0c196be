// SPDX-License-Identifier: MIT
/*
 * Owns what two recordings may both have seen a part of: locks, channels, system calls.
 * A channel whose ends were recorded apart becomes one, between two that are traced.
 */
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "facts/combine.h"

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* ---- locks ---- */

/* A process's locks are its own; those of nobody, in the kernel or in files, are everybody's. */
static bool is_same_lock(const struct fact_lock *a, const struct fact_lock *b)
{
	return a->kind == b->kind && a->addr == b->addr && a->pid == b->pid &&
	       text_is_same(a->name, b->name);
}

static void add_edge(struct fact_lock *l, const struct lock_edge *e)
{
	for (size_t i = 0; i < l->edge_cnt; i++) {
		if (l->edges[i].waiter != e->waiter || l->edges[i].holder != e->holder)
			continue;
		l->edges[i].waits += e->waits;
		l->edges[i].wait_ns += e->wait_ns;
		return;
	}
	l->edges = xrealloc(l->edges, (l->edge_cnt + 1) * sizeof(*l->edges));
	l->edges[l->edge_cnt++] = *e;
}

static void add_lock(struct fact_lock *to, const struct fact_lock *l)
{
	to->waits += l->waits;
	to->wait_ns += l->wait_ns;
	to->contended_ns += l->contended_ns;
	to->max_ns = larger(to->max_ns, l->max_ns);
	for (size_t i = 0; i < l->edge_cnt; i++)
		add_edge(to, &l->edges[i]);
	lock_edges_sort(to->edges, to->edge_cnt);
}

static int by_lock_wait(const void *a, const void *b)
{
	const struct fact_lock *x = a, *y = b;

	return order_down(x->wait_ns, y->wait_ns);
}

void combine_locks(struct facts *to, struct facts *from)
{
	size_t was = to->lock_cnt;

	to->locks = xrealloc(to->locks, (was + from->lock_cnt + 1) * sizeof(*to->locks));
	for (size_t i = 0; i < from->lock_cnt; i++) {
		struct fact_lock *l = &from->locks[i];
		size_t k = 0;

		while (k < was && !is_same_lock(&to->locks[k], l))
			k++;
		if (k == was) {
			to->locks[to->lock_cnt++] = *l;
			*l = (struct fact_lock){ 0 };
		} else {
			add_lock(&to->locks[k], l);
		}
	}
	qsort(to->locks, to->lock_cnt, sizeof(*to->locks), by_lock_wait);
}

/* ---- channels ---- */

/* Older recordings have no keys; a pipe's name has its number. */
static bool is_same_channel(const struct fact_channel *a, const struct fact_channel *b)
{
	if (a->key && b->key)
		return !strcmp(a->key, b->key);
	return text_is_same(a->kind, b->kind) && text_is_same(a->id, b->id) && a->id &&
	       (!strncmp(a->id, "pipe:[", 6) || !strncmp(a->id, "fifo:[", 6));
}

static void add_id(uint32_t **ids, size_t *cnt, uint32_t id)
{
	for (size_t i = 0; i < *cnt; i++)
		if ((*ids)[i] == id)
			return;
	*ids = xrealloc(*ids, (*cnt + 1) * sizeof(**ids));
	(*ids)[(*cnt)++] = id;
}

static void add_counts(struct fact_channel_end *to, const struct fact_channel_end *e)
{
	to->messages_sent += e->messages_sent;
	to->bytes_sent += e->bytes_sent;
	to->messages_received += e->messages_received;
	to->bytes_received += e->bytes_received;
	to->read_wait_ns += e->read_wait_ns;
	to->write_wait_ns += e->write_wait_ns;
	to->reads |= e->reads;
	to->writes |= e->writes;
}

/* Who was traced says itself what it did; the other recording could only infer it. */
static void add_end(struct fact_channel *c, struct fact_channel_end *e)
{
	for (size_t i = 0; i < c->end_cnt; i++) {
		struct fact_channel_end *known = &c->ends[i];

		if (!e->pid || known->pid != e->pid)
			continue;
		if (known->traced == e->traced) {
			add_counts(known, e);
		} else if (e->traced) {
			struct fact_channel_end inferred = *known;

			*known = *e;
			*e = inferred;
		}
		return;
	}
	c->ends = xrealloc(c->ends, (c->end_cnt + 1) * sizeof(*c->ends));
	c->ends[c->end_cnt++] = *e;
	e->name = NULL;
}

struct moved {
	uint64_t messages, bytes;
};

/* The sender's messages count, since a reader may take a stream in other pieces. */
static struct moved flow(uint64_t sent, uint64_t sent_bytes, uint64_t received,
			 uint64_t received_bytes)
{
	return (struct moved){ sent ? sent : received, larger(sent_bytes, received_bytes) };
}

/*
 * What is sent at one end and received at the other is one message. Between two it is known
 * which is which; among more only all together.
 */
static struct moved moved_between(const struct fact_channel *c)
{
	const struct fact_channel_end *ends[2] = { NULL, NULL };
	struct fact_channel_end all = { 0 };
	struct moved there, back;
	size_t cnt = 0;

	for (size_t i = 0; i < c->end_cnt; i++) {
		if (!c->ends[i].traced)
			continue;
		if (cnt < 2)
			ends[cnt] = &c->ends[i];
		add_counts(&all, &c->ends[i]);
		cnt++;
	}
	if (cnt != 2)
		return flow(all.messages_sent, all.bytes_sent, all.messages_received,
			    all.bytes_received);
	there = flow(ends[0]->messages_sent, ends[0]->bytes_sent, ends[1]->messages_received,
		     ends[1]->bytes_received);
	back = flow(ends[1]->messages_sent, ends[1]->bytes_sent, ends[0]->messages_received,
		    ends[0]->bytes_received);
	return (struct moved){ there.messages + back.messages, there.bytes + back.bytes };
}

static void add_channel(struct fact_channel *to, struct fact_channel *c)
{
	struct moved moved;

	for (size_t i = 0; i < c->writer_cnt; i++)
		add_id(&to->writers, &to->writer_cnt, c->writers[i]);
	for (size_t i = 0; i < c->reader_cnt; i++)
		add_id(&to->readers, &to->reader_cnt, c->readers[i]);
	for (size_t i = 0; i < c->end_cnt; i++)
		add_end(to, &c->ends[i]);
	channel_ends_sort(to->ends, to->end_cnt);
	moved = moved_between(to);
	to->messages = larger(moved.messages, larger(to->messages, c->messages));
	to->bytes = larger(moved.bytes, larger(to->bytes, c->bytes));
	to->read_wait_ns += c->read_wait_ns;
	to->write_wait_ns += c->write_wait_ns;
	to->size_bytes = larger(to->size_bytes, c->size_bytes);
	/* From one end alone it may look like something else. Memory has a name. */
	if (!fact_channel_is_memory(to) || !text_is_same(to->used_as, c->used_as)) {
		free(to->used_as);
		to->used_as = NULL;
	}
}

static int by_business(const void *a, const void *b)
{
	const struct fact_channel *x = a, *y = b;
	bool x_shm = fact_channel_is_memory(x), y_shm = fact_channel_is_memory(y);

	if (x_shm != y_shm)
		return x_shm ? 1 : -1;
	return order_down(x->read_wait_ns + x->write_wait_ns, y->read_wait_ns + y->write_wait_ns) ?:
	       order_down(x->bytes, y->bytes) ?: order_down(x->size_bytes, y->size_bytes);
}

void combine_channels(struct facts *to, struct facts *from)
{
	size_t was = to->channel_cnt;

	to->channels = xrealloc(to->channels,
				(was + from->channel_cnt + 1) * sizeof(*to->channels));
	for (size_t i = 0; i < from->channel_cnt; i++) {
		struct fact_channel *c = &from->channels[i];
		size_t k = 0;

		while (k < was && !is_same_channel(&to->channels[k], c))
			k++;
		if (k == was) {
			to->channels[to->channel_cnt++] = *c;
			*c = (struct fact_channel){ 0 };
		} else {
			add_channel(&to->channels[k], c);
		}
	}
	qsort(to->channels, to->channel_cnt, sizeof(*to->channels), by_business);
}

/* ---- system calls ---- */

static int by_blocked(const void *a, const void *b)
{
	const struct fact_syscall *x = a, *y = b;

	return order_down(x->blocked_ns, y->blocked_ns) ?: order_down(x->calls, y->calls);
}

void combine_syscalls(struct facts *to, struct facts *from)
{
	size_t was = to->syscall_cnt;

	to->syscalls = xrealloc(to->syscalls,
				(was + from->syscall_cnt + 1) * sizeof(*to->syscalls));
	for (size_t i = 0; i < from->syscall_cnt; i++) {
		struct fact_syscall *s = &from->syscalls[i];
		size_t k = 0;

		while (k < was && !text_is_same(to->syscalls[k].name, s->name))
			k++;
		if (k == was) {
			to->syscalls[to->syscall_cnt++] = *s;
			*s = (struct fact_syscall){ 0 };
			continue;
		}
		to->syscalls[k].calls += s->calls;
		to->syscalls[k].errors += s->errors;
		to->syscalls[k].blocked_ns += s->blocked_ns;
		to->syscalls[k].bytes += s->bytes;
	}
	qsort(to->syscalls, to->syscall_cnt, sizeof(*to->syscalls), by_blocked);
}
