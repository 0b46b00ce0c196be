// SPDX-License-Identifier: MIT
/* Owns what is measured of one recording. Compares nothing. */
#include "diff/sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/median.h"
#include "base/xalloc.h"
#include "diff/interval.h"
#include "facts/workers.h"
#include "verdict/view.h"

/* Workers that overlap less than this follow each other, and count by their overlap. */
#define TOGETHER 0.7

/* More is not worth telling apart. */
#define LOST_MAX 0.9

/* One that was cut off by the recording's end has not ended, or not by itself. */
static bool is_whole_run(const struct facts *f)
{
	return f->recording.is_complete && facts_is_launched(f) && f->processes[0].ended &&
	       !f->processes[0].exit_signal;
}

static void add_times(struct sample *s)
{
	const struct facts *f = s->facts;

	for (int b = 0; b < BUCKET_CNT; b++)
		s->time_ns[b] = (double)facts_bucket_ns(f, (enum bucket)b);
	s->cpu_ns = (double)facts_group_ns(f, GROUP_CPU);
	s->life_ns = (double)facts_life_ns(f);
	for (size_t i = 0; i < f->thread_cnt; i++)
		s->switches += (double)(f->threads[i].voluntary + f->threads[i].involuntary);
}

/* What it did itself, without standing in line. */
static double effort_ns(const struct thread_view *t)
{
	const double *ns = t->time.ns;

	return ns[PART_CPU] + ns[PART_IPC] + ns[PART_DISK] + ns[PART_NETWORK] + ns[PART_MEMORY];
}

/*
 * Workers at a time. The view counts who is kept from working, too, as a main thread that
 * waits for the GIL; that is no worker to who counts them.
 */
static uint32_t count_workers(const struct view *v)
{
	double most = 0, spans = 0;
	uint32_t cnt = 0;

	for (size_t i = 0; i < v->thread_cnt; i++)
		if (v->threads[i].is_worker)
			most = fmax(most, effort_ns(&v->threads[i]));
	for (size_t i = 0; i < v->thread_cnt; i++) {
		const struct thread_view *t = &v->threads[i];

		if (!t->is_worker || effort_ns(t) < most * WORKER_MIN_SHARE)
			continue;
		cnt++;
		spans += thread_view_span_ns(t);
	}
	spans = v->window_ns > 0 ? spans / v->window_ns : cnt;
	return spans < TOGETHER * cnt ? (uint32_t)ceil(spans) : cnt;
}

/*
 * Who waits for a CPU while the program does not use all of them waits for somebody
 * else. The price of each wake-up looks alike: it is on both sides of a comparison, so
 * what is left of it in their difference is little.
 */
static double missed_cpus(const struct facts *f, size_t window)
{
	const double *groups = f->series[window].groups;

	return fmin(groups[GROUP_CPU_WAIT], fmax(f->recording.cpus_usable - groups[GROUP_CPU], 0));
}

/* Share of the time between two moments. Work for several CPUs goes on with those that are left. */
static double lost_to_others(const struct facts *f, uint64_t begin_ns, uint64_t end_ns)
{
	double lost = 0;
	size_t cnt = 0;

	for (size_t i = 0; i < f->series_cnt; i++) {
		double missed = missed_cpus(f, i);

		if (f->series[i].t_ns < begin_ns || f->series[i].t_ns >= end_ns)
			continue;
		lost += missed / fmax(f->series[i].groups[GROUP_CPU] + missed, 1);
		cnt++;
	}
	return cnt ? fmin(lost / (double)cnt, LOST_MAX) : 0;
}

/*
 * The work as predictions see it (facts/whatif.h): the start-up of the workers is a
 * price of the model and belongs to it, that of the program does not.
 */
