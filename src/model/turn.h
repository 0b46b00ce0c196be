/* SPDX-License-Identifier: MIT */
/* The turns of event loops. Private to the model. */
#ifndef MODEL_TURN_H
#define MODEL_TURN_H

#include "model/model.h"

/* A long one has ended, or the thread's first poll has. */
void turn_end(struct model *m, const struct par_turn *rec);

/* The recording ends, maybe in the middle of one. */
void turn_open(struct model *m, const struct task *t, const struct par_task *rec);

/* The thread ends: what it did since its last poll was no turn. */
void turn_exit(struct model *m, const struct task *t, const struct par_exit *rec);

#endif
