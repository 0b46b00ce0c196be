/* SPDX-License-Identifier: MIT */
/*
 * Recordings in other tools' formats.
 *
 *	begin -> add, once per recording -> end -> release
 */
#ifndef EXPORT_EXPORT_H
#define EXPORT_EXPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/strbuf.h"
#include "export/profile.h"
#include "export/rows.h"
#include "export/stacks.h"
#include "facts/facts.h"

enum export_format {
	EXPORT_FOLDED,
	EXPORT_PPROF,
	EXPORT_SPEEDSCOPE,
	EXPORT_CSV,
	EXPORT_JSON,
	EXPORT_NDJSON,

	EXPORT_CNT
};

/* "folded", …; the way back: -1 if there is none of that name. */
const char *export_format_name(enum export_format format);
int export_format_from_name(const char *name);

struct export
{
	enum export_format format; /* this and the next three are the caller's */
	FILE *to; /* errors are for it to look for */
	uint64_t window_ns; /* of rows */
	const char *version; /* of this partrace */

	struct rows rows;
	struct stacks stacks; /* of all recordings together; speedscope's apart */
	struct speedscope speedscope;
	struct profile_about about;
	struct strbuf comment;
};

void export_begin(struct export *e);

/*
 * The recording at @path, lent until the end, whose facts are @f, judged. -E2BIG: too
 * many rows; -EBADMSG: the trace is damaged; or what trace_read() says. Nothing can be
 * added after an error.
 */
int export_add(struct export *e, const char *path, const struct facts *f);
void export_end(struct export *e);
void export_release(struct export *e);

#endif
