/* SPDX-License-Identifier: MIT */
/*
 * A JSON object that is written member by member: of a hundred thousand processes the whole
 * as jansson's tree takes five times the memory of its text. The text is the one that
 * json_dumps() would make of that tree.
 */
#ifndef FACTS_JSON_DOC_H
#define FACTS_JSON_DOC_H

#include <jansson.h>
#include <stdbool.h>

#include "base/strbuf.h"

struct json_doc {
	struct strbuf *out;
	bool is_pretty;
	bool is_first;		/* of what is open nothing is written yet */
	unsigned int depth;
};

/* Appends to @out; indented when @is_pretty, else on one line. */
void json_doc_begin(struct json_doc *d, struct strbuf *out, bool is_pretty);

/* Takes @value over. */
void json_doc_member(struct json_doc *d, const char *key, json_t *value);

/* A member that is an array; until its end there are elements only. */
void json_doc_array(struct json_doc *d, const char *key);
void json_doc_element(struct json_doc *d, json_t *value);
void json_doc_array_end(struct json_doc *d);

void json_doc_end(struct json_doc *d);

#endif
