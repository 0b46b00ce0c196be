/* SPDX-License-Identifier: MIT */
/*
 * Asks /proc about what the records mention: who a process is, which runtime it
 * has, what a file or an untraced thread is called, how much memory is used. The
 * answers are events like the kernel's own, fed right after the record that
 * raised the question.
 */
#ifndef CMD_INSPECT_H
#define CMD_INSPECT_H

#include <stdint.h>

#include "base/htab.h"
#include "cmd/ask_files.h"
#include "cmd/ask_kernel.h"
#include "cmd/ask_peers.h"
#include "cmd/ask_shared.h"
#include "cmd/ask_symbols.h"
#include "cmd/ask_unix.h"
#include "cmd/sampler.h"
#include "event/event.h"
#include "symbol/python_detect.h"
#include "symbol/runtime_detect.h"

struct inspect {
	void (*feed)(void *ctx, const struct event *ev);
	void *ctx;
	const struct htab *traced;	/* (tid, 0), lent: these need no asking for names */
	struct htab processes;		/* (pid, 0) -> struct known_process, live ones */
	struct htab names;		/* (tid, 0): asked for the name of an untraced thread */
	uint32_t familiar[64];		/* by tid: some that are traced, or were asked for */
	struct ask_files files;
	struct htab ports;		/* (port, 0): asked whether this machine listens there */
	struct ask_peers peers;
	struct ask_shared shared;
	struct ask_unix unix_names;
	struct python_cache python;
	struct runtime_cache runtimes;
	void (*on_python)(void *ctx, uint32_t pid, const struct python_info *python); /* or NULL */
	void (*on_gvl)(void *ctx, uint32_t pid); /* a Ruby; or NULL */
	struct ask_symbols symbols;
	struct ask_kernel kernel;
	uint64_t ports_ns;		/* when they may be asked for again */
	struct sampler sampler;
	uint64_t young_until_ns;	/* see inspect_is_eager() */
	int32_t sys_futex, sys_futex_wait, sys_futex_waitv;
};

void inspect_init(struct inspect *in, const struct htab *traced,
		  void (*feed)(void *ctx, const struct event *ev), void *ctx);
void inspect_release(struct inspect *in);

/* What must be known before @ev is understood: a runtime that shows only now. */
void inspect_before(struct inspect *in, const struct event *ev);

/* What @ev made known: new processes, programs, files. */
void inspect_after(struct inspect *in, const struct event *ev);

/* A look at a thread in between: what a long wait is for is asked while it lasts. */
void inspect_look(struct inspect *in, const struct par_task *rec);

/* What changes by itself: memory. */
void inspect_tick(struct inspect *in, uint64_t now_ns);

/* A process was born, or got a new program, just now: much is to be asked, and may be gone soon. */
bool inspect_is_eager(const struct inspect *in, uint64_t now_ns);

/*
 * Proportional memory of each process, which is dear: at the end, while they
 * live. When there are too many for that, the last ones' is estimated.
 */
void inspect_memory(struct inspect *in);

#endif
