/* SPDX-License-Identifier: MIT */
/*
 * Owns the events that wait for their bundle to fill. Whose they are, and what
 * else a trace holds, is trace_writer.c's business.
 *
 * The compact encoding leaves out who was switched away from and who did the
 * waking: Perfetto takes whoever the CPU's last switch brought. The very first
 * switch of a CPU, and wake-ups by somebody else (an interrupt, a thread that is
 * not traced), are written out in full.
 */
#include "output/sched.h"

#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "base/xalloc.h"
#include "output/packet.h"
#include "output/pb.h"
#include "output/pb_fields.h"

/* The priority of an ordinary thread; ours are not known. */
#define PRIO 120

/* TRACE_FLAG_HARDIRQ, as in the kernel's common_flags */
#define FLAG_HARDIRQ 0x08

#define TASK_COMM_LEN 16

struct comm {
	uint32_t tid;
	char name[TASK_COMM_LEN];
	uint32_t bundle, index;		/* in which bundle's table it is, and where */
};

struct switch_event {
	uint64_t ts_ns;
	uint32_t next_tid;
	uint32_t prev_state;
};

struct waking_event {
	uint64_t ts_ns;
	uint32_t waker_tid, wakee_tid;
	uint32_t target_cpu;
};

struct free_event {
	uint64_t ts_ns;
	uint32_t tid;
};

struct sched_cpu {
	uint32_t cpu;
	bool has_begun;			/* current_tid is known */
	uint32_t first_tid;		/* who ran before the first of @switches */
	uint32_t current_tid;		/* who runs after the last */
	bool is_announced;		/* the first switch was written */
	struct switch_event *switches;
	size_t switch_cnt, switch_cap;
	struct waking_event *wakings;
	size_t waking_cnt, waking_cap;
	struct free_event *frees;
	size_t free_cnt, free_cap;
};

static struct sched_cpu *cpu_get(struct sched *s, uint32_t cpu)
{
	XREACH(s->cpus, s->cpu_cnt, cpu);
	if (!s->cpus[cpu]) {
		s->cpus[cpu] = xcalloc(1, sizeof(**s->cpus));
		s->cpus[cpu]->cpu = cpu;
	}
	return s->cpus[cpu];
}

void sched_release(struct sched *s)
{
	for (size_t i = 0; i < s->cpu_cnt; i++) {
		if (!s->cpus[i])
			continue;
		free(s->cpus[i]->switches);
		free(s->cpus[i]->wakings);
		free(s->cpus[i]->frees);
		free(s->cpus[i]);
	}
	free(s->cpus);
	htab_for_each(&s->comms, i)
		free(s->comms.entries[i].value);
	htab_release(&s->comms);
	*s = (struct sched){ 0 };
}

static struct comm *comm_get(struct sched *s, uint32_t tid)
{
	struct comm **recent = &s->recent[tid % SCHED_RECENT], *c = *recent;

	if (c && c->tid == tid)
		return c;
	c = htab_find(&s->comms, tid, 0);
	if (!c) {
		c = xcalloc(1, sizeof(*c));
		c->tid = tid;
		htab_put(&s->comms, tid, 0, c);
	}
	*recent = c;
	return c;
}

void sched_name(struct sched *s, uint32_t tid, const char *name)
{
	struct comm *c = comm_get(s, tid);
	size_t len = strnlen(name, sizeof(c->name) - 1);

	memset(c->name, 0, sizeof(c->name));
	memcpy(c->name, name, len);
	c->bundle = 0; /* the bundle being built may have the old one */
}

static int by_time(const void *a, const void *b)
{
	const struct waking_event *x = a, *y = b;

	return order_up(x->ts_ns, y->ts_ns);
}

/* Mostly they are: who is woken later, runs later. */
static bool is_sorted(const struct waking_event *w, size_t cnt)
{
	for (size_t i = 1; i < cnt; i++)
		if (w[i].ts_ns < w[i - 1].ts_ns)
			return false;
	return true;
}

