// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "event/sysno.h"

static void numbers_have_names(void **state)
{
	(void)state;
	assert_string_equal(sysno_name(SYS_read), "read");
	assert_string_equal(sysno_name(SYS_futex), "futex");
	assert_string_equal(sysno_name(SYS_exit_group), "exit_group");
}

static void names_have_numbers(void **state)
{
	(void)state;
	assert_int_equal(sysno_from_name("read"), SYS_read);
	assert_int_equal(sysno_from_name("epoll_pwait"), SYS_epoll_pwait);
}

static void programs_of_32_bits_have_other_numbers(void **state)
{
	(void)state;
#if defined(__x86_64__)
	assert_string_equal(sysno_compat_name(4), "write");
	assert_string_equal(sysno_compat_name(422), "futex_time64");
#endif
	assert_null(sysno_compat_name(-1));
	assert_null(sysno_compat_name(511));
}

static void every_name_leads_back_to_its_number(void **state)
{
	int known = 0;

	(void)state;
	for (int nr = 0; nr < 1024; nr++) {
		const char *name = sysno_name(nr);

		if (!name)
			continue;
		known++;
		assert_int_equal(sysno_from_name(name), nr);
	}
	assert_in_range(known, 250, 500);
}

static void calls_newer_than_the_headers_are_known(void **state)
{
	(void)state;
	assert_string_equal(sysno_name(449), "futex_waitv");
	assert_string_equal(sysno_name(455), "futex_wait");
	assert_int_equal(sysno_from_name("mseal"), 462);
}

static void the_unknown_is_refused(void **state)
{
	(void)state;
	assert_null(sysno_name(-1));
	assert_null(sysno_name(100000));
	assert_int_equal(sysno_from_name(""), -ENOENT);
	assert_int_equal(sysno_from_name("syscalls"), -ENOENT);
	assert_int_equal(sysno_from_name("no_such_call"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_names),
		cmocka_unit_test(names_have_numbers),
		cmocka_unit_test(programs_of_32_bits_have_other_numbers),
		cmocka_unit_test(every_name_leads_back_to_its_number),
		cmocka_unit_test(calls_newer_than_the_headers_are_known),
		cmocka_unit_test(the_unknown_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
