/* SPDX-License-Identifier: MIT */
/*
 * Owns the encoding of our own packets, both ways. Reading trusts nothing: the
 * bytes may come from anybody.
 */
#include "output/recording_format.h"

#include <errno.h>
#include <string.h>

#include "output/pb.h"
#include "output/pb_fields.h"

void format_identity(struct strbuf *out)
{
	size_t packet = pb_begin(out, PB_TRACE_PACKET);
	size_t message = pb_begin(out, PARTRACE_FIELD);

	pb_str(out, PARTRACE_MAGIC, FORMAT_MAGIC);
	pb_u64(out, PARTRACE_FORMAT, FORMAT_VERSION);
	pb_end(out, message);
	pb_end(out, packet);
}

void format_facts(struct strbuf *out, const void *data, size_t len, size_t raw_len,
		  bool is_complete)
{
	size_t packet = pb_begin(out, PB_TRACE_PACKET);
	size_t message = pb_begin(out, PARTRACE_FIELD);

	pb_u64(out, PARTRACE_FACTS_BYTES, raw_len);
	pb_u64(out, PARTRACE_IS_COMPLETE, is_complete);
	pb_bytes(out, PARTRACE_FACTS, data, len);
	pb_end(out, message);
	pb_end(out, packet);
}

struct field {
	uint64_t number;
	enum pb_wire wire;
	uint64_t value;			/* varint */
	const unsigned char *data;	/* bytes */
	size_t len;
};

/* Take one field off the front of @in. Returns its length, 0 if there is none. */
static size_t take_field(const unsigned char *in, size_t len, struct field *f)
{
	uint64_t tag, v;
	size_t n = pb_get_varint(in, len, &tag), more;

	if (!n || !(tag >> 3))
		return 0;
	f->number = tag >> 3;
	f->wire = (enum pb_wire)(tag & 7);
	switch (f->wire) {
	case PB_WIRE_VARINT:
		more = pb_get_varint(in + n, len - n, &f->value);
		return more ? n + more : 0;
	case PB_WIRE_FIXED64:
		return len - n >= 8 ? n + 8 : 0;
	case PB_WIRE_FIXED32:
		return len - n >= 4 ? n + 4 : 0;
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

static int parse_message(const unsigned char *in, size_t len, struct partrace_message *msg)
{
	struct field f;

	*msg = (struct partrace_message){ 0 };
	while (len) {
		size_t n = take_field(in, len, &f);

		if (!n)
			return -EBADMSG;
		in += n;
		len -= n;
		if (f.number == PARTRACE_MAGIC && f.wire == PB_WIRE_BYTES) {
			msg->has_magic = f.len == strlen(FORMAT_MAGIC) &&
					 !memcmp(f.data, FORMAT_MAGIC, f.len);
		} else if (f.number == PARTRACE_FACTS && f.wire == PB_WIRE_BYTES) {
			msg->facts = f.data;
			msg->facts_len = f.len;
		} else if (f.wire == PB_WIRE_VARINT) {
			if (f.number == PARTRACE_FORMAT)
				msg->format = f.value;
			if (f.number == PARTRACE_FACTS_BYTES)
				msg->facts_bytes = f.value;
			if (f.number == PARTRACE_IS_COMPLETE)
				msg->is_complete = f.value;
		}
	}
	return 1;
}

int format_parse(const unsigned char *body, size_t len, struct partrace_message *msg)
{
	struct field f;
	size_t n = take_field(body, len, &f);

	if (!n)
		return len ? -EBADMSG : 0;
	if (f.number != PARTRACE_FIELD || f.wire != PB_WIRE_BYTES)
		return 0;
	return parse_message(f.data, f.len, msg);
}
