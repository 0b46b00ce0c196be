/* SPDX-License-Identifier: MIT */
/*
 * The global locks of a process's CPythons. The main interpreter's lies in a range
 * that the runtime event tells, and which word it is, is learnt from waits. From 3.12
 * on a sub-interpreter may have one of its own, anywhere; its waits tell it apart by
 * their shape. Private to the model.
 */
#ifndef MODEL_GIL_H
#define MODEL_GIL_H

#include "model/model.h"

/* What a thread of @p waits for: learn from it where its process's GILs are. */
void gil_learn(struct process *p, const struct wait_calls *calls, const struct par_cause *cause);

/* A new runtime: what was learnt of the old one is void. */
void gil_forget(struct process *p);

/* The child begins as a copy. */
void gil_inherit(struct process *child, const struct process *parent);

#endif
