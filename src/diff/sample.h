/* SPDX-License-Identifier: MIT */
/*
 * One recording, as a diff looks at it: what is compared, how much of it is known to be
 * noise, and its threads by role instead of by id.
 *
 *	sample_init() each, sample_add_memory() and sample_join_roles() all together, sample_add_roles() each
 */
#ifndef DIFF_SAMPLE_H
#define DIFF_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/htab.h"
#include "facts/facts.h"

/* All threads of one role, and the processes whose main thread has it. */
struct role_sample {
	const char *name;		/* lent by sample.labels */
	uint32_t threads, processes;
	double life_ns, time_ns[BUCKET_CNT];
	double switches, involuntary;
	double memory_bytes;		/* per process, on average; 0: not known */
	bool has_startup;
	double startup_ns;		/* median of its processes */
};

struct sample {
	const struct facts *facts;	/* lent; judged */
	bool is_run;			/* of a launched command, from its start to its end */
	double wall_ns;			/* of such a run */
	double work_ns;			/* from the first to the last activity of who does the work */
	uint32_t workers;		/* at a time */
	double cpu_ns, life_ns, switches, involuntary;
	double time_ns[BUCKET_CNT];
	bool is_pss;			/* memory_bytes and those of roles; else resident */
	double memory_bytes;		/* of all processes, when they had most */
	bool is_forked;			/* a process shares its memory with one that it forked */
	double shared_bytes;		/* of the one that shares most: who else has the same files open decides */
	bool has_startup;
	double startup_ns;		/* median of all processes */

	double stolen;			/* by the hypervisor, of the CPU time */
	double kept_away;		/* from CPUs that it did not use itself, of the time: what that may have cost */
	double kept_working;		/* the same of work_ns */
	double disturbed;		/* the larger of both */
	double queue_of_others;		/* part of its waits for a CPU that is kept_away */
	double preempted;		/* as many of its involuntary switches */
	double cpus, cpu_error;		/* CPUs in use, and the standard error of that */
	double share_error[GROUP_CNT];	/* the same of the shares of thread time, 0 … 1 */

	char **labels;			/* [facts->thread_cnt] roles */
	struct htab mains;		/* process id -> its main thread's place in labels */
	struct role_sample *roles;
	size_t role_cnt;
};

/* @f is lent for the sample's life. */
void sample_init(struct sample *s, const struct facts *f);

/* What counts as memory has to be the same in all: proportional if all know it. */
void sample_add_memory(struct sample *samples, size_t cnt, bool is_pss);

/*
 * Give the same thing the same name in all samples: a role that is split by habit in
 * one recording ("worker (io)") and not, or otherwise, in another one is whole again, and a lone
 * thread is the main thread where others have one.
 */
void sample_join_roles(struct sample *const *samples, size_t cnt);
void sample_add_roles(struct sample *s);
const struct role_sample *sample_role(const struct sample *s, const char *name);

/* The role of a process is its main thread's; NULL: not known. */
const char *sample_process_role(const struct sample *s, uint32_t pid);
void sample_release(struct sample *s);

#endif
