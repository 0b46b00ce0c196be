// SPDX-License-Identifier: MIT
/* Owns where commas and line breaks go; each value's own text is jansson's. */
#include "facts/json_doc.h"

#include <string.h>

static void new_line(struct json_doc *d)
{
	if (!d->is_pretty)
		return;
	strbuf_addch(d->out, '\n');
	for (unsigned int i = 0; i < d->depth; i++)
		strbuf_addch(d->out, ' ');
}

static void open_up(struct json_doc *d, char bracket)
{
	strbuf_addch(d->out, bracket);
	d->depth++;
	d->is_first = true;
}

static void close_up(struct json_doc *d, char bracket)
{
	d->depth--;
	if (!d->is_first)
		new_line(d);
	strbuf_addch(d->out, bracket);
	d->is_first = false;
}

static void next(struct json_doc *d)
{
	if (!d->is_first)
		strbuf_addch(d->out, ',');
	d->is_first = false;
	new_line(d);
}

static void name(struct json_doc *d, const char *key)
{
	next(d);
	strbuf_addf(d->out, d->is_pretty ? "\"%s\": " : "\"%s\":", key);
}

/* Line feeds are between values only: inside of a string they are escaped. */
static int append(const char *data, size_t len, void *doc)
{
	struct json_doc *d = doc;
	const char *end = data + len, *feed;

	while (d->is_pretty && (feed = memchr(data, '\n', (size_t)(end - data)))) {
		strbuf_add(d->out, data, (size_t)(feed - data));
		new_line(d);
		data = feed + 1;
	}
	strbuf_add(d->out, data, (size_t)(end - data));
	return 0;
}

static void put(struct json_doc *d, json_t *value)
{
	json_dump_callback(value, append, d,
			   (d->is_pretty ? JSON_INDENT(1) : JSON_COMPACT) | JSON_REAL_PRECISION(9) |
				   JSON_ENCODE_ANY);
	json_decref(value);
}

void json_doc_begin(struct json_doc *d, struct strbuf *out, bool is_pretty)
{
	*d = (struct json_doc){ .out = out, .is_pretty = is_pretty };
	open_up(d, '{');
}

void json_doc_member(struct json_doc *d, const char *key, json_t *value)
{
	name(d, key);
	put(d, value);
}

void json_doc_array(struct json_doc *d, const char *key)
{
	name(d, key);
	open_up(d, '[');
}

void json_doc_element(struct json_doc *d, json_t *value)
{
	next(d);
	put(d, value);
}

void json_doc_array_end(struct json_doc *d)
{
	close_up(d, ']');
}

void json_doc_end(struct json_doc *d)
{
	close_up(d, '}');
}
