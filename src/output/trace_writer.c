/* SPDX-License-Identifier: MIT */
/*
 * Owns the choice of what goes into a trace, and the tracks' identities. How
 * single packets look is left to packet.c, tracks.c and sched.c.
 *
 * The model tells times in CLOCK_MONOTONIC; boot_ns() turns them into what
 * Perfetto counts in, and everything behind it sees that only.
 */
#include "output/trace_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "event/sysno.h"
#include "output/intern.h"
#include "output/levels.h"
#include "output/packet.h"
#include "output/sched.h"
#include "output/tracks.h"
#include "par_shared.h"

#define UNTRACED_NAME "(not traced)"
#define LEFT_OUT_NAME "(timeline left out)"
#define IDLE_NAME     "swapper"

/*
 * What happens is collected until it takes about this much, each thread's
 * packets together because they resemble each other most, and then handed over
 * as one chunk: so a recording that is cut ends at the same time for all threads.
 */
#define PERIOD_BYTES (CHUNK_MAX_BYTES * 3 / 4)

/* What a switch or a wake-up takes in the end, on average. */
#define SCHED_BYTES 12

/* Track uuids begin above any process id, so that nobody takes one for the other. */
#define FIRST_UUID (1ULL << 23)

struct tw_process {
	uint64_t uuid;
	uint64_t rss_uuid;		/* 0: not declared */
	uint64_t rss_bytes;		/* last written */
};

struct tw_task {
	const struct task *task;
	struct track track;
	struct strbuf run;		/* its packets, not passed on yet */
	uint64_t woken_ns;		/* the end of a flow that is not written yet; 0: none */
};

struct tw_cpu {
	bool has_untraced, has_left_out; /* its stand-ins are declared */
	bool is_left_out;		/* the second one runs, as far as the trace tells */
};

struct trace_writer {
	struct recording *rec;
	struct observer observer;
	int64_t boot_offset_ns, wall_offset_ns;
	struct packet_system system;
	char *sysname, *release, *machine;

	struct strbuf out;		/* packets on their way to the recording */
	size_t collected_bytes;		/* in the threads' runs and in @sched */
	struct intern strings;
	struct sched sched;
	struct htab processes;		/* (struct process *, 0) -> struct tw_process */
	struct tw_task **tasks;		/* [task_cnt], by task.index; NULL: not met, or ended */
	size_t task_cnt;
	struct htab by_tid;		/* (tid, 0) -> live struct tw_task */
	struct htab bystanders;		/* (tid, 0) -> their name */
	uint64_t names;			/* how often somebody got a name */
	struct strbuf key;		/* scratch */
	bool is_light;
	uint64_t uuid_cnt;
	uint32_t seq_cnt;
	struct tw_cpu *cpus;		/* [cpu_cnt] */
	size_t cpu_cnt;
	bool is_paused;

	bool has_begun;
	uint64_t begin_ns, end_ns;	/* CLOCK_BOOTTIME */
	struct levels on_cpu, runnable;
};

static uint64_t boot_ns(const struct trace_writer *tw, uint64_t mono_ns)
{
	return mono_ns + (uint64_t)tw->boot_offset_ns;
}

static uint64_t new_uuid(struct trace_writer *tw)
{
	return FIRST_UUID + tw->uuid_cnt++;
}

/* Errors are the recording's to remember; there is nothing to do about them here. */
static void pass_on(struct trace_writer *tw)
{
	if (tw->out.len)
		recording_append(tw->rec, tw->out.buf, tw->out.len);
	strbuf_reset(&tw->out);
}

static void pass_on_run(struct trace_writer *tw, struct tw_task *twt)
{
	if (twt->run.len)
		recording_append(tw->rec, twt->run.buf, twt->run.len);
	strbuf_reset(&twt->run);
}

/* The far end of the flow that on_wakeup() began. */
static void put_woken(struct trace_writer *tw, struct tw_task *twt)
{
	if (!twt->woken_ns)
		return;
	track_instant(&twt->run, &twt->track, &tw->strings, twt->woken_ns, "woken", FLOW_ENDS,
		      twt->track.uuid);
	twt->woken_ns = 0;
}

