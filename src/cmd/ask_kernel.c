// SPDX-License-Identifier: MIT
/* Owns the kernel's symbols and what was asked of them already. */
#include "cmd/ask_kernel.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/procfs.h"

/* Locks come and go: an address that is asked for again has the same symbol. */
#define ASKED_MAX 65536

#define MINOR_BITS 20	/* of a dev_t inside the kernel */

enum question {
	ABOUT_SYMBOL,
	ABOUT_DEVICE,
};

void ask_kernel_init(struct ask_kernel *ak, void (*feed)(void *ctx, const struct event *ev),
		     void *ctx)
{
	*ak = (struct ask_kernel){ .feed = feed, .ctx = ctx };
}

void ask_kernel_release(struct ask_kernel *ak)
{
	kallsyms_release(&ak->symbols);
	htab_release(&ak->asked);
}

/* Is this a question that was not asked yet? */
static bool is_new(struct ask_kernel *ak, uint64_t what, enum question question)
{
	if (!what || htab_find(&ak->asked, what, question) || ak->asked.cnt >= ASKED_MAX)
		return false;
	htab_put(&ak->asked, what, question, ak);
	return true;
}

static void tell_symbol(struct ask_kernel *ak, uint64_t addr, const char *name)
{
	struct event ev = { .hdr = { .ts_ns = clock_mono_ns(), .kind = EVENT_SYMBOL } };

	if (!name)
		return;
	ev.symbol.addr = addr;
	snprintf(ev.symbol.name, sizeof(ev.symbol.name), "%s", name);
	/* Which of its copies the compiler made of a function says nothing. */
	ev.symbol.name[strcspn(ev.symbol.name, ".")] = 0;
	ak->feed(ak->ctx, &ev);
}

struct device_search {
	uint32_t dev;
	char *name;
	size_t size;
};

/* " 254        0  268435456 vda" */
static int match_device(void *ctx, char *line)
{
	struct device_search *s = ctx;
	unsigned major, minor;
	char name[64];

	if (sscanf(line, "%u %u %*u %63s", &major, &minor, name) != 3 ||
	    (major << MINOR_BITS | minor) != s->dev)
		return 0;
	snprintf(s->name, s->size, "%s", name);
	return 1;
}

static void tell_device(struct ask_kernel *ak, uint32_t dev)
{
	struct event ev = { .hdr = { .ts_ns = clock_mono_ns(), .kind = EVENT_DEVICE } };
	struct device_search s = { dev, ev.device.name, sizeof(ev.device.name) };

	ev.device.dev = dev;
	if (procfs_each_line(match_device, &s, "/proc/partitions") == 1)
		ak->feed(ak->ctx, &ev);
}

void ask_kernel_about(struct ask_kernel *ak, const struct par_cause *cause)
{
	if (cause->klock && is_new(ak, cause->lock_addr, ABOUT_SYMBOL))
		tell_symbol(ak, cause->lock_addr,
			    kallsyms_variable(&ak->symbols, cause->lock_addr));
	/* A return address lies behind the call, which may be a function's last. */
	if (cause->klock && is_new(ak, cause->lock_ip, ABOUT_SYMBOL))
		tell_symbol(ak, cause->lock_ip,
			    kallsyms_function(&ak->symbols, cause->lock_ip - 1));
	if (is_new(ak, cause->block_dev, ABOUT_DEVICE))
		tell_device(ak, cause->block_dev);
}
