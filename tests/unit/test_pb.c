/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "output/pb.h"

static void assert_bytes(struct strbuf *sb, const char *want, size_t len)
{
	assert_int_equal(sb->len, len);
	assert_memory_equal(sb->buf, want, len);
	strbuf_release(sb);
}

#define ASSERT_BYTES(sb, want) assert_bytes(sb, want, sizeof(want) - 1)

static void varints_take_seven_bits_a_byte(void **state)
{
	struct strbuf sb = { 0 };

	(void)state;
	pb_u64(&sb, 1, 0);
	pb_u64(&sb, 1, 127);
	pb_u64(&sb, 1, 300);
	ASSERT_BYTES(&sb, "\x08\x00\x08\x7f\x08\xac\x02");
}

static void large_field_numbers_take_more_tag(void **state)
{
	struct strbuf sb = { 0 };

	(void)state;
	pb_u64(&sb, 16, 1);
	pb_u64(&sb, 1717, 1);
	ASSERT_BYTES(&sb, "\x80\x01\x01\xa8\x6b\x01");
}

static void strings_doubles_and_fixed_are_little_endian(void **state)
{
	struct strbuf sb = { 0 };

	(void)state;
	pb_str(&sb, 2, "hi");
	pb_fixed64(&sb, 3, 0x0102030405060708ULL);
	pb_double(&sb, 4, 1.0);
	pb_bytes(&sb, 5, NULL, 0);
	ASSERT_BYTES(&sb, "\x12\x02hi"
			  "\x19\x08\x07\x06\x05\x04\x03\x02\x01"
			  "\x21\x00\x00\x00\x00\x00\x00\xf0\x3f"
			  "\x2a\x00");
}

static void messages_nest(void **state)
{
	struct strbuf sb = { 0 };
	size_t outer = pb_begin(&sb, 1), inner;

	(void)state;
	inner = pb_begin(&sb, 2);
	pb_u64(&sb, 1, 5);
	pb_end(&sb, inner);
	pb_u64(&sb, 3, 6);
	pb_end(&sb, outer);
	pb_end(&sb, pb_begin(&sb, 4));
	ASSERT_BYTES(&sb, "\x0a\x06\x12\x02\x08\x05\x18\x06\x22\x00");
}

/* The length has one byte set aside; whatever needs more moves the content. */
static void a_message_of_any_length_keeps_its_content(void **state)
{
	static const size_t lens[] = { 0, 1, 126, 127, 128, 129, 16383, 16384, 2097152 };

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct strbuf sb = { 0 };
		char *data = malloc(lens[i] + 1);
		size_t msg, n;
		uint64_t len;

		memset(data, 'a' + (int)i, lens[i] + 1);
		pb_u64(&sb, 9, 1);
		msg = pb_begin(&sb, 1);
		for (size_t k = 0; k < lens[i]; k++)
			strbuf_addch(&sb, data[k]);
		pb_end(&sb, msg);
		pb_u64(&sb, 9, 2);

		n = pb_get_varint((unsigned char *)sb.buf + 3, sb.len - 3, &len);
		assert_int_equal(len, lens[i]);
		assert_memory_equal(sb.buf + 3 + n, data, lens[i]);
		assert_memory_equal(sb.buf + 3 + n + lens[i], "\x48\x02", 2);
		strbuf_release(&sb);
		free(data);
	}
}

static void what_is_put_is_got(void **state)
{
	unsigned char buf[PB_VARINT_MAX];

	(void)state;
	for (int bit = 0; bit < 64; bit++) {
		for (int less = 0; less < 2; less++) {
			uint64_t v = (1ULL << bit) - (uint64_t)less, back = ~v;
			size_t len = pb_put_varint(buf, v);

			assert_int_equal(pb_get_varint(buf, len, &back), len);
			assert_true(back == v);
			assert_int_equal(pb_get_varint(buf, len - 1, &back), 0);
		}
	}
}

static void a_varint_of_more_than_64_bits_is_none(void **state)
{
	uint64_t v;

	(void)state;
	assert_int_equal(pb_get_varint((const unsigned char *)"\xff\xff\xff\xff\xff\xff\xff\xff\xff"
							      "\x02",
				       10, &v),
			 0);
	assert_int_equal(pb_get_varint((const unsigned char *)"\xff\xff\xff\xff\xff\xff\xff\xff\xff"
							      "\xff\x01",
				       11, &v),
			 0);
	assert_int_equal(pb_get_varint(NULL, 0, &v), 0);
}

static void a_field_is_taken_with_its_wire_type(void **state)
{
	struct strbuf sb = { 0 };
	struct pb_field f;
	size_t at = 0, n;

	(void)state;
	pb_u64(&sb, 1717, 300);
	pb_str(&sb, 2, "abc");
	pb_fixed64(&sb, 3, 0x1122334455667788ULL);
	n = pb_get_field((unsigned char *)sb.buf, sb.len, &f);
	assert_int_equal(f.number, 1717);
	assert_int_equal(f.value, 300);
	at += n;
	n = pb_get_field((unsigned char *)sb.buf + at, sb.len - at, &f);
	assert_int_equal(f.number, 2);
	assert_int_equal(f.wire, PB_WIRE_BYTES);
	assert_int_equal(f.len, 3);
	assert_memory_equal(f.data, "abc", 3);
	at += n;
	n = pb_get_field((unsigned char *)sb.buf + at, sb.len - at, &f);
	assert_int_equal(f.value, 0x1122334455667788ULL);
	assert_int_equal(at + n, sb.len);
	/* Whatever is cut off is no field. */
	for (size_t len = at + 1; len < sb.len; len++)
		assert_int_equal(pb_get_field((unsigned char *)sb.buf + at, len - at, &f), 0);
	strbuf_release(&sb);
}

static void a_field_longer_than_its_message_is_none(void **state)
{
	static const unsigned char too_long[] = { 0x0a, 5, 'a', 'b' };
	static const unsigned char number_0[] = { 0x00, 1 };
	static const unsigned char group[] = { 0x0b, 1, 1 };
	struct pb_field f;

	(void)state;
	assert_int_equal(pb_get_field(too_long, sizeof(too_long), &f), 0);
	assert_int_equal(pb_get_field(number_0, sizeof(number_0), &f), 0);
	assert_int_equal(pb_get_field(group, sizeof(group), &f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(varints_take_seven_bits_a_byte),
		cmocka_unit_test(large_field_numbers_take_more_tag),
		cmocka_unit_test(strings_doubles_and_fixed_are_little_endian),
		cmocka_unit_test(messages_nest),
		cmocka_unit_test(a_message_of_any_length_keeps_its_content),
		cmocka_unit_test(what_is_put_is_got),
		cmocka_unit_test(a_varint_of_more_than_64_bits_is_none),
		cmocka_unit_test(a_field_is_taken_with_its_wire_type),
		cmocka_unit_test(a_field_longer_than_its_message_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
