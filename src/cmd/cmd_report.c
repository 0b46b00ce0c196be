// SPDX-License-Identifier: MIT
/* `partrace report`: a recording's facts, judged by today's rules. */
#include <stdlib.h>

#include "base/argspec.h"
#include "base/strbuf.h"
#include "base/xalloc.h"
#include "cmd/command.h"
#include "cmd/gate.h"
#include "cmd/load.h"
#include "cmd/need.h"
#include "cmd/show.h"
#include "verdict/verdict.h"

struct options {
	char **paths;			/* [path_cnt], lent by argv */
	size_t path_cnt;
	char *names;			/* of all, for people */
	const char *html;
	bool is_json, is_verbose;
	struct need need;
	enum show_color color;
	struct gate gate;
};

static int parse_options(struct options *o, int argc, char **argv)
{
	const struct arg_option options[] = {
		{ 0, "json", ARG_FLAG, NULL, "print the facts and the verdict as JSON", &o->is_json,
		  NULL },
		{ 0, "html", ARG_STRING, "FILE",
		  "write the report as a page for browsers to FILE (- is standard output), and "
		  "print nothing",
		  &o->html, NULL },
		{ 'v', "verbose", ARG_FLAG, NULL, "say also what predictions are based on",
		  &o->is_verbose, NULL },
		{ 0, "need", ARG_CALLBACK, "WHAT",
		  "what counts besides speed: isolation (a crash takes no other worker along) or "
		  "sharing (of data, at no cost)",
		  &o->need, need_parse },
		{ 0, "slo", ARG_CALLBACK, "LIMITS", SLO_HELP, &o->gate, gate_add },
		{ 0, "color", ARG_CALLBACK, "WHEN", "auto, always or never", &o->color,
		  show_parse_color },
		{ 0 },
	};
	const struct argspec spec = {
		.command = cmd_report.name,
		.args = cmd_report.args,
		.summary = "Prints the verdict on a recording and its evidence. Needs no root.",
		.notes = "Several FILEs are judged as one: recordings of processes that belong "
			 "together, such as a server's workers, made on one machine at the same "
			 "time. What a change would bring is then not predicted: for that, record "
			 "all processes at once, with -p PID,PID.",
		.options = options,
	};
	struct arg_rest rest;
	int err = argspec_parse(&spec, argc, argv, &rest);

	if (err)
		return err;
	if (rest.cnt < 1)
		return argspec_error(&spec, "missing FILE");
	if (need_is_contradiction(&o->need))
		return argspec_error(&spec, NEED_CONTRADICTION);
	if (o->html && o->is_json)
		return argspec_error(&spec, "--html and --json exclude each other");
	o->paths = rest.args;
	o->path_cnt = (size_t)rest.cnt;
	return gate_parse(&o->gate, &spec);
}

/* What is said now takes the place of what was said to the recorder. */
static void replace_need(struct fact_recording *r, const char *need)
{
	for (size_t i = 0; i < r->need_cnt; i++)
		free(r->needs[i]);
	r->needs = xrealloc(r->needs, sizeof(*r->needs));
	r->needs[0] = xstrdup(need);
	r->need_cnt = 1;
}

static int load(struct options *o, struct facts *f)
{
	struct strbuf names = { 0 };
	int err = load_facts_of_all(f, o->paths, o->path_cnt);

	if (err)
		return err;
	for (size_t i = 0; i < o->path_cnt; i++)
		strbuf_addf(&names, "%s%s", i ? ", " : "", o->paths[i]);
	o->names = strbuf_take(&names);
	if (need_name(&o->need))
		replace_need(&f->recording, need_name(&o->need));
	fact_verdict_release(&f->verdict);
	verdict_judge(f, &f->verdict);
	return 0;
}

static int show(const struct options *o, const struct facts *f)
{
	if (o->html)
		return show_html(f, (const char *const *)o->paths, o->path_cnt, o->names, o->html);
	return o->is_json ? show_json(f) : show_report(f, o->names, o->color, o->is_verbose);
}

static int report_run(int argc, char **argv)
{
	struct options o = { 0 };
	bool has_gate, is_missed = false;
	struct facts f = { 0 };
	int err = parse_options(&o, argc, argv);

	if (err) {
		gate_release(&o.gate);
		return err == ARG_HELP ? EXIT_DONE : EXIT_USAGE;
	}
	err = load(&o, &f);
	has_gate = !err && !slo_is_empty(&o.gate.slo);
	/* Without limits those that it was recorded with are shown, and gate nothing. */
	if (has_gate)
		slo_judge(&o.gate.slo, &f);
	if (!err)
		err = show(&o, &f);
	if (has_gate && !err)
		is_missed = gate_is_missed(&f);
	facts_release(&f);
	gate_release(&o.gate);
	free(o.names);
	return err ? EXIT_FAILED : is_missed ? EXIT_GATE : EXIT_DONE;
}

const struct command cmd_report = {
	.name = "report",
	.run = report_run,
	.args = "FILE...",
	.summary = "print the verdict on a recording and its evidence",
};
