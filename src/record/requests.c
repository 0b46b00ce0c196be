// SPDX-License-Identifier: MIT
/* Owns the links of --request and what was last fed of each listening socket. */
#include "record/requests.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"

/* How many connections are read at once: a bucket of the kernel's table has fewer. */
#define BATCH 2048

/* Above this many eighths the table makes room: who was idle for so long is forgotten. */
#define FULL_EIGHTHS 6
#define IDLE_NS (10 * NS_PER_S)

struct sweep {
	const struct requests *requests;
	struct probes_requests probes;
	void (*feed)(void *ctx, const struct event *ev);
	void *ctx;
	uint64_t now_ns;
	bool is_end;
	uint64_t cnt, unfinished;
};

int requests_init(struct requests *r, struct probes *probes, const struct request_function *f)
{
	struct probes_requests p = probes_requests(probes);
	int fd, err;

	*r = (struct requests){ .probes = probes, .call = { .fd = -1 }, .ret = { .fd = -1 } };
	if (!p.call)
		return 0;
	fd = open(f->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = uprobe_attach(&r->ret, p.ret, UPROBE_RETURN, fd, &f->offset, 1);
	if (!err)
		err = uprobe_attach(&r->call, p.call, UPROBE_ENTRY, fd, &f->offset, 1);
	close(fd);
	return err;
}

void requests_release(struct requests *r)
{
	if (!r->probes)
		return;
	uprobe_detach(&r->call);
	uprobe_detach(&r->ret);
	htab_for_each(&r->listeners, i)
		free(r->listeners.entries[i].value);
	htab_release(&r->listeners);
	*r = (struct requests){ 0 };
}

static void feed_reply(const struct sweep *w, const struct par_served *s)
{
	struct event ev = { .request = {
				    .hdr = { .ts_ns = w->now_ns,
					     .tid = s->tid,
					     .kind = PAR_REQUEST },
				    .begin_ns = s->begin_ns,
				    .read_ns = s->read_ns,
				    .end_ns = s->write_ns,
				    .tgid = s->tgid,
				    .end_tid = s->end_tid,
				    .lport = s->lport,
				    .kind = s->kind,
			    } };

	w->feed(w->ctx, &ev);
}

/* What moved and did not come to the table of channels (record/counts.h) yet. */
static void feed_moved(const struct sweep *w, const struct par_served *s)
{
	for (int is_write = 0; is_write < 2; is_write++) {
		const struct par_moved *m = &s->moved[is_write];
		struct event ev = { .traffic = {
					    .hdr = { .ts_ns = w->now_ns,
						     .tid = s->mover_tgid,
						     .kind = EVENT_TRAFFIC },
					    .file = s->file,
					    .is_write = is_write,
					    .messages = m->messages,
					    .bytes = m->bytes,
					    .main_messages = m->main_messages,
				    } };

		if (m->messages)
			w->feed(w->ctx, &ev);
	}
}

/*
 * A write from now on would be news, so what is told here is whole. If the next request
 * is read while we look, it may be told twice or not at all: one in a million.
 */
static void look_at(struct sweep *w, uint64_t file, const struct par_served *s)
{
	bool is_answered = s->begin_ns && s->write_ns;
	bool is_over = w->is_end || w->now_ns > s->write_ns + PAR_REPLY_PAUSE_NS;
	struct par_served now = *s;

	w->cnt++;
	if (is_answered && is_over) {
		feed_reply(w, s);
		now.begin_ns = now.write_ns = 0;
		bpf_map_update_elem(w->probes.served_fd, &file, &now, BPF_EXIST);
	} else if (s->begin_ns && !s->write_ns && w->is_end) {
		w->unfinished++;
	}
	if (w->is_end)
		feed_moved(w, s);
}

/* Connections come and go; those that went are only known by their silence. */
static void make_room(const struct sweep *w, uint64_t file, const struct par_served *s)
{
	if (w->now_ns < s->last_ns + IDLE_NS)
		return;
	bpf_map_delete_elem(w->probes.served_fd, &file);
	feed_moved(w, s);
}

static void each_served(struct sweep *w, bool makes_room)
{
	struct par_served *values = xcalloc(BATCH, sizeof(*values));
	uint64_t *files = xcalloc(BATCH, sizeof(*files));
	uint32_t batch = 0, cnt;
	void *from = NULL;
	int err;

	do {
		cnt = BATCH;
		err = bpf_map_lookup_batch(w->probes.served_fd, from, &batch, files, values, &cnt,
					   NULL);
		/* At the end it says -ENOENT, and how many it has. */
		for (uint32_t i = 0; (!err || err == -ENOENT) && i < cnt; i++) {
			if (makes_room)
				make_room(w, files[i], &values[i]);
			else
				look_at(w, files[i], &values[i]);
		}
		from = &batch;
	} while (!err);
	free(values);
	free(files);
}

static void feed_listener(struct requests *r, const struct sweep *w, uint64_t ino,
			  const struct par_listener *l)
{
	struct par_listener *last = htab_find(&r->listeners, ino, 0);
	struct event ev = { .backlog = {
				    .hdr = { .ts_ns = w->now_ns,
					     .tid = l->tgid,
					     .kind = EVENT_BACKLOG },
				    .id = ino,
				    .waiting_max = l->waiting_max,
				    .limit = l->limit,
				    .lport = l->lport,
				    .kind = l->kind,
			    } };

	if (!last) {
		last = xcalloc(1, sizeof(*last));
		htab_put(&r->listeners, ino, 0, last);
	}
	ev.backlog.accepts = l->accepts - last->accepts;
	ev.backlog.waiting = l->waiting_sum - last->waiting_sum;
	*last = *l;
	if (ev.backlog.accepts)
		w->feed(w->ctx, &ev);
}

static void each_listener(struct requests *r, const struct sweep *w)
{
	uint64_t ino, *prev = NULL;
	struct par_listener l;

	while (!bpf_map_get_next_key(w->probes.listeners_fd, prev, &ino)) {
		if (!bpf_map_lookup_elem(w->probes.listeners_fd, &ino, &l))
			feed_listener(r, w, ino, &l);
		prev = &ino;
	}
}

void requests_feed(struct requests *r, bool is_end,
		   void (*feed)(void *ctx, const struct event *ev), void *ctx)
{
	struct sweep w = {
		.requests = r,
		.probes = probes_requests(r->probes),
		.feed = feed,
		.ctx = ctx,
		.now_ns = clock_mono_ns(),
		.is_end = is_end,
	};
	const struct par_request_counts *counts = w.probes.counts;
	struct event ev = { .hdr = { .ts_ns = w.now_ns, .kind = EVENT_REQUESTS } };

	if (w.probes.served_fd >= 0) {
		each_served(&w, false);
		if (!is_end && w.cnt > (size_t)w.probes.served_max / 8 * FULL_EIGHTHS)
			each_served(&w, true);
		each_listener(r, &w);
	} else if (!w.probes.call) {
		return;
	}
	ev.requests.unfinished = w.unfinished;
	if (is_end)
		ev.requests.unfinished += counts->calls - counts->returns - counts->abandoned;
	ev.requests.missed = counts->missed + counts->abandoned;
	feed(ctx, &ev);
}
