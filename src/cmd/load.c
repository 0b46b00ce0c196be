// SPDX-License-Identifier: MIT
/* Owns the words for a recording that can't be read, and for those that don't belong together. */
#include "cmd/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "facts/combine.h"
#include "facts/facts_json.h"
#include "output/recording.h"

/* In the words of recording_read_facts()'s codes. */
static int explain_read_error(int err, const char *path)
{
	switch (err) {
	case -EPROTO:
		return log_err(0, "'%s' is not a partrace recording", path);
	case -ENODATA:
		return log_err(0, "'%s' ends before any facts were written to it", path);
	case -EBADMSG:
		return log_err(0, "'%s' is damaged before any facts in it", path);
	default:
		return log_err(err, "cannot read '%s'", path);
	}
}

int load_facts(struct facts *f, const char *path)
{
	char why[FACTS_JSON_ERR_LEN];
	bool is_complete = false;
	char *json = NULL;
	int err;

	err = recording_read_facts(path, &json, &is_complete);
	if (err)
		return explain_read_error(err, path);
	err = facts_json_parse(f, json, strlen(json), why);
	free(json);
	if (err)
		return log_err(0, "cannot use the facts in '%s': %s", path, why);
	f->recording.is_complete = is_complete;
	return 0;
}

/* One line, and what to do about it. */
static int explain_problem(const struct combine_problem *p, char *const *paths)
{
	const char *first = paths[p->first], *second = paths[p->second];

	switch (p->what) {
	case COMBINE_TWICE:
		return log_err(0, "'%s' and '%s' are the same recording: give it once", first,
			       second);
	case COMBINE_MACHINES:
		log_err(0, "'%s' and '%s' are not of the same machine since the same boot", first,
			second);
		log_hint("report them one by one; tables of many machines: partrace export");
		return -EINVAL;
	case COMBINE_NAMESPACES:
		log_err(0,
			"'%s' and '%s' were recorded in different pid namespaces: their processes "
			"have other numbers",
			first, second);
		log_hint("record all of them from outside, or report them one by one");
		return -EINVAL;
	case COMBINE_GAP:
		log_err(0,
			"'%s' begins %.1f s after '%s' has ended: what ran side by side is "
			"not known",
			second, (double)p->gap_ns / 1e9, first);
		log_hint("record the processes at the same time; before and after: partrace diff");
		return -EINVAL;
	case COMBINE_PROCESS:
		log_err(0, "'%s' and '%s' have both recorded process %u: it would count twice",
			first, second, p->pid);
		log_hint("leave one of them out, or record all processes at once, with -p PID,PID");
		return -EINVAL;
	default:
		return log_err(0, "'%s' is made of several recordings: give these", first);
	}
}

int load_facts_of_all(struct facts *f, char *const *paths, size_t cnt)
{
	struct facts *parts = xcalloc(cnt, sizeof(*parts));
	struct combine_problem problem = { 0 };
	int err = 0;

	for (size_t i = 0; !err && i < cnt; i++)
		err = load_facts(&parts[i], paths[i]);
	if (!err && cnt > 1)
		problem = combine_check(parts, cnt);
	if (problem.what)
		err = explain_problem(&problem, paths);
	if (!err && cnt > 1)
		combine_take(f, parts, cnt);
	if (!err && cnt == 1) {
		*f = parts[0];
		parts[0] = (struct facts){ 0 };
	}
	for (size_t i = 0; i < cnt; i++)
		facts_release(&parts[i]);
	free(parts);
	return err;
}
