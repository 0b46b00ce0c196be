// SPDX-License-Identifier: MIT
/* Owns the metrics of the whole program: where each comes from, and how noisy it is. */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "diff/compare.h"

/* What starting and ending a run may take more or less. */
#define JITTER_NS (5.0 * NS_PER_MS)
/* Percentiles of fewer requests say nothing. */
#define REQUESTS_MIN 20

/* Requests come in bursts: their number varies by more than its root. */
#define BURSTS 1.0

typedef struct measure measure_fn(const struct sample *s, bool is_run);

double undisturbed_time(const struct sample *s)
{
	return log((1 - s->stolen) * (1 - s->kept_away));
}

/*
 * What stutters takes one time longer than another. What mostly waits is not held up
 * by how its little CPU time comes and goes.
 */
static double stutter(const struct sample *s)
{
	double waits = (double)facts_group_ns(s->facts, GROUP_IO);

	return hypot(hypot(STUTTER * s->cpu_error / fmax(s->cpus, 1),
			   s->life_ns > 0 ? NOISE_IO * waits / s->life_ns : 0),
		     DISTURBED_TIME * s->disturbed);
}

static struct measure wall(const struct sample *s, bool is_run)
{
	return (struct measure){
		.is_known = is_run,
		.value = s->wall_ns,
		.noise = hypot(hypot(NOISE_TIME, stutter(s)), JITTER_NS / s->wall_ns),
		.undisturbed = undisturbed_time(s),
	};
}

/* Requests come in at the rate at which they are sent, or answered. */
static struct measure requests(const struct sample *s, bool is_run)
{
	const struct fact_turns *t = &s->facts->requests.turns;

	(void)is_run;
	return (struct measure){
		.is_known = t->count >= REQUESTS_MIN,
		.value = t->per_second,
		.noise = hypot(hypot(NOISE_TIME, stutter(s)), BURSTS / sqrt((double)t->count)),
		.undisturbed = -undisturbed_time(s),
	};
}

/* Of whole runs: how often a second such a work could be done. */
static struct measure throughput(const struct sample *s, bool is_run)
{
	struct measure m = wall(s, is_run);

	if (!is_run)
		return requests(s, is_run);
	m.is_known = s->work_ns > 0;
	m.value = NS_PER_S / s->work_ns;
	m.noise = hypot(hypot(NOISE_TIME, stutter(s)), JITTER_NS / s->work_ns);
	m.undisturbed = -log((1 - s->stolen) * (1 - s->kept_working));
	return m;
}

static struct measure requests_of_run(const struct sample *s, bool is_run)
{
	struct measure m = requests(s, is_run);

	m.is_known &= is_run;
	return m;
}

double undisturbed_cpu(const struct sample *s, bool is_run)
{
	double dearer = s->cpu_ns > 0 ? SWITCH_NS * s->preempted / s->cpu_ns : 0;
	/* Parts of runs are compared by the CPUs in use, of which others leave fewer. */
	double fewer = is_run ? 1 : 1 / (1 - s->kept_away);

	return log((1 - s->stolen) * (1 - fmin(dearer, 0.5)) * fewer);
}

double noise_of_switches(const struct sample *s, double switches, double involuntary)
{
	return hypot(
		hypot(NOISE_SWITCHES, 2 / sqrt(switches)),
		hypot(DISTURBED_SWITCHES * s->disturbed, NOISE_PREEMPTED * involuntary / switches));
}

double noise_of_startup(const struct sample *s, double ns)
{
	return hypot(hypot(NOISE_STARTUP, STARTUP_NS / ns), DISTURBED_STARTUP * s->disturbed);
}

double noise_of_memory(const struct sample *s, double bytes)
{
	double sharers = s->is_forked ? 1 : (double)s->facts->process_cnt;
	double sharing = SHARING * s->shared_bytes / sharers;

	return hypot(NOISE_MEMORY, hypot(BYTES_NOISE, sharing) / bytes);
}

static struct measure cpu(const struct sample *s, bool is_run)
{
	double duration = (double)s->facts->recording.duration_ns;
	double error = is_run || !(s->cpus > 0) ? 0 : STUTTER * s->cpu_error / s->cpus;

	return (struct measure){
		.is_known = s->cpu_ns > 0 && duration > 0,
		.value = is_run ? s->cpu_ns : s->cpu_ns / duration,
		.noise = hypot(hypot(NOISE_TIME, error),
			       hypot(DISTURBED_CPU * s->disturbed, JITTER_NS / s->cpu_ns)),
		.undisturbed = undisturbed_cpu(s, is_run),
	};
}

/*
 * The error of a percentile is that of its rank, sqrt(0.95 x 0.05 / n), over the density
 * there, which is 0.04 between the 95th and the 99th.
 */
static struct measure p95(const struct sample *s, bool is_run)
{
	const struct fact_turns *t = &s->facts->requests.turns;
	double slope = t->p99 > t->p95 ? (double)(t->p99 - t->p95) / 0.04 : 0;
	double rank = BURSTS * sqrt(0.95 * 0.05 / (double)t->count);

	(void)is_run;
	return (struct measure){
		.is_known = t->count >= REQUESTS_MIN && t->p95,
		.value = (double)t->p95,
		.noise = hypot(hypot(NOISE_LATENCY, DISTURBED_LATENCY * s->disturbed),
			       rank * slope / (double)t->p95),
		.undisturbed = undisturbed_time(s),
	};
}

static struct measure memory(const struct sample *s, bool is_run)
{
	(void)is_run;
	return (struct measure){
		.is_known = s->memory_bytes > 0,
		.value = s->memory_bytes,
		.noise = noise_of_memory(s, s->memory_bytes),
	};
}