/* All that waits for company goes out. */
static void end_period(struct trace_writer *tw, bool is_final)
{
	pass_on(tw);
	for (size_t i = 0; i < tw->task_cnt; i++) {
		if (!tw->tasks[i])
			continue;
		put_woken(tw, tw->tasks[i]);
		pass_on_run(tw, tw->tasks[i]);
	}
	sched_flush(&tw->sched, &tw->out, is_final);
	pass_on(tw);
	recording_flush(tw->rec);
	tw->collected_bytes = 0;
}

static void collected(struct trace_writer *tw, size_t bytes)
{
	tw->collected_bytes += bytes;
	if (tw->collected_bytes >= PERIOD_BYTES)
		end_period(tw, false);
}

static void on_begin(void *ctx, uint64_t ts_ns)
{
	struct trace_writer *tw = ctx;
	struct packet_clocks clocks = {
		.boot_ns = boot_ns(tw, ts_ns),
		.mono_ns = ts_ns,
		.wall_ns = tw->wall_offset_ns ? ts_ns + (uint64_t)tw->wall_offset_ns : 0,
	};

	if (tw->has_begun)
		return;
	tw->has_begun = true;
	tw->begin_ns = tw->end_ns = clocks.boot_ns;
	levels_init(&tw->on_cpu, tw->begin_ns);
	levels_init(&tw->runnable, tw->begin_ns);
	packet_clocks(&tw->out, &clocks);
	packet_system(&tw->out, tw->begin_ns, &tw->system);
	sched_name(&tw->sched, 0, IDLE_NAME);
	pass_on(tw);
	recording_flush(tw->rec); /* nothing can be read without these */
}

static struct tw_process *process_get(struct trace_writer *tw, const struct process *p)
{
	struct tw_process *twp = htab_find(&tw->processes, (uintptr_t)p, 0);

	if (!twp) {
		twp = xcalloc(1, sizeof(*twp));
		twp->uuid = new_uuid(tw);
		htab_put(&tw->processes, (uintptr_t)p, 0, twp);
	}
	return twp;
}

static void on_process(void *ctx, const struct process *p)
{
	struct trace_writer *tw = ctx;
	struct tw_process *twp = process_get(tw, p);
	uint64_t ts_ns = boot_ns(tw, p->start_ns);

	packet_process(&tw->out, ts_ns, p->pid, p->ppid, p->name, p->command);
	packet_process_track(&tw->out, ts_ns, twp->uuid, p->pid, p->name, p->command);
	pass_on(tw);
}

static struct tw_task *task_add(struct trace_writer *tw, const struct task *t)
{
	struct tw_task *twt = xcalloc(1, sizeof(*twt));

	twt->task = t;
	track_init(&twt->track, new_uuid(tw), SEQ_THREADS + tw->seq_cnt++, tw->begin_ns);
	htab_put(&tw->by_tid, t->tid, 0, twt);
	XREACH(tw->tasks, tw->task_cnt, t->index);
	tw->tasks[t->index] = twt;
	return twt;
}

static struct tw_task *task_get(struct trace_writer *tw, const struct task *t)
{
	struct tw_task *twt = t->index < tw->task_cnt ? tw->tasks[t->index] : NULL;

	return twt ? twt : task_add(tw, t);
}

static void on_task(void *ctx, const struct task *t)
{
	struct trace_writer *tw = ctx;
	struct tw_task *twt = task_get(tw, t);
	uint64_t ts_ns = boot_ns(tw, t->start_ns);

	tw->names++;
	packet_thread_track(&tw->out, ts_ns, twt->track.uuid, t->process->pid, t->tid, t->name);
	sched_name(&tw->sched, t->tid, t->name);
	pass_on(tw);
}

static void tw_task_free(struct tw_task *twt)
{
	if (!twt)
		return;
	track_release(&twt->track);
	strbuf_release(&twt->run);
	free(twt);
}

