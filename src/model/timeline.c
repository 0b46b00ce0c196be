// SPDX-License-Identifier: MIT
/*
 * Owns the order of a thread's spans, their causes and what they add to locks,
 * channels and system calls.
 */
#include "model/timeline.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "event/sysno.h"
#include "model/channel_table.h"
#include "model/cpu_table.h"
#include "model/lock_table.h"
#include "model/tell.h"

/*
 * A poll whose wait comes this close to its time-out was ended by it: the timer
 * starts a little before the thread leaves its CPU.
 */
#define TIMEOUT_SLACK_NS 200000

/*
 * Between two waits of one episode a GIL waiter runs for some microseconds, only
 * to ask again. Whoever runs longer has got it.
 */
#define EPISODE_GAP_NS 200000

/* A finished stretch off the CPU. */
struct wait_end {
	uint64_t wake_ns;
	uint32_t waker_tid;
	uint8_t wake_flags;
	bool is_open;
};

static void span_tell(struct model *m, struct span *span, uint64_t until_ns)
{
	struct task *t = task_find(m, span->task->tid);
	struct timeline *tl = t->timeline;

	if (until_ns <= tl->since_ns)
		return;
	span->start_ns = tl->since_ns;
	span->end_ns = until_ns;
	tl->since_ns = until_ns;
	task_announce(m, t);
	TELL(m, span, span);
}

static void tell_cpu(struct model *m, struct task *t, uint64_t until_ns, bool is_open)
{
	struct timeline *tl = t->timeline;
	struct span span = {
		.task = t,
		.bucket = BUCKET_CPU_USER,
		.cpu = tl->cpu,
		.sysno = PAR_NO_SYSCALL,
		.name = "running",
		.is_open = is_open,
	};

	tl->ran_ns = until_ns > tl->since_ns ? until_ns - tl->since_ns : 0;
	span_tell(m, &span, until_ns);
}

static void tell_queue(struct model *m, struct task *t, uint64_t until_ns, bool is_open)
{
	struct span span = {
		.task = t,
		.bucket = BUCKET_RUN_QUEUE,
		.sysno = PAR_NO_SYSCALL,
		.name = "waiting for a CPU",
		.is_open = is_open,
	};

	span_tell(m, &span, until_ns);
}

static struct wait_context context_of(const struct model *m, const struct task *t,
				      const struct par_cause *cause, uint64_t wait_ns)
{
	const struct process *p = t->process;
	uint32_t tid = (uint32_t)cause->args[2];
	const struct task *named = task_find(m, tid);

	/* Who waits for a thread's end mostly runs again after that end. */
	if (!named)
		named = htab_find(&m->ended, tid, 0);
	return (struct wait_context){
		.calls = &m->calls,
		.gil_addr = p->gil_addr,
		.gil_size = p->gil_size,
		.gil_word = p->gil_word,
		.served_port = htab_find(&m->ports, cause->file.lport, 0),
		.known_tid = named && named->process == p,
		.timed_out = cause->timeout_ns && wait_ns + TIMEOUT_SLACK_NS >= cause->timeout_ns,
	};
}

/* The thread that held the lock: as its word says, or who released it. */
static struct task *holder_of(const struct model *m, const struct task *t,
			      const struct par_cause *cause, const struct wait_end *end)
{
	struct task *owner = cause->owner_tid ? task_find(m, cause->owner_tid) : NULL;
	struct task *waker = task_find(m, end->waker_tid);

	/* The word is no tid in glibc's internal locks: only a sibling can be it. */
	if (owner && owner != t && owner->process == t->process)
		return owner;
	if ((end->wake_flags & PAR_WAKE_SAME_FUTEX) && waker && waker != t)
		return waker;
	return NULL;
}

static void episode_close(struct task *t, uint32_t holder)
{
	struct timeline *tl = t->timeline;

	if (tl->episode)
		lock_add_edge(tl->episode, t->tid, holder, tl->episode_ns);
	tl->episode = NULL;
	tl->episode_ns = 0;
}

/* A waiter for a GIL asks again every 5 ms; only a release ends its waiting. */
static void episode_add(struct task *t, struct lock *lock, const struct wait_end *end,
			uint64_t wait_ns)
{
	struct timeline *tl = t->timeline;

	if (tl->episode && (tl->episode != lock || tl->ran_ns > EPISODE_GAP_NS))
		episode_close(t, 0);
	tl->episode = lock;
	tl->episode_ns += wait_ns;
	if (end->wake_flags & PAR_WAKE_SAME_FUTEX)
		episode_close(t, end->waker_tid);
}

