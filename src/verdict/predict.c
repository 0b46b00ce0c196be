// SPDX-License-Identifier: MIT
/*
 * Owns which of the replayed changes (facts/whatif.h) a verdict mentions, in which
 * order, and what a change costs in memory. Computes no speed of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "verdict/judge.h"
#include "verdict/thresholds.h"

/* Without a lock that costs this little nobody would notice. */
#define LOCK_MIN_GAIN 1.10

static void add_not_predicted(struct fact_verdict *out, const char *change, const char *why)
{
	size_t cnt = out->not_predicted_cnt;

	out->not_predicted = xrealloc(out->not_predicted, (cnt + 1) * sizeof(*out->not_predicted));
	out->not_predicted[cnt] = (struct fact_not_predicted){ xstrdup(change), xstrdup(why) };
	out->not_predicted_cnt++;
}

static double clamp(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

static bool is_change(const struct fact_whatif *w, const char *change)
{
	return w->change && !strcmp(w->change, change);
}

/* More memory per worker, or less. Forked workers need less than this as long as they share it. */
static double more_bytes(const struct view *v, const struct fact_whatif *w)
{
	if (is_change(w, "processes"))
		return view_worker_bytes(v);
	if (is_change(w, "threads") && v->worker_processes > 1)
		return -view_worker_bytes(v);
	return 0;
}

static void add_prediction(const struct view *v, struct fact_verdict *out,
			   const struct fact_whatif *w)
{
	size_t cnt = out->prediction_cnt;
	double high = w->high < 0.01 ? 0.01 : w->high;
	double low = clamp(w->low, 0.01, high);

	out->predictions = xrealloc(out->predictions, (cnt + 1) * sizeof(*out->predictions));
	out->predictions[cnt] = (struct fact_prediction){
		.change = xstrdup(w->change),
		.workers = w->workers,
		.speedup = clamp(w->speedup, low, high),
		.low = low,
		.high = high,
		.worker_bytes = more_bytes(v, w),
		.basis = xstrdup(w->basis ? w->basis : ""),
	};
	out->prediction_cnt++;
}

static bool is_relevant(const struct judgement *j, const struct fact_whatif *w)
{
	if (!w->change)
		return false;
	if (is_change(w, "without-lock"))
		return w->why_not || w->speedup >= LOCK_MIN_GAIN || j->class == CLASS_LOCK_BOUND ||
		       j->class == CLASS_KERNEL_LOCK_BOUND;
	if (is_change(w, "free-threaded"))
		return j->class == CLASS_GIL_BOUND && j->view.is_cpython;
	return true;
}

/* As many workers as CPUs, and one alone, may be the same. */
static bool is_said(const struct fact_verdict *out, const struct fact_whatif *w)
{
	for (size_t i = 0; i < out->prediction_cnt; i++)
		if (is_change(w, out->predictions[i].change) &&
		    out->predictions[i].workers == w->workers)
			return true;
	return false;
}

/* What fits comes first, then the order of the facts. */
static void add_all(const struct judgement *j, struct fact_verdict *out, bool is_fit)
{
	const struct facts *f = j->view.facts;

	for (size_t i = 0; i < f->whatif_cnt; i++) {
		const struct fact_whatif *w = &f->whatif[i];

		if (!is_relevant(j, w) || is_said(out, w) ||
		    is_change(w, verdict_fit_name(j->fit)) != is_fit)
			continue;
		if (w->why_not)
			add_not_predicted(out, w->change, w->why_not);
		else
			add_prediction(&j->view, out, w);
	}
}

void predict(const struct judgement *j, struct fact_verdict *out)
{
	/* It will never finish, or there is next to nothing to compare with. */
	if (judgement_finding(j, "deadlock") || j->class == CLASS_IDLE ||
	    j->class == CLASS_INCONCLUSIVE)
		return;
	if (!j->view.facts->has_whatif) {
		if (j->fit != j->current)
			add_not_predicted(out, verdict_fit_name(j->fit),
					  "the recording was made by an older version of partrace, "
					  "or cut off: it was not replayed");
		return;
	}
	add_all(j, out, true);
	add_all(j, out, false);
	if (j->class == CLASS_IO_BOUND)
		add_not_predicted(out, "workers",
				  "how many requests at once the other end serves can't be seen");
}
