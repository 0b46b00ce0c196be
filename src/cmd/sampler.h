/* SPDX-License-Identifier: MIT */
/*
 * Samples the memory of processes. Exact samples walk all pages of a process with
 * its mmap_lock held, so they come soon after a birth, ever more seldom from then
 * on, and take a small part of the time at most. In between the kernel's counters
 * tell how large it is, but not how much of that is its own: of a forked process they
 * count what it shares with its parent.
 */
#ifndef CMD_SAMPLER_H
#define CMD_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/htab.h"
#include "event/event.h"

struct sampler {
	void (*feed)(void *ctx, const struct event *ev);
	void *ctx;
	struct htab processes;		/* (pid, 0) -> struct sampled, owned */
	size_t at;			/* whose turn it is */
	uint64_t begin_ns;		/* the first tick */
	uint64_t spent_ns;		/* on exact samples */
	uint64_t counters_ns;		/* when the counters were last read */
	bool has_pss;			/* exact samples are to be had */
};

void sampler_init(struct sampler *s, void (*feed)(void *ctx, const struct event *ev), void *ctx);
void sampler_release(struct sampler *s);

/* The process was born, or got a new program, at @now_ns. */
void sampler_add(struct sampler *s, uint32_t pid, uint64_t now_ns);
void sampler_remove(struct sampler *s, uint32_t pid);

/* Whatever is due. */
void sampler_tick(struct sampler *s, uint64_t now_ns);

/* At the end, while they live: all of them, exact as far as there is time. */
void sampler_finish(struct sampler *s);

#endif
