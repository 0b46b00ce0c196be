/* SPDX-License-Identifier: MIT */
/* What the steps of verdict_judge() hand each other. Private to verdict/. */
#ifndef VERDICT_JUDGE_H
#define VERDICT_JUDGE_H

#include "verdict/rules.h"
#include "verdict/view.h"

#define FINDINGS_MAX 32

struct judgement {
	struct view view;
	struct finding findings[FINDINGS_MAX];	/* those that hold, in order of the tables */
	size_t finding_cnt;
	enum verdict_class class;
	enum verdict_fit current, fit;
	char *missing;				/* CLASS_INCONCLUSIVE: what is missing */
};

/* The finding with that rule id, or NULL. */
const struct finding *judgement_finding(const struct judgement *j, const char *id);

/* What a role alone would be called. */
enum verdict_class role_class(const struct role_view *r);

/* choose.c: class, current, fit, in this order. */
void choose_class(struct judgement *j);
void choose_current(struct judgement *j);
void choose_fit(struct judgement *j);
enum verdict_fit role_fit(const struct judgement *j, const struct role_view *r,
			  enum verdict_class class);
double choose_confidence(const struct judgement *j);

/* explain.c: the sentences; the caller frees. */
char *explain_verdict(const struct judgement *j);
char *explain_role(const struct judgement *j, const struct role_view *r, enum verdict_class class);

/* advise.c; after predict(), whose numbers of workers it takes over */
void advise(const struct judgement *j, struct fact_verdict *out);
void add_advice(struct fact_verdict *out, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* predict.c */
void predict(const struct judgement *j, struct fact_verdict *out);

#endif
