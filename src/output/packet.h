/* SPDX-License-Identifier: MIT */
/*
 * Perfetto packets, whole, appended to a strbuf. Times are CLOCK_BOOTTIME: the
 * clock that ftrace events are read in.
 *
 * Packets about no thread in particular go out on one sequence, SEQ_MAIN, with
 * plain time stamps and inline names: there are few of them.
 */
#ifndef OUTPUT_PACKET_H
#define OUTPUT_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/* Sequence ids. Each thread's track has one of its own, from SEQ_THREADS on. */
#define SEQ_MAIN    1
#define SEQ_THREADS 2

struct packet_clocks {
	uint64_t boot_ns, mono_ns;
	uint64_t wall_ns;		/* 0: not known */
};

struct packet_system {
	const char *sysname, *release, *machine;	/* each may be NULL */
	uint32_t cpu_cnt;				/* 0: not known */
};

/* The first packet of SEQ_MAIN. */
void packet_clocks(struct strbuf *out, const struct packet_clocks *c);
void packet_system(struct strbuf *out, uint64_t ts_ns, const struct packet_system *s);

/* What the process table says. @command and @name may be NULL. */
void packet_process(struct strbuf *out, uint64_t ts_ns, uint32_t pid, uint32_t ppid,
		    const char *name, const char *command);
/* @tgid 0: not known. */
void packet_thread(struct strbuf *out, uint64_t ts_ns, uint32_t tid, uint32_t tgid,
		   const char *name);

/* Tracks: each @uuid is declared before events name it. */
void packet_process_track(struct strbuf *out, uint64_t ts_ns, uint64_t uuid, uint32_t pid,
			  const char *name, const char *command);
void packet_thread_track(struct strbuf *out, uint64_t ts_ns, uint64_t uuid, uint32_t pid,
			 uint32_t tid, const char *name);
void packet_track(struct strbuf *out, uint64_t uuid, const char *name);

/* @parent 0: a track of the whole machine. @unit NULL: bytes. */
void packet_counter_track(struct strbuf *out, uint64_t uuid, uint64_t parent, const char *name,
			  const char *unit);

void packet_count(struct strbuf *out, uint64_t ts_ns, uint64_t uuid, uint64_t value);
void packet_level(struct strbuf *out, uint64_t ts_ns, uint64_t uuid, double value);

/* Slices by name; for few and long ones. @name NULL: the end of the last one. */
void packet_slice(struct strbuf *out, uint64_t ts_ns, uint64_t uuid, const char *name);

#endif
