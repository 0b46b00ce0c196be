/* SPDX-License-Identifier: MIT */
/*
 * From a session's events to a recording: the model, the facts and the trace,
 * joined. A file gets its interim facts from time to time.
 *
 * Call order: open, begin, step …, end, close. After a failure: close.
 */
#ifndef CMD_COLLECTOR_H
#define CMD_COLLECTOR_H

#include <stdbool.h>

#include "cmd/about.h"
#include "cmd/budget.h"
#include "cmd/inspect.h"
#include "facts/facts_build.h"
#include "facts/slo.h"
#include "model/model.h"
#include "output/recording.h"
#include "output/trace_writer.h"
#include "record/session.h"

/* What the user wants of it. */
struct collector_opts {
	struct probes_opts probes;
	struct request_function request;	/* with probes.request_function */
	const char *request_name;	/* of that function; lent; NULL: none */
	struct slo slo;
	double max_overhead;		/* of one CPU; 0: no limit */
};

struct collector {
	struct about about;
	struct slo slo;
	struct inspect inspect;
	struct model model;
	struct facts_build build;
	struct recording file;
	struct trace_writer *writer;
	struct session session;
	const char *path;		/* of the file; lent */
	bool file_open, session_open, has_begun;
	bool lacks_memory;		/* of a target: it may not be looked into */
	struct budget budget;
	double max_overhead;
	uint64_t left_out_ns;		/* of the timeline in the trace, until ... */
	uint64_t left_out_since_ns;	/* ... then; 0: it is written */
	uint64_t cpu0_ns;		/* own CPU time at the begin */
	uint64_t interim_ns, interim_step_ns;	/* when interim facts are due, and how often */
};

/* @target, @path and @about's pointers are lent. Said on failure. */
int collector_open(struct collector *c, struct target *target, const struct about *about,
		   const struct collector_opts *opts, const char *path);
int collector_begin(struct collector *c);

/* Said on failure: the file can't be written any more. */
int collector_step(struct collector *c);

/* How long after a step the next one is due. */
uint64_t collector_pause_ns(const struct collector *c, uint64_t now_ns);

/* Stop; fill @facts, verdict included; complete the file. Said on failure. */
int collector_end(struct collector *c, struct facts *facts);

/* As if it had never begun. */
void collector_forget(struct collector *c);

/* A recording that never began leaves no file; one that was not ended, its .partial. */
void collector_close(struct collector *c);

/* Own cost so far, as a fraction of one CPU. */
double collector_overhead(const struct collector *c, uint64_t now_ns);

#endif
