/* SPDX-License-Identifier: MIT */
/*
 * Names for what threads do: similar threads get the same role, so that a
 * hundred pool workers are one row of the report.
 */
#ifndef FACTS_ROLE_H
#define FACTS_ROLE_H

#include "facts/facts.h"

/* Fill every thread's role from names, the process tree and the time_ns. */
void roles_assign(struct facts *f);

/*
 * "worker-2" -> "worker", "Thread-1 (work" -> "Thread": the part of a thread's
 * name that its siblings share. Writes at most @size bytes; a name that is
 * all number stays whole.
 */
void role_stem(char *out, size_t size, const char *name);

#endif
