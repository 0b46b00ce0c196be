// SPDX-License-Identifier: MIT
/* Somebody else's links need somebody else: those are tried by the end-to-end tests. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/safe_dir.h"

static char dir[64];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/partrace-safe-XXXXXX");
	if (!mkdtemp(dir) || chdir(dir) || mkdir("a", 0700) || mkdir("a/b", 0700) ||
	    symlink("a/b", "link") || symlink("../../link/..", "a/b/back") ||
	    symlink("loop", "loop") || symlink(dir, "whole"))
		return -1;
	close(open("file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return chdir("/") || system(command);
}

/* The directory that @path's parent is, and what is left of it. */
static void leads(const char *path, const char *to, const char *rest)
{
	struct stat want, got;
	const char *name;
	int fd = safe_dir_open(path, &name);

	assert_true(fd >= 0);
	assert_string_equal(name, rest);
	assert_int_equal(fstat(fd, &got), 0);
	assert_int_equal(stat(to, &want), 0);
	assert_int_equal(got.st_ino, want.st_ino);
	assert_int_equal(got.st_dev, want.st_dev);
	close(fd);
}

static void paths_lead_where_the_kernel_would_go(void **state)
{
	char path[128];

	(void)state;
	leads("x", ".", "x");
	leads("./x", ".", "x");
	leads("a/x", "a", "x");
	leads("a//b/./x", "a/b", "x");
	leads("a/b/../x", "a", "x");
	leads("link/x", "a/b", "x");
	leads("link/back/x", "a", "x");
	leads("whole/link/back/b/x", "a/b", "x");
	leads("/x", "/", "x");
	leads("a/", "a", "");
	leads("/proc/self/cwd/a/x", "a", "x");
	snprintf(path, sizeof(path), "%s/a/x", dir);
	leads(path, "a", "x");
}

static void what_leads_nowhere_is_said(void **state)
{
	const char *name;

	(void)state;
	assert_int_equal(safe_dir_open("none/x", &name), -ENOENT);
	assert_int_equal(safe_dir_open("file/x", &name), -ENOTDIR);
	assert_int_equal(safe_dir_open("loop/x", &name), -ELOOP);
}

static void only_what_others_put_where_all_may_write_is_foreign(void **state)
{
	struct stat st = { .st_uid = geteuid() + 1 };
	int fd;

	(void)state;
	fd = open("a", O_PATH | O_CLOEXEC);
	assert_false(safe_dir_is_foreign(fd, &st));
	assert_int_equal(chmod("a", 01777), 0);
	assert_true(safe_dir_is_foreign(fd, &st));
	st.st_uid = geteuid();
	assert_false(safe_dir_is_foreign(fd, &st));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_lead_where_the_kernel_would_go),
		cmocka_unit_test(what_leads_nowhere_is_said),
		cmocka_unit_test(only_what_others_put_where_all_may_write_is_foreign),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
