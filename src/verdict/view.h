/* SPDX-License-Identifier: MIT */
/*
 * What the rules look at: the facts once more, with every thread's time sorted
 * by what it says about the choice between threads and processes, and with the
 * threads that do the work told from those that look on.
 */
#ifndef VERDICT_VIEW_H
#define VERDICT_VIEW_H

#include "base/htab.h"
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
	PART_BLOCKED,		/* an event loop, in a call other than its poll: nobody is served */
	PART_ACTIVE_CNT,	/* all before this are active */

	PART_RESULT = PART_ACTIVE_CNT,	/* sync, child, long waits for members of the tree */
	PART_IDLE,
	PART_OTHER,
	PART_STARTUP,		/* an interpreter's imports, and what a program does before its first worker */
	PART_CNT
};

/* No process of the facts. */
#define NO_PROCESS SIZE_MAX

struct time_parts {
	double ns[PART_CNT];
};

struct thread_view {
	const struct fact_thread *fact;
	const struct fact_process *process;	/* NULL: not known */
	size_t process_index;			/* into view.processes, or NO_PROCESS */
	struct time_parts time;
	double active_ns;
	uint64_t begin_ns;			/* when its work begins: start-up is left out */
	bool is_worker;
	bool is_hand_over;			/* feeds worker processes, or takes their results */
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
	const struct fact_process *parent;	/* NULL: not in the facts */
	struct time_parts time;			/* of the view's threads */
	double cpu_ns, queue_ns;		/* of all its threads; queue: throttled, too */
	uint32_t threads, workers;
	uint32_t gil_waiters;			/* threads that waited for the global lock */
	bool is_convoy;				/* most of its switches are waits for locks */
	bool is_dispatcher;			/* other worker processes are its children */
	uint64_t first_ns, last_ns;		/* its workers' activity; last 0: none */
	uint64_t voluntary;
	/* Of its waits in bucket ipc, by the channels it waited on: */
	double ipc_cost_ns, ipc_result_ns, ipc_outside_ns;
};

struct view {
	const struct facts *facts;
	struct thread_view *threads;
	size_t thread_cnt;
	struct process_view *processes;	/* [process_cnt], in the order of facts->processes */
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
	double overlap;			/* workers between their first and last activity, on average */
	double at_once;			/* the same without what they idle or wait for results */

	const struct process_view *gil;	/* the process most held up by its global lock, or NULL */
	bool has_global_lock;		/* the workers' runtime lets one thread run at a time */
	bool is_cpython;

	/* Exchange between members of the tree. */
	double messages, bytes;
	double unlisted_ns;		/* waits on channels too many to be listed one by one */
	double exchange_cpu_ns;		/* what it takes, at both ends: see view_exchange.c */
	double hand_over_ns;		/* CPU time of the threads that do nothing else */

	double startup_ns;		/* CPU, queue and disk time that went into starting up */
	uint32_t short_lived;		/* worker processes that were born and died within moments */
	double fresh_bytes_per_s;	/* memory filled for the first time, per second of CPU */
	bool is_role;			/* view_of_role() made it */
};

/* @f is lent for the view's life. */
void view_init(struct view *v, const struct facts *f);

/*
 * The threads of one role alone, as if they were the program; processes keep their
 * own totals (cpu_ns, gil_waiters), since a lock does not ask for roles. @v stays lent.
 */
void view_of_role(struct view *out, const struct view *v, size_t role);
void view_release(struct view *v);

/* Share of the workers' active time, 0 … 1. */
double view_share(const struct view *v, enum part p);

/* The same for disk, network, memory and what blocks an event loop, together. */
double view_io_share(const struct view *v);

/* The workers' time in one bucket, as recorded: start-up included. */
double view_workers_ns(const struct view *v, enum bucket bucket);

/* a / b, 0 when there is no b. */
double ratio(double a, double b);
double parts_life_ns(const struct time_parts *t);

/* From its birth, or its first time on a CPU, to its last; without start-up. */
double thread_view_span_ns(const struct thread_view *t);

/* More of its own threads want to run than there are CPUs, and it gets most of these. */
bool view_crowds_itself(const struct view *v);

/* view_exchange.c: who exchanged how much with whom, and what a wait in bucket ipc was for. */
void view_add_channels(struct view *v, const struct htab *index);
void view_leave_out_unlisted(const struct view *v, double *process_ipc_ns);
void view_split_ipc(const struct process_view *p, double ipc_ns, double process_ipc_ns,
		    struct time_parts *out);
void view_find_hand_over(struct view *v, const struct htab *index);

/* Of the processes that do the work, the largest: what the kernel says nobody else shares. */
double view_worker_bytes(const struct view *v);

/* PART_LOCK holds more than the waits for locks: the way back to a CPU after them. */
bool view_has_way_back(const struct view *v);

/* "1 usable CPU", "1.5 usable CPUs" */
const char *view_cpu_word(const struct view *v);

/* Could a change to more workers get more CPU? */
bool view_has_spare_cpu(const struct view *v);

#endif
