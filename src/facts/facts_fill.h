/* SPDX-License-Identifier: MIT */
/* facts_build's second half: what the model itself counts, as facts. */
#ifndef FACTS_FACTS_FILL_H
#define FACTS_FACTS_FILL_H

#include "facts/facts.h"

void fill_processes(struct facts *out, const struct model *m, uint64_t begin_ns);
void fill_locks(struct facts *out, const struct model *m);
void fill_channels(struct facts *out, const struct model *m);
void fill_syscalls(struct facts *out, const struct model *m, const char *(*sysno_name)(int));

#endif