static struct lock *count_lock(struct model *m, struct task *t, const struct wait_what *what,
			       const struct task *holder, const struct wait_end *end,
			       uint64_t wait_ns)
{
	struct lock *lock = lock_get(m, t->process, what->lock, what->lock_addr);

	if (!lock)
		return NULL;
	lock_add_wait(lock, wait_ns);
	if (what->lock == LOCK_GIL)
		episode_add(t, lock, end, wait_ns);
	else
		lock_add_edge(lock, t->tid, holder ? holder->tid : 0, wait_ns);
	return lock;
}

struct syscall_count *syscall_count_get(struct model *m, int32_t sysno)
{
	struct syscall_count *c = htab_find(&m->syscalls, (uint64_t)sysno, 0);

	if (c)
		return c;
	c = xcalloc(1, sizeof(*c));
	c->sysno = sysno;
	htab_put(&m->syscalls, (uint64_t)sysno, 0, c);
	return c;
}

static const char *lock_word(enum lock_kind kind)
{
	switch (kind) {
	case LOCK_GIL:
		return "GIL";
	case LOCK_GVL:
		return "GVL";
	case LOCK_CONDVAR:
		return "condition";
	case LOCK_FILE:
		return "file lock";
	case LOCK_FUTEX:
		return "shared futex";
	default:
		return lock_kind_name(kind);
	}
}

/* "GIL, held by worker-2", "read pipe:[123]", "clock_nanosleep" */
static const char *name_wait(struct model *m, const struct par_cause *cause,
			     const struct wait_what *what, const struct task *holder)
{
	bool native = cause->sysno >= 0 && !(cause->flags & PAR_CAUSE_COMPAT);
	const char *call = native ? sysno_name(cause->sysno) : NULL;
	struct strbuf *out = &m->scratch;

	if (what->name)
		return what->name;
	strbuf_reset(out);
	if (what->lock != LOCK_NONE) {
		strbuf_addstr(out, lock_word(what->lock));
		if (holder && what->bucket != BUCKET_SYNC)
			strbuf_addf(out, ", held by %s", holder->name);
		return strbuf_str(out);
	}
	if (call)
		strbuf_addstr(out, call);
	else
		strbuf_addf(out, "%s system call %d", native ? "unknown" : "32-bit",
			    (int)cause->sysno);
	if (what->on_file) {
		strbuf_addch(out, ' ');
		file_name_format(out, m, &cause->file);
	}
	return strbuf_str(out);
}

static void tell_blocked(struct model *m, struct task *t, const struct par_cause *cause,
			 uint32_t out_state, const struct wait_end *end)
{
	struct timeline *tl = t->timeline;
	uint64_t wait_ns = end->wake_ns > tl->since_ns ? end->wake_ns - tl->since_ns : 0;
	struct wait_context ctx = context_of(m, t, cause, wait_ns);
	struct span span = { .task = t,
			     .is_open = end->is_open,
			     .sysno = cause->sysno,
			     .waker_tid = end->waker_tid };
	struct channel *channel;
	struct wait_what what;

	if (!wait_ns)
		return;
	if (wait_is_gil_request(&ctx, cause))
		ctx.gil_word = t->process->gil_word = cause->args[0];
	wait_classify(&ctx, cause, out_state, &what);
	if (what.carry_on && tl->last_cause.sysno != PAR_NO_SYSCALL) {
		cause = &tl->last_cause;
		wait_classify(&ctx, cause, out_state, &what);
	}

	if (what.lock != LOCK_NONE) {
		span.holder = holder_of(m, t, cause, end);
		span.lock = count_lock(m, t, &what, span.holder, end, wait_ns);
	}
	if (what.on_file && (channel = channel_get(m, &cause->file))) {
		channel_add_wait(channel, t->process->pid, what.is_read, wait_ns);
		span.channel = channel;
	}
	if (cause->sysno >= 0)
		syscall_count_get(m, cause->sysno)->blocked_ns += wait_ns;
	span.bucket = what.bucket;
	span.name = name_wait(m, cause, &what, span.holder);
	span_tell(m, &span, end->wake_ns);
	if (cause != &tl->last_cause)
		tl->last_cause = *cause;
}

/*
 * The stretch on a CPU that ended with @off. If it began later than the last one
 * we heard of ended, records in between are lost, and nobody knows what it did.
 */