static void add_work(struct sample *s)
{
	const struct facts *f = s->facts;
	uint64_t first = UINT64_MAX, last = 0;
	struct view v;

	view_init(&v, f);
	for (size_t i = 0; i < v.thread_cnt; i++) {
		const struct thread_view *t = &v.threads[i];
		bool is_launched = t->fact->tid == f->processes[0].pid;
		uint64_t begin = is_launched ? t->begin_ns : t->fact->first_cpu_ns;

		if (!t->is_worker || !t->fact->last_cpu_ns)
			continue;
		first = begin < first ? begin : first;
		last = t->fact->last_cpu_ns > last ? t->fact->last_cpu_ns : last;
	}
	s->work_ns = last > first ? (double)(last - first) : 0;
	s->kept_working = last > first ? lost_to_others(f, first, last) : 0;
	s->workers = count_workers(&v);
	view_release(&v);
}

static double process_bytes(const struct sample *s, const struct fact_process *p)
{
	return (double)(s->is_pss && p->pss_bytes ? p->pss_bytes : p->rss_bytes);
}

/* Of any: one that came and went between two looks is unknown either way. */
static bool has_pss(const struct facts *f)
{
	for (size_t i = 0; i < f->process_cnt; i++)
		if (f->processes[i].pss_bytes)
			return true;
	return false;
}

/* A process comes or goes. */
struct step {
	uint64_t at_ns;
	double bytes;		/* negative: it goes */
};

/* Who goes makes room before somebody comes at the same moment. */
static int by_time(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return (x->bytes > 0) - (y->bytes > 0);
}

static void add_memory(struct sample *s)
{
	const struct facts *f = s->facts;
	struct step *steps = xcalloc(2 * f->process_cnt, sizeof(*steps));
	size_t cnt = 0;
	double sum = 0;

	for (size_t i = 0; i < f->process_cnt; i++) {
		const struct fact_process *p = &f->processes[i];

		if (p->ended && p->ended_ns <= p->started_ns)
			continue;
		steps[cnt++] = (struct step){ p->started_ns, process_bytes(s, p) };
		if (p->ended)
			steps[cnt++] = (struct step){ p->ended_ns, -process_bytes(s, p) };
	}
	for (size_t i = 0; i < f->process_cnt; i++) {
		const struct fact_process *p = &f->processes[i];

		s->is_forked |= p->start_method && !strcmp(p->start_method, "fork");
		if (p->pss_bytes && p->rss_bytes > p->pss_bytes)
			s->shared_bytes = fmax(s->shared_bytes,
					       (double)(p->rss_bytes - p->pss_bytes));
	}
	qsort(steps, cnt, sizeof(*steps), by_time);
	for (size_t i = 0; i < cnt; i++) {
		sum += steps[i].bytes;
		s->memory_bytes = fmax(s->memory_bytes, sum);
	}
	free(steps);
}

void sample_add_memory(struct sample *samples, size_t cnt, bool is_pss)
{
	for (size_t i = 0; i < cnt; i++) {
		samples[i].is_pss = is_pss;
		add_memory(&samples[i]);
	}
}

static void add_startup(struct sample *s)
{
	const struct facts *f = s->facts;
	double *values = xcalloc(f->process_cnt, sizeof(*values));
	size_t cnt = 0;

	for (size_t i = 0; i < f->process_cnt; i++)
		if (f->processes[i].has_startup && !f->processes[i].helper)
			values[cnt++] = (double)f->processes[i].startup_ns;
	s->has_startup = cnt > 0;
	s->startup_ns = cnt ? median(values, cnt) : 0;
	free(values);
}

/* Of a thread that has much of the work, the one that waited most: the run may end with it. */
static double most_queued(const struct sample *s)
{
	double most = 0;

	for (size_t i = 0; i < s->facts->thread_cnt; i++) {
		const struct fact_thread *t = &s->facts->threads[i];
		double cpu = (double)(t->time_ns[BUCKET_CPU_USER] + t->time_ns[BUCKET_CPU_KERNEL]);

		if (t->lifetime_ns && cpu >= WORKER_MIN_SHARE * s->cpu_ns)
			most = fmax(most,
				    (double)t->time_ns[BUCKET_RUN_QUEUE] / (double)t->lifetime_ns);
	}
	return most;
}

