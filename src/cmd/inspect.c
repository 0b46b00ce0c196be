// SPDX-License-Identifier: MIT
/* Owns what was asked already, so that /proc is read once per question. */
#include "cmd/inspect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/procfs.h"
#include "base/xalloc.h"
#include "cmd/ask_python.h"
#include "event/sysno.h"
#include "facts/framework.h"
#include "par_futex.h"
#include "symbol/script_imports.h"

/* A new server is known soon; a storm of outgoing connections costs little. */
#define PORTS_EVERY_NS (50 * NS_PER_MS)
#define PORTS_COST_PERCENT 1	/* the list has a line per connection, closed ones too */

/* The rings hold some seconds at most. */
#define SYMBOLS_TICK_NS	 (2 * NS_PER_MS)
#define SYMBOLS_FINAL_NS (100 * NS_PER_MS)

#define SHARED_FINAL_NS (50 * NS_PER_MS)

/* By that age a process has loaded what it needs, and its first samples are taken. */
#define YOUNG_NS (300 * NS_PER_MS)

/* Names are decoration: enough is enough. */
#define NAMES_MAX 4096
#define PORTS_MAX 1024

struct known_process {
	uint32_t pid;
	struct ask_python python;
};

void inspect_init(struct inspect *in, const struct htab *traced,
		  void (*feed)(void *ctx, const struct event *ev), void *ctx)
{
	*in = (struct inspect){ .feed = feed, .ctx = ctx, .traced = traced };
	sampler_init(&in->sampler, feed, ctx);
	in->sys_futex = sysno_from_name("futex");
	in->sys_futex_wait = sysno_from_name("futex_wait");
	in->sys_futex_waitv = sysno_from_name("futex_waitv");
	ask_kernel_init(&in->kernel, feed, ctx);
	ask_shared_init(&in->shared, feed, ctx);
	ask_unix_init(&in->unix_names, feed, ctx);
}

void inspect_release(struct inspect *in)
{
	htab_for_each(&in->processes, i)
		free(in->processes.entries[i].value);
	htab_release(&in->processes);
	htab_release(&in->names);
	ask_files_release(&in->files);
	ask_peers_release(&in->peers);
	htab_release(&in->ports);
	ask_shared_release(&in->shared);
	ask_unix_release(&in->unix_names);
	python_cache_release(&in->python);
	runtime_cache_release(&in->runtimes);
	ask_symbols_release(&in->symbols);
	sampler_release(&in->sampler);
	ask_kernel_release(&in->kernel);
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
	script_imports(pid, framework_is_module, ev.process.imports, sizeof(ev.process.imports));
	in->feed(in->ctx, &ev);
}

static struct known_process *process_get(struct inspect *in, uint32_t pid)
{
	struct known_process *k = htab_find(&in->processes, pid, 0);

	if (k)
		return k;
	k = xcalloc(1, sizeof(*k));
	k->pid = pid;
	htab_put(&in->processes, pid, 0, k);
	ask_shared_add(&in->shared, pid);
	return k;
}

static void ask_process(struct inspect *in, uint32_t pid)
{
	uint64_t now_ns = clock_mono_ns();

	in->young_until_ns = now_ns + YOUNG_NS;
	sampler_add(&in->sampler, pid, now_ns);
	feed_process(in, pid);
	ask_python_begin(in, pid, &process_get(in, pid)->python, now_ns);
}

static void on_fork(struct inspect *in, const struct par_fork *rec)
{
	struct known_process *parent, *child;

	if (rec->child_tgid == rec->tgid)
		return;
	if (!rec->tgid) { /* its parent lives outside of this pid namespace */
		ask_process(in, rec->child_tgid);
		return;
	}
	parent = process_get(in, rec->tgid);
	child = process_get(in, rec->child_tgid);
	ask_python_fork(in, child->pid, &child->python, &parent->python);
	ask_shared_fork(&in->shared, rec->tgid);
	sampler_add(&in->sampler, rec->child_tgid, rec->hdr.ts_ns);
	in->young_until_ns = rec->hdr.ts_ns + YOUNG_NS;
}

/* Is there a thread of that number, of which nothing has been asked yet? */
static bool is_stranger(struct inspect *in, uint32_t tid)
{
	uint32_t *familiar = &in->familiar[tid % ARRAY_CNT(in->familiar)];

	if (!tid || tid == PAR_TID_OUTSIDE || tid == *familiar)
		return false;
	if (!htab_find(in->traced, tid, 0) && !htab_find(&in->names, tid, 0))
		return in->names.cnt < NAMES_MAX;
	*familiar = tid;
	return false;
}

