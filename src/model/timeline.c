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
#include "model/gil.h"
#include "model/klock.h"
#include "model/lock_table.h"
#include "model/lock_wait.h"
#include "model/peer_table.h"
#include "model/startup.h"
#include "model/tell.h"

/*
 * A poll whose wait comes this close to its time-out was ended by it: the timer
 * starts a little before the thread leaves its CPU.
 */
#define TIMEOUT_SLACK_NS 200000

static void span_tell(struct model *m, struct task *t, struct span *span, uint64_t until_ns)
{
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
	span_tell(m, t, &span, until_ns);
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

	span_tell(m, t, &span, until_ns);
}

/* One that lives, or has ended: who ends a thread's wait may have before that thread runs. */
static const struct task *live_or_ended(const struct model *m, uint32_t tid)
{
	const struct task *t = tid ? task_find(m, tid) : NULL;

	return t || !tid ? t : htab_find(&m->ended, tid, 0);
}

/* Runnable, until @until_ns: first held back for at most @throttled_ns, then in line. */
static void tell_ready(struct model *m, struct task *t, uint64_t until_ns, uint64_t throttled_ns,
		       bool is_open)
{
	struct timeline *tl = t->timeline;
	uint64_t queue_ns = until_ns;
	struct span span = {
		.task = t,
		.bucket = BUCKET_THROTTLED,
		.sysno = PAR_NO_SYSCALL,
		.name = "out of CPU quota",
	};

	if (until_ns > tl->since_ns && throttled_ns < until_ns - tl->since_ns)
		queue_ns = tl->since_ns + throttled_ns;
	if (throttled_ns) {
		span.is_open = is_open && queue_ns == until_ns;
		span_tell(m, t, &span, queue_ns);
	}
	tell_queue(m, t, until_ns, is_open);
}

