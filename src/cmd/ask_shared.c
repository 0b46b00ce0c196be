// SPDX-License-Identifier: MIT
/* Owns what was seen mapped, by whom. */
#include "cmd/ask_shared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/procfs.h"
#include "base/text.h"
#include "base/xalloc.h"

#define ROUND_NS	NS_PER_S
#define SETTLED_NS	(100 * NS_PER_MS)	/* after this a new process has mapped what it needs */
#define COST_PERCENT	2	/* the more there is to read, the more seldom */
#define TICK_BUDGET_NS	(2 * NS_PER_MS)
#define FORK_EVERY_NS	(20 * NS_PER_MS)
#define MEMORY_MAX	4096	/* distinct mappings; a database's thousand files are enough */
#define MINOR_BITS	20	/* of a dev_t inside the kernel */

/* One process's mappings of one memory. */
struct mapping {
	uint32_t pid;
	uint64_t bytes;
	bool writable;
	bool told;
};

/* What can be shared: a file, or anonymous memory, which is a file without a name. */
struct memory {
	uint64_t id;
	uint32_t dev;
	char *name;		/* "": anonymous */
	bool writable;		/* by somebody */
	struct mapping *mappings;
	size_t cnt, cap;
};

struct known {
	uint64_t looked_ns;	/* when it was last looked at */
};

/* One look at one process. */
struct look {
	struct ask_shared *in;
	uint32_t pid;
	struct htab seen;	/* (inode, dev): in this look */
};

static void memory_free(struct memory *m)
{
	free(m->name);
	free(m->mappings);
	free(m);
}

void ask_shared_init(struct ask_shared *in,
			 void (*feed)(void *ctx, const struct event *ev), void *ctx)
{
	*in = (struct ask_shared){ .feed = feed, .ctx = ctx };
}

void ask_shared_release(struct ask_shared *in)
{
	htab_for_each(&in->processes, i)
		free(in->processes.entries[i].value);
	htab_for_each(&in->memories, i)
		memory_free(in->memories.entries[i].value);
	htab_release(&in->processes);
	htab_release(&in->memories);
}

void ask_shared_add(struct ask_shared *in, uint32_t pid)
{
	uint64_t soon_ns = clock_mono_ns() + SETTLED_NS;

	if (!htab_find(&in->processes, pid, 0))
		htab_put(&in->processes, pid, 0, xcalloc(1, sizeof(struct known)));
	if (in->next_ns > soon_ns && in->next_ns > in->dear_until_ns)
		in->next_ns = soon_ns > in->dear_until_ns ? soon_ns : in->dear_until_ns;
}

void ask_shared_remove(struct ask_shared *in, uint32_t pid)
{
	free(htab_remove(&in->processes, pid, 0));
}

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

/* A device's memory, or a ring that the kernel shares with one process. */
static bool is_device(const char *path)
{
	return begins(path, "anon_inode:") || begins(path, "socket:") ||
	       (begins(path, "/dev/") && !begins(path, "/dev/shm/") && !begins(path, "/dev/zero") &&
		!begins(path, "/dev/hugepages/"));
}

/* The kernel's name for anonymous shared memory. */
static bool is_anonymous(const char *path)
{
	return begins(path, "/dev/zero (deleted)");
}

/* Unlinked, it keeps its name in /proc, with a note. */
static size_t path_length(const char *path)
{
	static const char note[] = " (deleted)";
	size_t len = strlen(path), note_len = sizeof(note) - 1;

	if (len > note_len && !strcmp(path + len - note_len, note))
		len -= note_len;
	return len;
}

/*
 * sem_open(3) makes a semaphore under a name of its own and then links it to the
 * wanted one: who made it and who opened it have it under different names.
 */
static bool has_library_name(const char *path)
{
	return begins(path, "/dev/shm/sem.mp-") || begins(path, "/dev/shm/sem.loky-");
}

static void set_name(struct memory *m, const char *path)
{
	free(m->name);
	m->name = is_anonymous(path) ? xstrdup("") : xstrndup(path, path_length(path));
	text_clean(m->name, strlen(m->name));
}

static struct memory *memory_get(struct ask_shared *in, uint64_t id, uint32_t dev,
				 const char *path)
{
	struct memory *m = htab_find(&in->memories, id, dev);

	if (m && !has_library_name(m->name) && has_library_name(path))
		set_name(m, path);
	if (m || in->memories.cnt >= MEMORY_MAX)
		return m;
	m = xcalloc(1, sizeof(*m));
	m->id = id;
	m->dev = dev;
	set_name(m, path);
	htab_put(&in->memories, id, dev, m);
	return m;
}

