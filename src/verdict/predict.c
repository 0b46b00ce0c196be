// SPDX-License-Identifier: MIT
/*
 * Owns the predictions: what the recorded work would have taken under another
 * model, from its own CPU times and waits. Where that is not known from a
 * recording it says so, and why.
 *
 *	T   what the work took, from the first to the last activity of a worker
 *	S   CPU time of the workers; C usable CPUs; W workers
 *	T'  = max(S / min(C, W), (S + waits that stay) / W) + idle time that stays
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "verdict/judge.h"
#include "verdict/thresholds.h"

/* Starting, feeding and ending processes: 3 % is good, 10 % is still usual. */
#define HAND_OVER_USUAL 1.03
#define HAND_OVER_HIGH  1.10

/* Workers that wait this much are worth more processes than CPUs. */
#define WAITS_WORTH 0.20

struct estimate {
	double work_ns; /* S */
	double waits_ns; /* that stay, of all workers */
	double longest_ns; /* CPU and waits of the worker with the most */
	double idle_ns; /* that stays, on average */
	double workers;
};

static void add_not_predicted(struct fact_verdict *out, const char *change, char *why)
{
	size_t cnt = out->not_predicted_cnt;

	out->not_predicted = xrealloc(out->not_predicted, (cnt + 1) * sizeof(*out->not_predicted));
	out->not_predicted[cnt] = (struct fact_not_predicted){ xstrdup(change), why };
	out->not_predicted_cnt++;
}

