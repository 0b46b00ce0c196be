/* SPDX-License-Identifier: MIT */
/* What the steps of verdict_judge() hand each other. Private to verdict/. */
#ifndef VERDICT_JUDGE_H
#define VERDICT_JUDGE_H

#include "verdict/rules.h"
#include "verdict/view.h"

#define FINDINGS_MAX 64

/* Roles that get a verdict of their own: what a person would still read. */
#define ROLES_MAX 32

struct role_judgement {
	size_t role;				/* index into view.roles */
	enum verdict_class class;
	enum verdict_fit fit;
};

struct judgement {
	struct view view;
	struct finding findings[FINDINGS_MAX];	/* those that hold, in order of the tables */
	size_t finding_cnt;
	struct role_judgement roles[ROLES_MAX];	/* the most active ones, most active first */
	size_t role_cnt;
	enum verdict_class class;
	enum verdict_fit current, fit;
	enum verdict_fit fit_by_need;		/* what --need made of fit; FIT_INCONCLUSIVE: nothing */
	const struct fact_whatif *replayed;	/* that changed the fit; NULL: none did */
	char *missing;				/* CLASS_INCONCLUSIVE: what is missing */
};

/* The finding with that rule id, or NULL. */
const struct finding *judgement_finding(const struct judgement *j, const char *id);

/* The user said --need @what. */
bool judgement_needs(const struct judgement *j, const char *what);

/* choose.c: class, current, in this order. */
void choose_class(struct judgement *j);
void choose_current(struct judgement *j);

/* All that run were recorded. */
bool is_whole_machine(const struct facts *f);

/* Do some roles live on CPU, and others on I/O? */
bool roles_differ(const struct judgement *j);

/* fit.c: what fits, after choose.c; and what of it the user's needs change. */
void choose_fit(struct judgement *j);
void heed_needs(struct judgement *j);

/* The replay's prediction for @change, or NULL: there is none. */
const struct fact_whatif *find_replay(const struct facts *f, const char *change);

/* Its workers compute, and wait for I/O longer than they compute. */
bool waits_and_computes(const struct judgement *j);

/* confidence.c: out->confidence, and in out->doubts what lowered it. */
void weigh(const struct judgement *j, struct fact_verdict *out);
double lost_share(const struct facts *f);

/* explain_fit.c: why the fit, which role goes where, what the user's needs cost. */
void explain_fit(const struct judgement *j, struct strbuf *s);

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
