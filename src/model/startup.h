/* SPDX-License-Identifier: MIT */
/*
 * How long a process takes until it works: the moments of its main thread that
 * tell. Private to the model; facts/starts.c judges by them.
 */
#ifndef MODEL_STARTUP_H
#define MODEL_STARTUP_H

#include "model/model.h"

/* @t is on a CPU. */
void startup_run(struct task *t, uint64_t now_ns);

/* A new program: all begins anew, but for the birth. */
void startup_exec(struct process *p);
void startup_step(struct model *m, const struct par_startup *rec);

/* @t began to wait at @start_ns, as @cause says and @what judges. */
void startup_wait(struct task *t, const struct par_cause *cause, const struct wait_what *what,
		  uint64_t start_ns);

#endif
