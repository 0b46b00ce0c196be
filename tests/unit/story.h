/* SPDX-License-Identifier: MIT */
/*
 * A model that is told events in lines, and all that it told in turn, checked
 * while it is told: spans of a thread follow each other without a gap, switches
 * of a CPU as well.
 */
#ifndef TESTS_UNIT_STORY_H
#define TESTS_UNIT_STORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "event/event_text.h"
#include "model/model.h"

struct story_span {
	struct span span;
	char name[128];
};

/* What was told of one thread so far. */
struct story_task {
	const struct task *task;
	uint64_t since_ns;
	uint64_t time_ns[BUCKET_CNT];
	bool ended;
};

struct story {
	struct model m;
	struct observer observer;
	struct story_span *spans;
	size_t span_cnt, span_cap;
	struct story_task *tasks;
	size_t task_cnt, task_cap;
	struct cpu_switch *switches;
	size_t switch_cnt, switch_cap;
	struct wakeup *wakeups;
	size_t wakeup_cnt, wakeup_cap;
	uint64_t last_ns; /* of the last event fed, without the begin */
	bool begun, ended;
};

static inline struct story_task *story_task(struct story *s, const struct task *t)
{
	for (size_t i = 0; i < s->task_cnt; i++)
		if (s->tasks[i].task == t)
			return &s->tasks[i];
	return NULL;
}

static inline void story_begin(void *ctx, uint64_t ts_ns)
{
	struct story *s = ctx;

	assert_false(s->begun);
	assert_true(ts_ns == s->m.begin_ns);
	s->begun = true;
}

static inline void story_on_task(void *ctx, const struct task *t)
{
	struct story *s = ctx;

	assert_true(s->begun && !s->ended);
	assert_non_null(t->process);
	if (story_task(s, t))
		return;
	XGROW(s->tasks, s->task_cnt, s->task_cap);
	s->tasks[s->task_cnt++] = (struct story_task){ .task = t, .since_ns = t->start_ns };
}

static inline void story_on_task_end(void *ctx, const struct task *t)
{
	struct story_task *st = story_task(ctx, t);

	assert_non_null(st);
	assert_false(st->ended);
	st->ended = true;
}

static inline void story_on_span(void *ctx, const struct span *span)
{
	struct story *s = ctx;
	struct story_task *st = story_task(s, span->task);
	struct story_span *copy;

	assert_true(s->begun && !s->ended);
	assert_non_null(st);
	assert_false(st->ended);
	assert_true(span->start_ns == st->since_ns);
	assert_true(span->start_ns < span->end_ns);
	assert_true(span->start_ns >= s->m.begin_ns);
	assert_true(span->end_ns <= s->last_ns);
	assert_true(span->bucket < BUCKET_CNT);
	assert_non_null(span->name);
	st->since_ns = span->end_ns;
	st->time_ns[span->bucket] += span->end_ns - span->start_ns;

	XGROW(s->spans, s->span_cnt, s->span_cap);
	copy = &s->spans[s->span_cnt++];
	copy->span = *span;
	strncpy(copy->name, span->name, sizeof(copy->name) - 1);
	copy->name[sizeof(copy->name) - 1] = 0;
	copy->span.name = NULL; /* it was only lent */
}

static inline void story_on_wakeup(void *ctx, const struct wakeup *w)
{
	struct story *s = ctx;

	assert_true(s->begun && !s->ended);
	assert_non_null(story_task(s, w->task));
	XGROW(s->wakeups, s->wakeup_cnt, s->wakeup_cap);
	s->wakeups[s->wakeup_cnt++] = *w;
}

static inline void story_on_cpu(void *ctx, const struct cpu_switch *c)
{
	struct story *s = ctx;

	assert_true(s->begun && !s->ended);
	assert_true(c->ts_ns >= s->m.begin_ns);
	assert_int_not_equal(c->prev_tid, c->next_tid);
	for (size_t i = s->switch_cnt; i-- > 0;) {
		if (s->switches[i].cpu != c->cpu)
			continue;
		assert_int_equal(s->switches[i].next_tid, c->prev_tid);
		assert_true(s->switches[i].ts_ns <= c->ts_ns);
		break;
	}
	XGROW(s->switches, s->switch_cnt, s->switch_cap);
	s->switches[s->switch_cnt++] = *c;
}

static inline void story_end(void *ctx, uint64_t ts_ns)
{
	struct story *s = ctx;

	assert_true(s->begun && !s->ended);
	assert_true(ts_ns == s->m.end_ns);
	s->ended = true;
}

static inline void story_init(struct story *s)
{
	*s = (struct story){
		.observer = {
			.ctx = s,
			.begin = story_begin,
			.task = story_on_task,
			.task_end = story_on_task_end,
			.span = story_on_span,
			.wakeup = story_on_wakeup,
			.cpu = story_on_cpu,
			.end = story_end,
		},
	};
	model_init(&s->m);
	model_observe(&s->m, &s->observer);
}

static inline void story_release(struct story *s)
{
	model_release(&s->m);
	free(s->spans);
	free(s->tasks);
	free(s->switches);
	free(s->wakeups);
}

static inline void story_feed(struct story *s, const struct event *ev)
{
	if (ev->hdr.ts_ns > s->last_ns && ev->hdr.kind != EVENT_BEGIN)
		s->last_ns = ev->hdr.ts_ns;
	model_feed(&s->m, ev);
}

/* Events as lines, one after the other. */
static inline void story_tell(struct story *s, const char *lines)
{
	while (*lines) {
		size_t len = strcspn(lines, "\n");
		char *line = xstrndup(lines, len);
		struct strbuf why = { 0 };
		struct event ev;
		int ret = event_text_parse(line, &ev, &why);

		if (ret < 0)
			fail_msg("'%s': %s", line, strbuf_str(&why));
		if (!ret)
			story_feed(s, &ev);
		strbuf_release(&why);
		free(line);
		lines += len + (lines[len] == '\n');
	}
}

/* Every life is accounted for, from its start to its end. */
static inline void story_check_sums(struct story *s)
{
	assert_true(s->ended);
	for (size_t i = 0; i < s->m.task_cnt; i++) {
		const struct task *t = s->m.all_tasks[i];
		const struct story_task *st = story_task(s, t);
		uint64_t sum = 0;

		if (!st) {
			/* Nobody was told of it: then there is nothing to tell. */
			assert_true(t->start_ns == t->end_ns);
			continue;
		}
		assert_true(st->ended);
		assert_true(t->start_ns >= s->m.begin_ns && t->end_ns <= s->m.end_ns);
		for (int b = 0; b < BUCKET_CNT; b++)
			sum += st->time_ns[b];
		assert_true(t->end_ns >= t->start_ns);
		assert_true(sum == t->end_ns - t->start_ns);
	}
}

/* A whole story from its first line to its last. */
static inline void story_of(struct story *s, const char *lines)
{
	story_init(s);
	story_tell(s, lines);
	story_check_sums(s);
}

/* The @nth thread with that id; most ids come only once. */
static inline const struct story_task *story_nth(const struct story *s, uint32_t tid, size_t nth)
{
	for (size_t i = 0; i < s->task_cnt; i++)
		if (s->tasks[i].task->tid == tid && !nth--)
			return &s->tasks[i];
	fail_msg("no thread %u", tid);
	return NULL;
}

static inline uint64_t story_ns(const struct story *s, uint32_t tid, enum bucket b)
{
	return story_nth(s, tid, 0)->time_ns[b];
}

#endif
