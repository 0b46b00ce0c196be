// SPDX-License-Identifier: MIT
/* Owns what the counters said the last time. */
#include "record/counts.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "par_config.h"

/*
 * A server meets connections without end: from so many on, those that were silent since
 * the last look are forgotten. Not before: what a thread has not brought there yet
 * (bpf/traffic.bpf.c) comes as it ends, when there may be no memory for a place anew.
 */
#define MANY_CHANNELS 4096

struct last_channel {
	uint64_t messages, bytes, main_messages;
};

struct round {
	struct counts *counts;
	void (*feed)(void *ctx, const struct event *ev);
	void *ctx;
	uint64_t now_ns;
	struct par_traffic_key *silent;		/* [silent_cnt] */
	size_t silent_cnt, silent_cap, channel_cnt;
};

static void on_syscall(void *ctx, int32_t sysno, const struct par_syscall_count *count)
{
	struct round *r = ctx;
	struct par_syscall_count *last = &r->counts->syscalls[sysno];
	struct event ev = { .hdr = { .ts_ns = r->now_ns } };

	if (count->calls == last->calls)
		return;
	ev.hdr.kind = EVENT_SYSCALLS;
	ev.syscalls.sysno = sysno;
	ev.syscalls.calls = count->calls - last->calls;
	ev.syscalls.errors = count->errors - last->errors;
	ev.syscalls.bytes = count->bytes - last->bytes;
	ev.syscalls.wakes = count->wakes - last->wakes;
	*last = *count;
	r->feed(r->ctx, &ev);
}

static void on_disk(void *ctx, const struct par_disk_key *key, const struct par_disk_count *count)
{
	struct round *r = ctx;
	struct par_disk_count *last = htab_find(&r->counts->disks, key->tgid, key->dev);
	struct event ev = { .hdr = { .ts_ns = r->now_ns, .tid = key->tgid } };

	if (!last) {
		last = xcalloc(1, sizeof(*last));
		htab_put(&r->counts->disks, key->tgid, key->dev, last);
	}
	if (!memcmp(last, count, sizeof(*last)))
		return;
	ev.hdr.kind = EVENT_DISK;
	ev.disk.dev = key->dev;
	ev.disk.reads = count->reads - last->reads;
	ev.disk.writes = count->writes - last->writes;
	ev.disk.read_bytes = count->read_bytes - last->read_bytes;
	ev.disk.write_bytes = count->write_bytes - last->write_bytes;
	*last = *count;
	r->feed(r->ctx, &ev);
}

static uint64_t end_of(const struct par_traffic_key *key)
{
	return (uint64_t)key->more << 48 | (uint64_t)key->is_write << 40 |
	       (uint64_t)key->kind << 32 | key->tgid;
}

static void on_channel(void *ctx, const struct par_traffic_key *key,
		       const struct par_traffic_count *count)
{
	struct round *r = ctx;
	struct last_channel *last = htab_find(&r->counts->channels, key->file_id, end_of(key));
	struct event ev = { .hdr = { .ts_ns = r->now_ns, .tid = key->tgid } };

	r->channel_cnt++;
	if (!last) {
		last = xcalloc(1, sizeof(*last));
		htab_put(&r->counts->channels, key->file_id, end_of(key), last);
	} else if (last->messages == count->messages) {
		XGROW(r->silent, r->silent_cnt, r->silent_cap);
		r->silent[r->silent_cnt++] = *key;
		return;
	}
	ev.hdr.kind = EVENT_TRAFFIC;
	ev.traffic.file = count->file;
	ev.traffic.is_write = key->is_write;
	ev.traffic.messages = count->messages - last->messages;
	ev.traffic.bytes = count->bytes - last->bytes;
	ev.traffic.main_messages = count->main_messages - last->main_messages;
	*last = (struct last_channel){ count->messages, count->bytes, count->main_messages };
	r->feed(r->ctx, &ev);
}

void counts_feed(struct counts *c, struct probes *probes,
		 void (*feed)(void *ctx, const struct event *ev), void *ctx)
{
	struct round r = { .counts = c, .feed = feed, .ctx = ctx, .now_ns = clock_mono_ns() };

	if (!c->syscalls)
		c->syscalls = xcalloc(PAR_SYSNO_CNT, sizeof(*c->syscalls));
	probes_each_syscall(probes, on_syscall, &r);
	probes_each_disk(probes, on_disk, &r);
	probes_each_traffic(probes, on_channel, &r);
	for (size_t i = 0; i < r.silent_cnt && r.channel_cnt >= MANY_CHANNELS; i++) {
		probes_forget_traffic(probes, &r.silent[i]);
		free(htab_remove(&c->channels, r.silent[i].file_id, end_of(&r.silent[i])));
	}
	free(r.silent);
}

void counts_release(struct counts *c)
{
	htab_for_each(&c->channels, i)
		free(c->channels.entries[i].value);
	htab_release(&c->channels);
	htab_for_each(&c->disks, i)
		free(c->disks.entries[i].value);
	htab_release(&c->disks);
	free(c->syscalls);
	*c = (struct counts){ 0 };
}
