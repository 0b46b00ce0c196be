/* SPDX-License-Identifier: MIT */
/*
 * Names for what records say about the kernel: its locks, by the symbols of the
 * kernel, and block devices. Each is asked for once, and told before the record
 * that needs it.
 */
#ifndef CMD_ASK_KERNEL_H
#define CMD_ASK_KERNEL_H

#include "base/htab.h"
#include "event/event.h"
#include "symbol/kallsyms.h"

/* Zeroed memory has asked for nothing yet. */
struct ask_kernel {
	void (*feed)(void *ctx, const struct event *ev);
	void *ctx;
	struct kallsyms symbols;	/* empty: nothing is known */
	struct htab asked;		/* (address, 0) and (dev_t, 1) */
};

void ask_kernel_init(struct ask_kernel *ak, void (*feed)(void *ctx, const struct event *ev),
		     void *ctx);
void ask_kernel_release(struct ask_kernel *ak);

/* What @cause needs to be understood. */
void ask_kernel_about(struct ask_kernel *ak, const struct par_cause *cause);

#endif
