// SPDX-License-Identifier: MIT
/*
 * Owns nothing: copies the model's channels, busiest first, with who is at their
 * ends, and sums what is beyond the limits of facts_build.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/order.h"
#include "base/xalloc.h"
#include "facts/channel_use.h"
#include "facts/facts_build.h"
#include "facts/facts_fill.h"
#include "model/channel_table.h"

static const char *channel_kind(uint8_t file_kind)
{
	static const char *const kinds[] = {
		[PAR_FILE_REGULAR] = "file",
		[PAR_FILE_TTY] = "tty",
		[PAR_FILE_PIPE] = "pipe",
		[PAR_FILE_FIFO] = "fifo",
		[PAR_FILE_UNIX] = "unix",
		[PAR_FILE_TCP] = "tcp",
		[PAR_FILE_UDP] = "udp",
		[PAR_FILE_SOCKET] = "socket",
		[PAR_FILE_EVENTFD] = "eventfd",
		[PAR_FILE_SIGNALFD] = "signalfd",
		[PAR_FILE_MQUEUE] = "mqueue",
		[PAR_FILE_SYSV_QUEUE] = "sysv",
		[PAR_FILE_SYSV_SEMAPHORE] = "sysv",
	};

	if (file_kind == CHANNEL_SHM)
		return "shm";
	if (file_kind < ARRAY_CNT(kinds) && kinds[file_kind])
		return kinds[file_kind];
	return "other";
}

/* Longest waited for, then most bytes; memory, which has neither, comes last. */
static int by_business(const void *a, const void *b)
{
	const struct channel *x = *(const struct channel *const *)a;
	const struct channel *y = *(const struct channel *const *)b;

	if (x->file_kind != y->file_kind &&
	    (x->file_kind == CHANNEL_SHM || y->file_kind == CHANNEL_SHM))
		return x->file_kind == CHANNEL_SHM ? 1 : -1;
	return order_down(x->read_wait_ns + x->write_wait_ns, y->read_wait_ns + y->write_wait_ns) ?:
	       order_down(channel_bytes(x), channel_bytes(y)) ?:
	       order_down(x->shm_bytes, y->shm_bytes) ?: strcmp(x->name, y->name);
}

static void fill_end(const struct channel_use *use, const struct channel_end *end,
		     struct fact_channel_end *f)
{
	const struct process *p = htab_find(&use->processes, end->pid, 0);
	const char *name = p ? p->name : end->name;

	*f = (struct fact_channel_end){
		.pid = end->pid,
		.name = name[0] ? xstrndup(name, PAR_COMM_LEN) : NULL,
		.traced = p,
		.reads = end->reads,
		.writes = end->writes,
		.messages_sent = end->moved.sent_cnt,
		.bytes_sent = end->moved.sent_bytes,
		.messages_received = end->moved.received_cnt,
		.bytes_received = end->moved.received_bytes,
		.read_wait_ns = end->read_wait_ns,
		.write_wait_ns = end->write_wait_ns,
	};
}

