// SPDX-License-Identifier: MIT
/*
 * Owns the channels. Both ends of a connection are one channel, whichever is
 * traced; of datagrams, all that arrives at one socket is.
 */
#include "model/channel_table.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define CHANNEL_CNT_MAX 65536
#define PEER_CNT_MAX	(2UL * CHANNEL_CNT_MAX)

/* Above all inode numbers: a pair of ports, or one. */
#define KEY_PORTS (1ULL << 61)

static const char *const kind_labels[PAR_FILE_CNT] = {
	[PAR_FILE_NONE] = "nothing", [PAR_FILE_REGULAR] = "file",
	[PAR_FILE_DIRECTORY] = "directory", [PAR_FILE_BLOCK] = "block device",
	[PAR_FILE_CHAR] = "device", [PAR_FILE_TTY] = "terminal", [PAR_FILE_PIPE] = "pipe",
	[PAR_FILE_FIFO] = "fifo", [PAR_FILE_UNIX] = "unix", [PAR_FILE_TCP] = "tcp",
	[PAR_FILE_UDP] = "udp", [PAR_FILE_SOCKET] = "socket", [PAR_FILE_EVENTFD] = "eventfd",
	[PAR_FILE_SIGNALFD] = "signalfd", [PAR_FILE_TIMERFD] = "timerfd",
	[PAR_FILE_INOTIFY] = "inotify", [PAR_FILE_EPOLL] = "epoll", [PAR_FILE_PIDFD] = "pidfd",
	[PAR_FILE_MQUEUE] = "mqueue", [PAR_FILE_IO_URING] = "io_uring",
	[PAR_FILE_OTHER] = "other", [PAR_FILE_SYSV_QUEUE] = "SysV queue",
	[PAR_FILE_SYSV_SEMAPHORE] = "SysV semaphores",
};

static void inet_format(struct strbuf *out, const struct par_file_ref *file)
{
	bool v6 = file->flags & PAR_FILE_IPV6;
	char addr[INET6_ADDRSTRLEN] = "?";

	if (file->flags & PAR_FILE_LISTENS || !file->rport) {
		strbuf_addf(out, "%s port %u", kind_labels[file->kind], file->lport);
		return;
	}
	inet_ntop(v6 ? AF_INET6 : AF_INET, file->raddr, addr, sizeof(addr));
	strbuf_addf(out, v6 ? "%s [%s]:%u" : "%s %s:%u", kind_labels[file->kind], addr,
		    file->rport);
}

const char *file_path_find(const struct model *m, const struct par_file_ref *file)
{
	switch (file->kind) {
	case PAR_FILE_REGULAR:
	case PAR_FILE_DIRECTORY:
	case PAR_FILE_FIFO:
	case PAR_FILE_BLOCK:
	case PAR_FILE_CHAR:
	case PAR_FILE_TTY:
		return htab_find(&m->file_names, file->id, file->dev);
	case PAR_FILE_UNIX:
		return htab_find(&m->file_names, file->id, 0);
	default:
		return NULL; /* its number is not one of a path, nor @dev set */
	}
}

/* Not by printf(): every wait for a pipe is named so. */
static void numbered_format(struct strbuf *out, const char *label, uint64_t id)
{
	strbuf_addstr(out, label);
	strbuf_addstr(out, ":[");
	strbuf_addu(out, id);
	strbuf_addch(out, ']');
}

void file_name_format(struct strbuf *out, const struct model *m, const struct par_file_ref *file)
{
	const char *path = file_path_find(m, file);
	uint8_t kind = file->kind < PAR_FILE_CNT ? file->kind : PAR_FILE_OTHER;

	if (path)
		strbuf_addstr(out, path);
	else if (kind == PAR_FILE_TCP || kind == PAR_FILE_UDP)
		inet_format(out, file);
	else if (kind == PAR_FILE_SYSV_QUEUE || kind == PAR_FILE_SYSV_SEMAPHORE)
		strbuf_addf(out, "%s %" PRIu64, kind_labels[kind], (uint64_t)file->id);
	else if (kind == PAR_FILE_EVENTFD || (kind >= PAR_FILE_SIGNALFD && kind != PAR_FILE_MQUEUE))
		strbuf_addstr(out, kind_labels[kind]);	/* the id would be an address */
	else
		numbered_format(out, kind_labels[kind], file->id);
}

