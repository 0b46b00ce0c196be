// SPDX-License-Identifier: MIT
/* Owns the order of the steps: view, rules, choice, words. */
#include "verdict/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "verdict/judge.h"

const struct rule *const rule_tables[] = {
	rules_python, rules_lock, rules_ipc, rules_io, rules_cpu, rules_async, NULL,
};

static void run_rules(struct judgement *j)
{
	for (size_t i = 0; rule_tables[i]; i++) {
		for (const struct rule *r = rule_tables[i]; r->id; r++) {
			struct finding *f = &j->findings[j->finding_cnt];

			if (j->finding_cnt == FINDINGS_MAX)
				return;
			*f = (struct finding){ .rule = r };
			if (r->check(&j->view, r, f))
				j->finding_cnt++;
			else
				strbuf_release(&f->text);
		}
	}
}

const struct finding *judgement_finding(const struct judgement *j, const char *id)
{
	for (size_t i = 0; i < j->finding_cnt; i++)
		if (!strcmp(j->findings[i].rule->id, id))
			return &j->findings[i];
	return NULL;
}

static void judgement_release(struct judgement *j)
{
	for (size_t i = 0; i < j->finding_cnt; i++)
		strbuf_release(&j->findings[i].text);
	free(j->missing);
	view_release(&j->view);
}

