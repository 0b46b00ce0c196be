// SPDX-License-Identifier: MIT
/*
 * Owns the sums per thread. facts_fill.c turns what the model itself counts
 * (processes, locks, channels, system calls) into facts.
 */
#include "facts/facts_build.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "facts/facts_fill.h"
#include "facts/latency.h"
#include "facts/loop.h"
#include "facts/role.h"
#include "facts/whatif.h"

struct thread_sum {
	uint64_t time_ns[BUCKET_CNT]; /* all CPU time under BUCKET_CPU_USER */
	uint64_t first_cpu_ns, last_cpu_ns; /* absolute; 0: never on a CPU */
	uint64_t latest_ns; /* the end of its latest span */
	struct latency *queue; /* while it lives; NULL: none yet */
	struct fact_quantiles queue_ns; /* once it has ended: a thirtieth of the memory */
	struct loop_sum *loop; /* NULL: it has never polled */
};

/* What a thread did after its latest span, when facts are taken in between. */
struct open_sum {
	uint64_t time_ns[BUCKET_CNT];
	uint64_t end_ns;
};

/* NULL: nothing has been told of it. */
static struct thread_sum *sum_find(const struct facts_build *fb, const struct task *t)
{
	return t->index < fb->thread_cnt ? fb->threads[t->index] : NULL;
}

static struct thread_sum *sum_get(struct facts_build *fb, const struct task *t)
{
	struct thread_sum *sum = sum_find(fb, t);

	if (sum)
		return sum;
	XREACH(fb->threads, fb->thread_cnt, t->index);
	sum = xcalloc(1, sizeof(*sum));
	fb->threads[t->index] = sum;
	return sum;
}

void facts_build_add_open(void *facts_build, const struct task *t, enum bucket bucket,
			  uint64_t start_ns, uint64_t end_ns)
{
	struct facts_build *fb = facts_build;
	struct open_sum *open = htab_find(&fb->open, (uintptr_t)t, 0);

	if (!open) {
		open = xcalloc(1, sizeof(*open));
		htab_put(&fb->open, (uintptr_t)t, 0, open);
	}
	open->time_ns[bucket] += end_ns - start_ns;
	open->end_ns = end_ns;
	if (end_ns > fb->latest_ns)
		fb->latest_ns = end_ns;
}

void facts_build_add_blocked(struct facts_build *fb, const struct blocked *b)
{
	wait_graph_put(&fb->blocked, b, true);
}

static void forget_open(struct facts_build *fb)
{
	htab_for_each(&fb->open, i)
		free(fb->open.entries[i].value);
	htab_release(&fb->open);
}

static void on_begin(void *ctx, uint64_t ts_ns)
{
	struct facts_build *fb = ctx;

	series_release(&fb->series);
	series_init(&fb->series, ts_ns);
	segments_release(&fb->segments);
	segments_init(&fb->segments, ts_ns, 0);
	fb->begin_ns = fb->latest_ns = ts_ns;
}

/* Whom does it wait for until the end, its own or the recording's? */
static void follow_blocked(struct facts_build *fb, const struct span *s)
{
	struct blocked b = { .waiter = s->task, .owner = s->owner };

	if (!s->owner || !s->lock) {
		wait_graph_drop(&fb->blocked, s->task);
		return;
	}
	b.lock = s->lock->name;
	b.wait_ns = s->end_ns - s->start_ns;
	wait_graph_put(&fb->blocked, &b, false);
}

static void on_span(void *ctx, const struct span *s)
{
	struct facts_build *fb = ctx;
	struct thread_sum *sum = sum_get(fb, s->task);
	enum bucket b = s->bucket == BUCKET_CPU_KERNEL ? BUCKET_CPU_USER : s->bucket;
	uint64_t len = s->end_ns - s->start_ns;

	sum->time_ns[b] += len;
	sum->latest_ns = s->end_ns;
	if (s->end_ns > fb->latest_ns)
		fb->latest_ns = s->end_ns;
	if (b == BUCKET_CPU_USER) {
		if (!sum->first_cpu_ns)
			sum->first_cpu_ns = s->start_ns;
		sum->last_cpu_ns = s->end_ns;
	} else if (b == BUCKET_RUN_QUEUE) {
		if (!sum->queue)
			sum->queue = xcalloc(1, sizeof(*sum->queue));
		latency_add(sum->queue, len);
	}
	loop_add_span(&sum->loop, s);
	segments_add(&fb->segments, s);
	series_add(&fb->series, bucket_group(b), s->start_ns, s->end_ns);
	if (b != BUCKET_CPU_USER && b != BUCKET_RUN_QUEUE && b != BUCKET_THROTTLED)
		follow_blocked(fb, s);
}

