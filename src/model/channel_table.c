// SPDX-License-Identifier: MIT
/* Owns the channels. Both ends of a connection are one channel. */
#include "model/channel_table.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define CHANNEL_CNT_MAX 65536

static const char *const kind_labels[PAR_FILE_CNT] = {
	[PAR_FILE_NONE] = "nothing", [PAR_FILE_REGULAR] = "file",
	[PAR_FILE_DIRECTORY] = "directory", [PAR_FILE_BLOCK] = "block device",
	[PAR_FILE_CHAR] = "device", [PAR_FILE_TTY] = "terminal", [PAR_FILE_PIPE] = "pipe",
	[PAR_FILE_FIFO] = "fifo", [PAR_FILE_UNIX] = "unix", [PAR_FILE_TCP] = "tcp",
	[PAR_FILE_UDP] = "udp", [PAR_FILE_SOCKET] = "socket", [PAR_FILE_EVENTFD] = "eventfd",
	[PAR_FILE_SIGNALFD] = "signalfd", [PAR_FILE_TIMERFD] = "timerfd",
	[PAR_FILE_INOTIFY] = "inotify", [PAR_FILE_EPOLL] = "epoll", [PAR_FILE_PIDFD] = "pidfd",
	[PAR_FILE_MQUEUE] = "mqueue", [PAR_FILE_IO_URING] = "io_uring",
	[PAR_FILE_OTHER] = "other",
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

void file_name_format(struct strbuf *out, const struct model *m, const struct par_file_ref *file)
{
	const char *path = htab_find(&m->file_names, file->id, 0);
	uint8_t kind = file->kind < PAR_FILE_CNT ? file->kind : PAR_FILE_OTHER;

	if (path)
		strbuf_addstr(out, path);
	else if (kind == PAR_FILE_TCP || kind == PAR_FILE_UDP)
		inet_format(out, file);
	else if (kind == PAR_FILE_EVENTFD || kind >= PAR_FILE_SIGNALFD)
		strbuf_addstr(out, kind_labels[kind]);	/* the id would be an address */
	else
		strbuf_addf(out, "%s:[%" PRIu64 "]", kind_labels[kind], (uint64_t)file->id);
}

/*
 * One key for both ends: the smaller inode of a UNIX pair; for a loopback
 * connection its pair of ports, in either order.
 */
static uint64_t channel_key(const struct par_file_ref *file)
{
	bool loopback = file->flags & PAR_FILE_LOOPBACK;

	if (file->kind == PAR_FILE_UNIX && file->peer_id && file->peer_id < file->id)
		return file->peer_id;
	if (file->kind == PAR_FILE_TCP && loopback && file->lport < file->rport)
		return (uint64_t)file->lport << 16 | file->rport;
	if (file->kind == PAR_FILE_TCP && loopback)
		return (uint64_t)file->rport << 16 | file->lport;
	return file->id;
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
		return !(file->flags & PAR_FILE_LISTENS);
	default:
		return false;
	}
}

struct channel *channel_get(struct model *m, const struct par_file_ref *file)
{
	struct strbuf name = { 0 };
	struct channel *c;
	uint64_t key;

	if (!is_channel(file))
		return NULL;
	key = channel_key(file);
	c = htab_find(&m->channels, file->kind, key);
	if (c || m->channels.cnt >= CHANNEL_CNT_MAX)
		return c;
	c = xcalloc(1, sizeof(*c));
	c->file_kind = file->kind;
	if (file->id >> 32 == CHANNEL_REST(0) >> 32)
		strbuf_addf(&name, "%s, many more of process %u", kind_labels[file->kind],
			    (uint32_t)file->id);
	else
		file_name_format(&name, m, file);
	c->name = strbuf_take(&name);
	htab_put(&m->channels, file->kind, key, c);
	return c;
}

/* A pipe that a shell's children write to gets thousands of ends. */
static void add_end(struct channel *c, uint32_t pid, bool is_read)
{
	if (htab_find(&c->ends, pid, is_read))
		return;
	htab_put(&c->ends, pid, is_read, c);
	if (is_read) {
		XGROW(c->readers, c->reader_cnt, c->reader_cap);
		c->readers[c->reader_cnt++] = pid;
	} else {
		XGROW(c->writers, c->writer_cnt, c->writer_cap);
		c->writers[c->writer_cnt++] = pid;
	}
}

void channel_add_wait(struct channel *c, uint32_t pid, bool is_read, uint64_t wait_ns)
{
	add_end(c, pid, is_read);
	if (is_read)
		c->read_wait_ns += wait_ns;
	else
		c->write_wait_ns += wait_ns;
}

void channel_add_traffic(struct channel *c, uint32_t pid, bool is_write, uint64_t messages,
			 uint64_t bytes)
{
	add_end(c, pid, !is_write);
	if (is_write) {
		c->sent_cnt += messages;
		c->sent_bytes += bytes;
	} else {
		c->received_cnt += messages;
		c->received_bytes += bytes;
	}
	/* Both ends may be traced, or only one: what was sent is what was received. */
	c->messages = c->sent_cnt > c->received_cnt ? c->sent_cnt : c->received_cnt;
	c->bytes = c->sent_bytes > c->received_bytes ? c->sent_bytes : c->received_bytes;
}

void channel_free(struct channel *c)
{
	free(c->name);
	free(c->readers);
	free(c->writers);
	htab_release(&c->ends);
	free(c);
}