static bool is_pair(const struct par_file_ref *file)
{
	if (file->kind == PAR_FILE_UNIX)
		return file->peer_id && !(file->flags & PAR_FILE_NAMED);
	return file->kind == PAR_FILE_TCP && (file->flags & PAR_FILE_LOOPBACK) && file->rport;
}

/* Does this end come second in the channel's key? */
static bool is_second(const struct par_file_ref *file)
{
	if (!is_pair(file))
		return false;
	return file->kind == PAR_FILE_UNIX ? file->id > file->peer_id : file->lport > file->rport;
}

static uint64_t inet_key(const struct par_file_ref *file, bool is_write)
{
	uint64_t net = KEY_PORTS | (uint64_t)file->net << 32;
	bool away = file->rport && !(file->flags & PAR_FILE_LOOPBACK);

	if (is_pair(file) && is_second(file))
		return net | (uint64_t)file->rport << 16 | file->lport;
	if (is_pair(file))
		return net | (uint64_t)file->lport << 16 | file->rport;
	if (file->kind == PAR_FILE_TCP || away || (is_write && !file->rport) || !file->lport)
		return file->id;
	/* UDP: what arrives at a port of this machine */
	return net | (is_write ? file->rport : file->lport);
}

/*
 * One key for both ends: the smaller inode of a UNIX pair; for a loopback
 * connection its pair of ports, in either order.
 */
static uint64_t channel_key(const struct par_file_ref *file, bool is_write)
{
	switch (file->kind) {
	case PAR_FILE_UNIX:
		if (file->flags & PAR_FILE_NAMED)
			return file->peer_id;
		return is_pair(file) && file->peer_id < file->id ? file->peer_id : file->id;
	case PAR_FILE_TCP:
	case PAR_FILE_UDP:
		return inet_key(file, is_write);
	default:
		return file->id;
	}
}

/* Inodes are numbered per file system, and SysV objects per IPC namespace. */
static uint64_t channel_space(const struct par_file_ref *file)
{
	bool has_dev = file->kind == PAR_FILE_FIFO || file->kind >= PAR_FILE_SYSV_QUEUE;

	return file->kind | (has_dev ? (uint64_t)file->dev << 8 : 0);
}

static bool is_channel(const struct par_file_ref *file)
{
	switch (file->kind) {
	case PAR_FILE_PIPE:
	case PAR_FILE_FIFO:
	case PAR_FILE_UNIX:
	case PAR_FILE_TCP:
	case PAR_FILE_UDP:
	case PAR_FILE_EVENTFD:
	case PAR_FILE_MQUEUE:
	case PAR_FILE_SYSV_QUEUE:
	case PAR_FILE_SYSV_SEMAPHORE:
		return !(file->flags & PAR_FILE_LISTENS);
	default:
		return false;
	}
}

char *channel_name(const struct model *m, const struct channel *c)
{
	struct par_file_ref file = c->file;
	struct strbuf name = { 0 };

	if (c->file_kind == CHANNEL_SHM) {
		strbuf_addstr(&name, c->name);
	} else if (channel_is_rest(file.id)) {
		strbuf_addf(&name, "%s, many more of process %u", kind_labels[file.kind],
			    (uint32_t)file.id);
	} else {
		/* A server's end has its name, a client's has none. */
		if (is_pair(&file) && file.kind == PAR_FILE_UNIX &&
		    htab_find(&m->file_names, file.peer_id, 0))
			file.id = file.peer_id;
		file_name_format(&name, m, &file);
	}
	return strbuf_take(&name);
}

/*
 * What a closed end was connected to, and what a connection that isn't accepted
 * yet will be, the kernel doesn't say: @file gets what was or what comes to be known.
 */
