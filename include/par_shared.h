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
	__u16 more;		/* UDP: the port it was sent to; FIFO: the device; else 0 */
};

struct par_traffic_count {
	__u64 messages, bytes;
	__u64 main_messages;	/* those that the process's first thread moved */
	struct par_file_ref file;
};

/*
 * The uprobes in CPython. Their hits are counted before anything else, of
 * processes that are not traced, too: each costs whoever runs into it.
 */
struct par_python_watch {
	__u64 begin_ns;		/* who releases the GIL is watched since then; 0: never was */
	__u64 end_ns;		/* … and until then */
	__u64 hits;
	__u64 park_hits;
	__u64 has_gvl;		/* there is a Ruby among the traced processes */
};

/* The functions of CPython that are watched. */
enum par_python_function {
	PAR_PYTHON_SAVE_THREAD,		/* these drop the GIL */
	PAR_PYTHON_RELEASE_THREAD,
	PAR_PYTHON_DELETE_CURRENT,	/* ... for good */
	PAR_PYTHON_DELETE_CURRENT_OLD,	/* until 3.12, with an underscore */
	PAR_PYTHON_GILSTATE_RELEASE,	/* ... if its argument says so */
	PAR_PYTHON_RESTORE_THREAD,	/* these take it */
	PAR_PYTHON_ACQUIRE_THREAD,
	PAR_PYTHON_PARK,

	PAR_PYTHON_FUNCTION_CNT
};

/* One per process id: where CPython is in it; or that it is Ruby. */
struct par_python_place {
	__u64 lock_addr, lock_size;	/* the GIL is in there */
	__u64 eval_addr, eval_size;	/* who runs that code has it */
	__u64 has_gvl;			/* Ruby, and all of the above 0 */
};

/* One per thread id; growing. */
struct par_released_count {
	__u64 cpu_ns;		/* CPU time of which it is known */
	__u64 released_ns;	/* ... of it, with the GIL released */
};

struct par_disk_key {
	__u32 tgid;
	__u32 dev;		/* dev_t */
};

struct par_disk_count {
	__u64 reads, writes;	/* requests */
	__u64 read_bytes, write_bytes;
};

_Static_assert(sizeof(struct par_cpu_slot) == 64, "a cache line per CPU");

#endif
