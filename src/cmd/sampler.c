// SPDX-License-Identifier: MIT
/* Owns who is sampled when. */
#include "cmd/sampler.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/procfs.h"
#include "base/xalloc.h"

/*
 * A worker that lives for a blink is seen once, and one that loads its modules
 * first, again when it has.
 */
static const uint64_t ages_ns[] = { 15 * NS_PER_MS, 60 * NS_PER_MS, 250 * NS_PER_MS, NS_PER_S };

#define AGE_CNT (sizeof(ages_ns) / sizeof(ages_ns[0]))

/* Of the older ones the next exact sample is due when they are twice as old, or after this. */
#define EXACT_MOST_NS (5 * NS_PER_S)

#define COUNTERS_EVERY_NS NS_PER_S

/* Of the time: first samples, an eighth of that for all others, and those of one process. */
#define COST_PERCENT	2
#define COST_FREE_NS	(20 * NS_PER_MS)
#define AGAIN_PART	8
#define EACH_COST_PARTS 500

/* The rings hold some seconds at most. */
#define TICK_BUDGET_NS	(5 * NS_PER_MS)
#define FINAL_BUDGET_NS (300 * NS_PER_MS)

struct sampled {
	uint32_t pid;
	size_t age; /* the next of ages_ns */
	uint64_t since_ns;
	uint64_t due_ns; /* the next exact sample */
	uint64_t exact_ns; /* the last one */
};

void sampler_init(struct sampler *s, void (*feed)(void *ctx, const struct event *ev), void *ctx)
{
	*s = (struct sampler){ .feed = feed, .ctx = ctx };
}

void sampler_release(struct sampler *s)
{
	htab_for_each(&s->processes, i)
		free(s->processes.entries[i].value);
	htab_release(&s->processes);
}

void sampler_add(struct sampler *s, uint32_t pid, uint64_t now_ns)
{
	struct sampled *p = htab_find(&s->processes, pid, 0);

	if (!p) {
		p = xcalloc(1, sizeof(*p));
		htab_put(&s->processes, pid, 0, p);
	}
	*p = (struct sampled){ .pid = pid, .since_ns = now_ns, .due_ns = now_ns + ages_ns[0] };
}

void sampler_remove(struct sampler *s, uint32_t pid)
{
	free(htab_remove(&s->processes, pid, 0));
}

static void feed_memory(struct sampler *s, uint32_t pid, bool exact)
{
	struct event ev = { .hdr = { .tid = pid, .kind = EVENT_MEMORY } };
	struct procfs_memory mem;

	if (exact ? procfs_memory(pid, &mem) : procfs_memory_estimate(pid, &mem))
		return;
	if (!mem.rss_bytes)
		return; /* a zombie, or about to become one */
	ev.hdr.ts_ns = clock_mono_ns();
	ev.memory.rss_bytes = mem.rss_bytes;
	ev.memory.pss_bytes = mem.pss_bytes;
	s->has_pss |= mem.pss_bytes != 0;
	if (exact || !s->has_pss)
		ev.memory.private_bytes = mem.private_bytes;
	s->feed(s->ctx, &ev);
}

/* After a sample that took @cost_ns. */
static uint64_t next_due_ns(const struct sampled *p, uint64_t cost_ns)
{
	uint64_t pause_ns = p->exact_ns - p->since_ns;

	if (p->age < AGE_CNT)
		return p->since_ns + ages_ns[p->age];
	if (pause_ns > EXACT_MOST_NS)
		pause_ns = EXACT_MOST_NS;
	if (pause_ns < cost_ns * EACH_COST_PARTS)
		pause_ns = cost_ns * EACH_COST_PARTS;
	return p->exact_ns + pause_ns;
}

static void sample(struct sampler *s, struct sampled *p)
{
	uint64_t start_ns = clock_mono_ns(), cost_ns;

	feed_memory(s, p->pid, true);
	p->exact_ns = clock_mono_ns();
	cost_ns = p->exact_ns - start_ns;
	s->spent_ns += cost_ns;
	while (p->age < AGE_CNT && p->since_ns + ages_ns[p->age] <= p->exact_ns)
		p->age++;
	p->due_ns = next_due_ns(p, cost_ns);
}

static bool is_too_dear(const struct sampler *s, uint64_t now_ns, bool is_first)
{
	uint64_t limit_ns = COST_FREE_NS + (now_ns - s->begin_ns) / 100 * COST_PERCENT;

	return s->spent_ns > (is_first ? limit_ns : limit_ns / AGAIN_PART);
}

/*
 * From where the last tick left off, so that everybody has a turn; those that have
 * had none yet may use up what there is.
 */
static void sample_due(struct sampler *s, uint64_t now_ns, bool is_first)
{
	uint64_t until_ns = now_ns + TICK_BUDGET_NS;
	size_t cnt = s->processes.cnt;

	for (size_t i = 0; i < cnt && !is_too_dear(s, now_ns, is_first); i++) {
		struct sampled *p;

		if (++s->at >= cnt)
			s->at = 0;
		p = s->processes.entries[s->at].value;
		if (now_ns < p->due_ns || is_first != !p->exact_ns)
			continue;
		sample(s, p);
		if (clock_mono_ns() >= until_ns)
			break;
	}
}

void sampler_tick(struct sampler *s, uint64_t now_ns)
{
	if (!s->begin_ns)
		s->begin_ns = s->counters_ns = now_ns;
	sample_due(s, now_ns, true);
	sample_due(s, now_ns, false);
	if (now_ns - s->counters_ns < COUNTERS_EVERY_NS)
		return;
	s->counters_ns = now_ns;
	htab_for_each(&s->processes, i) {
		const struct sampled *p = s->processes.entries[i].value;

		if (p->exact_ns + COUNTERS_EVERY_NS / 2 < now_ns)
			feed_memory(s, p->pid, false);
	}
}

void sampler_finish(struct sampler *s)
{
	uint64_t until_ns = clock_mono_ns() + FINAL_BUDGET_NS;

	htab_for_each(&s->processes, i) {
		const struct sampled *p = s->processes.entries[i].value;

		feed_memory(s, p->pid, clock_mono_ns() < until_ns);
	}
}
