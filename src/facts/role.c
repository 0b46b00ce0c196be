// SPDX-License-Identifier: MIT
/*
 * Owns the roles. The tree has a home program, that of its first process. Its
 * processes go without a prefix; threads of other programs carry theirs.
 *
 *	main		main thread of a process that has more of something
 *	worker		a nameless thread (Python before 3.14 names none), or
 *			each child process that runs the same program
 *	thread		a nameless thread beside such children
 *	fork server	what serves Python's workers, and is none: named as the facts say
 *
 * What the name says is then checked against what the threads do: members of a
 * role that live on different resources are told apart by a suffix.
 */
#include "facts/role.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/htab.h"
#include "base/xalloc.h"

/* A role with less of the tree's running and I/O time than this is never split. */
#define SPLIT_MIN_PERCENT 5

/*
 * A member is split off when it spends this much more of its life on another
 * kind of thing than on its role's: well clear of chance, short of all.
 */
#define SPLIT_PERCENT 50

enum habit { HABIT_CPU, HABIT_IO, HABIT_IDLE, HABIT_CNT };

static const char *const habit_names[HABIT_CNT] = { "cpu", "io", "idle" };

/* What the tree looks like to one process. */
struct house {
	const struct fact_process *process;
	const struct fact_process *parent; /* NULL: not traced */
	size_t thread_cnt;
	bool is_home; /* runs the home program */
	bool is_clone; /* runs its parent's program, as a worker */
	bool has_clones;
};

struct group {
	const char *label;
	uint64_t habit_ns[HABIT_CNT];
	uint64_t life_ns;
	bool is_split;
};

void role_stem(char *out, size_t size, const char *name)
{
	size_t len = strcspn(name, "(");

	if (!len)
		len = strlen(name);
	while (len && (isdigit((unsigned char)name[len - 1]) || strchr("-_#: ", name[len - 1])))
		len--;
	snprintf(out, size, "%.*s", (int)(len ? len : strlen(name)), name);
}

/* A program's name keeps a number that is part of it ("cc1"), not one that counts ("job-3"). */
static void program_stem(char *out, size_t size, const char *name)
{
	size_t len = strlen(name);

	while (len && isdigit((unsigned char)name[len - 1]))
		len--;
	if (len && len < strlen(name) && strchr("-_#:", name[len - 1]))
		role_stem(out, size, name);
	else
		snprintf(out, size, "%s", name);
}

static const char *name_of(const struct fact_process *p)
{
	return p->name ? p->name : "";
}

static bool same_program(const struct fact_process *a, const struct fact_process *b)
{
	if (a->exe && b->exe)
		return !strcmp(a->exe, b->exe);
	return !strcmp(name_of(a), name_of(b));
}

static struct house *house_find(const struct htab *houses, uint32_t pid)
{
	return htab_find(houses, pid, 0);
}

static struct house *build_houses(const struct facts *f, struct htab *index)
{
	struct house *houses = xcalloc(f->process_cnt, sizeof(*houses));

	for (size_t i = 0; i < f->process_cnt; i++) {
		houses[i].process = &f->processes[i];
		htab_put(index, f->processes[i].pid, 0, &houses[i]);
	}
	for (size_t i = 0; i < f->process_cnt; i++) {
		struct house *h = &houses[i];
		struct house *parent = house_find(index, h->process->ppid);

		h->is_home = same_program(h->process, &f->processes[0]);
		if (!parent || parent == h)
			continue;
		h->parent = parent->process;
		h->is_clone = same_program(h->process, parent->process) && !h->process->helper;
		parent->has_clones |= h->is_clone;
	}
	for (size_t i = 0; i < f->thread_cnt; i++) {
		struct house *h = house_find(index, f->threads[i].pid);

		if (h)
			h->thread_cnt++;
	}
	return houses;
}

/* What a thread of this process is called when its name says nothing. */
static const char *nameless(const struct house *h, bool is_main)
{
	if (is_main && h->is_clone)
		return "worker";
	if (is_main)
		return "main";
	return h->is_clone || h->has_clones ? "thread" : "worker";
}

static char *label_of(const struct fact_thread *t, const struct house *h)
{
	bool is_main = t->tid == t->pid;
	const char *name = t->name ? t->name : "";
	char stem[64], program[64];

	role_stem(stem, sizeof(stem), name);
	if (!h)
		return xstrdup(stem[0] ? stem : "thread");
	program_stem(program, sizeof(program), name_of(h->process));

	if (h->process->helper)
		return xstrdup(h->process->helper);
	if (is_main && !h->is_home)
		return xstrdup(program);
	if (is_main && h->is_clone && h->parent && strcmp(name, name_of(h->parent)))
		snprintf(stem, sizeof(stem), "%s", program); /* named itself */
	else if (is_main || !name[0] || !strcmp(name, name_of(h->process)))
		snprintf(stem, sizeof(stem), "%s", nameless(h, is_main));

	return h->is_home ? xstrdup(stem) : xasprintf("%s/%s", program, stem);
}

