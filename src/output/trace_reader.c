/* SPDX-License-Identifier: MIT */
/*
 * Owns what a reader of packets must remember: per sequence its clock, its strings
 * and the slice that is open; per CPU who runs. The shapes are those of packet.c,
 * tracks.c and sched.c. Nothing here trusts a packet: what does not fit is left out.
 */
#include "output/trace_reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/htab.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "output/packet.h"
#include "output/pb.h"
#include "output/pb_fields.h"
#include "output/recording_scan.h"

/*
 * What is not ours could make us remember anything, in packets that are compressed to next to
 * nothing. A hundred thousand threads take a quarter of this; more is left out.
 */
#define KEPT_MAX_BYTES (512u << 20)
#define TEXT_MAX_BYTES 4096
#define ENTRY_BYTES    64		/* of a table, and what malloc(3) adds */
#define CPU_MAX	       65536

/* What a slice says of itself, in the order of NOTE_NAMES. */
enum note {
	NOTE_BUCKET,
	NOTE_SYSCALL,
	NOTE_OBJECT,
	NOTE_LOCK,
	NOTE_CHANNEL,
	NOTE_SLICE_NAME,	/* no note, but kept like one */

	NOTE_CNT
};

static const char *const note_names[NOTE_SLICE_NAME] = {
	[NOTE_BUCKET]	= "bucket",
	[NOTE_SYSCALL]	= "syscall",
	[NOTE_OBJECT]	= "object",
	[NOTE_LOCK]	= "lock",
	[NOTE_CHANNEL]	= "channel",
};

struct reader_track {
	uint32_t pid, tid;
};

/* A sequence of packets: one per thread, and SEQ_MAIN. */
struct sequence {
	uint64_t uuid;			/* the track that its events are about */
	uint64_t last_ns;
	bool counts_up;			/* times are differences */
	struct htab strings;		/* (field of InternedData, iid) -> char * */
	bool is_open;			/* a slice has begun */
	uint64_t start_ns;
	char *notes[NOTE_CNT];		/* of that slice; NULL: not said */
};

struct cpu {
	uint32_t tid;			/* who runs */
	uint64_t since_ns;
};

struct reader {
	const struct trace_visitor *v;
	size_t kept_bytes;		/* by all that follows, about */
	uint64_t begin_ns, duration_ns;
	bool has_begun;
	struct htab sequences;		/* (id, 0) -> struct sequence */
	struct htab tracks;		/* (uuid, 0) -> struct reader_track */
	struct htab cpus;		/* (cpu, 0) -> struct cpu */
};

/* One packet, taken apart. Messages stay bytes until they are needed. */
struct packet {
	uint64_t ts, clock_id, seq, flags;
	bool has_ts, has_clock_id;
	struct pb_field snapshot, defaults, interned, event, track, bundle;
};

#define for_each_field(f, in, in_len)                                              \
	for (size_t at_ = 0, n_; at_ < (in_len) &&                                 \
				 (n_ = pb_get_field((in) + at_, (in_len) - at_, &(f))); \
	     at_ += n_)

static void parse_packet(struct packet *p, const unsigned char *body, size_t len)
{
	struct pb_field f;

	*p = (struct packet){ 0 };
	for_each_field(f, body, len)
	{
		switch (f.number) {
		case PB_TRACE_PACKET_TIMESTAMP:
			p->ts = f.value;
			p->has_ts = true;
			break;
		case PB_TRACE_PACKET_TIMESTAMP_CLOCK_ID:
			p->clock_id = f.value;
			p->has_clock_id = true;
			break;
		case PB_TRACE_PACKET_TRUSTED_PACKET_SEQUENCE_ID:
			p->seq = f.value;
			break;
		case PB_TRACE_PACKET_SEQUENCE_FLAGS:
			p->flags = f.value;
			break;
		case PB_TRACE_PACKET_CLOCK_SNAPSHOT:
			p->snapshot = f;
			break;
		case PB_TRACE_PACKET_TRACE_PACKET_DEFAULTS:
			p->defaults = f;
			break;
		case PB_TRACE_PACKET_INTERNED_DATA:
			p->interned = f;
			break;
		case PB_TRACE_PACKET_TRACK_EVENT:
			p->event = f;
			break;
		case PB_TRACE_PACKET_TRACK_DESCRIPTOR:
			p->track = f;
			break;
		case PB_TRACE_PACKET_FTRACE_EVENTS:
			p->bundle = f;
			break;
		}
	}
}

/* The first field of that number in the message @in; false: none. */
static bool find_field(const struct pb_field *in, uint32_t number, struct pb_field *f)
{
	for_each_field(*f, in->data, in->len) if (f->number == number) return true;
	return false;
}

