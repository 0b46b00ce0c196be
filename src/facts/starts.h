/* SPDX-License-Identifier: MIT */
/* How a process was started, how long that took, and how it ended. */
#ifndef FACTS_STARTS_H
#define FACTS_STARTS_H

#include "facts/facts.h"
#include "model/model.h"

/* Fill what docs/facts.md says of a process's start and end into @out. */
void starts_fill(struct fact_process *out, const struct model *m, const struct process *p);

#endif
