// SPDX-License-Identifier: MIT
/*
 * Owns the order and the wording of the text report; report_table.c owns the
 * table of where time went, report_ledger.c that of who exchanged what with whom,
 * report_expect.c what is said of predictions.
 * Decides nothing: every number is in the facts.
 */
#include "output/report_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/report_expect.h"
#include "output/report_ledger.h"
#include "output/report_loops.h"
#include "output/report_python.h"
#include "output/report_slo.h"
#include "output/report_table.h"
#include "output/report_workers.h"
#include "output/report_wrap.h"
#include "verdict/verdict.h"

#define EDGES_SHOWN    5
#define PIDS_SHOWN     3
#define PARTS_SHOWN    3 /* commands of several recordings */
#define COMMAND_MAX    200
#define HEADLINE_MAX   80 /* columns to its right end, where it is shorter */
#define WIDTH_MIN      72 /* the longest headline with its label */

/* Nobody in particular was asked for. */
static bool is_whole_machine(const struct facts *f)
{
	return !f->recording.pid_cnt;
}

/* "python3 app.py"; the name of its first process where the command is not known. */
static void add_words(struct strbuf *raw, char *const *words, size_t cnt,
		      const struct fact_process *first)
{
	for (size_t i = 0; i < cnt; i++)
		strbuf_addf(raw, "%s%s", i ? " " : "", words[i]);
	if (!cnt && first && first->name)
		strbuf_addstr(raw, first->name);
}

/* "server.py + client.py + 2 more": what several recordings are of, each command once. */
static void add_parts(const struct facts *f, struct strbuf *raw)
{
	const struct fact_recording *r = &f->recording;
	size_t process = 0, more = 0, said = 0;

	for (size_t i = 0; i < r->part_cnt; i++) {
		const struct fact_part *p = &r->parts[i];
		struct strbuf one = { 0 };

		add_words(&one, p->command, p->command_cnt,
			  process < f->process_cnt ? &f->processes[process] : NULL);
		process += p->process_cnt;
		if (said && strstr(strbuf_str(raw), strbuf_str(&one)))
			;
		else if (said == PARTS_SHOWN)
			more++;
		else
			strbuf_addf(raw, "%s%s", said++ ? " + " : "", strbuf_str(&one));
		strbuf_release(&one);
	}
	if (more)
		strbuf_addf(raw, " + %zu more", more);
}

static void add_command(const struct facts *f, struct strbuf *s)
{
	const struct fact_recording *r = &f->recording;
	struct strbuf raw = { 0 };

	if (r->part_cnt)
		add_parts(f, &raw);
	else if (!r->command_cnt && is_whole_machine(f))
		strbuf_addstr(&raw, "the whole machine");
	else
		add_words(&raw, r->command, r->command_cnt, f->process_cnt ? f->processes : NULL);
	wrap_add_safe(s, strbuf_str(&raw), COMMAND_MAX);
	strbuf_release(&raw);
}

static void add_pids(const struct facts *f, struct strbuf *s)
{
	const struct fact_recording *r = &f->recording;

	if (!r->pid_cnt)
		return;
	for (size_t i = 0; i < r->pid_cnt && i < PIDS_SHOWN; i++)
		strbuf_addf(s, "%s%u",
			    i                ? ", "
			    : r->pid_cnt > 1 ? " (pids "
					     : " (pid ",
			    r->pids[i]);
	if (r->pid_cnt > PIDS_SHOWN)
		strbuf_addf(s, " and %zu more", r->pid_cnt - PIDS_SHOWN);
	strbuf_addch(s, ')');
}

void report_add_target(struct strbuf *s, const struct facts *f)
{
	const struct fact_recording *r = &f->recording;

	add_command(f, s);
	add_pids(f, s);
	strbuf_addstr(s, ": ");
	if (r->part_cnt)
		strbuf_addf(s, "%zu recordings, ", r->part_cnt);
	wrap_add_duration(s, r->duration_ns);
	strbuf_addf(s, ", %zu process%s, %zu thread%s, %.4g usable CPU%s", f->process_cnt,
		    f->process_cnt == 1 ? "" : "es", f->thread_cnt, f->thread_cnt == 1 ? "" : "s",
		    r->cpus_usable, r->cpus_usable == 1 ? "" : "s");
}

