// SPDX-License-Identifier: MIT
/* Each rule on both sides of its threshold: does it hold, is it the threshold, what fits? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rule_cases.h"

/* What the rule holds against its threshold, whether it holds or not. */
static double value_at(const struct side *s, uint64_t x)
{
	const struct rule *r = find_rule(s->rule);
	struct finding f = { .rule = r };
	struct facts facts = s->make(x);
	struct view v;

	view_init(&v, &facts);
	r->check(&v, r, &f);
	view_release(&v);
	strbuf_release(&f.text);
	facts_release(&facts);
	return f.value;
}

/* 0: as it should be. */
static int check_side(const struct side *s, uint64_t x, bool holds, enum verdict_fit fit)
{
	struct facts f = s->make(x);
	struct fact_verdict v;
	int bad;

	verdict_judge(&f, &v);
	bad = has_evidence(&v, s->rule) != holds || v.fit != fit;
	if (bad) {
		print_error("%s at %lu: %s, %s fit(s) instead of %s, class %s\n", s->rule,
			    (unsigned long)x, holds ? "does not hold" : "holds",
			    verdict_fit_name(v.fit), verdict_fit_name(fit),
			    verdict_class_name(v.class));
		for (size_t i = 0; i < v.evidence_cnt; i++)
			print_error("  %s: %s\n", v.evidence[i].rule, v.evidence[i].text);
	}
	fact_verdict_release(&v);
	facts_release(&f);
	return bad;
}

static void rules_hold_on_one_side_of_their_threshold(void **state)
{
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++) {
		bad += check_side(&sides[i], sides[i].without, false, sides[i].fit_without);
		bad += check_side(&sides[i], sides[i].with, true, sides[i].fit_with);
	}
	assert_int_equal(bad, 0);
}

/* A third of it to either side; of what is counted, one. */
static bool is_near(double value, double threshold)
{
	double off = value > threshold ? value - threshold : threshold - value;

	return off <= threshold / 3 || (threshold >= 1 && off <= 1);
}

static void it_is_the_threshold_that_parts_the_sides(void **state)
{
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++) {
		double threshold = find_rule(sides[i].rule)->threshold;
		double a = value_at(&sides[i], sides[i].without);
		double b = value_at(&sides[i], sides[i].with);

		if (is_near(a, threshold) && is_near(b, threshold) &&
		    (a < threshold) != (b < threshold))
			continue;
		print_error("%s: %g and %g don't enclose its threshold %g closely\n", sides[i].rule,
			    a, b, threshold);
		bad++;
	}
	assert_int_equal(bad, 0);
}

static void no_rule_is_without_a_case(void **state)
{
	int missing = 0;

	(void)state;
	for (size_t i = 0; rule_tables[i]; i++) {
		for (const struct rule *r = rule_tables[i]; r->id; r++) {
			if (find_side(r->id))
				continue;
			print_error("rule '%s' has no facts on both sides of its threshold\n",
				    r->id);
			missing++;
		}
	}
	assert_int_equal(missing, 0);
}

/* The page on verdicts, or NULL where the sources are not. */
static char *read_page(void)
{
	FILE *file = fopen("docs/verdicts.md", "r");
	struct strbuf text = { 0 };
	char part[4096];
	size_t len;

	if (!file)
		return NULL;
	while ((len = fread(part, 1, sizeof(part), file)) > 0)
		strbuf_add(&text, part, len);
	fclose(file);
	return strbuf_take(&text);
}

/* In bold, at the head of a paragraph of reasons. */
static bool has_reason(const char *page, const char *id)
{
	for (const char *at = strstr(page, "* **"); at; at = strstr(at + 1, "* **")) {
		const char *found = strstr(at, id), *end = strstr(at + 4, "**");

		if (found && end && found < end)
			return true;
	}
	return false;
}

static void no_rule_is_missing_in_the_docs(void **state)
{
	char *page = read_page();
	int missing = 0;

	(void)state;
	if (!page)
		skip();
	for (size_t i = 0; rule_tables[i]; i++) {
		for (const struct rule *r = rule_tables[i]; r->id; r++) {
			char *row = xasprintf("\n| `%s` |", r->id);

			if (!strstr(page, row) || !has_reason(page, r->id)) {
				print_error("docs/verdicts.md: no row or no reason for '%s'\n",
					    r->id);
				missing++;
			}
			free(row);
		}
	}
	free(page);
	assert_int_equal(missing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_rule_is_without_a_case),
		cmocka_unit_test(no_rule_is_missing_in_the_docs),
		cmocka_unit_test(it_is_the_threshold_that_parts_the_sides),
		cmocka_unit_test(rules_hold_on_one_side_of_their_threshold),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
