// SPDX-License-Identifier: MIT
/* Owns the words for a recording that can't be read. */
#include "cmd/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
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