static uint64_t number_in(const struct pb_field *in, uint32_t number)
{
	struct pb_field f;

	return find_field(in, number, &f) ? f.value : 0;
}

/* Since the recording's start, and inside of it. */
static uint64_t inside(const struct reader *r, uint64_t ts_ns)
{
	uint64_t ns = ts_ns > r->begin_ns ? ts_ns - r->begin_ns : 0;

	return ns < r->duration_ns ? ns : r->duration_ns;
}

static bool has_room(const struct reader *r)
{
	return r->kept_bytes < KEPT_MAX_BYTES;
}

/* Take @text; NULL if there is no room for it. */
static char *keep(struct reader *r, char *text)
{
	if (!text)
		return NULL;
	if (!has_room(r)) {
		free(text);
		return NULL;
	}
	r->kept_bytes += strlen(text) + ENTRY_BYTES;
	return text;
}

/* Free what was kept, or NULL. */
static void drop(struct reader *r, char *text)
{
	if (text)
		r->kept_bytes -= strlen(text) + ENTRY_BYTES;
	free(text);
}

static void close_slice(struct reader *r, struct sequence *s)
{
	for (int i = 0; i < NOTE_CNT; i++) {
		drop(r, s->notes[i]);
		s->notes[i] = NULL;
	}
	s->is_open = false;
}

static void forget_strings(struct reader *r, struct sequence *s)
{
	htab_for_each(&s->strings, i)
		drop(r, s->strings.entries[i].value);
	htab_release(&s->strings);
}

/* NULL: no room for one more. */
static struct sequence *sequence_get(struct reader *r, uint64_t id)
{
	struct sequence *s = htab_find(&r->sequences, id, 0);

	if (!s && has_room(r)) {
		s = xcalloc(1, sizeof(*s));
		htab_put(&r->sequences, id, 0, s);
		r->kept_bytes += sizeof(*s) + ENTRY_BYTES;
	}
	return s;
}

/* A sequence begins, maybe anew. */
static void open_sequence(struct reader *r, struct sequence *s, const struct packet *p)
{
	struct pb_field f;

	forget_strings(r, s);
	close_slice(r, s);
	s->last_ns = p->ts;
	s->counts_up = number_in(&p->defaults, PB_TRACE_PACKET_DEFAULTS_TIMESTAMP_CLOCK_ID) != 0;
	s->uuid = 0;
	if (find_field(&p->defaults, PB_TRACE_PACKET_DEFAULTS_TRACK_EVENT_DEFAULTS, &f))
		s->uuid = number_in(&f, PB_TRACK_EVENT_DEFAULTS_TRACK_UUID);
}

static uint64_t time_of(struct sequence *s, const struct packet *p)
{
	if (p->has_clock_id || !s->counts_up)
		return p->ts;
	s->last_ns += p->ts;
	return s->last_ns;
}

/* A file that anybody may have written may hold anything. */
static char *copy_text(const struct pb_field *f)
{
	char *s = xstrndup((const char *)f->data,
			   f->len < TEXT_MAX_BYTES ? f->len : TEXT_MAX_BYTES);

	text_clean(s, strlen(s));
	return s;
}

static void learn_strings(struct reader *r, struct sequence *s, const struct pb_field *interned)
{
	struct pb_field entry, str;

	for_each_field(entry, interned->data, interned->len)
	{
		uint64_t iid = number_in(&entry, PB_INTERNED_STRING_IID);
		char *old, *text;

		if (!find_field(&entry, PB_INTERNED_STRING_STR, &str) || !str.data)
			continue;
		old = htab_find(&s->strings, entry.number, iid);
		text = keep(r, copy_text(&str));
		if (!text)
			return;
		htab_put(&s->strings, entry.number, iid, text);
		drop(r, old);
	}
}

/* A string that @f says by its number if it is @iid_field; malloc'ed, or NULL. */
static char *take_string(const struct sequence *s, const struct pb_field *f, uint32_t iid_field,
			 uint32_t interned_as)
{
	const char *known;

	if (f->number != iid_field)
		return f->data ? copy_text(f) : NULL;
	known = htab_find(&s->strings, interned_as, f->value);
	return known ? xstrdup(known) : NULL;
}

static void keep_note(struct reader *r, struct sequence *s, enum note note, char *text)
{
	drop(r, s->notes[note]);
	s->notes[note] = keep(r, text);
}

