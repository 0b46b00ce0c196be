// SPDX-License-Identifier: MIT
/* Owns the probes, the ring consumer and the order in which things happen. */
#include "record/session.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/pidns.h"
#include "base/procfs.h"
#include "base/xalloc.h"
#include "record/stats.h"

/*
 * A record may reach its ring a little after its time stamp was taken; only the
 * hypervisor's preemption of a whole CPU makes that long.
 */
#define SETTLE_NS (10 * NS_PER_MS)

/* Whoever is preempted in the midst of a record is waited for, but no longer than this. */
#define WRITER_NS NS_PER_S

/*
 * How often the rings are looked into. As records settle first, a ring never holds less
 * than comes in SETTLE_NS and one step: while little comes, a pause may be as long as these
 * two, and a burst that begins right behind a look finds no less room than one that goes on.
 */
#define LONG_STEP_NS (SETTLE_NS + SESSION_STEP_NS)

/* Little is, of any ring, no more than that part and that much in a long step. */
#define QUIET_PART 16
#define QUIET_BYTES (128u << 10)	/* what a CPU's own cache holds */

/* How far ahead the end is set, so that all CPUs see it before it comes. */
#define END_AHEAD_NS (NS_PER_MS / 2)

/*
 * The programs' run time is measured in a fiftieth of the time: each run takes some 50 ns
 * longer then. To begin and to end takes 0.5 ms, as the kernel changes its code: what goes
 * on is measured in fewer pieces, and longer ones.
 */
#define SAMPLE_PART 50
#define SAMPLE_EVERY_NS (250 * NS_PER_MS)
#define SAMPLE_MOST_NS NS_PER_S
#define SAMPLE_EARLIER_CNT 8

/* Often enough that the kernel's tables keep room for new channels. */
#define COUNTS_EVERY_NS (2 * NS_PER_S)

/* Each pass but the last found somebody new; nobody forks that much. */
#define ATTACH_PASSES_MAX 16

static int open_rings(struct session *s)
{
	size_t cnt = probes_ring_cnt(s->probes);

	s->rings = xcalloc(cnt, sizeof(*s->rings));
	/* Beside them, what the walks over the threads tell. */
	merge_init(&s->merge, s->rings, cnt, 1);
	for (size_t i = 0; i < cnt; i++) {
		struct ring_place place = probes_ring(s->probes, i);
		int err = ring_open(&s->rings[i], &place);

		if (err)
			return log_err(err, "cannot map ring buffer %zu", i);
	}
	return 0;
}

static void close_rings(struct session *s)
{
	for (size_t i = 0; i < s->merge.ring_cnt; i++)
		ring_close(&s->rings[i]);
}

/*
 * The busier the machine, the more there is to collect: among thousands of
 * runnable threads an ordinary one, of whatever niceness, comes too late and
 * loses records. Real-time, it takes the little it needs at once. The threads
 * and children it starts are ordinary again.
 */
static void raise_priority(void)
{
	struct sched_param lowest = { .sched_priority = sched_get_priority_min(SCHED_RR) };

	if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest))
		log_info("no real-time priority for the collector: more records may get lost");
}

/* The programs have this namespace's numbers; /proc and the user must, too. */
static int check_pid_namespace(void)
{
	if (pidns_has_proc())
		return 0;
	log_err(0, "cannot record: /proc is missing, or that of another pid namespace");
	log_hint("mount this one's: mount -t proc proc /proc, or unshare --mount-proc");
	return -EINVAL;
}

static int open_requests(struct session *s)
{
	int err = requests_init(&s->requests, s->probes, &s->opts.request);

	if (err) {
		log_err(err, "cannot attach to the function of --request in '%s'",
			s->opts.request.path);
		log_hint("the kernel needs CONFIG_UPROBES; without --request requests are those "
			 "of served connections");
	}
	return err;
}

