/* SPDX-License-Identifier: MIT */
/*
 * Owns what a thread's packet sequence has been told: the time it counts from
 * and the strings it knows. Descriptors are packet.c's.
 */
#include "output/tracks.h"

#include <stdlib.h>
#include <string.h>

#include "base/mix.h"
#include "base/xalloc.h"
#include "output/pb.h"
#include "output/pb_fields.h"

/* Clock ids from 64 to 127 are a sequence's own. */
#define CLOCK_DELTA 64

/*
 * How many kinds of slice are remembered: a few, or, of a thread that serves many connections,
 * many. Of those whose hashes say the same place, as many as lie next to it.
 */
#define MEMO_CNT_FIRST 8
#define MEMO_CNT_MOST  256
#define MEMO_NEAR      4

struct track_memo {
	uint64_t hash;		/* of the key */
	struct strbuf key;
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

static size_t put_small(unsigned char *out, uint32_t field, uint64_t v)
{
	size_t n = pb_put_varint(out, (uint64_t)field << 3 | PB_WIRE_VARINT);

	return n + pb_put_varint(out + n, v);
}

static void make_tail(struct track *t)
{
	t->tail_len = put_small(t->tail, PB_TRACE_PACKET_TRUSTED_PACKET_SEQUENCE_ID, t->seq);
	t->tail_len += put_small(t->tail + t->tail_len, PB_TRACE_PACKET_SEQUENCE_FLAGS,
				 PB_TRACE_PACKET_SEQ_NEEDS_INCREMENTAL_STATE);
}

void track_init(struct track *t, uint64_t uuid, uint32_t seq, uint64_t base_ns)
{
	*t = (struct track){ .uuid = uuid, .seq = seq, .last_ns = base_ns };
	make_tail(t);
}

static void memo_free(struct track_memo *m)
{
	strbuf_release(&m->key);
	strbuf_release(&m->event);
}

void track_release(struct track *t)
{
	for (size_t i = 0; i < t->memo_cap; i++)
		memo_free(&t->memos[i]);
	strbuf_release(&t->instants[FLOW_BEGINS]);
	strbuf_release(&t->instants[FLOW_ENDS]);
	free(t->memos);
	free(t->seen);
	t->memos = NULL;
	t->memo_cap = 0;
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

/* A packet whose event is known: in one go, as there are millions of them. */
static void put_packet(struct strbuf *out, struct track *t, uint64_t ts_ns, const void *event,
		       size_t len)
{
	unsigned char time[2 * PB_VARINT_MAX];
	size_t time_len = put_small(time, PB_TRACE_PACKET_TIMESTAMP, ts_ns - t->last_ns), n;
	unsigned char *to = pb_room(out, 2UL * PB_VARINT_MAX + time_len + t->tail_len + len);

	t->last_ns = ts_ns;
	n = pb_put_varint(to, (uint64_t)PB_TRACE_PACKET << 3 | PB_WIRE_BYTES);
	n += pb_put_varint(to + n, time_len + t->tail_len + len);
	memcpy(to + n, time, time_len);
	n += time_len;
	memcpy(to + n, t->tail, t->tail_len);
	n += t->tail_len;
	memcpy(to + n, event, len);
	pb_added(out, n + len);
}

/* Can a packet of that time be put so? Not the first, nor one that goes back in time. */
static bool is_plain(const struct track *t, uint64_t ts_ns)
{
	return t->is_open && ts_ns >= t->last_ns;
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

	XREACH(t->seen, t->seen_words, word);
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

/* Two words at a time: there is one key with each wait. */
static uint64_t hash_of(const struct strbuf *key)
{
	uint64_t h = key->len ^ MIX_ODD, words[2];
	size_t i = 0;

	for (; i + sizeof(words) <= key->len; i += sizeof(words)) {
		memcpy(words, key->buf + i, sizeof(words));
		h = mix(h ^ words[0], words[1] ^ MIX_ODD);
	}
	memset(words, 0, sizeof(words));
	if (i < key->len)
		memcpy(words, key->buf + i, key->len - i);
	return mix(h ^ words[0], words[1] ^ MIX_ODD);
}

static struct track_memo *memo_at(const struct track *t, uint64_t hash, size_t near)
{
	return &t->memos[(hash + near) & (t->memo_cap - 1)];
}

/* What is remembered under @key, or NULL. */
static const struct track_memo *memo_find(const struct track *t, const struct strbuf *key)
{
	uint64_t hash = hash_of(key);

	for (size_t i = 0; t->memo_cap && i < MEMO_NEAR; i++) {
		const struct track_memo *m = memo_at(t, hash, i);

		if (m->hash == hash && m->key.len == key->len &&
		    !memcmp(m->key.buf, key->buf, key->len))
			return m;
	}
	return NULL;
}

/* An empty place for @hash, or NULL. */
static struct track_memo *memo_place(const struct track *t, uint64_t hash)
{
	for (size_t i = 0; t->memo_cap && i < MEMO_NEAR; i++)
		if (!memo_at(t, hash, i)->key.len)
			return memo_at(t, hash, i);
	return NULL;
}

/* Twice as many. What finds no place among them is forgotten, as what has no key already is. */
static void memos_grow(struct track *t)
{
	struct track_memo *old = t->memos;
	size_t old_cap = t->memo_cap;

	t->memo_cap = old_cap ? 2 * old_cap : MEMO_CNT_FIRST;
	t->memos = xcalloc(t->memo_cap, sizeof(*t->memos));
	for (size_t i = 0; i < old_cap; i++) {
		struct track_memo *to = old[i].key.len ? memo_place(t, old[i].hash) : NULL;

		if (to)
			*to = old[i];
		else
			memo_free(&old[i]);
	}
	free(old);
}

static void memo_add(struct track *t, const struct strbuf *key, const char *event, size_t len)
{
	uint64_t hash = hash_of(key);
	struct track_memo *m = memo_place(t, hash);

	if (!m && t->memo_cap < MEMO_CNT_MOST) {
		memos_grow(t);
		m = memo_place(t, hash);
	}
	if (!m)
		m = memo_at(t, hash, t->memo_cnt++ % MEMO_NEAR);
	m->hash = hash;
	strbuf_reset(&m->key);
	strbuf_add(&m->key, key->buf, key->len);
	strbuf_reset(&m->event);
	strbuf_add(&m->event, event, len);
}

void track_names(struct track *t, uint64_t names)
{
	if (t->memo_names == names)
		return;
	t->memo_names = names;
	for (size_t i = 0; i < t->memo_cap; i++)
		strbuf_reset(&t->memos[i].key);
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
		 const struct track_slice *slice, const struct strbuf *key)
{
	size_t packet = begin_packet(out, t, ts_ns);

	put_slice(out, t, strings, slice, key);
	pb_end(out, packet);
}

bool track_begin_again(struct strbuf *out, struct track *t, uint64_t ts_ns,
		       const struct strbuf *key)
{
	const struct track_memo *memo = is_plain(t, ts_ns) ? memo_find(t, key) : NULL;

	if (memo)
		put_packet(out, t, ts_ns, memo->event.buf, memo->event.len);
	return memo;
}

static const unsigned char slice_end[] = {
	/* pb_begin(), pb_u64(), pb_end() of these two fields */
	PB_TRACE_PACKET_TRACK_EVENT << 3 | PB_WIRE_BYTES,
	2,
	PB_TRACK_EVENT_TYPE << 3 | PB_WIRE_VARINT,
	PB_TRACK_EVENT_TYPE_SLICE_END,
};

_Static_assert(PB_TRACE_PACKET_TRACK_EVENT < 16 && PB_TRACK_EVENT_TYPE < 16, "tags of one byte");

void track_end(struct strbuf *out, struct track *t, uint64_t ts_ns)
{
	size_t packet;

	if (is_plain(t, ts_ns)) {
		put_packet(out, t, ts_ns, slice_end, sizeof(slice_end));
		return;
	}
	packet = begin_packet(out, t, ts_ns);
	strbuf_add(out, slice_end, sizeof(slice_end));
	pb_end(out, packet);
}

/* The event's last 8 bytes are the flow's id. */
static void put_flow_id(struct strbuf *event, uint64_t flow_id)
{
	for (size_t i = 0; i < 8; i++)
		event->buf[event->len - 8 + i] = (char)(flow_id >> (8 * i));
}

void track_instant(struct strbuf *out, struct track *t, struct intern *strings, uint64_t ts_ns,
		   const char *name, enum track_flow flow, uint64_t flow_id)
{
	struct strbuf *known = &t->instants[flow];
	struct definitions d = { out, t, strings, 0 };
	size_t packet, event, from;
	uint32_t iid;

	if (known->len && is_plain(t, ts_ns)) {
		put_flow_id(known, flow_id);
		put_packet(out, t, ts_ns, known->buf, known->len);
		return;
	}
	packet = begin_packet(out, t, ts_ns);
	iid = define(&d, name, USE_NAME);
	close_definitions(&d);
	from = out->len;
	event = pb_begin(out, PB_TRACE_PACKET_TRACK_EVENT);
	pb_u64(out, PB_TRACK_EVENT_TYPE, PB_TRACK_EVENT_TYPE_INSTANT);
	put_string(out, PB_TRACK_EVENT_NAME_IID, iid, PB_TRACK_EVENT_NAME, name);
	pb_fixed64(out,
		   flow == FLOW_BEGINS ? PB_TRACK_EVENT_FLOW_IDS
				       : PB_TRACK_EVENT_TERMINATING_FLOW_IDS,
		   flow_id);
	pb_end(out, event);
	strbuf_reset(known);
	strbuf_add(known, out->buf + from, out->len - from);
	pb_end(out, packet);
}
