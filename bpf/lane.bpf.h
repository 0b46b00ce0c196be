/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A CPU's own ring, for what there is much of: scheduling cycles and requests. on_sched_switch
 * writes there, and programs on the return of system calls where these have preemption off, so
 * that neither comes while the other is at it. So it needs neither a lock nor a call into the
 * kernel, as each record in a BPF ring buffer does (50 ns). Its layout is that of one, for the
 * same reader; but a record that begins before the data's end is in one piece: there is some room
 * behind it.
 *
 * User space must see stores in the order in which they are made, as on x86: elsewhere a program
 * would have to ask for that, which none can before 6.15.
 */
#ifndef LANE_BPF_H
#define LANE_BPF_H

#include "core.bpf.h"
#include "emit.bpf.h"

/* Of a record's header, as in kernel/bpf/ringbuf.c: it is being written. */
#define LANE_BUSY (1u << 31)

/*
 * As emit_try(), and where there are no lanes the same; @bytes is a constant, and a multiple of 8.
 * NULL: the lane is full.
 */
static __always_inline void *lane_try(__u64 bytes, __u8 kind, __u32 tid, __u64 now_ns)
{
	struct par_lane *lane;
	__u64 *header;
	__u64 at;

	if (!config.has_lanes)
		return emit_try(bytes, kind, tid, now_ns);
	lane = lane_here();
	if (!lane)
		return NULL;
	at = lane->produced;
	if (at - *(volatile __u64 *)&lane->given_back > config.lane_mask - PAR_LANE_SPARE)
		return NULL;
	header = (void *)(lane->data + (at & config.lane_mask));
	*header = bytes | LANE_BUSY;
	barrier();
	lane->produced = at + sizeof(*header) + bytes;
	emit_header((void *)(header + 1), kind, tid, now_ns);
	return header + 1;
}

/* The same; NULL is counted: a record is lost. */
static __always_inline void *lane_begin(__u64 bytes, __u8 kind, __u32 tid, __u64 now_ns)
{
	void *rec = lane_try(bytes, kind, tid, now_ns);

	if (!rec)
		drop(PAR_DROP_RING);
	return rec;
}

static __always_inline void lane_end(void *rec, __u64 bytes)
{
	if (!config.has_lanes) {
		emit_end(rec);
		return;
	}
	barrier();
	*((volatile __u64 *)rec - 1) = bytes;
}

#endif
