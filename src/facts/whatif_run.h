/* SPDX-License-Identifier: MIT */
/* What whatif.c and the changes it asks for hand each other. Private to facts/. */
#ifndef FACTS_WHATIF_RUN_H
#define FACTS_WHATIF_RUN_H

#include "facts/facts.h"
#include "facts/replay.h"

/*
 * CPU time until a worker process works: a fork of an interpreter; one that starts anew
 * (spawn, loky) and imports what it needs.
 */
#define FORK_RUNTIME_NS	 8e6
#define SPAWN_RUNTIME_NS 80e6

struct whatif {
	struct facts *facts;
	const struct model *m;
	struct replay r;
	struct replay_model now;	/* the model it was recorded under */
	struct replay_change *changes;	/* [thread_cnt], its */
	double cpus;			/* usable */
	double recorded_ns;		/* the work, on the kept clock; see segments.h */
	double base_ns;			/* the same, replayed as it was */
	double error;			/* of that: 0.1 is 10 % */
	double work_ns;			/* the workers' CPU time */
	double kept;			/* 0 … 1: of the recording, in segments; sums of facts have all */
	double *outside_ns;		/* [thread_cnt]: waits for peers that are not traced */
	bool *in_pool;			/* [thread_cnt]: a worker that is handed its tasks */
	bool *hands_over;		/* [thread_cnt]: is there for what processes exchange */
	uint32_t *crew;			/* [process_cnt]: how many of them each has */
	uint32_t *children;		/* [process_cnt]: processes with workers that it has made */
	uint32_t workers;		/* of the pool, at once */
	uint32_t processes;		/* that have some of the pool */
	uint32_t multi;			/* that have two or more of it */
};

/* How long the work would take at the best, likely, at the worst. */
struct outcome {
	double best_ns, usual_ns, worst_ns;
};

/* How long the work takes under @model; 0: there is no telling. */
double whatif_replay(const struct whatif *w, const struct replay_model *model);

/* A copy of what is now, for a change to change. The caller frees. */
struct replay_change *whatif_copy(const struct whatif *w);
void whatif_add(struct whatif *w, const char *change, uint32_t workers, const char *lock,
		const struct outcome *o, char *basis);
void whatif_refuse(struct whatif *w, const char *change, uint32_t workers, char *why_not);

/* A wait for somebody who is not traced, and might be waited for in another way. */
static inline bool whatif_is_outside(const struct replay_op *op)
{
	return (op->bucket == BUCKET_NETWORK || op->bucket == BUCKET_IPC) &&
	       !(op->flags & SEGMENT_DEPENDS);
}

static inline const struct task *whatif_task(const struct whatif *w, uint32_t thread)
{
	return w->m->all_tasks[thread];
}

/* Messages between members of the tree, on the kept clock. */
struct exchange {
	double messages, bytes;
	double result_bytes;	/* of them, those that a process with worker processes gets */
};

/* whatif_pool.c: mark the workers, and who of them are the pool. */
void whatif_find_pool(struct whatif *w);
struct exchange whatif_exchange(const struct whatif *w);

/* whatif_model.c: from threads to processes, and back. */
double whatif_start_up_ns(const struct whatif *w);	/* CPU time, of all workers */
double whatif_exchange_ns(const struct whatif *w);	/* CPU time, estimated */
void whatif_processes(struct whatif *w);
void whatif_threads(struct whatif *w);

/* Trying a lock again and again before one waits for it, each time, at the best. */
#define LOCK_SPIN_NS 1.5e3

/* whatif_other.c */
/*
 * The part of the workers' CPU time that is left without the waits for @l (NULL: for any),
 * of which each takes what the kernel needs for it, and @more_ns.
 */
double whatif_pace_without(const struct whatif *w, const struct lock *l, double more_ns);
double whatif_fixed_waits_ns(const struct whatif *w);	/* the workers', for I/O and timers */
bool whatif_is_loop(const struct whatif *w);		/* the one worker has an event loop */
void whatif_without_lock(struct whatif *w);
void whatif_free_threaded(struct whatif *w);
void whatif_async(struct whatif *w);
void whatif_workers(struct whatif *w);

#endif