static double clamp(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

static void add_prediction(struct fact_verdict *out, const char *change, uint32_t workers,
			   double low, double speedup, double high, char *basis)
{
	size_t cnt = out->prediction_cnt;

	high = high < 0.01 ? 0.01 : high;
	low = clamp(low, 0.01, high);
	out->predictions = xrealloc(out->predictions, (cnt + 1) * sizeof(*out->predictions));
	out->predictions[cnt] = (struct fact_prediction){
		.change = xstrdup(change),
		.workers = workers,
		.speedup = clamp(speedup, low, high),
		.low = low,
		.high = high,
		.basis = basis,
	};
	out->prediction_cnt++;
}

/* What stays when waits in @gone go. Idle time at the ends of the work goes too. */
static struct estimate estimate(const struct view *v, enum part gone)
{
	struct estimate e = { .work_ns = v->work.ns[PART_CPU] };
	double idle = 0;

	for (size_t i = 0; i < v->thread_cnt; i++) {
		const struct thread_view *t = &v->threads[i];
		double busy_ns = (double)t->fact->last_cpu_ns - (double)t->fact->first_cpu_ns;
		double ends = (double)t->fact->lifetime_ns - busy_ns, stays;

		if (!t->is_worker)
			continue;
		stays = t->active_ns - t->time.ns[gone] - t->time.ns[PART_QUEUE] -
			t->time.ns[PART_CPU];
		e.waits_ns += stays;
		if (stays + t->time.ns[PART_CPU] > e.longest_ns)
			e.longest_ns = stays + t->time.ns[PART_CPU];
		if (t->time.ns[PART_IDLE] > ends)
			idle += t->time.ns[PART_IDLE] - (ends > 0 ? ends : 0);
	}
	e.workers = v->workers;
	e.idle_ns = v->workers ? clamp(idle / v->workers, 0, v->window_ns) : 0;
	return e;
}

/* Per process that would be added: what the kernel says no one else shares. */
static uint64_t worker_bytes(const struct view *v)
{
	const struct fact_process *p = v->gil ? v->gil->fact : NULL;

	if (!p)
		return 0;
	return p->private_bytes ? p->private_bytes : p->rss_bytes;
}

/* What the workers got of the CPU time they asked for, where others took the rest. */
static double granted_share(const struct judgement *j)
{
	const double *ns = j->view.work.ns;

	if (!judgement_finding(j, "machine-busy"))
		return 1;
	return ratio(ns[PART_CPU], ns[PART_CPU] + ns[PART_QUEUE]);
}

static void predict_processes(const struct judgement *j, struct fact_verdict *out)
{
	const struct view *v = &j->view;
	struct estimate e = estimate(v, PART_GIL);
	bool waits_much = e.waits_ns > WAITS_WORTH * e.work_ns;
	double cpus = ceil(v->usable);
	double workers = waits_much || v->workers < cpus ? v->workers : cpus;
	double capacity = v->usable < workers ? v->usable : workers;
	double best = e.work_ns / capacity, spread = (e.work_ns + e.waits_ns) / workers, worst;
	double high, low, usual;
	uint64_t bytes = worker_bytes(v);
	struct strbuf basis = { 0 };

	best = (spread > best ? spread : best) + e.idle_ns;
	worst = best > e.longest_ns + e.idle_ns ? best : e.longest_ns + e.idle_ns;
	if (v->usable < 2 || best <= 0)
		return;
	if (bytes)
		strbuf_addf(&basis, "about +%.0f MB of memory per worker; ", (double)bytes / 1e6);
	strbuf_addf(&basis,
		    "%.2f s of CPU and %.2f s of other waits over %.0f workers and %.4g CPUs, "
		    "against the %.2f s it took; bounds: no cost of handing over and even shares, "
		    "10 %% and today's shares",
		    e.work_ns / 1e9, e.waits_ns / 1e9, workers, v->usable, v->window_ns / 1e9);
	high = v->window_ns / best < workers ? v->window_ns / best : workers;
	low = v->window_ns * granted_share(j) / (worst * HAND_OVER_HIGH);
	usual = v->window_ns / ((best + worst) / 2 * HAND_OVER_USUAL);
	if (granted_share(j) < 1)
		usual = (low + high) / 2;
	add_prediction(out, "processes", (uint32_t)workers, low, usual, high, strbuf_take(&basis));
}

static void predict_without_lock(const struct judgement *j, struct fact_verdict *out)
{
	const struct view *v = &j->view;
	enum part p = j->class == CLASS_LOCK_BOUND ? PART_LOCK : PART_KERNEL_LOCK;
	struct estimate e = estimate(v, p);
	double capacity = v->usable < v->workers ? v->usable : v->workers;
	double best = e.work_ns / (capacity >= 1 ? capacity : 1), high;
	/* Where others use the CPUs, the queue stays and may grow. */
	double sure = granted_share(j) < 1 ? 0 : 0.5;

	best = (best > e.longest_ns ? best : e.longest_ns) + e.idle_ns;
	if (best <= 0)
		return;
	high = v->window_ns / best;
	if (high < 1)
		high = 1;
	add_prediction(out, "without-lock", v->workers, 1 + (high - 1) * sure,
		       1 + (high - 1) * (sure + 0.4), high,
		       xasprintf("the same %.2f s of CPU and %.2f s of other waits without the "
				 "waits for locks, against the %.2f s it took; low bound: %s of "
				 "the gain",
				 e.work_ns / 1e9, e.waits_ns / 1e9, v->window_ns / 1e9,
				 sure > 0 ? "half" : "none"));
}

static void say_undivided(const struct judgement *j, struct fact_verdict *out)
{
	const struct view *v = &j->view;

	add_not_predicted(
		out, verdict_fit_name(j->fit),
		xasprintf("whether the work of the one thread divides can't be seen from "
			  "outside; if all of it does, %.4g CPUs make it at most %.4gx as "
			  "fast",
			  v->usable, v->usable));
}

static void predict_cpu(const struct judgement *j, struct fact_verdict *out)
{
	const struct view *v = &j->view;
	double more = ratio(v->usable, v->cpus_busy);

	if (j->fit == FIT_ASYNC)
		return;		/* it keeps up; more would wait for more requests */
	if (v->usable < 2) {
		add_not_predicted(out, "workers",
				  xstrdup("one usable CPU is in use already; what a second one "
					  "would bring was not seen"));
		return;
	}
	if (j->current == FIT_SINGLE || j->current == FIT_ASYNC)
		say_undivided(j, out);
	else if (j->fit == FIT_PROCESSES && j->current == FIT_THREADS)
		predict_processes(j, out);
	else if (v->workers < v->usable && more > 1.2 && v->overlap >= OVERLAP_MIN)
		add_prediction(
			out, "workers", (uint32_t)v->usable, 1 + (more - 1) * 0.5,
			1 + (more - 1) * 0.85, more,
			xasprintf("%u workers use %.2f of %.4g CPUs; bounds: half and all of "
				  "the CPUs that are left become work done",
				  v->workers, v->cpus_busy, v->usable));
}

void predict(const struct judgement *j, struct fact_verdict *out)
{
	const struct view *v = &j->view;

	/* It will never finish: no speed to compare with. */
	if (judgement_finding(j, "deadlock"))
		return;
	switch (j->class) {
	case CLASS_GIL_BOUND:
		if (v->usable < 2)
			add_not_predicted(out, "processes",
					  xstrdup("with one usable CPU processes take turns on it "
						  "as the threads do on the GIL"));
		else
			predict_processes(j, out);
		if (v->is_cpython)
			add_not_predicted(
				out, "free-threaded",
				xstrdup("how fast a free-threaded build runs this code, and "
					"whether its extensions allow it, is not in a "
					"recording of this one"));
		break;
	case CLASS_CPU_BOUND:
		predict_cpu(j, out);
		break;
	case CLASS_LOCK_BOUND:
	case CLASS_KERNEL_LOCK_BOUND:
		predict_without_lock(j, out);
		break;
	case CLASS_IO_BOUND:
		add_not_predicted(out, j->fit == FIT_ASYNC ? "async" : "workers",
				  xstrdup("how many requests at once the other end serves can't be "
					  "seen from this one"));
		break;
	case CLASS_OVERSUBSCRIBED:
		add_not_predicted(
			out, "workers",
			xstrdup("fewer workers do the same work on the same CPUs; how much "
				"they gain in caches is not in a recording"));
		break;
	case CLASS_IPC_BOUND:
		add_not_predicted(
			out, "threads",
			xstrdup("how much of the CPU goes into copying is only estimated"));
		break;
	default:
		break;
	}
}
