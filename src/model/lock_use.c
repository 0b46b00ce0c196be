// SPDX-License-Identifier: MIT
/* Owns nothing beyond struct lock_use. */
#include "model/lock_use.h"

/* Fewer releases than this say nothing. */
#define EVIDENCE_MIN 4

/* Of the releases, in per cent: half of them are lock-like in a queue's idle pool. */
#define LOCK_MIN_PERCENT 70

static bool has_waited(const struct lock_use *use, const struct task *t)
{
	return htab_find(&use->waited, (uintptr_t)t, 0);
}

/* Who had it when @w began; NULL: somebody who never had to wait. */
static const struct task *last_owner(const struct lock_use *use, const struct lock_use_wait *w)
{
	/* Who waits has not got it: had and left it since, or was overtaken. */
	return use->got == w->waiter ? use->got_before : use->got;
}

static void take_turn(struct lock_use *use, const struct lock_use_wait *w)
{
	if (use->got != w->waiter) {
		use->got_before = use->got;
		use->got = w->waiter;
	} else if (!w->is_again) {
		/* Twice in a row may be. Always: the other one never had it. */
		use->got_before = NULL;
	}
	if (w->end_ns > use->ended_ns)
		use->ended_ns = w->end_ns;
	htab_put(&use->waited, (uintptr_t)w->waiter, 0, use);
}

void lock_use_add(struct lock_use *use, const struct lock_use_wait *w)
{
	if (use->got && use->got != w->waiter && w->start_ns < use->ended_ns)
		use->is_queue = true;
	if (w->releaser && w->releaser != w->waiter) {
		if (w->releaser == last_owner(use, w) ||
		    (use->is_queue && has_waited(use, w->releaser)))
			use->like_lock++;
		else
			use->like_signal++;
	}
	take_turn(use, w);
}

bool lock_use_is_lock(const struct lock_use *use)
{
	uint64_t cnt = use->like_lock + use->like_signal;

	return cnt >= EVIDENCE_MIN && use->like_lock * 100 >= cnt * LOCK_MIN_PERCENT;
}

void lock_use_release(struct lock_use *use)
{
	htab_release(&use->waited);
}
