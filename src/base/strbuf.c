// SPDX-License-Identifier: MIT
/* Owns the bytes of each strbuf; invariant: buf[len] == 0 once buf is set. */
#include "base/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Most of what is formatted has room in that, and need not be formatted twice. */
#define SMALL_TEXT 63

static void reserve(struct strbuf *sb, size_t more)
{
	if (sb->len + more + 1 > sb->cap)
		sb->buf = xgrow(sb->buf, &sb->cap, sb->len + more + 1, 1);
}

void strbuf_add(struct strbuf *sb, const void *data, size_t len)
{
	reserve(sb, len);
	if (len)
		memcpy(sb->buf + sb->len, data, len);
	sb->len += len;
	sb->buf[sb->len] = 0;
}

void strbuf_addstr(struct strbuf *sb, const char *s)
{
	strbuf_add(sb, s, strlen(s));
}

void strbuf_addch(struct strbuf *sb, char c)
{
	strbuf_add(sb, &c, 1);
}

void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
{
	va_list again;
	size_t room;
	int need;

	va_copy(again, ap);
	reserve(sb, SMALL_TEXT);
	room = sb->cap - sb->len;
	need = vsnprintf(sb->buf + sb->len, room, fmt, ap);
	if (need > 0 && (size_t)need >= room) {
		reserve(sb, (size_t)need);
		vsnprintf(sb->buf + sb->len, (size_t)need + 1, fmt, again);
	}
	if (need > 0)
		sb->len += (size_t)need;
	sb->buf[sb->len] = 0;
	va_end(again);
}

void strbuf_addu(struct strbuf *sb, uint64_t v)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	strbuf_add(sb, digits + i, sizeof(digits) - i);
}

void strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(sb, fmt, ap);
	va_end(ap);
}

void strbuf_reset(struct strbuf *sb)
{
	sb->len = 0;
	if (sb->buf)
		sb->buf[0] = 0;
}

void strbuf_release(struct strbuf *sb)
{
	free(sb->buf);
	*sb = (struct strbuf){ 0 };
}

const char *strbuf_str(const struct strbuf *sb)
{
	return sb->buf ? sb->buf : "";
}

char *strbuf_take(struct strbuf *sb)
{
	char *s;

	reserve(sb, 0);
	sb->buf[sb->len] = 0;
	s = sb->buf;
	*sb = (struct strbuf){ 0 };
	return s;
}
