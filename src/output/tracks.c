/* SPDX-License-Identifier: MIT */
/*
 * Owns what a thread's packet sequence has been told: the time it counts from
 * and the strings it knows. Descriptors are packet.c's.
 */
#include "output/tracks.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "output/pb.h"
#include "output/pb_fields.h"

/* Clock ids from 64 to 127 are a sequence's own. */
#define CLOCK_DELTA 64

/*
 * A thread waits for the same few things over and over: the encoded events of
 * its last kinds of slice are kept, which halves the time a slice takes.
 */
#define MEMO_CNT 4

struct track_memo {
	struct strbuf key;	/* all strings of the slice, each with its end */
	struct strbuf event;	/* the track event; all its strings are defined */
};

/* What a string is used as: each use has numbers of its own. */
enum use {
	USE_NAME,
	USE_CATEGORY,
	USE_NOTE_NAME,
	USE_NOTE_TEXT,

	USE_CNT
};

/* The message that defines a string for each use. Number and string are fields 1 and 2 of all. */
static const uint32_t use_field[USE_CNT] = {
	[USE_NAME]	= PB_INTERNED_DATA_EVENT_NAMES,
	[USE_CATEGORY]	= PB_INTERNED_DATA_EVENT_CATEGORIES,
	[USE_NOTE_NAME]	= PB_INTERNED_DATA_DEBUG_ANNOTATION_NAMES,
	[USE_NOTE_TEXT]	= PB_INTERNED_DATA_DEBUG_ANNOTATION_STRING_VALUES,
};

_Static_assert(PB_EVENT_NAME_IID == PB_INTERNED_STRING_IID &&
	       PB_EVENT_CATEGORY_IID == PB_INTERNED_STRING_IID &&
	       PB_DEBUG_ANNOTATION_NAME_IID == PB_INTERNED_STRING_IID, "one shape for all uses");
_Static_assert(PB_EVENT_NAME_NAME == PB_INTERNED_STRING_STR &&
	       PB_EVENT_CATEGORY_NAME == PB_INTERNED_STRING_STR &&
	       PB_DEBUG_ANNOTATION_NAME_NAME == PB_INTERNED_STRING_STR, "one shape for all uses");

void track_init(struct track *t, uint64_t uuid, uint32_t seq, uint64_t base_ns)
{
	*t = (struct track){ .uuid = uuid, .seq = seq, .last_ns = base_ns };
}

void track_release(struct track *t)
{
	for (size_t i = 0; t->memos && i < MEMO_CNT; i++) {
		strbuf_release(&t->memos[i].key);
		strbuf_release(&t->memos[i].event);
	}
	strbuf_release(&t->key);
	free(t->memos);
	free(t->seen);
	t->memos = NULL;
	t->seen = NULL;
	t->seen_words = 0;
}

/* The packet that says where the sequence's times count from, and what track it is about. */
static void open_sequence(struct strbuf *out, struct track *t)
{
	size_t packet = pb_begin(out, PB_TRACE_PACKET);
	size_t snapshot, clock, defaults, event;

	pb_u64(out, PB_TRACE_PACKET_TIMESTAMP, t->last_ns);
	pb_u64(out, PB_TRACE_PACKET_TIMESTAMP_CLOCK_ID, PB_CLOCK_SNAPSHOT_CLOCK_BOOTTIME);
	pb_u64(out, PB_TRACE_PACKET_TRUSTED_PACKET_SEQUENCE_ID, t->seq);
	pb_u64(out, PB_TRACE_PACKET_SEQUENCE_FLAGS, PB_TRACE_PACKET_SEQ_INCREMENTAL_STATE_CLEARED);

	snapshot = pb_begin(out, PB_TRACE_PACKET_CLOCK_SNAPSHOT);
	clock = pb_begin(out, PB_CLOCK_SNAPSHOT_CLOCKS);
	pb_u64(out, PB_CLOCK_SNAPSHOT_CLOCK_CLOCK_ID, PB_CLOCK_SNAPSHOT_CLOCK_BOOTTIME);
	pb_u64(out, PB_CLOCK_SNAPSHOT_CLOCK_TIMESTAMP, t->last_ns);
	pb_end(out, clock);
	clock = pb_begin(out, PB_CLOCK_SNAPSHOT_CLOCKS);
	pb_u64(out, PB_CLOCK_SNAPSHOT_CLOCK_CLOCK_ID, CLOCK_DELTA);
	pb_u64(out, PB_CLOCK_SNAPSHOT_CLOCK_TIMESTAMP, t->last_ns);
	pb_u64(out, PB_CLOCK_SNAPSHOT_CLOCK_IS_INCREMENTAL, true);
	pb_end(out, clock);
	pb_end(out, snapshot);

	defaults = pb_begin(out, PB_TRACE_PACKET_TRACE_PACKET_DEFAULTS);
	pb_u64(out, PB_TRACE_PACKET_DEFAULTS_TIMESTAMP_CLOCK_ID, CLOCK_DELTA);
	event = pb_begin(out, PB_TRACE_PACKET_DEFAULTS_TRACK_EVENT_DEFAULTS);
	pb_u64(out, PB_TRACK_EVENT_DEFAULTS_TRACK_UUID, t->uuid);
	pb_end(out, event);
	pb_end(out, defaults);
	pb_end(out, packet);
	t->is_open = true;
}

