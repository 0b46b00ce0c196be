/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Memory that both sides see while a recording runs (the programs' .bss), and
 * the keys and values of the maps that user space reads.
 */
#ifndef PAR_SHARED_H
#define PAR_SHARED_H

#include "par_event.h"

#define PAR_CPU_CNT 1024	/* a power of two; CPUs beyond share a slot, and lose gaps */

/* One counter per way to lose data. */
enum par_drop {
	PAR_DROP_RING,		/* no room in the ring buffer */
	PAR_DROP_STATE,		/* no memory for a thread's state */
	PAR_DROP_TRAFFIC,	/* the table of channels is full */

	PAR_DROP_CNT
};

struct par_cpu_slot {
	struct par_cpu_gap gap;
	__u64 pad[5];		/* a cache line each */
};

struct par_shared {
	__u64 end_ns;		/* nothing from here on is recorded; user space sets it */
	__u64 drops[PAR_DROP_CNT];
	__u64 pad[3];
	struct par_cpu_slot cpus[PAR_CPU_CNT];
};

/* One per system call number; of all traced threads. */
struct par_syscall_count {
	__u64 calls, errors, bytes, wakes;
};

struct par_traffic_key {
	__u64 file_id;		/* 0: all that there was no room for to tell apart */
	__u32 tgid;
	__u8  kind;		/* enum par_file */
	__u8  is_write;
	__u16 pad;
};

struct par_traffic_count {
	__u64 messages, bytes;
	struct par_file_ref file;
};

_Static_assert(sizeof(struct par_cpu_slot) == 64, "a cache line per CPU");

#endif
