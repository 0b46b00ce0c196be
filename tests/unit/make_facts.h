/* SPDX-License-Identifier: MIT */
/*
 * Facts for tests, written as a person would tell them:
 *
 *	struct facts f = recording(10000, 2);
 *	python(&f, 100);
 *	for (int i = 1; i <= 4; i++)
 *		thread(&f, 100 + i, 100, "worker", CPU(2400), GIL(7100), QUEUE(500));
 *
 * Times are milliseconds; what is missing to the recording's length is idle.
 */
#ifndef TESTS_MAKE_FACTS_H
#define TESTS_MAKE_FACTS_H

#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "facts/facts.h"

struct spent {
	enum bucket bucket;
	uint64_t ms;
};

#define CPU(ms)	     ((struct spent){ BUCKET_CPU_USER, ms })
#define KERNEL(ms)   ((struct spent){ BUCKET_CPU_KERNEL, ms })
#define QUEUE(ms)    ((struct spent){ BUCKET_RUN_QUEUE, ms })
#define THROTTLED(ms) ((struct spent){ BUCKET_THROTTLED, ms })
#define GIL(ms)	     ((struct spent){ BUCKET_GIL, ms })
#define LOCK(ms)     ((struct spent){ BUCKET_LOCK, ms })
#define KLOCK(ms)    ((struct spent){ BUCKET_KERNEL_LOCK, ms })
#define SYNC(ms)     ((struct spent){ BUCKET_SYNC, ms })
#define IPC(ms)	     ((struct spent){ BUCKET_IPC, ms })
#define CHILD(ms)    ((struct spent){ BUCKET_CHILD, ms })
#define DISK(ms)     ((struct spent){ BUCKET_DISK, ms })
#define NETWORK(ms)  ((struct spent){ BUCKET_NETWORK, ms })
#define MEMORY(ms)   ((struct spent){ BUCKET_MEMORY, ms })
#define SLEEP(ms)    ((struct spent){ BUCKET_SLEEP, ms })
#define IDLE(ms)     ((struct spent){ BUCKET_IDLE, ms })
#define OTHER(ms)    ((struct spent){ BUCKET_OTHER, ms })

static inline struct facts recording(uint64_t ms, double cpus)
{
	struct facts f = { 0 };

	f.recording.version = xstrdup("0.1.0");
	f.recording.kernel = xstrdup("6.18.0");
	f.recording.arch = xstrdup("x86_64");
	f.recording.duration_ns = ms * NS_PER_MS;
	f.recording.start_wall_ns = 1700000000ULL * NS_PER_S;
	f.recording.cpus_online = f.recording.cpus_affinity = (uint32_t)cpus;
	f.recording.cpus_usable = cpus;
	f.recording.events = 100000;
	f.recording.is_complete = true;
	return f;
}

static inline struct fact_process *process(struct facts *f, uint32_t pid, uint32_t ppid,
					   const char *name)
{
	struct fact_process *p;

	f->processes = xrealloc(f->processes, (f->process_cnt + 1) * sizeof(*f->processes));
	p = &f->processes[f->process_cnt++];
	*p = (struct fact_process){ .pid = pid, .ppid = ppid, .name = xstrdup(name) };
	return p;
}

static inline void python_child(struct facts *f, uint32_t pid, uint32_t ppid)
{
	struct fact_process *p = process(f, pid, ppid, "python3");

	p->exe = xstrdup("/usr/bin/python3");
	p->runtime = xstrdup("cpython");
	p->runtime_version = xstrdup("3.11");
	p->global_lock = true;
	p->rss_bytes = 31000000;
}

static inline void python(struct facts *f, uint32_t pid)
{
	python_child(f, pid, 1);
}

static inline void thread_of(struct facts *f, uint32_t tid, uint32_t pid, const char *role,
			     const struct spent *spent, size_t cnt)
{
	uint64_t life = f->recording.duration_ns, sum = 0;
	struct fact_thread *t;

	f->threads = xrealloc(f->threads, (f->thread_cnt + 1) * sizeof(*f->threads));
	t = &f->threads[f->thread_cnt++];
	*t = (struct fact_thread){
		.tid = tid, .pid = pid, .last_cpu_ns = life, .lifetime_ns = life
	};
	t->name = xstrdup(role);
	t->role = xstrdup(role);
	for (size_t i = 0; i < cnt; i++) {
		t->time_ns[spent[i].bucket] += spent[i].ms * NS_PER_MS;
		sum += spent[i].ms * NS_PER_MS;
	}
	t->time_ns[BUCKET_IDLE] += life > sum ? life - sum : 0;
	t->voluntary = 1000;
}

#define thread(f, tid, pid, role, ...)                                                             \
	thread_of(f, (uint32_t)(tid), (uint32_t)(pid), role,                                       \
		  (const struct spent[]){ __VA_ARGS__ },                                           \
		  sizeof((const struct spent[]){ __VA_ARGS__ }) / sizeof(struct spent))

static inline struct fact_lock *lock(struct facts *f, enum lock_kind kind, const char *name,
				     uint32_t pid, uint64_t wait_ms)
{
	struct fact_lock *l;

	f->locks = xrealloc(f->locks, (f->lock_cnt + 1) * sizeof(*f->locks));
	l = &f->locks[f->lock_cnt++];
	*l = (struct fact_lock){ .kind = kind,
				 .name = xstrdup(name),
				 .addr = 0x7f00,
				 .pid = pid,
				 .waits = 1000,
				 .wait_ns = wait_ms * NS_PER_MS,
				 .contended_ns = wait_ms * NS_PER_MS,
				 .max_ns = 5 * NS_PER_MS };
	return l;
}

