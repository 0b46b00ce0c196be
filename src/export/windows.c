/* SPDX-License-Identifier: MIT */
/* Owns the sums per thread and window. How they are written is rows.c's business. */
#include "export/windows.h"

#include <errno.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "output/trace_reader.h"

_Static_assert(BUCKET_GIL == 4, "cpu_user, cpu_kernel, run_queue and throttled come before");

const char *window_column_name(enum window_column c)
{
	if (c == COLUMN_CPU)
		return bucket_group_name(GROUP_CPU);
	if (c == COLUMN_CPU_WAIT)
		return bucket_group_name(GROUP_CPU_WAIT);
	return bucket_name((enum bucket)(c - COLUMN_GIL + BUCKET_GIL));
}

static void add(struct windows *w, size_t thread, enum window_column c, uint64_t start_ns,
		uint64_t end_ns)
{
	const struct thread_windows *tw = &w->of[thread];

	if (!tw->cnt)
		return;
	while (start_ns < end_ns) {
		uint64_t i = start_ns / w->width_ns;
		uint64_t stop_ns = end_ns / w->width_ns > i ? (i + 1) * w->width_ns : end_ns;

		tw->ns[i - tw->first][c] += stop_ns - start_ns;
		start_ns = stop_ns;
	}
}

/* Whose trace is read, and which of the threads are of it: a trace has all that ran on a CPU. */
struct reading {
	struct windows *w;
	uint64_t start_ns;	/* since the start of all */
	size_t first, end;	/* of threads */
};

static void add_by_tid(const struct reading *r, uint32_t tid, enum window_column c,
		       uint64_t start_ns, uint64_t end_ns)
{
	struct windows *w = r->w;

	for (size_t i = threads_first(&w->threads, tid); i != THREADS_NONE;
	     i = w->threads.next[i]) {
		uint64_t from_ns = r->start_ns + start_ns, to_ns = r->start_ns + end_ns;

		if (i >= r->first && i < r->end &&
		    threads_clip(&w->threads.f->threads[i], &from_ns, &to_ns))
			add(w, i, c, from_ns, to_ns);
	}
}

static void on_wait(void *ctx, const struct trace_wait *wait)
{
	if (wait->bucket >= BUCKET_GIL)
		add_by_tid(ctx, wait->tid, wait->bucket - BUCKET_GIL + COLUMN_GIL, wait->start_ns,
			   wait->end_ns);
}

static void on_run(void *ctx, const struct trace_run *run)
{
	add_by_tid(ctx, run->tid, COLUMN_CPU, run->start_ns, run->end_ns);
}

/*
 * What is left of the life is spent waiting for a CPU. Where a trace tells of more than
 * there was (a damaged one), CPU time gives way first.
 */
static void settle(uint64_t ns[COLUMN_CNT], uint64_t life_ns)
{
	for (int c = COLUMN_CNT; c-- > 0;) {
		if (c == COLUMN_CPU_WAIT)
			continue;
		if (ns[c] > life_ns)
			ns[c] = life_ns;
		life_ns -= ns[c];
	}
	ns[COLUMN_CPU_WAIT] = life_ns;
}

static void settle_thread(struct windows *w, size_t thread)
{
	const struct thread_windows *tw = &w->of[thread];

	for (size_t i = 0; i < tw->cnt; i++) {
		uint64_t start_ns = (tw->first + i) * w->width_ns;
		uint64_t end_ns = start_ns + w->width_ns;

		if (threads_clip(&w->threads.f->threads[thread], &start_ns, &end_ns))
			settle(tw->ns[i], end_ns - start_ns);
	}
}

/* Room for the windows of each thread's life, if there is enough for all. */
static int allot(struct windows *w, const bool *wanted)
{
	const struct facts *f = w->threads.f;
	uint64_t all = 0;

	for (size_t i = 0; i < f->thread_cnt; i++) {
		const struct fact_thread *t = &f->threads[i];
		struct thread_windows *tw = &w->of[i];
		uint64_t death_ns, cnt;

		if (!t->lifetime_ns || (wanted && !wanted[i]))
			continue;
		if (__builtin_add_overflow(t->started_ns, t->lifetime_ns, &death_ns) ||
		    death_ns > f->recording.duration_ns)
			return -EBADMSG;
		tw->first = t->started_ns / w->width_ns;
		cnt = (death_ns - 1) / w->width_ns - tw->first + 1;
		all += cnt;
		if (cnt > WINDOWS_MAX || all > WINDOWS_MAX)
			return -E2BIG;
		tw->cnt = (size_t)cnt;
		tw->ns = xcalloc(tw->cnt, sizeof(*tw->ns));
	}
	return 0;
}

static int read_whole(struct windows *w, const char *path)
{
	struct reading all = { .w = w, .end = w->threads.f->thread_cnt };
	const struct trace_visitor visitor = { .ctx = &all, .wait = on_wait, .run = on_run };

	return trace_read(path, w->threads.f->recording.duration_ns, &visitor);
}

static int read_parts(struct windows *w, const char *const *paths)
{
	const struct fact_recording *r = &w->threads.f->recording;
	struct reading part = { .w = w };
	const struct trace_visitor visitor = { .ctx = &part, .wait = on_wait, .run = on_run };
	int err = 0;

	for (size_t i = 0; !err && i < r->part_cnt; i++) {
		part.start_ns = r->parts[i].start_ns;
		part.first = part.end;
		part.end += r->parts[i].thread_cnt;
		err = trace_read(paths[i], r->parts[i].duration_ns, &visitor);
	}
	return err;
}

int windows_read(struct windows *w, const char *path, const struct facts *f, uint64_t width_ns,
		 const bool *wanted)
{
	return windows_read_all(w, &path, 1, f, width_ns, wanted);
}

int windows_read_all(struct windows *w, const char *const *paths, size_t path_cnt,
		     const struct facts *f, uint64_t width_ns, const bool *wanted)
{
	int err;

	*w = (struct windows){ .width_ns = width_ns };
	threads_init(&w->threads, f);
	w->of = xcalloc(f->thread_cnt, sizeof(*w->of));
	err = allot(w, wanted);
	if (!err)
		err = path_cnt > 1 ? read_parts(w, paths) : read_whole(w, paths[0]);
	for (size_t i = 0; !err && i < f->thread_cnt; i++)
		settle_thread(w, i);
	return err;
}

void windows_release(struct windows *w)
{
	for (size_t i = 0; w->of && i < w->threads.f->thread_cnt; i++)
		free(w->of[i].ns);
	free(w->of);
	threads_release(&w->threads);
	*w = (struct windows){ 0 };
}
