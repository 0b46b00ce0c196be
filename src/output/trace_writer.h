/* SPDX-License-Identifier: MIT */
/*
 * What the Perfetto UI shows of a recording: a model observer that writes
 * packets.
 *
 *	new -> observer fed by the model, flush … -> verdict -> free
 *
 * In the trace: scheduling and thread states; per thread a slice for each wait;
 * flows from wakers to the woken; counters; one track with the verdict.
 * Failures to write show when the recording is closed.
 */
#ifndef OUTPUT_TRACE_WRITER_H
#define OUTPUT_TRACE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "model/model.h"
#include "output/recording.h"

struct trace_writer_options {
	int64_t boot_offset_ns;		/* CLOCK_BOOTTIME - CLOCK_MONOTONIC */
	int64_t wall_offset_ns;		/* CLOCK_REALTIME - CLOCK_MONOTONIC; 0: not known */
	const char *sysname, *release, *machine;	/* utsname; each may be NULL */
	uint32_t cpu_cnt;		/* 0: not known */
	bool is_light;			/* no arrows from wakers: the scheduling says who woke whom */
};

/* One line below the verdict: "gil-bound", "GIL wait / (GIL wait + CPU) = 0.74". */
struct trace_note {
	const char *title, *text;
};

struct trace_writer;

/* @rec is lent until trace_writer_free(), @opts for the call. */
struct trace_writer *trace_writer_new(struct recording *rec,
				      const struct trace_writer_options *opts);

/* Lent, for model_observe(). */
const struct observer *trace_writer_observer(const struct trace_writer *tw);

/*
 * Hand all that is pending to the recording and the recording's to the file, so
 * that a killed recording lacks little; once a second or so. Doesn't wait.
 */
int trace_writer_flush(struct trace_writer *tw);

/*
 * From the next event on, leave waits, wake-ups and switches out, or take them up again;
 * levels, threads and processes are told all the time.
 */
void trace_writer_pause(struct trace_writer *tw, bool pause);

/* After the model's end. */
void trace_writer_verdict(struct trace_writer *tw, const char *summary,
			  const struct trace_note *notes, size_t note_cnt);

/* Writes what is pending. */
void trace_writer_free(struct trace_writer *tw);

#endif
