// SPDX-License-Identifier: MIT
#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/test-outfile-XXXXXX";

static int enter(void **state)
{
	(void)state;
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	return mkdtemp(dir) && !chdir(dir) ? 0 : -1;
}

static int leave(void **state)
{
	char command[sizeof(dir) + 16];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return chdir("/") || system(command) ? -1 : 0;
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void assert_contents(const char *path, const char *text)
{
	char got[100] = "";
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	got[fread(got, 1, sizeof(got) - 1, f)] = 0;
	fclose(f);
	assert_string_equal(got, text);
}

/* How many names there are here. */
static int entries(void)
{
	char line[16] = "";
	FILE *f = popen("ls -A | wc -l", "r");

	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	pclose(f);
	return atoi(line);
}

static void a_file_is_made_with_the_usual_rights(void **state)
{
	mode_t mask = umask(027);
	struct stat st;

	(void)state;
	assert_int_equal(outfile_write("page", "new", 3), 0);
	umask(mask);
	assert_contents("page", "new");
	assert_int_equal(stat("page", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(entries(), 1);
}

static void what_a_link_leads_to_is_replaced_and_the_link_stays(void **state)
{
	struct stat st;

	(void)state;
	put("page", "old");
	assert_int_equal(symlink("page", "link"), 0);
	assert_int_equal(outfile_write("link", "new", 3), 0);
	assert_contents("page", "new");
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(entries(), 2);
}

static void a_neighbours_file_is_left_alone(void **state)
{
	(void)state;
	put("page.partial", "somebody's");
	assert_int_equal(outfile_write("page", "new", 3), 0);
	assert_contents("page.partial", "somebody's");
}

static void a_pipe_is_written_to_and_stays(void **state)
{
	char got[4] = "";
	struct stat st;
	int fd;

	(void)state;
	assert_int_equal(mkfifo("pipe", 0600), 0);
	fd = open("pipe", O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(outfile_write("pipe", "new", 3), 0);
	assert_int_equal(read(fd, got, 3), 3);
	assert_string_equal(got, "new");
	close(fd);
	assert_int_equal(lstat("pipe", &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(outfile_write("/dev/null", "new", 3), 0);
	assert_int_equal(outfile_write("/dev/full", "new", 3), -ENOSPC);
}

/* By whatever name, and behind what is in it already. */
static void standard_output_is_written_to_where_it_is(void **state)
{
	static const char *const names[] = { "-", "/dev/stdout", "/proc/self/fd/1", "out" };
	int kept = dup(STDOUT_FILENO), fd;
	bool is_known[4], is_other;
	int err[4];

	(void)state;
	fd = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0 && kept >= 0);
	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	for (int i = 0; i < 4; i++) {
		is_known[i] = outfile_is_stdout(names[i]);
		err[i] = outfile_write(names[i], "new ", 4);
	}
	is_other = outfile_is_stdout("/dev/null") || outfile_is_stdout("missing");
	dup2(kept, STDOUT_FILENO);
	close(kept);
	close(fd);
	for (int i = 0; i < 4; i++) {
		assert_true(is_known[i]);
		assert_int_equal(err[i], 0);
	}
	assert_false(is_other);
	assert_contents("out", "new new new new ");
	assert_int_equal(entries(), 1);
}

static void a_failure_leaves_what_was_there(void **state)
{
	(void)state;
	put("page", "old");
	assert_int_equal(outfile_write("missing/page", "new", 3), -ENOENT);
	assert_int_equal(outfile_write("page/below", "new", 3), -ENOTDIR);
	assert_int_equal(outfile_write("/", "new", 3), -EISDIR);
	assert_int_equal(outfile_write("", "new", 3), -ENOENT);
	assert_contents("page", "old");
	assert_int_equal(entries(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_is_made_with_the_usual_rights, enter, leave),
		cmocka_unit_test_setup_teardown(what_a_link_leads_to_is_replaced_and_the_link_stays,
						enter, leave),
		cmocka_unit_test_setup_teardown(a_neighbours_file_is_left_alone, enter, leave),
		cmocka_unit_test_setup_teardown(a_pipe_is_written_to_and_stays, enter, leave),
		cmocka_unit_test_setup_teardown(standard_output_is_written_to_where_it_is, enter,
						leave),
		cmocka_unit_test_setup_teardown(a_failure_leaves_what_was_there, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
