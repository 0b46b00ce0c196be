// SPDX-License-Identifier: MIT
/* Values of options, in pieces that end with a byte 0xff, and a whole command line. */
#include <math.h>
#include <string.h>

#include "base/argspec.h"
#include "base/clock.h"
#include "base/text.h"
#include "cmd/need.h"
#include "cmd/request_option.h"
#include "cmd/show.h"
#include "diff/fail_on.h"
#include "facts/slo.h"
#include "fuzz.h"

#define ARGS_MAX 16

static void parse_values(const char *value)
{
	char slo_why[SLO_WHY_LEN], fail_why[FAIL_ON_WHY_LEN], *end;
	struct request_option request = { 0 };
	struct fail_on fail_on = { 0 };
	struct slo slo = { 0 };
	enum show_color color;
	struct need need = { 0 };
	uint64_t ns = 0;
	double number;

	if (!duration_parse(value, &ns))
		FUZZ_CHECK(ns > 0 && ns <= 366ULL * 86400 * NS_PER_S);
	if (text_number(value, &number, &end))
		FUZZ_CHECK(isfinite(number) && end > value);
	if (slo_parse(&slo, value, slo_why))
		FUZZ_CHECK(slo_why[0]);
	if (fail_on_parse(&fail_on, value, fail_why))
		FUZZ_CHECK(fail_why[0]);
	fail_on_release(&fail_on);
	if (!request_option_parse(&request, value))
		FUZZ_CHECK(request.function[0]);
	request_option_release(&request);
	show_parse_color(&color, value);
	need_parse(&need, value);
}

static void parse_command_line(char **args, int cnt)
{
	bool flag = false;
	int verbose = 0;
	const char *text = NULL;
	uint64_t ns = 0, number = 0;
	struct request_option request = { 0 };
	const struct arg_option options[] = {
		{ 'q', "quiet", ARG_FLAG, NULL, "say nothing", &flag, NULL },
		{ 'v', "verbose", ARG_COUNT, NULL, "say more", &verbose, NULL },
		{ 'o', "output", ARG_STRING, "FILE", "write there", &text, NULL },
		{ 'd', "duration", ARG_DURATION, "TIME", "stop then", &ns, NULL },
		{ 'n', "number", ARG_NUMBER, NULL, "so many", &number, NULL },
		{ 'r', "request", ARG_CALLBACK, "F", "a function", &request, request_option_parse },
		{ 0 },
	};
	const struct argspec spec = { .command = "fuzz", .options = options };
	struct arg_rest rest;

	if (!argspec_parse(&spec, cnt, args, &rest))
		FUZZ_CHECK(rest.cnt < cnt && rest.dashes <= rest.cnt && !rest.args[rest.cnt]);
	request_option_release(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *args[ARGS_MAX + 1], *all[ARGS_MAX + 1];
	int cnt = 0;

	for (; size && cnt < ARGS_MAX; cnt++)
		args[cnt] = all[cnt] = fuzz_take_string(&data, &size);
	args[cnt] = NULL;
	for (int i = 0; i < cnt; i++)
		parse_values(args[i]);
	if (cnt)
		parse_command_line(args, cnt);
	for (int i = 0; i < cnt; i++)
		free(all[i]);
	return 0;
}
