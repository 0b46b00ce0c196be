// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/argspec.h"
#include "base/clock.h"

struct values {
	bool is_quiet, all;
	int verbose;
	const char *out;
	uint64_t duration_ns, hz;
	int pids;
};

static int count_commas(void *out, const char *value)
{
	int *cnt = out;

	if (!value[0])
		return -EINVAL;
	*cnt = 1;
	for (; *value; value++)
		*cnt += *value == ',';
	return 0;
}

/* stderr of the last call. */
static char said[4096];

static int parse_with(bool stops, struct values *v, struct arg_rest *rest, int argc, char **argv)
{
	const struct arg_option options[] = {
		{ 'q', "quiet", ARG_FLAG, NULL, "say nothing", &v->is_quiet, NULL },
		{ 'a', NULL, ARG_FLAG, NULL, "all", &v->all, NULL },
		{ 'v', "verbose", ARG_COUNT, NULL, "say more", &v->verbose, NULL },
		{ 'o', "output", ARG_STRING, "FILE", "write there", &v->out, NULL },
		{ 'd', "duration", ARG_DURATION, "TIME", "how long", &v->duration_ns, NULL },
		{ 'F', "freq", ARG_NUMBER, "HZ", "how often", &v->hz, NULL },
		{ 'p', "pid", ARG_CALLBACK, "PID[,PID]", "whom", &v->pids, count_commas },
		{ 0, "hidden", ARG_FLAG, NULL, NULL, &v->all, NULL },
		{ 0 },
	};
	const struct argspec spec = { .command = "record",
				      .args = "[-- CMD]",
				      .summary = "Records.",
				      .options = options,
				      .stops_at_operand = stops };
	char path[] = "/tmp/argspec-XXXXXX";
	int fd = mkstemp(path), saved = dup(2), err;
	ssize_t len;

	fflush(stderr);
	dup2(fd, 2);
	err = argspec_parse(&spec, argc, argv, rest);
	fflush(stderr);
	dup2(saved, 2);
	close(saved);
	len = pread(fd, said, sizeof(said) - 1, 0);
	said[len > 0 ? len : 0] = 0;
	close(fd);
	unlink(path);
	return err;
}

#define PARSE(v, rest, ...)                                                                        \
	parse_with(false, v, rest,                                                                 \
		   (int)(sizeof((char *[]){ "record", __VA_ARGS__ }) / sizeof(char *)),            \
		   (char *[]){ "record", __VA_ARGS__, NULL })

static void values_come_in_every_usual_way(void **state)
{
	struct arg_rest rest;
	struct values v = { 0 };

	(void)state;
	assert_int_equal(PARSE(&v, &rest, "-p1,2", "-o", "x", "-d500ms"), 0);
	assert_int_equal(v.pids, 2);
	assert_string_equal(v.out, "x");
	assert_int_equal(v.duration_ns, 500 * NS_PER_MS);

	v = (struct values){ 0 };
	assert_int_equal(PARSE(&v, &rest, "-p", "1,2,3", "--output=a=b", "--duration", "2m"), 0);
	assert_int_equal(v.pids, 3);
	assert_string_equal(v.out, "a=b");
	assert_int_equal(v.duration_ns, 120 * NS_PER_S);
}

static void flags_bundle_and_count(void **state)
{
	struct arg_rest rest;
	struct values v = { 0 };

	(void)state;
	assert_int_equal(PARSE(&v, &rest, "-qvvo", "file", "--verbose"), 0);
	assert_true(v.is_quiet);
	assert_int_equal(v.verbose, 3);
	assert_string_equal(v.out, "file");
}

static void operands_may_stand_between_options(void **state)
{
	struct arg_rest rest;
	struct values v = { 0 };

	(void)state;
	assert_int_equal(PARSE(&v, &rest, "one", "-q", "-", "two"), 0);
	assert_int_equal(rest.cnt, 3);
	assert_string_equal(rest.args[0], "one");
	assert_string_equal(rest.args[1], "-");
	assert_string_equal(rest.args[2], "two");
	assert_null(rest.args[3]);
	assert_int_equal(rest.dashes, -1);
	assert_true(v.is_quiet);
}

static void what_follows_two_dashes_is_left_alone(void **state)
{
	struct arg_rest rest;
	struct values v = { 0 };

	(void)state;
	assert_int_equal(PARSE(&v, &rest, "-q", "--", "ls", "-a", "--", "--help"), 0);
	assert_int_equal(rest.dashes, 0);
	assert_int_equal(rest.cnt, 4);
	assert_string_equal(rest.args[1], "-a");
	assert_string_equal(rest.args[2], "--");
	assert_false(v.all);
}

static void the_first_operand_ends_options_when_told_so(void **state)
{
	char *argv[] = { "record", "-q", "ls", "-a", NULL };
	struct arg_rest rest;
	struct values v = { 0 };

	(void)state;
	assert_int_equal(parse_with(true, &v, &rest, 4, argv), 0);
	assert_int_equal(rest.cnt, 2);
	assert_string_equal(rest.args[1], "-a");
	assert_false(v.all);
}