static struct wait_context context_of(const struct model *m, const struct task *t,
				      const struct par_cause *cause, uint64_t wait_ns,
				      const struct task *waker)
{
	const struct process *p = t->process;
	const struct task *named = NULL;

	/* Who waits for a thread's end, which takes no file, mostly runs again after that end. */
	if (!cause->file.kind)
		named = live_or_ended(m, task_tid_of(m, p, (uint32_t)cause->args[2]));
	return (struct wait_context){
		.calls = &m->calls,
		.gil_addr = p->gil_addr,
		.gil_size = p->gil_size,
		.gil_word = p->gil_word,
		.own_gils = p->own_gils,
		.own_gil_cnt = p->own_gil_cnt,
		.has_gvl = p->has_gvl,
		.served_port = cause->file.lport && htab_find(&m->ports, cause->file.lport, 0),
		.known_tid = named && named->process == p,
		.timed_out = cause->timeout_ns && wait_ns + TIMEOUT_SLACK_NS >= cause->timeout_ns,
		.sibling_woke = waker && waker != t && waker->process == p,
	};
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

/* Who brings a signal or a result does not hold anything. */
static bool is_held(const struct wait_what *what)
{
	return what->bucket != BUCKET_SYNC && what->lock != LOCK_CONDVAR &&
	       what->lock != LOCK_BARRIER && what->lock != LOCK_FUTEX &&
	       (what->lock != LOCK_SEMAPHORE || what->bucket == BUCKET_LOCK);
}

/* "read unix:[123] from redis-server (77)", "epoll_wait tcp 127.0.0.1:80 (nginx 78)" */
static void add_peer(struct strbuf *out, const struct wait_what *what, const struct peer *peer)
{
	if (!peer)
		return;
	/* Not by printf(): every wait that has a peer is named so. */
	if (what->is_poll) {
		strbuf_addstr(out, " (");
		strbuf_addstr(out, peer->name);
		strbuf_addstr(out, *peer->name ? " " : "");
	} else {
		strbuf_addstr(out, what->is_read ? " from " : " to ");
		strbuf_addstr(out, *peer->name ? peer->name : "process ");
		strbuf_addstr(out, *peer->name ? " (" : "");
	}
	strbuf_addu(out, peer->pid);
	strbuf_addstr(out, what->is_poll || *peer->name ? ")" : "");
}

/* "GIL, held by worker-2", "read pipe:[123]", "clock_nanosleep" */
static const char *name_wait(struct model *m, const struct par_cause *cause,
			     const struct wait_what *what, const struct span *span)
{
	bool native = cause->sysno >= 0 && !(cause->flags & PAR_CAUSE_COMPAT);
	const char *call = native ? sysno_name(cause->sysno) : NULL;
	struct strbuf *out = &m->scratch;

	strbuf_reset(out);
	if (what->name) {
		strbuf_addstr(out, what->name);
		klock_add_device(out, m, cause);
		return strbuf_str(out);
	}
	if (what->lock != LOCK_NONE) {
		if (span->lock && cause->klock)
			strbuf_addstr(out, span->lock->name);
		else
			lock_wait_word(out, span->task, what);
		if (span->holder && is_held(what)) {
			strbuf_addstr(out, ", held by ");
			strbuf_addstr(out, span->holder->name);
		}
		return strbuf_str(out);
	}
	if (call)
		strbuf_addstr(out, call);
	else
		strbuf_addf(out, "%s system call %d", native ? "unknown" : "32-bit",
			    (int)cause->sysno);
	if (what->on_file) {
		strbuf_addch(out, ' ');
		strbuf_addstr(out, span->object);
		add_peer(out, what, span->peer);
	}
	if (what->bucket == BUCKET_DISK)
		klock_add_device(out, m, cause);
	return strbuf_str(out);
}

/* What @span waited on: its channel, its name and who has the other end. */
static void count_file(struct model *m, const struct par_cause *cause,
		       const struct wait_what *what, uint64_t wait_ns, struct span *span)
{
	const struct process *p = span->task->process;
	struct channel *channel = channel_get(m, &cause->file, !what->is_read);

	strbuf_reset(&m->object);
	file_name_format(&m->object, m, &cause->file);
	span->object = strbuf_str(&m->object);
	span->peer = peer_find(m, &cause->file, what->is_read, p, span->waker_tid);
	peer_use(m, &cause->file, what->is_read, p->pid);
	channel_add_listener(m, &cause->file, p->pid);
	if (!channel)
		return;
	span->channel = channel;
	channel_add_wait(channel, p->pid, what->is_read, wait_ns);
	if (span->peer)
		channel_vote_peer(channel, span->peer);
}

static void tell_blocked(struct model *m, struct task *t, const struct par_cause *cause,
			 uint32_t out_state, const struct wait_end *end)
{
	struct timeline *tl = t->timeline;
	uint64_t wait_ns = end->wake_ns > tl->since_ns ? end->wake_ns - tl->since_ns : 0;
	struct wait_context ctx;
	struct span span = { .task = t,
			     .is_open = end->is_open,
			     .sysno = cause->sysno,
			     .waker_tid = end->waker_tid,
			     .waker = live_or_ended(m, end->waker_tid) };
	struct wait_what what;

	if (!wait_ns)
		return;
	gil_learn(t->process, &m->calls, cause);
	ctx = context_of(m, t, cause, wait_ns, span.waker);
	wait_classify(&ctx, cause, out_state, &what);
	if (what.carry_on && tl->last_cause.sysno != PAR_NO_SYSCALL) {
		cause = &tl->last_cause;
		wait_classify(&ctx, cause, out_state, &what);
	}

	if (what.lock != LOCK_NONE) {
		lock_wait_settle(m, t, cause, end, &what);
		span.holder = lock_wait_holder(m, t, cause, &what, end);
		span.lock = lock_wait_add(m, t, cause, &what, span.holder, end, tl->since_ns);
		if (lock_wait_goes_on(cause, &what, end, span.lock, tl->since_ns))
			span.owner = lock_wait_owner(m, t, cause, &what);
	}
	if (span.lock)
		span.object = span.lock->name;
	if (what.on_file)
		count_file(m, cause, &what, wait_ns, &span);
	if (cause->sysno >= 0)
		syscall_count_get(m, cause->sysno)->blocked_ns += wait_ns;
	span.bucket = what.bucket;
	span.poll = what.poll;
	span.cause = cause;
	startup_wait(t, cause, &what, tl->since_ns);
	span.name = name_wait(m, cause, &what, &span);
	span_tell(m, t, &span, end->wake_ns);
	if (cause != &tl->last_cause)
		tl->last_cause = *cause;
}

/* What a thread did until @until_ns was not recorded. */
static void tell_lost(struct model *m, struct task *t, uint64_t until_ns)
{
	struct timeline *tl = t->timeline;
	struct span lost = {
		.task = t,
		.bucket = BUCKET_OTHER,
		.sysno = PAR_NO_SYSCALL,
		.name = "records lost",
	};

	if (until_ns > tl->since_ns)
		m->lost_wait_ns += until_ns - tl->since_ns;
	span_tell(m, t, &lost, until_ns);
}

/*
 * Lost cycles, by their sums: of a time that ends by @until_ns they blocked and queued so
 * long, one after the other as nobody knows better. What they ran goes with what follows.
 */
static void tell_missed(struct model *m, struct task *t, uint64_t until_ns)
{
	struct timeline *tl = t->timeline;
	const struct par_missed *missed = &tl->missed;
	uint64_t left_ns = until_ns > tl->since_ns ? until_ns - tl->since_ns : 0;
	uint64_t blocked_ns = missed->blocked_ns < left_ns ? missed->blocked_ns : left_ns;
	uint64_t queue_ns = missed->queue_ns;

	if (queue_ns > left_ns - blocked_ns)
		queue_ns = left_ns - blocked_ns;
	tell_lost(m, t, tl->since_ns + blocked_ns);
	tell_queue(m, t, tl->since_ns + queue_ns, false);
	t->voluntary += missed->voluntary;
	t->wakeups += missed->voluntary;
	t->involuntary += missed->involuntary;
	tl->phase = PHASE_RUNNING;
	tl->missed = (struct par_missed){ 0 };
}

static bool has_missed(const struct timeline *tl)
{
	return tl->missed.voluntary || tl->missed.involuntary;
}

/*
 * The stretch on a CPU that ended with @off. If it began later than the last one
 * we heard of ended, records in between are lost, and nobody knows what it did.
 */
static void tell_run(struct model *m, struct task *t, const struct par_off *off, uint64_t out_ns)
{
	struct timeline *tl = t->timeline;
	uint64_t in_ns = off->ran_ns && off->ran_ns < out_ns ? out_ns - off->ran_ns : 0;

	if (has_missed(tl)) {
		uint64_t told_ns = tl->missed.ran_ns + tl->missed.blocked_ns + tl->missed.queue_ns;

		/* First what the sums don't cover, if anything: a wait since before the attach. */
		in_ns = in_ns > told_ns ? in_ns - told_ns : 0;
	}
	if (in_ns > tl->since_ns && tl->phase == PHASE_BLOCKED) {
		/* Not since it was last heard of: since the attach. */
		tell_blocked(m, t, &tl->cause, tl->out_state,
			     &(struct wait_end){ .wake_ns = in_ns });
	} else if (in_ns > tl->since_ns && tl->phase == PHASE_READY) {
		tell_queue(m, t, in_ns, false);
	} else if (in_ns > tl->since_ns) {
		m->resync_cnt++;
		tell_lost(m, t, in_ns);
	}
	if (has_missed(tl))
		tell_missed(m, t, out_ns);
	tell_cpu(m, t, out_ns, false);
}

static uint64_t between(uint64_t x, uint64_t low, uint64_t high)
{
	return x < low ? low : x > high ? high : x;
}

/*
 * From the departure that @off tells of, up to @now_ns; @woken says it is runnable
 * by then, after being held back for @throttled_ns.
 */
static void tell_off(struct model *m, struct task *t, const struct par_off *off,
		     const struct par_cause *cause, uint64_t now_ns, bool woken,
		     uint64_t throttled_ns, bool is_open)
{
	struct timeline *tl = t->timeline;
	bool runnable = off->out_flags & (PAR_OUT_PREEMPT | PAR_OUT_NEW);
	bool seen = off->out_ns != 0;
	struct wait_end end = {
		.waker_tid = off->waker_tid,
		.wake_flags = off->wake_flags,
		.is_woken = woken && off->wake_ns,
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
	/* Nothing new since the attach, when its memory could be looked at. */
	if (!seen && (cause->sysno == PAR_NO_SYSCALL || cause->shape == PAR_SHAPE_UNKNOWN))
		cause = &tl->cause;
	if (!runnable) {
		end.wake_ns = woken && off->wake_ns ? between(off->wake_ns, tl->since_ns, now_ns)
						    : now_ns;
		tell_blocked(m, t, cause, state, &end);
	}
	tell_ready(m, t, now_ns, throttled_ns, is_open);
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

	tell_off(m, t, &rec->off, &rec->cause, now_ns, true, rec->throttled_us * 1000ULL, false);
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

void timeline_missed(struct task *t, const struct par_missed *missed)
{
	struct par_missed *sum = &t->timeline->missed;

	sum->voluntary += missed->voluntary;
	sum->involuntary += missed->involuntary;
	sum->ran_ns += missed->ran_ns;
	sum->blocked_ns += missed->blocked_ns;
	sum->queue_ns += missed->queue_ns;
}

static void finish(struct model *m, struct task *t, uint64_t now_ns)
{
	lock_wait_close(t);
	task_finish(m, t, now_ns);
}

void timeline_open(struct model *m, struct task *t, const struct par_task *rec)
{
	struct timeline *tl = t->timeline;
	uint64_t now_ns = rec->hdr.ts_ns;
	bool ready = rec->hdr.flags & PAR_OUT_READY;
	bool throttled = rec->hdr.flags & PAR_OUT_THROTTLED;

	t->utime_ns = rec->utime_ns - tl->utime0_ns;
	t->stime_ns = rec->stime_ns - tl->stime0_ns;
	t->min_flt = rec->min_flt - tl->min_flt0;
	t->maj_flt = rec->maj_flt - tl->maj_flt0;

	if (rec->hdr.flags & PAR_OUT_RUNNING) {
		if (has_missed(tl))
			tell_missed(m, t, now_ns);
		if (tl->phase == PHASE_RUNNING && !tl->switched)
			cpu_assume(m, rec->off.out_cpu, t->tid);
		tell_cpu(m, t, now_ns, true);
	} else {
		tell_off(m, t, &rec->off, &rec->cause, now_ns, ready, throttled ? UINT64_MAX : 0,
			 true);
		if (ready)
			tell_wakeup(m, t, &rec->off, rec->off.out_cpu, UINT64_MAX);
	}
	finish(m, t, now_ns > tl->since_ns ? now_ns : tl->since_ns);
}

/* What a thread has done since its last span: ran, waited, queued. */
struct look {
	const struct par_cause *cause;
	uint32_t state;
	uint32_t waker_tid;
	uint64_t out_ns, wake_ns;
};

static struct look look_of(const struct timeline *tl, const struct par_task *rec)
{
	const struct par_off *off = &rec->off;
	bool seen = off->out_ns != 0;
	bool runnable = seen ? off->out_flags & (PAR_OUT_PREEMPT | PAR_OUT_NEW)
			     : tl->phase == PHASE_READY;
	uint64_t now_ns = rec->hdr.ts_ns;
	struct look l = {
		.cause = seen ? &rec->cause : &tl->cause,
		.state = seen ? off->out_state : tl->out_state,
		.waker_tid = off->waker_tid,
		.out_ns = now_ns,
		.wake_ns = now_ns,
	};

	if (rec->hdr.flags & PAR_OUT_RUNNING)
		return l;
	l.out_ns = seen ? between(off->out_ns, tl->since_ns, now_ns) : tl->since_ns;
	if (runnable)
		l.wake_ns = l.out_ns;
	else if (off->wake_ns)
		l.wake_ns = between(off->wake_ns, l.out_ns, now_ns);
	return l;
}

static struct wait_what what_of(const struct model *m, const struct task *t, const struct look *l)
{
	struct wait_context ctx = context_of(m, t, l->cause, l->wake_ns - l->out_ns,
					     live_or_ended(m, l->waker_tid));
	struct wait_what what;

	wait_classify(&ctx, l->cause, l->state, &what);
	if (what.lock != LOCK_NONE)
		lock_wait_settle(m, t, l->cause, &(struct wait_end){ .is_open = true }, &what);
	return what;
}

void timeline_peek(const struct model *m, const struct task *t, const struct par_task *rec,
		   model_stretch_fn fn, void *ctx)
{
	uint64_t since_ns = t->timeline->since_ns, now_ns = rec->hdr.ts_ns;
	struct look l = look_of(t->timeline, rec);

	if (l.out_ns > since_ns)
		fn(ctx, t, BUCKET_CPU_USER, since_ns, l.out_ns);
	if (l.wake_ns > l.out_ns)
		fn(ctx, t, what_of(m, t, &l).bucket, l.out_ns, l.wake_ns);
	if (now_ns > l.wake_ns)
		fn(ctx, t, rec->hdr.flags & PAR_OUT_THROTTLED ? BUCKET_THROTTLED : BUCKET_RUN_QUEUE,
		   l.wake_ns, now_ns);
}

bool timeline_blocked(const struct model *m, const struct task *t, const struct par_task *rec,
		      struct blocked *out)
{
	struct look l = look_of(t->timeline, rec);
	struct par_cause cause = *l.cause;
	struct wait_what what;

	/* Of the cause as it was at the attach only the owner is of today. */
	if (cause.args[0] == rec->cause.args[0] && (rec->cause.flags & PAR_CAUSE_LOOKED)) {
		cause.owner_tid = rec->cause.owner_tid;
		cause.flags |= PAR_CAUSE_LOOKED;
	} else {
		cause.flags &= (uint8_t)~PAR_CAUSE_LOOKED;
	}
	l.cause = &cause;
	if (l.out_ns == l.wake_ns || l.wake_ns != rec->hdr.ts_ns)
		return false;
	what = what_of(m, t, &l);
	if (what.lock == LOCK_NONE ||
	    !lock_wait_goes_on(&cause, &what, &(struct wait_end){ .is_open = true }, NULL, 0))
		return false;
	*out = (struct blocked){ .waiter = t,
				 .owner = lock_wait_owner(m, t, &cause, &what),
				 .wait_ns = l.wake_ns - l.out_ns };
	if (out->owner)
		out->lock = lock_name(m, t->process, &what);
	return out->owner;
}

void timeline_exit(struct model *m, struct task *t, uint64_t now_ns)
{
	struct timeline *tl = t->timeline;

	if (has_missed(tl))
		tell_missed(m, t, now_ns);
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
