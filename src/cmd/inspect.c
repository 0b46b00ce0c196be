// SPDX-License-Identifier: MIT
/* Owns what was asked already, so that /proc is read once per question. */
#include "cmd/inspect.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/procfs.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "event/sysno.h"

/* A new server is known soon; a storm of outgoing connections costs little. */
#define PORTS_EVERY_NS (50 * NS_PER_MS)
#define PORTS_COST_PERCENT 1	/* the list has a line per connection, closed ones too */
#define MEMORY_EVERY_NS NS_PER_S

/* The first proportional sample comes when the program has loaded its modules. */
#define SETTLED_NS (200 * NS_PER_MS)

/*
 * A proportional sample walks all of a process's pages, with its mmap_lock held:
 * tens of milliseconds for a database's. The rings hold some seconds at most.
 */
#define TICK_BUDGET_NS	(5 * NS_PER_MS)
#define FINAL_BUDGET_NS (300 * NS_PER_MS)

/* Names and paths are decoration: enough is enough. */
#define NAMES_MAX 4096
#define FILES_MAX 16384
#define PORTS_MAX 1024

/* A libpython may be mapped a while after exec: ask again, but not for ever. */
#define PYTHON_TRIES 5

struct known_process {
	uint32_t pid;
	uint64_t since_ns;
	unsigned python_tries;
	bool has_runtime;
	bool has_pss;
};

void inspect_init(struct inspect *in, const struct htab *traced,
		  void (*feed)(void *ctx, const struct event *ev), void *ctx)
{
	*in = (struct inspect){ .feed = feed, .ctx = ctx, .traced = traced };
	in->sys_futex = sysno_from_name("futex");
}

void inspect_release(struct inspect *in)
{
	htab_for_each(&in->processes, i)
		free(in->processes.entries[i].value);
	htab_release(&in->processes);
	htab_release(&in->names);
	htab_release(&in->files);
	htab_release(&in->ports);
	python_cache_release(&in->python);
}

static void feed_process(struct inspect *in, uint32_t pid)
{
	struct event ev = { .hdr = { .ts_ns = clock_mono_ns(), .tid = pid } };
	struct procfs_stat stat;

	ev.hdr.kind = EVENT_PROCESS;
	if (procfs_stat(pid, &stat))
		return;
	ev.process.ppid = stat.ppid;
	procfs_exe(pid, ev.process.exe, sizeof(ev.process.exe));
	procfs_cmdline(pid, ev.process.command, sizeof(ev.process.command));
	in->feed(in->ctx, &ev);
}

static void ask_runtime(struct inspect *in, struct known_process *k)
{
	struct event ev = { .hdr = { .ts_ns = clock_mono_ns(), .tid = k->pid } };
	struct python_info python;

	if (k->has_runtime || k->python_tries >= PYTHON_TRIES)
		return;
	k->python_tries++;
	if (python_detect(&in->python, k->pid, &python) != 1)
		return;
	k->has_runtime = true;
	ev.hdr.kind = EVENT_RUNTIME;
	snprintf(ev.runtime.name, sizeof(ev.runtime.name), "cpython");
	memcpy(ev.runtime.version, python.version, sizeof(ev.runtime.version));
	ev.runtime.global_lock = python.global_lock;
	ev.runtime.lock_addr = python.lock_addr;
	ev.runtime.lock_size = python.lock_size;
	in->feed(in->ctx, &ev);
}

static struct known_process *process_get(struct inspect *in, uint32_t pid)
{
	struct known_process *k = htab_find(&in->processes, pid, 0);

	if (k)
		return k;
	k = xcalloc(1, sizeof(*k));
	k->pid = pid;
	k->since_ns = clock_mono_ns();
	htab_put(&in->processes, pid, 0, k);
	return k;
}

static void ask_process(struct inspect *in, uint32_t pid)
{
	struct known_process *k = process_get(in, pid);

	k->python_tries = 0;
	k->has_runtime = k->has_pss = false;
	k->since_ns = clock_mono_ns();
	feed_process(in, pid);
	ask_runtime(in, k);
}

static void on_fork(struct inspect *in, const struct par_fork *rec)
{
	struct known_process *parent, *child;

	if (rec->child_tgid == rec->tgid)
		return;
	parent = process_get(in, rec->tgid);
	child = process_get(in, rec->child_tgid);
	child->has_runtime = parent->has_runtime;
	child->python_tries = 0;
	child->has_pss = false;
	child->since_ns = rec->hdr.ts_ns;
}

static void ask_name(struct inspect *in, uint32_t tid)
{
	struct event ev = { .hdr = { .ts_ns = clock_mono_ns(), .tid = tid } };
	struct procfs_status status;

	if (!tid || htab_find(in->traced, tid, 0) || htab_find(&in->names, tid, 0) ||
	    in->names.cnt >= NAMES_MAX)
		return;
	htab_put(&in->names, tid, 0, in);
	ev.hdr.kind = EVENT_NAME;
	if (procfs_comm(tid, ev.name.comm, sizeof(ev.name.comm)) || procfs_status(tid, &status))
		return;
	ev.name.tgid = status.tgid;
	in->feed(in->ctx, &ev);
}

