/* SPDX-License-Identifier: MIT */
/*
 * The kernel's own symbols, from /proc/kallsyms. Read once, in about 50 ms; a few
 * megabytes. Without the privilege to see addresses (kernel.kptr_restrict) the
 * file has zeroes, and this is empty.
 */
#ifndef SYMBOL_KALLSYMS_H
#define SYMBOL_KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct kallsym {
	uint64_t addr;
	uint32_t name;		/* offset in names */
	bool is_data;
};

struct kallsyms_range {
	uint64_t addr, bytes;
};

/* Zeroed memory is an empty table. */
struct kallsyms {
	struct kallsym *syms;	/* [cnt], by address */
	size_t cnt, cap;
	struct strbuf names;
	/*
	 * The functions that take a lock and may sleep for it, and those that spin.
	 * Whoever wants the lock is the first caller outside of them. 0: not known.
	 */
	struct kallsyms_range sched_text, lock_text;
};

/* Of @path, NULL: /proc/kallsyms. 0 or -errno; -EACCES: no addresses to be seen. */
int kallsyms_load(struct kallsyms *k, const char *path);
void kallsyms_release(struct kallsyms *k);

/* The function that @addr lies in: "do_unlinkat". NULL: none. Lent until the release. */
const char *kallsyms_function(const struct kallsyms *k, uint64_t addr);

/* The variable that begins at @addr, or NULL. Few kernels list them (CONFIG_KALLSYMS_ALL). */
const char *kallsyms_variable(const struct kallsyms *k, uint64_t addr);

#endif
