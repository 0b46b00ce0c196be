/* SPDX-License-Identifier: MIT */
/* Owns the list of formats, and which module writes each. */
#include "export/export.h"

#include <string.h>

static const char *const names[EXPORT_CNT] = {
	[EXPORT_FOLDED]		= "folded",
	[EXPORT_PPROF]		= "pprof",
	[EXPORT_SPEEDSCOPE]	= "speedscope",
	[EXPORT_CSV]		= "csv",
	[EXPORT_JSON]		= "json",
	[EXPORT_NDJSON]		= "ndjson",
};

const char *export_format_name(enum export_format format)
{
	return names[format];
}

int export_format_from_name(const char *name)
{
	for (int i = 0; i < EXPORT_CNT; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

static bool is_rows(enum export_format format)
{
	return format == EXPORT_CSV || format == EXPORT_JSON || format == EXPORT_NDJSON;
}

void export_begin(struct export *e)
{
	e->about.version = e->version;
	e->rows = (struct rows){
		.format = e->format == EXPORT_CSV    ? ROWS_CSV
			  : e->format == EXPORT_JSON ? ROWS_JSON
						     : ROWS_NDJSON,
		.to = e->to,
		.width_ns = e->window_ns,
	};
	if (is_rows(e->format))
		rows_begin(&e->rows);
}

/* What people see of the recording inside a profile: what ran, and its verdict. */
static void describe(struct export *e, const char *path, const struct facts *f)
{
	const struct fact_recording *r = &f->recording;

	if (!e->about.name)
		e->about.name = path;
	if (!e->about.start_wall_ns || r->start_wall_ns < e->about.start_wall_ns)
		e->about.start_wall_ns = r->start_wall_ns;
	e->about.duration_ns += r->duration_ns;
	if (e->comment.len)
		strbuf_addstr(&e->comment, "; ");
	for (size_t i = 0; i < r->command_cnt; i++)
		strbuf_addf(&e->comment, "%s%s", i ? " " : "", r->command[i]);
	if (f->verdict.summary)
		strbuf_addf(&e->comment, "%s%s", r->command_cnt ? ": " : "", f->verdict.summary);
}

static int add_profile(struct export *e, const char *path, const struct facts *f)
{
	struct stacks own = { 0 };
	int err;

	describe(e, path, f);
	if (e->format != EXPORT_SPEEDSCOPE)
		return stacks_add_recording(&e->stacks, path, f);
	err = stacks_add_recording(&own, path, f);
	speedscope_add(&e->speedscope, path, &own);
	stacks_release(&own);
	return err;
}

int export_add(struct export *e, const char *path, const struct facts *f)
{
	return is_rows(e->format) ? rows_add(&e->rows, path, f) : add_profile(e, path, f);
}

static void write_pprof(struct export *e)
{
	struct strbuf out = { 0 };

	profile_pprof(&e->stacks, &e->about, &out);
	profile_gzip(&out, e->to);
	strbuf_release(&out);
}

void export_end(struct export *e)
{
	if (e->comment.len)
		e->about.comment = strbuf_str(&e->comment);
	switch (e->format) {
	case EXPORT_FOLDED:
		profile_folded(&e->stacks, e->to);
		break;
	case EXPORT_PPROF:
		write_pprof(e);
		break;
	case EXPORT_SPEEDSCOPE:
		speedscope_write(&e->speedscope, &e->about, e->to);
		break;
	default:
		rows_end(&e->rows);
		break;
	}
}

void export_release(struct export *e)
{
	stacks_release(&e->stacks);
	speedscope_release(&e->speedscope);
	strbuf_release(&e->comment);
}
