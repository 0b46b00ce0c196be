/* SPDX-License-Identifier: MIT */
/*
 * A protobuf encoder that appends to a strbuf. Messages nest between
 * pb_begin() and pb_end(); lengths are patched in when they are known, and
 * always take as few bytes as they can.
 */
#ifndef OUTPUT_PB_H
#define OUTPUT_PB_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/* The longest encoding of a 64-bit varint. */
#define PB_VARINT_MAX 10

enum pb_wire {
	PB_WIRE_VARINT	= 0,
	PB_WIRE_FIXED64	= 1,
	PB_WIRE_BYTES	= 2,
	PB_WIRE_FIXED32	= 5,
};

/* Encode one varint; returns its length. */
size_t pb_put_varint(unsigned char out[PB_VARINT_MAX], uint64_t v);

/*
 * Decode one varint out of @len bytes. Returns its length; 0 when it is cut off
 * or longer than 64 bits.
 */
size_t pb_get_varint(const unsigned char *in, size_t len, uint64_t *v);

/* One field of a message that is read; @data leads into it. */
struct pb_field {
	uint64_t number;
	enum pb_wire wire;
	uint64_t value;			/* varint, fixed */
	const unsigned char *data;	/* bytes */
	size_t len;
};

/* Take one field off the front of @in. Returns its length, 0 if there is no whole one. */
size_t pb_get_field(const unsigned char *in, size_t len, struct pb_field *f);

/* One element of a packed field: a varint without a tag. */
void pb_varint(struct strbuf *sb, uint64_t v);

/* For many of them: room for @len bytes more, and how many have been written there. */
unsigned char *pb_room(struct strbuf *sb, size_t len);
void pb_added(struct strbuf *sb, size_t len);

void pb_u64(struct strbuf *sb, uint32_t field, uint64_t v);

void pb_fixed64(struct strbuf *sb, uint32_t field, uint64_t v);
void pb_double(struct strbuf *sb, uint32_t field, double v);
void pb_str(struct strbuf *sb, uint32_t field, const char *s);	/* clean, see base/text.h */
void pb_bytes(struct strbuf *sb, uint32_t field, const void *data, size_t len);

/* Open a message, or a packed field; hand the result to pb_end(). */
size_t pb_begin(struct strbuf *sb, uint32_t field);
void pb_end(struct strbuf *sb, size_t begin);

#endif