static void read_note(struct reader *r, struct sequence *s, const struct pb_field *annotation)
{
	char *name = NULL, *value = NULL;
	struct pb_field f;

	for_each_field(f, annotation->data, annotation->len)
	{
		if (f.number == PB_DEBUG_ANNOTATION_NAME_IID ||
		    f.number == PB_DEBUG_ANNOTATION_NAME) {
			free(name);
			name = take_string(s, &f, PB_DEBUG_ANNOTATION_NAME_IID,
					   PB_INTERNED_DATA_DEBUG_ANNOTATION_NAMES);
		} else if (f.number == PB_DEBUG_ANNOTATION_STRING_VALUE_IID ||
			   f.number == PB_DEBUG_ANNOTATION_STRING_VALUE) {
			free(value);
			value = take_string(s, &f, PB_DEBUG_ANNOTATION_STRING_VALUE_IID,
					    PB_INTERNED_DATA_DEBUG_ANNOTATION_STRING_VALUES);
		}
	}
	for (int i = 0; name && value && i < NOTE_SLICE_NAME; i++) {
		if (strcmp(name, note_names[i]))
			continue;
		keep_note(r, s, (enum note)i, value);
		value = NULL;
	}
	free(name);
	free(value);
}

static void begin_slice(struct reader *r, struct sequence *s, const struct pb_field *event,
			uint64_t ts_ns)
{
	struct pb_field f;

	close_slice(r, s);
	for_each_field(f, event->data, event->len)
	{
		if (f.number == PB_TRACK_EVENT_DEBUG_ANNOTATIONS)
			read_note(r, s, &f);
		else if (f.number == PB_TRACK_EVENT_NAME_IID || f.number == PB_TRACK_EVENT_NAME)
			keep_note(r, s, NOTE_SLICE_NAME,
				  take_string(s, &f, PB_TRACK_EVENT_NAME_IID,
					      PB_INTERNED_DATA_EVENT_NAMES));
	}
	s->start_ns = ts_ns;
	s->is_open = true;
}

static void tell_wait(const struct reader *r, const struct sequence *s, uint64_t end_ns)
{
	const struct reader_track *track = htab_find(&r->tracks, s->uuid, 0);
	int bucket = s->notes[NOTE_BUCKET] ? bucket_from_name(s->notes[NOTE_BUCKET]) : -1;
	struct trace_wait w = {
		.start_ns = inside(r, s->start_ns),
		.end_ns = inside(r, end_ns),
		.name = s->notes[NOTE_SLICE_NAME],
		.syscall = s->notes[NOTE_SYSCALL],
		.object = s->notes[NOTE_OBJECT],
		.lock = s->notes[NOTE_LOCK],
		.channel = s->notes[NOTE_CHANNEL],
	};

	if (!track || bucket < 0 || w.start_ns >= w.end_ns)
		return;
	w.pid = track->pid;
	w.tid = track->tid;
	w.bucket = (enum bucket)bucket;
	r->v->wait(r->v->ctx, &w);
}

static void read_event(struct reader *r, struct sequence *s, const struct packet *p)
{
	uint64_t ts_ns = time_of(s, p);

	switch (number_in(&p->event, PB_TRACK_EVENT_TYPE)) {
	case PB_TRACK_EVENT_TYPE_SLICE_BEGIN:
		begin_slice(r, s, &p->event, ts_ns);
		break;
	case PB_TRACK_EVENT_TYPE_SLICE_END:
		if (s->is_open && r->v->wait)
			tell_wait(r, s, ts_ns);
		close_slice(r, s);
		break;
	}
}

static void read_track(struct reader *r, const struct pb_field *descriptor)
{
	uint64_t uuid = number_in(descriptor, PB_TRACK_DESCRIPTOR_UUID);
	struct reader_track *track = htab_find(&r->tracks, uuid, 0);
	struct pb_field thread;

	if (!find_field(descriptor, PB_TRACK_DESCRIPTOR_THREAD, &thread))
		return;
	if (!track && !has_room(r))
		return;
	if (!track) {
		r->kept_bytes += sizeof(*track) + ENTRY_BYTES;
		track = xcalloc(1, sizeof(*track));
		htab_put(&r->tracks, uuid, 0, track);
	}
	track->pid = (uint32_t)number_in(&thread, PB_THREAD_DESCRIPTOR_PID);
	track->tid = (uint32_t)number_in(&thread, PB_THREAD_DESCRIPTOR_TID);
}

static void tell_run(const struct reader *r, uint64_t cpu, const struct cpu *c, uint64_t end_ns)
{
	struct trace_run run = { (uint32_t)cpu, c->tid, c->since_ns, end_ns };

	if (run.start_ns < run.end_ns)
		r->v->run(r->v->ctx, &run);
}

