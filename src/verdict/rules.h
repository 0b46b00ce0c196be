/* SPDX-License-Identifier: MIT */
/* The rules: one table per subject. */
#ifndef VERDICT_RULES_H
#define VERDICT_RULES_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "verdict/view.h"

/* A rule that is evidence but names no class. */
#define CLASS_NONE CLASS_CNT

struct finding {
	const struct rule *rule;
	double value;		/* what was held against the threshold */
	double cost;		/* share of the active time it explains, 0 … 1; ranks findings */
	struct strbuf text;	/* a sentence for people, with the numbers */
};

struct rule {
	const char *id;
	enum verdict_class class;
	double threshold;
	const char *unit;
	/* True when it holds; then value, cost and text are set. */
	bool (*check)(const struct view *v, const struct rule *r, struct finding *out);
	const char *what;
};

/* Each ends with a row without an id. */
extern const struct rule rules_cpu[];
extern const struct rule rules_lock[];
extern const struct rule rules_io[];
extern const struct rule rules_python[];
extern const struct rule rules_ipc[];
extern const struct rule rules_async[];

/* All of them, in the order in which they are checked; then NULL. */
extern const struct rule *const rule_tables[];

/* The most waited for lock of the kinds that @is_kernel asks for, or NULL. */
const struct fact_lock *top_lock(const struct facts *f, bool is_kernel);

#endif
