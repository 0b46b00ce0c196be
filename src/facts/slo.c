// SPDX-License-Identifier: MIT
/* Owns the keys, their units, and where in the facts each value comes from. */
#include "facts/slo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"

struct unit {
	const char *name;
	double factor;
};

static const struct unit times[] = {
	{ "ns", 1 },	{ "us", 1e3 }, { "µs", 1e3 },	{ "ms", 1e6 },
	{ "s", 1e9 },	{ "m", 60e9 }, { NULL, 0 },
};

static const struct unit rates[] = { { "", 1 }, { "/s", 1 }, { "k", 1e3 }, { NULL, 0 } };
static const struct unit percents[] = { { "%", 1 }, { "", 1 }, { NULL, 0 } };

static const struct unit sizes[] = {
	{ "K", 0x1p10 },   { "M", 0x1p20 },   { "G", 0x1p30 },	 { "KB", 0x1p10 }, { "MB", 0x1p20 },
	{ "GB", 0x1p30 },  { "KiB", 0x1p10 }, { "MiB", 0x1p20 }, { "GiB", 0x1p30 }, { "B", 1 },
	{ NULL, 0 },
};

static const struct key {
	const char *name, *unit, *example;
	const struct unit *units;
} keys[SLO_CNT] = {
	[SLO_P50] = { "p50", "ns", "a time as in 300ms", times },
	[SLO_P95] = { "p95", "ns", "a time as in 300ms", times },
	[SLO_P99] = { "p99", "ns", "a time as in 300ms", times },
	[SLO_MAX] = { "max", "ns", "a time as in 300ms", times },
	[SLO_RPS] = { "rps", "per second", "requests per second, as in 500", rates },
	[SLO_CPU] = { "cpu", "percent", "a percentage as in 85%", percents },
	[SLO_MEMORY] = { "memory", "bytes", "a size as in 300M", sizes },
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* "300ms", by the units of @key. */
static bool parse_limit(const struct key *key, const char *s, double *out)
{
	char *end;
	double v;

	if (!text_number(s, &v, &end))
		return false;
	while (is_blank(*end))
		end++;
	for (const struct unit *u = key->units; u->name; u++) {
		if (strcmp(u->name, end))
			continue;
		*out = v * u->factor;
		return true;
	}
	return false;
}

static const struct key *find_key(const char *name, size_t len)
{
	for (int i = 0; i < SLO_CNT; i++)
		if (strlen(keys[i].name) == len && !strncmp(keys[i].name, name, len))
			return &keys[i];
	return NULL;
}

/* One KEY=LIMIT without blanks around it. */
static int parse_part(struct slo *slo, const char *part, char why[SLO_WHY_LEN])
{
	size_t len = strcspn(part, "= \t");
	const char *limit = strchr(part, '=');
	const struct key *key = find_key(part, len);

	if (!limit) {
		snprintf(why, SLO_WHY_LEN, "'%.60s': expected KEY=LIMIT, as in p95=300ms", part);
		return -EINVAL;
	}
	if (!key) {
		snprintf(why, SLO_WHY_LEN,
			 "'%.60s': unknown key; there are p50, p95, p99, max, rps, cpu and memory",
			 part);
		return -EINVAL;
	}
	limit++;
	while (is_blank(*limit))
		limit++;
	if (!parse_limit(key, limit, &slo->limit[key - keys])) {
		snprintf(why, SLO_WHY_LEN, "'%.60s': expected %s", part, key->example);
		return -EINVAL;
	}
	slo->is_set[key - keys] = true;
	return 0;
}

int slo_parse(struct slo *slo, const char *text, char why[SLO_WHY_LEN])
{
	size_t found = 0;

	while (*text) {
		size_t len = strcspn(text, ",\n#");
		const char *next = text + len;
		char *part;
		int err = 0;

		while (len && is_blank(*text)) {
			text++;
			len--;
		}
		while (len && is_blank(text[len - 1]))
			len--;
		part = xstrndup(text, len);
		if (len)
			err = parse_part(slo, part, why);
		found += len > 0;
		free(part);
		if (err)
			return err;
		if (*next == '#')
			next += strcspn(next, "\n");
		text = next + (*next != '\0');
	}
	if (found)
		return 0;
	snprintf(why, SLO_WHY_LEN, "no limit in it, as in p95=300ms");
	return -EINVAL;
}

bool slo_is_empty(const struct slo *slo)
{
	for (int i = 0; i < SLO_CNT; i++)
		if (slo->is_set[i])
			return false;
	return true;
}

/* The work: from when somebody first came to a CPU to when the last one left it. */
static const char *measure_cpu(const struct facts *f, double *value)
{
	uint64_t first_ns = UINT64_MAX, last_ns = 0;

	for (size_t i = 0; i < f->thread_cnt; i++) {
		const struct fact_thread *t = &f->threads[i];

		if (!t->last_cpu_ns)
			continue;
		first_ns = t->first_cpu_ns < first_ns ? t->first_cpu_ns : first_ns;
		last_ns = t->last_cpu_ns > last_ns ? t->last_cpu_ns : last_ns;
	}
	/* Nobody ran: that is 0 % of a recording that has a length. */
	if (last_ns <= first_ns) {
		*value = 0;
		return f->recording.duration_ns ? NULL : "nothing was recorded";
	}
	if (f->recording.cpus_usable <= 0)
		return "the number of usable CPUs is not known";
	*value = 100 * (double)facts_group_ns(f, GROUP_CPU) / (double)(last_ns - first_ns) /
		 f->recording.cpus_usable;
	return NULL;
}

/* What a process adds to the machine: its share, or all it maps where that isn't known. */
static const char *measure_memory(const struct facts *f, double *value)
{
	uint64_t most = 0;

	for (size_t i = 0; i < f->process_cnt; i++) {
		const struct fact_process *p = &f->processes[i];
		uint64_t bytes = p->pss_bytes ? p->pss_bytes : p->rss_bytes;

		if (!p->helper && bytes > most)
			most = bytes;
	}
	*value = (double)most;
	return most ? NULL : "no process lived long enough to be measured";
}

static const char *why_no_requests(const struct fact_requests *r)
{
	if (r->function)
		return "no call of that function returned";
	if (r->unfinished)
		return "no request was answered";
	return "no requests were seen";
}

/* NULL, and the value; or why it is not known. */
static const char *measure(const struct facts *f, enum slo_key key, double *value)
{
	const struct fact_turns *t = &f->requests.turns;

	if (key == SLO_CPU)
		return measure_cpu(f, value);
	if (key == SLO_MEMORY)
		return measure_memory(f, value);
	if (!t->count)
		return why_no_requests(&f->requests);
	*value = key == SLO_P50   ? (double)t->p50
		 : key == SLO_P95 ? (double)t->p95
		 : key == SLO_P99 ? (double)t->p99
		 : key == SLO_MAX ? (double)t->max
				  : t->per_second;
	return NULL;
}

void slo_judge(const struct slo *slo, struct facts *f)
{
	fact_slo_release(f->slo, f->slo_cnt);
	f->slo = xcalloc(SLO_CNT, sizeof(*f->slo));
	f->slo_cnt = 0;
	for (int i = 0; i < SLO_CNT; i++) {
		struct fact_slo *out = &f->slo[f->slo_cnt];
		const char *why;

		if (!slo->is_set[i])
			continue;
		*out = (struct fact_slo){
			.name = xstrdup(keys[i].name),
			.unit = xstrdup(keys[i].unit),
			.limit = slo->limit[i],
		};
		why = measure(f, (enum slo_key)i, &out->value);
		out->is_known = !why;
		out->why = why ? xstrdup(why) : NULL;
		out->met = out->is_known &&
			   (i == SLO_RPS ? out->value >= out->limit : out->value <= out->limit);
		f->slo_cnt++;
	}
}

size_t slo_missed(const struct facts *f)
{
	size_t cnt = 0;

	for (size_t i = 0; i < f->slo_cnt; i++)
		cnt += !f->slo[i].met;
	return cnt;
}
