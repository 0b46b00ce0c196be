// SPDX-License-Identifier: MIT
/* Owns the times at which a process is looked at. */
#include "cmd/ask_python.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "symbol/python_memory.h"

/* After exec, in steps that grow by four: 5, 20, 80 and 320 ms. */
#define LOOKS 5
#define FIRST_LOOK_NS (5 * NS_PER_MS)

#define ASKS 5

/* A free-threaded build imports its extensions early, but may do so at any time. */
#define GIL_EVERY_NS NS_PER_S

static void feed_runtime(struct inspect *in, uint32_t pid, const struct python_info *python)
{
	struct event ev = { .hdr = { .ts_ns = clock_mono_ns(), .tid = pid } };

	ev.hdr.kind = EVENT_RUNTIME;
	snprintf(ev.runtime.name, sizeof(ev.runtime.name), "cpython");
	memcpy(ev.runtime.version, python->version, sizeof(ev.runtime.version));
	ev.runtime.global_lock = python->global_lock;
	ev.runtime.free_threaded = python->free_threaded;
	ev.runtime.lock_addr = python->lock_addr;
	ev.runtime.lock_size = python->lock_size;
	in->feed(in->ctx, &ev);
	if (in->on_python)
		in->on_python(in->ctx, pid, python);
}

/* Right after exec there are no libraries yet: one more reading of the mappings for nothing. */
static void look_for_others(struct inspect *in, uint32_t pid, struct ask_python *a)
{
	struct event ev = { .hdr = { .ts_ns = clock_mono_ns(), .tid = pid } };
	struct runtime_info info;

	if (a->has_other || !runtime_detect(&in->runtimes, pid, a->looks != 1, &info))
		return;
	a->has_other = true;
	ev.hdr.kind = EVENT_RUNTIME;
	snprintf(ev.runtime.name, sizeof(ev.runtime.name), "%s", info.name);
	memcpy(ev.runtime.version, info.version, sizeof(ev.runtime.version));
	ev.runtime.global_lock = info.global_lock;
	in->feed(in->ctx, &ev);
	a->has_gvl = !strcmp(info.name, "ruby");
	if (a->has_gvl && in->on_gvl)
		in->on_gvl(in->ctx, pid);
}

static void look(struct inspect *in, uint32_t pid, struct ask_python *a)
{
	a->found = python_detect(&in->python, pid, &a->info) == 1;
	if (!a->found) {
		look_for_others(in, pid, a);
		return;
	}
	a->next_ns = clock_mono_ns() + GIL_EVERY_NS;
	if (a->info.free_threaded)
		a->info.global_lock = python_gil_is_on(pid, &a->info) == 1;
	feed_runtime(in, pid, &a->info);
}

static void look_by_clock(struct inspect *in, uint32_t pid, struct ask_python *a, uint64_t now_ns)
{
	a->next_ns = now_ns + (FIRST_LOOK_NS << 2 * a->looks);
	a->looks++;
	look(in, pid, a);
}

void ask_python_begin(struct inspect *in, uint32_t pid, struct ask_python *a, uint64_t now_ns)
{
	*a = (struct ask_python){ 0 };
	look_by_clock(in, pid, a, now_ns);
}

void ask_python_fork(struct inspect *in, uint32_t pid, struct ask_python *a,
		     const struct ask_python *parent)
{
	*a = *parent;
	a->asks = 0;
	if (a->found && in->on_python)
		in->on_python(in->ctx, pid, &a->info);
	if (a->has_gvl && in->on_gvl)
		in->on_gvl(in->ctx, pid);
}

void ask_python(struct inspect *in, uint32_t pid, struct ask_python *a)
{
	if (a->found || a->asks >= ASKS)
		return;
	a->asks++;
	look(in, pid, a);
}

void ask_python_gil(struct inspect *in, uint32_t pid, struct ask_python *a)
{
	int on;

	if (!a->found || !a->info.free_threaded)
		return;
	on = python_gil_is_on(pid, &a->info);
	if (on < 0)
		return;
	/* Also when nothing changed: a wait during an import looks as if it were on. */
	a->info.global_lock = on;
	feed_runtime(in, pid, &a->info);
}

void ask_python_tick(struct inspect *in, uint32_t pid, struct ask_python *a, uint64_t now_ns)
{
	if (now_ns < a->next_ns)
		return;
	if (!a->found && a->looks < LOOKS) {
		look_by_clock(in, pid, a, now_ns);
	} else if (a->found) {
		a->next_ns = now_ns + GIL_EVERY_NS;
		ask_python_gil(in, pid, a);
	}
}
