// SPDX-License-Identifier: MIT
/* Owns the uprobes' links and what was last fed of each thread. */
#include "record/python_watch.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/reach.h"
#include "base/rights.h"
#include "base/xalloc.h"
#include "record/uprobe.h"

/*
 * A hit costs whoever runs into it 0.5 to 1.2 µs: at this rate less than one per cent
 * of a CPU. What was not hit for a while may be hit more often for a moment, so
 * that there is something to learn from.
 */
#define HITS_PER_S 8000.0
#define HITS_SAVED 20000.0

/* Less of a thread's CPU time is not worth an event. */
#define FEED_MIN_NS NS_PER_MS

/* One BPF program each, with the functions it is for. */
enum watch_kind { WATCH_RELEASE, WATCH_ACQUIRE, WATCH_GILSTATE, WATCH_PARK, WATCH_CNT };

static const struct {
	enum par_python_function first, last;
} functions_of[WATCH_CNT] = {
	[WATCH_RELEASE] = { PAR_PYTHON_SAVE_THREAD, PAR_PYTHON_DELETE_CURRENT_OLD },
	[WATCH_ACQUIRE] = { PAR_PYTHON_RESTORE_THREAD, PAR_PYTHON_ACQUIRE_THREAD },
	[WATCH_GILSTATE] = { PAR_PYTHON_GILSTATE_RELEASE, PAR_PYTHON_GILSTATE_RELEASE },
	[WATCH_PARK] = { PAR_PYTHON_PARK, PAR_PYTHON_PARK },
};

struct python_file {
	int fd;				/* keeps the file reachable, whatever its process does */
	bool has_gil;
	uint64_t offsets[PAR_PYTHON_FUNCTION_CNT];
	struct uprobe uprobes[WATCH_CNT];
};

static struct bpf_program *program_for(const struct probes_python *py, enum watch_kind k)
{
	switch (k) {
	case WATCH_RELEASE:
		return py->release;
	case WATCH_ACQUIRE:
		return py->acquire;
	case WATCH_GILSTATE:
		return py->gilstate_release;
	default:
		return py->park;
	}
}

static void attach(struct python_watch *w, struct python_file *file, enum watch_kind k)
{
	struct probes_python py = probes_python(w->probes);
	enum par_python_function first = functions_of[k].first;
	int err;

	if (file->uprobes[k].is_attached)
		return;
	err = uprobe_attach(&file->uprobes[k], program_for(&py, k), UPROBE_ENTRY, file->fd,
			    &file->offsets[first], functions_of[k].last - first + 1);
	if (err && !w->failed)
		log_info("cannot watch CPython: %s", strerror(-err));
	w->failed |= err != 0;
}

static void *detach_gil(void *ctx)
{
	struct python_watch *w = ctx;

	for (int k = 0; k < WATCH_PARK; k++) {
		htab_for_each(&w->files, i) {
			struct python_file *file = w->files.entries[i].value;

			uprobe_detach(&file->uprobes[k]);
		}
	}
	__atomic_store_n(&w->is_detaching, false, __ATOMIC_RELEASE);
	return NULL;
}

static void *detacher_main(void *ctx)
{
	rights_drop();
	return detach_gil(ctx);
}

/* The kernel takes its time: somebody else waits for it. No signal is for him. */
static void stop_watching(struct python_watch *w)
{
	struct par_python_watch *shared = probes_python(w->probes).watch;
	sigset_t all, before;

	__atomic_store_n(&shared->end_ns, clock_mono_ns(), __ATOMIC_RELEASE);
	w->is_on = false;
	w->is_detaching = true;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	w->has_detacher = !pthread_create(&w->detacher, NULL, detacher_main, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!w->has_detacher)
		detach_gil(w);
}

static void join_detacher(struct python_watch *w)
{
	if (w->has_detacher)
		pthread_join(w->detacher, NULL);
	w->has_detacher = false;
}

static void start_watching(struct python_watch *w)
{
	struct par_python_watch *shared = probes_python(w->probes).watch;

	join_detacher(w);
	htab_for_each(&w->files, i) {
		struct python_file *file = w->files.entries[i].value;

		for (int k = 0; k < WATCH_PARK && file->has_gil; k++)
			attach(w, file, (enum watch_kind)k);
	}
	if (!w->is_on) {
		__atomic_store_n(&shared->begin_ns, clock_mono_ns(), __ATOMIC_RELEASE);
		__atomic_store_n(&shared->end_ns, UINT64_MAX, __ATOMIC_RELEASE);
	}
	w->is_on = true;
}

void python_watch_init(struct python_watch *w, struct probes *probes)
{
	*w = (struct python_watch){ .budget = HITS_SAVED };
	if (probes && probes_python(probes).watch)
		w->probes = probes;
}

