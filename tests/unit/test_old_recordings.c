// SPDX-License-Identifier: MIT
/*
 * Recordings of older versions, kept in tests/recordings, go through today's commands as
 * they are, cut off at each byte, and damaged. The commands run in this process.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/strbuf.h"
#include "base/xalloc.h"
#include "cmd/command.h"
#include "cmd/load.h"

#define KEPT "tests/recordings/"

static const char *const kept[] = { KEPT "work-ee0d9a2.pftrace", KEPT "work-f1b1105.pftrace",
				    KEPT "work-c190bd4.pftrace", KEPT "light-ee0d9a2.pftrace",
				    KEPT "sleep-ee0d9a2.pftrace" };

/* The smallest one, and one with facts from before its end. */
static const char *const small = KEPT "light-ee0d9a2.pftrace";
static const char *const slow = KEPT "sleep-ee0d9a2.pftrace";

static char dir[64], cut[96], page[96], out[96], err[96];
static struct strbuf said;

static int setup(void **state)
{
	(void)state;
	/* A disk would be asked to write each of thousands of files. */
	snprintf(dir, sizeof(dir), "%s/partrace-old-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	if (!mkdtemp(dir))
		return -1;
	snprintf(cut, sizeof(cut), "%s/cut.pftrace", dir);
	snprintf(page, sizeof(page), "%s/page.html", dir);
	snprintf(out, sizeof(out), "%s/out", dir);
	snprintf(err, sizeof(err), "%s/err", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(cut);
	unlink(page);
	unlink(out);
	unlink(err);
	strbuf_release(&said);
	return rmdir(dir);
}

static struct strbuf content(const char *path)
{
	FILE *f = fopen(path, "r");
	struct strbuf sb = { 0 };
	char buf[4096];
	size_t len;

	if (!f)
		fail_msg("no %s: run from the top of the source", path);
	while ((len = fread(buf, 1, sizeof(buf), f)) > 0)
		strbuf_add(&sb, buf, len);
	fclose(f);
	return sb;
}

static int to_file(int fd, const char *path)
{
	int saved = dup(fd), to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(saved >= 0 && to >= 0 && dup2(to, fd) == fd);
	close(to);
	return saved;
}

static void restore(int fd, int saved)
{
	assert_int_equal(dup2(saved, fd), fd);
	close(saved);
}

/* Its exit code; what it said on standard error is in @said, what it wrote in @out. */
static int run(const struct command *cmd, const char *const *args)
{
	int saved_out, saved_err, argc = 1, code;
	char *argv[8];

	argv[0] = (char *)cmd->name;
	for (; args[argc - 1]; argc++)
		argv[argc] = (char *)args[argc - 1];
	argv[argc] = NULL;
	fflush(NULL);
	saved_out = to_file(STDOUT_FILENO, out);
	saved_err = to_file(STDERR_FILENO, err);
	code = cmd->run(argc, argv);
	fflush(NULL);
	restore(STDOUT_FILENO, saved_out);
	restore(STDERR_FILENO, saved_err);
	strbuf_release(&said);
	said = content(err);
	return code;
}

#define RUN(cmd, ...) run(cmd, (const char *const[]){ __VA_ARGS__, NULL })

static void write_cut(const struct strbuf *whole, size_t len)
{
	int fd = open(cut, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0 && write(fd, whole->buf, len) == (ssize_t)len);
	close(fd);
}

static void done(int code, const char *what, const char *path)
{
	if (code != EXIT_DONE || said.len)
		fail_msg("%s of %s: %d, %s", what, path, code, strbuf_str(&said));
}

static void todays_commands_read_them(void **state)
{
	static const char *const formats[] = { "folded",     "pprof", "speedscope",
					       "csv",	     "json",  "ndjson" };

	(void)state;
	for (size_t i = 0; i < ARRAY_CNT(kept); i++) {
		struct strbuf text;

		done(RUN(&cmd_report, kept[i]), "report", kept[i]);
		text = content(out);
		assert_non_null(strstr(strbuf_str(&text), "Verdict "));
		assert_null(strstr(strbuf_str(&text), "truncated"));
		strbuf_release(&text);
		done(RUN(&cmd_report, "--json", kept[i]), "report --json", kept[i]);
		done(RUN(&cmd_report, "--html", page, kept[i]), "report --html", kept[i]);
		text = content(page);
		assert_non_null(strstr(strbuf_str(&text), "svg class=\"lanes\""));
		strbuf_release(&text);
		for (size_t k = 0; k < ARRAY_CNT(formats); k++)
			done(RUN(&cmd_export, "--format", formats[k], kept[i]), formats[k],
			     kept[i]);
		done(RUN(&cmd_diff, kept[0], kept[i]), "diff", kept[i]);
		done(RUN(&cmd_diff, "--html", page, kept[i], kept[0]), "diff --html", kept[i]);
	}
}

/* Two threads of half a second each behind a GIL, and a child, whoever recorded it. */
static void what_they_say_is_what_they_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct facts f = { 0 };
		uint64_t cpu_ns;

		assert_int_equal(load_facts(&f, kept[i]), 0);
		assert_true(f.recording.is_complete);
		assert_int_equal(f.process_cnt, 2);
		assert_int_equal(f.thread_cnt, 4);
		cpu_ns = facts_group_ns(&f, GROUP_CPU);
		assert_in_range(cpu_ns, 300000000, 1500000000);
		assert_true(facts_bucket_ns(&f, BUCKET_GIL) > cpu_ns / 4);
		for (size_t k = 0; k < f.thread_cnt; k++) {
			uint64_t sum = 0;

			for (int b = 0; b < BUCKET_CNT; b++)
				sum += f.threads[k].time_ns[b];
			assert_int_equal(sum, f.threads[k].lifetime_ns);
		}
		assert_null(f.recording.boot_id);
		assert_int_equal(f.recording.part_cnt, 0);
		facts_release(&f);
	}
}

