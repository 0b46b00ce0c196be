/* SPDX-License-Identifier: MIT */
/*
 * A trace for tests, written as the model would have it: the process "shop" (100) with
 * the threads baker (100) and clerk (101), and the lock "oven".
 *
 *	open_trace();
 *	span(&clerk, 100, 300, BUCKET_SYNC, "join");
 *	close_trace("{}", 1000);
 *
 * Times are nanoseconds since the recording's start. The file is at @path, in a directory
 * that setup() makes and teardown() removes.
 */
#ifndef TESTS_MAKE_TRACE_H
#define TESTS_MAKE_TRACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "output/trace_writer.h"

#define BOOT_OFFSET 5000000000LL
#define BEGIN_NS    1000000000000ULL

static char dir[64], path[96];
static struct recording rec;
static struct trace_writer *tw;
static const struct observer *obs;
static struct process shop;
static struct task baker, clerk;
static struct lock oven;

static inline int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/partrace-trace-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/t.pftrace", dir);
	shop = (struct process){ .pid = 100,
				 .ppid = 1,
				 .name = "shop",
				 .command = "shop --open",
				 .start_ns = BEGIN_NS,
				 .rss_bytes = 4096 };
	baker = (struct task){
		.tid = 100, .process = &shop, .name = "baker", .start_ns = BEGIN_NS
	};
	clerk = (struct task){
		.tid = 101, .index = 1, .process = &shop, .name = "clerk", .start_ns = BEGIN_NS
	};
	oven = (struct lock){
		.kind = LOCK_MUTEX, .process = &shop, .addr = 0x1000, .name = "mutex 0x1000"
	};
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	unlink(path);
	rmdir(dir);
	return 0;
}

static inline void open_trace(void)
{
	const struct trace_writer_options opts = {
		.boot_offset_ns = BOOT_OFFSET,
		.wall_offset_ns = 1700000000LL * 1000000000,
		.sysname = "Linux",
		.release = "6.1.0",
		.machine = "x86_64",
		.cpu_cnt = 2,
	};

	assert_int_equal(recording_create(&rec, path), 0);
	tw = trace_writer_new(&rec, &opts);
	obs = trace_writer_observer(tw);
	obs->begin(obs->ctx, BEGIN_NS);
	obs->process(obs->ctx, &shop);
	obs->task(obs->ctx, &baker);
	obs->task(obs->ctx, &clerk);
}

/* @json: the recording's facts. */
static inline void close_trace(const char *json, uint64_t at)
{
	obs->end(obs->ctx, BEGIN_NS + at);
	trace_writer_free(tw);
	assert_int_equal(recording_put_facts(&rec, json, true), 0);
	assert_int_equal(recording_close(&rec), 0);
}

static inline void cpu(uint64_t at, uint16_t number, uint32_t prev, uint32_t next, uint32_t state)
{
	const struct cpu_switch c = { BEGIN_NS + at, number, prev, next, state };

	obs->cpu(obs->ctx, &c);
}

static inline void span(const struct task *t, uint64_t from, uint64_t to, enum bucket bucket,
			const char *name)
{
	const struct span s = { .task = t,
				.start_ns = BEGIN_NS + from,
				.end_ns = BEGIN_NS + to,
				.bucket = bucket,
				.name = name,
				.sysno = PAR_NO_SYSCALL };

	obs->span(obs->ctx, &s);
}

static inline void wake(const struct task *t, uint64_t at, uint32_t waker, uint16_t waker_cpu,
			uint16_t target_cpu, uint64_t run)
{
	const struct wakeup w = { t, BEGIN_NS + at, waker, waker_cpu, target_cpu, BEGIN_NS + run };

	obs->wakeup(obs->ctx, &w);
}

#endif