static void put_target(struct wrap *w, const struct facts *f)
{
	struct strbuf s = { 0 };

	report_add_target(&s, f);
	wrap_text(w, "", 0, strbuf_str(&s));
	strbuf_release(&s);
}

static void put_truncated(struct wrap *w)
{
	wrap_colored(w, WRAP_YELLOW, "truncated recording: ");
	strbuf_addstr(w->out, "it did not end as it should\n\n");
}

static void put_deadlocks(struct wrap *w, const struct facts *f)
{
	for (size_t i = 0; i < f->deadlock_cnt; i++) {
		const char *text = f->deadlocks[i].text;

		wrap_colored(w, WRAP_RED, "deadlock: ");
		strbuf_addf(w->out, "%zu thread%s will never go on\n", f->deadlocks[i].thread_cnt,
			    f->deadlocks[i].thread_cnt == 1 ? "" : "s");
		wrap_text(w, "", WRAP_LABEL, text ? text : "");
	}
	if (f->deadlock_cnt)
		wrap_gap(w);
}

static enum wrap_color color_of(const struct fact_verdict *v)
{
	if (v->fit == FIT_INCONCLUSIVE)
		return WRAP_YELLOW;
	return v->fit == v->current || v->fit == FIT_EITHER ? WRAP_GREEN : WRAP_BOLD;
}

/* Of a verdict that there is none of, the summary has said why. */
static void put_doubts(struct wrap *w, const struct fact_verdict *v)
{
	struct strbuf s = { 0 };

	if (v->fit == FIT_INCONCLUSIVE)
		return;
	for (size_t i = 0; i < v->doubt_cnt; i++)
		strbuf_addf(&s, "%s%s", i ? "; " : "Confidence is lowered: ", v->doubts[i]);
	if (v->doubt_cnt) {
		strbuf_addch(&s, '.');
		wrap_text(w, "", WRAP_LABEL, strbuf_str(&s));
	}
	strbuf_release(&s);
}

static void put_verdict(struct wrap *w, const struct fact_verdict *v)
{
	const char *headline = verdict_headline(v);
	struct strbuf s = { 0 };
	size_t used;

	if (v->fit == FIT_INCONCLUSIVE)
		strbuf_addf(&s, "(%s)", verdict_class_name(v->class));
	else
		strbuf_addf(&s, "(confidence: %s)", verdict_confidence_word(v->confidence));
	used = WRAP_LABEL + strlen(headline) + s.len;
	if (used + 1 <= w->width) {
		/* At the right, but in a wide terminal not out of sight. */
		size_t right = used + 3 > HEADLINE_MAX ? used + 3 : HEADLINE_MAX;

		right = right < w->width ? right : w->width;
		wrap_label(w, "Verdict");
		wrap_colored(w, color_of(v), headline);
		strbuf_addf(w->out, "%*s%s\n", (int)(right - used), "", strbuf_str(&s));
	} else {
		wrap_label(w, "Verdict");
		wrap_colored(w, color_of(v), headline);
		strbuf_addch(w->out, '\n');
		wrap_text(w, "", WRAP_LABEL, strbuf_str(&s));
	}
	if (v->summary)
		wrap_text(w, "", WRAP_LABEL, v->summary);
	put_doubts(w, v);
	strbuf_release(&s);
}

/* "worker 4250", "main 4242", "4250" when it is not known. */
static void add_thread(const struct facts *f, uint32_t tid, struct strbuf *s)
{
	const struct fact_thread *t = facts_thread(f, tid);

	if (!tid) {
		strbuf_addstr(s, "unknown");
		return;
	}
	if (t && t->role && t->role[0]) {
		wrap_add_safe(s, t->role, 24);
		strbuf_addch(s, ' ');
	}
	strbuf_addf(s, "%u", tid);
}

