// SPDX-License-Identifier: MIT
/* Owns the metrics of each role, busiest first. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "diff/compare.h"

#define ROLES_MAX 32

/* What a role's few threads do varies more than what all do together. */
#define JITTER_CPU_NS  (5.0 * NS_PER_MS)

/* A role with less than this of all thread time, or of all CPU time, is listed and not compared. */
#define ROLE_MIN_SHARE 0.01

struct candidate {
	const char *name;
	double weight;		/* thread time that is not idle */
	double life, cpu;	/* largest share in any recording */
};

static double cpu_ns(const struct role_sample *r)
{
	return r->time_ns[BUCKET_CPU_USER] + r->time_ns[BUCKET_CPU_KERNEL];
}

static double weight_of(const struct role_sample *r)
{
	double sum = 0;

	for (int b = 0; b < BUCKET_CNT; b++) {
		enum bucket_group g = bucket_group((enum bucket)b);

		if (g == GROUP_CPU || g == GROUP_CPU_WAIT || g == GROUP_IO || g == GROUP_LOCK)
			sum += r->time_ns[b];
	}
	return sum;
}

static size_t add_candidates(struct candidate *all, size_t cnt, const struct sample *s)
{
	for (size_t i = 0; i < s->role_cnt; i++) {
		const struct role_sample *r = &s->roles[i];
		struct candidate *c = all;

		while (c < all + cnt && strcmp(c->name, r->name))
			c++;
		if (c == all + cnt)
			cnt++;
		c->name = r->name;
		c->weight += weight_of(r);
		c->life = fmax(c->life, s->life_ns > 0 ? r->life_ns / s->life_ns : 0);
		c->cpu = fmax(c->cpu, s->cpu_ns > 0 ? cpu_ns(r) / s->cpu_ns : 0);
	}
	return cnt;
}

static int by_weight(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return strcmp(x->name, y->name);
}

static struct candidate *find_candidates(const struct comparison *c, size_t *cnt)
{
	struct candidate *all;
	size_t room = 0;

	for (size_t i = 0; i < c->before_cnt; i++)
		room += c->before[i].role_cnt;
	for (size_t i = 0; i < c->after_cnt; i++)
		room += c->after[i].role_cnt;
	all = xcalloc(room, sizeof(*all));
	*cnt = 0;
	for (size_t i = 0; i < c->before_cnt; i++)
		*cnt = add_candidates(all, *cnt, &c->before[i]);
	for (size_t i = 0; i < c->after_cnt; i++)
		*cnt = add_candidates(all, *cnt, &c->after[i]);
	qsort(all, *cnt, sizeof(*all), by_weight);
	return all;
}

static struct measure cpu_of(const struct sample *s, const struct role_sample *r, bool is_run)
{
	double duration = (double)s->facts->recording.duration_ns;

	return (struct measure){
		.is_known = cpu_ns(r) > 0 && duration > 0,
		.value = is_run ? cpu_ns(r) : cpu_ns(r) / duration,
		.noise = hypot(hypot(NOISE_TIME, DISTURBED_CPU * s->disturbed),
			       JITTER_CPU_NS / cpu_ns(r)),
		.undisturbed = undisturbed_cpu(s, is_run),
	};
}

static struct measure switches_of(const struct sample *s, const struct role_sample *r, bool is_run)
{
	double seconds = (double)s->facts->recording.duration_ns / NS_PER_S;

	return (struct measure){
		.is_known = r->switches > 0 && seconds > 0,
		.value = is_run ? r->switches : r->switches / seconds,
		.noise = noise_of_switches(s, r->switches, r->involuntary),
		.undisturbed = log(
			1 - fmin(r->involuntary * s->queue_of_others / r->switches, PREEMPTED_MAX)),
	};
}

static struct measure memory_of(const struct sample *s, const struct role_sample *r, bool is_run)
{
	(void)is_run;
	return (struct measure){
		.is_known = r->memory_bytes > 0,
		.value = r->memory_bytes,
		.noise = noise_of_memory(s, r->memory_bytes),
	};
}

static struct measure startup_of(const struct sample *s, const struct role_sample *r, bool is_run)
{
	(void)is_run;
	return (struct measure){
		.is_known = r->has_startup && r->startup_ns > 0,
		.value = r->startup_ns,
		.noise = noise_of_startup(s, r->startup_ns),
	};
}

typedef struct measure role_fn(const struct sample *s, const struct role_sample *r, bool is_run);

static const struct {
	const char *name;
	role_fn *measure;
	enum diff_unit of_run, of_time;
} metrics[] = {
	{ "cpu", cpu_of, DIFF_NS, DIFF_CPUS },
	{ "memory", memory_of, DIFF_BYTES, DIFF_BYTES },
	{ "startup", startup_of, DIFF_NS, DIFF_NS },
	{ "switches", switches_of, DIFF_COUNT, DIFF_PER_SECOND },
};

