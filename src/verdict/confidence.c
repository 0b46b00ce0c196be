// SPDX-License-Identifier: MIT
/*
 * Owns the confidence, and the sentences on what lowers it. It begins with how far
 * the rule that decided is past its threshold; each doubt then takes a part of it,
 * or says how much may be left at most.
 */
#include <stdarg.h>
#include <string.h>

#include "base/xalloc.h"
#include "verdict/judge.h"
#include "verdict/thresholds.h"

/* Where nothing speaks against it. */
#define CONFIDENCE_MOST 0.95

/* What a verdict that must not be relied on has left ("low"); what is more guess than "high". */
#define MOST_LOW    0.40
#define MOST_MEDIUM 0.70

/*
 * Of the time of several recordings: with less that all of them saw, what runs side by side
 * is partly a guess, with this little all of it.
 */
#define COMMON_MOST   0.90
#define COMMON_MEDIUM 0.50
#define COMMON_LOW    0.10

/* Of the time; with less, what system calls moved is known of a part only. */
#define CALLS_MOST 0.9

/* Of all records. */
#define LOST_LOW 0.001

/* Of the time the workers want a CPU: with more, others decide how fast it is. */
#define BUSY_LOW 0.30

#define STOPPED_MIN_SHARE 0.05
#define OTHER_MAX_SHARE	  0.20
#define STEAL_MAX_SHARE	  0.05

struct scale {
	double confidence;
	struct fact_verdict *out;
};

__attribute__((format(printf, 4, 5))) static void doubt(struct scale *s, double factor,
							 double most, const char *fmt, ...)
{
	struct fact_verdict *out = s->out;
	va_list ap;

	s->confidence *= factor;
	if (s->confidence > most)
		s->confidence = most;
	out->doubts = xrealloc(out->doubts, (out->doubt_cnt + 1) * sizeof(*out->doubts));
	va_start(ap, fmt);
	out->doubts[out->doubt_cnt++] = xvasprintf(fmt, ap);
	va_end(ap);
}

double lost_share(const struct facts *f)
{
	double lost = (double)f->recording.lost_ring + (double)f->recording.lost_state;

	return ratio(lost, lost + (double)f->recording.events);
}

/* How far the rule that decided is from not holding: 1 at half as much again. */
static double margin(const struct judgement *j)
{
	double best = 0;

	for (size_t i = 0; i < j->finding_cnt; i++) {
		const struct finding *f = &j->findings[i];
		double over = ratio(f->value, f->rule->threshold);
		/* Shares end at 1: from 0.7 there is no half as much again. */
		double room = f->rule->threshold > 0.6 ? (1 - f->rule->threshold) / 2 : 0.5;

		if (f->rule->class != j->class)
			continue;
		over = (over - 1) / (room / (f->rule->threshold > 0.6 ? f->rule->threshold : 1));
		best = over > best ? over : best;
	}
	if (j->class == CLASS_MIXED)
		return 0.8;
	return 0.75 + 0.25 * (best > 1 ? 1 : best);
}

static void doubt_recording(const struct judgement *j, struct scale *s)
{
	const struct facts *f = j->view.facts;
	const struct fact_recording *r = &f->recording;
	double seconds = (double)r->duration_ns / 1e9, lost = lost_share(f);

	if (seconds < 2)
		doubt(s, seconds < 1 ? 0.75 : 0.9, seconds < 0.5 ? MOST_LOW : 1,
		      "only %.2f s were recorded", seconds);
	if (lost > LOST_LOW)
		doubt(s, 1, MOST_LOW, "%.1f %% of the records were lost", 100 * lost);
	for (size_t i = 0; i < r->unavailable_cnt; i++) {
		const char *name = r->unavailable[i];
		bool is_central = !strcmp(name, "gil") || !strcmp(name, "lock") ||
				  !strcmp(name, "run_queue");

		doubt(s, is_central ? 0.7 : 0.95, is_central ? MOST_LOW : 1,
		      "%s could not be measured here", name);
	}
	if (!r->is_complete)
		doubt(s, 1, MOST_MEDIUM, "the recording was cut off");
	if ((double)r->steal_ns > (double)r->duration_ns * r->cpus_online * STEAL_MAX_SHARE)
		doubt(s, 0.9, 1, "the hypervisor took %.0f %% of the machine's CPU time",
		      100 * (double)r->steal_ns / ((double)r->duration_ns * r->cpus_online));
}

/*
 * From when to when all of several recordings say what went on. Before a program was
 * launched, and after it has ended, there is nothing to see.
 */
static double common_ns(const struct fact_recording *r)
{
	uint64_t from = 0, to = r->duration_ns;

	for (size_t i = 0; i < r->part_cnt; i++) {
		const struct fact_part *p = &r->parts[i];
		uint64_t end = p->start_ns + p->duration_ns;

		if (!p->launched && p->start_ns > from)
			from = p->start_ns;
		if (!p->ended && end < to)
			to = end;
	}
	return to > from ? (double)(to - from) : 0;
}