static size_t begin_packet(struct strbuf *out, struct track *t, uint64_t ts_ns)
{
	size_t packet;

	if (!t->is_open)
		open_sequence(out, t);
	packet = pb_begin(out, PB_TRACE_PACKET);
	if (ts_ns >= t->last_ns) {
		pb_u64(out, PB_TRACE_PACKET_TIMESTAMP, ts_ns - t->last_ns);
		t->last_ns = ts_ns;
	} else {
		/* A difference can't be negative; this leaves the clock where it is. */
		pb_u64(out, PB_TRACE_PACKET_TIMESTAMP, ts_ns);
		pb_u64(out, PB_TRACE_PACKET_TIMESTAMP_CLOCK_ID, PB_CLOCK_SNAPSHOT_CLOCK_BOOTTIME);
	}
	pb_u64(out, PB_TRACE_PACKET_TRUSTED_PACKET_SEQUENCE_ID, t->seq);
	pb_u64(out, PB_TRACE_PACKET_SEQUENCE_FLAGS, PB_TRACE_PACKET_SEQ_NEEDS_INCREMENTAL_STATE);
	return packet;
}

/* True the first time that the sequence uses the string so. */
static bool is_news(struct track *t, uint32_t iid, enum use use)
{
	size_t bit = (size_t)iid * USE_CNT + use, word = bit / 64;

	if (word >= t->seen_words) {
		size_t grown = word + 1 + t->seen_words / 2;

		t->seen = xrealloc(t->seen, grown * sizeof(*t->seen));
		memset(t->seen + t->seen_words, 0, (grown - t->seen_words) * sizeof(*t->seen));
		t->seen_words = grown;
	}
	if (t->seen[word] >> (bit % 64) & 1)
		return false;
	t->seen[word] |= 1ULL << (bit % 64);
	return true;
}

/* The strings of one packet, with the message that defines the new ones. */
struct definitions {
	struct strbuf *out;
	struct track *track;
	struct intern *strings;
	size_t message;		/* 0: not opened yet */
};

/* The number of @s, defined in the packet if it is new; 0: write it inline. */
static uint32_t define(struct definitions *d, const char *s, enum use use)
{
	uint32_t iid = intern_get(d->strings, s);
	size_t entry;

	if (!iid || !is_news(d->track, iid, use))
		return iid;
	if (!d->message)
		d->message = pb_begin(d->out, PB_TRACE_PACKET_INTERNED_DATA);
	entry = pb_begin(d->out, use_field[use]);
	pb_u64(d->out, PB_INTERNED_STRING_IID, iid);
	pb_str(d->out, PB_INTERNED_STRING_STR, s);
	pb_end(d->out, entry);
	return iid;
}

static void close_definitions(struct definitions *d)
{
	if (d->message)
		pb_end(d->out, d->message);
}

static void put_string(struct strbuf *out, uint32_t iid_field, uint32_t iid,
		       uint32_t inline_field, const char *s)
{
	if (iid)
		pb_u64(out, iid_field, iid);
	else
		pb_str(out, inline_field, s);
}

static void slice_key(struct strbuf *key, const struct track_slice *slice)
{
	strbuf_add(key, slice->name, strlen(slice->name) + 1);
	strbuf_add(key, slice->category, strlen(slice->category) + 1);
	for (size_t i = 0; i < slice->note_cnt; i++) {
		strbuf_add(key, slice->notes[i].name, strlen(slice->notes[i].name) + 1);
		strbuf_add(key, slice->notes[i].text, strlen(slice->notes[i].text) + 1);
	}
}

/* The memo of the same strings, or NULL. */
static const struct track_memo *memo_find(const struct track *t, const struct strbuf *key)
{
	for (size_t i = 0; t->memos && i < MEMO_CNT; i++) {
		const struct track_memo *m = &t->memos[i];

		if (m->key.len == key->len && !memcmp(m->key.buf, key->buf, key->len))
			return m;
	}
	return NULL;
}

