/* SPDX-License-Identifier: MIT */
/*
 * A model observer that fills struct facts.
 *
 *	facts_build_init(&fb, &options);
 *	model_observe(&m, facts_build_observer(&fb));
 *	… model_feed() …
 *	facts_build_take(&fb, &m, &facts);	at any time, as often as wanted
 *	facts_build_release(&fb);
 *
 * Must go before the model does: it keeps pointers to its tasks.
 */
#ifndef FACTS_FACTS_BUILD_H
#define FACTS_FACTS_BUILD_H

#include "base/htab.h"
#include "facts/cpu_peak.h"
#include "facts/deadlock.h"
#include "facts/facts.h"
#include "facts/request_sum.h"
#include "facts/segments.h"
#include "facts/series.h"
#include "model/model.h"

/*
 * What is kept of locks and channels, most waited for first, of a lock's edges,
 * of a channel's ends. The rest is summed into one more entry, named "… more".
 */
#define FACTS_LOCKS_MAX	   64
#define FACTS_CHANNELS_MAX 64
#define FACTS_EDGES_MAX	   64
#define FACTS_ENDS_MAX	   64
#define FACTS_MEMORY_MAX   32	/* shared mappings, beside the channels */

struct facts_build_options {
	/* NULL, or a function that returns NULL: "syscall_<number>". */
	const char *(*sysno_name)(int sysno);
	const char *request_function;	/* --request: lent; NULL: none */
};

struct facts_build {
	struct facts_build_options options;
	struct observer observer;
	struct thread_sum **threads;	/* [thread_cnt], by task.index, owned; NULL: nothing told yet */
	size_t thread_cnt;
	struct cpu_peak peak;
	struct series series;
	struct request_sum requests;
	struct segments segments;	/* for facts_build_replay() */
	uint64_t begin_ns;
	uint64_t latest_ns;		/* the latest end of a span */
	bool ended;
	uint64_t calls_until_ns;	/* see struct fact_recording; the owner sets it */
	struct htab open;		/* (struct task *, 0) -> struct open_sum, owned */
	struct wait_graph blocked;	/* whom threads waited for when they or the recording ended */
};

void facts_build_init(struct facts_build *fb, const struct facts_build_options *options);

/* Lent for @fb's life. */
const struct observer *facts_build_observer(const struct facts_build *fb);

/*
 * @t has been in @bucket since its last span: the next facts_build_take() counts
 * this, and forgets it. For facts taken while the recording lasts; fits
 * model_peek().
 */
void facts_build_add_open(void *facts_build, const struct task *t, enum bucket bucket,
			  uint64_t start_ns, uint64_t end_ns);

/* Likewise: it waits for what another one has. Fits model_blocked(). */
void facts_build_add_blocked(struct facts_build *fb, const struct blocked *b);

/*
 * Fill @out, which is empty, as things stand. Of out->recording only duration_ns
 * is set: the rest is known to the caller alone. The verdict is left empty.
 * While the recording lasts, each thread's life ends with its latest span, or
 * with what facts_build_add_open() told.
 */
void facts_build_take(struct facts_build *fb, const struct model *m, struct facts *out);

/*
 * Replay the recording, which has ended, under other models: fill out->whatif. @out
 * is complete but for the verdict. Takes some tenths of a second at the most.
 */
void facts_build_replay(const struct facts_build *fb, const struct model *m, struct facts *out);
void facts_build_release(struct facts_build *fb);

#endif
