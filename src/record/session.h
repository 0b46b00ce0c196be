/* SPDX-License-Identifier: MIT */
/*
 * One recording, from the first look at the targets to the last record.
 *
 *	idle -> prepared -> recording -> drained
 *	  open()        begin()     end()
 *
 * Hands decoded events to @feed in order of time, starting with EVENT_BEGIN and
 * ending with EVENT_END; analyses nothing. Single-threaded: everything happens
 * in session_begin(), session_step() and session_end().
 */
#ifndef RECORD_SESSION_H
#define RECORD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "event/event.h"
#include "record/counts.h"
#include "record/merge.h"
#include "record/placement.h"
#include "record/probes.h"
#include "record/python_watch.h"
#include "record/requests.h"
#include "record/ring.h"
#include "record/target.h"

/* From one step to the next at most, unless session_pause_ns() says there is more time. */
#define SESSION_STEP_NS (5 * NS_PER_MS)

struct session_opts {
	struct probes_opts probes;
	struct request_function request;	/* with probes.request_function */
	void (*feed)(void *ctx, const struct event *ev);
	void *ctx;
};

struct session {
	struct session_opts opts;
	struct target *target;		/* lent; no pids when all is traced */
	struct probes *probes;
	struct ring *rings;		/* [probes_ring_cnt()] */
	struct merge merge;
	struct placement placement;
	struct counts counts;
	struct python_watch python;
	struct requests requests;
	uint64_t counts_next_ns;

	uint64_t begin_ns, end_ns;
	uint64_t walked_cnt;		/* threads met by the walks */
	uint64_t record_cnt;
	uint64_t looked_ns;		/* when the rings were looked into */
	bool is_quiet;			/* little comes: see session_pause_ns() */
	bool is_behind;			/* see session_was_behind() */
	uint64_t bad_cnt;		/* records that did not decode: a bug, yet no reason to die */

	/* What the BPF programs cost: measured in samples, see session_bpf_ns(). */
	uint64_t sample_until_ns;	/* measuring until then; 0: not */
	uint64_t sample_next_ns;
	uint64_t sampled_ns, sample_begin_ns;
	uint64_t run_ns, run_begin_ns;	/* in the programs: in all samples, and before this one */
};

/* Load and attach; from here on nothing of the targets is missed. Said on failure. */
int session_open(struct session *s, struct target *target, const struct session_opts *opts);

/* Find the threads that already live, and begin to account. */
int session_begin(struct session *s);

/* Take what the rings hold and feed what is old enough. */
void session_step(struct session *s);

/* How long after a step the next one is due: longer while the rings fill slowly. */
uint64_t session_pause_ns(const struct session *s);

/* Stop, exactly at one moment for all threads, and feed the rest. */
int session_end(struct session *s);
void session_close(struct session *s);

/* Was a ring half full since this was asked last? More of that, and records get lost. */
bool session_was_behind(struct session *s);

/* Count no more system calls; what was counted is fed. */
void session_leave_calls(struct session *s);

/* A look at all traced threads: a PAR_TASK each, now. */
int session_look(struct session *s, probes_task_fn fn, void *ctx);

/* A traced process runs CPython. */
void session_watch_python(struct session *s, const struct python_site *site);

/* ... or Ruby. */
void session_watch_gvl(struct session *s, uint32_t pid);

/* Feed what the programs counted since the last time: system calls, traffic; and losses. */
void session_feed_counts(struct session *s);

/* Time spent in the BPF programs so far, extrapolated from the samples. */
uint64_t session_bpf_ns(const struct session *s, uint64_t now_ns);
uint64_t session_lost(const struct session *s);

#endif
