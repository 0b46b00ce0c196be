// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbol/kallsyms.h"

static char path[64];

static int setup(void **state)
{
	(void)state;
	strcpy(path, "/tmp/partrace-kallsyms-XXXXXX");
	return mkstemp(path) < 0;
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static int load(struct kallsyms *k, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	*k = (struct kallsyms){ 0 };
	return kallsyms_load(k, path);
}

#define KERNEL                                      \
	"0000000000000000 A fixed_percpu_data\n"    \
	"ffffffff81000000 T _text\n"                \
	"ffffffff81001000 T vfs_read\n"             \
	"ffffffff81001400 t __pfx_do_unlinkat\n"    \
	"ffffffff81001410 t do_unlinkat.part.0\n"   \
	"ffffffff82000100 T mutex_lock\n"           \
	"ffffffff82000200 T down_read\n"            \
	"ffffffff82000300 t rwsem_down_write_slowpath.isra.0\n" \
	"ffffffff82000400 T _raw_spin_lock\n"       \
	"ffffffff83000000 D cgroup_mutex\n"         \
	"ffffffffc0001000 t nf_hook\t[nf_tables]\n"

static void an_address_lies_in_the_function_before_it(void **state)
{
	struct kallsyms k;

	(void)state;
	assert_int_equal(load(&k, KERNEL), 0);
	assert_string_equal(kallsyms_function(&k, 0xffffffff81001000), "vfs_read");
	assert_string_equal(kallsyms_function(&k, 0xffffffff8100140f), "vfs_read");
	assert_string_equal(kallsyms_function(&k, 0xffffffff81001410), "do_unlinkat.part.0");
	assert_string_equal(kallsyms_function(&k, 0xffffffffc0001008), "nf_hook");
	kallsyms_release(&k);
}

static void no_function_reaches_across_the_gap_before_the_modules(void **state)
{
	struct kallsyms k;

	(void)state;
	assert_int_equal(load(&k, KERNEL), 0);
	assert_null(kallsyms_function(&k, 0xffffffff80000000));
	assert_null(kallsyms_function(&k, 0xffffffff90000000));
	kallsyms_release(&k);
}

static void a_variable_is_named_by_its_very_address(void **state)
{
	struct kallsyms k;

	(void)state;
	assert_int_equal(load(&k, KERNEL), 0);
	assert_string_equal(kallsyms_variable(&k, 0xffffffff83000000), "cgroup_mutex");
	assert_null(kallsyms_variable(&k, 0xffffffff83000008));
	assert_null(kallsyms_variable(&k, 0xffffffff81001000));
	kallsyms_release(&k);
}

static void the_sections_of_the_locking_functions_are_found_by_their_bounds(void **state)
{
	struct kallsyms k;

	(void)state;
	assert_int_equal(load(&k, KERNEL "ffffffff82000000 T __sched_text_start\n"
					 "ffffffff82000400 T __sched_text_end\n"
					 "ffffffff82000400 T __lock_text_start\n"
					 "ffffffff82000500 T __lock_text_end\n"),
			 0);
	assert_true(k.sched_text.addr == 0xffffffff82000000 && k.sched_text.bytes == 0x400);
	assert_true(k.lock_text.addr == 0xffffffff82000400 && k.lock_text.bytes == 0x100);
	kallsyms_release(&k);
}

static void without_bounds_the_known_functions_span_the_section(void **state)
{
	struct kallsyms k;

	(void)state;
	assert_int_equal(load(&k, KERNEL), 0);
	assert_true(k.sched_text.addr == 0xffffffff82000100);
	/* Up to the symbol behind the last known one. */
	assert_true(k.sched_text.bytes == 0x300);
	assert_true(!k.lock_text.bytes);
	kallsyms_release(&k);
}

static void addresses_that_are_hidden_are_none(void **state)
{
	struct kallsyms k;

	(void)state;
	assert_int_equal(load(&k, "0000000000000000 T _text\n0000000000000000 T vfs_read\n"),
			 -EACCES);
	assert_null(kallsyms_function(&k, 0));
	assert_null(kallsyms_function(&k, 0xffffffff81001000));
	kallsyms_release(&k);
	assert_int_equal(kallsyms_load(&k, "/nowhere/kallsyms"), -ENOENT);
	kallsyms_release(&k);
}

static void lines_of_another_kind_are_passed_over(void **state)
{
	struct kallsyms k;

	(void)state;
	assert_int_equal(load(&k, "\nhello\nffffffff81000000\nffffffff81000000 T \n"
				  "ffffffff81001000 U undefined\nffffffff81002000 W weak"),
			 0);
	assert_int_equal(k.cnt, 1);
	assert_string_equal(kallsyms_function(&k, 0xffffffff81002001), "weak");
	kallsyms_release(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_lies_in_the_function_before_it),
		cmocka_unit_test(no_function_reaches_across_the_gap_before_the_modules),
		cmocka_unit_test(a_variable_is_named_by_its_very_address),
		cmocka_unit_test(the_sections_of_the_locking_functions_are_found_by_their_bounds),
		cmocka_unit_test(without_bounds_the_known_functions_span_the_section),
		cmocka_unit_test(addresses_that_are_hidden_are_none),
		cmocka_unit_test(lines_of_another_kind_are_passed_over),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
