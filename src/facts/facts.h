/* SPDX-License-Identifier: MIT */
/*
 * One recording in numbers: all that the verdict, the reports and the diff ever
 * see. Mirrors the JSON of docs/facts.md (schema 1), key by key.
 *
 * Owns everything it points to. Zeroed memory is an empty struct facts.
 */
#ifndef FACTS_FACTS_H
#define FACTS_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/htab.h"
#include "model/bucket.h"
#include "model/model.h"

#define FACTS_SCHEMA 1

/* One of several recordings that were put together, see combine.h. */
struct fact_part {
	uint64_t start_ns;		/* since the first one's start */
	uint64_t duration_ns;
	bool launched, ended;		/* it saw its first process begin; all of its processes end */
	char **command;			/* [command_cnt] */
	size_t command_cnt;
	uint32_t *pids;			/* [pid_cnt] */
	size_t pid_cnt;
	uint32_t process_cnt, thread_cnt; /* in the facts part after part */
};

struct fact_recording {
	char *version;			/* of the partrace that recorded */
	uint64_t start_wall_ns;
	uint64_t start_mono_ns;		/* the same moment on CLOCK_MONOTONIC; 0: not known */
	char *boot_id;			/* of the machine since it started; NULL: not known */
	uint32_t pid_namespace;		/* whose numbers all ids are; 0: the first one's, or not known */
	uint64_t duration_ns;
	char **command;			/* [command_cnt], of the launched or first target */
	size_t command_cnt;
	uint32_t *pids;			/* [pid_cnt], the targets named by the user */
	size_t pid_cnt;
	char *kernel, *arch;
	uint32_t cpus_online, cpus_affinity;
	double cpus_quota;		/* 0: none */
	double cpus_usable;
	uint64_t memory_bytes;		/* of the machine; 0: not known */
	bool cpu_split_exact;
	uint64_t steal_ns;
	uint64_t events;
	uint64_t lost_ring, lost_state;
	uint64_t lost_wait_ns;		/* thread time in BUCKET_OTHER for want of them */
	uint64_t passed_over;		/* what the kernel ran no program for: see record/probes.h */
	char **unavailable;		/* [unavailable_cnt], bucket names */
	size_t unavailable_cnt;
	char **needs;			/* [need_cnt], what the user said with --need */
	size_t need_cnt;
	uint64_t bpf_ns, collector_ns;
	bool bpf_unmeasured;		/* bpf_ns is not known: no right to measure it */
	double overhead;		/* own cost / duration, of one CPU */
	struct fact_part *parts;	/* [part_cnt], none: it is one recording */
	size_t part_cnt;
	double overhead_limit;		/* --max-overhead, of one CPU; 0: none */
	uint64_t calls_until_ns;	/* since the start; 0: system calls were counted to the end */
	uint64_t left_out_ns;		/* of the timeline in the trace */
	uint64_t suspended_ns;		/* the machine slept meanwhile; in no other number */
	int64_t clock_step_ns;		/* the wall clock was set meanwhile; 0: it was not */
	uint32_t cpus_online_end;	/* other than cpus_online; 0: as many */
	bool is_complete;		/* ended as it should; not part of the JSON */
};

struct fact_process {
	uint32_t pid, ppid;
	char *name, *exe;
	uint64_t started_ns;		/* since the recording's start */
	bool ended;
	uint64_t ended_ns;
	int exit_code;			/* 128 + n for signal n, as shells say it */
	char *exit_signal;		/* "SIGKILL"; NULL: ended by itself, or not at all */
	char *runtime, *runtime_version;/* NULL: none found */
	bool global_lock, free_threaded;
	char *start_method;		/* NULL: not known */
	char *started_by;		/* "fork" or "vfork"; NULL: not seen */
	bool has_exec, exec;		/* got a program of its own */
	char *helper;			/* "fork server", "resource tracker"; NULL: no helper */
	char *framework;		/* "gunicorn", see framework.h; NULL: none is known */
	char *framework_options;	/* "-w 4": how many workers, as its arguments say */
	bool has_startup;
	uint64_t startup_ns;
	uint64_t rss_bytes, pss_bytes, private_bytes;
};

