/* SPDX-License-Identifier: MIT */
/* A recording's facts, read from its file. */
#ifndef CMD_LOAD_H
#define CMD_LOAD_H

#include "facts/facts.h"

/*
 * Fill @f, which is empty before and, after an error, again. The verdict is the one that
 * was stored, to be judged anew. A failure is said here, with @path.
 */
int load_facts(struct facts *f, const char *path);

#endif