static struct measure switches(const struct sample *s, bool is_run)
{
	double seconds = (double)s->facts->recording.duration_ns / NS_PER_S;

	return (struct measure){
		.is_known = s->switches > 0 && seconds > 0,
		.value = is_run ? s->switches : s->switches / seconds,
		.noise = noise_of_switches(s, s->switches, s->involuntary),
		.undisturbed = log(1 - fmin(s->preempted / s->switches, PREEMPTED_MAX)),
	};
}

static struct measure startup(const struct sample *s, bool is_run)
{
	(void)is_run;
	return (struct measure){
		.is_known = s->has_startup && s->startup_ns > 0,
		.value = s->startup_ns,
		.noise = noise_of_startup(s, s->startup_ns),
	};
}

static const struct {
	const char *name;
	measure_fn *measure;
	enum diff_unit of_run, of_time;	/* whole runs; else parts of longer ones */
} metrics[] = {
	{ "throughput", throughput, DIFF_PER_SECOND, DIFF_PER_SECOND },
	{ "wall", wall, DIFF_NS, DIFF_NS },
	{ "cpu", cpu, DIFF_NS, DIFF_CPUS },
	{ "requests", requests_of_run, DIFF_PER_SECOND, DIFF_PER_SECOND },
	{ "p95", p95, DIFF_NS, DIFF_NS },
	{ "memory", memory, DIFF_BYTES, DIFF_BYTES },
	{ "switches", switches, DIFF_COUNT, DIFF_PER_SECOND },
	{ "startup", startup, DIFF_NS, DIFF_NS },
};

const char *const group_metrics[GROUP_CNT] = {
	[GROUP_CPU] = "group:cpu",   [GROUP_CPU_WAIT] = "group:cpu_wait",
	[GROUP_IO] = "group:io",     [GROUP_LOCK] = "group:lock",
	[GROUP_IPC] = "group:ipc",   [GROUP_SYNC] = "group:sync",
	[GROUP_IDLE] = "group:idle", [GROUP_OTHER] = "group:other",
};

/* Of the group that has it the series knows how it came and went. */
static struct measure share_of(const struct sample *s, double ns, double group_ns,
			       enum bucket_group g)
{
	double share = s->life_ns > 0 ? ns / s->life_ns : 0;
	double part = group_ns > 0 ? sqrt(ns / group_ns) : 0;
	double busy = hypot(100 * STUTTER * part * s->share_error[g],
			    DISTURBED_SHARE * s->disturbed);
	struct thread_time all = {
		.life_ns = s->life_ns,
		.cpu_ns = s->cpu_ns,
		.queue_ns = (double)facts_group_ns(s->facts, GROUP_CPU_WAIT),
		.io_ns = (double)facts_group_ns(s->facts, GROUP_IO),
	};

	return (struct measure){
		.is_known = s->life_ns > 0,
		.value = 100 * share,
		.noise = hypot(hypot(noise_of_share(share, NOISE_SHARE_FLOOR, NOISE_SHARE_SPREAD),
				     noise_of_io(&all, g, ns)),
			       busy),
		.undisturbed = undisturbed_share(s, &all, g, ns),
	};
}

static double group_ns(const struct sample *s, enum bucket_group g)
{
	return (double)facts_group_ns(s->facts, g);
}

static void add_group(const struct comparison *c, struct diff *out, enum bucket_group g,
		      struct measure *before, struct measure *after)
{

	for (size_t i = 0; i < c->before_cnt; i++) {
		double ns = group_ns(&c->before[i], g);

		before[i] = share_of(&c->before[i], ns, ns, g);
	}
	for (size_t i = 0; i < c->after_cnt; i++) {
		double ns = group_ns(&c->after[i], g);

		after[i] = share_of(&c->after[i], ns, ns, g);
	}
	compare_add_share(out, group_metrics[g], NULL, before, c->before_cnt, after, c->after_cnt);
}

static void add_bucket(const struct comparison *c, struct diff *out, enum bucket b,
		       struct measure *before, struct measure *after)
{
	enum bucket_group g = bucket_group(b);

	for (size_t i = 0; i < c->before_cnt; i++)
		before[i] = share_of(&c->before[i], c->before[i].time_ns[b],
				     group_ns(&c->before[i], g), g);
	for (size_t i = 0; i < c->after_cnt; i++)
		after[i] = share_of(&c->after[i], c->after[i].time_ns[b], group_ns(&c->after[i], g),
				    g);
	compare_add_share(out, bucket_name(b), NULL, before, c->before_cnt, after, c->after_cnt);
}

void compare_metrics(const struct comparison *c, struct diff *out)
{
	struct measure *before = xcalloc(c->before_cnt, sizeof(*before));
	struct measure *after = xcalloc(c->after_cnt, sizeof(*after));

	for (size_t m = 0; m < sizeof(metrics) / sizeof(metrics[0]); m++) {
		for (size_t i = 0; i < c->before_cnt; i++)
			before[i] = metrics[m].measure(&c->before[i], c->is_run);
		for (size_t i = 0; i < c->after_cnt; i++)
			after[i] = metrics[m].measure(&c->after[i], c->is_run);
		compare_add_ratio(out, metrics[m].name, NULL,
				  c->is_run ? metrics[m].of_run : metrics[m].of_time, before,
				  c->before_cnt, after, c->after_cnt);
	}
	for (int g = 0; g < GROUP_CNT; g++)
		add_group(c, out, (enum bucket_group)g, before, after);
	for (int b = 0; b < BUCKET_CNT; b++)
		add_bucket(c, out, (enum bucket)b, before, after);
	free(before);
	free(after);
}