/* What an event loop's thread was blocked in, other than its own poll. */
struct fact_loop_call {
	char *call;			/* "fsync", "page fault", "DNS" */
	enum bucket bucket;
	uint64_t waits, wait_ns;
};

/*
 * A thread that waits for many descriptors at once and serves them in turns: from
 * one poll's return to the next poll it serves nobody else.
 */
struct fact_loop {
	uint64_t sockets;		/* connected ones seen; 0: none, or not known */
	uint64_t loop_ns;		/* since its first poll */
	uint64_t poll_ns;		/* of that: blocked in its poll */
	bool has_turns;			/* false: none seen, as with --light; then 0 up to long_blocked_ns */
	uint64_t turns, turn_max_ns;
	uint64_t cpu_max_ns;		/* most CPU time in one turn */
	uint64_t lag_p95_ns;		/* what 95 % of arrivals wait at most; 0: below 1 ms */
	uint64_t long_turns, long_ns;	/* of 1 ms and longer; the next three add up to that time */
	uint64_t long_cpu_ns, long_queue_ns, long_blocked_ns;
	uint64_t blocked_ns;		/* in all calls below and others */
	struct fact_loop_call *blocked_in; /* [blocked_cnt], longest first */
	size_t blocked_cnt;
};

struct fact_thread {
	uint32_t tid, pid;
	char *name, *role;
	uint64_t started_ns;		/* this and the next two: since the recording's start */
	uint64_t first_cpu_ns, last_cpu_ns; /* when it first came to a CPU, last left one; 0: never */
	uint64_t lifetime_ns;
	uint64_t time_ns[BUCKET_CNT];	/* sums to lifetime_ns */
	uint64_t voluntary, involuntary, migrations, wakeups;
	struct fact_quantiles {
		uint64_t p50, p95, p99, max;
	} run_queue_ns;
	uint64_t watched_ns;		/* CPU time while the GIL was watched; 0: it was not */
	uint64_t released_ns;		/* of it, with the GIL released */
	struct fact_loop *loop;		/* NULL: it is no event loop */
};

struct fact_lock {
	enum lock_kind kind;
	char *name;
	uint64_t addr;
	uint32_t pid;
	uint64_t waits, wait_ns, max_ns;
	struct lock_edge *edges;	/* [edge_cnt], longest first */
	size_t edge_cnt;
	uint64_t contended_ns;		/* of wait_ns: for a lock, not for a signal or a process */
};

/* Threads that wait for each other, all around: each for the next one, the last for the first. */
struct fact_deadlock {
	uint32_t *threads;		/* [thread_cnt] */
	char **locks;			/* [lock_cnt]: what each of them waits for */
	size_t thread_cnt, lock_cnt;
	char *text;			/* for people */
};

/* One process at a channel. */
struct fact_channel_end {
	uint32_t pid;			/* 0: sums all that are not listed */
	char *name;			/* NULL: not known */
	bool traced;
	bool reads, writes;
	uint64_t messages_sent, bytes_sent, messages_received, bytes_received;
	uint64_t read_wait_ns, write_wait_ns;
};

struct fact_channel {
	char *kind;			/* never NULL */
	char *id;
	char *key;			/* the same in all recordings since a boot; NULL: not known */
	uint32_t *writers, *readers;
	size_t writer_cnt, reader_cnt;
	uint64_t messages, bytes;
	uint64_t read_wait_ns, write_wait_ns;
	char *used_as;			/* NULL: nothing is known but the kind */
	uint64_t size_bytes;		/* of a shared mapping */
	struct fact_channel_end *ends;	/* [end_cnt], busiest first */
	size_t end_cnt;
};

struct fact_syscall {
	char *name;
	uint64_t calls, errors, blocked_ns, bytes;
};

