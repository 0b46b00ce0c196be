// SPDX-License-Identifier: MIT
/*
 * Owns which fields of a packet hold a time, an id or a name, as trace_writer.c, tracks.c
 * and sched.c write them, and how these change. Reading trusts nothing but the tables here.
 */
#include "output/join_trace.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "output/packet.h"
#include "output/pb.h"
#include "output/pb_fields.h"
#include "output/recording.h"
#include "output/recording_format.h"
#include "output/recording_scan.h"

/* AFTER's tracks begin here: beyond all of BEFORE's. */
#define UUID_ADD (1ULL << 32)

/* Stand-ins for what is not traced, one per CPU, have numbers counted down from 2^31. */
#define STAND_INS (1u << 30)

/* Clock ids from here on are a sequence's own. */
#define OWN_CLOCKS 64

enum change {
	KEEP,			/* also all fields that no table has */
	DROP,
	DROP_LATER,		/* BEFORE has told: system, clocks */
	TIME,
	PACKET_TIME,		/* unless it is a difference to the one before */
	PID,
	CPU,
	SEQUENCE,
	UUID,
	FLOW,			/* a uuid in 8 bytes */
	NAME,
	COMMAND,		/* of which Perfetto takes the first word for a name */
	CLOCKS,			/* a clock and its time */
	PID_COLUMN,
	CPU_COLUMN,
	TIME_COLUMN,		/* only the first is no difference */
	MESSAGE,
};

struct rule {
	uint32_t field;		/* 0: end of table */
	enum change change;
	const struct rule *message;
};

static const struct rule switch_rules[] = {
	{ PB_SCHED_SWITCH_FTRACE_EVENT_PREV_PID, PID, NULL },
	{ PB_SCHED_SWITCH_FTRACE_EVENT_NEXT_PID, PID, NULL },
	{ 0 },
};

static const struct rule waking_rules[] = {
	{ PB_SCHED_WAKING_FTRACE_EVENT_PID, PID, NULL },
	{ PB_SCHED_WAKING_FTRACE_EVENT_TARGET_CPU, CPU, NULL },
	{ 0 },
};

static const struct rule free_rules[] = {
	{ PB_SCHED_PROCESS_FREE_FTRACE_EVENT_PID, PID, NULL },
	{ 0 },
};

static const struct rule event_rules[] = {
	{ PB_FTRACE_EVENT_TIMESTAMP, TIME, NULL },
	{ PB_FTRACE_EVENT_PID, PID, NULL },
	{ PB_FTRACE_EVENT_SCHED_SWITCH, MESSAGE, switch_rules },
	{ PB_FTRACE_EVENT_SCHED_WAKING, MESSAGE, waking_rules },
	{ PB_FTRACE_EVENT_SCHED_PROCESS_FREE, MESSAGE, free_rules },
	{ 0 },
};

static const struct rule compact_rules[] = {
	{ PB_COMPACT_SCHED_SWITCH_TIMESTAMP, TIME_COLUMN, NULL },
	{ PB_COMPACT_SCHED_SWITCH_NEXT_PID, PID_COLUMN, NULL },
	{ PB_COMPACT_SCHED_WAKING_TIMESTAMP, TIME_COLUMN, NULL },
	{ PB_COMPACT_SCHED_WAKING_PID, PID_COLUMN, NULL },
	{ PB_COMPACT_SCHED_WAKING_TARGET_CPU, CPU_COLUMN, NULL },
	{ 0 },
};

static const struct rule bundle_rules[] = {
	{ PB_FTRACE_EVENT_BUNDLE_CPU, CPU, NULL },
	{ PB_FTRACE_EVENT_BUNDLE_EVENT, MESSAGE, event_rules },
	{ PB_COMPACT_SCHED, MESSAGE, compact_rules },
	{ 0 },
};

static const struct rule tree_process_rules[] = {
	{ PB_PROCESS_TREE_PROCESS_PID, PID, NULL },
	{ PB_PROCESS_TREE_PROCESS_PPID, PID, NULL },
	{ PB_PROCESS_TREE_PROCESS_CMDLINE, COMMAND, NULL },
	{ PB_PROCESS_TREE_PROCESS_CMDLINE_IS_COMM, DROP, NULL },
	{ 0 },
};

static const struct rule tree_thread_rules[] = {
	{ PB_PROCESS_TREE_THREAD_TID, PID, NULL },
	{ PB_PROCESS_TREE_THREAD_TGID, PID, NULL },
	{ 0 },
};

static const struct rule tree_rules[] = {
	{ PB_PROCESS_TREE_PROCESSES, MESSAGE, tree_process_rules },
	{ PB_PROCESS_TREE_THREADS, MESSAGE, tree_thread_rules },
	{ 0 },
};