static void tell_run(struct model *m, struct task *t, const struct par_off *off, uint64_t out_ns)
{
	struct timeline *tl = t->timeline;
	uint64_t in_ns = off->ran_ns && off->ran_ns < out_ns ? out_ns - off->ran_ns : 0;
	struct span lost = {
		.task = t,
		.bucket = BUCKET_OTHER,
		.sysno = PAR_NO_SYSCALL,
		.name = "records lost",
	};

	if (in_ns > tl->since_ns && tl->phase == PHASE_BLOCKED) {
		/* Not since it was last heard of: since the attach. */
		tell_blocked(m, t, &tl->cause, tl->out_state,
			     &(struct wait_end){ .wake_ns = in_ns });
	} else if (in_ns > tl->since_ns && tl->phase == PHASE_READY) {
		tell_queue(m, t, in_ns, false);
	} else if (in_ns > tl->since_ns) {
		m->resync_cnt++;
		span_tell(m, &lost, in_ns);
	}
	tell_cpu(m, t, out_ns, false);
}

static uint64_t between(uint64_t x, uint64_t low, uint64_t high)
{
	return x < low ? low : x > high ? high : x;
}

/* From the departure that @off tells of, up to @now_ns; @woken says it is runnable by then. */
static void tell_off(struct model *m, struct task *t, const struct par_off *off,
		     const struct par_cause *cause, uint64_t now_ns, bool woken, bool is_open)
{
	struct timeline *tl = t->timeline;
	bool runnable = off->out_flags & (PAR_OUT_PREEMPT | PAR_OUT_NEW);
	bool seen = off->out_ns != 0;
	struct wait_end end = {
		.waker_tid = off->waker_tid,
		.wake_flags = off->wake_flags,
		.is_open = is_open && !woken,
	};
	uint32_t state = seen ? off->out_state : tl->out_state;

	if (seen && !(off->out_flags & PAR_OUT_NEW))
		tell_run(m, t, off, between(off->out_ns, tl->since_ns, now_ns));
	else if (!seen)
		runnable = tl->phase == PHASE_READY;
	if (!seen && tl->phase == PHASE_RUNNING) {
		/* It came, and we do not know whence: something was lost. */
		m->resync_cnt++;
		tell_cpu(m, t, now_ns, is_open);
		return;
	}
	if (!seen && cause->sysno == PAR_NO_SYSCALL)
		cause = &tl->cause;
	if (!runnable) {
		end.wake_ns = woken && off->wake_ns ? between(off->wake_ns, tl->since_ns, now_ns)
						    : now_ns;
		tell_blocked(m, t, cause, state, &end);
	}
	tell_queue(m, t, now_ns, is_open);
}

void timeline_start(struct model *m, struct task *t, const struct par_task *rec)
{
	struct timeline *tl = t->timeline;

	tl->cpu = rec->off.out_cpu;
	tl->cause = rec->cause;
	tl->out_state = rec->off.out_state;
	tl->utime0_ns = rec->utime_ns;
	tl->stime0_ns = rec->stime_ns;
	tl->min_flt0 = rec->min_flt;
	tl->maj_flt0 = rec->maj_flt;
	tl->phase = PHASE_BLOCKED;
	if (rec->hdr.flags & PAR_OUT_RUNNING)
		tl->phase = PHASE_RUNNING;
	else if (rec->hdr.flags & PAR_OUT_READY)
		tl->phase = PHASE_READY;
	task_announce(m, t);
}

static void count_cycle(struct task *t, const struct par_cycle *rec)
{
	struct timeline *tl = t->timeline;

	if (rec->off.out_flags & PAR_OUT_PREEMPT)
		t->involuntary++;
	else if (!(rec->off.out_flags & PAR_OUT_NEW))
		t->voluntary++;
	if (rec->off.wake_ns)
		t->wakeups++;
	if (tl->switched && rec->hdr.cpu != tl->cpu)
		t->migrations++;
}

static void tell_wakeup(struct model *m, const struct task *t, const struct par_off *off,
			uint16_t target_cpu, uint64_t run_ns)
{
	struct wakeup w = {
		.task = t,
		.ts_ns = off->wake_ns,
		.waker_tid = off->waker_tid,
		.waker_cpu = off->waker_cpu,
		.target_cpu = target_cpu,
		.run_ns = run_ns,
	};

	if (off->wake_ns >= m->begin_ns && off->wake_ns >= t->start_ns)
		TELL(m, wakeup, &w);
}