int session_open(struct session *s, struct target *target, const struct session_opts *opts)
{
	int err;

	*s = (struct session){ .opts = *opts, .target = target };
	raise_priority();
	err = check_pid_namespace();
	if (!err)
		err = probes_open(&s->probes, &opts->probes);
	if (!err)
		err = open_rings(s);
	if (!err)
		err = probes_attach(s->probes);
	if (!err)
		python_watch_init(&s->python, s->probes);
	if (!err)
		err = open_requests(s);
	if (err)
		session_close(s);
	else
		log_info("BPF programs attached, %zu ring buffers", probes_ring_cnt(s->probes));
	return err;
}

void session_close(struct session *s)
{
	close_rings(s);
	python_watch_release(&s->python);
	requests_release(&s->requests);
	probes_close(s->probes);
	merge_release(&s->merge);
	counts_release(&s->counts);
	free(s->rings);
	*s = (struct session){ 0 };
}

/*
 * Tell the kernel of the targets and, if wanted, of all that descend from them.
 * Returns how many it did not know yet, or -errno.
 */
static int add_targets(struct session *s)
{
	int added = 0;

	for (size_t i = 0; i < s->target->pid_cnt; i++) {
		pid_t pid = s->target->pids[i];
		struct procfs_pids tree = { 0 };
		int ret = probes_add_target(s->probes, pid);

		if (s->opts.probes.follow_children)
			procfs_descendants((uint32_t)pid, &tree);
		for (size_t j = 0; ret >= 0 && j < tree.cnt; j++) {
			added += ret;
			ret = probes_add_target(s->probes, (pid_t)tree.ids[j]);
		}
		procfs_pids_release(&tree);
		if (ret < 0)
			return ret;
		added += ret;
	}
	return added;
}

static void on_task(void *ctx, const struct par_task *rec)
{
	struct session *s = ctx;
	struct par_task task = *rec;

	s->walked_cnt++;
	/* The walk takes a while; what it tells holds from the end on. */
	if (task.hdr.kind == PAR_OPEN)
		task.hdr.ts_ns = s->end_ns;
	merge_push(&s->merge, 0, &task, sizeof(task));
}

static void feed_mark(struct session *s, uint8_t kind, uint64_t ts_ns)
{
	struct event ev = { 0 };

	ev.hdr.kind = kind;
	ev.hdr.ts_ns = ts_ns;
	s->opts.feed(s->opts.ctx, &ev);
}

/*
 * A target that lives, and no thread of it: what would follow is an empty recording. One
 * that has ended meanwhile is the caller's to tell.
 */
static int check_walk(struct session *s)
{
	if (s->walked_cnt || (s->target->pid_cnt && !target_reap(s->target)))
		return 0;
	if (s->target->pid_cnt)
		log_err(0, "no thread of process %d could be traced, though it lives",
			(int)s->target->pids[0]);
	else
		log_err(0, "no thread of this machine could be traced");
	if (probes_shared(s->probes)->drops[PAR_DROP_STATE])
		log_hint("the kernel refuses memory for their states");
	else
		log_hint("partrace doctor tries what works here");
	return -ENODATA;
}

int session_begin(struct session *s)
{
	int added = 1, err = 0;

	/* A child forked while one pass ran is found by the next, and traced from then on. */
	for (int pass = 0; pass < ATTACH_PASSES_MAX && added > 0 && !err; pass++) {
		added = add_targets(s);
		err = added < 0 ? added : probes_mark(s->probes);
	}
	if (!err)
		err = probes_tell(s->probes, on_task, s);
	if (!err)
		err = check_walk(s);
	if (err)
		return err;
	log_info("recording begins with %llu threads", (unsigned long long)s->walked_cnt);
	s->begin_ns = s->looked_ns = clock_mono_ns();
	s->sample_next_ns = s->begin_ns;
	s->counts_next_ns = s->begin_ns + COUNTS_EVERY_NS;
	feed_mark(s, EVENT_BEGIN, s->begin_ns);
	return 0;
}

/* What waits for a preempted writer takes room from a burst, too. */
static bool is_quiet(struct ring *r, size_t held, uint64_t took_ns)
{
	size_t little = r->bytes / QUIET_PART;

	if (little > QUIET_BYTES)
		little = QUIET_BYTES;
	return ring_news(r) * LONG_STEP_NS <= little * took_ns && held < r->bytes / 8;
}