static void ask_file(struct inspect *in, uint32_t tid, const struct par_cause *cause)
{
	const struct par_file_ref *file = &cause->file;
	struct event ev = { .hdr = { .ts_ns = clock_mono_ns() } };
	char link[64];
	ssize_t len;

	if (file->kind != PAR_FILE_REGULAR && file->kind != PAR_FILE_FIFO)
		return;
	/* Not the call's own descriptor, but one it polls: its number is not known. */
	if ((cause->flags & PAR_CAUSE_READY) || cause->args[0] > INT_MAX)
		return;
	if (htab_find(&in->files, file->id, 0) || in->files.cnt >= FILES_MAX)
		return;
	htab_put(&in->files, file->id, 0, in);
	snprintf(link, sizeof(link), "/proc/%u/fd/%d", tid, (int)cause->args[0]);
	len = readlink(link, ev.file.name, sizeof(ev.file.name) - 1);
	if (len <= 0)
		return;
	text_clean(ev.file.name, (size_t)len);
	ev.hdr.kind = EVENT_FILE;
	ev.file.id = file->id;
	in->feed(in->ctx, &ev);
}

/* A wait on a TCP socket: is its local port one that is served here? */
static void ask_port(struct inspect *in, uint32_t pid, const struct par_file_ref *file)
{
	uint16_t ports[PORTS_MAX];
	uint64_t now_ns, took_ns;
	int cnt;

	if (file->kind != PAR_FILE_TCP || htab_find(&in->ports, file->lport, 0))
		return;
	now_ns = clock_mono_ns();
	if (now_ns < in->ports_ns)
		return;
	htab_put(&in->ports, file->lport, 0, in);
	cnt = procfs_listen_ports(pid, ports, PORTS_MAX);
	took_ns = clock_mono_ns() - now_ns;
	in->ports_ns = now_ns + PORTS_EVERY_NS + took_ns * 100 / PORTS_COST_PERCENT;
	for (int i = 0; i < cnt && i < PORTS_MAX; i++) {
		struct event ev = { .hdr = { .ts_ns = clock_mono_ns() } };

		ev.hdr.kind = EVENT_LISTEN;
		ev.listen.port = ports[i];
		in->feed(in->ctx, &ev);
	}
}

void inspect_before(struct inspect *in, const struct event *ev)
{
	const struct par_cause *cause = NULL;
	uint32_t pid = 0;

	if (ev->hdr.kind == PAR_CYCLE) {
		cause = &ev->cycle.cause;
		pid = ev->cycle.tgid;
	} else if (ev->hdr.kind == PAR_TASK || ev->hdr.kind == PAR_OPEN) {
		cause = &ev->task.cause;
		pid = ev->task.tgid;
	}
	if (!cause || cause->sysno == PAR_NO_SYSCALL)
		return;
	/* A timed futex wait may be for a GIL. */
	if (cause->sysno == in->sys_futex && cause->args[3] && htab_find(&in->processes, pid, 0))
		ask_runtime(in, process_get(in, pid));
	ask_file(in, ev->hdr.tid, cause);
	ask_port(in, pid, &cause->file);
}

void inspect_after(struct inspect *in, const struct event *ev)
{
	switch (ev->hdr.kind) {
	case PAR_TASK:
		if (!htab_find(&in->processes, ev->task.tgid, 0))
			ask_process(in, ev->task.tgid);
		break;
	case PAR_EXEC:
		ask_process(in, ev->hdr.tid);
		break;
	case PAR_FORK:
		on_fork(in, &ev->fork);
		break;
	case PAR_EXIT:
		if (ev->hdr.flags & PAR_EXIT_PROCESS)
			free(htab_remove(&in->processes, ev->exit.tgid, 0));
		break;
	case PAR_CYCLE:
		if (ev->cycle.gap.next_tid == ev->cycle.gap.prev_tid)
			ask_name(in, ev->cycle.gap.next_tid);
		ask_name(in, ev->cycle.off.waker_tid);
		break;
	}
}

static void feed_memory(struct inspect *in, struct known_process *k, bool exact)
{
	struct event ev = { .hdr = { .ts_ns = clock_mono_ns(), .tid = k->pid } };
	struct procfs_memory mem;

	if (exact ? procfs_memory(k->pid, &mem) : procfs_memory_estimate(k->pid, &mem))
		return;
	ev.hdr.kind = EVENT_MEMORY;
	ev.memory.rss_bytes = mem.rss_bytes;
	ev.memory.pss_bytes = mem.pss_bytes;
	ev.memory.private_bytes = mem.private_bytes;
	in->feed(in->ctx, &ev);
}

void inspect_tick(struct inspect *in, uint64_t now_ns)
{
	uint64_t until_ns = now_ns + TICK_BUDGET_NS;

	htab_for_each(&in->processes, i) {
		struct known_process *k = in->processes.entries[i].value;

		/* It may be met after @now_ns was taken: no difference, which would wrap. */
		if (k->has_pss || now_ns < k->since_ns + SETTLED_NS)
			continue;
		k->has_pss = true;
		feed_memory(in, k, true);
		if (clock_mono_ns() >= until_ns)
			break;	/* the others have their turn next time */
	}
	if (now_ns - in->memory_ns < MEMORY_EVERY_NS)
		return;
	in->memory_ns = now_ns;
	htab_for_each(&in->processes, i)
		feed_memory(in, in->processes.entries[i].value, false);
}

void inspect_memory(struct inspect *in)
{
	uint64_t until_ns = clock_mono_ns() + FINAL_BUDGET_NS;

	htab_for_each(&in->processes, i)
		feed_memory(in, in->processes.entries[i].value, clock_mono_ns() < until_ns);
}
