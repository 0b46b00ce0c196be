// SPDX-License-Identifier: MIT
/* Owns the step from what both sides measured to a row: the range, and whether it is noise. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "diff/compare.h"

double noise_of_share(double share, double floor, double spread)
{
	double p = share < 0 ? 0 : share > 1 ? 1 : share;

	return floor + spread * sqrt(p * (1 - p));
}

/* Of comparisons of the same thing so many may say that anything changed. */
#define ALARMS 0.05

/* What is as noisy as that (of logarithms) is not compared: a few microseconds of start-up. */
#define NOISE_MAX 0.5

/* Percentage points: less than this is of no interest, on both sides. */
#define SHARE_MIN 0.5

/* It is worth telling how to show a change from here on, and with so many recordings a side. */
#define CHANGE_NEEDED  0.05
#define POINTS_NEEDED  2.0
#define RECORDINGS_MAX 20

double undisturbed_share(const struct sample *s, const struct thread_time *t, enum bucket_group g,
			 double ns)
{
	double queue = t->queue_ns * (1 - s->queue_of_others);
	double life = fmax(t->life_ns * (1 - s->kept_away), t->cpu_ns + queue);
	double rest = t->life_ns - t->cpu_ns - t->queue_ns, now = ns;

	if (!(life > 0) || !(t->life_ns > 0))
		return 0;
	if (g == GROUP_CPU_WAIT)
		now = ns * (1 - s->queue_of_others);
	else if (g != GROUP_CPU)
		now = rest > 0 ? ns * (life - t->cpu_ns - queue) / rest : 0;
	return 100 * (now / life - ns / t->life_ns);
}

double noise_of_io(const struct thread_time *t, enum bucket_group g, double ns)
{
	double share = t->life_ns > 0 ? ns / t->life_ns : 0;
	double io = t->life_ns > 0 ? t->io_ns / t->life_ns : 0;

	return 100 * NOISE_IO * share * (g == GROUP_IO ? 1 : io);
}

static struct diff_row *add_row(struct diff *out, const char *metric, const char *role,
				enum diff_unit unit)
{
	struct diff_row *r;

	out->rows = xrealloc(out->rows, (out->row_cnt + 1) * sizeof(*out->rows));
	r = &out->rows[out->row_cnt++];
	*r = (struct diff_row){
		.metric = metric,
		.role = role ? xstrdup(role) : NULL,
		.unit = unit,
	};
	return r;
}

/* What one side measured: on the scale on which it is compared, and plainly. */
struct measured {
	struct side side;
	double sum;
	double undisturbed;	/* sum */
	bool has_zero;
};

static struct measured gather(const struct measure *m, size_t cnt, bool is_log, double noise_min)
{
	struct measured out = { 0 };

	for (size_t i = 0; i < cnt; i++) {
		if (!m[i].is_known)
			continue;
		out.has_zero |= is_log && !(m[i].value > 0);
		side_add(&out.side, is_log && m[i].value > 0 ? log(m[i].value) : m[i].value,
			 fmax(m[i].noise, noise_min));
		out.sum += m[i].value;
		out.undisturbed += m[i].undisturbed;
	}
	return out;
}

/* A share that happens to be small in one recording is not steadier for that. */
static double noisiest(const struct measure *m, size_t cnt)
{
	double most = 0;

	for (size_t i = 0; i < cnt; i++)
		most = m[i].is_known ? fmax(most, m[i].noise) : most;
	return most;
}

/* What others did to the two sides differs. */
static double shift_of(const struct measured *before, const struct measured *after)
{
	return after->undisturbed / (double)after->side.cnt -
	       before->undisturbed / (double)before->side.cnt;
}

void compare_add_ratio(struct diff *out, const char *metric, const char *role,
		       enum diff_unit unit, const struct measure *before, size_t before_cnt,
		       const struct measure *after, size_t after_cnt)
{
	struct measured b = gather(before, before_cnt, true, 0);
	struct measured a = gather(after, after_cnt, true, 0);
	struct diff_row *r;

	if (!b.side.cnt && !a.side.cnt)
		return;
	r = add_row(out, metric, role, unit);
	r->has_before = b.side.cnt > 0;
	r->has_after = a.side.cnt > 0;
	/* Nothing at all, now and then, and next to nothing have no ratio that would tell: the means do. */
	r->has_ratio = r->has_before && r->has_after && !b.has_zero && !a.has_zero &&
		       b.side.assumed <= NOISE_MAX * NOISE_MAX * (double)b.side.cnt &&
		       a.side.assumed <= NOISE_MAX * NOISE_MAX * (double)a.side.cnt;
	if (r->has_ratio) {
		r->before = exp(b.side.mean);
		r->after = exp(a.side.mean);
		r->contrast = side_contrast(&b.side, &a.side, shift_of(&b, &a));
	} else {
		r->before = r->has_before ? b.sum / (double)b.side.cnt : 0;
		r->after = r->has_after ? a.sum / (double)a.side.cnt : 0;
	}
	r->change.value = r->after - r->before;
	r->change.low = r->change.high = r->change.value;
}