static void memo_add(struct track *t, const struct strbuf *key, const char *event, size_t len)
{
	struct track_memo *m;

	if (!t->memos)
		t->memos = xcalloc(MEMO_CNT, sizeof(*t->memos));
	m = &t->memos[t->memo_cnt++ % MEMO_CNT];
	strbuf_reset(&m->key);
	strbuf_add(&m->key, key->buf, key->len);
	strbuf_reset(&m->event);
	strbuf_add(&m->event, event, len);
}

/* The definitions that a slice needs, and its event. */
static void put_slice(struct strbuf *out, struct track *t, struct intern *strings,
		      const struct track_slice *slice, const struct strbuf *key)
{
	struct definitions d = { out, t, strings, 0 };
	uint32_t name = define(&d, slice->name, USE_NAME);
	uint32_t category = define(&d, slice->category, USE_CATEGORY);
	uint32_t note_names[TRACK_MAX_NOTES], texts[TRACK_MAX_NOTES];
	size_t from, event, note;

	for (size_t i = 0; i < slice->note_cnt; i++) {
		note_names[i] = define(&d, slice->notes[i].name, USE_NOTE_NAME);
		texts[i] = define(&d, slice->notes[i].text, USE_NOTE_TEXT);
	}
	close_definitions(&d);

	from = out->len;
	event = pb_begin(out, PB_TRACE_PACKET_TRACK_EVENT);
	pb_u64(out, PB_TRACK_EVENT_TYPE, PB_TRACK_EVENT_TYPE_SLICE_BEGIN);
	put_string(out, PB_TRACK_EVENT_CATEGORY_IIDS, category, PB_TRACK_EVENT_CATEGORIES,
		   slice->category);
	put_string(out, PB_TRACK_EVENT_NAME_IID, name, PB_TRACK_EVENT_NAME, slice->name);
	for (size_t i = 0; i < slice->note_cnt; i++) {
		note = pb_begin(out, PB_TRACK_EVENT_DEBUG_ANNOTATIONS);
		put_string(out, PB_DEBUG_ANNOTATION_NAME_IID, note_names[i],
			   PB_DEBUG_ANNOTATION_NAME, slice->notes[i].name);
		put_string(out, PB_DEBUG_ANNOTATION_STRING_VALUE_IID, texts[i],
			   PB_DEBUG_ANNOTATION_STRING_VALUE, slice->notes[i].text);
		pb_end(out, note);
	}
	pb_end(out, event);
	memo_add(t, key, out->buf + from, out->len - from);
}

void track_begin(struct strbuf *out, struct track *t, struct intern *strings, uint64_t ts_ns,
		 const struct track_slice *slice)
{
	size_t packet = begin_packet(out, t, ts_ns);
	const struct track_memo *memo;

	strbuf_reset(&t->key);
	slice_key(&t->key, slice);
	memo = memo_find(t, &t->key);
	if (memo)
		strbuf_add(out, memo->event.buf, memo->event.len);
	else
		put_slice(out, t, strings, slice, &t->key);
	pb_end(out, packet);
}

void track_end(struct strbuf *out, struct track *t, uint64_t ts_ns)
{
	size_t packet = begin_packet(out, t, ts_ns);
	size_t event = pb_begin(out, PB_TRACE_PACKET_TRACK_EVENT);

	pb_u64(out, PB_TRACK_EVENT_TYPE, PB_TRACK_EVENT_TYPE_SLICE_END);
	pb_end(out, event);
	pb_end(out, packet);
}

void track_instant(struct strbuf *out, struct track *t, struct intern *strings, uint64_t ts_ns,
		   const char *name, enum track_flow flow, uint64_t flow_id)
{
	size_t packet = begin_packet(out, t, ts_ns);
	struct definitions d = { out, t, strings, 0 };
	uint32_t iid = define(&d, name, USE_NAME);
	size_t event;

	close_definitions(&d);
	event = pb_begin(out, PB_TRACE_PACKET_TRACK_EVENT);
	pb_u64(out, PB_TRACK_EVENT_TYPE, PB_TRACK_EVENT_TYPE_INSTANT);
	put_string(out, PB_TRACK_EVENT_NAME_IID, iid, PB_TRACK_EVENT_NAME, name);
	if (flow == FLOW_BEGINS)
		pb_fixed64(out, PB_TRACK_EVENT_FLOW_IDS, flow_id);
	if (flow == FLOW_ENDS)
		pb_fixed64(out, PB_TRACK_EVENT_TERMINATING_FLOW_IDS, flow_id);
	pb_end(out, event);
	pb_end(out, packet);
}