/* Nothing is told of a thread after this: a long recording meets millions of them. */
static void on_task_end(void *ctx, const struct task *t)
{
	struct trace_writer *tw = ctx;
	struct tw_task *twt = task_get(tw, t);

	put_woken(tw, twt);
	pass_on_run(tw, twt);
	if (htab_find(&tw->by_tid, t->tid, 0) == twt)
		htab_remove(&tw->by_tid, t->tid, 0);
	tw->tasks[t->index] = NULL;
	tw_task_free(twt);
	sched_free_thread(&tw->sched, boot_ns(tw, t->end_ns), t->tid);
	collected(tw, SCHED_BYTES);
}

static void add_note(struct track_slice *slice, const char *name, const char *text)
{
	slice->notes[slice->note_cnt++] = (struct track_note){ name, text };
}

/* Room for "name (tid)", and for an address or a number. */
#define SOMEBODY_LEN (PAR_COMM_LEN + 16)
struct note_texts {
	char syscall[16], holder[SOMEBODY_LEN], peer[SOMEBODY_LEN];
	char waker[SOMEBODY_LEN], address[24];
};

/* Not by snprintf(): there is one with every wait that somebody ends. */
static void add_somebody(struct track_slice *slice, const char *note, char text[SOMEBODY_LEN],
			 const char *name, uint32_t id)
{
	size_t len = strnlen(name, PAR_COMM_LEN), first = SOMEBODY_LEN;
	char *end = text + len;

	memcpy(text, name, len);
	if (len)
		*end++ = ' ';
	*end++ = '(';
	text[--first] = 0;
	text[--first] = ')';
	do {
		text[--first] = (char)('0' + id % 10);
		id /= 10;
	} while (id);
	memmove(end, text + first, SOMEBODY_LEN - first);
	add_note(slice, note, text);
}

/*
 * Who ended the wait, where that is somebody's deed and not the network's or the
 * disk's: their interrupts come to whomever they find. 0: nobody is shown, as nobody
 * is known who lives outside of this pid namespace.
 */
static uint32_t shown_waker(const struct span *s)
{
	switch (s->bucket) {
	case BUCKET_GIL:
	case BUCKET_LOCK:
	case BUCKET_KERNEL_LOCK:
	case BUCKET_SYNC:
	case BUCKET_IPC:
	case BUCKET_CHILD:
		if (s->waker_tid == s->task->tid || s->waker_tid == PAR_TID_OUTSIDE)
			return 0;
		return s->waker_tid;
	default:
		return 0;
	}
}

static void add_waker(struct trace_writer *tw, struct track_slice *slice, struct note_texts *texts,
		      const struct span *s)
{
	const char *name = s->waker ? s->waker->name : htab_find(&tw->bystanders, s->waker_tid, 0);

	if (shown_waker(s))
		add_somebody(slice, "waker", texts->waker, name ? name : "", s->waker_tid);
}

/* All that a wait's slice says comes from these, and from the texts behind them in its key. */
struct wait_id {
	const struct task *holder;
	const struct lock *lock;
	const struct channel *channel;
	struct peer peer;	/* a copy: its name may change */
	uint32_t waker_tid;
	int32_t sysno, bucket;
};

static void add_text(struct strbuf *key, const char *text)
{
	if (!text)
		text = "";
	strbuf_add(key, text, strlen(text) + 1);
}

static void wait_key(struct strbuf *key, const struct span *s)
{
	struct wait_id id;

	memset(&id, 0, sizeof(id)); /* with what lies between its members */
	id.holder = s->holder;
	id.lock = s->lock;
	id.channel = s->channel;
	if (s->peer)
		id.peer = *s->peer;
	id.waker_tid = shown_waker(s);
	id.sysno = s->sysno;
	id.bucket = s->bucket;
	strbuf_reset(key);
	strbuf_add(key, &id, sizeof(id));
	add_text(key, s->name);
	add_text(key, s->object);
	add_text(key, s->lock ? s->lock->name : NULL);
	add_text(key, s->channel ? s->channel->name : NULL);
}

