// SPDX-License-Identifier: MIT
/* Owns the question whom the advice is for: the language and framework of the workers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "verdict/advise.h"

/* A parent's parent's parent: further up it is the user's shell and editor. */
#define ANCESTORS_MAX 6

static const struct {
	const char *runtime;
	enum language language;
} languages[] = {
	{ "cpython", LANG_CPYTHON }, { "pypy", LANG_PYPY }, { "ruby", LANG_RUBY },
	{ "node", LANG_NODE },	     { "java", LANG_JAVA }, { "go", LANG_GO },
	{ "rust", LANG_RUST },
};

/* Finished programs, and those that only start others. */
static const char *const products[] = { "postgresql", "nginx", "redis", "memcached",
					"make",	      "ninja", "xargs", "parallel" };
static const char *const launchers[] = { "make", "ninja", "xargs", "parallel" };

static enum language language_of(const struct fact_process *p)
{
	for (size_t i = 0; p->runtime && i < ARRAY_CNT(languages); i++)
		if (!strcmp(p->runtime, languages[i].runtime))
			return languages[i].language;
	return LANG_NATIVE;
}

/* That in which most of the active time of the workers is spent. */
static void find_language(const struct view *v, struct audience *out)
{
	const struct fact_process *sample[LANG_CNT] = { 0 };
	double active[LANG_CNT] = { 0 };

	for (size_t i = 0; i < v->thread_cnt; i++) {
		const struct thread_view *t = &v->threads[i];
		enum language lang;

		if (!t->process || (v->workers && !t->is_worker))
			continue;
		lang = language_of(t->process);
		active[lang] += t->active_ns;
		if (!sample[lang])
			sample[lang] = t->process;
	}
	for (int lang = 0; lang < LANG_CNT; lang++)
		if (sample[lang] &&
		    (!sample[out->language] || active[lang] > active[out->language]))
			out->language = (enum language)lang;
	if (sample[out->language] && sample[out->language]->runtime_version &&
	    sscanf(sample[out->language]->runtime_version, "%3u.%3u", &out->major, &out->minor) < 1)
		out->major = out->minor = 0;
}

/* The nearest one with a framework, upwards from @p; @below: its child on the way, or @p. */
static const struct fact_process *lead_of(const struct view *v, const struct fact_process *p,
					  const struct fact_process **below)
{
	*below = p;
	for (int i = 0; p && i < ANCESTORS_MAX; i++) {
		if (p->framework)
			return p;
		*below = p;
		p = v->processes[p - v->facts->processes].parent;
	}
	return NULL;
}

struct lead {
	const struct fact_process *process, *below;
	double active_ns;
	bool is_split;		/* works through more than one child */
};

static void add_lead(struct lead *leads, size_t *cnt, const struct fact_process *p,
		     const struct fact_process *below, double active_ns)
{
	struct lead *l = leads;

	while (l < leads + *cnt && strcmp(l->process->framework, p->framework))
		l++;
	if (l == leads + *cnt) {
		*l = (struct lead){ .process = p, .below = below };
		(*cnt)++;
	}
	/* Workers often keep no options in their own titles; who leads them has. */
	if (!l->process->framework_options || !l->process->framework_options[0])
		l->process = p;
	l->is_split = l->is_split || below != l->below;
	l->active_ns += active_ns;
}

/*
 * Under which most of the work is done. A launcher counts only when the work is spread
 * over several of its children: one program that `make test` runs is a program.
 */
static void find_framework(const struct view *v, struct audience *out)
{
	struct lead *leads = xcalloc(v->thread_cnt + 1, sizeof(*leads));
	const struct lead *best = NULL;
	size_t cnt = 0;
	double all = 0;

	for (size_t i = 0; i < v->thread_cnt; i++) {
		const struct thread_view *t = &v->threads[i];
		const struct fact_process *p, *below;

		if (!t->process || (v->workers && !t->is_worker))
			continue;
		all += t->active_ns;
		p = lead_of(v, t->process, &below);
		if (p)
			add_lead(leads, &cnt, p, below, t->active_ns);
	}
	for (size_t i = 0; i < cnt; i++) {
		const char *name = leads[i].process->framework;

		if (!leads[i].is_split && text_is_one_of(name, launchers, ARRAY_CNT(launchers)))
			continue;
		if (!best || leads[i].active_ns > best->active_ns)
			best = &leads[i];
	}
	if (best && best->active_ns >= all / 2) {
		out->framework = best->process->framework;
		if (best->process->framework_options)
			out->options = best->process->framework_options;
		out->is_product = text_is_one_of(out->framework, products, ARRAY_CNT(products));
	}
	free(leads);
}

void audience_find(const struct judgement *j, struct audience *out)
{
	*out = (struct audience){ .options = "" };
	find_language(&j->view, out);
	find_framework(&j->view, out);
}