/* Who, as far as the reader of the trace knows, runs on the CPU at @ts_ns. */
static uint32_t running_at(const struct sched_cpu *c, uint64_t ts_ns)
{
	size_t lo = 0, hi = c->switch_cnt;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (c->switches[mid].ts_ns <= ts_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? c->switches[lo - 1].next_tid : c->first_tid;
}

static void put_first_switch(struct sched *s, struct strbuf *out, const struct sched_cpu *c)
{
	const struct switch_event *e = &c->switches[0];
	size_t event = pb_begin(out, PB_FTRACE_EVENT_BUNDLE_EVENT);
	size_t msg;

	pb_u64(out, PB_FTRACE_EVENT_TIMESTAMP, e->ts_ns);
	pb_u64(out, PB_FTRACE_EVENT_PID, c->first_tid);
	msg = pb_begin(out, PB_FTRACE_EVENT_SCHED_SWITCH);
	pb_str(out, PB_SCHED_SWITCH_FTRACE_EVENT_PREV_COMM, comm_get(s, c->first_tid)->name);
	pb_u64(out, PB_SCHED_SWITCH_FTRACE_EVENT_PREV_PID, c->first_tid);
	pb_u64(out, PB_SCHED_SWITCH_FTRACE_EVENT_PREV_PRIO, PRIO);
	pb_u64(out, PB_SCHED_SWITCH_FTRACE_EVENT_PREV_STATE, e->prev_state);
	pb_str(out, PB_SCHED_SWITCH_FTRACE_EVENT_NEXT_COMM, comm_get(s, e->next_tid)->name);
	pb_u64(out, PB_SCHED_SWITCH_FTRACE_EVENT_NEXT_PID, e->next_tid);
	pb_u64(out, PB_SCHED_SWITCH_FTRACE_EVENT_NEXT_PRIO, PRIO);
	pb_end(out, msg);
	pb_end(out, event);
}

static void put_waking(struct sched *s, struct strbuf *out, const struct waking_event *w)
{
	size_t event = pb_begin(out, PB_FTRACE_EVENT_BUNDLE_EVENT);
	size_t msg;

	pb_u64(out, PB_FTRACE_EVENT_TIMESTAMP, w->ts_ns);
	pb_u64(out, PB_FTRACE_EVENT_PID, w->waker_tid);
	msg = pb_begin(out, PB_FTRACE_EVENT_SCHED_WAKING);
	pb_str(out, PB_SCHED_WAKING_FTRACE_EVENT_COMM, comm_get(s, w->wakee_tid)->name);
	pb_u64(out, PB_SCHED_WAKING_FTRACE_EVENT_PID, w->wakee_tid);
	pb_u64(out, PB_SCHED_WAKING_FTRACE_EVENT_PRIO, PRIO);
	pb_u64(out, PB_SCHED_WAKING_FTRACE_EVENT_SUCCESS, 1);
	pb_u64(out, PB_SCHED_WAKING_FTRACE_EVENT_TARGET_CPU, w->target_cpu);
	pb_end(out, msg);
	pb_end(out, event);
}

static void put_free(struct sched *s, struct strbuf *out, const struct free_event *f)
{
	size_t event = pb_begin(out, PB_FTRACE_EVENT_BUNDLE_EVENT);
	size_t msg;

	pb_u64(out, PB_FTRACE_EVENT_TIMESTAMP, f->ts_ns);
	pb_u64(out, PB_FTRACE_EVENT_PID, 0);
	msg = pb_begin(out, PB_FTRACE_EVENT_SCHED_PROCESS_FREE);
	pb_str(out, PB_SCHED_PROCESS_FREE_FTRACE_EVENT_COMM, comm_get(s, f->tid)->name);
	pb_u64(out, PB_SCHED_PROCESS_FREE_FTRACE_EVENT_PID, f->tid);
	pb_u64(out, PB_SCHED_PROCESS_FREE_FTRACE_EVENT_PRIO, PRIO);
	pb_end(out, msg);
	pb_end(out, event);
}

/* The index of a thread's name in the bundle's table, which grows by it if need be. */
static uint32_t comm_index(struct sched *s, struct strbuf *table, uint32_t *cnt, uint32_t tid)
{
	struct comm *c = comm_get(s, tid);

	if (c->bundle != s->bundle_cnt) {
		c->bundle = s->bundle_cnt;
		c->index = (*cnt)++;
		pb_str(table, PB_COMPACT_SCHED_INTERN_TABLE, c->name);
	}
	return c->index;
}

/* A packed field with one value per row @i; a macro, because @value is computed from @i. */
#define PUT_COLUMN(out, field, cnt, value)						\
	do {										\
		size_t column_ = pb_begin(out, field), len_ = 0;			\
		unsigned char *room_ = pb_room(out, (cnt) * PB_VARINT_MAX);		\
		for (size_t i = 0; i < (cnt); i++)					\
			len_ += pb_put_varint(room_ + len_, value);			\
		pb_added(out, len_);							\
		pb_end(out, column_);							\
	} while (0)

static void put_switches(struct sched *s, struct strbuf *out, const struct switch_event *e,
			 size_t cnt, struct strbuf *table, uint32_t *name_cnt)
{
	PUT_COLUMN(out, PB_COMPACT_SCHED_SWITCH_TIMESTAMP, cnt,
		   i ? e[i].ts_ns - e[i - 1].ts_ns : e[i].ts_ns);
	PUT_COLUMN(out, PB_COMPACT_SCHED_SWITCH_PREV_STATE, cnt, e[i].prev_state);
	PUT_COLUMN(out, PB_COMPACT_SCHED_SWITCH_NEXT_PID, cnt, e[i].next_tid);
	PUT_COLUMN(out, PB_COMPACT_SCHED_SWITCH_NEXT_PRIO, cnt, PRIO);
	PUT_COLUMN(out, PB_COMPACT_SCHED_SWITCH_NEXT_COMM_INDEX, cnt,
		   comm_index(s, table, name_cnt, e[i].next_tid));
}

static void put_wakings(struct sched *s, struct strbuf *out, const struct waking_event *e,
			size_t cnt, struct strbuf *table, uint32_t *name_cnt)
{
	PUT_COLUMN(out, PB_COMPACT_SCHED_WAKING_TIMESTAMP, cnt,
		   i ? e[i].ts_ns - e[i - 1].ts_ns : e[i].ts_ns);
	PUT_COLUMN(out, PB_COMPACT_SCHED_WAKING_PID, cnt, e[i].wakee_tid);
	PUT_COLUMN(out, PB_COMPACT_SCHED_WAKING_TARGET_CPU, cnt, e[i].target_cpu);
	PUT_COLUMN(out, PB_COMPACT_SCHED_WAKING_PRIO, cnt, PRIO);
	PUT_COLUMN(out, PB_COMPACT_SCHED_WAKING_COMM_INDEX, cnt,
		   comm_index(s, table, name_cnt, e[i].wakee_tid));
	PUT_COLUMN(out, PB_COMPACT_SCHED_WAKING_COMMON_FLAGS, cnt,
		   e[i].waker_tid ? 0 : FLAG_HARDIRQ);
}

/*
 * Write the first @waking_cnt wake-ups that can't be told compactly, and move
 * those that can to the front. Returns how many these are.
 */
static size_t put_foreign_wakings(struct sched *s, struct strbuf *out, struct sched_cpu *c,
				  size_t waking_cnt)
{
	size_t compact = 0;

	for (size_t i = 0; i < waking_cnt; i++) {
		struct waking_event *w = &c->wakings[i];

		if (c->has_begun && running_at(c, w->ts_ns) == w->waker_tid &&
		    (c->is_announced || w->ts_ns >= c->switches[0].ts_ns))
			c->wakings[compact++] = *w;
		else
			put_waking(s, out, w);
	}
	return compact;
}

/* How many wake-ups are no later than what is known about their CPU. */
static size_t settled_wakings(const struct sched_cpu *c)
{
	size_t cnt = 0;

	if (!c->switch_cnt)
		return 0;
	while (cnt < c->waking_cnt && c->wakings[cnt].ts_ns < c->switches[c->switch_cnt - 1].ts_ns)
		cnt++;
	return cnt;
}

static void put_compact(struct sched *s, struct strbuf *out, struct sched_cpu *c, size_t skip,
			size_t waking_cnt)
{
	size_t switch_cnt = c->switch_cnt - skip;
	struct strbuf table = { 0 };
	uint32_t name_cnt = 0;
	size_t msg;

	if (!switch_cnt && !waking_cnt)
		return;
	s->bundle_cnt++;
	msg = pb_begin(out, PB_COMPACT_SCHED);
	if (switch_cnt)
		put_switches(s, out, c->switches + skip, switch_cnt, &table, &name_cnt);
	if (waking_cnt)
		put_wakings(s, out, c->wakings, waking_cnt, &table, &name_cnt);
	strbuf_add(out, table.buf, table.len);
	pb_end(out, msg);
	strbuf_release(&table);
}

static void flush_cpu(struct sched *s, struct strbuf *out, struct sched_cpu *c, bool is_final)
{
	size_t packet, bundle, waking_cnt, compact, skip = 0;

	if (!is_sorted(c->wakings, c->waking_cnt))
		qsort(c->wakings, c->waking_cnt, sizeof(*c->wakings), by_time);
	waking_cnt = is_final ? c->waking_cnt : settled_wakings(c);
	if (!c->switch_cnt && !waking_cnt && !c->free_cnt)
		return;

	packet = pb_begin(out, PB_TRACE_PACKET);
	bundle = pb_begin(out, PB_TRACE_PACKET_FTRACE_EVENTS);
	pb_u64(out, PB_FTRACE_EVENT_BUNDLE_CPU, c->cpu);
	compact = put_foreign_wakings(s, out, c, waking_cnt);
	if (c->switch_cnt && !c->is_announced) {
		put_first_switch(s, out, c);
		c->is_announced = true;
		skip = 1;
	}
	for (size_t i = 0; i < c->free_cnt; i++)
		put_free(s, out, &c->frees[i]);
	put_compact(s, out, c, skip, compact);
	pb_end(out, bundle);
	pb_u64(out, PB_TRACE_PACKET_TRUSTED_PACKET_SEQUENCE_ID, SEQ_MAIN);
	pb_end(out, packet);

	c->waking_cnt -= waking_cnt;
	if (c->waking_cnt)
		memmove(c->wakings, c->wakings + waking_cnt, c->waking_cnt * sizeof(*c->wakings));
	c->switch_cnt = c->free_cnt = 0;
	c->first_tid = c->current_tid;
}

void sched_flush(struct sched *s, struct strbuf *out, bool is_final)
{
	for (size_t i = 0; i < s->cpu_cnt; i++)
		if (s->cpus[i])
			flush_cpu(s, out, s->cpus[i], is_final);
}

void sched_switch(struct sched *s, uint64_t ts_ns, uint32_t cpu,
		  uint32_t prev_tid, uint32_t next_tid, uint32_t prev_state)
{
	struct sched_cpu *c = cpu_get(s, cpu);

	if (!c->has_begun)
		c->first_tid = prev_tid;
	c->has_begun = true;
	c->current_tid = next_tid;
	XGROW(c->switches, c->switch_cnt, c->switch_cap);
	c->switches[c->switch_cnt++] = (struct switch_event){ ts_ns, next_tid, prev_state };
}

void sched_waking(struct sched *s, uint64_t ts_ns, uint32_t cpu,
		  uint32_t waker_tid, uint32_t wakee_tid, uint32_t target_cpu)
{
	struct sched_cpu *c = cpu_get(s, cpu);

	XGROW(c->wakings, c->waking_cnt, c->waking_cap);
	c->wakings[c->waking_cnt++] = (struct waking_event){ ts_ns, waker_tid, wakee_tid,
							     target_cpu };
}

/* Which CPU the kernel did this on is not known, and of no interest. */
void sched_free_thread(struct sched *s, uint64_t ts_ns, uint32_t tid)
{
	struct sched_cpu *c = cpu_get(s, 0);

	XGROW(c->frees, c->free_cnt, c->free_cap);
	c->frees[c->free_cnt++] = (struct free_event){ ts_ns, tid };
}