/* The one most waited for as a lock: who waits for a signal is held up by nobody. */
static const struct fact_lock *lock_to_show(const struct facts *f)
{
	const struct fact_lock *top = NULL;

	for (size_t i = 0; i < f->lock_cnt; i++)
		if (f->locks[i].edge_cnt &&
		    f->locks[i].contended_ns > (top ? top->contended_ns : 0))
			top = &f->locks[i];
	return top;
}

/* "worker 12 → worker 13: 5 waits, 1.2 s" */
static void add_edge(const struct wrap *w, const struct facts *f, const struct fact_lock *l,
		     size_t i, struct strbuf *s)
{
	const struct lock_edge *e = &l->edges[i];

	if (!e->waiter) {
		strbuf_addstr(s, "all others");
	} else {
		add_thread(f, e->holder, s);
		strbuf_addstr(s, w->utf8 ? " → " : " -> ");
		add_thread(f, e->waiter, s);
	}
	strbuf_addstr(s, ": ");
	wrap_add_count(s, e->waits);
	strbuf_addstr(s, e->waits == 1 ? " wait, " : " waits, ");
	wrap_add_duration(s, e->wait_ns);
	if (!i)
		strbuf_addstr(s, w->utf8 ? " (holder → waiter)" : " (holder -> waiter)");
}

/* Longest first; in a wide terminal twice as many, down one column and then the other. */
static void put_edges(struct wrap *w, const struct facts *f, const struct fact_lock *l)
{
	size_t half = (w->width - WRAP_LABEL - 2) / 2, shown = EDGES_SHOWN, rows = EDGES_SHOWN;
	struct strbuf s = { 0 };

	if (w->width >= WRAP_WIDE)
		shown = l->edge_cnt < 2 * rows ? l->edge_cnt : 2 * rows;
	for (size_t i = 0; i < rows && i < l->edge_cnt; i++) {
		size_t columns;

		strbuf_reset(&s);
		add_edge(w, f, l, i, &s);
		wrap_fit_charset(w, &s);
		columns = wrap_columns(strbuf_str(&s), s.len);
		if (i + rows < shown) {
			strbuf_addf(&s, "%*s", (int)(columns + 2 < half ? half - columns : 2), "");
			add_edge(w, f, l, i + rows, &s);
		}
		wrap_text(w, "", WRAP_LABEL + 2, strbuf_str(&s));
	}
	if (l->edge_cnt > shown) {
		strbuf_reset(&s);
		strbuf_addf(&s, "%s %zu more", wrap_dots(w), l->edge_cnt - shown);
		wrap_text(w, "", WRAP_LABEL + 2, strbuf_str(&s));
	}
	strbuf_release(&s);
}

static void put_lock(struct wrap *w, const struct facts *f)
{
	const struct fact_lock *l = lock_to_show(f);
	struct strbuf s = { 0 };

	if (!l || l->contended_ns < facts_life_ns(f) / 200)
		return;
	wrap_gap(w);
	wrap_add_safe(&s, l->name && l->name[0] ? l->name : lock_kind_name(l->kind), 60);
	strbuf_addstr(&s, ": ");
	wrap_add_count(&s, l->waits);
	strbuf_addstr(&s, l->waits == 1 ? " wait, " : " waits, ");
	wrap_add_duration(&s, l->wait_ns);
	strbuf_addstr(&s, " in all, ");
	wrap_add_duration(&s, l->max_ns);
	strbuf_addstr(&s, " at most");
	wrap_text(w, "Lock", WRAP_LABEL, strbuf_str(&s));
	put_edges(w, f, l);
	strbuf_release(&s);
}

static void add_measure(struct strbuf *s, double value)
{
	strbuf_addf(s, value < 100 ? "%.2f" : "%.0f", value);
}

