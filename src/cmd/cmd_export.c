// SPDX-License-Identifier: MIT
/* `partrace export`: recordings in the formats of other tools. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/argspec.h"
#include "base/clock.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "export/export.h"
#include "verdict/verdict.h"
#include "version.h"

#define WINDOW_DEFAULT_NS NS_PER_S

struct options {
	int format;			/* enum export_format; -1: not said */
	uint64_t window_ns;
	char **paths;			/* [path_cnt], lent by argv */
	int path_cnt;
};

static int parse_format(void *out, const char *value)
{
	*(int *)out = export_format_from_name(value);
	return *(int *)out < 0 ? -EINVAL : 0;
}

static int parse_options(struct options *o, int argc, char **argv)
{
	const struct arg_option table[] = {
		{ 'f', "format", ARG_CALLBACK, "FORMAT",
		  "folded, pprof, speedscope, csv, json or ndjson", &o->format, parse_format },
		{ 0, "window", ARG_DURATION, "TIME",
		  "how long each row's window is: 100ms, 10s, 1m; default 1s", &o->window_ns,
		  NULL },
		{ 0 },
	};
	const struct argspec spec = {
		.command = cmd_export.name,
		.args = cmd_export.args,
		.summary = "Writes recordings to standard output in the formats of other tools. "
			   "Needs no root.",
		.notes =
			"folded, pprof, speedscope: thread time by process, role, cause and object, "
			"as stacks. csv, json, ndjson: a row per thread and window, with its time by "
			"cause. Several files are one profile, or one table.",
		.options = table,
	};
	struct arg_rest rest;
	int err = argspec_parse(&spec, argc, argv, &rest);

	if (err)
		return err;
	if (o->format < 0)
		return argspec_error(&spec, "missing --format");
	if (rest.cnt < 1)
		return argspec_error(&spec, "missing FILE");
	if (o->format == EXPORT_PPROF && isatty(STDOUT_FILENO))
		return argspec_error(&spec,
				     "pprof's format is binary: send it to a file, with '>'");
	o->paths = rest.args;
	o->path_cnt = rest.cnt;
	return 0;
}

static int explain_add_error(int err, const char *path)
{
	switch (err) {
	case -E2BIG:
		log_err(0, "'%s' has too many threads and windows for a table", path);
		log_hint("give longer windows: --window 10s");
		return err;
	case -EBADMSG:
		return log_err(0, "'%s' is damaged: its trace can't be read to the end", path);
	default:
		return log_err(err, "cannot read '%s'", path);
	}
}

static int add(struct export *e, const char *path)
{
	struct facts f = { 0 };
	int err = load_facts(&f, path);

	if (err)
		return err;
	if (!f.recording.is_complete)
		log_warn("'%s' is truncated: what is exported goes up to where its facts end",
			 path);
	fact_verdict_release(&f.verdict);
	verdict_judge(&f, &f.verdict);
	err = export_add(e, path, &f);
	if (err)
		err = explain_add_error(err, path);
	facts_release(&f);
	return err;
}

/* Nothing is written before all recordings have been read, but rows, which go out as they come. */
static int export_all(const struct options *o)
{
	struct export e = {
		.format = (enum export_format)o->format,
		.to = stdout,
		.window_ns = o->window_ns,
		.version = PARTRACE_VERSION,
	};
	int err = 0;

	export_begin(&e);
	for (int i = 0; !err && i < o->path_cnt; i++)
		err = add(&e, o->paths[i]);
	if (!err)
		export_end(&e);
	export_release(&e);
	return err;
}

static int export_run(int argc, char **argv)
{
	struct options o = { .format = -1, .window_ns = WINDOW_DEFAULT_NS };
	int err = parse_options(&o, argc, argv);

	if (err)
		return err == ARG_HELP ? EXIT_DONE : EXIT_USAGE;
	return export_all(&o) ? EXIT_FAILED : EXIT_DONE;
}

const struct command cmd_export = {
	.name = "export",
	.run = export_run,
	.args = "--format FORMAT FILE...",
	.summary = "write recordings in the formats of other tools",
};
