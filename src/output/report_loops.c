// SPDX-License-Identifier: MIT
/* Owns the wording; every number is in the facts. */
#include "output/report_loops.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"

#define LOOPS_SHOWN 4
#define CALLS_SHOWN 3

/* Of the loop's time, in per cent: what blocks it for less is not worth a line. */
#define CALL_MIN_PERCENT 1

static uint64_t rank_of(const struct fact_thread *t)
{
	return t->loop->lag_p95_ns ? t->loop->lag_p95_ns : t->loop->long_ns / 1000;
}

static int by_lag(const void *a, const void *b)
{
	const struct fact_thread *x = *(const struct fact_thread *const *)a;
	const struct fact_thread *y = *(const struct fact_thread *const *)b;

	if (rank_of(x) != rank_of(y))
		return rank_of(x) > rank_of(y) ? -1 : 1;
	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static void say_turns(const struct fact_loop *l, struct strbuf *s)
{
	if (!l->has_turns) {
		strbuf_addstr(s, "lag not known: no turn of it was seen (--light sees none)");
		return;
	}
	strbuf_addstr(s, "lag p95 ");
	if (l->lag_p95_ns)
		wrap_add_duration(s, l->lag_p95_ns);
	else
		strbuf_addstr(s, "< 1 ms");
	if (l->turn_max_ns) {
		strbuf_addstr(s, ", longest turn ");
		wrap_add_duration(s, l->turn_max_ns);
	}
}

static void say_reasons(const struct fact_loop *l, struct strbuf *s)
{
	size_t shown = 0;

	for (size_t i = 0; i < l->blocked_cnt && shown < CALLS_SHOWN; i++) {
		const struct fact_loop_call *c = &l->blocked_in[i];

		if (c->wait_ns * 100 < l->loop_ns * CALL_MIN_PERCENT)
			break;
		strbuf_addstr(s, shown++ ? ", " : "; blocked in ");
		wrap_add_safe(s, c->bucket == BUCKET_GIL ? "the GIL" : c->call ? c->call : "", 24);
		strbuf_addch(s, ' ');
		wrap_add_duration(s, c->wait_ns);
	}
	if (l->cpu_max_ns >= PAR_TURN_MIN_NS && l->long_cpu_ns * 10 >= l->long_ns) {
		strbuf_addstr(s, "; CPU stretches up to ");
		wrap_add_duration(s, l->cpu_max_ns);
	}
	if (l->long_queue_ns * 10 >= l->long_ns && l->long_queue_ns >= NS_PER_MS) {
		strbuf_addstr(s, "; waits for a CPU in long turns ");
		wrap_add_duration(s, l->long_queue_ns);
	}
}

void report_loops(struct wrap *w, const struct facts *f)
{
	const struct fact_thread **loops = xcalloc(f->thread_cnt, sizeof(*loops));
	struct strbuf s = { 0 };
	size_t cnt = 0;

	for (size_t i = 0; i < f->thread_cnt; i++) {
		const struct fact_process *p;

		if (!f->threads[i].loop)
			continue;
		p = facts_process(f, f->threads[i].pid);
		if (!p || !p->helper)
			loops[cnt++] = &f->threads[i];
	}
	qsort(loops, cnt, sizeof(*loops), by_lag);
	if (cnt)
		wrap_gap(w);
	for (size_t i = 0; i < cnt && i < LOOPS_SHOWN; i++) {
		const struct fact_thread *t = loops[i];

		strbuf_reset(&s);
		wrap_add_safe(&s, t->name ? t->name : "thread", 24);
		strbuf_addf(&s, " (%u): ", t->tid);
		say_turns(t->loop, &s);
		say_reasons(t->loop, &s);
		wrap_text(w, i ? "" : "Loop", WRAP_LABEL, strbuf_str(&s));
	}
	if (cnt > LOOPS_SHOWN) {
		strbuf_reset(&s);
		strbuf_addf(&s, "%s %zu more", wrap_dots(w), cnt - LOOPS_SHOWN);
		wrap_text(w, "", WRAP_LABEL, strbuf_str(&s));
	}
	strbuf_release(&s);
	free(loops);
}
