// SPDX-License-Identifier: MIT
/*
 * Open addressing over an index array, so that walking is a plain array walk
 * in order of insertion as long as nothing is removed.
 */
#include "base/htab.h"

#include <stdlib.h>
#include <string.h>

#include "base/mix.h"
#include "base/xalloc.h"

static size_t hash(uint64_t a, uint64_t b)
{
	return (size_t)mix(a ^ MIX_ODD, b ^ 0xbf58476d1ce4e5b9ULL);
}

/* The slot that holds the key, or the free one where it would go. */
static size_t slot_of(const struct htab *h, uint64_t a, uint64_t b)
{
	size_t mask = h->slot_cnt - 1;
	size_t i = hash(a, b) & mask;

	while (h->slots[i]) {
		const struct htab_entry *e = &h->entries[h->slots[i] - 1];

		if (e->a == a && e->b == b)
			break;
		i = (i + 1) & mask;
	}
	return i;
}

static void rehash(struct htab *h)
{
	h->slot_cnt = h->slot_cnt ? h->slot_cnt * 2 : 16;
	free(h->slots);
	h->slots = xcalloc(h->slot_cnt, sizeof(*h->slots));
	for (size_t i = 0; i < h->cnt; i++)
		h->slots[slot_of(h, h->entries[i].a, h->entries[i].b)] = (uint32_t)(i + 1);
}

void *htab_find(const struct htab *h, uint64_t a, uint64_t b)
{
	size_t i;

	if (!h->cnt)
		return NULL;
	i = slot_of(h, a, b);
	return h->slots[i] ? h->entries[h->slots[i] - 1].value : NULL;
}

void htab_put(struct htab *h, uint64_t a, uint64_t b, void *value)
{
	size_t i;

	if ((h->cnt + 1) * 4 > h->slot_cnt * 3)
		rehash(h);
	i = slot_of(h, a, b);
	if (h->slots[i]) {
		h->entries[h->slots[i] - 1].value = value;
		return;
	}
	XGROW(h->entries, h->cnt, h->cap);
	h->entries[h->cnt++] = (struct htab_entry){ a, b, value };
	h->slots[i] = (uint32_t)h->cnt;
}

/* Close the hole at @i: later members of the same run move up (Knuth 6.4 R). */
static void close_hole(struct htab *h, size_t i)
{
	size_t mask = h->slot_cnt - 1;
	size_t j = i;

	for (;;) {
		const struct htab_entry *e;
		size_t home;

		h->slots[i] = 0;
		do {
			j = (j + 1) & mask;
			if (!h->slots[j])
				return;
			e = &h->entries[h->slots[j] - 1];
			home = hash(e->a, e->b) & mask;
		} while (((j - home) & mask) < ((j - i) & mask));
		h->slots[i] = h->slots[j];
		i = j;
	}
}

void *htab_remove(struct htab *h, uint64_t a, uint64_t b)
{
	const struct htab_entry *last;
	size_t i, last_slot, hole;
	void *value;

	if (!h->cnt)
		return NULL;
	i = slot_of(h, a, b);
	if (!h->slots[i])
		return NULL;

	hole = h->slots[i] - 1;
	value = h->entries[hole].value;
	last = &h->entries[h->cnt - 1];
	last_slot = slot_of(h, last->a, last->b);
	h->entries[hole] = *last;
	h->slots[last_slot] = (uint32_t)hole + 1;
	close_hole(h, i);
	h->cnt--;
	return value;
}

void htab_release(struct htab *h)
{
	free(h->entries);
	free(h->slots);
	*h = (struct htab){ 0 };
}
