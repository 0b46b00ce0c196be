/* SPDX-License-Identifier: MIT */
/* A recording's facts for the commands that work offline. */
#ifndef CMD_LOAD_H
#define CMD_LOAD_H

#include "facts/facts.h"

/*
 * The last facts in the recording at @path, without their verdict: judging is the
 * caller's. On failure, said, @f is empty, as before.
 */
int load_facts(struct facts *f, const char *path);

#endif
