/* SPDX-License-Identifier: MIT */
/*
 * Facts as JSON, schema 1, and back. docs/facts.md describes every key.
 *
 * Writing: every key is there, null where a value is not known; what does not
 * belong into text (thread names may hold any bytes) comes out as '?', see base/text.h.
 *
 * Reading is for files we did not write: a value of the wrong type or out of
 * range is an error that names its key; missing keys and null leave zero;
 * unknown keys are skipped, so that a newer partrace's file can be read. Text is
 * clean afterwards, whoever wrote it.
 */
#ifndef FACTS_FACTS_JSON_H
#define FACTS_FACTS_JSON_H

#include <stddef.h>

#include "base/strbuf.h"
#include "facts/facts.h"

#define FACTS_JSON_ERR_LEN 256

/* Appends to @out; indented when @is_pretty, else on one line. */
void facts_json_format(const struct facts *f, struct strbuf *out, bool is_pretty);

/*
 * Fill @f, which is empty before and, after an error, again. -EBADMSG: not
 * facts, @err says where and why; -ENOTSUP: a schema we do not know.
 */
int facts_json_parse(struct facts *f, const char *text, size_t len, char err[FACTS_JSON_ERR_LEN]);

#endif
