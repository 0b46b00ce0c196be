/* SPDX-License-Identifier: MIT */
/*
 * Owns the shape of single packets. Which packets a trace is made of is
 * trace_writer.c's business; those of which there are millions are built in
 * tracks.c and sched.c.
 */
#include "output/packet.h"

#include <stdbool.h>

#include "output/pb.h"
#include "output/pb_fields.h"

static size_t begin(struct strbuf *out, uint64_t ts_ns)
{
	size_t packet = pb_begin(out, PB_TRACE_PACKET);

	pb_u64(out, PB_TRACE_PACKET_TIMESTAMP, ts_ns);
	pb_u64(out, PB_TRACE_PACKET_TRUSTED_PACKET_SEQUENCE_ID, SEQ_MAIN);
	pb_u64(out, PB_TRACE_PACKET_SEQUENCE_FLAGS, PB_TRACE_PACKET_SEQ_NEEDS_INCREMENTAL_STATE);
	return packet;
}

static void clock(struct strbuf *out, uint64_t id, uint64_t ts_ns)
{
	size_t msg = pb_begin(out, PB_CLOCK_SNAPSHOT_CLOCKS);

	pb_u64(out, PB_CLOCK_SNAPSHOT_CLOCK_CLOCK_ID, id);
	pb_u64(out, PB_CLOCK_SNAPSHOT_CLOCK_TIMESTAMP, ts_ns);
	pb_end(out, msg);
}

void packet_clocks(struct strbuf *out, const struct packet_clocks *c)
{
	size_t packet = pb_begin(out, PB_TRACE_PACKET);
	size_t msg;

	pb_u64(out, PB_TRACE_PACKET_TIMESTAMP, c->boot_ns);
	pb_u64(out, PB_TRACE_PACKET_TRUSTED_PACKET_SEQUENCE_ID, SEQ_MAIN);
	pb_u64(out, PB_TRACE_PACKET_SEQUENCE_FLAGS, PB_TRACE_PACKET_SEQ_INCREMENTAL_STATE_CLEARED);
	msg = pb_begin(out, PB_TRACE_PACKET_CLOCK_SNAPSHOT);
	clock(out, PB_CLOCK_SNAPSHOT_CLOCK_BOOTTIME, c->boot_ns);
	clock(out, PB_CLOCK_SNAPSHOT_CLOCK_MONOTONIC, c->mono_ns);
	if (c->wall_ns)
		clock(out, PB_CLOCK_SNAPSHOT_CLOCK_REALTIME, c->wall_ns);
	pb_end(out, msg);
	pb_end(out, packet);
}

static void optional(struct strbuf *out, uint32_t field, const char *s)
{
	if (s && *s)
		pb_str(out, field, s);
}

void packet_system(struct strbuf *out, uint64_t ts_ns, const struct packet_system *s)
{
	size_t packet = begin(out, ts_ns);
	size_t info = pb_begin(out, PB_TRACE_PACKET_SYSTEM_INFO);
	size_t utsname = pb_begin(out, PB_SYSTEM_INFO_UTSNAME);

	optional(out, PB_UTSNAME_SYSNAME, s->sysname);
	optional(out, PB_UTSNAME_RELEASE, s->release);
	optional(out, PB_UTSNAME_MACHINE, s->machine);
	pb_end(out, utsname);
	if (s->cpu_cnt)
		pb_u64(out, PB_SYSTEM_INFO_NUM_CPUS, s->cpu_cnt);
	pb_end(out, info);
	pb_end(out, packet);
}

void packet_process(struct strbuf *out, uint64_t ts_ns, uint32_t pid, uint32_t ppid,
		    const char *name, const char *command)
{
	size_t packet = begin(out, ts_ns);
	size_t tree = pb_begin(out, PB_TRACE_PACKET_PROCESS_TREE);
	size_t process = pb_begin(out, PB_PROCESS_TREE_PROCESSES);
	bool has_command = command && *command;

	pb_u64(out, PB_PROCESS_TREE_PROCESS_PID, pid);
	pb_u64(out, PB_PROCESS_TREE_PROCESS_PPID, ppid);
	optional(out, PB_PROCESS_TREE_PROCESS_CMDLINE, has_command ? command : name);
	if (!has_command)
		pb_u64(out, PB_PROCESS_TREE_PROCESS_CMDLINE_IS_COMM, true);
	pb_end(out, process);
	pb_end(out, tree);
	pb_end(out, packet);
}

void packet_thread(struct strbuf *out, uint64_t ts_ns, uint32_t tid, uint32_t tgid,
		   const char *name)
{
	size_t packet = begin(out, ts_ns);
	size_t tree = pb_begin(out, PB_TRACE_PACKET_PROCESS_TREE);
	size_t thread = pb_begin(out, PB_PROCESS_TREE_THREADS);

	pb_u64(out, PB_PROCESS_TREE_THREAD_TID, tid);
	if (tgid)
		pb_u64(out, PB_PROCESS_TREE_THREAD_TGID, tgid);
	optional(out, PB_PROCESS_TREE_THREAD_NAME, name);
	pb_end(out, thread);
	pb_end(out, tree);
	pb_end(out, packet);
}