static void add_others(struct sample *s)
{
	const struct facts *f = s->facts;
	double missed = 0, queued = 0;

	for (size_t i = 0; i < f->series_cnt; i++) {
		missed += missed_cpus(f, i);
		queued += f->series[i].groups[GROUP_CPU_WAIT];
	}
	for (size_t i = 0; i < f->thread_cnt; i++)
		s->involuntary += (double)f->threads[i].involuntary;
	s->stolen = s->cpu_ns > 0 ? fmin((double)f->recording.steal_ns / s->cpu_ns, LOST_MAX) : 0;
	s->queue_of_others = queued > 0 ? missed / queued : 0;
	s->kept_away = fmax(lost_to_others(f, 0, UINT64_MAX),
			    fmin(most_queued(s) * s->queue_of_others, LOST_MAX));
	s->kept_working = fmax(s->kept_working,
			       fmin(most_queued(s) * s->queue_of_others, LOST_MAX));
	s->disturbed = fmax(s->stolen, s->kept_away);
	s->preempted = s->involuntary * s->queue_of_others;
}

static void add_noise(struct sample *s)
{
	const struct facts *f = s->facts;
	double *values = xcalloc(f->series_cnt, sizeof(*values));

	for (int g = 0; g < GROUP_CNT; g++) {
		for (size_t i = 0; i < f->series_cnt; i++) {
			const double *groups = f->series[i].groups;
			double all = 0;

			for (int other = 0; other < GROUP_CNT; other++)
				all += groups[other];
			values[i] = all > 0 ? groups[g] / all : 0;
		}
		s->share_error[g] = interval_series_error(values, f->series_cnt);
	}
	for (size_t i = 0; i < f->series_cnt; i++) {
		values[i] = f->series[i].groups[GROUP_CPU];
		s->cpus += values[i] / (double)f->series_cnt;
	}
	s->cpu_error = interval_series_error(values, f->series_cnt);
	free(values);
}

void sample_init(struct sample *s, const struct facts *f)
{
	*s = (struct sample){ .facts = f };
	s->is_run = is_whole_run(f);
	s->is_pss = has_pss(f);
	s->wall_ns = s->is_run ? (double)f->processes[0].ended_ns : 0;
	add_times(s);
	if (f->process_cnt)
		add_work(s);
	add_startup(s);
	add_others(s);
	add_noise(s);
	s->labels = xcalloc(f->thread_cnt, sizeof(*s->labels));
	for (size_t i = 0; i < f->thread_cnt; i++) {
		s->labels[i] = xstrdup(f->threads[i].role ? f->threads[i].role : "");
		if (f->threads[i].tid == f->threads[i].pid)
			htab_put(&s->mains, f->threads[i].pid, 0, &s->labels[i]);
	}
}

/* "worker (io)": the habit's name; NULL: it is not split. */
static const char *habit_of(const char *label)
{
	static const char *const habits[] = { " (cpu)", " (io)", " (idle)" };
	size_t len = strlen(label);

	for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++) {
		size_t n = strlen(habits[i]);

		if (len > n && !strcmp(label + len - n, habits[i]))
			return label + len - n;
	}
	return NULL;
}

static bool has_label(const struct sample *s, const char *label)
{
	for (size_t i = 0; i < s->facts->thread_cnt; i++)
		if (!strcmp(s->labels[i], label))
			return true;
	return false;
}

/* Has @s any part of the role whose name, without habit, has @len characters of @label? */
static bool has_part(const struct sample *s, const char *label, size_t len)
{
	for (size_t i = 0; i < s->facts->thread_cnt; i++) {
		const char *other = s->labels[i], *habit = habit_of(other);
		size_t other_len = habit ? (size_t)(habit - other) : strlen(other);

		if (other_len == len && !strncmp(other, label, len))
			return true;
	}
	return false;
}

/* Cut the habit off all labels of that role. */
static void join_role(struct sample *const *samples, size_t cnt, const char *stem, size_t len)
{
	for (size_t i = 0; i < cnt; i++) {
		for (size_t j = 0; j < samples[i]->facts->thread_cnt; j++) {
			char *label = samples[i]->labels[j];
			const char *habit = habit_of(label);

			if (habit && (size_t)(habit - label) == len && !strncmp(label, stem, len))
				label[len] = '\0';
		}
	}
}

