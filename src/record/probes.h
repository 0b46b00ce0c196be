/* SPDX-License-Identifier: MIT */
/*
 * The BPF programs, from this side. Sole user of the skeleton.
 *
 * Call order: open, attach, mark (twice), tell, … end, tell, close. Each map or
 * link goes away with close() or with the process, whatever ends it.
 */
#ifndef RECORD_PROBES_H
#define RECORD_PROBES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "par_event.h"
#include "par_shared.h"
#include "record/ring.h"

struct probes_opts {
	bool follow_children;
	bool trace_all;
	bool light;		/* scheduler only */
	bool request_function;	/* requests are calls of a function, not turns of connections */
};

struct probes;

/* -errno, said: -EPERM without privilege. */
int probes_open(struct probes **out, const struct probes_opts *opts);
void probes_close(struct probes *p);
int probes_attach(struct probes *p);

/* Is storage in tasks known, and refused? Threads are then in a table. Once opened. */
bool probes_lack_storage(const struct probes *p);

/* Does this kernel tell of its locks, and are they looked at? Once opened. */
bool probes_tell_klocks(const struct probes *p);

/* So that a wait for a lock of the kernel is told with who wants it. Once opened. */
void probes_lock_text(struct probes *p, const struct par_lock_text *text);

/*
 * Rings are numbered from 0, in the order of what they hold of the same moment; their
 * descriptors stay the probes'.
 */
size_t probes_ring_cnt(const struct probes *p);
struct ring_place probes_ring(const struct probes *p, size_t ring);

/* Make @pid a target of the next walk. 1: it was none yet; 0: it was; or -errno. */
int probes_add_target(struct probes *p, pid_t pid);

/* Walk: start tracing all threads of the targets. */
int probes_mark(struct probes *p);

/* Walk: a PAR_TASK (or, after the end, PAR_OPEN) of each traced thread. */
typedef void (*probes_task_fn)(void *ctx, const struct par_task *rec);
int probes_tell(struct probes *p, probes_task_fn fn, void *ctx);

/* Nothing that happens from @end_ns (CLOCK_MONOTONIC) on is recorded. */
void probes_end(struct probes *p, uint64_t end_ns);

/*
 * The end has passed: nothing is counted any more, and the next walk brings what threads
 * still have on their own account into the tables. Leave running programs a moment before.
 */
void probes_end_counts(struct probes *p);

/* From now on system calls cost nothing any more, and are not counted. */
void probes_leave_calls(struct probes *p);

/* What the programs wrote beside the ring; live. */
const struct par_shared *probes_shared(const struct probes *p);

typedef void (*probes_syscall_fn)(void *ctx, int32_t sysno,
				  const struct par_syscall_count *count);
typedef void (*probes_traffic_fn)(void *ctx, const struct par_traffic_key *key,
				  const struct par_traffic_count *count);
void probes_each_syscall(struct probes *p, probes_syscall_fn fn, void *ctx);
void probes_each_traffic(struct probes *p, probes_traffic_fn fn, void *ctx);

typedef void (*probes_disk_fn)(void *ctx, const struct par_disk_key *key,
			       const struct par_disk_count *count);
void probes_each_disk(struct probes *p, probes_disk_fn fn, void *ctx);

/* Make room: nothing moves there any more. Not from within probes_each_traffic(). */
void probes_forget_traffic(struct probes *p, const struct par_traffic_key *key);

/*
 * What record/python_watch needs to watch CPython. Programs and memory stay the
 * probes'; all is NULL when there are none (--light).
 */
struct bpf_program;
struct probes_python {
	struct bpf_program *release, *gilstate_release, *acquire, *park;
	int pythons_fd, released_fd;	/* maps: pid -> place; tid -> sums */
	struct par_python_watch *watch;
};

struct probes_python probes_python(const struct probes *p);

/*
 * What record/requests needs. Programs and memory stay the probes'; served_fd is -1 when
 * connections are not looked at, the programs are NULL when no function is.
 */
struct probes_requests {
	struct bpf_program *call, *ret;
	int served_fd, listeners_fd;	/* maps: file -> struct par_served; inode -> par_listener */
	uint32_t served_max;		/* room for so many */
	const struct par_request_counts *counts;
};

struct probes_requests probes_requests(const struct probes *p);

/* Time spent in the programs, in ns, while it is measured: see stats.h. */
uint64_t probes_run_ns(const struct probes *p);

/*
 * How often the kernel has left a program out because it was running already on that CPU, whoever
 * met it, and something was missed by it: see tracepoint.h.
 */
uint64_t probes_passed_over(const struct probes *p);

#endif
