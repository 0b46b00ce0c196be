// SPDX-License-Identifier: MIT
/*
 * Owns the rules on event loops: does one keep up, does something hold it up, would
 * many threads be better off as one.
 */
#include "verdict/loops.h"
#include "verdict/rules.h"
#include "verdict/thresholds.h"

/* A loop that is blocked elsewhere for less waits for nothing but its poll. */
#define ELSEWHERE_MAX 0.05

/* Half of the time in long turns is the loop's own doing, or else it isn't. */
#define OWN_MIN 0.50

/* One loop has to do for all of them. */
#define ONE_LOOP_MAX_CPU 0.50

#define CALLS_NAMED 2

static void say_loop(const struct thread_view *t, struct strbuf *s)
{
	strbuf_addf(s, "%s (%u)", t->fact->name ? t->fact->name : "thread", t->fact->tid);
}

static double lag_ms(const struct fact_loop *l)
{
	return (double)l->lag_p95_ns / 1e6;
}

/* What it did itself, of the time in long turns. */
static double own_share(const struct fact_loop *l)
{
	return ratio((double)l->long_cpu_ns + (double)l->long_blocked_ns, (double)l->long_ns);
}

static bool lags(const struct thread_view *t, const struct rule *r, struct finding *out)
{
	if (!t || !t->fact->loop->has_turns)
		return false;
	out->value = lag_ms(t->fact->loop);
	return out->value >= r->threshold;
}

static bool already_async(const struct view *v, const struct rule *r, struct finding *out)
{
	const struct thread_view *t = loops_slowest(v);
	const struct fact_loop *l;

	if (!t || !loops_do_the_work(v))
		return false;
	l = t->fact->loop;
	out->value = lag_ms(l);
	if (!l->has_turns || out->value >= r->threshold ||
	    (double)l->blocked_ns > ELSEWHERE_MAX * (double)l->loop_ns)
		return false;
	if (loops_count(v) > 1)
		strbuf_addf(&out->text, "%u event loops do the work; of the slowest, ",
			    loops_count(v));
	else
		strbuf_addstr(&out->text, "an event loop does the work; of ");
	say_loop(t, &out->text);
	if (l->sockets)
		strbuf_addf(&out->text, " with %llu sockets", (unsigned long long)l->sockets);
	if (l->lag_p95_ns)
		strbuf_addf(&out->text, ", 95 %% of arrivals wait at most %.1f ms", lag_ms(l));
	else
		strbuf_addstr(&out->text, ", 95 % of arrivals wait less than 1 ms");
	return true;
}

static void say_why(const struct fact_loop *l, struct strbuf *s)
{
	const char *sep = ": ";

	if (l->long_cpu_ns * 10 >= l->long_ns) {
		strbuf_addf(s, "%sCPU stretches up to %.0f ms", sep, (double)l->cpu_max_ns / 1e6);
		sep = ", ";
	}
	for (size_t i = 0; i < l->blocked_cnt && i < CALLS_NAMED; i++) {
		const struct fact_loop_call *c = &l->blocked_in[i];

		if (c->wait_ns * 10 < l->long_ns)
			break;
		strbuf_addf(s, "%s%s blocks it for %.2f s in %llu waits", sep,
			    c->bucket == BUCKET_GIL ? "the GIL"
			    : c->call               ? c->call
						    : "a call",
			    (double)c->wait_ns / 1e9, (unsigned long long)c->waits);
		sep = ", ";
	}
}

static bool loop_blocks(const struct view *v, const struct rule *r, struct finding *out)
{
	const struct thread_view *t = loops_slowest(v);
	const struct fact_loop *l;

	if (!lags(t, r, out) || own_share(t->fact->loop) < OWN_MIN)
		return false;
	l = t->fact->loop;
	out->cost = ratio((double)l->long_cpu_ns + (double)l->long_blocked_ns, (double)l->loop_ns);
	strbuf_addf(&out->text, "in ");
	say_loop(t, &out->text);
	strbuf_addf(&out->text, ", 5 %% of arrivals wait %.0f ms or longer", lag_ms(l));
	say_why(l, &out->text);
	return true;
}

/* The others have the CPUs: nothing that a change of the loop would mend. */
static bool loop_starves(const struct view *v, const struct rule *r, struct finding *out)
{
	const struct thread_view *t = loops_slowest(v);

	if (!lags(t, r, out) || own_share(t->fact->loop) >= OWN_MIN)
		return false;
	say_loop(t, &out->text);
	strbuf_addf(&out->text,
		    " waits for a CPU for %.0f %% of its long turns; 5 %% of arrivals wait %.0f ms "
		    "or longer",
		    100 * (1 - own_share(t->fact->loop)), lag_ms(t->fact->loop));
	return true;
}

static bool loop_busy(const struct view *v, const struct rule *r, struct finding *out)
{
	if (!loops_do_the_work(v))
		return false;
	out->value = loops_cpu(v);
	if (out->value < r->threshold)
		return false;
	strbuf_addf(&out->text,
		    "%s event loop is on a CPU, or waits for one, %.0f %% of the time: what is "
		    "left is all it has room for",
		    loops_count(v) > 1 ? "the busiest" : "the", 100 * out->value);
	return true;
}

/* Each of them waits on at least one socket of its own: sockets are counted by threads. */
static bool use_async(const struct view *v, const struct rule *r, struct finding *out)
{
	double cpu_ns = 0;

	for (size_t i = 0; i < v->thread_cnt; i++) {
		const struct thread_view *t = &v->threads[i];
		double socket_ns = t->time.ns[PART_NETWORK] + (double)t->fact->time_ns[BUCKET_IDLE];

		if (t->fact->loop || socket_ns < ASYNC_MIN_SOCKETS * parts_life_ns(&t->time) ||
		    socket_ns <= 0)
			continue;
		out->value++;
		cpu_ns += t->time.ns[PART_CPU];
	}
	if (out->value < r->threshold || ratio(cpu_ns, v->window_ns) >= ONE_LOOP_MAX_CPU)
		return false;
	strbuf_addf(&out->text,
		    "%.0f threads wait for sockets of their own %.0f %% of their time or more, and "
		    "use %.2f CPUs together: one event loop could do that",
		    out->value, 100 * ASYNC_MIN_SOCKETS, ratio(cpu_ns, v->window_ns));
	return true;
}

const struct rule rules_async[] = {
	{ "already-async", CLASS_NONE, LOOP_MAX_LAG_NS / 1e6, "ms", already_async,
	  "an event loop does the work, and keeps up" },
	{ "loop-blocks", CLASS_NONE, LOOP_MAX_LAG_NS / 1e6, "ms", loop_blocks,
	  "an event loop is held up by what it does itself" },
	{ "loop-starves", CLASS_NONE, LOOP_MAX_LAG_NS / 1e6, "ms", loop_starves,
	  "an event loop has to wait for a CPU" },
	{ "loop-busy", CLASS_NONE, LOOP_MAX_CPU, "CPUs", loop_busy,
	  "one event loop is most of the time at work" },
	{ "use-async", CLASS_NONE, ASYNC_MIN_THREADS, "threads", use_async,
	  "many threads wait for sockets, and do little else" },
	{ 0 },
};