/* Requests that were answered, and how long that took. */
struct fact_turns {
	uint64_t count;
	double per_second;
	uint64_t p50, p95, p99, mean, max;	/* ns */
	double in_progress_avg;		/* come and not answered, over the recording */
	double unread_avg;		/* of these, not even taken up */
};

/* What was served to others: one program's requests on one port. */
struct fact_server {
	char *name;			/* of the process */
	char *kind;			/* "tcp", "unix", "function" */
	uint16_t port;			/* tcp; else 0 */
	struct fact_turns turns;
};

/* A listening socket: connections that waited for accept(2). */
struct fact_listener {
	char *name;			/* of the process that took the last one */
	char *kind;			/* "tcp", "unix" */
	uint16_t port;
	uint64_t accepts;
	double waiting_avg;		/* found waiting by each accept, beside the one it took */
	uint32_t waiting_max, limit;
};

struct fact_requests {
	struct fact_turns turns;	/* all together */
	char *basis;			/* NULL: no requests were seen */
	char *function;			/* --request: that function; NULL: connections */
	uint64_t unfinished;		/* begun and not answered at the end */
	uint64_t missed;		/* could not be followed */
	struct fact_server *servers;	/* [server_cnt], most requests first */
	size_t server_cnt;
	struct fact_listener *listeners;/* [listener_cnt], longest queue first */
	size_t listener_cnt;
};

/* A gate: what the user asked for, and what it was. */
struct fact_slo {
	char *name;			/* "p95" */
	char *unit;			/* of limit and value: "ns", "percent", "bytes", "per second" */
	double limit, value;
	bool is_known;			/* @value was measured */
	bool met;			/* never, unless it was */
	char *why;			/* it was not measured: why; else NULL */
};

/* One window of the recording: average number of threads in each group. */
struct fact_window {
	uint64_t t_ns;			/* its start, since the recording's start */
	double groups[GROUP_CNT];
};

enum verdict_class {
	CLASS_INCONCLUSIVE, CLASS_CPU_BOUND, CLASS_GIL_BOUND, CLASS_LOCK_BOUND,
	CLASS_KERNEL_LOCK_BOUND, CLASS_IO_BOUND, CLASS_IPC_BOUND, CLASS_OVERSUBSCRIBED,
	CLASS_IMBALANCED, CLASS_IDLE, CLASS_MIXED,
	CLASS_CNT
};

enum verdict_fit {
	FIT_INCONCLUSIVE, FIT_THREADS, FIT_PROCESSES, FIT_HYBRID, FIT_ASYNC, FIT_SINGLE,
	FIT_EITHER,
	FIT_CNT
};

/* The recorded work under another model, see facts/whatif.h. */
struct fact_whatif {
	char *change;			/* "processes", "threads", "workers", … */
	uint32_t workers;		/* how many there would be */
	char *lock;			/* the one that is gone; NULL: no change to one lock */
	double speedup, low, high;	/* wall time of the work, old / new; 0 with @why_not */
	char *basis;			/* for people: what it was computed from; NULL with @why_not */
	char *why_not;			/* for people: why nothing is predicted; or NULL */
};

struct fact_role_verdict {
	char *role;
	uint32_t threads;
	enum verdict_class class;
	enum verdict_fit fit;
	char *summary;
};

struct fact_evidence {
	char *rule, *text, *unit;
	double value, threshold;
};

struct fact_prediction {
	char *change;
	uint32_t workers;
	double speedup, low, high;
	double worker_bytes;		/* of memory, per worker: more (less, if < 0); 0: not known */
	char *basis;
};

struct fact_not_predicted {
	char *change, *why;
};

struct fact_verdict {
	enum verdict_class class;
	enum verdict_fit current, fit;	/* current is never FIT_EITHER */
	double confidence;		/* 0 … 1 */
	char *summary;
	struct fact_role_verdict *roles;
	size_t role_cnt;
	struct fact_evidence *evidence;
	size_t evidence_cnt;
	struct fact_prediction *predictions;
	size_t prediction_cnt;
	struct fact_not_predicted *not_predicted;
	size_t not_predicted_cnt;
	char **advice;
	size_t advice_cnt;
	char **doubts;			/* [doubt_cnt], what lowers the confidence, in sentences */
	size_t doubt_cnt;
};

