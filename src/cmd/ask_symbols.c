// SPDX-License-Identifier: MIT
/* Owns the questions, asked and still to answer. */
#include "cmd/ask_symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"

/* A program that waits on its stacks has a new word for each wait. */
#define ADDRESSES_MAX 256

/* The first answers of a program have to parse its files. */
#define COST_FREE_NS	(50 * NS_PER_MS)
#define COST_PERCENT	2

static void forget(struct htab *addresses)
{
	if (addresses)
		htab_release(addresses);
	free(addresses);
}

void ask_symbols_release(struct ask_symbols *as)
{
	htab_for_each(&as->processes, i)
		forget(as->processes.entries[i].value);
	htab_release(&as->processes);
	user_symbols_release(&as->symbols);
	as->queue_cnt = 0;
}

void ask_symbol(struct ask_symbols *as, uint32_t pid, uint32_t tid, uint64_t addr)
{
	struct htab *addresses = htab_find(&as->processes, pid, 0);

	if (!addr || as->queue_cnt == ASK_SYMBOLS_MAX)
		return;
	if (!addresses) {
		addresses = xcalloc(1, sizeof(*addresses));
		htab_put(&as->processes, pid, 0, addresses);
	}
	if (addresses->cnt >= ADDRESSES_MAX || htab_find(addresses, addr, 0))
		return;
	htab_put(addresses, addr, 0, as);
	as->queue[as->queue_cnt++] = (struct ask_question){ pid, tid, addr };
}

void ask_symbols_forget(struct ask_symbols *as, uint32_t pid)
{
	size_t kept = 0;

	forget(htab_remove(&as->processes, pid, 0));
	for (size_t i = 0; i < as->queue_cnt; i++)
		if (as->queue[i].pid != pid)
			as->queue[kept++] = as->queue[i];
	as->queue_cnt = kept;
}

/* False: it is not known yet. */
static bool answer(struct ask_symbols *as, const struct ask_question *q, uint64_t until_ns,
		   void (*feed)(void *ctx, const struct event *ev), void *ctx)
{
	struct event ev = { .hdr = { .tid = q->pid, .kind = EVENT_SYMBOL } };
	int ret = user_symbol_find(&as->symbols, q->pid, q->tid, q->addr, until_ns, ev.symbol.name,
				   sizeof(ev.symbol.name));

	if (ret != 1)
		return ret != -EAGAIN;
	ev.hdr.ts_ns = clock_mono_ns();
	ev.symbol.addr = q->addr;
	feed(ctx, &ev);
	return true;
}

void ask_symbols_answer(struct ask_symbols *as, uint64_t budget_ns, bool is_last,
			void (*feed)(void *ctx, const struct event *ev), void *ctx)
{
	uint64_t start_ns, now_ns;
	size_t done = 0;

	if (!as->queue_cnt)
		return;
	start_ns = now_ns = clock_mono_ns();
	if (!as->since_ns)
		as->since_ns = start_ns;
	if (!is_last &&
	    as->spent_ns > COST_FREE_NS + (start_ns - as->since_ns) / 100 * COST_PERCENT)
		return;
	while (done < as->queue_cnt && now_ns < start_ns + budget_ns &&
	       answer(as, &as->queue[done], start_ns + budget_ns, feed, ctx)) {
		done++;
		now_ns = clock_mono_ns();
	}
	as->queue_cnt -= done;
	memmove(as->queue, as->queue + done, as->queue_cnt * sizeof(as->queue[0]));
	as->spent_ns += clock_mono_ns() - start_ns;
}