static void describe_wait(struct trace_writer *tw, struct tw_task *twt, const struct span *s)
{
	struct track_slice slice = { .name = s->name, .category = bucket_name(s->bucket) };
	const char *sysno = sysno_name(s->sysno);
	struct note_texts texts;

	add_note(&slice, "bucket", slice.category);
	if (s->sysno != PAR_NO_SYSCALL) {
		if (!sysno)
			snprintf(texts.syscall, sizeof(texts.syscall), "%d", s->sysno);
		add_note(&slice, "syscall", sysno ? sysno : texts.syscall);
	}
	if (s->object)
		add_note(&slice, "object", s->object);
	if (s->holder)
		add_somebody(&slice, "holder", texts.holder, s->holder->name, s->holder->tid);
	if (s->peer)
		add_somebody(&slice, "peer", texts.peer, s->peer->name, s->peer->pid);
	add_waker(tw, &slice, &texts, s);
	if (s->lock && s->lock->addr) {
		snprintf(texts.address, sizeof(texts.address), "0x%llx",
			 (unsigned long long)s->lock->addr);
		add_note(&slice, "address", texts.address);
	}
	if (s->lock && s->lock->name)
		add_note(&slice, "lock", s->lock->name);
	if (s->channel && s->channel->name)
		add_note(&slice, "channel", s->channel->name);
	track_begin(&twt->run, &twt->track, &tw->strings, boot_ns(tw, s->start_ns), &slice,
		    &tw->key);
}

static void put_wait(struct trace_writer *tw, struct tw_task *twt, const struct span *s)
{
	wait_key(&tw->key, s);
	track_names(&twt->track, tw->names);
	if (!track_begin_again(&twt->run, &twt->track, boot_ns(tw, s->start_ns), &tw->key))
		describe_wait(tw, twt, s);
	track_end(&twt->run, &twt->track, boot_ns(tw, s->end_ns));
}

static void on_span(void *ctx, const struct span *s)
{
	struct trace_writer *tw = ctx;
	uint64_t start_ns = boot_ns(tw, s->start_ns), end_ns = boot_ns(tw, s->end_ns);
	struct tw_task *twt;
	size_t before;

	switch (s->bucket) {
	case BUCKET_CPU_USER:
	case BUCKET_CPU_KERNEL:
		levels_add(&tw->on_cpu, start_ns, end_ns);
		levels_add(&tw->runnable, start_ns, end_ns);
		return;
	case BUCKET_RUN_QUEUE:
	case BUCKET_THROTTLED:
		levels_add(&tw->runnable, start_ns, end_ns);
		return;
	default:
		if (tw->is_paused)
			return;
		twt = task_get(tw, s->task);
		before = twt->run.len;
		/* Written in order of time, so that differences stay small. */
		if (twt->woken_ns <= start_ns)
			put_woken(tw, twt);
		put_wait(tw, twt, s);
		collected(tw, twt->run.len - before);
	}
}

/*
 * A thread has at most one wake-up under way at a time, so its uuid serves as
 * the flow's id: the same bytes each time, which pack to nothing.
 */
static void on_wakeup(void *ctx, const struct wakeup *w)
{
	struct trace_writer *tw = ctx;
	uint64_t ts_ns = boot_ns(tw, w->ts_ns);
	struct tw_task *waker, *woken;
	size_t before;

	if (tw->is_paused)
		return;
	sched_waking(&tw->sched, ts_ns, w->waker_cpu, w->waker_tid, w->task->tid, w->target_cpu);
	collected(tw, SCHED_BYTES);
	if (tw->is_light)
		return;
	waker = htab_find(&tw->by_tid, w->waker_tid, 0);
	woken = task_get(tw, w->task);
	if (!waker || waker == woken || w->run_ns == UINT64_MAX)
		return;
	put_woken(tw, woken);
	if (waker->woken_ns <= ts_ns)
		put_woken(tw, waker);
	before = waker->run.len;
	track_instant(&waker->run, &waker->track, &tw->strings, ts_ns, "wakes", FLOW_BEGINS,
		      woken->track.uuid);
	/* At the same time, as clocks of two CPUs may have it, it could be sorted first. */
	woken->woken_ns = boot_ns(tw, w->run_ns > w->ts_ns ? w->run_ns : w->ts_ns + 1);
	/* The other end is as long; both are in the same period. */
	collected(tw, 2 * (waker->run.len - before));
}