void python_watch_release(struct python_watch *w)
{
	join_detacher(w);
	htab_for_each(&w->files, i) {
		struct python_file *file = w->files.entries[i].value;

		for (int k = 0; k < WATCH_CNT; k++)
			uprobe_detach(&file->uprobes[k]);
		close(file->fd);
		free(file);
	}
	htab_release(&w->files);
	htab_for_each(&w->counts, i)
		free(w->counts.entries[i].value);
	htab_release(&w->counts);
	*w = (struct python_watch){ 0 };
}

static struct python_file *file_get(struct python_watch *w, const struct python_site *site)
{
	struct python_file *file;
	struct stat st;
	int fd = reach_open(site->path, O_RDONLY);

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st)) {
		close(fd);
		return NULL;
	}
	file = htab_find(&w->files, st.st_dev, st.st_ino);
	if (file) {
		close(fd);
		return file;
	}
	file = xcalloc(1, sizeof(*file));
	file->fd = fd;
	for (int k = 0; k < WATCH_CNT; k++)
		file->uprobes[k].fd = -1;
	memcpy(file->offsets, site->offsets, sizeof(file->offsets));
	htab_put(&w->files, st.st_dev, st.st_ino, file);
	return file;
}

void python_watch_add(struct python_watch *w, const struct python_site *site)
{
	struct python_file *file;

	if (!w->probes)
		return;
	bpf_map_update_elem(probes_python(w->probes).pythons_fd, &site->pid, &site->place, BPF_ANY);
	file = file_get(w, site);
	if (!file)
		return;
	attach(w, file, WATCH_PARK);
	if (!site->has_gil || file->has_gil)
		return;
	file->has_gil = true;
	if (!w->step_ns)
		w->step_ns = clock_mono_ns();
	if (w->budget > 0 && !__atomic_load_n(&w->is_detaching, __ATOMIC_ACQUIRE))
		start_watching(w);
}

void python_watch_gvl(struct python_watch *w, uint32_t pid)
{
	struct par_python_place place = { .has_gvl = 1 };

	if (!w->probes)
		return;
	bpf_map_update_elem(probes_python(w->probes).pythons_fd, &pid, &place, BPF_ANY);
	probes_python(w->probes).watch->has_gvl = 1;
}

void python_watch_step(struct python_watch *w, uint64_t now_ns)
{
	uint64_t hits;

	if (!w->step_ns || now_ns <= w->step_ns)
		return;
	hits = __atomic_load_n(&probes_python(w->probes).watch->hits, __ATOMIC_RELAXED);
	w->budget += (double)(now_ns - w->step_ns) * HITS_PER_S / (double)NS_PER_S;
	if (w->budget > HITS_SAVED)
		w->budget = HITS_SAVED;
	w->budget -= (double)(hits - w->hits);
	w->hits = hits;
	w->step_ns = now_ns;
	if (__atomic_load_n(&w->is_detaching, __ATOMIC_ACQUIRE))
		return;
	if (w->is_on && w->budget < 0)
		stop_watching(w);
	else if (!w->is_on && w->budget >= HITS_SAVED)
		start_watching(w);
}

void python_watch_end(struct python_watch *w, uint64_t end_ns)
{
	struct par_python_watch *shared;

	if (!w->is_on)
		return;
	shared = probes_python(w->probes).watch;
	__atomic_store_n(&shared->end_ns, end_ns, __ATOMIC_RELEASE);
}

static void feed_thread(struct python_watch *w, uint32_t tid, const struct par_released_count *now,
			void (*feed)(void *ctx, const struct event *ev), void *ctx)
{
	struct par_released_count *last = htab_find(&w->counts, tid, 0);
	struct event ev = { .hdr = { .ts_ns = clock_mono_ns(), .tid = tid } };

	if (!last) {
		last = xcalloc(1, sizeof(*last));
		htab_put(&w->counts, tid, 0, last);
	}
	/* The two are not read at one moment; what is missing now comes the next time. */
	if (now->cpu_ns < last->cpu_ns + FEED_MIN_NS || now->released_ns < last->released_ns)
		return;
	ev.hdr.kind = EVENT_RELEASED;
	ev.released.cpu_ns = now->cpu_ns - last->cpu_ns;
	ev.released.released_ns = now->released_ns - last->released_ns;
	if (ev.released.released_ns > ev.released.cpu_ns)
		ev.released.released_ns = ev.released.cpu_ns;
	*last = *now;
	feed(ctx, &ev);
}

void python_watch_feed(struct python_watch *w, void (*feed)(void *ctx, const struct event *ev),
		       void *ctx)
{
	struct par_released_count now;
	uint32_t tid, *prev = NULL;
	int fd;

	if (!w->step_ns)
		return;
	fd = probes_python(w->probes).released_fd;
	while (!bpf_map_get_next_key(fd, prev, &tid)) {
		prev = &tid;
		if (!bpf_map_lookup_elem(fd, &tid, &now))
			feed_thread(w, tid, &now, feed, ctx);
	}
}
