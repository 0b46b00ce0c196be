// SPDX-License-Identifier: MIT
/* Owns the command, and what is expected of its recording. */
#include "cmd/trial.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "event/sysno.h"
#include "facts/facts_build.h"
#include "record/session.h"

static char *const command[] = { "sleep", "0.1", NULL };

/* What it sleeps, less what may pass between its timer's start and the recorded one. */
#define SLEEP_MIN_NS (95 * NS_PER_MS)

static void feed(void *ctx, const struct event *ev)
{
	model_feed(ctx, ev);
}

static void leave_signals(void)
{
}

static bool hurry(void)
{
	return true;
}

/* A sentence about it, and whether it is right. */
static int judge(const struct facts *f, char **found)
{
	uint64_t sum_ns = 0, sleep_ns, life_ns;

	if (f->thread_cnt != 1) {
		*found = xasprintf("%zu threads in it, not 1", f->thread_cnt);
		return -ENODATA;
	}
	for (int b = 0; b < BUCKET_CNT; b++)
		sum_ns += f->threads[0].time_ns[b];
	sleep_ns = f->threads[0].time_ns[BUCKET_SLEEP];
	life_ns = f->threads[0].lifetime_ns;
	*found = xasprintf("%.0f ms asleep, of %.0f", (double)sleep_ns / NS_PER_MS,
			   (double)life_ns / NS_PER_MS);
	return sum_ns == life_ns && sleep_ns >= SLEEP_MIN_NS ? 0 : -ENODATA;
}

static int record(struct session *s, struct target *target)
{
	int err = session_begin(s);

	if (!err)
		err = target_release(target);
	while (!err && target_reap(target)) {
		target_wait(target, SESSION_STEP_NS);
		session_step(s);
	}
	return err ? err : session_end(s);
}

int trial_run(struct trial *trial)
{
	const struct facts_build_options options = { .sysno_name = sysno_name };
	struct model model;
	struct session_opts opts = {
		.probes.follow_children = true,
		.feed = feed,
		.ctx = &model,
	};
	struct facts_build build;
	struct facts facts = { 0 };
	struct session session;
	struct target target;
	int err = target_launch(&target, command, leave_signals);

	*trial = (struct trial){ 0 };
	if (err)
		return err;
	model_init(&model);
	facts_build_init(&build, &options);
	model_observe(&model, facts_build_observer(&build));
	err = session_open(&session, &target, &opts);
	if (!err) {
		trial->lacks_storage = probes_lack_storage(session.probes);
		err = record(&session, &target);
		session_close(&session);
	}
	target_finish(&target, hurry);
	target_close(&target);
	if (!err) {
		facts_build_take(&build, &model, &facts);
		err = judge(&facts, &trial->found);
		facts_release(&facts);
	}
	facts_build_release(&build);
	model_release(&model);
	return err;
}

void trial_release(struct trial *trial)
{
	free(trial->found);
	*trial = (struct trial){ 0 };
}
