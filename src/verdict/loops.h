/* SPDX-License-Identifier: MIT */
/*
 * Event loops, as the rules and the choice look at them. A thread is one if the facts
 * say so: thread_view.fact->loop is set.
 */
#ifndef VERDICT_LOOPS_H
#define VERDICT_LOOPS_H

#include "verdict/judge.h"
#include "verdict/view.h"

/* A loop is held up when 5 % of arrivals wait longer: see docs/verdicts.md. */
#define LOOP_MAX_LAG_NS 20e6

/*
 * What holds it up is worth a pool beside it from a fifth of its time on: without it the
 * loop would have that much more room. Below, it is told and the loop stays.
 */
#define LOOP_HELD_MIN 0.20

/* A loop that is on a CPU, or wants to be, for less of the time has room for more. */
#define LOOP_MAX_CPU 0.50

/* Do event loops do the work, or would if there were any? In one process or in several. */
bool loops_do_the_work(const struct view *v);

/* The loop with the largest lag, the busiest of those with the same; NULL: there is none. */
const struct thread_view *loops_slowest(const struct view *v);

/* Of the busiest loop: on a CPU or waiting for one, of the work window, 0 … 1. */
double loops_cpu(const struct view *v);

/* How many worker threads are loops. */
uint32_t loops_count(const struct view *v);

/*
 * What fits a program whose current model is async, by class; FIT_CNT: loops have no
 * say in that.
 */
enum verdict_fit loops_fit(const struct judgement *j);

/* For the summary; nothing if there is nothing to tell. */
void loops_explain(const struct judgement *j, struct strbuf *s);

/* What to take out of the slowest loop: what blocks it; or what computes, if nothing does. */
void loops_advise(const struct judgement *j, struct fact_verdict *out);

#endif
