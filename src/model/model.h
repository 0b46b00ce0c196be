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
#include "model/lock_use.h"
#include "model/wait_class.h"

/* One process, from first to last sight. A new exec is the same process. */
struct process {
	uint32_t pid, ppid;
	const struct process *parent;	/* whose copy it began as; NULL: not born here */
	char name[PAR_COMM_LEN];	/* its main thread's */
	char *exe;			/* path, or NULL */
	char *command;			/* arguments, or NULL */
	char imports[64];		/* modules of its script that are worth telling, or "" */
	uint64_t start_ns;		/* inside the recording */
	uint64_t end_ns;		/* 0 while it lives */
	uint64_t exec_ns;		/* last exec inside the recording, 0: none */
	bool shared_vm;			/* was born in its parent's memory: vfork(2), posix_spawn(3) */
	/* Of its main thread, since the birth or the last exec; 0: not yet. See docs/facts.md. */
	uint64_t first_run_ns;		/* first on a CPU */
	uint64_t loaded_ns;		/* the last piece of code came in, before @waited_ns */
	uint64_t fed_ns;		/* had read what its parent told it through a pipe */
	uint64_t waited_ns;		/* began to wait for others, or slept */
	bool serves;			/* ... which was for work to arrive */
	uint32_t exit_code;		/* as wait(2) gives it */
	bool born;			/* was forked inside the recording */
	bool has_ns_tids;		/* its threads have other numbers for themselves */
	bool ended;			/* exit_code is set */
	uint64_t utime_ns, stime_ns;	/* of its threads that have ended */

	char runtime[16];		/* "cpython", "" if none was found */
	char runtime_version[16];
	bool global_lock;		/* one thread at a time */
	bool free_threaded;		/* a build that can do without; global_lock: switched back on */
	uint64_t gil_addr, gil_size;	/* where the global lock's words lie */
	uint64_t gil_word;		/* one of them, learnt from a wait; 0: none yet */
	/*
	 * [own_gil_cnt]: of sub-interpreters their condition variables, of Ruby the mutexes
	 * of its GVLs, one per Ractor.
	 */
	uint64_t *own_gils;
	size_t own_gil_cnt, own_gil_cap;
	bool has_gvl;			/* Ruby */
	/* [mutex_cnt]: with which condition variable each mutex was seen, of Ruby. */
	struct gvl_mutex {
		uint64_t mutex, cond;
	} *mutexes;
	size_t mutex_cnt, mutex_cap;

	uint64_t rss_bytes, pss_bytes, private_bytes;	/* last sample; 0: none */
	uint64_t rss_max_bytes;
	uint64_t old_rss_bytes;		/* most that it had before its last exec */

	uint32_t live_cnt;		/* tasks not ended */
	bool announced;			/* observers know it */
};

struct task {
	uint32_t tid;
	uint32_t index;			/* its place in model.all_tasks */
	struct process *process;
	const struct task *creator;	/* NULL: was there before, or its birth was not seen */
	char name[PAR_COMM_LEN];
	uint64_t start_ns;		/* inside the recording */
	uint64_t end_ns;		/* 0 while it lives */
	uint64_t utime_ns, stime_ns;	/* the kernel's estimate, inside the recording, at its end */
	uint64_t min_flt, maj_flt;	/* likewise */
	uint64_t voluntary, involuntary;/* switches */
	uint64_t migrations, wakeups;
	uint64_t watched_ns, released_ns; /* CPU time while the GIL was watched; of it, without it */

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
	uint32_t index;			/* in order of appearance, from 1 on */
	struct process *process;	/* NULL: shared by processes */
	uint64_t addr;			/* of a file: its inode */
	uint32_t dev;			/* ... and the device that is on */
	bool is_shared;			/* other processes may use it, too */
	char *name;			/* for people: "GIL of python3 (4242)", "mutex 0x7f…" */
	uint64_t waits, wait_ns, max_ns;
	uint64_t released_ns;		/* when somebody last let a waiter go */
	uint64_t contended_ns;		/* of wait_ns: as a lock, not for a signal */
	struct lock_use use;		/* semaphores only */
	struct lock_edge *edges;	/* [edge_cnt], one per pair; waiter 0: all beyond a limit */
	size_t edge_cnt, edge_cap;
	struct htab edge_index;		/* (waiter, holder) -> its place in @edges, from 1 on */
};

