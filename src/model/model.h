/* SPDX-License-Identifier: MIT */
/*
 * The model: what happened, told from decoded events, to whoever watches.
 *
 * Pure: no I/O, no clock, no globals. Feed it the same events and it tells the
 * same story. Everything it tells is inside the recording, from EVENT_BEGIN to
 * EVENT_END: spans are clipped to it.
 *
 *	event -> model_feed() -> observers
 *
 * Pointers passed to observers are lent for the length of the call, except to
 * struct task, struct process, struct lock and struct channel: these live as
 * long as the model.
 *
 * Spans of one thread come in order of time, leave no gap and do not overlap:
 * their lengths add up to task->end_ns - task->start_ns, exactly. Between
 * threads no order is promised, except that a span ends no later than the last
 * event fed.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/htab.h"
#include "base/strbuf.h"
#include "event/event.h"
#include "model/bucket.h"
#include "model/wait_class.h"

/* One process, from first to last sight. A new exec is the same process. */
struct process {
	uint32_t pid, ppid;
	const struct process *parent;	/* whose copy it began as; NULL: not born here */
	char name[PAR_COMM_LEN];	/* its main thread's */
	char *exe;			/* path, or NULL */
	char *command;			/* arguments, or NULL */
	uint64_t start_ns;		/* inside the recording */
	uint64_t end_ns;		/* 0 while it lives */
	uint64_t exec_ns;		/* last exec inside the recording, 0: none */
	uint32_t exit_code;		/* as wait(2) gives it */
	bool born;			/* was forked inside the recording */
	bool ended;			/* exit_code is set */
	uint64_t utime_ns, stime_ns;	/* of its threads that have ended */

	char runtime[16];		/* "cpython", "" if none was found */
	char runtime_version[16];
	bool global_lock;
	uint64_t gil_addr, gil_size;	/* where the global lock's words lie */
	uint64_t gil_word;		/* one of them, learnt from a wait; 0: none yet */

	uint64_t rss_bytes, pss_bytes, private_bytes;	/* last sample; 0: none */
	uint64_t rss_max_bytes;

	uint32_t live_cnt;		/* tasks not ended */
	bool announced;			/* observers know it */
};

struct task {
	uint32_t tid;
	struct process *process;
	char name[PAR_COMM_LEN];
	uint64_t start_ns;		/* inside the recording */
	uint64_t end_ns;		/* 0 while it lives */
	uint64_t utime_ns, stime_ns;	/* the kernel's estimate, inside the recording, at its end */
	uint64_t min_flt, maj_flt;	/* likewise */
	uint64_t voluntary, involuntary;/* switches */
	uint64_t migrations, wakeups;

	struct timeline *timeline;	/* the model's own; NULL once it has ended */
	bool announced;			/* observers know it */
};

/* Who waited for whom. */
struct lock_edge {
	uint32_t waiter, holder;	/* tids; holder 0: not known */
	uint64_t waits, wait_ns;
};

struct lock {
	enum lock_kind kind;
	struct process *process;
	uint64_t addr;
	char *name;			/* for people: "GIL of python3 (4242)", "mutex 0x7f…" */
	uint64_t waits, wait_ns, max_ns;
	struct lock_edge *edges;	/* [edge_cnt], one per pair; waiter 0: all beyond a limit */
	size_t edge_cnt, edge_cap;
	struct htab edge_index;		/* (waiter, holder) -> its place in @edges, from 1 on */
};

/* Something through which processes or threads exchange bytes. */
struct channel {
	uint8_t file_kind;		/* enum par_file */
	char *name;			/* "pipe:[123]", "tcp 127.0.0.1:5432" */
	uint64_t messages, bytes;	/* the larger of what was sent and what was received */
	uint64_t sent_cnt, sent_bytes, received_cnt, received_bytes;
	uint64_t read_wait_ns, write_wait_ns;
	uint32_t *readers, *writers;	/* process ids */
	size_t reader_cnt, reader_cap, writer_cnt, writer_cap;
	struct htab ends;		/* (pid, is a reader): is among them */
};

struct syscall_count {
	int32_t sysno;
	uint64_t calls, errors, bytes, wakes;
	uint64_t blocked_ns;
};