void packet_process_track(struct strbuf *out, uint64_t ts_ns, uint64_t uuid, uint32_t pid,
			  const char *name, const char *command)
{
	size_t packet = begin(out, ts_ns);
	size_t track = pb_begin(out, PB_TRACE_PACKET_TRACK_DESCRIPTOR);
	size_t process;

	pb_u64(out, PB_TRACK_DESCRIPTOR_UUID, uuid);
	process = pb_begin(out, PB_TRACK_DESCRIPTOR_PROCESS);
	pb_u64(out, PB_PROCESS_DESCRIPTOR_PID, pid);
	optional(out, PB_PROCESS_DESCRIPTOR_CMDLINE, command);
	optional(out, PB_PROCESS_DESCRIPTOR_PROCESS_NAME, name);
	pb_end(out, process);
	pb_end(out, track);
	pb_end(out, packet);
}

void packet_thread_track(struct strbuf *out, uint64_t ts_ns, uint64_t uuid, uint32_t pid,
			 uint32_t tid, const char *name)
{
	size_t packet = begin(out, ts_ns);
	size_t track = pb_begin(out, PB_TRACE_PACKET_TRACK_DESCRIPTOR);
	size_t thread;

	pb_u64(out, PB_TRACK_DESCRIPTOR_UUID, uuid);
	thread = pb_begin(out, PB_TRACK_DESCRIPTOR_THREAD);
	pb_u64(out, PB_THREAD_DESCRIPTOR_PID, pid);
	pb_u64(out, PB_THREAD_DESCRIPTOR_TID, tid);
	optional(out, PB_THREAD_DESCRIPTOR_THREAD_NAME, name);
	pb_end(out, thread);
	pb_end(out, track);
	pb_end(out, packet);
}

void packet_track(struct strbuf *out, uint64_t uuid, const char *name)
{
	size_t packet = pb_begin(out, PB_TRACE_PACKET);
	size_t track = pb_begin(out, PB_TRACE_PACKET_TRACK_DESCRIPTOR);

	pb_u64(out, PB_TRACK_DESCRIPTOR_UUID, uuid);
	pb_str(out, PB_TRACK_DESCRIPTOR_NAME, name);
	pb_end(out, track);
	pb_u64(out, PB_TRACE_PACKET_TRUSTED_PACKET_SEQUENCE_ID, SEQ_MAIN);
	pb_end(out, packet);
}

void packet_counter_track(struct strbuf *out, uint64_t uuid, uint64_t parent, const char *name,
			  const char *unit)
{
	size_t packet = pb_begin(out, PB_TRACE_PACKET);
	size_t track = pb_begin(out, PB_TRACE_PACKET_TRACK_DESCRIPTOR);
	size_t counter;

	pb_u64(out, PB_TRACK_DESCRIPTOR_UUID, uuid);
	if (parent)
		pb_u64(out, PB_TRACK_DESCRIPTOR_PARENT_UUID, parent);
	pb_str(out, PB_TRACK_DESCRIPTOR_NAME, name);
	counter = pb_begin(out, PB_TRACK_DESCRIPTOR_COUNTER);
	if (unit)
		pb_str(out, PB_COUNTER_DESCRIPTOR_UNIT_NAME, unit);
	else
		pb_u64(out, PB_COUNTER_DESCRIPTOR_UNIT, PB_COUNTER_DESCRIPTOR_UNIT_SIZE_BYTES);
	pb_end(out, counter);
	pb_end(out, track);
	pb_u64(out, PB_TRACE_PACKET_TRUSTED_PACKET_SEQUENCE_ID, SEQ_MAIN);
	pb_end(out, packet);
}

static size_t begin_event(struct strbuf *out, uint64_t uuid, uint64_t type)
{
	size_t event = pb_begin(out, PB_TRACE_PACKET_TRACK_EVENT);

	pb_u64(out, PB_TRACK_EVENT_TYPE, type);
	pb_u64(out, PB_TRACK_EVENT_TRACK_UUID, uuid);
	return event;
}

void packet_count(struct strbuf *out, uint64_t ts_ns, uint64_t uuid, uint64_t value)
{
	size_t packet = begin(out, ts_ns);
	size_t event = begin_event(out, uuid, PB_TRACK_EVENT_TYPE_COUNTER);

	pb_u64(out, PB_TRACK_EVENT_COUNTER_VALUE, value);
	pb_end(out, event);
	pb_end(out, packet);
}

void packet_level(struct strbuf *out, uint64_t ts_ns, uint64_t uuid, double value)
{
	size_t packet = begin(out, ts_ns);
	size_t event = begin_event(out, uuid, PB_TRACK_EVENT_TYPE_COUNTER);

	pb_double(out, PB_TRACK_EVENT_DOUBLE_COUNTER_VALUE, value);
	pb_end(out, event);
	pb_end(out, packet);
}

void packet_slice(struct strbuf *out, uint64_t ts_ns, uint64_t uuid, const char *name)
{
	size_t packet = begin(out, ts_ns);
	size_t event = begin_event(
		out, uuid, name ? PB_TRACK_EVENT_TYPE_SLICE_BEGIN : PB_TRACK_EVENT_TYPE_SLICE_END);

	if (name)
		pb_str(out, PB_TRACK_EVENT_NAME, name);
	pb_end(out, event);
	pb_end(out, packet);
}