static const struct rule process_rules[] = {
	{ PB_PROCESS_DESCRIPTOR_PID, PID, NULL },
	{ PB_PROCESS_DESCRIPTOR_PROCESS_NAME, NAME, NULL },
	{ 0 },
};

static const struct rule thread_rules[] = {
	{ PB_THREAD_DESCRIPTOR_PID, PID, NULL },
	{ PB_THREAD_DESCRIPTOR_TID, PID, NULL },
	{ 0 },
};

static const struct rule track_rules[] = {
	{ PB_TRACK_DESCRIPTOR_UUID, UUID, NULL },
	{ PB_TRACK_DESCRIPTOR_PARENT_UUID, UUID, NULL },
	{ PB_TRACK_DESCRIPTOR_NAME, NAME, NULL },
	{ PB_TRACK_DESCRIPTOR_PROCESS, MESSAGE, process_rules },
	{ PB_TRACK_DESCRIPTOR_THREAD, MESSAGE, thread_rules },
	{ 0 },
};

static const struct rule track_event_rules[] = {
	{ PB_TRACK_EVENT_TRACK_UUID, UUID, NULL },
	{ PB_TRACK_EVENT_FLOW_IDS, FLOW, NULL },
	{ PB_TRACK_EVENT_TERMINATING_FLOW_IDS, FLOW, NULL },
	{ 0 },
};

static const struct rule event_defaults_rules[] = {
	{ PB_TRACK_EVENT_DEFAULTS_TRACK_UUID, UUID, NULL },
	{ 0 },
};

static const struct rule defaults_rules[] = {
	{ PB_TRACE_PACKET_DEFAULTS_TRACK_EVENT_DEFAULTS, MESSAGE, event_defaults_rules },
	{ 0 },
};

static const struct rule snapshot_rules[] = {
	{ PB_CLOCK_SNAPSHOT_CLOCKS, CLOCKS, NULL },
	{ 0 },
};

/* A sequence's own clock is set by a snapshot of its own. */
static const struct rule thread_packet_rules[] = {
	{ PB_TRACE_PACKET_CLOCK_SNAPSHOT, MESSAGE, snapshot_rules },
	{ 0 },
};

static const struct rule packet_rules[] = {
	{ PB_TRACE_PACKET_TIMESTAMP, PACKET_TIME, NULL },
	{ PB_TRACE_PACKET_TRUSTED_PACKET_SEQUENCE_ID, SEQUENCE, NULL },
	{ PB_TRACE_PACKET_CLOCK_SNAPSHOT, DROP_LATER, NULL },
	{ PB_TRACE_PACKET_SYSTEM_INFO, DROP_LATER, NULL },
	{ PB_TRACE_PACKET_PROCESS_TREE, MESSAGE, tree_rules },
	{ PB_TRACE_PACKET_TRACK_DESCRIPTOR, MESSAGE, track_rules },
	{ PB_TRACE_PACKET_TRACK_EVENT, MESSAGE, track_event_rules },
	{ PB_TRACE_PACKET_TRACE_PACKET_DEFAULTS, MESSAGE, defaults_rules },
	{ PB_TRACE_PACKET_FTRACE_EVENTS, MESSAGE, bundle_rules },
	{ 0 },
};

/* How one recording is rewritten, and the packet at hand. */
struct rewrite {
	struct recording *out;
	const char *prefix;
	bool is_after;
	uint64_t time_add;	/* modulo 2^64: may be less than nothing */
	uint64_t cpu_add, sequence_add;
	bool is_thread;		/* the packet is of a thread's sequence */
	bool is_difference;	/* its time is one to the sequence's packet before */
	struct strbuf scratch;
};

/* What has to be known before. */
struct survey {
	bool has_begin, only_begin;
	uint64_t begin_ns;
	uint64_t sequence_max, cpu_max;
};

static const struct rule *find_rule(const struct rule *rules, uint64_t field)
{
	for (; rules->field; rules++)
		if (rules->field == field)
			return rules;
	return NULL;
}

static uint64_t changed(const struct rewrite *r, enum change change, uint64_t v)
{
	switch (change) {
	case TIME:
		return v + r->time_add;
	case PACKET_TIME:
		return r->is_difference ? v : v + r->time_add;
	case CPU:
		return v + r->cpu_add;
	case SEQUENCE:
		return v + r->sequence_add;
	case UUID:
	case FLOW:
		return r->is_after ? v + UUID_ADD : v;
	case PID:
		if (!v || !r->is_after)
			return v;
		return v >= STAND_INS ? v - r->cpu_add : v + JOIN_PID_ADD;
	default:
		return v;
	}
}