/* Evidence for the verdict's own class first, then by what it costs. */
static int by_weight(const void *a, const void *b)
{
	const struct finding *x = *(const struct finding *const *)a;
	const struct finding *y = *(const struct finding *const *)b;

	if (x->cost != y->cost)
		return x->cost > y->cost ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Never left out, whatever the class: it does not depend on how much there is to do. */
static bool is_foremost(const struct judgement *j, const struct finding *f)
{
	return f->rule->class == j->class || f == judgement_finding(j, "deadlock") ||
	       f == judgement_finding(j, "loop-blocks") ||
	       f == judgement_finding(j, "already-async");
}

static bool has_shares(const struct judgement *j)
{
	return j->class != CLASS_IDLE && j->class != CLASS_INCONCLUSIVE;
}

static void put_evidence(const struct judgement *j, struct fact_verdict *out)
{
	const struct finding *sorted[FINDINGS_MAX];
	size_t cnt = 0, own = 0;

	for (size_t i = 0; i < j->finding_cnt; i++)
		if (is_foremost(j, &j->findings[i]))
			sorted[cnt++] = &j->findings[i];
	own = cnt;
	/* Of an idle program the other rules see shares of next to nothing. */
	for (size_t i = 0; i < j->finding_cnt && has_shares(j); i++)
		if (!is_foremost(j, &j->findings[i]))
			sorted[cnt++] = &j->findings[i];
	qsort(sorted, own, sizeof(sorted[0]), by_weight);
	qsort(sorted + own, cnt - own, sizeof(sorted[0]), by_weight);

	out->evidence = xcalloc(cnt, sizeof(*out->evidence));
	for (size_t i = 0; i < cnt; i++)
		out->evidence[out->evidence_cnt++] = (struct fact_evidence){
			.rule = xstrdup(sorted[i]->rule->id),
			.text = xstrdup(strbuf_str(&sorted[i]->text)),
			.unit = xstrdup(sorted[i]->rule->unit),
			.value = sorted[i]->value,
			.threshold = sorted[i]->rule->threshold,
		};
}

static int by_activity(const void *a, const void *b)
{
	const struct role_view *x = *(const struct role_view *const *)a;
	const struct role_view *y = *(const struct role_view *const *)b;

	if (x->active_ns != y->active_ns)
		return x->active_ns > y->active_ns ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* The rules once more, for the threads of one role. */
static void judge_role(const struct view *v, size_t role, struct role_judgement *out)
{
	struct judgement *j = xcalloc(1, sizeof(*j));

	view_of_role(&j->view, v, role);
	run_rules(j);
	choose_class(j);
	choose_current(j);
	choose_fit(j);
	*out = (struct role_judgement){ role, j->class, j->fit };
	judgement_release(j);
	free(j);
}

static void judge_roles(struct judgement *j)
{
	const struct view *v = &j->view;
	const struct role_view **sorted = xcalloc(v->role_cnt, sizeof(*sorted));

	for (size_t i = 0; i < v->role_cnt; i++)
		sorted[i] = &v->roles[i];
	qsort(sorted, v->role_cnt, sizeof(*sorted), by_activity);
	for (size_t i = 0; i < v->role_cnt && i < ROLES_MAX; i++)
		judge_role(v, (size_t)(sorted[i] - v->roles), &j->roles[j->role_cnt++]);
	free(sorted);
}

/* A role's share of the active time from which it is the program. */
#define ROLE_IS_ALL 0.90

/* A role that is as the whole is, or is the whole, has the whole's fit, which knows more. */
static void settle_roles(struct judgement *j)
{
	double active = 0;

	for (size_t i = 0; i < j->view.role_cnt; i++)
		active += j->view.roles[i].active_ns;
	for (size_t i = 0; i < j->role_cnt; i++) {
		struct role_judgement *r = &j->roles[i];

		if (j->view.roles[r->role].active_ns > active * ROLE_IS_ALL)
			r->class = j->class;
		if (j->class == CLASS_INCONCLUSIVE)
			r->fit = FIT_INCONCLUSIVE;
		else if (r->class == j->class && j->fit != FIT_HYBRID)
			r->fit = j->fit;
	}
}

static void put_roles(const struct judgement *j, struct fact_verdict *out)
{
	out->roles = xcalloc(ROLES_MAX, sizeof(*out->roles));
	for (size_t i = 0; i < j->role_cnt; i++) {
		const struct role_judgement *r = &j->roles[i];
		const struct role_view *role = &j->view.roles[r->role];

		out->roles[out->role_cnt++] = (struct fact_role_verdict){
			.role = xstrdup(role->name),
			.threads = role->threads,
			.class = r->class,
			.fit = r->fit,
			.summary = explain_role(j, role, r->class),
		};
	}
}

void verdict_judge(const struct facts *f, struct fact_verdict *out)
{
	struct judgement j = { 0 };

	view_init(&j.view, f);
	judge_roles(&j);
	run_rules(&j);
	choose_class(&j);
	choose_current(&j);
	choose_fit(&j);
	heed_needs(&j);
	settle_roles(&j);

	*out = (struct fact_verdict){
		.class = j.class,
		.current = j.current,
		.fit = j.fit,
		.summary = explain_verdict(&j),
	};
	weigh(&j, out);
	put_roles(&j, out);
	put_evidence(&j, out);
	predict(&j, out);
	advise(&j, out);

	judgement_release(&j);
}

/* Not where something holds the program back that both have. */
static bool is_choice_the_point(enum verdict_class class)
{
	return class == CLASS_GIL_BOUND || class == CLASS_IPC_BOUND || class == CLASS_MIXED;
}

const char *verdict_headline(const struct fact_verdict *v)
{
	bool is_kept = v->fit == v->current;

	switch (v->fit) {
	case FIT_PROCESSES:
		return is_kept ? "processes fit this workload"
		       : v->current == FIT_SINGLE
			       ? "processes would fit this workload better than a single thread"
		       : v->current == FIT_THREADS
			       ? "processes fit this workload better than threads"
			       : "processes would fit this workload better";
	case FIT_THREADS:
		return is_kept ? "threads fit this workload"
		       : v->current == FIT_SINGLE
			       ? "threads would fit this workload better than a single thread"
		       : v->current == FIT_PROCESSES
			       ? "threads fit this workload better than processes"
			       : "threads would fit this workload better";
	case FIT_HYBRID:
		if (v->current == FIT_ASYNC)
			return "an event loop with a pool beside it fits this workload best";
		return is_kept ? "this mix of threads and processes fits the workload"
			       : "a mix of threads and processes fits this workload best";
	case FIT_ASYNC:
		return is_kept ? "an event loop fits this workload"
			       : "an event loop (async) fits this workload better";
	case FIT_SINGLE:
		return "a single thread is enough for this workload";
	case FIT_EITHER:
		return is_choice_the_point(v->class)
			       ? "threads or processes: neither is clearly better here"
			       : "threads or processes: not what holds this program back";
	default:
		return "no verdict: the recording does not say enough";
	}
}

const char *verdict_confidence_word(double confidence)
{
	return confidence >= 0.75 ? "high" : confidence >= 0.45 ? "medium" : "low";
}