/* A process at the other end of something; it need not be traced. */
struct peer {
	uint32_t pid;
	char name[PAR_COMM_LEN];	/* "" if it is not known */
};

/* What went one way through a channel, as either side saw it. */
struct channel_flow {
	uint64_t sent_cnt, sent_bytes, received_cnt, received_bytes;
};

/* A process at a channel. */
struct channel_end {
	uint32_t pid;
	char name[PAR_COMM_LEN];	/* of one that isn't traced; "": not known */
	bool reads, writes;		/* was seen doing so, or waiting for it; or may, as it maps it */
	struct channel_flow moved;	/* by this process */
	uint64_t sent_by_main, received_by_main; /* messages of its first thread */
	uint64_t read_wait_ns, write_wait_ns;
};

/* Stands beside enum par_file: memory that several processes map. */
#define CHANNEL_SHM 255

/* Something through which processes or threads exchange bytes. */
struct channel {
	uint8_t file_kind;		/* enum par_file, or CHANNEL_SHM */
	char *name;			/* "pipe:[123]", "tcp 127.0.0.1:5432" */
	struct par_file_ref file;	/* one of its ends, as first seen; of datagrams, the receiver's */
	uint64_t space, key;		/* in model.channels: the same at both ends */
	struct channel_flow flows[2];	/* one per direction; most have only the first */
	uint64_t read_wait_ns, write_wait_ns;
	uint64_t shm_bytes;		/* CHANNEL_SHM: the longest mapping of it */
	struct channel_end **ends;	/* [end_cnt], in order of appearance */
	size_t end_cnt, end_cap;
	struct htab end_index;		/* (pid, 0) -> struct channel_end */
	/* Who seems to have the other end, by a vote of the waits that it ended. */
	struct peer likely_peer;
	uint64_t peer_votes;
};

/*
 * What moved in both directions together. Both ends may be traced, or only one:
 * what was sent is what was received, and isn't counted twice. Messages are those
 * of the sender, where it was seen: a reader may take them in other pieces.
 */
uint64_t channel_messages(const struct channel *c);
uint64_t channel_bytes(const struct channel *c);

struct syscall_count {
	int32_t sysno;
	uint64_t calls, errors, bytes, wakes;
	uint64_t blocked_ns;
};

/* Block requests made by threads that are traced. */
struct disk_count {
	uint64_t reads, writes, bytes;
};

/* One request that was answered, or one call of the function that stands for it. */
struct request {
	uint64_t begin_ns;		/* it came, as far as that was seen */
	uint64_t read_ns;		/* somebody took it up */
	uint64_t end_ns;		/* the last piece of the answer left */
	enum par_request_kind kind;
	uint16_t port;			/* TCP: that it came to; else 0 */
	const struct process *process;	/* that took it up; NULL: not known */
	const struct task *task;	/* likewise */
};

/* A listening socket, as whoever took connections from it found it. */
struct backlog {
	enum par_request_kind kind;
	uint16_t port;			/* TCP; else 0 */
	const struct process *process;	/* that took the last one; NULL: not known */
	uint64_t accepts;
	uint64_t waiting;		/* that still waited then, over all accepts */
	uint32_t waiting_max, limit;
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
	const struct task *waker;	/* the same, if it is or was traced; else NULL */
	const struct task *holder;	/* who held the lock, or NULL */
	const struct task *owner;	/* waits that nobody ended: who has it, by its own word; or NULL */
	const struct peer *peer;	/* who has the other end of what it waited on, or NULL */
	const char *object;		/* what it waited on: a lock's or a file's name; or NULL */
	enum wait_poll poll;		/* is it a poll that a loop may be built on? */
	const struct par_cause *cause;	/* NULL: not blocked */
};

/*
 * From a loop's poll to its next one nobody is served: one turn. Told are those of
 * PAR_TURN_MIN_NS and longer, when the next poll begins: its spans may come later.
 */
