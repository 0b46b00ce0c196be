/* SPDX-License-Identifier: MIT */
/*
 * A growable byte string, always NUL-terminated, for text and for packets.
 * Zeroed memory is an empty strbuf; release() returns it to that.
 */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf {
	char *buf;		/* NULL while nothing was ever added */
	size_t len;
	size_t cap;
};

void strbuf_add(struct strbuf *sb, const void *data, size_t len);
void strbuf_addstr(struct strbuf *sb, const char *s);
void strbuf_addch(struct strbuf *sb, char c);
void strbuf_addf(struct strbuf *sb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* In decimal: what "%llu" gives, at a tenth of the time. */
void strbuf_addu(struct strbuf *sb, uint64_t v);

/* Keep the memory, forget the content. */
void strbuf_reset(struct strbuf *sb);
void strbuf_release(struct strbuf *sb);

/* The content, never NULL; lent until the next change. */
const char *strbuf_str(const struct strbuf *sb);

/* Hand the (malloc'ed) content to the caller and start over. */
char *strbuf_take(struct strbuf *sb);

#endif
