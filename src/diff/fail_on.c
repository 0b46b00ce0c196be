// SPDX-License-Identifier: MIT
/* Owns the metrics that can be gated, and what of a row counts as worse. */
#include "diff/fail_on.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "diff/compare.h"

static const char *const ratios[] = {
	"wall", "throughput", "requests", "cpu", "p95", "memory", "switches", "startup",
};

static bool is_ratio(const char *name)
{
	return text_is_one_of(name, ratios, ARRAY_CNT(ratios));
}

static bool is_share(const char *name)
{
	return bucket_from_name(name) >= 0 || text_is_one_of(name, group_metrics, GROUP_CNT);
}

bool fail_on_more_is_better(const char *metric)
{
	return !strcmp(metric, "throughput") || !strcmp(metric, "requests");
}

/* "10%", "2pp". */
static bool parse_limit(const char *s, double *limit, bool *is_points)
{
	char *end;

	s += strspn(s, " \t");
	if (!text_number(s, limit, &end))
		return false;
	end += strspn(end, " \t");
	*is_points = !strcmp(end, "pp");
	return *is_points || !strcmp(end, "%");
}

static char *trimmed(const char *s, size_t len)
{
	while (len && strchr(" \t\r", *s)) {
		s++;
		len--;
	}
	while (len && strchr(" \t\r", s[len - 1]))
		len--;
	return xstrndup(s, len);
}

static int refuse(char why[FAIL_ON_WHY_LEN], const char *part, const char *expected)
{
	snprintf(why, FAIL_ON_WHY_LEN, "'%.50s': %s", part, expected);
	return -EINVAL;
}

static int parse_line(struct fail_on_line *line, char why[FAIL_ON_WHY_LEN])
{
	const char *sign = strpbrk(line->text, "<>"), *at;

	if (!sign || *sign == '<')
		return refuse(why, line->text, "expected METRIC>LIMIT, as in wall>10% or gil>2pp");
	at = memchr(line->text, '@', (size_t)(sign - line->text));
	line->metric = trimmed(line->text, (size_t)((at ? at : sign) - line->text));
	line->role = at ? trimmed(at + 1, (size_t)(sign - at - 1)) : NULL;
	if (!is_ratio(line->metric) && !is_share(line->metric))
		return refuse(why, line->metric,
			      "unknown metric; there are wall, throughput, requests, cpu, p95, "
			      "memory, switches, startup and the buckets");
	if (!parse_limit(sign + 1, &line->limit, &line->is_points))
		return refuse(why, line->text, "expected a limit as in 10% or 2pp");
	/* Points of thread time in which something is on a CPU. */
	if (line->is_points && !strcmp(line->metric, "cpu")) {
		free(line->metric);
		line->metric = xstrdup("group:cpu");
	}
	if (line->is_points && !is_share(line->metric))
		return refuse(why, line->text,
			      "percentage points are for buckets; expected a limit as in 10%");
	return 0;
}

static void line_release(struct fail_on_line *line)
{
	free(line->text);
	free(line->metric);
	free(line->role);
	free(line->why);
}

int fail_on_parse(struct fail_on *f, const char *text, char why[FAIL_ON_WHY_LEN])
{
	size_t found = 0;
	int err = 0;

	while (*text && !err) {
		size_t len = strcspn(text, ",\n");
		struct fail_on_line line = { .text = trimmed(text, len) };

		text += len + (text[len] != '\0');
		if (!line.text[0]) {
			line_release(&line);
			continue;
		}
		found++;
		err = parse_line(&line, why);
		if (err) {
			line_release(&line);
			continue;
		}
		XGROW(f->lines, f->cnt, f->cap);
		f->lines[f->cnt++] = line;
	}
	if (err || found)
		return err;
	snprintf(why, FAIL_ON_WHY_LEN, "no limit in it, as in wall>10%%");
	return -EINVAL;
}

/* How much worse it got, in the line's unit; infinite if there was nothing before. */
static double worsening(const struct fail_on_line *line, const struct diff_row *r)
{
	if (line->is_points)
		return r->change.value;
	if (!r->has_ratio)
		return r->after > 0 ? INFINITY : 0;
	if (fail_on_more_is_better(line->metric))
		return 100 * (1 - r->ratio.value);
	return 100 * (r->ratio.value - 1);
}

static char *say_change(const struct fail_on_line *line, const struct diff_row *r)
{
	struct strbuf s = { 0 };

	if (line->is_points)
		strbuf_addf(&s, "%+.1f pp (%+.1f to %+.1f)", r->change.value, r->change.low,
			    r->change.high);
	else if (r->has_ratio)
		strbuf_addf(&s, "%+.1f %% (%+.1f to %+.1f)", 100 * (r->ratio.value - 1),
			    100 * (r->ratio.low - 1), 100 * (r->ratio.high - 1));
	else
		strbuf_addf(&s, "%.3g before, %.3g after", r->before, r->after);
	if (!r->is_significant && (line->is_points || r->has_ratio))
		strbuf_addstr(&s, ", within noise");
	if (r->needed)
		strbuf_addf(&s, ": %zu recordings of each side would tell", r->needed);
	return strbuf_take(&s);
}

static void judge_line(struct fail_on_line *line, const struct diff *d)
{
	const struct diff_row *r = diff_row(d, line->metric, line->role);

	free(line->why);
	if (!r || (!r->has_before && !r->has_after)) {
		line->outcome = FAIL_ON_UNKNOWN;
		line->why = xstrdup("not measured in these recordings");
		return;
	}
	/* What is new has nothing to be compared with; what can't be told any more is suspect. */
	if (!r->has_before || !r->has_after) {
		line->outcome = r->has_before && !line->role ? FAIL_ON_FAILED : FAIL_ON_UNKNOWN;
		line->why = xstrdup(r->has_before ? "measured before and not after"
						  : "measured after and not before");
		return;
	}
	line->outcome = r->is_significant && worsening(line, r) > line->limit ? FAIL_ON_FAILED
									      : FAIL_ON_MET;
	line->why = say_change(line, r);
}

size_t fail_on_judge(struct fail_on *f, const struct diff *d)
{
	size_t failed = 0, unknown = 0;

	for (size_t i = 0; i < f->cnt; i++) {
		judge_line(&f->lines[i], d);
		failed += f->lines[i].outcome == FAIL_ON_FAILED;
		unknown += f->lines[i].outcome == FAIL_ON_UNKNOWN;
	}
	/* A gate that checks nothing must not pass for one that was met. */
	if (!f->cnt || unknown < f->cnt)
		return failed;
	for (size_t i = 0; i < f->cnt; i++)
		f->lines[i].outcome = FAIL_ON_FAILED;
	return f->cnt;
}

void fail_on_release(struct fail_on *f)
{
	for (size_t i = 0; i < f->cnt; i++)
		line_release(&f->lines[i]);
	free(f->lines);
	*f = (struct fail_on){ 0 };
}
