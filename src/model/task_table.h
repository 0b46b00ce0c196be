/* SPDX-License-Identifier: MIT */
/*
 * Threads and processes: who lives, under which name, since when. Private to the
 * model. `find` may return NULL, `get` never does.
 */
#ifndef MODEL_TASK_TABLE_H
#define MODEL_TASK_TABLE_H

#include "model/model.h"

/* Where a live thread stands in its life. */
enum phase {
	PHASE_RUNNING,
	PHASE_READY,		/* preempted, or not yet run at all */
	PHASE_BLOCKED,
};

struct timeline {
	enum phase phase;
	uint64_t since_ns;	/* all before is accounted for */
	uint64_t ran_ns;	/* length of the last stretch on a CPU */
	uint16_t cpu;		/* where it is, or was last */
	bool switched;		/* has left or entered a CPU inside the recording */
	struct par_cause cause;	/* blocked since before the attach: why */
	uint16_t out_state;
	struct par_missed missed;	/* cycles that were lost since then */
	struct par_cause last_cause;	/* of the last wait, for restart_syscall(2) */
	uint64_t utime0_ns, stime0_ns, min_flt0, maj_flt0;

	/* Waits for a GIL that its own timer ended: one episode, still open. */
	struct lock *episode;
	uint64_t episode_ns;
};

struct task *task_find(const struct model *m, uint32_t tid);

/* It may run again soon: task_find() finds it faster. */
void task_ran(struct model *m, struct task *t);

struct process *process_find(const struct model *m, uint32_t pid);

/*
 * Whom @process means by @tid, which it may write in a lock: inside of a pid namespace its
 * threads have numbers of their own. Itself, if they have not.
 */
uint32_t task_tid_of(const struct model *m, const struct process *process, uint32_t tid);

/* @t is known as @ns_tid in there; 0: it has no other number. */
void task_set_ns_tid(struct model *m, const struct task *t, uint32_t ns_tid);

/* A new process is born at @ts_ns, or was there already if that is before the begin. */
struct process *process_get(struct model *m, uint32_t pid, uint64_t ts_ns);

/* Likewise; a tid that now belongs to another process is a new thread. */
struct task *task_get(struct model *m, uint32_t tid, uint32_t pid, uint64_t ts_ns);

void task_rename(struct model *m, struct task *t, const char *comm);

/* Make sure that the observers know it: called before anything is said of it. */
void task_announce(struct model *m, struct task *t);

/* The thread's life ends at @ts_ns; its time must be accounted for up to there. */
void task_finish(struct model *m, struct task *t, uint64_t ts_ns);

#endif