static uint64_t beyond(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* What the traced ends received and nobody was seen to send came from the other. */
static void infer_other(const struct channel *c, struct fact_channel_end *other)
{
	for (size_t i = 0; i < ARRAY_CNT(c->flows); i++) {
		const struct channel_flow *f = &c->flows[i];

		other->messages_sent += beyond(f->received_cnt, f->sent_cnt);
		other->bytes_sent += beyond(f->received_bytes, f->sent_bytes);
		other->messages_received += beyond(f->sent_cnt, f->received_cnt);
		other->bytes_received += beyond(f->sent_bytes, f->received_bytes);
	}
	other->writes = other->messages_sent;
	other->reads = other->messages_received;
}

static void sum_ends(struct fact_channel *f)
{
	struct fact_channel_end *rest = &f->ends[FACTS_ENDS_MAX];
	struct fact_channel_end sum = { .traced = true };
	size_t more = f->end_cnt - FACTS_ENDS_MAX;

	for (size_t i = FACTS_ENDS_MAX; i < f->end_cnt; i++) {
		const struct fact_channel_end *e = &f->ends[i];

		sum.reads |= e->reads;
		sum.writes |= e->writes;
		sum.messages_sent += e->messages_sent;
		sum.bytes_sent += e->bytes_sent;
		sum.messages_received += e->messages_received;
		sum.bytes_received += e->bytes_received;
		sum.read_wait_ns += e->read_wait_ns;
		sum.write_wait_ns += e->write_wait_ns;
		free(e->name);
	}
	sum.name = xasprintf("%zu more", more);
	*rest = sum;
	f->end_cnt = FACTS_ENDS_MAX + 1;
}

/*
 * Nobody was seen at the other end: who ended this end's waits, or who connected or
 * listens, as the kernel says of a UNIX pair. A connection elsewhere has no such end.
 */
static bool add_peer(const struct channel_use *use, const struct channel *c, struct fact_channel *f)
{
	bool is_unix = c->file_kind == PAR_FILE_UNIX && !(c->file.flags & PAR_FILE_NAMED);
	struct channel_end peer = { 0 };

	if (c->peer_votes) {
		peer.pid = c->likely_peer.pid;
		memcpy(peer.name, c->likely_peer.name, sizeof(peer.name));
	} else if (is_unix) {
		peer.pid = c->file.peer_pid;
	}
	if (!peer.pid || c->end_cnt != 1 || c->ends[0]->pid == peer.pid)
		return false;
	fill_end(use, &peer, &f->ends[f->end_cnt++]);
	return true;
}

static void fill_ends(const struct channel_use *use, const struct channel *c, struct fact_channel *f)
{
	struct fact_channel_end *other = NULL;
	size_t others = 0;

	f->readers = xcalloc(c->end_cnt, sizeof(*f->readers));
	f->writers = xcalloc(c->end_cnt, sizeof(*f->writers));
	f->ends = xcalloc(c->end_cnt + 1, sizeof(*f->ends));
	for (size_t i = 0; i < c->end_cnt; i++) {
		const struct channel_end *end = c->ends[i];
		struct fact_channel_end *e = &f->ends[f->end_cnt++];

		fill_end(use, end, e);
		if (!e->traced) {
			other = e;
			others++;
		}
		if (c->file_kind == CHANNEL_SHM)
			continue;
		if (end->reads)
			f->readers[f->reader_cnt++] = end->pid;
		if (end->writes)
			f->writers[f->writer_cnt++] = end->pid;
	}
	if (!others && add_peer(use, c, f)) {
		other = &f->ends[f->end_cnt - 1];
		others++;
	}
	if (others == 1)
		infer_other(c, other);
	channel_ends_sort(f->ends, f->end_cnt);
	if (f->end_cnt > FACTS_ENDS_MAX + 1)
		sum_ends(f);
}

static void add_channel(struct fact_channel *f, const struct channel *c)
{
	f->messages += channel_messages(c);
	f->bytes += channel_bytes(c);
	f->read_wait_ns += c->read_wait_ns;
	f->write_wait_ns += c->write_wait_ns;
	f->size_bytes += c->shm_bytes;
}

/* A semaphore that only one process has mapped yet joins nobody. */
static bool is_lonely(const struct channel *c)
{
	return c->file_kind == CHANNEL_SHM && c->end_cnt < 2 && strstr(c->name, "/sem.");
}

/* Of traffic 64, of memory 32: neither crowds out the other. */
static bool has_room(const struct channel *c, size_t kept[2])
{
	bool is_memory = c->file_kind == CHANNEL_SHM;

	return kept[is_memory]++ < (is_memory ? FACTS_MEMORY_MAX : FACTS_CHANNELS_MAX);
}

static struct channel **sorted_channels(const struct model *m)
{
	struct channel **channels = xcalloc(m->channels.cnt, sizeof(*channels));

	htab_for_each(&m->channels, i)
		channels[i] = m->channels.entries[i].value;
	qsort(channels, m->channels.cnt, sizeof(*channels), by_business);
	return channels;
}

/*
 * For those who put recordings together. An eventfd's number would be an address in the
 * kernel, and a sum of many has none.
 */
static char *channel_key_text(const struct channel *c)
{
	if (c->file_kind == PAR_FILE_EVENTFD || channel_is_rest(c->key))
		return NULL;
	return xasprintf("%" PRIx64 "-%" PRIx64, c->space, c->key);
}

void fill_channels(struct facts *out, const struct model *m)
{
	struct channel **channels = sorted_channels(m);
	size_t cnt = m->channels.cnt, more = 0, kept[2] = { 0 };
	struct fact_channel rest = { 0 };
	struct channel_use use;

	channel_use_init(&use, m);
	out->channels = xcalloc(FACTS_CHANNELS_MAX + FACTS_MEMORY_MAX + 1, sizeof(*out->channels));
	for (size_t i = 0; i < cnt; i++) {
		const struct channel *c = channels[i];
		struct fact_channel *f;

		if (is_lonely(c))
			continue;
		if (!has_room(c, kept)) {
			add_channel(&rest, c);
			more++;
			continue;
		}
		f = &out->channels[out->channel_cnt++];
		f->kind = xstrdup(channel_kind(c->file_kind));
		f->id = channel_name(m, c);
		f->key = channel_key_text(c);
		f->used_as = channel_use_of(&use, c);
		fill_ends(&use, c, f);
		add_channel(f, c);
	}
	if (more) {
		rest.kind = xstrdup("other");
		rest.id = xasprintf("%zu more", more);
		out->channels[out->channel_cnt++] = rest;
	}
	channel_use_release(&use);
	free(channels);
}
