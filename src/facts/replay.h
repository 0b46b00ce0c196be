/* SPDX-License-Identifier: MIT */
/*
 * A discrete-event replay of recorded threads on a number of CPUs, under a model
 * that need not be the one they were recorded under.
 *
 * Each thread does its operations in order: it runs, or it waits, for a time or
 * until another thread has got to where its wake-up came from. Threads that are
 * ready share the CPUs, first come first served, in turns of REPLAY_TURN_NS; who
 * has waited goes before those that have run, as under any fair scheduler. Threads
 * of a group run one at a time for the share of their CPU time in which they need
 * what the group shares: an interpreter's global lock, an event loop.
 *
 * Pure. It always ends: where threads would wait for each other in a circle, which no
 * recording says but one with errors in it, they are let go, and that is counted; where
 * more happens than in any whole recording, it gives up. Times are nanoseconds.
 */
#ifndef FACTS_REPLAY_H
#define FACTS_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "facts/segments.h"

#define REPLAY_TURN_NS 3000000.0

struct replay_op {
	uint64_t ns : 48, bucket : 8, flags : 8;	/* enum segment_flags */
	uint32_t lock;
	uint32_t waker;			/* SEGMENT_DEPENDS: thread + 1; 0: nobody, so it lasts @ns */
};

/* At this point of its life a thread lets another one go on. */
struct replay_wake {
	uint32_t at;			/* its operation */
	uint32_t thread, op;		/* whose wait ends, and which */
	uint64_t after_ns;		/* into the operation, if that runs */
};

struct replay_thread {
	uint32_t op, op_cnt;		/* place in replay.ops */
	uint32_t wake, wake_cnt;	/* place in replay.wakes */
	uint32_t process;		/* number of its process, from 0 on */
	bool is_worker;
	uint64_t run_ns;		/* of its operations */
};

struct replay {
	struct replay_thread *threads;
	uint32_t thread_cnt;
	struct replay_op *ops;
	uint32_t op_cnt;
	struct replay_wake *wakes;	/* per thread, in its order */
	uint32_t wake_cnt;
};

/* What differs per thread from what was recorded. Zeroed: nothing. */
struct replay_change {
	uint32_t group;			/* from 1 on; 0: none */
	double held;			/* 0 … 1: of its CPU time, needs the group's lock */
	double skip_ns;			/* CPU time that it doesn't need, from its beginning on */
	double add_ns;			/* CPU time that it needs in addition, at its beginning */
	double pace;			/* CPU time times this; 0: as recorded */
};

struct replay_model {
	double cpus;			/* > 0 */
	double switch_ns;		/* a group's lock is passed on after this; 0: never by force */
	uint32_t group_cnt;
	const struct replay_change *changes;	/* [thread_cnt]; NULL: none */
	bool no_private;		/* locks that processes don't share are gone */
	uint32_t no_lock;		/* the lock of this number is gone; 0: none */
};

struct replay_result {
	double first_ns, last_ns;	/* the workers' first and last work */
	double run_ns;			/* of all threads */
	uint32_t forced;		/* waits that nobody would have ended */
	bool is_broken;			/* too many of these, or of events: no result */
};

void replay_run(const struct replay *r, const struct replay_model *m, struct replay_result *out);
void replay_release(struct replay *r);

/* The recorded threads and what they did, from @m's all_tasks. Workers are the caller's to mark. */
void replay_init(struct replay *r, const struct segments *s, const struct model *m);

#endif