static void learn_peer(struct model *m, struct par_file_ref *file)
{
	const void *peer = htab_find(&m->unix_peers, file->id, 0);
	struct channel *alone;
	uint64_t key;

	if (file->kind != PAR_FILE_UNIX || (file->flags & PAR_FILE_NAMED))
		return;
	if (!file->peer_id)
		file->peer_id = (uintptr_t)peer;
	if (!file->peer_id || (uintptr_t)peer == file->peer_id || m->unix_peers.cnt >= PEER_CNT_MAX)
		return;
	htab_put(&m->unix_peers, file->id, 0, (void *)(uintptr_t)file->peer_id);
	htab_put(&m->unix_peers, file->peer_id, 0, (void *)(uintptr_t)file->id);
	key = channel_key(file, false);
	alone = htab_find(&m->channels, PAR_FILE_UNIX, file->id);
	if (alone && key != file->id && !htab_find(&m->channels, PAR_FILE_UNIX, key)) {
		struct channel_flow first = alone->flows[0];

		htab_remove(&m->channels, PAR_FILE_UNIX, file->id);
		htab_put(&m->channels, PAR_FILE_UNIX, key, alone);
		alone->key = key;
		/* Alone, it was taken for the first of the two; it is the second. */
		alone->flows[0] = alone->flows[1];
		alone->flows[1] = first;
	}
}

/* Of a datagram channel the receiving end says more: it has the name. */
static void prefer_receiver(struct model *m, struct channel *c, const struct par_file_ref *file,
			    bool is_write)
{
	bool by_name = file->kind == PAR_FILE_UDP || (file->flags & PAR_FILE_NAMED);
	char *name;

	if (!by_name || is_write || c->file.id == file->id)
		return;
	c->file = *file;
	name = channel_name(m, c);
	free(c->name);
	c->name = name;
}

/* What either end of a UNIX pair knows more than was known when it was first seen. */
static void complete(struct par_file_ref *known, const struct par_file_ref *file)
{
	if (known->kind != PAR_FILE_UNIX)
		return;
	known->flags |= file->flags & PAR_FILE_SERVED;
	if (!known->peer_id)
		known->peer_id = known->id == file->id ? file->peer_id : file->id;
	if (!known->peer_pid && known->id == file->id)
		known->peer_pid = file->peer_pid;
}

struct channel *channel_get(struct model *m, const struct par_file_ref *ref, bool is_write)
{
	struct par_file_ref file = *ref;
	struct channel *c;
	uint64_t key;

	if (!is_channel(&file))
		return NULL;
	learn_peer(m, &file);
	key = channel_key(&file, is_write);
	c = htab_find(&m->channels, channel_space(&file), key);
	if (c) {
		prefer_receiver(m, c, &file, is_write);
		complete(&c->file, &file);
	}
	if (c || m->channels.cnt >= CHANNEL_CNT_MAX)
		return c;
	c = xcalloc(1, sizeof(*c));
	c->file_kind = file.kind;
	c->file = file;
	c->space = channel_space(&file);
	c->key = key;
	c->name = channel_name(m, c);
	htab_put(&m->channels, c->space, key, c);
	return c;
}

/* A pipe that a shell's children write to gets thousands of ends. */
static struct channel_end *end_get(struct channel *c, uint32_t pid)
{
	struct channel_end *end = htab_find(&c->end_index, pid, 0);

	if (end)
		return end;
	end = xcalloc(1, sizeof(*end));
	end->pid = pid;
	htab_put(&c->end_index, pid, 0, end);
	XGROW(c->ends, c->end_cnt, c->end_cap);
	c->ends[c->end_cnt++] = end;
	return end;
}

void channel_add_listener(struct model *m, const struct par_file_ref *file, uint32_t pid)
{
	if (file->kind == PAR_FILE_UNIX && (file->flags & PAR_FILE_LISTENS) &&
	    m->unix_listeners.cnt < PEER_CNT_MAX)
		htab_put(&m->unix_listeners, file->id, pid, m);
}

void channel_add_wait(struct channel *c, uint32_t pid, bool is_read, uint64_t wait_ns)
{
	struct channel_end *end = end_get(c, pid);

	if (is_read) {
		end->reads = true;
		end->read_wait_ns += wait_ns;
		c->read_wait_ns += wait_ns;
	} else {
		end->writes = true;
		end->write_wait_ns += wait_ns;
		c->write_wait_ns += wait_ns;
	}
}

static void flow_add(struct channel_flow *flow, bool is_write, uint64_t messages, uint64_t bytes)
{
	if (is_write) {
		flow->sent_cnt += messages;
		flow->sent_bytes += bytes;
	} else {
		flow->received_cnt += messages;
		flow->received_bytes += bytes;
	}
}