static int change_column(const struct rewrite *r, enum change change, const struct pb_field *f,
			 struct strbuf *out)
{
	enum change each = change == PID_COLUMN ? PID : change == CPU_COLUMN ? CPU : TIME;
	size_t column = pb_begin(out, (uint32_t)f->number), at = 0;

	while (at < f->len) {
		bool is_kept = change == TIME_COLUMN && at;
		uint64_t v;
		size_t n = pb_get_varint(f->data + at, f->len - at, &v);

		if (!n)
			return -EBADMSG;
		pb_varint(out, is_kept ? v : changed(r, each, v));
		at += n;
	}
	pb_end(out, column);
	return 0;
}

/*
 * Two recordings disagree about what wall time it was at their common start; their
 * own clocks count from there.
 */
static int change_clock(const struct rewrite *r, const struct pb_field *f, struct strbuf *out)
{
	uint64_t id = 0, ts_ns = 0, is_incremental = 0;
	struct pb_field inner;
	size_t clock, n;

	for (size_t at = 0; at < f->len; at += n) {
		n = pb_get_field(f->data + at, f->len - at, &inner);
		if (!n)
			return -EBADMSG;
		if (inner.number == PB_CLOCK_SNAPSHOT_CLOCK_CLOCK_ID)
			id = inner.value;
		else if (inner.number == PB_CLOCK_SNAPSHOT_CLOCK_TIMESTAMP)
			ts_ns = inner.value;
		else if (inner.number == PB_CLOCK_SNAPSHOT_CLOCK_IS_INCREMENTAL)
			is_incremental = inner.value;
	}
	if (id != PB_CLOCK_SNAPSHOT_CLOCK_BOOTTIME && id < OWN_CLOCKS)
		return 0;
	clock = pb_begin(out, (uint32_t)f->number);
	pb_u64(out, PB_CLOCK_SNAPSHOT_CLOCK_CLOCK_ID, id);
	pb_u64(out, PB_CLOCK_SNAPSHOT_CLOCK_TIMESTAMP, ts_ns + r->time_add);
	if (is_incremental)
		pb_u64(out, PB_CLOCK_SNAPSHOT_CLOCK_IS_INCREMENTAL, is_incremental);
	pb_end(out, clock);
	return 0;
}

static void change_name(const struct rewrite *r, const struct pb_field *f, struct strbuf *out)
{
	size_t name = pb_begin(out, (uint32_t)f->number);

	strbuf_addstr(out, r->prefix);
	strbuf_add(out, f->data, f->len);
	pb_end(out, name);
}

/*
 * Of a command line in one piece Perfetto takes what is before the first blank for the
 * process's name: that would be the prefix. In two pieces the first one is the name.
 */
static void change_command(const struct rewrite *r, const struct pb_field *f, struct strbuf *out)
{
	const unsigned char *blank = memchr(f->data, ' ', f->len);
	size_t name_len = blank ? (size_t)(blank - f->data) : f->len;
	struct pb_field name = { .number = f->number, .data = f->data, .len = name_len };
	size_t rest;

	change_name(r, &name, out);
	rest = pb_begin(out, (uint32_t)f->number);
	if (blank)
		strbuf_add(out, blank + 1, f->len - name_len - 1);
	pb_end(out, rest);
}

static int change_message(const struct rewrite *r, const struct rule *rules,
			  const unsigned char *in, size_t len, struct strbuf *out);

