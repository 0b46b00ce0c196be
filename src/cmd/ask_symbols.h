/* SPDX-License-Identifier: MIT */
/*
 * Names for the words that threads wait at. What is asked waits in a queue and
 * is answered a little at a time: a name may come late, the rings must not
 * overflow.
 */
#ifndef CMD_ASK_SYMBOLS_H
#define CMD_ASK_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/htab.h"
#include "event/event.h"
#include "symbol/user_symbol.h"

#define ASK_SYMBOLS_MAX 1024

struct ask_question {
	uint32_t pid, tid;
	uint64_t addr;
};

struct ask_symbols {
	struct user_symbols symbols;
	struct htab processes;		/* (pid, 0) -> struct htab of addresses asked for, owned */
	struct ask_question queue[ASK_SYMBOLS_MAX];
	size_t queue_cnt;
	uint64_t since_ns, spent_ns;	/* the first answer; what all took */
};

void ask_symbols_release(struct ask_symbols *as);

/* Thread @tid of @pid waits at @addr. Asked once for each address, some hundreds of a process. */
void ask_symbol(struct ask_symbols *as, uint32_t pid, uint32_t tid, uint64_t addr);

/* The process is gone, or runs another program. */
void ask_symbols_forget(struct ask_symbols *as, uint32_t pid);

/*
 * Answer for at most @budget_ns, as EVENT_SYMBOL; on the whole not more than a
 * small part of the time, unless it @is_last.
 */
void ask_symbols_answer(struct ask_symbols *as, uint64_t budget_ns, bool is_last,
			void (*feed)(void *ctx, const struct event *ev), void *ctx);

#endif
