/* SPDX-License-Identifier: MIT */
/*
 * What the rules look at: the facts once more, with every thread's time sorted
 * by what it says about the choice between threads and processes, and with the
 * threads that do the work told from those that look on.
 */
#ifndef VERDICT_VIEW_H
#define VERDICT_VIEW_H

#include "facts/facts.h"

/*
 * The parts of a thread's life. Active is what a change of the program could
 * shorten. Waiting for a sibling's, a child's or a peer's result is not: that
 * time is accounted to whoever works on the result.
 */
enum part {
	PART_CPU,
	PART_QUEUE,		/* runnable, no CPU free */
	PART_THROTTLED,
	PART_GIL,
	PART_LOCK,
	PART_KERNEL_LOCK,
	PART_IPC,		/* short waits for members of the tree: the price of exchange */
	PART_DISK,
	PART_NETWORK,		/* and peers on this machine that are not of the tree */
	PART_MEMORY,
	PART_ACTIVE_CNT,	/* all before this are active */

	PART_RESULT = PART_ACTIVE_CNT,	/* sync, child, long waits for members of the tree */
	PART_IDLE,
	PART_OTHER,
	PART_CNT
};

struct time_parts {
	double ns[PART_CNT];
};

struct thread_view {
	const struct fact_thread *fact;
	const struct fact_process *process;	/* NULL: not known */
	struct time_parts time;
	double active_ns;
	bool is_worker;
	size_t role;				/* index into view.roles */
};

struct role_view {
	const char *name;
	struct time_parts time;			/* of its workers; of all if it has none */
	uint32_t threads, workers, processes;
	double active_ns, life_ns;
};

struct process_view {
	const struct fact_process *fact;
	struct time_parts time;			/* of all its threads */
	uint32_t workers;
	uint32_t gil_waiters;			/* threads that waited for the global lock */
	uint64_t first_ns, last_ns;		/* its workers' activity; last 0: none */
	uint64_t voluntary;
	/* Of its waits in bucket ipc, by the channels it waited on: */
	double ipc_cost_ns, ipc_result_ns, ipc_outside_ns;
};

struct view {
	const struct facts *facts;
	struct thread_view *threads;
	size_t thread_cnt;
	struct process_view *processes;
	size_t process_cnt;
	struct role_view *roles;
	size_t role_cnt;

	struct time_parts work;		/* of the workers */
	double active_ns, life_ns;	/* of the workers */
	double cpu_ns;			/* of all threads */
	uint32_t workers;
	uint32_t worker_processes;	/* processes with workers in them */
	uint32_t multi_processes;	/* … with two or more */
	uint32_t cpu_workers;		/* workers most of whose active time is CPU, or waiting to run */
	double usable;			/* CPUs; at least one */

	/* The work: from the first to the last activity of a worker. */
	double window_ns;
	double cpus_busy;		/* the workers' CPU time / window */
	double runnable;		/* the same with their waits for a CPU */
	double active_avg;		/* active threads / window */
	double overlap;			/* workers in the middle of their work, on average */

	const struct process_view *gil;	/* the process most held up by its global lock, or NULL */
	bool has_global_lock;		/* the workers' runtime lets one thread run at a time */
	bool is_cpython;

	/* Exchange between members of the tree. */
	double messages, bytes;
	double exchange_cpu_ns;		/* estimated from these two */
};

/* @f is lent for the view's life. */
void view_init(struct view *v, const struct facts *f);
void view_release(struct view *v);

/* Share of the workers' active time, 0 … 1. */
double view_share(const struct view *v, enum part p);

/* The same for disk, network and memory together. */
double view_io_share(const struct view *v);

/* a / b, 0 when there is no b. */
double ratio(double a, double b);
double parts_active_ns(const struct time_parts *t);
double parts_life_ns(const struct time_parts *t);

/* Could a change to more workers get more CPU? */
bool view_has_spare_cpu(const struct view *v);

#endif