static void on_turn(void *ctx, const struct turn *t)
{
	loop_add_turn(&sum_get(ctx, t->task)->loop, t);
}

static struct fact_quantiles quantiles(const struct latency *l)
{
	return (struct fact_quantiles){
		.p50 = latency_percentile(l, 50),
		.p95 = latency_percentile(l, 95),
		.p99 = latency_percentile(l, 99),
		.max = l->max_ns,
	};
}

static void on_task_end(void *ctx, const struct task *t)
{
	struct facts_build *fb = ctx;
	struct thread_sum *sum = sum_find(fb, t);

	if (!sum || !sum->queue)
		return;
	sum->queue_ns = quantiles(sum->queue);
	free(sum->queue);
	sum->queue = NULL;
}

static void on_request(void *ctx, const struct request *r)
{
	struct facts_build *fb = ctx;

	request_sum_add(&fb->requests, r);
}

static void on_cpu(void *ctx, const struct cpu_switch *c)
{
	struct facts_build *fb = ctx;

	cpu_peak_feed(&fb->peak, c);
}

static void on_end(void *ctx, uint64_t ts_ns)
{
	struct facts_build *fb = ctx;

	cpu_peak_end(&fb->peak, ts_ns);
	fb->latest_ns = ts_ns;
	fb->ended = true;
}

void facts_build_init(struct facts_build *fb, const struct facts_build_options *options)
{
	*fb = (struct facts_build){ .options = *options };
	segments_init(&fb->segments, 0, 0);
	fb->observer = (struct observer){
		.ctx = fb,
		.begin = on_begin,
		.task_end = on_task_end,
		.span = on_span,
		.turn = on_turn,
		.cpu = on_cpu,
		.request = on_request,
		.end = on_end,
	};
}

const struct observer *facts_build_observer(const struct facts_build *fb)
{
	return &fb->observer;
}

void facts_build_release(struct facts_build *fb)
{
	for (size_t i = 0; i < fb->thread_cnt; i++) {
		struct thread_sum *sum = fb->threads[i];

		if (!sum)
			continue;
		free(sum->queue);
		loop_free(sum->loop);
		free(sum);
	}
	free(fb->threads);
	forget_open(fb);
	wait_graph_release(&fb->blocked);
	cpu_peak_release(&fb->peak);
	request_sum_release(&fb->requests);
	series_release(&fb->series);
	segments_release(&fb->segments);
	*fb = (struct facts_build){ 0 };
}

/*
 * The ratio is the kernel's, the sum is ours: what the scheduler's records say
 * is exact, how it divides is an estimate.
 */
static void split_cpu(const struct task *t, uint64_t time_ns[BUCKET_CNT])
{
	uint64_t cpu = time_ns[BUCKET_CPU_USER];
	uint64_t user = t->utime_ns, kernel = t->stime_ns;

	if (!cpu)
		return;
	/* Too short for a tick of its own: as its process did on the whole. */
	if (!user && !kernel && t->process) {
		user = t->process->utime_ns;
		kernel = t->process->stime_ns;
	}
	if (!user && !kernel)
		return;
	time_ns[BUCKET_CPU_USER] = (uint64_t)((unsigned __int128)cpu * user /
					      ((unsigned __int128)user + kernel));
	time_ns[BUCKET_CPU_KERNEL] = cpu - time_ns[BUCKET_CPU_USER];
}

static uint64_t since(const struct facts_build *fb, uint64_t ts_ns)
{
	return ts_ns > fb->begin_ns ? ts_ns - fb->begin_ns : 0;
}

/* Not the sum of the buckets: a gap between spans is a bug, and must show. */
static uint64_t life_ns(const struct facts_build *fb, const struct task *t,
			const struct thread_sum *sum, const struct open_sum *open)
{
	uint64_t end = t->end_ns;

	if (!end)
		end = fb->ended ? fb->latest_ns : open ? open->end_ns : sum ? sum->latest_ns : 0;
	return end > t->start_ns ? end - t->start_ns : 0;
}

