// SPDX-License-Identifier: MIT
/* Owns the step from what both sides measured to a row: the range, and whether it is noise. */
#include <math.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "diff/compare.h"

double noise_of_share(double share, double floor, double spread)
{
	double p = share < 0 ? 0 : share > 1 ? 1 : share;

	return floor + spread * sqrt(p * (1 - p));
}

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

static struct measured gather(const struct measure *m, size_t cnt, bool is_log)
{
	struct measured out = { 0 };

	for (size_t i = 0; i < cnt; i++) {
		if (!m[i].is_known)
			continue;
		out.has_zero |= is_log && !(m[i].value > 0);
		side_add(&out.side, is_log && m[i].value > 0 ? log(m[i].value) : m[i].value,
			 m[i].noise);
		out.sum += m[i].value;
		out.undisturbed += m[i].undisturbed;
	}
	return out;
}

/*
 * What others did to the two sides differs: whether it made a difference can't be seen, so
 * both are possible.
 */
static void widen(struct range *r, const struct measured *before, const struct measured *after)
{
	double shift = after->undisturbed / (double)after->side.cnt -
		       before->undisturbed / (double)before->side.cnt;

	r->low += fmin(shift, 0);
	r->high += fmax(shift, 0);
}

static struct range exp_range(struct range r)
{
	return (struct range){ exp(r.value), exp(r.low), exp(r.high) };
}

void compare_add_ratio(struct diff *out, const char *metric, const char *role,
		       enum diff_unit unit, const struct measure *before, size_t before_cnt,
		       const struct measure *after, size_t after_cnt)
{
	struct measured b = gather(before, before_cnt, true), a = gather(after, after_cnt, true);
	struct diff_row *r;
	struct range d;

	if (!b.side.cnt && !a.side.cnt)
		return;
	r = add_row(out, metric, role, unit);
	r->has_before = b.side.cnt > 0;
	r->has_after = a.side.cnt > 0;
	/* Nothing at all, now and then, has no ratio: the means tell what they can. */
	if (!r->has_before || !r->has_after || b.has_zero || a.has_zero) {
		r->before = b.side.cnt ? b.sum / (double)b.side.cnt : 0;
		r->after = a.side.cnt ? a.sum / (double)a.side.cnt : 0;
		r->change.value = r->after - r->before;
		r->change.low = r->change.high = r->change.value;
		return;
	}
	d = side_difference(&b.side, &a.side);
	widen(&d, &b, &a);
	r->before = exp(b.side.mean);
	r->after = exp(a.side.mean);
	r->has_ratio = true;
	r->ratio = exp_range(d);
	r->change = (struct range){
		r->after - r->before,
		r->before * (r->ratio.low - 1),
		r->before * (r->ratio.high - 1),
	};
	r->is_significant = d.low > 0 || d.high < 0;
}

void compare_add_share(struct diff *out, const char *metric, const char *role,
		       const struct measure *before, size_t before_cnt,
		       const struct measure *after, size_t after_cnt)
{
	struct measured b = gather(before, before_cnt, false), a = gather(after, after_cnt, false);
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
	r->change = side_difference(&b.side, &a.side);
	widen(&r->change, &b, &a);
	r->is_significant = r->change.low > 0 || r->change.high < 0;
	if (!(r->before > 0))
		return;
	r->has_ratio = true;
	r->ratio = (struct range){
		r->after / r->before,
		fmax(0, 1 + r->change.low / r->before),
		fmax(0, 1 + r->change.high / r->before),
	};
}