static struct mapping *mapping_get(struct memory *m, uint32_t pid)
{
	for (size_t i = 0; i < m->cnt; i++)
		if (m->mappings[i].pid == pid)
			return &m->mappings[i];
	XGROW(m->mappings, m->cnt, m->cap);
	m->mappings[m->cnt] = (struct mapping){ .pid = pid };
	return &m->mappings[m->cnt++];
}

/* Most mappings are private, and told so by their first word but one: "start-end rw-p ". */
static bool is_shared(const char *line)
{
	const char *perms = strchr(line, ' ');

	return perms && strnlen(perms, 5) == 5 && perms[4] == 's';
}

static int on_line(void *ctx, char *line)
{
	struct look *look = ctx;
	unsigned long long start, end, offset, inode;
	unsigned int major, minor;
	struct mapping *mapping;
	struct memory *m;
	char perms[5];
	int at = 0;

	if (!is_shared(line) ||
	    sscanf(line, "%llx-%llx %4s %llx %x:%x %llu %n", &start, &end, perms, &offset, &major,
		   &minor, &inode, &at) < 7 ||
	    !at || is_device(line + at))
		return 0;
	m = memory_get(look->in, inode, major << MINOR_BITS | minor, line + at);
	if (!m)
		return 0;
	mapping = mapping_get(m, look->pid);
	htab_put(&look->seen, m->id, m->dev, m);
	/* It may be mapped twice, and in pieces: how far into it do they reach? */
	if (offset + end - start > mapping->bytes)
		mapping->bytes = offset + end - start;
	if (perms[1] == 'w')
		mapping->writable = m->writable = true;
	return 0;
}

static bool is_worth_telling(const struct memory *m)
{
	return begins(m->name, "/dev/shm/") || strstr(m->name, "joblib_memmapping_folder") ||
	       (m->writable && m->cnt > 1);
}

static void tell(struct ask_shared *in, const struct memory *m, struct mapping *mapping)
{
	struct event ev = { .hdr = { .ts_ns = clock_mono_ns(), .tid = mapping->pid } };

	if (mapping->told)
		return;
	mapping->told = true;
	ev.hdr.kind = EVENT_SHARED;
	ev.hdr.flags = mapping->writable ? EVENT_SHARED_WRITABLE : 0;
	ev.shared.id = m->id;
	ev.shared.dev = m->dev;
	ev.shared.bytes = mapping->bytes;
	snprintf(ev.shared.name, sizeof(ev.shared.name), "%s", m->name);
	in->feed(in->ctx, &ev);
}

static void look_at(struct ask_shared *in, uint32_t pid)
{
	struct look look = { .in = in, .pid = pid };
	struct known *known = htab_find(&in->processes, pid, 0);

	if (known)
		known->looked_ns = clock_mono_ns();
	procfs_each_line(on_line, &look, "/proc/%u/maps", pid);
	htab_for_each(&look.seen, i) {
		struct memory *m = look.seen.entries[i].value;

		for (size_t j = 0; is_worth_telling(m) && j < m->cnt; j++)
			tell(in, m, &m->mappings[j]);
	}
	htab_release(&look.seen);
}

/* From where the last one stopped; true when the round is over. */
static bool look_until(struct ask_shared *in, uint64_t until_ns)
{
	while (in->cursor < in->processes.cnt) {
		look_at(in, (uint32_t)in->processes.entries[in->cursor++].a);
		if (clock_mono_ns() >= until_ns)
			break;
	}
	return in->cursor >= in->processes.cnt;
}

/*
 * What a child needs is made before it is forked, and it may be gone before its turn
 * comes: its parent is asked.
 */
void ask_shared_fork(struct ask_shared *in, uint32_t parent)
{
	const struct known *known = htab_find(&in->processes, parent, 0);
	uint64_t now_ns = clock_mono_ns();

	if (!known || now_ns < known->looked_ns + FORK_EVERY_NS || now_ns < in->dear_until_ns)
		return;
	look_at(in, parent);
	in->dear_until_ns = now_ns + (clock_mono_ns() - now_ns) * 100 / COST_PERCENT;
}

void ask_shared_tick(struct ask_shared *in, uint64_t now_ns)
{
	uint64_t start_ns;
	bool is_over;

	if (now_ns < in->next_ns)
		return;
	start_ns = clock_mono_ns();
	is_over = look_until(in, start_ns + TICK_BUDGET_NS);
	in->spent_ns += clock_mono_ns() - start_ns;
	if (!is_over)
		return; /* the others have their turn next time */
	in->dear_until_ns = now_ns + in->spent_ns * 100 / COST_PERCENT;
	in->next_ns = now_ns + ROUND_NS;
	if (in->next_ns < in->dear_until_ns)
		in->next_ns = in->dear_until_ns;
	in->cursor = 0;
	in->spent_ns = 0;
}

void ask_shared_finish(struct ask_shared *in, uint64_t budget_ns)
{
	in->cursor = 0;
	look_until(in, clock_mono_ns() + budget_ns);
}
