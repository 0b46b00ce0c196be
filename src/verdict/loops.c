// SPDX-License-Identifier: MIT
/* Owns what event loops mean for the choice, and the words about them. */
#include "verdict/loops.h"

#include <string.h>

/* Loops do the work when they do this much of it; the rest are helpers. */
#define LOOPS_MIN_SHARE 0.80

bool loops_do_the_work(const struct view *v)
{
	double loops_ns = 0, active_ns = 0;
	size_t loops = 0;

	for (size_t i = 0; i < v->thread_cnt; i++) {
		const struct thread_view *t = &v->threads[i];

		loops += t->fact->loop != NULL;
		if (v->workers && !t->is_worker)
			continue;
		active_ns += t->active_ns;
		if (t->fact->loop)
			loops_ns += t->active_ns;
	}
	if (!loops)
		return false;
	/* Nobody works: each process but one that looks after the others has a loop. */
	if (!v->workers)
		return loops + 1 >= v->process_cnt;
	return loops_ns >= LOOPS_MIN_SHARE * active_ns;
}

const struct thread_view *loops_slowest(const struct view *v)
{
	const struct thread_view *best = NULL;

	for (size_t i = 0; i < v->thread_cnt; i++) {
		const struct thread_view *t = &v->threads[i];

		if (!t->fact->loop)
			continue;
		if (!best || t->fact->loop->lag_p95_ns > best->fact->loop->lag_p95_ns ||
		    (t->fact->loop->lag_p95_ns == best->fact->loop->lag_p95_ns &&
		     t->active_ns > best->active_ns))
			best = t;
	}
	return best;
}

double loops_cpu(const struct view *v)
{
	double busiest_ns = 0;

	for (size_t i = 0; i < v->thread_cnt; i++) {
		const struct thread_view *t = &v->threads[i];
		double ns = t->time.ns[PART_CPU] + t->time.ns[PART_QUEUE];

		if (t->fact->loop && ns > busiest_ns)
			busiest_ns = ns;
	}
	return ratio(busiest_ns, v->window_ns);
}

uint32_t loops_count(const struct view *v)
{
	uint32_t cnt = 0;

	for (size_t i = 0; i < v->thread_cnt; i++)
		cnt += v->threads[i].is_worker && v->threads[i].fact->loop;
	return cnt;
}

static enum verdict_fit fit_of_busy_loops(const struct judgement *j)
{
	const struct view *v = &j->view;

	if (v->usable < 2 || loops_count(v) >= v->usable || !view_has_spare_cpu(v))
		return FIT_ASYNC;
	return v->has_global_lock ? FIT_PROCESSES : FIT_THREADS;
}

enum verdict_fit loops_fit(const struct judgement *j)
{
	const struct finding *blocks = judgement_finding(j, "loop-blocks");
	bool is_held_up = blocks && blocks->cost >= LOOP_HELD_MIN;
	bool has_room = loops_cpu(&j->view) < LOOP_MAX_CPU;

	switch (j->class) {
	case CLASS_IDLE:
		return FIT_EITHER;
	case CLASS_CPU_BOUND:
	case CLASS_OVERSUBSCRIBED:
		if (!has_room)
			return fit_of_busy_loops(j);
		return is_held_up ? FIT_HYBRID : FIT_ASYNC;
	case CLASS_IO_BOUND:
	case CLASS_MIXED:
		return is_held_up || !has_room ? FIT_HYBRID : FIT_ASYNC;
	default:
		return FIT_CNT;
	}
}

void loops_explain(const struct judgement *j, struct strbuf *s)
{
	static const char *const ids[] = { "loop-blocks", "loop-starves" };

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		const struct finding *f = judgement_finding(j, ids[i]);

		if (f)
			strbuf_addf(s, " The event loop is held up: %s.", strbuf_str(&f->text));
	}
	if (judgement_finding(j, "loop-blocks"))
		strbuf_addstr(s, " Meanwhile nobody else is served; the loop itself is right "
				 "for what it waits for.");
}

static bool is_node(const struct thread_view *t)
{
	return t->process && t->process->name && !strcmp(t->process->name, "node");
}

static void advise_calls(const struct thread_view *t, const struct fact_loop_call *c, bool is_cpython,
			 struct fact_verdict *out)
{
	if (c->bucket == BUCKET_SLEEP)
		add_advice(out, is_cpython   ? "await asyncio.sleep() in place of time.sleep() in "
					       "the event loop"
				: is_node(t) ? "a timer in place of sleeping in the event loop"
					     : "a timer (timerfd, or the poll's time-out) in place "
					       "of sleeping in the event loop");
	else
		add_advice(out,
			   is_cpython ? "take %s out of the event loop: await asyncio.to_thread(), "
					"or loop.run_in_executor() with a ThreadPoolExecutor"
			   : is_node(t) ? "take %s out of the event loop: the asynchronous variant "
					  "of the call, which runs in libuv's threads"
					: "take %s out of the event loop: into a small pool of "
					  "threads that reports back through an eventfd",
			   c->call ? c->call : "what blocks");
}

static void advise_cpu(const struct view *v, const struct thread_view *t, struct fact_verdict *out)
{
	const struct fact_thread *f = t->fact;
	bool released = f->watched_ns && f->released_ns * 2 >= f->watched_ns;

	if (is_node(t))
		add_advice(out, "worker_threads for what computes longer than a few milliseconds");
	else if (v->has_global_lock && v->is_cpython && !released)
		add_advice(out, "compute outside the event loop: await loop.run_in_executor(pool, "
				"fn, …) with a ProcessPoolExecutor, for what takes longer than "
				"a few milliseconds; shorter pieces with await asyncio.sleep(0) "
				"in between help a little");
	else if (v->is_cpython)
		add_advice(out, "compute outside the event loop: await asyncio.to_thread(), as the "
				"work can run beside it");
	else
		add_advice(out, "hand what computes longer than a few milliseconds to a pool of "
				"threads");
}

void loops_advise(const struct judgement *j, struct fact_verdict *out)
{
	const struct thread_view *t = loops_slowest(&j->view);
	const struct fact_loop *l;

	if (!t)
		return;
	l = t->fact->loop;
	if (!judgement_finding(j, "loop-blocks")) {
		advise_cpu(&j->view, t, out);
		return;
	}
	if (l->long_cpu_ns > l->long_blocked_ns / 4)
		advise_cpu(&j->view, t, out);
	for (size_t i = 0; i < l->blocked_cnt && i < 2; i++)
		if (l->blocked_in[i].wait_ns > l->long_ns / 10)
			advise_calls(t, &l->blocked_in[i], j->view.is_cpython, out);
}