static void errors_are_one_line_and_a_hint(void **state)
{
	static const char hint[] = "  hint: partrace record --help lists the options\n";
	struct arg_rest rest;
	struct values v = { 0 };
	char want[512];

	(void)state;
#define ASSERT_SAYS(what, ...)                                                \
	do {                                                                  \
		assert_int_equal(PARSE(&v, &rest, __VA_ARGS__), -EINVAL);     \
		snprintf(want, sizeof(want), "partrace: %s\n%s", what, hint); \
		assert_string_equal(said, want);                              \
	} while (0)
	ASSERT_SAYS("unknown option '--nope'", "--nope=1");
	ASSERT_SAYS("unknown option '-x'", "-qx");
	ASSERT_SAYS("unknown option '--out'", "--out", "x");
	ASSERT_SAYS("option '-o' needs a value: FILE", "-o");
	ASSERT_SAYS("option '--pid' needs a value: PID[,PID]", "--pid");
	ASSERT_SAYS("option '--quiet' takes no value", "--quiet=yes");
	ASSERT_SAYS("invalid value 'soon' for option '-d'", "-d", "soon");
	ASSERT_SAYS("invalid value '-1' for option '--freq'", "--freq=-1");
	ASSERT_SAYS("invalid value '99999999999999999999' for option '-F'",
		    "-F99999999999999999999");
	ASSERT_SAYS("invalid value '' for option '--pid'", "--pid=");
}

static void help_lists_what_is_shown_and_nothing_else(void **state)
{
	bool flag = false;
	const struct arg_option options[] = {
		{ 'q', "quiet", ARG_FLAG, NULL, "say nothing", &flag, NULL },
		{ 0, "output", ARG_STRING, "FILE", "write there", &flag, NULL },
		{ 0, "hidden", ARG_FLAG, NULL, NULL, &flag, NULL },
		{ 0 },
	};
	const struct argspec spec = {
		.command = "report", .args = "FILE", .summary = "Reports.", .options = options
	};
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	argspec_help(&spec, to);
	fclose(to);
	assert_string_equal(text, "usage: partrace report [options] FILE\n"
				  "\n"
				  "Reports.\n"
				  "\n"
				  "  -q, --quiet               say nothing\n"
				  "      --output FILE         write there\n"
				  "  -h, --help                this text\n");
	free(text);
}

static void the_table_has_a_line_for_each_option_that_is_shown(void **state)
{
	const struct arg_option options[] = {
		{ 'q', "quiet", ARG_FLAG, NULL, "say nothing", NULL, NULL },
		{ 'o', NULL, ARG_STRING, NULL, "write there", NULL, NULL },
		{ 0, "color", ARG_CALLBACK, "WHEN", "auto, always or never", NULL, NULL },
		{ 0, "hidden", ARG_FLAG, NULL, NULL, NULL, NULL },
		{ 0 },
	};
	const struct argspec spec = { .command = "report",
				      .args = "FILE",
				      .summary = "Reports.",
				      .notes = "On two\nlines.",
				      .options = options };
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	argspec_table(&spec, to);
	fclose(to);
	assert_string_equal(text, "args\tFILE\n"
				  "summary\tReports.\n"
				  "notes\tOn two lines.\n"
				  "option\tq\tquiet\t\tsay nothing\n"
				  "option\to\t\tVALUE\twrite there\n"
				  "option\t\tcolor\tWHEN\tauto, always or never\n"
				  "option\th\thelp\t\tthis text\n");
	free(text);
}

/* Each command's is shown in terminals of 80 columns. */
static void help_is_narrow(void **state)
{
	static const char words[] =
		"which is told in so many words that no terminal has room for them in one line, "
		"or in two, if they are those of an option";
	const struct arg_option options[] = {
		{ 0, "an-option-of-some-length", ARG_FLAG, NULL, words, NULL, NULL },
		{ 0 },
	};
	const struct argspec spec = {
		.command = "x",
		.summary = words,
		.notes =
			"One paragraph, which is told in so many words that it takes two lines.\n\n"
			"Another one, which does.",
		.options = options,
	};
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	argspec_help(&spec, to);
	fclose(to);
	for (const char *c = text; *c; c += strcspn(c, "\n") + 1) {
		if (strcspn(c, "\n") > 79)
			fail_msg("wider than 79: %s", c);
		assert_true(c[strcspn(c, "\n") - (*c != '\n')] != ' ');
	}
	assert_non_null(strstr(text, "two lines.\n\nAnother one, which does.\n"));
	assert_non_null(strstr(text, "\n                            which is told"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_in_every_usual_way),
		cmocka_unit_test(flags_bundle_and_count),
		cmocka_unit_test(operands_may_stand_between_options),
		cmocka_unit_test(what_follows_two_dashes_is_left_alone),
		cmocka_unit_test(the_first_operand_ends_options_when_told_so),
		cmocka_unit_test(errors_are_one_line_and_a_hint),
		cmocka_unit_test(help_lists_what_is_shown_and_nothing_else),
		cmocka_unit_test(help_is_narrow),
		cmocka_unit_test(the_table_has_a_line_for_each_option_that_is_shown),
	};

	return cmocka_run_group_tests_name("argspec", tests, NULL, NULL);
}
