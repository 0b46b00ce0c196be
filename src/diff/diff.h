/* SPDX-License-Identifier: MIT */
/*
 * What changed between recordings, what of it is noise, and did the prediction hold?
 * A pure function of facts. docs/diff.md describes the metrics and the statistics.
 *
 * Processes and threads are matched by role; several recordings of a side count as
 * repetitions of one thing.
 */
#ifndef DIFF_DIFF_H
#define DIFF_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/interval.h"
#include "facts/facts.h"

enum diff_unit {
	DIFF_NS,
	DIFF_BYTES,
	DIFF_COUNT,
	DIFF_PER_SECOND,
	DIFF_CPUS,		/* CPU time per time */
	DIFF_PERCENT,		/* of thread time; a change is in percentage points */
};

struct diff_row {
	const char *metric;	/* "wall", "gil", "group:lock"; static */
	char *role;		/* NULL: the whole program */
	enum diff_unit unit;
	bool has_before, has_after;
	double before, after;	/* typical of its side's recordings */
	bool has_ratio;
	struct range ratio;	/* after / before */
	struct range change;	/* after - before; a range only if both are known */
	bool is_significant;	/* more than noise */
	struct contrast contrast; /* logarithms for ratios, else points; freedom 0: none */
	size_t needed;		/* recordings of each side that would show such a change; 0: not known */
};

enum diff_fate { DIFF_SAME, DIFF_APPEARED, DIFF_WENT, DIFF_GREW, DIFF_SHRANK };

/* What is known of a lock or a channel on one side: per recording, on average. */
struct diff_use {
	double waits, wait_ns;	/* channels: wait_ns alone, of both ends */
	double share;		/* of thread time, percent */
	double messages, bytes;	/* channels */
};

/* All locks, or all channels, that are the same thing but for addresses and ids. */
struct diff_object {
	char *kind;		/* "mutex", "pipe" */
	char *name;		/* "GIL of python3"; "result queue … (worker to main)" */
	struct diff_use before, after;
	enum diff_fate fate;	/* beyond noise */
	struct contrast contrast; /* freedom 0: none */
};

/* A role's threads, per recording. */
struct diff_role {
	char *role;
	double threads_before, threads_after;
	double processes_before, processes_after;
};

struct diff_prediction {
	char *change;		/* NULL: BEFORE carried none for this change */
	uint32_t workers;
	char *lock;		/* of "without-lock"; else NULL */
	struct range predicted;
	struct range achieved;	/* throughput */
	bool has_achieved;
	enum { DIFF_HELD, DIFF_NEARLY, DIFF_LESS, DIFF_MORE } outcome; /* NEARLY: within noise */
};

struct diff_side {
	size_t recordings;
	char *command;		/* of the first one; NULL: not known */
	enum verdict_fit model;
	enum verdict_class class;
	uint32_t workers;	/* at a time */
};

struct diff {
	struct diff_side before, after;
	bool is_run;		/* all recordings are whole runs of a command */
	char *summary;		/* one line */
	struct diff_row *rows;	/* [row_cnt]: the program's metrics, groups, buckets, then roles */
	size_t row_cnt;
	struct diff_role *roles;
	size_t role_cnt;
	struct diff_object *locks, *channels; /* most waited for, most used first */
	size_t lock_cnt, channel_cnt;
	struct diff_prediction prediction;
	char **notes;		/* [note_cnt], what limits the comparison, in sentences */
	size_t note_cnt;
};

/* @before, @after: one recording or more, judged. @out is empty before. */
void diff_compare(struct diff *out, const struct facts *before, size_t before_cnt,
		  const struct facts *after, size_t after_cnt);
void diff_release(struct diff *d);

/* Which of a side's recordings to draw where only one can be: that of median length. */
size_t diff_typical(const struct facts *facts, size_t cnt);

/* @role NULL: the whole program's. NULL: there is no such row. */
const struct diff_row *diff_row(const struct diff *d, const char *metric, const char *role);

const char *diff_unit_name(enum diff_unit unit);
const char *diff_fate_name(enum diff_fate fate);

#endif