struct facts {
	struct fact_recording recording;
	struct fact_process *processes;
	size_t process_cnt;
	struct fact_thread *threads;
	size_t thread_cnt;
	struct {
		double on_cpu_avg;	/* threads on a CPU */
		uint32_t on_cpu_max;	/* at the same moment */
		double runnable_avg;	/* threads on a CPU or waiting for one */
	} concurrency;
	struct fact_lock *locks;	/* most waited for first */
	size_t lock_cnt;
	struct fact_channel *channels;
	size_t channel_cnt;
	struct fact_syscall *syscalls;
	size_t syscall_cnt;
	struct {
		uint64_t reads, writes, bytes, wait_ns;
	} disk;
	uint64_t faults_minor, faults_major;
	struct fact_requests requests;
	struct fact_window *series;
	size_t series_cnt;
	struct fact_deadlock *deadlocks;
	size_t deadlock_cnt;
	bool has_whatif;		/* the run was replayed; not while it is recorded */
	struct fact_whatif *whatif;	/* [whatif_cnt] */
	size_t whatif_cnt;
	struct fact_slo *slo;		/* [slo_cnt], filled by slo_judge() */
	size_t slo_cnt;
	struct fact_verdict verdict;	/* filled by verdict/, stored for other readers */

	/* Of facts_index(): valid while the arrays are those that it was made of. */
	struct {
		struct htab processes, threads;	/* (id, 0) -> into the array */
		const struct fact_process *of_processes;
		const struct fact_thread *of_threads;
		size_t process_cnt, thread_cnt;
	} index;
};

void facts_release(struct facts *f);

/*
 * Once all processes and threads are there: facts_process() and facts_thread() need not look
 * at each. Without it they do, which is all the same for a few.
 */
void facts_index(struct facts *f);
void fact_slo_release(struct fact_slo *slo, size_t cnt);
void fact_verdict_release(struct fact_verdict *v);

/* As in the JSON: "gil-bound", …; "processes", … The way back: -1 if there is none of that name. */
const char *verdict_class_name(enum verdict_class c);
int verdict_class_from_name(const char *name);
const char *verdict_fit_name(enum verdict_fit fit);
int verdict_fit_from_name(const char *name);

/* NULL if there is none with that id. Pids may repeat: the latest counts. */
const struct fact_process *facts_process(const struct facts *f, uint32_t pid);
const struct fact_thread *facts_thread(const struct facts *f, uint32_t tid);

/*
 * A process or thread that began at @started_ns was born while it was recorded: it was
 * not there already at the start, of all or of its part.
 */
bool facts_is_birth(const struct facts *f, uint64_t started_ns);

/* The first target was launched: alive at the start, but only then given its program. */
bool facts_is_launched(const struct facts *f);

/*
 * What to call a process: its main thread's role if that is a worker's, which says more
 * than a name that all of them have; else @name, which may be NULL; else its own, or "".
 */
const char *facts_process_label(const struct facts *f, uint32_t pid, const char *name);

/* Longest first, and busiest first; what sums all others comes last. */
void lock_edges_sort(struct lock_edge *edges, size_t cnt);
void channel_ends_sort(struct fact_channel_end *ends, size_t cnt);

/* Shared memory: what goes through it can't be seen. */
bool fact_channel_is_memory(const struct fact_channel *c);

/* Memory that may hold data: a semaphore is memory, too, but says nothing. */
bool fact_channel_has_data(const struct fact_channel *c);

/* Thread time, of all threads. */
uint64_t facts_bucket_ns(const struct facts *f, enum bucket b);
uint64_t facts_group_ns(const struct facts *f, enum bucket_group g);
uint64_t facts_life_ns(const struct facts *f);
uint64_t fact_thread_group_ns(const struct fact_thread *t, enum bucket_group g);

#endif