/* @next comes to the CPU; @prev leaves it, if that is not known already. */
static void switch_to(struct reader *r, uint64_t cpu, uint64_t ts_ns, uint32_t prev, uint32_t next)
{
	struct cpu *c = htab_find(&r->cpus, cpu, 0);
	uint64_t now_ns = inside(r, ts_ns);

	if (!c) {
		c = xcalloc(1, sizeof(*c));
		c->tid = prev;
		htab_put(&r->cpus, cpu, 0, c);
	}
	tell_run(r, cpu, c, now_ns);
	c->tid = next;
	c->since_ns = now_ns;
}

static void read_full_switch(struct reader *r, uint64_t cpu, const struct pb_field *event)
{
	struct pb_field f;

	if (find_field(event, PB_FTRACE_EVENT_SCHED_SWITCH, &f))
		switch_to(r, cpu, number_in(event, PB_FTRACE_EVENT_TIMESTAMP),
			  (uint32_t)number_in(&f, PB_SCHED_SWITCH_FTRACE_EVENT_PREV_PID),
			  (uint32_t)number_in(&f, PB_SCHED_SWITCH_FTRACE_EVENT_NEXT_PID));
}

/* The next value of a packed field, which gets shorter by it. */
static bool take_packed(struct pb_field *column, uint64_t *v)
{
	size_t n = pb_get_varint(column->data, column->len, v);

	if (!n)
		return false;
	column->data += n;
	column->len -= n;
	return true;
}

/* The first switch of a CPU is always told in full, before. */
static void read_compact(struct reader *r, uint64_t cpu, const struct pb_field *compact)
{
	struct pb_field times, tids;
	uint64_t ts_ns = 0, delta, tid;

	if (!htab_find(&r->cpus, cpu, 0) ||
	    !find_field(compact, PB_COMPACT_SCHED_SWITCH_TIMESTAMP, &times) ||
	    !find_field(compact, PB_COMPACT_SCHED_SWITCH_NEXT_PID, &tids))
		return;
	while (take_packed(&times, &delta) && take_packed(&tids, &tid)) {
		ts_ns += delta;
		switch_to(r, cpu, ts_ns, 0, (uint32_t)tid);
	}
}

static void read_bundle(struct reader *r, const struct pb_field *bundle)
{
	uint64_t cpu = number_in(bundle, PB_FTRACE_EVENT_BUNDLE_CPU);
	struct pb_field f;

	if (cpu >= CPU_MAX)
		return;
	for_each_field(f, bundle->data, bundle->len) if (f.number == PB_FTRACE_EVENT_BUNDLE_EVENT)
		read_full_switch(r, cpu, &f);
	if (find_field(bundle, PB_COMPACT_SCHED, &f))
		read_compact(r, cpu, &f);
}

static int on_packet(const unsigned char *body, size_t len, void *ctx)
{
	struct reader *r = ctx;
	struct sequence *s;
	struct packet p;

	parse_packet(&p, body, len);
	if (p.track.data)
		read_track(r, &p.track);
	if (p.bundle.data && r->v->run)
		read_bundle(r, &p.bundle);
	s = sequence_get(r, p.seq);
	if (!s)
		return 0;
	if (p.flags & PB_TRACE_PACKET_SEQ_INCREMENTAL_STATE_CLEARED)
		open_sequence(r, s, &p);
	if (!r->has_begun && p.snapshot.data && p.has_ts) {
		r->begin_ns = p.ts;
		r->has_begun = true;
	}
	if (p.interned.data)
		learn_strings(r, s, &p.interned);
	if (p.event.data && p.seq != SEQ_MAIN)
		read_event(r, s, &p);
	return 0;
}

static void reader_release(struct reader *r)
{
	htab_for_each(&r->sequences, i) {
		struct sequence *s = r->sequences.entries[i].value;

		forget_strings(r, s);
		close_slice(r, s);
		free(s);
	}
	htab_for_each(&r->tracks, i)
		free(r->tracks.entries[i].value);
	htab_for_each(&r->cpus, i)
		free(r->cpus.entries[i].value);
	htab_release(&r->sequences);
	htab_release(&r->tracks);
	htab_release(&r->cpus);
}

int trace_read(const char *path, uint64_t duration_ns, const struct trace_visitor *v)
{
	struct reader r = { .v = v, .duration_ns = duration_ns };
	int err = recording_each_unpacked(path, on_packet, &r);

	htab_for_each(&r.cpus, i)
		tell_run(&r, r.cpus.entries[i].a, r.cpus.entries[i].value, duration_ns);
	reader_release(&r);
	return err;
}