static struct tw_cpu *cpu_get(struct trace_writer *tw, uint16_t cpu)
{
	XREACH(tw->cpus, tw->cpu_cnt, cpu);
	return &tw->cpus[cpu];
}

static void declare_stand_in(struct trace_writer *tw, uint32_t tid, const char *name)
{
	/* Not packet_process(): of a name with blanks Perfetto takes the first word there. */
	packet_process_track(&tw->out, tw->begin_ns, new_uuid(tw), MODEL_UNTRACED, UNTRACED_NAME,
			     NULL);
	packet_thread(&tw->out, tw->begin_ns, tid, MODEL_UNTRACED, name);
	sched_name(&tw->sched, tid, name);
}

/*
 * Several CPUs may run what is not traced at the same time, but no thread runs
 * on two of them: each CPU gets a stand-in of its own.
 */
static uint32_t stand_in(struct trace_writer *tw, uint32_t tid, uint16_t cpu)
{
	struct tw_cpu *c = cpu_get(tw, cpu);

	if (tid != MODEL_UNTRACED)
		return tid;
	if (!c->has_untraced)
		declare_stand_in(tw, MODEL_UNTRACED - cpu, UNTRACED_NAME);
	c->has_untraced = true;
	return MODEL_UNTRACED - cpu;
}

/* What a CPU does while the timeline is left out is one stand-in's. */
static bool is_left_out(struct trace_writer *tw, const struct cpu_switch *s)
{
	struct tw_cpu *c = cpu_get(tw, s->cpu);
	uint32_t tid = MODEL_UNTRACED - PAR_CPU_CNT - s->cpu;

	if (!tw->is_paused || c->is_left_out) {
		c->is_left_out = tw->is_paused;
		return tw->is_paused;
	}
	if (!c->has_left_out)
		declare_stand_in(tw, tid, LEFT_OUT_NAME);
	c->has_left_out = c->is_left_out = true;
	sched_switch(&tw->sched, boot_ns(tw, s->ts_ns), s->cpu, stand_in(tw, s->prev_tid, s->cpu),
		     tid, s->prev_state);
	return true;
}

static void on_cpu(void *ctx, const struct cpu_switch *c)
{
	struct trace_writer *tw = ctx;
	uint32_t prev, next;

	if (is_left_out(tw, c))
		return;
	prev = stand_in(tw, c->prev_tid, c->cpu);
	next = stand_in(tw, c->next_tid, c->cpu);
	sched_switch(&tw->sched, boot_ns(tw, c->ts_ns), c->cpu, prev, next, c->prev_state);
	pass_on(tw);
	collected(tw, SCHED_BYTES);
}

void trace_writer_pause(struct trace_writer *tw, bool pause)
{
	tw->is_paused = pause;
}

static void on_memory(void *ctx, uint64_t ts_ns, const struct process *p)
{
	struct trace_writer *tw = ctx;
	struct tw_process *twp = process_get(tw, p);

	if (!twp->rss_uuid) {
		twp->rss_uuid = new_uuid(tw);
		packet_counter_track(&tw->out, twp->rss_uuid, twp->uuid, "RSS", NULL);
	} else if (twp->rss_bytes == p->rss_bytes) {
		return;
	}
	twp->rss_bytes = p->rss_bytes;
	packet_count(&tw->out, boot_ns(tw, ts_ns), twp->rss_uuid, p->rss_bytes);
	pass_on(tw);
}

static void on_bystander(void *ctx, uint32_t tid, uint32_t tgid, const char *name)
{
	struct trace_writer *tw = ctx;
	char *known = htab_find(&tw->bystanders, tid, 0);

	if (!*name || (known && !strcmp(known, name)))
		return;
	free(known);
	tw->names++;
	htab_put(&tw->bystanders, tid, 0, xstrdup(name));
	if (tid == tgid)
		packet_process_track(&tw->out, tw->begin_ns, new_uuid(tw), tid, name, NULL);
	packet_thread(&tw->out, tw->begin_ns, tid, tgid, name);
	sched_name(&tw->sched, tid, name);
	pass_on(tw);
}

