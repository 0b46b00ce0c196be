/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What every program shares: the configuration, a thread's state and the ring.
 * The maps behind them are private to core.bpf.c.
 */
#ifndef CORE_BPF_H
#define CORE_BPF_H

#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#include "par_config.h"
#include "par_event.h"
#include "par_shared.h"

extern const volatile struct par_config config;
extern struct par_shared shared;

enum phase {
	PHASE_UNKNOWN,		/* alive at attach, and not switched since */
	PHASE_RUNNING,
	PHASE_OFF,		/* @off, and @cause unless it is still runnable, are set */
	PHASE_DEAD,
	PHASE_DEAD_UNTOLD,	/* there was no room for its last record */
};

/* The file that a thread's calls met last: see file.bpf.h. */
struct file_cache {
	__u64 file;		/* address of the struct file */
	struct par_file_ref ref;
};

/*
 * A traced thread, from its birth (or the attach) to its reaping. A thread
 * without one is not traced: this is the filter.
 */
struct thread {
	struct par_off off;
	struct par_cause cause;
	__u64 in_ns;			/* last time it came to a CPU */
	__u64 exec_ns;			/* its CPU time when it last left, or at attach */
	/*
	 * A wake-up seen while it still ran. It counts if the thread was past the
	 * point of no return and merely had not reached sched_switch yet.
	 */
	__u64 early_ns;
	__u32 early_tid;
	__u16 early_cpu;
	__u8 early_flags;
	__u8 phase;			/* enum phase */
	struct file_cache file;
};

/* NULL: not traced. */
struct thread *thread_find(struct task_struct *task) __hidden;

/* Start tracing @task. NULL, and counted: no memory. */
struct thread *thread_get(struct task_struct *task) __hidden;

/* The ring of the CPU at hand. NULL if there is none, which never happens. */
void *ring_here(void) __hidden;

void drop(enum par_drop why) __hidden;

/* Is the recording over at @now_ns? */
static __always_inline bool recording_over(__u64 now_ns)
{
	return now_ns >= *(volatile __u64 *)&shared.end_ns;
}

#endif
