/* SPDX-License-Identifier: MIT */
/*
 * The way back from trace_writer.h: what the threads of a recording did, out of
 * its packets. Knows what partrace writes; other traces tell it little or nothing.
 */
#ifndef OUTPUT_TRACE_READER_H
#define OUTPUT_TRACE_READER_H

#include <stdint.h>

#include "model/bucket.h"

/* A wait. Times are since the recording's start; strings are lent, and NULL for what is not known. */
struct trace_wait {
	uint32_t pid, tid;
	uint64_t start_ns, end_ns;
	enum bucket bucket;
	const char *name;		/* as the slice is called */
	const char *syscall, *object, *lock, *channel;
};

/* A stretch on a CPU. Of threads that are not traced, too: they are in no facts. */
struct trace_run {
	uint32_t cpu, tid;
	uint64_t start_ns, end_ns;
};

struct trace_visitor {
	void *ctx;
	void (*wait)(void *ctx, const struct trace_wait *w);
	void (*run)(void *ctx, const struct trace_run *r);
};

/*
 * Read the recording at @path, of @duration_ns, and tell @v: each thread's waits and
 * each CPU's stretches in order of time. Nothing goes past the duration. Whoever runs
 * on a CPU first is told to have done so since the start, if nothing is known of
 * before. Returns what recording_each_unpacked() does; what came before an error was told.
 */
int trace_read(const char *path, uint64_t duration_ns, const struct trace_visitor *v);

#endif
