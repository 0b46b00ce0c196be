// SPDX-License-Identifier: MIT
/*
 * Each rule on both sides of its threshold, with what fits there. make() tells a
 * program by one number, the one that the rule looks at; the rest stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "make_facts.h"
#include "verdict/verdict.h"

struct side {
	const char *rule;
	struct facts (*make)(uint64_t x);
	uint64_t without, with;			/* x where the rule does not hold, and where it does */
	enum verdict_fit fit_without, fit_with;
};

/* Two threads of one interpreter, 5 s on 4 CPUs. */
static struct facts two_threads(struct spent a, struct spent b, struct spent c)
{
	struct facts f = recording(5000, 4);

	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(20), SYNC(4980));
	thread(&f, 101, 100, "worker", a, b, c);
	thread(&f, 102, 100, "worker", a, b, c);
	return f;
}

static struct facts gil_wait(uint64_t ms)
{
	return two_threads(CPU(1500), GIL(ms), NETWORK(5000 - 1500 - ms));
}

/* Threads that run, or queue for a CPU; the lock hardly matters. */
static struct facts run(uint64_t ms)
{
	return two_threads(CPU(ms), GIL(10), IDLE(0));
}

static struct facts run_and_wait(uint64_t ms)
{
	return two_threads(CPU(ms), GIL(ms / 5), IDLE(0));
}

static struct facts released(uint64_t ms)
{
	struct facts f = two_threads(CPU(2400), GIL(450), QUEUE(50));

	f.threads[1].watched_ns = 1000 * NS_PER_MS;
	f.threads[1].released_ns = ms * NS_PER_MS;
	return f;
}

static struct facts futex_calls(uint64_t calls)
{
	struct facts f = two_threads(CPU(1400), GIL(2400), SYNC(1200));

	syscall_of(&f, "futex", calls, 3000);
	return f;
}

static struct facts faults(uint64_t cnt)
{
	struct facts f = two_threads(CPU(2400), GIL(2500), IDLE(0));

	f.faults_minor = cnt;
	return f;
}

static struct facts lock_waits(uint64_t ms)
{
	struct facts f = recording(5000, 4);

	process(&f, 100, 1, "count");
	for (int i = 1; i <= 4; i++)
		thread(&f, 100 + i, 100, "worker", CPU(1200), LOCK(ms));
	lock(&f, LOCK_MUTEX, "mutex m", 100, 4 * ms)->waits = 1000000;
	return f;
}

/* The same waits, in fewer and longer pieces of work. */
static struct facts work_per_wait(uint64_t us)
{
	struct facts f = lock_waits(3600);

	f.locks[0].waits = 4 * 1200 * 1000 / us;
	return f;
}

static struct facts kernel_lock_waits(uint64_t ms)
{
	struct facts f = recording(5000, 4);

	process(&f, 100, 1, "mapper");
	for (int i = 1; i <= 4; i++)
		thread(&f, 100 + i, 100, "worker", CPU(4000), KLOCK(ms));
	lock(&f, LOCK_KERNEL, "mmap_lock of mapper (100)", 100, 4 * ms)->waits = 500;
	return f;
}

static struct facts mmap_waits(uint64_t waits)
{
	struct facts f = recording(5000, 2);

	process(&f, 100, 1, "mapper");
	for (int i = 1; i <= 2; i++)
		thread(&f, 100 + i, 100, "worker", CPU(200), KERNEL(4600), KLOCK(200));
	lock(&f, LOCK_KERNEL, "mmap_lock of mapper (100)", 100, 400)->waits = waits;
	return f;
}

static struct facts circles(uint64_t cnt)
{
	struct facts f = lock_waits(100);

	f.deadlocks = xcalloc(1, sizeof(*f.deadlocks));
	f.deadlock_cnt = cnt != 0;
	f.deadlocks[0].threads = xcalloc(2, sizeof(uint32_t));
	f.deadlocks[0].thread_cnt = cnt;
	f.deadlocks[0].text = xstrdup("each waits for the other");
	return f;
}

/* An executor's parent with a thread that feeds two workers, all CPython. */
static struct facts pool(uint64_t feed_ms, uint64_t work_ms, uint64_t messages, uint64_t bytes)
{
	struct facts f = recording(5000, 2);

	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(20), SYNC(4980));
	thread(&f, 101, 100, "thread", CPU(feed_ms), IPC(5000 - feed_ms));
	for (uint32_t i = 2; i <= 3; i++) {
		python_child(&f, 100 + i, 100);
		f.processes[i - 1].start_method = xstrdup("fork");
		thread(&f, 100 + i, 100 + i, "worker", CPU(work_ms), IPC(5000 - work_ms));
		channel(&f, "pipe", 100, 100 + i, messages / 2, bytes / 2, 3000);
		channel(&f, "pipe", 100 + i, 100, messages / 2, bytes / 2, 3000);
	}
	return f;
}

