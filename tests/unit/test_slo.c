// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "facts/slo.h"
#include "make_facts.h"
#include "output/report_slo.h"

static struct slo parsed(const char *text)
{
	char why[SLO_WHY_LEN] = "";
	struct slo slo = { 0 };

	if (slo_parse(&slo, text, why))
		fail_msg("'%s': %s", text, why);
	return slo;
}

static void refused(const char *text, const char *says)
{
	char why[SLO_WHY_LEN] = "";
	struct slo slo = { 0 };

	assert_int_equal(slo_parse(&slo, text, why), -EINVAL);
	if (!strstr(why, says))
		fail_msg("'%s' was refused with '%s'", text, why);
}

static void every_key_has_its_units(void **state)
{
	struct slo s = parsed("p50=250us, p95=1.5ms,p99=2s,max=1m,rps=2k,cpu=85%,memory=300M");

	(void)state;
	assert_true(s.limit[SLO_P50] == 250e3 && s.limit[SLO_P95] == 1.5e6);
	assert_true(s.limit[SLO_P99] == 2e9 && s.limit[SLO_MAX] == 60e9);
	assert_true(s.limit[SLO_RPS] == 2000 && s.limit[SLO_CPU] == 85);
	assert_true(s.limit[SLO_MEMORY] == 300.0 * 1024 * 1024);
	for (int i = 0; i < SLO_CNT; i++)
		assert_true(s.is_set[i]);
	assert_true(parsed("cpu=85").limit[SLO_CPU] == 85);
	assert_true(parsed("memory=1GiB").limit[SLO_MEMORY] == 0x1p30);
}

static void a_file_has_lines_and_comments(void **state)
{
	struct slo s = parsed(
		"# shop, 2026\n\n  p95 = 300ms\t# contract\r\ncpu=85%,memory=1G\n#p50=1ns");

	(void)state;
	assert_true(s.limit[SLO_P95] == 300e6 && s.limit[SLO_CPU] == 85);
	assert_true(s.is_set[SLO_MEMORY] && !s.is_set[SLO_P50]);
}

static void the_later_limit_counts(void **state)
{
	(void)state;
	assert_true(parsed("p95=1s,p95=2s").limit[SLO_P95] == 2e9);
}

static void what_is_wrong_is_named(void **state)
{
	(void)state;
	refused("p95", "'p95': expected KEY=LIMIT");
	refused("cpu=1,p95=300", "'p95=300': expected a time");
	refused("p95=1h", "expected a time");
	refused("p95=-1ms", "expected a time");
	refused("p95=0x10ms", "expected a time");
	refused("p95=infms", "expected a time");
	refused("p95=.ms", "expected a time");
	refused("p951=1ms", "unknown key");
	refused("=1ms", "unknown key");
	refused("memory=5", "expected a size");
	refused("", "no limit");
	refused(" ,\n# p95=1s", "no limit");
}

static struct facts served(uint64_t p95_ms)
{
	struct facts f = recording(10000, 2);

	process(&f, 100, 1, "shop")->pss_bytes = 50 << 20;
	process(&f, 101, 100, "shop")->rss_bytes = 200 << 20;
	thread(&f, 100, 100, "shop", CPU(5000));
	f.threads[0].first_cpu_ns = 1 * NS_PER_S;
	f.threads[0].last_cpu_ns = 6 * NS_PER_S;
	f.requests.turns.count = 1000;
	f.requests.turns.per_second = 100;
	f.requests.turns.p50 = NS_PER_MS;
	f.requests.turns.p95 = p95_ms * NS_PER_MS;
	f.requests.turns.p99 = f.requests.turns.max = 2 * p95_ms * NS_PER_MS;
	return f;
}

static bool meets(struct facts *f, const char *text)
{
	struct slo slo = parsed(text);

	slo_judge(&slo, f);
	assert_int_equal(f->slo_cnt, 1);
	return f->slo[0].met;
}

static void each_limit_has_two_sides(void **state)
{
	struct facts f = served(300);

	(void)state;
	assert_true(meets(&f, "p95=300ms"));
	assert_false(meets(&f, "p95=299ms"));
	assert_true(meets(&f, "p50=1ms"));
	assert_false(meets(&f, "p99=599ms"));
	assert_true(meets(&f, "max=600ms"));
	assert_true(meets(&f, "rps=100"));
	assert_false(meets(&f, "rps=101"));
	/* 5 s of CPU in the 5 s between the first and the last work, on two CPUs. */
	assert_true(meets(&f, "cpu=50%"));
	assert_false(meets(&f, "cpu=49.9%"));
	/* The larger process: its share isn't known, so all that it maps. */
	assert_true(meets(&f, "memory=200M"));
	assert_false(meets(&f, "memory=199M"));
	facts_release(&f);
}

static void a_helper_is_no_worker(void **state)
{
	struct facts f = served(1);

	(void)state;
	f.processes[1].helper = xstrdup("fork server");
	assert_true(meets(&f, "memory=50M"));
	facts_release(&f);
}

static void what_was_not_measured_is_missed(void **state)
{
	struct facts f = recording(1000, 2);
	struct strbuf line = { 0 };

	(void)state;
	assert_false(meets(&f, "rps=1"));
	assert_false(f.slo[0].is_known);
	assert_string_equal(f.slo[0].why, "no requests were seen");
	assert_false(meets(&f, "memory=1G"));
	f.requests.unfinished = 1;
	assert_false(meets(&f, "p95=1s"));
	report_slo_line(&f.slo[0], &line);
	assert_string_equal(strbuf_str(&line),
			    "p95 not measured (no request was answered), limit 1.0 s: missed");
	strbuf_release(&line);
	facts_release(&f);
}

static void missed_limits_are_counted(void **state)
{
	struct slo slo = parsed("p95=1ms,cpu=100%,memory=1K");
	struct facts f = served(300);

	(void)state;
	assert_true(slo_is_empty(&(struct slo){ 0 }) && !slo_is_empty(&slo));
	slo_judge(&slo, &f);
	slo_judge(&slo, &f);
	assert_int_equal(f.slo_cnt, 3);
	assert_int_equal(slo_missed(&f), 2);
	facts_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_has_its_units),
		cmocka_unit_test(a_file_has_lines_and_comments),
		cmocka_unit_test(the_later_limit_counts),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(each_limit_has_two_sides),
		cmocka_unit_test(a_helper_is_no_worker),
		cmocka_unit_test(what_was_not_measured_is_missed),
		cmocka_unit_test(missed_limits_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