static enum habit habit_of_bucket(enum bucket b)
{
	switch (bucket_group(b)) {
	case GROUP_CPU:
	case GROUP_CPU_WAIT:
	case GROUP_LOCK:
		return HABIT_CPU;
	case GROUP_IO:
		return HABIT_IO;
	case GROUP_IPC:
		return b == BUCKET_IPC ? HABIT_IO : HABIT_IDLE;
	default:
		return HABIT_IDLE;
	}
}

static enum habit largest(const uint64_t ns[HABIT_CNT])
{
	enum habit best = HABIT_CPU;

	for (int h = 0; h < HABIT_CNT; h++)
		if (ns[h] > ns[best])
			best = (enum habit)h;
	return best;
}

static void habits_of(const struct fact_thread *t, uint64_t ns[HABIT_CNT])
{
	memset(ns, 0, HABIT_CNT * sizeof(ns[0]));
	for (int b = 0; b < BUCKET_CNT; b++)
		ns[habit_of_bucket((enum bucket)b)] += t->time_ns[b];
}

/* What @t lives on: its group's habit, unless it clearly has another. */
static enum habit habit_in_group(const struct fact_thread *t, const struct group *g)
{
	enum habit common = largest(g->habit_ns), own;
	uint64_t ns[HABIT_CNT];

	habits_of(t, ns);
	own = largest(ns);
	if (ns[own] - ns[common] > t->lifetime_ns / 100 * SPLIT_PERCENT)
		return own;
	return common;
}

static uint64_t label_hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	while (*s)
		h = (h ^ (unsigned char)*s++) * 0x100000001b3ULL;
	return h;
}

/* Labels are few and short; two with the same 64-bit hash would share a role, no worse. */
static struct group *group_get(struct htab *groups, const char *label)
{
	uint64_t key = label_hash(label);
	struct group *g = htab_find(groups, key, 0);

	if (g)
		return g;
	g = xcalloc(1, sizeof(*g));
	g->label = label;
	htab_put(groups, key, 0, g);
	return g;
}

static void group_add(struct group *g, const struct fact_thread *t)
{
	uint64_t ns[HABIT_CNT];

	habits_of(t, ns);
	for (int h = 0; h < HABIT_CNT; h++)
		g->habit_ns[h] += ns[h];
	g->life_ns += t->lifetime_ns;
}

static uint64_t busy_ns(const struct group *g)
{
	return g->habit_ns[HABIT_CPU] + g->habit_ns[HABIT_IO];
}

static void split_groups(struct facts *f, char **labels, struct htab *groups)
{
	uint64_t all = 0;

	htab_for_each(groups, i)
		all += busy_ns(groups->entries[i].value);
	for (size_t i = 0; i < f->thread_cnt; i++) {
		struct group *g = group_get(groups, labels[i]);

		if (busy_ns(g) >= all / 100 * SPLIT_MIN_PERCENT)
			g->is_split |= habit_in_group(&f->threads[i], g) != largest(g->habit_ns);
	}
	for (size_t i = 0; i < f->thread_cnt; i++) {
		struct group *g = group_get(groups, labels[i]);

		free(f->threads[i].role);
		f->threads[i].role =
			g->is_split ? xasprintf("%s (%s)", labels[i],
						habit_names[habit_in_group(&f->threads[i], g)])
				    : xstrdup(labels[i]);
	}
}

/* A lone thread in a lone process is no "main" of anything: its program's name says more. */
static void name_loner(struct facts *f)
{
	char name[64];

	if (f->thread_cnt != 1 || !f->threads[0].name || !f->threads[0].name[0])
		return;
	program_stem(name, sizeof(name), f->threads[0].name);
	free(f->threads[0].role);
	f->threads[0].role = xstrdup(name);
}

void roles_assign(struct facts *f)
{
	struct htab index = { 0 }, groups = { 0 };
	struct house *houses = build_houses(f, &index);
	char **labels = xcalloc(f->thread_cnt, sizeof(*labels));

	for (size_t i = 0; i < f->thread_cnt; i++) {
		labels[i] = label_of(&f->threads[i], house_find(&index, f->threads[i].pid));
		group_add(group_get(&groups, labels[i]), &f->threads[i]);
	}
	split_groups(f, labels, &groups);
	name_loner(f);

	htab_for_each(&groups, i)
		free(groups.entries[i].value);
	for (size_t i = 0; i < f->thread_cnt; i++)
		free(labels[i]);
	free(labels);
	free(houses);
	htab_release(&groups);
	htab_release(&index);
}
