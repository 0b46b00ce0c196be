/* SPDX-License-Identifier: MIT */
/*
 * A hash table from a pair of integers to a pointer. The table never owns what
 * the pointers lead to. Zeroed memory is an empty table.
 *
 * Entries lie in one array, in no particular order; removing one moves another
 * into its place, so walk backwards when removing while walking.
 */
#ifndef BASE_HTAB_H
#define BASE_HTAB_H

#include <stddef.h>
#include <stdint.h>

struct htab_entry {
	uint64_t a, b;		/* the key */
	void *value;
};

struct htab {
	struct htab_entry *entries;	/* [cnt], for walking */
	uint32_t *slots;		/* entry number + 1, 0 = free; a power of two of them */
	size_t cnt, cap, slot_cnt;
};

void *htab_find(const struct htab *h, uint64_t a, uint64_t b);

/* Set the value of a key, new or not. @value must not be NULL. */
void htab_put(struct htab *h, uint64_t a, uint64_t b, void *value);

/* Returns what was there, or NULL. */
void *htab_remove(struct htab *h, uint64_t a, uint64_t b);
void htab_release(struct htab *h);

/* For each value: `htab_for_each(&tab, i) { struct x *x = tab.entries[i].value; … }` */
#define htab_for_each(h, i) for (size_t i = 0; i < (h)->cnt; i++)

#endif
