// SPDX-License-Identifier: MIT
/*
 * Owns what is said in words: the one line that says it all, the prediction that it is held
 * against, and what limits the comparison.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/xalloc.h"
#include "diff/compare.h"

/* A lock that AFTER waits for a tenth as long, or less, is gone. */
#define LOCK_GONE 0.1

/* What is as predicted within this needs no range to be believed. */
#define CLOSE 0.15

#define LOST_MAX_SHARE 0.001

/* Below is what waking up costs. */
#define KEPT_AWAY_NOTED 0.05

/* Two runs are as long as each other; one took much more CPU time than the other. Ratios. */
#define AS_LONG	 1.05
#define MUCH_CPU 1.25

static bool is_free_threaded(const struct facts *f)
{
	for (size_t i = 0; i < f->process_cnt; i++)
		if (f->processes[i].free_threaded && !f->processes[i].global_lock)
			return true;
	return false;
}

/* What the step from before to after is called in facts.whatif; NULL: it has no name there. */
static const char *change_of(const struct comparison *c, const struct diff *d)
{
	bool was_free = is_free_threaded(c->before[0].facts);

	if (!was_free && is_free_threaded(c->after[0].facts))
		return "free-threaded";
	if (d->after.model == FIT_SINGLE)
		return d->before.model == FIT_SINGLE ? NULL : "workers";
	if (d->after.model != d->before.model)
		return verdict_fit_name(d->after.model);
	if (d->after.workers != d->before.workers)
		return "workers";
	return "without-lock";
}

/* Is @lock, as one recording names it, gone or nearly so? */
static bool is_lock_gone(const struct comparison *c, const char *lock)
{
	double before = 0, after = 0;

	for (size_t i = 0; i < c->before_cnt; i++)
		for (size_t j = 0; j < c->before[i].facts->lock_cnt; j++) {
			const struct fact_lock *l = &c->before[i].facts->locks[j];

			if (l->name && !strcmp(l->name, lock))
				before += (double)l->contended_ns / (double)c->before_cnt;
		}
	/* It may have another address: any lock waited for as long could be it. */
	for (size_t i = 0; i < c->after_cnt; i++)
		for (size_t j = 0; j < c->after[i].facts->lock_cnt; j++)
			after = fmax(after, (double)c->after[i].facts->locks[j].contended_ns);
	return before > 0 && after < before * LOCK_GONE;
}

