/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Reserve a record, fill its header, submit it. No wake-up: the collector comes
 * by itself every few milliseconds, which is cheaper than being called.
 */
#ifndef EMIT_BPF_H
#define EMIT_BPF_H

#include "core.bpf.h"

static __always_inline void emit_header(struct par_hdr *hdr, __u8 kind, __u32 tid, __u64 now_ns)
{
	hdr->ts_ns = now_ns;
	hdr->tid = tid;
	hdr->cpu = bpf_get_smp_processor_id();
	hdr->kind = kind;
	hdr->flags = 0;
}

/* @size must be a constant. NULL: the ring is full. */
static __always_inline void *emit_try(__u64 size, __u8 kind, __u32 tid, __u64 now_ns)
{
	void *ring = ring_here();
	struct par_hdr *hdr;

	if (!ring)
		return NULL;
	hdr = bpf_ringbuf_reserve(ring, size, 0);
	if (hdr)
		emit_header(hdr, kind, tid, now_ns);
	return hdr;
}

/* The same; NULL is counted: a record is lost. */
static __always_inline void *emit_begin(__u64 size, __u8 kind, __u32 tid, __u64 now_ns)
{
	void *rec = emit_try(size, kind, tid, now_ns);

	if (!rec)
		drop(PAR_DROP_RING);
	return rec;
}

static __always_inline void emit_end(void *rec)
{
	bpf_ringbuf_submit(rec, BPF_RB_NO_WAKEUP);
}

#endif