void timeline_run(struct model *m, struct task *t, const struct par_cycle *rec)
{
	struct timeline *tl = t->timeline;
	uint64_t now_ns = rec->hdr.ts_ns;

	tell_off(m, t, &rec->off, &rec->cause, now_ns, true, false);
	if (now_ns >= m->begin_ns) {
		count_cycle(t, rec);
		task_announce(m, t);
		tell_wakeup(m, t, &rec->off, rec->hdr.cpu, now_ns);
	}
	if (tl->since_ns < now_ns)
		tl->since_ns = now_ns;
	tl->phase = PHASE_RUNNING;
	tl->cpu = rec->hdr.cpu;
	tl->switched = true;
}

static void finish(struct model *m, struct task *t, uint64_t now_ns)
{
	episode_close(t, 0);
	task_finish(m, t, now_ns);
}

void timeline_open(struct model *m, struct task *t, const struct par_task *rec)
{
	struct timeline *tl = t->timeline;
	uint64_t now_ns = rec->hdr.ts_ns;
	bool ready = rec->hdr.flags & PAR_OUT_READY;

	t->utime_ns = rec->utime_ns - tl->utime0_ns;
	t->stime_ns = rec->stime_ns - tl->stime0_ns;
	t->min_flt = rec->min_flt - tl->min_flt0;
	t->maj_flt = rec->maj_flt - tl->maj_flt0;

	if (rec->hdr.flags & PAR_OUT_RUNNING) {
		if (tl->phase == PHASE_RUNNING && !tl->switched)
			cpu_assume(m, rec->off.out_cpu, t->tid);
		tell_cpu(m, t, now_ns, true);
	} else {
		tell_off(m, t, &rec->off, &rec->cause, now_ns, ready, true);
		if (ready)
			tell_wakeup(m, t, &rec->off, rec->off.out_cpu, UINT64_MAX);
	}
	finish(m, t, now_ns > tl->since_ns ? now_ns : tl->since_ns);
}

void timeline_peek(const struct model *m, const struct task *t, const struct par_task *rec,
		   model_stretch_fn fn, void *ctx)
{
	const struct timeline *tl = t->timeline;
	const struct par_off *off = &rec->off;
	bool seen = off->out_ns != 0;
	bool runnable = seen ? off->out_flags & (PAR_OUT_PREEMPT | PAR_OUT_NEW)
			     : tl->phase == PHASE_READY;
	const struct par_cause *cause = seen ? &rec->cause : &tl->cause;
	uint64_t now_ns = rec->hdr.ts_ns, out_ns = now_ns, wake_ns = now_ns;
	struct wait_context ctx_of_wait;
	struct wait_what what;

	if (!(rec->hdr.flags & PAR_OUT_RUNNING)) {
		out_ns = seen ? between(off->out_ns, tl->since_ns, now_ns) : tl->since_ns;
		if (runnable)
			wake_ns = out_ns;
		else if (off->wake_ns)
			wake_ns = between(off->wake_ns, out_ns, now_ns);
	}
	ctx_of_wait = context_of(m, t, cause, wake_ns > out_ns ? wake_ns - out_ns : 0);
	wait_classify(&ctx_of_wait, cause, seen ? off->out_state : tl->out_state, &what);
	if (out_ns > tl->since_ns)
		fn(ctx, t, BUCKET_CPU_USER, tl->since_ns, out_ns);
	if (wake_ns > out_ns)
		fn(ctx, t, what.bucket, out_ns, wake_ns);
	if (now_ns > wake_ns)
		fn(ctx, t, BUCKET_RUN_QUEUE, wake_ns, now_ns);
}

void timeline_exit(struct model *m, struct task *t, uint64_t now_ns)
{
	struct timeline *tl = t->timeline;

	if (tl->phase != PHASE_RUNNING)
		m->resync_cnt++;
	tell_cpu(m, t, now_ns, false);
	finish(m, t, now_ns > tl->since_ns ? now_ns : tl->since_ns);
}

void timeline_abandon(struct model *m, struct task *t, uint64_t now_ns)
{
	struct wait_end end = { .wake_ns = now_ns, .is_open = true };
	struct timeline *tl = t->timeline;

	m->resync_cnt++;
	if (tl->phase == PHASE_RUNNING)
		tell_cpu(m, t, now_ns, true);
	else if (tl->phase == PHASE_READY)
		tell_queue(m, t, now_ns, true);
	else
		tell_blocked(m, t, &tl->cause, tl->out_state, &end);
	finish(m, t, now_ns > tl->since_ns ? now_ns : tl->since_ns);
}
