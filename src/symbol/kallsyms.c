// SPDX-License-Identifier: MIT
/* Owns the table of the kernel's symbols; see kallsyms.h. */
#include "symbol/kallsyms.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "base/xalloc.h"

/* A function this long is a gap: between the kernel and a module. */
#define FUNCTION_BYTES_MAX (1u << 20)

/*
 * All in section .sched.text: where a kernel does not list the section's bounds,
 * it reaches at least from the first of these to the last.
 */
static const char *const sleepers[] = {
	"mutex_lock", "mutex_lock_killable", "mutex_lock_interruptible", "__mutex_lock_slowpath",
	"down", "down_interruptible", "down_read", "down_read_killable", "down_write",
	"down_write_killable", "rwsem_down_read_slowpath", "rwsem_down_write_slowpath",
	"percpu_down_write", "schedule", "schedule_timeout",
};

static int by_addr(const void *a, const void *b)
{
	const struct kallsym *x = a, *y = b;

	return order_up(x->addr, y->addr) ?: order_up(x->name, y->name);
}

static void add(struct kallsyms *k, uint64_t addr, char type, const char *name)
{
	char kind = (char)tolower((unsigned char)type);
	bool is_data = kind == 'd' || kind == 'b' || kind == 'r';

	if (!is_data && kind != 't' && kind != 'w')
		return;
	/* The padding before a function, which is none. */
	if (!strncmp(name, "__pfx_", 6))
		return;
	XGROW(k->syms, k->cnt, k->cap);
	k->syms[k->cnt++] = (struct kallsym){ addr, (uint32_t)k->names.len, is_data };
	strbuf_add(&k->names, name, strlen(name) + 1);
}

/* "ffffffff81000000 T _text", and "\t[module]" if it is in one. */
static void parse(struct kallsyms *k, char *line)
{
	char *end, *name;
	uint64_t addr = strtoull(line, &end, 16);

	if (!addr || end == line || end[0] != ' ' || !end[1] || end[2] != ' ')
		return;
	name = end + 3;
	name[strcspn(name, "\t\n ")] = 0;
	if (name[0])
		add(k, addr, end[1], name);
}

static const char *name_at(const struct kallsyms *k, size_t i)
{
	return k->names.buf + k->syms[i].name;
}

static bool is_sleeper(const char *name)
{
	size_t len = strcspn(name, ".");	/* the compiler's copies count as well */

	for (size_t i = 0; i < sizeof(sleepers) / sizeof(sleepers[0]); i++)
		if (strlen(sleepers[i]) == len && !memcmp(sleepers[i], name, len))
			return true;
	return false;
}

static void set_range(struct kallsyms_range *r, uint64_t start, uint64_t end)
{
	if (start && end > start)
		*r = (struct kallsyms_range){ start, end - start };
}

static void find_ranges(struct kallsyms *k)
{
	uint64_t sched[2] = { 0 }, lock[2] = { 0 }, seen[2] = { 0 };

	for (size_t i = 0; i < k->cnt; i++) {
		const char *name = name_at(k, i);
		uint64_t addr = k->syms[i].addr;

		if (!strcmp(name, "__sched_text_start"))
			sched[0] = addr;
		else if (!strcmp(name, "__sched_text_end"))
			sched[1] = addr;
		else if (!strcmp(name, "__lock_text_start"))
			lock[0] = addr;
		else if (!strcmp(name, "__lock_text_end"))
			lock[1] = addr;
		else if (is_sleeper(name)) {
			seen[0] = seen[0] ? seen[0] : addr;
			seen[1] = i + 1 < k->cnt ? k->syms[i + 1].addr : addr;
		}
	}
	set_range(&k->sched_text, seen[0], seen[1]);
	set_range(&k->sched_text, sched[0], sched[1]);
	set_range(&k->lock_text, lock[0], lock[1]);
}

#define READ_BYTES (64u << 10)

int kallsyms_load(struct kallsyms *k, const char *path)
{
	FILE *f = fopen(path ? path : "/proc/kallsyms", "re");
	size_t size = 0;
	char *line = NULL;

	if (!f)
		return -errno;
	setvbuf(f, NULL, _IOFBF, READ_BYTES); /* else by the kilobyte: this is some megabytes */
	while (getline(&line, &size, f) > 0)
		parse(k, line);
	free(line);
	fclose(f);
	if (!k->cnt)
		return -EACCES;
	qsort(k->syms, k->cnt, sizeof(*k->syms), by_addr);
	find_ranges(k);
	return 0;
}

void kallsyms_release(struct kallsyms *k)
{
	free(k->syms);
	strbuf_release(&k->names);
	*k = (struct kallsyms){ 0 };
}

/* The number of symbols at or below @addr. */
static size_t symbols_up_to(const struct kallsyms *k, uint64_t addr)
{
	size_t low = 0, high = k->cnt;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (k->syms[mid].addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const char *kallsyms_function(const struct kallsyms *k, uint64_t addr)
{
	size_t i = symbols_up_to(k, addr);

	while (i && k->syms[i - 1].is_data)
		i--;
	if (!i || addr - k->syms[i - 1].addr > FUNCTION_BYTES_MAX)
		return NULL;
	return name_at(k, i - 1);
}

const char *kallsyms_variable(const struct kallsyms *k, uint64_t addr)
{
	size_t i = symbols_up_to(k, addr);

	if (!i || k->syms[i - 1].addr != addr || !k->syms[i - 1].is_data)
		return NULL;
	return name_at(k, i - 1);
}
