// SPDX-License-Identifier: MIT
/* Owns line breaks, colours and the spelling of numbers. */
#include "output/report_wrap.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char *const sequences[] = {
	[WRAP_PLAIN] = "",           [WRAP_BOLD] = "\033[1m",      [WRAP_DIM] = "\033[2m",
	[WRAP_GREEN] = "\033[1;32m", [WRAP_YELLOW] = "\033[1;33m", [WRAP_RED] = "\033[1;31m",
};

/* Length of the character at @s, 0 if it is none for a terminal. Of ASCII all are 1. */
static size_t utf8_len(const unsigned char *s)
{
	return s[0] < 0x80 ? 1 : text_char_len((const char *)s);
}

/* East Asian characters take two columns; some that don't are counted so too. */
static size_t columns_of(unsigned char first)
{
	return first == 0xe1 || first >= 0xe3 ? 2 : (first & 0xc0) != 0x80;
}

size_t wrap_columns(const char *s, size_t len)
{
	size_t columns = 0;

	for (size_t i = 0; i < len; i++)
		columns += columns_of((unsigned char)s[i]);
	return columns;
}

void wrap_add_safe(struct strbuf *sb, const char *s, size_t max)
{
	size_t columns = 0;

	while (*s) {
		size_t len = utf8_len((const unsigned char *)s);

		columns += len ? columns_of((unsigned char)*s) : 1;
		if (columns > max) {
			strbuf_addstr(sb, "...");
			return;
		}
		if (!len || (unsigned char)*s < 0x20 || *s == 0x7f)
			strbuf_addch(sb, '?');
		else
			strbuf_add(sb, s, len);
		s += len ? len : 1;
	}
}

void wrap_gap(struct wrap *w)
{
	strbuf_addch(w->out, '\n');
}

void wrap_colored(struct wrap *w, enum wrap_color c, const char *s)
{
	bool is_plain = !w->color || c == WRAP_PLAIN;

	strbuf_addf(w->out, "%s%s%s", is_plain ? "" : sequences[c], s, is_plain ? "" : "\033[0m");
}

void wrap_label(struct wrap *w, const char *label)
{
	size_t len = strlen(label);

	wrap_colored(w, len ? WRAP_BOLD : WRAP_PLAIN, label);
	strbuf_addf(w->out, "%*s", (int)(WRAP_LABEL - len), "");
}

const char *wrap_dots(const struct wrap *w)
{
	return w->utf8 ? "…" : "...";
}

/* Without UTF-8 the few signs that our own texts use become one column of ASCII. */
static void add_text(struct strbuf *out, bool utf8, const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t size = utf8_len((const unsigned char *)s + i);

		if (size == 1)
			strbuf_addch(out, (char)(s[i] < 0x20 || s[i] == 0x7f ? ' ' : s[i]));
		else if (size && utf8)
			strbuf_add(out, s + i, size);
		else
			strbuf_addstr(out, !strncmp(s + i, "→", 3)   ? ">"
					   : !strncmp(s + i, "…", 3) ? "."
								     : "?");
		i += size ? size : 1;
	}
}

void wrap_fit_charset(const struct wrap *w, struct strbuf *s)
{
	struct strbuf fit = { 0 };

	add_text(&fit, w->utf8, strbuf_str(s), s->len);
	strbuf_release(s);
	*s = fit;
}

/* A number stays with its unit: "10 ms", "10 MB", "10 %". */
static bool is_break(const char *s, size_t i)
{
	size_t len;

	if (s[i] != ' ')
		return false;
	if (!i || s[i - 1] < '0' || s[i - 1] > '9')
		return true;
	len = strcspn(s + i + 1, " ,;.:)\n");
	return len > 2 && strncmp(s + i + 1, "min", len);
}

/* How many bytes of @s go on a line of @room columns. At least one character. */
static size_t line_len(const char *s, size_t room)
{
	size_t best = 0, i = 0, columns = 0;

	while (s[i] && s[i] != '\n') {
		size_t len = utf8_len((const unsigned char *)s + i);

		columns += len ? columns_of((unsigned char)s[i]) : 1;
		if (columns > room && i)
			break;
		if (is_break(s, i))
			best = i;
		i += len ? len : 1;
	}
	if (!s[i] || s[i] == '\n' || is_break(s, i))
		return i;
	return best ? best : i; /* a word wider than the line is cut */
}

void wrap_hanging(struct wrap *w, const char *label, size_t indent, size_t hang, const char *text)
{
	size_t column = indent;
	bool is_first = true;

	do {
		size_t len = line_len(text, w->width > column ? w->width - column : 1);

		if (is_first && *label) {
			wrap_label(w, label);
			if (indent > WRAP_LABEL)
				strbuf_addf(w->out, "%*s", (int)(indent - WRAP_LABEL), "");
		} else {
			strbuf_addf(w->out, "%*s", (int)column, "");
		}
		add_text(w->out, w->utf8, text, len);
		strbuf_addch(w->out, '\n');
		text += len;
		while (*text == ' ' || *text == '\n')
			text++;
		is_first = false;
		column = indent + hang;
	} while (*text);
}

void wrap_text(struct wrap *w, const char *label, size_t indent, const char *text)
{
	wrap_hanging(w, label, indent, 0, text);
}

void wrap_add_duration(struct strbuf *sb, uint64_t ns)
{
	double s = (double)ns / 1e9;

	if (s >= 7200)
		strbuf_addf(sb, "%.1f h", s / 3600);
	else if (s >= 300)
		strbuf_addf(sb, "%.1f min", s / 60);
	else if (s >= 1)
		strbuf_addf(sb, s >= 100 ? "%.0f s" : "%.1f s", s);
	else if (ns >= 1000000)
		strbuf_addf(sb, ns >= 100000000 ? "%.0f ms" : "%.1f ms", s * 1e3);
	else if (ns >= 1000)
		strbuf_addf(sb, "%.0f us", s * 1e6);
	else
		strbuf_addf(sb, ns ? "%" PRIu64 " ns" : "0 s", ns);
}

void wrap_add_bytes(struct strbuf *sb, uint64_t bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
	double value = (double)bytes;
	size_t i = 0;

	while (value >= 999.5 && i + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1000;
		i++;
	}
	strbuf_addf(sb, i && value < 10 ? "%.1f %s" : "%.0f %s", value, units[i]);
}

void wrap_add_count(struct strbuf *sb, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			strbuf_addch(sb, ',');
		strbuf_addch(sb, digits[i]);
	}
}
