/* SPDX-License-Identifier: MIT */
/*
 * Owns the encoding of profile.proto, which github.com/google/pprof describes. Each
 * name is a function, and each function has one location: there are no addresses.
 */
#include "export/profile.h"

#include <stdbool.h>
#include <zlib.h>

#include "output/pb.h"

/* Field numbers of profile.proto. */
enum {
	PROFILE_SAMPLE_TYPE		= 1,
	PROFILE_SAMPLE			= 2,
	PROFILE_MAPPING			= 3,
	PROFILE_LOCATION		= 4,
	PROFILE_FUNCTION		= 5,
	PROFILE_STRING_TABLE		= 6,
	PROFILE_TIME_NANOS		= 9,
	PROFILE_DURATION_NANOS		= 10,
	PROFILE_COMMENT			= 13,
	PROFILE_DEFAULT_SAMPLE_TYPE	= 14,

	VALUE_TYPE_TYPE			= 1,
	VALUE_TYPE_UNIT			= 2,

	SAMPLE_LOCATION_ID		= 1,
	SAMPLE_VALUE			= 2,

	MAPPING_ID			= 1,
	MAPPING_FILENAME		= 5,
	MAPPING_HAS_FUNCTIONS		= 7,

	LOCATION_ID			= 1,
	LOCATION_MAPPING_ID		= 2,
	LOCATION_LINE			= 4,
	LINE_FUNCTION_ID		= 1,

	FUNCTION_ID			= 1,
	FUNCTION_NAME			= 2,
	FUNCTION_SYSTEM_NAME		= 3,
};

/* The number of the one mapping, which stands for the recording. */
#define MAPPING 1

/* The string table as it grows: number 0 is the empty string. */
struct strings {
	json_t *numbers;		/* by string */
	struct strbuf table;		/* the messages so far */
	uint64_t cnt;
};

static uint64_t number_of(struct strings *st, const char *s)
{
	const json_t *known = json_object_get(st->numbers, s);

	if (known)
		return (uint64_t)json_integer_value(known);
	pb_str(&st->table, PROFILE_STRING_TABLE, s);
	json_object_set_new(st->numbers, s, json_integer((json_int_t)st->cnt));
	return st->cnt++;
}

static void put_sample_type(struct strbuf *out, struct strings *st, const char *type,
			    const char *unit)
{
	size_t msg = pb_begin(out, PROFILE_SAMPLE_TYPE);

	pb_u64(out, VALUE_TYPE_TYPE, number_of(st, type));
	pb_u64(out, VALUE_TYPE_UNIT, number_of(st, unit));
	pb_end(out, msg);
}

/* Tells readers what they look at, and that there are no symbols to be looked for. */
static void put_mapping(struct strbuf *out, struct strings *st, const char *name)
{
	size_t msg = pb_begin(out, PROFILE_MAPPING);

	pb_u64(out, MAPPING_ID, MAPPING);
	pb_u64(out, MAPPING_FILENAME, number_of(st, name));
	pb_u64(out, MAPPING_HAS_FUNCTIONS, true);
	pb_end(out, msg);
}

/* The location of a frame; defined on first use, as number of its name. */
static uint64_t location_of(struct strbuf *out, struct strings *st, json_t *locations,
			    const char *frame)
{
	uint64_t name = number_of(st, frame);
	size_t msg, line;

	if (json_object_get(locations, frame))
		return name;
	json_object_set_new(locations, frame, json_true());
	msg = pb_begin(out, PROFILE_FUNCTION);
	pb_u64(out, FUNCTION_ID, name);
	pb_u64(out, FUNCTION_NAME, name);
	pb_u64(out, FUNCTION_SYSTEM_NAME, name);
	pb_end(out, msg);
	msg = pb_begin(out, PROFILE_LOCATION);
	pb_u64(out, LOCATION_ID, name);
	pb_u64(out, LOCATION_MAPPING_ID, MAPPING);
	line = pb_begin(out, LOCATION_LINE);
	pb_u64(out, LINE_FUNCTION_ID, name);
	pb_end(out, line);
	pb_end(out, msg);
	return name;
}

static void put_sample(struct strbuf *out, struct strings *st, json_t *locations,
		       const struct stack *s)
{
	enum bucket_group group = bucket_group(s->bucket);
	uint64_t ids[FRAME_CNT];
	size_t msg, packed;

	for (int i = 0; i < stack_depth(s); i++)
		ids[i] = location_of(out, st, locations, s->frames[i]);
	msg = pb_begin(out, PROFILE_SAMPLE);
	packed = pb_begin(out, SAMPLE_LOCATION_ID);
	for (int i = stack_depth(s); i-- > 0;)
		pb_varint(out, ids[i]);		/* the leaf first */
	pb_end(out, packed);
	packed = pb_begin(out, SAMPLE_VALUE);
	pb_varint(out, s->ns);
	pb_varint(out, group == GROUP_CPU ? s->ns : 0);
	pb_varint(out, group == GROUP_CPU || group == GROUP_IDLE ? 0 : s->ns);
	pb_varint(out, s->waits);
	pb_end(out, packed);
	pb_end(out, msg);
}

void profile_pprof(struct stacks *s, const struct profile_about *about, struct strbuf *out)
{
	struct strings st = { .numbers = json_object() };
	json_t *locations = json_object();

	stacks_sort(s);
	number_of(&st, "");
	put_sample_type(out, &st, "time", "nanoseconds");
	put_sample_type(out, &st, "cpu", "nanoseconds");
	put_sample_type(out, &st, "wait", "nanoseconds");
	put_sample_type(out, &st, "waits", "count");
	put_mapping(out, &st, about->name);
	for (size_t i = 0; i < s->cnt; i++)
		put_sample(out, &st, locations, s->all[i]);
	pb_u64(out, PROFILE_TIME_NANOS, about->start_wall_ns);
	pb_u64(out, PROFILE_DURATION_NANOS, about->duration_ns);
	if (about->comment)
		pb_u64(out, PROFILE_COMMENT, number_of(&st, about->comment));
	pb_u64(out, PROFILE_DEFAULT_SAMPLE_TYPE, number_of(&st, "time"));
	strbuf_add(out, strbuf_str(&st.table), st.table.len);
	strbuf_release(&st.table);
	json_decref(st.numbers);
	json_decref(locations);
}

void profile_gzip(const struct strbuf *in, FILE *to)
{
	const int window_bits_of_gzip = 15 + 16;
	z_stream z = { .next_in = (unsigned char *)in->buf, .avail_in = (unsigned int)in->len };
	unsigned char piece[32768];
	int ret = Z_OK;

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits_of_gzip, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return;
	while (ret == Z_OK) {
		z.next_out = piece;
		z.avail_out = sizeof(piece);
		ret = deflate(&z, Z_FINISH);
		fwrite(piece, 1, sizeof(piece) - z.avail_out, to);
	}
	deflateEnd(&z);
}