static void doubt_parts(const struct fact_recording *r, struct scale *s)
{
	double common = ratio(common_ns(r), (double)r->duration_ns);

	if (r->part_cnt < 2)
		return;
	if (common < COMMON_MOST)
		doubt(s, 0.5 + 0.5 * common,
		      common < COMMON_LOW      ? MOST_LOW
		      : common < COMMON_MEDIUM ? MOST_MEDIUM
					       : 1,
		      "of %.1f s, the recordings have %.1f s in common: of the rest it is not known "
		      "what all did",
		      (double)r->duration_ns / 1e9, common_ns(r) / 1e9);
	if (!r->boot_id)
		doubt(s, 0.9, MOST_MEDIUM,
		      "that the recordings are of the same machine is likely but not recorded, as "
		      "they are of an older partrace");
}

static double stopped_share(const struct view *v)
{
	double stopped = 0, life = 0;

	for (size_t i = 0; i < v->thread_cnt; i++) {
		stopped += (double)v->threads[i].fact->time_ns[BUCKET_STOPPED];
		life += (double)v->threads[i].fact->lifetime_ns;
	}
	return ratio(stopped, life);
}

static void doubt_machine(const struct judgement *j, struct scale *s)
{
	const struct view *v = &j->view;
	const struct finding *busy = judgement_finding(j, "machine-busy");
	double stopped = stopped_share(v), other = ratio(v->work.ns[PART_OTHER], v->life_ns);

	if (busy && j->class != CLASS_IDLE)
		doubt(s, 0.7, busy->value >= BUSY_LOW ? MOST_LOW : 1,
		      "other programs had the CPUs: it waited for one %.0f %% of the time it "
		      "wanted to run",
		      100 * busy->value);
	if (stopped >= STOPPED_MIN_SHARE)
		doubt(s, 1, MOST_LOW, "it was stopped for %.0f %% of the time", 100 * stopped);
	if (other > OTHER_MAX_SHARE)
		doubt(s, 0.7, 1, "%.0f %% of the workers' time is unexplained", 100 * other);
}

static void doubt_load(const struct judgement *j, struct scale *s)
{
	const struct view *v = &j->view;
	double idle = ratio(v->work.ns[PART_IDLE], v->life_ns);

	if (j->class == CLASS_IDLE)
		doubt(s, 1, MOST_LOW,
		      "it had next to nothing to do: how it behaves under load was not seen");
	else if (idle > 0.5)
		doubt(s, 0.7, 1, "its workers had nothing to do for %.0f %% of the time",
		      100 * idle);
	else if (v->active_ns < FEW_ACTIVE_NS)
		doubt(s, 0.75, MOST_MEDIUM, "only %.0f ms of work were seen", v->active_ns / 1e6);
}

/* What the fit takes for granted. */
static void doubt_unseen(const struct judgement *j, struct scale *s)
{
	const struct view *v = &j->view;
	bool to_processes = j->fit == FIT_PROCESSES && j->current == FIT_THREADS;

	if (j->fit != j->current && j->current == FIT_SINGLE && j->fit != FIT_EITHER)
		doubt(s, 0.9, MOST_MEDIUM,
		      "whether the work of one thread can be divided is not visible from outside");
	if (to_processes && j->class == CLASS_LOCK_BOUND)
		doubt(s, 1, MOST_MEDIUM,
		      "whether the workers must share what the lock protects is not visible");
	if (to_processes && j->class == CLASS_GIL_BOUND && !v->facts->syscall_cnt)
		doubt(s, 1, MOST_MEDIUM,
		      "system calls were not counted, so the size of a task is not known");
	if (j->fit == FIT_EITHER && j->class != CLASS_IDLE && judgement_finding(j, "fresh-memory"))
		doubt(s, 1, MOST_MEDIUM,
		      "how large results are is not visible while threads "
		      "share their memory");
}

/* Steps that --max-overhead took: of the timeline nothing depends, of the calls this. */
static void doubt_steps(const struct judgement *j, struct scale *s)
{
	const struct fact_recording *r = &j->view.facts->recording;
	double counted = ratio((double)r->calls_until_ns, (double)r->duration_ns);
	bool matters = j->class == CLASS_IPC_BOUND || j->class == CLASS_IO_BOUND ||
		       j->fit != j->current;

	if (!r->calls_until_ns || counted > CALLS_MOST)
		return;
	doubt(s, matters ? 0.85 : 0.95, matters ? MOST_MEDIUM : 1,
	      "system calls and what they moved were counted for the first %.1f of %.1f s only, as "
	      "the recording cost too much",
	      (double)r->calls_until_ns / 1e9, (double)r->duration_ns / 1e9);
}

void weigh(const struct judgement *j, struct fact_verdict *out)
{
	struct scale s = { .confidence = CONFIDENCE_MOST, .out = out };

	if (j->class == CLASS_INCONCLUSIVE) {
		doubt(&s, 0, 0, "%s", j->missing);
		out->confidence = 0;
		return;
	}
	s.confidence *= margin(j);
	doubt_recording(j, &s);
	doubt_parts(&j->view.facts->recording, &s);
	doubt_machine(j, &s);
	doubt_load(j, &s);
	doubt_unseen(j, &s);
	doubt_steps(j, &s);
	out->confidence = s.confidence;
}