/* Is this part of a role missing where others of its parts are? */
static bool is_uneven(struct sample *const *samples, size_t cnt, const char *label, size_t len)
{
	for (size_t i = 0; i < cnt; i++)
		if (has_part(samples[i], label, len) && !has_label(samples[i], label))
			return true;
	return false;
}

static void name_loners(struct sample *const *samples, size_t cnt)
{
	bool has_main = false;

	for (size_t i = 0; i < cnt; i++)
		has_main |= has_label(samples[i], "main");
	for (size_t i = 0; i < cnt && has_main; i++) {
		if (samples[i]->facts->thread_cnt != 1)
			continue;
		free(samples[i]->labels[0]);
		samples[i]->labels[0] = xstrdup("main");
	}
}

void sample_join_roles(struct sample *const *samples, size_t cnt)
{
	name_loners(samples, cnt);
	for (size_t i = 0; i < cnt; i++) {
		for (size_t j = 0; j < samples[i]->facts->thread_cnt; j++) {
			const char *label = samples[i]->labels[j];
			const char *habit = habit_of(label);
			size_t len = habit ? (size_t)(habit - label) : 0;
			char *stem;

			/* Most threads are called as the one before them, and that was looked at. */
			if (!habit || (j && !strcmp(label, samples[i]->labels[j - 1])) ||
			    !is_uneven(samples, cnt, label, len))
				continue;
			stem = xstrndup(label, len);
			join_role(samples, cnt, stem, len);
			free(stem);
		}
	}
}

static struct role_sample *role_get(struct sample *s, const char *name)
{
	struct role_sample *r = s->roles;

	while (r < s->roles + s->role_cnt && strcmp(r->name, name))
		r++;
	if (r == s->roles + s->role_cnt)
		s->role_cnt++;
	r->name = name;
	return r;
}

const struct role_sample *sample_role(const struct sample *s, const char *name)
{
	for (size_t i = 0; i < s->role_cnt; i++)
		if (!strcmp(s->roles[i].name, name))
			return &s->roles[i];
	return NULL;
}

const char *sample_process_role(const struct sample *s, uint32_t pid)
{
	char **label = htab_find(&s->mains, pid, 0);

	return label ? *label : NULL;
}

/* Memory and start-up of the processes whose main thread has this role. */
static void add_processes(struct sample *s, struct role_sample *r)
{
	const struct facts *f = s->facts;
	double *values = xcalloc(f->process_cnt, sizeof(*values));
	size_t started = 0, measured = 0;

	for (size_t i = 0; i < f->process_cnt; i++) {
		const struct fact_process *p = &f->processes[i];
		const char *role = sample_process_role(s, p->pid);

		if (!role || strcmp(role, r->name))
			continue;
		r->processes++;
		measured += process_bytes(s, p) > 0;
		r->memory_bytes += process_bytes(s, p);
		if (p->has_startup)
			values[started++] = (double)p->startup_ns;
	}
	r->memory_bytes = measured ? r->memory_bytes / (double)measured : 0;
	r->has_startup = started > 0;
	r->startup_ns = started ? median(values, started) : 0;
	free(values);
}

void sample_add_roles(struct sample *s)
{
	const struct facts *f = s->facts;

	s->roles = xcalloc(f->thread_cnt, sizeof(*s->roles));
	for (size_t i = 0; i < f->thread_cnt; i++) {
		const struct fact_thread *t = &f->threads[i];
		struct role_sample *r = role_get(s, s->labels[i]);

		r->threads++;
		r->life_ns += (double)t->lifetime_ns;
		r->switches += (double)(t->voluntary + t->involuntary);
		r->involuntary += (double)t->involuntary;
		for (int b = 0; b < BUCKET_CNT; b++)
			r->time_ns[b] += (double)t->time_ns[b];
	}
	for (size_t i = 0; i < s->role_cnt; i++)
		add_processes(s, &s->roles[i]);
}

void sample_release(struct sample *s)
{
	for (size_t i = 0; s->labels && i < s->facts->thread_cnt; i++)
		free(s->labels[i]);
	free(s->labels);
	free(s->roles);
	htab_release(&s->mains);
	*s = (struct sample){ 0 };
}
