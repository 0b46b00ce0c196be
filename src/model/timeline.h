/* SPDX-License-Identifier: MIT */
/*
 * Splits a thread's life into spans. Private to the model.
 *
 *	          out            wake          in
 *	 RUNNING ----> BLOCKED ------> READY -----> RUNNING
 *	    |                            ^
 *	    +--------- preempted --------+
 *
 * Everything before timeline->since_ns is told; each step tells what lies between
 * that and its own time, so a gap or an overlap cannot arise, whatever is lost.
 */
#ifndef MODEL_TIMELINE_H
#define MODEL_TIMELINE_H

#include "model/task_table.h"

/* How it stood at the attach. */
void timeline_start(struct model *m, struct task *t, const struct par_task *rec);

/* Back on a CPU at @now_ns: tell the stretch before, the wait and the queue. */
void timeline_run(struct model *m, struct task *t, const struct par_cycle *rec);

/* Before what is told next, these cycles were lost. */
void timeline_missed(struct task *t, const struct par_missed *missed);

/* The recording ends while it is in the state that @rec says. */
void timeline_open(struct model *m, struct task *t, const struct par_task *rec);

/* What is counted of that system call; @sysno is not negative. */
struct syscall_count *syscall_count_get(struct model *m, int32_t sysno);

/* See model_peek(). */
void timeline_peek(const struct model *m, const struct task *t, const struct par_task *rec,
		   model_stretch_fn fn, void *ctx);

/* See model_blocked(). */
bool timeline_blocked(const struct model *m, const struct task *t, const struct par_task *rec,
		      struct blocked *out);

/* It left its CPU for ever. */
void timeline_exit(struct model *m, struct task *t, uint64_t now_ns);

/* All that is known of it ends here, as its last record is lost. */
void timeline_abandon(struct model *m, struct task *t, uint64_t now_ns);

#endif
