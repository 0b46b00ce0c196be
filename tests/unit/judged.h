/* SPDX-License-Identifier: MIT */
/* A verdict on made-up facts, and what is in it; included by tests. */
#ifndef UNIT_JUDGED_H
#define UNIT_JUDGED_H

#include <string.h>

#include "make_facts.h"
#include "verdict/verdict.h"

/* Releases @f. */
static inline struct fact_verdict judge(struct facts *f)
{
	struct fact_verdict v;

	verdict_judge(f, &v);
	facts_release(f);
	return v;
}

static inline const struct fact_evidence *evidence(const struct fact_verdict *v, const char *rule)
{
	for (size_t i = 0; i < v->evidence_cnt; i++)
		if (!strcmp(v->evidence[i].rule, rule))
			return &v->evidence[i];
	return NULL;
}

static inline bool is_advised(const struct fact_verdict *v, const char *what)
{
	for (size_t i = 0; i < v->advice_cnt; i++)
		if (strstr(v->advice[i], what))
			return true;
	return false;
}

#define assert_class(v, c) \
	assert_string_equal(verdict_class_name((v)->class), verdict_class_name(c))
#define assert_fit(v, f) assert_string_equal(verdict_fit_name((v)->fit), verdict_fit_name(f))
#define assert_current(v, f) \
	assert_string_equal(verdict_fit_name((v)->current), verdict_fit_name(f))

#endif