static void ask_name(struct inspect *in, uint32_t tid)
{
	struct event ev = { .hdr = { .ts_ns = clock_mono_ns(), .tid = tid } };
	struct procfs_status status;

	htab_put(&in->names, tid, 0, in);
	ev.hdr.kind = EVENT_NAME;
	if (procfs_comm(tid, ev.name.comm, sizeof(ev.name.comm)) || procfs_status(tid, &status))
		return;
	ev.name.tgid = status.tgid;
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

/* Which lock is it? On a stack it is anything, and CPython's parking lot knows better. */
static void ask_lock(struct inspect *in, uint32_t pid, uint32_t tid, const struct par_cause *cause)
{
	bool is_futex = cause->sysno == in->sys_futex || cause->sysno == in->sys_futex_wait;
	bool is_set = cause->sysno == in->sys_futex_waitv;

	if (!(is_futex || is_set) || (cause->flags & PAR_CAUSE_COMPAT))
		return;
	if (is_set || cause->shape == PAR_SHAPE_PARKED)
		ask_symbol(&in->symbols, pid, tid, cause->lock_addr);
	else if (cause->shape != PAR_SHAPE_STACK)
		ask_symbol(&in->symbols, pid, tid, par_futex_lock(cause->shape, cause->args[0]));
}

void inspect_before(struct inspect *in, const struct event *ev)
{
	const struct par_cause *cause = NULL;
	uint32_t pid = 0;

	if (ev->hdr.kind == PAR_CYCLE) {
		cause = &ev->cycle.cause;
		pid = ev->cycle.tgid;
		/* It may be the other end of a pipe. */
		if (is_stranger(in, ev->cycle.off.waker_tid))
			ask_name(in, ev->cycle.off.waker_tid);
	} else if (ev->hdr.kind == PAR_TASK || ev->hdr.kind == PAR_OPEN) {
		cause = &ev->task.cause;
		pid = ev->task.tgid;
	}
	if (cause)
		ask_kernel_about(&in->kernel, cause);
	if (!cause || cause->sysno == PAR_NO_SYSCALL)
		return;
	/* A timed futex wait may be for a GIL. */
	if (cause->sysno == in->sys_futex && cause->args[3] && htab_find(&in->processes, pid, 0))
		ask_python(in, pid, &process_get(in, pid)->python);
	ask_lock(in, pid, ev->hdr.tid, cause);
	if (ev->hdr.kind == PAR_OPEN) /* there is no later */
		ask_symbols_answer(&in->symbols, SYMBOLS_TICK_NS, false, in->feed, in->ctx);
	ask_file(&in->files, ev->hdr.tid, cause, in->feed, in->ctx);
	ask_unix(&in->unix_names, pid, &cause->file);
	ask_port(in, pid, &cause->file);
	ask_peers_note(&in->peers, pid, &cause->file);
}

void inspect_look(struct inspect *in, const struct par_task *rec)
{
	const struct par_cause *cause = &rec->cause;

	if (!rec->off.out_ns || rec->hdr.flags & (PAR_OUT_RUNNING | PAR_OUT_READY) ||
	    cause->sysno == PAR_NO_SYSCALL)
		return;
	ask_lock(in, rec->tgid, rec->hdr.tid, cause);
	ask_file(&in->files, rec->hdr.tid, cause, in->feed, in->ctx);
}

void inspect_after(struct inspect *in, const struct event *ev)
{
	switch (ev->hdr.kind) {
	case PAR_TASK:
		if (!htab_find(&in->processes, ev->task.tgid, 0))
			ask_process(in, ev->task.tgid);
		break;
	case PAR_EXEC:
		ask_symbols_forget(&in->symbols, ev->hdr.tid);
		ask_process(in, ev->hdr.tid);
		break;
	case PAR_FORK:
		on_fork(in, &ev->fork);
		break;
	case PAR_EXIT:
		/* A stranger may get the number. */
		in->familiar[ev->hdr.tid % ARRAY_CNT(in->familiar)] = 0;
		if (!(ev->hdr.flags & PAR_EXIT_PROCESS))
			break;
		free(htab_remove(&in->processes, ev->exit.tgid, 0));
		ask_symbols_forget(&in->symbols, ev->exit.tgid);
		sampler_remove(&in->sampler, ev->exit.tgid);
		ask_shared_remove(&in->shared, ev->exit.tgid);
		break;
	case EVENT_TRAFFIC:
		ask_unix(&in->unix_names, ev->hdr.tid, &ev->traffic.file);
		break;
	case PAR_CYCLE:
		if (ev->cycle.gap.next_tid == ev->cycle.gap.prev_tid &&
		    is_stranger(in, ev->cycle.gap.next_tid))
			ask_name(in, ev->cycle.gap.next_tid);
		break;
	}
}

void inspect_tick(struct inspect *in, uint64_t now_ns)
{
	htab_for_each(&in->processes, i) {
		struct known_process *k = in->processes.entries[i].value;

		ask_python_tick(in, k->pid, &k->python, now_ns);
	}
	ask_symbols_answer(&in->symbols, SYMBOLS_TICK_NS, false, in->feed, in->ctx);
	ask_peers_tick(&in->peers, now_ns, in->feed, in->ctx);
	sampler_tick(&in->sampler, now_ns);
	ask_shared_tick(&in->shared, now_ns);
	ask_unix_tick(&in->unix_names, now_ns);
}

bool inspect_is_eager(const struct inspect *in, uint64_t now_ns)
{
	return now_ns < in->young_until_ns;
}

void inspect_memory(struct inspect *in)
{
	htab_for_each(&in->processes, i) {
		struct known_process *k = in->processes.entries[i].value;

		ask_python_gil(in, k->pid, &k->python);
	}
	ask_shared_finish(&in->shared, SHARED_FINAL_NS);
	ask_symbols_answer(&in->symbols, SYMBOLS_FINAL_NS, true, in->feed, in->ctx);
	sampler_finish(&in->sampler);
}
