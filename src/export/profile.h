/* SPDX-License-Identifier: MIT */
/*
 * Stacks in the formats of tools for profiles.
 *
 * folded:     one line per stack, "process;role;cause;object nanoseconds"
 * pprof:      profile.proto, gzipped; sample types time, cpu, wait and waits
 * speedscope: its JSON; per recording the profiles "all", "CPU" and "waiting"
 */
#ifndef EXPORT_PROFILE_H
#define EXPORT_PROFILE_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "base/strbuf.h"
#include "export/stacks.h"

/* What else a profile tells. */
struct profile_about {
	const char *version;		/* of this partrace */
	const char *name;		/* of the first recording's file */
	uint64_t start_wall_ns;		/* of the first recording */
	uint64_t duration_ns;		/* of all together */
	const char *comment;		/* for people; NULL: none */
};

/* All three sort @s. */
void profile_folded(struct stacks *s, FILE *to);

/* The message, not compressed yet. */
void profile_pprof(struct stacks *s, const struct profile_about *about, struct strbuf *out);

/* In gzip's format, as pprof files are. */
void profile_gzip(const struct strbuf *in, FILE *to);

/* Profiles of several recordings gather in one file. Zeroed memory is empty. */
struct speedscope {
	json_t *frames, *profiles;
	json_t *numbers;		/* of the frames, by their names */
};

void speedscope_add(struct speedscope *ss, const char *name, struct stacks *s);
void speedscope_write(struct speedscope *ss, const struct profile_about *about, FILE *to);
void speedscope_release(struct speedscope *ss);

#endif
