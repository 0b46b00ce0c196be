/* SPDX-License-Identifier: MIT */
/*
 * Owns the wire encoding and nothing else. What the fields mean is packet.c's
 * business.
 */
#include "output/pb.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"

size_t pb_put_varint(unsigned char out[PB_VARINT_MAX], uint64_t v)
{
	size_t n = 0;

	while (v >= 0x80) {
		out[n++] = (unsigned char)(v | 0x80);
		v >>= 7;
	}
	out[n++] = (unsigned char)v;
	return n;
}

size_t pb_get_varint(const unsigned char *in, size_t len, uint64_t *v)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len && i < PB_VARINT_MAX; i++) {
		if (i == PB_VARINT_MAX - 1 && in[i] > 1)
			return 0;
		value |= (uint64_t)(in[i] & 0x7f) << (7 * i);
		if (!(in[i] & 0x80)) {
			*v = value;
			return i + 1;
		}
	}
	return 0;
}

/*
 * Room for @len more bytes and the NUL that ends every strbuf. This and pb_added()
 * are strbuf_add() without its copy: they are the hot path of a recording.
 */
unsigned char *pb_room(struct strbuf *sb, size_t len)
{
	if (sb->len + len + 1 > sb->cap)
		sb->buf = xgrow(sb->buf, &sb->cap, sb->len + len + 1, 1);
	return (unsigned char *)sb->buf + sb->len;
}

void pb_added(struct strbuf *sb, size_t len)
{
	sb->len += len;
	sb->buf[sb->len] = 0;
}

static size_t put_tag(unsigned char *out, uint32_t field, enum pb_wire wire)
{
	return pb_put_varint(out, (uint64_t)field << 3 | wire);
}

static uint64_t little_endian(const unsigned char *in, size_t len)
{
	uint64_t v = 0;

	while (len--)
		v = v << 8 | in[len];
	return v;
}

size_t pb_get_field(const unsigned char *in, size_t len, struct pb_field *f)
{
	uint64_t tag, v;
	size_t n = pb_get_varint(in, len, &tag), more;

	if (!n || !(tag >> 3))
		return 0;
	*f = (struct pb_field){ .number = tag >> 3, .wire = (enum pb_wire)(tag & 7) };
	switch (f->wire) {
	case PB_WIRE_VARINT:
		more = pb_get_varint(in + n, len - n, &f->value);
		return more ? n + more : 0;
	case PB_WIRE_FIXED64:
	case PB_WIRE_FIXED32:
		more = f->wire == PB_WIRE_FIXED64 ? 8 : 4;
		if (len - n < more)
			return 0;
		f->value = little_endian(in + n, more);
		return n + more;
	case PB_WIRE_BYTES:
		more = pb_get_varint(in + n, len - n, &v);
		if (!more || v > len - n - more)
			return 0;
		f->data = in + n + more;
		f->len = (size_t)v;
		return n + more + f->len;
	}
	return 0;
}

void pb_varint(struct strbuf *sb, uint64_t v)
{
	pb_added(sb, pb_put_varint(pb_room(sb, PB_VARINT_MAX), v));
}

void pb_u64(struct strbuf *sb, uint32_t field, uint64_t v)
{
	unsigned char *out = pb_room(sb, 2UL * PB_VARINT_MAX);
	size_t n = put_tag(out, field, PB_WIRE_VARINT);

	n += pb_put_varint(out + n, v);
	pb_added(sb, n);
}

void pb_fixed64(struct strbuf *sb, uint32_t field, uint64_t v)
{
	unsigned char *out = pb_room(sb, PB_VARINT_MAX + 8);
	size_t n = put_tag(out, field, PB_WIRE_FIXED64);

	for (int i = 0; i < 8; i++)
		out[n++] = (unsigned char)(v >> (8 * i));
	pb_added(sb, n);
}

void pb_double(struct strbuf *sb, uint32_t field, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	pb_fixed64(sb, field, bits);
}

void pb_bytes(struct strbuf *sb, uint32_t field, const void *data, size_t len)
{
	unsigned char *out = pb_room(sb, 2UL * PB_VARINT_MAX);
	size_t n = put_tag(out, field, PB_WIRE_BYTES);

	n += pb_put_varint(out + n, len);
	pb_added(sb, n);
	strbuf_add(sb, data, len);
}

void pb_str(struct strbuf *sb, uint32_t field, const char *s)
{
	size_t begin = pb_begin(sb, field);

	strbuf_addstr(sb, s);
	/* Readers may refuse a whole trace for one byte that is not UTF-8. */
	sb->len = begin + text_clean(sb->buf + begin, sb->len - begin);
	pb_end(sb, begin);
}

/*
 * One byte is set aside for the length, because most messages are shorter than
 * 128 bytes; pb_end() moves the content of longer ones.
 */
size_t pb_begin(struct strbuf *sb, uint32_t field)
{
	unsigned char *out = pb_room(sb, PB_VARINT_MAX + 1);
	size_t n = put_tag(out, field, PB_WIRE_BYTES);

	out[n++] = 0;
	pb_added(sb, n);
	return sb->len;
}

void pb_end(struct strbuf *sb, size_t begin)
{
	unsigned char len[PB_VARINT_MAX];
	size_t content, extra;

	assert(begin > 0 && begin <= sb->len);
	content = sb->len - begin;
	extra = pb_put_varint(len, content) - 1;
	if (extra) {
		strbuf_add(sb, len, extra);	/* any bytes: makes room */
		memmove(sb->buf + begin + extra, sb->buf + begin, content);
	}
	memcpy(sb->buf + begin - 1, len, extra + 1);
}
