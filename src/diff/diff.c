// SPDX-License-Identifier: MIT
/* Owns the order of the steps, and a diff's end. */
#include "diff/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/xalloc.h"
#include "diff/compare.h"

static char *command_of(const struct facts *f)
{
	struct strbuf s = { 0 };

	for (size_t i = 0; i < f->recording.command_cnt; i++)
		strbuf_addf(&s, "%s%s", i ? " " : "", f->recording.command[i]);
	if (s.len)
		return strbuf_take(&s);
	strbuf_release(&s);
	return NULL;
}

static struct diff_side side_of(const struct sample *samples, size_t cnt)
{
	const struct fact_verdict *v = &samples[0].facts->verdict;
	struct diff_side side = { .recordings = cnt, .model = v->current, .class = v->class };

	/* What most of them say; the first one's, if there are as many who say otherwise. */
	for (size_t i = 0, best = 0; i < cnt; i++) {
		size_t votes = 0;

		for (size_t j = 0; j < cnt; j++)
			votes += samples[j].facts->verdict.current ==
				 samples[i].facts->verdict.current;
		if (votes <= best)
			continue;
		best = votes;
		side.model = samples[i].facts->verdict.current;
		side.class = samples[i].facts->verdict.class;
		side.workers = samples[i].workers;
	}
	side.command = command_of(samples[0].facts);
	return side;
}

size_t diff_typical(const struct facts *facts, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		uint64_t own_ns = facts[i].recording.duration_ns;
		size_t before = 0;

		for (size_t k = 0; k < cnt; k++) {
			uint64_t ns = facts[k].recording.duration_ns;

			before += ns < own_ns || (ns == own_ns && k < i);
		}
		if (before == (cnt - 1) / 2)
			return i;
	}
	return 0;
}

static struct sample *take_samples(const struct facts *facts, size_t cnt, bool *is_run,
				   bool *is_pss)
{
	struct sample *samples = xcalloc(cnt, sizeof(*samples));

	for (size_t i = 0; i < cnt; i++) {
		sample_init(&samples[i], &facts[i]);
		*is_run &= samples[i].is_run;
		*is_pss &= samples[i].is_pss;
	}
	return samples;
}

static void match_roles(struct comparison *c)
{
	size_t cnt = 0;
	struct sample **all = xcalloc(c->before_cnt + c->after_cnt, sizeof(*all));

	for (size_t i = 0; i < c->before_cnt; i++)
		all[cnt++] = &c->before[i];
	for (size_t i = 0; i < c->after_cnt; i++)
		all[cnt++] = &c->after[i];
	sample_join_roles(all, cnt);
	for (size_t i = 0; i < cnt; i++)
		sample_add_roles(all[i]);
	free(all);
}

void diff_compare(struct diff *out, const struct facts *before, size_t before_cnt,
		  const struct facts *after, size_t after_cnt)
{
	struct comparison c = {
		.before_cnt = before_cnt,
		.after_cnt = after_cnt,
		.is_run = true,
	};
	bool is_pss = true;

	c.before = take_samples(before, before_cnt, &c.is_run, &is_pss);
	c.after = take_samples(after, after_cnt, &c.is_run, &is_pss);
	sample_add_memory(c.before, before_cnt, is_pss);
	sample_add_memory(c.after, after_cnt, is_pss);
	match_roles(&c);
	*out = (struct diff){
		.before = side_of(c.before, before_cnt),
		.after = side_of(c.after, after_cnt),
		.is_run = c.is_run,
	};
	compare_metrics(&c, out);
	compare_roles(&c, out);
	compare_locks(&c, out);
	compare_channels(&c, out);
	compare_finish(out);
	compare_prediction(&c, out);
	compare_notes(&c, out);
	out->summary = diff_summary(out);
	for (size_t i = 0; i < before_cnt; i++)
		sample_release(&c.before[i]);
	for (size_t i = 0; i < after_cnt; i++)
		sample_release(&c.after[i]);
	free(c.before);
	free(c.after);
}

static void release_objects(struct diff_object *objects, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		free(objects[i].kind);
		free(objects[i].name);
	}
	free(objects);
}

void diff_release(struct diff *d)
{
	free(d->before.command);
	free(d->after.command);
	free(d->summary);
	for (size_t i = 0; i < d->row_cnt; i++)
		free(d->rows[i].role);
	free(d->rows);
	for (size_t i = 0; i < d->role_cnt; i++)
		free(d->roles[i].role);
	free(d->roles);
	release_objects(d->locks, d->lock_cnt);
	release_objects(d->channels, d->channel_cnt);
	free(d->prediction.change);
	free(d->prediction.lock);
	for (size_t i = 0; i < d->note_cnt; i++)
		free(d->notes[i]);
	free(d->notes);
	*d = (struct diff){ 0 };
}

const struct diff_row *diff_row(const struct diff *d, const char *metric, const char *role)
{
	for (size_t i = 0; i < d->row_cnt; i++) {
		const struct diff_row *r = &d->rows[i];

		if (!strcmp(r->metric, metric) && !r->role == !role &&
		    (!role || !strcmp(r->role, role)))
			return r;
	}
	return NULL;
}

const char *diff_unit_name(enum diff_unit unit)
{
	static const char *const names[] = {
		[DIFF_NS] = "ns",       [DIFF_BYTES] = "bytes",
		[DIFF_COUNT] = "count", [DIFF_PER_SECOND] = "per second",
		[DIFF_CPUS] = "CPUs",   [DIFF_PERCENT] = "percent of thread time",
	};

	return names[unit];
}

const char *diff_fate_name(enum diff_fate fate)
{
	static const char *const names[] = {
		[DIFF_SAME] = "same", [DIFF_APPEARED] = "appeared", [DIFF_WENT] = "went",
		[DIFF_GREW] = "grew", [DIFF_SHRANK] = "shrank",
	};

	return names[fate];
}
