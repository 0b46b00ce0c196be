/* SPDX-License-Identifier: MIT */
/* Which threads do the work, told from those that look on: one answer for all who ask. */
#ifndef FACTS_WORKERS_H
#define FACTS_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

/* A thread does the work when it runs and waits for I/O a tenth as much as the busiest one … */
#define WORKER_MIN_SHARE 0.10
/* … or would, were it not kept from it: its waits count for half. */
#define WORKER_STARVED_SHARE 0.50

struct work_done {
	double effort_ns;	/* CPU, disk, network, memory, the price of messages */
	/*
	 * That, and what kept it from it: CPUs, locks. Not the global lock of an interpreter:
	 * who wants to compute gets it in turn, and who hardly computes is a feeder.
	 */
	double active_ns;
};

void workers_mark(const struct work_done *threads, size_t cnt, bool *is_worker);

#endif