/*
 * See what is new in the rings, and how fast they fill; if one of them is half full, nobody
 * waits for another.
 */
static void look_into_rings(struct session *s, uint64_t now_ns)
{
	bool is_behind = false;

	s->is_quiet = true;
	for (size_t i = 0; i < s->merge.ring_cnt; i++) {
		size_t held = ring_held(&s->rings[i]);

		is_behind |= held >= s->rings[i].bytes / 2;
		s->is_quiet &= is_quiet(&s->rings[i], held, now_ns - s->looked_ns);
	}
	s->is_behind |= is_behind;
	s->looked_ns = now_ns;
	merge_look(&s->merge, now_ns);
	if (is_behind || s->merge.blocked_ns < now_ns - WRITER_NS)
		merge_wait_for_none(&s->merge);
}

static void feed_until(struct session *s, uint64_t horizon_ns)
{
	const void *rec;
	size_t len;

	while ((rec = merge_pop(&s->merge, horizon_ns, &len))) {
		struct event ev;

		if (event_decode(&ev, rec, len)) {
			s->bad_cnt++;
			continue;
		}
		placement_count(&s->placement, ev.hdr.cpu);
		s->record_cnt++;
		s->opts.feed(s->opts.ctx, &ev);
	}
	for (size_t i = 0; i < s->merge.ring_cnt; i++)
		ring_give_back(&s->rings[i]);
}

/* All that is in the rings; what is begun there may yet be finished. */
static void feed_rest(struct session *s)
{
	uint64_t now_ns = clock_mono_ns(), until_ns = now_ns + WRITER_NS;

	for (;; now_ns = clock_mono_ns()) {
		look_into_rings(s, now_ns);
		if (now_ns >= until_ns)
			merge_wait_for_none(&s->merge);
		feed_until(s, UINT64_MAX);
		if (s->merge.blocked_ns == UINT64_MAX || now_ns >= until_ns + WRITER_NS)
			return;
		clock_sleep_ns(NS_PER_MS);
	}
}

static void sample_stop(struct session *s, uint64_t now_ns)
{
	if (!s->sample_until_ns)
		return;
	stats_switch(false);
	s->sampled_ns += now_ns - s->sample_begin_ns;
	s->run_ns += probes_run_ns(s->probes) - s->run_begin_ns;
	s->sample_until_ns = 0;
}

/* To the next sample: not long in relation to all before, so that short recordings have some. */
static uint64_t sample_every_ns(const struct session *s, uint64_t now_ns)
{
	uint64_t every_ns = (now_ns - s->begin_ns) / SAMPLE_EARLIER_CNT;

	if (every_ns > SAMPLE_MOST_NS)
		return SAMPLE_MOST_NS;
	return every_ns > SAMPLE_EVERY_NS ? every_ns : SAMPLE_EVERY_NS;
}

static void sample_cost(struct session *s, uint64_t now_ns)
{
	uint64_t every_ns = sample_every_ns(s, now_ns);

	if (s->sample_until_ns && now_ns >= s->sample_until_ns) {
		sample_stop(s, now_ns);
	} else if (!s->sample_until_ns && now_ns >= s->sample_next_ns) {
		stats_switch(true);
		/* Not zero: another program may have measured meanwhile. */
		s->run_begin_ns = probes_run_ns(s->probes);
		s->sample_begin_ns = now_ns;
		s->sample_until_ns = now_ns + every_ns / SAMPLE_PART;
		s->sample_next_ns = now_ns + every_ns;
	}
}

void session_step(struct session *s)
{
	uint64_t now_ns = clock_mono_ns();

	sample_cost(s, now_ns);
	python_watch_step(&s->python, now_ns);
	look_into_rings(s, now_ns);
	placement_step(&s->placement, now_ns);
	feed_until(s, now_ns - SETTLE_NS);
	if (now_ns >= s->counts_next_ns) {
		session_feed_counts(s);
		s->counts_next_ns = now_ns + COUNTS_EVERY_NS;
	}
}