/* One line, in lower case, about the file; for what can be read, that it is truncated. */
static void check_said(int code, const char *what, size_t at)
{
	const char *text = strbuf_str(&said), *end = strchr(text, '\n');

	if (code == EXIT_DONE)
		return;
	if (code != EXIT_FAILED || strncmp(text, "partrace: ", 10) || !strstr(text, cut) || !end ||
	    end[1])
		fail_msg("%s, byte %zu: %d, '%s'", what, at, code, text);
}

/*
 * Damaged or cut at @at: commands read what is there, or say what is wrong with it. All
 * take the facts alike, so that it is enough to try the others by turns.
 */
static int check_all(const struct strbuf *bytes, size_t len, size_t at)
{
	int code;

	write_cut(bytes, len);
	code = RUN(&cmd_report, cut);
	check_said(code, "report", at);
	if (at % 3 == 0)
		check_said(RUN(&cmd_diff, cut, small), "diff", at);
	else if (at % 3 == 1)
		check_said(RUN(&cmd_export, "--format", "ndjson", cut), "export", at);
	else
		check_said(RUN(&cmd_report, "--html", page, cut), "report --html", at);
	return code;
}

static void cut_at_any_byte_there_is_no_verdict_or_a_truncated_one(void **state)
{
	struct strbuf whole = content(slow);
	size_t reported = 0;

	(void)state;
	for (size_t len = 0; len < whole.len; len++) {
		struct strbuf text;

		if (check_all(&whole, len, len) != EXIT_DONE)
			continue;
		reported++;
		assert_int_equal(RUN(&cmd_report, cut), EXIT_DONE);
		text = content(out);
		if (strncmp(strbuf_str(&text), "truncated recording", 19))
			fail_msg("cut at %zu it does not say so", len);
		strbuf_release(&text);
	}
	strbuf_release(&whole);
	assert_true(reported > 100);
}

static void damaged_at_any_byte_nothing_crashes(void **state)
{
	struct strbuf whole = content(small);

	(void)state;
	for (size_t at = 0; at < whole.len; at++) {
		char was = whole.buf[at];

		whole.buf[at] = (char)~was;
		check_all(&whole, whole.len, at);
		whole.buf[at] = was;
	}
	strbuf_release(&whole);
}

/* They did not say which boot they were of; one after the other, they are none. */
static void two_of_them_are_not_one(void **state)
{
	(void)state;
	assert_int_equal(RUN(&cmd_report, kept[0], kept[1]), EXIT_FAILED);
	assert_non_null(strstr(strbuf_str(&said), "partrace: '"));
	assert_int_equal(RUN(&cmd_report, kept[0], kept[0]), EXIT_FAILED);
	assert_non_null(strstr(strbuf_str(&said), "are the same recording"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(todays_commands_read_them, setup, teardown),
		cmocka_unit_test_setup_teardown(what_they_say_is_what_they_said, setup, teardown),
		cmocka_unit_test_setup_teardown(
			cut_at_any_byte_there_is_no_verdict_or_a_truncated_one, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_at_any_byte_nothing_crashes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(two_of_them_are_not_one, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