static struct facts feeding(uint64_t ms)
{
	return pool(ms, 2000, 4000, 400000);
}

static struct facts message_cnt(uint64_t cnt)
{
	return pool(1000, 1500, cnt, 100 * cnt);
}

static struct facts message_bytes(uint64_t bytes)
{
	return pool(1500, 1000, 8000, 8000 * bytes);
}

static struct facts packing(uint64_t ms)
{
	return pool(ms, 1000, 4000, 250000000);
}

static struct facts one_thread_with(struct spent a, struct spent b)
{
	struct facts f = recording(5000, 2);

	process(&f, 100, 1, "job");
	thread(&f, 100, 100, "job", a, b);
	return f;
}

static struct facts disk(uint64_t ms)
{
	return one_thread_with(CPU(5000 - ms), DISK(ms));
}

static struct facts network(uint64_t ms)
{
	struct facts f = recording(5000, 2);

	python(&f, 100);
	for (int i = 1; i <= 2; i++) {
		python_child(&f, 100 + (uint32_t)i, 1);
		thread(&f, 100 + i, 100 + i, "worker", CPU(5000 - ms), NETWORK(ms));
	}
	return f;
}

static struct facts page_faults(uint64_t ms)
{
	return one_thread_with(CPU(5000 - ms), MEMORY(ms));
}

static struct facts work(uint64_t ms)
{
	return one_thread_with(CPU(ms), IDLE(5000 - ms));
}

static struct facts eight_runnable(uint64_t ms)
{
	struct facts f = recording(5000, 2);

	process(&f, 100, 1, "crunch");
	for (int i = 1; i <= 8; i++)
		thread(&f, 100 + i, 100, "worker", CPU(1200), QUEUE(ms), IDLE(3800 - ms));
	return f;
}

static struct facts rest_of_pool(uint64_t ms)
{
	struct facts f = recording(5000, 4);

	process(&f, 100, 1, "crunch");
	thread(&f, 101, 100, "worker", CPU(4900));
	for (int i = 2; i <= 4; i++)
		thread(&f, 100 + i, 100, "worker", CPU(4900 - ms));
	return f;
}

static struct facts feeder(uint64_t ms)
{
	struct facts f = recording(5000, 4);

	process(&f, 100, 1, "feed");
	thread(&f, 100, 100, "main", CPU(ms), SYNC(5000 - ms));
	thread(&f, 101, 100, "stage", CPU(900), SYNC(4100));
	return f;
}

static struct facts quota(uint64_t ms)
{
	struct facts f = recording(5000, 1);

	process(&f, 100, 1, "crunch");
	for (int i = 1; i <= 2; i++)
		thread(&f, 100 + i, 100, "worker", CPU(2400), THROTTLED(ms));
	return f;
}

static struct facts others_run(uint64_t ms)
{
	struct facts f = recording(5000, 4);

	process(&f, 100, 1, "crunch");
	for (int i = 1; i <= 2; i++)
		thread(&f, 100 + i, 100, "worker", CPU(5000 - ms), QUEUE(ms));
	return f;
}

/* 50 forks, two at a time, each 20 ms long unless told otherwise. */
static struct facts forks(uint64_t cnt)
{
	struct facts f = recording(2000, 2);

	python(&f, 100);
	thread(&f, 100, 100, "main", KERNEL(300), CHILD(1700));
	for (uint32_t i = 0; i < 50; i++) {
		uint64_t begin_ms = i / 2 * 40;
		uint64_t life_ms = i < cnt ? 20 : 60;
		struct fact_process *p;
		struct fact_thread *t;

		python_child(&f, 200 + i, 100);
		p = &f.processes[i + 1];
		p->started_ns = begin_ms * NS_PER_MS;
		p->ended = true;
		p->ended_ns = (begin_ms + life_ms) * NS_PER_MS;
		p->started_by = xstrdup("fork");
		thread(&f, 200 + i, 200 + i, "worker", CPU(life_ms / 2), KERNEL(life_ms / 2));
		t = &f.threads[i + 1];
		t->time_ns[BUCKET_IDLE] = 0;
		t->lifetime_ns = life_ms * NS_PER_MS;
		t->started_ns = t->first_cpu_ns = p->started_ns;
		t->last_cpu_ns = p->ended_ns;
	}
	return f;
}

/* Two spawned workers that each need so long to start. */
static struct facts spawned(uint64_t ms)
{
	struct facts f = recording(2000, 2);

	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(20), IPC(1980));
	for (uint32_t i = 1; i <= 2; i++) {
		python_child(&f, 100 + i, 100);
		f.processes[i].start_method = xstrdup("spawn");
		f.processes[i].has_startup = true;
		f.processes[i].startup_ns = ms * NS_PER_MS;
		thread(&f, 100 + i, 100 + i, "worker", CPU(1900), IPC(100));
		channel(&f, "pipe", 100, 100 + i, 20, 2000, 100);
	}
	return f;
}

