/* SPDX-License-Identifier: MIT */
/*
 * Where a thread's time goes: disjoint buckets, whose sum is the thread's life
 * inside the recording. Names are part of the JSON format.
 */
#ifndef MODEL_BUCKET_H
#define MODEL_BUCKET_H

enum bucket {
	BUCKET_CPU_USER,
	BUCKET_CPU_KERNEL,
	BUCKET_RUN_QUEUE,	/* runnable, waiting for a CPU */
	BUCKET_THROTTLED,	/* runnable, held back by its cgroup's CPU quota */
	BUCKET_GIL,		/* an interpreter's global lock */
	BUCKET_LOCK,		/* mutex, rwlock, semaphore used as a lock, file lock */
	BUCKET_KERNEL_LOCK,	/* a mutex or rwsem inside the kernel */
	BUCKET_SYNC,		/* a sibling's result: condition variable, barrier, join */
	BUCKET_IPC,		/* another process of this machine */
	BUCKET_CHILD,		/* a child process's end */
	BUCKET_DISK,
	BUCKET_NETWORK,		/* a peer elsewhere, or a request this thread sent out */
	BUCKET_MEMORY,		/* page faults that sleep, swap, reclaim */
	BUCKET_SLEEP,		/* a timer it set itself */
	BUCKET_IDLE,		/* waiting for work to arrive */
	BUCKET_STOPPED,		/* SIGSTOP, ptrace */
	BUCKET_OTHER,		/* unexplained */

	BUCKET_CNT
};

/* The headline groups: what the report, the series and the verdict speak of. */
enum bucket_group {
	GROUP_CPU,
	GROUP_CPU_WAIT,		/* run_queue, throttled */
	GROUP_IO,		/* disk, network, memory */
	GROUP_LOCK,		/* gil, lock, kernel_lock */
	GROUP_IPC,		/* ipc, child */
	GROUP_SYNC,
	GROUP_IDLE,		/* sleep, idle, stopped */
	GROUP_OTHER,

	GROUP_CNT
};

/* "run_queue"; as in the JSON. */
const char *bucket_name(enum bucket b);

/* The bucket of that name, or -1. */
int bucket_from_name(const char *name);
enum bucket_group bucket_group(enum bucket b);

/* "cpu_wait"; as in the JSON. */
const char *bucket_group_name(enum bucket_group g);

#endif
