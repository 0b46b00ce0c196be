// SPDX-License-Identifier: MIT
/* Owns one line per CPU. */
#include "model/cpu_table.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "model/tell.h"

#define STATE_REPORTED	0x7f	/* the bits that the tracepoint shows */
#define STATE_DEAD	0x80
#define STATE_NOLOAD	0x400
#define SHOWN_ASLEEP	0x01	/* "S" */
#define SHOWN_IDLE	0x80	/* TASK_REPORT_IDLE, "I" */
#define SHOWN_DEAD	0x10	/* "X" */
#define SHOWN_PREEMPTED	0x100	/* TASK_REPORT_MAX, "R+" */

struct cpu_line {
	uint32_t tid;		/* who runs there */
	uint64_t ts_ns;		/* of the last switch told */
	bool has_begun;		/* one was told */
};

static struct cpu_line *line_get(struct model *m, uint16_t cpu)
{
	XREACH(m->cpus, m->cpu_cnt, cpu);
	if (!m->cpus[cpu]) {
		m->cpus[cpu] = xcalloc(1, sizeof(**m->cpus));
		m->cpus[cpu]->tid = MODEL_UNTRACED;
	}
	return m->cpus[cpu];
}

/* From task->__state to what sched_switch prints (__trace_sched_switch_state()). */
static uint32_t shown_state(uint32_t state, bool preempted)
{
	if (preempted)
		return SHOWN_PREEMPTED;
	if (state & STATE_DEAD)
		return SHOWN_DEAD;
	if (state & STATE_NOLOAD)
		return SHOWN_IDLE;
	return state & STATE_REPORTED;
}

/* Whoever was there when the recording began, comes at that moment. */
static void tell_first(struct model *m, struct cpu_line *line, uint16_t cpu)
{
	struct cpu_switch sw = {
		.ts_ns = m->begin_ns,
		.cpu = cpu,
		.prev_tid = MODEL_UNTRACED,
		.next_tid = line->tid,
	};

	line->ts_ns = m->begin_ns;
	line->has_begun = true;
	TELL(m, cpu, &sw);
}

static void switch_to(struct model *m, struct cpu_line *line, uint16_t cpu, uint64_t ts_ns,
		      uint32_t tid, uint32_t prev_state)
{
	struct cpu_switch sw = {
		.ts_ns = ts_ns,
		.cpu = cpu,
		.prev_tid = line->tid,
		.next_tid = tid,
		.prev_state = prev_state,
	};

	if (ts_ns < m->begin_ns && !line->has_begun) {
		line->tid = tid; /* not told yet, but remembered */
		return;
	}
	if (!line->has_begun && line->tid != MODEL_UNTRACED)
		tell_first(m, line, cpu);
	if (line->tid == tid || ts_ns < line->ts_ns)
		return;
	line->tid = tid;
	line->ts_ns = ts_ns;
	line->has_begun = true;
	TELL(m, cpu, &sw);
}

/* Who ran in a gap: known only if the same thread began and ended it. */
static uint32_t gap_tid(const struct par_cpu_gap *gap)
{
	return gap->next_tid == gap->prev_tid ? gap->next_tid : MODEL_UNTRACED;
}

/* In which state that one left. Of a stand-in for many nobody should think it waits. */
static uint32_t gap_state(const struct par_cpu_gap *gap)
{
	return gap_tid(gap) == MODEL_UNTRACED ? SHOWN_ASLEEP : shown_state(gap->prev_state, false);
}

/* Bring the line to the moment when @gap->out_tid leaves for @next. */
static void leave(struct model *m, struct cpu_line *line, uint16_t cpu,
		  const struct par_cpu_gap *gap, uint32_t next)
{
	uint32_t state = shown_state(gap->out_state, gap->out_flags & PAR_OUT_PREEMPT);

	/* Its coming was lost, or was before the begin. */
	if (line->tid != gap->out_tid)
		switch_to(m, line, cpu, line->has_begun ? line->ts_ns : m->begin_ns, gap->out_tid,
			  0);
	switch_to(m, line, cpu, gap->out_ns, next, state);
}

void cpu_come(struct model *m, uint16_t cpu, uint64_t ts_ns, uint32_t tid,
	      const struct par_cpu_gap *gap)
{
	struct cpu_line *line = line_get(m, cpu);

	if (gap->out_ns && gap->out_ns == ts_ns) {
		leave(m, line, cpu, gap, tid);
		return;
	}
	if (gap->out_ns)
		leave(m, line, cpu, gap, gap_tid(gap));
	switch_to(m, line, cpu, ts_ns, tid, gap_state(gap));
}

void cpu_close(struct model *m, uint16_t cpu, const struct par_cpu_gap *gap)
{
	leave(m, line_get(m, cpu), cpu, gap, gap->next_tid ? MODEL_UNTRACED : 0);
}

void cpu_assume(struct model *m, uint16_t cpu, uint32_t tid)
{
	struct cpu_line *line = line_get(m, cpu);

	if (line->has_begun)
		return;
	line->tid = tid;
	tell_first(m, line, cpu);
}

void cpu_table_release(struct model *m)
{
	for (size_t i = 0; i < m->cpu_cnt; i++)
		free(m->cpus[i]);
	free(m->cpus);
}
