// SPDX-License-Identifier: MIT
/* Owns the signs by which a library's channels are known; see docs/facts.md. */
#include "facts/channel_use.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Who shares a semaphore with whom is asked of this many at most. */
#define SHARERS_MAX 256

#define HEADER_BYTES 4	/* multiprocessing.connection puts the length before each message */

static bool has(const char *s, const char *what)
{
	return s && strstr(s, what);
}

static const struct process *process_of(const struct channel_use *u, uint32_t pid)
{
	return htab_find(&u->processes, pid, 0);
}

/* Runs it itself, and isn't merely forked off somebody who does. */
static bool runs(const struct process *p, const char *what)
{
	return p && has(p->command, what) && !(p->parent && has(p->parent->command, what));
}

/* By multiprocessing or by joblib, to run its parent's program anew. */
static bool is_spawned(const struct process *p)
{
	return has(p->command, "multiprocessing") || has(p->command, "loky");
}

static bool is_cpython(const struct process *p)
{
	return p && !strcmp(p->runtime, "cpython");
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void put_pair(struct htab *h, uint32_t a, uint32_t b)
{
	htab_put(h, a, b, h);
}

/*
 * A child that still runs its parent's program has all memory that the parent shared;
 * a spawned one opens what it needs, and may have ended before it was looked at.
 */
static bool is_copy(const struct channel_use *u, uint32_t child, uint32_t parent)
{
	const struct process *p = process_of(u, child);

	/* A fork server stands between the two. */
	if (p && runs(p->parent, "multiprocessing.forkserver"))
		p = p->parent;
	return p && p->parent && p->parent->pid == parent && (!p->exec_ns || is_spawned(p)) &&
	       htab_find(&u->semaphores, parent, 0);
}

/* Have they a semaphore in common? */
static bool share(const struct channel_use *u, uint32_t a, uint32_t b)
{
	return htab_find(&u->shares, smaller(a, b), a + b - smaller(a, b)) || is_copy(u, a, b) ||
	       is_copy(u, b, a);
}

static void add_sharers(struct channel_use *u, const struct channel *c)
{
	if (c->file_kind != CHANNEL_SHM || !has(c->name, "/sem."))
		return;
	for (size_t i = 0; i < c->end_cnt && i < SHARERS_MAX; i++) {
		uint32_t a = c->ends[i]->pid;

		htab_put(&u->semaphores, a, 0, u);
		for (size_t j = 0; j < i; j++) {
			uint32_t b = c->ends[j]->pid;

			put_pair(&u->shares, smaller(a, b), a + b - smaller(a, b));
		}
	}
}

/* A pipe within one process: a thread calls another by it. */
static bool is_self(const struct channel *c)
{
	return c->end_cnt == 1 && c->ends[0]->reads && c->ends[0]->writes;
}

/* concurrent.futures wakes its manager thread by messages that are only a header. */
static bool is_executor_wakeup(const struct channel *c)
{
	return is_self(c) && channel_messages(c) &&
	       channel_bytes(c) == HEADER_BYTES * channel_messages(c);
}

/*
 * What goes from the one process that writes, by other threads than its first, to
 * several; and what comes to such threads of one from the first threads of several.
 */
static void add_directions(struct channel_use *u, const struct channel *c)
{
	const struct channel_end *to = NULL, *from = NULL;

	for (size_t i = 0; i < c->end_cnt; i++) {
		if (c->ends[i]->moved.received_cnt > c->ends[i]->moved.sent_cnt)
			to = c->ends[i];
		if (c->ends[i]->moved.sent_cnt > c->ends[i]->moved.received_cnt)
			from = c->ends[i];
	}
	for (size_t i = 0; i < c->end_cnt && to && from; i++) {
		const struct channel_end *end = c->ends[i];

		if (end != from && end->reads && !from->sent_by_main)
			put_pair(&u->tasks, from->pid, end->pid);
		if (end != to && end->sent_by_main && !to->received_by_main)
			put_pair(&u->results, to->pid, end->pid);
	}
}

static bool is_listener_path(const char *name)
{
	return has(name, "/pymp-") && has(name, "/listener-");
}

/* Of connections the name is often not known: they may be over before it is asked for. */
static void add_listeners(struct channel_use *u, const struct model *m)
{
	htab_for_each(&m->unix_listeners, i) {
		const struct htab_entry *e = &m->unix_listeners.entries[i];

		if (is_listener_path(htab_find(&m->file_names, e->a, 0)))
			htab_put(&u->listeners, e->b, 0, u);
	}
}

/* One connection by name tells of all others. */
static void add_connection(struct channel_use *u, const struct channel *c)
{
	char *name = channel_name(u->model, c);

	for (size_t i = 0; i < c->end_cnt && is_listener_path(name); i++)
		htab_put(&u->listeners, c->ends[i]->pid, 0, u);
	free(name);
}

void channel_use_init(struct channel_use *u, const struct model *m)
{
	*u = (struct channel_use){ .model = m };
	for (size_t i = 0; i < m->process_cnt; i++)
		htab_put(&u->processes, m->all_processes[i]->pid, 0, m->all_processes[i]);
	add_listeners(u, m);
	htab_for_each(&m->channels, i) {
		const struct channel *c = m->channels.entries[i].value;

		add_sharers(u, c);
		if (c->file_kind == PAR_FILE_UNIX)
			add_connection(u, c);
		if (c->file_kind != PAR_FILE_PIPE || c->end_cnt > SHARERS_MAX)
			continue;
		if (is_executor_wakeup(c))
			htab_put(&u->executors, c->ends[0]->pid, 0, u);
		add_directions(u, c);
	}
}

void channel_use_release(struct channel_use *u)
{
	htab_release(&u->processes);
	htab_release(&u->semaphores);
	htab_release(&u->shares);
	htab_release(&u->executors);
	htab_release(&u->tasks);
	htab_release(&u->listeners);
	htab_release(&u->results);
}

static const char *use_of_memory(const char *name)
{
	if (has(name, "/dev/shm/psm_"))
		return "multiprocessing.shared_memory";
	if (has(name, "/dev/shm/sem.mp-"))
		return "a lock or semaphore of multiprocessing";
	if (has(name, "/dev/shm/sem.loky-"))
		return "a lock or semaphore of joblib (loky)";
	if (has(name, "/dev/shm/sem."))
		return "a POSIX semaphore";
	if (has(name, "joblib_memmapping_folder"))
		return "an array that joblib has put into a file";
	if (has(name, "/pym-"))
		return "multiprocessing.Array or Value";
	if (has(name, "/dev/shm/"))
		return "POSIX shared memory";
	if (has(name, "/SYSV"))
		return "SysV shared memory";
	return NULL;
}

/* What serves multiprocessing itself: processes that do nothing else. */
static const char *use_of_helper(const struct channel_use *u, const struct channel *c)
{
	for (size_t i = 0; i < c->end_cnt; i++) {
		const struct process *p = process_of(u, c->ends[i]->pid);

		if (runs(p, "loky.backend.resource_tracker"))
			return "resource tracker of joblib (loky)";
		if (runs(p, "multiprocessing.resource_tracker"))
			return "resource tracker of multiprocessing";
		if (runs(p, "multiprocessing.semaphore_tracker"))
			return "semaphore tracker of multiprocessing";
		if (runs(p, "multiprocessing.forkserver"))
			return "fork server of multiprocessing";
	}
	return NULL;
}

/* How it is used from one process or several to another or others. */
struct sides {
	const struct channel_end *writer, *reader;	/* the one that does it most */
	bool all_cpython;
	bool by_feeder;		/* the writer's first thread never wrote: a feeder thread does */
	bool with_semaphore;	/* two of them share one */
	bool loky, spawned;	/* somebody was started as one */
};

static void look_at(const struct channel_use *u, const struct channel *c, struct sides *s)
{
	*s = (struct sides){ .all_cpython = c->end_cnt };
	for (size_t i = 0; i < c->end_cnt; i++) {
		const struct channel_end *end = c->ends[i];
		const struct process *p = process_of(u, end->pid);

		s->all_cpython = s->all_cpython && is_cpython(p);
		s->loky = s->loky || (p && has(p->command, "loky.backend.popen_loky"));
		s->spawned = s->spawned || s->loky ||
			     (p && has(p->command, "multiprocessing.spawn"));
		if (end->writes && (!s->writer || end->moved.sent_cnt > s->writer->moved.sent_cnt))
			s->writer = end;
		if (end->reads &&
		    (!s->reader || end->moved.received_cnt > s->reader->moved.received_cnt))
			s->reader = end;
	}
	s->by_feeder = s->writer && s->writer->moved.sent_cnt && !s->writer->sent_by_main;
	for (size_t i = 1; i < c->end_cnt && i < SHARERS_MAX && !s->with_semaphore; i++)
		s->with_semaphore = share(u, c->ends[0]->pid, c->ends[i]->pid);
}

/* Whose program it runs: its own, or its parent's, as multiprocessing's children do. */
static const struct process *family_of(const struct process *p)
{
	while (p->parent && (!p->exec_ns || is_spawned(p)))
		p = p->parent;
	return p;
}

static bool are_family(const struct channel_use *u, const struct channel *c)
{
	const struct process *first = process_of(u, c->ends[0]->pid);

	for (size_t i = 0; i < c->end_cnt; i++) {
		const struct process *p = process_of(u, c->ends[i]->pid);

		if (!p || family_of(p) != family_of(first))
			return false;
	}
	return true;
}

/* With a semaphore: some queue. A pool has one to its workers and one back. */
static const char *use_of_queue(const struct channel_use *u, const struct sides *s)
{
	uint32_t from = s->writer->pid, to = s->reader->pid;

	if (s->by_feeder && htab_find(&u->results, from, to)) {
		if (s->loky)
			return "call queue of joblib's executor (loky), likely";
		return htab_find(&u->executors, from, 0)
			       ? "call queue of a ProcessPoolExecutor, likely"
			       : "task queue of a multiprocessing.Pool, likely";
	}
	if (htab_find(&u->results, to, from) && htab_find(&u->tasks, to, from)) {
		if (s->loky)
			return "result queue of joblib's executor (loky), likely";
		return htab_find(&u->executors, to, 0)
			       ? "result queue of a ProcessPoolExecutor, likely"
			       : "result queue of a multiprocessing.Pool, likely";
	}
	return s->by_feeder ? "multiprocessing.Queue, likely"
			    : "multiprocessing.SimpleQueue or Pipe, likely";
}

static const char *use_of_pipe(const struct channel_use *u, const struct channel *c)
{
	struct sides s;

	look_at(u, c, &s);
	if (!s.all_cpython)
		return NULL;
	if (is_executor_wakeup(c))
		return "wake-up pipe of an executor (ProcessPoolExecutor, joblib), likely";
	if (is_self(c))
		return "wake-up pipe, likely";
	if (c->end_cnt == 1 && s.reader && !channel_messages(c))
		return "tells when a worker process ends, likely";
	if (c->end_cnt < 2 || !s.writer || !s.reader || !are_family(u, c))
		return NULL;
	/* Read at once, where a Connection reads a message's length before the message. */
	if (s.spawned && c->end_cnt == 2 && s.writer->moved.sent_cnt == 1 &&
	    s.reader->moved.received_cnt == 1)
		return "what starts a spawned process, likely";
	if (s.with_semaphore && s.writer->moved.sent_cnt)
		return use_of_queue(u, &s);
	return "multiprocessing.Pipe, likely";
}

static const char *use_of_socket(const struct channel_use *u, const struct channel *c,
				 const char *name)
{
	struct sides s;

	if (is_listener_path(name))
		return "multiprocessing Manager or Listener";
	for (size_t i = 0; i < c->end_cnt && (c->file.flags & PAR_FILE_SERVED); i++)
		if (htab_find(&u->listeners, c->ends[i]->pid, 0))
			return "multiprocessing Manager or Listener, likely";
	if (name[0] == '/' || c->file.flags & (PAR_FILE_NAMED | PAR_FILE_SERVED))
		return NULL;
	look_at(u, c, &s);
	if (!s.all_cpython)
		return NULL;
	if (is_self(c))
		return "wake-up socket of an event loop, likely";
	return c->end_cnt == 2 && are_family(u, c) ? "multiprocessing.Pipe, likely" : NULL;
}

char *channel_use_of(const struct channel_use *u, const struct channel *c)
{
	char *name = channel_name(u->model, c);
	const char *use = NULL;

	if (c->file_kind == CHANNEL_SHM)
		use = use_of_memory(name);
	else if (c->file_kind == PAR_FILE_PIPE || c->file_kind == PAR_FILE_UNIX)
		use = use_of_helper(u, c);
	if (!use && c->file_kind == PAR_FILE_PIPE)
		use = use_of_pipe(u, c);
	else if (!use && c->file_kind == PAR_FILE_UNIX)
		use = use_of_socket(u, c, name);
	free(name);
	return use ? xstrdup(use) : NULL;
}