void compare_add_share(struct diff *out, const char *metric, const char *role,
		       const struct measure *before, size_t before_cnt,
		       const struct measure *after, size_t after_cnt)
{
	double noise = fmax(noisiest(before, before_cnt), noisiest(after, after_cnt));
	struct measured b = gather(before, before_cnt, false, noise);
	struct measured a = gather(after, after_cnt, false, noise);
	struct diff_row *r;

	if (!b.side.cnt && !a.side.cnt)
		return;
	r = add_row(out, metric, role, DIFF_PERCENT);
	r->has_before = b.side.cnt > 0;
	r->has_after = a.side.cnt > 0;
	r->before = b.side.mean;
	r->after = a.side.mean;
	r->change.value = r->after - r->before;
	r->change.low = r->change.high = r->change.value;
	if (!r->has_before || !r->has_after)
		return;
	r->contrast = side_contrast(&b.side, &a.side, shift_of(&b, &a));
	r->has_ratio = r->before > 0;
}

/* The program's own metrics are few; shares, roles and objects are many. */
static bool is_headline(const struct diff_row *r)
{
	return !r->role && r->unit != DIFF_PERCENT;
}

/* A group with one bucket says the same as that. */
static bool is_repeated(const struct diff *d, const struct diff_row *group)
{
	for (size_t i = 0; i < d->row_cnt; i++) {
		const struct diff_row *r = &d->rows[i];

		if (r != group && r->unit == DIFF_PERCENT && r->before == group->before &&
		    r->after == group->after && !r->role == !group->role &&
		    (!r->role || !strcmp(r->role, group->role)))
			return true;
	}
	return false;
}

static bool is_of_interest(const struct diff_row *r)
{
	return r->contrast.freedom > 0 &&
	       (r->unit != DIFF_PERCENT || fmax(r->before, r->after) >= SHARE_MIN);
}

static size_t count_objects(const struct diff_object *objects, size_t cnt)
{
	size_t compared = 0;

	for (size_t i = 0; i < cnt; i++)
		compared += objects[i].contrast.freedom > 0;
	return compared;
}

static void finish_row(struct diff_row *r, double alpha)
{
	struct range d = contrast_range(&r->contrast, alpha);
	double interest = r->unit == DIFF_PERCENT ? POINTS_NEEDED : log(1 + CHANGE_NEEDED);

	r->is_significant = is_of_interest(r) && (d.low > 0 || d.high < 0);
	if (!r->is_significant && fabs(r->contrast.value) >= interest)
		r->needed = contrast_needed(&r->contrast, alpha, RECORDINGS_MAX);
	if (r->unit == DIFF_PERCENT) {
		r->change = d;
		if (r->has_ratio)
			r->ratio = (struct range){
				r->after / r->before,
				fmax(0, 1 + d.low / r->before),
				fmax(0, 1 + d.high / r->before),
			};
		return;
	}
	r->ratio = (struct range){ exp(d.value), exp(d.low), exp(d.high) };
	r->change.low = r->before * (r->ratio.low - 1);
	r->change.high = r->before * (r->ratio.high - 1);
}

static void finish_objects(struct diff_object *objects, size_t cnt, double alpha)
{
	for (size_t i = 0; i < cnt; i++) {
		struct range d = contrast_range(&objects[i].contrast, alpha);

		if (objects[i].contrast.freedom > 0 && d.low <= 0 && d.high >= 0)
			objects[i].fate = DIFF_SAME;
	}
}

void compare_finish(struct diff *out)
{
	size_t headlines = 0, others = count_objects(out->locks, out->lock_cnt) +
				       count_objects(out->channels, out->channel_cnt);
	double few, many;

	for (size_t i = 0; i < out->row_cnt; i++) {
		const struct diff_row *r = &out->rows[i];

		if (is_of_interest(r) && is_headline(r))
			headlines++;
		else if (is_of_interest(r) && !(strchr(r->metric, ':') && is_repeated(out, r)))
			others++;
	}
	few = ALARMS / 2 / (double)(headlines ? headlines : 1);
	many = ALARMS / 2 / (double)(others ? others : 1);
	for (size_t i = 0; i < out->row_cnt; i++)
		if (out->rows[i].contrast.freedom > 0)
			finish_row(&out->rows[i], is_headline(&out->rows[i]) ? few : many);
	finish_objects(out->locks, out->lock_cnt, many);
	finish_objects(out->channels, out->channel_cnt, many);
}