/* One stretch of one thread's life. */
struct span {
	const struct task *task;
	uint64_t start_ns, end_ns;
	enum bucket bucket;		/* BUCKET_CPU_USER stands for all CPU time */
	uint16_t cpu;			/* on a CPU: which */
	bool is_open;			/* went on when the recording ended */

	/* Blocked spans only. */
	const char *name;		/* for people: "GIL", "read pipe:[123]"; never NULL */
	const struct lock *lock;	/* or NULL */
	const struct channel *channel;	/* or NULL */
	int32_t sysno;			/* PAR_NO_SYSCALL: none */
	uint32_t waker_tid;		/* 0: none was seen */
	const struct task *holder;	/* who held the lock, or NULL */
};

/* A wake-up by a traced or a foreign thread. */
struct wakeup {
	const struct task *task;	/* who was woken */
	uint64_t ts_ns;
	uint32_t waker_tid;		/* 0: interrupt out of the idle task */
	uint16_t waker_cpu;
	uint16_t target_cpu;		/* where it then ran */
	uint64_t run_ns;		/* when it ran; UINT64_MAX if the recording ended before */
};

/*
 * One change on one CPU. Per CPU these come in order of time, and each
 * prev_tid is the next_tid before it.
 */
struct cpu_switch {
	uint64_t ts_ns;
	uint16_t cpu;
	uint32_t prev_tid, next_tid;	/* 0: idle; MODEL_UNTRACED: not traced */
	uint32_t prev_state;		/* as the sched_switch tracepoint prints it: 0 R, 1 S, 2 D, … 256 R+ */
};

/* Stands for whatever ran on a CPU and is not traced; above the kernel's PID_MAX_LIMIT. */
#define MODEL_UNTRACED 0x7fffffffu

/* Every hook may be NULL. */
struct observer {
	void *ctx;
	void (*begin)(void *ctx, uint64_t ts_ns);
	void (*process)(void *ctx, const struct process *p);	/* new, or its names changed */
	void (*task)(void *ctx, const struct task *t);		/* new, or its name changed */
	void (*task_end)(void *ctx, const struct task *t);
	void (*span)(void *ctx, const struct span *s);
	void (*wakeup)(void *ctx, const struct wakeup *w);
	void (*cpu)(void *ctx, const struct cpu_switch *c);
	void (*memory)(void *ctx, uint64_t ts_ns, const struct process *p);
	void (*bystander)(void *ctx, uint32_t tid, uint32_t tgid, const char *name);
	void (*end)(void *ctx, uint64_t ts_ns);
};

struct model {
	uint64_t begin_ns, end_ns;
	struct htab tasks;		/* (tid, 0) -> live struct task */
	struct htab ended;		/* (tid, 0) -> the last struct task of that number that ended */
	struct htab processes;		/* (pid, 0) -> live struct process */
	struct htab locks;		/* (pid, address) -> struct lock */
	struct htab channels;		/* (file kind, id) -> struct channel */
	struct htab syscalls;		/* (sysno, 0) -> struct syscall_count */

	/* All that ever were, in order of appearance. The model owns them. */
	struct task **all_tasks;
	size_t task_cnt, task_cap;
	struct process **all_processes;
	size_t process_cnt, process_cap;

	struct htab ports;		/* (port, 0): this machine listens there */
	struct htab file_names;		/* (inode, 0) -> char * */
	struct htab cpus;		/* (cpu, 0) -> struct cpu_line */
	struct wait_calls calls;
	struct strbuf scratch;		/* names lent to observers */

	uint64_t event_cnt;
	uint64_t lost_ring, lost_state;
	uint64_t resync_cnt;		/* events that did not fit what was known */

	const struct observer *observers[4];
	size_t observer_cnt;
};

void model_init(struct model *m);

/* @obs is lent for the model's life. Call before the first event. */
void model_observe(struct model *m, const struct observer *obs);
void model_feed(struct model *m, const struct event *ev);

/*
 * What a thread has done since its last span, by a look at it in between: @rec is
 * a PAR_TASK taken now. Tells @fn and changes nothing. Off by what is still on
 * its way from the kernel.
 */
typedef void (*model_stretch_fn)(void *ctx, const struct task *t, enum bucket bucket,
				 uint64_t start_ns, uint64_t end_ns);
void model_peek(const struct model *m, const struct par_task *rec, model_stretch_fn fn,
		void *ctx);
void model_release(struct model *m);

#endif