static void put_levels(struct trace_writer *tw, const char *name, const struct levels *l)
{
	uint64_t uuid = new_uuid(tw);
	double last = -1;

	packet_counter_track(&tw->out, uuid, 0, name, "threads");
	for (size_t i = 0; i < l->cnt; i++) {
		/* Sixty-fourths have few bits set, and pack; finer nobody sees. */
		double now = (double)(uint64_t)(levels_average(l, i, tw->end_ns) * 64 + 0.5) / 64;

		if (now != last)
			packet_level(&tw->out, l->start_ns + i * l->bin_ns, uuid, now);
		last = now;
	}
	if (last < 0)
		packet_level(&tw->out, tw->begin_ns, uuid, 0);
	pass_on(tw);
}

static void on_end(void *ctx, uint64_t ts_ns)
{
	struct trace_writer *tw = ctx;

	tw->end_ns = boot_ns(tw, ts_ns);
	end_period(tw, true);
	put_levels(tw, "CPUs in use", &tw->on_cpu);
	put_levels(tw, "runnable threads", &tw->runnable);
}

struct trace_writer *trace_writer_new(struct recording *rec,
				      const struct trace_writer_options *opts)
{
	struct trace_writer *tw = xcalloc(1, sizeof(*tw));

	tw->rec = rec;
	tw->is_light = opts->is_light;
	tw->boot_offset_ns = opts->boot_offset_ns;
	tw->wall_offset_ns = opts->wall_offset_ns;
	tw->sysname = opts->sysname ? xstrdup(opts->sysname) : NULL;
	tw->release = opts->release ? xstrdup(opts->release) : NULL;
	tw->machine = opts->machine ? xstrdup(opts->machine) : NULL;
	tw->system = (struct packet_system){ tw->sysname, tw->release, tw->machine, opts->cpu_cnt };
	tw->observer = (struct observer){
		.ctx = tw,
		.begin = on_begin,
		.process = on_process,
		.task = on_task,
		.task_end = on_task_end,
		.span = on_span,
		.wakeup = on_wakeup,
		.cpu = on_cpu,
		.memory = on_memory,
		.bystander = on_bystander,
		.end = on_end,
	};
	return tw;
}

const struct observer *trace_writer_observer(const struct trace_writer *tw)
{
	return &tw->observer;
}

int trace_writer_flush(struct trace_writer *tw)
{
	end_period(tw, false);
	return recording_flush(tw->rec);
}

void trace_writer_verdict(struct trace_writer *tw, const char *summary,
			  const struct trace_note *notes, size_t note_cnt)
{
	uint64_t uuid = new_uuid(tw);
	struct strbuf line = { 0 };

	packet_track(&tw->out, uuid, "partrace verdict");
	packet_slice(&tw->out, tw->begin_ns, uuid, summary);
	for (size_t i = 0; i < note_cnt; i++) {
		strbuf_reset(&line);
		if (notes[i].title && *notes[i].title)
			strbuf_addf(&line, "%s: ", notes[i].title);
		strbuf_addstr(&line, notes[i].text);
		packet_slice(&tw->out, tw->begin_ns, uuid, strbuf_str(&line));
	}
	for (size_t i = 0; i < note_cnt + 1; i++)
		packet_slice(&tw->out, tw->end_ns, uuid, NULL);
	strbuf_release(&line);
	pass_on(tw);
}

void trace_writer_free(struct trace_writer *tw)
{
	if (!tw)
		return;
	end_period(tw, true);
	for (size_t i = 0; i < tw->task_cnt; i++)
		tw_task_free(tw->tasks[i]);
	htab_for_each(&tw->processes, i)
		free(tw->processes.entries[i].value);
	htab_for_each(&tw->bystanders, i)
		free(tw->bystanders.entries[i].value);
	htab_release(&tw->by_tid);
	htab_release(&tw->processes);
	htab_release(&tw->bystanders);
	levels_release(&tw->on_cpu);
	levels_release(&tw->runnable);
	sched_release(&tw->sched);
	intern_release(&tw->strings);
	strbuf_release(&tw->out);
	strbuf_release(&tw->key);
	free(tw->tasks);
	free(tw->cpus);
	free(tw->sysname);
	free(tw->release);
	free(tw->machine);
	free(tw);
}