struct turn {
	const struct task *task;
	uint64_t start_ns, end_ns;	/* the same: none yet, its first poll has returned */
	uint64_t queue_ns, blocked_ns;	/* of it; the rest was on a CPU */
	uint64_t turns;			/* of the task so far, with short ones */
	bool by_epoll;			/* or io_uring */
	bool is_open;			/* went on when the recording ended */
	bool is_last;			/* the task has ended, and not polled since: no turn any more */
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
#define MODEL_UNTRACED PAR_TID_OUTSIDE

/* Every hook may be NULL. */
struct observer {
	void *ctx;
	void (*begin)(void *ctx, uint64_t ts_ns);
	void (*process)(void *ctx, const struct process *p);	/* new, or its names changed */
	void (*task)(void *ctx, const struct task *t);		/* new, or its name changed */
	void (*task_end)(void *ctx, const struct task *t);
	void (*span)(void *ctx, const struct span *s);
	void (*turn)(void *ctx, const struct turn *t);
	void (*wakeup)(void *ctx, const struct wakeup *w);
	void (*cpu)(void *ctx, const struct cpu_switch *c);
	void (*memory)(void *ctx, uint64_t ts_ns, const struct process *p);
	void (*request)(void *ctx, const struct request *r);
	void (*bystander)(void *ctx, uint32_t tid, uint32_t tgid, const char *name);
	void (*end)(void *ctx, uint64_t ts_ns);
};

#define MODEL_RECENT_CNT 64

struct model {
	uint64_t begin_ns, end_ns;
	struct htab tasks;		/* (tid, 0) -> live struct task */
	struct task *recent[MODEL_RECENT_CNT];	/* by tid: of @tasks those that ran last, for task_find() */
	struct htab ns_tids;		/* (a number in its own pid namespace, pid) -> the tid, as a pointer */
	struct htab ended;		/* (tid, 0) -> the last struct task of that number that ended */
	struct htab processes;		/* (pid, 0) -> live struct process */
	struct htab locks;		/* (pid, address) -> struct lock */
	struct htab channels;		/* (file kind and device, id) -> struct channel */
	struct htab unix_peers;		/* (inode, 0) -> the peer's inode, as a pointer */
	struct htab unix_listeners;	/* (inode, pid): that process waited there to be connected to */
	struct htab syscalls;		/* (sysno, 0) -> struct syscall_count */
	struct htab peers;		/* (file kind, end) -> struct peer; see peer_table.c */

	/* All that ever were, in order of appearance. The model owns them. */
	struct task **all_tasks;
	size_t task_cnt, task_cap;
	struct process **all_processes;
	size_t process_cnt, process_cap;

	struct htab ports;		/* (port, 0): this machine listens there */
	struct htab file_names;		/* (inode, device) -> char * */
	struct htab symbols;		/* (struct process *, address) -> char * */
	bool has_file_locks;
	struct htab kernel_symbols;	/* (address, 0) -> char *: functions, and locks by name */
	struct htab devices;		/* (dev_t, 0) -> char *: block devices */
	struct disk_count disk;
	struct htab backlogs;		/* (inode, 0) -> struct backlog */
	uint64_t requests_unfinished, requests_missed;
	struct cpu_line **cpus;		/* [cpu_cnt], by CPU; NULL: nothing was told of it */
	size_t cpu_cnt;
	struct wait_calls calls;
	struct strbuf scratch, object;	/* names lent to observers */

	uint64_t event_cnt;
	uint64_t lost_ring, lost_state;
	uint64_t lost_wait_ns;		/* thread time of which they would have told what it was */
	uint64_t resync_cnt;		/* events that did not fit what was known */
	uint64_t startup_cnt;		/* steps of start-ups that were told; 0 with --light */

	const struct observer *observers[4];
	size_t observer_cnt;
};

void model_init(struct model *m);

/* Its name as of now: a path may have become known since. The caller frees. */
char *channel_name(const struct model *m, const struct channel *c);

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

/* A thread that waits for what another one has, or itself. */
struct blocked {
	const struct task *waiter, *owner;
	char *lock;			/* its name */
	uint64_t wait_ns;		/* so far */
};

/*
 * Likewise: is it waiting for a lock that says who has it now? Then true, and the
 * caller frees @out->lock.
 */
bool model_blocked(const struct model *m, const struct par_task *rec, struct blocked *out);
void model_release(struct model *m);

#endif
