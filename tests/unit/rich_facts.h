/* SPDX-License-Identifier: MIT */
/* Facts with something in each part, for tests of all that read or write them. */
#ifndef TESTS_RICH_FACTS_H
#define TESTS_RICH_FACTS_H

#include "make_facts.h"

/* Something of everything. */
static inline struct facts rich_facts(void)
{
	struct facts f = gil_facts();
	struct fact_channel *c;

	f.recording.command = xcalloc(1, sizeof(char *));
	f.recording.command[f.recording.command_cnt++] = xstrdup("shop");
	f.recording.unavailable = xcalloc(1, sizeof(char *));
	f.recording.unavailable[f.recording.unavailable_cnt++] = xstrdup("throttled");
	channel(&f, "pipe", 100, 101, 200000, 5000000, 700);
	c = &f.channels[0];
	c->used_as = xstrdup("queue");
	c->ends = xcalloc(1, sizeof(*c->ends));
	c->ends[c->end_cnt++] =
		(struct fact_channel_end){ .pid = 7, .name = xstrdup("cat"), .reads = true };
	loop_of(&f, 30, 200, 10, "read", 300);
	edge(lock(&f, LOCK_MUTEX, "oven", 100, 500), 101, 102, 500);
	syscall_of(&f, "futex", 100, 500);
	replayed(&f, "processes", 2, 1.5, 1.8, 1.9);
	replayed(&f, "threads", 2, 0, 0, 0);
	f.deadlocks = xcalloc(1, sizeof(*f.deadlocks));
	f.deadlocks[f.deadlock_cnt++].text = xstrdup("a waits for b");
	f.slo = xcalloc(1, sizeof(*f.slo));
	f.slo[f.slo_cnt++] = (struct fact_slo){ .name = xstrdup("p95"),
						.unit = xstrdup("ns"),
						.is_known = true,
						.limit = 1,
						.value = 2 };
	f.requests.function = xstrdup("serve");
	f.requests.basis = xstrdup("calls");
	f.requests.turns = (struct fact_turns){ .count = 100, .per_second = 10, .p50 = NS_PER_MS };
	f.requests.servers = xcalloc(1, sizeof(*f.requests.servers));
	f.requests.servers[f.requests.server_cnt++] =
		(struct fact_server){ .name = xstrdup("shop"), .kind = xstrdup("tcp"), .port = 80 };
	f.processes[0].framework = xstrdup("gunicorn");
	f.processes[0].framework_options = xstrdup("--workers 2");
	return f;
}

#endif