static double group_ns(const struct role_sample *r, enum bucket_group g)
{
	double sum = 0;

	for (int b = 0; b < BUCKET_CNT; b++)
		if (bucket_group((enum bucket)b) == g)
			sum += r->time_ns[b];
	return sum;
}

static struct measure share_of(const struct sample *s, const struct role_sample *r,
			       enum bucket_group g, double ns)
{
	double share = r->life_ns > 0 ? ns / r->life_ns : 0;
	bool is_waiter = cpu_ns(r) < WAITER_MAX_CPU * s->cpu_ns;
	double spread = is_waiter ? NOISE_WAITER_SPREAD : NOISE_ROLE_SPREAD;
	struct thread_time all = {
		.life_ns = r->life_ns,
		.cpu_ns = cpu_ns(r),
		.queue_ns = group_ns(r, GROUP_CPU_WAIT),
		.io_ns = group_ns(r, GROUP_IO),
	};

	return (struct measure){
		.is_known = r->life_ns > 0,
		.value = 100 * share,
		.noise = hypot(noise_of_share(share, NOISE_ROLE_SHARE_FLOOR, spread),
			       hypot(noise_of_io(&all, g, ns), DISTURBED_SHARE * s->disturbed)),
		.undisturbed = undisturbed_share(s, &all, g, ns),
	};
}

/* What is measured: one of the table, a group's share, or a bucket's. */
struct what {
	role_fn *metric;	/* NULL: a share */
	bool is_group;
	int index;		/* of the group or bucket */
};

static struct measure measure(const struct sample *s, const char *role, const struct what *what,
			      bool is_run)
{
	const struct role_sample *r = sample_role(s, role);

	if (!r)
		return (struct measure){ 0 };
	if (what->metric)
		return what->metric(s, r, is_run);
	if (what->is_group)
		return share_of(s, r, (enum bucket_group)what->index,
				group_ns(r, (enum bucket_group)what->index));
	return share_of(s, r, bucket_group((enum bucket)what->index), r->time_ns[what->index]);
}

static void add_row(const struct comparison *c, struct diff *out, const char *role,
		    const char *name, enum diff_unit unit, struct what what)
{
	struct measure *before = xcalloc(c->before_cnt, sizeof(*before));
	struct measure *after = xcalloc(c->after_cnt, sizeof(*after));

	for (size_t i = 0; i < c->before_cnt; i++)
		before[i] = measure(&c->before[i], role, &what, c->is_run);
	for (size_t i = 0; i < c->after_cnt; i++)
		after[i] = measure(&c->after[i], role, &what, c->is_run);
	if (what.metric)
		compare_add_ratio(out, name, role, unit, before, c->before_cnt, after,
				  c->after_cnt);
	else
		compare_add_share(out, name, role, before, c->before_cnt, after, c->after_cnt);
	free(before);
	free(after);
}

static void compare_role(const struct comparison *c, struct diff *out, const char *role)
{
	for (size_t m = 0; m < sizeof(metrics) / sizeof(metrics[0]); m++)
		add_row(c, out, role, metrics[m].name,
			c->is_run ? metrics[m].of_run : metrics[m].of_time,
			(struct what){ .metric = metrics[m].measure });
	for (int g = 0; g < GROUP_CNT; g++)
		add_row(c, out, role, group_metrics[g], DIFF_PERCENT,
			(struct what){ .is_group = true, .index = g });
	for (int b = 0; b < BUCKET_CNT; b++)
		add_row(c, out, role, bucket_name((enum bucket)b), DIFF_PERCENT,
			(struct what){ .index = b });
}

static void count_role(const struct sample *samples, size_t cnt, const char *role, double *threads,
		       double *processes)
{
	for (size_t i = 0; i < cnt; i++) {
		const struct role_sample *r = sample_role(&samples[i], role);

		*threads += r ? (double)r->threads / (double)cnt : 0;
		*processes += r ? (double)r->processes / (double)cnt : 0;
	}
}

void compare_roles(const struct comparison *c, struct diff *out)
{
	size_t cnt;
	struct candidate *all = find_candidates(c, &cnt);

	out->roles = xcalloc(ROLES_MAX, sizeof(*out->roles));
	for (size_t i = 0; i < cnt && i < ROLES_MAX; i++) {
		struct diff_role *r = &out->roles[out->role_cnt++];

		r->role = xstrdup(all[i].name);
		count_role(c->before, c->before_cnt, r->role, &r->threads_before,
			   &r->processes_before);
		count_role(c->after, c->after_cnt, r->role, &r->threads_after, &r->processes_after);
		if (all[i].life >= ROLE_MIN_SHARE || all[i].cpu >= ROLE_MIN_SHARE)
			compare_role(c, out, r->role);
	}
	free(all);
}