static unsigned int distance(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

/*
 * The replay of that change whose number of workers is nearest; where that number is the
 * change, it has to be the same. NULL: there is none.
 */
static const struct fact_whatif *find_replay(const struct comparison *c, const struct facts *f,
					     const char *change, uint32_t workers)
{
	const struct fact_whatif *best = NULL;
	bool is_exact = !strcmp(change, "workers");

	for (size_t i = 0; i < f->whatif_cnt; i++) {
		const struct fact_whatif *w = &f->whatif[i];

		if (!w->change || strcmp(w->change, change) || w->why_not || !(w->low > 0) ||
		    (w->lock && !is_lock_gone(c, w->lock)) || (is_exact && w->workers != workers))
			continue;
		if (!best || distance(w->workers, workers) < distance(best->workers, workers))
			best = w;
	}
	return best;
}

static void judge_prediction(struct diff_prediction *p)
{
	const struct range *said = &p->predicted, *is = &p->achieved;

	if (is->value >= said->low && is->value <= said->high)
		p->outcome = DIFF_HELD;
	else if (is->high >= said->low && is->low <= said->high)
		p->outcome = DIFF_NEARLY;
	else
		p->outcome = is->value < said->low ? DIFF_LESS : DIFF_MORE;
}

void compare_prediction(const struct comparison *c, struct diff *out)
{
	const char *change = change_of(c, out);
	const struct diff_row *throughput = diff_row(out, "throughput", NULL);
	struct diff_prediction *p = &out->prediction;
	double log_sum = 0;
	size_t cnt = 0;

	for (size_t i = 0; change && i < c->before_cnt; i++) {
		const struct fact_whatif *w = find_replay(c, c->before[i].facts, change,
							  out->after.workers);

		if (!w)
			continue;
		if (!cnt) {
			p->workers = w->workers;
			p->lock = w->lock ? xstrdup(w->lock) : NULL;
			p->predicted = (struct range){ 0, w->low, w->high };
		}
		p->predicted.low = fmin(p->predicted.low, w->low);
		p->predicted.high = fmax(p->predicted.high, w->high);
		log_sum += log(w->speedup);
		cnt++;
	}
	if (!cnt)
		return;
	p->change = xstrdup(change);
	p->predicted.value = exp(log_sum / (double)cnt);
	p->has_achieved = out->is_run && throughput && throughput->has_ratio;
	if (!p->has_achieved)
		return;
	p->achieved = throughput->ratio;
	judge_prediction(p);
}

static void note(struct diff *out, char *text)
{
	out->notes = xrealloc(out->notes, (out->note_cnt + 1) * sizeof(*out->notes));
	out->notes[out->note_cnt++] = text;
}

static void note_recording(struct diff *out, const char *side, const struct sample *s)
{
	const struct fact_recording *r = &s->facts->recording;
	uint64_t lost = r->lost_ring + r->lost_state;
	const struct fact_process *p = s->facts->process_cnt ? &s->facts->processes[0] : NULL;

	if (!r->is_complete)
		note(out, xasprintf("a recording of %s is truncated", side));
	if ((double)lost > LOST_MAX_SHARE * (double)r->events)
		note(out, xasprintf("a recording of %s has lost %.1f %% of its records", side,
				    100 * (double)lost / (double)(r->events + lost)));
	if (s->is_run && p && p->exit_code)
		note(out, xasprintf("the command in %s ended with status %d", side, p->exit_code));
	if (s->stolen > NOISE_TIME)
		note(out, xasprintf("the hypervisor took %.0f %% of the CPU time in %s",
				    100 * s->stolen, side));
	if (s->kept_away > KEPT_AWAY_NOTED)
		note(out, xasprintf("%s waited for CPUs that others used: for that it may have "
				    "taken up to %.0f %% of its time",
				    side, 100 * s->kept_away));
}

static bool is_within(const struct diff_row *r, double factor)
{
	return r->ratio.value <= factor && r->ratio.value >= 1 / factor;
}

/*
 * Who works for a given time, a load generator say, takes as long whatever is changed. Nothing but
 * the CPU time tells that it may have done more in it. NULL: no reason to think so.
 */
static const struct diff_row *doubt_same_work(const struct diff *d)
{
	const struct diff_row *wall = diff_row(d, "wall", NULL), *cpu = diff_row(d, "cpu", NULL);

	if (!wall || !wall->has_ratio || !is_within(wall, AS_LONG) || !cpu || !cpu->has_ratio ||
	    !cpu->is_significant || is_within(cpu, MUCH_CPU))
		return NULL;
	return cpu;
}

static void note_same_work(struct diff *out)
{
	const struct diff_row *cpu = doubt_same_work(out);

	if (!cpu)
		return;
	note(out, xasprintf("AFTER took as long as BEFORE, and %.2fx the CPU time: a program that "
			    "works for a given time may have done %s in it, and no throughput is "
			    "known then; let both do the same work",
			    cpu->ratio.value, cpu->ratio.value > 1 ? "more" : "less"));
}

void compare_notes(const struct comparison *c, struct diff *out)
{
	const struct fact_recording *b = &c->before[0].facts->recording;
	const struct fact_recording *a = &c->after[0].facts->recording;
	size_t runs = 0;

	for (size_t i = 0; i < c->before_cnt; i++)
		runs += c->before[i].is_run;
	for (size_t i = 0; i < c->after_cnt; i++)
		runs += c->after[i].is_run;
	if (!out->is_run)
		note(out, xasprintf("%s: there is no wall time to compare%s",
				    runs ? "not all recordings are of whole runs of a command"
					 : "the recordings are of parts of longer runs",
				    diff_row(out, "throughput", NULL)
					    ? ""
					    : ", and no requests were seen that would tell the "
					      "throughput"));
	if (b->cpus_usable != a->cpus_usable)
		note(out, xasprintf("%.4g usable CPUs before, %.4g after", b->cpus_usable,
				    a->cpus_usable));
	note_same_work(out);
	for (size_t i = 0; i < c->before_cnt; i++)
		note_recording(out, "BEFORE", &c->before[i]);
	for (size_t i = 0; i < c->after_cnt; i++)
		note_recording(out, "AFTER", &c->after[i]);
}

static const char *model_words(enum verdict_fit model)
{
	switch (model) {
	case FIT_SINGLE:
		return "a single thread";
	case FIT_HYBRID:
		return "threads and processes";
	case FIT_ASYNC:
		return "an event loop";
	case FIT_INCONCLUSIVE:
		return "no model that can be told";
	default:
		return verdict_fit_name(model);
	}
}

/* "processes instead of threads", "4 workers instead of 2" */
static void say_models(const struct diff *d, struct strbuf *s)
{
	const struct diff_side *b = &d->before, *a = &d->after;

	if (b->model != a->model)
		strbuf_addf(s, "%s instead of %s: ", model_words(a->model), model_words(b->model));
	else if (b->workers != a->workers && b->workers && a->workers)
		strbuf_addf(s, "%u workers instead of %u: ", a->workers, b->workers);
	else
		strbuf_addf(s, "%s as before: ", model_words(a->model));
}

static void add_factor(struct strbuf *s, double factor)
{
	strbuf_addf(s,
		    factor >= 10                    ? "%.0f"
		    : factor >= 1.2 || factor < 0.1 ? "%.1f"
						    : "%.2f",
		    factor);
}

static void say_ratio(struct strbuf *s, const struct diff_row *r, const char *of)
{
	strbuf_addf(s, r->ratio.value >= 100 ? "%.0fx %s (" : "%.2fx %s (", r->ratio.value, of);
	add_factor(s, r->ratio.low);
	strbuf_addch(s, '-');
	add_factor(s, r->ratio.high);
	strbuf_addch(s, ')');
}

static void say_prediction(const struct diff_prediction *p, const struct diff *d,
			   struct strbuf *s)
{
	static const char *const words[] = {
		[DIFF_HELD] = "as predicted",
		[DIFF_NEARLY] = "within noise of what was predicted",
		[DIFF_LESS] = "less than predicted",
		[DIFF_MORE] = "more than predicted",
	};

	bool is_close = fabs(p->achieved.value / p->predicted.value - 1) < CLOSE;

	if (!p->change || !p->has_achieved)
		return;
	strbuf_addf(s, ", %s (",
		    p->outcome == DIFF_HELD && !is_close ? "in the predicted range"
							 : words[p->outcome]);
	add_factor(s, p->predicted.value);
	if (p->outcome != DIFF_HELD || !is_close) {
		strbuf_addstr(s, ", ");
		add_factor(s, p->predicted.low);
		strbuf_addch(s, '-');
		add_factor(s, p->predicted.high);
	}
	if (p->workers != d->after.workers && p->workers)
		strbuf_addf(s, " for %u workers", p->workers);
	strbuf_addch(s, ')');
}

/* What else stands out, of what a person would ask for next. */
static void say_others(const struct diff *d, const char *said, struct strbuf *s)
{
	static const struct {
		const char *metric, *words;
	} others[] = {
		{ "cpu", "the CPU time" },
		{ "p95", "the p95 latency" },
		{ "memory", "the memory" },
		{ "switches", "the switches" },
	};
	size_t cnt = 0;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]) && cnt < 2; i++) {
		const struct diff_row *r = diff_row(d, others[i].metric, NULL);

		if (!r || !r->is_significant || !strcmp(others[i].metric, said))
			continue;
		strbuf_addf(s, "%s%.2fx %s", cnt ? ", " : "; ", r->ratio.value, others[i].words);
		cnt++;
	}
}

char *diff_summary(const struct diff *d)
{
	static const struct {
		const char *metric, *words;
	} first[] = {
		{ "throughput", "the throughput" },
		{ "p95", "the p95 latency" },
		{ "cpu", "the CPUs in use" },
	};
	const struct diff_row *r = NULL;
	struct strbuf s = { 0 };
	size_t i = 0;

	say_models(d, &s);
	for (; i < sizeof(first) / sizeof(first[0]); i++) {
		r = diff_row(d, first[i].metric, NULL);
		if (r && r->has_ratio)
			break;
		r = NULL;
	}
	if (!r) {
		strbuf_addstr(&s, "nothing that both sides have can be compared");
		return strbuf_take(&s);
	}
	if (!r->is_significant)
		strbuf_addstr(&s, "no change beyond noise, ");
	say_ratio(&s, r, first[i].words);
	if (r->needed)
		strbuf_addf(&s, ": %zu recordings of each side would tell", r->needed);
	say_prediction(&d->prediction, d, &s);
	if (doubt_same_work(d))
		strbuf_addstr(&s, ", if both did the same work");
	if (!r->is_significant)
		say_others(d, first[i].metric, &s);
	return strbuf_take(&s);
}
