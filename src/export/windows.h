/* SPDX-License-Identifier: MIT */
/*
 * What each thread did in each window of the recording. CPU time and waits are the
 * trace's; the rest of a thread's life in a window is waiting for a CPU, so that a
 * window's columns add up to that life exactly. User and kernel time, and run queue
 * and quota, are not told apart in the trace.
 */
#ifndef EXPORT_WINDOWS_H
#define EXPORT_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "export/threads.h"
#include "facts/facts.h"

enum window_column {
	COLUMN_CPU,
	COLUMN_CPU_WAIT,
	COLUMN_GIL,		/* from here on one for each bucket of waiting, in their order */
	COLUMN_CNT = COLUMN_GIL + BUCKET_CNT - BUCKET_GIL
};

/* "cpu", "cpu_wait", "gil", … */
const char *window_column_name(enum window_column c);

/* A thread's windows. */
struct thread_windows {
	uint64_t first;			/* number of the first one; they begin at multiples of the width */
	size_t cnt;
	uint64_t (*ns)[COLUMN_CNT];	/* [cnt] */
};

struct windows {
	uint64_t width_ns;
	struct threads threads;
	struct thread_windows *of;	/* [f->thread_cnt] */
};

/* More windows than this, of all threads, are refused. */
#define WINDOWS_MAX (2u << 20)

/*
 * Read the trace at @path, whose facts are @f, lent. @wanted: which threads, NULL for all;
 * the others have no windows. -E2BIG: WINDOWS_MAX; or what
 * trace_read() says. Release it in any case.
 */
int windows_read(struct windows *w, const char *path, const struct facts *f, uint64_t width_ns,
		 const bool *wanted);

/* Likewise for recordings put together: @paths has one for each of the facts' parts. */
int windows_read_all(struct windows *w, const char *const *paths, size_t path_cnt,
		     const struct facts *f, uint64_t width_ns, const bool *wanted);
void windows_release(struct windows *w);

#endif
