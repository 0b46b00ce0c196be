/* SPDX-License-Identifier: MIT */
/*
 * Labelled, wrapped lines of a text report, and numbers as people read them.
 * No line is ever wider than asked, whatever names the traced program chose.
 */
#ifndef OUTPUT_REPORT_WRAP_H
#define OUTPUT_REPORT_WRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

#define WRAP_LABEL 10	/* columns that labels take */
#define WRAP_WIDE  120	/* from here on there is room for more in a line */

enum wrap_color { WRAP_PLAIN, WRAP_BOLD, WRAP_DIM, WRAP_GREEN, WRAP_YELLOW, WRAP_RED };

struct wrap {
	struct strbuf *out;
	size_t width;
	bool color, utf8;
};

void wrap_gap(struct wrap *w);
void wrap_label(struct wrap *w, const char *label);
void wrap_colored(struct wrap *w, enum wrap_color c, const char *s);

/* @text in lines from column @indent on; @label stands before the first. */
void wrap_text(struct wrap *w, const char *label, size_t indent, const char *text);

/* The same, with every line but the first @hang columns further in. */
void wrap_hanging(struct wrap *w, const char *label, size_t indent, size_t hang,
		  const char *text);
const char *wrap_dots(const struct wrap *w);

/* @s, which a table's row is made of, without what the terminal has no signs for. */
void wrap_fit_charset(const struct wrap *w, struct strbuf *s);

/*
 * At most @max characters of @s, with control characters and what is not UTF-8
 * as '?': a thread's name must not move the reader's cursor.
 */
void wrap_add_safe(struct strbuf *sb, const char *s, size_t max);
void wrap_add_duration(struct strbuf *sb, uint64_t ns);
void wrap_add_bytes(struct strbuf *sb, uint64_t bytes);
void wrap_add_count(struct strbuf *sb, uint64_t n);

/* Columns that @s takes; every character counts as one. */
size_t wrap_columns(const char *s, size_t len);

#endif
