/* SPDX-License-Identifier: MIT */
/*
 * The tracks of threads, on which slices and instants lie. There are millions
 * of these, so each track is a packet sequence of its own: the track need not
 * be named in each packet, and times are differences that fit in a few bytes.
 */
#ifndef OUTPUT_TRACKS_H
#define OUTPUT_TRACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "output/intern.h"
#include "output/pb.h"

struct track {
	uint64_t uuid;		/* of the thread's track descriptor */
	uint32_t seq;
	bool is_open;		/* the sequence has begun */
	uint64_t last_ns;	/* of the last packet */
	struct track_memo *memos;/* [memo_cap], kinds of slice, by the hashes of their keys */
	size_t memo_cap;	/* a power of two; 0: none yet */
	uint32_t memo_cnt;	/* ever replaced */
	uint64_t memo_names;	/* see track_names() */
	struct strbuf instants[2];	/* the last event of each kind of flow, begins and ends */
	unsigned char tail[3 * PB_VARINT_MAX];	/* what each packet says beside its time and event */
	size_t tail_len;
	uint64_t *seen;		/* bits: which strings the sequence knows, and as what */
	size_t seen_words;
};

#define TRACK_MAX_NOTES 10

/* What a slice shows when it is clicked on. */
struct track_note {
	const char *name, *text;
};

struct track_slice {
	const char *name, *category;
	struct track_note notes[TRACK_MAX_NOTES];
	size_t note_cnt;
};

enum track_flow {
	FLOW_BEGINS,
	FLOW_ENDS,
};

/* @base_ns: no event of the track is earlier. */
void track_init(struct track *t, uint64_t uuid, uint32_t seq, uint64_t base_ns);
void track_release(struct track *t);

/* @names counts how often names that slices tell have changed: what is remembered has the old ones. */
void track_names(struct track *t, uint64_t names);

/*
 * Append whole packets. Times may go back, at the price of a few bytes.
 *
 * A thread waits for the same few things over and over: what a slice says is remembered
 * under a key of the caller's, and track_begin_again() is true if it knew the key, and
 * wrote the slice.
 */
void track_begin(struct strbuf *out, struct track *t, struct intern *strings, uint64_t ts_ns,
		 const struct track_slice *slice, const struct strbuf *key);
bool track_begin_again(struct strbuf *out, struct track *t, uint64_t ts_ns,
		       const struct strbuf *key);
void track_end(struct strbuf *out, struct track *t, uint64_t ts_ns);

/* @name: the same each time for each @flow of a track. */
void track_instant(struct strbuf *out, struct track *t, struct intern *strings, uint64_t ts_ns,
		   const char *name, enum track_flow flow, uint64_t flow_id);

#endif
