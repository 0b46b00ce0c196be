/* SPDX-License-Identifier: MIT */
/*
 * What the BPF programs count rather than report: system calls, block requests,
 * and what moved through channels. Feeds the growth since the last time, and keeps room in the
 * kernel's table by dropping channels that have fallen silent.
 */
#ifndef RECORD_COUNTS_H
#define RECORD_COUNTS_H

#include "base/htab.h"
#include "event/event.h"
#include "record/probes.h"

struct counts {
	struct par_syscall_count *syscalls;	/* [PAR_SYSNO_CNT], as of the last time */
	struct htab disks;		/* (process, device) -> its count then */
	struct htab channels;		/* (file, process and direction) -> its count then */
};

void counts_feed(struct counts *c, struct probes *probes,
		 void (*feed)(void *ctx, const struct event *ev), void *ctx);
void counts_release(struct counts *c);

#endif
