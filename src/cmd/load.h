/* SPDX-License-Identifier: MIT */
/* Recordings' facts, read from their files. */
#ifndef CMD_LOAD_H
#define CMD_LOAD_H

#include "facts/facts.h"

/*
 * Fill @f, which is empty before and, after an error, again. The verdict is the one that
 * was stored, to be judged anew. A failure is said here, with @path.
 */
int load_facts(struct facts *f, const char *path);

/* Likewise, of @cnt recordings put together, see facts/combine.h; of one, as it is. */
int load_facts_of_all(struct facts *f, char *const *paths, size_t cnt);

#endif