static void put_evidence(struct wrap *w, const struct fact_verdict *v)
{
	const char *label = "Evidence";
	struct strbuf s = { 0 };

	if (v->evidence_cnt)
		wrap_gap(w);
	for (size_t i = 0; i < v->evidence_cnt; i++) {
		const struct fact_evidence *e = &v->evidence[i];

		strbuf_reset(&s);
		strbuf_addf(&s, "%-17s %s (", e->rule ? e->rule : "", e->text ? e->text : "");
		add_measure(&s, e->value);
		strbuf_addstr(&s, "; threshold ");
		add_measure(&s, e->threshold);
		if (e->unit && strcmp(e->unit, "share") && strcmp(e->unit, "ratio"))
			strbuf_addf(&s, " %s", e->unit);
		strbuf_addch(&s, ')');
		wrap_hanging(w, label, WRAP_LABEL, 18, strbuf_str(&s));
		label = "";
	}
	strbuf_release(&s);
}

static void put_advice(struct wrap *w, const struct fact_verdict *v)
{
	if (v->advice_cnt)
		wrap_gap(w);
	for (size_t i = 0; i < v->advice_cnt; i++)
		wrap_text(w, i ? "" : "Try", WRAP_LABEL, v->advice[i]);
}

static void put_losses(struct wrap *w, const struct fact_recording *r)
{
	struct strbuf s = { 0 };

	if (r->lost_ring + r->lost_state) {
		strbuf_addf(&s,
			    "%llu records lost for want of ring space, %llu for want of memory "
			    "for a thread's state: ",
			    (unsigned long long)r->lost_ring, (unsigned long long)r->lost_state);
		if (r->lost_wait_ns) {
			strbuf_addstr(&s, "times and switches were summed up all the same, but ");
			wrap_add_duration(&s, r->lost_wait_ns);
			strbuf_addstr(&s,
				      " of thread time were waits for nobody knows what (other)");
		} else {
			strbuf_addstr(&s, "sums are too low by as much");
		}
		wrap_text(w, "Lost", WRAP_LABEL, strbuf_str(&s));
	}
	if (r->passed_over) {
		strbuf_reset(&s);
		strbuf_addstr(&s, "the kernel passed partrace over for ");
		wrap_add_count(&s, r->passed_over);
		strbuf_addstr(&s, " events, whosever they were: counts of system calls, bytes and "
				  "requests may be too low by as many");
		wrap_text(w, "Missed", WRAP_LABEL, strbuf_str(&s));
	}
	if (r->unavailable_cnt) {
		strbuf_reset(&s);
		strbuf_addstr(&s, "not measured here: ");
		for (size_t i = 0; i < r->unavailable_cnt; i++)
			strbuf_addf(&s, "%s%s", i ? ", " : "", r->unavailable[i]);
		wrap_text(w, "Missing", WRAP_LABEL, strbuf_str(&s));
	}
	if (r->steal_ns && r->steal_ns > r->duration_ns / 100) {
		strbuf_reset(&s);
		wrap_add_duration(&s, r->steal_ns);
		strbuf_addstr(&s, " were stolen by the hypervisor; they are counted as CPU");
		wrap_text(w, "Stolen", WRAP_LABEL, strbuf_str(&s));
	}
	strbuf_release(&s);
}

/* What happened to the machine while it was recorded. */
static void put_upsets(struct wrap *w, const struct fact_recording *r)
{
	struct strbuf s = { 0 };

	if (r->suspended_ns) {
		strbuf_addstr(&s, "the machine was suspended for ");
		wrap_add_duration(&s, r->suspended_ns);
		strbuf_addstr(&s, " meanwhile; no time above contains that");
		wrap_text(w, "Clock", WRAP_LABEL, strbuf_str(&s));
		strbuf_reset(&s);
	}
	if (r->clock_step_ns) {
		strbuf_addf(&s, "the wall clock was set %s by ",
			    r->clock_step_ns > 0 ? "forward" : "back");
		wrap_add_duration(&s, (uint64_t)llabs(r->clock_step_ns));
		strbuf_addstr(&s, " meanwhile; all times are by one that nobody can set");
		wrap_text(w, "Clock", WRAP_LABEL, strbuf_str(&s));
		strbuf_reset(&s);
	}
	if (r->cpus_online_end) {
		strbuf_addf(&s,
			    "%u were online at the start, %u at the end; usable CPUs are those "
			    "of the start",
			    r->cpus_online, r->cpus_online_end);
		wrap_text(w, "CPUs", WRAP_LABEL, strbuf_str(&s));
	}
	strbuf_release(&s);
}

