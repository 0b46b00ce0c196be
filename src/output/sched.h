/* SPDX-License-Identifier: MIT */
/*
 * Scheduling as Perfetto reads it: ftrace events in bundles, one CPU each, many
 * events per bundle in the compact encoding.
 */
#ifndef OUTPUT_SCHED_H
#define OUTPUT_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/htab.h"
#include "base/strbuf.h"

#define SCHED_RECENT 64

/* Zeroed memory is an empty struct sched. */
struct sched {
	struct htab comms;	/* (tid, 0) -> struct comm */
	struct comm *recent[SCHED_RECENT];	/* by tid: those of @comms that were asked for last */
	struct sched_cpu **cpus;/* [cpu_cnt], by number; NULL: not met */
	size_t cpu_cnt;
	uint32_t bundle_cnt;
};

void sched_release(struct sched *s);

/* What this thread is called from now on. */
void sched_name(struct sched *s, uint32_t tid, const char *name);

/*
 * The events. Per CPU, switches come in order of time and each prev_tid is the
 * next_tid before it; the others may come in any order.
 */
void sched_switch(struct sched *s, uint64_t ts_ns, uint32_t cpu,
		  uint32_t prev_tid, uint32_t next_tid, uint32_t prev_state);
void sched_waking(struct sched *s, uint64_t ts_ns, uint32_t cpu,
		  uint32_t waker_tid, uint32_t wakee_tid, uint32_t target_cpu);

/* The thread is gone, its id may come again. */
void sched_free_thread(struct sched *s, uint64_t ts_ns, uint32_t tid);

/*
 * Append what has been collected as packets. Wake-ups past the last known switch
 * of their CPU wait for the next flush, unless @is_final: by then it is known
 * who ran there, which takes fewer bytes.
 */
void sched_flush(struct sched *s, struct strbuf *out, bool is_final);

#endif
