// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void check(const char *in, const char *want)
{
	char buf[32];
	size_t len = strlen(in);

	memcpy(buf, in, len + 1);
	len = text_clean(buf, len);
	assert_int_equal(len, strlen(want));
	assert_memory_equal(buf, want, len);
}

static void readable_text_stays(void **state)
{
	(void)state;
	check("", "");
	check("python3 -c 'x'", "python3 -c 'x'");
	check("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8d.",
	      "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8d.");
}

static void control_characters_go(void **state)
{
	(void)state;
	check("a\tb\033[2Jc\x7f", "a?b?[2Jc?");
	check("a\xc2\x9b"
	      "b",
	      "a??b");
}

static void what_changes_direction_or_line_goes(void **state)
{
	(void)state;
	check("\xe2\x80\xae.\xe2\x80\xa8.", "???.???.");
	check("\xe2\x81\xa6.\xe2\x80\xa6.", "???.\xe2\x80\xa6."); /* an ellipsis does not */
}

static void a_characters_length_is_that_of_good_ones(void **state)
{
	(void)state;
	assert_int_equal(text_char_len("ab"), 1);
	assert_int_equal(text_char_len("\xe2\x82\xac."), 3);
	assert_int_equal(text_char_len(""), 0);
	assert_int_equal(text_char_len("\x1b["), 0);
	assert_int_equal(text_char_len("\xe2\x82"), 0);
	assert_int_equal(text_char_len("\xe2\x80\xae"), 0);
	assert_int_equal(text_char_len("\xff"), 0);
}

static void stray_bytes_go(void **state)
{
	(void)state;
	check("\xff.\x80.", "?.?.");
	check("\xc3(\xe2\x82(", "?(?\?(");
	check("\xc0\xaf.", "??."); /* overlong */
	check("\xed\xa0\x80.", "???."); /* surrogate */
	check("\xf4\x90\x80\x80.", "????."); /* past U+10FFFF */
}

static void a_character_cut_off_at_the_end_is_left_out(void **state)
{
	(void)state;
	check("ab\xc3", "ab");
	check("ab\xe2\x82", "ab");
	check("ab\xf0\x9f\x90", "ab");
}

static void a_base_name_is_behind_the_last_slash(void **state)
{
	(void)state;
	assert_string_equal(text_base_name("/usr/lib/libc.so.6"), "libc.so.6");
	assert_string_equal(text_base_name("app"), "app");
	assert_string_equal(text_base_name("dir/"), "");
}

static void numbers_are_decimal_and_finite(void **state)
{
	static const char *const bad[] = { "",    "ms",  " 1",  "-1",	"+1",
					   "inf", "nan", "0x1", "1e999", "." };
	double value;
	char *end;

	(void)state;
	assert_true(text_number("300ms", &value, &end));
	assert_true(value == 300);
	assert_string_equal(end, "ms");
	assert_true(text_number(".5", &value, &end));
	assert_true(value == 0.5);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(text_number(bad[i], &value, &end));
}

static void a_word_is_looked_up_whole(void **state)
{
	static const char *const words[] = { "make", "ninja" };

	(void)state;
	assert_true(text_is_one_of("ninja", words, 2));
	assert_false(text_is_one_of("ninj", words, 2));
	assert_false(text_is_one_of("ninja", words, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readable_text_stays),
		cmocka_unit_test(control_characters_go),
		cmocka_unit_test(what_changes_direction_or_line_goes),
		cmocka_unit_test(a_characters_length_is_that_of_good_ones),
		cmocka_unit_test(stray_bytes_go),
		cmocka_unit_test(a_character_cut_off_at_the_end_is_left_out),
		cmocka_unit_test(a_base_name_is_behind_the_last_slash),
		cmocka_unit_test(numbers_are_decimal_and_finite),
		cmocka_unit_test(a_word_is_looked_up_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