/* @raw is the whole field, as it is. Goes as deep as the tables of rules do, no deeper. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static int change_field(const struct rewrite *r, const struct rule *rule, const struct pb_field *f,
			const unsigned char *raw, size_t raw_len, struct strbuf *out)
{
	bool is_bytes = f->wire == PB_WIRE_BYTES;
	size_t message;
	int err;

	switch (rule ? rule->change : KEEP) {
	case DROP:
		return 0;
	case DROP_LATER:
		if (!r->is_after)
			break;
		return 0;
	case FLOW:
		if (f->wire != PB_WIRE_FIXED64)
			return -EBADMSG;
		pb_fixed64(out, rule->field, changed(r, FLOW, f->value));
		return 0;
	case KEEP:
		break;
	case NAME:
	case COMMAND:
	case CLOCKS:
	case PID_COLUMN:
	case CPU_COLUMN:
	case TIME_COLUMN:
	case MESSAGE:
		if (!is_bytes)
			return -EBADMSG;
		if (rule->change == CLOCKS)
			return change_clock(r, f, out);
		if (rule->change == NAME || rule->change == COMMAND) {
			(rule->change == NAME ? change_name : change_command)(r, f, out);
			return 0;
		}
		if (rule->change != MESSAGE)
			return change_column(r, rule->change, f, out);
		message = pb_begin(out, rule->field);
		err = change_message(r, rule->message, f->data, f->len, out);
		pb_end(out, message);
		return err;
	default:
		if (f->wire != PB_WIRE_VARINT)
			return -EBADMSG;
		pb_u64(out, rule->field, changed(r, rule->change, f->value));
		return 0;
	}
	strbuf_add(out, raw, raw_len);
	return 0;
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static int change_message(const struct rewrite *r, const struct rule *rules,
			  const unsigned char *in, size_t len, struct strbuf *out)
{
	struct pb_field f;
	size_t n;
	int err = 0;

	for (size_t at = 0; at < len && !err; at += n) {
		const struct rule *rule;

		n = pb_get_field(in + at, len - at, &f);
		if (!n)
			return -EBADMSG;
		rule = find_rule(rules, f.number);
		if (rules == packet_rules && r->is_thread &&
		    find_rule(thread_packet_rules, f.number))
			rule = find_rule(thread_packet_rules, f.number);
		err = change_field(r, rule, &f, in + at, n, out);
	}
	return err;
}

/* What kind of sequence the packet is of: its fields come in any order. */
static int look_at_packet(const unsigned char *body, size_t len, uint64_t *sequence,
			  uint64_t *clock)
{
	struct pb_field f;
	size_t n;

	*sequence = *clock = 0;
	for (size_t at = 0; at < len; at += n) {
		n = pb_get_field(body + at, len - at, &f);
		if (!n)
			return -EBADMSG;
		if (f.number == PB_TRACE_PACKET_TRUSTED_PACKET_SEQUENCE_ID)
			*sequence = f.value;
		else if (f.number == PB_TRACE_PACKET_TIMESTAMP_CLOCK_ID)
			*clock = f.value;
	}
	return 0;
}

static int rewrite_packet(const unsigned char *body, size_t len, void *ctx)
{
	struct rewrite *r = ctx;
	struct strbuf *out = &r->scratch;
	uint64_t sequence, clock;
	size_t packet;
	int err = look_at_packet(body, len, &sequence, &clock);

	if (err)
		return err;
	r->is_thread = sequence >= SEQ_THREADS;
	r->is_difference = r->is_thread && !clock;
	strbuf_reset(out);
	packet = pb_begin(out, PB_TRACE_PACKET);
	err = change_message(r, packet_rules, body, len, out);
	if (err || out->len == packet)
		return err;
	pb_end(out, packet);
	return recording_append(r->out, out->buf, out->len);
}

static int survey_packet(const unsigned char *body, size_t len, void *ctx)
{
	struct survey *s = ctx;
	uint64_t sequence, clock;
	struct pb_field f, inner;
	int err = look_at_packet(body, len, &sequence, &clock);

	if (err)
		return err;
	s->sequence_max = sequence > s->sequence_max ? sequence : s->sequence_max;
	for (size_t at = 0, n; at < len; at += n) {
		n = pb_get_field(body + at, len - at, &f);
		if (f.number == PB_TRACE_PACKET_TIMESTAMP && !s->has_begin) {
			s->begin_ns = f.value;
			s->has_begin = true;
		}
		if (f.number != PB_TRACE_PACKET_FTRACE_EVENTS || f.wire != PB_WIRE_BYTES ||
		    !pb_get_field(f.data, f.len, &inner))
			continue;
		/* sched.c writes a bundle's CPU first. */
		if (inner.number == PB_FTRACE_EVENT_BUNDLE_CPU && inner.value > s->cpu_max)
			s->cpu_max = inner.value;
	}
	return s->only_begin && s->has_begin;
}

static int put(struct recording *out, const char *path, const struct rewrite *how)
{
	struct rewrite r = *how;
	int err;

	r.out = out;
	err = recording_each_unpacked(path, rewrite_packet, &r);
	strbuf_release(&r.scratch);
	return err;
}

int join_trace(const char *path, const char *before, const char *after, const char **culprit)
{
	struct survey first = { 0 }, second = { .only_begin = true };
	struct recording out;
	int err;

	*culprit = before;
	err = recording_each_unpacked(before, survey_packet, &first);
	if (err)
		return err;
	*culprit = after;
	err = recording_each_unpacked(after, survey_packet, &second);
	if (err < 0)
		return err;
	*culprit = path;
	err = recording_create(&out, path);
	if (err)
		goto fail;
	*culprit = before;
	err = put(&out, before, &(struct rewrite){ .prefix = "before: " });
	if (err)
		goto fail;
	*culprit = after;
	err = put(&out, after,
		  &(struct rewrite){
			  .prefix = "after: ",
			  .is_after = true,
			  .time_add = first.begin_ns - second.begin_ns,
			  .cpu_add = first.cpu_max + 1,
			  .sequence_add = first.sequence_max,
		  });
	if (err)
		goto fail;
	*culprit = path;
	return recording_close(&out);

fail:
	recording_discard(&out);
	return err;
}
