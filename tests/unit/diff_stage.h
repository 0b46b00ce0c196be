/* SPDX-License-Identifier: MIT */
/* Whole runs to compare, on top of make_facts.h. */
#ifndef TESTS_DIFF_STAGE_H
#define TESTS_DIFF_STAGE_H

#include "diff/diff.h"
#include "make_facts.h"
#include "verdict/verdict.h"

/* A command that was launched, took @ms, and ended by itself. Its process is @pid. */
static inline struct facts run_of(uint64_t ms, uint32_t pid)
{
	struct facts f = recording(ms, 2);
	struct fact_process *p;

	f.recording.pids = xcalloc(1, sizeof(uint32_t));
	f.recording.pids[0] = pid;
	f.recording.pid_cnt = 1;
	python(&f, pid);
	p = &f.processes[0];
	p->has_exec = p->exec = p->ended = true;
	p->ended_ns = ms * NS_PER_MS;
	return f;
}

/* Four threads behind one GIL; in @ms milliseconds they did what there was to do. */
static inline struct facts threads_run(uint64_t ms, uint32_t pid)
{
	struct facts f = run_of(ms, pid);
	struct fact_lock *l;
	char *name = xasprintf("GIL of python3 (%u)", pid);

	thread(&f, pid, pid, "main", CPU(ms / 500), SYNC(ms - ms / 500));
	l = lock(&f, LOCK_GIL, name, pid, ms * 28 / 10);
	for (uint32_t i = 1; i <= 4; i++) {
		thread(&f, pid + i, pid, "worker", CPU(ms / 4), GIL(ms * 7 / 10),
		       QUEUE(ms - ms / 4 - ms * 7 / 10));
		edge(l, pid + i, pid + i % 4 + 1, ms * 7 / 10);
	}
	f.concurrency.on_cpu_avg = 1;
	free(name);
	return f;
}

/* The same with two processes, a pipe to each role, and on both CPUs. */
static inline struct facts processes_run(uint64_t ms, uint32_t pid)
{
	struct facts f = run_of(ms, pid);

	thread(&f, pid, pid, "main", CPU(ms / 500), SYNC(ms - ms / 500));
	for (uint32_t i = 1; i <= 2; i++) {
		python_child(&f, pid + i, pid);
		f.processes[i].ended = true;
		f.processes[i].ended_ns = ms * NS_PER_MS;
		thread(&f, pid + i, pid + i, "worker", CPU(ms - ms / 100), IPC(ms / 100));
		f.threads[i].first_cpu_ns = 1;
	}
	channel(&f, "pipe", pid, pid + 1, 800, 180000, ms / 100);
	f.concurrency.on_cpu_avg = 2;
	return f;
}

/* Judges all, and compares. The facts stay the caller's. */
static inline struct diff compared(struct facts *before, size_t before_cnt, struct facts *after,
				   size_t after_cnt)
{
	struct diff d = { 0 };

	for (size_t i = 0; i < before_cnt; i++) {
		fact_verdict_release(&before[i].verdict);
		verdict_judge(&before[i], &before[i].verdict);
	}
	for (size_t i = 0; i < after_cnt; i++) {
		fact_verdict_release(&after[i].verdict);
		verdict_judge(&after[i], &after[i].verdict);
	}
	diff_compare(&d, before, before_cnt, after, after_cnt);
	return d;
}

#endif
