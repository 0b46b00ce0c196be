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

static int parse_message(const unsigned char *in, size_t len, struct partrace_message *msg)
{
	struct pb_field f;

	*msg = (struct partrace_message){ 0 };
	while (len) {
		size_t n = pb_get_field(in, len, &f);

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
	struct pb_field f;
	size_t n = pb_get_field(body, len, &f);

	if (!n)
		return len ? -EBADMSG : 0;
	if (f.number != PARTRACE_FIELD || f.wire != PB_WIRE_BYTES)
		return 0;
	return parse_message(f.data, f.len, msg);
}