uint64_t session_pause_ns(const struct session *s)
{
	/* What is being measured is to be short. */
	return s->is_quiet && !s->sample_until_ns ? LONG_STEP_NS : SESSION_STEP_NS;
}

static void feed_gap(struct session *s, uint16_t cpu)
{
	struct event ev = { 0 };

	ev.gap.gap = probes_shared(s->probes)->cpus[cpu].gap;
	if (!ev.gap.gap.out_ns)
		return;
	ev.hdr.kind = EVENT_GAP;
	ev.hdr.ts_ns = s->end_ns;
	ev.hdr.cpu = cpu;
	s->opts.feed(s->opts.ctx, &ev);
}

int session_end(struct session *s)
{
	int err;

	s->end_ns = clock_mono_ns() + END_AHEAD_NS;
	probes_end(s->probes, s->end_ns);
	python_watch_end(&s->python, s->end_ns);
	while (clock_mono_ns() <= s->end_ns)
		clock_sleep_ns(END_AHEAD_NS);
	probes_end_counts(s->probes);
	/* Programs that began before the end have long written their record by now. */
	clock_sleep_ns(SETTLE_NS / 10);
	sample_stop(s, clock_mono_ns());

	/* Empty, the rings have room for what the walk may find untold. */
	feed_rest(s);
	err = probes_tell(s->probes, on_task, s);
	feed_rest(s);
	close_rings(s); /* what follows, wants memory itself */
	for (uint16_t cpu = 0; cpu < PAR_CPU_CNT; cpu++)
		feed_gap(s, cpu);
	session_feed_counts(s);
	feed_mark(s, EVENT_END, s->end_ns);
	return err;
}

bool session_was_behind(struct session *s)
{
	bool was = s->is_behind;

	s->is_behind = false;
	return was;
}

void session_leave_calls(struct session *s)
{
	session_feed_counts(s);
	probes_leave_calls(s->probes);
}

int session_look(struct session *s, probes_task_fn fn, void *ctx)
{
	return probes_tell(s->probes, fn, ctx);
}

void session_watch_python(struct session *s, const struct python_site *site)
{
	python_watch_add(&s->python, site);
}

void session_watch_gvl(struct session *s, uint32_t pid)
{
	python_watch_gvl(&s->python, pid);
}

void session_feed_counts(struct session *s)
{
	const struct par_shared *shared = probes_shared(s->probes);
	struct event ev = { 0 };

	counts_feed(&s->counts, s->probes, s->opts.feed, s->opts.ctx);
	python_watch_feed(&s->python, s->opts.feed, s->opts.ctx);
	requests_feed(&s->requests, s->end_ns, s->opts.feed, s->opts.ctx);

	ev.hdr.kind = EVENT_LOST;
	ev.hdr.ts_ns = clock_mono_ns();
	ev.lost.ring = shared->drops[PAR_DROP_RING] + s->bad_cnt;
	for (int i = 0; i < PAR_DROP_CNT; i++)
		ev.lost.state += i == PAR_DROP_RING ? 0 : shared->drops[i];
	s->opts.feed(s->opts.ctx, &ev);
}

uint64_t session_lost(const struct session *s)
{
	const struct par_shared *shared = probes_shared(s->probes);
	uint64_t sum = s->bad_cnt;

	for (int i = 0; i < PAR_DROP_CNT; i++)
		sum += shared->drops[i];
	return sum;
}

uint64_t session_bpf_ns(const struct session *s, uint64_t now_ns)
{
	uint64_t sampled_ns = s->sampled_ns, run_ns = s->run_ns;

	if (s->sample_until_ns) {
		sampled_ns += now_ns - s->sample_begin_ns;
		run_ns += probes_run_ns(s->probes) - s->run_begin_ns;
	}
	if (!sampled_ns)
		return 0;
	return (uint64_t)((double)run_ns * (double)(now_ns - s->begin_ns) / (double)sampled_ns);
}
