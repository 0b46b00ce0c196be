// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"

static void an_empty_buffer_is_an_empty_string(void **state)
{
	struct strbuf s = { 0 };
	char *taken;

	(void)state;
	assert_string_equal(strbuf_str(&s), "");
	taken = strbuf_take(&s);
	assert_string_equal(taken, "");
	free(taken);
	strbuf_release(&s);
}

static void what_is_added_stands_in_order(void **state)
{
	struct strbuf s = { 0 };

	(void)state;
	strbuf_addstr(&s, "a");
	strbuf_addch(&s, 'b');
	strbuf_addf(&s, "%d%s", 12, "c");
	strbuf_add(&s, "d\0e", 3);
	assert_int_equal(s.len, 8);
	assert_memory_equal(s.buf, "ab12cd\0e", 9);
	strbuf_release(&s);
}

static void growth_keeps_the_content(void **state)
{
	struct strbuf s = { 0 };

	(void)state;
	for (int i = 0; i < 10000; i++)
		strbuf_addf(&s, "%04d", i);
	assert_int_equal(s.len, 40000);
	assert_memory_equal(s.buf + 4 * 1234, "1234", 4);
	strbuf_release(&s);
}

static void resetting_forgets_and_taking_moves(void **state)
{
	struct strbuf s = { 0 };
	char *taken;

	(void)state;
	strbuf_addstr(&s, "old");
	strbuf_reset(&s);
	assert_string_equal(strbuf_str(&s), "");
	strbuf_addstr(&s, "new");
	taken = strbuf_take(&s);
	assert_string_equal(taken, "new");
	assert_null(s.buf);
	free(taken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buffer_is_an_empty_string),
		cmocka_unit_test(what_is_added_stands_in_order),
		cmocka_unit_test(growth_keeps_the_content),
		cmocka_unit_test(resetting_forgets_and_taking_moves),
	};

	return cmocka_run_group_tests_name("strbuf", tests, NULL, NULL);
}
