/* SPDX-License-Identifier: MIT */
/* Owns the stacks and their sums; how they are written is the formats' business. */
#include "export/stacks.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "export/threads.h"
#include "output/trace_reader.h"

struct filler {
	struct stacks *stacks;
	struct threads threads;
	uint64_t (*told_ns)[BUCKET_CNT];	/* [f->thread_cnt], of the facts' time */
};

int stack_depth(const struct stack *s)
{
	return s->frames[FRAME_OBJECT] ? FRAME_CNT : FRAME_OBJECT;
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* FNV-1a, over all frames and their ends. */
static uint64_t hash_frames(const char *const frames[FRAME_CNT])
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (int i = 0; i < FRAME_CNT; i++) {
		for (const char *c = frames[i]; c && *c; c++)
			h = (h ^ (unsigned char)*c) * 0x100000001b3ULL;
		h = (h ^ 0xff) * 0x100000001b3ULL;
	}
	return h;
}

static struct stack *stack_get(struct stacks *s, const char *const frames[FRAME_CNT])
{
	uint64_t hash = hash_frames(frames);
	struct stack *first = htab_find(&s->by_hash, hash, 0), *stack;

	for (stack = first; stack; stack = stack->next) {
		bool is_same = true;

		for (int i = 0; i < FRAME_CNT; i++)
			is_same = is_same && same(stack->frames[i], frames[i]);
		if (is_same)
			return stack;
	}
	stack = xcalloc(1, sizeof(*stack));
	for (int i = 0; i < FRAME_CNT; i++)
		stack->frames[i] = frames[i] ? xstrdup(frames[i]) : NULL;
	stack->next = first;
	htab_put(&s->by_hash, hash, 0, stack);
	XGROW(s->all, s->cnt, s->cap);
	s->all[s->cnt++] = stack;
	return stack;
}

static void add(struct filler *fl, const struct fact_thread *t, enum bucket b, const char *object,
		uint64_t ns, uint64_t waits)
{
	const char *process = threads_process(&fl->threads, t);
	const char *frames[FRAME_CNT] = {
		[FRAME_PROCESS] = *process ? process : "(no name)",
		[FRAME_ROLE] = t->role && *t->role ? t->role : "(no role)",
		[FRAME_CAUSE] = bucket_name(b),
		[FRAME_OBJECT] = object,
	};
	struct stack *stack = stack_get(fl->stacks, frames);

	stack->bucket = b;
	stack->ns += ns;
	stack->waits += waits;
}

/* As the report names it; a wait for nothing in particular goes by its system call. */
static const char *object_of(const struct trace_wait *w)
{
	return w->lock ? w->lock : w->channel ? w->channel : w->object ? w->object : w->syscall;
}

static void on_wait(void *ctx, const struct trace_wait *w)
{
	struct filler *fl = ctx;

	for (size_t i = threads_first(&fl->threads, w->tid); i != THREADS_NONE;
	     i = fl->threads.next[i]) {
		const struct fact_thread *t = &fl->threads.f->threads[i];
		uint64_t start_ns = w->start_ns, end_ns = w->end_ns, left_ns;

		if (!threads_clip(t, &start_ns, &end_ns))
			continue;
		left_ns = t->time_ns[w->bucket] - fl->told_ns[i][w->bucket];
		if (end_ns - start_ns < left_ns)
			left_ns = end_ns - start_ns;
		fl->told_ns[i][w->bucket] += left_ns;
		add(fl, t, w->bucket, object_of(w), left_ns, 1);
	}
}

int stacks_add_recording(struct stacks *s, const char *path, const struct facts *f)
{
	struct filler fl = { .stacks = s };
	const struct trace_visitor visitor = { .ctx = &fl, .wait = on_wait };
	int err;

	threads_init(&fl.threads, f);
	fl.told_ns = xcalloc(f->thread_cnt, sizeof(*fl.told_ns));
	err = trace_read(path, f->recording.duration_ns, &visitor);
	for (size_t i = 0; i < f->thread_cnt; i++)
		for (int b = 0; b < BUCKET_CNT; b++)
			if (f->threads[i].time_ns[b] > fl.told_ns[i][b])
				add(&fl, &f->threads[i], (enum bucket)b, NULL,
				    f->threads[i].time_ns[b] - fl.told_ns[i][b], 0);
	free(fl.told_ns);
	threads_release(&fl.threads);
	return err;
}

static int compare(const void *x, const void *y)
{
	const struct stack *a = *(struct stack *const *)x, *b = *(struct stack *const *)y;
	int diff = strcmp(a->frames[FRAME_PROCESS], b->frames[FRAME_PROCESS]);

	if (!diff)
		diff = strcmp(a->frames[FRAME_ROLE], b->frames[FRAME_ROLE]);
	if (!diff)
		diff = (int)a->bucket - (int)b->bucket;
	if (!diff)
		diff = (a->ns < b->ns) - (a->ns > b->ns);
	if (!diff)
		diff = strcmp(a->frames[FRAME_OBJECT] ? a->frames[FRAME_OBJECT] : "",
			      b->frames[FRAME_OBJECT] ? b->frames[FRAME_OBJECT] : "");
	return diff;
}

void stacks_sort(struct stacks *s)
{
	if (s->cnt)
		qsort(s->all, s->cnt, sizeof(struct stack *), compare);
}

void stacks_release(struct stacks *s)
{
	for (size_t i = 0; i < s->cnt; i++) {
		for (int frame = 0; frame < FRAME_CNT; frame++)
			free(s->all[i]->frames[frame]);
		free(s->all[i]);
	}
	free(s->all);
	htab_release(&s->by_hash);
	*s = (struct stacks){ 0 };
}
