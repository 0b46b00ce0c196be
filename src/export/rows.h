/* SPDX-License-Identifier: MIT */
/*
 * Tables: one row per thread and window, for data bases and data frames. The columns
 * are the same in all three formats, and described in docs/fleet.md.
 */
#ifndef EXPORT_ROWS_H
#define EXPORT_ROWS_H

#include <stdint.h>
#include <stdio.h>

#include "facts/facts.h"

enum rows_format {
	ROWS_CSV,		/* RFC 4180, with a header, lines ending in \n */
	ROWS_JSON,		/* one array of objects */
	ROWS_NDJSON,		/* one object per line */
};

struct rows {
	enum rows_format format;
	FILE *to;		/* the caller's; errors are for it to look for */
	uint64_t width_ns;	/* of a window */
	uint64_t cnt;		/* rows so far */
};

void rows_begin(struct rows *r);

/* The rows of the recording at @path, whose facts are @f, judged. Returns what windows_read() does. */
int rows_add(struct rows *r, const char *path, const struct facts *f);
void rows_end(struct rows *r);

#endif
