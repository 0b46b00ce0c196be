/* SPDX-License-Identifier: MIT */
/*
 * What the parts of truth share: how a thread tells what it waited for, and how
 * its part has threads started. truth.c says what the program is.
 */
#ifndef TRUTH_H
#define TRUTH_H

#include <netinet/in.h>
#include <stdatomic.h>

#include "workload.h"

#define PERIOD_NS (20 * NS_PER_MS)
#define HOLD_NS (30 * NS_PER_MS)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct interval {
	uint64_t start_ns, end_ns, blocked_ns;
};

/* What one thread says about one kind of its waits. Written by that thread only. */
struct waits {
	const char *thread, *bucket;
	double at_least; /* 0: both bounds hold; else only this share is promised */
	struct interval *list;
	atomic_size_t cnt;
	atomic_ullong open_ns; /* start of the wait that goes on; 0: none */
	uint64_t start_ns, cpu_ns, delay_ns;
};

/* Threads end when this gets true. */
extern atomic_bool stop;
/* Where files and sockets are put. */
extern const char *dir;
/* The slow server on another host. */
extern struct sockaddr_in net_addr;

/* ---- truth_waits.c: each thread calls these about itself ---- */

struct waits *waits_new(const char *thread, const char *bucket);
/* Around one wait. */
void waits_begin(struct waits *w);
void waits_end(struct waits *w);
/* Or all at once. */
void waits_add(struct waits *w, uint64_t start_ns, uint64_t end_ns, uint64_t blocked_ns);
/* When all threads have ended, but for those that wait for ever. */
void waits_print(FILE *out);

/* ---- truth.c ---- */

/* Did the user ask for this kind of wait? */
bool is_wanted(const char *name);
/* Start a thread, if its kind is wanted. @ends: it looks at stop. */
void start_kind(const char *name, void *(*run)(void *), void *arg, bool ends);

/* ---- the kinds; each part starts the threads of its own ---- */

void start_locks(void);
void start_calls(void);
/* Busy holders, so only when asked for by name: they would crowd the others. */
void start_kernel(void);

/* Helper processes are forked before there is any thread, and killed at the end. */
void fork_partners(void);
void fork_sharers(void);
void start_partners(void);
void kill_partners(void);
void fork_stopped(void);
void start_tasks(void);
void kill_stopped(void);
void fork_polls(void);
void start_polls(void);
void kill_polls(void);
void fork_kinds(void);
void start_kinds(void);
void kill_kinds(void);

/* What another host runs: answers slowly, one connection after the other, for ever. */
void serve(struct sockaddr_in in);

#endif
