/* SPDX-License-Identifier: MIT */
/*
 * A run for the replay, told span by span as the model would; times are milliseconds:
 *
 *	struct stage s;
 *	stage_init(&s, 0);
 *	p = stage_process(&s, 10, true);
 *	a = stage_task(&s, p, 10, "main");
 *	run(&s, a, 0, 50);
 *	waits(&s, a, BUCKET_SYNC, 50, 100, b);		b ended it; NULL: nobody did
 */
#ifndef TESTS_UNIT_WHATIF_STAGE_H
#define TESTS_UNIT_WHATIF_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "facts/facts_build.h"
#include "facts/replay.h"
#include "facts/segments.h"

#define BEGIN_NS (1000 * NS_PER_MS)

struct stage {
	struct model m;
	struct facts_build fb;
	struct process processes[8];
	struct task tasks[16];
	struct lock locks[4];
	size_t lock_cnt;
};

/* @max 0: as many segments as usual. */
static inline void stage_init(struct stage *s, size_t max)
{
	*s = (struct stage){ 0 };
	facts_build_init(&s->fb, &(struct facts_build_options){ 0 });
	s->m.begin_ns = BEGIN_NS;
	s->fb.observer.begin(s->fb.observer.ctx, BEGIN_NS);
	if (max)
		segments_init(&s->fb.segments, BEGIN_NS, max);
}

static inline void stage_release(struct stage *s)
{
	facts_build_release(&s->fb);
	free(s->m.all_tasks);
	free(s->m.all_processes);
	htab_release(&s->m.locks);
}

static inline struct process *stage_process(struct stage *s, uint32_t pid, bool global_lock)
{
	struct process *p = &s->processes[s->m.process_cnt];

	p->pid = pid;
	p->start_ns = BEGIN_NS;
	p->global_lock = global_lock;
	strcpy(p->runtime, global_lock ? "cpython" : "");
	XGROW(s->m.all_processes, s->m.process_cnt, s->m.process_cap);
	s->m.all_processes[s->m.process_cnt++] = p;
	return p;
}

static inline struct task *stage_task(struct stage *s, struct process *p, uint32_t tid,
				      const char *name)
{
	struct task *t = &s->tasks[s->m.task_cnt];

	t->tid = tid;
	t->process = p;
	strcpy(t->name, name);
	t->start_ns = BEGIN_NS;
	t->index = (uint32_t)s->m.task_cnt;
	XGROW(s->m.all_tasks, s->m.task_cnt, s->m.task_cap);
	s->m.all_tasks[s->m.task_cnt++] = t;
	return t;
}

static inline struct lock *stage_lock(struct stage *s, struct process *p, const char *name)
{
	struct lock *l = &s->locks[s->lock_cnt++];

	l->kind = LOCK_MUTEX;
	l->index = (uint32_t)s->lock_cnt;
	l->process = p;
	l->name = (char *)name;
	htab_put(&s->m.locks, s->lock_cnt, 0, l);
	return l;
}

static inline void tell(struct stage *s, struct span *sp, uint64_t from, uint64_t to)
{
	sp->name = "";
	sp->sysno = PAR_NO_SYSCALL;
	sp->start_ns = BEGIN_NS + from * NS_PER_MS;
	sp->end_ns = BEGIN_NS + to * NS_PER_MS;
	if (sp->lock) {
		struct lock *l = &s->locks[sp->lock->index - 1];

		l->waits++;
		l->wait_ns += sp->end_ns - sp->start_ns;
		l->contended_ns += sp->end_ns - sp->start_ns;
	}
	s->fb.observer.span(s->fb.observer.ctx, sp);
}

static inline void run(struct stage *s, const struct task *t, uint64_t from, uint64_t to)
{
	tell(s, &(struct span){ .task = t, .bucket = BUCKET_CPU_USER }, from, to);
}

static inline void waits(struct stage *s, const struct task *t, enum bucket b, uint64_t from,
			 uint64_t to, const struct task *waker)
{
	tell(s, &(struct span){ .task = t, .bucket = b, .waker = waker }, from, to);
}

static inline void locked(struct stage *s, const struct task *t, const struct lock *l,
			  uint64_t from, uint64_t to, const struct task *holder)
{
	tell(s, &(struct span){ .task = t, .bucket = BUCKET_LOCK, .lock = l, .waker = holder },
	     from, to);
}

static inline void stage_end(struct stage *s, uint64_t at)
{
	s->fb.observer.end(s->fb.observer.ctx, BEGIN_NS + at * NS_PER_MS);
	for (size_t i = 0; i < s->m.task_cnt; i++)
		if (!s->tasks[i].end_ns)
			s->tasks[i].end_ns = BEGIN_NS + at * NS_PER_MS;
}

#endif