/* What this end sends goes one way, what it receives came the other. */
static struct channel_flow *flow_of(struct channel *c, const struct par_file_ref *file,
				    bool is_write)
{
	bool two_ways = (file->kind == PAR_FILE_UNIX && !(file->flags & PAR_FILE_NAMED)) ||
			file->kind == PAR_FILE_TCP;

	return &c->flows[two_ways && is_second(file) == is_write];
}

void channel_add_traffic(struct model *m, struct channel *c, const struct par_file_ref *ref,
			 const struct event_traffic *ev)
{
	struct channel_end *end = end_get(c, ev->hdr.tid);
	struct par_file_ref file = *ref;

	learn_peer(m, &file);
	if (ev->is_write)
		end->writes = true;
	else
		end->reads = true;
	flow_add(&end->moved, ev->is_write, ev->messages, ev->bytes);
	if (ev->is_write)
		end->sent_by_main += ev->main_messages;
	else
		end->received_by_main += ev->main_messages;
	flow_add(flow_of(c, &file, ev->is_write), ev->is_write, ev->messages, ev->bytes);
}

void channel_add_peer(struct channel *c, uint32_t pid, const char *comm)
{
	struct channel_end *end = end_get(c, pid);

	snprintf(end->name, sizeof(end->name), "%.*s", PAR_COMM_LEN - 1, comm);
}

/* Boyer and Moore: whoever has more than half of the votes remains. */
void channel_vote_peer(struct channel *c, const struct peer *peer)
{
	if (!c->peer_votes)
		c->likely_peer = *peer;
	if (c->likely_peer.pid != peer->pid) {
		c->peer_votes--;
		return;
	}
	c->peer_votes++;
	if (peer->name[0])
		c->likely_peer = *peer;
}

void channel_add_mapping(struct model *m, const struct event_shared *ev)
{
	uint64_t space = CHANNEL_SHM | (uint64_t)ev->dev << 8;
	struct channel *c = htab_find(&m->channels, space, ev->id);
	struct channel_end *end;

	if (!c) {
		if (m->channels.cnt >= CHANNEL_CNT_MAX)
			return;
		c = xcalloc(1, sizeof(*c));
		c->file_kind = CHANNEL_SHM;
		c->space = space;
		c->key = ev->id;
		c->name = ev->name[0] ? xstrdup(ev->name)
				      : xasprintf("shared anonymous memory (inode %" PRIu64 ")",
						  ev->id);
		htab_put(&m->channels, space, ev->id, c);
	}
	if (ev->name[0] && strcmp(c->name, ev->name)) {
		free(c->name);
		c->name = xstrdup(ev->name); /* who opened it knows the name, who made it may not */
	}
	if (ev->bytes > c->shm_bytes)
		c->shm_bytes = ev->bytes;
	end = end_get(c, ev->hdr.tid);
	end->reads = true;
	if (ev->hdr.flags & EVENT_SHARED_WRITABLE)
		end->writes = true;
}

/* What was seen sent, and that part of what was received whose sending was not. */
static uint64_t flow_messages(const struct channel_flow *f)
{
	double unseen;

	if (!f->received_bytes || !f->sent_bytes)
		return f->sent_cnt > f->received_cnt ? f->sent_cnt : f->received_cnt;
	if (f->sent_bytes >= f->received_bytes)
		return f->sent_cnt;
	unseen = (double)(f->received_bytes - f->sent_bytes) / (double)f->received_bytes;
	return f->sent_cnt + (uint64_t)((double)f->received_cnt * unseen + 0.5);
}

static uint64_t flow_bytes(const struct channel_flow *f)
{
	return f->sent_bytes > f->received_bytes ? f->sent_bytes : f->received_bytes;
}

uint64_t channel_messages(const struct channel *c)
{
	return flow_messages(&c->flows[0]) + flow_messages(&c->flows[1]);
}

uint64_t channel_bytes(const struct channel *c)
{
	return flow_bytes(&c->flows[0]) + flow_bytes(&c->flows[1]);
}

void channel_free(struct channel *c)
{
	for (size_t i = 0; i < c->end_cnt; i++)
		free(c->ends[i]);
	free(c->ends);
	free(c->name);
	htab_release(&c->end_index);
	free(c);
}