static inline void edge(struct fact_lock *l, uint32_t waiter, uint32_t holder, uint64_t ms)
{
	l->edges = xrealloc(l->edges, (l->edge_cnt + 1) * sizeof(*l->edges));
	l->edges[l->edge_cnt++] = (struct lock_edge){ waiter, holder, 100, ms * NS_PER_MS };
}

/* @writer or @reader 0: nobody of the tree. */
static inline void channel(struct facts *f, const char *kind, uint32_t writer, uint32_t reader,
			   uint64_t messages, uint64_t bytes, uint64_t read_wait_ms)
{
	struct fact_channel *c;

	f->channels = xrealloc(f->channels, (f->channel_cnt + 1) * sizeof(*f->channels));
	c = &f->channels[f->channel_cnt++];
	*c = (struct fact_channel){ .kind = xstrdup(kind),
				    .id = xasprintf("%s:[7]", kind),
				    .messages = messages,
				    .bytes = bytes,
				    .read_wait_ns = read_wait_ms * NS_PER_MS };
	c->writers = xcalloc(1, sizeof(uint32_t));
	c->readers = xcalloc(1, sizeof(uint32_t));
	c->writers[0] = writer;
	c->readers[0] = reader;
	c->writer_cnt = writer != 0;
	c->reader_cnt = reader != 0;
}

static inline void syscall_of(struct facts *f, const char *name, uint64_t calls,
			      uint64_t blocked_ms)
{
	f->syscalls = xrealloc(f->syscalls, (f->syscall_cnt + 1) * sizeof(*f->syscalls));
	f->syscalls[f->syscall_cnt++] = (struct fact_syscall){
		.name = xstrdup(name), .calls = calls, .blocked_ns = blocked_ms * NS_PER_MS
	};
}

/*
 * The last thread is an event loop, whose arrivals wait @lag_ms at the 95th percentile;
 * of its long turns so much was on a CPU, in line for one, or blocked in @call.
 */
static inline struct fact_loop *loop_of(struct facts *f, uint64_t lag_ms, uint64_t cpu_ms,
					uint64_t queue_ms, const char *call, uint64_t blocked_ms)
{
	struct fact_thread *t = &f->threads[f->thread_cnt - 1];
	struct fact_loop *l = t->loop = xcalloc(1, sizeof(*l));

	*l = (struct fact_loop){
		.sockets = 10,
		.loop_ns = t->lifetime_ns,
		.poll_ns = t->time_ns[BUCKET_IDLE],
		.has_turns = true,
		.turns = 3000,
		.lag_p95_ns = lag_ms * NS_PER_MS,
		.turn_max_ns = 2 * lag_ms * NS_PER_MS,
		.cpu_max_ns = cpu_ms ? 2 * lag_ms * NS_PER_MS : 0,
		.long_turns = 50,
		.long_ns = (cpu_ms + queue_ms + blocked_ms) * NS_PER_MS,
		.long_cpu_ns = cpu_ms * NS_PER_MS,
		.long_queue_ns = queue_ms * NS_PER_MS,
		.long_blocked_ns = blocked_ms * NS_PER_MS,
		.blocked_ns = blocked_ms * NS_PER_MS,
	};
	if (!blocked_ms)
		return l;
	l->blocked_in = xcalloc(1, sizeof(*l->blocked_in));
	l->blocked_cnt = 1;
	l->blocked_in[0] = (struct fact_loop_call){ .call = xstrdup(call),
						    .bucket = BUCKET_DISK,
						    .waits = 50,
						    .wait_ns = blocked_ms * NS_PER_MS };
	return l;
}

/* What the replay came to; @low 0: not predicted. */
static inline struct fact_whatif *replayed(struct facts *f, const char *change, uint32_t workers,
					   double low, double speedup, double high)
{
	struct fact_whatif *w;

	f->has_whatif = true;
	f->whatif = xrealloc(f->whatif, (f->whatif_cnt + 1) * sizeof(*f->whatif));
	w = &f->whatif[f->whatif_cnt++];
	*w = (struct fact_whatif){ .change = xstrdup(change),
				   .workers = workers,
				   .low = low,
				   .speedup = speedup,
				   .high = high };
	if (low > 0)
		w->basis = xstrdup("replayed");
	else
		w->why_not = xstrdup("it can't be seen");
	return w;
}

/* The example of the README: four threads behind one GIL on two CPUs. */
static inline struct facts gil_facts(void)
{
	struct facts f = recording(10000, 2);
	struct fact_lock *l;

	f.recording.pids = xcalloc(1, sizeof(uint32_t));
	f.recording.pids[0] = 100;
	f.recording.pid_cnt = 1;
	f.recording.overhead = 0.006;
	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(20), SYNC(9980));
	l = lock(&f, LOCK_GIL, "GIL of python3 (100)", 100, 28400);
	for (uint32_t i = 1; i <= 4; i++) {
		thread(&f, 100 + i, 100, "worker", CPU(2450), GIL(7150), QUEUE(400));
		edge(l, 100 + i, 100 + i % 4 + 1, 7100);
	}
	replayed(&f, "processes", 2, 1.8, 1.95, 2.05);
	f.concurrency.on_cpu_avg = 1;
	f.concurrency.on_cpu_max = 2;
	f.concurrency.runnable_avg = 1.1;
	return f;
}

#endif
