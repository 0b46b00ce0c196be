// SPDX-License-Identifier: MIT
/*
 * Owns nothing: copies what the model counted, longest waits first, and sums
 * what is beyond the limits of facts_build.h.
 */
#include "facts/facts_fill.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/xalloc.h"
#include "facts/facts_build.h"

#define ARRAY_CNT(a) (sizeof(a) / sizeof((a)[0]))

static char *dup_or_null(const char *s)
{
	return s && s[0] ? xstrdup(s) : NULL;
}

static int shell_status(uint32_t wait_status)
{
	int status = (int)wait_status;

	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool command_has(const struct process *p, const char *what)
{
	return p && p->command && strstr(p->command, what);
}

/*
 * As Python's multiprocessing calls them; for others only fork and exec. The
 * command line of a spawned worker holds "from multiprocessing.spawn import
 * spawn_main", that of the fork server "from multiprocessing.forkserver …".
 */
static const char *start_method(const struct process *p)
{
	if (!p->born)
		return NULL;
	if (p->exec_ns)
		return command_has(p, "multiprocessing.spawn") ? "spawn" : "exec";
	return command_has(p->parent, "multiprocessing.forkserver") ? "forkserver" : "fork";
}

void fill_processes(struct facts *out, const struct model *m, uint64_t begin_ns)
{
	out->processes = xcalloc(m->process_cnt, sizeof(*out->processes));
	for (size_t i = 0; i < m->process_cnt; i++) {
		const struct process *p = m->all_processes[i];

		out->processes[out->process_cnt++] = (struct fact_process){
			.pid = p->pid,
			.ppid = p->ppid,
			.name = xstrndup(p->name, sizeof(p->name)),
			.exe = dup_or_null(p->exe),
			.started_ns = p->start_ns > begin_ns ? p->start_ns - begin_ns : 0,
			.ended = p->ended,
			.ended_ns = p->ended && p->end_ns > begin_ns ? p->end_ns - begin_ns : 0,
			.exit_code = p->ended ? shell_status(p->exit_code) : 0,
			.runtime = dup_or_null(p->runtime),
			.runtime_version = dup_or_null(p->runtime_version),
			.global_lock = p->global_lock,
			.start_method = dup_or_null(start_method(p)),
			.rss_bytes = p->rss_max_bytes > p->rss_bytes ? p->rss_max_bytes
								     : p->rss_bytes,
			.pss_bytes = p->pss_bytes,
			.private_bytes = p->private_bytes,
		};
	}
}

static int by_edge_wait(const void *a, const void *b)
{
	const struct lock_edge *x = a, *y = b;

	if (x->wait_ns != y->wait_ns)
		return x->wait_ns > y->wait_ns ? -1 : 1;
	if (x->waiter != y->waiter)
		return x->waiter < y->waiter ? -1 : 1;
	return x->holder < y->holder ? -1 : x->holder > y->holder;
}

static void fill_edges(struct fact_lock *out, const struct lock *l)
{
	struct lock_edge *e = xcalloc(l->edge_cnt, sizeof(*e));
	size_t cnt = l->edge_cnt;

	if (cnt)
		memcpy(e, l->edges, cnt * sizeof(*e));
	qsort(e, cnt, sizeof(*e), by_edge_wait);
	if (cnt > FACTS_EDGES_MAX) {
		struct lock_edge rest = { 0 };

		for (size_t i = FACTS_EDGES_MAX; i < cnt; i++) {
			rest.waits += e[i].waits;
			rest.wait_ns += e[i].wait_ns;
		}
		e[FACTS_EDGES_MAX] = rest; /* waiter and holder 0: all others */
		cnt = FACTS_EDGES_MAX + 1;
	}
	out->edges = e;
	out->edge_cnt = cnt;
}

static int by_lock_wait(const void *a, const void *b)
{
	const struct lock *x = *(const struct lock *const *)a;
	const struct lock *y = *(const struct lock *const *)b;

	if (x->wait_ns != y->wait_ns)
		return x->wait_ns > y->wait_ns ? -1 : 1;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* The table's values that were waited for, in the order of @cmp. The caller frees. */
static void **sorted_values(const struct htab *h, int (*cmp)(const void *, const void *))
{
	void **values = xcalloc(h->cnt, sizeof(*values));

	htab_for_each(h, i)
		values[i] = h->entries[i].value;
	qsort(values, h->cnt, sizeof(*values), cmp);
	return values;
}

static void sum_lock(struct fact_lock *rest, const struct lock *l)
{
	rest->waits += l->waits;
	rest->wait_ns += l->wait_ns;
	rest->max_ns = l->max_ns > rest->max_ns ? l->max_ns : rest->max_ns;
}

void fill_locks(struct facts *out, const struct model *m)
{
	struct lock **locks = (struct lock **)sorted_values(&m->locks, by_lock_wait);
	struct fact_lock rest = { .kind = LOCK_FUTEX };
	size_t more = 0;

	out->locks = xcalloc(FACTS_LOCKS_MAX + 1, sizeof(*out->locks));
	for (size_t i = 0; i < m->locks.cnt; i++) {
		const struct lock *l = locks[i];
		struct fact_lock *f = &out->locks[out->lock_cnt];

		if (!l->waits)
			continue;
		if (out->lock_cnt == FACTS_LOCKS_MAX) {
			sum_lock(&rest, l);
			more++;
			continue;
		}
		*f = (struct fact_lock){
			.kind = l->kind,
			.name = xstrdup(l->name ? l->name : ""),
			.addr = l->addr,
			.pid = l->process ? l->process->pid : 0,
			.waits = l->waits,
			.wait_ns = l->wait_ns,
			.max_ns = l->max_ns,
		};
		fill_edges(f, l);
		out->lock_cnt++;
	}
	if (more) {
		rest.name = xasprintf("%zu more", more);
		out->locks[out->lock_cnt++] = rest;
	}
	free(locks);
}

static const char *channel_kind(uint8_t file_kind)
{
	static const char *const kinds[] = {
		[PAR_FILE_REGULAR] = "file",    [PAR_FILE_TTY] = "tty",
		[PAR_FILE_PIPE] = "pipe",       [PAR_FILE_FIFO] = "fifo",
		[PAR_FILE_UNIX] = "unix",       [PAR_FILE_TCP] = "tcp",
		[PAR_FILE_UDP] = "udp",         [PAR_FILE_SOCKET] = "socket",
		[PAR_FILE_EVENTFD] = "eventfd", [PAR_FILE_SIGNALFD] = "signalfd",
		[PAR_FILE_MQUEUE] = "mqueue",
	};

	if (file_kind < ARRAY_CNT(kinds) && kinds[file_kind])
		return kinds[file_kind];
	return "other";
}

static int by_channel_wait(const void *a, const void *b)
{
	const struct channel *x = *(const struct channel *const *)a;
	const struct channel *y = *(const struct channel *const *)b;
	uint64_t x_ns = x->read_wait_ns + x->write_wait_ns;
	uint64_t y_ns = y->read_wait_ns + y->write_wait_ns;

	if (x_ns != y_ns)
		return x_ns > y_ns ? -1 : 1;
	return x->bytes > y->bytes ? -1 : x->bytes < y->bytes;
}

static uint32_t *dup_ids(const uint32_t *ids, size_t cnt)
{
	uint32_t *copy = xcalloc(cnt, sizeof(*copy));

	if (cnt)
		memcpy(copy, ids, cnt * sizeof(*copy));
	return copy;
}

static void add_channel(struct fact_channel *f, const struct channel *c)
{
	f->messages += c->messages;
	f->bytes += c->bytes;
	f->read_wait_ns += c->read_wait_ns;
	f->write_wait_ns += c->write_wait_ns;
}

void fill_channels(struct facts *out, const struct model *m)
{
	struct channel **channels = (struct channel **)sorted_values(&m->channels, by_channel_wait);
	size_t cnt = m->channels.cnt;
	size_t kept = cnt > FACTS_CHANNELS_MAX ? FACTS_CHANNELS_MAX : cnt;

	out->channels = xcalloc(kept + 1, sizeof(*out->channels));
	for (size_t i = 0; i < kept; i++) {
		const struct channel *c = channels[i];
		struct fact_channel *f = &out->channels[out->channel_cnt++];

		f->kind = xstrdup(channel_kind(c->file_kind));
		f->id = xstrdup(c->name ? c->name : "");
		f->readers = dup_ids(c->readers, c->reader_cnt);
		f->writers = dup_ids(c->writers, c->writer_cnt);
		f->reader_cnt = c->reader_cnt;
		f->writer_cnt = c->writer_cnt;
		add_channel(f, c);
	}
	if (kept < cnt) {
		struct fact_channel *rest = &out->channels[out->channel_cnt++];

		rest->kind = xstrdup("other");
		rest->id = xasprintf("%zu more", cnt - kept);
		for (size_t i = kept; i < cnt; i++)
			add_channel(rest, channels[i]);
	}
	free(channels);
}

static int by_syscall_wait(const void *a, const void *b)
{
	const struct syscall_count *x = *(const struct syscall_count *const *)a;
	const struct syscall_count *y = *(const struct syscall_count *const *)b;

	if (x->blocked_ns != y->blocked_ns)
		return x->blocked_ns > y->blocked_ns ? -1 : 1;
	if (x->calls != y->calls)
		return x->calls > y->calls ? -1 : 1;
	return x->sysno < y->sysno ? -1 : x->sysno > y->sysno;
}

void fill_syscalls(struct facts *out, const struct model *m, const char *(*sysno_name)(int))
{
	struct syscall_count **counts = (struct syscall_count **)sorted_values(&m->syscalls,
									       by_syscall_wait);

	out->syscalls = xcalloc(m->syscalls.cnt, sizeof(*out->syscalls));
	for (size_t i = 0; i < m->syscalls.cnt; i++) {
		const struct syscall_count *c = counts[i];
		const char *name = sysno_name ? sysno_name(c->sysno) : NULL;

		out->syscalls[out->syscall_cnt++] = (struct fact_syscall){
			.name = name ? xstrdup(name) : xasprintf("syscall_%d", c->sysno),
			.calls = c->calls,
			.errors = c->errors,
			.blocked_ns = c->blocked_ns,
			.bytes = c->bytes,
		};
	}
	free(counts);
}