static void fill_thread(struct facts_build *fb, const struct task *t, struct fact_thread *out)
{
	const struct thread_sum *sum = sum_find(fb, t);
	const struct open_sum *open = htab_find(&fb->open, (uintptr_t)t, 0);

	*out = (struct fact_thread){
		.tid = t->tid,
		.pid = t->process ? t->process->pid : t->tid,
		.name = xstrndup(t->name, sizeof(t->name)),
		.started_ns = since(fb, t->start_ns),
		.lifetime_ns = life_ns(fb, t, sum, open),
		.voluntary = t->voluntary,
		.involuntary = t->involuntary,
		.migrations = t->migrations,
		.wakeups = t->wakeups,
		.watched_ns = t->watched_ns,
		.released_ns = t->released_ns,
	};
	for (int b = 0; b < BUCKET_CNT; b++)
		out->time_ns[b] = (sum ? sum->time_ns[b] : 0) + (open ? open->time_ns[b] : 0);
	split_cpu(t, out->time_ns);
	if (!sum)
		return;
	out->first_cpu_ns = since(fb, sum->first_cpu_ns);
	out->last_cpu_ns = since(fb, sum->last_cpu_ns);
	out->run_queue_ns = sum->queue ? quantiles(sum->queue) : sum->queue_ns;
}

static void fill_concurrency(const struct facts_build *fb, struct facts *out)
{
	double duration = (double)out->recording.duration_ns;
	double cpu = (double)facts_group_ns(out, GROUP_CPU);
	double queue = (double)facts_group_ns(out, GROUP_CPU_WAIT);

	out->concurrency.on_cpu_max = cpu_peak_get(&fb->peak);
	if (duration <= 0)
		return;
	out->concurrency.on_cpu_avg = cpu / duration;
	out->concurrency.runnable_avg = (cpu + queue) / duration;
	/* A thread that ran ran on some CPU, even where no switch was told yet. */
	if (cpu > 0 && !out->concurrency.on_cpu_max)
		out->concurrency.on_cpu_max = 1;
}

static void fill_loops(struct facts_build *fb, const struct model *m, struct facts *out)
{
	struct loop_sum **sums = xcalloc(m->task_cnt, sizeof(struct loop_sum *));

	for (size_t i = 0; i < m->task_cnt; i++) {
		const struct thread_sum *sum = sum_find(fb, m->all_tasks[i]);

		sums[i] = sum ? sum->loop : NULL;
	}
	loops_fill(out, m, sums, fb->latest_ns, fb->options.sysno_name);
	free(sums);
}

void facts_build_take(struct facts_build *fb, const struct model *m, struct facts *out)
{
	*out = (struct facts){ 0 };
	out->recording.duration_ns = since(fb, fb->latest_ns);
	out->recording.calls_until_ns = fb->calls_until_ns;
	fill_processes(out, m, fb->begin_ns);

	out->threads = xcalloc(m->task_cnt, sizeof(*out->threads));
	for (size_t i = 0; i < m->task_cnt; i++) {
		const struct task *t = m->all_tasks[i];

		fill_thread(fb, t, &out->threads[out->thread_cnt++]);
		out->faults_minor += t->min_flt;
		out->faults_major += t->maj_flt;
	}
	facts_index(out);
	fill_loops(fb, m, out);
	roles_assign(out);

	fill_concurrency(fb, out);
	fill_locks(out, m);
	fill_channels(out, m);
	fill_syscalls(out, m, fb->options.sysno_name);
	request_sum_fill(&fb->requests, m, fb->options.request_function, out);
	out->disk.reads = m->disk.reads;
	out->disk.writes = m->disk.writes;
	out->disk.bytes = m->disk.bytes;
	out->disk.wait_ns = facts_bucket_ns(out, BUCKET_DISK);
	out->deadlocks = wait_graph_circles(&fb->blocked, &out->deadlock_cnt);
	wait_graph_pass(&fb->blocked);
	forget_open(fb);
	out->series = series_take(&fb->series, fb->latest_ns, &out->series_cnt);
}

void facts_build_replay(const struct facts_build *fb, const struct model *m, struct facts *out)
{
	if (fb->ended)
		whatif_fill(out, &fb->segments, m);
}