static const struct side sides[] = {
	{ "gil-bound", gil_wait, 300, 1800, FIT_THREADS, FIT_PROCESSES },
	{ "gil-released", run, 2400, 4900, FIT_PROCESSES, FIT_THREADS },
	{ "gil-parallel", run_and_wait, 2400, 4000, FIT_PROCESSES, FIT_THREADS },
	{ "released-share", released, 400, 600, FIT_PROCESSES, FIT_THREADS },
	{ "small-tasks", futex_calls, 20000, 100000, FIT_PROCESSES, FIT_EITHER },
	{ "fresh-memory", faults, 300000, 500000, FIT_PROCESSES, FIT_EITHER },
	{ "lock-bound", lock_waits, 150, 3600, FIT_THREADS, FIT_EITHER },
	{ "coarse-lock", work_per_wait, 5, 500, FIT_EITHER, FIT_PROCESSES },
	{ "kernel-lock-bound", kernel_lock_waits, 300, 900, FIT_THREADS, FIT_PROCESSES },
	{ "mmap-lock", mmap_waits, 5000, 20000, FIT_THREADS, FIT_PROCESSES },
	{ "deadlock", circles, 0, 2, FIT_THREADS, FIT_THREADS },
	{ "ipc-bound", feeding, 100, 1000, FIT_PROCESSES, FIT_THREADS },
	{ "ipc-small", message_cnt, 4000, 60000, FIT_THREADS, FIT_THREADS },
	{ "ipc-large", message_bytes, 40000, 100000, FIT_THREADS, FIT_THREADS },
	{ "ipc-packing", packing, 800, 2500, FIT_THREADS, FIT_THREADS },
	{ "io-disk", disk, 1200, 4000, FIT_THREADS, FIT_THREADS },
	{ "io-network", network, 1000, 4500, FIT_PROCESSES, FIT_THREADS },
	{ "page-faults", page_faults, 300, 700, FIT_THREADS, FIT_THREADS },
	{ "idle", work, 700, 300, FIT_THREADS, FIT_EITHER },
	{ "oversubscribed", eight_runnable, 150, 3000, FIT_THREADS, FIT_THREADS },
	{ "imbalanced", rest_of_pool, 500, 3900, FIT_THREADS, FIT_EITHER },
	{ "cpu-bound", disk, 2500, 500, FIT_THREADS, FIT_THREADS },
	{ "one-thread", work, 3500, 4500, FIT_THREADS, FIT_THREADS },
	{ "bottleneck", feeder, 3500, 4700, FIT_THREADS, FIT_THREADS },
	{ "throttled", quota, 50, 2000, FIT_EITHER, FIT_EITHER },
	{ "machine-busy", others_run, 300, 2500, FIT_THREADS, FIT_THREADS },
	{ "short-lived", forks, 10, 50, FIT_PROCESSES, FIT_THREADS },
	{ "startup", spawned, 200, 1500, FIT_PROCESSES, FIT_THREADS },
};

static const struct fact_evidence *evidence(const struct fact_verdict *v, const char *rule)
{
	for (size_t i = 0; i < v->evidence_cnt; i++)
		if (!strcmp(v->evidence[i].rule, rule))
			return &v->evidence[i];
	return NULL;
}

/* 0: as it should be. */
static int check_side(const struct side *s, uint64_t x, bool holds, enum verdict_fit fit)
{
	struct facts f = s->make(x);
	const struct fact_evidence *e;
	struct fact_verdict v;
	int bad;

	verdict_judge(&f, &v);
	e = evidence(&v, s->rule);
	if ((e != NULL) != holds || v.fit != fit) {
		print_error("%s at %lu: %s, %s fit(s) instead of %s, class %s\n", s->rule,
			    (unsigned long)x, e ? "holds" : "does not hold",
			    verdict_fit_name(v.fit), verdict_fit_name(fit),
			    verdict_class_name(v.class));
		for (size_t i = 0; i < v.evidence_cnt; i++)
			print_error("  %s: %s\n", v.evidence[i].rule, v.evidence[i].text);
	}
	bad = (e != NULL) != holds || v.fit != fit || (e && (!e->text[0] || !e->unit[0]));
	fact_verdict_release(&v);
	facts_release(&f);
	return bad;
}

static void rules_hold_on_one_side_of_their_threshold(void **state)
{
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++) {
		bad += check_side(&sides[i], sides[i].without, false, sides[i].fit_without);
		bad += check_side(&sides[i], sides[i].with, true, sides[i].fit_with);
	}
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_hold_on_one_side_of_their_threshold),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
