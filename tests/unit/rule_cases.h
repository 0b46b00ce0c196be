/* SPDX-License-Identifier: MIT */
/*
 * A case for each rule: facts just below and just above its threshold, with what fits
 * there. make() tells a program by one number, the one that the rule looks at; the rest
 * stays. Shared by the tests of the thresholds and of what flips a verdict.
 */
#ifndef TESTS_RULE_CASES_H
#define TESTS_RULE_CASES_H

#include "make_facts.h"
#include "verdict/rules.h"
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
	return two_threads(CPU(1500), GIL(ms), NETWORK(400));
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

/* Of a machine with 10 GB. */
static struct facts memory(uint64_t mb)
{
	struct facts f = two_threads(CPU(2400), GIL(2500), IDLE(0));

	f.recording.memory_bytes = 10000000000;
	f.processes[0].private_bytes = mb * 1000000;
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

	if (!cnt)
		return f;
	f.deadlocks = xcalloc(1, sizeof(*f.deadlocks));
	f.deadlock_cnt = 1;
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

/* 30 forks, two at a time; so many of them live 20 ms, the others 60 ms. */
static struct facts forks(uint64_t cnt)
{
	struct facts f = recording(700, 2);

	python(&f, 100);
	thread(&f, 100, 100, "main", KERNEL(100), CHILD(600));
	for (uint32_t i = 0; i < 30; i++) {
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
		thread(&f, 100 + i, 100 + i, "worker", CPU(1000), IPC(1000));
		channel(&f, "pipe", 100, 100 + i, 20, 2000, 1000);
	}
	return f;
}

/* One event loop, 10 s; its long turns are CPU, waits for one, or a call that blocks. */
static struct facts loop(uint64_t lag_ms, uint64_t cpu_ms, uint64_t queue_ms, uint64_t fsync_ms)
{
	struct facts f = recording(10000, 2);

	python(&f, 100);
	thread(&f, 100, 100, "python3", CPU(1000 + cpu_ms), QUEUE(queue_ms), DISK(fsync_ms));
	loop_of(&f, lag_ms, cpu_ms, queue_ms, "fsync", fsync_ms);
	return f;
}

static struct facts loop_with_work(uint64_t lag_ms)
{
	return loop(lag_ms, 2000, 0, 0);
}

static struct facts loop_in_line(uint64_t lag_ms)
{
	return loop(lag_ms, 500, 2000, 0);
}

static struct facts loop_on_cpu(uint64_t ms)
{
	return loop(5, ms - 1000, 0, 0);
}

static struct facts sockets(uint64_t cnt)
{
	struct facts f = recording(10000, 2);

	python(&f, 100);
	for (uint32_t i = 1; i <= cnt; i++)
		thread(&f, 100 + i, 100, "worker", CPU(20), NETWORK(9980));
	return f;
}

static const struct side sides[] = {
	{ "gil-bound", gil_wait, 330, 420, FIT_THREADS, FIT_PROCESSES },
	{ "gil-released", run, 2900, 3400, FIT_PROCESSES, FIT_THREADS },
	{ "gil-parallel", run_and_wait, 2900, 3400, FIT_PROCESSES, FIT_THREADS },
	{ "released-share", released, 400, 600, FIT_PROCESSES, FIT_THREADS },
	{ "small-tasks", futex_calls, 48000, 66000, FIT_PROCESSES, FIT_EITHER },
	{ "fresh-memory", faults, 150000, 200000, FIT_PROCESSES, FIT_EITHER },
	{ "worker-memory", memory, 3500, 4500, FIT_PROCESSES, FIT_THREADS },
	{ "lock-bound", lock_waits, 180, 260, FIT_THREADS, FIT_EITHER },
	{ "coarse-lock", work_per_wait, 8, 13, FIT_EITHER, FIT_PROCESSES },
	{ "kernel-lock-bound", kernel_lock_waits, 380, 520, FIT_THREADS, FIT_PROCESSES },
	{ "mmap-lock", mmap_waits, 8000, 12000, FIT_THREADS, FIT_PROCESSES },
	{ "deadlock", circles, 0, 2, FIT_THREADS, FIT_THREADS },
	{ "ipc-bound", feeding, 400, 520, FIT_PROCESSES, FIT_THREADS },
	{ "ipc-small", message_cnt, 6000, 7500, FIT_THREADS, FIT_THREADS },
	{ "ipc-large", message_bytes, 55000, 75000, FIT_THREADS, FIT_THREADS },
	{ "ipc-packing", packing, 1700, 2300, FIT_THREADS, FIT_THREADS },
	{ "io-disk", disk, 1300, 1700, FIT_THREADS, FIT_THREADS },
	{ "io-network", network, 2700, 3600, FIT_PROCESSES, FIT_THREADS },
	{ "page-faults", page_faults, 400, 600, FIT_THREADS, FIT_THREADS },
	{ "idle", work, 600, 400, FIT_THREADS, FIT_EITHER },
	{ "oversubscribed", eight_runnable, 180, 260, FIT_THREADS, FIT_THREADS },
	{ "imbalanced", rest_of_pool, 1200, 1600, FIT_THREADS, FIT_EITHER },
	{ "cpu-bound", disk, 1600, 1400, FIT_THREADS, FIT_THREADS },
	{ "one-thread", work, 3800, 4200, FIT_THREADS, FIT_THREADS },
	{ "bottleneck", feeder, 3800, 4200, FIT_THREADS, FIT_THREADS },
	{ "throttled", quota, 100, 150, FIT_EITHER, FIT_EITHER },
	{ "machine-busy", others_run, 600, 900, FIT_THREADS, FIT_THREADS },
	{ "short-lived", forks, 19, 21, FIT_PROCESSES, FIT_THREADS },
	{ "already-async", loop_with_work, 21, 19, FIT_HYBRID, FIT_ASYNC },
	{ "loop-blocks", loop_with_work, 19, 21, FIT_ASYNC, FIT_HYBRID },
	{ "loop-starves", loop_in_line, 19, 21, FIT_ASYNC, FIT_ASYNC },
	{ "loop-busy", loop_on_cpu, 4500, 5500, FIT_ASYNC, FIT_PROCESSES },
	{ "use-async", sockets, 90, 110, FIT_THREADS, FIT_ASYNC },
	{ "startup", spawned, 160, 240, FIT_PROCESSES, FIT_THREADS },
};

static inline const struct side *find_side(const char *id)
{
	for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++)
		if (!strcmp(sides[i].rule, id))
			return &sides[i];
	return NULL;
}

static inline const struct rule *find_rule(const char *id)
{
	for (size_t i = 0; rule_tables[i]; i++)
		for (const struct rule *r = rule_tables[i]; r->id; r++)
			if (!strcmp(r->id, id))
				return r;
	return NULL;
}

static inline bool has_evidence(const struct fact_verdict *v, const char *rule)
{
	for (size_t i = 0; i < v->evidence_cnt; i++)
		if (!strcmp(v->evidence[i].rule, rule))
			return v->evidence[i].text[0] && v->evidence[i].unit[0];
	return false;
}

#endif