/* What was given up, so that the rest could be had. */
static void put_left_out(struct wrap *w, const struct fact_recording *r)
{
	struct strbuf s = { 0 };

	if (!r->calls_until_ns && !r->left_out_ns)
		return;
	if (r->overhead_limit > 0)
		strbuf_addf(&s, "to stay within %.4g %% of one CPU, ", 100 * r->overhead_limit);
	else
		strbuf_addstr(&s, "as the machine could not keep up, ");
	if (r->calls_until_ns) {
		strbuf_addstr(&s, "system calls, their bytes, requests and loops were counted for "
				  "the first ");
		wrap_add_duration(&s, r->calls_until_ns);
		strbuf_addstr(&s, " only");
	}
	if (r->left_out_ns) {
		strbuf_addstr(&s, r->calls_until_ns ? ", and " : "");
		wrap_add_duration(&s, r->left_out_ns);
		strbuf_addstr(&s, " of the timeline are not in the trace");
	}
	strbuf_addstr(&s, "; times and waits above are exact");
	wrap_text(w, "Reduced", WRAP_LABEL, strbuf_str(&s));
	strbuf_release(&s);
}

static void put_cost(struct wrap *w, const struct fact_recording *r, const char *trace)
{
	struct strbuf s = { 0 };

	wrap_gap(w);
	put_losses(w, r);
	put_upsets(w, r);
	put_left_out(w, r);
	strbuf_addf(&s, "partrace used %.1f %% of one CPU%s; ", 100 * r->overhead,
		    r->bpf_unmeasured ? " outside the kernel, not known inside" : "");
	wrap_add_count(&s, r->events);
	strbuf_addstr(&s, " events, ");
	wrap_add_count(&s, r->lost_ring + r->lost_state);
	strbuf_addstr(&s, " lost");
	wrap_text(w, "Cost", WRAP_LABEL, strbuf_str(&s));
	if (trace) {
		strbuf_reset(&s);
		wrap_add_safe(&s, trace, COMMAND_MAX);
		strbuf_addstr(&s, "   (open it at https://ui.perfetto.dev)");
		wrap_text(w, "Trace", WRAP_LABEL, strbuf_str(&s));
	}
	strbuf_release(&s);
}

void report_text_format(const struct facts *f, const struct report_text_options *options,
			struct strbuf *out)
{
	struct wrap w = {
		.out = out,
		.width = options->width ? options->width : 80,
		.color = options->color,
		.utf8 = options->utf8,
	};

	if (w.width < WIDTH_MIN)
		w.width = WIDTH_MIN;
	if (!f->recording.is_complete)
		put_truncated(&w);
	put_target(&w, f);
	wrap_gap(&w);
	put_deadlocks(&w, f);
	put_verdict(&w, &f->verdict);
	report_expect(&w, &f->verdict, options->is_verbose);
	if (f->thread_cnt) {
		wrap_gap(&w);
		report_table(&w, f);
	}
	report_slo(&w, f);
	report_requests(&w, f);
	report_workers(&w, f);
	put_lock(&w, f);
	report_loops(&w, f);
	report_python(&w, f);
	report_ledger(&w, f);
	put_evidence(&w, &f->verdict);
	put_advice(&w, &f->verdict);
	put_cost(&w, &f->recording, options->trace);
}
